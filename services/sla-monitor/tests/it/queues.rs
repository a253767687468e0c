//! Boards by queue: what a department asks of who takes its affairs, over what ticketing's ledger tells.

use jiff::Timestamp;
use kernel::Role;
use testkit::Served;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::Language;

use crate::world::{Ticket, World, at, client};

const RECEIVED: &str = "2026-11-02T09:00:00Z";

impl World {
    /// A department asks for skills by topic.
    pub async fn asks(&self, department: &str, rules: &[(&str, &str)]) {
        let rule = |(topic, skill): &(&str, &str)| ticketing::SkillRule {
            topic: (*topic).to_owned(),
            skill: (*skill).to_owned(),
        };
        let put =
            ticketing::QueuePut { queue: format!("queues/{department}"), rules: rules.iter().map(rule).collect() };
        self.ticketing.write(&put.queue, &put, at(RECEIVED)).await;
    }

    async fn open_about(&self, topic: &'static str, language: Language) -> Ticket {
        let ticket = Ticket { department: "billing", ..Ticket::incident(at(RECEIVED)).about(topic) };
        let opened = ticketing::TicketOpened { language: language.into(), ..ticket.opened() };
        self.ticketing.write(&ticket.name, &opened, ticket.received).await;
        ticket
    }

    async fn hand_to(&self, ticket: &Ticket, department: &str, when: Timestamp) {
        let assigned = ticketing::TicketAssigned {
            ticket: ticket.name.clone(),
            from_department: ticket.department.to_owned(),
            to_department: department.to_owned(),
            ..Default::default()
        };
        self.ticketing.write(&ticket.name, &assigned, when).await;
    }
}

/// Lines of the board: key, clocks, of which met; once everything that was written is known, and without the affair that tells so.
async fn told(world: &World, served: &Served) -> Vec<(String, i64, i64)> {
    world.caught_up(served).await;
    let board = client(served, Role::Sre).get_board(sla::GetBoardRequest::default()).await.unwrap().into_inner();
    // Lines of one department add up to the department's.
    for department in &board.by_department {
        let of = |row: &&sla::BoardRow| row.key.starts_with(&format!("{}/", department.key));
        let counts = |row: &sla::BoardRow| (row.clock_count, row.met_count, row.breached_count, row.open_count);
        let sums = board.by_queue.iter().filter(of).map(counts);
        let sums = sums.fold((0, 0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2, a.3 + b.3));
        assert_eq!(sums, counts(department), "{}", department.key);
    }
    let lines = board.by_queue.into_iter().filter(|row| !row.key.starts_with("customer-service/"));
    lines.map(|row| (row.key, row.clock_count, row.met_count)).collect()
}

fn lines(expected: &[(&str, i64, i64)]) -> Vec<(String, i64, i64)> {
    expected.iter().map(|(key, clocks, met)| ((*key).to_owned(), *clocks, *met)).collect()
}

#[tokio::test]
async fn an_open_clock_is_of_the_queue_its_affair_waits_in_and_a_settled_one_of_that_it_waited_in() {
    let world = World::new().await;
    let served = world.start().await;
    let (later, last) = (at("2026-11-02T12:00:00Z"), at("2026-11-02T15:00:00Z"));
    world.asks("billing", &[("mortgage", "mortgages"), ("mortgage", "loans"), ("tariff", "tariffs")]).await;
    let plain = world.open_about("", Language::Es).await;
    let mortgage = world.open_about("mortgage", Language::Ca).await;
    let solved = world.open_about("mortgage", Language::Ca).await;
    world.open_about("tariff", Language::Unspecified).await;
    world.resolve(&solved, later).await;
    let before = [("billing/*/es", 1, 0), ("billing/loans+mortgages/ca", 2, 1), ("billing/tariffs/*", 1, 0)];
    assert_eq!(told(&world, &served).await, lines(&before));

    // Filed under another topic it waits elsewhere, and what is owed because of that begins there.
    let filed = ticketing::TicketReclassified {
        ticket: plain.name.clone(),
        ticket_type: ticketing::TicketType::Reclamacion.into(),
        from_ticket_type: plain.kind.into(),
        sector: plain.sector.to_owned(),
        from_sector: plain.sector.to_owned(),
        topic: "tariff".to_owned(),
        ..Default::default()
    };
    world.ticketing.write(&plain.name, &filed, later).await;
    let owed = told(&world, &served).await;
    let of_tariffs = owed.iter().find(|line| line.0 == "billing/tariffs/es").unwrap().1;
    assert!(of_tariffs >= 1 && owed.iter().all(|line| line.0 != "billing/*/es"), "{owed:?}");

    // What the department asks is said anew: what is open goes along, what is settled stays.
    world.asks("billing", &[("mortgage", "notary")]).await;
    let moved = [
        ("billing/*/*", 1, 0),
        ("billing/*/es", of_tariffs, 0),
        ("billing/loans+mortgages/ca", 1, 1),
        ("billing/notary/ca", 1, 0),
    ];
    assert_eq!(told(&world, &served).await, lines(&moved));

    // Handed over, it waits in the other department's queue; a promise that is made there begins there.
    world.hand_to(&mortgage, "sales", last).await;
    world.promise(&mortgage, last, at("2099-03-05T10:00:00Z")).await;
    let handed = [
        ("billing/*/*", 1, 0),
        ("billing/*/es", of_tariffs, 0),
        ("billing/loans+mortgages/ca", 1, 1),
        ("sales/*/ca", 2, 0),
    ];
    assert_eq!(told(&world, &served).await, lines(&handed));
}
