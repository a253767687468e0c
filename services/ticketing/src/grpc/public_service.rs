//! PublicService: convert, call, convert.

use tonic::{Request, Response};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::public_service_server::PublicService;

use super::{Answer, change, convert, refused};
use crate::usecase::Ticketing;

/// The gRPC face of what customers do with key and proof.
#[derive(Clone)]
pub struct Public {
    app: Ticketing,
}

impl Public {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl PublicService for Public {
    async fn get_public_affair(&self, request: Request<pb::GetPublicAffairRequest>) -> Answer<pb::PublicAffair> {
        let asked = convert::read_public(request.get_ref())?;
        let (affair, oldest) = self.app.get_public_affair(&asked.shown, asked.before).await.map_err(refused)?;
        Ok(Response::new(pb::PublicAffair { next_page_token: asked.next_token(oldest), ..affair }))
    }

    async fn add_public_message(&self, request: Request<pb::AddPublicMessageRequest>) -> Answer<pb::PublicAct> {
        let run = |app: Ticketing, call, (shown, text, key)| async move {
            app.add_public_message(&call, shown, text, key).await
        };
        change(&self.app, request, convert::say_public, run).await
    }

    async fn accept_public_answer(&self, request: Request<pb::AcceptPublicAnswerRequest>) -> Answer<pb::PublicAct> {
        let run = |app: Ticketing, call, (shown, etag, key)| async move {
            app.accept_public_answer(&call, shown, etag, key).await
        };
        change(&self.app, request, convert::accept_public, run).await
    }

    async fn object_to_public_answer(
        &self,
        request: Request<pb::ObjectToPublicAnswerRequest>,
    ) -> Answer<pb::PublicAct> {
        let run = |app: Ticketing, call, (shown, objection, key)| async move {
            app.object_to_public_answer(&call, shown, objection, key).await
        };
        change(&self.app, request, convert::object_public, run).await
    }

    async fn answer_public_survey(&self, request: Request<pb::AnswerPublicSurveyRequest>) -> Answer<pb::PublicAct> {
        let run = |app: Ticketing, call, (shown, said, key)| async move {
            app.answer_public_survey(&call, shown, said, key).await
        };
        change(&self.app, request, convert::survey_public, run).await
    }

    async fn locate_ticket(&self, request: Request<pb::LocateTicketRequest>) -> Answer<pb::LocatedTicket> {
        let request = request.get_ref();
        let shown = convert::shown(&request.tracking_key, &request.proof).map_err(refused)?;
        self.app.locate_ticket(&shown).await.map(Response::new).map_err(refused)
    }

    async fn get_keypad_status(&self, request: Request<pb::GetKeypadStatusRequest>) -> Answer<pb::PublicStatus> {
        let (key, proof, language) = convert::keypad(request.get_ref()).map_err(refused)?;
        self.app.get_keypad_status(&key, &proof, language).await.map(Response::new).map_err(refused)
    }
}
