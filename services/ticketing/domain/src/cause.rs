//! What brings affairs about: a tree of causes.

use std::collections::HashMap;

use crate::{Refusal, RootCauseId};

/// How deep the tree of causes is at most.
pub const MAX_CAUSE_DEPTH: usize = 6;

/// Refuses a place in the tree where a cause would be a kind of itself, or the tree deeper than it may be. `above` is what it is to be a kind of and all
/// above that, the nearest first; `below` how many levels there are below the cause.
///
/// # Errors
/// [`Refusal::CauseCircular`], [`Refusal::CauseTooDeep`].
pub fn refuse_place(id: &RootCauseId, above: &[RootCauseId], below: usize) -> Result<(), Refusal> {
    if above.contains(id) {
        return Err(Refusal::CauseCircular);
    }
    if above.len() + 1 + below > MAX_CAUSE_DEPTH {
        return Err(Refusal::CauseTooDeep { most: MAX_CAUSE_DEPTH });
    }
    Ok(())
}

/// What was counted of one cause, or of one with all below it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counted {
    /// Affairs.
    pub tickets: i64,
    /// Complaints among them.
    pub complaints: i64,
    /// Affairs of the period before.
    pub before: i64,
    /// What customers were given, by currency.
    pub given: HashMap<String, i64>,
}

impl Counted {
    fn add(&mut self, other: &Self) {
        self.tickets += other.tickets;
        self.complaints += other.complaints;
        self.before += other.before;
        for (currency, amount) in &other.given {
            let sum = self.given.entry(currency.clone()).or_default();
            *sum = sum.saturating_add(*amount);
        }
    }
}

/// Adds what was counted of each cause to all above it. `parents` names what each is a kind of; a circle in it, or a cause that is not there, ends a way up.
pub fn totals(own: &HashMap<String, Counted>, parents: &HashMap<String, String>) -> HashMap<String, Counted> {
    let mut totals: HashMap<String, Counted> = HashMap::new();
    for (id, counted) in own {
        let (mut at, mut steps) = (Some(id), 0);
        while let Some(here) = at.filter(|_| steps < MAX_CAUSE_DEPTH) {
            totals.entry(here.clone()).or_default().add(counted);
            at = parents.get(here);
            steps += 1;
        }
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SlugId as _;

    fn id(slug: &str) -> RootCauseId {
        RootCauseId::of(slug).unwrap()
    }

    #[test]
    fn nothing_is_a_kind_of_itself_and_the_tree_is_no_deeper_than_it_may_be() {
        assert_eq!(refuse_place(&id("a"), &[], 5), Ok(()));
        assert_eq!(refuse_place(&id("a"), &[id("a")], 0), Err(Refusal::CauseCircular));
        assert_eq!(refuse_place(&id("a"), &[id("b"), id("c"), id("a")], 0), Err(Refusal::CauseCircular));
        let five: Vec<_> = ["b", "c", "d", "e", "f"].map(id).into();
        assert_eq!(refuse_place(&id("a"), &five, 0), Ok(()));
        assert_eq!(refuse_place(&id("a"), &five, 1), Err(Refusal::CauseTooDeep { most: 6 }));
    }

    #[test]
    fn a_total_is_that_of_all_below_each_once() {
        let counted = |tickets, euros| Counted {
            tickets,
            complaints: tickets / 2,
            before: 1,
            given: HashMap::from([("EUR".to_owned(), euros)]),
        };
        let own = HashMap::from([
            ("meter".to_owned(), counted(4, 100)),
            ("billing".to_owned(), counted(2, 50)),
            ("network".to_owned(), counted(1, 0)),
        ]);
        let parents = HashMap::from([("meter", "reading"), ("reading", "billing")]);
        let parents = parents.into_iter().map(|(below, above)| (below.to_owned(), above.to_owned())).collect();
        let totals = totals(&own, &parents);
        assert_eq!(totals["billing"].tickets, 6);
        assert_eq!((totals["billing"].complaints, totals["billing"].before), (3, 2));
        assert_eq!(totals["billing"].given["EUR"], 150);
        assert_eq!((totals["reading"].tickets, totals["meter"].tickets, totals["network"].tickets), (4, 4, 1));
    }
}
