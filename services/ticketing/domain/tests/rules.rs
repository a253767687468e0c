//! The single rules, each by its own example.

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, ActorKind, Channel, Classify, Language, ResourceId, Uuid};
use ventanilla_ticketing_domain::{
    Assignment, AttemptOutcome, CaseId, Cause, Characteristics, ClockId, CloseReason, Command, CureDraft, CureId,
    CureLaw, CureRequest, CureState, CustomerId, CustomerWord, Draft, EverFiled, Filing, LeastTerm, MessageId, Moment,
    OfficeCase, Policy, Promise, PromiseDraft, PromiseId, PromiseKind, PromiseStanding, PromiseState, Receipt, Refusal,
    Settlement, Severity, SplitDraft, Standing, State, Ticket, TicketId, TicketType, ToldBefore, TrackingKey, Tried,
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
        ever: EverFiled::default(),
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
        let refusal =
            apply(ticket, Command::Close { reason: CloseReason::TermElapsed, word: CustomerWord::Own }, now(99_999))
                .unwrap_err();
        assert_eq!(article(&refusal).as_deref(), Some("Ley 10/2025 art. 13.2"));
    }
}

#[test]
fn closes_by_objection_window_only_when_it_is_over_and_no_case_is_open() {
    let silent = CustomerWord::Told { spoke: false, by_resolver: true };
    let close = || Command::Close { reason: CloseReason::ObjectionWindowOver, word: silent };
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
    let closed =
        apply(resolved(), Command::Close { reason: CloseReason::AcceptedByCustomer, word: CustomerWord::Own }, now(5))
            .unwrap();
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

#[test]
fn who_wrote_since_the_answer_is_not_closed_by_silence() {
    let reason = CloseReason::ObjectionWindowOver;
    let word = CustomerWord::Told { spoke: true, by_resolver: false };
    let refusal = apply(resolved(), Command::Close { reason, word }, now(4 + 99 * 24 * 60)).unwrap_err();
    assert_eq!((&refusal, article(&refusal).as_deref()), (&Refusal::CustomerHasSpoken, Some("Ley 10/2025 art. 13.2")));
}

#[test]
fn an_acceptance_is_said_by_the_customer_and_told_by_nobody_who_answered() {
    let accept = |word| apply(resolved(), Command::Close { reason: CloseReason::AcceptedByCustomer, word }, now(5));
    let told = |spoke, by_resolver| CustomerWord::Told { spoke, by_resolver };
    assert_eq!(accept(told(false, false)), Err(Refusal::NotSaidByCustomer));
    assert_eq!(accept(told(true, true)), Err(Refusal::AcceptanceOfOwnWork));
    assert_eq!(accept(told(true, false)).unwrap().state().standing(), Standing::Closed);
    assert_eq!(accept(CustomerWord::Own).unwrap().state().standing(), Standing::Closed);
}

#[test]
fn what_the_office_hears_is_neither_withdrawn_nor_turned_away() {
    let id = CaseId::from_uuid(Uuid::from_u128(3));
    let heard = || opened().ticket.with_office_case(OfficeCase { id, open: true });
    let word = || "withdrawn_by_customer".parse().unwrap();
    let signpost = "Puede acudir a la Junta Arbitral de Consumo.".parse().unwrap();
    let refused = Err(Refusal::OfficeCaseOpen { case: id });
    assert_eq!(apply(heard(), Command::Cancel { reason: word() }, now(1)), refused);
    assert_eq!(apply(heard(), Command::Reject { reason: word(), signpost }, now(1)), refused);
}

#[test]
fn a_term_that_passed_withdraws_nothing() {
    for reason in ["term_elapsed", "no_response", "customer_silent"] {
        let cancel = Command::Cancel { reason: reason.parse().unwrap() };
        assert_eq!(apply(answered(), cancel, now(99_999)), Err(Refusal::CloseByElapsedTerm), "{reason}");
    }
}

#[test]
fn a_term_that_passed_turns_nothing_away() {
    for reason in ["term_elapsed", "no_response", "customer_silent"] {
        let signpost = "Puede acudir a la Junta Arbitral de Consumo.".parse().unwrap();
        let reject = Command::Reject { reason: reason.parse().unwrap(), signpost };
        assert_eq!(apply(opened().ticket, reject, now(1)), Err(Refusal::CloseByElapsedTerm), "{reason}");
    }
}

#[test]
fn a_signpost_that_says_nothing_is_none() {
    let signpost = "aaaaaaaaaaaaaaaaaaaa".parse().unwrap();
    let reject = Command::Reject { reason: "not_ours".parse().unwrap(), signpost };
    assert_eq!(apply(opened().ticket, reject, now(1)), Err(Refusal::GenericAnswer));
}

#[test]
fn only_what_came_from_another_system_was_closed_there_or_waited_for_what_moves_a_term() {
    let ticket = resolved();
    let waits = Command::WaitForCustomer { awaiting: Ticket::CURE_REQUESTED.parse().unwrap() };
    let closed = Command::Close { reason: CloseReason::ClosedAtSource, word: CustomerWord::Own };
    for command in [&waits, &closed] {
        assert!(command.refuse_as_history(&ticket, false).is_err(), "{command:?}");
        assert_eq!(command.refuse_as_history(&ticket, true), Ok(()));
    }
    let travels = Command::WaitForCustomer { awaiting: "customer_travels".parse().unwrap() };
    assert_eq!(travels.refuse_as_history(&ticket, false), Ok(()));
}

#[test]
fn another_filing_takes_the_ban_on_sales_away_from_nobody() {
    let filing = |sector: &str, topic: Option<&str>| Filing {
        ticket_type: TicketType::Incidencia,
        severity: Severity::High,
        sector: sector.parse().unwrap(),
        topic: topic.map(|topic| topic.parse().unwrap()),
    };
    let refile = |ticket: Ticket, to: Filing| {
        ticket.reclassify(to, Vec::new(), "filed_wrong".parse().unwrap(), now(9)).unwrap().0
    };
    let plain = opened().ticket;
    assert_eq!(plain.refuse_sales_offer(), Ok(()));
    for banned in [filing("power", Some("continuity")), filing("banking", None)] {
        let was = refile(plain.clone(), banned);
        let refused = was.refuse_sales_offer();
        assert!(refused.is_err());
        let back = refile(was, filing("general", Some("billing")));
        assert_eq!(back.refuse_sales_offer(), refused);
        // Nor does a part of it, or one that follows it up.
        let id = TicketId::from_uuid(Uuid::from_u128(9));
        let next = Draft { ever: back.ever(), ..draft() };
        let next = Ticket::open(next, id, TrackingKey::from_entropy([6; 12]), None, at(10)).ticket;
        assert_eq!(next.refuse_sales_offer(), refused);
        let part = SplitDraft {
            points: vec!["p1".to_owned()],
            subject: "La llamada".parse().unwrap(),
            filing: filing("general", Some("billing")),
            characteristics: Characteristics::default(),
            assignment: back.assignment().clone(),
            ever: EverFiled::default(),
            reason: "another_matter".parse().unwrap(),
        };
        let part = back.split(part, id, TrackingKey::from_entropy([7; 12]), now(11)).unwrap().1;
        assert_eq!(part.ticket.refuse_sales_offer(), refused);
    }
}

fn promised(kind: PromiseKind) -> Promise {
    Promise { kind, ..promise() }
}

#[test]
fn an_answer_that_was_promised_is_kept_by_the_answer_and_by_nothing_else() {
    let answer = promised(PromiseKind::Resolution);
    let since = at(30);
    let held = State::Held { since, awaiting: "awaiting_supplier".parse().unwrap() };
    let works = State::InProgress { since, reason: None };
    let ended = |reason: Option<&str>| {
        let resolution = "La lectura era estimada; la real da 41 euros menos.".parse().unwrap();
        State::Resolved { since, reason: reason.map(|reason| reason.parse().unwrap()), resolution }
    };
    for state in [State::Acknowledged { since }, works.clone(), held, ended(Some("cure_lapsed"))] {
        assert_eq!(answer.refuse_kept(&state), Err(Refusal::NotAnsweredYet { state: state.standing() }));
        assert_eq!(answer.kept_by(&state), None, "{state:?}");
    }
    assert_eq!(answer.refuse_kept(&ended(None)), Ok(()));
    assert_eq!(answer.kept_by(&ended(None)).map(|promise| promise.state.standing()), Some(PromiseStanding::Kept));
    assert_eq!(promise().refuse_kept(&works), Ok(()));
    let ends = |promise: &Promise, refused, minutes| {
        promise.as_answered(refused, at(minutes)).map(|promise| promise.state.standing())
    };
    let why = "Su asunto no se ha admitido.".parse().unwrap();
    assert_eq!(ends(&answer, None, 60), Some(PromiseStanding::Kept));
    assert_eq!(ends(&answer, None, 61), None, "late is late");
    assert_eq!(ends(&promise(), None, 59), None, "a call is still to be made");
    assert_eq!(ends(&answer, Some(&why), 59), Some(PromiseStanding::Kept), "who is refused with reasons is answered");
    assert_eq!(ends(&promise(), Some(&why), 59), Some(PromiseStanding::BrokenAnnounced));
}

#[test]
fn what_was_promised_falls_away_with_what_is_withdrawn_and_an_answer_with_what_is_not_completed() {
    let (answer, other) = (promised(PromiseKind::Resolution), promise());
    let told = || ToldBefore::Nothing;
    let standing = |promise: Option<Promise>| promise.map(|promise| promise.state.standing());
    for promise in [&answer, &other] {
        // Due at the sixtieth minute.
        let lapsed = promise.as_withdrawn(told(), at(60)).unwrap();
        assert_eq!(lapsed.state, PromiseState::Lapsed { at: at(60) });
        assert_eq!(lapsed.as_withdrawn(told(), at(60)), None, "it ends once");
        assert_eq!(
            promise.as_withdrawn(told(), at(61)).unwrap().state,
            PromiseState::BrokenSilent { at: at(60), cause: None }
        );
        let cause: Cause = "Falta el técnico".parse().unwrap();
        let in_time = ToldBefore::InTime(cause);
        assert_eq!(standing(promise.as_withdrawn(in_time, at(61))), Some(PromiseStanding::BrokenAnnounced));
    }
    assert_eq!(standing(answer.as_uncured(told(), at(60))), Some(PromiseStanding::Lapsed));
    assert_eq!(standing(answer.as_uncured(told(), at(61))), Some(PromiseStanding::BrokenSilent));
    assert_eq!(other.as_uncured(told(), at(60)), None, "a call is still to be made");
}

#[test]
fn a_call_is_tried_some_time_apart_and_a_wrong_number_counts_for_none() {
    use AttemptOutcome::{NoAnswer, WrongAddress};
    let call = promised(PromiseKind::Callback { from: at(0), tried: Tried::default() });
    let often = (2, SignedDuration::from_mins(15));
    let tried = |tries: &[(AttemptOutcome, i64)]| {
        tries.iter().fold(call.clone(), |call, (outcome, minutes)| call.attempt(*outcome, often, at(*minutes)).unwrap())
    };
    let stands = |promise: Promise| promise.state.standing();
    assert_eq!(stands(tried(&[(NoAnswer, 1), (NoAnswer, 2), (NoAnswer, 15)])), PromiseStanding::Made);
    assert_eq!(stands(tried(&[(WrongAddress, 1), (WrongAddress, 20), (NoAnswer, 40)])), PromiseStanding::Made);
    assert_eq!(stands(tried(&[(NoAnswer, 1), (NoAnswer, 16)])), PromiseStanding::Kept);
}

#[test]
fn what_was_asked_for_is_asked_for_again_only_where_the_first_was_withdrawn() {
    let ticket = TicketId::from_uuid(Uuid::from_u128(1));
    let draft = |missing: &str| CureDraft { missing: missing.parse().unwrap(), channel: Channel::Email, due: None };
    let asked = |state| CureRequest {
        id: CureId { ticket, id: Uuid::from_u128(2) },
        missing: "El recibo del banco.".parse().unwrap(),
        channel: Channel::Email,
        due: at(60),
        law: CureLaw::General,
        least: LeastTerm { due: at(60), es: String::new(), en: String::new() },
        message: MessageId { ticket, id: Uuid::from_u128(3) },
        by: Actor { kind: ActorKind::Employee, id: "u-17".into(), department: None },
        asked: at(0),
        state,
    };
    let again = draft("  el RECIBO del banco ");
    for state in [CureState::Answered { at: at(5) }, CureState::Lapsed { at: at(60) }] {
        assert!(matches!(again.refuse_again(&[asked(state)]), Err(Refusal::CureAskedBefore { .. })), "{state:?}");
        assert_eq!(draft("El contrato firmado").refuse_again(&[asked(state)]), Ok(()));
    }
    assert_eq!(again.refuse_again(&[asked(CureState::Withdrawn { at: at(5) })]), Ok(()));
}
