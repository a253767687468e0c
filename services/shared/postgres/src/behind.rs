//! Whether a schema is as new as the binary that is to work on it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use sqlx::migrate::Migrator;

use crate::{Db, StoreError, house_migrations};

/// What keeps a binary from working on a schema, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    schema: String,
    missing: Missing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Missing {
    /// Migrations that the binary was built with, the last of them by its version.
    Migrations { count: usize, last: i64 },
    /// Which were applied may not be read, as by every role before it was granted.
    Unread,
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = &self.schema;
        match self.missing {
            Missing::Migrations { count, last } => {
                write!(
                    f,
                    "the schema {schema} is older than this binary: {count} of its migrations are not applied, the last of them {last}"
                )
            }
            Missing::Unread => write!(
                f,
                "which migrations the schema {schema} has may not be read: it is older than this binary, or its role was not given its rights \
                 (deploy/postgres/roles.sql)"
            ),
        }
    }
}

/// What the schema lacks that `service` and the house were built with; `None` where it lacks nothing. It may have more: a newer binary's.
///
/// # Errors
/// [`StoreError`] when it cannot be asked.
pub async fn behind(db: &Db, service: &Migrator) -> Result<Option<Behind>, StoreError> {
    let wanted: Vec<i64> = house_migrations().iter().chain(service.iter()).map(|migration| migration.version).collect();
    let asked: Result<Vec<i64>, sqlx::Error> =
        sqlx::query_scalar("select version from schema_migration where success").fetch_all(db.reader()).await;
    let of = |missing| Some(Behind { schema: db.schema().to_owned(), missing });
    let applied: BTreeSet<i64> = match asked {
        Ok(applied) => applied.into_iter().collect(),
        Err(error) => {
            let code = error.as_database_error().and_then(|refused| refused.code().map(Cow::into_owned));
            match code.as_deref() {
                // undefined table: nothing was ever migrated
                Some("42P01") => BTreeSet::new(),
                // insufficient privilege
                Some("42501") => return Ok(of(Missing::Unread)),
                _ => return Err(error.into()),
            }
        }
    };
    let missing: Vec<i64> = wanted.into_iter().filter(|version| !applied.contains(version)).collect();
    let last = missing.iter().max().copied();
    Ok(last.and_then(|last| of(Missing::Migrations { count: missing.len(), last })))
}
