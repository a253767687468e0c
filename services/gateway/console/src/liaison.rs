//! The firm's side of a case: what both parties may read, and what the firm does in it: it answers what is claimed, brings evidence, offers something, and proves
//! what it did. Who sits on the case is told to nobody here: the services see to that, but for what the papers of both parties and a disclosure say.

mod send;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use tonic::Status;
use ventanilla_proto::ombudsman::v1::{Case, CaseState, Obligation};
use web::{Csrf, Cut, Departments, Lang, Layout, Reading, Said, Trouble, When, page, page_within, reading};

use crate::offer::{self, Told, Turn};
use crate::office::{self, Office};
use crate::papers::{Body, Paper};
use crate::{case_page, whole, words, wrong};

use send::{Act, Typed};
pub(crate) use send::{act, acts, back, state};

/// Characters of a case's id at most that are looked for.
const LONGEST: usize = 64;

#[derive(Template)]
#[template(path = "firm.html")]
struct SoughtPage {
    lang: Lang,
    refused: bool,
}

/// Which case.
#[derive(Deserialize)]
pub(crate) struct Sought {
    #[serde(default)]
    case: String,
}

/// `GET /firm`: the office names the case to the firm; here it is typed in.
pub(crate) async fn find(office: Office, Query(sought): Query<Sought>) -> Response {
    let typed = sought.case.trim();
    let id = typed.strip_prefix("cases/").unwrap_or(typed);
    let is_id = id.len() <= LONGEST && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !id.is_empty() && is_id {
        return Redirect::to(&format!("/firm/cases/{id}")).into_response();
    }
    let lang = office.lang;
    let status = if typed.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let layout = Layout::new(lang, lang.of("Expedientes de la entidad", "Cases of the firm")).status(status);
    page(layout.of(&office.session, "/firm"), SoughtPage { lang, refused: !typed.is_empty() })
}

/// Something the firm owes, as its page tells it.
/// Duties that are told on the page of the case, and those that one is chosen from: others come up as these are met.
const OWED: usize = 12;
const PROVED: usize = 60;

struct Owed {
    name: String,
    kind: &'static str,
    /// The claim point it is about; empty for a recommendation.
    point: String,
    department: String,
    due: Option<When>,
    met: Option<When>,
    is_overdue: bool,
    /// A proof was brought, and the office has not judged it.
    is_weighed: bool,
    /// It is owed no more, unmet.
    is_lapsed: bool,
    /// The paper that says what.
    entry: Option<i64>,
}

impl Owed {
    fn of(lang: Lang, one: &Obligation) -> Self {
        Self {
            name: one.name.clone(),
            kind: words::of(lang, words::obligation(one.kind())),
            point: one.claim_point.clone(),
            department: one.department.clone(),
            due: When::of(lang, one.due_time),
            met: When::of(lang, one.met_time),
            is_overdue: one.overdue_time.is_some() && one.met_time.is_none(),
            is_weighed: !one.proof_entry.is_empty() && one.met_time.is_none(),
            is_lapsed: one.lapse_time.is_some(),
            entry: case_page::number(&one.entry),
        }
    }

    /// Whether a proof of it may be brought now.
    const fn takes_proof(&self) -> bool {
        self.met.is_none() && !self.is_weighed && !self.is_lapsed
    }
}

/// What the firm may send now, by where the case stands; the office judges all of it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    statement: bool,
    evidence: bool,
    offer: bool,
    proof: bool,
}

impl Open {
    /// In a case that stands here, with an offer whose turn this is before the claimant, and with something or nothing left to prove.
    fn of(state: CaseState, before_them: Option<Turn>, is_owed: bool) -> Self {
        use CaseState as S;
        let heard =
            matches!(state, S::Admitted | S::EntityAllegations | S::Investigation | S::Drafted | S::Conciliation);
        let stands = matches!(before_them, Some(Turn::Think | Turn::Answer));
        let is_stopped = state == S::Stayed || (words::is_over(state) && state != S::Settled);
        Self {
            statement: matches!(state, S::Admitted | S::EntityAllegations),
            evidence: heard,
            offer: heard && !stands,
            proof: is_owed && !is_stopped,
        }
    }
}

#[derive(Template)]
#[template(path = "firm_case.html")]
struct FirmPage<'a> {
    lang: Lang,
    cut: &'a Cut,
    csrf: Csrf,
    id: &'a str,
    case: &'a Case,
    state: &'static str,
    due: Option<When>,
    papers: Vec<Paper>,
    stretch: Option<case_page::Stretch>,
    offers: Vec<Told>,
    /// What is open first.
    owed: Vec<Owed>,
    names: Departments,
    open: Open,
    done: Option<&'static str>,
    /// One for each form: what is sent twice is done once, and two forms are two requests.
    requests: [String; 4],
    typed: &'a Typed,
    act: Act,
    refused: Option<String>,
    faults: Vec<(String, Said)>,
}

impl FirmPage<'_> {
    /// Those of them that are told on the page.
    fn told(&self) -> impl Iterator<Item = &Owed> {
        self.owed.iter().take(OWED)
    }

    /// How many others there are.
    const fn owed_more(&self) -> usize {
        self.owed.len().saturating_sub(OWED)
    }

    /// Those that one is chosen from to be proved.
    fn to_prove(&self) -> impl Iterator<Item = &Owed> {
        self.owed.iter().filter(|one| one.takes_proof()).take(PROVED)
    }

    /// What was typed into a field of the form that was sent; nothing into those of the others.
    fn value(&self, act: Act, field: &str) -> &str {
        if act == self.act { self.typed.field(field) } else { "" }
    }

    /// What is wrong with a field of the form that was sent.
    fn fault(&self, act: Act, field: &str) -> Option<&Said> {
        let found = self.faults.iter().find(|(at, _)| at == field);
        found.filter(|_| act == self.act).map(|(_, said)| said)
    }
}

/// What was just done, and from which paper on the dossier is shown.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    done: String,
    #[serde(default)]
    from: String,
}

/// `GET /firm/cases/{case}`.
pub(crate) async fn show(
    office: Office,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    case_of(&office, &id, (Act::Statement, &Typed::default()), None, &wanted).await
}

async fn case_of(
    office: &Office,
    id: &str,
    (act, typed): (Act, &Typed),
    refused: Option<&Trouble>,
    wanted: &Wanted,
) -> Result<Response, Trouble> {
    let lang = office.lang;
    let back = |trouble: Trouble| wrong::explained(trouble).back_to("/firm", "Buscar otro", "Find another");
    let case = office.case(id).await.map_err(back)?;
    let (read, procedure, obligations, names) = tokio::join!(
        case_page::entries(office, &case.name, &wanted.from),
        case_page::procedure(office, &case.name),
        case_page::obligations(office, &case.name),
        office.session.departments(office.peers()),
    );
    let read = read.map_err(|status| back(status.into()))?;
    let offers = match &procedure {
        Some(procedure) => offer::of(office, &case.name, procedure, &read.entries).await,
        None => Vec::new(),
    };
    let mut owed: Vec<Owed> = obligations.iter().map(|one| Owed::of(lang, one)).collect();
    owed.sort_by_key(|one| !one.takes_proof());
    let before_them = offers.iter().map(|offer| offer.turn).find(|turn| *turn != Turn::TakeUp);
    let cut = Cut::default();
    let body = FirmPage {
        lang,
        cut: &cut,
        csrf: office.session.csrf.clone(),
        id,
        state: words::of(lang, words::state(case.state())),
        due: When::of(lang, case.statement_due_time),
        papers: read.entries.iter().map(|entry| Paper::of(lang, entry)).collect(),
        stretch: read.stretch(),
        open: Open::of(case.state(), before_them, owed.iter().any(Owed::takes_proof)),
        offers,
        owed,
        names,
        done: Act::of(&wanted.done).map(|act| act.done(lang)),
        requests: std::array::from_fn(|_| office.request_id()),
        typed,
        act,
        refused: refused.map(|trouble| wrong::text(trouble, lang)),
        faults: refused
            .map(|trouble| trouble.faults().iter().map(|fault| (fault.field.clone(), fault.said(lang))).collect())
            .unwrap_or_default(),
        case: &case,
    };
    let status = refused.map_or(StatusCode::OK, |trouble| match trouble.status() {
        StatusCode::BAD_REQUEST => StatusCode::UNPROCESSABLE_ENTITY,
        status => status,
    });
    let title = format!("{} {}", lang.of("Expediente", "Case"), office::short(&case.name));
    Ok(page_within(Layout::new(lang, title).of(&office.session, "/firm").status(status), &cut, body))
}

/// `GET /firm/cases/{case}/read/{what}`: what is claimed, or the paper of this number, whole.
pub(crate) async fn read(
    office: Office,
    Path((id, what)): Path<(String, String)>,
    Query(parted): Query<whole::Parted>,
) -> Result<Response, Trouble> {
    let lang = office.lang;
    let back = |trouble: Trouble| wrong::explained(trouble).back_to("/firm", "Buscar otro", "Find another");
    let (title, text) = match what.parse::<i64>() {
        Ok(number) => {
            let entry = case_page::only(&office, &office::name(&id), number).await.map_err(|s| back(s.into()))?;
            let paper = entry.map(|entry| Paper::of(lang, &entry));
            let found = paper.and_then(|paper| Some((format!("{number}. {}", paper.kind), paper.text()?.to_owned())));
            found.ok_or_else(|| back(Status::not_found("").into()))?
        }
        Err(_) => {
            let case = office.case(&id).await.map_err(back)?;
            let (title, text) = match &*what {
                "points" => (lang.of("Lo que se reclama", "What is claimed"), whole::points(&case)),
                "owed" => (lang.of("Qué debe la entidad", "What the firm owes"), whole::owed(&office, &case).await),
                _ => return Err(back(Status::not_found("").into())),
            };
            (title.to_owned(), text)
        }
    };
    let text = Reading {
        text,
        part: parted.number(),
        address: format!("/firm/cases/{id}/read/{what}?"),
        back: format!("/firm/cases/{id}"),
        back_text: lang.of("Volver al expediente", "Back to the case"),
    };
    Ok(reading(Layout::new(lang, title).of(&office.session, "/firm"), lang, &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_firm_is_asked_for_nothing_that_the_office_would_not_take() {
        use CaseState as S;
        let open = |state| Open::of(state, None, true);
        let all = Open { statement: true, evidence: true, offer: true, proof: true };
        assert_eq!(open(S::Admitted), all);
        assert_eq!(open(S::Investigation), Open { statement: false, ..all });
        assert!(!Open::of(S::Conciliation, Some(Turn::Think), false).offer);
        assert!(!Open::of(S::Conciliation, Some(Turn::Answer), false).offer);
        for turn in [Turn::Tell, Turn::Lapsed] {
            assert!(Open::of(S::Conciliation, Some(turn), false).offer, "{turn:?}: another takes its place");
        }
        let proof_alone = Open { statement: false, evidence: false, offer: false, proof: true };
        for state in [S::Notified, S::Compliance, S::Overdue, S::Reported, S::Settled] {
            assert_eq!(open(state), proof_alone, "{state:?}");
        }
        let nothing = Open { proof: false, ..proof_alone };
        for state in [S::Stayed, S::Closed, S::Inadmissible, S::ForwardedInternally] {
            assert_eq!(open(state), nothing, "{state:?}");
        }
        assert_eq!(Open::of(S::Compliance, None, false), nothing, "nothing is owed");
    }
}
