//! Other settings of which values to believe: they reach who was written before, and change nothing of what screens showed.

use std::time::Duration;

use jiff::SignedDuration;
use kernel::Role;
use ventanilla_customer_profile::IdentitySettings;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, record, time, written_anew};

const SPANISH: i32 = 1;
const CATALAN: i32 = 3;

fn believing(systems: [&str; 2]) -> IdentitySettings {
    IdentitySettings { source_order: systems.map(str::to_owned).to_vec(), ..Default::default() }
}

fn with_authority(system: &str) -> IdentitySettings {
    let authority = [("language".to_owned(), vec![system.to_owned()])].into();
    IdentitySettings { authority, ..Default::default() }
}

/// Somebody of whom two departments say at the same instant what language they speak.
async fn bilingual(world: &World, n: u32) -> String {
    let mut customer = String::new();
    for (system, language) in [("crm", SPANISH), ("shop", CATALAN)] {
        let phone = format!("6001112{n:02}");
        let mut said = record(system, "sales", &n.to_string()).named("Ana Ruiz Gil").dni(&dni(n)).phone(&phone);
        said.language = language;
        customer = world.ingest(said).await.customer;
    }
    customer
}

fn language(customer: &Customer) -> i32 {
    customer.golden.as_ref().unwrap().language.as_ref().unwrap().value
}

/// The language that a screen shows now, and the one that it is said to have shown at an instant.
async fn shown(world: &World, customer: &str) -> i32 {
    language(&world.customer(customer).await)
}

async fn showed(world: &World, customer: &str, known: jiff::Timestamp) -> i32 {
    language(&world.customer_as_known(customer, known).await.unwrap())
}

/// An instant that is later than everything before it and earlier than everything after it.
fn instant(world: &World) -> jiff::Timestamp {
    world.harness.surroundings.advance(SignedDuration::from_secs(1));
    let at = world.now();
    world.harness.surroundings.advance(SignedDuration::from_secs(1));
    at
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_settings_reach_who_was_written_before_and_leave_what_was_shown() {
    for (before, after) in
        [(believing(["crm", "shop"]), believing(["shop", "crm"])), (with_authority("crm"), with_authority("shop"))]
    {
        let world = World::telling(before.clone()).await;
        let mut everybody = Vec::new();
        // More than one batch.
        for n in 1..=70 {
            everybody.push(bilingual(&world, n).await);
        }
        let (first, last) = (everybody[0].clone(), everybody[69].clone());
        let etag = world.customer(&first).await.etag;
        assert_eq!((shown(&world, &first).await, world.lookup("600111201").await.language), (SPANISH, SPANISH));
        let yesterday = instant(&world);

        let world = world.restarted_with(after).await;
        let admin = world.admin().await;
        written_anew(&admin).await;
        for customer in &everybody {
            assert_eq!(shown(&world, customer).await, CATALAN, "though nobody wrote of them");
        }
        assert_eq!(
            (world.lookup("600111201").await.language, world.lookup("600111270").await.language),
            (CATALAN, CATALAN)
        );
        assert_ne!(world.customer(&first).await.etag, etag);
        let today = instant(&world);
        assert_eq!((showed(&world, &first, yesterday).await, showed(&world, &first, today).await), (SPANISH, CATALAN));

        // And back: an instant keeps what it showed.
        let world = world.restarted_with(before).await;
        written_anew(&admin).await;
        let tomorrow = instant(&world);
        assert_eq!((shown(&world, &last).await, shown(&world, &first).await), (SPANISH, SPANISH));
        for (at, language) in [(yesterday, SPANISH), (today, CATALAN), (tomorrow, SPANISH)] {
            assert_eq!((showed(&world, &first, at).await, showed(&world, &last, at).await), (language, language));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn until_a_customer_is_written_anew_its_screen_showed_the_value_of_before() {
    let world = World::telling(believing(["crm", "shop"])).await;
    let (ana, eva) = (bilingual(&world, 1).await, bilingual(&world, 2).await);
    let admin = world.admin().await;
    let before = instant(&world);
    // Another process whose clock is ahead wrote her: whoever writes as of earlier begins anew until then.
    let ahead = "update customer_profile.customer set updated_at = updated_at + interval '40 seconds' where 'customers/' || id = $1";
    sqlx::query(ahead).bind(&ana).execute(&admin).await.unwrap();
    let world = world.restarted_with(believing(["shop", "crm"])).await;
    testkit::eventually(Duration::from_secs(30), || async {
        let shown = shown(&world, &eva).await;
        if shown == CATALAN { Ok(()) } else { Err(shown) }
    })
    .await;
    let between = instant(&world);
    assert_eq!((shown(&world, &ana).await, showed(&world, &ana, world.now()).await), (SPANISH, SPANISH));
    world.harness.surroundings.advance(SignedDuration::from_secs(60));
    written_anew(&admin).await;
    let after = instant(&world);
    assert_eq!(shown(&world, &ana).await, CATALAN);
    for (at, of_ana, of_eva) in [(before, SPANISH, SPANISH), (between, SPANISH, CATALAN), (after, CATALAN, CATALAN)] {
        assert_eq!((showed(&world, &ana, at).await, showed(&world, &eva, at).await), (of_ana, of_eva));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_processes_believe_alike_whatever_each_was_started_with() {
    let world = World::telling(believing(["crm", "shop"])).await;
    let ana = bilingual(&world, 1).await;
    let other = world.beside(believing(["shop", "crm"])).await;
    let admin = world.admin().await;
    written_anew(&admin).await;
    // The first process writes of somebody new, and of who was there, by what the second brought.
    let before = instant(&world);
    let eva = bilingual(&world, 2).await;
    let mut again =
        record("crm", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111201").email("ana@x.example");
    again.language = SPANISH;
    assert_eq!(world.ingest(again).await.customer, ana);
    for customer in [&ana, &eva] {
        assert_eq!(shown(&world, customer).await, CATALAN);
        let request = GetCustomerRequest { name: customer.clone(), ..Default::default() };
        let mut beside = CustomerServiceClient::new(other.channel(Role::Agent));
        assert_eq!(language(&beside.get_customer(request).await.unwrap().into_inner()), CATALAN);
    }
    let after = instant(&world);
    assert_eq!((showed(&world, &ana, before).await, showed(&world, &eva, after).await), (CATALAN, CATALAN));
    let versions: i64 =
        sqlx::query_scalar("select count(*) from customer_profile.survivorship").fetch_one(&admin).await.unwrap();
    assert_eq!(versions, 2);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_by_the_settings_of_before_writes_by_those_in_force() {
    let world = World::telling(believing(["crm", "shop"])).await;
    let ana = bilingual(&world, 1).await;
    let admin = world.admin().await;
    // Another process brings others into force: nobody told this one.
    let adopted = r#"insert into customer_profile.survivorship (number, written, adopted_at, done_at)
        select 2, jsonb_set(written, '{order}', '["shop", "crm"]'), adopted_at, adopted_at from customer_profile.survivorship"#;
    sqlx::query(adopted).execute(&admin).await.unwrap();
    let mut again =
        record("crm", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111201").email("ana@x.example");
    again.language = SPANISH;
    assert_eq!(world.ingest(again).await.customer, ana);
    assert_eq!(shown(&world, &ana).await, CATALAN);
    let adopted = r#"insert into customer_profile.survivorship (number, written, adopted_at, done_at)
        select 3, written, adopted_at, adopted_at from customer_profile.survivorship where number = 1"#;
    sqlx::query(adopted).execute(&admin).await.unwrap();
    let newcomer = world.ingest(record("crm", "sales", "2").named("Eva Sanz Oca").phone("600111202")).await.customer;
    let by = "select survivorships from customer_profile.customer where 'customers/' || id = $1";
    let by: Vec<i32> = sqlx::query_scalar(by).bind(&newcomer).fetch_one(&admin).await.unwrap();
    assert_eq!(by, [3], "a newcomer too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_written_before_settings_were_kept_is_written_by_this_edition_of_the_program() {
    let world = World::new().await;
    let mut billing = record("erp", "billing", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111222");
    billing.identifiers[1].verified_time = Some(time("2024-03-01T10:00:00Z"));
    world.ingest(billing.observed("2024-03-01T10:00:00Z")).await;
    let mut sales = record("crm", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111222");
    sales.identifiers[1].valid_until_time = Some(time("2026-06-01T00:00:00Z"));
    let ana = world.ingest(sales.observed("2026-11-01T10:00:00Z")).await.customer;
    let admin = world.admin().await;
    let forgotten = "delete from customer_profile.survivorship";
    sqlx::query(forgotten).execute(&admin).await.unwrap();
    let before = instant(&world);
    let world = world.restarted().await;
    written_anew(&admin).await;
    let after = instant(&world);
    let ends = |customer: Customer| {
        let all = customer.identifiers.into_iter().filter_map(|i| i.value);
        all.filter(|i| i.r#type() == IdentifierType::Phone).map(|i| i.valid_until_time).collect::<Vec<_>>()
    };
    assert_eq!(
        ends(world.customer_as_known(&ana, before).await.unwrap()),
        [None],
        "as the program put it together then"
    );
    let ended = [Some(time("2026-06-01T00:00:00Z"))];
    assert_eq!(ends(world.customer_as_known(&ana, after).await.unwrap()), ended);
    assert_eq!(ends(world.customer(&ana).await), ended);
}
