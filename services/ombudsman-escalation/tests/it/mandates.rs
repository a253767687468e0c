//! Terms of office: how they follow one another, how one ends, and that nothing is done without one.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::world::{CUSTOMER, World, fields, fresh_id, issue_request, reason, refusal, uuid_of};

const OMBUDSMAN: pb::OfficeRole = pb::OfficeRole::Ombudsman;

async fn end_request(world: &World, person: &str, substitutes: &[(&str, &str)]) -> pb::EndMandateRequest {
    let member = world.member(person).await;
    let substitutes = substitutes
        .iter()
        .map(|(case, person)| pb::CaseSubstitute { case_name: (*case).to_owned(), person: (*person).to_owned() });
    pb::EndMandateRequest {
        name: member.name,
        etag: member.etag,
        cause: pb::MandateEndCause::SeriousBreach.into(),
        explanation: "told the firm how a case would come out".into(),
        substitutes: substitutes.collect(),
        request_id: fresh_id(),
        other_substitute: String::new(),
    }
}

async fn end(world: &World, request: pb::EndMandateRequest) -> Result<pb::OfficeMember, tonic::Status> {
    world.house("elena", Role::Ombudsman).end_mandate(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_further_term_begins_when_the_one_before_is_over_and_lasts_two_years() {
    let world = World::staffed().await;
    let oscar = world.member("oscar").await;
    let request = |from: i64, to: i64| pb::RenewMandateRequest {
        name: oscar.name.clone(),
        etag: oscar.etag.clone(),
        mandate: Some(pb::Mandate { start_time: world.in_days(from), end_time: world.in_days(to), ending: None }),
        request_id: fresh_id(),
    };
    let mut house = world.house("elena", Role::Ombudsman);
    let short = house.renew_mandate(request(3 * 365, 3 * 365 + 700)).await.unwrap_err();
    assert_eq!(fields(&short), ["mandate"]);
    let early = house.renew_mandate(request(3 * 365 - 1, 6 * 365)).await.unwrap_err();
    let (code, why, metadata) = refusal(&early);
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "MANDATE_OVERLAPS"));
    assert!(metadata["free_from"].starts_with("2029-11-"), "{metadata:?}");

    let renewed = house.renew_mandate(request(3 * 365, 6 * 365)).await.unwrap().into_inner();
    assert_eq!(renewed.mandates.len(), 2);
    assert_eq!(renewed.mandate, oscar.mandate, "the term that runs is still the first");
    assert_eq!(world.entries::<pb::MandateRenewed>().await[0].person, "oscar");
    let stale = house.renew_mandate(request(9 * 365, 12 * 365)).await.unwrap_err();
    assert_eq!(reason(&stale), (Code::Aborted, "STALE_ETAG".into()));

    world.days(3 * 365 + 10);
    assert_eq!(world.member("oscar").await.mandate, Some(renewed.mandates[1].clone()));
    let overlap = "insert into ombudsman.mandate (person, starts_at, ends_at)
                   select 'oscar', '2030-06-01', '2033-06-01' where $1::uuid is not null";
    assert_eq!(world.rule_broken_by(overlap, uuid_of(CUSTOMER)).await, "mandate_follows_the_last");
    let longer = "update ombudsman.mandate set ends_at = ends_at + interval '1 year' where $1::uuid is not null";
    assert_eq!(world.rule_broken_by(longer, uuid_of(CUSTOMER)).await, "mandate_only_ends");
    let gone = "delete from ombudsman.mandate where $1::uuid is not null";
    assert_eq!(world.rule_broken_by(gone, uuid_of(CUSTOMER)).await, "mandate_kept");
}

#[tokio::test]
async fn each_pending_case_goes_to_the_substitute_that_is_named_for_it() {
    let world = World::staffed().await;
    world.hire("rita", Role::Ombudsman, OMBUDSMAN).await;
    world.hire("vera", Role::Ombudsman, OMBUDSMAN).await;
    let (first, second) = (world.seated_case().await.name, world.seated_case().await.name);
    let request = end_request(&world, "elena", &[(&first, "rita"), (&second, "vera")]).await;
    end(&world, request).await.unwrap();
    for (case, who) in [(&first, "rita"), (&second, "vera")] {
        let seats = world.get(case).await.assignments;
        let decides: Vec<&str> = seats
            .iter()
            .filter(|seat| seat.recuse_time.is_none() && seat.office_role() == OMBUDSMAN)
            .map(|seat| seat.person.as_str())
            .collect();
        assert_eq!(decides, [who]);
        let verdict = world.ines().verify_dossier(pb::VerifyDossierRequest { name: case.clone() }).await.unwrap();
        assert!(verdict.into_inner().intact);
    }
    let told: Vec<_> =
        world.entries::<pb::CaseRecused>().await.into_iter().map(|one| (one.case_name, one.substitute)).collect();
    let mut expected = vec![(first, "rita".to_owned()), (second, "vera".to_owned())];
    expected.sort();
    let mut told = told;
    told.sort();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn nobody_is_removed_without_a_cause_nor_from_a_pending_case_without_a_substitute() {
    let world = World::staffed().await;
    world.hire("rita", Role::Ombudsman, OMBUDSMAN).await;
    let case = world.seated_case().await.name;
    let other = world.seated_case().await.name;

    let causeless =
        pb::EndMandateRequest { cause: 0, explanation: " ".into(), ..end_request(&world, "oscar", &[]).await };
    assert_eq!(fields(&end(&world, causeless).await.unwrap_err()), ["cause", "explanation"]);

    // Elena decides both cases; one of them has a substitute.
    let one = end(&world, end_request(&world, "elena", &[(&case, "rita")]).await).await.unwrap_err();
    let (code, why, metadata) = refusal(&one);
    assert_eq!((code, why.as_str(), &metadata["cases"]), (Code::FailedPrecondition, "SUBSTITUTE_NEEDED", &other));
    // A substitute is somebody past the wall, appointed for it, and somebody else.
    let both =
        async |who: &str| end(&world, end_request(&world, "elena", &[(&case, "rita"), (&other, who)]).await).await;
    assert_eq!(reason(&both("elena").await.unwrap_err()).1, "SUBSTITUTE_NEEDED");
    assert_eq!(reason(&both("oscar").await.unwrap_err()).1, "NOT_APPOINTED");
    assert_eq!(reason(&both("nobody").await.unwrap_err()).1, "CONFLICT_OF_INTEREST");
    let strange = format!("cases/{}", fresh_id());
    let elsewhere = end(&world, end_request(&world, "elena", &[(&strange, "rita")]).await).await.unwrap_err();
    assert_eq!(fields(&elsewhere), ["substitutes[0].case_name"]);
    assert_eq!(world.member("elena").await.mandates[0].ending, None, "nothing of it was done");

    // One is named, and whoever takes the others may not be the person either.
    let named = end_request(&world, "elena", &[(&case, "rita")]).await;
    let oneself = pb::EndMandateRequest { other_substitute: "elena".into(), ..named.clone() };
    assert_eq!(reason(&end(&world, oneself).await.unwrap_err()).1, "SUBSTITUTE_NEEDED");
    let request = pb::EndMandateRequest { other_substitute: "rita".into(), request_id: fresh_id(), ..named };
    let ended = end(&world, request.clone()).await.unwrap();
    let ending = ended.mandates[0].ending.clone().expect("it ended");
    assert_eq!(ending.cause(), pb::MandateEndCause::SeriousBreach);
    assert_eq!(
        (ending.explanation.as_str(), ending.recorded_by.as_str()),
        ("told the firm how a case would come out", "elena")
    );
    assert_eq!(end(&world, request).await.unwrap(), ended, "a repetition gives the same answer");
    for name in [&case, &other] {
        let seats = world.get(name).await.assignments;
        let live: Vec<&str> = seats
            .iter()
            .filter(|seat| seat.recuse_time.is_none() && seat.office_role() == OMBUDSMAN)
            .map(|seat| seat.person.as_str())
            .collect();
        assert_eq!(live, ["rita"]);
    }
    let noted = world.entries::<pb::MandateEnded>().await;
    assert_eq!((noted.len(), noted[0].case_count, noted[0].cause()), (1, 2, pb::MandateEndCause::SeriousBreach));
    let recused = world.entries::<pb::CaseRecused>().await;
    assert!(recused.iter().all(|one| one.person == "elena" && one.substitute == "rita"), "{recused:?}");
    assert_eq!(recused.len(), 2);
    let verdict = world.ines().verify_dossier(pb::VerifyDossierRequest { name: case.clone() }).await.unwrap();
    assert!(verdict.into_inner().intact);

    // Whose term is over acts no more.
    let refused = world.elena().refuse_case(refuse(&world, &case).await).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "NOT_ASSIGNED".into()));
    assert_eq!(reason(&world.assign(&case, "oscar", pb::OfficeRole::Investigator).await.unwrap_err()).1, "NO_MANDATE");
    let again = end(&world, end_request(&world, "elena", &[]).await).await.unwrap_err();
    assert_eq!(reason(&again), (Code::FailedPrecondition, "MANDATE_OVER".into()));
}

async fn refuse(world: &World, case: &str) -> pb::RefuseCaseRequest {
    pb::RefuseCaseRequest {
        name: case.to_owned(),
        etag: world.etag(case).await,
        ground: pb::InadmissibilityGround::OtherForum.into(),
        reasons: "a court has it".into(),
        signpost: "the courts".into(),
        request_id: fresh_id(),
    }
}

#[tokio::test]
async fn the_tables_refuse_to_leave_a_pending_case_without_anybody() {
    let world = World::staffed().await;
    world.seated_case().await;
    let admin = world.database.admin().await;
    let end =
        "update ombudsman.mandate set ended_at = '2026-11-25T00:00:00Z', end_cause = 'death', end_explanation = 'x',
                      ended_by = 'elena' where person = 'oscar'";
    let leave = "update ombudsman.assignment set recused_at = '2026-11-25T00:00:00Z', recuse_ground = '{no_mandate}'
                  where person = 'oscar'";
    for statements in [vec![end], vec![leave, end]] {
        let mut tx = begin(&admin).await;
        for statement in statements {
            sqlx::query(statement).execute(&mut *tx).await.unwrap();
        }
        let refused = sqlx::query("commit").execute(&mut *tx).await.unwrap_err();
        let rule = refused.as_database_error().and_then(|error| error.constraint()).map(str::to_owned);
        assert_eq!(rule.as_deref(), Some("mandate_end_leaves_no_case_alone"));
    }
    let causeless = "update ombudsman.mandate set ended_at = '2026-11-25T00:00:00Z' where person = 'oscar' and $1::uuid is not null";
    assert_eq!(world.rule_broken_by(causeless, uuid_of(CUSTOMER)).await, "mandate_ends_with_a_cause");
}

/// A connection inside a transaction that the test ends by itself.
async fn begin(admin: &sqlx::PgPool) -> sqlx::pool::PoolConnection<sqlx::Postgres> {
    let mut connection = admin.acquire().await.unwrap();
    sqlx::query("begin").execute(&mut *connection).await.unwrap();
    connection
}

#[tokio::test]
async fn what_is_done_outside_a_term_is_refused_by_the_office_and_by_the_tables() {
    let world = World::staffed().await;
    let decided = world.drafted_case().await.name;
    world.elena().issue_decision(issue_request(&world, &decided).await).await.unwrap();
    let decided = uuid_of(&decided);
    let case = world.drafted_case().await.name;
    // The declarations are current, the terms are over.
    world.days(3 * 365 + 1);
    for (person, role) in [("elena", Role::Ombudsman), ("ines", Role::OfficeIntake), ("oscar", Role::Investigator)] {
        world.declare(person, role, Vec::new()).await;
    }
    let refused = world.elena().issue_decision(issue_request(&world, &case).await).await.unwrap_err();
    let (code, why, metadata) = refusal(&refused);
    assert_eq!((code, why.as_str()), (Code::PermissionDenied, "NOT_ASSIGNED"), "{metadata:?}");

    let id = uuid_of(&case);
    let at = "'2029-12-30T09:00:00Z'";
    let acts = [
        (
            format!(
                "insert into ombudsman.decision values ($1, 'upheld', true, 'x', 'x', 'es', 'elena', {at},
                 '2030-12-23T09:00:00Z', 1, '\\x00')"
            ),
            "decision_by_a_mandate_that_runs",
        ),
        (
            format!(
                "insert into ombudsman.draft (case_id, revision, nonce, ciphertext, saved_by, saved_at, key_id)
                 values ($1, 9, '\\x000000000000000000000000', '\\x00', 'oscar', {at}, 'x')"
            ),
            "draft_by_a_mandate_that_runs",
        ),
        (
            format!("insert into ombudsman.notification values ($1, 'web', 'ines', {at})"),
            "notification_by_a_mandate_that_runs",
        ),
        (
            format!(
                "insert into ombudsman.assignment (assignment_id, case_id, person, office_role, assigned_at, assigned_by, links_position, touches_position)
                 values (gen_random_uuid(), $1, 'elena', 'ombudsman', {at}, 'elena', 0, 0)"
            ),
            "assignment_by_a_mandate_that_runs",
        ),
    ];
    let admin = world.database.admin().await;
    for (act, rule) in acts {
        let broken = async |statement: String| {
            // Only of a decided case anybody is told.
            let case = if rule.starts_with("notification") { decided } else { id };
            let done = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(case).execute(&admin).await;
            done.err().and_then(|error| error.as_database_error().and_then(|db| db.constraint()).map(str::to_owned))
        };
        assert_eq!(broken(act.clone()).await.as_deref(), Some(rule), "{act}");
        // Within the term it is not this rule that stands in the way.
        let within = act.replace("2029-12-30", "2026-11-30");
        assert_ne!(broken(within).await.as_deref(), Some(rule), "{act}");
    }
}

#[tokio::test]
async fn an_incompatibility_keeps_off_every_case_and_its_shadow_is_as_long_as_a_relations() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let incompatible = |end_time| pb::RelationDeclaration {
        incompatibilities: vec![pb::Incompatibility { kind: pb::IncompatibilityKind::GovernsFirm.into(), end_time }],
        ..Default::default()
    };
    let declare = async |declaration| {
        let request = pb::DeclareRelationsRequest { declaration: Some(declaration), request_id: fresh_id() };
        world.oscar().declare_relations(request).await.unwrap().into_inner()
    };
    // Over for longer than three years, it keeps nobody off.
    declare(incompatible(world.in_days(-3 * 366))).await;
    assert!(world.entries::<pb::CaseRecused>().await.is_empty());
    let declared = declare(incompatible(None)).await;
    assert_eq!(declared.declaration.unwrap().incompatibilities.len(), 1);
    let recused = world.entries::<pb::CaseRecused>().await;
    assert_eq!((recused.len(), recused[0].person.as_str()), (1, "oscar"));
    assert_eq!(recused[0].grounds, [i32::from(pb::ConflictGround::Incompatible)]);
    let refused = world.assign(&case, "oscar", pb::OfficeRole::Investigator).await.unwrap_err();
    assert_eq!(refusal(&refused).2["grounds"], "incompatible");
    // Who governed the firm until yesterday is as near to it as any relation of a party's: for three years.
    declare(incompatible(world.in_days(-1))).await;
    let refused = world.assign(&case, "oscar", pb::OfficeRole::Investigator).await.unwrap_err();
    assert_eq!(refusal(&refused).2["grounds"], "incompatible");
    // And what they told is not untold.
    declare(incompatible(world.in_days(-3 * 366))).await;
    let refused = world.assign(&case, "oscar", pb::OfficeRole::Investigator).await.unwrap_err();
    assert_eq!(refusal(&refused).2["grounds"], "incompatible");
    let noted = world.entries::<pb::RelationsDeclared>().await;
    assert_eq!(noted.last().map(|one| (one.person.as_str(), one.incompatibility_count)), Some(("oscar", 1)));
}

#[tokio::test]
async fn quality_reads_drafts_of_its_cases_and_notes_and_nothing_else() {
    let world = World::staffed().await;
    world.hire("quim", Role::OfficeQuality, pb::OfficeRole::Quality).await;
    let case = world.drafted_case().await.name;
    let quim = || world.as_person("quim", Role::OfficeQuality);
    let read = pb::GetDraftRequest { case_name: case.clone() };
    assert_eq!(
        reason(&quim().get_draft(read.clone()).await.unwrap_err()),
        (Code::PermissionDenied, "NOT_ASSIGNED".into())
    );
    world.assign(&case, "quim", pb::OfficeRole::Quality).await.unwrap();
    let draft = quim().get_draft(read).await.unwrap().into_inner();
    assert_eq!(draft.text, "the firm is wrong on both points");
    assert_eq!(world.entries::<pb::DraftRead>().await.len(), 1);

    let add = |kind: pb::DossierKind, visibility: pb::DossierVisibility| pb::AddDossierEntryRequest {
        parent: case.clone(),
        kind: kind.into(),
        visibility: visibility.into(),
        content: b"the second point wants a date".to_vec(),
        request_id: fresh_id(),
        ..Default::default()
    };
    quim().add_dossier_entry(add(pb::DossierKind::Note, pb::DossierVisibility::Office)).await.unwrap();
    quim().add_dossier_entry(add(pb::DossierKind::Note, pb::DossierVisibility::Sealed)).await.unwrap();
    for (kind, visibility) in [
        (pb::DossierKind::Note, pb::DossierVisibility::Parties),
        (pb::DossierKind::Evidence, pb::DossierVisibility::Office),
        (pb::DossierKind::ClaimantStatement, pb::DossierVisibility::Parties),
    ] {
        let refused = quim().add_dossier_entry(add(kind, visibility)).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::PermissionDenied, "NOT_ASSIGNED".into()), "{kind:?}");
    }
    let save = quim().save_draft(world.draft_request(&case, "better so").await).await.unwrap_err();
    assert_eq!(reason(&save), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
}

#[tokio::test]
async fn an_auditor_reads_what_the_office_reads_and_nothing_it_deliberates() {
    let world = World::staffed().await;
    world.hire("aura", Role::OfficeAuditor, pb::OfficeRole::Auditor).await;
    let case = world.drafted_case().await.name;
    let note = pb::AddDossierEntryRequest {
        parent: case.clone(),
        kind: pb::DossierKind::Note.into(),
        visibility: pb::DossierVisibility::Sealed.into(),
        content: b"among us".to_vec(),
        request_id: fresh_id(),
        ..Default::default()
    };
    world.oscar().add_dossier_entry(note).await.unwrap();
    let mut aura = world.as_person("aura", Role::OfficeAuditor);
    let list = pb::ListDossierEntriesRequest { parent: case.clone(), page_size: 100, ..Default::default() };
    let entries = aura.list_dossier_entries(list).await.unwrap().into_inner().entries;
    assert!(
        entries.iter().any(|entry| entry.visibility() == pb::DossierVisibility::Office && !entry.content.is_empty())
    );
    let sealed: Vec<_> = entries.iter().filter(|e| e.visibility() == pb::DossierVisibility::Sealed).collect();
    assert!(sealed.len() == 1 && sealed[0].content.is_empty());
    let export =
        aura.export_dossier(pb::ExportDossierRequest { name: case.clone(), audience: 0 }).await.unwrap().into_inner();
    assert!(export.entries.iter().all(|e| e.visibility() != pb::DossierVisibility::Sealed || e.content.is_empty()));
    assert_eq!(world.entries::<pb::DossierExported>().await.len(), 1);
    let draft = aura.get_draft(pb::GetDraftRequest { case_name: case.clone() }).await.unwrap_err();
    assert_eq!(reason(&draft), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    // And has no seat on any case: asked for, written, or put there.
    assert_eq!(fields(&world.assign(&case, "aura", pb::OfficeRole::Auditor).await.unwrap_err()), ["office_role"]);
    let seat =
        "insert into ombudsman.assignment (assignment_id, case_id, person, office_role, assigned_at, assigned_by, links_position, touches_position)
                values (gen_random_uuid(), $1, 'aura', 'auditor', '2026-11-24T09:00:00Z', 'elena', 0, 0)";
    assert_eq!(world.rule_broken_by(seat, uuid_of(&case)).await, "assignment_role_known");
}

#[tokio::test]
async fn a_role_is_not_taken_away_from_who_sits_on_a_pending_case_in_it() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let change = async |roles: &[pb::OfficeRole]| {
        let oscar = world.member("oscar").await;
        let request = pb::ChangeOfficeRolesRequest {
            name: oscar.name,
            etag: oscar.etag,
            office_roles: roles.iter().map(|role| (*role).into()).collect(),
            request_id: fresh_id(),
            cause: pb::MandateEndCause::Incapacity.into(),
            explanation: "a hearing loss, by the report of the 12th".into(),
        };
        world.house("elena", Role::Ombudsman).change_office_roles(request).await
    };
    let refused = change(&[pb::OfficeRole::Quality]).await.unwrap_err();
    assert_eq!(refusal(&refused).2["cases"], case);
    let by_sql =
        "update ombudsman.staff set office_roles = '{quality}' where person = 'oscar' and $1::uuid is not null";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&case)).await, "staff_role_stays_while_seated");
    let both = change(&[pb::OfficeRole::Quality, pb::OfficeRole::Investigator]).await.unwrap().into_inner();
    assert_eq!(both.office_roles().count(), 2);

    let recuse = pb::RecuseFromCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        cause: "I know them".into(),
        request_id: fresh_id(),
    };
    world.oscar().recuse_from_case(recuse).await.unwrap();
    change(&[pb::OfficeRole::Quality]).await.unwrap();
    let refused = world.assign(&case, "oscar", pb::OfficeRole::Investigator).await.unwrap_err();
    assert_eq!(refusal(&refused).2["grounds"], "stepped_aside");
    let noted = world.entries::<pb::OfficeRolesChanged>().await;
    assert_eq!(noted.last().unwrap().office_roles, [i32::from(pb::OfficeRole::Quality)]);
    let causes: Vec<_> = noted.iter().map(pb::OfficeRolesChanged::cause).collect();
    assert_eq!(
        causes,
        [pb::MandateEndCause::Unspecified, pb::MandateEndCause::Incapacity],
        "a role that is added needs none"
    );
}

#[tokio::test]
async fn nobody_gives_themselves_a_term_and_the_register_is_changed_by_whoever_has_one() {
    let world = World::staffed().await;
    let no_mandate = (Code::PermissionDenied, "NO_MANDATE".to_owned());
    let renew = async |who: &str, person: &str| {
        let member = world.member(person).await;
        let mandate =
            pb::Mandate { start_time: world.in_days(4 * 366), end_time: world.in_days(7 * 366), ending: None };
        let request = pb::RenewMandateRequest {
            name: member.name,
            etag: member.etag,
            mandate: Some(mandate),
            request_id: fresh_id(),
        };
        world.house(who, Role::Ombudsman).renew_mandate(request).await
    };
    assert_eq!(reason(&renew("elena", "elena").await.unwrap_err()), no_mandate);
    assert_eq!(reason(&renew("a-stranger", "oscar").await.unwrap_err()), no_mandate);
    renew("elena", "oscar").await.unwrap();
    let elena = world.member("elena").await;
    let change = pb::ChangeOfficeRolesRequest {
        name: elena.name,
        etag: elena.etag,
        office_roles: vec![OMBUDSMAN.into(), pb::OfficeRole::Investigator.into()],
        request_id: fresh_id(),
        ..Default::default()
    };
    let refused = world.house("elena", Role::Ombudsman).change_office_roles(change).await.unwrap_err();
    assert_eq!(reason(&refused), no_mandate);
    // Her own term over, the office has no ombudsman: whoever appoints one has the token and no mandate, and it is still not she.
    world.days(3 * 366);
    assert_eq!(reason(&renew("elena", "elena").await.unwrap_err()), no_mandate);
    renew("whoever-appoints", "elena").await.unwrap();
    let written = world.entries::<AccessDenied>().await;
    let member = async |person: &str| world.member(person).await.name;
    let (elena, oscar) = (member("elena").await, member("oscar").await);
    let told: Vec<_> = written.iter().map(|denied| (denied.reason.as_str(), denied.resource.as_str())).collect();
    assert_eq!(told, [&elena, &oscar, &elena, &elena].map(|of| ("NO_MANDATE", of.as_str())));
}
