//! The words of the yearly report: whatever is counted has one, in both languages.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Language;
use ombudsman_escalation_domain::report::words::{Words, words};
use ombudsman_escalation_domain::report::{Audience, Counted, Decided, Received, Reopened, Table, lines};
use ombudsman_escalation_domain::vocabulary::{Ground, Outcome, Stage};

/// A slug of the house, which is shown as it is.
const MOTIVE: &str = "a-motive";
const REGIME: &str = "es.finance";
const CURRENCY: &str = "EUR";

fn received(stage: Stage, ground: Option<Ground>, admitted: bool, closed_from: Option<Stage>) -> Received {
    Received {
        state: stage.to_string(),
        closed_from: closed_from.map(|from| from.to_string()),
        ground: ground.map(|ground| ground.to_string()),
        motive: admitted.then(|| MOTIVE.to_owned()),
        admitted,
        currency: admitted.then(|| CURRENCY.to_owned()),
        count: 1,
        claimed: 5,
        largest: 5,
    }
}

fn decided(outcome: Outcome, came_to: &str, term: &str, yes: bool) -> Decided {
    Decided {
        outcome: outcome.to_string(),
        motive: yes.then(|| MOTIVE.to_owned()),
        came_to: came_to.to_owned(),
        term: term.to_owned(),
        binding: yes,
        departs: yes,
        currency: yes.then(|| CURRENCY.to_owned()),
        count: 1,
        redress: 5,
        largest: 5,
    }
}

/// One of everything that there can be.
fn everything() -> Counted {
    let mut counted = Counted { days: BTreeMap::from([(1, 1)]), ..Counted::default() };
    for stage in Stage::ALL.iter().copied() {
        for admitted in [true, false] {
            counted.received.push(received(stage, None, admitted, None));
            counted.received.push(received(Stage::Closed, None, admitted, Some(stage)));
        }
        counted.decided.push(decided(Outcome::Upheld, stage.as_str(), "in_term", true));
    }
    for ground in Ground::ALL.iter().copied() {
        counted.received.push(received(Stage::Inadmissible, Some(ground), false, None));
    }
    for outcome in Outcome::ALL.iter().copied() {
        for term in ["in_term", "late", "unknown"] {
            counted.decided.push(decided(outcome, "superseded", term, false));
        }
    }
    counted.reopened.push(Reopened { regime: REGIME.to_owned(), motive: Some(MOTIVE.to_owned()), count: 1 });
    counted
}

/// What of all that is counted has no word.
fn without_a_word(words: &Words) -> BTreeSet<String> {
    let keys = lines(&everything(), Audience::Board).into_iter().map(|line| line.key);
    let parts = keys.flat_map(|key| key.split('/').map(str::to_owned).collect::<Vec<_>>());
    parts.filter(|part| !part.is_empty() && words.word(part).is_none()).collect()
}

#[test]
fn everything_that_is_counted_has_a_word_and_slugs_of_the_house_stand_as_they_are() {
    let slugs = BTreeSet::from([MOTIVE, REGIME, CURRENCY].map(str::to_owned));
    for language in [Language::Es, Language::En] {
        assert_eq!(without_a_word(&words(language)), slugs, "{language:?}");
    }
}

#[test]
fn every_stage_ground_and_outcome_is_among_what_is_counted() {
    let keys: BTreeSet<String> = lines(&everything(), Audience::Board).into_iter().map(|line| line.key).collect();
    let stages = Stage::ALL.iter().map(|stage| stage.as_str());
    let words =
        stages.chain(Ground::ALL.iter().map(|one| one.as_str())).chain(Outcome::ALL.iter().map(|one| one.as_str()));
    let missing: Vec<&str> = words.filter(|word| !keys.contains(*word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_table_has_a_title() {
    for language in [Language::Es, Language::En] {
        let words = words(language);
        for table in Table::ALL {
            // As the contract spells it.
            let spelled: String = format!("{table:?}").chars().fold(String::new(), |mut word, letter| {
                if letter.is_uppercase() && !word.is_empty() {
                    word.push('_');
                }
                word.extend(letter.to_lowercase());
                word
            });
            assert_ne!(words.table(&spelled), spelled, "{language:?}");
        }
    }
}
