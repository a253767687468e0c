//! A text as words.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A word as the lists hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// In lower case, without accents and apostrophes; of a letter that is drawn out, one.
    pub folded: String,
    /// Which part of the text, between two stops, it stands in.
    pub clause: usize,
    /// All capitals, and long enough to be meant so.
    pub is_shouted: bool,
}

/// From how many letters on capitals are meant.
const SHOUT: usize = 4;

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut raw, mut clause) = (String::new(), 0);
    // A stop at the end closes the last word.
    for c in text.nfd().filter(|c| !is_combining_mark(*c)).chain(['.']) {
        if c.is_alphanumeric() {
            raw.push(c);
        } else if !matches!(c, '\'' | '\u{2019}') {
            if !raw.is_empty() {
                words.push(word(&raw, clause));
                raw.clear();
            }
            if matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '\u{2026}' | '\n') {
                clause += 1;
            }
        }
    }
    words
}

fn word(raw: &str, clause: usize) -> Word {
    let is_shouted = raw.chars().count() >= SHOUT && raw.chars().all(char::is_uppercase);
    let lower: Vec<char> = raw.chars().flat_map(char::to_lowercase).collect();
    let mut folded = String::with_capacity(raw.len());
    for run in lower.chunk_by(|one, next| one == next) {
        let drawn_out = run.len() > 2 && !run[0].is_numeric();
        folded.extend(&run[..if drawn_out { 1 } else { run.len() }]);
    }
    Word { folded, clause, is_shouted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_know_their_clause() {
        let told: Vec<(String, usize, bool)> = words("¡Qué VERGÜENZA! Don’t call, muuuuy mal 1000")
            .into_iter()
            .map(|word| (word.folded, word.clause, word.is_shouted))
            .collect();
        let expected = [
            ("que", 0, false),
            ("verguenza", 0, true),
            ("dont", 1, false),
            ("call", 1, false),
            ("muy", 2, false),
            ("mal", 2, false),
            ("1000", 2, false),
        ];
        assert_eq!(told, expected.map(|(word, clause, shouted)| (word.to_owned(), clause, shouted)));
    }
}
