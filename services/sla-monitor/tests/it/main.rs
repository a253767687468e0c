//! sla-monitor on a real Postgres, over real gRPC, following real ledgers.

mod bad_input;
mod board;
mod breach;
mod catch_up;
mod effects;
mod filing;
mod forecast;
mod house;
mod law;
mod ombudsman;
mod policies;
mod receipt;
mod units;
mod watch;
mod world;
