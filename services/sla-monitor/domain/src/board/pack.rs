//! The lines of one dimension over one part of time, as the bytes of one row: a row for each would weigh far more than what it says.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::Tally;
use super::slots::{merged, put, take};

/// The first byte of what is stored.
pub const PACK_FORMAT: u8 = 3;

/// What comes to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    /// The rule, the department, and so on; empty for the total.
    pub key: Arc<str>,
    /// Its counts; below zero what is taken away.
    pub tally: Tally,
    /// Durations by slot, in order and each slot once.
    pub slots: Vec<(u32, i64)>,
}

/// Reads what [`repacked`] wrote: of each line its key, its counts, and where in the bytes its durations are. None if it did not write that.
pub fn unpacked(bytes: &[u8], mut each: impl FnMut(&str, Tally, Range<usize>)) -> Option<()> {
    let mut lines = Lines::of(bytes)?;
    while let Some((tally, slots)) = lines.read()? {
        each(std::str::from_utf8(&lines.key).ok()?, tally, slots);
    }
    Some(())
}

/// What was packed, nothing where nothing was, and what comes to it, by key in order and each key once: [`PACK_FORMAT`], then for each line that counts anything
/// how many bytes its key shares with the one before, the rest of its key, its counts, and its durations as [`super::Slots::to_bytes`] writes them, with the lengths
/// of both before them. Nothing where nothing is left. None if something else was packed, or a count comes to be below zero, which no sum of what is there ever is.
pub fn repacked(bytes: &[u8], coming: &[Coming]) -> Option<Vec<u8>> {
    let mut packed = Packing::default();
    let mut coming = coming.iter().peekable();
    if !bytes.is_empty() {
        let mut lines = Lines::of(bytes)?;
        while let Some((tally, slots)) = lines.read()? {
            while let Some(new) = coming.next_if(|new| new.key.as_bytes() < lines.key.as_slice()) {
                packed.add(new.key.as_bytes(), &new.tally, &merged(&[], &new.slots)?)?;
            }
            let there = &bytes[slots];
            match coming.next_if(|new| new.key.as_bytes().cmp(&lines.key) == Ordering::Equal) {
                None => packed.add(&lines.key, &tally, there)?,
                Some(more) => {
                    let mut sum = tally;
                    sum.add(&more.tally, 1);
                    packed.add(&lines.key, &sum, &merged(there, &more.slots)?)?;
                }
            }
        }
    }
    for new in coming {
        packed.add(new.key.as_bytes(), &new.tally, &merged(&[], &new.slots)?)?;
    }
    Some(packed.bytes)
}

#[derive(Default)]
struct Packing {
    bytes: Vec<u8>,
    key: Vec<u8>,
}

impl Packing {
    fn add(&mut self, key: &[u8], tally: &Tally, slots: &[u8]) -> Option<()> {
        if *tally == Tally::default() && slots.is_empty() {
            return Some(());
        }
        if self.bytes.is_empty() {
            self.bytes.push(PACK_FORMAT);
        }
        let Tally { cases, events, clocks, met, breached, open, cancelled } = *tally;
        if clocks != met + breached + open + cancelled {
            return None;
        }
        let same = self.key.iter().zip(key).take_while(|(a, b)| a == b).count();
        put(&mut self.bytes, same as u64);
        put(&mut self.bytes, (key.len() - same) as u64);
        self.bytes.extend_from_slice(&key[same..]);
        for count in [cases, events, met, breached, open, cancelled] {
            put(&mut self.bytes, u64::try_from(count).ok()?);
        }
        put(&mut self.bytes, slots.len() as u64);
        self.bytes.extend_from_slice(slots);
        self.key.truncate(same);
        self.key.extend_from_slice(&key[same..]);
        Some(())
    }
}

/// Lines as they are read.
struct Lines<'a> {
    rest: &'a [u8],
    length: usize,
    key: Vec<u8>,
}

impl<'a> Lines<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (format, rest) = bytes.split_first()?;
        (*format == PACK_FORMAT).then_some(Self { rest, length: bytes.len(), key: Vec::new() })
    }

    /// The counts of the next line and where its durations are; its key is left in place. Nothing at the end.
    fn read(&mut self) -> Option<Option<(Tally, Range<usize>)>> {
        if self.rest.is_empty() {
            return Some(None);
        }
        let size = |bytes: &mut &[u8]| take(bytes).and_then(|size| usize::try_from(size).ok());
        let (same, more) = (size(&mut self.rest)?, size(&mut self.rest)?);
        let (key, behind) = self.rest.split_at_checked(more)?;
        self.rest = behind;
        if same > self.key.len() {
            return None;
        }
        self.key.truncate(same);
        self.key.extend_from_slice(key);
        let mut counts = [0_i64; 6];
        for count in &mut counts {
            *count = i64::try_from(take(&mut self.rest)?).ok()?;
        }
        let [cases, events, met, breached, open, cancelled] = counts;
        let clocks = met.checked_add(breached)?.checked_add(open)?.checked_add(cancelled)?;
        let length = size(&mut self.rest)?;
        let begins = self.length - self.rest.len();
        let (_, behind) = self.rest.split_at_checked(length)?;
        self.rest = behind;
        Some(Some((Tally { cases, events, clocks, met, breached, open, cancelled }, begins..begins + length)))
    }
}
