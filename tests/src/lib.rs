//! End-to-end, fault, contract and architecture tests, and the drivers that measure.
//!
//! What lives in `src/` is shared by the test binaries in `tests/`; the drivers are the binaries in
//! `src/bin/`.

pub mod browser;
pub mod contract;
pub mod deployed;
pub mod faults;
pub mod load;
pub mod migrations;
pub mod routes;
pub mod scene;
pub mod statements;
pub mod tree;
