//! What every service of the house is served by: who calls, how long, how many, what is answered,
//! and how it comes up and goes down. Knows no aggregate and no table.
//!
//! `stack.rs` lists the layers a call passes, each with its reason; `status.rs` is the only place
//! that makes a refusal into a `tonic::Status`; `books.rs` is what every service does about ledgers:
//! `Assembly::keep_ledger` (feed, sequencer, signed checkpoints, denials) and `Assembly::follow`.

mod admission;
mod affairs;
mod assembly;
mod authorize;
mod binary;
mod body;
mod books;
mod call;
mod cell;
mod claims;
mod connections;
mod deadline;
mod figures;
mod flow;
mod jwks;
mod known;
mod mutation;
mod opening;
mod page;
pub mod parse;
mod peers;
mod principal;
mod provider;
mod pulse;
mod refusal;
mod scope;
mod serve;
mod shares;
mod stack;
mod status;
mod tls;
mod token;
mod token_source;
mod trace;
mod trust;
mod worker;

pub use admission::AdmissionSettings;
pub use affairs::Affairs;
pub use assembly::{Assembly, House};
pub use authorize::{Denial, DenialSink};
pub use binary::{
    Binary, Front, FrontSettings, FrontStack, Hall, HealthError, ProcessSettings, StartError, UnusableSettings,
    ask_health, ask_readiness, former_keys, front, main, settings_of, signing_key,
};
pub use call::Call;
pub use cell::cell;
pub use claims::{ClaimPath, ClaimSettings};
pub use connections::Door;
pub use deadline::Budget;
pub use figures::Figure;
pub use jwks::{KeyAlgorithms, KeyFile, KeySet, KeySource, KeysError, UnusableKey, VerifyingKey};
pub use ledger::checkpoint::Former as FormerKeys;
pub use mutation::run_to_end;
pub use opening::Opening;
pub use page::{DEFAULT_PAGE_SIZE, InvalidPageToken, MAX_PAGE_SIZE, PageToken, page_size};
pub use peers::{PeerChannel, PeerError, PeerSettings, Peers};
pub use principal::Principal;
pub use provider::{Pace, ProviderKeys};
pub use pulse::ALIVE;
pub use refusal::Refusal;
pub use scope::keep_scope;
pub use serve::{ServeError, run};
pub use stack::StackSettings;
pub use status::{refusal, status};
pub use telemetry::current_traceparent;
pub use tls::{Chain, Clients, Inspected, Tls, TlsError, TlsSettings, inspect};
pub use token::{Origin, TokenError, TokenIssuer, TokenVerifier};
pub use token_source::TokenSource;
pub use trust::{AuthSettings, IssuerSettings, TrustError};
pub use worker::{Outcome, Worker};

/// What a process of the house allocates with. A call is a few hundred small allocations, and with the C library's allocator they
/// were a quarter of the time that is not Postgres': the ring answers a sixth more calls with this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
