//! What is done to an affair besides the work on it: what its customer does on the public page, what is told, cited and granted, what is changed with others,
//! and what is brought from another system.

use kernel::Role;
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::Language;

use super::{Done, Play};
use crate::world::{ANSWER, OTHER_ANSWER, complaint, create_request, fresh_id, get};
use crate::{articles, import_tickets, incidents, public, public_survey, redresses};

impl Play {
    /// One affair is told of, cited, changed, answered, objected to, answered again and accepted; another is brought.
    pub(super) async fn outside(&mut self) {
        let world = &self.beside.world;
        articles::put(&mut world.articles("ana", Role::Agent), articles::meter()).await.unwrap();
        redresses::put(&mut world.redress("boss", Role::Supervisor), redresses::credit()).await.unwrap();
        // What the house keeps is nobody's affair.
        self.known.extend(self.written().await.into_iter().map(|(id, ..)| id));
        let opened = self.beside.world.agent().create_ticket(create_request(complaint())).await.unwrap().into_inner();
        let name = opened.ticket.as_ref().unwrap().name.clone();
        self.tickets.push(name.clone());
        self.did("CreateTicket", &name, Ok(())).await;
        self.is_told_and_cited(&name).await;
        self.is_granted(&name).await;
        self.is_changed_with_others(&name).await;
        self.is_answered_in_public(&opened).await;
        self.is_brought().await;
    }

    async fn did(&mut self, method: &'static str, about: &str, outcome: Result<(), Status>) {
        assert!(outcome.is_ok(), "{method}: {outcome:?}");
        self.after(Done { method, about: about.to_owned(), outcome }).await;
    }

    async fn is_told_and_cited(&mut self, name: &str) {
        let cited = articles::cite(&mut self.beside.world.articles("ana", Role::Agent), name, "lectura").await;
        self.did("CiteArticle", name, cited.map(|_| ())).await;
        let (mut desk, incident) = (self.incidents(Role::Supervisor), self.incident.clone());
        let add =
            pb::AddAffectedRequest { name: incident.clone(), tickets: vec![name.to_owned()], request_id: fresh_id() };
        let added = desk.add_affected(add).await;
        self.did("AddAffected", name, added.map(|_| ())).await;
        let known = desk.get_incident(pb::GetIncidentRequest { name: incident.clone() }).await.unwrap().into_inner();
        let text = pb::IncidentText { language: Language::Es.into(), text: "Buscamos la causa.".into() };
        let tell = pb::TellAffectedRequest {
            parent: incident.clone(),
            update: Some(pb::IncidentUpdate { texts: vec![text], ..Default::default() }),
            etag: known.etag.clone(),
            request_id: fresh_id(),
        };
        let told = desk.tell_affected(tell).await;
        // Each affair is told beside the call.
        incidents::all_told(&desk, &known).await;
        self.did("TellAffected", &incident, told.map(|_| ())).await;
    }

    async fn is_granted(&mut self, name: &str) {
        let ticket = get(&mut self.beside.world.agent(), name).await;
        let mut ana = self.beside.world.redress("ana", Role::Agent);
        let mut boss = self.beside.world.redress("boss", Role::Supervisor);
        let proposed = redresses::propose(&mut ana, &ticket, "redressItems/credit", redresses::euros(5_000)).await;
        self.did("ProposeRedress", name, proposed.as_ref().map(|_| ()).map_err(Clone::clone)).await;
        let decided = redresses::decide(&mut boss, &proposed.unwrap(), None).await;
        self.did("DecideRedress", name, decided.as_ref().map(|_| ()).map_err(Clone::clone)).await;
        let given = redresses::give(&mut boss, &decided.unwrap()).await;
        self.did("GiveRedress", name, given.map(|_| ())).await;
    }

    async fn is_changed_with_others(&mut self, name: &str) {
        let ticket = get(&mut self.beside.world.agent(), name).await;
        let over = pb::TransferChange {
            to_department: "network-ops".into(),
            handover: "Falta el router".into(),
            reason: "needs_specialist".into(),
            ..Default::default()
        };
        let request = pb::ChangeTicketsRequest {
            tickets: vec![pb::ChangedTicket { name: ticket.name, etag: ticket.etag }],
            change: Some(pb::change_tickets_request::Change::Transfer(over)),
            request_id: fresh_id(),
        };
        let changed = self.beside.world.finder("ana", Role::Agent).change_tickets(request).await;
        self.did("ChangeTickets", name, changed.map(|_| ())).await;
    }

    /// Its customer writes, is answered, objects, is answered again, says how it was and accepts.
    async fn is_answered_in_public(&mut self, opened: &pb::CreateTicketResponse) {
        let name = opened.ticket.as_ref().unwrap().name.clone();
        let mut anybody = public::anybody(&self.beside.world);
        let written = anybody.add_public_message(public::speaking(opened, "Sigo sin línea.")).await;
        self.did("AddPublicMessage", &name, written.map(|_| ())).await;
        let mut agent = self.beside.world.agent();
        let ticket = get(&mut agent, &name).await;
        let done = self.move_on(ticket, 0).await;
        self.after(done).await;
        for (point, text) in [("p1", ANSWER), ("p2", OTHER_ANSWER)] {
            let ticket = get(&mut agent, &name).await;
            let (claim_point, answer) = (point.to_owned(), text.to_owned());
            let request = pb::AnswerClaimPointRequest {
                name: name.clone(),
                claim_point,
                answer,
                etag: ticket.etag,
                request_id: fresh_id(),
                ..Default::default()
            };
            let answered = agent.answer_claim_point(request).await;
            self.did("AnswerClaimPoint", &name, answered.map(|_| ())).await;
        }
        self.is_resolved(&name).await;
        let shown = public::affair(&self.beside.world, opened).await.unwrap();
        let objected = anybody.object_to_public_answer(public::objecting(opened, &shown.etag)).await;
        self.did("ObjectToPublicAnswer", &name, objected.map(|_| ())).await;
        self.is_resolved(&name).await;
        let ticket = get(&mut agent, &name).await;
        let asked = self.talk(ticket, 5).await;
        self.after(asked).await;
        let survey = agent.get_survey(pb::GetSurveyRequest { name: format!("{name}/survey") }).await.unwrap();
        let said = public_survey::said(opened, &survey.into_inner().etag);
        let said = anybody.answer_public_survey(said).await;
        self.did("AnswerPublicSurvey", &name, said.map(|_| ())).await;
        let shown = public::affair(&self.beside.world, opened).await.unwrap();
        let accepted = anybody.accept_public_answer(public::accepting(opened, &shown.etag)).await;
        self.did("AcceptPublicAnswer", &name, accepted.map(|_| ())).await;
    }

    async fn is_resolved(&mut self, name: &str) {
        let ticket = get(&mut self.beside.world.agent(), name).await;
        let done = self.move_on(ticket, 6).await;
        assert!(done.outcome.is_ok(), "{:?}", done.outcome);
        self.after(done).await;
    }

    async fn is_brought(&mut self) {
        let mut importer = self.beside.world.as_role(Role::Importer);
        let request = import_tickets::request(vec![import_tickets::affair("A-1")]);
        let brought = importer.import_tickets(request).await.unwrap().into_inner().tickets.remove(0).ticket;
        self.tickets.push(brought.clone());
        self.did("ImportTickets", &brought, Ok(())).await;
    }
}
