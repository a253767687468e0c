//! What the office itself says in the papers of a case, as its claimant reads them: in their language, with days as people write them.

use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::r#type::v1::Language as Spoken;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::Doorway;
use ventanilla_tests::scene::people::Person;

use super::answers::{at_the_case, offer, stands};
use super::{answered, pages, plain, send};

/// What the office says on the way, in Spanish and in English.
const SAID: [(&str, &str); 9] = [
    (
        "Normas por las que se tramita: las normas generales de la oficina (Ley 10/2025 y su reglamento)",
        "Heard under: the office's general rules (Ley 10/2025 and its rulebook)",
    ),
    ("Otros procedimientos sobre lo mismo: ninguno", "Other proceedings about the same: none"),
    ("Conocidos por quien reclama desde: sin decir", "Known to the claimant since: not said"),
    (
        "Se admite a trámite. La entidad puede exponer su posición hasta el ",
        "The case is admitted. The firm may state its position until the end of ",
    ),
    ("Se abre la investigación.", "The investigation is opened."),
    (
        "Lo cumple el departamento «billing», en 10 días desde que se acepte.",
        "The department “billing” carries it out within 10 days of its acceptance.",
    ),
    (
        "La oferta se comunicó a la parte reclamante en la página web.",
        "The claimant was told the offer on the web page.",
    ),
    ("La parte reclamante no acepta la oferta: 41", "The claimant does not accept the offer: 41"),
    (
        "La resolución se comunicó a la parte reclamante en la página web.",
        "The claimant was told the decision on the web page.",
    ),
];

/// A complaint in this language goes from its filing to the notice of its decision; answers what its claimant's page says in the papers, one after another,
/// but for texts that the office signed.
async fn papers_of(scene: &Scene, number: u32, language: Spoken) -> Vec<String> {
    let door = Doorway::open(|address| pages(scene, address)).await;
    let affair = Affair::of(scene, Person::numbered(number));
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("a good record").customer;
    let mut complaint = affair.complaint(&customer, "");
    complaint.ticket.as_mut().expect("it is there").language = language.into();
    let opened = affair.cast.agent.tickets.clone().create_ticket(complaint).await.expect("it is taken").into_inner();
    let ticket = &opened.ticket.as_ref().expect("it is there").name;
    answered(scene, &affair, ticket).await;
    let case = affair.bring_under(ticket, "es.general").await.expect("the office takes it");
    let case = affair.admit(&case).await.expect("it is admitted");
    affair.investigate(&case).await.expect("it is drafted");
    offer(scene, &affair, &case.name, "20").await;

    let mut visitor = at_the_case(&affair, &case.name, &door, &opened).await;
    let page = visitor.get("/t/office").await;
    let declined = send(&mut visitor, &page, "/t/office/offer", &[("accepted", "no"), ("text", "41")]).await;
    assert!(declined.header("location").starts_with("/t/office?done=answered"), "{}", declined.text());
    let draft = office::SaveDraftRequest {
        name: case.name.clone(),
        etag: stands(&affair, &case.name).await.etag,
        text: "Procede estimar el primer punto".to_owned(),
        request_id: scene.request_id(),
    };
    affair.cast.investigator.office.clone().save_draft(draft).await.expect("it is drafted once more");
    affair.decide(&case.name).await.expect("it is decided, and the parties are told");
    let code = if language == Spoken::En { "en" } else { "es" };
    let text = visitor.get(&format!("/t/office?lang={code}")).await.text();
    let papers = text.split("<div class=\"words\">").skip(1);
    let papers = papers.map(|rest| plain(rest.split("</div>").next().unwrap_or_default()));
    papers.filter(|paper| !paper.contains("\nsignature: ")).collect()
}

/// An instant as machines write it, where there is one.
fn instant(text: &str) -> Option<&str> {
    let shape = |bytes: &[u8]| {
        let digits = |range: std::ops::Range<usize>| bytes[range].iter().all(u8::is_ascii_digit);
        bytes[4] == b'-' && bytes[7] == b'-' && bytes[10] == b'T' && digits(0..4) && digits(5..7) && digits(8..10)
    };
    let at = text.as_bytes().windows(11).position(shape)?;
    text.get(at..at + 11)
}

fn holds(papers: &[String], words: &str) -> bool {
    papers.iter().any(|paper| paper.contains(words))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spanish_claimant_reads_no_machine_english_and_no_instant_in_the_papers_of_their_case() {
    assert_eq!(instant("until 2026-12-09T23:00:00Z"), Some("2026-12-09T"), "one would be seen");
    let scene = Scene::fresh().await;
    let papers = papers_of(&scene, 62_000_061, Spoken::Es).await;
    for (es, en) in SAID {
        assert!(holds(&papers, es), "{es:?} is said in {papers:#?}");
        assert!(!holds(&papers, en), "{en:?} is said in {papers:#?}");
    }
    let machine =
        ["regime", "other proceedings", "learnt of", "facts:", "not said", "admitted", "accepted", "told", "by web"];
    let english = ["the claimant", "the firm", "the decision", "the investigation", "within", "until"];
    for word in machine.into_iter().chain(english) {
        let said = papers.iter().find(|paper| paper.to_lowercase().contains(word));
        assert_eq!(said, None, "{word:?} is said");
    }
    for paper in &papers {
        assert_eq!(instant(paper), None, "{paper}");
    }
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_english_claimant_reads_no_spanish_of_the_offices_in_the_papers_of_their_case() {
    let scene = Scene::fresh().await;
    let papers = papers_of(&scene, 62_000_062, Spoken::En).await;
    for (es, en) in SAID {
        assert!(holds(&papers, en), "{en:?} is said in {papers:#?}");
        assert!(!holds(&papers, es), "{es:?} is said in {papers:#?}");
    }
    for words in
        ["Fecha de los hechos", "La parte reclamante", "La entidad", "Se abre", "Se admite", "hasta el", "Punto p"]
    {
        assert!(!holds(&papers, words), "{words:?} is said in {papers:#?}");
    }
    for paper in &papers {
        assert_eq!(instant(paper), None, "{paper}");
    }
    scene.stop().await.expect("the services end well");
}
