//! The paper itself: A4, its margins, and what stands where on it.

use std::sync::LazyLock;

use crate::face::{BOLD, Face, MONO, PLAIN};
use crate::line::Line;

/// A4 in points.
pub(crate) const WIDTH: f32 = 595.276;
/// A4 in points.
pub(crate) const HEIGHT: f32 = 841.89;
/// Left and right margin.
pub(crate) const MARGIN: f32 = 64.0;
/// What text may fill.
pub(crate) const COLUMN: f32 = WIDTH - 2.0 * MARGIN;
const TOP: f32 = 72.0;
/// How far a shade reaches beyond its text on either side, and half of it above and below.
pub(crate) const SHADE: f32 = 8.0;

/// How tall a capital letter is, in em.
pub(crate) const CAPITAL: f32 = 0.72;

/// How a text looks.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) face: &'static LazyLock<Face>,
    /// In points.
    pub(crate) size: f32,
    /// From one line to the next, in points.
    pub(crate) leading: f32,
    /// Grey from 0, black, to 255, white. All are dark enough on white for weak eyes.
    pub(crate) grey: u8,
}

pub(crate) const ISSUER: Style = Style { face: &BOLD, size: 9.0, leading: 13.0, grey: 90 };
pub(crate) const TITLE: Style = Style { face: &BOLD, size: 20.0, leading: 27.0, grey: 20 };
pub(crate) const HEADING: Style = Style { face: &BOLD, size: 13.0, leading: 18.0, grey: 20 };
pub(crate) const LABEL: Style = Style { face: &BOLD, size: 10.0, leading: 16.5, grey: 60 };
pub(crate) const BODY: Style = Style { face: &PLAIN, size: 11.0, leading: 16.5, grey: 20 };
pub(crate) const VERBATIM: Style = Style { face: &MONO, size: 9.0, leading: 13.5, grey: 20 };
pub(crate) const NOTE: Style = Style { face: &PLAIN, size: 9.0, leading: 13.5, grey: 90 };
pub(crate) const FURNITURE: Style = Style { face: &PLAIN, size: 8.0, leading: 11.0, grey: 100 };

/// A line at its place.
pub(crate) struct Placed {
    pub(crate) line: Line,
    pub(crate) style: Style,
    pub(crate) x: f32,
    /// Of the baseline, from the top.
    pub(crate) y: f32,
    pub(crate) part: Part,
}

/// What a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The part of the document with that index, in reading order.
    Text(usize),
    /// Repeated at the top of each page.
    Header,
    /// Repeated at the foot of each page.
    Footer,
}

/// A filled rectangle, which tells nobody anything.
pub(crate) struct Fill {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) grey: u8,
}

/// One side of paper.
#[derive(Default)]
pub(crate) struct Sheet {
    pub(crate) fills: Vec<Fill>,
    pub(crate) placed: Vec<Placed>,
}

/// Where the next line goes.
pub(crate) struct Flow {
    pub(crate) sheets: Vec<Sheet>,
    y: f32,
    bottom: f32,
}

/// A place to return to.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    sheet: usize,
    y: f32,
}

impl Mark {
    /// As much further down.
    pub(crate) fn lower(self, height: f32) -> Self {
        Self { y: self.y + height, ..self }
    }
}

impl Flow {
    /// Text fills each sheet down to `bottom`.
    pub(crate) fn new(bottom: f32) -> Self {
        Self { sheets: vec![Sheet::default()], y: TOP, bottom }
    }

    /// Leaves a gap, but for one at the top of a sheet.
    pub(crate) fn gap(&mut self, height: f32) {
        if self.y > TOP {
            self.y += height;
        }
    }

    /// Starts a new sheet if less than `height` is left on this one.
    pub(crate) fn keep(&mut self, height: f32) {
        if self.y > TOP && self.y + height > self.bottom {
            self.sheets.push(Sheet::default());
            self.y = TOP;
        }
    }

    /// Draws a rule across the column.
    pub(crate) fn rule(&mut self) {
        let fill = Fill { x: MARGIN, y: self.y, width: COLUMN, height: 0.75, grey: 150 };
        self.sheet().fills.push(fill);
        self.y += 0.75;
    }

    /// Sets lines one below the other from `x` on in a column of `width`, on as many sheets as they need. Two of them
    /// stay together at either end of a sheet.
    pub(crate) fn set(&mut self, lines: Vec<Line>, style: Style, x: f32, width: f32, part: usize, shade: Option<u8>) {
        let count = lines.len();
        for (at, line) in lines.into_iter().enumerate() {
            let together = if at == 0 || at + 2 == count { count.min(2) } else { 1 };
            self.keep(style.leading * together as f32);
            if let Some(grey) = shade {
                let above = if at == 0 { SHADE / 2.0 } else { 0.0 };
                let below = if at + 1 == count { SHADE / 2.0 } else { 0.0 };
                let (y, height) = (self.y - above, above + style.leading + below);
                let fill = Fill { x: x - SHADE, y, width: width + 2.0 * SHADE, height, grey };
                self.sheet().fills.push(fill);
            }
            let baseline = self.y + (style.leading + style.size * CAPITAL) / 2.0;
            let x = if line.leftward { x + width - line.width * style.size } else { x };
            self.sheet().placed.push(Placed { line, style, x, y: baseline, part: Part::Text(part) });
            self.y += style.leading;
        }
    }

    /// Where the flow is now.
    pub(crate) fn mark(&self) -> Mark {
        Mark { sheet: self.sheets.len() - 1, y: self.y }
    }

    /// Goes back to a mark on the same sheet.
    pub(crate) fn back(&mut self, mark: Mark) {
        self.y = mark.y;
    }

    /// Goes down to below the lower one of the mark and here.
    pub(crate) fn clear(&mut self, mark: Mark) {
        if mark.sheet + 1 == self.sheets.len() {
            self.y = self.y.max(mark.y);
        }
    }

    fn sheet(&mut self) -> &mut Sheet {
        self.sheets.last_mut().expect("a flow starts with a sheet and loses none")
    }
}
