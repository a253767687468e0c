//! What waits for a department, what it asks of who takes it, and who gets it.

use jiff::Timestamp;
use kernel::{Department, ResourceId};
use postgres::StoreError;
use sqlx::{PgConnection, PgExecutor};
use ticketing_domain::{Agent, Severity, SkillRule, TicketId, Waiting};
use uuid::Uuid;

use super::word;

/// A department's queue.
#[derive(Debug, Clone)]
pub(crate) struct StoredQueue {
    /// The department.
    pub department: Department,
    /// Which topics ask for which skills.
    pub rules: Vec<SkillRule>,
    /// How many affairs wait.
    pub waiting: i64,
    /// When the one that waits longest was first received.
    pub oldest: Option<Timestamp>,
    /// The etag; 0 while nobody has ruled about it.
    pub version: i64,
}

/// One queue.
#[tracing::instrument(name = "db.queue.get", skip_all)]
pub(crate) async fn get(executor: impl PgExecutor<'_>, department: &Department) -> Result<StoredQueue, StoreError> {
    let row = sqlx::query!(
        r#"select coalesce((select version from ticketing.queue where department = $1), 0) as "version!",
                  array(select topic from ticketing.queue_skill where department = $1 order by topic, skill) as "topics!",
                  array(select skill from ticketing.queue_skill where department = $1 order by topic, skill) as "skills!",
                  count(*) as "waiting!", min(first_received_at) as "oldest: jiff_sqlx::Timestamp"
           from ticketing.ticket
           where department = $1 and owner is null and state in ('acknowledged', 'in_progress', 'pending', 'held') and merged_head is null"#,
        department.as_str(),
    )
    .fetch_one(executor)
    .await?;
    let rule = |(topic, skill): (&String, &String)| {
        let slug = |column, text: &str| word("queue_skill", column, department.as_str(), text.parse().ok());
        Ok(SkillRule { topic: slug("topic", topic)?, skill: slug("skill", skill)? })
    };
    Ok(StoredQueue {
        department: department.clone(),
        rules: row.topics.iter().zip(&row.skills).map(rule).collect::<Result<_, StoreError>>()?,
        waiting: row.waiting,
        oldest: row.oldest.map(|at| at.to_jiff()),
        version: row.version,
    })
}

/// Writes the rules of a queue that stands at `version`; `false` when it stands at another.
#[tracing::instrument(name = "db.queue.put", skip_all)]
pub(crate) async fn put(
    tx: &mut PgConnection,
    department: &Department,
    rules: &[SkillRule],
    version: i64,
) -> Result<bool, StoreError> {
    let written = sqlx::query!(
        "insert into ticketing.queue as q (department, version) select $1, 1 where $2::bigint = 0
         on conflict on constraint queue_pkey do nothing",
        department.as_str(),
        version,
    )
    .execute(&mut *tx)
    .await?;
    let moved = sqlx::query!(
        "update ticketing.queue set version = version + 1 where department = $1 and version = $2 and $2 > 0",
        department.as_str(),
        version
    )
    .execute(&mut *tx)
    .await?;
    if written.rows_affected() + moved.rows_affected() != 1 {
        return Ok(false);
    }
    let topics: Vec<String> = rules.iter().map(|rule| rule.topic.as_str().to_owned()).collect();
    let skills: Vec<String> = rules.iter().map(|rule| rule.skill.as_str().to_owned()).collect();
    sqlx::query!("delete from ticketing.queue_skill where department = $1", department.as_str())
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "insert into ticketing.queue_skill (department, topic, skill)
         select $1, r.* from unnest($2::text[], $3::text[]) as r (topic, skill)",
        department.as_str(),
        &topics,
        &skills,
    )
    .execute(tx)
    .await?;
    Ok(true)
}

/// The affairs at the head of an agent's queue that are theirs to take, at most `limit`. Locks nothing.
#[tracing::instrument(name = "db.queue.head", skip_all)]
pub(crate) async fn head(
    tx: &mut PgConnection,
    agent: &Agent,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Waiting>, StoreError> {
    let skills: Vec<String> = agent.skills_at(now).map(|skill| skill.as_str().to_owned()).collect();
    let languages: Vec<String> = agent.languages.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        // Acquaintance is looked up for the head alone, two probes each: an agent may have served a hundred thousand.
        r#"with head as materialized (
               select t.ticket_id, t.customer_id, t.severity, t.served_first, t.first_received_at
               from ticketing.ticket t
               where t.department = $1 and t.owner is null and t.state in ('acknowledged', 'in_progress', 'pending', 'held') and t.merged_head is null
                 and (cardinality($3::text[]) = 0 or t.language = any($3))
                 and not exists (select from ticketing.queue_skill q
                                 where q.department = t.department and q.topic = t.topic and q.skill <> all($4::text[]))
               order by t.served_first desc,
                        (case t.severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end),
                        t.first_received_at, t.ticket_id
               limit $5
           )
           select h.ticket_id, h.severity, h.served_first,
                  h.first_received_at as "first_received_at: jiff_sqlx::Timestamp", k.known is not null as "known!"
           from head h left join lateral (
               (select true as known from ticketing.ticket k where k.owner = $2 and k.customer_id = h.customer_id limit 1)
               union all
               -- It was theirs before, from its opening or later, or they took it further or handed it on: kinds as the index of turns has them. Who
               -- opened it for somebody else wrote it down.
               (select true from ticketing.ticket_change c where c.ticket_id = h.ticket_id and c.kind in ('opened', 'assigned', 'transitioned')
                    and (c.kind in ('opened', 'assigned') and c.related = $2
                         or c.kind in ('assigned', 'transitioned') and c.actor_kind = 'employee' and c.actor_id = $2)
                limit 1)
               limit 1
           ) k on true"#,
        agent.department.as_str(),
        agent.id.as_str(),
        &languages,
        &skills,
        limit,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Waiting {
                ticket: TicketId::from_uuid(row.ticket_id),
                served_first: row.served_first,
                severity: word("ticket", "severity", row.ticket_id, Severity::from_word(&row.severity))?,
                known: row.known,
                first_received: row.first_received_at.to_jiff(),
            })
        })
        .collect()
}

/// Locks the affair of a superior's department whose customer has waited longest to speak to one, of those in a language they serve in and
/// that nobody else is taking. Whoever owns it is not the superior whom its customer asked for. Waits for nobody.
#[tracing::instrument(name = "db.queue.lock_first_called", skip_all)]
pub(crate) async fn lock_first_called(tx: &mut PgConnection, superior: &Agent) -> Result<Option<TicketId>, StoreError> {
    let languages: Vec<String> = superior.languages.iter().map(ToString::to_string).collect();
    let called = sqlx::query_scalar!(
        "select t.ticket_id from ticketing.ticket c join ticketing.ticket t on t.ticket_id = coalesce(c.merged_head, c.ticket_id)
         where c.supervisor_called_at is not null and t.department = $1 and t.owner is distinct from $3
           and (cardinality($2::text[]) = 0 or t.language = any($2))
         order by c.supervisor_called_at, t.ticket_id limit 1 for no key update of t skip locked",
        superior.department.as_str(),
        &languages,
        superior.id.as_str(),
    )
    .fetch_optional(tx)
    .await?;
    Ok(called.map(TicketId::from_uuid))
}

/// Locks the first of these affairs that still waits, asks for nothing that the agent is not certified for, and that nobody else is taking, until the
/// transaction ends: it may have been filed as something else since it was looked at. Waits for nobody.
#[tracing::instrument(name = "db.queue.lock_first_free", skip_all)]
pub(crate) async fn lock_first_free(
    tx: &mut PgConnection,
    agent: &Agent,
    now: Timestamp,
    turns: &[Waiting],
) -> Result<Option<TicketId>, StoreError> {
    let skills: Vec<String> = agent.skills_at(now).map(|skill| skill.as_str().to_owned()).collect();
    let ids: Vec<Uuid> = turns.iter().map(|waiting| waiting.ticket.uuid()).collect();
    let taken = sqlx::query_scalar!(
        "select t.ticket_id from unnest($1::uuid[]) with ordinality as r (id, place)
         join ticketing.ticket t on t.ticket_id = r.id
         where t.department = $2 and t.owner is null and t.state in ('acknowledged', 'in_progress', 'pending', 'held') and t.merged_head is null
           and not exists (select from ticketing.queue_skill q
                           where q.department = t.department and q.topic = t.topic and q.skill <> all($3::text[]))
         order by r.place limit 1 for no key update of t skip locked",
        &ids,
        agent.department.as_str(),
        &skills,
    )
    .fetch_optional(tx)
    .await?;
    Ok(taken.map(TicketId::from_uuid))
}
