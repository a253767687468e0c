//! RequestCure, ListCureRequests, ResolveUncured, and the end of the customer's time, beside a real sla-monitor.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use kernel::{Ambient, Role};
use sla_monitor as sla;
use testkit::{Database, Harness, Served, Surroundings, eventually};
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Direction};
use ventanilla_ticketing as ticketing;

use crate::relations::split;
use crate::world::{
    ANSWER, OTHER_ANSWER, Tickets, World, answer, assert_refused, complaint, create_request, fact, fields, fresh_id,
    get, open, promise_request, say, serve, start, started, time,
};

const LIMIT: Duration = Duration::from_secs(20);
/// Asked on Monday 23-11-2026 in Madrid: Tuesday to Friday are 4, the week of the 30th makes 9; Monday the 7th and Tuesday
/// the 8th of December are holidays, so the tenth business day is Wednesday the 9th.
const TENTH_BUSINESS_DAY: &str = "2026-12-09T22:59:59.999999Z";

/// ticketing beside a real sla-monitor.
pub struct Counted {
    pub world: World,
    monitor: Served,
}

impl Counted {
    pub async fn new() -> Self {
        Self::by(sla::LawSettings::default(), Harness::default()).await
    }

    /// In the time of the database, which tells how old affairs are.
    pub async fn now() -> Self {
        let now = Ambient::system().now();
        Self::by(sla::LawSettings::default(), Harness::with(Surroundings::at(&now.to_string(), 1))).await
    }

    /// So many hours from now, in the time of all but the database.
    pub fn hours(&self, hours: i64) -> String {
        self.world
            .harness
            .surroundings
            .ambient
            .now()
            .checked_add(SignedDuration::from_hours(hours))
            .unwrap()
            .to_string()
    }

    async fn by(law: sla::LawSettings, harness: Harness) -> Self {
        let (own, theirs) = (ticketing::migrations(), sla::migrations());
        let database = Database::fresh_with(&[(ticketing::SCHEMA, &own), (sla::SCHEMA, &theirs)]).await;
        let nobody = ([127, 0, 0, 1], 1).into();
        let peers = [("ticketing", nobody), ("ombudsman-escalation", nobody), ("customer-profile", nobody)];
        let mut settings = sla::Settings::new(database.settings_of(sla::SCHEMA));
        settings.law = law;
        let assembly = sla::assemble(settings, harness.house_with("sla-monitor", &peers)).await.unwrap();
        let monitor = harness.start(assembly).await;
        let served = serve(&harness, &database, &[("sla-monitor", monitor.addr)]).await;
        Self { world: World { harness, database, served }, monitor }
    }

    fn agent(&self) -> Tickets {
        self.world.agent()
    }

    fn days(&self, days: i64) {
        self.world.advance(SignedDuration::from_hours(24 * days));
    }
}

const RECEIPT: &str = "El recibo del banco con el segundo cargo.";

fn request(ticket: &pb::Ticket, due: Option<prost_types::Timestamp>) -> pb::RequestCureRequest {
    request_for(ticket, RECEIPT, due)
}

fn request_for(ticket: &pb::Ticket, missing: &str, due: Option<prost_types::Timestamp>) -> pb::RequestCureRequest {
    pb::RequestCureRequest {
        parent: ticket.name.clone(),
        cure: Some(pb::CureRequest {
            missing: missing.into(),
            channel: Channel::Email.into(),
            due_time: due,
            ..Default::default()
        }),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
    }
}

async fn ask(agent: &mut Tickets, ticket: &pb::Ticket) -> Result<pb::RequestCureResponse, Status> {
    agent.request_cure(request(ticket, None)).await.map(tonic::Response::into_inner)
}

async fn cures(agent: &mut Tickets, ticket: &str) -> Vec<pb::CureRequest> {
    let list = pb::ListCureRequestsRequest { parent: ticket.into(), ..Default::default() };
    agent.list_cure_requests(list).await.unwrap().into_inner().cures
}

async fn customer_says(agent: &mut Tickets, ticket: &str) {
    say(agent, ticket, Direction::Inbound, pb::MessageVisibility::Public).await;
}

/// An internal message: of the house, or of what the customer said.
async fn note(agent: &mut Tickets, ticket: &str, direction: Direction) {
    say(agent, ticket, direction, pb::MessageVisibility::Internal).await;
}

async fn resolve_uncured(agent: &mut Tickets, ticket: &pb::Ticket) -> Result<pb::Ticket, Status> {
    let request =
        pb::ResolveUncuredRequest { name: ticket.name.clone(), etag: ticket.etag.clone(), request_id: fresh_id() };
    agent.resolve_uncured(request).await.map(tonic::Response::into_inner)
}

async fn history(agent: &mut Tickets, ticket: &str) -> Vec<pb::TicketChange> {
    let request = pb::ListTicketHistoryRequest { name: ticket.into(), page_size: 100, ..Default::default() };
    agent.list_ticket_history(request).await.unwrap().into_inner().changes
}

/// The ticket, once the customer's time is over and it went back to work.
async fn lapsed(agent: &Tickets, ticket: &str) -> pb::Ticket {
    eventually(LIMIT, || {
        let mut agent = agent.clone();
        async move {
            let ticket = get(&mut agent, ticket).await;
            if ticket.state_reason == "cure_window_over" { Ok(ticket) } else { Err(ticket) }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customer_is_told_what_is_missing_until_when_and_what_happens_otherwise() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let opened = open(&mut agent).await;
    let ticket = start(&mut agent, opened.ticket.as_ref().unwrap()).await.unwrap();
    let asked = ask(&mut agent, &ticket).await.unwrap();

    let (cure, waiting, told) = (asked.cure.unwrap(), asked.ticket.unwrap(), asked.message.unwrap());
    assert_eq!((cure.due_time, cure.least_due_time), (time(TENTH_BUSINESS_DAY), time(TENTH_BUSINESS_DAY)));
    assert_eq!((cure.state(), cure.policy.as_str()), (pb::CureState::Asked, "policies/es.l10-2025.13-3.cure"));
    assert!(cure.proof_es.contains("10 días hábiles"), "{}", cure.proof_es);
    assert_eq!((waiting.state(), waiting.state_reason.as_str()), (pb::TicketState::Pending, "cure_requested"));
    assert_eq!((waiting.cure.as_str(), waiting.cure_due_time), (cure.name.as_str(), time(TENTH_BUSINESS_DAY)));
    assert_eq!((told.name.as_str(), told.direction()), (cure.message.as_str(), Direction::Outbound));
    for said in [
        "El recibo del banco con el segundo cargo.",
        "09/12/2026 23:59",
        "art. 13.3",
        "se dará por resuelto",
        "Puede oponerse",
    ] {
        assert!(told.body.contains(said), "{said} is not in: {}", told.body);
    }
    assert_eq!(get(&mut agent, &ticket.name).await, waiting);
    assert_eq!(cures(&mut agent, &ticket.name).await, [cure]);
    let public = pb::GetPublicStatusRequest { tracking_key: opened.tracking_key, proof: opened.proof };
    let mut anybody = TicketServiceClient::new(world.world.served.anonymous());
    let public = anybody.get_public_status(public).await.unwrap().into_inner();
    assert_eq!(public.cure_due_time, time(TENTH_BUSINESS_DAY));
}

/// In Catalonia the 7th of December 2026 is worked and is the tenth business day; in Madrid it is a holiday.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customers_days_are_those_of_the_department_that_works_on_it() {
    let mut law = sla::LawSettings::default();
    law.department_calendars.insert("billing".to_owned(), "es.cataluna".to_owned());
    let world = Counted::by(law, Harness::default()).await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let pb::RequestCureResponse { cure, message, .. } = ask(&mut agent, &ticket).await.unwrap();
    assert_eq!(cure.unwrap().least_due_time, time("2026-12-07T22:59:59.999999Z"));
    let told = message.unwrap().body;
    assert!(told.contains("07/12/2026 23:59"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_customer_says_in_time_ends_it_and_then_points_are_answered_as_always() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    ask(&mut agent, &ticket).await.unwrap();
    world.days(3);
    customer_says(&mut agent, &ticket.name).await;

    let ticket = get(&mut agent, &ticket.name).await;
    assert_eq!((ticket.state(), ticket.state_reason.as_str()), (pb::TicketState::InProgress, "customer_answered"));
    assert_eq!((ticket.cure.as_str(), ticket.cure_due_time), ("", None));
    let cure = cures(&mut agent, &ticket.name).await.remove(0);
    assert_eq!((cure.state(), cure.settle_time), (pb::CureState::Answered, time("2026-11-26T09:00:00Z")));
    let refused = resolve_uncured(&mut agent, &ticket).await;
    let status = assert_refused(refused, Code::FailedPrecondition, "CURE_NOT_LAPSED");
    assert_eq!(fact(&status, "state"), "answered");
    // What they sent is not missing still, however it is written.
    let same = agent.request_cure(request_for(&ticket, "el RECIBO del banco, con el segundo cargo", None)).await;
    let refused = assert_refused(same, Code::FailedPrecondition, "CURE_ASKED_BEFORE");
    assert_eq!(fact(&refused, "cure"), cure.name);
    // Still not all of it: they are asked for the rest, and have their whole time again.
    let rest = agent.request_cure(request_for(&ticket, "El contrato firmado.", None)).await;
    assert_eq!(rest.unwrap().into_inner().cure.unwrap().due_time, time("2026-12-14T22:59:59.999999Z"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_time_is_over_work_goes_on_as_of_that_instant_however_late_somebody_looks() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    ask(&mut agent, &ticket).await.unwrap();
    world.days(40);
    let ticket = lapsed(&agent, &ticket.name).await;

    assert_eq!((ticket.state(), ticket.state_time), (pb::TicketState::InProgress, time(TENTH_BUSINESS_DAY)));
    let cure = cures(&mut agent, &ticket.name).await.remove(0);
    assert_eq!((cure.state(), cure.settle_time), (pb::CureState::Lapsed, time(TENTH_BUSINESS_DAY)));
    let last: Vec<_> = history(&mut agent, &ticket.name).await.into_iter().skip(5).collect();
    let told: Vec<_> = last.iter().map(|c| (c.kind(), c.reason.as_str(), c.occurred_time)).collect();
    assert_eq!(
        told,
        [
            (pb::TicketChangeKind::CureSettled, "lapsed", time(TENTH_BUSINESS_DAY)),
            (pb::TicketChangeKind::Transitioned, "cure_window_over", time(TENTH_BUSINESS_DAY)),
        ]
    );

    let resolved = resolve_uncured(&mut agent, &ticket).await.unwrap();
    assert_eq!((resolved.state(), resolved.state_reason.as_str()), (pb::TicketState::Resolved, "cure_lapsed"));
    assert!(resolved.claim_points.iter().all(|point| point.answer.is_empty()));
    assert!(resolved.resolution.contains("art. 13.4"), "{}", resolved.resolution);
    assert_eq!(get(&mut agent, &ticket.name).await, resolved);
    let list = pb::ListMessagesRequest { parent: ticket.name.clone(), ..Default::default() };
    let said = agent.list_messages(list).await.unwrap().into_inner().messages;
    assert_eq!(said.last().unwrap().body, resolved.resolution, "the customer is told");

    let reopen = pb::ReopenTicketRequest {
        name: ticket.name.clone(),
        reason: "customer_objects".into(),
        etag: resolved.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    let reopened = agent.reopen_ticket(reopen).await.unwrap().into_inner();
    assert_eq!(reopened.state(), pb::TicketState::InProgress);
    let again =
        assert_refused(resolve_uncured(&mut agent, &reopened).await, Code::FailedPrecondition, "CURE_NOT_LAPSED");
    assert_eq!(fact(&again, "state"), "answered_late", "an objection is not closed by the same silence");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_noted_after_the_time_was_over_makes_nobodys_term_start_later() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    ask(&mut agent, &ticket).await.unwrap();
    // Too late by a day, but before the worker has looked: an agent notes something.
    let admin = world.world.database.admin().await;
    sqlx::query("update ticketing.ticket set cure_due_at = cure_due_at + interval '100 years'")
        .execute(&admin)
        .await
        .unwrap();
    world.days(17);
    note(&mut agent, &ticket.name, Direction::Unspecified).await;
    sqlx::query("update ticketing.ticket set cure_due_at = cure_due_at - interval '100 years'")
        .execute(&admin)
        .await
        .unwrap();
    let ticket = lapsed(&agent, &ticket.name).await;
    assert_eq!(ticket.state_time, time(TENTH_BUSINESS_DAY));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_customer_said_counts_whoever_may_read_it() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    ask(&mut agent, &ticket).await.unwrap();
    world.days(17);
    let ticket = lapsed(&agent, &ticket.name).await;
    note(&mut agent, &ticket.name, Direction::Inbound).await;
    let refused =
        assert_refused(resolve_uncured(&mut agent, &ticket).await, Code::FailedPrecondition, "CURE_NOT_LAPSED");
    assert_eq!(fact(&refused, "state"), "answered_late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cure_of_the_head_is_one_of_all_and_who_was_given_time_is_not_merged() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let mut relations = RelationServiceClient::new(world.world.served.channel(Role::Agent));
    let (mine, head) = (started(&mut agent).await, started(&mut agent).await);
    let merge = |ticket: &pb::Ticket, into: &pb::Ticket| pb::MergeTicketRequest {
        name: ticket.name.clone(),
        into: into.name.clone(),
        reason: "same_invoice".into(),
        etag: ticket.etag.clone(),
        into_etag: into.etag.clone(),
        request_id: fresh_id(),
    };
    let merged = relations.merge_ticket(merge(&mine, &head)).await.unwrap().into_inner();
    let asked = ask(&mut agent, &merged.head.unwrap()).await.unwrap().ticket.unwrap();
    let mine = get(&mut agent, &mine.name).await;
    assert_eq!((mine.state(), mine.state_reason.as_str()), (pb::TicketState::Pending, "cure_requested"));
    assert_eq!(mine.cure, "", "the request stays with the one it was made in");
    let apart = pb::UnmergeTicketRequest {
        name: mine.name.clone(),
        reason: "another_contract".into(),
        etag: mine.etag.clone(),
        request_id: fresh_id(),
    };
    let refused = relations.unmerge_ticket(apart).await;
    assert_refused(refused, Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED");
    let other_law = pb::ReclassifyTicketRequest {
        name: asked.name.clone(),
        ticket_type: asked.ticket_type,
        severity: asked.severity,
        sector: "banking".into(),
        topic: asked.topic.clone(),
        reason: "another_sector".into(),
        etag: asked.etag.clone(),
        request_id: fresh_id(),
        ..Default::default()
    };
    let refused = relations.reclassify_ticket(other_law).await;
    assert_refused(refused, Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED");
    let third = started(&mut agent).await;
    let refused = relations.merge_ticket(merge(&third, &asked)).await;
    assert_refused(refused, Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED");
    world.days(17);
    let head = lapsed(&agent, &asked.name).await;
    let followed = get(&mut agent, &mine.name).await;
    assert_eq!((followed.state(), followed.state_time), (pb::TicketState::InProgress, head.state_time));
    let refused = resolve_uncured(&mut agent, &head).await;
    let refused = assert_refused(refused, Code::FailedPrecondition, "CLAIM_POINT_UNANSWERED");
    assert!(fact(&refused, "claim_points").starts_with(&mine.name), "nobody asked for anything there");
    let mine = answer(&mut agent, &followed, "p1", ANSWER).await.unwrap();
    answer(&mut agent, &mine, "p2", OTHER_ANSWER).await.unwrap();
    customer_says(&mut agent, &mine.name).await;
    let refused = resolve_uncured(&mut agent, &head).await;
    let refused = assert_refused(refused, Code::FailedPrecondition, "CURE_NOT_LAPSED");
    assert_eq!(fact(&refused, "state"), "answered_late", "they spoke up, in the other one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_late_is_heard_all_the_same() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let refused = resolve_uncured(&mut agent, &ticket).await;
    let status = assert_refused(refused, Code::FailedPrecondition, "CURE_NOT_LAPSED");
    assert_eq!(fact(&status, "state"), "never_asked");
    let waiting = ask(&mut agent, &ticket).await.unwrap().ticket.unwrap();
    let status =
        assert_refused(resolve_uncured(&mut agent, &waiting).await, Code::FailedPrecondition, "CURE_NOT_LAPSED");
    assert_eq!(fact(&status, "state"), "asked");
    world.days(17);
    let ticket = lapsed(&agent, &ticket.name).await;
    customer_says(&mut agent, &ticket.name).await;
    let status =
        assert_refused(resolve_uncured(&mut agent, &ticket).await, Code::FailedPrecondition, "CURE_NOT_LAPSED");
    assert_eq!(fact(&status, "state"), "answered_late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_less_than_law_and_whoever_wants_gives_more() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let short = agent.request_cure(request(&ticket, time("2026-12-09T22:59:59Z"))).await;
    let status = assert_refused(short, Code::FailedPrecondition, "CURE_TERM_TOO_SHORT");
    assert_eq!(fact(&status, "earliest"), TENTH_BUSINESS_DAY);
    assert_eq!(fact(&status, "article"), "Ley 10/2025 art. 13.3");
    let endless = agent.request_cure(request(&ticket, time("2027-11-25T09:00:00Z"))).await;
    assert_eq!(fields(&endless.unwrap_err()), ["cure.due_time"]);
    assert!(cures(&mut agent, &ticket.name).await.is_empty());

    // Meanwhile no term runs: twice what law gives is the most.
    let parked = agent.request_cure(request(&ticket, time("2026-12-26T13:00:00Z"))).await;
    let refused = assert_refused(parked, Code::FailedPrecondition, "CURE_TERM_TOO_LONG");
    assert_eq!(fact(&refused, "latest"), "2026-12-26T12:59:59.999998Z");
    let long = agent.request_cure(request(&ticket, time("2026-12-24T12:00:00Z"))).await.unwrap().into_inner();
    assert_eq!(long.cure.unwrap().due_time, time("2026-12-24T12:00:00Z"));
    let waiting = long.ticket.unwrap();
    assert_refused(ask(&mut agent, &waiting).await, Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED");
    assert_refused(ask(&mut agent, &ticket).await, Code::Aborted, "STALE_ETAG");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_finance_it_is_ten_calendar_days_and_the_file_is_put_away() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let finance = pb::Ticket { sector: "banking".into(), ..complaint() };
    let opened = agent.create_ticket(create_request(finance)).await.unwrap().into_inner().ticket.unwrap();
    let ticket = start(&mut agent, &opened).await.unwrap();
    let asked = ask(&mut agent, &ticket).await.unwrap();
    let cure = asked.cure.unwrap();
    assert_eq!(cure.due_time, time("2026-12-03T22:59:59.999999Z"));
    assert_eq!(cure.policy, "policies/es.fin.29quater-2.cure");
    let told = asked.message.unwrap().body;
    assert!(told.contains("art. 29 quater.2") && told.contains("se archivará"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_asked_while_nobody_can_count_and_a_retry_needs_nobody() {
    let alone = World::new().await;
    let mut agent = alone.agent();
    let ticket = started(&mut agent).await;
    let (before, refused) = (alone.count("entries").await, ask(&mut agent, &ticket).await);
    let status = assert_refused(refused, Code::Unavailable, "PEER_UNAVAILABLE");
    assert_eq!((fact(&status, "peer").as_str(), alone.count("entries").await), ("sla-monitor", before));

    let world = Counted::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let request = request(&ticket, None);
    let asked = agent.request_cure(request.clone()).await.unwrap().into_inner();
    world.monitor.stop().await;
    assert_eq!(agent.request_cure(request).await.unwrap().into_inner(), asked);
}

/// Every word by which a law that sla-monitor ships moves a term, whatever it does to it.
fn moving_words() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../sla-monitor/data/regimes");
    let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let effects = files.flat_map(|text| text.split("[[rule.effect]]").skip(1).map(str::to_owned).collect::<Vec<_>>());
    let grounds = effects.map(|effect| {
        let line = effect.lines().find(|line| line.starts_with("grounds")).expect("an effect has grounds");
        line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
    });
    grounds.flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_legal_term_is_moved_by_a_wait_or_a_hold() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let words = moving_words();
    for known in ["documents_missing", "inadmissibility_allegations", "parallel_proceedings", "holding_reply"] {
        assert!(words.contains(known), "{words:?}");
    }
    for reason in words {
        let wait = pb::WaitForCustomerRequest {
            name: ticket.name.clone(),
            reason: reason.clone(),
            etag: ticket.etag.clone(),
            request_id: fresh_id(),
            occurred_time: None,
        };
        let hold = pb::HoldTicketRequest {
            name: ticket.name.clone(),
            reason,
            etag: ticket.etag.clone(),
            request_id: fresh_id(),
            occurred_time: None,
        };
        for refused in [agent.wait_for_customer(wait).await, agent.hold_ticket(hold).await] {
            let status = assert_refused(refused, Code::FailedPrecondition, "CURE_REQUEST_NEEDED");
            assert_eq!(fact(&status, "article"), "Ley 10/2025 art. 13.3");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_that_look_each_affair_is_taken_up_by_one() {
    let world = Counted::new().await;
    let _twin = serve(&world.world.harness, &world.world.database, &[("sla-monitor", world.monitor.addr)]).await;
    let mut agent = world.agent();
    let mut names = Vec::new();
    for _ in 0..8 {
        let ticket = started(&mut agent).await;
        ask(&mut agent, &ticket).await.unwrap();
        names.push(ticket.name);
    }
    world.days(20);
    for name in &names {
        lapsed(&agent, name).await;
        let ends =
            history(&mut agent, name).await.iter().filter(|c| c.kind() == pb::TicketChangeKind::CureSettled).count();
        assert_eq!(ends, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_goes_on_without_a_word_of_the_customer_withdraws_what_they_were_asked_for() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    for _ in 0..2 {
        let now = get(&mut agent, &ticket.name).await;
        let waiting = ask(&mut agent, &now).await.unwrap().ticket.unwrap();
        world.days(1);
        let resume = pb::ResumeTicketRequest {
            name: waiting.name,
            // Whoever resumes does not say that the customer answered.
            reason: "customer_answered".into(),
            etag: waiting.etag,
            request_id: fresh_id(),
            occurred_time: None,
        };
        let resumed = agent.resume_ticket(resume).await.unwrap().into_inner();
        assert_eq!((resumed.state(), resumed.state_reason.as_str()), (pb::TicketState::InProgress, "cure_withdrawn"));
    }
    let states: Vec<_> = cures(&mut agent, &ticket.name).await.iter().map(pb::CureRequest::state).collect();
    assert_eq!(states, [pb::CureState::Withdrawn; 2]);
    let now = get(&mut agent, &ticket.name).await;
    let refused = assert_refused(resolve_uncured(&mut agent, &now).await, Code::FailedPrecondition, "CURE_NOT_LAPSED");
    assert_eq!(fact(&refused, "state"), "withdrawn");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_what_is_missing_owns_what_nobody_owned() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    assert_eq!(ticket.owner, "", "who is no agent here owns nothing");
    world.world.employ(&["test-agent"]).await;
    let asked = ask(&mut agent, &ticket).await.unwrap().ticket.unwrap();
    assert_eq!((asked.state(), asked.owner.as_str()), (pb::TicketState::Pending, "test-agent"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_promised_is_not_kept_by_what_ends_without_one() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let due = "2027-03-01T10:00:00Z";
    let mut answer = promise_request(&ticket.name, due);
    answer.promise.as_mut().unwrap().kind = pb::PromiseKind::Resolution.into();
    let answer = agent.make_promise(answer).await.unwrap().into_inner();
    agent.make_promise(promise_request(&ticket.name, due)).await.unwrap();
    ask(&mut agent, &ticket).await.unwrap();
    world.days(17);
    let ticket = lapsed(&agent, &ticket.name).await;
    let ended = resolve_uncured(&mut agent, &ticket).await.unwrap();
    let list = pb::ListPromisesRequest { parent: ticket.name.clone(), ..Default::default() };
    let promises = agent.list_promises(list).await.unwrap().into_inner().promises;
    let of = |name: &str| promises.iter().find(|promise| promise.name == name).unwrap();
    assert_eq!((of(&answer.name).state(), of(&answer.name).settle_time), (pb::PromiseState::Lapsed, ended.state_time));
    // What else was promised is owed: the call is still to be made. What stood for a term of the answer went with the answer.
    let by_hand = promises.iter().filter(|promise| promise.kind() == pb::PromiseKind::Other);
    assert_eq!(by_hand.map(pb::Promise::state).collect::<Vec<_>>(), [pb::PromiseState::Made]);
    assert!(promises.iter().all(|promise| promise.state() != pb::PromiseState::Kept), "{promises:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_completed_an_affair_is_not_told_that_it_was_answered() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let opened = open(&mut agent).await;
    let ticket = start(&mut agent, opened.ticket.as_ref().unwrap()).await.unwrap();
    ask(&mut agent, &ticket).await.unwrap();
    world.days(17);
    let ticket = lapsed(&agent, &ticket.name).await;
    resolve_uncured(&mut agent, &ticket).await.unwrap();
    let public = pb::GetPublicStatusRequest { tracking_key: opened.tracking_key, proof: opened.proof };
    let mut anybody = TicketServiceClient::new(world.world.served.anonymous());
    let told = anybody.get_public_status(public).await.unwrap().into_inner();
    assert!(told.state_text.starts_with("No recibimos lo que le pedimos"), "{}", told.state_text);
    assert!(told.next_step.starts_with("Puede oponerse"), "{}", told.next_step);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_for_is_asked_for_neither_in_a_part_nor_where_the_affair_is_answered_now() {
    let world = Counted::new().await;
    let mut agent = world.agent();
    let mut relations = RelationServiceClient::new(world.world.served.channel(Role::Agent));
    let ticket = started(&mut agent).await;
    let asked = ask(&mut agent, &ticket).await.unwrap().cure.unwrap();
    customer_says(&mut agent, &ticket.name).await;
    let ticket = get(&mut agent, &ticket.name).await;
    let made = split(&mut relations, &ticket, &["p2"]).await.unwrap();
    let (rest, part) = (made.original.unwrap(), start(&mut agent, &made.ticket.unwrap()).await.unwrap());
    let again =
        |answer| assert_refused::<pb::RequestCureResponse>(answer, Code::FailedPrecondition, "CURE_ASKED_BEFORE");
    let refused = again(ask(&mut agent, &part).await);
    assert_eq!(fact(&refused, "cure"), asked.name);
    // What is asked for in the part is nothing that was asked for in the rest.
    let contract = agent.request_cure(request_for(&part, "El contrato.", None)).await.unwrap().into_inner();
    customer_says(&mut agent, &part.name).await;
    let head = started(&mut agent).await;
    let merged = crate::relations::merge(&mut relations, &rest, &head).await.unwrap();
    again(ask(&mut agent, &merged.head.unwrap()).await);
    // Of a part of what is answered with it, too.
    let part = get(&mut agent, &part.name).await;
    let head = get(&mut agent, &head.name).await;
    let head = crate::relations::merge(&mut relations, &part, &head).await.unwrap().head.unwrap();
    let refused =
        again(agent.request_cure(request_for(&head, "El contrato.", None)).await.map(tonic::Response::into_inner));
    assert_eq!(fact(&refused, "cure"), contract.cure.unwrap().name);
    agent.request_cure(request_for(&head, "El número de la línea.", None)).await.unwrap();
}
