//! One operation of the office per file; each is a recipe: claim the request, lock, decide in the domain,
//! write, append, keep the answer, commit.

mod bench;
mod step;

pub mod add_dossier_entry;
pub mod admit_case;
pub mod assign_case;
pub mod change_office_roles;
pub mod close_case;
pub mod declare_relations;
pub mod dossier_reading;
pub mod draft_keys;
pub mod end_mandate;
pub mod get_case;
pub mod get_decision;
pub mod get_draft;
pub mod get_office_member;
pub mod give_disclosure;
pub mod issue_decision;
pub mod list_cases;
pub mod list_office_members;
pub mod list_seat_conflicts;
pub mod notify_decision;
pub mod open_case;
pub mod propose_inadmissibility;
pub mod propose_substitutes;
pub mod receive_cure;
pub mod reclose_drafts;
pub mod rectify_case;
pub mod recuse_from_case;
pub mod refuse_case;
pub mod register_office_member;
pub mod renew_mandate;
pub mod request_cure;
pub mod save_draft;
pub mod start_investigation;
pub mod submit_entity_statement;
pub mod substitute_seat;
pub mod withdraw_case;

pub(crate) use bench::{Bench, Moves};
pub use step::Change;
pub(crate) use step::{Begun, Paper, Seating, Step, denied, entry, replayed};
