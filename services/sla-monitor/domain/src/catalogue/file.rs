//! The shape of a regime file, and its reading into rules.

use jiff::civil::Date;
use serde::Deserialize;

use super::Switches;
use crate::clock::THRESHOLDS;
use crate::data::DataError;
use crate::rule::{Bearer, ChannelBar, Does, Effect, Ends, Evidence, Kind, Reading, Rule, Standing, Subject};
use crate::term::Term;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    jurisdiction: String,
    rule: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    jurisdiction: Option<String>,
    kind: Option<Kind>,
    #[serde(default)]
    state: Standing,
    stage: String,
    #[serde(default)]
    subject: Subject,
    #[serde(default)]
    bearer: Bearer,
    sectors: Vec<String>,
    #[serde(default)]
    large_only: Vec<String>,
    channel: Option<ChannelRow>,
    #[serde(default)]
    types: Vec<String>,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    regimes: Vec<String>,
    #[serde(default)]
    displaces: Vec<String>,
    #[serde(default)]
    only_without_law: bool,
    #[serde(default)]
    starts: String,
    #[serde(default)]
    ends: Ends,
    term: Option<String>,
    #[serde(default)]
    at_least: bool,
    #[serde(default)]
    effect: Vec<EffectRow>,
    from: Option<String>,
    until: Option<String>,
    citation: String,
    #[serde(default)]
    article: String,
    evidence: Evidence,
    reading: Option<ReadingRow>,
    not_clocked: Option<String>,
    es: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EffectRow {
    on: String,
    grounds: Vec<String>,
    does: String,
    max_total: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadingRow {
    name: String,
    alters: Alters,
    strict: String,
    values: Vec<String>,
}

/// A channel by which no complaint is admitted: what is made of one that comes by it is a reading.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelRow {
    not_by: String,
    citation: String,
    reading: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Alters {
    Term,
    Effect,
}

/// Reads one regime file.
pub(super) fn parse(name: &str, text: &str, switches: &Switches) -> Result<Vec<Rule>, DataError> {
    let file: File = toml::from_str(text).map_err(|e| DataError::new(name, e.message()))?;
    file.rule.into_iter().map(|row| rule(&file.jurisdiction, row, switches)).collect()
}

fn rule(jurisdiction: &str, row: Row, switches: &Switches) -> Result<Rule, DataError> {
    let wrong = |what: &str| DataError::new(&row.id, what);
    let term_of = |text: &str| text.parse::<Term>().map_err(|e| wrong(&format!("term {text}: {e}")));
    let date_of = |text: &Option<String>| match text {
        Some(text) => text.parse::<Date>().map(Some).map_err(|_| wrong(&format!("no date {text}"))),
        None => Ok(None),
    };
    let mut term = row.term.as_deref().map(term_of).transpose()?;
    let reading = match &row.reading {
        Some(reading) => Some(choose(reading, switches).map_err(|what| wrong(&what))?),
        None => None,
    };
    let channel = match &row.channel {
        Some(bar) => Some(channel_bar(bar, switches).map_err(|what| wrong(&what))?),
        None => None,
    };
    if let Some(stray) = row.large_only.iter().find(|sector| !row.sectors.contains(sector)) {
        return Err(wrong(&format!("it is for large companies alone in {stray}, which is no sector of it")));
    }
    let alters = row.reading.as_ref().map(|r| r.alters);
    if let (Some(Alters::Term), Some(reading)) = (alters, &reading) {
        term = Some(term_of(&reading.value)?);
    }
    let mut effects = Vec::with_capacity(row.effect.len());
    for effect in &row.effect {
        // A reading of the effect replaces every pause: the text uses one word for all of them.
        let word = match (alters, &reading) {
            (Some(Alters::Effect), Some(reading)) if effect.does == "pause" => reading.value.as_str(),
            _ => effect.does.as_str(),
        };
        let does = match (word, &effect.max_total) {
            // Time stands still whatever the switch makes of the law's own word for it.
            ("pause" | "stand_still", None) => Does::Pause,
            ("restart", None) => Does::Restart,
            ("defer_start", None) => Does::DeferStart,
            ("extend", Some(bound)) => Does::Extend { max_total: term_of(bound)? },
            _ => return Err(wrong(&format!("effect {word} is unknown, or its bound is missing or out of place"))),
        };
        effects.push(Effect { on: effect.on.clone(), grounds: effect.grounds.clone(), does });
    }
    if (row.subject == Subject::PartyTerm) != (row.bearer != Bearer::House) {
        return Err(wrong("time of a party has a bearer who is not the house, and nothing else has"));
    }
    let disabled_because = disabled_because(&row, term);
    Ok(Rule {
        term,
        effects,
        reading,
        disabled_because,
        from: date_of(&row.from)?,
        until: date_of(&row.until)?,
        kind: row.kind.unwrap_or(Kind::Statutory),
        jurisdiction: row.jurisdiction.unwrap_or_else(|| jurisdiction.to_owned()),
        id: row.id,
        version: 1,
        state: row.state,
        stage: row.stage,
        subject: row.subject,
        bearer: row.bearer,
        sectors: row.sectors,
        large_only: row.large_only,
        channel,
        types: row.types,
        topics: row.topics,
        regimes: row.regimes,
        displaces: row.displaces,
        only_without_law: row.only_without_law,
        starts: row.starts,
        ends: row.ends,
        at_least: row.at_least,
        citation: row.citation,
        article: row.article,
        evidence: row.evidence,
        warnings: THRESHOLDS.to_vec(),
        measure: None,
        es: row.es,
        en: row.en,
    })
}

fn choose(row: &ReadingRow, switches: &Switches) -> Result<Reading, String> {
    read(&row.name, &row.strict, &row.values, switches)
}

fn channel_bar(row: &ChannelRow, switches: &Switches) -> Result<ChannelBar, String> {
    let values = [ChannelBar::COUNTS.to_owned(), ChannelBar::STARTS_NONE.to_owned()];
    Ok(ChannelBar {
        channel: row.not_by.clone(),
        citation: row.citation.clone(),
        reading: read(&row.reading, ChannelBar::COUNTS, &values, switches)?,
    })
}

fn read(name: &str, strict: &str, values: &[String], switches: &Switches) -> Result<Reading, String> {
    let value = switches.get(name).map_or(strict, String::as_str);
    let known = |value: &str| values.iter().any(|v| v == value);
    if !known(value) || !known(strict) {
        return Err(format!("{value} is no reading of {name}: {}", values.join(", ")));
    }
    Ok(Reading { name: name.to_owned(), value: value.to_owned(), strict: strict.to_owned(), values: values.to_vec() })
}

/// Why no clock is started, in the order a reader would ask.
fn disabled_because(row: &Row, term: Option<Term>) -> Option<String> {
    let why = match (row.evidence, row.state) {
        (_, Standing::NotActive) => "it is not law yet",
        (Evidence::Secondary, _) => "it was read in a secondary source only; it ships disabled until the text is read",
        (Evidence::Recalled, _) => "it is recalled and unchecked; it ships disabled until the text is read",
        (Evidence::Verified | Evidence::Interpreted | Evidence::House, _) => match &row.not_clocked {
            Some(why) => why,
            None if row.subject == Subject::None => "no event of a ledger starts it",
            None if term.is_none()
                && !matches!(row.subject, Subject::Promise | Subject::Obligation | Subject::PartyTerm) =>
            {
                "it sets no term that could be counted"
            }
            None => return None,
        },
    };
    Some(why.to_owned())
}
