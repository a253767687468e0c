//! Values to answers.

pub mod policy;

use jiff::Timestamp;
use kernel::ResourceId as _;
use sla_monitor_domain::board::{self, Dimension};
use sla_monitor_domain::calendar::LOCAL_TIME_RULE;
use sla_monitor_domain::clock::{Fall, Move, Terms, Threshold};
use sla_monitor_domain::party::{self, Stage};
use sla_monitor_domain::proof::Outcome;
use sla_monitor_domain::rule::{Bearer, Does, Evidence, Kind, Reading, Standing as RuleStanding};
use sla_monitor_domain::{Calendar, Proof, Rule, State};
use ventanilla_proto::sla::v1 as proto;

use crate::names::{CaseId, ClockId, CustomerId, TicketId};
use crate::policy as spelling;
use crate::store::clock::Stored;
use crate::store::customer::Kept;
use crate::store::law::Stands;
use crate::usecase::Standing;
use crate::usecase::forecast_resolution::{Cohort, Told};
use crate::usecase::get_board::{Figured, Window};
use crate::usecase::get_policy::{Obligation, Version};

/// An instant on the wire.
pub fn time(at: Timestamp) -> prost_types::Timestamp {
    server::parse::time_to_proto(at)
}

/// A state on the wire.
pub const fn state(state: &State) -> proto::ClockState {
    match state {
        State::Scheduled { .. } => proto::ClockState::Scheduled,
        State::Running { .. } => proto::ClockState::Running,
        State::Paused { .. } => proto::ClockState::Paused,
        State::Fulfilled { .. } => proto::ClockState::Fulfilled,
        State::Cancelled { .. } => proto::ClockState::Cancelled,
    }
}

/// What is kept of a customer with an affair, as they are told it.
pub fn record(kept: Kept) -> proto::AffairRecord {
    let Kept { affair, is_case, channel, language, served_first, segment, tenure, vulnerable } = kept;
    let affair = if is_case { CaseId::from_uuid(affair).name() } else { TicketId::from_uuid(affair).name() };
    proto::AffairRecord { affair, channel, language, served_first, segment, tenure, vulnerable }
}

/// What an entry did, on the wire; `None` for an end, which is told by an entry of its own.
pub const fn effect(moved: Move) -> Option<proto::ClockEffect> {
    Some(match moved {
        Move::Pause => proto::ClockEffect::Pause,
        Move::Resume => proto::ClockEffect::Resume,
        Move::Restart => proto::ClockEffect::Restart,
        Move::DeferStart => proto::ClockEffect::DeferStart,
        Move::Start => proto::ClockEffect::Start,
        Move::Extend => proto::ClockEffect::Extend,
        Move::Reopen => proto::ClockEffect::Reopen,
        Move::Correct => proto::ClockEffect::Correct,
        Move::Settle => return None,
    })
}

/// The entry that tells of a breach.
pub fn breached(clock: &Stored, epoch: i32, at: Timestamp) -> proto::ClockBreached {
    proto::ClockBreached {
        clock: ClockId::from_uuid(clock.id).name(),
        subject: clock.subject.clone(),
        customer: customer(clock.customer),
        rule: clock.rule.clone(),
        breached_time: Some(time(at)),
        epoch,
    }
}

fn customer(id: Option<uuid::Uuid>) -> String {
    id.map(|id| CustomerId::from_uuid(id).name()).unwrap_or_default()
}

/// A kind of obligation.
pub const fn kind(kind: Kind) -> proto::PolicyKind {
    match kind {
        Kind::Sla => proto::PolicyKind::Sla,
        Kind::Ola => proto::PolicyKind::Ola,
        Kind::Uc => proto::PolicyKind::Uc,
        Kind::Statutory => proto::PolicyKind::Statutory,
    }
}

const fn evidence(evidence: Evidence) -> proto::EvidenceStatus {
    match evidence {
        Evidence::Verified => proto::EvidenceStatus::Verified,
        Evidence::Interpreted => proto::EvidenceStatus::Interpreted,
        Evidence::Secondary => proto::EvidenceStatus::Secondary,
        Evidence::Recalled => proto::EvidenceStatus::Recalled,
        Evidence::House => proto::EvidenceStatus::House,
    }
}

/// A clock.
pub fn clock(standing: Standing) -> proto::Clock {
    let Standing { stored, replayed, rule, calendar, thresholds, extensions } = standing;
    let of_party = (rule.bearer != Bearer::House)
        .then(|| party::stands(&replayed, Terms { rule: &rule, calendar: &calendar }, stored.now));
    // A breach is a fact of instants: it shows as soon as the due instant has passed by the database's time.
    let breach = replayed.breach_by(stored.now).filter(|_| of_party.is_none());
    let settled = of_party.map_or_else(|| replayed.state.settled(), |stands| stands.stage.settled());
    let seen_until = settled.unwrap_or(stored.now);
    let warnings = thresholds.iter().map(|(at_which, at)| {
        let (threshold_percent, lead_minutes) = threshold(*at_which);
        let passed = *at < seen_until;
        proto::ClockWarning { threshold_percent, threshold_time: Some(time(*at)), passed, lead_minutes }
    });
    proto::Clock {
        name: ClockId::from_uuid(stored.id).name(),
        policy: format!("policies/{}", rule.id),
        rule: rule.id.clone(),
        policy_version: stored.rule_version,
        kind: kind(rule.kind).into(),
        stage: rule.stage.clone(),
        calendar: format!("calendars/{}", calendar.id),
        state: of_party.map_or_else(|| state(&replayed.state), party_state).into(),
        origin_time: (!matches!(replayed.state, State::Scheduled { .. })).then(|| time(replayed.origin)),
        first_received_time: Some(time(replayed.first_origin)),
        due_time: replayed.state.due().map(time),
        settled_time: settled.map(time),
        breached_time: breach.map(|breach| time(breach.at)),
        warnings: warnings.collect(),
        epoch: replayed.epoch,
        subject: stored.subject,
        customer: customer(stored.customer),
        department: stored.department,
        subject_type: stored.subject_type,
        etag: postgres::etag(stored.version),
        calendar_version: calendar.version.clone(),
        bearer: bearer(rule.bearer).into(),
        lapse_time: of_party.and_then(|stands| stands.lapsed).map(time),
        ends_with_answer: rule.ends_with_answer(),
        extensions: extensions
            .into_iter()
            .map(|(ground, due)| proto::ClockExtension { ground, due_time: Some(time(due)) })
            .collect(),
    }
}

/// How the time of a party stands, on the wire.
pub const fn party_state(stands: party::Stands) -> proto::ClockState {
    match stands.stage {
        Stage::Running => proto::ClockState::Running,
        Stage::Fulfilled { .. } => proto::ClockState::Fulfilled,
        Stage::FellAway { .. } => proto::ClockState::Cancelled,
        Stage::Lapsed => proto::ClockState::Lapsed,
    }
}

/// Whose time it is, on the wire.
pub const fn bearer(bearer: Bearer) -> proto::ClockBearer {
    match bearer {
        Bearer::House => proto::ClockBearer::House,
        Bearer::Claimant => proto::ClockBearer::Claimant,
        Bearer::Firm => proto::ClockBearer::Firm,
        Bearer::Office => proto::ClockBearer::Office,
    }
}

/// When a clock warns, on the wire: percent used up, or minutes left; the other is 0.
pub fn threshold(threshold: Threshold) -> (i32, i32) {
    match threshold {
        Threshold::Share(percent) => (i32::from(percent), 0),
        Threshold::Lead(minutes) => (0, i32::try_from(minutes).unwrap_or(i32::MAX)),
    }
}

/// A policy that ships, which counts on this calendar unless a department has its own.
pub fn policy(rule: &Rule, calendar: &str) -> proto::Policy {
    let effects = rule.effects.iter().map(|effect| {
        let (does, max_total) = match effect.does {
            Does::Pause => (proto::ClockEffect::Pause, String::new()),
            Does::Restart => (proto::ClockEffect::Restart, String::new()),
            Does::DeferStart => (proto::ClockEffect::DeferStart, String::new()),
            Does::Extend { max_total } => (proto::ClockEffect::Extend, max_total.to_string()),
        };
        proto::PolicyEffect {
            event: effect.on.clone(),
            effect: does.into(),
            max_total,
            grounds: effect.grounds.clone(),
        }
    });
    proto::Policy {
        name: format!("policies/{}", rule.id),
        version: rule.version,
        kind: kind(rule.kind).into(),
        state: match rule.state {
            RuleStanding::Active => proto::PolicyState::Active,
            RuleStanding::Superseded => proto::PolicyState::Superseded,
            RuleStanding::Challenged => proto::PolicyState::Challenged,
            RuleStanding::NotActive => proto::PolicyState::NotActive,
        }
        .into(),
        jurisdiction: rule.jurisdiction.clone(),
        sectors: rule.sectors.clone(),
        stage: rule.stage.clone(),
        start_event: rule.starts.clone(),
        term: rule.term.map(|term| term.to_string()).unwrap_or_default(),
        effects: effects.collect(),
        calendar: format!("calendars/{calendar}"),
        in_force_from: rule.from.map(|day| day.to_string()).unwrap_or_default(),
        in_force_until: rule.until.map(|day| day.to_string()).unwrap_or_default(),
        citation: rule.citation.clone(),
        evidence: evidence(rule.evidence).into(),
        enabled: rule.enabled(),
        disabled_because: rule.disabled_because.clone().unwrap_or_default(),
        reading: rule.reading.as_ref().map(switch),
        readings: rule.readings().map(switch).collect(),
        summary_es: rule.es.clone(),
        summary_en: rule.en.clone(),
        ..proto::Policy::default()
    }
}

fn switch(reading: &Reading) -> proto::PolicySwitch {
    proto::PolicySwitch {
        name: reading.name.clone(),
        value: reading.value.clone(),
        strict_value: reading.strict.clone(),
        values: reading.values.clone(),
    }
}

/// A policy that ships, or a version of one of the house.
pub fn obligation(obligation: &Obligation, calendar: &str) -> proto::Policy {
    match obligation {
        Obligation::Shipped(rule) => policy(rule, calendar),
        Obligation::ShippedBefore(rule) => proto::Policy {
            state: proto::PolicyState::Superseded.into(),
            enabled: false,
            disabled_because: "it is in force here under another version, or ships no more".to_owned(),
            ..policy(rule, calendar)
        },
        Obligation::House(version) => house_policy(version),
    }
}

/// A version of a policy of the house.
pub fn house_policy(version: &Version) -> proto::Policy {
    let Version { stored, rule, replaced, now } = version;
    let (from, until) = match stored.stands {
        Stands::Draft => (None, None),
        Stands::Active { from, until } => (Some(from), until),
    };
    let ended = until.is_some_and(|until| until <= *now);
    let state = match (from, ended, replaced) {
        (None, ..) => proto::PolicyState::Draft,
        (Some(_), true, true) => proto::PolicyState::Superseded,
        (Some(_), true, false) => proto::PolicyState::Withdrawn,
        (Some(from), false, _) if from > *now => proto::PolicyState::NotActive,
        (Some(_), false, _) => proto::PolicyState::Active,
    };
    let own = stored.content.measure.clone().unwrap_or_default();
    let calendar = rule.measure.as_ref().and_then(|measure| measure.calendar.clone()).unwrap_or_default();
    let measure = rule.measure.as_ref().map(|measure| proto::PolicyMeasure {
        metric: spelling::metric_to_proto(measure.metric).into(),
        conditions: spelling::conditions_of(measure),
        warnings: spelling::warnings_to_proto(&rule.warnings),
        ..own
    });
    let why = match state {
        proto::PolicyState::Active => String::new(),
        proto::PolicyState::Draft => "it is a draft, and holds for nothing until it is activated".to_owned(),
        proto::PolicyState::NotActive => "it takes effect later".to_owned(),
        _ => "its end has come".to_owned(),
    };
    proto::Policy {
        state: state.into(),
        effects: stored.content.effects.clone(),
        sectors: rule.sectors.clone(),
        calendar: if calendar.is_empty() { String::new() } else { format!("calendars/{calendar}") },
        enabled: why.is_empty(),
        disabled_because: why,
        measure,
        in_force_from_time: from.map(time),
        in_force_until_time: until.map(time),
        actor: Some(server::parse::actor_to_proto(&stored.by)),
        write_time: Some(time(stored.written)),
        etag: postgres::etag(stored.version),
        ..policy(rule, "")
    }
}

/// The field of a request that a problem of a calendar is about.
pub fn calendar_field(field: &str) -> String {
    let own = match field {
        "id" => "name",
        "title" => "title_es",
        "added" => "holidays",
        "removed" => "removed_dates",
        "hours" => "weekly_intervals",
        "zone" => "time_zone",
        other => other,
    };
    format!("calendar.{own}")
}

/// A calendar, and what the house changed about the one it extends.
pub fn calendar(calendar: &Calendar, house: Option<proto::HouseCalendar>) -> proto::Calendar {
    let hours = calendar.hours.iter().map(|hours| proto::WeeklyInterval {
        weekday: i32::from(hours.weekday),
        start_minute: hours.start_minute,
        end_minute: hours.end_minute,
    });
    let holidays = calendar.holidays.iter().map(|(date, holiday)| proto::Holiday {
        date: date.to_string(),
        title: holiday.title.clone(),
        scope: holiday.scope.clone(),
    });
    let exceptions = calendar.exceptions.iter().map(|(date, hours)| {
        let weekday = i32::from(date.weekday().to_monday_one_offset());
        let interval =
            |&(start_minute, end_minute): &(i32, i32)| proto::WeeklyInterval { weekday, start_minute, end_minute };
        proto::CalendarException { date: date.to_string(), intervals: hours.iter().map(interval).collect() }
    });
    proto::Calendar {
        name: format!("calendars/{}", calendar.id),
        version: calendar.version.clone(),
        time_zone: calendar.zone_name.clone(),
        weekly_intervals: hours.collect(),
        holidays: holidays.collect(),
        exceptions: exceptions.collect(),
        first_year: i32::from(calendar.first_year),
        last_year: i32::from(calendar.last_year),
        source: calendar.source.clone(),
        local_time_rule: LOCAL_TIME_RULE.to_owned(),
        title_es: calendar.title.es.clone(),
        title_en: calendar.title.en.clone(),
        jurisdiction: calendar.jurisdiction.clone(),
        region: calendar.region.clone(),
        data_date: calendar.data_date.to_string(),
        extends: match calendar.extends.as_str() {
            "" => String::new(),
            id => format!("calendars/{id}"),
        },
        business_weekdays: calendar.business_weekdays().map(i32::from).collect(),
        house,
    }
}

const fn fell_away(fall: Fall) -> proto::FallReason {
    match fall {
        Fall::Withdrawn => proto::FallReason::Withdrawn,
        Fall::Forfeited => proto::FallReason::Forfeited,
        Fall::Displaced => proto::FallReason::Displaced,
        Fall::NeverStarted => proto::FallReason::NeverStarted,
        Fall::MetBefore => proto::FallReason::MetBefore,
    }
}

/// A proof of a due instant under a rule.
pub fn proof(proof: Proof, rule: &Rule) -> proto::Proof {
    let steps = proof.steps.into_iter().map(|step| proto::ProofStep {
        description_es: step.es,
        description_en: step.en,
        result: match step.outcome {
            Outcome::Instant(at) => Some(proto::proof_step::Result::Instant(time(at))),
            Outcome::Day(day) => Some(proto::proof_step::Result::Date(day.to_string())),
            Outcome::Nothing => None,
        },
    });
    let mut pauses: Vec<proto::ProofPause> = Vec::with_capacity(proof.pauses.len() + 1);
    for pause in proof.pauses {
        pauses.push(proto::ProofPause {
            ground: pause.ground,
            start_time: Some(time(pause.from)),
            end_time: Some(time(pause.to)),
        });
    }
    if let Some((ground, since)) = proof.standing_still {
        pauses.push(proto::ProofPause { ground, start_time: Some(time(since)), end_time: None });
    }
    proto::Proof {
        rule: proof.rule,
        policy_version: proof.version,
        citation: proof.citation,
        article: proof.article,
        evidence: evidence(rule.evidence).into(),
        in_force_at_start: proof.in_force_at_start,
        chosen_because_es: proof.because_es,
        chosen_because_en: proof.because_en,
        start_event: proof.start_event,
        start_time: Some(time(proof.start)),
        term: proof.term,
        calendar: format!("calendars/{}", proof.calendar),
        calendar_version: proof.calendar_version,
        time_zone: proof.zone,
        steps: steps.collect(),
        pauses,
        due_time: proof.due.map(time),
        fell_away_time: proof.fell.map(|(at, _)| time(at)),
        fell_away_reason: proof.fell.map_or(proto::FallReason::Unspecified, |(_, fall)| fell_away(fall)).into(),
        sentence_es: proof.sentence_es,
        sentence_en: proof.sentence_en,
    }
}

const DEFINITIONS: [&str; 11] = [
    "window: a clock counts where it was begun, which is the first receipt or the making of a promise, for ever; an affair counts where it was first received",
    "met: fulfilled at or before the due instant; breached: the due instant passed unmet, whether fulfilled later or never",
    "attainment: met / (met + breached); open and cancelled clocks count in neither; a clock that counts again, as from word to word, has one \
     verdict: with one of its runs missed it is breached",
    "time to settle: from where the first run counts from, which for a clock that waits for what starts it (the customer's next word, a hand-over) is that, to the \
     fulfilment, by the wall clock, with what does not count in it, over all fulfilled clocks; one that counts again, as from word to word, has one time, from its first start to its last end",
    "percentile p: nearest rank, the smallest observed time such that at least p % of the fulfilled clocks took no longer",
    "kind: statutory is owed by law, sla is promised to customers, ola is agreed within the house, uc with a supplier",
    "promise outcome: broken_announced was told to the customer, with cause and new date, before it broke, and arrived; broken_silent was not; of \
     broken_unreported somebody had the notice in time, and has not said that it arrived; lapsed fell away with its affair before it was due",
    "team and manager: those of whoever has the affair, and once a clock is settled of whoever had it then, who reports to the manager directly; clocks of affairs \
     that nobody with a team or manager has are on no such line",
    "segment: what the customer spent within the year before the affair became known, as customer-profile told; it stays what it was then",
    "queue: what who takes the affair must have, its department, the skills that are asked for its topic, and its language, as it waits, or waited when the clock was settled; clocks of which that was not kept are on no such line",
    "cause: what was stated last to have brought the affair about, itself and none above it in the tree; affairs of which none was stated are on no such line",
];

/// The board.
pub fn board(figured: Figured, window: &Window) -> proto::Board {
    let mut board = proto::Board {
        from_time: window.from.map(time),
        to_time: window.to.map(time),
        as_of_time: Some(time(figured.now)),
        definitions: DEFINITIONS.map(str::to_owned).to_vec(),
        zone: figured.zone,
        ..proto::Board::default()
    };
    for told in &figured.lines {
        let rows = match told.line.dimension {
            Dimension::Total => {
                board.total = Some(proto::BoardRow { event_count: told.tally.events, ..row(told) });
                continue;
            }
            Dimension::Policy => &mut board.by_policy,
            Dimension::Department => &mut board.by_department,
            Dimension::SubjectType => &mut board.by_subject_type,
            Dimension::Stage => &mut board.by_stage,
            Dimension::Kind => &mut board.by_kind,
            Dimension::Channel => &mut board.by_channel,
            Dimension::Outcome => &mut board.by_promise_outcome,
            Dimension::Team => &mut board.by_team,
            Dimension::Manager => &mut board.by_manager,
            Dimension::Queue => &mut board.by_queue,
            Dimension::Segment => &mut board.by_segment,
            Dimension::Cause => &mut board.by_cause,
            Dimension::Month => &mut board.by_month,
        };
        rows.push(row(told));
    }
    board
}

/// A line of the board.
fn row(told: &board::Told) -> proto::BoardRow {
    let tally = &told.tally;
    let decided = tally.met + tally.breached;
    #[allow(clippy::cast_precision_loss, reason = "counts of clocks are far below 2^52")]
    let attainment = (decided > 0).then(|| tally.met as f64 / decided as f64);
    proto::BoardRow {
        key: match told.line.dimension {
            Dimension::Policy => format!("policies/{}", told.line.key),
            Dimension::Manager => format!("agents/{}", told.line.key),
            Dimension::Cause => format!("causes/{}", told.line.key),
            _ => told.line.key.to_string(),
        },
        case_count: tally.cases,
        event_count: 0,
        clock_count: tally.clocks,
        met_count: tally.met,
        breached_count: tally.breached,
        open_count: tally.open,
        cancelled_count: tally.cancelled,
        attainment,
        settle: told.settle.as_ref().and_then(|settle| percentiles(settle)),
    }
}

/// A duration on the wire, from microseconds.
pub fn duration(micros: i64) -> Option<prost_types::Duration> {
    let nanos = i32::try_from(micros % 1_000_000 * 1_000).ok()?;
    Some(prost_types::Duration { seconds: micros / 1_000_000, nanos })
}

/// Percentiles on the wire: at 50, 75, 90, 95 and 99 %.
pub fn percentiles(micros: &[i64]) -> Option<proto::SettlePercentiles> {
    let [p50, p75, p90, p95, p99] = *micros else { return None };
    Some(proto::SettlePercentiles {
        p50_duration: duration(p50),
        p75_duration: duration(p75),
        p90_duration: duration(p90),
        p95_duration: duration(p95),
        p99_duration: duration(p99),
    })
}

/// What affairs like it tell.
pub fn forecast(percent: u8, told: &Told) -> proto::Forecast {
    proto::Forecast {
        earliest_time: told.earliest.map(time),
        not_before_time: told.not_before.map(time),
        open_count: i64::try_from(told.open).unwrap_or(i64::MAX),
        percent: percent.into(),
        kept_share: told.kept_share,
        basis_count: i64::try_from(told.basis).unwrap_or(i64::MAX),
        cohort: match told.cohort {
            Cohort::Department => proto::ForecastCohort::Department,
            Cohort::House => proto::ForecastCohort::House,
            Cohort::TooFew => proto::ForecastCohort::TooFew,
        }
        .into(),
    }
}
