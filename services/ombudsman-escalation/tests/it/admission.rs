//! Admitting, completing, refusing.

use tonic::{Code, Status};
use ventanilla_proto::customer::v1 as customers;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::acts::{propose, refuse};
use crate::substitutes::OTHER;
use crate::world::{CUSTOMER, STAFF, World, fields, fresh_id, open_request, reason, refusal, time};

/// A seated case whose complaint says what the test needs.
async fn seated(world: &World, change: impl FnOnce(&mut pb::OpenCaseRequest)) -> pb::Case {
    let ticket = world.ticket().await;
    let mut request = open_request(&ticket);
    change(&mut request);
    let case = world.ines().open_case(request).await.unwrap().into_inner();
    world.received(&ticket).await;
    for (person, _, role) in STAFF {
        world.assign(&case.name, person, role).await.unwrap();
    }
    case
}

async fn state(world: &World, case: &str, state: &str) -> Status {
    let (code, reason, metadata) = refusal(&world.admit(case).await.unwrap_err());
    assert_eq!((code, reason.as_str(), metadata["state"].as_str()), (Code::FailedPrecondition, "CASE_STATE", state));
    Status::ok("")
}

#[tokio::test]
async fn a_ground_outside_the_closed_list_is_no_ground() {
    let world = World::staffed().await;
    let case = seated(&world, |_| {}).await;
    for unknown in [0, 99] {
        let refused = propose(&world, &case.name, unknown).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::InvalidArgument, "INVALID_REQUEST".into()));
        assert_eq!(fields(&refused), ["ground"]);
    }
}

#[tokio::test]
async fn a_ground_that_the_facts_do_not_bear_out_is_refused_with_its_article() {
    let world = World::staffed().await;
    let case = seated(&world, |_| {}).await;
    let refused = propose(&world, &case.name, pb::InadmissibilityGround::TimeBarred).await.unwrap_err();
    let (code, reason, metadata) = refusal(&refused);
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "GROUND_NOT_MET"));
    assert_eq!(metadata["article"], "Ley 44/2002 art. 29 quater.3.f");
}

#[tokio::test]
async fn a_time_barred_case_is_refused_after_the_claimant_was_given_ten_days() {
    let world = World::staffed().await;
    let case = seated(&world, |request| request.facts_time = time("2019-01-01T00:00:00Z")).await.name;
    let barred = pb::InadmissibilityGround::TimeBarred;
    let proposed = propose(&world, &case, barred).await.unwrap();
    assert_eq!(proposed.state(), pb::CaseState::InadmissibleProposed);

    let (code, reason, metadata) = refusal(&refuse(&world, &case, barred).await.unwrap_err());
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "CLAIMANT_TERM_RUNNING"));
    assert_eq!(metadata["article"], "Ley 44/2002 art. 29 quater.4");

    world.days(11);
    let other = refuse(&world, &case, pb::InadmissibilityGround::Repeated).await.unwrap_err();
    assert_eq!(refusal(&other).1, "GROUND_NOT_MET");
    let refused = refuse(&world, &case, barred).await.unwrap();
    assert_eq!(refused.state(), pb::CaseState::Inadmissible);
    let told = refused.refusal.unwrap();
    assert_eq!((told.signpost.as_str(), told.ground()), ("the courts", barred));
    let last = world.entries::<pb::CaseTransitioned>().await.pop().unwrap();
    assert_eq!((last.to_state(), last.ground()), (pb::CaseState::Inadmissible, barred));
    // The complaint is over, so the ticket may come again.
    let ticket = world.get(&case).await.ticket;
    assert!(world.ines().open_case(open_request(&ticket)).await.is_ok());
}

#[tokio::test]
async fn a_claimant_who_answered_is_not_waited_for() {
    let world = World::staffed().await;
    let case = seated(&world, |request| request.facts_time = time("2019-01-01T00:00:00Z")).await.name;
    propose(&world, &case, pb::InadmissibilityGround::TimeBarred).await.unwrap();
    let request = pb::AddDossierEntryRequest {
        parent: case.clone(),
        kind: pb::DossierKind::ClaimantStatement.into(),
        visibility: pb::DossierVisibility::Parties.into(),
        content: "I only learnt of it this year".into(),
        request_id: fresh_id(),
        ..Default::default()
    };
    world.ines().add_dossier_entry(request).await.unwrap();
    assert!(world.get(&case).await.refusal.unwrap().allegations_time.is_some());
    assert!(refuse(&world, &case, pb::InadmissibilityGround::TimeBarred).await.is_ok());
}

#[tokio::test]
async fn what_can_be_completed_is_asked_for_before_the_case_can_go_on() {
    let world = World::staffed().await;
    let case = seated(&world, |request| {
        request.parallel_proceedings = 0;
        request.facts_time = None;
    })
    .await
    .name;
    let (_, reason, metadata) = refusal(&world.admit(&case).await.unwrap_err());
    assert_eq!((reason.as_str(), metadata["article"].as_str()), ("DECLARATION_MISSING", "Ley 44/2002 art. 29 ter"));
    let early = propose(&world, &case, pb::InadmissibilityGround::EssentialDataMissing).await.unwrap_err();
    assert_eq!(refusal(&early).1, "CURE_FIRST");

    let request = pb::RequestCureRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        items: vec![pb::MissingItem::FactsDate.into(), pb::MissingItem::ParallelProceedingsDeclaration.into()],
        explanation: "say when it happened, and whether a court has it".into(),
        request_id: fresh_id(),
    };
    let asked = world.ines().request_cure(request).await.unwrap().into_inner();
    assert_eq!(asked.state(), pb::CaseState::NeedsCure);
    state(&world, &case, "needs_cure").await;

    let request = pb::ReceiveCureRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        parallel_proceedings: pb::ParallelProceedings::None.into(),
        facts_time: time("2026-09-01T00:00:00Z"),
        content: "it was in September, and no court has it".into(),
        request_id: fresh_id(),
        ..Default::default()
    };
    let cured = world.ines().receive_cure(request).await.unwrap().into_inner();
    assert_eq!(cured.state(), pb::CaseState::Registered);
    assert!(cured.cure.unwrap().cured_time.is_some());
    assert_eq!(world.admit(&case).await.unwrap().state(), pb::CaseState::Admitted);
}

#[tokio::test]
async fn a_case_that_is_not_completed_is_archived_when_the_time_is_over() {
    let world = World::staffed().await;
    let case = seated(&world, |request| request.facts_time = None).await.name;
    let request = pb::RequestCureRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        items: vec![pb::MissingItem::FactsDate.into()],
        explanation: "say when it happened".into(),
        request_id: fresh_id(),
    };
    world.ines().request_cure(request).await.unwrap();
    let missing = pb::InadmissibilityGround::EssentialDataMissing;
    assert_eq!(refusal(&refuse(&world, &case, missing).await.unwrap_err()).1, "CLAIMANT_TERM_RUNNING");
    world.days(11);
    assert_eq!(refuse(&world, &case, missing).await.unwrap().state(), pb::CaseState::ArchivedUncured);
}

#[tokio::test]
async fn the_office_abstains_while_a_court_has_it() {
    let world = World::staffed().await;
    let case =
        seated(&world, |request| request.parallel_proceedings = pb::ParallelProceedings::Pending.into()).await.name;
    let (code, reason, metadata) = refusal(&world.admit(&case).await.unwrap_err());
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "MUST_ABSTAIN"));
    assert_eq!(metadata["article"], "Ley 44/2002 art. 29 quater.3, last paragraph");
}

#[tokio::test]
async fn a_silent_firm_is_waited_for_and_no_longer() {
    let world = World::staffed().await;
    let case = seated(&world, |_| {}).await.name;
    world.admit(&case).await.unwrap();
    let request = |etag: String| pb::StartInvestigationRequest { name: case.clone(), etag, request_id: fresh_id() };
    let early = world.oscar().start_investigation(request(world.etag(&case).await)).await.unwrap_err();
    assert_eq!(refusal(&early).1, "ENTITY_TERM_RUNNING");
    world.days(11);
    let opened = world.oscar().start_investigation(request(world.etag(&case).await)).await.unwrap().into_inner();
    assert_eq!(opened.state(), pb::CaseState::Investigation);
}

#[tokio::test]
async fn the_claimant_stops_and_the_firm_gives_in() {
    let world = World::staffed().await;
    let case = seated(&world, |_| {}).await.name;
    let request = pb::WithdrawCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        statement: "I do not want to go on".into(),
        request_id: fresh_id(),
    };
    assert_eq!(world.ines().withdraw_case(request).await.unwrap().into_inner().state(), pb::CaseState::Withdrawn);
    state(&world, &case, "withdrawn").await;

    let case = seated(&world, |_| {}).await.name;
    world.admit(&case).await.unwrap();
    let request = pb::RectifyCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        proof: "transfer of 41 euros, and the claimant's word that this settles it".into(),
        request_id: fresh_id(),
    };
    assert_eq!(world.ines().rectify_case(request).await.unwrap().into_inner().state(), pb::CaseState::Rectified);
}

#[tokio::test]
async fn who_is_represented_is_heard_once_it_is_proven_that_the_representative_may_act() {
    let world = World::staffed().await;
    let representative = |proof: &str| pb::Representative {
        display_name: "Begoña Arrieta, abogada".into(),
        kind: pb::RepresentativeKind::Authorised.into(),
        proof: proof.into(),
        prove_time: None,
    };
    let case = seated(&world, |request| request.representative = Some(representative(""))).await;
    let shown = case.representative.clone().unwrap();
    assert_eq!(
        (shown.display_name.as_str(), shown.kind(), shown.prove_time),
        ("Begoña Arrieta, abogada", pb::RepresentativeKind::Authorised, None)
    );
    let name = case.name;
    assert_eq!(refusal(&world.admit(&name).await.unwrap_err()).1, "CURE_FIRST");
    let by_sql = "update ombudsman.office_case set state = 'admitted', statement_due_at = now() where case_id = $1";
    assert_eq!(world.rule_broken_by(by_sql, crate::world::uuid_of(&name)).await, "office_case_represented_with_proof");
    let request = pb::RequestCureRequest {
        name: name.clone(),
        etag: world.etag(&name).await,
        items: vec![pb::MissingItem::Representation.into()],
        explanation: "send the power of attorney".into(),
        request_id: fresh_id(),
    };
    world.ines().request_cure(request).await.unwrap();
    let receive = |etag: String, representation_proven: bool| pb::ReceiveCureRequest {
        name: name.clone(),
        etag,
        content: "power of attorney of 3 May".into(),
        representation_proven,
        request_id: fresh_id(),
        ..Default::default()
    };
    let cured = world.ines().receive_cure(receive(world.etag(&name).await, true)).await.unwrap().into_inner();
    assert!(cured.representative.unwrap().prove_time.is_some());
    assert_eq!(world.admit(&name).await.unwrap().state(), pb::CaseState::Admitted);

    // Whoever brings the proof with the complaint is asked for nothing; and the answer that is kept for retries holds no name.
    let case =
        seated(&world, |request| request.representative = Some(representative("power of attorney of 3 May"))).await;
    assert_eq!(world.admit(&case.name).await.unwrap().state(), pb::CaseState::Admitted);
    assert!(
        world.papers(&case.name, pb::DossierKind::Evidence).await.contains(&"power of attorney of 3 May".to_owned())
    );
    let kept: i64 =
        sqlx::query_scalar("select count(*) from ombudsman.request where position('Arrieta'::bytea in answer) > 0")
            .fetch_one(&world.database.admin().await)
            .await
            .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_case_is_acknowledged_with_content_date_hour_and_key_signed_and_for_whom_it_is() {
    let world = World::staffed().await;
    let case = seated(&world, |_| {}).await;
    assert_eq!(case.origin(), pb::CaseOrigin::Direct, "the firm had answered nothing, and its term is not known");
    let request = |format: pb::DocumentFormat| pb::GetAcknowledgementRequest {
        name: format!("{}/acknowledgement", case.name),
        format: format.into(),
    };
    let own = crate::world::CUSTOMER.strip_prefix("customers/").unwrap();
    let mut claimant = world.as_person(own, kernel::Role::Customer);
    let made = claimant.get_acknowledgement(request(pb::DocumentFormat::Text)).await.unwrap().into_inner();
    let text = String::from_utf8(made.content).unwrap();
    let ticket = ventanilla_proto::ticketing::v1::GetTicketRequest { name: case.ticket.clone() };
    let ticket = world.tickets("zoe", "billing").get_ticket(ticket).await.unwrap().into_inner();
    for told in [
        case.name.as_str(),
        "Me cobran dos veces la factura de marzo",
        "Recibida en la oficina: 2026-11-23T09:00:00Z",
        &format!("Clave para seguirla: {}", ticket.tracking_key),
        "No tiene que volver a presentar esta reclamación",
    ] {
        assert!(text.contains(told), "{told} is not in\n{text}");
    }
    let key = world.harness.checkpoint_key();
    let (of, filed) = ombudsman_escalation::document::verify_acknowledgement(&text, &key).unwrap();
    assert_eq!((of.to_string(), filed.to_string()), (case.name.clone(), "2026-11-23T09:00:00Z".to_owned()));
    assert!(ombudsman_escalation::document::verify_acknowledgement(&text.replace("marzo", "abril"), &key).is_err());
    let pdf = world.ines().get_acknowledgement(request(pb::DocumentFormat::Pdf)).await.unwrap().into_inner();
    assert_eq!((pdf.media_type.as_str(), &pdf.content[..5]), ("application/pdf", &b"%PDF-"[..]));
    let mut stranger = world.as_person("0190a000-0000-7000-8000-00000000abcd", kernel::Role::Customer);
    let refused = stranger.get_acknowledgement(request(pb::DocumentFormat::Text)).await.unwrap_err();
    assert_eq!(crate::world::reason(&refused), (Code::NotFound, "CASE_NOT_FOUND".into()));
    let wrong = pb::GetAcknowledgementRequest { name: case.name.clone(), format: 9 };
    assert_eq!(crate::world::fields(&world.ines().get_acknowledgement(wrong).await.unwrap_err()), ["name", "format"]);
}

#[tokio::test]
async fn a_case_that_a_regulator_sent_says_so_and_only_the_office_says_it() {
    let world = World::staffed().await;
    let case = seated(&world, |request| request.regulator_reference = "R-202611-0042".into()).await;
    assert_eq!((case.origin(), case.regulator_reference.as_str()), (pb::CaseOrigin::Regulator, "R-202611-0042"));
    let own = crate::world::CUSTOMER.strip_prefix("customers/").unwrap();
    let ticket = world.ticket().await;
    let request = pb::OpenCaseRequest { regulator_reference: "R-1".into(), ..crate::world::open_request(&ticket) };
    let refused = world.as_person(own, kernel::Role::Customer).open_case(request).await.unwrap_err();
    assert_eq!(crate::world::fields(&refused), ["regulator_reference"]);
}

#[tokio::test]
async fn the_receipt_that_the_claimant_was_given_is_part_of_the_snapshot() {
    use prost::Message as _;
    use ventanilla_proto::ticketing::v1 as tickets;
    let world = World::staffed().await;
    let case = seated(&world, |_| {}).await;
    let request = pb::ListDossierEntriesRequest { parent: case.name.clone(), page_size: 100, ..Default::default() };
    let entries = world.liaison().list_dossier_entries(request).await.unwrap().into_inner().entries;
    let kept: Vec<_> = entries.iter().filter(|entry| entry.kind() == pb::DossierKind::ReceiptSnapshot).collect();
    assert_eq!(kept.len(), 1);
    let request = tickets::GetReceiptRequest { name: format!("{}/receipt", case.ticket) };
    let given = world.tickets("zoe", "billing").get_receipt(request).await.unwrap().into_inner();
    assert_eq!(tickets::Receipt::decode(kept[0].content.as_slice()).unwrap(), given);
    assert_eq!(kept[0].content_type, "application/x-protobuf; messageType=\"ventanilla.ticketing.v1.Receipt\"");
}

#[tokio::test]
async fn what_was_decided_is_recognised_by_who_is_one_person_and_what_is_one_affair_now() {
    let world = World::staffed().await;
    world.profile().link(CUSTOMER, OTHER).await;
    let first = world.told_under("es.general").await;
    let repeated = pb::InadmissibilityGround::Repeated;
    // Another ticket of the same customer is another affair, while nothing makes it the same.
    let second = seated(&world, |_| {}).await;
    let refused = propose(&world, &second.name, repeated).await.unwrap_err();
    assert_eq!(refusal(&refused).1, "GROUND_NOT_MET");
    let ticket = world.get(&first).await.ticket;
    world.merge(&second.ticket, &ticket).await;
    world.one_family(&second.ticket, &ticket).await;
    // Merged by mistake and taken apart again, it is another affair, though for the wall it was one.
    world.unmerge(&second.ticket).await;
    let refused = propose(&world, &second.name, repeated).await.unwrap_err();
    assert_eq!(refusal(&refused).1, "GROUND_NOT_MET", "what was undone bars nobody's complaint");
    world.merge(&second.ticket, &ticket).await;
    let proposed = propose(&world, &second.name, repeated).await.unwrap();
    assert_eq!(proposed.refusal.unwrap().article, "Ley 44/2002 art. 29 quater.3.d");
    world.days(11);
    assert_eq!(refuse(&world, &second.name, repeated).await.unwrap().state(), pb::CaseState::Inadmissible);

    assert_eq!(world.close(&first).await.unwrap().state(), pb::CaseState::Closed);
    // The same ticket once more, by who turned out to be the same person.
    let again = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner();
    for (person, _, role) in STAFF {
        world.assign(&again.name, person, role).await.unwrap();
    }
    let admin = world.database.admin().await;
    let other = crate::world::uuid_of(OTHER);
    sqlx::query("update ombudsman.office_case set customer_id = $1 where case_id = $2")
        .bind(other)
        .bind(crate::world::uuid_of(&again.name))
        .execute(&admin)
        .await
        .unwrap();
    // Whether they are one person now only customer-profile knows: silent, nobody is refused; parted again, they are two.
    world.profile().people.is_silent(true);
    let (code, why, metadata) = refusal(&propose(&world, &again.name, repeated).await.unwrap_err());
    assert_eq!((code, why.as_str()), (Code::Unavailable, "PEER_UNAVAILABLE"));
    assert_eq!(metadata["peer"], "customer-profile");
    world.profile().people.is_silent(false);
    let goes_on_as = |of: &str, name: &str| {
        let customer = Some(customers::Customer { name: name.into(), ..Default::default() });
        let golden = Some(customers::GoldenSection { customer, ..Default::default() });
        world.profile().people.show(customers::CustomerView { name: of.into(), golden, ..Default::default() });
    };
    goes_on_as(CUSTOMER, CUSTOMER);
    goes_on_as(OTHER, OTHER);
    let refused = propose(&world, &again.name, repeated).await.unwrap_err();
    assert_eq!(refusal(&refused).1, "GROUND_NOT_MET");
    goes_on_as(OTHER, CUSTOMER);
    assert!(propose(&world, &again.name, repeated).await.is_ok());
}

#[tokio::test]
async fn a_cure_counts_from_when_it_reached_the_office_whenever_that_is_written_down() {
    let world = World::staffed().await;
    let case = seated(&world, |request| request.parallel_proceedings = 0).await;
    let asked = pb::RequestCureRequest {
        name: case.name.clone(),
        etag: world.etag(&case.name).await,
        items: vec![pb::MissingItem::ParallelProceedingsDeclaration.into()],
        explanation: "is it before a court?".into(),
        request_id: crate::world::fresh_id(),
    };
    world.days(2);
    world.ines().request_cure(asked).await.unwrap();
    world.days(3);
    let by_post = world.in_days(-1);
    let cure = |receive_time: Option<prost_types::Timestamp>, etag: String| pb::ReceiveCureRequest {
        name: case.name.clone(),
        etag,
        parallel_proceedings: pb::ParallelProceedings::None.into(),
        content: "it is not".into(),
        request_id: crate::world::fresh_id(),
        receive_time,
        ..Default::default()
    };
    // Nor before they were asked, though the complaint was there by then: what stood still would then never go on.
    for impossible in [world.in_days(1), world.in_days(-4), world.in_days(-30)] {
        let refused = world.ines().receive_cure(cure(impossible, world.etag(&case.name).await)).await.unwrap_err();
        assert_eq!(crate::world::fields(&refused), ["receive_time"]);
    }
    let done = world.ines().receive_cure(cure(by_post, world.etag(&case.name).await)).await.unwrap().into_inner();
    assert_eq!(done.cure.unwrap().cured_time, by_post);
    // So does the ledger, by which the clocks go.
    let at: Vec<(String, jiff_sqlx::Timestamp)> = sqlx::query_as(
        "select type, occurred_at from (select type, occurred_at, position as place, 0 as waits from ombudsman.ledger
            union all select type, occurred_at, inbox_id, 1 from ombudsman.ledger_inbox) written
          where type like '%PartyTermClosed' or type like '%CaseTransitioned' order by waits, place",
    )
    .fetch_all(&world.database.admin().await)
    .await
    .unwrap();
    let reached = server::parse::time(&mut kernel::Violations::new(), "", by_post.as_ref()).unwrap();
    let of_the_cure: Vec<_> = at.iter().rev().take(2).map(|(_, at)| at.to_jiff()).collect();
    assert_eq!(of_the_cure, [reached, reached]);
}

#[tokio::test]
async fn nothing_is_asked_for_twice_and_nobody_is_archived_for_what_is_there() {
    let world = World::staffed().await;
    let case = seated(&world, |_| {}).await.name;
    let ask = async |items: &[pb::MissingItem]| {
        let request = pb::RequestCureRequest {
            name: case.clone(),
            etag: world.etag(&case).await,
            items: items.iter().map(|item| (*item).into()).collect(),
            explanation: "once more".into(),
            request_id: fresh_id(),
        };
        world.ines().request_cure(request).await
    };
    let answer = async || {
        let request = pb::ReceiveCureRequest {
            name: case.clone(),
            etag: world.etag(&case).await,
            content: "here it is".into(),
            request_id: fresh_id(),
            ..Default::default()
        };
        world.ines().receive_cure(request).await.unwrap();
    };
    ask(&[pb::MissingItem::Documents]).await.unwrap();
    answer().await;
    ask(&[pb::MissingItem::Identity]).await.unwrap();
    answer().await;
    let (code, why, metadata) =
        refusal(&ask(&[pb::MissingItem::Documents, pb::MissingItem::FactsDate]).await.unwrap_err());
    assert_eq!(
        (code, why.as_str(), metadata["items"].as_str()),
        (Code::FailedPrecondition, "ASKED_ALREADY", "documents")
    );
    // The complaint says when it was: asked for it all the same, nobody is archived because they said nothing more.
    ask(&[pb::MissingItem::FactsDate]).await.unwrap();
    world.days(40);
    let refused = refuse(&world, &case, pb::InadmissibilityGround::EssentialDataMissing).await.unwrap_err();
    assert_eq!(refusal(&refused).1, "GROUND_NOT_MET");
}

#[tokio::test]
async fn what_happened_after_a_decision_was_not_decided_by_it() {
    let world = World::staffed().await;
    let first = world.told_under("es.general").await;
    let ticket = world.get(&first).await.ticket;
    world.days(12);
    assert_eq!(world.close(&first).await.unwrap().state(), pb::CaseState::Closed);
    let again = async |of: &str, facts_time| {
        let request = pb::OpenCaseRequest { facts_time, ..open_request(of) };
        let case = world.ines().open_case(request).await.unwrap().into_inner().name;
        for (person, _, role) in STAFF {
            world.assign(&case, person, role).await.unwrap();
        }
        if of != ticket {
            world.merge(of, &ticket).await;
            world.one_family(of, &ticket).await;
        }
        let proposed = propose(&world, &case, pb::InadmissibilityGround::Repeated).await;
        world.withdraw(&case).await.unwrap();
        world.close(&case).await.unwrap();
        proposed
    };
    assert!(again(&ticket, world.in_days(-60)).await.is_ok());
    // What the firm was told before the decision is about nothing that came after it, whatever date is given to it.
    assert!(again(&ticket, world.in_days(-2)).await.is_ok());
    let anew = world.ticket_in("finance").await;
    assert!(again(&anew, world.in_days(-60)).await.is_ok());
    let anew = world.ticket_in("finance").await;
    assert_eq!(refusal(&again(&anew, world.in_days(-2)).await.unwrap_err()).1, "GROUND_NOT_MET", "a new breach");
}

#[tokio::test]
async fn what_was_sent_in_part_is_completed_and_what_proves_a_representative_is_taken_in_whoever_sent_it() {
    let world = World::staffed().await;
    let missing = |request: &mut pb::OpenCaseRequest| {
        request.parallel_proceedings = 0;
        request.facts_time = None;
        request.representative = Some(pb::Representative {
            display_name: "Maite Arrieta".into(),
            kind: pb::RepresentativeKind::Authorised.into(),
            ..Default::default()
        });
    };
    let case = seated(&world, missing).await.name;
    let cure = async |change: &dyn Fn(&mut pb::ReceiveCureRequest)| {
        let mut request = pb::ReceiveCureRequest {
            name: case.clone(),
            etag: world.etag(&case).await,
            content: "a part of it".into(),
            request_id: fresh_id(),
            ..Default::default()
        };
        change(&mut request);
        world.ines().receive_cure(request).await
    };
    let never_asked = cure(&|_| {}).await.unwrap_err();
    assert_eq!(refusal(&never_asked).1, "CASE_STATE");
    let items =
        [pb::MissingItem::ParallelProceedingsDeclaration, pb::MissingItem::FactsDate, pb::MissingItem::Representation];
    let ask = async |items: &[pb::MissingItem]| {
        let request = pb::RequestCureRequest {
            name: case.clone(),
            etag: world.etag(&case).await,
            items: items.iter().map(|item| (*item).into()).collect(),
            explanation: "what is missing".into(),
            request_id: fresh_id(),
        };
        world.ines().request_cure(request).await
    };
    ask(&items).await.unwrap();
    // The date comes first, the declaration a day later, the power of attorney last: none of it is lost by coming in parts.
    let facts_time = world.in_days(-30);
    let first = cure(&|request| request.facts_time = facts_time).await.unwrap().into_inner();
    assert_eq!(first.state(), pb::CaseState::Registered);
    assert_eq!(refusal(&ask(&[pb::MissingItem::FactsDate]).await.unwrap_err()).1, "ASKED_ALREADY", "that is there");
    let second = cure(&|request| request.parallel_proceedings = pb::ParallelProceedings::None.into()).await.unwrap();
    assert_eq!(second.into_inner().state(), pb::CaseState::Registered);
    assert_eq!(refusal(&world.admit(&case).await.unwrap_err()).1, "CURE_FIRST");
    // What the complaint shows to be missing still may be asked for once more.
    ask(&[pb::MissingItem::Representation]).await.unwrap();
    cure(&|request| request.representation_proven = true).await.unwrap();
    assert_eq!(refusal(&cure(&|_| {}).await.unwrap_err()).1, "CASE_STATE", "nothing is missing any more");
    assert_eq!(world.admit(&case).await.unwrap().state(), pb::CaseState::Admitted);
}

#[tokio::test]
async fn whether_papers_are_what_was_asked_for_is_the_offices_to_judge_and_the_claimants_to_answer() {
    let world = World::staffed().await;
    let claimant = crate::claimant::Claimant::of(&world, "es.finance").await;
    let case = claimant.case.clone();
    let missing = pb::InadmissibilityGround::EssentialDataMissing;
    assert_eq!(refusal(&propose(&world, &case, missing).await.unwrap_err()).1, "GROUND_NOT_MET", "nobody asked");
    let ask = pb::RequestCureRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        items: vec![pb::MissingItem::Documents.into()],
        explanation: "the contract".into(),
        request_id: fresh_id(),
    };
    world.ines().request_cure(ask).await.unwrap();
    // They send it as a paper, as the page lets them: that is something sent, which is judged and not archived.
    let paper = claimant.adding(pb::DossierKind::Evidence, "the contract");
    claimant.client.clone().add_claimant_entry(paper).await.unwrap();
    world.days(40);
    assert_eq!(refusal(&refuse(&world, &case, missing).await.unwrap_err()).1, "GROUND_NOT_MET");
    let request = pb::ReceiveCureRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        content: "a paper that is no contract".into(),
        request_id: fresh_id(),
        ..Default::default()
    };
    world.ines().receive_cure(request).await.unwrap();
    let proposed = propose(&world, &case, missing).await.unwrap();
    assert_eq!(proposed.state(), pb::CaseState::InadmissibleProposed, "and they are heard before it is refused");
}
