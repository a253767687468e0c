//! The page of a case, section by section, as each role of the office reads it and in both languages: what stands there is what the services answer.

use std::time::Duration;

use http::StatusCode;
use kernel::Role;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::Channel;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::{Answer, Doorway};
use ventanilla_tests::scene::filled::plain;
use ventanilla_tests::scene::people::Person;
use ventanilla_tests::scene::services::Service;
use ventanilla_tests::scene::{Scene, fingerprint};

use super::{at_the_console, investigated, pages};

const LIMIT: Duration = Duration::from_secs(30);
/// Who reads, in this order: whoever comes later is told of those before.
const READERS: [(&str, Role); 5] = [
    ("registry-1", Role::OfficeIntake),
    ("investigator-1", Role::Investigator),
    ("ombudsman-1", Role::Ombudsman),
    ("quality-1", Role::OfficeQuality),
    ("auditor-1", Role::OfficeAuditor),
];

/// Words in both languages.
type Both = (&'static str, &'static str);

const fn of(lang: &str, both: Both) -> &'static str {
    if lang.as_bytes()[0] == b'e' && lang.as_bytes()[1] == b's' { both.0 } else { both.1 }
}

/// A section of a page as somebody reads it, with its tags.
fn section(page: &Answer, id: &str) -> String {
    let text = page.text();
    let begun = text.split(&format!("<section aria-labelledby=\"{id}\">")).nth(1);
    plain(begun.and_then(|rest| rest.split("</section>").next()).unwrap_or_default())
}

/// What a page lacks and what it should not say, gathered, so that all of it is told at once.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn says(&mut self, where_: &str, text: &str, wanted: &str) {
        if !text.contains(wanted) {
            self.0.push(format!("{where_} does not say {wanted:?}: {text}"));
        }
    }

    fn silent(&mut self, where_: &str, text: &str, unwanted: &str) {
        if text.contains(unwanted) {
            self.0.push(format!("{where_} says {unwanted:?}: {text}"));
        }
    }

    /// One comes after the other.
    fn in_order(&mut self, where_: &str, text: &str, wanted: &[&str]) {
        let places: Vec<Option<usize>> = wanted.iter().map(|words| text.find(words)).collect();
        if !places.is_sorted() || places.contains(&None) {
            self.0.push(format!("{where_} does not tell {wanted:?} in this order: {text}"));
        }
    }
}

/// A drafted case after an affair of which everything happened, and an earlier one of the same, which was decided and has to be carried out.
struct Cases {
    drafted: String,
    earlier: String,
    ticket: String,
}

async fn cases(scene: &Scene, affair: &Affair<'_>) -> Cases {
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("a good record").customer;
    let mut names = Vec::new();
    for _ in 0..2 {
        let ticket = affair.complain(&customer, "").await.expect("a good complaint").ticket.expect("it is there");
        affair.work(&ticket).await.expect("it is worked on");
        let case = affair.bring_under(&ticket.name, "es.finance").await.expect("the office takes it");
        let case = affair.admit(&case).await.expect("it is admitted");
        let evidence = office::AddDossierEntryRequest {
            parent: case.name.clone(),
            kind: office::DossierKind::Evidence.into(),
            visibility: office::DossierVisibility::Parties.into(),
            content_type: String::new(),
            content: "Extracto bancario con los dos cargos".as_bytes().to_vec(),
            request_id: scene.request_id(),
            receive_time: None,
        };
        let mut investigator = affair.cast.investigator.office.clone();
        investigator.add_dossier_entry(evidence).await.expect("it is added");
        let case = investigator.get_case(office::GetCaseRequest { name: case.name }).await.expect("it is there");
        let case = case.into_inner();
        affair.investigate(&case).await.expect("it is drafted");
        if names.is_empty() {
            affair.decide(&case.name).await.expect("it is decided");
            ordered(scene, affair, &case.name).await;
        }
        names.push((case.name, ticket.name));
    }
    fingerprint::settled(&scene.admin().await, LIMIT).await;
    let (drafted, ticket) = names.remove(1);
    Cases { drafted, ticket, earlier: names.remove(0).0 }
}

async fn ordered(scene: &Scene, affair: &Affair<'_>, case: &str) {
    let read = office::GetCaseRequest { name: case.to_owned() };
    let etag = affair.cast.ombudsman.office.clone().get_case(read).await.expect("it is there").into_inner().etag;
    let order =
        office::ComplianceOrder { claim_point: "p1".to_owned(), department: "billing".to_owned(), term_days: 10 };
    let request = office::OrderComplianceRequest {
        name: case.to_owned(),
        etag,
        orders: vec![order],
        request_id: scene.request_id(),
    };
    affair.cast.ombudsman.procedure.clone().order_compliance(request).await.expect("it is ordered");
    affair.call_department("billing", "Facturación", "Billing desk").await.expect("it is called so");
}

async fn enter(scene: &Scene, affair: &Affair<'_>, person: &str, office_role: office::OfficeRole) {
    let at =
        |days: i64| prost_types::Timestamp { seconds: scene.ambient.now().as_second() + days * 24 * 3600, nanos: 0 };
    let member = office::OfficeMember {
        person: person.to_owned(),
        office_roles: vec![office_role.into()],
        unit: "ombudsman-office".to_owned(),
        mandate: Some(office::Mandate { start_time: Some(at(-1)), end_time: Some(at(3 * 365)), ending: None }),
        ..Default::default()
    };
    let request = office::RegisterOfficeMemberRequest { member: Some(member), request_id: scene.request_id() };
    affair.cast.ombudsman.office.clone().register_office_member(request).await.expect("a new colleague");
}

/// The clocks of the case and of its affair, and why each falls due when it does.
async fn clocks(affair: &Affair<'_>, cases: &Cases) -> Vec<(sla::Clock, sla::Proof)> {
    let mut monitor = affair.cast.ombudsman.clocks.clone();
    let mut found = Vec::new();
    for subject in [&cases.drafted, &cases.ticket] {
        let request = sla::ListClocksRequest { subject: subject.clone(), page_size: 100, ..Default::default() };
        let listed = monitor.list_clocks(request).await.expect("the monitor answers").into_inner().clocks;
        assert!(!listed.is_empty(), "clocks run on {subject}");
        for clock in listed {
            let request = sla::ExplainClockRequest { name: clock.name.clone() };
            let proof = monitor.explain_clock(request).await.expect("it is explained").into_inner().proof;
            found.push((clock, proof.expect("a clock has its proof")));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_section_of_a_case_tells_each_role_of_the_office_what_the_services_know_in_both_languages() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let affair = Affair::of(&scene, Person::numbered(63_000_011));
    let cases = cases(&scene, &affair).await;
    // Who has no term reads what the parties read.
    enter(&scene, &affair, "quality-1", office::OfficeRole::Quality).await;
    enter(&scene, &affair, "auditor-1", office::OfficeRole::Auditor).await;
    let clocks = clocks(&affair, &cases).await;
    let admin = scene.admin().await;
    let denied = fingerprint::denials(&admin, Service::OmbudsmanEscalation).await.expect("the database answers");
    let mut faults = Faults::default();
    for (person, role) in READERS {
        let mut reader = at_the_console(&scene, &door, person, role).await;
        for lang in ["es", "en"] {
            let page = reader.get(&format!("/console/{}?lang={lang}", cases.drafted)).await;
            assert_eq!(page.status, StatusCode::OK, "{role}: {}", page.text());
            let whose = format!("{role}, {lang}");
            points(&mut faults, &whose, lang, &section(&page, "points"));
            timeline(&mut faults, &whose, lang, &section(&page, "timeline"));
            papers(&mut faults, &whose, lang, &section(&page, "papers"), person);
            of_clocks(&mut faults, &whose, lang, &section(&page, "clocks"), &clocks);
            similar(&mut faults, &whose, lang, &section(&page, "similar"), role, &cases.earlier);
            people(&mut faults, &whose, lang, &section(&page, "people"), role);
            let page = reader.get(&format!("/console/{}?lang={lang}", cases.earlier)).await;
            owed(&mut faults, &whose, lang, &section(&page, "points"));
        }
    }
    // Nobody is written down as refused for having read a page.
    let after = fingerprint::denials(&admin, Service::OmbudsmanEscalation).await.expect("the database answers");
    assert_eq!(after, denied, "a page asks for nothing that its reader may not see");
    assert!(faults.0.is_empty(), "{} faults:\n{}", faults.0.len(), faults.0.join("\n\n"));
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_with_more_clocks_than_are_shown_says_how_many_more_there_are() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let affair = Affair::of(&scene, Person::numbered(63_000_012));
    let case = format!("cases/{}", investigated(&affair).await);
    let read = office::GetCaseRequest { name: case.clone() };
    let ticket = affair.cast.ombudsman.office.clone().get_case(read).await.expect("it is there").into_inner().ticket;
    for day in 1..26 {
        let due = scene.ambient.now().as_second() + day * 86_400;
        let promise = ticketing::Promise {
            text: format!("La parte {day} de la cuota se devuelve ese día"),
            due_time: Some(prost_types::Timestamp { seconds: due, nanos: 0 }),
            channel: Channel::Phone.into(),
            kind: ticketing::PromiseKind::Other.into(),
            ..ticketing::Promise::default()
        };
        let make = ticketing::MakePromiseRequest {
            parent: ticket.clone(),
            promise: Some(promise),
            request_id: scene.request_id(),
            occurred_time: None,
        };
        affair.cast.agent.tickets.clone().make_promise(make).await.expect("it is promised");
    }
    fingerprint::settled(&scene.admin().await, LIMIT).await;
    // Of each subject eight are shown, and the others counted; all of them are read on a page of their own.
    let (mut all, mut more) = (0, 0);
    for subject in [&case, &ticket] {
        let request = sla::ListClocksRequest { subject: subject.clone(), page_size: 100, ..Default::default() };
        let listed = affair.cast.ombudsman.clocks.clone().list_clocks(request).await.expect("the monitor answers");
        let found = listed.into_inner().clocks.len();
        (all, more) = (all + found, more + found.saturating_sub(8));
    }
    assert!(more > 5, "{more} more than are shown");
    let mut reader = at_the_console(&scene, &door, "ombudsman-1", Role::Ombudsman).await;
    let page = reader.get(&format!("/console/{case}?lang=es")).await;
    let clocks = section(&page, "clocks");
    assert!(clocks.contains(&format!("Plazos que no se muestran aquí: {more}.")), "{more}: {clocks}");
    let whole = format!("/console/{case}/read/clocks");
    assert!(clocks.contains(&format!("href=\"{whole}\"")), "{clocks}");
    let page = reader.get(&format!("{whole}?lang=es")).await.text();
    let words = page.split("<div class=\"words\">").nth(1).and_then(|rest| rest.split("</div>").next());
    assert_eq!(words.expect("they are told").split("\n\n").count(), all, "{page}");
    scene.stop().await.expect("the services end well");
}

fn points(faults: &mut Faults, whose: &str, lang: &str, text: &str) {
    let where_ = format!("{whose}: what is claimed");
    for both in [
        ("Qué se reclama", "What is claimed"),
        (
            "<dt>p1</dt><dd class=\"words\">Me cobraron dos veces la cuota de octubre",
            "<dt>p1</dt><dd class=\"words\">Me cobraron dos veces la cuota de octubre",
        ),
        ("<dt>p2</dt><dd class=\"words\">Nadie contestó", "<dt>p2</dt><dd class=\"words\">Nadie contestó"),
        ("<dt>Régimen</dt><dd>es.finance", "<dt>Regime</dt><dd>es.finance"),
        ("<dt>Motivo</dt><dd>billing", "<dt>Motive</dt><dd>billing"),
        ("<dt>Otros procedimientos</dt><dd>ninguno", "<dt>Other proceedings</dt><dd>none"),
    ] {
        faults.says(&where_, text, of(lang, both));
    }
}

/// The affair at the firm and the case at the office stand in one line of time.
fn timeline(faults: &mut Faults, whose: &str, lang: &str, text: &str) {
    let where_ = format!("{whose}: the timeline");
    let happened = [
        ("asunto abierto", "affair opened"),
        ("Adjunto los dos recibos", "Adjunto los dos recibos"),
        ("un punto contestado", "a point answered"),
        ("promesa hecha", "promise made"),
        (">admisión<", ">admission<"),
        ("Extracto bancario con los dos cargos", "Extracto bancario con los dos cargos"),
        ("La empresa reconoce el cargo repetido", "La empresa reconoce el cargo repetido"),
        ("apertura de la instrucción", "investigation opened"),
    ]
    .map(|both| of(lang, both));
    faults.in_order(&where_, text, &happened);
    for side in ["claimant", "firm", "office"] {
        faults.says(&where_, text, &format!("<li class=\"{side}\">"));
    }
}

/// What each side brought stands under its name.
fn papers(faults: &mut Faults, whose: &str, lang: &str, text: &str, person: &str) {
    let sides = [("reclamante", "claimant"), ("entidad", "firm"), ("oficina", "office")];
    let brought = |side: Both| {
        let after = text.split(&format!("<h3>{}</h3>", of(lang, side))).nth(1).unwrap_or_default();
        after.split("<h3>").next().unwrap_or_default().to_owned()
    };
    let [claimant, firm, own] = sides.map(brought);
    faults.says(&format!("{whose}: the claimant's papers"), &claimant, "Me cobraron dos veces la cuota de octubre");
    faults.silent(&format!("{whose}: the claimant's papers"), &claimant, "La empresa reconoce");
    let where_ = format!("{whose}: the firm's papers");
    faults.says(&where_, &firm, "La empresa reconoce el cargo repetido");
    faults.says(&where_, &firm, "El segundo cargo de octubre fue un error de domiciliación");
    faults.says(&where_, &firm, "Adjunto los dos recibos");
    let where_ = format!("{whose}: the office's papers");
    faults.says(&where_, &own, "Extracto bancario con los dos cargos");
    // What is sealed is there for everybody, and is read by who works on the case.
    let sealed = of(lang, ("Reservado a quien lleva el expediente.", "Sealed to who works on the case."));
    if ["registry-1", "investigator-1", "ombudsman-1"].contains(&person) {
        faults.says(&where_, &own, "Pedir el extracto del banco");
        faults.silent(&where_, &own, sealed);
    } else {
        faults.silent(&where_, &own, "Pedir el extracto del banco");
        faults.says(&where_, &own, sealed);
    }
}

fn of_clocks(faults: &mut Faults, whose: &str, lang: &str, text: &str, clocks: &[(sla::Clock, sla::Proof)]) {
    let where_ = format!("{whose}: the clocks");
    let shown = text.matches("<article").count();
    if shown != clocks.len() {
        faults.0.push(format!("{where_} are {shown} and not {}: {text}", clocks.len()));
    }
    for (clock, proof) in clocks {
        let sentence = of(lang, ("es", "en"));
        let sentence = if sentence == "es" { &proof.sentence_es } else { &proof.sentence_en };
        assert!(!sentence.is_empty() && !proof.citation.is_empty() && !proof.steps.is_empty(), "{proof:?}");
        for told in [&clock.rule, sentence, &proof.citation] {
            faults.says(&where_, text, told);
        }
        for step in &proof.steps {
            let step = if lang == "es" { &step.description_es } else { &step.description_en };
            faults.says(&where_, text, &format!("<li>{step}</li>"));
        }
    }
}

/// Earlier decisions are for who weighs them.
fn similar(faults: &mut Faults, whose: &str, lang: &str, text: &str, role: Role, earlier: &str) {
    let where_ = format!("{whose}: similar decisions");
    if matches!(role, Role::Investigator | Role::Ombudsman) {
        let link = format!("href=\"/console/{earlier}/decision\"");
        let told = [
            of(lang, ("Resoluciones anteriores parecidas", "Similar earlier decisions")),
            of(lang, ("Punto p1", "Point p1")),
            &link,
            of(lang, (" · estimado", " · upheld")),
            of(lang, (" · desestimado", " · not upheld")),
            " %",
        ];
        for told in told {
            faults.says(&where_, text, told);
        }
    } else if !text.is_empty() {
        faults.0.push(format!("{where_} are told: {text}"));
    }
}

/// Who sits on it, that the wall stands before them, and who looked.
fn people(faults: &mut Faults, whose: &str, lang: &str, text: &str, role: Role) {
    let where_ = format!("{whose}: the people");
    for both in [
        ("registry-1 <span class=\"soft\">registro", "registry-1 <span class=\"soft\">intake"),
        ("investigator-1 <span class=\"soft\">", "investigator-1 <span class=\"soft\">"),
        ("ombudsman-1 <span class=\"soft\">", "ombudsman-1 <span class=\"soft\">"),
        ("el muro lo comprueba en cada paso", "the wall checks at every step"),
    ] {
        faults.says(&where_, text, of(lang, both));
    }
    let heading = of(lang, ("Las veinte últimas miradas a este expediente", "The last twenty looks at this dossier"));
    if matches!(role, Role::Ombudsman | Role::OfficeQuality | Role::OfficeAuditor) {
        let papers = of(lang, (" · registry-1 · papeles 1–", " · registry-1 · papers 1–"));
        let sealed = of(lang, ("también lo reservado", "sealed ones too"));
        for told in [heading, papers, sealed] {
            faults.says(&where_, text, told);
        }
    } else {
        faults.silent(&where_, text, heading);
    }
}

/// What was ordered, of whom and until when.
fn owed(faults: &mut Faults, whose: &str, lang: &str, text: &str) {
    let where_ = format!("{whose}: what is owed");
    for both in [
        ("Qué debe la entidad", "What the firm owes"),
        (">orden p1</a>", ">order p1</a>"),
        ("<td data-label=\"Quién\">Facturación</td>", "<td data-label=\"Who\">Billing desk</td>"),
        (">pendiente<", ">open<"),
    ] {
        faults.says(&where_, text, of(lang, both));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_of_more_papers_than_a_page_holds_is_read_to_its_end() {
    let scene = Scene::fresh().await;
    let door = Doorway::open(|address| pages(&scene, address)).await;
    let affair = Affair::of(&scene, Person::numbered(63_000_012));
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("a good record").customer;
    let ticket = affair.complain(&customer, "").await.expect("a good complaint").ticket.expect("it is there");
    let case = affair.bring(&ticket.name).await.expect("the office takes it");
    let case = affair.admit(&case).await.expect("it is admitted").name;
    let mut investigator = affair.cast.investigator.office.clone();
    for number in 1..=60 {
        let evidence = office::AddDossierEntryRequest {
            parent: case.clone(),
            kind: office::DossierKind::Evidence.into(),
            visibility: office::DossierVisibility::Parties.into(),
            content_type: String::new(),
            content: format!("Recibo número {number}.").into_bytes(),
            request_id: scene.request_id(),
            receive_time: None,
        };
        investigator.add_dossier_entry(evidence).await.expect("it is added");
    }
    let mut ombudsman = at_the_console(&scene, &door, "ombudsman-1", Role::Ombudsman).await;
    // The newest are opened first, and lead to those before them.
    let link = |page: &str, text: &str| {
        let (before, _) = page.split_once(&format!(">{text}</a>"))?;
        Some(before.rsplit("href=\"").next()?.split(['#', '"']).next()?.to_owned())
    };
    let numbers = |page: &str| (1..=60).filter(|n| page.contains(&format!("Recibo número {n}."))).collect::<Vec<_>>();
    let newest = ombudsman.get(&format!("/console/{case}")).await.text();
    assert_eq!(numbers(&newest), (36..=60).collect::<Vec<_>>(), "{newest}");
    assert!(newest.contains("Aquí y en la cronología están los papeles "), "{newest}");
    assert_eq!((link(&newest, "Ver los siguientes"), link(&newest, "Ver los últimos")), (None, None));
    let (mut page, mut found) = (newest.clone(), numbers(&newest));
    while let Some(before) = link(&page, "Ver los anteriores") {
        page = ombudsman.get(&before).await.text();
        found.splice(0..0, numbers(&page));
    }
    // The first page is whole, and may tell some of the next one's too.
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, (1..=60).collect::<Vec<_>>(), "back to the first");
    let first = ombudsman.get(&link(&newest, "Ver los primeros").expect("a way to the first")).await.text();
    assert!(first.contains("están los papeles 1–25.") && link(&first, "Ver los anteriores").is_none(), "{first}");
    let (mut page, mut found) = (first.clone(), numbers(&first));
    while let Some(next) = link(&page, "Ver los siguientes") {
        page = ombudsman.get(&next).await.text();
        found.extend(numbers(&page));
    }
    assert_eq!(found, (1..=60).collect::<Vec<_>>(), "and on to the last");
    assert_eq!(link(&first, "Ver los últimos"), Some(format!("/console/{case}")));

    // One paper of them is read by its number, and it alone is noted as shown.
    let paper = newest.split("Recibo número 55.").next().and_then(|before| before.rsplit("/entries/").next());
    let number = paper.and_then(|rest| rest.split('"').next()).expect("a paper has a number").to_owned();
    let page = ombudsman.get(&format!("/console/{case}/entries/{number}")).await;
    assert!(page.status == StatusCode::OK && page.text().contains("Recibo número 55."), "{}", page.text());
    let list = office::ListDossierAccessesRequest { parent: case.clone(), page_size: 1, ..Default::default() };
    let noted = affair.cast.ombudsman.office.clone().list_dossier_accesses(list).await.expect("it is told");
    let noted = noted.into_inner().accesses.remove(0);
    assert_eq!((noted.first_sequence.to_string(), noted.last_sequence.to_string()), (number.clone(), number));
    assert_eq!(ombudsman.get(&format!("/console/{case}/entries/9999")).await.status, StatusCode::NOT_FOUND);

    // The firm reads to the end as well.
    let mut firm = at_the_console(&scene, &door, "liaison-1", Role::FirmLiaison).await;
    let mut at = format!("/firm/{case}");
    let mut found = Vec::new();
    loop {
        let page = firm.get(&at).await.text();
        found.extend((1..=60).filter(|number| page.contains(&format!("Recibo número {number}."))));
        let Some(before) = link(&page, "Ver los papeles anteriores") else { break };
        at = before;
    }
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, (1..=60).collect::<Vec<_>>(), "each is come to");
    scene.stop().await.expect("the services end well");
}
