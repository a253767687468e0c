//! Rules: one obligation each, as dated data with its citation. A rule whose reading is not sure, or which no clock can
//! measure, is shipped disabled and says why.

mod kept;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::clock::Threshold;
use crate::policy::Measure;
use crate::{Term, jurisdiction};

/// Kind of obligation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The firm's own promise to customers.
    Sla,
    /// Between departments.
    Ola,
    /// Owed to the firm by a vendor.
    Uc,
    /// Set by law.
    Statutory,
}

impl Kind {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sla => "sla",
            Self::Ola => "ola",
            Self::Uc => "uc",
            Self::Statutory => "statutory",
        }
    }
}

/// Where a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// In force, within its dates.
    #[default]
    Active,
    /// Replaced; still the measure for what was received while it was in force.
    Superseded,
    /// Before a court or authority.
    Challenged,
    /// Not law yet.
    NotActive,
}

/// How sure the reading of a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Read in the legal text.
    Verified,
    /// Read in the legal text, which leaves the unit or the effect open.
    Interpreted,
    /// Read in a secondary source.
    Secondary,
    /// Recalled, unchecked.
    Recalled,
    /// Set by the house.
    House,
}

/// What a clock of the rule is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An affair of ticketing.
    Ticket,
    /// A case of the ombudsman's office.
    Case,
    /// Either, whichever is opened.
    TicketOrCase,
    /// The decision of a case.
    Decision,
    /// A promise made to a customer.
    Promise,
    /// What the firm owes after a case: an order to carry out, or an answer to a recommendation.
    Obligation,
    /// Time that a party to a case has: the office says from when to when.
    PartyTerm,
    /// A call that is over: no clock is started, it is judged.
    Call,
    /// Nothing: no clock is started by itself.
    #[default]
    None,
}

/// Whose time a clock of the rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bearer {
    /// The house owes something: a department of the firm, or the ombudsman's office.
    #[default]
    House,
    /// The claimant of a case may do something, and owes nothing.
    Claimant,
    /// The firm, as a party to a case, may do something, and owes nothing.
    Firm,
    /// The ombudsman's office may do something in a case, and owes nothing: what it may do no more is then not done.
    Office,
}

impl Bearer {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::House => "house",
            Self::Claimant => "claimant",
            Self::Firm => "firm",
            Self::Office => "office",
        }
    }
}

/// What meets the obligation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// The affair was resolved, or refused with reasons.
    Resolved,
    /// The first message to the customer, or the resolution.
    FirstAnswer,
    /// The first message to the customer that says why it takes longer and by when it is over, or the resolution.
    Explained,
    /// The resolution; or a message that says, in writing, why it is delayed, by when it comes and where the customer may go by now.
    FinalOrDelay,
    /// The decision: the resolution of the affair, or the defender's decision.
    Decision,
    /// The parties were told the decision.
    Notification,
    /// The promise was kept.
    PromiseSettled,
    /// The office ordered what a decision that binds asks for.
    Ordered,
    /// The office reported what was not carried out.
    Reported,
    /// The office held to be good what proves that the obligation was met.
    ObligationMet,
    /// Nothing that a ledger reports.
    #[default]
    Nothing,
}

/// What an event does to a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// Time stands still while the ground lasts, and goes on afterwards.
    Pause,
    /// Time stands still while the ground lasts, and the whole term counts again afterwards.
    Restart,
    /// The term starts only when the ground has fallen away, as if there had been no start before.
    DeferStart,
    /// The term becomes longer, once, up to this much counted from the same origin.
    Extend {
        /// The longest the whole term may become.
        max_total: Term,
    },
}

/// An effect of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// Name of the event, e.g. `incomplete`.
    pub on: String,
    /// Words by which other services report it.
    pub grounds: Vec<String>,
    /// What it does.
    pub does: Does,
}

/// A choice between readings of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Name of the switch in the configuration.
    pub name: String,
    /// The reading in use.
    pub value: String,
    /// The strict reading.
    pub strict: String,
    /// All readings.
    pub values: Vec<String>,
}

/// What is to be made of a complaint that comes by a channel that the law does not admit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelBar {
    /// The channel, in lower case, e.g. `phone`.
    pub channel: String,
    /// Text and article.
    pub citation: String,
    /// The reading chosen: [`ChannelBar::COUNTS`], the strict one, or [`ChannelBar::STARTS_NONE`].
    pub reading: Reading,
}

impl ChannelBar {
    /// The reading under which the term counts all the same.
    pub const COUNTS: &'static str = "counts";
    /// The reading under which no term starts.
    pub const STARTS_NONE: &'static str = "starts_none";

    /// Whether a complaint by its channel starts no term.
    pub fn starts_none(&self) -> bool {
        self.reading.value == Self::STARTS_NONE
    }
}

/// One obligation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Id, e.g. `es.l10-2025.17-1.resolve`.
    pub id: String,
    /// Version, from 1. Of one that ships: which of the wordings and readings that were ever in force on a database.
    #[serde(skip)]
    pub version: i32,
    /// Kind of obligation.
    pub kind: Kind,
    /// Where it stands.
    pub state: Standing,
    /// ISO 3166 code, or several with `/` between; `EU`; empty for the house. It holds where the affair's calendar is of one of them.
    pub jurisdiction: String,
    /// What it asks for.
    pub stage: String,
    /// What a clock of it is attached to.
    pub subject: Subject,
    /// Whose time it counts.
    pub bearer: Bearer,
    /// Sectors it holds for; `*` for all that have no rule of their own.
    pub sectors: Vec<String>,
    /// Those of its sectors in which it holds for large companies alone (Ley 10/2025, art. 2).
    pub large_only: Vec<String>,
    /// A channel by which its sector's law admits no complaint, where there is one.
    pub channel: Option<ChannelBar>,
    /// Types of tickets it holds for.
    pub types: Vec<String>,
    /// Topics it holds for; none means all.
    pub topics: Vec<String>,
    /// Regimes of cases it holds for.
    pub regimes: Vec<String>,
    /// Rules it takes the place of where both would hold.
    pub displaces: Vec<String>,
    /// Holds only where no law sets a term.
    pub only_without_law: bool,
    /// Event that starts the term; empty where none does.
    pub starts: String,
    /// What meets it.
    pub ends: Ends,
    /// The term, where there is one.
    pub term: Option<Term>,
    /// The term is a minimum given to somebody, and not a deadline.
    pub at_least: bool,
    /// What events do to a clock.
    pub effects: Vec<Effect>,
    /// First civil day in force.
    pub from: Option<Date>,
    /// Last civil day in force.
    pub until: Option<Date>,
    /// Text and article.
    pub citation: String,
    /// The article alone.
    pub article: String,
    /// How sure the reading is.
    pub evidence: Evidence,
    /// The reading chosen, where the text leaves it open.
    pub reading: Option<Reading>,
    /// Why no clock is started for it; `None` when one is.
    pub disabled_because: Option<String>,
    /// When a clock of it warns.
    pub warnings: Vec<Threshold>,
    /// What it measures, under which conditions and whose affairs, where it is a policy of the house's own.
    #[serde(skip)]
    pub measure: Option<Measure>,
    /// What it says, in plain Spanish.
    pub es: String,
    /// The same in English.
    pub en: String,
}

impl Rule {
    /// Whether it says what the other says, under whatever version.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        *self == Self { version: self.version, ..other.clone() }
    }

    /// Whether clocks are started for it.
    pub const fn enabled(&self) -> bool {
        self.disabled_because.is_none()
    }

    /// Whether the answer to an affair meets it, and it sets a limit to who answers.
    pub const fn ends_with_answer(&self) -> bool {
        matches!(self.ends, Ends::Resolved | Ends::FinalOrDelay | Ends::Decision) && !self.at_least
    }

    /// Whether it is in force on a civil day.
    pub fn in_force(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// What the event reported by a word does, if the rule says anything about it.
    pub fn effect_of(&self, ground: &str) -> Option<&Effect> {
        self.effects.iter().find(|effect| effect.grounds.iter().any(|g| g == ground))
    }

    /// What a clock of it does on a ground: what an effect says of it, or standing still where its conditions name it.
    pub fn does_on(&self, ground: &str) -> Option<Does> {
        let by_effect = self.effect_of(ground).map(|effect| effect.does);
        let named = |measure: &Measure| measure.conditions.pause.iter().any(|occasion| occasion.as_str() == ground);
        by_effect.or_else(|| self.measure.as_ref().is_some_and(named).then_some(Does::Pause))
    }

    /// The readings its text leaves open.
    pub fn readings(&self) -> impl Iterator<Item = &Reading> {
        self.reading.iter().chain(self.channel.as_ref().map(|bar| &bar.reading))
    }

    /// Whether it holds in the place of this ISO 3166 code.
    pub fn holds_in(&self, place: &str) -> bool {
        jurisdiction::holds_in(&self.jurisdiction, place)
    }

    /// Whether it binds large companies alone in the sector.
    pub fn binds_only_large_in(&self, sector: &str) -> bool {
        self.large_only.iter().any(|s| s == sector)
    }

    /// What it says of the channel, if it says anything.
    pub(crate) fn bar_of(&self, channel: &str) -> Option<&ChannelBar> {
        self.channel.as_ref().filter(|bar| bar.channel == channel)
    }

    /// Whether it holds for what was received at an instant, which falls on this civil day.
    pub fn in_force_at(&self, received: jiff::Timestamp, day: Date) -> bool {
        match &self.measure {
            Some(measure) => measure.in_force(received),
            None => self.in_force(day),
        }
    }

    pub(crate) fn holds_for_sector(&self, sector: &str) -> bool {
        self.sectors.iter().any(|s| s == sector)
    }

    pub(crate) fn holds_for_all(&self) -> bool {
        self.sectors.iter().any(|s| s == "*")
    }
}
