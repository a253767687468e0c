//! What the office reports, and the causes that come back.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use jiff::tz::TimeZone;
use kernel::Role;
use serde::Deserialize;
use ventanilla_proto::ombudsman::v1::{
    DocumentFormat, ExportYearlyReportRequest, GetYearlyReportDocumentRequest, GetYearlyReportRequest,
    ListSystemicIssuesRequest, MakeRecommendationRequest, Recommendation, ReportAudience, ReportFormat, ReportLine,
    ReportTable,
};
use ventanilla_proto::r#type::v1::Language;
use web::{Csrf, Form, Lang, Layout, Said, Trouble, page};

use crate::decision::download;
use crate::office::Office;
use crate::{words, wrong};

/// Which report.
#[derive(Deserialize, Default)]
pub(crate) struct Wanted {
    #[serde(default)]
    year: String,
    #[serde(default)]
    regime: String,
    #[serde(default)]
    audience: String,
    #[serde(default)]
    done: String,
}

impl Wanted {
    fn year(&self, office: &Office) -> i32 {
        let zone = TimeZone::get("Europe/Madrid").unwrap_or(TimeZone::UTC);
        self.year.trim().parse().unwrap_or_else(|_| i32::from(office.now.to_zoned(zone).year()))
    }

    fn audience(&self) -> ReportAudience {
        if self.audience == "public" { ReportAudience::Public } else { ReportAudience::Board }
    }
}

struct Table {
    name: &'static str,
    lines: Vec<Line>,
}

struct Line {
    key: String,
    count: String,
    amount: String,
    days: String,
    withheld: bool,
}

struct Issue {
    regime: String,
    motive: String,
    customers: i64,
    cases: i64,
    decided: i64,
    upheld: i64,
}

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage<'a> {
    lang: Lang,
    year: i32,
    regime: &'a str,
    public: bool,
    audience: &'static str,
    refused: Option<String>,
    tables: Vec<Table>,
    criteria: Vec<(String, String)>,
    recommendations: Vec<(String, String, String)>,
    issues: Vec<Issue>,
    may_recommend: bool,
    done: bool,
}

/// `GET /console/reports`.
pub(crate) async fn show(office: Office, Query(wanted): Query<Wanted>) -> Result<Response, Trouble> {
    let lang = office.lang;
    let (year, audience) = (wanted.year(&office), wanted.audience());
    let regime = wanted.regime.trim();
    let request = GetYearlyReportRequest { year, regime: regime.to_owned(), audience: audience.into() };
    let (report, refused) = match office.reports().get_yearly_report(request).await {
        Ok(answer) => (answer.into_inner(), None),
        Err(status) => {
            let trouble = Trouble::from(status);
            if !matches!(trouble.status(), StatusCode::BAD_REQUEST | StatusCode::CONFLICT) {
                return Err(wrong::explained(trouble));
            }
            let faults =
                trouble.faults().iter().map(|fault| format!(" {}: {}.", fault.field, lang.of(&fault.es, &fault.en)));
            let text = format!("{}{}", wrong::text(&trouble, lang), faults.collect::<String>());
            (ventanilla_proto::ombudsman::v1::YearlyReport::default(), Some(text))
        }
    };
    // Not open to every role that may read the report.
    let issues = match office.reports().list_systemic_issues(ListSystemicIssuesRequest::default()).await {
        Ok(answer) => answer.into_inner().issues,
        Err(_) => Vec::new(),
    };
    let body = ReportsPage {
        lang,
        year,
        regime,
        public: audience == ReportAudience::Public,
        audience: if audience == ReportAudience::Public { "public" } else { "board" },
        refused,
        tables: tables(lang, &report.lines),
        criteria: report.criteria.into_iter().map(|one| (one.criterion, one.decision)).collect(),
        recommendations: report.recommendations.into_iter().map(|one| (one.regime, one.motive, one.text)).collect(),
        issues: issues
            .into_iter()
            .map(|one| Issue {
                regime: one.regime,
                motive: one.motive,
                customers: one.customer_count,
                cases: one.case_count,
                decided: one.decided_count,
                upheld: one.upheld_count,
            })
            .collect(),
        may_recommend: office.session.principal.has(Role::Ombudsman),
        done: wanted.done == "1",
    };
    let title = format!("{} {year}", lang.of("Informe de la oficina", "Report of the office"));
    Ok(page(Layout::new(lang, title).of(&office.session, "/console/reports"), body))
}

fn tables(lang: Lang, lines: &[ReportLine]) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut last = ReportTable::Unspecified;
    for line in lines {
        if tables.is_empty() || line.table() != last {
            last = line.table();
            tables.push(Table { name: words::of(lang, words::table(last)), lines: Vec::new() });
        }
        let total = lang.of("total", "total");
        let row = Line {
            key: if line.key.is_empty() { total.to_owned() } else { line.key.clone() },
            count: line.count.map(|count| count.to_string()).unwrap_or_default(),
            amount: line.total_minor_units.map(|minor| amount(lang, minor)).unwrap_or_default(),
            days: match (line.median_days, line.p90_days) {
                (Some(median), Some(p90)) => format!("{median} / {p90}"),
                _ => String::new(),
            },
            withheld: line.withheld,
        };
        if let Some(table) = tables.last_mut() {
            table.lines.push(row);
        }
    }
    tables
}

fn amount(lang: Lang, minor: i64) -> String {
    format!("{}{}{:02}", minor / 100, lang.of(",", "."), minor.unsigned_abs() % 100)
}

/// `GET /console/reports/{year}/{file}`: `report.pdf`, `.txt`, `.csv` or `.json`.
pub(crate) async fn file(
    office: Office,
    Path((year, file)): Path<(i32, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let (regime, audience) = (wanted.regime.trim().to_owned(), wanted.audience().into());
    let document = |format: DocumentFormat| {
        let language = if office.lang == Lang::En { Language::En } else { Language::Es };
        GetYearlyReportDocumentRequest {
            year,
            regime: regime.clone(),
            audience,
            format: format.into(),
            language: language.into(),
        }
    };
    let export = |format: ReportFormat| ExportYearlyReportRequest {
        year,
        regime: regime.clone(),
        audience,
        format: format.into(),
    };
    let refused = |status: tonic::Status| {
        wrong::explained(status.into()).back_to("/console/reports", "Volver a los informes", "Back to the reports")
    };
    let made = match file.as_str() {
        "report.pdf" => document(DocumentFormat::Pdf),
        "report.txt" => document(DocumentFormat::Text),
        "report.csv" | "report.json" => {
            let format = if file == "report.csv" { ReportFormat::Csv } else { ReportFormat::Json };
            let mut parts = office.reports().export_yearly_report(export(format)).await.map_err(refused)?.into_inner();
            let (mut kind, mut name, mut content) = (String::new(), String::new(), Vec::new());
            while let Some(part) = parts.message().await.map_err(refused)? {
                if kind.is_empty() {
                    (kind, name) = (part.media_type, part.file_name);
                }
                content.extend(part.content);
            }
            return Ok(download(&kind, &name, content));
        }
        _ => return Err(Trouble::new(StatusCode::NOT_FOUND)),
    };
    let answer = office.reports().get_yearly_report_document(made).await.map_err(refused)?.into_inner();
    Ok(download(&answer.media_type, &answer.file_name, answer.content))
}

#[derive(Template)]
#[template(path = "recommendation.html")]
struct RecommendationPage<'a> {
    lang: Lang,
    csrf: Csrf,
    request_id: String,
    typed: &'a Typed,
    refused: Option<String>,
    faults: Vec<(String, Said)>,
}

/// A recommendation as it was typed.
#[derive(Deserialize, Default)]
pub(crate) struct Typed {
    #[serde(default)]
    regime: String,
    #[serde(default)]
    motive: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    language: i32,
    #[serde(default)]
    request_id: String,
}

/// `GET /console/recommendation`.
pub(crate) async fn recommendation(office: Office) -> Response {
    form(&office, &Typed { language: Language::Es.into(), ..Typed::default() }, None)
}

fn form(office: &Office, typed: &Typed, refused: Option<&Trouble>) -> Response {
    let lang = office.lang;
    let faults = refused.map(Trouble::faults).unwrap_or_default().iter().map(|fault| {
        let field = fault.field.rsplit('.').next().unwrap_or_default().to_owned();
        (field, fault.said(lang))
    });
    let body = RecommendationPage {
        lang,
        csrf: office.session.csrf.clone(),
        request_id: office.request_id(),
        typed,
        refused: refused.map(|trouble| wrong::text(trouble, lang)),
        faults: faults.collect(),
    };
    let title = lang.of("Recomendar a la entidad en general", "Recommend something to the firm in general");
    let status = refused.map_or(StatusCode::OK, Trouble::status);
    page(Layout::new(lang, title).of(&office.session, "/console/reports").status(status), body)
}

/// `POST /console/recommendation`.
pub(crate) async fn recommend(office: Office, Form(typed): Form<Typed>) -> Result<Response, Trouble> {
    let recommendation = Recommendation {
        regime: typed.regime.trim().to_owned(),
        motive: typed.motive.trim().to_owned(),
        text: typed.text.trim().to_owned(),
        language: typed.language,
        ..Recommendation::default()
    };
    let request =
        MakeRecommendationRequest { recommendation: Some(recommendation), request_id: typed.request_id.clone() };
    match office.reports().make_recommendation(request).await {
        Ok(_) => Ok(Redirect::to("/console/reports?done=1").into_response()),
        Err(status) => {
            let trouble = Trouble::from(status);
            if trouble.status() == StatusCode::BAD_REQUEST {
                return Ok(form(&office, &typed, Some(&trouble)));
            }
            Err(wrong::explained(trouble).back_to("/console/reports", "Volver a los informes", "Back to the reports"))
        }
    }
}
