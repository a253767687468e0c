//! The three faces, and the glyphs that a text becomes in one of them.
//!
//! DejaVu is compiled in, so that a page looks the same wherever it is made.

use std::ops::Range;
use std::sync::LazyLock;

use krilla::text::Font;
use rustybuzz::{BufferClusterLevel, Direction, UnicodeBuffer};
use unicode_script::{Script, UnicodeScript};

use crate::text::MISSING;

/// DejaVu Sans for running text.
pub(crate) static PLAIN: LazyLock<Face> = LazyLock::new(|| Face::new(dejavu::sans::regular()));
/// DejaVu Sans Bold for what people look for.
pub(crate) static BOLD: LazyLock<Face> = LazyLock::new(|| Face::new(dejavu::sans::bold()));
/// DejaVu Sans Mono for what people compare.
pub(crate) static MONO: LazyLock<Face> = LazyLock::new(|| Face::new(dejavu::sans_mono::regular()));

/// Marks piled on a letter are squeezed together beyond this height, in em, so that no pile leaves its page.
const HIGHEST_MARK: f32 = 0.9;

/// A font, as the shaper and the writer know it.
pub(crate) struct Face {
    shaper: rustybuzz::Face<'static>,
    pub(crate) font: Font,
    em: f32,
}

/// A glyph at its place; lengths in em.
#[derive(Clone, Debug)]
pub(crate) struct Glyph {
    pub(crate) id: u32,
    pub(crate) advance: f32,
    pub(crate) x: f32,
    pub(crate) y: f32,
    /// The bytes of the text that it shows, together with the other glyphs that have the same.
    pub(crate) bytes: Range<usize>,
}

impl Face {
    fn new(bytes: &'static [u8]) -> Self {
        let shaper = rustybuzz::Face::from_slice(bytes, 0).expect("DejaVu is a font");
        let font = Font::new(bytes.into(), 0).expect("DejaVu is a font");
        let em = font.units_per_em();
        Self { shaper, font, em }
    }

    pub(crate) fn has(&self, char: char) -> bool {
        // DejaVu lists U+FFFF, and means .notdef by it.
        self.shaper.glyph_index(char).is_some_and(|glyph| glyph.0 != 0)
    }

    /// The glyphs of `text[range]`, from left to right. All of the range has one direction.
    pub(crate) fn shape(&self, text: &str, range: Range<usize>, leftward: bool) -> Vec<Glyph> {
        let pieces = scripts(text, range).into_iter().map(|piece| self.shape_script(text, piece, leftward));
        if leftward { pieces.rev().flatten().collect() } else { pieces.flatten().collect() }
    }

    fn shape_script(&self, text: &str, range: Range<usize>, leftward: bool) -> Vec<Glyph> {
        let mut buffer = UnicodeBuffer::new();
        // A mark stays a cluster of its own: each glyph then tells just which character it shows.
        buffer.set_cluster_level(BufferClusterLevel::MonotoneCharacters);
        buffer.push_str(&text[range.clone()]);
        buffer.guess_segment_properties();
        buffer.set_direction(if leftward { Direction::RightToLeft } else { Direction::LeftToRight });
        let shaped = rustybuzz::shape(&self.shaper, &[], buffer);

        let infos = shaped.glyph_infos().iter().zip(shaped.glyph_positions());
        let mut glyphs: Vec<Glyph> = infos
            .map(|(info, at)| {
                let start = range.start + info.cluster as usize;
                // Unreachable as long as only printable text comes here; .notdef would make the whole document invalid.
                let missing = info.glyph_id == 0;
                let id = if missing { self.missing() } else { info.glyph_id };
                Glyph {
                    id,
                    advance: (at.x_advance as f32 / self.em).max(0.0),
                    x: (at.x_offset as f32 / self.em).clamp(-2.0, 2.0),
                    y: (at.y_offset as f32 / self.em).clamp(-HIGHEST_MARK, HIGHEST_MARK),
                    bytes: start..start,
                }
            })
            .collect();
        close(&mut glyphs, range.end);
        glyphs
    }

    fn missing(&self) -> u32 {
        self.shaper.glyph_index(MISSING).map_or(1, |glyph| u32::from(glyph.0))
    }
}

/// Ends each glyph's bytes where those of the next one in reading order start.
fn close(glyphs: &mut [Glyph], end: usize) {
    let mut starts: Vec<usize> = glyphs.iter().map(|glyph| glyph.bytes.start).collect();
    starts.sort_unstable();
    starts.dedup();
    for glyph in glyphs {
        let next = starts.partition_point(|start| *start <= glyph.bytes.start);
        glyph.bytes.end = starts.get(next).copied().unwrap_or(end);
    }
}

/// Cuts where the script changes: a shaper knows the rules of one at a time. Spaces and marks go with what precedes them.
fn scripts(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = range.start;
    let mut current = None;
    for (at, char) in text[range.clone()].char_indices() {
        let script = char.script();
        if matches!(script, Script::Common | Script::Inherited | Script::Unknown) {
            continue;
        }
        if current.is_some_and(|current| current != script) {
            pieces.push(start..range.start + at);
            start = range.start + at;
        }
        current = Some(script);
    }
    pieces.push(start..range.end);
    pieces
}
