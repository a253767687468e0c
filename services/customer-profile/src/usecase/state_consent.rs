//! `GiveConsent` and `WithdrawConsent`: what a customer says of what they allow.

use customer_profile_domain::CustomerId;
use customer_profile_domain::consent::{self, Says, Statement};
use kernel::{Personal, ResourceId};
use ledger::{Draft, Stamp};
use postgres::{RequestKey, StoreError};
use server::Call;
use server::parse::time_to_proto;
use ventanilla_proto::customer::v1 as proto;

use super::{Begun, Profile};
use crate::error::ProfileError;
use crate::store::wishes::{self, NewConsent};
use crate::wishes::{basis_to_proto, channel_or_all, consent, purpose_to_proto};

/// A statement as it was told, valid by itself.
#[derive(Debug, Clone)]
pub(crate) struct Stated {
    pub customer: CustomerId,
    pub statement: Statement,
    /// Empty for a withdrawal.
    pub proof: Personal<String>,
}

#[tracing::instrument(name = "consent.state", skip_all, fields(purpose = stated.statement.purpose.as_str()))]
pub(crate) async fn state_consent(
    profile: Profile,
    call: Call,
    stated: Stated,
    key: RequestKey,
) -> Result<proto::Consent, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin_about(&profile, &key, stated.customer, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let Statement { purpose, channel, said_at, .. } = stated.statement;
    let new = NewConsent {
        id: profile.ambient.uuid(now),
        customer: stated.customer,
        statement: &stated.statement,
        proof: &stated.proof,
        now,
        actor: call.actor(),
    };
    wishes::add_consent(&mut tx, &new).await?;
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone()).occurred(said_at);
    ledger::append(&mut tx, &[entry(&profile, &stated, &stamp)]).await?;
    let statements = wishes::consents(&mut tx, stated.customer, purpose).await?;
    let standing = consent::standing(&statements, purpose, channel, now);
    let standing =
        standing.ok_or_else(|| StoreError::corrupt("consent_statement", "purpose", stated.customer.uuid()))?;
    let answer = consent(&stated.customer.name(), purpose, channel, standing);
    let answer = super::finish(tx, &key, &[stated.customer], answer).await?;
    profile.ledger.nudge();
    Ok(answer)
}

fn entry(profile: &Profile, stated: &Stated, stamp: &Stamp) -> Draft {
    let Statement { purpose, channel, said_at, says } = &stated.statement;
    let id = profile.ambient.uuid(stamp.recorded_at);
    let (customer, channel) = (stated.customer.name(), channel_or_all(*channel).into());
    let purpose_number = purpose_to_proto(*purpose).into();
    match says {
        Says::Give { basis, until } => {
            let payload = proto::ConsentGiven {
                customer: customer.clone(),
                purpose: purpose_number,
                channel,
                legal_basis: basis_to_proto(*basis).into(),
                lapse_time: consent::lapses(*purpose, *basis, *said_at, *until).map(time_to_proto),
            };
            let personal = proto::ConsentGivenPersonal { proof: stated.proof.expose().clone() };
            Draft::new(id, customer, &payload, stamp).with_personal(&personal, profile.ambient.bytes())
        }
        Says::Withdraw => {
            let payload = proto::ConsentWithdrawn { customer: customer.clone(), purpose: purpose_number, channel };
            Draft::new(id, customer, &payload, stamp)
        }
    }
}
