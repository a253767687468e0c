//! Names of events, and patterns of them.

use std::fmt;

use kernel::Department;

use crate::affair::has_department;

/// The longest pattern.
const LONGEST: usize = 128;

/// The name of an event: `ticketing.ticket.opened` of the message `ventanilla.ticketing.v1.TicketOpened`. `None` for what is
/// no message of the contract.
pub fn event_type(message: &str) -> Option<String> {
    let mut parts = message.strip_prefix("ventanilla.")?.split('.');
    let (context, _version, name) = (parts.next()?, parts.next()?, parts.next()?);
    let words = words(name);
    // What happened is the last word, but for what is at risk.
    let happened =
        words.iter().skip(1).position(|word| word == "at").map_or(words.len().saturating_sub(1), |at| at + 1);
    let (noun, verb) = words.split_at(happened);
    let noun = noun.join("_");
    let verb = verb.join("_");
    Some(if noun.is_empty() { format!("{context}.{verb}") } else { format!("{context}.{noun}.{verb}") })
}

/// The words of a name in camel case, in small letters.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() || words.is_empty() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
    }
    words
}

/// Which events: one type, all below a word, or all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(String);

/// What is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a type of event, or one with * in the place of its last words: ticketing.ticket.opened, ticketing.ticket.*, *"
)]
pub struct NotAPattern;

impl std::str::FromStr for Pattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        let named = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let words: Vec<&str> = text.split('.').collect();
        let (last, before) = words.split_last().ok_or(NotAPattern)?;
        let fits = text.len() <= LONGEST && before.iter().all(|word| named(word)) && (*last == "*" || named(last));
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAPattern) }
    }
}

impl Pattern {
    /// Whether an event of this type is meant.
    pub fn takes(&self, event_type: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => event_type.starts_with(prefix),
            None => event_type == self.0,
        }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which events a subscription is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Of these types.
    pub patterns: Vec<Pattern>,
    /// Of affairs of these departments; of all when empty.
    pub departments: Vec<Department>,
}

impl Filter {
    /// Whether an event of this type, affair and department is meant. What belongs to no department concerns all of
    /// them; an affair whose department nobody knows concerns none of those that are named.
    pub fn takes(&self, event_type: &str, affair: &str, department: Option<&str>) -> bool {
        let concerns = match department {
            _ if self.departments.is_empty() => true,
            Some(slug) => self.departments.iter().any(|own| own.as_str() == slug),
            None => !has_department(affair),
        };
        concerns && self.patterns.iter().any(|pattern| pattern.takes(event_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_message_has_the_name_that_people_look_for() {
        for (message, name) in [
            ("ventanilla.ticketing.v1.TicketOpened", "ticketing.ticket.opened"),
            ("ventanilla.ticketing.v1.ClaimPointAnswered", "ticketing.claim_point.answered"),
            ("ventanilla.ticketing.v1.PromiseAtRisk", "ticketing.promise.at_risk"),
            ("ventanilla.sla.v1.ClockBreached", "sla.clock.breached"),
            ("ventanilla.webhook.v1.SubscriptionTested", "webhook.subscription.tested"),
        ] {
            assert_eq!(event_type(message).as_deref(), Some(name));
        }
        assert_eq!(event_type("google.protobuf.Empty"), None);
    }

    #[test]
    fn a_star_stands_for_all_that_follows_and_for_nothing_before() {
        assert!(pattern("*").takes("sla.clock.breached"));
        assert!(pattern("ticketing.*").takes("ticketing.ticket.opened"));
        assert!(pattern("ticketing.ticket.*").takes("ticketing.ticket.opened"));
        assert!(!pattern("ticketing.ticket.*").takes("ticketing.ticket_case.opened"));
        assert!(!pattern("ticketing.ticket").takes("ticketing.ticket.opened"));
        assert!(pattern("ticketing.ticket.opened").takes("ticketing.ticket.opened"));
        for bad in ["", ".", "a.", ".a", "*.a", "a*", "A.b", "a..b", "a.*.b", "a b", "a.-", "é", &"a".repeat(129)] {
            assert_eq!(bad.parse::<Pattern>(), Err(NotAPattern), "{bad:?}");
        }
    }

    #[test]
    fn what_belongs_to_no_department_concerns_every_one() {
        let billing = Filter { patterns: vec![pattern("*")], departments: vec!["billing".parse().unwrap()] };
        assert!(billing.takes("a.b", "tickets/1", Some("billing")) && billing.takes("a.b", "customers/1", None));
        assert!(!billing.takes("a.b", "tickets/1", Some("network")));
        let all = Filter { patterns: vec![pattern("a.*")], departments: Vec::new() };
        assert!(all.takes("a.b", "tickets/1", Some("network")) && !all.takes("b.c", "customers/1", None));
    }

    #[test]
    fn an_affair_whose_department_nobody_knows_concerns_who_asked_for_all_alone() {
        let billing = Filter { patterns: vec![pattern("*")], departments: vec!["billing".parse().unwrap()] };
        let all = Filter { patterns: vec![pattern("*")], departments: Vec::new() };
        for affair in ["tickets/1", "cases/1"] {
            assert!(!billing.takes("a.b", affair, None) && all.takes("a.b", affair, None), "{affair}");
        }
        assert!(billing.takes("a.b", "policies/1", None));
    }

    proptest! {
        #[test]
        fn no_text_is_more_than_refused(text in ".{0,140}", event in "[a-z_.]{0,40}") {
            if let Ok(pattern) = text.parse::<Pattern>() {
                let _ = pattern.takes(&event);
                prop_assert_eq!(pattern.as_str(), &text);
            }
            let _ = event_type(&text);
        }
    }
}
