//! The worklist: what is nearest to its deadline first.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use ventanilla_proto::ombudsman::v1::{Case, CaseState, ListCasesRequest};
use web::{Lang, Layout, Trouble, When, page};

use crate::danger::{self, Danger};
use crate::office::{self, Office};
use crate::{words, wrong};

/// Pages of a hundred that are looked through: an office with more open cases than that filters by state or by person.
const PAGES: usize = 10;

/// What is asked for.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    show: String,
    #[serde(default)]
    state: String,
}

struct Row {
    id: String,
    short: String,
    state: &'static str,
    next: &'static str,
    motive: String,
    regime: String,
    due: Option<When>,
    distance: String,
    danger: Danger,
    awaits: Option<When>,
    people: String,
    mine: bool,
}

#[derive(Template)]
#[template(path = "worklist.html")]
struct Worklist {
    lang: Lang,
    rows: Vec<Row>,
    show: &'static str,
    state: i32,
    states: Vec<(i32, &'static str)>,
    late: usize,
    near: usize,
    cut: bool,
    live: String,
}

/// `GET /console`.
pub(crate) async fn show(office: Office, Query(wanted): Query<Wanted>) -> Result<Response, Trouble> {
    let lang = office.lang;
    let show = match wanted.show.as_str() {
        "mine" => "mine",
        "over" => "over",
        _ => "open",
    };
    let state = wanted.state.parse::<i32>().ok().and_then(|n| CaseState::try_from(n).ok()).unwrap_or_default();
    let (cases, cut) = cases(&office, show == "mine", state).await?;
    let mut rows: Vec<Row> = cases
        .iter()
        .filter(|case| state != CaseState::Unspecified || (show == "over") == words::is_over(case.state()))
        .map(|case| row(&office, case))
        .collect();
    rows.sort_by_key(|row| (row.danger, row.due.as_ref().map(|due| due.at)));
    let count = |danger| rows.iter().filter(|row| row.danger == danger).count();
    let states = (1..=26)
        .filter_map(|n| CaseState::try_from(n).ok())
        .map(|state| (state.into(), words::of(lang, words::state(state))));
    let body = Worklist {
        lang,
        late: count(Danger::Late),
        near: count(Danger::Near),
        show,
        state: state.into(),
        states: states.collect(),
        cut,
        live: String::new(),
        rows,
    };
    let title = lang.of("Expedientes", "Cases");
    Ok(page(Layout::new(lang, title).of(&office.session, "/console").wide(), body))
}

async fn cases(office: &Office, mine: bool, state: CaseState) -> Result<(Vec<Case>, bool), Trouble> {
    let mut client = office.cases();
    let (mut all, mut page_token) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let request = ListCasesRequest {
            page_size: 100,
            page_token,
            state: state.into(),
            assigned_to_me: mine,
            ..ListCasesRequest::default()
        };
        let page = client.list_cases(request).await.map_err(|status| wrong::explained(status.into()))?.into_inner();
        all.extend(page.cases);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok((all, false));
        }
    }
    Ok((all, true))
}

fn row(office: &Office, case: &Case) -> Row {
    let (lang, now) = (office.lang, office.now);
    let due = When::of(lang, case.decide_due_time);
    let live = |a: &&ventanilla_proto::ombudsman::v1::Assignment| a.recuse_time.is_none();
    let people: Vec<_> = case
        .assignments
        .iter()
        .filter(live)
        .map(|seat| format!("{} ({})", seat.person, words::of(lang, words::seat(seat.office_role()))))
        .collect();
    let me = &office.session.principal.actor.id;
    Row {
        id: office::id(&case.name).to_owned(),
        short: office::short(&case.name),
        state: words::of(lang, words::state(case.state())),
        next: words::of(lang, words::next(case.state())),
        motive: case.matter.as_ref().map(|matter| matter.motive.clone()).unwrap_or_default(),
        regime: case.regime.clone(),
        distance: due.as_ref().map(|due| due.distance(lang, now)).unwrap_or_default(),
        danger: danger::of(case, due.as_ref(), now),
        due,
        awaits: awaited(lang, case),
        mine: case.assignments.iter().filter(live).any(|seat| &seat.person == me),
        people: people.join(", "),
    }
}

/// Until when somebody else has time, where the case waits for them.
fn awaited(lang: Lang, case: &Case) -> Option<When> {
    let time = match case.state() {
        CaseState::NeedsCure => case.cure.as_ref()?.due_time,
        CaseState::InadmissibleProposed => case.refusal.as_ref()?.allegations_due_time,
        CaseState::Admitted => case.statement_due_time,
        _ => None,
    };
    When::of(lang, time)
}
