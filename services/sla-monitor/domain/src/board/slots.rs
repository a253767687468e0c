//! How often each duration was seen, in slots that are narrow where durations are short and never wider than a small part of what they hold.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::quantile::rank;

/// How narrow slots are: durations of one differ by less than a part in `2^bits`, once they are longer than twice as many units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scale {
    bits: u32,
}

/// Microseconds of a unit, as a power of two: a little more than a second.
const UNIT_BITS: u32 = 20;

/// Of a byte, the bits of a count, and how many they are.
const COUNT: u8 = (1 << COUNT_BITS) - 1;
const COUNT_BITS: u32 = 4;
/// So many empty slots, or more, do not fit a byte.
const FAR: u32 = 7;
/// Of a byte, the bit that says that the rest of the count follows.
const MORE: u8 = 0x80;

impl Scale {
    /// Of lines of which there are few, each with many clocks: as narrow as can be, since whatever lies in a slot that holds a rank is looked at.
    pub const NARROW: Self = Self { bits: 12 };
    /// In between.
    pub const MIDDLE: Self = Self { bits: 10 };
    /// Of lines of which there may be hundreds, with few clocks each: what is read of each is what costs.
    pub const WIDE: Self = Self { bits: 9 };

    /// Parts of an octave.
    const fn parts(self) -> u64 {
        1 << self.bits
    }

    /// Units that have a slot each.
    const fn linear(self) -> u64 {
        self.parts() * 2
    }

    /// The slot of a duration in microseconds. What is below zero lies in the first.
    pub fn slot(self, micros: i64) -> u32 {
        let units = u64::try_from(micros).unwrap_or(0) >> UNIT_BITS;
        if units < self.linear() {
            return u32::try_from(units).unwrap_or(u32::MAX);
        }
        // In the octave of the highest bit, the bits below it tell the part.
        let shift = units.ilog2() - self.bits;
        let part = (units >> shift) - self.parts();
        u32::try_from(u64::from(shift) * self.parts() + self.parts() + part).unwrap_or(u32::MAX)
    }

    /// The durations of a slot: the least, and the least of the next.
    pub fn bounds(self, slot: u32) -> (i64, i64) {
        let least = |slot: u64| {
            let units = if slot < self.linear() {
                u128::from(slot)
            } else {
                let (shift, part) = (slot / self.parts() - 1, slot % self.parts());
                u128::from(part + self.parts()) << shift.min(64)
            };
            i64::try_from(units << UNIT_BITS).unwrap_or(i64::MAX)
        };
        let from = if slot == 0 { i64::MIN } else { least(u64::from(slot)) };
        (from, least(u64::from(slot) + 1))
    }
}

/// Counts by slot; below zero where more is taken away than there is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slots(BTreeMap<u32, i64>);

impl Slots {
    /// Counts one duration of a slot so many times.
    pub fn add(&mut self, slot: u32, times: i64) {
        let count = self.0.entry(slot).or_default();
        *count = count.saturating_add(times);
        if *count == 0 {
            self.0.remove(&slot);
        }
    }

    /// The slots that count anything, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, i64)> + '_ {
        self.0.iter().map(|(slot, count)| (*slot, *count))
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As bytes: for each slot that counts anything how many slots between it and the one before count nothing, and its own count less one. A
    /// byte holds both where they are small, as they mostly are: the lowest four bits those of the count, the three above them the empty slots.
    /// If the highest is set, the rest of the count follows; seven empty slots or more have what is over follow before that. Either is a
    /// variable-length integer of seven bits a byte, the lowest first. None if a count is below zero, which no sum of what is there ever is.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let more: Vec<(u32, i64)> = self.iter().collect();
        merged(&[], &more)
    }

    /// Adds what [`Slots::to_bytes`] wrote; none if it did not.
    pub fn add_bytes(&mut self, bytes: &[u8]) -> Option<()> {
        Walk::new(bytes).try_for_each(|held| {
            let (slot, count) = held?;
            self.add(slot, count);
            Some(())
        })
    }
}

/// What was written by [`Slots::to_bytes`] or this, and more: counts by slot, in order and each slot once. None if that was not written, or a count comes to be
/// below zero.
pub fn merged(written: &[u8], more: &[(u32, i64)]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(written.len() + more.len() * 2);
    let (mut walk, mut more) = (Walk::new(written).peekable(), more.iter().copied().peekable());
    let mut next = 0;
    loop {
        let (slot, count) = match (walk.peek().copied(), more.peek().copied()) {
            (None, None) => return Some(bytes),
            (Some(held), None) => {
                walk.next();
                held?
            }
            (None, Some(added)) => {
                more.next();
                added
            }
            (Some(held), Some(added)) => {
                let held = held?;
                let order = held.0.cmp(&added.0);
                if order != Ordering::Greater {
                    walk.next();
                }
                if order != Ordering::Less {
                    more.next();
                }
                match order {
                    Ordering::Less => held,
                    Ordering::Equal => (held.0, held.1.checked_add(added.1)?),
                    Ordering::Greater => added,
                }
            }
        };
        if count != 0 {
            let (empty, over) = (slot.checked_sub(next)?, u64::try_from(count.checked_sub(1)?).ok()?);
            let rest = over >> COUNT_BITS;
            let near = (empty.min(FAR) as u8) << COUNT_BITS | (over as u8 & COUNT);
            bytes.push(if rest > 0 { near | MORE } else { near });
            if empty >= FAR {
                put(&mut bytes, u64::from(empty - FAR));
            }
            if rest > 0 {
                put(&mut bytes, rest);
            }
            next = slot + 1;
        }
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
            Walk::new(bytes.as_ref()).try_for_each(|held| {
                let (slot, count) = held?;
                add(slot, count);
                Some(())
            })?;
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

/// Writes a number as a variable-length integer.
pub(super) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads what [`put`] wrote from the beginning of these bytes.
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
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

/// Slots past it are no duration's, however narrow they are: nothing else is taken for one.
const MOST_SLOT: u32 = 64 << Scale::NARROW.bits;

/// Slots and their counts as they were written, in order; ends with none where something else was.
struct Walk<'a> {
    rest: &'a [u8],
    next: u32,
}

impl<'a> Walk<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, next: 0 }
    }

    fn read(&mut self) -> Option<(u32, i64)> {
        let (first, behind) = self.rest.split_first()?;
        self.rest = behind;
        let mut empty = u32::from((first & !MORE) >> COUNT_BITS);
        if empty == FAR {
            empty = empty.checked_add(u32::try_from(take(&mut self.rest)?).ok()?)?;
        }
        let mut more = u64::from(first & COUNT);
        if first & MORE != 0 {
            more |= take(&mut self.rest)?.checked_mul(1 << COUNT_BITS)?;
        }
        let slot = self.next.checked_add(empty).filter(|slot| *slot < MOST_SLOT)?;
        self.next = slot + 1;
        Some((slot, i64::try_from(more).ok()?.checked_add(1)?))
    }
}

impl Iterator for Walk<'_> {
    type Item = Option<(u32, i64)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let held = self.read();
        if held.is_none() {
            self.rest = &[];
        }
        Some(held)
    }
}
