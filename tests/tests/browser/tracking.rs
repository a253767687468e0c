//! The customer's page on a telephone: from key and proof to an objection and to the ombudsman, with scripts and without; and what guessing tells.

use std::time::{Duration, Instant};

use serde_json::json;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_tests::browser::{Browser, SCRIPTS};
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::{Answer, Visitor};
use ventanilla_tests::scene::people::Person;
use ventanilla_tests::scene::{Scene, fingerprint};

use crate::house::{complaint, hostile, window};

/// An affair, and what its customer holds.
pub struct Held<'a> {
    pub affair: Affair<'a>,
    pub ticket: String,
    pub key: String,
    pub proof: String,
}

/// Makes one, which somebody works on.
pub async fn held(scene: &Scene, person: Person) -> Held<'_> {
    let affair = Affair::of(scene, person);
    let customer = affair.arrive().await.expect("a good record").customer;
    let opened = affair.cast.agent.tickets.clone().create_ticket(complaint(&affair, &customer)).await;
    let opened = opened.expect("the complaint is taken").into_inner();
    let ticket = opened.ticket.expect("it is there");
    affair.work(&ticket).await.expect("somebody works on it");
    Held { affair, ticket: ticket.name, key: opened.tracking_key, proof: opened.proof }
}

impl Held<'_> {
    /// What is left is answered, with a script in each text.
    pub async fn be_answered(&self, scene: &Scene) {
        let mut tickets = self.affair.cast.agent.tickets.clone();
        let name = || self.ticket.clone();
        let found = tickets.get_ticket(ticketing::GetTicketRequest { name: name() }).await.expect("it is there");
        let answer = ticketing::AnswerClaimPointRequest {
            name: name(),
            claim_point: "p2".to_owned(),
            answer: format!("Los correos llegaron a un buzón que ya no se lee desde junio {}", SCRIPTS[6]),
            etag: found.into_inner().etag,
            request_id: scene.request_id(),
            occurred_time: None,
        };
        let etag = tickets.answer_claim_point(answer).await.expect("it is answered").into_inner().etag;
        let resolve = ticketing::ResolveTicketRequest {
            name: name(),
            resolution: format!("Se devuelve la cuota y se corrige la dirección {}", SCRIPTS[7]),
            etag,
            request_id: scene.request_id(),
            occurred_time: None,
        };
        tickets.resolve_ticket(resolve).await.expect("it is resolved");
    }

    /// Its customer comes in.
    pub async fn enter(&self, browser: &Browser, base: &str) {
        browser.go(&format!("{base}/t?lang=es")).await;
        // As somebody types it: without hyphens, in small letters.
        browser.fill("#key", &self.key.replace('-', " ").to_lowercase()).await;
        browser.fill("#proof", &self.proof.to_lowercase()).await;
        browser.press("Ver mi asunto").await;
        assert_eq!(browser.url().await, format!("{base}/t/affair"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_goes_from_key_and_proof_to_an_objection_and_to_the_ombudsman() {
    let Some(mut browser) = Browser::open_on_a_telephone().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    let held = held(&scene, hostile(62_000_011)).await;
    held.affair.appoint().await.expect("the office has its people");

    browser.go(&format!("{base}/t?lang=es")).await;
    browser.judge("tracking-entrance").await;
    browser.walk("tracking-entrance").await;
    held.enter(&browser, &base).await;
    browser.judge("tracking-affair").await;
    browser.walk("tracking-affair").await;
    road_is_drawn(&browser).await;
    files_are_there(&browser).await;

    // Everything that can be typed is typed as scripts.
    browser.fill("#message", &SCRIPTS.join("\n")).await;
    browser.press("Enviar").await;
    browser.says(".notice.good", "Hemos recibido lo que nos ha escrito").await;
    browser.says("#talk ~ ul li:last-child .words", SCRIPTS[7]).await;
    browser.judge("tracking-said").await;

    held.be_answered(&scene).await;
    browser.go(&format!("{base}/t/affair")).await;
    browser.says("#decide", "¿Está de acuerdo con la respuesta?").await;
    browser.judge("tracking-answered").await;
    browser.walk("tracking-answered").await;
    // What was read is not what stands any more: nothing is done, and it is said why.
    let stale = "document.querySelector('form[action=\"/t/accept\"] [name=etag]').value = '\"0\"'";
    browser.run(stale, json!([])).await;
    browser.press("Acepto la respuesta").await;
    browser.says("main [role=alert]", "ha cambiado mientras lo leía").await;
    browser.judge("tracking-stale").await;
    browser.go(&format!("{base}/t/affair")).await;
    browser.fill("#objection", &SCRIPTS.join("\n")).await;
    browser.press("No estoy de acuerdo").await;
    browser.says(".notice.good", "Hemos anotado que no está de acuerdo").await;
    browser.judge("tracking-objected").await;

    // A form that lost its mark does nothing.
    browser.run("document.querySelector('form[action=\"/t/message\"] [name=csrf]').remove()", json!([])).await;
    browser.fill("#message", "forjado").await;
    browser.press("Enviar").await;
    browser.says("main [role=alert]", "no se ha cambiado nada").await;
    browser.judge("tracking-forged").await;
    browser.go(&format!("{base}/t/affair")).await;
    assert!(!browser.text("main").await.contains("forjado"));

    browser.click("#office ~ details > summary").await;
    browser.click("label[for=none]").await;
    browser.press("Pedirlo al defensor").await;
    browser.says(".notice.good", "El defensor del cliente ha recibido su asunto").await;
    browser.judge_told_once("tracking-ombudsman").await;
    browser.go(&format!("{base}/t/affair?lang=en")).await;
    browser.says("#now", "How it stands now").await;
    browser.judge("tracking-english").await;
    browser.press("Leave, and forget the key on this device").await;
    browser.go(&format!("{base}/t/affair")).await;
    assert_eq!(browser.url().await, format!("{base}/t"), "the key is forgotten");
    complains_without_a_key(&mut browser, &base).await;
    browser.end();
}

/// Somebody without a key writes scripts into every field of the form, and is given a key.
async fn complains_without_a_key(browser: &mut Browser, base: &str) {
    browser.go(&format!("{base}/t?lang=es")).await;
    browser.click("a[href='/t/complaint']").await;
    browser.judge("tracking-complaint").await;
    browser.walk("tracking-complaint").await;
    browser.fill("#name", &format!("Zenobia {}", SCRIPTS[6])).await;
    browser.fill("#contact", "ni idea").await;
    browser.fill("#happened", &SCRIPTS[..3].join("\n")).await;
    browser.fill("#asked", SCRIPTS[7]).await;
    browser.press("Enviar la reclamación").await;
    browser.says("main [role=alert]", "Esto no parece un teléfono ni un correo").await;
    browser.judge("tracking-complaint-refused").await;
    browser.fill("#contact", "600 123 987").await;
    browser.fill("#name", "Zenobia Quiñonero").await;
    browser.press("Enviar la reclamación").await;
    browser.says(".notice.good", "Su reclamación ya está registrada").await;
    browser.judge_told_once("tracking-complained").await;
    browser.walk("tracking-complained").await;
}

/// Every step has its mark on the road, where it is is one of them, and the same is told in words.
async fn road_is_drawn(browser: &Browser) {
    let stops = browser.count("#way-words li").await;
    assert!(stops > 1, "{}", browser.text("main").await);
    assert_eq!(browser.count("#way-words li[aria-current=step]").await, 1);
    // One circle for each, and a second in that of where it is; a line between two.
    assert_eq!(browser.count("svg.way circle").await, stops + 1);
    assert_eq!(browser.count("svg.way line").await, stops - 1);
    let outside = "const box = document.querySelector('svg.way').getBoundingClientRect();\
        return [...document.querySelectorAll('svg.way text, svg.way circle')].map(e => e.getBoundingClientRect())\
        .filter(r => r.left < box.left - 1 || r.right > box.right + 1 || r.top < box.top - 1 || r.bottom > box.bottom + 1).length";
    assert_eq!(browser.run(outside, json!([])).await, 0, "the road is as wide as its sheet");
    let due = browser.text("#now ~ dl time").await;
    assert!(due.chars().any(|c| c.is_ascii_digit()), "a date is told: {due:?}");
    assert!(browser.text("#now ~ h3").await.contains("Qué pasa después"));
}

/// Both files of the receipt come, as files, to whoever reads the page.
async fn files_are_there(browser: &Browser) {
    let look = "const done = arguments[arguments.length - 1];\
        Promise.all([...document.querySelectorAll('#receipt ~ p a')].map(async a => { const r = await fetch(a.href);\
        const bytes = new Uint8Array(await r.arrayBuffer()); return [r.status, r.headers.get('content-disposition').split(';')[0],\
        new TextDecoder('utf-8').decode(bytes.slice(0, 12))] })).then(done)";
    let files = browser.run_until_told(look, json!([])).await;
    assert_eq!((&files[0][0], &files[0][1]), (&json!(200), &json!("attachment")));
    assert!(files[0][2].as_str().is_some_and(|begin| begin.starts_with("%PDF-")), "{files}");
    assert_eq!((&files[1][0], &files[1][1], &files[1][2]), (&json!(200), &json!("attachment"), &json!("JUSTIFICANTE")));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_script_runs_a_customer_does_everything_all_the_same() {
    let Some(browser) = Browser::open_on_a_telephone().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    let held = held(&scene, hostile(62_000_012)).await;
    held.affair.appoint().await.expect("the office has its people");
    held.be_answered(&scene).await;

    held.enter(&browser, &base).await;
    let with = browser.text("main").await;
    browser.let_scripts_run(false).await;
    browser.go(&format!("{base}/t/affair")).await;
    assert_eq!(browser.run("return window.__ran || 0", json!([])).await, 0);
    assert_eq!(browser.text("main").await, with, "the page says the same");
    road_is_drawn(&browser).await;
    browser.press("Salir y olvidar la clave en este aparato").await;
    held.enter(&browser, &base).await;
    browser.fill("#message", "Les llamo sin guiones").await;
    browser.press("Enviar").await;
    browser.says(".notice.good", "Hemos recibido lo que nos ha escrito").await;
    browser.click("#office ~ details > summary").await;
    browser.click("label[for=none]").await;
    browser.press("Pedirlo al defensor").await;
    // That the office has it is a change of the affair, after which it is accepted as it stands then.
    testkit::eventually(Duration::from_secs(20), || async {
        browser.go(&format!("{base}/t/affair")).await;
        let told = browser.text("#now ~ .notice").await;
        if told.contains("El defensor del cliente estudia su asunto") { Ok(()) } else { Err(told) }
    })
    .await;
    // What else the office does about it is a change as well.
    fingerprint::settled(&scene.admin().await, Duration::from_secs(30)).await;
    browser.go(&format!("{base}/t/affair")).await;
    browser.press("Acepto la respuesta").await;
    browser.says("main", "Ha aceptado la respuesta").await;
}

/// What a try brings, without the mark of the visit.
struct Told {
    status: u16,
    page: String,
    headers: Vec<String>,
}

async fn tried(visitor: &mut Visitor, key: &str, proof: &str) -> Told {
    let csrf = visitor.get("/t?lang=es").await.field("csrf");
    let answer: Answer = visitor.post("/t", &[("csrf", &csrf), ("key", key), ("proof", proof)]).await;
    let page = answer.text().replace(&answer.field("csrf"), "");
    let told = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let varies = matches!(name.as_str(), "set-cookie" | "date");
        format!("{name}: {}", if varies { "…" } else { value.to_str().unwrap_or_default() })
    };
    Told { status: answer.status.as_u16(), page, headers: answer.headers.iter().map(told).collect() }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_is_told_the_same_of_every_wrong_pair_and_in_the_same_time() {
    let scene = Scene::fresh().await;
    let (doorway, base) = window(&scene).await;
    let (mine, theirs) =
        (held(&scene, Person::numbered(62_000_013)).await, held(&scene, Person::numbered(62_000_014)).await);
    let nobody = ticketing_domain::TrackingKey::from_entropy([31; 12]).to_string();
    let wrong = if mine.proof == "000000" { "111111" } else { "000000" };
    // A wrong key with a right proof, a right key with a wrong proof, two that are right and do not belong together.
    let pairs = [(nobody.as_str(), mine.proof.as_str()), (&mine.key, wrong), (&theirs.key, &mine.proof)];
    let mut visitor = doorway.visitor();
    visitor.origin = base;
    let first = tried(&mut visitor, pairs[0].0, pairs[0].1).await;
    assert_eq!(first.status, 422);
    for (key, proof) in pairs {
        let told = tried(&mut visitor, key, proof).await;
        assert_eq!(told.status, first.status);
        assert_eq!(told.page, first.page, "the page tells which was wrong");
        assert_eq!(told.headers, first.headers);
        for secret in [key, proof, &mine.ticket, &theirs.ticket] {
            assert!(!told.page.contains(secret), "what was typed is on the page");
        }
    }
    // The shortest of several, which no neighbour on the machine has lengthened; fewer than are counted against a key.
    let mut shortest = [Duration::MAX; 3];
    for _ in 0..12 {
        for (shortest, (key, proof)) in shortest.iter_mut().zip(pairs) {
            let csrf = visitor.get("/t?lang=es").await.field("csrf");
            let begun = Instant::now();
            visitor.post("/t", &[("csrf", &csrf), ("key", key), ("proof", proof)]).await;
            *shortest = begun.elapsed().min(*shortest);
        }
    }
    let [least, most] = [shortest.iter().min(), shortest.iter().max()].map(|time| *time.expect("three"));
    assert!(most < least * 3, "the time tells which was wrong: {shortest:?}");
    // The right pair is one of the tries that are left.
    let right = tried(&mut visitor, &mine.key, &mine.proof).await;
    assert_eq!(right.status, 303);
}
