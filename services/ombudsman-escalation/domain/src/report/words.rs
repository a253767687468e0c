//! The words of a report as a document, in Spanish or English. A word that is not known here is shown as it is.

use std::borrow::Cow;

use kernel::Language;

/// The words of a report.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    report: &'static str,
    summary: &'static str,
    /// What the report counts.
    pub basis: &'static str,
    /// What its sums leave out.
    pub sums: &'static str,
    /// Label of the day on which it was counted.
    pub as_of: &'static str,
    /// Label of the rules.
    pub regime: &'static str,
    /// Heading of the criteria.
    pub criteria: &'static str,
    /// Heading of the recommendations.
    pub recommendations: &'static str,
    /// In place of a figure.
    pub withheld: &'static str,
    /// Why figures are withheld.
    pub withheld_because: &'static str,
    /// What the attached file is.
    pub attached: &'static str,
    /// What is said where a character has no glyph.
    pub unprintable: &'static str,
    total: &'static str,
    days: [&'static str; 2],
    tables: &'static [(&'static str, &'static str)],
    keys: &'static [(&'static str, &'static str)],
}

impl Words {
    /// The title.
    pub fn title(&self, year: i32, public: bool) -> String {
        format!("{} {year}", if public { self.summary } else { self.report })
    }

    /// The title of a table, by its word.
    pub fn table<'a>(&'a self, table: &'a str) -> &'a str {
        self.tables.iter().find(|(word, _)| *word == table).map_or(table, |(_, told)| told)
    }

    /// What a line counts, by its word; of `a/b` both are told.
    pub fn key<'a>(&'a self, key: &'a str) -> Cow<'a, str> {
        if key.is_empty() {
            return self.total.into();
        }
        if let Some((one, other)) = key.split_once('/') {
            return format!("{}: {}", self.key(one), self.key(other)).into();
        }
        self.word(key).unwrap_or(key).into()
    }

    /// What a word is called; `None` for slugs and identifiers of the house.
    pub fn word(&self, word: &str) -> Option<&'static str> {
        self.keys.iter().find(|(known, _)| *known == word).map(|(_, told)| *told)
    }

    /// The days to the decision.
    pub fn days(&self, median: i32, p90: i32) -> String {
        format!("{} {median}, {} {p90}", self.days[0], self.days[1])
    }
}

/// The words in this language: English, or Spanish for every other.
pub const fn words(language: Language) -> Words {
    match language {
        Language::En => ENGLISH,
        Language::Es | Language::Ca | Language::Gl | Language::Eu => SPANISH,
    }
}

const ENGLISH: Words = Words {
    report: "Report of the ombudsman to the board,",
    summary: "Public summary of the ombudsman's report,",
    basis: "Cases count in the year in which they reached the office, decisions in the year in which they were issued, by the calendar of Madrid.",
    sums: "The sums of redress are what decisions grant. What was agreed in settlements, and what the firm gave by rectifying, is not in them.",
    as_of: "Where cases stand, and what they came to, as of",
    regime: "Rules",
    criteria: "Criteria of the decisions",
    recommendations: "Recommendations",
    withheld: "withheld",
    withheld_because: "Figures from 1 to 4 are withheld so that nobody can be told from them, and others with them from which they would follow.",
    attached: "Figures of the report",
    unprintable: "Characters shown as □ are whole in the attached file.",
    total: "Total",
    days: ["median days", "nine of ten within"],
    tables: &[
        ("received", "Received, by what became of them"),
        ("refusal_ground", "Refused, by ground"),
        ("motive", "Received, by motive"),
        ("claimed", "Received, by currency of the amount claimed"),
        ("state", "Received, by where they stand"),
        ("outcome", "Decisions, by outcome"),
        ("redress", "Decisions, by currency of the redress"),
        ("term", "Decisions, by the term to decide"),
        ("compliance", "Decisions, by what their cases came to"),
        ("outcome_by_motive", "Decisions, by motive and outcome"),
        ("binding", "Decisions, by effect"),
        ("precedent", "Decisions, by earlier criteria"),
        ("recurrence", "Carried out and owed once more since the cause came again for others, by rules and motive"),
    ],
    keys: &[
        ("pending", "not yet admitted or refused"),
        ("received", "received"),
        ("registered", "registered, admission under examination"),
        ("needs_cure", "to be completed by the claimant"),
        ("archived_uncured", "archived, not completed in time"),
        ("inadmissible_proposed", "refusal proposed"),
        ("inadmissible", "refused"),
        ("entity_allegations", "the firm stated its position"),
        ("investigation", "under investigation"),
        ("drafted", "decision drafted"),
        ("admitted", "admitted"),
        ("refused", "refused"),
        ("withdrawn", "withdrawn"),
        ("rectified", "settled by the firm"),
        ("forwarded_internally", "sent to who is competent"),
        ("stayed", "stayed for other proceedings"),
        ("conciliation", "in conciliation"),
        ("settled", "settled by conciliation"),
        ("own_initiative", "continued by the office itself"),
        ("compliance", "being carried out"),
        ("complied", "carried out"),
        ("overdue", "not carried out in time"),
        ("reported", "not carried out, and reported"),
        ("superseded", "superseded by a review"),
        ("unclassified", "no motive"),
        ("none", "none"),
        ("upheld", "upheld"),
        ("partly_upheld", "upheld in part"),
        ("not_upheld", "not upheld"),
        ("in_term", "in term"),
        ("late", "late"),
        ("unknown", "term not known"),
        ("decided", "decided, not yet notified"),
        ("notified", "notified"),
        ("closed", "closed"),
        ("binding", "binding"),
        ("not_binding", "not binding"),
        ("departs", "departs from an earlier decision"),
        ("follows", "no departure"),
        ("essential_data_missing", "essential data missing"),
        ("other_forum", "before another forum"),
        ("not_concrete_operations", "not about concrete operations"),
        ("repeated", "repeated"),
        ("filing_window_passed", "filed too late"),
        ("time_barred", "time-barred"),
        ("parallel_proceedings", "parallel proceedings"),
        ("no_prior_contact", "the firm was not asked first"),
        ("manifestly_unfounded", "manifestly unfounded"),
        ("vexatious", "vexatious"),
        ("injury_or_crime", "an injury, a death or a crime"),
    ],
};

const SPANISH: Words = Words {
    report: "Informe del defensor de la clientela al consejo,",
    summary: "Resumen público del informe del defensor de la clientela,",
    basis: "Los expedientes cuentan en el año en que llegaron a la oficina y las resoluciones en el año en que se dictaron, según el calendario de Madrid.",
    sums: "Las sumas de resarcimiento son lo que conceden las resoluciones. No incluyen lo acordado en conciliación ni lo que la entidad dio al rectificar.",
    as_of: "Estado y desenlace de los expedientes a fecha de",
    regime: "Régimen",
    criteria: "Criterios de las resoluciones",
    recommendations: "Recomendaciones",
    withheld: "no se publica",
    withheld_because: "Las cifras de 1 a 4 no se publican para que nadie pueda ser reconocido por ellas, ni otras de las que se deducirían.",
    attached: "Cifras del informe",
    unprintable: "Los caracteres que se muestran como □ están completos en el fichero adjunto.",
    total: "Total",
    days: ["mediana de días", "nueve de cada diez en"],
    tables: &[
        ("received", "Recibidas, según su curso"),
        ("refusal_ground", "Inadmitidas, por causa"),
        ("motive", "Recibidas, por motivo"),
        ("claimed", "Recibidas, por moneda de la cantidad reclamada"),
        ("state", "Recibidas, por estado"),
        ("outcome", "Resoluciones, por resultado"),
        ("redress", "Resoluciones, por moneda del resarcimiento"),
        ("term", "Resoluciones, por plazo"),
        ("compliance", "Resoluciones, por desenlace del expediente"),
        ("outcome_by_motive", "Resoluciones, por motivo y resultado"),
        ("binding", "Resoluciones, por efecto"),
        ("precedent", "Resoluciones, por criterio anterior"),
        ("recurrence", "Cumplidas y exigidas de nuevo por repetirse la causa para otros, por régimen y motivo"),
    ],
    keys: &[
        ("pending", "sin admitir ni inadmitir todavía"),
        ("received", "recibidas"),
        ("registered", "registradas, con la admisión en examen"),
        ("needs_cure", "pendientes de subsanar"),
        ("archived_uncured", "archivadas por no subsanarse"),
        ("inadmissible_proposed", "con propuesta de inadmisión"),
        ("inadmissible", "inadmitidas"),
        ("entity_allegations", "con alegaciones de la entidad"),
        ("investigation", "en instrucción"),
        ("drafted", "con borrador de resolución"),
        ("admitted", "admitidas"),
        ("refused", "inadmitidas"),
        ("withdrawn", "desistidas"),
        ("rectified", "rectificadas por la entidad"),
        ("forwarded_internally", "remitidas a quien es competente"),
        ("stayed", "suspendidas por otro procedimiento"),
        ("conciliation", "en conciliación"),
        ("settled", "acordadas en conciliación"),
        ("own_initiative", "seguidas de oficio"),
        ("compliance", "en cumplimiento"),
        ("complied", "cumplidas"),
        ("overdue", "incumplidas en plazo"),
        ("reported", "incumplidas y comunicadas"),
        ("superseded", "sustituidas por una revisión"),
        ("unclassified", "sin motivo"),
        ("none", "ninguna"),
        ("upheld", "estimadas"),
        ("partly_upheld", "estimadas en parte"),
        ("not_upheld", "desestimadas"),
        ("in_term", "en plazo"),
        ("late", "fuera de plazo"),
        ("unknown", "plazo no conocido"),
        ("decided", "resueltas sin notificar"),
        ("notified", "notificadas"),
        ("closed", "cerradas"),
        ("binding", "vinculantes"),
        ("not_binding", "no vinculantes"),
        ("departs", "se aparta de una resolución anterior"),
        ("follows", "sin apartarse"),
        ("essential_data_missing", "faltan datos esenciales"),
        ("other_forum", "ante otra instancia"),
        ("not_concrete_operations", "no se refiere a operaciones concretas"),
        ("repeated", "reiterada"),
        ("filing_window_passed", "presentada fuera de plazo"),
        ("time_barred", "prescrita"),
        ("parallel_proceedings", "procedimientos paralelos"),
        ("no_prior_contact", "sin reclamar antes a la entidad"),
        ("manifestly_unfounded", "manifiestamente infundada"),
        ("vexatious", "vejatoria"),
        ("injury_or_crime", "lesiones, muerte o delito"),
    ],
};
