//! A house with something to show, and its window.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use kernel::Role;
use tonic::Status;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::ticketing::v1::history_step::Step;
use ventanilla_proto::ticketing::v1::process_service_client::ProcessServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Direction, Language, LocalizedText};
use ventanilla_tests::browser::{Browser, SCRIPTS};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::Doorway;
use ventanilla_tests::scene::people::Person;
use ventanilla_tests::scene::services::Service;

/// All pages in front of a scene.
pub async fn window(scene: &Scene) -> (Doorway, String) {
    window_before(scene, scene.peers()).await
}

/// The same, with what these services answer.
pub async fn window_before(scene: &Scene, peers: server::Peers) -> (Doorway, String) {
    let routes = |address: SocketAddr| scene.window_to("127.0.0.1", address, peers).layer(from_fn(script_comes_late));
    let doorway = Doorway::open(routes).await;
    let base = format!("http://127.0.0.1:{}", doorway.address.port());
    (doorway, base)
}

/// As on a slow network: the page is painted before its script runs, so that what the script moves is seen to move.
async fn script_comes_late(request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/static/page.") {
        tokio::time::sleep(Duration::from_millis(80)).await;
    }
    next.run(request).await
}

/// Somebody signs in with this token, and is where they wanted to be.
pub async fn sit_down(browser: &Browser, base: &str, token: &str, next: &str) {
    browser.forget().await;
    browser.go(&format!("{base}/sign-in?next={next}&lang=es")).await;
    browser.fill("#token", token).await;
    browser.press("Entrar").await;
    assert_eq!(browser.url().await, format!("{base}{next}"));
}

/// The day so many days from today, as a field of a day has it: what keys a date is typed with depends on the browser's own language.
pub fn day(scene: &Scene, from_today: i64) -> String {
    let then = scene.ambient.now().checked_add(jiff::SignedDuration::from_hours(from_today * 24)).expect("a day");
    then.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// A complaint with a script in every field that takes words.
pub fn complaint(affair: &Affair<'_>, customer: &str) -> ticketing::CreateTicketRequest {
    let mut request = affair.complaint(customer, "");
    if let Some(ticket) = &mut request.ticket {
        ticket.subject = format!("Cobro doble {}", SCRIPTS[0]);
        for (point, script) in ticket.claim_points.iter_mut().zip(&SCRIPTS[1..]) {
            point.text = format!("{} {script}", point.text);
        }
    }
    request
}

/// Somebody whose very name is a script.
pub fn hostile(number: u32) -> Person {
    let person = Person::numbered(number);
    Person { given: format!("{} {}", person.given, SCRIPTS[1]), ..person }
}

/// A house in which much has happened, and every word of it is a script.
pub struct Busy {
    pub customer: String,
    pub proposal: String,
}

/// Makes one.
pub async fn busy(scene: &Scene) -> Result<Busy, Status> {
    let affair = Affair::of(scene, hostile(51_000_011));
    let customer = affair.arrive().await?.customer;
    let past = history(scene, &affair, &customer);
    let importer = scene.person("importer-1", &[Role::Importer], None);
    importer.tickets.clone().import_tickets(past).await?;
    calls(scene).await?;
    way(scene, &affair).await?;
    affair.be_evaluated().await?;
    let contact = customer::Interaction {
        channel: Channel::Phone.into(),
        direction: Direction::Inbound.into(),
        department: "customer-service".to_owned(),
        summary: format!("Llama otra vez {}", SCRIPTS[2]),
        what_customer_said: SCRIPTS.join("\n"),
        ..customer::Interaction::default()
    };
    let record = customer::RecordInteractionRequest {
        parent: customer.clone(),
        interaction: Some(contact),
        request_id: scene.request_id(),
    };
    affair.cast.agent.customers.clone().record_interaction(record).await?;
    let ticket = affair.cast.agent.tickets.clone().create_ticket(complaint(&affair, &customer)).await?.into_inner();
    let ticket = ticket.ticket.unwrap_or_default();
    affair.work(&ticket).await?;
    promise(scene, &affair, &ticket.name).await?;
    cause(scene, &affair, &ticket.name).await?;
    affair.weigh_on(&customer).await?;
    let proposal = affair.be_taken_for_another().await?.name.replace("matchProposals/", "");
    Ok(Busy { customer, proposal })
}

async fn promise(scene: &Scene, affair: &Affair<'_>, ticket: &str) -> Result<(), Status> {
    let due = scene.ambient.now().as_second() + 86_400;
    let promise = ticketing::Promise {
        text: format!("Le llamamos mañana {}", SCRIPTS[7]),
        kind: ticketing::PromiseKind::Other.into(),
        due_time: Some(prost_types::Timestamp { seconds: due, nanos: 0 }),
        channel: Channel::Phone.into(),
        ..Default::default()
    };
    let make = ticketing::MakePromiseRequest {
        parent: ticket.to_owned(),
        promise: Some(promise),
        request_id: scene.request_id(),
        occurred_time: None,
    };
    affair.cast.agent.tickets.clone().make_promise(make).await.map(drop)
}

async fn cause(scene: &Scene, affair: &Affair<'_>, ticket: &str) -> Result<(), Status> {
    let cause = ticketing::RootCause {
        name: "causes/double-charge".to_owned(),
        title: format!("Cobro doble {}", SCRIPTS[3]),
        ..Default::default()
    };
    let put = ticketing::PutRootCauseRequest { cause: Some(cause), request_id: scene.request_id() };
    let cause = affair.cast.supervisor.learning.clone().put_root_cause(put).await?.into_inner();
    let get = ticketing::GetTicketRequest { name: ticket.to_owned() };
    let etag = affair.cast.agent.tickets.clone().get_ticket(get).await?.into_inner().etag;
    let state = ticketing::StateRootCauseRequest {
        name: ticket.to_owned(),
        cause: cause.name,
        etag,
        request_id: scene.request_id(),
    };
    affair.cast.agent.learning.clone().state_root_cause(state).await.map(drop)
}

/// A map with a script in each of its titles, for the affairs of the past.
async fn way(scene: &Scene, affair: &Affair<'_>) -> Result<(), Status> {
    use ticketing::TicketState as S;
    let said = |text: String| {
        [Language::Es, Language::En]
            .map(|language| LocalizedText { language: language.into(), text: text.clone() })
            .to_vec()
    };
    let step = |id: &str, script: &str, state: S, next: &[&str]| ticketing::ProcessStep {
        id: id.to_owned(),
        standard_duration: Some(prost_types::Duration { seconds: 86_400, nanos: 0 }),
        internal_title: said(format!("{id} {script}")),
        public_title: said(format!("{id} {script}")),
        public_text: said(format!("Se mira {script}")),
        public_next: said(format!("Alguien contesta {script}")),
        situations: vec![ticketing::StepSituation { state: state.into(), ..Default::default() }],
        next: next.iter().map(|id| (*id).to_owned()).collect(),
        may_begin: id == "recibir",
        may_end: id == "mirar",
        ..Default::default()
    };
    let map = ticketing::Process {
        name: "processes/lineas".to_owned(),
        ticket_type: ticketing::TicketType::Reclamacion.into(),
        topic: "billing".to_owned(),
        steps: vec![
            step("recibir", SCRIPTS[0], S::Acknowledged, &["mirar"]),
            step("mirar", SCRIPTS[6], S::InProgress, &[]),
        ],
        ..Default::default()
    };
    let mut processes = ProcessServiceClient::new(affair.cast.supervisor.transport(Service::Ticketing));
    let put = ticketing::PutProcessRequest { process: Some(map), request_id: scene.request_id() };
    processes.put_process(put).await.map(drop)
}

/// What a telephone system measured yesterday.
async fn calls(scene: &Scene) -> Result<(), Status> {
    let begin = scene.ambient.now().as_second() - 40_000;
    let at = |seconds: i64| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let call = |index: i64| sla::MeasuredCall {
        external_id: format!("call-{index}"),
        department: ["billing", "network-ops"][usize::try_from(index % 2).unwrap_or_default()].to_owned(),
        channel: Channel::Phone.into(),
        language: [Language::Es, Language::En][usize::from(index % 3 == 0)].into(),
        served_first: index % 7 == 0,
        arrived_time: at(begin + index * 60),
        wait_end: sla::WaitEnd::Answered.into(),
        wait_ended_time: at(begin + index * 60 + 20 + index % 5 * 60),
        ..Default::default()
    };
    let record = sla::RecordCallsRequest {
        source_system: "pbx-madrid".to_owned(),
        calls: (0..120).map(call).collect(),
        request_id: scene.request_id(),
    };
    scene.role(Role::Importer).measures.clone().record_calls(record).await.map(drop)
}

/// Six weeks of affairs of two departments, every sixth of them answered too late.
fn history(scene: &Scene, affair: &Affair<'_>, customer: &str) -> ticketing::ImportTicketsRequest {
    use ticketing::TicketState as S;
    const DAY: i64 = 86_400;
    let begin = scene.ambient.now().as_second() - 80 * DAY;
    let one = |index: i64| {
        let opened = begin + index * DAY / 2;
        let late = if index % 6 == 0 { 40 * DAY } else { 2 * DAY };
        let step = |after: i64, step: Step| ticketing::HistoryStep {
            occurred_time: Some(prost_types::Timestamp { seconds: opened + after, nanos: 0 }),
            step: Some(step),
        };
        let to = |state: S| ticketing::HistoryTransition { to_state: state.into(), ..Default::default() };
        let answer = |point: &str, answer: &str| ticketing::HistoryAnswer {
            claim_point: point.to_owned(),
            answer: answer.to_owned(),
        };
        let found = "El segundo cargo de octubre fue un error de domiciliación y se devuelve.";
        let why = "Los correos llegaron a un buzón que ya no se lee desde junio.";
        let resolved = ticketing::HistoryTransition {
            text: "Se devolvió lo cobrado de más y se cambió la domiciliación.".to_owned(),
            ..to(S::Resolved)
        };
        let mut ticket = affair.complaint(customer, "").ticket.unwrap_or_default();
        ticket.department = ["billing", "network-ops"][usize::try_from(index % 2).unwrap_or_default()].to_owned();
        ticketing::TicketHistory {
            source_system: "service-desk".to_owned(),
            external_id: format!("A-{index}"),
            ticket: Some(ticket),
            opened_time: Some(prost_types::Timestamp { seconds: opened, nanos: 0 }),
            steps: vec![
                step(3_600, Step::Transition(to(S::InProgress))),
                step(late, Step::Answer(answer("p1", found))),
                step(late, Step::Answer(answer("p2", why))),
                step(late + 60, Step::Transition(resolved)),
            ],
        }
    };
    ticketing::ImportTicketsRequest { histories: (0..72).map(one).collect(), request_id: scene.request_id() }
}
