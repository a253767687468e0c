//! One affair, step by step: what the people of a contact center and of the ombudsman's house do
//! about one complaint. Each step is calls over the wire; what a step should lead to is for the test
//! to say.

use std::time::Duration;

use kernel::Role;
use prost_types::Timestamp;
use tonic::Status;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Channel, Direction, Language, LocalizedText};

use super::Scene;
use super::caller::Clients;
use super::fingerprint;
use super::people::Person;

/// Words said in the affair, each in exactly one text; none belongs into a span or a log.
pub const SAID: [&str; 33] = [
    "mandragora",
    "zarzaparrilla",
    "escolopendra",
    "alcaparron",
    "berbiquies",
    "cachivaches",
    "paparrucha",
    "almorejo",
    "tiquismiquis",
    "zascandil",
    "chisgarabis",
    "perendengue",
    "zangolotino",
    "ringorrango",
    "faramalla",
    "carambanos",
    "garambainas",
    "sacamantecas",
    "zurriburri",
    "mequetrefe",
    "andurriales",
    "cascarrabias",
    "escuchimizado",
    "correveidile",
    "trapisonda",
    "pelagatos",
    "tarambana",
    "birlibirloque",
    "tracamundana",
    "chiquilicuatre",
    "zarandajas",
    "monserga",
    "recancanilla",
];

/// The people who act. Each has connections of their own.
pub struct Cast {
    /// The billing department's system.
    pub billing: Clients,
    /// The network department's system.
    pub network: Clients,
    /// The voice response system.
    pub ivr: Clients,
    /// Leads agents.
    pub supervisor: Clients,
    /// An agent of billing.
    pub agent: Clients,
    /// Who keeps identities.
    pub steward: Clients,
    /// Who answers people about their own data.
    pub privacy: Clients,
    /// The firm's voice before the office.
    pub liaison: Clients,
    /// The office's registry.
    pub intake: Clients,
    /// The office's investigator.
    pub investigator: Clients,
    /// The ombudsman.
    pub ombudsman: Clients,
}

impl Cast {
    /// The people of one scene.
    pub fn of(scene: &Scene) -> Self {
        Self {
            billing: scene.person("crm-billing", &[Role::Crm], Some("billing")),
            network: scene.person("crm-network", &[Role::Crm], Some("network-ops")),
            ivr: scene.person("ivr-1", &[Role::Ivr], Some("customer-service")),
            supervisor: scene.person("supervisor-2", &[Role::Supervisor], Some("customer-service")),
            agent: scene.person("agent-7", &[Role::Agent], Some("billing")),
            steward: scene.person("steward-1", &[Role::Steward], None),
            privacy: scene.person("privacy-1", &[Role::PrivacyOfficer], None),
            liaison: scene.person("liaison-1", &[Role::FirmLiaison], Some("legal")),
            intake: scene.person("registry-1", &[Role::OfficeIntake], None),
            investigator: scene.person("investigator-1", &[Role::Investigator], None),
            ombudsman: scene.person("ombudsman-1", &[Role::Ombudsman], None),
        }
    }
}

/// One complaint of one person.
pub struct Affair<'a> {
    pub(super) scene: &'a Scene,
    /// Who acts.
    pub cast: Cast,
    /// Who complains.
    pub person: Person,
}

impl<'a> Affair<'a> {
    /// Nothing has happened yet.
    pub fn of(scene: &'a Scene, person: Person) -> Self {
        Self { scene, cast: Cast::of(scene), person }
    }

    pub(super) fn at(&self, offset: i64) -> Timestamp {
        let now = self.scene.ambient.now();
        Timestamp { seconds: now.as_second() + offset, nanos: 0 }
    }

    /// Two departments tell what they know of the person; answers the customer they became.
    pub async fn arrive(&self) -> Result<customer::SourceRecord, Status> {
        let observed = self.at(-3600);
        let mut last = customer::SourceRecord::default();
        for (clients, system, department) in
            [(&self.cast.billing, "crm-retail", "billing"), (&self.cast.network, "provisioning", "network-ops")]
        {
            let external_id = format!("{system}-{}", self.person.document);
            let record = Some(self.person.record(system, department, &external_id, observed));
            let request = customer::IngestSourceRecordRequest { record, request_id: self.scene.request_id() };
            last = clients.customers.clone().ingest_source_record(request).await?.into_inner();
        }
        Ok(last)
    }

    /// A department tells which language the person speaks.
    pub async fn speak(&self, language: Language) -> Result<customer::SourceRecord, Status> {
        let external_id = format!("crm-retail-{}", self.person.document);
        let mut record = self.person.record("crm-retail", "billing", &external_id, self.at(-60));
        record.language = language.into();
        let request = customer::IngestSourceRecordRequest { record: Some(record), request_id: self.scene.request_id() };
        Ok(self.cast.billing.customers.clone().ingest_source_record(request).await?.into_inner())
    }

    /// A third department has a name and nothing else; answers the proposal to a steward that comes of it, once each
    /// record of the customer was compared with it.
    pub async fn be_taken_for_another(&self) -> Result<customer::MatchProposal, Status> {
        let person_name = Some(self.person.name());
        let record = customer::SourceRecord {
            source_system: "shop".to_owned(),
            department: "retail".to_owned(),
            external_id: format!("shop-{}", self.person.document),
            person_name,
            observed_time: Some(self.at(-1800)),
            ..Default::default()
        };
        let request = customer::IngestSourceRecordRequest { record: Some(record), request_id: self.scene.request_id() };
        let mut shop = self.scene.person("crm-shop", &[Role::Crm], Some("retail")).customers;
        shop.ingest_source_record(request).await?;
        let steward = &self.cast.steward.customers;
        Ok(testkit::eventually(std::time::Duration::from_secs(30), || {
            let mut steward = steward.clone();
            async move {
                let list = customer::ListMatchProposalsRequest::default();
                let mut waiting =
                    steward.list_match_proposals(list).await.map_err(|s| s.to_string())?.into_inner().proposals;
                if waiting.len() == 2 { Ok(waiting.remove(0)) } else { Err(format!("{} proposals", waiting.len())) }
            }
        })
        .await)
    }

    /// A steward has it looked at what the rules of the settings would change, to the end.
    pub async fn review_rules(&self) -> Result<customer::RulesReview, Status> {
        let steward = &self.cast.steward.rules;
        let request = customer::ReapplyRulesRequest { request_id: self.scene.request_id() };
        let begun = steward.clone().reapply_rules(request).await?.into_inner();
        Ok(testkit::eventually(Duration::from_secs(30), || {
            let (mut steward, name) = (steward.clone(), begun.name.clone());
            async move {
                let review = steward.get_rules_review(customer::GetRulesReviewRequest { name }).await;
                let review = review.map_err(|status| status.to_string())?.into_inner();
                if review.ready_time.is_some() { Ok(review) } else { Err(format!("{} are done", review.done_count)) }
            }
        })
        .await)
    }

    /// The phone rings: who is it?
    pub async fn ring(&self) -> Result<customer::PhoneAnswer, Status> {
        let phone_number = self.person.e164();
        let request = customer::LookupByPhoneRequest { phone_number, region_code: String::new() };
        Ok(self.cast.ivr.customers.clone().lookup_by_phone(request).await?.into_inner())
    }

    /// The contact is written down.
    pub async fn talk(&self, customer_name: &str) -> Result<customer::Interaction, Status> {
        let interaction = customer::Interaction {
            channel: Channel::Phone.into(),
            direction: Direction::Inbound.into(),
            department: "billing".to_owned(),
            summary: format!("{} llama por dos cobros, dice {}", self.person.given, SAID[0]),
            what_customer_said: format!("Llevo un mes con esta {}", SAID[1]),
            ..customer::Interaction::default()
        };
        let request = customer::RecordInteractionRequest {
            parent: customer_name.to_owned(),
            interaction: Some(interaction),
            request_id: self.scene.request_id(),
        };
        Ok(self.cast.agent.customers.clone().record_interaction(request).await?.into_inner())
    }

    /// An hour on the telephone, after which something is proposed to be done for the customer.
    pub async fn weigh_on(&self, customer_name: &str) -> Result<customer::NextAction, Status> {
        let interaction = customer::Interaction {
            channel: Channel::Phone.into(),
            direction: Direction::Inbound.into(),
            department: "customer-service".to_owned(),
            summary: "an hour of waiting".to_owned(),
            wait_duration: Some(prost_types::Duration { seconds: 3_600, nanos: 0 }),
            ..customer::Interaction::default()
        };
        let request = customer::RecordInteractionRequest {
            parent: customer_name.to_owned(),
            interaction: Some(interaction),
            request_id: self.scene.request_id(),
        };
        let mut agent = self.cast.agent.customers.clone();
        agent.record_interaction(request).await?;
        let name = customer_name.to_owned();
        let request = customer::ProposeNextBestActionRequest { name, request_id: self.scene.request_id() };
        let proposed = agent.propose_next_best_action(request).await?.into_inner().next_actions;
        Ok(proposed.into_iter().next().unwrap_or_default())
    }

    /// Somebody leads agents, and says that it is to be done.
    pub async fn approve(&self, action: &customer::NextAction) -> Result<customer::NextAction, Status> {
        let request = customer::DecideNextActionRequest {
            name: action.name.clone(),
            verdict: customer::NextActionVerdict::Approve.into(),
            note: format!("Que la llame yo misma, sin {}", SAID[16]),
            etag: action.etag.clone(),
            request_id: self.scene.request_id(),
        };
        Ok(self.cast.supervisor.customers.clone().decide_next_action(request).await?.into_inner())
    }

    /// The complaint, with two points.
    pub fn complaint(&self, customer_name: &str, interaction: &str) -> ticketing::CreateTicketRequest {
        let point = |text: String| ticketing::ClaimPoint { text, ..ticketing::ClaimPoint::default() };
        let ticket = ticketing::Ticket {
            customer: customer_name.to_owned(),
            ticket_type: ticketing::TicketType::Reclamacion.into(),
            severity: ticketing::Severity::High.into(),
            subject: format!("Cobro doble y {}", SAID[2]),
            channel: Channel::Phone.into(),
            department: "billing".to_owned(),
            language: Language::Es.into(),
            sector: "general".to_owned(),
            topic: "billing".to_owned(),
            claim_points: vec![
                point(format!("Me cobraron dos veces la cuota de octubre, menudo {}", SAID[3])),
                point(format!("Nadie contestó a mis dos {} de la semana pasada", SAID[4])),
            ],
            interaction: interaction.to_owned(),
            ..ticketing::Ticket::default()
        };
        ticketing::CreateTicketRequest {
            ticket: Some(ticket),
            request_id: self.scene.request_id(),
            occurred_time: None,
        }
    }

    /// A supervisor says what a department is called.
    ///
    /// # Errors
    /// As the service refuses it.
    pub async fn call_department(&self, slug: &str, es: &str, en: &str) -> Result<(), Status> {
        let name = |language: Language, text: &str| LocalizedText { language: language.into(), text: text.to_owned() };
        let department = ticketing::Department {
            name: format!("departments/{slug}"),
            display_name: vec![name(Language::Es, es), name(Language::En, en)],
            ..ticketing::Department::default()
        };
        let request =
            ticketing::PutDepartmentRequest { department: Some(department), request_id: self.scene.request_id() };
        self.cast.supervisor.team.clone().put_department(request).await.map(drop)
    }

    /// The complaint is presented.
    pub async fn complain(
        &self,
        customer_name: &str,
        interaction: &str,
    ) -> Result<ticketing::CreateTicketResponse, Status> {
        let request = self.complaint(customer_name, interaction);
        Ok(self.cast.agent.tickets.clone().create_ticket(request).await?.into_inner())
    }

    /// Somebody works on it: start, a message, an answer to the first point, a promise.
    pub async fn work(&self, ticket: &ticketing::Ticket) -> Result<ticketing::Promise, Status> {
        let (mut tickets, name) = (self.cast.agent.tickets.clone(), ticket.name.clone());
        let request_id = || self.scene.request_id();
        let start = ticketing::StartTicketRequest {
            name: name.clone(),
            etag: ticket.etag.clone(),
            request_id: request_id(),
            occurred_time: None,
        };
        tickets.start_ticket(start).await?;
        let message = ticketing::Message {
            direction: Direction::Inbound.into(),
            visibility: ticketing::MessageVisibility::Public.into(),
            channel: Channel::Email.into(),
            body: format!("Adjunto los dos recibos y otros {}", SAID[5]),
            ..ticketing::Message::default()
        };
        let add = ticketing::AddMessageRequest {
            parent: name.clone(),
            message: Some(message),
            request_id: request_id(),
            occurred_time: None,
        };
        tickets.add_message(add).await?;
        self.answer(&name, "p1", "El segundo cargo de octubre fue un error de domiciliación y se devuelve").await?;
        let promise = ticketing::Promise {
            text: format!("Le devolvemos la cuota antes del viernes, sin {}", SAID[8]),
            due_time: Some(self.at(4 * 24 * 3600)),
            channel: Channel::Phone.into(),
            kind: ticketing::PromiseKind::Other.into(),
            ..ticketing::Promise::default()
        };
        let make = ticketing::MakePromiseRequest {
            parent: name,
            promise: Some(promise),
            request_id: request_id(),
            occurred_time: None,
        };
        Ok(tickets.make_promise(make).await?.into_inner())
    }

    /// The firm answers a point of a complaint it works on.
    pub async fn answer(&self, ticket: &str, point: &str, text: &str) -> Result<ticketing::Ticket, Status> {
        let mut tickets = self.cast.agent.tickets.clone();
        let name = ticket.to_owned();
        let etag = tickets.get_ticket(ticketing::GetTicketRequest { name: name.clone() }).await?.into_inner().etag;
        let answer = ticketing::AnswerClaimPointRequest {
            name,
            claim_point: point.to_owned(),
            answer: format!("{text}, {}", SAID[6]),
            etag,
            request_id: self.scene.request_id(),
            occurred_time: None,
        };
        Ok(tickets.answer_claim_point(answer).await?.into_inner())
    }

    /// The complaint is brought before the office.
    pub async fn bring(&self, ticket: &str) -> Result<office::Case, Status> {
        self.bring_under(ticket, "es.general").await
    }

    /// The same under this regime.
    pub async fn bring_under(&self, ticket: &str, regime: &str) -> Result<office::Case, Status> {
        let request = office::OpenCaseRequest {
            ticket: ticket.to_owned(),
            regime: regime.to_owned(),
            channel: Channel::Web.into(),
            parallel_proceedings: office::ParallelProceedings::None.into(),
            claim_points: Vec::new(),
            facts_time: Some(self.at(-30 * 24 * 3600)),
            request_id: self.scene.request_id(),
            ..office::OpenCaseRequest::default()
        };
        Ok(self.cast.intake.office.clone().open_case(request).await?.into_inner())
    }

    /// The registry takes it up, admits it and assigns who works on it. The wall lets nobody through
    /// before the office has heard everything about who acted on the ticket, so that is waited for.
    pub async fn admit(&self, case: &office::Case) -> Result<office::Case, Status> {
        use office::OfficeRole::{Intake, Investigator, Ombudsman};
        fingerprint::settled(&self.scene.admin().await, Duration::from_secs(30)).await;
        let case = self.assign(case, "registry-1", Intake).await?;
        let admit = office::AdmitCaseRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            request_id: self.scene.request_id(),
            ..Default::default()
        };
        let case = self.cast.intake.office.clone().admit_case(admit).await?.into_inner();
        let case = self.assign(&case, "investigator-1", Investigator).await?;
        self.assign(&case, "ombudsman-1", Ombudsman).await
    }

    /// The office's code of a case, as the registry tells it.
    pub async fn code_of(&self, case: &str) -> Result<String, Status> {
        let request = office::TellClaimantCodeRequest {
            name: case.to_owned(),
            channel: Channel::Post.into(),
            renewed: false,
            request_id: self.scene.request_id(),
        };
        Ok(self.cast.intake.office.clone().tell_claimant_code(request).await?.into_inner().office_code)
    }

    /// The registry gives somebody a seat on it.
    pub async fn assign(
        &self,
        case: &office::Case,
        person: &str,
        role: office::OfficeRole,
    ) -> Result<office::Case, Status> {
        let request = office::AssignCaseRequest {
            name: case.name.clone(),
            etag: case.etag.clone(),
            person: person.to_owned(),
            office_role: role.into(),
            request_id: self.scene.request_id(),
        };
        Ok(self.cast.intake.office.clone().assign_case(request).await?.into_inner())
    }

    /// The firm speaks, the office investigates and drafts.
    pub async fn investigate(&self, case: &office::Case) -> Result<office::Draft, Status> {
        let name = case.name.clone();
        let request_id = || self.scene.request_id();
        let statement = office::SubmitEntityStatementRequest {
            name: name.clone(),
            etag: case.etag.clone(),
            statement: format!("La empresa reconoce el cargo repetido, {}", SAID[9]),
            request_id: request_id(),
        };
        let case = self.cast.liaison.office.clone().submit_entity_statement(statement).await?.into_inner();
        let note = office::AddDossierEntryRequest {
            parent: name.clone(),
            kind: office::DossierKind::Note.into(),
            visibility: office::DossierVisibility::Sealed.into(),
            content_type: String::new(),
            content: format!("Pedir el extracto del banco, {}", SAID[14]).into_bytes(),
            request_id: request_id(),
            receive_time: None,
        };
        self.cast.investigator.office.clone().add_dossier_entry(note).await?;
        let mut investigator = self.cast.investigator.office.clone();
        let etag = investigator.get_case(office::GetCaseRequest { name: case.name }).await?.into_inner().etag;
        let start = office::StartInvestigationRequest { name: name.clone(), etag, request_id: request_id() };
        let etag = investigator.start_investigation(start).await?.into_inner().etag;
        let text = format!("Propuesta: estimar el primer punto, {}", SAID[10]);
        let draft = office::SaveDraftRequest { name, etag, text, request_id: request_id() };
        Ok(investigator.save_draft(draft).await?.into_inner())
    }

    /// The ombudsman decides point by point, and the parties are told.
    pub async fn decide(&self, case: &str) -> Result<office::Case, Status> {
        self.issue(case).await?;
        let mut intake = self.cast.intake.office.clone();
        let etag = intake.get_case(office::GetCaseRequest { name: case.to_owned() }).await?.into_inner().etag;
        let notify = office::NotifyDecisionRequest {
            name: case.to_owned(),
            etag,
            channel: Channel::Web.into(),
            request_id: self.scene.request_id(),
        };
        Ok(intake.notify_decision(notify).await?.into_inner())
    }

    /// The ombudsman decides point by point, in the claimant's language by its label: the first is upheld, the second is not, nor what came to it with another part of the affair.
    pub async fn issue(&self, case: &str) -> Result<office::Decision, Status> {
        let mut ombudsman = self.cast.ombudsman.office.clone();
        let read = office::GetCaseRequest { name: case.to_owned() };
        let office::Case { etag, claim_points, matter, .. } = ombudsman.get_case(read).await?.into_inner();
        let mut points = vec![
            office::DecisionPoint {
                claim_point: "p1".to_owned(),
                outcome: office::DecisionOutcome::Upheld.into(),
                finding: format!("El banco cargó dos veces la misma cuota de octubre, según los recibos, {}", SAID[11]),
                reason: format!("El contrato permite una sola cuota al mes y la empresa lo reconoce, {}", SAID[12]),
                remedy: format!("Devolver el segundo cargo en diez días, {}", SAID[13]),
                redress_amount: None,
            },
            office::DecisionPoint {
                claim_point: "p2".to_owned(),
                outcome: office::DecisionOutcome::NotUpheld.into(),
                finding: format!("Los correos llegaron a un buzón retirado y nadie pudo leerlos, {}", SAID[15]),
                reason: "La página publicada indicaba desde junio la dirección nueva y el teléfono gratuito".to_owned(),
                remedy: "Nada que ordenar en este punto del buzón".to_owned(),
                redress_amount: None,
            },
        ];
        let further = claim_points.into_iter().skip(points.len()).enumerate();
        points.extend(further.map(|(number, point)| office::DecisionPoint {
            claim_point: point.id,
            outcome: office::DecisionOutcome::NotUpheld.into(),
            finding: format!("La centralita anotó la llamada {number} y la empresa la devolvió esa misma tarde"),
            reason: format!("Devolverla el día {number} cumple el plazo que la propia empresa había publicado"),
            remedy: format!("Nada que ordenar en este otro punto de la llamada {number}"),
            redress_amount: None,
        }));
        let issue = office::IssueDecisionRequest {
            name: case.to_owned(),
            etag,
            points,
            signpost: "Puede acudir a la junta arbitral de consumo o a los tribunales".to_owned(),
            language: matter.map_or(Language::Es, |matter| matter.language()).into(),
            request_id: self.scene.request_id(),
            precedents: Vec::new(),
        };
        Ok(ombudsman.issue_decision(issue).await?.into_inner())
    }

    /// A slip in the decision is corrected, the firm does not accept it, and the office closes its file.
    pub async fn file_away(&self, case: &str) -> Result<office::Case, Status> {
        let mut intake = self.cast.intake.office.clone();
        let etag = intake.get_case(office::GetCaseRequest { name: case.to_owned() }).await?.into_inner().etag;
        let slip = office::CorrectDecisionRequest {
            name: case.to_owned(),
            etag,
            claim_point: "p1".to_owned(),
            text: office::DecisionText::Reason.into(),
            stood: "una sola cuota al mes".to_owned(),
            stands: format!("una sola cuota cada mes, {},", SAID[13]),
            reason: format!("Estaba mal escrito, {}", SAID[12]),
            request_id: self.scene.request_id(),
        };
        self.cast.ombudsman.procedure.clone().correct_decision(slip).await?;
        let etag = intake.get_case(office::GetCaseRequest { name: case.to_owned() }).await?.into_inner().etag;
        let declined = office::AnswerDecisionRequest {
            name: case.to_owned(),
            etag,
            party: office::BoundBy::Firm.into(),
            accepted: false,
            statement: format!("No la aceptamos, {}", SAID[15]),
            request_id: self.scene.request_id(),
        };
        self.cast.intake.procedure.clone().answer_decision(declined).await?;
        let etag = intake.get_case(office::GetCaseRequest { name: case.to_owned() }).await?.into_inner().etag;
        let close = office::CloseCaseRequest { name: case.to_owned(), etag, request_id: self.scene.request_id() };
        Ok(intake.close_case(close).await?.into_inner())
    }

    /// Reads the customer view until it is as `looked_for`, and gives it.
    ///
    /// # Panics
    /// When it is not within `limit`; the message says what was missing last.
    pub async fn view(
        &self,
        customer_name: &str,
        limit: Duration,
        looked_for: impl Fn(&customer::CustomerView) -> Result<(), String>,
    ) -> customer::CustomerView {
        testkit::eventually(limit, || {
            let mut customers = self.cast.agent.customers.clone();
            let request = customer::GetCustomerViewRequest { name: customer_name.to_owned() };
            let looked_for = &looked_for;
            async move {
                let view = customers.get_customer_view(request).await.map_err(|s| s.to_string())?.into_inner();
                looked_for(&view).map(|()| view)
            }
        })
        .await
    }
}
