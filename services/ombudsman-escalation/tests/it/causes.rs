//! ListSystemicIssues and ListRecurrences.

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
