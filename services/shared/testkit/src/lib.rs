//! What every test of the house needs: a fresh database made from a template, surroundings that
//! repeat themselves, a service running on a free port, and waiting that asks instead of sleeping.
//!
//! Only tests depend on this crate.

mod ambient;
mod database;
mod eventually;
mod harness;
mod nats;
mod playground;

pub use ambient::{Surroundings, instant};
pub use database::{Database, server_url};
pub use eventually::eventually;
pub use harness::{Bearer, Client, Harness, Served};
pub use nats::NatsServer;
pub use playground::Playground;
