//! What contacts cost the customer: the sums are those of the events, and the cap is reached once.

use kernel::Role;
use prost::Message as _;
use tonic::Code;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, fields, record, ticket_id, time};

fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

fn contact(at: &str, waited: i64, handled: i64, ticket: u64) -> Interaction {
    Interaction {
        channel: 1,
        direction: 1,
        department: "billing".to_owned(),
        summary: "llama otra vez".to_owned(),
        ticket: if ticket > 0 { ticket_id(ticket) } else { String::new() },
        occurred_time: Some(time(at)),
        wait_duration: seconds(waited),
        handle_duration: seconds(handled),
        transfer_count: 1,
        ..Default::default()
    }
}

async fn tell(world: &World, customer: &str, interaction: Interaction) -> Interaction {
    let request = RecordInteractionRequest {
        parent: customer.to_owned(),
        interaction: Some(interaction),
        request_id: world.request_id(),
    };
    world.client(Role::Agent).record_interaction(request).await.unwrap().into_inner()
}

async fn effort(world: &World, customer: &str) -> EffortSection {
    world.view(customer).await.effort.unwrap()
}

/// Entries that say the cap was reached, sequenced or not.
async fn alarms(world: &World) -> i64 {
    let kind = "ventanilla.customer.v1.EffortCapReached";
    sqlx::query_scalar(
        "select (select count(*) from customer_profile.ledger where type = $1)
              + (select count(*) from customer_profile.ledger_inbox where type = $1)",
    )
    .bind(kind)
    .fetch_one(&world.admin().await)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sums_are_those_of_the_contacts_of_every_department() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"]).dni(&dni(20_000_001))).await;
    let too = world.ingest(record("web", "retail", "2").parts(["Ana", "Pérez", "Gil"]).dni(&dni(20_000_001))).await;
    let told = tell(&world, &ana.customer, contact("2026-11-20T10:00:00Z", 120, 300, 1)).await;
    assert_eq!((told.wait_duration, told.handle_duration, told.transfer_count), (seconds(120), seconds(300), 1));
    tell(&world, &too.own_customer, contact("2026-11-21T10:00:00Z", 60, 240, 1)).await;
    tell(&world, &ana.customer, contact("2026-06-01T10:00:00Z", 3_000, 3_000, 1)).await;
    let outbound = Interaction { direction: 2, ..contact("2026-11-22T10:00:00Z", 500, 500, 1) };
    tell(&world, &ana.customer, outbound).await;

    let told = effort(&world, &ana.customer).await;
    let expected = EffortSection {
        standing: told.standing.clone(),
        contact_count: 2,
        wait_duration: seconds(180),
        spent_duration: seconds(720),
        transfer_count: 2,
        repeat_count: 1,
        cap_reached: false,
    };
    assert_eq!(told, expected, "what is older than 90 days and what the firm called costs nothing");
    world.unmerge(&ana.customer, &[&too.name]).await.unwrap();
    let apart = effort(&world, &ana.customer).await;
    assert_eq!((apart.contact_count, apart.repeat_count), (1, 0), "an unmerge gives each their own time back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_cap_is_reached_once_however_many_reach_it_together() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"])).await.customer;
    // Twelve contacts of ten minutes at once, of which six make the hour.
    let all = (0..12).map(|n| {
        let (world, ana) = (&world, &ana);
        async move { tell(world, ana, contact(&format!("2026-11-20T10:{n:02}:00Z"), 300, 300, 0)).await }
    });
    futures::future::join_all(all).await;
    assert_eq!(alarms(&world).await, 1);
    let told = effort(&world, &ana).await;
    assert!(told.cap_reached);
    assert_eq!(told.spent_duration, seconds(12 * 600));
    tell(&world, &ana, contact("2026-11-22T10:00:00Z", 300, 300, 0)).await;
    assert_eq!(alarms(&world).await, 1, "beyond the cap nobody is alarmed again");

    // A season later it is over, and an hour more is another matter.
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(24 * 91));
    assert!(!effort(&world, &ana).await.cap_reached);
    tell(&world, &ana, contact("2027-02-20T10:00:00Z", 1_800, 1_800, 0)).await;
    assert_eq!(alarms(&world).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_that_cannot_be_is_named() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"])).await.customer;
    let told = Interaction { transfer_count: 101, ..contact("2026-11-20T10:00:00Z", -1, 90_000, 0) };
    let request = RecordInteractionRequest { parent: ana, interaction: Some(told), request_id: world.request_id() };
    let refused = world.client(Role::Agent).record_interaction(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let expected = ["interaction.wait_duration", "interaction.handle_duration", "interaction.transfer_count"];
    assert_eq!(fields(&refused), expected);
}

/// What the entries say that tell of it, once so many are sequenced.
async fn told(world: &World, total: usize) -> Vec<EffortCapReached> {
    let admin = world.admin().await;
    testkit::eventually(std::time::Duration::from_secs(20), || async {
        let payloads: Vec<Vec<u8>> = sqlx::query_scalar(
            "select payload from customer_profile.ledger where type = 'ventanilla.customer.v1.EffortCapReached' order by position",
        )
        .fetch_all(&admin)
        .await
        .unwrap();
        let told: Vec<_> = payloads.iter().map(|bytes| EffortCapReached::decode(bytes.as_slice()).unwrap()).collect();
        if told.len() == total { Ok(told) } else { Err(told) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_to_the_cap_by_becoming_one_is_taken_over_too_and_once() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"])).await;
    let too = world.ingest(record("web", "retail", "2").named("A. Pérez").dni(&dni(20_000_001))).await;
    let little = world.ingest(record("erp", "billing", "3").named("Ana P.")).await;
    tell(&world, &ana.customer, contact("2026-11-20T10:00:00Z", 1_200, 1_200, 1)).await;
    let last = tell(&world, &too.customer, contact("2026-11-21T10:00:00Z", 1_200, 1_200, 2)).await;
    // Neither what is over for long, nor what the firm called, nor what cost nothing brings anybody there.
    tell(&world, &little.customer, contact("2026-06-01T10:00:00Z", 3_000, 3_000, 3)).await;
    tell(&world, &little.customer, Interaction { direction: 2, ..contact("2026-11-22T10:00:00Z", 500, 900, 3) }).await;
    tell(&world, &little.customer, contact("2026-11-22T11:00:00Z", 0, 0, 3)).await;
    world.merge(&[&ana.customer, &little.customer]).await.unwrap();
    assert_eq!(alarms(&world).await, 0);

    let merged = world.merge(&[&ana.customer, &too.customer]).await.unwrap();
    let reached = EffortCapReached {
        customer: merged.name.clone(),
        interaction: last.name.clone(),
        spent_minutes: 80,
        cap_minutes: 60,
        ticket: ticket_id(2),
    };
    assert_eq!(told(&world, 1).await, [reached]);
    tell(&world, &ana.customer, contact("2026-11-22T12:00:00Z", 60, 60, 1)).await;
    assert_eq!(alarms(&world).await, 1, "beyond the cap nobody is alarmed again");
    // Who comes to somebody that is beyond it already brings nobody there.
    let more = world.ingest(record("tel", "network", "4").named("A. P. Gil")).await;
    tell(&world, &more.customer, contact("2026-11-22T12:30:00Z", 60, 60, 1)).await;
    world.merge(&[&merged.name, &more.customer]).await.unwrap();
    assert_eq!(alarms(&world).await, 1);
    // Apart they are below it, and one again they reach it from below again.
    world.unmerge(&merged.name, &[&too.name]).await.unwrap();
    assert!(!effort(&world, &merged.name).await.cap_reached && !effort(&world, &too.customer).await.cap_reached);
    assert_eq!(alarms(&world).await, 1);
    world.merge(&[&merged.name, &too.customer]).await.unwrap();
    assert_eq!(alarms(&world).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_found_to_be_one_by_a_document_comes_to_the_cap_as_by_a_stewards_word() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"])).await;
    let too = world.ingest(record("web", "retail", "2").parts(["Ana", "Pérez", "Gil"]).dni(&dni(20_000_001))).await;
    assert_ne!(ana.customer, too.customer);
    let last = tell(&world, &ana.customer, contact("2026-11-21T10:00:00Z", 1_200, 1_200, 1)).await;
    tell(&world, &too.customer, contact("2026-11-20T10:00:00Z", 1_200, 1_200, 0)).await;
    let documented = record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"]).dni(&dni(20_000_001));
    let one = world.ingest(documented.observed("2026-11-22T09:00:00Z")).await.customer;
    assert_eq!(world.customer(&too.customer).await.name, one);
    let told = told(&world, 1).await;
    assert_eq!((&told[0].customer, &told[0].interaction, &told[0].ticket), (&one, &last.name, &ticket_id(1)));
    let now = "select occurred_at = recorded_at from customer_profile.ledger where type like '%.EffortCapReached'";
    let now: bool = sqlx::query_scalar(now).fetch_one(&world.admin().await).await.unwrap();
    assert!(now, "a superior is called now, and not when the record was observed");
}
