//! What two records share makes them one person unless something stands between them: then a steward is asked.

use std::time::Duration;

use kernel::Role;
use ventanilla_proto::customer::v1::rules_service_client::RulesServiceClient;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, record};

const ANTONIO: [&str; 3] = ["Antonio", "Otaegi", "Zubizarreta"];
const BEGONA: [&str; 3] = ["Begoña", "Echeverría", "Larrañaga"];

/// Whether the two records are of one customer.
async fn one_person(world: &World, one: &SourceRecord, other: &SourceRecord) -> bool {
    world.compared().await;
    let [one, other] = [&one.own_customer, &other.own_customer];
    world.customer(one).await.name == world.customer(other).await.name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_two_holders_of_a_joint_account_are_two_people_and_each_is_one_in_all_departments() {
    let world = World::new().await;
    let holder = |system: &str, name, document: Option<u32>| {
        let said = record(system, "sales", "1").parts(name).with(IdentifierType::Account, "ES-100");
        document.map_or(said.clone(), |number| said.dni(&dni(number)))
    };
    let wife = world.ingest(holder("crm", BEGONA, Some(20_000_001))).await;
    let husband = world.ingest(holder("bills", ANTONIO, Some(20_000_002))).await;
    assert!(!one_person(&world, &wife, &husband).await, "two documents");
    let again = world.ingest(holder("shop", BEGONA, Some(20_000_001))).await;
    assert!(one_person(&world, &wife, &again).await);
    // Without any document, the given name tells them apart.
    let unproven = world.ingest(holder("web", ANTONIO, None)).await;
    assert!(!one_person(&world, &wife, &unproven).await);
    let by_account = world.links(&wife.own_customer).await;
    let by_account = by_account.iter().filter(|link| link.identifier_type() == IdentifierType::Account);
    assert_eq!(by_account.count(), 1, "of the wife's two records alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn father_and_son_of_one_name_on_one_line_are_two_and_who_may_be_either_is_neither() {
    let world = World::new().await;
    // With one surname alone a line and a name are no score that is certain.
    let on_the_line = |system: &str| record(system, "sales", "1").parts(["Antonio", "Otaegi", ""]).phone("600111222");
    let father = world.ingest(on_the_line("crm").born("1950-03-12")).await;
    let either = world.ingest(on_the_line("shop")).await;
    assert!(one_person(&world, &father, &either).await, "nobody else is known by that name there");
    let son = world.ingest(on_the_line("bills").born("1981-07-30")).await;
    for (one, other) in [(&father, &son), (&father, &either), (&son, &either)] {
        assert!(!one_person(&world, one, other).await);
    }
    let answer = world.lookup("600111222").await;
    assert_eq!((answer.grade(), answer.shared_line), (MatchGrade::Possible, true));
    // The son's birth date was the clerk's slip: all is as if it had never been said.
    world.ingest(on_the_line("bills").born("1950-12-03").observed("2026-11-22T09:00:00Z")).await;
    for (one, other) in [(&father, &son), (&father, &either)] {
        assert!(one_person(&world, one, other).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slip_in_a_birth_date_holds_nobody_apart_and_what_is_none_is_left_to_a_steward() {
    let world = World::new().await;
    let said = |system: &str, born| record(system, "sales", "1").parts(BEGONA).dni(&dni(20_000_001)).born(born);
    let one = world.ingest(said("crm", "1975-03-12")).await;
    let slip = world.ingest(said("bills", "1975-12-03")).await;
    assert!(one_person(&world, &one, &slip).await);
    let links = world.links(&one.own_customer).await;
    let link = links.iter().find(|link| link.basis() == LinkBasis::Identifier).unwrap();
    let level = |field| link.findings.iter().find(|finding| finding.field() == field).unwrap().level();
    assert_eq!((link.grade(), link.rules_version.as_str()), (MatchGrade::Certain, "exact-3"));
    assert_eq!(level(MatchField::NationalId), MatchLevel::Exact, "it is explained field by field");
    assert_eq!(level(MatchField::BirthDate), MatchLevel::Near);

    let other = world.ingest(said("shop", "1998-10-30")).await;
    assert!(!one_person(&world, &one, &other).await, "another woman with her document, or a date from nowhere");
    let queue = world.queue().await;
    assert!(queue.iter().all(|proposal| proposal.doubt() == MatchDoubt::DifferentBirthDates), "{queue:?}");
    let is_of = |proposal: &&MatchProposal, wanted: &SourceRecord| {
        [&proposal.first, &proposal.second].iter().any(|side| side.as_ref().is_some_and(|it| it.name == wanted.name))
    };
    let asked = queue.iter().find(|proposal| is_of(proposal, &one) && is_of(proposal, &other));
    // By a steward's word they are one, and stay so whatever is said again.
    world.confirm(asked.unwrap()).await.unwrap();
    assert!(one_person(&world, &one, &other).await);
    assert!(one_person(&world, &slip, &other).await, "and with who is one with her");
    world.ingest(said("shop", "1998-10-30").observed("2026-11-22T09:00:00Z").phone("600111222")).await;
    assert!(one_person(&world, &one, &other).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_with_one_document_and_nothing_else_in_common_wait_for_a_steward() {
    let world = World::new().await;
    let document = dni(20_000_001);
    let one = world.ingest(record("crm", "sales", "1").parts(BEGONA).dni(&document).born("1975-03-12")).await;
    let other = world.ingest(record("bills", "billing", "1").parts(ANTONIO).dni(&document).born("1998-10-30")).await;
    assert!(!one_person(&world, &one, &other).await);
    let queue = world.queue().await;
    assert_eq!(queue.len(), 1, "one of them has it wrongly");
    assert_ne!(queue[0].doubt(), MatchDoubt::Unspecified);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_under_two_names_that_have_nothing_in_common_joins_nobody_until_it_is_put_right() {
    let world = World::new().await;
    let document = dni(20_000_001);
    let said = |system: &str, name| record(system, "sales", "1").parts(name).dni(&document);
    let one = world.ingest(said("crm", BEGONA)).await;
    let other = world.ingest(said("bills", ANTONIO)).await;
    let nameless = world.ingest(record("shop", "sales", "1").dni(&document)).await;
    for (one, other) in [(&one, &other), (&one, &nameless), (&nameless, &other)] {
        assert!(!one_person(&world, one, other).await);
    }
    let queue = world.queue().await;
    assert!(queue.iter().any(|proposal| proposal.doubt() == MatchDoubt::DifferentPeople), "{queue:?}");
    // It was somebody else's number that was put down for him.
    let right = record("bills", "sales", "1").parts(ANTONIO).dni(&dni(20_000_002)).observed("2026-11-22T09:00:00Z");
    world.ingest(right).await;
    assert!(one_person(&world, &one, &nameless).await);
    assert!(!one_person(&world, &one, &other).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_one_person_with_somebody_who_contradicts_them_by_way_of_a_third() {
    let world = World::new().await;
    let said = |system: &str| record(system, "sales", "1").parts(ANTONIO);
    let father = world.ingest(said("crm").email("otaegi@correo.example").born("1950-03-12")).await;
    let third = world.ingest(said("shop").email("otaegi@correo.example").phone("600111222")).await;
    let son = world.ingest(said("bills").phone("600111222").born("1981-07-30")).await;
    assert!(one_person(&world, &father, &third).await, "a mailbox comes before a line");
    assert!(!one_person(&world, &father, &son).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_of_before_stand_until_others_are_applied_and_the_review_shows_what_comes_apart() {
    let world = World::new().await;
    let of_before = "update customer_profile.matching_rules
                     set rules = rules - 'edition', version = replace(version, ' and exact-3', '')";
    sqlx::query(of_before).execute(&world.admin().await).await.unwrap();
    let world = world.restarted().await;
    let said = |system: &str| record(system, "sales", "1").parts(ANTONIO).phone("600111222");
    let father = world.ingest(said("crm").born("1950-03-12")).await;
    let son = world.ingest(said("bills").born("1981-07-30")).await;
    assert!(one_person(&world, &father, &son).await, "a release changes nobody by itself");
    let (before, shown) = (world.now(), world.customer(&son.own_customer).await);

    let steward = || RulesServiceClient::new(world.served.channel(Role::Steward));
    let once = |name: String, state: RulesReviewState| {
        testkit::eventually(Duration::from_secs(30), move || {
            let (mut client, request) = (steward(), GetRulesReviewRequest { name: name.clone() });
            async move {
                let review = client.get_rules_review(request).await.unwrap().into_inner();
                if review.state() == state { Ok(review) } else { Err(review) }
            }
        })
    };
    world.harness.surroundings.advance(jiff::SignedDuration::from_secs(1));
    let request = ReapplyRulesRequest { request_id: world.request_id() };
    let begun = steward().reapply_rules(request).await.unwrap().into_inner();
    let ready = once(begun.name.clone(), RulesReviewState::Ready).await;
    assert!(!ready.rules_version_in_force.contains("exact-3") && ready.rules_version.contains("exact-3"), "{ready:?}");
    let request = ListRulesChangesRequest { parent: ready.name.clone(), ..Default::default() };
    let changes = steward().list_rules_changes(request).await.unwrap().into_inner().changes;
    let kinds: Vec<_> = changes.iter().map(|change| (change.kind(), change.basis())).collect();
    assert!(kinds.contains(&(RulesChangeKind::Revoke, LinkBasis::Identifier)), "{changes:?}");
    assert!(one_person(&world, &father, &son).await, "to look changes nothing");

    let request =
        ApplyRulesReviewRequest { name: ready.name.clone(), etag: ready.etag, request_id: world.request_id() };
    steward().apply_rules_review(request).await.unwrap();
    once(begun.name, RulesReviewState::Applied).await;
    assert!(!one_person(&world, &father, &son).await);
    let link = world.links(&father.own_customer).await.into_iter().find(|link| link.basis() == LinkBasis::Identifier);
    assert_eq!(link.unwrap().state(), LinkState::Revoked);
    let again = world.customer_as_known(&son.own_customer, before).await.unwrap();
    assert_eq!(
        (again.name, again.source_records),
        (shown.name, shown.source_records),
        "the screen of before is shown again"
    );
}
