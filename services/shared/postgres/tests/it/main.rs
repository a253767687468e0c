//! The write path against a real Postgres.

mod cancelled;
mod request;
mod roles;
mod shared_commit;
