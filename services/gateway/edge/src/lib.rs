//! The edge of the house for what speaks HTTP: how connections are served and drained, who calls and how long they wait, how
//! much is taken from whom, and what a refusal looks like. Knows no rpc and no page.
//!
//! The gateway keeps nothing and decides nothing about affairs: a request becomes calls of the services by the caller's own
//! token ([`Caller`], [`server::PeerChannel::as_caller`]), and a service's refusal becomes the answer ([`Problem`]).

mod address;
mod caller;
mod callers;
mod guess;
mod limits;
mod places;
mod problem;
mod serve;
mod trace;

pub use address::ClientAddress;
pub use caller::Caller;
pub use callers::Callers;
pub use guess::{KEY_OR_PROOF_UNKNOWN, OFFICE_CODE_WRONG, is_of_guess};
pub use limits::{Class, LimitSettings, Limits, Rate};
pub use problem::{Problem, Violation, http_status};
pub use serve::{Draining, HttpSettings, Leaving, serve};
pub use trace::Route;
