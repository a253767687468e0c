//! Who is who: what a department's system says about a person, which records are one person, and
//! what is believed of them. Pure decisions: no I/O, no clock, no randomness.
//!
//! Source records are immutable facts, links between them are revocable assertions, and both the
//! partition into customers ([`resolve`]) and the golden record ([`Golden::of`]) are functions of
//! the two. Nothing is ever merged in place, so everything can be undone: a steward merges by adding
//! a link and takes apart by revoking and denying ([`Cut`]).

mod care;
pub mod consent;
mod contact;
mod effort;
mod email;
mod golden;
mod grade;
mod hold;
mod id;
mod identifier;
mod known;
mod link;
pub mod matching;
mod name;
mod national_id;
mod next_action;
mod partition;
mod phone;
mod record;
mod relation;
mod renewal;
mod rights;
mod rules_review;
mod sentiment;
mod steward;
mod survivorship;
mod worth;

pub use care::{
    AccessClass, Disability, Driver, PriorityRight, QuietHours, Seen, learned_channel, priority_right, seen,
};
pub use contact::{ContactKind, Discretion, ExitReason, MOST_EXIT_REASONS, NotAContact};
pub use effort::{Attended, Effort, WINDOW as EFFORT_WINDOW};
pub use email::{Email, NotAnEmail};
pub use golden::{Golden, GoldenIdentifier, Provenance, Sourced};
pub use grade::{LineUse, MatchGrade, PhoneMatch, grade_phone};
pub use hold::{Hold, HoldKind, OfficeCase, OpenComplaint, holds};
pub use id::{
    ActionId, CustomerId, InteractionId, LinkId, ProposalId, RelationId, RestrictionId, RulesReviewId, SourceRecordId,
    VulnerabilityId,
};
pub use identifier::{Identifier, IdentifierError, IdentifierKey, IdentifierKind, RawIdentifier, Validity};
pub use known::{AskPurpose, FactKind, FactState, fact_state, facts_to_tell};
pub use link::{Basis, Carrier, LinkType, Pair, equals, links, revised};
pub use name::{NameError, NameKey, PersonName};
pub use national_id::{NationalId, NotANationalId};
pub use next_action::{ActionKind, ActionReason, ActionState, Heard, Judged, NextAction, PATIENCE, PEACE, Situation};
pub use partition::{Group, Link, Node, resolve};
pub use phone::{CallerNumber, NotAPhone, Phone, caller_number, read_numbering_plans};
pub use record::{Address, Content, Record, Slug, SlugError};
pub use relation::{RelationKind, ordered};
pub use renewal::{RenewalObstacle, in_order};
pub use rights::{ErasureGround, RestrictionGround};
pub use rules_review::{ChangeBasis, ChangeKind, ReviewDecision, ReviewState};
pub use sentiment::{Sentiment, Sound};
pub use steward::{Cut, NotSeparable};
pub use survivorship::{Attribute, GoldenEdition, SourceOrder, Survivorship, SurvivorshipRule};
pub use worth::{Bands, ChurnSignal, Dealing, DealingKind, Lifecycle, Sums, Trouble, ValueBand, Worth, YEAR};
