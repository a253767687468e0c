//! `ExportCustomer`: everything that four services hold of a person, in one archive that is made while it is given away.

use ::rights::{CustomerId as AnyCustomerId, DataHolder as _};
use customer_profile_domain::CustomerId;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use kernel::ResourceId;
use ledger::{Draft, Stamp};
use server::Call;
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::rights::v1::GatherPersonalDataRequest;
use ventanilla_proto::rights::v1::personal_data_service_client::PersonalDataServiceClient;

use super::Profile;
use crate::error::ProfileError;
use crate::rights::{Archive, SERVICES};
use crate::{OMBUDSMAN, SLA_MONITOR, SOURCE, TICKETING};

/// Bytes of a piece at most.
const PIECE: usize = 64 * 1024;

/// Pieces of the archive, each at most 64 KiB. That it is given is in the ledger before the first one.
#[tracing::instrument(name = "customer.export", skip_all)]
pub(crate) async fn export_customer(
    profile: Profile,
    call: Call,
    customer: CustomerId,
) -> Result<impl Stream<Item = Result<proto::ExportCustomerResponse, ProfileError>> + Send, ProfileError> {
    let now = profile.ambient.now();
    let begin = || async {
        let mut tx = profile.db.tx().await?;
        let standing = super::living(&mut tx, customer).await?;
        Ok((tx, standing))
    };
    let (mut tx, standing) = super::insist(begin).await?;
    let name = standing.customer.name();
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let payload = proto::CustomerExported { customer: name.clone() };
    ledger::append(&mut tx, &[Draft::new(profile.ambient.uuid(now), name.clone(), &payload, &stamp)]).await?;
    tx.commit().await?;
    profile.ledger.nudge();

    Ok(async_stream::try_stream! {
        let mut archive = Archive::new()?;
        let mut own = profile.records(standing.ids.clone());
        while let Some(record) = own.next().await {
            archive.add(SOURCE, &record?)?;
            for piece in full(&mut archive) {
                yield piece;
            }
        }
        for service in [TICKETING, SLA_MONITOR, OMBUDSMAN] {
            let mut theirs = gathered(&profile, &call, service, &standing.ids).await?;
            while let Some(record) = theirs.next().await {
                archive.add(service, &record?)?;
                for piece in full(&mut archive) {
                    yield piece;
                }
            }
        }
        let rest = archive.finish(&name, &SERVICES, now)?;
        for piece in rest.chunks(PIECE) {
            yield proto::ExportCustomerResponse { piece: piece.to_vec() };
        }
    })
}

/// Pieces of what is packed, once there is enough for one.
fn full(archive: &mut Archive) -> Vec<proto::ExportCustomerResponse> {
    if archive.waiting() < PIECE {
        return Vec::new();
    }
    archive.take().chunks(PIECE).map(|piece| proto::ExportCustomerResponse { piece: piece.to_vec() }).collect()
}

type Gathered = BoxStream<'static, Result<prost_types::Any, ProfileError>>;

/// What another service holds.
async fn gathered(
    profile: &Profile,
    call: &Call,
    service: &'static str,
    ids: &[uuid::Uuid],
) -> Result<Gathered, ProfileError> {
    let silent = move |status: tonic::Status| {
        tracing::warn!(service, code = ?status.code(), "a service does not say what it holds");
        ProfileError::ServiceSilent { service }
    };
    let channel = profile.peers.channel(service).map_err(|_| ProfileError::ServiceSilent { service })?;
    let mut client = PersonalDataServiceClient::new(channel.for_call(call)).max_decoding_message_size(LARGEST);
    let customers = ids.iter().map(|id| AnyCustomerId::from_uuid(*id).name()).collect();
    let answer = client.gather_personal_data(GatherPersonalDataRequest { customers }).await.map_err(silent)?;
    let records = answer.into_inner().map(move |item| match item.map(|item| item.record) {
        Ok(Some(record)) => Ok(record),
        Ok(None) => Err(ProfileError::ServiceSilent { service }),
        Err(status) => Err(silent(status)),
    });
    Ok(records.boxed())
}

/// Largest record of another service: a paper of a dossier.
const LARGEST: usize = 16 * 1024 * 1024;
