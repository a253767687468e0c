//! A word of fixed size, and how near two of them are. Nothing here allocates: these are the inner
//! loops of every comparison.

/// Longest word that is kept; what follows would not change a judgement.
const CAPACITY: usize = 23;

/// A folded word. Each letter is one byte: ASCII as it is, other alphabets by their place in their
/// block, which no alphabet in use outgrows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    text: [u8; CAPACITY],
    len: u8,
    /// A bit for each letter that occurs: tells most pairs of unlike words apart at once.
    letters: u64,
}

/// How near two words are; the nearer the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closeness {
    Far,
    /// Two or three slips in a long word.
    Loose,
    /// One slip.
    Near,
    Same,
}

impl Word {
    pub(super) fn new(folded: &str) -> Self {
        let mut word = Self { text: [0; CAPACITY], len: 0, letters: 0 };
        for c in folded.chars().take(CAPACITY) {
            let byte = if c.is_ascii() { c as u8 } else { 0x80 | (u32::from(c) & 0x7f) as u8 };
            word.text[usize::from(word.len)] = byte;
            word.len += 1;
            word.letters |= 1 << place(byte);
        }
        word
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.len)]
    }

    pub(super) const fn len(&self) -> usize {
        self.len as usize
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// As text, for an index.
    pub(super) fn text(&self) -> String {
        self.bytes().iter().map(|b| char::from(*b)).collect()
    }

    /// How near `other` is. Short words have no room for slips: `Ana` and `Eva` are two people.
    pub(super) fn closeness(&self, other: &Self) -> Closeness {
        // A slip changes the set of letters by two at most, and three slips are the most allowed.
        if (self.letters ^ other.letters).count_ones() > 6 {
            return Closeness::Far;
        }
        if self == other {
            return Closeness::Same;
        }
        let shorter = self.len().min(other.len());
        let slips = match shorter {
            0..=1 => return Closeness::Far,
            // One letter left out of three.
            2 if self.len() != other.len() && self.text[0] == other.text[0] => {
                return self.distance_within(other, 1).map_or(Closeness::Far, |_| Closeness::Loose);
            }
            2 => return Closeness::Far,
            3..=4 => 1,
            5..=8 => 2,
            _ => 3,
        };
        match self.distance_within(other, slips) {
            Some(0 | 1) => Closeness::Near,
            Some(_) => Closeness::Loose,
            None => Closeness::Far,
        }
    }

    /// Whether one begins with the whole of the other, and that is long enough to mean something.
    pub(super) fn extends(&self, other: &Self) -> bool {
        let shorter = self.len().min(other.len());
        shorter >= 5 && self.bytes()[..shorter] == other.bytes()[..shorter]
    }

    /// Insertions, deletions, substitutions and swaps of neighbours that make one word the other;
    /// `None` when more than `most` (at most 3) are needed.
    pub(super) fn distance_within(&self, other: &Self, most: usize) -> Option<usize> {
        if self.len().abs_diff(other.len()) > most {
            return None;
        }
        // A slip changes the set of letters by two at most.
        if (self.letters ^ other.letters).count_ones() as usize > 2 * most {
            return None;
        }
        let (a, b) = unlike_middles(self.bytes(), other.bytes());
        if a.is_empty() || b.is_empty() {
            return Some(a.len().max(b.len()));
        }
        if most <= 1 {
            let one_slip = match (a, b) {
                ([_], [_]) => most == 1,
                ([p, q], [r, s]) => most == 1 && p == s && q == r,
                _ => false,
            };
            return one_slip.then_some(1);
        }
        banded(a, b, most)
    }
}

fn place(byte: u8) -> u32 {
    match byte {
        b'a'..=b'z' => u32::from(byte - b'a'),
        b'0'..=b'9' => 26 + u32::from(byte - b'0'),
        other => 36 + u32::from(other) % 28,
    }
}

fn unlike_middles<'a>(a: &'a [u8], b: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    (&a[..a.len() - tail], &b[..b.len() - tail])
}

/// The optimal string alignment distance, computed only as far from the diagonal as `most` allows.
fn banded(a: &[u8], b: &[u8], most: usize) -> Option<usize> {
    const BEYOND: u8 = 100;
    let mut before = [BEYOND; CAPACITY + 1];
    let mut above = [BEYOND; CAPACITY + 1];
    for (j, cell) in above.iter_mut().enumerate().take(b.len().min(most) + 1) {
        *cell = j as u8;
    }
    let mut least_above = 0;
    for i in 1..=a.len() {
        let mut row = [BEYOND; CAPACITY + 1];
        if i <= most {
            row[0] = i as u8;
        }
        let mut least = row[0];
        for j in i.saturating_sub(most).max(1)..=(i + most).min(b.len()) {
            let differs = u8::from(a[i - 1] != b[j - 1]);
            let mut cell = (above[j - 1] + differs).min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cell = cell.min(before[j - 2] + 1);
            }
            row[j] = cell;
            least = least.min(cell);
        }
        // A swap of neighbours reaches back two rows.
        if usize::from(least.min(least_above)) > most {
            return None;
        }
        least_above = least;
        before = above;
        above = row;
    }
    let distance = usize::from(above[b.len()]);
    (distance <= most).then_some(distance)
}

/// A number that stands for a text in comparisons for equality (FNV-1a, 64 bits).
pub(super) fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_banded_distance_is_the_whole_one(a in "[abcñ]{0,9}", b in "[abcñ]{0,9}", most in 0..4usize) {
            let whole = strsim::osa_distance(&a, &b);
            let banded = Word::new(&a).distance_within(&Word::new(&b), most);
            prop_assert_eq!(banded, (whole <= most).then_some(whole));
        }
    }

    #[test]
    fn short_words_have_no_room_for_slips() {
        let near = |a: &str, b: &str| Word::new(a).closeness(&Word::new(b));
        assert_eq!(near("garcia", "garcia"), Closeness::Same);
        assert_eq!(near("garcia", "gracia"), Closeness::Near);
        assert_eq!(near("fernandez", "hernandes"), Closeness::Loose);
        assert_eq!(near("ana", "eva"), Closeness::Far);
        assert_eq!(near("gil", "ruiz"), Closeness::Far);
        assert_eq!(near("li", "lu"), Closeness::Far);
        assert_eq!(near("ea", "eva"), Closeness::Loose);
    }

    #[test]
    fn letters_of_other_alphabets_stay_apart() {
        let greek = Word::new("παπαδόπουλος");
        assert_eq!(greek.closeness(&Word::new("παπαδόπουλος")), Closeness::Same);
        assert_eq!(greek.closeness(&Word::new("κωνσταντίνου")), Closeness::Far);
    }
}
