//! Notices. They are written and end under the lock of their ticket, and are handed over under their own.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Channel, ResourceId as _};
use postgres::{StoreError, affected_one};
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{
    Delivery, MOST_HANDINGS, MessageId, Notice, NoticeId, NoticeRoute, NoticeSaid, NoticeState, NoticeTemplateId,
    PromiseId, SlugId as _, TicketId, Word,
};
use uuid::Uuid;

use super::word;

/// A notice with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct StoredNotice {
    /// The notice.
    pub notice: Notice,
    /// Place in the ticket's history.
    pub sequence: i32,
}

struct NoticeRow {
    notice_id: Uuid,
    ticket_id: Uuid,
    sequence: i32,
    promise_id: Uuid,
    new_promise_id: Uuid,
    template_id: String,
    language: String,
    text: String,
    cause: String,
    due_at: jiff_sqlx::Timestamp,
    new_due_at: jiff_sqlx::Timestamp,
    channel: String,
    send_at: jiff_sqlx::Timestamp,
    quiet_at: Option<jiff_sqlx::Timestamp>,
    quiet_channel: Option<String>,
    message_id: Option<Uuid>,
    written_at: jiff_sqlx::Timestamp,
    handings: i32,
    handed_at: Option<jiff_sqlx::Timestamp>,
    handings_in_time: i32,
    delivered_handing: Option<i32>,
    next_at: jiff_sqlx::Timestamp,
    failure: Option<String>,
    state: String,
    ended_at: Option<jiff_sqlx::Timestamp>,
}

impl NoticeRow {
    fn delivery(&self) -> Result<Delivery, StoreError> {
        let key = self.notice_id;
        let ended = || word("notice", "ended_at", key, self.ended_at.map(|at| at.to_jiff()));
        let state = match self.state.as_str() {
            "waiting" => NoticeState::Waiting,
            "handed" => NoticeState::Handed,
            "delivered" => {
                // An older process does not say by which: by the last, then.
                let handing = u32::try_from(self.delivered_handing.unwrap_or(self.handings));
                NoticeState::Delivered {
                    at: ended()?,
                    handing: word("notice", "delivered_handing", key, handing.ok())?,
                }
            }
            "undeliverable" => NoticeState::Undeliverable { at: ended()? },
            "withdrawn" => NoticeState::Withdrawn { at: ended()? },
            _ => return Err(StoreError::corrupt("notice", "state", key)),
        };
        let failure = self.failure.as_deref().map(|failure| word("notice", "failure", key, failure.parse().ok()));
        Ok(Delivery {
            handings: word("notice", "handings", key, u32::try_from(self.handings).ok())?,
            handed: self.handed_at.map(|at| at.to_jiff()),
            in_time: word("notice", "handings_in_time", key, u32::try_from(self.handings_in_time).ok())?,
            next: self.next_at.to_jiff(),
            failure: failure.transpose()?,
            state,
        })
    }
}

impl TryFrom<NoticeRow> for StoredNotice {
    type Error = StoreError;

    fn try_from(row: NoticeRow) -> Result<Self, StoreError> {
        let (key, ticket) = (row.notice_id, TicketId::from_uuid(row.ticket_id));
        let delivery = row.delivery()?;
        let notice = Notice {
            id: NoticeId { ticket, id: key },
            promise: PromiseId { ticket, id: row.promise_id },
            new_promise: PromiseId { ticket, id: row.new_promise_id },
            template: word("notice", "template_id", key, NoticeTemplateId::of(&row.template_id).ok())?,
            said: NoticeSaid {
                language: word("notice", "language", key, row.language.parse().ok())?,
                text: word("notice", "text", key, row.text.parse().ok())?,
                cause: word("notice", "cause", key, row.cause.parse().ok())?,
            },
            due: row.due_at.to_jiff(),
            new_due: row.new_due_at.to_jiff(),
            route: NoticeRoute {
                channel: word("notice", "channel", key, row.channel.parse().ok())?,
                from: row.send_at.to_jiff(),
                later: match (row.quiet_at, row.quiet_channel) {
                    (Some(at), Some(channel)) => {
                        Some((at.to_jiff(), word("notice", "quiet_channel", key, channel.parse().ok())?))
                    }
                    _ => None,
                },
            },
            message: row.message_id.map(|id| MessageId { ticket, id }),
            written: row.written_at.to_jiff(),
            delivery,
        };
        Ok(Self { notice, sequence: row.sequence })
    }
}

/// Every reading of notices has the same columns; only what follows `from` differs.
macro_rules! select_notices {
    ($tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            NoticeRow,
            r#"select n.notice_id, n.ticket_id, n.sequence, n.promise_id, n.new_promise_id, n.template_id, n.language, n.text, n.cause,
                      n.due_at as "due_at: _", n.new_due_at as "new_due_at: _", n.channel, n.send_at as "send_at: _", n.quiet_at as "quiet_at: _", n.quiet_channel, n.message_id,
                      n.written_at as "written_at: _", n.handings, n.handed_at as "handed_at: _", n.handings_in_time, n.delivered_handing, n.next_at as "next_at: _", n.failure,
                      n.state, n.ended_at as "ended_at: _"
               from ticketing.notice n "# + $tail
            $(, $argument)*
        )
    };
}

/// One notice, locked until the transaction ends, which holds the lock of its ticket.
#[tracing::instrument(name = "db.notice.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: NoticeId) -> Result<Option<StoredNotice>, StoreError> {
    let row = select_notices!("where n.notice_id = $1 and n.ticket_id = $2 for no key update", id.id, id.ticket.uuid());
    row.fetch_optional(tx).await?.map(StoredNotice::try_from).transpose()
}

/// The notices that speak of a promise, or put it in place of another; locked until the transaction ends, so that nobody is handed one meanwhile.
#[tracing::instrument(name = "db.notice.lock_about", skip_all)]
pub(crate) async fn lock_about(tx: &mut PgConnection, promise: PromiseId) -> Result<Vec<StoredNotice>, StoreError> {
    let rows = select_notices!(
        "where n.promise_id = $1 or n.new_promise_id = $1 order by n.notice_id for no key update",
        promise.id
    );
    rows.fetch_all(tx).await?.into_iter().map(StoredNotice::try_from).collect()
}

/// Notices of a ticket after the one with this sequence number, in the order they were written.
#[tracing::instrument(name = "db.notice.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    ticket: TicketId,
    after: i32,
    limit: i64,
) -> Result<Vec<StoredNotice>, StoreError> {
    let rows = select_notices!(
        "where n.ticket_id = $1 and n.sequence > $2 order by n.sequence limit $3",
        ticket.uuid(),
        after,
        limit,
    );
    rows.fetch_all(pool).await?.into_iter().map(StoredNotice::try_from).collect()
}

/// Hands over notices that may be sent at `now` by these channels, those that wait longest first, until `until`. Those that somebody else is being handed are
/// passed by, and so are those of affairs that were withdrawn or not taken up.
#[tracing::instrument(name = "db.notice.take", skip_all)]
pub(crate) async fn take(
    tx: &mut PgConnection,
    channels: &[Channel],
    (now, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<StoredNotice>, StoreError> {
    let channels: Vec<String> = channels.iter().map(|channel| channel.as_str().to_owned()).collect();
    let rows = sqlx::query_as!(
        NoticeRow,
        r#"with free as (
               select n.notice_id, case when n.quiet_at <= $2 then n.quiet_channel else n.channel end as by
               from ticketing.notice n
               join ticketing.ticket t on t.ticket_id = n.ticket_id
               join ticketing.promise p on p.promise_id = n.promise_id
               where n.state in ('waiting', 'handed') and n.next_at <= $2 and n.handings < $5 and n.new_due_at > $2
                 and case when n.quiet_at <= $2 then n.quiet_channel else n.channel end = any($1)
                 and t.erased_at is null and t.state not in ('cancelled', 'rejected')
                 and p.state not in ('kept', 'renegotiated')
                 and not (p.kind = 'resolution' and t.state in ('resolved', 'closed'))
               order by n.next_at, n.notice_id limit $4 for no key update of n skip locked
           )
           update ticketing.notice n
           set state = 'handed', handings = n.handings + 1, handed_at = coalesce(n.handed_at, $2),
               handings_in_time = case when $2 <= n.due_at then n.handings + 1 else n.handings_in_time end, next_at = $3, channel = free.by,
               quiet_at = case when n.quiet_at <= $2 then null else n.quiet_at end,
               quiet_channel = case when n.quiet_at <= $2 then null else n.quiet_channel end
           from free where n.notice_id = free.notice_id
           returning n.notice_id, n.ticket_id, n.sequence, n.promise_id, n.new_promise_id, n.template_id, n.language, n.text, n.cause,
                     n.due_at as "due_at: _", n.new_due_at as "new_due_at: _", n.channel, n.send_at as "send_at: _", n.quiet_at as "quiet_at: _", n.quiet_channel, n.message_id,
                     n.written_at as "written_at: _", n.handings, n.handed_at as "handed_at: _", n.handings_in_time, n.delivered_handing, n.next_at as "next_at: _", n.failure,
                     n.state, n.ended_at as "ended_at: _""#,
        &channels,
        now.to_sqlx() as _,
        until.to_sqlx() as _,
        limit,
        most_handings(),
    );
    rows.fetch_all(tx).await?.into_iter().map(StoredNotice::try_from).collect()
}

/// A notice of which nobody said what became of its last handing, but none of `left`.
#[tracing::instrument(name = "db.notice.unreported", skip_all)]
pub(crate) async fn unreported(pool: &PgPool, now: Timestamp, left: &[Uuid]) -> Result<Option<NoticeId>, StoreError> {
    let found = sqlx::query!(
        "select n.notice_id, n.ticket_id from ticketing.notice n join ticketing.ticket t on t.ticket_id = n.ticket_id
         where n.state = 'handed' and n.next_at <= $1 and n.handings >= $2 and n.notice_id <> all($3) and t.erased_at is null
         order by n.next_at, n.notice_id limit 1",
        now.to_sqlx() as _,
        most_handings(),
        left,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map(|row| NoticeId { ticket: TicketId::from_uuid(row.ticket_id), id: row.notice_id }))
}

fn most_handings() -> i32 {
    i32::try_from(MOST_HANDINGS).unwrap_or(i32::MAX)
}

const fn state_word(state: NoticeState) -> &'static str {
    match state {
        NoticeState::Waiting => "waiting",
        NoticeState::Handed => "handed",
        NoticeState::Delivered { .. } => "delivered",
        NoticeState::Undeliverable { .. } => "undeliverable",
        NoticeState::Withdrawn { .. } => "withdrawn",
    }
}

/// The handing by which it came.
fn delivered_handing(state: NoticeState) -> Option<i32> {
    match state {
        NoticeState::Delivered { handing, .. } => Some(i32::try_from(handing).unwrap_or(i32::MAX)),
        _ => None,
    }
}

/// When it ended.
pub(crate) const fn ended(state: NoticeState) -> Option<Timestamp> {
    match state {
        NoticeState::Waiting | NoticeState::Handed => None,
        NoticeState::Delivered { at, .. } | NoticeState::Undeliverable { at } | NoticeState::Withdrawn { at } => {
            Some(at)
        }
    }
}

impl StoredNotice {
    /// Where it stands, as a word.
    pub(crate) const fn standing(&self) -> &'static str {
        state_word(self.notice.delivery.state)
    }
}

/// Adds a notice.
#[tracing::instrument(name = "db.notice.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, stored: &StoredNotice) -> Result<(), StoreError> {
    let notice = &stored.notice;
    sqlx::query!(
        "insert into ticketing.notice (notice_id, ticket_id, sequence, promise_id, new_promise_id, template_id, language, text, cause,
             due_at, new_due_at, channel, send_at, message_id, written_at, next_at, state, quiet_at, quiet_channel)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'waiting', $17, $18)",
        notice.id.id,
        notice.id.ticket.uuid(),
        stored.sequence,
        notice.promise.id,
        notice.new_promise.id,
        notice.template.as_str(),
        notice.said.language.as_str(),
        notice.said.text.expose(),
        notice.said.cause.expose(),
        notice.due.to_sqlx() as _,
        notice.new_due.to_sqlx() as _,
        notice.route.channel.as_str(),
        notice.route.from.to_sqlx() as _,
        notice.message.map(|message| message.id),
        notice.written.to_sqlx() as _,
        notice.delivery.next.to_sqlx() as _,
        notice.route.later.map(|(at, _)| at.to_sqlx()) as _,
        notice.route.later.map(|(_, channel)| channel.as_str()),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes what became of a notice that is locked.
#[tracing::instrument(name = "db.notice.update", skip_all)]
pub(crate) async fn update(tx: &mut PgConnection, notice: &Notice) -> Result<(), StoreError> {
    let delivery = &notice.delivery;
    let written = sqlx::query!(
        "update ticketing.notice set state = $2, ended_at = $3, next_at = $4, failure = $5, delivered_handing = $6 where notice_id = $1",
        notice.id.id,
        state_word(delivery.state),
        ended(delivery.state).map(|at| at.to_sqlx()) as _,
        delivery.next.to_sqlx() as _,
        delivery.failure.as_ref().map(Word::as_str),
        delivered_handing(delivery.state),
    )
    .execute(tx)
    .await?;
    affected_one(&written)
}
