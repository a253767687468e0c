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
               select t.ticket_id, t.customer_id, t.topic, given.received_at, answer.at as answered_at
               from ticketing.ticket t
               join ticketing.receipt given on given.ticket_id = t.ticket_id
               -- When it was answered: it may have been closed long after.
               join lateral (select max(h.occurred_at) as at from ticketing.ticket_change h
                             where h.ticket_id = t.ticket_id and h.to_state = 'resolved') answer on answer.at is not null
               where t.first_received_at >= $1 and t.first_received_at < $2 and ($3::text is null or t.department = $3)
                 and t.state in ('resolved', 'closed') and t.ticket_type not in ('queja', 'reclamacion') and t.merged_head is null
                 and not exists (select from ticketing.ticket c
                                 where c.follow_up_of = t.ticket_id and c.ticket_type in ('queja', 'reclamacion'))
                 and not exists (select from ticketing.ticket c
                                 where c.merged_head = t.ticket_id and c.ticket_type in ('queja', 'reclamacion'))
                 and not exists (
                     select from ticketing.ticket c join ticketing.receipt r on r.ticket_id = c.ticket_id
                     where c.customer_id = t.customer_id and c.ticket_type in ('queja', 'reclamacion') and c.topic = t.topic
                       -- Nothing is written down before it was received.
                       and c.created_at > given.received_at and r.received_at > given.received_at
                       and r.received_at < given.received_at + interval '90 days')
           ), heard as (
               -- Words alone are no answer that could be counted either way.
               select s.asked_at is not null as asked, s.answered_at is not null and num_nonnulls(s.csat, s.nps, s.ces) > 0 as answered,
                      s.answered_at is not null and case when s.csat is not null then s.csat <= 2 when s.nps is not null then s.nps <= 6
                                                         when s.ces is not null then s.ces <= 3 else false end as dissatisfied,
                      (s.answered_at is null or num_nonnulls(s.csat, s.nps, s.ces) = 0) and exists (
                          select from ticketing.ticket n join ticketing.receipt r on r.ticket_id = n.ticket_id
                          where n.customer_id = f.customer_id and n.topic = f.topic and n.ticket_id <> f.ticket_id
                            and n.created_at > f.answered_at and r.received_at > f.answered_at
                            and r.received_at < f.answered_at + interval '30 days') as came_back
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
