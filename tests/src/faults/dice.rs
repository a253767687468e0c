//! Chance that repeats itself: the same seed makes the same choices.

use std::time::Duration;

use uuid::Uuid;

/// SplitMix64. Not for secrets.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The seed of this run: what the environment variable `VENTANILLA_SEED` says, to repeat the
    /// choices of an earlier run, else a new one.
    pub fn seed() -> u64 {
        let asked = std::env::var("VENTANILLA_SEED").ok().and_then(|seed| seed.parse().ok());
        asked.unwrap_or_else(|| u64::from_le_bytes(kernel::Ambient::system().bytes()))
    }

    /// The choices that belong to `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Choices of one participant, apart from everybody else's, so that the order in which
    /// participants run changes nobody's.
    pub fn of(seed: u64, participant: u64) -> Self {
        let mut dice = Self(seed ^ participant.wrapping_mul(0xD1B5_4A32_D192_ED03));
        dice.next();
        dice
    }

    /// The next 64 bits.
    #[allow(clippy::should_implement_trait, reason = "an endless die is no iterator worth having")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when there is none.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap_or(0)]
    }

    /// A time up to `longest`.
    pub fn up_to(&mut self, longest: Duration) -> Duration {
        let micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.below(micros.saturating_add(1)))
    }

    /// An id.
    pub fn uuid(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_le_bytes());
        bytes[8..].copy_from_slice(&self.next().to_le_bytes());
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices_and_participants_differ() {
        let throw = |seed, participant| {
            let mut dice = Dice::of(seed, participant);
            [dice.next(), dice.next(), dice.next()]
        };
        assert_eq!(throw(7, 1), throw(7, 1));
        assert_ne!(throw(7, 1), throw(7, 2));
        assert_ne!(throw(7, 1), throw(8, 1));
    }
}
