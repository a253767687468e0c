//! The common part of all reactions: starting clocks, and letting something happen to them.

use jiff::Timestamp;
use kernel::ResourceId as _;
use ledger::{Draft, ReactionError, Received, Stamp, append};
use postgres::{StoreError, Tx};
use sla_monitor_domain::affair::{Event, Happened, unknown_to};
use sla_monitor_domain::catalogue::Filed;
use sla_monitor_domain::clock::{Entry, Happening, Move, Replay, Terms, Unreplayable, is_displaced};
use sla_monitor_domain::{Calendar, Rule, State, replay};
use ventanilla_proto::sla::v1 as proto;

use crate::grpc::present;
use crate::monitor::Monitor;
use crate::names::{ClockId, CustomerId, TicketId};
use crate::store::affair::{self, Affair};
use crate::store::clock::{Changed, Stored, change, touch_and_lock};
use crate::store::open::{Cause, NewClock, open};

/// States in which an obligation is owed.
pub(super) const OPEN: [&str; 3] = ["scheduled", "running", "paused"];
/// States in which time counts.
pub(super) const RUNNING: [&str; 1] = ["running"];
/// States in which it stands still.
pub(super) const STANDING_STILL: [&str; 2] = ["paused", "scheduled"];
/// Every state.
const ALL: [&str; 5] = ["scheduled", "running", "paused", "fulfilled", "cancelled"];
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
        self.start_with(tx, affair, starts, &[]).await
    }

    /// Starts clocks for an affair to which all this has happened already.
    pub async fn start_with(
        &self,
        tx: &mut Tx,
        affair: &Affair,
        starts: Vec<Start<'_>>,
        history: &[Happened],
    ) -> Result<(), ReactionError> {
        let rules: Vec<Terms<'_>> = starts.iter().map(|s| Terms { rule: s.rule, calendar: s.calendar }).collect();
        let (mut clocks, mut drafts) = (Vec::with_capacity(starts.len()), Vec::with_capacity(starts.len()));
        for start in starts {
            let id = ClockId::from_uuid(self.new_id());
            let rule = start.rule;
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
                kind: present::kind(rule.kind).into(),
                ends_with_answer: rule.ends_with_answer(),
            };
            drafts.push(Draft::new(self.new_id(), id.name(), &payload, &self.stamp));
            clocks.push(clock);
        }
        if clocks.is_empty() {
            return Ok(());
        }
        open(tx, &clocks, self.cause(), self.monitor.due.late_entry_quiet_ms).await?;
        for (clock, terms) in clocks.into_iter().zip(rules) {
            let missed = unknown_to(terms.rule, history, &[]);
            self.apply_all(tx, clock.stored(self.stamp.recorded_at), terms, missed, &mut drafts).await?;
        }
        append(tx, &drafts).await?;
        Ok(())
    }

    /// Files an affair as something else: starts what that obliges to from the first receipt, with all that has happened since; takes clocks of
    /// another law out of it, and puts back those that it had been out of.
    pub async fn refile(&self, tx: &mut Tx, affair: &Affair, other_law: bool) -> Result<(), ReactionError> {
        let law = &self.monitor.law;
        let calendar = law.catalogue.calendar(&affair.calendar).unwrap_or_else(|| law.calendar_of(&affair.department));
        let filed = Filed {
            types: &affair.types,
            topics: &affair.topics,
            sector: &affair.sector,
            received: affair.first_received,
        };
        let chosen = law.catalogue.for_affair(filed, calendar);
        let history = affair::history(tx, affair.id).await?;
        let subject = TicketId::from_uuid(affair.id).name();
        let stored = touch_and_lock(tx, affair.id, Some(&subject), &ALL.map(str::to_owned), None).await?;
        let at = self.stamp.occurred_at;
        let mut drafts = Vec::new();
        for clock in &stored {
            let terms = self.terms_of(clock)?;
            let governs = chosen.iter().any(|chosen| chosen.rule.id == clock.rule);
            let was_out = is_displaced(&clock.entries);
            if governs && was_out {
                let mut news = vec![Entry { at, what: Happening::Reinstated }];
                news.extend(unknown_to(terms.rule, &history, &clock.entries));
                self.apply_all(tx, clock.clone(), terms, news, &mut drafts).await?;
            } else if !governs && other_law && !was_out {
                let news = vec![Entry { at, what: Happening::Displaced }];
                self.apply_all(tx, clock.clone(), terms, news, &mut drafts).await?;
            }
        }
        append(tx, &drafts).await?;
        let fresh = chosen.into_iter().filter(|chosen| stored.iter().all(|clock| clock.rule != chosen.rule.id));
        let starts = fresh.map(|chosen| Start {
            rule: chosen.rule,
            calendar,
            subject: subject.clone(),
            at: affair.first_received,
            what: Happening::Started,
        });
        self.start_with(tx, affair, starts.collect(), &history).await
    }

    fn terms_of(&self, clock: &Stored) -> Result<Terms<'a>, ReactionError> {
        let (rule, calendar) = self
            .monitor
            .law
            .terms(&clock.rule, &clock.calendar)
            .ok_or_else(|| StoreError::corrupt("clock", "rule", clock.id))?;
        Ok(Terms { rule, calendar })
    }

    /// Lets this happen to an affair: it is kept in its history, and its clocks in one of these states take from it what their rules say.
    pub async fn befall(
        &self,
        tx: &mut Tx,
        affair: uuid::Uuid,
        states: &[&str],
        event: Event,
    ) -> Result<(), ReactionError> {
        let happened = Happened { at: self.stamp.occurred_at, event };
        let what = |rule: &Rule, _: &Stored| happened.event.to_clock_of(rule);
        self.happen_in(tx, (affair, None), states, Some(&happened), what).await
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
        self.happen_in(tx, (affair, subject), states, None, what).await
    }

    async fn happen_in(
        &self,
        tx: &mut Tx,
        (affair, subject): (uuid::Uuid, Option<&str>),
        states: &[&str],
        happened: Option<&Happened>,
        what: impl Fn(&Rule, &Stored) -> Option<Happening> + Send,
    ) -> Result<(), ReactionError> {
        let states: Vec<String> = states.iter().map(|s| (*s).to_owned()).collect();
        let stored = touch_and_lock(tx, affair, subject, &states, happened).await?;
        let mut drafts = Vec::new();
        for clock in stored {
            let terms = self.terms_of(&clock)?;
            let Some(what) = what(terms.rule, &clock) else { continue };
            let entry = Entry { at: self.stamp.occurred_at, what };
            self.apply(tx, &clock, terms, entry, &mut drafts).await?;
        }
        append(tx, &drafts).await?;
        Ok(())
    }

    /// Lets one thing after the other happen to a clock.
    async fn apply_all(
        &self,
        tx: &mut Tx,
        mut clock: Stored,
        terms: Terms<'_>,
        entries: Vec<Entry>,
        drafts: &mut Vec<Draft>,
    ) -> Result<(), ReactionError> {
        for entry in entries {
            if self.apply(tx, &clock, terms, entry.clone(), drafts).await? {
                clock.entries.push(entry);
            }
        }
        Ok(())
    }

    /// Lets one thing happen to a clock; answers whether it changed anything and was written.
    async fn apply(
        &self,
        tx: &mut Tx,
        clock: &Stored,
        terms: Terms<'_>,
        Entry { at, what }: Entry,
        drafts: &mut Vec<Draft>,
    ) -> Result<bool, ReactionError> {
        let before = replay(&clock.entries, terms).map_err(|e| broken(clock.id, &e))?;
        let mut entries = clock.entries.clone();
        entries.push(Entry { at, what: what.clone() });
        let after = replay(&entries, terms).map_err(|e| broken(clock.id, &e))?;
        let moved = after.moved_from(&before);
        // Out of an affair, also a clock that was met stays as it is, whatever comes later: that is written down though nothing moves.
        if moved.is_none() && !matches!(what, Happening::Displaced | Happening::Reinstated) {
            return Ok(false);
        }
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
        drafts.extend(moved.map(|moved| self.told(clock, &after, moved)));
        Ok(true)
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
