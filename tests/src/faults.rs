//! The fault driver: real service processes on a real Postgres under load, killed, cut and cancelled,
//! and a checker that holds what was acknowledged against what is there.
//!
//! ```text
//! load clients ──▶ services ──▶ Postgres        journal (a file of the driver, which is never killed)
//!      ▲ killer, proxies ─────────▲                  │
//!      └── answers ──▶ journal    effects ──▶ check ◀┘
//! ```
//!
//! Used by the tests in `tests/faults`, and by the command `ventanilla-faults`.

pub mod ambiguous;
pub mod balance;
pub mod caller;
pub mod cancel;
pub mod carried;
pub mod check;
pub mod cluster;
pub mod dice;
pub mod effects;
pub mod encrypted;
pub mod feed;
pub mod fleet;
pub mod journal;
pub mod killer;
pub mod load;
pub mod node;
pub mod process;
pub mod proxy;
pub mod quiet;
pub mod roll;
pub mod run;
pub mod service;
pub mod subscriber;
pub mod upgrade;
