//! Connections that are kept for who waits on the telephone.

use std::pin::pin;
use std::time::Duration;

use futures::poll;

use sqlx::migrate::Migrator;
use testkit::Database;
use ventanilla_postgres::{Db, Settings};

async fn keeping_one_of_three() -> (Database, Db) {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let settings = Settings { max_connections: 3, kept_for_rings: 1, ..database.settings() };
    let db = Db::connect(&settings).await.unwrap();
    (database, db)
}

#[tokio::test]
async fn a_ring_has_a_connection_while_everybody_else_waits_for_one() {
    let (_database, db) = keeping_one_of_three().await;
    let (_first, _second) = (db.tx().await.unwrap(), db.tx().await.unwrap());
    let mut third = pin!(db.reader().acquire());
    assert!(poll!(&mut third).is_pending(), "one of three is nobody's but a ring's");
    let mut ring = db.ring().await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i32>("select 1").fetch_one(&mut *ring).await.unwrap(), 1);
}

#[tokio::test]
async fn a_ring_takes_what_is_anybodys_first_and_then_whichever_is_free_first() {
    let (_database, db) = keeping_one_of_three().await;
    let first = db.tx().await.unwrap();
    let (second, third) = (db.ring().await.unwrap(), db.ring().await.unwrap());
    let mut fourth = pin!(db.ring());
    assert!(poll!(&mut fourth).is_pending(), "three are three");
    drop(third);
    drop(fourth.await.unwrap());
    let _third = db.ring().await.unwrap();
    let mut again = pin!(db.ring());
    assert!(poll!(&mut again).is_pending());
    first.rollback().await.unwrap();
    drop(again.await.unwrap());
    drop(second);
}

#[tokio::test]
async fn a_ring_that_nobody_waits_for_any_more_takes_nothing_along() {
    let (_database, db) = keeping_one_of_three().await;
    for _ in 0..20 {
        let (first, second, third) = (db.tx().await.unwrap(), db.tx().await.unwrap(), db.ring().await.unwrap());
        {
            let mut given_up = pin!(db.ring());
            assert!(poll!(&mut given_up).is_pending());
            drop(third);
            // Both may have one for it now.
            second.rollback().await.unwrap();
        }
        first.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn one_connection_is_everybodys_whatever_is_kept() {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let settings = Settings { max_connections: 1, kept_for_rings: 2, ..database.settings() };
    let db = Db::connect(&settings).await.unwrap();
    db.tx().await.unwrap().rollback().await.unwrap();
    drop(db.ring().await.unwrap());
}

#[tokio::test]
async fn a_connection_that_is_made_for_a_ring_is_made_though_the_ring_is_told_by_another() {
    let (_database, db) = keeping_one_of_three().await;
    let _first = db.tx().await.unwrap();
    let kept = db.ring().await.unwrap();
    {
        let mut second = pin!(db.ring());
        assert!(poll!(&mut second).is_pending(), "everybody's second is only made now");
        drop(kept);
        drop(second.await.unwrap());
    }
    testkit::eventually(Duration::from_secs(10), || async {
        match db.reader().size() {
            2 => Ok(()),
            size => Err(size),
        }
    })
    .await;
}
