//! The clocks of a case and of its affair, each with the proof of its end.

use futures::stream::{self, StreamExt as _};
use ventanilla_proto::ombudsman::v1::Case;
use ventanilla_proto::sla::v1::{Clock, ClockBearer, ClockState, ExplainClockRequest, ListClocksRequest, Proof};
use web::{Lang, When};

use crate::office::Office;

/// How many of each are listed at once.
const LISTED: i32 = 100;
/// Proofs that are asked for at once.
const AT_ONCE: usize = 16;

/// A clock as it is told.
pub(crate) struct ClockRow {
    pub(crate) rule: String,
    pub(crate) state: &'static str,
    pub(crate) due: Option<When>,
    pub(crate) distance: String,
    pub(crate) late: bool,
    pub(crate) of_case: bool,
    /// Whose time it is, where it is no obligation of the house.
    pub(crate) bearer: Option<&'static str>,
    pub(crate) sentence: String,
    pub(crate) chosen: String,
    pub(crate) citation: String,
    pub(crate) steps: Vec<String>,
}

/// The clocks that are told, and how many there are besides.
pub(crate) struct Clocks {
    pub(crate) shown: Vec<ClockRow>,
    /// Those that are not told, as far as they were counted.
    pub(crate) more: usize,
    /// There are others yet.
    pub(crate) uncounted: bool,
}

impl Clocks {
    /// The same with so many steps of each proof at most.
    pub(crate) fn shortened(mut self, steps: usize) -> Self {
        self.shown.iter_mut().for_each(|clock| clock.steps.truncate(steps));
        self
    }
}

/// The first `most` clocks of the case and as many of its affair; `None` when the monitor does not answer: a page is worth having without.
pub(crate) async fn of(office: &Office, case: &Case, most: usize) -> Option<Clocks> {
    let (mut found, mut more, mut uncounted) = (Vec::new(), 0, false);
    for subject in [&case.name, &case.ticket] {
        let (mut listed, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListClocksRequest {
                subject: subject.clone(),
                page_size: LISTED,
                page_token,
                ..ListClocksRequest::default()
            };
            let page = office.clocks().list_clocks(request).await.ok()?.into_inner();
            listed.extend(page.clocks);
            page_token = page.next_page_token;
            if page_token.is_empty() || listed.len() >= most {
                break;
            }
        }
        more += listed.len().saturating_sub(most);
        uncounted |= !page_token.is_empty();
        found.extend(listed.into_iter().take(most).map(|clock| (subject == &case.name, clock)));
    }
    let asked = found.into_iter().map(|(of_case, clock)| async move {
        let request = ExplainClockRequest { name: clock.name.clone() };
        let proof = office.clocks().explain_clock(request).await.ok().and_then(|answer| answer.into_inner().proof);
        row(office, of_case, &clock, &proof.unwrap_or_default())
    });
    Some(Clocks { shown: stream::iter(asked).buffered(AT_ONCE).collect().await, more, uncounted })
}

fn row(office: &Office, of_case: bool, clock: &Clock, proof: &Proof) -> ClockRow {
    let lang = office.lang;
    let due = When::of(lang, clock.due_time);
    let running = clock.state() == ClockState::Running;
    ClockRow {
        rule: clock.rule.clone(),
        state: match clock.state() {
            ClockState::Unspecified => "",
            ClockState::Scheduled => lang.of("por empezar", "to start"),
            ClockState::Running => lang.of("corre", "runs"),
            ClockState::Paused => lang.of("en pausa", "paused"),
            ClockState::Fulfilled => lang.of("cumplido", "met"),
            ClockState::Cancelled => lang.of("sin efecto", "fell away"),
            ClockState::Lapsed => lang.of("pasó sin usarse", "passed unused"),
        },
        distance: due.as_ref().filter(|_| running).map(|due| due.distance(lang, office.now)).unwrap_or_default(),
        late: clock.breached_time.is_some(),
        due,
        of_case,
        bearer: match clock.bearer() {
            ClockBearer::Claimant => Some(lang.of("tiempo del reclamante", "the claimant's time")),
            ClockBearer::Firm => Some(lang.of("tiempo de la entidad como parte", "the firm's time as a party")),
            ClockBearer::Office => Some(lang.of("tiempo de la oficina", "the office's time")),
            ClockBearer::House | ClockBearer::Unspecified => None,
        },
        sentence: lang.of(&proof.sentence_es, &proof.sentence_en).to_owned(),
        chosen: lang.of(&proof.chosen_because_es, &proof.chosen_because_en).to_owned(),
        citation: proof.citation.clone(),
        steps: proof.steps.iter().map(|s| lang.of(&s.description_es, &s.description_en).to_owned()).collect(),
    }
}

impl ClockRow {
    /// All of it in words.
    pub(crate) fn told(&self, lang: Lang) -> String {
        let whose = match (self.bearer, self.of_case) {
            (Some(bearer), _) => bearer,
            (None, true) => lang.of("De la oficina", "The office's"),
            (None, false) => lang.of("De la entidad", "The firm's"),
        };
        let due = self.due.as_ref().map(|due| format!(" · {}", due.text)).unwrap_or_default();
        let late = if self.late { lang.of(", vencido", ", missed") } else { "" };
        let head = format!("{whose}: {}\n{}{late}{due}", self.rule, self.state);
        let steps = (1..).zip(&self.steps).map(|(number, step)| format!("{number}. {step}"));
        let lines = [head, self.sentence.clone(), self.chosen.clone(), self.citation.clone()].into_iter().chain(steps);
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }
}
