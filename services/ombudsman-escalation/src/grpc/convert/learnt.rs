//! Requests about what is learnt from decisions: precedents, criteria, reports, causes.

use kernel::{Language, Violations};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::matter::Motive;
use ombudsman_escalation_domain::precedent::LOOKED_AT;
use ombudsman_escalation_domain::regime::{REGIMES, Regime};
use ombudsman_escalation_domain::report::Audience;
use server::parse::not_a_value;
use server::{page_size, parse};
use ventanilla_proto::ombudsman::v1 as pb;

use super::decision::{amount, decision_name};
use super::{Parsed, SHORT, change, key, whole};
use crate::document::Format;
use crate::grpc::report_file::FileFormat;
use crate::usecase::{
    classify_case, find_precedents, get_decision_document, get_yearly_report, list_recurrences, list_systemic_issues,
    make_recommendation, mark_leading_decision,
};

/// Most precedents of one point.
const PRECEDENTS: i32 = 50;
/// Fewest customers of a systemic issue, unless told otherwise.
const CUSTOMERS: i32 = 3;

pub(crate) fn classify_case(request: &pb::ClassifyCaseRequest) -> Parsed<classify_case::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, classify_case::METHOD, of, request);
    let Some(matter) = &request.matter else {
        violations.push("matter", "is required");
        return Err(violations);
    };
    let motive = motive(&mut violations, "matter.motive", &matter.motive);
    let claimed = amount(&mut violations, "matter.claimed_amount", matter.claimed_amount.as_ref());
    whole(violations, change.map(|change| classify_case::Command { change, motive, claimed }))
}

fn motive(violations: &mut Violations, field: &str, given: &str) -> Option<Motive> {
    if given.is_empty() { None } else { violations.check(field, given.parse()) }
}

pub(crate) fn find_precedents(request: &pb::FindPrecedentsRequest) -> Parsed<find_precedents::Query> {
    let mut violations = Violations::new();
    let case = parse::name::<CaseId>(&mut violations, "case_name", &request.case_name);
    let point = parse::optional_text(&mut violations, "claim_point", &request.claim_point, 64);
    if !(0..=PRECEDENTS).contains(&request.max_count) {
        violations.push("max_count", format!("must be 0 to {PRECEDENTS}"));
    }
    let most = usize::try_from(request.max_count).ok().filter(|most| *most > 0).unwrap_or(LOOKED_AT);
    whole(violations, case.map(|case| find_precedents::Query { case, point, most }))
}

fn document_format(violations: &mut Violations, value: i32) -> Option<Format> {
    match pb::DocumentFormat::try_from(value) {
        Ok(pb::DocumentFormat::Pdf) => Some(Format::Pdf),
        Ok(pb::DocumentFormat::Text) => Some(Format::Text),
        Ok(pb::DocumentFormat::Unspecified) | Err(_) => not_a_value(violations, "format", value),
    }
}

pub(crate) fn get_decision_document(request: &pb::GetDecisionDocumentRequest) -> Parsed<get_decision_document::Query> {
    let mut violations = Violations::new();
    let case = decision_name(&mut violations, "name", &request.name);
    let format = document_format(&mut violations, request.format);
    let correction = u32::try_from(request.correction_number);
    if correction.is_err() {
        violations.push("correction_number", format!("must be 0 or more, is {}", request.correction_number));
    }
    let correction = correction.ok().filter(|number| *number > 0);
    let query = case.zip(format);
    whole(violations, query.map(|(case, format)| get_decision_document::Query { case, format, correction }))
}

pub(crate) fn get_acknowledgement(request: &pb::GetAcknowledgementRequest) -> Parsed<(CaseId, Format)> {
    let mut violations = Violations::new();
    let case = match request.name.strip_suffix("/acknowledgement") {
        Some(case) => parse::name::<CaseId>(&mut violations, "name", case),
        None => {
            violations.push("name", "must be a resource name of the form cases/{uuid}/acknowledgement");
            None
        }
    };
    let format = document_format(&mut violations, request.format);
    whole(violations, case.zip(format))
}

fn language(violations: &mut Violations, field: &str, value: i32) -> Option<Language> {
    let before = violations.as_slice().len();
    let language = parse::language(violations, field, value);
    if language.is_none() && violations.as_slice().len() == before {
        not_a_value::<()>(violations, field, value);
    }
    language
}

pub(crate) fn mark_leading_decision(
    request: &pb::MarkLeadingDecisionRequest,
) -> Parsed<mark_leading_decision::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, mark_leading_decision::METHOD, of, request);
    let criterion = parse::required_text(&mut violations, "criterion", &request.criterion, SHORT);
    let language = language(&mut violations, "language", request.language);
    let command =
        (|| Some(mark_leading_decision::Command { change: change?, criterion: criterion?, language: language? }))();
    whole(violations, command)
}

fn regime(violations: &mut Violations, field: &str, given: &str) -> Option<&'static Regime> {
    let regime = Regime::find(given);
    if regime.is_none() {
        let known: Vec<&str> = REGIMES.iter().map(|regime| regime.id).collect();
        violations.push(field, format!("must be one of {}", known.join(", ")));
    }
    regime
}

pub(crate) fn make_recommendation(request: &pb::MakeRecommendationRequest) -> Parsed<make_recommendation::Command> {
    let mut violations = Violations::new();
    let key = key(&mut violations, &request.request_id, make_recommendation::METHOD, request);
    let Some(given) = &request.recommendation else {
        violations.push("recommendation", "is required");
        return Err(violations);
    };
    let regime = regime(&mut violations, "recommendation.regime", &given.regime);
    let motive = motive(&mut violations, "recommendation.motive", &given.motive);
    let text = parse::required_text(&mut violations, "recommendation.text", &given.text, SHORT);
    let language = language(&mut violations, "recommendation.language", given.language);
    let command = (|| {
        Some(make_recommendation::Command { key: key?, regime: regime?, motive, text: text?, language: language? })
    })();
    whole(violations, command)
}

/// What every request of a report says.
fn asked(violations: &mut Violations, (year, rules, audience): (i32, &str, i32)) -> Option<get_yearly_report::Query> {
    let year = i16::try_from(year).ok().filter(|year| (2000..3000).contains(year));
    if year.is_none() {
        violations.push("year", "must be 2000 to 2999");
    }
    let regime = if rules.is_empty() { None } else { regime(violations, "regime", rules) };
    let audience = match pb::ReportAudience::try_from(audience) {
        Ok(pb::ReportAudience::Board) => Some(Audience::Board),
        Ok(pb::ReportAudience::Public) => Some(Audience::Public),
        Ok(pb::ReportAudience::Unspecified) | Err(_) => not_a_value(violations, "audience", audience),
    };
    if audience == Some(Audience::Public) && rules.is_empty() {
        // What is withheld of one set of rules would follow from the figures of all less those of the others.
        violations.push("regime", "is required for the public");
    }
    Some(get_yearly_report::Query { year: year?, regime, audience: audience? })
}

pub(crate) fn report(request: &pb::GetYearlyReportRequest) -> Parsed<get_yearly_report::Query> {
    let mut violations = Violations::new();
    let query = asked(&mut violations, (request.year, &request.regime, request.audience));
    whole(violations, query)
}

/// A report as a file.
pub(crate) struct Filed<F> {
    /// Which report.
    pub(crate) query: get_yearly_report::Query,
    /// As what.
    pub(crate) format: F,
    /// In which language.
    pub(crate) language: Language,
}

pub(crate) fn report_document(request: &pb::GetYearlyReportDocumentRequest) -> Parsed<Filed<Format>> {
    let mut violations = Violations::new();
    let query = asked(&mut violations, (request.year, &request.regime, request.audience));
    let format = document_format(&mut violations, request.format);
    let language = language(&mut violations, "language", request.language);
    let filed = (|| Some(Filed { query: query?, format: format?, language: language? }))();
    whole(violations, filed)
}

pub(crate) fn export(request: &pb::ExportYearlyReportRequest) -> Parsed<(get_yearly_report::Query, FileFormat)> {
    let mut violations = Violations::new();
    let query = asked(&mut violations, (request.year, &request.regime, request.audience));
    let format = match pb::ReportFormat::try_from(request.format) {
        Ok(pb::ReportFormat::Csv) => Some(FileFormat::Csv),
        Ok(pb::ReportFormat::Json) => Some(FileFormat::Json),
        Ok(pb::ReportFormat::Unspecified) | Err(_) => not_a_value(&mut violations, "format", request.format),
    };
    whole(violations, query.zip(format))
}

pub(crate) fn list_systemic_issues(request: &pb::ListSystemicIssuesRequest) -> Parsed<list_systemic_issues::Query> {
    let mut violations = Violations::new();
    let from = parse::optional_time(&mut violations, "from_time", request.from_time.as_ref());
    let to = parse::optional_time(&mut violations, "to_time", request.to_time.as_ref());
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        violations.push("to_time", "must be after from_time");
    }
    if request.min_customer_count < 0 {
        violations.push("min_customer_count", "must not be negative");
    }
    if !(0.0..=1.0).contains(&request.min_rate) {
        violations.push("min_rate", "must be 0 to 1");
    }
    let customers = if request.min_customer_count == 0 { CUSTOMERS } else { request.min_customer_count };
    let size = page_size(&mut violations, request.page_size);
    let (customers, rate, token) = (customers.into(), request.min_rate, request.page_token.clone());
    whole(violations, Some(list_systemic_issues::Query { from, to, customers, rate, size, token }))
}

pub(crate) fn list_recurrences(request: &pb::ListRecurrencesRequest) -> Parsed<list_recurrences::Query> {
    let mut violations = Violations::new();
    let case = decision_name(&mut violations, "parent", &request.parent);
    let size = page_size(&mut violations, request.page_size);
    let token = request.page_token.clone();
    whole(violations, case.map(|case| list_recurrences::Query { case, size, token }))
}
