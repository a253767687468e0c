//! Requests about agents and queues.

use kernel::{Department, Language, Violations};
use postgres::{RequestKey, parse_etag};
use prost::Message as _;
use server::{PageToken, page_size, parse, status};
use ticketing_domain::{Agent, AgentId, Body, DepartmentId, Presence, Skill, SkillRule, Slug};
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;

use super::named::Header;
use super::process::wording;
use super::{etag, key, list, whole};
use crate::grpc::present;
use crate::usecase::named::NewNamed;
use crate::usecase::{NewAgent, NewPresence, NewRules, Target};

/// Most affairs of one agent.
const MOST_CAPACITY: u16 = 200;
/// Most skills of one agent.
const MOST_SKILLS: usize = 50;
/// Most rules of one queue.
const MOST_RULES: usize = 200;

fn agent_id(v: &mut Violations, field: &str, name: &str) -> Option<AgentId> {
    v.check(field, name.parse())
}

fn department_of(v: &mut Violations, field: &str, name: &str) -> Option<Department> {
    let slug = name.strip_prefix("queues/").and_then(|slug| slug.parse().ok());
    if slug.is_none() {
        v.push(field, "must be a resource name of the form queues/{department}");
    }
    slug
}

pub(in crate::grpc) fn agent_name(name: &str) -> Result<AgentId, Violations> {
    let mut v = Violations::new();
    let id = agent_id(&mut v, "name", name);
    whole(v, id)
}

pub(in crate::grpc) fn queue_name(name: &str) -> Result<Department, Violations> {
    let mut v = Violations::new();
    let department = department_of(&mut v, "name", name);
    whole(v, department)
}

/// The version a change of what is put is decided on; none for what is put first.
pub(super) fn version(v: &mut Violations, field: &str, etag: &str) -> Option<i64> {
    if etag.is_empty() { None } else { v.check(field, parse_etag(etag)) }
}

pub(in crate::grpc) fn put_agent(request: &pb::PutAgentRequest) -> Result<NewAgent, Violations> {
    let mut v = Violations::new();
    let key = key(&mut v, "PutAgent", &request.request_id, request);
    let Some(said) = &request.agent else {
        v.push("agent", "is required");
        return whole(v, None);
    };
    let etag = version(&mut v, "agent.etag", &said.etag);
    let agent = agent(&mut v, said);
    let whole_agent = || Some(NewAgent { agent: agent?, etag, key: key? });
    let new = whole_agent();
    whole(v, new)
}

fn agent(v: &mut Violations, said: &pb::Agent) -> Option<Agent> {
    let id = agent_id(v, "agent.name", &said.name);
    let department = parse::department(v, "agent.department", &said.department);
    let skills = skills(v, &said.skills);
    let languages = languages(v, &said.languages);
    let capacity = u16::try_from(said.capacity).ok().filter(|capacity| (1..=MOST_CAPACITY).contains(capacity));
    if capacity.is_none() {
        v.push("agent.capacity", "must be 1 to 200");
    }
    let presence = Presence::Away;
    let public_name = match said.public_name.as_str() {
        "" => None,
        name => v.check("agent.public_name", name.parse()),
    };
    let team = match said.team.as_str() {
        "" => None,
        team => v.check("agent.team", team.parse()),
    };
    let manager = match said.manager.as_str() {
        "" => None,
        name => agent_id(v, "agent.manager", name),
    };
    if manager.is_some() && manager == id {
        v.push("agent.manager", "must be another than the agent");
    }
    Some(Agent {
        id: id?,
        department: department?,
        skills,
        languages,
        capacity: capacity?,
        presence,
        leads: said.leads,
        public_name,
        team,
        manager,
    })
}

fn skills(v: &mut Violations, said: &[pb::AgentSkill]) -> Vec<Skill> {
    if said.len() > MOST_SKILLS {
        v.push("agent.skills", "must be at most 50");
        return Vec::new();
    }
    let mut skills: Vec<Skill> = Vec::with_capacity(said.len());
    for (i, one) in said.iter().enumerate() {
        let field = format!("agent.skills[{i}].skill");
        let until = parse::optional_time(v, &format!("agent.skills[{i}].expire_time"), one.expire_time.as_ref());
        match v.check(&field, one.skill.parse::<Slug>()) {
            Some(skill) if skills.iter().any(|known| known.skill == skill) => v.push(field, "is named twice"),
            Some(skill) => skills.push(Skill { skill, until }),
            None => {}
        }
    }
    skills
}

fn languages(v: &mut Violations, said: &[i32]) -> Vec<Language> {
    let mut languages = Vec::with_capacity(said.len().min(16));
    for (i, value) in said.iter().enumerate() {
        let field = format!("agent.languages[{i}]");
        if *value == 0 {
            v.push(field, "is required");
            continue;
        }
        match parse::language(v, &field, *value) {
            Some(language) if languages.contains(&language) => v.push(field, "is named twice"),
            Some(language) => languages.push(language),
            None => {}
        }
    }
    languages
}

pub(in crate::grpc) fn state_presence(request: &pb::StatePresenceRequest) -> Result<NewPresence, Violations> {
    let mut v = Violations::new();
    let id = agent_id(&mut v, "name", &request.name);
    let presence = match pb::Presence::try_from(request.presence) {
        Ok(pb::Presence::Available) => Some(Presence::Available),
        Ok(pb::Presence::Busy) => Some(Presence::Busy),
        Ok(pb::Presence::Away) => Some(Presence::Away),
        Ok(pb::Presence::Unspecified) | Err(_) => parse::not_a_value(&mut v, "presence", request.presence),
    };
    let key = key(&mut v, "StatePresence", &request.request_id, request);
    let whole_presence = || Some(NewPresence { id: id?, presence: presence?, key: key? });
    let new = whole_presence();
    whole(v, new)
}

pub(in crate::grpc) fn put_queue(request: &pb::PutQueueRequest) -> Result<NewRules, Violations> {
    let mut v = Violations::new();
    let key = key(&mut v, "PutQueue", &request.request_id, request);
    let Some(said) = &request.queue else {
        v.push("queue", "is required");
        return whole(v, None);
    };
    let department = department_of(&mut v, "queue.name", &said.name);
    let etag = version(&mut v, "queue.etag", &said.etag);
    let rules = rules(&mut v, &said.rules);
    let whole_rules = || Some(NewRules { department: department?, rules, etag, key: key? });
    let new = whole_rules();
    whole(v, new)
}

pub(in crate::grpc) fn put_department(
    request: &pb::PutDepartmentRequest,
) -> Result<NewNamed<DepartmentId, pb::Department>, Violations> {
    let mut v = Violations::new();
    let Some(said) = &request.department else {
        key(&mut v, "PutDepartment", &request.request_id, request);
        v.push("department", "is required");
        return whole(v, None);
    };
    let names = wording::<100>(&mut v, "department.display_name", &said.display_name);
    // By the Spanish one, which every department has.
    let title = names.as_ref().map_or("-", |names| names.in_language(Language::Es)).to_owned();
    let content =
        names.map(|names| pb::Department { display_name: present::localized(&names), ..pb::Department::default() });
    let header = Header {
        method: "PutDepartment",
        field: "department",
        name: &said.name,
        title: &title,
        department: "",
        etag: &said.etag,
        request_id: &request.request_id,
    };
    let new = header.put(&mut v, request, content);
    whole(v, new)
}

fn rules(v: &mut Violations, said: &[pb::SkillRule]) -> Vec<SkillRule> {
    if said.len() > MOST_RULES {
        v.push("queue.rules", "must be at most 200");
        return Vec::new();
    }
    let mut rules: Vec<SkillRule> = Vec::with_capacity(said.len());
    for (i, one) in said.iter().enumerate() {
        let topic = v.check(format!("queue.rules[{i}].topic"), one.topic.parse::<Slug>());
        let skill = v.check(format!("queue.rules[{i}].skill"), one.skill.parse::<Slug>());
        let Some((topic, skill)) = topic.zip(skill) else { continue };
        let rule = SkillRule { topic, skill };
        if rules.contains(&rule) {
            v.push(format!("queue.rules[{i}]"), "is named twice");
        } else {
            rules.push(rule);
        }
    }
    rules
}

pub(in crate::grpc) fn call_supervisor(
    request: &pb::CallSupervisorRequest,
) -> Result<(Target, Option<Body>), Violations> {
    let mut v = Violations::new();
    let id = parse::name(&mut v, "name", &request.name);
    let etag = self::etag(&mut v, &request.etag);
    let key = key(&mut v, "CallSupervisor", &request.request_id, request);
    let known = match request.handover.as_str() {
        "" => None,
        text => v.check("handover", text.parse::<Body>()),
    };
    let target = || Some(Target { id: id?, etag: etag?, key: key?, stated: None });
    let target = target();
    whole(v, target.map(|target| (target, known)))
}

pub(in crate::grpc) fn take_next(request: &pb::TakeNextTicketRequest) -> Result<RequestKey, Violations> {
    let mut v = Violations::new();
    let key = key(&mut v, "TakeNextTicket", &request.request_id, request);
    whole(v, key)
}

/// A list of agents that is asked for.
pub(in crate::grpc) struct Agents {
    pub department: Option<Department>,
    pub after: String,
    pub size: usize,
    binding: Vec<u8>,
}

impl Agents {
    /// The token of the page after this agent.
    pub fn next_token(&self, last: Option<String>) -> String {
        last.map(|id| PageToken::encode("agents", &self.binding, &[&id])).unwrap_or_default()
    }
}

pub(in crate::grpc) fn agents(request: pb::ListAgentsRequest) -> Result<Agents, Status> {
    let mut v = Violations::new();
    let department =
        if request.department.is_empty() { None } else { parse::department(&mut v, "department", &request.department) };
    let size = page_size(&mut v, request.page_size);
    v.into_result().map_err(|e| status(&e))?;
    let token = request.page_token.clone();
    let binding = pb::ListAgentsRequest { page_size: 0, page_token: String::new(), ..request }.encode_to_vec();
    let after = match PageToken::decode(&token, "agents", &binding).map_err(|e| status(&e))? {
        Some(token) => {
            let [id] = token.fields().map_err(|e| status(&e))?;
            // The checksum held, so the token is ours and of another version.
            AgentId::of(&id).map_err(|_| status(&list::unreadable()))?.as_str().to_owned()
        }
        None => String::new(),
    };
    Ok(Agents { department, after, size, binding })
}
