//! What is too long for the page it belongs to, whole, on a page of its own: a paper, what is claimed, the clocks, a decision.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;
use tonic::Status;
use ventanilla_proto::ombudsman::v1::{Case, Decision, GetDecisionRequest};
use web::{Lang, Layout, Reading, Stretch, Trouble, When, page, reading};

use crate::case_page::{self, only};
use crate::draft::Draft;
use crate::files::{self, File};
use crate::office::{self, Office};
use crate::papers::{Body, Paper};
use crate::{clocks, drafting, money, words, wrong};

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage<'a> {
    lang: Lang,
    id: &'a str,
    paper: &'a Paper,
    /// The part of its words that is read, where it has any.
    part: Option<Stretch<'a>>,
    files: Vec<File>,
    /// How many files come before those.
    files_before: usize,
    /// How many come before those after them, where there are others.
    files_after: Option<usize>,
}

/// Which part of a long text is read.
#[derive(Deserialize)]
pub(crate) struct Parted {
    #[serde(default)]
    part: String,
    /// How many of its files come before those that are shown.
    #[serde(default)]
    files: String,
}

impl Parted {
    /// Its number as the address has it; the first where it is none.
    pub(crate) fn number(&self) -> usize {
        self.part.parse().unwrap_or(1)
    }
}

/// `GET /console/cases/{case}/entries/{entry}`: one paper, whole; a long one in parts.
pub(crate) async fn entry(
    office: Office,
    Path((id, number)): Path<(String, i64)>,
    Query(parted): Query<Parted>,
) -> Result<Response, Trouble> {
    let lang = office.lang;
    let found = only(&office, &office::name(&id), number).await.map_err(|status| wrong::at_case(status, &id))?;
    let found = found.ok_or_else(|| wrong::at_case(Status::not_found(""), &id))?;
    let files_before = parted.files.parse().unwrap_or_default();
    let (files, more) = files::of(&office, &found, files_before).await;
    let files_after = more.then(|| files_before + files.len());
    let paper = Paper::of(lang, &found);
    let title = format!("{} {number}: {}", lang.of("Papel", "Paper"), paper.kind);
    let address = format!("/console/cases/{id}/entries/{number}?");
    let part = paper.text().map(|text| Stretch::of(text, parted.number(), &address));
    let body = EntryPage { lang, id: &id, paper: &paper, part, files, files_before, files_after };
    Ok(page(Layout::new(lang, title).of(&office.session, "/console"), body))
}

/// `GET /console/cases/{case}/read/{what}`: something of the case, or its decision, whole; what is long in parts.
pub(crate) async fn read(
    office: Office,
    Path((id, what)): Path<(String, String)>,
    Query(parted): Query<Parted>,
) -> Result<Response, Trouble> {
    let lang = office.lang;
    let at_case = |title: &'static str, text| (title, text, "");
    let nothing = || wrong::at_case(Status::not_found(""), &id);
    let (title, text, page_of) = match &*what {
        // A precedent is read by people who do not see its case.
        "decision" => {
            let request = GetDecisionRequest { name: format!("{}/decision", office::name(&id)) };
            let answer = office.cases().get_decision(request).await.map_err(|status| wrong::at_case(status, &id))?;
            let case = office.case(&id).await.unwrap_or_default();
            (lang.of("Resolución", "Decision"), decision(lang, &case, &answer.into_inner()), "/decision")
        }
        _ => {
            let case = office.case(&id).await?;
            match (&*what, &case.refusal) {
                ("points", _) => at_case(lang.of("Qué se reclama", "What is claimed"), points(&case)),
                ("refusal", Some(refusal)) => {
                    at_case(lang.of("Por qué no se tramita", "Why it is not heard"), refusal.reasons.clone())
                }
                ("people", _) => at_case(lang.of("Quién lo lleva", "Who works on it"), people(lang, &case)),
                ("owed", _) => {
                    at_case(lang.of("Qué debe la entidad", "What the firm owes"), owed(&office, &case).await)
                }
                ("clocks", _) => {
                    let clocks = clocks::of(&office, &case, usize::MAX).await.ok_or_else(nothing)?;
                    let told: Vec<_> = clocks.shown.iter().map(|clock| clock.told(lang)).collect();
                    at_case(lang.of("Plazos y su prueba", "Clocks and their proof"), told.join("\n\n"))
                }
                ("draft", _) => {
                    let (kept, _) = drafting::last(&office, &case).await?;
                    (lang.of("Borrador guardado", "Saved draft"), draft(lang, &case, &kept), "/draft")
                }
                _ => return Err(nothing()),
            }
        }
    };
    let back_text = match page_of {
        "/decision" => lang.of("Volver a la resolución", "Back to the decision"),
        "/draft" => lang.of("Volver al borrador", "Back to the draft"),
        _ => lang.of("Volver al expediente", "Back to the case"),
    };
    let text = Reading {
        text,
        part: parted.number(),
        address: format!("/console/cases/{id}/read/{what}?"),
        back: format!("/console/cases/{id}{page_of}"),
        back_text,
    };
    Ok(reading(Layout::new(lang, title).of(&office.session, "/console"), lang, &text))
}

/// All that is claimed, each point with its id.
pub(crate) fn points(case: &Case) -> String {
    let told: Vec<_> = case.claim_points.iter().map(|point| format!("{}. {}", point.id, point.text)).collect();
    told.join("\n\n")
}

fn day(head: &str, when: Option<&When>) -> String {
    when.map(|when| format!(", {head} {}", when.text)).unwrap_or_default()
}

fn people(lang: Lang, case: &Case) -> String {
    let seats = case_page::seats(lang, case).into_iter().map(|seat| {
        let since = day(lang.of("desde el", "since"), seat.since.as_ref());
        let left = day(lang.of("se apartó el", "stepped aside on"), seat.left.as_ref());
        format!("{}: {}{since}{left}", seat.person, seat.role)
    });
    seats.collect::<Vec<_>>().join("\n")
}

pub(crate) async fn owed(office: &Office, case: &Case) -> String {
    let lang = office.lang;
    let (all, names) =
        tokio::join!(case_page::obligations(office, &case.name), office.session.departments(office.peers()));
    let told = all.iter().map(|one| {
        let one = case_page::owed(lang, one);
        let until = day(lang.of("hasta el", "until"), one.due.as_ref());
        let met = day(lang.of("cumplido el", "met on"), one.met.as_ref());
        let overdue = if one.overdue { lang.of(", fuera de plazo", ", overdue") } else { "" };
        let paper = lang.of("papel", "paper");
        format!(
            "{} {}, {}{until}{met}{overdue} ({paper} {})",
            one.kind,
            one.point,
            names.called(&one.department, lang),
            one.entry
        )
    });
    told.collect::<Vec<_>>().join("\n")
}

/// One decided point in words, or one that is to be: with what is claimed, where that is known.
fn point(lang: Lang, case: &Case, (id, outcome): (&str, &str), said: [&str; 3], amount: Option<String>) -> String {
    let claim = case.claim_points.iter().find(|claim| claim.id == id).map(|claim| claim.text.clone());
    let heads = [
        lang.of("Qué se constata", "What was found"),
        lang.of("Por qué", "Why"),
        lang.of("Qué se ordena", "What is ordered"),
    ];
    let texts = heads.iter().zip(said).map(|(head, text)| format!("{head}: {text}"));
    let pays = amount.map(|amount| format!("{} {amount}", lang.of("La entidad paga", "The firm pays")));
    let head = format!("{} {id} · {outcome}", lang.of("Punto", "Point"));
    [head].into_iter().chain(claim).chain(texts).chain(pays).collect::<Vec<_>>().join("\n\n")
}

fn signpost(lang: Lang, text: &str) -> String {
    format!("{}: {text}", lang.of("Adónde puede acudir después", "Where the claimant may turn next"))
}

/// All that a decision says, and what was said of it since.
fn decision(lang: Lang, case: &Case, decision: &Decision) -> String {
    let points = decision.points.iter().map(|one| {
        let outcome = words::of(lang, words::outcome(one.outcome()));
        let amount = one.redress_amount.as_ref().map(|amount| money::text(lang, amount));
        point(lang, case, (&one.claim_point, outcome), [&one.finding, &one.reason, &one.remedy], amount)
    });
    let considered = decision.precedents.iter().map(|one| {
        let outcome = words::of(lang, words::outcome(one.outcome()));
        let head = lang.of("Resolución anterior considerada", "Earlier decision considered");
        format!("{head}: {} · {} · {outcome}\n{}", one.claim_point, office::id(&one.decision), one.departure_reason)
    });
    let corrected = decision.corrections.iter().map(|one| {
        let head = lang.of("Errata corregida", "Slip corrected");
        format!("{head}: {} · {} → {}\n{}", one.claim_point, one.stood, one.stands, one.reason)
    });
    let rest = [signpost(lang, &decision.signpost)].into_iter().chain(considered).chain(corrected);
    points.chain(rest).collect::<Vec<_>>().join("\n\n")
}

/// All that a draft says.
fn draft(lang: Lang, case: &Case, draft: &Draft) -> String {
    let plain = Some(draft.plain.clone()).filter(|plain| !plain.is_empty());
    let points = draft.points.iter().map(|one| {
        let outcome = words::of(lang, words::outcome(one.outcome()));
        let amount = money::euros(&one.amount).ok().flatten().map(|amount| money::text(lang, &amount));
        point(lang, case, (&one.claim_point, outcome), [&one.finding, &one.reason, &one.remedy], amount)
    });
    let departures = draft.precedents.iter().filter(|one| !one.departure.is_empty()).map(|one| {
        let head = lang.of("Se aparta de", "It departs from");
        format!("{head} {} · {}\n{}", one.claim_point, office::short(&one.decision), one.departure)
    });
    let rest = departures.chain([signpost(lang, &draft.signpost)]);
    plain.into_iter().chain(points).chain(rest).collect::<Vec<_>>().join("\n\n")
}
