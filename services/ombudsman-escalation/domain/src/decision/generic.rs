//! Telling an answer from a phrase.

use std::collections::BTreeSet;

use kernel::Violations;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::Answer;

/// What a text must hold once stock phrases are taken out of it.
struct Measure {
    words: usize,
    different: usize,
}

const STATEMENT: Measure = Measure { words: 8, different: 6 };
const REMEDY: Measure = Measure { words: 4, different: 3 };

/// Phrases that fit every case and so say nothing about this one.
const STOCK: &[&str] = &[
    "lorem ipsum dolor sit amet",
    "no procede",
    "se desestima la reclamacion",
    "se desestima la queja",
    "segun lo expuesto",
    "por lo anteriormente expuesto",
    "por los motivos expuestos",
    "conforme a la normativa vigente",
    "de acuerdo con la normativa vigente",
    "de conformidad con la normativa aplicable",
    "la entidad ha actuado correctamente",
    "es desestima la reclamacio",
    "no s escau",
    "d acord amb la normativa vigent",
    "l entitat ha actuat correctament",
    "desestimase a reclamacion",
    "de acordo coa normativa vixente",
    "a entidade actuou correctamente",
    "erreklamazioa ezetsi da",
    "indarrean dagoen araudiaren arabera",
    "erakundeak zuzen jokatu du",
    "la entidad actuo conforme a derecho",
    "lamentamos las molestias ocasionadas",
    "lamentamos los inconvenientes",
    "no ha lugar",
    "as explained above",
    "as stated above",
    "for the reasons stated above",
    "for the reasons set out above",
    "in accordance with applicable regulations",
    "in accordance with the applicable rules",
    "in line with our terms and conditions",
    "the complaint is dismissed",
    "the complaint is rejected",
    "the firm acted correctly",
    "we regret any inconvenience",
    "we apologise for any inconvenience",
    "see above",
];

/// Notes what is generic in one answer.
pub(crate) fn check(index: usize, answer: &Answer, violations: &mut Violations) {
    let texts = [
        ("finding", &answer.finding, STATEMENT),
        ("reason", &answer.reason, STATEMENT),
        ("remedy", &answer.remedy, REMEDY),
    ];
    for (name, text, measure) in texts {
        if let Some(fault) = fault(text.expose(), &measure) {
            violations.push(format!("points[{index}].{name}"), fault);
        }
    }
}

/// What is generic in the reasons for departing from an earlier decision.
pub(crate) fn departure(text: &str) -> Option<String> {
    fault(text, &STATEMENT)
}

fn fault(text: &str, measure: &Measure) -> Option<String> {
    let all = words(text);
    if all.is_empty() {
        return Some("must not be empty".to_owned());
    }
    let own = without_stock(&all);
    let different = own.split_whitespace().collect::<BTreeSet<_>>().len();
    let enough = own.split_whitespace().count() >= measure.words && different >= measure.different;
    if enough {
        return None;
    }
    Some(if own.len() < all.len() {
        "is a stock phrase; say what is so in this case".to_owned()
    } else {
        format!("is too short to answer the point; use {} words or more of its own", measure.words)
    })
}

/// The words of a text, lower case, without accents or punctuation, one space between: what two texts
/// are compared by.
pub(super) fn words(text: &str) -> String {
    let plain: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !UNSEEN.contains(c))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    unspaced(&plain)
}

/// Characters that are not seen and part no words: soft hyphen, zero-width spaces and joiners, marks of direction.
const UNSEEN: [char; 8] =
    ['\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{feff}'];

/// The same with letters that stand alone, three and more in a row, as the word that they spell.
fn unspaced(plain: &str) -> String {
    let is_letter = |word: &&str| word.chars().count() == 1;
    let words: Vec<&str> = plain.split_whitespace().collect();
    let runs = words.chunk_by(|one, other| is_letter(one) && is_letter(other));
    runs.map(|run| run.join(if run.len() > 2 { "" } else { " " })).collect::<Vec<_>>().join(" ")
}

fn without_stock(words: &str) -> String {
    let padded = format!(" {words} ");
    let left = STOCK.iter().fold(padded, |text, phrase| text.replace(&format!(" {phrase} "), " "));
    left.trim().to_owned()
}
