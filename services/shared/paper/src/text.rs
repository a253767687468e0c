//! What of a text may be printed, before any glyph is chosen.

use crate::face::Face;

/// Shown for a character that the font does not have. Every face has it.
pub(crate) const MISSING: char = '\u{25A1}';
/// A title in the properties and the outline; PDF/A allows 32,767 bytes, people read less.
const LONGEST_NAME: usize = 200;

/// A text of which every character has a glyph in one face, but for line feeds and tabs.
#[derive(Debug)]
pub(crate) struct Printable {
    pub(crate) text: String,
    /// Whether a character was replaced by [`MISSING`].
    pub(crate) lossy: bool,
}

impl Printable {
    pub(crate) fn new(text: &str, face: &Face) -> Self {
        let mut printable = Self { text: String::with_capacity(text.len()), lossy: false };
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            match char {
                '\t' | '\n' => printable.text.push(char),
                '\r' => {
                    chars.next_if_eq(&'\n');
                    printable.text.push('\n');
                }
                '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => printable.text.push('\n'),
                _ if char.is_control() || deceives(char) => {}
                _ if joins(char) && !face.has(char) => {}
                _ if !private(char) && face.has(char) => printable.text.push(char),
                _ => {
                    printable.text.push(MISSING);
                    printable.lossy = true;
                }
            }
        }
        printable
    }
}

/// A text on one line as a reader lists it in properties and outlines, where no font limits it; `None` if it is blank.
pub(crate) fn name(text: &str) -> Option<String> {
    let words = text.split(|char: char| char.is_whitespace() || char.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    // U+FFFE and U+FFFF are no XML, and the properties are written as XML.
    let mut chars = line.chars().filter(|char| !deceives(*char) && !matches!(char, '\u{FFFE}' | '\u{FFFF}'));
    let mut name: String = chars.by_ref().take(LONGEST_NAME).collect();
    if chars.next().is_some() {
        name.push('…');
    }
    let visible = name.chars().any(|char| !char.is_whitespace() && !joins(char));
    visible.then_some(name)
}

/// Invisible, and able to make a text look like another one.
fn deceives(char: char) -> bool {
    matches!(
        char,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200E}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2061}'..='\u{206F}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// Invisible, but shapes or separates what stands beside it.
fn joins(char: char) -> bool {
    matches!(char, '\u{200B}'..='\u{200D}' | '\u{2060}')
}

/// Without a meaning that two readers share; PDF/A-3a refuses them.
fn private(char: char) -> bool {
    matches!(char, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}
