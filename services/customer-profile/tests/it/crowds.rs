//! What a line costs that very many records carry: no statement of linking, comparing and the telephone may read more of
//! it because there are more.

use kernel::Role;
use postgres::Db;
use sqlx::Executor as _;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use testkit::Database;
use uuid::Uuid;
use ventanilla_customer_profile::{SCHEMA, migrations};
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, record};

const NUMBER: &str = "+34915550100";
const SUBJECT: Uuid = Uuid::from_u128(1);

/// Raises the number of records that carry the line, and its match key, from `from` to `to`. Every second one is linked to
/// the one after it by something else.
async fn carry(admin: &mut PgConnection, from: i64, to: i64) {
    let carriers = format!(
        "with copy as materialized (
             select lpad(to_hex(n), 32, '0')::uuid as id, n from generate_series({from} + 1, {to}) n
         ), record as (
             insert into customer_profile.source_record (id, source_system, external_id, department, own_customer_id, customer_id,
                 version, latest_version, observed_at, name_key, recorded_at, updated_at, keyed_by, compared_by)
             select id, 'crm', n::text, 'sales', id, id, 1, 1, now(), 'ana ruiz gil', now(), now(), '1', '1' from copy
         ), customer as (
             insert into customer_profile.customer (id, state, ids, profile, language, row_version, created_at, updated_at)
             select id, 'active', array[id], '', 0, 1, now(), now() from copy
         ), link as (
             insert into customer_profile.identity_link (id, record_a, record_b, link_type, grade, evidence_kind, evidence_key,
                 rule_version, asserted_by, asserted_at, reason)
             select id, id, lpad(to_hex(n + 1), 32, '0')::uuid, 'same_as', 'certain', 'national_id', n::text, '1', 'here', now(), ''
             from copy where n % 2 = 1
         ), key as (
             insert into customer_profile.match_key (key, source_record_id, weight) select '{SUBJECT}', id, 100 from copy
         )
         insert into customer_profile.identifier (kind, key, source_record_id, customer_id, recorded_at, observed_at, shared,
             evidence, name_key)
         select 'phone', '{NUMBER}', id, id, now(), now(), false, true, 'ana ruiz gil' from copy"
    );
    sqlx::query(AssertSqlSafe(carriers)).execute(admin).await.unwrap();
}

/// Entries of indexes and rows of tables that this connection has read so far.
async fn read(connection: &mut PgConnection) -> i64 {
    sqlx::query("select pg_stat_force_next_flush()").execute(&mut *connection).await.unwrap();
    let counted = "select (select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_user_tables)::bigint
                        + (select sum(idx_tup_read) from pg_stat_user_indexes)::bigint";
    sqlx::query_scalar(counted).fetch_one(connection).await.unwrap()
}

/// The statement of a function of the store, as its source has it.
fn statement(source: &'static str, function: &str) -> &'static str {
    let (_, body) = source.split_once(&format!("fn {function}(")).expect("the function is there");
    let (_, call) = body.split_once("sqlx::query").expect("it asks something");
    let (_, text) = call.split_once('"').expect("a statement");
    // Raw where it names columns.
    let end = if call.split_once('"').is_some_and(|(before, _)| before.ends_with("r#")) { "\"#" } else { "\"" };
    text.split_once(end).expect("it ends").0
}

type Asked = Query<'static, Postgres, PgArguments>;

/// The statements that linking, comparing and the telephone run for a record that carries the line.
fn statements() -> Vec<(&'static str, Asked)> {
    const IDENTITY: &str = include_str!("../../src/store/identity.rs");
    const COMPARISON: &str = include_str!("../../src/store/comparison.rs");
    const MATCH_KEY: &str = include_str!("../../src/store/match_key.rs");
    const NEWCOMER: &str = include_str!("../../src/store/newcomer.rs");
    const RING: &str = include_str!("../../src/store/ring.rs");
    let ask = |source, function| sqlx::query(AssertSqlSafe(statement(source, function)));
    let texts = |text: &str| vec![text.to_owned()];
    let (phone, number) = (texts("phone"), texts(NUMBER));
    vec![
        ("carriers", ask(IDENTITY, "carriers").bind(phone.clone()).bind(number.clone())),
        ("active links", ask(IDENTITY, "active_links").bind(phone.clone()).bind(number.clone())),
        ("links of a record", ask(IDENTITY, "touching").bind(vec![SUBJECT])),
        ("crowded", ask(MATCH_KEY, "crowded").bind(phone.clone()).bind(number.clone()).bind(vec![8_i64])),
        (
            "whom to compare with",
            ask(COMPARISON, "candidates").bind(vec![SUBJECT]).bind(64_i32).bind(32_i64).bind(2_i64),
        ),
        ("what stands", ask(COMPARISON, "standing").bind(vec![SUBJECT])),
        (
            "who is known",
            ask(NEWCOMER, "known").bind(texts("shop")).bind(texts("1")).bind(vec![1_i64]).bind(phone).bind(number),
        ),
        (
            "a ring",
            ask(RING, "holders")
                .bind(NUMBER)
                .bind(jiff_sqlx::Timestamp::from(testkit::instant("2026-11-22T10:00:00Z"))),
        ),
    ]
}

/// What each statement reads, by name.
async fn costs(db: &Db) -> Vec<(&'static str, i64)> {
    let mut connection = db.reader().acquire().await.unwrap();
    let mut costs = Vec::new();
    for (name, asked) in statements() {
        let before = read(&mut connection).await;
        drop(asked.fetch_all(&mut *connection).await.unwrap());
        costs.push((name, read(&mut connection).await - before));
    }
    costs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_waits_for_one_number_leaves_the_ring_and_all_others_their_connections() {
    let world = World::new().await;
    let on_the_line = |n: usize| record(&format!("crm-{n}"), "sales", "1").named("Ana Ruiz").phone("915550100");
    let first = world.ingest(on_the_line(0)).await;
    world.ingest(record("crm", "sales", "2").named("Hugo Gil").phone("600111222")).await;
    world.compared().await;
    // Whoever links by the number now waits for its customer.
    let admin = world.admin().await;
    let mut held = admin.acquire().await.unwrap();
    let id: Uuid = first.own_customer.trim_start_matches("customers/").parse().unwrap();
    held.execute("begin").await.unwrap();
    sqlx::query("select from customer_profile.customer where id = $1 for update")
        .bind(id)
        .execute(&mut *held)
        .await
        .unwrap();
    // Three times as many as there are connections.
    let crowd: Vec<_> = (1..=48)
        .map(|n| {
            let mut client = world.client(Role::Crm);
            let request = IngestSourceRecordRequest { record: Some(on_the_line(n)), request_id: world.request_id() };
            tokio::spawn(async move { client.ingest_source_record(request).await.map(drop) })
        })
        .collect();
    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and application_name = 'customer_profile' and wait_event_type = 'Lock'";
    testkit::eventually(std::time::Duration::from_secs(10), || async {
        let count: i64 = sqlx::query_scalar(waiting).fetch_one(&admin).await.unwrap();
        if count > 0 { Ok(()) } else { Err(count) }
    })
    .await;
    for n in 0..8 {
        assert_eq!(world.lookup("600111222").await.grade(), MatchGrade::Certain);
        // Somebody new, and somebody who is known.
        world.ingest(record("web", "sales", &format!("n{n}")).named("Eva Sanz").phone(&format!("6009990{n:02}"))).await;
        world.ingest(record(&format!("web-{n}"), "sales", "2").named("Hugo Gil").email("hugo@correo.example")).await;
    }
    let count: i64 = sqlx::query_scalar(waiting).fetch_one(&admin).await.unwrap();
    assert!(count <= 1, "the crowd waits with one connection for all of it, and not with {count}");
    held.execute("rollback").await.unwrap();
    for one in crowd {
        // Who waited too long is told to come again.
        if let Err(refused) = one.await.unwrap() {
            assert_eq!(refused.code(), tonic::Code::Aborted);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_on_the_telephone_is_not_behind_those_who_wait_for_a_connection() {
    let world = World::keeping_one_for_rings().await;
    let known = world.ingest(record("crm", "sales", "1").named("Hugo Gil").phone("600111222")).await;
    world.compared().await;
    let admin = world.admin().await;
    let mut held = admin.acquire().await.unwrap();
    // What no ring reads and every line of contacts does.
    held.execute("begin; lock table customer_profile.interaction in access exclusive mode").await.unwrap();
    let crowd: Vec<_> = (0..12)
        .map(|_| {
            let (mut client, parent) = (world.client(Role::Agent), known.customer.clone());
            let request = ListTimelineRequest { parent, ..Default::default() };
            tokio::spawn(async move { client.list_timeline(request).await.map(drop) })
        })
        .collect();
    let waiting = || async {
        let waiting = "select count(*) from pg_stat_activity
                       where datname = current_database() and application_name = 'customer_profile' and wait_event_type = 'Lock'";
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&admin).await.unwrap()
    };
    testkit::eventually(std::time::Duration::from_secs(10), || async {
        // Everybody's connections are taken.
        let count = waiting().await;
        if count == 3 { Ok(()) } else { Err(count) }
    })
    .await;
    for _ in 0..8 {
        assert_eq!(world.lookup("600111222").await.grade(), MatchGrade::Certain);
        let name = known.customer.clone();
        let asked = WhatIsKnownRequest { name, purpose: AskPurpose::Identify.into(), ..Default::default() };
        world.client(Role::Ivr).what_is_known(asked).await.unwrap();
    }
    assert_eq!(waiting().await, 3, "they were told while the crowd waited");
    held.execute("rollback").await.unwrap();
    for one in crowd {
        one.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_line_of_ten_thousand_is_read_no_further_than_one_of_a_thousand() {
    let database = Database::fresh(SCHEMA, &migrations()).await;
    let mut settings = database.settings();
    settings.max_connections = 1;
    let db = Db::connect(&settings).await.unwrap();
    sqlx::query("set plan_cache_mode = force_generic_plan").execute(db.reader()).await.unwrap();
    let mut admin = database.admin().await.acquire().await.unwrap();
    carry(&mut admin, 0, 1_000).await;
    // Of what comes later the planner knows nothing yet, as in the middle of a long intake.
    sqlx::query("analyze").execute(&mut *admin).await.unwrap();
    let of_a_thousand = costs(&db).await;
    carry(&mut admin, 1_000, 10_000).await;
    assert_eq!(costs(&db).await, of_a_thousand);
    assert!(of_a_thousand.iter().all(|(_, read)| *read < 2_000), "{of_a_thousand:?}");
    // No link rests on the line; of all else there is something to read.
    let unread = of_a_thousand.iter().filter(|(_, read)| *read == 0).map(|(name, _)| *name);
    assert_eq!(unread.collect::<Vec<_>>(), ["active links"]);
}
