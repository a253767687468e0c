//! The gRPC edge: requests are parsed here once, answers are spelled here, nothing is decided here.

mod convert;
pub(crate) mod present;
mod team_service;
mod ticket_service;

pub use team_service::Team;
pub use ticket_service::Service;
