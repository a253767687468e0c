//! The process map of a log: the one the house keeps for logs where it knows every activity, else one that is drawn from the log itself.
//!
//! | of the log | becomes |
//! | --- | --- |
//! | activity | a step, entered by word alone |
//! | first activity of a case | a step that affairs may begin at, of the most frequent ones that nineteen in twenty cases begin with |
//! | one activity after another | a way from step to step, of the most frequent ones that nineteen in twenty departures take |
//! | last activity of a case | a step that affairs may end at, of the most frequent ones that nineteen in twenty cases end with |
//!
//! So what a map calls usual is what the log shows most cases do, and what is measured is how far the others are from it. A step that these leave without a
//! way in, or out, is given the most frequent one it has.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use kernel::{Ambient, Role};
use tonic::Code;
use uuid::Uuid;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::process_service_client::ProcessServiceClient;
use ventanilla_proto::r#type::v1::{Language, LocalizedText};

use super::load::NAMESPACE;
use super::read::EventLog;
use crate::client::{Client, Target, describe, persist};
use crate::services::Service;

/// Steps of one map, as the contract has it.
const MOST_STEPS: usize = 100;
/// Characters of a step's title, as the contract has it.
const LONGEST_TITLE: usize = 100;
/// Characters of a slug.
const LONGEST_SLUG: usize = 63;

/// Steps by the activities they stand for, and what the affairs of the log are about: the name of its file, so that each log has a map of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    ids: BTreeMap<String, String>,
    topic: String,
}

impl Steps {
    /// A slug for each activity, in the order of their labels.
    pub fn of(log: &EventLog, file: &Path) -> Self {
        let (mut ids, mut taken) = (BTreeMap::new(), HashSet::new());
        let labels: BTreeSet<&String> =
            log.cases.iter().flat_map(|case| &case.events).map(|event| &event.activity).collect();
        for label in labels {
            let plain = slug(label, "step");
            let numbered = (2..).map(|n: usize| {
                let number = format!("-{n}");
                let cut = plain.len().min(LONGEST_SLUG - number.len());
                format!("{}{number}", plain[..cut].trim_end_matches('-'))
            });
            let id = std::iter::once(plain.clone()).chain(numbered).find(|id| !taken.contains(id));
            let id = id.expect("there is no last number");
            taken.insert(id.clone());
            ids.insert(label.clone(), id);
        }
        let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Self { ids, topic: slug(&name, "log") }
    }

    /// What the affairs of the log are about.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The step of an activity of the log.
    pub fn id(&self, activity: &str) -> &str {
        self.ids.get(activity).map_or("", String::as_str)
    }
}

/// What is left of a label when only a-z, 0-9 and inner hyphens are, beginning with a word: `step-1` is activity `1`.
fn slug(label: &str, word: &str) -> String {
    let plain: String = label.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let mut slug = words.join("-");
    if !slug.starts_with(|c: char| c.is_ascii_lowercase()) {
        slug = if slug.is_empty() { word.to_owned() } else { format!("{word}-{slug}") };
    }
    slug.truncate(LONGEST_SLUG);
    slug.trim_end_matches('-').to_owned()
}

/// Caller of the service that keeps maps.
pub async fn client(target: &Target, ambient: &Ambient) -> anyhow::Result<ProcessServiceClient<Client>> {
    let caller = target.caller(Role::Importer, Some("event-log-import"), None, ambient)?;
    Ok(ProcessServiceClient::new(caller.on(&target.connect(Service::Ticketing)?)))
}

/// Sees to it that there is a map which knows every activity of the log.
pub async fn ensure_map(maps: &ProcessServiceClient<Client>, log: &EventLog, steps: &Steps) -> anyhow::Result<()> {
    let name = format!("processes/{}", steps.topic);
    let get = pb::GetProcessRequest { name: name.clone(), version: 0 };
    let known = persist(|| {
        let (mut maps, get) = (maps.clone(), get.clone());
        async move { maps.get_process(get).await }
    });
    let known = match known.await {
        Ok(known) => Some(known),
        Err(status) if status.code() == Code::NotFound => None,
        Err(status) => bail!("the process map cannot be read: {}", describe(&status)),
    };
    let knows = |process: &pb::Process| {
        let ids: HashSet<&str> = process.steps.iter().map(|step| step.id.as_str()).collect();
        steps.ids.values().all(|id| ids.contains(id.as_str()))
    };
    if known.as_ref().is_some_and(knows) {
        return Ok(());
    }
    ensure!(
        steps.ids.len() <= MOST_STEPS,
        "the log has {} different activities, and a process map at most {MOST_STEPS} steps",
        steps.ids.len()
    );
    let etag = known.map(|process| process.etag).unwrap_or_default();
    let drawn = draw(log, steps);
    // The same log draws the same map, and a retry is told what the first call was.
    let asked = format!("{etag}\u{1f}{drawn:?}");
    let process = pb::Process {
        name,
        ticket_type: pb::TicketType::Incidencia.into(),
        topic: steps.topic.clone(),
        steps: drawn,
        etag,
        ..pb::Process::default()
    };
    let request_id = Uuid::new_v5(&NAMESPACE, asked.as_bytes()).to_string();
    let put = pb::PutProcessRequest { process: Some(process), request_id };
    let put = persist(|| {
        let (mut maps, put) = (maps.clone(), put.clone());
        async move { maps.put_process(put).await }
    });
    put.await
        .map(drop)
        .map_err(|status| anyhow::anyhow!(describe(&status)))
        .context("the process map cannot be written")
}

/// What a log shows of the ways from activity to activity, each by its place among the steps.
struct Ways {
    begins: BTreeMap<usize, usize>,
    moves: BTreeMap<usize, BTreeMap<usize, usize>>,
    ends: BTreeMap<usize, usize>,
}

impl Ways {
    fn of(log: &EventLog, place_of: impl Fn(&str) -> usize) -> Self {
        let mut ways = Self { begins: BTreeMap::new(), moves: BTreeMap::new(), ends: BTreeMap::new() };
        for case in &log.cases {
            let mut visited: Vec<usize> = case.events.iter().map(|event| place_of(&event.activity)).collect();
            visited.dedup();
            if let (Some(first), Some(last)) = (visited.first(), visited.last()) {
                *ways.begins.entry(*first).or_default() += 1;
                *ways.ends.entry(*last).or_default() += 1;
            }
            for pair in visited.windows(2) {
                *ways.moves.entry(pair[0]).or_default().entry(pair[1]).or_default() += 1;
            }
        }
        ways
    }
}

/// The most frequent of these that together make up nineteen in twenty, the most frequent first.
fn usual(counts: &BTreeMap<usize, usize>) -> Vec<usize> {
    let all: usize = counts.values().sum();
    let mut ordered: Vec<(usize, usize)> = counts.iter().map(|(place, count)| (*place, *count)).collect();
    ordered.sort_by_key(|(place, count)| (std::cmp::Reverse(*count), *place));
    let mut covered = 0;
    let needed = |(place, count): (usize, usize)| {
        let wanted = covered * 20 < all * 19;
        covered += count;
        wanted.then_some(place)
    };
    ordered.into_iter().map_while(needed).collect()
}

/// The map that a log shows.
fn draw(log: &EventLog, steps: &Steps) -> Vec<pb::ProcessStep> {
    let activities: Vec<(&String, &String)> = steps.ids.iter().collect();
    let places: BTreeMap<&str, usize> =
        steps.ids.keys().enumerate().map(|(place, label)| (label.as_str(), place)).collect();
    let ways = Ways::of(log, |label| places.get(label).copied().unwrap_or_default());
    let none = BTreeMap::new();
    let mut begins: BTreeSet<usize> = usual(&ways.begins).into_iter().collect();
    let mut ends: BTreeSet<usize> = usual(&ways.ends).into_iter().collect();
    let mut next: Vec<Vec<usize>> =
        (0..activities.len()).map(|place| usual(ways.moves.get(&place).unwrap_or(&none))).collect();
    let made = |from: usize, to: usize| ways.moves.get(&from).and_then(|to_all| to_all.get(&to)).copied();

    // Ways in for what cannot be come to, the most frequent first.
    while let Some(lost) = lost(&begins, |place| next[place].clone(), activities.len()) {
        let reached = reached(&begins, |place| next[place].clone());
        let candidates = lost.iter().flat_map(|to| reached.iter().map(move |from| (*from, *to)));
        let best = candidates.filter_map(|(from, to)| made(from, to).map(|count| (count, from, to)));
        match best.max_by_key(|(count, from, to)| (*count, std::cmp::Reverse((*from, *to)))) {
            Some((_, from, to)) => next[from].push(to),
            None => {
                begins.extend(lost.first());
            }
        }
    }
    // And ways out for what leads nowhere.
    let before = |next: &[Vec<usize>], of: usize| -> Vec<usize> {
        (0..next.len()).filter(|place| next[*place].contains(&of)).collect()
    };
    while let Some(stuck) = lost(&ends, |place| before(&next, place), activities.len()) {
        let leading = reached(&ends, |place| before(&next, place));
        let candidates = stuck.iter().flat_map(|from| leading.iter().map(move |to| (*from, *to)));
        let best = candidates.filter_map(|(from, to)| made(from, to).map(|count| (count, from, to)));
        match best.max_by_key(|(count, from, to)| (*count, std::cmp::Reverse((*from, *to)))) {
            Some((_, from, to)) => next[from].push(to),
            None => {
                ends.extend(stuck.first());
            }
        }
    }

    let step = |(place, (label, id)): (usize, &(&String, &String))| pb::ProcessStep {
        next: next[place].iter().map(|to| activities[*to].1.clone()).collect(),
        may_begin: begins.contains(&place),
        may_end: ends.contains(&place),
        ..told(label, id)
    };
    activities.iter().enumerate().map(step).collect()
}

/// Places that can be come to from these.
fn reached(from: &BTreeSet<usize>, onward: impl Fn(usize) -> Vec<usize>) -> BTreeSet<usize> {
    let (mut reached, mut waiting) = (from.clone(), from.iter().copied().collect::<Vec<_>>());
    while let Some(place) = waiting.pop() {
        waiting.extend(onward(place).into_iter().filter(|next| reached.insert(*next)));
    }
    reached
}

/// Places that cannot; none when there are none.
fn lost(from: &BTreeSet<usize>, onward: impl Fn(usize) -> Vec<usize>, all: usize) -> Option<Vec<usize>> {
    let reached = reached(from, onward);
    let lost: Vec<usize> = (0..all).filter(|place| !reached.contains(place)).collect();
    (!lost.is_empty()).then_some(lost)
}

/// What is told of a step: a log says no more than the activity's label.
fn told(label: &str, id: &str) -> pb::ProcessStep {
    let label: String = label.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_TITLE - 20).collect();
    let both = |es: String, en: String| {
        let text = |language: Language, text: String| LocalizedText { language: language.into(), text };
        vec![text(Language::Es, es), text(Language::En, en)]
    };
    pb::ProcessStep {
        id: id.to_owned(),
        internal_title: both(format!("Actividad «{label}»"), format!("Activity “{label}”")),
        public_title: both(format!("Actividad «{label}»"), format!("Activity “{label}”")),
        public_text: both(format!("Se realizó la actividad «{label}»."), format!("Activity “{label}” was done.")),
        public_next: both(
            "El departamento sigue con su asunto.".to_owned(),
            "The department goes on with your affair.".to_owned(),
        ),
        ..pb::ProcessStep::default()
    }
}

#[cfg(test)]
mod tests;
