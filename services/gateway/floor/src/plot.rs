//! Pictures of figures: numbers in, SVG out, and nothing else. No service, page or clock is known here.
//!
//! A picture never says more than the table beside it, which is what a screen reader is sent to. Colours are classes of the
//! style sheet, since pages allow no style of their own; what is missed is striped as well as coloured, so that nothing rests
//! on telling colours apart. What would fall outside the picture is pulled back to its edge and counted
//! ([`Picture::strayed`]); a property holds that count at nothing.

mod calibration;
mod change;
mod counts;
mod durations;
mod months;
mod picture;
mod rates;
mod scale;
mod way;

#[cfg(test)]
mod tests;

pub use calibration::{ToldRow, calibration};
pub use change::{ChangeRow, change};
pub use counts::{CountRow, Part, counts};
pub use durations::{DurationRow, durations};
pub use months::{MonthRow, months};
pub use picture::{Picture, Svg};
pub use rates::{RateRow, rates};
pub use way::{Move, Place, Station, way};

/// Width of a picture that fills its column.
const WIDE: f64 = 720.0;

/// Height of a line of a picture that has lines.
const LINE: f64 = 28.0;
