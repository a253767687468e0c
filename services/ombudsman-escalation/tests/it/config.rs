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
