//! What is no answer: texts that say nothing about the point (Ley 10/2025 art. 13.1 asks for reasons).

use std::collections::BTreeSet;

use kernel::phrase::{fold, without_stock};

/// Fewer letters cannot hold a finding and its reason.
const FEWEST_LETTERS: usize = 20;
/// Fewer different words are no sentence.
const FEWEST_WORDS: usize = 4;

/// Whether `text` is boilerplate: nothing of substance is left once stock phrases are taken away.
pub fn is_generic(text: &str) -> bool {
    let rest = without_stock(&fold(text));
    let letters = rest.chars().filter(|c| c.is_alphanumeric()).count();
    let words: BTreeSet<&str> = rest.split_whitespace().collect();
    letters < FEWEST_LETTERS || words.len() < FEWEST_WORDS
}

/// Whether two texts say the same, case, accents and punctuation apart.
pub(crate) fn same(a: &str, b: &str) -> bool {
    fold(a) == fold(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_phrases_alone_are_no_answer() {
        for empty in [
            "",
            "ok",
            "Resuelto.",
            "no no no no no no no no no no no no",
            "Estimado cliente: hemos recibido su reclamación. Lamentamos las molestias. Un cordial saludo.",
            "Dear customer, your complaint has been resolved. Thank you for your patience. Kind regards",
            "Hemos revi\u{200b}sado su caso. Lamen\u{ad}tamos las molestias.",
            "Benvolgut client: hem revisat el seu cas. Lamentem les molèsties ocasionades. Una salutació cordial",
            "Bezero agurgarria: zure erreklamazioa jaso dugu. Sentitzen ditugu eragozpenak.",
        ] {
            assert!(is_generic(empty), "{empty}");
        }
    }

    #[test]
    fn a_finding_with_its_reason_is_an_answer() {
        let answer = "Lamentamos las molestias. La lectura de marzo era estimada; la real da 41 € menos, que se abonan en la próxima factura.";
        assert!(!is_generic(answer));
    }

    #[test]
    fn accents_and_punctuation_make_no_difference() {
        assert!(same("Según lo pactado, ¡no!", "segun lo PACTADO no"));
        assert!(same("co\u{301}mo", "CÓMO"), "however the accent is encoded");
    }
}
