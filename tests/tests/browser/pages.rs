//! Every page of the window, as the routers have them: each is opened in a browser by somebody it is for, and judged; every form of it is sent with scripts in
//! every field that takes words. A page that nobody says how to come to fails here.

use std::collections::BTreeSet;

use kernel::Role;
use serde_json::json;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_tests::browser::{Browser, SCRIPTS};
use ventanilla_tests::routes;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::docket::Seat;
use ventanilla_tests::scene::doorway::Doorway;
use ventanilla_tests::scene::mirror::Mirror;
use ventanilla_tests::scene::people::Person;

use crate::house::{Busy, busy, complaint, sit_down, window, window_before};

/// A house in which there is something on every page.
pub struct Full {
    floor: Busy,
    decided: String,
    drafted: String,
    before_the_firm: String,
    affair: String,
    member: String,
    key: String,
    proof: String,
    code: String,
}

/// Makes one.
pub async fn full(scene: &Scene) -> Full {
    let floor = busy(scene).await.expect("a house with something to show");
    let affair = Affair::of(scene, Person::numbered(51_000_031));
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("the customer is known").customer;
    let mut opened = Vec::new();
    for _ in 0..3 {
        let ticket = affair.cast.agent.tickets.clone().create_ticket(complaint(&affair, &customer)).await;
        opened.push(ticket.expect("the complaint is taken").into_inner());
    }
    let mut cases = Vec::new();
    for ticket in &opened {
        let name = &ticket.ticket.as_ref().expect("it is there").name;
        let case = affair.bring(name).await.expect("the office takes it");
        cases.push(affair.admit(&case).await.expect("it is admitted"));
    }
    for case in &cases[..2] {
        affair.investigate(case).await.expect("it is investigated");
    }
    affair.decide(&cases[0].name).await.expect("it is decided");
    let list = office::ListOfficeMembersRequest { page_size: 100, ..Default::default() };
    let members = affair.cast.ombudsman.house.clone().list_office_members(list).await.expect("who works here");
    let member = members.into_inner().members.into_iter().find(|member| member.person == "investigator-1");
    let id = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    Full {
        floor,
        decided: id(&cases[0].name),
        drafted: id(&cases[1].name),
        before_the_firm: id(&cases[2].name),
        affair: id(&opened[1].ticket.as_ref().expect("it is there").name),
        member: id(&member.expect("they are in the register").name),
        key: opened[1].tracking_key.clone(),
        proof: opened[1].proof.clone(),
        code: affair.code_of(&cases[1].name).await.expect("the registry tells it"),
    }
}

/// Who looks at something.
#[derive(Clone, Copy, PartialEq)]
pub enum Who {
    /// Nobody who is signed in.
    Anybody,
    /// A customer with key and proof.
    Customer,
    /// The same with the code that the ombudsman's office gave them.
    Claimant,
    /// Somebody of the office.
    Seat(Seat),
    /// Somebody of the firm.
    Role(Role),
}

/// How somebody comes to what a route shows.
pub enum Way {
    /// It is a page, at these addresses.
    Page(Who, Vec<String>),
    /// It is none: a file, a stream, or the way to another place.
    None(Who, String),
}

/// The way to each route. A route that is not known here is driven by nobody.
fn way(path: &str, full: &Full) -> Way {
    use Seat::{Investigator, Ombudsman, Registry};
    let case = |path: &str, id: &str| path.replace("{case}", id);
    let page = |who: Who, at: &str| Way::Page(who, vec![at.to_owned()]);
    let (office, floor) = (Who::Seat(Ombudsman), Who::Role(Role::Supervisor));
    let customer = |path: &str| path.replace("{customer}", full.floor.customer.trim_start_matches("customers/"));
    match path {
        "/sign-in" => page(Who::Anybody, path),
        "/" | "/sign-out" | "/sign-in/begin" | "/oidc/callback" | "/signed-out" | "/here" => {
            Way::None(Who::Anybody, path.to_owned())
        }
        "/static/{name}" => Way::None(Who::Anybody, "/static/none.css".to_owned()),
        "/console" => {
            Way::Page(office, vec![path.to_owned(), "/console?show=mine".to_owned(), "/console?show=over".to_owned()])
        }
        "/console/cases"
        | "/console/house"
        | "/console/house/people"
        | "/console/house/keys"
        | "/console/house/declaration"
        | "/console/reports"
        | "/console/recommendation" => page(office, path),
        "/console/new" => page(Who::Seat(Registry), path),
        "/console/changes" => Way::None(office, "/console/changes?seen=0".to_owned()),
        "/console/cases/{case}/changes" => Way::None(office, case(path, &full.decided) + "?seen=0"),
        "/console/cases/{case}" => {
            Way::Page(office, [&full.decided, &full.drafted, &full.before_the_firm].map(|id| case(path, id)).into())
        }
        "/console/cases/{case}/entries/{entry}" => {
            let entry = |n: usize| case(path, &full.decided).replace("{entry}", &n.to_string());
            Way::Page(office, (1..=8).map(entry).collect())
        }
        "/console/cases/{case}/read/{what}" => {
            let whole = |what: &&str| case(path, &full.decided).replace("{what}", what);
            let what = ["points", "clocks", "people", "owed", "decision"];
            Way::Page(office, what.iter().map(whole).collect())
        }
        // The steps' own test opens each of them.
        "/console/cases/{case}/steps/{step}" => page(office, &case(path, &full.decided).replace("{step}", "recommend")),
        "/console/cases/{case}/code" => page(office, &case(path, &full.decided)),
        "/console/cases/{case}/draft" => page(Who::Seat(Investigator), &case(path, &full.drafted)),
        "/console/cases/{case}/issue" => page(office, &case(path, &full.drafted)),
        "/console/cases/{case}/decision" => page(office, &case(path, &full.decided)),
        "/console/cases/{case}/decision/{file}" => {
            Way::None(office, case(path, &full.decided).replace("{file}", "document.pdf"))
        }
        "/console/house/people/{member}" => page(office, &path.replace("{member}", &full.member)),
        "/console/house/people/{member}/{act}" => {
            Way::None(office, path.replace("{member}", &full.member).replace("{act}", "renew"))
        }
        "/console/reports/{year}/{file}" => Way::None(office, "/console/reports/2026/report.csv".to_owned()),
        "/firm" => page(Who::Role(Role::FirmLiaison), path),
        "/firm/cases/{case}" => page(Who::Role(Role::FirmLiaison), &case(path, &full.before_the_firm)),
        "/firm/cases/{case}/read/{what}" => {
            let whole = |what: &&str| case(path, &full.before_the_firm).replace("{what}", what);
            Way::Page(Who::Role(Role::FirmLiaison), ["points", "owed", "1"].iter().map(whole).collect())
        }
        "/firm/cases/{case}/{act}" => {
            Way::None(Who::Role(Role::FirmLiaison), case(path, &full.before_the_firm).replace("{act}", "offer"))
        }
        "/floor/affairs/{ticket}" => page(floor, &path.replace("{ticket}", &full.affair)),
        "/floor/affairs/{ticket}/read/{what}" => {
            page(floor, &path.replace("{ticket}", &full.affair).replace("{what}", "answer"))
        }
        "/floor" | "/floor/law" | "/floor/forecasts" | "/floor/causes" | "/floor/processes" | "/floor/board"
        | "/floor/matches" | "/floor/customers" => page(floor, path),
        "/floor/processes/{process}" => page(floor, "/floor/processes/lineas?period=all"),
        "/floor/board/live" => Way::None(floor, path.to_owned()),
        "/floor/board/export" => Way::None(floor, "/floor/board/export?period=all&format=csv".to_owned()),
        "/floor/law/evaluation" => Way::None(floor, "/floor/law/evaluation?year=2001".to_owned()),
        "/floor/matches/{proposal}" => {
            page(Who::Role(Role::Steward), &path.replace("{proposal}", &full.floor.proposal))
        }
        "/floor/customers/{customer}" => page(floor, &customer(path)),
        "/floor/customers/{customer}/records" => page(Who::Role(Role::Steward), &customer(path)),
        "/floor/customers/{customer}/live" => Way::None(floor, customer(path)),
        "/floor/customers/{customer}/propose" => Way::None(floor, customer(path)),
        "/floor/customers/{customer}/actions/{action}" => Way::None(floor, customer(path).replace("{action}", "1")),
        "/floor/merge" | "/floor/merge/confirm" => Way::None(Who::Role(Role::Steward), path.to_owned()),
        "/t" | "/t/complaint" => page(Who::Anybody, path),
        "/t/affair" => page(Who::Customer, path),
        "/t/affair/read" => {
            Way::Page(Who::Customer, ["answer", "history"].map(|what| format!("{path}?what={what}")).into())
        }
        "/t/office" => page(Who::Claimant, path),
        "/t/office/read" => page(Who::Claimant, &format!("{path}?paper=1")),
        // Looked at and not sent, it leads to the page that asks for it.
        "/t/office/code" => page(Who::Customer, "/t/office"),
        "/t/receipt.pdf" | "/t/receipt.txt" | "/t/message" | "/t/accept" | "/t/object" | "/t/survey"
        | "/t/ombudsman" | "/t/office/add" | "/t/office/offer" | "/t/office/decision" | "/t/office/complete"
        | "/t/office/withdraw" | "/t/office/people" | "/t/leave" => Way::None(Who::Customer, path.to_owned()),
        _ => panic!("{path} is driven by nobody: say here how somebody comes to it"),
    }
}

/// Somebody sits down, or comes by.
pub async fn come(browser: &Browser, scene: &Scene, base: &str, who: Who, full: &Full) {
    match who {
        Who::Anybody => browser.forget().await,
        Who::Seat(seat) => sit_down(browser, base, &seat.token(scene), "/console").await,
        Who::Role(Role::FirmLiaison) => {
            sit_down(browser, base, &scene.token("liaison-1", &[Role::FirmLiaison], Some("legal")), "/firm").await;
        }
        Who::Role(role) => sit_down(browser, base, &scene.bearer_of(role), "/floor").await,
        Who::Customer | Who::Claimant => {
            browser.forget().await;
            browser.go(&format!("{base}/t?lang=es")).await;
            browser.fill("#key", &full.key).await;
            browser.fill("#proof", &full.proof).await;
            browser.press("Ver mi asunto").await;
            if who == Who::Claimant {
                browser.go(&format!("{base}/t/office")).await;
                browser.fill("#code-text", &full.code).await;
                browser.press("Abrir mi expediente").await;
            }
        }
    }
}

/// Every page there is, with who looks at it, those of one person in a row.
pub fn ways(full: &Full) -> Vec<(Who, String, String)> {
    let mut found: Vec<(Who, String, String)> = Vec::new();
    for route in routes::of_pages().into_iter().filter(|route| route.looked_at) {
        if let Way::Page(who, addresses) = way(&route.path, full) {
            found.extend(addresses.into_iter().map(|address| (who, route.path.clone(), address)));
        }
    }
    let place = |who: Who| match who {
        Who::Anybody => 0,
        Who::Customer => 1,
        Who::Claimant => 100,
        Who::Seat(seat) => 2 + seat as usize,
        Who::Role(role) => 10 + role as usize,
    };
    found.sort_by_key(|(who, ..)| place(*who));
    found
}

impl Who {
    /// What they are called here.
    fn name(self) -> String {
        match self {
            Self::Anybody => "anybody".to_owned(),
            Self::Customer => "customer".to_owned(),
            Self::Claimant => "claimant".to_owned(),
            Self::Seat(seat) => format!("{seat:?}").to_lowercase(),
            Self::Role(role) => role.as_str().to_owned(),
        }
    }
}

/// What the `at`th page is called here, which this person looks at: no two of them have one name.
fn name(at: usize, who: Who, address: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let short: Vec<String> =
        address.split('/').map(|part| if part.len() > 30 { "x".to_owned() } else { part.to_owned() }).collect();
    format!("page-{at:03}-{}{}", who.name(), short.join("/").chars().map(plain).collect::<String>())
}

/// Each way with its name.
fn named(ways: Vec<(Who, String, String)>) -> Vec<(String, (Who, String, String))> {
    let named: Vec<_> = ways.into_iter().enumerate().map(|(at, way)| (name(at, way.0, &way.2), way)).collect();
    let names: BTreeSet<&String> = named.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), named.len(), "two ways have one name, and one of them is judged by nobody: {names:?}");
    named
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_window_is_opened_and_holds() {
    let Some(mut browser) = Browser::open().await else { return };
    let scene = Scene::fresh().await;
    let (doorway, base) = window(&scene).await;
    let full = full(&scene).await;
    let mut sits = None;
    for (name, (who, _, address)) in named(ways(&full)) {
        if sits != Some(who) {
            come(&browser, &scene, &base, who, &full).await;
            sits = Some(who);
        }
        browser.go(&format!("{base}{address}")).await;
        let url = browser.url().await;
        assert_eq!(url, format!("{base}{address}"), "it is a page, and no way to another");
        let status =
            browser.run("return performance.getEntriesByType('navigation')[0].responseStatus", json!([])).await;
        assert_eq!(status, 200, "{address}: {}", browser.text("main").await);
        browser.judge(&name).await;
        browser.walk(&name).await;
    }
    no_page_is_left_out(&scene, &doorway, &full).await;
    browser.end();
}

/// What is said to be no page is none: a file, a stream, or the way to another place.
async fn no_page_is_left_out(scene: &Scene, doorway: &Doorway, full: &Full) {
    for route in routes::of_pages().into_iter().filter(|route| route.looked_at) {
        let Way::None(who, address) = way(&route.path, full) else { continue };
        let mut visitor = doorway.visitor();
        visitor.origin = format!("http://127.0.0.1:{}", doorway.address.port());
        match who {
            Who::Seat(seat) => visitor.sign_in(&seat.token(scene)).await,
            Who::Role(role) => visitor.sign_in(&scene.bearer_of(role)).await,
            Who::Anybody | Who::Customer | Who::Claimant => {}
        }
        let answer = visitor.head(&address).await;
        let page = answer.status == http::StatusCode::OK && answer.header("content-type").starts_with("text/html");
        assert!(!page, "{address} is a page, and is opened by nobody");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_a_sign_in_at_a_provider_hold_while_it_does_not_answer() {
    let Some(mut browser) = Browser::open().await else { return };
    let scene = Scene::fresh().await;
    let routes = |address: std::net::SocketAddr| {
        let provider = web::OidcSettings {
            // Nobody listens there.
            issuer: "http://127.0.0.1:9".to_owned(),
            client_id: "ventanilla".to_owned(),
            client_secret: None,
            scopes: Vec::new(),
            audience: None,
            ca_file: None,
        };
        let settings = web::Settings {
            public_url: format!("http://127.0.0.1:{}", address.port()),
            sealing_keys: vec![secrecy::SecretString::from("07".repeat(32))],
            sign_in: web::SignIn::Oidc(provider),
            ..web::Settings::default()
        };
        web::Web::new(settings, scene.verifier(), scene.ambient.clone()).expect("the settings hold").router()
    };
    let doorway = Doorway::open(routes).await;
    let base = format!("http://127.0.0.1:{}", doorway.address.port());
    for (path, name, said) in [
        ("/sign-in?lang=es", "provider-sign-in", "Entre con la cuenta de su empresa"),
        ("/signed-out?lang=es", "provider-signed-out", "puede seguir abierta en este navegador"),
        ("/sign-in/begin?lang=es", "provider-silent", "no responde"),
        ("/oidc/callback?lang=es", "provider-nothing-begun", "Entrar"),
    ] {
        browser.go(&format!("{base}{path}")).await;
        browser.says("main", said).await;
        browser.go_on().await;
        browser.judge(name).await;
    }
    browser.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_holds_as_pages_do() {
    let Some(mut browser) = Browser::open().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    browser.go(&format!("{base}/reference")).await;
    browser.judge_in_one_language("reference").await;
    let links = "return [...document.querySelectorAll('main a')].map(a => a.getAttribute('href'))";
    let calls = browser.run(links, json!([])).await;
    let calls: Vec<String> = serde_json::from_value(calls).expect("a list of addresses");
    let calls: Vec<&String> = calls.iter().filter(|link| link.starts_with("/reference/calls/")).collect();
    assert!(calls.len() > 200, "every call has a page: {calls:?}");
    // Pages of one template: some of them.
    for (number, call) in calls.iter().step_by(60).enumerate() {
        browser.go(&format!("{base}{call}")).await;
        browser.judge_in_one_language(&format!("reference-call-{number}")).await;
        let first = "return document.querySelector('main a[href^=\"/reference/types/\"]')?.getAttribute('href') ?? ''";
        let of_type = browser.run(first, json!([])).await;
        if let Some(of_type) = of_type.as_str().filter(|link| !link.is_empty()) {
            browser.go(&format!("{base}{of_type}")).await;
            browser.judge_in_one_language(&format!("reference-type-{number}")).await;
        }
    }
    browser.end();
}

/// Puts a script into every field of words of one form and sends it, whatever else it lacks; gives the names of the fields.
const TRY: &str = "const form = [...document.querySelectorAll('main form')].filter(f => f.action.indexOf('/sign-') < 0)[arguments[0]];\
    if (!form) return null; const words = [...form.querySelectorAll('textarea, input:not([type]), input[type=text], input[type=search]')];\
    for (const e of words) { e.removeAttribute('maxlength'); e.value = arguments[1]; }\
    for (const e of form.querySelectorAll('select')) { const o = [...e.options].find(o => o.value && o.value !== '0'); if (o && !e.value) e.value = o.value; }\
    for (const e of form.querySelectorAll('input[type=date]')) if (!e.value) e.value = new Date().toISOString().slice(0, 10);\
    for (const e of form.querySelectorAll('input[type=checkbox][required]')) e.checked = true;\
    return [form.getAttribute('action') || '', words.map(e => e.name)]";
/// Sends it, with the first of its buttons.
const SEND: &str = "const form = [...document.querySelectorAll('main form')].filter(f => f.action.indexOf('/sign-') < 0)[arguments[0]];\
    form.noValidate = true; form.requestSubmit(form.querySelector('button'))";

#[tokio::test(flavor = "multi_thread")]
async fn no_script_runs_that_is_typed_into_any_field_of_any_page() {
    let Some(mut browser) = Browser::open().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    let full = full(&scene).await;
    let mut fields = std::collections::BTreeSet::new();
    let mut sits = None;
    for (who, path, address) in ways(&full) {
        for form in 0.. {
            // A form may sign somebody out, or make them forget their key.
            if sits != Some(who) || matches!(who, Who::Customer | Who::Claimant) {
                come(&browser, &scene, &base, who, &full).await;
                sits = Some(who);
            }
            browser.go(&format!("{base}{address}")).await;
            let tried = browser.run(TRY, json!([form, SCRIPTS.join(" ")])).await;
            let Ok((action, names)) = serde_json::from_value::<(String, Vec<String>)>(tried) else { break };
            if names.is_empty() {
                continue;
            }
            fields.extend(names.into_iter().map(|name| format!("{path} {name}")));
            browser.until_there(async { drop(browser.run(SEND, json!([form])).await) }).await;
            let faults = browser.document().await;
            browser.faults.extend(faults.into_iter().map(|fault| format!("{address}, sent to {action}: {fault}")));
        }
    }
    assert!(fields.len() > 30, "fields of words are found: {fields:?}");
    // What was kept of it is shown, and is what it is.
    for (who, _, address) in ways(&full) {
        if sits != Some(who) {
            come(&browser, &scene, &base, who, &full).await;
            sits = Some(who);
        }
        browser.go(&format!("{base}{address}")).await;
        let faults = browser.document().await;
        browser.faults.extend(faults.into_iter().map(|fault| format!("{address}, after all: {fault}")));
    }
    browser.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_script_runs_that_any_service_answers_in_whatever_field() {
    let Some(mut browser) = Browser::open().await else { return };
    let scene = Scene::fresh().await;
    let full = full(&scene).await;
    let mirror = Mirror::of(&scene).await;
    let (_doorway, base) = window_before(&scene, mirror.peers()).await;
    let mut sits = None;
    for (who, _, address) in ways(&full) {
        if sits != Some(who) {
            come(&browser, &scene, &base, who, &full).await;
            sits = Some(who);
        }
        browser.go(&format!("{base}{address}")).await;
        let status =
            browser.run("return performance.getEntriesByType('navigation')[0].responseStatus", json!([])).await;
        assert_eq!(status, 200, "{address}: {}", browser.text("main").await);
        let faults = browser.document().await;
        browser.faults.extend(faults.into_iter().map(|fault| format!("{address}: {fault}")));
    }
    let spoilt = mirror.spoilt();
    assert!(spoilt.len() > 110, "fields of answers held a script: {} {spoilt:?}", spoilt.len());
    browser.end();
}
