//! Given names and surnames as forms hold them: in three fields, in two, or in one.

use super::super::fold::{significant, surname_words, words};
use super::super::given::is_common;

/// Given names, first and second surname from three fields.
pub(super) fn parts(given: &str, first: &str, second: &str) -> (Vec<String>, String, String) {
    let given = significant(given);
    let second = surname_words(second).concat();
    let mut first = surname_words(first);
    // One field for both is how many systems hold surnames.
    if second.is_empty() && first.len() >= 2 {
        let rest = first.split_off(1).concat();
        return (given, first.concat(), rest);
    }
    (given, first.concat(), second)
}

/// Given names and surnames from one text: `García Núñez, María` or `María García Núñez`.
pub(super) fn split(whole: &str) -> (Vec<String>, String, String) {
    if let Some((surnames, given)) = whole.split_once(',') {
        return parts(given, surnames, "");
    }
    let all = surname_words(whole);
    let compound = all.len() == 3 && words(whole).len() == 3 && is_common(&all[1]);
    let surnames = match all.len() {
        0 | 1 => 0,
        2 => 1,
        3 if compound => 1,
        _ => 2,
    };
    let (given, surnames) = all.split_at(all.len() - surnames);
    let surname = |at: usize| surnames.get(at).cloned().unwrap_or_default();
    (given.to_vec(), surname(0), surname(1))
}
