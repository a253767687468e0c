//! What a customer who holds key and proof can do in their affair.

use crate::Standing;

/// Something a customer can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerOption {
    /// Say something.
    Say,
    /// Accept the answer.
    Accept,
    /// Object to the answer.
    Object,
    /// Ask the ombudsman's office to look at it.
    Ombudsman,
    /// Say what they thought of how it was handled.
    Survey,
}

/// What can be done in an affair that stands so. The office hears what was claimed, whatever became of it, once at a time; whether it takes it up is the
/// office's to say. What the customer withdrew is not brought before it.
///
/// What they thought is asked of who was asked before, and has not said it, once the affair is answered (Ley 10/2025 art. 18): `survey_waits`.
pub fn customer_options(
    standing: Standing,
    claimed: bool,
    at_the_office: bool,
    survey_waits: bool,
) -> Vec<CustomerOption> {
    let mut options = Vec::new();
    if !standing.is_terminal() {
        options.push(CustomerOption::Say);
    }
    if standing == Standing::Resolved {
        options.extend([CustomerOption::Accept, CustomerOption::Object]);
    }
    if claimed && !at_the_office && standing != Standing::Cancelled {
        options.push(CustomerOption::Ombudsman);
    }
    if survey_waits && matches!(standing, Standing::Resolved | Standing::Closed) {
        options.push(CustomerOption::Survey);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::CustomerOption::{Accept, Object, Ombudsman, Say, Survey};
    use super::*;

    #[test]
    fn an_answer_is_accepted_or_objected_to_while_it_stands() {
        assert_eq!(customer_options(Standing::Resolved, true, false, false), [Say, Accept, Object, Ombudsman]);
        assert_eq!(customer_options(Standing::InProgress, true, false, false), [Say, Ombudsman]);
    }

    #[test]
    fn the_office_is_asked_once_and_for_what_was_claimed() {
        assert_eq!(customer_options(Standing::InProgress, true, true, false), [Say]);
        assert_eq!(customer_options(Standing::InProgress, false, false, false), [Say]);
        assert_eq!(customer_options(Standing::Closed, true, false, false), [Ombudsman]);
        assert_eq!(customer_options(Standing::Rejected, true, false, false), [Ombudsman]);
        assert_eq!(customer_options(Standing::Cancelled, true, false, false), []);
    }
    #[test]
    fn what_they_thought_is_asked_once_it_is_answered_and_of_who_was_asked() {
        for standing in Standing::ALL.iter().copied() {
            let offered = customer_options(standing, true, false, true).contains(&Survey);
            assert_eq!(offered, matches!(standing, Standing::Resolved | Standing::Closed), "{standing:?}");
            assert!(!customer_options(standing, true, false, false).contains(&Survey), "{standing:?}");
        }
    }
}
