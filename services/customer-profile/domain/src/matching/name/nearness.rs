//! The words of names held against each other: a surname and a surname, given names and given names.

use super::super::given::differ_in_gender;
use super::super::level::Level;
use super::super::word::Closeness;
use super::{Name, Token, shorter_first};

/// How near two surnames are.
pub(super) fn surname(one: Option<&Token>, other: Option<&Token>) -> (Level, Option<f32>) {
    let (Some(one), Some(other)) = (one, other) else { return (Level::Missing, None) };
    let level = match one.word.closeness(&other.word) {
        Closeness::Same => Level::Exact,
        _ if one.is_initial() || other.is_initial() => initial(one, other),
        Closeness::Near => Level::Near,
        _ if one.sound == other.sound => Level::Near,
        Closeness::Loose => Level::Partial,
        Closeness::Far if one.word.extends(&other.word) => Level::Partial,
        Closeness::Far => Level::Far,
    };
    (level, commonest(one, other))
}

fn initial(one: &Token, other: &Token) -> Level {
    if one.word.bytes().first() == other.word.bytes().first() { Level::Partial } else { Level::Far }
}

/// The larger of the two shares: the less telling one.
fn commonest(one: &Token, other: &Token) -> Option<f32> {
    match (one.share, other.share) {
        (Some(one), Some(other)) => Some(one.max(other)),
        _ => None,
    }
}

/// How near two lists of given names are.
pub(super) fn given(one: &Name, other: &Name) -> (Level, Option<f32>) {
    let (Some(one_joined), Some(other_joined)) = (&one.given_joined, &other.given_joined) else {
        return (Level::Missing, None);
    };
    let share = match (&one.given[..], &other.given[..]) {
        ([one], [other]) => commonest(one, other),
        _ => None,
    };
    if one_joined.word == other_joined.word {
        return (Level::Exact, share);
    }
    let (short, long) = shorter_first(&one.given, &other.given);
    let level = match laid_into(short, long) {
        Level::Far if short.len() == 1 && long.len() == 1 => Level::Far,
        // A blank too many or too few.
        Level::Far => match one_joined.word.closeness(&other_joined.word) {
            Closeness::Same | Closeness::Near if short.len() != long.len() => Level::Near,
            _ => Level::Far,
        },
        level => level,
    };
    (level, share)
}

/// The level at which every word of `short` finds a word of its own in `long`.
pub(super) fn laid_into(short: &[Token], long: &[Token]) -> Level {
    let mut taken = 0u32;
    let mut worst = Level::Variant;
    let mut whole_word = false;
    for token in short {
        let found = long
            .iter()
            .enumerate()
            .filter(|(at, _)| taken & (1 << (at % 32)) == 0)
            .map(|(at, other)| (given_word(token, other), at))
            .min();
        let Some((level, at)) = found else { return Level::Far };
        taken |= 1 << (at % 32);
        whole_word |= matches!(level, Level::Exact | Level::Variant) && !token.is_initial();
        worst = worst.max(level);
    }
    if part_of_anothers(short, long) {
        return Level::Far;
    }
    // `M. José` is `María José`; `M.` alone is anybody.
    let spelled_by_initials = whole_word && short.iter().chain(long).any(Token::is_initial);
    if worst == Level::Partial && spelled_by_initials {
        worst = Level::Variant;
    }
    // Less firm than a nickname: a family may have both a María and a María Luisa.
    if short.len() < long.len() { worst.max(Level::Near) } else { worst }
}

/// Whether one part of a compound name is another person's name, most often of the other sex:
/// nobody calls José María `María`, or María Jesús `Jesús`.
fn part_of_anothers(short: &[Token], long: &[Token]) -> bool {
    let ([alone], [head, _, ..]) = (short, long) else { return false };
    let is = |token: &Token, name: &str| token.word.bytes() == name.as_bytes();
    let male = ["jose", "jesus"].iter().any(|name| is(alone, name));
    is(alone, "maria") && !is(head, "maria") || male && (is(head, "maria") || is(head, "m"))
}

fn given_word(one: &Token, other: &Token) -> Level {
    if one.word == other.word {
        return Level::Exact;
    }
    if one.root == other.root {
        return Level::Variant;
    }
    if one.is_initial() || other.is_initial() {
        return initial(one, other);
    }
    let two_people = one.common && other.common || differ_in_gender(one.word.bytes(), other.word.bytes());
    if two_people {
        return Level::Far;
    }
    match one.word.closeness(&other.word) {
        Closeness::Same | Closeness::Near => Level::Near,
        _ if one.sound == other.sound => Level::Near,
        Closeness::Loose => Level::Partial,
        Closeness::Far if one.unheard || other.unheard => Level::Weak,
        // Short forms that no table has: `Estef` for Estefanía.
        Closeness::Far if one.word.extends(&other.word) => Level::Partial,
        Closeness::Far => Level::Far,
    }
}
