//! The numbers of the score: how often each level of agreement occurs among pairs of records of
//! one person and of two, and from what score on which grade is given. A value with a version, so
//! that every judgement can name the rules it was made by.

use serde::{Deserialize, Serialize};

use super::edition::Edition;
use super::level::{Field, Grade, Level};

/// How likely a level is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Odds {
    /// Among two records of one person.
    pub m: f64,
    /// Among records of two people.
    pub u: f64,
}

/// The least score of each grade.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Of `possible`.
    pub possible: f64,
    /// Of `probable`.
    pub probable: f64,
    /// Of `certain`.
    pub certain: f64,
}

/// What members of one family may have in common before the rest of it counts for nothing, in bits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyAllowance {
    /// Parents, children, siblings, spouses.
    pub relatives: f64,
    /// Those born on one day.
    pub twins: f64,
}

/// How many records are expected where nobody says: a middling firm's.
pub const EXPECTED_RECORDS: u64 = 100_000;

/// What a score may lack of the number of strangers, in bits, and still be worth a steward's look.
const EVEN_ODDS: f64 = 0.5;
/// What a score must have beyond the number of strangers, in bits, so that not one in ten thousand is one.
const ONE_IN_TEN_THOUSAND: f64 = 13.3;

const FIELDS: usize = Field::ALL.len();
const LEVELS: usize = Level::ALL.len();

/// Everything a score depends on besides the two records.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    version: String,
    odds: [[Option<Odds>; LEVELS]; FIELDS],
    weights: [[f64; LEVELS]; FIELDS],
    /// log2 of u: how often strangers agree, in the unit of weights.
    chances: [[f64; LEVELS]; FIELDS],
    thresholds: Thresholds,
    family_allowance: FamilyAllowance,
    edition: Edition,
}

impl Rules {
    /// The rules in force. The odds are rounded estimates by hand of how often people mistype, move
    /// and change numbers, and how often two strangers agree; no optimiser has seen them. What a
    /// family may share was settled by looking at mistakes, on generated towns and on public files
    /// of made-up people; a real population deserves an [`estimate`](super::estimate).
    pub fn standard() -> Self {
        let mut rules = Self {
            version: "weights-1".to_owned(),
            odds: [[None; LEVELS]; FIELDS],
            weights: [[0.0; LEVELS]; FIELDS],
            chances: [[0.0; LEVELS]; FIELDS],
            thresholds: Thresholds { possible: 6.0, probable: 13.0, certain: 28.0 },
            family_allowance: FamilyAllowance { relatives: 8.0, twins: 16.5 },
            edition: Edition::CURRENT,
        };
        for (field, level, m, u) in STANDARD {
            rules.odds[*field as usize][*level as usize] = Some(Odds { m: *m, u: *u });
        }
        rules.weighed()
    }

    /// Rules put together from their parts.
    pub(super) fn of(
        version: &str,
        thresholds: Thresholds,
        family_allowance: FamilyAllowance,
        odds: &[(Field, Level, Odds)],
        edition: Edition,
    ) -> Self {
        let mut rules = Self { version: version.to_owned(), thresholds, family_allowance, edition, ..Self::standard() };
        rules.odds = [[None; LEVELS]; FIELDS];
        for (field, level, odds) in odds {
            rules.odds[*field as usize][*level as usize] = Some(*odds);
        }
        rules.weighed()
    }

    /// The same rules among so many records. The more strangers there are, the more of them agree by chance: with
    /// `n` records a score of log2 `n` bits is as often a stranger's as it is not, whatever the odds of each field say
    /// (the prior of Fellegi and Sunter). `n` counts as the next power of two, which the version names, as it names every
    /// edition but the first.
    #[must_use]
    pub fn among(&self, records: u64) -> Self {
        let power = records.max(1).next_power_of_two().trailing_zeros();
        let strangers = f64::from(power);
        let Thresholds { possible, probable, certain } = self.thresholds;
        let thresholds = Thresholds {
            possible: possible.max(strangers - EVEN_ODDS - 6.0),
            probable: probable.max(strangers - EVEN_ODDS),
            certain: certain.max(strangers + ONE_IN_TEN_THOUSAND),
        };
        let edition = match self.edition {
            Edition::First => String::new(),
            later => format!(" and {}", later.as_str()),
        };
        self.with_thresholds(&format!("{}{edition} among 2^{power}", self.version), thresholds)
    }

    /// The same rules with other odds, under another version.
    pub(super) fn with_odds(&self, version: &str, odds: [[Option<Odds>; LEVELS]; FIELDS]) -> Self {
        Self { version: version.to_owned(), odds, ..self.clone() }.weighed()
    }

    /// The same rules with other thresholds, under another version.
    pub fn with_thresholds(&self, version: &str, thresholds: Thresholds) -> Self {
        Self { version: version.to_owned(), thresholds, ..self.clone() }
    }

    fn weighed(mut self) -> Self {
        for field in 0..FIELDS {
            for level in 0..LEVELS {
                let odds = self.odds[field][level];
                self.weights[field][level] = odds.map_or(0.0, |odds| (odds.m / odds.u).log2());
                self.chances[field][level] = odds.map_or(0.0, |odds| odds.u.log2());
            }
        }
        self
    }

    /// What equal values of this share of all people (as log2) add to the score. A count is never
    /// trusted further than three bits either way.
    pub(super) fn weight_of_share(&self, field: Field, share: f32) -> f64 {
        let rarer = self.chances[field as usize][Level::Exact as usize] - f64::from(share);
        self.weight(field, Level::Exact) + rarer.clamp(-3.0, 3.0)
    }

    /// Version; stored with every judgement.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The least score of each grade.
    pub const fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// Edition of the program that they are made for.
    pub const fn edition(&self) -> Edition {
        self.edition
    }

    /// The same rules by another edition.
    #[must_use]
    pub fn by(&self, edition: Edition) -> Self {
        Self { edition, ..self.clone() }
    }

    /// The odds of a level, where the field knows it.
    pub const fn odds(&self, field: Field, level: Level) -> Option<Odds> {
        self.odds[field as usize][level as usize]
    }

    /// What a level adds to the score, in bits.
    pub const fn weight(&self, field: Field, level: Level) -> f64 {
        self.weights[field as usize][level as usize]
    }

    /// What members of one family may have in common.
    pub const fn family_allowance(&self) -> FamilyAllowance {
        self.family_allowance
    }

    /// The grade of a score that no doubt stands against.
    pub fn grade(&self, score: f64) -> Grade {
        if score >= self.thresholds.certain {
            Grade::Certain
        } else if score >= self.thresholds.probable {
            Grade::Probable
        } else if score >= self.thresholds.possible {
            Grade::Possible
        } else {
            Grade::CertainlyNot
        }
    }
}

/// Field, level, m, u. The u of an exact name is that of an average one; where frequencies are
/// known, the name's own takes its place.
const STANDARD: &[(Field, Level, f64, f64)] = &[
    (Field::GivenName, Level::Exact, 0.62, 0.008),
    (Field::GivenName, Level::Variant, 0.12, 0.004),
    (Field::GivenName, Level::Near, 0.10, 0.005),
    (Field::GivenName, Level::Partial, 0.05, 0.020),
    (Field::GivenName, Level::Weak, 0.02, 0.020),
    (Field::GivenName, Level::Far, 0.09, 0.943),
    (Field::FirstSurname, Level::Exact, 0.66, 0.006),
    (Field::FirstSurname, Level::Near, 0.15, 0.004),
    (Field::FirstSurname, Level::Partial, 0.06, 0.010),
    (Field::FirstSurname, Level::Far, 0.13, 0.980),
    (Field::SecondSurname, Level::Exact, 0.76, 0.006),
    (Field::SecondSurname, Level::Near, 0.12, 0.004),
    (Field::SecondSurname, Level::Partial, 0.05, 0.010),
    (Field::SecondSurname, Level::Far, 0.07, 0.980),
    (Field::NameOrder, Level::Exact, 0.93, 0.89),
    (Field::NameOrder, Level::Variant, 0.03, 0.04),
    (Field::NameOrder, Level::Partial, 0.03, 0.03),
    (Field::NameOrder, Level::Weak, 0.01, 0.04),
    (Field::BirthDate, Level::Exact, 0.86, 0.00006),
    (Field::BirthDate, Level::Near, 0.06, 0.0015),
    (Field::BirthDate, Level::Partial, 0.03, 0.006),
    (Field::BirthDate, Level::Far, 0.05, 0.99244),
    (Field::Address, Level::Exact, 0.58, 0.0003),
    (Field::Address, Level::Near, 0.14, 0.0008),
    (Field::Address, Level::Partial, 0.08, 0.005),
    (Field::Address, Level::Weak, 0.06, 0.030),
    (Field::Address, Level::Far, 0.14, 0.9639),
    (Field::Phone, Level::Exact, 0.50, 0.0002),
    (Field::Phone, Level::Variant, 0.15, 0.0004),
    (Field::Phone, Level::Near, 0.05, 0.0005),
    (Field::Phone, Level::Far, 0.30, 0.9989),
    (Field::Email, Level::Exact, 0.60, 0.0002),
    (Field::Email, Level::Near, 0.08, 0.0003),
    (Field::Email, Level::Far, 0.32, 0.9995),
    (Field::NationalId, Level::Exact, 0.86, 0.00001),
    (Field::NationalId, Level::Near, 0.06, 0.0003),
    (Field::NationalId, Level::Partial, 0.02, 0.0012),
    (Field::NationalId, Level::Far, 0.0595, 0.49849),
    (Field::NationalId, Level::Contradicted, 0.0005, 0.5),
    (Field::Account, Level::Exact, 0.30, 0.00001),
    (Field::Account, Level::Far, 0.70, 0.99999),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odds_of_a_field_add_up_to_one() {
        let rules = Rules::standard();
        for field in Field::ALL.into_iter().filter(|field| *field != Field::Family) {
            let all = Level::ALL.map(|level| rules.odds(field, level));
            let sum = |part: fn(&Odds) -> f64| all.iter().flatten().map(part).sum::<f64>();
            assert!((sum(|o| o.m) - 1.0).abs() < 1e-9, "m of {}", field.as_str());
            assert!((sum(|o| o.u) - 1.0).abs() < 1e-9, "u of {}", field.as_str());
        }
    }

    #[test]
    fn the_more_strangers_the_more_it_takes() {
        let few = Rules::standard().among(1_000);
        assert_eq!(few.thresholds(), Rules::standard().thresholds());
        let many = Rules::standard().among(1_000_000);
        assert_eq!(many.version(), "weights-1 and exact-3 among 2^20");
        let Thresholds { possible, probable, certain } = many.thresholds();
        assert!((possible - 13.5).abs() < 1e-9 && (probable - 19.5).abs() < 1e-9 && (certain - 33.3).abs() < 1e-9);
        assert_eq!(Rules::standard().among(1 << 20), many);
        assert_eq!(Rules::standard().among(0).thresholds(), few.thresholds());
    }

    #[test]
    fn nearer_never_weighs_less() {
        let rules = Rules::standard();
        for field in Field::ALL.into_iter().filter(|field| *field != Field::NameOrder) {
            let weights = Level::ALL[..7].iter().filter(|l| rules.odds(field, **l).is_some());
            let weights: Vec<f64> = weights.map(|level| rules.weight(field, *level)).collect();
            assert!(weights.is_sorted_by(|one, other| one >= other), "{}", field.as_str());
        }
    }

    #[test]
    fn what_is_missing_or_shared_weighs_nothing() {
        let rules = Rules::standard();
        for field in Field::ALL {
            assert_eq!(rules.weight(field, Level::Missing), 0.0);
            assert_eq!(rules.weight(field, Level::Shared), 0.0);
        }
    }
}
