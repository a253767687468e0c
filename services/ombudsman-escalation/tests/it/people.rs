//! The register is changed by who holds office, what was told once stays told, and who has to do with an affair keeps away from it altogether.

use kernel::Role;
use ombudsman_escalation::bundle::{self, Known};
use tonic::{Code, Status};
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::world::{CUSTOMER, World, fields, fresh_id, open_request, reason, refusal, relation, uuid_of};

const OMBUDSMAN: pb::OfficeRole = pb::OfficeRole::Ombudsman;

fn no_mandate() -> (Code, String) {
    (Code::PermissionDenied, "NO_MANDATE".to_owned())
}

async fn ending(world: &World, person: &str, other_substitute: &str) -> pb::EndMandateRequest {
    let member = world.member(person).await;
    pb::EndMandateRequest {
        name: member.name,
        etag: member.etag,
        cause: pb::MandateEndCause::Resignation.into(),
        explanation: "her letter of the 12th".into(),
        request_id: fresh_id(),
        other_substitute: other_substitute.into(),
        ..Default::default()
    }
}

async fn end(world: &World, by: &str, person: &str, other_substitute: &str) -> Result<pb::OfficeMember, Status> {
    let request = ending(world, person, other_substitute).await;
    world.house(by, Role::Ombudsman).end_mandate(request).await.map(tonic::Response::into_inner)
}

async fn step_aside(world: &World, person: &str, role: Role, case: &str) {
    let request = pb::RecuseFromCaseRequest {
        name: case.to_owned(),
        etag: world.etag(case).await,
        cause: "we were at school together".into(),
        request_id: fresh_id(),
    };
    world.as_person(person, role).recuse_from_case(request).await.unwrap();
}

fn decides(case: &pb::Case) -> Vec<&str> {
    let live = case.assignments.iter().filter(|seat| seat.recuse_time.is_none() && seat.office_role() == OMBUDSMAN);
    live.map(|seat| seat.person.as_str()).collect()
}

#[tokio::test]
async fn a_token_without_a_term_ends_nobodys_and_enters_nobody() {
    let world = World::staffed().await;
    world.hire("rita", Role::Ombudsman, OMBUDSMAN).await;
    // Rita sits nowhere: nothing but the register stands between her and a stranger.
    assert_eq!(reason(&end(&world, "a-stranger", "rita", "").await.unwrap_err()), no_mandate());
    let rita = world.member("rita").await;
    assert_eq!(rita.mandate.unwrap().ending, None);
    let denied = world.entries::<AccessDenied>().await;
    assert_eq!((denied.len(), denied[0].reason.as_str(), &denied[0].resource), (1, "NO_MANDATE", &rita.name));
    let by_sql = "update ombudsman.mandate set ended_at = starts_at + interval '2 days', end_cause = 'resignation',
                         end_explanation = 'x', ended_by = 'a-stranger' where person = 'rita' and $1::uuid is not null";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(CUSTOMER)).await, "mandate_ended_by_who_may");
    // Whoever resigns asks nobody.
    end(&world, "rita", "rita", "").await.unwrap();
    assert_eq!(reason(&end(&world, "rita", "oscar", "").await.unwrap_err()), no_mandate());
    end(&world, "elena", "oscar", "").await.unwrap();
}

#[tokio::test]
async fn nobody_enters_themselves_not_even_in_an_empty_house() {
    let world = World::new().await;
    let member = pb::OfficeMember {
        person: "elena".into(),
        office_roles: vec![OMBUDSMAN.into()],
        unit: "ombudsman-office".into(),
        mandate: Some(pb::Mandate { start_time: world.in_days(-1), end_time: world.in_days(1000), ending: None }),
        ..Default::default()
    };
    let request = pb::RegisterOfficeMemberRequest { member: Some(member), request_id: fresh_id() };
    assert_eq!(reason(&world.elena().register_office_member(request.clone()).await.unwrap_err()), no_mandate());
    let board = || world.as_person("board", Role::Ombudsman);
    board()
        .register_office_member(pb::RegisterOfficeMemberRequest { request_id: fresh_id(), ..request })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_term_is_entered_within_thirty_days_of_its_first_but_for_those_a_new_house_has() {
    let world = World::new().await;
    let enter = async |by: &str, person: &str, from: i64| {
        let member = pb::OfficeMember {
            person: person.to_owned(),
            office_roles: vec![OMBUDSMAN.into()],
            unit: "ombudsman-office".into(),
            mandate: Some(pb::Mandate {
                start_time: world.in_days(from),
                end_time: world.in_days(from + 740),
                ending: None,
            }),
            ..Default::default()
        };
        let request = pb::RegisterOfficeMemberRequest { member: Some(member), request_id: fresh_id() };
        world.as_person(by, Role::Ombudsman).register_office_member(request).await
    };
    // Appointed long ago, before the register was kept here.
    enter("board", "elena", -400).await.unwrap();
    assert_eq!(fields(&enter("elena", "rita", -31).await.unwrap_err()), ["member.mandate.start_time"]);
    enter("elena", "rita", -30).await.unwrap();
    let rita = world.member("rita").await;
    world.days(800);
    enter("board", "vera", 0).await.unwrap();
    let renew = async |from: i64| {
        let mandate =
            pb::Mandate { start_time: world.in_days(from), end_time: world.in_days(from + 740), ending: None };
        let request = pb::RenewMandateRequest {
            name: rita.name.clone(),
            etag: rita.etag.clone(),
            mandate: Some(mandate),
            request_id: fresh_id(),
        };
        world.house("vera", Role::Ombudsman).renew_mandate(request).await
    };
    assert_eq!(fields(&renew(-31).await.unwrap_err()), ["mandate.start_time"]);
    let by_sql = "insert into ombudsman.mandate (person, starts_at, ends_at, entered_at, entered_by)
                  select 'elena', m.entered_at - interval '31 days', m.entered_at + interval '3 years', m.entered_at, 'vera'
                    from ombudsman.mandate m where m.person = 'vera' and $1::uuid is not null";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(CUSTOMER)).await, "mandate_entered_in_time");
    renew(-30).await.unwrap();
}

#[tokio::test]
async fn no_role_is_taken_from_who_holds_office_without_a_cause() {
    let world = World::staffed().await;
    world.hire("rita", Role::Ombudsman, OMBUDSMAN).await;
    let change = async |cause: pb::MandateEndCause, explanation: &str| {
        let rita = world.member("rita").await;
        let request = pb::ChangeOfficeRolesRequest {
            name: rita.name,
            etag: rita.etag,
            office_roles: vec![pb::OfficeRole::Quality.into()],
            request_id: fresh_id(),
            cause: cause.into(),
            explanation: explanation.into(),
        };
        world.house("elena", Role::Ombudsman).change_office_roles(request).await.map(tonic::Response::into_inner)
    };
    assert_eq!(fields(&change(pb::MandateEndCause::Unspecified, "").await.unwrap_err()), ["cause"]);
    assert_eq!(fields(&change(pb::MandateEndCause::Unspecified, "she is slow").await.unwrap_err()), ["cause"]);
    assert_eq!(fields(&change(pb::MandateEndCause::Incapacity, " ").await.unwrap_err()), ["explanation"]);
    let by_sql = "update ombudsman.staff set office_roles = '{quality}' where person = 'rita' and $1::uuid is not null";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(CUSTOMER)).await, "role_withdrawal_is_written_down");
    let causeless = "insert into ombudsman.role_withdrawal select 'rita', version, '{ombudsman}', null, null, 'elena', m.entered_at
                       from ombudsman.staff s join ombudsman.mandate m using (person) where person = 'rita' and $1::uuid is not null";
    assert_eq!(world.rule_broken_by(causeless, uuid_of(CUSTOMER)).await, "role_withdrawn_for_a_cause");
    let changed = change(pb::MandateEndCause::Incapacity, "by the report of the 12th").await.unwrap();
    assert_eq!(changed.office_roles, [i32::from(pb::OfficeRole::Quality)]);
}

#[tokio::test]
async fn what_somebody_told_of_themselves_once_stands_whatever_they_tell_next() {
    let world = World::staffed().await;
    world.hire("rita", Role::Ombudsman, OMBUDSMAN).await;
    let case = world.case().await.name;
    world.declare("rita", Role::Ombudsman, vec![relation(CUSTOMER)]).await;
    world.declare("rita", Role::Ombudsman, Vec::new()).await;
    let refused = world.assign(&case, "rita", OMBUDSMAN).await.unwrap_err();
    assert_eq!(refusal(&refused).2["grounds"], "relation_with_party");
    // Nor is silence a way: a declaration that ran out is missing, and what it told is not.
    world.hire("vera", Role::Ombudsman, OMBUDSMAN).await;
    world.declare("vera", Role::Ombudsman, vec![relation(CUSTOMER)]).await;
    world.days(370);
    let refused = world.assign(&case, "vera", OMBUDSMAN).await.unwrap_err();
    assert_eq!(refusal(&refused).2["grounds"], "relation_with_party, missing_declaration");
    let request = pb::AssignCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        person: "elena".into(),
        office_role: OMBUDSMAN.into(),
        request_id: fresh_id(),
    };
    let refused = world.as_person("vera", Role::Ombudsman).assign_case(request).await.unwrap_err();
    assert_eq!(refusal(&refused).2["grounds"], "relation_with_party", "and gives nobody a seat");
}

#[tokio::test]
async fn who_is_kept_off_a_case_hands_it_over_to_the_first_who_is_proposed_and_to_nobody_else() {
    let world = World::staffed().await;
    for name in ["rita", "vera"] {
        world.hire(name, Role::Ombudsman, OMBUDSMAN).await;
    }
    let (case, other) = (world.seated_case().await.name, world.seated_case().await.name);
    // Elena sits on both; Vera, busier than Rita, has to do with the claimant of both, and ends Elena's term.
    world.hire("sara", Role::Ombudsman, OMBUDSMAN).await;
    world.declare("vera", Role::Ombudsman, vec![relation(CUSTOMER)]).await;
    let busy = world.case().await.name;
    world.assign(&busy, "sara", OMBUDSMAN).await.unwrap();
    let refused = end(&world, "vera", "elena", "sara").await.unwrap_err();
    let (code, why, metadata) = refusal(&refused);
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "CONFLICT_OF_INTEREST"));
    assert_eq!(metadata["grounds"], "relation_with_party");
    let denied = world.entries::<AccessDenied>().await;
    assert_eq!((denied.len(), denied[0].reason.as_str()), (1, "CONFLICT_OF_INTEREST"));
    assert!([&case, &other].contains(&&denied[0].resource));
    assert!(world.entries::<pb::AssignmentRefused>().await.is_empty(), "nothing stands against Sara");
    end(&world, "vera", "elena", "rita").await.unwrap();
    for name in [&case, &other] {
        assert_eq!(decides(&world.get(name).await), ["rita"]);
    }
}

#[tokio::test]
async fn a_substitute_whom_the_wall_refuses_is_written_down_wherever_they_are_named() {
    let world = World::staffed().await;
    world.hire("vera", Role::Ombudsman, OMBUDSMAN).await;
    world.hire("omar", Role::Investigator, pb::OfficeRole::Investigator).await;
    let case = world.seated_case().await.name;
    for (name, role) in [("vera", Role::Ombudsman), ("omar", Role::Investigator)] {
        world.declare(name, role, vec![relation(CUSTOMER)]).await;
    }
    let refused = end(&world, "elena", "elena", "vera").await.unwrap_err();
    assert_eq!(reason(&refused).1, "CONFLICT_OF_INTEREST");
    // A seat against which something stands, and a substitute against whom something stands too.
    world.days(370);
    for (name, role) in [("elena", Role::Ombudsman), ("ines", Role::OfficeIntake), ("omar", Role::Investigator)] {
        world.declare(name, role, Vec::new()).await;
    }
    let substitute = pb::SubstituteSeatRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        person: "oscar".into(),
        office_role: pb::OfficeRole::Investigator.into(),
        substitute: "omar".into(),
        request_id: fresh_id(),
    };
    let refused = world.house("elena", Role::Ombudsman).substitute_seat(substitute).await.unwrap_err();
    assert_eq!(reason(&refused).1, "CONFLICT_OF_INTEREST");
    let written = world.entries::<pb::AssignmentRefused>().await;
    let told: Vec<_> = written.iter().map(|one| (one.case_name.as_str(), one.person.as_str())).collect();
    assert_eq!(told, [(case.as_str(), "vera"), (case.as_str(), "omar")]);
    assert!(world.entries::<AccessDenied>().await.is_empty(), "nothing stands against Elena");
}

#[tokio::test]
async fn who_of_the_office_has_to_do_with_an_affair_or_has_no_term_brings_it_before_nobody() {
    let world = World::staffed().await;
    let ticket = world.ticket().await;
    let open = async |person: &str| {
        world
            .as_person(person, Role::OfficeIntake)
            .open_case(open_request(&ticket))
            .await
            .map(tonic::Response::into_inner)
    };
    assert_eq!(reason(&open("a-stranger").await.unwrap_err()), no_mandate());
    world.hire("irma", Role::OfficeIntake, pb::OfficeRole::Intake).await;
    world.declare("irma", Role::OfficeIntake, vec![relation(CUSTOMER)]).await;
    let refused = open("irma").await.unwrap_err();
    assert_eq!(refusal(&refused).2["grounds"], "relation_with_party");
    // Who took the affair in for the firm does not become the office by a term in it.
    world.hire("zoe", Role::OfficeIntake, pb::OfficeRole::Intake).await;
    let refused = open("zoe").await.unwrap_err();
    assert_eq!(refusal(&refused).2["grounds"], "touched_ticket, firm_principal");
    let denied = world.entries::<AccessDenied>().await;
    assert!(denied.iter().all(|one| one.resource == ticket && one.method.ends_with("/OpenCase")), "{denied:?}");
    assert_eq!(denied.len(), 3);
    let left: i64 = sqlx::query_scalar("select count(*) from ombudsman.office_case")
        .fetch_one(&world.database.admin().await)
        .await
        .unwrap();
    assert_eq!(left, 0);
    open("ines").await.unwrap();
}

#[tokio::test]
async fn who_stepped_aside_is_not_seated_again_and_chooses_nobody() {
    let world = World::staffed().await;
    world.hire("rita", Role::Ombudsman, OMBUDSMAN).await;
    let case = world.seated_case().await.name;
    step_aside(&world, "elena", Role::Ombudsman, &case).await;
    let refused = world.assign(&case, "elena", OMBUDSMAN).await.unwrap_err();
    assert_eq!(refusal(&refused).2["grounds"], "stepped_aside");
    let request = pb::AssignCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        person: "elena".into(),
        office_role: OMBUDSMAN.into(),
        request_id: fresh_id(),
    };
    let by_rita = world.as_person("rita", Role::Ombudsman).assign_case(request).await.unwrap_err();
    assert_eq!(refusal(&by_rita).2["grounds"], "stepped_aside");
    let by_sql = "insert into ombudsman.assignment (assignment_id, case_id, person, office_role, assigned_at, assigned_by, links_position, touches_position)
                  select gen_random_uuid(), case_id, person, office_role, recused_at, 'rita', 0, 0 from ombudsman.assignment
                   where case_id = $1 and person = 'elena'";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&case)).await, "assignment_past_the_wall");
}

#[tokio::test]
async fn whose_term_is_over_or_who_is_tied_to_the_case_reads_what_the_parties_read() {
    let world = World::staffed().await;
    world.hire("rita", Role::Ombudsman, OMBUDSMAN).await;
    world.hire("irma", Role::OfficeIntake, pb::OfficeRole::Intake).await;
    let case = world.seated_case().await.name;
    let note = pb::AddDossierEntryRequest {
        parent: case.clone(),
        kind: pb::DossierKind::Note.into(),
        visibility: pb::DossierVisibility::Office.into(),
        content: b"what only the office knows".to_vec(),
        request_id: fresh_id(),
        ..Default::default()
    };
    world.oscar().add_dossier_entry(note).await.unwrap();
    let sees = async |person: &str, role: Role| {
        let mut office = world.as_person(person, role);
        let list = pb::ListDossierEntriesRequest { parent: case.clone(), page_size: 100, ..Default::default() };
        let listed = office.list_dossier_entries(list).await.unwrap().into_inner().entries;
        let export = pb::ExportDossierRequest { name: case.clone(), ..Default::default() };
        let exported = office.export_dossier(export).await.unwrap().into_inner();
        bundle::verify(&exported, Known::default()).expect("whatever it shows, it is whole for whom it says");
        let exported = exported.entries;
        let of_the_office = |entry: &&pb::DossierEntry| {
            entry.visibility() == pb::DossierVisibility::Office && !entry.content.is_empty()
        };
        (listed.iter().filter(of_the_office).count() > 0, exported.iter().filter(of_the_office).count() > 0)
    };
    assert_eq!(sees("rita", Role::Ombudsman).await, (true, true));
    assert_eq!(sees("irma", Role::OfficeIntake).await, (true, true));
    assert_eq!(sees("a-stranger", Role::OfficeIntake).await, (false, false));
    end(&world, "rita", "rita", "").await.unwrap();
    assert_eq!(sees("rita", Role::Ombudsman).await, (false, false));
    world.declare("irma", Role::OfficeIntake, vec![relation(CUSTOMER)]).await;
    assert_eq!(sees("irma", Role::OfficeIntake).await, (false, false));
    step_aside(&world, "elena", Role::Ombudsman, &case).await;
    assert_eq!(sees("elena", Role::Ombudsman).await, (false, false));
    assert_eq!(sees("oscar", Role::Investigator).await, (true, true));
}

#[tokio::test]
async fn while_an_entry_of_the_affair_waits_that_could_not_be_applied_nobody_is_cleared() {
    let world = World::staffed().await;
    let case = world.case().await;
    let admin = world.database.admin().await;
    let park = |ticket: &str| {
        format!("insert into ombudsman.ledger_parked values ('ticketing', 999999, '{ticket}', '', 'x', now())")
    };
    let other = format!("tickets/{}", fresh_id());
    sqlx::query(sqlx::AssertSqlSafe(park(&other))).execute(&admin).await.unwrap();
    world.assign(&case.name, "elena", OMBUDSMAN).await.unwrap();
    sqlx::query("delete from ombudsman.ledger_parked").execute(&admin).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(park(&case.ticket))).execute(&admin).await.unwrap();
    let refused = world.assign(&case.name, "ines", pb::OfficeRole::Intake).await.unwrap_err();
    assert_eq!(refusal(&refused).2["grounds"], "involvement_unknown");
    let by_sql = "insert into ombudsman.assignment (assignment_id, case_id, person, office_role, assigned_at, assigned_by, links_position, touches_position)
                  select gen_random_uuid(), case_id, 'ines', 'intake', assigned_at, 'elena', 0, 0 from ombudsman.assignment
                   where case_id = $1 and person = 'elena'";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&case.name)).await, "assignment_past_the_wall");
    sqlx::query("delete from ombudsman.ledger_parked").execute(&admin).await.unwrap();
    world.assign(&case.name, "ines", pb::OfficeRole::Intake).await.unwrap();
}
