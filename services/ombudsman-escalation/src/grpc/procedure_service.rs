//! The generated service of the procedure, told into use cases: convert, call, convert.

use server::{Call, run_to_end, status};
use tonic::{Request, Response, Status};
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::procedure_service_server::ProcedureService;

use super::convert;
use crate::office::Office;
use crate::usecase;

/// The gRPC face of the procedure.
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

/// A change runs to its end whatever the client does.
macro_rules! change {
    ($self:ident, $request:ident, $operation:ident) => {{
        let call = Call::of(&$request);
        let command = convert::$operation($request.get_ref()).map_err(|violations| status(&violations))?;
        run_to_end(usecase::$operation::run($self.office.clone(), call, command)).await.map(Response::new)
    }};
}

#[tonic::async_trait]
impl ProcedureService for Service {
    async fn get_procedure(&self, request: Request<pb::GetProcedureRequest>) -> Answer<pb::Procedure> {
        let id = convert::get_procedure(request.get_ref()).map_err(|violations| status(&violations))?;
        let found = usecase::get_procedure::run(self.office.clone(), id).await;
        found.map(Response::new).map_err(|failure| status(&failure))
    }

    async fn list_obligations(
        &self,
        request: Request<pb::ListObligationsRequest>,
    ) -> Answer<pb::ListObligationsResponse> {
        let page = convert::list_obligations(request.get_ref()).map_err(|violations| status(&violations))?;
        let found = usecase::list_obligations::run(self.office.clone(), page).await;
        found.map(Response::new).map_err(|failure| status(&failure))
    }

    async fn forward_case(&self, request: Request<pb::ForwardCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, forward_case)
    }

    async fn extend_term(&self, request: Request<pb::ExtendTermRequest>) -> Answer<pb::Case> {
        change!(self, request, extend_term)
    }

    async fn stay_case(&self, request: Request<pb::StayCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, stay_case)
    }

    async fn resume_case(&self, request: Request<pb::ResumeCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, resume_case)
    }

    async fn close_stayed_case(&self, request: Request<pb::CloseStayedCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, close_stayed_case)
    }

    async fn offer_settlement(&self, request: Request<pb::OfferSettlementRequest>) -> Answer<pb::Case> {
        change!(self, request, offer_settlement)
    }

    async fn tell_offer(&self, request: Request<pb::TellOfferRequest>) -> Answer<pb::Case> {
        change!(self, request, tell_offer)
    }

    async fn answer_offer(&self, request: Request<pb::AnswerOfferRequest>) -> Answer<pb::Case> {
        change!(self, request, answer_offer)
    }

    async fn end_conciliation(&self, request: Request<pb::EndConciliationRequest>) -> Answer<pb::Case> {
        change!(self, request, end_conciliation)
    }

    async fn continue_by_own_initiative(
        &self,
        request: Request<pb::ContinueByOwnInitiativeRequest>,
    ) -> Answer<pb::Case> {
        change!(self, request, continue_by_own_initiative)
    }

    async fn answer_decision(&self, request: Request<pb::AnswerDecisionRequest>) -> Answer<pb::Case> {
        change!(self, request, answer_decision)
    }

    async fn order_compliance(&self, request: Request<pb::OrderComplianceRequest>) -> Answer<pb::Case> {
        change!(self, request, order_compliance)
    }

    async fn recommend(&self, request: Request<pb::RecommendRequest>) -> Answer<pb::Case> {
        change!(self, request, recommend)
    }

    async fn prove_execution(&self, request: Request<pb::ProveExecutionRequest>) -> Answer<pb::Case> {
        change!(self, request, prove_execution)
    }

    async fn review_execution(&self, request: Request<pb::ReviewExecutionRequest>) -> Answer<pb::Case> {
        change!(self, request, review_execution)
    }

    async fn report_overdue(&self, request: Request<pb::ReportOverdueRequest>) -> Answer<pb::Case> {
        change!(self, request, report_overdue)
    }

    async fn correct_decision(&self, request: Request<pb::CorrectDecisionRequest>) -> Answer<pb::Case> {
        change!(self, request, correct_decision)
    }

    async fn review_case(&self, request: Request<pb::ReviewCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, review_case)
    }
}
