//! Decisions and reports as files that people keep, and a decision's signed text held against the office's key.

use kernel::{Language, ResourceId as _};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::document::{DECISION, Line, Words, read, seal_of, words};
use ombudsman_escalation_domain::vocabulary::Outcome;
use paper::{Attached, Block, Paper, PaperError};
pub use seal::Broken;
use seal::{SealError, Sealer};

use crate::store::decision::{Issued, Signed};

/// As what kind of file a document is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// PDF/A-3 with what it is made of inside.
    Pdf,
    /// Plain text.
    Text,
}

/// A file.
pub(crate) struct File {
    /// What it is called.
    pub(crate) name: String,
    /// What kind of file it is.
    pub(crate) media_type: &'static str,
    /// The file.
    pub(crate) content: Vec<u8>,
}

pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const PDF: &str = "application/pdf";

/// What was decided, as its seal says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed<'a> {
    /// The text.
    pub text: &'a str,
    /// The case.
    pub case: CaseId,
    /// When it was decided.
    pub issued: jiff::Timestamp,
    /// How it went.
    pub outcome: Outcome,
}

/// Holds the sealed text of a decision against a public key of Ed25519, 32 bytes; answers what was decided.
///
/// # Errors
/// [`Broken`].
pub fn verify<'a>(file: &'a str, public_key: &[u8]) -> Result<Sealed<'a>, Broken> {
    let sealed = seal::verify(&DECISION, file, public_key)?;
    let case = |text: &str| text.strip_suffix("/decision").and_then(|name| CaseId::parse(name).ok());
    let told = || -> Result<Sealed<'a>, SealError> {
        Ok(Sealed {
            text: sealed.text,
            case: sealed.fact(0, case)?,
            issued: sealed.fact(1, |text| text.parse().ok())?,
            outcome: sealed.fact(2, |text| text.parse().ok())?,
        })
    };
    Ok(told()?)
}

/// Signs the text of a decision; answers how, and the text with its seal below.
pub(crate) fn sign(sealer: &Sealer, issued: &Issued, text: &str) -> (Signed, String) {
    let (hash, key_id) = (seal::sha256(text.as_bytes()), sealer.key_id().to_owned());
    let seal = seal_of(issued.case, issued.issued_at, issued.outcome, hash, key_id.clone());
    let signature = sealer.sign(&seal.statement());
    let sealed = seal.beneath(text, &signature);
    (Signed { hash, key_id, signature }, sealed)
}

/// The text of a decision with its seal below; `None` where it was not signed, or is not the text that was.
pub(crate) fn sealed(issued: &Issued, text: &str) -> Option<String> {
    let signed = issued.signed.as_ref().filter(|signed| seal::sha256(text.as_bytes()) == signed.hash)?;
    let seal = seal_of(issued.case, issued.issued_at, issued.outcome, signed.hash, signed.key_id.clone());
    Some(seal.beneath(text, &signed.signature))
}

/// A decision as a file, from its text with the seal below.
pub(crate) fn decision(
    office: &str,
    issued: &Issued,
    text: &str,
    sealed: &str,
    format: Format,
) -> Result<File, PaperError> {
    let name = format!("decision-{}", issued.case.uuid());
    match format {
        Format::Text => Ok(File { name: format!("{name}.txt"), media_type: TEXT, content: sealed.as_bytes().to_vec() }),
        Format::Pdf => {
            let content = pdf(office, issued, (text, sealed), &name)?;
            Ok(File { name: format!("{name}.pdf"), media_type: PDF, content })
        }
    }
}

fn pdf(office: &str, issued: &Issued, (text, sealed): (&str, &str), name: &str) -> Result<Vec<u8>, PaperError> {
    let words: Words = words(issued.language);
    let (title, lines) = read(text);
    let mut blocks: Vec<Block<'_>> = lines.iter().map(block).collect();
    // Below the rule, and without it: the statement and the signature.
    let seal = sealed[text.len()..].trim_start_matches('\n').split_once('\n').map_or("", |(_, lines)| lines);
    blocks.extend([Block::Heading(words.seal), Block::Paragraph(words.explained), Block::Verbatim(seal.trim_end())]);
    let (inside, footer) = (format!("{name}.txt"), issued.case.name());
    paper::pdf(&Paper {
        title,
        language: words.language.as_str(),
        issued: issued.issued_at,
        issuer: office,
        blocks,
        footer: &footer,
        attached: vec![Attached {
            name: &inside,
            media_type: "text/plain",
            description: words.attached,
            bytes: sealed.as_bytes(),
        }],
        unprintable: words.unprintable,
    })
}

fn block<'a>(line: &Line<'a>) -> Block<'a> {
    match *line {
        Line::Heading(text) => Block::Heading(text),
        Line::Field(label, value) => Block::Field { label, value },
        Line::More(text) => Block::Paragraph(text),
    }
}

/// The language in which a document of the office is: English, or Spanish for every other.
pub(crate) const fn own_language(language: Language) -> Language {
    words(language).language
}
