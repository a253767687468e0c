//! What follows a decision elsewhere: what a review makes of it, what a cause that comes again opens once more, how a slip is corrected.

use jiff::Timestamp;
use kernel::{Language, Personal, ResourceId as _, Uuid};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::decision::Answer;
use ombudsman_escalation_domain::document::{Line, read};
use ombudsman_escalation_domain::matter::Amount;
use ombudsman_escalation_domain::notice::Corrected;
use ombudsman_escalation_domain::obligation::{Obligation, Proof};
use ombudsman_escalation_domain::recurrence::{Met, reopens};
use ombudsman_escalation_domain::review::repeats;
use ombudsman_escalation_domain::vocabulary::{DecisionText, ObligationKind, Outcome};
use proptest::prelude::*;

fn answer(point: &str, outcome: Outcome, remedy: &str, redress: Option<i64>) -> Answer {
    let personal = |text: &str| Personal::new(text.to_owned());
    Answer {
        claim_point: point.to_owned(),
        outcome,
        finding: personal("the statement shows two charges"),
        reason: personal("the contract allows one"),
        remedy: personal(remedy),
        redress: redress.map(|minor| Amount::new(minor, "EUR").expect("an amount")),
    }
}

#[test]
fn a_review_repeats_a_decision_when_every_point_has_the_same_effect_to_the_letter_and_only_then() {
    let (upheld, refused) = (Outcome::Upheld, Outcome::NotUpheld);
    let decided = vec![answer("p1", upheld, "refund", Some(4_205)), answer("p2", refused, "nothing", None)];
    let mut alike = decided.clone();
    alike.reverse();
    alike[1].finding = Personal::new("found once more, in other words".to_owned());
    alike[1].reason = Personal::new("and for another reason".to_owned());
    assert!(repeats(&alike, &decided));
    let otherwise = [
        vec![answer("p1", Outcome::PartlyUpheld, "refund", Some(4_205)), decided[1].clone()],
        vec![answer("p1", upheld, "refund with interest", Some(4_205)), decided[1].clone()],
        vec![answer("p1", upheld, "refund", Some(4_206)), decided[1].clone()],
        vec![answer("p1", upheld, "refund", None), decided[1].clone()],
        vec![decided[0].clone()],
        vec![decided[0].clone(), answer("p3", refused, "nothing", None)],
        [decided.clone(), vec![answer("p3", refused, "nothing", None)]].concat(),
    ];
    for other in otherwise {
        assert!(!repeats(&other, &decided) && !repeats(&decided, &other), "{other:?}");
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("an instant")
}

proptest! {
    /// Held against the definition in words: of what was met strictly before the facts, the last.
    #[test]
    fn what_is_opened_once_more_is_the_last_that_was_met_before_these_facts(
        met in prop::collection::vec((0_i64..20, 0_u128..4, 1_u32..3), 0..8), facts in prop::option::of(0_i64..20), outcome in 0_usize..3,
    ) {
        let of = |(done, case, number): (i64, u128, u32)| Met {
            case: CaseId::from_uuid(Uuid::from_u128(case)),
            number,
            debtor: "billing".parse().expect("a slug"),
            done_at: at(done),
        };
        let all: Vec<Met> = met.into_iter().map(of).collect();
        let outcome = Outcome::ALL[outcome];
        let found = reopens(outcome, facts.map(at), all.clone());
        match found {
            None => prop_assert!(outcome == Outcome::NotUpheld || facts.is_none_or(|facts| all.iter().all(|one| one.done_at >= at(facts)))),
            Some(one) => {
                let facts = at(facts.expect("known"));
                prop_assert!(outcome != Outcome::NotUpheld && all.contains(&one) && one.done_at < facts);
                prop_assert!(all.iter().all(|other| other.done_at >= facts || other.done_at <= one.done_at));
            }
        }
    }

    /// No line of what somebody wrote can pass for one of the document's own.
    #[test]
    fn whatever_was_written_a_correction_has_its_own_lines_and_no_others(stood in "\\PC{0,40}", stands in "[a-z:\\n\\r #]{0,60}") {
        let corrected = |stood: &str, stands: &str| {
            let correction = Corrected {
                office: "Defensor",
                case: CaseId::from_uuid(Uuid::from_u128(7)),
                number: 2,
                corrects: [171; 32],
                part: DecisionText::Finding,
                claim_point: Some("p1"),
                stood,
                stands,
                reason: "misread",
                by: "elena",
                at: at(1_700_000_000),
                language: Language::Es,
            };
            correction.text()
        };
        let labels = |text: &str| -> Vec<String> {
            let own = |line: Line<'_>| match line {
                Line::Field(label, _) => Some(label.to_owned()),
                Line::Heading(title) => Some(title.to_owned()),
                Line::More(_) => None,
            };
            read(text).1.into_iter().filter_map(own).collect()
        };
        prop_assert_eq!(labels(&corrected(&stood, &stands)), labels(&corrected("a", "b")));
    }
}

#[test]
fn a_correction_names_what_it_corrects_by_its_hash_and_says_it_in_the_language_of_the_decision() {
    let case = CaseId::from_uuid(Uuid::from_u128(7));
    let mut correction = Corrected {
        office: "Defensor de la Clientela",
        case,
        number: 2,
        corrects: [171; 32],
        part: DecisionText::Finding,
        claim_point: Some("p1"),
        stood: "the 3rd",
        stands: "the 5th",
        reason: "misread",
        by: "elena",
        at: at(1_700_000_000),
        language: Language::Es,
    };
    let spanish = correction.text();
    for told in [
        format!("Corrige el texto con el SHA-256: {}", "ab".repeat(32)),
        "Donde dice: the 3rd\nDebe decir: the 5th".to_owned(),
    ] {
        assert!(spanish.contains(&told), "{told} is not in\n{spanish}");
    }
    correction.language = Language::En;
    assert!(correction.text().contains("Where it says: the 3rd\nIt is to say: the 5th"));
    let seal = correction.seal([1; 32], "0f".to_owned());
    assert_eq!(
        seal.facts,
        [format!("{}/decision/corrections/2", case.name()), "ab".repeat(32), "2023-11-14T22:13:20.000000Z".to_owned()]
    );
}

fn days(days: i64) -> Timestamp {
    at(1_700_000_000 + days * 86_400)
}

/// An order that is owed for thirty days.
fn order() -> Obligation {
    Obligation::new(ObligationKind::Order, "billing".parse().expect("a slug"), 9, (days(0), days(30)))
}

#[test]
fn a_proof_that_was_brought_in_time_counts_when_it_was_brought_and_one_that_does_not_hold_counts_for_nothing() {
    let owed = order();
    let proved = owed.clone().prove(Proof { entry: 11, at: days(29) }).expect("owed");
    let told_late = proved.clone().fall_due(owed.due);
    assert!(!told_late.is_overdue());
    assert_eq!(told_late.clone().judge(true).expect("holds").done_at, Some(days(29)));
    assert!(told_late.judge(false).expect("does not hold").is_overdue());
    assert_eq!(proved.judge(true).expect("holds").fall_due(owed.due).overdue_at, None);
    assert!(owed.clone().judge(true).is_err());
    assert!(owed.fall_due(days(30)).is_overdue());
}

#[test]
fn what_lapses_with_its_decision_is_owed_no_more_while_what_was_met_stays_met_and_what_was_missed_stays_missed() {
    let lapsed = order().lapse(days(10));
    assert_eq!((lapsed.lapsed_at, lapsed.is_open()), (Some(days(10)), false));
    assert_eq!(lapsed.clone().lapse(days(11)), lapsed);
    assert_eq!(lapsed.clone().fall_due(days(30)), lapsed, "its time is over after it was owed no more");
    let missed = order().fall_due(days(30)).lapse(days(40));
    assert_eq!((missed.overdue_at, missed.is_overdue()), (Some(days(30)), false));
    let met = order().prove(Proof { entry: 11, at: days(5) }).and_then(|owed| owed.judge(true)).expect("met");
    assert_eq!(met.clone().lapse(days(10)), met);
}
