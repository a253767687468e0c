//! Telling an answer from a phrase: what two texts are compared by, and the phrases that say nothing of the case at hand.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Phrases that fit every case and so say nothing about this one, folded as [`fold`] folds. They are fine beside an answer, and none by themselves. One that
/// holds another comes before it.
const STOCK: &[&str] = &[
    // Spanish.
    "lorem ipsum dolor sit amet",
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
    "no procede",
    "no ha lugar",
    "se desestima la reclamacion",
    "se desestima la queja",
    "segun lo expuesto",
    "por lo anteriormente expuesto",
    "por los motivos expuestos",
    "conforme a la normativa vigente",
    "de acuerdo con la normativa vigente",
    "de conformidad con la normativa aplicable",
    "la entidad ha actuado correctamente",
    "la entidad actuo conforme a derecho",
    "lamentamos las molestias ocasionadas",
    "lamentamos las molestias",
    "lamentamos los inconvenientes",
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
    // Catalan.
    "hem rebut la seva reclamacio",
    "hem rebut la seva queixa",
    "hem revisat el seu cas",
    "la seva reclamacio ha estat resolta",
    "el seu cas ha estat resolt",
    "es desestima la reclamacio",
    "no s escau",
    "d acord amb la normativa vigent",
    "l entitat ha actuat correctament",
    "lamentem les molesties ocasionades",
    "lamentem les molesties",
    "gracies per contactar amb nosaltres",
    "gracies per la seva paciencia",
    "quedem a la seva disposicio",
    "rebi una salutacio cordial",
    "una salutacio cordial",
    "benvolgut client",
    "benvolguda clienta",
    "segons les condicions generals del contracte",
    "tot es correcte",
    // Galician.
    "recibimos a sua reclamacion",
    "recibimos a sua queixa",
    "revisamos o seu caso",
    "a sua reclamacion foi resolta",
    "desestimase a reclamacion",
    "de acordo coa normativa vixente",
    "a entidade actuou correctamente",
    "lamentamos as molestias ocasionadas",
    "lamentamos as molestias",
    "grazas por contactar connosco",
    "grazas pola sua paciencia",
    "quedamos a sua disposicion",
    "un saudo cordial",
    "prezado cliente",
    "prezada clienta",
    "todo e correcto",
    // Basque.
    "zure erreklamazioa jaso dugu",
    "zure kexa jaso dugu",
    "zure kasua aztertu dugu",
    "zure erreklamazioa ebatzi da",
    "erreklamazioa ezetsi da",
    "indarrean dagoen araudiaren arabera",
    "erakundeak zuzen jokatu du",
    "sentitzen ditugu eragozpenak",
    "eskerrik asko gurekin harremanetan jartzeagatik",
    "eskerrik asko zure pazientziagatik",
    "zure esanetara gaude",
    "agur bero bat",
    "bezero agurgarria",
    "dena zuzena da",
    // English.
    "we have received your complaint",
    "we have received your request",
    "we have reviewed your case",
    "your complaint has been resolved",
    "your request has been processed",
    "your case has been closed",
    "the complaint is dismissed",
    "the complaint is rejected",
    "the firm acted correctly",
    "as explained above",
    "as stated above",
    "for the reasons stated above",
    "for the reasons set out above",
    "in accordance with applicable regulations",
    "in accordance with the applicable rules",
    "in line with our terms and conditions",
    "as per our terms and conditions",
    "according to our terms and conditions",
    "we apologize for the inconvenience",
    "we apologise for the inconvenience",
    "we apologise for any inconvenience",
    "we apologize for any inconvenience",
    "we regret any inconvenience",
    "sorry for the inconvenience",
    "thank you for contacting us",
    "thank you for your patience",
    "thank you for your understanding",
    "please do not hesitate to contact us",
    "best regards",
    "kind regards",
    "dear customer",
    "see above",
];

/// Characters that are not seen and part no words: soft hyphen, zero-width spaces and joiners, marks of direction.
const UNSEEN: [char; 8] =
    ['\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{feff}'];

/// The words of a text, lower case, without accents or punctuation, one space between: what two texts are compared by. Characters that nobody sees part no
/// words, and letters that stand alone spell one.
pub fn fold(text: &str) -> String {
    let plain: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !UNSEEN.contains(c))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    unspaced(&plain)
}

/// The same with letters that stand alone, three and more in a row, as the word that they spell.
fn unspaced(plain: &str) -> String {
    let is_letter = |word: &&str| word.chars().count() == 1;
    let words: Vec<&str> = plain.split_whitespace().collect();
    let runs = words.chunk_by(|one, other| is_letter(one) && is_letter(other));
    runs.map(|run| run.join(if run.len() > 2 { "" } else { " " })).collect::<Vec<_>>().join(" ")
}

/// What is left of a folded text once stock phrases are taken out of it.
pub fn without_stock(folded: &str) -> String {
    // Words two spaces apart, so that a phrase beside another, or beside itself, has its own.
    let padded = format!(" {} ", folded.replace(' ', "  "));
    let take = |text: String, phrase: &&str| text.replace(&format!(" {} ", phrase.replace(' ', "  ")), " ");
    STOCK.iter().fold(padded, take).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_one_however_it_is_written() {
        for written in [
            "Lamentamos las molestias.",
            "LAMENTAMOS las mole\u{200b}stias",
            "l a m e n t a m o s las molestias",
            "Lamentamos las mol\u{ad}estias. Lamentamos las molestias.",
            "Ｌamentamos las molestias",
            "Lamentem les molèsties. Una salutació cordial",
            "Zure erreklamazioa jaso dugu. Eskerrik asko zure pazientziagatik.",
            "Prezado cliente: lamentamos as molestias ocasionadas.",
        ] {
            assert_eq!(without_stock(&fold(written)), "", "{written}");
        }
    }

    #[test]
    fn what_is_said_beside_a_phrase_stays_and_no_word_is_cut() {
        assert_eq!(
            without_stock(&fold("Lamentamos las molestias: el contador marcaba 41 €.")),
            "el contador marcaba 41"
        );
        assert_eq!(without_stock("no procedemos hoy"), "no procedemos hoy");
    }

    #[test]
    fn every_phrase_is_folded_stands_once_and_is_hidden_by_none_before_it() {
        for (place, phrase) in STOCK.iter().enumerate() {
            assert_eq!(fold(phrase), *phrase);
            let before = &STOCK[..place];
            assert!(before.iter().all(|shorter| !format!(" {phrase} ").contains(&format!(" {shorter} "))), "{phrase}");
        }
    }
}
