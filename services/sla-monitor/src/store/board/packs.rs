//! What comes to sums, and how it is packed with what is there.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sla_monitor_domain::board::{Coming, Days, Dimension, End, Grain, Line, Part, Share, Tally, repacked};
use sqlx::PgConnection;

use super::HOUR;

/// What comes to one line over one part of time: counts, and durations by slot as they were met.
type More = (Tally, Vec<(u32, i64)>);

/// Which line over which part of time: within which rule, and of which day, month or year, by its first day.
type Place = (Arc<str>, Date, Line);

/// Which row: within which rule, of which grain, from which day on, which hour of it, and of what dimension.
type Row = (Arc<str>, &'static str, Date, i16, Dimension);

/// What is to be added to sums.
pub(super) struct Sums<'a> {
    days: &'a Days,
    by_day: HashMap<Place, More>,
    by_hour: HashMap<(Date, i16, Line), More>,
    all: Arc<str>,
}

impl<'a> Sums<'a> {
    /// Nothing yet.
    pub(super) fn of(days: &'a Days) -> Self {
        Self { days, by_day: HashMap::new(), by_hour: HashMap::new(), all: Arc::from("") }
    }

    /// Adds an affair so many times.
    pub(super) fn add(&mut self, share: &Share, times: i64) {
        for within in std::iter::once(None).chain(share.rules().into_iter().map(Some)) {
            // All lines of a clock count at one instant.
            let mut known: Option<(Timestamp, Date, i16)> = None;
            share.parts(within.as_deref(), |at, line, part| {
                let (_, day, hour) = *match &mut known {
                    Some(known) if known.0 == at => known,
                    known => {
                        let (day, hour, _) = self.days.hour(at);
                        known.insert((at, day, hour))
                    }
                };
                let scale = line.dimension.scale();
                let (tally, slot) = match part {
                    Part::Clock(piece) => {
                        let slot =
                            if let End::Fulfilled { micros } = piece.end { Some(scale.slot(micros)) } else { None };
                        (Tally::of(piece), slot)
                    }
                    Part::Case(events) => (Tally { cases: 1, events, ..Tally::default() }, None),
                };
                let count = |(sum, slots): &mut More| {
                    sum.add(&tally, times);
                    slots.extend(slot.map(|slot| (slot, times)));
                };
                if within.is_none() {
                    count(self.by_hour.entry((day, hour, line.clone())).or_default());
                }
                let within = Arc::clone(within.as_ref().unwrap_or(&self.all));
                count(self.by_day.entry((within, day, line)).or_default());
            });
        }
    }

    /// Adds all to what is stored. Nobody else writes while the state is held.
    pub(super) async fn write(mut self, tx: &mut PgConnection) -> Result<(), StoreError> {
        let mut rows: BTreeMap<Row, Vec<Coming>> = BTreeMap::new();
        let all = Arc::clone(&self.all);
        for ((day, hour, line), more) in std::mem::take(&mut self.by_hour) {
            put(&mut rows, (Arc::clone(&all), HOUR, day, hour), line, more);
        }
        for more in self.by_day.values_mut() {
            more.1 = counted(std::mem::take(&mut more.1));
        }
        let by_month = wider(&self.by_day, Grain::Month);
        let by_year = wider(&by_month, Grain::Year);
        for (grain, sums) in [(Grain::Day, self.by_day), (Grain::Month, by_month), (Grain::Year, by_year)] {
            for ((within, start, line), more) in sums {
                put(&mut rows, (within, grain.as_str(), start, 0), line, more);
            }
        }
        let (places, mut coming): (Vec<Row>, Vec<Vec<Coming>>) = rows.into_iter().unzip();
        for lines in &mut coming {
            lines.sort_by(|a, b| a.key.cmp(&b.key));
        }
        store(tx, &places, &coming).await
    }
}

/// Puts what comes to a line among what comes to its row, if it is anything.
fn put(
    rows: &mut BTreeMap<Row, Vec<Coming>>,
    (within, grain, start, hour): (Arc<str>, &'static str, Date, i16),
    line: Line,
    more: More,
) {
    let (tally, slots) = (more.0, counted(more.1));
    if tally != Tally::default() || !slots.is_empty() {
        let row = (within, grain, start, hour, line.dimension);
        rows.entry(row).or_default().push(Coming { key: line.key, tally, slots });
    }
}

/// The same over months or years.
fn wider(sums: &HashMap<Place, More>, grain: Grain) -> HashMap<Place, More> {
    let mut wider: HashMap<Place, More> = HashMap::new();
    for ((within, start, line), (tally, slots)) in sums {
        let (sum, all) = wider.entry((Arc::clone(within), grain.start(*start), line.clone())).or_default();
        sum.add(tally, 1);
        all.extend_from_slice(slots);
    }
    for more in wider.values_mut() {
        more.1 = counted(std::mem::take(&mut more.1));
    }
    wider
}

/// Counts by slot, in order and each slot once.
fn counted(mut slots: Vec<(u32, i64)>) -> Vec<(u32, i64)> {
    slots.sort_unstable_by_key(|(slot, _)| *slot);
    slots.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    slots.retain(|(_, count)| *count != 0);
    slots
}

async fn store(tx: &mut PgConnection, places: &[Row], coming: &[Vec<Coming>]) -> Result<(), StoreError> {
    let within: Vec<String> = places.iter().map(|place| place.0.to_string()).collect();
    let grains: Vec<String> = places.iter().map(|place| place.1.to_owned()).collect();
    let starts: Vec<jiff_sqlx::Date> = places.iter().map(|place| place.2.to_sqlx()).collect();
    let hours: Vec<i16> = places.iter().map(|place| place.3).collect();
    let dimensions: Vec<String> = places.iter().map(|place| place.4.as_str().to_owned()).collect();
    let there = sqlx::query!(
        r#"select p.n as "n!", s.lines
           from unnest($1::text[], $2::text[], $3::date[], $4::smallint[], $5::text[]) with ordinality as p(within, grain, start_on, hour, dimension, n)
           join sla_monitor.board_pack s on s.within = p.within and s.grain = p.grain and s.start_on = p.start_on and s.hour = p.hour
               and s.dimension = p.dimension"#,
        &within,
        &grains,
        &starts as _,
        &hours,
        &dimensions,
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut known: Vec<Vec<u8>> = vec![Vec::new(); places.len()];
    for row in there {
        let place = usize::try_from(row.n - 1).unwrap_or(usize::MAX);
        *known.get_mut(place).ok_or_else(|| StoreError::corrupt("board_pack", "lines", row.n))? = row.lines;
    }
    let mut packs: Vec<Option<Vec<u8>>> = Vec::with_capacity(places.len());
    for ((place, coming), known) in places.iter().zip(coming).zip(known) {
        let pack =
            repacked(&known, coming).ok_or_else(|| StoreError::corrupt("board_pack", "lines", place.4.as_str()))?;
        packs.push((!pack.is_empty()).then_some(pack));
    }
    sqlx::query!(
        "with p as materialized (
             select * from unnest($1::text[], $2::text[], $3::date[], $4::smallint[], $5::text[], $6::bytea[])
                 as p(within, grain, start_on, hour, dimension, lines)
         ), gone as (
             delete from sla_monitor.board_pack s using p
             where p.lines is null and s.within = p.within and s.grain = p.grain and s.start_on = p.start_on and s.hour = p.hour
               and s.dimension = p.dimension
         )
         insert into sla_monitor.board_pack (within, grain, start_on, hour, dimension, lines)
         select within, grain, start_on, hour, dimension, lines from p where lines is not null
         on conflict on constraint board_pack_pkey do update set lines = excluded.lines",
        &within,
        &grains,
        &starts as _,
        &hours,
        &dimensions,
        &packs as _,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
