//! A case that was argued at length: whatever was written, every page of it holds as pages do, and no word of it is lost.

use kernel::Role;
use serde_json::json;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Channel, Direction};
use ventanilla_tests::browser::Browser;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::docket::Seat;

use crate::house::{hostile, sit_down, window};
use crate::tracking::held;

/// Papers and messages of 2,000 characters each.
const MANY: usize = 40;
/// Bytes of the longest paper that the office takes.
const LONGEST: usize = 256 * 1024;

/// So many bytes of somebody's words, with letters that a page writes longer than they are.
fn words(mark: &str, bytes: usize) -> String {
    let mut text = format!("{mark}: ");
    for number in 0_usize.. {
        let next = format!("la cuota n.º {number} \"de 41 €\" & su <recargo>; ");
        if text.len() + next.len() > bytes {
            break;
        }
        text.push_str(&next);
    }
    text.push_str(&".".repeat(bytes - text.len()));
    text
}

/// An affair whose customer and firm wrote each other as much.
async fn written_at_length(scene: &Scene, affair: &Affair<'_>, ticket: &str) {
    let lengths = std::iter::repeat_n(2_000, MANY).chain([19_000]);
    for (number, length) in lengths.enumerate() {
        let message = ticketing::Message {
            direction: if number % 2 == 0 { Direction::Inbound } else { Direction::Outbound }.into(),
            visibility: ticketing::MessageVisibility::Public.into(),
            channel: Channel::Email.into(),
            body: words(&format!("Mensaje {number}"), length),
            ..ticketing::Message::default()
        };
        let add = ticketing::AddMessageRequest {
            parent: ticket.to_owned(),
            message: Some(message),
            request_id: scene.request_id(),
            occurred_time: None,
        };
        affair.cast.agent.tickets.clone().add_message(add).await.expect("it is taken");
    }
}

/// Papers that both parties read.
async fn argued_at_length(scene: &Scene, affair: &Affair<'_>, case: &str) {
    let lengths = std::iter::repeat_n(2_000, MANY).chain([20_000, LONGEST]);
    for (number, length) in lengths.enumerate() {
        let add = office::AddDossierEntryRequest {
            parent: case.to_owned(),
            kind: office::DossierKind::Evidence.into(),
            visibility: office::DossierVisibility::Parties.into(),
            content_type: String::new(),
            content: words(&format!("Prueba {number}"), length).into_bytes(),
            request_id: scene.request_id(),
            receive_time: None,
        };
        affair.cast.investigator.office.clone().add_dossier_entry(add).await.expect("it is taken");
    }
}

/// The address of the first link of the page with these words, once its hidden ones are left out; empty where there is none.
async fn link(browser: &Browser, text: &str) -> String {
    let find = "const shown = a => [...a.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join('').trim();\
        return [...document.querySelectorAll('main a')].find(a => shown(a).startsWith(arguments[0]))?.href ?? ''";
    browser.run(find, json!([text])).await.as_str().unwrap_or_default().to_owned()
}

/// What stands in the text of this page and of the parts that it leads on to, as each is judged.
async fn read_through(browser: &mut Browser, name: &str) -> String {
    let mut read = String::new();
    for part in 1.. {
        let text = browser.run("return document.querySelector('main .words').textContent", json!([])).await;
        read.push_str(text.as_str().expect("it has words"));
        // The pages of one template: the first two are looked at closely.
        if part <= 2 {
            browser.judge(&format!("{name}-{part}")).await;
        }
        if browser.count("main a[rel=next]").await == 0 {
            break;
        }
        browser.follow("main a[rel=next]").await;
    }
    read
}

/// All that is said by what begins so, among these things of a page: there, or on the pages that it leads to, each of which is judged.
async fn whole(browser: &mut Browser, (things, begins, name): (&str, &str, &str)) -> String {
    let find = "const said = [...document.querySelectorAll(arguments[0])].find(e => e.textContent.includes(arguments[1]));\
        return [said.querySelector('a[href*=\"/read\"], h4 a')?.href ?? '', said.textContent]";
    let found = browser.run(find, json!([things, begins])).await;
    let (on, said): (String, String) = serde_json::from_value(found).expect("it is on the page");
    if on.is_empty() {
        return said;
    }
    browser.go(&on).await;
    let read = read_through(browser, name).await;
    browser.walk(name).await;
    read
}

/// Every page from this one on, by what leads to the next: each is judged, and what it says is found. Gives how many there were.
async fn judge_on(browser: &mut Browser, (name, next): (&str, &str), marks: &mut Vec<String>) -> usize {
    for page in 1.. {
        browser.judge(&format!("{name}-{page}")).await;
        let text = browser.run("return document.querySelector('main').textContent", json!([])).await;
        let text = text.as_str().unwrap_or_default().to_owned();
        marks.retain(|mark| !text.contains(mark.as_str()));
        let on = link(browser, next).await;
        if on.is_empty() {
            return page;
        }
        browser.go(&on).await;
    }
    0
}

/// How each paper and each message begins.
fn marks(what: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{what} {number}: ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_was_argued_at_length_holds_on_every_page_and_no_word_of_it_is_lost() {
    let Some(mut browser) = Browser::open().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    let held = held(&scene, hostile(62_000_071)).await;
    let affair = &held.affair;
    affair.appoint().await.expect("the office has its people");
    written_at_length(&scene, affair, &held.ticket).await;
    let case = affair.bring(&held.ticket).await.expect("the office takes it");
    let case = affair.admit(&case).await.expect("it is admitted").name;
    argued_at_length(&scene, affair, &case).await;
    let longest = words(&format!("Prueba {}", MANY + 1), LONGEST);
    let long_message = words(&format!("Mensaje {MANY}"), 19_000);
    let (last_paper, last_message) = (format!("Prueba {}: ", MANY + 1), format!("Mensaje {MANY}: "));
    let code = affair.code_of(&case).await.expect("the registry tells it");

    // The office: every page of papers, the timeline back to its beginning, and the longest paper.
    sit_down(&browser, &base, &Seat::Ombudsman.token(&scene), "/console").await;
    browser.go(&format!("{base}/console/{case}")).await;
    let mut left = marks("Prueba", MANY + 2);
    let pages = judge_on(&mut browser, ("heavy-case", "Ver los anteriores"), &mut left).await;
    assert!(pages > 1 && left.is_empty(), "{pages} pages, and nowhere: {left:?}");
    browser.go(&format!("{base}/console/{case}")).await;
    let read = whole(&mut browser, ("main .card", &last_paper, "heavy-entry")).await;
    assert!(read == longest, "{} bytes of it", read.len());
    browser.go(&format!("{base}/console/{case}")).await;
    let mut left = marks("Mensaje", MANY + 1);
    let pages = judge_on(&mut browser, ("heavy-timeline", "Mostrar lo anterior"), &mut left).await;
    assert!(pages > 1 && left.is_empty(), "{pages} pages, and nowhere: {left:?}");
    for what in ["points", "clocks", "people", "owed"] {
        browser.go(&format!("{base}/console/{case}/read/{what}")).await;
        browser.judge(&format!("read-{what}")).await;
    }

    // The firm.
    sit_down(&browser, &base, &scene.token("liaison-1", &[Role::FirmLiaison], Some("legal")), "/firm").await;
    browser.go(&format!("{base}/firm/{case}")).await;
    let mut left = marks("Prueba", MANY + 2);
    let pages = judge_on(&mut browser, ("heavy-firm", "Ver los papeles anteriores"), &mut left).await;
    assert!(pages > 1 && left.is_empty(), "{pages} pages, and nowhere: {left:?}");
    browser.go(&format!("{base}/firm/{case}")).await;
    let read = whole(&mut browser, ("main details", &last_paper, "heavy-firm-paper")).await;
    assert!(read == longest, "{} bytes of it", read.len());

    // Who works on the affair.
    sit_down(&browser, &base, &scene.bearer_of(Role::Supervisor), "/floor").await;
    let affairs = format!("{base}/floor/affairs/{}", held.ticket.trim_start_matches("tickets/"));
    browser.go(&affairs).await;
    let mut left = marks("Mensaje", MANY + 1);
    let pages = judge_on(&mut browser, ("heavy-floor", "Ver mensajes anteriores"), &mut left).await;
    assert!(pages > 1 && left.is_empty(), "{pages} pages, and nowhere: {left:?}");
    browser.go(&affairs).await;
    let read = whole(&mut browser, ("main .timeline li", &last_message, "heavy-floor-message")).await;
    assert!(read.contains(&long_message), "{} bytes of it", read.len());

    // The claimant, of the affair and of the case.
    browser.forget().await;
    held.enter(&browser, &base).await;
    let mut left = marks("Mensaje", MANY + 1);
    let pages = judge_on(&mut browser, ("heavy-affair", "Ver mensajes anteriores"), &mut left).await;
    assert!(pages > 1 && left.is_empty(), "{pages} pages, and nowhere: {left:?}");
    browser.go(&format!("{base}/t/affair")).await;
    let read = whole(&mut browser, ("main .timeline li", &last_message, "heavy-message")).await;
    assert!(read.contains(&long_message), "{} bytes of it", read.len());
    for what in ["answer", "history"] {
        browser.go(&format!("{base}/t/affair/read?what={what}")).await;
        browser.judge(&format!("read-{what}")).await;
    }
    browser.go(&format!("{base}/t/office")).await;
    browser.fill("#code-text", &code).await;
    browser.press("Abrir mi expediente").await;
    let mut left = marks("Prueba", MANY + 2);
    let pages = judge_on(&mut browser, ("heavy-office", "Papeles anteriores"), &mut left).await;
    assert!(pages > 1 && left.is_empty(), "{pages} pages, and nowhere: {left:?}");
    browser.go(&format!("{base}/t/office")).await;
    let read = whole(&mut browser, ("main .timeline li", &last_paper, "heavy-paper")).await;
    assert!(read == longest, "{} bytes of it", read.len());
    browser.end();
}
