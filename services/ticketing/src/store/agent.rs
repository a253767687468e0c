//! Agents. Whoever takes an affair for one holds the row's lock.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::Department;
use postgres::{StoreError, affected_one};
use sqlx::{PgConnection, PgExecutor, PgPool};
use ticketing_domain::{Agent, AgentId, Assignment, Owner, Presence, Skill, Superior};

use super::word;

/// An agent with what storage knows about them.
#[derive(Debug, Clone)]
pub(crate) struct StoredAgent {
    /// The agent.
    pub agent: Agent,
    /// Since when the presence is what it is.
    pub presence_since: Timestamp,
    /// When they were first put here.
    pub created_at: Timestamp,
    /// How many affairs they hold.
    pub holding: u32,
    /// The etag.
    pub version: i64,
}

struct AgentRow {
    agent_id: String,
    department: String,
    skills: Vec<String>,
    skills_until: Vec<Option<jiff_sqlx::Timestamp>>,
    languages: Vec<String>,
    capacity: i32,
    presence: String,
    leads: bool,
    public_name: String,
    team: String,
    manager: String,
    presence_since: jiff_sqlx::Timestamp,
    created_at: jiff_sqlx::Timestamp,
    version: i64,
    holding: i64,
}

impl TryFrom<AgentRow> for StoredAgent {
    type Error = StoreError;

    fn try_from(row: AgentRow) -> Result<Self, StoreError> {
        let key = &row.agent_id;
        let skills = row.skills.iter().zip(&row.skills_until).map(|(skill, until)| {
            let skill = word("agent", "skills", key, skill.parse().ok())?;
            Ok(Skill { skill, until: until.map(|t| t.to_jiff()) })
        });
        let languages = row.languages.iter().map(|code| word("agent", "languages", key, code.parse().ok()));
        let agent = Agent {
            id: word("agent", "agent_id", key, AgentId::of(key).ok())?,
            department: word("agent", "department", key, row.department.parse().ok())?,
            skills: skills.collect::<Result<_, StoreError>>()?,
            languages: languages.collect::<Result<_, StoreError>>()?,
            capacity: word("agent", "capacity", key, u16::try_from(row.capacity).ok())?,
            presence: word("agent", "presence", key, Presence::from_word(&row.presence))?,
            leads: row.leads,
            public_name: match row.public_name.as_str() {
                "" => None,
                name => Some(word("agent", "public_name", key, name.parse().ok())?),
            },
            team: match row.team.as_str() {
                "" => None,
                team => Some(word("agent", "team", key, team.parse().ok())?),
            },
            manager: match row.manager.as_str() {
                "" => None,
                id => Some(word("agent", "manager", key, AgentId::of(id).ok())?),
            },
        };
        Ok(Self {
            agent,
            presence_since: row.presence_since.to_jiff(),
            created_at: row.created_at.to_jiff(),
            holding: u32::try_from(row.holding).unwrap_or(u32::MAX),
            version: row.version,
        })
    }
}

/// Every reading of agents has the same columns; only what follows `from` differs.
macro_rules! select_agents {
    ($tail:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            AgentRow,
            r#"select a.agent_id, a.department, a.skills, a.skills_until as "skills_until!: Vec<Option<jiff_sqlx::Timestamp>>",
                      a.languages, a.capacity, a.presence, a.leads, a.public_name, a.team, a.manager, a.presence_since, a.created_at, a.version,
                      (select count(*) from ticketing.ticket t where t.owner = a.agent_id
                         and t.state in ('acknowledged', 'in_progress', 'held') and t.merged_head is null) as "holding!"
               from ticketing.agent a "# + $tail
            $(, $argument)*
        )
    };
}

/// One agent.
#[tracing::instrument(name = "db.agent.get", skip_all)]
pub(crate) async fn get(pool: &PgPool, id: &AgentId) -> Result<Option<StoredAgent>, StoreError> {
    let row = select_agents!("where a.agent_id = $1", id.as_str()).fetch_optional(pool).await?;
    row.map(StoredAgent::try_from).transpose()
}

/// Whether somebody of this id is an agent here.
#[tracing::instrument(name = "db.agent.exists", skip_all)]
pub(crate) async fn exists(executor: impl PgExecutor<'_>, owner: &Owner) -> Result<bool, StoreError> {
    let exists = sqlx::query_scalar!(
        r#"select exists (select from ticketing.agent where agent_id = $1) as "exists!""#,
        owner.as_str()
    );
    Ok(exists.fetch_one(executor).await?)
}

/// One agent, locked until the transaction ends. What they hold is counted anew under the lock.
#[tracing::instrument(name = "db.agent.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: &AgentId) -> Result<Option<StoredAgent>, StoreError> {
    let locked = sqlx::query!("select from ticketing.agent where agent_id = $1 for update", id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    if locked.is_none() {
        return Ok(None);
    }
    let row = select_agents!("where a.agent_id = $1", id.as_str()).fetch_one(tx).await?;
    StoredAgent::try_from(row).map(Some)
}

/// Who leads a department, locked in the order of their ids until the transaction ends. Whoever takes an affair holds an agent's lock and waits
/// for no ticket, so that these may be locked under a ticket's lock.
#[tracing::instrument(name = "db.agent.lock_superiors", skip_all)]
pub(crate) async fn lock_superiors(
    tx: &mut PgConnection,
    department: &Department,
) -> Result<Vec<Superior>, StoreError> {
    let locked = sqlx::query_scalar!(
        "select agent_id from ticketing.agent where department = $1 and leads order by agent_id for update",
        department.as_str(),
    )
    .fetch_all(&mut *tx)
    .await?;
    if locked.is_empty() {
        return Ok(Vec::new());
    }
    // Those that are locked and no other: who was put here meanwhile may be taking an affair at this moment.
    let rows = select_agents!("where a.agent_id = any($1) and a.leads", &locked).fetch_all(tx).await?;
    let read = |row| StoredAgent::try_from(row).map(|stored| Superior { agent: stored.agent, holding: stored.holding });
    rows.into_iter().map(read).collect()
}

/// Whether whoever has an affair leads the department that has it.
#[tracing::instrument(name = "db.agent.leads", skip_all)]
pub(crate) async fn leads(tx: &mut PgConnection, assignment: &Assignment) -> Result<bool, StoreError> {
    let Some(owner) = &assignment.owner else { return Ok(false) };
    let leads = sqlx::query_scalar!(
        r#"select exists (select from ticketing.agent where agent_id = $1 and department = $2 and leads) as "leads!""#,
        owner.as_str(),
        assignment.department.as_str(),
    )
    .fetch_one(tx)
    .await?;
    Ok(leads)
}

/// Agents of a department, or of all, after the one with this id.
#[tracing::instrument(name = "db.agent.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    department: Option<&Department>,
    after: &str,
    limit: i64,
) -> Result<Vec<StoredAgent>, StoreError> {
    let rows = match department {
        Some(department) => {
            select_agents!(
                "where a.department = $1 and a.agent_id > $2 order by a.agent_id limit $3",
                department.as_str(),
                after,
                limit,
            )
            .fetch_all(pool)
            .await?
        }
        None => {
            select_agents!("where a.agent_id > $1 order by a.agent_id limit $2", after, limit).fetch_all(pool).await?
        }
    };
    rows.into_iter().map(StoredAgent::try_from).collect()
}

/// Puts a new agent here; `false` when another call was first.
#[tracing::instrument(name = "db.agent.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, stored: &StoredAgent) -> Result<bool, StoreError> {
    let agent = &stored.agent;
    let (skills, until, languages) = columns(agent);
    let put = sqlx::query!(
        "insert into ticketing.agent (agent_id, department, skills, skills_until, languages, capacity, presence,
             presence_since, created_at, version, leads, public_name, team, manager)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict on constraint agent_pkey do nothing",
        agent.id.as_str(),
        agent.department.as_str(),
        &skills,
        &until as _,
        &languages,
        i32::from(agent.capacity),
        agent.presence.as_str(),
        stored.presence_since.to_sqlx() as _,
        stored.created_at.to_sqlx() as _,
        stored.version,
        agent.leads,
        public_name(agent),
        team(agent),
        manager(agent),
    )
    .execute(tx)
    .await?;
    Ok(put.rows_affected() == 1)
}

/// Writes an agent that is locked; `stored` holds the version it is to have.
#[tracing::instrument(name = "db.agent.update", skip_all)]
pub(crate) async fn update(tx: &mut PgConnection, stored: &StoredAgent) -> Result<(), StoreError> {
    let agent = &stored.agent;
    let (skills, until, languages) = columns(agent);
    let written = sqlx::query!(
        "update ticketing.agent
         set department = $2, skills = $3, skills_until = $4, languages = $5, capacity = $6, presence = $7,
             presence_since = $8, version = $9, leads = $10, public_name = $11, team = $12, manager = $13
         where agent_id = $1",
        agent.id.as_str(),
        agent.department.as_str(),
        &skills,
        &until as _,
        &languages,
        i32::from(agent.capacity),
        agent.presence.as_str(),
        stored.presence_since.to_sqlx() as _,
        stored.version,
        agent.leads,
        public_name(agent),
        team(agent),
        manager(agent),
    )
    .execute(tx)
    .await?;
    affected_one(&written)
}

fn public_name(agent: &Agent) -> &str {
    agent.public_name.as_ref().map_or("", |name| name.as_str())
}

fn team(agent: &Agent) -> &str {
    agent.team.as_ref().map_or("", |team| team.as_str())
}

fn manager(agent: &Agent) -> &str {
    agent.manager.as_ref().map_or("", |manager| manager.as_str())
}

type Columns = (Vec<String>, Vec<Option<jiff_sqlx::Timestamp>>, Vec<String>);

fn columns(agent: &Agent) -> Columns {
    let skills = agent.skills.iter().map(|skill| skill.skill.as_str().to_owned()).collect();
    let until = agent.skills.iter().map(|skill| skill.until.map(|until| until.to_sqlx())).collect();
    (skills, until, agent.languages.iter().map(ToString::to_string).collect())
}
