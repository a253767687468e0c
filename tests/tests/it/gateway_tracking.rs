//! The customer's page over real services: from key and proof to an objection and the ombudsman, without a script and without a login.

mod answers;
mod complaint;
mod kept;
mod office;
mod phrases;
mod sides;
mod survey;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http::StatusCode;
use kernel::Language;
use secrecy::SecretString;
use telemetry::testing::capture;
use ticketing_domain::{ReadabilityGrade, readability};
use ventanilla_proto::ombudsman::v1::{DossierKind, ListCasesRequest, ListDossierEntriesRequest};
use ventanilla_proto::ticketing::v1::{
    AnswerClaimPointRequest, CreateTicketResponse, GetPublicStatusRequest, GetTicketRequest, ResolveTicketRequest,
    StartTicketRequest, TicketState,
};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::{Answer, Doorway, Visitor};
use ventanilla_tests::scene::people::Person;

use complaint::COMPLAINT;

const LIMIT: Duration = Duration::from_secs(30);
const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"{{7*7}}";

fn pages(scene: &Scene, address: SocketAddr) -> axum::Router {
    pages_that_take(scene, address, web::LimitSettings::default())
}

fn pages_that_take(scene: &Scene, address: SocketAddr, limits: web::LimitSettings) -> axum::Router {
    let settings = web::Settings {
        limits,
        public_url: format!("http://localhost:{}", address.port()),
        sealing_keys: vec![SecretString::from("07".repeat(32))],
        ..web::Settings::default()
    };
    let web = web::Web::new(settings, scene.verifier(), scene.ambient.clone()).expect("good settings");
    let (own, settings) = (scene.form_token(), tracking::Settings::default());
    tracking::router(tracking::State { peers: scene.peers(), web, own, settings })
}

async fn complaint<'a>(scene: &'a Scene, number: u32) -> (Affair<'a>, CreateTicketResponse) {
    let affair = Affair::of(scene, Person::numbered(number));
    let customer = affair.arrive().await.expect("a good record").customer;
    let opened = affair.complain(&customer, "").await.expect("a good complaint");
    (affair, opened)
}

/// Types key and proof.
async fn enter(visitor: &mut Visitor, key: &str, proof: &str) -> Answer {
    let csrf = visitor.get("/t?lang=es").await.field("csrf");
    visitor.post("/t", &[("csrf", &csrf), ("key", key), ("proof", proof)]).await
}

/// The form of the page that posts there, alone.
fn form(page: &Answer, path: &str) -> Answer {
    let text = page.text();
    let form = text.split(&format!("action=\"{path}\"")).nth(1).unwrap_or_else(|| panic!("no form to {path}: {text}"));
    Answer { body: form.split("</form>").next().unwrap_or_default().to_owned().into(), ..page.clone() }
}

/// What a browser makes of a text of a page.
fn plain(text: &str) -> String {
    let named = [("&#34;", "\""), ("&quot;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    named.into_iter().fold(text.to_owned(), |text, (name, character)| text.replace(name, character))
}

/// Fields that forms carry along.
const HIDDEN: [&str; 12] = [
    "csrf",
    "case",
    "etag",
    "request",
    "draft",
    "draft_case",
    "draft_text",
    "draft_kind",
    "draft_proceedings",
    "draft_facts",
    "draft_points",
    "draft_chosen",
];

/// Sends the form of the page that posts there, filled in so.
async fn send(visitor: &mut Visitor, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
    let form = form(page, path);
    let hidden: Vec<(&str, String)> = HIDDEN
        .iter()
        .map(|name| (*name, plain(&form.field(name))))
        .filter(|(name, value)| !value.is_empty() && !fields.iter().any(|(given, _)| given == name))
        .collect();
    let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
    all.extend_from_slice(fields);
    visitor.post(path, &all).await
}

/// Somebody answers every point.
async fn answered(scene: &Scene, affair: &Affair<'_>, name: &str) {
    let mut tickets = affair.cast.agent.tickets.clone();
    let etag = |tickets: &mut ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient<_>| {
        let (mut tickets, name) = (tickets.clone(), name.to_owned());
        async move { tickets.get_ticket(GetTicketRequest { name }).await.unwrap().into_inner() }
    };
    let ticket = etag(&mut tickets).await;
    let start = StartTicketRequest {
        name: name.to_owned(),
        etag: ticket.etag,
        request_id: scene.request_id(),
        occurred_time: None,
    };
    let mut ticket = tickets.start_ticket(start).await.unwrap().into_inner();
    let texts = [
        "La lectura de marzo era estimada; la real da 41 euros menos, que abonamos en mayo.",
        "Llamamos el martes a las 10:15; la llamada quedó grabada y nadie contestó.",
    ];
    for (point, text) in ticket.claim_points.clone().iter().zip(texts) {
        let answer = AnswerClaimPointRequest {
            name: name.to_owned(),
            claim_point: point.id.clone(),
            answer: text.to_owned(),
            etag: ticket.etag.clone(),
            request_id: scene.request_id(),
            occurred_time: None,
        };
        ticket = tickets.answer_claim_point(answer).await.unwrap().into_inner();
    }
    let resolve = ResolveTicketRequest {
        name: name.to_owned(),
        resolution: "Abonamos 41 euros en mayo y le llamamos otra vez el lunes.".to_owned(),
        etag: ticket.etag,
        request_id: scene.request_id(),
        occurred_time: None,
    };
    tickets.resolve_ticket(resolve).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_goes_from_their_key_to_an_objection_and_to_the_ombudsman() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    a_customer_objects_and_goes_on(&scene, &door).await;
    scene.stop().await.expect("the services end well");
}

/// From key and proof at this door to an objection and to the ombudsman.
pub(crate) async fn a_customer_objects_and_goes_on(scene: &Scene, door: &Doorway) {
    let (affair, opened) = complaint(scene, 62_000_001).await;
    let name = opened.ticket.as_ref().unwrap().name.clone();
    let mut visitor = door.visitor();

    let spoken = opened.tracking_key.to_lowercase().replace('-', " ");
    let entered = enter(&mut visitor, &spoken, &opened.proof.to_lowercase()).await;
    assert_eq!(
        (entered.status, entered.header("location")),
        (StatusCode::SEE_OTHER, "/t/affair"),
        "{}",
        entered.text()
    );
    let page = visitor.get("/t/affair").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    for told in ["Recibido", "Una persona del departamento se hará cargo.", "Está aquí: Recibido", &opened.tracking_key]
    {
        assert!(page.text().contains(told), "{told:?} is told: {}", page.text());
    }
    assert!(!page.text().contains(&opened.proof), "the proof is on no page");
    assert!(page.body.len() < 100_000);

    // The receipt, as both files.
    let pdf = visitor.get("/t/receipt.pdf").await;
    assert!(pdf.body.starts_with(b"%PDF") && pdf.header("content-disposition").starts_with("attachment"));
    let text = visitor.get("/t/receipt.txt").await;
    assert!(text.text().contains("JUSTIFICANTE") && text.header("content-type").starts_with("text/plain"));

    // Something is said; sent twice, said once, and shown as what it is.
    let sent = send(&mut visitor, &page, "/t/message", &[("text", HOSTILE)]).await;
    assert_eq!(sent.header("location"), "/t/affair?done=message", "{}", sent.text());
    send(&mut visitor, &page, "/t/message", &[("text", HOSTILE)]).await;
    let page = visitor.get("/t/affair?done=message").await;
    assert!(!page.text().contains("<script>alert") && !page.text().contains("<img src=x"), "it is shown, not done");
    assert_eq!(page.text().matches("alert(1)").count(), 1);
    assert!(page.text().contains("Hemos recibido lo que nos ha escrito."));

    // The answer is read, and objected to.
    answered(scene, &affair, &name).await;
    let page = visitor.get("/t/affair").await;
    assert!(page.text().contains("la real da 41 euros menos"), "{}", page.text());
    let nothing = send(&mut visitor, &page, "/t/object", &[("text", "  ")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    let named = ["<a href=\"#objection\">", "aria-describedby=\"objection-wrong\"", "id=\"objection-wrong\""];
    assert!(named.iter().all(|part| nothing.text().contains(part)), "the field at fault is named: {}", nothing.text());
    let sent = send(&mut visitor, &page, "/t/object", &[("text", "No es mi número.")]).await;
    assert_eq!(sent.header("location"), "/t/affair?done=objected", "{}", sent.text());
    // What was read is not what stands any more.
    let stale = send(&mut visitor, &page, "/t/accept", &[]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text().contains("ha cambiado mientras lo leía"), "{}", stale.text());
    let ticket = affair.cast.agent.tickets.clone().get_ticket(GetTicketRequest { name: name.clone() }).await.unwrap();
    let ticket = ticket.into_inner();
    assert_eq!((ticket.state(), ticket.state_reason.as_str()), (TicketState::InProgress, "customer_objected"));

    // The ombudsman has it, and has it once.
    affair.appoint().await.unwrap();
    let none = visitor.get("/t/office").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(none.text().contains("no tiene todavía su asunto"), "{}", none.text());
    let page = visitor.get("/t/affair").await;
    let sent = send(&mut visitor, &page, "/t/ombudsman", &[("proceedings", "none")]).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text());
    assert!(sent.text().contains("Su código para el defensor es"), "the office's code is shown once: {}", sent.text());
    assert!(!sent.text().contains("?lang="), "and no link leads away from it: {}", sent.text());
    for later in ["/t/affair", "/t/affair?done=ombudsman"] {
        assert!(!visitor.get(later).await.text().contains("Su código para el defensor es"), "{later}");
    }
    let cases = ListCasesRequest { ticket: name, ..ListCasesRequest::default() };
    let cases = affair.cast.intake.office.clone().list_cases(cases).await.unwrap().into_inner().cases;
    assert_eq!(cases.len(), 1);
    let customer = ticket.customer.trim_start_matches("customers/");
    assert_eq!(cases[0].opened_by.as_ref().map(|actor| actor.id.as_str()), Some(customer));
    testkit::eventually(LIMIT, || {
        let (mut anybody, key, proof) = (scene.stranger().tickets, opened.tracking_key.clone(), opened.proof.clone());
        async move {
            let status = anybody.get_public_status(GetPublicStatusRequest { tracking_key: key, proof }).await;
            let status = status.map_err(|status| status.to_string())?.into_inner();
            if status.office_case_open { Ok(()) } else { Err("ticketing has not heard of the case".to_owned()) }
        }
    })
    .await;
    let page = visitor.get("/t/affair").await;
    assert!(page.text().contains("El defensor del cliente estudia su asunto."), "{}", page.text());
    assert!(!page.text().contains("action=\"/t/ombudsman\""));
    // What is for both parties is read by the same key, and added to.
    let office = visitor.get("/t/office").await;
    assert_eq!(office.status, StatusCode::OK, "{}", office.text());
    for told in ["El defensor mira si puede tramitarlo.", "su reclamación", "los mensajes con usted, como estaban"] {
        assert!(office.text().contains(told), "{told:?} is told: {}", office.text());
    }
    let nothing = send(&mut visitor, &office, "/t/office/add", &[("kind", "evidence"), ("text", " ")]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    for _ in 0..2 {
        let sent = send(&mut visitor, &office, "/t/office/add", &[("kind", "evidence"), ("text", HOSTILE)]).await;
        assert!(sent.header("location").starts_with("/t/office?done=sent&case="), "{}", sent.text());
    }
    let office = visitor.get("/t/office?done=sent").await;
    assert!(!office.text().contains("<script>alert") && !office.text().contains("<img src=x"), "it is shown, not done");
    assert!(office.text().contains("La empresa también puede leerlo."), "{}", office.text());
    let parent = cases[0].name.clone();
    let entries = ListDossierEntriesRequest { parent, page_size: 100, ..ListDossierEntriesRequest::default() };
    let entries = affair.cast.intake.office.clone().list_dossier_entries(entries).await.unwrap().into_inner().entries;
    let theirs: Vec<_> = entries.iter().filter(|entry| entry.kind() == DossierKind::Evidence).collect();
    assert_eq!(theirs.len(), 1, "sent twice, added once");
    assert_eq!(theirs[0].content, HOSTILE.as_bytes());
    let left = send(&mut visitor, &page, "/t/leave", &[]).await;
    assert_eq!(left.header("location"), "/t");
    assert_eq!(visitor.get("/t/office").await.header("location"), "/t", "the key is forgotten");
    assert_eq!(visitor.get("/t/affair").await.header("location"), "/t", "the key is forgotten");
}

/// A page without what differs from visit to visit.
fn bare(answer: &Answer) -> String {
    answer.text().replace(&answer.field("csrf"), "")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_guesses_reads_one_page_and_has_few_tries() {
    // Answers name their traces from here on: another test's capture must not begin between two of them.
    capture();
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (_, opened) = complaint(&scene, 62_000_002).await;
    let nobody = ticketing_domain::TrackingKey::from_entropy([31; 12]).to_string();
    let wrong = if opened.proof == "000000" { "111111" } else { "000000" };
    let mut visitor = door.visitor();
    let known = enter(&mut visitor, &opened.tracking_key, wrong).await;
    let unknown = enter(&mut visitor, &nobody, &opened.proof).await;
    assert_eq!((known.status, unknown.status), (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY));
    assert_eq!(bare(&known), bare(&unknown), "the page tells which of the two was wrong");
    let names = |answer: &Answer| answer.headers.keys().map(|name| name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&known), names(&unknown));
    assert!(!known.text().contains(&opened.tracking_key), "what was typed is not shown again");

    let mistyped = enter(&mut visitor, "7K3M-9QXT-2VBD-X", "000000").await;
    assert!(mistyped.text().contains("La clave no está bien escrita."), "{}", mistyped.text());

    // Few tries for an address, and the right pair is one of them.
    let mut refused = None;
    for _ in 0..12 {
        let answer = enter(&mut visitor, &nobody, wrong).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("after a few tries no more are taken");
    assert!(!refused.header("retry-after").is_empty());
    let right = enter(&mut visitor, &opened.tracking_key, &opened.proof).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_sites_change_nothing_and_key_and_proof_are_in_no_address() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (affair, opened) = complaint(&scene, 62_000_003).await;
    let mut visitor = door.visitor();
    let entered = enter(&mut visitor, &opened.tracking_key, &opened.proof).await;
    let compact = opened.tracking_key.replace('-', "");
    for header in entered.headers.values().filter_map(|value| value.to_str().ok()) {
        for secret in [&opened.tracking_key, &compact, &opened.proof] {
            assert!(!header.contains(secret.as_str()), "{header}");
        }
    }
    assert!(!visitor.cookies().contains(&compact) && !visitor.cookies().contains(&opened.proof));
    let page = visitor.get("/t/affair").await;
    for (name, value) in
        [("referrer-policy", "no-referrer"), ("cache-control", "no-store"), ("x-content-type-options", "nosniff")]
    {
        assert_eq!(page.header(name), value);
    }
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    let references: Vec<String> = page
        .text()
        .split(['"', '\''])
        .filter(|part| part.starts_with("http") || part.starts_with("//"))
        .map(str::to_owned)
        .collect();
    assert_eq!(references, Vec::<String>::new(), "no external request");
    assert!(!page.text().contains("style=") && !page.text().contains("onclick="));

    // A page of another site has the cookies and nothing else.
    let request = page.field("request");
    let forged = visitor.post("/t/message", &[("text", "forjado"), ("request", &request)]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    visitor.origin = "https://evil.example".to_owned();
    let forged = send(&mut visitor, &page, "/t/message", &[("text", "forjado")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let list = ventanilla_proto::ticketing::v1::ListMessagesRequest {
        parent: opened.ticket.unwrap().name,
        ..Default::default()
    };
    let said = affair.cast.agent.tickets.clone().list_messages(list).await.unwrap().into_inner().messages;
    assert!(said.is_empty());
    scene.stop().await.expect("the services end well");
}

/// The text of a page as it is read.
fn read(answer: &Answer) -> String {
    let text = answer.text();
    let main = text.split("<main").nth(1).and_then(|rest| rest.split_once('>')).map_or("", |(_, rest)| rest);
    let mut out = String::new();
    let mut inside = false;
    for c in main.split("</main>").next().unwrap_or_default().chars() {
        match c {
            '<' => {
                inside = true;
                out.push_str("\n\n");
            }
            '>' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    // Buttons, dates and keys are no sentences.
    let sentences = out.lines().map(str::trim).filter(|line| line.split_whitespace().count() > 3);
    sentences.collect::<Vec<_>>().join("\n\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_read_easily_in_both_languages() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (_, opened) = complaint(&scene, 62_000_004).await;
    let mut visitor = door.visitor();
    for (lang, language, wanted) in
        [("es", Language::Es, ReadabilityGrade::Normal), ("en", Language::En, ReadabilityGrade::Normal)]
    {
        let mut visitor = door.visitor();
        let entrance = visitor.get(&format!("/t?lang={lang}")).await;
        assert!(entrance.text().contains(&format!("<html lang=\"{lang}\">")));
        let form = visitor.get(&format!("/t/complaint?lang={lang}")).await;
        let blank = COMPLAINT.map(|(name, _)| (name, ""));
        let refused = send(&mut visitor, &form, "/t/complaint", &blank).await;
        let taken = send(&mut visitor, &form, "/t/complaint", &COMPLAINT).await;
        assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
        for page in [entrance, form, refused, taken] {
            let measured = readability(&read(&page), language).expect("there are words");
            assert!(measured.grade >= wanted, "{lang}: {measured:?}\n{}", read(&page));
        }
    }
    enter(&mut visitor, &opened.tracking_key, &opened.proof).await;
    for (lang, language) in [("es", Language::Es)] {
        let page = visitor.get(&format!("/t/affair?lang={lang}")).await;
        let measured = readability(&read(&page), language).expect("there are words");
        assert!(measured.grade >= ReadabilityGrade::Normal, "{lang}: {measured:?}\n{}", read(&page));
    }
    scene.stop().await.expect("the services end well");
}

/// How long each of these took, the middle one.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// By command, on a machine that does nothing else: `cargo test -p ventanilla-tests --test it gateway_tracking -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures time"]
async fn a_wrong_proof_and_an_unknown_key_take_as_long() {
    let scene = Scene::fresh().await;
    let free = web::Rate { burst: 1_000_000, per_minute: 1_000_000 };
    let limits = web::LimitSettings { guess: free, change: free, read: free, ..web::LimitSettings::default() };
    let door = Doorway::open(|address| pages_that_take(&scene, address, limits)).await;
    let (_, opened) = complaint(&scene, 62_000_005).await;
    let wrong = if opened.proof == "000000" { "111111" } else { "000000" };
    let mut visitor = door.visitor();
    let csrf = visitor.get("/t?lang=es").await.field("csrf");
    let (mut known, mut unknown, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..600_u32 {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&round.to_le_bytes().map(|b| b & 31));
        let nobody = ticketing_domain::TrackingKey::from_entropy(bytes).to_string();
        for (key, times) in
            [(&opened.tracking_key, &mut known), (&nobody, &mut unknown), (&opened.tracking_key, &mut again)]
        {
            let begun = Instant::now();
            let answer = visitor.post("/t", &[("csrf", &csrf), ("key", key), ("proof", wrong)]).await;
            times.push(begun.elapsed());
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
    let [known, unknown, again] = [known, unknown, again].map(|times| median(times[100..].to_vec()));
    println!("wrong proof {known:?} and {again:?}, unknown key {unknown:?} (median of 500)");
    // As near to one another as the same is to itself.
    let noise = known.abs_diff(again).max(Duration::from_micros(100));
    assert!(unknown.abs_diff((known + again) / 2) <= noise * 2, "the time tells which of the two was wrong");
    scene.stop().await.expect("the services end well");
}
