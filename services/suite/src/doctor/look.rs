//! Looking: files, ports, the database. What is seen is judged in `judge`.

pub mod database;
pub mod files;
pub mod ledgers;
pub mod network;
