//! `recompute`: what was published of the service, counted once more from exported ledgers and nothing else, and held against what was
//! published.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use ledger::verify::Exported;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde::Serialize;
use sla_monitor::recompute::{Abandoned, Period, recompute, recompute_causes, recompute_targets};
use sla_monitor_domain::figures::{Figure, Parameter};
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::sla::v1 as proto;

use crate::cli;

/// One published share, as a ledger gives it.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Line {
    id: String,
    of: String,
    with_count: i64,
    of_count: i64,
    share: Option<f64>,
    met: Option<bool>,
    at_target_seconds: Option<f64>,
    /// From the share to the farther end of its interval, within 95 %; 0 of a full count.
    reach: f64,
    most: f64,
}

impl Line {
    fn of(told: &Parameter) -> Self {
        Self {
            id: told.figure.id().to_owned(),
            of: told.of.clone().unwrap_or_default(),
            with_count: told.counted.with().cast_signed(),
            of_count: told.counted.of().cast_signed(),
            share: told.share(),
            met: told.met(),
            at_target_seconds: told.at_target.map(|micros| micros as f64 / 1e6),
            reach: told.error.reach,
            most: told.error.most,
        }
    }
}

/// How often one version of a policy about calls was kept, as a ledger gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Kept {
    kept: i64,
    missed: i64,
    left_out: i64,
}

/// Everything that was counted once more.
#[derive(Debug, Serialize)]
struct Recount {
    from: Timestamp,
    to: Timestamp,
    department: Option<String>,
    as_of: Timestamp,
    entries: usize,
    parameters: Vec<Line>,
    abandoned_counted: i64,
    abandoned_apart: i64,
    hung_up: i64,
    house_targets: BTreeMap<String, Kept>,
    /// Whether causes were counted: their entries are the ledger of affairs'.
    causes: bool,
    differences: Option<Vec<String>>,
}

/// Runs `recompute`. An error when an entry cannot be read, or when what was published is something else.
pub fn run(asked: &cli::Recompute, now: Timestamp) -> anyhow::Result<()> {
    let published = asked.against.as_deref().map(read_published).transpose()?;
    let period = match &published {
        Some(told) => period_of(told).context("the answer names no period: it is none of GetServiceParameters")?,
        None => Period {
            from: asked.from.context("--from says when the period begins")?,
            to: asked.to.context("--to says when it is over")?,
            department: asked.department.clone(),
            as_of: asked.as_of.unwrap_or(now),
            reading: asked.abandoned,
        },
    };
    ensure!(period.from < period.to, "--to must be after --from");
    let mut counted = count(&asked.export, asked.affairs.as_deref(), &period)?;
    counted.differences = published.as_ref().map(|told| differences(told, &counted));
    if asked.json {
        println!("{}", serde_json::to_string_pretty(&counted)?);
    } else {
        tell(&counted);
    }
    let differ = counted.differences.unwrap_or_default();
    ensure!(differ.is_empty(), "what was published is not what the ledger gives: {}", differ.join("; "));
    Ok(())
}

fn count(export: &Path, affairs: Option<&Path>, period: &Period) -> anyhow::Result<Recount> {
    let entries = read_entries(export)?;
    let again = recompute(&entries, period)?;
    let targets = recompute_targets(&entries, period)?;
    let answered = &again.calls.answered;
    let mut parameters = vec![Line::of(&answered.parameter), Line::of(&again.calls.human)];
    parameters.extend(again.calls.supervisor.iter().map(Line::of));
    // Where an affair went stands in the ledger of affairs.
    if let (Some(resolved), None) = (&again.resolved, &period.department) {
        let told = resolved.parameter(period.law()).context("more were in time than were resolved")?;
        parameters.push(Line::of(&told));
    }
    let causes = affairs.map(|file| recompute_causes(&read_entries(file)?, period).context("the ledger of affairs"));
    let causes = causes.transpose()?;
    parameters.extend(causes.iter().flatten().map(Line::of));
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let house_targets = targets.into_iter().map(|((_, policy, version), of)| {
        let kept = Kept { kept: signed(of.kept), missed: signed(of.missed), left_out: signed(of.left_out) };
        (format!("policies/{policy} version {version}"), kept)
    });
    Ok(Recount {
        from: period.from,
        to: period.to,
        department: period.department.clone(),
        as_of: period.as_of,
        entries: entries.len(),
        abandoned_counted: signed(answered.abandoned_counted),
        abandoned_apart: signed(answered.abandoned_apart),
        hung_up: signed(answered.hung_up),
        house_targets: house_targets.collect(),
        causes: causes.is_some(),
        parameters,
        differences: None,
    })
}

/// The entries of an export, one JSON entry a line, as `export` writes it.
fn read_entries(file: &Path) -> anyhow::Result<Vec<Entry>> {
    let named = file.display();
    let lines = BufReader::new(File::open(file).with_context(|| format!("{named} cannot be read"))?).lines();
    let mut entries = Vec::new();
    for (number, line) in lines.enumerate() {
        let number = number + 1;
        let exported: Exported = serde_json::from_str(&line.with_context(|| format!("{named} cannot be read"))?)
            .with_context(|| format!("line {number} of {named} is no entry of a ledger"))?;
        let payload = hex::decode(&exported.payload);
        let expected = entries.last().map_or(exported.position, |last: &Entry| last.position + 1);
        ensure!(
            exported.position == expected,
            "line {number} of {named} is entry {}, not {expected}",
            exported.position
        );
        entries.push(Entry {
            position: exported.position,
            r#type: exported.r#type,
            occurred_time: Some(wire(exported.occurred_at)),
            recorded_time: Some(wire(exported.recorded_at)),
            payload: payload.with_context(|| format!("line {number} of {named} has no payload as hex"))?,
            ..Entry::default()
        });
    }
    let first = entries.first().with_context(|| format!("{named} holds no entry of a ledger"))?.position;
    ensure!(
        first == 1,
        "{named} begins at entry {first}: what came before is archived, or was left out; nothing is counted from a part of a ledger"
    );
    Ok(entries)
}

fn wire(at: Timestamp) -> prost_types::Timestamp {
    let nanos = i64::from(at.subsec_nanosecond());
    let seconds = at.as_second() - i64::from(nanos < 0);
    prost_types::Timestamp { seconds, nanos: i32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or_default() }
}

fn read_published(file: &Path) -> anyhow::Result<proto::ServiceParameters> {
    let named = file.display();
    let json = std::fs::read(file).with_context(|| format!("{named} cannot be read"))?;
    let read = || {
        let pool = DescriptorPool::decode(ventanilla_proto::DESCRIPTOR_SET)?;
        let form = pool.get_message_by_name("ventanilla.sla.v1.ServiceParameters").context("the contract has none")?;
        let mut json = serde_json::Deserializer::from_slice(&json);
        let message = DynamicMessage::deserialize(form, &mut json)?;
        json.end()?;
        anyhow::Ok(message.transcode_to()?)
    };
    read().with_context(|| format!("{named} is no answer of GetServiceParameters as JSON"))
}

fn period_of(told: &proto::ServiceParameters) -> Option<Period> {
    let at = |time: Option<prost_types::Timestamp>| time.and_then(|t| Timestamp::new(t.seconds, t.nanos).ok());
    Some(Period {
        from: at(told.from_time)?,
        to: at(told.to_time)?,
        department: Some(told.department.clone()).filter(|only| !only.is_empty()),
        as_of: at(told.as_of_time)?,
        reading: match told.abandoned_reading() {
            proto::AbandonedCalls::AfterTheTerm => Abandoned::AfterTheTerm,
            proto::AbandonedCalls::Always | proto::AbandonedCalls::Unspecified => Abandoned::Always,
        },
    })
}

/// Everything in which what was published is not what a ledger gives, in words. Types of affair are told apart by the ledger of affairs, so that only what is
/// told of all of them is held against this one; causes only where that ledger was given too.
fn differences(published: &proto::ServiceParameters, again: &Recount) -> Vec<String> {
    let by_type = |id: &str, of: &str| id == Figure::ResolvedInTerm.id() && !of.is_empty();
    let apart = |id: &str| id == Figure::Cause.id() && !again.causes;
    let key = |id: &str, of: &str| format!("{id} {of}").trim_end().to_owned();
    let mut told: BTreeMap<String, (i64, i64, Option<f64>)> = BTreeMap::new();
    for one in published.parameters.iter().filter(|one| !by_type(&one.id, &one.of) && !apart(&one.id)) {
        let at = one.at_target_duration.map(|took| took.seconds as f64 + f64::from(took.nanos) / 1e9);
        told.insert(key(&one.id, &one.of), (one.with_count, one.of_count, at));
    }
    let mut given: BTreeMap<String, (i64, i64, Option<f64>)> = BTreeMap::new();
    for line in &again.parameters {
        given.insert(key(&line.id, &line.of), (line.with_count, line.of_count, line.at_target_seconds));
    }
    let counts = |of: Option<&(i64, i64, Option<f64>)>| match of {
        Some((with, all, at)) => {
            let at = at.map(|seconds| format!(", {seconds} s")).unwrap_or_default();
            format!("{with} of {all}{at}")
        }
        None => "nothing".to_owned(),
    };
    let empty = |of: Option<&(i64, i64, Option<f64>)>| of.is_none_or(|(with, all, _)| (*with, *all) == (0, 0));
    let same = |one: Option<&(i64, i64, Option<f64>)>, other: Option<&(i64, i64, Option<f64>)>| {
        (empty(one) && empty(other)) || counts(one) == counts(other)
    };
    let names: BTreeSet<&String> = told.keys().chain(given.keys()).collect();
    let mut differ: Vec<String> = names
        .into_iter()
        .filter(|name| !same(told.get(*name), given.get(*name)))
        .map(|name| {
            format!("{name}: {} was published, the ledger gives {}", counts(told.get(name)), counts(given.get(name)))
        })
        .collect();
    for (what, one, other) in [
        ("abandoned calls that counted", published.abandoned_counted, again.abandoned_counted),
        ("abandoned calls that were left out", published.abandoned_apart, again.abandoned_apart),
        ("calls that the house hung up", published.hung_up_count, again.hung_up),
    ] {
        if one != other {
            differ.push(format!("{what}: {one} was published, the ledger gives {other}"));
        }
    }
    let mut targets = BTreeMap::new();
    for of in &published.house_targets {
        let kept = Kept { kept: of.kept_count, missed: of.missed_count, left_out: of.left_out_count };
        targets.insert(format!("{} version {}", of.policy, of.policy_version), kept);
    }
    let told = |of: Option<&Kept>| match of {
        Some(Kept { kept, missed, left_out }) => format!("{kept} kept, {missed} missed, {left_out} left out"),
        None => "nothing".to_owned(),
    };
    let names: BTreeSet<&String> = targets.keys().chain(again.house_targets.keys()).collect();
    differ.extend(names.into_iter().filter(|name| targets.get(*name) != again.house_targets.get(*name)).map(|name| {
        let (one, other) = (told(targets.get(name)), told(again.house_targets.get(name)));
        format!("{name}: {one} was published, the ledger gives {other}")
    }));
    differ
}

fn tell(counted: &Recount) {
    let only = counted.department.as_ref().map(|only| format!(", calls of {only}")).unwrap_or_default();
    println!(
        "{} to {}{only}, as known at {}, from {} entries",
        counted.from, counted.to, counted.as_of, counted.entries
    );
    println!("{:<42}{:>12}{:>12}{:>10}{:>8}{:>12}{:>9}", "", "with", "of", "share", "met", "in (s)", "error");
    for line in &counted.parameters {
        let name = format!("{} {}", line.id, line.of);
        let share = line.share.map_or_else(|| "-".to_owned(), |share| format!("{:.2} %", share * 100.0));
        let met = line.met.map_or("-", |met| if met { "yes" } else { "no" });
        let at = line.at_target_seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.3}"));
        println!(
            "{:<42}{:>12}{:>12}{share:>10}{met:>8}{at:>12}{:>7.2} %",
            name.trim_end(),
            line.with_count,
            line.of_count,
            line.reach * 100.0
        );
    }
    println!(
        "abandoned calls: {} counted as not answered, {} left out; hung up by the house: {}",
        counted.abandoned_counted, counted.abandoned_apart, counted.hung_up
    );
    for (name, Kept { kept, missed, left_out }) in &counted.house_targets {
        println!("{name}: {kept} kept, {missed} missed, {left_out} left out");
    }
    if !counted.causes {
        println!("causes were not counted: their entries are those of ticketing's ledger, --affairs FILE");
    }
    if counted.differences.as_ref().is_some_and(Vec::is_empty) {
        println!("what was published is what the ledger gives");
    }
}
