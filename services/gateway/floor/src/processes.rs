//! The way affairs go: maps, and how affairs went by each, drawn.

mod drawing;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use ventanilla_proto::ticketing::v1 as ticketing;
use web::{Departments, Lang, Layout, Session, Trouble, page};

use crate::Floor;
use crate::addresses::{last, seconds, slug};
use crate::asked::{Asked, AskedQuery};
use crate::calls::may;
use crate::format::Format;
use crate::period::Period;
use crate::plot::Svg;
use crate::words;

#[derive(Template)]
#[template(path = "processes.html")]
struct Processes {
    lang: Lang,
    rows: Vec<MapRow>,
}

struct MapRow {
    slug: String,
    kind: &'static str,
    topic: String,
    version: i32,
}

/// `/floor/processes`.
pub(crate) async fn list(State(floor): State<Floor>, session: Session) -> Result<Response, Trouble> {
    let lang = session.lang;
    let mut processes = floor.processes(&session)?;
    let mut rows = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ticketing::ListProcessesRequest { page_size: 100, page_token };
        let answer = processes.list_processes(request).await?.into_inner();
        rows.extend(answer.processes.iter().map(|process| MapRow {
            slug: last(&process.name).to_owned(),
            kind: words::ticket_type(process.ticket_type, lang),
            topic: process.topic.clone(),
            version: process.version,
        }));
        page_token = answer.next_page_token;
        if page_token.is_empty() || rows.len() >= 1_000 {
            break;
        }
    }
    let body = Processes { lang, rows };
    Ok(page(Layout::new(lang, lang.of("Procesos", "Processes")).of(&session, "/floor/processes"), body))
}

#[derive(Template)]
#[template(path = "process.html")]
struct Process {
    lang: Lang,
    names: Departments,
    asked: Asked,
    /// Departments to choose from, by slug and name; `None` where none is chosen.
    departments: Option<Vec<(String, String)>>,
    version: i32,
    figures: Option<Figures>,
    steps: Vec<Step>,
    moves: Vec<Moved>,
    picture: Svg,
    more_moves: i64,
}

struct Figures {
    affairs: String,
    ended: String,
    conforming: String,
    share: String,
    unplaced: String,
    slowest: String,
}

struct Step {
    title: String,
    department: String,
    standard: String,
    figures: Option<[String; 8]>,
    slowest: bool,
}

struct Moved {
    from: String,
    to: String,
    count: String,
    on_map: bool,
}

/// `/floor/processes/{process}`: how affairs of some time went by it; the map alone for who may not measure.
pub(crate) async fn show(
    State(floor): State<Floor>,
    session: Session,
    Path(process): Path<String>,
    Query(query): Query<AskedQuery>,
) -> Result<Response, Trouble> {
    let name = slug("processes", &process)?;
    let asked = Asked::read(&floor, query, Period::Year)?;
    let mut processes = floor.processes(&session)?;
    let (map, figures) = if may(&session, "/ventanilla.ticketing.v1.ProcessService/MeasureProcess") {
        let request = ticketing::MeasureProcessRequest {
            name: name.clone(),
            from_time: asked.begins(),
            to_time: asked.ends(),
            ..Default::default()
        };
        let figures = processes.measure_process(request).await?.into_inner();
        (figures.process.clone().unwrap_or_default(), Some(figures))
    } else {
        (processes.get_process(ticketing::GetProcessRequest { name, version: 0 }).await?.into_inner(), None)
    };
    let lang = session.lang;
    let format = Format(lang);
    let slowest = figures.as_ref().and_then(drawing::slowest);
    let body = Process {
        lang,
        names: session.departments(&floor.peers).await,
        asked,
        departments: None,
        version: map.version,
        picture: drawing::drawn(&map, figures.as_ref(), format),
        steps: steps(&map, figures.as_ref(), slowest.as_deref(), format),
        moves: figures.iter().flat_map(|figures| &figures.moves).map(|moved| told(&map, moved, format)).collect(),
        more_moves: figures.as_ref().map_or(0, |figures| figures.move_kind_count - figures.moves.len() as i64).max(0),
        figures: figures.as_ref().map(|figures| summed(&map, figures, slowest.as_deref(), format)),
    };
    let title = format!("{} {}", lang.of("Proceso", "Process"), process);
    Ok(page(Layout::new(lang, title).of(&session, "/floor/processes").wide(), body))
}

fn summed(
    map: &ticketing::Process,
    figures: &ticketing::ProcessFigures,
    slowest: Option<&str>,
    format: Format,
) -> Figures {
    let share = crate::interval::share(figures.conforming_count, figures.ticket_count);
    Figures {
        affairs: format.count(figures.ticket_count),
        ended: format.count(figures.ended_count),
        conforming: format.count(figures.conforming_count),
        share: share.map_or_else(|| "—".to_owned(), |share| format.percent(share.rate)),
        unplaced: format.count(figures.unplaced_count),
        slowest: slowest.map_or_else(|| "—".to_owned(), |step| drawing::title(map, step, format.0)),
    }
}

fn steps(
    map: &ticketing::Process,
    figures: Option<&ticketing::ProcessFigures>,
    slowest: Option<&str>,
    format: Format,
) -> Vec<Step> {
    let lang = format.0;
    let of = |id: &str| figures.and_then(|figures| figures.steps.iter().find(|step| step.step == id));
    let mut rows: Vec<Step> = map
        .steps
        .iter()
        .map(|step| Step {
            title: drawing::title(map, &step.id, lang),
            department: step.department.clone(),
            standard: seconds(step.standard_duration.as_ref()).map_or_else(|| "—".to_owned(), |at| format.span(at)),
            figures: of(&step.id).map(|figures| counted(figures, format)),
            slowest: slowest == Some(&step.id),
        })
        .collect();
    if let Some(elsewhere) = of("").filter(|figures| figures.visit_count > 0) {
        rows.push(Step {
            title: lang.of("fuera del mapa", "off the map").to_owned(),
            department: String::new(),
            standard: "—".to_owned(),
            figures: Some(counted(elsewhere, format)),
            slowest: slowest == Some(""),
        });
    }
    rows
}

fn counted(figures: &ticketing::StepFigures, format: Format) -> [String; 8] {
    let span = |length: Option<&prost_types::Duration>| {
        seconds(length).map_or_else(|| "—".to_owned(), |length| format.span(length))
    };
    [
        format.count(figures.visit_count),
        format.count(figures.ticket_count),
        format.count(figures.open_count),
        figures.share.map_or_else(|| "—".to_owned(), |share| format.percent(share)),
        span(figures.p50_duration.as_ref()),
        span(figures.p90_duration.as_ref()),
        format.count(figures.over_standard_count),
        format.count(figures.elsewhere_count),
    ]
}

fn told(map: &ticketing::Process, moved: &ticketing::MoveFigures, format: Format) -> Moved {
    let lang = format.0;
    let place = |step: &str, off_map: bool, edge: &str| match (off_map, step.is_empty()) {
        (true, true) => lang.of("fuera del mapa", "off the map").to_owned(),
        (true, false) => format!("{step} ({})", lang.of("fuera del mapa", "off the map")),
        (false, true) => edge.to_owned(),
        (false, false) => drawing::title(map, step, lang),
    };
    Moved {
        from: place(&moved.from_step, moved.from_off_map, lang.of("el principio", "the beginning")),
        to: place(&moved.to_step, moved.to_off_map, lang.of("el final", "the end")),
        count: format.count(moved.count),
        on_map: moved.on_map,
    }
}
