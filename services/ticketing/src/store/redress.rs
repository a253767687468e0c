//! What customers are given. Proposed and changed under the lock of its ticket.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, Department, ResourceId as _};
use postgres::{StoreError, affected_one};
use sqlx::{PgConnection, PgExecutor, PgPool};
use ticketing_domain::{
    Amount, CustomerId, Redress, RedressId, RedressItemId, RedressStanding, RedressState, SlugId as _, TicketId,
};
use uuid::Uuid;

use super::{actor, word};

/// A redress with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct StoredRedress {
    /// The redress.
    pub redress: Redress,
    /// The etag.
    pub version: i64,
}

impl StoredRedress {
    /// Since when it waits, in a list of those that do.
    pub(crate) fn since(&self) -> Timestamp {
        match &self.redress.state {
            RedressState::Granted { at } => *at,
            _ => self.redress.proposed,
        }
    }
}

struct RedressRow {
    redress_id: Uuid,
    ticket_id: Uuid,
    item_id: String,
    currency: Option<String>,
    minor_units: Option<i64>,
    reason: String,
    actor_kind: String,
    actor_id: String,
    actor_department: Option<String>,
    proposed_at: jiff_sqlx::Timestamp,
    needed: i16,
    granted_by_kind: Vec<String>,
    granted_by_id: Vec<String>,
    granted_by_department: Vec<Option<String>>,
    state: String,
    decided_at: Option<jiff_sqlx::Timestamp>,
    refused_by_kind: Option<String>,
    refused_by_id: Option<String>,
    refused_by_department: Option<String>,
    refusal: Option<String>,
    given_at: Option<jiff_sqlx::Timestamp>,
    reference: Option<String>,
    version: i64,
}

impl TryFrom<RedressRow> for StoredRedress {
    type Error = StoreError;

    fn try_from(row: RedressRow) -> Result<Self, StoreError> {
        let key = row.redress_id;
        let missing = |column: &'static str| StoreError::corrupt("redress", column, key);
        let decided = row.decided_at.map(|at| at.to_jiff());
        let state = match word("redress", "state", key, RedressStanding::from_word(&row.state))? {
            RedressStanding::Proposed => RedressState::Proposed,
            RedressStanding::Granted => RedressState::Granted { at: decided.ok_or(missing("decided_at"))? },
            RedressStanding::Refused => {
                let kind = row.refused_by_kind.ok_or(missing("refused_by_kind"))?;
                let id = row.refused_by_id.ok_or(missing("refused_by_id"))?;
                RedressState::Refused {
                    at: decided.ok_or(missing("decided_at"))?,
                    by: actor("redress", key, &kind, id, row.refused_by_department)?,
                    why: word("redress", "refusal", key, row.refusal.as_deref().and_then(|why| why.parse().ok()))?,
                }
            }
            RedressStanding::Given => RedressState::Given {
                granted: decided.ok_or(missing("decided_at"))?,
                at: row.given_at.map(|at| at.to_jiff()).ok_or(missing("given_at"))?,
                reference: word("redress", "reference", key, row.reference.as_deref().and_then(|r| r.parse().ok()))?,
            },
        };
        let granters = row.granted_by_kind.iter().zip(row.granted_by_id).zip(row.granted_by_department);
        let granted_by = granters.map(|((kind, id), department)| actor("redress", key, kind, id, department));
        let amount = row.currency.zip(row.minor_units);
        let redress = Redress {
            id: RedressId { ticket: TicketId::from_uuid(row.ticket_id), id: key },
            item: word("redress", "item_id", key, RedressItemId::of(&row.item_id).ok())?,
            amount: amount.map(|(currency, minor_units)| Amount { currency, minor_units }),
            reason: word("redress", "reason", key, row.reason.parse().ok())?,
            by: actor("redress", key, &row.actor_kind, row.actor_id, row.actor_department)?,
            proposed: row.proposed_at.to_jiff(),
            needed: word("redress", "needed", key, u8::try_from(row.needed).ok())?,
            granted_by: granted_by.collect::<Result<_, StoreError>>()?,
            state,
        };
        Ok(Self { redress, version: row.version })
    }
}

macro_rules! select_redresses {
    ($tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            RedressRow,
            r#"select redress_id, ticket_id, item_id, currency, minor_units, reason, actor_kind, actor_id, actor_department,
                      proposed_at as "proposed_at: _", needed, granted_by_kind, granted_by_id,
                      granted_by_department as "granted_by_department: Vec<Option<String>>", state,
                      decided_at as "decided_at: _", refused_by_kind, refused_by_id, refused_by_department, refusal,
                      given_at as "given_at: _", reference, version
               from ticketing.redress "# + $tail
            $(, $argument)*
        )
    };
}

/// One redress of a ticket.
#[tracing::instrument(name = "db.redress.get", skip_all)]
pub(crate) async fn get(executor: impl PgExecutor<'_>, id: RedressId) -> Result<Option<StoredRedress>, StoreError> {
    let row = select_redresses!("where redress_id = $1 and ticket_id = $2", id.id, id.ticket.uuid());
    row.fetch_optional(executor).await?.map(StoredRedress::try_from).transpose()
}

/// Who gives how much to whom, as it is summed.
pub(crate) struct Generosity<'a> {
    /// To whom: every id that the customer is known under, in order.
    pub customers: &'a [CustomerId],
    /// Who proposes it.
    pub actor: &'a str,
    /// In which currency.
    pub currency: &'a str,
    /// What was proposed since then.
    pub since: Timestamp,
}

/// How much somebody has proposed to a customer, and in an affair with all that is answered with it, that was not refused; in minor units of a currency. Whoever
/// proposes to the same customer at the same time, in whatever affair, waits.
#[tracing::instrument(name = "db.redress.proposed_by", skip_all)]
pub(crate) async fn proposed_by(tx: &mut PgConnection, head: TicketId, by: &Generosity<'_>) -> Result<i64, StoreError> {
    let ids: Vec<Uuid> = by.customers.iter().map(|id| id.uuid()).collect();
    let both = format!("{} {}", ids.first().copied().unwrap_or_default(), by.actor);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", both).fetch_one(&mut *tx).await?;
    let sum = sqlx::query_scalar!(
        r#"select least(coalesce(sum(r.minor_units), 0), 9223372036854775807)::bigint as "sum!"
           from ticketing.redress r join ticketing.ticket t on t.ticket_id = r.ticket_id
           where r.actor_id = $2 and r.currency = $3 and r.state <> 'refused'
             and (t.ticket_id = $1 or t.merged_head = $1 or (t.customer_id = any($4) and r.proposed_at >= $5))"#,
        head.uuid(),
        by.actor,
        by.currency,
        &ids,
        by.since.to_sqlx() as _,
    );
    Ok(sum.fetch_one(tx).await?)
}

/// Those of a ticket and of what is answered with it, the oldest first, after this place.
#[tracing::instrument(name = "db.redress.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    ticket: TicketId,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<StoredRedress>, StoreError> {
    let rows = select_redresses!(
        "where (ticket_id = $1 or ticket_id in (select m.ticket_id from ticketing.ticket m where m.merged_head = $1))
           and ($2::timestamptz is null or (proposed_at, redress_id) > ($2, $3::uuid))
         order by proposed_at, redress_id limit $4",
        ticket.uuid(),
        after.map(|(at, _)| at.to_sqlx()) as _,
        after.map(|(_, id)| id),
        limit,
    );
    rows.fetch_all(pool).await?.into_iter().map(StoredRedress::try_from).collect()
}

/// Those that wait at this step, the one that waits longest first, after this place.
#[tracing::instrument(name = "db.redress.waiting", skip_all)]
pub(crate) async fn waiting(
    pool: &PgPool,
    standing: RedressStanding,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<StoredRedress>, StoreError> {
    let rows = select_redresses!(
        "where state = $1 and state in ('proposed', 'granted')
           and ($2::timestamptz is null or (coalesce(decided_at, proposed_at), redress_id) > ($2, $3::uuid))
         order by coalesce(decided_at, proposed_at), redress_id limit $4",
        standing.as_str(),
        after.map(|(at, _)| at.to_sqlx()) as _,
        after.map(|(_, id)| id),
        limit,
    );
    rows.fetch_all(pool).await?.into_iter().map(StoredRedress::try_from).collect()
}

/// Adds one that was proposed.
#[tracing::instrument(name = "db.redress.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, stored: &StoredRedress) -> Result<(), StoreError> {
    let redress = &stored.redress;
    let granted = match &redress.state {
        RedressState::Granted { at } => Some(*at),
        _ => None,
    };
    sqlx::query!(
        "insert into ticketing.redress (redress_id, ticket_id, item_id, currency, minor_units, reason, actor_kind, actor_id,
             actor_department, proposed_at, needed, state, decided_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        redress.id.id,
        redress.id.ticket.uuid(),
        redress.item.as_str(),
        redress.amount.as_ref().map(|amount| amount.currency.as_str()),
        redress.amount.as_ref().map(|amount| amount.minor_units),
        redress.reason.expose(),
        redress.by.kind.as_str(),
        redress.by.id,
        redress.by.department.as_ref().map(Department::as_str),
        redress.proposed.to_sqlx() as _,
        i16::from(redress.needed),
        redress.state.standing().as_str(),
        granted.map(|at| at.to_sqlx()) as _,
        stored.version,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes a step of one; `stored` holds the version it is to have.
#[tracing::instrument(name = "db.redress.update", skip_all)]
pub(crate) async fn update(tx: &mut PgConnection, stored: &StoredRedress) -> Result<(), StoreError> {
    let redress = &stored.redress;
    let of = |what: fn(&Actor) -> String| redress.granted_by.iter().map(what).collect::<Vec<_>>();
    let departments: Vec<Option<String>> =
        redress.granted_by.iter().map(|by| by.department.as_ref().map(ToString::to_string)).collect();
    let (mut decided, mut refused, mut given) = (None, None, None);
    match &redress.state {
        RedressState::Proposed => {}
        RedressState::Granted { at } => decided = Some(*at),
        RedressState::Refused { at, by, why } => (decided, refused) = (Some(*at), Some((by, why))),
        RedressState::Given { granted, at, reference } => (decided, given) = (Some(*granted), Some((*at, reference))),
    }
    let written = sqlx::query!(
        "update ticketing.redress
         set granted_by_kind = $2, granted_by_id = $3, granted_by_department = $4, state = $5, decided_at = $6,
             refused_by_kind = $7, refused_by_id = $8, refused_by_department = $9, refusal = $10, given_at = $11,
             reference = $12, version = $13
         where redress_id = $1 and version = $13::bigint - 1",
        redress.id.id,
        &of(|by| by.kind.to_string()),
        &of(|by| by.id.clone()),
        &departments as _,
        redress.state.standing().as_str(),
        decided.map(|at| at.to_sqlx()) as _,
        refused.map(|(by, _)| by.kind.as_str()),
        refused.map(|(by, _)| by.id.as_str()),
        refused.and_then(|(by, _)| by.department.as_ref().map(Department::as_str)),
        refused.map(|(_, why)| why.expose()),
        given.map(|(at, _)| at.to_sqlx()) as _,
        given.map(|(_, reference)| reference.expose()),
        stored.version,
    )
    .execute(tx)
    .await?;
    affected_one(&written)
}
