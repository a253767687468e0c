//! What breaches are foretold from: whole lives of clocks of law, and each run of the house's own, which repeat.

use jiff::Timestamp;
use sla_monitor_domain::clock::{Life, Terms, lives};
use sla_monitor_domain::foresight::{Curve, Followed, Past};

use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::foresight::{Ages, Like, Repeating, ages, history, repeating, repeating_in};

/// The curve of clocks like this: of the house's own, of each of their runs by what counted of it.
///
/// # Errors
/// [`Failure`] of the database.
pub async fn curve(monitor: &Monitor, like: &Like<'_>, by_runs: bool) -> Result<Curve, Failure> {
    if !by_runs {
        let Ages { answered, open } = ages(monitor.db.reader(), like).await?;
        return Ok(Curve::new(answered, open));
    }
    let (mut answered, mut open) = (Vec::new(), Vec::new());
    for clock in repeating(monitor.db.reader(), like).await? {
        for life in runs(monitor, &clock).await? {
            if life.met { &mut answered } else { &mut open }.push(life.age(clock.now));
        }
    }
    Ok(Curve::new(answered, open))
}

/// The runs of a clock.
async fn runs(monitor: &Monitor, clock: &Repeating) -> Result<Vec<Life>, Failure> {
    let (rule, calendar) = monitor.terms(&clock.pinned()).await?;
    let terms = Terms { rule: &rule, calendar: &calendar };
    lives(&clock.entries, terms).map_err(|error| Failure::unreplayable(clock.id, &error))
}

/// What is judged of a period: clocks of law that started in it, and the runs of the house's own that did; and the database's time, where there are any.
///
/// # Errors
/// [`Failure`] of the database.
pub async fn followed(
    monitor: &Monitor,
    from: Timestamp,
    to: Timestamp,
) -> Result<(Vec<Followed>, Option<Timestamp>), Failure> {
    let (mut all, mut now) = history(monitor.db.reader(), from, to).await?;
    for clock in repeating_in(monitor.db.reader(), from, to).await? {
        let (like, department, queue) = (&clock.like, &clock.department, &clock.queue);
        let told = runs(monitor, &clock).await?.into_iter().filter_map(|life| past(&life, clock.now));
        let of = |past| Followed { like: like.clone(), department: department.clone(), queue: queue.clone(), past };
        all.extend(told.map(of));
        now = now.or(Some(clock.now));
    }
    Ok((all, now))
}

/// A run as it is judged; none of one that fell away before it was due, of which nobody knows what would have become. One that stands still has no due instant: it
/// waits, and is not judged.
fn past(life: &Life, now: Timestamp) -> Option<Past> {
    let fell_away = life.until.filter(|_| !life.met);
    let due = life.due.filter(|_| !life.stands());
    if fell_away.is_some_and(|at| due.is_none_or(|due| at <= due)) {
        return None;
    }
    Some(Past {
        received: life.from.as_microsecond(),
        answered: life.until.filter(|_| life.met).map(Timestamp::as_microsecond),
        due: due.map_or(i64::MAX, Timestamp::as_microsecond),
        still: life.still(now),
    })
}
