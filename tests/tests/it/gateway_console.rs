//! The office's console over real services, as scripts and forms of its pages use it.

mod case;
mod house;
mod offers;
mod steps;
mod worklist;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use http::StatusCode;
use kernel::Role;
use secrecy::SecretString;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Channel, Direction};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::docket::{self, Docket};
use ventanilla_tests::scene::doorway::{Answer, Doorway, Visitor};
use ventanilla_tests::scene::people::Person;

pub(crate) fn pages(scene: &Scene, address: SocketAddr) -> axum::Router {
    pages_before(scene, address, scene.peers())
}

/// The same, in front of these services.
fn pages_before(scene: &Scene, address: SocketAddr, peers: server::Peers) -> axum::Router {
    let settings = web::Settings {
        public_url: format!("http://localhost:{}", address.port()),
        sealing_keys: vec![SecretString::from("07".repeat(32))],
        ..web::Settings::default()
    };
    let web = web::Web::new(settings, scene.verifier(), scene.ambient.clone()).expect("good settings");
    let state = console::State { peers, web: web.clone() };
    console::router(state).merge(web.router())
}

/// Somebody of the office at the console.
pub(crate) async fn at_the_console(scene: &Scene, door: &Doorway, person: &str, role: Role) -> Visitor {
    let mut visitor = door.visitor();
    let department = (role == Role::FirmLiaison).then_some("legal");
    visitor.sign_in(&scene.token(person, &[role], department)).await;
    visitor
}

fn etag_of(page: &Answer) -> String {
    page.field("etag").replace("&quot;", "\"").replace("&#34;", "\"")
}

/// What a script of the page is answered: the version to give back.
fn version_of(answer: &Answer) -> String {
    let told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    told["set"]["etag"].as_str().unwrap_or_default().to_owned()
}

/// A case whose decision two people draft.
async fn investigated(affair: &Affair<'_>) -> String {
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("a good record").customer;
    let ticket = affair.complain(&customer, "").await.expect("a good complaint").ticket.unwrap();
    let case = affair.bring(&ticket.name).await.expect("the office takes it");
    let case = affair.admit(&case).await.expect("it is admitted");
    affair.investigate(&case).await.expect("it is investigated");
    case.name.trim_start_matches("cases/").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_never_written_over_unseen_and_an_answer_that_was_lost_is_given_again() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let affair = Affair::of(&scene, Person::numbered(63_000_001));
    let path = format!("/console/cases/{}/draft", investigated(&affair).await);
    let mut ours = at_the_console(&scene, &door, "investigator-1", Role::Investigator).await;
    let mut theirs = at_the_console(&scene, &door, "ombudsman-1", Role::Ombudsman).await;

    let page = ours.get(&path).await;
    let (csrf, read) = (page.field("csrf"), etag_of(&page));
    ours.accept = Some("application/json");
    let second = ("finding-p2", "Nadie llamó");
    let first =
        [("csrf", csrf.as_str()), ("etag", &read), ("finding-p1", "Lo que vimos primero"), second, ("language", "1")];
    let saved = ours.post(&path, &first).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    let own = version_of(&saved);

    // The answer was lost, and a colleague saves meanwhile, on what they read.
    let page = theirs.get(&path).await;
    assert_eq!(etag_of(&page), own);
    theirs.accept = Some("application/json");
    let other = page.field("csrf");
    // She changes a finding, adds a departure, chooses another language, and strikes out what was said of the second point.
    let departs = format!("p1 cases/{}/decision p2", uuid::Uuid::from_u128(7));
    let after = [
        ("csrf", other.as_str()),
        ("etag", &own),
        ("finding-p1", "Lo que vio la colega"),
        ("finding-p2", ""),
        ("precedent-0", &departs),
        ("departure-0", "Allí había un pacto expreso"),
        ("language", "2"),
    ];
    let colleague = theirs.post(&path, &after).await;
    assert_eq!(colleague.status, StatusCode::OK, "{}", colleague.text());

    // The same sent again is answered as it was the first time: with its own version, and not the colleague's.
    let again = ours.post(&path, &first).await;
    assert_eq!((again.status, version_of(&again)), (StatusCode::OK, own.clone()), "{}", again.text());
    let typed =
        [("csrf", csrf.as_str()), ("etag", &own), ("finding-p1", "Lo que vimos después"), second, ("language", "1")];
    let stale = ours.post(&path, &typed).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text());
    // What was typed since, on the version from before: refused as what it is.
    let typed_before = [("csrf", csrf.as_str()), ("etag", &read), ("finding-p1", "Otra cosa")];
    let stale = ours.post(&path, &typed_before).await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text());
    assert!(stale.text().contains("cambiado"), "{}", stale.text());

    // As a page it shows what the other draft says, and goes on with its version.
    ours.accept = None;
    let shown = ours.post(&path, &typed).await;
    assert_eq!(shown.status, StatusCode::CONFLICT);
    assert!(shown.text().contains("Lo que vio la colega") && shown.text().contains("Lo que vimos después"));
    for differs in [
        "p2 · hechos: (vacío en lo guardado)",
        "p1 · por qué se aparta de 000007 (p2): Allí había un pacto expreso",
        "idioma de la resolución: English",
    ] {
        assert!(shown.text().contains(differs), "{differs:?} is told: {}", shown.text());
    }
    assert!(!shown.text().contains("dice lo mismo"), "{}", shown.text());
    assert_eq!(etag_of(&shown), version_of(&colleague));
    // Where hers differs from what is typed in nothing but a departure, that is told as well.
    let hers = [("csrf", csrf.as_str()), ("etag", &own), ("finding-p1", "Lo que vio la colega"), ("language", "2")];
    let shown = ours.post(&path, &hers).await;
    assert_eq!(shown.status, StatusCode::CONFLICT);
    assert!(shown.text().contains("(p2): Allí había un pacto expreso"), "{}", shown.text());
    assert!(!shown.text().contains("dice lo mismo"), "{}", shown.text());
    let known = [("csrf", csrf.as_str()), ("etag", &etag_of(&shown)), ("finding-p1", "Lo que vimos los dos")];
    assert_eq!(ours.post(&path, &known).await.status, StatusCode::SEE_OTHER);
    let case_name = path.trim_start_matches("/console/").trim_end_matches("/draft").to_owned();
    let draft = affair.cast.ombudsman.office.clone().get_draft(office::GetDraftRequest { case_name }).await;
    assert!(draft.expect("it is there").into_inner().text.contains("Lo que vimos los dos"));
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_firm_reads_what_both_parties_may_and_answers() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let affair = Affair::of(&scene, Person::numbered(63_000_002));
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("a good record").customer;
    let ticket = affair.complain(&customer, "").await.expect("a good complaint").ticket.unwrap();
    let case = affair.bring(&ticket.name).await.expect("the office takes it");
    affair.admit(&case).await.expect("it is admitted");
    let path = format!("/firm/{}", case.name);

    let mut firm = at_the_console(&scene, &door, "liaison-1", Role::FirmLiaison).await;
    let found = firm.get(&format!("/firm?case={}", case.name)).await;
    assert_eq!((found.status, found.header("location")), (StatusCode::SEE_OTHER, path.as_str()));
    assert_eq!(firm.get("/firm?case=..%2F..%2Fconsole").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = firm.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    for person in ["investigator-1", "ombudsman-1"] {
        assert!(!page.text().contains(person), "who works on it is not told: {person}");
    }
    let (csrf, etag, request) = (page.field("csrf"), etag_of(&page), page.field("request_id"));
    let said = "La entidad reconoce el cargo repetido y lo devolvió el lunes <script>";
    let fields = [("csrf", csrf.as_str()), ("etag", &etag), ("request_id", &request), ("statement", said)];
    for _ in 0..2 {
        let sent = firm.post(&path, &fields).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "sent twice, said once: {}", sent.text());
        assert_eq!(sent.header("location"), format!("{path}?done=statement"));
    }
    let page = firm.get(&path).await.text();
    assert_eq!(page.matches("lo devolvió el lunes &#60;script&#62;").count(), 1, "{page}");
    // On a page that was read before: kept as it was typed, and not sent.
    let fields =
        [("csrf", csrf.as_str()), ("etag", &etag), ("request_id", &scene.request_id()), ("statement", "Además")];
    let stale = firm.post(&path, &fields).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text().contains(">Además</textarea>") && etag_of(&stale) != etag, "{}", stale.text());

    let mut office = at_the_console(&scene, &door, "quality-1", Role::OfficeQuality).await;
    let csrf = office.get("/console").await.field("csrf");
    let fields =
        [("csrf", csrf.as_str()), ("etag", &etag_of(&stale)), ("request_id", &scene.request_id()), ("statement", "x")];
    assert!(office.post(&path, &fields).await.status.is_client_error(), "the firm alone speaks for the firm");
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terms_of_office_are_given_renewed_and_ended_on_pages() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let affair = Affair::of(&scene, Person::numbered(63_000_003));
    affair.appoint().await.expect("the office has its people");
    let mut ombudsman = at_the_console(&scene, &door, "ombudsman-1", Role::Ombudsman).await;
    let page = ombudsman.get("/console/house/people").await;
    let (csrf, request) = (page.field("csrf"), page.field("request_id"));
    let today = scene.ambient.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let in_years = |years: i64| today.checked_add(jiff::Span::new().years(years)).unwrap().to_string();
    let yesterday = today.yesterday().unwrap().to_string();
    let appointed = [
        ("csrf", csrf.as_str()),
        ("request_id", &request),
        ("person", "investigator-9"),
        ("unit", "ombudsman-office"),
        ("office_role", "2"),
        ("start", &yesterday),
    ];
    let unread = ombudsman.post("/console/house/people", &[&appointed[..], &[("end", "mañana")]].concat()).await;
    assert_eq!(unread.status, StatusCode::BAD_REQUEST);
    assert!(unread.text().contains("value=\"investigator-9\""), "what was typed is kept");
    let short = ombudsman.post("/console/house/people", &[&appointed[..], &[("end", &in_years(1))]].concat()).await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST, "less than two years: {}", short.text());
    let taken = ombudsman.post("/console/house/people", &[&appointed[..], &[("end", &in_years(3))]].concat()).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
    let person = taken.header("location").split('?').next().unwrap().to_owned();

    let act = async |ombudsman: &mut Visitor, act: &str, fields: &[(&str, &str)]| {
        let page = ombudsman.get(&person).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        let (csrf, etag, request) = (page.field("csrf"), etag_of(&page), scene.request_id());
        let hidden = [("csrf", csrf.as_str()), ("etag", &etag), ("request_id", &request)];
        ombudsman.post(&format!("{person}/{act}"), &[&hidden[..], fields].concat()).await
    };
    let renewed = act(&mut ombudsman, "renew", &[("end", &in_years(6))]).await;
    assert_eq!(renewed.status, StatusCode::SEE_OTHER, "{}", renewed.text());
    let roles = act(&mut ombudsman, "roles", &[("office_role", "1"), ("office_role", "2")]).await;
    assert_eq!(roles.status, StatusCode::SEE_OTHER, "{}", roles.text());
    let ended = act(&mut ombudsman, "end", &[("cause", "1"), ("explanation", "Carta del lunes")]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.text());
    let page = ombudsman.get(&person).await.text();
    assert!(page.contains("renuncia") && page.contains("Carta del lunes"), "{page}");

    let keys = ombudsman.get("/console/house/keys").await;
    assert!(keys.status == StatusCode::OK && keys.text().contains("en uso"), "{}", keys.text());
    let mut quality = at_the_console(&scene, &door, "quality-1", Role::OfficeQuality).await;
    assert_eq!(quality.get("/console/house/keys").await.status, StatusCode::FORBIDDEN);
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_of_the_office_is_taken_on_its_page_and_does_at_the_office_what_it_says() {
    let scene = Scene::fresh_under(docket::ambient()).await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let (left, _) = Docket::open(&scene, 63_000_004, steps::ByHttp::of(&scene, &door)).await.work().await;
    let all: BTreeSet<&str> = console::steps().collect();
    assert_eq!(left.taken, all, "a step that nobody takes");
    let all: BTreeSet<&str> = console::firm_acts().collect();
    assert_eq!(left.sent, all, "a form of the firm's that nobody sends");
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_the_dossier_is_told_and_led_to_only_where_that_does_no_harm() {
    use ticketing::ScanState::{Clean, Infected};
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let affair = Affair::of(&scene, Person::numbered(63_000_005));
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("a good record").customer;
    let ticket = affair.complain(&customer, "").await.expect("a good complaint").ticket.unwrap();
    let files = [
        ("https://files.example/clean.pdf", "application/pdf", Some(Clean)),
        ("https://files.example/harmful.pdf", "application/pdf", Some(Infected)),
        ("https://files.example/unseen.pdf", "application/pdf", None),
        ("s3://files/kept.pdf", "application/pdf", Some(Clean)),
        ("https://files.example/page.html", "text/html", Some(Clean)),
        ("vbscript:msgbox", "application/pdf", Some(Clean)),
    ];
    let attached = files.iter().zip(1_u8..).map(|((uri, media_type, _), number)| ticketing::Attachment {
        uri: (*uri).to_owned(),
        file_name: format!("recibo \"{number}\"><script>.pdf"),
        media_type: (*media_type).to_owned(),
        size_bytes: 84_000,
        sha256: vec![number; 32],
        ..Default::default()
    });
    let message = ticketing::Message {
        direction: Direction::Inbound.into(),
        visibility: ticketing::MessageVisibility::Public.into(),
        channel: Channel::Email.into(),
        body: "Le mando los recibos".to_owned(),
        attachments: attached.collect(),
        ..Default::default()
    };
    let add = ticketing::AddMessageRequest {
        parent: ticket.name.clone(),
        message: Some(message),
        request_id: scene.request_id(),
        occurred_time: None,
    };
    affair.cast.agent.tickets.clone().add_message(add).await.expect("the customer sends them");
    let case = affair.bring(&ticket.name).await.expect("the office takes it");
    affair.admit(&case).await.expect("it is admitted");

    let mut ombudsman = at_the_console(&scene, &door, "ombudsman-1", Role::Ombudsman).await;
    let page = ombudsman.get(&format!("/console/{}", case.name)).await.text();
    let paper = page.split("#files\">Archivos: 6").next().and_then(|before| before.rsplit("href=\"").next());
    let paper = paper.unwrap_or_else(|| panic!("the case tells of its files: {page}")).to_owned();
    let before = ombudsman.get(&paper).await.text();
    assert!(!before.contains("target=\"_blank\""), "nobody has looked into any: {before}");
    assert_eq!(before.matches("sin examinar").count(), 6, "{before}");

    // What is found later counts from then on.
    for ((_, _, state), number) in files.iter().zip(1_u8..) {
        let Some(state) = state else { continue };
        let name = format!("scans/{}", format!("{number:02x}").repeat(32));
        let scan = Some(ticketing::Scan { name, state: (*state).into(), ..Default::default() });
        let put = ticketing::PutScanRequest { scan, request_id: scene.request_id() };
        scene.role(Role::Service).desk.clone().put_scan(put).await.expect("it is said what was found");
    }
    let page = ombudsman.get(&paper).await.text();
    let links: Vec<&str> = page.split("<a href=\"").skip(1).filter(|link| link.contains("target=\"_blank\"")).collect();
    let leads = |link: &&str| {
        link.starts_with("https://files.example/clean.pdf\" target=\"_blank\" rel=\"noopener noreferrer nofollow\" referrerpolicy=\"no-referrer\">")
    };
    assert!(links.len() == 1 && leads(&links[0]), "one of six is led to: {links:?}");
    for told in ["dañino", "Nadie lo ha examinado todavía", "Un navegador podría ejecutarlo", "84 kB", &"06".repeat(32)]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert_eq!(page.matches("No está en una dirección").count(), 2, "neither s3 nor a script is an address: {page}");
    assert!(!page.contains("href=\"vbscript") && !page.contains("><script>"), "{page}");
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_form_is_said_in_the_language_it_says() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    Affair::of(&scene, Person::numbered(63_000_006)).appoint().await.expect("the office has its people");
    let mut ombudsman = at_the_console(&scene, &door, "ombudsman-1", Role::Ombudsman).await;
    let page = ombudsman.get("/console/house/people").await;
    let fields =
        [("csrf", page.field("csrf")), ("request_id", page.field("request_id")), ("start", "mañana".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for (lang, said) in [("es", "Escriba un día como 2026-11-27."), ("en", "Write a day such as 2026-11-27.")] {
        let ours = ombudsman.post(&format!("/console/house/people?lang={lang}"), &fields).await;
        assert_eq!(ours.status, StatusCode::BAD_REQUEST);
        assert!(ours.text().contains(&format!("<span lang=\"{lang}\">{said}</span>")), "{}", ours.text());
    }
    // What the office refuses it says in English, whoever reads.
    let days = [("start", "2026-11-27"), ("end", "2030-11-27")];
    let theirs = ombudsman.post("/console/house/people?lang=es", &[&fields[..2], &days[..]].concat()).await;
    assert_eq!(theirs.status, StatusCode::BAD_REQUEST);
    assert!(theirs.text().contains("<span lang=\"en\">"), "{}", theirs.text());
    assert!(!theirs.text().contains("<span lang=\"es\">"), "{}", theirs.text());
    scene.stop().await.expect("the services end well");
}
