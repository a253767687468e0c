//! The generated service of the house's people and keys, told into use cases: convert, call, convert.

use server::{Call, run_to_end, status};
use tonic::{Request, Response, Status};
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::house_service_server::HouseService;

use super::convert::house as convert;
use crate::error::Failure;
use crate::office::Office;
use crate::usecase;

/// The gRPC face of the house.
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
        let query = convert::$operation($request.get_ref()).map_err(|violations| status(&violations))?;
        answer(usecase::$operation::run($self.office.clone(), query).await)
    }};
}

fn answer<T>(found: Result<T, Failure>) -> Answer<T> {
    found.map(Response::new).map_err(|failure| status(&failure))
}

#[tonic::async_trait]
impl HouseService for Service {
    async fn get_office_member(&self, request: Request<pb::GetOfficeMemberRequest>) -> Answer<pb::OfficeMember> {
        read!(self, request, get_office_member)
    }

    async fn list_office_members(
        &self,
        request: Request<pb::ListOfficeMembersRequest>,
    ) -> Answer<pb::ListOfficeMembersResponse> {
        read!(self, request, list_office_members)
    }

    async fn renew_mandate(&self, request: Request<pb::RenewMandateRequest>) -> Answer<pb::OfficeMember> {
        change!(self, request, renew_mandate)
    }

    async fn end_mandate(&self, request: Request<pb::EndMandateRequest>) -> Answer<pb::OfficeMember> {
        change!(self, request, end_mandate)
    }

    async fn change_office_roles(&self, request: Request<pb::ChangeOfficeRolesRequest>) -> Answer<pb::OfficeMember> {
        change!(self, request, change_office_roles)
    }

    async fn list_seat_conflicts(
        &self,
        request: Request<pb::ListSeatConflictsRequest>,
    ) -> Answer<pb::ListSeatConflictsResponse> {
        read!(self, request, list_seat_conflicts)
    }

    async fn propose_substitutes(
        &self,
        request: Request<pb::ProposeSubstitutesRequest>,
    ) -> Answer<pb::ProposeSubstitutesResponse> {
        read!(self, request, propose_substitutes)
    }

    async fn substitute_seat(&self, request: Request<pb::SubstituteSeatRequest>) -> Answer<pb::Case> {
        change!(self, request, substitute_seat)
    }

    async fn give_disclosure(&self, request: Request<pb::GiveDisclosureRequest>) -> Answer<pb::DisclosureStatement> {
        change!(self, request, give_disclosure)
    }

    async fn get_draft_keys(&self, _request: Request<pb::GetDraftKeysRequest>) -> Answer<pb::GetDraftKeysResponse> {
        answer(usecase::draft_keys::run(self.office.clone()).await)
    }

    async fn reclose_drafts(&self, request: Request<pb::RecloseDraftsRequest>) -> Answer<pb::RecloseDraftsResponse> {
        change!(self, request, reclose_drafts)
    }
}
