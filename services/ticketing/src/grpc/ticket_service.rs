//! TicketService: convert, call, convert.

use std::future::Future;
use std::pin::Pin;

use futures::{Stream, StreamExt};
use jiff::Timestamp;
use kernel::Classify;
use server::Call;
use tonic::{Request, Response, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::ticket_service_server::TicketService;

use super::{Answer, change, convert, refused};
use crate::Error;
use crate::usecase::Ticketing;

/// The gRPC face of [`Ticketing`].
#[derive(Clone)]
pub struct Service {
    app: Ticketing,
}

impl Service {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }

    /// A change, whose stated times are held against the present.
    async fn change<Q, P, E, T, F>(
        &self,
        request: Request<Q>,
        parse: fn(&Q, Timestamp) -> Result<P, E>,
        run: impl FnOnce(Ticketing, Call, P) -> F,
    ) -> Answer<T>
    where
        E: Classify,
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let now = self.app.now();
        change(&self.app, request, |request| parse(request, now), run).await
    }
}

#[tonic::async_trait]
impl TicketService for Service {
    async fn create_ticket(&self, request: Request<pb::CreateTicketRequest>) -> Answer<pb::CreateTicketResponse> {
        let run = |app: Ticketing, call, new| async move { app.create_ticket(&call, new).await };
        self.change(request, convert::create, run).await
    }

    async fn import_tickets(&self, request: Request<pb::ImportTicketsRequest>) -> Answer<pb::ImportTicketsResponse> {
        let run = |app: Ticketing, call, asked| async move { app.import_tickets(&call, asked).await };
        self.change(request, convert::import, run).await
    }

    async fn get_ticket(&self, request: Request<pb::GetTicketRequest>) -> Answer<pb::Ticket> {
        let id = convert::ticket_name(&request.get_ref().name).map_err(refused)?;
        self.app.get_ticket(id).await.map(Response::new).map_err(refused)
    }

    async fn get_receipt_document(
        &self,
        request: Request<pb::GetReceiptDocumentRequest>,
    ) -> Answer<pb::ReceiptDocument> {
        let (id, format) = convert::receipt_document(request.get_ref()).map_err(refused)?;
        self.app.get_receipt_document(id, format).await.map(Response::new).map_err(refused)
    }

    async fn get_public_receipt(&self, request: Request<pb::GetPublicReceiptRequest>) -> Answer<pb::ReceiptDocument> {
        let (key, proof, format) = convert::public_receipt(request.get_ref()).map_err(refused)?;
        self.app.get_public_receipt(key, &proof, format).await.map(Response::new).map_err(refused)
    }

    async fn get_receipt(&self, request: Request<pb::GetReceiptRequest>) -> Answer<pb::Receipt> {
        let id = convert::receipt_name(&request.get_ref().name).map_err(refused)?;
        self.app.get_receipt(id).await.map(Response::new).map_err(refused)
    }

    async fn list_tickets(&self, request: Request<pb::ListTicketsRequest>) -> Answer<pb::ListTicketsResponse> {
        let list = convert::tickets(request.into_inner())?;
        let (tickets, last) = self.app.search_tickets(&list.filter, list.after, list.size).await.map_err(refused)?;
        Ok(Response::new(pb::ListTicketsResponse { tickets, next_page_token: list.next_token(last) }))
    }

    async fn add_message(&self, request: Request<pb::AddMessageRequest>) -> Answer<pb::Message> {
        let run = |app: Ticketing, call, new| async move { app.add_message(&call, new).await };
        self.change(request, convert::add_message, run).await
    }

    async fn list_messages(&self, request: Request<pb::ListMessagesRequest>) -> Answer<pb::ListMessagesResponse> {
        let list = convert::messages(request.get_ref())?;
        let (messages, last) =
            self.app.list_messages(&list.page, request.get_ref().newest_first).await.map_err(refused)?;
        Ok(Response::new(pb::ListMessagesResponse { messages, next_page_token: list.next_token(last) }))
    }

    async fn answer_claim_point(&self, request: Request<pb::AnswerClaimPointRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, (target, new)| async move { app.answer_claim_point(&call, target, new).await };
        self.change(request, convert::answer_claim_point, run).await
    }

    async fn start_ticket(&self, request: Request<pb::StartTicketRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, target| async move { app.start_ticket(&call, target).await };
        self.change(request, convert::start, run).await
    }

    async fn wait_for_customer(&self, request: Request<pb::WaitForCustomerRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, (target, why)| async move { app.wait_for_customer(&call, target, why).await };
        self.change(request, convert::wait_for_customer, run).await
    }

    async fn request_cure(&self, request: Request<pb::RequestCureRequest>) -> Answer<pb::RequestCureResponse> {
        let run = |app: Ticketing, call, (target, draft)| async move { app.request_cure(&call, target, draft).await };
        self.change(request, convert::request_cure, run).await
    }

    async fn send_holding_reply(
        &self,
        request: Request<pb::SendHoldingReplyRequest>,
    ) -> Answer<pb::SendHoldingReplyResponse> {
        let run =
            |app: Ticketing, call, (target, told)| async move { app.send_holding_reply(&call, target, told).await };
        self.change(request, convert::send_holding_reply, run).await
    }

    async fn list_cure_requests(
        &self,
        request: Request<pb::ListCureRequestsRequest>,
    ) -> Answer<pb::ListCureRequestsResponse> {
        let list = convert::cures(request.get_ref())?;
        let (cures, last) = self.app.list_cure_requests(&list.page).await.map_err(refused)?;
        Ok(Response::new(pb::ListCureRequestsResponse { cures, next_page_token: list.next_token(last) }))
    }

    async fn resolve_uncured(&self, request: Request<pb::ResolveUncuredRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, target| async move { app.resolve_uncured(&call, target).await };
        self.change(request, convert::resolve_uncured, run).await
    }

    async fn hold_ticket(&self, request: Request<pb::HoldTicketRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, (target, why)| async move { app.hold_ticket(&call, target, why).await };
        self.change(request, convert::hold, run).await
    }

    async fn resume_ticket(&self, request: Request<pb::ResumeTicketRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, (target, why)| async move { app.resume_ticket(&call, target, why).await };
        self.change(request, convert::resume, run).await
    }

    async fn resolve_ticket(&self, request: Request<pb::ResolveTicketRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, (target, how)| async move { app.resolve_ticket(&call, target, how).await };
        self.change(request, convert::resolve, run).await
    }

    async fn close_ticket(&self, request: Request<pb::CloseTicketRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, (target, why)| async move { app.close_ticket(&call, target, why).await };
        self.change(request, convert::close, run).await
    }

    async fn reopen_ticket(&self, request: Request<pb::ReopenTicketRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, (target, why)| async move { app.reopen_ticket(&call, target, why).await };
        self.change(request, convert::reopen, run).await
    }

    async fn reject_ticket(&self, request: Request<pb::RejectTicketRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, (target, told)| async move { app.reject_ticket(&call, target, told).await };
        self.change(request, convert::reject, run).await
    }

    async fn cancel_ticket(&self, request: Request<pb::CancelTicketRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, (target, why)| async move { app.cancel_ticket(&call, target, why).await };
        self.change(request, convert::cancel, run).await
    }

    async fn transfer_ticket(&self, request: Request<pb::TransferTicketRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, (target, to)| async move { app.transfer_ticket(&call, target, to).await };
        self.change(request, convert::transfer, run).await
    }

    async fn make_promise(&self, request: Request<pb::MakePromiseRequest>) -> Answer<pb::Promise> {
        let run = |app: Ticketing, call, new| async move { app.make_promise(&call, new).await };
        self.change(request, convert::make_promise, run).await
    }

    async fn attempt_promise(&self, request: Request<pb::AttemptPromiseRequest>) -> Answer<pb::Promise> {
        let run = |app: Ticketing, call, new| async move { app.attempt_promise(&call, new).await };
        self.change(request, convert::attempt_promise, run).await
    }

    async fn list_due_promises(
        &self,
        request: Request<pb::ListDuePromisesRequest>,
    ) -> Answer<pb::ListDuePromisesResponse> {
        let list = convert::due_promises(request.into_inner())?;
        let (promises, last) =
            self.app.list_due_promises(&list.filter, list.after, list.size).await.map_err(refused)?;
        Ok(Response::new(pb::ListDuePromisesResponse { promises, next_page_token: list.next_token(last) }))
    }

    async fn settle_promise(&self, request: Request<pb::SettlePromiseRequest>) -> Answer<pb::Promise> {
        let run = |app: Ticketing, call, end| async move { app.settle_promise(&call, end).await };
        self.change(request, convert::settle_promise, run).await
    }

    async fn list_promises(&self, request: Request<pb::ListPromisesRequest>) -> Answer<pb::ListPromisesResponse> {
        let list = convert::promises(request.get_ref())?;
        let (promises, last) = self.app.list_promises(&list.page).await.map_err(refused)?;
        Ok(Response::new(pb::ListPromisesResponse { promises, next_page_token: list.next_token(last) }))
    }

    async fn ask_survey(&self, request: Request<pb::AskSurveyRequest>) -> Answer<pb::Survey> {
        let run = |app: Ticketing, call, new| async move { app.ask_survey(&call, new).await };
        self.change(request, convert::ask_survey, run).await
    }

    async fn answer_survey(&self, request: Request<pb::AnswerSurveyRequest>) -> Answer<pb::Survey> {
        let run = |app: Ticketing, call, new| async move { app.answer_survey(&call, new).await };
        self.change(request, convert::answer_survey, run).await
    }

    async fn get_survey(&self, request: Request<pb::GetSurveyRequest>) -> Answer<pb::Survey> {
        let id = convert::survey_name(&request.get_ref().name).map_err(refused)?;
        self.app.get_survey(id).await.map(Response::new).map_err(refused)
    }

    async fn get_public_status(&self, request: Request<pb::GetPublicStatusRequest>) -> Answer<pb::PublicStatus> {
        let (key, proof) = convert::public_status(request.get_ref(), self.app.now()).map_err(refused)?;
        self.app.get_public_status(key, &proof).await.map(Response::new).map_err(refused)
    }

    type WatchTicketsStream = Pin<Box<dyn Stream<Item = Result<pb::WatchTicketsResponse, Status>> + Send>>;

    async fn watch_tickets(&self, request: Request<pb::WatchTicketsRequest>) -> Answer<Self::WatchTicketsStream> {
        let (after, ticket) = convert::watch(request.get_ref()).map_err(refused)?;
        let items = self.app.watch_tickets(after, ticket).await.map_err(refused)?;
        Ok(Response::new(Box::pin(items.map(|item| item.map_err(refused)))))
    }

    async fn list_ticket_history(
        &self,
        request: Request<pb::ListTicketHistoryRequest>,
    ) -> Answer<pb::ListTicketHistoryResponse> {
        let list = convert::history(request.get_ref())?;
        let (changes, last) = self.app.list_ticket_history(&list.page).await.map_err(refused)?;
        Ok(Response::new(pb::ListTicketHistoryResponse { changes, next_page_token: list.next_token(last) }))
    }

    async fn get_journey(&self, request: Request<pb::GetJourneyRequest>) -> Answer<pb::Journey> {
        let call = Call::of(&request);
        let (traveller, from) = convert::journey(request.get_ref()).map_err(refused)?;
        self.app.get_journey(&call, traveller, from).await.map(Response::new).map_err(refused)
    }
}
