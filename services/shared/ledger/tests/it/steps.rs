//! Steps of affairs: which entries are told, in which order, how many, and what is said of those that are archived.

use jiff::SignedDuration;
use kernel::{Actor, ActorKind};
use testkit::Database;
use uuid::Uuid;
use ventanilla_ledger::{Draft, Ledger, MOST_STEPS, Part, Stamp};
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ledger::v1::Steps;
use ventanilla_proto::rights::v1::PersonalDataErased;

use crate::support::{draft, house, instant, stamp, write};

const DENIED: &str = "ventanilla.auth.v1.AccessDenied";
const ERASED: &str = "ventanilla.rights.v1.PersonalDataErased";

async fn ledger() -> (Database, Ledger) {
    let (database, db) = house().await;
    (database, Ledger::open(db, "house"))
}

fn of(aggregates: &[&str]) -> Part {
    Part { aggregates: aggregates.iter().map(ToString::to_string).collect(), ..Part::default() }
}

fn places(steps: &Steps) -> Vec<(&str, i64)> {
    steps.steps.iter().map(|step| (step.aggregate.as_str(), step.position)).collect()
}

#[tokio::test]
async fn a_part_is_told_once_whether_sequenced_or_not_as_far_as_it_goes() {
    let (_database, ledger) = ledger().await;
    let by_the_office = Stamp {
        actor: Actor { kind: ActorKind::Office, id: "judge-1".into(), department: None },
        ..Stamp::of(stamp().actor, instant() + SignedDuration::from_secs(1), String::new())
    };
    let judged = Draft::new(Uuid::from_u128(3), "things/1", &PersonalDataErased::default(), &by_the_office);
    write(ledger.db(), &[draft("things/1", 1, "tickets/7"), draft("things/2", 2, "tickets/8")]).await;
    ledger.sequence_waiting().await.unwrap();
    write(ledger.db(), &[judged, draft("things/3", 4, "tickets/7")]).await;

    let steps = async |part: Part| ledger.steps(&[part], None).await.unwrap();
    let both = steps(of(&["things/1", "things/2"])).await;
    assert_eq!(places(&both), [("things/1", 1), ("things/2", 2), ("things/1", 0)]);
    assert_eq!((both.truncated, &both.archived_time), (false, &None));
    let actor = |steps: &Steps| steps.steps.last().and_then(|step| step.actor.clone()).unwrap().id;
    assert_eq!(actor(&both), "judge-1");
    let hidden = Part { without_office: true, ..of(&["things/1"]) };
    assert_eq!(actor(&steps(hidden).await), "");
    let only = Part { only: Some(&[ERASED]), ..of(&["things/1"]) };
    assert_eq!(places(&steps(only).await), [("things/1", 0)]);
    let but = Part { but: &[ERASED], ..of(&["things/1"]) };
    assert_eq!(places(&steps(but).await), [("things/1", 1)]);
    let naming =
        Part { naming: vec!["tickets/7".into()], only: Some(&[DENIED]), ..of(&["things/1", "things/2", "things/3"]) };
    assert_eq!(places(&steps(naming).await), [("things/1", 1), ("things/3", 0)]);
    let later = ledger.steps(&[of(&["things/1"])], Some(by_the_office.recorded_at)).await.unwrap();
    assert_eq!(places(&later), [("things/1", 0)]);
}

#[tokio::test]
async fn an_answer_holds_so_many_and_says_that_there_are_more() {
    let (_database, ledger) = ledger().await;
    let denied = AccessDenied::default();
    let after = |n: u128| {
        let at = instant() + SignedDuration::from_secs(i64::try_from(n).unwrap());
        Draft::new(Uuid::from_u128(n), "things/1", &denied, &Stamp::of(stamp().actor, at, String::new()))
    };
    let drafts: Vec<Draft> = (1..=MOST_STEPS as u128).map(after).collect();
    write(ledger.db(), &drafts).await;
    let steps = async || ledger.steps(&[of(&["things/1"])], None).await.unwrap();
    assert!(!steps().await.truncated);
    write(ledger.db(), &[after(MOST_STEPS as u128 + 1)]).await;
    let cut = steps().await;
    assert_eq!((cut.steps.len(), cut.truncated), (MOST_STEPS, true));
}
