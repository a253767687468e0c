//! `RulesService`: convert, call, convert.

use customer_profile_domain::ReviewDecision;
use server::{Call, run_to_end};
use tonic::{Request, Response, Status};
use ventanilla_proto::customer::v1::rules_service_server::RulesService;
use ventanilla_proto::customer::v1::{
    ApplyRulesReviewRequest, DropRulesReviewRequest, GetRulesReviewRequest, ListRulesChangesRequest,
    ListRulesChangesResponse, ListRulesReviewsRequest, ListRulesReviewsResponse, ReapplyRulesRequest, RulesReview,
};

use super::{convert, refused};
use crate::usecase::Profile;
use crate::usecase::review_rules as usecase;

/// The gRPC face of the rules that say who is who.
pub(crate) struct RulesApi {
    profile: Profile,
}

impl RulesApi {
    pub(crate) fn new(profile: Profile) -> Self {
        Self { profile }
    }
}

#[tonic::async_trait]
impl RulesService for RulesApi {
    async fn reapply_rules(&self, request: Request<ReapplyRulesRequest>) -> Result<Response<RulesReview>, Status> {
        let call = Call::of(&request);
        let key = convert::reapplication(request.get_ref()).map_err(refused)?;
        run_to_end(usecase::reapply_rules(self.profile.clone(), call, key)).await.map(Response::new)
    }

    async fn get_rules_review(&self, request: Request<GetRulesReviewRequest>) -> Result<Response<RulesReview>, Status> {
        let id = convert::rules_review_id(request.get_ref()).map_err(refused)?;
        usecase::get_rules_review(&self.profile, id).await.map(Response::new).map_err(refused)
    }

    async fn list_rules_reviews(
        &self,
        request: Request<ListRulesReviewsRequest>,
    ) -> Result<Response<ListRulesReviewsResponse>, Status> {
        let (before, size) = convert::rules_reviews(request.get_ref()).map_err(refused)?;
        usecase::list_rules_reviews(&self.profile, before, size).await.map(Response::new).map_err(refused)
    }

    async fn list_rules_changes(
        &self,
        request: Request<ListRulesChangesRequest>,
    ) -> Result<Response<ListRulesChangesResponse>, Status> {
        let wanted = convert::rules_changes(request.get_ref()).map_err(refused)?;
        usecase::list_rules_changes(&self.profile, wanted).await.map(Response::new).map_err(refused)
    }

    async fn apply_rules_review(
        &self,
        request: Request<ApplyRulesReviewRequest>,
    ) -> Result<Response<RulesReview>, Status> {
        let call = Call::of(&request);
        let sent = request.get_ref();
        let (decide, key) =
            convert::rules_decision(ReviewDecision::Apply, sent, [&sent.name, &sent.etag, &sent.request_id])
                .map_err(refused)?;
        run_to_end(usecase::decide_rules_review(self.profile.clone(), call, decide, key)).await.map(Response::new)
    }

    async fn drop_rules_review(
        &self,
        request: Request<DropRulesReviewRequest>,
    ) -> Result<Response<RulesReview>, Status> {
        let call = Call::of(&request);
        let sent = request.get_ref();
        let (decide, key) =
            convert::rules_decision(ReviewDecision::Drop, sent, [&sent.name, &sent.etag, &sent.request_id])
                .map_err(refused)?;
        run_to_end(usecase::decide_rules_review(self.profile.clone(), call, decide, key)).await.map(Response::new)
    }
}
