//! Nothing is lost, nothing overtakes, whoever else has a transaction open.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::join_all;
use postgres::Db;
use sqlx::Row;
use tokio_util::sync::CancellationToken;
use ventanilla_ledger::{Ledger, append};
use ventanilla_proto::auth::v1::AccessDenied;

use crate::support::{draft, house, write};

/// (position, aggregate, mark) of every entry.
async fn entries(db: &Db) -> Vec<(i64, String, String)> {
    let rows = sqlx::query("select position, aggregate, payload from ledger order by position")
        .fetch_all(db.reader())
        .await
        .expect("read");
    rows.iter()
        .map(|row| {
            let payload: Vec<u8> = row.get("payload");
            let mark = <AccessDenied as prost::Message>::decode(payload.as_slice()).expect("a payload").method;
            (row.get("position"), row.get("aggregate"), mark)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_commits_late_is_not_lost_though_a_reader_by_id_would_lose_it() {
    let (_database, db) = house().await;
    let ledger = Ledger::open(db.clone(), "house");
    let mut slow = db.tx().await.unwrap();
    append(&mut slow, &[draft("things/slow", 1, "slow")]).await.unwrap();
    write(&db, &[draft("things/fast", 2, "fast")]).await;

    // The planted fault: a cursor over inbox ids, as most outboxes are read.
    let by_id = "select max(inbox_id), count(*) from ledger_inbox where inbox_id > $1";
    let seen = sqlx::query(by_id).bind(0_i64).fetch_one(db.reader()).await.unwrap();
    let (cursor, first): (i64, i64) = (seen.get(0), seen.get(1));
    ledger.sequence_waiting().await.unwrap();
    slow.commit().await.unwrap();
    let second: i64 = sqlx::query(by_id).bind(cursor).fetch_one(db.reader()).await.unwrap().get(1);
    assert_eq!(first + second, 1, "the reader by id is shown to lose the late entry");

    ledger.sequence_waiting().await.unwrap();
    let marks: Vec<String> = entries(&db).await.into_iter().map(|(_, _, mark)| mark).collect();
    assert_eq!(marks, ["fast", "slow"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_writers_with_holds_and_rollbacks_lose_nothing_and_keep_the_order_of_each_aggregate() {
    const WRITERS: u64 = 8;
    const WRITES: u64 = 60;
    let (database, db) = house().await;
    sqlx::query("create table house.thing (id text primary key, version bigint not null)")
        .execute(&database.admin().await)
        .await
        .unwrap();
    for thing in 0..4 {
        sqlx::query("insert into thing values ($1, 0)")
            .bind(format!("things/{thing}"))
            .execute(db.reader())
            .await
            .unwrap();
    }
    let ledgers = [Ledger::open(db.clone(), "house"), Ledger::open(db.clone(), "house")];
    let cancel = CancellationToken::new();
    let sequencers: Vec<_> = ledgers.iter().map(|l| tokio::spawn(l.clone().sequence(cancel.clone()))).collect();

    let writers = (0..WRITERS).map(|writer| {
        let (db, ledger) = (db.clone(), ledgers[(writer % 2) as usize].clone());
        tokio::spawn(async move {
            let mut committed = Vec::new();
            for write in 0..WRITES {
                let dice = (writer * 31 + write * 17) % 20;
                let aggregate = format!("things/{}", (writer + write) % 4);
                let mut tx = db.tx().await.unwrap();
                let version: i64 =
                    sqlx::query_scalar("update thing set version = version + 1 where id = $1 returning version")
                        .bind(&aggregate)
                        .fetch_one(&mut *tx)
                        .await
                        .unwrap();
                append(&mut tx, &[draft(&aggregate, u128::from(writer * 1_000 + write) + 1, &version.to_string())])
                    .await
                    .unwrap();
                tokio::time::sleep(Duration::from_millis(dice / 4)).await;
                if dice < 2 {
                    tx.rollback().await.unwrap();
                } else {
                    tx.commit().await.unwrap();
                    committed.push((aggregate, version));
                }
                ledger.nudge();
            }
            committed
        })
    });
    let mut committed: Vec<(String, i64)> = Vec::new();
    for writer in join_all(writers).await {
        committed.extend(writer.unwrap());
    }
    cancel.cancel();
    join_all(sequencers).await;

    let entries = entries(&db).await;
    assert!(entries.iter().map(|(position, ..)| *position).eq(1..=committed.len() as i64), "positions are contiguous");
    let mut per_aggregate: HashMap<String, Vec<i64>> = HashMap::new();
    for (_, aggregate, mark) in entries {
        per_aggregate.entry(aggregate).or_default().push(mark.parse().unwrap());
    }
    for (aggregate, versions) in &per_aggregate {
        assert!(versions.is_sorted(), "{aggregate} is out of order: {versions:?}");
    }
    let mut found: Vec<(String, i64)> =
        per_aggregate.into_iter().flat_map(|(a, vs)| vs.into_iter().map(move |v| (a.clone(), v))).collect();
    found.sort();
    committed.sort();
    assert_eq!(found, committed, "what was committed is what is in the ledger, once");
    assert!(committed.len() < (WRITERS * WRITES) as usize, "some writes were rolled back");
}

#[tokio::test]
async fn a_foreign_transaction_left_open_does_not_hold_the_ledger_back() {
    let (_database, db) = house().await;
    let ledger = Ledger::open(db.clone(), "house");
    // An old snapshot and a row lock of its own: what stalls readers that wait for xmin.
    let mut foreign = db.tx().await.unwrap();
    append(&mut foreign, &[draft("things/foreign", 1, "foreign")]).await.unwrap();
    for number in 2..50 {
        write(&db, &[draft("things/own", number, "own")]).await;
        ledger.sequence_waiting().await.unwrap();
        assert_eq!(ledger.position().await.unwrap().0, number as i64 - 1, "sequenced while the other is open");
    }
    foreign.rollback().await.unwrap();
}

#[tokio::test]
async fn the_ledger_refuses_to_be_changed() {
    let (database, db) = house().await;
    crate::support::filled(&db, 3).await;
    let admin = database.admin().await;
    for statement in ["update house.ledger set type = 'x'", "delete from house.ledger", "truncate house.ledger"] {
        let refused = sqlx::query(statement).execute(&admin).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_ledger_stands_is_told_before_and_after_its_entries_have_positions() {
    let (_database, db) = house().await;
    let ledger = Ledger::open(db.clone(), "house");
    let standing = || async {
        let mut connection = db.reader().acquire().await.unwrap();
        ledger.standing(&mut connection).await.unwrap()
    };
    let quiet = standing().await;
    assert_eq!((quiet.position, quiet.waiting, quiet.waiting_seconds, quiet.parked), (0, 0, 0.0, 0));
    write(&db, &[draft("things/1", 1, "one"), draft("things/2", 2, "two")]).await;
    let busy = standing().await;
    assert_eq!((busy.position, busy.waiting), (0, 2));
    assert!(busy.waiting_seconds > 0.0, "the first of them has waited since it was written down: {busy:?}");
    ledger.sequence_waiting().await.unwrap();
    let after = standing().await;
    assert_eq!((after.position, after.waiting, after.waiting_seconds), (2, 0, 0.0));
}
