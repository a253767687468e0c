//! `ReplayClocks`: clocks derived anew from their entries, and what would be another. Writes nothing.

use std::sync::Arc;
use std::time::Instant;

use kernel::{Classify as _, Kind};
use sla_monitor_domain::clock::{Entry, Shape, Terms};
use sla_monitor_domain::{Calendar, Rule, replay};
use tokio::sync::mpsc::Sender;

use crate::error::Failure;
use crate::monitor::{Monitor, Pinned, Version};
use crate::store::past::{KeptClock, Place, Span, Whose, clocks, count_clocks, party_clocks};

/// Clocks derived in one go.
const PAGE: i64 = 1_000;

/// Under what clocks are derived: what they were started under, but for this.
#[derive(Debug, Clone, Copy)]
pub struct Under {
    /// On the newest version of each calendar.
    pub newest_calendars: bool,
    /// Under the law that ships now, in the reading that is chosen now.
    pub present_law: bool,
}

/// A clock that would be another than it is kept.
#[derive(Debug)]
pub struct Difference {
    /// As it is kept.
    pub kept: KeptClock,
    /// What it is kept as, or what time has made of it since.
    pub now: Shape,
    /// What it comes to as derived; none where its rule or calendar is gone, or its entries make no clock.
    pub then: Option<Shape>,
    /// Version of the calendar it was derived on; empty where that is gone.
    pub calendar_version: String,
    /// Version of the rule it was derived under; 0 where that is gone.
    pub rule_version: i32,
}

/// What is told on the way.
#[derive(Debug)]
pub enum Item {
    /// So many of so many.
    Progress(i64, i64),
    /// A clock that would be another.
    Difference(Box<Difference>),
    /// All were derived, so many, of which so many would be another, in this time.
    Summary(i64, i64, std::time::Duration),
}

/// Derives them, telling how far it is; ends early when nobody listens any more.
///
/// # Errors
/// [`Failure`] of the database. A clock whose entries make none is told of, and the others are derived all the same.
#[tracing::instrument(name = "clock.replay", skip_all)]
pub async fn replay_clocks(
    monitor: Monitor,
    span: Span,
    under: Under,
    tell: Sender<Result<Item, Failure>>,
) -> Result<(), Failure> {
    let began = Instant::now();
    let total = count_clocks(monitor.db.reader(), span).await?;
    let (mut done, mut differences) = (0, 0);
    for of in [Whose::House, Whose::Party] {
        let mut after = None;
        loop {
            let page = page(&monitor, of, span, after).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.stored.first_origin, last.stored.id));
            for kept in page {
                done += 1;
                let Some(difference) = derive(&monitor, kept, under).await? else { continue };
                differences += 1;
                if tell.send(Ok(Item::Difference(Box::new(difference)))).await.is_err() {
                    return Ok(());
                }
            }
            if tell.send(Ok(Item::Progress(done, total.max(done)))).await.is_err() {
                return Ok(());
            }
        }
    }
    // Nobody is left to be told when this cannot be.
    let _ = tell.send(Ok(Item::Summary(done, differences, began.elapsed()))).await;
    Ok(())
}

async fn page(monitor: &Monitor, of: Whose, span: Span, after: Option<Place>) -> Result<Vec<KeptClock>, Failure> {
    let pool = monitor.db.reader();
    Ok(match of {
        Whose::House => clocks(pool, span, after, PAGE).await?,
        Whose::Party => party_clocks(pool, span, after, PAGE).await?,
    })
}

/// The difference between a clock as it is kept and as its entries make it.
async fn derive(monitor: &Monitor, kept: KeptClock, under: Under) -> Result<Option<Difference>, Failure> {
    let stored = &kept.stored;
    let pinned = stored.pinned();
    let calendar_version = if under.newest_calendars { Version::Newest } else { pinned.calendar_version };
    let terms = match monitor.terms(&Pinned { calendar_version, ..pinned }).await {
        Err(error) if error.kind() == Kind::Internal => None,
        terms => Some(terms?),
    };
    let terms = if under.present_law { terms.and_then(|terms| under_present_law(monitor, terms)) } else { terms };
    let at_least = terms.as_ref().is_some_and(|(rule, _)| rule.at_least);
    let now = shape(&kept).by(stored.now, kept.of == Whose::Party, at_least);
    let then = terms.as_ref().and_then(|(rule, calendar)| derived(&kept, Terms { rule, calendar }));
    if then.as_ref() == Some(&now) {
        return Ok(None);
    }
    let (rule_version, calendar_version) =
        terms.map(|(rule, calendar)| (rule.version, calendar.version.clone())).unwrap_or_default();
    Ok(Some(Difference { kept, now, then, calendar_version, rule_version }))
}

/// What it is kept as.
fn shape(kept: &KeptClock) -> Shape {
    let (breached, lapsed) = match kept.of {
        Whose::House => (kept.breached, None),
        Whose::Party => (None, kept.breached),
    };
    Shape {
        state: kept.state.clone(),
        epoch: kept.epoch,
        origin: kept.origin,
        due: kept.due,
        settled: kept.settled,
        breached,
        lapsed,
    }
}

/// What its entries make of it; none where they make no clock.
fn derived(kept: &KeptClock, terms: Terms<'_>) -> Option<Shape> {
    let of = |entries: &[Entry]| replay(entries, terms).ok();
    let (entries, now) = (kept.stored.entries.as_slice(), kept.stored.now);
    match kept.of {
        Whose::House => Some(Shape::of_house(&of(entries)?, now)),
        Whose::Party => Some(Shape::of_party(&of(entries)?, &of(entries.get(..1)?)?, terms, now)),
    }
}

/// The same terms under the rule as it ships now; none where it ships no more. What the house wrote stays.
fn under_present_law(
    monitor: &Monitor,
    (rule, calendar): (Arc<Rule>, Arc<Calendar>),
) -> Option<(Arc<Rule>, Arc<Calendar>)> {
    if rule.measure.is_some() {
        return Some((rule, calendar));
    }
    monitor.law().shipped(&rule.id).map(|ships| (Arc::clone(ships), calendar))
}
