//! The board: what an affair adds to it, line by line, and how the lines of a window come of sums that were made before.
//!
//! A clock counts at the instant its first run counts from, for ever, and an affair at its first receipt: so the boards of windows that adjoin add up, and a late
//! answer cannot move a miss to another month.

mod cover;
mod days;
mod pack;
mod plan;
mod slots;
mod sums;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

pub use cover::{Grain, Span, cover};
pub use days::{Days, first_hour};
pub use pack::{Coming, PACK_FORMAT, repacked, unpacked};
pub use plan::{Hours, Plan, Range};
pub use slots::{Ranks, Scale, Scratch, Slots, merged};
pub use sums::{Disagree, Into, Keyed, Looks, Of, Sums, Told, Unreadable, month};

/// How sums are made. Whoever changes lines, slots or days changes it too, and everything is summed anew.
pub const MADE_AS: &str = "5";

/// The shares of fulfilled clocks whose times are told, in percent.
pub const PERCENTS: [u8; 5] = [50, 75, 90, 95, 99];

/// What lines are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Not at all: one line of everything.
    Total,
    /// Rule of the clock.
    Policy,
    /// Department of the clock.
    Department,
    /// What the affair was filed as.
    SubjectType,
    /// Step of the affair that is owed: a first answer, the resolution, and so on.
    Stage,
    /// Law, a promise to the customer, one within the house, one of a supplier.
    Kind,
    /// Channel of the first receipt.
    Channel,
    /// How a promise to the customer ended; clocks of nothing else are on any.
    Outcome,
    /// Team of whoever has or had the affair; clocks of affairs that nobody in a team has are on none.
    Team,
    /// Whom they report to, likewise.
    Manager,
    /// Queue of its department that the affair waits or waited in; clocks of which that was not kept are on none.
    Queue,
    /// What the customer of the affair spent.
    Segment,
    /// What brought the affair about; clocks of affairs of which nobody stated it are on none.
    Cause,
    /// Month of the first run, in the house's zone, e.g. `2026-11`.
    Month,
}

impl Dimension {
    /// All that sums are kept of. Months are made of the sums of everything.
    pub const KEPT: [Self; 13] = [
        Self::Total,
        Self::Policy,
        Self::Department,
        Self::SubjectType,
        Self::Stage,
        Self::Kind,
        Self::Channel,
        Self::Outcome,
        Self::Team,
        Self::Manager,
        Self::Queue,
        Self::Segment,
        Self::Cause,
    ];

    /// Whether it may have dozens of lines and more, so that the durations of each are looked up by its key.
    pub const fn has_many_lines(self) -> bool {
        matches!(
            self,
            Self::Policy | Self::Department | Self::Team | Self::Manager | Self::Queue | Self::Cause | Self::Month
        )
    }

    /// How narrow the slots of its lines are.
    pub const fn scale(self) -> Scale {
        match self {
            Self::Team | Self::Manager | Self::Queue | Self::Cause => Scale::WIDE,
            Self::Policy | Self::Department => Scale::MIDDLE,
            // Months are made of the sums of everything.
            _ => Scale::NARROW,
        }
    }

    /// The line of a key; none for the end of a promise, a team, a manager, a queue or a cause where there is none.
    fn line(self, key: &Arc<str>) -> Option<Line> {
        let may_be_none = matches!(self, Self::Outcome | Self::Team | Self::Manager | Self::Queue | Self::Cause);
        (!may_be_none || !key.is_empty()).then(|| Line { dimension: self, key: Arc::clone(key) })
    }

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Policy => "policy",
            Self::Department => "department",
            Self::SubjectType => "subject_type",
            Self::Stage => "stage",
            Self::Kind => "kind",
            Self::Channel => "channel",
            Self::Outcome => "outcome",
            Self::Team => "team",
            Self::Manager => "manager",
            Self::Queue => "queue",
            Self::Segment => "segment",
            Self::Cause => "cause",
            Self::Month => "month",
        }
    }

    /// What a stored word means.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::KEPT.into_iter().find(|dimension| dimension.as_str() == word)
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// What it is told apart by.
    pub dimension: Dimension,
    /// The rule, the department, and so on; empty for the total.
    pub key: Arc<str>,
}

impl Line {
    /// The line of everything.
    pub fn total() -> Self {
        Self { dimension: Dimension::Total, key: Arc::from("") }
    }
}

/// What a clock is counted under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels {
    /// Id of its rule.
    pub rule: Arc<str>,
    /// Slug of its department.
    pub department: Arc<str>,
    /// Type of its affair.
    pub subject_type: Arc<str>,
    /// Step that is owed.
    pub stage: Arc<str>,
    /// Kind of obligation.
    pub kind: Arc<str>,
    /// Channel of the affair; empty where it is not known.
    pub channel: Arc<str>,
    /// How the promise ended that it is of; empty where it did not, or is of none.
    pub outcome: Arc<str>,
    /// Team of whoever has its affair, or had it when it was settled; empty for none.
    pub team: Arc<str>,
    /// Id of the agent they report to; empty for nobody.
    pub manager: Arc<str>,
    /// Queue that its affair waits in, or waited in when it was settled; empty where that was not kept.
    pub queue: Arc<str>,
    /// What the customer of its affair spent; empty where it is not known.
    pub segment: Arc<str>,
    /// Slug of what brought its affair about; empty where nobody stated it.
    pub cause: Arc<str>,
}

/// What of a clock's labels there are few of, so that there are few combinations too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// Type of its affair.
    pub subject_type: Arc<str>,
    /// Step that is owed.
    pub stage: Arc<str>,
    /// Kind of obligation.
    pub kind: Arc<str>,
    /// Channel of the affair; empty where it is not known.
    pub channel: Arc<str>,
    /// How the promise ended that it is of; empty where it did not, or is of none.
    pub outcome: Arc<str>,
    /// What the customer of its affair spent; empty where it is not known.
    pub segment: Arc<str>,
}

impl Shape {
    /// The lines that a clock with these is on and whose durations are not looked up by their key: the total, and those of what is told here.
    pub fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        let keyed = [
            (Dimension::SubjectType, &self.subject_type),
            (Dimension::Stage, &self.stage),
            (Dimension::Kind, &self.kind),
            (Dimension::Channel, &self.channel),
            (Dimension::Outcome, &self.outcome),
            (Dimension::Segment, &self.segment),
        ];
        let lines = keyed.into_iter().filter_map(|(dimension, key)| dimension.line(key));
        std::iter::once(Line::total()).chain(lines)
    }
}

impl Labels {
    /// What there are few of.
    pub fn shape(&self) -> Shape {
        Shape {
            subject_type: Arc::clone(&self.subject_type),
            stage: Arc::clone(&self.stage),
            kind: Arc::clone(&self.kind),
            channel: Arc::clone(&self.channel),
            outcome: Arc::clone(&self.outcome),
            segment: Arc::clone(&self.segment),
        }
    }

    /// The line of a dimension that a clock with these is on; none for months, which no label tells.
    fn line(&self, dimension: Dimension) -> Option<Line> {
        let key = match dimension {
            Dimension::Total => return Some(Line::total()),
            Dimension::Policy => &self.rule,
            Dimension::Department => &self.department,
            Dimension::SubjectType => &self.subject_type,
            Dimension::Stage => &self.stage,
            Dimension::Kind => &self.kind,
            Dimension::Channel => &self.channel,
            Dimension::Outcome => &self.outcome,
            Dimension::Team => &self.team,
            Dimension::Manager => &self.manager,
            Dimension::Queue => &self.queue,
            Dimension::Segment => &self.segment,
            Dimension::Cause => &self.cause,
            Dimension::Month => return None,
        };
        dimension.line(key)
    }

    /// Every line that sums are kept of and that a clock with these is on.
    pub fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        Dimension::KEPT.into_iter().filter_map(|dimension| self.line(dimension))
    }
}

/// Where a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// Not ended.
    Open,
    /// Fulfilled, so many microseconds after its first run began.
    Fulfilled {
        /// From its first run on.
        micros: i64,
    },
    /// Fell away.
    Cancelled,
}

/// A clock, as a board counts it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    /// What it is counted under.
    pub labels: Arc<Labels>,
    /// Where its first run counts from.
    pub origin: Timestamp,
    /// Where it stands.
    pub end: End,
    /// Whether its due instant passed unmet.
    pub breached: bool,
}

/// An affair with its clocks, as a board counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// First receipt.
    pub received: Timestamp,
    /// Entries of the ledgers about it.
    pub entries: i64,
    /// Its clocks.
    pub pieces: Vec<Piece>,
}

/// Counts of one line. What is taken away counts below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Affairs.
    pub cases: i64,
    /// Entries of the ledgers about them.
    pub events: i64,
    /// Clocks.
    pub clocks: i64,
    /// Met in time.
    pub met: i64,
    /// Breached, whether met later or never.
    pub breached: i64,
    /// Open and not breached.
    pub open: i64,
    /// Fell away unbreached.
    pub cancelled: i64,
}

impl Tally {
    /// One clock.
    pub const fn of(piece: &Piece) -> Self {
        let mut tally = Self { cases: 0, events: 0, clocks: 1, met: 0, breached: 0, open: 0, cancelled: 0 };
        match (piece.breached, piece.end) {
            (true, _) => tally.breached = 1,
            (false, End::Open) => tally.open = 1,
            (false, End::Fulfilled { .. }) => tally.met = 1,
            (false, End::Cancelled) => tally.cancelled = 1,
        }
        tally
    }

    /// Adds so many times another.
    pub const fn add(&mut self, other: &Self, times: i64) {
        self.cases += other.cases * times;
        self.events += other.events * times;
        self.clocks += other.clocks * times;
        self.met += other.met * times;
        self.breached += other.breached * times;
        self.open += other.open * times;
        self.cancelled += other.cancelled * times;
    }
}

/// Something that is counted on a line, at an instant.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// A clock.
    Clock(&'a Piece),
    /// An affair with so many entries.
    Case(i64),
}

impl Share {
    /// Tells what is counted of the affair, and on which lines; with a rule, of its clocks under that rule alone.
    pub fn parts<'a>(&'a self, within: Option<&str>, mut each: impl FnMut(Timestamp, Line, Part<'a>)) {
        let mut lines = BTreeSet::new();
        for piece in self.pieces.iter().filter(|piece| within.is_none_or(|rule| *piece.labels.rule == *rule)) {
            for line in piece.labels.lines() {
                lines.insert(line.clone());
                each(piece.origin, line, Part::Clock(piece));
            }
        }
        for line in lines {
            each(self.received, line, Part::Case(self.entries));
        }
    }

    /// The rules its clocks are under.
    pub fn rules(&self) -> BTreeSet<Arc<str>> {
        self.pieces.iter().map(|piece| Arc::clone(&piece.labels.rule)).collect()
    }
}
