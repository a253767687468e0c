//! Drafting a decision point by point. Saved by a button, and by itself where scripts run; what somebody else saved meanwhile is
//! never written over without being shown.

use std::collections::BTreeMap;

use askama::Template;
use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use tonic::Code;
use uuid::Uuid;
use ventanilla_proto::ombudsman::v1::{Case, GetDraftRequest, SaveDraftRequest};
use web::{Csrf, Cut, Form, Lang, Layout, Trouble, When, page_within};

use crate::draft::{Considered, Draft};
use crate::office::{self, Office};
use crate::precedents::{self, OfPoint};
use crate::{words, wrong};

/// Longest draft that is sent.
const LONGEST: usize = 1024 * 1024;

struct PointRow<'a> {
    id: &'a str,
    claim: &'a str,
    answer: crate::draft::Point,
    outcomes: Vec<(i32, &'static str, bool)>,
}

#[derive(Template)]
#[template(path = "draft.html")]
struct DraftPage<'a> {
    lang: Lang,
    cut: &'a Cut,
    id: &'a str,
    csrf: Csrf,
    etag: &'a str,
    points: Vec<PointRow<'a>>,
    signpost: &'a str,
    languages: Vec<(i32, &'static str, bool)>,
    plain: &'a str,
    saved: Option<Saved>,
    just_saved: bool,
    precedents: Vec<OfPoint>,
    refused: Option<String>,
    /// What stands in the office now, where somebody else saved meanwhile.
    theirs: Option<String>,
}

struct Saved {
    revision: i32,
    by: String,
    when: Option<When>,
}

/// The last draft and who saved it; an empty one before the first.
pub(crate) async fn last(
    office: &Office,
    case: &Case,
) -> Result<(Draft, Option<(i32, String, Option<When>)>), Trouble> {
    let request = GetDraftRequest { case_name: case.name.clone() };
    match office.cases().get_draft(request).await {
        Ok(answer) => {
            let kept = answer.into_inner();
            let draft = Draft::read(&kept.text).fitted(&case.claim_points);
            Ok((draft, Some((kept.revision, kept.saved_by, When::of(office.lang, kept.save_time)))))
        }
        Err(status) => {
            let trouble = Trouble::from(status.clone());
            if trouble.reason() == "DRAFT_NOT_FOUND" {
                return Ok((Draft::default().fitted(&case.claim_points), None));
            }
            Err(wrong::at_case(status, office::id(&case.name)))
        }
    }
}

/// `GET /console/cases/{case}/draft`.
pub(crate) async fn show(
    office: Office,
    Path(id): Path<String>,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> Result<Response, Trouble> {
    let case = office.case(&id).await?;
    let (draft, saved) = last(&office, &case).await?;
    let shown = Shown { saved, just_saved: query.as_deref() == Some("saved"), ..Shown::default() };
    Ok(form(&office, &case, &draft, shown).await)
}

#[derive(Default)]
struct Shown {
    saved: Option<(i32, String, Option<When>)>,
    just_saved: bool,
    refused: Option<Trouble>,
    theirs: Option<Draft>,
    /// The version that the form goes on with, where it is not the one that is shown.
    etag: Option<String>,
}

async fn form(office: &Office, case: &Case, draft: &Draft, shown: Shown) -> Response {
    let lang = office.lang;
    let points = case.claim_points.iter().map(|point| {
        let answer = draft.points.iter().find(|answer| answer.claim_point == point.id).cloned().unwrap_or_default();
        let outcomes = (1..=3).filter_map(|n| n.try_into().ok().map(|outcome| (n, outcome)));
        PointRow {
            id: &point.id,
            claim: &point.text,
            outcomes: outcomes
                .map(|(n, outcome)| (n, words::of(lang, words::outcome(outcome)), n == answer.outcome))
                .collect(),
            answer,
        }
    });
    let status = shown.refused.as_ref().map_or(StatusCode::OK, Trouble::status);
    let precedents = precedents::find(office, &case.name, draft).await;
    let cut = Cut::default();
    let body = DraftPage {
        lang,
        cut: &cut,
        id: office::id(&case.name),
        csrf: office.session.csrf.clone(),
        etag: shown.etag.as_deref().unwrap_or(&case.etag),
        points: points.collect(),
        signpost: &draft.signpost,
        languages: words::LANGUAGES
            .iter()
            .map(|(language, name)| ((*language).into(), *name, *language == draft.language(case)))
            .collect(),
        plain: &draft.plain,
        saved: shown.saved.map(|(revision, by, when)| Saved { revision, by, when }),
        just_saved: shown.just_saved,
        precedents,
        refused: shown.refused.as_ref().map(|trouble| wrong::text(trouble, lang)),
        theirs: shown.theirs.map(|theirs| differences(lang, case, draft, &theirs)),
    };
    let title =
        format!("{} · {} {}", lang.of("Borrador", "Draft"), lang.of("expediente", "case"), office::short(&case.name));
    page_within(Layout::new(lang, title).of(&office.session, "/console").status(status).wide(), &cut, body)
}

/// Every part of another's draft that says something else than ours, one after another; empty where both say the same. What is empty there is told too:
/// who goes on with this form writes over that as well.
fn differences(lang: Lang, case: &Case, ours: &Draft, theirs: &Draft) -> String {
    let mut told = Vec::new();
    let mut hold = |what: String, ours: &str, theirs: &str| {
        if ours == theirs {
            return;
        }
        told.push(match theirs.is_empty() {
            true => format!("{what}: {}", lang.of("(vacío en lo guardado)", "(empty in what is saved)")),
            false => format!("{what}: {theirs}"),
        });
    };
    hold(lang.of("texto de corrido", "plain text").to_owned(), &ours.plain, &theirs.plain);
    for point in &theirs.points {
        let own = ours.points.iter().find(|own| own.claim_point == point.claim_point).cloned().unwrap_or_default();
        let id = &point.claim_point;
        let outcome = |point: &crate::draft::Point| words::of(lang, words::outcome(point.outcome()));
        hold(format!("{id} · {}", lang.of("sentido", "outcome")), outcome(&own), outcome(point));
        hold(format!("{id} · {}", lang.of("hechos", "finding")), &own.finding, &point.finding);
        hold(format!("{id} · {}", lang.of("razones", "reasons")), &own.reason, &point.reason);
        hold(format!("{id} · {}", lang.of("qué se ordena", "remedy")), &own.remedy, &point.remedy);
        hold(format!("{id} · {}", lang.of("importe", "amount")), &own.amount, &point.amount);
    }
    for (one, own, their) in departures(ours, theirs) {
        let departs = lang.of("por qué se aparta de", "why it departs from");
        let decided = format!("{} ({})", office::short(&one.decision), one.decided_point);
        hold(format!("{} · {departs} {decided}", one.claim_point), own, their);
    }
    hold(lang.of("indicaciones finales", "signpost").to_owned(), &ours.signpost, &theirs.signpost);
    let language = |draft: &Draft| {
        let said = draft.language(case);
        words::LANGUAGES.iter().find(|(language, _)| *language == said).map_or("", |(_, name)| *name)
    };
    hold(lang.of("idioma de la resolución", "language of the decision").to_owned(), language(ours), language(theirs));
    told.join("\n\n")
}

/// The earlier decided points that either draft answers, each with what ours and theirs says; by their keys.
fn departures<'a>(ours: &'a Draft, theirs: &'a Draft) -> Vec<(&'a Considered, &'a str, &'a str)> {
    let why = |draft: &'a Draft, key: &str| {
        draft.precedents.iter().find(|one| one.key() == key).map_or("", |one| one.departure.as_str())
    };
    let all: BTreeMap<String, &Considered> =
        theirs.precedents.iter().chain(&ours.precedents).map(|one| (one.key(), one)).collect();
    all.into_iter().map(|(key, one)| (one, why(ours, &key), why(theirs, &key))).collect()
}

/// `POST /console/cases/{case}/draft`. Answers a script in JSON, and everybody else with a page.
pub(crate) async fn save(
    office: Office,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(sent): Form<Vec<(String, String)>, LONGEST>,
) -> Result<Response, Trouble> {
    let by_script = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes() == b"application/json");
    let text = |name: &str| {
        sent.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default().to_owned()
    };
    let case = office.case(&id).await?;
    let draft = Draft::of(&sent, &case.claim_points);
    let (etag, written) = (text("etag"), draft.write());
    let request_id = save_id(&case.name, &office.session.principal.actor.id, &etag, &written);
    let request = SaveDraftRequest { name: case.name.clone(), etag: etag.clone(), text: written, request_id };
    match office.cases().save_draft(request).await {
        Ok(answer) => {
            let saved = answer.into_inner();
            if by_script {
                // The version that this very save made: one that is read after it may be somebody else's.
                let said = office.lang.of("Guardado, revisión", "Saved, revision");
                let set = json!({ "etag": saved.etag });
                return Ok(Json(json!({ "set": set, "say": format!("{said} {}", saved.revision) })).into_response());
            }
            let next = if text("then") == "issue" { "issue" } else { "draft?saved" };
            Ok(Redirect::to(&format!("/console/cases/{id}/{next}")).into_response())
        }
        Err(status) => {
            let code = status.code();
            let trouble = wrong::explained(Trouble::from(status));
            if by_script {
                let said = json!({ "say": trouble.text(office.lang) });
                return Ok((trouble.status(), Json(said)).into_response());
            }
            if matches!(code, Code::NotFound | Code::Unauthenticated | Code::PermissionDenied) {
                return Err(trouble.back_to(
                    format!("/console/cases/{id}"),
                    "Volver al expediente",
                    "Back to the case",
                ));
            }
            let stale = trouble.reason() == "STALE_ETAG";
            let (theirs, saved) = last(&office, &case).await?;
            // What is not shown is not written over: only who reads the other draft goes on with its version.
            let (theirs, etag) = if stale { (Some(theirs), None) } else { (None, Some(etag)) };
            Ok(form(&office, &case, &draft, Shown { saved, just_saved: false, refused: Some(trouble), theirs, etag })
                .await)
        }
    }
}

/// What saves are named by.
const NAMESPACE: Uuid = Uuid::from_u128(0x0190_a000_7674_7220_8000_6472_6166_0001);

/// The id of a save: the same words of the same person on the same version are one save however often they are sent, so that an answer which was lost is given
/// again; other words are another.
fn save_id(case: &str, by: &str, etag: &str, text: &str) -> String {
    Uuid::new_v5(&NAMESPACE, format!("{case}\n{by}\n{etag}\n{text}").as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_save_that_is_sent_again_is_the_same_and_what_was_typed_since_is_another() {
        let id = save_id("cases/1", "elena", "\"3\"", "hechos");
        assert_eq!(save_id("cases/1", "elena", "\"3\"", "hechos"), id);
        let others = [
            save_id("cases/2", "elena", "\"3\"", "hechos"),
            save_id("cases/1", "bruno", "\"3\"", "hechos"),
            save_id("cases/1", "elena", "\"4\"", "hechos"),
            save_id("cases/1", "elena", "\"3\"", "hechos probados"),
        ];
        assert!(others.iter().all(|other| *other != id));
    }
    fn considered(decided: &str, departure: &str) -> Considered {
        Considered {
            claim_point: "p1".to_owned(),
            decision: "cases/018f-abcdef/decision".to_owned(),
            decided_point: decided.to_owned(),
            departure: departure.to_owned(),
        }
    }

    fn full() -> Draft {
        use crate::draft::Point;
        let text = |name: &str| format!("lo que dice {name}");
        let point = Point {
            claim_point: "p1".to_owned(),
            outcome: 1,
            finding: text("finding"),
            reason: text("reason"),
            remedy: text("remedy"),
            amount: "41".to_owned(),
        };
        Draft {
            points: vec![point],
            signpost: text("signpost"),
            language: 1,
            precedents: vec![considered("d1", "otro contrato"), considered("d2", "otra ley")],
            plain: text("plain"),
        }
    }

    #[test]
    fn whatever_a_colleague_wrote_otherwise_or_struck_out_is_told_and_nothing_else() {
        let told = |theirs: &Draft| differences(Lang::Es, &Case::default(), &full(), theirs);
        assert_eq!(told(&full()), "");
        let changed = |change: fn(&mut Draft)| {
            let mut theirs = full();
            change(&mut theirs);
            told(&theirs)
        };
        let empty = "(vacío en lo guardado)";
        type Change = fn(&mut Draft);
        let alone: [(Change, String); 15] = [
            (|d| d.points[0].outcome = 3, "p1 · sentido: desestimado".to_owned()),
            (|d| d.points[0].outcome = 0, "p1 · sentido: sin decidir".to_owned()),
            (|d| d.points[0].finding = "otro".to_owned(), "p1 · hechos: otro".to_owned()),
            (|d| d.points[0].finding.clear(), format!("p1 · hechos: {empty}")),
            (|d| d.points[0].reason.clear(), format!("p1 · razones: {empty}")),
            (|d| d.points[0].remedy.clear(), format!("p1 · qué se ordena: {empty}")),
            (|d| d.points[0].amount.clear(), format!("p1 · importe: {empty}")),
            (|d| d.signpost.clear(), format!("indicaciones finales: {empty}")),
            (|d| d.plain = "de corrido".to_owned(), "texto de corrido: de corrido".to_owned()),
            (|d| d.plain.clear(), format!("texto de corrido: {empty}")),
            (|d| d.language = 2, "idioma de la resolución: English".to_owned()),
            (
                |d| d.precedents[1].departure = "un pacto".to_owned(),
                "p1 · por qué se aparta de ABCDEF (d2): un pacto".to_owned(),
            ),
            (
                |d| d.precedents.push(considered("d3", "un pacto")),
                "p1 · por qué se aparta de ABCDEF (d3): un pacto".to_owned(),
            ),
            (|d| drop(d.precedents.remove(0)), format!("p1 · por qué se aparta de ABCDEF (d1): {empty}")),
            // Nobody chose: the claimant's, which is Spanish here as the other is.
            (|d| d.language = 0, String::new()),
        ];
        for (change, only) in alone {
            assert_eq!(changed(change), only);
        }
    }
}
