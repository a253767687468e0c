//! What given names are short for, which are common, and which are one name in two genders.

mod table;

use table::{COMMON, SHORT_FOR};

/// The name or names `word` is short for; itself when it is not known to be short.
pub(super) fn long_forms(word: &str) -> Vec<&str> {
    match SHORT_FOR.iter().find(|(short, _)| *short == word) {
        Some((_, full)) => full.to_vec(),
        None => vec![word],
    }
}

/// Whether `word` is a given name that many people have.
pub(super) fn is_common(word: &str) -> bool {
    COMMON.contains(&word) || SHORT_FOR.iter().any(|(short, full)| *short == word || full.contains(&word))
}

/// Whether two folded names are one name in two genders: `antonio` and `antonia`, `daniel` and
/// `daniela`. One letter apart, and sister and brother.
pub(super) fn differ_in_gender(one: &[u8], other: &[u8]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.len() < 3 {
        return false;
    }
    let stem = short.len() - 1;
    let endings = short.len() == long.len()
        && short[..stem] == long[..stem]
        && matches!((short[stem], long[stem]), (b'o', b'a') | (b'a', b'o'));
    let appended = long.len() == short.len() + 1
        && long.starts_with(short)
        && long.ends_with(b"a")
        && !matches!(short[stem], b'a' | b'e' | b'i' | b'o' | b'u');
    endings || appended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_names_are_short_for() {
        assert_eq!(long_forms("paco"), ["francisco"]);
        assert_eq!(long_forms("maite"), ["maria", "teresa"]);
        assert_eq!(long_forms("bob"), ["robert"]);
        assert_eq!(long_forms("zzz"), ["zzz"]);
    }

    #[test]
    fn the_tables_hold_each_form_once_and_folded() {
        let mut forms: Vec<&str> = SHORT_FOR.iter().map(|(short, _)| *short).chain(COMMON.iter().copied()).collect();
        assert!(forms.iter().all(|form| form.bytes().all(|b| b.is_ascii_lowercase())));
        forms.sort_unstable();
        let before = forms.len();
        forms.dedup();
        assert_eq!(forms.len(), before);
    }

    #[test]
    fn brother_and_sister_differ_in_gender() {
        for (one, other) in [("antonio", "antonia"), ("mario", "maria"), ("daniel", "daniela"), ("juan", "juana")] {
            assert!(differ_in_gender(one.as_bytes(), other.as_bytes()), "{one} {other}");
            assert!(differ_in_gender(other.as_bytes(), one.as_bytes()), "{other} {one}");
        }
        assert!(!differ_in_gender(b"antonio", b"antonip"));
        assert!(!differ_in_gender(b"maria", b"mariaa"));
    }
}
