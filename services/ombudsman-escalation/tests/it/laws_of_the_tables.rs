//! The constraints that the code maps to refusals exist under those names.

use crate::world::World;

/// Constraints and unique indexes the store names.
const NAMED: [&str; 7] = [
    "leading_decision_pkey",
    "office_case_one_live_per_ticket",
    "staff_person_key",
    "assignment_once_live",
    "decision_pkey",
    "decision_point_pkey",
    "ticket_watch_pkey",
];

/// Rules that triggers raise under a name of their own.
const RAISED: [(&str, &str); 10] = [
    ("leading_decision_was_issued", "guard_leading_decision"),
    ("assignment_past_the_wall", "guard_assignment"),
    ("assignment_only_ends", "guard_recusal"),
    ("decision_point_before_the_decision", "guard_decision_point"),
    ("decision_after_a_draft", "guard_decision"),
    ("decision_by_the_assigned_ombudsman", "guard_decision"),
    ("decision_past_the_wall", "guard_decision"),
    ("decision_answers_every_point", "guard_decision"),
    ("claim_point_before_the_decision", "guard_claim_point"),
    ("dossier_entry_follows_the_head", "chain_dossier"),
];

#[tokio::test]
async fn every_constraint_the_code_names_exists() {
    let world = World::new().await;
    let admin = world.database.admin().await;
    let known: Vec<String> = sqlx::query_scalar(
        "select conname::text from pg_constraint where connamespace = 'ombudsman'::regnamespace
         union select relname::text from pg_class where relnamespace = 'ombudsman'::regnamespace and relkind = 'i'",
    )
    .fetch_all(&admin)
    .await
    .unwrap();
    for name in NAMED {
        assert!(known.iter().any(|other| other == name), "{name}");
    }
    for (name, function) in RAISED {
        let body: String = sqlx::query_scalar(
            "select prosrc from pg_proc where pronamespace = 'ombudsman'::regnamespace and proname = $1",
        )
        .bind(function)
        .fetch_one(&admin)
        .await
        .unwrap();
        assert!(body.contains(name), "{function} does not raise {name}");
    }
}
