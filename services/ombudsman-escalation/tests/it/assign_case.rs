//! The conflict wall, through the service and around it.

use std::time::Duration;

use kernel::Role;
use testkit::eventually;
use tonic::{Code, Status};
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;
use ventanilla_proto::ticketing::v1 as tickets;

use crate::world::{CUSTOMER, STAFF, World, fresh_id, open_request, reason, refusal, relation, uuid_of};

const OMBUDSMAN: pb::OfficeRole = pb::OfficeRole::Ombudsman;

fn grounds(refused: Result<pb::Case, Status>) -> String {
    let (code, reason, metadata) = refusal(&refused.expect_err("the wall refuses"));
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "CONFLICT_OF_INTEREST"));
    assert_eq!(metadata["article"], "Ley 7/2017 art. 23.1.b");
    metadata["grounds"].clone()
}

/// A person of the office who declares no relation.
async fn person(world: &World, name: &str, unit: &str, manager: Option<&str>) {
    world.register(name, unit, manager, &[OMBUDSMAN]).await;
    world.declare(name, Role::Ombudsman, Vec::new()).await;
}

#[tokio::test]
async fn lets_through_who_has_nothing_to_do_with_it() {
    let world = World::staffed().await;
    let case = world.seated_case().await;
    assert_eq!(case.assignments.len(), 3);
    let assigned = world.entries::<pb::CaseAssigned>().await;
    assert_eq!(assigned.iter().map(|entry| entry.person.as_str()).collect::<Vec<_>>(), ["elena", "ines", "oscar"]);
}

#[tokio::test]
async fn keeps_out_who_touched_the_ticket_their_unit_and_their_line() {
    let world = World::staffed().await;
    person(&world, "zoe", "ombudsman-office", None).await;
    person(&world, "dina", "billing", None).await;
    person(&world, "ana", "ombudsman-office", Some("zoe")).await;
    let case = world.case().await;

    assert_eq!(grounds(world.assign(&case.name, "zoe", OMBUDSMAN).await), "touched_ticket, firm_principal");
    assert_eq!(grounds(world.assign(&case.name, "dina", OMBUDSMAN).await), "unit_touched_ticket");
    assert_eq!(grounds(world.assign(&case.name, "ana", OMBUDSMAN).await), "line_touched_ticket");

    let refused = world.entries::<pb::AssignmentRefused>().await;
    assert_eq!(refused.iter().map(|entry| entry.person.as_str()).collect::<Vec<_>>(), ["zoe", "dina", "ana"]);
    assert_eq!(refused[2].grounds, [i32::from(pb::ConflictGround::LineTouchedTicket)]);
    assert!(world.get(&case.name).await.assignments.is_empty());
}

#[tokio::test]
async fn keeps_out_who_has_a_relation_with_a_party_until_three_years_after_its_end() {
    let world = World::staffed().await;
    let case = world.case().await;
    let relation = |party: &str, end_time| pb::Relation {
        party: party.to_owned(),
        kind: pb::RelationKind::Commercial.into(),
        end_time,
    };
    world.declare("elena", Role::Ombudsman, vec![relation(CUSTOMER, None)]).await;
    assert_eq!(grounds(world.assign(&case.name, "elena", OMBUDSMAN).await), "relation_with_party");
    world.declare("elena", Role::Ombudsman, vec![relation("departments/billing", world.in_days(-700))]).await;
    assert_eq!(grounds(world.assign(&case.name, "elena", OMBUDSMAN).await), "relation_with_party");
    person(&world, "rosa", "ombudsman-office", None).await;
    world.declare("rosa", Role::Ombudsman, vec![relation(CUSTOMER, world.in_days(-3 * 366))]).await;
    // Elena, who is kept off, chooses nobody.
    let request = pb::AssignCaseRequest {
        name: case.name.clone(),
        etag: world.etag(&case.name).await,
        person: "rosa".into(),
        office_role: OMBUDSMAN.into(),
        request_id: fresh_id(),
    };
    world.ines().assign_case(request).await.unwrap();
}

#[tokio::test]
async fn fails_closed_on_what_is_not_known() {
    let world = World::staffed().await;
    world.register("silent", "ombudsman-office", None, &[OMBUDSMAN]).await;
    let case = world.case().await;
    assert_eq!(grounds(world.assign(&case.name, "silent", OMBUDSMAN).await), "missing_declaration");
    assert_eq!(grounds(world.assign(&case.name, "nobody", OMBUDSMAN).await), "missing_declaration, no_mandate");

    sqlx::query("update ombudsman.ticket_watch set received_position = null")
        .execute(&world.database.admin().await)
        .await
        .unwrap();
    assert_eq!(grounds(world.assign(&case.name, "elena", OMBUDSMAN).await), "involvement_unknown");
}

#[tokio::test]
async fn a_declaration_counts_for_a_year_and_a_mandate_until_it_ends() {
    let world = World::staffed().await;
    let case = world.case().await;
    world.days(370);
    assert_eq!(grounds(world.assign(&case.name, "elena", OMBUDSMAN).await), "missing_declaration");
    world.declare("elena", Role::Ombudsman, Vec::new()).await;
    assert!(world.assign(&case.name, "elena", OMBUDSMAN).await.is_ok());
    world.days(2 * 366);
    // Elena's own term is over too: she no longer assigns anybody.
    let refused = world.assign(&case.name, "oscar", OMBUDSMAN).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "NO_MANDATE".into()));
    world.renew("elena", 0).await;
    assert_eq!(grounds(world.assign(&case.name, "oscar", OMBUDSMAN).await), "missing_declaration, no_mandate");
}

#[tokio::test]
async fn nobody_gets_around_the_wall_by_sql() {
    let world = World::staffed().await;
    person(&world, "zoe", "ombudsman-office", None).await;
    let case = uuid_of(&world.case().await.name);
    let inserts = [
        "insert into ombudsman.assignment (assignment_id, case_id, person, office_role, assigned_at, assigned_by)
         values (gen_random_uuid(), $1, 'zoe', 'ombudsman', '2026-11-23T09:00:00Z', 'elena')",
        "insert into ombudsman.assignment (assignment_id, case_id, person, office_role, assigned_at, assigned_by)
         values (gen_random_uuid(), $1, 'a stranger', 'ombudsman', '2026-11-23T09:00:00Z', 'elena')",
        // Not appointed for that role.
        "insert into ombudsman.assignment (assignment_id, case_id, person, office_role, assigned_at, assigned_by)
         values (gen_random_uuid(), $1, 'elena', 'intake', '2026-11-23T09:00:00Z', 'elena')",
    ];
    for insert in inserts {
        assert_eq!(world.rule_broken_by(insert, case).await, "assignment_past_the_wall");
    }
    // The same insert of somebody without conflict goes through: it is the wall that refused the others.
    let insert =
        "insert into ombudsman.assignment (assignment_id, case_id, person, office_role, assigned_at, assigned_by, links_position, touches_position)
                  values (gen_random_uuid(), $1, 'elena', 'ombudsman', '2026-11-23T09:00:00Z', 'elena', 0, 0)";
    sqlx::query(insert).bind(case).execute(&world.database.admin().await).await.unwrap();
    let swap = "update ombudsman.assignment set person = 'zoe' where case_id = $1";
    assert_eq!(world.rule_broken_by(swap, case).await, "assignment_only_ends");
    let forget = "delete from ombudsman.assignment where case_id = $1";
    assert_eq!(world.rule_broken_by(forget, case).await, "assignment_kept");
}

#[tokio::test]
async fn a_case_whose_ticket_was_never_received_takes_nobody_even_by_sql() {
    let world = World::staffed().await;
    let case = uuid_of(&world.case().await.name);
    let admin = world.database.admin().await;
    sqlx::query("delete from ombudsman.ticket_watch").execute(&admin).await.unwrap();
    let insert =
        "insert into ombudsman.assignment (assignment_id, case_id, person, office_role, assigned_at, assigned_by)
                  values (gen_random_uuid(), $1, 'elena', 'ombudsman', '2026-11-23T09:00:00Z', 'elena')";
    assert_eq!(world.rule_broken_by(insert, case).await, "assignment_past_the_wall");
}

#[tokio::test]
async fn a_conflict_that_comes_to_light_later_ends_the_assignment() {
    let world = World::staffed().await;
    let case = world.seated_case().await;
    // Oscar turns out to have a second life at the firm, on this very ticket.
    let message = tickets::Message {
        visibility: tickets::MessageVisibility::Internal.into(),
        body: "I will look after this one".into(),
        ..Default::default()
    };
    let request = tickets::AddMessageRequest {
        parent: case.ticket.clone(),
        message: Some(message),
        request_id: fresh_id(),
        occurred_time: None,
    };
    world.tickets("oscar", "network-ops").add_message(request).await.unwrap();

    let recused = eventually(Duration::from_secs(20), || async {
        let recused = world.entries::<pb::CaseRecused>().await;
        if recused.is_empty() { Err("nobody was recused") } else { Ok(recused) }
    })
    .await;
    assert_eq!((recused.len(), recused[0].person.as_str()), (1, "oscar"));
    let expected = [pb::ConflictGround::TouchedTicket, pb::ConflictGround::FirmPrincipal].map(i32::from);
    assert_eq!(recused[0].grounds, expected);

    world.admit(&case.name).await.unwrap();
    let request = pb::AddDossierEntryRequest {
        parent: case.name.clone(),
        kind: pb::DossierKind::Note.into(),
        visibility: pb::DossierVisibility::Office.into(),
        content: b"a note".to_vec(),
        request_id: fresh_id(),
        ..Default::default()
    };
    let refused = world.oscar().add_dossier_entry(request).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "NOT_ASSIGNED".into()));
    let verdict = world.ines().verify_dossier(pb::VerifyDossierRequest { name: case.name }).await.unwrap().into_inner();
    assert!(verdict.intact);
}

#[tokio::test]
async fn an_expired_declaration_stops_who_is_already_assigned() {
    let world = World::staffed().await;
    let case = world.seated_case().await;
    world.days(370);
    let refused = world.admit(&case.name).await.unwrap_err();
    let (code, reason, metadata) = refusal(&refused);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "CONFLICT_OF_INTEREST"));
    assert_eq!(metadata["grounds"], "missing_declaration");
}

#[tokio::test]
async fn only_who_is_assigned_acts_and_every_other_attempt_is_in_the_ledger() {
    let world = World::staffed().await;
    let case = world.case().await;
    let refused = world.admit(&case.name).await.unwrap_err();
    let (code, reason, metadata) = refusal(&refused);
    assert_eq!((code, reason.as_str()), (Code::PermissionDenied, "NOT_ASSIGNED"));
    assert_eq!(metadata["needed"], "intake, ombudsman");
    let denied = world.entries::<ventanilla_proto::auth::v1::AccessDenied>().await;
    assert_eq!(denied.len(), 1);
    assert_eq!(
        (denied[0].reason.as_str(), denied[0].roles.as_slice()),
        ("NOT_ASSIGNED", &["office_intake".to_owned()][..])
    );
    assert!(denied[0].method.ends_with("/AdmitCase"));
}

#[tokio::test]
async fn a_person_steps_aside_and_is_not_needed_twice() {
    let world = World::staffed().await;
    let case = world.seated_case().await;
    let again = world.assign(&case.name, "elena", OMBUDSMAN).await.unwrap_err();
    assert_eq!(reason(&again), (Code::AlreadyExists, "ALREADY_ASSIGNED".into()));
    let unfit = world.assign(&case.name, "elena", pb::OfficeRole::Intake).await.unwrap_err();
    assert_eq!(reason(&unfit), (Code::FailedPrecondition, "NOT_APPOINTED".into()));

    let request = pb::RecuseFromCaseRequest {
        name: case.name.clone(),
        etag: world.etag(&case.name).await,
        cause: "we were at school together".into(),
        request_id: fresh_id(),
    };
    let after = world.oscar().recuse_from_case(request.clone()).await.unwrap().into_inner();
    let oscar = after.assignments.iter().find(|seat| seat.person == "oscar").unwrap();
    assert!(oscar.recuse_time.is_some());
    assert_eq!(world.oscar().recuse_from_case(request).await.unwrap().into_inner(), after);
}

#[tokio::test]
async fn the_wall_of_the_database_and_of_the_domain_agree_on_this_house() {
    let world = World::staffed().await;
    person(&world, "zoe", "ombudsman-office", Some("elena")).await;
    person(&world, "dina", "billing", Some("zoe")).await;
    person(&world, "goran", "ombudsman-office", None).await;
    let governed =
        pb::Incompatibility { kind: pb::IncompatibilityKind::GovernsFirm.into(), end_time: world.in_days(-365) };
    let declaration = pb::RelationDeclaration { incompatibilities: vec![governed], ..Default::default() };
    let declare = pb::DeclareRelationsRequest { declaration: Some(declaration), request_id: fresh_id() };
    world.as_person("goran", Role::Ombudsman).declare_relations(declare).await.unwrap();
    // Of two that were related to the claimant one told it as over and one told it no more, and one's declaration ran out.
    for name in ["mina", "pia", "rosa"] {
        person(&world, name, "ombudsman-office", None).await;
    }
    let over = |days| pb::Relation { end_time: world.in_days(days), ..relation(CUSTOMER) };
    for relations in [vec![relation(CUSTOMER)], Vec::new()] {
        world.declare("mina", Role::Ombudsman, relations).await;
    }
    for relations in [vec![over(-4 * 366)], vec![over(-3 * 366)]] {
        world.declare("pia", Role::Ombudsman, relations).await;
    }
    world.declare("rosa", Role::Ombudsman, vec![relation(CUSTOMER)]).await;
    world.days(400);
    for name in ["elena", "goran", "mina", "pia"] {
        world.declare(name, Role::Ombudsman, Vec::new()).await;
    }
    let ticket = world.ticket().await;
    let case = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner();
    world.received(&ticket).await;
    let admin = world.database.admin().await;
    let people = ["zoe", "dina", "goran", "mina", "pia", "rosa", "nobody"];
    for person in STAFF.map(|(person, _, _)| person).into_iter().chain(people) {
        let now = server::parse::time_to_proto(world.harness.surroundings.ambient.now());
        let mut found: Vec<String> =
            sqlx::query_scalar("select unnest(ombudsman.conflicts($1, $2, to_timestamp($3::float8)))")
                .bind(uuid_of(&case.name))
                .bind(person)
                .bind(now.seconds as f64)
                .fetch_all(&admin)
                .await
                .unwrap();
        found.sort();
        let request = pb::AssignCaseRequest {
            name: case.name.clone(),
            etag: world.etag(&case.name).await,
            person: person.into(),
            office_role: OMBUDSMAN.into(),
            request_id: fresh_id(),
        };
        // Elena's line has to do with it: she chooses nobody for it.
        let mut told: Vec<String> = match world.ines().assign_case(request).await {
            Err(status) if reason(&status).1 == "CONFLICT_OF_INTEREST" => {
                refusal(&status).2["grounds"].split(", ").map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        told.sort();
        assert_eq!(found, told, "{person}");
    }
}

#[tokio::test]
async fn who_brings_an_affair_for_the_firm_says_for_which_department_and_has_worked_for_it() {
    let world = World::staffed().await;
    let ticket = world.ticket_in("banking").await;
    let carl = |department| OmbudsmanServiceClient::new(world.served.channel_as("carl", &[Role::Agent], department));
    let refused = carl(None).open_case(open_request(&ticket)).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "NO_DEPARTMENT".to_owned()));
    let denied = world.entries::<AccessDenied>().await.pop().unwrap();
    assert_eq!((denied.reason.as_str(), denied.resource.as_str()), ("NO_DEPARTMENT", ticket.as_str()));
    let case = carl(Some("billing")).open_case(open_request(&ticket)).await.unwrap().into_inner().name;
    world.received(&ticket).await;
    // Whoever comes to the office from there is kept off every affair.
    let other = world.case().await.name;
    person(&world, "carl", "ombudsman-office", None).await;
    assert_eq!(grounds(world.assign(&other, "carl", OMBUDSMAN).await), "firm_principal");
    world.assign(&case, "elena", OMBUDSMAN).await.unwrap();
    // Of one from before that was asked it is not known whose unit it keeps off.
    let (admin, id) = (world.database.admin().await, uuid_of(&case));
    let from_before = "update ombudsman.office_case set opened_by_department = null where case_id = $1";
    sqlx::query(from_before).bind(id).execute(&admin).await.unwrap();
    person(&world, "vera", "ombudsman-office", None).await;
    assert_eq!(grounds(world.assign(&case, "vera", OMBUDSMAN).await), "involvement_unknown");
    for (person, case, rule) in [("carl", &other, "firm_principal"), ("vera", &case, "involvement_unknown")] {
        let by_sql = "select ombudsman.conflicts($1, $2, now())";
        let found: Vec<String> =
            sqlx::query_scalar(by_sql).bind(uuid_of(case)).bind(person).fetch_one(&admin).await.unwrap();
        assert_eq!(found, [rule], "{person}");
    }
}
