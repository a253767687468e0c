//! The floor: every page, as everybody who may see it.

use kernel::Role;
use serde_json::json;
use ventanilla_tests::browser::{Browser, SCRIPTS, key};
use ventanilla_tests::scene::Scene;

use crate::house::{Busy, busy, complaint, sit_down, window};

/// The pages that somebody with this role goes through: what each is called here, and where it is.
fn pages(role: Role, house: &Busy) -> Vec<(&'static str, String)> {
    let (customer, pair) = (&house.customer, format!("/floor/matches/{}", house.proposal));
    let at = |name, path: &str| (name, path.to_owned());
    let board = |by: &str| format!("/floor/board?period=all&by={by}");
    let mut pages = vec![at("home", "/floor")];
    if matches!(role, Role::Supervisor | Role::Agent | Role::Auditor) {
        pages.push(("board", board("department")));
        pages.extend([at("causes", "/floor/causes?period=year"), at("processes", "/floor/processes")]);
        pages.push(at("process", "/floor/processes/lineas?period=all"));
    }
    if matches!(role, Role::Supervisor | Role::Auditor) {
        pages.push(("board-months", board("month")));
        pages.extend([at("law", "/floor/law?period=year"), at("forecasts", "/floor/forecasts?period=all")]);
    }
    if matches!(role, Role::Supervisor | Role::Steward) {
        pages.extend([at("matches", "/floor/matches"), ("match", pair)]);
    }
    if role != Role::Auditor {
        pages.extend([at("customers", "/floor/customers"), ("view", format!("/floor/{customer}"))]);
        pages.push(("records", format!("/floor/{customer}/records")));
    }
    pages
}

/// What a role is not shown, and what the page says.
const REFUSED: [(Role, &str); 4] = [
    (Role::Agent, "/floor/law"),
    (Role::Agent, "/floor/matches"),
    (Role::Auditor, "/floor/customers/01a2025a-ea26-7b8c-bc6d-460a620808b0"),
    (Role::Steward, "/floor/board"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_floor_holds_for_everybody_who_may_see_it() {
    let Some(mut browser) = Browser::open().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    let house = busy(&scene).await.expect("a house with something to show");
    sit_down(&browser, &base, &scene.bearer_of(Role::Supervisor), "/floor").await;
    pictures_are_drawn(&browser, &base).await;
    for role in [Role::Supervisor, Role::Steward, Role::Agent, Role::Auditor] {
        sit_down(&browser, &base, &scene.bearer_of(role), "/floor").await;
        // What a page that stays open says once its session is over.
        browser.run("document.querySelector('#over').hidden = false", json!([])).await;
        browser.judge("floor-session-over").await;
        for (name, path) in pages(role, &house) {
            browser.go(&format!("{base}{path}")).await;
            assert_eq!(browser.count("main [role=alert]").await, 0, "{path}: {}", browser.text("main").await);
            browser.judge(&format!("floor-{name}-{}", role.as_str())).await;
            // A page of the same name has the same things to work with: one walk through each.
            if role == Role::Supervisor {
                browser.walk(&format!("floor-{name}")).await;
            }
        }
        for (_, path) in REFUSED.iter().filter(|(refused, _)| *refused == role) {
            browser.go(&format!("{base}{path}")).await;
            assert_eq!(browser.count("main [role=alert]").await, 1, "{path}: {}", browser.text("main").await);
            browser.judge(&format!("floor-refused{}", path.replace('/', "-"))).await;
        }
    }
    browser.end();
}

/// Once the monitor has heard of all, every picture has something to show.
async fn pictures_are_drawn(browser: &Browser, base: &str) {
    for (path, pictures) in [
        ("/floor/board?period=all&by=department", 3),
        ("/floor/board?period=all&by=month", 1),
        ("/floor/law?period=year", 1),
        ("/floor/forecasts?period=all", 1),
        ("/floor/causes?period=year", 1),
        ("/floor/processes/lineas?period=all", 1),
    ] {
        testkit::eventually(std::time::Duration::from_secs(30), || async {
            browser.go(&format!("{base}{path}")).await;
            let drawn = browser.count("svg.plot > title").await;
            if drawn >= pictures {
                Ok(())
            } else {
                Err(format!("{path}: {drawn} pictures: {}", browser.text("main").await))
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_stays_open_hears_of_what_happens_and_takes_nothing_from_under_a_reader() {
    let Some(browser) = Browser::open().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    let affair = ventanilla_tests::scene::affair::Affair::of(&scene, crate::house::hostile(51_000_012));
    let customer = affair.arrive().await.expect("the customer is known").customer;
    sit_down(&browser, &base, &scene.bearer_of(Role::Supervisor), "/floor").await;

    browser.go(&format!("{base}/floor/{customer}")).await;
    browser.run("window.__same = true", json!([])).await;
    let opened = affair.cast.agent.tickets.clone().create_ticket(complaint(&affair, &customer)).await;
    opened.expect("the complaint is taken");
    browser.says("[data-fill]", SCRIPTS[0]).await;
    assert_eq!(browser.run("return window.__same && !window.__ran", json!([])).await, true, "the page is the same");

    // Somebody reads with the keyboard: what they are at stays until they go on, and a stopped page stays as it is.
    let board = format!("{base}/floor/board?period=today&by=department");
    browser.go(&board).await;
    browser.says("[data-fill] table", "Billing").await;
    browser.tab_to("[data-fill] .scroll").await;
    browser.run("window.__at = document.activeElement", json!([])).await;
    let mut another = affair.complaint(&customer, "");
    if let Some(ticket) = &mut another.ticket {
        ticket.department = "network-ops".to_owned();
    }
    affair.cast.agent.tickets.clone().create_ticket(another).await.expect("the complaint is taken");
    // Another window shows when the board has it.
    let Some(other) = Browser::open().await else { return };
    sit_down(&other, &base, &scene.bearer_of(Role::Supervisor), "/floor").await;
    other.go(&board).await;
    other.says("[data-fill] table", "Network ops").await;
    assert!(!browser.text("[data-fill] table").await.contains("Network ops"));
    assert_eq!(browser.run("return window.__at === document.activeElement", json!([])).await, true);
    // The button that stops it stands before the board.
    browser.tab_to("main > button").await;
    browser.keys(&key::SPACE.to_string()).await;
    browser.says("main > button", "Seguir actualizando").await;
    browser.keys(&key::SPACE.to_string()).await;
    browser.says("[data-fill] table", "Network ops").await;
}
