//! Pages that stay open all day: what keeps them up to date goes on over what breaks off, rests while nobody sees the page, and a session is said to be over
//! when it is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use http::StatusCode;
use kernel::Role;
use serde_json::json;
use tokio::sync::watch;
use ventanilla_tests::browser::Browser;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::Doorway;
use ventanilla_tests::scene::people::Person;

use crate::house::{sit_down, window};

/// Longest something is waited for: a browser asks again after five seconds, and a page that was refused some times later still.
const PATIENCE: Duration = Duration::from_secs(30);

/// What becomes of the streams of pages.
struct Streams {
    refused: AtomicBool,
    asked: AtomicUsize,
    open: AtomicUsize,
    /// Counts up whenever all that are open break off.
    broken: watch::Sender<u32>,
}

/// An open stream, until it is dropped.
struct Open(Arc<Streams>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Streams {
    fn all() -> Arc<Self> {
        let (broken, _) = watch::channel(0);
        Arc::new(Self { refused: false.into(), asked: 0.into(), open: 0.into(), broken })
    }

    fn refuse(&self, refused: bool) {
        self.refused.store(refused, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn break_off(&self) {
        self.broken.send_modify(|times| *times += 1);
    }

    async fn asked_at_least(&self, times: usize) {
        testkit::eventually(PATIENCE, || async {
            let asked = self.asked();
            if asked >= times { Ok(()) } else { Err(format!("asked {asked} times of {times}")) }
        })
        .await;
    }

    async fn are_open(&self, wanted: usize) {
        testkit::eventually(PATIENCE, || async {
            let open = self.open.load(Ordering::SeqCst);
            if open == wanted { Ok(()) } else { Err(format!("{open} are open, not {wanted}")) }
        })
        .await;
    }
}

async fn between(State(streams): State<Arc<Streams>>, request: Request, next: Next) -> Response {
    if !request.uri().path().ends_with("/live") {
        return next.run(request).await;
    }
    streams.asked.fetch_add(1, Ordering::SeqCst);
    if streams.refused.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let answer = next.run(request).await;
    if answer.status() != StatusCode::OK {
        return answer;
    }
    streams.open.fetch_add(1, Ordering::SeqCst);
    let (open, mut broken) = (Open(Arc::clone(&streams)), streams.broken.subscribe());
    answer.map(|body| {
        let end = async move { broken.changed().await.map_or((), |()| ()) };
        let pieces = body.into_data_stream().take_until(Box::pin(end));
        Body::from_stream(pieces.map(move |piece| {
            let _ = &open;
            piece
        }))
    })
}

/// A supervisor at the board, whose stream `streams` tells of.
async fn at_the_board(browser: &Browser, scene: &Scene, streams: &Arc<Streams>) -> (Doorway, String) {
    let layer = from_fn_with_state(Arc::clone(streams), between);
    let doorway = Doorway::open(|address: SocketAddr| scene.window("127.0.0.1", address).layer(layer)).await;
    let base = format!("http://127.0.0.1:{}", doorway.address.port());
    sit_down(browser, &base, &scene.bearer_of(Role::Supervisor), "/floor").await;
    browser.go(&format!("{base}/floor/board")).await;
    (doorway, base)
}

async fn is_said_to_be_over(browser: &Browser) -> bool {
    browser.run("return !document.getElementById('over').hidden", json!([])).await == true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_page_goes_on_over_a_stream_that_is_refused_and_says_that_the_session_is_over_when_it_is() {
    let Some(browser) = Browser::open().await else { return };
    let (scene, streams) = (Scene::fresh().await, Streams::all());
    streams.refuse(true);
    let (_doorway, base) = at_the_board(&browser, &scene, &streams).await;
    // Refused, and refused again: a service starts anew.
    streams.asked_at_least(2).await;
    assert!(!is_said_to_be_over(&browser).await, "a service that is away ends no session");
    browser.run("document.querySelector('[data-fill]').textContent = ''", json!([])).await;
    streams.refuse(false);
    streams.are_open(1).await;
    testkit::eventually(PATIENCE, || async {
        let shown = browser.text("[data-fill]").await;
        if shown.trim().is_empty() { Err("the page is not kept up to date".to_owned()) } else { Ok(()) }
    })
    .await;
    assert!(!is_said_to_be_over(&browser).await);

    // The session ends, and with the next stream the page knows it.
    browser.forget().await;
    streams.break_off();
    comes_to_be_said_over(&browser).await;
    let link = browser.run("return document.querySelector('#over a').getAttribute('href')", json!([])).await;
    assert_eq!(link, "/sign-in?next=%2Ffloor%2Fboard");
    let asked = streams.asked();
    // Whoever signs in beside it and comes back finds the page going on.
    let tab = browser.beside().await;
    sit_down_here(&browser, &base, &scene.bearer_of(Role::Supervisor)).await;
    browser.leave(&tab).await;
    streams.asked_at_least(asked + 1).await;
    testkit::eventually(PATIENCE, || async {
        if is_said_to_be_over(&browser).await { Err("it goes on saying so") } else { Ok(()) }
    })
    .await;
}

async fn comes_to_be_said_over(browser: &Browser) {
    testkit::eventually(PATIENCE, || async {
        if is_said_to_be_over(browser).await { Ok(()) } else { Err("nothing says that the session is over") }
    })
    .await;
}

async fn sit_down_here(browser: &Browser, base: &str, token: &str) {
    browser.go(&format!("{base}/sign-in?next=/floor&lang=es")).await;
    browser.fill("#token", token).await;
    browser.press("Entrar").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_nobody_sees_holds_no_stream_and_one_that_is_shown_again_does() {
    let Some(browser) = Browser::open().await else { return };
    let (scene, streams) = (Scene::fresh().await, Streams::all());
    let (_doorway, _) = at_the_board(&browser, &scene, &streams).await;
    streams.are_open(1).await;
    let tab = browser.beside().await;
    streams.are_open(0).await;
    browser.leave(&tab).await;
    streams.are_open(1).await;
    // Stopped by its reader, it rests whoever sees it, and goes on when they say so.
    browser.click("main button.quiet.small").await;
    streams.are_open(0).await;
    let tab = browser.beside().await;
    browser.leave(&tab).await;
    let asked = streams.asked();
    browser.click("main button.quiet.small").await;
    streams.are_open(1).await;
    assert_eq!(streams.asked(), asked + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_into_a_draft_outlives_its_session() {
    let Some(browser) = Browser::open().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    let affair = Affair::of(&scene, Person::numbered(43_000_041));
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("the customer is known").customer;
    let ticket = affair.complain(&customer, "").await.expect("the complaint is taken").ticket.expect("it is there");
    let case = affair.bring(&ticket.name).await.expect("the office takes it");
    let case = affair.admit(&case).await.expect("it is admitted");
    affair.investigate(&case).await.expect("it is investigated");
    let token = scene.token("investigator-1", &[Role::Investigator], None);
    sit_down(&browser, &base, &token, "/console").await;
    let draft = format!("{base}/console/{}/draft", case.name);
    browser.go(&draft).await;
    browser.fill("#finding-p1", "Los recibos").await;
    browser.says("[data-autosave-status]", "Guardado").await;

    browser.forget().await;
    browser.fill("#finding-p1", "Los recibos muestran dos cargos").await;
    comes_to_be_said_over(&browser).await;
    browser.says("[data-autosave-status]", "Sin guardar").await;
    let link = browser
        .run("const a = document.querySelector('#over a'); return [a.getAttribute('href'), a.target]", json!([]));
    let way = format!("/sign-in?next=%2Fconsole%2F{}%2Fdraft", case.name.replace('/', "%2F"));
    assert_eq!(link.await, json!([way, "_blank"]), "it leads to signing in, beside what was typed");

    // Somebody else signs in beside it: nothing of this page is saved in their name.
    let tab = browser.beside().await;
    sit_down_here(&browser, &base, &scene.token("ombudsman-1", &[Role::Ombudsman], None)).await;
    browser.leave(&tab).await;
    browser.run("document.getElementById('over').hidden = true", json!([])).await;
    browser.fill("#reason-p1", "El contrato permite una cuota").await;
    comes_to_be_said_over(&browser).await;
    browser.says("[data-autosave-status]", "Sin guardar").await;
    // Its writer does.
    browser.forget().await;
    let tab = browser.beside().await;
    sit_down_here(&browser, &base, &token).await;
    browser.leave(&tab).await;
    browser.fill("#remedy-p1", "Devolver el segundo cargo").await;
    browser.says("[data-autosave-status]", "Guardado, revisión").await;
    assert!(!is_said_to_be_over(&browser).await);
    browser.go(&draft).await;
    for (field, typed) in [
        ("finding", "Los recibos muestran dos cargos"),
        ("reason", "El contrato permite una cuota"),
        ("remedy", "Devolver el segundo cargo"),
    ] {
        let kept =
            browser.run("return document.getElementById(arguments[0]).value", json!([format!("{field}-p1")])).await;
        assert_eq!(kept, typed);
    }
}
