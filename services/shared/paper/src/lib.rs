//! Documents for people: a PDF that a customer keeps and a judge may read.
//!
//! [`pdf`] is a function of its argument alone: no clock, no file, no chance; the same [`Paper`] gives the same bytes.
//! What it writes is PDF/A-3a (an archive may keep it) and PDF/UA-1 (a screen reader may read it) at once: every font is
//! embedded, every line is tagged, and the attached files travel inside.
//!
//! ```text
//! Paper -> compose: blocks become lines on sheets -> write: sheets become a tagged PDF
//!            text: what may be printed   face: glyphs and their widths   line: where a line ends
//! ```
//!
//! What words a document has is the caller's business; no sentence in any language stands here.

mod compose;
mod face;
mod line;
mod sheet;
mod text;
mod write;

use thiserror::Error;

/// A document as its author thinks of it: what it says, in order, and what it carries.
#[derive(Clone, Debug)]
pub struct Paper<'a> {
    /// Printed large at the top and small above every later page; the name under which a reader lists the document.
    ///
    /// A blank title leaves the name to [`Paper::issuer`].
    pub title: &'a str,
    /// The language of every word in it as a BCP 47 tag, such as `es`; a screen reader chooses its voice by it.
    pub language: &'a str,
    /// When it was issued. Stands in the properties of the document and of its attachments, not on the page: a moment that
    /// people should read is a [`Block::Field`] in their own calendar.
    pub issued: jiff::Timestamp,
    /// Who issued it; printed above the title.
    pub issuer: &'a str,
    /// What it says.
    pub blocks: Vec<Block<'a>>,
    /// Printed at the foot of every page beside `1 / 3`. One that is longer than four lines is cut there and printed in
    /// full at the end.
    pub footer: &'a str,
    /// Files inside the document, by names that differ.
    pub attached: Vec<Attached<'a>>,
    /// A sentence printed once at the end if a character had no glyph, such as `Characters shown as □ are complete in the
    /// attached file.`
    pub unprintable: &'a str,
}

/// A piece of a document.
///
/// Line breaks and tabs are kept and a line that is too long is broken where Unicode allows it, else anywhere. Control
/// characters, and invisible ones that could make a text look like another (bidirectional overrides, tags, joiners without
/// a glyph), are dropped. A character without a glyph is shown as `□`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block<'a> {
    /// The title of what follows.
    Heading(&'a str),
    /// A name and what it stands for, side by side; several in a row form a list.
    Field {
        /// The name, in bold.
        label: &'a str,
        /// What it stands for.
        value: &'a str,
    },
    /// Running text.
    Paragraph(&'a str),
    /// Text in which each character counts, such as a hash or a signature: monospaced, and broken anywhere.
    Verbatim(&'a str),
}

/// A file that travels inside the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attached<'a> {
    /// The name under which a reader saves it.
    pub name: &'a str,
    /// Its media type without parameters, such as `application/json`.
    pub media_type: &'a str,
    /// What it is, for a person.
    pub description: &'a str,
    /// The file itself, byte for byte.
    pub bytes: &'a [u8],
}

/// Why there is no document. No text that is printed can cause one of these.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PaperError {
    /// [`Paper::language`] is not shaped like a BCP 47 tag.
    #[error("not a language tag: {0:?}")]
    Language(String),
    /// The media type of the attachment of that name is not `type/subtype`.
    #[error("the media type of {0:?} is not type/subtype")]
    MediaType(String),
    /// An attachment has no name or no description, or one of more than 500 characters, or a control character in it.
    #[error("the name or description of {0:?} is blank, too long or has control characters")]
    Label(String),
    /// Two attachments have that name.
    #[error("two attachments are called {0:?}")]
    SameName(String),
    /// The writer found that the result would not be what it claims to be.
    #[error("the document does not conform to PDF/A-3a and PDF/UA-1: {0}")]
    Conformance(String),
}

/// Renders the document.
///
/// # Errors
///
/// If the language or an attachment is named in a way that no conforming document can hold; see [`PaperError`].
pub fn pdf(paper: &Paper<'_>) -> Result<Vec<u8>, PaperError> {
    write::write(paper, compose::compose(paper))
}
