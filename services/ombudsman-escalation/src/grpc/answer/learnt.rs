//! Answers about what is learnt from decisions: precedents, criteria, reports, causes.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::precedent::{Asked, Found};
use ombudsman_escalation_domain::report::{Audience, Line, Table, year};
use server::parse::{language_to_proto, time_to_proto};
use ventanilla_proto::ombudsman::v1 as pb;

use super::decision_name;
use crate::grpc::vocabulary::{outcome_to_proto, stage_to_proto};
use crate::store::cause::{Issue, Later};
use crate::store::criterion::{Leading, Recommended};
use crate::store::precedent::Shown;
use crate::usecase::get_yearly_report::Report;

/// The precedents of a claim point.
pub(crate) fn precedents(point: &str, shown: &Shown) -> pb::PointPrecedents {
    let precedent = |(asked, one): &(Asked, Found)| pb::Precedent {
        decision: decision_name(one.case),
        decided_point: one.point.clone(),
        outcome: outcome_to_proto(one.outcome).into(),
        issue_time: Some(time_to_proto(one.issued_at)),
        similarity: one.similarity,
        shared_words: one
            .shared
            .iter()
            .map(|stem| pb::SharedWord { stem: stem.clone(), share: asked.share([stem.as_str()]) })
            .collect(),
        must_be_answered: one.must_be_answered(),
    };
    pb::PointPrecedents {
        claim_point: point.to_owned(),
        precedents: shown.found.iter().map(precedent).collect(),
        decided_point_count: i64::try_from(shown.points).unwrap_or(i64::MAX),
    }
}

/// A decision that stands for a criterion.
pub(crate) fn leading(leading: &Leading) -> pb::LeadingDecision {
    pb::LeadingDecision {
        decision: decision_name(leading.case),
        criterion: leading.criterion.clone(),
        language: language_to_proto(leading.language).into(),
        marked_by: leading.marked_by.clone(),
        mark_time: Some(time_to_proto(leading.marked_at)),
    }
}

/// Something the office recommends.
pub(crate) fn recommendation(made: &Recommended) -> pb::Recommendation {
    pb::Recommendation {
        name: made.id.name(),
        regime: made.regime.clone(),
        motive: made.motive.as_ref().map(ToString::to_string).unwrap_or_default(),
        text: made.text.clone(),
        language: language_to_proto(made.language).into(),
        made_by: made.made_by.clone(),
        make_time: Some(time_to_proto(made.made_at)),
    }
}

/// A yearly report. The public is told neither which decisions stand for the criteria nor who wrote anything.
pub(crate) fn report(report: &Report) -> pb::YearlyReport {
    let (from, to) = year(report.query.year);
    let public = report.query.audience == Audience::Public;
    let criterion = |one: &Leading| match public {
        false => leading(one),
        true => pb::LeadingDecision {
            criterion: one.criterion.clone(),
            language: language_to_proto(one.language).into(),
            ..pb::LeadingDecision::default()
        },
    };
    let recommended = |one: &Recommended| match public {
        false => recommendation(one),
        true => pb::Recommendation { made_by: String::new(), ..recommendation(one) },
    };
    pb::YearlyReport {
        year: report.query.year.into(),
        regime: report.query.regime.map(|regime| regime.id.to_owned()).unwrap_or_default(),
        audience: match report.query.audience {
            Audience::Board => pb::ReportAudience::Board,
            Audience::Public => pb::ReportAudience::Public,
        }
        .into(),
        from_time: Some(time_to_proto(from)),
        to_time: Some(time_to_proto(to)),
        as_of_time: Some(time_to_proto(report.as_of)),
        lines: report.lines.iter().map(line).collect(),
        criteria: report.leading.iter().map(criterion).collect(),
        recommendations: report.recommended.iter().map(recommended).collect(),
    }
}

fn line(line: &Line) -> pb::ReportLine {
    pb::ReportLine {
        table: table(line.table).into(),
        key: line.key.clone(),
        count: line.count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)),
        total_minor_units: line.total,
        median_days: line.median_days,
        p90_days: line.p90_days,
        withheld: line.count.is_none(),
    }
}

const fn table(table: Table) -> pb::ReportTable {
    match table {
        Table::Received => pb::ReportTable::Received,
        Table::RefusalGround => pb::ReportTable::RefusalGround,
        Table::Motive => pb::ReportTable::Motive,
        Table::Claimed => pb::ReportTable::Claimed,
        Table::State => pb::ReportTable::State,
        Table::Outcome => pb::ReportTable::Outcome,
        Table::Redress => pb::ReportTable::Redress,
        Table::Term => pb::ReportTable::Term,
        Table::Compliance => pb::ReportTable::Compliance,
        Table::OutcomeByMotive => pb::ReportTable::OutcomeByMotive,
        Table::Binding => pb::ReportTable::Binding,
        Table::Precedent => pb::ReportTable::Precedent,
        Table::Recurrence => pb::ReportTable::Recurrence,
    }
}

/// A cause that brings many customers.
pub(crate) fn systemic_issue(issue: &Issue) -> pb::SystemicIssue {
    pb::SystemicIssue {
        regime: issue.regime.clone(),
        motive: issue.motive.clone(),
        customer_count: issue.customers,
        case_count: issue.cases,
        rate: issue.rate,
        upheld_count: issue.upheld,
        decided_count: issue.decided,
        cases: issue.named.iter().map(|case| case.name()).collect(),
    }
}

/// A later case of a cause.
pub(crate) fn recurrence(later: &Later) -> pb::Recurrence {
    pb::Recurrence {
        case_name: later.case.name(),
        state: stage_to_proto(later.stage).into(),
        filed_at_office_time: Some(time_to_proto(later.filed_at_office)),
        facts_time: later.facts_at.map(time_to_proto),
    }
}
