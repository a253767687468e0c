//! Notes a promise to the customer, or renegotiates one that still runs.

use std::time::Duration;

use jiff::Timestamp;
use kernel::{Role, Violations};
use postgres::RequestKey;
use server::{Call, PeerChannel, parse};
use ticketing_domain::{Promise, PromiseDraft, PromiseForecast, PromiseId, PromiseKind, TicketId, renegotiated};
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::sla_service_client::SlaServiceClient;
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::request_cure::SLA_MONITOR;
use super::writing::{Begun, Writing};
use crate::Error;
use crate::grpc::present;
use crate::store::promise::{self, StoredPromise};
use crate::store::{Stored, ticket};

/// How long a promise waits for what affairs like this one tell.
const PATIENCE: Duration = Duration::from_millis(500);

/// What MakePromise is asked.
#[derive(Debug, Clone)]
pub struct NewPromise {
    /// The ticket.
    pub ticket: TicketId,
    /// The promise.
    pub draft: PromiseDraft,
    /// The call.
    pub key: RequestKey,
    /// When it was made, where that is stated.
    pub stated: Option<Timestamp>,
}

impl Ticketing {
    /// Notes a promise to the customer, or renegotiates one that still runs.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "promise.make", skip_all, fields(ticket.id = %new.ticket))]
    pub async fn make_promise(&self, call: &Call, new: NewPromise) -> Result<pb::Promise, Error> {
        new.draft.refuse_from(call.acting().has(Role::Ivr))?;
        let forecast = self.forecast(call, &new).await?;
        let NewPromise { ticket, key, stated, .. } = new;
        let begun = match new.draft.replaces {
            // What was promised in it stays its own, whatever it is answered with now.
            Some(_) => self.begin_in(call, key, ticket, None, stated).await?,
            None => self.begin(call, key, ticket, None, stated).await?,
        };
        let mut writing = match begun {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let ticket = writing.part().stored.ticket.clone();
        let (ticket, at) = match new.draft.kind {
            // Whether all is well is asked when the affair is over, too, unless nothing came of it: of what is promised there nobody would be reminded.
            PromiseKind::FollowUp => {
                ticket.refuse_if_dropped()?;
                ticket.note(writing.moment)?
            }
            _ => ticket.touch(writing.moment)?,
        };
        if new.draft.due <= at {
            let mut violations = Violations::new();
            violations.push("promise.due_time", "must be later than the moment the promise is made");
            return Err(violations.into());
        }
        new.draft.too_early(forecast.as_ref(), self.policy.promise_gate)?;
        writing.part().touched(ticket);
        if let Some(replaced) = new.draft.replaces {
            renegotiate(&mut writing, replaced, &new.draft, at).await?;
        }
        let id = PromiseId { ticket: new.ticket, id: self.ambient.uuid(writing.chronicle.now()) };
        let promise = Promise::make(new.draft, forecast, id, call.actor().clone(), at);
        let sequence = writing.part().promise_made(&promise, at);
        let stored = StoredPromise { promise, sequence, version: 1 };
        promise::insert(&mut writing.tx, &stored).await?;
        writing.finish(present::promise(&stored)).await
    }

    /// What affairs like this one tell of an answer that is promised.
    async fn forecast(&self, call: &Call, new: &NewPromise) -> Result<Option<PromiseForecast>, Error> {
        if new.draft.kind != PromiseKind::Resolution {
            return Ok(None);
        }
        let found = ticket::get(self.db.reader(), new.ticket).await?;
        let stored = found.ok_or_else(|| Error::not_found(new.ticket.to_string()))?;
        let Ok(channel) = self.peers.channel(SLA_MONITOR) else { return Ok(None) };
        Ok(self.ask_forecast(channel.for_call(call), &stored, new.draft.due).await)
    }

    /// What affairs like this one tell of an answer by `due`; none where they tell nothing, or sla-monitor does not answer: nobody's promise waits for figures.
    pub(super) async fn ask_forecast(
        &self,
        channel: PeerChannel,
        stored: &Stored,
        due: Timestamp,
    ) -> Option<PromiseForecast> {
        let percent = self.policy.promise_percent;
        let asked = sla::ForecastResolutionRequest {
            subject_type: stored.ticket.filing().ticket_type.to_string(),
            department: stored.ticket.assignment().department.to_string(),
            start_time: Some(parse::time_to_proto(stored.ticket.facts().first_received)),
            percent: percent.into(),
            due_time: Some(parse::time_to_proto(due)),
        };
        let mut monitor = SlaServiceClient::new(channel);
        let told = match tokio::time::timeout(PATIENCE, monitor.forecast_resolution(asked)).await {
            Ok(Ok(told)) => told.into_inner(),
            Ok(Err(status)) => {
                tracing::warn!(code = ?status.code(), "a promised answer is held against nothing");
                return None;
            }
            Err(_) => {
                tracing::warn!("a promised answer is held against nothing: sla-monitor takes too long");
                return None;
            }
        };
        let mut violations = Violations::new();
        // Where as many as the house asks for were not answered at all, it is known by when they were not.
        let earliest = told.earliest_time.or(told.not_before_time);
        let earliest = parse::optional_time(&mut violations, "earliest_time", earliest.as_ref());
        earliest.zip(told.kept_share).map(|(earliest, kept_share)| PromiseForecast {
            earliest,
            percent,
            kept_share,
            basis: told.basis_count,
        })
    }
}

/// Puts a promise in the place of another, of the same kind, and tells the customer so.
async fn renegotiate(writing: &mut Writing, id: PromiseId, instead: &PromiseDraft, at: Timestamp) -> Result<(), Error> {
    let found = promise::get(&mut writing.tx, id).await?.ok_or_else(|| Error::not_found(id.name()))?;
    found.promise.refuse_of_term()?;
    if promise::kind_word(found.promise.kind) != promise::kind_word(instead.kind) {
        let mut violations = Violations::new();
        violations.push("promise.kind", "must be that of the promise it replaces");
        return Err(violations.into());
    }
    let promise = found.promise.renegotiate(at)?;
    let (moment, part) = (writing.moment, writing.part());
    let language = part.stored.ticket.facts().language;
    let (old, new) = ((promise.text.expose(), promise.due), (instead.text.expose(), instead.due));
    let told = renegotiated(old, new, language).parse().expect("short texts fit a message");
    part.tell_of_promise(instead.channel, told, moment)?;
    part.promise_settled(&promise, at);
    let stored = StoredPromise { promise, version: found.version + 1, ..found };
    promise::update(&mut writing.tx, &stored).await?;
    writing.settle_beside(&stored.promise, at).await
}
