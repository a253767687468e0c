//! The keys of one suite, made at the first start and kept in its data folder, readable by its
//! owner alone.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use kernel::{Ambient, Department, Role};
use secrecy::{ExposeSecret as _, SecretString};
use server::{FormerKeys, TokenIssuer};
use ticketing::proof::ProofKey;

use crate::data_folder::DataFolder;

/// `iss` and `aud` of the tokens the suite gives out.
const ISSUER: &str = "ventanilla-suite";
const AUDIENCE: &str = "ventanilla";
/// How long a token given out is valid.
pub const TOKEN_TTL: Duration = Duration::from_secs(12 * 60 * 60);

/// All keys.
pub struct Keys {
    /// Signs tokens.
    pub issuer: Arc<TokenIssuer>,
    /// Signs ledger checkpoints.
    pub ledger: Arc<Ed25519KeyPair>,
    /// Keys that were in the place of that one.
    pub ledger_former: FormerKeys,
    /// What customers' proofs are derived under, once that no longer belongs to the key that signs.
    pub proofs: Option<SecretString>,
    /// Encrypts what only the ombudsman's office may read.
    pub office: [u8; 32],
    /// Keys that were in the place of that one, newest first.
    pub office_former: Vec<[u8; 32]>,
    /// Makes the secrets that webhooks are signed with.
    pub webhooks: [u8; 32],
    /// Seals what browsers keep of the window's sessions.
    pub window: [u8; 32],
}

/// The office's keys, one a line: the one in use, then those before it.
const OFFICE: &str = "keys/office.key";
/// Signs ledger checkpoints.
const LEDGER: &str = "keys/ledger.pk8";
/// Signed them before, and hands over.
const LEDGER_BEFORE: &str = "keys/ledger.before.pk8";
/// Public keys that ever signed them before, one a line, the newest first.
const LEDGER_FORMER: &str = "keys/ledger.former";
/// What proofs are derived under.
const PROOFS: &str = "keys/proof.key";

impl Keys {
    /// The keys of `folder`, made when they are absent.
    pub fn open(folder: &DataFolder, ambient: &Ambient) -> anyhow::Result<Self> {
        folder.private("keys")?;
        let token = signing_key(folder, "keys/token.pk8")?;
        let ledger = signing_key(folder, LEDGER)?;
        let before = folder.at(LEDGER_BEFORE).exists().then(|| signing_key(folder, LEDGER_BEFORE)).transpose()?;
        let ledger_former = FormerKeys::new(former_ledger_keys(folder)?, before.map(Arc::new));
        let proofs = kept(folder, PROOFS)?.map(|text| SecretString::from(text.trim().to_owned()));
        let (office, office_former) = office_keys(folder, ambient)?;
        let webhooks = symmetric_key(folder, "keys/webhooks.key", ambient)?;
        let window = symmetric_key(folder, "keys/window.key", ambient)?;
        let issuer = TokenIssuer::new(&token, ISSUER, AUDIENCE).context("the token key does not sign")?;
        let (issuer, ledger) = (Arc::new(issuer), Arc::new(ledger));
        Ok(Self { issuer, ledger, ledger_former, proofs, office, office_former, webhooks, window })
    }

    /// Public keys of what was signed in ledgers and documents: the one in use, then those before it.
    pub fn ledger_public(&self) -> Vec<Vec<u8>> {
        let own = self.ledger.public_key().as_ref().to_vec();
        let former = self.ledger_former.public_keys().into_iter().filter(|key| *key != own);
        std::iter::once(own.clone()).chain(former).collect()
    }

    /// A token for somebody with this role.
    pub fn token(
        &self,
        role: Role,
        subject: Option<&str>,
        department: Option<&Department>,
        ambient: &Ambient,
    ) -> anyhow::Result<String> {
        let usual = usual_department(role);
        let department = department.or(usual.as_ref());
        let subject = subject.map_or_else(|| format!("local-{}", role.as_str().replace('_', "-")), str::to_owned);
        Ok(self.issuer.issue(&subject, &[role], department, TOKEN_TTL, ambient.now())?)
    }
}

/// The department a token names unless told otherwise: people of the firm work for one.
fn usual_department(role: Role) -> Option<Department> {
    let slug = match role {
        Role::Agent | Role::Supervisor | Role::Steward => "customer-service",
        Role::Importer => "billing",
        Role::FirmLiaison => "legal",
        _ => return None,
    };
    Some(slug.parse().expect("the slugs above are slugs"))
}

fn signing_key(folder: &DataFolder, name: &str) -> anyhow::Result<Ed25519KeyPair> {
    let bytes = folder.secret(name, new_signing_key)?;
    Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| damaged(folder, name))
}

fn new_signing_key() -> anyhow::Result<Vec<u8>> {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).context("no key could be made")?;
    Ok(document.as_ref().to_vec())
}

/// A key of 32 bytes, made when it is absent.
fn symmetric_key(folder: &DataFolder, name: &str, ambient: &Ambient) -> anyhow::Result<[u8; 32]> {
    let text = folder.secret(name, || Ok(hex::encode(ambient.bytes::<32>()).into_bytes()))?;
    let mut key = [0; 32];
    let read = hex::decode_to_slice(String::from_utf8_lossy(&text).trim(), &mut key);
    read.map(|()| key).map_err(|_| damaged(folder, name))
}

fn office_keys(folder: &DataFolder, ambient: &Ambient) -> anyhow::Result<([u8; 32], Vec<[u8; 32]>)> {
    let text = folder.secret(OFFICE, || Ok(hex::encode(ambient.bytes::<32>()).into_bytes()))?;
    let text = String::from_utf8_lossy(&text);
    let decode = |line: &str| {
        let mut key = [0; 32];
        hex::decode_to_slice(line, &mut key).map(|()| key).map_err(|_| damaged(folder, OFFICE))
    };
    let mut keys = text.split_whitespace().map(decode).collect::<anyhow::Result<Vec<_>>>()?.into_iter();
    let in_use = keys.next().ok_or_else(|| damaged(folder, OFFICE))?;
    Ok((in_use, keys.collect()))
}

/// Makes a new key for the office. The ones before it stay, so that what was closed under them can be read and closed anew;
/// answers how many there are.
pub fn rotate_office_key(folder: &DataFolder, ambient: &Ambient) -> anyhow::Result<usize> {
    folder.private("keys")?;
    let (before, former) = office_keys(folder, ambient)?;
    let all = [ambient.bytes::<32>(), before].into_iter().chain(former);
    let lines: Vec<String> = all.map(hex::encode).collect();
    folder.write_private(OFFICE, lines.join("\n").as_bytes())?;
    Ok(lines.len() - 1)
}

/// What stands in a file of the folder; `None` where there is none.
fn kept(folder: &DataFolder, name: &str) -> anyhow::Result<Option<String>> {
    match std::fs::read_to_string(folder.at(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(_) => Err(damaged(folder, name)),
    }
}

fn former_ledger_keys(folder: &DataFolder) -> anyhow::Result<Vec<Vec<u8>>> {
    let text = kept(folder, LEDGER_FORMER)?.unwrap_or_default();
    let key =
        |word: &str| hex::decode(word).ok().filter(|key| key.len() == 32).ok_or_else(|| damaged(folder, LEDGER_FORMER));
    text.split_whitespace().map(key).collect()
}

/// Makes a new key for the ledgers and what else is signed. The one before it stays until it has handed over, its public key for ever, and the secret of
/// customers' proofs as it is. Answers how many there were before it.
pub fn rotate_signing_key(folder: &DataFolder) -> anyhow::Result<usize> {
    folder.private("keys")?;
    let before = signing_key(folder, LEDGER)?;
    let bytes = std::fs::read(folder.at(LEDGER)).map_err(|_| damaged(folder, LEDGER))?;
    let public = before.public_key().as_ref().to_vec();
    let former: Vec<Vec<u8>> = former_ledger_keys(folder)?.into_iter().filter(|key| *key != public).collect();
    // In this order whatever a crash leaves is a house that signs on, with nothing lost.
    if kept(folder, PROOFS)?.is_none() {
        folder.write_private(PROOFS, ProofKey::text_of(&before).expose_secret().as_bytes())?;
    }
    let lines: Vec<String> = std::iter::once(&public).chain(&former).map(hex::encode).collect();
    folder.write_private(LEDGER_FORMER, lines.join("\n").as_bytes())?;
    folder.write_private(LEDGER_BEFORE, &bytes)?;
    folder.write_private(LEDGER, &new_signing_key()?)?;
    Ok(lines.len())
}

fn damaged(folder: &DataFolder, name: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "{} is damaged: put back a copy of it; what it signed cannot be checked without",
        folder.at(name).display()
    )
}

/// The password of a database role, made once.
pub fn role_password(folder: &DataFolder, role: &str, ambient: &Ambient) -> anyhow::Result<SecretString> {
    folder.private("passwords")?;
    let bytes = folder.secret(&format!("passwords/{role}"), || Ok(hex::encode(ambient.bytes::<24>()).into_bytes()))?;
    Ok(SecretString::from(String::from_utf8_lossy(&bytes).trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_gets_a_token_that_holds_and_keys_are_found_again() {
        let path = std::env::temp_dir().join(format!("ventanilla-keys-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let folder = DataFolder::open(Some(&path)).unwrap();
        let ambient = Ambient::system();
        let keys = Keys::open(&folder, &ambient).unwrap();
        let again = Keys::open(&folder, &ambient).unwrap();
        assert_eq!(keys.office, again.office);
        let verifier = again.issuer.verifier(ambient.clone());
        for role in Role::ALL {
            let principal = verifier.verify(&keys.token(*role, None, None, &ambient).unwrap()).unwrap();
            assert!(principal.has(*role), "{role}");
        }
        std::fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn a_new_key_of_the_office_takes_the_place_of_the_old_one_which_stays_beside_it() {
        let path = std::env::temp_dir().join(format!("ventanilla-office-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let folder = DataFolder::open(Some(&path)).unwrap();
        let ambient = Ambient::system();
        let first = Keys::open(&folder, &ambient).unwrap();
        assert!(first.office_former.is_empty());
        assert_eq!(rotate_office_key(&folder, &ambient).unwrap(), 1);
        let second = Keys::open(&folder, &ambient).unwrap();
        assert_ne!(second.office, first.office);
        assert_eq!(second.office_former, [first.office]);
        assert_eq!(rotate_office_key(&folder, &ambient).unwrap(), 2);
        let third = Keys::open(&folder, &ambient).unwrap();
        assert_eq!(third.office_former, [second.office, first.office]);
        std::fs::write(folder.at("keys/office.key"), "0f").unwrap();
        assert!(Keys::open(&folder, &ambient).err().unwrap().to_string().contains("office.key"));
        std::fs::remove_dir_all(&path).unwrap();
    }
}
