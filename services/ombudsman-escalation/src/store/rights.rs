//! Cases of a person, to be told or destroyed.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::CaseId;
use postgres::{Db, StoreError};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// A case, as far as its end matters.
pub(crate) struct Matter {
    pub(crate) id: Uuid,
    /// When it was over for good; `None` while it is not.
    pub(crate) ended_at: Option<Timestamp>,
    /// Its words are gone already.
    pub(crate) erased: bool,
}

impl Matter {
    fn of(id: Uuid, ended_at: Option<jiff_sqlx::Timestamp>, erased: bool) -> Self {
        Self { id, ended_at: ended_at.map(|at| at.to_jiff()), erased }
    }
}

/// Cases of these claimants. A case ends when its claim is over and nothing that was agreed or ordered is still to be done.
#[tracing::instrument(name = "db.rights.matters", skip_all)]
pub(crate) async fn matters(pool: &PgPool, customers: &[Uuid]) -> Result<Vec<Matter>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.case_id, e.case_id is not null as "erased!",
                  case when not exists (select from ombudsman.obligation o where o.case_id = c.case_id
                                        and ombudsman.is_to_be_done(o))
                       then greatest(c.ended_at, (select max(coalesce(o.done_at, o.overdue_at, o.lapsed_at)) from ombudsman.obligation o
                                                   where o.case_id = c.case_id and c.ended_at is not null)) end as ended_at
             from ombudsman.office_case c left join ombudsman.erased_case e on e.case_id = c.case_id
            where c.customer_id = any($1) order by c.created_at, c.case_id"#,
        customers,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| Matter::of(row.case_id, row.ended_at, row.erased)).collect())
}

/// The same, locked until the transaction ends.
#[tracing::instrument(name = "db.rights.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, customers: &[Uuid]) -> Result<Vec<Matter>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.case_id, exists (select from ombudsman.erased_case e where e.case_id = c.case_id) as "erased!",
                  case when not exists (select from ombudsman.obligation o where o.case_id = c.case_id
                                        and ombudsman.is_to_be_done(o))
                       then greatest(c.ended_at, (select max(coalesce(o.done_at, o.overdue_at, o.lapsed_at)) from ombudsman.obligation o
                                                   where o.case_id = c.case_id and c.ended_at is not null)) end as ended_at
             from ombudsman.office_case c where c.customer_id = any($1) order by c.case_id for update"#,
        customers,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| Matter::of(row.case_id, row.ended_at, row.erased)).collect())
}

/// Destroys every word of these cases: claim, evidence, drafts, reasons and the words of the decision. The database refuses
/// it of one that is not over.
#[tracing::instrument(name = "db.rights.erase", skip_all)]
pub(crate) async fn erase(tx: &mut PgConnection, cases: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.erased_case (case_id, erased_at) select unnest($1::uuid[]), $2",
        cases,
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "with content as (
             delete from ombudsman.dossier_content where case_id = any($1)
         ), corrected as (
             delete from ombudsman.corrected_remedy where case_id = any($1)
         ), draft as (
             delete from ombudsman.draft where case_id = any($1)
         ), point as (
             update ombudsman.claim_point set claim = '[erased]' where case_id = any($1)
         ), document as (
             update ombudsman.decision_document set text = '[erased]' where case_id = any($1)
         ), considered as (
             update ombudsman.decision_precedent set departure_reason = '[erased]' where case_id = any($1)
         ), answer as (
             update ombudsman.decision_point set finding = '[erased]', reason = '[erased]', remedy = '[erased]'
              where case_id = any($1)
         )
         update ombudsman.office_case
            set reasons = case when reasons is not null then '[erased]' end,
                representative_name = case when representative_name is not null then '[erased]' end, version = version + 1
          where case_id = any($1)",
        cases,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from ombudsman.precedent where case_id = any($1)", cases).execute(tx).await?;
    Ok(())
}

/// When the words of a case were destroyed; `None` while they were not.
#[tracing::instrument(name = "db.rights.erased_at", skip_all)]
pub(crate) async fn erased_at(db: &Db, case: CaseId) -> Result<Option<Timestamp>, StoreError> {
    let found = sqlx::query_scalar!("select erased_at from ombudsman.erased_case where case_id = $1", case.uuid());
    Ok(found.fetch_optional(db.reader()).await?.map(|at| at.to_jiff()))
}

/// What the ledger holds of erasures of persons: cases from before each was told for itself went with one.
#[tracing::instrument(name = "db.rights.erasures", skip_all)]
pub(crate) async fn erasures(db: &Db, kind: &str) -> Result<Vec<Vec<u8>>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select payload as "payload!" from ombudsman.ledger_known where type = $1 and payload is not null"#,
        kind
    );
    Ok(found.fetch_all(db.reader()).await?)
}
