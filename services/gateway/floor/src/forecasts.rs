//! Whether what was foretold came about.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use ventanilla_proto::sla::v1 as sla;
use web::{Lang, Layout, Session, Trouble, page};

use crate::Floor;
use crate::asked::{Asked, AskedQuery};
use crate::format::Format;
use crate::interval::share;
use crate::period::Period;
use crate::plot::{self, Svg, ToldRow};

#[derive(Template)]
#[template(path = "forecasts.html")]
struct Forecasts {
    lang: Lang,
    asked: Asked,
    /// Departments to choose from, by slug and name; `None` where none is chosen.
    departments: Option<Vec<(String, String)>>,
    picture: Option<Svg>,
    lines: Vec<Line>,
    queues: Vec<Line>,
    told: Vec<[String; 4]>,
    definitions: Vec<String>,
}

/// Queues that are shown.
const MOST_QUEUES: usize = 60;

struct Line {
    name: String,
    total: bool,
    figures: [String; 6],
}

/// `/floor/forecasts`.
pub(crate) async fn show(
    State(floor): State<Floor>,
    session: Session,
    Query(query): Query<AskedQuery>,
) -> Result<Response, Trouble> {
    let asked = Asked::read(&floor, query, Period::Year)?;
    let request = sla::GetCalibrationRequest {
        from_time: asked.begins(),
        to_time: asked.ends(),
        department: asked.department.clone(),
    };
    let report = floor.measures(&session)?.get_calibration(request).await?.into_inner();
    let lang = session.lang;
    let format = Format(lang);
    let names = session.departments(&floor.peers).await;
    let mut lines: Vec<Line> = report
        .by_department
        .iter()
        .map(|of| line(&names.called(&of.department, lang), of.calibration.as_ref(), Some(of.too_few_count), format))
        .collect();
    if let Some(total) = &report.total {
        lines.push(Line { total: true, ..line(lang.of("en total", "in all"), Some(total), None, format) });
    }
    let body = Forecasts {
        lang,
        asked,
        departments: Some(names.all(lang)),
        picture: report.total.as_ref().map(|total| drawn(total, format)),
        told: report.total.iter().flat_map(|total| &total.rows).map(|row| told(row, format)).collect(),
        lines,
        queues: queues(&report.by_queue, format),
        definitions: if lang == Lang::Es { report.definitions_es } else { report.definitions_en },
    };
    let title = lang.of("Pronósticos de incumplimiento", "Forecasts of breaches");
    Ok(page(Layout::new(lang, title).of(&session, "/floor/forecasts").wide(), body))
}

/// The queues that most was foretold of, in order of name.
fn queues(all: &[sla::QueueCalibration], format: Format) -> Vec<Line> {
    let foretold = |queue: &sla::QueueCalibration| queue.calibration.as_ref().map_or(0, |of| of.count);
    let mut shown: Vec<&sla::QueueCalibration> = all.iter().filter(|queue| !queue.queue.is_empty()).collect();
    shown.sort_by_key(|queue| std::cmp::Reverse(foretold(queue)));
    shown.truncate(MOST_QUEUES);
    shown.sort_by(|a, b| a.queue.cmp(&b.queue));
    let line = |of: &&sla::QueueCalibration| line(&of.queue, of.calibration.as_ref(), Some(of.too_few_count), format);
    shown.iter().map(line).collect()
}

fn line(name: &str, of: Option<&sla::Calibration>, too_few: Option<i64>, format: Format) -> Line {
    let or_none = |said: Option<String>| said.unwrap_or_else(|| "—".to_owned());
    let decimal = |value: f64| format.decimal(value, 4);
    Line {
        name: name.to_owned(),
        total: false,
        figures: [
            or_none(of.map(|of| format.count(of.count))),
            or_none(of.map(|of| format.percent(of.base_rate))),
            or_none(of.map(|of| decimal(of.brier_score))),
            or_none(of.map(|of| decimal(of.climatology))),
            or_none(of.and_then(|of| of.skill).map(decimal)),
            or_none(too_few.map(|count| format.count(count))),
        ],
    }
}

fn told(row: &sla::CalibrationRow, format: Format) -> [String; 4] {
    [
        format!("{} – {}", format.whole_percent(row.from), format.whole_percent(row.from + 0.1)),
        format.percent(row.told),
        format.percent(row.observed),
        format.count(row.count),
    ]
}

fn drawn(total: &sla::Calibration, format: Format) -> Svg {
    let lang = format.0;
    let rows: Vec<ToldRow> = total
        .rows
        .iter()
        .map(|row| {
            let of = share((row.observed * row.count as f64).round() as i64, row.count);
            ToldRow {
                told: row.told,
                observed: row.observed,
                low: of.map_or(row.observed, |of| of.low),
                high: of.map_or(row.observed, |of| of.high),
                count: row.count,
            }
        })
        .collect();
    plot::calibration("calibration", &rows, total.base_rate, format).svg(
        lang.of("Lo que se dijo y lo que pasó", "What was told and what came about"),
        lang.of(
            "De lo pronosticado con parecida probabilidad, la media de lo dicho y la parte que se incumplió. Las cifras están en la tabla.",
            "Of what was foretold with similar probability, the mean that was told and the share that was breached. The figures are in the table.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(name: &str, count: i64) -> sla::QueueCalibration {
        let calibration = Some(sla::Calibration { count, ..Default::default() });
        sla::QueueCalibration { queue: name.to_owned(), calibration, too_few_count: 0 }
    }

    #[test]
    fn the_queues_that_most_was_foretold_of_are_shown_in_order_of_name() {
        let mut all: Vec<_> =
            (0..80).map(|n| queue(&format!("billing/s{n:02}/es"), if n < 20 { 1 } else { 9 })).collect();
        all.push(queue("", 1_000));
        let shown = queues(&all, Format(Lang::En));
        let expected: Vec<String> = (20..80).map(|n| format!("billing/s{n:02}/es")).collect();
        assert_eq!(shown.iter().map(|line| line.name.clone()).collect::<Vec<_>>(), expected);
        assert_eq!(shown[0].figures[0], "9");
    }
}
