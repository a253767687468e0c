//! A ledger whose signing key was changed: what either key signed holds, who knows the former one alone can follow, and nobody signs with it any more.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jiff::SignedDuration;
use postgres::Db;
use serde::Deserialize;
use testkit::{Database, Surroundings};
use ventanilla_ledger::Ledger;
use ventanilla_ledger::checkpoint::{Checkpoint, Former, Notary, file_of, key_id, read, since};
use ventanilla_ledger::verify::{Fault, verify_database, verify_tail};

use crate::support::{draft, filled, house, write};

fn key(seed: u8) -> Arc<Ed25519KeyPair> {
    Arc::new(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
}

fn public(seed: u8) -> Vec<u8> {
    key(seed).public_key().as_ref().to_vec()
}

const OLD: u8 = 9;
const NEW: u8 = 10;

/// A ledger with a folder for its checkpoints, both of which go with it.
struct Signed {
    _database: Database,
    db: Db,
    ledger: Ledger,
    folder: PathBuf,
    time: Surroundings,
}

impl Drop for Signed {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Signed {
    /// Five entries, signed with the old key.
    async fn new(name: &str) -> Self {
        let (database, db) = house().await;
        let ledger = filled(&db, 5).await;
        let folder = std::env::temp_dir().join(format!("handover-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let signed = Self { _database: database, db, ledger, folder, time: Surroundings::default() };
        assert_eq!(signed.notary(OLD, Former::default()).sign(0).await.unwrap(), 5);
        signed
    }

    fn notary(&self, seed: u8, former: Former) -> Notary {
        Notary::new(self.ledger.clone(), self.time.ambient.clone(), key(seed), self.folder.clone()).after(former)
    }

    /// Who signs with the new key and has the old one to hand over.
    fn taking_over(&self) -> Notary {
        self.notary(NEW, Former::new(Vec::new(), Some(key(OLD))))
    }

    async fn more(&self, number: u128) {
        write(&self.db, &[draft("things/1", number, "m")]).await;
        self.ledger.sequence_waiting().await.unwrap();
        self.time.advance(SignedDuration::from_secs(60));
    }

    fn file(&self) -> PathBuf {
        file_of(&self.folder, "house")
    }

    /// Position, key and whether it hands over, of each line.
    fn lines(&self) -> Vec<(i64, u8, bool)> {
        let seed = |id: &str| [OLD, NEW].into_iter().find(|seed| key_id(&public(*seed)) == id).unwrap();
        let told = |line: Checkpoint| (line.position, seed(&line.key_id), line.handover.is_some());
        read(&self.file()).unwrap().into_iter().map(told).collect()
    }

    async fn fault(&self, seeds: &[u8]) -> Option<Fault> {
        let keys: Vec<Vec<u8>> = seeds.iter().map(|seed| public(*seed)).collect();
        verify_database(&self.db, "house", &read(&self.file()).unwrap(), &keys).await.unwrap().fault
    }

    /// The hash of the last entry, as who can read the database knows it.
    async fn head(&self) -> (i64, Vec<u8>) {
        self.ledger.position().await.unwrap()
    }

    fn append(&self, checkpoint: &Checkpoint) {
        let mut file = OpenOptions::new().append(true).open(self.file()).unwrap();
        writeln!(file, "{}", serde_json::to_string(checkpoint).unwrap()).unwrap();
    }

    fn rewrite(&self, change: impl Fn(&mut Checkpoint)) {
        let mut lines = read(&self.file()).unwrap();
        lines.iter_mut().for_each(change);
        let text: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
        std::fs::write(self.file(), text.concat()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_knows_either_key_or_the_former_one_alone_finds_the_ledger_signed_across_the_change() {
    let signed = Signed::new("either").await;
    // Nothing was written meanwhile: the change itself is signed all the same, and once.
    for _ in 0..2 {
        assert_eq!(signed.taking_over().take_over().await.unwrap(), 5);
    }
    signed.more(6).await;
    assert_eq!(signed.taking_over().sign(5).await.unwrap(), 6);
    assert_eq!(signed.lines(), [(5, OLD, false), (5, OLD, true), (5, NEW, false), (6, NEW, false)]);
    assert_eq!(signed.fault(&[NEW, OLD]).await, None);
    assert_eq!(signed.fault(&[OLD]).await, None, "the former key vouches for the one after it");
    assert_eq!(signed.fault(&[NEW]).await, Some(Fault::Checkpoint { position: 5 }), "and not the other way");
    assert_eq!(signed.fault(&[11]).await, Some(Fault::Checkpoint { position: 5 }));
    // Of what came after the change the key in use is enough.
    let keys = [public(NEW)];
    let tail = verify_tail(&signed.db, "house", &since(&signed.file(), 5).unwrap(), &keys, 1).await.unwrap();
    assert_eq!((tail.entries, tail.checkpoints, tail.fault), (1, 1, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_not_there_any_more_hands_nothing_over_and_is_named() {
    let signed = Signed::new("named").await;
    signed.more(6).await;
    let named = signed.notary(NEW, Former::new(vec![public(OLD)], None));
    assert_eq!(named.take_over().await.unwrap(), 0);
    assert_eq!(named.sign(5).await.unwrap(), 6);
    assert_eq!(signed.lines(), [(5, OLD, false), (6, NEW, false)]);
    assert_eq!(signed.fault(&[OLD, NEW]).await, None);
    for alone in [OLD, NEW] {
        assert!(matches!(signed.fault(&[alone]).await, Some(Fault::Checkpoint { .. })), "{alone}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_still_has_the_former_key_signs_no_more() {
    let signed = Signed::new("replica").await;
    let left_behind = signed.notary(OLD, Former::default());
    signed.more(6).await;
    assert_eq!(signed.taking_over().take_over().await.unwrap(), 6);
    let after = [(5, OLD, false), (6, OLD, true), (6, NEW, false)];
    assert_eq!(signed.lines(), after);
    signed.more(7).await;
    assert_eq!(left_behind.sign(6).await.unwrap(), 6);
    assert_eq!(signed.lines(), after);
    // Neither right behind the line that hands over, when what came after it was torn away.
    let text = std::fs::read_to_string(signed.file()).unwrap();
    let two: Vec<&str> = text.lines().take(2).collect();
    std::fs::write(signed.file(), two.join("\n") + "\n").unwrap();
    assert_eq!(left_behind.sign(6).await.unwrap(), 6);
    assert_eq!(signed.taking_over().sign(6).await.unwrap(), 7);
    assert_eq!(signed.lines(), [(5, OLD, false), (6, OLD, true), (7, NEW, false)]);
    assert_eq!(signed.fault(&[OLD]).await, None);
    // Who goes back hands back.
    signed.more(8).await;
    let back = signed.notary(OLD, Former::new(Vec::new(), Some(key(NEW))));
    assert_eq!(back.sign(7).await.unwrap(), 8);
    assert_eq!(signed.lines()[3..], [(8, NEW, true), (8, OLD, false)]);
    assert_eq!(signed.fault(&[OLD]).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_signed_with_a_key_that_was_handed_over_or_in_its_name_is_not_believed() {
    let signed = Signed::new("forged").await;
    signed.taking_over().take_over().await.unwrap();
    signed.more(6).await;
    let honest = std::fs::read(signed.file()).unwrap();
    let (position, hash) = signed.head().await;
    let now = signed.time.ambient.now();
    // Who has the former key, and with it the whole database.
    signed.append(&Checkpoint::sign(&key(OLD), "house", position, &hash, now));
    for known in [&[OLD][..], &[OLD, NEW]] {
        assert_eq!(signed.fault(known).await, Some(Fault::HandedOver { position: 6 }));
    }
    let keys = [public(NEW), public(OLD)];
    let tail = verify_tail(&signed.db, "house", &since(&signed.file(), 5).unwrap(), &keys, 1).await.unwrap();
    assert_eq!(
        tail.fault,
        Some(Fault::HandedOver { position: 6 }),
        "though the line that hands over is before the tail"
    );
    // Who has neither.
    std::fs::write(signed.file(), &honest).unwrap();
    let mut forged = Checkpoint::sign(&key(11), "house", position, &hash, now);
    forged.key_id = key_id(&public(OLD));
    signed.append(&forged);
    assert_eq!(signed.fault(&[OLD, NEW]).await, Some(Fault::Checkpoint { position: 6 }));
    // The key that comes is in the signature of the one that goes.
    std::fs::write(signed.file(), &honest).unwrap();
    signed.rewrite(|line| {
        if let Some(handover) = &mut line.handover {
            handover.to = hex::encode(public(11));
        }
    });
    assert_eq!(signed.fault(&[OLD, NEW]).await, Some(Fault::Checkpoint { position: 5 }));
    // Without that line the former key says nothing of the other.
    std::fs::write(signed.file(), &honest).unwrap();
    signed.rewrite(|line| line.handover = None);
    assert_eq!(signed.fault(&[OLD]).await, Some(Fault::Checkpoint { position: 5 }));
    assert_eq!(signed.fault(&[OLD, NEW]).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_was_put_back_is_not_signed_for_the_key_that_goes() {
    let signed = Signed::new("put-back").await;
    signed.append(&Checkpoint::sign(&key(OLD), "house", 9, &[7; 32], signed.time.ambient.now()));
    assert_eq!(signed.taking_over().take_over().await.unwrap(), 9);
    assert_eq!(signed.lines(), [(5, OLD, false), (9, OLD, false)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_checkpoints_without_knowing_of_handovers_reads_one_like_any_other() {
    /// A checkpoint as it was before there were handovers.
    #[derive(Deserialize)]
    struct Before {
        position: i64,
        key_id: String,
    }
    let signed = Signed::new("older").await;
    signed.taking_over().take_over().await.unwrap();
    let text = std::fs::read_to_string(signed.file()).unwrap();
    let read: Vec<Before> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(read.iter().all(|line| line.position == 5 && line.key_id.len() == 16));
    // And its own signature holds as it is.
    let bare = Checkpoint { handover: None, ..since(&signed.file(), 0).unwrap()[1].clone() };
    assert!(bare.holds(&public(OLD)));
}
