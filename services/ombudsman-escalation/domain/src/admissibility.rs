//! Admission as a pure function over the closed list of grounds: a complaint is admitted unless one
//! of them is borne out, and what can be completed is asked for before anything is refused.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::case::Complaint;
use crate::regime::{Door, FilingWindow, Regime};
use crate::term;
use crate::vocabulary::{Ground, MissingItem, Origin, Parallel};
use crate::{CaseId, Refused};

/// Facts from outside the complaint that admission turns on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The decided complaints of the same claimant that it repeats, by who is one person and what is one affair now, or as the office holds.
    pub repeats: Option<Repetition>,
    /// Whether the claimant was asked to complete the complaint and the time for it is over.
    pub cure_expired: bool,
    /// Whether they were asked for what takes a judgement, who they are or documents, and answered or let the time pass.
    pub judged: bool,
    /// Whether the firm had answered the claimant when the complaint reached the office.
    pub answered: bool,
}

/// Decided complaints that another one repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repetition {
    /// Their cases.
    pub cases: Vec<CaseId>,
    /// When the last of them was decided: what happened after it repeats none of them.
    pub decided_at: Timestamp,
}

impl Repetition {
    /// Of these cases, each with when it was decided; `None` of none.
    pub fn of(decided: impl IntoIterator<Item = (CaseId, Timestamp)>) -> Option<Self> {
        let decided: BTreeSet<(CaseId, Timestamp)> = decided.into_iter().collect();
        let decided_at = decided.iter().map(|(_, at)| *at).max()?;
        Some(Self { cases: decided.into_iter().map(|(case, _)| case).collect(), decided_at })
    }
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
    if facts.repeats.is_some() {
        findings.push(Finding::Bar(Ground::Repeated));
    }
    let over = |start: Option<Timestamp>, years: i64| {
        start.is_some_and(|start| passed(start, years, complaint.filed_at_entity))
    };
    let late = match regime.filing_window {
        FilingWindow::SinceKnown { years } => over(complaint.known_at.or(complaint.facts_at), years),
        // A review is of a complaint that came in time.
        FilingWindow::SinceFirm { years } => {
            complaint.origin != Some(Origin::Review)
                && passed(complaint.filed_at_entity, years, complaint.filed_at_office)
        }
    };
    if late {
        findings.push(Finding::Bar(Ground::FilingWindowPassed));
    }
    if regime.time_bar_years.is_some_and(|years| over(complaint.facts_at, years)) {
        findings.push(Finding::Bar(Ground::TimeBarred));
    }
    if complaint.parallel == Some(Parallel::Pending) {
        findings.push(Finding::Bar(Ground::ParallelProceedings));
    }
    if !facts.answered && was_not_tried_first(complaint, regime) {
        findings.push(Finding::Bar(Ground::NoPriorContact));
    }
    findings
}

/// Whether the regime has the claimant come to the firm first, and it was not silent for as long as it may be. By the claimant's own way none comes before;
/// one that a regulator sends does. A review is of a complaint that was heard.
fn was_not_tried_first(complaint: &Complaint, regime: &Regime) -> bool {
    match regime.door {
        Door::AfterSilence { months, .. } => {
            let heard = matches!(complaint.origin, Some(Origin::Answer | Origin::Review));
            !heard && complaint.filed_at_office < term::end_after_months(complaint.filed_at_entity, months)
        }
        Door::Open { .. } | Door::AfterTerm { .. } => false,
    }
}

/// What of a complaint a ground turns on, so that the claimant may say it anew when they are heard on it.
pub fn turns_on(ground: Ground) -> Option<MissingItem> {
    match ground {
        Ground::ParallelProceedings | Ground::OtherForum => Some(MissingItem::ParallelProceedingsDeclaration),
        Ground::FilingWindowPassed | Ground::TimeBarred | Ground::Repeated => Some(MissingItem::FactsDate),
        _ => None,
    }
}

/// Whether a complaint is about what came after this decision. What was presented to the firm before it is about nothing later, whatever is said of the
/// facts; what is new is presented to the firm anew.
pub fn is_about_later_facts(complaint: &Complaint, decided_at: Timestamp) -> bool {
    complaint.filed_at_entity > decided_at && complaint.facts_at.is_some_and(|facts_at| facts_at > decided_at)
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
    if regime.article_of(ground).is_none() {
        return Err(Refused::GroundNotMet { ground, article: regime.grounds_in });
    }
    let findings = examine(complaint, facts, regime);
    let borne_out = findings.contains(&Finding::Bar(ground));
    match ground {
        // These need a judgement, which the reasons carry; no fact contradicts them.
        Ground::OtherForum
        | Ground::NotConcreteOperations
        | Ground::ManifestlyUnfounded
        | Ground::Vexatious
        | Ground::InjuryOrCrime => Ok(()),
        // So does whether what they sent is what they were asked for.
        Ground::EssentialDataMissing if facts.judged => Ok(()),
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
        None => Err(Refused::DeclarationMissing { article: regime.declaration_article }),
        Some(Parallel::Pending) => Err(Refused::MustAbstain { article: regime.article(Ground::ParallelProceedings) }),
        Some(_) if !missing(complaint).is_empty() => Err(Refused::CureFirst { article: regime.cure_article }),
        Some(_) => Ok(()),
    }
}

/// What is known of the firm's own term to answer the complaint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FirmTerm {
    /// When the term that runs is over; the latest where several do. `None` where none is known.
    pub due: Option<Timestamp>,
    /// Whether a term was missed.
    pub missed: bool,
    /// Whether a term stands still, or is still to start, so that nobody knows when it is over.
    pub stands_still: bool,
}

/// How long sla-monitor may take to hear of an affair: before that, no clock says nothing.
const HEARS_WITHIN: SignedDuration = SignedDuration::from_mins(2);

/// A clock that the answer to the affair ends, as sla-monitor counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirmClock {
    /// Whether it was missed.
    pub missed: bool,
    /// How it stands.
    pub stands: FirmClockStands,
}

/// How such a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirmClockStands {
    /// It runs until then; `None` where that is not told.
    Runs(Option<Timestamp>),
    /// It is paused, or still to start.
    Still,
    /// It is over.
    Over,
}

impl FirmTerm {
    /// What the clocks of an affair of this age say; `None` where there is none and sla-monitor may not have heard of the affair.
    pub fn of(clocks: &[FirmClock], age: SignedDuration) -> Option<Self> {
        if clocks.is_empty() && age < HEARS_WITHIN {
            return None;
        }
        let due = clocks.iter().filter_map(|clock| match clock.stands {
            FirmClockStands::Runs(due) => due,
            FirmClockStands::Still | FirmClockStands::Over => None,
        });
        Some(Self {
            due: due.max(),
            missed: clocks.iter().any(|clock| clock.missed),
            stands_still: clocks.iter().any(|clock| clock.stands == FirmClockStands::Still),
        })
    }
}

/// Whether it depends on the firm's own term that a complaint, presented to the firm then and answered or not, may come before the office now.
pub fn turns_on_the_firms_term(
    regime: &Regime,
    (filed_at_entity, answered): (Timestamp, bool),
    by_office: bool,
    now: Timestamp,
) -> bool {
    match regime.door {
        Door::AfterTerm { at_most_months, .. } => {
            !answered && !by_office && now < term::end_after_months(filed_at_entity, at_most_months)
        }
        Door::Open { .. } | Door::AfterSilence { .. } => false,
    }
}

/// How a complaint comes before the office that no regulator sent: on the firm's answer, on its silence once its time is over, or in the first place.
/// `by_office` is that the office's own intake brings it, which may take it in before that.
///
/// # Errors
/// [`Refused::Premature`] when the regime has the claimant wait for the firm, with the instant until which at the latest.
pub fn origin(
    regime: &Regime,
    (filed_at_entity, answered): (Timestamp, bool),
    term: FirmTerm,
    by_office: bool,
    now: Timestamp,
) -> Result<Origin, Refused> {
    if answered {
        return Ok(Origin::Answer);
    }
    let silent = if term.missed || term.due.is_some_and(|due| due < now) { Origin::Silence } else { Origin::Direct };
    match regime.door {
        Door::Open { .. } => Ok(silent),
        Door::AfterTerm { at_most_months, article } => {
            let longest = term::end_after_months(filed_at_entity, at_most_months);
            // The claimant may come from then on, or after it. One that stands still is over at no instant that is known.
            let waits_until = match term.due {
                _ if term.missed => None,
                Some(due) if now <= due => Some(due.min(longest)),
                None if term.stands_still => Some(longest),
                _ => None,
            };
            match waits_until {
                _ if now >= longest => Ok(Origin::Silence),
                Some(due) if !by_office => Err(Refused::Premature { due, article }),
                _ => Ok(silent),
            }
        }
        // A month of silence is enough, whatever other term the firm has; and nobody waives it, since the law asks for it.
        Door::AfterSilence { months, article } => {
            let over = term::end_after_months(filed_at_entity, months);
            if now < over { Err(Refused::Premature { due: over, article }) } else { Ok(Origin::Silence) }
        }
    }
}

/// Whether a term of `years` from `start` had passed when the complaint was presented to the firm:
/// what the firm or the office take after that is not the claimant's to bear.
fn passed(start: Timestamp, years: i64, presented: Timestamp) -> bool {
    presented >= term::end_after_years(start, years)
}
