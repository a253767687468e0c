//! Which affair a question is about. Nobody's affair is touched because it was opened last: the caller may be calling about another.

use ventanilla_proto::ticketing::v1::{GetTicketRequest, ListTicketsRequest, Ticket, TicketState};

use crate::answer::Fault;
use crate::ask::Asked;

/// States of affairs that go on.
const OPEN: [TicketState; 4] =
    [TicketState::Acknowledged, TicketState::InProgress, TicketState::Pending, TicketState::Held];
/// Affairs that are looked at: enough to know that there are several, with those that are answered together.
const LOOKED_AT: i32 = 25;

/// Which affair is meant.
#[derive(Debug)]
pub(crate) enum Affair {
    /// This one: it was named, or is the only one that goes on.
    One(Box<Ticket>),
    /// Several go on, and none was named. Their department, where it is one.
    Several(Option<String>),
    /// None goes on.
    None,
}

/// The affair that the telephone system names, as an answer told it that was given before; else the customer's only one.
pub(crate) async fn meant(asked: &Asked, customer: &str) -> Result<Affair, Fault> {
    match asked.field("ticket") {
        "" => only(asked, customer).await,
        named => named_one(asked, named).await,
    }
}

/// The affair of this name, or the one it is answered with.
pub(crate) async fn named_one(asked: &Asked, name: &str) -> Result<Affair, Fault> {
    let ticket = get(asked, name).await?;
    if ticket.merged_into.is_empty() {
        return Ok(Affair::One(Box::new(ticket)));
    }
    get(asked, &ticket.merged_into).await.map(|head| Affair::One(Box::new(head)))
}

async fn get(asked: &Asked, name: &str) -> Result<Ticket, Fault> {
    Ok(asked.tickets()?.get_ticket(GetTicketRequest { name: name.to_owned() }).await?.into_inner())
}

async fn only(asked: &Asked, customer: &str) -> Result<Affair, Fault> {
    let list = ListTicketsRequest {
        customer: customer.to_owned(),
        states: OPEN.iter().map(|state| (*state).into()).collect(),
        page_size: LOOKED_AT,
        ..ListTicketsRequest::default()
    };
    match among(asked.tickets()?.list_tickets(list).await?.into_inner().tickets) {
        Among::None => Ok(Affair::None),
        Among::One(ticket) => Ok(Affair::One(ticket)),
        Among::Elsewhere(head) => named_one(asked, &head).await,
        Among::Several(department) => Ok(Affair::Several(department)),
    }
}

/// What the affairs of somebody come to.
#[derive(Debug)]
enum Among {
    None,
    One(Box<Ticket>),
    /// One, which goes on under a name that is none of theirs.
    Elsewhere(String),
    Several(Option<String>),
}

/// Affairs that are answered together are one.
fn among(open: Vec<Ticket>) -> Among {
    let head = |ticket: &Ticket| {
        if ticket.merged_into.is_empty() { ticket.name.clone() } else { ticket.merged_into.clone() }
    };
    let Some(first) = open.first() else { return Among::None };
    let one = head(first);
    if open.iter().any(|ticket| head(ticket) != one) {
        let department = first.department.clone();
        let shared = open.iter().all(|ticket| ticket.department == department);
        return Among::Several(shared.then_some(department));
    }
    match open.into_iter().find(|ticket| ticket.name == one) {
        Some(ticket) => Among::One(Box::new(ticket)),
        None => Among::Elsewhere(one),
    }
}

/// A version as a dial plan keeps it: without the quotes it has in the contract.
pub(crate) fn version(etag: &str) -> &str {
    etag.trim_matches('"')
}

/// The version that a question gives back.
pub(crate) fn etag(version: &str) -> String {
    format!("\"{}\"", version.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(name: &str, merged_into: &str, department: &str) -> Ticket {
        Ticket {
            name: name.to_owned(),
            merged_into: merged_into.to_owned(),
            department: department.to_owned(),
            ..Ticket::default()
        }
    }

    #[test]
    fn affairs_that_are_answered_together_are_one_and_of_several_none_is_the_last() {
        assert!(matches!(among(Vec::new()), Among::None));
        let one = among(vec![ticket("t2", "t1", "billing"), ticket("t1", "", "billing")]);
        assert!(matches!(&one, Among::One(ticket) if ticket.name == "t1"), "{one:?}");
        let elsewhere = among(vec![ticket("t2", "t1", "billing")]);
        assert!(matches!(&elsewhere, Among::Elsewhere(head) if head == "t1"), "{elsewhere:?}");
        let several = among(vec![ticket("t2", "", "billing"), ticket("t1", "", "billing")]);
        assert!(matches!(&several, Among::Several(Some(department)) if department == "billing"), "{several:?}");
        let several = among(vec![ticket("t2", "", "billing"), ticket("t1", "", "network")]);
        assert!(matches!(several, Among::Several(None)));
    }

    #[test]
    fn a_version_goes_through_a_dial_plan_without_quotes() {
        assert_eq!(version("\"7\""), "7");
        assert_eq!(etag("7"), "\"7\"");
        assert_eq!(etag("\"7\""), "\"7\"");
    }
}
