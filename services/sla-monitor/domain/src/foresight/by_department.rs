//! What would have been foretold of clocks of many departments, each from its own department's experience where that is enough and else from all.

use std::collections::{BTreeMap, BTreeSet};

use super::{Past, Record, held_out};

/// A clock of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// What is comparable with it: the same word, which is of one type of affair and one stage.
    pub like: String,
    /// Slug of its department.
    pub department: String,
    /// What became of it.
    pub past: Past,
}

/// What came of what would have been told in one department.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Judged {
    /// What was told, and what came of it.
    pub record: Record,
    /// How often too little was known, of the department and of all.
    pub too_few: u64,
}

/// Foretells each clock as [`held_out`] does, and judges by department.
pub fn by_department(history: &[Followed], until: i64, shares: &[u8]) -> BTreeMap<String, Judged> {
    let mut like: BTreeMap<&str, Vec<&Followed>> = BTreeMap::new();
    for followed in history {
        like.entry(&followed.like).or_default().push(followed);
    }
    let mut judged: BTreeMap<String, Judged> = BTreeMap::new();
    for all in like.values() {
        let pasts: Vec<Past> = all.iter().map(|followed| followed.past).collect();
        let of_house = held_out(&pasts, until, shares).predictions;
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, followed) in all.iter().enumerate() {
            places.entry(&followed.department).or_default().push(place);
        }
        for (department, places) in places {
            let own: Vec<Past> = places.iter().map(|place| all[*place].past).collect();
            let own = held_out(&own, until, shares);
            let judged = judged.entry(department.to_owned()).or_default();
            let mut told = BTreeSet::new();
            for prediction in &own.predictions {
                told.insert((places[prediction.affair], prediction.share));
                judged.record.add(prediction.outcome);
            }
            let mut of_all = 0;
            for prediction in &of_house {
                let moment = (prediction.affair, prediction.share);
                if all[prediction.affair].department == department && !told.contains(&moment) {
                    of_all += 1;
                    judged.record.add(prediction.outcome);
                }
            }
            judged.too_few += (own.too_few as u64).saturating_sub(of_all);
        }
    }
    judged
}
