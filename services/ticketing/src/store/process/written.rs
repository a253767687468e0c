//! The steps of a map as they are kept: JSON, each wording by its language.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use kernel::Language;
use serde::{Deserialize, Serialize};
use ticketing_domain::{Line, ProcessMap, Situation, Step, Wording};

/// A step.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WrittenStep {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    department: Option<String>,
    /// How long it may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    standard_ms: Option<i64>,
    internal_title: BTreeMap<String, String>,
    public_title: BTreeMap<String, String>,
    public_text: BTreeMap<String, String>,
    public_next: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    situations: Vec<WrittenSituation>,
    next: Vec<String>,
    may_begin: bool,
    may_end: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct WrittenSituation {
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    department: Option<String>,
}

/// The map as it is kept.
pub(super) fn write(map: &ProcessMap) -> Vec<WrittenStep> {
    map.steps().iter().map(write_step).collect()
}

fn write_step(step: &Step) -> WrittenStep {
    WrittenStep {
        id: step.id.as_str().to_owned(),
        department: step.department.as_ref().map(ToString::to_string),
        standard_ms: step.standard.map(|standard| i64::try_from(standard.as_millis()).unwrap_or(i64::MAX)),
        internal_title: texts(&step.internal_title),
        public_title: texts(&step.public_title),
        public_text: texts(&step.public_text),
        public_next: texts(&step.public_next),
        situations: step.situations.iter().map(write_situation).collect(),
        next: step.next.iter().map(|id| id.as_str().to_owned()).collect(),
        may_begin: step.may_begin,
        may_end: step.may_end,
    }
}

fn write_situation(situation: &Situation) -> WrittenSituation {
    WrittenSituation {
        state: situation.standing.as_str().to_owned(),
        reason: situation.reason.as_ref().map(|reason| reason.as_str().to_owned()),
        department: situation.department.as_ref().map(ToString::to_string),
    }
}

fn texts<const MAX: usize>(wording: &Wording<MAX>) -> BTreeMap<String, String> {
    wording.iter().map(|(language, text)| (language.to_string(), text.to_owned())).collect()
}

/// The map that was kept; none when it is none.
pub(super) fn read(steps: Vec<WrittenStep>) -> Option<ProcessMap> {
    let steps: Option<Vec<Step>> = steps.into_iter().map(read_step).collect();
    ProcessMap::new(steps?).ok()
}

fn read_step(step: WrittenStep) -> Option<Step> {
    Some(Step {
        id: step.id.parse().ok()?,
        department: optional(step.department)?,
        standard: step.standard_ms.map(SignedDuration::from_millis),
        internal_title: wording(step.internal_title)?,
        public_title: wording(step.public_title)?,
        public_text: wording(step.public_text)?,
        public_next: wording(step.public_next)?,
        situations: step.situations.into_iter().map(read_situation).collect::<Option<_>>()?,
        next: step.next.iter().map(|id| id.parse().ok()).collect::<Option<_>>()?,
        may_begin: step.may_begin,
        may_end: step.may_end,
    })
}

fn read_situation(situation: WrittenSituation) -> Option<Situation> {
    Some(Situation {
        standing: ticketing_domain::Standing::from_word(&situation.state)?,
        reason: optional(situation.reason)?,
        department: optional(situation.department)?,
    })
}

/// What is there is read, or the whole is not.
fn optional<T: std::str::FromStr>(text: Option<String>) -> Option<Option<T>> {
    match text {
        None => Some(None),
        Some(text) => text.parse().ok().map(Some),
    }
}

fn wording<const MAX: usize>(texts: BTreeMap<String, String>) -> Option<Wording<MAX>> {
    let line = |(language, text): (String, String)| {
        Some((language.parse::<Language>().ok()?, text.parse::<Line<MAX>>().ok()?))
    };
    Wording::new(texts.into_iter().map(line).collect::<Option<_>>()?).ok()
}
