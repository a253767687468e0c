//! The ids of this context.

use kernel::typed_id;

typed_id!(
    /// A customer. Every id that was ever given keeps resolving.
    CustomerId,
    "customers"
);
typed_id!(
    /// One record of one department's system, through all its versions.
    SourceRecordId,
    "sourceRecords"
);
typed_id!(
    /// One assertion that two records are the same person.
    LinkId,
    "links"
);
typed_id!(
    /// One contact.
    InteractionId,
    "interactions"
);
typed_id!(
    /// Two records that wait for a steward to say whether they are one person.
    ProposalId,
    "matchProposals"
);
typed_id!(
    /// One declared vulnerability.
    VulnerabilityId,
    "vulnerabilities"
);
typed_id!(
    /// Data of a customer that is kept and not used.
    RestrictionId,
    "restrictions"
);
typed_id!(
    /// A look at what other rules of matching would change.
    RulesReviewId,
    "rulesReviews"
);
typed_id!(
    /// How two customers stand to each other.
    RelationId,
    "relations"
);
typed_id!(
    /// Something to do next for a customer.
    ActionId,
    "nextActions"
);
