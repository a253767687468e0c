//! The wire: requests in, answers out, and nothing decided in between.

pub mod answer;
pub mod claimant_service;
pub mod convert;
pub mod house_service;
pub mod ombudsman_service;
pub mod precedent_service;
pub mod procedure_service;
pub mod report_file;
pub mod report_service;
pub mod vocabulary;
