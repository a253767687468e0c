//! How often each duration was seen, in slots that are narrow where durations are short and never wider than a thousandth of what they hold.

use std::collections::BTreeMap;

use crate::quantile::rank;

/// Durations of a slot differ by less than a part in so many, once they are longer than [`LINEAR`] units.
const PARTS: u64 = 1 << PART_BITS;
const PART_BITS: u32 = 10;
/// Microseconds of a unit, as a power of two: a little more than a second.
const UNIT_BITS: u32 = 20;
/// Units that have a slot each.
const LINEAR: u64 = PARTS * 2;

/// The first byte of what is stored.
pub const SLOTS_FORMAT: u8 = 2;

/// Of a byte, the bits of a count, and how many they are.
const COUNT: u8 = (1 << COUNT_BITS) - 1;
const COUNT_BITS: u32 = 4;
/// So many empty slots, or more, do not fit a byte.
const FAR: u32 = 7;
/// Of a byte, the bit that says that the rest of the count follows.
const MORE: u8 = 0x80;

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
        *count = count.saturating_add(times);
        if *count == 0 {
            self.0.remove(&slot);
        }
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As bytes: [`SLOTS_FORMAT`], then for each slot that counts anything how many slots between it and the one before count nothing, and its own count less one. A
    /// byte holds both where they are small, as they mostly are: the lowest four bits those of the count, the three above them the empty slots. If the highest is
    /// set, the rest of the count follows; [`FAR`] empty slots or more have what is over follow before that. Either is a variable-length integer of seven bits a byte,
    /// the lowest first. None if a count is below zero, which no sum of what is there ever is.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(1 + self.0.len() * 2);
        bytes.push(SLOTS_FORMAT);
        let mut next = 0;
        for (slot, count) in &self.0 {
            let (empty, more) = (slot - next, u64::try_from(count - 1).ok()?);
            let rest = more >> COUNT_BITS;
            let near = (empty.min(FAR) as u8) << COUNT_BITS | (more as u8 & COUNT);
            bytes.push(if rest > 0 { near | MORE } else { near });
            if empty >= FAR {
                put(&mut bytes, u64::from(empty - FAR));
            }
            if rest > 0 {
                put(&mut bytes, rest);
            }
            next = slot + 1;
        }
        Some(bytes)
    }

    /// Adds what [`Slots::to_bytes`] wrote; none if it did not.
    pub fn add_bytes(&mut self, bytes: &[u8]) -> Option<()> {
        each(bytes, |slot, count| self.add_slot(slot, count))
    }
}

/// Where the counts of one line after another are added up, by place.
#[derive(Debug, Default)]
pub struct Scratch {
    counts: Vec<i64>,
}

/// The ranks of some shares of durations, by nearest rank.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranks {
    /// For each share the slot that holds its rank, and the rank within it, the shortest having 1; none where there is no duration.
    pub at: Vec<Option<(u32, usize)>>,
    /// These slots, each once and in order, and how many durations are in it.
    pub slots: Vec<(u32, i64)>,
}

impl Scratch {
    /// The ranks of shares, in percent and ascending, of what [`Slots::to_bytes`] wrote and what is counted besides; none if it did not write that.
    pub fn ranks(&mut self, written: &[impl AsRef<[u8]>], besides: &Slots, percents: &[u8]) -> Option<Ranks> {
        let counts = &mut self.counts;
        counts.clear();
        let mut count = 0_i64;
        let mut add = |slot: u32, times: i64| {
            let place = slot as usize;
            if counts.len() <= place {
                counts.resize(place + 1, 0);
            }
            counts[place] = counts[place].saturating_add(times);
            count = count.saturating_add(times);
        };
        for bytes in written {
            each(bytes.as_ref(), &mut add)?;
        }
        besides.0.iter().for_each(|(slot, times)| add(*slot, *times));
        let mut ranks = Ranks::default();
        let (mut below, mut walk) = (0, (0_u32..).zip(&self.counts).peekable());
        for percent in percents {
            let rank = i64::try_from(rank(*percent, u64::try_from(count).unwrap_or(0))).ok()?;
            while let Some((_, there)) = walk.next_if(|(_, there)| **there < rank - below) {
                below += there;
            }
            let held = walk.peek().map(|(slot, there)| (*slot, **there));
            ranks.at.push(held.map(|(slot, _)| (slot, usize::try_from(rank - below).unwrap_or(usize::MAX))));
            ranks.slots.extend(held.filter(|held| ranks.slots.last() != Some(held)));
        }
        Some(ranks)
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
    let mut next = 0_u32;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let mut empty = u32::from((first & !MORE) >> COUNT_BITS);
        if empty == FAR {
            empty = empty.checked_add(u32::try_from(take(&mut rest)?).ok()?)?;
        }
        let mut more = u64::from(first & COUNT);
        if first & MORE != 0 {
            more |= take(&mut rest)?.checked_mul(1 << COUNT_BITS)?;
        }
        let slot = next.checked_add(empty).filter(|slot| *slot < MOST_SLOT)?;
        add(slot, i64::try_from(more).ok()?.checked_add(1)?);
        next = slot + 1;
    }
    Some(())
}
