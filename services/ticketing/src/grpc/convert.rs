//! Requests as the values use cases work with. Each function looks at every field before it refuses, so
//! that a caller learns all that is wrong at once, each under its path in the request.

mod characteristic;
mod cure;
mod desk;
mod finding;
mod holding_reply;
mod import;
mod incident;
mod learning;
mod list;
mod message;
mod named;
mod notice;
mod process;
mod promise;
mod public;
mod relation;
mod survey;
mod team;
mod ticket;

use jiff::Timestamp;
use kernel::Violations;
use postgres::{RequestKey, parse_etag};
use prost::Message;
use server::parse;
use ticketing_domain::Word;

pub(crate) use characteristic::characteristic_rules;
pub(super) use characteristic::{
    CharacteristicSetList, characteristic_set_version, characteristic_sets, put_characteristic_set,
    state_characteristics,
};
pub(super) use cure::{request_cure, resolve_uncured};
pub(super) use desk::{
    Unscanned, apply_macro, delete_draft, delete_macro, drafts, get_draft, get_scan, list_mentions, preview_macro,
    put_draft, put_macro, put_scan, see_mention, send_draft, unscanned,
};
pub(crate) use desk::{drafted, macro_content};
pub(super) use finding::{change_tickets, counted, counted_views, delete_view, put_view, search, searched_view};
pub(super) use holding_reply::send_holding_reply;
pub(super) use import::import;
pub(super) use incident::{
    add_affected, incident_name, incidents, open_incident, remove_affected, tell_affected, updates,
};
pub(super) use learning::{
    citations, cite_article, decide_redress, estimate_silence, get_article, give_redress, measure_causes,
    measure_satisfaction, propose_redress, put_article, put_cause, put_item, redresses, state_cause, suggest_articles,
    waiting_redresses,
};
pub(crate) use learning::{granting, refuse_amount};
pub(super) use list::{cures, history, journey, messages, notices, promises, tickets, watch};
pub(super) use message::add_message;
pub(crate) use message::refuse_late;
pub(super) use named::{named, named_list};
pub(crate) use notice::notice_template;
pub(super) use notice::{approve_notice_template, put_notice_template, report_notice, take_notices};
pub(super) use process::{course_name, enter_step, measure_process, process_version, processes, put_process};
pub(super) use promise::{attempt_promise, due_promises, make_promise, settle_promise};
pub(super) use public::{accept_public, keypad, object_public, read_public, say_public, shown, survey_public};
pub(super) use relation::{link, links, merge, reclassify, split, unlink, unmerge};
pub(super) use survey::{answer_survey, ask_survey, survey_name};
pub(super) use team::{
    agent_name, agents, call_supervisor, put_agent, put_department, put_queue, queue_name, state_presence, take_next,
};
pub(super) use ticket::{
    answer_claim_point, cancel, close, create, hold, public_receipt, public_status, receipt_document, receipt_name,
    reject, reopen, resolve, resume, start, ticket_name, transfer, wait_for_customer,
};

use crate::usecase::Target;

/// The value, when nothing was wrong. A missing value always comes with a violation.
fn whole<T>(violations: Violations, value: Option<T>) -> Result<T, Violations> {
    violations.into_result()?;
    Ok(value.expect("a value that cannot be read leaves a violation"))
}

/// The call: its id, its method, and the hash of all that was asked.
fn key(violations: &mut Violations, method: &'static str, id: &str, request: &impl Message) -> Option<RequestKey> {
    let id = parse::request_id(violations, id)?;
    Some(RequestKey::of(id, method, &request.encode_to_vec()))
}

/// A time that is stated: never in the future.
fn past(
    violations: &mut Violations,
    field: &str,
    value: Option<&prost_types::Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let at = parse::optional_time(violations, field, value)?;
    if at > now {
        violations.push(field, "must not be in the future");
        return None;
    }
    Some(at)
}

fn etag(violations: &mut Violations, value: &str) -> Option<i64> {
    if value.is_empty() {
        violations.push("etag", "is required");
        return None;
    }
    violations.check("etag", parse_etag(value))
}

fn reason(violations: &mut Violations, value: &str) -> Option<Word> {
    if value.is_empty() {
        violations.push("reason", "is required");
        return None;
    }
    violations.check("reason", value.parse())
}

/// The fields that every change of an existing ticket has.
struct Header<'a> {
    method: &'static str,
    name: &'a str,
    etag: &'a str,
    request_id: &'a str,
    occurred_time: Option<&'a prost_types::Timestamp>,
}

impl Header<'_> {
    fn target(&self, violations: &mut Violations, request: &impl Message, now: Timestamp) -> Option<Target> {
        let id = parse::name(violations, "name", self.name);
        let etag = etag(violations, self.etag);
        let key = key(violations, self.method, self.request_id, request);
        let stated = past(violations, "occurred_time", self.occurred_time, now);
        Some(Target { id: id?, etag: etag?, key: key?, stated })
    }
}

/// The header of a request that has these fields.
macro_rules! header {
    ($method:literal, $request:expr) => {
        super::Header {
            method: $method,
            name: &$request.name,
            etag: &$request.etag,
            request_id: &$request.request_id,
            occurred_time: $request.occurred_time.as_ref(),
        }
    };
}
use header;
