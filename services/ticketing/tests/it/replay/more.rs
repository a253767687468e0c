//! What is played besides the verbs of an affair itself: promises and how they end, links, macros, drafts, steps, turns, and the end of what was not completed.

use std::time::Duration;

use jiff::SignedDuration;
use kernel::Role;
use testkit::eventually;
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::desk_service_client::DeskServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Direction, Language, LocalizedText};

use super::{Done, Play};
use crate::desk::draft_name;
use crate::world::{fresh_id, get, promise_request, time};

const LIMIT: Duration = Duration::from_secs(20);
const MACRO: &str = "macros/pedimos-lectura";

impl Play {
    /// Keeps a macro that holds what it is applied to.
    pub(super) async fn keep_macro(&self) {
        let kept = pb::Macro {
            name: MACRO.into(),
            title: "Pedimos la lectura".into(),
            department: "billing".into(),
            visibility: pb::MessageVisibility::Public.into(),
            texts: vec![LocalizedText { language: Language::Es.into(), text: "Hemos pedido la lectura.".into() }],
            change: Some(pb::r#macro::Change::Hold(pb::HoldChange { reason: "awaiting_meter_reading".into() })),
            ..Default::default()
        };
        let request = pb::PutMacroRequest { r#macro: Some(kept), request_id: fresh_id() };
        self.desk(Role::Supervisor).put_macro(request).await.unwrap();
    }

    fn desk(&self, role: Role) -> DeskServiceClient<testkit::Client> {
        DeskServiceClient::new(self.beside.world.served.channel_as("u-9", &[role], Some("billing")))
    }

    /// What is promised in an affair, and how that ends.
    pub(super) async fn promises(&mut self, ticket: pb::Ticket, face: usize) -> Done {
        use pb::PromiseState as S;
        let about = ticket.name.clone();
        let mut agent = self.beside.world.agent();
        let list = pb::ListPromisesRequest { parent: ticket.name.clone(), ..Default::default() };
        let running = agent.list_promises(list).await.unwrap().into_inner().promises;
        let running: Vec<_> = running.into_iter().filter(|one| matches!(one.state(), S::Made | S::AtRisk)).collect();
        if face < 3 || running.is_empty() {
            let mut request = promise_request(&ticket.name, &self.some_day());
            let promise = request.promise.as_mut().unwrap();
            let kind =
                self.dice.one_of(&[pb::PromiseKind::Resolution, pb::PromiseKind::Callback, pb::PromiseKind::Other]);
            promise.kind = kind.into();
            if kind == pb::PromiseKind::Callback {
                promise.window_start_time = time("2026-11-23T09:30:00Z");
            }
            let before = self.dice.one_of(&[true, false]);
            if let Some(first) = running.first().filter(|first| before && first.kind() == kind) {
                promise.replaces.clone_from(&first.name);
            }
            return Done { method: "MakePromise", about, outcome: agent.make_promise(request).await.map(|_| ()) };
        }
        let promise = self.dice.one_of(&running);
        if promise.kind() == pb::PromiseKind::Callback && face < 6 {
            let outcome = self.dice.one_of(&[pb::AttemptOutcome::NoAnswer, pb::AttemptOutcome::Reached]);
            let request = pb::AttemptPromiseRequest {
                name: promise.name,
                outcome: outcome.into(),
                etag: promise.etag,
                request_id: fresh_id(),
                occurred_time: None,
            };
            return Done { method: "AttemptPromise", about, outcome: agent.attempt_promise(request).await.map(|_| ()) };
        }
        let state = self.dice.one_of(&[S::Kept, S::BrokenAnnounced, S::BrokenSilent]);
        let request = pb::SettlePromiseRequest {
            name: promise.name,
            state: state.into(),
            cause: if state == S::BrokenAnnounced { "El técnico está de baja".into() } else { String::new() },
            etag: promise.etag,
            request_id: fresh_id(),
            occurred_time: None,
        };
        Done { method: "SettlePromise", about, outcome: agent.settle_promise(request).await.map(|_| ()) }
    }

    /// A day that nothing else is promised by.
    fn some_day(&self) -> String {
        let second = self.known.len() % 3_600;
        format!("2027-03-01T10:{:02}:{:02}Z", second / 60, second % 60)
    }

    /// Affairs become one, one after the other, an answer is promised in what they go on in after each, and they come apart in another order.
    pub(super) async fn come_apart(&mut self) {
        let mut agent = self.beside.world.agent();
        let mut all = Vec::new();
        for _ in 0..5 {
            let done = self.create().await;
            all.push(done.about.clone());
            self.after(done).await;
        }
        for (from, into) in [(0, 1), (1, 2), (2, 3), (4, 3)] {
            let (from, into) = (get(&mut agent, &all[from]).await, get(&mut agent, &all[into]).await);
            let (about, head) = (from.name.clone(), into.name.clone());
            let request = pb::MergeTicketRequest {
                name: from.name,
                into: into.name,
                reason: "same_invoice".into(),
                etag: from.etag,
                request_id: fresh_id(),
                into_etag: into.etag,
            };
            let outcome = self.relations(Role::Agent).merge_ticket(request).await.map(|_| ());
            self.after(Done { method: "MergeTicket", about, outcome }).await;
            let mut request = promise_request(&head, &self.some_day());
            request.promise.as_mut().unwrap().kind = pb::PromiseKind::Resolution.into();
            let outcome = agent.make_promise(request).await.map(|_| ());
            self.after(Done { method: "MakePromise", about: head, outcome }).await;
        }
        for out in [1, 0, 4, 2] {
            let (ticket, reason) = (get(&mut agent, &all[out]).await, "another_contract".to_owned());
            let (about, name, etag) = (ticket.name.clone(), ticket.name, ticket.etag);
            let request = pb::UnmergeTicketRequest { name, etag, reason, request_id: fresh_id() };
            let outcome = self.relations(Role::Agent).unmerge_ticket(request).await.map(|_| ());
            self.after(Done { method: "UnmergeTicket", about, outcome }).await;
        }
    }

    pub(super) async fn after(&mut self, done: Done) {
        self.hold(done).await;
        self.beside.world.advance(SignedDuration::from_mins(7));
    }

    /// Links, turns, steps of a map, drafts, and what a macro says and does.
    pub(super) async fn besides(&mut self, ticket: pb::Ticket, face: usize) -> Done {
        let about = ticket.name.clone();
        let mut relations = self.relations(Role::Agent);
        match face {
            0 | 1 => {
                let kind = self.dice.one_of(&[pb::TicketLinkKind::ParentOf, pb::TicketLinkKind::CausedBy]);
                let link =
                    pb::TicketLink { kind: kind.into(), to_ticket: self.ticket().await.name, ..Default::default() };
                let request = pb::LinkTicketsRequest { parent: ticket.name, link: Some(link), request_id: fresh_id() };
                let outcome = relations.link_tickets(request).await.map(|_| ());
                Done { method: "LinkTickets", about, outcome }
            }
            2 => {
                let (mut about, mut found) = (about, None);
                for parent in &self.tickets {
                    let list =
                        pb::ListTicketLinksRequest { parent: parent.clone(), page_size: 100, ..Default::default() };
                    let links = relations.list_ticket_links(list).await.unwrap().into_inner().links;
                    let said = |link: &pb::TicketLink| {
                        matches!(link.kind(), pb::TicketLinkKind::ParentOf | pb::TicketLinkKind::CausedBy)
                    };
                    let open =
                        |link: &pb::TicketLink| link.name.starts_with(parent.as_str()) && link.end_time.is_none();
                    if let Some(link) = links.into_iter().find(|link| said(link) && open(link)) {
                        (about, found) = (parent.clone(), Some(link));
                    }
                }
                let outcome = match found {
                    Some(link) => {
                        let (name, reason) = (link.name, "not_a_part".to_owned());
                        let request = pb::UnlinkTicketsRequest { name, reason, request_id: fresh_id() };
                        relations.unlink_tickets(request).await.map(|_| ())
                    }
                    None => Err(Status::not_found("it has no link")),
                };
                Done { method: "UnlinkTickets", about, outcome }
            }
            4 => {
                let mut maps = self.maps(Role::Agent);
                let step = self.dice.one_of(&["look", "correct", "nowhere"]).to_owned();
                let (name, etag, request_id) = (ticket.name, ticket.etag, fresh_id());
                let request = pb::EnterStepRequest { name, step, etag, request_id, occurred_time: None };
                Done { method: "EnterStep", about, outcome: maps.enter_step(request).await.map(|_| ()) }
            }
            5 => self.send_draft(ticket).await,
            3 => {
                let who = self.dice.one_of(&["u-9", "chief"]);
                let mut team = self.beside.world.team(who, Role::Agent);
                let taken = team.take_next_ticket(pb::TakeNextTicketRequest { request_id: fresh_id() }).await;
                match taken.map(|taken| taken.into_inner().ticket) {
                    Ok(Some(taken)) => Done { method: "TakeNextTicket", about: taken.name, outcome: Ok(()) },
                    Ok(None) => {
                        Done { method: "TakeNextTicket", about, outcome: Err(Status::not_found("nothing waits")) }
                    }
                    Err(refused) => Done { method: "TakeNextTicket", about, outcome: Err(refused) },
                }
            }
            _ => {
                let request = pb::ApplyMacroRequest {
                    name: MACRO.into(),
                    ticket: ticket.name,
                    etag: ticket.etag,
                    request_id: fresh_id(),
                    ..Default::default()
                };
                let outcome = self.desk(Role::Agent).apply_macro(request).await.map(|_| ());
                Done { method: "ApplyMacro", about, outcome }
            }
        }
    }

    /// Writes something down for later, and says it.
    async fn send_draft(&self, ticket: pb::Ticket) -> Done {
        let message = pb::Message {
            direction: Direction::Outbound.into(),
            visibility: pb::MessageVisibility::Public.into(),
            channel: Channel::Email.into(),
            body: "Mañana le decimos algo.".into(),
            ..Default::default()
        };
        let (about, name) = (ticket.name.clone(), draft_name("u-9", &ticket.name));
        let mut desk = self.desk(Role::Agent);
        // One that could not be sent before is there yet.
        let kept = desk.get_draft(pb::GetDraftRequest { name: name.clone() }).await;
        let etag = match kept {
            Ok(kept) => kept.into_inner().etag,
            Err(_) => {
                let draft = pb::Draft { name: name.clone(), message: Some(message), ..Default::default() };
                let put = pb::PutDraftRequest { draft: Some(draft), request_id: fresh_id() };
                desk.put_draft(put).await.map(|put| put.into_inner().etag).unwrap_or_default()
            }
        };
        let send = pb::SendDraftRequest { name, etag, request_id: fresh_id() };
        Done { method: "SendDraft", about, outcome: desk.send_draft(send).await.map(|_| ()) }
    }

    /// Customers are asked to complete what is worked on, and let their time go by; what becomes of that is decided.
    pub(super) async fn end_uncured(&mut self) {
        for name in self.tickets.clone() {
            let ticket = get(&mut self.beside.world.agent(), &name).await;
            if ticket.state() == pb::TicketState::InProgress && ticket.merged_into.is_empty() {
                let done = self.ask_for("La copia del DNI.", ticket).await;
                self.hold(done).await;
            }
        }
        self.let_time_go_by().await;
        for name in self.tickets.clone() {
            let ticket = get(&mut self.beside.world.agent(), &name).await;
            if ticket.state_reason == "cure_window_over" && ticket.merged_into.is_empty() {
                let request =
                    pb::ResolveUncuredRequest { name: name.clone(), etag: ticket.etag, request_id: fresh_id() };
                let outcome = self.beside.world.agent().resolve_uncured(request).await.map(|_| ());
                self.hold(Done { method: "ResolveUncured", about: name, outcome }).await;
            }
        }
    }

    /// Asks a customer to complete their affair.
    pub(super) async fn ask_for(&self, missing: &str, ticket: pb::Ticket) -> Done {
        let cure =
            pb::CureRequest { missing: missing.to_owned(), channel: Channel::Email.into(), ..Default::default() };
        let about = ticket.name.clone();
        let request =
            pb::RequestCureRequest { parent: ticket.name, cure: Some(cure), etag: ticket.etag, request_id: fresh_id() };
        let outcome = self.beside.world.agent().request_cure(request).await.map(|_| ());
        Done { method: "RequestCure", about, outcome }
    }

    /// Who was asked to complete theirs and says nothing lets their time go by.
    pub(super) async fn let_time_go_by(&mut self) {
        let world = &self.beside.world;
        world.advance(SignedDuration::from_hours(24 * 40));
        for name in &self.tickets {
            eventually(LIMIT, || {
                let mut agent = world.agent();
                async move {
                    let ticket = get(&mut agent, name).await;
                    if ticket.cure.is_empty() { Ok(()) } else { Err(ticket.cure) }
                }
            })
            .await;
        }
        // What the house did by itself meanwhile is nobody's command.
        self.known = self.written().await.into_iter().map(|(id, ..)| id).collect();
    }
}
