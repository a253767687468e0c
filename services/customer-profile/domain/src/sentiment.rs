//! How something that a customer said sounds, in Spanish and English: by a list of words and phrases with weights, of this suite's
//! own, since no maintained library weighs both languages. A hint for who reads and plans; how often it is right is measured by
//! `tests/sentiment.rs` on utterances whose writer did not know the list.

mod lexicon;
mod words;

use kernel::Language;
use whatlang::{Detector, Lang};

use lexicon::Lexicon;
use words::{Word, words};

/// What a score means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sound {
    /// Angry, disappointed, worried.
    Negative,
    /// A question, a request, a fact.
    Neutral,
    /// Content, relieved, grateful.
    Positive,
}

/// How a text sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sentiment {
    /// Language it was read in: Spanish or English.
    pub language: Language,
    /// From -100, as bad as can be, to 100.
    pub score: i8,
}

/// From which score, either way, a text counts as more than a fact.
const TELLS: i8 = 25;
/// Languages that are told from each other; a text that is surely of one that cannot be weighed is not weighed.
const TOLD_APART: [Lang; 7] = [Lang::Spa, Lang::Eng, Lang::Cat, Lang::Por, Lang::Fra, Lang::Ita, Lang::Deu];
/// How many words before a weighed one may turn it round.
const NEGATION_REACH: usize = 3;
/// How many words before a weighed one may strengthen or weaken it.
const DEGREE_REACH: usize = 2;
/// Below how many letters a text says nothing of its language.
const LETTERS: usize = 3;

impl Sentiment {
    /// How the text sounds; `None` when it has no words, or is in no language that is weighed.
    pub fn of(text: &str) -> Option<Self> {
        let words = words(text);
        let language = language(text, &words)?;
        let lexicon = Lexicon::of(language)?;
        Some(Self { language, score: squash(weigh(&words, text, lexicon)) })
    }

    /// What the score means.
    pub const fn sound(self) -> Sound {
        if self.score <= -TELLS {
            Sound::Negative
        } else if self.score >= TELLS {
            Sound::Positive
        } else {
            Sound::Neutral
        }
    }
}

/// The language the text is most likely in, of those that are weighed.
fn language(text: &str, words: &[Word]) -> Option<Language> {
    if words.iter().map(|word| word.folded.chars().count()).sum::<usize>() < LETTERS {
        return None;
    }
    let of = |lang| match lang {
        Lang::Spa => Some(Language::Es),
        Lang::Eng => Some(Language::En),
        _ => None,
    };
    let guessed = Detector::with_allowlist(TOLD_APART.to_vec()).detect(text);
    if let Some(sure) = guessed.filter(whatlang::Info::is_reliable) {
        return of(sure.lang());
    }
    // Too short to be sure by its letters: by the words that are known.
    let known = |language| Lexicon::of(language).map_or(0, |lexicon| lexicon.known(words));
    let (spanish, english) = (known(Language::Es), known(Language::En));
    match spanish.cmp(&english) {
        std::cmp::Ordering::Greater => Some(Language::Es),
        std::cmp::Ordering::Less => Some(Language::En),
        std::cmp::Ordering::Equal => {
            Detector::with_allowlist(vec![Lang::Spa, Lang::Eng]).detect(text).and_then(|info| of(info.lang()))
        }
    }
}

/// The sum of what the words weigh: turned round by a negation before them, more or less by a word of degree, half for what
/// stands before the last turn (`but`).
fn weigh(words: &[Word], text: &str, lexicon: &Lexicon) -> f32 {
    let shouts = words.iter().any(|word| !word.is_shouted);
    let mut sum = lexicon.marks(text);
    let mut before_turn = 0.0;
    // The first word that belongs to no phrase yet.
    let mut free = 0;
    let mut at = 0;
    while at < words.len() {
        let clause = words[at].clause;
        if let Some((weight, length)) = lexicon.weight(&words[at..]) {
            let reach =
                |most: usize| words[free.max(at.saturating_sub(most))..at].iter().filter(move |w| w.clause == clause);
            let negated = reach(NEGATION_REACH).any(|word| lexicon.negates(&word.folded));
            let mut weight = match (negated, weight > 0.0) {
                (false, _) => weight,
                (true, true) => -0.8 * weight,
                (true, false) => -0.4 * weight,
            };
            for word in reach(DEGREE_REACH) {
                weight *= lexicon.degree(&word.folded);
            }
            if shouts && words[at].is_shouted {
                weight *= 1.25;
            }
            sum += weight;
            at += length;
            free = at;
        } else if let Some(length) = lexicon.turn(&words[at..]) {
            before_turn += sum;
            sum = 0.0;
            at += length;
            free = at;
        } else {
            at += 1;
        }
    }
    let calls = u8::try_from(text.matches('!').count().min(3)).unwrap_or(3);
    (sum + before_turn / 2.0) * (1.0 + 0.1 * f32::from(calls))
}

/// A sum without bounds as a score between -100 and 100.
#[allow(clippy::cast_possible_truncation, reason = "the quotient is between -1 and 1")]
fn squash(sum: f32) -> i8 {
    (100.0 * sum / (sum * sum + 12.0).sqrt()).round() as i8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sound(text: &str) -> Option<(Language, Sound)> {
        Sentiment::of(text).map(|told| (told.language, told.sound()))
    }

    #[test]
    fn what_is_said_is_heard_in_its_language() {
        use Language::{En, Es};
        use Sound::{Negative, Neutral, Positive};
        for (text, language, expected) in [
            ("Esto es una vergüenza, llevo tres semanas esperando", Es, Negative),
            ("¿Me puede decir a qué hora abren la oficina?", Es, Neutral),
            ("Muchas gracias por todo, me han atendido de maravilla", Es, Positive),
            ("No estoy nada contento con el servicio", Es, Negative),
            ("Se resolvió sin ningún problema, la verdad", Es, Positive),
            ("This is a disgrace and nobody called me back", En, Negative),
            ("What time does the office open on Saturday?", En, Neutral),
            ("I am not happy with the way this was handled", En, Negative),
            ("Everything went smoothly, thank you so much", En, Positive),
        ] {
            assert_eq!(sound(text), Some((language, expected)), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_weighed_is_not_weighed() {
        for text in
            ["", "   ", "12", "?!", "Ich möchte mich über die Rechnung vom letzten Monat beschweren, sie ist falsch."]
        {
            assert_eq!(Sentiment::of(text), None, "{text}");
        }
    }

    #[test]
    fn what_comes_after_but_counts_for_more() {
        let score = |text| Sentiment::of(text).unwrap().score;
        let ends_well = score("The delivery was late but the driver was lovely to us");
        let ends_badly = score("The driver was lovely to us but the delivery was late");
        assert!(ends_well > ends_badly, "{ends_well} {ends_badly}");
    }

    proptest! {
        #[test]
        fn every_text_has_a_score_within_bounds(text in "\\PC{0,200}") {
            if let Some(told) = Sentiment::of(&text) {
                prop_assert!((-100..=100).contains(&told.score));
                prop_assert!(matches!(told.language, Language::Es | Language::En));
            }
        }

        #[test]
        fn accents_and_case_change_nothing(at in 0..4_usize) {
            let texts = ["Qué vergüenza de atención", "La atención fue pésima", "¡Increíble, qué rápido!", "Muchísimas gracias"];
            let plain = ["que verguenza de atencion", "la atencion fue pesima", "¡increible, que rapido!", "muchisimas gracias"];
            let score = |text| weigh(&words(text), text, Lexicon::of(Language::Es).unwrap());
            prop_assert_eq!(score(texts[at]).to_bits(), score(plain[at]).to_bits());
        }
    }
}
