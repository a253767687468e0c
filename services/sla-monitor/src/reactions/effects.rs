//! The common part of all reactions: starting clocks, and letting something happen to them.

use jiff::Timestamp;
use kernel::ResourceId as _;
use ledger::{Draft, ReactionError, Received, Stamp, append};
use postgres::{StoreError, Tx};
use sla_monitor_domain::clock::{Entry, Happening, Move, Replay, Terms, Unreplayable};
use sla_monitor_domain::{Calendar, Rule, State, replay};
use ventanilla_proto::sla::v1 as proto;

use crate::grpc::present;
use crate::monitor::Monitor;
use crate::names::{ClockId, CustomerId};
use crate::store::affair::Affair;
use crate::store::clock::{Changed, Stored, change, touch_and_lock};
use crate::store::open::{Cause, NewClock, open};

/// States in which an obligation is owed.
pub(super) const OPEN: [&str; 3] = ["scheduled", "running", "paused"];
/// States in which time counts.
pub(super) const RUNNING: [&str; 1] = ["running"];
/// States in which it stands still.
pub(super) const STANDING_STILL: [&str; 2] = ["paused", "scheduled"];
/// States that a reopening can undo.
pub(super) const MET: [&str; 1] = ["fulfilled"];

/// One entry being applied.
pub(super) struct Effects<'a> {
    monitor: &'a Monitor,
    source: &'static str,
    entry: &'a Received,
    stamp: Stamp,
}

/// A clock to start.
pub(super) struct Start<'a> {
    pub rule: &'a Rule,
    pub calendar: &'a Calendar,
    pub subject: String,
    pub at: Timestamp,
    pub what: Happening,
}

impl<'a> Effects<'a> {
    pub fn of(monitor: &'a Monitor, source: &'static str, entry: &'a Received) -> Self {
        let stamp = entry.stamp_for_effects(monitor.ambient.now());
        Self { monitor, source, entry, stamp }
    }

    fn cause(&self) -> Cause<'_> {
        Cause {
            source: self.source,
            position: self.entry.position(),
            traceparent: &self.stamp.traceparent,
            recorded_at: self.stamp.recorded_at,
        }
    }

    /// Starts clocks for an affair.
    pub async fn start(&self, tx: &mut Tx, affair: &Affair, starts: Vec<Start<'_>>) -> Result<(), ReactionError> {
        let (mut clocks, mut drafts) = (Vec::with_capacity(starts.len()), Vec::with_capacity(starts.len()));
        for start in starts {
            let id = ClockId::from_uuid(self.new_id());
            let clock = new_clock(id, affair, start)?;
            let payload = proto::ClockStarted {
                clock: id.name(),
                subject: clock.subject.clone(),
                customer: customer_name(clock.customer),
                rule: clock.rule.clone(),
                stage: clock.stage.clone(),
                origin_time: Some(present::time(clock.origin)),
                due_time: Some(present::time(clock.due)),
                department: clock.department.clone(),
            };
            drafts.push(Draft::new(self.new_id(), id.name(), &payload, &self.stamp));
            clocks.push(clock);
        }
        if clocks.is_empty() {
            return Ok(());
        }
        open(tx, &clocks, self.cause(), self.monitor.due.late_entry_quiet_ms).await?;
        append(tx, &drafts).await?;
        Ok(())
    }

    /// Lets something happen to the clocks of an affair that are in one of these states: `what` says what, from the rule and
    /// the clock; `None` leaves the clock alone.
    pub async fn happen(
        &self,
        tx: &mut Tx,
        affair: uuid::Uuid,
        subject: Option<&str>,
        states: &[&str],
        what: impl Fn(&Rule, &Stored) -> Option<Happening> + Send,
    ) -> Result<(), ReactionError> {
        let states: Vec<String> = states.iter().map(|s| (*s).to_owned()).collect();
        let stored = touch_and_lock(tx, affair, subject, &states).await?;
        let mut drafts = Vec::new();
        for clock in stored {
            let (rule, calendar) = self
                .monitor
                .law
                .terms(&clock.rule, &clock.calendar)
                .ok_or_else(|| StoreError::corrupt("clock", "rule", clock.id))?;
            let Some(what) = what(rule, &clock) else { continue };
            self.apply(tx, &clock, Terms { rule, calendar }, what, &mut drafts).await?;
        }
        append(tx, &drafts).await?;
        Ok(())
    }

    async fn apply(
        &self,
        tx: &mut Tx,
        clock: &Stored,
        terms: Terms<'_>,
        what: Happening,
        drafts: &mut Vec<Draft>,
    ) -> Result<(), ReactionError> {
        let at = self.stamp.occurred_at;
        let before = replay(&clock.entries, terms).map_err(|e| broken(clock.id, &e))?;
        let mut entries = clock.entries.clone();
        entries.push(Entry { at, what: what.clone() });
        let after = replay(&entries, terms).map_err(|e| broken(clock.id, &e))?;
        let Some(moved) = after.moved_from(&before) else { return Ok(()) };
        let running = matches!(after.state, State::Running { .. });
        let thresholds = if running { after.thresholds(terms.calendar) } else { Ok(Vec::new()) };
        let judged = after.breaches.last().filter(|breach| !before.breaches.contains(breach));
        let changed = Changed {
            id: clock.id,
            seq: i32::try_from(entries.len()).unwrap_or(i32::MAX),
            what: &what,
            at,
            state: after.state.as_str(),
            epoch: after.epoch,
            origin: after.origin,
            due: after.state.due(),
            settled: after.state.settled(),
            breached: after.breach_by(clock.now).map(|breach| breach.at),
            thresholds: thresholds.map_err(|e| broken(clock.id, &e.into()))?,
            breach_to_note: judged.map(|breach| (breach.epoch, breach.at)),
        };
        let newly_breached = change(tx, &changed, self.cause(), self.monitor.due.late_entry_quiet_ms).await?;
        if let (true, Some(breach)) = (newly_breached, judged) {
            let payload = present::breached(clock, breach.epoch, breach.at);
            let stamp = self.stamp.clone().occurred(breach.at);
            drafts.push(Draft::new(self.new_id(), payload.clock.clone(), &payload, &stamp));
        }
        drafts.push(self.told(clock, &after, moved));
        Ok(())
    }

    /// The ledger entry that tells others.
    fn told(&self, clock: &Stored, after: &Replay, moved: Move) -> Draft {
        let name = ClockId::from_uuid(clock.id).name();
        let state = present::state(&after.state).into();
        let customer = customer_name(clock.customer);
        let Some(effect) = present::effect(moved) else {
            let payload = proto::ClockSettled {
                clock: name.clone(),
                subject: clock.subject.clone(),
                customer,
                state,
                settled_time: after.state.settled().map(present::time),
                breached_time: after.breaches.first().map(|breach| present::time(breach.at)),
            };
            return Draft::new(self.new_id(), name, &payload, &self.stamp);
        };
        let payload = proto::ClockMoved {
            clock: name.clone(),
            subject: clock.subject.clone(),
            customer,
            effect: effect.into(),
            state,
            due_time: after.state.due().map(present::time),
        };
        Draft::new(self.new_id(), name, &payload, &self.stamp)
    }

    fn new_id(&self) -> uuid::Uuid {
        self.monitor.ambient.uuid(self.stamp.recorded_at)
    }
}

fn new_clock(id: ClockId, affair: &Affair, start: Start<'_>) -> Result<NewClock, ReactionError> {
    let Start { rule, calendar, subject, at, what } = start;
    let terms = Terms { rule, calendar };
    let replayed =
        replay(&[Entry { at, what: what.clone() }], terms).map_err(|_| ReactionError::Refused("no due instant"))?;
    let due = replayed.state.due().ok_or(ReactionError::Refused("no due instant"))?;
    let thresholds = replayed.thresholds(calendar).map_err(|_| ReactionError::Refused("no due instant"))?;
    Ok(NewClock {
        id: id.uuid(),
        affair: affair.id,
        subject,
        customer: affair.customer,
        rule: rule.id.clone(),
        rule_version: rule.version,
        kind: rule.kind.as_str(),
        stage: rule.stage.clone(),
        calendar: calendar.id.clone(),
        subject_type: affair.subject_type.clone(),
        department: affair.department.clone(),
        origin: at,
        start: what,
        due,
        thresholds,
    })
}

fn customer_name(customer: Option<uuid::Uuid>) -> String {
    customer.map(|id| CustomerId::from_uuid(id).name()).unwrap_or_default()
}

fn broken(clock: uuid::Uuid, _: &Unreplayable) -> ReactionError {
    StoreError::corrupt("clock_entry", "kind", clock).into()
}
