//! `RightsService`: convert, call, convert.

use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use server::{Call, run_to_end};
use tonic::{Request, Response, Status};
use ventanilla_proto::customer::v1::rights_service_server::RightsService;
use ventanilla_proto::customer::v1::{
    EraseCustomerRequest, Erasure, ExportCustomerRequest, ExportCustomerResponse, GetErasureRequest,
    LiftRestrictionRequest, RestrictCustomerRequest, Restriction,
};

use super::{convert, refused};
use crate::usecase::{self, Profile};

/// The gRPC face of what people may ask of their own data.
pub(crate) struct RightsApi {
    profile: Profile,
}

impl RightsApi {
    pub(crate) fn new(profile: Profile) -> Self {
        Self { profile }
    }
}

#[tonic::async_trait]
impl RightsService for RightsApi {
    type ExportCustomerStream = Pin<Box<dyn Stream<Item = Result<ExportCustomerResponse, Status>> + Send + 'static>>;

    async fn export_customer(
        &self,
        request: Request<ExportCustomerRequest>,
    ) -> Result<Response<Self::ExportCustomerStream>, Status> {
        let call = Call::of(&request);
        let customer = convert::customer_id("name", &request.get_ref().name).map_err(refused)?;
        let work = usecase::export_customer::export_customer(self.profile.clone(), call, customer);
        let pieces = work.await.map_err(refused)?;
        Ok(Response::new(Box::pin(pieces.map(|piece| piece.map_err(refused)))))
    }

    async fn erase_customer(&self, request: Request<EraseCustomerRequest>) -> Result<Response<Erasure>, Status> {
        let call = Call::of(&request);
        let (erase, key) = convert::erasure(request.get_ref()).map_err(refused)?;
        let work = usecase::erase_customer::erase_customer(self.profile.clone(), call, erase, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn get_erasure(&self, request: Request<GetErasureRequest>) -> Result<Response<Erasure>, Status> {
        let id = convert::erasure_id(request.get_ref()).map_err(refused)?;
        usecase::erase_customer::get_erasure(&self.profile, id).await.map(Response::new).map_err(refused)
    }

    async fn restrict_customer(
        &self,
        request: Request<RestrictCustomerRequest>,
    ) -> Result<Response<Restriction>, Status> {
        let call = Call::of(&request);
        let (customer, ground, key) = convert::restriction(request.get_ref()).map_err(refused)?;
        let work = usecase::restrict_customer::restrict_customer(self.profile.clone(), call, customer, ground, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn lift_restriction(
        &self,
        request: Request<LiftRestrictionRequest>,
    ) -> Result<Response<Restriction>, Status> {
        let call = Call::of(&request);
        let (id, key) = convert::lifting(request.get_ref()).map_err(refused)?;
        let work = usecase::restrict_customer::lift_restriction(self.profile.clone(), call, id, key);
        run_to_end(work).await.map(Response::new)
    }
}
