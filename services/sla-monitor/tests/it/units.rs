//! Private parts that need no database, tested beside their code: a crate that is compiled a second time for one small test costs more.
#![allow(dead_code, reason = "what a part does for the others is not called here")]

#[path = "../../src/names.rs"]
mod names;
