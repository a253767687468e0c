//! Keys, tokens, folders.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kernel::Role;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use server::{ProcessSettings, TlsSettings};
use ticketing::proof::ProofKey;

use crate::doctor::finding::Finding;
use crate::doctor::judge::{self, Room, Validity};
use crate::doctor::patient::{Patient, Process};
use crate::services::Service;

/// Everything that is looked at in files. `at` is when dates are judged.
pub fn look(patient: &Patient, at: Timestamp, least_free: u8) -> Vec<Finding> {
    let about = patient.name;
    let mut findings = vec![keys_of_callers(about, &patient.auth().jwks_file)];
    if let Process::Service(settings) = &patient.process {
        findings.push(signing_key(about, &settings.signing_key_file));
        findings.extend(former_keys(about, settings));
        findings.push(folder(about, &settings.checkpoint_dir));
        findings.extend(room(about, "`checkpoint_dir`", &settings.checkpoint_dir, least_free));
        findings.push(match &settings.auth.service_token_file {
            Some(file) => own_token(about, file, Shown { role: Role::Service, issuer: &settings.auth.issuer }, at),
            None => Finding::ill(
                about,
                "token",
                "it has no token of its own: peers answer it nothing but what is open to all",
                "set `auth.service_token_file` to a token with the role service",
            ),
        });
    }
    if let Process::Window(settings) = &patient.process
        && let Some(file) = &settings.auth.service_token_file
    {
        findings.push(own_token(about, file, Shown { role: Role::Form, issuer: &settings.auth.issuer }, at));
    }
    if let Some(tls) = patient.tls() {
        findings.extend(certificate(patient, tls, at));
    }
    findings.extend(secret_keys(patient));
    findings
}

fn certificate(patient: &Patient, tls: &TlsSettings, at: Timestamp) -> Vec<Finding> {
    match server::inspect(tls, patient.name, at) {
        Ok(seen) => judge::certificate(patient.name, &seen, patient.service.is_some(), at),
        Err(error) => {
            let cure = "mend the certificate files that `tls` names (deploy/README.md)";
            vec![Finding::ill(patient.name, "certificate", kernel::chain(&error).to_string(), cure)]
        }
    }
}

fn secret_keys(patient: &Patient) -> Vec<Finding> {
    let about = patient.name;
    let given = |key: &Option<secrecy::SecretString>| key.as_ref().map(|key| key.expose_secret().to_owned());
    match patient.service {
        Some(Service::OmbudsmanEscalation) => {
            vec![judge::symmetric(about, "service.office_key", given(&patient.own.office_key).as_deref())]
        }
        Some(Service::Webhooks) => {
            vec![judge::symmetric(about, "service.secret_key", given(&patient.own.secret_key).as_deref())]
        }
        None => {
            let keys = patient.own.web.as_ref().map(|web| web.sealing_keys.as_slice()).unwrap_or_default();
            let first = keys.first().map(|key| key.expose_secret().to_owned());
            vec![judge::symmetric(about, "service.web.sealing_keys", first.as_deref())]
        }
        Some(Service::Ticketing) => proof_key(patient).into_iter().collect(),
        Some(_) => Vec::new(),
    }
}

/// Told when customers' proofs would not be what they were told.
fn proof_key(patient: &Patient) -> Option<Finding> {
    let Process::Service(settings) = &patient.process else { return None };
    let rotated = server::former_keys(settings).is_ok_and(|former| !former.is_empty());
    let says = match &patient.own.proof_key {
        Some(given) => ProofKey::given(given).err()?.to_string(),
        None if rotated => {
            "the signing key was changed and `service.proof_key` is not set: ticketing does not start".to_owned()
        }
        None => return None,
    };
    let cure = "give what `ventanilla proof-key FILE` prints of the first signing key (deploy/README.md, \"Rotating the signing key\")";
    Some(Finding::ill(patient.name, "keys", says, cure))
}

fn keys_of_callers(about: &str, file: &Path) -> Finding {
    match server::KeySet::read(file) {
        Ok(_) => Finding::well(about, "jwks", format!("{} holds the keys of those who call", file.display())),
        Err(error) => Finding::ill(
            about,
            "jwks",
            format!("{} is no key set ({error})", file.display()),
            "put the identity provider's JWK set there, with an Ed25519 key",
        ),
    }
}

fn signing_key(about: &str, file: &Path) -> Finding {
    if server::signing_key(file).is_err() {
        let says = format!("{} holds no Ed25519 private key in PKCS#8, or may not be read", file.display());
        let cure = "put the key back from its copy; one that is lost is replaced as deploy/README.md, \"Rotating the signing key\", says";
        return Finding::ill(about, "keys", says, cure);
    }
    private(about, "keys", file)
        .unwrap_or_else(|| Finding::well(about, "keys", format!("{} signs checkpoints", file.display())))
}

/// The keys that signed before, where there were any.
fn former_keys(about: &str, settings: &ProcessSettings) -> Option<Finding> {
    match server::former_keys(settings) {
        Err(error) => {
            Some(Finding::ill(about, "keys", error.to_string(), "see deploy/README.md, \"Rotating the signing key\""))
        }
        Ok(former) if former.is_empty() => None,
        Ok(former) => {
            let open = settings.former_signing_key_file.as_deref().and_then(|file| private(about, "keys", file));
            let says = format!("{} keys signed before, and are known", former.public_keys().len());
            Some(open.unwrap_or_else(|| Finding::well(about, "keys", says)))
        }
    }
}

/// Told when others than owner and group may read a file.
fn private(about: &str, check: &'static str, file: &Path) -> Option<Finding> {
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    (mode & 0o004 != 0).then(|| {
        let says = format!("everybody on this machine may read {}", file.display());
        Finding::note(about, check, says, format!("chmod o= {}", file.display()))
    })
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    iss: String,
    iat: i64,
    exp: i64,
    #[serde(default)]
    roles: Vec<String>,
}

/// What a token is shown for.
#[derive(Clone, Copy)]
struct Shown<'a> {
    /// The role it needs.
    role: Role,
    /// The house's own issuer, which speaks in our own words; those of others are for the peers to map.
    issuer: &'a str,
}

fn own_token(about: &str, file: &Path, shown: Shown<'_>, at: Timestamp) -> Finding {
    let cure = format!("have whoever issues it write it there (a JWT with the role {})", shown.role);
    let Ok(text) = std::fs::read_to_string(file) else {
        return Finding::ill(about, "token", format!("{} may not be read", file.display()), cure);
    };
    let Some((claims, validity)) = claims(text.trim()) else {
        return Finding::ill(about, "token", format!("{} holds no token", file.display()), cure);
    };
    if claims.iss == shown.issuer && !claims.roles.iter().any(|role| role == shown.role.as_str()) {
        let says = format!("its own token does not have the role {}", shown.role);
        return Finding::ill(about, "token", says, cure);
    }
    let found = judge::token(about, validity, at);
    match private(about, "token", file) {
        Some(open) if found.cure.is_none() => open,
        _ => found,
    }
}

/// What a token says of itself; whether its signature holds is for the peers to say.
fn claims(token: &str) -> Option<(Claims, Validity)> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    let (from, until) = (Timestamp::from_second(claims.iat).ok()?, Timestamp::from_second(claims.exp).ok()?);
    Some((claims, Validity { from, until }))
}

fn folder(about: &str, folder: &Path) -> Finding {
    let cure = "make it, give it to the service's account, and keep it on another disk than the database's";
    match std::fs::metadata(folder) {
        Ok(meta) if meta.is_dir() => {
            Finding::well(about, "folder", format!("{} is there for checkpoints", folder.display()))
        }
        _ => Finding::ill(about, "folder", format!("`checkpoint_dir` {} is no folder", folder.display()), cure),
    }
}

/// How much room the disk of a folder has, where it can be seen.
pub fn room(about: &str, what: &str, folder: &Path, least_free: u8) -> Option<Finding> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    // As `df` counts: what is kept back for root is nobody's room.
    let all = disk.f_blocks.saturating_sub(disk.f_bfree) + disk.f_bavail;
    let room = Room { free: disk.f_bavail * disk.f_frsize, all: all * disk.f_frsize };
    Some(judge::room(about, what, room, least_free))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_until_when_it_is_valid() {
        let body = URL_SAFE_NO_PAD.encode(r#"{"iat":1790000000,"exp":1790003600,"sub":"x"}"#);
        let (_, validity) = claims(&format!("e30.{body}.sig")).unwrap();
        assert_eq!(validity.until.as_second() - validity.from.as_second(), 3_600);
        assert!(claims("nonsense").is_none() && claims("a.b.c").is_none());
    }
}
