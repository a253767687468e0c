//! Requests of `MeasureService` to values.

use std::collections::HashMap;

use jiff::Timestamp;
use kernel::Violations;
use postgres::RequestKey;
use prost::Message as _;
use server::parse;
use sla_monitor_domain::evaluation::Language;
use sla_monitor_domain::figures::{Ended, HumanRequest, Measured, Supervisor, SupervisorRequest};
use ventanilla_proto::sla::v1 as proto;
use ventanilla_proto::r#type::v1::{Channel, Language as Tongue};

use super::convert;
use crate::error::Failure;
use crate::names::CallName;
use crate::store::call::Call;
use crate::store::parameters::Period;
use crate::usecase::get_board::Window;
use crate::usecase::get_calibration;
use crate::usecase::publish_evaluation::NewEvaluation;
use crate::usecase::record_calls::NewCalls;

/// Calls of one request.
const MOST_CALLS: usize = 500;

/// Longest id of a call.
const LONGEST_ID: usize = 64;

/// As what kind of file a board is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// JSON.
    Json,
}

/// Until when a supervisor is owed by a department who was asked for at an instant; none where its calendar leads nowhere.
pub type Owed<'a> = dyn Fn(&str, Timestamp) -> Option<Timestamp> + 'a;

/// `RecordCalls`.
pub fn calls(request: &proto::RecordCallsRequest, now: Timestamp, owed: &Owed<'_>) -> Result<NewCalls, Failure> {
    let mut v = Violations::new();
    let source_system = slug(&mut v, "source_system", &request.source_system);
    let id = parse::request_id(&mut v, &request.request_id);
    if request.calls.is_empty() {
        v.push("calls", "is required");
    } else if request.calls.len() > MOST_CALLS {
        v.push("calls", format!("must have at most {MOST_CALLS} calls, has {}", request.calls.len()));
        return Err(v.into());
    }
    let mut seen = HashMap::new();
    let mut calls = Vec::with_capacity(request.calls.len());
    for (i, sent) in request.calls.iter().enumerate() {
        let mut within = Violations::new();
        calls.extend(call(&mut within, &request.source_system, sent, now, owed));
        v.absorb(&format!("calls[{i}]"), within);
        if let Some(before) = seen.insert(&sent.external_id, i) {
            v.push(format!("calls[{i}].external_id"), format!("is the call of calls[{before}] again"));
        }
    }
    v.into_result()?;
    let key = RequestKey::of(whole(id), "RecordCalls", &request.encode_to_vec());
    Ok(NewCalls { source_system: whole(source_system), calls, key })
}

/// A value of which every violation was refused before.
fn whole<T>(value: Option<T>) -> T {
    value.expect("a value that cannot be read leaves a violation")
}

/// A slug, of the same form as a department's.
fn slug(v: &mut Violations, field: &str, value: &str) -> Option<String> {
    parse::department(v, field, value).map(|slug| slug.to_string())
}

fn call(
    v: &mut Violations,
    source_system: &str,
    sent: &proto::MeasuredCall,
    now: Timestamp,
    owed: &Owed<'_>,
) -> Option<Call> {
    let id = external_id(v, &sent.external_id);
    let department = slug(v, "department", &sent.department);
    let queue = if sent.queue.is_empty() { Some(String::new()) } else { slug(v, "queue", &sent.queue) };
    let channel = parse::channel(v, "channel", sent.channel);
    let language = parse::language(v, "language", sent.language);
    let arrived = required(v, "arrived_time", sent.arrived_time.as_ref(), now);
    let ended = match proto::WaitEnd::try_from(sent.wait_end) {
        Ok(proto::WaitEnd::Answered) => Some(Ended::Answered),
        Ok(proto::WaitEnd::Abandoned) => Some(Ended::Abandoned),
        Ok(proto::WaitEnd::HungUp) => Some(Ended::HungUp),
        Ok(proto::WaitEnd::Unspecified) | Err(_) => parse::not_a_value(v, "wait_end", sent.wait_end),
    };
    let wait_ended = required(v, "wait_ended_time", sent.wait_ended_time.as_ref(), now);
    not_before(v, ("wait_ended_time", wait_ended), ("arrived_time", arrived));
    let human = human(v, sent, arrived, now);
    let supervisor = supervisor(v, sent, arrived, now);
    let due = match (&department, &supervisor) {
        (Some(department), Some((asked, _))) => {
            let due = owed(department, *asked);
            if due.is_none() {
                v.push("supervisor_requested_time", "is beyond the department's calendar");
            }
            due
        }
        _ => None,
    };
    let measured = Measured {
        key: (source_system.to_owned(), id?),
        department: department?,
        by_phone: sent.channel == i32::from(Channel::Phone),
        arrived: arrived?,
        ended: ended?,
        wait_ended: wait_ended?,
        human,
        supervisor: supervisor.zip(due).map(|((asked, given), due)| SupervisorRequest { asked, given, due }),
    };
    Some(Call { measured, channel: channel?, queue: queue?, language, served_first: sent.served_first })
}

fn external_id(v: &mut Violations, id: &str) -> Option<String> {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if id.is_empty() {
        v.push("external_id", "is required");
    } else if id.len() > LONGEST_ID || !id.bytes().all(known) {
        v.push("external_id", "must be 1 to 64 letters, digits, dots, hyphens and underscores");
    } else if (9..=15).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit()) {
        v.push("external_id", "must not be a bare number that could be a telephone number: put a letter before it");
    } else {
        return Some(id.to_owned());
    }
    None
}

fn human(
    v: &mut Violations,
    sent: &proto::MeasuredCall,
    arrived: Option<Timestamp>,
    now: Timestamp,
) -> Option<HumanRequest> {
    let asked = past(v, "human_requested_time", sent.human_requested_time.as_ref(), now);
    let given = past(v, "human_time", sent.human_time.as_ref(), now);
    not_before(v, ("human_requested_time", asked), ("arrived_time", arrived));
    not_before(v, ("human_time", given), ("human_requested_time", asked));
    only_with(v, "human_time", sent.human_time.is_some(), "human_requested_time", sent.human_requested_time.is_some());
    asked.map(|asked| HumanRequest { asked, given })
}

fn supervisor(
    v: &mut Violations,
    sent: &proto::MeasuredCall,
    arrived: Option<Timestamp>,
    now: Timestamp,
) -> Option<(Timestamp, Supervisor)> {
    let asked = past(v, "supervisor_requested_time", sent.supervisor_requested_time.as_ref(), now);
    not_before(v, ("supervisor_requested_time", asked), ("arrived_time", arrived));
    let mut ends = Vec::with_capacity(2);
    for (field, value) in [
        ("supervisor_time", sent.supervisor_time.as_ref()),
        ("supervisor_later_time", sent.supervisor_later_time.as_ref()),
    ] {
        let at = past(v, field, value, now);
        not_before(v, (field, at), ("supervisor_requested_time", asked));
        only_with(v, field, value.is_some(), "supervisor_requested_time", sent.supervisor_requested_time.is_some());
        ends.push(at);
    }
    if sent.supervisor_time.is_some() && sent.supervisor_later_time.is_some() {
        v.push("supervisor_later_time", "must not stand beside supervisor_time");
    }
    let given = match ends.as_slice() {
        [Some(at), _] => Supervisor::AtOnce(*at),
        [None, Some(at)] => Supervisor::Later(*at),
        _ => Supervisor::Never,
    };
    asked.map(|asked| (asked, given))
}

fn required(
    v: &mut Violations,
    field: &str,
    value: Option<&prost_types::Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    if value.is_none() {
        v.push(field, "is required");
    }
    past(v, field, value, now)
}

fn past(v: &mut Violations, field: &str, value: Option<&prost_types::Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let at = parse::optional_time(v, field, value)?;
    if at > now {
        v.push(field, "must not be in the future");
        return None;
    }
    Some(at)
}

fn not_before(v: &mut Violations, later: (&str, Option<Timestamp>), earlier: (&str, Option<Timestamp>)) {
    if let (Some(at), Some(first)) = (later.1, earlier.1)
        && at < first
    {
        v.push(later.0, format!("must not be before {}", earlier.0));
    }
}

fn only_with(v: &mut Violations, field: &str, is_there: bool, other: &str, other_is_there: bool) {
    if is_there && !other_is_there {
        v.push(field, format!("must not be there without {other}"));
    }
}

/// The instants that a period lies between, both of which must be there.
fn between(
    v: &mut Violations,
    from: Option<&prost_types::Timestamp>,
    to: Option<&prost_types::Timestamp>,
) -> Option<(Timestamp, Timestamp)> {
    let from = parse::time(v, "from_time", from);
    let to = parse::time(v, "to_time", to);
    let (from, to) = from.zip(to)?;
    if to <= from {
        v.push("to_time", "must be after from_time");
    }
    Some((from, to))
}

fn optional_department(v: &mut Violations, value: &str) -> Option<String> {
    if value.is_empty() { None } else { slug(v, "department", value) }
}

/// `GetServiceParameters`.
pub fn parameters(request: &proto::GetServiceParametersRequest) -> Result<Period, Failure> {
    let mut v = Violations::new();
    let between = between(&mut v, request.from_time.as_ref(), request.to_time.as_ref());
    let department = optional_department(&mut v, &request.department);
    v.into_result()?;
    let (from, to) = whole(between);
    Ok(Period { from, to, department })
}

/// `ExplainCall`.
pub fn call_name(request: &proto::ExplainCallRequest) -> Result<CallName, Failure> {
    let mut v = Violations::new();
    let name = if request.name.is_empty() {
        v.push("name", "is required");
        None
    } else {
        v.check("name", CallName::parse(&request.name))
    };
    v.into_result()?;
    Ok(whole(name))
}

/// `GetFairness`.
pub fn fairness(request: &proto::GetFairnessRequest) -> Result<(Timestamp, Timestamp), Failure> {
    let mut v = Violations::new();
    let between = between(&mut v, request.from_time.as_ref(), request.to_time.as_ref());
    v.into_result()?;
    Ok(whole(between))
}

/// `GetCalibration`.
pub fn calibration(request: &proto::GetCalibrationRequest) -> Result<get_calibration::Asked, Failure> {
    let mut v = Violations::new();
    let between = between(&mut v, request.from_time.as_ref(), request.to_time.as_ref());
    let department = optional_department(&mut v, &request.department);
    v.into_result()?;
    let (from, to) = whole(between);
    Ok(get_calibration::Asked { from, to, department })
}

/// `ExportBoard`.
pub fn export(request: &proto::ExportBoardRequest) -> Result<(Window, Format), Failure> {
    let board = proto::GetBoardRequest {
        from_time: request.from_time,
        to_time: request.to_time,
        policy: request.policy.clone(),
    };
    let window = convert::window(&board);
    let mut v = Violations::new();
    let format = match proto::BoardFormat::try_from(request.format) {
        Ok(proto::BoardFormat::Csv) => Some(Format::Csv),
        Ok(proto::BoardFormat::Json) => Some(Format::Json),
        Ok(proto::BoardFormat::Unspecified) | Err(_) => parse::not_a_value(&mut v, "format", request.format),
    };
    match (window, format) {
        (Ok(window), Some(format)) => Ok((window, format)),
        (Err(Failure::Invalid(mut all)), _) => {
            v.as_slice().iter().for_each(|wrong| all.push(&wrong.field, &wrong.description));
            Err(all.into())
        }
        (Err(other), _) => Err(other),
        (Ok(_), None) => Err(v.into()),
    }
}

/// The year of `evaluations/{year}`.
fn year(v: &mut Violations, name: &str) -> Option<i16> {
    let year = name.strip_prefix("evaluations/").filter(|year| year.len() == 4).and_then(|year| year.parse().ok());
    let year = year.filter(|year| (2000..3000).contains(year));
    if year.is_none() {
        v.push("name", "must be evaluations/{year}, of 2000 to 2999");
    }
    year
}

/// `PreviewEvaluation`.
pub fn preview(request: &proto::PreviewEvaluationRequest) -> Result<i16, Failure> {
    let mut v = Violations::new();
    let year = year(&mut v, &request.name);
    v.into_result()?;
    Ok(whole(year))
}

/// `PublishEvaluation`.
pub fn publication(request: &proto::PublishEvaluationRequest) -> Result<NewEvaluation, Failure> {
    let mut v = Violations::new();
    let year = year(&mut v, &request.name);
    let id = parse::request_id(&mut v, &request.request_id);
    let known = version(&mut v, "known_version", request.known_version);
    v.into_result()?;
    Ok(NewEvaluation {
        year: whole(year),
        known,
        key: RequestKey::of(whole(id), "PublishEvaluation", &request.encode_to_vec()),
    })
}

fn version(v: &mut Violations, field: &str, version: i32) -> i32 {
    if !(0..i32::MAX).contains(&version) {
        v.push(field, "must be a number of a version, or 0");
    }
    version
}

/// `GetEvaluation`.
pub fn evaluation(request: &proto::GetEvaluationRequest) -> Result<(i16, i32), Failure> {
    let mut v = Violations::new();
    let year = year(&mut v, &request.name);
    let version = version(&mut v, "version", request.version);
    v.into_result()?;
    Ok((whole(year), version))
}

/// `GetEvaluationDocument`.
pub fn document(request: &proto::GetEvaluationDocumentRequest) -> Result<((i16, i32), Language), Failure> {
    let mut v = Violations::new();
    let year = year(&mut v, &request.name);
    let version = version(&mut v, "version", request.version);
    let language = match Tongue::try_from(request.language) {
        Ok(Tongue::Unspecified | Tongue::Es) => Some(Language::Spanish),
        Ok(Tongue::En) => Some(Language::English),
        _ => None,
    };
    if language.is_none() {
        v.push("language", "must be Spanish or English");
    }
    v.into_result()?;
    Ok(((whole(year), version), whole(language)))
}
