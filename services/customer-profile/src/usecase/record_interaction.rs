//! `RecordInteraction`: a contact took place.

use customer_profile_domain::InteractionId;
use kernel::{Channel, Department, Personal, ResourceId};
use ledger::{Draft, Stamp};
use postgres::RequestKey;
use server::Call;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::r#type::v1::Direction;

use super::{Begun, Profile};
use crate::error::ProfileError;
use crate::store;
use crate::store::interaction::{Interaction, ticket_name};

/// A contact as it was told, valid by itself.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub customer: customer_profile_domain::CustomerId,
    pub channel: Channel,
    pub direction: Direction,
    pub department: Department,
    pub summary: Personal<String>,
    pub what_customer_said: Personal<String>,
    pub ticket: Option<Uuid>,
    pub occurred_at: jiff::Timestamp,
}

#[tracing::instrument(name = "interaction.record", skip_all)]
pub(crate) async fn record_interaction(
    profile: Profile,
    call: Call,
    contact: Contact,
    key: RequestKey,
) -> Result<proto::Interaction, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin_about(&profile, &key, contact.customer, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let interaction = Interaction {
        id: InteractionId::from_uuid(profile.ambient.uuid(now)),
        customer: contact.customer,
        channel: contact.channel,
        direction: contact.direction,
        department: contact.department,
        summary: contact.summary,
        what_customer_said: contact.what_customer_said,
        ticket: contact.ticket,
        occurred_at: contact.occurred_at,
        created_at: now,
    };
    store::interaction::insert(&mut tx, &interaction).await?;
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone()).occurred(interaction.occurred_at);
    ledger::append(&mut tx, &[entry(profile.ambient.uuid(now), &interaction, &stamp, profile.ambient.bytes())]).await?;
    let answer = super::finish(tx, &key, &[interaction.customer], interaction.to_proto()).await?;
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
    };
    let personal = proto::InteractionRecordedPersonal {
        summary: interaction.summary.expose().clone(),
        what_customer_said: interaction.what_customer_said.expose().clone(),
    };
    Draft::new(id, interaction.customer.name(), &payload, stamp).with_personal(&personal, salt)
}
