//! Reads files of people of whom it is known who is who.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use customer_profile_domain::matching::{AddressText, Description, Mention, WrittenDate};
use serde::Serialize;

use super::columns::Column;

/// A line that does not take part, and why. Holds nothing of what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// File.
    pub file: String,
    /// Line in it.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// A record of a file.
pub struct Row {
    /// Which file, by its place among the files.
    pub file: usize,
    /// Who it is.
    pub person: u64,
    fields: Vec<(Column, String)>,
}

impl Row {
    /// What it says of the person, and nothing of who that is.
    pub fn describe(&self) -> Description<'_> {
        let first = |column| self.all(column).next().unwrap_or_default();
        let mentions = |column, scope| {
            self.all(column).map(move |value| Mention { value, scope, ..Mention::default() }).collect::<Vec<_>>()
        };
        let mut documents = mentions(Column::SpanishDocument, "ES");
        documents.extend(mentions(Column::Document, ""));
        Description {
            given: first(Column::Given),
            first_surname: first(Column::FirstSurname),
            second_surname: first(Column::SecondSurname),
            whole_name: first(Column::WholeName),
            birth_date: written_date(first(Column::BirthDate)),
            address: Some(AddressText {
                lines: [first(Column::Street), first(Column::SecondLine)],
                number: first(Column::Number),
                locality: first(Column::Locality),
                region: first(Column::Region),
                postal_code: first(Column::PostalCode),
            }),
            phones: mentions(Column::Phone, ""),
            emails: mentions(Column::Email, ""),
            documents,
            accounts: mentions(Column::Account, ""),
        }
    }

    fn all(&self, column: Column) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(of, _)| *of == column).map(|(_, value)| value.as_str())
    }
}

/// The records of a file, and the lines that are none.
pub fn file(path: &Path, nth: usize) -> anyhow::Result<(Vec<Row>, Vec<LeftOut>)> {
    let bytes = std::fs::read(path).context("it cannot be read")?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(&bytes))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(&bytes[..]);
    let columns: Vec<Option<Column>> = reader
        .byte_headers()
        .context("its first line cannot be read")?
        .iter()
        .map(|h| Column::named(&decoded(h)))
        .collect();
    ensure!(
        columns.iter().any(|c| matches!(c, Some(Column::Record | Column::Person))),
        "it needs a column rec_id, of which equal numbers are one person, or person_id"
    );
    let known = columns.iter().flatten().filter(|c| !matches!(c, Column::Record | Column::Person)).count();
    ensure!(known > 0, "it has no column that says anything of a person, such as given_name or apellido1");

    let mut rows = Vec::new();
    let mut left_out = Vec::new();
    let mut seen: HashMap<String, u64> = HashMap::new();
    for record in reader.byte_records() {
        let record = record.context("it is not CSV to its end")?;
        let line = record.position().map_or(0, csv::Position::line);
        match row(&record, &columns, nth, line, &mut seen) {
            Ok(row) => rows.push(row),
            Err(reason) => left_out.push(LeftOut { file: path.display().to_string(), line, reason }),
        }
    }
    Ok((rows, left_out))
}

fn row(
    record: &csv::ByteRecord,
    columns: &[Option<Column>],
    file: usize,
    line: u64,
    seen: &mut HashMap<String, u64>,
) -> Result<Row, String> {
    if record.len() != columns.len() {
        return Err(format!("has {} fields where the first line has {}", record.len(), columns.len()));
    }
    let fields: Vec<(Column, String)> = columns
        .iter()
        .zip(record)
        .filter_map(|(column, value)| column.map(|column| (column, decoded(value))))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let first = |wanted| fields.iter().find(|(column, _)| *column == wanted).map(|(_, value)| value.clone());
    let id = first(Column::Record);
    let person = match first(Column::Person) {
        Some(person) => number(&person).unwrap_or_else(|| text_number(&person)),
        None => id.as_deref().and_then(number).ok_or("has no number in rec_id that says who it is")?,
    };
    if let Some(before) = id.and_then(|id| seen.insert(id, line)) {
        return Err(format!("has the rec_id of line {before}"));
    }
    Ok(Row { file, person, fields })
}

/// The first number in an id: 223 in `rec-223-dup-0`.
fn number(id: &str) -> Option<u64> {
    let digits = id.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())].parse().ok()
}

/// A number for a person whose id has none.
fn text_number(id: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// Spreadsheets of half of Europe part fields by semicolons.
fn delimiter(bytes: &[u8]) -> u8 {
    let heading = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| heading.iter().filter(|b| **b == delimiter).count();
    [b';', b'\t'].into_iter().filter(|d| count(*d) > count(b',')).max_by_key(|d| count(*d)).unwrap_or(b',')
}

/// UTF-8, else Latin-1, which every byte is.
fn decoded(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect::<String>().trim().to_owned(),
    }
}

/// A date in any of the usual orders; day before month where both could be.
fn written_date(text: &str) -> Option<WrittenDate> {
    let text = text.split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
    let (year, month, day) = match parts[..] {
        [all] if all.len() == 8 && all.is_ascii() => match &all[..2] {
            "18" | "19" | "20" => (&all[..4], &all[4..6], &all[6..]),
            _ => (&all[4..], &all[2..4], &all[..2]),
        },
        [year, month, day] if year.len() == 4 => (year, month, day),
        [day, month, year] => (year, month, day),
        _ => return None,
    };
    let century = match (year.len(), year.parse::<i16>().ok()?) {
        (4, year) => year,
        (2, year) if year > 30 => 1900 + year,
        (2, year) => 2000 + year,
        _ => return None,
    };
    Some(WrittenDate { year: century, month: month.parse().ok()?, day: day.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_in_many_orders() {
        let born = |text| written_date(text).map(|d| (d.year, d.month, d.day));
        for text in ["19750312", "1975-03-12", "12/03/1975", "12.3.75", "1975-03-12T00:00:00", "12031975"] {
            assert_eq!(born(text), Some((1975, 3, 12)), "{text}");
        }
        assert_eq!(born("19160017"), Some((1916, 0, 17)));
        for text in ["", "1975", "12/03", "a/b/c", "ñ9750312"] {
            assert_eq!(born(text), None, "{text}");
        }
    }

    #[test]
    fn the_first_number_of_an_id_is_the_person() {
        assert_eq!((number("rec-223-dup-0"), number("7"), number("org")), (Some(223), Some(7), None));
    }

    #[test]
    fn old_spreadsheets_are_read_too() {
        assert_eq!(decoded(b"Mu\xf1oz"), "Muñoz");
        assert_eq!((delimiter(b"a;b,c;d\n1,2,3"), delimiter(b"a,b"), delimiter(b"a\tb")), (b';', b',', b'\t'));
    }
}
