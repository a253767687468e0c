//! `verify` and `export`: the ledgers held against their chains and signed checkpoints, where they
//! stand or from files alone.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use aws_lc_rs::signature::KeyPair as _;
use kernel::{Ambient, ResourceId as _};
use ledger::checkpoint::{self, Checkpoint};
use ledger::verify::{Verdict, export, verify_database, verify_export};
use ombudsman_escalation::document::{self, Held};
use postgres::{Db, Settings};

use crate::cli;
use crate::data_folder::{DataFolder, Lock};
use crate::database::Database;
use crate::keys::Keys;
use crate::services::Service;

/// Runs `verify`. An error when a ledger does not hold.
pub async fn run(verify: cli::Verify) -> anyhow::Result<()> {
    match (&verify.export, &verify.checkpoints, &verify.key) {
        (Some(export), Some(checkpoints), Some(key)) => offline(export, checkpoints, key),
        _ => in_place(&verify).await,
    }
}

fn offline(export: &Path, checkpoints: &Path, key: &str) -> anyhow::Result<()> {
    ensure!(checkpoints.exists(), "there is no file {}", checkpoints.display());
    let signed = checkpoint::read(checkpoints)?;
    let Some(source) = signed.first().map(|first| first.source.clone()) else {
        bail!("{} holds no checkpoint: without one an export proves nothing", checkpoints.display());
    };
    let file = File::open(export).with_context(|| format!("{} cannot be read", export.display()))?;
    let verdict = verify_export(&source, BufReader::new(file), &signed, &[public_key(key)?])
        .with_context(|| format!("{} cannot be read", export.display()))?;
    tell(&source, &verdict, &signed);
    match verdict.fault {
        None => Ok(()),
        Some(fault) => bail!("{source}: {fault}"),
    }
}

/// A public key: 64 hex digits, or a file that holds them.
pub(crate) fn public_key(given: &str) -> anyhow::Result<Vec<u8>> {
    let text = match std::fs::read_to_string(given) {
        Ok(text) => text,
        Err(_) => given.to_owned(),
    };
    let key = hex::decode(text.trim()).ok().filter(|key| key.len() == 32);
    key.context(
        "--key must be 64 hex digits, or a file that holds them; `ventanilla verify` prints the key of a data folder",
    )
}

/// Runs `verify-receipt`. An error when the receipt does not hold.
pub fn run_receipt(verify: &cli::VerifyReceipt) -> anyhow::Result<()> {
    let file = &verify.file;
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read as text", file.display()))?;
    let sealed = ticketing::seal::verify(&text, &public_key(&verify.key)?);
    let seal = sealed.with_context(|| format!("{} does not hold", file.display()))?.seal;
    println!("holds: {} with the key {} was received at {}", seal.ticket.name(), seal.key, seal.received);
    Ok(())
}

/// Runs `verify-decision`: of a decision, of a correction of one, or of the acknowledgement of a case. An error when it does not hold.
pub fn run_decision(verify: &cli::VerifyDecision) -> anyhow::Result<()> {
    let file = &verify.file;
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read as text", file.display()))?;
    let held = document::verify_paper(&text, &public_key(&verify.key)?)
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
    let key = ledgers.keys.ledger.public_key().as_ref().to_vec();
    println!("checkpoint key {}", hex::encode(&key));
    let mut faults = Vec::new();
    for service in Service::ALL {
        let source = service.name();
        let file = checkpoint::file_of(&ledgers.folder.at("checkpoints"), source);
        let signed = checkpoint::read(&file)?;
        let db = ledgers.db(service).await?;
        let verdict = verify_database(&db, source, &signed, std::slice::from_ref(&key)).await?;
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
