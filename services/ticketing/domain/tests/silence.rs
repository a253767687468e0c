//! Silent dissatisfaction, held against an oracle written another way (`silence.py`) and against samples of which the truth is known.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use ventanilla_ticketing_domain::{Heard, HeardCounts, HeardFlaw, LEAST_ANSWERS, Silence, SilenceEstimate, silence};

fn of([finished, asked, answered, dissatisfied, came_back]: [u64; 5]) -> Silence {
    silence(Heard::new(HeardCounts { finished, asked, answered, dissatisfied, came_back }).unwrap())
}

/// Affairs, low, high.
fn made(silence: Silence) -> (f64, f64, f64) {
    match silence.estimate {
        SilenceEstimate::Made { affairs, low, high, .. } => (affairs, low, high),
        SilenceEstimate::TooFewAnswers { .. } => panic!("no estimate"),
    }
}

fn contradicted(silence: Silence) -> bool {
    matches!(silence.estimate, SilenceEstimate::Made { contradicted: true, .. })
}

/// Counts that do not contradict each other, from five numbers of any size.
fn counts([finished, asked, answered, dissatisfied, came_back]: [u64; 5]) -> [u64; 5] {
    let below = |n: u64, most: u64| if most == u64::MAX { n } else { n % (most + 1) };
    let asked = below(asked, finished);
    let answered = below(answered, asked);
    [finished, asked, answered, below(dissatisfied, answered), below(came_back, finished - answered)]
}

#[test]
fn a_known_example_comes_out() {
    // Wilson for 20 of 100 is 0.1334 to 0.2888; of a million affairs the correction is nothing.
    let silence = of([1_000_000, 400, 100, 20, 1_000]);
    let (affairs, low, high) = made(silence);
    assert_eq!((silence.observed, silence.unheard, silence.response), (1_020, 998_900, Some(0.25)));
    assert_eq!(silence.most(), 999_920);
    assert!((affairs - 200_000.0).abs() < 1e-6);
    assert!((low / 1e6 - 0.1334).abs() < 1e-4 && (high / 1e6 - 0.2888).abs() < 1e-4, "{low} {high}");
    assert!(!contradicted(silence));
}

#[test]
fn with_every_answer_there_is_nothing_to_estimate() {
    for dissatisfied in 0..=40 {
        let silence = of([40, 40, 40, dissatisfied, 0]);
        let exact = dissatisfied as f64;
        assert_eq!(made(silence), (exact, exact, exact));
        assert_eq!((silence.least(), silence.most()), (dissatisfied, dissatisfied));
    }
}

#[test]
fn too_few_answers_leave_the_bounds() {
    let silence = of([500, 60, LEAST_ANSWERS - 1, 10, 7]);
    assert_eq!(silence.estimate, SilenceEstimate::TooFewAnswers { answered: LEAST_ANSWERS - 1 });
    assert_eq!((silence.least(), silence.most()), (17, 481));
    made(of([500, 60, LEAST_ANSWERS, 10, 7]));
    let nothing = of([0; 5]);
    assert_eq!((nothing.response, nothing.least(), nothing.most()), (None, 0, 0));
}

#[test]
fn more_who_came_back_than_foretold_contradict_the_assumption() {
    // One of 100 asked was not content, yet of 900 who were not heard 300 came back.
    let silence = of([1_000, 200, 100, 1, 300]);
    assert!(contradicted(silence));
    assert_eq!(made(silence), (301.0, 301.0, 301.0), "never below what was observed");
}

#[test]
fn what_contradicts_is_told_all_at_once() {
    let new = |[finished, asked, answered, dissatisfied, came_back]: [u64; 5]| {
        Heard::new(HeardCounts { finished, asked, answered, dissatisfied, came_back })
    };
    assert_eq!(new([10, 8, 6, 4, 4]).map(|heard| heard.counts().came_back), Ok(4));
    for (counts, flaw, text) in [
        ([10, 11, 6, 4, 4], HeardFlaw::AskedOverFinished, "more were asked than finished"),
        ([10, 8, 9, 4, 1], HeardFlaw::AnsweredOverAsked, "more answered than were asked"),
        ([10, 8, 6, 7, 4], HeardFlaw::DissatisfiedOverAnswered, "more were dissatisfied than answered"),
        ([10, 8, 6, 4, 5], HeardFlaw::CameBackOverUnanswered, "more came back without an answer than did not answer"),
    ] {
        let error = new(counts).unwrap_err();
        assert_eq!((error.flaws(), error.to_string().as_str()), (&[flaw][..], text));
    }
    let all = new([1, 2, 3, 4, 5]).unwrap_err();
    assert_eq!(all.flaws().len(), 4);
    assert_eq!(all.to_string().matches("; ").count(), 3);
}

/// SplitMix64: the same cases at every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// How many of `with` among `all` are in a sample of `of` without replacement.
    fn sample(&mut self, of: u64, with: u64, all: u64) -> u64 {
        (0..of).fold(0, |found, drawn| found + u64::from(self.below(all - drawn) < with - found))
    }
}

#[test]
fn the_interval_covers_the_truth_as_often_as_it_says() {
    let mut chance = Chance(10_004);
    // Few answers of many affairs, a large part of them, nearly all; the truth from one in twenty to nineteen in twenty.
    for (finished, answered) in [(10_000, 30), (10_000, 100), (400, 100), (300, 200), (120, 100)] {
        let mut covered = 0;
        for _ in 0..2_000 {
            let truth = finished / 20 + chance.below(finished * 9 / 10);
            let dissatisfied = chance.sample(answered, truth, finished);
            let (_, low, high) = made(of([finished, answered, answered, dissatisfied, 0]));
            covered += u32::from(low <= truth as f64 && truth as f64 <= high);
        }
        assert!((1_860..=1_960).contains(&covered), "{answered} of {finished}: {covered} of 2,000");
    }
}

#[test]
fn agrees_with_an_oracle_written_another_way() {
    let mut chance = Chance(1_927);
    let cases: Vec<[u64; 5]> = (0..600)
        .map(|n| {
            let finished = 1 + chance.below([60, 500, 20_000, 5_000_000][n % 4]);
            // Half of them nearly all asked and answered.
            let part = |chance: &mut Chance, of: u64| {
                if n % 8 < 4 { of - chance.below(of / 8 + 1) } else { chance.below(of + 1) }
            };
            let asked = part(&mut chance, finished);
            let answered = part(&mut chance, asked);
            [finished, asked, answered, chance.below(answered + 1), chance.below((finished - answered) / 4 + 1)]
        })
        .collect();
    let mut input = String::new();
    for [finished, asked, answered, dissatisfied, came_back] in &cases {
        writeln!(input, "{finished} {asked} {answered} {dissatisfied} {came_back}").unwrap();
    }
    let mut child = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/silence.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test compares with a Python script: install python3 (3.9 or newer) and put it in PATH");
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the oracle failed");
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), cases.len());
    let mut estimates = 0;
    for (case, answer) in cases.iter().zip(answers.lines()) {
        let told: Vec<f64> = answer.split(' ').map(|number| number.parse().unwrap()).collect();
        let silence = of(*case);
        let mut ours = vec![silence.least() as f64, silence.most() as f64];
        if let SilenceEstimate::Made { affairs, low, high, contradicted, .. } = silence.estimate {
            ours.extend([affairs, low, high, f64::from(u8::from(contradicted))]);
            estimates += 1;
        }
        assert_eq!(ours.len(), told.len(), "{case:?}");
        for (a, b) in ours.iter().zip(&told) {
            assert!((a - b).abs() <= 1e-9 * case[0] as f64, "{case:?}: {ours:?} is not {told:?}");
        }
    }
    assert!(estimates > 300, "only {estimates} cases had an estimate");
}

proptest! {
    #[test]
    fn an_estimate_is_within_its_interval_and_that_within_what_can_be(
        any in any::<[u64; 5]>(), shift in 0..60_u32
    ) {
        let counts = counts(any.map(|n| n >> shift));
        let silence = of(counts);
        prop_assert!(silence.response.is_none_or(|share| (0.0..=1.0).contains(&share)));
        prop_assert_eq!(silence.most() - silence.least(), silence.unheard);
        prop_assert!(silence.most() <= counts[0]);
        match silence.estimate {
            SilenceEstimate::TooFewAnswers { answered } => prop_assert!(answered == counts[2] && answered < LEAST_ANSWERS),
            SilenceEstimate::Made { share, affairs, low, high, .. } => {
                prop_assert!((0.0..=1.0).contains(&share) && counts[2] >= LEAST_ANSWERS);
                prop_assert!(silence.least() as f64 <= low && low <= affairs && affairs <= high && high <= silence.most() as f64);
            }
        }
    }

    #[test]
    fn one_more_who_was_not_content_is_never_less(finished in 31..5_000_u64, rest in any::<[u64; 3]>()) {
        let answered = LEAST_ANSWERS + rest[0] % (finished - LEAST_ANSWERS);
        let (dissatisfied, came_back) = (rest[1] % answered, rest[2] % (finished - answered + 1));
        let (one, two) = (
            made(of([finished, answered, answered, dissatisfied, came_back])),
            made(of([finished, answered, answered, dissatisfied + 1, came_back])),
        );
        prop_assert!(two.0 >= one.0 && two.1 >= one.1 - 1e-9 && two.2 >= one.2 - 1e-9);
    }

    #[test]
    fn one_more_who_came_back_is_never_less(finished in 31..5_000_u64, rest in any::<[u64; 3]>()) {
        let answered = LEAST_ANSWERS + rest[0] % (finished - LEAST_ANSWERS);
        let (dissatisfied, came_back) = (rest[1] % (answered + 1), rest[2] % (finished - answered));
        let (one, two) = (
            of([finished, answered, answered, dissatisfied, came_back]),
            of([finished, answered, answered, dissatisfied, came_back + 1]),
        );
        prop_assert!(contradicted(two) || !contradicted(one));
        let (one, two) = (made(one), made(two));
        prop_assert!(two.0 >= one.0 && two.1 >= one.1 && two.2 >= one.2);
    }

    #[test]
    fn the_same_share_of_more_answers_is_surer(times in 2..20_u64, dissatisfied in 0..=30_u64) {
        let width = |times: u64| {
            let (_, low, high) = made(of([10_000, 30 * times, 30 * times, dissatisfied * times, 0]));
            high - low
        };
        prop_assert!(width(times) < width(times - 1));
    }
}
