//! Asking to be called.

use jiff::Zoned;
use server::parse::time_to_proto;
use ventanilla_proto::ticketing::v1::{
    CreateTicketRequest, ListPromisesRequest, MakePromiseRequest, Promise, PromiseKind, PromiseState, Ticket,
    TicketType,
};
use ventanilla_proto::r#type::v1::Channel;

use crate::affair::{self, Affair};
use crate::answer::{Fault, Next, Reply, reason_of};
use crate::ask::{Asked, Identified};
use crate::say::{self, Lang};
use crate::speech;
use crate::window::{When, window};

pub(crate) const FIELDS: &[&str] = &["when", "ticket", "department", "turn"];

/// Promises a call in the affair that is meant, or in a new one, and says when it will be. A call that asks again is told what it was promised.
pub(crate) async fn answer(asked: Asked) -> Result<Reply, Fault> {
    let when = When::of(asked.field("when")).ok_or_else(|| Fault::Invalid(vec!["when".to_owned()]))?;
    let who = asked.identified().await?;
    let settings = &asked.desk.state.settings;
    let wanted = window(settings, &asked.zone(), asked.now(), when).ok_or(Fault::Late)?;
    let ticket = affair(&asked, &who).await?;
    let (from, until) = promise(&asked, &ticket, who.lang, wanted).await?;
    let lang = who.lang;
    let say = say::call_back(lang, &asked.day(&from, lang), &speech::hour(&from, lang), &speech::hour(&until, lang));
    Ok(Reply::new(lang, Next::Done, say)
        .with("ticket", ticket)
        .with("from_time", from.timestamp().to_string())
        .with("until_time", until.timestamp().to_string()))
}

/// The affair that is meant; where none goes on, or several do and none is named, a new one that says nothing but that: a promise in another affair than the
/// caller's would be kept to nobody.
async fn affair(asked: &Asked, who: &Identified) -> Result<String, Fault> {
    if let Affair::One(ticket) = affair::meant(asked, &who.customer).await? {
        return Ok(ticket.name);
    }
    let department = match asked.field("department") {
        "" => asked.desk.state.settings.department.clone(),
        slug => slug.to_owned(),
    };
    let subject = match who.lang {
        Lang::Es => "Pide que le llamen",
        Lang::En => "Asks to be called",
    };
    let request_id = asked.request_id_of_call(&format!("callback-affair\n{}\n{department}", who.customer));
    let ticket = Ticket {
        customer: who.customer.clone(),
        ticket_type: TicketType::Consulta.into(),
        subject: subject.to_owned(),
        channel: Channel::Phone.into(),
        department,
        language: who.lang.language().into(),
        served_first: who.first,
        ..Ticket::default()
    };
    let request = CreateTicketRequest { ticket: Some(ticket), request_id, occurred_time: None };
    let opened = asked.tickets()?.create_ticket(request).await?.into_inner();
    Ok(opened.ticket.map(|ticket| ticket.name).unwrap_or_default())
}

/// Makes the promise, or finds the one that this call was given before.
async fn promise(asked: &Asked, ticket: &str, lang: Lang, wanted: (Zoned, Zoned)) -> Result<(Zoned, Zoned), Fault> {
    let text = match lang {
        Lang::Es => "Le llamaremos en este plazo.",
        Lang::En => "We will call you in this window.",
    };
    let promise = Promise {
        text: text.to_owned(),
        kind: PromiseKind::Callback.into(),
        channel: Channel::Phone.into(),
        window_start_time: Some(time_to_proto(wanted.0.timestamp())),
        due_time: Some(time_to_proto(wanted.1.timestamp())),
        ..Promise::default()
    };
    let request = MakePromiseRequest {
        parent: ticket.to_owned(),
        promise: Some(promise),
        request_id: asked.request_id("callback"),
        occurred_time: None,
    };
    match asked.tickets()?.make_promise(request).await {
        Ok(_) => Ok(wanted),
        Err(refused) if reason_of(&refused) == "REQUEST_ID_REUSED" => {
            given(asked, ticket).await?.ok_or_else(|| refused.into())
        }
        Err(refused) => Err(refused.into()),
    }
}

/// The last call back that was promised in an affair and still runs.
async fn given(asked: &Asked, ticket: &str) -> Result<Option<(Zoned, Zoned)>, Fault> {
    let list = ListPromisesRequest { parent: ticket.to_owned(), page_size: 100, ..ListPromisesRequest::default() };
    let promises = asked.tickets()?.list_promises(list).await?.into_inner().promises;
    let runs = |promise: &&Promise| {
        promise.kind() == PromiseKind::Callback && matches!(promise.state(), PromiseState::Made | PromiseState::AtRisk)
    };
    let last = promises.iter().rev().find(runs);
    Ok(last.and_then(|promise| {
        asked.local(promise.window_start_time.as_ref()).zip(asked.local(promise.due_time.as_ref()))
    }))
}
