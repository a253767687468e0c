//! The steps of the arithmetic.

use jiff::Timestamp;
use jiff::civil::Date;

use super::why;
use crate::calendar::next_day;
use crate::clock::{Fall, Length, Replay, State, Terms};
use crate::run::Scale;
use crate::{Calendar, Run, Term, Uncountable};

/// One step of the arithmetic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was done, in Spanish.
    pub es: String,
    /// The same in English.
    pub en: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An instant.
    Instant(Timestamp),
    /// A civil date in the calendar's zone.
    Day(Date),
    /// Words alone.
    Nothing,
}

/// Date and time in the calendar's zone.
pub(super) fn local(calendar: &Calendar, at: Timestamp) -> String {
    calendar.zone().to_datetime(at).strftime("%d-%m-%Y %H:%M:%S").to_string()
}

fn day(date: Date) -> String {
    date.strftime("%d-%m-%Y").to_string()
}

struct Steps(Vec<Step>);

impl Steps {
    fn say(&mut self, es: String, en: String, outcome: Outcome) {
        self.0.push(Step { es, en, outcome });
    }
}

pub(super) fn steps(replayed: &Replay, terms: Terms<'_>, due: Option<Timestamp>) -> Result<Vec<Step>, Uncountable> {
    let Terms { rule, calendar } = terms;
    let mut steps = Steps(Vec::new());
    let origin = replayed.origin;
    if replayed.epoch > 1 {
        let n = replayed.epoch;
        steps.say(
            format!(
                "La primera presentación fue el {}; esta es la cuenta número {n}",
                local(calendar, replayed.first_origin)
            ),
            format!("The first presentation was on {}; this is run number {n}", local(calendar, replayed.first_origin)),
            Outcome::Instant(replayed.first_origin),
        );
    }
    let fell = replayed.fell.zip(replayed.state.settled());
    let never_started = matches!(fell, Some((Fall::NeverStarted | Fall::MetBefore, _)));
    if !never_started {
        starts(&mut steps, origin, calendar);
    }
    let first = calendar.day_of(replayed.first_origin);
    if !rule.in_force(first) {
        steps.say(
            format!("La regla no regía el {}: la cuenta es solo informativa", day(first)),
            format!("The rule was not in force on {}: the count is for information only", day(first)),
            Outcome::Day(first),
        );
    }
    if let Some(reading) = &rule.reading {
        steps.say(
            format!(
                "El texto deja abierta la lectura: se aplica «{}» ({}; la estricta es «{}»)",
                reading.value, reading.name, reading.strict
            ),
            format!(
                "The text leaves the reading open: «{}» is applied ({}; the strict one is «{}»)",
                reading.value, reading.name, reading.strict
            ),
            Outcome::Nothing,
        );
    }
    if let (Length::Term(term), false) = (replayed.length, never_started) {
        if rule.term != Some(term) {
            let (es, en) = term.words();
            steps.say(
                format!("El plazo se amplió hasta su límite de {es} desde el mismo inicio"),
                format!("The term was extended to its bound of {en} from the same start"),
                Outcome::Nothing,
            );
        }
        if let State::Paused { ground, since } | State::Scheduled { ground, since } = &replayed.state {
            steps.say(
                format!("Detenido por «{ground}» desde el {}", local(calendar, *since)),
                format!("Standing still on «{ground}» since {}", local(calendar, *since)),
                Outcome::Instant(*since),
            );
        } else if fell.is_none() || due.is_some() {
            let run = Run { term, origin, calendar, pauses: &replayed.pauses };
            match run.scale()? {
                Scale::Days { count, business } => days(&mut steps, &run, count, business)?,
                Scale::Elapsed(_) | Scale::Open(_) => time(&mut steps, &run),
            }
        }
    }
    if let Some(due) = due {
        steps.say(
            format!("Vence el {}; lo hecho hasta ese instante, incluido, está a tiempo", local(calendar, due)),
            format!("It falls due on {}; what is done at that instant or before is in time", local(calendar, due)),
            Outcome::Instant(due),
        );
    }
    if let Some((fall, at)) = fell {
        let (es, en) = why(fall);
        steps.say(
            format!("La cuenta acabó el {}: {es}", local(calendar, at)),
            format!("The count ended on {}: {en}", local(calendar, at)),
            Outcome::Instant(at),
        );
    }
    Ok(steps.0)
}

fn starts(steps: &mut Steps, origin: Timestamp, calendar: &Calendar) {
    let zone = &calendar.zone_name;
    steps.say(
        format!("El plazo parte del {}, hora de {zone}", local(calendar, origin)),
        format!("The term starts from {}, {zone} time", local(calendar, origin)),
        Outcome::Instant(origin),
    );
}

fn days(steps: &mut Steps, run: &Run<'_>, count: u32, business: bool) -> Result<(), Uncountable> {
    let first = run.first_day();
    let last = run.counting_day(count, business)?;
    steps.say(
        format!("El {} no se cuenta: es el día del hecho inicial", day(first)),
        format!("{} is not counted: it is the day of the starting event", day(first)),
        Outcome::Day(first),
    );
    if let Term::Months(n) = run.term {
        let (es, en) = Term::Months(n).words();
        steps.say(
            format!("{es} de fecha a fecha (el último día del mes si la fecha no existe) son {count} días naturales"),
            format!(
                "{en} from date to date (the month's last day where the date does not exist) are {count} calendar days"
            ),
            Outcome::Nothing,
        );
    }
    if business {
        skipped(steps, run, first, last)?;
    }
    let mut still = Vec::new();
    let mut date = first;
    while date < last {
        date = next_day(date)?;
        if run.stood_still_at_the_end_of(date) {
            still.push(day(date));
        }
    }
    if !still.is_empty() {
        let list = still.join(", ");
        steps.say(
            format!("No cuentan, por estar detenido el plazo al acabar el día: {list}"),
            format!("Not counted, because the term stood still at the end of the day: {list}"),
            Outcome::Nothing,
        );
    }
    let (kind_es, kind_en) = if business { ("hábil", "business") } else { ("natural", "calendar") };
    steps.say(
        format!("El día {kind_es} número {count} es el {}", day(last)),
        format!("{kind_en} day number {count} is {}", day(last)),
        Outcome::Day(last),
    );
    if !business && !run.calendar.is_business_day(last) {
        steps.say(
            "Es inhábil, y en un plazo civil no se pasa al siguiente".to_owned(),
            "It is no business day, and a civil term does not move to the next".to_owned(),
            Outcome::Day(last),
        );
    }
    steps.say(
        format!("El día acaba con su último microsegundo en {}", run.calendar.zone_name),
        format!("The day ends with its last microsecond in {}", run.calendar.zone_name),
        Outcome::Instant(run.calendar.last_instant(last)?),
    );
    Ok(())
}

/// The days that are no business days, holidays by name.
fn skipped(steps: &mut Steps, run: &Run<'_>, first: Date, last: Date) -> Result<(), Uncountable> {
    let (mut holidays, mut weekend_days, mut uncovered) = (Vec::new(), 0, None);
    let mut date = first;
    while date < last {
        date = next_day(date)?;
        if !run.calendar.covers(date) {
            uncovered = Some(date.year());
        }
        if run.calendar.is_business_day(date) {
            continue;
        }
        match run.calendar.holidays.get(&date) {
            Some(holiday) => holidays.push(format!("{} {}", day(date), holiday.title)),
            None => weekend_days += 1,
        }
    }
    if weekend_days > 0 {
        steps.say(
            format!("No cuentan {weekend_days} días de fin de semana"),
            format!("{weekend_days} weekend days are not counted"),
            Outcome::Nothing,
        );
    }
    if !holidays.is_empty() {
        let list = holidays.join("; ");
        steps.say(
            format!("No cuentan los festivos: {list}"),
            format!("Holidays are not counted: {list}"),
            Outcome::Nothing,
        );
    }
    if let Some(year) = uncovered {
        steps.say(
            format!("El calendario no tiene los festivos de {year}: solo se descuentan los fines de semana"),
            format!("The calendar does not hold the holidays of {year}: only weekends are left out"),
            Outcome::Nothing,
        );
    }
    Ok(())
}

fn time(steps: &mut Steps, run: &Run<'_>) {
    let (es, en) = run.term.words();
    let (how_es, how_en) = match run.term {
        Term::OpenMinutes(_) | Term::OpenSeconds(_) => ("dentro del horario de servicio", "within hours of work"),
        _ => ("seguidas, de día y de noche", "without pause, day and night"),
    };
    steps.say(format!("Se cuentan {es} {how_es}"), format!("{en} are counted {how_en}"), Outcome::Nothing);
    for pause in run.pauses {
        steps.say(
            format!("No cuenta del {} al {}", local(run.calendar, pause.from), local(run.calendar, pause.to)),
            format!("Not counted: from {} to {}", local(run.calendar, pause.from), local(run.calendar, pause.to)),
            Outcome::Instant(pause.to),
        );
    }
}
