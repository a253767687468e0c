//! A receipt as a file that a customer keeps.

use kernel::Language;
use paper::{Attached, Block, Paper, PaperError};
use ticketing_domain::{Receipt, Seal, document_words};

/// A file.
pub(crate) struct Document {
    /// What it is called.
    pub file_name: String,
    /// What kind of file it is.
    pub media_type: &'static str,
    /// The file.
    pub content: Vec<u8>,
}

/// As what kind of file a receipt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// PDF/A-3 with the signed text inside.
    Pdf,
    /// The signed text.
    Text,
}

const TEXT: &str = "text/plain; charset=utf-8";
const PDF: &str = "application/pdf";

/// A receipt of this firm, its seal and signature as a file.
pub(crate) fn document(
    firm: &str,
    receipt: &Receipt,
    (seal, signature): &(Seal, Vec<u8>),
    language: Language,
    format: Format,
) -> Result<Document, PaperError> {
    let signed = seal.beneath(receipt.text.expose(), signature);
    match format {
        Format::Text => {
            Ok(Document { file_name: format!("{}.txt", seal.key), media_type: TEXT, content: signed.into_bytes() })
        }
        Format::Pdf => {
            let content = pdf(firm, receipt, seal, (&signed, language))?;
            Ok(Document { file_name: format!("{}.pdf", seal.key), media_type: PDF, content })
        }
    }
}

fn pdf(
    firm: &str,
    receipt: &Receipt,
    seal: &Seal,
    (signed, language): (&str, Language),
) -> Result<Vec<u8>, PaperError> {
    let words = document_words(language);
    let text = receipt.text.expose();
    let (title, body) = text.split_once('\n').unwrap_or((text, ""));
    let mut blocks: Vec<Block<'_>> = body.trim_start_matches('\n').lines().map(line).collect();
    // Below the rule, and without it: the statement and the signature.
    let lines = signed[text.len()..].trim_start_matches('\n').split_once('\n').map_or("", |(_, lines)| lines);
    blocks.extend([Block::Heading(words.seal), Block::Paragraph(words.explained), Block::Verbatim(lines.trim_end())]);
    let (name, footer) = (format!("{}.txt", seal.key), seal.key.to_string());
    paper::pdf(&Paper {
        title,
        language: words.language.as_str(),
        issued: seal.received,
        issuer: firm,
        blocks,
        footer: &footer,
        attached: vec![Attached {
            name: &name,
            media_type: "text/plain",
            description: words.attached,
            bytes: signed.as_bytes(),
        }],
        unprintable: words.unprintable,
    })
}

/// A line of a receipt: what is told of the affair, or, set in, a further line of what the customer wrote.
fn line(text: &str) -> Block<'_> {
    match text.split_once(": ") {
        Some((label, value)) if !text.starts_with(' ') => Block::Field { label, value },
        _ => Block::Paragraph(text),
    }
}
