//! What is promised in an affair that is answered with another is told of too, by who works on the other.

use jiff::SignedDuration;
use kernel::Role;
use testkit::eventually;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::ticketing::v1::{PromiseKind, PromiseState};
use ventanilla_proto::r#type::v1::Channel;

use super::{DUE, House, LIMIT, approved, notices, promises, take, template, ticket_of, transport};
use crate::reactions::{CLOCK, warning};
use crate::relations::{merge, unmerge};
use crate::terms::{affair, stand, warns};
use crate::world::{World, complaint, create_request, get, open, promise_request};

/// The notice about a promise, which is called this where nobody is told.
async fn told_of(world: &World, promise: &pb::Promise, called: &'static str) -> pb::Notice {
    eventually(LIMIT, || async {
        let found = notices(world, ticket_of(promise)).await;
        found.into_iter().find(|notice| notice.promise == promise.name).ok_or(called)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_in_an_affair_that_is_answered_with_one_of_another_department_is_told_of_and_keeps_nobody_waiting() {
    let house = House::new().await;
    let world = &house.world;
    approved(world, template("delay", "", "")).await;
    approved(world, template("repairs", "network-ops", "")).await;
    let mut agent = world.agent();
    let member = open(&mut agent).await.ticket.unwrap();
    let head = pb::Ticket { department: "network-ops".into(), ..complaint() };
    let head = agent.create_ticket(create_request(head)).await.unwrap().into_inner().ticket.unwrap();
    let mut relations = RelationServiceClient::new(world.served.channel(Role::Agent));
    let first = agent.make_promise(promise_request(&member.name, DUE)).await.unwrap().into_inner();
    merge(&mut relations, &member, &head).await.unwrap();
    assert_eq!(get(&mut agent, &member.name).await.department, "billing");
    house.monitor.says(CLOCK, &warning(&first.name, 75)).await;
    let behind = house.at_risk("2026-11-24T08:30:00Z").await;
    let told = told_of(world, &behind, "the one behind").await;
    assert!(told.text.contains("Causa de delay"), "{}", told.text);
    let told = told_of(world, &first, "the merged one").await;
    assert!(told.text.contains("Causa de repairs"), "it is told by who works on it: {}", told.text);
    assert!(told.text.starts_with(&member.tracking_key), "under its own key: {}", told.text);
}

/// By when an answer is owed of what comes out of the affair in which this was promised, once its customer was told another date; and that date.
async fn owed_outside(house: &House, promised: &pb::Promise, member: &pb::Ticket) -> (Vec<Due>, Due) {
    let world = &house.world;
    let told = told_of(world, promised, "its customer").await;
    assert_eq!(take(&mut transport(world), &[Channel::Phone]).await.len(), 1, "it leaves the house");
    world.advance(SignedDuration::from_mins(5));
    let mut relations = RelationServiceClient::new(world.served.channel(Role::Agent));
    let member = get(&mut world.agent(), &member.name).await;
    let apart = unmerge(&mut relations, &member).await.unwrap().ticket.unwrap();
    let owed = promises(world, &apart.name).await.into_iter().map(|one| one.due_time).collect();
    (owed, told.new_due_time)
}

type Due = Option<prost_types::Timestamp>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_that_the_house_tells_in_place_of_a_promise_is_owed_of_both_where_that_was_promised_of_both() {
    for while_one in [false, true] {
        let house = House::ready().await;
        let mut agent = house.world.agent();
        let mut relations = RelationServiceClient::new(house.world.served.channel(Role::Agent));
        let (member, head) = (open(&mut agent).await.ticket.unwrap(), open(&mut agent).await.ticket.unwrap());
        let mut answer = promise_request(&head.name, DUE);
        answer.promise.as_mut().unwrap().kind = PromiseKind::Resolution.into();
        let before =
            if while_one { None } else { Some(agent.make_promise(answer.clone()).await.unwrap().into_inner()) };
        house.world.advance(SignedDuration::from_mins(5));
        let head = get(&mut agent, &head.name).await;
        merge(&mut relations, &member, &head).await.unwrap();
        house.world.advance(SignedDuration::from_mins(5));
        let promised = match before {
            Some(promised) => promised,
            None => agent.make_promise(answer).await.unwrap().into_inner(),
        };
        house.monitor.says(CLOCK, &warning(&promised.name, 75)).await;
        let (owed, instead) = owed_outside(&house, &promised, &member).await;
        assert_eq!(owed, if while_one { vec![instead] } else { Vec::new() });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_that_the_house_tells_in_place_of_a_term_is_owed_of_no_other_affair_than_the_term() {
    let house = House::ready().await;
    let mut agent = house.world.agent();
    let mut relations = RelationServiceClient::new(house.world.served.channel(Role::Agent));
    let member = open(&mut agent).await.ticket.unwrap();
    let head = affair(&house, sla::PolicyKind::Sla, DUE).await;
    merge(&mut relations, &member, &head).await.unwrap();
    house.world.advance(SignedDuration::from_mins(5));
    warns(&house, &head.name, 75).await;
    let of_term = stand(&house.world, &head.name, &[PromiseState::AtRisk, PromiseState::Made]).await;
    let (owed, _) = owed_outside(&house, &of_term[0], &member).await;
    assert_eq!(owed, [], "it has the clocks of its own");
}
