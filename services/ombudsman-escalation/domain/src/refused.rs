//! What the house refuses, and the provision behind it.

mod procedure;

use std::borrow::Cow;

use jiff::Timestamp;
use kernel::{Classify, Kind, Violation, Violations};

use crate::vocabulary::{ConflictGround, Ground, MissingItem, OfficeRole, Stage};
use crate::{CaseId, HouseRefused};

pub use procedure::ProcedureRefused;

/// A refusal by the rules of the house.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The state does not allow the step.
    #[error("a case that is {state} does not allow this; it must be {}", list(allowed))]
    State {
        /// Where the case stands.
        state: Stage,
        /// Where it would have to stand.
        allowed: &'static [Stage],
    },
    /// The channel is not admitted.
    #[error("the regime does not admit complaints by this channel; send it in writing")]
    Channel {
        /// Where that stands.
        article: &'static str,
    },
    /// The facts do not bear out the ground.
    #[error("the facts of the case do not bear out the ground {ground}")]
    GroundNotMet {
        /// The ground asked for.
        ground: Ground,
        /// Where it stands, or the closed list that does not have it.
        article: &'static str,
    },
    /// What is missing can be completed.
    #[error("what is missing can be completed: ask the claimant first")]
    CureFirst {
        /// Where that stands.
        article: &'static str,
    },
    /// The claimant's term runs.
    #[error("the claimant's time to complete or to answer runs until {due}")]
    ClaimantTermRunning {
        /// When it ends.
        due: Timestamp,
        /// Where it stands.
        article: &'static str,
    },
    /// The firm's term runs.
    #[error("the firm's time to state its position runs until {due}")]
    EntityTermRunning {
        /// When it ends.
        due: Timestamp,
        /// Where it stands.
        article: &'static str,
    },
    /// Nothing was declared about other proceedings.
    #[error("the claimant has not declared whether other proceedings run; ask for it")]
    DeclarationMissing {
        /// Where that is asked for.
        article: &'static str,
    },
    /// Other proceedings run.
    #[error("other proceedings run on the same facts: the office must abstain")]
    MustAbstain {
        /// Where that stands.
        article: &'static str,
    },
    /// The firm has not answered, and its time to is not over.
    #[error("the firm has not answered; the complaint may come before the office with its answer, or after {due}")]
    Premature {
        /// When its time is over, at the latest.
        due: Timestamp,
        /// Where it stands that the claimant waits for it.
        article: &'static str,
    },
    /// The claimant was asked for it before, and answered.
    #[error("the claimant was asked for {} before and answered; judge what was sent", list(.items))]
    AskedAlready {
        /// What.
        items: Vec<MissingItem>,
    },
    /// It says otherwise what was there and not asked for.
    #[error("the complaint says {} already, and was not asked for it: only the claimant says it otherwise", list(.items))]
    NotAskedFor {
        /// What.
        items: Vec<MissingItem>,
    },
    /// It repeats decided complaints, and nobody said that this was seen.
    #[error("the complaint repeats decided ones: refuse it as repeated, or say that this was seen")]
    RepeatsDecided {
        /// Which.
        cases: Vec<CaseId>,
    },
    /// The time to refuse is over.
    #[error("the complaint could be refused until {due}: it is to be admitted")]
    RefusalLate {
        /// When it ended.
        due: Timestamp,
        /// Where that stands.
        article: &'static str,
    },
    /// The wall refuses the person.
    #[error("the conflict wall keeps this person off the case: {}", list(grounds))]
    Conflict {
        /// Every ground found.
        grounds: Vec<ConflictGround>,
    },
    /// The caller holds no live assignment that allows this.
    #[error("only who is assigned to the case as {} may do this", list(needed))]
    NotAssigned {
        /// Any one of these would do.
        needed: &'static [OfficeRole],
    },
    /// Assigned already.
    #[error("the person is assigned to the case in that role already")]
    AlreadyAssigned,
    /// The person was not appointed for the role.
    #[error("the person was not appointed for that office role")]
    NotAppointed {
        /// Opaque id.
        person: String,
    },
    /// Points without a proper answer.
    #[error("the decision does not answer every claim point properly")]
    DecisionIncomplete {
        /// Each one, by field.
        violations: Violations,
        /// Where a complete answer is asked for.
        article: &'static str,
    },
    /// Similar decisions that went another way, and no reasons for departing from them.
    #[error("similar decisions went another way and are not answered with reasons")]
    PrecedentsUnanswered {
        /// Each one.
        unanswered: Violations,
        /// The earlier decided points, by name.
        precedents: Vec<String>,
        /// Where reasons are asked for.
        article: &'static str,
    },
    /// Issued before decisions were signed.
    #[error("the decision was issued before there were signed texts")]
    DecisionUnsigned,
    /// The words of the case were destroyed.
    #[error("the words of the case were destroyed with the claimant's data")]
    CaseErased,
    /// It stands for a criterion already.
    #[error("the decision stands for a criterion already")]
    CriterionExists,
    /// Issued once, immutable.
    #[error("the decision was issued and cannot be changed")]
    DecisionImmutable,
    /// The ticket's complaint is before the office already.
    #[error("the complaint of this ticket is before the office already")]
    TicketAtOffice {
        /// The live case.
        case: CaseId,
    },
    /// In the register already.
    #[error("the person is in the register of the office already")]
    MemberExists,
    /// Not in the register.
    #[error("the person is not in the register of the office")]
    MemberNotFound,
    /// No such case.
    #[error("there is no such case")]
    CaseNotFound,
    /// No decision, or not notified yet.
    #[error("there is no decision that you may read")]
    DecisionNotFound,
    /// Opened before acknowledgements were signed.
    #[error("the case was opened before acknowledgements were signed")]
    NoAcknowledgement,
    /// No draft.
    #[error("no draft was saved")]
    DraftNotFound,
    /// The year goes on.
    #[error("the year is not over: its public summary would tell by its changes whom it counts")]
    YearNotOver,
    /// On the way out of a case, or after its decision.
    #[error(transparent)]
    Procedure(#[from] ProcedureRefused),
    /// What concerns the people of the house and their seats.
    #[error(transparent)]
    House(#[from] HouseRefused),
}

fn list<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Classify for Refused {
    fn kind(&self) -> Kind {
        match self {
            Self::Procedure(refused) => refused.kind(),
            Self::House(refused) => refused.kind(),
            Self::DecisionIncomplete { .. } => Kind::InvalidArgument,
            Self::NotAssigned { .. } => Kind::PermissionDenied,
            Self::AlreadyAssigned | Self::TicketAtOffice { .. } | Self::MemberExists | Self::CriterionExists => {
                Kind::AlreadyExists
            }
            Self::MemberNotFound
            | Self::CaseNotFound
            | Self::DecisionNotFound
            | Self::NoAcknowledgement
            | Self::DraftNotFound => Kind::NotFound,
            Self::State { .. }
            | Self::Channel { .. }
            | Self::GroundNotMet { .. }
            | Self::CureFirst { .. }
            | Self::ClaimantTermRunning { .. }
            | Self::EntityTermRunning { .. }
            | Self::DeclarationMissing { .. }
            | Self::MustAbstain { .. }
            | Self::Premature { .. }
            | Self::AskedAlready { .. }
            | Self::NotAskedFor { .. }
            | Self::RepeatsDecided { .. }
            | Self::RefusalLate { .. }
            | Self::Conflict { .. }
            | Self::NotAppointed { .. }
            | Self::PrecedentsUnanswered { .. }
            | Self::DecisionUnsigned
            | Self::CaseErased
            | Self::YearNotOver
            | Self::DecisionImmutable => Kind::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Procedure(refused) => refused.reason(),
            Self::State { .. } => "CASE_STATE",
            Self::Channel { .. } => "CHANNEL_NOT_ADMISSIBLE",
            Self::GroundNotMet { .. } => "GROUND_NOT_MET",
            Self::CureFirst { .. } => "CURE_FIRST",
            Self::ClaimantTermRunning { .. } => "CLAIMANT_TERM_RUNNING",
            Self::EntityTermRunning { .. } => "ENTITY_TERM_RUNNING",
            Self::DeclarationMissing { .. } => "DECLARATION_MISSING",
            Self::MustAbstain { .. } => "MUST_ABSTAIN",
            Self::Premature { .. } => "PREMATURE",
            Self::AskedAlready { .. } => "ASKED_ALREADY",
            Self::NotAskedFor { .. } => "NOT_ASKED_FOR",
            Self::RepeatsDecided { .. } => "REPEATS_DECIDED",
            Self::RefusalLate { .. } => "REFUSAL_LATE",
            Self::Conflict { .. } => "CONFLICT_OF_INTEREST",
            Self::NotAssigned { .. } => "NOT_ASSIGNED",
            Self::AlreadyAssigned => "ALREADY_ASSIGNED",
            Self::NotAppointed { .. } => "NOT_APPOINTED",
            Self::DecisionIncomplete { .. } => "DECISION_INCOMPLETE",
            Self::PrecedentsUnanswered { .. } => "PRECEDENTS_UNANSWERED",
            Self::DecisionUnsigned => "DECISION_UNSIGNED",
            Self::CaseErased => "CASE_ERASED",
            Self::CriterionExists => "CRITERION_EXISTS",
            Self::DecisionImmutable => "DECISION_IMMUTABLE",
            Self::TicketAtOffice { .. } => "TICKET_AT_OFFICE",
            Self::MemberExists => "MEMBER_EXISTS",
            Self::MemberNotFound => "MEMBER_NOT_FOUND",
            Self::CaseNotFound => "CASE_NOT_FOUND",
            Self::DecisionNotFound => "DECISION_NOT_FOUND",
            Self::NoAcknowledgement => "NO_ACKNOWLEDGEMENT",
            Self::DraftNotFound => "DRAFT_NOT_FOUND",
            Self::YearNotOver => "YEAR_NOT_OVER",
            Self::House(refused) => refused.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::Procedure(refused) => refused.metadata(),
            Self::State { state, allowed } => {
                vec![("state", state.as_str().into()), ("allowed_from", list(allowed).into())]
            }
            Self::Channel { article } | Self::CureFirst { article } | Self::DecisionIncomplete { article, .. } => {
                vec![("article", (*article).into())]
            }
            Self::GroundNotMet { ground, article } => {
                vec![("ground", ground.as_str().into()), ("article", (*article).into())]
            }
            Self::ClaimantTermRunning { due, article }
            | Self::EntityTermRunning { due, article }
            | Self::Premature { due, article }
            | Self::RefusalLate { due, article } => {
                vec![("due_time", due.to_string().into()), ("article", (*article).into())]
            }
            Self::AskedAlready { items } | Self::NotAskedFor { items } => vec![("items", list(items).into())],
            Self::RepeatsDecided { cases } => vec![("cases", list(cases).into())],
            Self::DeclarationMissing { article } | Self::MustAbstain { article } => {
                vec![("article", (*article).into())]
            }
            Self::Conflict { grounds } => {
                vec![("grounds", list(grounds).into()), ("article", "Ley 7/2017 art. 23.1.b".into())]
            }
            Self::House(refused) => refused.metadata(),
            Self::NotAssigned { needed } => vec![("needed", list(needed).into())],
            Self::NotAppointed { person } => vec![("person", person.clone().into())],
            Self::TicketAtOffice { case } => vec![("case", case.to_string().into())],
            Self::PrecedentsUnanswered { precedents, article, .. } => {
                vec![("precedents", list(precedents).into()), ("article", (*article).into())]
            }
            Self::AlreadyAssigned
            | Self::DecisionUnsigned
            | Self::CaseErased
            | Self::CriterionExists
            | Self::DecisionImmutable
            | Self::MemberExists
            | Self::MemberNotFound
            | Self::CaseNotFound
            | Self::DecisionNotFound
            | Self::YearNotOver
            | Self::NoAcknowledgement
            | Self::DraftNotFound => Vec::new(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::DecisionIncomplete { violations, .. } => violations.as_slice(),
            Self::Procedure(refused) => refused.violations(),
            Self::PrecedentsUnanswered { unanswered, .. } => unanswered.as_slice(),
            _ => &[],
        }
    }
}
