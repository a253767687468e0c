//! What is held of every affair, whatever is done to it by whom in which order: each accepted command appends what its comment in the contract says, each refused
//! one nothing, and the ledger alone rebuilds what GetTicket answers.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::SignedDuration;
use kernel::Role;
use tonic::Status;
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::ledger::v1::WatchRequest;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::watch_response::Item;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::characteristic_service_client::CharacteristicServiceClient;
use ventanilla_proto::ticketing::v1::incident_service_client::IncidentServiceClient;
use ventanilla_proto::ticketing::v1::learning_service_client::LearningServiceClient;
use ventanilla_proto::ticketing::v1::process_service_client::ProcessServiceClient;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::ticketing::v1::team_service_client::TeamServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Direction};
use ventanilla_ticketing::replay::rebuilt;

use crate::characteristics::{facts, invoices};
use crate::processes::process;
use crate::request_cure::Counted;
use crate::world::{ANSWER, OTHER_ANSWER, World, complaint, create_request, fresh_id, get, time};

mod more;
mod outside;
mod owed;
mod promised;

use promised::{commands, promised};

const LIMIT: Duration = Duration::from_secs(20);
/// Each is another play.
const SEEDS: [u64; 3] = [2_026, 2_027, 2_028];
const STEPS: usize = 300;
const MOST_TICKETS: usize = 18;

/// Numbers that look like chance and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, faces: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(faces).unwrap()).unwrap()
    }

    fn one_of<T: Clone>(&mut self, faces: &[T]) -> T {
        faces[self.throw(faces.len())].clone()
    }
}

/// A ledger as a service follows it, personal parts included, up to this position.
pub async fn ledger(world: &World, head: i64) -> Vec<Entry> {
    let mut client = LedgerServiceClient::new(world.served.channel(Role::Service));
    let mut stream = client.watch(WatchRequest { after_position: 0 }).await.unwrap().into_inner();
    let mut entries = Vec::new();
    while i64::try_from(entries.len()).unwrap() < head {
        let next = tokio::time::timeout(LIMIT, stream.message());
        let item = next.await.expect("the stream goes on").unwrap().expect("the stream does not end");
        entries.extend(match item.item {
            Some(Item::Entry(entry)) => Some(entry),
            _ => None,
        });
    }
    entries
}

/// What was done last, as far as it is held against the contract.
struct Done {
    method: &'static str,
    /// Whom the first entry is about.
    about: String,
    outcome: Result<(), Status>,
}

struct Play {
    beside: Counted,
    dice: Dice,
    tickets: Vec<String>,
    incident: String,
    admin: sqlx::PgPool,
    known: HashSet<uuid::Uuid>,
    promised: BTreeMap<String, Vec<String>>,
    accepted: BTreeMap<&'static str, usize>,
    refused: usize,
}

macro_rules! clients {
    ($($name:ident: $client:ident),+ $(,)?) => {
        impl Play {
            $(fn $name(&self, role: Role) -> $client<testkit::Client> {
                $client::new(self.beside.world.served.channel_as("u-9", &[role], Some("billing")))
            })+
        }
    };
}

clients! {
    relations: RelationServiceClient,
    learning: LearningServiceClient,
    incidents: IncidentServiceClient,
    team: TeamServiceClient,
    characteristics: CharacteristicServiceClient,
    maps: ProcessServiceClient,
}

/// A verb on a ticket with these further fields.
macro_rules! verb {
    ($client:expr, $call:ident, $request:ident, $ticket:expr $(, $field:ident: $value:expr)*) => {{
        let mut request = pb::$request::default();
        request.name = $ticket.name.clone();
        request.etag = $ticket.etag.clone();
        request.request_id = fresh_id();
        $(request.$field = $value;)*
        $client.$call(request).await.map(|_| ())
    }};
}

impl Play {
    async fn begun(seed: u64) -> Self {
        let beside = Counted::new().await;
        let world = &beside.world;
        world.hired("u-9", |agent| agent.capacity = 50).await;
        world.hired("chief", |agent| (agent.leads, agent.capacity) = (true, 50)).await;
        let admin = world.database.admin().await;
        let mut play = Self {
            admin,
            beside,
            dice: Dice(seed),
            tickets: Vec::new(),
            incident: String::new(),
            known: HashSet::new(),
            promised: promised(),
            accepted: BTreeMap::new(),
            refused: 0,
        };
        let incident = pb::Incident {
            title: "Sin fibra".into(),
            department: "network-ops".into(),
            start_time: time("2026-11-23T07:10:00Z"),
            ..Default::default()
        };
        let request = pb::OpenIncidentRequest { incident: Some(incident), request_id: fresh_id() };
        play.incident = play.incidents(Role::Supervisor).open_incident(request).await.unwrap().into_inner().name;
        let cause = pb::RootCause { name: "causes/meter".into(), title: "Contador".into(), ..Default::default() };
        let request = pb::PutRootCauseRequest { cause: Some(cause), request_id: fresh_id() };
        play.learning(Role::Supervisor).put_root_cause(request).await.unwrap();
        let set = pb::PutCharacteristicSetRequest {
            characteristic_set: Some(invoices("characteristicSets/incidencia")),
            request_id: fresh_id(),
        };
        play.characteristics(Role::Supervisor).put_characteristic_set(set).await.unwrap();
        play.keep_macro().await;
        let mut map = process("invoices", "");
        // What is corrected by word is, wherever the affair stands.
        map.steps.iter_mut().filter(|step| step.id == "correct").for_each(|step| step.situations.clear());
        let map = pb::PutProcessRequest { process: Some(map), request_id: fresh_id() };
        play.maps(Role::Supervisor).put_process(map).await.unwrap();
        play.known = play.written().await.into_iter().map(|(id, ..)| id).collect();
        play
    }

    /// Every entry there is, in the ledger or on its way there.
    async fn written(&self) -> Vec<(uuid::Uuid, String, String)> {
        let statement = "select entry_id, aggregate, type from ticketing.ledger
            union all select entry_id, aggregate, type from ticketing.ledger_inbox";
        // An entry moves from the one to the other in one transaction, and the statement sees one moment.
        sqlx::query_as(statement).fetch_all(&self.admin).await.unwrap()
    }

    async fn ticket(&mut self) -> pb::Ticket {
        let name = self.dice.one_of(&self.tickets);
        let mut ticket = get(&mut self.beside.world.agent(), &name).await;
        if self.dice.throw(12) == 0 {
            // Somebody decided on what is not so any more.
            ticket.etag = "\"1\"".into();
        }
        ticket
    }

    /// Does one thing.
    async fn step(&mut self) {
        self.beside.world.advance(SignedDuration::from_mins(7));
        let done = self.act().await;
        self.hold(done).await;
    }

    /// Holds what was appended against the contract.
    async fn hold(&mut self, Done { method, about, outcome }: Done) {
        let mut appended = Vec::new();
        for (id, aggregate, kind) in self.written().await {
            if self.known.insert(id) {
                appended.push((aggregate, kind.trim_start_matches("ventanilla.ticketing.v1.").to_owned()));
            }
        }
        match outcome {
            Ok(()) => {
                let promised = &self.promised[method];
                let first = promised.first().unwrap_or_else(|| panic!("{method} says nothing of what it appends"));
                let is_there = appended.iter().any(|(aggregate, kind)| *aggregate == about && kind == first);
                assert!(is_there, "{method} was accepted and {first} of {about} is not there: {appended:?}");
                let more: Vec<_> = appended.iter().filter(|(_, kind)| !promised.contains(kind)).collect();
                assert!(more.is_empty(), "{method} appends what its comment does not say: {more:?}");
                *self.accepted.entry(method).or_default() += 1;
            }
            Err(refused) => {
                assert!(appended.is_empty(), "{method} was refused ({}) and appends {appended:?}", refused.message());
                self.refused += 1;
            }
        }
    }

    async fn act(&mut self) -> Done {
        if self.tickets.len() < 4 || (self.tickets.len() < MOST_TICKETS && self.dice.throw(22) == 0) {
            return self.create().await;
        }
        let ticket = self.ticket().await;
        if self.dice.throw(3) == 0 {
            return self.go_on(ticket).await;
        }
        let act: BoxFuture<'_, Done> = match self.dice.throw(9) {
            0 | 1 => {
                let face = self.dice.throw(13);
                Box::pin(self.move_on(ticket, face))
            }
            2 | 3 => {
                let (face, point) = (self.dice.throw(7), self.dice.throw(3) + 1);
                Box::pin(self.file(ticket, face, format!("p{point}")))
            }
            4 | 5 => Box::pin(self.join(ticket)),
            6 => {
                let face = self.dice.throw(9);
                Box::pin(self.promises(ticket, face))
            }
            7 => {
                let face = self.dice.throw(7);
                Box::pin(self.besides(ticket, face))
            }
            _ => {
                let face = self.dice.throw(7);
                Box::pin(self.talk(ticket, face))
            }
        };
        act.await
    }

    /// What an agent would do next, so that affairs come to their ends too; what was not done yet goes before.
    async fn go_on(&mut self, ticket: pb::Ticket) -> Done {
        use pb::TicketState as S;
        let open = ticket.claim_points.iter().find(|point| point.answer.is_empty() && point.moved_to.is_empty());
        let open = open.map(|point| point.id.clone());
        let lacks = |method| !self.accepted.contains_key(method);
        match (ticket.state(), open) {
            (S::Acknowledged, _) if lacks("RejectTicket") => self.move_on(ticket, 10).await,
            (S::Acknowledged, _) => self.move_on(ticket, 0).await,
            (S::InProgress, _) if lacks("WaitForCustomer") => self.move_on(ticket, 2).await,
            (S::InProgress, _) if lacks("HoldTicket") => self.move_on(ticket, 3).await,
            (S::InProgress, _) if lacks("CancelTicket") => self.move_on(ticket, 11).await,
            (S::InProgress, Some(point)) => self.file(ticket, 0, point).await,
            (S::InProgress, None) => self.move_on(ticket, 6).await,
            (S::Pending | S::Held, _) => self.move_on(ticket, 4).await,
            (S::Resolved, _) if lacks("AskSurvey") => self.talk(ticket, 5).await,
            (S::Resolved, _) if lacks("AnswerSurvey") => self.talk(ticket, 6).await,
            (S::Resolved, _) if lacks("ReopenTicket") => self.move_on(ticket, 9).await,
            (S::Resolved, _) => self.move_on(ticket, 8).await,
            _ => self.talk(ticket, 0).await,
        }
    }

    async fn create(&mut self) -> Done {
        let kind = self.dice.one_of(&[pb::TicketType::Reclamacion, pb::TicketType::Queja, pb::TicketType::Incidencia]);
        let mut ticket = pb::Ticket { ticket_type: kind.into(), ..complaint() };
        if self.tickets.len() > 4 && self.dice.throw(3) == 0 {
            ticket.follow_up_of = self.dice.one_of(&self.tickets);
        }
        if kind == pb::TicketType::Incidencia {
            ticket.characteristics = facts(&format!("F-{}", self.tickets.len()));
        }
        ticket.served_first = self.dice.throw(2) == 0;
        let made = self.beside.world.agent().create_ticket(create_request(ticket)).await;
        let about = made.as_ref().map(|made| made.get_ref().ticket.as_ref().unwrap().name.clone()).unwrap_or_default();
        if !about.is_empty() {
            self.tickets.push(about.clone());
        }
        Done { method: "CreateTicket", about, outcome: made.map(|_| ()) }
    }

    /// Verbs that change where it stands.
    async fn move_on(&mut self, ticket: pb::Ticket, face: usize) -> Done {
        let mut agent = self.beside.world.agent();
        let about = ticket.name.clone();
        let (method, outcome) = match face {
            0 | 1 => ("StartTicket", verb!(agent, start_ticket, StartTicketRequest, ticket)),
            2 => {
                let reason = "customer_travels".to_owned();
                ("WaitForCustomer", verb!(agent, wait_for_customer, WaitForCustomerRequest, ticket, reason: reason))
            }
            3 => ("HoldTicket", verb!(agent, hold_ticket, HoldTicketRequest, ticket, reason: "supplier".into())),
            4 | 5 => ("ResumeTicket", verb!(agent, resume_ticket, ResumeTicketRequest, ticket)),
            6 | 7 => {
                ("ResolveTicket", verb!(agent, resolve_ticket, ResolveTicketRequest, ticket, resolution: ANSWER.into()))
            }
            8 if self.dice.throw(3) == 0 => {
                // They say so, and somebody who did not answer closes it.
                self.hear(&ticket.name).await;
                let mut other = self.beside.world.as_role(Role::Supervisor);
                let reason = pb::CloseReason::AcceptedByCustomer.into();
                ("CloseTicket", verb!(other, close_ticket, CloseTicketRequest, ticket, reason: reason))
            }
            8 | 9 => {
                let reason = "customer_objects".to_owned();
                ("ReopenTicket", verb!(agent, reopen_ticket, ReopenTicketRequest, ticket, reason: reason))
            }
            10 => {
                let signpost = "Puede acudir a la Junta Arbitral de Consumo de su comunidad.".to_owned();
                let reject = pb::RejectTicketRequest {
                    name: ticket.name.clone(),
                    reason: "not_our_contract".into(),
                    signpost,
                    explanation: "El contrato es de otra comercializadora desde marzo.".into(),
                    etag: ticket.etag.clone(),
                    request_id: fresh_id(),
                    occurred_time: None,
                };
                ("RejectTicket", agent.reject_ticket(reject).await.map(|_| ()))
            }
            11 if self.dice.throw(2) == 0 => {
                let reason = "withdrawn_by_customer".to_owned();
                let message = self.hear(&ticket.name).await;
                let done = verb!(agent, cancel_ticket, CancelTicketRequest, ticket, reason: reason, message: message);
                ("CancelTicket", done)
            }
            _ => {
                let missing = self.dice.one_of(&["El recibo del banco.", "El contrato.", "El número de la línea."]);
                return self.ask_for(missing, ticket).await;
            }
        };
        Done { method, about, outcome }
    }

    /// The customer says something; the name of the message, or of one that is not there where the affair takes no more.
    async fn hear(&mut self, ticket: &str) -> String {
        let message = pb::Message {
            direction: Direction::Inbound.into(),
            visibility: pb::MessageVisibility::Public.into(),
            channel: Channel::Email.into(),
            body: "Por mí está bien así.".into(),
            ..Default::default()
        };
        let request = pb::AddMessageRequest {
            parent: ticket.to_owned(),
            message: Some(message),
            request_id: fresh_id(),
            occurred_time: None,
        };
        let said = self.beside.world.agent().add_message(request).await;
        // What they say is another call, which is looked at elsewhere.
        self.known.extend(self.written().await.into_iter().map(|(id, ..)| id));
        said.map_or_else(|_| format!("{ticket}/messages/{}", uuid::Uuid::nil()), |said| said.into_inner().name)
    }

    /// What it is filed as, what is claimed, who has it.
    async fn file(&mut self, ticket: pb::Ticket, face: usize, point: String) -> Done {
        let mut agent = self.beside.world.agent();
        let about = ticket.name.clone();
        let (method, outcome) = match face {
            0 => {
                let text = format!("{} ({point})", self.dice.one_of(&[ANSWER, OTHER_ANSWER]));
                let done =
                    verb!(agent, answer_claim_point, AnswerClaimPointRequest, ticket, claim_point: point, answer: text);
                ("AnswerClaimPoint", done)
            }
            1 => {
                let owner = self.dice.one_of(&["", "u-9", "chief"]).to_owned();
                let to = self.dice.one_of(&["billing", "network-ops"]).to_owned();
                let handover = self.dice.one_of(&["Ya mandó el recibo.", "Ya llamó dos veces."]).to_owned();
                let done = verb!(agent, transfer_ticket, TransferTicketRequest, ticket, to_department: to, owner: owner,
                    handover: handover, reason: "needs_specialist".into());
                ("TransferTicket", done)
            }
            2 | 3 => {
                let kind = self.dice.one_of(&[pb::TicketType::Reclamacion, pb::TicketType::Incidencia]);
                let text = "Además me cortaron la línea".to_owned();
                let more = if self.dice.throw(2) == 0 {
                    vec![pb::ClaimPoint { text, ..Default::default() }]
                } else {
                    Vec::new()
                };
                let known = if self.dice.throw(3) == 0 { Vec::new() } else { facts("F-77") };
                let known = if kind == pb::TicketType::Incidencia { known } else { Vec::new() };
                let topic = self.dice.one_of(&["billing", "", "network"]).to_owned();
                let mut relations = self.relations(Role::Agent);
                let done = verb!(relations, reclassify_ticket, ReclassifyTicketRequest, ticket,
                    ticket_type: kind.into(), severity: pb::Severity::Low.into(), topic: topic, claim_points: more,
                    characteristics: known, reason: "customer_complains".into());
                ("ReclassifyTicket", done)
            }
            4 | 5 => {
                let known = if self.dice.throw(4) == 0 { Vec::new() } else { facts("F-88") };
                let mut characteristics = self.characteristics(Role::Agent);
                let done = verb!(characteristics, state_characteristics, StateCharacteristicsRequest, ticket, characteristics: known);
                ("StateCharacteristics", done)
            }
            _ => {
                let mut learning = self.learning(Role::Agent);
                let cause = "causes/meter".to_owned();
                ("StateRootCause", verb!(learning, state_root_cause, StateRootCauseRequest, ticket, cause: cause))
            }
        };
        Done { method, about, outcome }
    }

    /// What it is to other affairs.
    async fn join(&mut self, ticket: pb::Ticket) -> Done {
        let about = ticket.name.clone();
        let mut relations = self.relations(Role::Agent);
        let (method, outcome) = match self.dice.throw(6) {
            0 | 1 => {
                let into = self.ticket().await;
                let request = pb::MergeTicketRequest {
                    name: ticket.name.clone(),
                    into: into.name,
                    reason: "same_invoice".into(),
                    etag: ticket.etag,
                    request_id: fresh_id(),
                    into_etag: into.etag,
                };
                ("MergeTicket", relations.merge_ticket(request).await.map(|_| ()))
            }
            2 => {
                let reason = "another_contract".to_owned();
                ("UnmergeTicket", verb!(relations, unmerge_ticket, UnmergeTicketRequest, ticket, reason: reason))
            }
            3 if self.tickets.len() < MOST_TICKETS => {
                let request = pb::SplitTicketRequest {
                    name: ticket.name.clone(),
                    claim_points: vec![format!("p{}", self.dice.throw(3) + 1)],
                    subject: "Nadie llama".into(),
                    department: "network-ops".into(),
                    reason: "two_departments".into(),
                    etag: ticket.etag,
                    request_id: fresh_id(),
                    ..Default::default()
                };
                let made = relations.split_ticket(request).await;
                if let Ok(made) = &made {
                    self.tickets.push(made.get_ref().ticket.as_ref().unwrap().name.clone());
                }
                ("SplitTicket", made.map(|_| ()))
            }
            4 => {
                let request = pb::AddAffectedRequest {
                    name: self.incident.clone(),
                    tickets: vec![ticket.name.clone()],
                    request_id: fresh_id(),
                };
                let answer = self.incidents(Role::Supervisor).add_affected(request).await;
                let joined = answer.and_then(|answer| match answer.get_ref().results[0].outcome() {
                    pb::AffectedOutcome::Added => Ok(()),
                    other => Err(Status::failed_precondition(other.as_str_name())),
                });
                ("AddAffected", joined)
            }
            _ => {
                // One that it did not cause has nothing to leave: one of the two is mostly there.
                let other = self.ticket().await;
                let ticket = if ticket.incident.is_empty() { other } else { ticket };
                let about = ticket.name.clone();
                let request = pb::RemoveAffectedRequest {
                    name: self.incident.clone(),
                    ticket: ticket.name.clone(),
                    request_id: fresh_id(),
                };
                let outcome = self.incidents(Role::Supervisor).remove_affected(request).await.map(|_| ());
                return Done { method: "RemoveAffected", about, outcome };
            }
        };
        Done { method, about, outcome }
    }

    /// What is said, promised and asked.
    async fn talk(&mut self, ticket: pb::Ticket, face: usize) -> Done {
        let about = ticket.name.clone();
        let mut agent = self.beside.world.agent();
        let (method, outcome) = match face {
            0..=2 => {
                let direction = self.dice.one_of(&[Direction::Inbound, Direction::Outbound]);
                let message = pb::Message {
                    direction: direction.into(),
                    visibility: pb::MessageVisibility::Public.into(),
                    channel: Channel::Email.into(),
                    body: "Aquí tienen el recibo.".into(),
                    ..Default::default()
                };
                let request = pb::AddMessageRequest {
                    parent: ticket.name.clone(),
                    message: Some(message),
                    request_id: fresh_id(),
                    occurred_time: None,
                };
                ("AddMessage", agent.add_message(request).await.map(|_| ()))
            }
            3 | 4 => {
                let mut team = self.team(Role::Agent);
                let handover = "Quiere hablar con un responsable.".to_owned();
                ("CallSupervisor", verb!(team, call_supervisor, CallSupervisorRequest, ticket, handover: handover))
            }
            5 => {
                let survey = pb::Survey { channel: Channel::Email.into(), ..Default::default() };
                let request = pb::AskSurveyRequest {
                    parent: ticket.name.clone(),
                    survey: Some(survey),
                    request_id: fresh_id(),
                    occurred_time: None,
                };
                ("AskSurvey", agent.ask_survey(request).await.map(|_| ()))
            }
            _ => {
                let survey = format!("{}/survey", ticket.name);
                let found = agent.get_survey(pb::GetSurveyRequest { name: survey.clone() }).await;
                let etag = found.map(|found| found.into_inner().etag).unwrap_or_else(|_| "\"1\"".into());
                let answer = pb::SurveyAnswer { csat: Some(2), channel: Channel::Email.into(), ..Default::default() };
                let request = pb::AnswerSurveyRequest {
                    name: survey,
                    answer: Some(answer),
                    etag,
                    request_id: fresh_id(),
                    occurred_time: None,
                };
                let mut ivr = self.beside.world.as_role(Role::Ivr);
                ("AnswerSurvey", ivr.answer_survey(request).await.map(|_| ()))
            }
        };
        Done { method, about, outcome }
    }
}

/// What GetTicket answers, but for what is of the row and not of the affair.
fn told(ticket: pb::Ticket) -> pb::Ticket {
    pb::Ticket { etag: String::new(), update_time: None, ..ticket }
}

/// Plays under a seed to the end, and holds what the ledger tells of every affair against what GetTicket answers; what was accepted how often, and how many were refused.
async fn played(seed: u64) -> (BTreeMap<&'static str, usize>, usize) {
    let mut play = Play::begun(seed).await;
    for _ in 0..STEPS {
        play.step().await;
    }
    play.come_apart().await;
    play.outside().await;
    play.end_uncured().await;
    let world = &play.beside.world;
    let mut agent = world.agent();
    let entries = ledger(world, world.count("entries").await).await;
    assert!(owed::owed(&entries) >= 10, "seed {seed}: too little is owed of what comes out");
    let rebuilt = rebuilt(&entries).unwrap();
    assert_eq!(rebuilt.keys().collect::<BTreeSet<_>>(), play.tickets.iter().collect::<BTreeSet<_>>());
    for (name, from_the_ledger) in rebuilt {
        assert_eq!(told(from_the_ledger), told(get(&mut agent, &name).await), "seed {seed}");
    }
    (play.accepted, play.refused)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_alone_rebuilds_every_affair_and_every_command_appends_what_it_says() {
    let (mut accepted, mut refused) = (BTreeMap::<_, usize>::new(), 0);
    for (done, not) in futures::future::join_all(SEEDS.map(played)).await {
        refused += not;
        for (method, times) in done {
            *accepted.entry(method).or_default() += times;
        }
    }
    let never: Vec<_> = commands().into_iter().filter(|method| !accepted.contains_key(method.as_str())).collect();
    assert!(never.is_empty(), "{never:?} never was accepted: {accepted:?}");
    assert!(refused > 150, "{refused} were refused");
}
