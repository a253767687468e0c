//! The floor's pages over HTTP, in front of real services: each in the name of who signed in, and no more than the contract lets them.

mod affair;

use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use kernel::Role;
use prost::bytes::Bytes;
use secrecy::SecretString;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::r#type::v1::{Channel, Direction};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::{Affair, SAID};
use ventanilla_tests::scene::doorway::{Answer, Doorway, Visitor};
use ventanilla_tests::scene::filled::Form;
use ventanilla_tests::scene::people::Person;

const LIMIT: Duration = Duration::from_secs(30);

/// The pages in front of a scene.
async fn doorway(scene: &Scene) -> Doorway {
    Doorway::open(|address| {
        let settings = web::Settings {
            public_url: format!("http://localhost:{}", address.port()),
            sealing_keys: vec![SecretString::from("5a".repeat(32))],
            ..web::Settings::default()
        };
        let web = web::Web::new(settings, scene.verifier(), scene.ambient.clone()).expect("the settings are good");
        let state =
            floor::State { peers: scene.peers(), ambient: scene.ambient.clone(), settings: floor::Settings::default() };
        web.router().merge(web.dress(floor::router(state)))
    })
    .await
}

/// Somebody with this role who has signed in, and reads English.
async fn signed_in(scene: &Scene, doorway: &Doorway, role: Role) -> Visitor {
    let mut visitor = doorway.visitor();
    let form = visitor.get("/sign-in?lang=en").await;
    let token = scene.bearer_of(role);
    let answer =
        visitor.post("/sign-in", &[("csrf", &form.field("csrf")), ("next", "/floor"), ("token", &token)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    visitor
}

/// The page, once it shows all of it.
async fn in_time(visitor: &mut Visitor, path: &str, expected: &[&str]) -> Answer {
    let visitor = tokio::sync::Mutex::new(visitor);
    testkit::eventually(LIMIT, || {
        let visitor = &visitor;
        async move {
            let page = visitor.lock().await.get(path).await;
            let text = page.text();
            if expected.iter().all(|part| text.contains(part)) { Ok(page) } else { Err(text) }
        }
    })
    .await
}

/// What a form of the page holds in a hidden field.
fn held(page: &Answer, name: &str) -> String {
    page.field(name).replace("&#34;", "\"").replace("&quot;", "\"")
}

/// Sends a form with these fields.
async fn send(visitor: &mut Visitor, path: &str, fields: &[(&str, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    visitor.post(path, &fields).await
}

/// The page shows all of it.
#[track_caller]
fn shows(page: &Answer, expected: &[&str]) {
    let text = page.text();
    for part in expected {
        assert!(text.contains(part), "{part:?} is not on the page ({}):\n{text}", page.status);
    }
}

/// The first piece that a live page is sent.
async fn first_piece(doorway: &Doorway, visitor: &Visitor, path: &str) -> String {
    let request = Request::get(format!("http://{}{path}", doorway.address)).header(header::COOKIE, visitor.cookies());
    let request = request.body(Empty::<Bytes>::new()).expect("a request");
    let answer = Client::builder(TokioExecutor::new()).build_http().request(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut body = answer.into_body();
    let mut text = String::new();
    while !text.contains("\n\n") || !text.contains("event: view") {
        let frame = tokio::time::timeout(LIMIT, body.frame()).await.expect("a piece comes in time");
        let frame = frame.expect("the stream goes on").expect("and is whole");
        text.push_str(&String::from_utf8_lossy(frame.data_ref().expect("a piece is data")));
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_sees_what_was_kept_and_what_was_not() {
    let scene = Scene::fresh().await;
    let doorway = doorway(&scene).await;
    let affair = Affair::of(&scene, Person::numbered(51_000_001));
    let customer = affair.arrive().await.expect("a good record").customer;
    let ticket = affair.complain(&customer, "").await.expect("a good complaint").ticket.expect("a ticket");
    affair.work(&ticket).await.expect("it is worked on");
    affair.call_department("billing", "Facturación", "Billing desk").await.expect("it is called so");
    let mut supervisor = signed_in(&scene, &doorway, Role::Supervisor).await;

    let home = supervisor.get("/floor").await;
    shows(&home, &["/floor/board", "/floor/law", "/floor/processes", "/floor/customers"]);

    // The monitor hears of the affair a moment later.
    let path = "/floor/board?period=today&by=department";
    let board = in_time(&mut supervisor, path, &["<th scope=\"row\">Billing desk</th>"]).await;
    shows(
        &board,
        &["<title id=\"b-rates-t\">", "<title id=\"b-counts-t\">", "in all", "Months are those of Europe/Madrid"],
    );
    assert!(!board.text().contains("style="), "a page of ours has no style of its own");
    for by in ["type", "channel", "step", "kind", "policy", "team", "manager", "outcome", "month"] {
        let board = supervisor.get(&format!("/floor/board?period=all&by={by}&zone=Atlantic%2FCanary")).await;
        assert_eq!(board.status, StatusCode::OK, "{by}: {}", board.text());
    }
    let piece = first_piece(&doorway, &supervisor, "/floor/board/live?period=today").await;
    assert!(piece.contains("<th scope=\"row\">Billing desk</th>"), "{piece}");

    let file = supervisor.get("/floor/board/export?period=all&format=csv").await;
    assert_eq!((file.status, file.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
    assert!(file.header("content-disposition").starts_with("attachment; filename="), "{:?}", file.headers);
    assert!(file.text().contains("billing") && !file.text().contains("Billing desk"), "{}", file.text());
    let spanish = supervisor.get("/floor/board?period=today&by=department&lang=es").await;
    shows(&spanish, &["<th scope=\"row\">Facturación</th>"]);
    supervisor.get("/floor?lang=en").await;
    // Who chooses a department is offered them by slug and name.
    shows(&supervisor.get("/floor/causes").await, &["<option value=\"billing\">Billing desk</option>"]);
    let unread = supervisor.get("/floor/board?period=decade&zone=Mars%2FOlympus").await;
    assert_eq!(unread.status, StatusCode::BAD_REQUEST);
    shows(&unread, &["period", "Choose a period", "zone"]);

    shows(&supervisor.get("/floor/law?period=year").await, &["Fair service index", "art.", "Yearly evaluation"]);
    let unpublished = supervisor.get("/floor/law/evaluation?year=2024").await;
    assert_eq!(unpublished.status, StatusCode::NOT_FOUND);
    shows(&unpublished, &["has not been published"]);
    affair.be_evaluated().await.expect("a year that is over can be evaluated");
    let document = supervisor.get("/floor/law/evaluation?year=2001").await;
    assert_eq!(document.header("content-type"), "application/pdf");
    assert!(document.body.starts_with(b"%PDF"));

    shows(&supervisor.get("/floor/forecasts").await, &["How it is reckoned"]);
    shows(&supervisor.get("/floor/causes").await, &["no cause said"]);
    shows(&supervisor.get("/floor/processes").await, &["/floor/processes/standard"]);
    let process = supervisor.get("/floor/processes/standard?period=today").await;
    shows(&process, &["<title id=\"way-t\">How affairs go</title>", "the step that eats the time", "the beginning"]);

    // Who may not measure sees the map alone; who may not see it, why.
    let mut agent = signed_in(&scene, &doorway, Role::Agent).await;
    let map = agent.get("/floor/processes/standard").await;
    shows(&map, &["<title id=\"way-t\">"]);
    assert!(!map.text().contains("the step that eats the time"));
    for (path, refused) in [
        ("/floor/law", StatusCode::FORBIDDEN),
        ("/floor/forecasts", StatusCode::FORBIDDEN),
        ("/floor/matches", StatusCode::FORBIDDEN),
        ("/floor/processes/none-such", StatusCode::NOT_FOUND),
        ("/floor/processes/..%2Fx", StatusCode::NOT_FOUND),
    ] {
        let page = agent.get(path).await;
        assert_eq!(page.status, refused, "{path}: {}", page.text());
        shows(&page, &["<h1>", "role=\"alert\""]);
    }
    assert_eq!(doorway.visitor().get("/floor/board").await.status, StatusCode::SEE_OTHER);
    scene.stop().await.expect("the services end well");
}

/// The proposals that wait.
async fn waiting(affair: &Affair<'_>) -> Vec<customer::MatchProposal> {
    let list = customer::ListMatchProposalsRequest::default();
    affair
        .cast
        .steward
        .customers
        .clone()
        .list_match_proposals(list)
        .await
        .expect("a steward may look")
        .into_inner()
        .proposals
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_steward_decides_by_what_is_shown_and_by_nothing_older() {
    let scene = Scene::fresh().await;
    let doorway = doorway(&scene).await;
    let affair = Affair::of(&scene, Person::numbered(51_000_002));
    let known = affair.arrive().await.expect("a good record").customer;
    let proposal = affair.be_taken_for_another().await.expect("a proposal comes of it");
    let mut steward = signed_in(&scene, &doorway, Role::Steward).await;

    let id = proposal.name.strip_prefix("matchProposals/").expect("a name");
    let path = format!("/floor/matches/{id}");
    shows(&steward.get("/floor/matches").await, &[&path, "Zenobia Quiñonero Etxebarrieta", "The likeliest first"]);
    let pair = steward.get(&path).await;
    shows(&pair, &["first surname", "Quiñonero", "equal", "accesskey=\"y\"", "bits"]);

    let answer = |page: &Answer, answer: &str| {
        vec![
            ("csrf", page.field("csrf")),
            ("request_id", page.field("request_id")),
            ("etag", held(page, "etag")),
            ("reason", format!("same hand on both forms, {}", SAID[20])),
            ("answer", answer.to_owned()),
        ]
    };

    // From another site, nothing is taken.
    let mut forged = answer(&pair, "one");
    forged[0].1 = "0".repeat(64);
    assert_eq!(send(&mut steward, &path, &forged).await.status, StatusCode::FORBIDDEN);

    // What was seen is stale: nothing is decided, and what was typed is still there.
    let mut stale = answer(&pair, "one");
    stale[2].1 = "\"0\"".to_owned();
    let anew = send(&mut steward, &path, &stale).await;
    assert_eq!(anew.status, StatusCode::CONFLICT, "{}", anew.text());
    shows(&anew, &["one of the records has changed", SAID[20], "accesskey=\"y\""]);
    assert_eq!(waiting(&affair).await.len(), 2);

    // An auditor's token opens no such page, and a supervisor may look and not decide.
    let mut supervisor = signed_in(&scene, &doorway, Role::Supervisor).await;
    shows(&supervisor.get(&path).await, &["Deciding is for stewards of identities."]);

    let gone_on = send(&mut steward, &path, &answer(&anew, "two")).await;
    assert_eq!(gone_on.status, StatusCode::SEE_OTHER, "{}", gone_on.text());
    let next = gone_on.header("location").to_owned();
    shows(&steward.get(&path).await, &["rejected: two people"]);
    if next != "/floor/matches" {
        shows(&steward.get(&next).await, &["See the pair before", "/floor/matches/"]);
    }

    merge_and_take_apart(&scene, &mut steward, &affair, &known).await;
    scene.stop().await.expect("the services end well");
}

/// Two who are two become one as it was shown, and two again.
async fn merge_and_take_apart(scene: &Scene, steward: &mut Visitor, affair: &Affair<'_>, first: &str) {
    let other = Affair::of(scene, Person::numbered(51_000_003));
    let second = other.arrive().await.expect("a good record").customer;
    let ids = [first, second.as_str()].map(|name| name.strip_prefix("customers/").expect("a name"));
    let form = steward.get("/floor/matches").await;
    let asked = [("csrf", form.field("csrf")), ("customers", ids[0].to_owned()), ("customers", ids[1].to_owned())];
    let preview = send(steward, "/floor/merge", &asked).await;
    shows(&preview, &["They would be", "Which records would be linked", ids[0], ids[1]]);
    assert!(!preview.text().contains("Something may be missing"), "{}", preview.text());

    // A source's entry waits for release: what is shown may lack something, and the merge is the same.
    let park = "insert into customer_profile.ledger_parked values ('sla-monitor', 1000000, 'x', '', 'a test', now())";
    sqlx::query(park).execute(&scene.admin().await).await.expect("it is parked");
    let unsure = send(steward, "/floor/merge", &asked).await;
    shows(&unsure, &["Something may be missing: sla-monitor has entries that wait"]);
    assert_eq!(unsure.field("token"), preview.field("token"));
    let released = "delete from customer_profile.ledger_parked where position = 1000000";
    sqlx::query(released).execute(&scene.admin().await).await.expect("it is released");

    // Something of what was shown changes before it is done.
    affair.complain(first, "").await.expect("a good complaint");
    let reason = format!("mother and daughter they are not, {}", SAID[21]);
    let confirm = |page: &Answer| {
        [
            ("csrf", page.field("csrf")),
            ("token", page.field("token")),
            ("request_id", page.field("request_id")),
            ("customers", ids[0].to_owned()),
            ("customers", ids[1].to_owned()),
            ("reason", reason.clone()),
        ]
    };
    let path = "/floor/merge/confirm";
    let mut page = preview;
    let merged = loop {
        let answer = send(steward, path, &confirm(&page)).await;
        if answer.status == StatusCode::SEE_OTHER {
            break answer;
        }
        // Shown anew, with what was typed: the token it shows now is good until something changes again.
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text());
        shows(&answer, &["something of what was shown has changed", SAID[21]]);
        page = answer;
    };
    let customer = merged.header("location").to_owned();
    assert!(customer.starts_with("/floor/customers/"), "{customer}");

    let records = steward.get(&format!("{customer}/records")).await;
    shows(&records, &["crm-retail", "provisioning", "a steward&#39;s word", "Take out the chosen"]);
    let theirs = affair.cast.steward.customers.clone();
    let list = customer::ListSourceRecordsRequest { parent: second.clone(), ..Default::default() };
    let all = theirs.clone().list_source_records(list).await.expect("a steward may look").into_inner().records;
    let chosen: Vec<String> = all
        .iter()
        .filter(|record| record.external_id.contains(&other.person.document))
        .map(|record| record.name.trim_start_matches("sourceRecords/").to_owned())
        .collect();
    assert_eq!(chosen.len(), 2);
    let mut fields = vec![
        ("csrf", records.field("csrf")),
        ("etag", held(&records, "etag")),
        ("request_id", records.field("request_id")),
        ("reason", SAID[22].to_owned()),
    ];
    fields.extend(chosen.into_iter().map(|id| ("records", id)));
    let apart = send(steward, &format!("{customer}/records"), &fields).await;
    shows(&apart, &["These are the customers now"]);
    let get = customer::GetCustomerRequest { name: second.clone(), ..Default::default() };
    let stands = theirs.clone().get_customer(get).await.expect("who was merged is there again").into_inner();
    assert_eq!(stands.name, second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_on_the_page_what_should_be_done_is_told_and_it_waits_to_be_decided() {
    let scene = Scene::fresh().await;
    let doorway = doorway(&scene).await;
    let affair = Affair::of(&scene, Person::numbered(51_000_005));
    let name = affair.arrive().await.expect("a good record").customer;
    let path = format!("/floor/{name}");
    let mut agent = signed_in(&scene, &doorway, Role::Agent).await;
    let asked = async |agent: &mut Visitor| {
        let page = agent.get(&path).await;
        let form = Form::to(&page, &format!("{path}/propose")).sent(&[]);
        let fields: Vec<(&str, String)> = form.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        send(agent, &format!("{path}/propose"), &fields).await
    };
    // Nobody waited for anything yet.
    let nothing = asked(&mut agent).await;
    shows(&nothing, &["Right now nothing asks for anything to be done."]);

    let waited = customer::Interaction {
        channel: Channel::Phone.into(),
        direction: Direction::Inbound.into(),
        department: "customer-service".to_owned(),
        summary: "an hour of waiting".to_owned(),
        wait_duration: Some(prost_types::Duration { seconds: 3_600, nanos: 0 }),
        ..customer::Interaction::default()
    };
    let record = customer::RecordInteractionRequest {
        parent: name.clone(),
        interaction: Some(waited),
        request_id: scene.request_id(),
    };
    affair.cast.agent.customers.clone().record_interaction(record).await.expect("it is written down");
    let proposed = asked(&mut agent).await;
    assert_eq!(
        (proposed.status, proposed.header("location")),
        (StatusCode::SEE_OTHER, format!("{path}#next").as_str())
    );
    let page = agent.get(&path).await;
    shows(&page, &["to be decided"]);
    // It is there for whoever decides, by the name that the form carries.
    let mut supervisor = signed_in(&scene, &doorway, Role::Supervisor).await;
    let page = supervisor.get(&path).await;
    let actions = Form::all(&page).into_iter().filter(|form| form.action.starts_with(&format!("{path}/actions/")));
    assert!(actions.count() >= 1, "{}", page.text());
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_customer_is_found_and_seen_with_every_department() {
    let scene = Scene::fresh().await;
    let doorway = doorway(&scene).await;
    let affair = Affair::of(&scene, Person::numbered(51_000_004));
    let name = affair.arrive().await.expect("a good record").customer;
    let interaction = affair.talk(&name).await.expect("a contact");
    let ticket = affair.complain(&name, &interaction.name).await.expect("a good complaint").ticket.expect("a ticket");
    affair.work(&ticket).await.expect("it is worked on");
    let action = affair.weigh_on(&name).await.expect("something is to be done");
    let mut agent = signed_in(&scene, &doorway, Role::Agent).await;

    let form = agent.get("/floor/customers").await;
    let csrf = form.field("csrf");
    let found = agent.post("/floor/customers", &[("csrf", &csrf), ("phone", &affair.person.phone)]).await;
    assert_eq!(found.status, StatusCode::SEE_OTHER, "{}", found.text());
    let path = found.header("location").to_owned();
    assert_eq!(path, format!("/floor/{name}"));
    let described = agent.post("/floor/customers", &[("csrf", &csrf), ("document", &affair.person.document)]).await;
    shows(&described, &["Zenobia Quiñonero", &path]);
    let described = agent.post("/floor/customers", &[("csrf", &csrf), ("email", &affair.person.email)]).await;
    shows(&described, &["Zenobia Quiñonero", &path, "e-mail"]);
    let nobody = agent.post("/floor/customers", &[("csrf", &csrf), ("phone", "699 999 999")]).await;
    shows(&nobody, &["Nobody like that is known."]);
    let unreadable = agent.post("/floor/customers", &[("csrf", &csrf), ("document", "1")]).await;
    shows(&unreadable, &["cannot be read"]);

    let view = in_time(&mut agent, &path, &[SAID[2], SAID[8], "es.l10-2025.17"]).await;
    shows(
        &view,
        &[
            "Zenobia Quiñonero Etxebarrieta",
            "crm-retail",
            SAID[0],
            SAID[1],
            "Known and fresh",
            "time spent in 90 days",
            "1 h",
        ],
    );
    assert!(!view.text().contains("<title>Zenobia"), "a name stays out of a browser's history");
    let piece = first_piece(&doorway, &agent, &format!("{path}/live")).await;
    assert!(piece.contains(SAID[2]), "{piece}");

    // What is to be done of the house's own accord is decided by who may.
    shows(&view, &["What to do of our own accord", "to be decided"]);
    assert!(!view.text().contains("value=\"approve\""), "an agent does not decide");
    let mut supervisor = signed_in(&scene, &doorway, Role::Supervisor).await;
    let page = supervisor.get(&path).await;
    shows(&page, &["value=\"approve\""]);
    let actions = format!("{path}/actions/{}", action.name.trim_start_matches("nextActions/"));
    let (csrf, etag) = (page.field("csrf"), action.etag.clone());
    let decide = |verdict: &str, request_id| {
        let verdict = ("verdict", verdict.to_owned());
        [("csrf", csrf.clone()), ("etag", etag.clone()), verdict, ("request_id", request_id)]
    };
    let declined = send(&mut supervisor, &actions, &decide("decline", scene.request_id())).await;
    shows(&declined, &["To decline it, write why."]);
    let approved = send(&mut supervisor, &actions, &decide("approve", scene.request_id())).await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text());
    let late = send(&mut supervisor, &actions, &decide("approve", scene.request_id())).await;
    shows(&late, &["somebody else decided", "approved, to be done"]);

    for (path, refused) in [
        ("/floor/customers/+34600000000", StatusCode::NOT_FOUND),
        ("/floor/customers/01a2025a-ea26-7b8c-bc6d-460a620808b0", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(agent.get(path).await.status, refused, "{path}");
    }
    let mut auditor = signed_in(&scene, &doorway, Role::Auditor).await;
    assert_eq!(auditor.get(&path).await.status, StatusCode::FORBIDDEN);
    scene.stop().await.expect("the services end well");
}
