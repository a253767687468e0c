//! PublicService: what customers do with tracking key and proof.

use kernel::Role;
use testkit::Client;
use tonic::{Code, Response, Status};
use uuid::Uuid;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::public_service_client::PublicServiceClient;
use ventanilla_proto::r#type::v1::{ActorKind, Channel, Direction, Language};

use crate::world::{
    ANSWER, OTHER_ANSWER, World, answer, assert_refused, fields, fresh_id, get, open, promise_request, resolve, say,
    start, wait,
};

type Public = PublicServiceClient<Client>;

const OBJECTION: &str = "La llamada del martes no fue a mi número.";

pub fn anybody(world: &World) -> Public {
    PublicServiceClient::new(world.served.anonymous())
}

pub async fn affair(world: &World, opened: &pb::CreateTicketResponse) -> Result<pb::PublicAffair, Status> {
    page(world, opened, String::new()).await
}

/// With the messages that this token stands for.
async fn page(
    world: &World,
    opened: &pb::CreateTicketResponse,
    page_token: String,
) -> Result<pb::PublicAffair, Status> {
    let (tracking_key, proof) = (opened.tracking_key.clone(), opened.proof.clone());
    let request = pb::GetPublicAffairRequest { tracking_key, proof, page_token };
    anybody(world).get_public_affair(request).await.map(Response::into_inner)
}

pub fn speaking(opened: &pb::CreateTicketResponse, text: &str) -> pb::AddPublicMessageRequest {
    pb::AddPublicMessageRequest {
        tracking_key: opened.tracking_key.clone(),
        proof: opened.proof.clone(),
        text: text.into(),
        request_id: fresh_id(),
    }
}

pub fn accepting(opened: &pb::CreateTicketResponse, etag: &str) -> pb::AcceptPublicAnswerRequest {
    pb::AcceptPublicAnswerRequest {
        tracking_key: opened.tracking_key.clone(),
        proof: opened.proof.clone(),
        etag: etag.into(),
        request_id: fresh_id(),
    }
}

pub fn objecting(opened: &pb::CreateTicketResponse, etag: &str) -> pb::ObjectToPublicAnswerRequest {
    pb::ObjectToPublicAnswerRequest {
        tracking_key: opened.tracking_key.clone(),
        proof: opened.proof.clone(),
        text: OBJECTION.into(),
        etag: etag.into(),
        request_id: fresh_id(),
    }
}

/// An affair whose two points are answered.
async fn answered(world: &World) -> pb::CreateTicketResponse {
    let mut agent = world.agent();
    let opened = open(&mut agent).await;
    let ticket = start(&mut agent, opened.ticket.as_ref().unwrap()).await.unwrap();
    let ticket = answer(&mut agent, &ticket, "p1", ANSWER).await.unwrap();
    let ticket = answer(&mut agent, &ticket, "p2", OTHER_ANSWER).await.unwrap();
    resolve(&mut agent, &ticket).await.unwrap();
    opened
}

fn name(opened: &pb::CreateTicketResponse) -> &str {
    &opened.ticket.as_ref().unwrap().name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_reads_their_way_and_what_they_can_do() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    let shown = affair(&world, &opened).await.unwrap();
    let way: Vec<_> = shown.milestones.iter().map(|m| (m.title.as_str(), m.place())).collect();
    use pb::MilestonePlace::{Ahead, Here};
    assert_eq!(way, [("Recibido", Here), ("En curso", Ahead), ("Respondido", Ahead)]);
    assert_eq!(shown.options, [i32::from(pb::PublicOption::Say), pb::PublicOption::Ombudsman.into()]);
    assert_eq!(shown.points.len(), 2);
    assert!(shown.points.iter().all(|point| !point.text.is_empty() && point.answer.is_empty()));
    assert_eq!(shown.status.unwrap().tracking_key, opened.tracking_key);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notes_of_the_house_are_not_told() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    say(&mut world.agent(), name(&opened), Direction::Unspecified, pb::MessageVisibility::Internal).await;
    say(&mut world.agent(), name(&opened), Direction::Outbound, pb::MessageVisibility::Public).await;
    let shown = affair(&world, &opened).await.unwrap();
    let told: Vec<_> = shown.messages.iter().map(|message| message.from_customer).collect();
    assert_eq!(told, [false]);
}

/// Writes a history of so many messages before what was said really, each with its number, and a note of the house after every one of them.
async fn talked(world: &World, opened: &pb::CreateTicketResponse, messages: i32) {
    let id: Uuid = name(opened).trim_start_matches("tickets/").parse().unwrap();
    let written = sqlx::query(
        "insert into ticketing.message (ticket_id, sequence, message_id, direction, visibility, channel, body, actor_kind, actor_id, occurred_at, created_at)
         select $1, n - 2 * $2 - 2, gen_random_uuid(), case when n % 2 = 0 then 'outbound' end, case when n % 2 = 0 then 'public' else 'internal' end,
                case when n % 2 = 0 then 'email' end, 'mensaje ' || n / 2, 'employee', 'ana', now(), now()
         from generate_series(2, 2 * $2 + 1) n",
    );
    let admin = world.database.admin().await;
    let written = written.bind(id).bind(messages).execute(&admin).await.unwrap();
    assert_eq!(written.rows_affected(), 2 * u64::try_from(messages).unwrap());
    sqlx::query("analyze ticketing.message").execute(&admin).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_messages_are_told_and_there_is_a_way_back_to_the_first() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    talked(&world, &opened, 2_500).await;
    let mut shown = affair(&world, &opened).await.unwrap();
    assert_eq!(shown.messages.len(), 25);
    assert_eq!(shown.messages.last().unwrap().text, "mensaje 2500", "the newest is told");
    // What is said meanwhile moves nothing.
    say(&mut world.agent(), name(&opened), Direction::Outbound, pb::MessageVisibility::Public).await;
    let mut told: Vec<String> = Vec::new();
    loop {
        let older = shown.messages.into_iter().map(|message| message.text);
        told.splice(0..0, older);
        if shown.next_page_token.is_empty() {
            break;
        }
        shown = page(&world, &opened, shown.next_page_token).await.unwrap();
    }
    let all: Vec<String> = (1..=2_500).map(|n| format!("mensaje {n}")).collect();
    assert!(told == all, "{} are told, from {:?} on", told.len(), told.first());

    let other = open(&mut world.agent()).await;
    let foreign = page(&world, &other, affair(&world, &opened).await.unwrap().next_page_token).await;
    assert_refused(foreign, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
}

/// The statement is that of `store/message.rs`, as it was described for the build.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_told_at_the_same_cost_however_many_there_are() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    talked(&world, &opened, 5_000).await;
    let id: Uuid = name(&opened).trim_start_matches("tickets/").parse().unwrap();
    let plan: sqlx::types::JsonValue = sqlx::query_scalar(
        "explain (analyze, format json) select m.body from ticketing.message m
         where m.ticket_id = $1 and m.sequence < $2 and m.visibility = 'public' order by m.sequence desc limit $3",
    )
    .bind(id)
    .bind(i32::MAX)
    .bind(51_i64)
    .fetch_one(&world.database.admin().await)
    .await
    .unwrap();
    let plan = &plan[0]["Plan"];
    let scan = &plan["Plans"][0];
    assert_eq!(scan["Index Name"], "message_told_idx", "{plan:#}");
    assert_eq!(scan["Actual Rows"].as_f64(), Some(51.0), "no more is read than is told: {plan:#}");
    assert!(scan["Rows Removed by Filter"].is_null(), "{plan:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_customer_says_is_theirs_and_brings_a_waiting_ticket_back() {
    let world = World::new().await;
    let mut agent = world.agent();
    let opened = open(&mut agent).await;
    let ticket = start(&mut agent, opened.ticket.as_ref().unwrap()).await.unwrap();
    wait(&mut agent, &ticket).await.unwrap();
    let request = speaking(&opened, "Adjunto la factura.");
    let act = anybody(&world).add_public_message(request.clone()).await.unwrap().into_inner();
    assert_eq!(act.state(), pb::TicketState::InProgress);
    let again = anybody(&world).add_public_message(request).await.unwrap().into_inner();
    assert_eq!(act, again);

    let list = pb::ListMessagesRequest { parent: name(&opened).into(), ..Default::default() };
    let messages = agent.list_messages(list).await.unwrap().into_inner().messages;
    assert_eq!(messages.len(), 1);
    let actor = messages[0].actor.clone().unwrap();
    assert_eq!((actor.kind(), messages[0].channel()), (ActorKind::Customer, Channel::Web));
    assert_eq!(format!("customers/{}", actor.id), opened.ticket.unwrap().customer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_accepted_as_it_was_read() {
    let world = World::new().await;
    let opened = answered(&world).await;
    let shown = affair(&world, &opened).await.unwrap();
    assert_eq!(shown.resolution, ANSWER);
    let stale = anybody(&world).accept_public_answer(accepting(&opened, "\"1\"")).await;
    assert_refused(stale, Code::Aborted, "STALE_ETAG");
    let act = anybody(&world).accept_public_answer(accepting(&opened, &shown.etag)).await.unwrap().into_inner();
    assert_eq!(act.state(), pb::TicketState::Closed);
    let late = anybody(&world).add_public_message(speaking(&opened, "Una cosa más.")).await;
    assert_refused(late, Code::FailedPrecondition, "TICKET_OVER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_objection_reopens_the_affair_and_says_why() {
    let world = World::new().await;
    let opened = answered(&world).await;
    let shown = affair(&world, &opened).await.unwrap();
    let act = anybody(&world).object_to_public_answer(objecting(&opened, &shown.etag)).await.unwrap().into_inner();
    assert_eq!(act.state(), pb::TicketState::InProgress);
    let ticket = get(&mut world.agent(), name(&opened)).await;
    assert_eq!(ticket.state_reason, "customer_objected");
    let shown = affair(&world, &opened).await.unwrap();
    assert_eq!(shown.messages.last().unwrap().text, OBJECTION);
    let twice = anybody(&world).object_to_public_answer(objecting(&opened, &shown.etag)).await;
    assert_refused(twice, Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_act_with_a_wrong_proof_is_refused_alike_and_changes_nothing() {
    let world = World::new().await;
    let opened = answered(&world).await;
    let etag = affair(&world, &opened).await.unwrap().etag;
    let proof = if opened.proof == "000000" { "111111" } else { "000000" };
    let wrong = pb::CreateTicketResponse { proof: proof.into(), ..opened.clone() };
    let (before, mut public) = (world.count("entries").await, anybody(&world));
    let refusals = [
        affair(&world, &wrong).await.map(|_| ()),
        public.add_public_message(speaking(&wrong, "Hola")).await.map(|_| ()),
        public.accept_public_answer(accepting(&wrong, &etag)).await.map(|_| ()),
        public.object_to_public_answer(objecting(&wrong, &etag)).await.map(|_| ()),
    ];
    let told = refusals.map(|answer| {
        let status = assert_refused(answer, Code::NotFound, "KEY_OR_PROOF_UNKNOWN");
        (status.message().to_owned(), status.details().to_vec())
    });
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(world.count("entries").await, before);
    assert_eq!(get(&mut world.agent(), name(&opened)).await.state(), pb::TicketState::Resolved);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_id_is_no_way_around_the_proof() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    let said = speaking(&opened, "Hola");
    anybody(&world).add_public_message(said.clone()).await.unwrap();
    let proof = if opened.proof == "000000" { "111111" } else { "000000" };
    let guessed = pb::AddPublicMessageRequest { proof: proof.into(), ..said };
    assert_refused(anybody(&world).add_public_message(guessed).await, Code::NotFound, "KEY_OR_PROOF_UNKNOWN");
}

/// The digits a code is typed with on a telephone.
pub fn typed(code: &str) -> String {
    let keys = ["ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ"];
    let key = |c: char| keys.iter().zip('2'..='9').find(|(letters, _)| letters.contains(c)).map_or(c, |(_, key)| key);
    code.chars().filter(|c| *c != '-').map(key).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_system_asks_with_what_its_keys_can_type() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    let request = pb::GetKeypadStatusRequest {
        key_digits: typed(&opened.tracking_key),
        proof_digits: typed(&opened.proof),
        language: 0,
    };
    let mut ivr = PublicServiceClient::new(world.served.channel(Role::Ivr));
    let status = ivr.get_keypad_status(request.clone()).await.unwrap().into_inner();
    assert_eq!(status.tracking_key, opened.tracking_key);
    assert_eq!(status.language(), Language::Es, "the affair's");
    let english = pb::GetKeypadStatusRequest { language: Language::En.into(), ..request.clone() };
    let told = ivr.get_keypad_status(english).await.unwrap().into_inner();
    assert_eq!(told.language(), Language::En);
    assert_ne!((&told.state_text, &told.next_step), (&status.state_text, &status.next_step));
    assert_eq!((told.state(), told.answer_due_time), (status.state(), status.answer_due_time));

    let wrong = if request.proof_digits == "000000" { "111111" } else { "000000" };
    for (key_digits, proof_digits) in
        [(request.key_digits.clone(), wrong.to_owned()), ("0".repeat(13), request.proof_digits.clone())]
    {
        let asked = pb::GetKeypadStatusRequest { key_digits, proof_digits, language: 0 };
        assert_refused(ivr.get_keypad_status(asked).await, Code::NotFound, "KEY_OR_PROOF_UNKNOWN");
    }
    let letters =
        pb::GetKeypadStatusRequest { key_digits: opened.tracking_key, proof_digits: opened.proof, language: 0 };
    let refused = assert_refused(ivr.get_keypad_status(letters).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert!(!fields(&refused).is_empty());
    let public = anybody(&world).get_keypad_status(request).await.unwrap_err();
    assert_eq!(public.code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_telephone_system_promises_a_call_back_and_nothing_else() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    let mut ivr = world.as_role(Role::Ivr);
    let mut request = promise_request(name(&opened), "2026-11-24T13:00:00Z");
    let refused = ivr.make_promise(request.clone()).await;
    assert_refused(refused, Code::PermissionDenied, "PROMISE_NOT_BY_MACHINE");
    let promise = request.promise.as_mut().unwrap();
    promise.kind = pb::PromiseKind::Callback.into();
    promise.window_start_time = crate::world::time("2026-11-24T11:00:00Z");
    request.request_id = fresh_id();
    ivr.make_promise(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_find_the_ticket_that_key_and_proof_open() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    let mut service = PublicServiceClient::new(world.served.channel(Role::Service));
    let request = pb::LocateTicketRequest { tracking_key: opened.tracking_key.clone(), proof: opened.proof.clone() };
    let located = service.locate_ticket(request).await.unwrap().into_inner();
    assert_eq!((located.ticket.as_str(), located.sector.as_str()), (name(&opened), "general"));
}
