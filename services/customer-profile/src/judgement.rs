//! What comparing two people came to, as the contract shows it.

use customer_profile_domain::matching::{Doubt, Field, Finding, Grade, Level, Score};
use ventanilla_proto::customer::v1 as proto;

/// The findings of a score.
pub(crate) fn findings(score: &Score) -> Vec<proto::MatchFinding> {
    score.findings.iter().map(finding).collect()
}

fn finding(finding: &Finding) -> proto::MatchFinding {
    proto::MatchFinding {
        field: field(finding.field).into(),
        level: level(finding.level).into(),
        weight: finding.weight,
    }
}

/// Its doubt; unspecified when there is none.
pub(crate) fn doubt(score: &Score) -> proto::MatchDoubt {
    match score.doubt {
        None => proto::MatchDoubt::Unspecified,
        Some(Doubt::DifferentDocuments) => proto::MatchDoubt::DifferentDocuments,
        Some(Doubt::DifferentPeople) => proto::MatchDoubt::DifferentPeople,
        Some(Doubt::DifferentBirthDates) => proto::MatchDoubt::DifferentBirthDates,
        Some(Doubt::OneFamily) => proto::MatchDoubt::OneFamily,
        Some(Doubt::NothingPersonal) => proto::MatchDoubt::NothingPersonal,
        Some(Doubt::Unproven) => proto::MatchDoubt::Unproven,
        Some(Doubt::SeveralPeople) => proto::MatchDoubt::SeveralPeople,
    }
}

/// What is kept of a score beside its sum: findings and doubt.
pub(crate) fn kept(score: &Score) -> proto::CustomerMatch {
    proto::CustomerMatch { findings: findings(score), doubt: doubt(score).into(), ..Default::default() }
}

/// A grade of two records.
pub(crate) const fn grade(grade: Grade) -> proto::MatchGrade {
    match grade {
        Grade::Certain => proto::MatchGrade::Certain,
        Grade::Probable => proto::MatchGrade::Probable,
        Grade::Possible => proto::MatchGrade::Possible,
        Grade::CertainlyNot => proto::MatchGrade::CertainlyNot,
    }
}

/// By grade, then by score in thousandths of a bit: the greater is the likelier.
pub(crate) fn likelihood(score: &Score) -> (Grade, i64) {
    #[allow(clippy::cast_possible_truncation, reason = "a score is a few hundred bits at most")]
    let thousandths = (score.total * 1_000.0).round() as i64;
    (score.grade, thousandths)
}

const fn field(field: Field) -> proto::MatchField {
    match field {
        Field::GivenName => proto::MatchField::GivenName,
        Field::FirstSurname => proto::MatchField::FirstSurname,
        Field::SecondSurname => proto::MatchField::SecondSurname,
        Field::NameOrder => proto::MatchField::NameOrder,
        Field::BirthDate => proto::MatchField::BirthDate,
        Field::Address => proto::MatchField::Address,
        Field::Phone => proto::MatchField::Phone,
        Field::Email => proto::MatchField::Email,
        Field::NationalId => proto::MatchField::NationalId,
        Field::Account => proto::MatchField::Account,
        Field::Family => proto::MatchField::Family,
    }
}

const fn level(level: Level) -> proto::MatchLevel {
    match level {
        Level::Exact => proto::MatchLevel::Exact,
        Level::Variant => proto::MatchLevel::Variant,
        Level::Near => proto::MatchLevel::Near,
        Level::Partial => proto::MatchLevel::Partial,
        Level::Weak => proto::MatchLevel::Weak,
        Level::Far => proto::MatchLevel::Far,
        Level::Contradicted => proto::MatchLevel::Contradicted,
        Level::Shared => proto::MatchLevel::Shared,
        Level::Missing => proto::MatchLevel::Missing,
    }
}
