//! What is promised in an affair that is answered with another is told of too, by who works on the other.

use kernel::Role;
use testkit::eventually;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;

use super::{DUE, House, LIMIT, approved, notices, template, ticket_of};
use crate::reactions::{CLOCK, warning};
use crate::relations::merge;
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
