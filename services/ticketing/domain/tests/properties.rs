//! What holds for every affair, whatever is asked of it in whatever order.

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, ActorKind, Channel, Department, Language, ResourceId, Uuid};
use proptest::prelude::*;
use ventanilla_ticketing_domain::{
    Assignment, Characteristics, CloseReason, Command, CureDraft, CureId, CureRequest, CureState, CustomerId,
    CustomerWord, Draft, EverFiled, Filing, LeastTerm, MessageId, Moment, Policy, Refusal, Severity, Standing, Ticket,
    TicketId, TicketType, TrackingKey, Transitioned,
};

const ANSWER: &str = "La lectura era estimada; la real da 41 euros menos, que abonamos en la próxima factura.";

fn start() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn draft(points: usize) -> Draft {
    Draft {
        customer: CustomerId::from_uuid(Uuid::from_u128(7)),
        filing: Filing {
            ticket_type: TicketType::Reclamacion,
            severity: Severity::Medium,
            sector: "general".parse().unwrap(),
            topic: None,
        },
        subject: "Factura de marzo".parse().unwrap(),
        channel: Channel::Phone,
        assignment: Assignment { department: department("billing"), owner: None },
        language: Language::Es,
        points: (0..points).map(|i| format!("Punto {i}: el importe no cuadra").parse().unwrap()).collect(),
        first_received: Some("2026-03-01T18:00:00Z".parse().unwrap()),
        interaction: None,
        follow_up_of: None,
        served_first: false,
        characteristics: Characteristics::default(),
        ever: EverFiled::default(),
    }
}

fn department(slug: &str) -> Department {
    slug.parse().unwrap()
}

fn open(points: usize) -> Ticket {
    let key = TrackingKey::from_entropy([1; 12]);
    Ticket::open(draft(points), TicketId::from_uuid(Uuid::from_u128(1)), key, None, start()).ticket
}

/// Anything that can be asked of a ticket.
#[derive(Debug, Clone)]
enum Ask {
    Move(Command),
    Answer(usize, bool),
    Transfer(&'static str),
    Touch,
    /// To complete it, so many hours more or less than law gives.
    RequestCure(i64),
    /// Somebody looks at the clock.
    LapseCure,
    /// The customer never completed it, or said something late.
    ResolveUncured(bool),
}

/// What a customer said, who tells of it.
fn words() -> impl Strategy<Value = CustomerWord> {
    prop_oneof![
        Just(CustomerWord::Own),
        (any::<bool>(), any::<bool>()).prop_map(|(spoke, by_resolver)| CustomerWord::Told { spoke, by_resolver }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let word = || "some_reason".parse().unwrap();
    prop_oneof![
        Just(Command::Start),
        Just(Command::WaitForCustomer { awaiting: word() }),
        Just(Command::Hold { awaiting: word() }),
        Just(Command::Resume { reason: None }),
        Just(Command::Hear),
        Just(Command::Resolve { resolution: ANSWER.parse().unwrap() }),
        (proptest::sample::select(CloseReason::ALL), words())
            .prop_map(|(reason, word)| Command::Close { reason, word }),
        Just(Command::Reopen { reason: word() }),
        Just(Command::Reject {
            reason: word(),
            signpost: "Puede acudir a la Junta Arbitral de Consumo.".parse().unwrap()
        }),
        Just(Command::Cancel { reason: word() }),
    ]
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        6 => command().prop_map(Ask::Move),
        3 => (0..4usize, any::<bool>()).prop_map(|(p, good)| Ask::Answer(p, good)),
        1 => proptest::sample::select(vec!["billing", "network-ops"]).prop_map(Ask::Transfer),
        1 => Just(Ask::Touch),
        3 => (-30..400i64).prop_map(Ask::RequestCure),
        3 => Just(Ask::LapseCure),
        2 => any::<bool>().prop_map(Ask::ResolveUncured),
    ]
}

/// What was asked, and the minutes from the start at which it is said to have happened (or now, when even).
fn asks() -> impl Strategy<Value = Vec<(Ask, i64)>> {
    proptest::collection::vec((ask(), 0..60_000i64), 1..60)
}

/// What law gives at the least, in these tests.
fn least(asked: Timestamp) -> LeastTerm {
    LeastTerm { due: asked + SignedDuration::from_hours(240), es: "diez días".into(), en: "ten days".into() }
}

/// Twice as long as law gives.
fn twice(cure: &CureRequest) -> Timestamp {
    cure.least.due + cure.least.due.duration_since(cure.asked)
}

/// `cures` are those there were, which a store keeps.
fn carry_out(ticket: Ticket, ask: Ask, moment: Moment, cures: &mut Vec<CureRequest>) -> Result<Ticket, Refusal> {
    let (Moment::Now(at) | Moment::Stated(at)) = moment;
    let mut settle = |happened: Transitioned| {
        if let Some(settled) = happened.cure {
            let cure = cures.iter_mut().find(|cure| cure.id == settled.id).expect("what ends was made");
            assert_eq!(cure.state, CureState::Asked, "a request ended twice");
            cure.state = settled.state;
        }
    };
    match ask {
        Ask::RequestCure(hours) => {
            let due = Some(least(at).due + SignedDuration::from_hours(hours));
            let draft = CureDraft { missing: "El recibo".parse().unwrap(), channel: Channel::Email, due };
            let number = Uuid::from_u128(cures.len() as u128 + 1);
            let ids =
                (CureId { ticket: ticket.facts().id, id: number }, MessageId { ticket: ticket.facts().id, id: number });
            let by = Actor { kind: ActorKind::Employee, id: "a".into(), department: None };
            let (ticket, _, cure) = ticket.request_cure(draft, ids, least(at), by, moment)?;
            cures.push(cure);
            Ok(ticket)
        }
        Ask::LapseCure => {
            let (ticket, happened) = ticket.lapse_cure(at).ok_or(Refusal::CureNotLapsed { state: "asked" })?;
            settle(happened);
            Ok(ticket)
        }
        Ask::ResolveUncured(said) => ticket.resolve_uncured(cures.last(), said, moment).map(|(t, _)| t),
        Ask::Move(command) => ticket.apply(command, moment, &Policy::default()).map(|(ticket, happened)| {
            settle(happened);
            ticket
        }),
        Ask::Answer(point, good) => {
            let text = if good { format!("{ANSWER} Punto {point}.") } else { "Lamentamos las molestias.".into() };
            ticket.answer(&format!("p{}", point + 1), text.parse().unwrap(), moment).map(|(t, _)| t)
        }
        Ask::Transfer(to) => {
            let to = Assignment { department: department(to), owner: None };
            ticket.transfer(to, None, moment).map(|(t, _)| t)
        }
        Ask::Touch => ticket.touch(moment).map(|(t, _)| t),
    }
}

/// The arrows of the state machine, as the domain's documents draw them.
fn is_drawn(from: Standing, to: Standing) -> bool {
    use Standing as S;
    matches!(
        (from, to),
        (S::Acknowledged, S::InProgress | S::Rejected | S::Cancelled)
            | (S::InProgress, S::Pending | S::Held | S::Resolved | S::Cancelled)
            | (S::Pending, S::InProgress)
            | (S::Held, S::InProgress | S::Cancelled)
            | (S::Resolved, S::Closed | S::InProgress)
    )
}

proptest! {
    #[test]
    fn any_sequence_of_commands_keeps_the_invariants(points in 0..4usize, sequence in asks()) {
        let mut ticket = open(points);
        let mut cures = Vec::new();
        let facts = ticket.facts().clone();
        for (ask, minutes) in sequence {
            let at = start() + SignedDuration::from_mins(minutes);
            let moment = if minutes % 2 == 0 { Moment::Now(at) } else { Moment::Stated(at) };
            let before = ticket.clone();
            let (by_the_clock, asked) = (matches!(ask, Ask::LapseCure), ask.clone());
            let Ok(after) = carry_out(ticket, ask, moment, &mut cures) else {
                ticket = before;
                continue;
            };
            let (from, to) = (before.state().standing(), after.state().standing());
            if let Some(cure) = cures.iter().find(|cure| cure.state.settled().is_some()) {
                prop_assert!(cure.due <= twice(cure), "a term stands still for longer than twice what law gives");
            }
            if let (Some(open), Ask::Move(_)) = (before.state().cure(), &asked) {
                let ended = cures.iter().find(|cure| cure.id == open.id).map(|cure| cure.state.as_str());
                let spoken = matches!(asked, Ask::Move(Command::Hear));
                prop_assert_eq!(ended, Some(if spoken { "answered" } else { "withdrawn" }), "the customer said nothing");
            }
            if let Ask::Move(Command::Close { reason, word }) = asked {
                let told = |spoke| matches!(word, CustomerWord::Told { spoke: s, .. } if s == spoke);
                prop_assert!(reason != CloseReason::ObjectionWindowOver || !told(true), "closed by silence though they spoke");
                prop_assert!(reason != CloseReason::AcceptedByCustomer || !told(false), "accepted though they said nothing");
            }
            prop_assert_eq!(after.facts(), &facts, "what never changes has changed");
            prop_assert!(!from.is_terminal(), "{} was over, and something followed", from);
            prop_assert!(after.last_change() >= before.last_change(), "history went back in time");
            prop_assert!(after.state().since() <= after.last_change());
            if after.state() != before.state() {
                prop_assert!(is_drawn(from, to), "{from} -> {to} is no arrow");
            }
            let open: Vec<_> = cures.iter().filter(|cure| cure.state == CureState::Asked).collect();
            prop_assert!(open.len() <= 1, "two requests run");
            prop_assert_eq!(after.state().cure().map(|cure| cure.id), open.first().map(|cure| cure.id));
            if let Some(cure) = cures.last() {
                prop_assert!(cure.due >= cure.least.due, "less time than law gives");
                if let CureState::Lapsed { at: lapsed } = cure.state {
                    prop_assert!(lapsed >= cure.due, "it lapsed before its time");
                    if by_the_clock {
                        prop_assert!(lapsed <= at.max(before.last_change()), "it lapsed in the future");
                    }
                }
            }
            let uncured = after.state().reason() == Some(Ticket::CURE_LAPSED);
            if to == Standing::Resolved && uncured {
                let last = cures.last().map(|cure| cure.state.as_str());
                prop_assert_eq!(last, Some("lapsed"));
            } else if to == Standing::Resolved {
                prop_assert!(after.points().iter().all(|p| p.answered.is_some()), "resolved with an open point");
            }
            ticket = after;
        }
    }

    #[test]
    fn first_receipt_is_the_earliest_that_is_known(stated in -9_000..0i64, earlier in proptest::option::of(-9_000..0i64)) {
        let at = |minutes| start() + SignedDuration::from_mins(minutes);
        let draft = Draft { first_received: Some(at(stated)), ..draft(1) };
        let id = TicketId::from_uuid(Uuid::from_u128(1));
        let opened = Ticket::open(draft, id, TrackingKey::from_entropy([2; 12]), earlier.map(at), start());
        prop_assert_eq!(opened.ticket.facts().first_received, at(stated.min(earlier.unwrap_or(stated))));
        prop_assert_eq!(opened.received, start());
    }

    #[test]
    fn every_key_is_read_back(bytes in any::<[u8; 12]>()) {
        let key = TrackingKey::from_entropy(bytes);
        prop_assert_eq!(key.to_string().to_lowercase().replace('-', " ").parse(), Ok(key));
    }
}
