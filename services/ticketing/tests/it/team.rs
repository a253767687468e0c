//! Agents and queues: PutAgent, GetAgent, ListAgents, StatePresence, PutQueue, GetQueue.

use kernel::Role;
use testkit::Client;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::Presence;
use ventanilla_proto::ticketing::v1::team_service_client::TeamServiceClient;

use crate::world::{World, assert_refused, complaint, create_request, fields, fresh_id, open, time};

pub type Team = TeamServiceClient<Client>;

impl World {
    pub fn team(&self, subject: &str, role: Role) -> Team {
        TeamServiceClient::new(self.served.channel_as(subject, &[role], Some("billing")))
    }

    pub fn supervisor(&self) -> Team {
        self.team("boss", Role::Supervisor)
    }

    /// An agent of billing who is at their desk.
    pub async fn hired(&self, subject: &str, change: impl FnOnce(&mut pb::Agent)) -> Team {
        let mut agent = of_billing(subject);
        change(&mut agent);
        put(&mut self.supervisor(), agent).await.unwrap();
        let mut team = self.team(subject, Role::Agent);
        present(&mut team, subject, Presence::Available).await.unwrap();
        team
    }
}

pub fn of_billing(subject: &str) -> pb::Agent {
    pb::Agent { name: format!("agents/{subject}"), department: "billing".into(), capacity: 5, ..Default::default() }
}

pub async fn put(team: &mut Team, agent: pb::Agent) -> Result<pb::Agent, Status> {
    let request = pb::PutAgentRequest { agent: Some(agent), request_id: fresh_id() };
    team.put_agent(request).await.map(tonic::Response::into_inner)
}

pub async fn present(team: &mut Team, subject: &str, presence: Presence) -> Result<pb::Agent, Status> {
    let request = pb::StatePresenceRequest {
        name: format!("agents/{subject}"),
        presence: presence.into(),
        request_id: fresh_id(),
    };
    team.state_presence(request).await.map(tonic::Response::into_inner)
}

pub async fn ask_for(team: &mut Team, rules: &[(&str, &str)], etag: &str) -> Result<pb::Queue, Status> {
    let rule = |(topic, skill): &(&str, &str)| pb::SkillRule { topic: (*topic).into(), skill: (*skill).into() };
    let queue = pb::Queue {
        name: "queues/billing".into(),
        rules: rules.iter().map(rule).collect(),
        etag: etag.into(),
        ..Default::default()
    };
    let request = pb::PutQueueRequest { queue: Some(queue), request_id: fresh_id() };
    team.put_queue(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_is_put_here_once_and_changed_by_who_has_seen_them() {
    let world = World::new().await;
    let mut boss = world.supervisor();
    let said = pb::Agent {
        skills: vec![pb::AgentSkill { skill: "gas-safety".into(), expire_time: time("2027-01-01T00:00:00Z") }],
        languages: vec![1, 2],
        ..of_billing("u-7")
    };
    let agent = put(&mut boss, said.clone()).await.unwrap();
    assert_eq!((agent.presence(), agent.holding_count), (Presence::Away, 0));
    assert_eq!((&agent.skills, &agent.languages, agent.capacity), (&said.skills, &said.languages, 5));
    assert_refused(put(&mut boss, said.clone()).await, Code::Aborted, "STALE_ETAG");
    let unseen = pb::Agent { etag: "\"1\"".into(), ..of_billing("u-8") };
    assert_refused(put(&mut boss, unseen).await, Code::Aborted, "STALE_ETAG");

    // Sitting down is no change of who they are.
    let here = present(&mut world.team("u-7", Role::Agent), "u-7", Presence::Available).await.unwrap();
    assert_eq!((here.presence(), &here.etag), (Presence::Available, &agent.etag));
    let changed = put(&mut boss, pb::Agent { capacity: 9, etag: agent.etag, ..said }).await.unwrap();
    assert_eq!((changed.capacity, changed.presence()), (9, Presence::Available));
    let read = boss.get_agent(pb::GetAgentRequest { name: changed.name.clone() }).await.unwrap().into_inner();
    assert_eq!(read, changed);
    let unknown = boss.get_agent(pb::GetAgentRequest { name: "agents/nadie".into() }).await;
    assert_refused(unknown, Code::NotFound, "NOT_FOUND");
}

/// Entries of one type in the ledger, sequenced or not, the first first.
pub async fn entries<M: prost::Message + prost::Name + Default>(world: &World) -> Vec<M> {
    let rows: Vec<Vec<u8>> = sqlx::query_scalar(
        "select payload from (select 0 as waits, position, type, payload from ticketing.ledger
                              union all select 1, inbox_id, type, payload from ticketing.ledger_inbox) e
         where type = $1 order by waits, position",
    )
    .bind(M::full_name())
    .fetch_all(&world.database.admin().await)
    .await
    .unwrap();
    rows.iter().map(|payload| M::decode(payload.as_slice()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_what_team_an_agent_works_and_under_whom_is_kept_told_and_taken_back() {
    let world = World::new().await;
    let mut boss = world.supervisor();
    // Whom they report to need not be here yet, and may be led by another in turn.
    let said = pb::Agent { team: "altas-norte".into(), manager: "agents/u-9".into(), ..of_billing("u-7") };
    let agent = put(&mut boss, said.clone()).await.unwrap();
    assert_eq!((&agent.team, &agent.manager), (&said.team, &said.manager));
    put(&mut boss, pb::Agent { team: "altas-norte".into(), ..of_billing("u-9") }).await.unwrap();
    let listed = boss.list_agents(pb::ListAgentsRequest::default()).await.unwrap().into_inner().agents;
    assert_eq!(
        listed.iter().map(|agent| (agent.team.as_str(), agent.manager.as_str())).collect::<Vec<_>>(),
        [("altas-norte", "agents/u-9"), ("altas-norte", "")]
    );
    let freed = put(&mut boss, pb::Agent { etag: agent.etag, ..of_billing("u-7") }).await.unwrap();
    assert_eq!((freed.team.as_str(), freed.manager.as_str()), ("", ""));
    let read = boss.get_agent(pb::GetAgentRequest { name: freed.name.clone() }).await.unwrap().into_inner();
    assert_eq!(read, freed);

    let told: Vec<pb::AgentPut> = entries(&world).await;
    let told = told.iter().map(|put| (put.agent.as_str(), put.team.as_str(), put.manager.as_str()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [("agents/u-7", "altas-norte", "agents/u-9"), ("agents/u-9", "altas-norte", ""), ("agents/u-7", "", "")]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_lets_nobody_be_their_own_manager() {
    let world = World::new().await;
    put(&mut world.supervisor(), of_billing("u-7")).await.unwrap();
    let own = "update ticketing.agent set manager = agent_id";
    let refused = sqlx::query(own).execute(&world.database.admin().await).await.unwrap_err();
    let constraint = refused.as_database_error().and_then(|error| error.constraint().map(str::to_owned));
    assert_eq!(constraint.as_deref(), Some("agent_is_not_their_own_manager"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_tells_who_has_an_affair_from_its_first_entry_on() {
    use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
    let world = World::new().await;
    let mut agent = world.agent();
    open(&mut agent).await;
    world.employ(&["u-7", "u-8"]).await;
    let owned = pb::Ticket { owner: "u-7".into(), ..complaint() };
    let whole = agent.create_ticket(create_request(owned)).await.unwrap().into_inner().ticket.unwrap();
    let split = pb::SplitTicketRequest {
        name: whole.name,
        claim_points: vec![whole.claim_points[0].id.clone()],
        subject: "Aparte".into(),
        department: "network-ops".into(),
        owner: "u-8".into(),
        reason: "two_departments".into(),
        etag: whole.etag,
        request_id: fresh_id(),
        ..Default::default()
    };
    RelationServiceClient::new(world.served.channel(Role::Agent)).split_ticket(split).await.unwrap();
    let told: Vec<pb::TicketOpened> = entries(&world).await;
    assert_eq!(told.iter().map(|opened| opened.owner.as_str()).collect::<Vec<_>>(), ["", "u-7", "u-8"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_supervisors_say_of_others_whether_they_are_there() {
    let world = World::new().await;
    put(&mut world.supervisor(), of_billing("u-7")).await.unwrap();
    let other = present(&mut world.team("u-8", Role::Agent), "u-7", Presence::Away).await;
    assert_refused(other, Code::PermissionDenied, "NOT_YOUR_PRESENCE");
    let busy = present(&mut world.supervisor(), "u-7", Presence::Busy).await.unwrap();
    assert_eq!(busy.presence(), Presence::Busy);
    let stranger = present(&mut world.supervisor(), "nadie", Presence::Busy).await;
    assert_refused(stranger, Code::NotFound, "NOT_FOUND");
    let hired = put(&mut world.team("u-7", Role::Agent), of_billing("u-9")).await;
    assert_eq!(hired.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_are_listed_page_by_page() {
    let world = World::new().await;
    let mut boss = world.supervisor();
    for n in 0..5 {
        put(&mut boss, of_billing(&format!("u-{n}"))).await.unwrap();
    }
    let elsewhere = pb::Agent { department: "network-ops".into(), ..of_billing("u-2b") };
    put(&mut boss, elsewhere).await.unwrap();
    let mut request = pb::ListAgentsRequest { department: "billing".into(), page_size: 2, ..Default::default() };
    let mut names = Vec::new();
    loop {
        let page = boss.list_agents(request.clone()).await.unwrap().into_inner();
        names.extend(page.agents.into_iter().map(|agent| agent.name));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(names, (0..5).map(|n| format!("agents/u-{n}")).collect::<Vec<_>>());
    let all = boss.list_agents(pb::ListAgentsRequest::default()).await.unwrap().into_inner().agents;
    assert_eq!(all.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_tells_what_waits_and_what_it_asks_for() {
    let world = World::new().await;
    let mut boss = world.supervisor();
    let get = pb::GetQueueRequest { name: "queues/billing".into() };
    let empty = boss.get_queue(get.clone()).await.unwrap().into_inner();
    assert_eq!((empty.waiting_count, empty.oldest_received_time, empty.etag.as_str()), (0, None, ""));
    let ticket = open(&mut world.agent()).await.ticket.unwrap();
    let ruled = ask_for(&mut boss, &[("gas-leak", "gas-safety"), ("gas-leak", "night")], "").await.unwrap();
    assert_eq!((ruled.waiting_count, ruled.rules.len()), (1, 2));
    assert_eq!(ruled.oldest_received_time, ticket.first_received_time);
    assert_refused(ask_for(&mut boss, &[], "").await, Code::Aborted, "STALE_ETAG");
    let ruled = ask_for(&mut boss, &[("gas-leak", "night")], &ruled.etag).await.unwrap();
    assert_eq!(boss.get_queue(get).await.unwrap().into_inner(), ruled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_with_an_agent_or_a_queue_is_told_at_once() {
    let world = World::new().await;
    let mut boss = world.supervisor();
    let skill = |skill: &str| pb::AgentSkill { skill: skill.into(), expire_time: None };
    let bad = pb::Agent {
        name: "agents/a/b".into(),
        department: "Con Espacio".into(),
        skills: vec![skill("night"), skill("night"), skill("")],
        languages: vec![0, 1, 1, 99],
        capacity: 0,
        etag: "no".into(),
        public_name: "dos\nlíneas".into(),
        team: "Norte y Sur".into(),
        manager: "u-9".into(),
        ..Default::default()
    };
    let refused = assert_refused(put(&mut boss, bad).await, Code::InvalidArgument, "INVALID_REQUEST");
    let expected = [
        "agent.etag",
        "agent.name",
        "agent.department",
        "agent.skills[1].skill",
        "agent.skills[2].skill",
        "agent.languages[0]",
        "agent.languages[2]",
        "agent.languages[3]",
        "agent.capacity",
        "agent.public_name",
        "agent.team",
        "agent.manager",
    ];
    assert_eq!(fields(&refused), expected);
    let their_own = pb::Agent { manager: "agents/u-7".into(), capacity: 0, ..of_billing("u-7") };
    let refused = assert_refused(put(&mut boss, their_own).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["agent.capacity", "agent.manager"]);
    let refused = ask_for(&mut boss, &[("a", "b"), ("a", "b"), ("", "B B")], "").await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["queue.rules[1]", "queue.rules[2].topic", "queue.rules[2].skill"]);
}
