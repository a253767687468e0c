//! The ombudsman's decisions as pure functions: how a case may move, when it may be refused, who is
//! kept off it, what a decision must contain, and what makes a dossier provable.
//!
//! Nothing here does I/O, reads a clock or knows a database: time and facts are arguments.

pub mod admissibility;
pub mod case;
pub mod code;
pub mod correction;
pub mod decision;
pub mod disclosure;
pub mod document;
pub mod dossier;
pub mod form;
pub mod matter;
pub mod notice;
pub mod obligation;
pub mod phrase;
pub mod precedent;
pub mod recurrence;
pub mod regime;
pub mod report;
pub mod review;
pub mod statement;
pub mod team;
pub mod term;
pub mod vocabulary;
pub mod wall;

mod house_refused;
mod refused;

pub use house_refused::HouseRefused;
pub use refused::{ProcedureRefused, Refused};

kernel::typed_id!(
    /// A case before the office.
    CaseId,
    "cases"
);
kernel::typed_id!(
    /// The affair a case came from; ticketing owns it.
    TicketId,
    "tickets"
);
kernel::typed_id!(
    /// The claimant; customer-profile owns it.
    CustomerId,
    "customers"
);
kernel::typed_id!(
    /// Something the office recommends to the firm.
    RecommendationId,
    "recommendations"
);
kernel::typed_id!(
    /// A person in the register of the office.
    MemberId,
    "officeMembers"
);
