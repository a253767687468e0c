//! By when customers must have their answers: sla-monitor's clocks, as far as a customer is told of them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId as _;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{ClockId, TicketId};

/// Where a term stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Running {
    /// It ends at this instant.
    Until(Timestamp),
    /// Time does not count, so that nobody knows when it ends.
    Still,
}

impl Running {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Until(_) => "running",
            Self::Still => "still",
        }
    }

    fn due(self) -> Option<jiff_sqlx::Timestamp> {
        match self {
            Self::Until(at) => Some(at.to_sqlx()),
            Self::Still => None,
        }
    }
}

/// A term that begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewTerm {
    /// Its clock.
    pub(crate) clock: ClockId,
    /// The affair to be answered.
    pub(crate) ticket: TicketId,
    /// Set by law, and not by the house.
    pub(crate) by_law: bool,
    /// Where it stands.
    pub(crate) running: Running,
}

/// Terms begin.
#[tracing::instrument(name = "db.term.begin", skip_all)]
pub(crate) async fn begin(tx: &mut PgConnection, terms: &[NewTerm]) -> Result<(), StoreError> {
    if terms.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into ticketing.term (clock_id, ticket_id, by_law, state, due_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::text[], $5::timestamptz[])
         on conflict on constraint term_pkey do nothing",
        &terms.iter().map(|t| t.clock.uuid()).collect::<Vec<_>>(),
        &terms.iter().map(|t| t.ticket.uuid()).collect::<Vec<_>>(),
        &terms.iter().map(|t| t.by_law).collect::<Vec<_>>(),
        &terms.iter().map(|t| t.running.as_str().to_owned()).collect::<Vec<_>>(),
        &terms.iter().map(|t| t.running.due()).collect::<Vec<_>>() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A term that runs, as far as a customer is told of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunningTerm {
    /// The affair to be answered.
    pub(crate) ticket: TicketId,
    /// Set by law, and not by the house.
    pub(crate) by_law: bool,
    /// When it ends.
    pub(crate) due: Timestamp,
}

/// The term of this clock, if it runs.
#[tracing::instrument(name = "db.term.running", skip_all)]
pub(crate) async fn running(tx: &mut PgConnection, clock: ClockId) -> Result<Option<RunningTerm>, StoreError> {
    let found = sqlx::query!(
        r#"select ticket_id, by_law, due_at as "due_at!: jiff_sqlx::Timestamp" from ticketing.term
           where clock_id = $1 and state = 'running'"#,
        clock.uuid()
    );
    Ok(found.fetch_optional(tx).await?.map(|row| RunningTerm {
        ticket: TicketId::from_uuid(row.ticket_id),
        by_law: row.by_law,
        due: row.due_at.to_jiff(),
    }))
}

/// Whether law set the term of this clock; so it did for all that is known of one that is not known any more.
#[tracing::instrument(name = "db.term.is_by_law", skip_all)]
pub(crate) async fn is_by_law(pool: &PgPool, clock: ClockId) -> Result<bool, StoreError> {
    let by_law = sqlx::query_scalar!("select by_law from ticketing.term where clock_id = $1", clock.uuid());
    Ok(by_law.fetch_optional(pool).await?.unwrap_or(true))
}

/// The run of its clock that a term is in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InRun {
    /// Which, from 1; 0 where it was not told.
    pub(crate) epoch: i32,
    /// The whole of the term counts again by what happened: what goes where it was not told, or not kept, in which run it warned.
    pub(crate) anew: bool,
    /// Whether its end is near, as the run stands now; none where it does not run, or was not told.
    pub(crate) warned: Option<bool>,
}

/// A term changes, where it is one that customers are told of. Whether its end is near is as its clock tells; where it does not, it is near no more in another
/// run than the one that warned.
#[tracing::instrument(name = "db.term.change", skip_all)]
pub(crate) async fn change(
    tx: &mut PgConnection,
    clock: ClockId,
    running: Running,
    run: InRun,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update ticketing.term
         set state = $2, due_at = $3, warned = coalesce($6, warned and coalesce(warned_epoch = nullif($4, 0), not $5)),
             warned_epoch = case when $6 then nullif($4, 0) else warned_epoch end
         where clock_id = $1",
        clock.uuid(),
        running.as_str(),
        running.due() as _,
        run.epoch,
        run.anew,
        run.warned,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A term was met, or fell away. That it warned stays known: its run may go on.
#[tracing::instrument(name = "db.term.end", skip_all)]
pub(crate) async fn end(tx: &mut PgConnection, clock: ClockId) -> Result<(), StoreError> {
    sqlx::query!("update ticketing.term set state = 'over', due_at = null where clock_id = $1", clock.uuid())
        .execute(tx)
        .await?;
    Ok(())
}

/// The end of a term is near in this run of its clock, where it is one that customers are told of.
#[tracing::instrument(name = "db.term.warn", skip_all)]
pub(crate) async fn warn(tx: &mut PgConnection, clock: ClockId, epoch: i32) -> Result<(), StoreError> {
    sqlx::query!(
        "update ticketing.term set warned = true, warned_epoch = nullif($2, 0)
         where clock_id = $1 and (not warned or warned_epoch is distinct from nullif($2, 0))",
        clock.uuid(),
        epoch,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The terms of an affair that run and whose end is near, the first to end first.
#[tracing::instrument(name = "db.term.near", skip_all)]
pub(crate) async fn near(tx: &mut PgConnection, ticket: TicketId) -> Result<Vec<ClockId>, StoreError> {
    let near = sqlx::query_scalar!(
        "select clock_id from ticketing.term where ticket_id = $1 and state = 'running' and warned order by due_at, clock_id",
        ticket.uuid(),
    );
    Ok(near.fetch_all(tx).await?.into_iter().map(ClockId::from_uuid).collect())
}
