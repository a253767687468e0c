//! `MatchCustomer`: who a described person may be, without writing anything.

use std::collections::HashMap;

use customer_profile_domain::matching::{
    Description, Doubt, Field, Finding, Frequencies, Grade, Level, Person, Rules, Score, blocking_keys,
};
use customer_profile_domain::{Content, CustomerId, SourceRecordId};
use kernel::ResourceId;
use ventanilla_proto::customer::v1 as proto;

use super::Profile;
use crate::error::ProfileError;
use crate::store::match_key;

/// The best that one customer's records come to.
struct Best {
    record: SourceRecordId,
    score: Score,
}

#[tracing::instrument(name = "customer.match", skip_all)]
pub(crate) async fn match_customer(
    profile: &Profile,
    mut described: Content,
    most: usize,
) -> Result<proto::MatchCustomerResponse, ProfileError> {
    let pool = profile.db.reader();
    let keys: Vec<_> = described.identifiers.iter().map(|i| i.key()).filter(|key| key.kind.fan_out() > 0).collect();
    let crowded = match_key::crowded(pool, &keys).await?;
    for identifier in &mut described.identifiers {
        // What everybody carries says nothing of who somebody is.
        identifier.shared |= crowded.contains(identifier.key());
    }
    let neutral = Frequencies::neutral();
    let person = Person::new(&Description::from(&described), &neutral);
    let candidates = match_key::candidates(pool, &blocking_keys(&person)).await?;

    let rules = Rules::standard();
    let mut best: HashMap<CustomerId, Best> = HashMap::new();
    for candidate in &candidates {
        let other = Person::new(&Description::from(&candidate.record.content), &neutral);
        let score = rules.score(&person, &other);
        if score.grade < Grade::Possible {
            continue;
        }
        let known = best.get(&candidate.customer);
        if known.is_none_or(|known| order(&score) > order(&known.score)) {
            best.insert(candidate.customer, Best { record: candidate.record.id, score });
        }
    }
    let mut found: Vec<(CustomerId, Best)> = best.into_iter().collect();
    found.sort_by(|(a, one), (b, other)| order(&other.score).cmp(&order(&one.score)).then(a.cmp(b)));
    found.truncate(most);
    Ok(proto::MatchCustomerResponse {
        rules_version: rules.version().to_owned(),
        matches: found.into_iter().map(|(customer, best)| told(customer, &best)).collect(),
    })
}

/// By grade, then by score in thousandths of a bit.
fn order(score: &Score) -> (Grade, i64) {
    #[allow(clippy::cast_possible_truncation, reason = "a score is a few hundred bits at most")]
    let thousandths = (score.total * 1_000.0).round() as i64;
    (score.grade, thousandths)
}

fn told(customer: CustomerId, best: &Best) -> proto::CustomerMatch {
    proto::CustomerMatch {
        customer: customer.name(),
        source_record: best.record.name(),
        grade: grade(best.score.grade).into(),
        score: best.score.total,
        findings: best.score.findings.iter().map(finding).collect(),
        doubt: best.score.doubt.map(doubt).unwrap_or_default().into(),
    }
}

fn finding(finding: &Finding) -> proto::MatchFinding {
    proto::MatchFinding {
        field: field(finding.field).into(),
        level: level(finding.level).into(),
        weight: finding.weight,
    }
}

const fn grade(grade: Grade) -> proto::MatchGrade {
    match grade {
        Grade::Certain => proto::MatchGrade::Certain,
        Grade::Probable => proto::MatchGrade::Probable,
        Grade::Possible => proto::MatchGrade::Possible,
        Grade::CertainlyNot => proto::MatchGrade::None,
    }
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

const fn doubt(doubt: Doubt) -> proto::MatchDoubt {
    match doubt {
        Doubt::DifferentDocuments => proto::MatchDoubt::DifferentDocuments,
        Doubt::DifferentPeople => proto::MatchDoubt::DifferentPeople,
        Doubt::OneFamily => proto::MatchDoubt::OneFamily,
        Doubt::NothingPersonal => proto::MatchDoubt::NothingPersonal,
    }
}
