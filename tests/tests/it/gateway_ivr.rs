//! What a telephone system asks, over HTTP, of real services; and a real telephone exchange that asks it.

mod exchange;
mod limits;
mod named;
mod one_person;
mod open;
mod plan;
mod session;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use http::StatusCode;
use jiff::Timestamp;
use kernel::Role;
use server::Peers;
use ventanilla_proto::customer::v1::{
    IngestSourceRecordRequest, Interaction, ListTimelineRequest, LookupByPhoneRequest, TimelineItem, timeline_item,
};
use ventanilla_proto::ticketing::v1::{
    CreateTicketResponse, GetTicketRequest, ListPromisesRequest, ListTicketsRequest, PromiseKind, Ticket, TicketState,
    TicketType,
};
use ventanilla_proto::r#type::v1::Language;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::{Doorway, Visitor};
use ventanilla_tests::scene::people::Person;

const LIMIT: Duration = Duration::from_secs(30);

async fn doorway(scene: &Scene) -> Doorway {
    // A machine that does much else is slow; what happens at the limit is another test's matter.
    let settings = ivr::Settings { limit_ms: 10_000, ..ivr::Settings::default() };
    let state = ivr::State {
        peers: scene.peers(),
        callers: scene.callers(edge::LimitSettings::default()),
        ambient: scene.ambient.clone(),
        settings,
    };
    Doorway::open(|_| ivr::router(state)).await
}

fn exchange_of(scene: &Scene, door: &Doorway) -> Visitor {
    as_role(scene, door, Role::Ivr)
}

fn as_role(scene: &Scene, door: &Doorway, role: Role) -> Visitor {
    let mut visitor = door.visitor();
    visitor.bearer = Some(scene.bearer_of(role));
    visitor
}

/// The digits a code is typed with on a telephone.
fn typed(code: &str) -> String {
    let keys = ["ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ"];
    let key = |c: char| keys.iter().zip('2'..='9').find(|(letters, _)| letters.contains(c)).map_or(c, |(_, key)| key);
    code.chars().filter(|c| *c != '-').map(key).collect()
}

/// Somebody who is known by their number, with a complaint that the view shows.
async fn known<'a>(scene: &'a Scene, number: u32) -> (Affair<'a>, String, CreateTicketResponse) {
    let affair = Affair::of(scene, Person::numbered(number));
    let customer = affair.arrive().await.expect("a good record").customer;
    let opened = affair.complain(&customer, "").await.expect("a good complaint");
    testkit::eventually(LIMIT, || {
        let ring = affair.ring();
        async move {
            let answer = ring.await.map_err(|status| status.to_string())?;
            if answer.open_ticket_count == 1 { Ok(()) } else { Err(format!("{} open", answer.open_ticket_count)) }
        }
    })
    .await;
    (affair, customer, opened)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_question_is_answered_for_a_caller_who_is_known() {
    let scene = Scene::fresh().await;
    a_known_caller_asks(&scene, &doorway(&scene).await).await;
    scene.stop().await.expect("the services end well");
}

/// Every question for one caller, by a telephone system at this door.
pub(crate) async fn a_known_caller_asks(scene: &Scene, door: &Doorway) {
    let mut exchange = exchange_of(scene, door);
    let (affair, customer, opened) = known(scene, 61_000_001).await;
    let phone = affair.person.e164();

    let answer = exchange.post("/ivr/v1/caller", &[("call", "c1"), ("phone", &phone), ("lang", "es")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!((answer.fact("known").as_str(), answer.fact("customer").as_str()), ("certain", customer.as_str()));
    assert_eq!(answer.fact("say"), "Hola. Tiene un asunto abierto con nosotros.");
    assert!(!answer.text().contains(&affair.person.given), "nobody's name is said to who holds the telephone");

    let answer = exchange.post("/ivr/v1/open", &[("call", "c1"), ("phone", &phone), ("lang", "en")]).await;
    assert_eq!((answer.fact("open_count").as_str(), answer.fact("next").as_str()), ("1", "done"));
    assert!(answer.fact("say").starts_with("You have one open affair."), "{}", answer.text());

    // Typed on a keypad, and spelled to whatever listens.
    for (key, proof) in [
        (typed(&opened.tracking_key), typed(&opened.proof)),
        (opened.tracking_key.to_lowercase().replace('-', " "), opened.proof.clone()),
    ] {
        let answer = exchange.post("/ivr/v1/status", &[("call", "c1"), ("key", &key), ("proof", &proof)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!((answer.fact("state").as_str(), answer.fact("next").as_str()), ("acknowledged", "done"));
        assert!(answer.fact("say").contains("Hemos recibido su asunto"), "{}", answer.text());
    }

    // In the language that is asked for, all of it; in the affair's where none is.
    let (key, proof) = (typed(&opened.tracking_key), typed(&opened.proof));
    let asked = [("call", "c1"), ("key", key.as_str()), ("proof", proof.as_str()), ("lang", "en")];
    let english = exchange.post("/ivr/v1/status", &asked).await;
    assert_eq!(english.fact("lang"), "en", "{}", english.text());
    assert!(english.fact("say").starts_with("We have your affair"), "{}", english.text());
    assert!(!english.fact("say").contains("Hemos") && !english.fact("step").contains("ecibid"), "{}", english.text());
    let theirs = exchange.post("/ivr/v1/status", &asked[..3]).await;
    assert_eq!(theirs.fact("lang"), "es", "{}", theirs.text());
    assert!(theirs.fact("say").starts_with("Hemos recibido su asunto"), "{}", theirs.text());

    let answer = exchange.post("/ivr/v1/human", &[("call", "c1"), ("phone", &phone)]).await;
    assert_eq!((answer.fact("next").as_str(), answer.fact("queue").as_str()), ("human", "billing"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_right_to_be_served_first_is_put_first_and_the_voice_says_so_to_nobody_else() {
    let scene = Scene::fresh().await;
    let door = doorway(&scene).await;
    let mut exchange = exchange_of(&scene, &door);
    let aloud = "Tiene derecho a que le atendamos antes.";
    let affair = Affair::of(&scene, Person::numbered(61_000_021));
    let before = |seconds| prost_types::Timestamp { seconds: scene.ambient.now().as_second() - seconds, nanos: 0 };
    let mut record = affair.person.record("crm-retail", "billing", "old-1", before(3_600));
    record.birth_date = "1940-05-02".to_owned();
    let ingest = |record| {
        let (mut billing, request_id) = (affair.cast.billing.customers.clone(), scene.request_id());
        async move { billing.ingest_source_record(IngestSourceRecordRequest { record: Some(record), request_id }).await }
    };
    ingest(record).await.expect("a good record");
    let phone = affair.person.e164();
    let ask = [("call", "c1"), ("phone", phone.as_str()), ("lang", "es")];
    let alone = exchange.post("/ivr/v1/caller", &ask).await;
    assert_eq!((alone.fact("known"), alone.fact("first")), ("certain".into(), "true".into()), "{}", alone.text());
    assert!(alone.fact("say").contains(aloud), "{}", alone.text());

    // A line that several people use, and a number that was seen years ago and may be another's by now: whoever picks it up may be anybody.
    for (number, shared, years) in [(61_000_022, true, 0), (61_000_023, false, 3)] {
        let person = Person::numbered(number);
        let mut record =
            person.record("crm-retail", "billing", &format!("old-{number}"), before(years * 31_536_000 + 3_600));
        record.birth_date = "1940-05-02".to_owned();
        record.identifiers.truncate(1);
        record.identifiers[0].shared = shared;
        record.identifiers[0].verified_time = None;
        ingest(record).await.expect("a good record");
        let phone = person.e164();
        let answer = exchange.post("/ivr/v1/caller", &[("call", "c2"), ("phone", &phone), ("lang", "es")]).await;
        let facts = [answer.fact("known"), answer.fact("first"), answer.fact("next"), answer.fact("shared")];
        let wanted = ["probable", "true", "human", if shared { "true" } else { "false" }];
        assert_eq!(facts, wanted, "they are put first all the same: {}", answer.text());
        assert!(!answer.fact("say").contains(aloud), "the line tells who is old or disabled: {}", answer.text());
    }
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_call_asks_for_is_done_once_however_often_it_is_asked() {
    let scene = Scene::fresh().await;
    let door = doorway(&scene).await;
    let mut exchange = exchange_of(&scene, &door);
    let (affair, _, opened) = known(&scene, 61_000_002).await;
    let phone = affair.person.e164();

    let ask =
        [("call", "c2"), ("phone", phone.as_str()), ("recording", "rec-7.wav"), ("transcript", "Me cobran dos veces")];
    let first = exchange.post("/ivr/v1/complaint", &ask).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    let again = exchange.post("/ivr/v1/complaint", &ask).await;
    assert_eq!(first.body, again.body, "the same call leaves one complaint, and hears its key again");
    let name = first.fact("ticket");
    let mut agent = affair.cast.agent.tickets.clone();
    let ticket = agent.get_ticket(GetTicketRequest { name: name.clone() }).await.unwrap().into_inner();
    assert_eq!(ticket.ticket_type(), TicketType::Reclamacion);
    assert!(ticket.claim_points[0].text.ends_with("Grabación de la llamada: rec-7.wav"));
    assert!(first.fact("text_message").contains(&first.fact("key")));
    let (key, proof) = (typed(&first.fact("key")), typed(&first.fact("proof")));
    let status = exchange.post("/ivr/v1/status", &[("call", "c2"), ("key", &key), ("proof", &proof)]).await;
    assert_eq!(status.fact("ok"), "true", "what was told opens it: {}", status.text());

    let ask = [("call", "c2"), ("phone", phone.as_str()), ("when", "morning"), ("ticket", name.as_str())];
    let first = exchange.post("/ivr/v1/callback", &ask).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    let again = exchange.post("/ivr/v1/callback", &ask).await;
    assert_eq!(first.fact("from_time"), again.fact("from_time"));
    let promises = ListPromisesRequest { parent: name, ..ListPromisesRequest::default() };
    let promises = agent.list_promises(promises).await.unwrap().into_inner().promises;
    assert_eq!(promises.iter().map(|p| p.kind()).collect::<Vec<_>>(), [PromiseKind::Callback]);
    let due = promises[0].due_time.as_ref().map(|t| Timestamp::from_second(t.seconds).unwrap().to_string());
    assert_eq!(due, Some(first.fact("until_time")));
    drop(opened);
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_superior_is_called_once_and_a_person_answers_either_way() {
    let scene = Scene::fresh().await;
    let door = doorway(&scene).await;
    let mut exchange = exchange_of(&scene, &door);
    let (affair, _, opened) = known(&scene, 61_000_003).await;
    let phone = affair.person.e164();
    let ask = [("call", "c3"), ("phone", phone.as_str()), ("superior", "true")];
    let answer = exchange.post("/ivr/v1/human", &ask).await;
    assert_eq!((answer.fact("next").as_str(), answer.fact("ok").as_str()), ("human", "true"), "{}", answer.text());
    let name = opened.ticket.unwrap().name;
    let ticket = affair.cast.agent.tickets.clone().get_ticket(GetTicketRequest { name }).await.unwrap().into_inner();
    assert!(ticket.supervisor_call_time.is_some(), "the customer waits for a superior: {:?}", ticket.state());
    assert_eq!(ticket.state(), TicketState::Acknowledged);
    let again = exchange.post("/ivr/v1/human", &ask).await;
    assert_eq!(again.fact("next"), "human");
    scene.stop().await.expect("the services end well");
}

/// Their ticket as it stands.
async fn stands(affair: &Affair<'_>, name: &str) -> Ticket {
    let request = GetTicketRequest { name: name.to_owned() };
    affair.cast.agent.tickets.clone().get_ticket(request).await.unwrap().into_inner()
}

/// What was written down of contacts with a customer.
async fn contacts(affair: &Affair<'_>, customer: &str) -> Vec<Interaction> {
    let list = ListTimelineRequest { parent: customer.to_owned(), ..ListTimelineRequest::default() };
    let items = affair.cast.agent.customers.clone().list_timeline(list).await.unwrap().into_inner().items;
    let contact = |item: TimelineItem| match item.item {
        Some(timeline_item::Item::Interaction(interaction)) => Some(interaction),
        _ => None,
    };
    items.into_iter().filter_map(contact).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_affairs_none_is_touched_unless_it_is_named() {
    let scene = Scene::fresh().await;
    let door = doorway(&scene).await;
    let mut exchange = exchange_of(&scene, &door);
    let (affair, customer, first) = known(&scene, 61_000_007).await;
    let second = affair.complain(&customer, "").await.expect("another good complaint");
    let names = [first.ticket.unwrap().name, second.ticket.unwrap().name];
    let phone = affair.person.e164();

    // None is named: a person, and a note of what was wanted; asked twice it is noted once.
    let ask = [("call", "c7"), ("phone", phone.as_str()), ("superior", "true")];
    for _ in 0..2 {
        let answer = exchange.post("/ivr/v1/human", &ask).await;
        assert_eq!((answer.fact("next").as_str(), answer.fact("ticket").as_str()), ("human", ""), "{}", answer.text());
        assert_eq!(answer.fact("queue"), "billing", "both are that department's");
    }
    for name in &names {
        assert_eq!(stands(&affair, name).await.supervisor_call_time, None, "{name} is not touched");
    }
    let noted = contacts(&affair, &customer).await;
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert!(noted[0].summary.contains("varios asuntos") && noted[0].ticket.is_empty(), "{noted:?}");

    // A call back is promised in neither, but in one of its own.
    let ask = [("call", "c7"), ("phone", phone.as_str()), ("when", "morning")];
    let answer = exchange.post("/ivr/v1/callback", &ask).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(!names.contains(&answer.fact("ticket")), "{}", answer.text());
    let again = exchange.post("/ivr/v1/callback", &ask).await;
    assert_eq!(answer.fact("ticket"), again.fact("ticket"), "{}", again.text());

    // The older one is named by its key, and is the one that a superior is called to.
    let (key, proof) = (typed(&first.tracking_key), typed(&first.proof));
    let status = exchange.post("/ivr/v1/status", &[("call", "c8"), ("key", &key), ("proof", &proof)]).await;
    assert_eq!(status.fact("ticket"), names[0], "{}", status.text());
    let (ticket, etag) = (status.fact("ticket"), status.fact("etag"));
    let ask = [("call", "c8"), ("phone", phone.as_str()), ("superior", "true"), ("ticket", &ticket), ("etag", &etag)];
    let answer = exchange.post("/ivr/v1/human", &ask).await;
    assert_eq!(answer.fact("ticket"), names[0], "{}", answer.text());
    assert!(stands(&affair, &names[0]).await.supervisor_call_time.is_some());
    assert_eq!(stands(&affair, &names[1]).await.supervisor_call_time, None);
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_that_changed_since_the_caller_was_told_of_it_is_not_written_over() {
    let scene = Scene::fresh().await;
    let door = doorway(&scene).await;
    let mut exchange = exchange_of(&scene, &door);
    let (affair, customer, opened) = known(&scene, 61_000_008).await;
    let phone = affair.person.e164();
    let (key, proof) = (typed(&opened.tracking_key), typed(&opened.proof));
    let status = exchange.post("/ivr/v1/status", &[("call", "c9"), ("key", &key), ("proof", &proof)]).await;
    affair.work(opened.ticket.as_ref().unwrap()).await.expect("somebody works on it");

    let (ticket, etag) = (status.fact("ticket"), status.fact("etag"));
    let ask = [("call", "c9"), ("phone", phone.as_str()), ("superior", "true"), ("ticket", &ticket), ("etag", &etag)];
    for _ in 0..2 {
        let answer = exchange.post("/ivr/v1/human", &ask).await;
        assert_eq!((answer.fact("next"), answer.fact("ticket")), ("human".to_owned(), ticket.clone()));
        assert_eq!(stands(&affair, &ticket).await.supervisor_call_time, None, "{}", answer.text());
    }
    let noted = contacts(&affair, &customer).await;
    assert_eq!(noted.iter().map(|noted| noted.ticket.as_str()).collect::<Vec<_>>(), [ticket.as_str()], "{noted:?}");
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_a_person_answers() {
    let scene = Scene::fresh().await;
    let door = doorway(&scene).await;
    let mut exchange = exchange_of(&scene, &door);
    let human = |answer: &ventanilla_tests::scene::doorway::Answer, reason: &str| {
        assert_eq!(
            (answer.fact("next").as_str(), answer.fact("reason").as_str()),
            ("human", reason),
            "{}",
            answer.text()
        );
        assert!(!answer.fact("say").is_empty());
    };
    // Nobody is known by the number.
    let nobody = [("call", "c4"), ("phone", "+34699999999"), ("recording", "r.wav")];
    human(&exchange.post("/ivr/v1/complaint", &nobody).await, "CALLER_UNKNOWN");
    // A field is missing, or mistyped.
    let answer = exchange.post("/ivr/v1/status", &[("call", "c4"), ("keey", "1")]).await;
    human(&answer, "INVALID_REQUEST");
    assert_eq!((answer.status, answer.fact("fields").as_str()), (StatusCode::BAD_REQUEST, "keey"));
    // Nobody asks that, and nobody asks so.
    human(&exchange.post("/ivr/v1/weather", &[("call", "c4")]).await, "NOT_FOUND");
    human(&exchange.get("/ivr/v1/caller").await, "METHOD_NOT_ALLOWED");
    // How long they wait cannot be read.
    let mut odd = exchange_of(&scene, &door);
    odd.patience = Some("1s");
    let answer = odd.post("/ivr/v1/caller", &[("call", "c4"), ("phone", "+34699999999")]).await;
    human(&answer, "INVALID_REQUEST");
    assert_eq!((answer.status, answer.fact("fields").as_str()), (StatusCode::BAD_REQUEST, "Ventanilla-Timeout"));
    // No token, and one of another role.
    let mut stranger = door.visitor();
    human(&stranger.post("/ivr/v1/caller", &[("call", "c4"), ("phone", "+34699999999")]).await, "TOKEN_MISSING");
    let mut auditor = as_role(&scene, &door, Role::Auditor);
    let answer = auditor.post("/ivr/v1/status", &[("call", "c4"), ("key", &"2".repeat(13)), ("proof", "222222")]).await;
    human(&answer, "ROLE_NOT_ALLOWED");
    // No service answers at all.
    let silent = ivr::State {
        peers: Peers::none(),
        callers: scene.callers(edge::LimitSettings::default()),
        ambient: scene.ambient.clone(),
        settings: ivr::Settings::default(),
    };
    let dark = Doorway::open(|_| ivr::router(silent)).await;
    for question in ["caller", "open", "callback", "human"] {
        let asked = Instant::now();
        let answer =
            dark.visitor().post(&format!("/ivr/v1/{question}"), &[("call", "c4"), ("phone", "+34600000000")]).await;
        assert_eq!(answer.fact("next"), "human", "{question}: {}", answer.text());
        assert!(asked.elapsed() < Duration::from_secs(2), "{question} took {:?}", asked.elapsed());
    }
    scene.stop().await.expect("the services end well");
}

/// A service that takes connections and says nothing.
async fn deaf() -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        let mut taken = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            taken.push(connection);
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_on_the_line_is_given_a_person_when_no_service_answers_in_time() {
    let address = deaf().await;
    let names = ["customer-profile", "ticketing", "sla-monitor", "ombudsman-escalation", "webhooks"];
    let addresses = names.map(|name| (name.to_owned(), format!("http://{address}"))).into_iter().collect();
    let peers = Peers::new(&addresses, server::TokenSource::nothing(), &server::PeerSettings::default()).unwrap();
    let settings = ivr::Settings { limit_ms: 300, ..ivr::Settings::default() };
    let ambient = kernel::Ambient::system();
    let key = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&[3; 32]).expect("a key");
    let verifier = server::TokenIssuer::new(&key, "house", "ventanilla").expect("it signs").verifier(ambient.clone());
    let limits = edge::Limits::new(edge::LimitSettings::default());
    let callers = edge::Callers::new(verifier.into(), limits.into(), ambient.clone());
    let state = ivr::State { peers, callers, ambient, settings };
    let door = Doorway::open(|_| ivr::router(state)).await;
    let mut exchange = door.visitor();
    exchange.bearer = Some("aaaa.bbbb.cccc".to_owned());
    let phone = ("phone", "+34600000000");
    let questions: [(&str, Vec<(&str, &str)>); 6] = [
        ("caller", vec![phone]),
        ("open", vec![phone]),
        ("status", vec![phone, ("key", "2222222222222"), ("proof", "222222")]),
        ("complaint", vec![phone, ("transcript", "Me cobran dos veces")]),
        ("callback", vec![phone]),
        ("human", vec![phone]),
    ];
    for (question, fields) in questions {
        for (lang, apology) in [("es", "Un momento"), ("en", "One moment")] {
            let fields = [vec![("call", "c9"), ("lang", lang)], fields.clone()].concat();
            let asked = Instant::now();
            let answer = exchange.post(&format!("/ivr/v1/{question}"), &fields).await;
            assert_eq!(answer.fact("next"), "human", "{question}: {}", answer.text());
            assert!(answer.fact("say").starts_with(apology), "{question} in {lang}: {}", answer.text());
            assert!(asked.elapsed() < Duration::from_secs(1), "{question} took {:?}", asked.elapsed());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_wrong_keys_are_taken_from_a_call_and_from_a_number() {
    let scene = Scene::fresh().await;
    let door = doorway(&scene).await;
    let mut exchange = exchange_of(&scene, &door);
    let (_, _, opened) = known(&scene, 61_000_005).await;
    let key = typed(&opened.tracking_key);
    let right = typed(&opened.proof);
    let wrong = if right == "000000" { "111111" } else { "000000" };
    let mut status = async |call: &str, proof: &str| {
        let fields = [("call", call), ("phone", "+34611111111"), ("key", key.as_str()), ("proof", proof)];
        exchange.post("/ivr/v1/status", &fields).await
    };
    for n in 0..5 {
        let answer = status("c5", wrong).await;
        let next = if n < 4 { "again" } else { "human" };
        assert_eq!(answer.fact("next"), next, "try {n}: {}", answer.text());
    }
    for call in ["c5", "another-call"] {
        let answer = status(call, &right).await;
        assert_eq!((answer.status, answer.fact("next").as_str()), (StatusCode::TOO_MANY_REQUESTS, "human"), "{call}");
    }
    scene.stop().await.expect("the services end well");
}

/// Who calls in a session: one who speaks Spanish and one who speaks English, each with an affair, and one whom nobody knows.
async fn callers(scene: &Scene) -> BTreeMap<&'static str, session::Caller> {
    let mut callers = BTreeMap::new();
    for (name, number, language) in [("spanish", 61_000_006, Language::Es), ("english", 61_000_009, Language::En)] {
        let (affair, customer, opened) = known(scene, number).await;
        affair.speak(language).await.expect("their language is known");
        testkit::eventually(LIMIT, || async {
            let told = affair.ring().await.map_err(|status| status.to_string())?;
            if told.language() == language { Ok(()) } else { Err(format!("{customer} speaks {:?}", told.language())) }
        })
        .await;
        let (key, proof) = (typed(&opened.tracking_key), typed(&opened.proof));
        callers.insert(name, session::Caller { phone: affair.person.e164(), key, proof });
    }
    callers.insert("nobody", session::Caller { phone: "+34699999999".to_owned(), ..session::Caller::default() });
    callers
}

/// What a session has to have done, whoever played it.
async fn was_done(scene: &Scene, callers: &BTreeMap<&'static str, session::Caller>) {
    let agent = scene.person("agent-7", &[Role::Agent], Some("billing"));
    for (name, complaints) in [("spanish", 2), ("english", 2)] {
        let request = LookupByPhoneRequest { phone_number: callers[name].phone.clone(), region_code: String::new() };
        let customer = agent.customers.clone().lookup_by_phone(request).await.unwrap().into_inner().customer;
        let list = ListTicketsRequest { customer: customer.clone(), page_size: 100, ..ListTicketsRequest::default() };
        let tickets = agent.tickets.clone().list_tickets(list).await.unwrap().into_inner().tickets;
        assert_eq!(tickets.len(), complaints, "{name}: one from before, one by telephone: {tickets:?}");
        let recorded =
            tickets.iter().filter(|t| t.claim_points.iter().any(|point| point.text.contains(".wav"))).count();
        assert_eq!(recorded, 1, "{name}: {tickets:?}");
        let first = tickets.iter().find(|t| t.claim_points.len() == 2).expect("the one from before");
        let promises = ListPromisesRequest { parent: first.name.clone(), ..ListPromisesRequest::default() };
        let promises = agent.tickets.clone().list_promises(promises).await.unwrap().into_inner().promises;
        let called = (promises.len(), first.supervisor_call_time.is_some());
        assert_eq!(called, if name == "spanish" { (1, false) } else { (0, true) }, "{name}: {first:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_telephone_exchange_leads_callers_through_its_dial_plan_and_asks_what_was_recorded() {
    let Some(exchange) = exchange::Exchange::found() else { return };
    let scene = Scene::fresh().await;
    let callers = callers(&scene).await;
    let wire = session::Wire::default();
    let settings = ivr::Settings { limit_ms: 10_000, ..ivr::Settings::default() };
    let state = ivr::State {
        peers: scene.peers(),
        callers: scene.callers(edge::LimitSettings::default()),
        ambient: scene.ambient.clone(),
        settings,
    };
    let door = Doorway::open(|_| wire.around(ivr::router(state))).await;
    let exchange = exchange.start(door.address, &scene.bearer_of(Role::Ivr)).await;

    let mut played = Vec::new();
    let mut heard = Vec::new();
    for call in session::calls() {
        let caller = &callers[call.caller.as_str()];
        let presses = call.presses.iter().map(|keys| caller.typed(keys)).collect();
        heard.push(exchange.call(&exchange::Call { from: caller.phone.clone(), presses }).await);
        played.push(session::Call { asked: wire.take(caller), ..call });
    }
    let said =
        |call: usize, words: &str| assert!(heard[call].iter().any(|line| line.contains(words)), "{words}: {heard:#?}");
    said(0, "Hola. Tiene un asunto abierto con nosotros.");
    said(0, "Tiene un asunto abierto.");
    said(1, "Hemos recibido su asunto y espera");
    said(1, "Le llamaremos ");
    said(1, "QUEUE billing");
    said(2, "Hemos registrado su reclamación");
    said(3, "Hello. You have one open affair with us.");
    said(3, "For a superior press five.");
    said(3, "We have your affair");
    said(3, "QUEUE billing");
    said(4, "We have registered your complaint");
    said(5, "Un momento, por favor.");
    let asked = |call: usize| played[call].asked.iter().map(|asked| asked.path.rsplit('/').next().unwrap_or_default());
    for call in [6, 7] {
        assert_eq!(asked(call).collect::<Vec<_>>(), ["caller", "human"], "a zero is no key and no password");
        said(call, "QUEUE ");
    }
    assert_eq!(asked(8).collect::<Vec<_>>(), ["caller", "status", "status", "status", "status", "human"]);
    assert_eq!(heard[8].iter().filter(|line| line.contains("trece caracteres")).count(), 4, "{heard:#?}");
    said(8, "QUEUE ");
    was_done(&scene, &callers).await;

    // The queue of their department takes who asks for a person; where it has no extension any more, who takes every other call does.
    let (other, ..) = known(&scene, 61_000_012).await;
    let alone = "customer-service";
    for (answered, by) in [(vec!["billing", alone], "billing"), (vec![alone], alone)] {
        exchange.answers(&answered);
        let wanted = exchange::Call { from: other.person.e164(), presses: vec!["0".to_owned()] };
        let heard = exchange.call(&wanted).await;
        let queues: Vec<&str> = heard.iter().filter_map(|line| line.strip_prefix("QUEUE ")).collect();
        assert_eq!(queues, [by], "{heard:#?}");
    }

    // With the gateway gone a person answers all the same.
    let version = exchange.version().await;
    drop(door);
    let from = callers["spanish"].phone.clone();
    let heard = exchange.call(&exchange::Call { from, presses: Vec::new() }).await;
    assert!(heard.iter().any(|line| line.contains("Un momento, por favor.")), "{heard:#?}");
    assert!(heard.iter().any(|line| line.contains("QUEUE customer-service")), "{heard:#?}");
    exchange.stop().await;

    if std::env::var("VENTANILLA_IVR_RECORD").is_ok_and(|word| word == "1") {
        session::keep(&session::Session { asterisk: version, plan: session::plan(), calls: played });
    } else {
        assert_eq!(played, session::recorded().calls, "an exchange asks what was recorded");
    }
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_real_telephone_exchange_asked_is_answered_as_its_plan_reads_it() {
    let recorded = session::recorded();
    assert_eq!(
        recorded.plan,
        session::plan(),
        "deploy/ivr/extensions.conf was changed since: call through a real Asterisk again (deploy/ivr/README.md)"
    );
    let made: Vec<_> = recorded.calls.iter().map(|call| session::Call { asked: Vec::new(), ..call.clone() }).collect();
    assert_eq!(made, session::calls(), "the calls are those that are recorded");
    let scene = Scene::fresh().await;
    let door = doorway(&scene).await;
    let mut exchange = exchange_of(&scene, &door);
    let callers = callers(&scene).await;
    let mut differences = Vec::new();
    for (number, call) in recorded.calls.iter().enumerate() {
        assert!(
            call.asked.iter().all(|asked| asked.bearer && asked.content_type == "application/x-www-form-urlencoded")
        );
        let caller = &callers[call.caller.as_str()];
        differences.extend(session::again(&mut exchange, call, caller, number).await);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    was_done(&scene, &callers).await;
    scene.stop().await.expect("the services end well");
}
