//! What a rule makes of an affair that is filed as one thing after another: when its clock starts, when it is let go of, and when it is put back.
//!
//! Clocks are moved by these functions, and a trial on the past goes by them too.

use jiff::Timestamp;

use crate::affair::{Happened, unknown_to};
use crate::clock::{Entry, Happening, Terms, Unreplayable, displaced_since, is_said};
use crate::policy::{Opened, entries_of};
use crate::rule::Rule;

/// What an affair is filed as from an instant on, as far as one rule is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filing {
    /// Since when.
    pub at: Timestamp,
    /// The rule holds for it.
    pub holds: bool,
    /// It is under another law than it was before.
    pub other_law: bool,
}

/// What a clock that knows these entries takes from its affair being filed as something else, after this history. What the house measures follows what the
/// affair is; law holds by all it ever was, and lets go of it under another law.
pub fn refiled(rule: &Rule, known: &[Entry], history: &[Happened], filing: Filing) -> Vec<Entry> {
    let Filing { at, holds, other_law } = filing;
    match displaced_since(known) {
        Some(since) if holds => {
            // Of what was before, a policy of the house has taken what it takes.
            let takes = |entry: &Entry| rule.measure.is_none() || entry.at > since;
            let missed = unknown_to(rule, history, known).into_iter().filter(takes);
            std::iter::once(Entry { at, what: Happening::Reinstated }).chain(missed).collect()
        }
        None if !holds && (other_law || rule.measure.is_some()) => vec![Entry { at, what: Happening::Displaced }],
        _ => Vec::new(),
    }
}

/// A filing, and what word came of until the next.
#[derive(Debug, Clone, Copy)]
pub struct Chapter<'a> {
    /// The filing; of the first chapter, the receipt.
    pub filing: Filing,
    /// What happened, in the order in which word of it came.
    pub happened: &'a [Happened],
}

/// All that a rule makes of an affair through what it was filed as; `None` where it never came to hold for it.
///
/// # Errors
/// [`Unreplayable`] when a due instant cannot be computed.
pub fn entries_through<'a>(
    terms: Terms<'_>,
    opened: &Opened<'_>,
    chapters: impl IntoIterator<Item = Chapter<'a>>,
) -> Result<Option<Vec<Entry>>, Unreplayable> {
    let mut clock: Option<Vec<Entry>> = None;
    let mut history: Vec<Happened> = Vec::new();
    for Chapter { filing, happened } in chapters {
        let news = match &clock {
            Some(known) => refiled(terms.rule, known, &history, filing),
            None if filing.holds => entries_of(terms, opened, &history, filing.at)?,
            None => Vec::new(),
        };
        if filing.holds || clock.is_some() {
            let known = clock.get_or_insert_with(Vec::new);
            let entry = |h: &Happened| Some(Entry { at: h.at, what: h.event.to_clock_of(terms.rule)? });
            for entry in news.into_iter().chain(happened.iter().filter_map(entry)) {
                if !is_said(known, &entry) {
                    known.push(entry);
                }
            }
        }
        history.extend_from_slice(happened);
        history.sort_by_key(|happened| happened.at);
    }
    Ok(clock)
}
