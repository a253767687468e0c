//! Birth dates as they are written, right or wrong, and how near two of them are.

use jiff::civil::Date;

use super::level::Level;

/// A birth date as a form has it. It need not exist: the 31st of April is a slip of one digit, and
/// worth comparing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct WrittenDate {
    /// Year.
    pub year: i16,
    /// Month, 1 to 12 when there is no slip.
    pub month: u8,
    /// Day.
    pub day: u8,
}

impl From<Date> for WrittenDate {
    fn from(date: Date) -> Self {
        Self { year: date.year(), month: date.month().unsigned_abs(), day: date.day().unsigned_abs() }
    }
}

/// Years between birth dates from which one may be the other's parent.
const GENERATION: u16 = 15;

impl WrittenDate {
    /// Whether it is a date that systems fill in when they have none.
    pub(super) const fn is_filler(self) -> bool {
        matches!((self.year, self.month, self.day), (..=1, ..) | (1900, 1, 1) | (9999, ..) | (_, 0, 0))
    }

    /// How near `other` is.
    pub(super) fn compare(self, other: Self) -> Level {
        if self == other {
            return Level::Exact;
        }
        let turned = self.year == other.year && self.month == other.day && self.day == other.month;
        let (one, two) = (self.digits(), other.digits());
        let unlike = one.iter().zip(&two).filter(|(a, b)| a != b).count();
        let swapped =
            one.iter().zip(&two).position(|(a, b)| a != b).is_some_and(|at| {
                unlike == 2 && at + 1 < one.len() && one[at] == two[at + 1] && one[at + 1] == two[at]
            });
        let next_year = self.year.abs_diff(other.year) == 1 && self.month == other.month && self.day == other.day;
        if turned || unlike == 1 || swapped || next_year {
            return Level::Near;
        }
        let same = [self.year == other.year, self.month == other.month, self.day == other.day];
        if same.iter().filter(|part| **part).count() == 2 { Level::Partial } else { Level::Far }
    }

    /// Whether no slip of the pen leads from one to the other. In one year it may be a day or a month that was taken down
    /// wrongly; another year with the same day is another's birthday as easily.
    pub(super) fn contradicts(self, other: Self) -> bool {
        match self.compare(other) {
            Level::Far => true,
            Level::Partial => self.year != other.year,
            _ => false,
        }
    }

    /// Whether they may be those of parent and child.
    pub(super) const fn is_a_generation_from(self, other: Self) -> bool {
        self.year.abs_diff(other.year) >= GENERATION
    }

    fn digits(self) -> [u8; 8] {
        let year = self.year.unsigned_abs();
        [
            (year / 1000 % 10) as u8,
            (year / 100 % 10) as u8,
            (year / 10 % 10) as u8,
            (year % 10) as u8,
            self.month / 10,
            self.month % 10,
            self.day / 10,
            self.day % 10,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i16, month: u8, day: u8) -> WrittenDate {
        WrittenDate { year, month, day }
    }

    #[test]
    fn slips_of_the_pen_are_near() {
        let born = date(1975, 3, 12);
        for slip in [date(1975, 12, 3), date(1975, 3, 13), date(1957, 3, 12), date(1976, 3, 12), date(1975, 3, 21)] {
            assert_eq!((born.compare(slip), slip.compare(born)), (Level::Near, Level::Near));
        }
        assert_eq!(date(1999, 5, 6).compare(date(2000, 5, 6)), Level::Near);
        assert_eq!(born.compare(date(1938, 3, 12)), Level::Partial);
        assert_eq!(born.compare(date(1975, 10, 30)), Level::Far);
        assert_eq!(born.compare(born), Level::Exact);
    }

    #[test]
    fn a_day_taken_down_wrongly_contradicts_nothing_and_another_year_does() {
        let born = date(1975, 3, 12);
        for slip in [date(1975, 3, 28), date(1975, 11, 12), date(1975, 12, 3), date(1976, 3, 12)] {
            assert!(!born.contradicts(slip) && !slip.contradicts(born));
        }
        for other in [date(1998, 3, 12), date(1975, 11, 28), date(2001, 10, 30)] {
            assert!(born.contradicts(other) && other.contradicts(born));
        }
    }

    #[test]
    fn knows_what_screens_are_filled_with() {
        assert!(date(1900, 1, 1).is_filler());
        assert!(!date(1900, 1, 2).is_filler());
    }
}
