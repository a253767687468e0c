//! `RecordInteraction`: a contact took place.

use customer_profile_domain::{ContactKind, Discretion, InteractionId, Sentiment};
use kernel::{Channel, Department, Personal, ResourceId};
use ledger::{Draft, Stamp};
use postgres::RequestKey;
use server::Call;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::r#type::v1::Direction;

use super::{Begun, Profile, effort_cap, next_actions};
use crate::error::ProfileError;
use crate::listening::{self, Reader};
use crate::store;
use crate::store::interaction::{Cost, Interaction, ticket_name};

/// A contact as it was told, valid by itself.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub customer: customer_profile_domain::CustomerId,
    pub channel: Channel,
    pub direction: Direction,
    pub kind: ContactKind,
    pub discretion: Discretion,
    pub department: Department,
    pub summary: Personal<String>,
    pub what_customer_said: Personal<String>,
    pub ticket: Option<Uuid>,
    pub cost: Cost,
    pub occurred_at: jiff::Timestamp,
}

#[tracing::instrument(name = "interaction.record", skip_all)]
pub(crate) async fn record_interaction(
    profile: Profile,
    call: Call,
    contact: Contact,
    key: RequestKey,
) -> Result<proto::Interaction, ProfileError> {
    super::insist(|| attempt(&profile, &call, &contact, &key)).await
}

async fn attempt(
    profile: &Profile,
    call: &Call,
    contact: &Contact,
    key: &RequestKey,
) -> Result<proto::Interaction, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(profile, key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let counts = contact.direction == Direction::Inbound && contact.cost != Cost::default();
    let cap = profile.effort.cap().filter(|_| counts);
    let leaves = matches!(contact.kind, ContactKind::ExitInterview { .. });
    let standing = match cap {
        None if !leaves => super::living(&mut tx, contact.customer).await?,
        // One after the other: of two contacts that reach the cap together one is the one, and who leaves is proposed nothing
        // meanwhile.
        Some(_) | None => super::alone(&mut tx, contact.customer).await?,
    };
    let interaction = Interaction {
        id: InteractionId::from_uuid(profile.ambient.uuid(now)),
        customer: contact.customer,
        channel: contact.channel,
        direction: contact.direction,
        kind: contact.kind.clone(),
        discretion: contact.discretion,
        sentiment: Sentiment::of(contact.what_customer_said.expose()),
        department: contact.department.clone(),
        summary: contact.summary.clone(),
        what_customer_said: contact.what_customer_said.clone(),
        ticket: contact.ticket,
        cost: contact.cost,
        occurred_at: contact.occurred_at,
        created_at: now,
    };
    store::interaction::insert(&mut tx, &interaction).await?;
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone()).occurred(interaction.occurred_at);
    let mut entries = vec![entry(profile.ambient.uuid(now), &interaction, &stamp, profile.ambient.bytes())];
    if let Some(cap) = cap {
        let reached = effort_cap::by_contact(&mut tx, &interaction, &standing, cap, now).await?;
        let draft = |told: &_| Draft::new(profile.ambient.uuid(now), standing.customer.name(), told, &stamp);
        entries.extend(reached.as_ref().map(draft));
    }
    if leaves {
        entries.extend(next_actions::give_way(profile, &mut tx, &standing.ids, &call.actor().id, &stamp).await?);
    }
    ledger::append(&mut tx, &entries).await?;
    let answer =
        super::finish(tx, key, &[interaction.customer], listening::to_proto(&interaction, &Reader::Whole)).await?;
    profile.ledger.nudge();
    Ok(answer)
}

fn entry(id: Uuid, interaction: &Interaction, stamp: &Stamp, salt: [u8; 32]) -> Draft {
    let payload = proto::InteractionRecorded {
        interaction: interaction.id.name(),
        customer: interaction.customer.name(),
        channel: server::parse::channel_to_proto(interaction.channel).into(),
        direction: interaction.direction.into(),
        department: interaction.department.to_string(),
        ticket: interaction.ticket.map(ticket_name).unwrap_or_default(),
        kind: listening::kind_to_proto(&interaction.kind).into(),
        offer_made: interaction.kind.offer_made(),
        discretion: listening::discretion_to_proto(interaction.discretion).into(),
    };
    let personal = proto::InteractionRecordedPersonal {
        summary: interaction.summary.expose().clone(),
        what_customer_said: interaction.what_customer_said.expose().clone(),
        exit_reasons: listening::reasons_to_proto(&interaction.kind),
    };
    Draft::new(id, interaction.customer.name(), &payload, stamp).with_personal(&personal, salt)
}
