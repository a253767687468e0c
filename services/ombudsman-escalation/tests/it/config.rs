//! What the office is told at start.

use ombudsman_escalation::Settings;
use ombudsman_escalation::config::NotAKey;
use secrecy::SecretString;

#[test]
fn a_key_has_sixty_four_hexadecimal_digits() {
    let with = |key: &str| {
        let database = postgres::Settings::new("postgres://localhost/x", "ombudsman");
        Settings { office_key: SecretString::from(key.to_owned()), ..Settings::new(database, &[0; 32]) }.key()
    };
    assert_eq!(with(&"0f".repeat(32)), Ok([15; 32]));
    assert_eq!(with("0f"), Err(NotAKey));
    assert_eq!(with(&"zz".repeat(32)), Err(NotAKey));
}

#[test]
fn former_keys_are_told_apart_by_spaces_or_commas_and_each_is_a_key() {
    let with = |former: &str| {
        let database = postgres::Settings::new("postgres://localhost/x", "ombudsman");
        let former_office_keys = SecretString::from(former.to_owned());
        Settings { former_office_keys, ..Settings::new(database, &[0; 32]) }.former_keys()
    };
    assert_eq!(with(""), Ok(vec![]));
    let two = format!("{}, {}\n", "0f".repeat(32), "a0".repeat(32));
    assert_eq!(with(&two), Ok(vec![[15; 32], [160; 32]]));
    assert_eq!(with("0f"), Err(NotAKey));
}
