//! The answer for the time being: why the answer takes longer and by when it comes, where the law of an affair knows that (in payment services RDL 19/2018
//! art. 69). It lengthens the term once, as far as that law lets; which law that is and how far, sla-monitor counts.

use jiff::Timestamp;
use kernel::{Actor, Channel};

use crate::{Body, Facts, MessageId, Missing, Moment, Refusal, Standing, Ticket, wording};

/// What the customer is told.
#[derive(Debug, Clone)]
pub struct HoldingReplyDraft {
    /// Why the answer takes longer.
    pub explanation: Missing,
    /// By when it comes.
    pub answer_by: Timestamp,
    /// By which channel the customer is told.
    pub channel: Channel,
}

/// A term that a holding reply lengthens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lengthened {
    /// `policies/{id}` that says so.
    pub policy: String,
    /// The end of the lengthened term.
    pub latest: Timestamp,
}

/// Who sends a holding reply.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Whether they are anybody's superior.
    pub supervises: bool,
}

/// A holding reply.
#[derive(Debug, Clone)]
pub struct HoldingReply {
    /// The message that tells the customer.
    pub message: MessageId,
    /// What they are told.
    pub told: HoldingReplyDraft,
    /// The term it lengthens.
    pub lengthened: Lengthened,
    /// When, in the world.
    pub at: Timestamp,
}

impl HoldingReply {
    /// What the customer reads.
    pub fn text(&self, facts: &Facts) -> Body {
        let text = wording::holding_reply(facts, self.told.explanation.expose(), self.told.answer_by);
        text.parse().expect("a wording with a short text in it fits a message")
    }
}

impl Ticket {
    /// The ground by which sla-monitor is told of a holding reply.
    pub const HOLDING_REPLY: &str = "holding_reply";

    /// Answers the customer for the time being. `message` is the message that will tell them, `sent` whether they were told before, `terms` those that it
    /// lengthens.
    ///
    /// # Errors
    /// [`Refusal`] when it is answered, somebody else's, told already, or no term lets so much time pass.
    pub fn send_holding_reply(
        mut self,
        told: HoldingReplyDraft,
        message: MessageId,
        sender: Sender<'_>,
        (sent, terms): (bool, &[Lengthened]),
        moment: Moment,
    ) -> Result<(Self, HoldingReply), Refusal> {
        self.refuse_if_over()?;
        if let state @ Standing::Resolved = self.state.standing() {
            return Err(Refusal::TransitionNotAllowed { state, transition: "be answered for the time being" });
        }
        let owns = self.assignment.owner.as_ref().is_some_and(|owner| owner.as_str() == sender.actor.id);
        if !owns && !sender.supervises {
            return Err(Refusal::NotYours);
        }
        if sent {
            return Err(Refusal::HoldingReplySent);
        }
        // Where it lengthens several, the first to end binds.
        let lengthened = terms.iter().min_by_key(|term| term.latest).ok_or(Refusal::HoldingReplyNotProvided)?.clone();
        if told.answer_by > lengthened.latest {
            return Err(Refusal::HoldingReplyTooLate { latest: lengthened.latest });
        }
        let at = self.settle(moment)?;
        self.last_change = at;
        Ok((self, HoldingReply { message, told, lengthened, at }))
    }
}
