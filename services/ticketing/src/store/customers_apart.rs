//! What was heard of customers who are no longer one, and the merges that are looked at for it.

use kernel::ResourceId as _;
use postgres::{StoreError, affected_one};
use sqlx::{PgConnection, PgExecutor, PgPool};
use ticketing_domain::{CustomerId, TicketId};
use uuid::Uuid;

/// A ticket that was merged into one that came under another customer's id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mixed {
    /// The ticket.
    pub ticket: TicketId,
    /// Whose it is.
    pub customer: CustomerId,
    /// What it was merged into.
    pub into: TicketId,
    /// Whose that is.
    pub into_customer: CustomerId,
}

/// It was heard that customers are no longer one. Waits for whoever is merging, and whoever merges after this hears of it.
#[tracing::instrument(name = "db.customers_apart.hear", skip_all)]
pub(crate) async fn hear(tx: &mut PgConnection) -> Result<(), StoreError> {
    let heard = sqlx::query!("update ticketing.customers_apart set heard = heard + 1").execute(tx).await?;
    affected_one(&heard)
}

/// How often that was heard.
#[tracing::instrument(name = "db.customers_apart.heard", skip_all)]
pub(crate) async fn heard(executor: impl PgExecutor<'_>) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!("select heard from ticketing.customers_apart").fetch_one(executor).await?)
}

/// The same, and it is heard no more often until the transaction ends.
#[tracing::instrument(name = "db.customers_apart.heard_until_done", skip_all)]
pub(crate) async fn heard_until_done(tx: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!("select heard from ticketing.customers_apart for share").fetch_one(tx).await?)
}

/// How often it was heard, where merges are to be looked at for it.
#[tracing::instrument(level = "debug", name = "db.customers_apart.to_look", skip_all)]
pub(crate) async fn to_look(pool: &PgPool) -> Result<Option<i64>, StoreError> {
    let heard = sqlx::query_scalar!("select heard from ticketing.customers_apart where looked < heard");
    Ok(heard.fetch_optional(pool).await?)
}

/// All merges were looked at for what was heard so far.
#[tracing::instrument(name = "db.customers_apart.looked", skip_all)]
pub(crate) async fn looked(pool: &PgPool, heard: i64) -> Result<(), StoreError> {
    let done = sqlx::query!("update ticketing.customers_apart set looked = greatest(looked, $1)", heard);
    affected_one(&done.execute(pool).await?)
}

/// Merges under two ids after that of this ticket, but those in which something was erased.
#[tracing::instrument(name = "db.customers_apart.mixed", skip_all)]
pub(crate) async fn mixed(pool: &PgPool, after: Uuid, limit: i64) -> Result<Vec<Mixed>, StoreError> {
    let rows = sqlx::query!(
        "select t.ticket_id, t.customer_id, i.ticket_id as into_ticket, i.customer_id as into_customer
         from ticketing.ticket t join ticketing.ticket i on i.ticket_id = t.merged_into
         where t.merged_into is not null and t.ticket_id > $1 and t.customer_id <> i.customer_id
           and t.erased_at is null and i.erased_at is null
         order by t.ticket_id limit $2",
        after,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let read = rows.into_iter().map(|row| Mixed {
        ticket: TicketId::from_uuid(row.ticket_id),
        customer: CustomerId::from_uuid(row.customer_id),
        into: TicketId::from_uuid(row.into_ticket),
        into_customer: CustomerId::from_uuid(row.into_customer),
    });
    Ok(read.collect())
}
