//! The sheet a picture is drawn on.

use std::fmt::{self, Write as _};

/// A drawn picture, ready for a page: everything in it was escaped when it was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Svg(String);

impl Svg {
    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The markup is made by [`Picture`] alone, which escapes what it is given.
impl askama::filters::HtmlSafe for Svg {}

/// Where a text stands to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Size of letters.
const LETTER: f64 = 13.0;

/// How wide a letter is on the average, with room to spare.
const LETTER_WIDTH: f64 = LETTER * 0.56;

/// A sheet that is drawn on.
#[derive(Debug)]
pub struct Picture {
    id: &'static str,
    width: f64,
    height: f64,
    body: String,
    strayed: u32,
}

impl Picture {
    /// An empty sheet. `id`: unique on the page.
    pub(super) fn new(id: &'static str, width: f64, height: f64) -> Self {
        Self { id, width, height, body: String::new(), strayed: 0 }
    }

    /// How many points had to be pulled back onto the sheet.
    pub fn strayed(&self) -> u32 {
        self.strayed
    }

    /// The picture with what it shows in a line, and in a sentence.
    pub fn svg(self, title: &str, description: &str) -> Svg {
        let Self { id, width, height, body, .. } = self;
        let (title, description) = (escaped(title), escaped(description));
        let class = if width < super::WIDE { "plot plot-small" } else { "plot" };
        Svg(format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\" \
             font-size=\"{LETTER:.0}\"><title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{description}</desc>\
             <defs><pattern id=\"{id}-h\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><rect class=\"p-stripe\" width=\"2\" height=\"6\"/></pattern></defs>{body}</svg>"
        ))
    }

    fn across(&mut self, x: f64) -> f64 {
        let width = self.width;
        self.held(x, width)
    }

    fn down(&mut self, y: f64) -> f64 {
        let height = self.height;
        self.held(y, height)
    }

    fn held(&mut self, value: f64, most: f64) -> f64 {
        // A hair's breadth over the edge is rounding and nothing to speak of.
        let held = if value.is_finite() { value.clamp(0.0, most) } else { 0.0 };
        if !value.is_finite() || (held - value).abs() > 0.05 {
            self.strayed += 1;
        }
        held
    }

    /// A filled box.
    pub(super) fn rect(&mut self, at: (f64, f64), size: (f64, f64), class: &str, tip: &str) {
        let (x, y) = (self.across(at.0), self.down(at.1));
        let (right, below) = (self.across(at.0 + size.0.max(0.0)), self.down(at.1 + size.1.max(0.0)));
        let (width, height) = ((right - x).max(0.0), (below - y).max(0.0));
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\""
        );
        self.close("rect", tip);
    }

    /// Stripes over a box, for what must be told from the rest without its colour.
    pub(super) fn stripes(&mut self, at: (f64, f64), size: (f64, f64)) {
        let (x, y) = (self.across(at.0), self.down(at.1));
        let (right, below) = (self.across(at.0 + size.0.max(0.0)), self.down(at.1 + size.1.max(0.0)));
        let (width, height, id) = ((right - x).max(0.0), (below - y).max(0.0), self.id);
        let _ = write!(
            self.body,
            "<rect fill=\"url(#{id}-h)\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        );
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let (x1, y1, x2, y2) = (self.across(from.0), self.down(from.1), self.across(to.0), self.down(to.1));
        let _ =
            write!(self.body, "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>");
    }

    /// A dot.
    pub(super) fn dot(&mut self, at: (f64, f64), radius: f64, class: &str, tip: &str) {
        let (x, y) = (self.across(at.0), self.down(at.1));
        let radius = if radius.is_finite() { radius.clamp(0.5, 40.0) } else { 0.5 };
        let _ = write!(self.body, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"");
        self.close("circle", tip);
    }

    /// A line through points, or what they enclose.
    pub(super) fn path(&mut self, points: &[(f64, f64)], closed: bool, class: &str) {
        let mut way = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            let (x, y) = (self.across(*x), self.down(*y));
            let _ = write!(way, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
        }
        if closed && !way.is_empty() {
            way.push('Z');
        }
        let _ = write!(self.body, "<path class=\"{class}\" d=\"{way}\"/>");
    }

    /// A bow from one point to another, bent towards `bend` across, so wide.
    pub(super) fn bow(&mut self, from: (f64, f64), bend: f64, to: (f64, f64), width: f64, class: &str, tip: &str) {
        let (x1, y1, x2, y2) = (self.across(from.0), self.down(from.1), self.across(to.0), self.down(to.1));
        let bend = self.across(bend);
        let width = if width.is_finite() { width.clamp(0.5, 12.0) } else { 0.5 };
        let _ = write!(
            self.body,
            "<path class=\"{class}\" stroke-width=\"{width:.1}\" d=\"M{x1:.1} {y1:.1}C{bend:.1} {y1:.1} {bend:.1} {y2:.1} {x2:.1} {y2:.1}\""
        );
        self.close("path", tip);
    }

    /// A word that must fit into `room`; what does not is cut and stands whole in the tip.
    pub(super) fn text(&mut self, at: (f64, f64), anchor: Anchor, room: f64, class: &str, text: &str) {
        let shown = fitted(text, room);
        let taken = width_of(&shown).min(room.max(0.0));
        let (left, anchored) = match anchor {
            Anchor::Start => (at.0, "start"),
            Anchor::Middle => (at.0 - taken / 2.0, "middle"),
            Anchor::End => (at.0 - taken, "end"),
        };
        self.across(left);
        self.across(left + taken);
        let (x, y) = (self.across(at.0), self.down(at.1));
        let _ = write!(
            self.body,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchored}\">{}",
            escaped(&shown)
        );
        if shown != text {
            let _ = write!(self.body, "<title>{}</title>", escaped(text));
        }
        self.body.push_str("</text>");
    }

    fn close(&mut self, element: &str, tip: &str) {
        if tip.is_empty() {
            self.body.push_str("/>");
        } else {
            let _ = write!(self.body, "><title>{}</title></{element}>", escaped(tip));
        }
    }
}

/// How wide a text is, about.
pub(super) fn width_of(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER_WIDTH
}

/// As much of a text as fits.
pub(super) fn fitted(text: &str, room: f64) -> String {
    let most = (room / LETTER_WIDTH).floor().max(1.0) as usize;
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in a document, whatever is meant by it.
            other if other.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
