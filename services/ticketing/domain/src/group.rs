//! Affairs that are answered as one, and taking them apart again.
//!
//! A merge is a link and copies nothing: each affair keeps its receipt, points, messages and clocks. While it is merged it goes where its head
//! goes: what happens to the head happens to all. An unmerge ends the link and nothing else, so that merges come apart in any order.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::cure::moves_a_term;
use crate::{CloseReason, Command, Moment, Refusal, Standing, State, Ticket, TicketId, Transitioned};

/// Affairs that may be one.
pub const MAX_MERGED: usize = 50;

/// What an affair was merged into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    /// The affair that was named.
    pub into: TicketId,
    /// The one that all of them are answered with.
    pub head: TicketId,
}

/// That an affair was merged into another, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// The affair.
    pub ticket: TicketId,
    /// The one that was named.
    pub into: TicketId,
    /// When that was said.
    pub at: Timestamp,
}

/// Since when two affairs are one by these merges: since the last of those that lead from the one to the other. `None` where none lead there.
pub fn one_since(merges: &[Merge], one: TicketId, other: TicketId) -> Option<Timestamp> {
    // All that an affair was merged into, one into the next, with the last merge on the way there.
    let way = |from: TicketId| {
        let mut all = vec![(from, Timestamp::MIN)];
        while let Some((at, last)) = all.last().copied()
            && let Some(merge) = merges.iter().find(|merge| merge.ticket == at)
            && all.len() <= merges.len()
        {
            all.push((merge.into, last.max(merge.at)));
        }
        all
    };
    let others = way(other);
    way(one).into_iter().find_map(|(meets, last)| {
        others.iter().find(|(at, _)| *at == meets).map(|(_, other_last)| last.max(*other_last))
    })
}

/// Who was merged into whom, of all affairs that are one with those in question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bonds(BTreeMap<TicketId, Option<TicketId>>);

impl Bonds {
    /// As these affairs stand.
    pub fn of<'a>(tickets: impl IntoIterator<Item = &'a Ticket>) -> Self {
        Self(tickets.into_iter().map(|t| (t.facts().id, t.merged().map(|merged| merged.into))).collect())
    }

    /// With the head `from` merged into `into`.
    ///
    /// # Errors
    /// [`Refusal`] when the two are one already, or would be too many.
    pub fn merge(mut self, from: TicketId, into: TicketId) -> Result<Self, Refusal> {
        if self.head_of(from) == self.head_of(into) {
            return Err(Refusal::AlreadyOne);
        }
        self.0.insert(from, Some(into));
        let head = self.head_of(into);
        if self.0.keys().filter(|id| self.head_of(**id) == head).count() > MAX_MERGED {
            return Err(Refusal::TooManyMerged { most: MAX_MERGED });
        }
        Ok(self)
    }

    /// With `from` taken out again; what had been merged into it before stays with it.
    ///
    /// # Errors
    /// [`Refusal::TicketNotMerged`].
    pub fn unmerge(mut self, from: TicketId) -> Result<Self, Refusal> {
        match self.0.insert(from, None) {
            Some(Some(_)) => Ok(self),
            _ => Err(Refusal::TicketNotMerged),
        }
    }

    /// What this affair was merged into; `None` for a head.
    pub fn merged(&self, id: TicketId) -> Option<Merged> {
        let into = self.0.get(&id).copied().flatten()?;
        Some(Merged { into, head: self.head_of(id) })
    }

    /// How many affairs are answered with this one; none but with a head.
    pub fn gathered(&self, id: TicketId) -> usize {
        if self.merged(id).is_some() {
            return 0;
        }
        self.0.keys().filter(|other| **other != id && self.head_of(**other) == id).count()
    }

    fn head_of(&self, id: TicketId) -> TicketId {
        let (mut at, mut seen) = (id, BTreeSet::new());
        // What was stored leads in no circle; should it, every affair of it is its own head.
        while let Some(into) = self.0.get(&at).copied().flatten() {
            if !seen.insert(at) {
                return id;
            }
            at = into;
        }
        at
    }
}

impl Ticket {
    /// What it was merged into.
    pub const fn merged(&self) -> Option<Merged> {
        self.ties.merged
    }

    /// How many affairs are answered with it.
    pub const fn gathers(&self) -> usize {
        self.ties.gathers
    }

    /// Refuses what is done in the affair it is answered with.
    ///
    /// # Errors
    /// [`Refusal::TicketMerged`].
    pub fn refuse_if_merged(&self) -> Result<(), Refusal> {
        self.ties.merged.map_or(Ok(()), |merged| Err(Refusal::TicketMerged { into: merged.head }))
    }

    /// Whether it may become one with another: open, and not waiting for what puts off its term.
    ///
    /// # Errors
    /// [`Refusal`] when it is answered, over, its customer was given time to complete it, or a history says that it waits for that.
    pub fn may_merge(&self) -> Result<(), Refusal> {
        self.refuse_if_over()?;
        let state = self.state.standing();
        let put_off = match &self.state {
            State::Pending { awaiting, .. } | State::Held { awaiting, .. } => moves_a_term(awaiting),
            _ => false,
        };
        if state == Standing::Resolved || self.state.cure().is_some() || put_off {
            return Err(Refusal::TransitionNotAllowed { state, transition: "be merged" });
        }
        Ok(())
    }

    /// Whether it may be taken out again: not while the customer has time to complete the affair, which puts off the term of each of them and
    /// ends with the request alone.
    ///
    /// # Errors
    /// [`Refusal::TransitionNotAllowed`].
    pub fn may_unmerge(&self, head: &Self) -> Result<(), Refusal> {
        let state = self.state.standing();
        if head.state.cure().is_some() {
            return Err(Refusal::TransitionNotAllowed { state, transition: "be unmerged" });
        }
        Ok(())
    }

    /// With the calls for a superior of those that are answered with it: who waits in one of them waits here. Each call stays its own, so that it comes apart
    /// with the merge.
    pub fn with_calls_of<'a>(mut self, members: impl IntoIterator<Item = &'a Self>) -> Self {
        self.ties.member_called = members.into_iter().filter_map(Self::own_call).min();
        self
    }

    /// Notes what it is one with, at this moment.
    ///
    /// # Errors
    /// [`Refusal`] when the time is out of order.
    pub fn bound(mut self, bonds: &Bonds, moment: Moment) -> Result<(Self, Timestamp), Refusal> {
        let at = self.settle(moment)?;
        self.last_change = at;
        self.ties.merged = bonds.merged(self.facts.id);
        self.ties.gathers = bonds.gathered(self.facts.id);
        Ok((self, at))
    }

    /// Goes where its head has gone; `None` where it stands there already.
    pub fn follow(self, head: &State, at: Timestamp) -> Option<(Self, Transitioned)> {
        let same = self.state.standing() == head.standing() && self.state.reason() == head.reason();
        if same || self.state.standing().is_terminal() {
            return None;
        }
        let last_change = self.last_change;
        let (mut ticket, happened) = self.enter(head.clone().entered_with_head(at), None);
        // Whatever was noted in it since: for its customer and its clocks it stands there as long as its head.
        ticket.last_change = at.max(last_change);
        Some((ticket, happened))
    }
}

/// The moment at which something happens to a head and to all that are answered with it.
///
/// # Errors
/// [`Refusal::OutOfOrder`] when it is stated to have happened before the last change of one of them.
pub fn moment_of_all(members: &[&Ticket], moment: Moment) -> Result<Moment, Refusal> {
    let Some(last) = members.iter().map(|ticket| ticket.last_change()).max() else { return Ok(moment) };
    match moment {
        Moment::Now(now) => Ok(Moment::Now(now.max(last))),
        Moment::Stated(at) if at < last => Err(Refusal::OutOfOrder { not_before: last }),
        stated @ Moment::Stated(_) => Ok(stated),
    }
}

/// Refuses what one of those that are answered with a head stands against.
///
/// # Errors
/// [`Refusal`] of a point without an answer, of a case that the office hears, or of a state that does not know the verb.
pub fn refuse_for_members(members: &[&Ticket], command: &Command) -> Result<(), Refusal> {
    match command {
        Command::Resolve { .. } => refuse_open_points(members),
        // None goes where it could not go by itself.
        Command::Reject { .. } => {
            refuse_at_the_office(members)?;
            refuse_those(members, command, |state| state != Standing::Acknowledged)
        }
        Command::Cancel { .. } => {
            refuse_at_the_office(members)?;
            refuse_those(members, command, |state| state == Standing::Pending)
        }
        Command::Close { reason: CloseReason::ObjectionWindowOver, .. } => refuse_at_the_office(members),
        _ => Ok(()),
    }
}

fn refuse_at_the_office(members: &[&Ticket]) -> Result<(), Refusal> {
    let open = members.iter().find_map(|ticket| ticket.office_case().filter(|case| case.open));
    open.map_or(Ok(()), |case| Err(Refusal::OfficeCaseOpen { case: case.id }))
}

fn refuse_those(members: &[&Ticket], command: &Command, refused: fn(Standing) -> bool) -> Result<(), Refusal> {
    let found = members.iter().map(|ticket| ticket.state().standing()).find(|state| refused(*state));
    found.map_or(Ok(()), |state| Err(Refusal::TransitionNotAllowed { state, transition: command.verb() }))
}

/// Refuses that an affair is answered while a point of one that is answered with it is not.
///
/// # Errors
/// [`Refusal::ClaimPointUnanswered`], which names them as `tickets/{id}/p1`.
pub fn refuse_open_points(members: &[&Ticket]) -> Result<(), Refusal> {
    use kernel::ResourceId as _;
    let open = |ticket: &&Ticket| {
        let name = ticket.facts().id.name();
        ticket.points().iter().filter(|p| p.is_open()).map(|p| format!("{name}/{}", p.id)).collect::<Vec<_>>()
    };
    let points: Vec<String> = members.iter().flat_map(open).collect();
    if points.is_empty() { Ok(()) } else { Err(Refusal::ClaimPointUnanswered { points }) }
}
