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
use ventanilla_proto::ombudsman::v1::{
    Case, CaseOrder, CaseStanding, CaseState, ListCasesRequest, ListCasesResponse, PartyTerm,
};
use web::{Lang, Layout, Trouble, When, page};

use crate::danger::{self, Danger};
use crate::live::told;
use crate::office::{self, Office};
use crate::{words, wrong};

/// Cases of one page; it leads on to those after them.
const ROWS: i32 = 100;
/// How often the list is looked at, while somebody has it open: each look lists it.
const EVERY: Duration = Duration::from_secs(15);

/// What is asked for.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    show: String,
    #[serde(default)]
    state: String,
    /// Where the page before ended, as the office says it; empty for the first page.
    #[serde(default)]
    after: String,
    /// What an open page shows; absent when a page is asked for.
    #[serde(default)]
    seen: String,
}

/// Which cases are listed.
#[derive(Clone)]
struct Choice {
    show: &'static str,
    state: CaseState,
    after: String,
}

impl Wanted {
    fn choice(&self) -> Choice {
        let show = match self.show.as_str() {
            "mine" => "mine",
            "over" => "over",
            _ => "open",
        };
        let state = self.state.parse::<i32>().ok().and_then(|n| CaseState::try_from(n).ok()).unwrap_or_default();
        Choice { show, state, after: self.after.clone() }
    }
}

impl Choice {
    /// A page of the cases: the open ones by the term that is over first, the others newest first.
    async fn listed(&self, office: &Office) -> Result<ListCasesResponse, Trouble> {
        let (standing, order) = match self.is_open() {
            true => (CaseStanding::Open, CaseOrder::Term),
            false => (CaseStanding::Over, CaseOrder::Newest),
        };
        let request = ListCasesRequest {
            page_size: ROWS,
            page_token: self.after.clone(),
            state: self.state.into(),
            assigned_to_me: self.show == "mine",
            standing: standing.into(),
            order: order.into(),
            ..ListCasesRequest::default()
        };
        let page = office.cases().list_cases(request).await.map_err(|status| wrong::explained(status.into()))?;
        Ok(page.into_inner())
    }

    /// Whether open cases are listed, and not those that are over.
    fn is_open(&self) -> bool {
        match self.state {
            CaseState::Unspecified => self.show != "over",
            state => !words::is_over(state),
        }
    }

    /// Where its first page is shown.
    fn path(&self) -> String {
        format!("/console?show={}&state={}", self.show, i32::from(self.state))
    }

    /// Where the page after this place is shown.
    fn path_after(&self, place: &str) -> String {
        match place {
            "" => self.path(),
            place => format!("{}&after={place}", self.path()),
        }
    }
}

/// Which versions of which cases a list shows, as it stands in an address.
fn version(cases: &[Case]) -> String {
    let mut hasher = DefaultHasher::new();
    for case in cases {
        let due = case.next_due_time.map(|due| (due.seconds, due.nanos));
        (&case.name, &case.etag, due).hash(&mut hasher);
    }
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
    /// Since when an offer of the firm is there that the claimant was not told.
    untold_offer: Option<When>,
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
    /// There are more of those than are counted: the page ends before them.
    uncounted: bool,
    /// Where this page is shown.
    here: String,
    /// Where the first page is, when this is another.
    first: Option<String>,
    /// Where the next page is, when there is one.
    more: Option<String>,
    /// Where this page begins.
    after: String,
    /// They are in order of their terms.
    by_term: bool,
    /// What of which cases it shows.
    seen: String,
}

/// `GET /console/changes`: told once the list is no longer what the page showed.
pub(crate) async fn changes(
    office: Office,
    Query(wanted): Query<Wanted>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Trouble> {
    let choice = wanted.choice();
    // Who may not see the list hears nothing of it.
    choice.listed(&office).await?;
    let stream = told(EVERY, move || {
        // Every look has a deadline of its own.
        let (office, choice, seen) = (office.renewed(), choice.clone(), wanted.seen.clone());
        async move { choice.listed(&office).await.map(|listed| version(&listed.cases) != seen) }
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

/// `GET /console`.
pub(crate) async fn show(office: Office, Query(wanted): Query<Wanted>) -> Result<Response, Trouble> {
    let lang = office.lang;
    let choice = wanted.choice();
    let ListCasesResponse { cases, next_page_token } = choice.listed(&office).await?;
    let rows: Vec<Row> = cases.iter().map(|case| row(&office, case)).collect();
    let count = |danger| rows.iter().filter(|row| row.danger == danger).count();
    let states = (1..=26)
        .filter_map(|n| CaseState::try_from(n).ok())
        .map(|state| (state.into(), words::of(lang, words::state(state))));
    let more = (!next_page_token.is_empty()).then(|| choice.path_after(&next_page_token));
    let last_is_near = rows.last().is_some_and(|row| matches!(row.danger, Danger::Late | Danger::Near));
    let body = Worklist {
        lang,
        late: count(Danger::Late),
        near: count(Danger::Near),
        uncounted: last_is_near && more.is_some(),
        show: choice.show,
        state: choice.state.into(),
        states: states.collect(),
        here: choice.path_after(&choice.after),
        first: (!choice.after.is_empty()).then(|| choice.path()),
        more,
        by_term: choice.is_open(),
        after: choice.after,
        seen: version(&cases),
        rows,
    };
    let title = lang.of("Expedientes", "Cases");
    Ok(page(Layout::new(lang, title).of(&office.session, "/console").wide(), body))
}

fn row(office: &Office, case: &Case) -> Row {
    let (lang, now) = (office.lang, office.now);
    let due = When::of(lang, case.next_due_time);
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
        danger: danger::of_term(due.as_ref(), now),
        due,
        awaits: awaited(lang, case),
        untold_offer: When::of(lang, case.untold_offer_time),
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
