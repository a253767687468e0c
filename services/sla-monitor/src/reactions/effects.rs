//! The common part of all reactions: starting clocks, and letting something happen to them.

use jiff::Timestamp;
use kernel::ResourceId as _;
use ledger::{Draft, ReactionError, Received, Stamp, append};
use postgres::{StoreError, Tx};
use sla_monitor_domain::affair::{Event, Happened};
use sla_monitor_domain::clock::{Breach, Entry, Happening, Move, Replay, Terms, Unreplayable, is_said};
use sla_monitor_domain::filing::{Filing, refiled};
use sla_monitor_domain::policy::entries_of;
use sla_monitor_domain::{Calendar, Rule, State, replay};
use ventanilla_proto::sla::v1 as proto;

use super::ticketing::chosen_for;
use crate::grpc::present;
use crate::monitor::{Law, Monitor};
use crate::names::{ClockId, CustomerId, TicketId};
use crate::store::affair::{self, Affair};
use crate::store::clock::{Changed, Stored, change, note, touch_and_lock};
use crate::store::open::{Cause, NewClock, open};

impl<'a> Start<'a> {
    /// A clock of an affair to which all this has happened, of a rule that comes to hold for it at an instant; none where the rule counts nothing.
    pub fn with_history(
        rule: &'a Rule,
        calendar: &'a Calendar,
        subject: String,
        (affair, history, at): (&Affair, &[Happened], Timestamp),
    ) -> Option<Self> {
        match entries_of(Terms { rule, calendar }, &affair.opened(), history, at) {
            Ok(entries) => Some(Self { rule, calendar, subject, entries }),
            Err(error) => {
                tracing::error!(rule = rule.id, %error, "a rule counts nothing for an affair");
                None
            }
        }
    }
}

/// One entry being applied.
pub(super) struct Effects<'a> {
    pub(super) monitor: &'a Monitor,
    source: &'static str,
    entry: &'a Received,
    pub(super) stamp: Stamp,
}

/// A clock to start: the first entry starts it, the others are what has happened to it already.
pub(super) struct Start<'a> {
    pub rule: &'a Rule,
    pub calendar: &'a Calendar,
    pub subject: String,
    pub entries: Vec<Entry>,
}

/// A clock that begins: its row, what has happened to it already, and what others are told.
pub(super) struct Begun<'s> {
    clock: NewClock,
    terms: Terms<'s>,
    later: Vec<Entry>,
    told: Draft,
}

/// Writes clocks that begin, each by its own cause, in as many statements as one of them would take.
pub(super) async fn write_all(tx: &mut Tx, begun: Vec<(&Effects<'_>, Vec<Begun<'_>>)>) -> Result<(), ReactionError> {
    let Some(quiet_ms) = begun.first().map(|(effects, _)| effects.monitor.due.late_entry_quiet_ms) else {
        return Ok(());
    };
    let (mut clocks, mut drafts, mut missed) = (Vec::new(), Vec::new(), Vec::new());
    for (effects, begun) in begun {
        for Begun { clock, terms, later, told } in begun {
            if !later.is_empty() {
                missed.push((effects, clock.clone().stored(effects.stamp.recorded_at), terms, later));
            }
            clocks.push((clock, effects.cause()));
            drafts.push(told);
        }
    }
    if clocks.is_empty() {
        return Ok(());
    }
    open(tx, &clocks, quiet_ms).await?;
    for (effects, clock, terms, later) in missed {
        effects.apply_all(tx, clock, terms, later, &mut drafts).await?;
    }
    Ok(append(tx, &drafts).await?)
}

impl<'a> Effects<'a> {
    pub fn of(monitor: &'a Monitor, source: &'static str, entry: &'a Received) -> Self {
        let stamp = entry.stamp_for_effects(monitor.ambient.now());
        Self { monitor, source, entry, stamp }
    }

    pub(super) fn cause(&self) -> Cause<'_> {
        Cause {
            source: self.source,
            position: self.entry.position(),
            traceparent: &self.stamp.traceparent,
            recorded_at: self.stamp.recorded_at,
        }
    }

    /// Starts clocks for an affair.
    pub async fn start(&self, tx: &mut Tx, affair: &Affair, starts: Vec<Start<'_>>) -> Result<(), ReactionError> {
        let begun = self.begin(affair, starts)?;
        write_all(tx, vec![(self, begun)]).await
    }

    /// What starting clocks for an affair comes to, not yet written.
    pub fn begin<'s>(&self, affair: &Affair, starts: Vec<Start<'s>>) -> Result<Vec<Begun<'s>>, ReactionError> {
        let mut begun = Vec::with_capacity(starts.len());
        for start in starts {
            let id = ClockId::from_uuid(self.new_id());
            let terms = Terms { rule: start.rule, calendar: start.calendar };
            let by_the_house = start.rule.measure.is_some();
            let (clock, later) = match new_clock(id, affair, start, self.monitor.law().version) {
                Ok(new) => new,
                // What the house measures of its own keeps nobody's term by law from starting.
                Err(error) if by_the_house => {
                    tracing::error!(rule = terms.rule.id, %error, "a policy of the house counts nothing for an affair");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let payload = proto::ClockStarted {
                clock: id.name(),
                subject: clock.subject.clone(),
                customer: customer_name(clock.customer),
                rule: clock.rule.clone(),
                stage: clock.stage.clone(),
                origin_time: Some(present::time(clock.origin)),
                due_time: clock.due.map(present::time),
                department: clock.department.clone(),
                kind: present::kind(terms.rule.kind).into(),
                ends_with_answer: terms.rule.ends_with_answer(),
            };
            let told = Draft::new(self.new_id(), id.name(), &payload, &self.stamp);
            begun.push(Begun { clock, terms, later, told });
        }
        Ok(begun)
    }

    /// Files an affair as something else: starts what that obliges to from the first receipt, with all that has happened since; takes clocks of
    /// another law out of it, and puts back those that it had been out of.
    pub async fn refile(&self, tx: &mut Tx, law: &Law, affair: &Affair, other_law: bool) -> Result<(), ReactionError> {
        let chosen = chosen_for(law, affair);
        let history = affair::history(tx, affair.id).await?;
        let subject = TicketId::from_uuid(affair.id).name();
        let stored = touch_and_lock(tx, affair.id, Some(&subject), None).await?;
        let at = self.stamp.occurred_at;
        let mut drafts = Vec::new();
        for clock in &stored {
            let (rule, calendar) = self.monitor.terms_in(tx, &clock.pinned()).await?;
            let terms = Terms { rule: &rule, calendar: &calendar };
            let holds = chosen.iter().any(|(chosen, _)| chosen.id == clock.rule);
            let news = refiled(&rule, &clock.entries, &history, Filing { at, holds, other_law });
            self.apply_all(tx, clock.clone(), terms, news, &mut drafts).await?;
        }
        append(tx, &drafts).await?;
        let fresh = chosen.into_iter().filter(|(rule, _)| stored.iter().all(|clock| clock.rule != rule.id));
        let starts = fresh.filter_map(|(rule, calendar)| {
            Start::with_history(rule, calendar, subject.clone(), (affair, &history, at))
        });
        self.start(tx, affair, starts.collect()).await
    }

    /// Lets this happen to an affair: it is kept in its history, and its clocks in one of these states take from it what their rules say.
    pub async fn befall(&self, tx: &mut Tx, affair: uuid::Uuid, event: Event) -> Result<(), ReactionError> {
        let happened = Happened { at: self.stamp.occurred_at, event };
        let what = |rule: &Rule, _: &Stored| happened.event.to_clock_of(rule);
        self.happen_in(tx, (affair, None), Some(&happened), what).await
    }

    /// Lets something happen to the clocks of an affair, in whatever state they are: `what` says what, from the rule and the clock; `None` leaves the
    /// clock alone. What moves nothing now is written down all the same: word of what was before it may come yet.
    pub async fn happen(
        &self,
        tx: &mut Tx,
        affair: uuid::Uuid,
        subject: Option<&str>,
        what: impl Fn(&Rule, &Stored) -> Option<Happening> + Send,
    ) -> Result<(), ReactionError> {
        self.happen_in(tx, (affair, subject), None, what).await
    }

    async fn happen_in(
        &self,
        tx: &mut Tx,
        (affair, subject): (uuid::Uuid, Option<&str>),
        happened: Option<&Happened>,
        what: impl Fn(&Rule, &Stored) -> Option<Happening> + Send,
    ) -> Result<(), ReactionError> {
        let stored = touch_and_lock(tx, affair, subject, happened).await?;
        let mut drafts = Vec::new();
        for clock in stored {
            let (rule, calendar) = self.monitor.terms_in(tx, &clock.pinned()).await?;
            let terms = Terms { rule: &rule, calendar: &calendar };
            let Some(what) = what(&rule, &clock) else { continue };
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

    /// Lets one thing happen to a clock; answers whether it was written, which it is unless it is known already.
    async fn apply(
        &self,
        tx: &mut Tx,
        clock: &Stored,
        terms: Terms<'_>,
        Entry { at, what }: Entry,
        drafts: &mut Vec<Draft>,
    ) -> Result<bool, ReactionError> {
        let entry = Entry { at, what };
        if is_said(&clock.entries, &entry) {
            return Ok(false);
        }
        let before = replay(&clock.entries, terms).map_err(|e| broken(clock.id, &e))?;
        let mut entries = clock.entries.clone();
        entries.push(entry.clone());
        let after = replay(&entries, terms).map_err(|e| broken(clock.id, &e))?;
        let seq = i32::try_from(entries.len()).unwrap_or(i32::MAX);
        if after == before {
            note(tx, clock.id, seq, &entry, self.cause()).await?;
            return Ok(true);
        }
        let moved = after.moved_from(&before).map(|moved| match (moved, &entry.what) {
            // What starts it came again: nothing that was met is taken back.
            (Move::Reopen, Happening::Begun | Happening::TakenUp | Happening::BegunAnew) => Move::Restart,
            (moved, _) => moved,
        });
        // What is remembered while an affair is resolved tells nobody a second time how the clock ended.
        let ended_so = after.state == before.state && after.breaches == before.breaches;
        let moved = moved.filter(|moved| *moved != Move::Settle || !ended_so);
        let running = matches!(after.state, State::Running { .. });
        let thresholds = if running { after.thresholds(terms) } else { Ok(Vec::new()) };
        let judged = after.breaches.iter().filter(|breach| !before.breaches.contains(breach));
        let changed = Changed {
            id: clock.id,
            seq,
            what: &entry.what,
            at: entry.at,
            state: after.state.as_str(),
            epoch: after.epoch,
            origin: after.origin,
            first_run: after.first_run.filter(|at| *at != after.first_origin),
            due: after.state.due(),
            settled: after.state.settled(),
            breached: after.breach_by(clock.now).map(|breach| breach.at),
            thresholds: thresholds.map_err(|e| broken(clock.id, &e.into()))?,
            breaches_to_note: judged.copied().collect(),
        };
        let noted = change(tx, &changed, self.cause(), self.monitor.due.late_entry_quiet_ms).await?;
        let (new, again): (Vec<&Breach>, Vec<&Breach>) =
            changed.breaches_to_note.iter().partition(|breach| noted.newly.contains(&(breach.origin, breach.at)));
        for breach in new {
            let payload = present::breached(clock, breach.epoch, breach.at);
            let stamp = self.stamp.clone().occurred(breach.at);
            drafts.push(Draft::new(self.new_id(), payload.clock.clone(), &payload, &stamp));
        }
        // A verdict that was told, taken back, and holds again is told by the move: it is raised once. One that was not taken back is told by nothing more.
        let holds_again = again.iter().any(|breach| !before.is_breached_for(breach.at, clock.now));
        let moved = moved.or(holds_again.then_some(Move::Correct));
        // The due instant of the present run that passed is a breach once it was raised; before that late entries get their time.
        let first = after.breaches.first().copied().or_else(|| after.breach_by(clock.now).filter(|_| noted.raised));
        let warned = noted.warned.iter().map(|threshold| threshold.nearness()).max();
        let warned = running.then(|| warned.unwrap_or(0));
        drafts.extend(moved.map(|moved| self.told(clock, (&after, first, warned), moved)));
        Ok(true)
    }

    /// The ledger entry that tells others.
    fn told(
        &self,
        clock: &Stored,
        (after, first, warned): (&Replay, Option<Breach>, Option<u8>),
        moved: Move,
    ) -> Draft {
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
                breached_time: first.map(|breach| present::time(breach.at)),
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
            breached_time: first.map(|breach| present::time(breach.at)),
            epoch: after.epoch,
            warned_percent: warned.map(i32::from),
        };
        Draft::new(self.new_id(), name, &payload, &self.stamp)
    }

    pub(super) fn new_id(&self) -> uuid::Uuid {
        self.monitor.ambient.uuid(self.stamp.recorded_at)
    }
}

/// The clock that the first entry starts, and the entries that come after it.
fn new_clock(
    id: ClockId,
    affair: &Affair,
    start: Start<'_>,
    law_version: i32,
) -> Result<(NewClock, Vec<Entry>), ReactionError> {
    let Start { rule, calendar, subject, entries } = start;
    let mut entries = entries.into_iter();
    let first = entries.next().ok_or(ReactionError::Refused("no first entry"))?;
    let terms = Terms { rule, calendar };
    let uncounted = || ReactionError::Refused("no due instant");
    let replayed = replay(std::slice::from_ref(&first), terms).map_err(|_| uncounted())?;
    let thresholds = replayed.thresholds(terms).map_err(|_| uncounted())?;
    let clock = NewClock {
        id: id.uuid(),
        affair: affair.id,
        subject,
        customer: affair.customer,
        rule: rule.id.clone(),
        rule_version: rule.version,
        law_version,
        kind: rule.kind.as_str(),
        stage: rule.stage.clone(),
        calendar: calendar.id.clone(),
        calendar_version: calendar.version.clone(),
        by_conditions: rule.measure.is_some(),
        subject_type: affair.subject_type.clone(),
        department: affair.department.clone(),
        seat: affair.seat.clone(),
        queue: affair.queue(),
        origin: first.at,
        start: first.what,
        due: replayed.state.due(),
        thresholds,
    };
    Ok((clock, entries.collect()))
}

fn customer_name(customer: Option<uuid::Uuid>) -> String {
    customer.map(|id| CustomerId::from_uuid(id).name()).unwrap_or_default()
}

fn broken(clock: uuid::Uuid, _: &Unreplayable) -> ReactionError {
    StoreError::corrupt("clock_entry", "kind", clock).into()
}
