//! Whose experience a clock is foretold from, and where what came of it is counted.

use proptest::prelude::*;
use ventanilla_sla_monitor_domain::foresight::{Followed, Judged, Past, by_line, held_out};

const SHARES: [u8; 3] = [25, 50, 75];

fn past(received: i64, took: Option<i64>, term: i64) -> Past {
    Past { received, answered: took.map(|took| received + took), due: received + term, still: 0 }
}

fn followed(department: &str, past: Past) -> Followed {
    let queue = format!("{department}/*/{}", if past.received % 3 == 0 { "ca" } else { "es" });
    Followed { like: "reclamacion/resolve".to_owned(), department: department.to_owned(), queue, past }
}

fn pasts() -> impl Strategy<Value = Vec<Past>> {
    let one = (0_i64..2_000, prop::option::weighted(0.9, 1_i64..400), 50_i64..300);
    prop::collection::vec(one.prop_map(|(received, took, term)| past(received, took, term)), 0..200)
}

proptest! {
    #[test]
    fn one_department_alone_is_told_what_the_house_is_told(pasts in pasts()) {
        let told = held_out(&pasts, 3_000, &SHARES);
        let history: Vec<Followed> = pasts.iter().map(|past| followed("billing", *past)).collect();
        let judged = by_line(&history, 3_000, &SHARES).departments.remove("billing").unwrap_or_default();
        let count = judged.record.calibration().map_or(0, |calibration| calibration.count);
        prop_assert_eq!((count, judged.too_few), (told.predictions.len() as u64, told.too_few.len() as u64));
        let brier = told.predictions.iter().map(|p| (p.outcome.told() - if p.outcome.breached() { 1.0 } else { 0.0 }).powi(2)).sum::<f64>();
        let all = judged.record.calibration().map_or(0.0, |calibration| calibration.brier * calibration.count as f64);
        prop_assert!((brier - all).abs() < 1e-9);
    }

    #[test]
    fn every_moment_is_told_once_or_counted_as_too_few(pasts in pasts(), split in 1_usize..5) {
        let place = |i: usize| if i % 5 < split { "billing" } else { "sales" };
        let history: Vec<Followed> = pasts.iter().enumerate().map(|(i, past)| followed(place(i), *past)).collect();
        let lines = by_line(&history, 3_000, &SHARES);
        let judged = lines.departments;
        let house = held_out(&pasts, 3_000, &SHARES);
        let told: u64 = judged.values().filter_map(|judged| judged.record.calibration()).map(|c| c.count).sum();
        let too_few: u64 = judged.values().map(|judged| judged.too_few).sum();
        prop_assert_eq!(told + too_few, (house.predictions.len() + house.too_few.len()) as u64);
        // The queues of a department are told, all together, what the department is told, and nothing of another's.
        for (department, judged) in &judged {
            let of = |queue: &&String| queue.starts_with(&format!("{department}/"));
            let queues: Vec<_> = lines.queues.iter().filter(|(queue, _)| of(queue)).map(|(_, judged)| judged).collect();
            let sums = |count: fn(&Judged) -> f64| queues.iter().map(|judged| count(judged)).sum::<f64>();
            let counted = |judged: &Judged| judged.record.calibration().map_or(0.0, |c| c.count as f64);
            let squares = |judged: &Judged| judged.record.calibration().map_or(0.0, |c| c.brier * c.count as f64);
            prop_assert!((sums(counted) - counted(judged)).abs() < 1e-9);
            prop_assert!((sums(squares) - squares(judged)).abs() < 1e-9);
            prop_assert_eq!(queues.iter().map(|judged| judged.too_few).sum::<u64>(), judged.too_few);
        }
        // What is told of all is told of more than the house tells by itself: a department's own experience only adds.
        prop_assert!(told >= house.predictions.len() as u64);
    }
}

#[test]
fn what_is_judged_is_what_is_told_where_the_house_tells_on() {
    // The desk answers half at once and half late; the field is quick. One of the desk that waits past most of its own is told half, and no less.
    let mut history: Vec<Followed> = (0..40)
        .map(|i| followed("desk", past(i, Some(if i % 2 == 0 { 40 } else { 90 }), 50)))
        .chain((0..200).map(|i| followed("field", past(i, Some(41 + i % 5), 50))))
        .collect();
    history.push(followed("desk", past(1_000, Some(200), 50)));
    let told = |share: u8| {
        let of =
            |record: &Judged| record.record.calibration().map_or((0, 0.0), |c| (c.count, c.brier * c.count as f64));
        let all = by_line(&history, 5_000, &[share]).departments["desk"];
        let without = by_line(&history[..240], 5_000, &[share]).departments["desk"];
        let ((count, squares), (count_before, squares_before)) = (of(&all), of(&without));
        assert_eq!(count, count_before + 1);
        // It was breached: the square is of what was missing from certainty.
        1.0 - (squares - squares_before).sqrt()
    };
    assert!((told(50) - 0.5).abs() < 1e-9, "{}", told(50));
    // At forty-one of fifty the twenty late ones of its own are enough; in a smaller desk they are not.
    assert!((told(82) - 1.0).abs() < 1e-9, "{}", told(82));
    history.retain(|one| one.department != "desk" || one.past.received % 4 < 2 || one.past.received >= 1_000);
    let told = by_line(&history, 5_000, &[82]).departments["desk"].record.calibration().unwrap();
    assert!(told.rows.iter().any(|row| (row.told - 0.5).abs() < 1e-9), "{told:?}");
}

#[test]
fn a_department_without_a_past_is_told_from_all_and_other_affairs_tell_nothing() {
    let mut history: Vec<Followed> = (0..60).map(|i| followed("billing", past(i, Some(10 + i), 100))).collect();
    history.push(followed("sales", past(1_000, Some(150), 100)));
    history.push(Followed { like: "consulta/resolve".to_owned(), ..followed("support", past(1_000, Some(150), 100)) });
    let judged = by_line(&history, 2_000, &[10]).departments;
    assert_eq!(judged["sales"].record.calibration().map(|c| (c.count, c.base_rate)), Some((1, 1.0)));
    assert_eq!((judged["support"].record.calibration(), judged["support"].too_few), (None, 1));
}
