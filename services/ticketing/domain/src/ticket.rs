//! One affair: what never changes about it, where it stands, and who works on it.

use jiff::Timestamp;
use kernel::{Channel, Department, Language};

use crate::answer::{is_generic, same};
use crate::error::SalesBan;
use crate::transition::word;
use crate::{
    Affected, AgentId, Answer, Answered, CaseId, Characteristics, ClaimPoint, CustomerId, Filing, InteractionId,
    Merged, Owner, PointAnswered, PointText, Refusal, Slug, Standing, State, Subject, TicketId, TrackingKey, Word,
};

/// What is asked for when an affair opens.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Whose affair it is.
    pub customer: CustomerId,
    /// What it is filed as.
    pub filing: Filing,
    /// Subject line.
    pub subject: Subject,
    /// Channel of the first receipt.
    pub channel: Channel,
    /// Who works on it.
    pub assignment: Assignment,
    /// Language of the customer.
    pub language: Language,
    /// What is claimed.
    pub points: Vec<PointText>,
    /// First receipt in any department, where it was earlier than now.
    pub first_received: Option<Timestamp>,
    /// The contact it came from.
    pub interaction: Option<InteractionId>,
    /// An earlier ticket on the same matter.
    pub follow_up_of: Option<TicketId>,
    /// The customer has a right to be served first.
    pub served_first: bool,
    /// What is known of it.
    pub characteristics: Characteristics,
    /// What the affair that it follows up, or was a part of, was ever filed as.
    pub ever: EverFiled,
}

/// What never changes about an affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its id.
    pub id: TicketId,
    /// Whose affair it is.
    pub customer: CustomerId,
    /// Subject line.
    pub subject: Subject,
    /// Channel of the first receipt.
    pub channel: Channel,
    /// Language of the customer.
    pub language: Language,
    /// First receipt in any department: where every legal clock starts.
    pub first_received: Timestamp,
    /// Key the customer follows it by.
    pub tracking_key: TrackingKey,
    /// The contact it came from.
    pub interaction: Option<InteractionId>,
    /// An earlier ticket on the same matter.
    pub follow_up_of: Option<TicketId>,
    /// The customer has a right to be served first.
    pub served_first: bool,
}

/// Who works on an affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The department.
    pub department: Department,
    /// The person; none while the department's queue owns it.
    pub owner: Option<Owner>,
}

/// A case of the ombudsman's office about an affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfficeCase {
    /// The case.
    pub id: CaseId,
    /// Whether the office still hears it.
    pub open: bool,
}

/// What else an affair is tied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ties {
    /// The office's case about it.
    pub office_case: Option<OfficeCase>,
    /// The mass incident that caused it.
    pub affected: Option<Affected>,
    /// Since when its customer waits for a superior, as they said in it.
    pub supervisor_called: Option<Timestamp>,
    /// Since when they do as they said in one that is answered with it.
    pub member_called: Option<Timestamp>,
    /// What it was merged into.
    pub merged: Option<Merged>,
    /// How many affairs are answered with it.
    pub gathers: usize,
    /// What it was ever filed as that stays, whatever it is filed as later.
    pub ever: EverFiled,
}

/// What an affair was ever filed as: nothing is offered for sale in it, and another filing takes that away from nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EverFiled {
    /// About the continuity of a service.
    pub continuity: bool,
    /// As a complaint of the finance sector.
    pub finance_complaint: bool,
}

/// Whether what is about this is about the continuity of a service.
pub(crate) fn is_continuity(topic: Option<&Slug>) -> bool {
    topic.is_some_and(|topic| topic.as_str() == "continuity")
}

impl EverFiled {
    /// What either was.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            continuity: self.continuity || other.continuity,
            finance_complaint: self.finance_complaint || other.finance_complaint,
        }
    }

    /// With what it is affected by: an incident about this.
    #[must_use]
    pub fn affected_by(self, topic: Option<&Slug>) -> Self {
        Self { continuity: self.continuity || is_continuity(topic), ..self }
    }

    /// With what it is filed as now; `claims` says whether anything is claimed point by point.
    fn with(self, filing: &Filing, claims: bool) -> Self {
        let continuity = is_continuity(filing.topic.as_ref());
        // What is claimed point by point is a complaint, whatever it is filed as.
        let finance_complaint = filing.is_finance() && (filing.ticket_type.is_complaint() || claims);
        Self {
            continuity: self.continuity || continuity,
            finance_complaint: self.finance_complaint || finance_complaint,
        }
    }
}

/// When a change happens: now, or at the past time of a history brought from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// As it is written down.
    Now(Timestamp),
    /// At a stated time, which must not be before the ticket's last change.
    Stated(Timestamp),
}

/// One affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub(crate) facts: Facts,
    pub(crate) filing: Filing,
    pub(crate) points: Vec<ClaimPoint>,
    pub(crate) assignment: Assignment,
    pub(crate) state: State,
    pub(crate) ties: Ties,
    pub(crate) last_change: Timestamp,
}

/// An affair was opened.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The affair.
    pub ticket: Ticket,
    /// When it was presented here, which the receipt certifies.
    pub received: Timestamp,
    /// The affair it was a part of.
    pub split_from: Option<TicketId>,
    /// What is known of it.
    pub characteristics: Characteristics,
}

/// An affair moved to another department or person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// Who worked on it before.
    pub from: Assignment,
    /// Who works on it now.
    pub to: Assignment,
    /// Why, where it was said.
    pub reason: Option<Word>,
    /// Whoever owns it now is a superior.
    pub to_superior: bool,
    /// When, in the world.
    pub at: Timestamp,
}

impl Ticket {
    /// Opens an affair at `at`. `earlier` is the first receipt of the ticket it follows up, which it takes over.
    pub fn open(draft: Draft, id: TicketId, key: TrackingKey, earlier: Option<Timestamp>, at: Timestamp) -> Opened {
        // The earliest of what is known: a legal clock never starts later because of how we file.
        let first_received = [draft.first_received, earlier].into_iter().flatten().fold(at, Timestamp::min);
        let ever = draft.ever.with(&draft.filing, !draft.points.is_empty());
        let ticket = Self {
            facts: Facts {
                id,
                customer: draft.customer,
                subject: draft.subject,
                channel: draft.channel,
                language: draft.language,
                first_received,
                tracking_key: key,
                interaction: draft.interaction,
                follow_up_of: draft.follow_up_of,
                served_first: draft.served_first,
            },
            filing: draft.filing,
            points: ClaimPoint::number(draft.points),
            assignment: draft.assignment,
            state: State::Acknowledged { since: at },
            ties: Ties { ever, ..Ties::default() },
            last_change: at,
        };
        Opened { ticket, received: at, split_from: None, characteristics: draft.characteristics }
    }

    /// The affair as it was stored.
    pub fn restore(
        facts: Facts,
        filing: Filing,
        points: Vec<ClaimPoint>,
        assignment: Assignment,
        state: State,
        ties: Ties,
        last_change: Timestamp,
    ) -> Self {
        Self { facts, filing, points, assignment, state, ties, last_change }
    }

    /// What never changes.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What it is filed as.
    pub const fn filing(&self) -> &Filing {
        &self.filing
    }

    /// What is claimed, in order.
    pub fn points(&self) -> &[ClaimPoint] {
        &self.points
    }

    /// Who works on it.
    pub const fn assignment(&self) -> &Assignment {
        &self.assignment
    }

    /// Where it stands.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The office's case about it.
    pub const fn office_case(&self) -> Option<OfficeCase> {
        self.ties.office_case
    }

    /// The mass incident that caused it.
    pub const fn affected(&self) -> Option<Affected> {
        self.ties.affected
    }

    /// Since when its customer waits for a superior: as they said in it, or in one that is answered with it.
    pub fn supervisor_called(&self) -> Option<Timestamp> {
        [self.ties.supervisor_called, self.ties.member_called].into_iter().flatten().min()
    }

    /// The same as they said in it, which stays its own whatever it is answered with.
    pub const fn own_call(&self) -> Option<Timestamp> {
        self.ties.supervisor_called
    }

    /// When it last changed, in the world.
    pub const fn last_change(&self) -> Timestamp {
        self.last_change
    }

    /// Answers one point; a later answer takes the place of an earlier one.
    ///
    /// # Errors
    /// [`Refusal`] when the ticket is over or resolved, has no such point, or the text is no answer to it.
    pub fn answer(mut self, point: &str, text: Answer, moment: Moment) -> Result<(Self, PointAnswered), Refusal> {
        self.refuse_if_over()?;
        if self.state.standing() == Standing::Resolved {
            return Err(Refusal::TransitionNotAllowed {
                state: Standing::Resolved,
                transition: "answer a claim point",
            });
        }
        let at = self.settle(moment)?;
        let place = self.points.iter().position(|p| p.id == point).ok_or(Refusal::NoSuchClaimPoint)?;
        if let Some(to) = self.points[place].moved_to {
            return Err(Refusal::ClaimPointMoved { to });
        }
        let repeats_another = self.points.iter().enumerate().any(|(i, other)| {
            i != place && other.answered.as_ref().is_some_and(|a| same(a.text.expose(), text.expose()))
        });
        let echoes = same(self.points[place].text.expose(), text.expose());
        if is_generic(text.expose()) || repeats_another || echoes {
            return Err(Refusal::GenericAnswer);
        }
        let answered = Answered { text, at };
        self.points[place].answered = Some(answered.clone());
        self.last_change = at;
        Ok((self, PointAnswered { point: point.to_owned(), answered }))
    }

    /// Moves the affair to another department or person; state, first receipt and clocks stay.
    ///
    /// # Errors
    /// [`Refusal`] when the ticket is over, or the time is out of order.
    pub fn transfer(
        mut self,
        to: Assignment,
        reason: Option<Word>,
        moment: Moment,
    ) -> Result<(Self, Assigned), Refusal> {
        self.refuse_if_over()?;
        let at = self.settle(moment)?;
        let from = std::mem::replace(&mut self.assignment, to.clone());
        self.last_change = at;
        Ok((self, Assigned { from, to, reason, to_superior: false, at }))
    }

    /// The customer wants to speak to a superior, who may be free to take over.
    ///
    /// # Errors
    /// [`Refusal`] when it is answered or over, or the customer waits for one already.
    pub fn call_supervisor(
        mut self,
        free: Option<&AgentId>,
        moment: Moment,
    ) -> Result<(Self, Timestamp, Option<Assigned>), Refusal> {
        self.refuse_if_over()?;
        if let state @ Standing::Resolved = self.state.standing() {
            return Err(Refusal::TransitionNotAllowed { state, transition: "be brought before a superior" });
        }
        if let Some(since) = self.supervisor_called() {
            return Err(Refusal::SupervisorAlreadyCalled { since });
        }
        let at = self.settle(moment)?;
        self.last_change = at;
        self.ties.supervisor_called = Some(at);
        match free {
            Some(superior) => {
                let (ticket, assigned) = self.superior_takes(superior, moment)?;
                Ok((ticket, at, Some(assigned)))
            }
            None => Ok((self, at, None)),
        }
    }

    /// A superior takes over from whoever had it.
    ///
    /// # Errors
    /// [`Refusal`], as [`Ticket::transfer`].
    pub fn superior_takes(self, superior: &AgentId, moment: Moment) -> Result<(Self, Assigned), Refusal> {
        let to = Assignment { department: self.assignment.department.clone(), owner: Some(superior.owner().clone()) };
        let (ticket, mut assigned) = self.transfer(to, Some(word("supervisor_called")), moment)?;
        assigned.to_superior = true;
        Ok((ticket.with_a_superior(), assigned))
    }

    /// A superior has the affair that it is answered with. It stays with whom it was, and its customer is served; `None` where they had not asked in it.
    ///
    /// # Errors
    /// [`Refusal`], as [`Ticket::note`].
    pub fn superior_came(self, moment: Moment) -> Result<Option<(Self, Assigned)>, Refusal> {
        if self.ties.supervisor_called.is_none() {
            return Ok(None);
        }
        let (ticket, at) = self.note(moment)?;
        let same = ticket.assignment.clone();
        let reason = Some(word("supervisor_called"));
        let assigned = Assigned { from: same.clone(), to: same, reason, to_superior: true, at };
        Ok(Some((ticket.with_a_superior(), assigned)))
    }

    /// Whoever it went to is a superior: its customer waits for none any more.
    pub fn with_a_superior(mut self) -> Self {
        (self.ties.supervisor_called, self.ties.member_called) = (None, None);
        self
    }

    /// Notes that something was added to the affair (a message, a promise) and says when that counts.
    ///
    /// # Errors
    /// [`Refusal`] when the ticket is over, or the time is out of order.
    pub fn touch(mut self, moment: Moment) -> Result<(Self, Timestamp), Refusal> {
        self.refuse_if_over()?;
        let at = self.settle(moment)?;
        self.last_change = at;
        Ok((self, at))
    }

    /// Refuses that something is offered for sale in this affair, where law does.
    ///
    /// # Errors
    /// [`Refusal::SalesOfferNotAllowed`].
    pub fn refuse_sales_offer(&self) -> Result<(), Refusal> {
        let EverFiled { continuity, finance_complaint } = self.ties.ever;
        let law = continuity.then_some(SalesBan::Continuity);
        let law = law.or(finance_complaint.then_some(SalesBan::FinanceComplaint));
        law.map_or(Ok(()), |law| Err(Refusal::SalesOfferNotAllowed { law }))
    }

    /// What it was ever filed as.
    pub const fn ever(&self) -> EverFiled {
        self.ties.ever
    }

    /// Notes what it is filed as now beside what it was.
    pub(crate) fn note_filing(&mut self) {
        self.ties.ever = self.ties.ever.with(&self.filing, !self.points.is_empty());
    }

    /// Notes something about the affair that its own state does not forbid: a promise that ended, what the office did.
    ///
    /// # Errors
    /// [`Refusal`] when the time is out of order.
    pub fn note(mut self, moment: Moment) -> Result<(Self, Timestamp), Refusal> {
        let at = self.settle(moment)?;
        self.last_change = at;
        Ok((self, at))
    }

    /// Notes the office's case about the affair. A case that is over does not displace one that is open.
    pub fn with_office_case(mut self, case: OfficeCase) -> Self {
        let keeps_open = self.ties.office_case.is_some_and(|known| known.open && known.id != case.id);
        if !keeps_open || case.open {
            self.ties.office_case = Some(case);
        }
        self
    }

    /// The instant a change counts at. Clocks of two machines may differ by a little: "now" is never
    /// before the last change, while a stated time that is, is an error of who states it.
    pub(crate) fn settle(&self, moment: Moment) -> Result<Timestamp, Refusal> {
        match moment {
            Moment::Now(now) => Ok(now.max(self.last_change)),
            Moment::Stated(at) if at < self.last_change => Err(Refusal::OutOfOrder { not_before: self.last_change }),
            Moment::Stated(at) => Ok(at),
        }
    }

    /// Refuses what is of no use in an affair that nothing came of: its customer withdrew it, or it was not taken up.
    ///
    /// # Errors
    /// [`Refusal::TicketOver`].
    pub fn refuse_if_dropped(&self) -> Result<(), Refusal> {
        match self.state.standing() {
            state @ (Standing::Cancelled | Standing::Rejected) => Err(Refusal::TicketOver { state }),
            _ => Ok(()),
        }
    }

    pub(crate) fn refuse_if_over(&self) -> Result<(), Refusal> {
        let state = self.state.standing();
        if state.is_terminal() { Err(Refusal::TicketOver { state }) } else { Ok(()) }
    }
}
