//! LearningService: convert, call, convert.

use ticketing_domain::RootCauseId;
use tonic::{Request, Response};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::learning_service_server::LearningService;

use super::{Answer, change, convert, refused};
use crate::usecase::Ticketing;

/// The gRPC face of [`Ticketing`] for what is learned from affairs.
#[derive(Clone)]
pub struct Learning {
    app: Ticketing,
}

impl Learning {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl LearningService for Learning {
    async fn put_root_cause(&self, request: Request<pb::PutRootCauseRequest>) -> Answer<pb::RootCause> {
        let run = |app: Ticketing, call, new| async move { app.put_root_cause(&call, new).await };
        change(&self.app, request, convert::put_cause, run).await
    }

    async fn get_root_cause(&self, request: Request<pb::GetRootCauseRequest>) -> Answer<pb::RootCause> {
        let id = convert::named(&request.get_ref().name).map_err(refused)?;
        self.app.get_root_cause(&id).await.map(Response::new).map_err(refused)
    }

    async fn list_root_causes(
        &self,
        request: Request<pb::ListRootCausesRequest>,
    ) -> Answer<pb::ListRootCausesResponse> {
        let r = request.get_ref();
        let list = convert::named_list::<RootCauseId>("causes", &r.department, r.page_size, &r.page_token)?;
        let (causes, last) = self.app.list_root_causes(&list.page).await.map_err(refused)?;
        Ok(Response::new(pb::ListRootCausesResponse { causes, next_page_token: list.next_token(last) }))
    }

    async fn state_root_cause(&self, request: Request<pb::StateRootCauseRequest>) -> Answer<pb::Ticket> {
        let now = self.app.now();
        let parse = |request: &pb::StateRootCauseRequest| convert::state_cause(request, now);
        let run =
            |app: Ticketing, call, (target, cause)| async move { app.state_root_cause(&call, target, cause).await };
        change(&self.app, request, parse, run).await
    }

    async fn measure_root_causes(
        &self,
        request: Request<pb::MeasureRootCausesRequest>,
    ) -> Answer<pb::MeasureRootCausesResponse> {
        let period = convert::measure_causes(request.get_ref()).map_err(refused)?;
        self.app.measure_root_causes(period).await.map(Response::new).map_err(refused)
    }

    async fn estimate_silence(&self, request: Request<pb::EstimateSilenceRequest>) -> Answer<pb::SilenceEstimate> {
        let period = convert::estimate_silence(request.get_ref()).map_err(refused)?;
        self.app.estimate_silence(period).await.map(Response::new).map_err(refused)
    }

    async fn measure_satisfaction(
        &self,
        request: Request<pb::MeasureSatisfactionRequest>,
    ) -> Answer<pb::MeasureSatisfactionResponse> {
        let period = convert::measure_satisfaction(request.get_ref()).map_err(refused)?;
        self.app.measure_satisfaction(period).await.map(Response::new).map_err(refused)
    }
}
