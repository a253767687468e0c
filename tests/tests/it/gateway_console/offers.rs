//! Offers of the firm, on its page and on the office's.

use http::StatusCode;
use kernel::Role;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::{Answer, Doorway, Visitor};
use ventanilla_tests::scene::filled::Form;
use ventanilla_tests::scene::people::Person;

use super::{at_the_console, investigated, pages};

const TERMS: &str = "41 euros y una disculpa por escrito";

/// Sends a form of a page with these values.
async fn send(visitor: &mut Visitor, at: &str, action: &str, values: &[(&str, &str)]) -> Answer {
    let form = Form::to(&visitor.get(at).await, action);
    let sent = form.sent(values);
    let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    visitor.post(action, &sent).await
}

/// The piece of a page that is said below this heading.
fn below<'a>(text: &'a str, heading: &str) -> &'a str {
    let from = text.find(heading).unwrap_or_else(|| panic!("{heading:?} is not on the page: {text}"));
    text[from..].split("</section>").next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_waits_is_told_to_the_office_with_its_words_its_instant_and_what_may_be_done_of_it() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let affair = Affair::of(&scene, Person::numbered(63_000_041));
    let id = investigated(&affair).await;
    let name = format!("cases/{id}");
    let (firm_page, case_page) = (format!("/firm/cases/{id}"), format!("/console/cases/{id}"));
    let read = office::GetCaseRequest { name: name.clone() };
    let stands = affair.cast.ombudsman.office.clone().get_case(read.clone()).await.expect("it is there").into_inner();
    let draft = office::SaveDraftRequest {
        name: name.clone(),
        etag: stands.etag,
        text: "Propuesta: estimar el primer punto".to_owned(),
        request_id: scene.request_id(),
    };
    affair.cast.investigator.office.clone().save_draft(draft).await.expect("it is drafted");
    let mut registry = at_the_console(&scene, &door, "registry-1", Role::OfficeIntake).await;
    let before = registry.get(&case_page).await.text();
    assert!(!before.contains("Oferta de la entidad"), "there is none yet: {before}");

    // Days alone are no way to carry anything out; what was typed is there again, and says what is wrong where it is.
    let mut firm = at_the_console(&scene, &door, "liaison-1", Role::FirmLiaison).await;
    let act = format!("{firm_page}/offer");
    for (days, said) in [("pronto", "de 1 a 365"), ("10", "")] {
        let unfit = [("terms", TERMS), ("department", ""), ("term_days", days)];
        let refused = send(&mut firm, &firm_page, &act, &unfit).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{days}: {}", refused.text());
        let form = Form::to(&refused, &act);
        let value = |name: &str| form.fields.iter().find(|field| field.name == name).map(|field| field.value.clone());
        assert_eq!((value("terms").as_deref(), value("term_days").as_deref()), (Some(TERMS), Some(days)));
        assert!(
            refused.text().contains(said) && refused.text().contains("aria-invalid=\"true\""),
            "{}",
            refused.text()
        );
        let statement = Form::all(&refused).into_iter().find(|form| form.action == firm_page);
        assert!(statement.is_none(), "in a drafted case nobody is asked for a statement");
    }
    let made = send(&mut firm, &firm_page, &act, &[("terms", TERMS), ("department", ""), ("term_days", "")]).await;
    assert_eq!(made.header("location"), format!("{firm_page}?done=offer"), "{}", made.text());
    let own = firm.get(made.header("location")).await.text();
    assert!(own.contains("Su oferta consta") && below(&own, "Oferta de la entidad").contains(TERMS), "{own}");

    let procedure = office::GetProcedureRequest { name: format!("{name}/procedure") };
    let procedure = affair.cast.ombudsman.procedure.clone().get_procedure(procedure).await.expect("it is there");
    let made_at = procedure.into_inner().waiting_offer.and_then(|offer| offer.offer_time).expect("it waits");
    let made_at = jiff::Timestamp::new(made_at.seconds, made_at.nanos).expect("an instant").to_string();
    let page = registry.get(&case_page).await.text();
    let told = below(&page, "Oferta de la entidad que espera");
    for part in [TERMS, &made_at, "el reclamante no la conoce", &format!("{case_page}/steps/tell-offer")] {
        assert!(told.contains(part), "{part} is told: {told}");
    }
    for step in ["answer-offer", "end-conciliation"] {
        assert!(!told.contains(step), "nobody can do that yet: {told}");
    }
    let listed = registry.get("/console").await.text();
    assert!(listed.contains("oferta por comunicar") && listed.contains(&made_at), "{listed}");
    let english = registry.get(&format!("{case_page}?lang=en")).await.text();
    assert!(below(&english, "Offer of the firm that waits").contains("the claimant does not know of it"), "{english}");
    let list = registry.get("/console?lang=en").await.text();
    assert!(list.contains("offer to be told"), "{list}");
    registry.get("/console?lang=es").await;
    // Who may not tell it is led to no form for it, and reads the same.
    let mut investigator = at_the_console(&scene, &door, "investigator-1", Role::Investigator).await;
    let page = investigator.get(&case_page).await.text();
    let theirs = below(&page, "Oferta de la entidad que espera");
    assert!(theirs.contains(TERMS) && !theirs.contains("/steps/"), "{theirs}");

    let step = format!("{case_page}/steps/tell-offer");
    let sent = send(&mut registry, &step, &step, &[("channel", "3")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let page = registry.get(&case_page).await.text();
    let told = below(&page, "Oferta de la entidad</h3>");
    for part in [TERMS, "se piensa hasta el", "Un no cuenta enseguida", &format!("{case_page}/steps/answer-offer")] {
        assert!(told.contains(part), "{part} is told: {told}");
    }
    assert!(!registry.get("/console").await.text().contains("oferta por comunicar"));
    // While it stands the firm is asked for no other.
    let page = firm.get(&firm_page).await;
    assert!(Form::all(&page).iter().all(|form| form.action != act), "{}", page.text());
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_that_a_party_brings_stands_on_its_side_of_the_papers() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let affair = Affair::of(&scene, Person::numbered(63_000_042));
    let id = investigated(&affair).await;
    let (firm_page, case_page) = (format!("/firm/cases/{id}"), format!("/console/cases/{id}"));
    let mut firm = at_the_console(&scene, &door, "liaison-1", Role::FirmLiaison).await;
    let act = format!("{firm_page}/evidence");
    let brought = send(&mut firm, &firm_page, &act, &[("content", "Extracto de octubre: un solo cargo")]).await;
    assert_eq!(brought.header("location"), format!("{firm_page}?done=evidence"), "{}", brought.text());
    let mut registry = at_the_console(&scene, &door, "registry-1", Role::OfficeIntake).await;
    let evidence = (office::DossierKind::ClaimantEvidence as i32).to_string();
    let step = format!("{case_page}/steps/add-entry");
    let values = [("kind", evidence.as_str()), ("visibility", "1"), ("content", "Foto del cargo doble")];
    assert_eq!(send(&mut registry, &step, &step, &values).await.status, StatusCode::SEE_OTHER);
    let page = registry.get(&case_page).await.text();
    let papers = page.split("id=\"papers\"").nth(1).expect("the papers of both sides");
    let sides: Vec<&str> = papers.split("<h3>").collect();
    let [_, claimant, firms, office, ..] = sides.as_slice() else { panic!("three sides: {papers}") };
    assert!(claimant.contains("Foto del cargo doble"), "{claimant}");
    assert!(firms.contains("Extracto de octubre"), "{firms}");
    assert!(!office.contains("Extracto de octubre") && !office.contains("Foto del cargo doble"), "{office}");
    scene.stop().await.expect("the services end well");
}
