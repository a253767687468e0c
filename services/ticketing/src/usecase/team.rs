//! Who works on affairs, what a queue asks of them, and what departments are called: put, read, present or away.

use kernel::{Department, Language, Role};
use postgres::{RequestKey, StoreError};
use server::{Call, parse};
use ticketing_domain::{Agent, AgentId, DepartmentId, Presence, Refusal, SkillRule};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::LocalizedText;

use super::claimed::Claimed;
use super::named::{Kind, NamedPage, NewNamed};
use super::{Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::agent::{self, StoredAgent};
use crate::store::named::Departments;
use crate::store::queue;

/// What PutAgent is asked.
#[derive(Debug, Clone)]
pub struct NewAgent {
    /// The agent; its presence says nothing.
    pub agent: Agent,
    /// The version the caller decided on; none for a new agent.
    pub etag: Option<i64>,
    /// The call.
    pub key: RequestKey,
}

/// What PutQueue is asked.
#[derive(Debug, Clone)]
pub struct NewRules {
    /// The department.
    pub department: Department,
    /// Which topics ask for which skills.
    pub rules: Vec<SkillRule>,
    /// The version the caller decided on; none for the first.
    pub etag: Option<i64>,
    /// The call.
    pub key: RequestKey,
}

/// What StatePresence is asked.
#[derive(Debug, Clone)]
pub struct NewPresence {
    /// Whose.
    pub id: AgentId,
    /// How it stands.
    pub presence: Presence,
    /// The call.
    pub key: RequestKey,
}

const DEPARTMENTS: Kind<Departments, pb::Department> = Kind {
    present: present::department,
    put: |entries, department| entries.department_put(department),
    refusal: || Refusal::NotYours,
};

impl Ticketing {
    /// Says what a department is called.
    #[tracing::instrument(name = "department.put", skip_all, fields(department = %new.id))]
    pub(crate) async fn put_department(
        &self,
        call: &Call,
        new: NewNamed<DepartmentId, pb::Department>,
    ) -> Result<pb::Department, Error> {
        self.put_named(call, DEPARTMENTS, new).await
    }

    /// A page of departments that were named, and the slug of its last one when there are more.
    #[tracing::instrument(name = "department.list", skip_all)]
    pub(crate) async fn list_departments(
        &self,
        page: &NamedPage,
    ) -> Result<(Vec<pb::Department>, Option<String>), Error> {
        self.list_named(DEPARTMENTS, page).await
    }

    /// Puts an agent here, or changes one.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "agent.put", skip_all)]
    pub async fn put_agent(&self, call: &Call, new: NewAgent) -> Result<pb::Agent, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&new.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let known = agent::lock(&mut tx, &new.agent.id).await?;
        let stored = match (known, new.etag) {
            (Some(known), Some(etag)) if known.version == etag => {
                let agent = Agent { presence: known.agent.presence, ..new.agent };
                let stored = StoredAgent { agent, version: known.version + 1, ..known };
                agent::update(&mut tx, &stored).await?;
                stored
            }
            (None, None) => {
                let agent = Agent { presence: Presence::Away, ..new.agent };
                let stored = StoredAgent { agent, presence_since: now, created_at: now, holding: 0, version: 1 };
                if !agent::insert(&mut tx, &stored).await? {
                    return Err(StoreError::Stale.into());
                }
                // Whoever owned affairs before they were an agent here holds them.
                agent::lock(&mut tx, &stored.agent.id).await?.unwrap_or(stored)
            }
            _ => return Err(StoreError::Stale.into()),
        };
        let entry = self.entries(call, now, |entries| entries.agent_put(&stored.agent));
        ledger::append(&mut tx, &[entry]).await?;
        self.keep(tx, &new.key, present::agent(&stored)).await
    }

    /// One agent.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "agent.get", skip_all)]
    pub async fn get_agent(&self, id: AgentId) -> Result<pb::Agent, Error> {
        let found = agent::get(self.db.reader(), &id).await?.ok_or_else(|| Error::not_found(id.name()))?;
        Ok(present::agent(&found))
    }

    /// A page of agents, and the id of its last one when there are more.
    #[tracing::instrument(name = "agent.list", skip_all)]
    pub(crate) async fn list_agents(
        &self,
        department: Option<&Department>,
        after: &str,
        size: usize,
    ) -> Result<(Vec<pb::Agent>, Option<String>), Error> {
        let mut found = agent::list(self.db.reader(), department, after, limit(size)).await?;
        let more = cut(&mut found, size);
        let last = found.last().filter(|_| more).map(|stored| stored.agent.id.as_str().to_owned());
        Ok((found.iter().map(present::agent).collect(), last))
    }

    /// Says whether an agent takes affairs.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "agent.state_presence", skip_all)]
    pub async fn state_presence(&self, call: &Call, new: NewPresence) -> Result<pb::Agent, Error> {
        let own = call.actor().id == new.id.as_str();
        if !own && !call.acting().has_any(&[Role::Supervisor]) {
            return Err(Refusal::NotYourPresence.into());
        }
        let now = self.ambient.now();
        let mut tx = match self.claimed(&new.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let known = agent::lock(&mut tx, &new.id).await?.ok_or_else(|| Error::not_found(new.id.name()))?;
        let since = if known.agent.presence == new.presence { known.presence_since } else { now };
        // Who works how is what the etag guards, not whether they are at their desk.
        let agent = Agent { presence: new.presence, ..known.agent };
        let stored = StoredAgent { agent, presence_since: since, ..known };
        agent::update(&mut tx, &stored).await?;
        self.keep(tx, &new.key, present::agent(&stored)).await
    }

    /// What waits for a department, and what it asks of who takes it.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "queue.get", skip_all)]
    pub async fn get_queue(&self, department: Department) -> Result<pb::Queue, Error> {
        Ok(present::queue(&queue::get(self.db.reader(), &department).await?))
    }

    /// Says which topics of a department ask for which skills.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "queue.put", skip_all)]
    pub async fn put_queue(&self, call: &Call, new: NewRules) -> Result<pb::Queue, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&new.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        if !queue::put(&mut tx, &new.department, &new.rules, new.etag.unwrap_or(0)).await? {
            return Err(StoreError::Stale.into());
        }
        let stored = queue::get(&mut *tx, &new.department).await?;
        let entry = self.entries(call, now, |entries| entries.queue_put(&stored));
        ledger::append(&mut tx, &[entry]).await?;
        self.keep(tx, &new.key, present::queue(&stored)).await
    }
}

/// What a department is called in this language, or in Spanish; its slug where the house has not named it.
pub(super) fn called(names: &[LocalizedText], slug: &str, language: Language) -> String {
    let of = |wanted| names.iter().find(|name| name.language() == parse::language_to_proto(wanted));
    of(language).or_else(|| of(Language::Es)).map_or_else(|| slug.to_owned(), |name| name.text.clone())
}
