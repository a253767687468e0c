//! Process maps: PutProcess, GetProcess, ListProcesses, EnterStep, GetTicketCourse, MeasureProcess, and what customers are told of them.

use jiff::SignedDuration;
use kernel::Role;
use testkit::Client;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::TicketState as S;
use ventanilla_proto::ticketing::v1::process_service_client::ProcessServiceClient;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::r#type::v1::{Language, LocalizedText};

use crate::team::{of_billing, put as put_agent};
use crate::world::{
    ANSWER, OTHER_ANSWER, World, answer, assert_refused, complaint, create_request, fact, fields, fresh_id, get, open,
    resolve, resolved, start, time, wait,
};

type Maps = ProcessServiceClient<Client>;

impl World {
    fn maps(&self, role: Role) -> Maps {
        ProcessServiceClient::new(self.served.channel_as("boss", &[role], Some("billing")))
    }
}

fn said(es: &str, en: &str) -> Vec<LocalizedText> {
    let text = |language: Language, text: &str| LocalizedText { language: language.into(), text: text.into() };
    vec![text(Language::Es, es), text(Language::En, en)]
}

fn step(id: &str, states: &[S], next: &[&str]) -> pb::ProcessStep {
    let situation = |state: &S| pb::StepSituation { state: (*state).into(), ..Default::default() };
    pb::ProcessStep {
        id: id.into(),
        internal_title: said(&format!("{id} (dentro)"), &format!("{id} (inside)")),
        public_title: said(&format!("Título de {id}"), &format!("Title of {id}")),
        public_text: said(&format!("Está en {id}."), &format!("It is at {id}.")),
        public_next: said(&format!("Después de {id}."), &format!("After {id}.")),
        situations: states.iter().map(situation).collect(),
        next: next.iter().map(ToString::to_string).collect(),
        ..Default::default()
    }
}

/// Received, looked at, corrected by word, answered.
fn invoices() -> Vec<pb::ProcessStep> {
    vec![
        pb::ProcessStep { may_begin: true, ..step("intake", &[S::Acknowledged], &["look"]) },
        pb::ProcessStep {
            department: "billing".into(),
            standard_duration: Some(prost_types::Duration { seconds: 3600, nanos: 0 }),
            ..step("look", &[S::InProgress], &["correct", "wait"])
        },
        step("correct", &[S::InProgress], &["answered"]),
        step("wait", &[S::Pending, S::Held], &["look", "correct"]),
        pb::ProcessStep { may_end: true, ..step("answered", &[S::Resolved, S::Closed], &["look"]) },
    ]
}

pub fn process(slug: &str, etag: &str) -> pb::Process {
    pb::Process {
        name: format!("processes/{slug}"),
        ticket_type: pb::TicketType::Reclamacion.into(),
        topic: "billing".into(),
        steps: invoices(),
        etag: etag.into(),
        ..Default::default()
    }
}

async fn put(maps: &mut Maps, process: pb::Process) -> Result<pb::Process, Status> {
    let request = pb::PutProcessRequest { process: Some(process), request_id: fresh_id() };
    maps.put_process(request).await.map(tonic::Response::into_inner)
}

async fn course(maps: &mut Maps, ticket: &str) -> pb::TicketCourse {
    let request = pb::GetTicketCourseRequest { name: format!("{ticket}/course") };
    maps.get_ticket_course(request).await.unwrap().into_inner()
}

async fn enter(maps: &mut Maps, ticket: &pb::Ticket, step: &str) -> Result<pb::TicketCourse, Status> {
    let request = pb::EnterStepRequest {
        name: ticket.name.clone(),
        step: step.into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    maps.enter_step(request).await.map(tonic::Response::into_inner)
}

fn ids(course: &pb::TicketCourse) -> Vec<&str> {
    course.visits.iter().map(|visit| visit.step.as_str()).collect()
}

async fn status(world: &World, opened: &pb::CreateTicketResponse) -> pb::PublicStatus {
    let request = pb::GetPublicStatusRequest { tracking_key: opened.tracking_key.clone(), proof: opened.proof.clone() };
    let mut anybody = TicketServiceClient::new(world.served.anonymous());
    anybody.get_public_status(request).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_map_is_written_in_versions_and_every_version_stays() {
    let world = World::new().await;
    let mut boss = world.maps(Role::Supervisor);
    let first = put(&mut boss, process("invoices", "")).await.unwrap();
    assert_eq!((first.version, first.etag.as_str()), (1, "\"1\""));
    assert_refused(put(&mut boss, process("invoices", "")).await, Code::Aborted, "STALE_ETAG");

    let mut steps = invoices();
    steps[1].standard_duration = None;
    let later = pb::Process { steps, effective_time: time("2026-12-28T00:00:00Z"), ..process("invoices", &first.etag) };
    let second = put(&mut boss, later).await.unwrap();
    assert_eq!((second.version, second.effective_time), (2, time("2026-12-28T00:00:00Z")));
    let earlier = put(&mut boss, process("invoices", &second.etag)).await;
    let refused = assert_refused(earlier, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(
        fields(&refused),
        ["process.effective_time"],
        "a version does not come into force before the one before"
    );

    let read = |name: &str, version: i32| pb::GetProcessRequest { name: name.into(), version };
    let newest = boss.get_process(read("processes/invoices", 0)).await.unwrap().into_inner();
    assert_eq!(newest, second);
    let old = boss.get_process(read("processes/invoices", 1)).await.unwrap().into_inner();
    assert_eq!(old, pb::Process { etag: second.etag.clone(), ..first });
    assert_refused(boss.get_process(read("processes/invoices", 3)).await, Code::NotFound, "NOT_FOUND");

    let request = pb::ListProcessesRequest { page_size: 1, ..Default::default() };
    let page = boss.list_processes(request.clone()).await.unwrap().into_inner();
    let rest = pb::ListProcessesRequest { page_token: page.next_page_token.clone(), ..request };
    let rest = boss.list_processes(rest).await.unwrap().into_inner();
    let names: Vec<String> = page.processes.into_iter().chain(rest.processes).map(|process| process.name).collect();
    assert_eq!(names, ["processes/invoices", "processes/standard"]);
    assert_eq!(rest.next_page_token, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_one_kind_of_affair_there_is_one_map() {
    let world = World::new().await;
    let mut boss = world.maps(Role::Supervisor);
    put(&mut boss, process("invoices", "")).await.unwrap();
    let refused = assert_refused(put(&mut boss, process("bills", "")).await, Code::AlreadyExists, "SCOPE_TAKEN");
    assert_eq!(fact(&refused, "process"), "processes/invoices");
    let other = pb::Process { topic: "network".into(), ..process("invoices", "\"1\"") };
    let refused = assert_refused(put(&mut boss, other).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["process.topic"]);
    let for_all = pb::Process { ticket_type: 0, topic: String::new(), ..process("another", "") };
    let refused = assert_refused(put(&mut boss, for_all).await, Code::AlreadyExists, "SCOPE_TAKEN");
    assert_eq!(fact(&refused, "process"), "processes/standard");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_a_map_is_told_at_once() {
    let world = World::new().await;
    let mut steps = invoices();
    steps[0].public_text = said("", "It is here.");
    steps[1].internal_title.pop();
    steps[1].standard_duration = Some(prost_types::Duration { seconds: -1, nanos: 0 });
    steps[2].id = "No Slug".into();
    steps[3].situations[1].state = 99;
    let past = time("2020-01-01T00:00:00Z");
    let wrong = pb::Process { name: "process/x".into(), steps, effective_time: past, ..process("x", "") };
    let refused = put(&mut world.maps(Role::Supervisor), wrong).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(
        fields(&refused),
        [
            "process.name",
            "process.steps[0].public_text[0].text",
            "process.steps[1].standard_duration",
            "process.steps[1].internal_title",
            "process.steps[2].id",
            "process.steps[3].situations[1].state",
        ]
    );
    let mut steps = invoices();
    steps[4].may_end = false;
    steps[2].next = vec!["nowhere".into()];
    let wrong = pb::Process { steps, ..process("x", "") };
    let refused = put(&mut world.maps(Role::Supervisor), wrong).await.unwrap_err();
    assert_eq!(fields(&refused), ["process.steps[2].next[0]"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_goes_by_the_map_that_was_in_force_when_it_was_opened() {
    let world = World::new().await;
    let (mut boss, mut agent) = (world.maps(Role::Supervisor), world.agent());
    let before = open(&mut agent).await.ticket.unwrap();
    assert_eq!(course(&mut boss, &before.name).await.process, "processes/standard");

    world.advance(SignedDuration::from_mins(1));
    let first = put(&mut boss, process("invoices", "")).await.unwrap();
    // One that was opened before there was a map made for it goes by the first.
    assert_eq!(course(&mut boss, &before.name).await.process_version, 1);
    world.advance(SignedDuration::from_mins(1));
    let within = open(&mut agent).await.ticket.unwrap();
    world.advance(SignedDuration::from_mins(1));
    put(&mut boss, process("invoices", &first.etag)).await.unwrap();
    world.advance(SignedDuration::from_mins(1));
    let after = open(&mut agent).await.ticket.unwrap();
    for (ticket, version) in [(&before, 1), (&within, 1), (&after, 2)] {
        let course = course(&mut boss, &ticket.name).await;
        assert_eq!((course.process.as_str(), course.process_version), ("processes/invoices", version));
    }
    // What is made for less goes before what is made for more.
    let any_claim = pb::Process { topic: String::new(), ..process("claims", "") };
    put(&mut boss, any_claim).await.unwrap();
    let network = pb::Ticket { topic: "network".into(), ..complaint() };
    let network = agent.create_ticket(create_request(network)).await.unwrap().into_inner().ticket.unwrap();
    assert_eq!(course(&mut boss, &network.name).await.process, "processes/claims");
    assert_eq!(course(&mut boss, &after.name).await.process, "processes/invoices");
    let inquiry = pb::Ticket { ticket_type: pb::TicketType::Consulta.into(), claim_points: Vec::new(), ..complaint() };
    let inquiry = agent.create_ticket(create_request(inquiry)).await.unwrap().into_inner().ticket.unwrap();
    assert_eq!(course(&mut boss, &inquiry.name).await.process, "processes/standard");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_map_whose_day_has_not_come_takes_no_affair_from_the_one_in_force() {
    let world = World::new().await;
    let (mut boss, mut agent) = (world.maps(Role::Supervisor), world.agent());
    let any_claim = pb::Process { topic: String::new(), ..process("claims", "") };
    put(&mut boss, any_claim).await.unwrap();
    world.advance(SignedDuration::from_mins(1));
    let opened = open(&mut agent).await;
    let before = opened.ticket.clone().unwrap();
    let steps = vec![pb::ProcessStep {
        may_begin: true,
        may_end: true,
        ..step("desk", &[S::Acknowledged, S::InProgress], &[])
    }];
    let next = pb::Process { steps, effective_time: time("2026-11-24T09:00:00Z"), ..process("claims-next", "") };
    put(&mut boss, next).await.unwrap();

    let between = open(&mut agent).await.ticket.unwrap();
    for ticket in [&before, &between] {
        let course = course(&mut boss, &ticket.name).await;
        assert_eq!((course.process.as_str(), ids(&course)), ("processes/claims", vec!["intake"]));
    }
    assert_eq!(status(&world, &opened).await.step_title, "Título de intake");
    let before = start(&mut agent, &before).await.unwrap();
    assert_eq!(enter(&mut boss, &before, "correct").await.unwrap().process, "processes/claims");
    let measured = |slug: &str| pb::MeasureProcessRequest {
        name: format!("processes/{slug}"),
        from_time: time("2026-01-01T00:00:00Z"),
        to_time: time("2027-01-01T00:00:00Z"),
        ..Default::default()
    };
    let figures = boss.measure_process(measured("claims")).await.unwrap().into_inner();
    assert_eq!((figures.ticket_count, figures.conforming_count), (2, 2));

    world.advance(SignedDuration::from_hours(24));
    let after = open(&mut agent).await;
    let name = after.ticket.clone().unwrap().name;
    assert_eq!(course(&mut boss, &name).await.process, "processes/claims-next");
    assert_eq!(status(&world, &after).await.step_title, "Título de desk");
    let figures = boss.measure_process(measured("claims")).await.unwrap().into_inner();
    assert_eq!(figures.ticket_count, 0, "they are another map's now");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_is_entered_by_word_and_the_way_is_told_with_what_left_the_map() {
    let world = World::new().await;
    let (mut boss, mut agent) = (world.maps(Role::Supervisor), world.agent());
    put(&mut boss, process("invoices", "")).await.unwrap();
    let mut clerk = world.maps(Role::Agent);
    let ticket = open(&mut agent).await.ticket.unwrap();
    let early = enter(&mut clerk, &ticket, "correct").await;
    let early = assert_refused(early, Code::FailedPrecondition, "STEP_NOT_HERE");
    assert_eq!(fact(&early, "state"), "acknowledged");
    world.advance(SignedDuration::from_mins(10));
    let ticket = start(&mut agent, &ticket).await.unwrap();
    world.advance(SignedDuration::from_hours(2));

    assert_refused(enter(&mut clerk, &ticket, "look").await, Code::FailedPrecondition, "ALREADY_AT_STEP");
    let unknown =
        assert_refused(enter(&mut clerk, &ticket, "magic").await, Code::FailedPrecondition, "STEP_NOT_ON_MAP");
    assert_eq!(fact(&unknown, "steps"), "intake,look,correct,wait,answered");
    let entered = enter(&mut clerk, &ticket, "correct").await.unwrap();
    assert_eq!(ids(&entered), ["intake", "look", "correct"]);
    assert_eq!(entered.next, ["answered"]);
    assert!(entered.conforming);
    assert_eq!(entered.visits.iter().map(|visit| visit.over_standard).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(course(&mut boss, &ticket.name).await, entered);
    assert_refused(enter(&mut clerk, &ticket, "look").await, Code::Aborted, "STALE_ETAG");

    // From correcting nobody goes back to wait, as the map has it.
    let ticket = get(&mut agent, &ticket.name).await;
    wait(&mut agent, &ticket).await.unwrap();
    let left = course(&mut boss, &ticket.name).await;
    assert_eq!((ids(&left)[3], left.visits[3].on_map, left.conforming), ("wait", false, false));
    let listed = agent
        .list_ticket_history(pb::ListTicketHistoryRequest { name: ticket.name.clone(), ..Default::default() })
        .await
        .unwrap()
        .into_inner();
    let noted = listed.changes.iter().find(|change| change.kind() == pb::TicketChangeKind::StepEntered).unwrap();
    assert_eq!(noted.related, "correct");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_of_entering_a_step_is_answered_as_the_first_time() {
    let world = World::new().await;
    let (mut boss, mut agent) = (world.maps(Role::Supervisor), world.agent());
    put(&mut boss, process("invoices", "")).await.unwrap();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let ticket = start(&mut agent, &ticket).await.unwrap();
    let request = pb::EnterStepRequest {
        name: ticket.name.clone(),
        step: "correct".into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    let first = boss.enter_step(request.clone()).await.unwrap().into_inner();
    assert_eq!(boss.enter_step(request).await.unwrap().into_inner(), first);
    assert_eq!(course(&mut boss, &ticket.name).await.visits.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_life_of_an_affair_is_on_the_standard_map() {
    let world = World::new().await;
    let (mut boss, mut agent) = (world.maps(Role::Supervisor), world.agent());
    let answered = resolved(&mut agent).await;
    let fresh = open(&mut agent).await.ticket.unwrap();
    let working = open(&mut agent).await.ticket.unwrap();
    let working = start(&mut agent, &working).await.unwrap();
    let waiting = wait(&mut agent, &working).await.unwrap();
    for ticket in [&answered, &fresh, &waiting] {
        let course = course(&mut boss, &ticket.name).await;
        assert!(course.conforming, "{:?}", ids(&course));
    }
    assert_eq!(ids(&course(&mut boss, &waiting.name).await), ["received", "work", "customer"]);
    assert_eq!(ids(&course(&mut boss, &answered.name).await), ["received", "work", "answered"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customer_is_told_the_step_in_their_words_and_who_has_it_in_hand() {
    let world = World::new().await;
    let (mut boss, mut agent) = (world.maps(Role::Supervisor), world.agent());
    let mut steps = invoices();
    // Two steps that are one to the customer.
    steps[2].public_title = steps[1].public_title.clone();
    put(&mut boss, pb::Process { steps, ..process("invoices", "") }).await.unwrap();
    let named = pb::Agent { public_name: "Ana R.".into(), ..of_billing("u-7") };
    put_agent(&mut world.supervisor(), named).await.unwrap();

    let opened = open(&mut agent).await;
    let ticket = opened.ticket.clone().unwrap();
    let told = status(&world, &opened).await;
    assert_eq!((told.step_title.as_str(), told.state_text.as_str()), ("Título de intake", "Está en intake."));
    assert_eq!((told.next_step.as_str(), told.owner_name.as_str()), ("Después de intake.", ""));

    world.advance(SignedDuration::from_mins(5));
    let ticket = start(&mut agent, &ticket).await.unwrap();
    let to_ana = pb::TransferTicketRequest {
        reason: "needs_specialist".into(),
        handover: "Ya ha mandado el recibo.".into(),
        name: ticket.name.clone(),
        to_department: "billing".into(),
        owner: "u-7".into(),
        etag: ticket.etag,
        request_id: fresh_id(),
        ..Default::default()
    };
    let ticket = agent.transfer_ticket(to_ana).await.unwrap().into_inner();
    enter(&mut boss, &ticket, "correct").await.unwrap();
    let told = status(&world, &opened).await;
    assert_eq!((told.state_text.as_str(), told.owner_name.as_str()), ("Está en correct.", "Ana R."));
    let history: Vec<&str> = told.history.iter().map(|step| step.title.as_str()).collect();
    assert_eq!(history, ["Título de intake", "Título de look"]);

    // Off the map nothing is made up: the last step stays told.
    let ticket = get(&mut agent, &ticket.name).await;
    let english = pb::Ticket { language: Language::En.into(), ..complaint() };
    let english = agent.create_ticket(create_request(english)).await.unwrap().into_inner();
    assert_eq!(status(&world, &english).await.step_title, "Title of intake");
    let ticket = answer(&mut agent, &ticket, "p1", ANSWER).await.unwrap();
    let ticket = answer(&mut agent, &ticket, "p2", OTHER_ANSWER).await.unwrap();
    resolve(&mut agent, &ticket).await.unwrap();
    assert_eq!(status(&world, &opened).await.step_title, "Título de answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_say_where_affairs_leave_a_map_and_which_step_eats_the_time() {
    let world = World::new().await;
    let (mut boss, mut agent) = (world.maps(Role::Supervisor), world.agent());
    put(&mut boss, process("invoices", "")).await.unwrap();
    // One by the map, one that skips correcting, one that is being looked at.
    for (looked, corrects) in [(30, true), (90, false)] {
        let ticket = open(&mut agent).await.ticket.unwrap();
        let ticket = start(&mut agent, &ticket).await.unwrap();
        world.advance(SignedDuration::from_mins(looked));
        if corrects {
            enter(&mut boss, &ticket, "correct").await.unwrap();
        }
        let ticket = get(&mut agent, &ticket.name).await;
        let ticket = answer(&mut agent, &ticket, "p1", ANSWER).await.unwrap();
        let ticket = answer(&mut agent, &ticket, "p2", OTHER_ANSWER).await.unwrap();
        resolve(&mut agent, &ticket).await.unwrap();
    }
    let last = open(&mut agent).await.ticket.unwrap();
    start(&mut agent, &last).await.unwrap();
    // Of another subject matter.
    let network = pb::Ticket { topic: "network".into(), ..complaint() };
    agent.create_ticket(create_request(network)).await.unwrap();

    let request = pb::MeasureProcessRequest {
        name: "processes/invoices".into(),
        from_time: time("2026-01-01T00:00:00Z"),
        to_time: time("2027-01-01T00:00:00Z"),
        ..Default::default()
    };
    let figures = boss.measure_process(request.clone()).await.unwrap().into_inner();
    assert_eq!((figures.ticket_count, figures.ended_count, figures.conforming_count), (3, 2, 2));
    let look = figures.steps.iter().find(|step| step.step == "look").unwrap();
    assert_eq!((look.visit_count, look.open_count, look.over_standard_count), (3, 1, 1));
    let minutes = |duration: &Option<prost_types::Duration>| duration.unwrap().seconds / 60;
    assert_eq!(
        (minutes(&look.total_duration), minutes(&look.p50_duration), minutes(&look.longest_duration)),
        (120, 30, 90)
    );
    assert_eq!(look.share, Some(1.0));
    let off: Vec<(&str, &str, i64)> = figures
        .moves
        .iter()
        .filter(|made| !made.on_map)
        .map(|made| (made.from_step.as_str(), made.to_step.as_str(), made.count))
        .collect();
    assert_eq!(off, [("look", "answered", 1)]);

    // A draft that lets them go straight to the answer is tried on the same affairs before it is in force.
    let mut draft = invoices();
    draft[1].next.push("answered".into());
    let tried = pb::MeasureProcessRequest { draft_steps: draft, ..request.clone() };
    let tried = boss.measure_process(tried).await.unwrap().into_inner();
    assert_eq!((tried.conforming_count, tried.process.unwrap().name.as_str()), (3, ""));
    let nothing = pb::MeasureProcessRequest { to_time: time("2026-01-02T00:00:00Z"), ..request.clone() };
    assert_eq!(boss.measure_process(nothing).await.unwrap().into_inner().ticket_count, 0);
    let both = pb::MeasureProcessRequest { version: 1, draft_steps: invoices(), to_time: request.from_time, ..request };
    let refused = assert_refused(boss.measure_process(both).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["version", "to_time"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_map_has_no_words_for_how_an_affair_stands_the_customer_is_told_what_is_said_of_all() {
    let world = World::new().await;
    let (mut boss, mut agent) = (world.maps(Role::Supervisor), world.agent());
    // Nothing is said of who waits for the customer, and the repair is entered by word alone.
    let steps = vec![
        pb::ProcessStep { may_begin: true, ..step("intake", &[S::Acknowledged, S::InProgress], &["repair"]) },
        pb::ProcessStep { may_end: true, ..step("repair", &[], &["intake"]) },
    ];
    put(&mut boss, pb::Process { steps, ..process("invoices", "") }).await.unwrap();
    world.employ(&["u-7"]).await;
    let opened = open(&mut agent).await;
    let ticket = start(&mut agent, opened.ticket.as_ref().unwrap()).await.unwrap();
    enter(&mut boss, &ticket, "repair").await.unwrap();
    // Another owner is no turn of the way.
    let ticket = get(&mut agent, &ticket.name).await;
    let to_ana = pb::TransferTicketRequest {
        reason: "needs_specialist".into(),
        handover: "Ya ha mandado el recibo.".into(),
        name: ticket.name.clone(),
        to_department: "billing".into(),
        owner: "u-7".into(),
        etag: ticket.etag,
        request_id: fresh_id(),
        ..Default::default()
    };
    let ticket = agent.transfer_ticket(to_ana).await.unwrap().into_inner();
    assert_eq!(ids(&course(&mut boss, &ticket.name).await), ["intake", "repair"]);
    assert_eq!(status(&world, &opened).await.state_text, "Está en repair.");
    wait(&mut agent, &ticket).await.unwrap();
    let told = status(&world, &opened).await;
    assert_eq!(told.state_text, "Necesitamos algo de usted para seguir.");
    assert_eq!(told.next_step, "Envíenos lo que le ha pedido el departamento.");
    assert_eq!(told.history.len(), 2, "the way it came is told all the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_map_is_made_for_more_closely_is_not_counted() {
    let world = World::new().await;
    let (mut boss, mut agent) = (world.maps(Role::Supervisor), world.agent());
    put(&mut boss, process("invoices", "")).await.unwrap();
    open(&mut agent).await;
    let network = pb::Ticket { topic: "network".into(), ..complaint() };
    agent.create_ticket(create_request(network)).await.unwrap();
    for (name, count) in [("processes/standard", 1), ("processes/invoices", 1)] {
        let request = pb::MeasureProcessRequest {
            name: name.into(),
            from_time: time("2026-01-01T00:00:00Z"),
            to_time: time("2027-01-01T00:00:00Z"),
            ..Default::default()
        };
        assert_eq!(boss.measure_process(request).await.unwrap().into_inner().ticket_count, count, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absurd_duration_is_refused_and_nothing_falls_over() {
    let world = World::new().await;
    for (seconds, nanos) in [(i64::MAX, 2_000_000_000), (i64::MIN, -2_000_000_000), (0, 999_999), (-1, 0)] {
        let mut steps = invoices();
        steps[1].standard_duration = Some(prost_types::Duration { seconds, nanos });
        let refused = put(&mut world.maps(Role::Supervisor), pb::Process { steps, ..process("x", "") }).await;
        let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(fields(&refused), ["process.steps[1].standard_duration"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_that_is_answered_with_another_goes_that_ones_way() {
    let world = World::new().await;
    let (mut boss, mut agent) = (world.maps(Role::Supervisor), world.agent());
    put(&mut boss, process("invoices", "")).await.unwrap();
    let member = open(&mut agent).await;
    let head = open(&mut agent).await.ticket.unwrap();
    let head = start(&mut agent, &head).await.unwrap();
    let part = member.ticket.clone().unwrap();
    let merge = pb::MergeTicketRequest {
        name: part.name.clone(),
        into: head.name.clone(),
        reason: "same_invoice".into(),
        etag: part.etag,
        into_etag: head.etag,
        request_id: fresh_id(),
    };
    let mut relations = RelationServiceClient::new(world.served.channel(Role::Agent));
    let merged = relations.merge_ticket(merge).await.unwrap().into_inner();
    enter(&mut boss, merged.head.as_ref().unwrap(), "correct").await.unwrap();
    assert_eq!(ids(&course(&mut boss, &part.name).await), ["intake", "look", "correct"]);
    assert_eq!(status(&world, &member).await.state_text, "Está en correct.");
    // It is measured once.
    let request = pb::MeasureProcessRequest {
        name: "processes/invoices".into(),
        from_time: time("2026-01-01T00:00:00Z"),
        to_time: time("2027-01-01T00:00:00Z"),
        ..Default::default()
    };
    assert_eq!(boss.measure_process(request).await.unwrap().into_inner().ticket_count, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_standard_map_will_say_is_not_told_before_it_is_in_force() {
    let world = World::new().await;
    let (mut boss, mut agent) = (world.maps(Role::Supervisor), world.agent());
    // Of who waits for the customer their own map says nothing.
    let own =
        pb::ProcessStep { may_begin: true, may_end: true, ..step("intake", &[S::Acknowledged, S::InProgress], &[]) };
    put(&mut boss, pb::Process { steps: vec![own], ..process("invoices", "") }).await.unwrap();
    let read = pb::GetProcessRequest { name: "processes/standard".into(), version: 0 };
    let standard = boss.get_process(read).await.unwrap().into_inner();
    let all = [S::Acknowledged, S::InProgress, S::Pending, S::Held, S::Resolved, S::Closed, S::Rejected, S::Cancelled];
    let next = pb::ProcessStep { may_begin: true, may_end: true, ..step("tomorrow", &all, &[]) };
    let next = pb::Process {
        name: standard.name,
        steps: vec![next],
        effective_time: time("2027-03-01T00:00:00Z"),
        etag: standard.etag,
        ..Default::default()
    };
    put(&mut boss, next).await.unwrap();
    let opened = open(&mut agent).await;
    let ticket = start(&mut agent, opened.ticket.as_ref().unwrap()).await.unwrap();
    wait(&mut agent, &ticket).await.unwrap();
    assert_eq!(status(&world, &opened).await.state_text, "Necesitamos algo de usted para seguir.");
    world.advance(SignedDuration::from_hours(24 * 120));
    assert_eq!(status(&world, &opened).await.state_text, "Está en tomorrow.");
}
