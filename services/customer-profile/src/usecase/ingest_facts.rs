//! `IngestFacts`: what customers bought and agreed.

use kernel::ResourceId;
use ledger::{Draft, Stamp};
use postgres::RequestKey;
use server::Call;
use ventanilla_proto::customer::v1 as proto;

use super::{Begun, Profile};
use crate::error::ProfileError;
use crate::store::dealing::{self, Dealing};
use crate::worth;

#[tracing::instrument(name = "dealing.ingest", skip_all)]
pub(crate) async fn ingest_fact(
    profile: Profile,
    call: Call,
    told: Dealing,
    key: RequestKey,
) -> Result<proto::Dealing, ProfileError> {
    super::insist(|| attempt(&profile, &call, &told, &key)).await
}

async fn attempt(
    profile: &Profile,
    call: &Call,
    told: &Dealing,
    key: &RequestKey,
) -> Result<proto::Dealing, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin_about(profile, key, told.customer, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let put = dealing::put(&mut tx, profile.ambient.uuid(now), told, now).await?;
    let (recorded_at, is_new) = put.ok_or(ProfileError::DealingDiffers)?;
    if is_new {
        let payload = proto::DealingRecorded {
            customer: told.customer.name(),
            kind: worth::kind_to_proto(told.kind).into(),
            source_system: told.source_system.as_str().to_owned(),
        };
        let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone()).occurred(told.occurred_at);
        let entry = Draft::new(profile.ambient.uuid(now), told.customer.name(), &payload, &stamp);
        ledger::append(&mut tx, &[entry]).await?;
    }
    let answer = super::finish(tx, key, &[told.customer], worth::dealing_to_proto(told, recorded_at)).await?;
    profile.ledger.nudge();
    Ok(answer)
}
