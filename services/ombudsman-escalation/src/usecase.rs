//! One operation of the office per file; each is a recipe: claim the request, lock, decide in the domain,
//! write, append, keep the answer, commit.

mod step;

pub mod add_dossier_entry;
pub mod admit_case;
pub mod answer_decision;
pub mod answer_offer;
pub mod assign_case;
pub mod close_case;
pub mod close_stayed_case;
pub mod continue_by_own_initiative;
pub mod correct_decision;
pub mod declare_relations;
pub mod dossier_reading;
pub mod end_conciliation;
pub mod forward_case;
pub mod get_case;
pub mod get_decision;
pub mod get_draft;
pub mod get_procedure;
pub mod issue_decision;
pub mod list_cases;
pub mod list_obligations;
pub mod notify_decision;
pub mod offer_settlement;
pub mod open_case;
pub mod order_compliance;
pub mod propose_inadmissibility;
pub mod prove_execution;
pub mod receive_cure;
pub mod recommend;
pub mod rectify_case;
pub mod recuse_from_case;
pub mod refuse_case;
pub mod register_office_member;
pub mod report_overdue;
pub mod request_cure;
pub mod resume_case;
pub mod review_case;
pub mod review_execution;
pub mod save_draft;
pub mod start_investigation;
pub mod stay_case;
pub mod submit_entity_statement;
pub mod tell_offer;
pub mod withdraw_case;

pub use step::Change;
pub(crate) use step::{Begun, Paper, Seating, Step, denied, replayed};
