//! Affairs of a person, to be told or destroyed.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::Standing;
use uuid::Uuid;

use super::word;

/// An affair, as far as its end matters.
pub(crate) struct Affair {
    pub id: Uuid,
    /// When it ended for good; `None` while it is open, or may be objected to.
    pub ended_at: Option<Timestamp>,
    /// Its words are gone already.
    pub erased: bool,
}

fn affair(id: Uuid, state: &str, (since, owing): (Timestamp, bool), erased: bool) -> Result<Affair, StoreError> {
    let standing = word("ticket", "state", id, Standing::from_word(state))?;
    // What somebody has still to be given is not over, whatever was said.
    let ended = standing.is_terminal() && !owing;
    Ok(Affair { id, ended_at: ended.then_some(since), erased })
}

/// Affairs of these customers.
#[tracing::instrument(name = "db.rights.affairs", skip_all)]
pub(crate) async fn affairs(pool: &PgPool, customers: &[Uuid]) -> Result<Vec<Affair>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.ticket_id, t.state, t.state_since, t.erased_at is not null as "erased!",
                  exists (select from ticketing.redress r where r.ticket_id = t.ticket_id and r.state in ('proposed', 'granted')) as "owing!"
           from ticketing.ticket t where t.customer_id = any($1) order by t.created_at, t.ticket_id"#,
        customers,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| affair(row.ticket_id, &row.state, (row.state_since.to_jiff(), row.owing), row.erased))
        .collect()
}

/// The same, locked until the transaction ends.
#[tracing::instrument(name = "db.rights.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, customers: &[Uuid]) -> Result<Vec<Affair>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.ticket_id, t.state, t.state_since, t.erased_at is not null as "erased!",
                  exists (select from ticketing.redress r where r.ticket_id = t.ticket_id and r.state in ('proposed', 'granted')) as "owing!"
           from ticketing.ticket t where t.customer_id = any($1)
           order by coalesce(t.merged_head, t.ticket_id), t.merged_head is not null, t.ticket_id for no key update of t"#,
        customers,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| affair(row.ticket_id, &row.state, (row.state_since.to_jiff(), row.owing), row.erased))
        .collect()
}

/// Waits until every affair that is being opened is there to be seen, or is not. A statement has its locks before it looks
/// at anything: whoever is let in afterwards sees who was erased before. Writers queue behind the wait, so that it is short: who holds the table
/// longer is waited for by asking again.
#[tracing::instrument(name = "db.rights.wait_for_openings", skip_all)]
pub(crate) async fn wait_for_openings(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("set local lock_timeout = '250ms'").execute(&mut *tx).await?;
    sqlx::query!("lock table ticketing.ticket in share mode").execute(tx).await?;
    Ok(())
}

/// Destroys every word of these affairs. Who can prove the receipt's hash can go on proving it; nobody can ask for the
/// status by the key any more. The id of an imported affair in its own system stays, so that it is not brought again.
#[tracing::instrument(name = "db.rights.erase", skip_all)]
pub(crate) async fn erase(tx: &mut PgConnection, tickets: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        r#"with point as (
               update ticketing.claim_point
               set text = '[erased]', answer = case when answer is not null then '[erased]' end
               where ticket_id = any($1)
           ), receipt as (
               update ticketing.receipt set text = '[erased]' where ticket_id = any($1)
           ), change as (
               update ticketing.ticket_change set note = '[erased]' where ticket_id = any($1) and note is not null
           ), message as (
               update ticketing.message set body = '[erased]' where ticket_id = any($1)
           ), attachment as (
               update ticketing.attachment
               set uri = 'erased:words', file_name = '[erased]', sha256 = decode(repeat('00', 32), 'hex') where ticket_id = any($1)
           ), scan as (
               -- What a file held says nothing of anybody once no other affair has it.
               delete from ticketing.scan s using ticketing.attachment a
               where a.ticket_id = any($1) and s.sha256 = a.sha256
                 and not exists (select from ticketing.attachment o where o.sha256 = a.sha256 and o.ticket_id <> all($1))
           ), mention as (
               delete from ticketing.mention where ticket_id = any($1)
           ), draft as (
               delete from ticketing.draft where ticket_id = any($1)
           ), redress as (
               update ticketing.redress
               set reason = '[erased]', refusal = case when refusal is not null then '[erased]' end,
                   reference = case when reference is not null then '[erased]' end
               where ticket_id = any($1)
           ), promise as (
               update ticketing.promise set text = '[erased]', cause = case when cause is not null then '[erased]' end
               where ticket_id = any($1)
           ), notice as (
               -- What nobody was told yet is told nobody any more.
               update ticketing.notice
               set text = '[erased]', cause = '[erased]',
                   state = case when state in ('waiting', 'handed') then 'withdrawn' else state end,
                   ended_at = case when state in ('waiting', 'handed') then $2 else ended_at end
               where ticket_id = any($1)
           ), cure as (
               update ticketing.cure_request set missing = '[erased]' where ticket_id = any($1)
           ), survey as (
               update ticketing.survey set verbatim = '[erased]' where ticket_id = any($1) and verbatim is not null
           )
           update ticketing.ticket
           set subject = '[erased]', served_first = false, resolution = case when resolution is not null then '[erased]' end,
               signpost = case when signpost is not null then '[erased]' end,
               characteristics = null, proof_salt = decode(repeat('00', 16), 'hex'), proof_hash = decode(repeat('00', 32), 'hex'),
               erased_at = $2, updated_at = $2,
               version = version + 1
           where ticket_id = any($1)"#,
        tickets,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}
