//! A real server and real clients on loopback, with `LedgerService` as the service served.

mod admission;
mod authorize;
mod deadline;
mod drain;
mod limits;
mod mutation;
mod peers;
mod provider;
mod status;
mod support;
mod tls;
mod token;
mod trace;
mod trust;
