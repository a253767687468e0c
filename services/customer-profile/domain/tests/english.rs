//! The matching rules held against people written down in English, in the columns that benchmarks of record linkage have
//! (given name, surname, street number, address, suburb, postcode, state, birth date, social security number): nothing that
//! is tuned for Spain may cost others.

#[path = "english/roll.rs"]
mod roll;

use std::collections::HashMap;

use roll::{Entry, roll};
use ventanilla_customer_profile_domain::matching::{
    Description, EXPECTED_RECORDS, Frequencies, Grade, LARGEST_BLOCK, MOST_COMPARED, Person, Rules, blocking_keys,
    candidates_of_each,
};

/// How a roll is sorted out, as the service does it for a middling firm: true pairs, those that are compared, and pairs of each grade and truth.
struct Outcome {
    true_pairs: f64,
    found: HashMap<(Grade, bool), f64>,
}

impl Outcome {
    fn of(entries: &[Entry]) -> Self {
        let described: Vec<Description<'_>> = entries.iter().map(Entry::describe).collect();
        let frequencies = Frequencies::of_carriers(&described);
        let people: Vec<Person> = described.iter().map(|d| Person::new(d, &frequencies)).collect();
        let mut sizes: HashMap<u32, u32> = HashMap::new();
        entries.iter().for_each(|entry| *sizes.entry(entry.person).or_default() += 1);
        let true_pairs = sizes.values().map(|size| f64::from(size * (size - 1) / 2)).sum();
        let (rules, mut found) = (Rules::standard().among(EXPECTED_RECORDS), HashMap::new());
        let neutral = Frequencies::neutral();
        let keys: Vec<_> = described.iter().map(|d| blocking_keys(&Person::new(d, &neutral))).collect();
        for (one, other) in candidates_of_each(&keys, LARGEST_BLOCK, MOST_COMPARED) {
            let grade = rules.score(&people[one], &people[other]).grade;
            *found.entry((grade, entries[one].person == entries[other].person)).or_default() += 1.0;
        }
        Self { true_pairs, found }
    }

    fn at_least(&self, least: Grade, same: bool) -> f64 {
        self.found.iter().filter(|((grade, is), _)| *grade >= least && *is == same).map(|(_, count)| count).sum()
    }

    fn precision(&self, least: Grade) -> f64 {
        let right = self.at_least(least, true);
        right / (right + self.at_least(least, false))
    }

    fn f1(&self, least: Grade) -> f64 {
        let (precision, recall) = (self.precision(least), self.at_least(least, true) / self.true_pairs);
        2.0 * precision * recall / (precision + recall)
    }
}

/// One duplicate each with one slip, and up to three with up to three slips.
#[test]
fn an_english_roll_is_sorted_out() {
    for (seed, most, slips, floor) in [(1, 1, 1, 0.99), (2, 3, 3, 0.97), (3, 1, 3, 0.97)] {
        let outcome = Outcome::of(&roll(500, most, slips, seed));
        let (f1, certain) = (outcome.f1(Grade::Probable), outcome.precision(Grade::Certain));
        println!("seed {seed}: {} true pairs; probable f1 {f1:.4}; certain p {certain:.4}", outcome.true_pairs);
        assert!(outcome.true_pairs > 300.0);
        assert!(f1 >= floor, "seed {seed}: f1 {f1:.4}");
        assert!(certain >= 0.999, "seed {seed}: certain precision {certain:.4}");
        assert!(outcome.at_least(Grade::Certain, true) / outcome.true_pairs > 0.2, "seed {seed}: nothing is certain");
    }
}

#[test]
fn neighbours_who_share_a_name_stay_two() {
    let entries = roll(300, 0, 0, 4);
    let outcome = Outcome::of(&entries);
    assert_eq!(outcome.true_pairs, 0.0);
    assert_eq!(outcome.at_least(Grade::Certain, false), 0.0);
}
