//! How similar earlier decisions are, and which have to be answered.

use std::collections::BTreeMap;

use kernel::{Classify as _, Personal, ResourceId as _};
use ombudsman_escalation_domain::decision::Answer;
use ombudsman_escalation_domain::precedent::{Asked, Considered, Found, Known, weigh};
use ombudsman_escalation_domain::regime::Regime;
use ombudsman_escalation_domain::vocabulary::Outcome;
use ombudsman_escalation_domain::{CaseId, Refused};
use proptest::prelude::*;

fn case(number: u128) -> CaseId {
    CaseId::from_uuid(kernel::Uuid::from_u128(number))
}

fn answer(point: &str, outcome: Outcome) -> Answer {
    let text = |text: &str| Personal::new(text.to_owned());
    Answer {
        claim_point: point.to_owned(),
        outcome,
        finding: text("x"),
        reason: text("x"),
        remedy: text("x"),
        redress: None,
    }
}

fn found(number: u128, outcome: Outcome, similarity: f64) -> Found {
    let issued_at = "2026-01-01T00:00:00Z".parse().unwrap();
    Found { case: case(number), point: "p1".to_owned(), outcome, issued_at, shared: Vec::new(), similarity }
}

fn considered(number: u128, departure: Option<&str>) -> Considered {
    let departure = departure.map(|text| Personal::new(text.to_owned()));
    Considered { claim_point: "p1".to_owned(), case: case(number), point: "p1".to_owned(), departure }
}

const REASONS: &str = "there the contract named the fee and here no clause of it does";

fn known(found: &[Found]) -> Known {
    BTreeMap::from([("p1".to_owned(), found.to_vec())])
}

fn finance() -> &'static Regime {
    Regime::find("es.finance").unwrap()
}

#[test]
fn every_similar_decision_that_went_another_way_is_named_until_it_is_answered() {
    let shown = known(&[
        found(1, Outcome::Upheld, 0.9),
        found(2, Outcome::NotUpheld, 0.8),
        found(3, Outcome::PartlyUpheld, 0.5),
        found(4, Outcome::Upheld, 0.49),
    ]);
    let answers = [answer("p1", Outcome::NotUpheld)];
    let refused = weigh(&answers, &[], &shown, &Known::new(), finance()).unwrap_err();
    assert_eq!(refused.reason(), "PRECEDENTS_UNANSWERED");
    let Refused::PrecedentsUnanswered { precedents, .. } = &refused else { panic!("{refused:?}") };
    let named = |number: u128| format!("{}/decision#p1 for p1", case(number).name());
    assert_eq!(precedents, &[named(1), named(3)]);

    let one = [considered(1, Some(REASONS))];
    let Err(Refused::PrecedentsUnanswered { precedents, .. }) = weigh(&answers, &one, &shown, &shown, finance()) else {
        panic!("the other is not answered")
    };
    assert_eq!(precedents, [named(3)]);
    let silent = [considered(1, Some(REASONS)), considered(3, None)];
    assert!(weigh(&answers, &silent, &shown, &shown, finance()).is_err(), "to look at it is no answer");
    let both = [considered(1, Some(REASONS)), considered(3, Some(REASONS))];
    let weighed = weigh(&answers, &both, &shown, &shown, finance()).unwrap();
    assert!(weighed.iter().all(|one| one.contrary && one.departure.is_some()));
}

#[test]
fn reasons_that_say_nothing_and_decisions_that_are_none_are_told_together() {
    let shown = known(&[found(1, Outcome::Upheld, 0.9)]);
    let answers = [answer("p1", Outcome::NotUpheld)];
    let given = [
        considered(1, Some("Por los motivos expuestos")),
        considered(7, Some(REASONS)),
        considered(1, Some(REASONS)),
        Considered { claim_point: "p9".to_owned(), ..considered(1, None) },
    ];
    let Err(Refused::DecisionIncomplete { violations, .. }) = weigh(&answers, &given, &shown, &shown, finance()) else {
        panic!("it is incomplete")
    };
    let fields: Vec<&str> = violations.as_slice().iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "precedents[0].departure_reason",
            "precedents[1].decision",
            "precedents[2].decision",
            "precedents[3].claim_point"
        ]
    );
}

#[test]
fn a_decision_that_goes_the_same_way_need_not_be_answered() {
    let shown = known(&[found(1, Outcome::Upheld, 1.0)]);
    let weighed = weigh(&[answer("p1", Outcome::Upheld)], &[], &shown, &Known::new(), finance()).unwrap();
    assert!(weighed.is_empty());
    let weighed = weigh(&[answer("p1", Outcome::Upheld)], &[considered(1, None)], &shown, &shown, finance()).unwrap();
    assert!(!weighed[0].contrary);
}

fn asked() -> impl Strategy<Value = Asked> {
    (1_u64..5_000).prop_flat_map(|points| {
        prop::collection::btree_map("[a-z]{3,6}", 0..=points, 1..30).prop_map(move |words| Asked { words, points })
    })
}

proptest! {
    #[test]
    fn the_shares_of_all_words_make_one_and_a_rarer_word_never_says_less(asked in asked()) {
        let all: f64 = asked.words.keys().map(|word| asked.share([word.as_str()])).sum();
        prop_assert!((all - 1.0).abs() < 1e-9, "{all}");
        let mut by_rarity: Vec<(&String, &u64)> = asked.words.iter().collect();
        by_rarity.sort_by_key(|(_, found)| **found);
        for pair in by_rarity.windows(2) {
            prop_assert!(asked.weight(pair[0].0) >= asked.weight(pair[1].0));
        }
    }

    /// Unless the rarest words are too many to look at, whatever has to be answered shares one of those that are looked for.
    #[test]
    fn what_must_be_answered_is_looked_for(asked in asked(), draw in prop::collection::vec(any::<bool>(), 30)) {
        let shared: Vec<&str> = asked
            .words
            .iter()
            .zip(draw)
            .filter(|((_, found), drawn)| **found > 0 && *drawn)
            .map(|((word, _), _)| word.as_str())
            .collect();
        let rarest = asked.rarest();
        let candidates: u64 = rarest.iter().map(|word| asked.words[*word]).sum();
        let misses = !shared.iter().any(|word| rarest.contains(word));
        if asked.share(shared.iter().copied()) >= 0.5 && misses {
            let left = asked.words.iter().filter(|(word, found)| **found > 0 && !rarest.contains(&word.as_str()));
            let next = left.map(|(_, found)| *found).min().unwrap_or_default();
            prop_assert!(candidates + next > 3_000, "{rarest:?} leave {shared:?} of {asked:?}");
        }
        prop_assert!(candidates <= 3_000 || rarest.len() == 1);
    }
}
