//! Requests about process maps.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use kernel::{Language, ResourceId as _, Violations};
use prost::Message as _;
use server::{PageToken, page_size, parse, status};
use ticketing_domain::{
    Line, MAX_SITUATIONS, MAX_STEPS, ProcessId, ProcessMap, Scope, Situation, Slug, SlugId as _, Standing, Step,
    TicketId, Wording,
};
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::LocalizedText;

use super::list::standing;
use super::team::version;
use super::{header, key, list, whole};
use crate::usecase::{Measured, NewProcess, Target};

/// There are no more languages.
const MOST_TEXTS: usize = 5;

pub(in crate::grpc) fn put_process(request: &pb::PutProcessRequest) -> Result<NewProcess, Violations> {
    let mut v = Violations::new();
    let key = key(&mut v, "PutProcess", &request.request_id, request);
    let Some(said) = &request.process else {
        v.push("process", "is required");
        return whole(v, None);
    };
    let mut within = Violations::new();
    let id = process_id(&mut within, "name", &said.name);
    let ticket_type = match said.ticket_type {
        0 => Some(None),
        value => super::ticket::ticket_type(&mut within, "ticket_type", value).map(Some),
    };
    let topic = optional::<Slug>(&mut within, "topic", &said.topic);
    let effective = match &said.effective_time {
        None => Some(None),
        time => parse::optional_time(&mut within, "effective_time", time.as_ref()).map(Some),
    };
    let after = match said.etag.as_str() {
        "" => Some(None),
        etag => version(&mut within, "etag", etag).map(Some),
    };
    let map = map(&mut within, "steps", &said.steps);
    v.absorb("process", within);
    let new = || {
        let scope = Scope { ticket_type: ticket_type?, topic: topic? };
        Some(NewProcess { id: id?, scope, effective: effective?, map: map?, after: after?, key: key? })
    };
    let new = new();
    whole(v, new)
}

fn process_id(v: &mut Violations, field: &str, name: &str) -> Option<ProcessId> {
    if name.is_empty() {
        v.push(field, "is required");
        return None;
    }
    v.check(field, name.parse())
}

/// The map that these steps are.
fn map(v: &mut Violations, field: &str, steps: &[pb::ProcessStep]) -> Option<ProcessMap> {
    if steps.len() > MAX_STEPS {
        v.push(field, format!("must have 1 to {MAX_STEPS} steps, has {}", steps.len()));
        return None;
    }
    let mut read = Vec::with_capacity(steps.len());
    for (i, said) in steps.iter().enumerate() {
        let mut within = Violations::new();
        read.extend(step(&mut within, said));
        v.absorb(&format!("{field}[{i}]"), within);
    }
    if read.len() < steps.len() {
        return None;
    }
    match ProcessMap::new(read) {
        Ok(map) => Some(map),
        Err(wrong) => {
            for violation in wrong.as_slice() {
                let path = violation.field.replacen("steps", field, 1);
                v.push(path, violation.description.clone());
            }
            None
        }
    }
}

fn step(v: &mut Violations, said: &pb::ProcessStep) -> Option<Step> {
    let id = v.check("id", said.id.parse());
    let department = optional(v, "department", &said.department);
    let standard = match &said.standard_duration {
        None => Some(None),
        Some(duration) => standard(v, duration).map(Some),
    };
    let internal_title = wording(v, "internal_title", &said.internal_title);
    let public_title = wording(v, "public_title", &said.public_title);
    let public_text = wording(v, "public_text", &said.public_text);
    let public_next = wording(v, "public_next", &said.public_next);
    let situations = situations(v, &said.situations);
    let next = next(v, &said.next);
    Some(Step {
        id: id?,
        department: department?,
        standard: standard?,
        internal_title: internal_title?,
        public_title: public_title?,
        public_text: public_text?,
        public_next: public_next?,
        situations: situations?,
        next: next?,
        may_begin: said.may_begin,
        may_end: said.may_end,
    })
}

fn standard(v: &mut Violations, said: &prost_types::Duration) -> Option<SignedDuration> {
    // Ten thousand years, the contract's range of a duration.
    const MOST_SECONDS: i64 = 315_576_000_000;
    let fits = (0..=MOST_SECONDS).contains(&said.seconds) && (0..1_000_000_000).contains(&said.nanos);
    // Kept by the millisecond.
    let millis = fits.then(|| said.seconds * 1_000 + i64::from(said.nanos) / 1_000_000);
    let read = millis.filter(|millis| *millis > 0).map(SignedDuration::from_millis);
    if read.is_none() {
        v.push("standard_duration", "must be a millisecond at the least");
    }
    read
}

fn situations(v: &mut Violations, said: &[pb::StepSituation]) -> Option<Vec<Situation>> {
    if said.len() > MAX_SITUATIONS {
        v.push("situations", format!("must be at most {MAX_SITUATIONS} situations"));
        return None;
    }
    let mut read = Vec::with_capacity(said.len());
    for (i, one) in said.iter().enumerate() {
        let mut within = Violations::new();
        let standing: Option<Standing> = standing(&mut within, "state", one.state);
        let reason = optional(&mut within, "reason", &one.reason);
        let department = optional(&mut within, "department", &one.department);
        v.absorb(&format!("situations[{i}]"), within);
        let situation = || Some(Situation { standing: standing?, reason: reason?, department: department? });
        read.extend(situation());
    }
    (read.len() == said.len()).then_some(read)
}

fn next(v: &mut Violations, said: &[String]) -> Option<Vec<Slug>> {
    if said.len() > MAX_STEPS {
        v.push("next", format!("must be at most {MAX_STEPS} steps"));
        return None;
    }
    let read: Vec<Slug> =
        said.iter().enumerate().filter_map(|(i, id)| v.check(format!("next[{i}]"), id.parse())).collect();
    (read.len() == said.len()).then_some(read)
}

pub(super) fn wording<const MAX: usize>(
    v: &mut Violations,
    field: &str,
    said: &[LocalizedText],
) -> Option<Wording<MAX>> {
    if said.len() > MOST_TEXTS {
        v.push(field, "must have one text in each language");
        return None;
    }
    let mut texts = Vec::with_capacity(said.len());
    for (i, one) in said.iter().enumerate() {
        let path = format!("{field}[{i}]");
        let language = language(v, &format!("{path}.language"), one.language);
        let line = v.check(format!("{path}.text"), one.text.parse::<Line<MAX>>());
        texts.extend(language.zip(line));
    }
    if texts.len() < said.len() {
        return None;
    }
    v.check(field, Wording::new(texts))
}

pub(super) fn language(v: &mut Violations, field: &str, value: i32) -> Option<Language> {
    if value == 0 {
        return parse::not_a_value(v, field, value);
    }
    parse::language(v, field, value)
}

/// What is left out is none; what is there and cannot be read leaves a violation.
fn optional<T: FromStr>(v: &mut Violations, field: &str, said: &str) -> Option<Option<T>>
where
    T::Err: std::fmt::Display,
{
    if said.is_empty() { Some(None) } else { v.check(field, said.parse()).map(Some) }
}

/// Number of a version, where one is asked for.
fn number(v: &mut Violations, said: i32) -> Option<i32> {
    if said < 0 {
        v.push("version", "must be a version's number, or left out for the newest");
    }
    (said > 0).then_some(said)
}

pub(in crate::grpc) fn process_version(
    request: &pb::GetProcessRequest,
) -> Result<(ProcessId, Option<i32>), Violations> {
    let mut v = Violations::new();
    let id = process_id(&mut v, "name", &request.name);
    let version = number(&mut v, request.version);
    whole(v, id.map(|id| (id, version)))
}

pub(in crate::grpc) fn enter_step(
    request: &pb::EnterStepRequest,
    now: Timestamp,
) -> Result<(Target, Slug), Violations> {
    let mut v = Violations::new();
    let target = header!("EnterStep", request).target(&mut v, request, now);
    let step = v.check("step", request.step.parse());
    whole(v, target.zip(step))
}

pub(in crate::grpc) fn course_name(name: &str) -> Result<TicketId, Violations> {
    let mut v = Violations::new();
    let id = match name.strip_suffix("/course") {
        Some(ticket) => v.check("name", TicketId::parse(ticket)),
        None => {
            v.push("name", "must be a resource name of the form tickets/{uuid}/course");
            None
        }
    };
    whole(v, id)
}

pub(in crate::grpc) fn measure_process(request: &pb::MeasureProcessRequest) -> Result<Measured, Violations> {
    let mut v = Violations::new();
    let id = process_id(&mut v, "name", &request.name);
    let version = number(&mut v, request.version);
    let draft = if request.draft_steps.is_empty() {
        Some(None)
    } else {
        if request.version != 0 {
            v.push("version", "is left out where steps are sent");
        }
        map(&mut v, "draft_steps", &request.draft_steps).map(Some)
    };
    let from = parse::time(&mut v, "from_time", request.from_time.as_ref());
    let to = parse::time(&mut v, "to_time", request.to_time.as_ref());
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        v.push("to_time", "must be after from_time");
    }
    let measured = || Some(Measured { id: id?, version, draft: draft?, from: from?, to: to? });
    let measured = measured();
    whole(v, measured)
}

/// A list of maps that is asked for.
pub(in crate::grpc) struct Processes {
    pub after: String,
    pub size: usize,
    binding: Vec<u8>,
}

impl Processes {
    /// The token of the page after this one.
    pub fn next_token(&self, last: Option<String>) -> String {
        last.map(|id| PageToken::encode("processes", &self.binding, &[&id])).unwrap_or_default()
    }
}

pub(in crate::grpc) fn processes(request: &pb::ListProcessesRequest) -> Result<Processes, Status> {
    let mut v = Violations::new();
    let size = page_size(&mut v, request.page_size);
    v.into_result().map_err(|e| status(&e))?;
    let binding = pb::ListProcessesRequest::default().encode_to_vec();
    let after = match PageToken::decode(&request.page_token, "processes", &binding).map_err(|e| status(&e))? {
        Some(token) => {
            let [id] = token.fields().map_err(|e| status(&e))?;
            ProcessId::of(&id).map_err(|_| status(&list::unreadable()))?.as_str().to_owned()
        }
        None => String::new(),
    };
    Ok(Processes { after, size, binding })
}
