//! The single rules, each by its own example.

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, ActorKind, Channel, Classify, Language, ResourceId, Uuid};
use ventanilla_ticketing_domain::{
    Assignment, CaseId, Characteristics, ClockId, CloseReason, Command, CustomerId, Draft, Filing, Moment, OfficeCase,
    Policy, Promise, PromiseDraft, PromiseId, PromiseKind, PromiseStanding, Receipt, Refusal, Settlement, Severity,
    Standing, Ticket, TicketId, TicketType, TrackingKey,
};

const ANSWER: &str = "La lectura era estimada; la real da 41 euros menos, que abonamos en la próxima factura.";

fn at(minutes: i64) -> Timestamp {
    "2026-11-22T09:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

fn now(minutes: i64) -> Moment {
    Moment::Now(at(minutes))
}

fn draft() -> Draft {
    Draft {
        customer: CustomerId::from_uuid(Uuid::from_u128(7)),
        filing: Filing {
            ticket_type: TicketType::Reclamacion,
            severity: Severity::High,
            sector: "general".parse().unwrap(),
            topic: None,
        },
        subject: "Factura de marzo".parse().unwrap(),
        channel: Channel::Phone,
        assignment: Assignment { department: "billing".parse().unwrap(), owner: None },
        language: Language::Es,
        points: vec!["Me cobran dos veces".parse().unwrap(), "Nadie me llama".parse().unwrap()],
        first_received: None,
        interaction: None,
        follow_up_of: None,
        served_first: false,
        characteristics: Characteristics::default(),
    }
}

fn opened() -> ventanilla_ticketing_domain::Opened {
    let id = TicketId::from_uuid(Uuid::from_u128(1));
    Ticket::open(draft(), id, TrackingKey::from_entropy([5; 12]), None, at(0))
}

fn apply(ticket: Ticket, command: Command, moment: Moment) -> Result<Ticket, Refusal> {
    ticket.apply(command, moment, &Policy::default()).map(|(t, _)| t)
}

fn answered() -> Ticket {
    let ticket = apply(opened().ticket, Command::Start, now(1)).unwrap();
    let (ticket, _) = ticket.answer("p1", ANSWER.parse().unwrap(), now(2)).unwrap();
    let second = "Llamamos el martes a las 10:15; la llamada quedó grabada y nadie contestó.";
    ticket.answer("p2", second.parse().unwrap(), now(3)).unwrap().0
}

fn resolved() -> Ticket {
    apply(answered(), Command::Resolve { resolution: ANSWER.parse().unwrap() }, now(4)).unwrap()
}

fn article(refusal: &Refusal) -> Option<String> {
    refusal.metadata().into_iter().find(|(k, _)| *k == "article").map(|(_, v)| v.into_owned())
}

#[test]
fn refuses_to_resolve_with_an_unanswered_point_and_names_it() {
    let ticket = apply(opened().ticket, Command::Start, now(1)).unwrap();
    let (ticket, _) = ticket.answer("p1", ANSWER.parse().unwrap(), now(2)).unwrap();
    let refusal = apply(ticket, Command::Resolve { resolution: ANSWER.parse().unwrap() }, now(3)).unwrap_err();
    assert_eq!(refusal, Refusal::ClaimPointUnanswered { points: vec!["p2".into()] });
    assert_eq!(article(&refusal).as_deref(), Some("Ley 10/2025 art. 13.1"));
}

#[test]
fn refuses_boilerplate_an_echo_and_the_answer_to_another_point() {
    let ticket = apply(opened().ticket, Command::Start, now(1)).unwrap();
    let (ticket, _) = ticket.answer("p1", ANSWER.parse().unwrap(), now(2)).unwrap();
    for bad in ["Lamentamos las molestias.", "NADIE me llama!", ANSWER] {
        let refusal = ticket.clone().answer("p2", bad.parse().unwrap(), now(3)).unwrap_err();
        assert_eq!(refusal, Refusal::GenericAnswer, "{bad}");
    }
    assert_eq!(ticket.answer("p9", ANSWER.parse().unwrap(), now(3)).unwrap_err(), Refusal::NoSuchClaimPoint);
}

#[test]
fn refuses_to_close_because_a_term_has_passed_in_any_state() {
    for ticket in [opened().ticket, answered(), resolved()] {
        let refusal = apply(ticket, Command::Close { reason: CloseReason::TermElapsed }, now(99_999)).unwrap_err();
        assert_eq!(article(&refusal).as_deref(), Some("Ley 10/2025 art. 13.2"));
    }
}

#[test]
fn closes_by_objection_window_only_when_it_is_over_and_no_case_is_open() {
    let close = || Command::Close { reason: CloseReason::ObjectionWindowOver };
    let days = |n: i64| now(4 + n * 24 * 60);
    assert!(matches!(apply(resolved(), close(), days(9)), Err(Refusal::ObjectionWindowOpen { .. })));
    let id = CaseId::from_uuid(Uuid::from_u128(3));
    let heard = resolved().with_office_case(OfficeCase { id, open: true });
    assert_eq!(apply(heard.clone(), close(), days(10)), Err(Refusal::OfficeCaseOpen { case: id }));
    let over = heard.with_office_case(OfficeCase { id, open: false });
    assert_eq!(apply(over, close(), days(10)).unwrap().state().standing(), Standing::Closed);
}

#[test]
fn a_case_that_is_over_does_not_hide_another_that_is_open() {
    let case = |n, open| OfficeCase { id: CaseId::from_uuid(Uuid::from_u128(n)), open };
    let ticket = resolved().with_office_case(case(1, true)).with_office_case(case(2, false));
    assert_eq!(ticket.office_case(), Some(case(1, true)));
}

#[test]
fn nothing_follows_a_ticket_that_is_over() {
    let closed = apply(resolved(), Command::Close { reason: CloseReason::AcceptedByCustomer }, now(5)).unwrap();
    let over = Refusal::TicketOver { state: Standing::Closed };
    assert_eq!(apply(closed.clone(), Command::Reopen { reason: "again".parse().unwrap() }, now(6)), Err(over.clone()));
    assert_eq!(closed.clone().touch(now(6)).unwrap_err(), over);
    assert_eq!(closed.answer("p1", ANSWER.parse().unwrap(), now(6)).unwrap_err(), over);
}

#[test]
fn a_stated_time_may_not_be_before_the_last_change_while_now_bends_to_it() {
    let refusal = apply(answered(), Command::Resolve { resolution: ANSWER.parse().unwrap() }, Moment::Stated(at(2)));
    assert_eq!(refusal, Err(Refusal::OutOfOrder { not_before: at(3) }));
    let slow_clock = apply(answered(), Command::Resolve { resolution: ANSWER.parse().unwrap() }, now(2)).unwrap();
    assert_eq!(slow_clock.state().since(), at(3));
}

#[test]
fn a_receipt_spells_content_date_hour_and_zone() {
    let receipt = Receipt::of(&opened(), |bytes| {
        let mut hash = [0; 32];
        hash[0] = u8::try_from(bytes.len() % 251).unwrap();
        hash
    });
    let text = receipt.text.expose();
    for part in ["22/11/2026 10:00:00 CET (Europe/Madrid)", "Me cobran dos veces", "reclamación", "5555-5555-5555-"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert_eq!(usize::from(receipt.content_hash[0]), text.len() % 251);
}

fn promise() -> Promise {
    let ticket = TicketId::from_uuid(Uuid::from_u128(1));
    let draft = PromiseDraft {
        kind: PromiseKind::Other,
        despite: None,
        text: "Le llamo mañana antes de las 14".parse().unwrap(),
        due: at(60),
        channel: Channel::Phone,
        replaces: None,
    };
    let by = Actor { kind: ActorKind::Employee, id: "u-17".into(), department: None };
    Promise::make(draft, None, PromiseId { ticket, id: Uuid::from_u128(2) }, by, at(0))
}

#[test]
fn a_promise_is_kept_or_announced_in_time_or_broken_in_silence_after() {
    let announced = || Settlement::Announced { cause: "El técnico no llega".parse().unwrap() };
    let standing = |s, minutes| promise().settle(s, at(minutes)).map(|p| p.state.standing());
    assert_eq!(standing(Settlement::Kept, 60), Ok(PromiseStanding::Kept));
    assert_eq!(standing(announced(), 59), Ok(PromiseStanding::BrokenAnnounced));
    assert_eq!(standing(Settlement::Kept, 61), Err(Refusal::PromisePastDue { due: at(60) }));
    assert_eq!(standing(announced(), 61), Err(Refusal::PromisePastDue { due: at(60) }));
    assert_eq!(standing(Settlement::Silent { cause: None }, 59), Err(Refusal::PromiseNotDue { due: at(60) }));
    assert_eq!(standing(Settlement::Silent { cause: None }, 60), Ok(PromiseStanding::BrokenSilent));
}

#[test]
fn a_promise_that_has_ended_neither_warns_nor_ends_again() {
    let clock = ClockId::from_uuid(Uuid::from_u128(8));
    let at_risk = promise().warn(clock, at(30)).unwrap();
    assert_eq!(at_risk.clone().warn(clock, at(31)), None);
    let kept = at_risk.settle(Settlement::Kept, at(32)).unwrap();
    assert_eq!(kept.clone().warn(clock, at(33)), None);
    assert_eq!(kept.renegotiate(at(33)), Err(Refusal::PromiseOver { state: PromiseStanding::Kept }));
    assert_eq!(promise().renegotiate(at(61)), Err(Refusal::PromisePastDue { due: at(60) }));
}
