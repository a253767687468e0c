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
    /// How long after one try another counts.
    pub promise_attempt_gap: SignedDuration,
}

impl Policy {
    /// How often a customer is tried, and how long after one try another counts.
    pub const fn attempts(&self) -> (u32, SignedDuration) {
        (self.promise_attempts, self.promise_attempt_gap)
    }
}

impl Default for Policy {
    /// Ten days, the shortest term the law gives a customer to complete a file.
    fn default() -> Self {
        Self {
            objection_window: SignedDuration::from_hours(240),
            promise_gate: PromiseGate::Refuse,
            promise_percent: 80,
            promise_attempts: 3,
            promise_attempt_gap: SignedDuration::from_mins(15),
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
    /// pending -> in_progress: the customer has said something.
    Hear,
    /// in_progress -> resolved.
    Resolve {
        /// How.
        resolution: Answer,
    },
    /// resolved -> closed.
    Close {
        /// Why.
        reason: CloseReason,
        /// What shows it.
        word: CustomerWord,
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

/// What the customer has said since they were answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerWord {
    /// They say it themselves, by key and proof, or said it to the system that a history comes from.
    Own,
    /// Somebody tells of it.
    Told {
        /// They have said something.
        spoke: bool,
        /// Whoever tells of it is the person who answered.
        by_resolver: bool,
    },
}

/// Words that say that a term has passed, where a reason is asked for: by law none (art. 13.2).
const ELAPSED: [&str; 10] = [
    "term_elapsed",
    "elapsed_term",
    "term_over",
    "term_expired",
    "deadline_passed",
    "expired",
    "timeout",
    "no_answer",
    "no_response",
    "customer_silent",
];

/// Whether this word, given as a reason, says that a term has passed.
pub fn is_elapsed_term(reason: &str) -> bool {
    ELAPSED.contains(&reason)
}

impl Command {
    /// Whether who gives it works on the affair from then on: somebody watches what waits for others, too.
    pub const fn takes_on(&self) -> bool {
        matches!(self, Self::Start | Self::WaitForCustomer { .. } | Self::Hold { .. })
    }

    /// Refuses what only the history of another system tells: that it waited for what moves a legal term, or was closed there. `brought` says whether the affair
    /// came from one.
    ///
    /// # Errors
    /// [`Refusal`] of an affair that was opened here.
    pub fn refuse_as_history(&self, ticket: &Ticket, brought: bool) -> Result<(), Refusal> {
        match self {
            _ if brought => Ok(()),
            Self::WaitForCustomer { awaiting } | Self::Hold { awaiting } if moves_a_term(awaiting) => {
                Err(Refusal::CureRequestNeeded { law: ticket.filing.cure_law() })
            }
            Self::Close { reason: CloseReason::ClosedAtSource, .. } => Err(Refusal::PastTimeNotAllowed),
            _ => Ok(()),
        }
    }

    /// Whether it ends an affair because a term has passed.
    fn says_term_elapsed(&self) -> bool {
        match self {
            Self::Close { reason, .. } => *reason == CloseReason::TermElapsed,
            Self::Cancel { reason } | Self::Reject { reason, .. } => is_elapsed_term(reason.as_str()),
            _ => false,
        }
    }

    /// The verb, as a refusal names it.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::WaitForCustomer { .. } => "wait for the customer",
            Self::Hold { .. } => "be held",
            Self::Resume { .. } | Self::Hear => "resume",
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
        if command.says_term_elapsed() {
            return Err(Refusal::CloseByElapsedTerm);
        }
        let since = self.settle(moment)?;
        let from = self.state.standing();
        let refused = Refusal::TransitionNotAllowed { state: from, transition: command.verb() };
        let next = match (self.state.clone(), command) {
            (State::Acknowledged { .. }, Command::Start) => State::InProgress { since, reason: None },
            (State::Acknowledged { .. }, Command::Reject { reason, signpost }) => {
                self.refuse_at_the_office()?;
                if is_generic(signpost.expose()) {
                    return Err(Refusal::GenericAnswer);
                }
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
            // Whoever reads the ledger knows by the reason that no time was given: it is not for the caller to name.
            (State::Pending { cure: Some(_), .. }, Command::Resume { .. }) => {
                State::InProgress { since, reason: Some(word(Self::CURE_WITHDRAWN)) }
            }
            (State::Pending { .. }, Command::Resume { reason }) => {
                State::InProgress { since, reason: Some(reason.unwrap_or_else(|| word("customer_answered"))) }
            }
            (State::Pending { .. }, Command::Hear) => {
                State::InProgress { since, reason: Some(word("customer_answered")) }
            }
            (State::Held { .. }, Command::Resume { reason }) => {
                State::InProgress { since, reason: Some(reason.unwrap_or_else(|| word("hold_over"))) }
            }
            (State::Resolved { since: resolved, resolution, .. }, Command::Close { reason, word }) => {
                self.may_close(reason, word, (resolved, since), policy)?;
                State::Closed { since, resolution, reason }
            }
            (State::Resolved { .. }, Command::Reopen { reason }) => State::InProgress { since, reason: Some(reason) },
            (
                State::Acknowledged { .. } | State::InProgress { .. } | State::Held { .. },
                Command::Cancel { reason },
            ) => {
                self.refuse_at_the_office()?;
                State::Cancelled { since, reason }
            }
            _ => return Err(refused),
        };
        let withdrawn = next.reason() == Some(Self::CURE_WITHDRAWN);
        let ended = if withdrawn { CureState::Withdrawn { at: since } } else { CureState::Answered { at: since } };
        let cure = self.state.cure().map(|open| open.settled(ended));
        Ok(self.enter(next, cure))
    }

    /// The ticket in its next state, and what happened. A state is entered when it begins.
    pub(crate) fn enter(mut self, next: State, cure: Option<CureSettled>) -> (Self, Transitioned) {
        let (from, at) = (self.state.standing(), next.since());
        let happened = Transitioned { from, to: next.standing(), reason: next.reason().map(str::to_owned), at, cure };
        if matches!(next.standing(), Standing::Resolved) || next.standing().is_terminal() {
            // Whoever is answered waits for nobody.
            self = self.with_a_superior();
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

    /// Refuses to end what the ombudsman's office hears a case about.
    fn refuse_at_the_office(&self) -> Result<(), Refusal> {
        let heard = self.ties.office_case.filter(|case| case.open);
        heard.map_or(Ok(()), |case| Err(Refusal::OfficeCaseOpen { case: case.id }))
    }

    fn may_close(
        &self,
        reason: CloseReason,
        word: CustomerWord,
        (resolved, at): (Timestamp, Timestamp),
        policy: &Policy,
    ) -> Result<(), Refusal> {
        match (reason, word) {
            (CloseReason::AcceptedByCustomer, CustomerWord::Told { spoke: false, .. }) => {
                Err(Refusal::NotSaidByCustomer)
            }
            (CloseReason::AcceptedByCustomer, CustomerWord::Told { by_resolver: true, .. }) => {
                Err(Refusal::AcceptanceOfOwnWork)
            }
            (CloseReason::AcceptedByCustomer | CloseReason::ClosedAtSource, _) => Ok(()),
            (CloseReason::TermElapsed, _) => Err(Refusal::CloseByElapsedTerm),
            (CloseReason::ObjectionWindowOver, CustomerWord::Told { spoke: true, .. }) => {
                Err(Refusal::CustomerHasSpoken)
            }
            (CloseReason::ObjectionWindowOver, _) => {
                self.refuse_at_the_office()?;
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
