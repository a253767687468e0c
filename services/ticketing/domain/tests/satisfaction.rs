//! What customers thought, held against an oracle written another way (`satisfaction.py`) and against houses of which the truth is known.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use ventanilla_ticketing_domain::{Answers, Estimated, Question, Scored, scored};

fn answers(question: Question, counts: &[u64]) -> Answers {
    let points = question.lowest()..;
    points.zip(counts).fold(Answers::default(), |answers, (point, count)| {
        answers.with(question, point, *count).expect("a point of the scale")
    })
}

fn of(question: Question, counts: &[u64]) -> Scored {
    scored(&answers(question, counts), question).expect("somebody answered")
}

fn near(figure: Estimated, value: f64, interval: Option<[f64; 2]>) -> bool {
    let close = |a: f64, b: f64| (a - b).abs() < 5e-5;
    close(figure.value, value)
        && match (figure.interval, interval) {
            (Some([low, high]), Some([from, to])) => close(low, from) && close(high, to),
            (None, None) => true,
            _ => false,
        }
}

#[test]
fn a_known_example_comes_out() {
    // Ten answers, 2 2 3 4 4 4 5 5 5 5: mean 3.9, deviation 1.1972, t(9) 2.2622; Wilson of 7 in 10 is 0.3968 to 0.8922, of 2 in 10 0.0567 to 0.5098.
    let csat = of(Question::Csat, &[0, 2, 1, 3, 4]);
    assert_eq!(csat.count, 10);
    assert!(near(csat.mean, 3.9, Some([3.04356, 4.75644])), "{csat:?}");
    assert!(near(csat.well, 0.7, Some([0.39678, 0.89221])), "{csat:?}");
    assert!(near(csat.ill, 0.2, Some([0.05668, 0.50984])), "{csat:?}");
    // Five promoters, two passive, three detractors: 50 - 30.
    let nps = of(Question::Nps, &[1, 0, 0, 0, 0, 0, 2, 1, 1, 2, 3]);
    assert!((nps.net.value - 20.0).abs() < 1e-12, "{nps:?}");
}

#[test]
fn who_all_say_the_same_have_a_mean_and_no_interval_of_it() {
    for counts in [[0, 0, 0, 0, 1], [0, 0, 0, 0, 50]] {
        let csat = of(Question::Csat, &counts);
        assert_eq!(csat.mean, Estimated { value: 5.0, interval: None });
        assert_eq!(csat.net, Estimated { value: 100.0, interval: None });
        let [low, high] = csat.well.interval.unwrap();
        assert!(low < 1.0 && high > 1.0 - 1e-9, "that others might not is told by the share: {csat:?}");
    }
    assert_eq!(scored(&Answers::default(), Question::Nps), None);
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
}

#[test]
fn the_intervals_cover_the_truth_as_often_as_they_say() {
    let mut chance = Chance(1_908);
    // Of a hundred customers so many would say each point from 0 to 10.
    let house: [u64; 11] = [3, 2, 3, 4, 5, 8, 10, 15, 20, 18, 12];
    let (mean, net) =
        (house.iter().zip(0..).map(|(share, point)| share * point).sum::<u64>() as f64 / 100.0, 30.0 - 35.0);
    for asked in [12, 40, 300] {
        let mut covered = [0; 3];
        for _ in 0..2_000 {
            let mut counts = [0; 11];
            for _ in 0..asked {
                let mut drawn = chance.below(100);
                let point = house.iter().position(|share| {
                    let here = drawn < *share;
                    drawn = drawn.saturating_sub(*share);
                    here
                });
                counts[point.expect("the shares are a hundred")] += 1;
            }
            let nps = of(Question::Nps, &counts);
            for (place, (figure, truth)) in [(nps.mean, mean), (nps.net, net), (nps.well, 0.3)].into_iter().enumerate()
            {
                let [low, high] = figure.interval.expect("they differ");
                covered[place] += u32::from(low <= truth && truth <= high);
            }
        }
        assert!(covered.iter().all(|times| (1_840..=1_960).contains(times)), "{asked}: {covered:?} of 2,000");
    }
}

#[test]
fn agrees_with_an_oracle_written_another_way() {
    let mut chance = Chance(2_003);
    let cases: Vec<(Question, Vec<u64>)> = (0..240)
        .map(|n| {
            let question = Question::ALL[n % 3];
            let most = [2, 4, 40, 150][n / 3 % 4];
            let mut counts: Vec<u64> =
                Answers::default().of(question).iter().map(|_| chance.below(most).saturating_sub(most / 3)).collect();
            counts[n % 5] += 1;
            (question, counts)
        })
        .collect();
    let mut input = String::new();
    for (question, counts) in &cases {
        let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
        let word = format!("{question:?}").to_lowercase();
        writeln!(input, "{word} {}", counts.join(" ")).unwrap();
    }
    let mut child = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/satisfaction.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test compares with a Python script: install python3 (3.9 or newer) and put it in PATH");
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the oracle failed");
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(told.lines().count(), cases.len());
    let mut large = 0;
    for ((question, counts), told) in cases.iter().zip(told.lines()) {
        let told: Vec<Option<f64>> = told.split(' ').map(|number| number.parse().ok()).collect();
        let ours = of(*question, counts);
        let figures = [ours.mean, ours.well, ours.ill, ours.net].into_iter().flat_map(|figure| {
            let (low, high) = figure.interval.map(|[low, high]| (low, high)).unzip();
            [Some(figure.value), low, high]
        });
        let ours: Vec<Option<f64>> = std::iter::once(Some(ours.count as f64)).chain(figures).collect();
        assert_eq!(ours.len(), told.len(), "{question:?} {counts:?}");
        for (a, b) in ours.iter().zip(&told) {
            let agree = match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-8 * b.abs().max(1.0),
                (None, None) => true,
                _ => false,
            };
            assert!(agree, "{question:?} {counts:?}: {ours:?} is not {told:?}");
        }
        large += usize::from(counts.iter().sum::<u64>() > 201);
    }
    assert!(large > 20, "only {large} cases reach the other way of finding Student's point");
}

proptest! {
    #[test]
    fn a_figure_is_within_its_interval_and_that_on_the_scale(
        counts in proptest::collection::vec(0..1_000_000_u64, 11), place in 0..3_usize
    ) {
        let question = Question::ALL[place];
        let scale = Answers::default().of(question).len();
        let Some(scored) = scored(&answers(question, &counts[..scale]), question) else { return Ok(()) };
        let (lowest, highest) = (f64::from(question.lowest()), f64::from(question.lowest()) + (scale - 1) as f64);
        for (figure, from, to) in [
            (scored.mean, lowest, highest), (scored.well, 0.0, 1.0), (scored.ill, 0.0, 1.0), (scored.net, -100.0, 100.0),
        ] {
            prop_assert!((from..=to).contains(&figure.value));
            if let Some([low, high]) = figure.interval {
                prop_assert!(from <= low && low <= figure.value + 1e-9 && figure.value <= high + 1e-9 && high <= to);
            }
        }
        prop_assert!((scored.net.value - 100.0 * (scored.well.value - scored.ill.value)).abs() < 1e-9);
    }

    #[test]
    fn affairs_counted_apart_and_together_are_the_same(
        one in proptest::collection::vec(0..1_000_u64, 7), other in proptest::collection::vec(0..1_000_u64, 7)
    ) {
        let sum: Vec<u64> = one.iter().zip(&other).map(|(a, b)| a + b).collect();
        let apart = answers(Question::Ces, &one).and(&answers(Question::Ces, &other));
        prop_assert_eq!(apart, answers(Question::Ces, &sum));
    }
}
