//! Many writers share a commit and never a failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Executor as _};
use testkit::Database;
use ventanilla_postgres::{Db, SharedCommit, StoreError};

/// A number that the writer panics at.
const UNSPEAKABLE: i64 = 13_000;

/// Writes numbers into a table that takes none below zero; the answer is the number itself.
struct Numbers {
    database: Database,
    db: Db,
    commits: Arc<AtomicUsize>,
    shared: SharedCommit<i64, i64>,
}

impl Numbers {
    async fn new(lanes: usize, most: usize) -> Self {
        let database = Database::fresh("house", &Migrator::DEFAULT).await;
        let db = database.db().await;
        let table = "create table number (value bigint not null, constraint number_not_negative check (value >= 0))";
        db.reader().execute(AssertSqlSafe(table)).await.unwrap();
        let commits = Arc::new(AtomicUsize::new(0));
        let (writer, counted) = (db.clone(), Arc::clone(&commits));
        let shared = SharedCommit::start(lanes, most, move |items: Vec<Arc<i64>>| {
            let (db, counted) = (writer.clone(), Arc::clone(&counted));
            async move {
                counted.fetch_add(1, Ordering::Relaxed);
                let values: Vec<i64> = items.iter().map(|item| **item).collect();
                assert!(!values.contains(&UNSPEAKABLE), "a fault of ours");
                db.statement(move |pool| async move {
                    sqlx::query("insert into number (value) select * from unnest($1::bigint[])")
                        .bind(&values)
                        .execute(&pool)
                        .await?;
                    Ok(values)
                })
                .await
            }
        });
        Self { database, db, commits, shared }
    }

    async fn write_all(&self, values: impl IntoIterator<Item = i64>) -> Vec<Result<i64, StoreError>> {
        futures::future::join_all(values.into_iter().map(|value| self.shared.write(value))).await
    }

    async fn stored(&self) -> Vec<i64> {
        sqlx::query_scalar("select value from house.number order by value")
            .fetch_all(&self.database.admin().await)
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_come_together_are_written_together_and_each_is_given_its_own_answer() {
    let numbers = Numbers::new(1, 64).await;
    let answers = numbers.write_all(0..200).await;
    let answers: Vec<i64> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, (0..200).collect::<Vec<_>>());
    assert_eq!(numbers.stored().await, (0..200).collect::<Vec<_>>());
    let commits = numbers.commits.load(Ordering::Relaxed);
    assert!((4..100).contains(&commits), "{commits} commits for 200 writes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_refused_takes_nobody_along() {
    let numbers = Numbers::new(2, 64).await;
    let answers = numbers.write_all(-3..40).await;
    for (value, answer) in (-3..40).zip(answers) {
        match answer {
            Ok(written) => assert_eq!(written, value),
            Err(error) => {
                assert!(value < 0, "{value} was refused for another's fault");
                assert_eq!(error.constraint(), Some("number_not_negative"));
            }
        }
    }
    assert_eq!(numbers.stored().await, (0..40).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_the_trouble_of_one_and_ends_no_lane() {
    let numbers = Numbers::new(1, 64).await;
    for round in 0..3 {
        let values = || (0..20).map(move |n| round * 100 + n).chain([UNSPEAKABLE]);
        for (value, answer) in values().zip(numbers.write_all(values()).await) {
            match answer {
                Ok(written) => assert_eq!(written, value),
                Err(error) => assert!(value == UNSPEAKABLE, "{value}: {error}"),
            }
        }
    }
    assert_eq!(numbers.stored().await.len(), 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lone_write_does_not_wait_for_company() {
    let numbers = Numbers::new(1, 64).await;
    assert_eq!(numbers.shared.write(7).await.unwrap(), 7);
    assert_eq!(numbers.commits.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_connection_breaks_all_are_told_that_the_outcome_is_not_known() {
    let numbers = Numbers::new(1, 64).await;
    // The statement waits for this lock until its connection is cut.
    let admin = numbers.database.admin().await;
    let mut lock = admin.acquire().await.unwrap();
    lock.execute("begin; lock table house.number in access exclusive mode").await.unwrap();
    let writes = numbers.write_all(0..8);
    let cut = async {
        let waiting =
            "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        loop {
            let pid: Option<i32> = sqlx::query_scalar(waiting).fetch_optional(&admin).await.unwrap();
            if let Some(pid) = pid {
                sqlx::query("select pg_terminate_backend($1)").bind(pid).execute(&admin).await.unwrap();
                lock.execute("rollback").await.unwrap();
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    let (answers, ()) = tokio::join!(writes, cut);
    let unknown = answers.iter().filter(|a| matches!(a, Err(StoreError::OutcomeUnknown(_)))).count();
    let stored = numbers.stored().await;
    assert!(unknown >= 1, "the first group was cut");
    for (value, answer) in (0..8).zip(&answers) {
        assert_eq!(answer.is_ok(), stored.contains(&value), "{value}: {answer:?}");
    }
    assert_eq!(numbers.db.schema(), "house");
}
