//! The matching rules held against a Spanish town: households, namesakes and twins, and the
//! duplicates that departments make of them.

#[path = "spanish/names.rs"]
mod names;
#[path = "spanish/slips.rs"]
mod slips;
#[path = "spanish/town.rs"]
mod town;

use std::collections::HashMap;

use town::{Dice, Sheet, registered, town};
use ventanilla_customer_profile_domain::matching::{
    BlockingKey, Comparison, Description, Doubt, EXPECTED_RECORDS, Edition, Field, Frequencies, Grade, LARGEST_BLOCK,
    Level, MOST_COMPARED, Person, Plan, Rules, Scheme, blocking_keys, candidates, candidates_of_each, estimate,
};

/// People of the town in most tests: enough for hundreds of families, few enough for a debug build.
const INHABITANTS: usize = 600;

struct Outcome {
    true_pairs: usize,
    kept: usize,
    compared: usize,
    found: HashMap<(Grade, bool), usize>,
}

impl Outcome {
    fn at_least(&self, least: Grade, same: bool) -> usize {
        self.found.iter().filter(|((grade, is), _)| *grade >= least && *is == same).map(|(_, count)| count).sum()
    }

    fn precision(&self, least: Grade) -> f64 {
        let right = self.at_least(least, true) as f64;
        right / (right + self.at_least(least, false) as f64)
    }

    fn recall(&self, least: Grade) -> f64 {
        self.at_least(least, true) as f64 / self.true_pairs as f64
    }

    fn f1(&self, least: Grade) -> f64 {
        let (precision, recall) = (self.precision(least), self.recall(least));
        2.0 * precision * recall / (precision + recall)
    }
}

/// As the service weighs them: every name is an average one.
fn people(sheets: &[Sheet]) -> Vec<Person> {
    let described: Vec<Description<'_>> = sheets.iter().map(Sheet::describe).collect();
    let frequencies = Frequencies::of_carriers(&described);
    described.iter().map(|d| Person::new(d, &frequencies)).collect()
}

/// The pairs that the service compares.
fn pairs_to_compare(sheets: &[Sheet]) -> Vec<(usize, usize)> {
    let neutral = Frequencies::neutral();
    let keys: Vec<_> = sheets.iter().map(|sheet| blocking_keys(&Person::new(&sheet.describe(), &neutral))).collect();
    candidates_of_each(&keys, LARGEST_BLOCK, MOST_COMPARED)
}

/// How a town is sorted out as the service does it for a middling firm.
fn judged(sheets: &[Sheet], rules: &Rules) -> Outcome {
    let rules = rules.among(EXPECTED_RECORDS);
    let people = people(sheets);
    let pairs = pairs_to_compare(sheets);
    let mut sizes: HashMap<u32, usize> = HashMap::new();
    sheets.iter().for_each(|sheet| *sizes.entry(sheet.person).or_default() += 1);
    let mut outcome = Outcome {
        true_pairs: sizes.values().map(|size| size * (size - 1) / 2).sum(),
        kept: 0,
        compared: pairs.len(),
        found: HashMap::new(),
    };
    for (one, other) in pairs {
        let same = sheets[one].person == sheets[other].person;
        outcome.kept += usize::from(same);
        *outcome.found.entry((rules.score(&people[one], &people[other]).grade, same)).or_default() += 1;
    }
    outcome
}

/// A number that changes when any judgement of the town does.
fn judgements(edition: Edition) -> u64 {
    let sheets = town(200, 1);
    let described: Vec<Description<'_>> = sheets.iter().map(Sheet::describe).collect();
    let frequencies = Frequencies::of(&described);
    let people: Vec<Person> = described.iter().map(|d| Person::new(d, &frequencies)).collect();
    let rules = Rules::standard().by(edition);
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    // By the keys of the time: which pairs are compared has a version of its own.
    let of_the_time = |key: &BlockingKey| key.scheme != Scheme::NameBirth;
    let keys: Vec<Vec<BlockingKey>> =
        people.iter().map(|person| blocking_keys(person).into_iter().filter(of_the_time).collect()).collect();
    for (one, other) in candidates(&keys, LARGEST_BLOCK) {
        let score = rules.score(&people[one], &people[other]);
        let said = format!("{one}:{other}:{}:{:.3}:{:?};", score.grade.as_str(), score.total, score.doubt);
        for byte in said.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// Whoever makes the program judge otherwise brings another [`Edition`], so that rules in force say by which they are meant
/// and a review shows what changes; the editions of before judge as they did.
#[test]
fn an_edition_judges_as_it_always_did() {
    let judged = [Edition::First, Edition::Second, Edition::Third].map(judgements);
    assert_eq!(judged, [0x7de1_9997_79fb_afcf, 0x0201_31c7_116d_2d2c, 0x0201_31c7_116d_2d2c], "{judged:#x?}");
}

#[test]
fn a_town_is_sorted_out() {
    for seed in [1, 2, 3] {
        let outcome = judged(&town(INHABITANTS, seed), &Rules::standard());
        let kept = outcome.kept as f64 / outcome.true_pairs as f64;
        let summary = format!(
            "seed {seed}: {} true pairs, {} compared, {kept:.4} kept; certain p {:.4} r {:.4}; probable p {:.4} r {:.4} f1 {:.4}; possible p {:.4} r {:.4}",
            outcome.true_pairs,
            outcome.compared,
            outcome.precision(Grade::Certain),
            outcome.recall(Grade::Certain),
            outcome.precision(Grade::Probable),
            outcome.recall(Grade::Probable),
            outcome.f1(Grade::Probable),
            outcome.precision(Grade::Possible),
            outcome.recall(Grade::Possible),
        );
        println!("{summary}");
        assert!(outcome.f1(Grade::Probable) >= 0.97, "{summary}");
        assert!(outcome.precision(Grade::Certain) >= 0.999, "{summary}");
        assert!(outcome.recall(Grade::Certain) >= 0.70, "{summary}");
        assert!(kept >= 0.99, "{summary}");
    }
}

#[test]
fn families_are_never_certain() {
    let sheets = town(INHABITANTS, 4);
    let people = people(&sheets);
    let mut homes: HashMap<u32, Vec<usize>> = HashMap::new();
    sheets.iter().enumerate().for_each(|(at, sheet)| homes.entry(sheet.household).or_default().push(at));
    let rules = Rules::standard();
    let (mut twins, mut relatives) = (0, 0);
    for home in homes.values() {
        for (nth, one) in home.iter().enumerate() {
            for other in home[nth + 1..].iter().filter(|other| sheets[**other].person != sheets[*one].person) {
                let score = rules.score(&people[*one], &people[*other]);
                assert_ne!(score.grade, Grade::Certain, "{:?}", score.findings);
                relatives += 1;
                twins += usize::from(sheets[*one].born == sheets[*other].born);
            }
        }
    }
    assert!(relatives > 500 && twins > 10, "{relatives} relatives, {twins} twins");
}

#[test]
fn a_number_that_everybody_has_is_no_ground_for_anything() {
    let mut sheets = town(200, 5);
    for sheet in &mut sheets {
        sheet.mobile = "600000000".to_owned();
        sheet.email = "info@x.example".to_owned();
    }
    let bombed = judged(&sheets, &Rules::standard());
    for sheet in &mut sheets {
        sheet.mobile.clear();
        sheet.email.clear();
    }
    let without = judged(&sheets, &Rules::standard());
    assert_eq!(bombed.found, without.found);
    assert_eq!(bombed.compared, without.compared);
}

#[test]
fn the_same_seed_builds_the_same_town() {
    assert!(town(100, 7) == town(100, 7));
    assert!(town(100, 7) != town(100, 8));
}

#[test]
fn odds_learned_from_unlabelled_pairs_are_as_good_as_those_in_force() {
    let sheets = town(INHABITANTS, 6);
    let people = people(&sheets);
    let compare = |(a, b): (usize, usize)| Comparison::of(&people[a], &people[b]);
    let compared: Vec<Comparison> = pairs_to_compare(&sheets).into_iter().map(compare).collect();
    let draws = (0..10 * people.len()).map(|at| (at % people.len(), (at * 7 + 13) % people.len()));
    let strangers: Vec<Comparison> = draws.filter(|(a, b)| a != b).map(compare).collect();
    let initial = Rules::standard();
    let plan = Plan { version: "learned-1", strangers: &strangers, ..Plan::default() };
    let learned = estimate(&compared, &initial, &plan);
    println!("{} rounds, {:.4} matches", learned.rounds, learned.matches);
    assert!(learned.converged, "after {} rounds", learned.rounds);
    assert_eq!(learned.rules.version(), "learned-1");
    assert_ne!(learned.rules.weight(Field::Address, Level::Far), initial.weight(Field::Address, Level::Far));
    let reversed: Vec<Comparison> = compared.iter().rev().copied().collect();
    assert_eq!(learned, estimate(&reversed, &initial, &plan));
    let outcome = judged(&town(INHABITANTS, 2), &learned.rules);
    println!(
        "learned: probable f1 {:.4}, certain p {:.4} r {:.4}",
        outcome.f1(Grade::Probable),
        outcome.precision(Grade::Certain),
        outcome.recall(Grade::Certain)
    );
    assert!(outcome.f1(Grade::Probable) >= 0.95, "f1 {:.4}", outcome.f1(Grade::Probable));
    assert!(outcome.precision(Grade::Certain) >= 0.999, "p {:.4}", outcome.precision(Grade::Certain));
}

#[test]
fn different_valid_documents_veto_certainty_though_all_else_agrees() {
    let mut sheets = town(50, 9);
    sheets.truncate(1);
    let mut double = sheets[0].clone();
    sheets[0].document = "12345678Z".to_owned();
    double.document = "12345679S".to_owned();
    sheets.push(double);
    let people = people(&sheets);
    let score = Rules::standard().score(&people[0], &people[1]);
    assert_eq!(score.doubt, Some(Doubt::DifferentDocuments));
    assert!(score.grade <= Grade::Probable);
    assert!(score.total >= Rules::standard().thresholds().certain);
}

/// What is said of somebody who shares no identifier, no address and no line with anybody.
fn bare([given, first, second]: [String; 3], born: (i16, u8, u8)) -> Sheet {
    let mut sheet = town(1, 1).remove(0);
    (sheet.given, sheet.first, sheet.second, sheet.born) = (given, first, second, Some(born));
    for text in [
        &mut sheet.street,
        &mut sheet.locality,
        &mut sheet.province,
        &mut sheet.postal_code,
        &mut sheet.landline,
        &mut sheet.mobile,
        &mut sheet.email,
        &mut sheet.document,
    ] {
        text.clear();
    }
    sheet
}

/// Of a million records those are made that share a key with hers; the others tell nothing of her.
#[test]
fn among_a_million_somebody_of_common_names_is_found_by_name_and_birth_date() {
    const HERS: [&str; 3] = ["María", "García", "Romero"];
    let her = || bare(HERS.map(str::to_owned), (1975, 3, 9));
    let mut sheets = vec![her(), her()];
    let mut dice = Dice::new(11);
    for _ in 0..1_000_000 {
        let (year, month) = (1940 + dice.below(65) as i16, 1 + dice.below(12) as u8);
        let born = (year, month, 1 + dice.below(28) as u8);
        let name = registered(&mut dice);
        let named = |part: &str| name[0].split(' ').any(|given| given == part) || name[1..].iter().any(|n| n == part);
        let parts = HERS.iter().filter(|part| named(part)).count();
        if parts >= 2 || (parts == 1 && (year, month) == (1975, 3)) || born == (1975, 3, 9) || born == (1975, 9, 3) {
            sheets.push(bare(name, born));
        }
    }
    let neutral = Frequencies::neutral();
    let keys: Vec<Vec<BlockingKey>> =
        sheets.iter().map(|sheet| blocking_keys(&Person::new(&sheet.describe(), &neutral))).collect();
    let mut sizes: HashMap<&BlockingKey, usize> = HashMap::new();
    keys.iter().flatten().for_each(|key| *sizes.entry(key).or_default() += 1);
    let of = |scheme| keys[0].iter().filter(move |key| key.scheme == scheme).map(|key| sizes[key]);
    let crowds: Vec<usize> = [Scheme::Birth, Scheme::Names].into_iter().flat_map(of).collect();
    assert!(crowds.iter().all(|size| *size > LARGEST_BLOCK), "birth date and pairs of names: {crowds:?}");
    let months: Vec<usize> = of(Scheme::NameMonth).collect();
    let crowded = months.iter().filter(|size| **size > LARGEST_BLOCK).count();
    assert!(crowded >= 2, "two of the names with the month: {months:?}");
    let days: Vec<usize> = of(Scheme::NameBirth).collect();
    println!("birth date and pairs of names {crowds:?}, names by month {months:?}, by day {days:?}");
    assert!(days.iter().all(|size| *size <= LARGEST_BLOCK), "{days:?}");
    assert!(candidates_of_each(&keys, LARGEST_BLOCK, MOST_COMPARED).contains(&(0, 1)));
    let people = people(&sheets[..2]);
    let score = Rules::standard().among(1_000_000).score(&people[0], &people[1]);
    assert_eq!(score.grade, Grade::Certain, "{score:?}");
}

/// What a record costs when it comes.
#[test]
fn a_record_has_about_two_dozen_keys() {
    let sheets = town(INHABITANTS, 8);
    let neutral = Frequencies::neutral();
    let keys: Vec<BlockingKey> =
        sheets.iter().flat_map(|sheet| blocking_keys(&Person::new(&sheet.describe(), &neutral))).collect();
    let each = |keys: usize| keys as f64 / sheets.len() as f64;
    let by_day = keys.iter().filter(|key| key.scheme == Scheme::NameBirth).count();
    println!("{:.2} keys a record, {:.2} of them names by day of birth", each(keys.len()), each(by_day));
    assert!(each(keys.len()) < 24.0 && each(by_day) < 4.0);
}
