//! Turns cases of a log into calls: a source record for each, then their histories together.
//!
//! Activities are opaque labels, so the rule looks at places alone and holds for any log:
//!
//! | event | becomes |
//! | --- | --- |
//! | before the first | the customer: a source record of the system `event-log` whose id is the case's |
//! | first | the ticket, an *incidencia* about the name of the file, received and acknowledged at that instant |
//! | second | work begins: acknowledged to in progress |
//! | each | the affair comes to the step of the process map that stands for the activity (`map.rs`) |
//! | last | in progress to resolved, the resolution naming the last activity |
//!
//! A log holds what is over, so a case with a single event was begun and resolved at that instant.
//! Nothing is closed: a log does not say that the customer accepted.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost_types::Timestamp as ProtoTimestamp;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::ingest_source_records_response::Result as Outcome;
use ventanilla_proto::customer::v1::{Identifier, IdentifierType, IngestSourceRecordRequest, SourceRecord};
use ventanilla_proto::ticketing::v1::history_step::Step;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::ticketing::v1::{
    HistoryStep, HistoryTransition, ImportOutcome, ImportTicketsRequest, Ticket, TicketHistory, TicketState, TicketType,
};
use ventanilla_proto::r#type::v1::Channel;

use super::map::Steps;
use super::read::{Case, Event};
use super::ticks::fingerprint;
use crate::client::{Client, describe, persist};

/// Under which the ids of requests are made.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x6f0c_1d3e_52a4_4b0e_9a57_0c6b_7a0d_51e2);
/// Slug of the department that the log's tickets belong to.
const DEPARTMENT: &str = "service-desk";
const SYSTEM: &str = "event-log";
/// How often a record that was turned away for the moment is sent.
const TRIES: usize = 5;

/// Why a case was not loaded.
pub type Reason = String;

/// Loads cases. Cheap to clone.
#[derive(Clone)]
pub struct Loader {
    customers: CustomerServiceClient<Client>,
    tickets: TicketServiceClient<Client>,
    steps: Arc<Steps>,
}

impl Loader {
    /// Loads through these.
    pub fn new(customers: Client, tickets: Client, steps: Steps) -> Self {
        Self {
            customers: CustomerServiceClient::new(customers),
            tickets: TicketServiceClient::new(tickets),
            steps: Arc::new(steps),
        }
    }

    /// Loads these cases together; answers for each, in their order, why it was not loaded.
    pub async fn load(&self, cases: &[&Case]) -> Vec<Result<(), Reason>> {
        let customers = self.customers(cases).await;
        let mut results: Vec<Result<(), Reason>> = Vec::with_capacity(cases.len());
        // Place of the case in the call, and its history.
        let mut histories = BTreeMap::new();
        for (place, (case, customer)) in cases.iter().zip(customers).enumerate() {
            results.push(match customer {
                Ok(customer) => {
                    histories.insert(place, history(case, customer, &self.steps));
                    Ok(())
                }
                Err(reason) => Err(reason),
            });
        }
        while !histories.is_empty() {
            let places: Vec<usize> = histories.keys().copied().collect();
            let asked: Vec<&Case> = places.iter().map(|place| cases[*place]).collect();
            let refused = match self.import(&asked, histories.values().cloned().collect()).await {
                Ok(refused) => refused,
                // Nothing of the call was written: without those that are named the rest can be.
                Err(status) => match named(&status) {
                    named if named.is_empty() => (0..places.len()).map(|i| (i, describe(&status))).collect(),
                    named => {
                        for (i, reason) in named {
                            histories.remove(&places[i]);
                            results[places[i]] = Err(reason);
                        }
                        continue;
                    }
                },
            };
            for (i, reason) in refused {
                results[places[i]] = Err(reason);
            }
            break;
        }
        results
    }

    /// Ingests a source record for each case; answers the customer of each, or why there is none.
    async fn customers(&self, cases: &[&Case]) -> Vec<Result<String, Reason>> {
        let mut customers: Vec<Option<Result<String, Reason>>> = vec![None; cases.len()];
        let mut last = String::new();
        for _ in 0..TRIES {
            let places: Vec<usize> = (0..cases.len()).filter(|place| customers[*place].is_none()).collect();
            if places.is_empty() {
                break;
            }
            let sent: Vec<_> = places.iter().map(|place| ingest(cases[*place])).collect();
            let told = self.ingest_all(sent, |number, result| {
                let place = usize::try_from(number - 1).ok().and_then(|at| places.get(at));
                if let Some(place) = place {
                    customers[*place] = settled(result);
                }
            });
            if let Err(status) = told.await {
                last = describe(&status);
            }
        }
        customers.into_iter().map(|customer| customer.unwrap_or_else(|| Err(last.clone()))).collect()
    }

    async fn ingest_all(
        &self,
        sent: Vec<IngestSourceRecordRequest>,
        mut tell: impl FnMut(i64, Outcome),
    ) -> Result<(), Status> {
        let mut results = persist(|| {
            let (mut customers, sent) = (self.customers.clone(), sent.clone());
            async move { customers.ingest_source_records(futures::stream::iter(sent)).await }
        })
        .await?;
        while let Some(answer) = results.message().await? {
            if let Some(result) = answer.result {
                tell(answer.number, result);
            }
        }
        Ok(())
    }

    /// Brings the histories; answers which were not, by their place in the call.
    async fn import(&self, cases: &[&Case], histories: Vec<TicketHistory>) -> Result<Vec<(usize, Reason)>, Status> {
        let whole: String = cases.iter().map(|case| fingerprint(case).to_string()).collect();
        let request = ImportTicketsRequest { histories, request_id: request_id(&whole) };
        let answer = persist(|| {
            let (mut tickets, request) = (self.tickets.clone(), request.clone());
            async move { tickets.import_tickets(request).await }
        })
        .await?;
        let differs = |(i, ticket): (usize, &ventanilla_proto::ticketing::v1::ImportedTicket)| {
            let reason = format!("it is here already as {}, with other events, and was left as it is", ticket.ticket);
            (ticket.outcome() == ImportOutcome::Differs).then_some((i, reason))
        };
        Ok(answer.tickets.iter().enumerate().filter_map(differs).collect())
    }
}

fn ingest(case: &Case) -> IngestSourceRecordRequest {
    IngestSourceRecordRequest {
        record: Some(SourceRecord {
            source_system: SYSTEM.to_owned(),
            department: DEPARTMENT.to_owned(),
            external_id: case.id.clone(),
            // Not the id as it is: an account is compared without regard to case and blanks.
            identifiers: vec![Identifier {
                r#type: IdentifierType::Account.into(),
                value: Uuid::new_v5(&NAMESPACE, case.id.as_bytes()).simple().to_string(),
                issuer: SYSTEM.to_owned(),
                ..Identifier::default()
            }],
            observed_time: case.events.first().and_then(time),
            ..SourceRecord::default()
        }),
        request_id: request_id(&format!("{}\u{1f}customer", case.id)),
    }
}

/// The customer that a result names, or why there is none; `None` when it may go better at another try.
fn settled(result: Outcome) -> Option<Result<String, Reason>> {
    match result {
        // The name that never changes, whatever is linked later.
        Outcome::Record(record) if record.own_customer.is_empty() => Some(Ok(record.customer)),
        Outcome::Record(record) => Some(Ok(record.own_customer)),
        Outcome::Refusal(refusal) => match Code::from(refusal.code) {
            Code::Unavailable | Code::Aborted | Code::ResourceExhausted | Code::DeadlineExceeded => None,
            code => {
                let fields = refusal.violations.iter().map(|v| format!("; {}: {}", v.field, v.description));
                Some(Err(format!("{code:?} {}: {}{}", refusal.reason, refusal.message, fields.collect::<String>())))
            }
        },
    }
}

/// The histories that a refusal names, by their place in the call, with what is wrong with each.
fn named(status: &Status) -> BTreeMap<usize, Reason> {
    let mut reasons: BTreeMap<usize, Reason> = BTreeMap::new();
    if status.code() != Code::InvalidArgument {
        return reasons;
    }
    for violation in status.get_error_details().bad_request().map_or(&[][..], |bad| &bad.field_violations) {
        let place = violation.field.strip_prefix("histories[").and_then(|rest| rest.split_once(']'));
        if let Some((i, field)) = place
            && let Ok(i) = i.parse()
        {
            let reason = format!("{}: {}", field.trim_start_matches('.'), violation.description);
            reasons.entry(i).and_modify(|known| known.push_str(&format!("; {reason}"))).or_insert(reason);
        }
    }
    reasons
}

fn history(case: &Case, customer: String, steps: &Steps) -> TicketHistory {
    let (first, last) = (case.events.first(), case.events.last());
    let entered = |event: &Event| step(event, Step::EnteredStep(steps.id(&event.activity).to_owned()));
    let begun = |event: &Event| step(event, Step::Transition(to(TicketState::InProgress)));
    TicketHistory {
        source_system: SYSTEM.to_owned(),
        external_id: case.id.clone(),
        opened_time: first.and_then(time),
        ticket: first.map(|event| Ticket {
            customer,
            ticket_type: TicketType::Incidencia.into(),
            subject: format!("Caso {}: actividad «{}»", case.id, event.activity).chars().take(200).collect(),
            channel: Channel::Api.into(),
            department: DEPARTMENT.to_owned(),
            topic: steps.topic().to_owned(),
            ..Ticket::default()
        }),
        steps: first
            .map(entered)
            .into_iter()
            .chain(case.events.get(1).or(first).map(begun))
            .chain(case.events.iter().skip(1).map(entered))
            .chain(last.map(|event| step(event, Step::Transition(resolution(case, event)))))
            .collect(),
    }
}

fn step(event: &Event, step: Step) -> HistoryStep {
    HistoryStep { occurred_time: time(event), step: Some(step) }
}

fn to(state: TicketState) -> HistoryTransition {
    HistoryTransition { to_state: state.into(), ..HistoryTransition::default() }
}

fn resolution(case: &Case, last: &Event) -> HistoryTransition {
    let text = format!(
        "El registro de origen da por terminado el caso {} con la actividad «{}», la número {}.",
        case.id,
        last.activity,
        case.events.len()
    );
    HistoryTransition { text, ..to(TicketState::Resolved) }
}

/// Made of what is asked, whatever file it came in.
fn request_id(what: &str) -> String {
    Uuid::new_v5(&NAMESPACE, what.as_bytes()).to_string()
}

fn time(event: &Event) -> Option<ProtoTimestamp> {
    Some(ProtoTimestamp { seconds: event.at.as_second(), nanos: event.at.subsec_nanosecond() })
}

#[cfg(test)]
mod tests;
