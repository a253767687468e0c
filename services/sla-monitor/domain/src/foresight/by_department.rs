//! What would have been foretold of clocks of many departments and queues, each from its own department's experience where that is enough and else from all.

use std::collections::{BTreeMap, BTreeSet};

use super::{Outcome, Past, Record, held_out};

/// A clock of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// What is comparable with it: the same word, which is of one type of affair and one stage.
    pub like: String,
    /// Slug of its department.
    pub department: String,
    /// Queue of that department; empty where it was not kept.
    pub queue: String,
    /// What became of it.
    pub past: Past,
}

/// What came of what would have been told on one line.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Judged {
    /// What was told, and what came of it.
    pub record: Record,
    /// How often too little was known, of their department and of all.
    pub too_few: u64,
}

/// What came of what would have been told, line by line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ByLine {
    /// By department.
    pub departments: BTreeMap<String, Judged>,
    /// By queue.
    pub queues: BTreeMap<String, Judged>,
}

impl ByLine {
    fn lines(&mut self, of: &Followed) -> [&mut Judged; 2] {
        let department = self.departments.entry(of.department.clone()).or_default();
        [department, self.queues.entry(of.queue.clone()).or_default()]
    }

    fn told(&mut self, of: &Followed, outcome: Outcome) {
        for judged in self.lines(of) {
            judged.record.add(outcome);
        }
    }
}

/// Foretells each clock as [`held_out`] does, each from its own department's experience where that is enough, and judges by department and by queue.
pub fn by_line(history: &[Followed], until: i64, shares: &[u8]) -> ByLine {
    let mut like: BTreeMap<&str, Vec<&Followed>> = BTreeMap::new();
    for followed in history {
        like.entry(&followed.like).or_default().push(followed);
    }
    let mut judged = ByLine::default();
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
            let (mut told, mut at_least) = (BTreeSet::new(), BTreeMap::new());
            for prediction in &own.predictions {
                let place = places[prediction.affair];
                told.insert((place, prediction.share));
                judged.told(all[place], prediction.outcome);
            }
            for too_few in &own.too_few {
                let place = places[too_few.affair];
                at_least.insert((place, too_few.share), too_few.at_least);
                for line in judged.lines(all[place]) {
                    line.too_few += 1;
                }
            }
            for prediction in &of_house {
                let of = all[prediction.affair];
                if of.department == department && !told.contains(&(prediction.affair, prediction.share)) {
                    let least = at_least.get(&(prediction.affair, prediction.share)).copied().unwrap_or_default();
                    judged.told(of, prediction.outcome.at_least(least));
                    for line in judged.lines(of) {
                        line.too_few = line.too_few.saturating_sub(1);
                    }
                }
            }
        }
    }
    judged
}
