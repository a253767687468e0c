//! `estimate-matching`: learns from a firm's own people how often the fields of two records agree, among records of one
//! person and of two, and writes the rules that follow. Nobody need know who is who; a column that says so is not read.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use customer_profile_domain::matching::{
    BlockingKey, Comparison, Description, Estimate, LARGEST_BLOCK, Person, Plan, Rules, WrittenRules, blocking_keys,
    candidates, estimate,
};
use serde::Serialize;

use crate::evaluate_matching::Manner;
use crate::evaluate_matching::read::{self, Row};

/// Fewer pairs than this teach nothing.
const ENOUGH_PAIRS: usize = 200;
/// Pairs of strangers that are drawn.
const STRANGERS: usize = 200_000;

/// What an estimation came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Learned {
    /// Version of the rules that were written.
    pub rules: String,
    /// Where they were written.
    pub file: String,
    /// Records that took part.
    pub records: usize,
    /// Pairs that share keys enough to be compared.
    pub pairs: usize,
    /// The part of them that is one person.
    pub matches: f64,
    /// Rounds it took.
    pub rounds: usize,
    /// Whether it ended because nothing moved any more.
    pub converged: bool,
    /// The weights that moved, in bits.
    pub weights: Vec<Moved>,
}

/// A weight before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moved {
    field: &'static str,
    level: &'static str,
    before: f64,
    after: f64,
}

/// Runs `estimate-matching` and prints what it learned: a table, or one line of JSON.
pub fn run(files: &[PathBuf], out: &Path, json: bool) -> anyhow::Result<()> {
    let learned = learn(files, out)?;
    let mut stdout = std::io::stdout().lock();
    if json {
        serde_json::to_writer(&mut stdout, &learned)?;
        writeln!(stdout)?;
    } else {
        write!(stdout, "{learned}")?;
    }
    Ok(())
}

fn learn(files: &[PathBuf], out: &Path) -> anyhow::Result<Learned> {
    let mut rows = Vec::new();
    for (nth, file) in files.iter().enumerate() {
        let (read, _) = read::file(file, nth).with_context(|| format!("{} cannot be used", file.display()))?;
        rows.extend(read);
    }
    // As the service weighs them, for which it is learned.
    let described: Vec<Description<'_>> = rows.iter().map(Row::describe).collect();
    let people = Manner::default().people(&described);
    let keys: Vec<Vec<BlockingKey>> = people.iter().map(blocking_keys).collect();
    let compare = |(one, other): (usize, usize)| Comparison::of(&people[one], &people[other]);
    let pairs: Vec<Comparison> = candidates(&keys, LARGEST_BLOCK).into_iter().map(compare).collect();
    ensure!(
        pairs.len() >= ENOUGH_PAIRS,
        "only {} pairs share keys enough to be compared; {ENOUGH_PAIRS} at least are needed to learn from",
        pairs.len()
    );
    let strangers = strangers(&people);
    let initial = Rules::standard();
    let draft = estimate(&pairs, &initial, &Plan { strangers: &strangers, ..Plan::default() });
    // The version names what was learned: the same odds have the same name wherever they were learned.
    let version = format!("weights-em-{:016x}", fingerprint(&WrittenRules::from(&draft.rules)));
    let plan = Plan { version: &version, strangers: &strangers, ..Plan::default() };
    let Estimate { rules, matches, rounds, converged } = estimate(&pairs, &initial, &plan);
    let text = serde_json::to_string_pretty(&WrittenRules::from(&rules))?;
    std::fs::write(out, text + "\n").with_context(|| format!("{} cannot be written", out.display()))?;
    Ok(Learned {
        rules: version,
        file: out.display().to_string(),
        records: rows.len(),
        pairs: pairs.len(),
        matches,
        rounds,
        converged,
        weights: moved(&initial, &rules),
    })
}

/// Pairs drawn by a fixed rule, next to none of which is one person.
fn strangers(people: &[Person]) -> Vec<Comparison> {
    let count = people.len();
    let draws =
        (0..STRANGERS).map(|nth| (nth % count, nth.wrapping_mul(2_654_435_761).wrapping_add(nth / count) % count));
    draws.filter(|(one, other)| one != other).map(|(one, other)| Comparison::of(&people[one], &people[other])).collect()
}

/// FNV-1a over the odds.
fn fingerprint(written: &WrittenRules) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for odds in &written.odds {
        for byte in [odds.m, odds.u].into_iter().flat_map(f64::to_be_bytes) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

fn moved(before: &Rules, after: &Rules) -> Vec<Moved> {
    use customer_profile_domain::matching::{Field, Level};
    let all = Field::ALL.into_iter().flat_map(|field| Level::ALL.into_iter().map(move |level| (field, level)));
    let weights = all.filter(|(field, level)| before.odds(*field, *level).is_some()).map(|(field, level)| Moved {
        field: field.as_str(),
        level: level.as_str(),
        before: before.weight(field, level),
        after: after.weight(field, level),
    });
    weights.filter(|moved| (moved.before - moved.after).abs() >= 0.05).collect()
}

impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rules, file, records, pairs, matches, rounds, converged, weights } = self;
        writeln!(f, "rules      {rules}, written to {file}")?;
        writeln!(f, "records    {records}, of which {pairs} pairs were compared")?;
        writeln!(f, "one person {:.2} % of the pairs", 100.0 * matches)?;
        let end = if *converged { "nothing moved any more" } else { "the rounds were over: the result is not settled" };
        writeln!(f, "rounds     {rounds}; {end}\n")?;
        writeln!(f, "{:<16}{:<14}{:>9}{:>9}", "field", "level", "bits", "were")?;
        for Moved { field, level, before, after } in weights {
            writeln!(f, "{field:<16}{level:<14}{after:>9.2}{before:>9.2}")?;
        }
        Ok(())
    }
}
