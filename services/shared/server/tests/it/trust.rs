//! Several issuers at one service, over the wire: whose tokens hold there, and that no other does.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tonic::{Code, Response};
use ventanilla_proto::ledger::v1::{GetHeadRequest, Head};
use ventanilla_server::{AdmissionSettings, AuthSettings, Clients, StackSettings, TlsSettings};

use crate::support::provider::{Provider, SigningKey, claims};
use crate::support::{AUDIENCE, Answers, House, ISSUER, assembly, issuer, reason, with_token};

/// A JWK set of a staff provider's key with 1024 bits, and a token that it signed (by another library).
const SMALL: (&str, &str) = (
    "lknrkNmrrX_neY_RvA0NduPaq7aDND22NmZvFu7aDpatjewC_qw4jiYTzVeCeiUDv2pPg9YVpHmMtj40bq8mcmsOdGMgySPXx8uEXDeozeodV6jvaPfdcbMSco4k7MZkk2AgbfD5tTECMxE1_eSo6cCmmiJ084VREwQDngYJzBM",
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InNtYWxsIn0.eyJpc3MiOiJodHRwczovL3N0YWZmLnRlc3QiLCJhdWQiOiJ2ZW50YW5pbGxhIiwic3ViIjoidSIsImlhdCI6MTc5NTAwMDAwMCwiZXhwIjo0MDAwMDAwMDAwLCJncm91cHMiOlsidnQtYWdlbnQiXX0.VdCl3s14b3Bf05BGW0wgTvkgrpkzhkyR9nt9MMvBhSHoPjPUqdfe3atrPD67MJFeMhWPEeeLxHifGEsoyiovsWyz1mrPU-_dbjCiMh59pncyhVfUxEMdUnQx3uG22MJjHWWk4_ALDlveey_IPgJGHK1vdZqhWTiYTrnCdcEjdDo",
);

pub fn settings(toml: &str) -> AuthSettings {
    let text = config::File::from_str(toml, config::FileFormat::Toml);
    config::Config::builder().add_source(text).build().unwrap().try_deserialize().unwrap()
}

/// An issuer that is asked for its keys, as settings.
pub fn discovered(name: &str, url: &str, claims: &str) -> String {
    format!(
        "[issuers.{name}]\nissuer = \"{url}\"\naudience = \"{AUDIENCE}\"\nat_most_every_s = 1\n[issuers.{name}.claims]\n{claims}\n"
    )
}

pub const STAFF: &str = "may_give = [\"auditor\", \"agent\"]\nroles_at = \"groups\"\nrole_prefix = \"vt-\"";
const CUSTOMERS: &str =
    "may_give = [\"customer\"]\nroles_at = \"groups\"\nrole_prefix = \"\"\nsubject_prefix = \"customers:\"";

pub async fn ask(house: &House, token: &str) -> Result<Head, tonic::Status> {
    house.client().get_head(with_token(GetHeadRequest {}, token)).await.map(Response::into_inner)
}

/// A service that takes the tokens of these issuers.
pub async fn house(settings: AuthSettings) -> House {
    // None of these tests is about how many there may be.
    let admission = AdmissionSettings { concurrent_calls: 2_048, ..AdmissionSettings::default() };
    let stack = StackSettings { admission, ..StackSettings::default() };
    House::trusting(|ambient| settings.verifier(ambient).unwrap(), assembly(Answers::at_once()), stack).await
}

fn without(mut claims: Value, name: &str) -> Value {
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

#[tokio::test]
async fn tokens_of_every_kind_of_key_hold_and_no_forged_one_does() {
    let own = issuer();
    let jwks = std::env::temp_dir().join(format!("ventanilla-trust-{}.json", std::process::id()));
    std::fs::write(&jwks, own.jwks()).unwrap();
    let staff = Provider::begin(SigningKey::rsa("k-rsa")).await;
    staff.keys.lock().unwrap().extend([SigningKey::ec("k-ec").into(), SigningKey::ed("k-ed").into()]);
    let customers = Provider::begin(SigningKey::ed("k-customers")).await;
    let house = house(settings(&format!(
        "issuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\njwks_file = \"{}\"\n{}{}",
        jwks.display(),
        discovered("staff", &staff.url, &format!("{STAFF}\nsubject_prefix = \"staff:\"")),
        discovered("customers", &customers.url, CUSTOMERS)
    )))
    .await;

    let good = claims(&staff.url, "u", &["vt-auditor", "offline_access"]);
    let keys = staff.keys();
    for key in &keys {
        ask(&house, &key.sign(&good)).await.unwrap();
    }
    let (rsa, ec, ed) = (&keys[0], &keys[1], &keys[2]);
    let head = |alg: &str, kid: &str| json!({ "alg": alg, "kid": kid });
    ask(&house, &rsa.sign_as(&head("PS256", "k-rsa"), &good)).await.unwrap();
    let at_jwt = json!({ "alg": "ES256", "kid": "k-ec", "typ": "at+jwt" });
    ask(&house, &ec.sign_as(&at_jwt, &good)).await.unwrap();
    let ours = |subject: &str| {
        own.issue(subject, &[kernel::Role::Auditor], None, Duration::from_secs(60), house.ambient.now()).unwrap()
    };
    ask(&house, &ours("u")).await.unwrap();

    let mut forged: Vec<(&str, String)> = Vec::new();
    // No signature, and one keyed with what everybody knows.
    let none = ed.sign_as(&head("none", "k-ed"), &good);
    let (bare, _) = none.rsplit_once('.').unwrap();
    forged.extend([
        ("none", none.clone()),
        ("none without signature", format!("{bare}.")),
        ("two parts", bare.to_owned()),
    ]);
    for key in &keys {
        let signed = key.sign_as(&head("HS256", &key.kid), &good);
        let (signed, _) = signed.rsplit_once('.').unwrap();
        for secret in [key.public(), key.jwk().to_string().into_bytes()] {
            let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
            let tag = aws_lc_rs::hmac::sign(&secret, signed.as_bytes());
            let tag = URL_SAFE_NO_PAD.encode(tag.as_ref());
            forged.push(("HS256 with the public key", format!("{signed}.{tag}")));
        }
    }
    // Another algorithm than the key's, though the key really signed.
    for (key, alg) in [(ed, "ES256"), (ec, "EdDSA"), (rsa, "ES256"), (ed, "RS256"), (rsa, "RS512")] {
        forged.push(("algorithm of another key", key.sign_as(&head(alg, &key.kid), &good)));
    }
    // Another key of the same name, with addresses and keys of its own in the header.
    let evil = SigningKey::ed("k-ed");
    forged.push(("another key", evil.sign(&good)));
    let evil_at = Provider::begin(SigningKey::ed("k-evil")).await;
    for (name, value) in [
        ("jku", json!(format!("{}/keys", evil_at.url))),
        ("jwk", evil.jwk()),
        ("x5u", json!(format!("{}/keys", evil_at.url))),
        ("x5c", json!(["MIIB"])),
    ] {
        forged.push(("header brings a key", evil.sign_as(&with(head("EdDSA", "k-ed"), name, value), &good)));
    }
    forged.push(("critical header", ed.sign_as(&with(head("EdDSA", "k-ed"), "crit", json!(["b64"])), &good)));
    forged.push(("another kind", ed.sign_as(&with(head("EdDSA", "k-ed"), "typ", json!("logout+jwt")), &good)));
    forged.push(("no key named", ed.sign_as(&json!({ "alg": "EdDSA" }), &good)));
    // A key that is one, of another issuer.
    let theirs = customers.keys();
    forged.push(("key of another issuer", theirs[0].sign(&good)));
    forged.push(("key of another issuer by its name", theirs[0].sign_as(&head("EdDSA", "k-ed"), &good)));
    forged.push(("another issuer's name", ed.sign(&with(good.clone(), "iss", json!(customers.url)))));
    forged.push(("our own issuer's name", ed.sign(&with(good.clone(), "iss", json!(ISSUER)))));
    for iss in [json!("https://evil.test"), json!(format!("{}/", staff.url)), json!([staff.url]), json!(null)] {
        forged.push(("issuer", ed.sign(&with(good.clone(), "iss", iss))));
    }
    let now = house.ambient.now().as_second();
    for (name, value) in [
        ("aud", json!("another")),
        ("aud", json!([])),
        ("exp", json!(now - 31)),
        ("exp", json!("never")),
        ("iat", json!(now + 60)),
        ("nbf", json!(now + 60)),
        ("sub", json!("")),
        ("groups", json!(["vt-auditor", "vt-ombudsman"])),
        ("groups", json!(["vt-auditor", "vt-service"])),
    ] {
        forged.push((name, ed.sign(&with(good.clone(), name, value))));
    }
    for name in ["iss", "aud", "exp", "iat", "sub"] {
        forged.push((name, ed.sign(&without(good.clone(), name))));
    }
    // Whose customers sign in may make no auditor, and none of the staff's people.
    forged.push(("not its to give", theirs[0].sign(&claims(&customers.url, "7", &["customer", "auditor"]))));

    forged.push(("another issuer's person", ours("customers:7")));

    let mut accepted = Vec::new();
    for (what, token) in &forged {
        match ask(&house, token).await {
            Err(refused)
                if (refused.code(), reason(&refused).0.as_str()) == (Code::Unauthenticated, "TOKEN_INVALID") => {}
            other => accepted.push((what, other.map_err(|status| status.code()))),
        }
    }
    assert!(accepted.is_empty(), "{accepted:#?}");
    assert!(forged.len() > 40, "{}", forged.len());
    assert_eq!(evil_at.asked.load(std::sync::atomic::Ordering::SeqCst), 0, "nobody follows what a token names");
    // What opens nothing is somebody who may do nothing.
    let nobody = ask(&house, &ed.sign(&with(good.clone(), "groups", json!(["auditor", "vt-emperor"])))).await;
    assert_eq!(nobody.unwrap_err().code(), Code::PermissionDenied);
    let customer = ask(&house, &theirs[0].sign(&claims(&customers.url, "7", &["customer"]))).await;
    assert_eq!(customer.unwrap_err().code(), Code::PermissionDenied);
    std::fs::remove_file(&jwks).unwrap();
}

#[tokio::test]
async fn a_key_that_can_be_factored_and_one_of_two_with_a_name_check_nothing() {
    let file = std::env::temp_dir().join(format!("ventanilla-weak-{}.json", std::process::id()));
    let (good, twin, other) = (SigningKey::ed("good"), SigningKey::ed("twin"), SigningKey::ec("twin"));
    let small = json!({ "kty": "RSA", "kid": "small", "n": SMALL.0, "e": "AQAB" });
    std::fs::write(&file, json!({ "keys": [small, good.jwk(), twin.jwk(), other.jwk()] }).to_string()).unwrap();
    let house = house(settings(&format!(
        "[issuers.staff]\nissuer = \"https://staff.test\"\naudience = \"{AUDIENCE}\"\njwks_file = \"{}\"\n\
         [issuers.staff.claims]\n{STAFF}",
        file.display()
    )))
    .await;
    let claims = claims("https://staff.test", "u", &["vt-auditor"]);
    ask(&house, &good.sign(&claims)).await.unwrap();
    for token in [SMALL.1.to_owned(), twin.sign(&claims), other.sign(&claims)] {
        assert_eq!(ask(&house, &token).await.unwrap_err().code(), Code::Unauthenticated);
    }
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn everything_that_is_wrong_with_the_issuers_is_said_before_anybody_is_served() {
    let staff = discovered("staff", "https://id.test", STAFF);
    for (toml, said) in [
        (String::new(), "names no issuer"),
        (staff.replace("https://", "http://"), "no https address"),
        (staff.replace("id.test", "id.test/?x"), "no https address"),
        (staff.replace("\"agent\"", "\"emperor\""), "which is no role"),
        (format!("{staff}{}", discovered("again", "https://id.test", CUSTOMERS)), "has the same issuer"),
        (format!("{staff}{}", discovered("other", "https://other.test", STAFF)), "two people could be one"),
        (format!("issuer = \"house\"\naudience = \"v\"\njwks_file = \"/x\"\n{staff}"), "two people could be one"),
        (staff.replace("at_most_every_s = 1", "at_most_every_s = 0"), "at least 1"),
    ] {
        let error = settings(&toml).verifier(kernel::Ambient::system()).err().expect(said).to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
    let both = format!("{}{}", staff.replace("https://", "http://"), discovered("x", "ftp://x", "may_give = []"));
    let error = settings(&both).verifier(kernel::Ambient::system()).err().unwrap().to_string();
    assert!(error.matches("auth.issuers.").count() >= 4, "all at once: {error}");
}

/// The settings of a block of a document, by the name of their table.
fn shown<T: serde::de::DeserializeOwned>(document: &str, first_line: &str, table: &str) -> T {
    let begin = document.find(&format!("```toml\n{first_line}")).expect(first_line) + "```toml\n".len();
    let end = begin + document[begin..].find("```").unwrap();
    let text = config::File::from_str(&document[begin..end], config::FileFormat::Toml);
    config::Config::builder().add_source(text).build().unwrap().get(table).unwrap()
}

#[tokio::test]
async fn the_settings_that_the_guide_to_deployment_shows_are_some() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../deploy/README.md")).unwrap();
    let auth: AuthSettings = shown(&guide, "[auth.issuers.staff]", "auth");
    assert_eq!(auth.issuers["staff"].claims.roles["/Atención al cliente"], "agent");
    auth.verifier(kernel::Ambient::system()).unwrap();
    let tls: TlsSettings = shown(&guide, "[tls]", "tls");
    assert_eq!(tls.clients, Clients::Required);
}
