//! Shorter texts that the office signs: the acknowledgement of a case, and the correction of a decision. In the words of people, in
//! Spanish or English, and set as decisions are.

use jiff::Timestamp;
use kernel::{Language, ResourceId as _};

use crate::case::Case;
use crate::document::{heading, put};
use crate::vocabulary::{DecisionText, Parallel};
use crate::{CaseId, term};

/// The form of an acknowledgement's seal.
pub static ACKNOWLEDGEMENT: seal::Form =
    seal::Form { statement: "ventanilla.ombudsman.acknowledgement.v1", labels: &["case", "filed"] };

/// The form of a correction's seal: it names the hash of what it corrects.
pub static CORRECTION: seal::Form =
    seal::Form { statement: "ventanilla.ombudsman.correction.v1", labels: &["correction", "corrects", "issued"] };

/// Always six digits: one instant has one spelling.
fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

fn clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `cases/{case}/decision/corrections/{number}`.
pub fn correction_name(case: CaseId, number: u32) -> String {
    format!("{}/decision/corrections/{number}", case.name())
}

/// What is signed of an acknowledgement whose text has this hash.
pub fn seal_of_acknowledgement(case: CaseId, filed: Timestamp, content_hash: [u8; 32], key_id: String) -> seal::Seal {
    seal::Seal { form: &ACKNOWLEDGEMENT, facts: vec![case.name(), instant(filed)], content_hash, key_id }
}

/// What an acknowledgement is made of beside the case.
#[derive(Debug, Clone, Copy)]
pub struct Acknowledged<'a> {
    /// Name of the office.
    pub office: &'a str,
    /// The case.
    pub case: &'a Case,
    /// The key by which the claimant follows the affair; `None` where the office was not told it.
    pub key: Option<&'a str>,
    /// The claimant's language.
    pub language: Language,
}

/// The text of an acknowledgement: what was brought, when to the hour, by what it is followed.
pub fn acknowledgement(facts: &Acknowledged<'_>) -> String {
    let (words, case) = (words(facts.language), facts.case);
    let complaint = &case.complaint;
    let mut text = format!("{}\n\n", words.acknowledgement);
    put(&mut text, words.office, facts.office);
    put(&mut text, words.case, &case.id.name());
    if let Some(key) = facts.key {
        put(&mut text, words.key, key);
    }
    put(&mut text, words.regime, case.regime.id);
    put(&mut text, words.filed_at_entity, &term::date(complaint.filed_at_entity).to_string());
    put(&mut text, words.filed_at_office, &clock(complaint.filed_at_office));
    put(&mut text, words.channel, complaint.channel.as_str());
    put(&mut text, words.parallel, words.declared(complaint.parallel));
    for (name, at) in [(words.facts, complaint.facts_at), (words.known, complaint.known_at)] {
        put(&mut text, name, &at.map_or_else(|| words.unsaid.to_owned(), |at| term::date(at).to_string()));
    }
    if let Some(representative) = &complaint.representative {
        put(&mut text, words.representative, representative.name.expose());
    }
    for point in &complaint.points {
        heading(&mut text, &format!("{} {}", words.point, point.id));
        put(&mut text, words.claim, point.text.expose());
    }
    heading(&mut text, words.next);
    put(&mut text, words.once, words.once_told);
    text
}

/// What a correction is made of.
#[derive(Debug, Clone, Copy)]
pub struct Corrected<'a> {
    /// Name of the office.
    pub office: &'a str,
    /// The case.
    pub case: CaseId,
    /// The number of the correction, from 1.
    pub number: u32,
    /// SHA-256 of the signed text that is corrected; of its entry in the dossier, where the decision was not signed.
    pub corrects: [u8; 32],
    /// Which text.
    pub part: DecisionText,
    /// Of which claim point; `None` for the signpost.
    pub claim_point: Option<&'a str>,
    /// What stood there.
    pub stood: &'a str,
    /// What is to stand there.
    pub stands: &'a str,
    /// Why it is a slip.
    pub reason: &'a str,
    /// Who corrected it.
    pub by: &'a str,
    /// When.
    pub at: Timestamp,
    /// The language of the decision.
    pub language: Language,
}

impl Corrected<'_> {
    /// What is signed of it, its text having this hash.
    pub fn seal(&self, content_hash: [u8; 32], key_id: String) -> seal::Seal {
        let facts = vec![correction_name(self.case, self.number), hex(&self.corrects), instant(self.at)];
        seal::Seal { form: &CORRECTION, facts, content_hash, key_id }
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        let words = words(self.language);
        let mut text = format!("{}\n\n", words.correction);
        put(&mut text, words.office, self.office);
        put(&mut text, words.case, &self.case.name());
        put(&mut text, words.number, &self.number.to_string());
        put(&mut text, words.corrects, &hex(&self.corrects));
        put(&mut text, words.issued, &clock(self.at));
        put(&mut text, words.corrected_by, self.by);
        if let Some(point) = self.claim_point {
            put(&mut text, words.point, point);
        }
        put(&mut text, words.part, words.part_of(self.part));
        put(&mut text, words.stood, self.stood);
        put(&mut text, words.stands, self.stands);
        put(&mut text, words.reason, self.reason);
        heading(&mut text, words.next);
        put(&mut text, words.rest, words.rest_told);
        text
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The words of these texts.
struct Words {
    acknowledgement: &'static str,
    correction: &'static str,
    office: &'static str,
    case: &'static str,
    key: &'static str,
    regime: &'static str,
    filed_at_entity: &'static str,
    filed_at_office: &'static str,
    channel: &'static str,
    parallel: &'static str,
    undeclared: &'static str,
    parallels: [&'static str; 3],
    facts: &'static str,
    known: &'static str,
    unsaid: &'static str,
    representative: &'static str,
    point: &'static str,
    claim: &'static str,
    next: &'static str,
    once: &'static str,
    once_told: &'static str,
    number: &'static str,
    corrects: &'static str,
    issued: &'static str,
    corrected_by: &'static str,
    part: &'static str,
    parts: [&'static str; 4],
    stood: &'static str,
    stands: &'static str,
    reason: &'static str,
    rest: &'static str,
    rest_told: &'static str,
}

impl Words {
    const fn declared(&self, parallel: Option<Parallel>) -> &'static str {
        match parallel {
            None => self.undeclared,
            Some(Parallel::None) => self.parallels[0],
            Some(Parallel::Pending) => self.parallels[1],
            Some(Parallel::Decided) => self.parallels[2],
        }
    }

    const fn part_of(&self, part: DecisionText) -> &'static str {
        match part {
            DecisionText::Finding => self.parts[0],
            DecisionText::Reason => self.parts[1],
            DecisionText::Remedy => self.parts[2],
            DecisionText::Signpost => self.parts[3],
        }
    }
}

/// English, or Spanish for every other language.
const fn words(language: Language) -> Words {
    match language {
        Language::En => Words {
            acknowledgement: "Acknowledgement of a complaint",
            correction: "Correction of a decision of the ombudsman",
            office: "Office",
            case: "Case",
            key: "Key to follow it",
            regime: "Rules",
            filed_at_entity: "Presented to the firm",
            filed_at_office: "Received by the office",
            channel: "Channel",
            parallel: "Other proceedings",
            undeclared: "not declared yet",
            parallels: ["none", "pending", "decided"],
            facts: "Date of the facts",
            known: "Known to the claimant since",
            unsaid: "not said",
            representative: "Represented by",
            point: "Point",
            claim: "Claim",
            next: "What you need to know",
            once: "Only once",
            once_told: "You need not bring this complaint again to anybody of the firm.",
            number: "Number of the correction",
            corrects: "Corrects the text with the SHA-256",
            issued: "Issued",
            corrected_by: "Corrected by",
            part: "Text",
            parts: ["what was found", "why", "what follows", "where to turn"],
            stood: "Where it says",
            stands: "It is to say",
            reason: "Why it is a slip",
            rest: "The rest",
            rest_told: "Everything else in the decision stays as it was issued.",
        },
        Language::Es | Language::Ca | Language::Gl | Language::Eu => Words {
            acknowledgement: "Acuse de recibo de una reclamación",
            correction: "Corrección de una resolución del defensor de la clientela",
            office: "Oficina",
            case: "Expediente",
            key: "Clave para seguirla",
            regime: "Régimen",
            filed_at_entity: "Presentada a la entidad",
            filed_at_office: "Recibida en la oficina",
            channel: "Canal",
            parallel: "Otros procedimientos",
            undeclared: "sin declarar todavía",
            parallels: ["ninguno", "pendiente", "decidido"],
            facts: "Fecha de los hechos",
            known: "Conocidos desde",
            unsaid: "sin decir",
            representative: "Representante",
            point: "Punto",
            claim: "Lo que se reclama",
            next: "Lo que conviene saber",
            once: "Una sola vez",
            once_told: "No tiene que volver a presentar esta reclamación ante nadie de la entidad.",
            number: "Número de la corrección",
            corrects: "Corrige el texto con el SHA-256",
            issued: "Dictada",
            corrected_by: "Corrige",
            part: "Texto",
            parts: ["hechos probados", "por qué", "lo que procede", "adónde acudir"],
            stood: "Donde dice",
            stands: "Debe decir",
            reason: "Por qué es un error de pluma",
            rest: "Lo demás",
            rest_told: "Todo lo demás de la resolución queda como se dictó.",
        },
    }
}
