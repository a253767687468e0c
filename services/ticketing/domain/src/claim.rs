//! Claim points: what the customer claims, each of which gets its own answer.

use jiff::Timestamp;

use crate::{Answer, PointText, TicketId};

/// One point of what is claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPoint {
    /// Id inside the ticket: `p1`, `p2`, …
    pub id: String,
    /// The point.
    pub text: PointText,
    /// Its answer, once there is one.
    pub answered: Option<Answered>,
    /// The affair that was split off with it and answers it now.
    pub moved_to: Option<TicketId>,
}

/// An answer and when it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The reasoned answer.
    pub text: Answer,
    /// When, in the world.
    pub at: Timestamp,
}

/// A point was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointAnswered {
    /// Id of the point.
    pub point: String,
    /// The answer.
    pub answered: Answered,
}

impl ClaimPoint {
    /// The points in the order given, with their ids.
    pub fn number(texts: Vec<PointText>) -> Vec<Self> {
        Self::number_from(0, texts)
    }

    /// The same after so many that are there already.
    pub fn number_from(there: usize, texts: Vec<PointText>) -> Vec<Self> {
        let number = |(i, text)| Self { id: format!("p{}", there + i + 1), text, answered: None, moved_to: None };
        texts.into_iter().enumerate().map(number).collect()
    }

    /// Whether it is still to be answered here.
    pub const fn is_open(&self) -> bool {
        self.answered.is_none() && self.moved_to.is_none()
    }
}
