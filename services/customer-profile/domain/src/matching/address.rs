//! Addresses as they are compared: as one fact. Whoever moves changes street, number, postal code
//! and town together, so that each counted by itself would count one move four times.

use super::fold::{street_words, words};
use super::level::Level;
use super::name::Token;
use super::sound::skeleton;
use super::word::{Closeness, Word};

/// An address as its source has it.
#[derive(Clone, Copy, Default)]
pub struct AddressText<'a> {
    /// Street, or another line of the address.
    pub lines: [&'a str; 2],
    /// House number, where it has a field of its own.
    pub number: &'a str,
    /// Town.
    pub locality: &'a str,
    /// Province, state or region.
    pub region: &'a str,
    /// Postal code.
    pub postal_code: &'a str,
}

/// An address ready to be compared.
pub(super) struct Place {
    lines: [Word; 2],
    number: Word,
    locality: Word,
    region: Word,
    pub(super) postal_code: Word,
    /// What an index finds its lines by.
    bones: Box<[String; 2]>,
}

impl Place {
    /// The address, unless nothing of it is there.
    pub(super) fn new(text: &AddressText<'_>) -> Option<Self> {
        let joined = |text: &str| Word::new(&words(text).concat());
        let mut number = words(text.number).into_iter().next();
        let mut bones = Box::new([String::new(), String::new()]);
        let mut lines = [Word::new(""); 2];
        for (at, line) in text.lines.iter().enumerate() {
            let (street, found) = apart(line);
            // What stands after the number is floor and door, which half of all forms leave out.
            number = number.or(found);
            bones[at] = street.first().map(|word| skeleton(word)).unwrap_or_default();
            lines[at] = Word::new(&street.concat());
        }
        let place = Self {
            lines,
            number: Word::new(&number.unwrap_or_default()),
            locality: joined(text.locality),
            region: joined(text.region),
            postal_code: joined(text.postal_code),
            bones,
        };
        let parts = [&place.lines[0], &place.lines[1], &place.locality, &place.postal_code];
        parts.iter().any(|part| !part.is_empty()).then_some(place)
    }

    /// How near `other` is.
    pub(super) fn compare(&self, other: &Self) -> Level {
        let street = self.street(other);
        let number = near(&self.number, &other.number, 1);
        let post = near(&self.postal_code, &other.postal_code, 1);
        let town = self.town(other);
        let area = u8::from(post == Some(true)) + u8::from(town == Some(true));
        let no_area = post.is_none() && town.is_none();
        let same_number = number == Some(true);
        match street {
            Some(true) if same_number && (area > 0 || no_area) => Level::Exact,
            Some(true) if area == 2 => Level::Near,
            Some(true) if area == 1 && number.is_none() => Level::Near,
            Some(true) if same_number => Level::Near,
            Some(true) => Level::Partial,
            _ if same_number && area == 2 => Level::Near,
            _ if area == 2 => Level::Partial,
            _ if area == 1 => Level::Weak,
            None if no_area => Level::Missing,
            _ => Level::Far,
        }
    }

    /// Whether any line is the other's: forms with two lines are filled in either order.
    fn street(&self, other: &Self) -> Option<bool> {
        let mut met = None;
        for one in self.lines.iter().filter(|line| !line.is_empty()) {
            for two in other.lines.iter().filter(|line| !line.is_empty()) {
                if one.closeness(two) >= Closeness::Loose || one.extends(two) {
                    return Some(true);
                }
                met = Some(false);
            }
        }
        met
    }

    /// Whether the town is the same. Towns of one name in two regions are two.
    fn town(&self, other: &Self) -> Option<bool> {
        if self.locality.is_empty() || other.locality.is_empty() {
            return None;
        }
        let regions = near(&self.region, &other.region, 2);
        let alike =
            self.locality.closeness(&other.locality) >= Closeness::Loose || self.locality.extends(&other.locality);
        Some(alike && (regions != Some(false) || self.postal_code == other.postal_code))
    }

    /// What an index finds it by: a line and the number.
    pub(super) fn doors(&self) -> impl Iterator<Item = String> + '_ {
        let numbered = !self.number.is_empty();
        let lines = self.bones.iter().filter(move |bones| numbered && bones.len() >= 2);
        lines.map(|bones| format!("{bones} {}", self.number.text()))
    }

    /// What an index finds it by when the street is misspelt: postal code and number.
    pub(super) fn post_and_number(&self) -> Option<String> {
        let both = !self.number.is_empty() && !self.postal_code.is_empty();
        both.then(|| format!("{} {}", self.postal_code.text(), self.number.text()))
    }

    /// What an index finds one of its inhabitants by.
    pub(super) fn post_and_name(&self, name: &Token) -> Option<String> {
        (!self.postal_code.is_empty()).then(|| format!("{} {}", self.postal_code.text(), name.bones))
    }
}

/// Whether two short codes are equal but for so many slips; `None` when one is absent.
fn near(one: &Word, other: &Word, slips: usize) -> Option<bool> {
    if one.is_empty() || other.is_empty() {
        return None;
    }
    let slips = if one.len().min(other.len()) >= 2 { slips } else { 0 };
    Some(one.distance_within(other, slips).is_some())
}

/// The words of a line before its number, and the number.
fn apart(line: &str) -> (Vec<String>, Option<String>) {
    let mut street = street_words(line);
    let digits = |word: &String| word.bytes().next().is_some_and(|b| b.is_ascii_digit());
    // A street may begin with a number: `2 de Mayo`. English puts the house there.
    let Some(at) = street
        .iter()
        .rposition(digits)
        .map(|last| street.iter().skip(1).position(digits).map_or(last, |inner| inner + 1))
    else {
        return (street, None);
    };
    let number = street.remove(at);
    if at > 0 {
        street.truncate(at);
    }
    let number = number.trim_start_matches('0').to_owned();
    if street.is_empty() { (vec![number], None) } else { (street, Some(number)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: &str, number: &str, locality: &str, postal_code: &str) -> Place {
        let text = AddressText { lines: [line, ""], number, locality, postal_code, ..AddressText::default() };
        Place::new(&text).unwrap()
    }

    fn level(one: &Place, other: &Place) -> Level {
        assert_eq!(one.compare(other), other.compare(one));
        one.compare(other)
    }

    #[test]
    fn one_home_has_many_spellings() {
        let home = place("Calle de Alcalá, 12, 3º B", "", "Madrid", "28014");
        for other in [
            place("C/ Alcala nº 12", "", "MADRID", "28014"),
            place("alcalá", "12", "Madrid", "28041"),
            place("Alcala 12 3B", "", "", "28014"),
            place("12 Alcalá", "", "Madird", ""),
        ] {
            assert_eq!(level(&home, &other), Level::Exact);
        }
        assert_eq!(level(&home, &place("Calle Alcalá", "", "Madrid", "28014")), Level::Near);
        assert_eq!(level(&home, &place("Calle Mayor 3", "", "Madrid", "28014")), Level::Partial);
        assert_eq!(level(&home, &place("Calle Mayor 3", "", "Madrid", "28770")), Level::Weak);
        assert_eq!(level(&home, &place("Gran Vía 40", "", "Bilbao", "48009")), Level::Far);
        assert_eq!(level(&place("", "", "", "28014"), &place("Gran Vía", "", "", "")), Level::Missing);
    }

    #[test]
    fn lines_may_change_places() {
        let lines = |lines| AddressText { lines, number: "4", postal_code: "3805", ..AddressText::default() };
        let one = Place::new(&lines(["Yambina Crescent", "North Dara"])).unwrap();
        let other = Place::new(&lines(["nort hdara", "yambina crecsent"])).unwrap();
        assert_eq!(level(&one, &other), Level::Exact);
    }

    #[test]
    fn a_street_may_be_called_by_a_number() {
        let home = place("Calle 2 de Mayo 15", "", "Madrid", "28004");
        assert_eq!(level(&home, &place("2 de mayo", "15", "Madrid", "28004")), Level::Exact);
    }

    #[test]
    fn nothing_is_no_address() {
        assert!(Place::new(&AddressText::default()).is_none());
    }
}
