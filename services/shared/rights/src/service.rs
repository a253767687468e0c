//! `PersonalDataService`: convert, ask the holder, convert.

use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use kernel::{Ambient, Classify, Kind, ResourceId, Violation, Violations};
use server::parse::{self, time_to_proto};
use server::{Call, status};
use tonic::{Request, Response, Status};
use uuid::Uuid;
use ventanilla_proto::rights::v1 as proto;
use ventanilla_proto::rights::v1::personal_data_service_server::PersonalDataService;

use crate::{CustomerId, DataHolder, Hold, HoldReason, latest_first};

/// Ids of one person at most: one for each record of each system, of somebody whom every system knows many times over.
const MOST_CUSTOMERS: usize = 10_000;
/// Holds that are told at most.
const MOST_HOLDS: usize = 50;

/// The gRPC face of a [`DataHolder`].
pub struct PersonalDataApi<H> {
    holder: H,
    ambient: Ambient,
}

impl<H> PersonalDataApi<H> {
    /// Of this holder, with this clock.
    pub fn new(holder: H, ambient: Ambient) -> Self {
        Self { holder, ambient }
    }
}

#[tonic::async_trait]
impl<H: DataHolder> PersonalDataService for PersonalDataApi<H> {
    async fn find_erasure_holds(
        &self,
        request: Request<proto::FindErasureHoldsRequest>,
    ) -> Result<Response<proto::FindErasureHoldsResponse>, Status> {
        let customers = customers(&request.get_ref().customers)?;
        let found = self.holder.holds(&customers, self.ambient.now()).await;
        let mut holds = found.map_err(|error| status(&error))?;
        latest_first(&mut holds);
        Ok(Response::new(proto::FindErasureHoldsResponse {
            total_count: i32::try_from(holds.len()).unwrap_or(i32::MAX),
            holds: holds.into_iter().take(MOST_HOLDS).map(told).collect(),
        }))
    }

    type GatherPersonalDataStream =
        Pin<Box<dyn Stream<Item = Result<proto::GatherPersonalDataResponse, Status>> + Send + 'static>>;

    async fn gather_personal_data(
        &self,
        request: Request<proto::GatherPersonalDataRequest>,
    ) -> Result<Response<Self::GatherPersonalDataStream>, Status> {
        let customers = customers(&request.get_ref().customers)?;
        let records = self.holder.records_for(&Call::of(&request), customers);
        let told = records.map(|record| match record {
            Ok(record) => Ok(proto::GatherPersonalDataResponse { record: Some(record) }),
            Err(error) => Err(status(&error)),
        });
        Ok(Response::new(Box::pin(told)))
    }
}

fn told(hold: Hold) -> proto::ErasureHold {
    let (reason, provisional) = match hold.reason {
        HoldReason::MatterOpen => (proto::ErasureHoldReason::MatterOpen, true),
        HoldReason::ClaimsPossible => (proto::ErasureHoldReason::ClaimsPossible, false),
    };
    proto::ErasureHold {
        resource: hold.resource,
        reason: reason.into(),
        end_time: Some(time_to_proto(hold.until)),
        provisional,
    }
}

/// What was asked cannot be.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Invalid(#[from] Violations);

impl Classify for Invalid {
    fn kind(&self) -> Kind {
        Kind::InvalidArgument
    }

    fn reason(&self) -> &'static str {
        self.0.reason()
    }

    fn violations(&self) -> &[Violation] {
        self.0.as_slice()
    }
}

fn customers(names: &[String]) -> Result<Vec<Uuid>, Status> {
    let mut violations = Violations::new();
    if names.is_empty() || names.len() > MOST_CUSTOMERS {
        violations.push("customers", format!("must be 1 to {MOST_CUSTOMERS} names"));
    }
    let mut ids = Vec::new();
    for (place, name) in names.iter().take(MOST_CUSTOMERS).enumerate() {
        let id = parse::name::<CustomerId>(&mut violations, &format!("customers[{place}]"), name);
        ids.extend(id.map(ResourceId::uuid));
    }
    match violations.into_result() {
        Ok(()) => Ok(ids),
        Err(violations) => Err(status(&Invalid(violations))),
    }
}
