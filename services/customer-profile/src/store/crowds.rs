//! What a line costs that very many records carry: no statement of linking, comparing and the telephone may read more of
//! it because there are more.

use std::collections::BTreeSet;

use customer_profile_domain::{IdentifierKey, IdentifierKind, Phone, SourceRecordId};
use kernel::ResourceId;
use postgres::Db;
use sqlx::{AssertSqlSafe, PgConnection};
use testkit::{Database, instant};
use uuid::Uuid;

use super::{comparison, identity, match_key, newcomer, ring};

const NUMBER: &str = "+34915550100";
const SUBJECT: Uuid = Uuid::from_u128(1);

/// Raises the number of records that carry the line, and its match key, from `from` to `to`. Every second one is linked to
/// the one after it by something else. Nothing is analyzed: what a planner believes of a schema that was just filled is
/// what it goes by for a while.
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

/// What each statement reads of the line, by name.
async fn costs(db: &Db) -> Vec<(&'static str, i64)> {
    let pool = db.reader();
    let line = IdentifierKey { kind: IdentifierKind::Phone, value: NUMBER.to_owned().into() };
    let lines = BTreeSet::from([line.clone()]);
    let subject = SourceRecordId::from_uuid(SUBJECT);
    let mut costs = Vec::new();
    macro_rules! cost {
        ($name:literal, |$connection:ident| $statement:expr) => {{
            let mut $connection = pool.acquire().await.unwrap();
            let before = read(&mut $connection).await;
            drop($statement.await.unwrap());
            costs.push(($name, read(&mut $connection).await - before));
        }};
    }
    cost!("carriers", |connection| identity::carriers(&mut connection, &lines));
    cost!("active links", |connection| identity::active_links(&mut connection, &lines));
    cost!("links of a record", |connection| identity::touching(&mut connection, &[SUBJECT]));
    cost!("crowded", |connection| match_key::crowded(&mut *connection, &[&line]));
    cost!("whom to compare with", |connection| comparison::candidates(&mut connection, &[subject], 32));
    cost!("what stands", |connection| comparison::standing(&mut connection, &[SUBJECT]));
    let marks = [newcomer::Marks { source_system: "shop", external_id: "1", identifiers: vec![&line] }];
    cost!("who is known", |connection| newcomer::known(&mut connection, &marks));
    let before = read(&mut pool.acquire().await.unwrap()).await;
    let phone = Phone::parse(NUMBER, "ES").unwrap();
    ring::holders(pool, &phone, instant("2026-11-22T10:00:00Z")).await.unwrap();
    costs.push(("a ring", read(&mut pool.acquire().await.unwrap()).await - before));
    costs
}

#[tokio::test]
async fn a_line_of_ten_thousand_is_read_no_further_than_one_of_a_thousand() {
    let database = Database::fresh(crate::SCHEMA, &crate::migrations()).await;
    let mut settings = database.settings();
    settings.max_connections = 1;
    let db = Db::connect(&settings).await.unwrap();
    sqlx::query("set plan_cache_mode = force_generic_plan").execute(db.reader()).await.unwrap();
    let mut admin = database.admin().await.acquire().await.unwrap();
    carry(&mut admin, 0, 1_000).await;
    let of_a_thousand = costs(&db).await;
    carry(&mut admin, 1_000, 10_000).await;
    assert_eq!(costs(&db).await, of_a_thousand);
    assert!(of_a_thousand.iter().all(|(_, read)| *read < 2_000), "{of_a_thousand:?}");
}
