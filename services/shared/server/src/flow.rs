//! How many calls are taken on at once while answers come late.
//!
//! A fixed number of places suits one speed. When the database is slower than it was chosen for, the same places hold a
//! longer queue, and a queue as long as callers are patient is the worst of all: everybody is served, each a moment after
//! they gave up. So the number follows what is done: once most of the calls that end take longer than is thought right, as
//! many are taken on as end in that time, which by Little's law (Little 1961, Operations Research 9(3)) is what lets a call
//! take about that long; once they do not, a little more each time.
//!
//! Most, and not the mean or the slowest: a few long reports say nothing about the rest, and who hangs on a peer says
//! nothing about the database. And twice one after the other: a disk that stands still for a moment makes all calls of that
//! moment late, and no queue that stays (Nichols, Jacobson 2012, "Controlling queue delay", ACM Queue 10(5)).

use std::time::{Duration, Instant};

/// The least that is taken on whatever ends: a share of all places, so that many slow calls that are slow by nature, and not by
/// waiting, are not strangled.
const LEAST: usize = 4;
/// And never fewer than this, if there are so many: enough to keep a pool of connections busy.
const FEWEST: usize = 16;
/// After a time of quiet as many windows long nothing is known any more, and all places are open.
const QUIET: u32 = 4;

/// How many may be inside, from how long those took who left. Time comes in as an argument.
#[derive(Debug)]
pub(crate) struct Flow {
    /// Places there are.
    total: usize,
    least: usize,
    /// What most calls may take; how long is looked at together, too.
    tolerated: Duration,
    open: usize,
    since: Instant,
    ended: usize,
    slow: usize,
    /// Most were slow in the window before, too.
    was_slow: bool,
}

impl Flow {
    /// With all places open.
    pub(crate) fn new(total: usize, tolerated: Duration, now: Instant) -> Self {
        let least = (total / LEAST).max(FEWEST).min(total);
        Self { total, least, tolerated, open: total, since: now, ended: 0, slow: 0, was_slow: false }
    }

    /// How many places are open now.
    pub(crate) const fn open(&self) -> usize {
        self.open
    }

    /// A call that came in `took` ago ends.
    pub(crate) fn ends(&mut self, now: Instant, took: Duration) {
        let looked = now.saturating_duration_since(self.since);
        if looked >= self.tolerated {
            self.turn(looked);
            (self.since, self.ended, self.slow) = (now, 0, 0);
        }
        self.ended += 1;
        self.slow += usize::from(took > self.tolerated);
    }

    fn turn(&mut self, looked: Duration) {
        let is_slow = self.slow * 2 > self.ended;
        let stays = std::mem::replace(&mut self.was_slow, is_slow) && is_slow;
        if stays {
            let in_time = self.ended as f64 * self.tolerated.as_secs_f64() / looked.as_secs_f64();
            self.open = (in_time as usize).clamp(self.least, self.open);
        } else if is_slow {
            // Once is no queue yet.
        } else if looked >= self.tolerated * QUIET {
            self.open = self.total;
        } else {
            self.open = (self.open + (self.open / 8).max(1)).min(self.total);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    const TOLERATED: Duration = Duration::from_millis(250);

    /// Calls that came, were taken on and were answered before their caller's patience was over.
    struct Served {
        good: usize,
        taken: usize,
    }

    /// A service whose database does `capacity` calls a second, one after the other, and to whom `offered` come evenly for
    /// ten seconds, each with so much patience; the places are as `flow` says, or as many as there are.
    fn overloaded(mut flow: Option<Flow>, capacity: f64, offered: f64, patience: Duration) -> Served {
        let begun = Instant::now();
        let at = |seconds: f64| begun + Duration::from_secs_f64(seconds);
        let (mut queue, mut served, mut free) = (VecDeque::new(), Served { good: 0, taken: 0 }, 0.0_f64);
        for number in 0..(10.0 * offered) as usize {
            let now = number as f64 / offered;
            // Each of those inside has its end already: they are served in the order they came.
            while let Some((came, ends)) = queue.front().copied().filter(|(_, ends)| *ends <= now) {
                queue.pop_front();
                let took: f64 = ends - came;
                served.good += usize::from(took <= patience.as_secs_f64());
                if let Some(flow) = &mut flow {
                    flow.ends(at(ends), Duration::from_secs_f64(took));
                }
            }
            if queue.len() < flow.as_ref().map_or(256, Flow::open) {
                free = free.max(now) + 1.0 / capacity;
                queue.push_back((now, free));
                served.taken += 1;
            }
        }
        served
    }

    fn flow() -> Flow {
        Flow::new(256, TOLERATED, Instant::now())
    }

    #[test]
    fn who_is_taken_on_is_answered_in_time_where_a_fixed_number_serves_everybody_too_late() {
        let patience = Duration::from_secs(1);
        let fixed = overloaded(None, 200.0, 2_000.0, patience);
        assert!(fixed.good < fixed.taken / 4, "256 places at 200 a second wait {} s", 256.0 / 200.0);
        let following = overloaded(Some(flow()), 200.0, 2_000.0, patience);
        assert!(following.good as f64 >= 0.85 * 10.0 * 200.0, "{} of 2000 are answered in time", following.good);
    }

    proptest! {
        /// Whatever a service can do and whatever comes, nine tenths of what can be done is done in time once the first
        /// queue is gone.
        #[test]
        fn as_much_is_done_in_time_as_can_be(capacity in 70.0_f64..5_000.0, times in 1.2_f64..20.0) {
            let patience = Duration::from_secs(1);
            let served = overloaded(Some(flow()), capacity, capacity * times, patience);
            // The queue of all places that is there before anything is known ends too late for those above one second's worth.
            let first = (256.0 - capacity).max(0.0);
            let can = capacity * (10.0 - 1.0) - first - 256.0_f64.min(capacity * 0.25);
            prop_assert!(served.good as f64 >= 0.9 * can, "{} of {can}", served.good);
        }

        /// There are never more places than there are, nor fewer than the least.
        #[test]
        fn places_stay_within_their_bounds(
            total in 1_usize..500,
            ends in prop::collection::vec((0_u64..2_000, 0_u64..2_000), 0..300),
        ) {
            let begun = Instant::now();
            let mut flow = Flow::new(total, TOLERATED, begun);
            let mut now = begun;
            for (later, took) in ends {
                now += Duration::from_millis(later);
                flow.ends(now, Duration::from_millis(took));
                prop_assert!(flow.open() <= total && flow.open() >= FEWEST.min(total));
            }
        }
    }

    #[test]
    fn a_crowd_that_comes_at_once_is_taken_on_whole() {
        // Two hundred who come together and are through within a second's third.
        let begun = Instant::now();
        let mut flow = Flow::new(256, TOLERATED, begun);
        for n in 0..200_u64 {
            let took = Duration::from_micros(1_500 * n);
            flow.ends(begun + took, took);
        }
        assert_eq!(flow.open(), 256);
    }

    #[test]
    fn a_moment_in_which_nothing_ends_closes_no_place() {
        // All who are inside wait for a disk that stands still, and it goes on as before.
        let begun = Instant::now();
        let mut flow = Flow::new(256, TOLERATED, begun);
        let mut now = begun;
        for _ in 0..10 {
            for _ in 0..100 {
                now += Duration::from_millis(20);
                flow.ends(now, Duration::from_millis(20));
            }
            now += Duration::from_millis(400);
            for _ in 0..32 {
                flow.ends(now, Duration::from_millis(410));
            }
        }
        assert_eq!(flow.open(), 256);
    }

    #[test]
    fn a_few_slow_ones_among_many_close_no_place() {
        let begun = Instant::now();
        let mut flow = Flow::new(256, TOLERATED, begun);
        for n in 0..2_000_u64 {
            let took = if n % 5 < 2 { Duration::from_secs(5) } else { Duration::from_millis(3) };
            flow.ends(begun + Duration::from_millis(n), took);
        }
        assert_eq!(flow.open(), 256);
    }

    #[test]
    fn all_places_are_open_again_within_five_seconds() {
        let begun = Instant::now();
        let mut flow = Flow::new(256, TOLERATED, begun);
        let mut now = begun;
        for _ in 0..100 {
            now += Duration::from_millis(20);
            flow.ends(now, Duration::from_secs(2));
        }
        assert_eq!(flow.open(), 64, "a quarter of all");
        let calm = now;
        while flow.open() < 256 {
            now += Duration::from_millis(5);
            flow.ends(now, Duration::from_millis(4));
        }
        assert!(now - calm <= Duration::from_secs(5), "{:?}", now - calm);
    }
}
