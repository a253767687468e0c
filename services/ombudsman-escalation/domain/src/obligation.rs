//! What the firm owes after a case: to carry out each thing that was ordered, and to answer each recommendation.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kernel::{Department, ResourceId as _, Violations};

use crate::vocabulary::{ObligationKind, Outcome};
use crate::{CaseId, ProcedureRefused as No, Refused};

/// The longest time an order or a recommendation may leave, in calendar days.
pub const LONGEST_DAYS: i64 = 365;

/// One thing the firm owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// Its place in the case, from 1.
    pub number: u32,
    /// Ordered or recommended.
    pub kind: ObligationKind,
    /// The claim point it answers to; `None` for a recommendation.
    pub claim_point: Option<String>,
    /// Who of the firm must do it.
    pub debtor: Department,
    /// The entry of the dossier that says what.
    pub entry: u64,
    /// Since when it is owed.
    pub since: Timestamp,
    /// Until when.
    pub due: Timestamp,
    /// What the firm brought to prove that it was done, not judged or held to be good.
    pub proof: Option<Proof>,
    /// When it was done: when the proof came that was held to be good.
    pub done_at: Option<Timestamp>,
    /// When the time was over without, as sla-monitor told.
    pub overdue_at: Option<Timestamp>,
    /// When the office reported that its time was over without.
    pub reported_at: Option<Timestamp>,
    /// When it came to be owed no more, unmet: a review took the place of the decision it came of.
    pub lapsed_at: Option<Timestamp>,
    /// What had been met after another customer's case and is owed once more.
    pub reopens: Option<(CaseId, u32)>,
}

/// What proves that something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// Its entry in the dossier.
    pub entry: u64,
    /// When it came.
    pub at: Timestamp,
}

/// What is ordered for one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The claim point.
    pub claim_point: String,
    /// Who must do it.
    pub debtor: Department,
    /// Within how many calendar days.
    pub days: i64,
}

impl Obligation {
    /// Something that is owed from now on.
    pub const fn new(
        kind: ObligationKind,
        debtor: Department,
        entry: u64,
        (since, due): (Timestamp, Timestamp),
    ) -> Self {
        Self {
            number: 1,
            kind,
            claim_point: None,
            debtor,
            entry,
            since,
            due,
            proof: None,
            done_at: None,
            overdue_at: None,
            reported_at: None,
            lapsed_at: None,
            reopens: None,
        }
    }

    /// The same, after so many others of its case.
    #[must_use]
    pub fn after(self, others: usize) -> Self {
        Self { number: u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1), ..self }
    }

    /// Whether the firm still has time for it, or a proof awaits to be judged before that is known.
    pub const fn is_open(&self) -> bool {
        self.done_at.is_none() && self.lapsed_at.is_none() && (self.overdue_at.is_none() || self.proof.is_some())
    }

    /// Whether its time is over and nothing that awaits judgement says that it was kept.
    pub const fn is_overdue(&self) -> bool {
        self.overdue_at.is_some() && self.done_at.is_none() && self.proof.is_none() && self.lapsed_at.is_none()
    }

    /// Whether it was missed: its time is over, and no proof that came in time awaits judgement. What the firm brings after its time undoes no miss, whether it was
    /// judged by then or not.
    pub fn is_missed(&self) -> bool {
        let held_off = self.proof.zip(self.overdue_at).is_some_and(|(proof, over)| proof.at <= over);
        self.overdue_at.is_some() && !held_off && self.done_at.is_none() && self.lapsed_at.is_none()
    }

    /// Whether it was ordered or agreed, missed, and nobody reported it yet. Recommendations are answered or not.
    pub fn is_unreported(&self) -> bool {
        self.is_missed() && self.reported_at.is_none() && self.kind != ObligationKind::Recommendation
    }

    /// The office reported that it was missed. What was not missed, or was reported, stays as it is.
    #[must_use]
    pub fn report(self, now: Timestamp) -> Self {
        let reported_at = if self.is_unreported() { Some(now) } else { self.reported_at };
        Self { reported_at, ..self }
    }

    /// The decision it came of is in force no more. What was met stays met, and what was missed stays missed.
    #[must_use]
    pub fn lapse(self, now: Timestamp) -> Self {
        let lapsed_at = if self.done_at.is_none() { self.lapsed_at.or(Some(now)) } else { None };
        Self { lapsed_at, ..self }
    }

    /// The firm proves that it did it.
    ///
    /// # Errors
    /// When it was met already, or a proof awaits to be judged: when that one came counts.
    pub fn prove(self, proof: Proof) -> Result<Self, Refused> {
        match (self.done_at, self.proof) {
            (Some(_), _) => Err(No::ObligationMet.into()),
            (None, Some(_)) => Err(No::ProofPending.into()),
            (None, None) => Ok(Self { proof: Some(proof), ..self }),
        }
    }

    /// The office judges the proof. What it holds to be good was done when it was brought, however long the judging took.
    ///
    /// # Errors
    /// When there is none to judge.
    pub fn judge(self, holds: bool) -> Result<Self, Refused> {
        match (self.done_at, self.proof) {
            (Some(_), _) => Err(No::ObligationMet.into()),
            (None, None) => Err(No::NoProofPending.into()),
            (None, Some(proof)) if holds => {
                let overdue_at = self.overdue_at.filter(|over| proof.at > *over);
                Ok(Self { done_at: Some(proof.at), overdue_at, ..self })
            }
            (None, Some(_)) => Ok(Self { proof: None, ..self }),
        }
    }

    /// Its time is over. Told again, of what was met, or of an instant before its end, which another clock than its own counted, it changes nothing.
    #[must_use]
    pub fn fall_due(self, at: Timestamp) -> Self {
        if at < self.due {
            return self;
        }
        let met = self.done_at.or(self.lapsed_at).is_some_and(|ended| ended <= at);
        Self { overdue_at: if met { None } else { self.overdue_at.or(Some(at)) }, ..self }
    }
}

/// Whether the orders answer to the decision: one for each point that was upheld, wholly or in part, and none beside.
///
/// # Errors
/// [`No::OrdersUnfit`] naming every fault.
pub fn fit(orders: &[Order], outcomes: &[(String, Outcome)]) -> Result<(), Refused> {
    let mut violations = Violations::new();
    let mut seen = BTreeSet::new();
    for (index, order) in orders.iter().enumerate() {
        let field = format!("orders[{index}].claim_point");
        match outcomes.iter().find(|(point, _)| *point == order.claim_point) {
            None => violations.push(field, "is no claim point of the decision"),
            Some((_, Outcome::NotUpheld)) => violations.push(field, "was not upheld: nothing is ordered"),
            Some(_) if !seen.insert(&order.claim_point) => violations.push(field, "has an order already"),
            Some(_) => {}
        }
    }
    for (point, outcome) in outcomes {
        if *outcome != Outcome::NotUpheld && !orders.iter().any(|order| order.claim_point == *point) {
            violations.push("orders", format!("claim point {point} was upheld and has no order"));
        }
    }
    violations.into_result().map_err(|violations| No::OrdersUnfit { violations }.into())
}

/// `cases/{case}/obligations/{number}`.
pub fn name(case: CaseId, number: u32) -> String {
    format!("{}/obligations/{number}", case.name())
}

/// The case and the number in such a name.
pub fn parse_name(name: &str) -> Option<(CaseId, u32)> {
    let (case, number) = name.split_once("/obligations/")?;
    // One obligation has one name.
    let plain = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok().filter(|_| plain)?;
    Some((CaseId::parse(case).ok()?, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_nothing_else_is_one() {
        let case = CaseId::from_uuid(kernel::Uuid::from_u128(7));
        assert_eq!(parse_name(&name(case, 12)), Some((case, 12)));
        let bad = ["", "cases/x/obligations/1", "obligations/1"].map(str::to_owned);
        let of_case =
            ["", "0", "01", "+1", "-1", "1/", "4294967296"].map(|n| format!("{}/obligations/{n}", case.name()));
        for bad in bad.iter().chain(&of_case) {
            assert_eq!(parse_name(bad), None, "{bad}");
        }
    }
}
