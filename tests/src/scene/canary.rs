//! Values that must not be seen, and the search for them in what a program lets out.

use unicode_normalization::UnicodeNormalization as _;

/// Words that no span, log line or error may hold, in any of the spellings a program gives them by
/// accident: another case, without accents, as hexadecimal digits, as a list of bytes.
#[derive(Debug, Default, Clone)]
pub struct Canaries {
    words: Vec<Canary>,
}

#[derive(Debug, Clone)]
struct Canary {
    word: String,
    spellings: Vec<String>,
}

impl Canaries {
    /// Nothing to look for yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks for this word too.
    ///
    /// # Panics
    /// When it is so short that it would be found by chance.
    pub fn plant(&mut self, word: &str) {
        assert!(word.chars().count() >= 6, "{word:?} is too short to be told from chance");
        let plain = fold(word);
        let bytes = word.as_bytes();
        let list = bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        self.words.push(Canary { word: word.to_owned(), spellings: vec![plain, hex::encode(bytes), list] });
    }

    /// The words of `text` that must not be there.
    pub fn found_in(&self, text: &str) -> Vec<&str> {
        let text = fold(text);
        let seen = |canary: &&Canary| canary.spellings.iter().any(|spelling| text.contains(spelling.as_str()));
        self.words.iter().filter(seen).map(|canary| canary.word.as_str()).collect()
    }
}

/// Lower case without accents.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_word_is_found_in_every_spelling() {
        let mut canaries = Canaries::new();
        canaries.plant("Quiñonero");
        let (digits, list) = (hex::encode("Quiñonero"), format!("{:?}", "Quiñonero".as_bytes()));
        for spelling in ["x Quiñonero y", "QUIÑONERO", "quinonero", &digits, &list] {
            assert_eq!(canaries.found_in(spelling), ["Quiñonero"], "{spelling}");
        }
        assert!(canaries.found_in("nothing of the kind").is_empty());
    }
}
