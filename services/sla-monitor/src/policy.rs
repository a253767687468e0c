//! Policies of the house as the contract spells them, and the rules they are.

mod calls;

pub use calls::abandoned_to_proto;

use kernel::{Channel, Language, Violations};
use server::parse;
use sla_monitor_domain::clock::{THRESHOLDS, Threshold};
use sla_monitor_domain::condition::{Conditions, Metric, Occasion};
use sla_monitor_domain::policy::{Filter, Measure};
use sla_monitor_domain::rule::{Bearer, Does, Effect, Ends, Evidence, Kind, Standing, Subject};
use sla_monitor_domain::{Rule, Term};
use ventanilla_proto::sla::v1 as proto;
use ventanilla_proto::ticketing::v1::{Severity, TicketType};

use crate::store::law::{Stands, StoredPolicy};

/// Longest id of a policy or calendar of the house.
const LONGEST_ID: usize = 63;
/// Most words of one list of a filter.
const MOST_WORDS: usize = 50;
/// Most warnings of a policy, and most effects.
const MOST_WARNINGS: usize = 10;
/// Most grounds of an effect.
const MOST_GROUNDS: usize = 20;
/// Longest summary, in characters.
const LONGEST_SUMMARY: usize = 500;
/// Largest rank, and most minutes of a warning.
const MILLION: i32 = 1_000_000;

/// The id of a policy or calendar of the house: without the dots of those that ship.
pub fn house_id(violations: &mut Violations, field: &str, collection: &str, name: &str) -> Option<String> {
    if name.is_empty() {
        violations.push(field, "is required");
        return None;
    }
    let id = name.strip_prefix(collection).and_then(|rest| rest.strip_prefix('/'));
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let id = id.filter(|id| !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(known));
    if id.is_none() {
        let form =
            format!("must be {collection}/{{id}}, the id of 1 to {LONGEST_ID} lower-case letters, digits and hyphens");
        violations.push(field, form);
    }
    id.map(str::to_owned)
}

/// A word of lower-case letters, digits and underscores.
fn word(violations: &mut Violations, field: &str, said: &str) -> bool {
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    let fits = (1..=63).contains(&said.len()) && said.bytes().all(known);
    if !fits {
        violations.push(field, "must be a word of 1 to 63 lower-case letters, digits, underscores and hyphens");
    }
    fits
}

/// The types as rules name them.
pub const fn ticket_type(ticket_type: TicketType) -> &'static str {
    match ticket_type {
        TicketType::Unspecified => "unknown",
        TicketType::Consulta => "consulta",
        TicketType::Queja => "queja",
        TicketType::Reclamacion => "reclamacion",
        TicketType::Incidencia => "incidencia",
        TicketType::Solicitud => "solicitud",
        TicketType::Baja => "baja",
    }
}

/// The severities as filters name them; empty where none was said.
pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Unspecified => "",
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

/// The channel as filters and rules name it; empty where none was said.
pub fn channel(value: i32) -> &'static str {
    parse::channel(&mut Violations::new(), "", value).map_or("", Channel::as_str)
}

/// The language as filters name it; empty where none was said.
pub fn language(value: i32) -> &'static str {
    parse::language(&mut Violations::new(), "", value).map_or("", Language::as_str)
}

/// What is to be kept of a policy that is written: what was said, and what stands in place of what was left out, so that no later release reads it
/// otherwise. Everything that is wrong is told at once. Whether its calendar exists is not looked at.
pub fn content(violations: &mut Violations, said: &proto::Policy) -> Option<proto::Policy> {
    let rule = read(violations, said)?;
    let conditions = rule.measure.as_ref().and_then(conditions_of);
    let warnings = warnings_to_proto(&rule.warnings);
    let abandoned_calls = rule.measure.as_ref().map_or(0, |measure| calls::reading_of(measure).into());
    let measure =
        said.measure.clone().map(|said| proto::PolicyMeasure { conditions, warnings, abandoned_calls, ..said });
    Some(proto::Policy {
        kind: said.kind,
        term: said.term.clone(),
        effects: said.effects.clone(),
        summary_es: said.summary_es.clone(),
        summary_en: said.summary_en.clone(),
        measure,
        ..proto::Policy::default()
    })
}

/// The rule that a version of a policy is; `None` when what was written cannot be read.
pub fn rule(stored: &StoredPolicy) -> Option<Rule> {
    let mut rule = read(&mut Violations::new(), &stored.content)?;
    rule.id.clone_from(&stored.id);
    rule.version = stored.number;
    if let (Some(measure), Stands::Active { from, until }) = (&mut rule.measure, stored.stands) {
        measure.from = from;
        measure.until = until;
    }
    Some(rule)
}

fn read(v: &mut Violations, said: &proto::Policy) -> Option<Rule> {
    let kind = match said.kind() {
        proto::PolicyKind::Sla => Some(Kind::Sla),
        proto::PolicyKind::Ola => Some(Kind::Ola),
        proto::PolicyKind::Uc => Some(Kind::Uc),
        proto::PolicyKind::Unspecified | proto::PolicyKind::Statutory => {
            v.push("policy.kind", "must be SLA, OLA or UC: what law sets is shipped");
            None
        }
    };
    let term = term(v, "policy.term", &said.term);
    let es = parse::required_text(v, "policy.summary_es", &said.summary_es, LONGEST_SUMMARY);
    let en = parse::required_text(v, "policy.summary_en", &said.summary_en, LONGEST_SUMMARY);
    let own_effects = effects(v, &said.effects);
    let Some(said) = &said.measure else {
        v.push("policy.measure", "is required");
        return None;
    };
    let metric = metric(v, said.metric);
    if metric.is_some_and(Metric::is_of_cases) && !own_effects.is_empty() {
        v.push("policy.effects", "must be left out of a metric of cases: their grounds are ticketing's");
    }
    let of_calls = metric.is_some_and(Metric::is_of_calls);
    if of_calls && !own_effects.is_empty() {
        v.push("policy.effects", "must be left out of a metric of calls: they are over, and nothing moves them");
    }
    let conditions = match (&said.conditions, metric) {
        (said, Some(metric)) if metric.is_of_calls() => calls::without_conditions(v, said.as_ref()),
        (said, Some(metric)) if metric.is_of_cases() => fixed(v, said.as_ref(), metric),
        (Some(said), _) => conditions(v, said),
        (None, Some(metric)) => Some(metric.conditions()),
        (None, None) => None,
    };
    if !(0..=MILLION).contains(&said.rank) {
        v.push("policy.measure.rank", format!("must be 0 to {MILLION}"));
    }
    let filter = filter(v, said.filter.as_ref(), metric.is_some_and(Metric::is_of_cases));
    if let Some(metric) = metric.filter(|metric| metric.is_of_cases()) {
        of_the_office(v, metric, &filter, said);
    }
    let target = calls::target(v, said, metric);
    if of_calls {
        calls::of_telephones(v, &filter, said);
    } else if !filter.queues.is_empty() {
        v.push("policy.measure.filter.queues", "must be left out of all but metrics of calls");
    }
    let comes_and_goes = conditions.as_ref().is_some_and(|conditions| {
        let named = |list: &[Occasion]| list.iter().any(|o| matches!(o, Occasion::TakenIn | Occasion::HandedOn));
        named(&conditions.start) || named(&conditions.stop)
    });
    if comes_and_goes && filter.departments.is_empty() {
        v.push("policy.measure.filter.departments", "must name the departments that affairs come to and go from");
    }
    let warnings = if of_calls { Vec::new() } else { warnings(v, &said.warnings) };
    // What is told to the customer as the day of the answer is the house's promise of one, and nothing that binds departments or vendors.
    let promises_an_answer = kind == Some(Kind::Sla) && metric == Some(Metric::Resolution);
    if promises_an_answer && !warnings.is_empty() && !warnings.iter().any(|warning| warning.is_of_danger()) {
        let left = "must name a share of 75 percent or more, or minutes that are left: its customer would hear nothing before the answer is late";
        v.push("policy.measure.warnings", left);
    }
    let (kind, term, metric, conditions) = (kind?, term?, metric?, conditions?);
    let calendar = said.calendar.strip_prefix("calendars/").map(str::to_owned);
    if !said.calendar.is_empty() && calendar.is_none() {
        v.push("policy.measure.calendar", "must be a resource name of the form calendars/{id}");
    }
    Some(Rule {
        id: String::new(),
        version: 0,
        kind,
        state: Standing::Active,
        jurisdiction: String::new(),
        stage: metric.as_str().to_owned(),
        subject: match metric {
            Metric::DecideCase => Subject::Case,
            Metric::NotifyDecision => Subject::Decision,
            Metric::Comply => Subject::Obligation,
            Metric::SpeedOfAnswer | Metric::HumanOnRequest => Subject::Call,
            _ => Subject::Ticket,
        },
        bearer: Bearer::House,
        sectors: filter.sectors.clone(),
        types: filter.types.clone(),
        topics: filter.topics.clone(),
        regimes: Vec::new(),
        displaces: Vec::new(),
        only_without_law: false,
        large_only: Vec::new(),
        channel: None,
        starts: match metric {
            Metric::SpeedOfAnswer => "call_arrived",
            Metric::HumanOnRequest => "person_asked_for",
            _ => conditions.start.first().map_or("", |occasion| occasion.as_str()),
        }
        .to_owned(),
        ends: if promises_an_answer { Ends::Resolved } else { Ends::Nothing },
        term: Some(term),
        at_least: false,
        effects: own_effects,
        from: None,
        until: None,
        citation: "norma de la casa".to_owned(),
        article: String::new(),
        evidence: Evidence::House,
        reading: None,
        disabled_because: None,
        warnings,
        measure: Some(Measure {
            metric,
            conditions,
            filter,
            rank: said.rank,
            calendar,
            retroactive_start: said.retroactive_start,
            retroactive_pause: said.retroactive_pause,
            calls: target,
            // For nothing, until it is activated.
            from: jiff::Timestamp::MAX,
            until: None,
        }),
        es: es?,
        en: en?,
    })
}

/// The conditions of a metric of cases: they are fixed, and may be said again.
fn fixed(v: &mut Violations, said: Option<&proto::PolicyConditions>, metric: Metric) -> Option<Conditions> {
    let conditions = metric.conditions();
    if said.is_some_and(|said| *said != conditions_to_proto(&conditions)) {
        v.push("policy.measure.conditions", "must be left out: those of a metric of cases are fixed");
        return None;
    }
    Some(conditions)
}

/// What a policy about cases cannot ask for: the office does not know it, or no case comes to it later.
fn of_the_office(v: &mut Violations, metric: Metric, filter: &Filter, said: &proto::PolicyMeasure) {
    let mut left_out = |field: &str, is_empty: bool| {
        if !is_empty {
            v.push(format!("policy.measure.{field}"), "must be left out of a metric of cases");
        }
    };
    left_out("filter.ticket_types", filter.types.is_empty());
    left_out("filter.topics", filter.topics.is_empty());
    left_out("filter.departments", filter.departments.is_empty() || metric == Metric::Comply);
    left_out("filter.channels", filter.channels.is_empty());
    left_out("filter.severities", filter.severities.is_empty());
    left_out("filter.languages", filter.languages.is_empty());
    left_out("filter.served_first", filter.served_first.is_none());
    left_out("retroactive_start", !said.retroactive_start);
    left_out("retroactive_pause", !said.retroactive_pause);
}

/// A term that can be counted on any calendar.
fn term(v: &mut Violations, field: &str, said: &str) -> Option<Term> {
    match said.parse::<Term>() {
        Ok(term) if term.within_ten_years() => Some(term),
        Ok(_) => {
            v.push(field, "must not be longer than ten years");
            None
        }
        Err(error) => {
            v.push(field, format!("{error}"));
            None
        }
    }
}

fn metric(v: &mut Violations, value: i32) -> Option<Metric> {
    use proto::PolicyMetric as P;
    Some(match P::try_from(value) {
        Ok(P::FirstReply) => Metric::FirstReply,
        Ok(P::NextReply) => Metric::NextReply,
        Ok(P::PeriodicUpdate) => Metric::PeriodicUpdate,
        Ok(P::PausableUpdate) => Metric::PausableUpdate,
        Ok(P::RequesterWait) => Metric::RequesterWait,
        Ok(P::AgentWork) => Metric::AgentWork,
        Ok(P::Resolution) => Metric::Resolution,
        Ok(P::DepartmentStay) => Metric::DepartmentStay,
        Ok(P::SupervisorTransfer) => Metric::SupervisorTransfer,
        Ok(P::VendorStay) => Metric::VendorStay,
        Ok(P::DecideCase) => Metric::DecideCase,
        Ok(P::NotifyDecision) => Metric::NotifyDecision,
        Ok(P::Comply) => Metric::Comply,
        Ok(P::SpeedOfAnswer) => Metric::SpeedOfAnswer,
        Ok(P::HumanOnRequest) => Metric::HumanOnRequest,
        Ok(P::Unspecified) | Err(_) => return parse::not_a_value(v, "policy.measure.metric", value),
    })
}

/// A metric on the wire.
pub const fn metric_to_proto(metric: Metric) -> proto::PolicyMetric {
    use proto::PolicyMetric as P;
    match metric {
        Metric::FirstReply => P::FirstReply,
        Metric::NextReply => P::NextReply,
        Metric::PeriodicUpdate => P::PeriodicUpdate,
        Metric::PausableUpdate => P::PausableUpdate,
        Metric::RequesterWait => P::RequesterWait,
        Metric::AgentWork => P::AgentWork,
        Metric::Resolution => P::Resolution,
        Metric::DepartmentStay => P::DepartmentStay,
        Metric::SupervisorTransfer => P::SupervisorTransfer,
        Metric::VendorStay => P::VendorStay,
        Metric::DecideCase => P::DecideCase,
        Metric::NotifyDecision => P::NotifyDecision,
        Metric::Comply => P::Comply,
        Metric::SpeedOfAnswer => P::SpeedOfAnswer,
        Metric::HumanOnRequest => P::HumanOnRequest,
    }
}

fn occasion(value: i32) -> Option<Occasion> {
    use proto::Occasion as P;
    Some(match P::try_from(value).ok()? {
        P::Unspecified => return None,
        P::Received => Occasion::Received,
        P::Answered => Occasion::Answered,
        P::CustomerWrote => Occasion::CustomerWrote,
        P::WaitsForCustomer => Occasion::WaitsForCustomer,
        P::Held => Occasion::Held,
        P::Works => Occasion::Works,
        P::Resolved => Occasion::Resolved,
        P::Cancelled => Occasion::Cancelled,
        P::Reopened => Occasion::Reopened,
        P::TakenIn => Occasion::TakenIn,
        P::HandedOn => Occasion::HandedOn,
        P::SuperiorAwaited => Occasion::SuperiorAwaited,
        P::SuperiorCame => Occasion::SuperiorCame,
        P::Decided => Occasion::Decided,
        P::Notified => Occasion::Notified,
        P::Ordered => Occasion::Ordered,
        P::ObligationMet => Occasion::ObligationMet,
    })
}

const fn occasion_to_proto(occasion: Occasion) -> proto::Occasion {
    use proto::Occasion as P;
    match occasion {
        Occasion::Received => P::Received,
        Occasion::Answered => P::Answered,
        Occasion::CustomerWrote => P::CustomerWrote,
        Occasion::WaitsForCustomer => P::WaitsForCustomer,
        Occasion::Held => P::Held,
        Occasion::Works => P::Works,
        Occasion::Resolved => P::Resolved,
        Occasion::Cancelled => P::Cancelled,
        Occasion::Reopened => P::Reopened,
        Occasion::TakenIn => P::TakenIn,
        Occasion::HandedOn => P::HandedOn,
        Occasion::SuperiorAwaited => P::SuperiorAwaited,
        Occasion::SuperiorCame => P::SuperiorCame,
        Occasion::Decided => P::Decided,
        Occasion::Notified => P::Notified,
        Occasion::Ordered => P::Ordered,
        Occasion::ObligationMet => P::ObligationMet,
    }
}

fn conditions(v: &mut Violations, said: &proto::PolicyConditions) -> Option<Conditions> {
    let before = v.as_slice().len();
    let mut list = |name: &str, values: &[i32]| {
        let mut read: Vec<Occasion> = Vec::with_capacity(values.len());
        for (i, value) in values.iter().enumerate() {
            let field = format!("policy.measure.conditions.{name}[{i}]");
            match occasion(*value) {
                None => drop(parse::not_a_value::<()>(v, &field, *value)),
                Some(occasion) if read.contains(&occasion) => v.push(field, "stands twice"),
                Some(occasion) => read.push(occasion),
            }
        }
        read
    };
    let read = Conditions {
        start: list("start", &said.start),
        cancel: list("cancel", &said.cancel),
        pause: list("pause", &said.pause),
        resume: list("resume", &said.resume),
        stop: list("stop", &said.stop),
        reset: list("reset", &said.reset),
    };
    for wrong in read.wrong() {
        match wrong.split_once(": ") {
            Some((list @ ("start" | "stop" | "resume"), what)) => {
                v.push(format!("policy.measure.conditions.{list}"), what);
            }
            _ => v.push("policy.measure.conditions", wrong),
        }
    }
    (v.as_slice().len() == before).then_some(read)
}

/// The conditions of what is measured, on the wire; none of calls, which have none.
pub fn conditions_of(measure: &Measure) -> Option<proto::PolicyConditions> {
    (!measure.metric.is_of_calls()).then(|| conditions_to_proto(&measure.conditions))
}

fn conditions_to_proto(conditions: &Conditions) -> proto::PolicyConditions {
    let list = |occasions: &[Occasion]| occasions.iter().map(|o| occasion_to_proto(*o).into()).collect();
    proto::PolicyConditions {
        start: list(&conditions.start),
        cancel: list(&conditions.cancel),
        pause: list(&conditions.pause),
        resume: list(&conditions.resume),
        stop: list(&conditions.stop),
        reset: list(&conditions.reset),
    }
}

fn effects(v: &mut Violations, said: &[proto::PolicyEffect]) -> Vec<Effect> {
    if said.len() > MOST_WARNINGS {
        v.push("policy.effects", format!("must be at most {MOST_WARNINGS}"));
    }
    let mut read = Vec::with_capacity(said.len());
    let mut grounds: Vec<&str> = Vec::new();
    for (i, effect) in said.iter().enumerate() {
        let at = format!("policy.effects[{i}]");
        word(v, &format!("{at}.event"), &effect.event);
        if !(1..=MOST_GROUNDS).contains(&effect.grounds.len()) {
            v.push(format!("{at}.grounds"), format!("must be 1 to {MOST_GROUNDS}"));
        }
        for (n, ground) in effect.grounds.iter().enumerate() {
            let field = format!("{at}.grounds[{n}]");
            word(v, &field, ground);
            if Occasion::OF_AFFAIRS.iter().chain(&Occasion::OF_CASES).any(|occasion| occasion.as_str() == ground) {
                v.push(&field, "is an occasion, which a condition names");
            }
            if grounds.contains(&ground.as_str()) {
                v.push(field, "is a ground of this policy already");
            }
            grounds.push(ground);
        }
        let bound = match (effect.effect(), effect.max_total.as_str()) {
            (proto::ClockEffect::Extend, text) => {
                term(v, &format!("{at}.max_total"), text).map(|max_total| Does::Extend { max_total })
            }
            (_, text) if !text.is_empty() => {
                v.push(format!("{at}.max_total"), "must be empty for anything but EXTEND");
                None
            }
            (proto::ClockEffect::Pause, _) => Some(Does::Pause),
            (proto::ClockEffect::Restart, _) => Some(Does::Restart),
            (proto::ClockEffect::DeferStart, _) => Some(Does::DeferStart),
            _ => {
                v.push(format!("{at}.effect"), "must be PAUSE, RESTART, DEFER_START or EXTEND");
                None
            }
        };
        read.extend(bound.map(|does| Effect { on: effect.event.clone(), grounds: effect.grounds.clone(), does }));
    }
    read
}

fn filter(v: &mut Violations, said: Option<&proto::PolicyFilter>, of_cases: bool) -> Filter {
    let Some(said) = said else { return Filter::default() };
    let mut words = |name: &str, values: &[String]| {
        let field = format!("policy.measure.filter.{name}");
        if values.len() > MOST_WORDS {
            v.push(&field, format!("must be at most {MOST_WORDS}"));
        }
        for (i, value) in values.iter().enumerate() {
            // Regimes are words apart by dots, e.g. `es.finance`.
            let value = if of_cases { value.replace('.', "_") } else { value.clone() };
            word(v, &format!("{field}[{i}]"), &value);
        }
        values.to_vec()
    };
    let (topics, sectors) = (words("topics", &said.topics), words("sectors", &said.sectors));
    let (departments, queues) = (words("departments", &said.departments), words("queues", &said.queues));
    let mut values = |name: &str, said: &[i32], of: &dyn Fn(i32) -> &'static str| {
        let mut read = Vec::with_capacity(said.len());
        for (i, value) in said.iter().enumerate() {
            match of(*value) {
                "" => drop(parse::not_a_value::<()>(v, &format!("policy.measure.filter.{name}[{i}]"), *value)),
                known => read.push(known.to_owned()),
            }
        }
        read
    };
    let type_of = |value| match TicketType::try_from(value) {
        Ok(TicketType::Unspecified) | Err(_) => "",
        Ok(known) => ticket_type(known),
    };
    Filter {
        types: values("ticket_types", &said.ticket_types, &type_of),
        channels: values("channels", &said.channels, &channel),
        severities: values("severities", &said.severities, &|value| Severity::try_from(value).map_or("", severity)),
        languages: values("languages", &said.languages, &language),
        topics,
        sectors,
        departments,
        queues,
        served_first: said.served_first,
    }
}

fn warnings(v: &mut Violations, said: &[proto::PolicyWarning]) -> Vec<Threshold> {
    use proto::policy_warning::At;
    if said.is_empty() {
        return THRESHOLDS.to_vec();
    }
    if said.len() > MOST_WARNINGS {
        v.push("policy.measure.warnings", format!("must be at most {MOST_WARNINGS}"));
    }
    let mut read: Vec<Threshold> = Vec::with_capacity(said.len());
    for (i, warning) in said.iter().enumerate() {
        let at = format!("policy.measure.warnings[{i}]");
        let threshold = match warning.at {
            Some(At::SharePercent(percent)) => {
                u8::try_from(percent).ok().filter(|p| (1..=99).contains(p)).map(Threshold::Share)
            }
            Some(At::LeadMinutes(minutes)) if (1..=MILLION).contains(&minutes) => {
                Some(Threshold::Lead(minutes.unsigned_abs()))
            }
            Some(At::LeadMinutes(_)) | None => None,
        };
        match threshold {
            None => v.push(at, format!("must be a share of 1 to 99 percent, or 1 to {MILLION} minutes that are left")),
            Some(threshold) if read.contains(&threshold) => v.push(at, "stands twice"),
            Some(threshold) => read.push(threshold),
        }
    }
    read
}

/// Warnings on the wire.
pub fn warnings_to_proto(warnings: &[Threshold]) -> Vec<proto::PolicyWarning> {
    use proto::policy_warning::At;
    let wire = |threshold: &Threshold| proto::PolicyWarning {
        at: Some(match *threshold {
            Threshold::Share(percent) => At::SharePercent(i32::from(percent)),
            Threshold::Lead(minutes) => At::LeadMinutes(i32::try_from(minutes).unwrap_or(i32::MAX)),
        }),
    };
    warnings.iter().map(wire).collect()
}
