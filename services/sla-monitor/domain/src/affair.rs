//! What happens to an affair, and what each rule makes of it.
//!
//! The history of an affair is kept beside those of its clocks, so that a clock that is started late (the affair is filed as something else, or
//! was split off another) is the clock it would have been from the first receipt on.

use jiff::Timestamp;

use crate::clock::{Entry, Happening};
use crate::condition::{Occasion, Turn};
use crate::policy::Measure;
use crate::rule::{Does, Ends, Rule};

/// A ground that the ombudsman's office alone gives, by staying a case: the firm stops none of its own terms by waiting for a court.
const OF_THE_OFFICE: &str = "parallel_proceedings";

/// Beside an explanation that says where the customer may go.
const SIGNPOSTS: &str = "signposts";

/// The ground on which an affair waits whose customer was asked to complete it.
const CURE: &str = "cure_requested";

/// What happened to an affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It waits on the customer, on this ground. Of affairs before `Held` was told apart: on anybody.
    Waits(String),
    /// It waits on the house or on a third party, on this ground.
    Held(String),
    /// What law lets a term be lengthened by happened, on this ground: a holding reply.
    Extended(String),
    /// Work on it began, or was taken up again.
    Works,
    /// Work goes on though the customer was asked to complete it and has said nothing: the request is taken back.
    Withdrawn,
    /// The customer was written or spoken to.
    Answered,
    /// The same, by words that say why it takes longer and by when it is over.
    Explained {
        /// And, in writing, where the customer may go by now.
        signposts: bool,
    },
    /// The customer wrote or spoke.
    CustomerWrote,
    /// It went from one department to another.
    HandedOver {
        /// From which.
        from: String,
        /// To which.
        to: String,
    },
    /// A superior was asked for and none was free.
    SuperiorAwaited,
    /// A superior took over.
    SuperiorCame,
    /// It was resolved, or refused with reasons.
    Resolved,
    /// The customer withdrew it.
    Cancelled,
    /// The resolution did not hold.
    Reopened,
}

impl Event {
    /// The word that is stored.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Waits(_) => "waits",
            Self::Held(_) => "held",
            Self::Extended(_) => "extended",
            Self::CustomerWrote => "customer_wrote",
            Self::HandedOver { .. } => "handed_over",
            Self::SuperiorAwaited => "superior_awaited",
            Self::SuperiorCame => "superior_came",
            Self::Works => "works",
            Self::Withdrawn => "withdrawn",
            Self::Answered => "answered",
            Self::Explained { .. } => "explained",
            Self::Resolved => "resolved",
            Self::Cancelled => "cancelled",
            Self::Reopened => "reopened",
        }
    }

    /// What is stored beside the word: the ground of a wait or of a longer term; the departments of a handing over, apart by a space; that an explanation signposts;
    /// empty for every other event.
    pub fn ground(&self) -> String {
        match self {
            Self::Waits(ground) | Self::Held(ground) | Self::Extended(ground) => ground.clone(),
            Self::HandedOver { from, to } => format!("{from} {to}"),
            Self::Explained { signposts: true } => SIGNPOSTS.to_owned(),
            _ => String::new(),
        }
    }

    /// The event a stored word means, with what is stored beside it.
    pub fn from_word(word: &str, ground: String) -> Option<Self> {
        Some(match word {
            "waits" => Self::Waits(ground),
            "held" => Self::Held(ground),
            "extended" => Self::Extended(ground),
            "works" => Self::Works,
            "withdrawn" => Self::Withdrawn,
            "answered" => Self::Answered,
            "explained" => Self::Explained { signposts: ground == SIGNPOSTS },
            "customer_wrote" => Self::CustomerWrote,
            "handed_over" => {
                let (from, to) = ground.split_once(' ')?;
                Self::HandedOver { from: from.to_owned(), to: to.to_owned() }
            }
            "superior_awaited" => Self::SuperiorAwaited,
            "superior_came" => Self::SuperiorCame,
            "resolved" => Self::Resolved,
            "cancelled" => Self::Cancelled,
            "reopened" => Self::Reopened,
            _ => return None,
        })
    }

    /// What it is to a clock of this rule; `None` when the rule says nothing about it.
    pub fn to_clock_of(&self, rule: &Rule) -> Option<Happening> {
        // Waiting moves a clock only where its rule names the reason as a ground, or its conditions name waiting.
        if let Self::Waits(ground) | Self::Held(ground) = self
            && ground != OF_THE_OFFICE
            && rule.effect_of(ground).is_some()
        {
            return Some(Happening::Hindered(ground.clone()));
        }
        // It lengthens, whatever else the word may do to a rule of the house, and it is no wait.
        if let Self::Extended(ground) = self {
            let lengthens = matches!(rule.does_on(ground), Some(Does::Extend { .. }));
            return lengthens.then(|| Happening::Hindered(ground.clone()));
        }
        match &rule.measure {
            Some(measure) => self.under(measure, rule),
            None => self.by_law(rule),
        }
    }

    fn by_law(&self, rule: &Rule) -> Option<Happening> {
        let answers_all = match rule.ends {
            Ends::Resolved | Ends::FirstAnswer | Ends::Explained | Ends::FinalOrDelay | Ends::Decision => true,
            Ends::Notification
            | Ends::Ordered
            | Ends::Reported
            | Ends::PromiseSettled
            | Ends::ObligationMet
            | Ends::Nothing => false,
        };
        match self {
            // Where no ground makes it stand still, nothing makes it go on.
            Self::Works => (!rule.effects.is_empty()).then_some(Happening::Unhindered),
            Self::Withdrawn => rule.effect_of(CURE).map(|_| Happening::Withdrawn(CURE.to_owned())),
            Self::Answered => (rule.ends == Ends::FirstAnswer).then_some(Happening::MetByWord),
            Self::Explained { signposts } => {
                let meets = match rule.ends {
                    Ends::FirstAnswer | Ends::Explained => true,
                    Ends::FinalOrDelay => *signposts,
                    _ => false,
                };
                meets.then_some(Happening::MetByWord)
            }
            Self::Resolved => answers_all.then_some(Happening::Fulfilled),
            Self::Cancelled => Some(Happening::Cancelled),
            Self::Reopened => answers_all.then_some(Happening::Reopened),
            Self::Waits(_)
            | Self::Held(_)
            | Self::Extended(_)
            | Self::CustomerWrote
            | Self::HandedOver { .. }
            | Self::SuperiorAwaited
            | Self::SuperiorCame => None,
        }
    }

    fn under(&self, measure: &Measure, rule: &Rule) -> Option<Happening> {
        let occasion = self.occasion(measure)?;
        // What stands still on a ground goes on when work does.
        let on_a_ground = occasion == Occasion::Works && !rule.effects.is_empty();
        let goes_on = on_a_ground || measure.conditions.resume.contains(&occasion);
        let happening = measure.conditions.turn(occasion).map(|turn| match turn {
            Turn::Start if goes_on => Happening::TakenUp,
            Turn::Start => Happening::Begun,
            Turn::Cancel => Happening::Cancelled,
            Turn::Pause => Happening::Hindered(occasion.as_str().to_owned()),
            Turn::Resume => Happening::Unhindered,
            Turn::Stop if occasion == Occasion::Resolved => Happening::Closed,
            Turn::Stop => Happening::Fulfilled,
            Turn::Reset => Happening::Renewed,
            Turn::Anew => Happening::BegunAnew,
            Turn::Reopen => Happening::Reopened,
        });
        happening.or_else(|| on_a_ground.then_some(Happening::Unhindered))
    }

    fn occasion(&self, measure: &Measure) -> Option<Occasion> {
        Some(match self {
            Self::Waits(_) => Occasion::WaitsForCustomer,
            Self::Held(_) => Occasion::Held,
            Self::Extended(_) => return None,
            // What the house measures of its own goes on with its work.
            Self::Works | Self::Withdrawn => Occasion::Works,
            Self::Answered | Self::Explained { .. } => Occasion::Answered,
            Self::CustomerWrote => Occasion::CustomerWrote,
            Self::Resolved => Occasion::Resolved,
            Self::Cancelled => Occasion::Cancelled,
            Self::Reopened => Occasion::Reopened,
            Self::SuperiorAwaited => Occasion::SuperiorAwaited,
            Self::SuperiorCame => Occasion::SuperiorCame,
            Self::HandedOver { from, to } => {
                match (measure.filter.is_of_department(from), measure.filter.is_of_department(to)) {
                    (false, true) => Occasion::TakenIn,
                    (true, false) => Occasion::HandedOn,
                    _ => return None,
                }
            }
        })
    }
}

/// An event and when it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// When, in the world.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// What this history is to a clock of this rule, without what the clock knows already: of what happened twice at one instant it may know one.
pub fn unknown_to(rule: &Rule, history: &[Happened], known: &[Entry]) -> Vec<Entry> {
    let entry = |happened: &Happened| Some(Entry { at: happened.at, what: happened.event.to_clock_of(rule)? });
    let mut known: Vec<&Entry> = known.iter().collect();
    let mut is_known = |entry: &Entry| {
        let same = |known: &&Entry| *known == entry;
        let as_before = |known: &&Entry| known.at == entry.at && was_written(&known.what, &entry.what);
        let found = known.iter().position(same).or_else(|| known.iter().position(as_before));
        found.map(|n| known.remove(n)).is_some()
    };
    history.iter().filter_map(entry).filter(|entry| !is_known(entry)).collect()
}

/// Whether an earlier version wrote down as this what is told apart by now: what starts and renews as a renewal, and what is met by word as any fulfilment.
fn was_written(known: &Happening, what: &Happening) -> bool {
    matches!((known, what), (Happening::Renewed, Happening::BegunAnew) | (Happening::Fulfilled, Happening::MetByWord))
}
