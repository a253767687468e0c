//! Telephone numbers in E.164, and what a network hands over as the calling number.

use kernel::Personal;
use phonenumber::Mode;
use phonenumber::country::Id as Region;

/// A telephone number in E.164, e.g. `+34600111222`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(Personal<String>);

/// Why a text is no telephone number. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPhone {
    /// The country has no numbering plan.
    #[error("must have a country code that ISO 3166 knows and that has a numbering plan")]
    Region,
    /// No number could be read.
    #[error("must be a telephone number, in national form or with + and the country's prefix")]
    Unreadable,
    /// Too short, too long, or in no range that the country gives out.
    #[error("must be a number of the country's numbering plan")]
    OutsidePlan,
}

impl Phone {
    /// Reads a number; one without international prefix belongs to `region` (two letters).
    ///
    /// A number in national form must be in a range its country gives out. One written with its
    /// international prefix needs only a plausible length: numbering plans grow faster than the
    /// tables that describe them.
    ///
    /// # Errors
    /// [`NotAPhone`] says what is wrong with it.
    pub fn parse(text: &str, region: &str) -> Result<Self, NotAPhone> {
        let text = text.trim();
        if let Some(e164) = plainly_spanish(text, region) {
            return Ok(Self(e164.into()));
        }
        let region: Region = region.parse().map_err(|_| NotAPhone::Region)?;
        // 00 is the international prefix nearly everywhere, and what many systems store.
        let international = text.strip_prefix("00").map(|rest| format!("+{rest}"));
        let text = international.as_deref().unwrap_or(text);
        let number = phonenumber::parse(Some(region), text).map_err(|_| NotAPhone::Unreadable)?;
        let e164 = number.format().mode(Mode::E164).to_string();
        let plausible = text.starts_with('+') && (9..=16).contains(&e164.len());
        if phonenumber::is_valid(&number) || plausible { Ok(Self(e164.into())) } else { Err(NotAPhone::OutsidePlan) }
    }

    /// The number, e.g. `+34600111222`.
    pub fn e164(&self) -> &str {
        self.0.expose()
    }
}

/// Reads the numbering plans of all countries, which are otherwise read by whoever brings the first number that needs
/// them: that caller would wait for it, some 70 ms in a release build.
pub fn read_numbering_plans() {
    let _: &phonenumber::metadata::Database = &phonenumber::metadata::DATABASE;
}

/// The E.164 form of a number that needs no reading: Spanish, without a mark in it, and as a network hands it over or a
/// mobile is written at home. What is stored and what rings is mostly so, and reading it by the tables of all countries
/// is a good part of a lookup.
fn plainly_spanish(text: &str, region: &str) -> Option<String> {
    let national = match text.strip_prefix("+34") {
        Some(national) if national.starts_with(['6', '7', '8', '9']) => national,
        None if region == "ES" && text.starts_with('6') => text,
        _ => return None,
    };
    let is_plain = national.len() == 9 && national.bytes().all(|b| b.is_ascii_digit());
    // A country that is no country is still refused.
    let region_holds = region == "ES" || region.parse::<Region>().is_ok();
    (is_plain && region_holds).then(|| format!("+34{national}"))
}

/// What a network says of who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerNumber {
    /// A number.
    Usable(Phone),
    /// Held back by the caller or the network.
    Withheld,
    /// Something, but no number.
    Unreadable,
}

/// Words that networks, switches and private branch exchanges send in place of a number.
const WITHHELD: &[&str] = &[
    "anonymous",
    "withheld",
    "restricted",
    "unavailable",
    "unknown",
    "private",
    "private number",
    "no caller id",
    "<unknown>",
    "oculto",
    "numero oculto",
    "número oculto",
    "privado",
    "desconocido",
    // "ANONYMOUS" on a keypad, sent by several SIP carriers.
    "266696687",
    "+266696687",
];

/// Reads a calling number: a `tel:` or `sip:` address, a number, a word, or nothing. Never fails:
/// a caller without a usable number is still a caller.
pub fn caller_number(text: &str, region: &str) -> CallerNumber {
    let text = text.trim();
    let scheme =
        ["tel:", "sips:", "sip:"].iter().find(|s| text.get(..s.len()).is_some_and(|head| head.eq_ignore_ascii_case(s)));
    let user = match scheme {
        Some(scheme) => text[scheme.len()..].split(['@', ';']).next().unwrap_or_default(),
        None => text,
    };
    let word = user.trim().to_lowercase();
    if word.is_empty() || WITHHELD.contains(&word.as_str()) {
        return CallerNumber::Withheld;
    }
    match Phone::parse(user, region) {
        Ok(phone) => CallerNumber::Usable(phone),
        Err(_) => CallerNumber::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number as the tables of all countries read it.
    fn by_the_tables(text: &str) -> Option<String> {
        let number = phonenumber::parse(Some(Region::ES), text).ok()?;
        let plausible = text.starts_with('+');
        (phonenumber::is_valid(&number) || plausible).then(|| number.format().mode(Mode::E164).to_string())
    }

    #[test]
    fn what_needs_no_reading_is_read_as_the_tables_would() {
        // Every thousandth number of nine digits, and each that is first or last of its hundred thousand.
        let all = (0..1_000_000_000u32).step_by(99_991).chain((0..10_000).map(|n| n * 100_000 + 99_999));
        for number in all {
            let national = format!("{number:09}");
            for text in [format!("+34{national}"), national] {
                if let Some(plain) = plainly_spanish(&text, "ES") {
                    assert_eq!(by_the_tables(&text), Some(plain), "{text}");
                }
            }
        }
        assert_eq!(plainly_spanish("600111222", "PT"), None);
        assert_eq!(Phone::parse("+34600111222", "XX"), Err(NotAPhone::Region));
    }

    #[test]
    fn one_number_has_one_spelling() {
        for text in ["600 111 222", "+34 600-111-222", "0034600111222", "(600) 111222", " 600111222 "] {
            assert_eq!(Phone::parse(text, "ES").unwrap().e164(), "+34600111222", "{text:?}");
        }
        assert_eq!(Phone::parse("0161 496 0000", "GB").unwrap().e164(), "+441614960000");
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in ["", "hola", "12", "+", "600 111 22", "123456789"] {
            assert!(Phone::parse(text, "ES").is_err(), "{text:?}");
        }
        assert_eq!(Phone::parse("600111222", "XX"), Err(NotAPhone::Region));
        assert!(Phone::parse("+9991234567890123", "ES").is_err());
    }

    #[test]
    fn a_calling_number_is_usable_withheld_or_unreadable() {
        let usable = CallerNumber::Usable(Phone::parse("600111222", "ES").unwrap());
        for text in ["600111222", "tel:+34600111222", "sip:+34600111222@pbx.example;user=phone", "SIP:600111222@x"] {
            assert_eq!(caller_number(text, "ES"), usable, "{text:?}");
        }
        for text in ["", "  ", "Anonymous", "sip:anonymous@anonymous.invalid", "número oculto", "<unknown>"] {
            assert_eq!(caller_number(text, "ES"), CallerNumber::Withheld, "{text:?}");
        }
        for text in ["22", "sip:alice@example.com", "ñ", "\u{0}"] {
            assert_eq!(caller_number(text, "ES"), CallerNumber::Unreadable, "{text:?}");
        }
    }

    #[test]
    fn does_not_print_the_number() {
        assert!(!format!("{:?}", caller_number("600111222", "ES")).contains("600"));
    }
}
