//! Words of affairs: written beside the calls, looked for from the newest affairs back.

use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::Query;
use uuid::Uuid;

use super::{Arguments, FIRST, Filter, Found, Place, Row, found};

/// How far back a look for words goes, each some times as far as the one before: so that a word which is in every tenth affair is looked for among the
/// newest alone, and one that is rare is found at the fourth or fifth look, which costs little since it is rare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Hours(i64),
    Days(i64),
    Months(i64),
}

const REACHES: [Reach; 5] = [Reach::Hours(3), Reach::Days(2), Reach::Days(10), Reach::Months(2), Reach::Months(8)];
/// A page that has looked at so many affairs reaches no further back, and says where to go on: what all its words are in is in too many more of them.
const ENOUGH_LOOKED_AT: i64 = 1_000;
/// A page goes on from one furthest reach to the next for so long, and then says where to go on.
const PATIENCE: Duration = Duration::from_millis(50);

impl Reach {
    /// The buckets of time that reach back from this instant, as a query for any of them, and the instant at which the last one begins.
    fn window(self, back_from: Timestamp) -> (String, Timestamp) {
        let second = back_from.as_second();
        let any = |mark: char, last: i64, count: i64| {
            let buckets: Vec<String> = (0..count).map(|back| format!("'@{mark}{}'", last - back)).collect();
            buckets.join(" | ")
        };
        let begins = |bucket: i64, seconds: i64| Timestamp::from_second(bucket * seconds).unwrap_or(FIRST);
        match self {
            Self::Hours(count) => {
                let last = second.div_euclid(3_600);
                (any('h', last, count), begins(last - count + 1, 3_600))
            }
            Self::Days(count) => {
                let last = second.div_euclid(86_400);
                (any('d', last, count), begins(last - count + 1, 86_400))
            }
            Self::Months(count) => {
                let date = back_from.to_zoned(TimeZone::UTC);
                let last = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
                let first = last - count + 1;
                let year = i16::try_from(first.div_euclid(12)).ok();
                let month = i8::try_from(first.rem_euclid(12) + 1).ok();
                let begin = year.zip(month).and_then(|(year, month)| Date::new(year, month, 1).ok());
                let begin = begin.and_then(|date| date.to_zoned(TimeZone::UTC).ok()).map(|begin| begin.timestamp());
                (any('m', last, count), begin.unwrap_or(FIRST))
            }
        }
    }
}

/// What is looked for by words, read once.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// As Postgres reads it.
    query: String,
    /// When the oldest affair was written down.
    oldest: Timestamp,
}

/// Reads a query; none when it asks for nothing but words that every text has, or that must not be there.
#[tracing::instrument(name = "db.finding.asked", skip_all)]
pub(crate) async fn asked(pool: &PgPool, query: &Query) -> Result<Option<Asked>, StoreError> {
    let row = sqlx::query!(
        r#"select ticketing.words_asked($1)::text as "query!",
                  (select created_at from ticketing.ticket order by created_at, ticket_id limit 1) as "oldest: jiff_sqlx::Timestamp""#,
        query.expose(),
    )
    .fetch_one(pool)
    .await?;
    let oldest = row.oldest.map_or(FIRST, |at| at.to_jiff());
    Ok((!row.query.is_empty()).then_some(Asked { query: row.query, oldest }))
}

/// Looks for up to `limit` affairs after this place, by words and by what they are. `now` is where the newest are.
#[tracing::instrument(name = "db.finding.look_for_words", skip_all)]
pub(crate) async fn look(
    pool: &PgPool,
    filter: &Filter,
    asked: &Asked,
    after: Option<Place>,
    limit: i64,
    now: Timestamp,
) -> Result<Found, StoreError> {
    let begun = Instant::now();
    let mut arguments = Arguments::of(filter, after, limit);
    let mut back_from = arguments.before.to_jiff().min(now);
    let mut all = Found::default();
    let mut reaches = REACHES.into_iter();
    let (mut reach, mut looked_at) = (REACHES[0], 0);
    loop {
        reach = reaches.next().unwrap_or(reach);
        let (window, begins) = reach.window(back_from);
        let rows = look_within(pool, &arguments, &asked.query, &window).await?;
        let within = rows.last().filter(|last| last.last_looked_at).map_or(0, |last| last.number);
        let found = found(rows, arguments.limit);
        arguments.limit -= i64::try_from(found.places.len()).unwrap_or(i64::MAX);
        all.places.extend(found.places);
        let reached = begins <= asked.oldest || filter.from.is_some_and(|from| begins <= from);
        if within >= arguments.most {
            all.ended_at = found.ended_at;
            return Ok(all);
        }
        if arguments.limit <= 0 || reached {
            return Ok(all);
        }
        // All that this one reaches has been looked at.
        looked_at += within;
        if looked_at >= ENOUGH_LOOKED_AT || (reaches.len() == 0 && begun.elapsed() > PATIENCE) {
            all.ended_at = Some((begins, Uuid::nil()));
            return Ok(all);
        }
        (arguments.before, arguments.before_id) = (begins.to_sqlx(), Uuid::nil());
        back_from = begins - SignedDuration::from_micros(1);
    }
}

async fn look_within(
    pool: &PgPool,
    arguments: &Arguments<'_>,
    query: &str,
    window: &str,
) -> Result<Vec<Row>, StoreError> {
    let rows = look!(
        "(select w.created_at, w.ticket_id, count(*) over () as matched from ticketing.ticket_words w
          where w.words @@ ($19::text::tsquery && $20::text::tsquery)
            and (w.created_at, w.ticket_id) < ($1, $2) and w.created_at >= $16
          group by w.created_at, w.ticket_id order by w.created_at desc, w.ticket_id desc limit $17) w
         join ticketing.ticket k on k.ticket_id = w.ticket_id where true",
        "least($17, w.matched)",
        pool,
        arguments,
        query,
        window,
    )?;
    Ok(rows)
}

/// How many entries, in the ledger or on their way there, have not been read for words.
#[tracing::instrument(name = "db.finding.unread", skip_all)]
pub(crate) async fn unread(pool: &PgPool) -> Result<i64, StoreError> {
    let unread = sqlx::query_scalar!(
        r#"select greatest(h.position - c.position, 0) + (select count(*) from ticketing.ledger_inbox) as "unread!"
           from ticketing.ledger_head h, ticketing.ticket_words_cursor c"#
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
                        (select string_agg(c.one ->> 'text', ' ' order by c.place)
                         from jsonb_array_elements(t.characteristics) with ordinality as c (one, place)),
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

/// Notes that the ledger has been read so far, without the words of what could not be read.
#[tracing::instrument(name = "db.finding.pass_over", skip_all)]
pub(crate) async fn pass_over(pool: &PgPool, position: i64) -> Result<(), StoreError> {
    sqlx::query!("update ticketing.ticket_words_cursor set position = greatest(position, $1)", position)
        .execute(pool)
        .await?;
    Ok(())
}

/// Reads this many texts anew that an earlier version read, in the order of ids, and notes how far; `false` once there are no more. Erasures and whoever writes
/// words wait for it.
#[tracing::instrument(name = "db.finding.read_anew", skip_all)]
pub(crate) async fn read_anew(tx: &mut PgConnection, limit: i64) -> Result<bool, StoreError> {
    let from = sqlx::query!("select ticket_id, part from ticketing.ticket_words_anew where not done for update");
    let Some(from) = from.fetch_optional(&mut *tx).await? else { return Ok(false) };
    lock(&mut *tx).await?;
    let batch = sqlx::query!(
        "select ticket_id, part from ticketing.ticket_words where (ticket_id, part) > ($1, $2) order by ticket_id, part limit $3",
        from.ticket_id,
        from.part,
        limit,
    )
    .fetch_all(&mut *tx)
    .await?;
    let Some(last) = batch.last() else {
        sqlx::query!("update ticketing.ticket_words_anew set done = true").execute(tx).await?;
        return Ok(false);
    };
    sqlx::query!(
        "update ticketing.ticket_words w set words = ticketing.words_of(a.language, a.body) || ticketing.times_of(w.created_at)
         from (select t.ticket_id, m.sequence as part, t.language, m.body
               from ticketing.ticket t join ticketing.message m on m.ticket_id = t.ticket_id
               where (m.ticket_id, m.sequence) > ($1, $2) and (m.ticket_id, m.sequence) <= ($3, $4) and t.erased_at is null
               union all
               select t.ticket_id, 0, t.language, concat_ws(' ', t.subject, t.resolution,
                   (select string_agg(c.one ->> 'text', ' ' order by c.place)
                    from jsonb_array_elements(t.characteristics) with ordinality as c (one, place)),
                   (select string_agg(concat_ws(' ', p.text, p.answer), ' ' order by p.ordinal) from ticketing.claim_point p
                    where p.ticket_id = t.ticket_id))
               from ticketing.ticket t
               where t.ticket_id between $1 and $3 and (t.ticket_id, 0) > ($1, $2) and t.erased_at is null) a
         where w.ticket_id = a.ticket_id and w.part = a.part",
        from.ticket_id,
        from.part,
        last.ticket_id,
        last.part,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("update ticketing.ticket_words_anew set ticket_id = $1, part = $2", last.ticket_id, last.part)
        .execute(tx)
        .await?;
    Ok(true)
}

/// Destroys the words of these affairs. Nobody writes any while the transaction lasts.
#[tracing::instrument(name = "db.finding.destroy", skip_all)]
pub(crate) async fn destroy(tx: &mut PgConnection, tickets: &[Uuid]) -> Result<(), StoreError> {
    lock(&mut *tx).await?;
    sqlx::query!("delete from ticketing.ticket_words where ticket_id = any($1)", tickets).execute(tx).await?;
    Ok(())
}
