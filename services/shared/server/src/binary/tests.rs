use std::collections::HashMap;

use config::Environment;
use serde::Deserialize;

use super::*;

mod process;

const DEFAULTS: &str = r#"
listen = "127.0.0.1:7102"
signing_key_file = "/etc/ventanilla/checkpoint.pem"
checkpoint_dir = "/var/lib/ventanilla/checkpoints"
[auth]
issuer = "https://id.example"
audience = "ventanilla"
jwks_file = "/etc/ventanilla/jwks.json"
[service]
pages = 7
"#;

#[derive(Debug, Deserialize)]
struct Own {
    pages: u32,
}

fn environment(set: &[(&str, &str)]) -> Environment {
    let set: HashMap<String, String> = set.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Environment::with_prefix("VENTANILLA").source(Some(set))
}

#[test]
fn the_environment_goes_over_the_file_which_goes_over_the_defaults() {
    let file = std::env::temp_dir().join(format!("ventanilla-settings-{}.toml", std::process::id()));
    std::fs::write(
        &file,
        "listen = \"0.0.0.0:1\"\n[service]\npages = 8\n[stack.admission]\nconcurrent_calls = 3\n\
         [peers]\ncustomer-profile = \"http://file:7101\"\nticketing = \"http://file:7102\"\n",
    )
    .unwrap();
    let set = environment(&[
        ("VENTANILLA__SERVICE__PAGES", "9"),
        ("VENTANILLA__PEERS__CUSTOMER_PROFILE", "http://profile:7101"),
        ("VENTANILLA__STACK__DRAIN_MS", "1000"),
        ("UNRELATED", "x"),
    ]);
    let (process, own) = settings::load_from::<ProcessSettings, Own>(DEFAULTS, Some(&file), set).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(process.listen, "0.0.0.0:1");
    assert_eq!(own.pages, 9);
    assert_eq!(process.stack.admission.concurrent_calls, 3);
    assert_eq!(process.calls_to_peers().concurrent_calls, Some(1), "a quarter for each peer");
    assert_eq!(process.stack.drain_ms, 1000);
    assert_eq!(process.peers_by_service()["customer-profile"], "http://profile:7101");
    assert_eq!(process.peers_by_service()["ticketing"], "http://file:7102");
    assert_eq!(process.auth.issuer, "https://id.example");
}

#[test]
fn a_misspelt_setting_and_a_missing_one_are_refused() {
    let misspelt = environment(&[("VENTANILLA__STACK__DRAIN", "1")]);
    assert!(settings::load_from::<ProcessSettings, Own>(DEFAULTS, None, misspelt).is_err());
    assert!(settings::load_from::<ProcessSettings, Own>("listen = \"x\"", None, environment(&[])).is_err());
    assert!(
        settings::load_from::<ProcessSettings, Own>(DEFAULTS, Some(Path::new("/nowhere.toml")), environment(&[]))
            .is_err()
    );
}

#[test]
fn what_is_wrong_with_settings_is_told_by_key_and_never_by_value() {
    const CANARY: &str = "hunter2";
    let file = std::env::temp_dir().join(format!("ventanilla-canary-{}.toml", std::process::id()));
    let unclosed = format!("[service]\nkey = \"{CANARY}\n");
    let no_list = format!("[service]\npages = {CANARY}\n");
    let typed = format!("[service]\npages = \"{CANARY}\"\n");
    let nested = format!("[stack]\ndrain_ms = \"{CANARY}\"\n");
    let chosen = format!("[telemetry]\nlog_format = \"{CANARY}\"\n");
    let table = format!("auth = \"{CANARY}\"\n");
    let twice = format!("[peers]\na = \"{CANARY}\"\na = \"{CANARY}\"\n");
    let cases = [
        (unclosed.as_str(), vec![], "line 2"),
        (&no_list, vec![], "line 2"),
        (&typed, vec![], "service.pages"),
        (&nested, vec![], "drain_ms"),
        (&chosen, vec![], "log_format"),
        (&table, vec![], "auth"),
        (&twice, vec![], "line 3"),
        ("", vec![("VENTANILLA__SERVICE__PAGES", CANARY)], "service.pages"),
        ("", vec![("VENTANILLA__AUTH", CANARY)], "auth"),
    ];
    for (text, set, named) in cases {
        std::fs::write(&file, text).unwrap();
        let read = settings::load_from::<ProcessSettings, Own>(DEFAULTS, Some(&file), environment(&set));
        let Err(unusable) = read else { panic!("it cannot be used") };
        let error = StartError::from(unusable);
        let (told, whole) = (kernel::chain(&error).to_string(), format!("{error:?}"));
        assert!(!told.contains(CANARY) && !whole.contains(CANARY), "{told} / {whole}");
        assert!(told.contains(named), "{text:?} {set:?}: {told}");
    }
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_front_is_told_how_it_goes_down_as_the_services_are() {
    let set = environment(&[("VENTANILLA__STACK__LAME_DUCK_MS", "1000")]);
    let (front, _) = settings::load_from::<FrontSettings, Own>(DEFAULTS, None, set).unwrap();
    assert_eq!(front.stack.lame_duck_ms, 1000);
    let misspelt = environment(&[("VENTANILLA__STACK__LAME_DUCK", "1")]);
    assert!(settings::load_from::<FrontSettings, Own>(DEFAULTS, None, misspelt).is_err());
}

#[test]
fn a_signing_key_is_read_as_pem_and_as_der() {
    use base64::Engine as _;
    let pair = Ed25519KeyPair::generate().unwrap();
    let der = pair.to_pkcs8v1().unwrap();
    let path = std::env::temp_dir().join(format!("ventanilla-key-{}", std::process::id()));
    let body = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    for written in [der.as_ref(), pem.as_bytes()] {
        std::fs::write(&path, written).unwrap();
        let read = signing_key(&path).unwrap();
        assert_eq!(read.sign(b"x").as_ref(), pair.sign(b"x").as_ref());
    }
    std::fs::write(&path, "no key").unwrap();
    assert!(matches!(signing_key(&path), Err(StartError::SigningKey { .. })));
    std::fs::remove_file(&path).unwrap();
}
