//! Splitting an affair: some of what is claimed goes into an affair of its own, with the same first receipt and the same clocks.

use jiff::Timestamp;

use crate::{
    Assignment, Characteristics, ClaimPoint, Draft, EverFiled, Filing, Moment, Opened, Refusal, Standing, Subject,
    Ticket, TicketId, TrackingKey, Word,
};

/// What is split off.
#[derive(Debug, Clone)]
pub struct SplitDraft {
    /// Ids of the claim points that go along; none where nothing is claimed point by point.
    pub points: Vec<String>,
    /// Subject line of the new affair.
    pub subject: Subject,
    /// What it is filed as.
    pub filing: Filing,
    /// What is known of it.
    pub characteristics: Characteristics,
    /// Who works on it.
    pub assignment: Assignment,
    /// What nothing is offered for sale for beside what the affair itself was ever filed as: those that are answered with it, and what they are affected by.
    pub ever: EverFiled,
    /// Why.
    pub reason: Word,
}

/// Part of an affair went into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitOff {
    /// The new affair.
    pub into: TicketId,
    /// Ids of the points that went along.
    pub points: Vec<String>,
    /// Why.
    pub reason: Word,
    /// When, in the world.
    pub at: Timestamp,
}

impl Ticket {
    /// Splits points off into an affair of their own, which starts from the same first receipt.
    ///
    /// # Errors
    /// [`Refusal`] when nobody works on the affair, a point is not there, answered, or gone already, or nothing would be left.
    pub fn split(
        mut self,
        draft: SplitDraft,
        id: TicketId,
        key: TrackingKey,
        moment: Moment,
    ) -> Result<(Self, Opened, SplitOff), Refusal> {
        self.refuse_if_over()?;
        let state = self.state.standing();
        if !matches!(state, Standing::Acknowledged | Standing::InProgress) {
            return Err(Refusal::TransitionNotAllowed { state, transition: "be split" });
        }
        if let Some(case) = self.ties.office_case.filter(|case| case.open) {
            // What the office hears stays together: its decision answers every point.
            return Err(Refusal::OfficeCaseOpen { case: case.id });
        }
        let at = self.settle(moment)?;
        let mut texts = Vec::with_capacity(draft.points.len());
        for id in &draft.points {
            let point = self.points.iter().find(|point| point.id == *id).ok_or(Refusal::NoSuchClaimPoint)?;
            if let Some(to) = point.moved_to {
                return Err(Refusal::ClaimPointMoved { to });
            }
            if point.answered.is_some() {
                return Err(Refusal::ClaimPointIsAnswered { point: id.clone() });
            }
            texts.push(point.text.clone());
        }
        let stays = |point: &ClaimPoint| point.moved_to.is_none() && !draft.points.contains(&point.id);
        if !self.points.is_empty() && (draft.points.is_empty() || !self.points.iter().any(stays)) {
            return Err(Refusal::SplitLeavesNothing);
        }
        let filing = draft.filing;
        if texts.is_empty() && filing.ticket_type.is_complaint() {
            return Err(Refusal::NothingClaimed);
        }
        for point in self.points.iter_mut().filter(|point| draft.points.contains(&point.id)) {
            point.moved_to = Some(id);
        }
        let facts = &self.facts;
        let opened = Self::open(
            Draft {
                customer: facts.customer,
                filing,
                subject: draft.subject,
                channel: facts.channel,
                assignment: draft.assignment,
                language: facts.language,
                points: texts,
                first_received: Some(facts.first_received),
                interaction: facts.interaction,
                follow_up_of: None,
                served_first: facts.served_first,
                characteristics: draft.characteristics,
                ever: self.ties.ever.or(draft.ever),
            },
            id,
            key,
            None,
            at,
        );
        let opened = Opened { split_from: Some(facts.id), ..opened };
        self.last_change = at;
        Ok((self, opened, SplitOff { into: id, points: draft.points, reason: draft.reason, at }))
    }
}
