//! A case on one page: what is claimed, what happened, both sides' papers, the clocks with their proof, and what may be done now.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use kernel::Role;
use serde::Deserialize;
use ventanilla_proto::ombudsman::v1::{
    Case, CaseState, DossierAccess, DossierEntry, GetProcedureRequest, ListDossierAccessesRequest,
    ListDossierEntriesRequest, ListObligationsRequest, Obligation, OfficeRole, Procedure,
};
use web::{Cut, Departments, Lang, Layout, Trouble, When, page_within};

use crate::clocks::{self, Clocks};
use crate::danger::{self, Danger};
use crate::draft::Draft;
use crate::offer::{self, Told, Turn};
use crate::office::{self, Office};
use crate::papers::{Body, Paper, Side};
use crate::precedents::{self, OfPoint};
use crate::step::{self, StepLink};
use crate::timeline::{self, Happened};
use crate::{money, words, wrong};

/// Papers of one page; it leads on to the others.
const PAPERS: usize = 25;
/// Papers that are read at once where all of them are needed.
const READ: usize = 100;
/// Things of the timeline on one page; it leads on to the others.
const HAPPENED: usize = 35;
/// Clocks of the case that are shown with their proof, and as many of the affair.
const CLOCKS: usize = 8;
/// Steps of a proof that are shown.
const STEPS: usize = 12;
/// Duties of the firm that are shown.
const OWED: usize = 10;
/// People who sat on the case that are shown, the last ones.
const SEATS: usize = 15;
/// Points whose similar decisions are shown.
const SIMILAR: usize = 5;
/// Bytes of a paper, and of what was said in the timeline, that are shown there.
const PAPER_BEGINS: usize = 600;
const SAID_BEGINS: usize = 280;
/// Who looked last: so many are shown.
const ACCESSES: i32 = 20;

/// What is asked for.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    /// A step that was just taken.
    #[serde(default)]
    done: String,
    /// How many things of the timeline, from its beginning, come before the end of what is shown of it; empty for all.
    #[serde(default)]
    until: String,
    /// The first paper that is shown, by its number; empty for the newest.
    #[serde(default)]
    from: String,
}

/// Papers of a dossier in order, as many as one page holds.
pub(crate) struct Papers {
    pub(crate) entries: Vec<DossierEntry>,
    /// There may be others before them.
    has_earlier: bool,
    /// The number of the first paper after them.
    pub(crate) next: Option<i64>,
}

/// Where a page stands in a long dossier.
pub(crate) struct Stretch {
    pub(crate) first: i64,
    pub(crate) last: i64,
    has_earlier: bool,
    pub(crate) next: Option<i64>,
}

impl Stretch {
    /// The number from which those before it are shown, where there may be any.
    pub(crate) fn before(&self) -> Option<i64> {
        let papers = i64::try_from(PAPERS).unwrap_or(i64::MAX);
        self.has_earlier.then(|| self.first.saturating_sub(papers).max(1))
    }
}

/// Which things of a timeline a page shows, by where they stand in it.
#[derive(Debug, PartialEq, Eq)]
struct Window {
    from: usize,
    to: usize,
    all: usize,
}

impl Window {
    /// The last ones of `all` things before this number of them, as an address has it: before the end where it is none.
    fn of(typed: &str, all: usize) -> Self {
        let to = typed.parse().ok().filter(|to| (1..all).contains(to)).unwrap_or(all);
        Self { from: to.saturating_sub(HAPPENED), to, all }
    }

    /// Where those after these end.
    const fn later(&self) -> Option<usize> {
        if self.to == self.all { None } else { Some(self.to.saturating_add(HAPPENED)) }
    }
}

impl Papers {
    /// What is said of the papers that are not on this page; nothing where all are.
    pub(crate) fn stretch(&self) -> Option<Stretch> {
        let (first, last) = (self.entries.first()?.sequence, self.entries.last()?.sequence);
        let Self { has_earlier, next, .. } = *self;
        (has_earlier || next.is_some()).then_some(Stretch { first, last, has_earlier, next })
    }
}

/// Somebody who sits, or sat, on the case.
pub(crate) struct Seat {
    pub(crate) person: String,
    pub(crate) role: &'static str,
    pub(crate) since: Option<When>,
    pub(crate) left: Option<When>,
}

/// Somebody who was shown papers.
struct Looked {
    who: String,
    when: Option<When>,
    shown: String,
    sealed: bool,
}

/// What the firm owes.
pub(crate) struct Owed {
    pub(crate) kind: &'static str,
    pub(crate) department: String,
    pub(crate) point: String,
    pub(crate) due: Option<When>,
    pub(crate) met: Option<When>,
    pub(crate) overdue: bool,
    pub(crate) proof: Option<i64>,
    pub(crate) entry: i64,
}

/// Why a case is not taken on, or is going not to be.
struct Refusal<'a> {
    ground: &'static str,
    article: &'a str,
    reasons: &'a str,
    /// The decided cases that it repeats, where that is the ground.
    repeats: &'a [String],
    /// Until when the claimant may answer, where they are asked.
    allegations_until: Option<When>,
    /// Whether it is decided, and not only proposed.
    refused: bool,
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage<'a> {
    lang: Lang,
    cut: &'a Cut,
    case: &'a Case,
    id: &'a str,
    version: String,
    done: Option<&'static str>,
    state: &'static str,
    next: &'static str,
    parallel: &'static str,
    amount: Option<String>,
    channel: &'static str,
    filed_entity: Option<When>,
    filed_office: Option<When>,
    facts: Option<When>,
    due: Option<When>,
    distance: String,
    danger: Danger,
    cure: Option<(Vec<&'static str>, Option<When>, Option<When>)>,
    refusal: Option<Refusal<'a>>,
    statement_due: Option<When>,
    steps: Vec<StepLink>,
    papers: Vec<Paper>,
    stretch: Option<Stretch>,
    evidence: Vec<(Side, Vec<usize>)>,
    timeline: Vec<Happened>,
    window: Window,
    clocks: Option<Clocks>,
    seats: Vec<Seat>,
    /// How many sat on it before them.
    seats_before: usize,
    owed: Vec<Owed>,
    /// How many duties are not shown.
    owed_more: usize,
    names: Departments,
    /// Earlier decisions about the same, where the reader may ask for them and there are any.
    similar: Vec<OfPoint>,
    /// Who looked, newest first; `None` for whom that is not open to.
    looked: Option<Vec<Looked>>,
    procedure: Option<Procedure>,
    offers: Vec<Told>,
    can_draft: bool,
    has_decision: bool,
}

/// `GET /console/cases/{case}`.
pub(crate) async fn show(
    office: Office,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let lang = office.lang;
    let case = office.case(&id).await?;
    let (entries, clocks, procedure, obligations, similar, looked, names) = tokio::join!(
        entries(&office, &case.name, &wanted.from),
        clocks::of(&office, &case, CLOCKS),
        procedure(&office, &case.name),
        obligations(&office, &case.name),
        similar(&office, &case),
        looked(&office, &case.name),
        office.session.departments(office.peers()),
    );
    let read = entries.map_err(|status| wrong::at_case(status, &id))?;
    let papers: Vec<Paper> = read.entries.iter().map(|entry| Paper::of(lang, entry)).collect();
    let mut timeline = timeline::of(lang, &read.entries, &papers);
    let window = Window::of(&wanted.until, timeline.len());
    timeline.truncate(window.to);
    timeline.drain(..window.from);
    let evidence = [Side::Claimant, Side::Firm, Side::Office]
        .map(|side| {
            let of_side = papers.iter().enumerate().filter(|(_, paper)| paper.side == side && paper.is_evidence);
            (side, of_side.map(|(at, _)| at).collect())
        })
        .into();
    let due = When::of(lang, case.decide_due_time.filter(|_| danger::is_to_be_decided(case.state())));
    let offers = match &procedure {
        Some(procedure) => offer::of(&office, &case.name, procedure, &read.entries).await,
        None => Vec::new(),
    };
    let title = format!("{} {}", lang.of("Expediente", "Case"), office::short(&case.name));
    // What is still owed comes first.
    let mut owed: Vec<Owed> = obligations.iter().map(|one| owed(lang, one)).collect();
    owed.sort_by_key(|one| one.met.is_some());
    let owed_more = owed.len().saturating_sub(OWED);
    owed.truncate(OWED);
    let mut seats = seats(lang, &case);
    let seats_before = seats.len().saturating_sub(SEATS);
    seats.drain(..seats_before);
    let clocks = clocks.map(|clocks| clocks.shortened(STEPS));
    let cut = Cut::default();
    let body = CasePage {
        lang,
        cut: &cut,
        id: &id,
        version: crate::live::version(&case),
        done: step::done(&wanted.done, lang),
        state: words::of(lang, words::state(case.state())),
        next: words::of(lang, words::next(case.state())),
        parallel: words::of(lang, words::parallel(case.parallel_proceedings())),
        amount: case.matter.as_ref().and_then(|matter| matter.claimed_amount.as_ref()).map(|m| money::text(lang, m)),
        channel: words::of(lang, words::channel(case.channel())),
        filed_entity: When::of(lang, case.filed_at_entity_time),
        filed_office: When::of(lang, case.filed_at_office_time),
        facts: When::of(lang, case.facts_time),
        distance: due.as_ref().map(|due| due.distance(lang, office.now)).unwrap_or_default(),
        danger: danger::of(&case, due.as_ref(), office.now),
        due,
        cure: case.cure.as_ref().map(|cure| {
            let items = cure.items().map(|item| words::of(lang, words::missing(item))).collect();
            (items, When::of(lang, cure.due_time), When::of(lang, cure.cured_time))
        }),
        refusal: case.refusal.as_ref().map(|refusal| Refusal {
            ground: words::of(lang, words::ground(refusal.ground())),
            article: &refusal.article,
            reasons: &refusal.reasons,
            repeats: &refusal.repeats,
            allegations_until: When::of(lang, refusal.allegations_due_time),
            refused: refusal.refused_time.is_some(),
        }),
        statement_due: When::of(lang, case.statement_due_time),
        steps: step::links(&office, &case),
        evidence,
        papers,
        stretch: read.stretch(),
        timeline,
        window,
        clocks,
        seats,
        seats_before,
        similar,
        looked,
        owed,
        owed_more,
        names,
        offers,
        procedure,
        can_draft: matches!(case.state(), CaseState::Investigation | CaseState::Drafted),
        has_decision: !case.decision.is_empty(),
        case: &case,
    };
    Ok(page_within(Layout::new(lang, title).of(&office.session, "/console").wide(), &cut, body))
}

/// The papers of one page: those from the number that the address has on, or else the newest. No more is asked for than is shown, so that nobody is noted to
/// have been shown what they were not.
pub(crate) async fn entries(office: &Office, case: &str, from: &str) -> Result<Papers, tonic::Status> {
    match from.parse().ok().filter(|number| *number > 0) {
        Some(number) => from_number(office, case, (number, PAPERS)).await,
        None => newest(office, case).await,
    }
}

fn asking(case: &str, most: usize) -> ListDossierEntriesRequest {
    let page_size = i32::try_from(most).unwrap_or_default();
    ListDossierEntriesRequest { parent: case.to_owned(), page_size, ..ListDossierEntriesRequest::default() }
}

async fn newest(office: &Office, case: &str) -> Result<Papers, tonic::Status> {
    let request = ListDossierEntriesRequest { newest_first: true, ..asking(case, PAPERS) };
    let mut page = office.cases().list_dossier_entries(request).await?.into_inner();
    page.entries.reverse();
    Ok(Papers { has_earlier: !page.next_page_token.is_empty(), entries: page.entries, next: None })
}

async fn from_number(
    office: &Office,
    case: &str,
    (first_sequence, most): (i64, usize),
) -> Result<Papers, tonic::Status> {
    let request = ListDossierEntriesRequest { first_sequence, ..asking(case, most) };
    let page = office.cases().list_dossier_entries(request).await?.into_inner();
    let next = page.entries.last().map(|last| last.sequence + 1).filter(|_| !page.next_page_token.is_empty());
    Ok(Papers { entries: page.entries, has_earlier: first_sequence > 1, next })
}

/// All papers that the reader is listed.
pub(crate) async fn all_entries(office: &Office, case: &str) -> Result<Vec<DossierEntry>, tonic::Status> {
    let (mut all, mut first) = (Vec::new(), Some(1));
    while let Some(number) = first {
        let read = from_number(office, case, (number, READ)).await?;
        all.extend(read.entries);
        first = read.next;
    }
    Ok(all)
}

/// One paper. Nothing else of the dossier is asked for, so that nobody is noted to have been shown what they were not.
pub(crate) async fn only(office: &Office, case: &str, number: i64) -> Result<Option<DossierEntry>, tonic::Status> {
    let request = ListDossierEntriesRequest { first_sequence: number, ..asking(case, 1) };
    let entries = office.cases().list_dossier_entries(request).await?.into_inner().entries;
    Ok(entries.into_iter().find(|entry| entry.sequence == number))
}

/// What stands around the case; `None` for whom it is not open to.
pub(crate) async fn procedure(office: &Office, case: &str) -> Option<Procedure> {
    let request = GetProcedureRequest { name: format!("{case}/procedure") };
    office.procedure().get_procedure(request).await.ok().map(tonic::Response::into_inner)
}

/// What the firm owes; nothing for whom it is not open to.
pub(crate) async fn obligations(office: &Office, case: &str) -> Vec<Obligation> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListObligationsRequest { parent: case.to_owned(), page_size: 100, page_token };
        let Ok(answer) = office.procedure().list_obligations(request).await else { return all };
        let page = answer.into_inner();
        all.extend(page.obligations);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

/// Earlier decisions about the same, while one is still to be made, for who investigates or decides: from anybody else the office would have to write the question
/// down as a try to get past its wall.
async fn similar(office: &Office, case: &Case) -> Vec<OfPoint> {
    let me = &office.session.principal.actor.id;
    let weighs = |role: OfficeRole| matches!(role, OfficeRole::Investigator | OfficeRole::Ombudsman);
    let mut live = case.assignments.iter().filter(|seat| seat.recuse_time.is_none());
    let sits = live.any(|seat| seat.person == *me && weighs(seat.office_role()));
    if !sits || words::is_over(case.state()) || !case.decision.is_empty() {
        return Vec::new();
    }
    let mut points = precedents::find(office, &case.name, &Draft::default()).await;
    points.retain(|point| !point.similar.is_empty());
    points.truncate(SIMILAR);
    points
}

/// Who was shown papers of the dossier before this reading; `None` for whom that is not open to.
async fn looked(office: &Office, case: &str) -> Option<Vec<Looked>> {
    let principal = &office.session.principal;
    if ![Role::Ombudsman, Role::OfficeQuality, Role::OfficeAuditor].into_iter().any(|role| principal.has(role)) {
        return None;
    }
    let request =
        ListDossierAccessesRequest { parent: case.to_owned(), page_size: ACCESSES, page_token: String::new() };
    let accesses = office.cases().list_dossier_accesses(request).await.ok()?.into_inner().accesses;
    let looked = |access: DossierAccess| Looked {
        who: access.actor.map(|actor| actor.id).unwrap_or_default(),
        when: When::of(office.lang, access.read_time),
        shown: match (access.first_sequence, access.last_sequence) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}–{last}"),
        },
        sealed: access.sealed_shown,
    };
    Some(accesses.into_iter().map(looked).collect())
}

pub(crate) fn seats(lang: Lang, case: &Case) -> Vec<Seat> {
    let seat = |one: &ventanilla_proto::ombudsman::v1::Assignment| Seat {
        person: one.person.clone(),
        role: words::of(lang, words::seat(one.office_role())),
        since: When::of(lang, one.assign_time),
        left: When::of(lang, one.recuse_time),
    };
    case.assignments.iter().map(seat).collect()
}

pub(crate) fn owed(lang: Lang, one: &Obligation) -> Owed {
    Owed {
        kind: words::of(lang, words::obligation(one.kind())),
        department: one.department.clone(),
        point: one.claim_point.clone(),
        due: When::of(lang, one.due_time),
        met: When::of(lang, one.met_time),
        overdue: one.overdue_time.is_some() && one.met_time.is_none(),
        proof: number(&one.proof_entry),
        entry: number(&one.entry).unwrap_or_default(),
    }
}

/// The number of a paper by its name.
pub(crate) fn number(entry: &str) -> Option<i64> {
    entry.rsplit('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_is_read_from_its_end_to_its_beginning_and_back() {
        let window = |typed: &str| Window::of(typed, 80);
        assert_eq!(window(""), Window { from: 45, to: 80, all: 80 });
        assert_eq!(window("45"), Window { from: 10, to: 45, all: 80 });
        assert_eq!(window("10"), Window { from: 0, to: 10, all: 80 });
        assert_eq!((window("").later(), window("45").later(), window("10").later()), (None, Some(80), Some(45)));
        for nonsense in ["0", "80", "81", "-1", "x"] {
            assert_eq!(window(nonsense), window(""), "{nonsense}");
        }
        assert_eq!(Window::of("", 0), Window { from: 0, to: 0, all: 0 });
    }
}
