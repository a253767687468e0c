//! The write path against a real Postgres.

mod behind;
mod cancelled;
mod migrate;
mod request;
mod rings;
mod roles;
mod shared_commit;
