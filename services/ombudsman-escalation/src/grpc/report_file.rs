//! A yearly report as a file: a document for people, values for the regulator.

use jiff::Timestamp;
use kernel::Language;
use ombudsman_escalation_domain::document::money;
use ombudsman_escalation_domain::matter::Amount;
use ombudsman_escalation_domain::report::words::{Words, words};
use ombudsman_escalation_domain::term;
use paper::{Attached, Block, Paper, PaperError};
use serde_json::{Value, json};
use server::cell;
use server::parse;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::document::{Format, PDF, TEXT, own_language};

/// As what kind of values a report is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileFormat {
    /// Comma-separated values.
    Csv,
    /// One JSON document.
    Json,
}

/// Bytes of one part.
const PART: usize = 48 * 1024;

/// What the sums are of, for who reads nothing but the values.
const SUMS: &str = "amounts that decisions grant; what was settled is in none";

const COLUMNS: [&str; 8] =
    ["table", "key", "count", "total_minor_units", "median_days", "p90_days", "withheld", "text"];

/// The values, in parts.
pub(crate) fn parts(report: &pb::YearlyReport, format: FileFormat) -> Vec<pb::ExportYearlyReportResponse> {
    let (media_type, extension, content) = match format {
        FileFormat::Csv => ("text/csv; charset=utf-8", "csv", csv(report)),
        FileFormat::Json => ("application/json", "json", json(report).to_string()),
    };
    let mut parts: Vec<pb::ExportYearlyReportResponse> = content
        .as_bytes()
        .chunks(PART)
        .map(|part| pb::ExportYearlyReportResponse { content: part.to_vec(), ..Default::default() })
        .collect();
    if let Some(first) = parts.first_mut() {
        first.media_type = media_type.to_owned();
        first.file_name = format!("{}.{extension}", file_name(report));
    }
    parts
}

fn file_name(report: &pb::YearlyReport) -> String {
    let rules = if report.regime.is_empty() { String::new() } else { format!("-{}", report.regime) };
    let audience = if report.audience() == pb::ReportAudience::Public { "-public" } else { "" };
    // A year's figures move while its cases do: which day's they are stands outside too.
    let as_of = at(report.as_of_time.as_ref()).map(|at| at.strftime("-%Y%m%d").to_string()).unwrap_or_default();
    format!("report-{}{rules}{audience}{as_of}", report.year)
}

/// The table of a line, as the values spell it.
fn table(line: &pb::ReportLine) -> String {
    line.table().as_str_name().trim_start_matches("REPORT_TABLE_").to_lowercase()
}

fn csv(report: &pb::YearlyReport) -> String {
    let mut file = COLUMNS.join(",");
    file.push_str("\r\n");
    let mut row = |cells: [String; 8]| {
        file.push_str(&cells.join(","));
        file.push_str("\r\n");
    };
    for line in &report.lines {
        let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
        row([
            table(line),
            cell(&line.key),
            number(line.count),
            number(line.total_minor_units),
            number(line.median_days.map(i64::from)),
            number(line.p90_days.map(i64::from)),
            line.withheld.to_string(),
            String::new(),
        ]);
    }
    let mut text = |table: &str, key: &str, text: &str| {
        let mut cells = [const { String::new() }; 8];
        (cells[0], cells[1], cells[6], cells[7]) = (table.to_owned(), cell(key), "false".to_owned(), cell(text));
        row(cells);
    };
    for (key, time) in [("from", &report.from_time), ("to", &report.to_time), ("as_of", &report.as_of_time)] {
        text("about", key, &at(time.as_ref()).map(|at| at.to_string()).unwrap_or_default());
    }
    text("about", "sums", SUMS);
    report.criteria.iter().for_each(|one| text("criterion", &one.decision, &one.criterion));
    report.recommendations.iter().for_each(|one| text("recommendation", &one.motive, &one.text));
    file
}

fn at(time: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    parse::optional_time(&mut kernel::Violations::new(), "time", time)
}

fn json(report: &pb::YearlyReport) -> Value {
    let instant = |time: &Option<prost_types::Timestamp>| at(time.as_ref()).map(|at| at.to_string());
    let line = |line: &pb::ReportLine| {
        json!({
            "table": table(line), "key": line.key, "count": line.count, "total_minor_units": line.total_minor_units,
            "median_days": line.median_days, "p90_days": line.p90_days, "withheld": line.withheld,
        })
    };
    let criterion = |one: &pb::LeadingDecision| json!({"decision": one.decision, "criterion": one.criterion});
    let recommendation =
        |one: &pb::Recommendation| json!({"regime": one.regime, "motive": one.motive, "text": one.text});
    json!({
        "year": report.year, "regime": report.regime,
        "audience": report.audience().as_str_name().trim_start_matches("REPORT_AUDIENCE_").to_lowercase(),
        "from": instant(&report.from_time), "to": instant(&report.to_time), "as_of": instant(&report.as_of_time),
        "lines": report.lines.iter().map(line).collect::<Vec<_>>(),
        "criteria": report.criteria.iter().map(criterion).collect::<Vec<_>>(),
        "recommendations": report.recommendations.iter().map(recommendation).collect::<Vec<_>>(),
    })
}

/// A part of a document that is made here: owned, so that blocks can borrow it.
enum Part {
    Heading(String),
    Field(String, String),
    Paragraph(String),
}

/// The document for people.
pub(crate) fn document(
    office: &str,
    report: &pb::YearlyReport,
    language: Language,
    format: Format,
) -> Result<pb::ReportDocument, PaperError> {
    let words = words(language);
    let title = words.title(report.year, report.audience() == pb::ReportAudience::Public);
    let made = told(report, &words);
    let (file_name, media_type, content) = match format {
        Format::Text => (format!("{}.txt", file_name(report)), TEXT, text(office, &title, &made).into_bytes()),
        Format::Pdf => {
            let content = pdf((office, &title), report, &made, (&words, language))?;
            (format!("{}.pdf", file_name(report)), PDF, content)
        }
    };
    let content_hash = seal::sha256(&content).to_vec();
    Ok(pb::ReportDocument { file_name, media_type: media_type.to_owned(), content, content_hash })
}

fn told(report: &pb::YearlyReport, words: &Words) -> Vec<Part> {
    let mut parts = vec![Part::Paragraph(words.basis.to_owned()), Part::Paragraph(words.sums.to_owned())];
    if let Some(as_of) = at(report.as_of_time.as_ref()) {
        parts.push(Part::Field(words.as_of.to_owned(), term::date(as_of).to_string()));
    }
    if !report.regime.is_empty() {
        parts.push(Part::Field(words.regime.to_owned(), report.regime.clone()));
    }
    let mut last = None;
    for line in &report.lines {
        if last != Some(line.table) {
            last = Some(line.table);
            parts.push(Part::Heading(words.table(&table(line)).to_owned()));
        }
        parts.push(Part::Field(words.key(&line.key).into_owned(), value(line, words)));
    }
    if !report.criteria.is_empty() {
        parts.push(Part::Heading(words.criteria.to_owned()));
        for one in &report.criteria {
            let source = if one.decision.is_empty() { String::new() } else { format!(" ({})", one.decision) };
            parts.push(Part::Paragraph(format!("{}{source}", one.criterion)));
        }
    }
    if !report.recommendations.is_empty() {
        parts.push(Part::Heading(words.recommendations.to_owned()));
        parts.extend(report.recommendations.iter().map(|one| match one.motive.as_str() {
            "" => Part::Paragraph(one.text.clone()),
            motive => Part::Field(motive.to_owned(), one.text.clone()),
        }));
    }
    if report.audience() == pb::ReportAudience::Public {
        parts.push(Part::Paragraph(words.withheld_because.to_owned()));
    }
    parts
}

fn value(line: &pb::ReportLine, words: &Words) -> String {
    let Some(count) = line.count else { return words.withheld.to_owned() };
    let mut value = count.to_string();
    if let Some(total) = line.total_minor_units {
        value.push_str(&format!(" · {}", money(&Amount::stored(total, line.key.clone()))));
    }
    if let (Some(median), Some(p90)) = (line.median_days, line.p90_days) {
        value.push_str(&format!(" · {}", words.days(median, p90)));
    }
    value
}

fn text(office: &str, title: &str, parts: &[Part]) -> String {
    let mut text = format!("{office}\n{title}\n");
    for part in parts {
        match part {
            Part::Heading(heading) => text.push_str(&format!("\n{heading}\n")),
            Part::Field(label, value) => text.push_str(&format!("  {label}: {value}\n")),
            Part::Paragraph(paragraph) => text.push_str(&format!("{paragraph}\n")),
        }
    }
    text
}

fn pdf(
    (office, title): (&str, &str),
    report: &pb::YearlyReport,
    parts: &[Part],
    (words, language): (&Words, Language),
) -> Result<Vec<u8>, PaperError> {
    let blocks = parts
        .iter()
        .map(|part| match part {
            Part::Heading(heading) => Block::Heading(heading),
            Part::Field(label, value) => Block::Field { label, value },
            Part::Paragraph(paragraph) => Block::Paragraph(paragraph),
        })
        .collect();
    let (inside, figures) = (format!("{}.json", file_name(report)), json(report).to_string());
    paper::pdf(&Paper {
        title,
        language: own_language(language).as_str(),
        issued: at(report.as_of_time.as_ref()).unwrap_or_default(),
        issuer: office,
        blocks,
        footer: office,
        attached: vec![Attached {
            name: &inside,
            media_type: "application/json",
            description: words.attached,
            bytes: figures.as_bytes(),
        }],
        unprintable: words.unprintable,
    })
}
