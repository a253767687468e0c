//! Policies: which an affair has, and what one makes of it that comes to hold later.

use ventanilla_sla_monitor_domain::affair::{Event, Happened};
use ventanilla_sla_monitor_domain::clock::Terms;
use ventanilla_sla_monitor_domain::condition::{Metric, Occasion};
use ventanilla_sla_monitor_domain::policy::{Facts, Filter, Measure, Opened, choose, entries_of};
use ventanilla_sla_monitor_domain::{Replay, Rule, replay};

use crate::almanac::{ALMANACS, Almanac, DAY, MINUTE, instant};
use crate::chance::Chance;
use crate::seeds;
use crate::walk::Clock;
use crate::world::{Deed, event, minutes, policy};

/// A policy and an affair that it comes to hold for.
struct Late {
    rule: Rule,
    almanac: &'static Almanac,
    received: i64,
    applied: i64,
    department: &'static str,
    course: Vec<(i64, Deed)>,
    /// The course as the history of the affair, in some order.
    history: Vec<Happened>,
}

impl Late {
    fn new(chance: &mut Chance) -> Self {
        let (rule, almanac) = (policy(chance), &ALMANACS[chance.index(ALMANACS.len())]);
        let received = chance.between(DAY, 330 * DAY);
        let course: Vec<(i64, Event)> =
            minutes(chance, received, rule.term, almanac).into_iter().map(|at| (at, event(chance))).collect();
        let mut history: Vec<Happened> =
            course.iter().map(|(at, event)| Happened { at: instant(at * MINUTE), event: event.clone() }).collect();
        chance.shuffle(&mut history);
        let on_the_spot = chance.of(&course).0;
        let applied = if chance.one_in(4) { on_the_spot } else { received + chance.between(1, 30 * DAY) };
        let department = chance.of(&["claims", "billing", "legal"]);
        let course = course.into_iter().map(|(at, event)| (at, Deed::Event(event))).collect();
        Self { rule, almanac, received, applied, department, course, history }
    }

    fn set(&mut self, retroactive_start: bool, retroactive_pause: bool) {
        let measure = self.rule.measure.as_mut().unwrap();
        (measure.retroactive_start, measure.retroactive_pause) = (retroactive_start, retroactive_pause);
    }

    fn replayed(&self, applied: i64) -> Replay {
        let opened = Opened { received: instant(self.received * MINUTE), department: self.department };
        let terms = Terms { rule: &self.rule, calendar: &self.almanac.calendar };
        let entries = entries_of(terms, &opened, &self.history, instant(applied * MINUTE)).unwrap();
        replay(&entries, terms).unwrap()
    }

    /// The model's clock before anything happened.
    fn opened(&self, first: i64) -> Clock<'_> {
        let measure = self.rule.measure.as_ref().unwrap();
        let lists = &measure.conditions;
        let starts = |occasion| {
            let ahead = [&lists.cancel, &lists.stop].into_iter().any(|list| list.contains(&occasion));
            lists.start.contains(&occasion) && !ahead
        };
        let came_in = measure.filter.departments.iter().any(|department| department == self.department);
        let at_once = starts(Occasion::Received) || starts(Occasion::TakenIn) && came_in;
        Clock::new(&self.rule, self.almanac, first, None, at_once)
    }

    fn assert_is(&self, model: &Clock<'_>, code: &Replay, seed: u64) {
        let now = (self.received + 60 * DAY) * MINUTE;
        let wrong = model.differs_from(code, &[now]);
        let Self { rule, received, applied, course, .. } = self;
        let about = format!("{:?} {:?} {:?}", rule.term, rule.effects, rule.measure);
        assert_eq!(wrong, None, "seed {seed}: {course:?} from {received}, later at {applied}, of {about}");
    }
}

#[test]
fn a_policy_that_starts_and_stands_still_retroactively_is_as_if_it_had_held_from_the_first_receipt_on() {
    for seed in 0..seeds() {
        let mut late = Late::new(&mut Chance(seed ^ 0x1A7E));
        late.set(true, true);
        let code = late.replayed(late.applied);
        assert_eq!(code, late.replayed(late.received), "seed {seed}");
        late.assert_is(&late.opened(late.received).walk(&late.course), &code, seed);
    }
}

#[test]
fn without_retroactive_pause_it_counts_from_the_receipt_and_stands_still_from_when_it_came_to_hold() {
    for seed in 0..seeds() {
        let mut late = Late::new(&mut Chance(seed ^ 0x1A7F));
        late.set(true, false);
        let model = late.opened(late.received).walk_late(&late.course, late.applied);
        late.assert_is(&model, &late.replayed(late.applied), seed);
    }
}

#[test]
fn without_retroactive_start_it_counts_from_when_it_came_to_hold_and_stands_still_where_the_affair_does() {
    for seed in 0..seeds() {
        let mut chance = Chance(seed ^ 0x1A80);
        let mut late = Late::new(&mut chance);
        late.set(false, chance.one_in(2));
        let model = late.opened(late.received).taken_over(&late.course, late.applied);
        late.assert_is(&model, &late.replayed(late.applied), seed);
    }
}

fn facts(chance: &mut Chance) -> Facts {
    let mut word = |words: &[&str]| chance.of(words).to_owned();
    Facts {
        ticket_type: word(&["queja", "reclamacion"]),
        topic: word(&["", "billing", "continuity"]),
        sector: word(&["finance", "water"]),
        department: word(&["claims", "billing"]),
        channel: word(&["", "phone", "web"]),
        queue: word(&["", "invoices", "meters"]),
        severity: word(&["", "high", "low"]),
        language: word(&["es", "ca"]),
        served_first: chance.one_in(2),
        received: instant(chance.between(0, 100) * MINUTE),
    }
}

fn filter(chance: &mut Chance) -> Filter {
    let mut list = |words: &[&str]| match chance.one_in(4) {
        true => chance.some(words, words.len()).into_iter().map(str::to_owned).collect(),
        false => Vec::new(),
    };
    Filter {
        types: list(&["queja", "reclamacion"]),
        topics: list(&["billing", "continuity"]),
        sectors: list(&["finance", "water"]),
        departments: list(&["claims", "billing"]),
        channels: list(&["phone", "web"]),
        queues: list(&["invoices", "meters"]),
        severities: list(&["high", "low"]),
        languages: list(&["es", "ca"]),
        served_first: [None, None, None, Some(true), Some(false)][chance.index(5)],
    }
}

/// Versions of policies: of each id one after the other.
fn versions(chance: &mut Chance) -> Vec<Rule> {
    let mut rules = Vec::new();
    for n in 0..2 + chance.below(8) {
        let mut from = chance.between(-50, 60);
        let metric = chance.of(&Metric::OF_AFFAIRS[5..9]);
        for version in 1..=i32::try_from(1 + chance.below(3)).unwrap() {
            let until = from + chance.between(1, 80);
            let mut rule = policy(chance);
            let measure = rule.measure.as_mut().unwrap();
            measure.metric = metric;
            measure.filter = filter(chance);
            measure.rank = i32::try_from(chance.below(4)).unwrap();
            measure.from = instant(from * MINUTE);
            measure.until = (!chance.one_in(3)).then(|| instant(until * MINUTE));
            (rule.id, rule.version) = (format!("p{n}x"), version);
            rules.push(rule);
            from = until;
        }
    }
    chance.shuffle(&mut rules);
    rules
}

/// Whether a policy that is in force lets an affair in, by each of its lists.
fn lets_in(rule: &Rule, facts: &Facts) -> bool {
    let measure = rule.measure.as_ref().unwrap();
    let on = |list: &[String], value: &String| list.is_empty() || list.iter().any(|word| word == value);
    let (filter, lists) = (&measure.filter, &measure.conditions);
    let moving = [Occasion::TakenIn, Occasion::HandedOn];
    let of_stays = moving.iter().any(|occasion| lists.start.contains(occasion) || lists.stop.contains(occasion));
    on(&filter.types, &facts.ticket_type)
        && on(&filter.topics, &facts.topic)
        && on(&filter.sectors, &facts.sector)
        && (of_stays || on(&filter.departments, &facts.department))
        && on(&filter.channels, &facts.channel)
        && on(&filter.queues, &facts.queue)
        && on(&filter.severities, &facts.severity)
        && on(&filter.languages, &facts.language)
        && filter.served_first.is_none_or(|first| first == facts.served_first)
}

#[test]
fn an_affair_has_the_first_policy_of_each_metric_that_holds_and_is_told_why_not_those_before() {
    let (mut chosen_ones, mut passed_over) = (0, 0);
    for seed in 0..seeds() {
        let mut chance = Chance(seed ^ 0xC405);
        let (rules, facts) = (versions(&mut chance), facts(&mut chance));
        let measure = |rule: &Rule| rule.measure.clone().unwrap();
        let in_force = |rule: &&Rule| {
            let measure = measure(rule);
            measure.from <= facts.received && measure.until.is_none_or(|until| facts.received < until)
        };
        let held: Vec<&Rule> = rules.iter().filter(in_force).collect();
        let before = |a: &Rule, b: &Rule| {
            let (a_at, b_at) = (measure(a).rank, measure(b).rank);
            a_at < b_at || a_at == b_at && (a.id < b.id || a.id == b.id && a.version < b.version)
        };
        let of_one_metric = |a: &Rule, b: &Rule| {
            let (a, b) = (measure(a), measure(b));
            let of_stays = |m: &Measure| {
                let moving = [Occasion::TakenIn, Occasion::HandedOn];
                moving.iter().any(|o| m.conditions.start.contains(o) || m.conditions.stop.contains(o))
            };
            let departments = |m: &Measure| if of_stays(m) { m.filter.departments.clone() } else { Vec::new() };
            a.metric == b.metric && departments(&a) == departments(&b)
        };
        let comes_first = |rule: &&&Rule| {
            let better = |other: &&&Rule| of_one_metric(other, rule) && lets_in(other, &facts) && before(other, rule);
            lets_in(rule, &facts) && !held.iter().any(|other| better(&other))
        };
        let mut expected: Vec<(&str, i32)> =
            held.iter().filter(comes_first).map(|rule| (rule.id.as_str(), rule.version)).collect();
        let chosen = choose(&rules, &facts);
        let mut told: Vec<(&str, i32)> = chosen.iter().map(|c| (c.rule.id.as_str(), c.rule.version)).collect();
        expected.sort_unstable();
        told.sort_unstable();
        assert_eq!(expected, told, "seed {seed}");
        for c in &chosen {
            chosen_ones += 1;
            let metrics = chosen.iter().filter(|other| of_one_metric(other.rule, c.rule)).count();
            assert_eq!(metrics, 1, "seed {seed}");
            for other in rules.iter().filter(|other| other.id != c.rule.id) {
                let passed = held.iter().any(|h| h.id == other.id && of_one_metric(h, c.rule) && before(h, c.rule));
                passed_over += u32::from(passed);
                for because in [&c.because_es, &c.because_en] {
                    assert_eq!(because.contains(&format!("{} ", other.id)), passed, "seed {seed}: {because}");
                }
            }
        }
    }
    assert!(chosen_ones > 100 && passed_over > 100, "{chosen_ones} {passed_over}");
}
