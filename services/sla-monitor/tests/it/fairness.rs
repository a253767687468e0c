//! GetFairness: whether what is owed is kept as often for one group of customers as for another.

use jiff::Timestamp;
use kernel::Role;
use testkit::Served;
use tonic::Code;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::FairnessVerdict as Verdict;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Channel, Language};

use crate::segments::{Profile, asked, beside};
use crate::world::{Ticket, World, at, clocks_that, fields, later, measures, wire};

const HOUR: i64 = 3_600_000;

async fn fairness(served: &Served) -> sla::Fairness {
    fairness_of(served, at("2026-03-01T00:00:00Z"), at("2026-06-01T00:00:00Z")).await
}

async fn fairness_of(served: &Served, from: Timestamp, to: Timestamp) -> sla::Fairness {
    let request = sla::GetFairnessRequest { from_time: Some(wire(from)), to_time: Some(wire(to)) };
    measures(served, Role::Auditor).get_fairness(request).await.unwrap().into_inner()
}

/// A hundred and twenty incidents, of which those that are to be late are resolved months after they were due.
async fn filled(world: &World, served: &Served, late: impl Fn(i64, Channel, Language, bool) -> bool) {
    let mut last = String::new();
    for i in 0..120_i64 {
        let channel = if i % 2 == 0 { Channel::Phone } else { Channel::Web };
        let language =
            [Language::Es, Language::Es, Language::Ca, Language::Unspecified][usize::try_from(i % 4).unwrap()];
        let first = i % 3 == 0;
        let ticket = Ticket::incident(later(at("2026-03-02T08:00:00Z"), i * HOUR));
        let opened = ticketing::TicketOpened {
            channel: channel.into(),
            language: language.into(),
            served_first: first,
            ..ticket.opened()
        };
        world.ticketing.write(&ticket.name, &opened, ticket.received).await;
        let hours = if late(i, channel, language, first) { 3_000 } else { 1 };
        world.resolve(&ticket, later(ticket.received, hours * HOUR)).await;
        last = ticket.name;
    }
    clocks_that(served, &last, |c| c.len() == 1 && c[0].settled_time.is_some()).await;
}

fn of<'a>(told: &'a sla::Fairness, name: &str) -> &'a sla::FairnessDimension {
    told.dimensions.iter().find(|dimension| dimension.dimension == name).unwrap()
}

#[tokio::test]
async fn a_planted_disparity_is_found_where_it_was_planted_and_nowhere_else() {
    let world = World::new().await;
    let served = world.start().await;
    filled(&world, &served, |i, channel, _, _| channel == Channel::Web && i % 5 < 2).await;
    let told = fairness(&served).await;
    let channel = of(&told, "channel");
    assert_eq!((channel.verdict(), channel.worse_group.as_str()), (Verdict::Disparity, "web"));
    let groups: Vec<(&str, i64, i64)> =
        channel.groups.iter().map(|group| (group.name.as_str(), group.kept_count, group.decided_count)).collect();
    assert_eq!(groups, [("phone", 60, 60), ("web", 36, 60)]);
    assert_eq!((channel.rest_attainment, channel.keeps_four_fifths), (Some(1.0), Some(false)));
    assert!((told.index.unwrap() - 60.0).abs() < 1e-9, "{:?}", told.index);
    let vulnerability = of(&told, "vulnerability");
    assert_eq!(vulnerability.verdict(), Verdict::NoEvidence);
    let names: Vec<&str> = vulnerability.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["others", "served_first"]);
    // What is not known is no group.
    let language = of(&told, "language");
    assert_eq!((language.unknown_count, language.groups.len()), (30, 2));
}

#[tokio::test]
async fn a_house_that_treats_all_alike_is_told_nothing() {
    let world = World::new().await;
    let served = world.start().await;
    filled(&world, &served, |i, _, _, _| i / 12 % 5 == 0).await;
    let told = fairness(&served).await;
    assert_eq!(told.index, Some(100.0));
    for dimension in &told.dimensions {
        // Of tenure and segment nothing is known, and so there is nothing to compare.
        let known = !dimension.groups.is_empty();
        let verdict = if known { Verdict::NoEvidence } else { Verdict::TooFew };
        assert_eq!((dimension.verdict(), dimension.worse_group.as_str()), (verdict, ""), "{}", dimension.dimension);
    }
    assert_eq!((told.definitions_es.len(), told.definitions_en.len()), (4, 4));
    assert_eq!(told.dimensions.iter().filter(|dimension| dimension.groups.is_empty()).count(), 2);
}

#[tokio::test]
async fn new_customers_who_are_served_worse_are_found_and_what_they_spend_is_found_apart_from_it() {
    let world = World::new().await;
    let served = world.start().await;
    filled(&world, &served, |i, _, _, first| first && i % 2 == 0).await;
    // Whoever is served first is new, and spends as others do.
    sqlx::query(
        "update sla_monitor.affair set tenure = case when served_first then 'first_90_days' else 'later' end,
             segment = case when extract(hour from first_received_at)::int % 4 < 2 then 'high' else 'low' end",
    )
    .execute(&world.admin)
    .await
    .unwrap();
    let told = fairness(&served).await;
    let tenure = of(&told, "tenure");
    assert_eq!((tenure.verdict(), tenure.worse_group.as_str()), (Verdict::Disparity, "first_90_days"));
    let groups: Vec<(&str, i64, i64)> =
        tenure.groups.iter().map(|group| (group.name.as_str(), group.kept_count, group.decided_count)).collect();
    assert_eq!(groups, [("first_90_days", 20, 40), ("later", 80, 80)]);
    let segment = of(&told, "segment");
    assert_eq!((segment.verdict(), segment.unknown_count, segment.groups.len()), (Verdict::NoEvidence, 0, 2));
}

#[tokio::test]
async fn customers_who_declared_what_makes_them_vulnerable_are_compared_though_nobody_served_them_first() {
    let profile = Profile::default();
    let (world, _known) = beside(&profile).await;
    let served = world.start().await;
    let received = later(world.now().await, -24 * HOUR);
    let vulnerability = customer::Vulnerability { need: "large print".to_owned(), ..Default::default() };
    let cares = [
        customer::CareSection { vulnerabilities: vec![vulnerability], ..Default::default() },
        customer::CareSection { priority_right: customer::PriorityRight::Age.into(), ..Default::default() },
        customer::CareSection::default(),
        customer::CareSection::default(),
    ];
    let mut last = String::new();
    for i in 0..120_i64 {
        let ticket = Ticket::incident(later(received, i));
        let care = usize::try_from(i % 4).unwrap();
        profile.knows(&ticket, customer::ValueSegment::Unspecified, None);
        profile.cares(&ticket, cares[care].clone());
        let opened = ticketing::TicketOpened { channel: Channel::Phone.into(), ..ticket.opened() };
        world.ticketing.write(&ticket.name, &opened, ticket.received).await;
        // Every other one of those who declared something, and nobody else.
        let hours = if care < 2 && i % 8 < 4 { 3_000 } else { 1 };
        world.resolve(&ticket, later(ticket.received, hours * HOUR)).await;
        last = ticket.name;
    }
    clocks_that(&served, &last, |c| c.len() == 1 && c[0].settled_time.is_some()).await;
    asked(&world, 120).await;
    let told = fairness_of(&served, received, later(received, HOUR)).await;
    let vulnerability = of(&told, "vulnerability");
    let groups: Vec<(&str, i64, i64)> =
        vulnerability.groups.iter().map(|group| (group.name.as_str(), group.kept_count, group.decided_count)).collect();
    assert_eq!(groups, [("others", 60, 60), ("served_first", 30, 60)]);
    assert_eq!((vulnerability.verdict(), vulnerability.worse_group.as_str()), (Verdict::Disparity, "served_first"));
}

#[tokio::test]
async fn nothing_is_compared_of_nothing_and_what_is_wrong_is_told_at_once() {
    let world = World::new().await;
    let served = world.start().await;
    let nothing = fairness(&served).await;
    assert_eq!((nothing.index, of(&nothing, "channel").verdict()), (None, Verdict::TooFew));
    let mut auditor = measures(&served, Role::Auditor);
    let refused = auditor.get_fairness(sla::GetFairnessRequest::default()).await.unwrap_err();
    assert_eq!(
        (refused.code(), fields(&refused)),
        (Code::InvalidArgument, ["from_time", "to_time"].map(str::to_owned).to_vec())
    );
    let agent = measures(&served, Role::Agent).get_fairness(sla::GetFairnessRequest::default()).await.unwrap_err();
    assert_eq!(agent.code(), Code::PermissionDenied);
}
