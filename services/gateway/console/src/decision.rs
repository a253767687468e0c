//! Issuing the decision: first all that will be said, then the signature; and the decision once it stands.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use kernel::Role;
use serde::Deserialize;
use ventanilla_proto::ombudsman::v1::{
    Case, Correction, DecisionOutcome, DocumentFormat, GetDecisionDocumentRequest, GetDecisionRequest,
    GetProcedureRequest, IssueDecisionRequest,
};
use ventanilla_proto::r#type::v1::Language;
use web::{Csrf, Cut, Form, Lang, Layout, Said, Trouble, When, page_within};

use crate::draft::{self, Draft};
use crate::office::{self, Office};
use crate::{drafting, money, words, wrong};

/// Gaps of a draft that are told at once.
const GAPS: usize = 30;
/// Earlier decisions and slips that are told beside a decision.
const BESIDE: usize = 25;

/// One point as it is, or will be, decided.
struct Decided {
    id: String,
    claim: String,
    outcome: &'static str,
    finding: String,
    reason: String,
    remedy: String,
    amount: Option<String>,
}

struct Gap {
    field: String,
    text: String,
    /// What the office said of it, where it did.
    said: Option<Said>,
}

#[derive(Template)]
#[template(path = "issue.html")]
struct IssuePage<'a> {
    lang: Lang,
    cut: &'a Cut,
    id: &'a str,
    csrf: Csrf,
    etag: &'a str,
    request_id: String,
    outcome: &'static str,
    points: Vec<Decided>,
    signpost: &'a str,
    language: &'static str,
    departures: Vec<(String, String, String)>,
    gaps: Vec<Gap>,
    /// How many others there are.
    gaps_more: usize,
    refused: Option<String>,
    may_sign: bool,
}

/// `GET /console/cases/{case}/issue`.
pub(crate) async fn confirm(office: Office, Path(id): Path<String>) -> Result<Response, Trouble> {
    let case = office.case(&id).await?;
    let (draft, _) = drafting::last(&office, &case).await?;
    Ok(confirmation(&office, &case, &draft, None))
}

fn confirmation(office: &Office, case: &Case, draft: &Draft, refused: Option<&Trouble>) -> Response {
    let lang = office.lang;
    let mut gaps: Vec<Gap> =
        draft.gaps().into_iter().map(|field| Gap { text: named(lang, &field), field, said: None }).collect();
    for fault in refused.map(Trouble::faults).unwrap_or_default() {
        let field = draft::field_of(&fault.field, &draft.points).unwrap_or_default();
        gaps.push(Gap { text: named(lang, &field), said: Some(fault.said(lang)), field });
    }
    let gaps_more = gaps.len().saturating_sub(GAPS);
    gaps.truncate(GAPS);
    let cut = Cut::default();
    let body = IssuePage {
        lang,
        cut: &cut,
        id: office::id(&case.name),
        csrf: office.session.csrf.clone(),
        etag: &case.etag,
        request_id: office.request_id(),
        outcome: words::of(lang, words::outcome(whole(draft))),
        points: draft.points.iter().map(|point| decided(lang, case, point)).collect(),
        signpost: &draft.signpost,
        language: language(lang, draft.language(case)),
        departures: draft
            .precedents
            .iter()
            .take(BESIDE)
            .map(|one| (one.claim_point.clone(), office::short(&one.decision), one.departure.clone()))
            .collect(),
        gaps,
        gaps_more,
        refused: refused.map(|trouble| wrong::text(trouble, lang)),
        may_sign: office.session.principal.has(Role::Ombudsman),
    };
    let status = refused.map_or(StatusCode::OK, Trouble::status);
    let title = format!(
        "{} · {} {}",
        lang.of("Firmar la resolución", "Issue the decision"),
        lang.of("expediente", "case"),
        office::short(&case.name)
    );
    page_within(Layout::new(lang, title).of(&office.session, "/console").status(status), &cut, body)
}

/// How it goes as a whole, as the office counts it: for or against where every point went that way, else in part.
fn whole(draft: &Draft) -> DecisionOutcome {
    let mut outcomes = draft.points.iter().map(draft::Point::outcome);
    let Some(first) = outcomes.next() else { return DecisionOutcome::Unspecified };
    if outcomes.all(|outcome| outcome == first) { first } else { DecisionOutcome::PartlyUpheld }
}

fn decided(lang: Lang, case: &Case, point: &draft::Point) -> Decided {
    let claim = case.claim_points.iter().find(|claim| claim.id == point.claim_point);
    let amount = money::euros(&point.amount).ok().flatten();
    Decided {
        id: point.claim_point.clone(),
        claim: claim.map(|claim| claim.text.clone()).unwrap_or_default(),
        outcome: words::of(lang, words::outcome(point.outcome())),
        finding: point.finding.clone(),
        reason: point.reason.clone(),
        remedy: point.remedy.clone(),
        amount: amount.map(|amount| money::text(lang, &amount)),
    }
}

/// What a field of the draft is called.
fn named(lang: Lang, field: &str) -> String {
    let (name, point) = field.split_once('-').unwrap_or((field, ""));
    let name = match name {
        "outcome" => lang.of("sentido", "outcome"),
        "finding" => lang.of("qué se constata", "what was found"),
        "reason" => lang.of("por qué", "why"),
        "remedy" => lang.of("qué se ordena", "what is ordered"),
        "amount" => lang.of("importe", "amount"),
        "signpost" => lang.of("adónde puede acudir después", "where the claimant may turn next"),
        _ => lang.of("la resolución", "the decision"),
    };
    if point.is_empty() { name.to_owned() } else { format!("{} {point}, {name}", lang.of("punto", "point")) }
}

fn language(lang: Lang, language: Language) -> &'static str {
    match language {
        Language::En => lang.of("inglés", "English"),
        Language::Ca => lang.of("catalán", "Catalan"),
        Language::Gl => lang.of("gallego", "Galician"),
        Language::Eu => lang.of("euskera", "Basque"),
        _ => lang.of("español", "Spanish"),
    }
}

/// The confirmation.
#[derive(Deserialize)]
pub(crate) struct Signed {
    etag: String,
    request_id: String,
}

/// `POST /console/cases/{case}/issue`: issues what the office keeps as the draft, which is what the page before showed under that etag.
pub(crate) async fn issue(
    office: Office,
    Path(id): Path<String>,
    Form(signed): Form<Signed>,
) -> Result<Response, Trouble> {
    let case = office.case(&id).await?;
    let (draft, _) = drafting::last(&office, &case).await?;
    let request = IssueDecisionRequest {
        name: case.name.clone(),
        etag: signed.etag,
        points: draft.decided(),
        signpost: draft.signpost.clone(),
        language: draft.language(&case).into(),
        request_id: signed.request_id,
        precedents: draft.considered(),
    };
    match office.cases().issue_decision(request).await {
        Ok(_) => Ok(Redirect::to(&format!("/console/cases/{id}/decision")).into_response()),
        Err(status) => {
            let trouble = Trouble::from(status);
            if trouble.status().is_server_error() || trouble.status() == StatusCode::UNAUTHORIZED {
                return Err(wrong::explained(trouble));
            }
            Ok(confirmation(&office, &case, &draft, Some(&trouble)))
        }
    }
}

#[derive(Template)]
#[template(path = "decision.html")]
struct DecisionPage<'a> {
    lang: Lang,
    cut: &'a Cut,
    id: &'a str,
    outcome: &'static str,
    binding: bool,
    article: &'a str,
    issued: Option<When>,
    by: &'a str,
    notify_until: Option<When>,
    notified: Option<When>,
    points: Vec<Decided>,
    signpost: &'a str,
    total: Option<String>,
    signed: bool,
    corrections: &'a [Correction],
    /// There are other corrections, or other precedents.
    besides: bool,
    precedents: Vec<(String, String, &'static str, String)>,
    /// The case whose decision took the place of this one.
    superseded_by: &'a str,
    /// The case whose decision this one leaves in force.
    confirms: &'a str,
}

/// `GET /console/cases/{case}/decision`.
pub(crate) async fn show(office: Office, Path(id): Path<String>) -> Result<Response, Trouble> {
    let lang = office.lang;
    let request = GetDecisionRequest { name: format!("{}/decision", office::name(&id)) };
    let answer = office.cases().get_decision(request).await.map_err(|status| wrong::at_case(status, &id))?;
    let decision = answer.into_inner();
    // A precedent is read by people who do not see its case: then the claims are left out.
    let case = office.case(&id).await.unwrap_or_default();
    let points = decision.points.iter().map(|point| {
        let claim = case.claim_points.iter().find(|claim| claim.id == point.claim_point);
        Decided {
            id: point.claim_point.clone(),
            claim: claim.map(|claim| claim.text.clone()).unwrap_or_default(),
            outcome: words::of(lang, words::outcome(point.outcome())),
            finding: point.finding.clone(),
            reason: point.reason.clone(),
            remedy: point.remedy.clone(),
            amount: point.redress_amount.as_ref().map(|amount| money::text(lang, amount)),
        }
    });
    let read = GetProcedureRequest { name: format!("{}/procedure", office::name(&id)) };
    let procedure = office.procedure().get_procedure(read).await.map(tonic::Response::into_inner).unwrap_or_default();
    let cut = Cut::default();
    let body = DecisionPage {
        lang,
        cut: &cut,
        id: &id,
        superseded_by: office::id(&decision.superseded_by),
        confirms: if procedure.confirms { office::id(&procedure.review_of) } else { "" },
        outcome: words::of(lang, words::outcome(decision.outcome())),
        binding: decision.binding,
        article: &decision.binding_article,
        issued: When::of(lang, decision.issue_time),
        by: &decision.issued_by,
        notify_until: When::of(lang, decision.notify_due_time),
        notified: When::of(lang, decision.notify_time),
        points: points.collect(),
        signpost: &decision.signpost,
        total: decision.redress_amount.as_ref().map(|amount| money::text(lang, amount)),
        signed: !decision.document_hash.is_empty(),
        // The last ones: each says what stands now.
        corrections: &decision.corrections[decision.corrections.len().saturating_sub(BESIDE)..],
        besides: decision.corrections.len().max(decision.precedents.len()) > BESIDE,
        precedents: decision
            .precedents
            .iter()
            .take(BESIDE)
            .map(|one| {
                let outcome = words::of(lang, words::outcome(one.outcome()));
                (one.claim_point.clone(), office::id(&one.decision).to_owned(), outcome, one.departure_reason.clone())
            })
            .collect(),
    };
    let title = format!(
        "{} · {} {}",
        lang.of("Resolución", "Decision"),
        lang.of("expediente", "case"),
        office::short(&office::name(&id))
    );
    Ok(page_within(Layout::new(lang, title).of(&office.session, "/console"), &cut, body))
}

/// `GET /console/cases/{case}/decision/{file}`: the signed document, as `document.pdf` or `document.txt`.
pub(crate) async fn file(office: Office, Path((id, file)): Path<(String, String)>) -> Result<Response, Trouble> {
    let format = match file.as_str() {
        "document.pdf" => DocumentFormat::Pdf,
        "document.txt" => DocumentFormat::Text,
        _ => return Err(Trouble::new(StatusCode::NOT_FOUND)),
    };
    let request = GetDecisionDocumentRequest {
        name: format!("{}/decision", office::name(&id)),
        format: format.into(),
        ..GetDecisionDocumentRequest::default()
    };
    let answer = office.precedents().get_decision_document(request).await;
    let document = answer.map_err(|status| wrong::at_case(status, &id))?.into_inner();
    Ok(download(&document.media_type, &document.file_name, document.content))
}

/// A file to be kept: never shown in the page's place, whatever it holds.
pub(crate) fn download(media_type: &str, file_name: &str, content: Vec<u8>) -> Response {
    let plain: String = file_name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' })
        .collect();
    let kind = HeaderValue::try_from(media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let kept = HeaderValue::try_from(format!("attachment; filename=\"{plain}\""));
    let kept = kept.unwrap_or(HeaderValue::from_static("attachment"));
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, kept)], content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_goes_the_way_of_every_point_or_in_part() {
        let draft = |outcomes: &[i32]| Draft {
            points: outcomes.iter().map(|n| draft::Point { outcome: *n, ..draft::Point::default() }).collect(),
            ..Draft::default()
        };
        assert_eq!(whole(&draft(&[1, 1])), DecisionOutcome::Upheld);
        assert_eq!(whole(&draft(&[1, 3])), DecisionOutcome::PartlyUpheld);
        assert_eq!(whole(&draft(&[3])), DecisionOutcome::NotUpheld);
        assert_eq!(whole(&draft(&[])), DecisionOutcome::Unspecified);
    }

    #[test]
    fn a_file_name_cannot_end_the_header_it_stands_in() {
        let answer = download("text/plain", "a\"\r\nx: y.pdf", Vec::new());
        assert_eq!(answer.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"a___x__y.pdf\"");
    }
}
