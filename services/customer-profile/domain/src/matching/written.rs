//! Rules as a file keeps them, so that what was learned from a firm's own people can be looked at, kept and used.

use serde::{Deserialize, Serialize};

use super::edition::Edition;
use super::level::{Field, Level};
use super::rules::{FamilyAllowance, Odds, Rules, Thresholds};

/// Rules in a form that can be written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenRules {
    /// Version; stored with every judgement.
    pub version: String,
    /// The least score of each grade, in bits.
    pub thresholds: Thresholds,
    /// What members of one family may have in common, in bits.
    pub family_allowance: FamilyAllowance,
    /// How likely each level of each field is.
    pub odds: Vec<WrittenOdds>,
    /// Edition of the program that they are made for; the first of those that were kept before there were others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<Edition>,
}

/// How likely one level of one field is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenOdds {
    /// Field.
    pub field: String,
    /// Level.
    pub level: String,
    /// Among two records of one person.
    pub m: f64,
    /// Among records of two people.
    pub u: f64,
}

/// What is wrong with written rules.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RulesFault {
    /// No version, or a very long one.
    #[error("version must have 1 to 48 characters")]
    Version,
    /// Thresholds that do not rise, or are no numbers.
    #[error("thresholds must rise from possible over probable to certain")]
    Thresholds,
    /// An allowance that is none.
    #[error("family_allowance must not be negative")]
    Allowance,
    /// Odds of what is not compared, or twice the same.
    #[error("odds of {0}.{1} are not asked for, or given twice")]
    Unasked(String, String),
    /// Odds that are missing.
    #[error("odds of {0}.{1} are missing")]
    Missing(&'static str, &'static str),
    /// A number that is no probability above zero.
    #[error("odds of {0}.{1} must lie above 0 and not above 1")]
    NoProbability(&'static str, &'static str),
    /// Probabilities that are not whole.
    #[error("the {1} of {0} must add up to 1")]
    NotWhole(&'static str, &'static str),
}

/// How far a sum of probabilities may be from one.
const SLACK: f64 = 1e-6;

impl From<&Rules> for WrittenRules {
    fn from(rules: &Rules) -> Self {
        let odds = asked().filter_map(|(field, level)| {
            let Odds { m, u } = rules.odds(field, level)?;
            Some(WrittenOdds { field: field.as_str().to_owned(), level: level.as_str().to_owned(), m, u })
        });
        Self {
            version: rules.version().to_owned(),
            thresholds: rules.thresholds(),
            family_allowance: rules.family_allowance(),
            odds: odds.collect(),
            edition: Some(rules.edition()),
        }
    }
}

/// The fields and levels that have odds.
fn asked() -> impl Iterator<Item = (Field, Level)> {
    let standard = Rules::standard();
    let all = Field::ALL.into_iter().flat_map(|field| Level::ALL.into_iter().map(move |level| (field, level)));
    all.filter(move |(field, level)| standard.odds(*field, *level).is_some())
}

impl WrittenRules {
    /// The same rules as a file gives them: of one from before there were editions, by the present one.
    #[must_use]
    pub fn of_file(self) -> Self {
        Self { edition: self.edition.or(Some(Edition::CURRENT)), ..self }
    }

    /// The rules.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn read(&self) -> Result<Rules, Vec<RulesFault>> {
        let mut faults = Vec::new();
        if !(1..=48).contains(&self.version.chars().count()) {
            faults.push(RulesFault::Version);
        }
        let Thresholds { possible, probable, certain } = self.thresholds;
        let rise = possible <= probable && probable <= certain && [possible, certain].into_iter().all(f64::is_finite);
        if !rise {
            faults.push(RulesFault::Thresholds);
        }
        let FamilyAllowance { relatives, twins } = self.family_allowance;
        if ![relatives, twins].into_iter().all(|bits| bits.is_finite() && bits >= 0.0) {
            faults.push(RulesFault::Allowance);
        }
        let mut given: Vec<&WrittenOdds> = self.odds.iter().collect();
        let mut odds = Vec::new();
        for (field, level) in asked() {
            let (field_word, level_word) = (field.as_str(), level.as_str());
            let Some(nth) = given.iter().position(|o| o.field == field_word && o.level == level_word) else {
                faults.push(RulesFault::Missing(field_word, level_word));
                continue;
            };
            let WrittenOdds { m, u, .. } = *given.swap_remove(nth);
            if ![m, u].into_iter().all(|part| part > 0.0 && part <= 1.0) {
                faults.push(RulesFault::NoProbability(field_word, level_word));
            }
            odds.push((field, level, Odds { m, u }));
        }
        faults.extend(given.into_iter().map(|o| RulesFault::Unasked(o.field.clone(), o.level.clone())));
        for field in Field::ALL {
            let of_field = || odds.iter().filter(move |(of, ..)| *of == field).map(|(.., odds)| odds);
            for (word, sum) in [("m", of_field().map(|o| o.m).sum::<f64>()), ("u", of_field().map(|o| o.u).sum())] {
                if of_field().next().is_some() && (sum - 1.0).abs() > SLACK {
                    faults.push(RulesFault::NotWhole(field.as_str(), word));
                }
            }
        }
        if faults.is_empty() {
            let edition = self.edition.unwrap_or_default();
            Ok(Rules::of(&self.version, self.thresholds, self.family_allowance, &odds, edition))
        } else {
            Err(faults)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back_to_the_last_bit() {
        let rules = Rules::standard();
        assert_eq!(WrittenRules::from(&rules).read(), Ok(rules));
    }

    #[test]
    fn rules_that_were_kept_before_there_were_editions_are_of_the_first_and_a_file_is_of_the_present_one() {
        let written = WrittenRules::from(&Rules::standard());
        assert_eq!(written.edition, Some(Edition::CURRENT));
        let kept = WrittenRules { edition: None, ..written };
        let edition = |written: &WrittenRules| written.read().unwrap().edition();
        assert_eq!((edition(&kept), edition(&kept.clone().of_file())), (Edition::First, Edition::CURRENT));
        assert_eq!(kept.read().unwrap().among(1 << 20).version(), "weights-1 among 2^20", "as it was called");
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let mut written = WrittenRules::from(&Rules::standard());
        written.version.clear();
        written.thresholds.certain = 1.0;
        written.family_allowance.twins = -1.0;
        let first = written.odds[0].clone();
        written.odds[0].m = 0.0;
        written.odds.push(WrittenOdds { field: "shoe_size".to_owned(), ..first });
        let last_asked = written.odds.remove(1);
        let faults = written.read().unwrap_err();
        let (field, level) = (Field::GivenName.as_str(), Level::Variant.as_str());
        assert_eq!((last_asked.field.as_str(), last_asked.level.as_str()), (field, level));
        for fault in [
            RulesFault::Version,
            RulesFault::Thresholds,
            RulesFault::Allowance,
            RulesFault::Missing(field, level),
            RulesFault::NoProbability(field, "exact"),
            RulesFault::Unasked("shoe_size".to_owned(), "exact".to_owned()),
            RulesFault::NotWhole(field, "m"),
            RulesFault::NotWhole(field, "u"),
        ] {
            assert!(faults.contains(&fault), "{fault}: {faults:?}");
        }
    }
}
