//! What brought complaints about, as shares of them: what art. 21 of Ley 10/2025 has published, and how an auditor counts it once more.
//!
//! An affair is a complaint if it was ever filed as one (art. 3.10), and belongs to the period of its first receipt. Its cause is the one that was stated last.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Parameter, Period};

/// The name of complaints of which nobody stated a cause; causes have no underscore in theirs.
pub const NOT_STATED: &str = "not_stated";

/// The types of affairs that are complaints.
pub const COMPLAINTS: [&str; 2] = ["queja", "reclamacion"];

/// What the ledger of affairs tells that is counted, in the order of its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AffairTold {
    /// An affair was opened.
    Opened {
        /// Its name.
        ticket: String,
        /// Its first receipt.
        received: Timestamp,
        /// As a complaint.
        complains: bool,
        /// The affair it was split off, which makes it what that one ever was.
        split_from: Option<String>,
    },
    /// An affair was filed as something else.
    Filed {
        /// Its name.
        ticket: String,
        /// As a complaint.
        complains: bool,
    },
    /// It was said what brought it about.
    Stated {
        /// Its name.
        ticket: String,
        /// Slug of the cause.
        cause: String,
    },
}

#[derive(Default)]
struct Affair {
    received: Option<Timestamp>,
    complains: bool,
    cause: Option<String>,
}

/// The shares of causes in the complaints of a period, the commonest first, from a whole ledger of affairs.
pub fn recount(told: impl IntoIterator<Item = AffairTold>, period: &Period) -> Vec<Parameter> {
    let mut affairs: BTreeMap<String, Affair> = BTreeMap::new();
    for told in told {
        match told {
            AffairTold::Opened { ticket, received, complains, split_from } => {
                let was = split_from.and_then(|parent| affairs.get(&parent)).is_some_and(|parent| parent.complains);
                let affair = Affair { received: Some(received), complains: complains || was, cause: None };
                affairs.insert(ticket, affair);
            }
            AffairTold::Filed { ticket, complains } => affairs.entry(ticket).or_default().complains |= complains,
            AffairTold::Stated { ticket, cause } => affairs.entry(ticket).or_default().cause = Some(cause),
        }
    }
    let counted = affairs
        .values()
        .filter(|affair| affair.complains && affair.received.is_some_and(|received| period.holds(received)));
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for affair in counted {
        *counts.entry(affair.cause.as_deref().unwrap_or(NOT_STATED)).or_default() += 1;
    }
    super::causes(period.law(), counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Abandoned;

    fn at(day: i8) -> Timestamp {
        format!("2026-03-{day:02}T10:00:00Z").parse().unwrap()
    }

    fn opened(ticket: &str, day: i8, complains: bool) -> AffairTold {
        AffairTold::Opened { ticket: ticket.to_owned(), received: at(day), complains, split_from: None }
    }

    fn stated(ticket: &str, cause: &str) -> AffairTold {
        AffairTold::Stated { ticket: ticket.to_owned(), cause: cause.to_owned() }
    }

    #[test]
    fn a_complaint_is_what_was_ever_filed_as_one_and_its_cause_the_last_that_was_stated() {
        let split = AffairTold::Opened {
            ticket: "e".to_owned(),
            received: at(2),
            complains: false,
            split_from: Some("a".to_owned()),
        };
        let filed = |ticket: &str, complains| AffairTold::Filed { ticket: ticket.to_owned(), complains };
        let told = [
            opened("a", 2, true),
            opened("b", 3, false),
            opened("c", 4, true),
            // Received before the period, and an inquiry.
            opened("d", 1, true),
            opened("f", 5, false),
            stated("a", "meter"),
            filed("b", true),
            filed("b", false),
            stated("b", "storm"),
            stated("b", "meter"),
            split,
            stated("d", "meter"),
            stated("f", "meter"),
        ];
        let period = Period { from: at(2), to: at(30), department: None, as_of: at(30), reading: Abandoned::Always };
        let told = recount(told, &period);
        let shares: Vec<(&str, u64, u64)> =
            told.iter().map(|share| (share.of.as_deref().unwrap(), share.counted.with(), share.counted.of())).collect();
        assert_eq!(shares, [("meter", 2, 4), (NOT_STATED, 2, 4)]);
    }
}
