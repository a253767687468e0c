//! The part of the page that changes: the view of one instant.

use askama::Template;
use jiff::{SignedDuration, Timestamp};
use ventanilla_proto::customer::v1 as customer;
use web::{Departments, Lang, When};

use crate::addresses::{last, seconds, short};
use crate::format::Format;
use crate::{person, words};

#[derive(Template)]
#[template(path = "view/sections.html")]
pub(super) struct Sections {
    lang: Lang,
    names: Departments,
    /// Whether affairs lead to pages of their own.
    see_affairs: bool,
    called: String,
    also_known_as: usize,
    state: Option<&'static str>,
    alerts: Vec<Alert>,
    completeness: Option<Completeness>,
    believed: Vec<person::Believed>,
    tickets: Section<Affair>,
    promises: Section<Promised>,
    clocks: Section<Running>,
    breaches: Section<Running>,
    cases: Section<CaseRow>,
    interactions: Vec<Contact>,
    holds: Section<Held>,
    consents: Vec<Consented>,
    care: Vec<String>,
    relations: Vec<Related>,
    worth: Vec<(&'static str, String)>,
    effort: Vec<Cost>,
    surveys: Section<Survey>,
    answered: String,
}

/// A template escapes what it is given.
impl askama::filters::HtmlSafe for Sections {}

/// What is said first.
struct Alert {
    class: &'static str,
    text: String,
}

struct Completeness {
    percent: i32,
    steps: i32,
    unknown: String,
    stale: String,
    as_of: Option<When>,
}

/// Rows with how fresh they are and what may be missing.
struct Section<T> {
    rows: Vec<T>,
    more: i32,
    lag: String,
    gap: Option<String>,
}

struct Affair {
    id: String,
    /// Its id, whole.
    page: String,
    kind: &'static str,
    state: &'static str,
    severity: &'static str,
    grave: bool,
    subject: String,
    department: String,
    channel: &'static str,
    received: Option<When>,
    cure: Option<When>,
    incident: bool,
    merged: bool,
}

struct Promised {
    text: String,
    due: Option<When>,
    distance: String,
    class: &'static str,
    channel: &'static str,
    ticket: String,
}

struct Running {
    stage: String,
    rule: String,
    state: &'static str,
    due: Option<When>,
    distance: String,
    warned: i32,
    breached: Option<When>,
    class: &'static str,
    department: String,
    subject: String,
}

struct CaseRow {
    id: String,
    regime: String,
    state: &'static str,
    outcome: &'static str,
    binding: bool,
    filed: Option<When>,
}

struct Contact {
    at: Option<When>,
    channel: &'static str,
    direction: &'static str,
    department: String,
    summary: String,
    said: String,
    sounds: Option<&'static str>,
    withheld: bool,
}

struct Held {
    kind: &'static str,
    article: String,
    since: Option<When>,
    about: String,
}

struct Consented {
    purpose: &'static str,
    channel: &'static str,
    state: &'static str,
    given: bool,
    lapses: Option<When>,
}

struct Related {
    kind: &'static str,
    id: String,
}

struct Cost {
    label: &'static str,
    value: String,
    bad: bool,
}

struct Survey {
    at: Option<When>,
    department: String,
    scores: String,
    causes: String,
}

impl Sections {
    /// The page of a view at this instant.
    pub(super) fn of(
        view: &customer::CustomerView,
        now: Timestamp,
        lang: Lang,
        (names, see_affairs): (Departments, bool),
    ) -> Self {
        let none = customer::Customer::default();
        let of = view.golden.as_ref().and_then(|golden| golden.customer.as_ref()).unwrap_or(&none);
        let state = view.state();
        let restricted = !matches!(state, customer::CustomerState::Active | customer::CustomerState::Unspecified);
        let effort = view.effort.as_ref();
        Self {
            lang,
            names,
            see_affairs,
            called: if restricted {
                words::customer_state(view.state, lang).to_owned()
            } else {
                person::called(of, lang)
            },
            also_known_as: of.also_known_as.len(),
            state: restricted.then(|| words::customer_state(view.state, lang)),
            alerts: alerts(view, now, lang),
            completeness: view.completeness.as_ref().map(|of| completeness(of, lang)),
            believed: person::believed(of, lang),
            tickets: tickets(view.open_tickets.as_ref(), lang),
            promises: promises(view.promises.as_ref(), now, lang),
            clocks: clocks(view.clocks.as_ref(), now, lang),
            breaches: breaches(view.breaches.as_ref(), now, lang),
            cases: cases(view.cases.as_ref(), lang),
            interactions: contacts(view.last_interactions.as_ref(), lang),
            holds: holds(view.holds.as_ref(), lang),
            consents: consents(view.consents.as_ref(), lang),
            care: care(view.care.as_ref(), lang),
            relations: relations(view.relations.as_ref(), lang),
            worth: worth(view.worth.as_ref(), Format(lang)),
            effort: effort.map(|of| cost(of, Format(lang))).unwrap_or_default(),
            surveys: surveys(view.satisfaction.as_ref(), lang),
            answered: view
                .satisfaction
                .as_ref()
                .filter(|of| of.asked_count > 0)
                .map(|of| format!("{} / {}", of.answered_count, of.asked_count))
                .unwrap_or_default(),
        }
    }
}

impl<T> Section<T> {
    fn new(rows: Vec<T>, total: i32, standing: Option<&customer::SectionStanding>, lang: Lang) -> Self {
        let lag = standing.and_then(|standing| seconds(standing.lag.as_ref()));
        // What is seconds old is as good as now.
        let lag = lag.filter(|lag| *lag >= 5.0).map(|lag| Format(lang).span(lag)).unwrap_or_default();
        let gap = standing.and_then(|standing| standing.gap.as_ref()).map(|gap| missing(gap, lang));
        Self { more: (total - rows.len() as i32).max(0), rows, lag, gap }
    }
}

/// Of which source something may be missing, and why.
pub(crate) fn missing(gap: &customer::SectionGap, lang: Lang) -> String {
    let age = seconds(gap.age.as_ref()).map(|age| format!(" ({})", Format(lang).span(age))).unwrap_or_default();
    format!("{} {}{age}", gap.source, words::gap(gap.reason, lang))
}

/// What whoever serves the customer has to know before anything else.
fn alerts(view: &customer::CustomerView, now: Timestamp, lang: Lang) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let mut say = |class, text: String| alerts.push(Alert { class, text });
    if view.effort.as_ref().is_some_and(|effort| effort.cap_reached) {
        say(
            "bad",
            lang.of(
                "Ha gastado demasiado tiempo con nosotros: que se ocupe un supervisor.",
                "We have cost them too much time: a supervisor takes over.",
            )
            .to_owned(),
        );
    }
    for hold in view.holds.iter().flat_map(|section| &section.holds) {
        let text = words::hold(hold.kind, lang).to_owned();
        if !alerts.iter().any(|alert: &Alert| alert.text == text) {
            alerts.push(Alert { class: "bad", text });
        }
    }
    let mut say = |class, text: String| alerts.push(Alert { class, text });
    let soon = now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now);
    let due = |at: Option<prost_types::Timestamp>| When::of(lang, at).map(|when| when.at);
    let endangered = view.promises.iter().flat_map(|section| &section.promises);
    let endangered = endangered.filter(|promise| due(promise.due_time).is_some_and(|at| at <= soon)).count();
    if endangered > 0 {
        say(
            "warn",
            format!(
                "{} {endangered}",
                lang.of("Promesas que vencen en un día o ya vencieron:", "Promises due within a day or past due:")
            ),
        );
    }
    if let Some(care) = &view.care {
        if care.priority_right() != customer::PriorityRight::Unspecified {
            say(
                "note",
                format!(
                    "{}: {}",
                    lang.of("Atención preferente", "To be served first"),
                    words::priority(care.priority_right, lang)
                ),
            );
        }
        if care.preferences.as_ref().is_some_and(|wishes| wishes.quiet_now) {
            say(
                "warn",
                lang.of("Ahora no quiere que se le moleste.", "They do not want to be disturbed now.").to_owned(),
            );
        }
    }
    alerts
}

fn completeness(of: &customer::ViewCompleteness, lang: Lang) -> Completeness {
    let facts = |kinds: &[i32]| kinds.iter().map(|kind| words::fact(*kind, lang)).collect::<Vec<_>>().join(", ");
    Completeness {
        percent: of.fresh_percent,
        steps: of.fresh_percent.clamp(0, 100),
        unknown: facts(&of.unknown_facts),
        stale: facts(&of.stale_facts),
        as_of: When::of(lang, of.as_of_time),
    }
}

fn tickets(section: Option<&customer::TicketSection>, lang: Lang) -> Section<Affair> {
    let rows = section.iter().flat_map(|section| &section.tickets).map(|ticket| Affair {
        id: short(&ticket.ticket),
        page: last(&ticket.ticket).to_owned(),
        kind: words::ticket_type(ticket.ticket_type, lang),
        state: words::ticket_state(ticket.state, lang),
        severity: words::severity(ticket.severity, lang),
        grave: matches!(
            ticket.severity(),
            ventanilla_proto::ticketing::v1::Severity::High | ventanilla_proto::ticketing::v1::Severity::Critical
        ),
        subject: ticket.subject.clone(),
        department: ticket.department.clone(),
        channel: words::channel(ticket.channel, lang),
        received: When::of(lang, ticket.first_received_time),
        cure: When::of(lang, ticket.cure_due_time),
        incident: !ticket.incident.is_empty(),
        merged: !ticket.merged_into.is_empty(),
    });
    let rows = rows.collect();
    Section::new(rows, section.map_or(0, |s| s.total_count), section.and_then(|s| s.standing.as_ref()), lang)
}

/// How near an end is: past it, within a day, or farther.
fn nearness(due: Option<&When>, now: Timestamp) -> &'static str {
    match due.map(|due| due.at.duration_since(now).as_hours()) {
        Some(hours) if hours < 0 => "late",
        Some(_) if due.is_some_and(|due| due.at < now) => "late",
        Some(hours) if hours < 24 => "soon",
        _ => "",
    }
}

fn promises(section: Option<&customer::PromiseSection>, now: Timestamp, lang: Lang) -> Section<Promised> {
    let rows = section.iter().flat_map(|section| &section.promises).map(|promise| {
        let due = When::of(lang, promise.due_time);
        Promised {
            text: promise.text.clone(),
            distance: due.as_ref().map(|due| due.distance(lang, now)).unwrap_or_default(),
            class: nearness(due.as_ref(), now),
            due,
            channel: words::channel(promise.channel, lang),
            ticket: short(&promise.ticket),
        }
    });
    let rows = rows.collect();
    Section::new(rows, section.map_or(0, |s| s.total_count), section.and_then(|s| s.standing.as_ref()), lang)
}

fn running(clock: &customer::ViewedClock, now: Timestamp, lang: Lang) -> Running {
    let due = When::of(lang, clock.due_time);
    let breached = When::of(lang, clock.breached_time);
    Running {
        stage: words::key(&clock.stage, lang),
        rule: clock.rule.clone(),
        state: words::clock_state(clock.state, lang),
        distance: due.as_ref().map(|due| due.distance(lang, now)).unwrap_or_default(),
        class: if breached.is_some() { "late" } else { nearness(due.as_ref(), now) },
        due,
        warned: clock.warned_percent,
        breached,
        department: clock.department.clone(),
        subject: subject(&clock.subject),
    }
}

/// `tickets/{id}/promises/{id}` by the affair it belongs to.
fn subject(name: &str) -> String {
    name.split('/').nth(1).map(|id| id.chars().take(8).collect()).unwrap_or_default()
}

fn clocks(section: Option<&customer::ClockSection>, now: Timestamp, lang: Lang) -> Section<Running> {
    let rows = section.iter().flat_map(|section| &section.clocks).map(|clock| running(clock, now, lang)).collect();
    Section::new(rows, section.map_or(0, |s| s.total_count), section.and_then(|s| s.standing.as_ref()), lang)
}

fn breaches(section: Option<&customer::BreachSection>, now: Timestamp, lang: Lang) -> Section<Running> {
    let rows = section.iter().flat_map(|section| &section.clocks).map(|clock| running(clock, now, lang)).collect();
    Section::new(rows, section.map_or(0, |s| s.total_count), section.and_then(|s| s.standing.as_ref()), lang)
}

fn cases(section: Option<&customer::CaseSection>, lang: Lang) -> Section<CaseRow> {
    let rows = section.iter().flat_map(|section| &section.cases).map(|case| CaseRow {
        id: short(&case.case_name),
        regime: case.regime.clone(),
        state: words::case_state(case.state, lang),
        outcome: words::outcome(case.outcome, lang),
        binding: case.binding,
        filed: When::of(lang, case.filed_at_office_time),
    });
    let rows = rows.collect();
    Section::new(rows, section.map_or(0, |s| s.total_count), section.and_then(|s| s.standing.as_ref()), lang)
}

fn contacts(section: Option<&customer::InteractionSection>, lang: Lang) -> Vec<Contact> {
    let of = |contact: &customer::Interaction| Contact {
        at: When::of(lang, contact.occurred_time),
        channel: words::channel(contact.channel, lang),
        direction: words::direction(contact.direction, lang),
        department: contact.department.clone(),
        summary: contact.summary.clone(),
        said: contact.what_customer_said.clone(),
        sounds: contact.sentiment.as_ref().map(|sounds| words::sentiment(sounds.label, lang)),
        withheld: contact.withheld,
    };
    section.iter().flat_map(|section| &section.interactions).map(of).collect()
}

fn holds(section: Option<&customer::HoldSection>, lang: Lang) -> Section<Held> {
    let rows: Vec<Held> = section
        .iter()
        .flat_map(|section| &section.holds)
        .map(|hold| Held {
            kind: words::hold(hold.kind, lang),
            article: hold.article.clone(),
            since: When::of(lang, hold.since_time),
            about: subject(if hold.ticket.is_empty() { &hold.case_name } else { &hold.ticket }),
        })
        .collect();
    let total = rows.len() as i32;
    Section::new(rows, total, section.and_then(|s| s.standing.as_ref()), lang)
}

fn consents(section: Option<&customer::ConsentSection>, lang: Lang) -> Vec<Consented> {
    let of = |consent: &customer::Consent| Consented {
        purpose: words::consent_purpose(consent.purpose, lang),
        channel: words::channel(consent.channel, lang),
        state: words::consent_state(consent.state, lang),
        given: consent.state() == customer::ConsentState::Given,
        lapses: When::of(lang, consent.lapse_time),
    };
    section.iter().flat_map(|section| &section.consents).map(of).collect()
}

fn care(section: Option<&customer::CareSection>, lang: Lang) -> Vec<String> {
    let Some(section) = section else { return Vec::new() };
    let mut said = Vec::new();
    if let Some(wishes) = &section.preferences {
        let unspecified = ventanilla_proto::r#type::v1::Channel::Unspecified;
        if wishes.preferred_channel() != unspecified {
            said.push(format!(
                "{} {}",
                lang.of("Prefiere:", "Prefers:"),
                words::channel(wishes.preferred_channel, lang)
            ));
        } else if wishes.learned_channel() != unspecified {
            said.push(format!(
                "{} {}",
                lang.of("Suele usar:", "Mostly uses:"),
                words::channel(wishes.learned_channel, lang)
            ));
        }
        if let Some(quiet) = &wishes.quiet_hours {
            said.push(format!("{} {} – {}", lang.of("Sin molestar:", "Not to be disturbed:"), quiet.from, quiet.until));
        }
    }
    for declared in &section.vulnerabilities {
        said.push(format!("{}: {}", words::vulnerability(declared.driver, lang), declared.need));
    }
    said
}

fn relations(section: Option<&customer::RelationSection>, lang: Lang) -> Vec<Related> {
    let of = |relation: &customer::Relation| Related {
        kind: words::relation(relation.kind, lang),
        id: last(&relation.other_customer).to_owned(),
    };
    section.iter().flat_map(|section| &section.relations).map(of).collect()
}

fn worth(section: Option<&customer::WorthSection>, format: Format) -> Vec<(&'static str, String)> {
    let Some(section) = section else { return Vec::new() };
    let lang = format.0;
    let mut known = vec![(lang.of("situación", "standing"), words::lifecycle(section.lifecycle, lang).to_owned())];
    if section.purchase_count > 0 {
        known.push((lang.of("compras en un año", "purchases in a year"), format.count(section.purchase_count)));
    }
    if let Some(spent) = &section.spent {
        known.push((
            lang.of("gastado en un año", "spent in a year"),
            format.money(spent.minor_units, &spent.currency_code),
        ));
    }
    if section.segment() != customer::ValueSegment::Unspecified {
        known.push((lang.of("gasto", "spending"), words::segment(section.segment, lang).to_owned()));
    }
    if section.contract_count > 0 {
        known.push((lang.of("contratos en vigor", "contracts that run"), format.count(section.contract_count)));
    }
    if let Some(last) = When::of(lang, section.last_purchase_time) {
        known.push((lang.of("última compra", "last purchase"), last.text));
    }
    let leaving: Vec<_> = section.churn_signals.iter().map(|signal| words::churn(*signal, lang)).collect();
    if !leaving.is_empty() {
        known.push((lang.of("señales de que se va", "signs of leaving"), leaving.join(", ")));
    }
    known
}

fn cost(section: &customer::EffortSection, format: Format) -> Vec<Cost> {
    let lang = format.0;
    let span = |length: Option<&prost_types::Duration>| format.span(seconds(length).unwrap_or(0.0));
    let cost = |label, value, bad| Cost { label, value, bad };
    vec![
        cost(
            lang.of("tiempo gastado en 90 días", "time spent in 90 days"),
            span(section.spent_duration.as_ref()),
            section.cap_reached,
        ),
        cost(lang.of("de ello, esperando", "of it, waiting"), span(section.wait_duration.as_ref()), false),
        cost(lang.of("contactos", "contacts"), format.count(section.contact_count.into()), false),
        cost(
            lang.of("de ellos, repetidos", "of them, again"),
            format.count(section.repeat_count.into()),
            section.repeat_count > 0,
        ),
        cost(
            lang.of("veces pasado a otro", "times passed on"),
            format.count(section.transfer_count.into()),
            section.transfer_count > 2,
        ),
    ]
}

fn surveys(section: Option<&customer::SatisfactionSection>, lang: Lang) -> Section<Survey> {
    let rows = section.iter().flat_map(|section| &section.surveys).map(|survey| {
        let mut scores = Vec::new();
        if let Some(csat) = survey.csat {
            scores.push(format!("CSAT {csat}/5"));
        }
        if let Some(nps) = survey.nps {
            scores.push(format!("NPS {nps}/10"));
        }
        if let Some(ces) = survey.ces {
            scores.push(format!("CES {ces}/7"));
        }
        let causes = survey.causes.iter().map(|cause| words::satisfaction_cause(*cause, lang));
        Survey {
            at: When::of(lang, survey.answer_time.or(survey.ask_time)),
            department: survey.department.clone(),
            scores: if scores.is_empty() {
                lang.of("sin contestar", "not answered").to_owned()
            } else {
                scores.join(" · ")
            },
            causes: causes.collect::<Vec<_>>().join(", "),
        }
    });
    let rows: Vec<Survey> = rows.collect();
    let total = rows.len() as i32;
    Section::new(rows, total, section.and_then(|s| s.standing.as_ref()), lang)
}
