//! Affairs: what is known of the tickets and cases that clocks are about.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sla_monitor_domain::affair::{Event, Happened};
use sla_monitor_domain::catalogue::Filed;
use sla_monitor_domain::policy::{Facts, Opened};
use sla_monitor_domain::queue::queue;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::agent::Seat;

/// What the ledgers said about a ticket or case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affair {
    /// Id of the ticket or case.
    pub id: Uuid,
    /// Whether it is a case of the office.
    pub is_case: bool,
    /// Customer.
    pub customer: Option<Uuid>,
    /// Type of the ticket; `case` for a case.
    pub subject_type: String,
    /// Sector of a ticket; regime of a case.
    pub sector: String,
    /// Topic of a ticket.
    pub topic: String,
    /// Department that works on it.
    pub department: String,
    /// First receipt in any department.
    pub first_received: Timestamp,
    /// Every type a ticket was filed as.
    pub types: Vec<String>,
    /// Every topic a ticket was filed under.
    pub topics: Vec<String>,
    /// Calendar its clocks count on; empty where that is not known.
    pub calendar: String,
    /// Channel of the first receipt, in lower case; empty where it is not known.
    pub channel: String,
    /// Severity, in lower case; empty where it is not known.
    pub severity: String,
    /// Language, in lower case; empty where it is not known.
    pub language: String,
    /// Its customer is served first by right.
    pub served_first: bool,
    /// The department that received it.
    pub received_by: String,
    /// Id of the agent who has it; empty where its queue has it.
    pub owner: String,
    /// Where they work.
    pub seat: Seat,
    /// Skills that its department asks for its topic.
    pub skills: Vec<String>,
}

impl Affair {
    /// What the house's policies are chosen by.
    pub fn facts(&self) -> Facts {
        Facts {
            ticket_type: self.subject_type.clone(),
            topic: self.topic.clone(),
            sector: self.sector.clone(),
            department: self.received_by.clone(),
            channel: self.channel.clone(),
            queue: String::new(),
            severity: self.severity.clone(),
            language: self.language.clone(),
            served_first: self.served_first,
            received: self.first_received,
        }
    }

    /// The queue of its department that it waits in; none of a case of the office.
    pub fn queue(&self) -> String {
        if self.is_case { String::new() } else { queue(&self.department, &self.skills, &self.language) }
    }

    /// What law is chosen by.
    pub fn filed(&self) -> Filed<'_> {
        Filed {
            types: &self.types,
            topics: &self.topics,
            sector: &self.sector,
            channel: &self.channel,
            received: self.first_received,
        }
    }

    /// Who received it, and when.
    pub fn opened(&self) -> Opened<'_> {
        Opened { received: self.first_received, department: &self.received_by }
    }
}

struct Row {
    is_case: bool,
    customer_id: Option<Uuid>,
    subject_type: String,
    sector: String,
    topic: String,
    department: String,
    first_received_at: jiff_sqlx::Timestamp,
    types: Vec<String>,
    topics: Vec<String>,
    calendar: String,
    channel: String,
    severity: String,
    language: String,
    served_first: bool,
    received_by: String,
    owner: String,
    team: String,
    manager: String,
    skills: Vec<String>,
}

impl Row {
    fn affair(self, id: Uuid) -> Affair {
        Affair {
            id,
            is_case: self.is_case,
            customer: self.customer_id,
            subject_type: self.subject_type,
            sector: self.sector,
            topic: self.topic,
            department: self.department,
            first_received: self.first_received_at.to_jiff(),
            types: self.types,
            topics: self.topics,
            calendar: self.calendar,
            channel: self.channel,
            severity: self.severity,
            language: self.language,
            served_first: self.served_first,
            received_by: self.received_by,
            owner: self.owner,
            seat: Seat { team: self.team, manager: self.manager },
            skills: self.skills,
        }
    }
}

/// Writes a new affair; answers the revision of the house's policies and calendars that it is to be judged by. Who changes them waits, or is waited for.
#[tracing::instrument(name = "db.affair.insert", skip_all)]
pub async fn insert(tx: &mut PgConnection, affair: &Affair) -> Result<i64, StoreError> {
    let revision = sqlx::query_scalar!(
        r#"with law as (select revision from sla_monitor.law_revision for share)
         insert into sla_monitor.affair (affair_id, kind, customer_id, subject_type, sector, topic, department, first_received_at,
             types, topics, calendar, channel, severity, language, served_first, received_by, owner)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         returning (select revision from law) as "revision!""#,
        affair.id,
        if affair.is_case { "case" } else { "ticket" },
        affair.customer,
        affair.subject_type,
        affair.sector,
        affair.topic,
        affair.department,
        affair.first_received.to_sqlx() as _,
        &affair.types,
        &affair.topics,
        affair.calendar,
        affair.channel,
        affair.severity,
        affair.language,
        affair.served_first,
        affair.received_by,
        affair.owner,
    )
    .fetch_one(tx)
    .await?;
    Ok(revision)
}

/// Writes new affairs that were filed as one thing each; answers as [`insert`].
#[tracing::instrument(name = "db.affair.insert_all", skip_all)]
pub async fn insert_all(tx: &mut PgConnection, affairs: &[Affair]) -> Result<i64, StoreError> {
    let text = |of: fn(&Affair) -> &String| affairs.iter().map(|a| of(a).clone()).collect::<Vec<String>>();
    let revision = sqlx::query_scalar!(
        r#"with law as (select revision from sla_monitor.law_revision for share), new as (
             insert into sla_monitor.affair (affair_id, kind, customer_id, subject_type, sector, topic, department, first_received_at,
                 types, topics, calendar, channel, severity, language, served_first, received_by, owner)
             select affair_id, case when is_case then 'case' else 'ticket' end, customer_id, subject_type, sector, topic, department,
                 first_received_at, array[subject_type], array[topic], calendar, channel, severity, language, served_first, received_by, owner
             from unnest($1::uuid[], $2::boolean[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
                         $9::text[], $10::text[], $11::text[], $12::text[], $13::boolean[], $14::text[], $15::text[])
                 as a(affair_id, is_case, customer_id, subject_type, sector, topic, department, first_received_at, calendar, channel,
                      severity, language, served_first, received_by, owner)
         )
         select revision as "revision!" from law"#,
        &affairs.iter().map(|a| a.id).collect::<Vec<_>>(),
        &affairs.iter().map(|a| a.is_case).collect::<Vec<_>>(),
        &affairs.iter().map(|a| a.customer).collect::<Vec<_>>() as _,
        &text(|a| &a.subject_type),
        &text(|a| &a.sector),
        &text(|a| &a.topic),
        &text(|a| &a.department),
        &affairs.iter().map(|a| a.first_received.to_sqlx()).collect::<Vec<_>>() as _,
        &text(|a| &a.calendar),
        &text(|a| &a.channel),
        &text(|a| &a.severity),
        &text(|a| &a.language),
        &affairs.iter().map(|a| a.served_first).collect::<Vec<_>>(),
        &text(|a| &a.received_by),
        &text(|a| &a.owner),
    )
    .fetch_one(tx)
    .await?;
    Ok(revision)
}

/// Counts one more entry about an affair and gives what is known of it; `None` when nothing is.
#[tracing::instrument(name = "db.affair.touch", skip_all)]
pub async fn touch(tx: &mut PgConnection, id: Uuid) -> Result<Option<Affair>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"update sla_monitor.affair a set entry_count = entry_count + 1 where affair_id = $1
           returning kind = 'case' as "is_case!", customer_id, subject_type, sector, topic, department, first_received_at as "first_received_at: _",
                     types, topics, calendar, channel, severity, language, served_first, received_by, owner,
                     coalesce((select team from sla_monitor.agent g where g.agent_id = a.owner), '') as "team!",
                     coalesce((select manager from sla_monitor.agent g where g.agent_id = a.owner), '') as "manager!",
                     array(select skill from sla_monitor.queue_skill q
                           where q.department = a.department and q.topic = a.topic order by skill) as "skills!""#,
        id
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| row.affair(id)))
}

/// Hands an affair and its open clocks over: to a department and a queue of it, and to an owner in it with their team and manager, or to nobody where the
/// owner is empty. The calendar they count on stays.
#[tracing::instrument(name = "db.affair.hand_over", skip_all)]
pub async fn hand_over(
    tx: &mut PgConnection,
    id: Uuid,
    (department, queue): (&str, &str),
    owner: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with moved as (
             update sla_monitor.affair set department = $2, owner = $3 where affair_id = $1
         ), seat as (
             select coalesce(max(team), '') as team, coalesce(max(manager), '') as manager from sla_monitor.agent where agent_id = $3
         )
         update sla_monitor.clock c set department = $2, team = seat.team, manager = seat.manager, queue = $4, version = version + 1
         from seat
         where c.affair_id = $1 and c.settled_at is null
           and (c.department, c.team, c.manager, c.queue) is distinct from ($2, seat.team, seat.manager, $4)",
        id,
        department,
        owner,
        queue,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Files an affair as something else, and its open clocks with it: what type and queue a board counts them under. What it was filed as until then is kept.
/// Answers as [`insert`].
#[tracing::instrument(name = "db.affair.refile", skip_all)]
pub async fn refile(tx: &mut PgConnection, affair: &Affair, at: Timestamp) -> Result<i64, StoreError> {
    let revision = sqlx::query_scalar!(
        r#"with law as (select revision from sla_monitor.law_revision for share), was as (
             insert into sla_monitor.affair_filing (affair_id, seq, occurred_at, subject_type, sector, topic, severity, types, topics)
             select affair_id, entry_count, $9, subject_type, sector, topic, severity, cardinality(types), cardinality(topics)
             from sla_monitor.affair where affair_id = $1
         ), filed as (
             update sla_monitor.affair set subject_type = $2, sector = $3, topic = $4, types = $5, topics = $6, severity = $7
             where affair_id = $1
         ), moved as (
             update sla_monitor.clock set subject_type = $2, queue = $8, version = version + 1
             where affair_id = $1 and settled_at is null and (subject_type, queue) is distinct from ($2, $8)
         )
         select revision from law"#,
        affair.id,
        affair.subject_type,
        affair.sector,
        affair.topic,
        &affair.types,
        &affair.topics,
        affair.severity,
        affair.queue(),
        at.to_sqlx() as _,
    )
    .fetch_one(tx)
    .await?;
    Ok(revision)
}

/// Says what brought an affair about.
#[tracing::instrument(name = "db.affair.brought_about_by", skip_all)]
pub async fn brought_about_by(tx: &mut PgConnection, id: Uuid, cause: &str) -> Result<(), StoreError> {
    sqlx::query!("update sla_monitor.affair set cause = $2 where affair_id = $1", id, cause).execute(tx).await?;
    Ok(())
}

/// What is known of an affair.
#[tracing::instrument(name = "db.affair.get", skip_all)]
pub async fn get(executor: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Affair>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select kind = 'case' as "is_case!", customer_id, subject_type, sector, topic, department, first_received_at as "first_received_at: _",
                  types, topics, calendar, channel, severity, language, served_first, received_by, owner,
                  coalesce(g.team, '') as "team!", coalesce(g.manager, '') as "manager!",
                  array(select skill from sla_monitor.queue_skill q
                        where q.department = a.department and q.topic = a.topic order by skill) as "skills!"
           from sla_monitor.affair a
           left join sla_monitor.agent g on g.agent_id = a.owner
           where affair_id = $1"#,
        id
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| row.affair(id)))
}

/// What happened to an affair, the first first.
#[tracing::instrument(name = "db.affair.history", skip_all)]
pub async fn history(tx: &mut PgConnection, id: Uuid) -> Result<Vec<Happened>, StoreError> {
    let rows = sqlx::query!(
        r#"select kind, ground, occurred_at as "at: jiff_sqlx::Timestamp" from sla_monitor.affair_event
           where affair_id = $1 order by occurred_at, seq"#,
        id
    )
    .fetch_all(tx)
    .await?;
    let happened = |(kind, ground, at): (String, String, jiff_sqlx::Timestamp)| {
        let event = Event::from_word(&kind, ground).ok_or_else(|| StoreError::corrupt("affair_event", "kind", id))?;
        Ok(Happened { at: at.to_jiff(), event })
    };
    rows.into_iter().map(|row| happened((row.kind, row.ground, row.at))).collect()
}

/// Gives an affair that was split off another what happened to that one.
#[tracing::instrument(name = "db.affair.inherit", skip_all)]
pub async fn inherit(tx: &mut PgConnection, id: Uuid, from: Uuid) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into sla_monitor.affair_event (affair_id, seq, kind, ground, occurred_at)
         select $1, row_number() over (order by seq) - 1000000, kind, ground, occurred_at
         from sla_monitor.affair_event where affair_id = $2",
        id,
        from,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets of the affairs of these customers how they came, in what language, and whether they are served first.
#[tracing::instrument(name = "db.affair.forget_manner", skip_all)]
pub async fn forget_manner(tx: &mut PgConnection, customers: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!(
        "update sla_monitor.affair set channel = '', language = '', served_first = false where customer_id = any($1)",
        customers
    )
    .execute(tx)
    .await?;
    Ok(())
}
