//! Facts of affairs against the set of their kind, whatever both are.

use jiff::civil::{Date, date};
use kernel::Language;
use proptest::prelude::*;
use ventanilla_ticketing_domain::{
    Allowed, Amount, Bounds, Characteristic, CharacteristicRule, CharacteristicRules, CharacteristicSet,
    CharacteristicSetId, CharacteristicSets, CharacteristicValue as Value, Characteristics, Decimal, Demand, Filing,
    Severity, Slug, StepTitle, TicketType,
};

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn rule(name: &str, allowed: Allowed, required: bool) -> CharacteristicRule {
    let texts = [(Language::Es, "Dato"), (Language::En, "Fact")];
    let title = StepTitle::new(texts.map(|(language, text)| (language, text.parse().unwrap())).into()).unwrap();
    CharacteristicRule { name: slug(name), allowed, required, title }
}

fn fact(name: &str, value: Value) -> Characteristic {
    Characteristic { name: slug(name), value }
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Of an invoice: its number, day, amount, reading, and whether it was paid.
fn invoices() -> CharacteristicRules {
    let words = ["gas", "luz"].map(|word| word.parse().unwrap()).into();
    let bounds = Bounds { least: Some(number("0")), most: Some(number("99999.5")) };
    let unit = Some("kWh".parse().unwrap());
    CharacteristicRules::new(vec![
        rule("invoice", Allowed::Text(Vec::new()), true),
        rule("supply", Allowed::Text(words), true),
        rule("reading", Allowed::Number { bounds, unit }, false),
        rule("paid", Allowed::Flag, false),
        rule("day", Allowed::Date(Bounds { least: Some(date(2020, 1, 1)), most: None }), false),
        rule(
            "amount",
            Allowed::Money { currency: Some("EUR".into()), bounds: Bounds { least: Some(1), most: None } },
            false,
        ),
    ])
    .unwrap()
}

fn set() -> CharacteristicSet {
    CharacteristicSet { id: "characteristicSets/reclamacion".parse().unwrap(), version: 3, rules: invoices() }
}

fn money(currency: &str, minor_units: i64) -> Value {
    Value::Money(Amount { currency: currency.into(), minor_units })
}

fn wrong(stated: &[Characteristic], demand: Demand) -> Vec<(String, String)> {
    let refused = invoices().hold("f", stated, demand).err().unwrap_or_default();
    refused.as_slice().iter().map(|v| (v.field.clone(), v.description.clone())).collect()
}

#[test]
fn everything_that_does_not_fit_is_told_at_once_and_nothing_of_what_was_said() {
    let stated = [
        fact("supply", Value::Text("agua".parse().unwrap())),
        fact("reading", Value::Number(number("-0.000001"))),
        fact("paid", Value::Text("sí".parse().unwrap())),
        fact("day", Value::Date(date(2019, 12, 31))),
        fact("amount", money("USD", 5)),
        fact("colour", Value::Flag(true)),
        fact("day", Value::Date(date(2024, 2, 29))),
    ];
    let told = wrong(&stated, Demand::All);
    let told: Vec<(&str, &str)> = told.iter().map(|(field, why)| (field.as_str(), why.as_str())).collect();
    assert_eq!(
        told,
        [
            ("f[0].value", "must be one of gas, luz"),
            ("f[1].value", "must not be less than 0"),
            ("f[2].value", "must be yes or no, not a text"),
            ("f[3].value", "must not be less than 2020-01-01"),
            ("f[4].value", "must be in EUR"),
            ("f[5].name", "must be one of invoice, supply, reading, paid, day, amount"),
            ("f[6].name", "is named twice"),
            ("f", "must state invoice"),
        ]
    );
}

#[test]
fn machines_need_not_state_what_people_must() {
    assert_eq!(wrong(&[], Demand::WhatIsSaid), []);
    assert_eq!(wrong(&[], Demand::All).len(), 2);
    let bad = [fact("paid", Value::Number(number("1")))];
    assert_eq!(wrong(&bad, Demand::WhatIsSaid).len(), 1, "what they say has to fit all the same");
}

#[test]
fn where_no_set_is_made_nothing_can_be_stated() {
    let stated = vec![fact("invoice", Value::Text("F-1".parse().unwrap()))];
    let refused = Characteristics::held("f", stated, None, Demand::All).unwrap_err();
    assert_eq!(refused.as_slice()[0].description, "no characteristics are known of affairs like this");
    assert_eq!(Characteristics::held("f", Vec::new(), None, Demand::All), Ok(Characteristics::default()));
}

#[test]
fn the_set_that_is_made_most_closely_is_held_against() {
    let of = |name: &str, version| CharacteristicSet { id: name.parse().unwrap(), version, ..set() };
    let sets: CharacteristicSets =
        [of("characteristicSets/queja", 1), of("characteristicSets/queja-billing", 2)].into_iter().collect();
    let filed = |kind, topic: Option<&str>| Filing {
        ticket_type: kind,
        severity: Severity::Low,
        sector: slug("general"),
        topic: topic.map(slug),
    };
    let version = |filing: &Filing| sets.of(filing).map(|set| set.version);
    assert_eq!(version(&filed(TicketType::Queja, Some("billing"))), Some(2));
    assert_eq!(version(&filed(TicketType::Queja, Some("network"))), Some(1));
    assert_eq!(version(&filed(TicketType::Queja, None)), Some(1));
    assert_eq!(version(&filed(TicketType::Baja, Some("billing"))), None);
}

#[test]
fn filed_as_something_else_what_fits_stays_and_what_does_not_goes() {
    let known = Characteristics::new(
        vec![
            fact("invoice", Value::Text("F-1".parse().unwrap())),
            fact("supply", Value::Text("agua".parse().unwrap())),
            fact("colour", Value::Flag(true)),
            fact("paid", Value::Flag(false)),
        ],
        None,
    );
    let missing = known.refiled("f", Vec::new(), Some(&set()), Demand::All).unwrap_err();
    assert_eq!(missing.as_slice()[0].description, "must state supply");
    let anew = vec![fact("supply", Value::Text("gas".parse().unwrap())), fact("paid", Value::Flag(true))];
    let refiled = known.refiled("f", anew, Some(&set()), Demand::All).unwrap();
    let names: Vec<&str> = refiled.stated().iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["invoice", "paid", "supply"]);
    assert_eq!(refiled.stated()[1].value, Value::Flag(true));
    assert_eq!(refiled.held_against(), Some((&"characteristicSets/reclamacion".parse().unwrap(), 3)));
    let elsewhere = known.refiled("f", Vec::new(), None, Demand::All).unwrap();
    assert_eq!(elsewhere, Characteristics::default());
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[a-z]{1,8}".prop_map(|text| Value::Text(text.parse().unwrap())),
        prop_oneof![Just("gas"), Just("luz")].prop_map(|text| Value::Text(text.parse().unwrap())),
        (-200_000_000_000i64..200_000_000_000).prop_map(|n| Value::Number(number(&micros(n)))),
        any::<bool>().prop_map(Value::Flag),
        (2015i16..2030, 1i8..=12, 1i8..=28).prop_map(|(y, m, d)| Value::Date(Date::new(y, m, d).unwrap())),
        (prop_oneof![Just("EUR"), Just("USD")], -5i64..5).prop_map(|(currency, units)| money(currency, units)),
    ]
}

/// Millionths as a decimal number, spelled by other means than the code does.
fn micros(n: i64) -> String {
    let sign = if n < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", n.unsigned_abs() / 1_000_000, n.unsigned_abs() % 1_000_000)
}

fn facts() -> impl Strategy<Value = Vec<Characteristic>> {
    let name = prop_oneof![
        Just("invoice"),
        Just("supply"),
        Just("reading"),
        Just("paid"),
        Just("day"),
        Just("amount"),
        Just("colour")
    ];
    proptest::collection::vec((name, values()).prop_map(|(name, value)| fact(name, value)), 0..8)
}

/// Whether a fact fits the set of invoices, said in other words.
fn fits(one: &Characteristic) -> bool {
    match (one.name.as_str(), &one.value) {
        ("invoice", Value::Text(_)) | ("paid", Value::Flag(_)) => true,
        ("supply", Value::Text(text)) => ["gas", "luz"].contains(&text.expose()),
        ("reading", Value::Number(n)) => {
            let read: f64 = n.to_string().parse().unwrap();
            (0.0..=99_999.5).contains(&read)
        }
        ("day", Value::Date(day)) => day.year() >= 2020,
        ("amount", Value::Money(amount)) => amount.currency == "EUR" && amount.minor_units >= 1,
        _ => false,
    }
}

proptest! {
    #[test]
    fn what_is_taken_is_what_fits_each_once_and_all_that_is_required(stated in facts()) {
        let once = (1..stated.len()).all(|i| stated[..i].iter().all(|one| one.name != stated[i].name));
        let fit = once && stated.iter().all(fits);
        let whole = ["invoice", "supply"].iter().all(|name| stated.iter().any(|one| one.name.as_str() == *name));
        prop_assert_eq!(wrong(&stated, Demand::WhatIsSaid).is_empty(), fit);
        prop_assert_eq!(wrong(&stated, Demand::All).is_empty(), fit && whole);
    }

    #[test]
    fn what_is_carried_over_always_fits_and_nothing_that_fits_is_lost(before in facts(), stated in facts()) {
        let once = (1..before.len()).all(|i| before[..i].iter().all(|one| one.name != before[i].name));
        prop_assume!(once);
        let known = Characteristics::new(before.clone(), None);
        match known.refiled("f", stated.clone(), Some(&set()), Demand::WhatIsSaid) {
            Ok(after) => {
                prop_assert!(after.stated().iter().all(fits));
                let stays = |one: &&Characteristic| fits(one) && stated.iter().all(|anew| anew.name != one.name);
                for one in before.iter().filter(stays).chain(&stated) {
                    prop_assert!(after.stated().contains(one));
                }
            }
            Err(_) => prop_assert!(!wrong(&stated, Demand::WhatIsSaid).is_empty()),
        }
    }

    #[test]
    fn a_number_is_read_back_as_it_was_and_ordered_as_numbers_are(a in any::<i64>(), b in any::<i64>()) {
        let bound = 999_999_999_999_999_999;
        let (a, b) = (a % bound, b % bound);
        let (x, y) = (number(&micros(a)), number(&micros(b)));
        prop_assert_eq!(x.to_string().parse::<Decimal>(), Ok(x));
        prop_assert_eq!(x.cmp(&y), a.cmp(&b));
    }

    #[test]
    fn every_name_of_a_set_is_read_back(kind in 0usize..6, topic in proptest::option::of("[a-z][a-z0-9]{0,20}")) {
        let kind = TicketType::ALL[kind].as_str();
        let name = topic.map_or(format!("characteristicSets/{kind}"), |topic| format!("characteristicSets/{kind}-{topic}"));
        prop_assert_eq!(name.parse::<CharacteristicSetId>().unwrap().name(), name);
    }
}
