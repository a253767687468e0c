//! A claimant who is heard changes something; a case that other proceedings stand against goes on or ends; and each side brings its papers.

use std::time::Duration;

use testkit::eventually;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::CaseState as S;

use crate::acts::{propose, refuse, sent};
use crate::claimant::{Claimant, code_of};
use crate::world::{STAFF, World, fields, fresh_id, open_request, reason, refusal, uuid_of};

/// A seated case whose complaint says what the test needs.
async fn seated(world: &World, change: impl FnOnce(&mut pb::OpenCaseRequest)) -> String {
    let ticket = world.ticket().await;
    let mut request = open_request(&ticket);
    change(&mut request);
    let case = world.ines().open_case(request).await.unwrap().into_inner().name;
    world.received(&ticket).await;
    for (person, _, role) in STAFF {
        world.assign(&case, person, role).await.unwrap();
    }
    case
}

async fn ask(world: &World, case: &str, items: &[pb::MissingItem]) {
    let request = pb::RequestCureRequest {
        name: case.to_owned(),
        etag: world.etag(case).await,
        items: items.iter().map(|item| (*item).into()).collect(),
        explanation: "what is missing".into(),
        request_id: fresh_id(),
    };
    world.ines().request_cure(request).await.unwrap();
}

fn pending(request: &mut pb::OpenCaseRequest) {
    request.parallel_proceedings = pb::ParallelProceedings::Pending.into();
}

const PARALLEL: pb::InadmissibilityGround = pb::InadmissibilityGround::ParallelProceedings;

#[tokio::test]
async fn a_claimant_who_proves_while_they_are_heard_that_the_suit_was_dropped_is_admitted() {
    let world = World::staffed().await;
    let case = seated(&world, pending).await;
    propose(&world, &case, PARALLEL).await.unwrap();
    assert_eq!(reason(&world.admit(&case).await.unwrap_err()).1, "MUST_ABSTAIN");
    let heard = sent(&world, &case, |request| request.parallel_proceedings = pb::ParallelProceedings::None.into());
    let heard = heard.await.unwrap();
    assert_eq!((heard.state(), heard.parallel_proceedings()), (S::InadmissibleProposed, pb::ParallelProceedings::None));
    assert!(heard.refusal.unwrap().allegations_time.is_some(), "it answers the proposal");
    assert!(heard.party_terms.is_empty());
    let refused = refuse(&world, &case, PARALLEL).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "GROUND_NOT_MET".into()));
    assert_eq!(world.admit(&case).await.unwrap().state(), S::Admitted);
}

#[tokio::test]
async fn a_claimant_answers_a_proposal_in_their_own_window_and_says_otherwise_what_they_said() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let case = claimant.case.clone();
    propose(&world, &case, pb::InadmissibilityGround::OtherForum).await.unwrap();
    let shown = claimant.look().await;
    assert!(shown.options().any(|option| option == pb::ClaimantOption::Complete), "{:?}", shown.options);
    let request = pb::CompleteClaimantCaseRequest {
        tracking_key: claimant.key.clone(),
        proof: claimant.proof.clone(),
        office_code: claimant.code.clone(),
        case_name: case.clone(),
        etag: shown.etag,
        parallel_proceedings: pb::ParallelProceedings::Decided.into(),
        content: "the judge decided it".into(),
        request_id: fresh_id(),
        ..Default::default()
    };
    claimant.client.clone().complete_claimant_case(request).await.unwrap();
    let heard = world.get(&case).await;
    assert_eq!(heard.parallel_proceedings(), pb::ParallelProceedings::Decided);
    assert!(heard.refusal.unwrap().allegations_time.is_some());
}

#[tokio::test]
async fn before_an_accredited_body_a_pending_suit_stays_the_case_and_the_time_to_refuse_with_it() {
    let world = World::staffed().await;
    let ticket = world.ticket_in("general").await;
    world.days(40);
    let facts_time = world.in_days(-60);
    let mut request = pb::OpenCaseRequest { regime: "es.adr".into(), facts_time, ..open_request(&ticket) };
    pending(&mut request);
    let case = world.ines().open_case(request).await.unwrap().into_inner().name;
    world.received(&ticket).await;
    for (person, _, role) in STAFF {
        world.assign(&case, person, role).await.unwrap();
    }
    world.days(12);
    propose(&world, &case, PARALLEL).await.unwrap();
    world.days(10);
    // Too late to refuse, and nothing to admit: the office abstains.
    assert_eq!(reason(&refuse(&world, &case, PARALLEL).await.unwrap_err()).1, "REFUSAL_LATE");
    assert_eq!(reason(&world.admit(&case).await.unwrap_err()).1, "MUST_ABSTAIN");
    let stayed = act!(world, "ines", stay_case, StayCaseRequest, &case, proceedings: "suit 41/2026").unwrap();
    assert_eq!((stayed.state(), stayed.statement_due_time), (S::Stayed, None));
    assert_eq!(world.told(&case).await.came_from(), S::Registered);
    world.days(100);
    let resumed = act!(world, "ines", resume_case, ResumeCaseRequest, &case, statement: "it was dropped").unwrap();
    assert_eq!((resumed.state(), resumed.refusal), (S::Registered, None));
    assert_eq!(world.admit(&case).await.unwrap().state(), S::Admitted);
}

#[tokio::test]
async fn a_case_stayed_before_its_admission_ends_with_the_other_proceedings() {
    let world = World::staffed().await;
    let represented = |request: &mut pb::OpenCaseRequest| {
        pending(request);
        request.representative = Some(pb::Representative {
            display_name: "Maite Arrieta".into(),
            kind: pb::RepresentativeKind::Authorised.into(),
            ..Default::default()
        });
    };
    let case = seated(&world, represented).await;
    act!(world, "ines", stay_case, StayCaseRequest, &case, proceedings: "suit 41/2026").unwrap();
    let closed = act!(world, "elena", close_stayed_case, CloseStayedCaseRequest, &case,
        reason: pb::StayClosure::ProceedingsDecided, statement: "judgment of 3 March");
    assert_eq!(closed.unwrap().state(), S::Closed);
    // Nobody hears by SQL, as stayed, what was never admitted.
    let other = seated(&world, pending).await;
    let by_sql = "update ombudsman.office_case set state = 'stayed', stayed_at = now(), came_from = 'admitted' where case_id = $1";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&other)).await, "office_case_stay_is_whole");
}

#[tokio::test]
async fn a_claimant_stops_in_a_stayed_case_too_and_that_is_what_it_came_to() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    act!(world, "ines", stay_case, StayCaseRequest, &case, proceedings: "arbitration").unwrap();
    assert_eq!(world.withdraw(&case).await.unwrap().state(), S::Withdrawn);
    assert_eq!(world.moves(&case).await.last(), Some(&(S::Stayed, S::Withdrawn)));
    // It had been admitted: the office may go on by itself.
    let on =
        act!(world, "elena", continue_by_own_initiative, ContinueByOwnInitiativeRequest, &case, reasons: "others too");
    assert_eq!(on.unwrap().state(), S::OwnInitiative);

    let claimant = Claimant::of(&world, "es.finance").await;
    world.admit(&claimant.case).await.unwrap();
    act!(world, "ines", stay_case, StayCaseRequest, &claimant.case, proceedings: "arbitration").unwrap();
    let shown = claimant.look().await;
    assert!(shown.options().any(|option| option == pb::ClaimantOption::Withdraw), "{:?}", shown.options);
    let closed = act!(world, "elena", close_stayed_case, CloseStayedCaseRequest, &claimant.case,
        reason: pb::StayClosure::Withdrawn, statement: "they wrote that they stop");
    assert_eq!(closed.unwrap().state(), S::Closed);
    assert_eq!(world.told(&claimant.case).await.came_from(), S::Withdrawn);
}

#[tokio::test]
async fn the_claimant_of_a_stayed_case_is_told_its_code_and_a_new_one() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    world.admit(&claimant.case).await.unwrap();
    act!(world, "ines", stay_case, StayCaseRequest, &claimant.case, proceedings: "suit 41/2026").unwrap();
    assert_eq!(code_of(&world, &claimant.case, false).await, claimant.code);
    let renewed = code_of(&world, &claimant.case, true).await;
    assert_ne!(renewed, claimant.code);
    assert_eq!(reason(&claimant.look_at("").await.unwrap_err()), (Code::PermissionDenied, "OFFICE_CODE_WRONG".into()));
    let known = Claimant { code: renewed, ..claimant };
    assert_eq!(known.look().await.state(), S::Stayed);
    let notices = world.papers_of_the_office(&known.case, pb::DossierKind::CodeNotice).await;
    assert_eq!(notices.len(), 3);
    assert!(world.papers(&known.case, pb::DossierKind::CodeNotice).await.is_empty(), "no party reads them");
    // The guard stands for everything else.
    let other = "update ombudsman.office_case set facts_at = now() where case_id = $1";
    assert_eq!(world.rule_broken_by(other, uuid_of(&known.case)).await, "office_case_stands_still_while_stayed");
}

#[tokio::test]
async fn a_stayed_case_takes_in_the_screen_it_lacks_and_holds_up_no_other() {
    let world = World::staffed().await;
    world.profile().people.is_silent(true);
    let stayed = world.seated_case().await.name;
    world.admit(&stayed).await.unwrap();
    act!(world, "ines", stay_case, StayCaseRequest, &stayed, proceedings: "suit 41/2026").unwrap();
    // One that the tables refuse stands first in the list.
    let broken = world.case().await.name;
    let other = world.case().await.name;
    let admin = world.database.admin().await;
    let mut superuser = admin.acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *superuser).await.unwrap();
    let unfit = "update ombudsman.office_case set dossier_length = 2 where case_id = $1";
    sqlx::query(unfit).bind(uuid_of(&broken)).execute(&mut *superuser).await.unwrap();
    let first = "update ombudsman.missing_screen set asked_at = 'epoch' where case_id = $1";
    sqlx::query(first).bind(uuid_of(&broken)).execute(&mut *superuser).await.unwrap();
    world.profile().people.is_silent(false);
    eventually(Duration::from_secs(20), || async {
        let missing: Vec<uuid::Uuid> =
            sqlx::query_scalar("select case_id from ombudsman.missing_screen").fetch_all(&admin).await.unwrap();
        if missing == [uuid_of(&broken)] { Ok(()) } else { Err(missing) }
    })
    .await;
    assert_ne!(other, stayed);
}

#[tokio::test]
async fn no_part_of_a_cure_comes_from_the_future_or_before_the_part_before_it() {
    let world = World::staffed().await;
    let bare = |request: &mut pb::OpenCaseRequest| (request.parallel_proceedings, request.facts_time) = (0, None);
    let case = seated(&world, bare).await;
    ask(&world, &case, &[pb::MissingItem::FactsDate, pb::MissingItem::ParallelProceedingsDeclaration]).await;
    world.days(4);
    let facts_time = world.in_days(-60);
    sent(&world, &case, |request| request.facts_time = facts_time).await.unwrap();
    world.days(2);
    let before = world.rows().await;
    for impossible in [world.in_days(1), world.in_days(26_000), world.in_days(-3), world.in_days(-30)] {
        let part = sent(&world, &case, |request| {
            request.parallel_proceedings = pb::ParallelProceedings::None.into();
            request.receive_time = impossible;
        });
        assert_eq!(fields(&part.await.unwrap_err()), ["receive_time"]);
    }
    assert_eq!(world.rows().await, before);
    let yesterday = world.in_days(-1);
    let part = sent(&world, &case, |request| {
        request.parallel_proceedings = pb::ParallelProceedings::None.into();
        request.receive_time = yesterday;
    });
    assert_eq!(part.await.unwrap().cure.unwrap().cured_time, yesterday);
}

#[tokio::test]
async fn the_registry_writes_nothing_of_a_complaint_anew_and_drops_no_claim_point() {
    let world = World::staffed().await;
    let case = seated(&world, |_| {}).await;
    ask(&world, &case, &[pb::MissingItem::Documents]).await;
    let before = world.get(&case).await;
    let facts_time = world.in_days(-2);
    let other = sent(&world, &case, |request| {
        request.parallel_proceedings = pb::ParallelProceedings::Decided.into();
        request.facts_time = facts_time;
        request.claim_points = vec![pb::ClaimPoint { id: String::new(), text: "nothing of it".into() }];
    });
    let (code, why, metadata) = refusal(&other.await.unwrap_err());
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "NOT_ASKED_FOR"));
    assert_eq!(metadata["items"], "parallel_declaration, facts_date, claim_points");
    assert_eq!(world.get(&case).await.claim_points, before.claim_points);
    sent(&world, &case, |_| {}).await.unwrap();
    ask(&world, &case, &[pb::MissingItem::ClaimPoints]).await;
    let added = sent(&world, &case, |request| {
        request.claim_points = vec![pb::ClaimPoint { id: String::new(), text: "y además los intereses".into() }];
    });
    let points = added.await.unwrap().claim_points;
    assert_eq!(points[..2], before.claim_points[..]);
    assert_eq!((points.len(), points[2].id.as_str(), points[2].text.as_str()), (3, "p3", "y además los intereses"));
}

#[tokio::test]
async fn whom_a_regulator_sends_before_the_firm_was_asked_is_told_to_ask_it_and_nobody_whom_it_answered() {
    let world = World::staffed().await;
    let ground = pb::InadmissibilityGround::NoPriorContact;
    let sent_on = async |ticket: &str| {
        let request =
            pb::OpenCaseRequest { regime: "es.adr".into(), regulator_reference: "R-1".into(), ..open_request(ticket) };
        let case = world.ines().open_case(request).await.unwrap().into_inner().name;
        world.received(ticket).await;
        for (person, _, role) in STAFF {
            world.assign(&case, person, role).await.unwrap();
        }
        case
    };
    let ticket = world.ticket_in("general").await;
    let case = sent_on(&ticket).await;
    // Whether the firm had answered only ticketing says.
    let proposed = propose(&world, &case, ground).await.unwrap();
    assert_eq!(proposed.refusal.unwrap().article, "Ley 7/2017 art. 18.1.a");
    world.days(11);
    assert_eq!(refuse(&world, &case, ground).await.unwrap().state(), S::Inadmissible);
    let silent = world.ticket_in("general").await;
    world.days(40);
    let case = sent_on(&silent).await;
    assert_eq!(reason(&propose(&world, &case, ground).await.unwrap_err()).1, "GROUND_NOT_MET");
}

#[tokio::test]
async fn what_repeats_a_decided_complaint_is_admitted_by_who_saw_that_it_does() {
    let world = World::staffed().await;
    let first = world.told_under("es.general").await;
    let ticket = world.get(&first).await.ticket;
    world.days(12);
    world.close(&first).await.unwrap();
    let again = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner().name;
    for (person, _, role) in STAFF {
        world.assign(&again, person, role).await.unwrap();
    }
    let (code, why, metadata) = refusal(&world.admit(&again).await.unwrap_err());
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "REPEATS_DECIDED"));
    assert_eq!(format!("cases/{}", metadata["cases"].trim_start_matches("cases/")), first);
    assert_eq!(world.stands(&again).await, S::Registered);
    let seen = pb::AdmitCaseRequest { repetition_seen: true, ..world.admission(&again).await };
    let admitted = world.ines().admit_case(seen.clone()).await.unwrap().into_inner();
    assert_eq!(admitted.state(), S::Admitted);
    assert_eq!(
        world.ines().admit_case(seen).await.unwrap().into_inner(),
        admitted,
        "sent again, it is the same answer"
    );
    let noted = world.papers_of_the_office(&again, pb::DossierKind::Note).await;
    assert!(noted.contains(&format!("admitted though it repeats what was decided in {first}")), "{noted:?}");
}

#[tokio::test]
async fn nobody_is_archived_for_a_paper_that_the_registry_took_in_for_them() {
    let world = World::staffed().await;
    let missing = pb::InadmissibilityGround::EssentialDataMissing;
    for kind in [pb::DossierKind::ClaimantEvidence, pb::DossierKind::ClaimantStatement] {
        let case = seated(&world, |_| {}).await;
        ask(&world, &case, &[pb::MissingItem::Documents]).await;
        let paper = |visibility: pb::DossierVisibility| pb::AddDossierEntryRequest {
            parent: case.clone(),
            kind: kind.into(),
            visibility: visibility.into(),
            content: b"the contract, by post".to_vec(),
            request_id: fresh_id(),
            ..Default::default()
        };
        let hidden = world.ines().add_dossier_entry(paper(pb::DossierVisibility::Office)).await.unwrap_err();
        assert_eq!(fields(&hidden), ["visibility"]);
        world.ines().add_dossier_entry(paper(pb::DossierVisibility::Parties)).await.unwrap();
        world.days(11);
        assert_eq!(reason(&refuse(&world, &case, missing).await.unwrap_err()).1, "GROUND_NOT_MET", "{kind:?}");
    }
}

#[tokio::test]
async fn the_firm_brings_its_own_evidence_while_the_claim_is_heard_and_both_parties_read_it() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let liaison = || world.liaison();
    let paper = |kind: pb::DossierKind, words: &str| pb::AddDossierEntryRequest {
        parent: case.clone(),
        kind: kind.into(),
        visibility: pb::DossierVisibility::Parties.into(),
        content: words.as_bytes().to_vec(),
        request_id: fresh_id(),
        ..Default::default()
    };
    use pb::DossierKind::{EntityEvidence, EntityStatement, Evidence, Note};
    let early = liaison().add_dossier_entry(paper(EntityEvidence, "the contract")).await.unwrap_err();
    assert_eq!(refusal(&early).2["state"], "registered");
    world.admit(&case).await.unwrap();
    liaison().add_dossier_entry(paper(EntityEvidence, "the contract")).await.unwrap();
    assert_eq!(world.stands(&case).await, S::Admitted, "a paper is no position");
    liaison().add_dossier_entry(paper(EntityStatement, "we were right")).await.unwrap();
    assert_eq!(world.stands(&case).await, S::EntityAllegations);
    let etag = world.etag(&case).await;
    let start = pb::StartInvestigationRequest { name: case.clone(), etag, request_id: fresh_id() };
    world.oscar().start_investigation(start).await.unwrap();
    world.oscar().save_draft(world.draft_request(&case, "the firm is wrong").await).await.unwrap();
    liaison().add_dossier_entry(paper(EntityEvidence, "the log of calls")).await.unwrap();
    liaison().add_dossier_entry(paper(EntityStatement, "and it shows so")).await.unwrap();
    assert_eq!(world.stands(&case).await, S::Drafted, "it holds off nothing");
    assert_eq!(world.papers(&case, EntityEvidence).await, ["the contract", "the log of calls"]);
    assert_eq!(world.papers(&case, EntityStatement).await, ["we were right", "and it shows so"]);
    // Each side its own kinds, and nothing of the firm's for the office alone.
    for kind in [Evidence, Note] {
        let refused = liaison().add_dossier_entry(paper(kind, "x")).await.unwrap_err();
        assert_eq!(fields(&refused), ["kind"], "{kind:?}");
    }
    let refused = world.oscar().add_dossier_entry(paper(EntityEvidence, "x")).await.unwrap_err();
    assert_eq!(fields(&refused), ["kind"]);
    let hidden =
        pb::AddDossierEntryRequest { visibility: pb::DossierVisibility::Sealed.into(), ..paper(EntityEvidence, "x") };
    assert_eq!(fields(&liaison().add_dossier_entry(hidden).await.unwrap_err()), ["visibility"]);
    world.elena().issue_decision(crate::world::issue_request(&world, &case).await).await.unwrap();
    let late = liaison().add_dossier_entry(paper(EntityEvidence, "more")).await.unwrap_err();
    assert_eq!(refusal(&late).2["state"], "decided");
}
