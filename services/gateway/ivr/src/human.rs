//! Wanting a person (Ley 10/2025 art. 8.2), or a superior (art. 8.3). There is no answer to it but one.

use ventanilla_proto::ticketing::v1::team_service_client::TeamServiceClient;
use ventanilla_proto::ticketing::v1::{CallSupervisorRequest, ListTicketsRequest, Ticket, TicketState};

use crate::answer::{Fault, Next, Reply};
use crate::ask::{Asked, TICKETING};
use crate::say;

pub(crate) const FIELDS: &[&str] = &["superior", "department", "ticket", "turn"];

/// States of affairs that somebody has in hand.
const IN_HAND: [TicketState; 4] =
    [TicketState::InProgress, TicketState::Pending, TicketState::Held, TicketState::Acknowledged];

/// Says who is to be rung: the queue of the affair's department, and its owner. What cannot be found out in time changes nothing about it that a person
/// answers.
pub(crate) async fn answer(asked: Asked) -> Result<Reply, Fault> {
    let superior = match asked.field("superior") {
        "" | "false" | "0" => false,
        "true" | "1" => true,
        _ => return Err(Fault::Invalid(vec!["superior".to_owned()])),
    };
    let who = asked.identified().await.ok();
    let lang = who.as_ref().map_or_else(|| asked.lang(), |who| who.lang);
    let affair = match &who {
        Some(who) => affair(&asked, &who.customer).await.ok().flatten(),
        None => None,
    };
    let first = who.as_ref().is_some_and(|who| who.first);
    let queue = match (asked.field("department"), &affair) {
        ("", Some(ticket)) => ticket.department.clone(),
        ("", None) => asked.desk.state.settings.department.clone(),
        (asked, _) => asked.to_owned(),
    };
    let mut owner = affair.as_ref().map(|ticket| ticket.owner.clone()).unwrap_or_default();
    let mut say = say::one_moment(lang);
    if let (true, Some(ticket)) = (superior, &affair) {
        match call_superior(&asked, ticket).await {
            Ok(found) if !found.is_empty() => {
                say = say::superior_free(lang);
                owner = found;
            }
            // None is free, or the customer waits for one already: a person says when they will call.
            Ok(_) | Err(_) => say = say::superior_later(lang),
        }
    }
    Ok(Reply::new(lang, Next::Human, say)
        .with("queue", queue)
        .with("agent", owner)
        .with("first", first.to_string())
        .with("ticket", affair.map(|ticket| ticket.name).unwrap_or_default()))
}

/// The affair that was opened last.
async fn affair(asked: &Asked, customer: &str) -> Result<Option<Ticket>, Fault> {
    let list = ListTicketsRequest {
        customer: customer.to_owned(),
        states: IN_HAND.iter().map(|state| (*state).into()).collect(),
        page_size: 1,
        ..ListTicketsRequest::default()
    };
    Ok(asked.tickets()?.list_tickets(list).await?.into_inner().tickets.into_iter().next())
}

/// The superior who takes the call; empty when none is free.
async fn call_superior(asked: &Asked, ticket: &Ticket) -> Result<String, Fault> {
    let request = CallSupervisorRequest {
        name: ticket.name.clone(),
        etag: ticket.etag.clone(),
        request_id: asked.request_id("superior"),
        handover: String::new(),
    };
    let mut team = TeamServiceClient::new(asked.channel(TICKETING)?);
    let called = team.call_supervisor(request).await?.into_inner();
    Ok(called.supervisor.trim_start_matches("agents/").to_owned())
}
