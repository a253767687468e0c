//! `SimulatePolicy`: a policy tried on what was received in a window, as if it had held there. Writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use sla_monitor_domain::clock::Terms;
use sla_monitor_domain::filing::{Chapter, Filing, entries_through};
use sla_monitor_domain::policy::{Verdict, verdict};
use sla_monitor_domain::rule::Subject;
use sla_monitor_domain::{Calendar, Rule};
use tokio::sync::mpsc::Sender;
use uuid::Uuid;

use super::get_policy::{Obligation, all_versions, get_policy};
use super::simulate_calls::simulate_calls;
use crate::error::Failure;
use crate::monitor::{Law, Monitor};
use crate::names::CallName;
use crate::store::affair::Affair;
use crate::store::law::Stands;
use crate::store::past::{PastAffair, PastClock, Span, affairs, count_affairs};

/// Affairs looked at in one go.
pub(super) const PAGE: i64 = 1_000;
/// Affairs after which others have their turn.
pub(super) const TURN: usize = 50;
/// Most flips in one item.
const FLIPS: usize = 500;

/// What is to be tried.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Id of the policy.
    pub id: String,
    /// Version; 0 for the draft, or else the one in force.
    pub version: i32,
    /// What was received when.
    pub span: Span,
}

/// How an obligation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stood {
    /// Met and never breached.
    Kept,
    /// Breached.
    Breached,
    /// Open and not breached.
    Open,
    /// Fell away, or never came to count.
    FellAway,
    /// There is none.
    None,
}

impl Stood {
    fn of(verdict: Verdict) -> Self {
        match verdict {
            _ if verdict.breach.is_some() => Self::Breached,
            Verdict { met: true, .. } => Self::Kept,
            Verdict { fell_away: true, .. } => Self::FellAway,
            _ => Self::Open,
        }
    }

    fn kept(clock: Option<&PastClock>) -> Self {
        let Some(clock) = clock else { return Self::None };
        match clock.state.as_str() {
            _ if clock.breached => Self::Breached,
            "fulfilled" => Self::Kept,
            "cancelled" => Self::FellAway,
            _ => Self::Open,
        }
    }
}

/// What a verdict is about.
#[derive(Debug, Clone)]
pub enum Of {
    /// A ticket.
    Ticket(Uuid),
    /// A call.
    Call(CallName),
}

/// An affair or a call whose verdict would be another.
#[derive(Debug, Clone)]
pub struct Flip {
    /// What it is about.
    pub of: Of,
    /// As it is.
    pub now: Stood,
    /// As it would be.
    pub then: Stood,
    /// Rule of the clock as it is.
    pub rule: String,
}

/// How much would have been kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Affairs.
    pub affairs: i64,
    /// Those the policy would have held for.
    pub clocks: i64,
    /// Kept.
    pub kept: i64,
    /// Breached.
    pub breached: i64,
    /// Open.
    pub open: i64,
    /// Fell away.
    pub fell_away: i64,
    /// Kept as it is.
    pub kept_now: i64,
    /// Breached as it is.
    pub breached_now: i64,
}

impl Tally {
    pub(super) fn add(&mut self, now: Stood, then: Stood) {
        self.affairs += 1;
        self.clocks += i64::from(then != Stood::None);
        match then {
            Stood::Kept => self.kept += 1,
            Stood::Breached => self.breached += 1,
            Stood::Open => self.open += 1,
            Stood::FellAway => self.fell_away += 1,
            Stood::None => {}
        }
        self.kept_now += i64::from(now == Stood::Kept);
        self.breached_now += i64::from(now == Stood::Breached);
    }
}

/// What a simulation came to.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// What was tried.
    pub policy: Obligation,
    /// Over all.
    pub total: Tally,
    /// By department.
    pub by_department: BTreeMap<String, Tally>,
    /// By type.
    pub by_type: BTreeMap<String, Tally>,
    /// By channel.
    pub by_channel: BTreeMap<String, Tally>,
    /// By segment.
    pub by_segment: BTreeMap<String, Tally>,
    /// By queue, of calls.
    pub by_queue: BTreeMap<String, Tally>,
    /// Affairs whose verdict would be another.
    pub flips: i64,
    /// The database's time, at which open clocks were judged.
    pub now: Timestamp,
}

impl Simulated {
    /// Nothing looked at yet.
    pub(super) fn begun(policy: Obligation, now: Timestamp) -> Self {
        Self {
            policy,
            total: Tally::default(),
            by_department: BTreeMap::new(),
            by_type: BTreeMap::new(),
            by_channel: BTreeMap::new(),
            by_segment: BTreeMap::new(),
            by_queue: BTreeMap::new(),
            flips: 0,
            now,
        }
    }
}

/// What is told on the way.
#[derive(Debug)]
pub enum Item {
    /// So many of so many.
    Progress(i64, i64),
    /// Affairs whose verdict would be another.
    Flips(Vec<Flip>),
    /// The end.
    Result(Box<Simulated>),
}

/// The version to be tried, ready to be.
///
/// # Errors
/// [`Failure`] when there is none, or it counts nothing.
pub async fn prepare(monitor: &Monitor, trial: &Trial) -> Result<Obligation, Failure> {
    let draft = match trial.version {
        0 if !monitor.law().is_shipped(&trial.id) => all_versions(monitor, &trial.id).await?.into_iter().next(),
        _ => None,
    };
    let draft = draft.filter(|newest| newest.stored.stands == Stands::Draft);
    let tried = match draft {
        Some(draft) => Obligation::House(Box::new(draft)),
        None => get_policy(monitor, &trial.id, trial.version).await?,
    };
    let rule = tried.rule();
    let tried_on = matches!(rule.subject, Subject::Ticket | Subject::TicketOrCase | Subject::Call);
    if rule.term.is_none() || !tried_on || !rule.enabled() {
        return Err(Failure::NoTermToCount { rule: rule.id.clone(), stage: rule.stage.clone() });
    }
    Ok(tried)
}

/// Tries it, telling how far it is; ends early when nobody listens any more.
///
/// # Errors
/// [`Failure`] of the database.
#[tracing::instrument(name = "policy.simulate", skip_all, fields(policy.id = %trial.id))]
pub async fn simulate_policy(
    monitor: Monitor,
    trial: Trial,
    policy: Obligation,
    tell: Sender<Result<Item, Failure>>,
) -> Result<(), Failure> {
    if policy.rule().subject == Subject::Call {
        return simulate_calls(monitor, trial.span, policy, tell).await;
    }
    let law = monitor.law();
    let tried = Tried::new(&policy);
    let (total, now) = count_affairs(monitor.db.reader(), trial.span).await?;
    let mut result = Simulated::begun(policy.clone(), now);
    let (mut after, mut flips) = (None, Vec::new());
    loop {
        let page = affairs(monitor.db.reader(), trial.span, after, &tried.measured_by, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.affair.first_received, last.affair.id));
        for (n, past) in page.iter().enumerate() {
            if n % TURN == 0 {
                tokio::task::yield_now().await;
            }
            let (was, then) = (Stood::kept(past.clock.as_ref()), tried.on(past, &law, now));
            result.total.add(was, then);
            let affair = &past.affair;
            for (by, key) in [
                (&mut result.by_department, &affair.department),
                (&mut result.by_type, &affair.subject_type),
                (&mut result.by_channel, &affair.channel),
                (&mut result.by_segment, &past.segment),
            ] {
                by.entry(key.clone()).or_default().add(was, then);
            }
            if was != then {
                result.flips += 1;
                let rule = past.clock.as_ref().map(|clock| clock.rule.clone()).unwrap_or_default();
                flips.push(Flip { of: Of::Ticket(affair.id), now: was, then, rule });
            }
        }
        if !tell_page(&tell, &result, total, &mut flips).await {
            return Ok(());
        }
    }
    tell_end(&tell, result, flips).await;
    Ok(())
}

/// Tells what was found on a page, and keeps flips that do not fill an item yet; `false` when nobody listens any more.
pub(super) async fn tell_page(
    tell: &Sender<Result<Item, Failure>>,
    result: &Simulated,
    total: i64,
    flips: &mut Vec<Flip>,
) -> bool {
    let mut items = vec![Item::Progress(result.total.affairs, total.max(result.total.affairs))];
    while flips.len() >= FLIPS {
        items.push(Item::Flips(flips.drain(..FLIPS).collect()));
    }
    for item in items {
        if tell.send(Ok(item)).await.is_err() {
            return false;
        }
    }
    true
}

/// Tells the last flips and the end.
pub(super) async fn tell_end(tell: &Sender<Result<Item, Failure>>, result: Simulated, flips: Vec<Flip>) {
    let last = (!flips.is_empty()).then_some(Item::Flips(flips));
    for item in last.into_iter().chain([Item::Result(Box::new(result))]) {
        if tell.send(Ok(item)).await.is_err() {
            break;
        }
    }
}

/// A rule as if it had held for all that was received.
struct Tried {
    rule: Rule,
    measured_by: String,
}

impl Tried {
    fn new(policy: &Obligation) -> Self {
        let mut rule = policy.rule().clone();
        let mut measured_by = rule.id.clone();
        if let Some(measure) = &mut rule.measure {
            (measure.from, measure.until) = (Timestamp::MIN, None);
            measured_by = measure.metric.as_str().to_owned();
        }
        Self { rule, measured_by }
    }

    /// How it would stand for an affair, through all that it was filed as.
    fn on(&self, past: &PastAffair, law: &Law, now: Timestamp) -> Stood {
        let affair = &past.affair;
        let counted_on: &Arc<Calendar> =
            law.calendar(&affair.calendar).unwrap_or_else(|| law.calendar_of(&affair.department));
        let own = self.rule.measure.as_ref().and_then(|measure| measure.calendar.as_deref());
        let calendar = own.and_then(|id| law.calendar(id)).unwrap_or(counted_on);
        let filed = past.before.iter().map(|before| (&before.affair, before.history.as_slice()));
        let filed = filed.chain([(affair, past.history.as_slice())]);
        let since = std::iter::once(affair.first_received).chain(past.before.iter().map(|before| before.until));
        let mut sector: Option<&str> = None;
        let chapters = filed.zip(since).map(|((affair, happened), at)| {
            let other_law = sector.replace(&affair.sector).is_some_and(|before| before != affair.sector);
            Chapter { filing: Filing { at, holds: self.holds(affair, law, counted_on), other_law }, happened }
        });
        let terms = Terms { rule: &self.rule, calendar };
        let stood = entries_through(terms, &affair.opened(), chapters)
            .and_then(|entries| entries.map(|entries| verdict(&self.rule, calendar, &entries, now)).transpose());
        // A real run would start no clock that cannot be counted either.
        stood.ok().flatten().map_or(Stood::None, Stood::of)
    }

    /// Whether it holds for an affair as it is filed.
    fn holds(&self, affair: &Affair, law: &Law, calendar: &Calendar) -> bool {
        match &self.rule.measure {
            Some(measure) => measure.unfit(&affair.facts()).is_none(),
            None => {
                law.catalogue.for_affair(affair.filed(), calendar).iter().any(|chosen| chosen.rule.id == self.rule.id)
            }
        }
    }
}
