//! What the office says in the papers of a case in its own words: to both parties, in Spanish or English, with days as people write them. What somebody
//! else said stands in them as it was said.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use kernel::{Channel, Department, Language, ResourceId as _};

use crate::case::{Case, ClaimPoint, Completion, Promise};
use crate::regime::Regime;
use crate::vocabulary::{BoundBy, Parallel, StayClosure};
use crate::{CaseId, term};

/// Something that is said in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worded {
    /// In Spanish.
    pub es: &'static str,
    /// In English.
    pub en: &'static str,
}

impl Worded {
    /// In English, or in Spanish for every other language.
    pub const fn told(self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Es | Language::Ca | Language::Gl | Language::Eu => self.es,
        }
    }
}

/// Why something of the affair could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// Who has it did not answer in time.
    Silent,
    /// Who should have it does not.
    Unknown,
    /// Who has it did not give it.
    Withheld,
    /// Who has it answered with an error.
    Failed,
}

/// What is to be said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phrase<'a> {
    /// What was brought: rules, declaration, dates and points.
    Complaint(&'a Case),
    /// What was sent to complete the complaint, and what of it that changes.
    Completed {
        /// What it changes.
        sent: &'a Completion,
        /// What was sent.
        content: &'a str,
    },
    /// It is heard under other rules than those of the sector it was filed under.
    OtherRules {
        /// The rules.
        heard: &'static Regime,
        /// Those of the sector.
        own: &'static Regime,
    },
    /// The terms of the affair could not be copied.
    NoClocks(Missed),
    /// It was admitted.
    Admitted {
        /// Until when the firm may state its position.
        until: Timestamp,
    },
    /// The investigation was opened.
    InvestigationOpened,
    /// It is proposed to refuse it.
    RefusalProposed {
        /// Where the ground stands.
        article: &'static str,
        /// The reasons.
        reasons: &'a str,
        /// The decided cases it repeats; empty for another ground.
        repeats: &'a [CaseId],
    },
    /// It was refused.
    Refused {
        /// Where the ground stands.
        article: &'static str,
        /// The reasons.
        reasons: &'a str,
        /// Where the claimant may turn.
        signpost: &'a str,
    },
    /// The firm offers something.
    Offered {
        /// What.
        terms: &'a str,
        /// What is left to be done once it is accepted.
        promise: Option<&'a Promise>,
    },
    /// The claimant was told the offer.
    OfferTold(Channel),
    /// The claimant answered the offer.
    OfferAnswered {
        /// Whether they accept it.
        accepted: bool,
        /// What they said.
        statement: &'a str,
    },
    /// The claimant was told the decision.
    DecisionTold(Channel),
    /// A party answered the decision.
    DecisionAnswered {
        /// Which.
        by: BoundBy,
        /// Whether it accepts it.
        accepted: bool,
        /// What it said.
        statement: &'a str,
    },
    /// What had been carried out for the same cause is owed once more.
    CameAgain {
        /// By whom of the firm.
        debtor: &'a Department,
        /// Until when.
        due: Timestamp,
    },
    /// What is ordered for a point.
    Ordered {
        /// The number of the obligation.
        number: usize,
        /// The claim point.
        claim_point: &'a str,
        /// What is to be done.
        remedy: &'a str,
        /// By whom of the firm.
        debtor: &'a Department,
        /// Until when.
        due: Timestamp,
    },
    /// A proof was judged.
    ProofJudged {
        /// The number of the obligation.
        number: u32,
        /// Whether it holds.
        holds: bool,
        /// Why.
        reasons: &'a str,
    },
    /// An obligation was not met in time.
    Overdue {
        /// Its number.
        number: u32,
        /// When its time was over.
        over: Timestamp,
    },
    /// What was not carried out is reported.
    Reported {
        /// The rules, which name to whom.
        regime: &'static Regime,
        /// The report.
        report: &'a str,
    },
    /// This case is reviewed.
    ReviewedBy {
        /// By which.
        review: CaseId,
        /// Why.
        cause: &'a str,
    },
    /// This case reviews another.
    Reviews {
        /// Which.
        case: CaseId,
        /// Why.
        cause: &'a str,
    },
    /// The decision of a review took the place of this case's.
    Superseded {
        /// The review.
        review: CaseId,
    },
    /// A stayed case was closed.
    StayClosed {
        /// Why.
        reason: StayClosure,
        /// How the proceedings ended, or what the claimant said.
        statement: &'a str,
    },
}

impl std::fmt::Debug for Phrase<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[personal]")
    }
}

impl Phrase<'_> {
    /// In English, or in Spanish for every other language.
    pub fn text(self, language: Language) -> String {
        match language {
            Language::En => self.english(),
            Language::Es | Language::Ca | Language::Gl | Language::Eu => self.spanish(),
        }
    }

    fn spanish(self) -> String {
        let said = Language::Es;
        match self {
            Self::Complaint(case) => complaint(case, said),
            Self::Completed { sent, content } => completed(sent, content, said),
            Self::OtherRules { heard, own } => {
                let (heard, own) = (heard.called.es, own.called.es);
                format!("Se tramita por {heard}. El asunto se presentó en un sector al que corresponden {own}.")
            }
            Self::NoClocks(missed) => {
                let why = match missed {
                    Missed::Silent => "no contestó a tiempo",
                    Missed::Unknown => "no los conoce",
                    Missed::Withheld => "no los facilitó",
                    Missed::Failed => "contestó con un error",
                };
                format!("Falta la copia de los plazos del asunto: el servicio que los cuenta {why}.")
            }
            Self::Admitted { until } => {
                format!("Se admite a trámite. La entidad puede exponer su posición {}.", end(until, said))
            }
            Self::InvestigationOpened => "Se abre la investigación.".to_owned(),
            Self::RefusalProposed { article, reasons, repeats } => {
                let mut text = format!("{}: {reasons}", provision(article, said));
                if !repeats.is_empty() {
                    text.push_str(&format!("\nRepite lo ya resuelto en {}.", names(repeats)));
                }
                text
            }
            Self::Refused { article, reasons, signpost } => {
                format!("{}: {reasons}\n{signpost}", provision(article, said))
            }
            Self::Offered { terms, promise: None } => terms.to_owned(),
            Self::Offered { terms, promise: Some(Promise { debtor, days }) } => {
                let days = counted(*days, "día", "días");
                format!("{terms}\n\nLo cumple el departamento «{debtor}», en {days} desde que se acepte.")
            }
            Self::OfferTold(channel) => format!("La oferta se comunicó a la parte reclamante {}.", by(channel, said)),
            Self::OfferAnswered { accepted, statement } => {
                format!("La parte reclamante {} la oferta: {statement}", if accepted { "acepta" } else { "no acepta" })
            }
            Self::DecisionTold(channel) => {
                format!("La resolución se comunicó a la parte reclamante {}.", by(channel, said))
            }
            Self::DecisionAnswered { by, accepted, statement } => {
                let who = match by {
                    BoundBy::Claimant => "La parte reclamante",
                    BoundBy::Firm => "La entidad",
                    BoundBy::Law => "La ley",
                };
                format!("{who} {} la resolución: {statement}", if accepted { "acepta" } else { "no acepta" })
            }
            Self::CameAgain { debtor, due } => format!(
                "Lo que se había cumplido por la misma causa antes de estos hechos no acabó con ella. El departamento «{debtor}» debe comunicar, {}, qué hace para que no se repita.",
                end(due, said)
            ),
            Self::Ordered { number, claim_point, remedy, debtor, due } => format!(
                "Obligación {number}, punto {claim_point}: {remedy}\nLa cumple el departamento «{debtor}», {}.",
                end(due, said)
            ),
            Self::ProofJudged { number, holds, reasons } => {
                let verdict = if holds { "acredita" } else { "no acredita" };
                format!("La prueba aportada {verdict} que la obligación {number} se cumplió: {reasons}")
            }
            Self::Overdue { number, over } => {
                format!("La obligación {number} no se cumplió en su plazo, que terminó {}.", ended(over, said))
            }
            Self::Reported { regime, report } => format!("Se comunica {}.\n\n{report}", regime.reports_to.es),
            Self::ReviewedBy { review, cause } => format!("Lo revisa el expediente {}: {cause}", review.name()),
            Self::Reviews { case, cause } => format!("Revisa el expediente {}: {cause}", case.name()),
            Self::Superseded { review } => {
                format!("La resolución del expediente {} sustituye a la de este.", review.name())
            }
            Self::StayClosed { reason, statement } => {
                let why = match reason {
                    StayClosure::ProceedingsDecided => "el otro procedimiento resolvió el asunto",
                    StayClosure::Withdrawn => "la parte reclamante desistió mientras tanto",
                };
                format!("Se cierra porque {why}: {statement}")
            }
        }
    }

    fn english(self) -> String {
        let said = Language::En;
        match self {
            Self::Complaint(case) => complaint(case, said),
            Self::Completed { sent, content } => completed(sent, content, said),
            Self::OtherRules { heard, own } => {
                let (heard, own) = (heard.called.en, own.called.en);
                format!("It is heard under {heard}. The affair was filed in a sector that goes by {own}.")
            }
            Self::NoClocks(missed) => {
                let why = match missed {
                    Missed::Silent => "did not answer in time",
                    Missed::Unknown => "does not know them",
                    Missed::Withheld => "did not give them",
                    Missed::Failed => "answered with an error",
                };
                format!("The copy of the affair's terms is missing: the service that counts them {why}.")
            }
            Self::Admitted { until } => {
                format!("The case is admitted. The firm may state its position {}.", end(until, said))
            }
            Self::InvestigationOpened => "The investigation is opened.".to_owned(),
            Self::RefusalProposed { article, reasons, repeats } => {
                let mut text = format!("{}: {reasons}", provision(article, said));
                if !repeats.is_empty() {
                    text.push_str(&format!("\nIt repeats what was decided in {}.", names(repeats)));
                }
                text
            }
            Self::Refused { article, reasons, signpost } => {
                format!("{}: {reasons}\n{signpost}", provision(article, said))
            }
            Self::Offered { terms, promise: None } => terms.to_owned(),
            Self::Offered { terms, promise: Some(Promise { debtor, days }) } => {
                let days = counted(*days, "day", "days");
                format!("{terms}\n\nThe department “{debtor}” carries it out within {days} of its acceptance.")
            }
            Self::OfferTold(channel) => format!("The claimant was told the offer {}.", by(channel, said)),
            Self::OfferAnswered { accepted, statement } => {
                let answer = if accepted { "accepts" } else { "does not accept" };
                format!("The claimant {answer} the offer: {statement}")
            }
            Self::DecisionTold(channel) => format!("The claimant was told the decision {}.", by(channel, said)),
            Self::DecisionAnswered { by, accepted, statement } => {
                let who = match by {
                    BoundBy::Claimant => "The claimant",
                    BoundBy::Firm => "The firm",
                    BoundBy::Law => "The law",
                };
                let answer = if accepted { "accepts" } else { "does not accept" };
                format!("{who} {answer} the decision: {statement}")
            }
            Self::CameAgain { debtor, due } => format!(
                "What had been carried out for the same cause before these facts did not end it. The department “{debtor}” has to tell, {}, what it does so that it does not come again.",
                end(due, said)
            ),
            Self::Ordered { number, claim_point, remedy, debtor, due } => format!(
                "Obligation {number}, point {claim_point}: {remedy}\nThe department “{debtor}” carries it out, {}.",
                end(due, said)
            ),
            Self::ProofJudged { number, holds, reasons } => {
                let verdict = if holds { "shows" } else { "does not show" };
                format!("The proof {verdict} that obligation {number} was met: {reasons}")
            }
            Self::Overdue { number, over } => {
                format!("Obligation {number} was not met in its time, which ended {}.", ended(over, said))
            }
            Self::Reported { regime, report } => format!("It is reported to {}.\n\n{report}", regime.reports_to.en),
            Self::ReviewedBy { review, cause } => format!("It is reviewed by {}: {cause}", review.name()),
            Self::Reviews { case, cause } => format!("It reviews {}: {cause}", case.name()),
            Self::Superseded { review } => {
                format!("The decision of {} takes the place of the decision of this case.", review.name())
            }
            Self::StayClosed { reason, statement } => {
                let why = match reason {
                    StayClosure::ProceedingsDecided => "the other proceedings decided the matter",
                    StayClosure::Withdrawn => "the claimant stopped meanwhile",
                };
                format!("It is closed because {why}: {statement}")
            }
        }
    }
}

const RULES: Worded = Worded { es: "Normas por las que se tramita", en: "Heard under" };
const PARALLEL: Worded = Worded { es: "Otros procedimientos sobre lo mismo", en: "Other proceedings about the same" };
const FACTS: Worded = Worded { es: "Fecha de los hechos", en: "Date of the facts" };
const KNOWN: Worded = Worded { es: "Conocidos por quien reclama desde", en: "Known to the claimant since" };
const POINT: Worded = Worded { es: "Punto", en: "Point" };
const UNSAID: Worded = Worded { es: "sin decir", en: "not said" };

fn line(name: Worded, value: &str, said: Language) -> String {
    format!("{}: {value}", name.told(said))
}

fn point(point: &ClaimPoint, said: Language) -> String {
    format!("{} {}: {}", POINT.told(said), point.id, point.text.expose())
}

fn complaint(case: &Case, said: Language) -> String {
    let complaint = &case.complaint;
    let on = |at: Option<Timestamp>| at.map_or_else(|| UNSAID.told(said).to_owned(), |at| day(term::date(at), said));
    let mut lines = vec![
        line(RULES, case.regime.called.told(said), said),
        line(PARALLEL, declared(complaint.parallel, said), said),
        line(FACTS, &on(complaint.facts_at), said),
        line(KNOWN, &on(complaint.known_at), said),
    ];
    lines.extend(complaint.points.iter().map(|one| point(one, said)));
    lines.push(String::new());
    lines.join("\n")
}

/// Nothing that was said before is lost by it: under what was sent stands what it changes.
fn completed(sent: &Completion, content: &str, said: Language) -> String {
    let mut lines = vec![content.to_owned()];
    lines.extend(sent.parallel.map(|parallel| line(PARALLEL, declared(Some(parallel), said), said)));
    lines.extend(sent.facts_at.map(|at| line(FACTS, &day(term::date(at), said), said)));
    lines.extend(sent.known_at.map(|at| line(KNOWN, &day(term::date(at), said), said)));
    lines.extend(sent.points.iter().map(|one| point(one, said)));
    lines.join("\n")
}

const fn declared(parallel: Option<Parallel>, said: Language) -> &'static str {
    let words = match parallel {
        None => Worded { es: "sin declarar", en: "not declared" },
        Some(Parallel::None) => Worded { es: "ninguno", en: "none" },
        Some(Parallel::Pending) => Worded { es: "hay uno pendiente", en: "some are pending" },
        Some(Parallel::Decided) => Worded { es: "hay uno ya resuelto", en: "some have been decided" },
    };
    words.told(said)
}

const fn by(channel: Channel, said: Language) -> &'static str {
    let words = match channel {
        Channel::Phone => Worded { es: "por teléfono", en: "by telephone" },
        Channel::Email => Worded { es: "por correo electrónico", en: "by e-mail" },
        Channel::Web => Worded { es: "en la página web", en: "on the web page" },
        Channel::Chat => Worded { es: "por chat", en: "by chat" },
        Channel::Sms => Worded { es: "por mensaje de texto", en: "by text message" },
        Channel::Post => Worded { es: "por correo postal", en: "by post" },
        Channel::InPerson => Worded { es: "en persona", en: "in person" },
        Channel::Social => Worded { es: "por una red social", en: "by a social network" },
        Channel::Api => Worded { es: "por medios electrónicos", en: "by electronic means" },
    };
    words.told(said)
}

/// Where a ground stands. The names of laws are what they are; what the rules say around them is said in the language.
fn provision(article: &str, said: Language) -> String {
    match said {
        Language::En => article.to_owned(),
        Language::Es | Language::Ca | Language::Gl | Language::Eu => article
            .replace("office rulebook, grounds as in", "Reglamento de la oficina, con las causas de la")
            .replace(", last paragraph", ", último párrafo"),
    }
}

fn names(cases: &[CaseId]) -> String {
    cases.iter().map(|case| case.name()).collect::<Vec<_>>().join(", ")
}

fn counted(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

const MONTHS: [Worded; 12] = [
    Worded { es: "enero", en: "January" },
    Worded { es: "febrero", en: "February" },
    Worded { es: "marzo", en: "March" },
    Worded { es: "abril", en: "April" },
    Worded { es: "mayo", en: "May" },
    Worded { es: "junio", en: "June" },
    Worded { es: "julio", en: "July" },
    Worded { es: "agosto", en: "August" },
    Worded { es: "septiembre", en: "September" },
    Worded { es: "octubre", en: "October" },
    Worded { es: "noviembre", en: "November" },
    Worded { es: "diciembre", en: "December" },
];

/// A day as people write it: `27 de noviembre de 2026`, `27 November 2026`.
fn day(date: Date, said: Language) -> String {
    let month = MONTHS[usize::from(date.month().unsigned_abs()).saturating_sub(1) % 12].told(said);
    match said {
        Language::En => format!("{} {month} {}", date.day(), date.year()),
        Language::Es | Language::Ca | Language::Gl | Language::Eu => {
            format!("{} de {month} de {}", date.day(), date.year())
        }
    }
}

/// The last day of a time that is over at this instant, where the office is, and the hour where it ends within that day.
fn last(over: Timestamp) -> (Date, Option<String>) {
    let (date, time) = (term::date(over), term::time(over));
    match time == Time::midnight() {
        true => (date.yesterday().unwrap_or(date), None),
        false => (date, Some(time.strftime("%H:%M").to_string())),
    }
}

/// Until when, where it is over at this instant.
fn end(over: Timestamp, said: Language) -> String {
    let (date, hour) = last(over);
    let day = day(date, said);
    match (said, hour) {
        (Language::En, None) => format!("until the end of {day}"),
        (Language::En, Some(hour)) => format!("until {hour} on {day}"),
        (_, None) => format!("hasta el {day} incluido"),
        (_, Some(hour)) => format!("hasta las {hour} del {day}"),
    }
}

/// When it ended, where it was over at this instant.
fn ended(over: Timestamp, said: Language) -> String {
    let (date, hour) = last(over);
    let day = day(date, said);
    match (said, hour) {
        (Language::En, None) => format!("with {day}"),
        (Language::En, Some(hour)) => format!("at {hour} on {day}"),
        (_, None) => format!("al acabar el {day}"),
        (_, Some(hour)) => format!("a las {hour} del {day}"),
    }
}
