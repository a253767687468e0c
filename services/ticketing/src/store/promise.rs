//! Promises. They change under the lock of their ticket.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Department, ResourceId};
use postgres::{StoreError, affected_one};
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{
    ClockId, Promise, PromiseForecast, PromiseId, PromiseKind, PromiseStanding, PromiseState, TicketId, Tried, Word,
};
use uuid::Uuid;

use super::{actor, word};

/// A promise with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct StoredPromise {
    /// The promise.
    pub promise: Promise,
    /// Place in the ticket's history.
    pub sequence: i32,
    /// The etag.
    pub version: i64,
}

struct PromiseRow {
    promise_id: Uuid,
    ticket_id: Uuid,
    sequence: i32,
    text: String,
    due_at: jiff_sqlx::Timestamp,
    channel: String,
    replaces: Option<Uuid>,
    made_by_kind: String,
    made_by_id: String,
    made_by_department: Option<String>,
    made_at: jiff_sqlx::Timestamp,
    state: String,
    state_since: Option<jiff_sqlx::Timestamp>,
    clock_id: Option<Uuid>,
    cause: Option<String>,
    version: i64,
    kind: String,
    window_from: Option<jiff_sqlx::Timestamp>,
    attempts: i32,
    attempted_at: Option<jiff_sqlx::Timestamp>,
    despite: Option<String>,
    earliest_at: Option<jiff_sqlx::Timestamp>,
    earliest_percent: Option<i16>,
    kept_share: Option<f64>,
    basis: Option<i64>,
    term_clock_id: Option<Uuid>,
}

impl PromiseRow {
    fn kind(&self) -> Result<PromiseKind, StoreError> {
        let key = self.promise_id;
        let from = || word("promise", "window_from", key, self.window_from.map(|t| t.to_jiff()));
        let times = u32::try_from(self.attempts).unwrap_or_default();
        let tried = Tried { times, last: self.attempted_at.map(|t| t.to_jiff()) };
        Ok(match self.kind.as_str() {
            "other" => PromiseKind::Other,
            "resolution" => PromiseKind::Resolution,
            "callback" => PromiseKind::Callback { from: from()?, tried },
            "appointment" => PromiseKind::Appointment { from: from()?, tried },
            "follow_up" => PromiseKind::FollowUp,
            _ => return Err(StoreError::corrupt("promise", "kind", key)),
        })
    }

    fn forecast(&self) -> Option<PromiseForecast> {
        Some(PromiseForecast {
            earliest: self.earliest_at?.to_jiff(),
            percent: u8::try_from(self.earliest_percent?).ok()?,
            kept_share: self.kept_share?,
            basis: self.basis?,
        })
    }

    fn state(&self) -> Result<PromiseState, StoreError> {
        let key = self.promise_id;
        let since = || word("promise", "state_since", key, self.state_since.map(|t| t.to_jiff()));
        let cause = || self.cause.as_deref().and_then(|c| c.parse().ok());
        Ok(match word("promise", "state", key, PromiseStanding::from_word(&self.state))? {
            PromiseStanding::Made => PromiseState::Made,
            PromiseStanding::AtRisk => {
                let clock = word("promise", "clock_id", key, self.clock_id)?;
                PromiseState::AtRisk { since: since()?, clock: ClockId::from_uuid(clock) }
            }
            PromiseStanding::Kept => PromiseState::Kept { at: since()? },
            PromiseStanding::Renegotiated => PromiseState::Renegotiated { at: since()? },
            PromiseStanding::BrokenAnnounced => {
                PromiseState::BrokenAnnounced { at: since()?, cause: word("promise", "cause", key, cause())? }
            }
            PromiseStanding::BrokenSilent => PromiseState::BrokenSilent { at: since()?, cause: cause() },
            PromiseStanding::BrokenUnreported => {
                PromiseState::BrokenUnreported { at: since()?, cause: word("promise", "cause", key, cause())? }
            }
            PromiseStanding::Lapsed => PromiseState::Lapsed { at: since()? },
        })
    }
}

impl TryFrom<PromiseRow> for StoredPromise {
    type Error = StoreError;

    fn try_from(row: PromiseRow) -> Result<Self, StoreError> {
        let (key, ticket) = (row.promise_id, TicketId::from_uuid(row.ticket_id));
        let (state, kind, forecast) = (row.state()?, row.kind()?, row.forecast());
        let promise = Promise {
            id: PromiseId { ticket, id: key },
            kind,
            forecast,
            despite: match row.despite {
                Some(despite) => Some(word("promise", "despite", key, despite.parse().ok())?),
                None => None,
            },
            text: word("promise", "text", key, row.text.parse().ok())?,
            due: row.due_at.to_jiff(),
            channel: word("promise", "channel", key, row.channel.parse().ok())?,
            replaces: row.replaces.map(|id| PromiseId { ticket, id }),
            by: actor("promise", key, &row.made_by_kind, row.made_by_id, row.made_by_department)?,
            made: row.made_at.to_jiff(),
            term: row.term_clock_id.map(ClockId::from_uuid),
            state,
        };
        Ok(Self { promise, sequence: row.sequence, version: row.version })
    }
}

/// Every reading of promises has the same columns; only what follows `from` differs.
macro_rules! select_promises {
    ($tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            PromiseRow,
            "select p.promise_id, p.ticket_id, p.sequence, p.text, p.due_at, p.channel, p.replaces, p.made_by_kind, p.made_by_id,
                    p.made_by_department, p.made_at, p.state, p.state_since, p.clock_id, p.cause, p.version, p.kind, p.window_from,
                    p.attempts, p.attempted_at, p.despite, p.earliest_at, p.earliest_percent, p.kept_share, p.basis, p.term_clock_id
             from ticketing.promise p " + $tail
            $(, $argument)*
        )
    };
}

/// One promise, inside the transaction that holds the lock of its ticket.
#[tracing::instrument(name = "db.promise.get", skip_all)]
pub(crate) async fn get(tx: &mut PgConnection, id: PromiseId) -> Result<Option<StoredPromise>, StoreError> {
    let row = select_promises!("where p.promise_id = $1 and p.ticket_id = $2", id.id, id.ticket.uuid())
        .fetch_optional(tx)
        .await?;
    row.map(StoredPromise::try_from).transpose()
}

/// The promise that stood last for the term of this clock, if any did. Under the lock of its ticket it is the only one that may run.
#[tracing::instrument(name = "db.promise.of_term", skip_all)]
pub(crate) async fn of_term(tx: &mut PgConnection, clock: ClockId) -> Result<Option<StoredPromise>, StoreError> {
    let row = select_promises!("where p.term_clock_id = $1 order by p.sequence desc limit 1", clock.uuid());
    row.fetch_optional(tx).await?.map(StoredPromise::try_from).transpose()
}

/// Whether an answer by this instant, or before, is promised already, by a promise that still runs.
#[tracing::instrument(name = "db.promise.answers_by", skip_all)]
pub(crate) async fn answers_by(tx: &mut PgConnection, ticket: TicketId, due: Timestamp) -> Result<bool, StoreError> {
    let promised = sqlx::query_scalar!(
        r#"select exists (select from ticketing.promise where ticket_id = $1 and kind = 'resolution' and due_at <= $2
                          and state in ('made', 'at_risk')) as "promised!""#,
        ticket.uuid(),
        due.to_sqlx() as _,
    );
    Ok(promised.fetch_one(tx).await?)
}

/// Promises of these tickets that run, inside the transaction that holds their locks, in the order they were made.
#[tracing::instrument(name = "db.promise.running", skip_all)]
pub(crate) async fn running(tx: &mut PgConnection, tickets: &[TicketId]) -> Result<Vec<PromiseId>, StoreError> {
    let tickets: Vec<Uuid> = tickets.iter().map(|ticket| ticket.uuid()).collect();
    let rows = sqlx::query!(
        "select ticket_id, promise_id from ticketing.promise
         where ticket_id = any($1) and state in ('made', 'at_risk') order by ticket_id, sequence",
        &tickets,
    )
    .fetch_all(tx)
    .await?;
    let id = |ticket, id| PromiseId { ticket: TicketId::from_uuid(ticket), id };
    Ok(rows.into_iter().map(|row| id(row.ticket_id, row.promise_id)).collect())
}

/// Withdrawn and erased affairs in which a promise runs, but none of `left`: a version before ended none there.
#[tracing::instrument(name = "db.promise.left_running", skip_all)]
pub(crate) async fn left_running(pool: &PgPool, left: &[Uuid], limit: i64) -> Result<Vec<TicketId>, StoreError> {
    let found = sqlx::query_scalar!(
        "select distinct p.ticket_id from ticketing.promise p join ticketing.ticket t on t.ticket_id = p.ticket_id
         where p.state in ('made', 'at_risk') and (t.state = 'cancelled' or t.erased_at is not null) and p.ticket_id <> all($1) limit $2",
        left,
        limit,
    );
    Ok(found.fetch_all(pool).await?.into_iter().map(TicketId::from_uuid).collect())
}

/// Promises of a ticket after the one with this sequence number, in the order they were made.
#[tracing::instrument(name = "db.promise.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    ticket: TicketId,
    after: i32,
    limit: i64,
) -> Result<Vec<StoredPromise>, StoreError> {
    let rows = select_promises!(
        "where p.ticket_id = $1 and p.sequence > $2 order by p.sequence limit $3",
        ticket.uuid(),
        after,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(StoredPromise::try_from).collect()
}

/// Place of a promise in the order in which they fall due.
pub(crate) type Due = (Timestamp, Uuid);

/// Which promises that still run are looked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct DueFilter {
    /// Of affairs that this department works on.
    pub department: Option<Department>,
    /// Of these kinds; empty for all.
    pub kinds: Vec<&'static str>,
    /// Due before then.
    pub to: Option<Timestamp>,
}

/// Promises that still run, the one that is due first first, after the one with this place. Of an affair that its customer withdrew, or that was not taken
/// up, nothing is to be done; what was said in one that was erased is gone. One that is answered with another is worked on by whoever works on the other.
#[tracing::instrument(name = "db.promise.due", skip_all)]
pub(crate) async fn due(
    pool: &PgPool,
    filter: &DueFilter,
    after: Option<Due>,
    limit: i64,
) -> Result<Vec<StoredPromise>, StoreError> {
    let kinds: Vec<String> = filter.kinds.iter().map(ToString::to_string).collect();
    let (at, id) = after.unwrap_or((Timestamp::UNIX_EPOCH, Uuid::nil()));
    let rows = select_promises!(
        "join ticketing.ticket t on t.ticket_id = p.ticket_id
         join ticketing.ticket h on h.ticket_id = coalesce(t.merged_head, t.ticket_id)
         where p.state in ('made', 'at_risk') and (p.due_at, p.promise_id) > ($1, $2)
           and ($3::timestamptz is null or p.due_at < $3) and (cardinality($4::text[]) = 0 or p.kind = any($4))
           and ($5::text is null or h.department = $5) and t.erased_at is null and t.state not in ('cancelled', 'rejected')
         order by p.due_at, p.promise_id limit $6",
        at.to_sqlx() as _,
        id,
        filter.to.map(|to| to.to_sqlx()) as _,
        &kinds,
        filter.department.as_ref().map(Department::as_str),
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(StoredPromise::try_from).collect()
}

/// The promise at risk that falls due first within this time, of which its customer was told nothing, but none of `left`. One that was put in place of another
/// is left until that has ended: nobody is told twice of the same.
#[tracing::instrument(name = "db.promise.to_announce", skip_all)]
pub(crate) async fn to_announce(
    pool: &PgPool,
    (now, until): (Timestamp, Timestamp),
    left: &[Uuid],
) -> Result<Option<StoredPromise>, StoreError> {
    let row = select_promises!(
        "join ticketing.ticket t on t.ticket_id = p.ticket_id
         where p.state = 'at_risk' and p.due_at > $1 and p.due_at <= $2 and p.promise_id <> all($3)
           and t.erased_at is null and t.state not in ('cancelled', 'rejected')
           and not (p.kind = 'resolution' and t.state in ('resolved', 'closed'))
           and not exists (select from ticketing.notice n where n.promise_id = p.promise_id)
           and not exists (select from ticketing.notice n join ticketing.promise o on o.promise_id = n.promise_id
                           where n.new_promise_id = p.promise_id and o.state = 'at_risk')
         order by p.due_at, p.promise_id limit 1",
        now.to_sqlx() as _,
        until.to_sqlx() as _,
        left,
    )
    .fetch_optional(pool)
    .await?;
    row.map(StoredPromise::try_from).transpose()
}

/// The department that works on each of these affairs: of one that is answered with another, that of the other.
#[tracing::instrument(name = "db.promise.departments", skip_all)]
pub(crate) async fn departments(pool: &PgPool, tickets: &[Uuid]) -> Result<HashMap<Uuid, String>, StoreError> {
    let rows = sqlx::query!(
        "select t.ticket_id, h.department from ticketing.ticket t
         join ticketing.ticket h on h.ticket_id = coalesce(t.merged_head, t.ticket_id) where t.ticket_id = any($1)",
        tickets,
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (row.ticket_id, row.department)).collect())
}

/// The word a kind is kept as.
pub(crate) const fn kind_word(kind: PromiseKind) -> &'static str {
    match kind {
        PromiseKind::Other => "other",
        PromiseKind::Resolution => "resolution",
        PromiseKind::Callback { .. } => "callback",
        PromiseKind::Appointment { .. } => "appointment",
        PromiseKind::FollowUp => "follow_up",
    }
}

/// Beginning of the window, and how the customer was tried in it.
pub(crate) fn window(kind: PromiseKind) -> (Option<Timestamp>, Tried) {
    match kind {
        PromiseKind::Callback { from, tried } | PromiseKind::Appointment { from, tried } => (Some(from), tried),
        _ => (None, Tried::default()),
    }
}

/// Adds a promise.
#[tracing::instrument(name = "db.promise.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, stored: &StoredPromise) -> Result<(), StoreError> {
    let promise = &stored.promise;
    sqlx::query!(
        "insert into ticketing.promise (promise_id, ticket_id, sequence, text, due_at, channel, replaces, made_by_kind,
             made_by_id, made_by_department, made_at, state, version, kind, window_from, despite, earliest_at, earliest_percent,
             kept_share, basis, term_clock_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
        promise.id.id,
        promise.id.ticket.uuid(),
        stored.sequence,
        promise.text.expose(),
        promise.due.to_sqlx() as _,
        promise.channel.as_str(),
        promise.replaces.map(|r| r.id),
        promise.by.kind.as_str(),
        promise.by.id,
        promise.by.department.as_ref().map(|d| d.as_str()),
        promise.made.to_sqlx() as _,
        promise.state.standing().as_str(),
        stored.version,
        kind_word(promise.kind),
        window(promise.kind).0.map(|from| from.to_sqlx()) as _,
        promise.despite.as_ref().map(Word::as_str),
        promise.forecast.map(|told| told.earliest.to_sqlx()) as _,
        promise.forecast.map(|told| i16::from(told.percent)),
        promise.forecast.map(|told| told.kept_share),
        promise.forecast.map(|told| told.basis),
        promise.term.map(|clock| clock.uuid()),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes where a promise stands now; `stored` holds the version it is to have.
#[tracing::instrument(name = "db.promise.update", skip_all)]
pub(crate) async fn update(tx: &mut PgConnection, stored: &StoredPromise) -> Result<(), StoreError> {
    let state = &stored.promise.state;
    let (since, clock) = match state {
        PromiseState::AtRisk { since, clock } => (Some(*since), Some(*clock)),
        settled => (settled.settled(), None),
    };
    let (_, tried) = window(stored.promise.kind);
    let written = sqlx::query!(
        "update ticketing.promise set state = $2, state_since = $3, clock_id = $4, cause = $5, version = $6, attempts = $7,
             attempted_at = $8
         where promise_id = $1 and version = $6::bigint - 1",
        stored.promise.id.id,
        state.standing().as_str(),
        since.map(|t| t.to_sqlx()) as _,
        clock.map(|c| c.uuid()),
        state.cause().map(|c| c.expose()),
        stored.version,
        i32::try_from(tried.times).unwrap_or(i32::MAX),
        tried.last.map(|t| t.to_sqlx()) as _,
    )
    .execute(tx)
    .await?;
    affected_one(&written)
}

/// Promises to customers that are in danger. Ten thousand of each kind at most are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Danger {
    /// Told to be at risk by the monitor of clocks.
    pub at_risk: i64,
    /// Past their time and neither kept nor given up.
    pub overdue: i64,
}

/// Counts the promises that are in danger.
#[tracing::instrument(level = "debug", name = "db.promise.danger", skip_all)]
pub(crate) async fn danger(db: &PgPool) -> Result<Danger, StoreError> {
    let row = sqlx::query!(
        r#"select (select count(*) from (
                       select from ticketing.promise where state = 'at_risk' limit 10000
                   ) as at_risk) as "at_risk!",
                  (select count(*) from (
                       select from ticketing.promise where state in ('made', 'at_risk') and due_at <= now() limit 10000
                   ) as overdue) as "overdue!""#
    )
    .fetch_one(db)
    .await?;
    Ok(Danger { at_risk: row.at_risk, overdue: row.overdue })
}
