//! The worklist: what is nearest to its deadline first.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use askama::Template;
use axum::extract::Query;
use axum::response::sse::{Event, KeepAlive};
use axum::response::{Response, Sse};
use futures::Stream;
use serde::Deserialize;
use ventanilla_proto::ombudsman::v1::{Case, CaseState, ListCasesRequest, PartyTerm};
use web::{Lang, Layout, Trouble, When, page};

use crate::danger::{self, Danger};
use crate::office::{self, Office};
use crate::{words, wrong};

/// Pages of a hundred that are looked through: an office with more open cases than that filters by state or by person.
const PAGES: usize = 10;
/// How often the list is looked at, while somebody has it open: each look lists it.
const EVERY: Duration = Duration::from_secs(15);
/// How long one stream lasts; the browser opens the next, with whatever session it has then.
const LOOKS: usize = 30;

/// What is asked for.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    show: String,
    #[serde(default)]
    state: String,
    /// What an open page shows; absent when a page is asked for.
    #[serde(default)]
    seen: String,
}

/// Which cases are listed.
#[derive(Clone, Copy)]
struct Choice {
    show: &'static str,
    state: CaseState,
}

impl Wanted {
    fn choice(&self) -> Choice {
        let show = match self.show.as_str() {
            "mine" => "mine",
            "over" => "over",
            _ => "open",
        };
        let state = self.state.parse::<i32>().ok().and_then(|n| CaseState::try_from(n).ok()).unwrap_or_default();
        Choice { show, state }
    }
}

impl Choice {
    /// The cases, and whether there are more than are listed.
    async fn listed(self, office: &Office) -> Result<(Vec<Case>, bool), Trouble> {
        let (mut cases, cut) = cases(office, self.show == "mine", self.state).await?;
        cases.retain(|case| {
            self.state != CaseState::Unspecified || (self.show == "over") == words::is_over(case.state())
        });
        Ok((cases, cut))
    }

    /// Where it is shown.
    fn path(self) -> String {
        format!("/console?show={}&state={}", self.show, i32::from(self.state))
    }
}

/// Which versions of which cases a list shows, as it stands in an address.
fn version(cases: &[Case]) -> String {
    let mut shown: Vec<(&str, &str)> = cases.iter().map(|case| (case.name.as_str(), case.etag.as_str())).collect();
    shown.sort_unstable();
    let mut hasher = DefaultHasher::new();
    shown.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
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
    awaits: Vec<Awaited>,
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
    /// Where this list is shown.
    here: String,
    /// What of which cases it shows.
    seen: String,
}

/// `GET /console/changes`: one event `changed`, once the list is no longer what the page showed.
pub(crate) async fn changes(
    office: Office,
    Query(wanted): Query<Wanted>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Trouble> {
    let choice = wanted.choice();
    // Who may not see the list hears nothing of it.
    let (listed, _) = choice.listed(&office).await?;
    let mut shown = version(&listed);
    let stream = async_stream::stream! {
        for _ in 0..LOOKS {
            if shown != wanted.seen {
                yield Ok(Event::default().event("changed").data("1"));
                return;
            }
            tokio::time::sleep(EVERY).await;
            // Every look has a deadline of its own.
            let Ok((listed, _)) = choice.listed(&office.renewed()).await else { return };
            shown = version(&listed);
        }
    };
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

/// `GET /console`.
pub(crate) async fn show(office: Office, Query(wanted): Query<Wanted>) -> Result<Response, Trouble> {
    let lang = office.lang;
    let choice = wanted.choice();
    let Choice { show, state } = choice;
    let (cases, cut) = choice.listed(&office).await?;
    let mut rows: Vec<Row> = cases.iter().map(|case| row(&office, case)).collect();
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
        here: choice.path(),
        seen: version(&cases),
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

/// Time that a party has, and the case waits for, or that was over unused.
struct Awaited {
    what: &'static str,
    until: When,
    lapsed: bool,
}

fn awaited(lang: Lang, case: &Case) -> Vec<Awaited> {
    let of = |term: &PartyTerm| {
        let until = When::of(lang, term.due_time)?;
        Some(Awaited { what: words::of(lang, words::party_term(term)), until, lapsed: term.lapse_time.is_some() })
    };
    case.party_terms.iter().filter_map(of).collect()
}
