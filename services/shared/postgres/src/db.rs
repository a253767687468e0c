//! The pool and the one way to write.
//!
//! sqlx 0.9 leaves a transaction open on the server when `begin()` is cancelled between sending
//! BEGIN and reading its answer, and in a gRPC server it is the *client* who cancels. So a
//! transaction here begins in a task of its own, which nobody cancels, and one that is dropped
//! unfinished is rolled back in a task of its own before its connection is anybody's again.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection, PgPool, Postgres};
use tracing::Instrument as _;

use crate::StoreError;

/// A span inside the one that is open; what the house does by itself begins no trace.
macro_rules! inner_span {
    ($name:literal) => {
        if tracing::Span::current().is_none() { tracing::Span::none() } else { tracing::info_span!($name) }
    };
}

/// How a service reaches its schema.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Settings {
    /// `postgres://role:password@host:port/database`.
    pub url: SecretString,
    /// The service's own schema; every connection's `search_path`.
    pub schema: String,
    /// Connections at most.
    #[serde(default = "default_connections")]
    pub max_connections: u32,
    /// So many of them are kept for who waits on the telephone ([`Db::ring`]). At least one is everybody's.
    #[serde(default)]
    pub kept_for_rings: u32,
}

fn default_connections() -> u32 {
    16
}

impl Settings {
    /// Settings for `schema` at `url`.
    pub fn new(url: impl Into<String>, schema: impl Into<String>) -> Self {
        Self {
            url: SecretString::from(url.into()),
            schema: schema.into(),
            max_connections: default_connections(),
            kept_for_rings: 0,
        }
    }

    /// Connections for everybody, and those kept for rings.
    fn parted(&self) -> (u32, u32) {
        let kept = self.kept_for_rings.min(self.max_connections.saturating_sub(1));
        (self.max_connections - kept, kept)
    }

    pub(crate) fn options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        Ok(PgConnectOptions::from_str(self.url.expose_secret())?
            .application_name(&self.schema)
            .options([
                ("search_path", self.schema.as_str()),
                // Instants are absolute; what is printed for a person chooses its own zone.
                ("timezone", "UTC"),
                // A lock that is not given in this time is somebody else's trouble: ABORTED, retry.
                ("lock_timeout", "5s"),
                // A pooled connection keeps its plans, and one made while a table was new reads all of it for
                // ever after: on a fresh installation the foreign key checks and the feed did. Every question
                // a service asks has its index; where one has none, this changes nothing but the estimate.
                ("enable_seqscan", "off"),
                // Which would be compiled for that estimate.
                ("jit", "off"),
                // The net below the guards above: the server itself ends what was forgotten.
                ("idle_in_transaction_session_timeout", "30s"),
            ])
            // Statements may hold personal values in literals of a fault; they are not logged.
            .disable_statement_logging())
    }

    /// The same for who changes tables that others work in.
    pub(crate) fn options_of_migrations(&self) -> Result<PgConnectOptions, sqlx::Error> {
        // Of a setting that is named twice the server takes the last.
        Ok(self.options()?.options([
            ("lock_timeout", crate::migrate::PATIENCE),
            // An index over a large table takes what it takes, whatever the role or the database says of statements.
            ("statement_timeout", "0"),
            // What is filled in is filled in for every row.
            ("enable_seqscan", "on"),
        ]))
    }
}

/// A service's own schema. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    rings: Option<PgPool>,
    schema: std::sync::Arc<str>,
}

impl Db {
    /// Opens the pool and one connection, so that a wrong address is known at start.
    ///
    /// # Errors
    /// [`StoreError`] when the server cannot be reached or refuses the role.
    pub async fn connect(settings: &Settings) -> Result<Self, StoreError> {
        let pool = pool_options(settings).connect_with(settings.options()?).await?;
        Ok(Self { pool, ..Self::connect_lazy(settings)? })
    }

    /// Opens the pool without a connection; the first use connects.
    ///
    /// # Errors
    /// [`StoreError`] when the settings cannot be understood.
    pub fn connect_lazy(settings: &Settings) -> Result<Self, StoreError> {
        let options = settings.options()?;
        let (_, kept) = settings.parted();
        let rings = (kept > 0).then(|| {
            // Never closed for being idle: nobody waits on the telephone while a connection is made.
            let few = pool_options(settings).max_connections(kept).min_connections(kept);
            few.connect_lazy_with(options.clone())
        });
        let pool = pool_options(settings).connect_lazy_with(options);
        Ok(Self { pool, rings, schema: settings.schema.as_str().into() })
    }

    /// For single reading statements, each its own snapshot.
    pub fn reader(&self) -> &PgPool {
        &self.pool
    }

    /// A connection for the reading statement of who waits on the telephone: one of everybody's that is idle, or else whichever can be
    /// had first, of those or of the few that are kept for rings. Behind a crowd that fills the pool nobody would be told in time who calls.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when none can be had.
    pub async fn ring(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        let Some(rings) = &self.rings else { return Ok(self.pool.acquire().await?) };
        if let Some(idle) = self.pool.try_acquire() {
            return Ok(idle);
        }
        let first = tokio::select! {
            biased;
            kept = made_to_the_end(rings) => kept,
            anybodys = made_to_the_end(&self.pool) => anybodys,
        };
        Ok(first?)
    }

    /// The schema every unqualified name resolves in.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection can be had.
    pub async fn tx(&self) -> Result<Tx, StoreError> {
        let pool = self.pool.clone();
        #[allow(clippy::disallowed_methods, reason = "the one place: in a task nobody cancels")]
        let begun = tokio::spawn(async move { pool.begin().await }).instrument(inner_span!("db.begin"));
        let transaction = begun.await.map_err(|_| sqlx::Error::WorkerCrashed)??;
        Ok(Tx { transaction: Some(transaction) })
    }

    /// Begins a transaction where a connection is idle, for who can do without: nobody waits for one while they hold another.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the connection that was idle turns out to be broken.
    pub async fn idle_tx(&self) -> Result<Option<Tx>, StoreError> {
        let pool = self.pool.clone();
        #[allow(clippy::disallowed_methods, reason = "in a task nobody cancels, as the other")]
        let begun = tokio::spawn(async move { pool.try_begin().await }).instrument(inner_span!("db.begin"));
        let transaction = begun.await.map_err(|_| sqlx::Error::WorkerCrashed)??;
        Ok(transaction.map(|transaction| Tx { transaction: Some(transaction) }))
    }

    /// Runs one writing statement in autocommit: one round trip, atomic by itself. It runs to its
    /// end in a task of its own even when the caller goes away.
    ///
    /// # Errors
    /// What the statement said; a broken connection is [`StoreError::OutcomeUnknown`].
    pub async fn statement<T, F, Fut>(&self, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(PgPool) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, sqlx::Error>> + Send + 'static,
    {
        let done = tokio::spawn(run(self.pool.clone())).await.map_err(|_| sqlx::Error::WorkerCrashed);
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error @ (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed))) => Err(error.into()),
            Ok(Err(error)) | Err(error) => Err(StoreError::from(error).at_commit()),
        }
    }

    /// Closes the pool, waiting at most `limit` for borrowed connections.
    pub async fn close(&self, limit: Duration) {
        let closed = async {
            if let Some(rings) = &self.rings {
                rings.close().await;
            }
            self.pool.close().await;
        };
        if tokio::time::timeout(limit, closed).await.is_err() {
            tracing::warn!(schema = %self.schema, "connections were still borrowed when the pool was closed");
        }
    }
}

/// A connection of `pool`, for who may stop waiting for it: one that has to be made is made in a task of its own, and the pool's when
/// nobody waits any more. Given up on half-way it would be begun again for the next who waits, and cost its making each time while the
/// pool stays as small as it is.
async fn made_to_the_end(pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    if pool.size() >= pool.options().get_max_connections() {
        return pool.acquire().await;
    }
    let pool = pool.clone();
    tokio::spawn(async move { pool.acquire().await }).await.map_err(|_| sqlx::Error::WorkerCrashed)?
}

fn pool_options(settings: &Settings) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(settings.parted().0)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(300))
        // A connection is tested when it comes back; testing it again before use costs a round
        // trip of every request, and a broken one is found by the statement itself.
        .test_before_acquire(false)
}

/// An open transaction. Dropped unfinished, it is rolled back before its connection is reused.
pub struct Tx {
    transaction: Option<sqlx::Transaction<'static, Postgres>>,
}

impl Tx {
    /// Commits.
    ///
    /// # Errors
    /// [`StoreError::OutcomeUnknown`] when the connection broke on the way.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let Some(transaction) = self.transaction.take() else { return Ok(()) };
        // In a task of its own: a caller who goes away must not tear COMMIT from its answer.
        let done = tokio::spawn(transaction.commit()).instrument(inner_span!("db.commit")).await;
        let done = done.map_err(|_| sqlx::Error::WorkerCrashed);
        match done {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) | Err(error) => Err(StoreError::from(error).at_commit()),
        }
    }

    /// Rolls back and waits for it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the connection broke; the server has rolled back by itself.
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        match self.transaction.take() {
            Some(transaction) => Ok(transaction.rollback().await?),
            None => Ok(()),
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Some(transaction) = self.transaction.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                if let Err(error) = transaction.rollback().await {
                    tracing::debug!(error = %StoreError::from(error), "rollback of a dropped transaction");
                }
            });
        }
    }
}

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.transaction.as_deref().expect("only commit and rollback take the transaction, and they take self")
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.transaction.as_deref_mut().expect("only commit and rollback take the transaction, and they take self")
    }
}
