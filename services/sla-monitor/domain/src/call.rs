//! Calls that are over, and what the house's policies make of them.
//!
//! A call reaches this service once it is over, with every instant that was measured: a clock of it would be born closed, never warn and never
//! move. So it has none. It is judged once, when it is recorded, under the policies that held when it arrived, by the arithmetic of clocks; and
//! that verdict stands, whatever is written later.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::calendar::Calendar;
use crate::clock::{Entry, Happening, Terms, Unreplayable, replay};
use crate::condition::Metric;
use crate::figures::{Abandoned, Ended, Measured};
use crate::policy::{Facts, choose_of};
use crate::proof::{Proof, prove};
use crate::proportion::Counted;
use crate::quantile::{Durations, rank};
use crate::rule::Rule;
use crate::run::Run;

/// How a call stands to a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Within the term.
    Kept,
    /// Late, or never.
    Missed,
    /// It was given up within the term, and the policy leaves those out.
    LeftOut,
}

impl Verdict {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Missed => "missed",
            Self::LeftOut => "left_out",
        }
    }

    /// What a stored word means.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Kept, Self::Missed, Self::LeftOut].into_iter().find(|verdict| verdict.as_str() == word)
    }
}

/// What became of something that a caller waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Came(Timestamp),
    GivenUp(Timestamp),
    Never,
}

/// A wait of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Since when.
    pub origin: Timestamp,
    end: End,
}

impl Wait {
    /// What a metric is about in a call; none where nothing of the kind was waited for, or the metric is of no calls.
    pub fn of(metric: Metric, call: &Measured) -> Option<Self> {
        match metric {
            Metric::SpeedOfAnswer => Some(Self {
                origin: call.arrived,
                end: match call.ended {
                    Ended::Answered => End::Came(call.wait_ended),
                    Ended::Abandoned => End::GivenUp(call.wait_ended),
                    Ended::HungUp => End::Never,
                },
            }),
            Metric::HumanOnRequest => {
                let asked = call.human?;
                Some(Self { origin: asked.asked, end: asked.given.map_or(End::Never, End::Came) })
            }
            _ => None,
        }
    }

    /// How long it was until what was waited for came, in microseconds; none where it never did.
    pub fn took(&self) -> Option<i64> {
        match self.end {
            End::Came(at) => Some(at.as_microsecond() - self.origin.as_microsecond()),
            End::GivenUp(_) | End::Never => None,
        }
    }

    /// How it stands to a due instant, which is itself in time.
    pub fn verdict(&self, due: Timestamp, abandoned: Abandoned) -> Verdict {
        match self.end {
            End::Came(at) if at <= due => Verdict::Kept,
            End::GivenUp(at) if at <= due && abandoned == Abandoned::AfterTheTerm => Verdict::LeftOut,
            End::Came(_) | End::GivenUp(_) | End::Never => Verdict::Missed,
        }
    }
}

/// What one policy makes of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What is measured.
    pub metric: Metric,
    /// Id of the policy.
    pub policy: String,
    /// Its version.
    pub version: i32,
    /// Calendar the term was counted on, and its version.
    pub calendar: (String, String),
    /// Since when was waited.
    pub origin: Timestamp,
    /// The last instant in time.
    pub due: Timestamp,
    /// What calls count as that were given up.
    pub abandoned: Abandoned,
    /// How the call stands.
    pub verdict: Verdict,
    /// How long it was until what was waited for came, in microseconds.
    pub took: Option<i64>,
}

/// Judges a call by one policy; none where the policy is of no calls, nothing of its kind was waited for, or the term cannot be counted.
pub fn judge(rule: &Rule, calendar: &Calendar, call: &Measured) -> Option<Judgement> {
    let (measure, term) = (rule.measure.as_ref()?, rule.term?);
    let target = measure.calls?;
    let wait = Wait::of(measure.metric, call)?;
    // As of clocks: what cannot be counted is not started.
    let due = Run { term, origin: wait.origin, calendar, pauses: &[] }.due().ok()?;
    Some(Judgement {
        metric: measure.metric,
        policy: rule.id.clone(),
        version: rule.version,
        calendar: (calendar.id.clone(), calendar.version.clone()),
        origin: wait.origin,
        due,
        abandoned: target.abandoned,
        verdict: wait.verdict(due, target.abandoned),
        took: wait.took(),
    })
}

/// Judges a call by the policies that held when it arrived, of each metric the first that fits it.
pub fn judgements<'a>(
    policies: impl IntoIterator<Item = &'a Rule>,
    call: &Measured,
    facts: &Facts,
    calendar_of: impl Fn(&Rule) -> &'a Calendar,
) -> Vec<Judgement> {
    let chosen = choose_of(&Metric::OF_CALLS, policies, facts);
    chosen.iter().filter_map(|chosen| judge(chosen.rule, calendar_of(chosen.rule), call)).collect()
}

/// Why a call was due when it was, as of a clock, with the reasons why its policy was chosen.
///
/// # Errors
/// [`Unreplayable`] when the due instant cannot be computed.
pub fn explain(
    terms: Terms<'_>,
    origin: Timestamp,
    (because_es, because_en): (&str, &str),
) -> Result<Proof, Unreplayable> {
    let replayed = replay(&[Entry { at: origin, what: Happening::Started }], terms)?;
    prove(&replayed, terms, because_es, because_en)
}

/// How often one version of a policy was kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attained {
    /// Calls within the term.
    pub kept: u64,
    /// Calls late, or never.
    pub missed: u64,
    /// Calls that were left out.
    pub left_out: u64,
    /// How long those took that were served, in time or late.
    pub took: Durations,
}

impl Attained {
    /// Counts one.
    pub fn add(&mut self, judgement: &Judgement) {
        self.count(judgement.verdict, 1);
        if let Some(took) = judgement.took {
            self.took.add(took, 1);
        }
    }

    /// Counts so many of a verdict, without how long they took.
    pub const fn count(&mut self, verdict: Verdict, times: u64) {
        let count = match verdict {
            Verdict::Kept => &mut self.kept,
            Verdict::Missed => &mut self.missed,
            Verdict::LeftOut => &mut self.left_out,
        };
        *count = count.saturating_add(times);
    }

    /// How many were kept or missed.
    pub const fn decided(&self) -> u64 {
        self.kept.saturating_add(self.missed)
    }

    /// The share that was kept; none of nothing.
    pub fn share(&self) -> Option<f64> {
        Counted::full(self.kept, self.decided())?.share()
    }

    /// Whether so many percent were kept, in whole numbers; none of nothing.
    pub fn met(&self, percent: u8) -> Option<bool> {
        let of = self.decided();
        (of > 0).then(|| u128::from(self.kept) * 100 >= u128::from(percent) * u128::from(of))
    }

    /// Within how long so many percent were served, in microseconds; none where so many never were.
    pub fn at_target(&self, percent: u8) -> Option<i64> {
        self.took.ranked(rank(percent, self.decided()))
    }
}

/// A version of a policy about calls: its metric, id and number.
pub type Version = (Metric, String, i32);

/// Counts calls once more from what a ledger tells of them: each call once, however often it is told, and each verdict derived anew from the
/// instants of the call and the due instant that was stated.
pub fn recount<'a>(
    told: impl IntoIterator<Item = &'a (Measured, Vec<Judgement>)>,
    counts: impl Fn(&Measured) -> bool,
) -> BTreeMap<Version, Attained> {
    let mut seen = std::collections::BTreeSet::new();
    let mut attained: BTreeMap<Version, Attained> = BTreeMap::new();
    for (call, judgements) in told {
        if !counts(call) || !seen.insert(&call.key) {
            continue;
        }
        for judgement in judgements {
            let Some(wait) = Wait::of(judgement.metric, call) else { continue };
            let verdict = wait.verdict(judgement.due, judgement.abandoned);
            let derived = Judgement { verdict, took: wait.took(), ..judgement.clone() };
            let version = (judgement.metric, judgement.policy.clone(), judgement.version);
            attained.entry(version).or_default().add(&derived);
        }
    }
    attained
}
