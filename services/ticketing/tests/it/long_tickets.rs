//! An affair in which five thousand things were said opens as one in which a hundred were. Counted in the pages of the database that the service touches for it, by
//! the database's own count, and not in time.

use std::collections::BTreeMap;
use std::time::Duration;

use kernel::Role;
use testkit::{Database, Harness, eventually};
use uuid::Uuid;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::process_service_client::ProcessServiceClient;
use ventanilla_proto::ticketing::v1::public_service_client::PublicServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;

use crate::world::{World, open, serve};

const LIMIT: Duration = Duration::from_secs(20);
/// What a longer affair may cost more: one level of each index that is gone down, rows that lie on pages of their own, and what differs between two readings
/// of the same affair while others run (fifty pages of `ticket` were seen).
const SLACK: i64 = 60;
/// Tables of which an affair that is opened reads.
const TABLES: [&str; 5] = ["ticket", "claim_point", "message", "ticket_change", "promise"];

/// An affair with so many messages, each with its place in the history, half of them notes of the house.
async fn talked(world: &World, messages: i32) -> pb::CreateTicketResponse {
    let opened = open(&mut world.agent()).await;
    let id: Uuid = opened.ticket.as_ref().unwrap().name.trim_start_matches("tickets/").parse().unwrap();
    let admin = world.database.admin().await;
    let said = "insert into ticketing.message (ticket_id, sequence, message_id, direction, visibility, channel, body, actor_kind,
            actor_id, occurred_at, created_at)
        select $1, 1 + n, gen_random_uuid(), case when n % 2 = 0 then 'outbound' end,
               case when n % 2 = 0 then 'public' else 'internal' end, case when n % 2 = 0 then 'email' end,
               'mensaje ' || n || repeat(' y más', 20), 'employee', 'ana', now(), now()
        from generate_series(1, $2) n";
    let noted =
        "insert into ticketing.ticket_change (ticket_id, sequence, kind, department, related, actor_kind, actor_id,
            occurred_at, recorded_at)
        select $1, 1 + n, 'message_added', 'billing', 'tickets/x/messages/' || n, 'employee', 'ana', now(), now()
        from generate_series(1, $2) n";
    for statement in [said, noted] {
        sqlx::query(statement).bind(id).bind(messages).execute(&admin).await.unwrap();
    }
    let counted = "update ticketing.ticket set change_count = 1 + $2 where ticket_id = $1";
    sqlx::query(counted).bind(id).bind(messages).execute(&admin).await.unwrap();
    admin.close().await;
    opened
}

/// Pages of these tables and their indexes that were touched so far, in memory or on disk. A connection says so when it ends, so that what is left of a service
/// that was stopped is ended here.
async fn touched(database: &Database) -> BTreeMap<String, i64> {
    let admin = database.admin().await;
    eventually(LIMIT, || async {
        // Not in its condition, whose parts are looked at in any order: other tests' connections are not to be ended.
        let others = "select concat_ws(' ', state, wait_event_type, wait_event, query, pg_terminate_backend(pid)) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
        let others: Vec<String> = sqlx::query_scalar(others).fetch_all(&admin).await.unwrap();
        if others.is_empty() { Ok(()) } else { Err(others) }
    })
    .await;
    let pages =
        "select relname::text, (heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0))::bigint
        from pg_statio_user_tables where schemaname = 'ticketing' and relname::text = any($1)";
    let pages: Vec<(String, i64)> = sqlx::query_as(pages).bind(TABLES).fetch_all(&admin).await.unwrap();
    admin.close().await;
    pages.into_iter().collect()
}

/// What is read of an affair when it is opened: at the desk, and by its customer.
async fn read(harness: &Harness, database: &Database, opened: &pb::CreateTicketResponse) -> BTreeMap<String, i64> {
    let before = touched(database).await;
    let served = serve(harness, database, &[]).await;
    let agent = || served.channel(Role::Agent);
    let name = &opened.ticket.as_ref().unwrap().name;
    let mut tickets = TicketServiceClient::new(agent());
    tickets.get_ticket(pb::GetTicketRequest { name: name.clone() }).await.unwrap();
    for newest_first in [false, true] {
        let list = pb::ListMessagesRequest { parent: name.clone(), newest_first, ..Default::default() };
        assert_eq!(tickets.list_messages(list).await.unwrap().into_inner().messages.len(), 25);
    }
    let course = pb::GetTicketCourseRequest { name: format!("{name}/course") };
    ProcessServiceClient::new(agent()).get_ticket_course(course).await.unwrap();
    let (tracking_key, proof) = (opened.tracking_key.clone(), opened.proof.clone());
    let shown = pb::GetPublicAffairRequest { tracking_key, proof, ..Default::default() };
    let shown = PublicServiceClient::new(served.anonymous()).get_public_affair(shown).await.unwrap().into_inner();
    assert_eq!(shown.messages.len(), 25);
    served.stop().await;
    let after = touched(database).await;
    after.into_iter().map(|(table, pages)| (table.clone(), pages - before[&table])).collect()
}

/// The least of three readings: what is read beside it comes and goes.
async fn least(harness: &Harness, database: &Database, opened: &pb::CreateTicketResponse) -> BTreeMap<String, i64> {
    let mut least = read(harness, database, opened).await;
    for _ in 0..2 {
        for (table, pages) in read(harness, database, opened).await {
            least.entry(table).and_modify(|known| *known = pages.min(*known));
        }
    }
    least
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_costs_as_much_to_open_however_much_was_said_in_it() {
    let world = World::new().await;
    let (short, long) = (talked(&world, 100).await, talked(&world, 5_000).await);
    let admin = world.database.admin().await;
    sqlx::query("vacuum analyze").execute(&admin).await.unwrap();
    admin.close().await;
    // While it is served by nobody else every connection is of whoever is measured.
    let World { harness, database, served } = world;
    served.stop().await;
    let of_short = least(&harness, &database, &short).await;
    let of_long = least(&harness, &database, &long).await;
    for (table, pages) in &of_long {
        assert!(*pages <= of_short[table] + SLACK, "{table}: {of_short:?} become {of_long:?}");
    }
}
