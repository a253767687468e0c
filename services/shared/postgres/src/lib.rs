//! Postgres for every service: one entry point for writes, one classification of what the database
//! says, idempotency in the transaction of the effect, migrations and roles per schema, and a
//! private cluster for one machine.
//!
//! The SQL here names no schema: every connection's `search_path` is the service's own schema, and
//! the house tables (`migrations/`) stand in each of them.

mod behind;
pub mod cluster;
mod db;
mod error;
mod etag;
mod migrate;
mod provision;
mod pulse;
mod request;
mod shared_commit;
mod time;

pub use behind::{Behind, behind};
pub use db::{Db, Settings, Tx};
pub use error::{StoreError, affected_one};
pub use etag::{EtagError, etag, parse_etag};
pub use migrate::migrate;
pub use provision::{ProvisionError, ServiceRole, grant, house_migrations, provision_role, schema_migrator};
pub use pulse::Pulse;
pub use request::{Claim, Kept, RequestError, RequestKey, answered, claim, forget_answers, forget_claims, keep_answer};
pub use shared_commit::SharedCommit;
pub use sqlx::migrate::Migrator;
pub use time::time;
