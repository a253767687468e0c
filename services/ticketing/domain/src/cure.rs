//! Asking the customer to complete an affair (subsanación): the time law gives them, what they are told, and what
//! happens when nothing comes (Ley 10/2025 art. 13.3 and 13.4; in finance Ley 44/2002 art. 29 quater.2).

use jiff::Timestamp;
use kernel::{Actor, Channel};

use crate::answer::same;
use crate::transition::word;
use crate::{
    Answer, Body, CureId, Facts, MessageId, Missing, Moment, Refusal, State, Ticket, Transitioned, Word, wording,
};

/// Words by which the laws that sla-monitor ships stop, put off or lengthen a term: an affair that is incomplete, a hearing on its inadmissibility, a stay
/// of the office, and every notice that lengthens. A test holds them against those laws.
const MOVING: [&str; 12] = [
    "cure",
    "incomplete",
    "documents_missing",
    "data_missing",
    "information_missing",
    Ticket::CURE_REQUESTED,
    "inadmissibility_allegations",
    "parallel_proceedings",
    Ticket::HOLDING_REPLY,
    "in_progress_notice",
    "reasoned_extension",
    "extension_notice",
];

/// Whether waiting for this would move a legal term.
pub(crate) fn moves_a_term(awaiting: &Word) -> bool {
    MOVING.contains(&awaiting.as_str())
}

/// The law that gives the customer time to complete an affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CureLaw {
    /// Of customer service at large.
    General,
    /// Of the finance sector.
    Finance,
}

impl CureLaw {
    /// Id of the rule that counts the least term.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::General => "es.l10-2025.13-3.cure",
            Self::Finance => "es.fin.29quater-2.cure",
        }
    }

    /// The law with this rule.
    pub fn of_rule(rule: &str) -> Option<Self> {
        [Self::General, Self::Finance].into_iter().find(|law| law.rule() == rule)
    }

    /// The law that says so.
    pub const fn article(self) -> &'static str {
        match self {
            Self::General => "Ley 10/2025 art. 13.3",
            Self::Finance => "Ley 44/2002 art. 29 quater.2",
        }
    }
}

/// The least time that law gives, as it was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeastTerm {
    /// The last instant.
    pub due: Timestamp,
    /// How it was counted, in Spanish.
    pub es: String,
    /// The same in English.
    pub en: String,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct CureDraft {
    /// What is missing.
    pub missing: Missing,
    /// By which channel the customer is told.
    pub channel: Channel,
    /// Until when they may send it; none for the least that law gives.
    pub due: Option<Timestamp>,
}

impl CureDraft {
    /// Refuses to ask again for what was asked for before: nothing that was sent is missing still, and what did not come has its own end.
    ///
    /// # Errors
    /// [`Refusal::CureAskedBefore`].
    pub fn refuse_again(&self, before: &[CureRequest]) -> Result<(), Refusal> {
        let is_it = |asked: &&CureRequest| {
            !matches!(asked.state, CureState::Withdrawn { .. }) && same(asked.missing.expose(), self.missing.expose())
        };
        before.iter().find(is_it).map_or(Ok(()), |asked| Err(Refusal::CureAskedBefore { cure: asked.id }))
    }
}

/// A request to complete an affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CureRequest {
    /// Its id.
    pub id: CureId,
    /// What is missing.
    pub missing: Missing,
    /// By which channel the customer was told.
    pub channel: Channel,
    /// The last instant at which the customer may send it.
    pub due: Timestamp,
    /// The law that gives the time.
    pub law: CureLaw,
    /// The least it gives.
    pub least: LeastTerm,
    /// The message that told the customer.
    pub message: MessageId,
    /// Who asked.
    pub by: Actor,
    /// When, in the world.
    pub asked: Timestamp,
    /// Where it stands.
    pub state: CureState,
}

/// Where a request to complete an affair stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CureState {
    /// The customer has time.
    Asked,
    /// The customer answered.
    Answered {
        /// When.
        at: Timestamp,
    },
    /// Work went on without a word of the customer: it is as if nobody had asked.
    Withdrawn {
        /// When.
        at: Timestamp,
    },
    /// The time is over and nothing came.
    Lapsed {
        /// As of when.
        at: Timestamp,
    },
}

impl CureState {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Answered { .. } => "answered",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Lapsed { .. } => "lapsed",
        }
    }

    /// The state with this word, that ended at this instant if it has.
    pub fn from_word(word: &str, ended: Option<Timestamp>) -> Option<Self> {
        match (word, ended) {
            ("asked", None) => Some(Self::Asked),
            ("answered", Some(at)) => Some(Self::Answered { at }),
            ("withdrawn", Some(at)) => Some(Self::Withdrawn { at }),
            ("lapsed", Some(at)) => Some(Self::Lapsed { at }),
            _ => None,
        }
    }

    /// When it ended.
    pub const fn settled(self) -> Option<Timestamp> {
        match self {
            Self::Asked => None,
            Self::Answered { at } | Self::Withdrawn { at } | Self::Lapsed { at } => Some(at),
        }
    }
}

/// A request that runs, as the ticket that waits for it knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenCure {
    /// Which.
    pub id: CureId,
    /// The last instant at which the customer may send what is missing.
    pub due: Timestamp,
}

impl OpenCure {
    pub(crate) const fn settled(self, state: CureState) -> CureSettled {
        CureSettled { id: self.id, state }
    }
}

/// A request that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CureSettled {
    /// Which.
    pub id: CureId,
    /// How.
    pub state: CureState,
}

impl CureRequest {
    /// What the customer is told: what is missing, until when they may send it, and what happens otherwise (art. 13.4).
    pub fn text(&self, facts: &Facts) -> Body {
        let text = wording::cure_request(facts, self.missing.expose(), self.due, self.law);
        text.parse().expect("a wording with a short text in it fits a message")
    }
}

impl Ticket {
    /// Why a ticket waits that the customer was asked to complete.
    pub const CURE_REQUESTED: &str = "cure_requested";
    /// Why work goes on though the customer was asked and has said nothing.
    pub const CURE_WITHDRAWN: &str = "cure_withdrawn";
    /// Why work goes on when the customer's time is over.
    pub const CURE_WINDOW_OVER: &str = "cure_window_over";
    /// Why a ticket counts as resolved that was never completed.
    pub const CURE_LAPSED: &str = "cure_lapsed";

    /// Asks the customer to complete it: in_progress -> pending. `message` is the message that will tell them.
    ///
    /// # Errors
    /// [`Refusal`] when the ticket is not in progress, law gives the customer more time, or a legal term would stand still for much longer.
    pub fn request_cure(
        self,
        draft: CureDraft,
        (id, message): (CureId, MessageId),
        least: LeastTerm,
        by: Actor,
        moment: Moment,
    ) -> Result<(Self, Transitioned, CureRequest), Refusal> {
        self.refuse_if_over()?;
        let asked = self.settle(moment)?;
        let State::InProgress { .. } = self.state else {
            let state = self.state.standing();
            return Err(Refusal::TransitionNotAllowed { state, transition: "ask the customer to complete it" });
        };
        let (law, due) = (self.filing.cure_law(), draft.due.unwrap_or(least.due));
        if due < least.due {
            return Err(Refusal::CureTermTooShort { earliest: least.due, law });
        }
        // Meanwhile the term of the answer does not run, and how long that lasts is not the firm's to say.
        let latest = least.due.checked_add(least.due.duration_since(asked)).unwrap_or(Timestamp::MAX);
        if due > latest {
            return Err(Refusal::CureTermTooLong { latest });
        }
        let CureDraft { missing, channel, .. } = draft;
        let cure = CureRequest { id, missing, channel, due, law, least, message, by, asked, state: CureState::Asked };
        let next =
            State::Pending { since: asked, awaiting: word(Self::CURE_REQUESTED), cure: Some(OpenCure { id, due }) };
        let (ticket, happened) = self.enter(next, None);
        Ok((ticket, happened, cure))
    }

    /// Goes back to work when the customer's time is over; `None` while it is not, or when nothing is asked for. It counts as of
    /// the end of that time, however late somebody looks: nobody's legal term starts later because a service was down.
    pub fn lapse_cure(self, now: Timestamp) -> Option<(Self, Transitioned)> {
        let open = self.state.cure().filter(|open| open.due < now)?;
        // What was noted since does not make it later.
        let (at, last_change) = (open.due, self.last_change);
        let next = State::InProgress { since: at, reason: Some(word(Self::CURE_WINDOW_OVER)) };
        let (mut ticket, happened) = self.enter(next, Some(open.settled(CureState::Lapsed { at })));
        ticket.last_change = at.max(last_change);
        Some((ticket, happened))
    }

    /// Counts as resolved what the customer was asked to complete and did not: in_progress -> resolved. `last` is the last request,
    /// and `said_since` whether the customer has said anything since it was made.
    ///
    /// # Errors
    /// [`Refusal`] when the ticket is not in progress, or the customer has time, has answered or was never asked.
    pub fn resolve_uncured(
        self,
        last: Option<&CureRequest>,
        said_since: bool,
        moment: Moment,
    ) -> Result<(Self, Transitioned), Refusal> {
        self.refuse_if_over()?;
        let since = self.settle(moment)?;
        let cure = match last {
            Some(cure) if cure.law != self.filing.cure_law() => {
                return Err(Refusal::CureNotLapsed { state: "of_another_law" });
            }
            Some(cure) if matches!(cure.state, CureState::Lapsed { .. }) && !said_since => cure,
            Some(cure) => {
                let late = matches!(cure.state, CureState::Lapsed { .. });
                let state = if late { "answered_late" } else { cure.state.as_str() };
                return Err(Refusal::CureNotLapsed { state });
            }
            None => return Err(Refusal::CureNotLapsed { state: "never_asked" }),
        };
        let State::InProgress { .. } = self.state else {
            let state = self.state.standing();
            return Err(Refusal::TransitionNotAllowed { state, transition: "be resolved without what was asked for" });
        };
        let text = wording::uncured(&self.facts, cure.asked, cure.due, cure.law);
        let resolution: Answer = text.parse().expect("a wording of ours is an answer");
        Ok(self.enter(State::Resolved { since, reason: Some(word(Self::CURE_LAPSED)), resolution }, None))
    }
}
