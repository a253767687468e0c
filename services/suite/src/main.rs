//! The `ventanilla` command: the whole suite on one machine.

mod cli;
mod data_folder;
mod import;
mod keys;

fn main() {}
