//! The ledgers' months of a scene go into files, and what is shown of an affair before and after.

use std::io::Read as _;
use std::path::PathBuf;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use flate2::read::GzDecoder;
use jiff::civil::{Date, date};
use ledger::Ledger;
use ledger::archive::{self, Archive, Kept, Order};
use ledger::checkpoint::{self, Checkpoint};
use ledger::months::{self, Begun};
use ledger::verify::{Verdict, verify_all};
use ventanilla_proto::ombudsman::v1::{DossierVerdict, VerifyDossierRequest};
use ventanilla_proto::ticketing::v1::{GetJourneyRequest, GetReceiptRequest, Journey, Receipt};

use super::Scene;
use super::affair::Affair;
use super::services::Service;

/// A month after every other.
const AFTER: Date = date(2999, 1, 1);

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[0x41; 32]).expect("a key")
}

fn folder(scene: &Scene) -> PathBuf {
    scene.checkpoints().join("archive")
}

fn kept(service: Service) -> Kept {
    match service {
        Service::CustomerProfile => customer_profile::KEPT,
        Service::Ticketing => ticketing::KEPT,
        Service::SlaMonitor => sla_monitor::KEPT,
        Service::OmbudsmanEscalation => ombudsman_escalation::KEPT,
        Service::Webhooks => webhooks::KEPT,
    }
}

/// The month of every ledger that holds people's data ends here.
///
/// # Panics
/// When it cannot be ended, or nothing was written in it.
pub async fn months_end(scene: &Scene) {
    for service in Service::HOLDERS {
        let begun = months::begin(&scene.db(service).await, AFTER).await.expect("its owner may");
        assert!(matches!(begun, Begun::Closed { last } if last > 0), "{service:?}: {begun:?}");
    }
}

/// Takes every month out of the ledgers that ended.
///
/// # Panics
/// When one cannot be archived, or is not.
pub async fn take_out(scene: &Scene) {
    let (folder, key) = (folder(scene), key());
    std::fs::create_dir_all(&folder).expect("room for an archive");
    for service in Service::HOLDERS {
        let (db, source) = (scene.db(service).await, service.name());
        let (position, hash) = Ledger::open(db.clone(), source).position().await.expect("a head");
        let now = scene.ambient.now();
        let signed = Checkpoint::sign(&key, source, position, &hash, now);
        let line = serde_json::to_string(&signed).expect("JSON") + "\n";
        std::fs::write(checkpoint::file_of(&folder, source), line).expect("room for a checkpoint");
        let order = Order {
            source,
            through: AFTER,
            folder: &folder,
            checkpoint_dir: &folder,
            key: &key,
            former: &[],
            kept: kept(service),
            now,
        };
        let done = archive::archive(&db, order).await.expect("nobody needs it");
        assert_eq!(done.len(), 1, "{service:?}");
    }
}

/// What stands in the files, and beside them.
///
/// # Panics
/// When one cannot be read.
pub fn text(scene: &Scene) -> String {
    let mut text = String::new();
    for file in std::fs::read_dir(folder(scene)).expect("an archive") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("readable");
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut lines = String::new();
            GzDecoder::new(bytes.as_slice()).read_to_string(&mut lines).expect("whole");
            for word in lines.split('"') {
                // Payloads are in hex.
                text += &hex::decode(word)
                    .map_or_else(|_| word.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
                text.push('\n');
            }
        } else {
            text += &String::from_utf8_lossy(&bytes);
        }
    }
    assert!(!text.is_empty(), "nothing was archived");
    text
}

/// A ledger with its archive, where it has one, as one chain.
///
/// # Panics
/// When it cannot be read.
pub async fn held(scene: &Scene, service: Service) -> Verdict {
    let archive = Archive::at(&folder(scene), service.name()).expect("manifests");
    let keys = [key().public_key().as_ref().to_vec()];
    verify_all(&scene.db(service).await, service.name(), &[], &keys, &archive).await.expect("a ledger")
}

/// What is shown of an affair that is read from the ledgers.
#[derive(Debug, PartialEq)]
pub struct Shown {
    journey: Journey,
    receipt: Receipt,
    dossier: DossierVerdict,
}

impl Shown {
    /// How many steps its journey has.
    pub fn steps(&self) -> usize {
        self.journey.steps.len()
    }
}

/// What of a journey the ledgers keep for good: the steps of ticketing and of the office. Those of the others are gaps once they are archived.
fn kept_of(mut journey: Journey) -> Journey {
    let kept = [Service::Ticketing, Service::OmbudsmanEscalation].map(Service::name);
    journey.steps.retain(|step| kept.contains(&step.source.as_str()));
    let lacking: Vec<&str> = journey.gaps.iter().map(|gap| gap.source.as_str()).collect();
    assert!(!lacking.iter().any(|source| kept.contains(source)), "{lacking:?}");
    Journey { gaps: Vec::new(), as_of_time: None, ..journey }
}

/// What is shown of an affair and its case. The receipt is made one of before there were seals, which is sealed if the ledger says that it was given so.
///
/// # Panics
/// When it is refused, or its dossier does not hold.
pub async fn shown(scene: &Scene, affair: &Affair<'_>, ticket: &str, case: &str) -> Shown {
    let unsealed = "update ticketing.receipt set key_id = null, signature = null";
    sqlx::query(unsealed).execute(&scene.admin().await).await.expect("the owner may");
    let mut tickets = affair.cast.agent.tickets.clone();
    let journey = GetJourneyRequest { name: ticket.to_owned(), ..GetJourneyRequest::default() };
    let receipt = GetReceiptRequest { name: format!("{ticket}/receipt") };
    let dossier = VerifyDossierRequest { name: case.to_owned() };
    let mut office = affair.cast.investigator.office.clone();
    let shown = Shown {
        journey: kept_of(tickets.get_journey(journey).await.expect("a journey").into_inner()),
        receipt: tickets.get_receipt(receipt).await.expect("a receipt").into_inner(),
        dossier: office.verify_dossier(dossier).await.expect("a verdict").into_inner(),
    };
    assert!(shown.dossier.intact, "{shown:?}");
    shown
}
