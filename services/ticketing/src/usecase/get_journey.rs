//! The journey of an affair: the steps that every ledger of the house has of it, with the trace of each.

mod merge;

use std::time::Duration;

use jiff::Timestamp;
use kernel::ResourceId;
use server::Call;
use server::parse::time_to_proto;
use ticketing_domain::{TicketId, TrackingKey};
use ventanilla_proto::ledger::v1::GetStepsRequest;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::get_steps::of_tickets;
use crate::store::{journey, ticket};
use crate::{Error, SOURCE};
use merge::{Sight, Told, merged};

/// Whose ledgers have steps of affairs, beside our own. webhooks is not among them: no entry of its ledger names an affair.
const PEERS: [&str; 3] = ["customer-profile", "sla-monitor", "ombudsman-escalation"];
/// How long a peer is waited for; less where the caller waits less.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a journey is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Traveller {
    /// By the ticket.
    Ticket(TicketId),
    /// By its tracking key.
    Key(TrackingKey),
}

impl Ticketing {
    /// The steps of an affair from `from` on, with the trace of each. Who does not answer in time is a gap.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    #[tracing::instrument(name = "ticket.get_journey", skip_all)]
    pub async fn get_journey(
        &self,
        call: &Call,
        traveller: Traveller,
        from: Option<Timestamp>,
    ) -> Result<pb::Journey, Error> {
        let pool = self.db.reader();
        let found = match traveller {
            Traveller::Ticket(id) => ticket::get(pool, id).await?.ok_or_else(|| Error::not_found(id.to_string()))?,
            Traveller::Key(key) => {
                ticket::by_key(pool, &key).await?.ok_or_else(|| Error::not_found(format!("journeys/{key}")))?
            }
        };
        let facts = found.ticket.facts();
        let affair = journey::affair(pool, facts.id).await?;
        let asked = GetStepsRequest {
            subjects: [affair.tickets.as_slice(), affair.beside.as_slice()].concat(),
            from_time: from.map(time_to_proto),
        };
        let as_of = self.now();
        let own = [of_tickets(affair.tickets)];
        let (own, peers) = tokio::join!(
            self.ledger.steps(&own, from),
            futures::future::join_all(PEERS.map(|peer| self.ask(call, peer, &asked))),
        );
        let own = Told { source: SOURCE, steps: Some(own?) };
        let told = std::iter::once(own).chain(peers).collect();
        let merged = merged(told, Sight::of(call.acting()), affair.first_received);
        Ok(pb::Journey {
            ticket: facts.id.name(),
            tracking_key: facts.tracking_key.to_string(),
            steps: merged.steps,
            gaps: merged.gaps,
            as_of_time: Some(time_to_proto(as_of)),
            next_time: merged.next.map(time_to_proto),
        })
    }

    /// What a peer tells whoever this call is for.
    async fn ask(&self, call: &Call, source: &'static str, asked: &GetStepsRequest) -> Told {
        let patience = call.remaining().map_or(PATIENCE, |left| PATIENCE.min(left * 3 / 4));
        let answer = async {
            let channel = self.peers.channel(source).map_err(|_| "it has no address")?;
            let answer = LedgerServiceClient::new(channel.for_call(call)).get_steps(asked.clone()).await;
            answer.map(tonic::Response::into_inner).map_err(|status| status.code().description())
        };
        let steps = match tokio::time::timeout(patience, answer).await {
            Ok(Ok(steps)) => Some(steps),
            Ok(Err(why)) => {
                tracing::warn!(source, why, "a journey goes without the steps of a peer");
                None
            }
            Err(_) => {
                tracing::warn!(source, "a journey goes without the steps of a peer that takes too long");
                None
            }
        };
        Told { source, steps }
    }
}
