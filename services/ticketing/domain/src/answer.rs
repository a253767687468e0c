//! What is no answer: texts that say nothing about the point (Ley 10/2025 art. 13.1 asks for reasons).

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

/// Fewer letters cannot hold a finding and its reason.
const FEWEST_LETTERS: usize = 20;
/// Fewer different words are no sentence.
const FEWEST_WORDS: usize = 4;

/// Stock phrases, folded as [`fold`] folds. They are fine beside an answer and are none by themselves.
const STOCK: &[&str] = &[
    "hemos recibido su consulta",
    "hemos recibido su reclamacion",
    "hemos recibido su queja",
    "hemos revisado su caso",
    "su reclamacion ha sido resuelta",
    "su solicitud ha sido atendida",
    "su consulta ha sido atendida",
    "su caso ha sido resuelto",
    "damos por resuelta su reclamacion",
    "procedemos al cierre",
    "lamentamos las molestias ocasionadas",
    "lamentamos las molestias",
    "sentimos las molestias",
    "disculpe las molestias",
    "gracias por contactar con nosotros",
    "gracias por ponerse en contacto con nosotros",
    "gracias por su paciencia",
    "gracias por su confianza",
    "quedamos a su disposicion",
    "reciba un cordial saludo",
    "un cordial saludo",
    "estimado cliente",
    "estimada clienta",
    "segun las condiciones generales del contrato",
    "segun condiciones generales",
    "todo es correcto",
    "we have received your complaint",
    "we have received your request",
    "we have reviewed your case",
    "your complaint has been resolved",
    "your request has been processed",
    "your case has been closed",
    "we apologize for the inconvenience",
    "we apologise for the inconvenience",
    "sorry for the inconvenience",
    "thank you for contacting us",
    "thank you for your patience",
    "thank you for your understanding",
    "as per our terms and conditions",
    "according to our terms and conditions",
    "please do not hesitate to contact us",
    "best regards",
    "kind regards",
    "dear customer",
];

/// Whether `text` is boilerplate: nothing of substance is left once stock phrases are taken away.
pub fn is_generic(text: &str) -> bool {
    let mut rest = fold(text);
    for phrase in STOCK {
        rest = rest.replace(phrase, " ");
    }
    let letters = rest.chars().filter(|c| c.is_alphanumeric()).count();
    let words: BTreeSet<&str> = rest.split_whitespace().collect();
    letters < FEWEST_LETTERS || words.len() < FEWEST_WORDS
}

/// Whether two texts say the same, case, accents and punctuation apart.
pub(crate) fn same(a: &str, b: &str) -> bool {
    fold(a) == fold(b)
}

/// Lower case without accents and punctuation, words one space apart.
pub(crate) fn fold(text: &str) -> String {
    let plain = |c: char| match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        c if c.is_alphanumeric() => c,
        _ => ' ',
    };
    let folded: String = text.nfc().flat_map(char::to_lowercase).map(plain).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
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
