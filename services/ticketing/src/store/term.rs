//! By when customers must have their answers: sla-monitor's clocks, as far as a customer is told of them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId as _;
use postgres::StoreError;
use sqlx::PgConnection;
use ticketing_domain::{ClockId, TicketId};

/// Where a term stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Running {
    /// It ends at this instant.
    Until(Timestamp),
    /// Time does not count, so that nobody knows when it ends.
    Still,
    /// It was met, or fell away.
    Over,
}

impl Running {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Until(_) => "running",
            Self::Still => "still",
            Self::Over => "over",
        }
    }

    fn due(self) -> Option<jiff_sqlx::Timestamp> {
        match self {
            Self::Until(at) => Some(at.to_sqlx()),
            Self::Still | Self::Over => None,
        }
    }
}

/// A term begins.
#[tracing::instrument(name = "db.term.begin", skip_all)]
pub(crate) async fn begin(
    tx: &mut PgConnection,
    clock: ClockId,
    ticket: TicketId,
    by_law: bool,
    running: Running,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ticketing.term (clock_id, ticket_id, by_law, state, due_at) values ($1, $2, $3, $4, $5)
         on conflict on constraint term_pkey do nothing",
        clock.uuid(),
        ticket.uuid(),
        by_law,
        running.as_str(),
        running.due() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A term changes, where it is one that customers are told of.
#[tracing::instrument(name = "db.term.change", skip_all)]
pub(crate) async fn change(tx: &mut PgConnection, clock: ClockId, running: Running) -> Result<(), StoreError> {
    sqlx::query!(
        "update ticketing.term set state = $2, due_at = $3 where clock_id = $1",
        clock.uuid(),
        running.as_str(),
        running.due() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}
