//! Rules, affairs and how word of them arrives, as chance has it.

use ventanilla_sla_monitor_domain::affair::Event;
use ventanilla_sla_monitor_domain::clock::Threshold;
use ventanilla_sla_monitor_domain::condition::{Conditions, Metric, Occasion, Turn};
use ventanilla_sla_monitor_domain::policy::{Filter, Measure};
use ventanilla_sla_monitor_domain::rule::{Does, Effect, Kind};
use ventanilla_sla_monitor_domain::{Entry, Happening, Rule, Term};

use crate::almanac::{ALMANACS, Almanac, CATALOGUE, DAY, MINUTE, instant};
use crate::chance::Chance;

/// Something that is done to a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// To its affair.
    Event(Event),
    /// A promise was kept.
    Kept,
    /// A promise was called off.
    Off,
    /// A promise was declared broken.
    Forfeit,
    /// The affair is filed under another law.
    OtherLaw,
    /// It is filed under the first law after all.
    SameLaw,
}

/// One clock and all that happens about it.
pub struct World {
    pub rule: Rule,
    pub almanac: &'static Almanac,
    /// Minute of the receipt.
    pub first: i64,
    /// Minute that a promise was made for.
    pub until: Option<i64>,
    pub at_once: bool,
    /// Deeds at minutes apart from each other, in order.
    pub course: Vec<(i64, Deed)>,
}

const LAWS: [&str; 6] = [
    "es.l10-2025.17-1.resolve",
    "es.fin.29septies-1.decide",
    "es.l10-2025.17-2.continuity",
    "es.fin.pay.decide",
    "uk.disp.1-6-2.final",
    "house.promise",
];
/// The one whose due instant is its own.
const PROMISE: &str = LAWS[5];
const DEPARTMENTS: [&str; 3] = ["claims", "billing", "legal"];
const GROUNDS: [&str; 5] = ["cure_requested", "incomplete", "holding_reply", "third_party", "customer_to_call_back"];

pub fn term(chance: &mut Chance) -> Term {
    let mut up_to = |n: u64| u32::try_from(1 + chance.below(n)).unwrap();
    match up_to(8) {
        1 => Term::Minutes(up_to(600)),
        2 => Term::Minutes(60 * up_to(120)),
        3 => Term::OpenMinutes(up_to(600)),
        4 => Term::OpenMinutes(60 * up_to(60)),
        5 | 6 => Term::BusinessDays(up_to(15)),
        7 => Term::CalendarDays(up_to(20)),
        _ => Term::Weeks(up_to(2)),
    }
}

fn thresholds(chance: &mut Chance) -> Vec<Threshold> {
    let share = u8::try_from(1 + chance.below(99)).unwrap();
    let lead = u32::try_from(1 + chance.below(3000)).unwrap();
    chance.some(&[Threshold::Share(50), Threshold::Share(90), Threshold::Share(share), Threshold::Lead(lead)], 4)
}

/// Conditions that are accepted: the metric's own, or others in their place.
fn conditions(chance: &mut Chance, metric: Metric) -> Conditions {
    if !chance.one_in(3) {
        return metric.conditions();
    }
    loop {
        let mut some = |most| chance.some(&Occasion::OF_AFFAIRS, most);
        let replaced = Conditions {
            start: some(3),
            cancel: some(2),
            pause: some(2),
            resume: some(3),
            stop: some(3),
            reset: some(2),
        };
        if replaced.wrong().is_empty() {
            return replaced;
        }
    }
}

fn effects(chance: &mut Chance) -> Vec<Effect> {
    let mut grounds = GROUNDS.to_vec();
    chance.shuffle(&mut grounds);
    let mut effect = |ground: &&str| {
        let max_total = term(chance);
        let does = chance.of(&[Does::Pause, Does::Restart, Does::DeferStart, Does::Extend { max_total }]);
        Effect { on: (*ground).to_owned(), grounds: vec![(*ground).to_owned()], does }
    };
    let effects: Vec<Effect> = grounds.iter().take(3).map(&mut effect).collect();
    chance.some(&effects, 3)
}

/// A policy of the house.
pub fn policy(chance: &mut Chance) -> Rule {
    let metric = chance.of(&Metric::OF_AFFAIRS);
    let measure = Measure {
        calls: None,
        metric,
        conditions: conditions(chance, metric),
        filter: Filter { departments: chance.some(&DEPARTMENTS.map(str::to_owned), 2), ..Filter::default() },
        rank: 1,
        calendar: None,
        retroactive_start: true,
        retroactive_pause: true,
        from: instant(0),
        until: None,
    };
    Rule {
        id: "house.policy".to_owned(),
        kind: Kind::Sla,
        term: Some(term(chance)),
        effects: effects(chance),
        warnings: thresholds(chance),
        measure: Some(measure),
        ..CATALOGUE.rule(LAWS[0]).unwrap().clone()
    }
}

pub fn event(chance: &mut Chance) -> Event {
    let ground = chance.of(&GROUNDS).to_owned();
    let (from, to) = (chance.of(&DEPARTMENTS).to_owned(), chance.of(&DEPARTMENTS).to_owned());
    match chance.below(16) {
        0 | 1 => Event::Waits(ground),
        2 | 3 => Event::Held(ground),
        4 => Event::Works,
        5 => chance.of(&[Event::Works, Event::Withdrawn]),
        6 => Event::Answered,
        7 => Event::Explained { signposts: chance.one_in(2) },
        8 => Event::CustomerWrote,
        9 => Event::HandedOver { from, to },
        10 => Event::SuperiorAwaited,
        11 => Event::SuperiorCame,
        12 => Event::Resolved,
        13 if chance.one_in(3) => Event::Cancelled,
        14 => Event::Extended(ground),
        _ => Event::Reopened,
    }
}

/// The minutes at which something is done within thirty days: some close together, some on the spot where a term may end.
pub fn minutes(chance: &mut Chance, first: i64, term: Option<Term>, almanac: &Almanac) -> Vec<i64> {
    let (mut minutes, mut at) = (Vec::new(), first);
    for _ in 0..3 + chance.below(10) {
        let apart = chance.of(&[120, DAY, 5 * DAY]);
        at += chance.between(1, apart);
        if chance.one_in(6) {
            at = almanac.midnight_after(at) - chance.between(0, 2);
        }
        minutes.push(at);
    }
    if let Some(Term::Minutes(n)) = term {
        let starts = chance.some(&[&minutes[..], &[first]].concat(), 3);
        minutes.extend(starts.into_iter().map(|start| start + i64::from(n)));
    }
    minutes.retain(|at| *at < first + 30 * DAY);
    minutes.sort_unstable();
    minutes.dedup();
    minutes
}

impl World {
    pub fn new(chance: &mut Chance) -> Self {
        let almanac = &ALMANACS[chance.index(ALMANACS.len())];
        let first = chance.between(DAY, 330 * DAY);
        let (mut until, mut at_once) = (None, true);
        let rule = if chance.one_in(3) {
            let law = chance.of(&LAWS);
            if law == PROMISE {
                until = Some(chance.between(first - 10, first + 20 * DAY));
            }
            let replaced = chance.one_in(2).then(|| thresholds(chance));
            let rule = CATALOGUE.rule(law).unwrap();
            Rule { warnings: replaced.unwrap_or_else(|| rule.warnings.clone()), ..rule.clone() }
        } else {
            let rule = policy(chance);
            let lists = &rule.measure.as_ref().unwrap().conditions;
            at_once = matches!(lists.turn(Occasion::Received), Some(Turn::Start | Turn::Anew));
            rule
        };
        let deed = |chance: &mut Chance| match (&rule.measure, until) {
            (None, Some(_)) => chance.of(&[Deed::Kept, Deed::Off, Deed::Forfeit, Deed::OtherLaw, Deed::SameLaw]),
            (None, None) if chance.one_in(12) => chance.of(&[Deed::OtherLaw, Deed::SameLaw]),
            _ => Deed::Event(event(chance)),
        };
        // Now and then something is written down as done before the receipt.
        let begins = if chance.one_in(6) { first - chance.between(1, 300) } else { first };
        let times = minutes(chance, begins, rule.term, almanac).into_iter().filter(|at| *at != first);
        let course = times.map(|at| (at, deed(chance))).collect();
        Self { rule, almanac, first, until, at_once, course }
    }

    /// The entry that starts the clock.
    pub fn opening(&self) -> Entry {
        let what = match self.until {
            Some(until) => Happening::StartedUntil(instant(until * MINUTE)),
            None if self.at_once => Happening::Started,
            None => Happening::Awaited,
        };
        Entry { at: instant(self.first * MINUTE), what }
    }

    /// The entry that a deed is to the clock, where it is one.
    pub fn entry(&self, (at, deed): &(i64, Deed)) -> Option<Entry> {
        let what = match deed {
            Deed::Event(event) => event.to_clock_of(&self.rule)?,
            Deed::Kept => Happening::Fulfilled,
            Deed::Off => Happening::Cancelled,
            Deed::Forfeit => Happening::Forfeited,
            Deed::OtherLaw => Happening::Displaced,
            Deed::SameLaw => Happening::Reinstated,
        };
        Some(Entry { at: instant(at * MINUTE), what })
    }

    /// The deeds as word of them comes: most in order, some late.
    pub fn arrivals(&self, chance: &mut Chance) -> Vec<(i64, Deed)> {
        let mut late: Vec<(i64, &(i64, Deed))> = Vec::new();
        for deed in &self.course {
            let delay = if chance.one_in(4) { chance.between(1, 10 * DAY) } else { 0 };
            late.push((deed.0 + delay, deed));
        }
        late.sort_by_key(|(arrives, _)| *arrives);
        late.into_iter().map(|(_, deed)| deed.clone()).collect()
    }
}
