//! Private parts that need no database. Their tests stand beside their code and run from here: a crate that is compiled a second time for seven small
//! tests costs a minute.
#![allow(dead_code, reason = "what a part does for the others is not called here")]

#[path = "../../src/rights/archive.rs"]
mod archive;
#[path = "../../src/rights/journal.rs"]
mod journal;
#[path = "../../src/reactions/reading.rs"]
mod reading;
#[path = "../../src/usecase/standing.rs"]
mod standing;
