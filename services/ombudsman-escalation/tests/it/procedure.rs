//! The ways out of a case beside its decision: forwarded, stayed, rectified, withdrawn.

use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::CaseState as S;

use crate::world::{World, fresh_id, open_request, reason, refusal};

#[tokio::test]
async fn a_claimant_at_the_wrong_door_is_told_who_is_competent_and_can_come_back() {
    let world = World::staffed().await;
    let case = world.seated_under("es.finance").await;
    let forwarded = act!(world, "ines", forward_case, ForwardCaseRequest, &case,
        competent: "the customer service department of the insurer", reasons: "the policy is another company's");
    assert_eq!(forwarded.unwrap().state(), S::ForwardedInternally);
    let told = world.told(&case).await;
    assert_eq!(told.competent, "the customer service department of the insurer");
    assert!(told.forward_time.is_some());
    let papers = world.papers(&case, pb::DossierKind::Forwarding).await;
    assert!(papers[0].contains("customer service") && papers[0].contains("another company's"), "{papers:?}");
    assert_eq!(world.moves(&case).await.last(), Some(&(S::Registered, S::ForwardedInternally)));

    assert_eq!(reason(&world.admit(&case).await.unwrap_err()).1, "CASE_STATE");
    assert_eq!(reason(&world.close(&case).await.unwrap_err()).1, "CASE_STATE");
    let ticket = world.get(&case).await.ticket;
    assert_ne!(world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner().name, case);
}

#[tokio::test]
async fn in_a_stayed_case_nothing_is_done_until_it_goes_on_where_it_stood() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let stayed = act!(world, "ines", stay_case, StayCaseRequest, &case, proceedings: "suit 41/2026 at court 3");
    let stayed = stayed.unwrap();
    assert_eq!((stayed.state(), stayed.parallel_proceedings()), (S::Stayed, pb::ParallelProceedings::Pending));
    let told = world.told(&case).await;
    assert_eq!((told.came_from(), told.stay_time.is_some()), (S::Drafted, true));

    let rows = world.rows().await;
    let refused = world.oscar().save_draft(world.draft_request(&case, "on we go").await).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "CASE_STATE".into()));
    let decide = crate::world::issue_request(&world, &case).await;
    assert_eq!(reason(&world.elena().issue_decision(decide).await.unwrap_err()).1, "CASE_STATE");
    let offered = act!(world, "liaison", offer_settlement, OfferSettlementRequest, &case, terms: "41 euros");
    assert_eq!(refusal(&offered.unwrap_err()).2["state"], "stayed");
    let paper = pb::AddDossierEntryRequest {
        parent: case.clone(),
        kind: pb::DossierKind::Evidence.into(),
        visibility: pb::DossierVisibility::Office.into(),
        content: b"more".to_vec(),
        request_id: fresh_id(),
        ..Default::default()
    };
    assert_eq!(reason(&world.oscar().add_dossier_entry(paper).await.unwrap_err()).1, "CASE_STATE");
    assert_eq!(world.rows().await, rows);

    // Who must end the stay may have to be found first.
    world.register("nora", "ombudsman-office", None, &[pb::OfficeRole::Intake]).await;
    world.declare("nora", kernel::Role::OfficeIntake, Vec::new()).await;
    world.assign(&case, "nora", pb::OfficeRole::Intake).await.unwrap();
    let resumed = act!(world, "ines", resume_case, ResumeCaseRequest, &case, statement: "the suit was dropped");
    let resumed = resumed.unwrap();
    assert_eq!((resumed.state(), resumed.parallel_proceedings()), (S::Drafted, pb::ParallelProceedings::None));
    world.decide(&case).await;
    assert_eq!(world.stands(&case).await, S::Notified);
}

#[tokio::test]
async fn a_stayed_case_is_closed_with_its_reason_and_without_a_decision() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    act!(world, "elena", stay_case, StayCaseRequest, &case, proceedings: "arbitration").unwrap();
    let closed = act!(world, "elena", close_stayed_case, CloseStayedCaseRequest, &case,
        reason: pb::StayClosure::ProceedingsDecided, statement: "award of 3 March");
    let closed = closed.unwrap();
    assert_eq!((closed.state(), closed.parallel_proceedings()), (S::Closed, pb::ParallelProceedings::Decided));
    assert_eq!(closed.decision, "");
    assert_eq!(world.told(&case).await.came_from(), S::Stayed);
    assert_eq!(
        world.papers(&case, pb::DossierKind::StayEnd).await,
        ["Se cierra porque el otro procedimiento resolvió el asunto: award of 3 March"]
    );
    let again = act!(world, "elena", resume_case, ResumeCaseRequest, &case, statement: "no");
    assert_eq!(reason(&again.unwrap_err()).1, "CASE_STATE");
}

#[tokio::test]
async fn a_rectification_names_the_entry_that_proves_it_and_is_closed() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let request = pb::RectifyCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        proof: "transfer of 41 euros, and the claimant's word that this settles it".into(),
        request_id: fresh_id(),
    };
    assert_eq!(world.ines().rectify_case(request).await.unwrap().into_inner().state(), S::Rectified);
    let proof = world.told(&case).await.rectification_entry;
    let request = pb::ListDossierEntriesRequest { parent: case.clone(), page_size: 100, ..Default::default() };
    let entries = world.liaison().list_dossier_entries(request).await.unwrap().into_inner().entries;
    let named = entries.iter().find(|entry| entry.name == proof).expect("the entry is in the dossier");
    assert_eq!(named.kind(), pb::DossierKind::Rectification);
    assert!(String::from_utf8_lossy(&named.content).contains("41 euros"));
    assert_eq!(world.close(&case).await.unwrap().state(), S::Closed);
    assert_eq!(world.told(&case).await.came_from(), S::Rectified);
}

#[tokio::test]
async fn what_was_withdrawn_goes_on_for_the_firm_alone_and_ends() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    world.withdraw(&case).await.unwrap();
    let on = act!(world, "elena", continue_by_own_initiative, ContinueByOwnInitiativeRequest, &case,
        reasons: "others are charged twice too");
    assert_eq!(on.unwrap().state(), S::OwnInitiative);
    assert!(world.told(&case).await.own_initiative_time.is_some());
    // The claimant is a party no more: nothing of theirs is heard, and nothing is decided on the claim.
    let paper = pb::AddDossierEntryRequest {
        parent: case.clone(),
        kind: pb::DossierKind::ClaimantStatement.into(),
        visibility: pb::DossierVisibility::Parties.into(),
        content: b"one thing more".to_vec(),
        request_id: fresh_id(),
        ..Default::default()
    };
    assert_eq!(reason(&world.oscar().add_dossier_entry(paper).await.unwrap_err()).1, "CASE_STATE");
    let decide = crate::world::issue_request(&world, &case).await;
    assert_eq!(reason(&world.elena().issue_decision(decide).await.unwrap_err()).1, "CASE_STATE");
    assert!(world.papers(&case, pb::DossierKind::OwnInitiative).await.is_empty());

    act!(world, "elena", recommend, RecommendRequest, &case,
        recommendation: "stop charging invoices twice", department: "billing", term_days: 30)
    .unwrap();
    let (code, why, metadata) = refusal(&world.close(&case).await.unwrap_err());
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "OBLIGATION_OPEN"));
    assert_eq!(metadata["obligation"], "1");
    let owed = world.owed(&case).await;
    assert_eq!((owed[0].kind(), owed[0].department.as_str()), (pb::ObligationKind::Recommendation, "billing"));
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &owed[0].name, proof: "the run was mended").unwrap();
    act!(world, "oscar", review_execution, ReviewExecutionRequest, &owed[0].name, holds: true, reasons: "seen")
        .unwrap();
    assert_eq!(world.close(&case).await.unwrap().state(), S::Closed);
}

#[tokio::test]
async fn the_office_continues_only_what_it_had_admitted_and_what_is_not_before_it_again() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    world.withdraw(&case).await.unwrap();
    let on =
        act!(world, "elena", continue_by_own_initiative, ContinueByOwnInitiativeRequest, &case, reasons: "why not");
    assert_eq!(reason(&on.unwrap_err()), (Code::FailedPrecondition, "NEVER_ADMITTED".into()));

    let case = world.drafted_case().await.name;
    let ticket = world.withdraw(&case).await.unwrap().ticket;
    let again = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner().name;
    let on =
        act!(world, "elena", continue_by_own_initiative, ContinueByOwnInitiativeRequest, &case, reasons: "why not");
    let (code, why, metadata) = refusal(&on.unwrap_err());
    assert_eq!(
        (code, why.as_str(), metadata["case"].as_str()),
        (Code::AlreadyExists, "TICKET_AT_OFFICE", again.as_str())
    );
    assert_eq!(world.stands(&case).await, S::Withdrawn);
    assert_eq!(world.close(&case).await.unwrap().state(), S::Closed);
}

#[tokio::test]
async fn a_repeated_request_has_one_effect_and_a_stale_one_none() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let request = pb::StayCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        proceedings: "suit 41/2026".into(),
        request_id: fresh_id(),
    };
    let first = world.procedure("ines").stay_case(request.clone()).await.unwrap().into_inner();
    let rows = world.rows().await;
    assert_eq!(world.procedure("ines").stay_case(request.clone()).await.unwrap().into_inner(), first);
    let stale = pb::StayCaseRequest { request_id: fresh_id(), ..request };
    let refused = world.procedure("ines").stay_case(stale).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::Aborted, "STALE_ETAG".into()));
    assert_eq!(world.rows().await, rows);
}
