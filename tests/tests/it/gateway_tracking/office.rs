//! The claimant's page of their case before the ombudsman.

use http::StatusCode;
use ventanilla_proto::ombudsman::v1::{
    AddDossierEntryRequest, AdmitCaseRequest, Case, CaseState, DossierKind, DossierVisibility, GetCaseRequest,
    InadmissibilityGround, MissingItem, OfficeRole, ParallelProceedings, ProposeInadmissibilityRequest,
    RequestCureRequest,
};
use ventanilla_proto::ticketing::v1::CreateTicketResponse;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::{Doorway, Visitor};
use ventanilla_tests::scene::{Scene, fingerprint};

use super::{HOSTILE, LIMIT, complaint, enter, pages, send};

/// The affair is before the ombudsman, with the registry on it, and its claimant has come in.
pub(crate) async fn before_the_ombudsman(
    scene: &Scene,
    affair: &Affair<'_>,
    opened: &CreateTicketResponse,
    visitor: &mut Visitor,
) -> Case {
    affair.appoint().await.unwrap();
    let case = affair.bring(&opened.ticket.as_ref().unwrap().name).await.unwrap();
    fingerprint::settled(&scene.admin().await, LIMIT).await;
    let case = affair.assign(&case, "registry-1", OfficeRole::Intake).await.unwrap();
    enter(visitor, &opened.tracking_key, &opened.proof).await;
    case
}

/// Types the code that the registry told them into the page.
async fn show_code(affair: &Affair<'_>, case: &str, visitor: &mut Visitor) {
    let code = affair.code_of(case).await.unwrap();
    let page = visitor.get("/t/office").await;
    // With key and proof alone one learns where it stands, and no paper.
    assert!(page.text().contains("El defensor mira si puede tramitarlo."), "{}", page.text());
    for hidden in ["Lo que hay en el expediente", "action=\"/t/office/add\"", "action=\"/t/office/withdraw\""] {
        assert!(!page.text().contains(hidden), "{hidden} is behind the code");
    }
    for wrong in ["0000-0000", "no"] {
        let refused = send(visitor, &page, "/t/office/code", &[("text", wrong)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
        assert!(refused.text().contains("Ese no es el código"), "{}", refused.text());
    }
    let typed = code.to_lowercase().replace('-', " ");
    let opened = send(visitor, &page, "/t/office/code", &[("text", &typed)]).await;
    assert!(opened.header("location").starts_with("/t/office?case="), "{}", opened.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claimant_completes_the_complaint_learns_who_has_it_and_withdraws_it_on_the_page() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (affair, opened) = complaint(&scene, 62_000_031).await;
    let mut visitor = door.visitor();
    let case = before_the_ombudsman(&scene, &affair, &opened, &mut visitor).await;
    let mut registry = affair.cast.intake.office.clone();
    let asked = RequestCureRequest {
        name: case.name.clone(),
        etag: case.etag,
        items: vec![
            MissingItem::ParallelProceedingsDeclaration.into(),
            MissingItem::FactsDate.into(),
            MissingItem::ClaimPoints.into(),
            MissingItem::Documents.into(),
        ],
        explanation: "¿Qué factura, y qué día?".to_owned(),
        request_id: scene.request_id(),
    };
    registry.request_cure(asked).await.unwrap();
    let code = affair.code_of(&case.name).await.unwrap();
    let page = visitor.get("/t/office").await;
    send(&mut visitor, &page, "/t/office/code", &[("text", &code)]).await;

    let page = visitor.get("/t/office").await;
    for told in ["Completar su reclamación", "qué día ocurrió", "documentos", "¿Qué factura, y qué día?"] {
        assert!(page.text().contains(told), "{told:?} is told: {}", page.text());
    }
    let filled =
        [("proceedings", "none"), ("facts", "2026-02-30"), ("points", "La factura"), ("text", "Es la de marzo")];
    let unreadable = send(&mut visitor, &page, "/t/office/complete", &filled).await;
    assert_eq!(unreadable.status, StatusCode::UNPROCESSABLE_ENTITY, "there is no such day");
    let text = unreadable.text();
    for kept in [
        "Es la de marzo</textarea>",
        "La factura</textarea>",
        "value=\"2026-02-30\"",
        "<option value=\"none\" selected>",
        // And it is said which of them is at fault.
        "<a href=\"#complete-facts\">",
        "id=\"complete-facts-wrong\"",
        "aria-invalid=\"true\" aria-describedby=\"complete-facts-wrong\"",
    ] {
        assert!(text.contains(kept), "{kept:?}: {text}");
    }
    let nothing = send(&mut visitor, &page, "/t/office/add", &[("kind", "evidence"), ("text", " ")]).await;
    assert!(nothing.text().contains("value=\"evidence\" checked"), "what it is stays what it was: {}", nothing.text());
    assert!(nothing.text().contains("aria-describedby=\"add-text-wrong\""), "{}", nothing.text());
    let points = format!("La factura de marzo\r\n\r\n{HOSTILE}");
    let filled = [("proceedings", "none"), ("facts", "2026-02-27"), ("points", &points), ("text", "Es la de marzo")];
    let done = send(&mut visitor, &page, "/t/office/complete", &filled).await;
    assert!(done.header("location").starts_with("/t/office?done=completed&case="), "{}", done.text());
    let known = registry.get_case(GetCaseRequest { name: case.name.clone() }).await.unwrap().into_inner();
    assert_eq!(known.state(), CaseState::Registered);
    let claimed: Vec<_> = known.claim_points.iter().map(|point| point.text.as_str()).collect();
    assert_eq!(claimed, ["La factura de marzo", HOSTILE]);
    // Noon of that day in Spain.
    assert_eq!(known.facts_time.unwrap().seconds, 1_772_190_000);
    assert_eq!(known.parallel_proceedings(), ParallelProceedings::None);

    let page = visitor.get(done.header("location")).await;
    assert!(page.text().contains("Hemos recibido lo que nos ha enviado."), "{}", page.text());
    let told = send(&mut visitor, &page, "/t/office/people", &[]).await;
    assert!(told.header("location").starts_with("/t/office?done=told&case="), "{}", told.text());
    let page = visitor.get(told.header("location")).await;
    assert!(page.text().contains("registry-1"), "who has it is told: {}", page.text());

    // What was refused keeps its words where they were written, and nowhere else.
    let stale = page.clone();
    let statement = [("kind", "statement"), ("text", "Nadie me ha llamado")];
    send(&mut visitor, &page, "/t/office/add", &statement).await;
    let moved = admitted(&scene, &affair, &case.name).await;
    assert_eq!(moved.state(), CaseState::Admitted);
    let late = send(&mut visitor, &stale, "/t/office/withdraw", &[("text", "Me han pagado")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let withdraw = late.text();
    let (before, after) = withdraw.split_once("id=\"withdraw-text\"").expect("the form is there again");
    assert!(!before.contains("Me han pagado") && after.contains("Me han pagado</textarea>"), "{withdraw}");
    let page = visitor.get("/t/office").await;
    let done = send(&mut visitor, &page, "/t/office/withdraw", &[("text", "Me han pagado")]).await;
    assert!(done.header("location").starts_with("/t/office?done=withdrawn&case="), "{}", done.text());
    let page = visitor.get(done.header("location")).await;
    assert!(page.text().contains("Usted desistió.") && page.text().contains("Hemos anotado que desiste."));
    assert!(
        !page.text().contains("action=\"/t/office/withdraw\"") && !page.text().contains("action=\"/t/office/add\"")
    );
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reasons_not_to_hear_it_are_answered_on_the_page_and_nothing_is_said_to_be_missing() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (affair, opened) = complaint(&scene, 62_000_033).await;
    let mut visitor = door.visitor();
    let case = before_the_ombudsman(&scene, &affair, &opened, &mut visitor).await;
    let mut registry = affair.cast.intake.office.clone();
    let propose = ProposeInadmissibilityRequest {
        name: case.name.clone(),
        etag: case.etag,
        ground: InadmissibilityGround::NotConcreteOperations.into(),
        reasons: "La misma carta ha llegado cuarenta veces".to_owned(),
        request_id: scene.request_id(),
        ..Default::default()
    };
    registry.propose_inadmissibility(propose).await.unwrap();
    let code = affair.code_of(&case.name).await.unwrap();
    let page = visitor.get("/t/office").await;
    send(&mut visitor, &page, "/t/office/code", &[("text", &code)]).await;
    let page = visitor.get("/t/office").await;
    for told in ["La misma carta ha llegado cuarenta veces", "Contestar a esos motivos", "Enviar mi respuesta"] {
        assert!(page.text().contains(told), "{told:?} is told: {}", page.text());
    }
    assert!(!page.text().contains("Falta:"), "{}", page.text());
    let done = send(&mut visitor, &page, "/t/office/complete", &[("text", "Mandé dos")]).await;
    assert!(done.header("location").starts_with("/t/office?done=completed&case="), "{}", done.text());
    let known = registry.get_case(GetCaseRequest { name: case.name.clone() }).await.unwrap().into_inner();
    assert!(known.refusal.unwrap().allegations_time.is_some());
    scene.stop().await.expect("the services end well");
}

async fn admitted(scene: &Scene, affair: &Affair<'_>, name: &str) -> Case {
    let mut registry = affair.cast.intake.office.clone();
    let etag = registry.get_case(GetCaseRequest { name: name.to_owned() }).await.unwrap().into_inner().etag;
    let admit = AdmitCaseRequest { name: name.to_owned(), etag, request_id: scene.request_id(), ..Default::default() };
    registry.admit_case(admit).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_paper_of_the_case_is_come_to_however_many_there_are() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (affair, opened) = complaint(&scene, 62_000_032).await;
    let mut visitor = door.visitor();
    let case = before_the_ombudsman(&scene, &affair, &opened, &mut visitor).await;
    show_code(&affair, &case.name, &mut visitor).await;
    let mut registry = affair.cast.intake.office.clone();
    for number in 0..120 {
        let add = AddDossierEntryRequest {
            parent: case.name.clone(),
            kind: DossierKind::Evidence.into(),
            visibility: DossierVisibility::Parties.into(),
            content: format!("papel número {number:03}").into_bytes(),
            request_id: scene.request_id(),
            ..AddDossierEntryRequest::default()
        };
        registry.add_dossier_entry(add).await.unwrap();
    }
    let (mut address, mut seen, mut pages) = ("/t/office".to_owned(), Vec::new(), 0);
    loop {
        let page = visitor.get(&address).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        pages += 1;
        let text = page.text();
        seen.extend(text.split("papel número ").skip(1).map(|rest| rest[..3].to_owned()));
        match text.split("Papeles anteriores").next().filter(|_| text.contains("Papeles anteriores")) {
            Some(before) => {
                let link = before.rsplit("href=\"").next().and_then(|link| link.split('"').next()).expect("a link");
                address = link.replace("&#38;", "&").replace("&amp;", "&").replace("#papers", "");
            }
            None => break,
        }
    }
    let newest_first: Vec<String> = (0..120).rev().map(|number| format!("{number:03}")).collect();
    assert_eq!(seen, newest_first);
    assert!(pages >= 120 / 25, "{pages} pages");
    scene.stop().await.expect("the services end well");
}
