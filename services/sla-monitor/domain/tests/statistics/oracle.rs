//! Asks an oracle: a line in, a line of numbers out.

use std::io::Write as _;
use std::process::{Command, Stdio};

pub fn ask(script: &str, cases: &[String]) -> Vec<Vec<f64>> {
    let mut child = Command::new("python3")
        .arg(format!("{}/tests/statistics/{script}", env!("CARGO_MANIFEST_DIR")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test compares with a Python script: install python3 (3.9 or newer) and put it in PATH");
    let mut stdin = child.stdin.take().unwrap();
    let input = cases.join("\n") + "\n";
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the oracle failed");
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), cases.len());
    answers.lines().map(|line| line.split_whitespace().map(|number| number.parse().unwrap()).collect()).collect()
}

pub fn assert_agrees(case: &str, ours: &[f64], told: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), told.len(), "{case}: {ours:?} is not {told:?}");
    for (a, b) in ours.iter().zip(told) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{case}: {ours:?} is not {told:?}");
    }
}

/// Numbers as a line of the oracle's input.
pub fn words<T: ToString>(numbers: &[T]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
