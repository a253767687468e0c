//! Two records side by side: what each says, how far it agrees, and what that adds to the score.

use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::customer::v1::{IdentifierType, MatchField, MatchLevel, SourceRecord};
use web::{Lang, When};

use crate::addresses::short;
use crate::format::Format;
use crate::{person, words};

/// A pair as it is shown.
pub(super) struct Compared {
    pub(super) score: String,
    pub(super) doubt: &'static str,
    pub(super) rules: String,
    pub(super) rows: Vec<CompareRow>,
    /// What is not compared and helps to tell: where each comes from.
    pub(super) about: Vec<(&'static str, String, String)>,
}

/// One field.
pub(super) struct CompareRow {
    pub(super) field: &'static str,
    pub(super) first: String,
    pub(super) second: String,
    pub(super) level: &'static str,
    pub(super) weight: String,
    /// Of ten steps: how much it speaks for.
    pub(super) towards: u8,
    /// Of ten steps: how much it speaks against.
    pub(super) against: u8,
    pub(super) class: &'static str,
}

impl Compared {
    pub(super) fn of(proposal: &customer::MatchProposal, format: Format) -> Self {
        let none = SourceRecord::default();
        let (first, second) = (proposal.first.as_ref().unwrap_or(&none), proposal.second.as_ref().unwrap_or(&none));
        let most = proposal.findings.iter().map(|found| found.weight.abs()).fold(1.0, f64::max);
        Self {
            score: super::score(proposal, format),
            doubt: super::doubt(proposal, format.0),
            rules: proposal.rules_version.clone(),
            rows: proposal.findings.iter().map(|found| row(found, (first, second), most, format)).collect(),
            about: about(first, second, format.0),
        }
    }
}

fn row(
    found: &customer::MatchFinding,
    (first, second): (&SourceRecord, &SourceRecord),
    most: f64,
    format: Format,
) -> CompareRow {
    let steps = |weight: f64| (weight.max(0.0) / most * 10.0).round().min(10.0) as u8;
    let class = match found.level() {
        MatchLevel::Exact | MatchLevel::Variant => "agrees",
        MatchLevel::Far | MatchLevel::Contradicted => "differs",
        _ => "",
    };
    CompareRow {
        field: words::field(found.field, format.0),
        first: said(first, found.field()),
        second: said(second, found.field()),
        level: words::level(found.level, format.0),
        weight: format!("{}{}", if found.weight > 0.0 { "+" } else { "" }, format.decimal(found.weight, 1)),
        towards: steps(found.weight),
        against: steps(-found.weight),
        class,
    }
}

/// What a record says of a field.
fn said(record: &SourceRecord, field: MatchField) -> String {
    let name = record.person_name.as_ref();
    let part = |part: fn(&customer::PersonName) -> &String| name.map(|name| part(name).clone()).unwrap_or_default();
    match field {
        // Who keeps the name in one field has no parts to show.
        MatchField::GivenName if name.is_some_and(|name| name.given_name.is_empty()) => person::name(name),
        MatchField::GivenName => part(|name| &name.given_name),
        MatchField::FirstSurname => part(|name| &name.first_surname),
        MatchField::SecondSurname => part(|name| &name.second_surname),
        MatchField::NameOrder => person::name(name),
        MatchField::BirthDate => record.birth_date.clone(),
        MatchField::Address => person::address(record.address.as_ref()),
        MatchField::Phone => person::identifiers(&record.identifiers, IdentifierType::Phone),
        MatchField::Email => person::identifiers(&record.identifiers, IdentifierType::Email),
        MatchField::NationalId => person::identifiers(&record.identifiers, IdentifierType::NationalId),
        MatchField::Account => person::identifiers(&record.identifiers, IdentifierType::Account),
        MatchField::Family | MatchField::Unspecified => String::new(),
    }
}

fn about(first: &SourceRecord, second: &SourceRecord, lang: Lang) -> Vec<(&'static str, String, String)> {
    let observed =
        |record: &SourceRecord| When::of(lang, record.observed_time).map(|when| when.text).unwrap_or_default();
    let both = |label, of: &dyn Fn(&SourceRecord) -> String| (label, of(first), of(second));
    vec![
        both(lang.of("departamento", "department"), &|record| record.department.clone()),
        both(lang.of("sistema", "system"), &|record| record.source_system.clone()),
        both(lang.of("clave allí", "key there"), &|record| record.external_id.clone()),
        both(lang.of("visto", "observed"), &observed),
        both(lang.of("idioma", "language"), &|record| words::language(record.language, lang).to_owned()),
        both(lang.of("cliente", "customer"), &|record| short(&record.customer)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_for_and_what_speaks_against_are_laid_over_one_scale() {
        let found = |field: MatchField, level: MatchLevel, weight| customer::MatchFinding {
            field: field.into(),
            level: level.into(),
            weight,
        };
        let proposal = customer::MatchProposal {
            findings: vec![
                found(MatchField::GivenName, MatchLevel::Exact, 8.0),
                found(MatchField::BirthDate, MatchLevel::Far, -4.0),
                found(MatchField::Email, MatchLevel::Missing, 0.0),
            ],
            ..Default::default()
        };
        let rows = Compared::of(&proposal, Format(Lang::En)).rows;
        let steps: Vec<_> = rows.iter().map(|row| (row.towards, row.against, row.class)).collect();
        assert_eq!(steps, [(10, 0, "agrees"), (0, 5, "differs"), (0, 0, "")]);
        assert_eq!(rows[0].weight, "+8.0");
    }

    #[test]
    fn a_name_in_one_field_is_shown_whole() {
        let name = customer::PersonName { full_name: "Ruiz, Ana".to_owned(), ..Default::default() };
        let record = SourceRecord { person_name: Some(name), ..Default::default() };
        assert_eq!(said(&record, MatchField::GivenName), "Ruiz, Ana");
        assert_eq!(said(&record, MatchField::FirstSurname), "");
    }
}
