//! Telling an answer from a phrase.

use std::collections::BTreeSet;

use kernel::Violations;
pub(super) use kernel::phrase::fold as words;
use kernel::phrase::without_stock;

use super::Answer;

/// What a text must hold once stock phrases are taken out of it.
struct Measure {
    words: usize,
    different: usize,
}

const STATEMENT: Measure = Measure { words: 8, different: 6 };
const REMEDY: Measure = Measure { words: 4, different: 3 };

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
