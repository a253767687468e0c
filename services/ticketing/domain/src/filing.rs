//! What an affair is filed as, and filing it as something else.
//!
//! First receipt and clocks stay whatever it is filed as: what was owed under one name is owed under another (Ley 10/2025 art. 3.10: a complaint
//! is one whatever the firm calls it).

use jiff::Timestamp;

use crate::{ClaimPoint, CureLaw, Moment, PointText, Refusal, Severity, Slug, Standing, Ticket, TicketType, Word};

/// Points one affair may claim.
pub const MAX_POINTS: usize = 50;

/// What an affair is filed as: what decides which law holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// Kind of affair.
    pub ticket_type: TicketType,
    /// How much harm it does.
    pub severity: Severity,
    /// Sector whose law applies.
    pub sector: Slug,
    /// Subject matter.
    pub topic: Option<Slug>,
}

impl Filing {
    /// Whether the law of the finance sector applies.
    pub fn is_finance(&self) -> bool {
        kernel::is_finance(self.sector.as_str())
    }

    /// The law that gives the customer time to complete it.
    pub fn cure_law(&self) -> CureLaw {
        if self.is_finance() { CureLaw::Finance } else { CureLaw::General }
    }
}

/// An affair was filed as something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refiled {
    /// What it was filed as.
    pub from: Filing,
    /// What it is filed as.
    pub to: Filing,
    /// Points that were claimed with it.
    pub added: Vec<ClaimPoint>,
    /// Why.
    pub reason: Word,
    /// When, in the world.
    pub at: Timestamp,
}

impl Ticket {
    /// Files the affair as something else, with these points added to what is claimed. First receipt and clocks stay.
    ///
    /// # Errors
    /// [`Refusal`] when it is answered or over, is filed so already, or would be a complaint that claims nothing.
    pub fn reclassify(
        mut self,
        to: Filing,
        more: Vec<PointText>,
        reason: Word,
        moment: Moment,
    ) -> Result<(Self, Refiled), Refusal> {
        self.refuse_if_over()?;
        if let state @ Standing::Resolved = self.state.standing() {
            return Err(Refusal::TransitionNotAllowed { state, transition: "be filed as something else" });
        }
        if self.state.cure().is_some() && to.cure_law() != self.filing.cure_law() {
            // The customer was told by which law, and until when, they may complete it.
            let state = self.state.standing();
            return Err(Refusal::TransitionNotAllowed { state, transition: "be filed under another law" });
        }
        if to == self.filing && more.is_empty() {
            return Err(Refusal::AlreadyFiledSo);
        }
        let points = self.points.len() + more.len();
        if points > MAX_POINTS {
            return Err(Refusal::TooManyClaimPoints { most: MAX_POINTS });
        }
        if points == 0 && to.ticket_type.is_complaint() {
            return Err(Refusal::NothingClaimed);
        }
        let at = self.settle(moment)?;
        let added = ClaimPoint::number_from(self.points.len(), more);
        self.points.extend(added.iter().cloned());
        let from = std::mem::replace(&mut self.filing, to.clone());
        self.note_filing();
        self.last_change = at;
        Ok((self, Refiled { from, to, added, reason, at }))
    }
}
