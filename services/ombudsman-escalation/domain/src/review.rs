//! What a review makes of the decision it reviews: one that repeats it to the letter leaves it in force, every other takes its place.

use std::collections::BTreeMap;

use crate::decision::Answer;
use crate::matter::Amount;
use crate::vocabulary::Outcome;

/// Whether a review decides as the decision it reviews did: every point goes the same way, with the same remedy to the letter and the same
/// amount. What is found and why may be said in other words.
pub fn repeats(review: &[Answer], reviewed: &[Answer]) -> bool {
    operative(review) == operative(reviewed)
}

/// What has effect in a decision, by claim point.
fn operative(answers: &[Answer]) -> BTreeMap<&str, (Outcome, &str, Option<&Amount>)> {
    answers
        .iter()
        .map(|answer| {
            (answer.claim_point.as_str(), (answer.outcome, answer.remedy.expose().as_str(), answer.redress.as_ref()))
        })
        .collect()
}
