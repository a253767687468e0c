//! CallSupervisor, and what those who lead are given first.

use kernel::Role;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::{Presence, TakeReason};

use crate::team::{Team, present};
use crate::world::{
    World, assert_refused, complaint, create_request, fact, fields, fresh_id, open, resolved, time, withdrawal,
};

fn request(ticket: &pb::Ticket) -> pb::CallSupervisorRequest {
    pb::CallSupervisorRequest {
        name: ticket.name.clone(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        handover: "Lleva tres llamadas; quiere hablar con un responsable.".into(),
    }
}

async fn call(team: &mut Team, ticket: &pb::Ticket) -> Result<pb::CallSupervisorResponse, Status> {
    team.call_supervisor(request(ticket)).await.map(tonic::Response::into_inner)
}

async fn take(team: &mut Team) -> pb::TakeNextTicketResponse {
    team.take_next_ticket(pb::TakeNextTicketRequest { request_id: fresh_id() }).await.unwrap().into_inner()
}

async fn history(world: &World, ticket: &str) -> Vec<(pb::TicketChangeKind, String, String)> {
    let request = pb::ListTicketHistoryRequest { name: ticket.into(), ..Default::default() };
    let changes = world.agent().list_ticket_history(request).await.unwrap().into_inner().changes;
    changes.into_iter().map(|c| (c.kind(), c.reason, c.related)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customer_is_put_through_to_the_superior_who_is_there_and_holds_fewest() {
    let world = World::new().await;
    let (mut agent, ticket) = (world.hired("u-7", |_| ()).await, open(&mut world.agent()).await.ticket.unwrap());
    let mut busy = world.hired("chief-1", |agent| agent.leads = true).await;
    open(&mut world.agent()).await;
    take(&mut busy).await;
    world.hired("chief-2", |agent| agent.leads = true).await;
    let mut away = world.hired("chief-0", |agent| agent.leads = true).await;
    present(&mut away, "chief-0", Presence::Away).await.unwrap();
    world.hired("chief-3", |agent| (agent.leads, agent.department) = (true, "network-ops".into())).await;

    let request = request(&ticket);
    let called = agent.call_supervisor(request.clone()).await.unwrap().into_inner();
    assert_eq!(called.supervisor, "agents/chief-2");
    let theirs = called.ticket.clone().unwrap();
    assert_eq!((theirs.owner.as_str(), theirs.supervisor_call_time), ("chief-2", None));
    let told: Vec<_> = history(&world, &ticket.name).await.into_iter().skip(1).take(2).collect();
    let is = |kind, reason: &str| (kind, reason.to_owned(), "chief-2".to_owned());
    assert_eq!(
        told,
        [is(pb::TicketChangeKind::SupervisorCalled, ""), is(pb::TicketChangeKind::Assigned, "supervisor_called"),]
    );
    let list = pb::ListMessagesRequest { parent: ticket.name, ..Default::default() };
    let said = world.agent().list_messages(list).await.unwrap().into_inner().messages;
    assert_eq!((said[0].visibility(), said[0].body.contains("tres llamadas")), (pb::MessageVisibility::Internal, true));
    assert_eq!(agent.call_supervisor(request).await.unwrap().into_inner(), called, "a retry is the same answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_tells_the_superior_what_is_known_and_a_machine_need_not() {
    let world = World::new().await;
    let ticket = open(&mut world.agent()).await.ticket.unwrap();
    let silent = || pb::CallSupervisorRequest { handover: String::new(), ..request(&ticket) };
    for role in [Role::Agent, Role::Supervisor] {
        let refused = world.team("u-7", role).call_supervisor(silent()).await;
        let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(fields(&refused), ["handover"], "{role}");
    }
    world.team("telephone", Role::Ivr).call_supervisor(silent()).await.unwrap();
    let other = open(&mut world.agent()).await.ticket.unwrap();
    let silent = pb::CallSupervisorRequest { handover: String::new(), ..request(&other) };
    world.team("crm", Role::Crm).call_supervisor(silent).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_none_is_free_the_next_who_takes_is_given_it_before_all_others_and_no_agent_is() {
    let world = World::new().await;
    let pressing = pb::Ticket { severity: pb::Severity::Critical.into(), served_first: true, ..complaint() };
    let pressing = world.agent().create_ticket(create_request(pressing)).await.unwrap().into_inner().ticket.unwrap();
    let mut agent = world.hired("u-7", |_| ()).await;
    let owned = pb::Ticket { owner: "u-7".into(), severity: pb::Severity::Low.into(), ..complaint() };
    let ticket = world.agent().create_ticket(create_request(owned)).await.unwrap().into_inner().ticket.unwrap();
    let called = call(&mut agent, &ticket).await.unwrap();
    let waits = called.ticket.unwrap();
    assert_eq!((called.supervisor.as_str(), waits.owner.as_str()), ("", "u-7"));
    assert_eq!(waits.supervisor_call_time, time("2026-11-23T09:00:00Z"));
    let again = assert_refused(call(&mut agent, &waits).await, Code::FailedPrecondition, "SUPERVISOR_ALREADY_CALLED");
    assert_eq!(fact(&again, "since"), "2026-11-23T09:00:00Z");

    assert_eq!(take(&mut agent).await.ticket.unwrap().name, pressing.name, "an agent is given what is theirs");
    let mut chief = world.hired("chief-1", |agent| agent.leads = true).await;
    let given = take(&mut chief).await;
    assert_eq!(given.reasons().collect::<Vec<_>>(), [TakeReason::SupervisorCalled]);
    let given = given.ticket.unwrap();
    assert_eq!((given.name.as_str(), given.owner.as_str()), (ticket.name.as_str(), "chief-1"));
    assert_eq!(given.supervisor_call_time, None);
    assert_eq!(take(&mut chief).await.ticket, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_superior_is_not_given_the_call_for_a_superior_over_themselves() {
    let world = World::new().await;
    let mut only = world.hired("chief-1", |agent| agent.leads = true).await;
    let owned = pb::Ticket { owner: "chief-1".into(), ..complaint() };
    let ticket = world.agent().create_ticket(create_request(owned)).await.unwrap().into_inner().ticket.unwrap();
    let called = call(&mut world.team("u-7", Role::Agent), &ticket).await.unwrap();
    assert_eq!(called.supervisor, "", "nobody else is there");
    assert_eq!(take(&mut only).await.ticket, None, "they have it already");
    let mut other = world.hired("chief-2", |agent| agent.leads = true).await;
    let given = take(&mut other).await;
    assert_eq!(given.reasons().collect::<Vec<_>>(), [TakeReason::SupervisorCalled]);
    assert_eq!(given.ticket.unwrap().owner, "chief-2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_call_and_take_at_once_everybody_is_spoken_to_and_the_burden_is_shared() {
    let world = World::new().await;
    let mut calls = Vec::new();
    for n in 0..6 {
        world.hired(&format!("chief-{n}"), |agent| (agent.leads, agent.capacity) = (true, 3)).await;
    }
    world.employ(&["u-7"]).await;
    for _ in 0..12 {
        let owned = pb::Ticket { owner: "u-7".into(), ..complaint() };
        let opened = world.agent().create_ticket(create_request(owned)).await.unwrap().into_inner();
        let (ticket, mut team) = (opened.ticket.unwrap(), world.team("u-7", Role::Agent));
        calls.push(async move { call(&mut team, &ticket).await.unwrap() });
    }
    let takes = (0..6).map(|n| {
        let mut chief = world.team(&format!("chief-{n}"), Role::Agent);
        async move { chief.take_next_ticket(pb::TakeNextTicketRequest { request_id: fresh_id() }).await }
    });
    let (called, taken) =
        futures::future::join(futures::future::join_all(calls), futures::future::join_all(takes)).await;
    assert!(taken.iter().all(Result::is_ok), "{taken:?}");
    assert!(called.iter().all(|answer| !answer.supervisor.is_empty()), "there was room for everybody");
    let admin = world.database.admin().await;
    let held = "select count(*) from ticketing.ticket where owner like 'chief-%' group by owner";
    let held: Vec<i64> = sqlx::query_scalar(held).fetch_all(&admin).await.unwrap();
    assert_eq!((held.iter().sum::<i64>(), held.iter().max()), (12, Some(&2)), "and the burden is shared: {held:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_answered_waits_for_nobody() {
    let world = World::new().await;
    let mut team = world.team("u-7", Role::Agent);
    let done = resolved(&mut world.agent()).await;
    assert_refused(call(&mut team, &done).await, Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED");

    let ticket = open(&mut world.agent()).await.ticket.unwrap();
    let waits = call(&mut team, &ticket).await.unwrap().ticket.unwrap();
    let request = pb::CancelTicketRequest {
        message: withdrawal(&mut world.agent(), &waits.name).await,
        name: waits.name,
        reason: "withdrawn_by_customer".into(),
        etag: waits.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    let over = world.agent().cancel_ticket(request).await.unwrap().into_inner();
    assert_eq!(over.supervisor_call_time, None);
    let mut chief = world.hired("chief-1", |agent| agent.leads = true).await;
    assert_eq!(take(&mut chief).await.ticket, None);
    assert_refused(call(&mut team, &over).await, Code::FailedPrecondition, "TICKET_OVER");
}
