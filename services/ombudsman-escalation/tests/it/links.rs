//! Nobody is given a seat before the wall knows who is one person with the claimant, as customer-profile knows it then.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::substitutes::OTHER;
use crate::world::{CUSTOMER, World, fresh_id, issue_request, reason, refusal, relation, uuid_of};

const INVESTIGATOR: pb::OfficeRole = pb::OfficeRole::Investigator;

fn unknown() -> (Code, String) {
    (Code::Unavailable, "LINKS_UNKNOWN".into())
}

/// Lets the office hear nothing from customer-profile until the connection's transaction is over.
async fn hold(world: &World) -> sqlx::pool::PoolConnection<sqlx::Postgres> {
    hold_back(world, "customer-profile").await
}

/// The same of another service.
async fn hold_back(world: &World, service: &str) -> sqlx::pool::PoolConnection<sqlx::Postgres> {
    let mut held = world.database.admin().await.acquire().await.unwrap();
    let hold = "begin; insert into ombudsman.ledger_cursor (source, position) values ('{}', 0) on conflict (source) do nothing;
                select from ombudsman.ledger_cursor where source = '{}' for update";
    sqlx::raw_sql(sqlx::AssertSqlSafe(hold.replace("{}", service))).execute(&mut *held).await.unwrap();
    held
}

#[tokio::test]
async fn what_was_done_on_the_affair_and_not_heard_yet_keeps_the_wall_closed_and_decides_once_it_is_heard() {
    let world = World::staffed().await;
    world.hire("rita", Role::Investigator, INVESTIGATOR).await;
    let case = world.case().await;
    let mut held = hold_back(&world, "ticketing").await;
    // Oscar of the office works on it at the firm.
    world.note("oscar", "network-ops", &case.ticket).await;
    let refused = world.assign(&case.name, "oscar", INVESTIGATOR).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::Unavailable, "TOUCHES_UNKNOWN".into()));
    assert!(world.get(&case.name).await.assignments.is_empty());
    let release = async {
        sqlx::raw_sql("commit").execute(&mut *held).await.unwrap();
    };
    let (refused, ()) = tokio::join!(world.assign(&case.name, "oscar", INVESTIGATOR), release);
    let (code, why, metadata) = refusal(&refused.unwrap_err());
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "CONFLICT_OF_INTEREST"));
    assert_eq!(metadata["grounds"], "touched_ticket, firm_principal");
    world.assign(&case.name, "rita", INVESTIGATOR).await.unwrap();
    let known: i64 = sqlx::query_scalar("select touches_position from ombudsman.assignment where person = 'rita'")
        .fetch_one(&world.database.admin().await)
        .await
        .unwrap();
    assert!(known > 1, "the seat says up to where the wall knew");
}

#[tokio::test]
async fn while_ticketing_is_silent_no_seat_is_given_and_nothing_is_decided() {
    let mut world = World::staffed().await;
    let (case, drafted) = (world.case().await.name, world.drafted_case().await.name);
    world.ticketing.take().unwrap().stop().await;
    let silent = (Code::Unavailable, "TOUCHES_UNKNOWN".to_owned());
    assert_eq!(reason(&world.assign(&case, "ines", pb::OfficeRole::Intake).await.unwrap_err()), silent);
    let decides = world.elena().issue_decision(issue_request(&world, &drafted).await).await;
    assert_eq!(reason(&decides.unwrap_err()), silent);
    // What can be taken back goes on.
    world.oscar().save_draft(world.draft_request(&drafted, "another reading").await).await.unwrap();
}

#[tokio::test]
async fn a_link_that_is_written_down_and_not_heard_yet_keeps_the_wall_closed_and_decides_once_it_is_heard() {
    let world = World::staffed().await;
    world.hire("rita", Role::Investigator, INVESTIGATOR).await;
    let case = world.case().await.name;
    world.declare("oscar", Role::Investigator, vec![relation(OTHER)]).await;
    let mut held = hold(&world).await;
    world.profile().link(CUSTOMER, OTHER).await;
    let refused = world.assign(&case, "oscar", INVESTIGATOR).await.unwrap_err();
    assert_eq!(reason(&refused), unknown());
    assert!(world.get(&case).await.assignments.is_empty());
    // Asked while it is still unheard, answered by what it says.
    let release = async {
        sqlx::raw_sql("commit").execute(&mut *held).await.unwrap();
    };
    let (refused, ()) = tokio::join!(world.assign(&case, "oscar", INVESTIGATOR), release);
    let (code, why, metadata) = refusal(&refused.unwrap_err());
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "CONFLICT_OF_INTEREST"));
    assert_eq!(metadata["grounds"], "relation_with_party");
    world.assign(&case, "rita", INVESTIGATOR).await.unwrap();
    let known: i64 = sqlx::query_scalar("select links_position from ombudsman.assignment where person = 'rita'")
        .fetch_one(&world.database.admin().await)
        .await
        .unwrap();
    assert_eq!(known, 1, "the seat says up to where the wall knew");
}

#[tokio::test]
async fn while_customer_profile_is_silent_no_seat_is_given_and_what_was_given_is_told_again() {
    let mut world = World::staffed().await;
    let case = world.case().await.name;
    let request = pb::AssignCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        person: "oscar".into(),
        office_role: INVESTIGATOR.into(),
        request_id: fresh_id(),
    };
    let given = world.elena().assign_case(request.clone()).await.unwrap().into_inner();
    world.profile.take().unwrap().served.stop().await;
    let ines = world.assign(&case, "ines", pb::OfficeRole::Intake).await.unwrap_err();
    assert_eq!(reason(&ines), unknown());
    // What the wall knows to stand against somebody is told all the same.
    let stranger = world.assign(&case, "zoe", INVESTIGATOR).await.unwrap_err();
    assert_eq!(reason(&stranger).1, "CONFLICT_OF_INTEREST");
    assert_eq!(world.elena().assign_case(request).await.unwrap().into_inner(), given);
    // Nobody else does anything about seats either, and work on the case goes on.
    world.declare("oscar", Role::Investigator, vec![relation(CUSTOMER)]).await;
    assert!(world.get(&case).await.assignments.iter().all(|seat| seat.recuse_time.is_some()));
}

#[tokio::test]
async fn a_substitute_is_given_a_seat_by_the_same_wall() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    // The declarations of the first three run out; Rita's does not.
    world.days(180);
    world.hire("rita", Role::Investigator, INVESTIGATOR).await;
    world.days(190);
    let held = hold(&world).await;
    // Whom an entry is about is not known before it was heard.
    world.profile().link("customers/0190a000-0000-7000-8000-000000000051", OTHER).await;
    let request = pb::SubstituteSeatRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        person: "oscar".into(),
        office_role: INVESTIGATOR.into(),
        substitute: "rita".into(),
        request_id: fresh_id(),
    };
    let mut house = world.house("elena", Role::Ombudsman);
    assert_eq!(reason(&house.substitute_seat(request.clone()).await.unwrap_err()), unknown());
    drop(held.detach());
    house.substitute_seat(request).await.unwrap();
}

#[tokio::test]
async fn the_database_gives_no_seat_by_links_it_does_not_know() {
    let world = World::staffed().await;
    let case = uuid_of(&world.case().await.name);
    world.linked(CUSTOMER, OTHER).await;
    let admin = world.database.admin().await;
    let seat = |links: &str, touches: &str| {
        format!(
            "insert into ombudsman.assignment (assignment_id, case_id, person, office_role, assigned_at, assigned_by, links_position, touches_position)
             values (gen_random_uuid(), $1, 'oscar', 'investigator', '2026-11-23T09:00:00Z', 'elena', {links}, {touches})"
        )
    };
    let broken_at = async |links: &str, touches: &str| {
        let done = sqlx::query(sqlx::AssertSqlSafe(seat(links, touches))).bind(case).execute(&admin).await;
        done.err().and_then(|error| error.as_database_error().and_then(|db| db.constraint()).map(str::to_owned))
    };
    let broken = async |links: &str| broken_at(links, "0").await;
    for position in ["null", "9223372036854775807"] {
        assert_eq!(broken_at("0", position).await.as_deref(), Some("assignment_knows_the_touches"), "{position}");
    }
    let rule = Some("assignment_knows_the_links");
    for position in ["null", "2", "9223372036854775807"] {
        assert_eq!(broken(position).await.as_deref(), rule, "{position}");
    }
    // What could not be applied was passed and is not known.
    let park = "insert into ombudsman.ledger_parked values ('customer-profile', 1, 'customers/0190a000-0000-7000-8000-000000000099', '', 'x', now())";
    sqlx::query(park).execute(&admin).await.unwrap();
    assert_eq!(broken("1").await.as_deref(), rule);
    sqlx::query("delete from ombudsman.ledger_parked").execute(&admin).await.unwrap();
    assert_eq!(broken("1").await, None);
    let later = "update ombudsman.assignment set links_position = 0, recused_at = now() where case_id = $1";
    assert_eq!(world.rule_broken_by(later, case).await, "assignment_only_ends");
}
