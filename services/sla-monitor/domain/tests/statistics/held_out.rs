//! What would have been foretold of affairs that are over.

use proptest::prelude::*;
use ventanilla_sla_monitor_domain::foresight::{Curve, HeldOut, Past, Record, TooFew, held_out};

use super::chance::Chance;

const SHARES: [u8; 3] = [25, 50, 75];
const DAY: f64 = 86_400_000_000.0;

/// A house that takes in an affair every so often, answers three of four in a week and the others in a month, on average, and owes an answer in 21
/// days; taken at the end of the history.
fn house(affairs: usize, seed: u64) -> (Vec<Past>, i64) {
    let mut chance = Chance(seed);
    let mut received = 0;
    let mut history: Vec<Past> = (0..affairs)
        .map(|_| {
            received += chance.wait(DAY / 40.0);
            let mean = if chance.happens(0.75) { 7.0 } else { 30.0 };
            let answered = Some(received + chance.wait(mean * DAY));
            Past { received, answered, due: received + (21.0 * DAY) as i64, still: 0 }
        })
        .collect();
    for past in &mut history {
        past.answered = past.answered.filter(|answered| *answered <= received);
    }
    (history, received)
}

fn record(told: &HeldOut) -> Record {
    let mut record = Record::default();
    record.extend(told.predictions.iter().map(|prediction| prediction.outcome));
    record
}

#[test]
fn what_was_foretold_came_about_as_often_as_it_was_foretold() {
    let (history, until) = house(8_000, 14);
    let told = held_out(&history, until, &SHARES);
    let calibration = record(&told).calibration().unwrap();
    assert!(
        calibration.count > 7_000 && told.too_few.len() < 400,
        "{} told, {} not",
        calibration.count,
        told.too_few.len()
    );
    assert!(calibration.reliability < 0.002, "{calibration:?}");
    assert!(calibration.skill.unwrap() > 0.05, "{calibration:?}");
    for row in calibration.rows.iter().filter(|row| row.count >= 400) {
        assert!((row.told - row.observed).abs() < 0.05, "{row:?}");
    }
}

#[test]
fn leaving_out_what_still_waits_would_be_too_hopeful() {
    // At the end of a short history most of the slow ones wait still.
    let (history, until) = house(1_000, 9);
    let ages =
        || history.iter().filter_map(|past| past.answered.map(|answered| answered - past.received)).collect::<Vec<_>>();
    let open = history.iter().filter(|past| past.answered.is_none()).map(|past| until - past.received).collect();
    let truth = 0.75 * (-3.0_f64).exp() + 0.25 * (-0.7_f64).exp();
    let due = (21.0 * DAY) as i64;
    let (all, answered) = (Curve::new(ages(), open).beyond(due), Curve::new(ages(), vec![]).beyond(due));
    assert!((all - truth).abs() < 0.03 && truth - answered > 0.06, "{truth}: {all} against {answered}");
}

#[test]
fn a_curve_that_is_drawn_anew_each_time_tells_nearly_the_same() {
    let (history, until) = house(2_500, 3);
    let told = held_out(&history, until, &SHARES);
    let (mut distance, mut compared) = (0.0, 0.0);
    for prediction in told.predictions.iter().skip(500).step_by(7) {
        let (mut answered, mut open) = (Vec::new(), Vec::new());
        for past in history.iter().filter(|past| past.received < prediction.at) {
            match past.answered.filter(|at| *at < prediction.at) {
                Some(at) => answered.push(at - past.received),
                None => open.push(prediction.at - past.received),
            }
        }
        let Past { received, due, .. } = history[prediction.affair];
        let Some(fresh) = Curve::new(answered, open).breach(prediction.at - received, due - received) else { continue };
        distance += (fresh.breach - prediction.outcome.told()).abs();
        compared += 1.0;
    }
    assert!(compared > 100.0 && distance / compared < 0.02, "{distance} over {compared}");
}

#[test]
fn each_is_told_at_its_moment_and_only_while_it_was_open() {
    let (history, until) = house(2_000, 5);
    let told = held_out(&history, until, &SHARES);
    assert!(told.predictions.len() > 500, "{}", told.predictions.len());
    for prediction in told.predictions {
        let past = history[prediction.affair];
        assert_eq!(prediction.at, past.received + (past.due - past.received) / 4 * i64::from(prediction.share / 25));
        assert!(past.answered.is_none_or(|answered| answered > prediction.at) && past.due < until);
        assert_eq!(prediction.outcome.breached(), past.answered.is_none_or(|answered| answered > past.due));
    }
}

#[test]
fn nothing_is_told_of_nothing() {
    assert_eq!(held_out(&[], 0, &SHARES), HeldOut::default());
    let past = |answered, due| Past { received: 5, answered, due, still: 0 };
    let odd = [past(None, 5), past(Some(6), 9)];
    assert_eq!(
        held_out(&odd, 100, &[0, 100]),
        HeldOut { predictions: vec![], too_few: vec![TooFew { affair: 1, share: 0, at_least: 0.0 }] }
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn the_future_changes_nothing_that_was_told(seed in any::<u64>(), cut in 0.4..0.9_f64, later in 0..1_000_000_000_000_i64) {
        let (history, until) = house(1_600, seed);
        let now = (until as f64 * cut) as i64;
        // Another future: whatever came after `now` came later or never, and other affairs came.
        let mut other: Vec<Past> = history.iter().copied().filter(|past| past.received <= now).collect();
        for (n, past) in other.iter_mut().enumerate() {
            past.answered = match past.answered {
                Some(answered) if answered > now => (n % 2 == 0).then_some(answered.saturating_add(later)),
                told => told,
            };
        }
        let told = |history: &[Past]| -> Vec<(i64, usize, u8, f64)> {
            let told = held_out(history, until, &SHARES).predictions.into_iter().filter(|told| told.at <= now);
            told.map(|told| (told.at, told.affair, told.share, told.outcome.told())).collect()
        };
        let before = told(&history);
        prop_assert!(before.len() > 50, "only {} were told", before.len());
        prop_assert_eq!(before, told(&other));
    }
}
