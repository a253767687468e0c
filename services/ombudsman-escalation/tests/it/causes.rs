//! ListSystemicIssues and ListRecurrences.

use std::time::Duration;

use testkit::eventually;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::docket::{Brought, DOUBLE, GONE, UPHELD};
use crate::world::{World, fields, reason, time};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cause_of_many_customers_is_shown_and_what_comes_again_after_its_decision() {
    let world = World::staffed().await;
    let before = world.bring(DOUBLE.of(50)).await;
    let (decided, decision) = world.bring_and_decide(DOUBLE.of(51), UPHELD).await;
    world.days(1);
    let again = world.bring(DOUBLE.of(52)).await;
    let own = world.bring(DOUBLE.of(51)).await;
    let other = world.bring(Brought { topic: "cards", ..DOUBLE.of(53) }).await;
    world.days(1);
    let later = world.bring(DOUBLE.of(54)).await;

    let list = |size: i32, page_token: String| pb::ListRecurrencesRequest {
        parent: decision.name.clone(),
        page_size: size,
        page_token,
    };
    let page = world.reports().list_recurrences(list(1, String::new())).await.unwrap().into_inner();
    assert_eq!(page.recurrences[0].case_name, again);
    let next = world.reports().list_recurrences(list(1, page.next_page_token)).await.unwrap().into_inner();
    assert_eq!((next.recurrences[0].case_name.as_str(), next.next_page_token.as_str()), (later.as_str(), ""));
    let undecided = pb::ListRecurrencesRequest { parent: format!("{own}/decision"), ..Default::default() };
    let refused = world.reports().list_recurrences(undecided).await.unwrap_err();
    assert_eq!(reason(&refused), (GONE.0, GONE.1.into()));

    let ask = |change: &dyn Fn(&mut pb::ListSystemicIssuesRequest)| {
        let mut request = pb::ListSystemicIssuesRequest::default();
        change(&mut request);
        let mut client = world.reports();
        async move { client.list_systemic_issues(request).await.map(tonic::Response::into_inner) }
    };
    let issues = ask(&|_| {}).await.unwrap().issues;
    assert_eq!(issues.len(), 1, "cards brought one");
    let issue = &issues[0];
    assert_eq!((issue.motive.as_str(), issue.customer_count, issue.case_count), ("billing", 4, 5));
    assert_eq!((issue.decided_count, issue.upheld_count), (1, 1));
    assert!((issue.rate - 0.8).abs() < 1e-9, "four of five customers");
    let mut cases = issue.cases.clone();
    let mut expected = vec![before, decided, again, own, later];
    cases.sort();
    expected.sort();
    assert_eq!(cases, expected);
    let both = ask(&|request| (request.min_customer_count, request.page_size) = (1, 1)).await.unwrap();
    let token = both.next_page_token;
    assert_eq!(both.issues[0].motive, "billing");
    let last = ask(&|request| {
        (request.min_customer_count, request.page_size, request.page_token) = (1, 1, token.clone());
    });
    let last = last.await.unwrap();
    assert_eq!((last.issues[0].motive.as_str(), last.issues[0].cases.as_slice()), ("cards", &[other][..]));
    assert_eq!(last.next_page_token, "");
    assert!(ask(&|request| request.min_rate = 0.9).await.unwrap().issues.is_empty());
    assert!(ask(&|request| request.to_time = time("2020-01-01T00:00:00Z")).await.unwrap().issues.is_empty());
    let wrong = ask(&|request| (request.min_rate, request.min_customer_count) = (2.0, -1)).await.unwrap_err();
    assert_eq!(fields(&wrong), ["min_customer_count", "min_rate"]);
}

/// Carries out what a decision for the claimant binds the firm to.
pub async fn carried_out(world: &World, case: &str) -> String {
    let order = pb::ComplianceOrder { claim_point: "p1".into(), department: "billing".into(), term_days: 10 };
    act!(world, "elena", order_compliance, OrderComplianceRequest, case, orders: vec![order]).unwrap();
    let owed = world.owed(case).await.remove(0).name;
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &owed, proof: "transfer of today").unwrap();
    act!(world, "oscar", review_execution, ReviewExecutionRequest, &owed, holds: true, reasons: "It was paid.")
        .unwrap();
    owed
}

/// A told decision on facts of this day.
pub async fn told(world: &World, brought: Brought, facts: &str, outcome: pb::DecisionOutcome) -> String {
    let case = world.bring_at(brought, time(facts)).await;
    let case = world.draft_of(case).await;
    let mut request = world.decision_of(&case, outcome, "el cobro").await;
    request.precedents = world.answered(&case, outcome).await;
    world.elena().issue_decision(request).await.unwrap();
    world.notify(&case).await;
    case
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cause_that_comes_again_for_another_opens_once_more_what_had_been_met() {
    let world = World::staffed().await;
    let first = told(&world, DOUBLE.of(60), "2026-10-01T00:00:00Z", UPHELD).await;
    let met = carried_out(&world, &first).await;
    world.days(10);
    // Facts from before it was met, another cause, the same customer, a decision against the claimant: nothing comes again.
    for (brought, facts, outcome) in [
        (DOUBLE.of(61), "2026-10-02T00:00:00Z", UPHELD),
        (Brought { topic: "cards", ..DOUBLE.of(62) }, "2026-11-30T00:00:00Z", UPHELD),
        (DOUBLE.of(60), "2026-11-30T00:00:00Z", UPHELD),
        (DOUBLE.of(63), "2026-11-30T00:00:00Z", crate::docket::NOT_UPHELD),
    ] {
        let case = told(&world, brought, facts, outcome).await;
        assert!(world.owed(&case).await.is_empty(), "{brought:?}");
    }
    let again = told(&world, DOUBLE.of(64), "2026-11-30T00:00:00Z", UPHELD).await;
    let owed = world.owed(&again).await;
    assert_eq!(
        (owed.len(), owed[0].kind(), owed[0].reopens.as_str()),
        (1, pb::ObligationKind::Recommendation, met.as_str())
    );
    assert_eq!(owed[0].department, "billing");
    // Told on 3 December: thirty days end with 2 January, in Madrid.
    assert_eq!(owed[0].due_time, time("2027-01-02T23:00:00Z"));
    let reopened = world.entries::<pb::ObligationReopened>().await;
    assert_eq!((reopened.len(), &reopened[0].obligation, &reopened[0].earlier_obligation), (1, &owed[0].name, &met));
    let paper = world.papers(&again, pb::DossierKind::Recommendation).await;
    assert!(!paper[0].contains(&first), "whose case it was is nothing of theirs");
    // It is owed once, not by everybody who comes after.
    let third = told(&world, DOUBLE.of(65), "2026-11-30T00:00:00Z", UPHELD).await;
    assert!(world.owed(&third).await.is_empty());
    let forged = "insert into ombudsman.obligation (case_id, number, kind, debtor, entry_sequence, since, due_at, reopens_case, reopens_number)
                  select $1::uuid, 9, 'recommendation', 'billing', 1, now(), now() + interval '1 day', case_id, number
                    from ombudsman.obligation where done_at is null limit 1";
    assert_eq!(world.rule_broken_by(forged, crate::world::uuid_of(&third)).await, "obligation_reopens_what_was_met");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_decisions_that_are_told_at_once_one_opens_again_what_had_been_met() {
    let world = World::staffed().await;
    let first = told(&world, DOUBLE.of(60), "2026-10-01T00:00:00Z", UPHELD).await;
    let met = carried_out(&world, &first).await;
    world.days(10);
    let mut decided = Vec::new();
    for person in [61, 62] {
        let case = world.bring_at(DOUBLE.of(person), time("2026-11-30T00:00:00Z")).await;
        let case = world.draft_of(case).await;
        let mut request = world.decision_of(&case, UPHELD, "el cobro").await;
        request.precedents = world.answered(&case, UPHELD).await;
        world.elena().issue_decision(request).await.unwrap();
        decided.push(case);
    }
    // Both have seen that it is met before one of them opens it.
    let admin = world.database.admin().await;
    let mut held = admin.acquire().await.unwrap();
    let hold = "begin; select from ombudsman.obligation where reopens_case is null for update";
    sqlx::raw_sql(hold).execute(&mut *held).await.unwrap();
    let release = async {
        eventually(Duration::from_secs(20), || async {
            let waiting =
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
            let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&admin).await.unwrap();
            if waiting >= 2 { Ok(()) } else { Err(waiting) }
        })
        .await;
        sqlx::raw_sql("commit").execute(&mut *held).await.unwrap();
    };
    tokio::join!(world.notify(&decided[0]), world.notify(&decided[1]), release);
    let reopened = world.entries::<pb::ObligationReopened>().await;
    assert_eq!((reopened.len(), &reopened[0].earlier_obligation), (1, &met));
    let owed = [world.owed(&decided[0]).await.len(), world.owed(&decided[1]).await.len()];
    assert_eq!(owed.iter().sum::<usize>(), 1, "{owed:?}");
    let twice = "insert into ombudsman.obligation (case_id, number, kind, debtor, entry_sequence, since, due_at, reopens_case, reopens_number)
                 select $1::uuid, 9, kind, debtor, 1, now(), now() + interval '1 day', reopens_case, reopens_number
                   from ombudsman.obligation where reopens_case is not null";
    let other = decided.iter().zip(owed).find(|(_, owed)| *owed == 0).unwrap().0;
    assert_eq!(world.rule_broken_by(twice, crate::world::uuid_of(other)).await, "obligation_reopened_once");
}

#[tokio::test]
async fn an_upgrade_of_a_database_in_which_two_decisions_opened_the_same_again_keeps_the_first() {
    use ombudsman_escalation as office;
    use sqlx::migrate::Migrator;
    let until: Vec<_> = office::migrations().iter().filter(|one| one.version < 20_261_203_100_150).cloned().collect();
    let before = Migrator::with_migrations(until);
    let database = testkit::Database::fresh_with(&[(office::SCHEMA, &before)]).await;
    let admin = database.admin().await;
    // Written around the service, as it was possible then.
    let written = "alter table ombudsman.obligation disable trigger all;
        insert into ombudsman.obligation (case_id, number, kind, debtor, entry_sequence, since, due_at, reopens_case, reopens_number)
        select ('00000000-0000-0000-0000-00000000000' || n)::uuid, 1, 'recommendation', 'billing', 1,
               '2026-01-01'::timestamptz + n * interval '1 hour', '2026-03-01', '00000000-0000-0000-0000-0000000000aa', 1
          from generate_series(1, 3) as n;
        alter table ombudsman.obligation enable trigger all;";
    sqlx::raw_sql(written).execute(&admin).await.unwrap();
    postgres::migrate(&database.settings_of(office::SCHEMA), &office::migrations()).await.unwrap();
    let kept: Vec<(bool, bool)> =
        sqlx::query_as("select reopens_case is not null, done_at is null from ombudsman.obligation order by since")
            .fetch_all(&admin)
            .await
            .unwrap();
    assert_eq!(kept, [(true, true), (false, true), (false, true)], "every one is owed, and one is what came again");
}
