//! Destroys what was asked to be destroyed, tries again where something was needed still, and says so in the ledger.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use kernel::{Actor, ActorKind, Ambient, Classify as _, Kind, ResourceId};
use ledger::{Draft, Ledger, Stamp};
use postgres::{StoreError, Tx};
use sqlx::Row;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use ventanilla_proto::rights::v1::PersonalDataErased;

use crate::{CustomerId, DataHolder, ErasureId};

/// How long the worker waits when there is nothing to destroy.
const IDLE: Duration = Duration::from_millis(500);
/// How long a matter that is needed still is left alone.
const NEEDED: SignedDuration = SignedDuration::from_hours(1);

/// Writes down that these customers are to be destroyed here; a second time it is done again.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.erasure.ask", skip_all)]
pub async fn ask(tx: &mut Tx, id: ErasureId, customers: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "insert into erasure (erasure_id, customers, asked_at, try_at) values ($1, $2, $3, $3)
         on conflict on constraint erasure_pkey do update set erased_at = null, try_at = excluded.try_at",
    )
    .bind(id.uuid())
    .bind(customers)
    .bind(now.to_sqlx())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The worker of one service.
#[derive(Clone)]
pub struct Eraser<H> {
    ledger: Ledger,
    ambient: Ambient,
    service: &'static str,
    holder: H,
}

/// What came of one try.
enum Tried {
    /// There was nothing to do.
    Idle,
    /// Something was done, or put off.
    Went,
    /// An entry waits for its position: soon.
    Soon,
}

impl<H: DataHolder> Eraser<H> {
    /// The worker of the service that owns `ledger`.
    pub fn new(ledger: Ledger, ambient: Ambient, service: &'static str, holder: H) -> Self {
        Self { ledger, ambient, service, holder }
    }

    /// Destroys until cancelled.
    ///
    /// # Errors
    /// What the holder fails with; begun again by who supervises it.
    pub async fn run(self, cancel: CancellationToken) -> Result<(), H::Error> {
        loop {
            let pause = match self.once().await {
                Ok(Tried::Went) => Duration::ZERO,
                Ok(Tried::Soon) => IDLE / 10,
                Ok(Tried::Idle) => IDLE,
                Err(error) if error.kind() == Kind::Aborted => IDLE,
                Err(error) => return Err(error),
            };
            tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn once(&self) -> Result<Tried, H::Error> {
        let now = self.ambient.now();
        // Looked for outside a transaction: nearly always there is nothing.
        let due: Vec<Uuid> = sqlx::query_scalar(
            "select erasure_id from erasure where erased_at is null and try_at <= $1 order by try_at limit 20",
        )
        .bind(now.to_sqlx())
        .fetch_all(self.ledger.db().reader())
        .await?;
        if due.is_empty() {
            return Ok(Tried::Idle);
        }
        // Of these, and of none that is heard of from here on, everybody knows now.
        self.holder.settle().await?;
        let mut tx = self.ledger.db().tx().await?;
        let row = sqlx::query(
            "select erasure_id, customers from erasure where erasure_id = any($2) and erased_at is null and try_at <= $1
             order by try_at limit 1 for update skip locked",
        )
        .bind(now.to_sqlx())
        .bind(&due)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(Tried::Idle) };
        let id = ErasureId::from_uuid(row.try_get("erasure_id")?);
        let customers: Vec<Uuid> = row.try_get("customers")?;
        self.destroy(tx, id, &customers, now).await
    }

    #[tracing::instrument(name = "rights.erase", skip_all, fields(erasure = %id))]
    async fn destroy(&self, mut tx: Tx, id: ErasureId, customers: &[Uuid], now: Timestamp) -> Result<Tried, H::Error> {
        let left = self.holder.erase(&mut tx, customers, now).await?;
        // An entry that could not be applied, and is parked, names the customer and nothing that the holder knows of.
        let named = customers.iter().filter(|_| left.needed == 0).map(|id| format!("customers/{}", id.as_hyphenated()));
        let forgotten: Vec<String> = left.resources.iter().cloned().chain(named).collect();
        if !ledger::forget(&mut tx, &forgotten).await? {
            tx.rollback().await?;
            return Ok(Tried::Soon);
        }
        let about: Vec<Uuid> =
            left.resources.iter().filter_map(|name| id_in(name)).chain(customers.iter().copied()).collect();
        postgres::forget_answers(&mut tx, &about).await?;
        let done = left.needed == 0;
        let later = now.checked_add(NEEDED).unwrap_or(Timestamp::MAX);
        let records: i64 = sqlx::query_scalar(
            "update erasure set record_count = record_count + $2, erased_at = case when $3 then $4 end,
                    try_at = case when $3 then try_at else $5 end
             where erasure_id = $1 returning record_count",
        )
        .bind(id.uuid())
        .bind(i64::try_from(left.resources.len()).unwrap_or(i64::MAX))
        .bind(done)
        .bind(now.to_sqlx())
        .bind(later.to_sqlx())
        .fetch_one(&mut *tx)
        .await?;
        if done {
            let mut drafts = vec![self.done(id, customers, records, now)];
            drafts.extend(self.holder.erased(&mut tx, id, now).await?);
            ledger::append(&mut tx, &drafts).await?;
        } else {
            tracing::info!(needed = left.needed, "some of it is needed still; trying again later");
        }
        tx.commit().await?;
        self.ledger.nudge();
        Ok(Tried::Went)
    }

    fn done(&self, id: ErasureId, customers: &[Uuid], record_count: i64, now: Timestamp) -> Draft {
        let payload = PersonalDataErased {
            erasure: id.name(),
            customers: customers.iter().map(|id| CustomerId::from_uuid(*id).name()).collect(),
            service: self.service.to_owned(),
            record_count,
        };
        let actor = Actor { kind: ActorKind::System, id: self.service.to_owned(), department: None };
        let stamp = Stamp::of(actor, now, server::current_traceparent());
        Draft::new(self.ambient.uuid(now), id.name(), &payload, &stamp)
    }
}

/// The id at the end of a resource name.
fn id_in(name: &str) -> Option<Uuid> {
    name.rsplit('/').next().and_then(|id| Uuid::try_parse(id).ok())
}
