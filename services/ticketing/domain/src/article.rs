//! Answers that are kept: one canonical answer to a question.

use std::collections::{HashMap, HashSet};

use kernel::{Department, Language};
use unicode_normalization::UnicodeNormalization as _;

use crate::{ArticleStanding, Refusal, Texts};

/// What somebody writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleDraft {
    /// The question.
    pub questions: Texts<300>,
    /// The answer, in the same languages.
    pub texts: Texts<10_000>,
    /// Who answers for it.
    pub department: Department,
    /// Customers may be shown it.
    pub public: bool,
    /// Whether it is in use.
    pub state: ArticleStanding,
}

impl ArticleDraft {
    /// Whether question and answer are said in the same languages.
    pub fn is_whole(&self) -> bool {
        let languages = |texts: HashSet<Language>| texts;
        languages(self.questions.iter().map(|(language, _)| language).collect())
            == languages(self.texts.iter().map(|(language, _)| language).collect())
    }

    /// The question in each language as it is compared with others: case, accents and punctuation apart.
    pub fn folded_questions(&self) -> Vec<(Language, String)> {
        self.questions.iter().map(|(language, question)| (language, asked(question.expose()))).collect()
    }
}

/// Refuses to answer an affair with what is not in use.
///
/// # Errors
/// [`Refusal::ArticleNotPublished`].
pub fn refuse_unpublished(state: ArticleStanding) -> Result<(), Refusal> {
    match state {
        ArticleStanding::Published => Ok(()),
        state => Err(Refusal::ArticleNotPublished { state }),
    }
}

/// What part of what is asked a text speaks of, 0 to 1: the words they share, each weighing what its rarity says (Spärck Jones 1972: `ln((n + 1) / df)` of
/// `n` texts, of which `df` have it). Words that no text has, names and numbers mostly, are left out: nothing could be similar by them.
pub fn coverage(asked: &HashMap<String, u64>, has: &HashSet<String>, texts: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "counts of articles are far below 2^52")]
    let weight = |found_in: u64| ((texts + 1) as f64 / found_in.clamp(1, texts.max(1)) as f64).ln();
    let all: f64 = asked.values().filter(|found_in| **found_in > 0).map(|found_in| weight(*found_in)).sum();
    let shared: f64 = asked.iter().filter(|(word, _)| has.contains(*word)).map(|(_, found_in)| weight(*found_in)).sum();
    if all > 0.0 { (shared / all).clamp(0.0, 1.0) } else { 0.0 }
}

/// A question as it is kept and held against others: lower case without accents and punctuation, words one space apart. What is kept so stands in the database, so
/// that it folds as it always did.
fn asked(question: &str) -> String {
    let plain = |c: char| match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        c if c.is_alphanumeric() => c,
        _ => ' ',
    };
    let folded: String = question.nfc().flat_map(char::to_lowercase).map(plain).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(said: &[&str]) -> HashSet<String> {
        said.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_same_question_is_known_whatever_its_accents_and_punctuation() {
        let texts = |text: &str| Texts::new(vec![(Language::Es, text.parse().unwrap())]).unwrap();
        let draft = |question: &str| ArticleDraft {
            questions: texts(question),
            texts: Texts::new(vec![(Language::Es, "Porque sí.".parse().unwrap())]).unwrap(),
            department: "billing".parse().unwrap(),
            public: true,
            state: ArticleStanding::Published,
        };
        assert_eq!(
            draft("¿Cómo cambio de Tarifa?").folded_questions(),
            draft("como cambio de  tarifa").folded_questions()
        );
        assert!(draft("¿Cómo?").is_whole());
        let more = vec![(Language::Es, "¿Qué?".parse().unwrap()), (Language::En, "What?".parse().unwrap())];
        let other = ArticleDraft { questions: Texts::new(more).unwrap(), ..draft("¿Qué?") };
        assert!(!other.is_whole());
    }

    #[test]
    fn rare_words_say_more_than_frequent_ones() {
        let asked = HashMap::from([
            ("factura".to_owned(), 80),
            ("contador".to_owned(), 2),
            ("de".to_owned(), 100),
            ("begoña".to_owned(), 0),
        ]);
        let of = |word: &str| coverage(&asked, &words(&[word]), 100);
        let (meter, bill, of_all) = (of("contador"), of("factura"), of("de"));
        assert!(meter > 0.9 && bill < 0.1 && bill > 0.0 && of_all < 0.01, "{meter} {bill} {of_all}");
        assert!((meter + bill + of_all - 1.0).abs() < 1e-12, "what no text has weighs nothing");
        let alone = HashMap::from([("contador".to_owned(), 1)]);
        assert!((coverage(&alone, &words(&["contador"]), 1) - 1.0).abs() < 1e-12, "one article can be similar too");
        assert!((coverage(&asked, &words(&["contador", "factura", "de"]), 100) - 1.0).abs() < 1e-12);
        assert_eq!(coverage(&asked, &words(&[]), 100), 0.0);
        assert_eq!(coverage(&HashMap::new(), &words(&["x"]), 100), 0.0);
    }
}
