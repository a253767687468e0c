//! The same `request_id` is answered the same way, once.

use jiff::Timestamp;
use sqlx::migrate::Migrator;
use testkit::Database;
use uuid::Uuid;
use ventanilla_postgres::{
    Claim, Db, Kept, RequestError, RequestKey, claim, forget_answers, forget_claims, keep_answer,
};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn key(body: &[u8]) -> RequestKey {
    RequestKey::of(Uuid::from_u128(7), "Do", body)
}

async fn done(db: &Db, key: &RequestKey, answer: &[u8]) {
    let mut tx = db.tx().await.unwrap();
    assert_eq!(claim(&mut tx, key, NOW).await.unwrap(), Claim::Fresh);
    keep_answer(&mut tx, key.id, Kept { answer, forever: false, about: &[] }).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_retry_is_given_the_first_answer_and_another_body_is_refused() {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let db = database.db().await;
    done(&db, &key(b"body"), b"answer").await;
    let mut tx = db.tx().await.unwrap();
    assert_eq!(claim(&mut tx, &key(b"body"), NOW).await.unwrap(), Claim::Replay(b"answer".to_vec()));
    assert!(matches!(claim(&mut tx, &key(b"other"), NOW).await, Err(RequestError::Reused)));
    let other_method = RequestKey::of(Uuid::from_u128(7), "Undo", b"body");
    assert!(matches!(claim(&mut tx, &other_method, NOW).await, Err(RequestError::Reused)));
}

#[tokio::test]
async fn what_was_rolled_back_was_never_claimed() {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let db = database.db().await;
    let mut tx = db.tx().await.unwrap();
    claim(&mut tx, &key(b"body"), NOW).await.unwrap();
    tx.rollback().await.unwrap();
    done(&db, &key(b"body"), b"answer").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_twins_do_it_once_and_agree() {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let db = database.db().await;
    let twins = (0..8_u8).map(|twin| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = db.tx().await.unwrap();
            match claim(&mut tx, &key(b"body"), NOW).await.unwrap() {
                Claim::Fresh => {
                    let kept = Kept { answer: &[twin], forever: false, about: &[] };
                    keep_answer(&mut tx, key(b"").id, kept).await.unwrap();
                    tx.commit().await.unwrap();
                    (true, vec![twin])
                }
                Claim::Replay(answer) => (false, answer),
            }
        })
    });
    let mut answers = Vec::new();
    for twin in twins.collect::<Vec<_>>() {
        answers.push(twin.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|(fresh, _)| *fresh).count(), 1);
    assert!(answers.iter().all(|(_, answer)| answer == &answers[0].1), "{answers:?}");
}

#[tokio::test]
async fn an_answer_that_was_destroyed_is_neither_given_nor_made_again() {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let db = database.db().await;
    let [one, other, stranger] = [1, 2, 3].map(Uuid::from_u128);
    for person in [one, other] {
        let mut tx = db.tx().await.unwrap();
        claim(&mut tx, &key(b"body"), NOW).await.unwrap();
        let kept = Kept { answer: b"words", forever: true, about: &[one, other] };
        keep_answer(&mut tx, key(b"").id, kept).await.unwrap();
        forget_answers(&mut tx, &[stranger]).await.unwrap();
        assert_eq!(claim(&mut tx, &key(b"body"), NOW).await.unwrap(), Claim::Replay(b"words".to_vec()));
        forget_answers(&mut tx, &[person]).await.unwrap();
        assert!(matches!(claim(&mut tx, &key(b"body"), NOW).await, Err(RequestError::Erased)));
        tx.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn a_claim_is_forgotten_after_its_time_unless_it_is_kept_for_ever() {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let db = database.db().await;
    for (id, forever) in [(1_u128, false), (2, true), (3, false)] {
        let key = RequestKey::of(Uuid::from_u128(id), "Do", b"");
        let mut tx = db.tx().await.unwrap();
        claim(&mut tx, &key, NOW + jiff::SignedDuration::from_hours(i64::try_from(id).unwrap())).await.unwrap();
        keep_answer(&mut tx, key.id, Kept { answer: b"", forever, about: &[] }).await.unwrap();
        tx.commit().await.unwrap();
    }
    let before = NOW + jiff::SignedDuration::from_hours(3);
    assert_eq!(forget_claims(&db, before, 10).await.unwrap(), 1);
    let left: Vec<Uuid> =
        sqlx::query_scalar("select request_id from request order by 1").fetch_all(db.reader()).await.unwrap();
    assert_eq!(left, [2, 3].map(Uuid::from_u128));
}
