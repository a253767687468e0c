//! The constraints that the code maps to refusals exist under those names.

use crate::world::World;

/// Constraints and unique indexes the store names.
const NAMED: [&str; 10] = [
    "office_case_one_live_review",
    "leading_decision_pkey",
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
const RAISED: [(&str, &str); 12] = [
    ("decision_review_by_another", "guard_review"),
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

#[tokio::test]
async fn the_database_takes_the_moves_of_the_diagram_and_no_other() {
    use ombudsman_escalation_domain::case::MOVES;
    use ombudsman_escalation_domain::vocabulary::Stage;
    use std::collections::BTreeSet;
    let world = World::staffed().await;
    let admin = world.database.admin().await;
    let stored: Vec<(String, String)> =
        sqlx::query_as("select from_state, to_state from ombudsman.procedure_move").fetch_all(&admin).await.unwrap();
    let stored: BTreeSet<(String, String)> = stored.into_iter().collect();
    let drawn: BTreeSet<(String, String)> =
        MOVES.iter().flat_map(|(from, to)| to.iter().map(move |to| (from.to_string(), to.to_string()))).collect();
    assert_eq!(stored, drawn);

    let id = crate::world::uuid_of(&world.seated_case().await.name);
    let allowed: Vec<&str> =
        ["needs_cure", "inadmissible_proposed", "admitted", "forwarded_internally", "stayed", "withdrawn"].into();
    for stage in Stage::ALL.iter().filter(|stage| **stage != Stage::Registered && !allowed.contains(&stage.as_str())) {
        let moved = sqlx::query("update ombudsman.office_case set state = $2 where case_id = $1")
            .bind(id)
            .bind(stage.as_str())
            .execute(&admin)
            .await;
        let error = moved.expect_err("the database refuses");
        let rule = error.as_database_error().and_then(|error| error.constraint()).unwrap_or_default();
        assert_eq!(rule, "office_case_moves_by_the_procedure", "{stage}");
    }
}

#[tokio::test]
async fn a_stayed_case_stands_still_in_the_database_too() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let rectify = "update ombudsman.office_case set state = 'rectified', proof_sequence = 1 where case_id = $1";
    let id = crate::world::uuid_of(&case);
    assert_eq!(world.rule_broken_by(rectify, id).await, "office_case_rectified_by_the_dossier");
    let without = "update ombudsman.office_case set state = 'rectified' where case_id = $1";
    assert_eq!(world.rule_broken_by(without, id).await, "office_case_rectified_by_the_dossier");
    act!(world, "ines", stay_case, StayCaseRequest, &case, proceedings: "suit 41/2026").unwrap();
    let broken = [
        (
            "update ombudsman.office_case set statement_due_at = now() where case_id = $1",
            "office_case_stands_still_while_stayed",
        ),
        (
            "update ombudsman.office_case set state = 'investigation' where case_id = $1",
            "office_case_resumes_where_it_stood",
        ),
        (
            "update ombudsman.office_case set state = 'rectified' where case_id = $1",
            "office_case_moves_by_the_procedure",
        ),
        (
            "insert into ombudsman.draft values ($1, 9, '\\x000000000000000000000000', '\\x00', 'oscar', now())",
            "draft_while_investigated",
        ),
        (
            "insert into ombudsman.dossier_entry
             select case_id, dossier_length + 1, 'evidence', 'office', 'office', 'oscar', null, now(), 'text/plain',
                    dossier_head, dossier_head, dossier_head from ombudsman.office_case where case_id = $1",
            "dossier_entry_not_while_stayed",
        ),
    ];
    for (statement, rule) in broken {
        assert_eq!(world.rule_broken_by(statement, id).await, rule, "{statement}");
    }
}
