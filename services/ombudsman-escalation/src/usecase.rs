//! One operation of the office per file; each is a recipe: claim the request, lock, decide in the domain,
//! write, append, keep the answer, commit.

mod step;

pub mod add_dossier_entry;
pub mod admit_case;
pub mod assign_case;
pub mod classify_case;
pub mod close_case;
pub mod declare_relations;
pub mod dossier_reading;
pub mod find_precedents;
pub mod get_case;
pub mod get_decision;
pub mod get_decision_document;
pub mod get_draft;
pub mod get_yearly_report;
pub mod issue_decision;
pub mod list_cases;
pub mod list_recurrences;
pub mod list_systemic_issues;
pub mod make_recommendation;
pub mod mark_leading_decision;
pub mod notify_decision;
pub mod open_case;
pub mod propose_inadmissibility;
pub mod receive_cure;
pub mod rectify_case;
pub mod recuse_from_case;
pub mod refuse_case;
pub mod register_office_member;
pub mod request_cure;
pub mod save_draft;
pub mod start_investigation;
pub mod submit_entity_statement;
pub mod withdraw_case;

pub use step::Change;
pub(crate) use step::{Begun, Paper, Seating, Step, denied, replayed};
