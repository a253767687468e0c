//! The verbs: which state each starts from, what it demands, where it leads.

use jiff::{SignedDuration, Timestamp};

use crate::answer::is_generic;
use crate::cure::moves_a_term;
use crate::{
    Answer, CloseReason, CureSettled, CureState, Moment, PromiseGate, Refusal, Signpost, Standing, State, Ticket, Word,
};

/// What the house has decided, where law leaves it open.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// How long a customer may object to a resolution before the ticket may be closed.
    pub objection_window: SignedDuration,
    /// What is done about an answer that is promised too early.
    pub promise_gate: PromiseGate,
    /// With how much probability an answer is to be promised, in percent.
    pub promise_percent: u8,
    /// How often a customer is tried who was promised a call or a visit.
    pub promise_attempts: u32,
}

impl Default for Policy {
    /// Ten days, the shortest term the law gives a customer to complete a file.
    fn default() -> Self {
        Self {
            objection_window: SignedDuration::from_hours(240),
            promise_gate: PromiseGate::Refuse,
            promise_percent: 80,
            promise_attempts: 3,
        }
    }
}

/// A change of state that is asked for.
#[derive(Debug, Clone)]
pub enum Command {
    /// acknowledged -> in_progress.
    Start,
    /// in_progress -> pending.
    WaitForCustomer {
        /// For what.
        awaiting: Word,
    },
    /// in_progress -> held.
    Hold {
        /// For what.
        awaiting: Word,
    },
    /// pending | held -> in_progress.
    Resume {
        /// Why; `customer_answered` or `hold_over` when not said.
        reason: Option<Word>,
    },
    /// in_progress -> resolved.
    Resolve {
        /// How.
        resolution: Answer,
    },
    /// resolved -> closed.
    Close {
        /// Why.
        reason: CloseReason,
    },
    /// resolved -> in_progress.
    Reopen {
        /// Why.
        reason: Word,
    },
    /// acknowledged -> rejected.
    Reject {
        /// Why.
        reason: Word,
        /// Where the customer can turn to.
        signpost: Signpost,
    },
    /// acknowledged | in_progress | held -> cancelled.
    Cancel {
        /// Why.
        reason: Word,
    },
}

impl Command {
    /// The verb, as a refusal names it.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::WaitForCustomer { .. } => "wait for the customer",
            Self::Hold { .. } => "be held",
            Self::Resume { .. } => "resume",
            Self::Resolve { .. } => "be resolved",
            Self::Close { .. } => "be closed",
            Self::Reopen { .. } => "be reopened",
            Self::Reject { .. } => "be rejected",
            Self::Cancel { .. } => "be cancelled",
        }
    }
}

/// A change of state that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transitioned {
    /// State before.
    pub from: Standing,
    /// State after.
    pub to: Standing,
    /// Machine-readable reason.
    pub reason: Option<String>,
    /// When, in the world.
    pub at: Timestamp,
    /// The request to complete the affair that ended with it.
    pub cure: Option<CureSettled>,
}

impl Ticket {
    /// Carries out one change of state.
    ///
    /// # Errors
    /// [`Refusal`] when the state does not know the transition or a guard stands against it.
    pub fn apply(self, command: Command, moment: Moment, policy: &Policy) -> Result<(Self, Transitioned), Refusal> {
        self.refuse_if_over()?;
        // Whatever the state: nobody may even ask for this one.
        if matches!(command, Command::Close { reason: CloseReason::TermElapsed }) {
            return Err(Refusal::CloseByElapsedTerm);
        }
        let since = self.settle(moment)?;
        let from = self.state.standing();
        let refused = Refusal::TransitionNotAllowed { state: from, transition: command.verb() };
        let next = match (self.state.clone(), command) {
            (State::Acknowledged { .. }, Command::Start) => State::InProgress { since, reason: None },
            (State::Acknowledged { .. }, Command::Reject { reason, signpost }) => {
                State::Rejected { since, reason, signpost }
            }
            (State::InProgress { .. }, Command::WaitForCustomer { awaiting }) => {
                self.refuse_moving(&awaiting, moment)?;
                State::Pending { since, awaiting, cure: None }
            }
            (State::InProgress { .. }, Command::Hold { awaiting }) => {
                self.refuse_moving(&awaiting, moment)?;
                State::Held { since, awaiting }
            }
            (State::InProgress { .. }, Command::Resolve { resolution }) => {
                self.every_point_is_answered()?;
                if is_generic(resolution.expose()) {
                    return Err(Refusal::GenericAnswer);
                }
                State::Resolved { since, reason: None, resolution }
            }
            (State::Pending { .. }, Command::Resume { reason }) => {
                State::InProgress { since, reason: Some(reason.unwrap_or_else(|| word("customer_answered"))) }
            }
            (State::Held { .. }, Command::Resume { reason }) => {
                State::InProgress { since, reason: Some(reason.unwrap_or_else(|| word("hold_over"))) }
            }
            (State::Resolved { since: resolved, resolution, .. }, Command::Close { reason }) => {
                self.may_close(reason, resolved, since, policy)?;
                State::Closed { since, resolution, reason }
            }
            (State::Resolved { .. }, Command::Reopen { reason }) => State::InProgress { since, reason: Some(reason) },
            (
                State::Acknowledged { .. } | State::InProgress { .. } | State::Held { .. },
                Command::Cancel { reason },
            ) => State::Cancelled { since, reason },
            _ => return Err(refused),
        };
        let cure = self.state.cure().map(|open| open.settled(CureState::Answered { at: since }));
        Ok(self.enter(next, cure))
    }

    /// The ticket in its next state, and what happened. A state is entered when it begins.
    pub(crate) fn enter(mut self, next: State, cure: Option<CureSettled>) -> (Self, Transitioned) {
        let (from, at) = (self.state.standing(), next.since());
        let happened = Transitioned { from, to: next.standing(), reason: next.reason().map(str::to_owned), at, cure };
        if matches!(next.standing(), Standing::Resolved) || next.standing().is_terminal() {
            // Whoever is answered waits for nobody.
            self.ties.supervisor_called = None;
        }
        self.state = next;
        self.last_change = at;
        (self, happened)
    }

    /// Refuses to wait for what moves a legal term. What another system did is told as it was; what is done here gives the
    /// customer their time.
    fn refuse_moving(&self, awaiting: &Word, moment: Moment) -> Result<(), Refusal> {
        if matches!(moment, Moment::Now(_)) && moves_a_term(awaiting) {
            return Err(Refusal::CureRequestNeeded { law: self.filing.cure_law() });
        }
        Ok(())
    }

    fn every_point_is_answered(&self) -> Result<(), Refusal> {
        let points: Vec<String> = self.points.iter().filter(|p| p.is_open()).map(|p| p.id.clone()).collect();
        if points.is_empty() { Ok(()) } else { Err(Refusal::ClaimPointUnanswered { points }) }
    }

    fn may_close(
        &self,
        reason: CloseReason,
        resolved: Timestamp,
        at: Timestamp,
        policy: &Policy,
    ) -> Result<(), Refusal> {
        match reason {
            CloseReason::AcceptedByCustomer | CloseReason::ClosedAtSource => Ok(()),
            CloseReason::TermElapsed => Err(Refusal::CloseByElapsedTerm),
            CloseReason::ObjectionWindowOver => {
                if let Some(case) = self.ties.office_case.filter(|case| case.open) {
                    return Err(Refusal::OfficeCaseOpen { case: case.id });
                }
                // A window beyond the calendar never ends.
                let open_until = resolved.checked_add(policy.objection_window).unwrap_or(Timestamp::MAX);
                if at < open_until { Err(Refusal::ObjectionWindowOpen { open_until }) } else { Ok(()) }
            }
        }
    }
}

pub(crate) fn word(text: &'static str) -> Word {
    text.parse().expect("a reason written here is a word")
}
