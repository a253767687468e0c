//! What agents write with: files by reference, mentions, drafts and macros.

use jiff::SignedDuration;
use kernel::Role;
use testkit::Client;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::ScanState;
use ventanilla_proto::ticketing::v1::desk_service_client::DeskServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Direction, Language, LocalizedText};

use crate::departments::{called, put as put_department};
use crate::team::{of_billing, put};
use crate::world::{
    CUSTOMER, Tickets, World, accept, assert_refused, complaint, create_request, fact, fields, fresh_id, get, open,
    resolved, start, started,
};

pub type Desk = DeskServiceClient<Client>;

impl World {
    pub fn desk(&self, subject: &str, role: Role) -> Desk {
        DeskServiceClient::new(self.served.channel_as(subject, &[role], Some("billing")))
    }

    pub fn tickets_of(&self, subject: &str) -> Tickets {
        TicketServiceClient::new(self.served.channel_as(subject, &[Role::Agent], Some("billing")))
    }

    pub fn scanner(&self) -> Desk {
        DeskServiceClient::new(self.served.channel(Role::Service))
    }
}

fn file(number: u8) -> pb::Attachment {
    pb::Attachment {
        uri: format!("s3://expedientes/{number}"),
        file_name: format!("factura {number}.pdf"),
        media_type: "application/pdf".into(),
        size_bytes: 1_000 + i64::from(number),
        sha256: vec![number; 32],
        ..Default::default()
    }
}

pub fn outbound(files: &[u8]) -> pb::Message {
    pb::Message {
        direction: Direction::Outbound.into(),
        visibility: pb::MessageVisibility::Public.into(),
        channel: Channel::Email.into(),
        body: "Le adjuntamos la factura corregida.".into(),
        attachments: files.iter().map(|number| file(*number)).collect(),
        ..Default::default()
    }
}

pub fn note(body: &str, mentions: &[&str]) -> pb::Message {
    pb::Message {
        visibility: pb::MessageVisibility::Internal.into(),
        body: body.into(),
        mentions: mentions.iter().map(|agent| format!("agents/{agent}")).collect(),
        ..Default::default()
    }
}

pub async fn add(agent: &mut Tickets, ticket: &str, message: pb::Message) -> Result<pb::Message, Status> {
    let request = pb::AddMessageRequest {
        parent: ticket.into(),
        message: Some(message),
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.add_message(request).await.map(tonic::Response::into_inner)
}

async fn messages(agent: &mut Tickets, ticket: &str) -> Vec<pb::Message> {
    let request = pb::ListMessagesRequest { parent: ticket.into(), ..Default::default() };
    agent.list_messages(request).await.unwrap().into_inner().messages
}

fn scan_name(number: u8) -> String {
    format!("scans/{}", format!("{number:02x}").repeat(32))
}

pub async fn found(scanner: &mut Desk, number: u8, state: ScanState) -> Result<pb::Scan, Status> {
    let scan = pb::Scan { name: scan_name(number), state: state.into(), ..Default::default() };
    let request = pb::PutScanRequest { scan: Some(scan), request_id: fresh_id() };
    scanner.put_scan(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_to_the_customer_that_was_not_found_clean() {
    let world = World::new().await;
    let (mut agent, mut scanner) = (world.agent(), world.scanner());
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    found(&mut scanner, 1, ScanState::Clean).await.unwrap();
    let refused = add(&mut agent, &ticket, outbound(&[1, 2])).await;
    let refused = assert_refused(refused, Code::FailedPrecondition, "ATTACHMENT_NOT_CLEAN");
    assert_eq!((fact(&refused, "attachment"), fact(&refused, "scan_state")), ("1".into(), "pending".into()));
    assert!(messages(&mut agent, &ticket).await.is_empty());
    for state in [ScanState::Infected, ScanState::Failed] {
        found(&mut scanner, 2, state).await.unwrap();
        let refused = add(&mut agent, &ticket, outbound(&[1, 2])).await;
        assert_refused(refused, Code::FailedPrecondition, "ATTACHMENT_NOT_CLEAN");
    }
    found(&mut scanner, 2, ScanState::Clean).await.unwrap();
    let sent = add(&mut agent, &ticket, outbound(&[1, 2])).await.unwrap();
    assert!(sent.attachments.iter().all(|file| file.scan_state() == ScanState::Clean));
    // One look serves every affair, and a later one is told from then on.
    found(&mut scanner, 1, ScanState::Infected).await.unwrap();
    let listed = messages(&mut agent, &ticket).await;
    let states: Vec<_> = listed[0].attachments.iter().map(|file| file.scan_state()).collect();
    assert_eq!(states, [ScanState::Infected, ScanState::Clean]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_customers_send_waits_to_be_looked_into_each_content_once() {
    let world = World::new().await;
    let (mut agent, mut scanner) = (world.agent(), world.scanner());
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    let inbound = |files: &[u8]| pb::Message { direction: Direction::Inbound.into(), ..outbound(files) };
    let said = add(&mut agent, &ticket, inbound(&[7, 5])).await.unwrap();
    assert_eq!(said.attachments[0], pb::Attachment { scan_state: ScanState::Pending.into(), ..file(7) });
    world.advance(SignedDuration::from_secs(1));
    add(&mut agent, &ticket, inbound(&[5, 3])).await.unwrap();
    found(&mut scanner, 7, ScanState::Failed).await.unwrap();

    let (mut waiting, mut token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListUnscannedFilesRequest { page_size: 1, page_token: token };
        let page = scanner.list_unscanned_files(request).await.unwrap().into_inner();
        waiting.extend(page.files.into_iter().map(|file| (file.sha256[0], file.uri)));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(waiting, [(5, "s3://expedientes/5".to_owned()), (3, "s3://expedientes/3".to_owned())]);

    let looked = scanner.get_scan(pb::GetScanRequest { name: scan_name(7) }).await.unwrap().into_inner();
    assert_eq!(looked.state(), ScanState::Failed);
    let unknown = scanner.get_scan(pb::GetScanRequest { name: scan_name(5) }).await;
    assert_refused(unknown, Code::NotFound, "NOT_FOUND");
    let pending = found(&mut scanner, 5, ScanState::Pending).await;
    let refused = assert_refused(pending, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["scan.state"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_with_files_and_mentions_is_told_at_once() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    let bad = pb::Attachment {
        uri: "data:text/plain,x".into(),
        file_name: "../x".into(),
        media_type: "pdf".into(),
        size_bytes: 0,
        sha256: vec![1; 31],
        ..Default::default()
    };
    let message = pb::Message {
        attachments: vec![file(1), bad],
        mentions: vec!["agents/ana".into(), "agents/ana".into(), "ana".into()],
        ..outbound(&[])
    };
    let refused = assert_refused(add(&mut agent, &ticket, message).await, Code::InvalidArgument, "INVALID_REQUEST");
    let inside =
        ["uri", "file_name", "media_type", "size_bytes", "sha256"].map(|f| format!("message.attachments[1].{f}"));
    let named = ["message.mentions[1]", "message.mentions[2]", "message.mentions"].map(str::to_owned);
    assert_eq!(fields(&refused), [&inside[..], &named[..]].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_named_in_a_note_finds_it_until_they_have_seen_it() {
    let world = World::new().await;
    for subject in ["ana", "luis"] {
        put(&mut world.supervisor(), of_billing(subject)).await.unwrap();
    }
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    let unknown = add(&mut agent, &ticket, note("¿La conoces?", &["ana", "nadie"])).await;
    assert_refused(unknown, Code::FailedPrecondition, "AGENT_UNKNOWN");
    let first = add(&mut agent, &ticket, note("Mira el contador.", &["ana", "luis"])).await.unwrap();
    assert_eq!(first.mentions, ["agents/ana", "agents/luis"]);
    world.advance(SignedDuration::from_secs(1));
    let second = add(&mut agent, &ticket, note("¿Lo has mirado?", &["ana"])).await.unwrap();

    let mut ana = world.desk("ana", Role::Agent);
    let list = |unseen, token: &str| pb::ListMentionsRequest {
        parent: "agents/ana".into(),
        unseen,
        page_size: 1,
        page_token: token.into(),
    };
    let page = ana.list_mentions(list(true, "")).await.unwrap().into_inner();
    assert_eq!(page.mentions[0].message.as_ref(), Some(&second), "the newest first, with the note itself");
    let rest = ana.list_mentions(list(true, &page.next_page_token)).await.unwrap().into_inner();
    assert_eq!(rest.mentions[0].message.as_ref().unwrap().name, first.name);
    assert_eq!((rest.mentions[0].ticket.as_str(), rest.next_page_token.as_str()), (ticket.as_str(), ""));
    assert!(ana.list_mentions(list(false, &page.next_page_token)).await.is_err(), "a token of another list");

    let see = pb::SeeMentionRequest { name: page.mentions[0].name.clone(), request_id: fresh_id() };
    let seen = ana.see_mention(see.clone()).await.unwrap().into_inner();
    assert!(seen.see_time.is_some());
    world.advance(SignedDuration::from_secs(9));
    let again = pb::SeeMentionRequest { request_id: fresh_id(), ..see.clone() };
    assert_eq!(ana.see_mention(again).await.unwrap().into_inner().see_time, seen.see_time, "the first time counts");
    assert_eq!(ana.list_mentions(list(true, "")).await.unwrap().into_inner().mentions.len(), 1);
    assert_eq!(ana.list_mentions(list(false, "")).await.unwrap().into_inner().mentions[0].see_time, seen.see_time);

    let mut luis = world.desk("luis", Role::Agent);
    assert_refused(luis.list_mentions(list(false, "")).await, Code::PermissionDenied, "NOT_YOURS");
    let his = pb::SeeMentionRequest { request_id: fresh_id(), ..see };
    assert_refused(luis.see_mention(his).await, Code::PermissionDenied, "NOT_YOURS");
    assert!(world.desk("boss", Role::Supervisor).list_mentions(list(false, "")).await.is_ok());
    let name = format!("agents/luis/mentions/{}", second.name.rsplit('/').next().unwrap());
    let nowhere = luis.see_mention(pb::SeeMentionRequest { name, request_id: fresh_id() }).await;
    assert_refused(nowhere, Code::NotFound, "NOT_FOUND");
}

pub fn draft_name(agent: &str, ticket: &str) -> String {
    format!("agents/{agent}/drafts/{}", ticket.strip_prefix("tickets/").unwrap())
}

pub async fn keep(
    desk: &mut Desk,
    agent: &str,
    ticket: &str,
    message: pb::Message,
    etag: &str,
) -> Result<pb::Draft, Status> {
    let draft =
        pb::Draft { name: draft_name(agent, ticket), message: Some(message), etag: etag.into(), ..Default::default() };
    let request = pb::PutDraftRequest { draft: Some(draft), request_id: fresh_id() };
    desk.put_draft(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_kept_as_it_is_written_and_gone_once_it_is_sent() {
    let world = World::new().await;
    let (mut ana, mut agent) = (world.desk("ana", Role::Agent), world.tickets_of("ana"));
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    let entries = world.count("entries").await;
    let begun = keep(&mut ana, "ana", &ticket, note("Hablé con", &[]), "").await.unwrap();
    assert_refused(keep(&mut ana, "ana", &ticket, note("Otra pestaña", &[]), "").await, Code::Aborted, "STALE_ETAG");
    let told = pb::Message { name: "tickets/x".into(), create_time: begun.update_time, ..outbound(&[]) };
    let grown = keep(&mut ana, "ana", &ticket, told, &begun.etag).await.unwrap();
    assert_eq!(grown.message, Some(outbound(&[])), "what only the service says is not taken");
    let read = ana.get_draft(pb::GetDraftRequest { name: grown.name.clone() }).await.unwrap().into_inner();
    assert_eq!(read, grown);
    assert_eq!(world.count("entries").await, entries, "nothing of it is in the ledger");

    let send =
        |etag: &str| pb::SendDraftRequest { name: grown.name.clone(), etag: etag.into(), request_id: fresh_id() };
    assert_refused(ana.send_draft(send(&begun.etag)).await, Code::Aborted, "STALE_ETAG");
    let request = send(&grown.etag);
    let sent = ana.send_draft(request.clone()).await.unwrap().into_inner();
    assert_eq!(ana.send_draft(request).await.unwrap().into_inner(), sent, "a retry");
    assert_eq!(messages(&mut agent, &ticket).await, std::slice::from_ref(&sent));
    assert_eq!((sent.body.as_str(), sent.actor.unwrap().id.as_str()), ("Le adjuntamos la factura corregida.", "ana"));
    let gone = ana.get_draft(pb::GetDraftRequest { name: grown.name.clone() }).await;
    assert_refused(gone, Code::NotFound, "NOT_FOUND");
    // What is begun anew is another draft.
    world.advance(SignedDuration::from_secs(1));
    let anew = keep(&mut ana, "ana", &ticket, note("Otra cosa", &[]), "").await.unwrap();
    assert_ne!(anew.etag, begun.etag);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_that_cannot_be_sent_stays() {
    let world = World::new().await;
    let (mut ana, mut agent) = (world.desk("ana", Role::Agent), world.tickets_of("ana"));
    let ticket = resolved(&mut agent).await;
    let kept = keep(&mut ana, "ana", &ticket.name, outbound(&[4]), "").await.unwrap();
    let send = || pb::SendDraftRequest { name: kept.name.clone(), etag: kept.etag.clone(), request_id: fresh_id() };
    assert_refused(ana.send_draft(send()).await, Code::FailedPrecondition, "ATTACHMENT_NOT_CLEAN");
    accept(&world, &ticket).await;
    found(&mut world.scanner(), 4, ScanState::Clean).await.unwrap();
    assert_refused(ana.send_draft(send()).await, Code::FailedPrecondition, "TICKET_OVER");
    assert!(ana.get_draft(pb::GetDraftRequest { name: kept.name.clone() }).await.is_ok());
    let delete = pb::DeleteDraftRequest { name: kept.name.clone(), etag: kept.etag.clone(), request_id: fresh_id() };
    ana.delete_draft(delete.clone()).await.unwrap();
    let twice = pb::DeleteDraftRequest { request_id: fresh_id(), ..delete };
    assert_refused(ana.delete_draft(twice).await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_reads_a_draft_whatever_their_role() {
    let world = World::new().await;
    let (mut ana, mut agent) = (world.desk("ana", Role::Agent), world.tickets_of("ana"));
    let (mut names, mut kept) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let ticket = open(&mut agent).await.ticket.unwrap().name;
        world.advance(SignedDuration::from_secs(1));
        kept.push(keep(&mut ana, "ana", &ticket, note("Entre nosotros", &[]), "").await.unwrap());
        names.push(ticket);
    }
    let mut boss = world.desk("boss", Role::Supervisor);
    let name = kept[0].name.clone();
    assert_refused(
        boss.get_draft(pb::GetDraftRequest { name: name.clone() }).await,
        Code::PermissionDenied,
        "NOT_YOURS",
    );
    let list =
        |token: &str| pb::ListDraftsRequest { parent: "agents/ana".into(), page_size: 2, page_token: token.into() };
    assert_refused(boss.list_drafts(list("")).await, Code::PermissionDenied, "NOT_YOURS");
    let send = pb::SendDraftRequest { name, etag: kept[0].etag.clone(), request_id: fresh_id() };
    assert_refused(boss.send_draft(send).await, Code::PermissionDenied, "NOT_YOURS");
    assert_refused(
        keep(&mut boss, "ana", &names[0], note("Suplantada", &[]), &kept[0].etag).await,
        Code::PermissionDenied,
        "NOT_YOURS",
    );
    let page = ana.list_drafts(list("")).await.unwrap().into_inner();
    let rest = ana.list_drafts(list(&page.next_page_token)).await.unwrap().into_inner();
    let found: Vec<pb::Draft> = [page.drafts, rest.drafts].concat();
    kept.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(found, kept, "in the order of their affairs");
}

fn texts(said: &[(Language, &str)]) -> Vec<LocalizedText> {
    said.iter().map(|(language, text)| LocalizedText { language: (*language).into(), text: (*text).into() }).collect()
}

fn greeting() -> pb::Macro {
    pb::Macro {
        name: "macros/pedimos-lectura".into(),
        title: "Pedimos la lectura".into(),
        department: "billing".into(),
        visibility: pb::MessageVisibility::Public.into(),
        texts: texts(&[
            (Language::Es, "Sobre {subject} ({tracking_key}): hemos pedido la lectura."),
            (Language::En, "About {subject} ({tracking_key}): we have asked for the reading."),
        ]),
        change: Some(pb::r#macro::Change::Hold(pb::HoldChange { reason: "awaiting_meter_reading".into() })),
        ..Default::default()
    }
}

async fn put_macro(desk: &mut Desk, kept: pb::Macro) -> Result<pb::Macro, Status> {
    let request = pb::PutMacroRequest { r#macro: Some(kept), request_id: fresh_id() };
    desk.put_macro(request).await.map(tonic::Response::into_inner)
}

fn applied(kept: &pb::Macro, ticket: &pb::Ticket) -> pb::ApplyMacroRequest {
    pb::ApplyMacroRequest {
        name: kept.name.clone(),
        ticket: ticket.name.clone(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_macro_names_the_department_as_the_house_does_in_the_language_of_its_text() {
    let world = World::new().await;
    let (mut ana, mut agent) = (world.desk("ana", Role::Agent), world.tickets_of("ana"));
    let told = texts(&[(Language::Es, "Lo tiene {department}."), (Language::En, "It is with {department}.")]);
    let kept = put_macro(&mut ana, pb::Macro { texts: told, ..greeting() }).await.unwrap();
    let mut said = Vec::new();
    for named in [false, true] {
        if named {
            put_department(&mut world.supervisor(), called("billing", "Facturación", "Billing")).await.unwrap();
        }
        for language in [Language::Es, Language::En, Language::Gl] {
            let ticket = pb::Ticket { language: language.into(), ..complaint() };
            let ticket = agent.create_ticket(create_request(ticket)).await.unwrap().into_inner().ticket.unwrap();
            let preview = pb::PreviewMacroRequest { name: kept.name.clone(), ticket: ticket.name };
            said.push(ana.preview_macro(preview).await.unwrap().into_inner().body);
        }
    }
    let unnamed = ["Lo tiene billing.", "It is with billing.", "Lo tiene billing."];
    let named = ["Lo tiene Facturación.", "It is with Billing.", "Lo tiene Facturación."];
    assert_eq!(said, [unnamed, named].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_macro_says_and_does_in_one_what_it_is_kept_for() {
    let world = World::new().await;
    let (mut ana, mut agent) = (world.desk("ana", Role::Agent), world.tickets_of("ana"));
    let kept = put_macro(&mut ana, greeting()).await.unwrap();
    assert_eq!(ana.get_macro(pb::GetMacroRequest { name: kept.name.clone() }).await.unwrap().into_inner(), kept);
    let english = pb::Ticket { language: Language::En.into(), ..complaint() };
    let opened = agent.create_ticket(create_request(english)).await.unwrap().into_inner().ticket.unwrap();
    let ticket = start(&mut agent, &opened).await.unwrap();
    let told = format!("About {} ({}): we have asked for the reading.", ticket.subject, ticket.tracking_key);
    let preview = pb::PreviewMacroRequest { name: kept.name.clone(), ticket: ticket.name.clone() };
    assert_eq!(ana.preview_macro(preview).await.unwrap().into_inner().body, told);
    assert!(messages(&mut agent, &ticket.name).await.is_empty(), "a preview says nothing");

    let request = applied(&kept, &ticket);
    let done = ana.apply_macro(request.clone()).await.unwrap().into_inner();
    assert_eq!(ana.apply_macro(request).await.unwrap().into_inner(), done, "a retry");
    let (message, now) = (done.message.unwrap(), done.ticket.unwrap());
    assert_eq!((message.body.as_str(), message.direction()), (told.as_str(), Direction::Outbound));
    assert_eq!(message.channel(), ticket.channel());
    assert_eq!((now.state(), now.state_reason.as_str()), (pb::TicketState::Held, "awaiting_meter_reading"));
    assert_eq!(get(&mut agent, &ticket.name).await, now);
    assert_eq!(messages(&mut agent, &ticket.name).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_owned_and_a_macro_holds_is_whose_macro_it_was() {
    let world = World::new().await;
    let (mut ana, mut agent) = (world.desk("ana", Role::Agent), world.tickets_of("ana"));
    let kept = put_macro(&mut ana, greeting()).await.unwrap();
    let ticket = started(&mut agent).await;
    assert_eq!(ticket.owner, "", "who is no agent here owns nothing");
    world.employ(&["ana"]).await;
    let held = ana.apply_macro(applied(&kept, &ticket)).await.unwrap().into_inner().ticket.unwrap();
    assert_eq!((held.state(), held.owner.as_str()), (pb::TicketState::Held, "ana"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_macro_that_is_refused_nothing_is_said_and_nothing_done() {
    let world = World::new().await;
    let (mut ana, mut agent) = (world.desk("ana", Role::Agent), world.tickets_of("ana"));
    let kept = put_macro(&mut ana, greeting()).await.unwrap();
    let unstarted = open(&mut agent).await.ticket.unwrap();
    let refused = ana.apply_macro(applied(&kept, &unstarted)).await;
    assert_refused(refused, Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED");
    assert!(messages(&mut agent, &unstarted.name).await.is_empty());
    // Nobody owns it, so nobody's name can be told; who writes it by hand may.
    let owner = pb::Macro {
        name: "macros/le-lleva".into(),
        texts: texts(&[(Language::Es, "Le lleva {owner_name}, hasta el {answer_due}.")]),
        change: None,
        ..greeting()
    };
    let kept = put_macro(&mut ana, owner).await.unwrap();
    let ticket = started(&mut agent).await;
    let refused = ana.apply_macro(applied(&kept, &ticket)).await;
    let refused = assert_refused(refused, Code::FailedPrecondition, "MACRO_LACKS");
    assert_eq!(fact(&refused, "placeholder"), "owner_name");
    let by_hand =
        pb::ApplyMacroRequest { body: "Le llevo yo.".into(), channel: Channel::Sms.into(), ..applied(&kept, &ticket) };
    let done = ana.apply_macro(by_hand).await.unwrap().into_inner().message.unwrap();
    assert_eq!((done.body.as_str(), done.channel()), ("Le llevo yo.", Channel::Sms));
    let offer = pb::Macro {
        name: "macros/oferta".into(),
        texts: texts(&[(Language::Es, "¿Quiere el doble de megas?")]),
        sales_offer: true,
        change: None,
        ..greeting()
    };
    let kept = put_macro(&mut ana, offer).await.unwrap();
    let cut_off = pb::Ticket { topic: "continuity".into(), customer: CUSTOMER.into(), ..complaint() };
    let cut_off = agent.create_ticket(create_request(cut_off)).await.unwrap().into_inner().ticket.unwrap();
    let refused = ana.apply_macro(applied(&kept, &cut_off)).await;
    assert_refused(refused, Code::FailedPrecondition, "SALES_OFFER_NOT_ALLOWED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_of_a_macro_is_answered_though_it_would_be_filled_in_otherwise_now() {
    let world = World::new().await;
    let mut named = of_billing("ana");
    named.public_name = "Ana R.".into();
    put(&mut world.supervisor(), named).await.unwrap();
    let (mut ana, mut agent) = (world.desk("ana", Role::Agent), world.tickets_of("ana"));
    let to_queue =
        pb::TransferChange { to_department: "network".into(), reason: "needs_specialist".into(), ..Default::default() };
    let goodbye = pb::Macro {
        name: "macros/pasa".into(),
        texts: texts(&[(Language::Es, "Hasta hoy lo llevaba {owner_name}.")]),
        change: Some(pb::r#macro::Change::Transfer(to_queue)),
        ..greeting()
    };
    let kept = put_macro(&mut ana, goodbye).await.unwrap();
    let owned = pb::Ticket { owner: "ana".into(), ..complaint() };
    let ticket = agent.create_ticket(create_request(owned)).await.unwrap().into_inner().ticket.unwrap();
    let request = pb::ApplyMacroRequest { handover: "Ya mandó la lectura.".into(), ..applied(&kept, &ticket) };
    let done = ana.apply_macro(request.clone()).await.unwrap().into_inner();
    assert_eq!(done.message.as_ref().unwrap().body, "Hasta hoy lo llevaba Ana R..");
    assert_eq!(done.ticket.as_ref().unwrap().owner, "");
    let delete = pb::DeleteMacroRequest { name: kept.name.clone(), etag: kept.etag.clone(), request_id: fresh_id() };
    ana.delete_macro(delete).await.unwrap();
    assert_eq!(ana.apply_macro(request).await.unwrap().into_inner(), done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_macro_that_speaks_to_the_customer_hands_on_no_affair_without_what_is_known() {
    let world = World::new().await;
    let (mut ana, mut agent) = (world.desk("ana", Role::Agent), world.tickets_of("ana"));
    let to_queue =
        pb::TransferChange { to_department: "network".into(), reason: "needs_specialist".into(), ..Default::default() };
    let goodbye = pb::Macro {
        name: "macros/pasa".into(),
        texts: texts(&[(Language::Es, "Lo pasamos al equipo de red.")]),
        change: Some(pb::r#macro::Change::Transfer(to_queue)),
        ..greeting()
    };
    let aloud = put_macro(&mut ana, goodbye.clone()).await.unwrap();
    let note =
        pb::Macro { name: "macros/nota".into(), visibility: pb::MessageVisibility::Internal.into(), ..goodbye.clone() };
    let note = put_macro(&mut ana, note).await.unwrap();
    let only_said =
        put_macro(&mut ana, pb::Macro { name: "macros/dice".into(), change: None, ..goodbye }).await.unwrap();
    let ticket = agent.create_ticket(create_request(complaint())).await.unwrap().into_inner().ticket.unwrap();
    let silent = ana.apply_macro(applied(&aloud, &ticket)).await;
    let refused = assert_refused(silent, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["handover"]);
    let nobody_takes_over = pb::ApplyMacroRequest { handover: "Ya llamó.".into(), ..applied(&only_said, &ticket) };
    let refused = assert_refused(ana.apply_macro(nobody_takes_over).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["handover"]);
    let list = pb::ListMessagesRequest { parent: ticket.name.clone(), ..Default::default() };
    assert_eq!(agent.list_messages(list.clone()).await.unwrap().into_inner().messages, [], "nobody was told anything");
    let said = pb::ApplyMacroRequest { handover: "Ya mandó la lectura.".into(), ..applied(&aloud, &ticket) };
    let done = ana.apply_macro(said).await.unwrap().into_inner().ticket.unwrap();
    assert_eq!(done.department, "network");
    let told = agent.list_messages(list.clone()).await.unwrap().into_inner().messages;
    let told: Vec<_> = told.iter().map(|message| (message.body.as_str(), message.visibility())).collect();
    let (public, internal) = (pb::MessageVisibility::Public, pb::MessageVisibility::Internal);
    assert_eq!(told, [("Lo pasamos al equipo de red.", public), ("Ya mandó la lectura.", internal)]);
    // A note says it itself.
    let back = pb::TransferTicketRequest {
        name: done.name.clone(),
        to_department: "billing".into(),
        reason: "needs_specialist".into(),
        handover: "Era de facturas.".into(),
        etag: done.etag,
        request_id: fresh_id(),
        ..Default::default()
    };
    let back = agent.transfer_ticket(back).await.unwrap().into_inner();
    assert_eq!(
        ana.apply_macro(applied(&note, &back)).await.unwrap().into_inner().ticket.unwrap().department,
        "network"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_made_a_macro_and_supervisors_change_it_and_all_find_it() {
    let world = World::new().await;
    let (mut ana, mut luis) = (world.desk("ana", Role::Agent), world.desk("luis", Role::Agent));
    let kept = put_macro(&mut ana, greeting()).await.unwrap();
    let theirs = pb::Macro { title: "Mía".into(), ..kept.clone() };
    assert_refused(put_macro(&mut luis, theirs.clone()).await, Code::PermissionDenied, "NOT_YOURS");
    let by_boss = put_macro(&mut world.desk("boss", Role::Supervisor), theirs).await.unwrap();
    assert_eq!((by_boss.title.as_str(), by_boss.actor), ("Mía", kept.actor.clone()));
    assert_refused(put_macro(&mut ana, greeting()).await, Code::Aborted, "STALE_ETAG");
    let for_all = pb::Macro { name: "macros/adios".into(), department: String::new(), ..greeting() };
    put_macro(&mut luis, for_all).await.unwrap();
    let elsewhere = pb::Macro { name: "macros/red".into(), department: "network".into(), ..greeting() };
    put_macro(&mut luis, elsewhere).await.unwrap();
    let list = pb::ListMacrosRequest { department: "billing".into(), ..Default::default() };
    let listed = luis.list_macros(list).await.unwrap().into_inner().macros;
    assert_eq!(listed.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["macros/adios", "macros/pedimos-lectura"]);
    let delete = pb::DeleteMacroRequest { name: kept.name.clone(), etag: by_boss.etag, request_id: fresh_id() };
    assert_refused(luis.delete_macro(delete.clone()).await, Code::PermissionDenied, "NOT_YOURS");
    let own = pb::DeleteMacroRequest { request_id: fresh_id(), ..delete };
    ana.delete_macro(own).await.unwrap();
    assert_refused(ana.get_macro(pb::GetMacroRequest { name: kept.name }).await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_with_a_macro_is_told_at_once() {
    let world = World::new().await;
    let mut ana = world.desk("ana", Role::Agent);
    let wrong = pb::Macro {
        name: "macros/No".into(),
        title: String::new(),
        department: "Billing".into(),
        visibility: pb::MessageVisibility::Internal.into(),
        sales_offer: true,
        texts: texts(&[(Language::Es, "Hola {nombre}"), (Language::Unspecified, "Hello"), (Language::En, "a } b")]),
        change: Some(pb::r#macro::Change::Hold(pb::HoldChange { reason: "No".into() })),
        ..Default::default()
    };
    let refused = assert_refused(put_macro(&mut ana, wrong).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(
        fields(&refused),
        [
            "macro.sales_offer",
            "macro.texts[0].text",
            "macro.texts[1].language",
            "macro.texts[2].text",
            "macro.hold.reason",
            "macro.name",
            "macro.title",
            "macro.department",
        ]
    );
    let about_somebody = pb::TransferChange {
        to_department: "network".into(),
        handover: "La señora Pérez ya mandó la lectura.".into(),
        ..Default::default()
    };
    let personal = pb::Macro { change: Some(pb::r#macro::Change::Transfer(about_somebody)), ..greeting() };
    let refused = assert_refused(put_macro(&mut ana, personal).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["macro.transfer.handover", "macro.transfer.reason"]);
    let unread = pb::Macro { texts: texts(&[(Language::En, "Hello")]), ..greeting() };
    let refused = assert_refused(put_macro(&mut ana, unread).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["macro.texts"]);
}
