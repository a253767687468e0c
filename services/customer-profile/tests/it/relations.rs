//! How customers stand to each other: said from either side, going where their ids go.

use kernel::Role;
use tonic::{Code, Status};
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, fields, reason, record, stranger, time};

const POWER: &str = "power of attorney 2026/114";

async fn three(world: &World) -> [SourceRecord; 3] {
    let mut all = Vec::new();
    for (n, name) in
        [["Ana", "Pérez", "Gil"], ["Berta", "Soler", "Mas"], ["Carla", "Otaegi", "Soto"]].into_iter().enumerate()
    {
        let number = 20_000_000 + u32::try_from(n).unwrap();
        let said = record(&format!("system-{n}"), "sales", "1").parts(name).dni(&dni(number));
        all.push(world.ingest(said).await);
    }
    world.compared().await;
    all.try_into().unwrap()
}

async fn state(world: &World, customer: &str, kind: RelationKind, other: &str) -> Result<Relation, Status> {
    let evidence = if kind == RelationKind::Household { String::new() } else { POWER.to_owned() };
    let relation = Relation { kind: kind.into(), other_customer: other.to_owned(), evidence, ..Default::default() };
    let request =
        StateRelationRequest { parent: customer.to_owned(), relation: Some(relation), request_id: world.request_id() };
    Ok(world.client(Role::Agent).state_relation(request).await?.into_inner())
}

async fn list(world: &World, customer: &str) -> Vec<Relation> {
    let request = ListRelationsRequest { parent: customer.to_owned(), ..Default::default() };
    world.client(Role::Agent).list_relations(request).await.unwrap().into_inner().relations
}

/// Kind and other of each relation that the view shows.
async fn shown(world: &World, customer: &str) -> Vec<(RelationKind, String)> {
    let section = world.view(customer).await.relations.unwrap();
    section.relations.into_iter().map(|r| (r.kind(), r.other_customer)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relation_is_read_from_both_sides_and_ended_once() {
    let world = World::new().await;
    let [ana, berta, carla] = three(&world).await.map(|said| said.customer);
    let stated = state(&world, &ana, RelationKind::Represents, &berta).await.unwrap();
    assert_eq!((stated.customer.as_str(), stated.other_customer.as_str()), (ana.as_str(), berta.as_str()));
    assert_eq!((stated.kind(), stated.evidence.as_str()), (RelationKind::Represents, POWER));
    state(&world, &ana, RelationKind::Household, &carla).await.unwrap();

    assert_eq!(shown(&world, &berta).await, [(RelationKind::RepresentedBy, ana.clone())]);
    let household = (RelationKind::Household, carla.clone());
    let mut of_ana = shown(&world, &ana).await;
    of_ana.sort_by_key(|(kind, _)| *kind as i32);
    assert_eq!(of_ana, [household, (RelationKind::Represents, berta.clone())]);

    // The same, said from the other side, is said already.
    for (one, kind, other) in [
        (&berta, RelationKind::RepresentedBy, &ana),
        (&ana, RelationKind::Represents, &berta),
        (&carla, RelationKind::Household, &ana),
    ] {
        let refused = state(&world, one, kind, other).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "RELATION_STANDS"));
    }
    // The other way round is another thing.
    state(&world, &berta, RelationKind::Represents, &ana).await.unwrap();

    let end = || EndRelationRequest { name: stated.name.clone(), request_id: world.request_id() };
    let ended = world.client(Role::Agent).end_relation(end()).await.unwrap().into_inner();
    assert!(ended.end_time.is_some() && !ended.ended_by.is_empty());
    let again = world.client(Role::Agent).end_relation(end()).await.unwrap().into_inner();
    assert_eq!(again, ended);
    assert_eq!(shown(&world, &berta).await, [(RelationKind::Represents, ana.clone())]);
    assert_eq!(list(&world, &berta).await.len(), 2, "what is over is listed");
    state(&world, &berta, RelationKind::RepresentedBy, &ana).await.unwrap();
    let entries = world.entries(8).await;
    let of = |kind: &str| entries.iter().filter(|e| e.ends_with(kind)).count();
    assert_eq!((of("RelationStated"), of("RelationEnded")), (4, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relation_goes_where_its_ids_go_and_an_unmerge_gives_it_back() {
    let world = World::new().await;
    let [ana, berta, carla] = three(&world).await;
    state(&world, &ana.customer, RelationKind::Represents, &carla.customer).await.unwrap();
    let merged = world.merge(&[&ana.customer, &berta.customer]).await.unwrap();
    assert_eq!(shown(&world, &berta.customer).await, [(RelationKind::Represents, carla.customer.clone())]);
    assert_eq!(shown(&world, &carla.customer).await, [(RelationKind::RepresentedBy, merged.name.clone())]);

    // One with whom they spoke for: nobody speaks for themselves.
    let whole = world.merge(&[&merged.name, &carla.customer]).await.unwrap();
    assert_eq!(shown(&world, &whole.name).await, []);
    let refused = state(&world, &ana.customer, RelationKind::Household, &carla.customer).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CUSTOMERS_ALREADY_ONE"));

    world.unmerge(&whole.name, &[&carla.name]).await.unwrap();
    world.unmerge(&merged.name, &[&berta.name]).await.unwrap();
    assert_eq!(shown(&world, &berta.customer).await, []);
    assert_eq!(shown(&world, &carla.customer).await, [(RelationKind::RepresentedBy, ana.customer.clone())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_shows_a_relation_with_a_restricted_customer_is_for_who_keeps_the_data() {
    use ventanilla_proto::customer::v1::rights_service_client::RightsServiceClient;
    let world = World::new().await;
    let [ana, berta, _] = three(&world).await.map(|said| said.customer);
    state(&world, &ana, RelationKind::Represents, &berta).await.unwrap();
    let request = RestrictCustomerRequest { name: ana.clone(), ground: 1, request_id: world.request_id() };
    RightsServiceClient::new(world.served.channel(Role::PrivacyOfficer)).restrict_customer(request).await.unwrap();
    let shown = world.view(&berta).await.relations.unwrap().relations;
    assert_eq!((shown.len(), shown[0].evidence.as_str()), (1, ""));
    assert_eq!(list(&world, &berta).await[0].evidence, "");
    let request = ListRelationsRequest { parent: ana, ..Default::default() };
    let refused = world.client(Role::Agent).list_relations(request.clone()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CUSTOMER_RESTRICTED"));
    let kept = world.client(Role::Steward).list_relations(request).await.unwrap().into_inner().relations;
    assert_eq!(kept[0].evidence, POWER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relation_ends_by_itself_and_can_be_said_anew() {
    let world = World::new().await;
    let [ana, berta, _] = three(&world).await.map(|said| said.customer);
    let until = |at: &str| StateRelationRequest {
        parent: ana.clone(),
        relation: Some(Relation {
            kind: RelationKind::Represents.into(),
            other_customer: berta.clone(),
            evidence: POWER.to_owned(),
            expire_time: Some(time(at)),
            ..Default::default()
        }),
        request_id: world.request_id(),
    };
    let mut agent = world.client(Role::Agent);
    let past = agent.state_relation(until("2026-11-20T10:00:00Z")).await.unwrap_err();
    assert_eq!((past.code(), fields(&past)), (Code::InvalidArgument, vec!["relation.expire_time".to_owned()]));
    agent.state_relation(until("2026-11-24T10:00:00Z")).await.unwrap();
    assert_eq!(shown(&world, &ana).await.len(), 1);
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(48));
    assert_eq!(shown(&world, &ana).await, []);
    agent.state_relation(until("2026-12-24T10:00:00Z")).await.unwrap();
    assert_eq!(shown(&world, &ana).await.len(), 1);
    assert_eq!(list(&world, &ana).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_speaks_for_another_shows_by_what_right_and_every_fault_is_named() {
    let world = World::new().await;
    let [ana, _, _] = three(&world).await.map(|said| said.customer);
    let request = |relation: Relation| StateRelationRequest {
        parent: ana.clone(),
        relation: Some(relation),
        request_id: world.request_id(),
    };
    let mut agent = world.client(Role::Agent);
    let nothing = Relation { kind: 2, other_customer: ana.clone(), ..Default::default() };
    let refused = agent.state_relation(request(nothing)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(fields(&refused), ["relation.other_customer", "relation.evidence"]);
    let nobody = Relation { kind: 1, other_customer: stranger(), ..Default::default() };
    let refused = agent.state_relation(request(nobody)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "CUSTOMER_NOT_FOUND"));
    let unknown = EndRelationRequest {
        name: "relations/0190a000-0000-7000-8000-000000000007".to_owned(),
        request_id: world.request_id(),
    };
    let refused = agent.end_relation(unknown).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "RELATION_NOT_FOUND"));
    assert_eq!(world.count("relation").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_is_said_once_under_whatever_id() {
    let world = World::new().await;
    let [ana, berta, carla] = three(&world).await.map(|said| said.customer);
    state(&world, &ana, RelationKind::Represents, &carla).await.unwrap();
    state(&world, &carla, RelationKind::Household, &ana).await.unwrap();
    world.merge(&[&ana, &berta]).await.unwrap();
    for (one, kind, other) in [
        (&berta, RelationKind::Represents, &carla),
        (&carla, RelationKind::RepresentedBy, &berta),
        (&berta, RelationKind::Household, &carla),
        (&carla, RelationKind::Household, &berta),
    ] {
        let refused = state(&world, one, kind, other).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, "RELATION_STANDS"),
            "{kind:?}"
        );
    }
    state(&world, &carla, RelationKind::Represents, &berta).await.unwrap();
    assert_eq!(shown(&world, &berta).await.len(), 3);
}
