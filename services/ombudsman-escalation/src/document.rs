//! Decisions and reports as files that people keep, and a decision's signed text held against the office's key.

use kernel::{Language, ResourceId as _};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::document::{DECISION, Line, Words, read, seal_of, words};
use ombudsman_escalation_domain::notice::{self, Acknowledged};
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

/// What was corrected, as the seal of the correction says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCorrection<'a> {
    /// The text.
    pub text: &'a str,
    /// `cases/{case}/decision/corrections/{number}`.
    pub name: String,
    /// SHA-256 of the text it corrects.
    pub corrects: Vec<u8>,
    /// When.
    pub issued: jiff::Timestamp,
}

/// Holds the sealed text of a correction against a public key of Ed25519, 32 bytes; answers what was corrected.
///
/// # Errors
/// [`Broken`].
pub fn verify_correction<'a>(file: &'a str, public_key: &[u8]) -> Result<SealedCorrection<'a>, Broken> {
    let sealed = seal::verify(&notice::CORRECTION, file, public_key)?;
    let told = || -> Result<SealedCorrection<'a>, SealError> {
        Ok(SealedCorrection {
            text: sealed.text,
            name: sealed.fact(0, |text| Some(text.to_owned()))?,
            corrects: sealed.fact(1, seal::unhex)?,
            issued: sealed.fact(2, |text| text.parse().ok())?,
        })
    };
    Ok(told()?)
}

/// Holds the sealed text of an acknowledgement against a public key of Ed25519, 32 bytes; answers the case and when it reached the office.
///
/// # Errors
/// [`Broken`].
pub fn verify_acknowledgement(file: &str, public_key: &[u8]) -> Result<(CaseId, jiff::Timestamp), Broken> {
    let sealed = seal::verify(&notice::ACKNOWLEDGEMENT, file, public_key)?;
    let told = || -> Result<(CaseId, jiff::Timestamp), SealError> {
        Ok((sealed.fact(0, |text| CaseId::parse(text).ok())?, sealed.fact(1, |text| text.parse().ok())?))
    };
    Ok(told()?)
}

/// A text that the office signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held<'a> {
    /// A decision.
    Decision(Sealed<'a>),
    /// A correction of one.
    Correction(SealedCorrection<'a>),
    /// The acknowledgement of a case.
    Acknowledgement {
        /// The case.
        case: CaseId,
        /// When it reached the office.
        filed: jiff::Timestamp,
    },
}

/// Holds whatever the office signs against a public key of Ed25519, 32 bytes; answers what it is.
///
/// # Errors
/// [`Broken`]: of the form that the text has, or unreadable where it has none.
pub fn verify_paper<'a>(file: &'a str, public_key: &[u8]) -> Result<Held<'a>, Broken> {
    match verify(file, public_key).map(Held::Decision) {
        Err(Broken::Unreadable(_)) => {}
        held => return held,
    }
    match verify_correction(file, public_key).map(Held::Correction) {
        Err(Broken::Unreadable(_)) => {}
        held => return held,
    }
    let (case, filed) = verify_acknowledgement(file, public_key)?;
    Ok(Held::Acknowledgement { case, filed })
}

/// The same against each of several keys: what the one that the text names says of it counts.
///
/// # Errors
/// [`Broken`]; [`Broken::OtherKey`] where it names none of them.
pub fn verify_paper_by<'a>(file: &'a str, public_keys: &[Vec<u8>]) -> Result<Held<'a>, Broken> {
    let mut held = public_keys.iter().map(|key| verify_paper(file, key));
    held.find(|held| *held != Err(Broken::OtherKey)).unwrap_or(Err(Broken::OtherKey))
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

/// A text of the office with its seal below, to be made a file of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf<'a> {
    /// Name of the office.
    pub(crate) office: &'a str,
    /// What the file is called, without its ending.
    pub(crate) name: &'a str,
    /// What stands below each page.
    pub(crate) footer: &'a str,
    /// The language of the text.
    pub(crate) language: Language,
    /// When it was issued.
    pub(crate) issued_at: jiff::Timestamp,
    /// The text.
    pub(crate) text: &'a str,
    /// The text with its seal.
    pub(crate) sealed: &'a str,
}

/// Such a text as a file.
pub(crate) fn file(leaf: &Leaf<'_>, format: Format) -> Result<File, PaperError> {
    let name = leaf.name;
    match format {
        Format::Text => {
            Ok(File { name: format!("{name}.txt"), media_type: TEXT, content: leaf.sealed.as_bytes().to_vec() })
        }
        Format::Pdf => Ok(File { name: format!("{name}.pdf"), media_type: PDF, content: pdf(leaf)? }),
    }
}

fn pdf(leaf: &Leaf<'_>) -> Result<Vec<u8>, PaperError> {
    let words: Words = words(leaf.language);
    let (title, lines) = read(leaf.text);
    let mut blocks: Vec<Block<'_>> = lines.iter().map(block).collect();
    // Below the rule, and without it: the statement and the signature.
    let below = leaf.sealed[leaf.text.len()..].trim_start_matches('\n');
    let seal = below.split_once('\n').map_or("", |(_, lines)| lines);
    blocks.extend([Block::Heading(words.seal), Block::Paragraph(words.explained), Block::Verbatim(seal.trim_end())]);
    let inside = format!("{}.txt", leaf.name);
    paper::pdf(&Paper {
        title,
        language: words.language.as_str(),
        issued: leaf.issued_at,
        issuer: leaf.office,
        blocks,
        footer: leaf.footer,
        attached: vec![Attached {
            name: &inside,
            media_type: "text/plain",
            description: words.attached,
            bytes: leaf.sealed.as_bytes(),
        }],
        unprintable: words.unprintable,
    })
}

/// Signs the acknowledgement of a case; answers its text with the seal below.
pub(crate) fn acknowledge(sealer: &Sealer, facts: &Acknowledged<'_>) -> String {
    let text = notice::acknowledgement(facts);
    let (case, hash) = (facts.case, seal::sha256(text.as_bytes()));
    let filed = case.complaint.filed_at_office;
    let seal = notice::seal_of_acknowledgement(case.id, filed, hash, sealer.key_id().to_owned());
    seal.beneath(&text, &sealer.sign(&seal.statement()))
}

/// Signs a correction; answers the hash of its text, and the text with the seal below.
pub(crate) fn correct(sealer: &Sealer, corrected: &notice::Corrected<'_>) -> ([u8; 32], String) {
    let text = corrected.text();
    let hash = seal::sha256(text.as_bytes());
    let seal = corrected.seal(hash, sealer.key_id().to_owned());
    (hash, seal.beneath(&text, &sealer.sign(&seal.statement())))
}

/// The text of a sealed file of this form; `None` where it is none.
pub(crate) fn unsealed<'a>(form: &'static seal::Form, sealed: &'a str) -> Option<&'a str> {
    let read = seal::Sealed::read(form, sealed).ok()?;
    (seal::sha256(read.text.as_bytes()) == read.seal.content_hash).then_some(read.text)
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
