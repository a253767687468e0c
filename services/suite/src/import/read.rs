//! Reads an event log.
//!
//! The file is CSV (RFC 4180, with LF or CRLF) with a header line that holds `CaseID`, `ActivityID`
//! and `CompleteTimestamp` in any order and any case; further columns are passed over. A line that
//! cannot be used is reported by its number and skipped.
//!
//! **Time.** `YYYY-MM-DD HH:MM:SS`, with `T` in place of the space and with fractions of a second if
//! need be. With `Z` or an offset it is that instant; without, it is the wall clock of Europe/Madrid.
//! A wall-clock time that a change to summer time skipped is read as if the change had not yet
//! happened (02:30 becomes 03:30); one that occurs twice in autumn is the first of the two.
//!
//! **Order.** The events of a case are ordered by instant, and by line where instants are equal.

use std::collections::HashMap;
use std::io::BufRead;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Serialize;

/// A quoted field may run over this many lines; what is longer is taken for a missing quote.
const LONGEST_RECORD: usize = 100;
const COLUMNS: [&str; 3] = ["CaseID", "ActivityID", "CompleteTimestamp"];

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What was done, an opaque label.
    pub activity: String,
    /// When.
    pub at: Timestamp,
}

/// One case with its events in order, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its id in the log.
    pub id: String,
    /// What happened.
    pub events: Vec<Event>,
}

/// A line that was skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadLine {
    /// Its number in the file, from 1.
    pub line: usize,
    /// Why it cannot be used.
    pub reason: String,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct EventLog {
    /// Cases in the order in which they first appear.
    pub cases: Vec<Case>,
    /// Lines that were skipped.
    pub bad_lines: Vec<BadLine>,
}

impl EventLog {
    /// How many events it holds.
    pub fn event_count(&self) -> usize {
        self.cases.iter().map(|case| case.events.len()).sum()
    }

    /// First and last instant; `None` when it is empty.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let first = self.cases.iter().filter_map(|case| case.events.first()).map(|event| event.at).min()?;
        let last = self.cases.iter().filter_map(|case| case.events.last()).map(|event| event.at).max()?;
        Some((first, last))
    }
}

/// Reads the whole log. `now` is the instant after which nothing can have happened.
pub fn read(source: impl BufRead, now: Timestamp) -> anyhow::Result<EventLog> {
    let zone = TimeZone::get("Europe/Madrid").context("the time zone Europe/Madrid is not known here")?;
    let mut lines = Lines::new(source);
    let columns = loop {
        let Some(record) = lines.next_record(None)? else {
            bail!("the file is empty: its first line must name the columns {}", COLUMNS.join(", "))
        };
        match record.fields {
            Ok(fields) if fields.iter().all(|field| field.trim().is_empty()) => {}
            Ok(fields) => break Columns::of(&fields)?,
            Err(reason) => {
                bail!("the header line cannot be read ({reason}): it must name the columns {}", COLUMNS.join(", "))
            }
        }
    };

    let mut log = EventLog::default();
    let mut places: HashMap<String, usize> = HashMap::new();
    while let Some(record) = lines.next_record(Some(&columns))? {
        let read = match record.fields {
            Ok(fields) if fields.len() == 1 && fields[0].trim().is_empty() => continue,
            Ok(fields) => event(&fields, &columns, &zone, now),
            Err(reason) => Err(reason),
        };
        match read {
            Ok((id, event)) => {
                let place = *places.entry(id).or_insert_with_key(|id| {
                    log.cases.push(Case { id: id.clone(), events: Vec::new() });
                    log.cases.len() - 1
                });
                log.cases[place].events.push(event);
            }
            Err(reason) => log.bad_lines.push(BadLine { line: record.line, reason }),
        }
    }
    for case in &mut log.cases {
        // Stable, so that equal instants keep the order of their lines.
        case.events.sort_by_key(|event| event.at);
    }
    Ok(log)
}

struct Columns {
    width: usize,
    case: usize,
    activity: usize,
    time: usize,
}

impl Columns {
    fn of(header: &[String]) -> anyhow::Result<Self> {
        let find = |name: &str| {
            let fits = |field: &String| field.trim().trim_start_matches('\u{feff}').eq_ignore_ascii_case(name);
            header.iter().position(fits).with_context(|| {
                format!("the header has no column {name}: it must name {} in any order", COLUMNS.join(", "))
            })
        };
        Ok(Self { width: header.len(), case: find(COLUMNS[0])?, activity: find(COLUMNS[1])?, time: find(COLUMNS[2])? })
    }
}

fn event(fields: &[String], columns: &Columns, zone: &TimeZone, now: Timestamp) -> Result<(String, Event), String> {
    if fields.len() != columns.width {
        return Err(format!("{} fields where the header has {}", fields.len(), columns.width));
    }
    let case = label(&fields[columns.case], "CaseID")?;
    let activity = label(&fields[columns.activity], "ActivityID")?;
    let at = instant(fields[columns.time].trim(), zone)?;
    if at > now {
        return Err("CompleteTimestamp lies in the future".to_owned());
    }
    Ok((case, Event { activity, at }))
}

fn label(field: &str, column: &str) -> Result<String, String> {
    let text = field.trim();
    if text.is_empty() {
        Err(format!("{column} is empty"))
    } else if text.chars().count() > 128 {
        Err(format!("{column} is longer than 128 characters"))
    } else if text.chars().any(char::is_control) {
        Err(format!("{column} holds a control character or a line break"))
    } else {
        Ok(text.to_owned())
    }
}

fn instant(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let unreadable = || "CompleteTimestamp is not a time like 2010-04-01 00:59:00".to_owned();
    // A date alone would be read as midnight, which nobody said.
    if text.is_empty() || !text.contains(':') || !text.is_ascii() {
        return Err(unreadable());
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let zoned = text.get(10..).is_some_and(|time| time.contains(['+', '-', 'Z', 'z', '[']));
    if zoned {
        return Err(unreadable());
    }
    let civil: DateTime = text.parse().map_err(|_| unreadable())?;
    zone.to_ambiguous_timestamp(civil).compatible().map_err(|_| unreadable())
}

/// One record with the number of its first line.
struct Record {
    line: usize,
    fields: Result<Vec<String>, String>,
}

/// Cuts a file into records. A quote that is never closed must cost one line, not the rest of the
/// file, so lines read ahead in search of its end are put back.
struct Lines<R> {
    source: R,
    ahead: std::collections::VecDeque<Vec<u8>>,
    line: usize,
}

impl<R: BufRead> Lines<R> {
    fn new(source: R) -> Self {
        Self { source, ahead: std::collections::VecDeque::new(), line: 0 }
    }

    fn next_line(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        match self.source.read_until(b'\n', &mut line)? {
            0 => Ok(None),
            _ => Ok(Some(line)),
        }
    }

    fn next_record(&mut self, columns: Option<&Columns>) -> anyhow::Result<Option<Record>> {
        let Some(first) = self.next_line().context("the file cannot be read")? else { return Ok(None) };
        self.line += 1;
        let line = self.line;
        if !is_open(&first) {
            return Ok(Some(Record { line, fields: split(&first) }));
        }
        // A field runs on: look for its end, and accept it only where it makes a whole record.
        let mut whole = first;
        let mut taken = Vec::new();
        while taken.len() < LONGEST_RECORD && is_open(&whole) {
            let Some(next) = self.next_line().context("the file cannot be read")? else { break };
            whole.extend_from_slice(&next);
            taken.push(next);
        }
        let fits = |fields: &Vec<String>| {
            columns.is_none_or(|columns| {
                let ours = [columns.case, columns.activity, columns.time];
                fields.len() == columns.width && ours.iter().all(|at| !fields[*at].trim().contains('\n'))
            })
        };
        if !is_open(&whole)
            && let Ok(fields) = split(&whole)
            && fits(&fields)
        {
            self.line += taken.len();
            return Ok(Some(Record { line, fields: Ok(fields) }));
        }
        for next in taken.into_iter().rev() {
            self.ahead.push_front(next);
        }
        Ok(Some(Record { line, fields: Err("a quoted field does not end".to_owned()) }))
    }
}

/// Whether a quoted field is still open at the end: an odd number of quotes, since one inside a
/// quoted field is doubled.
fn is_open(bytes: &[u8]) -> bool {
    bytes.iter().filter(|byte| **byte == b'"').count() % 2 == 1
}

fn split(bytes: &[u8]) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    if text.trim().is_empty() {
        return Ok(vec![String::new()]);
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => Ok(record.iter().map(str::to_owned).collect()),
        Ok(false) => Ok(vec![String::new()]),
        Err(_) => Err("not a line of CSV".to_owned()),
    }
}

#[cfg(test)]
mod tests;
