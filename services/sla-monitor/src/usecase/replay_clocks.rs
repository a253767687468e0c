//! `ReplayClocks`: clocks derived anew from their entries, and what would be another. Writes nothing.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use kernel::{Classify as _, Kind};
use sla_monitor_domain::clock::Terms;
use sla_monitor_domain::{Calendar, Replay, Rule, replay};
use tokio::sync::mpsc::Sender;

use crate::error::Failure;
use crate::monitor::{Monitor, Pinned, Version};
use crate::store::past::{KeptClock, Span, clocks, count_clocks};

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
    /// As derived; none where its rule or calendar is gone, or its entries make no clock.
    pub derived: Option<Replay>,
    /// Version of the calendar it was derived on; empty where that is gone.
    pub calendar_version: String,
    /// Version of the rule it was derived under; 0 where that is gone.
    pub rule_version: i32,
}

impl Difference {
    /// The breach as it is kept, or as time has spoken.
    pub fn breach_now(&self) -> Option<Timestamp> {
        breach_now(&self.kept)
    }

    /// The breach as derived.
    pub fn breach_then(&self) -> Option<Timestamp> {
        self.derived.as_ref()?.breach_by(self.kept.stored.now).map(|breach| breach.at)
    }
}

fn breach_now(kept: &KeptClock) -> Option<Timestamp> {
    let by_now = kept.due.filter(|due| kept.state == "running" && *due < kept.stored.now);
    kept.breached.or(by_now)
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
    let (mut after, mut done, mut differences) = (None, 0, 0);
    loop {
        let page = clocks(monitor.db.reader(), span, after, PAGE).await?;
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
    // Nobody is left to be told when this cannot be.
    let _ = tell.send(Ok(Item::Summary(done, differences, began.elapsed()))).await;
    Ok(())
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
    let derived = terms.as_ref().and_then(|(rule, calendar)| replay(&stored.entries, Terms { rule, calendar }).ok());
    let (rule_version, calendar_version) =
        terms.map(|(rule, calendar)| (rule.version, calendar.version.clone())).unwrap_or_default();
    let Some(derived) = derived else {
        return Ok(Some(Difference { kept, derived: None, calendar_version, rule_version }));
    };
    let breach = derived.breach_by(stored.now).map(|breach| breach.at);
    let same = derived.state.as_str() == kept.state
        && derived.epoch == kept.epoch
        && derived.state.due() == kept.due
        && breach == breach_now(&kept);
    Ok((!same).then_some(Difference { kept, derived: Some(derived), calendar_version, rule_version }))
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
