//! Where a line of text ends, and in which order its glyphs stand.

use std::ops::Range;

use krilla::text::{GlyphId, KrillaGlyph};
use unicode_bidi::{BidiInfo, Level};

use crate::face::{Face, Glyph};

/// In em: about four letters.
const TAB: f32 = 2.4;

/// Where a line may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrap {
    /// Where Unicode allows it, and inside a word only if the word alone is too long.
    Words,
    /// After any character.
    Anywhere,
}

/// A line as it is drawn; lengths in em.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// In reading order.
    pub(crate) runs: Vec<Run>,
    pub(crate) width: f32,
    /// Whether its paragraph starts at the right.
    pub(crate) leftward: bool,
}

/// Glyphs of one direction from left to right.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) x: f32,
    pub(crate) glyphs: Vec<KrillaGlyph>,
}

/// The smallest piece that can move to the next line: glyphs that share their characters.
struct Cluster {
    bytes: Range<usize>,
    glyphs: Range<usize>,
    advance: f32,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ink,
    Space,
    Tab,
}

/// The lines of a printable text in a column of `width` em. There is at least one.
pub(crate) fn lines(text: &str, face: &Face, width: f32, wrap: Wrap) -> Vec<Line> {
    let mut lines = Vec::new();
    for original in text.split('\n') {
        // No font has a glyph for a tab.
        let spaced = original.replace('\t', " ");
        lines.append(&mut Paragraph::new(&spaced, original, face).lines(width, wrap));
    }
    lines
}

struct Paragraph<'a> {
    text: &'a str,
    directions: Directions<'a>,
    glyphs: Vec<Glyph>,
    /// In reading order.
    clusters: Vec<Cluster>,
}

impl<'a> Paragraph<'a> {
    /// `text` is `original` with spaces for its tabs.
    fn new(text: &'a str, original: &str, face: &Face) -> Self {
        let directions = Directions::new(text);
        let mut glyphs = Vec::new();
        let mut clusters = Vec::new();
        for (run, level) in directions.runs(text.len()) {
            let first = glyphs.len();
            let from = clusters.len();
            glyphs.extend(face.shape(text, run, level.is_rtl()));
            let mut at = first;
            for same in glyphs[first..].chunk_by(|a, b| a.bytes == b.bytes) {
                clusters.push(Cluster {
                    bytes: same[0].bytes.clone(),
                    glyphs: at..at + same.len(),
                    advance: same.iter().map(|glyph| glyph.advance).sum(),
                    kind: kind(&original[same[0].bytes.clone()]),
                });
                at += same.len();
            }
            if level.is_rtl() {
                clusters[from..].reverse();
            }
        }
        Self { text, directions, glyphs, clusters }
    }

    fn lines(&self, width: f32, wrap: Wrap) -> Vec<Line> {
        let breaks: Vec<usize> = match wrap {
            Wrap::Words => unicode_linebreak::linebreaks(self.text).map(|(at, _)| at).collect(),
            Wrap::Anywhere => Vec::new(),
        };
        let may_break =
            |cluster: &Cluster| wrap == Wrap::Anywhere || breaks.binary_search(&cluster.bytes.start).is_ok();

        let mut lines = Vec::new();
        let mut advances = Vec::new();
        let (mut start, mut at, mut x, mut last_break) = (0, 0, 0.0_f32, None);
        while let Some(cluster) = self.clusters.get(at) {
            if at > start && may_break(cluster) {
                last_break = Some(at);
            }
            // White space never starts a line; what finds no room at the end of one takes none.
            let room = (width - x).max(0.0);
            let advance = match cluster.kind {
                Kind::Ink if cluster.advance > room && at > start => {
                    let end = last_break.unwrap_or(at);
                    lines.push(self.line(start..end, &advances));
                    (start, at, x, last_break) = (end, end, 0.0, None);
                    advances.clear();
                    continue;
                }
                Kind::Ink => cluster.advance.min(width),
                Kind::Space => cluster.advance.min(room),
                Kind::Tab => tab(x).min(room),
            };
            x += advance;
            advances.push(advance);
            at += 1;
        }
        lines.push(self.line(start..at, &advances));
        lines
    }

    /// `advances` are those of the clusters in the range.
    fn line(&self, range: Range<usize>, advances: &[f32]) -> Line {
        let clusters = &self.clusters[range];
        let (Some(first), Some(last)) = (clusters.first(), clusters.last()) else {
            return Line { leftward: self.directions.leftward(), ..Line::default() };
        };
        let bytes = first.bytes.start..last.bytes.end;
        let visual = self.directions.visual(bytes.clone());
        let mut x = 0.0;
        let mut runs = Vec::with_capacity(visual.len());
        for (run, level) in visual {
            let from = clusters.partition_point(|cluster| cluster.bytes.start < run.start);
            let to = clusters.partition_point(|cluster| cluster.bytes.start < run.end);
            let mut order: Vec<usize> = (from..to).collect();
            if level.is_rtl() {
                order.reverse();
            }
            let mut glyphs = Vec::with_capacity(order.len());
            let mut wide = 0.0;
            for at in order {
                self.place(&clusters[at], advances[at], bytes.start, &mut glyphs);
                wide += advances[at];
            }
            runs.push((run.start, Run { x, glyphs }));
            x += wide;
        }
        runs.sort_by_key(|(start, _)| *start);
        let runs = runs.into_iter().map(|(_, run)| run).collect();
        Line { text: self.text[bytes].to_owned(), runs, width: x, leftward: self.directions.leftward() }
    }

    /// Adds the glyphs of a cluster, stretched or squeezed to `advance`.
    fn place(&self, cluster: &Cluster, advance: f32, origin: usize, into: &mut Vec<KrillaGlyph>) {
        let change = (advance - cluster.advance) / cluster.glyphs.len() as f32;
        into.extend(self.glyphs[cluster.glyphs.clone()].iter().map(|glyph| KrillaGlyph {
            glyph_id: GlyphId::new(glyph.id),
            text_range: cluster.bytes.start - origin..cluster.bytes.end - origin,
            x_advance: glyph.advance + change,
            x_offset: glyph.x,
            y_offset: glyph.y,
            y_advance: 0.0,
            location: None,
        }));
    }
}

/// To the next stop, or to the one after it where that is too near to be seen.
fn tab(x: f32) -> f32 {
    let gap = TAB - x % TAB;
    if gap < TAB / 4.0 { gap + TAB } else { gap }
}

fn kind(text: &str) -> Kind {
    match text {
        "\t" => Kind::Tab,
        _ if text.chars().all(|char| char.is_whitespace() || char == '\u{200B}') => Kind::Space,
        _ => Kind::Ink,
    }
}

/// Which way each part of a paragraph runs; `None` if all of it runs to the right.
struct Directions<'a>(Option<BidiInfo<'a>>);

impl<'a> Directions<'a> {
    fn new(text: &'a str) -> Self {
        // Below U+0590 no letter runs to the left, and nearly every text ends below it.
        let rightward = text.chars().all(|char| char < '\u{590}');
        Self((!rightward).then(|| BidiInfo::new(text, None)))
    }

    /// Whether the paragraph starts at the right.
    fn leftward(&self) -> bool {
        let paragraph = self.0.as_ref().and_then(|bidi| bidi.paragraphs.first());
        paragraph.is_some_and(|paragraph| paragraph.level.is_rtl())
    }

    /// The runs of one direction in reading order.
    fn runs(&self, length: usize) -> Vec<(Range<usize>, Level)> {
        let Some(bidi) = &self.0 else {
            return vec![(0..length, Level::ltr())];
        };
        let mut at = 0;
        let runs = bidi.levels.chunk_by(|a, b| a == b).map(|same| {
            at += same.len();
            (at - same.len()..at, same[0])
        });
        runs.collect()
    }

    /// The runs of one line of it from left to right.
    fn visual(&self, line: Range<usize>) -> Vec<(Range<usize>, Level)> {
        let Some((bidi, paragraph)) = self.0.as_ref().and_then(|bidi| Some((bidi, bidi.paragraphs.first()?))) else {
            return vec![(line, Level::ltr())];
        };
        let (levels, runs) = bidi.visual_runs(paragraph, line);
        runs.into_iter().map(|run| (run.clone(), levels[run.start])).collect()
    }
}
