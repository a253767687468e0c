//! Terms of office: how long at least, how one follows another, and how one ends before its time.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::HouseRefused;
use crate::vocabulary::EndCause;

/// Years a mandate must last at least (Ley 7/2017 art. 23.1.a).
pub const MANDATE_YEARS: i64 = 2;

/// Days after its first instant within which a term is entered. Entered later, what is left of it could be a day.
pub const ENTERED_WITHIN_DAYS: i64 = 30;

/// A term of office.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mandate {
    /// First instant.
    pub from: Timestamp,
    /// Instant it ends.
    pub to: Timestamp,
    /// When and why it ended before its time.
    pub ended: Option<(Timestamp, EndCause)>,
}

/// A term of office that is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must last at least two years (Ley 7/2017 art. 23.1.a)")]
pub struct MandateTooShort;

impl Mandate {
    /// A term of at least two years, date to date.
    ///
    /// # Errors
    /// [`MandateTooShort`].
    pub fn new(from: Timestamp, to: Timestamp) -> Result<Self, MandateTooShort> {
        let earliest = from.to_zoned(TimeZone::UTC).checked_add(MANDATE_YEARS.years());
        let fits = earliest.is_ok_and(|end| to >= end.timestamp());
        if fits { Ok(Self { from, to, ended: None }) } else { Err(MandateTooShort) }
    }

    /// The instant from which nothing can be done under it.
    pub fn over_at(&self) -> Timestamp {
        self.ended.map_or(self.to, |(at, _)| at.min(self.to))
    }

    /// Whether the office can be held under it at this instant.
    pub fn runs_at(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.over_at()
    }

    /// Ends it before its time.
    ///
    /// # Errors
    /// When it is over.
    pub fn end(self, cause: EndCause, now: Timestamp) -> Result<Self, HouseRefused> {
        if now < self.over_at() {
            Ok(Self { ended: Some((now, cause)), ..self })
        } else {
            Err(HouseRefused::MandateOver)
        }
    }
}

/// The term that runs now, else the one that begins next, else the last one.
pub fn current(terms: &[Mandate], now: Timestamp) -> Option<Mandate> {
    let running = terms.iter().find(|term| term.runs_at(now));
    let coming = terms.iter().filter(|term| now < term.from && now < term.over_at()).min_by_key(|term| term.from);
    running.or(coming).or_else(|| terms.iter().max_by_key(|term| term.from)).copied()
}

/// Whether the term began too long before it is entered.
pub fn entered_too_late(term: &Mandate, now: Timestamp) -> bool {
    now.duration_since(term.from) > SignedDuration::from_hours(24 * ENTERED_WITHIN_DAYS)
}

/// Whether a further term may follow these.
///
/// # Errors
/// When it begins before another is over.
pub fn may_follow(terms: &[Mandate], further: &Mandate) -> Result<(), HouseRefused> {
    match terms.iter().map(Mandate::over_at).max() {
        Some(free_from) if further.from < free_from => Err(HouseRefused::MandateOverlaps { free_from }),
        _ => Ok(()),
    }
}
