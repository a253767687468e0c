//! How an affair is filed anew, taken apart and put together again.

use tonic::Status;
use ventanilla_proto::ticketing::v1 as ticketing;

use super::affair::{Affair, SAID};

impl Affair<'_> {
    /// The customer claims one thing more, which another department answers in an affair of its own, a part of this one; in the end both are
    /// answered together. Gives what the one is to the other.
    pub async fn be_taken_apart(&self, ticket: &str) -> Result<ticketing::TicketLink, Status> {
        let (mut tickets, mut relations) = (self.cast.agent.tickets.clone(), self.cast.agent.relations.clone());
        let request_id = || self.scene.request_id();
        let get = |name: &str| ticketing::GetTicketRequest { name: name.to_owned() };
        let found = tickets.get_ticket(get(ticket)).await?.into_inner();
        let text = format!("Además, en la tienda me llamaron {}", SAID[19]);
        let file = ticketing::ReclassifyTicketRequest {
            name: found.name.clone(),
            ticket_type: found.ticket_type,
            severity: ticketing::Severity::High.into(),
            sector: found.sector,
            topic: found.topic,
            claim_points: vec![ticketing::ClaimPoint { text, ..Default::default() }],
            reason: "claims_more".to_owned(),
            etag: found.etag,
            request_id: request_id(),
            ..Default::default()
        };
        let filed = relations.reclassify_ticket(file).await?.into_inner();
        let last = filed.claim_points.last().map(|point| point.id.clone()).unwrap_or_default();
        let split = ticketing::SplitTicketRequest {
            name: filed.name.clone(),
            claim_points: vec![last],
            subject: format!("El trato en la tienda, con {}", SAID[20]),
            department: "customer-service".to_owned(),
            reason: "another_department".to_owned(),
            etag: filed.etag,
            request_id: request_id(),
            ..Default::default()
        };
        let part = relations.split_ticket(split).await?.into_inner().ticket.unwrap_or_default();
        let answer = ticketing::AnswerClaimPointRequest {
            name: part.name.clone(),
            claim_point: "p1".to_owned(),
            answer: "Hablamos con la tienda; quien la atendió le pide disculpas por escrito".to_owned(),
            etag: part.etag,
            request_id: request_id(),
            occurred_time: None,
        };
        let part = tickets.answer_claim_point(answer).await?.into_inner();
        let link = ticketing::TicketLink {
            kind: ticketing::TicketLinkKind::ParentOf.into(),
            to_ticket: part.name.clone(),
            ..Default::default()
        };
        let say =
            ticketing::LinkTicketsRequest { parent: filed.name.clone(), link: Some(link), request_id: request_id() };
        let said = relations.link_tickets(say).await?.into_inner();
        let whole = tickets.get_ticket(get(ticket)).await?.into_inner();
        let merge = ticketing::MergeTicketRequest {
            name: part.name,
            into: whole.name,
            reason: "answered_together".to_owned(),
            etag: part.etag,
            into_etag: whole.etag,
            request_id: request_id(),
        };
        relations.merge_ticket(merge).await?;
        Ok(said)
    }
}
