//! A steward's hour with the keyboard alone: a pair decided, two customers made one and taken apart again; then a pair where no script runs.

use std::time::Duration;

use kernel::Role;
use serde_json::json;
use ventanilla_tests::browser::{Browser, SCRIPTS, key};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;

use crate::house::{hostile, window};

const ENTER: &str = "\u{e007}";

#[tokio::test(flavor = "multi_thread")]
async fn a_steward_decides_merges_and_takes_apart_with_the_keyboard_alone() {
    let Some(mut browser) = Browser::open().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    let affair = Affair::of(&scene, hostile(51_000_021));
    let first = affair.arrive().await.expect("a good record").customer;
    affair.be_taken_for_another().await.expect("two proposals come of it");
    let other = Affair::of(&scene, hostile(51_000_022));
    let second = other.arrive().await.expect("a good record").customer;

    // The token is pasted as anybody would; what follows is keys.
    browser.go(&format!("{base}/sign-in?next=/floor/matches&lang=es")).await;
    browser.tab_to("#token").await;
    browser.keys(&scene.bearer_of(Role::Steward)).await;
    browser.tab_to("main button").await;
    browser.until_there(browser.keys(ENTER)).await;
    browser.says("h1", "Coincidencias probables").await;
    browser.judge("steward-matches").await;
    browser.walk("steward-matches").await;

    // Access keys lead from pair to pair and decide.
    browser.until_there(browser.chord(key::ALT, 'j')).await;
    browser.says("[role=region]", "Quiñonero").await;
    browser.judge("steward-pair").await;
    browser.walk("steward-pair").await;
    browser.tab_to("#reason").await;
    browser.keys(&SCRIPTS.join(" ")).await;
    browser.until_there(browser.chord(key::ALT, 'n')).await;
    browser.says(".notice.good", "Contestado").await;
    browser.judge("steward-answered").await;
    browser.tab_to(".notice.good a").await;
    browser.until_there(browser.keys(ENTER)).await;
    browser.says("main", "rechazada").await;
    browser.judge("steward-rejected").await;

    // Two customers, by their ids.
    browser.go(&format!("{base}/floor/matches")).await;
    let id = |name: &str| name.trim_start_matches("customers/").to_owned();
    browser.tab_to("#a").await;
    browser.keys(&id(&first)).await;
    browser.tab_to("#b").await;
    browser.keys(&id(&second)).await;
    browser.until_there(browser.keys(ENTER)).await;
    browser.says("main", "Serían").await;
    browser.judge("steward-preview").await;
    browser.walk("steward-preview").await;
    // Something of what was shown changes before it is done: nothing is merged, and what was typed is still there.
    affair.complain(&first, "").await.expect("a good complaint");
    browser.tab_to("#reason").await;
    browser.keys("Misma letra y misma firma").await;
    browser.until_there(browser.chord(key::ALT, 'y')).await;
    browser.says("main [role=alert]", "algo de lo que se mostraba ha cambiado").await;
    browser.judge("steward-preview-changed").await;
    let typed = browser.run("return document.querySelector('#reason').value", json!([])).await;
    assert_eq!(typed, "Misma letra y misma firma", "what was typed is still there");
    let merged = confirmed(&browser).await;

    // Out again, what came with the second.
    browser.go(&format!("{merged}/records")).await;
    browser.judge("steward-records").await;
    browser.walk("steward-records").await;
    let theirs = "return [...document.querySelectorAll('tbody tr')].filter(row => row.innerText.includes(arguments[0]))\
        .map((row, index) => { row.querySelector('input').id = `theirs-${index}`; return index }).length";
    assert_eq!(browser.run(theirs, json!([other.person.document])).await, 2, "{}", browser.text("main").await);
    for record in ["#theirs-0", "#theirs-1"] {
        browser.tab_to(record).await;
        browser.keys(" ").await;
    }
    browser.tab_to("#reason").await;
    browser.keys(&format!("Son madre e hija {}", SCRIPTS[3])).await;
    browser.tab_to("main button.danger").await;
    browser.until_there(browser.keys(ENTER)).await;
    browser.says("main [role=alert]", "Ahora son estos clientes").await;
    browser.judge("steward-apart").await;

    without_scripts(&browser, &base).await;
    browser.end();
}

/// Confirms what is shown, and again when the services still hear of what changed it; answers where it led.
async fn confirmed(browser: &Browser) -> String {
    testkit::eventually(Duration::from_secs(20), || async {
        browser.tab_to("#reason").await;
        browser.until_there(browser.chord(key::ALT, 'y')).await;
        let url = browser.url().await;
        if url.contains("/floor/customers/") { Ok(url) } else { Err(browser.text("main").await) }
    })
    .await
}

/// The same hour where no script runs: every page says what it says, and the pair that is left is decided.
async fn without_scripts(browser: &Browser, base: &str) {
    browser.let_scripts_run(false).await;
    browser.go(&format!("{base}/floor/matches")).await;
    assert_eq!(browser.count("main button.quiet").await, 0, "no script ran");
    browser.follow("tbody a").await;
    browser.says("[role=region]", "Quiñonero").await;
    browser.fill("#reason", "Misma persona").await;
    browser.press("Es una persona (y)").await;
    browser.go(&format!("{base}/floor/matches?state=confirmed")).await;
    browser.says("main", "Quiñonero").await;
    browser.let_scripts_run(true).await;
}
