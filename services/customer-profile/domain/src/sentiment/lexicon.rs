//! Words and phrases with what they weigh, of one language.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use kernel::Language;

use super::words::Word;

static ES: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::read(include_str!("es.txt")));
static EN: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::read(include_str!("en.txt")));

/// The shortest beginning that stands for all words with it.
const SHORTEST_STEM: usize = 2;
/// What a strengthening word makes of the one after it, and a weakening one.
const DEGREES: (f32, f32) = (1.4, 0.6);

/// A phrase, or a word alone: what follows its first word.
#[derive(Debug)]
struct Phrase {
    rest: Vec<&'static str>,
    /// Its last word stands for all that begin so.
    open: bool,
    /// `None`: a turn.
    weight: Option<f32>,
}

/// The list of one language.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    /// By their first word, the longest first.
    phrases: HashMap<&'static str, Vec<Phrase>>,
    /// Beginnings of words.
    stems: HashMap<&'static str, f32>,
    negators: HashSet<&'static str>,
    degrees: HashMap<&'static str, f32>,
    marks: Vec<(&'static str, f32)>,
}

impl Lexicon {
    /// The list of a language; `None` when there is none.
    pub(super) fn of(language: Language) -> Option<&'static Self> {
        match language {
            Language::Es => Some(&ES),
            Language::En => Some(&EN),
            Language::Ca | Language::Gl | Language::Eu => None,
        }
    }

    /// Reads a list. What cannot be read is left out; a test reads those that are compiled in.
    fn read(text: &'static str) -> Self {
        let mut lexicon = Self::default();
        for (part, entries) in lines(text) {
            for entry in entries {
                lexicon.add(part, entry);
            }
        }
        for phrases in lexicon.phrases.values_mut() {
            phrases.sort_by_key(|phrase| std::cmp::Reverse((phrase.rest.len(), !phrase.open)));
        }
        lexicon
    }

    fn add(&mut self, part: &'static str, entry: &'static str) {
        match part {
            "not" => _ = self.negators.insert(entry),
            "very" => _ = self.degrees.insert(entry, DEGREES.0),
            "less" => _ = self.degrees.insert(entry, DEGREES.1),
            "mark" => {
                let (mark, weight) = entry.split_once(' ').unwrap_or((entry, "0"));
                self.marks.push((mark, weight.parse().unwrap_or_default()));
            }
            "turn" => self.phrase(entry, None),
            weight => self.phrase(entry, weight.parse().ok()),
        }
    }

    fn phrase(&mut self, entry: &'static str, weight: Option<f32>) {
        let (entry, open) = entry.strip_suffix('*').map_or((entry, false), |stem| (stem, true));
        let mut words = entry.split(' ');
        let Some(first) = words.next() else { return };
        let rest: Vec<&str> = words.collect();
        match weight {
            Some(weight) if rest.is_empty() && open => _ = self.stems.insert(first, weight),
            _ => self.phrases.entry(first).or_default().push(Phrase { rest, open, weight }),
        }
    }

    /// The longest phrase at the beginning of these words, what it weighs, and how many words it takes.
    pub(super) fn weight(&self, words: &[Word]) -> Option<(f32, usize)> {
        let first = words.first()?.folded.as_str();
        let phrase = self.longest(words).and_then(|phrase| Some((phrase.weight?, phrase.rest.len() + 1)));
        phrase.or_else(|| {
            let ends = (SHORTEST_STEM..=first.len()).rev().filter(|end| first.is_char_boundary(*end));
            ends.map(|end| &first[..end]).find_map(|stem| self.stems.get(stem)).map(|weight| (*weight, 1))
        })
    }

    /// How many words a turn at the beginning of these takes, if there is one.
    pub(super) fn turn(&self, words: &[Word]) -> Option<usize> {
        self.longest(words).filter(|phrase| phrase.weight.is_none()).map(|phrase| phrase.rest.len() + 1)
    }

    fn longest(&self, words: &[Word]) -> Option<&Phrase> {
        let (first, follow) = words.split_first()?;
        self.phrases.get(first.folded.as_str())?.iter().find(|phrase| {
            let length = phrase.rest.len();
            follow.len() >= length
                && phrase.rest.iter().zip(follow).enumerate().all(|(nth, (expected, word))| {
                    let same_clause = word.clause == first.clause;
                    let open = phrase.open && nth + 1 == length;
                    same_clause && (word.folded == *expected || open && word.folded.starts_with(expected))
                })
        })
    }

    /// Whether the word turns round what follows.
    pub(super) fn negates(&self, word: &str) -> bool {
        self.negators.contains(word)
    }

    /// What the word makes of what follows: 1 for most.
    pub(super) fn degree(&self, word: &str) -> f32 {
        self.degrees.get(word).copied().unwrap_or(1.0)
    }

    /// What the marks in a text weigh: faces and hands.
    pub(super) fn marks(&self, text: &str) -> f32 {
        let count = |mark: &str| u8::try_from(text.matches(mark).count().min(3)).unwrap_or(3);
        if text.is_ascii() {
            0.0
        } else {
            self.marks.iter().map(|(mark, weight)| f32::from(count(mark)) * weight).sum()
        }
    }

    /// How many of the words the list knows.
    pub(super) fn known(&self, words: &[Word]) -> usize {
        let knows = |at: usize| {
            let word = words[at].folded.as_str();
            self.negates(word) || self.degrees.contains_key(word) || self.weight(&words[at..]).is_some()
        };
        (0..words.len()).filter(|at| knows(*at)).count()
    }
}

/// The parts of a list with their entries.
fn lines(text: &'static str) -> impl Iterator<Item = (&'static str, impl Iterator<Item = &'static str>)> {
    let told = text.lines().filter(|line| !line.starts_with('#'));
    told.filter_map(|line| line.split_once(": ")).map(|(part, entries)| (part, entries.split(", ")))
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    #[test]
    fn every_entry_of_the_lists_can_be_read_and_stands_once() {
        for text in [include_str!("es.txt"), include_str!("en.txt")] {
            let mut seen = HashSet::new();
            for (part, entries) in lines(text) {
                let weighs = part.parse::<f32>().is_ok_and(|weight| (-4.0..=4.0).contains(&weight));
                assert!(weighs || ["not", "very", "less", "turn", "mark"].contains(&part), "{part}");
                for entry in entries {
                    assert!(seen.insert((weighs, entry)), "{entry} stands twice");
                    if part == "mark" {
                        assert!(
                            entry.split_once(' ').is_some_and(|(_, weight)| weight.parse::<f32>().is_ok()),
                            "{entry}"
                        );
                        continue;
                    }
                    let folded: Vec<String> = words(entry).into_iter().map(|word| word.folded).collect();
                    let bare = entry.strip_suffix('*').unwrap_or(entry);
                    assert_eq!(folded.join(" "), bare, "{entry}");
                    assert!((1..=4).contains(&folded.len()), "{entry}");
                    assert!(bare == entry || folded.last().is_some_and(|last| last.len() >= SHORTEST_STEM), "{entry}");
                }
            }
        }
    }

    #[test]
    fn the_longest_phrase_is_taken_and_a_stem_last() {
        let lexicon = Lexicon::read("2: no fuss\n-2: fuss*\n1: fuss\nturn: no\n");
        assert_eq!(lexicon.weight(&words("no fuss at all")), Some((2.0, 2)));
        assert_eq!(lexicon.weight(&words("fuss")), Some((1.0, 1)));
        assert_eq!(lexicon.weight(&words("fussy")), Some((-2.0, 1)));
        assert_eq!((lexicon.weight(&words("no, fuss")), lexicon.turn(&words("no, fuss"))), (None, Some(1)));
        assert_eq!(lexicon.weight(&words("fluff")), None);
    }
}
