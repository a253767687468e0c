//! Bringing a ticket before the office.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;
use ventanilla_proto::ticketing::v1 as tickets;
use ventanilla_proto::r#type::v1::{Channel, Direction};

use crate::world::{CUSTOMER, OFFICE_KEY, World, fields, fresh_id, open_request, reason, refusal, uuid_of};

async fn papers(world: &World, case: &str) -> Vec<pb::DossierEntry> {
    let request = pb::ListDossierEntriesRequest { parent: case.to_owned(), ..Default::default() };
    world.ines().list_dossier_entries(request).await.unwrap().into_inner().entries
}

#[tokio::test]
async fn keeps_the_ticket_as_it_stood_and_names_the_neighbour_that_was_down() {
    let world = World::staffed().await;
    let ticket = world.ticket().await;
    let case = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner();

    assert_eq!(case.state(), pb::CaseState::Registered);
    assert_eq!(case.customer, CUSTOMER);
    let points: Vec<&str> = case.claim_points.iter().map(|point| point.id.as_str()).collect();
    assert_eq!(points, ["p1", "p2"]);

    let papers = papers(&world, &case.name).await;
    let kinds: Vec<pb::DossierKind> = papers.iter().map(|paper| paper.kind()).collect();
    use pb::DossierKind::{
        Acknowledgement, Complaint, CorrespondenceSnapshot, Gap, HistorySnapshot, MessagesSnapshot, ReceiptSnapshot,
        TicketSnapshot,
    };
    let affair = [TicketSnapshot, CorrespondenceSnapshot, MessagesSnapshot, HistorySnapshot, ReceiptSnapshot];
    assert_eq!(kinds, [&[Complaint][..], &affair, &[Gap, Gap, Acknowledgement]].concat());
    let kept: tickets::Ticket = prost::Message::decode(papers[1].content.as_slice()).unwrap();
    assert_eq!(kept.name, ticket);
    let gap = String::from_utf8(papers[6].content.clone()).unwrap();
    assert_eq!(gap, "Falta la copia de los plazos del asunto: el servicio que los cuenta no contestó a tiempo.");
    let gap = String::from_utf8(papers[7].content.clone()).unwrap();
    assert!(gap.starts_with("customer-profile: it knows no such customer"), "{gap}");

    let opened = world.entries::<pb::CaseOpened>().await;
    assert_eq!(
        (opened.len(), opened[0].ticket.as_str(), opened[0].regime.as_str()),
        (1, ticket.as_str(), "es.finance")
    );
    assert_eq!(world.entries::<pb::DossierEntryAdded>().await.len(), 9);
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_answer_even_when_ticketing_is_gone() {
    let mut world = World::staffed().await;
    let request = open_request(&world.ticket().await);
    let first = world.ines().open_case(request.clone()).await.unwrap().into_inner();
    world.ticketing.take().unwrap().kill();
    let again = world.ines().open_case(request.clone()).await.unwrap().into_inner();
    assert_eq!(first, again);
    assert_eq!(again.claim_points[0].text, "Me cobran dos veces la factura de marzo");

    let other = pb::OpenCaseRequest { regime: "es.general".into(), ..request };
    let refused = world.ines().open_case(other).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::AlreadyExists, "REQUEST_ID_REUSED".into()));
}

#[tokio::test]
async fn what_is_kept_for_a_retry_holds_no_words_of_the_claimant() {
    let world = World::staffed().await;
    world.case().await;
    let kept: Vec<Vec<u8>> = sqlx::query_scalar("select answer from ombudsman.request where keep_forever")
        .fetch_all(&world.database.admin().await)
        .await
        .unwrap();
    assert_eq!(kept.len(), 1);
    assert!(!String::from_utf8_lossy(&kept[0]).contains("factura"));
}

#[tokio::test]
async fn nothing_is_opened_while_ticketing_does_not_answer() {
    let mut world = World::staffed().await;
    let request = open_request(&world.ticket().await);
    world.ticketing.take().unwrap().stop().await;
    let before = world.rows().await;
    let refused = world.ines().open_case(request).await.unwrap_err();
    let (code, reason, metadata) = refusal(&refused);
    assert_eq!(
        (code, reason.as_str(), metadata["peer"].as_str()),
        (Code::Unavailable, "PEER_UNAVAILABLE", "ticketing")
    );
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn a_ticket_nobody_knows_and_a_ticket_of_somebody_else_look_the_same() {
    let world = World::staffed().await;
    let unknown = format!("tickets/{}", fresh_id());
    let refused = world.ines().open_case(open_request(&unknown)).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "TICKET_NOT_FOUND".into()));

    let ticket = world.ticket_in("finance").await;
    let as_customer = |id: &str| OmbudsmanServiceClient::new(world.served.channel_as(id, &[Role::Customer], None));
    let refused = as_customer("somebody").open_case(open_request(&ticket)).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "TICKET_NOT_FOUND".into()));
    let own = CUSTOMER.strip_prefix("customers/").unwrap();
    assert!(as_customer(own).open_case(open_request(&ticket)).await.is_ok());
}

#[tokio::test]
async fn an_agent_opens_it_for_the_customer() {
    let world = World::staffed().await;
    let ticket = world.ticket_in("banking").await;
    let mut agent = OmbudsmanServiceClient::new(world.served.channel(Role::Agent));
    let case = agent.open_case(open_request(&ticket)).await.unwrap().into_inner();
    assert_eq!(case.opened_by.unwrap().id, "test-agent");
}

#[tokio::test]
async fn a_ticket_has_one_live_case() {
    let world = World::staffed().await;
    let case = world.case().await;
    let refused = world.ines().open_case(open_request(&case.ticket)).await.unwrap_err();
    let (code, reason, metadata) = refusal(&refused);
    assert_eq!((code, reason.as_str()), (Code::AlreadyExists, "TICKET_AT_OFFICE"));
    assert_eq!(metadata["case"], case.name);
}

#[tokio::test]
async fn a_finance_complaint_by_phone_is_refused_with_the_article() {
    let world = World::staffed().await;
    let ticket = world.ticket().await;
    let by_phone = pb::OpenCaseRequest { channel: Channel::Phone.into(), ..open_request(&ticket) };
    let (code, reason, metadata) = refusal(&world.ines().open_case(by_phone.clone()).await.unwrap_err());
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "CHANNEL_NOT_ADMISSIBLE"));
    assert_eq!(metadata["article"], "Ley 44/2002 art. 29 ter");
    let general = pb::OpenCaseRequest { regime: "es.general".into(), request_id: fresh_id(), ..by_phone };
    assert!(world.ines().open_case(general).await.is_ok());
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let world = World::staffed().await;
    let point = |id: &str, text: &str| pb::ClaimPoint { id: id.into(), text: text.into() };
    let request = pb::OpenCaseRequest {
        ticket: "tickets/x".into(),
        regime: "es.moon".into(),
        channel: 99,
        parallel_proceedings: 77,
        claim_points: vec![point("a", "one"), point("a", "")],
        facts_time: Some(prost_types::Timestamp { seconds: 0, nanos: -1 }),
        request_id: "x".into(),
        representative: Some(pb::Representative { kind: 9, ..Default::default() }),
        ..Default::default()
    };
    let before = world.rows().await;
    let refused = world.ines().open_case(request).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::InvalidArgument, "INVALID_REQUEST".into()));
    let expected = [
        "ticket",
        "regime",
        "channel",
        "parallel_proceedings",
        "claim_points[1].text",
        "claim_points[1].id",
        "facts_time",
        "representative.display_name",
        "representative.kind",
        "request_id",
    ];
    assert_eq!(fields(&refused), expected);
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn who_complains_by_phone_in_finance_is_turned_away_with_a_trace_and_the_form_comes_once() {
    let (world, _monitor) = World::monitored_at("2026-03-02T09:00:00Z").await;
    let ticket = world.ticket().await;
    let request = pb::OpenCaseRequest {
        channel: Channel::Phone.into(),
        facts_time: world.in_days(-30),
        request_id: fresh_id(),
        ..open_request(&ticket)
    };
    for _ in 0..2 {
        let refused = world.ines().open_case(request.clone()).await.unwrap_err();
        let (code, why, metadata) = refusal(&refused);
        assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "CHANNEL_NOT_ADMISSIBLE"));
        assert_eq!(metadata["article"], "Ley 44/2002 art. 29 ter");
    }
    // Another contact is another, whatever id its request brings.
    let other = pb::OpenCaseRequest { ticket: world.ticket().await, ..request.clone() };
    let refused = world.ines().open_case(other).await.unwrap_err();
    assert_eq!(refusal(&refused).1, "CHANNEL_NOT_ADMISSIBLE");
    let mut noted = world.entries::<pb::ContactNotAdmitted>().await;
    assert_eq!(noted.len(), 2);
    noted.truncate(1);
    assert_eq!((noted.len(), noted[0].ticket.as_str(), noted[0].customer.as_str()), (1, ticket.as_str(), CUSTOMER));
    assert!(noted[0].form.contains("Declaración"), "{}", noted[0].form);
    let id = uuid_of(&ticket);
    let kept: (i64, String) = sqlx::query_as(
        "select count(*), max(taken_by) from ombudsman.contact where ticket_id = $1 and channel = 'phone'",
    )
    .bind(id)
    .fetch_one(&world.database.admin().await)
    .await
    .unwrap();
    assert_eq!(kept, (1, "ines".to_owned()));
    let gone = "delete from ombudsman.contact where ticket_id = $1";
    assert_eq!(world.rule_broken_by(gone, id).await, "contact_written_once");
    assert_eq!(world.rows().await.0, 0, "no case came of it");
}

#[tokio::test]
async fn the_sector_of_the_affair_says_which_rules_it_is_heard_under_and_only_the_intake_says_otherwise() {
    let world = World::staffed().await;
    let own = CUSTOMER.strip_prefix("customers/").unwrap();
    let claimant = || OmbudsmanServiceClient::new(world.served.channel_as(own, &[Role::Customer], None));
    let agent = || OmbudsmanServiceClient::new(world.served.channel(Role::Agent));
    let crm = || OmbudsmanServiceClient::new(world.served.channel(Role::Crm));
    for sector in ["finance", "banking", "insurance", "investment", "payment-services"] {
        let ticket = world.ticket_in(sector).await;
        // No complaint of finance leaves its law by naming another: neither its channel nor who hears it.
        for regime in ["es.general", "es.adr"] {
            let left =
                pb::OpenCaseRequest { regime: regime.into(), channel: Channel::Phone.into(), ..open_request(&ticket) };
            for mut caller in [claimant(), agent(), crm()] {
                let refused = caller.open_case(left.clone()).await.unwrap_err();
                assert_eq!(reason(&refused), (Code::InvalidArgument, "INVALID_REQUEST".into()));
                assert_eq!(fields(&refused), ["regime"], "{sector} {regime}");
            }
        }
        let opened = pb::OpenCaseRequest { regime: String::new(), ..open_request(&ticket) };
        assert_eq!(claimant().open_case(opened).await.unwrap().into_inner().regime, "es.finance", "{sector}");
    }
    let general = world.ticket_in("general").await;
    let refused = agent().open_case(open_request(&general)).await.unwrap_err();
    assert_eq!(fields(&refused), ["regime"], "nor does another come under it");
    let taken = world.ines().open_case(open_request(&general)).await.unwrap().into_inner();
    assert_eq!(taken.regime, "es.finance");
    let why = world.papers(&taken.name, pb::DossierKind::Note).await;
    let told = "Se tramita por las normas de las entidades financieras (Ley 44/2002). El asunto se presentó en un sector al que corresponden las normas generales de la oficina (Ley 10/2025 y su reglamento).";
    assert_eq!(why, [told]);
    let future = pb::OpenCaseRequest {
        facts_time: world.in_days(2),
        facts_known_time: world.in_days(3),
        ..open_request(&world.ticket_in("finance").await)
    };
    assert_eq!(fields(&claimant().open_case(future).await.unwrap_err()), ["facts_time"]);
}

#[tokio::test]
async fn who_knows_a_request_of_another_customer_is_told_no_word_of_it() {
    let world = World::staffed().await;
    let ticket = world.ticket_in("finance").await;
    let own = CUSTOMER.strip_prefix("customers/").unwrap();
    let as_customer = |id: &str| OmbudsmanServiceClient::new(world.served.channel_as(id, &[Role::Customer], None));
    let request = open_request(&ticket);
    let opened = as_customer(own).open_case(request.clone()).await.unwrap().into_inner();
    assert_eq!(as_customer(own).open_case(request.clone()).await.unwrap().into_inner(), opened);
    let refused = as_customer("somebody").open_case(request).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "TICKET_NOT_FOUND".into()));
}

#[tokio::test]
async fn an_office_that_is_not_accredited_hears_nothing_as_an_accredited_body() {
    let world = World::staffed().await;
    let ticket = world.ticket_in("general").await;
    world.days(40);
    let adr = || pb::OpenCaseRequest { regime: "es.adr".into(), ..open_request(&ticket) };
    // What an office is unless its settings say otherwise.
    let settings = ombudsman_escalation::Settings::new(world.database.settings_of("ombudsman"), &OFFICE_KEY);
    let plain = world.beside(settings).await;
    let mut ines = OmbudsmanServiceClient::new(plain.channel_as("ines", &[Role::OfficeIntake], None));
    let refused = ines.open_case(adr()).await.unwrap_err();
    assert_eq!(fields(&refused), ["regime"]);
    assert_eq!(world.rows().await.0, 0);
    assert_eq!(world.ines().open_case(adr()).await.unwrap().into_inner().regime, "es.adr");
}

#[tokio::test]
async fn while_the_firms_term_is_not_known_nobody_but_the_office_opens_what_turns_on_it() {
    let world = World::staffed().await;
    let ticket = world.ticket_in("general").await;
    let own = CUSTOMER.strip_prefix("customers/").unwrap();
    let mut claimant = OmbudsmanServiceClient::new(world.served.channel_as(own, &[Role::Customer], None));
    let general = pb::OpenCaseRequest { regime: "es.general".into(), ..open_request(&ticket) };
    let (code, why, metadata) = refusal(&claimant.open_case(general.clone()).await.unwrap_err());
    assert_eq!((code, why.as_str(), metadata["peer"].as_str()), (Code::Unavailable, "PEER_UNAVAILABLE", "sla-monitor"));
    assert_eq!(world.rows().await.0, 0);
    let taken = world.ines().open_case(general).await.unwrap().into_inner();
    assert_eq!(taken.origin(), pb::CaseOrigin::Direct);
}

#[tokio::test]
async fn the_firms_notes_are_the_offices_to_weigh_and_what_the_customer_was_written_is_for_both_parties() {
    use prost::Message as _;
    let world = World::staffed().await;
    let ticket = world.ticket().await;
    let say = |body: &str, public: bool| {
        let visibility = if public { tickets::MessageVisibility::Public } else { tickets::MessageVisibility::Internal };
        let message = tickets::Message {
            visibility: visibility.into(),
            body: body.into(),
            direction: if public { Direction::Outbound.into() } else { 0 },
            channel: if public { Channel::Email.into() } else { 0 },
            ..Default::default()
        };
        tickets::AddMessageRequest {
            parent: ticket.clone(),
            message: Some(message),
            request_id: fresh_id(),
            ..Default::default()
        }
    };
    world.tickets("zoe", "billing").add_message(say("we look into it", true)).await.unwrap();
    world.tickets("zoe", "billing").add_message(say("she always complains", false)).await.unwrap();
    let case = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner();
    let request = pb::ListDossierEntriesRequest { parent: case.name, page_size: 100, ..Default::default() };
    let office = world.ines().list_dossier_entries(request.clone()).await.unwrap().into_inner().entries;
    let firm = world.liaison().list_dossier_entries(request).await.unwrap().into_inner().entries;
    let said = |entries: &[pb::DossierEntry], kind: pb::DossierKind| {
        let kept = entries.iter().find(|entry| entry.kind() == kind)?;
        let told = tickets::ListMessagesResponse::decode(kept.content.as_slice()).unwrap();
        Some(told.messages.into_iter().map(|message| message.body).collect::<Vec<_>>())
    };
    use pb::DossierKind::{CorrespondenceSnapshot, HistorySnapshot, MessagesSnapshot};
    assert_eq!(said(&office, CorrespondenceSnapshot), Some(vec!["we look into it".to_owned()]));
    assert_eq!(said(&office, MessagesSnapshot), Some(vec!["she always complains".to_owned()]));
    assert_eq!(said(&firm, CorrespondenceSnapshot), said(&office, CorrespondenceSnapshot));
    assert_eq!(said(&firm, MessagesSnapshot), None);
    assert!(firm.iter().all(|entry| entry.kind() != HistorySnapshot));
    assert!(office.iter().any(|entry| entry.kind() == HistorySnapshot));
}

#[tokio::test]
async fn what_is_answered_with_the_affair_and_is_another_customers_is_no_paper_of_the_parties() {
    let world = World::staffed().await;
    let (own, other) = (world.ticket().await, world.ticket().await);
    world.merge(&other, &own).await;
    // Merged while both were held to be one person; they were not.
    sqlx::query("update ticketing.ticket set customer_id = $2 where ticket_id = $1")
        .bind(uuid_of(&other))
        .bind(uuid_of(crate::substitutes::OTHER))
        .execute(&world.database.admin().await)
        .await
        .unwrap();
    let case = world.ines().open_case(open_request(&own)).await.unwrap().into_inner();
    let request = pb::ListDossierEntriesRequest { parent: case.name, page_size: 100, ..Default::default() };
    let office = world.ines().list_dossier_entries(request.clone()).await.unwrap().into_inner().entries;
    let firm = world.liaison().list_dossier_entries(request).await.unwrap().into_inner().entries;
    use pb::DossierKind::{CorrespondenceSnapshot, ReceiptSnapshot, TicketSnapshot};
    let count = |entries: &[pb::DossierEntry], kind| entries.iter().filter(|entry| entry.kind() == kind).count();
    for kind in [TicketSnapshot, CorrespondenceSnapshot, ReceiptSnapshot] {
        assert_eq!((count(&office, kind), count(&firm, kind)), (2, 1), "{kind:?}");
    }
}

#[tokio::test]
async fn nothing_that_is_still_to_happen_is_complained_of() {
    let world = World::staffed().await;
    let ticket = world.ticket().await;
    let tomorrow = world.in_days(1);
    let request = pb::OpenCaseRequest { facts_time: tomorrow, ..open_request(&ticket) };
    let refused = world.ines().open_case(request).await.unwrap_err();
    assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec!["facts_time".to_owned()]));
    let request = pb::OpenCaseRequest { facts_known_time: tomorrow, ..open_request(&ticket) };
    let refused = world.ines().open_case(request).await.unwrap_err();
    assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec!["facts_known_time".to_owned()]));
    assert_eq!(world.rows().await.0, 0);

    let request = pb::OpenCaseRequest { facts_time: None, ..open_request(&ticket) };
    let case = world.ines().open_case(request).await.unwrap().into_inner().name;
    world.assign(&case, "ines", pb::OfficeRole::Intake).await.unwrap();
    let request = pb::RequestCureRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        items: vec![pb::MissingItem::FactsDate.into()],
        explanation: "when was it?".into(),
        request_id: fresh_id(),
    };
    world.ines().request_cure(request).await.unwrap();
    let cure = async |facts_time| {
        let request = pb::ReceiveCureRequest {
            name: case.clone(),
            etag: world.etag(&case).await,
            facts_time,
            content: "it was then".into(),
            request_id: fresh_id(),
            ..Default::default()
        };
        world.ines().receive_cure(request).await
    };
    let refused = cure(tomorrow).await.unwrap_err();
    assert_eq!((refused.code(), fields(&refused)), (Code::InvalidArgument, vec!["facts_time".to_owned()]));
    assert!(cure(world.in_days(-9)).await.is_ok());
}
