//! Words of affairs: written beside the calls, looked for from the newest affairs back.

use jiff::Timestamp;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::Query;
use uuid::Uuid;

use super::{Arguments, Filter, Found, Place, Row, found};

/// How far back a look for words goes, each some ten times as far as the one before: so that a word which is in every tenth affair is looked for
/// among the newest alone, and one that is rare is found at the third or fourth look, which costs little since it is rare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Hours(i64),
    Days(i64),
    Months(i64),
    All,
}

const REACHES: [Reach; 5] = [Reach::Hours(3), Reach::Days(2), Reach::Days(20), Reach::Months(8), Reach::All];

impl Reach {
    /// The buckets of time that reach back from this instant, as a query for any of them; none for all.
    fn window(self, back_from: Timestamp) -> Option<String> {
        let second = back_from.as_second();
        let any = |mark: char, last: i64, count: i64| {
            let buckets: Vec<String> = (0..count).map(|back| format!("'@{mark}{}'", last - back)).collect();
            buckets.join(" | ")
        };
        match self {
            Self::Hours(count) => Some(any('h', second.div_euclid(3_600), count)),
            Self::Days(count) => Some(any('d', second.div_euclid(86_400), count)),
            Self::Months(count) => {
                let date = back_from.to_zoned(jiff::tz::TimeZone::UTC);
                Some(any('m', i64::from(date.year()) * 12 + i64::from(date.month()) - 1, count))
            }
            Self::All => None,
        }
    }
}

/// Looks for up to `limit` affairs after this place, by words and by what they are. `now` is where the newest are.
#[tracing::instrument(name = "db.finding.look_for_words", skip_all)]
pub(crate) async fn look(
    pool: &PgPool,
    filter: &Filter,
    query: &Query,
    after: Option<Place>,
    limit: i64,
    now: Timestamp,
) -> Result<Found, StoreError> {
    let arguments = Arguments::of(filter, after, limit);
    let back_from = arguments.before.to_jiff().min(now);
    for reach in REACHES {
        let window = reach.window(back_from);
        let rows = look_within(pool, &arguments, query, window.as_deref()).await?;
        let found = found(rows, limit);
        let enough = i64::try_from(found.places.len()).unwrap_or(i64::MAX) >= limit;
        if enough || found.ended_at.is_some() || reach == Reach::All {
            return Ok(found);
        }
    }
    Ok(Found::default())
}

async fn look_within(
    pool: &PgPool,
    arguments: &Arguments<'_>,
    query: &Query,
    window: Option<&str>,
) -> Result<Vec<Row>, StoreError> {
    let rows = look!(
        "(select w.created_at, w.ticket_id from ticketing.ticket_words w
          where w.words @@ case when $20::text is null then ticketing.words_asked($19)
                                else ticketing.words_asked($19) && $20::text::tsquery end
            and (w.created_at, w.ticket_id) < ($1, $2) and w.created_at >= $16
          group by w.created_at, w.ticket_id order by w.created_at desc, w.ticket_id desc limit $17) w
         join ticketing.ticket k on k.ticket_id = w.ticket_id where true",
        pool,
        arguments,
        query.expose(),
        window,
    )?;
    Ok(rows)
}

/// What a query asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Words that an index can be asked for.
    Words,
    /// Nothing but words that every text has, or that must not be there.
    Nothing,
}

/// Whether a query asks for anything.
#[tracing::instrument(name = "db.finding.asked", skip_all)]
pub(crate) async fn asked(pool: &PgPool, query: &Query) -> Result<Asked, StoreError> {
    let tree = sqlx::query_scalar!(r#"select querytree(ticketing.words_asked($1)) as "tree!""#, query.expose())
        .fetch_one(pool)
        .await?;
    Ok(if matches!(tree.as_str(), "" | "T") { Asked::Nothing } else { Asked::Words })
}

/// How many entries of the ledger have not been read for words.
#[tracing::instrument(name = "db.finding.unread", skip_all)]
pub(crate) async fn unread(pool: &PgPool) -> Result<i64, StoreError> {
    let unread = sqlx::query_scalar!(
        r#"select greatest(h.position - c.position, 0) as "unread!" from ticketing.ledger_head h, ticketing.ticket_words_cursor c"#
    )
    .fetch_one(pool)
    .await?;
    Ok(unread)
}

/// How far the ledger has been read for words.
#[tracing::instrument(name = "db.finding.read_to", skip_all)]
pub(crate) async fn read_to(pool: &PgPool) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!("select position from ticketing.ticket_words_cursor").fetch_one(pool).await?)
}

/// Locks who may write words, until the transaction ends; answers how far the ledger has been read.
#[tracing::instrument(name = "db.finding.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!("select position from ticketing.ticket_words_cursor for update").fetch_one(tx).await?)
}

/// Writes the words of these affairs anew, and of those with new messages the messages', and that the ledger has been read so far. What was erased
/// has no words.
#[tracing::instrument(name = "db.finding.write", skip_all)]
pub(crate) async fn write(
    tx: &mut PgConnection,
    changed: &[Uuid],
    spoken: &[Uuid],
    read_to: i64,
) -> Result<(), StoreError> {
    if !changed.is_empty() {
        sqlx::query!(
            "insert into ticketing.ticket_words (ticket_id, part, created_at, words)
             select t.ticket_id, 0, t.created_at,
                    ticketing.words_of(t.language, concat_ws(' ', t.subject, t.resolution,
                        (select string_agg(concat_ws(' ', p.text, p.answer), ' ' order by p.ordinal) from ticketing.claim_point p
                         where p.ticket_id = t.ticket_id))) || ticketing.times_of(t.created_at)
             from ticketing.ticket t where t.ticket_id = any($1) and t.erased_at is null
             on conflict on constraint ticket_words_pkey do update set words = excluded.words
             where ticket_words.words is distinct from excluded.words",
            changed,
        )
        .execute(&mut *tx)
        .await?;
    }
    if !spoken.is_empty() {
        sqlx::query!(
            "insert into ticketing.ticket_words (ticket_id, part, created_at, words)
             select t.ticket_id, m.sequence, t.created_at,
                    ticketing.words_of(t.language, m.body) || ticketing.times_of(t.created_at)
             from ticketing.ticket t
             join ticketing.message m on m.ticket_id = t.ticket_id and m.sequence >
                 coalesce((select max(w.part) from ticketing.ticket_words w where w.ticket_id = t.ticket_id), 0)
             where t.ticket_id = any($1) and t.erased_at is null
             on conflict on constraint ticket_words_pkey do nothing",
            spoken,
        )
        .execute(&mut *tx)
        .await?;
    }
    sqlx::query!("update ticketing.ticket_words_cursor set position = $1", read_to).execute(tx).await?;
    Ok(())
}

/// Destroys the words of these affairs. Nobody writes any while the transaction lasts.
#[tracing::instrument(name = "db.finding.destroy", skip_all)]
pub(crate) async fn destroy(tx: &mut PgConnection, tickets: &[Uuid]) -> Result<(), StoreError> {
    lock(&mut *tx).await?;
    sqlx::query!("delete from ticketing.ticket_words where ticket_id = any($1)", tickets).execute(tx).await?;
    Ok(())
}
