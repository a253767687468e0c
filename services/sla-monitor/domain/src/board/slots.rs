//! How often each duration was seen, in slots that are narrow where durations are short and never wider than a five-hundredth of what they hold.

use std::collections::BTreeMap;

/// Durations of a slot differ by less than a part in so many, once they are longer than [`LINEAR`] units.
const PARTS: u64 = 1 << PART_BITS;
const PART_BITS: u32 = 9;
/// Microseconds of a unit, as a power of two: a little more than a second.
const UNIT_BITS: u32 = 20;
/// Units that have a slot each.
const LINEAR: u64 = PARTS * 2;

/// The first byte of what is stored.
pub const SLOTS_FORMAT: u8 = 1;

/// The slot of a duration in microseconds. What is below zero lies in the first.
pub fn slot(micros: i64) -> u32 {
    let units = u64::try_from(micros).unwrap_or(0) >> UNIT_BITS;
    if units < LINEAR {
        return u32::try_from(units).unwrap_or(u32::MAX);
    }
    // In the octave of the highest bit, the bits below it tell the part.
    let shift = units.ilog2() - PART_BITS;
    let part = (units >> shift) - PARTS;
    u32::try_from(u64::from(shift) * PARTS + PARTS + part).unwrap_or(u32::MAX)
}

/// The durations of a slot: the least, and the least of the next.
pub fn bounds(slot: u32) -> (i64, i64) {
    let least = |slot: u64| {
        let units = if slot < LINEAR {
            u128::from(slot)
        } else {
            let (shift, part) = (slot / PARTS - 1, slot % PARTS);
            u128::from(part + PARTS) << shift.min(64)
        };
        i64::try_from(units << UNIT_BITS).unwrap_or(i64::MAX)
    };
    let from = if slot == 0 { i64::MIN } else { least(u64::from(slot)) };
    (from, least(u64::from(slot) + 1))
}

/// Counts by slot; below zero where more is taken away than there is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slots(BTreeMap<u32, i64>);

impl Slots {
    /// Counts one duration so many times.
    pub fn add(&mut self, micros: i64, times: i64) {
        self.add_slot(slot(micros), times);
    }

    fn add_slot(&mut self, slot: u32, times: i64) {
        let count = self.0.entry(slot).or_default();
        *count += times;
        if *count == 0 {
            self.0.remove(&slot);
        }
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As bytes: [`SLOTS_FORMAT`], then for each slot how far it is from the one before, and its count, as variable-length integers of seven bits a byte, the lowest
    /// first. None if a count is below zero, which no sum of what is there ever is.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(1 + self.0.len() * 3);
        bytes.push(SLOTS_FORMAT);
        let mut before = 0;
        for (slot, count) in &self.0 {
            put(&mut bytes, u64::from(slot - before));
            put(&mut bytes, u64::try_from(*count).ok()?);
            before = *slot;
        }
        Some(bytes)
    }

    /// Adds what [`Slots::to_bytes`] wrote; none if it did not.
    pub fn add_bytes(&mut self, bytes: &[u8]) -> Option<()> {
        each(bytes, |slot, count| self.add_slot(slot, count))
    }
}

/// The same counts by place, for adding up much.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tightly {
    counts: Vec<i64>,
    count: i64,
}

impl Tightly {
    /// Counts one duration so many times.
    pub fn add(&mut self, micros: i64, times: i64) {
        self.add_slot(slot(micros), times);
    }

    fn add_slot(&mut self, slot: u32, times: i64) {
        let place = slot as usize;
        if self.counts.len() <= place {
            self.counts.resize(place + 1, 0);
        }
        self.counts[place] += times;
        self.count += times;
    }

    /// Adds what [`Slots::to_bytes`] wrote; none if it did not.
    pub fn add_bytes(&mut self, bytes: &[u8]) -> Option<()> {
        each(bytes, |slot, count| self.add_slot(slot, count))
    }

    /// How many there are.
    pub const fn count(&self) -> i64 {
        self.count
    }

    /// How many are in a slot.
    pub fn in_slot(&self, slot: u32) -> i64 {
        self.counts.get(slot as usize).copied().unwrap_or(0)
    }

    /// The slot that holds a rank, the shortest having 1, and the rank within it.
    pub fn place(&self, rank: u64) -> Option<(u32, usize)> {
        let mut left = i64::try_from(rank).ok().filter(|rank| *rank > 0)?;
        for (slot, count) in (0_u32..).zip(&self.counts) {
            if left <= *count {
                return Some((slot, usize::try_from(left).ok()?));
            }
            left -= count;
        }
        None
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Slots past it are no duration's: nothing else is taken for one.
const MOST_SLOT: u32 = 64 * PARTS as u32;

fn each(bytes: &[u8], mut add: impl FnMut(u32, i64)) -> Option<()> {
    let (format, mut rest) = bytes.split_first()?;
    if *format != SLOTS_FORMAT {
        return None;
    }
    let mut slot = 0_u32;
    while !rest.is_empty() {
        slot = slot.checked_add(u32::try_from(take(&mut rest)?).ok()?).filter(|slot| *slot < MOST_SLOT)?;
        add(slot, i64::try_from(take(&mut rest)?).ok()?);
    }
    Some(())
}
