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
        self.keys.iter().find(|(word, _)| *word == key).map_or(key, |(_, told)| told).into()
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
        ("compliance", "Decisions, by where their cases stand"),
        ("outcome_by_motive", "Decisions, by motive and outcome"),
        ("binding", "Decisions, by effect"),
        ("precedent", "Decisions, by earlier criteria"),
    ],
    keys: &[
        ("pending", "not yet admitted or refused"),
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
    ],
};

const SPANISH: Words = Words {
    report: "Informe del defensor de la clientela al consejo,",
    summary: "Resumen público del informe del defensor de la clientela,",
    basis: "Los expedientes cuentan en el año en que llegaron a la oficina y las resoluciones en el año en que se dictaron, según el calendario de Madrid.",
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
        ("compliance", "Resoluciones, por estado del expediente"),
        ("outcome_by_motive", "Resoluciones, por motivo y resultado"),
        ("binding", "Resoluciones, por efecto"),
        ("precedent", "Resoluciones, por criterio anterior"),
    ],
    keys: &[
        ("pending", "sin admitir ni inadmitir todavía"),
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
    ],
};
