//! Whose experience a clock is foretold from, and where what came of it is counted.

use proptest::prelude::*;
use ventanilla_sla_monitor_domain::foresight::{Followed, Judged, Past, by_line, held_out};

const SHARES: [u8; 3] = [25, 50, 75];

fn past(received: i64, took: Option<i64>, term: i64) -> Past {
    Past { received, answered: took.map(|took| received + took), due: received + term }
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
fn a_department_without_a_past_is_told_from_all_and_other_affairs_tell_nothing() {
    let mut history: Vec<Followed> = (0..60).map(|i| followed("billing", past(i, Some(10 + i), 100))).collect();
    history.push(followed("sales", past(1_000, Some(150), 100)));
    history.push(Followed { like: "consulta/resolve".to_owned(), ..followed("support", past(1_000, Some(150), 100)) });
    let judged = by_line(&history, 2_000, &[10]).departments;
    assert_eq!(judged["sales"].record.calibration().map(|c| (c.count, c.base_rate)), Some((1, 1.0)));
    assert_eq!((judged["support"].record.calibration(), judged["support"].too_few), (None, 1));
}
