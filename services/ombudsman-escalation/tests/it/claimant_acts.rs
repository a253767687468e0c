//! What only the claimant does in their case, by the office's own code: completing it, stopping, learning who has it; and who is told the code.

use tonic::Code;
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::CaseState as S;
use ventanilla_proto::ombudsman::v1::ClaimantOption as O;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;
use ventanilla_proto::rights::v1::GatherPersonalDataRequest;
use ventanilla_proto::rights::v1::personal_data_service_client::PersonalDataServiceClient;
use ventanilla_proto::r#type::v1::Channel;

use crate::claimant::{Claimant, code_of};
use crate::substitutes::OTHER;
use crate::world::{CUSTOMER, STAFF, World, fields, fresh_id, reason};

#[tokio::test]
async fn the_firm_that_gives_out_keys_and_proofs_reads_and_does_nothing_without_the_offices_code() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let before = world.rows().await;
    let mut firm = claimant.client.clone();
    let bare = pb::ListClaimantEntriesRequest {
        tracking_key: claimant.key.clone(),
        proof: claimant.proof.clone(),
        ..Default::default()
    };
    assert_eq!(fields(&firm.list_claimant_entries(bare.clone()).await.unwrap_err()), ["office_code"]);
    let unreadable = pb::ListClaimantEntriesRequest { office_code: "0123-45".into(), ..bare.clone() };
    assert_eq!(fields(&firm.list_claimant_entries(unreadable).await.unwrap_err()), ["office_code"]);
    let wrong = || "0000-0000".to_owned();
    let denied = (Code::PermissionDenied, "OFFICE_CODE_WRONG".to_owned());
    let list = pb::ListClaimantEntriesRequest { office_code: wrong(), ..bare };
    assert_eq!(reason(&firm.list_claimant_entries(list).await.unwrap_err()), denied);
    let look = pb::GetClaimantCaseRequest {
        tracking_key: claimant.key.clone(),
        proof: claimant.proof.clone(),
        office_code: wrong(),
        ..Default::default()
    };
    assert_eq!(reason(&firm.get_claimant_case(look).await.unwrap_err()), denied);
    let add = claimant.adding(pb::DossierKind::ClaimantStatement, "I take it all back");
    let add = pb::AddClaimantEntryRequest { office_code: wrong(), ..add };
    assert_eq!(reason(&firm.add_claimant_entry(add).await.unwrap_err()), denied);
    let stop = pb::WithdrawClaimantCaseRequest { office_code: wrong(), ..claimant.withdrawing().await };
    assert_eq!(reason(&firm.withdraw_claimant_case(stop).await.unwrap_err()), denied);
    let cure = pb::CompleteClaimantCaseRequest { office_code: wrong(), ..claimant.completing().await };
    assert_eq!(reason(&firm.complete_claimant_case(cure).await.unwrap_err()), denied);
    let yes = pb::AnswerClaimantOfferRequest { office_code: wrong(), ..claimant.answering_offer(true).await };
    assert_eq!(reason(&firm.answer_claimant_offer(yes).await.unwrap_err()), denied);
    let yes = pb::AnswerClaimantDecisionRequest { office_code: wrong(), ..claimant.answering_decision(true).await };
    assert_eq!(reason(&firm.answer_claimant_decision(yes).await.unwrap_err()), denied);
    let who = pb::GiveClaimantDisclosureRequest { office_code: wrong(), ..claimant.asking_who() };
    assert_eq!(reason(&firm.give_claimant_disclosure(who).await.unwrap_err()), denied);
    assert_eq!(world.rows().await, before, "nothing was written but the denials");
    let written = world.entries::<AccessDenied>().await;
    assert_eq!(written.len(), 8, "{written:?}");
    assert!(
        written.iter().all(|denied| denied.reason == "OFFICE_CODE_WRONG" && denied.method.contains("ClaimantService/"))
    );
    assert!(written.iter().all(|denied| denied.resource == claimant.case), "whose case it was tried at is known");

    // The code of another case opens nothing here; one that was taken back opens nothing any more; what is right is read as people type it.
    let other = Claimant::of(&world, "es.finance").await;
    assert_ne!(other.code, claimant.code);
    let look = |office_code: &str| pb::GetClaimantCaseRequest {
        tracking_key: claimant.key.clone(),
        proof: claimant.proof.clone(),
        office_code: office_code.to_owned(),
        ..Default::default()
    };
    assert_eq!(reason(&firm.get_claimant_case(look(&other.code)).await.unwrap_err()), denied);
    let typed = claimant.code.to_lowercase().replace('-', " ");
    assert!(!firm.get_claimant_case(look(&typed)).await.unwrap().into_inner().code_needed);
    assert_eq!(code_of(&world, &claimant.case, false).await, claimant.code, "told again, it is the same");
    let renewed = code_of(&world, &claimant.case, true).await;
    assert_eq!(reason(&firm.get_claimant_case(look(&claimant.code)).await.unwrap_err()), denied);
    assert!(!firm.get_claimant_case(look(&renewed)).await.unwrap().into_inner().code_needed);
}

#[tokio::test]
async fn a_code_is_told_by_who_sits_on_the_case_and_to_its_claimant_and_no_table_holds_it() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let case = claimant.case.clone();
    let request = pb::TellClaimantCodeRequest {
        name: case.clone(),
        channel: Channel::Post.into(),
        renewed: true,
        request_id: fresh_id(),
    };
    let first = world.ines().tell_claimant_code(request.clone()).await.unwrap().into_inner();
    assert_eq!(world.ines().tell_claimant_code(request.clone()).await.unwrap().into_inner(), first, "renewed once");
    // Nobody of the firm is told it, nor who has no seat, nor another customer.
    let again = || pb::TellClaimantCodeRequest { request_id: fresh_id(), renewed: false, ..request.clone() };
    for role in [kernel::Role::FirmLiaison, kernel::Role::Agent, kernel::Role::Crm, kernel::Role::OfficeAuditor] {
        let refused = world.as_person("somebody", role).tell_claimant_code(again()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{role}");
    }
    world.hire("inigo", kernel::Role::OfficeIntake, pb::OfficeRole::Intake).await;
    let refused = world.as_person("inigo", kernel::Role::OfficeIntake).tell_claimant_code(again()).await.unwrap_err();
    assert_eq!(reason(&refused).1, "NOT_ASSIGNED");
    let stranger = OTHER.strip_prefix("customers/").unwrap();
    let refused = world.as_person(stranger, kernel::Role::Customer).tell_claimant_code(again()).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "CASE_NOT_FOUND".into()));
    let own = CUSTOMER.strip_prefix("customers/").unwrap();
    let told = world.as_person(own, kernel::Role::Customer).tell_claimant_code(again()).await.unwrap().into_inner();
    assert_eq!(told, first);
    let bad =
        pb::TellClaimantCodeRequest { name: "cases/x".into(), channel: 99, renewed: false, request_id: "x".into() };
    assert_eq!(fields(&world.ines().tell_claimant_code(bad).await.unwrap_err()), ["name", "channel", "request_id"]);
    let noted = world.entries::<pb::ClaimantCodeTold>().await;
    assert_eq!(noted.iter().map(|told| told.renewed).collect::<Vec<_>>(), [false, true, false]);
    // A dump of everything the office stores holds no code.
    let admin = world.database.admin().await;
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'ombudsman'")
            .fetch_all(&admin)
            .await
            .unwrap();
    for table in tables {
        let dump = format!("select coalesce(string_agg(t::text, ' '), '') from ombudsman.{table} t");
        let dump: String = sqlx::query_scalar(sqlx::AssertSqlSafe(dump)).fetch_one(&admin).await.unwrap();
        let bare = first.office_code.replace('-', "");
        let hexed = hex::encode(&first.office_code);
        for code in [first.office_code.as_str(), &bare, &hexed] {
            assert!(!dump.contains(code), "{table}");
        }
    }
}

#[tokio::test]
async fn who_is_asked_to_complete_it_completes_it_with_key_and_proof_and_once() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let early = claimant.client.clone().complete_claimant_case(claimant.completing().await).await.unwrap_err();
    assert_eq!(reason(&early), (Code::FailedPrecondition, "CASE_STATE".into()), "nobody asked");
    let before = claimant.look().await.etag;
    claimant.asked(&world).await;
    let seen = claimant.look().await;
    assert!(seen.options().any(|option| option == O::Complete));
    assert_eq!((seen.cure.unwrap().items.len(), seen.parallel_proceedings), (2, pb::ParallelProceedings::None.into()));

    let stale = pb::CompleteClaimantCaseRequest { etag: before, ..claimant.completing().await };
    let request = claimant.completing().await;
    let refused = claimant.client.clone().complete_claimant_case(stale).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::Aborted, "STALE_ETAG".into()));
    let wrong = pb::CompleteClaimantCaseRequest { proof: "222222".into(), ..request.clone() };
    let refused = claimant.client.clone().complete_claimant_case(wrong).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "KEY_OR_PROOF_UNKNOWN".into()));
    for _ in 0..2 {
        let done = claimant.client.clone().complete_claimant_case(request.clone()).await.unwrap().into_inner();
        assert_eq!(done.state(), S::Registered);
    }
    let case = world.get(&claimant.case).await;
    assert_eq!(case.claim_points.iter().map(|point| point.text.as_str()).collect::<Vec<_>>(), ["Me cobran dos veces"]);
    assert_eq!(case.facts_time, crate::world::time("2026-10-03T00:00:00Z"));
    assert!(case.cure.unwrap().cured_time.is_some());
    let kept = "it was the bill of March\nOtros procedimientos sobre lo mismo: ninguno\nFecha de los hechos: 3 de octubre de 2026\nPunto p1: Me cobran dos veces";
    assert_eq!(world.papers(&claimant.case, pb::DossierKind::Cure).await, [kept]);
    let closed = world.entries::<pb::PartyTermClosed>().await;
    assert_eq!((closed.len(), closed[0].kind(), closed[0].used), (1, pb::PartyTermKind::Cure, true));
    let bad = pb::CompleteClaimantCaseRequest {
        tracking_key: claimant.key.clone(),
        proof: claimant.proof.clone(),
        case_name: "cases/x".into(),
        parallel_proceedings: 77,
        claim_points: vec![pb::ClaimPoint::default()],
        facts_time: Some(prost_types::Timestamp { seconds: 0, nanos: -1 }),
        ..Default::default()
    };
    let refused = claimant.client.clone().complete_claimant_case(bad).await.unwrap_err();
    let expected = [
        "office_code",
        "case_name",
        "etag",
        "parallel_proceedings",
        "facts_time",
        "claim_points[0].text",
        "content",
        "request_id",
    ];
    assert_eq!(fields(&refused), expected);
}

#[tokio::test]
async fn who_stops_says_so_themselves_and_who_sat_on_the_case_is_told_to_who_asks_with_key_and_proof() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let told = claimant.asking_who();
    let wrong = pb::GiveClaimantDisclosureRequest { proof: "222222".into(), ..told.clone() };
    let refused = claimant.client.clone().give_claimant_disclosure(wrong).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "KEY_OR_PROOF_UNKNOWN".into()));
    let statement = claimant.client.clone().give_claimant_disclosure(told.clone()).await.unwrap().into_inner();
    // Seats of one instant stand in no order.
    let mut people: Vec<_> = statement.seats.iter().map(|seat| seat.person.as_str()).collect();
    people.sort_unstable();
    assert_eq!(people, STAFF.map(|(person, ..)| person));
    assert_eq!(claimant.client.clone().give_claimant_disclosure(told).await.unwrap().into_inner(), statement);
    let kept = claimant.read().await.into_iter().filter(|entry| entry.kind() == pb::DossierKind::Disclosure);
    assert_eq!(kept.map(|entry| entry.name).collect::<Vec<_>>(), [statement.dossier_entry]);

    let withdraw = claimant.withdrawing().await;
    let wrong = pb::WithdrawClaimantCaseRequest { proof: "222222".into(), ..withdraw.clone() };
    let refused = claimant.client.clone().withdraw_claimant_case(wrong).await.unwrap_err();
    assert_eq!(reason(&refused).1, "KEY_OR_PROOF_UNKNOWN");
    assert_eq!(world.get(&claimant.case).await.state(), S::Registered);
    for _ in 0..2 {
        let done = claimant.client.clone().withdraw_claimant_case(withdraw.clone()).await.unwrap().into_inner();
        assert_eq!(done.state(), S::Withdrawn);
    }
    assert_eq!(world.papers(&claimant.case, pb::DossierKind::Withdrawal).await, ["they paid me"]);
    assert_eq!(claimant.look().await.options().count(), 0);
    let refused = claimant.client.clone().withdraw_claimant_case(claimant.withdrawing().await).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "CASE_STATE".into()));
    let refused =
        claimant.client.clone().withdraw_claimant_case(pb::WithdrawClaimantCaseRequest::default()).await.unwrap_err();
    assert_eq!(fields(&refused), ["office_code", "tracking_key", "proof", "etag", "statement", "request_id"]);
    let refused = claimant
        .client
        .clone()
        .give_claimant_disclosure(pb::GiveClaimantDisclosureRequest::default())
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["office_code", "tracking_key", "proof", "language", "request_id"]);
}

#[tokio::test]
async fn a_review_leaves_the_case_it_reviews_to_be_read_by_its_name_and_nobody_elses() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let first = claimant.case.clone();
    world.to_draft(&first).await;
    world.decide(&first).await;
    world.days(1);
    let review = act!(world, "elena", review_case, ReviewCaseRequest, &first, cause: "new evidence").unwrap().name;
    // A review has a code of its own, and the case it reviews keeps its.
    for (person, _, role) in STAFF {
        world.assign(&review, person, role).await.unwrap();
    }
    let claimant_of_review = Claimant {
        client: claimant.client.clone(),
        key: claimant.key.clone(),
        proof: claimant.proof.clone(),
        code: code_of(&world, &review, false).await,
        case: review.clone(),
    };
    // Without a name the case is meant that the code opens.
    assert_eq!(claimant.look().await.case_name, first);
    let seen = claimant_of_review.look().await;
    assert_eq!(
        (&seen.case_name, &seen.review_of, seen.other_cases.as_slice()),
        (&review, &first, &[first.clone()][..])
    );
    let reviewed = claimant.look_at(&first).await.unwrap();
    assert_eq!((reviewed.case_name.as_str(), reviewed.other_cases), (first.as_str(), vec![review.clone()]));
    assert!(claimant.read_of(&first).await.iter().any(|entry| entry.kind() == pb::DossierKind::Decision));
    assert!(claimant_of_review.read_of(&review).await.iter().all(|entry| entry.kind() != pb::DossierKind::Decision));
    let stranger = Claimant::of(&world, "es.finance").await;
    for case in [&first, &review] {
        let refused = stranger.look_at(case).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::NotFound, "CASE_NOT_FOUND".into()), "another affair of the same customer");
    }
}

#[tokio::test]
async fn what_is_gathered_of_a_claimants_data_holds_no_offer_they_were_not_told_and_no_note_of_the_firms() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let case = claimant.case.as_str();
    world.to_investigation(case).await;
    act!(world, "liaison", offer_settlement, OfferSettlementRequest, case, terms: "40 euros").unwrap();
    let gathered = async || {
        let caller = world.served.channel_as("customer-profile", &[kernel::Role::Service], None);
        let request = GatherPersonalDataRequest { customers: vec![CUSTOMER.to_owned()] };
        let mut answer =
            PersonalDataServiceClient::new(caller).gather_personal_data(request).await.unwrap().into_inner();
        let mut records = Vec::new();
        while let Some(next) = answer.message().await.unwrap() {
            records.push(next.record.unwrap());
        }
        records
    };
    // Where the offer led the case tells that there is one.
    let stands = |records: &[prost_types::Any]| {
        let case = records.iter().find_map(|record| record.to_msg::<pb::Case>().ok()).unwrap();
        let procedure = records.iter().find_map(|record| record.to_msg::<pb::Procedure>().ok()).unwrap();
        (case.state(), procedure.state(), case.untold_offer_time)
    };
    let nothing_told = (pb::CaseState::Investigation, pb::CaseState::Investigation, None);
    assert_eq!(world.stands(case).await, pb::CaseState::Conciliation);
    assert_eq!(stands(&gathered().await), nothing_told);
    act!(world, "ines", end_conciliation, EndConciliationRequest, case, reasons: "the firm takes it back").unwrap();
    act!(world, "liaison", offer_settlement, OfferSettlementRequest, case, terms: "41 euros").unwrap();
    assert_eq!(stands(&gathered().await), nothing_told);
    let of = |records: &[prost_types::Any]| {
        let papers = records.iter().filter_map(|record| record.to_msg::<pb::DossierEntry>().ok());
        let procedure = records.iter().find_map(|record| record.to_msg::<pb::Procedure>().ok()).unwrap();
        (papers.collect::<Vec<_>>(), procedure.offer)
    };
    let (papers, offer) = of(&gathered().await);
    assert!(offer.is_none() && papers.iter().all(|paper| paper.kind() != pb::DossierKind::Offer));
    assert!(papers.iter().any(|paper| paper.kind() == pb::DossierKind::CorrespondenceSnapshot));
    assert!(papers.iter().all(|paper| paper.kind() != pb::DossierKind::MessagesSnapshot));
    act!(world, "ines", tell_offer, TellOfferRequest, case, channel: Channel::Post).unwrap();
    let (papers, offer) = of(&gathered().await);
    assert!(offer.is_some() && papers.iter().any(|paper| paper.kind() == pb::DossierKind::Offer));
}

#[tokio::test]
async fn who_was_first_to_bring_an_affair_keeps_no_code_that_the_registry_took_back_and_a_seat_that_was_left_replays_none()
 {
    let world = World::staffed().await;
    let opened = crate::claimant::ticket(&world).await;
    let name = opened.ticket.as_ref().unwrap().name.clone();
    let bring = pb::OpenPublicCaseRequest {
        tracking_key: opened.tracking_key.clone(),
        proof: opened.proof.clone(),
        parallel_proceedings: pb::ParallelProceedings::None.into(),
        request_id: fresh_id(),
    };
    let mut firm = OmbudsmanServiceClient::new(world.served.anonymous());
    let first = firm.open_public_case(bring.clone()).await.unwrap().into_inner().office_code;
    assert_eq!(firm.open_public_case(bring.clone()).await.unwrap().into_inner().office_code, first);
    world.received(&name).await;
    let request = pb::ListCasesRequest { ticket: name, ..Default::default() };
    let case = world.ines().list_cases(request).await.unwrap().into_inner().cases[0].name.clone();
    for (person, _, role) in STAFF {
        world.assign(&case, person, role).await.unwrap();
    }
    let renewed = code_of(&world, &case, true).await;
    assert_ne!(renewed, first);
    assert_eq!(
        firm.open_public_case(bring).await.unwrap().into_inner().office_code,
        "",
        "no later code is told by that"
    );
    let look = |office_code: &str| pb::GetClaimantCaseRequest {
        tracking_key: opened.tracking_key.clone(),
        proof: opened.proof.clone(),
        office_code: office_code.to_owned(),
        ..Default::default()
    };
    let mut claimant = Claimant::anonymous(&world);
    let refused = claimant.get_claimant_case(look(&first)).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "OFFICE_CODE_WRONG".into()));
    assert!(!claimant.get_claimant_case(look(&renewed)).await.unwrap().into_inner().code_needed);

    let tell = pb::TellClaimantCodeRequest {
        name: case.clone(),
        channel: Channel::Post.into(),
        renewed: false,
        request_id: fresh_id(),
    };
    assert_eq!(world.ines().tell_claimant_code(tell.clone()).await.unwrap().into_inner().office_code, renewed);
    let last = code_of(&world, &case, true).await;
    let again = world.ines().tell_claimant_code(tell.clone()).await.unwrap().into_inner().office_code;
    assert_eq!((again == renewed, again == last), (true, false), "a repetition tells what it told");
    let step_aside = pb::RecuseFromCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        cause: "a friend of the claimant's".into(),
        request_id: fresh_id(),
    };
    world.ines().recuse_from_case(step_aside).await.unwrap();
    let refused = world.ines().tell_claimant_code(tell).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "NOT_ASSIGNED".into()));
}
