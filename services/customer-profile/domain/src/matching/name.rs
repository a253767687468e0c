//! Names as they are compared: given names as a list of words, one or two surnames, and every way
//! in which forms mix the three up.

mod nearness;
mod parts;

use super::Frequencies;
use super::fold::significant;
use super::given::{is_common, long_forms};
use super::level::Level;
use super::sound::{skeleton, sounds};
use super::word::{Word, digest};

use nearness::{given, laid_into, surname};
use parts::{parts, split};

/// One word of a name, or several written as one.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) word: Word,
    /// The name it stands for.
    root: u64,
    sound: u64,
    common: bool,
    /// Nobody else is called so: a slip, or very rare.
    unheard: bool,
    /// How large a part of all people carry it, as log2, where that is known.
    share: Option<f32>,
    /// What an index finds it by.
    pub(super) bones: Box<str>,
}

/// A name. Empty parts are absent.
pub(super) struct Name {
    pub(super) given: Vec<Token>,
    given_joined: Option<Token>,
    pub(super) first: Option<Token>,
    pub(super) second: Option<Token>,
    surnames_joined: Option<Token>,
    /// The first surname read as a given name, for forms filled in the wrong order.
    first_as_given: Vec<Token>,
}

/// How two names lie on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Field on field.
    Straight,
    /// First surname on second, or both surnames in one field.
    Surnames,
    /// First surname on second, where one side has no other.
    SecondForFirst,
    /// Given name on first surname.
    GivenAndSurname,
}

/// What the comparison of two names found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NameLevels {
    pub(super) order: Order,
    pub(super) given: (Level, Option<f32>),
    pub(super) first: (Level, Option<f32>),
    pub(super) second: (Level, Option<f32>),
}

impl Token {
    fn new(folded: &str, root: &str, share: Option<f32>) -> Self {
        Self {
            word: Word::new(folded),
            root: digest(root.as_bytes()),
            sound: digest(sounds(folded).as_bytes()),
            common: is_common(folded),
            unheard: false,
            share,
            bones: skeleton(root).into(),
        }
    }

    const fn is_initial(&self) -> bool {
        self.word.len() == 1
    }
}

impl Name {
    /// A name from its fields; `whole` is read only where the fields are empty.
    pub(super) fn new(given: &str, first: &str, second: &str, whole: &str, frequencies: &Frequencies) -> Self {
        let first_field = first;
        let fields_empty = [given, first, second].iter().all(|field| field.trim().is_empty());
        let (given, first, second) = if fields_empty { split(whole) } else { parts(given, first, second) };
        let tokens: Vec<Token> = given.iter().flat_map(|word| given_tokens(word, frequencies)).collect();
        let surname = |text: &String| Token::new(text, text, frequencies.surname(text));
        let joined = |texts: &[&String]| texts.iter().map(|t| t.as_str()).collect::<String>();
        let all_given: String = tokens.iter().map(|t| t.word.text()).collect();
        let surnames = joined(&[&first, &second]);
        let turned = significant(first_field);
        // Kept only where it can matter: most surnames are no given names.
        let may_be_given = turned.iter().any(|word| is_common(word));
        let as_given =
            turned.iter().filter(|_| may_be_given).flat_map(|word| given_tokens(word, frequencies)).collect();
        Self {
            first_as_given: as_given,
            given_joined: (!all_given.is_empty()).then(|| Token::new(&all_given, &all_given, None)),
            given: tokens,
            surnames_joined: (!surnames.is_empty()).then(|| Token::new(&surnames, &surnames, None)),
            first: (!first.is_empty()).then(|| surname(&first)),
            second: (!second.is_empty()).then(|| surname(&second)),
        }
    }

    /// The levels of the way to lay one name on the other that agrees best.
    pub(super) fn compare(&self, other: &Self) -> NameLevels {
        let straight = NameLevels {
            order: Order::Straight,
            given: given(self, other),
            first: surname(self.first.as_ref(), other.first.as_ref()),
            second: surname(self.second.as_ref(), other.second.as_ref()),
        };
        if straight.first.0.agrees() {
            return straight;
        }
        // A given name that stands where it belongs was not taken for a surname.
        let turned = if straight.given.0.agrees() { None } else { self.turned(other) };
        [self.crossed(other, straight.given), self.run_together(other, straight.given), turned]
            .into_iter()
            .flatten()
            .fold(straight, |best, other| if other.merit() > best.merit() { other } else { best })
    }

    /// First surname on second.
    fn crossed(&self, other: &Self, given: (Level, Option<f32>)) -> Option<NameLevels> {
        if self.second.is_none() && other.second.is_none() {
            return None;
        }
        let one = surname(self.first.as_ref(), other.second.as_ref());
        let two = surname(self.second.as_ref(), other.first.as_ref());
        let (first, second) = better_first(one, two);
        // A second surname equal to a first, and the others unlike: mother and child.
        if second.0 == Level::Far {
            return None;
        }
        let order = if second.0 == Level::Missing { Order::SecondForFirst } else { Order::Surnames };
        Some(NameLevels { order, given, first, second })
    }

    /// Both surnames as one text, for a blank that got into a surname or out of it.
    fn run_together(&self, other: &Self, given: (Level, Option<f32>)) -> Option<NameLevels> {
        if self.second.is_some() == other.second.is_some() {
            return None;
        }
        let first = surname(self.surnames_joined.as_ref(), other.surnames_joined.as_ref());
        let second = (Level::Missing, None);
        Some(NameLevels { order: Order::Surnames, given, first, second })
    }

    /// Given name on first surname.
    fn turned(&self, other: &Self) -> Option<NameLevels> {
        let one = turned_half(self, other);
        if !one.0.agrees() {
            return None;
        }
        let two = turned_half(other, self);
        // The worse one as given name: it must not look firmer than it is.
        let (first, given) = better_first(one, two);
        let second = surname(self.second.as_ref(), other.second.as_ref());
        Some(NameLevels { order: Order::GivenAndSurname, given, first, second })
    }
}

impl NameLevels {
    /// For choosing among ways to lay names on each other. Turning given name and surname round
    /// needs both to agree: one alone is a coincidence of short lists.
    fn merit(&self) -> i32 {
        let turned = self.order == Order::GivenAndSurname;
        if turned && !(self.given.0.agrees() && self.first.0.agrees()) {
            return i32::MIN;
        }
        let worth = |level: Level| match level {
            Level::Exact => 8,
            Level::Variant | Level::Near => 6,
            Level::Partial => 2,
            Level::Far => -6,
            _ => 0,
        };
        let order = if self.order == Order::Straight { 1 } else { 0 };
        worth(self.given.0) + worth(self.first.0) + worth(self.second.0) + order
    }
}

/// One's given name on the other's first surname: as two surnames, or as two given names.
fn turned_half(one: &Name, other: &Name) -> (Level, Option<f32>) {
    let plain = surname(one.given_joined.as_ref(), other.first.as_ref());
    if plain.0.agrees() || one.given.is_empty() || other.first_as_given.is_empty() {
        return plain;
    }
    let (short, long) = shorter_first(&one.given, &other.first_as_given);
    (laid_into(short, long).min(plain.0), None)
}

fn shorter_first<'a>(one: &'a [Token], other: &'a [Token]) -> (&'a [Token], &'a [Token]) {
    if one.len() <= other.len() { (one, other) } else { (other, one) }
}

/// Surnames have no order of their own where fields are crossed; the better one counts as the
/// first, so that the comparison reads the same from both sides.
fn better_first<T>(one: (Level, T), two: (Level, T)) -> ((Level, T), (Level, T)) {
    if one.0 <= two.0 { (one, two) } else { (two, one) }
}

fn given_tokens(word: &str, frequencies: &Frequencies) -> Vec<Token> {
    match long_forms(word)[..] {
        [root] => {
            let unheard = frequencies.is_unheard(word) && !is_common(word);
            vec![Token { unheard, ..Token::new(word, root, frequencies.given(word)) }]
        }
        ref several => several.iter().map(|long| Token::new(long, long, frequencies.given(long))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(given: &str, first: &str, second: &str) -> Name {
        Name::new(given, first, second, "", &Frequencies::neutral())
    }

    fn whole(text: &str) -> Name {
        Name::new("", "", "", text, &Frequencies::neutral())
    }

    fn levels(one: &Name, other: &Name) -> (Order, Level, Level, Level) {
        let found = one.compare(other);
        let back = other.compare(one);
        assert_eq!(found, back);
        (found.order, found.given.0, found.first.0, found.second.0)
    }

    fn given_level(one: &str, other: &str) -> Level {
        levels(&name(one, "García", ""), &name(other, "García", "")).1
    }

    #[test]
    fn given_names_have_short_forms_parts_and_initials() {
        for (one, other) in [
            ("Paco", "Francisco"),
            ("María José", "M. José"),
            ("Mª José", "María José"),
            ("Chelo", "Consuelo"),
            ("Bill", "William"),
        ] {
            assert_eq!(given_level(one, other), Level::Variant, "{one} {other}");
        }
        for (one, other) in [("Mariajosé", "María José"), ("Maite", "María Teresa"), ("MARIA-JOSE", "María José")]
        {
            assert_eq!(given_level(one, other), Level::Exact, "{one} {other}");
        }
        assert_eq!(given_level("M.", "María"), Level::Partial);
        for (one, other) in [("Consuleo", "Consuelo"), ("Carmen", "María del Carmen"), ("Fco. Javier", "Javi")] {
            assert_eq!(given_level(one, other), Level::Near, "{one} {other}");
        }
    }

    #[test]
    fn names_of_two_people_are_far_however_few_letters_differ() {
        for (one, other) in [
            ("Antonio", "Antonia"),
            ("Daniel", "Daniela"),
            ("Marta", "María"),
            ("María José", "María Jesús"),
            ("Ana", "Eva"),
            ("José Luis", "José Antonio"),
            ("José María", "María"),
            ("María José", "José"),
        ] {
            assert_eq!(given_level(one, other), Level::Far, "{one} {other}");
        }
    }

    #[test]
    fn fields_may_be_mixed_up() {
        let full = name("Lucía", "Velázquez", "Ortega");
        let exact = Level::Exact;
        assert_eq!(levels(&full, &name("Lucia", "Ortega", "Velazquez")), (Order::Surnames, exact, exact, exact));
        assert_eq!(levels(&full, &name("Lucía", "Ortega", "")), (Order::SecondForFirst, exact, exact, Level::Missing));
        assert_eq!(
            levels(&full, &name("Velázquez", "Lucía", "")),
            (Order::GivenAndSurname, exact, exact, Level::Missing)
        );
        assert_eq!(levels(&full, &name("Lucía", "Velázquez Ortega", "")), (Order::Straight, exact, exact, exact));
        assert_eq!(
            levels(&full, &name("Lucía", "Belasques", "")),
            (Order::Straight, exact, Level::Near, Level::Missing)
        );
        let mixed = levels(&name("María Pilar", "Puig", ""), &name("Puig", "Mª Pilar", ""));
        assert_eq!(mixed, (Order::GivenAndSurname, Level::Variant, exact, Level::Missing));
        let broken = levels(&name("Ann", "Challenor", ""), &name("Ann", "chal lenor", ""));
        assert_eq!(broken, (Order::Surnames, exact, exact, Level::Missing));
    }

    #[test]
    fn a_name_in_one_field_is_taken_apart() {
        let full = name("María del Mar", "García", "Núñez");
        for text in ["GARCÍA NÚÑEZ, MARÍA DEL MAR", "María del Mar García Núñez"] {
            assert_eq!(levels(&full, &whole(text)).1, Level::Exact, "{text}");
            assert_eq!(levels(&full, &whole(text)).3, Level::Exact, "{text}");
        }
        assert_eq!(levels(&name("José Luis", "Gil", ""), &whole("José Luis Gil")).2, Level::Exact);
        assert_eq!(levels(&name("Ana", "Gil", "Oca"), &whole("Ana Gil Oca")).3, Level::Exact);
    }

    #[test]
    fn mother_and_child_are_not_one_name_with_crossed_surnames() {
        let (mother, child) = (name("Alba", "Rodríguez", "Puig"), name("Alba", "Soler", "Rodríguez"));
        assert_eq!(levels(&mother, &child), (Order::Straight, Level::Exact, Level::Far, Level::Far));
    }

    #[test]
    fn what_is_absent_is_missing() {
        let missing = Level::Missing;
        assert_eq!(levels(&name("", "", ""), &name("Ana", "Gil", "")), (Order::Straight, missing, missing, missing));
    }
}
