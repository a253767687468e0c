//! Nothing acknowledged is lost and nothing happens twice, whoever is killed and whatever is cut. The
//! checker that says so is shown to be red on planted faults.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Actor, ActorKind};
use ledger::{Draft, Ledger, Stamp, append};
use sqlx::migrate::Migrator;
use testkit::Database;
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_tests::faults::ambiguous::Bench;
use ventanilla_tests::faults::check::{self, Fault};
use ventanilla_tests::faults::dice::Dice;
use ventanilla_tests::faults::killer::Victims;
use ventanilla_tests::faults::load::{Client, Ids, Load};
use ventanilla_tests::faults::proxy::postgres::{Ambiguity, Moment};
use ventanilla_tests::faults::run::{Order, run};

const NODE: &str = env!("CARGO_BIN_EXE_ventanilla-node");

/// The seed, told so that the run can be repeated.
fn seed() -> u64 {
    let seed = Dice::seed();
    println!("seed {seed}");
    seed
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_under_load_lose_nothing_and_double_nothing() {
    let order = Order { seed: seed(), kills: 50, clients: 4, victims: Victims::All };
    let summary = run(Path::new(NODE), order, |_| ()).await.unwrap();
    println!("{}", serde_json::to_string_pretty(&summary).unwrap());
    assert!(summary.faults.is_empty(), "{:#?}", summary.faults);
    assert_eq!((summary.lost, summary.duplicated, summary.refused, summary.internal), (0, 0, 0, 0));
    assert_eq!(summary.kills.values().sum::<usize>(), 50);
    assert!(summary.acknowledged > 200, "there was no load to speak of: {}", summary.acknowledged);
    assert!(summary.retried > 0, "the kills met no call");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_ambiguous_commits_have_exactly_one_effect_each() {
    const CUTS: usize = 120;
    let seed = seed();
    let ambiguity = Ambiguity::new(Dice::of(seed, 99), 30, &[Moment::Answer, Moment::Question], CUTS);
    let bench = Bench::start(Path::new(NODE), Arc::clone(&ambiguity)).await.unwrap();
    let customers = |number: u64| format!("customers/{}", Dice::of(seed, 1_000 + number).uuid());
    let clients = (1..=6).map(|number| {
        let client = Client::new(&bench.fleet, bench.asker(Ids::Kept), seed, number).unwrap();
        client.with_customer(customers(number)).only_tickets()
    });
    let mut load = Load::start(clients);
    let enough = || if ambiguity.cut() >= CUTS { Ok(()) } else { Err(format!("{} cuts", ambiguity.cut())) };
    load.until(Duration::from_secs(120), enough).await.unwrap();
    load.finish().await.unwrap();
    let (record, faults) = bench.check().await.unwrap();
    println!(
        "{} cut at the answer, {} at the question, {} acknowledged",
        ambiguity.cut_answers(),
        ambiguity.cut_questions(),
        record.acknowledged.len()
    );
    assert!(ambiguity.cut_answers() >= 30 && ambiguity.cut_questions() >= 30);
    assert_eq!(faults, []);
    assert_eq!(record.refused, []);
    assert_eq!(record.acknowledged.len(), record.asked.len(), "every client learnt its outcome");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checker_is_red_on_a_client_that_takes_a_new_request_id_for_each_try() {
    let faults = one_ticket_whose_commit_is_cut_from_its_answer(Ids::Fresh).await;
    assert!(faults.iter().any(|fault| matches!(fault, Fault::Duplicated { .. })), "{faults:?}");
    assert!(faults.iter().any(|fault| matches!(fault, Fault::ClaimedTwice { times: 2, .. })), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checker_is_green_on_the_same_cut_when_the_request_id_is_kept() {
    assert_eq!(one_ticket_whose_commit_is_cut_from_its_answer(Ids::Kept).await, []);
}

/// The server has committed for certain when the connection is cut, so the retry certainly comes
/// after an effect.
async fn one_ticket_whose_commit_is_cut_from_its_answer(ids: Ids) -> Vec<Fault> {
    let ambiguity = Ambiguity::new(Dice::new(1), 100, &[Moment::Answer], 1);
    let bench = Bench::start(Path::new(NODE), Arc::clone(&ambiguity)).await.unwrap();
    let mut client = Client::new(&bench.fleet, bench.asker(ids), 7, 1).unwrap();
    let customer = format!("customers/{}", Dice::new(2).uuid());
    client.ticket(&customer).await.unwrap().expect("the retry is answered");
    assert_eq!(ambiguity.cut_answers(), 1);
    bench.check().await.unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checker_is_red_on_a_reader_by_id_and_green_on_the_ledger() {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let db = database.db().await;
    let now = "2026-11-23T09:00:00Z".parse().unwrap();
    let actor = Actor { kind: ActorKind::System, id: "driver".to_owned(), department: None };
    let stamp = Stamp::of(actor, now, String::new());
    let draft = |thing: &str, dice: &mut Dice| {
        let payload = AccessDenied { method: thing.to_owned(), ..AccessDenied::default() };
        Draft::new(dice.uuid(), thing, &payload, &stamp)
    };
    let mut dice = Dice::new(3);
    let (mut written, mut seen, mut cursor) = (Vec::new(), Vec::new(), 0_i64);
    // The planted fault: `where id > cursor`, as most outboxes are read.
    let look = async |seen: &mut Vec<String>, cursor: &mut i64| {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("select inbox_id, aggregate from ledger_inbox where inbox_id > $1 order by inbox_id")
                .bind(*cursor)
                .fetch_all(db.reader())
                .await
                .unwrap();
        for (id, thing) in rows {
            *cursor = id;
            seen.push(thing);
        }
    };
    for round in 0..10 {
        let (slow, fast) = (format!("things/slow-{round}"), format!("things/fast-{round}"));
        let mut first = db.tx().await.unwrap();
        append(&mut first, &[draft(&slow, &mut dice)]).await.unwrap();
        let mut second = db.tx().await.unwrap();
        append(&mut second, &[draft(&fast, &mut dice)]).await.unwrap();
        second.commit().await.unwrap();
        look(&mut seen, &mut cursor).await;
        first.commit().await.unwrap();
        written.extend([slow, fast]);
    }
    look(&mut seen, &mut cursor).await;
    let naive = check::reader("a reader by id", written.iter(), seen.iter());
    assert_eq!(naive.iter().filter(|fault| fault.is_loss()).count(), 10, "{naive:?}");

    Ledger::open(db.clone(), "house").sequence_waiting().await.unwrap();
    let sequenced: Vec<String> =
        sqlx::query_scalar("select aggregate from ledger order by position").fetch_all(db.reader()).await.unwrap();
    assert_eq!(check::reader("the ledger", written.iter(), sequenced.iter()), []);
}
