//! The generated service of deciding alike, told into use cases: convert, call, convert.

use server::{Call, run_to_end, status};
use tonic::{Request, Response, Status};
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::precedent_service_server::PrecedentService;

use super::convert;
use crate::office::Office;
use crate::usecase;

/// The gRPC face of deciding alike.
pub struct Service {
    office: Office,
}

impl Service {
    /// Serves this office.
    pub const fn new(office: Office) -> Self {
        Self { office }
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl PrecedentService for Service {
    async fn classify_case(&self, request: Request<pb::ClassifyCaseRequest>) -> Answer<pb::Case> {
        let call = Call::of(&request);
        let command = convert::classify_case(request.get_ref()).map_err(|violations| status(&violations))?;
        run_to_end(usecase::classify_case::run(self.office.clone(), call, command)).await.map(Response::new)
    }

    async fn find_precedents(&self, request: Request<pb::FindPrecedentsRequest>) -> Answer<pb::FindPrecedentsResponse> {
        let call = Call::of(&request);
        let query = convert::find_precedents(request.get_ref()).map_err(|violations| status(&violations))?;
        let found = usecase::find_precedents::run(self.office.clone(), call, query).await;
        found.map(Response::new).map_err(|failure| status(&failure))
    }

    async fn get_decision_document(
        &self,
        request: Request<pb::GetDecisionDocumentRequest>,
    ) -> Answer<pb::DecisionDocument> {
        let call = Call::of(&request);
        let query = convert::get_decision_document(request.get_ref()).map_err(|violations| status(&violations))?;
        let made = usecase::get_decision_document::run(self.office.clone(), call, query).await;
        made.map(Response::new).map_err(|failure| status(&failure))
    }

    async fn mark_leading_decision(
        &self,
        request: Request<pb::MarkLeadingDecisionRequest>,
    ) -> Answer<pb::LeadingDecision> {
        let call = Call::of(&request);
        let command = convert::mark_leading_decision(request.get_ref()).map_err(|violations| status(&violations))?;
        run_to_end(usecase::mark_leading_decision::run(self.office.clone(), call, command)).await.map(Response::new)
    }
}
