//! How near a deadline is: what the worklist is in order of.

use jiff::{SignedDuration, Timestamp};
use ventanilla_proto::ombudsman::v1::{Case, CaseState};
use web::When;

/// How near the legal instant to decide is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Danger {
    /// It has passed.
    Late,
    /// Within three days.
    Near,
    /// Later.
    Far,
    /// Nothing runs, or it is not known yet.
    None,
}

/// The danger of a case whose term to decide ends then.
pub(crate) fn of(case: &Case, due: Option<&When>, now: Timestamp) -> Danger {
    match due {
        _ if case.state() == CaseState::Overdue => Danger::Late,
        _ if !is_to_be_decided(case.state()) => Danger::None,
        _ if case.decide_breached_time.is_some() => Danger::Late,
        due => of_term(due, now),
    }
}

/// Whether the office owes a decision: the term for it is told after that too, as it was settled, and runs no more.
pub(crate) const fn is_to_be_decided(state: CaseState) -> bool {
    use CaseState as S;
    match state {
        S::Received
        | S::Registered
        | S::NeedsCure
        | S::InadmissibleProposed
        | S::Admitted
        | S::EntityAllegations
        | S::Investigation
        | S::Drafted
        | S::Conciliation => true,
        S::Unspecified
        | S::ArchivedUncured
        | S::Inadmissible
        | S::Decided
        | S::Notified
        | S::Closed
        | S::Withdrawn
        | S::Rectified
        | S::ForwardedInternally
        | S::Stayed
        | S::Settled
        | S::OwnInitiative
        | S::Binding
        | S::NotBinding
        | S::Compliance
        | S::Complied
        | S::Overdue
        | S::Reported => false,
    }
}

/// The danger of a term that ends then and was not kept yet.
pub(crate) fn of_term(due: Option<&When>, now: Timestamp) -> Danger {
    match due {
        Some(due) if due.at <= now => Danger::Late,
        Some(due) if due.at.duration_since(now) <= SignedDuration::from_hours(72) => Danger::Near,
        Some(_) => Danger::Far,
        None => Danger::None,
    }
}

impl Danger {
    /// The class of its row.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Near => "soon",
            Self::Far | Self::None => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use web::Lang;

    use super::*;

    fn when(at: &str) -> Option<When> {
        let at: Timestamp = at.parse().unwrap();
        When::of(Lang::Es, Some(prost_types::Timestamp { seconds: at.as_second(), nanos: 0 }))
    }

    #[test]
    fn what_is_late_comes_before_what_is_near() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let case = |state: CaseState| Case { state: state.into(), ..Case::default() };
        let open = case(CaseState::Investigation);
        assert_eq!(of(&open, when("2026-11-30T11:00:00Z").as_ref(), now), Danger::Late);
        assert_eq!(of(&open, when("2026-12-01T11:00:00Z").as_ref(), now), Danger::Near);
        assert_eq!(of(&open, when("2026-12-11T11:00:00Z").as_ref(), now), Danger::Far);
        assert_eq!(of(&open, None, now), Danger::None);
        assert_eq!(of(&case(CaseState::Notified), when("2026-11-30T11:00:00Z").as_ref(), now), Danger::None);
        for ended in [CaseState::Withdrawn, CaseState::Rectified, CaseState::OwnInitiative, CaseState::Inadmissible] {
            assert_eq!(of(&case(ended), when("2026-11-30T11:00:00Z").as_ref(), now), Danger::None, "{ended:?}");
        }
        assert_eq!(of(&case(CaseState::Overdue), None, now), Danger::Late);
        assert!(Danger::Late < Danger::Near && Danger::Near < Danger::Far);
    }
}
