//! Requests about redress, causes and articles.

use jiff::{SignedDuration, Timestamp};
use kernel::{Uuid, Violations};
use postgres::RequestKey;
use server::{PageToken, page_size, parse, status};
use ticketing_domain::{
    Amount, ArticleDraft, ArticleId, ArticleStanding, Granting, Limits, RedressDraft, RedressItemId, RedressStanding,
    Reference, RootCauseId, Ruling, SlugId as _, Text, Texts, TicketId,
};
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::{LocalizedText, Money};

use super::named::{Header, id};
use super::process::language;
use super::team::version;
use super::ticket::optional;
use super::{etag, key, list, whole};
use crate::store::cause::Period;
use crate::usecase::Target;
use crate::usecase::article::{NewArticle, Question};
use crate::usecase::learning::NewCause;
use crate::usecase::named::NewNamed;
use crate::usecase::redress::{NewRedress, RedressPlace, RedressStep};

/// The largest amount, in minor units.
const LARGEST: i64 = 1_000_000_000;
/// The longest time that is measured.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

fn money(v: &mut Violations, field: &str, money: &Money, least: i64) -> Option<Amount> {
    let currency = &money.currency_code;
    let known = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    if !known {
        v.push(format!("{field}.currency_code"), "must be three capital letters of ISO 4217");
    }
    let fits = (least..=LARGEST).contains(&money.minor_units);
    if !fits {
        v.push(format!("{field}.minor_units"), format!("must be {least} to {LARGEST}"));
    }
    (known && fits).then(|| Amount { currency: currency.clone(), minor_units: money.minor_units })
}

/// Who grants how much of an item, its fields found behind `prefix`.
pub(crate) fn granting(v: &mut Violations, prefix: &str, item: &pb::RedressItem) -> Option<Granting> {
    if item.kind == 0 || pb::RedressKind::try_from(item.kind).is_err() {
        parse::not_a_value::<()>(v, &format!("{prefix}kind"), item.kind);
        return None;
    }
    let limit = |v: &mut Violations, name: &str, said: &Option<Money>| {
        said.as_ref().map(|said| money(v, &format!("{prefix}{name}"), said, 0))
    };
    let agent = limit(v, "agent_limit", &item.agent_limit);
    let supervisor = limit(v, "supervisor_limit", &item.supervisor_limit);
    let limits = match (agent, supervisor) {
        (None, None) => None,
        (Some(agent), Some(supervisor)) => {
            let (agent, supervisor) = (agent?, supervisor?);
            if agent.currency != supervisor.currency {
                v.push(format!("{prefix}supervisor_limit.currency_code"), "must be that of agent_limit");
                return None;
            }
            if supervisor.minor_units < agent.minor_units {
                v.push(format!("{prefix}supervisor_limit.minor_units"), "must not be less than that of agent_limit");
                return None;
            }
            let (agent, currency) = (agent.minor_units, agent.currency);
            Some(Limits { currency, agent, supervisor: supervisor.minor_units })
        }
        (Some(_), None) => {
            v.push(format!("{prefix}supervisor_limit"), "is required beside agent_limit");
            return None;
        }
        (None, Some(_)) => {
            v.push(format!("{prefix}agent_limit"), "is required beside supervisor_limit");
            return None;
        }
    };
    if limits.is_some() && item.supervised {
        v.push(format!("{prefix}supervised"), "is said of what has no amount; the limits say who grants the rest");
        return None;
    }
    Some(Granting { limits, supervised: item.supervised })
}

/// Refuses an amount that is not one of the item.
pub(crate) fn refuse_amount(granting: &Granting, amount: Option<&Amount>) -> Result<(), Violations> {
    let mut v = Violations::new();
    match (&granting.limits, amount) {
        (None, Some(_)) => v.push("redress.amount", "is left out: the item has no amount"),
        (Some(_), None) => v.push("redress.amount", "is required: the item has one"),
        (Some(limits), Some(amount)) if limits.currency != amount.currency => {
            v.push("redress.amount.currency_code", format!("must be {}, as the item's", limits.currency));
        }
        _ => {}
    }
    v.into_result()
}

pub(in crate::grpc) fn put_item(
    request: &pb::PutRedressItemRequest,
) -> Result<NewNamed<RedressItemId, pb::RedressItem>, Violations> {
    let mut v = Violations::new();
    let Some(said) = &request.item else {
        key(&mut v, "PutRedressItem", &request.request_id, request);
        v.push("item", "is required");
        return whole(v, None);
    };
    let content = granting(&mut v, "item.", said).map(|_| pb::RedressItem {
        kind: said.kind,
        agent_limit: said.agent_limit.clone(),
        supervisor_limit: said.supervisor_limit.clone(),
        supervised: said.supervised,
        retired: said.retired,
        ..Default::default()
    });
    let header = Header {
        method: "PutRedressItem",
        field: "item",
        name: &said.name,
        title: &said.title,
        department: &said.department,
        etag: &said.etag,
        request_id: &request.request_id,
    };
    let new = header.put(&mut v, request, content);
    whole(v, new)
}

pub(in crate::grpc) fn propose_redress(request: &pb::ProposeRedressRequest) -> Result<NewRedress, Violations> {
    let mut v = Violations::new();
    let ticket = parse::name(&mut v, "parent", &request.parent);
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "ProposeRedress", &request.request_id, request);
    let Some(said) = &request.redress else {
        v.push("redress", "is required");
        return whole(v, None);
    };
    let item = id(&mut v, "redress.item", &said.item);
    let amount = said.amount.as_ref().map(|amount| money(&mut v, "redress.amount", amount, 1));
    let reason = v.check("redress.reason", said.reason.parse());
    let new = || {
        let amount = match amount {
            Some(amount) => Some(amount?),
            None => None,
        };
        let draft = RedressDraft { item: item?, amount, reason: reason? };
        Some(NewRedress { ticket: ticket?, draft, etag: etag?, key: key? })
    };
    let new = new();
    whole(v, new)
}

pub(in crate::grpc) fn decide_redress(request: &pb::DecideRedressRequest) -> Result<RedressStep<Ruling>, Violations> {
    let mut v = Violations::new();
    let id = v.check("name", ticketing_domain::RedressId::parse(&request.name));
    let ruling = match (request.grant, request.refusal.is_empty()) {
        (true, true) => Some(Ruling::Grant),
        (true, false) => {
            v.push("refusal", "is left out when it is granted");
            None
        }
        (false, true) => {
            v.push("refusal", "is required when it is not granted");
            None
        }
        (false, false) => v.check("refusal", request.refusal.parse()).map(|why| Ruling::Refuse { why }),
    };
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "DecideRedress", &request.request_id, request);
    let step = || Some(RedressStep { id: id?, step: ruling?, etag: etag?, key: key? });
    let step = step();
    whole(v, step)
}

pub(in crate::grpc) fn give_redress(request: &pb::GiveRedressRequest) -> Result<RedressStep<Reference>, Violations> {
    let mut v = Violations::new();
    let id = v.check("name", ticketing_domain::RedressId::parse(&request.name));
    let reference = v.check("reference", request.reference.parse());
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "GiveRedress", &request.request_id, request);
    let step = || Some(RedressStep { id: id?, step: reference?, etag: etag?, key: key? });
    let step = step();
    whole(v, step)
}

/// A list of redresses.
pub(in crate::grpc) struct Redresses<T> {
    pub of: T,
    pub after: Option<RedressPlace>,
    pub size: usize,
    list: &'static str,
    binding: String,
}

impl<T> Redresses<T> {
    /// The token of the page after this place.
    pub fn next_token(&self, last: Option<RedressPlace>) -> String {
        let token = |(at, id): RedressPlace| {
            let fields = [at.to_string(), id.as_hyphenated().to_string()];
            PageToken::encode(self.list, self.binding.as_bytes(), &[&fields[0], &fields[1]])
        };
        last.map(token).unwrap_or_default()
    }

    fn read(
        (list, binding): (&'static str, String),
        mut v: Violations,
        of: Option<T>,
        (size, token): (i32, &str),
    ) -> Result<Self, Status> {
        let size = page_size(&mut v, size);
        let of = whole(v, of).map_err(|e| status(&e))?;
        let after = match PageToken::decode(token, list, binding.as_bytes()).map_err(|e| status(&e))? {
            Some(token) => {
                let [at, id] = token.fields().map_err(|e| status(&e))?;
                let place = at.parse::<Timestamp>().ok().zip(id.parse::<Uuid>().ok());
                Some(place.ok_or_else(|| status(&list::unreadable()))?)
            }
            None => None,
        };
        Ok(Self { of, after, size, list, binding })
    }
}

pub(in crate::grpc) fn redresses(request: &pb::ListRedressesRequest) -> Result<Redresses<TicketId>, Status> {
    let mut v = Violations::new();
    let ticket = parse::name::<TicketId>(&mut v, "parent", &request.parent);
    let list = ("redresses", request.parent.clone());
    Redresses::read(list, v, ticket, (request.page_size, &request.page_token))
}

pub(in crate::grpc) fn waiting_redresses(
    request: &pb::ListWaitingRedressesRequest,
) -> Result<Redresses<RedressStanding>, Status> {
    let mut v = Violations::new();
    let standing = match pb::RedressState::try_from(request.state) {
        Ok(pb::RedressState::Proposed) => Some(RedressStanding::Proposed),
        Ok(pb::RedressState::Granted) => Some(RedressStanding::Granted),
        Ok(pb::RedressState::Refused | pb::RedressState::Given) => {
            v.push("state", "must be one that waits: PROPOSED or GRANTED");
            None
        }
        Ok(pb::RedressState::Unspecified) | Err(_) => parse::not_a_value(&mut v, "state", request.state),
    };
    let list = ("waiting-redresses", request.state.to_string());
    Redresses::read(list, v, standing, (request.page_size, &request.page_token))
}

pub(in crate::grpc) fn put_cause(request: &pb::PutRootCauseRequest) -> Result<NewCause, Violations> {
    let mut v = Violations::new();
    let Some(said) = &request.cause else {
        key(&mut v, "PutRootCause", &request.request_id, request);
        v.push("cause", "is required");
        return whole(v, None);
    };
    let parent =
        if said.parent.is_empty() { None } else { Some(id::<RootCauseId>(&mut v, "cause.parent", &said.parent)) };
    let described = if said.description.is_empty() {
        Some(String::new())
    } else {
        let read = v.check("cause.description", said.description.parse::<Text<1, 1_000>>());
        read.map(|text| text.expose().to_owned())
    };
    let content = described.map(|description| pb::RootCause {
        parent: said.parent.clone(),
        description,
        retired: said.retired,
        ..Default::default()
    });
    let header = Header {
        method: "PutRootCause",
        field: "cause",
        name: &said.name,
        title: &said.title,
        department: &said.department,
        etag: &said.etag,
        request_id: &request.request_id,
    };
    let new = header.put(&mut v, request, content);
    let asked = new.map(|new| NewCause { new, parent: parent.flatten() });
    whole(v, asked)
}

/// A request to say what brought a ticket about, with the fields that every change of one has.
pub(in crate::grpc) fn state_cause(
    request: &pb::StateRootCauseRequest,
    now: Timestamp,
) -> Result<(Target, RootCauseId), Violations> {
    let mut v = Violations::new();
    let target = super::Header {
        method: "StateRootCause",
        name: &request.name,
        etag: &request.etag,
        request_id: &request.request_id,
        occurred_time: None,
    }
    .target(&mut v, request, now);
    let cause = id(&mut v, "cause", &request.cause);
    whole(v, target.zip(cause))
}

fn period(
    from: Option<&prost_types::Timestamp>,
    to: Option<&prost_types::Timestamp>,
    department: &str,
) -> Result<Period, Violations> {
    let mut v = Violations::new();
    let mut instant = |field: &str, value: Option<&prost_types::Timestamp>| {
        if value.is_none() {
            v.push(field, "is required");
        }
        parse::optional_time(&mut v, field, value)
    };
    let (from, to) = (instant("from_time", from), instant("to_time", to));
    if let (Some(from), Some(to)) = (from, to) {
        if to <= from {
            v.push("to_time", "must be after from_time");
        } else if to.duration_since(from) > LONGEST {
            v.push("to_time", "must be at most 366 days after from_time");
        }
    }
    let department = optional::<kernel::Department>(&mut v, "department", department);
    let department = department.map(|department| department.as_str().to_owned());
    whole(v, from.zip(to).map(|(from, to)| Period { from, to, department }))
}

pub(in crate::grpc) fn measure_causes(request: &pb::MeasureRootCausesRequest) -> Result<Period, Violations> {
    period(request.from_time.as_ref(), request.to_time.as_ref(), &request.department)
}

pub(in crate::grpc) fn estimate_silence(request: &pb::EstimateSilenceRequest) -> Result<Period, Violations> {
    period(request.from_time.as_ref(), request.to_time.as_ref(), &request.department)
}

pub(in crate::grpc) fn measure_satisfaction(request: &pb::MeasureSatisfactionRequest) -> Result<Period, Violations> {
    period(request.from_time.as_ref(), request.to_time.as_ref(), &request.department)
}

fn texts<const MAX: usize>(v: &mut Violations, field: &str, said: &[LocalizedText]) -> Option<Texts<MAX>> {
    let mut texts = Vec::with_capacity(said.len());
    for (i, one) in said.iter().enumerate() {
        let language = language(v, &format!("{field}[{i}].language"), one.language);
        let text = v.check(format!("{field}[{i}].text"), one.text.parse::<Text<1, MAX>>());
        texts.extend(language.zip(text));
    }
    // What is wrong with one of them says enough.
    if texts.len() == said.len() { v.check(field, Texts::new(texts)) } else { None }
}

pub(in crate::grpc) fn put_article(request: &pb::PutArticleRequest) -> Result<NewArticle, Violations> {
    let mut v = Violations::new();
    let key = key(&mut v, "PutArticle", &request.request_id, request);
    let Some(said) = &request.article else {
        v.push("article", "is required");
        return whole(v, None);
    };
    let article = id(&mut v, "article.name", &said.name);
    let etag = version(&mut v, "article.etag", &said.etag);
    let questions = texts(&mut v, "article.questions", &said.questions);
    let answers = texts(&mut v, "article.texts", &said.texts);
    let department = parse::department(&mut v, "article.department", &said.department);
    let state = match pb::ArticleState::try_from(said.state) {
        Ok(pb::ArticleState::Draft) => Some(ArticleStanding::Draft),
        Ok(pb::ArticleState::Published) => Some(ArticleStanding::Published),
        Ok(pb::ArticleState::Retired) => Some(ArticleStanding::Retired),
        Ok(pb::ArticleState::Unspecified) | Err(_) => parse::not_a_value(&mut v, "article.state", said.state),
    };
    let draft = || {
        let (questions, texts, department) = (questions?, answers?, department?);
        Some(ArticleDraft { questions, texts, department, public: said.public, state: state? })
    };
    let draft = draft();
    if draft.as_ref().is_some_and(|draft| !draft.is_whole()) {
        v.push("article.texts", "must be in the same languages as the questions");
    }
    if let Some(draft) = &draft
        && draft.folded_questions().iter().any(|(_, question)| question.is_empty())
    {
        v.push("article.questions", "must say something besides punctuation");
    }
    let content = pb::Article {
        questions: said.questions.clone(),
        texts: said.texts.clone(),
        department: said.department.clone(),
        public: said.public,
        state: said.state,
        ..Default::default()
    };
    let new = || Some(NewArticle { id: article?, draft: draft?, content, etag, key: key? });
    let new = new();
    whole(v, new)
}

pub(in crate::grpc) fn get_article(request: &pb::GetArticleRequest) -> Result<(ArticleId, Option<i32>), Violations> {
    let mut v = Violations::new();
    let article = id(&mut v, "name", &request.name);
    if request.version < 0 {
        v.push("version", "must not be negative");
    }
    let number = (request.version > 0).then_some(request.version);
    whole(v, article.map(|article| (article, number)))
}

pub(in crate::grpc) fn suggest_articles(request: &pb::SuggestArticlesRequest) -> Result<(Question, usize), Violations> {
    let mut v = Violations::new();
    let question = match (request.ticket.is_empty(), request.query.is_empty()) {
        (false, true) => parse::name(&mut v, "ticket", &request.ticket).map(Question::Of),
        (true, false) => {
            let words = v.check("query", request.query.parse::<Text<1, 2_000>>());
            words.map(|words| Question::Words(words.expose().to_owned()))
        }
        _ => {
            v.push("ticket", "is required, or query, and not both");
            None
        }
    };
    if request.page_size < 0 {
        v.push("page_size", "must not be negative");
    }
    let most = match usize::try_from(request.page_size) {
        Ok(0) | Err(_) => 5,
        Ok(size) => size.min(20),
    };
    whole(v, question.map(|question| (question, most)))
}

pub(in crate::grpc) fn cite_article(
    request: &pb::CiteArticleRequest,
) -> Result<(TicketId, ArticleId, RequestKey), Violations> {
    let mut v = Violations::new();
    let ticket = parse::name(&mut v, "parent", &request.parent);
    let article = id(&mut v, "article", &request.article);
    let key = key(&mut v, "CiteArticle", &request.request_id, request);
    let asked = || Some((ticket?, article?, key?));
    let asked = asked();
    whole(v, asked)
}

/// A list of citations.
pub(in crate::grpc) struct Citations {
    pub ticket: TicketId,
    pub after: String,
    pub size: usize,
}

impl Citations {
    const LIST: &str = "citations";

    /// The token of the page after this one.
    pub fn next_token(&self, last: Option<String>) -> String {
        let binding = kernel::ResourceId::name(self.ticket);
        last.map(|id| PageToken::encode(Self::LIST, binding.as_bytes(), &[&id])).unwrap_or_default()
    }
}

pub(in crate::grpc) fn citations(request: &pb::ListCitationsRequest) -> Result<Citations, Status> {
    let mut v = Violations::new();
    let ticket = parse::name::<TicketId>(&mut v, "parent", &request.parent);
    let size = page_size(&mut v, request.page_size);
    let ticket = whole(v, ticket).map_err(|e| status(&e))?;
    let binding = kernel::ResourceId::name(ticket);
    let token = PageToken::decode(&request.page_token, Citations::LIST, binding.as_bytes()).map_err(|e| status(&e))?;
    let after = match token {
        Some(token) => {
            let [id] = token.fields().map_err(|e| status(&e))?;
            ArticleId::of(&id).map_err(|_| status(&list::unreadable()))?.as_str().to_owned()
        }
        None => String::new(),
    };
    Ok(Citations { ticket, after, size })
}
