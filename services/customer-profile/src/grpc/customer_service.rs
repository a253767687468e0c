//! `CustomerService`: convert, call, convert.

use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use kernel::Role;
use server::{Call, refusal, run_to_end};
use tonic::{Request, Response, Status, Streaming};
use ventanilla_proto::customer::v1::customer_service_server::CustomerService;
use ventanilla_proto::customer::v1::{
    CheckRenewalRequest, CompleteNextActionRequest, ConfirmMatchProposalRequest, Consent, ContactPreferences, Customer,
    CustomerView, Dealing, DecideNextActionRequest, DeclareVulnerabilityRequest, EndRelationRequest,
    EndVulnerabilityRequest, GetCustomerRequest, GetCustomerViewRequest, GetMatchProposalRequest, GiveConsentRequest,
    IngestFactsRequest, IngestFactsResponse, IngestSourceRecordRequest, IngestSourceRecordsResponse, Interaction,
    ListActiveHoldsRequest, ListActiveHoldsResponse, ListIdentityLinksRequest, ListIdentityLinksResponse,
    ListMatchProposalsRequest, ListMatchProposalsResponse, ListNextActionsRequest, ListNextActionsResponse,
    ListRelationsRequest, ListRelationsResponse, ListSourceRecordsRequest, ListSourceRecordsResponse,
    ListTimelineRequest, ListTimelineResponse, LookupByPhoneRequest, MatchCustomerRequest, MatchCustomerResponse,
    MatchProposal, MergeCustomersRequest, MergePreview, NextAction, PhoneAnswer, PreviewMergeRequest,
    ProposeNextBestActionRequest, ProposeNextBestActionResponse, RecordInteractionRequest, RejectMatchProposalRequest,
    Relation, RenewalCheck, SourceRecord, StateContactPreferencesRequest, StateRelationRequest,
    UnmergeCustomersRequest, UnmergeCustomersResponse, Vulnerability, WatchCustomerRequest, WatchCustomerResponse,
    WhatIsKnownRequest, WhatIsKnownResponse, WithdrawConsentRequest, ingest_facts_response,
    ingest_source_records_response,
};

use super::{convert, refused};
use crate::usecase::{self, Profile};

/// Records of one stream that are under way at once: enough to be written together, and few enough that a
/// caller in a ring does not wait behind all of them for a turn.
const AT_ONCE: usize = 64;

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
        ingest(self.profile.clone(), call, request.get_ref()).await.map(Response::new)
    }

    type IngestSourceRecordsStream =
        Pin<Box<dyn Stream<Item = Result<IngestSourceRecordsResponse, Status>> + Send + 'static>>;

    async fn ingest_source_records(
        &self,
        request: Request<Streaming<IngestSourceRecordRequest>>,
    ) -> Result<Response<Self::IngestSourceRecordsStream>, Status> {
        let (call, profile) = (Call::of(&request), self.profile.clone());
        let one = move |(number, sent): (i64, Result<IngestSourceRecordRequest, Status>)| {
            let (call, profile) = (call.clone(), profile.clone());
            async move {
                let result = match ingest(profile, call, &sent?).await {
                    Ok(record) => ingest_source_records_response::Result::Record(record),
                    Err(status) => ingest_source_records_response::Result::Refusal(refusal(&status)),
                };
                Ok(IngestSourceRecordsResponse { number, result: Some(result) })
            }
        };
        let sent = futures::stream::iter(1..).zip(request.into_inner());
        Ok(Response::new(Box::pin(sent.map(one).buffered(AT_ONCE))))
    }

    async fn get_customer(&self, request: Request<GetCustomerRequest>) -> Result<Response<Customer>, Status> {
        let call = Call::of(&request);
        let (id, at) = convert::customer_at(request.get_ref(), self.profile.ambient.now()).map_err(refused)?;
        usecase::get_customer::get_customer(&self.profile, &call, id, at).await.map(Response::new).map_err(refused)
    }

    async fn lookup_by_phone(&self, request: Request<LookupByPhoneRequest>) -> Result<Response<PhoneAnswer>, Status> {
        let caller = convert::caller(request.get_ref()).map_err(refused)?;
        usecase::lookup_by_phone::lookup_by_phone(&self.profile, caller).await.map(Response::new).map_err(refused)
    }

    async fn match_customer(
        &self,
        request: Request<MatchCustomerRequest>,
    ) -> Result<Response<MatchCustomerResponse>, Status> {
        let call = Call::of(&request);
        let (person, most) = convert::person(request.get_ref(), self.profile.ambient.now()).map_err(refused)?;
        usecase::match_customer::match_customer(&self.profile, &call, person, most)
            .await
            .map(Response::new)
            .map_err(refused)
    }

    async fn get_customer_view(
        &self,
        request: Request<GetCustomerViewRequest>,
    ) -> Result<Response<CustomerView>, Status> {
        let call = Call::of(&request);
        let id = convert::customer_id("name", &request.get_ref().name).map_err(refused)?;
        let work = usecase::get_customer_view::get_customer_view(&self.profile, &call, id);
        work.await.map(Response::new).map_err(refused)
    }

    type WatchCustomerStream = Pin<Box<dyn Stream<Item = Result<WatchCustomerResponse, Status>> + Send + 'static>>;

    async fn watch_customer(
        &self,
        request: Request<WatchCustomerRequest>,
    ) -> Result<Response<Self::WatchCustomerStream>, Status> {
        let call = Call::of(&request);
        let id = convert::customer_id("name", &request.get_ref().name).map_err(refused)?;
        let views = usecase::watch_customer::watch_customer(self.profile.clone(), call, id).await.map_err(refused)?;
        Ok(Response::new(Box::pin(views.map(|view| view.map_err(refused)))))
    }

    async fn what_is_known(
        &self,
        request: Request<WhatIsKnownRequest>,
    ) -> Result<Response<WhatIsKnownResponse>, Status> {
        let call = Call::of(&request);
        let question = convert::question(request.get_ref()).map_err(refused)?;
        usecase::what_is_known::what_is_known(&self.profile, &call, question).await.map(Response::new).map_err(refused)
    }

    async fn check_renewal(&self, request: Request<CheckRenewalRequest>) -> Result<Response<RenewalCheck>, Status> {
        let call = Call::of(&request);
        let asked = convert::approach(request.get_ref()).map_err(refused)?;
        usecase::check_renewal::check_renewal(&self.profile, &call, asked).await.map(Response::new).map_err(refused)
    }

    async fn list_active_holds(
        &self,
        request: Request<ListActiveHoldsRequest>,
    ) -> Result<Response<ListActiveHoldsResponse>, Status> {
        let page = convert::holds_page(request.get_ref()).map_err(refused)?;
        let work = usecase::list_active_holds::list_active_holds(&self.profile, page.customer, page.from, page.size);
        work.await.map(Response::new).map_err(refused)
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
        let call = Call::of(&request);
        let page = convert::timeline_page(request.get_ref()).map_err(refused)?;
        let work = usecase::list_timeline::list_timeline(&self.profile, &call, page.customer, page.from, page.size);
        work.await.map(Response::new).map_err(refused)
    }

    async fn list_source_records(
        &self,
        request: Request<ListSourceRecordsRequest>,
    ) -> Result<Response<ListSourceRecordsResponse>, Status> {
        let call = Call::of(&request);
        let page = convert::records_page(request.get_ref()).map_err(refused)?;
        let work = usecase::list_source_records::list_source_records(
            &self.profile,
            &call,
            page.customer,
            page.from,
            page.size,
        );
        work.await.map(Response::new).map_err(refused)
    }

    async fn list_match_proposals(
        &self,
        request: Request<ListMatchProposalsRequest>,
    ) -> Result<Response<ListMatchProposalsResponse>, Status> {
        let call = Call::of(&request);
        let wanted = convert::proposals(request.get_ref()).map_err(refused)?;
        let work = usecase::list_match_proposals::list_match_proposals(&self.profile, &call, wanted);
        work.await.map(Response::new).map_err(refused)
    }

    async fn get_match_proposal(
        &self,
        request: Request<GetMatchProposalRequest>,
    ) -> Result<Response<MatchProposal>, Status> {
        let call = Call::of(&request);
        let id = convert::proposal_id(&request.get_ref().name).map_err(refused)?;
        let work = usecase::list_match_proposals::get_match_proposal(&self.profile, &call, id);
        work.await.map(Response::new).map_err(refused)
    }

    async fn confirm_match_proposal(
        &self,
        request: Request<ConfirmMatchProposalRequest>,
    ) -> Result<Response<MatchProposal>, Status> {
        let call = Call::of(&request);
        let (answer, key) = convert::confirmation(request.get_ref()).map_err(refused)?;
        let work = usecase::answer_match_proposal::answer_match_proposal(self.profile.clone(), call, answer, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn reject_match_proposal(
        &self,
        request: Request<RejectMatchProposalRequest>,
    ) -> Result<Response<MatchProposal>, Status> {
        let call = Call::of(&request);
        let (answer, key) = convert::rejection(request.get_ref()).map_err(refused)?;
        let work = usecase::answer_match_proposal::answer_match_proposal(self.profile.clone(), call, answer, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn preview_merge(&self, request: Request<PreviewMergeRequest>) -> Result<Response<MergePreview>, Status> {
        let call = Call::of(&request);
        let customers = convert::merged(request.get_ref()).map_err(refused)?;
        let work = usecase::merge_customers::preview_merge(&self.profile, &call, &customers);
        work.await.map(Response::new).map_err(refused)
    }

    async fn merge_customers(&self, request: Request<MergeCustomersRequest>) -> Result<Response<Customer>, Status> {
        let call = Call::of(&request);
        let (merge, key) = convert::merge(request.get_ref()).map_err(refused)?;
        let work = usecase::merge_customers::merge_customers(self.profile.clone(), call, merge, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn unmerge_customers(
        &self,
        request: Request<UnmergeCustomersRequest>,
    ) -> Result<Response<UnmergeCustomersResponse>, Status> {
        let call = Call::of(&request);
        let (unmerge, key) = convert::unmerge(request.get_ref()).map_err(refused)?;
        let work = usecase::unmerge_customers::unmerge_customers(self.profile.clone(), call, unmerge, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn list_identity_links(
        &self,
        request: Request<ListIdentityLinksRequest>,
    ) -> Result<Response<ListIdentityLinksResponse>, Status> {
        let call = Call::of(&request);
        let page = convert::links_page(request.get_ref()).map_err(refused)?;
        let work = usecase::list_identity_links::list_identity_links(
            &self.profile,
            &call,
            page.customer,
            page.from,
            page.size,
        );
        work.await.map(Response::new).map_err(refused)
    }

    async fn give_consent(&self, request: Request<GiveConsentRequest>) -> Result<Response<Consent>, Status> {
        let call = Call::of(&request);
        let (stated, key) = convert::consent(request.get_ref(), self.profile.ambient.now()).map_err(refused)?;
        let work = usecase::state_consent::state_consent(self.profile.clone(), call, stated, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn withdraw_consent(&self, request: Request<WithdrawConsentRequest>) -> Result<Response<Consent>, Status> {
        let call = Call::of(&request);
        let (stated, key) = convert::withdrawal(request.get_ref(), self.profile.ambient.now()).map_err(refused)?;
        let work = usecase::state_consent::state_consent(self.profile.clone(), call, stated, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn state_contact_preferences(
        &self,
        request: Request<StateContactPreferencesRequest>,
    ) -> Result<Response<ContactPreferences>, Status> {
        let call = Call::of(&request);
        let (told, key) = convert::preferences(request.get_ref()).map_err(refused)?;
        let work = usecase::state_contact_preferences::state_contact_preferences(self.profile.clone(), call, told, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn declare_vulnerability(
        &self,
        request: Request<DeclareVulnerabilityRequest>,
    ) -> Result<Response<Vulnerability>, Status> {
        let call = Call::of(&request);
        let (declared, key) = convert::declaration(request.get_ref(), self.profile.ambient.now()).map_err(refused)?;
        let work = usecase::declare_vulnerability::declare_vulnerability(self.profile.clone(), call, declared, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn end_vulnerability(
        &self,
        request: Request<EndVulnerabilityRequest>,
    ) -> Result<Response<Vulnerability>, Status> {
        let call = Call::of(&request);
        let (id, key) = convert::ending(request.get_ref()).map_err(refused)?;
        let work = usecase::declare_vulnerability::end_vulnerability(self.profile.clone(), call, id, key);
        run_to_end(work).await.map(Response::new)
    }

    type IngestFactsStream = Pin<Box<dyn Stream<Item = Result<IngestFactsResponse, Status>> + Send + 'static>>;

    async fn ingest_facts(
        &self,
        request: Request<Streaming<IngestFactsRequest>>,
    ) -> Result<Response<Self::IngestFactsStream>, Status> {
        let (call, profile) = (Call::of(&request), self.profile.clone());
        let one = move |(number, sent): (i64, Result<IngestFactsRequest, Status>)| {
            let (call, profile) = (call.clone(), profile.clone());
            async move {
                let result = match ingest_fact(profile, call, &sent?).await {
                    Ok(dealing) => ingest_facts_response::Result::Dealing(dealing),
                    Err(status) => ingest_facts_response::Result::Refusal(refusal(&status)),
                };
                Ok(IngestFactsResponse { number, result: Some(result) })
            }
        };
        let sent = futures::stream::iter(1..).zip(request.into_inner());
        Ok(Response::new(Box::pin(sent.map(one).buffered(AT_ONCE))))
    }

    async fn state_relation(&self, request: Request<StateRelationRequest>) -> Result<Response<Relation>, Status> {
        let call = Call::of(&request);
        let (stated, key) = convert::relation(request.get_ref(), self.profile.ambient.now()).map_err(refused)?;
        let work = usecase::state_relation::state_relation(self.profile.clone(), call, stated, key);
        run_to_end(work).await.map(Response::new)
    }

    async fn end_relation(&self, request: Request<EndRelationRequest>) -> Result<Response<Relation>, Status> {
        let call = Call::of(&request);
        let (id, key) = convert::relation_end(request.get_ref()).map_err(refused)?;
        run_to_end(usecase::state_relation::end_relation(self.profile.clone(), call, id, key)).await.map(Response::new)
    }

    async fn list_relations(
        &self,
        request: Request<ListRelationsRequest>,
    ) -> Result<Response<ListRelationsResponse>, Status> {
        let call = Call::of(&request);
        let page = convert::relations_page(request.get_ref()).map_err(refused)?;
        let work = usecase::state_relation::list_relations(&self.profile, &call, page.customer, page.from, page.size);
        work.await.map(Response::new).map_err(refused)
    }

    async fn propose_next_best_action(
        &self,
        request: Request<ProposeNextBestActionRequest>,
    ) -> Result<Response<ProposeNextBestActionResponse>, Status> {
        let call = Call::of(&request);
        let (id, key) = convert::proposal(request.get_ref()).map_err(refused)?;
        run_to_end(usecase::next_actions::propose(self.profile.clone(), call, id, key)).await.map(Response::new)
    }

    async fn decide_next_action(
        &self,
        request: Request<DecideNextActionRequest>,
    ) -> Result<Response<NextAction>, Status> {
        let call = Call::of(&request);
        let (decision, key) = convert::decision(request.get_ref()).map_err(refused)?;
        run_to_end(usecase::next_actions::decide(self.profile.clone(), call, decision, key)).await.map(Response::new)
    }

    async fn complete_next_action(
        &self,
        request: Request<CompleteNextActionRequest>,
    ) -> Result<Response<NextAction>, Status> {
        let call = Call::of(&request);
        let (id, key) = convert::completion(request.get_ref()).map_err(refused)?;
        run_to_end(usecase::next_actions::complete(self.profile.clone(), call, id, key)).await.map(Response::new)
    }

    async fn list_next_actions(
        &self,
        request: Request<ListNextActionsRequest>,
    ) -> Result<Response<ListNextActionsResponse>, Status> {
        let call = Call::of(&request);
        let page = convert::actions_page(request.get_ref()).map_err(refused)?;
        let work = usecase::next_actions::list(&self.profile, &call, page.customer, page.from, page.size);
        work.await.map(Response::new).map_err(refused)
    }
}

async fn ingest(profile: Profile, call: Call, request: &IngestSourceRecordRequest) -> Result<SourceRecord, Status> {
    let (draught, key) = convert::ingest(request, is_unproven(&call), profile.ambient.now()).map_err(refused)?;
    run_to_end(usecase::ingest_source_record::ingest_source_record(profile, call, draught, key)).await
}

/// Whether nobody proved who says so: whoever writes into an open form is believed nothing of anybody but themselves.
fn is_unproven(call: &Call) -> bool {
    const KNOWN: [Role; 6] = [Role::Crm, Role::Importer, Role::Agent, Role::Supervisor, Role::Steward, Role::Service];
    call.acting().has(Role::Form) && !call.acting().has_any(&KNOWN)
}

async fn ingest_fact(profile: Profile, call: Call, request: &IngestFactsRequest) -> Result<Dealing, Status> {
    let (told, key) = convert::fact(request, profile.ambient.now()).map_err(refused)?;
    run_to_end(usecase::ingest_facts::ingest_fact(profile, call, told, key)).await
}
