//! A case on one page: what is claimed, what happened, both sides' papers, the clocks with their proof, and what may be done now.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use futures::future::join_all;
use kernel::Role;
use serde::Deserialize;
use ventanilla_proto::ombudsman::v1::{
    Case, CaseState, DossierAccess, DossierEntry, GetProcedureRequest, ListDossierAccessesRequest,
    ListDossierEntriesRequest, ListObligationsRequest, Obligation, OfficeRole, Procedure,
};
use ventanilla_proto::sla::v1::{Clock, ClockBearer, ClockState, ExplainClockRequest, ListClocksRequest};
use web::{Departments, Lang, Layout, Trouble, When, page};

use crate::danger::{self, Danger};
use crate::draft::Draft;
use crate::files::{self, File};
use crate::offer::{self, Told, Turn};
use crate::office::{self, Office};
use crate::papers::{Body, Paper, Side};
use crate::precedents::{self, OfPoint};
use crate::step::{self, StepLink};
use crate::timeline::{self, Happened};
use crate::{money, words, wrong};

/// Papers that are read for one page; the page leads on to the next ones.
const PAPERS: usize = 500;
/// Things that are shown of the timeline before somebody asks for all of them.
const RECENT: usize = 60;
/// Clocks whose proof is asked for.
const CLOCKS: usize = 20;
/// How many of each are counted at most.
const COUNTED: i32 = 100;
/// Who looked last: so many are shown.
const ACCESSES: i32 = 20;

/// What is asked for.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    /// A step that was just taken.
    #[serde(default)]
    done: String,
    /// The whole timeline.
    #[serde(default)]
    all: String,
    /// The first paper that is shown, by its number.
    #[serde(default)]
    from: String,
}

/// Papers of a dossier in order, as many as one page holds.
pub(crate) struct Papers {
    pub(crate) entries: Vec<DossierEntry>,
    /// The number of the first paper after them.
    pub(crate) next: Option<i64>,
}

/// Where a page stands in a long dossier.
pub(crate) struct Stretch {
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) next: Option<i64>,
}

impl Papers {
    /// What is said of the papers that are not on this page; nothing where all are.
    pub(crate) fn stretch(&self) -> Option<Stretch> {
        let (first, last) = (self.entries.first()?.sequence, self.entries.last()?.sequence);
        (first > 1 || self.next.is_some()).then_some(Stretch { first, last, next: self.next })
    }
}

/// The number of a paper as an address has it; the first where it is none.
pub(crate) fn from_number(typed: &str) -> i64 {
    typed.parse().ok().filter(|number| *number > 0).unwrap_or(1)
}

struct ClockRow {
    rule: String,
    state: &'static str,
    due: Option<When>,
    distance: String,
    late: bool,
    of_case: bool,
    /// Whose time it is, where it is no obligation of the house.
    bearer: Option<&'static str>,
    sentence: String,
    chosen: String,
    citation: String,
    steps: Vec<String>,
}

struct Seat {
    person: String,
    role: &'static str,
    since: Option<When>,
    left: Option<When>,
}

/// Somebody who was shown papers.
struct Looked {
    who: String,
    when: Option<When>,
    shown: String,
    sealed: bool,
}

struct Owed {
    kind: &'static str,
    department: String,
    point: String,
    due: Option<When>,
    met: Option<When>,
    overdue: bool,
    proof: Option<i64>,
    entry: i64,
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
    hidden: usize,
    clocks: Option<Clocks>,
    seats: Vec<Seat>,
    owed: Vec<Owed>,
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
        entries(&office, &case.name, from_number(&wanted.from)),
        clock_rows(&office, &case),
        procedure(&office, &case.name),
        obligations(&office, &case.name),
        similar(&office, &case),
        looked(&office, &case.name),
        office.session.departments(office.peers()),
    );
    let read = entries.map_err(|status| wrong::at_case(status, &id))?;
    let papers: Vec<Paper> = read.entries.iter().map(|entry| Paper::of(lang, entry)).collect();
    let mut timeline = timeline::of(lang, &read.entries, &papers);
    let hidden = if wanted.all == "1" { 0 } else { timeline.len().saturating_sub(RECENT) };
    timeline.drain(..hidden);
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
    let body = CasePage {
        lang,
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
        hidden,
        clocks,
        seats: seats(lang, &case),
        similar,
        looked,
        owed: obligations.iter().map(|one| owed(lang, one)).collect(),
        names,
        offers,
        procedure,
        can_draft: matches!(case.state(), CaseState::Investigation | CaseState::Drafted),
        has_decision: !case.decision.is_empty(),
        case: &case,
    };
    Ok(page(Layout::new(lang, title).of(&office.session, "/console").wide(), body))
}

/// The papers that the reader is listed, from this number on, up to [`PAPERS`].
pub(crate) async fn entries(office: &Office, case: &str, first_sequence: i64) -> Result<Papers, tonic::Status> {
    let mut client = office.cases();
    let (mut entries, mut page_token) = (Vec::new(), String::new());
    while entries.len() < PAPERS {
        let request = ListDossierEntriesRequest { parent: case.to_owned(), page_size: 100, page_token, first_sequence };
        let page = client.list_dossier_entries(request).await?.into_inner();
        entries.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(Papers { entries, next: None });
        }
    }
    let next = entries.last().map(|last: &DossierEntry| last.sequence + 1);
    Ok(Papers { entries, next })
}

/// All papers that the reader is listed.
pub(crate) async fn all_entries(office: &Office, case: &str) -> Result<Vec<DossierEntry>, tonic::Status> {
    let (mut all, mut first) = (Vec::new(), Some(1));
    while let Some(number) = first {
        let read = entries(office, case, number).await?;
        all.extend(read.entries);
        first = read.next;
    }
    Ok(all)
}

/// One paper. Nothing else of the dossier is asked for, so that nobody is noted to have been shown what they were not.
pub(crate) async fn only(office: &Office, case: &str, number: i64) -> Result<Option<DossierEntry>, tonic::Status> {
    let request = ListDossierEntriesRequest {
        parent: case.to_owned(),
        page_size: 1,
        first_sequence: number,
        ..ListDossierEntriesRequest::default()
    };
    let entries = office.cases().list_dossier_entries(request).await?.into_inner().entries;
    Ok(entries.into_iter().find(|entry| entry.sequence == number))
}

/// The clocks that are shown with their proof, and how many there are besides.
struct Clocks {
    shown: Vec<ClockRow>,
    /// Those that are not shown, as far as they were counted.
    more: usize,
    /// There are others yet.
    uncounted: bool,
}

/// The clocks of the case and of its affair; `None` when the monitor does not answer: the page is worth having without.
async fn clock_rows(office: &Office, case: &Case) -> Option<Clocks> {
    let lang = office.lang;
    let (mut found, mut more, mut uncounted) = (Vec::new(), 0, false);
    for subject in [&case.name, &case.ticket] {
        let request =
            ListClocksRequest { subject: subject.clone(), page_size: COUNTED, ..ListClocksRequest::default() };
        let listed = office.clocks().list_clocks(request).await.ok()?.into_inner();
        more += listed.clocks.len().saturating_sub(CLOCKS);
        uncounted |= !listed.next_page_token.is_empty();
        found.extend(listed.clocks.into_iter().take(CLOCKS).map(|clock| (subject == &case.name, clock)));
    }
    let asked = found.into_iter().map(|(of_case, clock)| async move {
        let request = ExplainClockRequest { name: clock.name.clone() };
        let proof = office.clocks().explain_clock(request).await.ok().and_then(|answer| answer.into_inner().proof);
        clock_row(office, of_case, &clock, proof.unwrap_or_default(), lang)
    });
    Some(Clocks { shown: join_all(asked).await, more, uncounted })
}

fn clock_row(
    office: &Office,
    of_case: bool,
    clock: &Clock,
    proof: ventanilla_proto::sla::v1::Proof,
    lang: Lang,
) -> ClockRow {
    let due = When::of(lang, clock.due_time);
    let running = clock.state() == ClockState::Running;
    ClockRow {
        rule: clock.rule.clone(),
        state: match clock.state() {
            ClockState::Unspecified => "",
            ClockState::Scheduled => lang.of("por empezar", "to start"),
            ClockState::Running => lang.of("corre", "runs"),
            ClockState::Paused => lang.of("en pausa", "paused"),
            ClockState::Fulfilled => lang.of("cumplido", "met"),
            ClockState::Cancelled => lang.of("sin efecto", "fell away"),
            ClockState::Lapsed => lang.of("pasó sin usarse", "passed unused"),
        },
        distance: due.as_ref().filter(|_| running).map(|due| due.distance(lang, office.now)).unwrap_or_default(),
        late: clock.breached_time.is_some(),
        due,
        of_case,
        bearer: match clock.bearer() {
            ClockBearer::Claimant => Some(lang.of("tiempo del reclamante", "the claimant's time")),
            ClockBearer::Firm => Some(lang.of("tiempo de la entidad como parte", "the firm's time as a party")),
            ClockBearer::Office => Some(lang.of("tiempo de la oficina", "the office's time")),
            ClockBearer::House | ClockBearer::Unspecified => None,
        },
        sentence: lang.of(&proof.sentence_es, &proof.sentence_en).to_owned(),
        chosen: lang.of(&proof.chosen_because_es, &proof.chosen_because_en).to_owned(),
        citation: proof.citation.clone(),
        steps: proof.steps.iter().map(|s| lang.of(&s.description_es, &s.description_en).to_owned()).collect(),
    }
}

/// What stands around the case; `None` for whom it is not open to.
pub(crate) async fn procedure(office: &Office, case: &str) -> Option<Procedure> {
    let request = GetProcedureRequest { name: format!("{case}/procedure") };
    office.procedure().get_procedure(request).await.ok().map(tonic::Response::into_inner)
}

/// What the firm owes; nothing for whom it is not open to.
pub(crate) async fn obligations(office: &Office, case: &str) -> Vec<Obligation> {
    let request = ListObligationsRequest { parent: case.to_owned(), page_size: 100, page_token: String::new() };
    match office.procedure().list_obligations(request).await {
        Ok(answer) => answer.into_inner().obligations,
        Err(_) => Vec::new(),
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

fn seats(lang: Lang, case: &Case) -> Vec<Seat> {
    let seat = |one: &ventanilla_proto::ombudsman::v1::Assignment| Seat {
        person: one.person.clone(),
        role: words::of(lang, words::seat(one.office_role())),
        since: When::of(lang, one.assign_time),
        left: When::of(lang, one.recuse_time),
    };
    case.assignments.iter().map(seat).collect()
}

fn owed(lang: Lang, one: &Obligation) -> Owed {
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

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage<'a> {
    lang: Lang,
    id: &'a str,
    paper: Paper,
    files: Vec<File>,
}

/// `GET /console/cases/{case}/entries/{entry}`: one paper, whole.
pub(crate) async fn entry(office: Office, Path((id, number)): Path<(String, i64)>) -> Result<Response, Trouble> {
    let lang = office.lang;
    let found = only(&office, &office::name(&id), number).await.map_err(|status| wrong::at_case(status, &id))?;
    let found = found.ok_or_else(|| wrong::at_case(tonic::Status::not_found(""), &id))?;
    let (paper, files) = (Paper::of(lang, &found), files::of(&office, &found).await);
    let title = format!("{} {number}: {}", lang.of("Papel", "Paper"), paper.kind);
    Ok(page(Layout::new(lang, title).of(&office.session, "/console"), EntryPage { lang, id: &id, paper, files }))
}
