//! Root causes, what customers thought, and how much dissatisfaction is never said.

use jiff::SignedDuration;
use kernel::Role;
use testkit::Client;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::learning_service_client::LearningServiceClient;
use ventanilla_proto::r#type::v1::Channel;

use crate::ask_survey::ask;
use crate::redresses::{euros, given};
use crate::world::{
    ANSWER, CUSTOMER, OTHER_ANSWER, Tickets, World, answer, assert_refused, complaint, create_request, fact, fields,
    fresh_id, get, resolve, start, time,
};

type Learner = LearningServiceClient<Client>;

impl World {
    fn learner(&self, subject: &str, role: Role) -> Learner {
        LearningServiceClient::new(self.served.channel_as(subject, &[role], Some("billing")))
    }
}

async fn put(learner: &mut Learner, slug: &str, parent: &str, etag: &str) -> Result<pb::RootCause, Status> {
    let cause = pb::RootCause {
        name: format!("causes/{slug}"),
        title: format!("Causa {slug}"),
        parent: if parent.is_empty() { String::new() } else { format!("causes/{parent}") },
        etag: etag.into(),
        ..Default::default()
    };
    let request = pb::PutRootCauseRequest { cause: Some(cause), request_id: fresh_id() };
    learner.put_root_cause(request).await.map(tonic::Response::into_inner)
}

async fn state(learner: &mut Learner, ticket: &pb::Ticket, slug: &str) -> Result<pb::Ticket, Status> {
    let request = pb::StateRootCauseRequest {
        name: ticket.name.clone(),
        cause: format!("causes/{slug}"),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
    };
    learner.state_root_cause(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn causes_stand_in_a_tree_without_circles_and_no_deeper_than_it_may_be() {
    let world = World::new().await;
    let mut boss = world.learner("boss", Role::Supervisor);
    let top = put(&mut boss, "a", "", "").await.unwrap();
    let mut above = "a";
    for slug in ["b", "c", "d", "e", "f"] {
        put(&mut boss, slug, above, "").await.unwrap();
        above = slug;
    }
    let refused = assert_refused(put(&mut boss, "g", "f", "").await, Code::FailedPrecondition, "CAUSE_TOO_DEEP");
    assert_eq!(fact(&refused, "most"), "6");
    assert_refused(put(&mut boss, "a", "f", &top.etag).await, Code::FailedPrecondition, "CAUSE_CIRCULAR");
    assert_refused(put(&mut boss, "a", "a", &top.etag).await, Code::FailedPrecondition, "CAUSE_CIRCULAR");
    put(&mut boss, "z", "", "").await.unwrap();
    assert_refused(put(&mut boss, "a", "z", &top.etag).await, Code::FailedPrecondition, "CAUSE_TOO_DEEP");
    assert_refused(put(&mut boss, "h", "nothing", "").await, Code::NotFound, "NOT_FOUND");
    assert_refused(put(&mut boss, "a", "f", "").await, Code::Aborted, "STALE_ETAG");
    let list = pb::ListRootCausesRequest { page_size: 100, ..Default::default() };
    let listed = boss.list_root_causes(list).await.unwrap().into_inner().causes;
    assert_eq!(
        listed.iter().map(|c| c.parent.as_str()).collect::<Vec<_>>(),
        ["", "causes/a", "causes/b", "causes/c", "causes/d", "causes/e", ""]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_move_causes_below_each_other_at_once_make_no_circle() {
    let world = World::new().await;
    let mut boss = world.learner("boss", Role::Supervisor);
    let (a, b) = (put(&mut boss, "a", "", "").await.unwrap(), put(&mut boss, "b", "", "").await.unwrap());
    // Both are held where they would write, until both are there: whoever has looked before has looked at a tree without the other.
    let pool = world.database.admin().await;
    let mut held = pool.acquire().await.unwrap();
    sqlx::raw_sql("begin; lock table ticketing.cause_parent in share row exclusive mode")
        .execute(&mut *held)
        .await
        .unwrap();
    let (mut one, mut two) = (boss.clone(), boss.clone());
    let first = tokio::spawn(async move { put(&mut one, "a", "b", &a.etag).await });
    let second = tokio::spawn(async move { put(&mut two, "b", "a", &b.etag).await });
    testkit::eventually(std::time::Duration::from_secs(20), || async {
        let waiting =
            "select count(*) from pg_locks where relation = 'ticketing.cause_parent'::regclass and not granted";
        let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&pool).await.unwrap();
        if waiting == 2 { Ok(()) } else { Err(waiting) }
    })
    .await;
    sqlx::raw_sql("commit").execute(&mut *held).await.unwrap();
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert_eq!([first.is_ok(), second.is_ok()].iter().filter(|ok| **ok).count(), 1, "{first:?} {second:?}");
}

/// An affair of this type and topic, answered.
async fn answered(agent: &mut Tickets, kind: pb::TicketType, topic: &str, customer: u8) -> pb::Ticket {
    let ticket = pb::Ticket { ticket_type: kind.into(), topic: topic.into(), customer: of(customer), ..complaint() };
    let opened = agent.create_ticket(create_request(ticket)).await.unwrap().into_inner().ticket.unwrap();
    let ticket = start(agent, &opened).await.unwrap();
    let ticket = answer(agent, &ticket, "p1", ANSWER).await.unwrap();
    let ticket = answer(agent, &ticket, "p2", OTHER_ANSWER).await.unwrap();
    resolve(agent, &ticket).await.unwrap()
}

fn of(customer: u8) -> String {
    format!("{}{customer:02x}", &CUSTOMER[..CUSTOMER.len() - 2])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn causes_are_counted_up_the_tree_with_what_customers_were_given() {
    let world = World::new().await;
    let (mut boss, mut ana) = (world.learner("boss", Role::Supervisor), world.learner("ana", Role::Agent));
    let mut agent = world.agent();
    put(&mut boss, "billing", "", "").await.unwrap();
    put(&mut boss, "reading", "billing", "").await.unwrap();
    put(&mut boss, "network", "", "").await.unwrap();
    // One of the period before.
    let before = answered(&mut agent, pb::TicketType::Consulta, "", 1).await;
    state(&mut ana, &before, "network").await.unwrap();
    world.advance(SignedDuration::from_hours(24 * 10));
    let mut stated = Vec::new();
    for (kind, slug) in [
        (pb::TicketType::Reclamacion, "reading"),
        (pb::TicketType::Consulta, "reading"),
        (pb::TicketType::Queja, "billing"),
    ] {
        let ticket = answered(&mut agent, kind, "", 2).await;
        stated.push(state(&mut ana, &ticket, slug).await.unwrap());
    }
    answered(&mut agent, pb::TicketType::Consulta, "", 3).await;
    assert_eq!(stated[0].root_cause, "causes/reading");
    assert_eq!(get(&mut agent, &stated[0].name).await, stated[0]);
    given(&world, &stated[0], 1_500).await;
    given(&world, &get(&mut agent, &stated[2].name).await, 500).await;

    let request = pb::MeasureRootCausesRequest {
        from_time: time("2026-12-01T00:00:00Z"),
        to_time: time("2026-12-11T00:00:00Z"),
        department: String::new(),
    };
    let measured = boss.measure_root_causes(request.clone()).await.unwrap().into_inner();
    assert_eq!(measured.ticket_count, 4);
    let told: Vec<_> = measured
        .causes
        .iter()
        .map(|c| {
            (
                c.cause.as_str(),
                c.ticket_count,
                c.total_count,
                c.complaint_count,
                c.given.clone(),
                c.share,
                c.share_before,
            )
        })
        .collect();
    let sum = |cents| euros(cents).into_iter().collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            ("causes/billing", 1, 3, 2, sum(2_000), 0.75, 0.0),
            ("causes/reading", 2, 2, 1, sum(1_500), 0.5, 0.0),
            ("causes/network", 0, 0, 0, vec![], 0.0, 1.0),
            ("", 1, 1, 0, vec![], 0.25, 0.0),
        ]
    );
    let elsewhere = pb::MeasureRootCausesRequest { department: "network".into(), ..request };
    assert_eq!(boss.measure_root_causes(elsewhere).await.unwrap().into_inner().ticket_count, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cause_may_be_said_anew_and_one_that_is_retired_is_not_said_any_more() {
    let world = World::new().await;
    let (mut boss, mut ana) = (world.learner("boss", Role::Supervisor), world.learner("ana", Role::Agent));
    let mut agent = world.agent();
    let kept = put(&mut boss, "billing", "", "").await.unwrap();
    put(&mut boss, "network", "", "").await.unwrap();
    let ticket = answered(&mut agent, pb::TicketType::Consulta, "", 1).await;
    let first = state(&mut ana, &ticket, "billing").await.unwrap();
    assert_refused(state(&mut ana, &ticket, "network").await, Code::Aborted, "STALE_ETAG");
    let cause = pb::RootCause { retired: true, ..kept };
    let request = pb::PutRootCauseRequest { cause: Some(cause), request_id: fresh_id() };
    boss.put_root_cause(request).await.unwrap();
    assert_refused(state(&mut ana, &first, "billing").await, Code::FailedPrecondition, "CAUSE_RETIRED");
    let second = state(&mut ana, &first, "network").await.unwrap();
    assert_eq!(second.root_cause, "causes/network");
    assert_refused(state(&mut ana, &second, "nothing").await, Code::NotFound, "NOT_FOUND");
}

async fn says(agent: &mut Tickets, ivr: &mut Tickets, ticket: &str, csat: i32) -> pb::Survey {
    let asked = ask(agent, ticket).await.unwrap();
    let said = pb::SurveyAnswer { channel: Channel::Sms.into(), csat: Some(csat), ..Default::default() };
    let request = pb::AnswerSurveyRequest {
        name: asked.name,
        answer: Some(said),
        etag: asked.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    ivr.answer_survey(request).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_counted_among_those_who_did_not_complain() {
    let world = World::new().await;
    let (mut agent, mut ivr) = (world.agent(), world.as_role(Role::Ivr));
    let consulta = pb::TicketType::Consulta;
    // Dissatisfied, and silent.
    let one = answered(&mut agent, consulta, "tariff", 1).await;
    let said = says(&mut agent, &mut ivr, &one.name, 1).await;
    assert!(said.complaint_invitation.starts_with("Lo sentimos. Puede presentar una reclamación"));
    // Content.
    let two = answered(&mut agent, consulta, "tariff", 2).await;
    assert_eq!(says(&mut agent, &mut ivr, &two.name, 4).await.complaint_invitation, "");
    // Asked, answered nothing, and came back for the same.
    let three = answered(&mut agent, consulta, "tariff", 3).await;
    ask(&mut agent, &three.name).await.unwrap();
    world.advance(SignedDuration::from_hours(1));
    answered(&mut agent, consulta, "tariff", 3).await;
    // Words alone count neither way.
    let words = answered(&mut agent, consulta, "", 5).await;
    let asked = ask(&mut agent, &words.name).await.unwrap();
    let said =
        pb::SurveyAnswer { channel: Channel::Sms.into(), verbatim: "Fatal, nunca más".into(), ..Default::default() };
    let request = pb::AnswerSurveyRequest {
        name: asked.name,
        answer: Some(said),
        etag: asked.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    ivr.answer_survey(request).await.unwrap();
    // Complained: they are heard.
    let four = answered(&mut agent, consulta, "meter", 4).await;
    says(&mut agent, &mut ivr, &four.name, 1).await;
    world.advance(SignedDuration::from_hours(1));
    let loud = answered(&mut agent, pb::TicketType::Reclamacion, "meter", 4).await;
    let of_complaint = says(&mut agent, &mut ivr, &loud.name, 1).await;
    assert_eq!(of_complaint.complaint_invitation, "", "who has complained is not asked to");

    let mut learner = world.learner("boss", Role::Supervisor);
    let request = pb::EstimateSilenceRequest {
        from_time: time("2026-11-01T00:00:00Z"),
        to_time: time("2026-12-01T00:00:00Z"),
        department: String::new(),
    };
    let told = learner.estimate_silence(request.clone()).await.unwrap().into_inner();
    let counts =
        (told.finished_count, told.asked_count, told.answered_count, told.dissatisfied_count, told.came_back_count);
    assert_eq!(counts, (5, 4, 2, 1, 1));
    assert_eq!((told.least_count, told.most_count, told.estimated), (2, 4, false), "two answers are no sample");

    // A content and a dissatisfied answer in turn, until it is one.
    for customer in 10..40 {
        let ticket = answered(&mut agent, consulta, "", customer).await;
        says(&mut agent, &mut ivr, &ticket.name, if customer % 2 == 0 { 1 } else { 5 }).await;
    }
    let told = learner.estimate_silence(request.clone()).await.unwrap().into_inner();
    assert_eq!((told.answered_count, told.dissatisfied_count, told.estimated), (32, 16, true));
    assert!((told.share - 0.5).abs() < 1e-9 && (told.estimate - 17.5).abs() < 1e-9, "{told:?}");
    assert!(
        told.low >= 17.0 && told.low <= told.estimate && told.estimate <= told.high && told.high <= 19.0,
        "{told:?}"
    );
    let upside_down = pb::EstimateSilenceRequest { from_time: request.to_time, to_time: request.from_time, ..request };
    let refused = assert_refused(learner.estimate_silence(upside_down).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["to_time"]);
}

async fn thinks(ivr: &mut Tickets, asked: pb::Survey, said: pb::SurveyAnswer) {
    let request = pb::AnswerSurveyRequest {
        name: asked.name,
        answer: Some(pb::SurveyAnswer { channel: Channel::Sms.into(), ..said }),
        etag: asked.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    ivr.answer_survey(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_customers_thought_is_told_of_all_by_department_and_by_type() {
    let world = World::new().await;
    let (mut agent, mut ivr) = (world.agent(), world.as_role(Role::Ivr));
    let (reclamacion, consulta) = (pb::TicketType::Reclamacion, pb::TicketType::Consulta);
    let scores = |csat, nps, ces| pb::SurveyAnswer { csat, nps, ces, ..Default::default() };
    let words = pb::SurveyAnswer { verbatim: "Ni bien ni mal".into(), ..Default::default() };
    // Of the time before, and without a survey: in no figure.
    let before = answered(&mut agent, consulta, "", 1).await;
    let asked = ask(&mut agent, &before.name).await.unwrap();
    thinks(&mut ivr, asked, scores(Some(1), Some(0), Some(1))).await;
    world.advance(SignedDuration::from_hours(24 * 10));
    answered(&mut agent, consulta, "", 2).await;
    for (kind, said) in [
        (reclamacion, Some(scores(Some(2), Some(3), None))),
        (reclamacion, Some(scores(Some(4), Some(10), Some(7)))),
        (consulta, Some(scores(Some(5), Some(9), Some(6)))),
        (consulta, Some(scores(Some(5), Some(8), None))),
        (consulta, Some(words)),
        (consulta, None),
    ] {
        let ticket = answered(&mut agent, kind, "", 3).await;
        let asked = ask(&mut agent, &ticket.name).await.unwrap();
        if let Some(said) = said {
            thinks(&mut ivr, asked, said).await;
        }
    }
    let mut boss = world.learner("boss", Role::Supervisor);
    let request = pb::MeasureSatisfactionRequest {
        from_time: time("2026-12-01T00:00:00Z"),
        to_time: time("2026-12-11T00:00:00Z"),
        department: String::new(),
    };
    let told = boss.measure_satisfaction(request.clone()).await.unwrap().into_inner();
    let all = told.all.clone().unwrap();
    assert_eq!((all.asked_count, all.answered_count), (6, 5));
    let (csat, nps, ces) = (all.csat.clone().unwrap(), all.nps.clone().unwrap(), all.ces.clone().unwrap());
    assert_eq!((csat.count, csat.distribution.as_slice()), (4, [0, 1, 0, 1, 2].as_slice()));
    assert_eq!((nps.count, nps.distribution.as_slice()), (4, [0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1].as_slice()));
    assert_eq!((ces.count, ces.distribution.as_slice()), (2, [0, 0, 0, 0, 0, 1, 1].as_slice()));
    // By hand: mean 4 of 2 4 5 5, deviation sqrt 2, t(3) 3.18245; two promoters and one detractor of four are 25.
    let mean = csat.mean.unwrap();
    assert!((mean.value - 4.0).abs() < 1e-9 && (mean.low() - 1.74967).abs() < 1e-5 && mean.high() == 5.0, "{mean:?}");
    assert!((nps.net.unwrap().value - 25.0).abs() < 1e-9);
    let well = csat.well_share.unwrap();
    assert!(
        (well.value - 0.75).abs() < 1e-9 && (well.low() - 0.30064).abs() < 1e-5 && (well.high() - 0.95441).abs() < 1e-5,
        "{well:?}"
    );

    let parts = |parts: &[pb::SatisfactionFigures]| -> Vec<_> {
        let told = |part: &pb::SatisfactionFigures| {
            let counts = [&part.csat, &part.nps, &part.ces].map(|score| score.as_ref().map_or(0, |score| score.count));
            (part.department.clone(), part.ticket_type(), part.asked_count, part.answered_count, counts)
        };
        parts.iter().map(told).collect()
    };
    let none = pb::TicketType::Unspecified;
    assert_eq!(parts(&told.departments), [("billing".to_owned(), none, 6, 5, [4, 4, 2])]);
    assert_eq!(
        parts(&told.ticket_types),
        [(String::new(), consulta, 4, 3, [2, 2, 1]), (String::new(), reclamacion, 2, 2, [2, 2, 1])]
    );
    // One answer has no interval of its mean.
    let alone = told.ticket_types[0].ces.clone().unwrap();
    assert_eq!((alone.mean.unwrap().low, alone.mean.unwrap().high), (None, None));

    let elsewhere = pb::MeasureSatisfactionRequest { department: "network".into(), ..request.clone() };
    let nothing = boss.measure_satisfaction(elsewhere).await.unwrap().into_inner();
    let all = nothing.all.unwrap();
    assert_eq!((all.asked_count, nothing.departments.len(), nothing.ticket_types.len()), (0, 0, 0));
    assert_eq!(all.csat.unwrap().mean, None);
    let upside_down =
        pb::MeasureSatisfactionRequest { from_time: request.to_time, to_time: request.from_time, ..request };
    let refused =
        assert_refused(boss.measure_satisfaction(upside_down).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["to_time"]);
}
