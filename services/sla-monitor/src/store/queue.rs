//! Queues: what departments ask of who takes their affairs, and in which of their queues open clocks wait.

use std::collections::HashMap;

use postgres::StoreError;
use sla_monitor_domain::queue::{queue, without_language};
use sqlx::PgConnection;
use uuid::Uuid;

/// A topic of a department, and a skill that is asked for it.
pub type Rule = (String, String);

/// The skills that a department asks for a topic.
#[tracing::instrument(name = "db.queue.skills", skip_all)]
pub async fn skills(tx: &mut PgConnection, department: &str, topic: &str) -> Result<Vec<String>, StoreError> {
    let skills = sqlx::query_scalar!(
        "select skill from sla_monitor.queue_skill where department = $1 and topic = $2 order by skill",
        department,
        topic
    )
    .fetch_all(tx)
    .await?;
    Ok(skills)
}

/// The same of several departments and topics; where none is asked, nothing is told.
#[tracing::instrument(name = "db.queue.skills_of", skip_all)]
pub async fn skills_of(
    tx: &mut PgConnection,
    topics: &[(String, String)],
) -> Result<HashMap<(String, String), Vec<String>>, StoreError> {
    let (departments, names): (Vec<String>, Vec<String>) = topics.iter().cloned().unzip();
    let rows = sqlx::query!(
        "select department, topic, skill from sla_monitor.queue_skill
         where (department, topic) in (select * from unnest($1::text[], $2::text[])) order by skill",
        &departments,
        &names,
    )
    .fetch_all(tx)
    .await?;
    let mut skills: HashMap<(String, String), Vec<String>> = HashMap::new();
    for row in rows {
        skills.entry((row.department, row.topic)).or_default().push(row.skill);
    }
    Ok(skills)
}

/// Says anew what a department asks of who takes its affairs. What is open there waits in the queues that this makes; what is settled waited in those of
/// before.
#[tracing::instrument(name = "db.queue.put", skip_all)]
pub async fn put(tx: &mut PgConnection, department: &str, rules: &[Rule]) -> Result<(), StoreError> {
    sqlx::query!("delete from sla_monitor.queue_skill where department = $1", department).execute(&mut *tx).await?;
    let (topics, skills): (Vec<String>, Vec<String>) = rules.iter().cloned().unzip();
    sqlx::query!(
        "insert into sla_monitor.queue_skill (department, topic, skill)
         select distinct $1, r.topic, r.skill from unnest($2::text[], $3::text[]) as r(topic, skill)",
        department,
        &topics,
        &skills,
    )
    .execute(&mut *tx)
    .await?;
    let waiting = sqlx::query!(
        "select distinct a.topic, a.language from sla_monitor.clock c
         join sla_monitor.affair a on a.affair_id = c.affair_id
         where c.department = $1 and c.settled_at is null and a.kind = 'ticket'",
        department
    )
    .fetch_all(&mut *tx)
    .await?;
    let asked = |topic: &str| -> Vec<String> {
        rules.iter().filter(|(of, _)| of == topic).map(|(_, skill)| skill.clone()).collect()
    };
    let queues: Vec<String> = waiting.iter().map(|row| queue(department, &asked(&row.topic), &row.language)).collect();
    let (topics, languages): (Vec<String>, Vec<String>) =
        waiting.into_iter().map(|row| (row.topic, row.language)).unzip();
    sqlx::query!(
        "with along as (
             select c.clock_id, n.queue from sla_monitor.clock c
             join sla_monitor.affair a on a.affair_id = c.affair_id
             join unnest($2::text[], $3::text[], $4::text[]) as n(topic, language, queue) on n.topic = a.topic and n.language = a.language
             where c.department = $1 and c.settled_at is null and a.kind = 'ticket' and c.queue <> n.queue
             order by c.clock_id
             for update of c
         )
         update sla_monitor.clock c set queue = along.queue, version = version + 1
         from along where c.clock_id = along.clock_id",
        department,
        &topics,
        &languages,
        &queues,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets in what language affairs of these customers waited.
#[tracing::instrument(name = "db.queue.forget", skip_all)]
pub async fn forget(tx: &mut PgConnection, customers: &[Uuid]) -> Result<(), StoreError> {
    let known = sqlx::query_scalar!(
        "select distinct queue from sla_monitor.clock where customer_id = any($1) and queue <> ''",
        customers
    )
    .fetch_all(&mut *tx)
    .await?;
    let without: Vec<String> = known.iter().map(|queue| without_language(queue)).collect();
    sqlx::query!(
        "update sla_monitor.clock c set queue = n.without, version = version + 1
         from unnest($2::text[], $3::text[]) as n(queue, without)
         where c.customer_id = any($1) and c.queue = n.queue and n.queue <> n.without",
        customers,
        &known,
        &without,
    )
    .execute(tx)
    .await?;
    Ok(())
}
