//! Why this service refuses or fails a call.

use std::borrow::Cow;

use ::rights::ErasureId;
use customer_profile_domain::{
    ActionId, CustomerId, LinkId, ProposalId, RelationId, RestrictionId, RulesReviewId, SourceRecordId, VulnerabilityId,
};
use jiff::Timestamp;
use kernel::{Classify, Department, Kind, ResourceId, Violation, Violations};
use postgres::{RequestError, StoreError};

use crate::rights::{ArchiveError, JournalError};

/// Everything a use case of this service may end with.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The request is wrong by itself.
    #[error(transparent)]
    Invalid(#[from] Violations),
    /// The page token is not one of this list.
    #[error("page_token is not one that this list gave for this filter; start again without it")]
    PageToken([Violation; 1]),
    /// Nobody ever had this id.
    #[error("there is no such customer; look it up by phone, or ingest a source record")]
    CustomerNotFound(CustomerId),
    /// The customer's data was destroyed.
    #[error("the customer's data was destroyed; a new record brings a new customer")]
    CustomerErased(CustomerId),
    /// The customer's data is kept and not used.
    #[error("the customer's data is kept and not used while a restriction stands")]
    CustomerRestricted(CustomerId),
    /// Something live needs the data.
    #[error("something live needs the data: {} affairs or cases; it can be asked again from {until}", .holds.len())]
    ErasureHeld {
        /// The earliest instant.
        until: Timestamp,
        /// What needs it, and until when.
        holds: Vec<Violation>,
    },
    /// The person has the data kept for a claim of theirs.
    #[error("the person has the data kept for a claim: {} restrictions; it can be erased once they are lifted", .restrictions.len())]
    ErasureRestricted {
        /// Which stand.
        restrictions: Vec<RestrictionId>,
    },
    /// A service that may hold something of the customer is silent.
    #[error("{service} does not answer, and without it nothing is done; retry")]
    ServiceSilent {
        /// Which.
        service: &'static str,
    },
    /// There is no such erasure.
    #[error("there is no such erasure")]
    ErasureNotFound(ErasureId),
    /// There is no such restriction.
    #[error("there is no such restriction")]
    RestrictionNotFound(RestrictionId),
    /// There is no such review.
    #[error("there is no such review of rules; list the reviews")]
    RulesReviewNotFound(RulesReviewId),
    /// There is no such relation.
    #[error("there is no such relation; list the customer's relations")]
    RelationNotFound(RelationId),
    /// The same is said already.
    #[error("the same is said of the two already, and stands; end it first to say it anew")]
    RelationStands(RelationId),
    /// There is no such action.
    #[error("there is no such action; list the customer's actions")]
    NextActionNotFound(ActionId),
    /// It cannot go on from where it is.
    #[error("the action is {state}; read it again, or have it proposed anew")]
    NextActionSettled {
        /// How far it is.
        state: &'static str,
    },
    /// Four eyes.
    #[error("who proposed goodwill cannot approve it; another supervisor decides")]
    NextActionNeedsAnother,
    /// The dealing was told before, and otherwise.
    #[error("the system told this dealing before, and otherwise; tell what sets it right as a dealing of its own")]
    DealingDiffers,
    /// Another one is open.
    #[error("a review of rules is open; apply or drop it first, or wait until it is applied")]
    RulesReviewOpen,
    /// The decision cannot be made, or not any more.
    #[error("the review is {state}; read it again")]
    RulesReviewState {
        /// How far it is.
        state: &'static str,
    },
    /// Two rules under one version.
    #[error(
        "the rules in force have the same version and are others; give those of the settings a version of their own"
    )]
    RulesVersionReused {
        /// Which.
        version: String,
    },
    /// The record is another department's.
    #[error("the record of this source_system and external_id belongs to the department {owner}")]
    DepartmentMismatch {
        /// Whose it is.
        owner: Department,
    },
    /// Records of the same person kept changing.
    #[error("other records of the same person kept changing; retry with the same request_id")]
    IdentityContended,
    /// There is no such proposal.
    #[error("there is no such proposal; list the proposals that wait")]
    ProposalNotFound(ProposalId),
    /// There is no such declaration.
    #[error("there is no such declaration; read the customer's view")]
    VulnerabilityNotFound(VulnerabilityId),
    /// Somebody, or what the records say now, was faster.
    #[error("the proposal is {state} already; a merge or an unmerge undoes an answer")]
    ProposalSettled {
        /// What became of it.
        state: &'static str,
    },
    /// A steward said that they are two people.
    #[error("a not_same_as holds the two customers apart; merge them, which shows what would be revoked")]
    HeldApart(LinkId),
    /// Nothing to merge.
    #[error("the names resolve to one customer already")]
    AlreadyOne(CustomerId),
    /// What the preview showed is not what is there.
    #[error("what the preview showed has changed; preview again, and decide again")]
    StaleMergeToken,
    /// A record that cannot be taken out of a customer, because it is not in it.
    #[error("a record belongs to another customer; read the customer again")]
    NotOfThisCustomer(SourceRecordId),
    /// Every record would be taken out.
    #[error("every record of the customer would be taken out; leave at least one")]
    NothingRemains,
    /// An archive cannot be made.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The journal of erasures cannot be written: no erasure ends without it.
    #[error("the journal of erasures cannot be written")]
    Journal(#[from] JournalError),
    /// The `request_id`.
    #[error(transparent)]
    Request(RequestError),
    /// The database.
    #[error(transparent)]
    Store(StoreError),
}

/// A page token that is none of its list.
pub(crate) fn bad_token() -> ProfileError {
    ProfileError::PageToken([Violation {
        field: "page_token".to_owned(),
        description: "must be a next_page_token of the same list and filter".to_owned(),
    }])
}

impl ProfileError {
    /// Whether doing the whole thing again may go well.
    pub(crate) fn is_contention(&self) -> bool {
        matches!(self, Self::IdentityContended | Self::Store(StoreError::Contended))
    }
}

impl ProfileError {
    /// The constraint that refused a row, if one did.
    pub(crate) fn constraint(&self) -> Option<&str> {
        match self {
            Self::Store(error) => error.constraint(),
            _ => None,
        }
    }
}

impl From<StoreError> for ProfileError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for ProfileError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<RequestError> for ProfileError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Store(error) => Self::Store(error),
            other => Self::Request(other),
        }
    }
}

impl Classify for ProfileError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) | Self::PageToken(_) => Kind::InvalidArgument,
            Self::CustomerNotFound(_)
            | Self::ProposalNotFound(_)
            | Self::VulnerabilityNotFound(_)
            | Self::ErasureNotFound(_)
            | Self::RestrictionNotFound(_)
            | Self::RelationNotFound(_)
            | Self::NextActionNotFound(_)
            | Self::RulesReviewNotFound(_) => Kind::NotFound,
            Self::ServiceSilent { .. } => Kind::Unavailable,
            Self::DepartmentMismatch { .. }
            | Self::CustomerErased(_)
            | Self::CustomerRestricted(_)
            | Self::ErasureHeld { .. }
            | Self::ErasureRestricted { .. }
            | Self::RelationStands(_)
            | Self::DealingDiffers
            | Self::NextActionSettled { .. }
            | Self::NextActionNeedsAnother
            | Self::RulesReviewOpen
            | Self::RulesReviewState { .. }
            | Self::RulesVersionReused { .. }
            | Self::ProposalSettled { .. }
            | Self::HeldApart(_)
            | Self::AlreadyOne(_)
            | Self::NotOfThisCustomer(_)
            | Self::NothingRemains => Kind::FailedPrecondition,
            Self::IdentityContended | Self::StaleMergeToken => Kind::Aborted,
            Self::Archive(_) | Self::Journal(_) => Kind::Internal,
            Self::Request(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(violations) => violations.reason(),
            Self::PageToken(_) => "INVALID_PAGE_TOKEN",
            Self::CustomerNotFound(_) => "CUSTOMER_NOT_FOUND",
            Self::CustomerErased(_) => "CUSTOMER_ERASED",
            Self::CustomerRestricted(_) => "CUSTOMER_RESTRICTED",
            Self::ErasureHeld { .. } | Self::ErasureRestricted { .. } => "ERASURE_HELD",
            Self::ServiceSilent { .. } => "SERVICE_SILENT",
            Self::ErasureNotFound(_) => "ERASURE_NOT_FOUND",
            Self::RestrictionNotFound(_) => "RESTRICTION_NOT_FOUND",
            Self::RulesReviewNotFound(_) => "RULES_REVIEW_NOT_FOUND",
            Self::RelationNotFound(_) => "RELATION_NOT_FOUND",
            Self::RelationStands(_) => "RELATION_STANDS",
            Self::DealingDiffers => "DEALING_DIFFERS",
            Self::NextActionNotFound(_) => "NEXT_ACTION_NOT_FOUND",
            Self::NextActionSettled { .. } => "NEXT_ACTION_SETTLED",
            Self::NextActionNeedsAnother => "NEXT_ACTION_NEEDS_ANOTHER",
            Self::RulesReviewOpen => "RULES_REVIEW_OPEN",
            Self::RulesReviewState { .. } => "RULES_REVIEW_STATE",
            Self::RulesVersionReused { .. } => "RULES_VERSION_REUSED",
            Self::DepartmentMismatch { .. } => "DEPARTMENT_MISMATCH",
            Self::IdentityContended => "IDENTITY_CONTENDED",
            Self::ProposalNotFound(_) => "MATCH_PROPOSAL_NOT_FOUND",
            Self::VulnerabilityNotFound(_) => "VULNERABILITY_NOT_FOUND",
            Self::ProposalSettled { .. } => "MATCH_PROPOSAL_SETTLED",
            Self::HeldApart(_) => "CUSTOMERS_HELD_APART",
            Self::AlreadyOne(_) => "CUSTOMERS_ALREADY_ONE",
            Self::StaleMergeToken => "STALE_MERGE_TOKEN",
            Self::NotOfThisCustomer(_) => "NOT_OF_THIS_CUSTOMER",
            Self::NothingRemains => "NOTHING_REMAINS",
            Self::Archive(_) | Self::Journal(_) => "INTERNAL",
            Self::Request(error) => error.reason(),
            Self::Store(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::CustomerNotFound(id)
            | Self::AlreadyOne(id)
            | Self::CustomerErased(id)
            | Self::CustomerRestricted(id) => vec![("resource", Cow::Owned(id.name()))],
            Self::ErasureHeld { until, .. } => vec![("end_time", Cow::Owned(until.to_string()))],
            Self::ErasureRestricted { restrictions } => {
                restrictions.iter().map(|id| ("resource", Cow::Owned(id.name()))).take(1).collect()
            }
            Self::ServiceSilent { service } => vec![("service", Cow::Borrowed(*service))],
            Self::ErasureNotFound(id) => vec![("resource", Cow::Owned(id.name()))],
            Self::RestrictionNotFound(id) => vec![("resource", Cow::Owned(id.name()))],
            Self::ProposalNotFound(id) => vec![("resource", Cow::Owned(id.name()))],
            Self::NotOfThisCustomer(id) => vec![("resource", Cow::Owned(id.name()))],
            Self::VulnerabilityNotFound(id) => vec![("resource", Cow::Owned(id.name()))],
            Self::HeldApart(id) => vec![("link", Cow::Owned(id.name()))],
            Self::RulesReviewNotFound(id) => vec![("resource", Cow::Owned(id.name()))],
            Self::RelationNotFound(id) | Self::RelationStands(id) => vec![("resource", Cow::Owned(id.name()))],
            Self::NextActionNotFound(id) => vec![("resource", Cow::Owned(id.name()))],
            Self::NextActionSettled { state } => vec![("state", Cow::Borrowed(*state))],
            Self::RulesReviewState { state } => vec![("state", Cow::Borrowed(*state))],
            Self::RulesVersionReused { version } => vec![("version", Cow::Owned(version.clone()))],
            Self::ProposalSettled { state } => vec![("state", Cow::Borrowed(*state))],
            Self::DepartmentMismatch { owner } => vec![("department", Cow::Owned(owner.to_string()))],
            Self::Request(error) => error.metadata(),
            Self::Store(error) => error.metadata(),
            Self::Archive(_)
            | Self::Journal(_)
            | Self::Invalid(_)
            | Self::PageToken(_)
            | Self::IdentityContended
            | Self::StaleMergeToken
            | Self::RulesReviewOpen
            | Self::DealingDiffers
            | Self::NextActionNeedsAnother
            | Self::NothingRemains => Vec::new(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid(violations) => violations.as_slice(),
            Self::PageToken(violation) => violation,
            Self::ErasureHeld { holds, .. } => holds,
            _ => &[],
        }
    }
}
