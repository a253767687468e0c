//! What ticketing does about the ledgers of sla-monitor and ombudsman-escalation, fed over the wire.

use std::time::Duration;

use kernel::{Actor, ActorKind, Ambient, Role};
use ledger::{Draft, Feed, Ledger, Stamp};
use postgres::Db;
use prost::Name;
use server::{Assembly, Principal, Worker};
use sqlx::migrate::Migrator;
use testkit::{Database, Harness, Served, eventually};
use tonic::Code;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::ledger::v1::ledger_service_server::LedgerServiceServer;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::characteristic_service_client::CharacteristicServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Direction};
use ventanilla_ticketing as ticketing;

use crate::characteristics::{facts, invoices};
use crate::world::{
    ANSWER, CUSTOMER, OTHER_ANSWER, Tickets, accept_at, answer, assert_refused, close, complaint, create_request, fact,
    open, promise_request, resolve, resolved, serve, start, time,
};

const OTHER_CUSTOMER: &str = "customers/0190a000-0000-7000-8000-000000000008";
const LIMIT: Duration = Duration::from_secs(20);
pub const CLOCK: &str = "clocks/0190a000-0000-7000-8000-00000000c10c";
pub const CASE: &str = "cases/0190a000-0000-7000-8000-0000000000ca";

/// A service of which only the ledger is real.
pub struct Neighbour {
    ambient: Ambient,
    db: Db,
    ledger: Ledger,
}

impl Neighbour {
    /// One whose ledger stands in `schema`; `and` adds what else it answers.
    pub async fn beside(
        harness: &Harness,
        database: &Database,
        (schema, source): (&'static str, &'static str),
        and: impl FnOnce(Assembly) -> Assembly,
    ) -> (Self, Served) {
        let ambient = harness.surroundings.ambient.clone();
        let db = Db::connect(&database.settings_of(schema)).await.unwrap();
        let ledger = Ledger::open(db.clone(), source);
        let feed = Feed::new(ledger.clone(), ambient.clone(), |known| {
            known.get::<Principal>().is_some_and(|p| p.has(Role::Service))
        });
        let sequenced = ledger.clone();
        let assembly = Assembly::new(source)
            .serve(LedgerServiceServer::new(feed))
            .worker(Worker::new("sequencer", move |cancel| sequenced.clone().sequence(cancel)));
        let served = harness.start(and(assembly)).await;
        (Self { ambient, db, ledger }, served)
    }

    /// It writes this.
    pub async fn says(&self, aggregate: &str, payload: &impl Name) {
        let ambient = &self.ambient;
        let actor = Actor { kind: ActorKind::System, id: self.ledger.source().into(), department: None };
        let stamp = Stamp::of(actor, ambient.now(), String::new());
        let draft = Draft::new(ambient.uuid(ambient.now()), aggregate, payload, &stamp);
        let mut tx = self.db.tx().await.unwrap();
        ledger::append(&mut tx, &[draft]).await.unwrap();
        tx.commit().await.unwrap();
        self.ledger.nudge();
    }
}

/// ticketing beside a neighbour of which only the ledger is real.
pub struct Neighbours {
    harness: Harness,
    neighbour: Neighbour,
    pub client: Tickets,
    pub served: [Served; 2],
    database: Database,
}

impl Neighbours {
    pub async fn with(schema: &'static str, source: &'static str) -> Self {
        let harness = Harness::default();
        let (own, house) = (ticketing::migrations(), Migrator::with_migrations(Vec::new()));
        let database = Database::fresh_with(&[(ticketing::SCHEMA, &own), (schema, &house)]).await;
        let (neighbour, beside) = Neighbour::beside(&harness, &database, (schema, source), |assembly| assembly).await;
        let served = serve(&harness, &database, &[(source, beside.addr)]).await;
        let client = TicketServiceClient::new(served.channel(Role::Agent));
        let served = [beside, served];
        Self { harness, neighbour, client, served, database }
    }

    /// The neighbour writes this.
    pub async fn says(&self, aggregate: &str, payload: &impl Name) {
        self.neighbour.says(aggregate, payload).await;
    }

    /// The last thing in the ticket's history, once it is of this kind and reason.
    pub async fn noted(&self, ticket: &str, kind: pb::TicketChangeKind, reason: &str) -> pb::TicketChange {
        eventually(Duration::from_secs(20), || {
            let mut client = self.client.clone();
            let request = pb::ListTicketHistoryRequest { name: ticket.into(), page_size: 100, ..Default::default() };
            async move {
                let changes = client.list_ticket_history(request).await.unwrap().into_inner().changes;
                let last = changes.last().cloned().unwrap();
                if last.kind() == kind && last.reason == reason { Ok(last) } else { Err(last) }
            }
        })
        .await
    }

    async fn promise(&self, ticket: &str) -> pb::Promise {
        let list = pb::ListPromisesRequest { parent: ticket.into(), ..Default::default() };
        self.client.clone().list_promises(list).await.unwrap().into_inner().promises.remove(0)
    }
}

pub fn warning(subject: &str, threshold_percent: i32) -> sla::WarningRaised {
    sla::WarningRaised {
        clock: CLOCK.into(),
        subject: subject.into(),
        customer: CUSTOMER.into(),
        threshold_percent,
        threshold_time: time("2026-11-24T08:00:00Z"),
        due_time: time("2026-11-24T13:00:00Z"),
        epoch: 1,
        lead_minutes: 0,
    }
}

pub fn breach(subject: &str, at: &str) -> sla::ClockBreached {
    sla::ClockBreached {
        clock: CLOCK.into(),
        subject: subject.into(),
        customer: CUSTOMER.into(),
        rule: "promise".into(),
        breached_time: time(at),
        epoch: 1,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_whose_clock_warns_is_at_risk_and_broken_in_silence_when_it_is_breached() {
    let mut world = Neighbours::with("sla_monitor", "sla-monitor").await;
    let ticket = open(&mut world.client).await.ticket.unwrap();
    let request = promise_request(&ticket.name, "2026-11-24T13:00:00Z");
    let promise = world.client.make_promise(request).await.unwrap().into_inner();
    // Neither of these is about a promise at risk.
    world.says(CLOCK, &warning(&promise.name, 50)).await;
    world.says(CLOCK, &warning(&ticket.name, 90)).await;
    world.says(CLOCK, &warning(&promise.name, 75)).await;
    let change = world.noted(&ticket.name, pb::TicketChangeKind::PromiseAtRisk, "").await;
    assert_eq!((change.sequence, change.related.as_str()), (3, promise.name.as_str()));
    assert_eq!(world.promise(&ticket.name).await.state(), pb::PromiseState::AtRisk);

    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(30));
    world.says(CLOCK, &breach(&promise.name, "2026-11-24T13:00:00Z")).await;
    world.noted(&ticket.name, pb::TicketChangeKind::PromiseSettled, "broken_silent").await;
    let broken = world.promise(&ticket.name).await;
    assert_eq!(broken.state(), pb::PromiseState::BrokenSilent);
    assert_eq!(broken.settle_time, time("2026-11-24T13:00:00Z"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_office_hears_a_case_no_objection_window_closes_the_ticket() {
    let mut world = Neighbours::with("ombudsman", "ombudsman-escalation").await;
    let ticket = resolved(&mut world.client).await;
    let opened = office::CaseOpened {
        case_name: CASE.into(),
        ticket: ticket.name.clone(),
        customer: CUSTOMER.into(),
        regime: "es.general".into(),
        filed_at_entity_time: time("2026-11-23T09:00:00Z"),
        filed_at_office_time: time("2026-11-23T09:00:00Z"),
        brought_with: Vec::new(),
    };
    world.says(CASE, &opened).await;
    let change = world.noted(&ticket.name, pb::TicketChangeKind::OfficeNoted, "opened").await;
    assert_eq!(change.related, CASE);

    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(24 * 11));
    let get = pb::GetTicketRequest { name: ticket.name.clone() };
    let heard = world.client.get_ticket(get.clone()).await.unwrap().into_inner();
    assert_eq!(heard.office_case, CASE);
    let refused = close(&mut world.client, &heard, pb::CloseReason::ObjectionWindowOver).await;
    assert_refused(refused, Code::FailedPrecondition, "OFFICE_CASE_OPEN");

    let decided = office::DecisionIssued {
        case_name: CASE.into(),
        ticket: ticket.name.clone(),
        customer: CUSTOMER.into(),
        outcome: 1,
        binding: true,
        hash: Vec::new(),
    };
    world.says(CASE, &decided).await;
    world.noted(&ticket.name, pb::TicketChangeKind::OfficeNoted, "decided").await;
    let notified = office::CaseTransitioned {
        case_name: CASE.into(),
        ticket: ticket.name.clone(),
        customer: CUSTOMER.into(),
        from_state: office::CaseState::Decided.into(),
        to_state: office::CaseState::Notified.into(),
        ground: 0,
    };
    world.says(CASE, &notified).await;
    world.noted(&ticket.name, pb::TicketChangeKind::OfficeNoted, "over").await;
    let after = world.client.get_ticket(get).await.unwrap().into_inner();
    close(&mut world.client, &after, pb::CloseReason::ObjectionWindowOver).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_complained_by_phone_to_the_office_is_sent_its_form_once_and_in_writing() {
    let world = Neighbours::with("ombudsman", "ombudsman-escalation").await;
    let mut client = world.client.clone();
    let contact = |ticket: &pb::Ticket| office::ContactNotAdmitted {
        ticket: ticket.name.clone(),
        customer: CUSTOMER.into(),
        regime: "es.finance".into(),
        channel: Channel::Phone.into(),
        article: "Ley 44/2002 art. 29 ter".into(),
        language: 1,
        form: "Quien es, que reclama, que pide".into(),
    };
    for (came_by, goes_by) in [(Channel::Phone, Channel::Post), (Channel::Email, Channel::Email)] {
        let ticket = pb::Ticket { channel: came_by.into(), ..complaint() };
        let ticket = client.create_ticket(create_request(ticket)).await.unwrap().into_inner().ticket.unwrap();
        world.says(&ticket.name, &contact(&ticket)).await;
        world.noted(&ticket.name, pb::TicketChangeKind::MessageAdded, "").await;
        let list = pb::ListMessagesRequest { parent: ticket.name.clone(), page_size: 100, ..Default::default() };
        let said = client.list_messages(list).await.unwrap().into_inner().messages;
        let sent: Vec<_> = said.iter().filter(|message| message.body.starts_with("Quien es")).collect();
        assert_eq!(sent.len(), 1, "{said:?}");
        assert_eq!((sent[0].channel(), sent[0].direction()), (goes_by, Direction::Outbound));
        assert_eq!(sent[0].visibility(), pb::MessageVisibility::Public);
    }
    // It comes before the office once the firm has answered: the affair is over by then, and the form is owed all the same.
    let over = client.create_ticket(create_request(complaint())).await.unwrap().into_inner().ticket.unwrap();
    let over = answered(&mut client, &over).await;
    let over = accept_at(&world.served[1], &over).await;
    assert_eq!(over.state(), pb::TicketState::Closed);
    world.says(&over.name, &contact(&over)).await;
    let list = pb::ListMessagesRequest { parent: over.name.clone(), page_size: 100, ..Default::default() };
    eventually(Duration::from_secs(20), || async {
        let said = client.clone().list_messages(list.clone()).await.unwrap().into_inner().messages;
        match said.iter().filter(|message| message.body.starts_with("Quien es")).count() {
            1 => Ok(()),
            sent => Err(format!("{sent} were sent")),
        }
    })
    .await;
    let get = pb::GetTicketRequest { name: over.name.clone() };
    assert_eq!(client.get_ticket(get).await.unwrap().into_inner().state(), pb::TicketState::Closed);
}

/// The affair, once both points are answered and it is resolved.
async fn answered(client: &mut Tickets, ticket: &pb::Ticket) -> pb::Ticket {
    let ticket = start(client, ticket).await.unwrap();
    let ticket = answer(client, &ticket, "p1", ANSWER).await.unwrap();
    let ticket = answer(client, &ticket, "p2", OTHER_ANSWER).await.unwrap();
    resolve(client, &ticket).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_that_is_needed_keeps_its_words_until_it_is_not() {
    let world = Neighbours::with("customer_profile", "customer-profile").await;
    let mut client = world.client.clone();
    let mut sets = CharacteristicServiceClient::new(world.served[1].channel(Role::Supervisor));
    crate::characteristics::put(&mut sets, invoices("characteristicSets/reclamacion")).await.unwrap();
    let known = || pb::Ticket { characteristics: facts("Begoña-41"), ..complaint() };
    let over = client.create_ticket(create_request(known())).await.unwrap().into_inner().ticket.unwrap();
    let over = answered(&mut client, &over).await;
    let over = accept_at(&world.served[1], &over).await;
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(24 * 366));
    let open = client.create_ticket(create_request(known())).await.unwrap().into_inner().ticket.unwrap();
    let open = answered(&mut client, &open).await;
    let erasure = "erasures/0190a000-0000-7000-8000-0000000000e5";
    let erased = customer::CustomerErased {
        erasure: erasure.into(),
        customer: CUSTOMER.into(),
        customers: vec![CUSTOMER.into()],
        ground: customer::ErasureGround::Objection.into(),
    };
    world.says(CUSTOMER, &erased).await;

    let subject = |ticket: &pb::Ticket| {
        let (mut client, name) = (world.client.clone(), ticket.name.clone());
        async move { client.get_ticket(pb::GetTicketRequest { name }).await.unwrap().into_inner().subject }
    };
    eventually(Duration::from_secs(20), || async {
        let told = subject(&over).await;
        if told == "[erased]" { Ok(()) } else { Err(told) }
    })
    .await;
    assert_eq!(subject(&open).await, open.subject, "its customer may still object");
    let admin = world.database.admin().await;
    let known = "select count(*) from ticketing.ticket t where t::text like '%Begoña-41%'";
    assert_eq!(sqlx::query_scalar::<_, i64>(known).fetch_one(&admin).await.unwrap(), 1, "of the one that is open");
    let said = || async {
        let count = "select count(*) from ticketing.ledger where type = 'ventanilla.rights.v1.PersonalDataErased'";
        sqlx::query_scalar::<_, i64>(count).fetch_one(&admin).await.unwrap()
    };
    assert_eq!(said().await, 0, "nothing is said to be gone while something is left");

    accept_at(&world.served[1], &open).await;
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(24 * 366));
    eventually(Duration::from_secs(20), || async { if said().await == 1 { Ok(()) } else { Err(()) } }).await;
    assert_eq!(subject(&open).await, "[erased]");
    let records = "select record_count from ticketing.erasure where erased_at is not null";
    assert_eq!(sqlx::query_scalar::<_, i64>(records).fetch_one(&admin).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_that_are_being_written_when_their_customer_is_erased_are_destroyed_too() {
    let world = Neighbours::with("customer_profile", "customer-profile").await;
    let mut client = world.client.clone();
    let over = resolved(&mut client).await;
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(240));
    let over = close(&mut client, &over, pb::CloseReason::ObjectionWindowOver).await.unwrap();
    let admin = world.database.admin().await;
    let count = |statement: &'static str| {
        let admin = admin.clone();
        async move { sqlx::query_scalar::<_, i64>(statement).fetch_one(&admin).await.unwrap() }
    };
    let unread = "select h.position - c.position from ticketing.ledger_head h, ticketing.ticket_words_cursor c";
    let words = "select count(*) from ticketing.ticket_words";
    eventually(Duration::from_secs(20), || async {
        let (unread, words) = (count(unread).await, count(words).await);
        if unread == 0 && words == 1 { Ok(()) } else { Err((unread, words)) }
    })
    .await;

    // Somebody reads for words, and is not done.
    let mut reader = admin.acquire().await.unwrap();
    sqlx::query("begin").execute(&mut *reader).await.unwrap();
    sqlx::query("select from ticketing.ticket_words_cursor for update").execute(&mut *reader).await.unwrap();
    let write = "insert into ticketing.ticket_words select ticket_id, 7, created_at, words from ticketing.ticket_words";
    sqlx::query(write).execute(&mut *reader).await.unwrap();
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(24 * 366));
    let erased = customer::CustomerErased {
        erasure: "erasures/0190a000-0000-7000-8000-0000000000e6".into(),
        customer: CUSTOMER.into(),
        customers: vec![CUSTOMER.into()],
        ground: customer::ErasureGround::Objection.into(),
    };
    world.says(CUSTOMER, &erased).await;
    let waits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let gone = "select count(*) from ticketing.ticket where erased_at is not null";
    eventually(Duration::from_secs(20), || async {
        if count(waits).await + count(gone).await > 0 { Ok(()) } else { Err("nobody erases") }
    })
    .await;
    sqlx::query("commit").execute(&mut *reader).await.unwrap();
    eventually(Duration::from_secs(20), || async { if count(gone).await == 1 { Ok(()) } else { Err(()) } }).await;
    assert_eq!(count(words).await, 0);
    let subject = client.get_ticket(pb::GetTicketRequest { name: over.name }).await.unwrap().into_inner().subject;
    assert_eq!(subject, "[erased]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_opens_an_affair_for_who_was_erased_and_others_go_on() {
    let mut world = Neighbours::with("customer_profile", "customer-profile").await;
    let before = create_request(complaint());
    let opened = world.client.create_ticket(before.clone()).await.unwrap().into_inner().ticket.unwrap();
    let erased = customer::CustomerErased {
        erasure: "erasures/0190a000-0000-7000-8000-0000000000e7".into(),
        customer: CUSTOMER.into(),
        customers: vec![CUSTOMER.into()],
        ..Default::default()
    };
    world.says(CUSTOMER, &erased).await;
    let refused = eventually(LIMIT, || {
        let mut client = world.client.clone();
        async move {
            match client.create_ticket(create_request(complaint())).await {
                Err(status) => Ok(status),
                Ok(_) => Err("it does not know yet"),
            }
        }
    })
    .await;
    let refused = assert_refused(Err::<(), _>(refused), Code::FailedPrecondition, "CUSTOMER_ERASED");
    assert_eq!(fact(&refused, "customer"), CUSTOMER);
    // A retry of what was asked before is what it was: the affair is open, and needs its words.
    let again = world.client.create_ticket(before).await.unwrap().into_inner().ticket.unwrap();
    assert_eq!(again.name, opened.name);
    // Calls that come together share a commit and never a refusal.
    let other = pb::Ticket { customer: OTHER_CUSTOMER.into(), ..complaint() };
    let twin = create_request(complaint());
    let calls = [create_request(other.clone()), twin.clone(), twin, create_request(other)].map(|request| {
        let mut client = world.client.clone();
        tokio::spawn(async move { client.create_ticket(request).await })
    });
    let mut codes = Vec::new();
    for call in calls {
        codes.push(call.await.unwrap().map_or_else(|status| status.code(), |_| Code::Ok));
    }
    assert_eq!(codes, [Code::Ok, Code::FailedPrecondition, Code::FailedPrecondition, Code::Ok]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_that_was_being_opened_when_its_customer_was_erased_is_destroyed_with_the_others() {
    let mut world = Neighbours::with("customer_profile", "customer-profile").await;
    open(&mut world.client).await;
    let admin = world.database.admin().await;
    // An import under way: an affair that was over long ago, written and not yet committed.
    let mut import = admin.acquire().await.unwrap();
    sqlx::query("begin").execute(&mut *import).await.unwrap();
    let written = sqlx::query(
        "insert into ticketing.ticket
         select (jsonb_populate_record(t, jsonb_build_object('ticket_id', gen_random_uuid(), 'customer_id', $1,
             'tracking_key', '1234567890123', 'state', 'cancelled', 'state_reason', 'withdrawn', 'state_since', '2020-01-01'))).*
         from ticketing.ticket t limit 1",
    );
    let customer = OTHER_CUSTOMER.trim_start_matches("customers/");
    written.bind(customer).execute(&mut *import).await.unwrap();
    let erased = customer::CustomerErased {
        erasure: "erasures/0190a000-0000-7000-8000-0000000000e8".into(),
        customer: OTHER_CUSTOMER.into(),
        customers: vec![OTHER_CUSTOMER.into()],
        ..Default::default()
    };
    world.says(OTHER_CUSTOMER, &erased).await;
    eventually(LIMIT, || async {
        let waits =
            "select exists (select from pg_locks where relation = 'ticketing.ticket'::regclass and not granted)";
        let waits: bool = sqlx::query_scalar(waits).fetch_one(&admin).await.unwrap();
        if waits { Ok(()) } else { Err("nobody waits for the import") }
    })
    .await;
    sqlx::query("commit").execute(&mut *import).await.unwrap();
    eventually(LIMIT, || async {
        let done = "select erased_at is not null from ticketing.erasure";
        let done: bool = sqlx::query_scalar(done).fetch_one(&admin).await.unwrap();
        if done { Ok(()) } else { Err("it is not done") }
    })
    .await;
    let said = "select subject from ticketing.ticket where state = 'cancelled'";
    assert_eq!(sqlx::query_scalar::<_, String>(said).fetch_one(&admin).await.unwrap(), "[erased]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_superior_is_called_to_what_has_cost_the_customer_too_much_once_and_not_to_what_is_answered() {
    let mut world = Neighbours::with("customer_profile", "customer-profile").await;
    let (done, ticket) = (resolved(&mut world.client).await, open(&mut world.client).await.ticket.unwrap());
    let reached = |ticket: &str| customer::EffortCapReached {
        customer: CUSTOMER.into(),
        spent_minutes: 95,
        cap_minutes: 90,
        ticket: ticket.into(),
        ..Default::default()
    };
    for about in ["tickets/0190a000-0000-7000-8000-0000000000ff", &done.name, &ticket.name, &ticket.name] {
        world.says(CUSTOMER, &reached(about)).await;
    }
    world.noted(&ticket.name, pb::TicketChangeKind::SupervisorCalled, "effort_cap_reached").await;
    let get = async |name: &str| {
        let request = pb::GetTicketRequest { name: name.into() };
        world.client.clone().get_ticket(request).await.unwrap().into_inner()
    };
    let waits = get(&ticket.name).await;
    assert!(waits.supervisor_call_time.is_some());
    // What comes after all of them has been heard: nothing was parked, and nobody was called twice.
    let admin = world.database.admin().await;
    eventually(LIMIT, || async {
        let heard = "select position from ticketing.ledger_cursor where source = 'customer-profile'";
        let heard: i64 = sqlx::query_scalar(heard).fetch_one(&admin).await.unwrap();
        if heard == 4 { Ok(()) } else { Err(heard) }
    })
    .await;
    let calls = "select count(*) from ticketing.ticket_change where kind = 'supervisor_called'";
    assert_eq!(sqlx::query_scalar::<_, i64>(calls).fetch_one(&admin).await.unwrap(), 1);
    assert_eq!(get(&done.name).await.state(), pb::TicketState::Resolved);
}

pub fn clock_started(clock: &str, subject: &str, kind: sla::PolicyKind, due: &str) -> sla::ClockStarted {
    sla::ClockStarted {
        clock: clock.into(),
        subject: subject.into(),
        due_time: time(due),
        kind: kind.into(),
        ends_with_answer: true,
        ..Default::default()
    }
}

/// What the customer is told of the term, once it is this.
async fn told(world: &Neighbours, opened: &pb::CreateTicketResponse, text: &str) -> pb::PublicStatus {
    let request = pb::GetPublicStatusRequest { tracking_key: opened.tracking_key.clone(), proof: opened.proof.clone() };
    eventually(LIMIT, || {
        let (mut client, request) = (world.client.clone(), request.clone());
        async move {
            let status = client.get_public_status(request).await.unwrap().into_inner();
            if status.answer_due_text == text { Ok(status) } else { Err(status.answer_due_text) }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customer_is_told_by_when_the_answer_is_due_by_law() {
    let mut world = Neighbours::with("sla_monitor", "sla-monitor").await;
    let opened = open(&mut world.client).await;
    let ticket = opened.ticket.clone().unwrap().name;
    assert_eq!(told(&world, &opened, "").await.answer_due_time, None);
    let clock = |last: u8| format!("clocks/0190a000-0000-7000-8000-0000000000{last:02x}");
    let started = |last, kind, due| clock_started(&clock(last), &ticket, kind, due);
    // None of these is the customer's term: of a department, of a first answer, of another's affair.
    world.says(&clock(1), &started(1, sla::PolicyKind::Ola, "2026-11-24T09:00:00Z")).await;
    let first_answer =
        sla::ClockStarted { ends_with_answer: false, ..started(2, sla::PolicyKind::Statutory, "2026-11-24T09:00:00Z") };
    world.says(&clock(2), &first_answer).await;
    world.says(&clock(3), &started(3, sla::PolicyKind::Sla, "2026-11-27T22:59:59Z")).await;
    let own = "Nos hemos comprometido a responderle a más tardar el 27/11/2026 23:59 (Europe/Madrid).";
    assert!(!told(&world, &opened, own).await.answer_due_by_law);
    world.says(&clock(4), &started(4, sla::PolicyKind::Statutory, "2026-12-15T22:59:59Z")).await;
    let by_law = "Por ley debe tener nuestra respuesta a más tardar el 15/12/2026 23:59 (Europe/Madrid).";
    let status = told(&world, &opened, by_law).await;
    assert_eq!((status.answer_due_time, status.answer_due_by_law), (time("2026-12-15T22:59:59Z"), true));

    let moved = |due: Option<&str>| sla::ClockMoved {
        clock: clock(4),
        subject: ticket.clone(),
        due_time: due.and_then(time),
        ..Default::default()
    };
    world.says(&clock(4), &moved(None)).await;
    let still = told(&world, &opened, "El plazo para responderle no corre en este momento.").await;
    assert_eq!((still.answer_due_time, still.answer_due_by_law), (None, true));
    world.says(&clock(4), &moved(Some("2026-11-24T10:00:00Z"))).await;
    told(&world, &opened, "Por ley debe tener nuestra respuesta a más tardar el 24/11/2026 11:00 (Europe/Madrid).")
        .await;
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(30));
    let late =
        "Por ley debía tener nuestra respuesta a más tardar el 24/11/2026 11:00 (Europe/Madrid). Vamos con retraso.";
    told(&world, &opened, late).await;
    let settled = |last: u8| sla::ClockSettled { clock: clock(last), subject: ticket.clone(), ..Default::default() };
    world.says(&clock(4), &settled(4)).await;
    told(&world, &opened, "Nos hemos comprometido a responderle a más tardar el 27/11/2026 23:59 (Europe/Madrid).")
        .await;
    world.says(&clock(3), &settled(3)).await;
    told(&world, &opened, "").await;
    world.says(&clock(4), &moved(Some("2026-12-15T22:59:59Z"))).await;
    told(&world, &opened, by_law).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_answered_is_not_told_that_the_answer_is_late_though_the_clock_has_not_heard_of_it() {
    let mut world = Neighbours::with("sla_monitor", "sla-monitor").await;
    let opened = open(&mut world.client).await;
    let ticket = opened.ticket.clone().unwrap();
    world.says(CLOCK, &clock_started(CLOCK, &ticket.name, sla::PolicyKind::Statutory, "2026-12-15T22:59:59Z")).await;
    told(&world, &opened, "Por ley debe tener nuestra respuesta a más tardar el 15/12/2026 23:59 (Europe/Madrid).")
        .await;
    let ticket = start(&mut world.client, &ticket).await.unwrap();
    let ticket = answer(&mut world.client, &ticket, "p1", ANSWER).await.unwrap();
    let ticket = answer(&mut world.client, &ticket, "p2", OTHER_ANSWER).await.unwrap();
    resolve(&mut world.client, &ticket).await.unwrap();
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(24 * 60));
    assert_eq!(told(&world, &opened, "").await.answer_due_time, None);
}
