//! What a decision must contain: every claim point answered with finding, reason and remedy, in this
//! case's own terms. Generic text is no answer.

pub(crate) mod generic;

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Personal, Violations};

use crate::Refused;
use crate::case::ClaimPoint;
use crate::matter::Amount;
use crate::regime::Regime;
use crate::vocabulary::Outcome;

/// The answer to one claim point, as it was proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Id of the point it answers.
    pub claim_point: String,
    /// How the point went.
    pub outcome: Outcome,
    /// What was found to have happened.
    pub finding: Personal<String>,
    /// Why it goes the way it goes.
    pub reason: Personal<String>,
    /// What is ordered, or why nothing is.
    pub remedy: Personal<String>,
    /// What the firm is to pay for it.
    pub redress: Option<Amount>,
}

/// A decision that answers everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// How it went as a whole.
    pub outcome: Outcome,
    /// One answer per claim point, in the order of the points.
    pub answers: Vec<Answer>,
    /// Whether it binds the firm.
    pub binding: bool,
    /// Where that stands.
    pub binding_article: &'static str,
    /// What the firm is to pay in all.
    pub redress: Option<Amount>,
}

impl Decision {
    /// Checks the answers against the claim points, and makes the decision of them.
    ///
    /// # Errors
    /// [`Refused::DecisionIncomplete`] naming every point that is missing, answered twice, unknown, or
    /// answered with generic text.
    pub fn of(points: &[ClaimPoint], answers: Vec<Answer>, regime: &Regime) -> Result<Self, Refused> {
        let mut violations = Violations::new();
        unanswered(points, &answers, &mut violations);
        out_of_place(points, &answers, &mut violations);
        for (index, answer) in answers.iter().enumerate() {
            generic::check(index, answer, &mut violations);
        }
        repeated_texts(&answers, &mut violations);
        unfit_redress(&answers, &mut violations);
        violations
            .into_result()
            .map_err(|violations| Refused::DecisionIncomplete { violations, article: regime.answer_article })?;

        let mut by_point: BTreeMap<String, Answer> =
            answers.into_iter().map(|answer| (answer.claim_point.clone(), answer)).collect();
        let answers: Vec<Answer> = points.iter().filter_map(|point| by_point.remove(&point.id)).collect();
        let outcome = overall(&answers);
        let (binding, binding_article) = regime.binds(outcome);
        let redress = Amount::sum(answers.iter().filter_map(|answer| answer.redress.as_ref()));
        Ok(Self { outcome, answers, binding, binding_article, redress })
    }
}

/// Upheld or not upheld when every point went that way, else in part.
fn overall(answers: &[Answer]) -> Outcome {
    let outcomes: BTreeSet<Outcome> = answers.iter().map(|answer| answer.outcome).collect();
    match outcomes.first() {
        Some(only) if outcomes.len() == 1 => *only,
        _ => Outcome::PartlyUpheld,
    }
}

fn unanswered(points: &[ClaimPoint], answers: &[Answer], violations: &mut Violations) {
    for point in points {
        if !answers.iter().any(|answer| answer.claim_point == point.id) {
            violations.push("points", format!("claim point {} is not answered", point.id));
        }
    }
}

fn out_of_place(points: &[ClaimPoint], answers: &[Answer], violations: &mut Violations) {
    let mut seen = BTreeSet::new();
    for (index, answer) in answers.iter().enumerate() {
        let field = format!("points[{index}].claim_point");
        if !points.iter().any(|point| point.id == answer.claim_point) {
            violations.push(field, "is no claim point of this case");
        } else if !seen.insert(&answer.claim_point) {
            violations.push(field, format!("claim point {} is answered twice", answer.claim_point));
        }
    }
}

/// Nothing is paid for a point that goes against the claimant, and what is paid can be added up.
fn unfit_redress(answers: &[Answer], violations: &mut Violations) {
    let mut currency = None;
    for (index, answer) in answers.iter().enumerate() {
        let Some(redress) = &answer.redress else { continue };
        let field = format!("points[{index}].redress_amount");
        if answer.outcome == Outcome::NotUpheld {
            violations.push(field, "must be absent: the point goes against the claimant");
        } else if *currency.get_or_insert(redress.currency()) != redress.currency() {
            violations.push(field, "must be in the currency of the points before it");
        }
    }
}

/// Joins what a decision says with what it makes of precedents; of two refusals for what is written, all of it is told.
///
/// # Errors
/// Those of either.
pub fn together<T>(decision: Result<Decision, Refused>, weighed: Result<T, Refused>) -> Result<(Decision, T), Refused> {
    match (decision, weighed) {
        (
            Err(Refused::DecisionIncomplete { mut violations, article }),
            Err(Refused::DecisionIncomplete { violations: more, .. }),
        ) => {
            for violation in more.as_slice() {
                violations.push(violation.field.clone(), violation.description.clone());
            }
            Err(Refused::DecisionIncomplete { violations, article })
        }
        (decision, weighed) => Ok((decision?, weighed?)),
    }
}

/// The same finding or reason for two points answers neither, and a finding is no reason for itself.
pub(crate) fn repeated_texts(answers: &[Answer], violations: &mut Violations) {
    let mut seen = BTreeMap::new();
    for (index, answer) in answers.iter().enumerate() {
        for (name, text) in [("finding", &answer.finding), ("reason", &answer.reason)] {
            if let Some((first, said_as)) = seen.insert(generic::words(text.expose()), (index, name)) {
                violations.push(
                    format!("points[{index}].{name}"),
                    format!("repeats points[{first}].{said_as}; each point needs its own"),
                );
            }
        }
    }
}
