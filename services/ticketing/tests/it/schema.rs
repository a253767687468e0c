//! The names that code and schema must agree on.

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_constraint_that_code_names_exists() {
    let world = World::new().await;
    let pool = world.database.admin().await;
    for name in ["ticket_tracking_key_key", "request_pkey"] {
        let found: bool = sqlx::query_scalar(
            "select exists (select from pg_constraint where conname = $1 and connamespace = 'ticketing'::regnamespace)",
        )
        .bind(name)
        .fetch_one(&pool)
        .await
        .unwrap();
        assert!(found, "{name} is no constraint of the schema");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_of_the_service_says_what_it_is_for() {
    let world = World::new().await;
    let silent: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
         where relnamespace = 'ticketing'::regnamespace and relkind = 'r' and obj_description(oid) is null
           and relname in ('ticket', 'claim_point', 'receipt', 'ticket_change', 'message', 'promise')",
    )
    .fetch_all(&world.database.admin().await)
    .await
    .unwrap();
    assert_eq!(silent, Vec::<String>::new());
}
