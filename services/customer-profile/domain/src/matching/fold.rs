//! From text as people type it to words that can be compared: without accents, case, punctuation
//! and the small words that come and go.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Small words of surnames and compound given names, in the languages of our customers' names.
const PARTICLES: &[&str] = &[
    "da", "das", "de", "del", "dels", "den", "der", "des", "di", "do", "dos", "du", "e", "el", "i", "la", "las", "les",
    "los", "ter", "van", "von", "y",
];

/// Words that make one surname with the next.
const PREFIXES: &[&str] = &["mac", "mc", "o", "saint", "san", "sant", "santa", "santo", "st"];

/// Kinds of street, which forms leave out, abbreviate and confuse. Also the words before a number.
const STREET_KINDS: &[&str] = &[
    "av",
    "ave",
    "avd",
    "avda",
    "avenida",
    "avenue",
    "avinguda",
    "boulevard",
    "bulevar",
    "c",
    "calle",
    "camino",
    "cami",
    "carrer",
    "carretera",
    "circuit",
    "cl",
    "close",
    "cmno",
    "court",
    "cr",
    "crescent",
    "ct",
    "ctra",
    "dr",
    "drive",
    "glorieta",
    "ln",
    "lane",
    "n",
    "no",
    "num",
    "numero",
    "pasaje",
    "paseo",
    "passeig",
    "pg",
    "pl",
    "place",
    "placa",
    "plaza",
    "po",
    "pso",
    "pza",
    "rambla",
    "rd",
    "rda",
    "road",
    "ronda",
    "rua",
    "sq",
    "square",
    "st",
    "street",
    "terrace",
    "travesia",
    "trav",
    "tr",
    "urb",
    "urbanizacion",
    "via",
    "way",
];

/// The words of `text`: lower case, without accents, split at everything that is no letter or
/// digit. Apostrophes and the Catalan middle dot stand inside words and vanish.
pub(super) fn words(text: &str) -> Vec<String> {
    let folded: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !matches!(c, '\'' | '’' | '`' | '´' | '·' | '•'))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    folded.split_whitespace().map(spelled_out).collect()
}

/// Letters that decomposition leaves whole.
fn spelled_out(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for c in word.chars() {
        match c {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'ø' => plain.push('o'),
            'đ' | 'ð' => plain.push('d'),
            'ł' => plain.push('l'),
            'ı' => plain.push('i'),
            other => plain.push(other),
        }
    }
    plain
}

/// The words of a name that tell people apart; all of them when none does.
pub(super) fn significant(text: &str) -> Vec<String> {
    without(words(text), PARTICLES)
}

/// The words of a surname field, with `San Martín` and the like as one.
pub(super) fn surname_words(text: &str) -> Vec<String> {
    let mut glued: Vec<String> = Vec::new();
    let mut open = false;
    for word in significant(text) {
        let opens = PREFIXES.contains(&word.as_str());
        match glued.last_mut() {
            Some(last) if open => last.push_str(&word),
            _ => glued.push(word),
        }
        open = opens;
    }
    glued
}

/// The words of a line of an address, without what kind of street it is.
pub(super) fn street_words(text: &str) -> Vec<String> {
    without(without(words(text), PARTICLES), STREET_KINDS)
}

fn without(words: Vec<String>, small: &[&str]) -> Vec<String> {
    let kept: Vec<String> = words.iter().filter(|w| !small.contains(&w.as_str())).cloned().collect();
    if kept.is_empty() { words } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_punctuation_do_not_count() {
        for text in ["MARÍA-JOSÉ", " maria  jose ", "Mari\u{301}a, Jose\u{301}."] {
            assert_eq!(words(text), ["maria", "jose"], "{text:?}");
        }
        assert_eq!(words("O'Brien Gal·la Núñez Strauß"), ["obrien", "galla", "nunez", "strauss"]);
        assert_eq!(words("Mª C/ 1º"), ["ma", "c", "1o"]);
    }

    #[test]
    fn particles_go_unless_nothing_would_be_left() {
        assert_eq!(significant("María de los Ángeles"), ["maria", "angeles"]);
        assert_eq!(significant("Ortega y Gasset"), ["ortega", "gasset"]);
        assert_eq!(significant("de la"), ["de", "la"]);
    }

    #[test]
    fn a_saint_is_part_of_the_surname() {
        assert_eq!(surname_words("San Martín de la Fuente"), ["sanmartin", "fuente"]);
        assert_eq!(surname_words("San"), ["san"]);
    }

    #[test]
    fn the_kind_of_street_does_not_count() {
        assert_eq!(street_words("C/ de la Luna, nº 12"), ["luna", "12"]);
        assert_eq!(street_words("Calle Luna 12"), street_words("cl. LUNA, 12"));
        assert_eq!(street_words("Plaza"), ["plaza"]);
    }
}
