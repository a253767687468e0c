//! Wanting a person (Ley 10/2025 art. 8.2), or a superior (art. 8.3). There is no answer to it but one.

use tonic::Code;
use ventanilla_proto::customer::v1::{Interaction, RecordInteractionRequest};
use ventanilla_proto::ticketing::v1::team_service_client::TeamServiceClient;
use ventanilla_proto::ticketing::v1::{CallSupervisorRequest, Ticket};
use ventanilla_proto::r#type::v1::{Channel, Direction};

use crate::affair::{self, Affair};
use crate::answer::{Fault, Next, Reply, reason_of};
use crate::ask::{Asked, TICKETING};
use crate::say::{self, Lang};

pub(crate) const FIELDS: &[&str] = &["superior", "department", "ticket", "etag", "turn"];

/// Says who is to be rung: the queue of the affair's department, and its owner. What cannot be found out in time changes nothing about it that a person
/// answers. Of several affairs none is touched unless it is named; that a superior is wanted is then written down as a contact of the customer.
pub(crate) async fn answer(asked: Asked) -> Result<Reply, Fault> {
    let superior = match asked.field("superior") {
        "" | "false" | "0" => false,
        "true" | "1" => true,
        _ => return Err(Fault::Invalid(vec!["superior".to_owned()])),
    };
    let who = asked.identified().await.ok();
    let lang = who.as_ref().map_or_else(|| asked.lang(), |who| who.lang);
    // Who has shown key and proof names an affair from whatever telephone.
    let meant = match (asked.field("ticket"), &who) {
        ("", None) => Affair::None,
        ("", Some(who)) => affair::meant(&asked, &who.customer).await.unwrap_or(Affair::None),
        (named, _) => affair::named_one(&asked, named).await.unwrap_or(Affair::None),
    };
    let first = who.as_ref().is_some_and(|who| who.first);
    let (mut queue, mut owner, mut name) = (asked.desk.state.settings.department.clone(), String::new(), String::new());
    match &meant {
        Affair::One(ticket) => {
            queue.clone_from(&ticket.department);
            owner.clone_from(&ticket.owner);
            name.clone_from(&ticket.name);
        }
        Affair::Several(Some(department)) => queue.clone_from(department),
        Affair::Several(None) | Affair::None => {}
    }
    if !asked.field("department").is_empty() {
        asked.field("department").clone_into(&mut queue);
    }
    let mut say = say::one_moment(lang);
    if superior {
        say = say::superior_later(lang);
        let called = match &meant {
            Affair::One(ticket) => call_superior(&asked, ticket).await,
            Affair::Several(_) | Affair::None => Called::Not,
        };
        match (called, &who) {
            (Called::Free(found), _) => {
                say = say::superior_free(lang);
                owner = found;
            }
            (Called::Not, who) => {
                // An affair may be named from whatever telephone: what is noted is of whose it is.
                let customer = match &meant {
                    Affair::One(ticket) => Some(ticket.customer.as_str()),
                    Affair::Several(_) | Affair::None => who.as_ref().map(|who| who.customer.as_str()),
                };
                if let Some(customer) = customer.filter(|customer| !customer.is_empty()) {
                    note(&asked, customer, &queue, &meant, lang).await;
                }
            }
            (Called::Waits, _) => {}
        }
    }
    Ok(Reply::new(lang, Next::Human, say)
        .with("queue", queue)
        .with("agent", owner)
        .with("first", first.to_string())
        .with("ticket", name))
}

/// What came of calling a superior.
enum Called {
    /// This one takes the call.
    Free(String),
    /// The customer waits for one; the affair says so.
    Waits,
    /// The affair was not touched.
    Not,
}

/// Calls a superior to the affair as the caller was told of it, or, where nothing was told, as it was looked at just now. It is tried once: what changed
/// meanwhile is not written over.
async fn call_superior(asked: &Asked, ticket: &Ticket) -> Called {
    if ticket.supervisor_call_time.is_some() {
        return Called::Waits;
    }
    let etag = match asked.field("etag") {
        "" => ticket.etag.clone(),
        told => affair::etag(told),
    };
    let request = CallSupervisorRequest {
        name: ticket.name.clone(),
        etag,
        request_id: asked.request_id(&format!("superior\n{}", ticket.name)),
        handover: String::new(),
    };
    let Ok(channel) = asked.channel(TICKETING) else { return Called::Not };
    let called = TeamServiceClient::new(channel).call_supervisor(request).await;
    let agent = |name: &str| name.trim_start_matches("agents/").to_owned();
    match called {
        Ok(called) => match called.into_inner().supervisor.as_str() {
            "" => Called::Waits,
            found => Called::Free(agent(found)),
        },
        // This call asked before, and somebody has taken over since: nobody is waited for, and the affair is theirs.
        Err(refused) if reason_of(&refused) == "REQUEST_ID_REUSED" && !ticket.owner.is_empty() => {
            Called::Free(agent(&ticket.owner))
        }
        Err(refused) if reason_of(&refused) == "SUPERVISOR_ALREADY_CALLED" => Called::Waits,
        // Whether it was done is not known: a note beside it does no harm.
        Err(refused) => {
            if !matches!(refused.code(), Code::Aborted | Code::FailedPrecondition) {
                tracing::warn!(code = ?refused.code(), "a superior could not be called to an affair");
            }
            Called::Not
        }
    }
}

/// Writes down that the customer wants a superior, so that whoever looks at them next reads it. A person answers whether it can be written or not.
async fn note(asked: &Asked, customer: &str, department: &str, meant: &Affair, lang: Lang) {
    let ticket = match meant {
        Affair::One(ticket) => ticket.name.clone(),
        Affair::Several(_) | Affair::None => String::new(),
    };
    let interaction = Interaction {
        channel: Channel::Phone.into(),
        direction: Direction::Inbound.into(),
        department: department.to_owned(),
        summary: say::wants_superior(lang, matches!(meant, Affair::Several(_))).to_owned(),
        ticket,
        ..Interaction::default()
    };
    let request = RecordInteractionRequest {
        parent: customer.to_owned(),
        interaction: Some(interaction),
        request_id: asked.request_id("superior-wanted"),
    };
    let written = async { asked.customers()?.record_interaction(request).await.map_err(Fault::from) }.await;
    if written.is_err() {
        tracing::warn!("that a superior is wanted could not be written down");
    }
}
