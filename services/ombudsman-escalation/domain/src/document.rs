//! A decision as the text that is signed: all that was decided, in the words of people, in Spanish or English.
//!
//! What somebody wrote is set in below its label, so that no line of it can pass for one of the document's own.

use jiff::Timestamp;
use kernel::{Language, ResourceId as _};

use crate::case::ClaimPoint;
use crate::decision::Answer;
use crate::matter::Amount;
use crate::precedent::Weighed;
use crate::vocabulary::Outcome;
use crate::{CaseId, term};

/// The form of a decision's seal.
pub static DECISION: seal::Form =
    seal::Form { statement: "ventanilla.ombudsman.decision.v1", labels: &["decision", "issued", "outcome"] };

/// Begins a line that goes on what stands above it.
const SET_IN: &str = "    ";
const HEADING: &str = "## ";

/// What a document is made of.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Name of the office.
    pub office: &'a str,
    /// The case.
    pub case: CaseId,
    /// Rules it was heard under.
    pub regime: &'a str,
    /// First presentation to the firm.
    pub filed_at_entity: Timestamp,
    /// When it reached the office.
    pub filed_at_office: Timestamp,
    /// What was claimed.
    pub points: &'a [ClaimPoint],
    /// How each point went.
    pub answers: &'a [Answer],
    /// What was made of earlier decisions.
    pub precedents: &'a [Weighed],
    /// How it went as a whole.
    pub outcome: Outcome,
    /// Whether it binds the firm.
    pub binding: bool,
    /// Where that stands.
    pub binding_article: &'a str,
    /// What the firm is to pay in all.
    pub redress: Option<&'a Amount>,
    /// Where the claimant may turn next.
    pub signpost: &'a str,
    /// Who decided.
    pub issued_by: &'a str,
    /// When.
    pub issued_at: Timestamp,
    /// Language it is written in.
    pub language: Language,
}

/// What is signed of a decision whose text has this hash.
pub fn seal_of(
    case: CaseId,
    issued_at: Timestamp,
    outcome: Outcome,
    content_hash: [u8; 32],
    key_id: String,
) -> seal::Seal {
    // Always six digits: one instant has one spelling.
    let issued = issued_at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
    let facts = vec![format!("{}/decision", case.name()), issued, outcome.to_string()];
    seal::Seal { form: &DECISION, facts, content_hash, key_id }
}

/// The text that is signed.
pub fn text(facts: &Facts<'_>) -> String {
    let words = words(facts.language);
    let mut text = format!("{}\n\n", words.title);
    let mut field = |label: &str, value: &str| put(&mut text, label, value);
    field(words.office, facts.office);
    field(words.case, &facts.case.name());
    field(words.regime, facts.regime);
    field(words.filed_at_entity, &term::date(facts.filed_at_entity).to_string());
    field(words.filed_at_office, &term::date(facts.filed_at_office).to_string());
    field(words.issued, &facts.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    field(words.issued_by, facts.issued_by);
    field(words.outcome, words.of(facts.outcome));
    let binding = if facts.binding { words.binding } else { words.not_binding };
    field(words.binds, &format!("{binding} ({})", facts.binding_article));
    if let Some(redress) = facts.redress {
        field(words.redress, &money(redress));
    }
    for answer in facts.answers {
        point(&mut text, facts, &words, answer);
    }
    heading(&mut text, words.next);
    put(&mut text, words.signpost, facts.signpost);
    text
}

fn point(text: &mut String, facts: &Facts<'_>, words: &Words, answer: &Answer) {
    heading(text, &format!("{} {}", words.point, answer.claim_point));
    let claim = facts.points.iter().find(|point| point.id == answer.claim_point);
    if let Some(claim) = claim {
        put(text, words.claim, claim.text.expose());
    }
    put(text, words.outcome, words.of(answer.outcome));
    put(text, words.finding, answer.finding.expose());
    put(text, words.reason, answer.reason.expose());
    put(text, words.remedy, answer.remedy.expose());
    if let Some(redress) = &answer.redress {
        put(text, words.redress, &money(redress));
    }
    for weighed in facts.precedents.iter().filter(|weighed| weighed.claim_point == answer.claim_point) {
        let found = &weighed.found;
        let told = format!(
            "{}, {} {}, {} ({:.0} %)",
            found.name(),
            words.decided_on,
            term::date(found.issued_at),
            words.of(found.outcome),
            found.similarity * 100.0
        );
        put(text, words.precedent, &told);
        if let Some(departure) = &weighed.departure {
            put(text, words.departure, departure.expose());
        }
    }
}

pub(crate) fn heading(text: &mut String, title: &str) {
    text.push_str(&format!("\n{HEADING}{}\n\n", lines(title).collect::<Vec<_>>().join(" ")));
}

pub(crate) fn put(text: &mut String, label: &str, value: &str) {
    let mut lines = lines(value);
    text.push_str(&format!("{label}: {}\n", lines.next().unwrap_or_default()));
    for line in lines {
        text.push_str(&format!("{SET_IN}{line}\n"));
    }
}

/// The lines of what somebody wrote, whatever they broke them with.
fn lines(value: &str) -> impl Iterator<Item = &str> {
    value.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']).filter(|line| !line.trim().is_empty())
}

/// An amount as people read it, with the decimals of its currency.
pub fn money(amount: &Amount) -> String {
    let decimals = amount.decimals();
    let unit = 10_i64.pow(decimals);
    let (whole, part, places) = (amount.minor() / unit, amount.minor() % unit, decimals as usize);
    match decimals {
        0 => format!("{whole} {}", amount.currency()),
        _ => format!("{whole}.{part:0places$} {}", amount.currency()),
    }
}

/// A line of a document, read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// The title of what follows.
    Heading(&'a str),
    /// A label and the first line of what stands for it.
    Field(&'a str, &'a str),
    /// What goes on the line above.
    More(&'a str),
}

/// The title of a document and its lines.
pub fn read(text: &str) -> (&str, Vec<Line<'_>>) {
    let (title, body) = text.split_once('\n').unwrap_or((text, ""));
    let line = |text| match text {
        text if str::starts_with(text, SET_IN) => Line::More(text.trim_start()),
        text => match text.strip_prefix(HEADING) {
            Some(heading) => Line::Heading(heading),
            None => text.split_once(": ").map_or(Line::More(text), |(label, value)| Line::Field(label, value)),
        },
    };
    (title, body.lines().filter(|line| !line.is_empty()).map(line).collect())
}

/// The words of a document.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// Language of these words, which need not be the one of the decision.
    pub language: Language,
    title: &'static str,
    office: &'static str,
    case: &'static str,
    regime: &'static str,
    filed_at_entity: &'static str,
    filed_at_office: &'static str,
    issued: &'static str,
    issued_by: &'static str,
    outcome: &'static str,
    binds: &'static str,
    binding: &'static str,
    not_binding: &'static str,
    redress: &'static str,
    point: &'static str,
    claim: &'static str,
    finding: &'static str,
    reason: &'static str,
    remedy: &'static str,
    precedent: &'static str,
    decided_on: &'static str,
    departure: &'static str,
    next: &'static str,
    signpost: &'static str,
    outcomes: [&'static str; 3],
    /// Heading of the seal.
    pub seal: &'static str,
    /// What the seal proves.
    pub explained: &'static str,
    /// What the attached text is.
    pub attached: &'static str,
    /// What is said where a character has no glyph.
    pub unprintable: &'static str,
}

impl Words {
    const fn of(&self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Upheld => self.outcomes[0],
            Outcome::PartlyUpheld => self.outcomes[1],
            Outcome::NotUpheld => self.outcomes[2],
        }
    }
}

/// The words of a document in this language: English, or Spanish for every other.
pub const fn words(language: Language) -> Words {
    match language {
        Language::En => Words {
            language: Language::En,
            title: "Decision of the ombudsman",
            office: "Office",
            case: "Case",
            regime: "Rules",
            filed_at_entity: "Presented to the firm",
            filed_at_office: "Presented to the office",
            issued: "Issued",
            issued_by: "Decided by",
            outcome: "Outcome",
            binds: "Effect",
            binding: "binds the firm",
            not_binding: "does not bind the firm",
            redress: "The firm is to pay",
            point: "Point",
            claim: "Claim",
            finding: "What was found",
            reason: "Why",
            remedy: "What follows",
            precedent: "Earlier decision",
            decided_on: "of",
            departure: "Why this case goes another way",
            next: "What you can do now",
            signpost: "Where to turn",
            outcomes: ["upheld", "upheld in part", "not upheld"],
            seal: "Seal",
            explained: "These lines prove that the office decided the above at that date and hour. The signed text is attached to this file; \
                        whoever has our public key can check it without asking us. Keep this document: it is your proof.",
            attached: "Signed text of the decision",
            unprintable: "Characters shown as □ are whole in the attached text.",
        },
        Language::Es | Language::Ca | Language::Gl | Language::Eu => Words {
            language: Language::Es,
            title: "Resolución del defensor de la clientela",
            office: "Oficina",
            case: "Expediente",
            regime: "Régimen",
            filed_at_entity: "Presentada a la entidad",
            filed_at_office: "Presentada a la oficina",
            issued: "Dictada",
            issued_by: "Resuelve",
            outcome: "Resultado",
            binds: "Efecto",
            binding: "vincula a la entidad",
            not_binding: "no vincula a la entidad",
            redress: "La entidad debe pagar",
            point: "Punto",
            claim: "Lo que se reclama",
            finding: "Hechos probados",
            reason: "Por qué",
            remedy: "Lo que procede",
            precedent: "Resolución anterior",
            decided_on: "de",
            departure: "Por qué este caso se resuelve de otro modo",
            next: "Qué puede hacer ahora",
            signpost: "Adónde acudir",
            outcomes: ["estimada", "estimada en parte", "desestimada"],
            seal: "Sello",
            explained: "Estas líneas prueban que la oficina resolvió lo que consta arriba en esa fecha y hora. El texto firmado va adjunto a \
                        este fichero; quien tenga nuestra clave pública puede comprobarlo sin preguntarnos. Conserve este documento: es su \
                        prueba.",
            attached: "Texto firmado de la resolución",
            unprintable: "Los caracteres que se muestran como □ están completos en el texto adjunto.",
        },
    }
}
