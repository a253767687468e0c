//! What is open.

use ventanilla_proto::customer::v1::{GetCustomerViewRequest, MatchGrade, ViewedClock};
use ventanilla_proto::ticketing::v1::TicketState;

use crate::answer::{Fault, Next, Reply};
use crate::ask::Asked;
use crate::say;

/// Stages of terms that end with the answer to an affair, as the rules of sla-monitor name them: its resolution, or the decision of who hears it.
pub const ANSWERS: [&str; 6] = ["answer", "answer_complaint", "decide", "final", "resolve", "resolve_and_answer"];

pub(crate) const FIELDS: &[&str] = &[];

/// Tells how many affairs are open and by when the first must be answered, to whom the number is certainly theirs alone. Anybody else is asked for key
/// and proof.
pub(crate) async fn answer(asked: Asked) -> Result<Reply, Fault> {
    let found = asked.look_up().await?;
    let lang = asked.spoken_with(&found);
    if found.grade() != MatchGrade::Certain || found.shared_line || found.restricted {
        return Ok(Reply::new(lang, Next::Key, say::need_the_key(lang)).with("open_count", ""));
    }
    if found.open_ticket_count == 0 {
        return Ok(Reply::new(lang, Next::Done, say::nothing_open(lang)).with("open_count", "0"));
    }
    let request = GetCustomerViewRequest { name: found.customer.clone() };
    let view = asked.customers()?.get_customer_view(request).await?.into_inner();
    let tickets = view.open_tickets.unwrap_or_default().tickets;
    let clocks = view.clocks.unwrap_or_default().clocks;
    let due = clocks.iter().filter(|clock| is_answer(clock)).filter_map(|clock| asked.local(clock.due_time.as_ref()));
    let due = due.filter(|due| due.timestamp() >= asked.now()).min();
    let waiting = tickets.iter().find(|ticket| ticket.state() == TicketState::Pending);
    // What is told of one affair is told where there is one: of several nobody knows which is meant.
    let only = tickets.first().filter(|_| tickets.len() == 1 && found.open_ticket_count == 1);
    let name = only.map(|only| if only.merged_into.is_empty() { &only.ticket } else { &only.merged_into });
    let day = due.as_ref().map(|due| asked.day(due, lang));
    let say = say::open(lang, found.open_ticket_count, day, waiting.is_some());
    Ok(Reply::new(lang, Next::Done, say)
        .with("open_count", found.open_ticket_count.to_string())
        .with("department", only.map(|ticket| ticket.department.clone()).unwrap_or_default())
        .with("owner", only.map(|ticket| ticket.owner.clone()).unwrap_or_default())
        .with("ticket", name.cloned().unwrap_or_default())
        .with("due_date", due.map(|due| due.date().to_string()).unwrap_or_default())
        .with("waits_for_customer", waiting.is_some().to_string()))
}

/// Whether the clock runs until the customer has their answer. Others are the house's own, and a promise's is not the affair's.
fn is_answer(clock: &ViewedClock) -> bool {
    let of_an_affair = clock.subject.starts_with("tickets/") && !clock.subject.contains("/promises/");
    of_an_affair && ANSWERS.contains(&clock.stage.as_str())
}
