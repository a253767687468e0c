//! Similar earlier decisions: how similar, by which words, and which of them a decision has to answer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::{Personal, ResourceId as _, Violations};

use crate::decision::{Answer, generic};
use crate::regime::Regime;
use crate::vocabulary::Outcome;
use crate::{CaseId, Refused};

/// What is less similar is no precedent.
pub const LEAST_SIMILAR: f64 = 0.1;
/// What is as similar and went another way has to be answered with reasons.
pub const MUST_BE_ANSWERED: f64 = 0.5;
/// Of each claim point so many precedents at most have to be answered: the most similar ones, which are those that are shown.
pub const LOOKED_AT: usize = 10;
/// Decided points that are looked at for the words they share, where that is needed to miss none that must be answered.
const MOST_CANDIDATES: u64 = 3_000;
/// So many are looked at in any case.
const FEW_CANDIDATES: u64 = 600;

/// The words of a claim point: each stem, and in how many decided points of its regime and motive it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Stems.
    pub words: BTreeMap<String, u64>,
    /// How many decided points there are.
    pub points: u64,
}

impl Asked {
    /// What a stem says by its rarity (Spärck Jones 1972). A stem that no decided point has says as much as one that a single one has: it is asked, and
    /// no precedent speaks of it.
    pub fn weight(&self, word: &str) -> f64 {
        let Some(found_in) = self.words.get(word) else { return 0.0 };
        #[allow(clippy::cast_precision_loss, reason = "counts of decided points are far below 2^52")]
        let weight = ((self.points + 1) as f64 / (*found_in).clamp(1, self.points.max(1)) as f64).ln();
        weight
    }

    fn all(&self) -> f64 {
        self.words.keys().map(|word| self.weight(word)).sum()
    }

    /// What part of what is asked these stems make, 0 to 1.
    pub fn share<'a>(&self, shared: impl IntoIterator<Item = &'a str>) -> f64 {
        let all = self.all();
        let shared: f64 = shared.into_iter().map(|word| self.weight(word)).sum();
        if all > 0.0 { (shared / all).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The stems by which candidates are looked for, the rarest first: so many that whatever shares none of them is less similar than
    /// [`MUST_BE_ANSWERED`], unless that would take more candidates than can be looked at; and more while candidates are few.
    pub fn rarest(&self) -> Vec<&str> {
        let mut known: Vec<(&str, u64)> =
            self.words.iter().filter(|(_, found)| **found > 0).map(|(word, found)| (word.as_str(), *found)).collect();
        known.sort_by_key(|(word, found)| (*found, *word));
        let all = self.all();
        let mut left: f64 = known.iter().map(|(word, _)| self.weight(word)).sum();
        let mut candidates = 0;
        let mut chosen = Vec::new();
        for (word, found) in known {
            candidates += found;
            let most = if left >= MUST_BE_ANSWERED * all { MOST_CANDIDATES } else { FEW_CANDIDATES };
            if candidates > most && !chosen.is_empty() {
                break;
            }
            left -= self.weight(word);
            chosen.push(word);
        }
        chosen
    }
}

/// An earlier decided point that shares words with a claim point.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The earlier case.
    pub case: CaseId,
    /// Its point.
    pub point: String,
    /// How it went.
    pub outcome: Outcome,
    /// When.
    pub issued_at: Timestamp,
    /// The stems both have.
    pub shared: Vec<String>,
    /// What part of the claim they make.
    pub similarity: f64,
}

impl Found {
    /// Whether a decision that goes another way must say why.
    pub fn must_be_answered(&self) -> bool {
        self.similarity >= MUST_BE_ANSWERED
    }

    /// The point by name.
    pub fn name(&self) -> String {
        format!("{}/decision#{}", self.case.name(), self.point)
    }
}

/// An earlier decided point as it was considered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered {
    /// Point of this case.
    pub claim_point: String,
    /// The earlier case.
    pub case: CaseId,
    /// Its point.
    pub point: String,
    /// Why this case goes another way.
    pub departure: Option<Personal<String>>,
}

/// What is known of the points of a case: for each, the precedents that are shown, and what was found of those that were considered.
pub type Known = BTreeMap<String, Vec<Found>>;

/// A precedent as a decision keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    /// Point of this case.
    pub claim_point: String,
    /// The earlier point.
    pub found: Found,
    /// It had to be answered.
    pub contrary: bool,
    /// Why this case goes another way.
    pub departure: Option<Personal<String>>,
}

/// Holds what was considered against what there is.
///
/// # Errors
/// [`Refused::DecisionIncomplete`] for what cannot be considered and for reasons that say nothing; [`Refused::PrecedentsUnanswered`] naming every
/// similar decision that went another way and is not answered.
pub fn weigh(
    answers: &[Answer],
    considered: &[Considered],
    shown: &Known,
    given: &Known,
    regime: &Regime,
) -> Result<Vec<Weighed>, Refused> {
    let outcomes: BTreeMap<&str, Outcome> =
        answers.iter().map(|answer| (answer.claim_point.as_str(), answer.outcome)).collect();
    let mut violations = Violations::new();
    let mut weighed: Vec<Weighed> = Vec::with_capacity(considered.len());
    for (index, one) in considered.iter().enumerate() {
        let field = |name: &str| format!("precedents[{index}].{name}");
        let Some(outcome) = outcomes.get(one.claim_point.as_str()) else {
            violations.push(field("claim_point"), "is no claim point that is answered");
            continue;
        };
        let same = |found: &&Found| found.case == one.case && found.point == one.point;
        let Some(found) = given.get(&one.claim_point).and_then(|found| found.iter().find(same)) else {
            violations.push(field("decision"), "has no decided point of that id that can be considered");
            continue;
        };
        if weighed.iter().any(|w| w.claim_point == one.claim_point && same(&&w.found)) {
            violations.push(field("decision"), "is considered twice for the same point");
            continue;
        }
        let contrary = found.outcome != *outcome && found.must_be_answered();
        if let Some(fault) = one.departure.as_ref().and_then(|reason| generic::departure(reason.expose())) {
            violations.push(field("departure_reason"), fault);
        }
        let (claim_point, departure) = (one.claim_point.clone(), one.departure.clone());
        weighed.push(Weighed { claim_point, found: found.clone(), contrary, departure });
    }
    violations
        .into_result()
        .map_err(|violations| Refused::DecisionIncomplete { violations, article: regime.answer_article })?;
    unanswered(&outcomes, &weighed, shown, regime)?;
    Ok(weighed)
}

fn unanswered(
    outcomes: &BTreeMap<&str, Outcome>,
    weighed: &[Weighed],
    shown: &Known,
    regime: &Regime,
) -> Result<(), Refused> {
    let answered = |point: &str, found: &Found| {
        let same = |w: &&Weighed| w.claim_point == point && w.found.case == found.case && w.found.point == found.point;
        weighed.iter().find(same).is_some_and(|w| w.departure.is_some())
    };
    let given = weighed.iter().filter(|w| w.contrary).map(|w| (w.claim_point.as_str(), &w.found));
    let shown = shown.iter().flat_map(|(point, found)| found.iter().take(LOOKED_AT).map(|one| (point.as_str(), one)));
    let mut violations = Violations::new();
    let mut precedents: Vec<String> = Vec::new();
    for (point, found) in shown.chain(given) {
        let another_way = outcomes.get(point).is_some_and(|outcome| *outcome != found.outcome);
        let name = format!("{} for {point}", found.name());
        if found.must_be_answered() && another_way && !answered(point, found) && !precedents.contains(&name) {
            violations.push(
                "precedents",
                format!(
                    "{} was {} and is similar to {point}; say why this case goes another way",
                    found.name(),
                    found.outcome
                ),
            );
            precedents.push(name);
        }
    }
    if violations.is_empty() {
        return Ok(());
    }
    Err(Refused::PrecedentsUnanswered { unanswered: violations, precedents, article: regime.answer_article })
}
