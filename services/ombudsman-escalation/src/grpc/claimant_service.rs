//! The claimant's window, told into use cases: convert, call, convert.

use server::{Call, run_to_end, status};
use tonic::{Request, Response, Status};
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::claimant_service_server::ClaimantService;

use super::convert::claimant as convert;
use crate::office::Office;
use crate::usecase::claimant as usecase;

/// The gRPC face of the claimant's window.
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

macro_rules! read {
    ($self:ident, $request:ident, $operation:ident) => {{
        let call = Call::of(&$request);
        let asked = convert::$operation($request.get_ref()).map_err(|violations| status(&violations))?;
        let found = usecase::$operation::run($self.office.clone(), call, asked).await;
        found.map(Response::new).map_err(|failure| status(&failure))
    }};
}

#[tonic::async_trait]
impl ClaimantService for Service {
    async fn get_claimant_case(&self, request: Request<pb::GetClaimantCaseRequest>) -> Answer<pb::ClaimantCase> {
        read!(self, request, get_claimant_case)
    }

    async fn list_claimant_entries(
        &self,
        request: Request<pb::ListClaimantEntriesRequest>,
    ) -> Answer<pb::ListClaimantEntriesResponse> {
        read!(self, request, list_claimant_entries)
    }

    async fn add_claimant_entry(&self, request: Request<pb::AddClaimantEntryRequest>) -> Answer<pb::ClaimantAct> {
        change!(self, request, add_claimant_entry)
    }

    async fn complete_claimant_case(
        &self,
        request: Request<pb::CompleteClaimantCaseRequest>,
    ) -> Answer<pb::ClaimantAct> {
        change!(self, request, complete_claimant_case)
    }

    async fn withdraw_claimant_case(
        &self,
        request: Request<pb::WithdrawClaimantCaseRequest>,
    ) -> Answer<pb::ClaimantAct> {
        change!(self, request, withdraw_claimant_case)
    }

    async fn give_claimant_disclosure(
        &self,
        request: Request<pb::GiveClaimantDisclosureRequest>,
    ) -> Answer<pb::DisclosureStatement> {
        change!(self, request, give_claimant_disclosure)
    }

    async fn answer_claimant_offer(&self, request: Request<pb::AnswerClaimantOfferRequest>) -> Answer<pb::ClaimantAct> {
        change!(self, request, answer_claimant_offer)
    }

    async fn answer_claimant_decision(
        &self,
        request: Request<pb::AnswerClaimantDecisionRequest>,
    ) -> Answer<pb::ClaimantAct> {
        change!(self, request, answer_claimant_decision)
    }
}
