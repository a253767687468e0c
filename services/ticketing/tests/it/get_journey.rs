//! GetJourney.

use std::time::Duration;

use testkit::eventually;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;

use crate::relations::merge;
use crate::world::{World, assert_refused, fields, open, start, started};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_every_step_once_by_ticket_and_by_key_whether_sequenced_or_not() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    start(&mut agent, &ticket).await.unwrap();

    let by_name = pb::GetJourneyRequest { name: ticket.name.clone(), ..pb::GetJourneyRequest::default() };
    let at_once = agent.get_journey(by_name.clone()).await.unwrap().into_inner();
    let types: Vec<&str> = at_once.steps.iter().map(|s| s.r#type.as_str()).collect();
    let expected = ["ventanilla.ticketing.v1.TicketOpened", "ventanilla.ticketing.v1.TicketTransitioned"];
    assert_eq!(types, expected);

    let sequenced = eventually(Duration::from_secs(20), || {
        let (mut agent, request) = (agent.clone(), by_name.clone());
        async move {
            let journey = agent.get_journey(request).await.unwrap().into_inner();
            let positions: Vec<i64> = journey.steps.iter().map(|s| s.position).collect();
            if positions == [1, 2] { Ok(journey) } else { Err(positions) }
        }
    })
    .await;
    let tracking_key = ticket.tracking_key.to_lowercase();
    let by_key = pb::GetJourneyRequest { tracking_key, ..pb::GetJourneyRequest::default() };
    assert_eq!(agent.get_journey(by_key).await.unwrap().into_inner().steps, sequenced.steps);
    assert!(sequenced.steps.iter().all(|s| s.source == "ticketing"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_way_to_name_the_ticket_is_taken() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let neither = agent.get_journey(pb::GetJourneyRequest::default()).await;
    assert_eq!(fields(&assert_refused(neither, Code::InvalidArgument, "INVALID_REQUEST")), ["name"]);
    let both = pb::GetJourneyRequest { name: ticket.name, tracking_key: ticket.tracking_key, from_time: None };
    let both = agent.get_journey(both).await;
    assert_eq!(fields(&assert_refused(both, Code::InvalidArgument, "INVALID_REQUEST")), ["tracking_key"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tickets_that_are_answered_together_have_one_journey_and_who_is_not_there_is_a_gap() {
    let world = World::new().await;
    let mut agent = world.agent();
    let (mine, head) = (open(&mut agent).await.ticket.unwrap(), started(&mut agent).await);
    merge(&mut world.relations(), &mine, &head).await.unwrap();

    let asked = |name: &str| pb::GetJourneyRequest { name: name.to_owned(), ..pb::GetJourneyRequest::default() };
    let of_head = agent.get_journey(asked(&head.name)).await.unwrap().into_inner();
    let of_mine = agent.get_journey(asked(&mine.name)).await.unwrap().into_inner();
    let told = |journey: &pb::Journey| -> Vec<_> {
        journey.steps.iter().map(|step| (step.aggregate.clone(), step.r#type.clone())).collect()
    };
    assert_eq!(told(&of_mine), told(&of_head));
    for ticket in [&mine, &head] {
        assert!(told(&of_mine).contains(&(ticket.name.clone(), "ventanilla.ticketing.v1.TicketOpened".to_owned())));
    }
    assert_eq!((&of_mine.ticket, &of_head.ticket), (&mine.name, &head.name));
    let gaps: Vec<_> = of_mine.gaps.iter().map(|gap| (gap.source.as_str(), gap.reason())).collect();
    let silent = pb::JourneyGapReason::NoAnswer;
    assert_eq!(gaps, [("customer-profile", silent), ("sla-monitor", silent), ("ombudsman-escalation", silent)]);
}
