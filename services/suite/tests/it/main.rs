//! The `ventanilla` command as its users meet it: processes, files, standard output.

mod commands;
mod doctor;
mod import;
mod restore_drill;
mod rotation;
mod running;
mod up;
