//! What customers say and do not say, counted.

use jiff_sqlx::ToSqlx;
use postgres::StoreError;
use sqlx::PgPool;
use ticketing_domain::HeardCounts;

use super::cause::Period;

/// Counts what was heard of the affairs of a time that are answered, are no complaints, and of which no complaint was made.
#[tracing::instrument(name = "db.silence.heard", skip_all)]
pub(crate) async fn heard(pool: &PgPool, period: &Period) -> Result<HeardCounts, StoreError> {
    let row = sqlx::query!(
        r#"with finished as (
               select t.ticket_id, t.customer_id, t.topic, t.state_since
               from ticketing.ticket t
               where t.first_received_at >= $1 and t.first_received_at < $2 and ($3::text is null or t.department = $3)
                 and t.state in ('resolved', 'closed') and t.ticket_type not in ('queja', 'reclamacion') and t.merged_head is null
                 and not exists (
                     select from ticketing.ticket c
                     where c.customer_id = t.customer_id and c.ticket_type in ('queja', 'reclamacion')
                       and (c.follow_up_of = t.ticket_id
                            or c.topic = t.topic and c.created_at > t.created_at
                               and c.created_at < t.first_received_at + interval '90 days'))
           ), heard as (
               select s.asked_at is not null as asked, s.answered_at is not null as answered,
                      s.answered_at is not null and case when s.csat is not null then s.csat <= 2 when s.nps is not null then s.nps <= 6
                                                         when s.ces is not null then s.ces <= 3 else false end as dissatisfied,
                      s.answered_at is null and exists (
                          select from ticketing.ticket n
                          where n.customer_id = f.customer_id and n.topic = f.topic and n.created_at > f.state_since
                            and n.created_at < f.state_since + interval '30 days') as came_back
               from finished f left join ticketing.survey s on s.ticket_id = f.ticket_id
           )
           select count(*) as "finished!", count(*) filter (where asked) as "asked!", count(*) filter (where answered) as "answered!",
                  count(*) filter (where dissatisfied) as "dissatisfied!", count(*) filter (where came_back) as "came_back!"
           from heard"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
    )
    .fetch_one(pool)
    .await?;
    let count = |counted: i64| u64::try_from(counted).unwrap_or_default();
    Ok(HeardCounts {
        finished: count(row.finished),
        asked: count(row.asked),
        answered: count(row.answered),
        dissatisfied: count(row.dissatisfied),
        came_back: count(row.came_back),
    })
}
