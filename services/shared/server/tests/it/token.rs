//! Which tokens hold.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use kernel::{Ambient, FixedClock, Role, SystemEntropy};
use ventanilla_server::{KeyFile, KeySet, KeySource, TokenError, TokenIssuer, TokenVerifier, VerifyingKey};

use crate::support::{AUDIENCE, ISSUER, issuer};

const HOUR: Duration = Duration::from_secs(3600);

fn noon() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn at(clock: &FixedClock) -> Ambient {
    Ambient::new(clock.clone(), SystemEntropy)
}

fn part(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

#[test]
fn a_token_names_the_principal_it_was_issued_for() {
    let clock = FixedClock::at(noon());
    let issuer = issuer();
    let department = "billing".parse().unwrap();
    let token = issuer.issue("u-7", &[Role::Agent, Role::Supervisor], Some(&department), HOUR, noon()).unwrap();
    let principal = issuer.verifier(at(&clock)).verify(&token).unwrap();
    assert_eq!(principal.actor.id, "u-7");
    assert_eq!(principal.actor.kind, kernel::ActorKind::Employee);
    assert_eq!(principal.actor.department, Some(department));
    assert_eq!(principal.roles, BTreeSet::from([Role::Agent, Role::Supervisor]));
}

#[test]
fn a_token_ends_and_does_not_begin_before_its_time() {
    let clock = FixedClock::at(noon());
    let issuer = issuer();
    let verifier = issuer.verifier(at(&clock));
    let token = issuer.issue("u", &[Role::Agent], None, HOUR, noon()).unwrap();
    clock.advance(SignedDuration::from_secs(3600 + 29));
    assert!(verifier.verify(&token).is_ok(), "clocks may be half a minute apart");
    clock.advance(SignedDuration::from_secs(1));
    assert!(matches!(verifier.verify(&token), Err(TokenError::Expired)));
    clock.set(noon() - SignedDuration::from_secs(31));
    assert!(matches!(verifier.verify(&token), Err(TokenError::NotYetValid)));
}

#[test]
fn refuses_another_key_under_the_same_name_and_a_key_nobody_knows() {
    let clock = FixedClock::at(noon());
    let (ours, other) = (issuer(), issuer());
    let theirs = other.issue("u", &[Role::Agent], None, HOUR, noon()).unwrap();
    assert!(matches!(ours.verifier(at(&clock)).verify(&theirs), Err(TokenError::UnknownKey)));

    // Header and claims that name our key, with their signature.
    let genuine = ours.issue("u", &[Role::Agent], None, HOUR, noon()).unwrap();
    let (signed, _) = genuine.rsplit_once('.').unwrap();
    let (_, signature) = theirs.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{signature}");
    assert!(matches!(ours.verifier(at(&clock)).verify(&forged), Err(TokenError::Jwt(_))));

    let both = TokenVerifier::new(std::sync::Arc::new(ours.keys().and(other.keys())), ISSUER, AUDIENCE, at(&clock));
    assert!(both.verify(&theirs).is_ok() && both.verify(&genuine).is_ok());
}

#[test]
fn refuses_the_algorithm_none_and_a_symmetric_one() {
    let clock = FixedClock::at(noon());
    let issuer = issuer();
    let verifier = issuer.verifier(at(&clock));
    let genuine = issuer.issue("u", &[Role::Agent], None, HOUR, noon()).unwrap();
    let mut parts = genuine.split('.');
    let (header, claims) = (parts.next().unwrap(), parts.next().unwrap());
    let header = String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();

    let none = part(&header.replace("EdDSA", "none"));
    for forged in [format!("{none}.{claims}."), format!("{none}.{claims}")] {
        assert!(verifier.verify(&forged).is_err());
    }
    // The classic: HMAC keyed with the public key, which everybody knows.
    let jwks: serde_json::Value = serde_json::from_str(&issuer.jwks()).unwrap();
    let public = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
    let signed = format!("{}.{claims}", part(&header.replace("EdDSA", "HS256")));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &public);
    let tag = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
    assert!(verifier.verify(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))).is_err());
}

#[test]
fn refuses_another_audience_and_another_issuer() {
    let clock = FixedClock::at(noon());
    let key = aws_lc_rs::signature::Ed25519KeyPair::generate().unwrap();
    let verifier = TokenIssuer::new(&key, ISSUER, AUDIENCE).unwrap().verifier(at(&clock));
    let same_key = |issuer, audience| {
        let issuer = TokenIssuer::new(&key, issuer, audience).unwrap();
        verifier.verify(&issuer.issue("u", &[Role::Agent], None, HOUR, noon()).unwrap())
    };
    assert!(matches!(same_key(ISSUER, "another"), Err(TokenError::Jwt(_))));
    assert!(matches!(same_key("https://other.test", AUDIENCE), Err(TokenError::UnknownIssuer)));
    assert!(same_key(ISSUER, AUDIENCE).is_ok());
}

#[test]
fn refuses_what_is_no_token() {
    let clock = FixedClock::at(noon());
    let verifier = issuer().verifier(at(&clock));
    for text in ["", ".", "a.b.c", "Bearer", &"x".repeat(5000)] {
        assert!(verifier.verify(text).is_err(), "{text}");
    }
}

#[test]
fn nobody_of_the_firm_is_of_the_office_too() {
    let mixed = issuer().issue("u", &[Role::Agent, Role::Ombudsman], None, HOUR, noon());
    assert!(matches!(mixed, Err(TokenError::MixedRoles)));
    assert!(issuer().issue("u", &[Role::Investigator, Role::OfficeIntake], None, HOUR, noon()).is_ok());
}

#[test]
fn a_key_that_is_taken_away_opens_nothing_after_a_minute() {
    struct Removable(std::sync::Mutex<KeySet>);
    impl KeySource for Removable {
        fn key(&self, kid: &str) -> Option<std::sync::Arc<VerifyingKey>> {
            self.0.lock().unwrap().key(kid)
        }
    }
    let clock = FixedClock::at(noon());
    let issuer = issuer();
    let keys = std::sync::Arc::new(Removable(std::sync::Mutex::new(issuer.keys())));
    let verifier = TokenVerifier::new(keys.clone(), ISSUER, AUDIENCE, at(&clock));
    let token = issuer.issue("u", &[Role::Agent], None, HOUR, noon()).unwrap();
    assert!(verifier.verify(&token).is_ok());
    *keys.0.lock().unwrap() = KeySet::default();
    clock.advance(SignedDuration::from_secs(60));
    assert!(matches!(verifier.verify(&token), Err(TokenError::UnknownKey)));
}

#[test]
fn a_key_file_is_read_again_when_it_was_rotated() {
    let clock = FixedClock::at(noon());
    let (old, new) = (issuer(), issuer());
    let path = std::env::temp_dir().join(format!("ventanilla-jwks-{}.json", std::process::id()));
    std::fs::write(&path, old.jwks()).unwrap();
    let keys = KeyFile::open(&path, at(&clock)).unwrap();
    let verifier = TokenVerifier::new(std::sync::Arc::new(keys), ISSUER, AUDIENCE, at(&clock));
    let issue = |issuer: &TokenIssuer| issuer.issue("u", &[Role::Agent], None, HOUR, noon()).unwrap();
    assert!(verifier.verify(&issue(&old)).is_ok());

    std::fs::write(&path, new.jwks()).unwrap();
    clock.advance(SignedDuration::from_secs(4));
    assert!(verifier.verify(&issue(&new)).is_err(), "not read for every unknown key");
    clock.advance(SignedDuration::from_secs(1));
    assert!(verifier.verify(&issue(&new)).is_ok());
    clock.advance(SignedDuration::from_secs(60));
    assert!(matches!(verifier.verify(&issue(&old)), Err(TokenError::UnknownKey)));

    std::fs::write(&path, "half a fi").unwrap();
    clock.advance(SignedDuration::from_secs(61));
    assert!(verifier.verify(&issue(&new)).is_ok(), "an unreadable file takes no key away");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_published_key_set_is_read_back() {
    let clock = FixedClock::at(noon());
    let issuer = issuer();
    let token = issuer.issue("u", &[Role::Agent], None, HOUR, noon()).unwrap();
    let keys = KeySet::parse(&issuer.jwks()).unwrap();
    let verifier = TokenVerifier::new(std::sync::Arc::new(keys), ISSUER, AUDIENCE, at(&clock));
    assert!(verifier.verify(&token).is_ok());
    for bad in ["", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"AA"}]}"#] {
        assert!(KeySet::parse(bad).is_err(), "{bad}");
    }
}
