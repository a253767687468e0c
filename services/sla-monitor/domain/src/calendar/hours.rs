//! Counting within the hours of work: several intervals a day, shifts over midnight, holidays, days with hours of their own.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::{Calendar, HORIZON_DAYS, first_instant, next_day};
use crate::{Pause, Uncountable};

/// A span in which work is done: from an instant, up to another and without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub to: Timestamp,
}

impl Calendar {
    /// The windows that begin on a civil day. A shift belongs to the day it begins on: a holiday closes the shifts that begin
    /// on it, and a shift of the eve goes on into the holiday. Hours of a day's own take the place of its weekday's.
    ///
    /// # Errors
    /// [`Uncountable::OutOfRange`] at the edges of the calendar.
    pub fn windows_of(&self, date: Date) -> Result<Vec<Window>, Uncountable> {
        let mut minutes: Vec<(i32, i32)> = match self.exceptions.get(&date) {
            Some(own) => own.clone(),
            None if self.holidays.contains_key(&date) => Vec::new(),
            None => {
                let weekday = date.weekday().to_monday_one_offset();
                let of_the_day = self.hours.iter().filter(|h| h.weekday == weekday);
                of_the_day.map(|h| (h.start_minute, h.end_minute)).collect()
            }
        };
        minutes.sort_unstable();
        let instant = |minute: i32| {
            let midnight = date.at(0, 0, 0, 0);
            let local = midnight.checked_add(minute.minutes()).map_err(|_| Uncountable::OutOfRange)?;
            first_instant(self.zone(), local)
        };
        let mut windows = Vec::with_capacity(minutes.len());
        for (start, end) in minutes {
            let window = Window { from: instant(start)?, to: instant(end)? };
            if window.from < window.to {
                windows.push(window);
            }
        }
        Ok(windows)
    }

    /// The instant at which `amount` of open time has passed since `origin`, spans of `pauses` left out. Where windows overlap,
    /// time counts once. When the amount is used up exactly at the end of a window, that end is the answer.
    ///
    /// # Errors
    /// [`Uncountable`] when no window comes within ten years, or at the edges of the calendar.
    pub fn add_open_time(
        &self,
        origin: Timestamp,
        amount: SignedDuration,
        pauses: &[Pause],
    ) -> Result<Timestamp, Uncountable> {
        let mut remaining = amount;
        let mut cursor = origin;
        // A shift of the eve may still be open.
        let mut date = self.day_of(origin).yesterday().map_err(|_| Uncountable::OutOfRange)?;
        let mut idle_days = 0;
        while idle_days < HORIZON_DAYS {
            idle_days += 1;
            for window in self.windows_of(date)? {
                for span in without(window, pauses) {
                    let from = span.from.max(cursor);
                    if from >= span.to {
                        continue;
                    }
                    let length = span.to.duration_since(from);
                    if remaining <= length {
                        return from.checked_add(remaining).map_err(|_| Uncountable::OutOfRange);
                    }
                    remaining -= length;
                    cursor = span.to;
                    idle_days = 0;
                }
            }
            date = next_day(date)?;
        }
        Err(Uncountable::NothingCounts)
    }
}

/// What is left of a window when the pauses, in order and apart, are taken out.
fn without(window: Window, pauses: &[Pause]) -> Vec<Window> {
    let mut left = Vec::with_capacity(1);
    let mut from = window.from;
    for pause in pauses {
        if pause.to <= from || pause.from >= window.to {
            continue;
        }
        if pause.from > from {
            left.push(Window { from, to: pause.from });
        }
        from = pause.to;
    }
    if from < window.to {
        left.push(Window { from, to: window.to });
    }
    left
}
