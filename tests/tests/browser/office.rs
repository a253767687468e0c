//! The ombudsman's office, from the complaint at its door to the issued decision.

use std::time::Duration;

use kernel::Role;
use serde_json::json;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_tests::browser::{Browser, SCRIPTS};
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::people::Person;
use ventanilla_tests::scene::{Scene, fingerprint};

use crate::house::{complaint, day, sit_down, window};

#[tokio::test(flavor = "multi_thread")]
async fn the_office_works_a_whole_day_from_the_worklist_to_the_issued_decision() {
    let Some(mut browser) = Browser::open().await else { return };
    let scene = Scene::fresh().await;
    let (_doorway, base) = window(&scene).await;
    let affair = Affair::of(&scene, Person::numbered(43_000_001));
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("the customer is known").customer;
    let ticket = affair.cast.agent.tickets.clone().create_ticket(complaint(&affair, &customer)).await;
    let ticket = ticket.expect("the complaint is taken").into_inner().ticket.expect("it is there");
    affair.work(&ticket).await.expect("somebody works on it");

    browser.go(&format!("{base}/sign-in")).await;
    browser.judge("sign-in").await;
    browser.fill("#token", "nonsense").await;
    browser.press("Entrar").await;
    browser.says("#errors", "no vale").await;
    browser.judge("sign-in-refused").await;

    // Intake opens the case; the wall lets nobody through before the office heard who acted.
    sit_down(&browser, &base, &scene.token("registry-1", &[Role::OfficeIntake], None), "/console").await;
    browser.judge("worklist-empty").await;
    browser.press("Abrir expediente").await;
    browser.judge("new-case").await;
    browser.fill("#ticket", &ticket.name).await;
    browser.choose("#channel", "3").await;
    browser.choose("#parallel_proceedings", "1").await;
    let facts = day(&scene, -20);
    browser.run("document.getElementById('facts_time').value = arguments[0]", json!([facts])).await;
    browser.press("Abrir").await;
    browser.says(".notice.good", "Expediente abierto").await;
    let case = browser.url().await;
    let case = case.split('?').next().unwrap_or_default().to_owned();
    let id = case.rsplit('/').next().unwrap_or_default().to_owned();
    browser.judge("case-received").await;
    fingerprint::settled(&scene.admin().await, Duration::from_secs(30)).await;

    for (person, role) in [("registry-1", 1), ("investigator-1", 2), ("ombudsman-1", 3)] {
        browser.go(&format!("{case}/steps/assign")).await;
        browser.judge("assign").await;
        browser.fill("#f-person", person).await;
        browser.choose("#f-office_role", &role.to_string()).await;
        browser.press("Asignar a alguien").await;
        browser.says(".notice.good", "Asignado").await;
    }
    // The wall is seen: why, and what to do.
    browser.go(&format!("{case}/steps/assign")).await;
    browser.fill("#f-person", "agent-7").await;
    browser.choose("#f-office_role", "2").await;
    browser.press("Asignar a alguien").await;
    browser.says("#errors", "muro de conflictos").await;
    browser.judge("assign-wall").await;
    browser.go(&format!("{case}/steps/request-cure")).await;
    browser.judge("request-cure").await;
    browser.go(&format!("{base}/console/house")).await;
    browser.judge("house").await;
    browser.press("Hacer mi declaración de relaciones").await;
    browser.judge("declaration").await;

    browser.go(&format!("{case}/steps/admit")).await;
    browser.judge("admit").await;
    // Somebody else adds a paper meanwhile: the page says so and keeps the form.
    let read = office::GetCaseRequest { name: format!("cases/{id}") };
    let mut ombudsman = affair.cast.ombudsman.office.clone();
    let entry = office::AddDossierEntryRequest {
        parent: read.name.clone(),
        kind: office::DossierKind::Note.into(),
        visibility: office::DossierVisibility::Office.into(),
        content_type: String::new(),
        content: SCRIPTS.join("\n").into_bytes(),
        request_id: scene.request_id(),
        receive_time: None,
    };
    ombudsman.add_dossier_entry(entry).await.expect("a note is added");
    browser.press("Admitir").await;
    let told = browser.says_anything(&[".notice.good", "#errors"]).await;
    if !told.contains("Admitido") {
        browser.says("#changed", "cambiado").await;
        browser.judge("admit-stale").await;
        browser.press("Admitir").await;
    }
    browser.says(".notice.good", "Admitido").await;

    let current = ombudsman.get_case(read.clone()).await.expect("the case is there").into_inner();
    let statement = office::SubmitEntityStatementRequest {
        name: read.name.clone(),
        etag: current.etag,
        statement: format!("La empresa reconoce el cargo repetido. {}", SCRIPTS.join(" ")),
        request_id: scene.request_id(),
    };
    affair.cast.liaison.office.clone().submit_entity_statement(statement).await.expect("the firm speaks");
    // The page that was left open hears of it by itself.
    browser.says(".notice.live", "ha cambiado").await;

    // The ombudsman: worklist, case, investigation, draft, decision.
    sit_down(&browser, &base, &scene.token("ombudsman-1", &[Role::Ombudsman], None), "/console").await;
    browser.judge("worklist").await;
    browser.follow(&format!("a[href='/console/cases/{id}']")).await;
    browser.judge("case").await;
    browser.press("Abrir la instrucción").await;
    browser.press("Abrir la instrucción").await;
    browser.says(".notice.good", "Instrucción abierta").await;
    browser.press("Redactar la resolución").await;
    browser.judge("draft-empty").await;
    browser.fill("#finding-p1", "Los recibos muestran dos cargos de la misma cuota").await;
    browser.says("[data-autosave-status]", "Guardado, revisión 1").await;
    let answers = [
        (
            "p1",
            1,
            "El banco cargó dos veces la misma cuota de octubre, según los recibos",
            "El contrato permite una sola cuota al mes y la empresa lo reconoce",
            "Devolver el segundo cargo en diez días",
        ),
        (
            "p2",
            3,
            "Los correos llegaron a un buzón retirado y nadie pudo leerlos",
            "La página publicada indicaba desde junio la dirección nueva y el teléfono gratuito",
            "Nada que ordenar en este punto del buzón",
        ),
    ];
    for (point, outcome, finding, reason, remedy) in answers {
        browser.click(&format!("#outcome-{point}-{outcome}")).await;
        browser.fill(&format!("#finding-{point}"), &format!("{finding} {}", SCRIPTS[0])).await;
        browser.fill(&format!("#reason-{point}"), &format!("{reason} {}", SCRIPTS[3])).await;
        browser.fill(&format!("#remedy-{point}"), remedy).await;
    }
    browser.fill("#amount-p1", "30,50").await;
    browser.press("Guardar y ver cómo quedará").await;
    browser.says("#errors", "adónde puede acudir").await;
    browser.judge("issue-incomplete").await;
    browser.press("Volver al borrador").await;
    browser.fill("#signpost", "Puede acudir a la junta arbitral de consumo o a los tribunales").await;
    browser.judge("draft").await;
    browser.press("Guardar y ver cómo quedará").await;
    browser.says("main", "30,50 EUR").await;
    browser.judge("issue").await;
    browser.press("Firmar y dictar la resolución").await;
    browser.says("main", "Descargar firmada").await;
    browser.judge("decision").await;
    let size = "return fetch(document.querySelector('a[href$=\"document.pdf\"]').href).then(r => r.arrayBuffer())\
        .then(b => new TextDecoder('latin1').decode(b.slice(0, 5)) + b.byteLength)";
    let file = browser.run(size, json!([])).await;
    assert!(file.as_str().is_some_and(|told| told.starts_with("%PDF-")), "{file}");
    browser.press("Notificar").await;
    browser.press("Notificar la resolución").await;
    browser.says(".notice.good", "Notificada").await;
    browser.judge("case-notified").await;

    for (path, name) in [
        ("/console?show=over", "worklist-over"),
        ("/console/reports", "reports"),
        ("/console/recommendation", "recommendation"),
        ("/console/nothing", "no-page"),
        ("/console/cases/0190a000-0000-7000-8000-0000000000aa", "no-case"),
    ] {
        browser.go(&format!("{base}{path}")).await;
        browser.judge(name).await;
    }
    browser.go(&format!("{case}/entries/1")).await;
    browser.judge("entry").await;
    browser.go(&format!("{case}?lang=en")).await;
    browser.says("h1", "Case").await;
    browser.judge("case-english").await;
    browser.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_sit_on_a_case_learns_why_and_nothing_of_its_draft() {
    let scene = Scene::fresh().await;
    let (doorway, base) = window(&scene).await;
    let affair = Affair::of(&scene, Person::numbered(43_000_002));
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("the customer is known").customer;
    let ticket = affair.complain(&customer, "").await.expect("the complaint is taken").ticket.expect("it is there");
    let case = affair.bring(&ticket.name).await.expect("it is before the office");
    let case = affair.admit(&case).await.expect("it is admitted");
    affair.investigate(&case).await.expect("it is drafted");

    let mut stranger = doorway.visitor();
    stranger.origin = base;
    let form = stranger.get("/sign-in").await;
    let token = scene.token("investigator-9", &[Role::Investigator], None);
    let csrf = form.field("csrf");
    stranger.post("/sign-in", &[("csrf", &csrf), ("token", &token), ("next", "/console")]).await;
    let refused = stranger.get(&format!("/console/{}/draft", case.name)).await;
    assert_eq!(refused.status, http::StatusCode::FORBIDDEN, "{}", refused.text());
    let text = refused.text();
    assert!(text.contains("No está asignado a este expediente"), "{text}");
    assert!(!text.contains("Propuesta") && !text.contains("billing"), "{text}");

    let mut sits = doorway.visitor();
    sits.origin = stranger.origin.clone();
    let csrf = sits.get("/sign-in").await.field("csrf");
    let token = scene.token("investigator-1", &[Role::Investigator], None);
    sits.post("/sign-in", &[("csrf", &csrf), ("token", &token)]).await;
    let draft = sits.get(&format!("/console/{}/draft", case.name)).await;
    assert!(
        draft.text().contains("Propuesta: estimar el primer punto"),
        "a draft of another client is shown as it was found"
    );
    let agent = scene.token("agent-7", &[Role::Agent], Some("billing"));
    let csrf = draft.field("csrf");
    sits.post("/sign-out", &[("csrf", &csrf)]).await;
    let csrf = sits.get("/sign-in").await.field("csrf");
    sits.post("/sign-in", &[("csrf", &csrf), ("token", &agent)]).await;
    assert_eq!(sits.get(&format!("/console/{}", case.name)).await.status, http::StatusCode::FORBIDDEN);
}
