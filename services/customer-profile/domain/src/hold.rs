//! What the firm must not do to a customer while a complaint of theirs is open.

use jiff::Timestamp;
use uuid::Uuid;

/// What must not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldKind {
    /// Cut or suspend the service that the complaint is about.
    ServiceCut,
    /// Collect what the complaint is about.
    Collection,
}

impl HoldKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::ServiceCut, Self::Collection];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServiceCut => "service_cut",
            Self::Collection => "collection",
        }
    }
}

/// A complaint (queja or reclamación) that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenComplaint {
    /// The affair.
    pub ticket: Uuid,
    /// First receipt in any department.
    pub since: Timestamp,
    /// Its reasoned answer was given; it can still be reopened.
    pub answered: bool,
    /// Who works on it.
    pub department: String,
}

/// A case at the ombudsman's office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeCase {
    /// The case.
    pub case: Uuid,
    /// The affair it came from.
    pub ticket: Uuid,
    /// When it reached the office.
    pub since: Timestamp,
    /// Decided and notified, refused, withdrawn or satisfied.
    pub over: bool,
    /// Regime it is heard under, e.g. `es.finance`.
    pub regime: String,
}

/// One ground.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// What must not be done.
    pub kind: HoldKind,
    /// Article that says so.
    pub article: &'static str,
    /// The complaint.
    pub ticket: Uuid,
    /// The case, where that is the ground.
    pub case: Option<Uuid>,
    /// Since when.
    pub since: Timestamp,
    /// Who works on the complaint; empty when not known.
    pub department: String,
}

/// Ley 10/2025, art. 4.4: no service is cut while a related complaint is open.
const WHILE_OPEN: &str = "Ley 10/2025, art. 4.4";
/// Ley 10/2025, art. 13.8: collection and suspension rest while the matter is out of court; the office's cases count
/// as such here. It does not apply to finance (art. 2).
const OUT_OF_COURT: &str = "Ley 10/2025, art. 13.8";

/// Whether art. 13.8 applies to cases of this regime.
fn rests_out_of_court(regime: &str) -> bool {
    regime != "es.finance"
}

/// The grounds that complaints and cases give.
pub fn holds(complaints: &[OpenComplaint], cases: &[OfficeCase]) -> Vec<Hold> {
    let open = complaints.iter().filter(|complaint| !complaint.answered).map(|complaint| Hold {
        kind: HoldKind::ServiceCut,
        article: WHILE_OPEN,
        ticket: complaint.ticket,
        case: None,
        since: complaint.since,
        department: complaint.department.clone(),
    });
    let department = |ticket| complaints.iter().find(|c| c.ticket == ticket).map(|c| c.department.clone());
    let brought = cases.iter().filter(|case| !case.over && rests_out_of_court(&case.regime)).flat_map(|case| {
        [HoldKind::ServiceCut, HoldKind::Collection].map(|kind| Hold {
            kind,
            article: OUT_OF_COURT,
            ticket: case.ticket,
            case: Some(case.case),
            since: case.since,
            department: department(case.ticket).unwrap_or_default(),
        })
    });
    open.chain(brought).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn complaint(n: u128, answered: bool) -> OpenComplaint {
        OpenComplaint { ticket: Uuid::from_u128(n), since: at(1), answered, department: "billing".to_owned() }
    }

    fn case(over: bool, regime: &str) -> OfficeCase {
        let (case, ticket) = (Uuid::from_u128(9), Uuid::from_u128(1));
        OfficeCase { case, ticket, since: at(2), over, regime: regime.to_owned() }
    }

    fn told(complaints: &[OpenComplaint], cases: &[OfficeCase]) -> Vec<(HoldKind, &'static str)> {
        holds(complaints, cases).iter().map(|hold| (hold.kind, hold.article)).collect()
    }

    #[test]
    fn a_complaint_holds_from_its_receipt_to_its_answer() {
        assert_eq!(told(&[complaint(1, false)], &[]), [(HoldKind::ServiceCut, WHILE_OPEN)]);
        assert_eq!(told(&[complaint(1, true)], &[]), []);
    }

    #[test]
    fn a_case_keeps_the_hold_after_the_answer_and_stops_collection_too_until_it_is_over() {
        let both = [(HoldKind::ServiceCut, OUT_OF_COURT), (HoldKind::Collection, OUT_OF_COURT)];
        assert_eq!(told(&[complaint(1, true)], &[case(false, "es.general")]), both);
        assert_eq!(holds(&[complaint(1, true)], &[case(false, "es.general")])[0].department, "billing");
        assert_eq!(told(&[], &[case(true, "es.general")]), []);
    }

    #[test]
    fn what_does_not_apply_to_finance_holds_nothing_there() {
        assert_eq!(told(&[], &[case(false, "es.finance")]), []);
    }
}
