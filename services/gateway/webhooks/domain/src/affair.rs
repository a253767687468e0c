//! What an event belongs to: its affair, whose events are told one after the other, and the department that had it when it happened.

use jiff::Timestamp;

/// The affair whose events are told one after the other: `tickets/{id}` of `tickets/{id}/promises/{id}`.
pub fn affair_of(resource: &str) -> &str {
    let mut slashes = resource.match_indices('/').map(|(at, _)| at);
    let _ = slashes.next();
    slashes.next().map_or(resource, |end| &resource[..end])
}

/// Whether an affair is some department's, be it known or not: a ticket, or a case of the office about one.
pub fn has_department(affair: &str) -> bool {
    is_ticket(affair) || is_case(affair)
}

fn is_ticket(name: &str) -> bool {
    name.starts_with("tickets/")
}

fn is_case(name: &str) -> bool {
    name.starts_with("cases/")
}

/// Names that an entry holds. Which of them there are depends on its type.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'a> {
    /// What it is about.
    pub aggregate: &'a str,
    /// A case of the office.
    pub case_name: Option<&'a str>,
    /// A ticket.
    pub ticket: Option<&'a str>,
    /// What it was done for.
    pub subject: Option<&'a str>,
}

/// Where an entry belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// To this affair.
    Affair(String),
    /// To the affair of this ticket, which a case is about.
    Told {
        /// The case.
        case: String,
        /// The ticket.
        ticket: String,
    },
    /// To the ticket that a case is about, which another entry tells; until then to the case.
    Case(String),
}

impl Place {
    /// Where an entry belongs that holds these names.
    pub fn of(named: Named<'_>) -> Self {
        let done_for = named.ticket.or(named.subject).map(affair_of);
        let case =
            named.case_name.or_else(|| [Some(named.aggregate), done_for].into_iter().flatten().find(|n| is_case(n)));
        let ticket = done_for.filter(|name| is_ticket(name));
        match (case.map(affair_of), ticket) {
            (Some(case), Some(ticket)) => Self::Told { case: case.to_owned(), ticket: ticket.to_owned() },
            (Some(case), None) => Self::Case(case.to_owned()),
            (None, Some(ticket)) => Self::Affair(ticket.to_owned()),
            (None, None) => Self::Affair(affair_of(named.aggregate).to_owned()),
        }
    }
}

/// From where on a department had an affair, until the next of them, as ticketing's ledger tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenure {
    /// Position of the entry that tells it.
    pub position: i64,
    /// When that happened.
    pub occurred_at: Timestamp,
    /// Slug of the department.
    pub department: String,
}

/// When something happened to an affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// At this position of ticketing's own ledger, which has an order.
    At(i64),
    /// At this instant: another ledger tells it. What follows from an entry happened when that did, so that who takes an affair over is
    /// told what follows from it.
    When(Timestamp),
}

/// Whose an affair was at a moment, by its tenures in the order of their positions. Before the first it was its department's too:
/// nobody else had it.
pub fn department_at(tenures: &[Tenure], moment: Moment) -> Option<&str> {
    let begun = |tenure: &&Tenure| match moment {
        Moment::At(position) => tenure.position <= position,
        Moment::When(instant) => tenure.occurred_at <= instant,
    };
    tenures.iter().rev().find(begun).or_else(|| tenures.first()).map(|tenure| tenure.department.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn an_affair_is_the_resource_at_the_root() {
        assert_eq!(affair_of("tickets/1/promises/2"), "tickets/1");
        assert_eq!(affair_of("tickets/1"), "tickets/1");
        assert_eq!(affair_of("queues"), "queues");
    }

    #[test]
    fn an_entry_belongs_to_the_ticket_it_is_about_by_whatever_name() {
        let named = |aggregate| Named { aggregate, ..Named::default() };
        let affair = |name: &str| Place::Affair(name.to_owned());
        let case = Place::Case("cases/1".to_owned());
        let told = Place::Told { case: "cases/1".to_owned(), ticket: "tickets/2".to_owned() };
        assert_eq!(Place::of(named("tickets/2")), affair("tickets/2"));
        assert_eq!(Place::of(named("customers/3")), affair("customers/3"));
        assert_eq!(Place::of(Named { ticket: Some("tickets/2"), ..named("interactions/4") }), affair("tickets/2"));
        assert_eq!(
            Place::of(Named { subject: Some("tickets/2/promises/5"), ..named("clocks/6") }),
            affair("tickets/2")
        );
        assert_eq!(Place::of(Named { subject: Some("policies/7"), ..named("clocks/6") }), affair("clocks/6"));
        assert_eq!(Place::of(Named { subject: Some("cases/1/obligations/8"), ..named("clocks/6") }), case);
        assert_eq!(Place::of(named("cases/1/documents/9")), case);
        assert_eq!(Place::of(Named { case_name: Some("cases/1"), ..named("cases/1") }), case);
        assert_eq!(Place::of(Named { ticket: Some("tickets/2"), ..named("cases/1") }), told);
        assert_eq!(
            Place::of(Named { case_name: Some("cases/1"), ticket: Some("tickets/2"), ..named("tickets/2") }),
            told
        );
    }

    #[test]
    fn what_follows_from_taking_an_affair_over_is_of_who_took_it() {
        let tenure = |position, seconds, department: &str| Tenure {
            position,
            occurred_at: at(seconds),
            department: department.to_owned(),
        };
        let tenures = [tenure(3, 10, "billing"), tenure(8, 20, "network"), tenure(9, 20, "billing")];
        let told = |moment| department_at(&tenures, moment);
        assert_eq!(
            (told(Moment::At(7)), told(Moment::At(8)), told(Moment::At(9))),
            (Some("billing"), Some("network"), Some("billing"))
        );
        assert_eq!((told(Moment::At(1)), told(Moment::When(at(1)))), (Some("billing"), Some("billing")));
        assert_eq!(department_at(&tenures[..2], Moment::When(at(19))), Some("billing"));
        assert_eq!(department_at(&tenures[..2], Moment::When(at(20))), Some("network"));
        assert_eq!(department_at(&[], Moment::At(1)), None);
    }

    proptest! {
        #[test]
        fn what_is_told_later_changes_nothing_about_what_was_before(steps in proptest::collection::vec((1_i64..5, 0_i64..5, 0_u8..3), 1..12), cut in 0_usize..12) {
            let (mut position, mut seconds) = (0, 0);
            let tenures: Vec<Tenure> = steps.iter().map(|(further, later, department)| {
                position += further;
                seconds += later;
                Tenure { position, occurred_at: at(seconds), department: format!("d{department}") }
            }).collect();
            let known = &tenures[..cut.clamp(1, tenures.len())];
            let last = known.last().unwrap();
            for place in 0..=last.position {
                prop_assert_eq!(department_at(known, Moment::At(place)), department_at(&tenures, Moment::At(place)));
            }
            let next = tenures.get(known.len()).map_or(i64::MAX, |next| next.occurred_at.as_second());
            for instant in (0..=seconds).map(at).filter(|instant| instant.as_second() < next) {
                prop_assert_eq!(department_at(known, Moment::When(instant)), department_at(&tenures, Moment::When(instant)));
            }
        }
    }
}
