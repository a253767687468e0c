//! Policies of the house's own: what it measures beside what law asks for, of whose affairs, by when.
//!
//! A policy is kept in versions. One that took effect is never edited: the next version takes its place for what is received from then on, and
//! clocks stay under the version they were started under. Of the policies that measure the same, an affair has the first that holds for it, in
//! order of rank and then of id.

use jiff::Timestamp;

use crate::affair::{Event, Happened};
use crate::calendar::Calendar;
use crate::catalogue::Chosen;
use crate::clock::{Breach, Entry, Happening, STILL_TO_START, State, Terms, Unreplayable, replay};
use crate::condition::{Conditions, Metric, Occasion, Turn};
use crate::figures::Abandoned;
use crate::rule::{Does, Rule};

/// What a policy of the house measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// What is measured.
    pub metric: Metric,
    /// What starts, stops and moves its clocks: the metric's own, unless replaced.
    pub conditions: Conditions,
    /// Whose affairs.
    pub filter: Filter,
    /// Its place among the policies of its metric, the smallest first.
    pub rank: i32,
    /// Calendar its clocks count on; that of the department which received the affair where none is named.
    pub calendar: Option<String>,
    /// An affair that it comes to hold for later has it from its first receipt on; otherwise from when it came to hold.
    pub retroactive_start: bool,
    /// With a retroactive start, what stood still before counts as having stood still.
    pub retroactive_pause: bool,
    /// What it asks of calls together; of a metric of calls alone.
    pub calls: Option<CallTarget>,
    /// Since when it holds for what is received.
    pub from: Timestamp,
    /// Until when, exclusive.
    pub until: Option<Timestamp>,
}

/// What a policy asks of calls together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallTarget {
    /// Which share is to be within the term, in percent, 1 to 100.
    pub percent: u8,
    /// What calls count as that were given up.
    pub abandoned: Abandoned,
}

/// Which affairs a policy holds for: each list names what is let in, and an empty one lets in everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Types of affairs, in lower case.
    pub types: Vec<String>,
    /// Topics.
    pub topics: Vec<String>,
    /// Sectors.
    pub sectors: Vec<String>,
    /// Departments, by slug.
    pub departments: Vec<String>,
    /// Channels of the first receipt, in lower case.
    pub channels: Vec<String>,
    /// Queues that calls were put under, by slug.
    pub queues: Vec<String>,
    /// Severities, in lower case.
    pub severities: Vec<String>,
    /// Languages, in lower case.
    pub languages: Vec<String>,
    /// Only of customers who are served first by right; only of others; or of both.
    pub served_first: Option<bool>,
}

impl Filter {
    /// Whether a department is one of those named.
    pub fn is_of_department(&self, slug: &str) -> bool {
        self.departments.iter().any(|d| d == slug)
    }
}

/// What is known of an affair when the house's policies are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Type it is filed as, in lower case.
    pub ticket_type: String,
    /// Topic; empty when none.
    pub topic: String,
    /// Sector.
    pub sector: String,
    /// Department that received it.
    pub department: String,
    /// Channel of the first receipt, in lower case; empty where it is not known.
    pub channel: String,
    /// Queue that a call was put under; empty where there is none, and of affairs and cases.
    pub queue: String,
    /// Severity, in lower case; empty where it is not known.
    pub severity: String,
    /// Language, in lower case; empty where it is not known.
    pub language: String,
    /// Whether its customer is served first by right.
    pub served_first: bool,
    /// First receipt in any department.
    pub received: Timestamp,
}

impl Facts {
    /// What is known of a case of the office, or of an order of it: its regime, who carries it out (nobody of a case), and when it came or was ordered.
    pub fn of_case(regime: &str, department: &str, received: Timestamp) -> Self {
        Self {
            ticket_type: String::new(),
            topic: String::new(),
            sector: regime.to_owned(),
            department: department.to_owned(),
            channel: String::new(),
            queue: String::new(),
            severity: String::new(),
            language: String::new(),
            served_first: false,
            received,
        }
    }
}

impl Measure {
    /// Whether it is about how long departments keep what comes to them: its filter names those, and holds for whatever may come to them.
    pub fn is_of_stays(&self) -> bool {
        let comes_and_goes = |occasion: &Occasion| matches!(occasion, Occasion::TakenIn | Occasion::HandedOn);
        self.conditions.start.iter().chain(&self.conditions.stop).any(comes_and_goes)
    }

    /// What it competes with others for: its metric and, of stays, its departments.
    fn place(&self) -> (Metric, &[String]) {
        (self.metric, if self.is_of_stays() { self.filter.departments.as_slice() } else { &[] })
    }

    /// Whether it holds for what is received at an instant.
    pub fn in_force(&self, received: Timestamp) -> bool {
        self.from <= received && self.until.is_none_or(|until| received < until)
    }

    /// The first reason why it does not hold for an affair, Spanish and English; `None` when it does.
    pub fn unfit(&self, facts: &Facts) -> Option<(String, String)> {
        if !self.in_force(facts.received) {
            return Some(("no estaba en vigor".to_owned(), "was not in force".to_owned()));
        }
        let everywhere = self.is_of_stays();
        let filter = &self.filter;
        let lists = [
            ("el tipo", "type", &filter.types, &facts.ticket_type),
            ("el asunto", "topic", &filter.topics, &facts.topic),
            ("el sector", "sector", &filter.sectors, &facts.sector),
            ("el departamento", "department", &filter.departments, &facts.department),
            ("el canal", "channel", &filter.channels, &facts.channel),
            ("la cola", "queue", &filter.queues, &facts.queue),
            ("la gravedad", "severity", &filter.severities, &facts.severity),
            ("el idioma", "language", &filter.languages, &facts.language),
        ];
        for (es, en, list, value) in lists {
            let fits = list.is_empty() || list.contains(value) || (en == "department" && everywhere);
            if !fits {
                return Some((format!("no vale para {es} «{value}»"), format!("does not hold for {en} «{value}»")));
            }
        }
        match filter.served_first {
            Some(first) if first != facts.served_first => {
                Some(("no vale para quien la presenta".to_owned(), "does not hold for whoever brings it".to_owned()))
            }
            _ => None,
        }
    }
}

/// The policies an affair has, one a metric at most (of stays, one a metric and departments): the first that holds for it, and why the ones before it do
/// not.
///
/// `policies` are the versions that are or were in force; rules without a measure are left out.
pub fn choose<'a>(policies: impl IntoIterator<Item = &'a Rule>, facts: &Facts) -> Vec<Chosen<'a>> {
    choose_of(&Metric::OF_AFFAIRS, policies, facts)
}

/// The same of some metrics: of cases, at the occasion that each counts from; of calls, at their arrival.
pub fn choose_of<'a>(
    metrics: &[Metric],
    policies: impl IntoIterator<Item = &'a Rule>,
    facts: &Facts,
) -> Vec<Chosen<'a>> {
    let measures = policies.into_iter().filter_map(|rule| Some((rule.measure.as_ref()?, rule)));
    let mut in_order: Vec<(&Measure, &Rule)> =
        measures.filter(|(measure, _)| metrics.contains(&measure.metric)).collect();
    in_order.sort_by_key(|(measure, rule)| (measure.place(), measure.rank, &rule.id, rule.version));
    let mut chosen: Vec<Chosen<'a>> = Vec::new();
    let mut passed: (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut place = None;
    let mut found = false;
    for (measure, rule) in in_order {
        if place != Some(measure.place()) {
            (place, found, passed) = (Some(measure.place()), false, (Vec::new(), Vec::new()));
        }
        if found {
            continue;
        }
        match measure.unfit(facts) {
            // Versions that are not in force yet, or not any more, are no choice that was passed over.
            Some(_) if !measure.in_force(facts.received) => {}
            Some((es, en)) => {
                passed.0.push(format!("{} {es}", rule.id));
                passed.1.push(format!("{} {en}", rule.id));
            }
            None => {
                found = true;
                chosen.push(explained(rule, measure, &passed));
            }
        }
    }
    chosen
}

fn explained<'a>(rule: &'a Rule, measure: &Measure, passed: &(Vec<String>, Vec<String>)) -> Chosen<'a> {
    let (word, version) = (measure.metric.as_str(), rule.version);
    let mut because_es = format!("primera norma de la casa sobre «{word}» que vale: {}, versión {version}", rule.id);
    let mut because_en =
        format!("the first policy of the house on «{word}» that holds: {}, version {version}", rule.id);
    if !passed.0.is_empty() {
        because_es.push_str(&format!("; antes, {}", passed.0.join("; ")));
        because_en.push_str(&format!("; before it, {}", passed.1.join("; ")));
    }
    Chosen { rule, because_es, because_en }
}

/// The first entry of a clock for an affair that was received by a department: it counts from the receipt, or waits for what starts it.
pub fn opening(rule: &Rule, received: Timestamp, department: &str) -> Entry {
    let starts_at_once = rule.measure.as_ref().is_none_or(|measure| {
        let starts = |occasion| matches!(measure.conditions.turn(occasion), Some(Turn::Start | Turn::Anew));
        starts(Occasion::Received) || (starts(Occasion::TakenIn) && measure.filter.is_of_department(department))
    });
    Entry { at: received, what: if starts_at_once { Happening::Started } else { Happening::Awaited } }
}

/// All that a rule makes of an affair's history, when it comes to hold for it at an instant.
///
/// Law and policies that start retroactively take the history from the first receipt on. Of the others a clock counts from when its policy came to hold,
/// where it would count or stand still by then had it held from the receipt on; what was met by then, or never began, waits for what starts it next.
///
/// # Errors
/// [`Unreplayable`] when a due instant cannot be computed.
pub fn entries_of(
    terms: Terms<'_>,
    opened: &Opened<'_>,
    history: &[Happened],
    applied: Timestamp,
) -> Result<Vec<Entry>, Unreplayable> {
    let rule = terms.rule;
    let entry = |happened: &Happened| Some(Entry { at: happened.at, what: happened.event.to_clock_of(rule)? });
    let first = opening(rule, opened.received, opened.department);
    let Some(measure) = rule.measure.as_ref().filter(|_| opened.received < applied) else {
        return Ok(std::iter::once(first).chain(history.iter().filter_map(entry)).collect());
    };
    if measure.retroactive_start {
        let counts = |entry: &Entry| {
            measure.retroactive_pause
                || entry.at > applied
                || !(stops(rule, &entry.what) || entry.what == Happening::Unhindered)
        };
        let mut entries: Vec<Entry> =
            std::iter::once(first).chain(history.iter().filter_map(entry).filter(counts)).collect();
        if !measure.retroactive_pause {
            entries.extend(standing_still(rule, history, applied));
        }
        return Ok(entries);
    }
    let (before, after): (Vec<&Happened>, Vec<&Happened>) = history.iter().partition(|happened| happened.at <= applied);
    let so_far: Vec<Entry> = std::iter::once(first).chain(before.into_iter().filter_map(entry)).collect();
    let so_far = replay(&so_far, terms)?;
    let ground = match &so_far.state {
        State::Paused { ground, .. } | State::Scheduled { ground, .. } => Some(ground.clone()),
        State::Running { .. } | State::Fulfilled { .. } | State::Cancelled { .. } => None,
    };
    let awaited = ground.as_deref() == Some(STILL_TO_START) || so_far.state.settled().is_some();
    let at = |what: Happening| Entry { at: applied, what };
    let mut entries = vec![at(if awaited { Happening::Awaited } else { Happening::Started })];
    entries.extend(ground.filter(|_| !awaited).map(|ground| at(Happening::Hindered(ground))));
    entries.extend(so_far.closed.then(|| at(Happening::Closed)));
    entries.extend(after.into_iter().filter_map(entry));
    Ok(entries)
}

/// Who received an affair, and when.
#[derive(Debug, Clone, Copy)]
pub struct Opened<'a> {
    /// First receipt in any department.
    pub received: Timestamp,
    /// Slug of the department that received it.
    pub department: &'a str,
}

/// The wait that lasts at an instant, as from then on: the last one, unless work, or what makes the rule's clocks go on, came after it.
fn standing_still(rule: &Rule, history: &[Happened], at: Timestamp) -> Option<Entry> {
    let mut before: Vec<&Happened> = history.iter().filter(|happened| happened.at <= at).collect();
    before.sort_by_key(|happened| happened.at);
    let last = before.into_iter().rev().find(|happened| {
        let of_the_affair = matches!(
            happened.event,
            Event::Waits(_)
                | Event::Held(_)
                | Event::Works
                | Event::Withdrawn
                | Event::Resolved
                | Event::Cancelled
                | Event::Reopened
        );
        let of_the_rule = |what| stops(rule, &what) || matches!(what, Happening::Unhindered | Happening::TakenUp);
        of_the_affair || happened.event.to_clock_of(rule).is_some_and(of_the_rule)
    })?;
    let what = last.event.to_clock_of(rule).filter(|what| stops(rule, what))?;
    Some(Entry { at, what })
}

/// Whether a clock of the rule would stand still by this. A longer term is none that stands still.
fn stops(rule: &Rule, what: &Happening) -> bool {
    let Happening::Hindered(ground) = what else { return false };
    rule.does_on(ground).is_some_and(|does| !matches!(does, Does::Extend { .. }))
}

/// How a clock stands, as far as somebody who compares policies needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The first breach of any run, as it stands.
    pub breach: Option<Breach>,
    /// It was met, in time or late.
    pub met: bool,
    /// It fell away, or never came to count.
    pub fell_away: bool,
}

/// How a clock of a rule stands at an instant, for an affair with this history.
///
/// # Errors
/// [`Unreplayable`] when the due instant cannot be computed.
pub fn verdict(rule: &Rule, calendar: &Calendar, entries: &[Entry], now: Timestamp) -> Result<Verdict, Unreplayable> {
    let replayed = replay(entries, Terms { rule, calendar })?;
    Ok(Verdict {
        breach: replayed.breach_by(now),
        met: matches!(replayed.state, State::Fulfilled { .. }),
        fell_away: matches!(replayed.state, State::Cancelled { .. }),
    })
}
