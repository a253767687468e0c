//! The head is signed outside Postgres, once a position, whatever a crash left behind.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use jiff::SignedDuration;
use kernel::Ambient;
use testkit::Surroundings;
use tokio_util::sync::CancellationToken;
use ventanilla_ledger::checkpoint::{Checkpoint, CheckpointError, Notary, file_of, read, since};
use ventanilla_ledger::verify::verify_database;

use crate::support::{draft, filled, house, write};

fn key() -> Arc<Ed25519KeyPair> {
    Arc::new(Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap())
}

/// A folder of this test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("checkpoints-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Bytes that this process has read of files so far.
fn bytes_read() -> u64 {
    let counted = std::fs::read_to_string("/proc/self/io").unwrap();
    counted.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_torn_by_a_crash_is_taken_away_and_signing_goes_on() {
    let (_database, db) = house().await;
    let ledger = filled(&db, 5).await;
    let folder =
        std::env::temp_dir().join(format!("checkpoints-{}", uuid::Uuid::from_u128(u128::from(std::process::id()))));
    let notary = Notary::new(ledger.clone(), Ambient::system(), key(), folder.clone());
    assert_eq!(notary.sign(notary.resume().unwrap()).await.unwrap(), 5);

    let file = file_of(&folder, "house");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, [whole.as_slice(), b"{\"source\":\"hou"].concat()).unwrap();
    assert_eq!(read(&file).unwrap().len(), 1, "the torn line is no checkpoint");
    assert_eq!(notary.resume().unwrap(), 5);
    assert_eq!(std::fs::read(&file).unwrap(), whole);

    // Committed and not yet sequenced when the service is told to stop: under the last signature all the same.
    write(&db, &[draft("things/late", 99, "late")]).await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    notary.run(cancel).await;
    let checkpoints = read(&file).unwrap();
    assert_eq!(checkpoints.iter().map(|c| c.position).collect::<Vec<_>>(), [5, 6]);
    let keys = [key().public_key().as_ref().to_vec()];
    assert_eq!(verify_database(&db, "house", &checkpoints, &keys).await.unwrap().fault, None);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_file_of_years_the_end_alone_is_read_to_go_on_and_what_is_asked_for_alone_is_held() {
    let (_database, db) = house().await;
    let ledger = filled(&db, 5).await;
    let folder = Folder::new("years");
    let notary = Notary::new(ledger.clone(), Ambient::system(), key(), folder.0.clone());
    let file = file_of(&folder.0, "house");
    let line = |position| {
        let signed = Checkpoint::sign(&key(), "house", position, &[7; 32], Ambient::system().now());
        serde_json::to_string(&signed).unwrap() + "\n"
    };
    std::fs::write(&file, line(1).repeat(499_999) + &line(4) + "{\"source\":\"hou").unwrap();

    let before = bytes_read();
    assert_eq!(notary.resume().unwrap(), 4);
    assert_eq!(notary.sign(4).await.unwrap(), 5);
    let read_to_go_on = bytes_read() - before;
    assert!(read_to_go_on < 64 * 1_024, "{read_to_go_on} bytes of a file of {}", file.metadata().unwrap().len());

    let positions = |above| since(&file, above).unwrap().iter().map(|signed| signed.position).collect::<Vec<_>>();
    assert_eq!(positions(3), [4, 5]);
    assert_eq!(positions(9), [5], "the last one says how far it is signed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_sign_into_one_file_take_turns_and_none_signs_what_another_did() {
    let (_database, db) = house().await;
    let ledger = filled(&db, 5).await;
    let folder = Folder::new("replicas");
    let time = Surroundings::default();
    let replica = || Notary::new(ledger.clone(), time.ambient.clone(), key(), folder.0.clone());
    let file = file_of(&folder.0, "house");
    let signed = || read(&file).unwrap().iter().map(|signed| signed.position).collect::<Vec<_>>();
    let more = async |number: u128| {
        write(&db, &[draft("things/1", number, "m")]).await;
        ledger.sequence_waiting().await.unwrap();
    };

    // In one instant: one has the file, the others find what it wrote.
    let all = futures::future::join_all((0..8).map(|_| async { replica().sign(0).await.unwrap() })).await;
    assert_eq!((all, signed()), (vec![5; 8], vec![5]));

    let (a, b) = (replica(), replica());
    more(6).await;
    time.advance(SignedDuration::from_secs(30));
    assert_eq!(b.sign_in_turn(b.resume().unwrap()).await.unwrap(), 5, "half a minute after the last line");
    time.advance(SignedDuration::from_secs(30));
    assert_eq!(a.sign_in_turn(5).await.unwrap(), 6, "its own minute is over");
    assert_eq!(b.sign_in_turn(5).await.unwrap(), 6, "it is covered");
    assert_eq!(signed(), [5, 6]);

    // Whoever ends signs what it knows, and takes away what another left unfinished when it died.
    more(7).await;
    let mut torn = OpenOptions::new().append(true).open(&file).unwrap();
    torn.write_all(&vec![b'x'; 9_000]).unwrap();
    assert_eq!(b.sign(6).await.unwrap(), 7);
    assert_eq!(signed(), [5, 6, 7]);
    let keys = [key().public_key().as_ref().to_vec()];
    assert_eq!(verify_database(&db, "house", &read(&file).unwrap(), &keys).await.unwrap().fault, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_last_line_that_is_no_checkpoint_is_told_and_keeps_nobody_from_signing() {
    let (_database, db) = house().await;
    let ledger = filled(&db, 5).await;
    let folder = Folder::new("nonsense");
    let notary = Notary::new(ledger, Ambient::system(), key(), folder.0.clone());
    let file = file_of(&folder.0, "house");
    std::fs::write(&file, "nonsense\n").unwrap();
    assert!(matches!(notary.resume(), Err(CheckpointError::End { .. })));
    assert_eq!(notary.sign(0).await.unwrap(), 5);
    assert_eq!(notary.resume().unwrap(), 5);
    assert!(matches!(read(&file), Err(CheckpointError::Line { line: 1, .. })), "what is wrong stays to be seen");
}
