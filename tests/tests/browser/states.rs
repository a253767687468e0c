//! What pages say after something was sent, refused or done, and in states that few cases come to: each is judged as every page is.

use std::time::Duration;

use kernel::Role;
use serde_json::json;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::Channel;
use ventanilla_tests::browser::{Browser, SCRIPTS};
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::people::Person;
use ventanilla_tests::scene::{Scene, fingerprint};

use crate::house::{complaint, day, hostile, sit_down, window};
use crate::tracking::{Held, held};

/// What is written where something has to be.
fn words() -> String {
    SCRIPTS.join("\n")
}

async fn settled(scene: &Scene) {
    fingerprint::settled(&scene.admin().await, Duration::from_secs(30)).await;
}

/// Lets the page send what it would keep back itself: a service has to refuse it.
async fn as_without_checks(browser: &Browser) {
    browser.run("document.querySelectorAll('form').forEach(form => form.noValidate = true)", json!([])).await;
}

/// Puts a value where no keys would leave it.
async fn put(browser: &Browser, id: &str, value: &str) {
    let put = "const e = document.getElementById(arguments[0]); if (e.type === 'date') e.type = 'text'; e.value = arguments[1]";
    browser.run(put, json!([id, value])).await;
}

async fn value(browser: &Browser, id: &str) -> String {
    let value = browser.run("return document.getElementById(arguments[0]).value", json!([id])).await;
    value.as_str().unwrap_or_default().replace("\r\n", "\n")
}

/// The field is named as the one at fault, to who sees the page and to who hears it.
async fn is_at_fault(browser: &Browser, id: &str) {
    let told = "const e = document.getElementById(arguments[0]); const said = document.getElementById(e.getAttribute('aria-describedby').split(' ').pop());\
        return [e.getAttribute('aria-invalid'), said.innerText !== '', document.querySelector(`#errors a[href=\"#${e.id}\"]`) !== null]";
    assert_eq!(
        browser.run(told, json!([id])).await,
        json!(["true", true, true]),
        "{id}: {}",
        browser.text("main").await
    );
}

/// A case with a draft, of who holds key and proof.
async fn drafted<'a>(scene: &'a Scene, number: u32, regime: &str) -> (Held<'a>, String) {
    let held = held(scene, hostile(number)).await;
    held.be_answered(scene).await;
    let case = held.affair.bring_under(&held.ticket, regime).await.expect("the office takes it");
    let case = held.affair.admit(&case).await.expect("it is admitted");
    held.affair.investigate(&case).await.expect("it is drafted");
    (held, case.name)
}

/// The claimant comes to their case, with the code.
async fn come_with_the_code(browser: &Browser, base: &str, held: &Held<'_>, case: &str) {
    let code = held.affair.code_of(case).await.expect("it is told");
    browser.forget().await;
    held.enter(browser, base).await;
    browser.go(&format!("{base}/t/office")).await;
    browser.fill("#code-text", &code).await;
    browser.press("Abrir mi expediente").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_claimant_completes_adds_and_withdraws_is_told_refused_and_done() {
    let Some(mut browser) = Browser::open_on_a_telephone().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    let held = held(&scene, hostile(62_000_021)).await;
    let affair = &held.affair;
    affair.appoint().await.expect("the office has its people");
    let case = affair.bring(&held.ticket).await.expect("the office takes it");
    settled(&scene).await;
    let case = affair.assign(&case, "registry-1", office::OfficeRole::Intake).await.expect("the registry has it");
    let cure = office::RequestCureRequest {
        name: case.name.clone(),
        etag: case.etag,
        items: vec![
            office::MissingItem::ParallelProceedingsDeclaration.into(),
            office::MissingItem::FactsDate.into(),
            office::MissingItem::ClaimPoints.into(),
        ],
        explanation: words(),
        request_id: scene.request_id(),
    };
    affair.cast.intake.office.clone().request_cure(cure).await.expect("it is asked for");
    let code = affair.code_of(&case.name).await.expect("it is told");

    held.enter(&browser, &base).await;
    browser.go(&format!("{base}/t/office")).await;
    browser.fill("#code-text", "0000-0000").await;
    browser.press("Abrir mi expediente").await;
    browser.says("#errors", "Ese no es el código").await;
    is_at_fault(&browser, "code-text").await;
    browser.judge("claimant-code-wrong").await;
    browser.fill("#code-text", &code).await;
    browser.press("Abrir mi expediente").await;
    browser.says("#complete ~ form", "qué día ocurrió").await;
    browser.judge("claimant-complete").await;
    browser.walk("claimant-complete").await;

    browser.choose("#complete-proceedings", "none").await;
    browser.fill("#complete-points", &words()).await;
    browser.fill("#complete-text", &words()).await;
    put(&browser, "complete-facts", "2026-02-30").await;
    browser.press("Enviar lo que falta").await;
    browser.says("#errors", "Ese día no existe").await;
    is_at_fault(&browser, "complete-facts").await;
    assert_eq!(value(&browser, "complete-points").await, words());
    assert_eq!(value(&browser, "complete-text").await, words());
    assert_eq!(value(&browser, "complete-proceedings").await, "none");
    browser.judge("claimant-complete-refused").await;
    put(&browser, "complete-facts", &day(&scene, -60)).await;
    browser.press("Enviar lo que falta").await;
    browser.says(".notice.good", "Hemos recibido lo que nos ha enviado").await;
    browser.judge("claimant-completed").await;

    as_without_checks(&browser).await;
    browser.click("label[for=kind-evidence]").await;
    browser.press("Añadir").await;
    browser.says("#errors", "No ha escrito nada").await;
    is_at_fault(&browser, "add-text").await;
    assert_eq!(browser.count("#kind-evidence:checked").await, 1, "what it is stays what it was");
    browser.judge("claimant-add-refused").await;
    browser.fill("#add-text", &words()).await;
    browser.press("Añadir").await;
    browser.says(".notice.good", "Hemos recibido lo que nos ha escrito").await;
    browser.judge("claimant-added").await;
    browser.press("Quiero saberlo").await;
    browser.says(".notice.good", "quién lleva su caso").await;
    browser.judge("claimant-people").await;

    // Half an hour later: nothing of what was written is lost on the way through key, proof and code.
    browser.fill("#add-text", &words()).await;
    browser.forget_one("ventanilla-affair").await;
    browser.press("Añadir").await;
    browser.says("#errors", "Ha pasado más de media hora").await;
    browser.judge("tracking-over").await;
    browser.fill("#key", &held.key).await;
    browser.fill("#proof", &held.proof).await;
    browser.press("Ver mi asunto").await;
    browser.says("#errors", "se lo mostramos cuando escriba el código").await;
    browser.judge("claimant-locked").await;
    browser.fill("#code-text", &code).await;
    browser.press("Abrir mi expediente").await;
    browser.says("#errors", "Habíamos olvidado su clave").await;
    assert_eq!(value(&browser, "add-text").await, words());
    browser.judge("claimant-unsent").await;
    browser.press("Añadir").await;
    browser.says(".notice.good", "Hemos recibido lo que nos ha escrito").await;

    browser.click("#withdraw ~ details > summary").await;
    browser.fill("#withdraw-text", &words()).await;
    browser.press("Desisto").await;
    browser.says(".notice.good", "Hemos anotado que desiste").await;
    browser.judge("claimant-withdrawn").await;
    browser.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_answers_to_an_offer_a_decision_and_the_house_is_told_refused_and_done() {
    let Some(mut browser) = Browser::open_on_a_telephone().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    let office_of = Affair::of(&scene, Person::numbered(62_000_025));
    office_of.appoint().await.expect("the office has its people");

    // Each in its own allocation: what a test does in a row is too much for one stack.
    Box::pin(answers_an_offer(&mut browser, &scene, &base)).await;
    Box::pin(answers_a_decision(&mut browser, &scene, &base)).await;
    Box::pin(answers_the_house(&mut browser, &scene, &base)).await;
    browser.end();
}

async fn answers_an_offer(browser: &mut Browser, scene: &Scene, base: &str) {
    let (held, case) = drafted(scene, 62_000_022, "es.general").await;
    offered(scene, &held.affair, &case).await;
    come_with_the_code(browser, base, &held, &case).await;
    browser.says("#offer ~ .words", "20 euros").await;
    browser.judge("claimant-offer").await;
    browser.walk("claimant-offer").await;
    as_without_checks(browser).await;
    browser.press("No la acepto").await;
    is_at_fault(browser, "offer-text").await;
    browser.judge("claimant-offer-refused").await;
    browser.fill("#offer-text", &words()).await;
    browser.press("No la acepto").await;
    browser.says(".notice.good", "Hemos anotado su respuesta").await;
    browser.judge("claimant-offer-answered").await;
}

async fn answers_a_decision(browser: &mut Browser, scene: &Scene, base: &str) {
    let (held, case) = drafted(scene, 62_000_023, "es.adr").await;
    held.affair.decide(&case).await.expect("it is decided");
    come_with_the_code(browser, base, &held, &case).await;
    browser.says("#decision ~ form", "obliga a la empresa").await;
    browser.judge("claimant-decision").await;
    browser.walk("claimant-decision").await;
    as_without_checks(browser).await;
    browser.press("Acepto la resolución").await;
    is_at_fault(browser, "decision-text").await;
    browser.judge("claimant-decision-refused").await;
    browser.fill("#decision-text", &words()).await;
    browser.press("Acepto la resolución").await;
    browser.says(".notice.good", "Hemos anotado su respuesta").await;
    browser.judge("claimant-decision-answered").await;
}

async fn answers_the_house(browser: &mut Browser, scene: &Scene, base: &str) {
    let held = held(scene, hostile(62_000_024)).await;
    held.be_answered(scene).await;
    browser.forget().await;
    held.enter(browser, base).await;
    as_without_checks(browser).await;
    browser.press("No estoy de acuerdo").await;
    is_at_fault(browser, "objection").await;
    browser.judge("tracking-object-refused").await;
    browser.press("Acepto la respuesta").await;
    browser.says(".notice.good", "Ha aceptado la respuesta").await;
    browser.judge("tracking-accepted").await;

    let survey = ticketing::Survey { channel: Channel::Email.into(), ..Default::default() };
    let ask = ticketing::AskSurveyRequest {
        parent: held.ticket.clone(),
        survey: Some(survey),
        request_id: scene.request_id(),
        occurred_time: None,
    };
    held.affair.cast.agent.tickets.clone().ask_survey(ask).await.expect("it is answered");
    browser.go(&format!("{base}/t/affair")).await;
    browser.says("#survey ~ form", "¿Está satisfecho").await;
    browser.judge("tracking-survey").await;
    browser.walk("tracking-survey").await;
    browser.press("Enviar mi opinión").await;
    is_at_fault(browser, "survey-text").await;
    browser.judge("tracking-survey-refused").await;
    browser.click("label[for=csat-2]").await;
    browser.click("label[for=cause-2]").await;
    browser.fill("#survey-text", SCRIPTS[0]).await;
    browser.press("Enviar mi opinión").await;
    browser.says(".notice.good", "Hemos anotado lo que opina").await;
    browser.judge("tracking-survey-sent").await;
}

/// The firm offers something, and the claimant is told.
async fn offered(scene: &Scene, affair: &Affair<'_>, case: &str) {
    let etag = || async {
        let read = office::GetCaseRequest { name: case.to_owned() };
        affair.cast.ombudsman.office.clone().get_case(read).await.expect("it is there").into_inner().etag
    };
    let made = office::OfferSettlementRequest {
        name: case.to_owned(),
        etag: etag().await,
        terms: format!("20 euros y una disculpa {}", words()),
        request_id: scene.request_id(),
        department: "billing".to_owned(),
        term_days: 10,
    };
    affair.cast.liaison.procedure.clone().offer_settlement(made).await.expect("the firm offers");
    let told = office::TellOfferRequest {
        name: case.to_owned(),
        etag: etag().await,
        channel: Channel::Web.into(),
        request_id: scene.request_id(),
    };
    affair.cast.intake.procedure.clone().tell_offer(told).await.expect("the claimant is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_firm_and_the_office_send_is_told_refused_and_done() {
    let Some(mut browser) = Browser::open().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    let affair = Affair::of(&scene, Person::numbered(43_000_031));
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("the customer is known").customer;
    let ticket = affair.cast.agent.tickets.clone().create_ticket(complaint(&affair, &customer)).await;
    let ticket = ticket.expect("the complaint is taken").into_inner().ticket.expect("it is there");
    let case = affair.bring(&ticket.name).await.expect("the office takes it");
    let case = affair.admit(&case).await.expect("it is admitted").name;

    let liaison = scene.token("liaison-1", &[Role::FirmLiaison], Some("legal"));
    sit_down(&browser, &base, &liaison, "/firm").await;
    browser.fill("#case", SCRIPTS[1]).await;
    browser.press("Buscar").await;
    browser.says("main", "Eso no es un número de expediente").await;
    browser.judge("firm-refused").await;
    let firm = format!("{base}/firm/{case}");
    browser.go(&firm).await;
    as_without_checks(&browser).await;
    browser.press("Enviar alegaciones").await;
    browser.says("#errors", "No se ha enviado").await;
    browser.judge("firm-statement-refused").await;
    browser.fill("#statement", &words()).await;
    browser.press("Enviar alegaciones").await;
    browser.says(".notice.good", "Sus alegaciones constan").await;
    browser.judge("firm-statement-sent").await;

    let registry = scene.token("registry-1", &[Role::OfficeIntake], None);
    sit_down(&browser, &base, &registry, "/console").await;
    browser.go(&format!("{base}/console/{case}/code")).await;
    browser.run("document.querySelector('#channel option').value = '99'", json!([])).await;
    browser.press("Ver el código").await;
    browser.says_anything(&["#errors"]).await;
    browser.judge("claimant-code-refused").await;
    browser.go(&format!("{base}/console/{case}/code")).await;
    browser.press("Ver el código").await;
    browser.says(".notice.good", "El código es").await;
    browser.judge("claimant-code-told").await;

    let ombudsman = scene.token("ombudsman-1", &[Role::Ombudsman], None);
    sit_down(&browser, &base, &ombudsman, "/console").await;
    writes_to_the_customer(&mut browser, &scene, &base, &ticket.name).await;
    sit_down(&browser, &base, &ombudsman, "/console").await;
    appoints(&mut browser, &scene, &base).await;
    declares_and_recommends(&mut browser, &base).await;
    searches(&mut browser, &scene, &base).await;
    browser.end();
}

/// An agent writes a letter that says why it takes longer, and until when.
async fn writes_to_the_customer(browser: &mut Browser, scene: &Scene, base: &str, ticket: &str) {
    sit_down(browser, base, &scene.bearer_of(Role::Agent), "/floor").await;
    browser.go(&format!("{base}/floor/affairs/{}", ticket.trim_start_matches("tickets/"))).await;
    browser.walk("letter").await;
    browser.fill("#body", &words()).await;
    put(browser, "expected", "2020-01-01T10:00").await;
    browser.press("Mandarlo").await;
    browser.says("#errors", "No se ha escrito nada").await;
    is_at_fault(browser, "expected").await;
    assert_eq!(value(browser, "body").await, words());
    browser.judge("letter-refused").await;
    put(browser, "expected", "2100-01-01T10:00").await;
    browser.press("Mandarlo").await;
    browser.says(".notice.good", "explica por qué se tarda").await;
    browser.judge("letter-written").await;
}

async fn appoints(browser: &mut Browser, scene: &Scene, base: &str) {
    browser.go(&format!("{base}/console/house/people")).await;
    browser.fill("#person", "investigator-8").await;
    browser.fill("#unit", SCRIPTS[0]).await;
    browser.click("label[for=role-2]").await;
    put(browser, "start", &day(scene, 30)).await;
    put(browser, "end", &day(scene, 60)).await;
    browser.press("Nombrar").await;
    browser.says_anything(&["#errors"]).await;
    browser.judge("appointment-refused").await;
    browser.fill("#unit", "defensor").await;
    put(browser, "start", &day(scene, -20)).await;
    put(browser, "end", &day(scene, 3 * 365)).await;
    browser.press("Nombrar").await;
    browser.says_anything(&[".notice.good"]).await;
    browser.judge("appointed").await;
}

async fn declares_and_recommends(browser: &mut Browser, base: &str) {
    browser.go(&format!("{base}/console/house/declaration")).await;
    as_without_checks(browser).await;
    browser.press("Declarar").await;
    browser.says("#errors", "Marque que la declaración es completa").await;
    browser.judge("declaration-unsure").await;
    browser.fill("#party-0", SCRIPTS[1]).await;
    browser.choose("#kind-0", "1").await;
    browser.click("label[for=sure]").await;
    browser.press("Declarar").await;
    browser.says_anything(&["#errors"]).await;
    browser.judge("declaration-refused").await;
    browser.go(&format!("{base}/console/house/declaration")).await;
    browser.click("label[for=sure]").await;
    browser.press("Declarar").await;
    browser.says(".notice.good", "Declaración hecha").await;
    browser.judge("declared").await;

    browser.go(&format!("{base}/console/recommendation")).await;
    browser.fill("#text", &words()).await;
    browser.fill("#regime", SCRIPTS[1]).await;
    browser.press("Recomendar").await;
    browser.says_anything(&["#errors"]).await;
    browser.judge("recommendation-refused").await;
    browser.fill("#regime", "es.general").await;
    browser.press("Recomendar").await;
    browser.says_anything(&[".notice.good"]).await;
    browser.judge("recommended").await;
}

/// Who looks for a customer, and may merge or may not.
async fn searches(browser: &mut Browser, scene: &Scene, base: &str) {
    for (role, name) in [(Role::Supervisor, "supervisor"), (Role::Steward, "steward")] {
        sit_down(browser, base, &scene.bearer_of(role), "/floor").await;
        browser.go(&format!("{base}/floor/customers")).await;
        browser.fill("#name", "Zenobia Quiñonero Etxebarrieta").await;
        browser.press("Buscar").await;
        browser.says("main", "Quién puede ser").await;
        assert!(browser.count("main table tbody tr").await >= 1, "{}", browser.text("main").await);
        browser.judge(&format!("customers-found-by-{name}")).await;
        browser.walk(&format!("customers-found-by-{name}")).await;
    }
    browser.go(&format!("{base}/floor/customers")).await;
    browser.fill("#phone", "600 999 111").await;
    browser.press("Buscar").await;
    browser.says("main", "Nadie así es conocido").await;
    browser.judge("customers-nobody").await;
    browser.fill("#phone", SCRIPTS[1]).await;
    browser.press("Buscar").await;
    browser.says_anything(&["main .notice.warn"]).await;
    browser.judge("customers-refused").await;
}
