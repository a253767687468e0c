//! Requests about notices.

use jiff::SignedDuration;
use kernel::{Channel, Language, Violations};
use server::{page_size, parse};
use ticketing_domain::{
    NoticeId, NoticeOutcome, NoticePlace, NoticeTemplateId, NoticeWords, Template, Text, Texts, Word, flaw_of,
};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::LocalizedText;

use super::named::{Header, id};
use super::process::language;
use super::ticket::optional;
use super::{etag, key, whole};
use crate::usecase::named::NewNamed;
use crate::usecase::notice::{Approval, NoticeReport, Taking};

/// There are no more channels.
const MOST_CHANNELS: usize = 9;
/// What somebody has it for who says nothing else.
const LEASE: i32 = 60;

/// Texts in several languages, each looked at by `flaw`.
fn texts<const MAX: usize>(
    v: &mut Violations,
    field: &str,
    said: &[LocalizedText],
    flaw: impl Fn(&mut Violations, &str, &Text<1, MAX>),
) -> Option<Texts<MAX>> {
    let mut read = Vec::with_capacity(said.len());
    for (i, local) in said.iter().enumerate() {
        let language = language(v, &format!("{field}[{i}].language"), local.language);
        let place = format!("{field}[{i}].text");
        let text = v.check(place.as_str(), local.text.parse::<Text<1, MAX>>());
        if let Some(text) = &text {
            flaw(v, &place, text);
        }
        read.extend(language.zip(text));
    }
    // What is wrong with one of them says enough.
    if read.len() == said.len() { v.check(field, Texts::new(read)) } else { None }
}

fn template_text(v: &mut Violations, field: &str, text: &Text<1, 2_000>, of_law: bool) {
    let template = v.check(field, text.expose().parse::<Template<NoticePlace>>());
    if let Some(flaw) = template.as_ref().and_then(|template| flaw_of(template, of_law)) {
        v.push(field, flaw);
    }
}

/// What a template is for and says, its fields found behind `prefix`.
pub(crate) fn notice_template(
    v: &mut Violations,
    prefix: &str,
    said: &pb::NoticeTemplate,
) -> Option<(Option<Word>, NoticeWords)> {
    let reason = optional::<Word>(v, &format!("{prefix}reason"), &said.reason);
    let whole = said.reason.is_empty() || reason.is_some();
    let of_law = !said.recourses.is_empty();
    let told = texts(v, &format!("{prefix}texts"), &said.texts, |v, field, text| template_text(v, field, text, of_law));
    let causes = texts(v, &format!("{prefix}causes"), &said.causes, |_, _, _| {});
    let remedies = texts(v, &format!("{prefix}remedies"), &said.remedies, |_, _, _| {});
    let recourses = if of_law { texts(v, &format!("{prefix}recourses"), &said.recourses, |_, _, _| {}) } else { None };
    if let Some(told) = &told {
        for (field, of) in [
            ("causes", causes.as_ref().map(spoken)),
            ("remedies", remedies.as_ref().map(spoken)),
            ("recourses", recourses.as_ref().map(spoken)),
        ] {
            if of.is_some_and(|languages| languages != spoken(told)) {
                v.push(format!("{prefix}{field}"), "must be in the languages of texts");
            }
        }
    }
    let whole = whole && of_law == recourses.is_some();
    let words = NoticeWords { texts: told?, causes: causes?, remedies: remedies?, recourses };
    whole.then_some((reason, words))
}

fn spoken<const MAX: usize>(texts: &Texts<MAX>) -> Vec<&'static str> {
    let mut languages: Vec<_> = texts.iter().map(|(language, _): (Language, _)| language.as_str()).collect();
    languages.sort_unstable();
    languages
}

pub(in crate::grpc) fn put_notice_template(
    request: &pb::PutNoticeTemplateRequest,
) -> Result<NewNamed<NoticeTemplateId, pb::NoticeTemplate>, Violations> {
    let mut v = Violations::new();
    let Some(said) = &request.template else {
        key(&mut v, "PutNoticeTemplate", &request.request_id, request);
        v.push("template", "is required");
        return whole(v, None);
    };
    // What is kept is what it is for and says; who wrote it is added, and the rest has columns of its own.
    let content = notice_template(&mut v, "template.", said).map(|_| pb::NoticeTemplate {
        reason: said.reason.clone(),
        texts: said.texts.clone(),
        causes: said.causes.clone(),
        remedies: said.remedies.clone(),
        recourses: said.recourses.clone(),
        ..pb::NoticeTemplate::default()
    });
    let header = Header {
        method: "PutNoticeTemplate",
        field: "template",
        name: &said.name,
        title: &said.title,
        department: &said.department,
        etag: &said.etag,
        request_id: &request.request_id,
    };
    let new = header.put(&mut v, request, content);
    whole(v, new)
}

pub(in crate::grpc) fn approve_notice_template(
    request: &pb::ApproveNoticeTemplateRequest,
) -> Result<Approval, Violations> {
    let mut v = Violations::new();
    let id = id(&mut v, "name", &request.name);
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "ApproveNoticeTemplate", &request.request_id, request);
    let approval = || Some(Approval { id: id?, etag: etag?, key: key? });
    let approval = approval();
    whole(v, approval)
}

pub(in crate::grpc) fn take_notices(request: &pb::TakeNoticesRequest) -> Result<Taking, Violations> {
    let mut v = Violations::new();
    let mut channels: Vec<Channel> = Vec::new();
    if !(1..=MOST_CHANNELS).contains(&request.channels.len()) {
        v.push("channels", format!("must be 1 to {MOST_CHANNELS}"));
    } else {
        for (i, value) in request.channels.iter().enumerate() {
            let field = format!("channels[{i}]");
            match parse::channel(&mut v, &field, *value) {
                Some(channel) if channels.contains(&channel) => v.push(field, "must be there once"),
                Some(channel) => channels.push(channel),
                None => {}
            }
        }
    }
    let mut within = Violations::new();
    let most = page_size(&mut within, request.max_count);
    if !within.is_empty() {
        v.push("max_count", "must not be negative");
    }
    let lease = if request.lease_seconds == 0 { LEASE } else { request.lease_seconds };
    if !(5..=3_600).contains(&lease) {
        v.push("lease_seconds", "must be 5 to 3600");
    }
    let key = key(&mut v, "TakeNotices", &request.request_id, request);
    let lease = SignedDuration::from_secs(lease.into());
    let taking = key.map(|key| Taking { channels, most, lease, key });
    whole(v, taking)
}

pub(in crate::grpc) fn report_notice(request: &pb::ReportNoticeRequest) -> Result<NoticeReport, Violations> {
    let mut v = Violations::new();
    let id = v.check("name", NoticeId::parse(&request.name));
    let handing = u32::try_from(request.hand_count).ok().filter(|handing| *handing > 0);
    if handing.is_none() {
        v.push("hand_count", "must be at least 1");
    }
    let reason = optional::<Word>(&mut v, "reason", &request.reason);
    let outcome = match pb::NoticeOutcome::try_from(request.outcome) {
        Ok(pb::NoticeOutcome::Delivered) => {
            if !request.reason.is_empty() {
                v.push("reason", "is left out when it was delivered");
            }
            Some(NoticeOutcome::Delivered)
        }
        Ok(pb::NoticeOutcome::Failed) => {
            if request.reason.is_empty() {
                v.push("reason", "is required when it was not delivered");
            }
            reason.map(|reason| NoticeOutcome::Failed { reason })
        }
        Ok(pb::NoticeOutcome::Unspecified) | Err(_) => parse::not_a_value(&mut v, "outcome", request.outcome),
    };
    let key = key(&mut v, "ReportNotice", &request.request_id, request);
    let report = || Some(NoticeReport { id: id?, handing: handing?, outcome: outcome?, key: key? });
    let report = report();
    whole(v, report)
}
