//! `GetBoard`: what was kept and what was missed.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use postgres::{Db, StoreError};
use sla_monitor_domain::board::{Days, Dimension, Grain, Into, Looks, Of, Plan, Range, Shape, Sums, Told, cover};
use sqlx::PgConnection;

use super::get_policy::get_policy;
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::board::look::{self, Among, Found};
use crate::store::board::{self, Pack, State};

/// Affairs that are counted by themselves at most, because they changed since they were summed. There are more right after an upgrade, and while nobody sums.
const MOST_COUNTED: i64 = 50_000;

/// From how many lookups of single lines on another connection helps.
const MANY_LOOKS: usize = 300;

/// Which clocks are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Window {
    /// First origin at or after.
    pub from: Option<Timestamp>,
    /// First origin before.
    pub to: Option<Timestamp>,
    /// Only of this rule.
    pub rule: Option<String>,
}

/// The board of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figured {
    /// Lines in order: the total, policies, departments and so on, each by key.
    pub lines: Vec<Told>,
    /// The zone its months are of.
    pub zone: String,
    /// The instant it is of, by the database's time.
    pub now: Timestamp,
}

/// The figures of the window.
///
/// # Errors
/// [`Failure::PolicyNotFound`] for an unknown rule; [`Failure::BoardBeingSummed`] where too little is summed.
#[tracing::instrument(name = "board.get", skip_all)]
pub async fn get_board(monitor: &Monitor, window: &Window) -> Result<Figured, Failure> {
    if let Some(rule) = &window.rule {
        get_policy(monitor, rule, 0).await?;
    }
    let _turn = monitor.boards.acquire().await.map_err(|_| Failure::BoardBeingSummed)?;
    let mut tx = board::snapshot(&monitor.db).await?;
    let added = add_up(&monitor.db, &mut tx, window).await;
    tx.rollback().await?;
    added?.figured()
}

/// The sums of a window, before they are told.
pub(super) struct Added {
    sums: Sums,
    zone: String,
    now: Timestamp,
}

impl Added {
    /// The lines.
    ///
    /// # Errors
    /// [`Failure`] where sums and clocks disagree.
    pub(super) fn figured(self) -> Result<Figured, Failure> {
        let lines = self.sums.tell().map_err(|disagree| StoreError::corrupt("board_pack", "lines", disagree))?;
        Ok(Figured { lines, zone: self.zone, now: self.now })
    }
}

/// Adds up a window at the snapshot of a transaction, with another connection's help where there is much to look up.
///
/// # Errors
/// [`Failure::BoardBeingSummed`] where too little is summed.
pub(super) async fn add_up(db: &Db, tx: &mut PgConnection, window: &Window) -> Result<Added, Failure> {
    let State { zone, changed, now } = board::state(tx, MOST_COUNTED + 1).await?;
    let zone = zone.filter(|_| changed <= MOST_COUNTED).ok_or(Failure::BoardBeingSummed)?;
    let days = Days(TimeZone::get(&zone).map_err(|_| StoreError::corrupt("board_state", "zone", &zone))?);
    let rule = window.rule.as_deref();
    // Of one policy there are few clocks in an hour: hours are summed of all alone.
    let plan = Plan::new(&days, Range { from: window.from, to: window.to }, rule.is_none());
    let mut sums = Sums::new(days.clone(), plan.clone(), rule);
    let (mut months, words) = (Vec::new(), board::words::words(tx).await?);
    if plan.summed {
        let cover = |widest| plan.whole.map_or_else(Vec::new, |(first, after)| cover(first, after, widest));
        let add = |sums: &mut Sums, of: Of, pack: Pack| {
            sums.add(of, pack.lines).map_err(|unreadable| StoreError::corrupt("board_pack", "lines", unreadable))
        };
        for pack in board::packs(tx, rule, &cover(Grain::Year), &plan.hours, None).await? {
            add(&mut sums, Of::Lines(pack.dimension), pack)?;
        }
        for pack in board::packs(tx, rule, &cover(Grain::Month), &plan.hours, Some(Dimension::Total)).await? {
            months.push(pack.start);
            add(&mut sums, Of::Month(pack.start), pack)?;
        }
        for share in board::summed_of_changed(tx, &words, plan.between).await? {
            sums.add_share(&share, Into::Whole(-1));
        }
        for share in board::changed(tx, plan.between).await? {
            sums.add_share(&share, Into::Whole(1));
        }
        for piece in board::overdue(tx).await? {
            sums.overdue(&piece);
        }
    }
    for edge in &plan.edges {
        for share in board::between(tx, *edge, rule).await? {
            sums.add_share(&share, Into::Beside(*edge));
        }
    }
    let looks = sums.wanted().map_err(|unreadable| StoreError::corrupt("board_pack", "lines", unreadable))?;
    let Looks { ranges, keyed } = looks;
    if plan.summed
        && !ranges.is_empty()
        && let Some(among) = Among::new(&days, plan.between, months, &words, rule)
    {
        let shapes = board::shapes(tx).await?;
        let beside = if keyed.len() > MANY_LOOKS { board::beside(db, tx).await? } else { None };
        // Lookups of the shared lines weigh about as much as a third of the others.
        let (own, others): (Vec<_>, Vec<_>) =
            keyed.iter().enumerate().partition(|(n, _)| beside.is_none() || n % 3 == 0);
        let [own, others] = [own, others].map(|looks| looks.into_iter().map(|(_, look)| look).collect::<Vec<_>>());
        let here = async {
            let found = look::settled(&mut *tx, &ranges, &among).await?;
            Ok::<_, StoreError>((found, look::settled_of(&mut *tx, &own, &among, &words).await?))
        };
        let there = async {
            let Some(mut beside) = beside else { return Ok(Vec::new()) };
            let found = look::settled_of(&mut beside, &others, &among, &words).await;
            beside.rollback().await?;
            found
        };
        let ((found, of_own), of_others) = tokio::try_join!(here, there)?;
        hold(&mut sums, &shapes, &found)?;
        for (place, found) in of_own.into_iter().chain(of_others) {
            for micros in found {
                sums.found(&[place], micros, 1);
            }
        }
    }
    Ok(Added { sums, zone, now })
}

/// Gives durations to the lines that their clocks are on.
fn hold(sums: &mut Sums, shapes: &HashMap<i32, Shape>, found: &[Found]) -> Result<(), StoreError> {
    let places: HashMap<i32, Vec<usize>> =
        shapes.iter().map(|(number, shape)| (*number, sums.shared_places(shape))).collect();
    for Found { micros, shapes } in found {
        for (micros, shape) in micros.iter().zip(shapes) {
            let on = places.get(shape).ok_or_else(|| StoreError::corrupt("board_piece", "shape", shape))?;
            sums.found(on, *micros, 1);
        }
    }
    Ok(())
}
