//! sla-monitor on a real Postgres, over real gRPC, following real ledgers.

mod bad_input;
mod board;
mod breach;
mod calibration;
mod calls;
mod catch_up;
mod effects;
mod evaluations;
mod export;
mod fairness;
mod filing;
mod forecast;
mod house;
mod law;
mod ombudsman;
mod parameters;
mod policies;
mod receipt;
mod segments;
mod sums;
mod teams;
mod together;
mod trials;
mod units;
mod watch;
mod world;
