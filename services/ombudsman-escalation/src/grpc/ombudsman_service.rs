//! The generated service, told into use cases: convert, call, convert.

use server::{Call, run_to_end, status};
use tonic::{Request, Response, Status};
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::ombudsman_service_server::OmbudsmanService;

use super::convert;
use crate::error::Failure;
use crate::office::Office;
use crate::usecase;

/// The gRPC face of the office.
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

fn answer<T>(found: Result<T, Failure>) -> Answer<T> {
    found.map(Response::new).map_err(|failure| status(&failure))
}

#[tonic::async_trait]
impl OmbudsmanService for Service {
    async fn register_office_member(
        &self,
        request: Request<pb::RegisterOfficeMemberRequest>,
    ) -> Answer<pb::OfficeMember> {
        change!(self, request, register_office_member)
    }

    async fn declare_relations(&self, request: Request<pb::DeclareRelationsRequest>) -> Answer<pb::OfficeMember> {
        change!(self, request, declare_relations)
    }

    async fn open_case(&self, request: Request<pb::OpenCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, open_case)
    }

    async fn open_public_case(
        &self,
        request: Request<pb::OpenPublicCaseRequest>,
    ) -> Answer<pb::OpenPublicCaseResponse> {
        change!(self, request, open_public_case)
    }

    async fn tell_claimant_code(&self, request: Request<pb::TellClaimantCodeRequest>) -> Answer<pb::ClaimantCode> {
        change!(self, request, tell_claimant_code)
    }

    async fn get_acknowledgement(
        &self,
        request: Request<pb::GetAcknowledgementRequest>,
    ) -> Answer<pb::Acknowledgement> {
        let call = Call::of(&request);
        let wanted = convert::get_acknowledgement(request.get_ref()).map_err(|violations| status(&violations))?;
        let (case, format) = wanted;
        answer(usecase::get_acknowledgement::run(self.office.clone(), call, case, format).await)
    }

    async fn get_case(&self, request: Request<pb::GetCaseRequest>) -> Answer<pb::Case> {
        let call = Call::of(&request);
        let id = convert::case_name("name", &request.get_ref().name).map_err(|violations| status(&violations))?;
        answer(usecase::get_case::run(self.office.clone(), call, id).await)
    }

    async fn list_cases(&self, request: Request<pb::ListCasesRequest>) -> Answer<pb::ListCasesResponse> {
        let call = Call::of(&request);
        let query = convert::list_cases(request.get_ref()).map_err(|violations| status(&violations))?;
        answer(usecase::list_cases::run(self.office.clone(), call, query).await)
    }

    async fn request_cure(&self, request: Request<pb::RequestCureRequest>) -> Answer<pb::Case> {
        change!(self, request, request_cure)
    }

    async fn receive_cure(&self, request: Request<pb::ReceiveCureRequest>) -> Answer<pb::Case> {
        change!(self, request, receive_cure)
    }

    async fn propose_inadmissibility(&self, request: Request<pb::ProposeInadmissibilityRequest>) -> Answer<pb::Case> {
        change!(self, request, propose_inadmissibility)
    }

    async fn refuse_case(&self, request: Request<pb::RefuseCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, refuse_case)
    }

    async fn admit_case(&self, request: Request<pb::AdmitCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, admit_case)
    }

    async fn assign_case(&self, request: Request<pb::AssignCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, assign_case)
    }

    async fn recuse_from_case(&self, request: Request<pb::RecuseFromCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, recuse_from_case)
    }

    async fn submit_entity_statement(&self, request: Request<pb::SubmitEntityStatementRequest>) -> Answer<pb::Case> {
        change!(self, request, submit_entity_statement)
    }

    async fn add_dossier_entry(&self, request: Request<pb::AddDossierEntryRequest>) -> Answer<pb::DossierEntry> {
        change!(self, request, add_dossier_entry)
    }

    async fn list_dossier_entries(
        &self,
        request: Request<pb::ListDossierEntriesRequest>,
    ) -> Answer<pb::ListDossierEntriesResponse> {
        let call = Call::of(&request);
        let page = convert::list_dossier_entries(request.get_ref()).map_err(|violations| status(&violations))?;
        answer(usecase::dossier_reading::list_from(self.office.clone(), call, page).await)
    }

    async fn list_dossier_accesses(
        &self,
        request: Request<pb::ListDossierAccessesRequest>,
    ) -> Answer<pb::ListDossierAccessesResponse> {
        let call = Call::of(&request);
        let page = convert::list_dossier_accesses(request.get_ref()).map_err(|violations| status(&violations))?;
        answer(usecase::dossier_reading::accesses(self.office.clone(), call, page).await)
    }

    async fn start_investigation(&self, request: Request<pb::StartInvestigationRequest>) -> Answer<pb::Case> {
        change!(self, request, start_investigation)
    }

    async fn save_draft(&self, request: Request<pb::SaveDraftRequest>) -> Answer<pb::Draft> {
        change!(self, request, save_draft)
    }

    async fn get_draft(&self, request: Request<pb::GetDraftRequest>) -> Answer<pb::Draft> {
        let call = Call::of(&request);
        let name = &request.get_ref().case_name;
        let id = convert::case_name("case_name", name).map_err(|violations| status(&violations))?;
        answer(usecase::get_draft::run(self.office.clone(), call, id).await)
    }

    async fn issue_decision(&self, request: Request<pb::IssueDecisionRequest>) -> Answer<pb::Decision> {
        change!(self, request, issue_decision)
    }

    async fn notify_decision(&self, request: Request<pb::NotifyDecisionRequest>) -> Answer<pb::Case> {
        change!(self, request, notify_decision)
    }

    async fn get_decision(&self, request: Request<pb::GetDecisionRequest>) -> Answer<pb::Decision> {
        let call = Call::of(&request);
        let id = convert::get_decision(request.get_ref()).map_err(|violations| status(&violations))?;
        answer(usecase::get_decision::run(self.office.clone(), call, id).await)
    }

    async fn withdraw_case(&self, request: Request<pb::WithdrawCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, withdraw_case)
    }

    async fn rectify_case(&self, request: Request<pb::RectifyCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, rectify_case)
    }

    async fn close_case(&self, request: Request<pb::CloseCaseRequest>) -> Answer<pb::Case> {
        change!(self, request, close_case)
    }

    async fn verify_dossier(&self, request: Request<pb::VerifyDossierRequest>) -> Answer<pb::DossierVerdict> {
        let id = convert::case_name("name", &request.get_ref().name).map_err(|violations| status(&violations))?;
        answer(usecase::dossier_reading::verdict(self.office.clone(), id).await)
    }

    async fn export_dossier(&self, request: Request<pb::ExportDossierRequest>) -> Answer<pb::DossierExport> {
        let call = Call::of(&request);
        let what = convert::export_dossier(request.get_ref()).map_err(|violations| status(&violations))?;
        answer(usecase::dossier_reading::export(self.office.clone(), call, what).await)
    }
}
