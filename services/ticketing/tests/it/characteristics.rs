//! CharacteristicService, and what CreateTicket, ImportTickets, ReclassifyTicket and SplitTicket do about characteristics.

use kernel::Role;
use testkit::Client;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::CharacteristicKind as Kind;
use ventanilla_proto::ticketing::v1::characteristic_service_client::CharacteristicServiceClient;
use ventanilla_proto::ticketing::v1::characteristic_value::Value;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::r#type::v1::{Language, LocalizedText, Money};

use crate::finding::by_words;
use crate::world::{
    Tickets, World, accept, assert_refused, complaint, create_request, fields, fresh_id, get, resolved, serve, time,
};

type Sets = CharacteristicServiceClient<Client>;

const OF_COMPLAINTS: &str = "characteristicSets/reclamacion";
const OF_BILLING: &str = "characteristicSets/reclamacion-billing";

impl World {
    fn sets(&self, role: Role) -> Sets {
        CharacteristicServiceClient::new(self.served.channel(role))
    }
}

fn rule(name: &str, kind: Kind) -> pb::CharacteristicRule {
    let text = |language: Language, text: &str| LocalizedText { language: language.into(), text: text.into() };
    pb::CharacteristicRule {
        name: name.into(),
        kind: kind.into(),
        title: vec![text(Language::Es, "Dato"), text(Language::En, "Fact")],
        ..Default::default()
    }
}

fn value(value: Value) -> pb::CharacteristicValue {
    pb::CharacteristicValue { value: Some(value) }
}

fn fact(name: &str, of: Value) -> pb::Characteristic {
    pb::Characteristic { name: name.into(), value: Some(value(of)) }
}

fn euros(cents: i64) -> Value {
    Value::Money(Money { currency_code: "EUR".into(), minor_units: cents })
}

/// Of invoices: the number, which has to be stated, and all there is of the other kinds.
pub fn invoices(name: &str) -> pb::CharacteristicSet {
    let rules = vec![
        pb::CharacteristicRule { required: true, ..rule("invoice-number", Kind::Text) },
        pb::CharacteristicRule { words: vec!["gas".into(), "luz".into()], ..rule("supply", Kind::Text) },
        pb::CharacteristicRule {
            least: Some(value(Value::Number("0".into()))),
            unit: "kWh".into(),
            ..rule("reading", Kind::Number)
        },
        rule("paid", Kind::Flag),
        pb::CharacteristicRule { least: Some(value(Value::Date("2020-01-01".into()))), ..rule("issued", Kind::Date) },
        pb::CharacteristicRule { most: Some(value(euros(1_000_000))), ..rule("amount", Kind::Money) },
    ];
    pb::CharacteristicSet { name: name.into(), rules, ..Default::default() }
}

/// One of each kind, in the order of their names.
pub fn facts(number: &str) -> Vec<pb::Characteristic> {
    vec![
        fact("amount", euros(4_150)),
        fact("invoice-number", Value::Text(number.into())),
        fact("issued", Value::Date("2026-10-31".into())),
        fact("paid", Value::Flag(false)),
        fact("reading", Value::Number("1234.5".into())),
        fact("supply", Value::Text("luz".into())),
    ]
}

pub async fn put(sets: &mut Sets, set: pb::CharacteristicSet) -> Result<pb::CharacteristicSet, Status> {
    let request = pb::PutCharacteristicSetRequest { characteristic_set: Some(set), request_id: fresh_id() };
    sets.put_characteristic_set(request).await.map(Response::into_inner)
}

async fn state(
    sets: &mut Sets,
    ticket: &pb::Ticket,
    characteristics: Vec<pb::Characteristic>,
) -> Result<pb::Ticket, Status> {
    let request = pb::StateCharacteristicsRequest {
        name: ticket.name.clone(),
        characteristics,
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
    };
    sets.state_characteristics(request).await.map(Response::into_inner)
}

async fn create(client: &mut Tickets, characteristics: Vec<pb::Characteristic>) -> Result<pb::Ticket, Status> {
    let ticket = pb::Ticket { characteristics, ..complaint() };
    let made = client.create_ticket(create_request(ticket)).await;
    made.map(|made| made.into_inner().ticket.unwrap())
}

/// The violations, in words.
fn wrong(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let all = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    all.into_iter().map(|one| format!("{}: {}", one.field, one.description)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_is_written_in_versions_read_and_listed() {
    let world = World::new().await;
    let (mut boss, mut agent) = (world.sets(Role::Supervisor), world.sets(Role::Agent));
    let first = put(&mut boss, invoices(OF_BILLING)).await.unwrap();
    assert_eq!((first.version, first.ticket_type(), first.topic.as_str()), (1, pb::TicketType::Reclamacion, "billing"));
    assert_eq!(first.rules, invoices(OF_BILLING).rules);
    let stale = put(&mut boss, invoices(OF_BILLING)).await;
    assert_refused(stale, Code::Aborted, "STALE_ETAG");
    let second = pb::CharacteristicSet { rules: Vec::new(), etag: first.etag.clone(), ..invoices(OF_BILLING) };
    let second = put(&mut boss, second).await.unwrap();
    assert_eq!((second.version, second.rules.len()), (2, 0));
    put(&mut boss, invoices(OF_COMPLAINTS)).await.unwrap();

    let get = |version| pb::GetCharacteristicSetRequest { name: OF_BILLING.into(), version };
    let as_it_was = agent.get_characteristic_set(get(1)).await.unwrap().into_inner();
    assert_eq!(as_it_was, pb::CharacteristicSet { etag: second.etag.clone(), ..first });
    assert_eq!(agent.get_characteristic_set(get(0)).await.unwrap().into_inner(), second);
    assert_refused(agent.get_characteristic_set(get(3)).await, Code::NotFound, "NOT_FOUND");

    let mut list = pb::ListCharacteristicSetsRequest { page_size: 1, ..Default::default() };
    let mut names = Vec::new();
    loop {
        let page = agent.list_characteristic_sets(list.clone()).await.unwrap().into_inner();
        names.extend(page.characteristic_sets.into_iter().map(|set| set.name));
        if page.next_page_token.is_empty() {
            break;
        }
        list.page_token = page.next_page_token;
    }
    assert_eq!(names, [OF_COMPLAINTS, OF_BILLING]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_with_a_set_is_told_at_once() {
    let world = World::new().await;
    let text = value(Value::Text("x".into()));
    let rules = vec![
        pb::CharacteristicRule {
            words: vec!["a".into(), "a".into()],
            least: Some(text.clone()),
            ..rule("a", Kind::Text)
        },
        pb::CharacteristicRule {
            words: vec!["a".into()],
            most: Some(text),
            title: Vec::new(),
            ..rule("B", Kind::Number)
        },
        pb::CharacteristicRule {
            least: Some(value(Value::Date("2026-02-01".into()))),
            most: Some(value(Value::Date("2026-01-01".into()))),
            unit: "kWh".into(),
            ..rule("c", Kind::Date)
        },
        pb::CharacteristicRule {
            least: Some(value(euros(1))),
            most: Some(value(Value::Money(Money { currency_code: "USD".into(), minor_units: 2 }))),
            ..rule("d", Kind::Money)
        },
        pb::CharacteristicRule { kind: 99, ..rule("e", Kind::Flag) },
    ];
    let set = pb::CharacteristicSet { name: "characteristicSets/praise".into(), rules, ..Default::default() };
    let refused = put(&mut world.sets(Role::Supervisor), set).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    let at = |field: &str| format!("characteristic_set.{field}");
    let expected = [
        "name",
        "rules[0].least",
        "rules[0].words[1]",
        "rules[1].name",
        "rules[1].words",
        "rules[1].most",
        "rules[1].title",
        "rules[2].unit",
        "rules[2].most",
        "rules[3].most",
        "rules[4].kind",
    ];
    let mut expected: Vec<String> = expected.map(at).into();
    let mut found = fields(&refused);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    let twice =
        pb::CharacteristicSet { rules: vec![rule("a", Kind::Flag), rule("a", Kind::Date)], ..invoices(OF_BILLING) };
    let refused = put(&mut world.sets(Role::Supervisor), twice).await.unwrap_err();
    assert_eq!(fields(&refused), ["characteristic_set.rules[1].name"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_is_opened_with_what_is_asked_of_it_and_found_by_it() {
    let world = World::new().await;
    let mut agent = world.agent();
    let refused = create(&mut agent, facts("F-1")).await.unwrap_err();
    assert!(wrong(&refused)[0].contains("no characteristics are known"), "{:?}", wrong(&refused));
    put(&mut world.sets(Role::Supervisor), invoices(OF_COMPLAINTS)).await.unwrap();
    // This process had read that there is none.
    let mut shuffled = facts("Recibo-F2026");
    shuffled.reverse();
    let ticket = create(&mut agent, shuffled).await.unwrap();
    assert_eq!(ticket.characteristics, facts("Recibo-F2026"));
    assert_eq!((ticket.characteristic_set.as_str(), ticket.characteristic_set_version), (OF_COMPLAINTS, 1));
    assert_eq!(get(&mut agent, &ticket.name).await, ticket);
    let mut finder = world.finder("u-7", Role::Agent);
    assert_eq!(by_words(&mut finder, "F2026").await, [ticket.name.as_str()]);

    let bad = vec![
        fact("supply", Value::Text("agua".into())),
        fact("reading", Value::Number("1,5".into())),
        fact("paid", Value::Date("2026-1-1".into())),
        pb::Characteristic { name: "amount".into(), value: None },
    ];
    let refused = create(&mut agent, bad).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    let at = |place: &str| format!("ticket.characteristics{place}");
    assert_eq!(fields(&refused), ["[1].value.number", "[2].value.date", "[3].value"].map(at));
    let unfit = vec![
        fact("supply", Value::Text("agua".into())),
        fact("amount", euros(1_000_001)),
        fact("colour", Value::Flag(true)),
        fact("supply", Value::Text("gas".into())),
    ];
    let refused = create(&mut agent, unfit).await.unwrap_err();
    assert_eq!(fields(&refused), ["[0].value", "[1].value", "[2].name", "[3].name", ""].map(at));
    assert_eq!(world.count("ticket").await, 1);

    // Nobody's affair is turned away by a machine; what it says has to fit all the same.
    assert_eq!(create(&mut world.as_role(Role::Ivr), Vec::new()).await.unwrap().characteristics, []);
    let unfit = create(&mut world.as_role(Role::Ivr), vec![fact("paid", Value::Text("sí".into()))]).await;
    assert_refused(unfit, Code::InvalidArgument, "INVALID_REQUEST");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_wrote_of_a_set_is_held_against_at_once() {
    let world = World::new().await;
    let other = serve(&world.harness, &world.database, &[]).await;
    let mut agent = world.agent();
    let first = put(&mut world.sets(Role::Supervisor), invoices(OF_COMPLAINTS)).await.unwrap();
    let known = create_request(pb::Ticket { characteristics: facts("F-1"), ..complaint() });
    let made = agent.create_ticket(known.clone()).await.unwrap().into_inner();
    // Written by the other process: this one has the first version in its memory.
    let mut elsewhere = CharacteristicServiceClient::new(other.channel(Role::Supervisor));
    let narrower = pb::CharacteristicSet {
        rules: vec![rule("contract", Kind::Text)],
        etag: first.etag,
        ..invoices(OF_COMPLAINTS)
    };
    put(&mut elsewhere, narrower).await.unwrap();
    let refused = create(&mut agent, facts("F-2")).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    let ticket = create(&mut agent, vec![fact("contract", Value::Text("C-7".into()))]).await.unwrap();
    assert_eq!(ticket.characteristic_set_version, 2);
    // A retry of what was done under the first is told what came of it.
    assert_eq!(agent.create_ticket(known).await.unwrap().into_inner(), made);
    assert_eq!(world.count("ticket").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stated_takes_the_place_of_what_was() {
    let world = World::new().await;
    let (mut agent, mut sets) = (world.agent(), world.sets(Role::Agent));
    put(&mut world.sets(Role::Supervisor), invoices(OF_COMPLAINTS)).await.unwrap();
    let ticket = create(&mut agent, facts("F-1")).await.unwrap();
    let only = vec![fact("invoice-number", Value::Text("F-2".into()))];
    let stated = state(&mut sets, &ticket, only.clone()).await.unwrap();
    assert_eq!(stated.characteristics, only);
    assert_refused(state(&mut sets, &ticket, only.clone()).await, Code::Aborted, "STALE_ETAG");
    let refused = state(&mut sets, &stated, vec![fact("colour", Value::Flag(true))]).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["characteristics[0].name", "characteristics"]);
    let request = pb::ListTicketHistoryRequest { name: ticket.name, ..Default::default() };
    let last = agent.list_ticket_history(request).await.unwrap().into_inner().changes.pop().unwrap();
    assert_eq!((last.kind(), last.related.as_str()), (pb::TicketChangeKind::CharacteristicsStated, OF_COMPLAINTS));
    let over = resolved(&mut world.as_role(Role::Importer)).await;
    let over = accept(&world, &over).await;
    assert_refused(state(&mut sets, &over, only).await, Code::FailedPrecondition, "TICKET_OVER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filed_as_something_else_what_fits_stays_and_a_part_knows_what_the_whole_knew() {
    let world = World::new().await;
    let (mut agent, mut boss) = (world.agent(), world.sets(Role::Supervisor));
    let mut relations = RelationServiceClient::new(world.served.channel(Role::Agent));
    put(&mut boss, invoices(OF_COMPLAINTS)).await.unwrap();
    let of_faults = vec![
        pb::CharacteristicRule { required: true, ..rule("line", Kind::Text) },
        rule("invoice-number", Kind::Text),
        rule("paid", Kind::Text),
    ];
    let of_faults =
        pb::CharacteristicSet { name: "characteristicSets/incidencia".into(), rules: of_faults, ..Default::default() };
    put(&mut boss, of_faults).await.unwrap();
    let ticket = create(&mut agent, facts("F-1")).await.unwrap();

    let split = pb::SplitTicketRequest {
        name: ticket.name.clone(),
        claim_points: vec!["p2".into()],
        subject: "Nadie llama".into(),
        department: "customer-service".into(),
        reason: "two_departments".into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        ..Default::default()
    };
    let made = relations.split_ticket(split).await.unwrap().into_inner();
    let (part, ticket) = (made.ticket.unwrap(), made.original.unwrap());
    assert_eq!(part.characteristics, facts("F-1"));

    let mut file = pb::ReclassifyTicketRequest {
        name: ticket.name.clone(),
        ticket_type: pb::TicketType::Incidencia.into(),
        topic: "network".into(),
        reason: "it_is_a_fault".into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        ..Default::default()
    };
    let refused = relations.reclassify_ticket(file.clone()).await.unwrap_err();
    assert_eq!(wrong(&refused), ["characteristics: must state line"]);
    let line = fact("line", Value::Text("L-4".into()));
    file.characteristics = vec![fact("colour", Value::Flag(true)), line.clone()];
    let refused = relations.reclassify_ticket(file.clone()).await.unwrap_err();
    assert_eq!(fields(&refused), ["characteristics[0].name"]);
    file.characteristics = vec![line.clone()];
    let filed = relations.reclassify_ticket(file).await.unwrap().into_inner();
    assert_eq!(filed.characteristics, [fact("invoice-number", Value::Text("F-1".into())), line]);
    assert_eq!(filed.characteristic_set, "characteristicSets/incidencia");
    assert_eq!(get(&mut agent, &ticket.name).await, filed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_from_elsewhere_may_lack_what_is_required_and_says_nothing_that_does_not_fit() {
    let world = World::new().await;
    put(&mut world.sets(Role::Supervisor), invoices(OF_COMPLAINTS)).await.unwrap();
    let history = |id: &str, characteristics| pb::TicketHistory {
        source_system: "service-desk".into(),
        external_id: id.into(),
        ticket: Some(pb::Ticket { characteristics, ..complaint() }),
        opened_time: time("2026-11-02T08:00:00Z"),
        steps: Vec::new(),
    };
    let import = |histories| pb::ImportTicketsRequest { histories, request_id: fresh_id() };
    let mut importer = world.as_role(Role::Importer);
    let bad = vec![history("1", Vec::new()), history("2", vec![fact("colour", Value::Flag(true))])];
    let refused = importer.import_tickets(import(bad)).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["histories[1].ticket.characteristics[0].name"]);
    let good = vec![history("1", Vec::new()), history("2", facts("F-9"))];
    let brought = importer.import_tickets(import(good)).await.unwrap().into_inner().tickets;
    assert_eq!(get(&mut world.agent(), &brought[1].ticket).await.characteristics, facts("F-9"));
}
