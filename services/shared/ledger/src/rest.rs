//! Rest between two batches.
//!
//! Who takes whatever is there the moment it is there works in pieces that get smaller the more time there is, and every piece
//! costs each of those who read it a look and a transaction. Processor and database are then as busy at half of what they can do
//! as at all of it, and a caller waits for work that could have been done in a tenth of the pieces. Resting for twice as long as
//! the last piece took, a worker takes a third of the time at most, and where the database is busy its pieces grow by themselves.

use std::time::Duration;

/// Rests a piece is worth.
const TIMES: u32 = 2;
/// What comes meanwhile waits this long at most.
const LONGEST: Duration = Duration::from_millis(100);

/// How long to rest after a piece of work that took so long.
pub fn rest(took: Duration) -> Duration {
    took.saturating_mul(TIMES).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_twice_the_work_and_never_long() {
        assert_eq!(rest(Duration::from_millis(3)), Duration::from_millis(6));
        assert_eq!(rest(Duration::from_millis(70)), Duration::from_millis(100));
        assert_eq!(rest(Duration::MAX), Duration::from_millis(100));
    }
}
