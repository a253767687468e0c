//! What brings affairs about, beside the period before.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use ventanilla_proto::ticketing::v1 as ticketing;
use web::{Lang, Layout, Session, Trouble, page};

use crate::Floor;
use crate::addresses::last;
use crate::asked::{Asked, AskedQuery};
use crate::format::Format;
use crate::period::Period;
use crate::plot::{self, ChangeRow, Svg};

/// Lines of the picture at most.
const DRAWN: usize = 24;

#[derive(Template)]
#[template(path = "causes.html")]
struct Causes {
    lang: Lang,
    asked: Asked,
    /// Departments to choose from, by slug and name; `None` where none is chosen.
    departments: Option<Vec<(String, String)>>,
    affairs: String,
    rows: Vec<Row>,
    picture: Option<Svg>,
}

struct Row {
    name: String,
    itself: String,
    with_below: String,
    complaints: String,
    share: String,
    before: String,
    grew: bool,
    given: String,
}

/// `/floor/causes`.
pub(crate) async fn show(
    State(floor): State<Floor>,
    session: Session,
    Query(query): Query<AskedQuery>,
) -> Result<Response, Trouble> {
    let asked = Asked::read(&floor, query, Period::Year)?;
    let request = ticketing::MeasureRootCausesRequest {
        from_time: asked.begins(),
        to_time: asked.ends(),
        department: asked.department.clone(),
    };
    let measured = floor.learning(&session)?.measure_root_causes(request).await?.into_inner();
    let lang = session.lang;
    let format = Format(lang);
    let body = Causes {
        lang,
        asked,
        departments: Some(session.departments(&floor.peers).await.all(lang)),
        affairs: format.count(measured.ticket_count),
        rows: measured.causes.iter().map(|cause| row(cause, format)).collect(),
        picture: drawn(&measured.causes, format),
    };
    Ok(page(Layout::new(lang, lang.of("Causas", "Causes")).of(&session, "/floor/causes").wide(), body))
}

fn name(cause: &ticketing::CauseFigures, lang: Lang) -> String {
    if cause.cause.is_empty() {
        lang.of("sin causa dicha", "no cause said").to_owned()
    } else {
        last(&cause.cause).to_owned()
    }
}

fn row(cause: &ticketing::CauseFigures, format: Format) -> Row {
    let given: Vec<String> =
        cause.given.iter().map(|given| format.money(given.minor_units, &given.currency_code)).collect();
    Row {
        name: name(cause, format.0),
        itself: format.count(cause.ticket_count),
        with_below: format.count(cause.total_count),
        complaints: format.count(cause.complaint_count),
        share: format.percent(cause.share),
        before: format.percent(cause.share_before),
        grew: cause.share > cause.share_before,
        given: if given.is_empty() { "—".to_owned() } else { given.join(" · ") },
    }
}

fn drawn(causes: &[ticketing::CauseFigures], format: Format) -> Option<Svg> {
    let lang = format.0;
    let rows: Vec<ChangeRow> = causes
        .iter()
        .filter(|cause| !cause.cause.is_empty())
        .take(DRAWN)
        .map(|cause| ChangeRow {
            label: name(cause, lang),
            before: cause.share_before,
            now: cause.share,
            count: cause.total_count,
        })
        .collect();
    let title = lang.of("Parte de los asuntos que origina cada causa", "Share of affairs that each cause brings about");
    (!rows.is_empty()).then(|| {
        plot::change("causes", &rows, format).svg(title, lang.of(
        "De cada causa, un círculo para el periodo anterior y un punto para este. Las cifras están en la tabla.",
        "Of each cause, a ring for the period before and a dot for this one. The figures are in the table.",
    ))
    })
}
