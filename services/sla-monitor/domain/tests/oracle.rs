//! The arithmetic of due instants, held against an independent oracle: `oracle/oracle.py`, written from the rules in words.
//! `VENTANILLA_ORACLE_CASES` sets how many random cases are compared (20,000 unless said).

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use jiff::civil::date;
use ventanilla_sla_monitor_domain::{Calendar, Pause, Run, Term, Uncountable};

/// SplitMix64: the same cases at every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }

    fn micros(&mut self, below: i64) -> i64 {
        i64::try_from(self.below(u64::try_from(below).unwrap())).unwrap()
    }
}

const ZONES: [&str; 8] = [
    "Europe/Madrid",
    "Atlantic/Canary",
    "Europe/London",
    "America/Santiago",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "UTC",
];
const DAY: i64 = 86_400_000_000;

/// A calendar as its data file and as the oracle's line.
fn calendar(chance: &mut Chance, n: usize) -> (Calendar, String) {
    let zone = ZONES[n % ZONES.len()];
    let weekdays: Vec<u64> = (1..=7).filter(|d| *d < 6 || chance.below(5) == 0).collect();
    let mut file = format!(
        "id = \"c{n}\"\nversion = \"1\"\nzone = \"{zone}\"\nfirst_year = 2010\nlast_year = 2036\nsource = \"chance\"\n\
         business_weekdays = {weekdays:?}\n"
    );
    let (mut hours, mut holidays, mut exceptions) = (Vec::new(), Vec::new(), Vec::new());
    for weekday in 1..=7_u64 {
        for _ in 0..chance.below(4) {
            let start = chance.below(1440);
            let end = start + 1 + chance.below(1439);
            writeln!(file, "[[hours]]\nweekday = {weekday}\nstart_minute = {start}\nend_minute = {end}").unwrap();
            hours.push(format!("{weekday}:{start}-{end}"));
        }
    }
    let mut day = date(2010, 1, 1);
    while day.year() < 2037 {
        day = day.checked_add(jiff::Span::new().days(1 + i64::try_from(chance.below(40)).unwrap())).unwrap();
        if chance.below(4) > 0 {
            writeln!(file, "[[holiday]]\ndate = \"{day}\"\ntitle = \"x\"\nscope = \"town\"").unwrap();
            holidays.push(day.to_string());
        }
        if chance.below(4) == 0 {
            let spans: Vec<(u64, u64)> = (0..chance.below(3))
                .map(|_| {
                    let start = chance.below(1440);
                    (start, start + 1 + chance.below(1439))
                })
                .collect();
            let rows: Vec<String> = spans.iter().map(|(a, b)| format!("[{a}, {b}]")).collect();
            writeln!(file, "[[exception]]\ndate = \"{day}\"\nhours = [{}]", rows.join(", ")).unwrap();
            let items: Vec<String> = spans.iter().map(|(a, b)| format!("{a}-{b}")).collect();
            exceptions.push(format!("{day}={}", items.join("+")));
        }
    }
    let list = |items: &[String]| if items.is_empty() { "-".to_owned() } else { items.join(",") };
    let days: String = weekdays.iter().map(u64::to_string).collect();
    let line = format!("calendar c{n} {zone} {days} {} {} {}\n", list(&hours), list(&holidays), list(&exceptions));
    (Calendar::parse(&file).unwrap(), line)
}

fn term(chance: &mut Chance) -> (Term, &'static str, u32) {
    let which = chance.below(6);
    let most = [40, 100, 12, 14, 10_000, 5_000][usize::try_from(which).unwrap()];
    let n = 1 + u32::try_from(chance.below(most)).unwrap();
    match which {
        0 => (Term::BusinessDays(n), "bd", n),
        1 => (Term::CalendarDays(n), "cd", n),
        2 => (Term::Weeks(n), "w", n),
        3 => (Term::Months(n), "mo", n),
        4 => (Term::Minutes(n), "min", n),
        _ => (Term::OpenMinutes(n), "bmin", n),
    }
}

fn ask(input: String, expected_lines: usize) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/oracle.py");
    let mut child = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test compares with a Python script: install python3 (3.9 or newer) and put it in PATH");
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(
        output.status.success(),
        "the oracle failed: it needs Python 3.9 or newer with time zone data (Debian: tzdata; elsewhere: pip install tzdata)"
    );
    let answers: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), expected_lines);
    answers
}

#[test]
fn agrees_with_an_oracle_written_from_the_rules_in_words() {
    let cases: usize = std::env::var("VENTANILLA_ORACLE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let mut chance = Chance(20_261_122);
    let mut input = String::new();
    let calendars: Vec<Calendar> = (0..16)
        .map(|n| {
            let (calendar, line) = calendar(&mut chance, n);
            input.push_str(&line);
            calendar
        })
        .collect();
    let mut ours = Vec::with_capacity(cases);
    let mut lines = Vec::with_capacity(cases);
    let begin = "2010-01-02T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
    for _ in 0..cases {
        let which = usize::try_from(chance.below(16)).unwrap();
        let (term, unit, number) = term(&mut chance);
        let origin = begin + chance.micros(25 * 365 * DAY);
        let mut pauses = Vec::new();
        let mut edge = origin;
        for _ in 0..chance.below(4) {
            let from = edge + 1 + chance.micros(5 * DAY);
            let to = from + 1 + chance.micros(12 * DAY);
            pauses.push((from, to));
            edge = to;
        }
        let percent = [100, 100, 50, 75, 90][usize::try_from(chance.below(5)).unwrap()];
        let spans: Vec<String> = pauses.iter().map(|(a, b)| format!("{a}-{b}")).collect();
        let spans = if spans.is_empty() { "-".to_owned() } else { spans.join(",") };
        let line = format!("case c{which} {unit} {number} {origin} {percent} {spans}");
        writeln!(input, "{line}").unwrap();
        lines.push(line);
        let at = |us: i64| Timestamp::from_microsecond(us).unwrap();
        let pauses: Vec<Pause> =
            pauses.iter().map(|&(a, b)| Pause { from: at(a), to: at(b), ground: String::new() }).collect();
        let run = Run { term, origin: at(origin), calendar: &calendars[which], pauses: &pauses };
        let answer = if percent == 100 { run.due() } else { run.share(percent) };
        ours.push(match answer {
            Ok(at) => at.as_microsecond().to_string(),
            Err(Uncountable::NothingCounts) => "none".to_owned(),
            Err(error) => panic!("{error}: {}", lines.last().unwrap()),
        });
    }
    let theirs = ask(input, cases);
    let differing: Vec<String> = (0..cases)
        .filter(|&i| ours[i] != theirs[i])
        .take(5)
        .map(|i| format!("{}\n  ours   {}\n  theirs {}", lines[i], ours[i], theirs[i]))
        .collect();
    assert!(differing.is_empty(), "differences:\n{}", differing.join("\n"));
}
