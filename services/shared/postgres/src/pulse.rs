//! Whether the database answers, asked over a connection of its own: a pool that calls have filled says nothing of the database.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::Mutex;

use crate::{Db, StoreError};

/// How long the answer may take.
const LIMIT: Duration = Duration::from_secs(2);
/// How long a connection is kept, as by the pool: by then another password or address is met.
const KEPT: Duration = Duration::from_secs(300);

/// Looks at a service's database. Cheap to clone.
#[derive(Clone)]
pub struct Pulse {
    options: Arc<PgConnectOptions>,
    kept: Arc<Mutex<Option<Kept>>>,
}

struct Kept {
    connection: PgConnection,
    since: Instant,
}

impl Pulse {
    /// Looks at the database of `db`, as it is reached by it.
    pub fn of(db: &Db) -> Self {
        Self { options: db.reader().connect_options(), kept: Arc::default() }
    }

    /// One look.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be reached, does not answer in two seconds, or only reads.
    pub async fn look(&self) -> Result<(), StoreError> {
        // Taken out: of a look that is given up nothing is left to be looked with again.
        let mut place = self.kept.lock().await;
        let kept = place.take().filter(|kept| kept.since.elapsed() < KEPT);
        let asked = async {
            let mut kept = match kept {
                Some(kept) => kept,
                None => {
                    let connection = PgConnection::connect_with(&self.options).await?;
                    Kept { connection, since: Instant::now() }
                }
            };
            let only_reads: bool =
                sqlx::query_scalar("select pg_is_in_recovery()").fetch_one(&mut kept.connection).await?;
            Ok::<_, sqlx::Error>((kept, only_reads))
        };
        let late = |_| sqlx::Error::Io(io::ErrorKind::TimedOut.into());
        let (kept, only_reads) = tokio::time::timeout(LIMIT, asked).await.map_err(late)??;
        if only_reads {
            return Err(StoreError::only_reads());
        }
        *place = Some(kept);
        Ok(())
    }
}
