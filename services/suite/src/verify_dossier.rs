//! `verify-dossier`: the dossier of a case held against itself, from one file and nothing else.

use anyhow::Context as _;
use kernel::ResourceId as _;
use ombudsman_escalation::bundle::{self, Known};
use prost_reflect::{DescriptorPool, DynamicMessage};
use ventanilla_proto::ombudsman::v1::DossierExport;

use crate::cli;
use crate::verify::public_keys;

/// Runs `verify-dossier`. An error when the dossier does not hold, naming the first entry that is not what was written.
pub fn run(verify: &cli::VerifyDossier) -> anyhow::Result<()> {
    let file = verify.file.display();
    let bytes = std::fs::read(&verify.file).with_context(|| format!("{file} cannot be read"))?;
    let dossier = read(&bytes).with_context(|| format!("{file} is no dossier as JSON"))?;
    let head = verify.head.as_deref().map(head).transpose()?;
    let keys = public_keys(&verify.key)?;
    let intact =
        bundle::verify(&dossier, Known { head, keys: &keys }).with_context(|| format!("{file} does not hold"))?;
    println!("holds: the dossier of {} with {} entries", intact.case.name(), intact.entries);
    println!("head {}", hex::encode(intact.head));
    if !intact.bare.is_empty() {
        println!("without content, which is not proven: {}", places(&intact.bare));
    }
    if intact.erased {
        println!("the words of the case were destroyed, says the file; the office's ledger proves it");
    }
    if keys.is_empty() {
        println!("what the office signed is held against its key by --key KEY");
    } else {
        println!("signed by the office: {}", places(&intact.signed));
    }
    if head.is_none() {
        println!("that nobody made the whole chain anew is proven by a head from elsewhere: --head HASH");
    }
    Ok(())
}

fn read(json: &[u8]) -> anyhow::Result<DossierExport> {
    let pool = DescriptorPool::decode(ventanilla_proto::DESCRIPTOR_SET).context("the contract cannot be read")?;
    let form =
        pool.get_message_by_name("ventanilla.ombudsman.v1.DossierExport").context("the contract has no dossier")?;
    let mut json = serde_json::Deserializer::from_slice(json);
    let message = DynamicMessage::deserialize(form, &mut json)?;
    json.end()?;
    Ok(message.transcode_to()?)
}

fn head(given: &str) -> anyhow::Result<[u8; 32]> {
    let bytes = hex::decode(given.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.context("--head must be 64 hex digits")
}

fn places(sequences: &[u64]) -> String {
    let told: Vec<String> = sequences.iter().map(u64::to_string).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}
