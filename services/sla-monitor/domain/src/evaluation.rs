//! The yearly evaluation of the quality of service (Ley 10/2025, arts. 21 and 22) as a text that people read and keep: every figure with what it is counted of, how far it
//! may be from the truth, and where in the ledger an auditor finds what it rests on.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::board::{Dimension, Told};
use crate::fairness::{self, FairService, Verdict};
use crate::figures::{Figure, Parameter};

/// A language the evaluation is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Spanish.
    Spanish,
    /// English.
    English,
}

impl Language {
    const fn of<'a>(self, spanish: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Spanish => spanish,
            Self::English => english,
        }
    }
}

/// What an evaluation tells.
#[derive(Debug, Clone)]
pub struct Evaluation<'a> {
    /// What the firm is called.
    pub firm: &'a str,
    /// The year.
    pub year: i16,
    /// Which evaluation of it, from 1: a later one corrects those before.
    pub version: i32,
    /// When the figures were counted.
    pub counted: Timestamp,
    /// The zone its days are of.
    pub zone: &'a TimeZone,
    /// How many entries the ledger had, and the hash of the last.
    pub ledger: (i64, &'a str),
    /// The parameters that law asks for, in order.
    pub parameters: Vec<&'a Parameter>,
    /// Abandoned calls that counted as not answered, those that were left out, and calls that the house hung up.
    pub calls: [u64; 3],
    /// The lines of the board of the year.
    pub lines: &'a [Told],
    /// The comparison of groups.
    pub fairness: &'a FairService,
}

/// The evaluation as a text: the first line is its title, then paragraphs; `# ` begins a heading, and `label: value` is a figure.
pub fn text(evaluation: &Evaluation<'_>, language: Language) -> String {
    let Evaluation { firm, year, version, counted, zone, ledger, .. } = evaluation;
    let l = language;
    let mut text = Text { lines: Vec::new(), language };
    text.line(format!(
        "{} {year}",
        l.of(
            "Evaluación anual de la calidad del servicio de atención a la clientela,",
            "Yearly evaluation of the quality of the customer service,"
        )
    ));
    text.field(l.of("Empresa", "Company"), firm);
    text.field(
        l.of("Periodo", "Period"),
        &l.of("del 1 de enero al 31 de diciembre de {}", "1 January to 31 December {}")
            .replace("{}", &year.to_string()),
    );
    text.field(l.of("Versión", "Version"), &version.to_string());
    let local = counted.to_zoned((*zone).clone());
    text.field(l.of("Contado el", "Counted at"), &local.strftime("%Y-%m-%d %H:%M:%S %:z").to_string());
    text.field(l.of("Asientos del libro mayor", "Entries of the ledger"), &ledger.0.to_string());
    text.field(l.of("Huella del último", "Hash of the last"), ledger.1);
    text.line(
        l.of(
            "Documento de los artículos 21 y 22 de la Ley 10/2025. Cada cifra cuenta todos los casos, salvo que diga otra cosa, y los parámetros de la ley se pueden volver a calcular a \
             partir de los asientos indicados del libro mayor; el error es el mayor alejamiento de la verdad con una confianza del 95 %, y la ley admite el 5 %.",
            "Document of articles 21 and 22 of Ley 10/2025. Each figure counts all there are unless it says otherwise, and the parameters of the law can be calculated again from the \
             entries of the ledger that are named; the error is how \
             far it may be from the truth with a confidence of 95 %, and the law admits 5 %.",
        )
        .to_owned(),
    );
    text.heading(l.of("Parámetros de la ley", "Parameters of the law"));
    for parameter in &evaluation.parameters {
        text.parameter(parameter);
    }
    let [abandoned, apart, hung_up] = evaluation.calls;
    text.field(
        l.of("Llamadas abandonadas que cuentan como no atendidas", "Abandoned calls that count as not answered"),
        &text.count(abandoned),
    );
    text.field(l.of("Llamadas abandonadas que no cuentan", "Abandoned calls that do not count"), &text.count(apart));
    text.field(l.of("Llamadas que colgó la empresa", "Calls that the house hung up"), &text.count(hung_up));
    for (dimension, spanish, english) in [
        (Dimension::Total, "Plazos, todos", "Terms, all"),
        (Dimension::Kind, "Plazos, por su origen", "Terms, by what owes them"),
        (Dimension::Stage, "Plazos, por trámite", "Terms, by step"),
        (Dimension::SubjectType, "Plazos, por tipo de asunto", "Terms, by type of affair"),
        (Dimension::Department, "Plazos, por departamento", "Terms, by department"),
        (Dimension::Channel, "Plazos, por canal", "Terms, by channel"),
        (Dimension::Segment, "Plazos, por segmento de la clientela", "Terms, by segment of customers"),
        (Dimension::Month, "Plazos, por mes", "Terms, by month"),
        (Dimension::Outcome, "Promesas a la clientela, por cómo acabaron", "Promises to customers, by how they ended"),
    ] {
        let mut lines = evaluation.lines.iter().filter(|told| told.line.dimension == dimension).peekable();
        if lines.peek().is_some() {
            text.heading(l.of(spanish, english));
        }
        for told in lines {
            text.told(told);
        }
    }
    text.fairness(evaluation.fairness);
    text.heading(l.of("Cómo se cuentan los plazos", "How terms are counted"));
    text.line(
        l.of(
            "Los tiempos van desde donde parte la primera cuenta hasta el cumplimiento, sobre todos los plazos cumplidos y por el reloj de pared: también lo que no cuenta, como el turno del \
             cliente. Un plazo que vuelve a contar, como el de palabra a palabra, tiene un solo tiempo, de su primer inicio a su último fin, y un solo veredicto: con una de sus cuentas \
             incumplida no está a tiempo.",
            "Times run from where the first run counts from to the fulfilment, over all terms that were met and by the wall clock: with what does not count in them, such as the customer's \
             turn. A term that counts again, as from word to word, has one time, from its first start to its last end, and one verdict: with one of its runs missed it is not in time.",
        )
        .to_owned(),
    );
    text.heading(l.of("Qué no contiene", "What it leaves out"));
    text.line(
        l.of(
            "Las causas se vuelven a calcular a partir del libro mayor de los expedientes, que no es el indicado. No se cuenta lo que ningún sistema telefónico comunicó.",
            "Causes can be calculated again from the ledger of affairs, which is not the one that is named. What no telephone system reported is not counted.",
        )
        .to_owned(),
    );
    text.lines.join("\n") + "\n"
}

struct Text {
    lines: Vec<String>,
    language: Language,
}

impl Text {
    fn line(&mut self, line: String) {
        self.lines.push(line);
    }

    fn heading(&mut self, heading: &str) {
        self.lines.push(format!("# {heading}"));
    }

    fn field(&mut self, label: &str, value: &str) {
        // A colon within a name would end it early.
        self.lines.push(format!("{}: {}", label.replace(": ", " "), value.replace('\n', " ")));
    }

    /// A count, its digits in groups of three.
    fn count(&self, count: u64) -> String {
        let digits = count.to_string();
        let mut grouped = String::with_capacity(digits.len() * 4 / 3);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                grouped.push_str(self.language.of(".", ","));
            }
            grouped.push(digit);
        }
        grouped
    }

    /// So many of so many, as hundredths of a percent, rounded down: what was missed never reads as all.
    fn share(&self, with: u64, of: u64) -> String {
        if of == 0 {
            return self.language.of("no hubo", "there were none").to_owned();
        }
        let hundredths = u128::from(with) * 10_000 / u128::from(of);
        let share = format!("{}{}{:02} %", hundredths / 100, self.language.of(",", "."), hundredths % 100);
        format!("{share} ({} {} {})", self.count(with), self.language.of("de", "of"), self.count(of))
    }

    fn points(&self, share: f64) -> String {
        // Rounded up: an error is never told smaller than it is.
        // What is a whole number but for the last bits of a float is that number.
        let hundredths = (share * 10_000.0 - 1e-6).ceil();
        self.decimal(if hundredths > 0.0 { hundredths / 100.0 } else { 0.0 }, 2)
    }

    fn decimal(&self, number: f64, places: usize) -> String {
        let text = format!("{number:.places$}");
        if self.language == Language::Spanish { text.replace('.', ",") } else { text }
    }

    /// Days, hours and minutes; minutes and seconds of what is shorter than an hour. Rounded up.
    fn duration(micros: i64) -> String {
        let micros = u64::try_from(micros).unwrap_or(0);
        let seconds = micros.div_ceil(1_000_000);
        if seconds < 3_600 {
            return format!("{} min {} s", seconds / 60, seconds % 60);
        }
        let minutes = micros.div_ceil(60_000_000);
        let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
        if days == 0 { format!("{hours} h {minutes} min") } else { format!("{days} d {hours} h {minutes} min") }
    }

    fn parameter(&mut self, parameter: &Parameter) {
        let l = self.language;
        let name = match parameter.figure {
            Figure::CallsAnswered => {
                l.of("Llamadas atendidas en menos de tres minutos", "Calls answered in less than three minutes")
            }
            Figure::HumanOnRequest => l.of(
                "Atención por una persona en menos de tres minutos desde que se pide",
                "A person in less than three minutes from the request",
            ),
            Figure::SupervisorAtOnce => l.of(
                "Supervisor en la misma comunicación y en menos de tres minutos",
                "Supervisor in the same communication in less than three minutes",
            ),
            Figure::SupervisorSameDay => l.of(
                "Supervisor, a más tardar el mismo día hábil",
                "Supervisor, on the same business day at the latest",
            ),
            Figure::ResolvedInTerm => l.of(
                "Asuntos resueltos y contestados en su plazo legal",
                "Affairs resolved and answered within their legal term",
            ),
            Figure::Cause => l.of("Causa", "Cause"),
        };
        let of = parameter.of.as_ref().map(|of| format!(", {of}")).unwrap_or_default();
        let mut value = self.share(parameter.counted.with(), parameter.counted.of());
        if let (Some(target), Some(met)) = (parameter.asked.percent, parameter.met()) {
            let met = if met { l.of("cumplido", "met") } else { l.of("incumplido", "not met") };
            value += &format!("; {} {target} %: {met}", l.of("exigido", "asked"));
        }
        if let Some(micros) = parameter.at_target {
            value += &format!("; {} {}", l.of("esa parte, en", "that share within"), Self::duration(micros));
        }
        if parameter.counted.of() > 0 {
            value += &format!(
                "; {} {} {}",
                l.of("error de", "error of"),
                self.points(parameter.error.reach),
                l.of("puntos", "points")
            );
        }
        self.field(&format!("Art. {}, {name}{of}", parameter.asked.article), &value);
    }

    fn told(&mut self, told: &Told) {
        let l = self.language;
        let key = match (told.line.dimension, &*told.line.key) {
            (Dimension::Total, _) => l.of("Todos", "All"),
            (Dimension::Kind, "statutory") => l.of("Por ley", "By law"),
            (Dimension::Kind, "sla") => l.of("Prometidos a la clientela", "Promised to customers"),
            (Dimension::Kind, "ola") => l.of("Acordados dentro de la empresa", "Agreed within the house"),
            (Dimension::Kind, "uc") => l.of("Acordados con proveedores", "Agreed with suppliers"),
            (Dimension::Outcome, "kept") => l.of("Cumplidas", "Kept"),
            (Dimension::Outcome, "renegotiated") => l.of("Acordadas de nuevo", "Agreed anew"),
            (Dimension::Outcome, "lapsed") => l.of("Decaídas con su asunto", "Fell away with their affair"),
            (Dimension::Outcome, "broken_announced") => l.of("Rotas, con aviso previo", "Broken, announced before"),
            (Dimension::Outcome, "broken_unreported") => {
                l.of("Rotas, con aviso sin constancia de entrega", "Broken, notice not reported delivered")
            }
            (Dimension::Outcome, "broken_silent") => l.of("Rotas sin aviso", "Broken without a word"),
            (Dimension::Segment, "none") => l.of("Sin compras en un año", "Nothing bought in a year"),
            (Dimension::Segment, "low") => l.of("Gasto bajo", "Spends least"),
            (Dimension::Segment, "middle") => l.of("Gasto medio", "Spends between"),
            (Dimension::Segment, "high") => l.of("Gasto alto", "Spends most"),
            (_, "") => l.of("No consta", "Not known"),
            (_, key) => key,
        };
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let tally = &told.tally;
        let mut value = match told.line.dimension {
            Dimension::Outcome => self.count(count(tally.clocks)),
            _ => {
                let kept = self.share(count(tally.met), count(tally.met + tally.breached));
                format!(
                    "{} {kept}; {} {}; {} {}",
                    l.of("a tiempo", "in time"),
                    l.of("abiertos", "open"),
                    self.count(count(tally.open)),
                    l.of("decaídos", "fallen away"),
                    self.count(count(tally.cancelled))
                )
            }
        };
        if let Some([median, _, _, p95, _]) = told.settle {
            value += &format!(
                "; {} {}; {} {}",
                l.of("la mitad en", "half within"),
                Self::duration(median),
                l.of("el 95 % en", "95 % within"),
                Self::duration(p95)
            );
        }
        self.field(key, &value);
    }

    fn fairness(&mut self, service: &FairService) {
        let l = self.language;
        self.heading(l.of("Trato igual", "Equal treatment"));
        let index = service
            .index
            .map_or_else(|| l.of("no se puede decir", "cannot be told").to_owned(), |index| self.decimal(index, 1));
        self.field(l.of("Índice (con 100 no se halló disparidad)", "Index (with 100 no disparity was found)"), &index);
        for compared in &service.dimensions {
            let name = match compared.dimension {
                fairness::Dimension::Tenure => l.of("Antigüedad", "Tenure"),
                fairness::Dimension::Segment => l.of("Segmento", "Segment"),
                fairness::Dimension::Channel => l.of("Canal", "Channel"),
                fairness::Dimension::Language => l.of("Lengua", "Language"),
                fairness::Dimension::Vulnerability => {
                    l.of("Atención prioritaria o vulnerabilidad", "Right to be served first or vulnerability")
                }
            };
            for group in &compared.groups {
                let kept = self.share(group.counted().with(), group.counted().of());
                self.field(&format!("{name}, {}", group.name()), &kept);
            }
            if let Verdict::Disparity(disparity) = &compared.verdict {
                self.field(
                    &format!("{name}, {}", l.of("disparidad en contra de", "disparity against")),
                    &disparity.group,
                );
            }
        }
    }
}
