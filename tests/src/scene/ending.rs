//! How an affair ends: it is answered and accepted, and the customer is asked what they thought.

use tonic::Status;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Channel, Direction};

use super::affair::{Affair, SAID};

impl Affair<'_> {
    /// What was missing is sent, the second point answered, the promise kept, and the customer accepts what came of it.
    pub async fn settle(&self, ticket: &str, promise: &ticketing::Promise) -> Result<ticketing::Ticket, Status> {
        let mut tickets = self.cast.agent.tickets.clone();
        let (name, request_id) = (|| ticket.to_owned(), || self.scene.request_id());
        let keep = ticketing::SettlePromiseRequest {
            name: promise.name.clone(),
            state: ticketing::PromiseState::Kept.into(),
            etag: promise.etag.clone(),
            request_id: request_id(),
            ..Default::default()
        };
        tickets.settle_promise(keep).await?;
        let etag = self.be_completed(ticket).await?.etag;
        let answer = ticketing::AnswerClaimPointRequest {
            name: name(),
            claim_point: "p2".to_owned(),
            answer: format!("Los correos llegaron a un buzón que ya no se lee desde junio, vaya {}", SAID[7]),
            etag,
            request_id: request_id(),
            occurred_time: None,
        };
        let etag = tickets.answer_claim_point(answer).await?.into_inner().etag;
        let resolve = ticketing::ResolveTicketRequest {
            name: name(),
            resolution: "Se devuelve la cuota de octubre y se corrige la dirección de contacto".to_owned(),
            etag,
            request_id: request_id(),
            occurred_time: None,
        };
        let etag = tickets.resolve_ticket(resolve).await?.into_inner().etag;
        let close = ticketing::CloseTicketRequest {
            name: name(),
            reason: ticketing::CloseReason::AcceptedByCustomer.into(),
            etag,
            request_id: request_id(),
            occurred_time: None,
        };
        // That they accept they say themselves, and somebody who did not answer writes it down.
        self.say_by_mail(ticket, "De acuerdo con la respuesta").await?;
        let closed = self.cast.supervisor.tickets.clone().close_ticket(close).await?.into_inner();
        let asked = self.be_asked(ticket).await?;
        self.say_what_it_was_like(asked).await?;
        Ok(closed)
    }

    /// The customer is asked for what is missing, and sends it.
    async fn be_completed(&self, ticket: &str) -> Result<ticketing::Ticket, Status> {
        let mut tickets = self.cast.agent.tickets.clone();
        let get = ticketing::GetTicketRequest { name: ticket.to_owned() };
        let found = tickets.get_ticket(get.clone()).await?.into_inner();
        let ask = ticketing::RequestCureRequest {
            parent: found.name.clone(),
            cure: Some(ticketing::CureRequest {
                missing: format!("El extracto de octubre en que aparece {}", SAID[18]),
                channel: Channel::Email.into(),
                ..Default::default()
            }),
            etag: found.etag,
            request_id: self.scene.request_id(),
        };
        tickets.request_cure(ask).await?;
        self.say_by_mail(&found.name, "Aquí va el extracto que piden").await?;
        Ok(tickets.get_ticket(get).await?.into_inner())
    }

    /// The customer writes.
    pub async fn say_by_mail(&self, ticket: &str, body: &str) -> Result<ticketing::Message, Status> {
        let message = ticketing::Message {
            direction: Direction::Inbound.into(),
            visibility: ticketing::MessageVisibility::Public.into(),
            channel: Channel::Email.into(),
            body: body.to_owned(),
            ..Default::default()
        };
        let send = ticketing::AddMessageRequest {
            parent: ticket.to_owned(),
            message: Some(message),
            request_id: self.scene.request_id(),
            occurred_time: None,
        };
        Ok(self.cast.agent.tickets.clone().add_message(send).await?.into_inner())
    }

    /// An agent of billing is put to work.
    pub async fn be_hired(&self) -> Result<ticketing::Agent, Status> {
        let agent = ticketing::Agent {
            name: "agents/agent-7".to_owned(),
            department: "billing".to_owned(),
            capacity: 20,
            ..Default::default()
        };
        let put = ticketing::PutAgentRequest { agent: Some(agent), request_id: self.scene.request_id() };
        Ok(self.cast.supervisor.team.clone().put_agent(put).await?.into_inner())
    }

    /// What troubles the customer troubles many.
    pub async fn be_one_of_many(&self, ticket: &str) -> Result<ticketing::Incident, Status> {
        let mut incidents = self.cast.supervisor.incidents.clone();
        let incident = ticketing::Incident {
            title: "Cuotas dobles en la remesa de octubre".to_owned(),
            department: "billing".to_owned(),
            ..Default::default()
        };
        let open = ticketing::OpenIncidentRequest { incident: Some(incident), request_id: self.scene.request_id() };
        let opened = incidents.open_incident(open).await?.into_inner();
        let add = ticketing::AddAffectedRequest {
            name: opened.name,
            tickets: vec![ticket.to_owned()],
            request_id: self.scene.request_id(),
        };
        Ok(incidents.add_affected(add).await?.into_inner().incident.unwrap_or_default())
    }

    /// A question that is answered at once, and the customer is asked what they thought of that.
    pub async fn be_answered_at_once(
        &self,
        customer: &str,
    ) -> Result<(ticketing::Survey, ticketing::CreateTicketResponse), Status> {
        let mut tickets = self.cast.agent.tickets.clone();
        let mut question = self.complaint(customer, "");
        if let Some(ticket) = &mut question.ticket {
            ticket.ticket_type = ticketing::TicketType::Consulta.into();
            ticket.claim_points.clear();
        }
        let opened = tickets.create_ticket(question).await?.into_inner();
        let asked = opened.ticket.clone().unwrap_or_default();
        let start = ticketing::StartTicketRequest {
            name: asked.name.clone(),
            etag: asked.etag,
            request_id: self.scene.request_id(),
            occurred_time: None,
        };
        let started = tickets.start_ticket(start).await?.into_inner();
        let resolve = ticketing::ResolveTicketRequest {
            name: started.name,
            resolution: "El cargo aparece el día tres de cada mes, en la cuenta que consta en el contrato".to_owned(),
            etag: started.etag,
            request_id: self.scene.request_id(),
            occurred_time: None,
        };
        tickets.resolve_ticket(resolve).await?;
        Ok((self.be_asked(&asked.name).await?, opened))
    }

    /// The customer is asked by text message what they thought.
    async fn be_asked(&self, ticket: &str) -> Result<ticketing::Survey, Status> {
        let ask = ticketing::AskSurveyRequest {
            parent: ticket.to_owned(),
            survey: Some(ticketing::Survey { channel: Channel::Sms.into(), ..Default::default() }),
            request_id: self.scene.request_id(),
            occurred_time: None,
        };
        Ok(self.cast.ivr.tickets.clone().ask_survey(ask).await?.into_inner())
    }

    /// The customer tells the voice response system what they thought.
    async fn say_what_it_was_like(&self, asked: ticketing::Survey) -> Result<ticketing::Survey, Status> {
        let said = ticketing::SurveyAnswer {
            channel: Channel::Phone.into(),
            csat: Some(4),
            causes: vec![ticketing::SatisfactionCause::Outcome.into()],
            verbatim: format!("Al final bien, aunque pareciera cosa de {}", SAID[17]),
            ..Default::default()
        };
        let answer = ticketing::AnswerSurveyRequest {
            name: asked.name,
            answer: Some(said),
            etag: asked.etag,
            request_id: self.scene.request_id(),
            occurred_time: None,
        };
        Ok(self.cast.ivr.tickets.clone().answer_survey(answer).await?.into_inner())
    }
}
