//! Ledgers over a real NATS server, which is killed, emptied and lied through.

#![allow(clippy::disallowed_methods, reason = "tests name their own folders and ids")]

mod carried;
mod forged;
mod handing;
mod permits;
mod scene;
mod server;
mod switched;
