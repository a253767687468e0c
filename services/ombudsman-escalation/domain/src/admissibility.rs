//! Admission as a pure function over the closed list of grounds: a complaint is admitted unless one
//! of them is borne out, and what can be completed is asked for before anything is refused.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::case::Complaint;
use crate::regime::Regime;
use crate::term;
use crate::vocabulary::{Ground, MissingItem, Parallel};
use crate::{CaseId, Refused};

/// Facts from outside the complaint that admission turns on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Cases of the same claimant on the same ticket that were decided before.
    pub decided_before: Vec<CaseId>,
    /// Whether the claimant was asked to complete the complaint and the time for it is over.
    pub cure_expired: bool,
}

/// What the examination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Something is missing and can be completed.
    Missing(BTreeSet<MissingItem>),
    /// A ground is borne out by the facts.
    Bar(Ground),
}

/// Examines a complaint. Computes every ground that facts alone can bear out; whether another forum
/// is competent, or whether the facts are concrete operations, is for the office to reason.
pub fn examine(complaint: &Complaint, facts: &Facts, regime: &Regime) -> Vec<Finding> {
    let mut findings = Vec::new();
    let missing = missing(complaint);
    if !missing.is_empty() {
        findings.push(if facts.cure_expired {
            Finding::Bar(Ground::EssentialDataMissing)
        } else {
            Finding::Missing(missing)
        });
    }
    if complaint.parallel == Some(Parallel::Decided) {
        findings.push(Finding::Bar(Ground::OtherForum));
    }
    if !facts.decided_before.is_empty() {
        findings.push(Finding::Bar(Ground::Repeated));
    }
    let over = |start: Option<Timestamp>, years: i64| {
        start.is_some_and(|start| passed(start, years, complaint.filed_at_entity))
    };
    if over(complaint.known_at.or(complaint.facts_at), regime.filing_window_years) {
        findings.push(Finding::Bar(Ground::FilingWindowPassed));
    }
    if over(complaint.facts_at, regime.time_bar_years) {
        findings.push(Finding::Bar(Ground::TimeBarred));
    }
    if complaint.parallel == Some(Parallel::Pending) {
        findings.push(Finding::Bar(Ground::ParallelProceedings));
    }
    findings
}

/// What is missing in a complaint that the office can see by itself.
pub fn missing(complaint: &Complaint) -> BTreeSet<MissingItem> {
    let mut missing = BTreeSet::new();
    if complaint.points.is_empty() {
        missing.insert(MissingItem::ClaimPoints);
    }
    if complaint.facts_at.is_none() {
        missing.insert(MissingItem::FactsDate);
    }
    if complaint.parallel.is_none() {
        missing.insert(MissingItem::ParallelProceedingsDeclaration);
    }
    if complaint.representative.as_ref().is_some_and(|representative| representative.proven_at.is_none()) {
        missing.insert(MissingItem::Representation);
    }
    missing
}

/// Whether `ground` may be used against this complaint.
///
/// # Errors
/// [`Refused::CureFirst`] when what is missing can still be completed, [`Refused::GroundNotMet`] when the
/// facts say otherwise.
pub fn support(ground: Ground, complaint: &Complaint, facts: &Facts, regime: &Regime) -> Result<(), Refused> {
    let findings = examine(complaint, facts, regime);
    let borne_out = findings.contains(&Finding::Bar(ground));
    match ground {
        // These two need a judgement, which the reasons carry; no fact contradicts them.
        Ground::OtherForum | Ground::NotConcreteOperations => Ok(()),
        Ground::EssentialDataMissing if findings.iter().any(|f| matches!(f, Finding::Missing(_))) => {
            Err(Refused::CureFirst { article: regime.cure_article })
        }
        _ if borne_out => Ok(()),
        _ => Err(Refused::GroundNotMet { ground, article: regime.article(ground) }),
    }
}

/// Whether the complaint may be admitted. Grounds that only *allow* a refusal do not stand in the way.
///
/// # Errors
/// When the declaration or other essential data are missing, or proceedings run in parallel.
pub fn admissible(complaint: &Complaint, regime: &Regime) -> Result<(), Refused> {
    match complaint.parallel {
        None => Err(Refused::DeclarationMissing { article: "Ley 44/2002 art. 29 ter".to_owned() }),
        Some(Parallel::Pending) => Err(Refused::MustAbstain { article: regime.article(Ground::ParallelProceedings) }),
        Some(_) if !missing(complaint).is_empty() => Err(Refused::CureFirst { article: regime.cure_article }),
        Some(_) => Ok(()),
    }
}

/// Whether a term of `years` from `start` had passed when the complaint was presented to the firm:
/// what the firm or the office take after that is not the claimant's to bear.
fn passed(start: Timestamp, years: i64, presented: Timestamp) -> bool {
    presented >= term::end_after_years(start, years)
}
