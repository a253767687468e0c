//! Tables of a calendar, minute by minute: how many minutes of work and how many days of each kind are over by then.
//!
//! Only the rows of the calendar are read, and the offset of its zone hour by hour. No hours of the calendars used here begin or end in the hour
//! that a change of clocks takes out or repeats; what is done with those is for the oracle.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use ventanilla_sla_monitor_domain::calendar::{Changes, Hours, Title};
use ventanilla_sla_monitor_domain::catalogue::Switches;
use ventanilla_sla_monitor_domain::{Calendar, Catalogue};

pub const MINUTE: i64 = 60_000_000;
pub const DAY: i64 = 1_440;
/// 2026-01-01T00:00:00Z in minutes.
const BASE: i64 = 1_767_225_600 / 60;
/// Minutes that the tables hold.
pub const END: i64 = 560 * DAY;

/// Microseconds since the base, as an instant.
pub fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(BASE * MINUTE + micros).unwrap()
}

/// A calendar and its tables, by minutes since the base.
pub struct Almanac {
    pub calendar: Calendar,
    /// Minutes of work before this one.
    open: Vec<u32>,
    /// Civil days that ended at this minute or before.
    days: Vec<u32>,
    /// The same, business days alone.
    business_days: Vec<u32>,
    /// First minute of the civil day this minute belongs to.
    pub day_began: Vec<i64>,
    /// Number of that day since 1970-01-01.
    pub day_number: Vec<i64>,
}

/// What of a term is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Minute,
    OpenMinute,
    Day,
    BusinessDay,
}

impl Almanac {
    /// What is over of this by a minute.
    pub fn over(&self, unit: Unit, minute: i64) -> i64 {
        let at = usize::try_from(minute).unwrap();
        match unit {
            Unit::Minute => minute,
            Unit::OpenMinute => self.open[at].into(),
            Unit::Day => self.days[at].into(),
            Unit::BusinessDay => self.business_days[at].into(),
        }
    }

    /// The first minute after the civil day of a minute.
    pub fn midnight_after(&self, minute: i64) -> i64 {
        let day = self.day_number[usize::try_from(minute).unwrap()];
        let mut next = minute + DAY - 60;
        while self.day_number[usize::try_from(next).unwrap()] > day {
            next -= 1;
        }
        while self.day_number[usize::try_from(next).unwrap()] == day {
            next += 1;
        }
        next
    }

    fn of(calendar: Calendar) -> Self {
        let offsets: Vec<i64> = (0..=END / 60)
            .map(|hour| i64::from(calendar.zone().to_offset(instant(hour * 60 * MINUTE)).seconds() / 60))
            .collect();
        // Local minutes since the base, a day later to stay above zero.
        let local = |minute: i64| minute + offsets[usize::try_from(minute / 60).unwrap()] + DAY;
        let number = |local: i64| (BASE + local) / DAY - 1;
        let holidays: Vec<i64> = calendar.holidays.keys().map(|date| number_of(*date)).collect();
        let exceptions: Vec<(i64, &Vec<(i32, i32)>)> =
            calendar.exceptions.iter().map(|(date, own)| (number_of(*date), own)).collect();
        let mut at_work = vec![false; usize::try_from(END + 4 * DAY).unwrap()];
        for day in 0..END / DAY + 2 {
            let today = number(day * DAY);
            let intervals: Vec<(i32, i32)> = if let Some((_, own)) = exceptions.iter().find(|(day, _)| *day == today) {
                (*own).clone()
            } else if holidays.contains(&today) {
                Vec::new()
            } else {
                let of_today = calendar.hours.iter().filter(|hours| i64::from(hours.weekday) == weekday(today));
                of_today.map(|hours| (hours.start_minute, hours.end_minute)).collect()
            };
            for (from, to) in intervals {
                let span = usize::try_from(day * DAY + i64::from(from)).unwrap()
                    ..usize::try_from(day * DAY + i64::from(to)).unwrap();
                at_work[span].fill(true);
            }
        }
        let works: Vec<i64> = calendar.business_weekdays().map(i64::from).collect();
        let (mut open, mut days, mut business_days) = (Vec::new(), Vec::new(), Vec::new());
        let (mut day_began, mut day_number) = (Vec::new(), Vec::new());
        let (mut opened, mut ended, mut business_ended, mut began) = (0, 0, 0, 0);
        let mut today = number(local(0));
        for minute in 0..END {
            let here = local(minute);
            if number(here) != today {
                ended += 1;
                business_ended += u32::from(works.contains(&weekday(today)) && !holidays.contains(&today));
                (today, began) = (number(here), minute);
            }
            open.push(opened);
            days.push(ended);
            business_days.push(business_ended);
            day_began.push(began);
            day_number.push(today);
            opened += u32::from(at_work[usize::try_from(here).unwrap()]);
        }
        Self { calendar, open, days, business_days, day_began, day_number }
    }
}

/// Days since 1970-01-01, counted by years and months.
pub fn number_of(date: Date) -> i64 {
    let (year, month) = (i64::from(date.year()), i64::from(date.month()));
    let years: i64 = (1970..year).map(|year| 365 + i64::from(is_leap(year))).sum();
    let months: i64 = (1..month).map(|month| length_of(year, month)).sum();
    years + months + i64::from(date.day()) - 1
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month.
pub fn length_of(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 1 Monday to 7 Sunday; 1970-01-01 was a Thursday.
fn weekday(number: i64) -> i64 {
    (number + 3) % 7 + 1
}

pub static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::embedded(&Switches::new()).unwrap());

pub static ALMANACS: LazyLock<Vec<Almanac>> = LazyLock::new(|| {
    let shipped = ["es.madrid", "es.canarias", "gb.england", "au.nsw"];
    let mut calendars: Vec<Calendar> = shipped.map(|id| CATALOGUE.calendar(id).unwrap().clone()).to_vec();
    calendars.push(with_hours("night", nights(), vec![1, 2, 3, 4, 5, 6]));
    calendars.push(with_hours(
        "always",
        (1..=7).flat_map(|day| [(day, 0, 720), (day, 720, 1440)]).collect(),
        vec![1, 7],
    ));
    // Whole days, weekends among them, and a night from noon to noon.
    calendars.push(with_hours("whole", vec![(1, 0, 1440), (3, 0, 1440), (4, 720, 2160), (7, 0, 1440)], vec![3, 6, 7]));
    calendars.into_iter().map(Almanac::of).collect()
});

/// Early and late shifts that overlap, nights that end on the day after, half of Saturday.
fn nights() -> Vec<(i8, i32, i32)> {
    let week = (1..=5).flat_map(|day| [(day, 360, 870), (day, 840, 1000), (day, 1320, 1800)]);
    week.chain([(6, 540, 780)]).collect()
}

fn with_hours(id: &str, hours: Vec<(i8, i32, i32)>, business_weekdays: Vec<i8>) -> Calendar {
    let hours =
        hours.into_iter().map(|(weekday, start_minute, end_minute)| Hours { weekday, start_minute, end_minute });
    let changes = Changes {
        id: id.to_owned(),
        version: "1".to_owned(),
        title: Title { es: id.to_owned(), en: id.to_owned() },
        source: "the house".to_owned(),
        hours: Some(hours.collect()),
        exceptions: vec![
            ("2026-03-30".parse().unwrap(), Vec::new()),
            ("2026-05-15".parse().unwrap(), vec![(600, 700), (1400, 1500)]),
            ("2026-10-26".parse().unwrap(), vec![(30, 60)]),
        ],
        business_weekdays: Some(business_weekdays),
        ..Changes::default()
    };
    CATALOGUE.calendar("es.madrid").unwrap().extended(changes).unwrap()
}
