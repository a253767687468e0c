//! `CustomerService`: convert, call, convert.

use server::{Call, run_to_end, status};
use tonic::{Request, Response, Status};
use ventanilla_proto::customer::v1::customer_service_server::CustomerService;
use ventanilla_proto::customer::v1::{
    Customer, CustomerView, GetCustomerRequest, GetCustomerViewRequest, IngestSourceRecordRequest, Interaction,
    ListSourceRecordsRequest, ListSourceRecordsResponse, ListTimelineRequest, ListTimelineResponse,
    LookupByPhoneRequest, MatchCustomerRequest, MatchCustomerResponse, PhoneAnswer, RecordInteractionRequest,
    SourceRecord,
};

use super::convert;
use crate::error::ProfileError;
use crate::usecase::{self, Profile};

/// The gRPC face of a [`Profile`].
pub(crate) struct CustomerApi {
    profile: Profile,
}

impl CustomerApi {
    pub(crate) fn new(profile: Profile) -> Self {
        Self { profile }
    }
}

#[tonic::async_trait]
impl CustomerService for CustomerApi {
    async fn ingest_source_record(
        &self,
        request: Request<IngestSourceRecordRequest>,
    ) -> Result<Response<SourceRecord>, Status> {
        let call = Call::of(&request);
        let (draught, key) = convert::ingest(request.get_ref(), self.profile.ambient.now()).map_err(refused)?;
        let work = usecase::ingest_source_record::ingest_source_record(self.profile.clone(), call, draught, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn get_customer(&self, request: Request<GetCustomerRequest>) -> Result<Response<Customer>, Status> {
        let id = convert::customer_id("name", &request.get_ref().name).map_err(refused)?;
        usecase::get_customer::get_customer(&self.profile, id).await.map(Response::new).map_err(refused)
    }

    async fn lookup_by_phone(&self, request: Request<LookupByPhoneRequest>) -> Result<Response<PhoneAnswer>, Status> {
        let caller = convert::caller(request.get_ref()).map_err(refused)?;
        usecase::lookup_by_phone::lookup_by_phone(&self.profile, caller).await.map(Response::new).map_err(refused)
    }

    async fn match_customer(
        &self,
        request: Request<MatchCustomerRequest>,
    ) -> Result<Response<MatchCustomerResponse>, Status> {
        let (person, most) = convert::person(request.get_ref(), self.profile.ambient.now()).map_err(refused)?;
        usecase::match_customer::match_customer(&self.profile, person, most).await.map(Response::new).map_err(refused)
    }

    async fn get_customer_view(
        &self,
        request: Request<GetCustomerViewRequest>,
    ) -> Result<Response<CustomerView>, Status> {
        let id = convert::customer_id("name", &request.get_ref().name).map_err(refused)?;
        usecase::get_customer_view::get_customer_view(&self.profile, id).await.map(Response::new).map_err(refused)
    }

    async fn record_interaction(
        &self,
        request: Request<RecordInteractionRequest>,
    ) -> Result<Response<Interaction>, Status> {
        let call = Call::of(&request);
        let (contact, key) = convert::contact(request.get_ref(), self.profile.ambient.now()).map_err(refused)?;
        let work = usecase::record_interaction::record_interaction(self.profile.clone(), call, contact, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn list_timeline(
        &self,
        request: Request<ListTimelineRequest>,
    ) -> Result<Response<ListTimelineResponse>, Status> {
        let page = convert::timeline_page(request.get_ref()).map_err(refused)?;
        let work = usecase::list_timeline::list_timeline(&self.profile, page.customer, page.from, page.size);
        work.await.map(Response::new).map_err(refused)
    }

    async fn list_source_records(
        &self,
        request: Request<ListSourceRecordsRequest>,
    ) -> Result<Response<ListSourceRecordsResponse>, Status> {
        let page = convert::records_page(request.get_ref()).map_err(refused)?;
        let work =
            usecase::list_source_records::list_source_records(&self.profile, page.customer, page.from, page.size);
        work.await.map(Response::new).map_err(refused)
    }
}

fn refused(error: ProfileError) -> Status {
    status(&error)
}
