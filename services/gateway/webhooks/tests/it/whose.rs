//! Whose an event is that names no department, and that an affair is told in its order whatever its events wait for.

use std::collections::BTreeMap;

use kernel::{Ambient, Role, SeededEntropy, SystemClock};
use prost::{Message, Name};
use testkit::{Served, eventually};
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::ombudsman::v1 as ombudsman;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;

use crate::receiver::{Got, Receiver};
use crate::world::{SOON, World, of, supervisor, supervisor_of};

/// What came, by the words of its type: `ticket.opened`.
fn types(got: &[Got]) -> Vec<String> {
    let word = |got: &Got| {
        let event = got.json();
        let words = event["type"].as_str().expect("a type").trim_end_matches(".v1");
        words.splitn(3, '.').last().expect("its words").to_owned()
    };
    got.iter().map(word).collect()
}

fn opened(ticket: &str, department: &str) -> ticketing::TicketOpened {
    ticketing::TicketOpened { ticket: ticket.to_owned(), department: department.to_owned(), ..Default::default() }
}

fn assigned(ticket: &str, department: &str) -> ticketing::TicketAssigned {
    ticketing::TicketAssigned { ticket: ticket.to_owned(), to_department: department.to_owned(), ..Default::default() }
}

fn said(ticket: &str) -> ticketing::MessageAdded {
    ticketing::MessageAdded { ticket: ticket.to_owned(), ..Default::default() }
}

fn moved(subject: &str) -> sla::ClockMoved {
    sla::ClockMoved { clock: "clocks/1".to_owned(), subject: subject.to_owned(), ..Default::default() }
}

fn contact(ticket: &str, department: &str) -> customer::InteractionRecorded {
    let (ticket, department) = (ticket.to_owned(), department.to_owned());
    customer::InteractionRecorded { ticket, department, ..Default::default() }
}

/// Writes down something that happens now, and waits until it is numbered.
async fn write<M: Message + Name>(world: &World, source: &str, aggregate: &str, payload: &M) {
    world.append_numbered(source, &[world.draft(aggregate, payload, world.now())]).await;
}

/// A receiver that is told of billing's affairs, and one that is told of network's.
async fn two_departments(world: &World, served: &Served) -> (Receiver, Receiver) {
    let (billing, network) = (Receiver::start().await, Receiver::start().await);
    world.subscribe(served, &billing).await;
    world.subscribe_as(supervisor_of(served, "network"), &network, &["*"]).await;
    (billing, network)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ticketing_tells_is_of_the_department_that_had_the_affair_at_that_entry() {
    let world = World::new().await;
    let served = world.start().await;
    let (billing, network) = two_departments(&world, &served).await;
    served.stop().await;
    // All of it is there before any of it is spread.
    let (ticket, now) = (format!("tickets/{}", world.uuid()), world.now());
    let told = [
        world.draft(&ticket, &opened(&ticket, "billing"), now),
        world.draft(&ticket, &said(&ticket), now),
        world.draft(&ticket, &assigned(&ticket, "network"), now),
        world.draft(&ticket, &said(&ticket), now),
    ];
    world.append_numbered("ticketing", &told).await;
    let _served = world.start().await;
    assert_eq!(types(&network.got_at_least(2).await), ["ticket.assigned", "message.added"]);
    assert_eq!(types(&billing.got_at_least(2).await), ["ticket.opened", "message.added"]);
    assert_eq!((billing.got().len(), network.got().len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn word_that_comes_late_is_told_to_who_had_the_affair_when_it_happened() {
    let world = World::new().await;
    let served = world.start().await;
    let (billing, network) = two_departments(&world, &served).await;
    let ticket = format!("tickets/{}", world.uuid());
    write(&world, "ticketing", &ticket, &opened(&ticket, "billing")).await;
    let before = world.now();
    write(&world, "ticketing", &ticket, &assigned(&ticket, "network")).await;
    network.got_at_least(1).await;
    // The monitor says only now what happened while billing had it.
    let late = world.draft("clocks/1", &moved(&ticket), before);
    world.append_numbered("sla-monitor", &[late, world.draft("clocks/1", &moved(&ticket), world.now())]).await;
    assert_eq!(types(&network.got_at_least(2).await), ["ticket.assigned", "clock.moved"]);
    assert_eq!(types(&billing.got_at_least(2).await), ["ticket.opened", "clock.moved"]);
    assert_eq!((billing.got().len(), network.got().len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_to_be_told_whose_it_is_is_not_overtaken_by_its_affair() {
    let world = World::new().await;
    let served = world.start().await;
    let (billing, network) = two_departments(&world, &served).await;
    let ticket = format!("tickets/{}", world.uuid());
    write(&world, "ticketing", &ticket, &opened(&ticket, "billing")).await;
    billing.got_at_least(1).await;
    let deaf = world.deafen("ticketing").await;
    write(&world, "ticketing", &ticket, &assigned(&ticket, "network")).await;
    write(&world, "sla-monitor", "clocks/1", &moved(&ticket)).await;
    world.kept(2).await;
    // The one says itself whose it is, and is behind what does not; the other is of another affair.
    write(&world, "customer-profile", "interactions/1", &contact(&ticket, "network")).await;
    let linked = customer::CustomersLinked::default();
    write(&world, "customer-profile", "customers/1", &linked).await;
    assert_eq!(types(&network.got_at_least(1).await), ["customers.linked"]);
    assert_eq!(types(&billing.got_at_least(2).await), ["ticket.opened", "customers.linked"]);
    deaf.rollback().await.unwrap();
    let told = network.got_at_least(4).await;
    assert_eq!(types(&told), ["customers.linked", "clock.moved", "interaction.recorded", "ticket.assigned"]);
    assert_eq!(
        (told.len(), billing.got().len()),
        (4, 2),
        "network had it when the clock moved, though word of that came later"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_of_a_case_before_it_was_known_whose_it_is_takes_its_place_in_the_affair() {
    let world = World::new().await;
    let served = world.start().await;
    let (billing, network) = two_departments(&world, &served).await;
    let ticket = format!("tickets/{}", world.uuid());
    write(&world, "ticketing", &ticket, &opened(&ticket, "billing")).await;
    billing.got_at_least(1).await;
    let deaf = world.deafen("ombudsman-escalation").await;
    let case = ombudsman::CaseOpened { case_name: "cases/1".to_owned(), ticket: ticket.clone(), ..Default::default() };
    write(&world, "ombudsman-escalation", "cases/1", &case).await;
    write(&world, "sla-monitor", "clocks/1", &moved("cases/1")).await;
    world.kept(2).await;
    write(&world, "ticketing", &ticket, &said(&ticket)).await;
    billing.got_at_least(2).await;
    deaf.rollback().await.unwrap();
    let told = billing.got_at_least(4).await;
    assert_eq!(types(&told), ["ticket.opened", "message.added", "clock.moved", "case.opened"]);
    assert!(told.iter().all(|got| got.json()["partitionkey"] == ticket), "{told:?}");
    assert!(told.is_sorted_by_key(|got| got.json()["sequence"].as_str().map(str::to_owned)), "{told:?}");
    assert!(network.got().is_empty());
}

/// What is written at random, and whose each of it was by what was written before.
struct Written {
    world: World,
    dice: Ambient,
    owners: BTreeMap<String, &'static str>,
    tickets: Vec<String>,
    /// By affair and department: how many.
    expected: BTreeMap<(String, String), usize>,
}

const DEPARTMENTS: [&str; 3] = ["billing", "network", "sales"];

impl Written {
    fn roll(&self, sides: usize) -> usize {
        usize::from(self.dice.bytes::<1>()[0]) % sides
    }

    fn expect(&mut self, ticket: &str, department: &str) {
        *self.expected.entry((ticket.to_owned(), department.to_owned())).or_default() += 1;
    }

    async fn step(&mut self) {
        let ticket = self.tickets[self.roll(self.tickets.len())].clone();
        let department = DEPARTMENTS[self.roll(DEPARTMENTS.len())];
        let Some(owner) = self.owners.get(&ticket).copied() else {
            write(&self.world, "ticketing", &ticket, &opened(&ticket, department)).await;
            self.owners.insert(ticket.clone(), department);
            return self.expect(&ticket, department);
        };
        let now = self.world.now();
        let (source, draft, whose) = match self.roll(5) {
            0 => {
                self.owners.insert(ticket.clone(), department);
                ("ticketing", self.world.draft(&ticket, &assigned(&ticket, department), now), department)
            }
            1 => ("ticketing", self.world.draft(&ticket, &said(&ticket), now), owner),
            2 => {
                let interaction = format!("interactions/{}", self.world.uuid());
                let draft = self.world.draft(&interaction, &contact(&ticket, department), now);
                ("customer-profile", draft, department)
            }
            _ => {
                let clock = format!("clocks/{}", self.roll(4));
                ("sla-monitor", self.world.draft(&clock, &moved(&ticket), now), owner)
            }
        };
        self.world.append_numbered(source, &[draft]).await;
        self.expect(&ticket, whose);
    }
}

/// By affair and department: how many came. And what came before what is before it.
fn found(got: &[Got]) -> (BTreeMap<(String, String), usize>, Vec<String>) {
    let (mut counts, mut last, mut wrong) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for got in got {
        let event = got.json();
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let (affair, sequence) = (text("partitionkey"), text("sequence"));
        *counts.entry((affair.clone(), text("department"))).or_default() += 1;
        if let Some(before) = last.insert(affair.clone(), sequence.clone())
            && before > sequence
        {
            wrong.push(format!("{affair}: {sequence} after {before}"));
        }
    }
    (counts, wrong)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_word_comes_first_every_affair_is_told_in_order_and_to_whose_it_was() {
    let world = World::new().await;
    let served = world.start().await;
    let (all, billing) = (Receiver::start().await, Receiver::start().await);
    let request = ventanilla_proto::webhook::v1::CreateSubscriptionRequest {
        subscription: Some(ventanilla_proto::webhook::v1::Subscription {
            department: "sales".to_owned(),
            ..crate::world::subscription(&all.url(), &["*"])
        }),
        request_id: world.uuid(),
    };
    of(&served, Role::Sre, None).create_subscription(request).await.unwrap();
    world.subscribe_as(supervisor(&served), &billing, &["*"]).await;
    let tickets = (0..5).map(|_| format!("tickets/{}", world.uuid())).collect();
    let dice = Ambient::new(SystemClock, SeededEntropy::new(20_261_203));
    let mut written = Written { world, dice, owners: BTreeMap::new(), tickets, expected: BTreeMap::new() };
    for _ in 0..8 {
        // One ledger is not heard for a while, and then all of it at once.
        let source = ["ticketing", "sla-monitor", "customer-profile"][written.roll(3)];
        let deaf = written.world.deafen(source).await;
        for _ in 0..10 {
            written.step().await;
        }
        deaf.rollback().await.unwrap();
    }
    let (counts, wrong) = eventually(SOON, || async {
        let found = found(&all.got());
        if found.0.values().sum::<usize>() == 8 * 10 { Ok(found) } else { Err(format!("{:?}", found.0)) }
    })
    .await;
    assert_eq!((&counts, wrong), (&written.expected, Vec::new()));
    let of_billing = |counts: &BTreeMap<(String, String), usize>| {
        counts.iter().filter(|((_, department), _)| department == "billing").map(|(_, count)| *count).sum::<usize>()
    };
    let (told, wrong) = found(&billing.got_at_least(of_billing(&written.expected)).await);
    assert_eq!((told.values().sum::<usize>(), wrong), (of_billing(&written.expected), Vec::new()));
    assert_eq!(of_billing(&told), of_billing(&written.expected));
}
