//! Destroying personal parts: all that is about somebody, and nothing else.

use prost::Message as _;
use ventanilla_ledger::verify::verify_database;
use ventanilla_ledger::{Ledger, forget};
use ventanilla_proto::ledger::v1::Entry;

use crate::support::{draft, filled, house, personal_draft, write};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn the_personal_parts_about_a_resource_go_and_the_chain_still_verifies() {
    let (_database, db) = house().await;
    // Every third of 30 entries is personal; they are about things/0 to things/4 in turn.
    filled(&db, 30).await;
    let mut tx = db.tx().await.unwrap();
    assert!(forget(&mut tx, &names(&["things/0", "things/3", "things/9"])).await.unwrap());
    tx.commit().await.unwrap();
    let left: Vec<String> = sqlx::query_scalar(
        "select distinct aggregate from ledger join ledger_personal using (position) order by aggregate",
    )
    .fetch_all(db.reader())
    .await
    .unwrap();
    assert_eq!(left, ["things/1", "things/2", "things/4"]);
    let verdict = verify_database(&db, "house", &[], &[]).await.unwrap();
    assert_eq!((verdict.entries, verdict.personal_parts, verdict.erased_parts, verdict.fault), (30, 6, 4, None));
}

#[tokio::test]
async fn nothing_is_forgotten_while_a_personal_part_waits_for_its_position() {
    let (_database, db) = house().await;
    let ledger = Ledger::open(db.clone(), "house");
    write(&db, &[personal_draft("things/1", 1, "Señora Núñez")]).await;
    ledger.sequence_waiting().await.unwrap();
    write(&db, &[personal_draft("things/1", 2, "Señora Núñez"), draft("things/2", 3, "m")]).await;

    let mut tx = db.tx().await.unwrap();
    assert!(!forget(&mut tx, &names(&["things/1"])).await.unwrap(), "it would come after us");
    assert!(forget(&mut tx, &names(&["things/2"])).await.unwrap(), "what waits has no personal part");
    tx.commit().await.unwrap();
    let count = || sqlx::query_scalar::<_, i64>("select count(*) from ledger_personal").fetch_one(db.reader());
    assert_eq!(count().await.unwrap(), 1);

    ledger.sequence_waiting().await.unwrap();
    assert_eq!(count().await.unwrap(), 2);
    let mut tx = db.tx().await.unwrap();
    assert!(forget(&mut tx, &names(&["things/1"])).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(count().await.unwrap(), 0);
}

#[tokio::test]
async fn what_waits_for_release_about_somebody_loses_its_personal_part_and_keeps_its_place() {
    let (_database, db) = house().await;
    // The first names the customer, the second only the ticket that the first is about; the third is somebody else's.
    let parked = [("tickets/1", "customers/1"), ("tickets/1", ""), ("tickets/2", "customers/2")];
    for (position, (aggregate, names)) in (1_i64..).zip(parked) {
        let entry = Entry {
            position,
            aggregate: aggregate.to_owned(),
            payload: names.as_bytes().to_vec(),
            personal: b"secreto".to_vec(),
            salt: vec![7; 32],
            ..Default::default()
        };
        sqlx::query("insert into ledger_parked (source, position, aggregate, entry, reason, parked_at) values ('ticketing', $1, $2, $3, 'x', now())")
            .bind(position)
            .bind(aggregate)
            .bind(entry.encode_to_vec())
            .execute(db.reader())
            .await
            .unwrap();
    }
    let mut tx = db.tx().await.unwrap();
    assert!(forget(&mut tx, &names(&["customers/1"])).await.unwrap());
    tx.commit().await.unwrap();
    let left: Vec<Vec<u8>> =
        sqlx::query_scalar("select entry from ledger_parked order by position").fetch_all(db.reader()).await.unwrap();
    let left: Vec<Entry> = left.iter().map(|bytes| Entry::decode(bytes.as_slice()).unwrap()).collect();
    let personal: Vec<usize> = left.iter().map(|entry| entry.personal.len() + entry.salt.len()).collect();
    assert_eq!(personal, [0, 0, 39]);
    assert_eq!(left[0].payload, b"customers/1");
}
