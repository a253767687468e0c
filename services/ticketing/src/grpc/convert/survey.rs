//! Requests about surveys.

use jiff::Timestamp;
use kernel::Violations;
use server::parse;
use ticketing_domain::{Opinion, SatisfactionCause, Score, SurveyId};
use ventanilla_proto::ticketing::v1 as pb;

use super::{etag, key, past, whole};
use crate::usecase::{NewOpinion, NewSurvey};

/// Most causes of one answer.
const MOST_CAUSES: usize = 5;

pub(in crate::grpc) fn survey_name(name: &str) -> Result<SurveyId, Violations> {
    let mut v = Violations::new();
    let id = v.check("name", SurveyId::parse(name));
    whole(v, id)
}

pub(in crate::grpc) fn ask_survey(request: &pb::AskSurveyRequest, now: Timestamp) -> Result<NewSurvey, Violations> {
    let mut v = Violations::new();
    let ticket = parse::name(&mut v, "parent", &request.parent);
    let key = key(&mut v, "AskSurvey", &request.request_id, request);
    let stated = past(&mut v, "occurred_time", request.occurred_time.as_ref(), now);
    let channel = match &request.survey {
        Some(survey) => parse::channel(&mut v, "survey.channel", survey.channel),
        None => {
            v.push("survey", "is required");
            None
        }
    };
    let whole_survey = || Some(NewSurvey { ticket: ticket?, channel: channel?, key: key?, stated });
    let survey = whole_survey();
    whole(v, survey)
}

pub(in crate::grpc) fn answer_survey(
    request: &pb::AnswerSurveyRequest,
    now: Timestamp,
) -> Result<NewOpinion, Violations> {
    let mut v = Violations::new();
    let id = v.check("name", SurveyId::parse(&request.name));
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "AnswerSurvey", &request.request_id, request);
    let stated = past(&mut v, "occurred_time", request.occurred_time.as_ref(), now);
    let opinion = match &request.answer {
        Some(answer) => opinion(&mut v, "answer.", answer),
        None => {
            v.push("answer", "is required");
            None
        }
    };
    let whole_opinion = || Some(NewOpinion { id: id?, opinion: opinion?, etag: etag?, key: key?, stated });
    let new = whole_opinion();
    whole(v, new)
}

/// What the customer said; its fields stand at this path.
pub(super) fn opinion(v: &mut Violations, at: &str, answer: &pb::SurveyAnswer) -> Option<Opinion> {
    let channel = parse::channel(v, &format!("{at}channel"), answer.channel);
    let csat = score(v, &format!("{at}csat"), answer.csat);
    let nps = score(v, &format!("{at}nps"), answer.nps);
    let ces = score(v, &format!("{at}ces"), answer.ces);
    let causes = causes(v, &format!("{at}causes"), &answer.causes);
    let verbatim = match answer.verbatim.as_str() {
        "" => None,
        words => v.check(format!("{at}verbatim"), words.parse()),
    };
    if answer.csat.or(answer.nps).or(answer.ces).is_none() && answer.verbatim.is_empty() {
        v.push(at.trim_end_matches('.'), "must have a score or words");
    }
    Some(Opinion { channel: channel?, csat, nps, ces, causes, verbatim })
}

fn score<const MIN: u8, const MAX: u8>(v: &mut Violations, field: &str, value: Option<i32>) -> Option<Score<MIN, MAX>> {
    value.and_then(|number| v.check(field, number.try_into()))
}

fn causes(v: &mut Violations, at: &str, values: &[i32]) -> Vec<SatisfactionCause> {
    if values.len() > MOST_CAUSES {
        v.push(at, "must be at most 5");
        return Vec::new();
    }
    let mut causes = Vec::with_capacity(values.len());
    for (i, value) in values.iter().enumerate() {
        let field = format!("{at}[{i}]");
        match cause(v, &field, *value) {
            Some(known) if causes.contains(&known) => v.push(field, "is named twice"),
            Some(known) => causes.push(known),
            None => {}
        }
    }
    causes
}

fn cause(v: &mut Violations, field: &str, value: i32) -> Option<SatisfactionCause> {
    match pb::SatisfactionCause::try_from(value) {
        Ok(pb::SatisfactionCause::Outcome) => Some(SatisfactionCause::Outcome),
        Ok(pb::SatisfactionCause::Time) => Some(SatisfactionCause::Time),
        Ok(pb::SatisfactionCause::Effort) => Some(SatisfactionCause::Effort),
        Ok(pb::SatisfactionCause::Treatment) => Some(SatisfactionCause::Treatment),
        Ok(pb::SatisfactionCause::Clarity) => Some(SatisfactionCause::Clarity),
        Ok(pb::SatisfactionCause::Promise) => Some(SatisfactionCause::Promise),
        Ok(pb::SatisfactionCause::Access) => Some(SatisfactionCause::Access),
        Ok(pb::SatisfactionCause::Product) => Some(SatisfactionCause::Product),
        Ok(pb::SatisfactionCause::Unspecified) | Err(_) => parse::not_a_value(v, field, value),
    }
}
