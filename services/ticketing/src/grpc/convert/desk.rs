//! Requests about drafts, mentions, files and macros.

use jiff::Timestamp;
use kernel::{Uuid, Violations};
use postgres::RequestKey;
use server::{PageToken, page_size, parse, status};
use ticketing_domain::{
    AgentId, Attachment, Body, MAX_ATTACHMENTS, MAX_MENTIONS, MacroId, ScanState, Template, Text, Texts, TicketId,
    Visibility,
};
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::change_tickets_request::Change as Bulk;
use ventanilla_proto::ticketing::v1::r#macro::Change as Kept;

use super::finding::change;
use super::message::{said, visibility};
use super::named::{Header, delete, id};
use super::process::language;
use super::team::version;
use super::ticket::optional;
use super::{etag, key, list, whole};
use crate::store::message::Attached;
use crate::usecase::Said;
use crate::usecase::draft::{DraftId, EndOfDraft, NewDraft};
use crate::usecase::macros::{MacroContent, MacroUse};
use crate::usecase::mention::{MentionId, MentionPage};
use crate::usecase::named::{EndOfNamed, NewNamed};
use crate::usecase::scan::NewScan;

/// Drafts or mentions of one page.
const MOST_OF_AGENT: usize = 20;

/// The files of a message.
pub(super) fn attachments(v: &mut Violations, field: &str, files: &[pb::Attachment]) -> Vec<Attached> {
    if files.len() > MAX_ATTACHMENTS {
        v.push(field, format!("must be at most {MAX_ATTACHMENTS} files"));
        return Vec::new();
    }
    let mut read = Vec::with_capacity(files.len());
    for (i, file) in files.iter().enumerate() {
        let mut within = Violations::new();
        let w = &mut within;
        let uri = w.check("uri", file.uri.parse());
        let file_name = w.check("file_name", file.file_name.parse());
        let media_type = w.check("media_type", file.media_type.parse());
        let size = u64::try_from(file.size_bytes).ok().filter(|size| *size > 0);
        if size.is_none() {
            w.push("size_bytes", "must be more than 0");
        }
        let sha256 = <[u8; 32]>::try_from(file.sha256.as_slice()).ok();
        if sha256.is_none() {
            w.push("sha256", "must have 32 bytes");
        }
        v.absorb(&format!("{field}[{i}]"), within);
        let file = || {
            let (uri, file_name, media_type) = (uri?, file_name?, media_type?);
            Some(Attachment { uri, file_name, media_type, size: size?, sha256: sha256? })
        };
        read.extend(file().map(|file| Attached { file, scan: ScanState::Pending }));
    }
    read
}

/// Who is to look at a note.
pub(super) fn mentions(v: &mut Violations, field: &str, names: &[String]) -> Vec<AgentId> {
    if names.len() > MAX_MENTIONS {
        v.push(field, format!("must be at most {MAX_MENTIONS} people"));
        return Vec::new();
    }
    let mut read: Vec<AgentId> = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        let Some(agent) = v.check(format!("{field}[{i}]"), name.parse::<AgentId>()) else { continue };
        if read.contains(&agent) {
            v.push(format!("{field}[{i}]"), "must be there once");
        } else {
            read.push(agent);
        }
    }
    read
}

fn agent(v: &mut Violations, field: &str, name: &str) -> Option<AgentId> {
    if name.is_empty() {
        v.push(field, "is required");
        return None;
    }
    v.check(field, name.parse())
}

/// What belongs to somebody: `agents/{id}/{collection}/{uuid}`.
fn of_agent(v: &mut Violations, field: &str, collection: &str, name: &str) -> Option<(AgentId, Uuid)> {
    let parts = name.rsplit_once('/').and_then(|(rest, own)| {
        let agent = rest.strip_suffix(collection).and_then(|rest| rest.strip_suffix('/'))?;
        let own = (own.len() == 36).then(|| Uuid::try_parse(own).ok()).flatten();
        agent.parse::<AgentId>().ok().zip(own)
    });
    if parts.is_none() {
        v.push(field, format!("must be a resource name of the form agents/{{id}}/{collection}/{{uuid}}"));
    }
    parts
}

fn draft_id(v: &mut Violations, field: &str, name: &str) -> Option<DraftId> {
    let parts = of_agent(v, field, "drafts", name);
    parts.map(|(agent, ticket)| DraftId { agent, ticket: kernel::ResourceId::from_uuid(ticket) })
}

pub(in crate::grpc) fn put_draft(request: &pb::PutDraftRequest) -> Result<NewDraft, Violations> {
    let mut v = Violations::new();
    let key = key(&mut v, "PutDraft", &request.request_id, request);
    let Some(draft) = &request.draft else {
        v.push("draft", "is required");
        return whole(v, None);
    };
    let id = draft_id(&mut v, "draft.name", &draft.name);
    let etag = version(&mut v, "draft.etag", &draft.etag);
    let message = match &draft.message {
        Some(message) => {
            let mut within = Violations::new();
            let kept = said(&mut within, message).map(|_| asked_for(message));
            v.absorb("draft", within);
            kept
        }
        None => {
            v.push("draft.message", "is required");
            None
        }
    };
    let new = || Some(NewDraft { id: id?, message: message?, etag, key: key? });
    let new = new();
    whole(v, new)
}

/// What AddMessage takes of a message: the rest is told, and not taken. Each field is named, so that none is lost because nobody thought of it.
fn asked_for(message: &pb::Message) -> pb::Message {
    let file = |file: &pb::Attachment| pb::Attachment { scan_state: 0, ..file.clone() };
    pb::Message {
        name: String::new(),
        direction: message.direction,
        visibility: message.visibility,
        channel: message.channel,
        body: message.body.clone(),
        actor: None,
        occurred_time: None,
        create_time: None,
        sales_offer: message.sales_offer,
        attachments: message.attachments.iter().map(file).collect(),
        mentions: message.mentions.clone(),
        explanation: message.explanation,
    }
}

/// A message as it was drafted.
pub(crate) fn drafted(message: &pb::Message) -> Result<Said, Violations> {
    let mut v = Violations::new();
    let said = said(&mut v, message);
    whole(v, said)
}

pub(in crate::grpc) fn get_draft(request: &pb::GetDraftRequest) -> Result<DraftId, Violations> {
    let mut v = Violations::new();
    let id = draft_id(&mut v, "name", &request.name);
    whole(v, id)
}

fn end_of_draft(v: &mut Violations, name: &str, version: &str, key: Option<RequestKey>) -> Option<EndOfDraft> {
    let id = draft_id(v, "name", name);
    let etag = etag(v, version);
    Some(EndOfDraft { id: id?, etag: etag?, key: key? })
}

pub(in crate::grpc) fn delete_draft(request: &pb::DeleteDraftRequest) -> Result<EndOfDraft, Violations> {
    let mut v = Violations::new();
    let key = key(&mut v, "DeleteDraft", &request.request_id, request);
    let end = end_of_draft(&mut v, &request.name, &request.etag, key);
    whole(v, end)
}

pub(in crate::grpc) fn send_draft(request: &pb::SendDraftRequest) -> Result<EndOfDraft, Violations> {
    let mut v = Violations::new();
    let key = key(&mut v, "SendDraft", &request.request_id, request);
    let end = end_of_draft(&mut v, &request.name, &request.etag, key);
    whole(v, end)
}

/// A list of what is somebody's, by time.
pub(in crate::grpc) struct OfAgent {
    pub page: MentionPage,
    list: &'static str,
}

impl OfAgent {
    /// The token of the page after this place.
    pub fn next_token(&self, last: Option<(Timestamp, Uuid)>) -> String {
        let token = |(at, id): (Timestamp, Uuid)| {
            PageToken::encode(self.list, &self.binding(), &[&at.to_string(), &id.as_hyphenated().to_string()])
        };
        last.map(token).unwrap_or_default()
    }

    fn binding(&self) -> Vec<u8> {
        format!("{} {}", self.page.unseen, self.page.agent.as_str()).into_bytes()
    }
}

fn of_agent_list(list: &'static str, parent: &str, unseen: bool, size: i32, token: &str) -> Result<OfAgent, Status> {
    let mut v = Violations::new();
    let agent = agent(&mut v, "parent", parent);
    // Each may be as large as a message with twenty files is.
    let size = page_size(&mut v, size).min(MOST_OF_AGENT);
    let agent = whole(v, agent).map_err(|e| status(&e))?;
    let mut asked = OfAgent { page: MentionPage { agent, unseen, after: None, size }, list };
    if let Some(token) = PageToken::decode(token, list, &asked.binding()).map_err(|e| status(&e))? {
        let [at, id] = token.fields().map_err(|e| status(&e))?;
        let place = at.parse().ok().zip(id.parse().ok());
        asked.page.after = Some(place.ok_or_else(|| status(&list::unreadable()))?);
    }
    Ok(asked)
}

pub(in crate::grpc) fn drafts(request: &pb::ListDraftsRequest) -> Result<OfAgent, Status> {
    of_agent_list("drafts", &request.parent, false, request.page_size, &request.page_token)
}

pub(in crate::grpc) fn list_mentions(request: &pb::ListMentionsRequest) -> Result<OfAgent, Status> {
    of_agent_list("mentions", &request.parent, request.unseen, request.page_size, &request.page_token)
}

pub(in crate::grpc) fn see_mention(request: &pb::SeeMentionRequest) -> Result<(MentionId, RequestKey), Violations> {
    let mut v = Violations::new();
    let id = of_agent(&mut v, "name", "mentions", &request.name).map(|(agent, message)| MentionId { agent, message });
    let key = key(&mut v, "SeeMention", &request.request_id, request);
    whole(v, id.zip(key))
}

fn scan_name(v: &mut Violations, field: &str, name: &str) -> Option<[u8; 32]> {
    let lower = |digits: &&str| digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let digits = name.strip_prefix("scans/").filter(lower);
    let bytes = digits.and_then(|digits| hex::decode(digits).ok()).and_then(|bytes| bytes.try_into().ok());
    if bytes.is_none() {
        v.push(field, "must be a resource name of the form scans/{SHA-256 in 64 hex digits}");
    }
    bytes
}

pub(in crate::grpc) fn put_scan(request: &pb::PutScanRequest) -> Result<NewScan, Violations> {
    let mut v = Violations::new();
    let key = key(&mut v, "PutScan", &request.request_id, request);
    let Some(scan) = &request.scan else {
        v.push("scan", "is required");
        return whole(v, None);
    };
    let sha256 = scan_name(&mut v, "scan.name", &scan.name);
    let state = match pb::ScanState::try_from(scan.state) {
        Ok(pb::ScanState::Clean) => Some(ScanState::Clean),
        Ok(pb::ScanState::Infected) => Some(ScanState::Infected),
        Ok(pb::ScanState::Failed) => Some(ScanState::Failed),
        Ok(pb::ScanState::Pending) => {
            v.push("scan.state", "must say what was found");
            None
        }
        Ok(pb::ScanState::Unspecified) | Err(_) => parse::not_a_value(&mut v, "scan.state", scan.state),
    };
    let new = || Some(NewScan { sha256: sha256?, state: state?, key: key? });
    let new = new();
    whole(v, new)
}

pub(in crate::grpc) fn get_scan(request: &pb::GetScanRequest) -> Result<[u8; 32], Violations> {
    let mut v = Violations::new();
    let sha256 = scan_name(&mut v, "name", &request.name);
    whole(v, sha256)
}

/// A list of files that nobody has looked into.
pub(in crate::grpc) struct Unscanned {
    pub after: Option<(Timestamp, [u8; 32])>,
    pub size: usize,
}

impl Unscanned {
    const LIST: &str = "unscanned-files";

    /// The token of the page after this place.
    pub fn next_token(last: Option<(Timestamp, [u8; 32])>) -> String {
        let token = |(at, sha256): (Timestamp, [u8; 32])| {
            PageToken::encode(Self::LIST, b"", &[&at.to_string(), &crate::grpc::present::scan_name(&sha256)])
        };
        last.map(token).unwrap_or_default()
    }
}

pub(in crate::grpc) fn unscanned(request: &pb::ListUnscannedFilesRequest) -> Result<Unscanned, Status> {
    let mut v = Violations::new();
    let size = page_size(&mut v, request.page_size);
    v.into_result().map_err(|e| status(&e))?;
    let after = match PageToken::decode(&request.page_token, Unscanned::LIST, b"").map_err(|e| status(&e))? {
        Some(token) => {
            let [at, name] = token.fields().map_err(|e| status(&e))?;
            let place = at.parse().ok().zip(scan_name(&mut Violations::new(), "", &name));
            Some(place.ok_or_else(|| status(&list::unreadable()))?)
        }
        None => None,
    };
    Ok(Unscanned { after, size })
}

/// What a macro says and does, its fields found behind `prefix`.
pub(crate) fn macro_content(v: &mut Violations, prefix: &str, said: &pb::Macro) -> Option<MacroContent> {
    let visibility = visibility(v, &format!("{prefix}visibility"), said.visibility);
    if said.sales_offer && visibility == Some(Visibility::Internal) {
        v.push(format!("{prefix}sales_offer"), "only what goes to the customer offers something for sale");
    }
    let mut texts = Vec::with_capacity(said.texts.len());
    for (i, local) in said.texts.iter().enumerate() {
        let field = format!("{prefix}texts[{i}]");
        let language = language(v, &format!("{field}.language"), local.language);
        let text = v.check(format!("{field}.text"), local.text.parse::<Text<1, 5_000>>());
        let template =
            text.as_ref().and_then(|text| v.check(format!("{field}.text"), text.expose().parse::<Template>()));
        texts.extend(language.zip(text).filter(|_| template.is_some()));
    }
    // What is wrong with one of them says enough.
    let whole = texts.len() == said.texts.len();
    let texts = if whole { v.check(format!("{prefix}texts"), Texts::new(texts)) } else { None };
    let change = match &said.change {
        None => None,
        Some(kept) => {
            let bulk = match kept.clone() {
                Kept::Transfer(transfer) => Bulk::Transfer(transfer),
                Kept::Hold(hold) => Bulk::Hold(hold),
                Kept::Resume(resume) => Bulk::Resume(resume),
            };
            let mut within = Violations::new();
            // What is kept under a name is nobody's.
            if let Kept::Transfer(said) = kept
                && !said.handover.is_empty()
            {
                within.push("transfer.handover", "is not kept; say it in a note");
            }
            // What is known, the macro says; why, it has to say too.
            if let Kept::Transfer(said) = kept
                && said.reason.is_empty()
            {
                within.push("transfer.reason", "is required");
            }
            let read = change(&mut within, Some(&bulk));
            v.absorb(prefix.trim_end_matches('.'), within);
            Some(read?)
        }
    };
    Some(MacroContent { texts: texts?, visibility: visibility?, sales_offer: said.sales_offer, change })
}

pub(in crate::grpc) fn put_macro(request: &pb::PutMacroRequest) -> Result<NewNamed<MacroId, pb::Macro>, Violations> {
    let mut v = Violations::new();
    let Some(said) = &request.r#macro else {
        key(&mut v, "PutMacro", &request.request_id, request);
        v.push("macro", "is required");
        return whole(v, None);
    };
    // What is kept is what it says and does; the rest has columns of its own.
    let content = macro_content(&mut v, "macro.", said).map(|_| pb::Macro {
        visibility: said.visibility,
        texts: said.texts.clone(),
        sales_offer: said.sales_offer,
        change: said.change.clone(),
        ..pb::Macro::default()
    });
    let header = Header {
        method: "PutMacro",
        field: "macro",
        name: &said.name,
        title: &said.title,
        department: &said.department,
        etag: &said.etag,
        request_id: &request.request_id,
    };
    let new = header.put(&mut v, request, content);
    whole(v, new)
}

pub(in crate::grpc) fn delete_macro(request: &pb::DeleteMacroRequest) -> Result<EndOfNamed<MacroId>, Violations> {
    delete("DeleteMacro", &request.name, &request.etag, &request.request_id, request)
}

pub(in crate::grpc) fn preview_macro(request: &pb::PreviewMacroRequest) -> Result<(MacroId, TicketId), Violations> {
    let mut v = Violations::new();
    let macro_id = id(&mut v, "name", &request.name);
    let ticket = parse::name(&mut v, "ticket", &request.ticket);
    whole(v, macro_id.zip(ticket))
}

pub(in crate::grpc) fn apply_macro(request: &pb::ApplyMacroRequest) -> Result<MacroUse, Violations> {
    let mut v = Violations::new();
    let macro_id = id(&mut v, "name", &request.name);
    let ticket = parse::name(&mut v, "ticket", &request.ticket);
    let body = optional::<Body>(&mut v, "body", &request.body);
    let known = optional::<Body>(&mut v, "handover", &request.handover);
    let channel = if request.channel == 0 { None } else { parse::channel(&mut v, "channel", request.channel) };
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "ApplyMacro", &request.request_id, request);
    let asked = || Some(MacroUse { id: macro_id?, ticket: ticket?, body, known, channel, etag: etag?, key: key? });
    let asked = asked();
    whole(v, asked)
}
