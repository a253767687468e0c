//! What Ley 10/2025 has published: its parameters with error bounds, whether some are served worse, and the yearly evaluation.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::r#type::v1::Language;
use web::{Lang, Layout, Session, Trouble, page};

use crate::Floor;
use crate::addresses::{last, seconds};
use crate::asked::{Asked, AskedQuery};
use crate::format::Format;
use crate::period::Period;
use crate::plot::{self, RateRow, Svg};
use crate::words;

#[derive(Template)]
#[template(path = "law.html")]
struct Law {
    lang: Lang,
    asked: Asked,
    /// Departments to choose from, by slug and name; `None` where none is chosen.
    departments: Option<Vec<(String, String)>>,
    parameters: Vec<Parameter>,
    picture: Option<Svg>,
    not_included: Vec<String>,
    abandoned: String,
    targets: Vec<Target>,
    fairness: Option<Fair>,
    year: i16,
}

struct Parameter {
    definition: String,
    article: String,
    share: String,
    count: String,
    target: String,
    /// Whether it was reached; absent where nothing is asked for.
    met: Option<bool>,
    within: String,
    error_holds: bool,
    took: String,
}

/// What the house asks of calls beside the law.
struct Target {
    policy: String,
    says: String,
    asked: String,
    share: String,
    count: String,
    met: Option<bool>,
    left_out: String,
    took: String,
}

struct Fair {
    index: String,
    dimensions: Vec<Dimension>,
    definitions: Vec<String>,
}

struct Dimension {
    name: String,
    verdict: &'static str,
    worse: String,
    bad: bool,
    picture: Svg,
    groups: Vec<[String; 4]>,
}

/// `/floor/law`.
pub(crate) async fn show(
    State(floor): State<Floor>,
    session: Session,
    Query(query): Query<AskedQuery>,
) -> Result<Response, Trouble> {
    let asked = Asked::read(&floor, query, Period::Year)?;
    let (from_time, to_time) = (asked.begins(), asked.ends());
    let request = sla::GetServiceParametersRequest { from_time, to_time, department: asked.department.clone() };
    let mut measures = floor.measures(&session)?;
    let parameters = measures.get_service_parameters(request).await?.into_inner();
    // Groups of customers are compared over the whole house alone.
    let fairness = if asked.department.is_empty() {
        Some(measures.get_fairness(sla::GetFairnessRequest { from_time, to_time }).await?.into_inner())
    } else {
        None
    };
    let lang = session.lang;
    let format = Format(lang);
    let now = floor.ambient.now().to_zoned(jiff::tz::TimeZone::UTC);
    let body = Law {
        lang,
        asked,
        departments: Some(session.departments(&floor.peers).await.all(lang)),
        picture: drawn(&parameters.parameters, format),
        abandoned: abandoned(&parameters, format),
        targets: parameters.house_targets.iter().map(|target| asked_by_the_house(target, format)).collect(),
        parameters: parameters.parameters.iter().map(|parameter| told(parameter, format)).collect(),
        not_included: if lang == Lang::Es { parameters.not_included_es } else { parameters.not_included_en },
        fairness: fairness.map(|fairness| fair(fairness, format)),
        year: now.year() - 1,
    };
    Ok(page(
        Layout::new(lang, lang.of("Lo que la ley publica", "What the law has published"))
            .of(&session, "/floor/law")
            .wide(),
        body,
    ))
}

fn abandoned(parameters: &sla::ServiceParameters, format: Format) -> String {
    let lang = format.0;
    format!(
        "{} {} · {} {} · {} {}",
        lang.of("Abandonadas que cuentan como no atendidas:", "Abandoned that count as not answered:"),
        format.count(parameters.abandoned_counted),
        lang.of("abandonadas aparte:", "abandoned, left out:"),
        format.count(parameters.abandoned_apart),
        lang.of("colgadas por la casa:", "hung up by the house:"),
        format.count(parameters.hung_up_count),
    )
}

fn told(parameter: &sla::ServiceParameter, format: Format) -> Parameter {
    let lang = format.0;
    let error = parameter.error.as_ref();
    let at_target = seconds(parameter.at_target_duration.as_ref());
    Parameter {
        definition: defined(parameter, lang),
        article: parameter.article.clone(),
        share: parameter.share.map_or_else(|| "—".to_owned(), |share| format.percent(share)),
        count: format!("{} / {}", format.count(parameter.with_count), format.count(parameter.of_count)),
        target: parameter.target_percent.map_or_else(|| "—".to_owned(), |percent| format!("{percent} %")),
        met: parameter.met,
        within: error
            .filter(|_| parameter.of_count > 0)
            .map(|error| format!("{} – {}", format.percent(error.low), format.percent(error.high)))
            .unwrap_or_default(),
        error_holds: error.is_none_or(|error| error.within),
        took: at_target.map_or_else(|| "—".to_owned(), |at| format.span(at)),
    }
}

fn asked_by_the_house(target: &sla::HouseTarget, format: Format) -> Target {
    let lang = format.0;
    let at_target = seconds(target.at_target_duration.as_ref());
    let decided = target.kept_count + target.missed_count;
    Target {
        policy: format!("{} · {}", last(&target.policy), target.policy_version),
        says: lang.of(&target.summary_es, &target.summary_en).to_owned(),
        asked: format!("{} % · {}", target.target_percent, target.term),
        share: target.share.map_or_else(|| "—".to_owned(), |share| format.percent(share)),
        count: format!("{} / {}", format.count(target.kept_count), format.count(decided)),
        met: target.met,
        left_out: format.count(target.left_out_count),
        took: at_target.map_or_else(|| "—".to_owned(), |at| format.span(at)),
    }
}

fn defined(parameter: &sla::ServiceParameter, lang: Lang) -> String {
    let definition = lang.of(&parameter.definition_es, &parameter.definition_en);
    if parameter.of.is_empty() {
        definition.to_owned()
    } else {
        format!("{definition} ({})", words::key(&parameter.of, lang))
    }
}

fn named(parameter: &sla::ServiceParameter, lang: Lang) -> String {
    let of = if parameter.of.is_empty() { String::new() } else { format!(" · {}", words::key(&parameter.of, lang)) };
    format!("{} {}{of}", parameter.article, words::key(&parameter.id, lang))
}

fn drawn(parameters: &[sla::ServiceParameter], format: Format) -> Option<Svg> {
    let lang = format.0;
    let rows: Vec<RateRow> = parameters
        .iter()
        .filter(|parameter| parameter.share.is_some())
        .map(|parameter| RateRow {
            label: named(parameter, lang),
            rate: parameter.share,
            low: parameter.error.as_ref().map_or(0.0, |error| error.low),
            high: parameter.error.as_ref().map_or(1.0, |error| error.high),
            of: parameter.of_count,
            target: parameter.target_percent.map(|percent| f64::from(percent) / 100.0),
        })
        .collect();
    (!rows.is_empty()).then(|| {
        plot::rates("law", &rows, None, format).svg(
            lang.of("Parámetros de la ley", "Parameters of the law"),
            lang.of(
                "De cada parámetro, la parte alcanzada, entre qué valores está, y la que pide la ley. Las cifras están en la tabla.",
                "Of each parameter, the share reached, where it lies, and what the law asks for. The figures are in the table.",
            ),
        )
    })
}

/// Pictures of dimensions need names of their own on the page.
const DIMENSIONS: [&str; 5] = ["fair-a", "fair-b", "fair-c", "fair-d", "fair-e"];

fn fair(fairness: sla::Fairness, format: Format) -> Fair {
    let lang = format.0;
    let dimensions = fairness.dimensions.iter().zip(DIMENSIONS).map(|(dimension, id)| {
        let name = match dimension.dimension.as_str() {
            "channel" => lang.of("canal", "channel").to_owned(),
            "language" => lang.of("idioma", "language").to_owned(),
            "vulnerability" => lang.of("atención preferente", "served first").to_owned(),
            "tenure" => lang.of("desde cuándo es cliente", "since when a customer").to_owned(),
            "segment" => lang.of("lo que gasta", "what they spend").to_owned(),
            other => other.to_owned(),
        };
        let rows: Vec<RateRow> = dimension
            .groups
            .iter()
            .map(|group| RateRow {
                label: words::key(&group.name, lang),
                rate: group.attainment,
                low: group.low,
                high: group.high,
                of: group.decided_count,
                target: None,
            })
            .collect();
        let description = lang.of(
            "De cada grupo, la parte que se cumplió. Las cifras están en la tabla.",
            "Of each group, the share that was kept. The figures are in the table.",
        );
        Dimension {
            picture: plot::rates(id, &rows, None, format).svg(&name, description),
            verdict: words::fairness(dimension.verdict, lang),
            worse: words::key(&dimension.worse_group, lang),
            bad: dimension.verdict() == sla::FairnessVerdict::Disparity,
            groups: dimension
                .groups
                .iter()
                .map(|group| {
                    [
                        words::key(&group.name, lang),
                        group.attainment.map_or_else(|| "—".to_owned(), |share| format.percent(share)),
                        format!("{} / {}", format.count(group.kept_count), format.count(group.decided_count)),
                        format!("{} – {}", format.percent(group.low), format.percent(group.high)),
                    ]
                })
                .collect(),
            name,
        }
    });
    Fair {
        dimensions: dimensions.collect(),
        index: fairness.index.map_or_else(|| "—".to_owned(), |index| format.decimal(index, 1)),
        definitions: if lang == Lang::Es { fairness.definitions_es } else { fairness.definitions_en },
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct DocumentQuery {
    year: String,
}

/// `/floor/law/evaluation`: a published evaluation as a file.
pub(crate) async fn document(
    State(floor): State<Floor>,
    session: Session,
    Query(query): Query<DocumentQuery>,
) -> Result<Response, Trouble> {
    let year: u16 = query.year.trim().parse().map_err(|_| {
        Trouble::new(StatusCode::BAD_REQUEST).naming(
            "year",
            "Escriba un año de cuatro cifras.",
            "Write a year of four digits.",
        )
    })?;
    let language = if session.lang == Lang::Es { Language::Es } else { Language::En };
    let request = sla::GetEvaluationDocumentRequest {
        name: format!("evaluations/{year}"),
        version: 0,
        language: language.into(),
    };
    let answered = floor.measures(&session)?.get_evaluation_document(request).await;
    let document = answered.map_err(|status| {
        let trouble = Trouble::from(status);
        if trouble.reason() == "EVALUATION_NOT_FOUND" {
            return trouble
                .saying(
                    "La evaluación de ese año no se ha publicado.",
                    "The evaluation of that year has not been published.",
                )
                .back_to("/floor/law", "Volver", "Back");
        }
        trouble
    })?;
    let document = document.into_inner();
    let value = |text: &str| HeaderValue::try_from(text).map_err(|_| Trouble::new(StatusCode::BAD_GATEWAY));
    let disposition = value(&format!("attachment; filename=\"{}\"", document.file_name.replace(['"', '\\'], "_")))?;
    let kind = value(&document.media_type)?;
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], document.content).into_response())
}
