//! `StateContactPreferences`: how a customer wants to be reached.

use customer_profile_domain::{CustomerId, QuietHours};
use kernel::{Channel, ResourceId};
use ledger::{Draft, Stamp};
use postgres::RequestKey;
use server::Call;
use ventanilla_proto::customer::v1 as proto;

use super::{Begun, Profile};
use crate::error::ProfileError;
use crate::store::interaction;
use crate::store::wishes::{self, Preferences};
use crate::wishes::{channel_or_all, preferences};

/// Preferences as they were told, valid by themselves.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub customer: CustomerId,
    pub channel: Option<Channel>,
    pub quiet: Option<QuietHours>,
}

#[tracing::instrument(name = "contact_preferences.state", skip_all)]
pub(crate) async fn state_contact_preferences(
    profile: Profile,
    call: Call,
    told: Told,
    key: RequestKey,
) -> Result<proto::ContactPreferences, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin_about(&profile, &key, told.customer, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let stated = Preferences { channel: told.channel, quiet: told.quiet, said_at: now };
    wishes::state_preferences(&mut tx, profile.ambient.uuid(now), told.customer, &stated, call.actor()).await?;
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let payload = proto::ContactPreferencesStated {
        customer: told.customer.name(),
        preferred_channel: channel_or_all(stated.channel).into(),
        has_quiet_hours: stated.quiet.is_some(),
    };
    ledger::append(&mut tx, &[Draft::new(profile.ambient.uuid(now), told.customer.name(), &payload, &stamp)]).await?;
    let own = interaction::own_channels(&mut tx, told.customer).await?;
    let answer = super::finish(tx, &key, &[told.customer], preferences(Some(&stated), &own, now)).await?;
    profile.ledger.nudge();
    Ok(answer)
}
