//! How often the list of words is right, by language, on utterances of contact centers that somebody wrote and labelled who did not
//! know the list. The list was mended by the first half of each file; what is said of its accuracy is measured on the second.

use std::fmt;

use kernel::Language;
use ventanilla_customer_profile_domain::{Sentiment, Sound};

const ES: &str = include_str!("sentiment/es.tsv");
const EN: &str = include_str!("sentiment/en.tsv");

/// What a label says, and the utterance.
fn labelled(text: &'static str) -> Vec<(Sound, &'static str)> {
    let label = |word: &str| match word {
        "negative" => Sound::Negative,
        "neutral" => Sound::Neutral,
        "positive" => Sound::Positive,
        other => panic!("{other} is no label"),
    };
    let lines = text.lines().map(|line| line.split_once('\t').unwrap());
    lines.map(|(word, utterance)| (label(word), utterance)).collect()
}

/// What was heard, by what was meant: rows and columns negative, neutral, positive.
#[derive(Default)]
struct Heard {
    counts: [[usize; 3]; 3],
    wrong_language: usize,
}

impl Heard {
    fn of(utterances: &[(Sound, &str)], language: Language) -> Self {
        let mut heard = Self::default();
        for (meant, utterance) in utterances {
            let told = Sentiment::of(utterance);
            // What is not weighed tells nothing.
            let sound = told.map_or(Sound::Neutral, Sentiment::sound);
            heard.counts[*meant as usize][sound as usize] += 1;
            heard.wrong_language += usize::from(told.is_none_or(|told| told.language != language));
        }
        heard
    }

    fn total(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    #[allow(clippy::cast_precision_loss, reason = "a few hundred")]
    fn accuracy(&self) -> f64 {
        (0..3).map(|sound| self.counts[sound][sound]).sum::<usize>() as f64 / self.total() as f64
    }

    /// Complaints taken for praise and praise for complaints: the mistakes that mislead.
    #[allow(clippy::cast_precision_loss, reason = "a few hundred")]
    fn turned_round(&self) -> f64 {
        (self.counts[0][2] + self.counts[2][0]) as f64 / self.total() as f64
    }
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (total, language) = (self.total(), self.wrong_language);
        writeln!(
            f,
            "accuracy {:.3} of {total}, turned round {:.3}, other language {language}",
            self.accuracy(),
            self.turned_round()
        )?;
        for (meant, row) in ["negative", "neutral", "positive"].iter().zip(self.counts) {
            writeln!(f, "  {meant:8} heard as negative {:3}, neutral {:3}, positive {:3}", row[0], row[1], row[2])?;
        }
        Ok(())
    }
}

/// Measures both halves; the least that the second must reach.
fn measured(file: &'static str, language: Language, least: f64, most_turned_round: f64) {
    let utterances = labelled(file);
    let (known, unseen) = utterances.split_at(utterances.len() / 2);
    println!("{language:?}, first half: {}", Heard::of(known, language));
    let heard = Heard::of(unseen, language);
    println!("{language:?}, second half: {heard}");
    assert!(heard.accuracy() >= least, "{heard}");
    assert!(heard.turned_round() <= most_turned_round, "{heard}");
}

#[test]
fn spanish_is_heard_as_often_rightly_as_is_said() {
    measured(ES, Language::Es, 0.74, 0.07);
}

#[test]
fn english_is_heard_as_often_rightly_as_is_said() {
    measured(EN, Language::En, 0.66, 0.07);
}
