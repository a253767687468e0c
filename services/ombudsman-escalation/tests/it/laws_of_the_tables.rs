//! The constraints that the code maps to refusals exist under those names.

use crate::world::World;

/// Constraints and unique indexes the store names.
const NAMED: [&str; 8] = [
    "office_case_one_live_per_ticket",
    "staff_person_key",
    "assignment_once_live",
    "decision_pkey",
    "decision_point_pkey",
    "ticket_watch_pkey",
    "mandate_pkey",
    "customer_family_pkey",
];

/// Rules that triggers raise under a name of their own.
const RAISED: [(&str, &str); 10] = [
    ("assignment_past_the_wall", "guard_assignment"),
    ("assignment_only_ends", "guard_recusal"),
    ("decision_point_before_the_decision", "guard_decision_point"),
    ("decision_after_a_draft", "guard_decision"),
    ("decision_by_the_assigned_ombudsman", "guard_decision"),
    ("decision_past_the_wall", "guard_decision"),
    ("decision_answers_every_point", "guard_decision"),
    ("claim_point_before_the_decision", "guard_claim_point"),
    ("dossier_entry_follows_the_head", "chain_dossier"),
    ("mandate_follows_the_last", "guard_mandate"),
];

/// Rules that a trigger gives to the guard of acts, by the table they stand on.
const GIVEN: [(&str, &str); 2] =
    [("decision_by_a_mandate_that_runs", "decision"), ("assignment_by_a_mandate_that_runs", "assignment")];

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
    for (name, table) in GIVEN {
        let definition: String = sqlx::query_scalar(
            "select pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid
              where c.relnamespace = 'ombudsman'::regnamespace and c.relname = $1 and t.tgname = $2",
        )
        .bind(table)
        .bind(name)
        .fetch_one(&admin)
        .await
        .unwrap();
        assert!(definition.contains(&format!("guard_act('{name}'")), "{definition}");
    }
}
