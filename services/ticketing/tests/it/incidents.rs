//! IncidentService: OpenIncident, AddAffected, RemoveAffected, TellAffected, and what each affair hears.

use std::time::Duration;

use kernel::Role;
use testkit::{Client, eventually};
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::incident_service_client::IncidentServiceClient;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Direction, Language};

use crate::world::{
    Tickets, World, accept, assert_refused, complaint, create_request, fields, fresh_id, open, resolved, serve, time,
};

const LIMIT: Duration = Duration::from_secs(20);
const SALES: &str = "SALES_OFFER_NOT_ALLOWED";
const NOBODY: &str = "tickets/0190a000-0000-7000-8000-0000000000ff";

type Incidents = IncidentServiceClient<Client>;

fn supervisor(world: &World) -> Incidents {
    IncidentServiceClient::new(world.served.channel(Role::Supervisor))
}

async fn opened(supervisor: &mut Incidents) -> pb::Incident {
    let incident = pb::Incident {
        title: "Sin fibra en Móstoles".into(),
        department: "network-ops".into(),
        topic: "continuity".into(),
        start_time: time("2026-11-23T07:10:00Z"),
        ..Default::default()
    };
    let request = pb::OpenIncidentRequest { incident: Some(incident), request_id: fresh_id() };
    supervisor.open_incident(request).await.unwrap().into_inner()
}

async fn add(
    supervisor: &mut Incidents,
    incident: &pb::Incident,
    tickets: &[&str],
) -> (Vec<pb::AffectedOutcome>, pb::Incident) {
    let request = pb::AddAffectedRequest {
        name: incident.name.clone(),
        tickets: tickets.iter().map(|&name| name.to_owned()).collect(),
        request_id: fresh_id(),
    };
    let answer = supervisor.add_affected(request).await.unwrap().into_inner();
    let named: Vec<&str> = answer.results.iter().map(|result| result.ticket.as_str()).collect();
    assert_eq!(named, tickets, "in the order of the request");
    (answer.results.iter().map(pb::AffectedTicket::outcome).collect(), answer.incident.unwrap())
}

fn spanish(text: &str) -> pb::IncidentText {
    pb::IncidentText { language: Language::Es.into(), text: text.into() }
}

async fn tell(
    supervisor: &mut Incidents,
    incident: &pb::Incident,
    update: pb::IncidentUpdate,
) -> Result<pb::IncidentUpdate, Status> {
    let current = get(supervisor, incident).await;
    let request = pb::TellAffectedRequest {
        parent: incident.name.clone(),
        update: Some(update),
        etag: current.etag,
        request_id: fresh_id(),
    };
    supervisor.tell_affected(request).await.map(tonic::Response::into_inner)
}

async fn say(supervisor: &mut Incidents, incident: &pb::Incident, text: &str) -> pb::IncidentUpdate {
    tell(supervisor, incident, pb::IncidentUpdate { texts: vec![spanish(text)], ..Default::default() }).await.unwrap()
}

async fn get(supervisor: &mut Incidents, incident: &pb::Incident) -> pb::Incident {
    let request = pb::GetIncidentRequest { name: incident.name.clone() };
    supervisor.get_incident(request).await.unwrap().into_inner()
}

async fn updates(supervisor: &mut Incidents, incident: &pb::Incident) -> Vec<pb::IncidentUpdate> {
    let request = pb::ListIncidentUpdatesRequest { parent: incident.name.clone(), ..Default::default() };
    supervisor.list_incident_updates(request).await.unwrap().into_inner().updates
}

/// The updates, once nobody waits for one.
pub async fn all_told(supervisor: &Incidents, incident: &pb::Incident) -> Vec<pb::IncidentUpdate> {
    eventually(LIMIT, || {
        let mut supervisor = supervisor.clone();
        async move {
            let updates = updates(&mut supervisor, incident).await;
            if updates.iter().all(|update| update.waiting_count == 0) { Ok(updates) } else { Err(updates) }
        }
    })
    .await
}

async fn messages(agent: &mut Tickets, ticket: &str) -> Vec<pb::Message> {
    let list = pb::ListMessagesRequest { parent: ticket.into(), page_size: 100, ..Default::default() };
    agent.list_messages(list).await.unwrap().into_inner().messages
}

async fn heard(agent: &mut Tickets, ticket: &str) -> Vec<String> {
    messages(agent, ticket).await.into_iter().map(|message| message.body).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_is_opened_read_and_found() {
    let world = World::new().await;
    let mut supervisor = supervisor(&world);
    let first = opened(&mut supervisor).await;
    assert_eq!((first.state(), first.affected_count, first.update_count), (pb::IncidentState::Open, 0, 0));
    assert_eq!((first.start_time, first.expected_end_time), (time("2026-11-23T07:10:00Z"), None));
    assert_eq!(get(&mut supervisor, &first).await, first);
    world.advance(jiff::SignedDuration::from_mins(1));
    let second = opened(&mut supervisor).await;
    let over = pb::IncidentUpdate { texts: vec![spanish("Ya funciona.")], over: true, ..Default::default() };
    tell(&mut supervisor, &second, over).await.unwrap();

    let mut list = pb::ListIncidentsRequest { page_size: 1, ..Default::default() };
    let page = supervisor.list_incidents(list.clone()).await.unwrap().into_inner();
    assert_eq!(page.incidents[0].name, second.name, "the newest first");
    list.page_token = page.next_page_token;
    let page = supervisor.list_incidents(list).await.unwrap().into_inner();
    assert_eq!((page.incidents[0].name.as_str(), page.next_page_token.as_str()), (first.name.as_str(), ""));
    let lasting = pb::ListIncidentsRequest { open_only: true, department: "network-ops".into(), ..Default::default() };
    assert_eq!(supervisor.list_incidents(lasting).await.unwrap().into_inner().incidents, [first]);
    let others = pb::ListIncidentsRequest { department: "billing".into(), ..Default::default() };
    assert!(supervisor.list_incidents(others).await.unwrap().into_inner().incidents.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_affair_that_is_said_to_be_affected_has_its_own_outcome() {
    use pb::AffectedOutcome as O;
    let world = World::new().await;
    let (mut supervisor, mut agent) = (supervisor(&world), world.agent());
    let (incident, other) = (opened(&mut supervisor).await, opened(&mut supervisor).await);
    let mine = open(&mut agent).await.ticket.unwrap();
    let theirs = open(&mut agent).await.ticket.unwrap();
    let done = resolved(&mut agent).await;
    let done = accept(&world, &done).await;
    add(&mut supervisor, &other, &[&theirs.name]).await;

    let (outcomes, counted) = add(&mut supervisor, &incident, &[&done.name, NOBODY, &mine.name, &theirs.name]).await;
    assert_eq!(outcomes, [O::TicketOver, O::TicketNotFound, O::Added, O::OfAnother]);
    assert_eq!(counted.affected_count, 1);
    assert_eq!(get(&mut supervisor, &incident).await, counted);
    assert_eq!(counted.etag, incident.etag, "who decides what to tell is not disturbed by who joins");
    assert_eq!(add(&mut supervisor, &incident, &[&mine.name]).await.0, [O::AlreadyThere]);

    let request = pb::GetTicketRequest { name: mine.name.clone() };
    assert_eq!(agent.get_ticket(request).await.unwrap().into_inner().incident, incident.name);
    let list = pb::ListTicketsRequest { incident: incident.name.clone(), ..Default::default() };
    let listed: Vec<_> = agent.list_tickets(list).await.unwrap().into_inner().tickets;
    assert_eq!(listed.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), [&mine.name]);

    let twice = pb::AddAffectedRequest {
        name: incident.name.clone(),
        tickets: vec![mine.name.clone(), mine.name.clone()],
        request_id: fresh_id(),
    };
    assert_eq!(fields(&supervisor.add_affected(twice).await.unwrap_err()), ["tickets[1]"]);
    let none = pb::AddAffectedRequest { name: incident.name, tickets: Vec::new(), request_id: fresh_id() };
    assert_eq!(fields(&supervisor.add_affected(none).await.unwrap_err()), ["tickets"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_told_in_their_language_by_a_channel_that_reaches_them() {
    let world = World::new().await;
    let (mut supervisor, mut agent) = (supervisor(&world), world.agent());
    let incident = opened(&mut supervisor).await;
    let reports = [
        (Channel::Phone, Language::Es, Channel::Sms, "Se ha roto una fibra."),
        (Channel::Email, Language::En, Channel::Email, "A fibre is broken."),
        (Channel::Post, Language::Eu, Channel::Sms, "Se ha roto una fibra."),
        (Channel::Chat, Language::Es, Channel::Chat, "Se ha roto una fibra."),
    ];
    let mut affairs = Vec::new();
    for (channel, language, ..) in reports {
        let ticket = pb::Ticket { channel: channel.into(), language: language.into(), ..complaint() };
        affairs.push(agent.create_ticket(create_request(ticket)).await.unwrap().into_inner());
    }
    let names: Vec<&str> = affairs.iter().map(|affair| affair.ticket.as_ref().unwrap().name.as_str()).collect();
    add(&mut supervisor, &incident, &names).await;
    let update = pb::IncidentUpdate {
        texts: vec![
            spanish("Se ha roto una fibra."),
            pb::IncidentText { language: Language::En.into(), text: "A fibre is broken.".into() },
        ],
        expected_end_time: time("2026-11-23T15:00:00Z"),
        ..Default::default()
    };
    let told = tell(&mut supervisor, &incident, update).await.unwrap();
    assert_eq!((told.name, told.waiting_count), (format!("{}/updates/1", incident.name), 4));

    let updates = all_told(&supervisor, &incident).await;
    assert_eq!((updates[0].told_count, updates[0].waiting_count), (4, 0));
    for (name, (_, _, channel, text)) in names.iter().zip(reports) {
        let message = messages(&mut agent, name).await.remove(0);
        assert_eq!((message.body.as_str(), message.channel()), (text, channel));
        assert_eq!((message.direction(), message.visibility()), (Direction::Outbound, pb::MessageVisibility::Public));
        assert_eq!(message.actor, updates[0].actor, "said by who told it");
        let until = time("2026-11-23T15:00:00Z");
        assert_eq!(message.explanation, Some(pb::Explanation { expected_time: until, signposts: false }));
    }
    let public =
        pb::GetPublicStatusRequest { tracking_key: affairs[0].tracking_key.clone(), proof: affairs[0].proof.clone() };
    let mut anybody = TicketServiceClient::new(world.served.anonymous());
    let public = anybody.get_public_status(public).await.unwrap().into_inner();
    assert_eq!(public.incident_title, "Sin fibra en Móstoles");
    assert_eq!(public.incident_end_time, time("2026-11-23T15:00:00Z"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_later_hears_at_once_what_was_told_last_and_who_is_over_hears_nothing() {
    let world = World::new().await;
    let (mut supervisor, mut agent) = (supervisor(&world), world.agent());
    let incident = opened(&mut supervisor).await;
    let done = resolved(&mut agent).await;
    add(&mut supervisor, &incident, &[&done.name]).await;
    let get = pb::GetTicketRequest { name: done.name.clone() };
    let done = agent.get_ticket(get).await.unwrap().into_inner();
    accept(&world, &done).await;
    say(&mut supervisor, &incident, "Buscamos la causa.").await;
    let over = pb::IncidentUpdate { texts: vec![spanish("Ya funciona.")], over: true, ..Default::default() };
    tell(&mut supervisor, &incident, over).await.unwrap();
    let told = all_told(&supervisor, &incident).await;
    assert_eq!(told.iter().map(|update| update.told_count).collect::<Vec<_>>(), [0, 0]);
    assert_eq!(heard(&mut agent, &done.name).await, ["Aquí tienen el recibo."], "what they said themselves");

    let late = open(&mut agent).await.ticket.unwrap();
    let (outcomes, counted) = add(&mut supervisor, &incident, &[&late.name]).await;
    assert_eq!((outcomes, counted.affected_count), (vec![pb::AffectedOutcome::Added], 2));
    assert_eq!(heard(&mut agent, &late.name).await, ["Ya funciona."]);
    assert!(messages(&mut agent, &late.name).await[0].explanation.is_some(), "that it is over explains it");
    assert_eq!(updates(&mut supervisor, &incident).await[1].told_count, 1);
    let refused = tell(
        &mut supervisor,
        &incident,
        pb::IncidentUpdate { texts: vec![spanish("Otra vez.")], ..Default::default() },
    );
    assert_refused(refused.await, Code::FailedPrecondition, "INCIDENT_OVER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_hear_each_update_once_and_in_order_whoever_tells_them_and_nobody_waits_for_one_that_is_busy() {
    let world = World::new().await;
    let _twin = serve(&world.harness, &world.database, &[]).await;
    let (mut supervisor, mut agent) = (supervisor(&world), world.agent());
    let incident = opened(&mut supervisor).await;
    let mut names = Vec::new();
    for _ in 0..23 {
        let opening = (0..10).map(|_| {
            let mut agent = agent.clone();
            async move { open(&mut agent).await.ticket.unwrap().name }
        });
        names.extend(futures::future::join_all(opening).await);
    }
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    add(&mut supervisor, &incident, &all).await;

    let pool = world.database.admin().await;
    let mut busy = pool.acquire().await.unwrap();
    let held: uuid::Uuid = names[7].strip_prefix("tickets/").unwrap().parse().unwrap();
    sqlx::query("begin").execute(&mut *busy).await.unwrap();
    sqlx::query("select from ticketing.ticket where ticket_id = $1 for update")
        .bind(held)
        .execute(&mut *busy)
        .await
        .unwrap();
    say(&mut supervisor, &incident, "Primero").await;
    // Later by its id: it does not wait for the other, one of whose affairs is held.
    let (next, elsewhere) = (opened(&mut supervisor).await, open(&mut agent).await.ticket.unwrap());
    add(&mut supervisor, &next, &[&elsewhere.name]).await;
    say(&mut supervisor, &next, "Otra cosa").await;
    all_told(&supervisor, &next).await;
    say(&mut supervisor, &incident, "Segundo").await;
    eventually(LIMIT, || {
        let (mut supervisor, incident) = (supervisor.clone(), incident.clone());
        async move {
            let waiting: Vec<_> = updates(&mut supervisor, &incident).await.iter().map(|u| u.waiting_count).collect();
            if waiting == [1, 1] { Ok(()) } else { Err(waiting) }
        }
    })
    .await;
    sqlx::query("rollback").execute(&mut *busy).await.unwrap();

    let told = all_told(&supervisor, &incident).await;
    assert_eq!(told.iter().map(|update| update.told_count).collect::<Vec<_>>(), [230, 230]);
    for name in &names {
        assert_eq!(heard(&mut agent, name).await, ["Primero", "Segundo"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_that_it_did_not_cause_is_taken_out_and_hears_no_more() {
    let world = World::new().await;
    let (mut supervisor, mut agent) = (supervisor(&world), world.agent());
    let (incident, other) = (opened(&mut supervisor).await, opened(&mut supervisor).await);
    let ticket = open(&mut agent).await.ticket.unwrap();
    add(&mut supervisor, &incident, &[&ticket.name]).await;
    say(&mut supervisor, &incident, "Buscamos la causa.").await;
    all_told(&supervisor, &incident).await;
    let out = |incident: &pb::Incident| pb::RemoveAffectedRequest {
        name: incident.name.clone(),
        ticket: ticket.name.clone(),
        request_id: fresh_id(),
    };
    assert_refused(supervisor.remove_affected(out(&other)).await, Code::FailedPrecondition, "NOT_AFFECTED");
    let request = out(&incident);
    let left = supervisor.remove_affected(request.clone()).await.unwrap().into_inner();
    assert_eq!(left.incident, "");
    assert_eq!(supervisor.remove_affected(request).await.unwrap().into_inner(), left, "a retry is the same answer");
    assert_eq!(get(&mut supervisor, &incident).await.affected_count, 0);
    say(&mut supervisor, &incident, "Era la fibra.").await;
    all_told(&supervisor, &incident).await;
    assert_eq!(heard(&mut agent, &ticket.name).await, ["Buscamos la causa."]);
    // Who is put back is told what was told last, as often as they are.
    for _ in 0..2 {
        assert_eq!(add(&mut supervisor, &incident, &[&ticket.name]).await.0, [pb::AffectedOutcome::Added]);
        supervisor.remove_affected(out(&incident)).await.unwrap();
    }
    assert_eq!(heard(&mut agent, &ticket.name).await, ["Buscamos la causa.", "Era la fibra.", "Era la fibra."]);
    assert_eq!(add(&mut supervisor, &other, &[&ticket.name]).await.0, [pb::AffectedOutcome::Added]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_told_by_who_has_not_seen_what_was_told_before() {
    let world = World::new().await;
    let mut supervisor = supervisor(&world);
    let incident = opened(&mut supervisor).await;
    say(&mut supervisor, &incident, "Buscamos la causa.").await;
    let request = pb::TellAffectedRequest {
        parent: incident.name.clone(),
        update: Some(pb::IncidentUpdate { texts: vec![spanish("Buscamos.")], ..Default::default() }),
        etag: incident.etag.clone(),
        request_id: fresh_id(),
    };
    assert_refused(supervisor.tell_affected(request.clone()).await, Code::Aborted, "STALE_ETAG");
    let english = pb::IncidentText { language: Language::En.into(), text: "Searching.".into() };
    let wrong = pb::IncidentUpdate {
        texts: vec![english],
        expected_end_time: time("2026-11-23T08:00:00Z"),
        ..Default::default()
    };
    let request = pb::TellAffectedRequest { update: Some(wrong), ..request };
    let refused = supervisor.tell_affected(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["update.expected_end_time", "update.texts"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_whoever_is_at_work_on_an_affair_that_joins() {
    use pb::AffectedOutcome as O;
    let world = World::new().await;
    let (mut supervisor, mut agent) = (supervisor(&world), world.agent());
    let incident = opened(&mut supervisor).await;
    let (busy, free) = (open(&mut agent).await.ticket.unwrap(), open(&mut agent).await.ticket.unwrap());
    let mut held = world.database.admin().await.acquire().await.unwrap();
    let id: uuid::Uuid = busy.name.strip_prefix("tickets/").unwrap().parse().unwrap();
    sqlx::query("begin").execute(&mut *held).await.unwrap();
    let lock = "select from ticketing.ticket where ticket_id = $1 for update";
    sqlx::query(lock).bind(id).execute(&mut *held).await.unwrap();
    let added = add(&mut supervisor, &incident, &[&busy.name, &free.name, NOBODY]).await;
    assert_eq!((added.0, added.1.affected_count), (vec![O::Busy, O::Added, O::TicketNotFound], 1));
    // Whoever tells of it waits for nobody either.
    say(&mut supervisor, &incident, "Buscamos la causa.").await;
    sqlx::query("commit").execute(&mut *held).await.unwrap();
    assert_eq!(add(&mut supervisor, &incident, &[&busy.name]).await.0, [O::Added]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_offered_for_sale_to_who_is_cut_off_by_an_incident_whatever_their_affair_is_filed_as() {
    let world = World::new().await;
    let (mut boss, mut agent) = (supervisor(&world), world.agent());
    let offer = |ticket: &str| pb::AddMessageRequest {
        parent: ticket.to_owned(),
        message: Some(pb::Message {
            direction: Direction::Outbound.into(),
            visibility: pb::MessageVisibility::Public.into(),
            channel: Channel::Sms.into(),
            body: "Por dos euros más, fibra de un giga".into(),
            sales_offer: true,
            ..Default::default()
        }),
        request_id: fresh_id(),
        occurred_time: None,
    };
    let (cut_off, head) = (open(&mut agent).await.ticket.unwrap(), open(&mut agent).await.ticket.unwrap());
    agent.add_message(offer(&cut_off.name)).await.unwrap();
    let outage = opened(&mut boss).await;
    add(&mut boss, &outage, &[&cut_off.name]).await;
    let refused = assert_refused(agent.add_message(offer(&cut_off.name)).await, Code::FailedPrecondition, SALES);
    assert_eq!(crate::world::fact(&refused, "article"), "Ley 10/2025 art. 16.2");
    // What it is answered with is about the same.
    let mut relations = RelationServiceClient::new(world.served.channel(Role::Agent));
    let cut_off = crate::world::get(&mut agent, &cut_off.name).await;
    crate::relations::merge(&mut relations, &cut_off, &head).await.unwrap();
    for ticket in [&cut_off, &head] {
        assert_refused(agent.add_message(offer(&ticket.name)).await, Code::FailedPrecondition, SALES);
    }
    let apart = crate::world::get(&mut agent, &cut_off.name).await;
    crate::relations::unmerge(&mut relations, &apart).await.unwrap();
    agent.add_message(offer(&head.name)).await.unwrap();
    // A part of it, and what takes it up, are about the same: also of what is answered with it.
    let cut = crate::world::get(&mut agent, &cut_off.name).await;
    let started = crate::world::start(&mut agent, &cut).await.unwrap();
    let part = crate::relations::split(&mut relations, &started, &["p2"]).await.unwrap().ticket.unwrap();
    let follows = async |ticket: &str| {
        let next = pb::Ticket { follow_up_of: ticket.to_owned(), ..complaint() };
        world.agent().create_ticket(create_request(next)).await.unwrap().into_inner().ticket.unwrap()
    };
    let next = follows(&cut_off.name).await;
    let (rest, whole) = (crate::world::get(&mut agent, &cut_off.name).await, crate::world::started(&mut agent).await);
    crate::relations::merge(&mut relations, &rest, &whole).await.unwrap();
    let whole = crate::world::get(&mut agent, &whole.name).await;
    let part_of_whole = crate::relations::split(&mut relations, &whole, &["p2"]).await.unwrap().ticket.unwrap();
    let next_of_whole = follows(&whole.name).await;
    for ticket in [&part, &next, &part_of_whole, &next_of_whole] {
        let refused = agent.add_message(offer(&ticket.name)).await;
        let refused = assert_refused(refused, Code::FailedPrecondition, SALES);
        assert_eq!(crate::world::fact(&refused, "article"), "Ley 10/2025 art. 16.2");
    }
    let rest = crate::world::get(&mut agent, &cut_off.name).await;
    crate::relations::unmerge(&mut relations, &rest).await.unwrap();
    let next = follows(&head.name).await;
    agent.add_message(offer(&next.name)).await.unwrap();
    // It was something else after all; and not every incident cuts somebody off.
    let gone = pb::RemoveAffectedRequest { name: outage.name, ticket: cut_off.name.clone(), request_id: fresh_id() };
    boss.remove_affected(gone).await.unwrap();
    agent.add_message(offer(&cut_off.name)).await.unwrap();
    let incident = pb::Incident {
        title: "Facturas de marzo dos veces".into(),
        department: "billing".into(),
        topic: "billing".into(),
        ..Default::default()
    };
    let request = pb::OpenIncidentRequest { incident: Some(incident), request_id: fresh_id() };
    let twice = boss.open_incident(request).await.unwrap().into_inner();
    add(&mut boss, &twice, &[&cut_off.name]).await;
    agent.add_message(offer(&cut_off.name)).await.unwrap();
}
