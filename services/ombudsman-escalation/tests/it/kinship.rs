//! What somebody did in one case of an affair they did in every other: stepping aside, and speaking for the firm. And what the wall stands on is not changed around it.

use std::collections::BTreeSet;

use jiff_sqlx::ToSqlx as _;
use kernel::Role;
use tonic::{Code, Status};
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::procedure_service_client::ProcedureServiceClient;

use crate::world::{CUSTOMER, STAFF, World, fresh_id, issue_request, open_request, reason, refusal, relation, uuid_of};

const OMBUDSMAN: pb::OfficeRole = pb::OfficeRole::Ombudsman;
const INVESTIGATOR: pb::OfficeRole = pb::OfficeRole::Investigator;

async fn step_aside(world: &World, person: &str, role: Role, case: &str) -> Result<pb::Case, Status> {
    let request = pb::RecuseFromCaseRequest {
        name: case.to_owned(),
        etag: world.etag(case).await,
        cause: "we were at school together".into(),
        request_id: fresh_id(),
    };
    world.as_person(person, role).recuse_from_case(request).await.map(tonic::Response::into_inner)
}

fn grounds(refused: &Status) -> String {
    refusal(refused).2.get("grounds").cloned().unwrap_or_else(|| format!("{refused:?}"))
}

/// What the database itself says to a seat that is given around the service.
async fn seat_by_sql(world: &World, case: &str, person: &str, role: &str) -> Result<(), String> {
    let by_sql = "insert into ombudsman.assignment (assignment_id, case_id, person, office_role, assigned_at, assigned_by, links_position, touches_position)
                  values (gen_random_uuid(), $1, $2, $3, $4, 'elena', 0, 0)";
    let at = world.harness.surroundings.ambient.now().to_sqlx();
    let seated = sqlx::query(by_sql).bind(uuid_of(case)).bind(person).bind(role).bind(at);
    match seated.execute(&world.database.admin().await).await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.as_database_error().unwrap().message().to_owned()),
    }
}

#[tokio::test]
async fn who_stepped_aside_from_a_case_is_kept_off_its_review_and_off_every_other_case_of_the_affair() {
    let world = World::staffed().await;
    world.hire("rita", Role::Ombudsman, OMBUDSMAN).await;
    let case = world.seated_case().await.name;
    world.assign(&case, "rita", OMBUDSMAN).await.unwrap();
    step_aside(&world, "rita", Role::Ombudsman, &case).await.unwrap();
    world.to_draft(&case).await;
    world.decide(&case).await;
    let review = act!(world, "ines", review_case, ReviewCaseRequest, &case, cause: "new evidence").unwrap().name;
    let refused = world.assign(&review, "rita", OMBUDSMAN).await.unwrap_err();
    assert_eq!((reason(&refused).1.as_str(), grounds(&refused).as_str()), ("CONFLICT_OF_INTEREST", "stepped_aside"));
    let by_sql = seat_by_sql(&world, &review, "rita", "ombudsman").await.unwrap_err();
    assert!(by_sql.contains("the conflict wall refuses the assignment: stepped_aside"), "{by_sql}");
    let rita = || world.as_person("rita", Role::Ombudsman);
    let chooses = pb::AssignCaseRequest {
        name: review.clone(),
        etag: world.etag(&review).await,
        person: "oscar".into(),
        office_role: INVESTIGATOR.into(),
        request_id: fresh_id(),
    };
    assert_eq!(grounds(&rita().assign_case(chooses).await.unwrap_err()), "stepped_aside");
    // Nobody else could decide it: so it is Elena, who decided before, and is not told to leave it to Rita.
    for (person, _, role) in STAFF {
        world.assign(&review, person, role).await.unwrap();
    }
    world.to_draft(&review).await;
    world.elena().issue_decision(issue_request(&world, &review).await).await.unwrap();
    // A case that is merged into the affair later is a case of the same affair.
    let other = world.case().await;
    world.assign(&other.name, "rita", OMBUDSMAN).await.unwrap();
    let ticket = world.get(&case).await.ticket;
    world.merge(&other.ticket, &ticket).await;
    world.one_family(&other.ticket, &ticket).await;
    let recused: Vec<_> =
        world.entries::<pb::CaseRecused>().await.into_iter().filter(|one| one.case_name == other.name).collect();
    assert_eq!(recused.len(), 1, "{recused:?}");
    assert_eq!(recused[0].person, "rita");
    assert_eq!(recused[0].grounds().collect::<Vec<_>>(), [pb::ConflictGround::SteppedAside]);
    // And she brings none of it before the office.
    let refused = world.as_person("rita", Role::OfficeIntake).open_case(open_request(&ticket)).await.unwrap_err();
    assert_eq!(grounds(&refused), "stepped_aside");
}

#[tokio::test]
async fn who_spoke_for_the_firm_in_a_case_is_kept_off_it_with_their_line_and_their_unit_and_off_every_other_for_three_years()
 {
    let world = World::staffed().await;
    let case = world.seated_case().await;
    world.admit(&case.name).await.unwrap();
    let statement = pb::SubmitEntityStatementRequest {
        name: case.name.clone(),
        etag: world.etag(&case.name).await,
        statement: "Both charges were correct.".into(),
        request_id: fresh_id(),
    };
    let luis = world.served.channel_as("luis", &[Role::FirmLiaison], Some("legal"));
    let mut liaison =
        ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient::new(luis.clone());
    liaison.submit_entity_statement(statement).await.unwrap();
    // Luis comes over to the office, and brings his head and a colleague.
    world.hire("luis", Role::Investigator, INVESTIGATOR).await;
    world.register("lea", "ombudsman-office", Some("luis"), &[INVESTIGATOR]).await;
    world.declare("lea", Role::Investigator, Vec::new()).await;
    world.register("leo", "legal", None, &[INVESTIGATOR]).await;
    world.declare("leo", Role::Investigator, Vec::new()).await;
    for (person, why) in
        [("luis", "touched_ticket, firm_principal"), ("lea", "line_touched_ticket"), ("leo", "unit_touched_ticket")]
    {
        let refused = world.assign(&case.name, person, INVESTIGATOR).await.unwrap_err();
        assert_eq!(grounds(&refused), why, "{person}");
        let by_sql = seat_by_sql(&world, &case.name, person, "investigator").await.unwrap_err();
        assert!(by_sql.ends_with(&format!("the conflict wall refuses the assignment: {why}")), "{person}: {by_sql}");
    }
    let other = world.case().await.name;
    assert_eq!(grounds(&world.assign(&other, "luis", INVESTIGATOR).await.unwrap_err()), "firm_principal");
    let by_sql = seat_by_sql(&world, &other, "luis", "investigator").await.unwrap_err();
    assert!(by_sql.ends_with(": firm_principal"), "{by_sql}");
    world.assign(&other, "lea", INVESTIGATOR).await.unwrap();
    world.assign(&other, "leo", INVESTIGATOR).await.unwrap();
    // Offers, evidence and proofs are the firm's words as well.
    let offer = pb::OfferSettlementRequest {
        name: case.name.clone(),
        etag: world.etag(&case.name).await,
        terms: "We refund one of both.".into(),
        request_id: fresh_id(),
        ..Default::default()
    };
    world.hire("lara", Role::Investigator, INVESTIGATOR).await;
    let lara = world.served.channel_as("lara", &[Role::FirmLiaison], Some("network-ops"));
    ProcedureServiceClient::new(lara).offer_settlement(offer).await.unwrap();
    let refused = world.assign(&case.name, "lara", INVESTIGATOR).await.unwrap_err();
    assert_eq!(grounds(&refused), "touched_ticket, firm_principal");
}

#[tokio::test]
async fn who_steps_aside_or_speaks_for_the_firm_sits_in_no_case_of_the_affair_from_that_moment() {
    let world = World::staffed().await;
    world.hire("rita", Role::Investigator, INVESTIGATOR).await;
    world.register("leo", "legal", None, &[INVESTIGATOR]).await;
    world.declare("leo", Role::Investigator, Vec::new()).await;
    world.register("rosa", "ombudsman-office", None, &[INVESTIGATOR]).await;
    world.declare("rosa", Role::Investigator, vec![relation("departments/legal")]).await;
    let (first, second, apart) = (world.case().await, world.case().await, world.case().await.name);
    world.merge(&second.ticket, &first.ticket).await;
    world.one_family(&second.ticket, &first.ticket).await;
    for case in [&first.name, &second.name, &apart] {
        for (person, role) in [
            ("ines", pb::OfficeRole::Intake),
            ("oscar", INVESTIGATOR),
            ("rita", INVESTIGATOR),
            ("leo", INVESTIGATOR),
            ("rosa", INVESTIGATOR),
        ] {
            world.assign(case, person, role).await.unwrap();
        }
    }
    let sits = async |case: &str| {
        let seats = world.get(case).await.assignments.into_iter().filter(|seat| seat.recuse_time.is_none());
        seats.map(|seat| seat.person).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    // What stands against Oscar by the way, a declaration that ran out, ends no seat of his.
    let ran_out = "alter table ombudsman.relation_declaration disable trigger user;
                   update ombudsman.relation_declaration set expires_at = declared_at + interval '1 hour' where person in ('oscar', 'rita');
                   alter table ombudsman.relation_declaration enable trigger user";
    sqlx::raw_sql(ran_out).execute(&world.database.admin().await).await.unwrap();
    world.days(1);
    // From the later one, whose seat in the earlier ends with it, and nobody else's.
    let answered = step_aside(&world, "rita", Role::Investigator, &second.name).await.unwrap();
    assert_eq!(answered.etag, world.etag(&second.name).await);
    for case in [&first.name, &second.name] {
        assert_eq!(sits(case).await, ["ines", "leo", "oscar", "rosa"], "{case}");
    }
    assert_eq!(sits(&apart).await, ["ines", "leo", "oscar", "rita", "rosa"]);

    let speak = async |subject: &str, department: Option<&str>| {
        let statement = pb::SubmitEntityStatementRequest {
            name: first.name.clone(),
            etag: world.etag(&first.name).await,
            statement: "Both charges were correct.".into(),
            request_id: fresh_id(),
        };
        let channel = world.served.channel_as(subject, &[Role::FirmLiaison], department);
        let mut office =
            ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient::new(channel);
        office.submit_entity_statement(statement).await.map(tonic::Response::into_inner)
    };
    world.admit(&first.name).await.unwrap();
    // Nobody knows whose unit speaks where the token does not say.
    let refused = speak("liaison-2", None).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "NO_DEPARTMENT".into()));
    let denied = world.entries::<AccessDenied>().await;
    let last = denied.last().unwrap();
    assert_eq!((last.reason.as_str(), last.resource.as_str()), ("NO_DEPARTMENT", first.name.as_str()));
    // Oscar, who was the firm's before, speaks for it still: the firm learns nothing of who sits where.
    let told = speak("oscar", Some("legal")).await.unwrap();
    assert_eq!(told.state(), pb::CaseState::EntityAllegations);
    assert!(told.assignments.is_empty(), "{:?}", told.assignments);
    assert_eq!(told.etag, world.etag(&first.name).await);
    for case in [&first.name, &second.name] {
        assert_eq!(sits(case).await, ["ines"], "{case}: Leo is of the unit that spoke, and Rosa has a tie with it");
    }
    assert_eq!(sits(&apart).await, ["ines", "leo", "rita", "rosa"], "who spoke for the firm has lost every seat");
    let recused = world.entries::<pb::CaseRecused>().await;
    let of = |person: &str| {
        let own = recused.iter().filter(|one| one.person == person);
        own.map(|one| one.case_name.as_str()).collect::<BTreeSet<_>>()
    };
    assert_eq!(of("oscar"), BTreeSet::from([first.name.as_str(), &second.name, &apart]));
    assert_eq!(of("leo"), BTreeSet::from([first.name.as_str(), &second.name]));
    assert_eq!(of("rita"), BTreeSet::from([first.name.as_str(), &second.name]));
    let papers = world.papers_of_the_office(&first.name, pb::DossierKind::Assignment).await;
    let taken_off = "taken off the case by the conflict wall: oscar";
    assert!(papers.iter().any(|paper| paper.starts_with(taken_off)), "{papers:?}");
}

#[tokio::test]
async fn an_entry_that_waits_and_names_the_affair_keeps_everybody_from_a_seat_in_it() {
    let world = World::staffed().await;
    let (case, other) = (world.case().await, world.case().await);
    let admin = world.database.admin().await;
    // Of another ticket, which was merged into this one: nobody here knows who acted on it.
    sqlx::query("insert into ombudsman.ledger_parked values ('ticketing', 999999, $1, convert_to('x' || $2 || 'y', 'UTF8'), 'x', now())")
        .bind(format!("tickets/{}", fresh_id()))
        .bind(&case.ticket)
        .execute(&admin)
        .await
        .unwrap();
    let refused = world.assign(&case.name, "elena", OMBUDSMAN).await.unwrap_err();
    assert_eq!(grounds(&refused), "involvement_unknown");
    let by_sql = seat_by_sql(&world, &case.name, "elena", "ombudsman").await.unwrap_err();
    assert!(by_sql.ends_with(": involvement_unknown"), "{by_sql}");
    world.assign(&other.name, "elena", OMBUDSMAN).await.unwrap();
    sqlx::query("delete from ombudsman.ledger_parked").execute(&admin).await.unwrap();
    world.assign(&case.name, "elena", OMBUDSMAN).await.unwrap();
}

#[tokio::test]
async fn what_the_wall_stands_on_is_changed_around_it_by_nobody() {
    let world = World::staffed().await;
    let case = world.case().await;
    let other = world.ticket().await;
    world.received(&other).await;
    world.merge(&other, &case.ticket).await;
    world.one_family(&other, &case.ticket).await;
    world.profile().link(CUSTOMER, crate::substitutes::OTHER).await;
    let broken = [
        ("update ombudsman.staff set unit = 'elsewhere' where $1::uuid is not null", "staff_entered_once"),
        ("update ombudsman.staff set line_manager = 'oscar' where person = 'ines' and $1::uuid is not null", "staff_entered_once"),
        ("update ombudsman.staff set person = 'nobody' where person = 'ines' and $1::uuid is not null", "staff_entered_once"),
        ("delete from ombudsman.staff where $1::uuid is not null", "staff_kept"),
        ("update ombudsman.involvement set actor_id = 'nobody' where $1::uuid is not null", "involvement_only_grows"),
        ("update ombudsman.involvement set department = 'sales' where $1::uuid is not null", "involvement_only_grows"),
        ("update ombudsman.involvement set last_at = last_at - interval '4 years' where $1::uuid is not null", "involvement_only_grows"),
        ("update ombudsman.ticket_family set family_id = ticket_id where ticket_id <> family_id and $1::uuid is not null", "ticket_family_only_grows"),
        ("update ombudsman.ticket_family set ticket_id = gen_random_uuid() where $1::uuid is not null", "ticket_family_only_grows"),
        ("update ombudsman.customer_family set family_id = customer_id where customer_id <> family_id and $1::uuid is not null", "customer_family_only_grows"),
        ("insert into ombudsman.mandate (person, starts_at, ends_at, entered_at, entered_by)
          select person, ends_at, ends_at + interval '2 years', starts_at + interval '1 day', person from ombudsman.mandate where person = 'oscar' and $1::uuid is not null",
         "mandate_entered_by_who_may"),
        ("insert into ombudsman.mandate (person, starts_at, ends_at, entered_at)
          select person, ends_at, ends_at + interval '2 years', starts_at + interval '1 day' from ombudsman.mandate where person = 'oscar' and $1::uuid is not null",
         "mandate_entered_by_who_may"),
    ];
    for (statement, rule) in broken {
        assert_eq!(world.rule_broken_by(statement, uuid_of(CUSTOMER)).await, rule, "{statement}");
    }
    let admin = world.database.admin().await;
    for table in ["staff", "involvement", "ticket_family", "customer_family"] {
        let emptied = format!("truncate ombudsman.{table} cascade");
        let refused = sqlx::query(sqlx::AssertSqlSafe(emptied)).execute(&admin).await.unwrap_err();
        assert!(refused.to_string().contains("is written once"), "{table}: {refused}");
    }
    // A family that goes over as a whole does.
    let third = world.ticket().await;
    world.received(&third).await;
    world.merge(&third, &case.ticket).await;
    world.one_family(&third, &other).await;
}

async fn denials(world: &World) -> Vec<(String, String, String)> {
    let told = |denied: AccessDenied| {
        let method = denied.method.rsplit_once('/').map(|(_, name)| name.to_owned()).unwrap_or_default();
        (method, denied.reason, denied.resource)
    };
    world.entries::<AccessDenied>().await.into_iter().map(told).collect()
}

#[tokio::test]
async fn who_holds_no_seat_or_is_not_appointed_to_give_one_is_turned_away_for_that_and_written_down() {
    let world = World::staffed().await;
    world.hire("omar", Role::Investigator, INVESTIGATOR).await;
    let case = world.seated_case().await.name;
    let denied = |method: &str, why: &str| (method.to_owned(), why.to_owned(), case.clone());
    let refused = step_aside(&world, "omar", Role::Investigator, &case).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "NOT_ASSIGNED".into()));
    // Oscar's term runs, and he is given a token of the registry: he is no part of it.
    let assign = pb::AssignCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        person: "omar".into(),
        office_role: INVESTIGATOR.into(),
        request_id: fresh_id(),
    };
    let refused = world.as_person("oscar", Role::OfficeIntake).assign_case(assign).await.unwrap_err();
    let (code, why, metadata) = refusal(&refused);
    assert_eq!((code, why.as_str(), metadata["person"].as_str()), (Code::FailedPrecondition, "NOT_APPOINTED", "oscar"));
    let substitute = pb::SubstituteSeatRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        person: "ines".into(),
        office_role: pb::OfficeRole::Intake.into(),
        substitute: "omar".into(),
        request_id: fresh_id(),
    };
    let refused = world.house("oscar", Role::OfficeIntake).substitute_seat(substitute).await.unwrap_err();
    assert_eq!(reason(&refused).1, "NOT_APPOINTED");
    let member = world.member("oscar").await;
    let ending = pb::EndMandateRequest {
        name: member.name,
        etag: member.etag,
        cause: pb::MandateEndCause::Resignation.into(),
        explanation: "his letter of the 12th".into(),
        request_id: fresh_id(),
        other_substitute: "omar".into(),
        ..Default::default()
    };
    let refused = world.house("oscar", Role::Ombudsman).end_mandate(ending).await.unwrap_err();
    assert_eq!(reason(&refused).1, "NOT_APPOINTED");
    assert_eq!(
        denials(&world).await,
        [
            denied("RecuseFromCase", "NOT_ASSIGNED"),
            denied("AssignCase", "NOT_APPOINTED"),
            denied("SubstituteSeat", "NOT_APPOINTED"),
            denied("EndMandate", "NOT_APPOINTED"),
        ]
    );
}

#[tokio::test]
async fn whose_role_was_taken_away_for_a_cause_governs_nothing_and_neither_does_who_is_no_ombudsman_beside_two() {
    let world = World::staffed().await;
    for person in ["carl", "rita"] {
        world.hire(person, Role::Ombudsman, OMBUDSMAN).await;
    }
    let change = async |by: &str, of: &str, roles: &[pb::OfficeRole], cause: pb::MandateEndCause| {
        let member = world.member(of).await;
        let request = pb::ChangeOfficeRolesRequest {
            name: member.name,
            etag: member.etag,
            office_roles: roles.iter().map(|role| (*role).into()).collect(),
            request_id: fresh_id(),
            cause: cause.into(),
            explanation: if cause == pb::MandateEndCause::Unspecified { "" } else { "told the firm" }.into(),
        };
        world.house(by, Role::Ombudsman).change_office_roles(request).await
    };
    let no_mandate = |refused: Status| assert_eq!(reason(&refused), (Code::PermissionDenied, "NO_MANDATE".into()));
    // Beside two ombudsmen nobody else governs, whatever token they were given.
    let both = [INVESTIGATOR, pb::OfficeRole::Quality];
    no_mandate(change("ines", "oscar", &both, pb::MandateEndCause::Unspecified).await.unwrap_err());
    let quality = [pb::OfficeRole::Quality];
    change("elena", "carl", &quality, pb::MandateEndCause::SeriousBreach).await.unwrap();
    no_mandate(change("carl", "oscar", &both, pb::MandateEndCause::Unspecified).await.unwrap_err());
    let member = pb::OfficeMember {
        person: "crony".into(),
        office_roles: vec![OMBUDSMAN.into()],
        unit: "ombudsman-office".into(),
        mandate: Some(pb::Mandate { start_time: world.in_days(0), end_time: world.in_days(1000), ending: None }),
        ..Default::default()
    };
    let enter = pb::RegisterOfficeMemberRequest { member: Some(member), request_id: fresh_id() };
    let enters = async |by: &str| {
        let request = pb::RegisterOfficeMemberRequest { request_id: fresh_id(), ..enter.clone() };
        world.as_person(by, Role::Ombudsman).register_office_member(request).await
    };
    no_mandate(enters("carl").await.unwrap_err());
    // One alone may die: a colleague enters who follows, but not who was removed.
    change("elena", "rita", &quality, pb::MandateEndCause::Resignation).await.unwrap();
    no_mandate(enters("carl").await.unwrap_err());
    // Nor is anybody removed governing where nobody does.
    let ended =
        "update ombudsman.mandate set ended_at = $2, end_cause = 'death', end_explanation = 'x', ended_by = 'ines'
                  where person = 'elena' and $1::uuid is not null";
    let now = world.harness.surroundings.ambient.now().to_sqlx();
    let done = sqlx::query(ended).bind(uuid_of(CUSTOMER)).bind(now).execute(&world.database.admin().await).await;
    assert_eq!(done.expect("Ines is her colleague").rows_affected(), 1);
    world.days(1);
    no_mandate(enters("carl").await.unwrap_err());
    enters("ines").await.unwrap();
}

#[tokio::test]
async fn a_term_of_two_years_is_no_shorter_because_no_ombudsmans_runs() {
    let world = World::staffed().await;
    world.days(1200);
    let member = pb::OfficeMember {
        person: "carl".into(),
        office_roles: vec![OMBUDSMAN.into()],
        unit: "ombudsman-office".into(),
        mandate: Some(pb::Mandate { start_time: world.in_days(-729), end_time: world.in_days(2), ending: None }),
        ..Default::default()
    };
    let request = pb::RegisterOfficeMemberRequest { member: Some(member), request_id: fresh_id() };
    let refused =
        world.as_person("whoever", Role::Ombudsman).register_office_member(request.clone()).await.unwrap_err();
    assert_eq!(crate::world::fields(&refused), ["member.mandate.start_time"]);
    let by_sql = "insert into ombudsman.mandate (person, starts_at, ends_at, entered_at, entered_by)
                  select 'elena', now() + interval '20 years', now() + interval '23 years', now() + interval '22 years', 'whoever' where $1::uuid is not null";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(CUSTOMER)).await, "mandate_entered_in_time");
    let mut in_time = request;
    in_time.request_id = fresh_id();
    in_time.member.as_mut().unwrap().mandate =
        Some(pb::Mandate { start_time: world.in_days(-20), end_time: world.in_days(720), ending: None });
    world.as_person("whoever", Role::Ombudsman).register_office_member(in_time).await.unwrap();
}
