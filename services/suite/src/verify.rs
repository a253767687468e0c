//! `verify` and `export`: the ledgers held against their chains and signed checkpoints, where they
//! stand or from files alone.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use aws_lc_rs::signature::KeyPair as _;
use kernel::{Ambient, ResourceId as _};
use ledger::archive::{self, Archive};
use ledger::checkpoint::{self, Checkpoint};
use ledger::verify::{Verdict, export, verify_all, verify_files};
use ombudsman_escalation::document::{self, Broken, Held};
use postgres::{Db, Settings};
use secrecy::ExposeSecret as _;
use ticketing::proof::ProofKey;

use crate::cli;
use crate::data_folder::{DataFolder, Lock};
use crate::database::Database;
use crate::keys::{Keys, rotate_signing_key};
use crate::services::Service;

/// Runs `verify`. An error when a ledger does not hold.
pub async fn run(verify: cli::Verify) -> anyhow::Result<()> {
    match &verify.checkpoints {
        Some(checkpoints) => offline(&verify, checkpoints, &public_keys(&verify.key)?).await,
        None => in_place(&verify).await,
    }
}

async fn offline(verify: &cli::Verify, checkpoints: &Path, keys: &[Vec<u8>]) -> anyhow::Result<()> {
    ensure!(verify.export.is_some() || verify.archive.is_some(), "--checkpoints goes with --export, --archive or both");
    ensure!(checkpoints.exists(), "there is no file {}", checkpoints.display());
    let signed = checkpoint::read(checkpoints)?;
    let Some(source) = signed.first().map(|first| first.source.clone()) else {
        bail!("{} holds no checkpoint: without one nothing is proved", checkpoints.display());
    };
    let archive = match &verify.archive {
        Some(folder) => archive_alone(folder, &source, checkpoints)?,
        None => Archive::default(),
    };
    let mut export = None;
    if let Some(path) = &verify.export {
        let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        export = Some(BufReader::new(file));
    }
    let verdict = verify_files(&source, &archive, export, &signed, keys).await.context("the export cannot be read")?;
    tell(&source, &verdict, &signed);
    if verdict.fault.is_none() {
        println!("{:<22}{}", "", reach(&verdict, &archive, signed.last().map_or(0, |last| last.position)));
    }
    match verdict.fault {
        None => Ok(()),
        Some(fault) => bail!("{source}: {fault}"),
    }
}

/// What a ledger has in a folder of the archive, which has to be there.
fn archive_at(folder: &Path, source: &str) -> anyhow::Result<Archive> {
    ensure!(folder.is_dir(), "there is no folder {}", folder.display());
    Ok(Archive::at(folder, source)?)
}

/// The same for who has nothing else to hold it against than the checkpoints, and what stands beside them of archived months.
fn archive_alone(folder: &Path, source: &str, checkpoints: &Path) -> anyhow::Result<Archive> {
    let archive = archive_at(folder, source)?;
    let list = archive::manifests_of(folder, source);
    ensure!(
        !archive.manifests.is_empty(),
        "there is no month of {source} in {}: {} tells of none",
        folder.display(),
        list.display()
    );
    let beside = checkpoints.parent().unwrap_or(Path::new(""));
    Ok(archive.held_to(archive::read(&archive::manifests_of(beside, source))?))
}

/// How far files went, and what nobody looked at.
fn reach(verdict: &Verdict, archive: &Archive, signed: i64) -> String {
    let end = verdict.end;
    let month =
        archive.manifests.iter().find(|told| told.last_position == end).map(|told| archive::written(told.month));
    let month = month.map(|month| format!(", the end of {month}")).unwrap_or_default();
    let beyond = if signed > end {
        format!(
            "; what was signed of {} to {signed} is not in these files and NOT proved: give its --export, or say `verify` where the database is",
            end + 1
        )
    } else {
        String::new()
    };
    format!("read up to position {end}{month}{beyond}")
}

/// Public keys: each is 64 hex digits, or a file that holds one or several.
pub(crate) fn public_keys(given: &[String]) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut keys = Vec::new();
    for given in given {
        let text = match std::fs::read_to_string(given) {
            Ok(text) => text,
            Err(_) => given.clone(),
        };
        let read = |word: &str| hex::decode(word).ok().filter(|key| key.len() == 32);
        let found: Option<Vec<Vec<u8>>> = text.split_whitespace().map(read).collect();
        keys.extend(found.filter(|found| !found.is_empty()).context(
            "--key must be 64 hex digits, or a file that holds one or several; `ventanilla verify` prints the keys of a data folder, \
             `ventanilla public-key` that of a signing key",
        )?);
    }
    Ok(keys)
}

/// Holds a sealed text against each of the keys; what the one that it names says of it counts.
fn by_any<T>(text: &str, keys: &[Vec<u8>], verify: impl Fn(&[u8]) -> Result<T, Broken>) -> anyhow::Result<T> {
    let said = keys.iter().map(|key| verify(key)).find(|said| !matches!(said, Err(Broken::OtherKey)));
    match said.unwrap_or(Err(Broken::OtherKey)) {
        Err(Broken::OtherKey) => {
            let named = seal::named_key(text).unwrap_or_default();
            Err(Broken::OtherKey).with_context(|| format!("it names the key {named}, which --key did not give"))
        }
        said => Ok(said?),
    }
}

/// Runs `public-key`.
pub fn run_public_key(of: &cli::SigningKey) -> anyhow::Result<()> {
    println!("{}", hex::encode(server::signing_key(&of.file)?.public_key()));
    Ok(())
}

/// Runs `proof-key`.
pub fn run_proof_key(of: &cli::SigningKey) -> anyhow::Result<()> {
    println!("{}", ProofKey::text_of(&server::signing_key(&of.file)?).expose_secret());
    Ok(())
}

/// Runs `rotate-signing-key`. The suite must not run: it would go on signing with the key it started with.
pub fn run_rotate(data: &cli::Data) -> anyhow::Result<()> {
    let folder = DataFolder::open(data.data.as_deref())?;
    let _lock = folder.lock()?;
    let former = rotate_signing_key(&folder)?;
    println!(
        "new key in {}; {former} before it, whose public keys `ventanilla verify` prints. The last of them hands over when the suite starts: start \
         it before the key is changed again",
        folder.at("keys/ledger.pk8").display()
    );
    Ok(())
}

/// Runs `verify-receipt`. An error when the receipt does not hold.
pub fn run_receipt(verify: &cli::VerifyReceipt) -> anyhow::Result<()> {
    let file = &verify.file;
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read as text", file.display()))?;
    let keys = public_keys(&verify.key)?;
    let sealed = by_any(&text, &keys, |key| ticketing::seal::verify(&text, key));
    let seal = sealed.with_context(|| format!("{} does not hold", file.display()))?.seal;
    println!("holds: {} with the key {} was received at {}", seal.ticket.name(), seal.key, seal.received);
    Ok(())
}

/// Runs `verify-decision`: of a decision, of a correction of one, or of the acknowledgement of a case. An error when it does not hold.
pub fn run_decision(verify: &cli::VerifyDecision) -> anyhow::Result<()> {
    let file = &verify.file;
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read as text", file.display()))?;
    let keys = public_keys(&verify.key)?;
    let held = by_any(&text, &keys, |key| document::verify_paper(&text, key))
        .with_context(|| format!("{} does not hold", file.display()))?;
    match held {
        Held::Decision(sealed) => {
            println!("holds: {} was decided at {}: {}", sealed.case.name(), sealed.issued, sealed.outcome);
        }
        Held::Correction(sealed) => {
            let corrects = hex::encode(&sealed.corrects);
            println!(
                "holds: {} was issued at {} and corrects the text with the SHA-256 {corrects}",
                sealed.name, sealed.issued
            );
        }
        Held::Acknowledgement { case, filed } => println!("holds: {} reached the office at {filed}", case.name()),
    }
    Ok(())
}

async fn in_place(verify: &cli::Verify) -> anyhow::Result<()> {
    let ambient = Ambient::system();
    let ledgers = Ledgers::open(verify.data.data.as_deref(), &ambient).await?;
    let keys = ledgers.keys.ledger_public();
    for (place, key) in keys.iter().enumerate() {
        println!("{} {}", if place == 0 { "checkpoint key" } else { "former key" }, hex::encode(key));
    }
    let mut faults = Vec::new();
    for service in Service::ALL {
        let source = service.name();
        let file = checkpoint::file_of(&ledgers.folder.at("checkpoints"), source);
        let signed = checkpoint::read(&file)?;
        let db = ledgers.db(service).await?;
        // What tells of archived months stands beside the checkpoints, and beside their files.
        let archive = match &verify.archive {
            Some(folder) => archive_at(folder, source)?,
            None => Archive {
                manifests: archive::read(&archive::manifests_of(&ledgers.folder.at("checkpoints"), source))?,
                folder: None,
            },
        };
        let verdict = verify_all(&db, source, &signed, &keys, &archive).await?;
        tell(source, &verdict, &signed);
        faults.extend(verdict.fault.map(|fault| format!("{source}: {fault}")));
    }
    ledgers.close().await?;
    ensure!(faults.is_empty(), "{}", faults.join("; "));
    Ok(())
}

fn tell(source: &str, verdict: &Verdict, signed: &[Checkpoint]) {
    let state = if verdict.fault.is_some() { "BROKEN" } else { "intact" };
    let covered = signed.last().map_or(0, |last| last.position);
    println!(
        "{source:<22}{state}  {} entries, signed up to {covered} by {} checkpoints, {} personal parts checked, {} erased",
        verdict.entries, verdict.checkpoints, verdict.personal_parts, verdict.erased_parts
    );
    if verdict.archived_months > 0 {
        let (months, read) = (verdict.archived_months, verdict.months_read);
        let files = if read == months {
            "their files were read"
        } else {
            "their files were not read: name them with --archive"
        };
        println!("{:<22}{months} months are archived, and their manifests hold; {files}", "");
    }
    let handed = signed.iter().filter_map(|signed| signed.handover.as_ref().map(|handover| (signed, handover)));
    for (signed, handover) in handed.filter(|_| verdict.fault.is_none()) {
        println!("{:<22}the key {} handed over at {} to {}", "", signed.key_id, signed.position, handover.to);
    }
}

/// Runs `export`.
pub async fn run_export(wanted: cli::Export) -> anyhow::Result<()> {
    let ambient = Ambient::system();
    let service = Service::named(&wanted.service).context("there is no such service")?;
    let ledgers = Ledgers::open(wanted.data.data.as_deref(), &ambient).await?;
    let db = ledgers.db(service).await?;
    let mut out: Box<dyn Write> = match &wanted.out {
        Some(path) => {
            Box::new(BufWriter::new(File::create(path).map_err(|error| crate::data_folder::unusable(path, &error))?))
        }
        None => Box::new(std::io::stdout().lock()),
    };
    let written = export(&db, wanted.personal, &mut out).await?;
    out.flush()?;
    drop(out);
    let checkpoints = checkpoint::file_of(&ledgers.folder.at("checkpoints"), service.name());
    eprintln!(
        "ventanilla: {written} entries of {} written; their checkpoints are in {}",
        service.name(),
        checkpoints.display()
    );
    ledgers.close().await
}

/// The ledgers of a data folder, through the suite that runs there or a database started to look.
struct Ledgers {
    folder: DataFolder,
    keys: Keys,
    url: String,
    started: Option<(Database, Lock)>,
}

impl Ledgers {
    async fn open(data: Option<&Path>, ambient: &Ambient) -> anyhow::Result<Self> {
        let folder = DataFolder::open(data)?;
        let keys = Keys::open(&folder, ambient)?;
        if let Some(running) = folder.running() {
            return Ok(Self { folder, keys, url: running.database, started: None });
        }
        let lock = folder.lock()?;
        let own_server = std::env::var_os("VENTANILLA_DATABASE_URL").is_none();
        ensure!(
            !own_server || folder.at("postgres").exists(),
            "there is no data in {} yet: start the suite once, or name its folder with --data",
            folder.path().display()
        );
        let database = Database::open(&folder).await?;
        Ok(Self { folder, keys, url: database.admin_url.clone(), started: Some((database, lock)) })
    }

    async fn db(&self, service: Service) -> anyhow::Result<Db> {
        let settings = Settings { max_connections: 2, ..Settings::new(self.url.clone(), service.schema()) };
        Db::connect(&settings).await.with_context(|| format!("the ledger of {} cannot be opened", service.name()))
    }

    async fn close(self) -> anyhow::Result<()> {
        match self.started {
            Some((database, _lock)) => database.stop().await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;
    use ledger::archive::Manifest;

    use super::*;

    fn of_june() -> Archive {
        let manifest = Manifest {
            source: "ticketing".to_owned(),
            month: date(2026, 6, 1),
            first_position: 1,
            last_position: 42,
            prev_hash: String::new(),
            hash: String::new(),
            sha256: String::new(),
            kept_sha256: String::new(),
            signed_at: Timestamp::UNIX_EPOCH,
            key_id: String::new(),
            signature: String::new(),
        };
        Archive { manifests: vec![manifest], folder: None }
    }

    #[test]
    fn files_alone_say_how_far_they_go() {
        let until = |end| Verdict { end, ..Verdict::default() };
        assert_eq!(reach(&until(42), &of_june(), 42), "read up to position 42, the end of 2026-06");
        assert_eq!(reach(&until(50), &of_june(), 42), "read up to position 50");
        let said = reach(&until(42), &of_june(), 50);
        assert!(
            said.starts_with("read up to position 42, the end of 2026-06; what was signed of 43 to 50 is not"),
            "{said}"
        );
    }
}
