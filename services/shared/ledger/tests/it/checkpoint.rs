//! The head is signed outside Postgres, once a position, whatever a crash left behind.

use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use kernel::Ambient;
use tokio_util::sync::CancellationToken;
use ventanilla_ledger::checkpoint::{Notary, file_of, read};
use ventanilla_ledger::verify::verify_database;

use crate::support::{draft, filled, house, write};

fn key() -> Arc<Ed25519KeyPair> {
    Arc::new(Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap())
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
