//! Why a due instant is what it is: rule, article, start, calendar and arithmetic, step by step, in Spanish and English,
//! so that a person can check it with a paper calendar.

mod steps;

use jiff::Timestamp;

use crate::clock::{Breach, Entry, Fall, Happening, Length, Replay, State, Terms, Unreplayable, replay};
use crate::rule::{Bearer, Subject};
use crate::{Calendar, Pause, Rule};

pub use steps::{Outcome, Step};

/// The reasoning behind one due instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Id of the rule.
    pub rule: String,
    /// Its version.
    pub version: i32,
    /// Text and article.
    pub citation: String,
    /// The article alone.
    pub article: String,
    /// Whether the rule was in force on the civil day of the first start.
    pub in_force_at_start: bool,
    /// Why this rule, in Spanish.
    pub because_es: String,
    /// Why this rule, in English.
    pub because_en: String,
    /// What started the term.
    pub start_event: String,
    /// When the present run started.
    pub start: Timestamp,
    /// The term as applied; empty for a due instant that was fixed from the start.
    pub term: String,
    /// Id of the calendar.
    pub calendar: String,
    /// Its version.
    pub calendar_version: String,
    /// Its zone.
    pub zone: String,
    /// The arithmetic.
    pub steps: Vec<Step>,
    /// Spans that did not count.
    pub pauses: Vec<Pause>,
    /// Ground and begin of the span that lasts.
    pub standing_still: Option<(String, Timestamp)>,
    /// The last instant in time; none while it stands still, or where it fell away before it was due.
    pub due: Option<Timestamp>,
    /// When it fell away and why, where it did.
    pub fell: Option<(Timestamp, Fall)>,
    /// The whole in one sentence, in Spanish.
    pub sentence_es: String,
    /// The same in English.
    pub sentence_en: String,
}

/// Proves the due instant of a clock as it stands.
///
/// # Errors
/// [`Unreplayable`] when the due instant cannot be computed.
pub fn prove(replayed: &Replay, terms: Terms<'_>, because_es: &str, because_en: &str) -> Result<Proof, Unreplayable> {
    let Terms { rule, calendar } = terms;
    let standing_still = match &replayed.state {
        State::Paused { ground, since } | State::Scheduled { ground, since } => Some((ground.clone(), *since)),
        State::Running { .. } | State::Fulfilled { .. } | State::Cancelled { .. } => None,
    };
    let due = due_of(replayed, calendar)?;
    let (sentence_es, sentence_en) = sentences(replayed, terms, due);
    Ok(Proof {
        rule: rule.id.clone(),
        version: rule.version,
        citation: rule.citation.clone(),
        article: rule.article.clone(),
        in_force_at_start: rule.in_force_at(replayed.first_origin, calendar.day_of(replayed.first_origin)),
        because_es: because_es.to_owned(),
        because_en: because_en.to_owned(),
        start_event: if replayed.epoch > 1 { "restart".to_owned() } else { rule.starts.clone() },
        start: replayed.origin,
        term: match replayed.length {
            Length::Term(term) => term.to_string(),
            Length::Until(_) => String::new(),
        },
        calendar: calendar.id.clone(),
        calendar_version: calendar.version.clone(),
        zone: calendar.zone_name.clone(),
        steps: steps::steps(replayed, terms, due)?,
        pauses: replayed.pauses.clone(),
        standing_still,
        due,
        fell: fell_of(replayed),
        sentence_es,
        sentence_en,
    })
}

/// Proves when a term would fall due that started at `start`.
///
/// # Errors
/// [`Unreplayable`] when the rule has no term, or the due instant cannot be computed.
pub fn preview(rule: &Rule, calendar: &Calendar, start: Timestamp) -> Result<Proof, Unreplayable> {
    let terms = Terms { rule, calendar };
    let replayed = replay(&[Entry { at: start, what: Happening::Started }], terms)?;
    prove(
        &replayed,
        terms,
        "consulta previa: la regla fue elegida por quien pregunta",
        "preview: whoever asks chose the rule",
    )
}

fn due_of(replayed: &Replay, calendar: &Calendar) -> Result<Option<Timestamp>, Unreplayable> {
    Ok(match (&replayed.state, replayed.length) {
        // What fell away before it was due nobody owed by then.
        (State::Cancelled { .. }, _) => {
            replayed.breaches.iter().find(|breach| breach.epoch == replayed.epoch).map(|breach| breach.at)
        }
        (State::Paused { .. } | State::Scheduled { .. }, _) => None,
        (_, Length::Until(due)) => Some(due),
        (_, Length::Term(term)) => {
            let run = crate::Run { term, origin: replayed.origin, calendar, pauses: &replayed.pauses };
            Some(run.due()?)
        }
    })
}

fn fell_of(replayed: &Replay) -> Option<(Timestamp, Fall)> {
    match replayed.state {
        State::Cancelled { at } => replayed.fell.map(|fall| (at, fall)),
        _ => None,
    }
}

/// Why something fell away, in Spanish and English.
pub(crate) const fn why(fall: Fall) -> (&'static str, &'static str) {
    match fall {
        Fall::Withdrawn => {
            ("lo que se debía se retiró o se dejó sin efecto", "what was owed was withdrawn or is owed no more")
        }
        Fall::Forfeited => ("se declaró que no se cumpliría", "it was declared that it would not be met"),
        Fall::Displaced => ("la regla dejó de regir el asunto", "the rule does not govern the affair any more"),
        Fall::NeverStarted => {
            ("el asunto acabó antes de que llegara lo que la inicia", "it was over before what starts it came")
        }
        Fall::MetBefore => (
            "lo que la habría cumplido llegó antes que lo que la inicia",
            "what would have met it came before what starts it",
        ),
    }
}

fn fell_away(replayed: &Replay, terms: Terms<'_>, due: Option<Timestamp>) -> Option<(String, String)> {
    let Terms { rule, calendar } = terms;
    let (at, fall) = fell_of(replayed)?;
    let ((es, en), zone) = (why(fall), &calendar.zone_name);
    let at = steps::local(calendar, at);
    let (due_es, due_en) = match due.map(|due| steps::local(calendar, due)) {
        None => match replayed.breaches.first() {
            Some(missed) => earlier(missed, replayed.breaches.len(), terms),
            None => (
                "No vencía antes: nada se debe ni se incumplió.".to_owned(),
                "It was not due before: nothing is owed, and nothing was breached.".to_owned(),
            ),
        },
        Some(due) if rule.bearer != Bearer::House => {
            (format!("El tiempo dado había terminado el {due}."), format!("The time given had been over on {due}."))
        }
        Some(due) => (format!("Vencía el {due} y no se cumplió."), format!("It was due on {due} and was not met.")),
    };
    Some((
        format!("Según {}, la cuenta acabó el {at}, hora de {zone}: {es}. {due_es}", rule.citation),
        format!("Under {}, the count ended on {at}, {zone} time: {en}. {due_en}", rule.citation),
    ))
}

/// Of a run that fell away before it was due, after others that were not met: the first of those is what the clock is judged by.
fn earlier(missed: &Breach, count: usize, Terms { rule, calendar }: Terms<'_>) -> (String, String) {
    let (run, due) = (missed.epoch, steps::local(calendar, missed.at));
    let (es, en) = match (rule.bearer, count) {
        (Bearer::House, 1) => (
            format!("la cuenta número {run} vencía el {due} y no se cumplió"),
            format!("run number {run} was due on {due} and was not met"),
        ),
        (Bearer::House, _) => (
            format!("{count} cuentas anteriores no se cumplieron; la primera, la número {run}, vencía el {due}"),
            format!("{count} earlier runs were not met; the first, number {run}, was due on {due}"),
        ),
        _ => (
            format!("el tiempo dado en la cuenta número {run} había terminado el {due}"),
            format!("the time given in run number {run} had been over on {due}"),
        ),
    };
    (format!("Esta cuenta no vencía antes; {es}."), format!("This run was not due before; {en}."))
}

fn sentences(replayed: &Replay, terms: Terms<'_>, due: Option<Timestamp>) -> (String, String) {
    let Terms { rule, calendar } = terms;
    if let Some(fell) = fell_away(replayed, terms, due) {
        return fell;
    }
    let start = steps::local(calendar, replayed.origin);
    let zone = &calendar.zone_name;
    let Some(due) = due else {
        return (
            format!("Según {}, el plazo está detenido y no vence mientras dure el motivo.", rule.citation),
            format!("Under {}, the term stands still and does not fall due while the ground lasts.", rule.citation),
        );
    };
    let end = steps::local(calendar, due);
    match replayed.length {
        Length::Until(_) if rule.bearer != Bearer::House => (
            format!(
                "Según {}, el tiempo dado el {start} termina el {end}, hora de {zone}, como la oficina lo comunicó. Si no se usa, caduca; nadie incumple.",
                rule.citation
            ),
            format!(
                "Under {}, the time given on {start} is over on {end}, {zone} time, as the office told. Unused it lapses; nobody breaches anything.",
                rule.citation
            ),
        ),
        Length::Until(_) if rule.subject == Subject::Obligation => (
            format!(
                "Según {}, el último instante en plazo es el {end}, hora de {zone}: lo fijó la oficina del defensor el {start}, y lo cumplido hasta entonces, incluido, está a tiempo.",
                rule.citation
            ),
            format!(
                "Under {}, the last instant in time is {end}, {zone} time: the ombudsman's office set it on {start}, and what is done by then is in time.",
                rule.citation
            ),
        ),
        Length::Until(_) => (
            format!("Prometido para el {end} (hora de {zone}): cumplido hasta ese momento, incluido, está a tiempo."),
            format!("Promised for {end} ({zone} time): kept at that moment or before, it is in time."),
        ),
        Length::Term(term) => {
            let (es, en) = term.words();
            let (ends, falls) = if es.starts_with("1 ") { ("vence", "falls") } else { ("vencen", "fall") };
            let (es_still, en_still) = stood_still(&replayed.pauses, calendar);
            (
                format!(
                    "Según {}, {es} desde el {start} con el calendario {} ({}) {ends} el {end}, hora de {zone}.{es_still}",
                    rule.citation, calendar.id, calendar.version
                ),
                format!(
                    "Under {}, {en} from {start} on calendar {} ({}) {falls} due on {end}, {zone} time.{en_still}",
                    rule.citation, calendar.id, calendar.version
                ),
            )
        }
    }
}

/// What did not count, named.
fn stood_still(pauses: &[Pause], calendar: &Calendar) -> (String, String) {
    if pauses.is_empty() {
        return (String::new(), String::new());
    }
    let span = |pause: &Pause| (steps::local(calendar, pause.from), steps::local(calendar, pause.to));
    let es = pauses.iter().map(|pause| {
        let (from, to) = span(pause);
        format!("del {from} al {to} («{}»)", pause.ground)
    });
    let en = pauses.iter().map(|pause| {
        let (from, to) = span(pause);
        format!("from {from} to {to} («{}»)", pause.ground)
    });
    let (es, en) = (es.collect::<Vec<_>>().join(", "), en.collect::<Vec<_>>().join(", "));
    (format!(" Estuvo detenido {es}."), format!(" It stood still {en}."))
}
