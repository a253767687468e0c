//! Whose word a paper is, on the claimant's page and on the office's; and what an open page of the office is told of papers.

use std::time::Duration;

use http::StatusCode;
use kernel::Role;
use ventanilla_proto::ombudsman::v1::{
    AddDossierEntryRequest, AnswerDecisionRequest, BoundBy, DossierKind, DossierVisibility, GetCaseRequest,
    SaveDraftRequest, WithdrawCaseRequest,
};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::caller::Clients;
use ventanilla_tests::scene::doorway::{Doorway, Visitor};

use super::answers::{at_the_case, drafted, offer, stands};
use super::{LIMIT, pages, send};
use crate::gateway_console;

/// Somebody brings something that both parties may read.
async fn bring(scene: &Scene, who: &Clients, case: &str, kind: DossierKind, text: &str) {
    let add = AddDossierEntryRequest {
        parent: case.to_owned(),
        kind: kind.into(),
        visibility: DossierVisibility::Parties.into(),
        content: text.as_bytes().to_vec(),
        request_id: scene.request_id(),
        ..AddDossierEntryRequest::default()
    };
    who.office.clone().add_dossier_entry(add).await.unwrap_or_else(|status| panic!("{text}: {status}"));
}

/// The piece of a page's list that holds these words.
fn item<'a>(page: &'a str, words: &str) -> &'a str {
    let item = page.split("<li class=\"").find(|item| item.contains(words));
    item.unwrap_or_else(|| panic!("{words:?} is not on the page: {page}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_is_told_as_whose_it_is_to_the_claimant_and_to_the_office() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let desk = Doorway::open(|address| gateway_console::pages(&scene, address)).await;
    let (affair, opened, case) = drafted(&scene, 62_000_051, "es.general").await;
    let mut visitor = at_the_case(&affair, &case, &door, &opened).await;
    let cast = &affair.cast;
    bring(&scene, &cast.liaison, &case, DossierKind::EntityEvidence, "Extracto de octubre: un solo cargo").await;
    bring(&scene, &cast.intake, &case, DossierKind::ClaimantEvidence, "Foto del cargo doble").await;
    bring(&scene, &cast.investigator, &case, DossierKind::Evidence, "Informe de la central de pagos").await;
    let page = visitor.get("/t/office").await;
    let theirs = [("kind", "evidence"), ("text", "Resguardo del cajero")];
    let sent = send(&mut visitor, &page, "/t/office/add", &theirs).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());

    let told = visitor.get("/t/office").await.text();
    for (words, class, who) in [
        ("Extracto de octubre", "firm", "La empresa"),
        ("Foto del cargo doble", "claimant", "Usted"),
        ("Resguardo del cajero", "claimant", "Usted"),
        ("Informe de la central", "office", "El expediente"),
    ] {
        let begins = format!("{class}\"><p><strong>{who}</strong>: una prueba");
        assert!(item(&told, words).starts_with(&begins), "{words}: {}", item(&told, words));
    }

    let mut registry = gateway_console::at_the_console(&scene, &desk, "registry-1", Role::OfficeIntake).await;
    let page = registry.get(&format!("/console/{case}")).await.text();
    let papers = page.split("id=\"papers\"").nth(1).expect("the papers of both sides");
    let sides: Vec<&str> = papers.split("<h3>").collect();
    let [_, claimant, firm, office, ..] = sides.as_slice() else { panic!("three sides: {papers}") };
    for (words, side) in [
        ("Extracto de octubre", firm),
        ("Foto del cargo doble", claimant),
        ("Resguardo del cajero", claimant),
        ("Informe de la central", office),
    ] {
        assert!(side.contains(words), "{words}: {side}");
    }
    assert!(!office.contains("Resguardo del cajero"), "{office}");
    scene.stop().await.expect("the services end well");
}

/// Where an open page is told of changes.
async fn told_at(visitor: &mut Visitor, page: &str) -> String {
    let page = visitor.get(page).await.text();
    let live = page.split("data-live=\"").nth(1).and_then(|rest| rest.split('"').next());
    live.unwrap_or_else(|| panic!("nothing tells the page: {page}")).replace("&amp;", "&")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_of_the_case_is_told_of_a_paper_that_changes_nothing_else() {
    let scene = Scene::fresh().await;
    let desk = Doorway::open(|address| gateway_console::pages(&scene, address)).await;
    let (affair, _, case) = drafted(&scene, 62_000_052, "es.general").await;
    let mut registry = gateway_console::at_the_console(&scene, &desk, "registry-1", Role::OfficeIntake).await;
    let address = format!("/console/{case}");
    let seen = told_at(&mut registry, &address).await;
    assert_eq!(told_at(&mut registry, &address).await, seen, "to read the page changes nothing");
    let etag = |who: &Clients| {
        let (mut who, name) = (who.office.clone(), case.clone());
        async move { who.get_case(GetCaseRequest { name }).await.expect("it is there").into_inner() }
    };
    let before = etag(&affair.cast.intake).await;
    bring(&scene, &affair.cast.liaison, &case, DossierKind::EntityEvidence, "Extracto de octubre").await;
    let after = etag(&affair.cast.intake).await;
    assert_eq!(before.etag, after.etag, "the case is no other");
    let told = tokio::time::timeout(Duration::from_secs(20), registry.get(&seen)).await;
    let told = told.expect("the page is told").text();
    assert!(told.contains("event: changed"), "{told}");
    assert_ne!(told_at(&mut registry, &address).await, seen);
    scene.stop().await.expect("the services end well");
}

/// When the office has to decide, once the monitor told it.
async fn term_to_decide(affair: &Affair<'_>, case: &str) {
    testkit::eventually(LIMIT, || {
        let (mut office, name) = (affair.cast.intake.office.clone(), case.to_owned());
        async move {
            let case =
                office.get_case(GetCaseRequest { name }).await.map_err(|status| status.to_string())?.into_inner();
            case.decide_due_time.map(drop).ok_or_else(|| "no term is known yet".to_owned())
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_term_to_decide_is_shown_while_there_is_something_to_decide_and_no_longer() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let desk = Doorway::open(|address| gateway_console::pages(&scene, address)).await;
    let (affair, opened, case) = drafted(&scene, 62_000_053, "es.general").await;
    term_to_decide(&affair, &case).await;
    let mut visitor = at_the_case(&affair, &case, &door, &opened).await;
    let mut registry = gateway_console::at_the_console(&scene, &desk, "registry-1", Role::OfficeIntake).await;
    let (theirs, ours) = ("Debe decidir antes de", "Resolver antes de");
    let address = format!("/console/{case}");
    assert!(visitor.get("/t/office").await.text().contains(theirs));
    assert!(registry.get(&address).await.text().contains(ours));

    let read = GetCaseRequest { name: case.clone() };
    let etag = affair.cast.intake.office.clone().get_case(read).await.expect("it is there").into_inner().etag;
    let withdraw = WithdrawCaseRequest {
        name: case.clone(),
        etag,
        statement: "Ya me han pagado".to_owned(),
        request_id: scene.request_id(),
    };
    affair.cast.intake.office.clone().withdraw_case(withdraw).await.expect("the claimant stops");
    let page = visitor.get("/t/office").await.text();
    assert!(page.contains("Usted desistió.") && !page.contains(theirs), "{page}");
    let page = registry.get(&address).await.text();
    assert!(!page.contains(ours), "{page}");
    scene.stop().await.expect("the services end well");
}

/// Where these words stand on the office's page of the case: the side of the papers, and the side in the line of time.
fn placed(page: &str, words: &str) -> (usize, String) {
    let papers = page.split("id=\"papers\"").nth(1).expect("the papers of both sides");
    let side = papers.split("<h3>").position(|side| side.contains(words)).unwrap_or_default();
    let line = page.split("<li class=\"").find(|item| item.contains(words)).unwrap_or_default();
    (side, line.split('"').next().unwrap_or_default().to_owned())
}

/// An offer is declined and a decision answered by the party whose word counts under this regime; both pages tell whose word either is.
async fn answers_stand_with(number: u32, regime: &str, party: BoundBy, theirs: [&str; 2], ours: (usize, &str)) {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let desk = Doorway::open(|address| gateway_console::pages(&scene, address)).await;
    let (affair, opened, case) = drafted(&scene, number, regime).await;
    offer(&scene, &affair, &case, "20 euros").await;
    let mut visitor = at_the_case(&affair, &case, &door, &opened).await;
    let page = visitor.get("/t/office").await;
    let declined = [("accepted", "no"), ("text", "Con veinte no basta")];
    let sent = send(&mut visitor, &page, "/t/office/offer", &declined).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let draft = SaveDraftRequest {
        name: case.clone(),
        etag: stands(&affair, &case).await.etag,
        text: "Procede estimar el primer punto".to_owned(),
        request_id: scene.request_id(),
    };
    affair.cast.investigator.office.clone().save_draft(draft).await.expect("it is drafted once more");
    affair.decide(&case).await.expect("it is decided");
    let answer = AnswerDecisionRequest {
        name: case.clone(),
        etag: stands(&affair, &case).await.etag,
        party: party.into(),
        accepted: true,
        statement: "Conforme con todo ello".to_owned(),
        request_id: scene.request_id(),
    };
    affair.cast.intake.procedure.clone().answer_decision(answer).await.expect("it is answered");

    let told = visitor.get("/t/office").await.text();
    let [class, who] = theirs;
    let begins = format!("{class}\"><p><strong>{who}</strong>: su respuesta a la resolución");
    let answered = item(&told, "Conforme con todo ello");
    assert!(answered.starts_with(&begins), "{answered}");
    let answered = item(&told, "Con veinte no basta");
    assert!(answered.starts_with("claimant\"><p><strong>Usted</strong>: su respuesta a la oferta"), "{answered}");

    let mut registry = gateway_console::at_the_console(&scene, &desk, "registry-1", Role::OfficeIntake).await;
    let page = registry.get(&format!("/console/{case}")).await.text();
    assert_eq!(placed(&page, "Conforme con todo ello"), (ours.0, ours.1.to_owned()));
    assert_eq!(placed(&page, "Con veinte no basta"), (1, "claimant".to_owned()));
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_firms_answer_to_a_decision_stands_on_the_firms_side_and_a_claimants_to_an_offer_on_theirs() {
    answers_stand_with(62_000_054, "es.general", BoundBy::Firm, ["firm", "La empresa"], (2, "firm")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claimants_answer_to_a_decision_stands_on_the_claimants_side() {
    answers_stand_with(62_000_055, "es.adr", BoundBy::Claimant, ["claimant", "Usted"], (1, "claimant")).await;
}
