//! What the house refuses on the way out of a case and after its decision.

use std::borrow::Cow;

use jiff::Timestamp;
use kernel::{Classify, Kind, Violation, Violations};

use crate::CaseId;
use crate::vocabulary::{BoundBy, NotExtended};

/// A refusal of the procedure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcedureRefused {
    /// The claimant was not told the offer.
    #[error("the claimant was not told the offer yet")]
    OfferNotTold,
    /// The claimant knows it.
    #[error("the claimant was told the offer already")]
    OfferToldAlready,
    /// There was no time to think.
    #[error("the claimant has until {until} to think the offer over; nobody accepts before")]
    ReflectionRunning {
        /// When it ends.
        until: Timestamp,
        /// Where it stands.
        article: &'static str,
    },
    /// The offer stands no more.
    #[error("the offer could be accepted until {since}")]
    OfferLapsed {
        /// Since when.
        since: Timestamp,
    },
    /// It stands, as the claimant was told.
    #[error(
        "the offer before the claimant stands until {until}; another takes its place once it lapsed or was declined"
    )]
    OfferStands {
        /// Until when.
        until: Timestamp,
    },
    /// The remedy was ordered.
    #[error("the remedy was ordered, and its order says what stood: a review changes it")]
    RemedyOrdered {
        /// Which obligation.
        number: u32,
    },
    /// The office had not admitted it.
    #[error("the office continues only what it had admitted")]
    NeverAdmitted,
    /// The term to decide stays what it is.
    #[error("{}", .why.in_words())]
    TermNotExtended {
        /// Why.
        why: NotExtended,
        /// Where that stands.
        article: &'static str,
    },
    /// The law binds already.
    #[error("the decision binds the firm by law; nobody has to accept it")]
    BindsByLaw {
        /// Where that stands.
        article: &'static str,
    },
    /// This party's word binds nobody.
    #[error("under these rules the decision does not come to bind by what the {by} says")]
    BindsByNoWord {
        /// Whose word.
        by: BoundBy,
    },
    /// Nothing binds yet.
    #[error("the decision does not bind the firm: nobody accepted it")]
    BindsNobodyYet,
    /// The yes came too late.
    #[error("the decision could be accepted until {due}")]
    AcceptanceLate {
        /// When that ended.
        due: Timestamp,
        /// Where it stands.
        article: &'static str,
    },
    /// It may still be accepted.
    #[error("the decision may be accepted until {due}")]
    AcceptanceRunning {
        /// When that ends.
        due: Timestamp,
        /// Where it stands.
        article: &'static str,
    },
    /// It binds, so it is carried out first.
    #[error("the decision binds the firm: it is closed once it was carried out, or that it was not was reported")]
    ComplianceOwed {
        /// Where that stands.
        article: &'static str,
    },
    /// The firm still owes something.
    #[error("the firm has until {due} for obligation {number}")]
    ObligationOpen {
        /// Which.
        number: u32,
        /// Until when.
        due: Timestamp,
    },
    /// What was missed is reported before the case is closed.
    #[error("obligation {number} was not met in time: that is reported before the case is closed")]
    ReportOwed {
        /// Which.
        number: u32,
    },
    /// Orders that do not fit the decision.
    #[error("the orders do not answer to the points that were upheld")]
    OrdersUnfit {
        /// Each fault, by field.
        violations: Violations,
    },
    /// No such obligation.
    #[error("there is no such obligation in this case")]
    ObligationNotFound,
    /// Carried out already.
    #[error("the obligation was met already")]
    ObligationMet,
    /// One at a time.
    #[error("a proof awaits to be judged; it counts from when it came")]
    ProofPending,
    /// Nothing to judge.
    #[error("no proof awaits to be judged")]
    NoProofPending,
    /// What is to be corrected does not stand there.
    #[error("the decision does not say that there")]
    NotInDecision {
        /// Each fault, by field.
        violations: Violations,
    },
    /// Another ombudsman reviews.
    #[error("who decided the case does not decide its review while the office has another ombudsman")]
    ReviewByAnother,
    /// The reviewed decision stays in force.
    #[error("the review repeats the decision it reviews, which stays in force; nothing follows of this one beside it")]
    ReviewConfirms {
        /// The reviewed case.
        case: Option<CaseId>,
    },
    /// A review took its place.
    #[error("the decision is in force no more: a review took its place")]
    DecisionSuperseded {
        /// The review.
        case: CaseId,
    },
    /// No such correction.
    #[error("the decision has no correction of that number")]
    CorrectionNotFound,
    /// A review runs.
    #[error("a review of the case is before the office already")]
    ReviewAtOffice {
        /// The review, where it is known.
        case: Option<CaseId>,
    },
    /// Its words are gone.
    #[error("the words of the case were destroyed with its claimant's data; nothing follows any more")]
    Erased,
}

impl NotExtended {
    /// What happened, and the cure where there is one.
    const fn in_words(self) -> &'static str {
        match self {
            Self::NoRule => "the rules of this case know no longer term to decide",
            Self::Extended => "the term to decide was made longer before, and is not again",
            Self::Over => "the term to decide is over, and becomes no longer",
            Self::Unknown => "sla-monitor has not told yet when the term to decide ends; try again in a moment",
        }
    }
}

impl Classify for ProcedureRefused {
    fn kind(&self) -> Kind {
        match self {
            Self::OrdersUnfit { .. } | Self::NotInDecision { .. } => Kind::InvalidArgument,
            Self::ObligationNotFound | Self::CorrectionNotFound => Kind::NotFound,
            Self::ReviewAtOffice { .. } => Kind::AlreadyExists,
            _ => Kind::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::OfferNotTold => "OFFER_NOT_TOLD",
            Self::OfferToldAlready => "OFFER_TOLD_ALREADY",
            Self::ReflectionRunning { .. } => "REFLECTION_RUNNING",
            Self::OfferLapsed { .. } => "OFFER_LAPSED",
            Self::OfferStands { .. } => "OFFER_STANDS",
            Self::RemedyOrdered { .. } => "REMEDY_ORDERED",
            Self::NeverAdmitted => "NEVER_ADMITTED",
            Self::TermNotExtended { .. } => "TERM_NOT_EXTENDED",
            Self::BindsByLaw { .. } => "BINDS_BY_LAW",
            Self::BindsByNoWord { .. } => "BINDS_BY_NO_WORD",
            Self::BindsNobodyYet => "BINDS_NOBODY_YET",
            Self::AcceptanceLate { .. } => "ACCEPTANCE_LATE",
            Self::AcceptanceRunning { .. } => "ACCEPTANCE_RUNNING",
            Self::ComplianceOwed { .. } => "COMPLIANCE_OWED",
            Self::ObligationOpen { .. } => "OBLIGATION_OPEN",
            Self::ReportOwed { .. } => "REPORT_OWED",
            Self::OrdersUnfit { .. } => "ORDERS_UNFIT",
            Self::ObligationNotFound => "OBLIGATION_NOT_FOUND",
            Self::ObligationMet => "OBLIGATION_MET",
            Self::ProofPending => "PROOF_PENDING",
            Self::NoProofPending => "NO_PROOF_PENDING",
            Self::NotInDecision { .. } => "NOT_IN_DECISION",
            Self::ReviewByAnother => "REVIEW_BY_ANOTHER",
            Self::ReviewConfirms { .. } => "REVIEW_CONFIRMS",
            Self::DecisionSuperseded { .. } => "DECISION_SUPERSEDED",
            Self::CorrectionNotFound => "CORRECTION_NOT_FOUND",
            Self::ReviewAtOffice { .. } => "REVIEW_AT_OFFICE",
            Self::Erased => "CASE_ERASED",
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::ReflectionRunning { until, article } => {
                vec![("due_time", until.to_string().into()), ("article", (*article).into())]
            }
            Self::OfferLapsed { since: due } | Self::OfferStands { until: due } => {
                vec![("due_time", due.to_string().into())]
            }
            Self::RemedyOrdered { number } | Self::ReportOwed { number } => {
                vec![("obligation", number.to_string().into())]
            }
            Self::BindsByLaw { article } | Self::ComplianceOwed { article } => vec![("article", (*article).into())],
            Self::TermNotExtended { why, article } => {
                vec![("why", why.as_str().into()), ("article", (*article).into())]
            }
            Self::BindsByNoWord { by } => vec![("party", by.as_str().into())],
            Self::AcceptanceLate { due, article } | Self::AcceptanceRunning { due, article } => {
                vec![("due_time", due.to_string().into()), ("article", (*article).into())]
            }
            Self::ObligationOpen { number, due } => {
                vec![("obligation", number.to_string().into()), ("due_time", due.to_string().into())]
            }
            Self::ReviewAtOffice { case: Some(case) } | Self::ReviewConfirms { case: Some(case) } => {
                vec![("case", case.to_string().into())]
            }
            Self::DecisionSuperseded { case } => vec![("case", case.to_string().into())],
            _ => Vec::new(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::OrdersUnfit { violations } | Self::NotInDecision { violations } => violations.as_slice(),
            _ => &[],
        }
    }
}
