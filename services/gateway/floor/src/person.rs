//! What is written of a person, as people read it.

use ventanilla_proto::customer::v1 as customer;
use web::{Lang, When};

use crate::words;

/// A name in one line; empty where there is none.
pub(crate) fn name(name: Option<&customer::PersonName>) -> String {
    let Some(name) = name else { return String::new() };
    if !name.full_name.is_empty() {
        return name.full_name.clone();
    }
    let parts = [&name.given_name, &name.first_surname, &name.second_surname];
    parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// An address in one line.
pub(crate) fn address(address: Option<&customer::PostalAddress>) -> String {
    let Some(address) = address else { return String::new() };
    let town = [&address.postal_code, &address.locality].into_iter().filter(|part| !part.is_empty());
    let town = town.map(String::as_str).collect::<Vec<_>>().join(" ");
    let lines = address.lines.iter().map(String::as_str);
    let rest = [town.as_str(), &address.region, &address.country_code];
    lines.chain(rest).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Identifiers of one kind in one line, with the issuer where it takes one to mean something.
pub(crate) fn identifiers(of: &[customer::Identifier], kind: customer::IdentifierType) -> String {
    of.iter().filter(|identifier| identifier.r#type() == kind).map(value).collect::<Vec<_>>().join(" · ")
}

/// One identifier.
pub(crate) fn value(identifier: &customer::Identifier) -> String {
    if identifier.issuer.is_empty() {
        identifier.value.clone()
    } else {
        format!("{} ({})", identifier.value, identifier.issuer)
    }
}

/// A value that is believed of a customer, and why.
pub(crate) struct Believed {
    pub(crate) label: &'static str,
    pub(crate) value: String,
    /// Where from and why it won.
    pub(crate) why: String,
}

/// What is believed of a customer, in the order people ask for it.
pub(crate) fn believed(of: &customer::Customer, lang: Lang) -> Vec<Believed> {
    let none = customer::GoldenRecord::default();
    let golden = of.golden.as_ref().unwrap_or(&none);
    let mut all = Vec::new();
    let mut add = |label: &'static str, value: String, from: Option<&customer::Provenance>| {
        if !value.is_empty() {
            all.push(Believed { label, value, why: from.map(|from| why(from, lang)).unwrap_or_default() });
        }
    };
    if let Some(found) = &golden.person_name {
        add(lang.of("nombre", "name"), name(found.value.as_ref()), found.provenance.as_ref());
    }
    if let Some(found) = &golden.birth_date {
        add(lang.of("fecha de nacimiento", "date of birth"), found.value.clone(), found.provenance.as_ref());
    }
    for found in &of.identifiers {
        if let Some(identifier) = &found.value {
            let verified = if identifier.verified_time.is_some() { " ✓" } else { "" };
            let label = words::identifier(identifier.r#type, lang);
            add(label, format!("{}{verified}", value(identifier)), found.provenance.as_ref());
        }
    }
    if let Some(found) = &golden.address {
        add(lang.of("dirección", "address"), address(found.value.as_ref()), found.provenance.as_ref());
    }
    if let Some(found) = &golden.language {
        add(lang.of("idioma", "language"), words::language(found.value, lang).to_owned(), found.provenance.as_ref());
    }
    all
}

/// Where a value comes from, and why it won.
pub(crate) fn why(from: &customer::Provenance, lang: Lang) -> String {
    let day = When::of(lang, from.observed_time).map(|when| web::day(lang, when.at)).unwrap_or_default();
    let rule = words::survivorship(from.rule, lang);
    [from.department.as_str(), &from.source_system, &day, rule]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// What a customer is called where nothing else tells them from others.
pub(crate) fn called(of: &customer::Customer, lang: Lang) -> String {
    let golden = of.golden.as_ref().and_then(|golden| golden.person_name.as_ref());
    let called = name(golden.and_then(|name| name.value.as_ref()));
    match (called.is_empty(), of.state()) {
        (false, _) => called,
        (true, customer::CustomerState::Active | customer::CustomerState::Unspecified) => {
            lang.of("Cliente sin nombre", "Customer without a name").to_owned()
        }
        (true, _) => words::customer_state(of.state, lang).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_in_one_line_however_it_is_kept() {
        let parts = customer::PersonName {
            given_name: "Ana".to_owned(),
            first_surname: "Ruiz".to_owned(),
            ..Default::default()
        };
        assert_eq!(name(Some(&parts)), "Ana Ruiz");
        let whole = customer::PersonName { full_name: "Ruiz, Ana".to_owned(), ..Default::default() };
        assert_eq!(name(Some(&whole)), "Ruiz, Ana");
        assert_eq!(name(None), "");
    }

    #[test]
    fn an_address_leaves_out_what_is_not_known() {
        let known = customer::PostalAddress {
            lines: vec!["Calle Mayor 1".to_owned()],
            postal_code: "28013".to_owned(),
            locality: "Madrid".to_owned(),
            ..Default::default()
        };
        assert_eq!(address(Some(&known)), "Calle Mayor 1, 28013 Madrid");
    }

    #[test]
    fn an_account_means_nothing_without_its_issuer() {
        let account = customer::Identifier {
            r#type: customer::IdentifierType::Account.into(),
            value: "77".to_owned(),
            issuer: "billing".to_owned(),
            ..Default::default()
        };
        assert_eq!(identifiers(&[account], customer::IdentifierType::Account), "77 (billing)");
    }
}
