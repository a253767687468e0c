//! Words that come late, in any order: what is raised, and what lies ahead, is what the pure replay of all of them says.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use prost::{Message as _, Name as _};
use sla_monitor_domain::affair::Event;
use sla_monitor_domain::catalogue::Switches;
use sla_monitor_domain::clock::{Entry, Happening, Terms};
use sla_monitor_domain::{Catalogue, Replay, replay};
use testkit::{Served, eventually};
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;

use crate::world::{SOON, State, Ticket, World, clock_in, clocks_that, read};

/// How many courses are played in the normal run; `VENTANILLA_LATE_SEEDS` says another number.
const SEEDS: u64 = 300;
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

fn after(at: Timestamp, micros: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_micros(micros)).unwrap()
}

/// Something that happened to an affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Waits,
    Works,
    Answers,
    Reopens,
    HeldOff,
    Withdrawn,
}

impl Word {
    async fn write(self, world: &World, ticket: &Ticket, at: Timestamp) {
        let states = match self {
            Self::Waits => (State::InProgress, State::Pending),
            Self::Works => (State::Pending, State::InProgress),
            Self::Answers => (State::InProgress, State::Resolved),
            Self::Reopens => (State::Resolved, State::InProgress),
            Self::Withdrawn => (State::InProgress, State::Cancelled),
            Self::HeldOff => {
                let sent = ticketing::HoldingReplySent { ticket: ticket.name.clone(), ..Default::default() };
                return world.ticketing.write(&ticket.name, &sent, at).await;
            }
        };
        let reason = if self == Self::Waits { "cure_requested" } else { "" };
        world.transition(ticket, states, reason, at).await;
    }

    fn event(self) -> Event {
        match self {
            Self::Waits => Event::Waits("cure_requested".to_owned()),
            Self::Works => Event::Works,
            Self::Answers => Event::Resolved,
            Self::Reopens => Event::Reopened,
            Self::HeldOff => Event::Extended("holding_reply".to_owned()),
            Self::Withdrawn => Event::Cancelled,
        }
    }
}

/// Numbers that look like chance and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, faces: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((z ^ (z >> 31)) % u64::try_from(faces).unwrap()).unwrap()
    }
}

/// An affair and its words, in the order in which they come.
struct Course {
    ticket: Ticket,
    words: Vec<(Timestamp, Word)>,
}

impl Course {
    fn of(seed: u64, now: Timestamp) -> Self {
        let mut dice = Dice(seed);
        let age = 5 * DAY + dice.below(70 * DAY);
        let received = after(now, -age);
        let sector = ["general", "finance", "payment-services"][usize::try_from(dice.below(3)).unwrap()];
        let ticket = Ticket::complaint(received).of_sector(sector);
        let words = (0..3 + dice.below(6)).map(|_| {
            let word = match dice.below(12) {
                0..=3 => Word::Waits,
                4..=6 => Word::Works,
                7 | 8 => Word::Answers,
                9 => Word::Reopens,
                10 => Word::HeldOff,
                _ if dice.below(3) == 0 => Word::Withdrawn,
                _ => Word::Works,
            };
            // Nothing of the future is told, and few things happen at one instant.
            (after(received, 1 + dice.below(age - 1)), word)
        });
        Self { ticket, words: words.collect() }
    }

    /// What the words make of a clock of this rule.
    fn replayed(&self, law: &Catalogue, clock: &sla::Clock) -> Replay {
        let rule = law.rule(&clock.rule).unwrap();
        let calendar = law.calendar(clock.calendar.strip_prefix("calendars/").unwrap()).unwrap();
        let mut entries = vec![Entry { at: self.ticket.received, what: Happening::Started }];
        let told = |(at, word): &(Timestamp, Word)| Some(Entry { at: *at, what: word.event().to_clock_of(rule)? });
        entries.extend(self.words.iter().filter_map(told));
        replay(&entries, Terms { rule, calendar }).unwrap()
    }
}

/// Waits until everything written so far is applied, and what came of it is raised.
async fn settled(world: &World, served: &Served) {
    let marker = Ticket::complaint(world.now().await);
    world.open(&marker).await;
    clocks_that(served, &marker.name, |clocks| !clocks.is_empty()).await;
    eventually(SOON, || async {
        let statement = "select count(*) from sla_monitor.due where fire_at <= now() + interval '5 seconds'";
        match sqlx::query_scalar::<_, i64>(statement).fetch_one(&world.admin).await.unwrap() {
            0 => Ok(()),
            waiting => Err(waiting),
        }
    })
    .await;
}

/// What the ledger says of the breaches of one clock.
#[derive(Debug, Default)]
struct Told {
    /// Every breach that was told, in order.
    breaches: Vec<Timestamp>,
    /// The first breach of any run, as whoever reads the ledger knows it in the end.
    first: Option<Timestamp>,
    /// Every warning that was told.
    warnings: Vec<(i32, Timestamp)>,
}

/// The ledger as whoever follows it reads it, by clock.
async fn told(world: &World) -> BTreeMap<String, Told> {
    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
        "select type, payload from (
             select 0 as waits, position, type, payload from sla_monitor.ledger
             union all select 1, inbox_id, type, payload from sla_monitor.ledger_inbox) e order by waits, position",
    )
    .fetch_all(&world.admin)
    .await
    .unwrap();
    let mut told = BTreeMap::<String, Told>::new();
    for (kind, payload) in rows {
        let bytes = payload.as_slice();
        if kind == sla::ClockBreached::full_name() {
            let breach = sla::ClockBreached::decode(bytes).unwrap();
            let (of, at) = (told.entry(breach.clock).or_default(), read(breach.breached_time).unwrap());
            of.breaches.push(at);
            of.first = Some(of.first.map_or(at, |first| first.min(at)));
        } else if kind == sla::ClockMoved::full_name() {
            let moved = sla::ClockMoved::decode(bytes).unwrap();
            told.entry(moved.clock).or_default().first = read(moved.breached_time);
        } else if kind == sla::ClockSettled::full_name() {
            let settled = sla::ClockSettled::decode(bytes).unwrap();
            told.entry(settled.clock).or_default().first = read(settled.breached_time);
        } else if kind == sla::WarningRaised::full_name() {
            let warning = sla::WarningRaised::decode(bytes).unwrap();
            let at = read(warning.threshold_time).unwrap();
            told.entry(warning.clock).or_default().warnings.push((warning.threshold_percent, at));
        }
    }
    told
}

/// What lies ahead of each clock: kind, origin of the run, instant.
async fn ahead(world: &World) -> BTreeMap<String, Vec<(String, Timestamp, Timestamp)>> {
    let rows: Vec<(uuid::Uuid, String, jiff_sqlx::Timestamp, jiff_sqlx::Timestamp)> =
        sqlx::query_as("select clock_id, kind, origin_at, due_at from sla_monitor.due order by kind")
            .fetch_all(&world.admin)
            .await
            .unwrap();
    let mut ahead = BTreeMap::<String, Vec<_>>::new();
    for (clock, kind, origin, due) in rows {
        ahead.entry(format!("clocks/{clock}")).or_default().push((kind, origin.to_jiff(), due.to_jiff()));
    }
    ahead
}

fn doubled<T: Ord + Clone>(told: &[T]) -> bool {
    let mut once = told.to_vec();
    once.sort_unstable();
    once.dedup();
    once.len() < told.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_comes_late_every_breach_that_holds_is_told_once_and_none_other_in_the_end() {
    let seeds = std::env::var("VENTANILLA_LATE_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    let law = Catalogue::embedded(&Switches::new()).unwrap();
    let world = World::new().await;
    let served = world.start().await;
    let now = world.now().await;
    let courses: Vec<Course> = (0..seeds).map(|seed| Course::of(seed, now)).collect();
    for course in &courses {
        world.open(&course.ticket).await;
    }
    settled(&world, &served).await;
    for round in 0..9 {
        for course in &courses {
            if let Some((at, word)) = course.words.get(round) {
                word.write(&world, &course.ticket, *at).await;
            }
        }
        settled(&world, &served).await;
    }
    let (told, ahead) = (told(&world).await, ahead(&world).await);
    let (mut corrected, mut broken, nothing) = (0, 0, Told::default());
    for (seed, course) in courses.iter().enumerate() {
        for clock in clocks_that(&served, &course.ticket.name, |clocks| !clocks.is_empty()).await {
            let replayed = course.replayed(&law, &clock);
            let now = world.now().await;
            let of_past_runs = replayed.breaches.iter().map(|breach| breach.at);
            let open = replayed.state.due().filter(|due| replayed.state.as_str() == "running" && *due < now);
            let hold: Vec<Timestamp> = of_past_runs.chain(open).collect();
            let of = format!("seed {seed}: {} {:?} {:?}", clock.rule, course.ticket.received, course.words);
            let ledger = told.get(&clock.name).unwrap_or(&nothing);
            assert!(!doubled(&ledger.breaches) && !doubled(&ledger.warnings), "told twice: {ledger:?} {of}");
            assert!(hold.iter().all(|at| ledger.breaches.contains(at)), "missed of {hold:?}: {ledger:?} {of}");
            assert_eq!(ledger.first, hold.first().copied(), "the last word of {ledger:?} {of}");
            assert_eq!(read(clock.breached_time), hold.first().copied(), "{of}");
            let rows = ahead.get(&clock.name).map(Vec::as_slice).unwrap_or_default();
            assert!(rows.iter().all(|(_, origin, at)| *origin == replayed.origin && *at > now), "{rows:?} {of}");
            let due = replayed.state.due().filter(|due| replayed.state.as_str() == "running" && *due > now);
            let breach = rows.iter().find(|(kind, ..)| kind == "breach").map(|(.., at)| *at);
            assert_eq!(breach, due, "what lies ahead {of}");
            broken += usize::from(!hold.is_empty());
            corrected += usize::from(ledger.breaches.len() > hold.len());
        }
    }
    assert!(broken > courses.len() / 4 && corrected > courses.len() / 20, "{broken} broken, {corrected} corrected");
}

#[tokio::test]
async fn a_term_that_late_words_lengthen_into_the_past_is_breached_at_its_new_end() {
    let world = World::new().await;
    let served = world.start().await;
    let received = after(world.now().await, -70 * DAY);
    let ticket = Ticket::complaint(received).of_sector("finance");
    world.open(&ticket).await;
    settled(&world, &served).await;
    let before = world.told::<sla::ClockBreached>().await;
    assert_eq!(before.len(), 1, "{before:?}");
    for (days, word) in [(5, Word::Waits), (12, Word::Works)] {
        word.write(&world, &ticket, after(received, days * DAY)).await;
    }
    settled(&world, &served).await;
    let clock = clock_in(&served, &ticket.name, sla::ClockState::Running).await;
    let later = read(clock.due_time).unwrap();
    assert!(read(before[0].payload.breached_time).unwrap() < later && later < world.now().await);
    let of_clock = &told(&world).await[&clock.name];
    assert_eq!(of_clock.breaches, [read(before[0].payload.breached_time).unwrap(), later]);
    assert_eq!((of_clock.first, read(clock.breached_time)), (Some(later), Some(later)));
}

#[tokio::test]
async fn a_run_that_late_words_undo_is_not_raised_after_all() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.due.late_entry_quiet_ms = 3_000;
    let served = world.start_with(settings.clone()).await;
    let received = after(world.now().await, -60 * DAY);
    let ticket = Ticket::complaint(received);
    world.open(&ticket).await;
    // The file is completed on the third day: a run of its own, which is breached.
    Word::Waits.write(&world, &ticket, after(received, DAY)).await;
    Word::Works.write(&world, &ticket, after(received, 3 * DAY)).await;
    settled(&world, &served).await;
    let completed = world.told::<sla::ClockBreached>().await;
    assert_eq!(completed.len(), 1, "{completed:?}");
    served.stop().await;
    // Late: it had been resolved before that, so that the first run went on; and reopened before that too, so that it did not.
    Word::Answers.write(&world, &ticket, after(received, 12 * HOUR)).await;
    Word::Reopens.write(&world, &ticket, after(received, 4 * DAY)).await;
    Word::Reopens.write(&world, &ticket, after(received, 18 * HOUR)).await;
    let served = world.start_with(settings).await;
    settled(&world, &served).await;
    let clock = clock_in(&served, &ticket.name, sla::ClockState::Running).await;
    let of_clock = &told(&world).await[&clock.name];
    assert_eq!(of_clock.breaches, [read(completed[0].payload.breached_time).unwrap()]);
    assert_eq!(
        (of_clock.first, read(clock.breached_time)),
        (of_clock.breaches.first().copied(), clock.due_time.map(|t| read(Some(t)).unwrap()))
    );
}
