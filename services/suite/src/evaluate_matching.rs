//! `evaluate-matching`: how well the matching rules find who is who in files of which that is known.
//!
//! One file is searched for duplicates in itself, several for pairs across them. Candidate pairs
//! come from the blocking keys alone and the rules see no more of a record than a source would say;
//! who is who is looked at only to count. Unless told otherwise pairs are chosen and weighed as the service does
//! ([`Manner`]), of which one thing differs: the service compares a record when it comes, with those that are there
//! already, and here all are there from the start.

mod columns;
mod identifiers;
pub mod read;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use customer_profile_domain::matching::{
    BlockingKey, Description, EXPECTED_RECORDS, Frequencies, Grade, LARGEST_BLOCK, MOST_COMPARED, Person, Rules,
    WrittenRules, blocking_keys, candidates, candidates_of_each,
};
use serde::Serialize;

use read::{LeftOut, Row};

/// How pairs are chosen and weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// As the service does: every name is an average one, a record is compared with the few others with which it shares most,
    /// and scores are graded for so many records.
    AsTheService {
        /// `service.identity.expected_records` of customer-profile.
        expected_records: u64,
    },
    /// With all that the files tell: names are weighed by how common they are in them, every pair that shares keys enough is compared,
    /// and scores are graded for as many records as there are. It is what the rules could do and not what the service does.
    AmongThemselves,
}

impl Default for Manner {
    fn default() -> Self {
        Self::AsTheService { expected_records: EXPECTED_RECORDS }
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsTheService { expected_records } => write!(f, "as the service does, of {expected_records} records"),
            Self::AmongThemselves => {
                f.write_str("among themselves, with their own frequencies of names: not as the service does")
            }
        }
    }
}

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Version of the rules.
    pub rules: String,
    /// How pairs were chosen and weighed.
    pub judged: String,
    /// The files.
    pub files: Vec<String>,
    /// Records that took part.
    pub records: usize,
    /// People they are of.
    pub people: usize,
    /// Pairs of records of one person.
    pub true_pairs: usize,
    /// What blocking kept.
    pub blocking: Blocking,
    /// What was found at each grade or a better one.
    pub grades: Vec<AtGrade>,
    /// What equal identifiers alone hold together, which is certain whatever the score.
    pub identifiers: AtGrade,
    /// What is one person in the end by either: certain.
    pub linked: AtGrade,
    /// Lines that did not take part.
    pub left_out: Vec<LeftOut>,
}

/// What blocking kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Blocking {
    /// Pairs that were compared.
    pub candidate_pairs: usize,
    /// All pairs there are.
    pub all_pairs: usize,
    /// True pairs among the candidates.
    pub true_pairs: usize,
    /// The part of all true pairs that these are.
    pub recall: f64,
}

/// What was found at a grade or a better one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AtGrade {
    /// The least grade.
    pub grade: &'static str,
    /// Pairs with it.
    pub pairs: usize,
    /// True pairs among them.
    pub true_pairs: usize,
    /// The part of the pairs that is true.
    pub precision: f64,
    /// The part of the true pairs that was found.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
}

/// Runs `evaluate-matching` and prints what it found: a table, or one line of JSON.
pub fn run(files: &[PathBuf], rules: Option<&Path>, manner: Manner, json: bool) -> anyhow::Result<()> {
    let rules = rules.map_or_else(|| Ok(Rules::standard()), written)?;
    let evaluation = evaluate(files, &rules, manner)?;
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, &evaluation)?;
        writeln!(out)?;
    } else {
        write!(out, "{evaluation}")?;
    }
    Ok(())
}

/// Rules that `estimate-matching` wrote.
fn written(file: &Path) -> anyhow::Result<Rules> {
    let name = || file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", name()))?;
    let written: WrittenRules = serde_json::from_str(&text).with_context(|| format!("{} holds no rules", name()))?;
    written.of_file().read().map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{} cannot be used: {}", name(), faults.join("; "))
    })
}

/// Evaluates rules on `files`.
pub fn evaluate(files: &[PathBuf], rules: &Rules, manner: Manner) -> anyhow::Result<Evaluation> {
    ensure!(!files.is_empty(), "name one file with duplicates, or several to link");
    let mut rows = Vec::new();
    let mut left_out = Vec::new();
    for (nth, file) in files.iter().enumerate() {
        let (read, refused) = read::file(file, nth).with_context(|| format!("{} cannot be used", file.display()))?;
        rows.extend(read);
        left_out.extend(refused);
    }
    let rules = rules.among(match manner {
        Manner::AsTheService { expected_records } => expected_records,
        Manner::AmongThemselves => rows.len() as u64,
    });
    let truth = Truth::of(&rows, files.len() > 1);
    let described: Vec<Description<'_>> = rows.iter().map(Row::describe).collect();
    let people = manner.people(&described);
    let mut held = identifiers::held_together(&described, &people, &rules);
    held.retain(|(one, other)| truth.is_asked(&rows[*one], &rows[*other]));
    let by_identifiers = held.clone();
    let mut pairs = manner.pairs(&described, &people);
    pairs.retain(|(one, other)| truth.is_asked(&rows[*one], &rows[*other]));

    let mut found: HashMap<(Grade, bool), usize> = HashMap::new();
    for (one, other) in &pairs {
        let grade = rules.score(&people[*one], &people[*other]).grade;
        if grade == Grade::Certain {
            held.insert((*one.min(other), *one.max(other)));
        }
        *found.entry((grade, rows[*one].person == rows[*other].person)).or_default() += 1;
    }
    let count = |least: Grade, same: bool| -> usize {
        found.iter().filter(|((grade, is), _)| *grade >= least && *is == same).map(|(_, count)| count).sum()
    };
    let kept = count(Grade::CertainlyNot, true);
    let certain = |pairs: &BTreeSet<(usize, usize)>| {
        let same = pairs.iter().filter(|(one, other)| rows[*one].person == rows[*other].person).count();
        AtGrade::new(Grade::Certain, same, pairs.len() - same, truth.pairs)
    };
    Ok(Evaluation {
        rules: rules.version().to_owned(),
        judged: manner.to_string(),
        files: files.iter().map(|file| file.display().to_string()).collect(),
        records: rows.len(),
        people: rows.iter().map(|row| row.person).collect::<BTreeSet<_>>().len(),
        true_pairs: truth.pairs,
        blocking: Blocking {
            candidate_pairs: pairs.len(),
            all_pairs: truth.all_pairs,
            true_pairs: kept,
            recall: part(kept, truth.pairs),
        },
        grades: [Grade::Certain, Grade::Probable, Grade::Possible]
            .map(|grade| AtGrade::new(grade, count(grade, true), count(grade, false), truth.pairs))
            .to_vec(),
        identifiers: certain(&by_identifiers),
        linked: certain(&held),
        left_out,
    })
}

impl Manner {
    /// The people who are described, as they are weighed.
    pub fn people(self, described: &[Description<'_>]) -> Vec<Person> {
        let frequencies = match self {
            Self::AsTheService { .. } => Frequencies::of_carriers(described),
            Self::AmongThemselves => Frequencies::of(described),
        };
        described.iter().map(|description| Person::new(description, &frequencies)).collect()
    }

    /// The pairs that are compared. The service makes keys before it asks who carries the same.
    fn pairs(self, described: &[Description<'_>], people: &[Person]) -> Vec<(usize, usize)> {
        match self {
            Self::AsTheService { .. } => {
                let neutral = Frequencies::neutral();
                let keys: Vec<Vec<BlockingKey>> =
                    described.iter().map(|described| blocking_keys(&Person::new(described, &neutral))).collect();
                candidates_of_each(&keys, LARGEST_BLOCK, MOST_COMPARED)
            }
            Self::AmongThemselves => candidates(&people.iter().map(blocking_keys).collect::<Vec<_>>(), LARGEST_BLOCK),
        }
    }
}

/// Which pairs are asked for, and how many of them are true.
struct Truth {
    across: bool,
    pairs: usize,
    all_pairs: usize,
}

impl Truth {
    fn of(rows: &[Row], across: bool) -> Self {
        let mut people: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut sizes: HashMap<usize, usize> = HashMap::new();
        for row in rows {
            people.entry(row.person).or_default().push(row.file);
            *sizes.entry(row.file).or_default() += 1;
        }
        let sizes: Vec<usize> = sizes.into_values().collect();
        let within: usize = sizes.iter().map(|size| size * size.saturating_sub(1) / 2).sum();
        let all = rows.len() * rows.len().saturating_sub(1) / 2;
        let pairs = people.values().map(|files| asked_among(files, across)).sum();
        Self { across, pairs, all_pairs: if across { all - within } else { all } }
    }

    fn is_asked(&self, one: &Row, other: &Row) -> bool {
        !self.across || one.file != other.file
    }
}

fn asked_among(files: &[usize], across: bool) -> usize {
    let pairs = files.iter().enumerate().flat_map(|(at, one)| files[at + 1..].iter().map(move |other| (one, other)));
    pairs.filter(|(one, other)| !across || one != other).count()
}

impl AtGrade {
    fn new(grade: Grade, true_pairs: usize, false_pairs: usize, all_true: usize) -> Self {
        let pairs = true_pairs + false_pairs;
        let (precision, recall) = (part(true_pairs, pairs), part(true_pairs, all_true));
        let f1 = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
        Self { grade: grade.as_str(), pairs, true_pairs, precision, recall, f1 }
    }
}

/// A part of a whole; of nothing, all of it.
fn part(some: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { some as f64 / whole as f64 }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Blocking { candidate_pairs, all_pairs, true_pairs, recall } = self.blocking;
        writeln!(f, "rules      {}", self.rules)?;
        writeln!(f, "judged     {}", self.judged)?;
        for file in &self.files {
            writeln!(f, "file       {file}")?;
        }
        writeln!(f, "records    {} of {} people, {} true pairs", self.records, self.people, self.true_pairs)?;
        writeln!(f, "blocking   {candidate_pairs} of {all_pairs} pairs compared")?;
        writeln!(f, "           {true_pairs} true pairs kept ({:.3} %)\n", 100.0 * recall)?;
        writeln!(f, "{:<20}{:>9}{:>9}{:>11}{:>9}{:>9}", "grade", "pairs", "true", "precision", "recall", "F1")?;
        let named = |at: &AtGrade| match at.grade {
            "certain" => at.grade.to_owned(),
            lower => format!("{lower} or better"),
        };
        let lines = self.grades.iter().map(|at| (named(at), at));
        let by_rule =
            [("by identifiers".to_owned(), &self.identifiers), ("certain by either".to_owned(), &self.linked)];
        for (name, at) in lines.chain(by_rule) {
            writeln!(
                f,
                "{name:<20}{:>9}{:>9}{:>11.5}{:>9.5}{:>9.5}",
                at.pairs, at.true_pairs, at.precision, at.recall, at.f1
            )?;
        }
        if !self.left_out.is_empty() {
            writeln!(f, "\n{} lines left out:", self.left_out.len())?;
        }
        for left in &self.left_out {
            writeln!(f, "  {}:{}: {}", left.file, left.line, left.reason)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use customer_profile_domain::matching::Edition;

    fn written(name: &str, text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("evaluate-matching-{}-{name}.csv", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    }

    const PEOPLE: &str = "correo; dni ;Fecha Nacimiento;APELLIDO1;apellido2;nombre;rec_id\n\
        ana@x.example;12345678Z;12/03/1975;Velázquez;Ortega;Lucía;rec-1-org\n\
        ;12345678Z;1975-03-12;VELAZQUEZ;;LUCIA;rec-1-dup-0\n\
        ;;01/07/1988;Gil;Soto;Hugo;rec-2-org\n";

    #[test]
    fn finds_a_duplicate_in_one_file_and_names_bad_lines() {
        let text = format!("{PEOPLE};;;;;;rec-2-org\n;;;;;;nobody\n;;\n");
        let path = written("one", &text);
        let found = evaluate(std::slice::from_ref(&path), &Rules::standard(), Manner::default()).unwrap();
        std::fs::remove_file(path).unwrap();
        assert_eq!((found.records, found.people, found.true_pairs), (3, 2, 1));
        assert_eq!((found.grades[0].pairs, found.grades[0].true_pairs, found.grades[0].f1), (1, 1, 1.0));
        assert_eq!(found.left_out.iter().map(|left| left.line).collect::<Vec<_>>(), [5, 6, 7]);
        assert!(found.left_out[0].reason.contains("line 4"), "{:?}", found.left_out);
        assert!(found.left_out[2].reason.contains("3 fields"), "{:?}", found.left_out);
        assert!(found.to_string().contains("certain"));
    }

    #[test]
    fn what_equal_identifiers_hold_together_is_measured_beside_the_scores() {
        let family = "iban;dni;fecha nacimiento;apellido1;apellido2;nombre;rec_id\n\
            ES100;12345678Z;1950-03-12;Otaegi;Soto;Hugo;rec-1-org\n\
            ES100;00000001R;1981-07-30;Otaegi;Soto;Hugo;rec-2-org\n\
            ES100;12345678Z;;Otaegui;;Hugo;rec-1-dup\n";
        let path = written("family", family);
        let by =
            |edition| evaluate(std::slice::from_ref(&path), &Rules::standard().by(edition), Manner::default()).unwrap();
        let [before, now] = [Edition::First, Edition::Second].map(|edition| by(edition).identifiers);
        std::fs::remove_file(&path).unwrap();
        assert_eq!((before.pairs, before.true_pairs), (3, 1), "father and son are one by their account");
        assert_eq!((now.pairs, now.true_pairs), (1, 1));
    }

    #[test]
    fn unless_told_otherwise_it_is_judged_as_the_service_judges() {
        // Six hundred of one surname, which files know to say little and the service does not.
        let mut text = "rec_id;nombre;apellido1;apellido2;fecha nacimiento\n".to_owned();
        for n in 0..600 {
            let (given, second) = (["Ana", "Eva", "Hugo"][n % 3], ["Soto", "Gil", "Otaegi", "Mena"][n % 4]);
            let born = format!("19{:02}-{:02}-{:02}", 30 + n % 60, 1 + n % 12, 1 + n % 28);
            text.push_str(&format!("rec-{n}-org;{given};García;{second};{born}\n"));
            text.push_str(&format!("rec-{n}-dup;{given};Garcia;{second};{born}\n"));
        }
        let path = written("namesakes", &text);
        let by = |manner| evaluate(std::slice::from_ref(&path), &Rules::standard(), manner).unwrap();
        let service = by(Manner::default());
        let among = |expected_records| by(Manner::AsTheService { expected_records });
        assert_eq!((service.rules.as_str(), among(100_000)), ("weights-1 and exact-3 among 2^17", service.clone()));
        assert!(service.judged.starts_with("as the service does"));
        let themselves = by(Manner::AmongThemselves);
        assert_eq!(themselves.rules, "weights-1 and exact-3 among 2^11");
        assert!(themselves.judged.ends_with("not as the service does"));
        // An average name says more than this one does.
        assert!(service.grades[0].true_pairs > themselves.grades[0].true_pairs, "{service}{themselves}");
        assert!(among(1 << 40).grades[0].pairs < service.grades[0].pairs);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn links_two_files_across_only() {
        let one = written("left", PEOPLE);
        let other = written("right", "rec_id,given_name,surname,date_of_birth\nrec-1-dup-1,Lucia,Velazquez,19750312\n");
        let found = evaluate(&[one.clone(), other.clone()], &Rules::standard(), Manner::default()).unwrap();
        std::fs::remove_file(one).unwrap();
        std::fs::remove_file(other).unwrap();
        assert_eq!((found.true_pairs, found.blocking.all_pairs, found.blocking.true_pairs), (2, 3, 2));
    }

    #[test]
    fn refuses_a_file_without_known_columns() {
        let path = written("strange", "a,b\n1,2\n");
        let refused =
            format!("{:#}", evaluate(std::slice::from_ref(&path), &Rules::standard(), Manner::default()).unwrap_err());
        std::fs::remove_file(path).unwrap();
        assert!(refused.contains("rec_id"), "{refused}");
    }
}
