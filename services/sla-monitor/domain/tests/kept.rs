//! What is kept of rules that ship is what they said.

use ventanilla_sla_monitor_domain::catalogue::Switches;
use ventanilla_sla_monitor_domain::{Catalogue, Company, Rule};

/// The catalogue under every reading of every text, one changed at a time.
fn under_every_reading() -> Vec<Catalogue> {
    let strict = Catalogue::embedded(&Switches::new()).unwrap();
    let readings = strict.rules().flat_map(Rule::readings);
    let mut all: Vec<Catalogue> = readings
        .flat_map(|reading| reading.values.iter().map(|value| (reading.name.clone(), value.clone())))
        .map(|(name, value)| Catalogue::embedded(&Switches::from([(name, value)])).unwrap())
        .collect();
    all.push(strict);
    all
}

#[test]
fn every_rule_that_ships_is_read_back_as_it_was_kept_under_every_reading() {
    let all = under_every_reading();
    assert!(all.len() > 8, "{}", all.len());
    for rule in all.iter().flat_map(Catalogue::rules) {
        let kept = Rule::parse(&rule.text().unwrap(), 7).unwrap();
        assert_eq!(kept, Rule { version: 7, ..rule.clone() });
        assert!(kept.says_the_same_as(rule));
    }
}

#[test]
fn another_reading_is_another_text() {
    let [strict, other] = ["5cd", "5bd"].map(|unit| {
        let switches = Switches::from([("es.l10-2025.17-3.unit".to_owned(), unit.to_owned())]);
        Catalogue::embedded(&switches).unwrap().rule("es.l10-2025.17-3.billing").unwrap().clone()
    });
    assert!(!strict.says_the_same_as(&other));
    assert_ne!(strict.text().unwrap(), other.text().unwrap());
}

#[test]
fn what_a_newer_release_says_in_a_rule_is_not_read_as_if_it_had_not_been_said() {
    let strict = Catalogue::embedded(&Switches::new()).unwrap();
    let rule = strict.rules().next().unwrap();
    let newer = format!("halves_on_sundays = true\n{}", rule.text().unwrap());
    assert!(Rule::parse(&newer, 1).is_err());
    assert!(Rule::parse(&rule.text().unwrap().replace("en = ", "yy = "), 1).is_err());
}

#[test]
fn the_figures_of_a_company_are_read_back_known_or_not() {
    for company in [
        Company::default(),
        Company { workers: Some(12), turnover_eur: None, balance_eur: Some(0) },
        Company { workers: Some(u32::MAX), turnover_eur: Some(1 << 62), balance_eur: Some(1) },
    ] {
        assert_eq!(Company::parse(&company.text().unwrap()), Ok(company));
    }
}
