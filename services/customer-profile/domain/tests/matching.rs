//! Properties of the matching rules that hold for every pair of records.

use proptest::prelude::*;
use ventanilla_customer_profile_domain::matching::{
    AddressText, BlockingKey, Comparison, Description, Doubt, Edition, Estimate, Field, Frequencies, Grade, Level,
    Mention, Person, Plan, Rules, Scheme, WrittenDate, blocking_keys, candidates, estimate,
};
use ventanilla_customer_profile_domain::{Address, Content, Identifier, IdentifierKind, PersonName, RawIdentifier};

/// What may be said of a person, each part of a short list, so that parts meet.
#[derive(Debug, Clone, Default)]
struct Said {
    given: String,
    first: String,
    second: String,
    born: Option<(i16, u8, u8)>,
    street: String,
    post: String,
    phone: String,
    email: String,
    document: String,
}

fn one_of(all: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(all).prop_map(str::to_owned), 1 => "\\PC{0,8}"]
}

fn said() -> impl Strategy<Value = Said> {
    let names = (
        one_of(&["", "Ana", "Ána María", "María José", "M. José", "Paco", "Francisco", "García", "Daniela", "Daniel"]),
        one_of(&["", "García", "Gracia", "de la Fuente", "García López", "López", "Francisco", "Velázquez"]),
        one_of(&["", "López", "García", "Belasques", "O'Brien"]),
    );
    let born = prop::option::of((1950..1954i16, 1..=12u8, 1..=12u8));
    let home = (
        one_of(&["", "Calle Mayor 3", "C/ Mayor, 3", "Real 12", "2 de Mayo"]),
        one_of(&["", "28014", "28041", "08001"]),
    );
    let marks = (
        one_of(&["", "600111222", "+34600111222", "600111223", "911112233"]),
        one_of(&["", "ana.gil@x.example", "ana.gli@x.example", "ana.gil@y.example"]),
        one_of(&["", "12345678Z", "12345679S", "12345678", "00000000T", "4011234"]),
    );
    (names, born, home, marks).prop_map(|((given, first, second), born, (street, post), (phone, email, document))| {
        Said { given, first, second, born, street, post, phone, email, document }
    })
}

fn person(said: &Said) -> Person {
    fn mention<'a>(value: &'a str, scope: &'a str) -> Vec<Mention<'a>> {
        vec![Mention { value, scope, ..Mention::default() }]
    }
    let described = Description {
        given: &said.given,
        first_surname: &said.first,
        second_surname: &said.second,
        birth_date: said.born.map(|(year, month, day)| WrittenDate { year, month, day }),
        address: Some(AddressText { lines: [&said.street, ""], postal_code: &said.post, ..AddressText::default() }),
        phones: mention(&said.phone, ""),
        emails: mention(&said.email, ""),
        documents: mention(&said.document, "ES"),
        ..Description::default()
    };
    Person::new(&described, &Frequencies::neutral())
}

/// Whether day and month are turned, two digits that stand side by side are, one digit is another, it is a year off, or the
/// day or the month alone of one year.
fn is_a_slip(one: (i16, u8, u8), other: (i16, u8, u8)) -> bool {
    let written = |(year, month, day): (i16, u8, u8)| format!("{year:04}{month:02}{day:02}");
    let (text, target) = (written(one), written(other));
    let digits: Vec<char> = text.chars().collect();
    let retyped = (0..8).flat_map(|at| ('0'..='9').map(move |digit| (at, digit))).map(|(at, digit)| {
        let mut slip = digits.clone();
        slip[at] = digit;
        slip
    });
    let swapped = (0..7).map(|at| {
        let mut slip = digits.clone();
        slip.swap(at, at + 1);
        slip
    });
    let (year, month, day) = one;
    let one_part = year == other.0 && (month == other.1 || day == other.2);
    one_part
        || [(year, day, month), (year + 1, month, day), (year - 1, month, day)].contains(&other)
        || retyped.chain(swapped).any(|slip| slip.into_iter().collect::<String>() == target)
}

fn keys(said: &Said) -> Vec<BlockingKey> {
    blocking_keys(&person(said))
}

/// Somebody with a document, and nothing else than a name and perhaps a birth date.
fn documented(document: &str, [given, first, second]: [&str; 3], born: Option<(i16, u8, u8)>) -> Person {
    let said = Said {
        given: given.to_owned(),
        first: first.to_owned(),
        second: second.to_owned(),
        born,
        document: document.to_owned(),
        ..Said::default()
    };
    person(&said)
}

#[test]
fn one_document_under_two_strangers_is_the_number_of_one_of_them() {
    let (dni, cif) = ("12345678Z", "A58818501");
    let [ana, pedro] = [["Ana", "Soto", "Gil"], ["Pedro", "Otaegi", "Mena"]];
    let by = |edition, one: &Person, other: &Person| {
        let score = Rules::standard().by(edition).score(one, other);
        (score.against(IdentifierKind::NationalId, edition), score.grade)
    };
    let now = |one: &Person, other: &Person| by(Edition::Third, one, other);
    let strangers = [documented(dni, ana, None), documented(dni, pedro, None)];
    assert_eq!(
        now(&strangers[0], &strangers[1]),
        (Some(Doubt::DifferentPeople), Grade::Probable),
        "a steward is asked"
    );
    assert_eq!(by(Edition::Second, &strangers[0], &strangers[1]).0, None, "until these rules are applied");
    // Of a document whose country gives it no check character nothing else would ask.
    let passports = [documented("AB-1234", ana, None), documented("AB-1234", pedro, None)];
    assert_eq!(now(&passports[0], &passports[1]), (Some(Doubt::DifferentPeople), Grade::Probable));
    let born = Some((1975, 3, 12));
    for (one, other, why) in [
        (documented(dni, ana, None), documented(dni, ["Ana", "Smith", ""], None), "who took another surname"),
        (documented(dni, ana, None), documented(dni, ["Ann", "Soto", ""], None), "who is called otherwise"),
        (documented(dni, ana, born), documented(dni, pedro, born), "whose birth date is the same"),
        (documented(dni, ana, None), documented(dni, ["", "", ""], None), "of whom no name is known"),
        (documented(cif, ["Talleres", "Soto", ""], None), documented(cif, ["Reparamos", "Ya", ""], None), "a firm"),
    ] {
        assert_eq!(now(&one, &other).0, None, "{why}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_order_of_two_people_does_not_change_their_score(one in said(), other in said()) {
        let (one, other) = (person(&one), person(&other));
        let rules = Rules::standard();
        prop_assert_eq!(rules.score(&one, &other), rules.score(&other, &one));
    }

    #[test]
    fn the_findings_add_up_to_the_score(one in said(), other in said()) {
        let score = Rules::standard().score(&person(&one), &person(&other));
        let sum: f64 = score.findings.iter().map(|finding| finding.weight).sum();
        prop_assert_eq!(sum, score.total);
        prop_assert_eq!(score.findings.map(|finding| finding.field), Field::ALL);
        let silent = |level| matches!(level, Level::Missing);
        prop_assert!(score.findings.iter().all(|f| !silent(f.level) || f.weight == 0.0));
    }

    #[test]
    fn a_person_is_nobody_else_than_themselves(one in said()) {
        let one = person(&one);
        let score = Rules::standard().score(&one, &one);
        let against = |level| matches!(level, Level::Far | Level::Contradicted | Level::Near | Level::Partial);
        // A street without a number is not a home.
        let found = score.findings.iter().find(|f| f.field != Field::Address && against(f.level));
        prop_assert!(found.is_none(), "{:?}", score.findings);
    }

    #[test]
    fn leaving_out_what_agrees_never_raises_the_score(one in said(), other in said()) {
        let full = Rules::standard().score(&person(&one), &person(&other));
        let without = |field: Field| {
            let mut less = one.clone();
            match field {
                Field::BirthDate => less.born = None,
                Field::Address => (less.street, less.post) = (String::new(), String::new()),
                Field::Phone => less.phone.clear(),
                Field::Email => less.email.clear(),
                _ => less.document.clear(),
            }
            Rules::standard().score(&person(&less), &person(&other)).total
        };
        for field in [Field::BirthDate, Field::Address, Field::Phone, Field::Email, Field::NationalId] {
            if full.findings[field as usize].weight >= 0.0 {
                prop_assert!(without(field) <= full.total + 1e-9, "{:?} {:?}", field, full.findings);
            }
        }
    }

    #[test]
    fn a_better_score_never_has_a_worse_grade(one in -50.0..80.0f64, other in -50.0..80.0f64) {
        let rules = Rules::standard();
        prop_assert!((one <= other) == (rules.grade(one) <= rules.grade(other)) || rules.grade(one) == rules.grade(other));
    }

    #[test]
    fn the_grade_follows_the_score_unless_a_doubt_lowers_certain(one in said(), other in said()) {
        let rules = Rules::standard();
        let score = rules.score(&person(&one), &person(&other));
        let free = rules.grade(score.total);
        let expected = if score.doubt.is_some() { free.min(Grade::Probable) } else { free };
        // A document that holds by itself is one person's: two who have it are never passed over.
        let documented = one.document == other.document && ["12345678Z", "12345679S"].contains(&one.document.as_str());
        let expected = if documented || score.strangers { expected.max(Grade::Probable) } else { expected };
        prop_assert_eq!(score.grade, expected);
    }

    #[test]
    fn nothing_is_certain_where_a_contradiction_stands(one in said(), other in said()) {
        // What holds by itself is told here by hand, and which dates one slip leads to by another way than the rules'.
        let proven = |said: &Said| ["12345678Z", "12345679S"].contains(&said.document.as_str());
        let documents = proven(&one) && proven(&other) && one.document != other.document;
        let births = one.born.zip(other.born).is_some_and(|(one, other)| one != other && !is_a_slip(one, other));
        let score = |edition| Rules::standard().by(edition).score(&person(&one), &person(&other));
        let judged = score(Edition::CURRENT);
        if documents || births {
            prop_assert!(judged.grade < Grade::Certain && judged.doubt.is_some(), "{:?}", judged);
        }
        for kind in [IdentifierKind::NationalId, IdentifierKind::Phone, IdentifierKind::Email] {
            prop_assert_eq!(judged.against(kind, Edition::Second).is_some(), documents || births, "{:?}", judged.findings);
            prop_assert_eq!(judged.against(kind, Edition::First), None);
        }
        let before = score(Edition::First);
        prop_assert_eq!((judged.total, judged.findings), (before.total, before.findings), "the same evidence");
        prop_assert!(judged.grade <= before.grade || judged.grade == Grade::Probable);
    }

    #[test]
    fn accents_and_case_change_no_blocking_key(said in said()) {
        let fold = |text: &str| text.replace('á', "a").replace('é', "e").replace('í', "i").replace('ó', "o").to_uppercase();
        let mut loud = said.clone();
        // Letters whose upper case is another letter's are not what accents and case are about.
        prop_assume!([&said.given, &said.first, &said.second, &said.street].iter().all(|t| {
            t.chars().all(|c| c.is_ascii() || "áéíóÁÉÍÓ".contains(c))
        }));
        for text in [&mut loud.given, &mut loud.first, &mut loud.second, &mut loud.street] {
            *text = fold(text);
        }
        prop_assert_eq!(keys(&said), keys(&loud));
    }

    #[test]
    fn records_with_equal_parts_meet_in_a_block(one in said(), other in said()) {
        let score = Rules::standard().score(&person(&one), &person(&other));
        let equal = |field: Field| score.findings[field as usize].level.is_firm();
        if [Field::Phone, Field::Email, Field::NationalId].into_iter().any(equal) {
            prop_assert_eq!(candidates(&[keys(&one), keys(&other)], 2), [(0, 1)], "{:?}", score.findings);
        }
    }

    #[test]
    fn estimated_odds_are_probabilities(all in prop::collection::vec((said(), said()), 0..12)) {
        let pairs: Vec<Comparison> = all.iter().map(|(a, b)| Comparison::of(&person(a), &person(b))).collect();
        let Estimate { rules, matches, .. } = estimate(&pairs, &Rules::standard(), &Plan::default());
        prop_assert!((0.0..=1.0).contains(&matches));
        for field in Field::ALL.into_iter().filter(|field| *field != Field::Family) {
            let odds: Vec<_> = Level::ALL.into_iter().filter_map(|level| rules.odds(field, level)).collect();
            prop_assert!((odds.iter().map(|o| o.m).sum::<f64>() - 1.0).abs() < 1e-6);
            prop_assert!((odds.iter().map(|o| o.u).sum::<f64>() - 1.0).abs() < 1e-6);
        }
    }
}

#[test]
fn a_date_of_birth_finds_who_shares_a_name_too_and_nobody_by_itself() {
    let born = |given: &str| Said {
        given: given.to_owned(),
        first: String::new(),
        second: String::new(),
        born: Some((1951, 2, 7)),
        street: String::new(),
        post: String::new(),
        phone: String::new(),
        email: String::new(),
        document: String::new(),
    };
    assert_eq!(candidates(&[keys(&born("Marta")), keys(&born("Marta"))], 2), [(0, 1)]);
    assert_eq!(candidates(&[keys(&born("")), keys(&born(""))], 2), []);
}

#[test]
fn a_block_of_too_many_is_not_compared() {
    let one = Said {
        given: "Ana".into(),
        first: String::new(),
        second: String::new(),
        born: Some((1950, 1, 2)),
        street: String::new(),
        post: String::new(),
        phone: String::new(),
        email: String::new(),
        document: String::new(),
    };
    let all = vec![keys(&one); 5];
    assert_eq!(candidates(&all, 5).len(), 10);
    assert!(candidates(&all, 4).is_empty());
}

fn content(name: PersonName, street: &str, identifiers: &[(IdentifierKind, &str)]) -> Content {
    let identifier = |(kind, value): &(IdentifierKind, &str)| {
        Identifier::parse(RawIdentifier { kind: *kind, value, country: "", issuer: "" }).unwrap()
    };
    Content {
        name: Some(name),
        identifiers: identifiers.iter().map(identifier).collect(),
        birth_date: Some(jiff::civil::date(1975, 3, 12).into()),
        address: Some(Address {
            lines: vec![street.to_owned()].into(),
            locality: "Madrid".to_owned().into(),
            postal_code: "28014".to_owned().into(),
            ..Address::default()
        }),
        language: None,
        verified: Default::default(),
        observed_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        unproven: false,
    }
}

#[test]
fn what_a_record_holds_is_what_is_compared() {
    let one = content(
        PersonName::new("María del Mar", "García", "Núñez", "").unwrap(),
        "Calle de Alcalá, 12, 3º B",
        &[(IdentifierKind::NationalId, "12345678Z"), (IdentifierKind::Phone, "600111222")],
    );
    let other = content(
        PersonName::new("", "", "", "GARCIA NUÑEZ, MARIA DEL MAR").unwrap(),
        "C/ Alcala 12",
        &[(IdentifierKind::NationalId, "12.345.678-Z"), (IdentifierKind::Email, "mar@x.example")],
    );
    let person = |content: &Content| Person::new(&content.into(), &Frequencies::neutral());
    let score = Rules::standard().score(&person(&one), &person(&other));
    let level = |field: Field| score.findings[field as usize].level;
    for field in [
        Field::GivenName,
        Field::FirstSurname,
        Field::SecondSurname,
        Field::BirthDate,
        Field::Address,
        Field::NationalId,
    ] {
        assert_eq!(level(field), Level::Exact, "{}", field.as_str());
    }
    assert_eq!((level(Field::Phone), level(Field::Email)), (Level::Missing, Level::Missing));
    assert_eq!((score.grade, score.doubt), (Grade::Certain, None));
}

#[test]
fn a_line_that_its_source_calls_shared_is_no_evidence() {
    let name = || PersonName::new("Ana", "Gil", "", "").unwrap();
    let mut one = content(name(), "Calle Luna 1", &[(IdentifierKind::Phone, "600111222")]);
    one.identifiers[0].shared = true;
    let person = |content: &Content| Person::new(&content.into(), &Frequencies::neutral());
    let score = Rules::standard().score(&person(&one), &person(&one));
    let phone = score.findings[Field::Phone as usize];
    assert_eq!((phone.level, phone.weight), (Level::Shared, 0.0));
    assert!(blocking_keys(&person(&one)).iter().all(|key| key.scheme != Scheme::Line));
}
