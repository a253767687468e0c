//! What entries say, as it is stored.

use jiff::Timestamp;
use ledger::{ReactionError, Received};
use uuid::Uuid;

/// The id in a resource name of `collection`; of a name with several parts, the last one's.
pub(super) fn id(name: &str, collection: &str, part: &'static str) -> Result<Uuid, ReactionError> {
    let id = name.rsplit_once('/').filter(|(head, _)| head.rsplit('/').next() == Some(collection));
    id.and_then(|(_, id)| Uuid::try_parse(id).ok()).ok_or(ReactionError::Undecodable(part))
}

/// The customer an entry is about; `None` when it is about nobody's affair.
pub(super) fn customer(name: &str) -> Result<Option<Uuid>, ReactionError> {
    if name.is_empty() { Ok(None) } else { id(name, "customers", "customer").map(Some) }
}

/// The affair in a subject such as `tickets/{id}` or `tickets/{id}/promises/{id}`.
pub(super) fn ticket_in(subject: &str) -> Option<Uuid> {
    Uuid::try_parse(subject.strip_prefix("tickets/")?.split('/').next()?).ok()
}

pub(super) fn instant(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    let at = at?;
    Timestamp::new(at.seconds, at.nanos).ok()
}

pub(super) fn required(at: Option<&prost_types::Timestamp>, part: &'static str) -> Result<Timestamp, ReactionError> {
    instant(at).ok_or(ReactionError::Undecodable(part))
}

/// The id of the entry itself.
pub(super) fn entry_id(entry: &Received) -> Result<Uuid, ReactionError> {
    Uuid::try_parse(&entry.entry().entry_id).map_err(|_| ReactionError::Undecodable("entry_id"))
}

/// An enum's number as it is stored; a number no contract will ever have becomes 0.
pub(super) fn number(value: i32) -> i16 {
    i16::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use server::parse::time_to_proto;

    use super::*;

    #[test]
    fn ids_are_read_from_names_of_any_depth() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(id(&format!("tickets/{a}"), "tickets", "ticket").unwrap(), a);
        assert_eq!(id(&format!("tickets/{a}/promises/{b}"), "promises", "promise").unwrap(), b);
        assert!(id(&format!("clocks/{a}"), "tickets", "ticket").is_err());
        assert!(id("tickets/x", "tickets", "ticket").is_err());
        assert_eq!(ticket_in(&format!("tickets/{a}/promises/{b}")), Some(a));
        assert_eq!(ticket_in(&format!("cases/{a}")), None);
        assert_eq!(customer("").unwrap(), None);
    }

    #[test]
    fn instants_outside_the_calendar_are_none() {
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        assert_eq!(instant(Some(&time_to_proto(now))), Some(now));
        assert_eq!(instant(Some(&prost_types::Timestamp { seconds: i64::MAX, nanos: 0 })), None);
    }
}
