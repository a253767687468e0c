//! What stays each affair's own while it is answered with another, and comes apart with the merge.

use jiff::SignedDuration;
use kernel::Role;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::public_service_client::PublicServiceClient;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::ticketing::v1::{PromiseState, TakeReason};
use ventanilla_proto::r#type::v1::Direction;

use crate::ask_survey::ask;
use crate::relations::{Relations, both_points, merge, unmerge};
use crate::team::Team;
use crate::world::{
    Tickets, World, assert_refused, complaint, create_request, fresh_id, get, open, promise_request, say, started,
    time, wait, withdrawal,
};

fn relations(world: &World) -> Relations {
    RelationServiceClient::new(world.served.channel(Role::Agent))
}

async fn opened_in(agent: &mut Tickets, department: &str) -> pb::Ticket {
    let ticket = pb::Ticket { department: department.into(), ..complaint() };
    agent.create_ticket(create_request(ticket)).await.unwrap().into_inner().ticket.unwrap()
}

async fn call(team: &mut Team, ticket: &pb::Ticket) -> Result<pb::CallSupervisorResponse, tonic::Status> {
    let request = pb::CallSupervisorRequest {
        name: ticket.name.clone(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        handover: "Quiere hablar con un responsable.".into(),
    };
    team.call_supervisor(request).await.map(tonic::Response::into_inner)
}

async fn take(team: &mut Team) -> pb::TakeNextTicketResponse {
    team.take_next_ticket(pb::TakeNextTicketRequest { request_id: fresh_id() }).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_for_its_customer_before_it_was_merged_is_taken_up_by_what_they_say_in_any_of_them() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), relations(&world));
    for in_the_head in [false, true] {
        let waits = started(&mut agent).await;
        let waits = wait(&mut agent, &waits).await.unwrap();
        let head = started(&mut agent).await;
        merge(&mut relations, &waits, &head).await.unwrap();
        assert_eq!(get(&mut agent, &waits.name).await.state(), pb::TicketState::Pending, "it waits for them yet");
        let spoken_in = if in_the_head { &head.name } else { &waits.name };
        // What the house says answers no customer.
        say(&mut agent, spoken_in, Direction::Outbound, pb::MessageVisibility::Public).await;
        assert_eq!(get(&mut agent, &waits.name).await.state(), pb::TicketState::Pending);
        world.advance(jiff::SignedDuration::from_mins(5));
        say(&mut agent, spoken_in, Direction::Inbound, pb::MessageVisibility::Public).await;
        let heard = get(&mut agent, &waits.name).await;
        assert_eq!((heard.state(), heard.state_reason.as_str()), (pb::TicketState::InProgress, "customer_answered"));
        let untouched = get(&mut agent, &head.name).await;
        assert_eq!((untouched.state(), untouched.state_time), (pb::TicketState::InProgress, head.state_time));
        let apart = unmerge(&mut relations, &heard).await.unwrap().ticket.unwrap();
        assert_eq!(apart.state(), pb::TicketState::InProgress, "it does not fall asleep again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_for_a_superior_waits_where_the_affair_goes_on_and_comes_apart_with_the_merge() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), relations(&world));
    let mut team = world.hired("u-7", |_| ()).await;
    let called = call(&mut team, &open(&mut agent).await.ticket.unwrap()).await.unwrap().ticket.unwrap();
    assert_eq!(called.supervisor_call_time, time("2026-11-23T09:00:00Z"));
    let head = opened_in(&mut agent, "network-ops").await;
    let both = merge(&mut relations, &called, &head).await.unwrap();
    let (member, waits) = (both.ticket.unwrap(), both.head.unwrap());
    assert_eq!(waits.supervisor_call_time, called.supervisor_call_time, "whoever works on it sees that they wait");
    assert_eq!(get(&mut agent, &head.name).await, waits);
    assert_refused(call(&mut team, &waits).await, Code::FailedPrecondition, "SUPERVISOR_ALREADY_CALLED");
    // Taken apart before anybody came, each waits as its own customer said.
    let apart = unmerge(&mut relations, &member).await.unwrap();
    let (member, head) = (apart.ticket.unwrap(), apart.head.unwrap());
    assert_eq!((member.supervisor_call_time, head.supervisor_call_time), (called.supervisor_call_time, None));
    assert_eq!(get(&mut agent, &head.name).await.supervisor_call_time, None);
    // Merged once more: whoever leads the department that works on it comes, and is there for both.
    let member = merge(&mut relations, &member, &head).await.unwrap().ticket.unwrap();
    let of_network = |agent: &mut pb::Agent| (agent.leads, agent.department) = (true, "network-ops".into());
    let mut elsewhere = world.hired("chief-b", |agent| agent.leads = true).await;
    assert_eq!(take(&mut elsewhere).await.ticket, None, "in its old department nobody works on it");
    let mut chief = world.hired("chief-n", of_network).await;
    let given = take(&mut chief).await;
    assert_eq!(given.reasons().collect::<Vec<_>>(), [TakeReason::SupervisorCalled]);
    let given = given.ticket.unwrap();
    assert_eq!((given.name.as_str(), given.owner.as_str()), (head.name.as_str(), "chief-n"));
    assert_eq!(given.supervisor_call_time, None);
    let served = get(&mut agent, &member.name).await;
    assert_eq!((served.supervisor_call_time, served.department.as_str()), (None, "billing"));
    let entries = "select payload from ticketing.ledger_inbox where type = 'ventanilla.ticketing.v1.TicketAssigned' and aggregate = $1
                   union all select payload from ticketing.ledger where type = 'ventanilla.ticketing.v1.TicketAssigned' and aggregate = $1";
    let admin = world.database.admin().await;
    let told: Vec<Vec<u8>> = sqlx::query_scalar(entries).bind(&member.name).fetch_all(&admin).await.unwrap();
    let told: Vec<pb::TicketAssigned> =
        told.iter().map(|payload| prost::Message::decode(payload.as_slice()).unwrap()).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].to_superior, "its clock is met");
    let apart = unmerge(&mut relations, &served).await.unwrap().ticket.unwrap();
    assert_eq!(apart.supervisor_call_time, None, "who was served waits for nobody");
    assert_ne!(take(&mut elsewhere).await.reasons().collect::<Vec<_>>(), [TakeReason::SupervisorCalled]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_promised_in_it_is_to_be_done_by_who_works_on_it_and_falls_away_with_it() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), relations(&world));
    let member = open(&mut agent).await.ticket.unwrap();
    let head = opened_in(&mut agent, "network-ops").await;
    agent.make_promise(promise_request(&member.name, "2026-11-26T13:00:00Z")).await.unwrap();
    let due = |department: &str| pb::ListDuePromisesRequest { department: department.into(), ..Default::default() };
    assert_eq!(agent.list_due_promises(due("billing")).await.unwrap().into_inner().promises.len(), 1);
    let head = merge(&mut relations, &member, &head).await.unwrap().head.unwrap();
    assert_eq!(agent.list_due_promises(due("billing")).await.unwrap().into_inner().promises, []);
    let listed = agent.list_due_promises(due("network-ops")).await.unwrap().into_inner().promises;
    assert_eq!(listed.iter().map(|promise| promise.department.as_str()).collect::<Vec<_>>(), ["network-ops"]);
    let cancel = pb::CancelTicketRequest {
        message: withdrawal(&mut agent, &member.name).await,
        name: head.name,
        reason: "withdrawn_by_customer".into(),
        etag: head.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.cancel_ticket(cancel).await.unwrap();
    let list = pb::ListPromisesRequest { parent: member.name, ..Default::default() };
    let promises = agent.list_promises(list).await.unwrap().into_inner().promises;
    assert_eq!(promises.iter().map(pb::Promise::state).collect::<Vec<_>>(), [PromiseState::Lapsed]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_survey_that_was_asked_before_the_merge_is_answered_where_it_was_asked() {
    let world = World::new().await;
    world.employ(&["test-agent", "u-9"]).await;
    let (mut agent, mut relations) = (world.agent(), relations(&world));
    for by_the_web in [true, false] {
        let opened = open(&mut agent).await;
        let mine = crate::world::start(&mut agent, opened.ticket.as_ref().unwrap()).await.unwrap();
        let answered = both_points(&mut agent, &mine).await;
        let asked = ask(&mut agent, &mine.name).await.unwrap();
        let reopen = pb::ReopenTicketRequest {
            name: mine.name.clone(),
            reason: "customer_objects".into(),
            etag: answered.etag,
            request_id: fresh_id(),
            occurred_time: None,
        };
        let mine = agent.reopen_ticket(reopen).await.unwrap().into_inner();
        let head = started(&mut agent).await;
        let to = pb::TransferTicketRequest {
            name: head.name.clone(),
            to_department: "billing".into(),
            owner: "u-9".into(),
            reason: "needs_specialist".into(),
            handover: "Ya mandó el recibo.".into(),
            etag: head.etag.clone(),
            request_id: fresh_id(),
            occurred_time: None,
        };
        let head = agent.transfer_ticket(to).await.unwrap().into_inner();
        let head = merge(&mut relations, &mine, &head).await.unwrap().head.unwrap();
        both_points(&mut agent, &head).await;
        let mut anybody = PublicServiceClient::new(world.served.anonymous());
        let (tracking_key, proof) = (opened.tracking_key.clone(), opened.proof.clone());
        let shown = pb::GetPublicAffairRequest { tracking_key, proof, page_token: String::new() };
        let shown = anybody.get_public_affair(shown).await.unwrap().into_inner();
        assert_eq!(shown.survey.unwrap().etag, asked.etag);
        assert!(shown.options.contains(&pb::PublicOption::Survey.into()), "it is offered");
        let heard = if by_the_web {
            let answer = pb::AnswerPublicSurveyRequest {
                tracking_key: opened.tracking_key.clone(),
                proof: opened.proof.clone(),
                csat: Some(2),
                etag: asked.etag.clone(),
                request_id: fresh_id(),
                ..Default::default()
            };
            anybody.answer_public_survey(answer).await.map(|_| ())
        } else {
            let answer = |etag: &str| pb::AnswerSurveyRequest {
                name: asked.name.clone(),
                answer: Some(pb::SurveyAnswer {
                    csat: Some(2),
                    channel: ventanilla_proto::r#type::v1::Channel::Email.into(),
                    ..Default::default()
                }),
                etag: etag.to_owned(),
                request_id: fresh_id(),
                occurred_time: None,
            };
            // Nor does who works on the other write down how well they did.
            let channel = world.served.channel_as("u-9", &[Role::Agent], Some("billing"));
            let own = Tickets::new(channel).answer_survey(answer(&asked.etag)).await;
            assert_refused(own, Code::PermissionDenied, "SURVEY_OF_OWN_WORK");
            world.as_role(Role::Ivr).answer_survey(answer(&asked.etag)).await.map(|_| ())
        };
        heard.unwrap();
        let survey = agent.get_survey(pb::GetSurveyRequest { name: asked.name }).await.unwrap().into_inner();
        assert_eq!(survey.answer.unwrap().csat, Some(2));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_promised_in_it_before_is_put_off_in_it_and_its_customer_is_told() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), relations(&world));
    let (member, head) = (open(&mut agent).await.ticket.unwrap(), started(&mut agent).await);
    let first = agent.make_promise(promise_request(&member.name, "2026-11-24T13:00:00Z")).await.unwrap().into_inner();
    let elsewhere = agent.make_promise(promise_request(&head.name, "2026-11-24T13:00:00Z")).await.unwrap().into_inner();
    merge(&mut relations, &member, &head).await.unwrap();
    let anew = promise_request(&member.name, "2026-11-26T13:00:00Z");
    assert_refused(agent.make_promise(anew.clone()).await, Code::FailedPrecondition, "TICKET_MERGED");
    let mut instead = anew;
    instead.promise.as_mut().unwrap().replaces = elsewhere.name;
    let not_its_own = agent.make_promise(instead.clone()).await.unwrap_err();
    assert_eq!(crate::world::fields(&not_its_own), ["promise.replaces"]);
    instead.promise.as_mut().unwrap().replaces.clone_from(&first.name);
    let second = agent.make_promise(instead.clone()).await.unwrap().into_inner();
    assert_eq!((second.replaces.as_str(), second.state()), (first.name.as_str(), PromiseState::Made));
    assert_eq!(agent.make_promise(instead).await.unwrap().into_inner(), second, "a retry moves it once");
    let states = async |agent: &mut Tickets, ticket: &str| {
        let list = pb::ListPromisesRequest { parent: ticket.to_owned(), ..Default::default() };
        let found = agent.list_promises(list).await.unwrap().into_inner().promises;
        found.iter().map(pb::Promise::state).collect::<Vec<_>>()
    };
    assert_eq!(states(&mut agent, &member.name).await, [PromiseState::Renegotiated, PromiseState::Made]);
    assert_eq!(states(&mut agent, &head.name).await, [PromiseState::Made]);
    let list = |name: &str| pb::ListMessagesRequest { parent: name.into(), ..Default::default() };
    let told = agent.list_messages(list(&member.name)).await.unwrap().into_inner().messages;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].direction(), Direction::Outbound);
    assert_eq!(agent.list_messages(list(&head.name)).await.unwrap().into_inner().messages, []);
}

fn of_kind(ticket: &str, kind: pb::PromiseKind, due: &str) -> pb::MakePromiseRequest {
    let mut request = promise_request(ticket, due);
    let promise = request.promise.as_mut().unwrap();
    promise.kind = kind.into();
    if kind == pb::PromiseKind::Callback {
        promise.window_start_time = time("2026-11-23T10:00:00Z");
    }
    request
}

/// What an affair that comes out owes of what was promised meanwhile: the same, under its own name.
fn same_in(part: &pb::Promise, promised: &pb::Promise) -> pb::Promise {
    pb::Promise { name: part.name.clone(), etag: part.etag.clone(), ..promised.clone() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_promised_while_they_were_one_is_owed_of_what_comes_out_too() {
    use pb::PromiseKind as K;
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), relations(&world));
    let (member, head, third) = (started(&mut agent).await, started(&mut agent).await, started(&mut agent).await);
    let make = async |request: pb::MakePromiseRequest| world.agent().make_promise(request).await.unwrap().into_inner();
    // Of the head alone, before.
    make(of_kind(&head.name, K::Resolution, "2026-12-20T10:00:00Z")).await;
    world.advance(SignedDuration::from_mins(5));
    let member = merge(&mut relations, &member, &head).await.unwrap().ticket.unwrap();
    world.advance(SignedDuration::from_mins(5));
    make(of_kind(&head.name, K::Resolution, "2026-11-23T12:00:00Z")).await;
    let promised = make(of_kind(&head.name, K::Resolution, "2026-11-27T10:00:00Z")).await;
    make(of_kind(&head.name, K::Callback, "2026-11-27T10:00:00Z")).await;
    let refused = agent.make_promise(of_kind(&member.name, K::Resolution, "2026-11-27T10:00:00Z")).await;
    assert_refused(refused, Code::FailedPrecondition, "TICKET_MERGED");
    world.advance(SignedDuration::from_hours(20));
    // Whoever joins later was promised nothing of that.
    let head = get(&mut agent, &head.name).await;
    let third = merge(&mut relations, &third, &head).await.unwrap().ticket.unwrap();
    world.advance(SignedDuration::from_mins(5));
    let apart = unmerge(&mut relations, &member).await.unwrap().ticket.unwrap();
    let third = unmerge(&mut relations, &third).await.unwrap().ticket.unwrap();
    assert_eq!(crate::notices::promises(&world, &third.name).await, []);
    let owed = crate::notices::promises(&world, &apart.name).await;
    assert_eq!(owed.len(), 1, "{owed:?}");
    assert_eq!(owed[0], same_in(&owed[0], &promised), "in the same words, by then, by whoever made it");
    assert!(owed[0].name.starts_with(&apart.name), "{}", owed[0].name);
    // The one is answered in time, and the other is not.
    let head = get(&mut agent, &head.name).await;
    both_points(&mut agent, &head).await;
    let ends = async |ticket: &str| {
        let all = crate::notices::promises(&world, ticket).await;
        all.iter().filter(|one| one.kind() == K::Resolution).map(pb::Promise::state).collect::<Vec<_>>()
    };
    assert_eq!(ends(&head.name).await, [PromiseState::Kept, PromiseState::Made, PromiseState::Kept]);
    assert_eq!(ends(&apart.name).await, [PromiseState::Made], "nobody has answered this");
    world.advance(SignedDuration::from_hours(24 * 6));
    let apart = get(&mut agent, &apart.name).await;
    both_points(&mut agent, &apart).await;
    assert_eq!(ends(&apart.name).await, [PromiseState::Made], "what came too late keeps nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_promised_is_owed_of_whoever_was_one_with_it_then_by_whichever_way() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), relations(&world));
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(started(&mut agent).await.name);
    }
    // The first into the second into the third into the fourth, and a promise in whoever is the head after each.
    for into in 1..4 {
        let (from, to) = (get(&mut agent, &all[into - 1]).await, get(&mut agent, &all[into]).await);
        merge(&mut relations, &from, &to).await.unwrap();
        world.advance(SignedDuration::from_mins(5));
        let due = format!("2026-12-0{into}T10:00:00Z");
        agent.make_promise(of_kind(&all[into], pb::PromiseKind::Resolution, &due)).await.unwrap();
        world.advance(SignedDuration::from_mins(5));
    }
    let dues = async |place: usize| {
        let all = crate::notices::promises(&world, &all[place]).await;
        let mut dues: Vec<_> = all.iter().map(|one| one.due_time).collect();
        dues.sort_unstable_by_key(|due| due.map(|due| due.seconds));
        dues
    };
    let day = |day: usize| time(&format!("2026-12-0{day}T10:00:00Z"));
    let ticket = get(&mut agent, &all[1]).await;
    unmerge(&mut relations, &ticket).await.unwrap();
    // It takes the first along, and what it promised itself, and was there for the promises of the third and the fourth.
    assert_eq!(dues(1).await, [day(1), day(2), day(3)]);
    assert_eq!(dues(0).await, []);
    assert_eq!((dues(2).await, dues(3).await), (vec![day(2)], vec![day(3)]));
    let ticket = get(&mut agent, &all[0]).await;
    unmerge(&mut relations, &ticket).await.unwrap();
    assert_eq!(dues(0).await, [day(1), day(2), day(3)], "it was one with all of them");
    let ticket = get(&mut agent, &all[2]).await;
    unmerge(&mut relations, &ticket).await.unwrap();
    assert_eq!((dues(2).await, dues(3).await), (vec![day(2), day(3)], vec![day(3)]));
}
