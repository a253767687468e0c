//! What customer-profile knows of the customers of affairs, as far as boards and the fair-service index tell it apart.

use jiff::Timestamp;
use postgres::{Db, StoreError};
use uuid::Uuid;

/// An affair whose customer nobody was asked about yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAsked {
    /// Ticket or case.
    pub affair: Uuid,
    /// Its customer.
    pub customer: Uuid,
    /// First receipt.
    pub received: Timestamp,
    /// It was received so long ago that what is known now says nothing of then.
    pub too_late: bool,
}

/// At most so many affairs that nobody was asked about, the oldest first; what was received more than so many days ago is too late.
#[tracing::instrument(level = "debug", name = "db.customer.not_asked", skip_all)]
pub async fn not_asked(db: &Db, limit: i64, days: i32) -> Result<Vec<NotAsked>, StoreError> {
    let rows = sqlx::query!(
        r#"select affair_id, customer_id as "customer_id!", first_received_at as "received: jiff_sqlx::Timestamp",
                  first_received_at < now() - make_interval(days => $2) as "too_late!"
           from sla_monitor.affair where not asked and customer_id is not null order by affair_id limit $1"#,
        limit,
        days,
    )
    .fetch_all(db.reader())
    .await?;
    let not_asked = rows.into_iter().map(|row| NotAsked {
        affair: row.affair_id,
        customer: row.customer_id,
        received: row.received.to_jiff(),
        too_late: row.too_late,
    });
    Ok(not_asked.collect())
}

/// What was learnt of an affair's customer; empty where nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learnt {
    /// Ticket or case.
    pub affair: Uuid,
    /// What the customer spent.
    pub segment: &'static str,
    /// How long they had been one.
    pub tenure: &'static str,
    /// They had a right to be served first, or had declared what makes them vulnerable.
    pub vulnerable: bool,
}

/// Writes down what was learnt. Affairs that were answered for by somebody else meanwhile, or are to be forgotten, stay as they are.
#[tracing::instrument(name = "db.customer.learn", skip_all)]
pub async fn learn(db: &Db, learnt: &[Learnt]) -> Result<(), StoreError> {
    let mut tx = db.tx().await?;
    sqlx::query!(
        "with known as (
             select a.affair_id, l.segment, l.tenure, l.vulnerable
             from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[]) as l(affair_id, segment, tenure, vulnerable)
             join sla_monitor.affair a on a.affair_id = l.affair_id
             where not a.asked order by a.affair_id for update of a
         )
         update sla_monitor.affair a set segment = k.segment, tenure = k.tenure, vulnerable = k.vulnerable, asked = true
         from known k where a.affair_id = k.affair_id",
        &learnt.iter().map(|l| l.affair).collect::<Vec<_>>(),
        &learnt.iter().map(|l| l.segment.to_owned()).collect::<Vec<_>>(),
        &learnt.iter().map(|l| l.tenure.to_owned()).collect::<Vec<_>>(),
        &learnt.iter().map(|l| l.vulnerable).collect::<Vec<_>>(),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// What is kept of a customer with one of their affairs, beside its clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Ticket or case.
    pub affair: Uuid,
    /// Whether it is a case of the office.
    pub is_case: bool,
    /// Channel of the first receipt; empty where it is not known.
    pub channel: String,
    /// Language; empty where it is not known.
    pub language: String,
    /// Whoever opened it served them first.
    pub served_first: bool,
    /// What they had spent; empty where it is not known.
    pub segment: String,
    /// How long they had been a customer; empty where it is not known.
    pub tenure: String,
    /// They had a right to be served first, or had declared what makes them vulnerable.
    pub vulnerable: bool,
}

/// What is kept of a customer with their affairs: at most `limit` of these after one, in the order of their ids.
#[tracing::instrument(name = "db.customer.kept", skip_all)]
pub async fn kept(db: &Db, customer: Uuid, after: Option<Uuid>, limit: i64) -> Result<Vec<Kept>, StoreError> {
    let kept = sqlx::query_as!(
        Kept,
        r#"select affair_id as affair, kind = 'case' as "is_case!", channel, language, served_first, segment, tenure, vulnerable
           from sla_monitor.affair where customer_id = $1 and ($2::uuid is null or affair_id > $2) order by affair_id limit $3"#,
        customer,
        after,
        limit,
    )
    .fetch_all(db.reader())
    .await?;
    Ok(kept)
}

/// Forgets of the affairs of these customers what they spent, how long they had been customers and whether anything made them vulnerable; nobody is asked about
/// them any more.
#[tracing::instrument(name = "db.customer.forget", skip_all)]
pub async fn forget(tx: &mut sqlx::PgConnection, customers: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!(
        "update sla_monitor.affair set segment = '', tenure = '', vulnerable = false, asked = true where customer_id = any($1)",
        customers
    )
    .execute(tx)
    .await?;
    Ok(())
}
