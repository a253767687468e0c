//! What a claimant sends counts for what it is and from when it came, what is a duplicate of a decided complaint repeats it, and nobody is held up by what was there.

use kernel::Role;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ticketing::v1 as tickets;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::r#type::v1::Channel;

use crate::acts::{propose, propose_repeated, refuse, sent};
use crate::family::backdated;
use crate::world::{STAFF, World, fields, fresh_id, open_request, reason, refusal, time, uuid_of};

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

async fn papers(world: &World, case: &str, kind: pb::DossierKind) -> Vec<String> {
    let list = pb::ListDossierEntriesRequest { parent: case.to_owned(), page_size: 100, ..Default::default() };
    let entries = world.ines().list_dossier_entries(list).await.unwrap().into_inner().entries;
    let of_it = entries.into_iter().filter(|entry| entry.kind() == kind);
    of_it.map(|entry| String::from_utf8(entry.content).unwrap()).collect()
}

#[tokio::test]
async fn a_letter_from_before_a_refusal_was_proposed_answers_nothing_of_it() {
    let world = World::staffed().await;
    let barred = pb::InadmissibilityGround::TimeBarred;
    let case = seated(&world, |request| request.facts_time = time("2019-01-01T00:00:00Z")).await.name;
    world.days(1);
    let letter = world.in_days(0);
    world.days(1);
    propose(&world, &case, barred).await.unwrap();
    world.days(1);
    let taken_in = sent(&world, &case, |request| request.receive_time = letter).await.unwrap();
    assert_eq!(taken_in.refusal.unwrap().allegations_time, None);
    assert_eq!(reason(&refuse(&world, &case, barred).await.unwrap_err()).1, "CLAIMANT_TERM_RUNNING");
    let by_sql = "update ombudsman.office_case set state = 'inadmissible', signpost = 'x', refused_at = proposed_at + interval '1 day' where case_id = $1";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&case)).await, "office_case_refused_after_a_hearing");
    let by_sql =
        "update ombudsman.office_case set allegations_at = proposed_at - interval '1 second' where case_id = $1";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&case)).await, "office_case_allegations_answer_the_proposal");
    let answer = sent(&world, &case, |_| {}).await.unwrap();
    assert!(answer.refusal.unwrap().allegations_time.is_some());
    assert_eq!(refuse(&world, &case, barred).await.unwrap().state(), pb::CaseState::Inadmissible);
}

#[tokio::test]
async fn a_duplicate_of_a_decided_complaint_repeats_it_as_one_that_was_merged_does() {
    let world = World::staffed().await;
    let first = world.told_under("es.general").await;
    let decided = world.get(&first).await.ticket;
    let second = seated(&world, |_| {}).await;
    let repeated = pb::InadmissibilityGround::Repeated;
    assert_eq!(refusal(&propose(&world, &second.name, repeated).await.unwrap_err()).1, "GROUND_NOT_MET");
    let caller = world.ticketing.as_ref().unwrap().channel_as("zoe", &[Role::Agent], Some("billing"));
    let mut relations = RelationServiceClient::new(caller);
    let duplicate = tickets::TicketLink {
        kind: tickets::TicketLinkKind::DuplicateOf.into(),
        to_ticket: decided.clone(),
        ..Default::default()
    };
    let request =
        tickets::LinkTicketsRequest { parent: second.ticket.clone(), link: Some(duplicate), request_id: fresh_id() };
    let link = relations.link_tickets(request).await.unwrap().into_inner();
    let refused = world.admit(&second.name).await.unwrap_err();
    let (_, why, metadata) = refusal(&refused);
    assert_eq!((why.as_str(), metadata["cases"].as_str()), ("REPEATS_DECIDED", first.as_str()));
    // Linked by mistake, it is another affair again.
    let unlink =
        tickets::UnlinkTicketsRequest { name: link.name, reason: "not_the_same".into(), request_id: fresh_id() };
    relations.unlink_tickets(unlink).await.unwrap();
    assert_eq!(refusal(&propose(&world, &second.name, repeated).await.unwrap_err()).1, "GROUND_NOT_MET");
    world.admit(&second.name).await.unwrap();
}

#[tokio::test]
async fn what_was_sent_twice_before_the_decision_repeats_it_as_well() {
    let world = World::staffed().await;
    let first = world.told_under("es.general").await;
    let (second, third) = (seated(&world, |_| {}).await, seated(&world, |_| {}).await);
    backdated(&world, &first).await;
    // It was brought with another beside its own.
    let beside = world.ticket().await;
    let with = "insert into ombudsman.case_ticket (case_id, ticket_id) values ($1, $2)";
    let admin = world.database.admin().await;
    sqlx::query(with).bind(uuid_of(&first)).bind(uuid_of(&beside)).execute(&admin).await.unwrap();
    let caller = world.ticketing.as_ref().unwrap().channel_as("zoe", &[Role::Agent], Some("billing"));
    let mut relations = RelationServiceClient::new(caller);
    for (again, of) in [(second, world.get(&first).await.ticket), (third, beside)] {
        let duplicate = tickets::TicketLink {
            kind: tickets::TicketLinkKind::DuplicateOf.into(),
            to_ticket: of,
            ..Default::default()
        };
        let request =
            tickets::LinkTicketsRequest { parent: again.ticket.clone(), link: Some(duplicate), request_id: fresh_id() };
        relations.link_tickets(request).await.unwrap();
        let (_, why, metadata) = refusal(&world.admit(&again.name).await.unwrap_err());
        assert_eq!((why.as_str(), metadata["cases"].as_str()), ("REPEATS_DECIDED", first.as_str()));
    }
}

#[tokio::test]
async fn what_carries_a_claim_that_nobody_heard_repeats_nothing() {
    let world = World::staffed().await;
    let first = world.told_under("es.general").await;
    let unheard = world.ticket_of(&["La cuota de alta"]).await;
    let again = world.ticket().await;
    backdated(&world, &first).await;
    let caller = world.ticketing.as_ref().unwrap().channel_as("zoe", &[Role::Agent], Some("billing"));
    let duplicate = tickets::TicketLink {
        kind: tickets::TicketLinkKind::DuplicateOf.into(),
        to_ticket: world.get(&first).await.ticket,
        ..Default::default()
    };
    let request = tickets::LinkTicketsRequest { parent: again.clone(), link: Some(duplicate), request_id: fresh_id() };
    RelationServiceClient::new(caller).link_tickets(request).await.unwrap();
    world.merge(&again, &unheard).await;
    let case = world.ines().open_case(open_request(&again)).await.unwrap().into_inner();
    assert_eq!(case.claim_points.len(), 3);
    world.received(&again).await;
    for (person, _, role) in STAFF {
        world.assign(&case.name, person, role).await.unwrap();
    }
    let repeated = pb::InadmissibilityGround::Repeated;
    assert_eq!(refusal(&propose(&world, &case.name, repeated).await.unwrap_err()).1, "GROUND_NOT_MET");
    world.admit(&case.name).await.unwrap();
}

#[tokio::test]
async fn the_office_says_which_decided_complaint_is_repeated_where_the_firm_linked_nothing() {
    let world = World::staffed().await;
    let first = world.told_under("es.general").await;
    let undecided = world.seated_under("es.general").await;
    // A decided case of somebody else, and one that nobody knows.
    let strangers = world.told_under("es.general").await;
    world.of_somebody_else(&strangers).await;
    let nobodys = format!("cases/{}", fresh_id());
    world.days(1);
    let second = seated(&world, |_| {}).await.name;
    let named = [first.as_str(), &undecided, &strangers, &nobodys, &second];
    let refused = propose_repeated(&world, &second, &named).await.unwrap_err();
    assert_eq!(fields(&refused), ["repeats[1]", "repeats[2]", "repeats[3]", "repeats[4]"]);
    assert_eq!(fields(&propose_repeated(&world, &second, &[&first, &first]).await.unwrap_err()), ["repeats[1]"]);
    let many = vec![first.as_str(); 11];
    assert_eq!(fields(&propose_repeated(&world, &second, &many).await.unwrap_err()), ["repeats"]);
    let other = pb::ProposeInadmissibilityRequest {
        name: second.clone(),
        etag: world.etag(&second).await,
        ground: pb::InadmissibilityGround::Vexatious.into(),
        reasons: "x".into(),
        request_id: fresh_id(),
        repeats: vec![first.clone()],
    };
    assert_eq!(fields(&world.ines().propose_inadmissibility(other).await.unwrap_err()), ["repeats"]);

    let proposed = propose_repeated(&world, &second, &[&first]).await.unwrap();
    assert_eq!(proposed.refusal.unwrap().repeats, std::slice::from_ref(&first));
    let told = papers(&world, &second, pb::DossierKind::InadmissibilityProposal).await.remove(0);
    assert!(told.ends_with(&format!("\nRepite lo ya resuelto en {first}.")), "{told}");
    // What they answer is held against it: it was another charge, after the decision.
    let third = seated(&world, |request| request.facts_time = None).await;
    let later = world.in_days(0);
    world.days(1);
    let heard = sent(&world, &second, |_| {}).await.unwrap();
    assert!(heard.refusal.unwrap().allegations_time.is_some());
    let refused = refuse(&world, &second, pb::InadmissibilityGround::Repeated).await.unwrap();
    assert_eq!((refused.state(), refused.refusal.unwrap().repeats), (pb::CaseState::Inadmissible, vec![first.clone()]));
    propose_repeated(&world, &third.name, &[&first]).await.unwrap();
    sent(&world, &third.name, |request| request.facts_time = later).await.unwrap();
    let not_met = refuse(&world, &third.name, pb::InadmissibilityGround::Repeated).await.unwrap_err();
    assert_eq!(reason(&not_met).1, "GROUND_NOT_MET");
}

#[tokio::test]
async fn a_statement_counts_from_when_it_reached_the_office_whenever_it_is_written_into_the_dossier() {
    let world = World::staffed().await;
    let barred = pb::InadmissibilityGround::TimeBarred;
    let case = seated(&world, |request| request.facts_time = time("2019-01-01T00:00:00Z")).await.name;
    let before_it = world.in_days(-400);
    world.days(1);
    let letter = world.in_days(0);
    world.days(1);
    propose(&world, &case, barred).await.unwrap();
    let states = |kind: pb::DossierKind, receive_time| {
        let request = pb::AddDossierEntryRequest {
            parent: case.clone(),
            kind: kind.into(),
            visibility: pb::DossierVisibility::Parties.into(),
            content: b"I knew of nothing before May.".to_vec(),
            request_id: fresh_id(),
            receive_time,
            ..Default::default()
        };
        let mut registry = world.ines();
        async move { registry.add_dossier_entry(request).await }
    };
    let statement = pb::DossierKind::ClaimantStatement;
    for wrong in [before_it, world.in_days(1)] {
        assert_eq!(fields(&states(statement, wrong).await.unwrap_err()), ["receive_time"]);
    }
    assert_eq!(fields(&states(pb::DossierKind::Note, letter).await.unwrap_err()), ["visibility", "receive_time"][1..]);
    states(statement, letter).await.unwrap();
    assert_eq!(world.get(&case).await.refusal.unwrap().allegations_time, None);
    assert_eq!(reason(&refuse(&world, &case, barred).await.unwrap_err()).1, "CLAIMANT_TERM_RUNNING");
    world.days(2);
    let came = world.in_days(-1);
    states(statement, came).await.unwrap();
    assert_eq!(world.get(&case).await.refusal.unwrap().allegations_time, came);
    let ended = world.entries::<pb::HearingEnded>().await;
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert_eq!(refuse(&world, &case, barred).await.unwrap().state(), pb::CaseState::Inadmissible);
}

#[tokio::test]
async fn a_complaint_that_was_complete_goes_on_once_the_time_to_complete_it_is_over() {
    let world = World::staffed().await;
    for barred in [false, true] {
        let case = seated(&world, |request| {
            if barred {
                request.facts_time = time("2019-01-01T00:00:00Z");
            }
        })
        .await
        .name;
        let ask = pb::RequestCureRequest {
            name: case.clone(),
            etag: world.etag(&case).await,
            items: vec![pb::MissingItem::ClaimPoints.into()],
            explanation: "what is claimed?".into(),
            request_id: fresh_id(),
        };
        world.ines().request_cure(ask).await.unwrap();
        assert_eq!(reason(&world.admit(&case).await.unwrap_err()).1, "CASE_STATE", "the claimant's time runs");
        world.days(11);
        let refused = refuse(&world, &case, pb::InadmissibilityGround::EssentialDataMissing).await.unwrap_err();
        assert_eq!(reason(&refused).1, "GROUND_NOT_MET", "nothing was missing");
        let stands = match barred {
            false => world.admit(&case).await.unwrap().state(),
            true => propose(&world, &case, pb::InadmissibilityGround::TimeBarred).await.unwrap().state(),
        };
        let expected = if barred { pb::CaseState::InadmissibleProposed } else { pb::CaseState::Admitted };
        assert_eq!(stands, expected);
        let moves = world.moves(&case).await;
        let last = &moves[moves.len() - 2..];
        assert_eq!(
            last,
            [(pb::CaseState::NeedsCure, pb::CaseState::Registered), (pb::CaseState::Registered, expected)]
        );
        let closed: Vec<_> = world.entries::<pb::PartyTermClosed>().await;
        assert!(closed.iter().any(|one| one.case_name == case && !one.used), "what they had was used by nobody");
    }
}

#[tokio::test]
async fn who_phones_about_what_is_before_the_office_is_told_so_and_sent_no_form() {
    let world = World::staffed().await;
    let case = world.case().await;
    let phoned = pb::OpenCaseRequest { channel: Channel::Phone.into(), ..open_request(&case.ticket) };
    let (_, why, metadata) = refusal(&world.ines().open_case(phoned).await.unwrap_err());
    assert_eq!((why.as_str(), metadata["case"].as_str()), ("TICKET_AT_OFFICE", case.name.as_str()));
    assert!(world.entries::<pb::ContactNotAdmitted>().await.is_empty());
}

#[tokio::test]
async fn when_it_happened_and_was_learnt_of_stands_in_the_papers_and_is_said_later_where_it_was_not() {
    let world = World::staffed().await;
    let case = seated(&world, |request| request.facts_time = time("2023-12-01T12:00:00Z")).await.name;
    let complaint = papers(&world, &case, pb::DossierKind::Complaint).await.remove(0);
    assert!(
        complaint
            .contains("Fecha de los hechos: 1 de diciembre de 2023\nConocidos por quien reclama desde: sin decir\n"),
        "{complaint}"
    );
    let told = papers(&world, &case, pb::DossierKind::Acknowledgement).await.remove(0);
    assert!(told.contains("Fecha de los hechos: 2023-12-01\nConocidos desde: sin decir\n"), "{told}");
    let window = pb::InadmissibilityGround::FilingWindowPassed;
    propose(&world, &case, window).await.unwrap();
    for (wrong, at) in [("before", time("2023-11-30T00:00:00Z")), ("to come", world.in_days(2))] {
        let refused = sent(&world, &case, |request| request.facts_known_time = at).await.unwrap_err();
        assert_eq!(fields(&refused), ["facts_known_time"], "{wrong}");
    }
    let learnt = time("2026-05-05T12:00:00Z");
    let heard = sent(&world, &case, |request| request.facts_known_time = learnt).await.unwrap();
    assert_eq!(heard.facts_known_time, learnt);
    assert_eq!(world.get(&case).await.facts_known_time, learnt);
    let cure = papers(&world, &case, pb::DossierKind::Cure).await.remove(0);
    assert!(cure.ends_with("\nConocidos por quien reclama desde: 5 de mayo de 2026"), "{cure}");
    assert_eq!(reason(&refuse(&world, &case, window).await.unwrap_err()).1, "GROUND_NOT_MET");
    world.admit(&case).await.unwrap();
    // And the facts alone are said to be no later than they were learnt of.
    let knew = seated(&world, |request| {
        request.facts_time = time("2023-12-01T12:00:00Z");
        request.facts_known_time = time("2023-12-20T12:00:00Z");
    });
    let knew = knew.await.name;
    propose(&world, &knew, window).await.unwrap();
    let refused = sent(&world, &knew, |request| request.facts_time = time("2024-01-10T12:00:00Z")).await.unwrap_err();
    assert_eq!(fields(&refused), ["facts_time"]);
    // Both are told where both were said.
    let both = seated(&world, |request| request.facts_known_time = time("2026-10-02T12:00:00Z")).await.name;
    let complaint = papers(&world, &both, pb::DossierKind::Complaint).await.remove(0);
    assert!(complaint.contains("Conocidos por quien reclama desde: 2 de octubre de 2026\n"), "{complaint}");
    let told = papers(&world, &both, pb::DossierKind::Acknowledgement).await.remove(0);
    assert!(told.contains("Conocidos desde: 2026-10-02\n"), "{told}");
}
