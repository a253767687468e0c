//! How an affair is worked on: with files, notes to colleagues, drafts, macros, causes, redress and kept answers.

use tonic::Status;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Channel, Direction, Language, LocalizedText, Money};

use super::affair::{Affair, SAID};
use super::caller::Clients;

/// What was made while an affair was worked on.
pub struct Worked {
    /// A file's scan.
    pub scan: ticketing::Scan,
    /// Where somebody was named.
    pub mention: ticketing::Mention,
    /// What somebody has begun to write.
    pub draft: ticketing::Draft,
    /// What is said and done often.
    pub kept: ticketing::Macro,
    /// What brought it about.
    pub cause: ticketing::RootCause,
    /// What is asked to be known of such affairs.
    pub known_by: ticketing::CharacteristicSet,
    /// Something that is granted.
    pub item: ticketing::RedressItem,
    /// What the customer is given.
    pub redress: ticketing::Redress,
    /// In which words customers are told that a promise will not be kept.
    pub notice: ticketing::NoticeTemplate,
    /// What is answered to a question.
    pub article: ticketing::Article,
    /// That the affair was answered with it.
    pub citation: ticketing::Citation,
}

impl Affair<'_> {
    /// An agent who was hired works on the affair with all that is on their desk.
    pub async fn be_worked_on(&self, ticket: &str) -> Result<Worked, Status> {
        let (scan, mention) = self.be_sent_a_file(ticket).await?;
        let draft = self.be_drafted(ticket, &self.cast.agent, "agent-7").await?;
        let (kept, cause, item) = self.be_prepared().await?;
        let redress = self.be_made_good(ticket, &item.name).await?;
        self.be_traced_back(ticket, &cause.name).await?;
        let known_by = self.be_known_by(ticket).await?;
        let notice = self.be_warned_by().await?;
        let (article, citation) = self.be_answered_from_what_is_kept(ticket).await?;
        Ok(Worked { scan, mention, draft, kept, cause, known_by, item, redress, notice, article, citation })
    }

    async fn be_sent_a_file(&self, ticket: &str) -> Result<(ticketing::Scan, ticketing::Mention), Status> {
        let (mut tickets, mut desk) = (self.cast.agent.tickets.clone(), self.cast.agent.desk.clone());
        let file = ticketing::Attachment {
            uri: format!("s3://inbox/{}", SAID[21]),
            file_name: format!("{}.pdf", SAID[22]),
            media_type: "application/pdf".to_owned(),
            size_bytes: 4_711,
            sha256: vec![0xa5; 32],
            ..Default::default()
        };
        let sent = ticketing::Message {
            direction: Direction::Inbound.into(),
            visibility: ticketing::MessageVisibility::Public.into(),
            channel: Channel::Email.into(),
            body: "Se lo mando escaneado".to_owned(),
            attachments: vec![file],
            ..Default::default()
        };
        let note = ticketing::Message {
            visibility: ticketing::MessageVisibility::Internal.into(),
            body: "¿Le echas un ojo al escaneado?".to_owned(),
            mentions: vec!["agents/agent-7".to_owned()],
            ..Default::default()
        };
        for message in [sent, note] {
            let request = ticketing::AddMessageRequest {
                parent: ticket.to_owned(),
                message: Some(message),
                request_id: self.scene.request_id(),
                occurred_time: None,
            };
            tickets.add_message(request).await?;
        }
        let scan = ticketing::Scan {
            name: format!("scans/{}", "a5".repeat(32)),
            state: ticketing::ScanState::Clean.into(),
            ..Default::default()
        };
        let put = ticketing::PutScanRequest { scan: Some(scan), request_id: self.scene.request_id() };
        let scan = self.scene.role(kernel::Role::Service).desk.clone().put_scan(put).await?.into_inner();
        let list = ticketing::ListMentionsRequest { parent: "agents/agent-7".to_owned(), ..Default::default() };
        let named = desk.list_mentions(list).await?.into_inner().mentions.into_iter().next().unwrap_or_default();
        let see = ticketing::SeeMentionRequest { name: named.name, request_id: self.scene.request_id() };
        Ok((scan, desk.see_mention(see).await?.into_inner()))
    }

    /// Somebody, named so by their token, begins to write.
    pub async fn be_drafted(&self, ticket: &str, who: &Clients, subject: &str) -> Result<ticketing::Draft, Status> {
        let id = ticket.trim_start_matches("tickets/");
        let message = ticketing::Message {
            direction: Direction::Outbound.into(),
            visibility: ticketing::MessageVisibility::Public.into(),
            channel: Channel::Email.into(),
            body: format!("Le escribo por lo de {}", SAID[23]),
            ..Default::default()
        };
        let draft = ticketing::Draft {
            name: format!("agents/{subject}/drafts/{id}"),
            message: Some(message),
            ..Default::default()
        };
        let put = ticketing::PutDraftRequest { draft: Some(draft), request_id: self.scene.request_id() };
        Ok(who.desk.clone().put_draft(put).await?.into_inner())
    }

    /// What a house has ready before anybody calls.
    async fn be_prepared(&self) -> Result<(ticketing::Macro, ticketing::RootCause, ticketing::RedressItem), Status> {
        let kept = ticketing::Macro {
            name: "macros/reading".to_owned(),
            title: "Pedimos la lectura".to_owned(),
            visibility: ticketing::MessageVisibility::Internal.into(),
            texts: vec![spanish("Pedida la lectura de {tracking_key}")],
            ..Default::default()
        };
        let put = ticketing::PutMacroRequest { r#macro: Some(kept), request_id: self.scene.request_id() };
        let kept = self.cast.agent.desk.clone().put_macro(put).await?.into_inner();
        let cause = ticketing::RootCause {
            name: "causes/double-charge".to_owned(),
            title: "Cobro doble".to_owned(),
            ..Default::default()
        };
        let put = ticketing::PutRootCauseRequest { cause: Some(cause), request_id: self.scene.request_id() };
        let cause = self.cast.supervisor.learning.clone().put_root_cause(put).await?.into_inner();
        let item = ticketing::RedressItem {
            name: "redressItems/credit".to_owned(),
            title: "Abono en factura".to_owned(),
            kind: ticketing::RedressKind::Credit.into(),
            agent_limit: euros(1_000),
            supervisor_limit: euros(5_000),
            ..Default::default()
        };
        let put = ticketing::PutRedressItemRequest { item: Some(item), request_id: self.scene.request_id() };
        let item = self.cast.supervisor.redress.clone().put_redress_item(put).await?.into_inner();
        Ok((kept, cause, item))
    }

    /// The words of a notice, which nobody else has approved yet.
    async fn be_warned_by(&self) -> Result<ticketing::NoticeTemplate, Status> {
        let template = ticketing::NoticeTemplate {
            name: "noticeTemplates/delay".to_owned(),
            title: "Vamos con retraso".to_owned(),
            texts: vec![spanish("{subject}: {cause}. Será el {new_due}. {remedy}.")],
            causes: vec![spanish("Falta una lectura")],
            remedies: vec![spanish("Le avisaremos en cuanto esté")],
            ..Default::default()
        };
        let put = ticketing::PutNoticeTemplateRequest { template: Some(template), request_id: self.scene.request_id() };
        Ok(self.cast.supervisor.notices.clone().put_notice_template(put).await?.into_inner())
    }

    /// A colleague of who wrote the words of notices approves them, a promise comes to be at risk, and the customer is told so in these words.
    pub async fn be_told_of_delay(&self, ticket: &str, admin: &sqlx::PgPool) -> Result<ticketing::Notice, Status> {
        let colleague = self.scene.person("supervisor-8", &[kernel::Role::Supervisor], Some("billing"));
        let name = "noticeTemplates/delay".to_owned();
        let get = ticketing::GetNoticeTemplateRequest { name: name.clone() };
        let etag = colleague.notices.clone().get_notice_template(get).await?.into_inner().etag;
        let approve = ticketing::ApproveNoticeTemplateRequest { name, etag, request_id: self.scene.request_id() };
        colleague.notices.clone().approve_notice_template(approve).await?;
        let now = kernel::Ambient::system().now().as_second();
        let promise = ticketing::Promise {
            text: "Le escribimos hoy".to_owned(),
            kind: ticketing::PromiseKind::Other.into(),
            due_time: Some(prost_types::Timestamp { seconds: now + 12 * 3_600, nanos: 0 }),
            channel: Channel::Email.into(),
            ..Default::default()
        };
        let make = ticketing::MakePromiseRequest {
            parent: ticket.to_owned(),
            promise: Some(promise),
            request_id: self.scene.request_id(),
            ..Default::default()
        };
        let promise = self.cast.agent.tickets.clone().make_promise(make).await?.into_inner();
        // As when its clock warns of it.
        let at_risk = "update ticketing.promise set state = 'at_risk', state_since = made_at, clock_id = promise_id, version = version + 1
                       where promise_id = $1::uuid";
        let id = promise.name.rsplit('/').next().unwrap_or_default();
        sqlx::query(at_risk).bind(id).execute(admin).await.map_err(|error| Status::internal(error.to_string()))?;
        let list = ticketing::ListNoticesRequest { parent: ticket.to_owned(), ..Default::default() };
        let notices = self.cast.supervisor.notices.clone();
        Ok(testkit::eventually(std::time::Duration::from_secs(30), || {
            let (mut notices, list) = (notices.clone(), list.clone());
            async move {
                let told = notices.list_notices(list).await.map_err(|status| status.to_string())?.into_inner();
                told.notices.into_iter().next().ok_or_else(|| "nobody was told".to_owned())
            }
        })
        .await)
    }

    /// Too much is proposed and refused; less is granted and given.
    async fn be_made_good(&self, ticket: &str, item: &str) -> Result<ticketing::Redress, Status> {
        let (mut agent, mut boss) = (self.cast.agent.redress.clone(), self.cast.supervisor.redress.clone());
        let propose = async |cents, reason: String| {
            let redress =
                ticketing::Redress { item: item.to_owned(), amount: euros(cents), reason, ..Default::default() };
            let propose = ticketing::ProposeRedressRequest {
                parent: ticket.to_owned(),
                redress: Some(redress),
                etag: self.ticket_etag(ticket).await?,
                request_id: self.scene.request_id(),
            };
            let mut agent = self.cast.agent.redress.clone();
            Ok::<_, Status>(agent.propose_redress(propose).await?.into_inner())
        };
        let much = propose(90_000, format!("Está que trina por {}", SAID[24])).await?;
        let refuse = ticketing::DecideRedressRequest {
            name: much.name,
            grant: false,
            refusal: format!("Ya se le abonó tras {}", SAID[25]),
            etag: much.etag,
            request_id: self.scene.request_id(),
        };
        boss.decide_redress(refuse).await?;
        // What was refused does not count, so that this lies within the agent's own authority.
        let less = propose(900, "Un mes de más".to_owned()).await?;
        let give = ticketing::GiveRedressRequest {
            name: less.name,
            reference: format!("transferencia {}", SAID[26]),
            etag: less.etag,
            request_id: self.scene.request_id(),
        };
        Ok(agent.give_redress(give).await?.into_inner())
    }

    async fn be_traced_back(&self, ticket: &str, cause: &str) -> Result<ticketing::Ticket, Status> {
        let state = ticketing::StateRootCauseRequest {
            name: ticket.to_owned(),
            cause: cause.to_owned(),
            etag: self.ticket_etag(ticket).await?,
            request_id: self.scene.request_id(),
        };
        Ok(self.cast.agent.learning.clone().state_root_cause(state).await?.into_inner())
    }

    /// The house asks for one fact of such affairs, and is told it.
    async fn be_known_by(&self, ticket: &str) -> Result<ticketing::CharacteristicSet, Status> {
        let english = LocalizedText { language: Language::En.into(), text: "Name on the receipt".to_owned() };
        let rule = ticketing::CharacteristicRule {
            name: "payer".to_owned(),
            kind: ticketing::CharacteristicKind::Text.into(),
            title: vec![spanish("Nombre en el recibo"), english],
            ..Default::default()
        };
        let set = ticketing::CharacteristicSet {
            name: "characteristicSets/reclamacion".to_owned(),
            rules: vec![rule],
            ..Default::default()
        };
        let put = ticketing::PutCharacteristicSetRequest {
            characteristic_set: Some(set),
            request_id: self.scene.request_id(),
        };
        let set = self.cast.supervisor.characteristics.clone().put_characteristic_set(put).await?.into_inner();
        let text = format!("a nombre de {}", SAID[23]);
        let value = ticketing::CharacteristicValue { value: Some(ticketing::characteristic_value::Value::Text(text)) };
        let state = ticketing::StateCharacteristicsRequest {
            name: ticket.to_owned(),
            characteristics: vec![ticketing::Characteristic { name: "payer".to_owned(), value: Some(value) }],
            etag: self.ticket_etag(ticket).await?,
            request_id: self.scene.request_id(),
        };
        self.cast.agent.characteristics.clone().state_characteristics(state).await?;
        Ok(set)
    }

    async fn be_answered_from_what_is_kept(
        &self,
        ticket: &str,
    ) -> Result<(ticketing::Article, ticketing::Citation), Status> {
        let mut articles = self.cast.agent.articles.clone();
        let article = ticketing::Article {
            name: "articles/double-charge".to_owned(),
            questions: vec![spanish("¿Por qué me cobran dos veces?")],
            texts: vec![spanish("Suele ser un recibo devuelto que el banco pasa de nuevo.")],
            department: "billing".to_owned(),
            public: true,
            state: ticketing::ArticleState::Published.into(),
            ..Default::default()
        };
        let put = ticketing::PutArticleRequest { article: Some(article), request_id: self.scene.request_id() };
        let article = articles.put_article(put).await?.into_inner();
        let cite = ticketing::CiteArticleRequest {
            parent: ticket.to_owned(),
            article: article.name.clone(),
            request_id: self.scene.request_id(),
        };
        Ok((article, articles.cite_article(cite).await?.into_inner()))
    }

    async fn ticket_etag(&self, ticket: &str) -> Result<String, Status> {
        let get = ticketing::GetTicketRequest { name: ticket.to_owned() };
        Ok(self.cast.agent.tickets.clone().get_ticket(get).await?.into_inner().etag)
    }
}

fn spanish(text: &str) -> LocalizedText {
    LocalizedText { language: Language::Es.into(), text: text.to_owned() }
}

fn euros(cents: i64) -> Option<Money> {
    Some(Money { currency_code: "EUR".to_owned(), minor_units: cents })
}
