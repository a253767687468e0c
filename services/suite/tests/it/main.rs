//! The `ventanilla` command as its users meet it: processes, files, standard output.

mod commands;
mod import;
mod running;
mod up;
