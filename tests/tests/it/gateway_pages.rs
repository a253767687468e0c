//! What holds for every page of the window there is, read from the routers: nothing is changed from elsewhere, nothing is shown to who is not signed in,
//! nothing goes out without the headers that pages need.

use std::time::Duration;

use http::StatusCode;
use kernel::Role;
use ventanilla_tests::routes::{self, Route};
use ventanilla_tests::scene::doorway::{Answer, Doorway, Visitor};
use ventanilla_tests::scene::{Scene, fingerprint};

const LIMIT: Duration = Duration::from_secs(30);
/// What stands in the place of every variable of a path.
const ANY: &str = "0190a000-0000-7000-8000-0000000000aa";
/// What is said to who sends from elsewhere.
const NOT_OURS: &str = "ha caducado o no es nuestra";

/// Whom a path is for, as far as anybody signs in for it.
fn role_of(path: &str) -> Option<Role> {
    match path.split('/').nth(1).unwrap_or_default() {
        "console" => Some(Role::Ombudsman),
        "firm" => Some(Role::FirmLiaison),
        "floor" => Some(Role::Supervisor),
        _ => None,
    }
}

/// Somebody who may be there, and the mark of their forms.
async fn at(scene: &Scene, door: &Doorway, route: &Route) -> (Visitor, String) {
    let mut visitor = door.visitor();
    // Who signs out is signed in.
    let role = role_of(&route.path).or((route.path == "/sign-out").then_some(Role::Agent));
    let page = match role {
        Some(role) => {
            visitor.sign_in(&scene.bearer_of(role)).await;
            let home = match role {
                Role::FirmLiaison => "/firm",
                Role::Ombudsman => "/console",
                _ => "/floor",
            };
            visitor.get(home).await
        }
        None if route.path.starts_with("/t") => visitor.get("/t?lang=es").await,
        None => visitor.get("/sign-in?lang=es").await,
    };
    let mark = page.field("csrf");
    assert!(!mark.is_empty(), "{}: a form has its mark: {}", route.path, page.text());
    (visitor, mark)
}

#[track_caller]
fn refused(answer: &Answer, path: &str, how: &str) {
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}, {how}: {}", answer.text());
    assert!(answer.text().contains(NOT_OURS), "{path}, {how}: {}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_changed_without_the_mark_of_this_visit_or_from_elsewhere_whatever_it_is() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| scene.window("localhost", address)).await;
    let changing: Vec<Route> = routes::of_pages().into_iter().filter(|route| route.sent_to).collect();
    assert!(changing.len() > 20, "{changing:?}");
    let admin = scene.admin().await;
    fingerprint::settled(&admin, LIMIT).await;
    let before = fingerprint::take(&admin).await.expect("the database is read");
    for route in &changing {
        let path = route.with(ANY);
        let (mut visitor, mark) = at(&scene, &door, route).await;
        let (_, anothers) = at(&scene, &door, route).await;
        assert_ne!(mark, anothers, "{path}: a mark is of one visit");
        refused(&visitor.post(&path, &[("text", "x")]).await, &path, "without a mark");
        for wrong in ["", "x", &anothers] {
            refused(&visitor.post(&path, &[("csrf", wrong)]).await, &path, "with a mark that is not theirs");
        }
        let own = std::mem::replace(&mut visitor.origin, "https://elsewhere.example".to_owned());
        refused(&visitor.post(&path, &[("csrf", &mark)]).await, &path, "from elsewhere");
        visitor.origin = "null".to_owned();
        refused(&visitor.post(&path, &[("csrf", &mark)]).await, &path, "from nowhere");
        visitor.origin = own;
        // The same with the mark, from a page of ours, is not refused for that: the test would see nothing otherwise.
        let ours = visitor.post(&path, &[("csrf", &mark)]).await;
        assert!(!ours.text().contains(NOT_OURS), "{path}: {}", ours.text());
        assert_ne!(ours.status, StatusCode::METHOD_NOT_ALLOWED, "{path} is sent to");
    }
    fingerprint::settled(&admin, LIMIT).await;
    let after = fingerprint::take(&admin).await.expect("the database is read");
    assert_eq!(fingerprint::differences(&before, &after), Vec::<String>::new(), "nothing was written");
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_is_not_signed_in_is_shown_a_page_of_the_house_and_every_answer_has_its_headers() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| scene.window("localhost", address)).await;
    for route in routes::of_pages() {
        let path = route.with(ANY);
        let mut stranger = door.visitor();
        let answer = if route.looked_at { stranger.get(&path).await } else { stranger.post(&path, &[]).await };
        if role_of(&path).is_some() && route.looked_at {
            // To sign in; or, from an address that is only sent to, to its page, which asks to.
            let there = answer.header("location");
            let sent = there.starts_with("/sign-in?next=/") || role_of(there).is_some();
            assert!(answer.status == StatusCode::SEE_OTHER && sent, "{path}: {} {there}", answer.status);
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy:?}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        for cookie in answer.headers.get_all(http::header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("it is text");
            assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{path}: {cookie}");
        }
    }
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_no_page_has_the_headers_too() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| scene.window("localhost", address)).await;
    let mut visitor = door.visitor();
    for path in ["/v1/cases", "/v1/nothing", "/openapi.json", "/reference", "/healthz", "/readyz", "/nothing"] {
        has_headers(&visitor.get(path).await, path);
    }
    has_headers(&visitor.post("/ivr/v1/caller", &[("call", "c1"), ("phone", "+34699999999")]).await, "/ivr/v1/caller");
    visitor.bearer = Some(scene.bearer_of(Role::Auditor));
    has_headers(&visitor.get("/v1/cases").await, "/v1/cases, by who may ask");
    // What an answer says of itself stays: a description of calls is nobody's secret.
    assert!(visitor.get("/openapi.json").await.header("cache-control").starts_with("public"));
    scene.stop().await.expect("the services end well");
}

#[track_caller]
fn has_headers(answer: &Answer, path: &str) {
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer")]
    {
        assert_eq!(answer.header(name), value, "{path}: {name}");
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy:?}");
    assert!(!answer.header("cache-control").is_empty(), "{path}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_is_a_browser_is_shown_a_page_and_a_system_a_problem() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| scene.window("localhost", address)).await;
    let mut reader = door.visitor();
    reader.accept = Some("text/html,application/xhtml+xml,*/*;q=0.8");
    let page = reader.get("/console/nothing?lang=en").await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::NOT_FOUND, "text/html; charset=utf-8"));
    assert!(page.text().contains("<h1>There is no such page</h1>"), "{}", page.text());
    let sent = reader.post("/console/nothing", &[("csrf", "")]).await;
    assert_eq!((sent.status, sent.fact("reason").as_str()), (StatusCode::NOT_FOUND, "NO_SUCH_ROUTE"));
    let problem = door.visitor().get("/console/nothing").await;
    assert_eq!((problem.status, problem.fact("reason").as_str()), (StatusCode::NOT_FOUND, "NO_SUCH_ROUTE"));
    assert_eq!(problem.header("content-type"), "application/problem+json");
    scene.stop().await.expect("the services end well");
}
