//! The offer of the firm as the pages of the office and of the firm tell it: since when it is there, what it says, who may answer it, and what may be done.

use jiff::Timestamp;
use ventanilla_proto::ombudsman::v1::{DossierEntry, Procedure};
use web::{Lang, When};

use crate::case_page;
use crate::office::Office;
use crate::papers::Paper;

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The office's: the claimant was not told it, in a conciliation that it opened.
    Tell,
    /// The office's: it waits beside the case, moves nothing, and nobody has to take it up.
    TakeUp,
    /// The claimant's, who thinks it over: a no counts already, a yes not yet.
    Think,
    /// The claimant's, who may say yes or no.
    Answer,
    /// Nobody's: it was not answered in time.
    Lapsed,
    /// Nobody's: it was accepted.
    Accepted,
}

/// An offer as it is told.
pub(crate) struct Told {
    pub(crate) turn: Turn,
    /// The number of its paper.
    pub(crate) paper: Option<i64>,
    /// What is offered; `None` where its paper cannot be read.
    pub(crate) words: Option<String>,
    pub(crate) made: Option<When>,
    pub(crate) told: Option<When>,
    pub(crate) think_until: Option<When>,
    pub(crate) stands_until: Option<When>,
}

/// Whose turn it is with an offer that the claimant thinks over until `think` and may accept until `end`, which are absent before they were told it.
fn turn(waits: bool, is_settled: bool, think: Option<Timestamp>, end: Option<Timestamp>, now: Timestamp) -> Turn {
    match (think, end) {
        _ if is_settled => Turn::Accepted,
        _ if waits => Turn::TakeUp,
        (Some(think), _) if now < think => Turn::Think,
        (_, Some(end)) if now < end => Turn::Answer,
        (_, Some(_)) => Turn::Lapsed,
        _ => Turn::Tell,
    }
}

/// The offers of a case: the one before the claimant, then the one that waits. What they say stands in papers that were read already, or is read.
pub(crate) async fn of(office: &Office, case: &str, procedure: &Procedure, read: &[DossierEntry]) -> Vec<Told> {
    let lang = office.lang;
    let is_settled = procedure.settle_time.is_some();
    let before_them = procedure.offer.iter().map(|offer| (offer, false));
    let mut offers = Vec::new();
    for (offer, waits) in before_them.chain(procedure.waiting_offer.iter().map(|offer| (offer, true))) {
        let paper = case_page::number(&offer.entry);
        let think_until = When::of(lang, offer.reflection_end_time);
        let stands_until = When::of(lang, offer.expire_time);
        let at = |when: &Option<When>| when.as_ref().map(|when| when.at);
        offers.push(Told {
            turn: turn(waits, is_settled && !waits, at(&think_until), at(&stands_until), office.now),
            paper,
            words: match paper {
                Some(number) => words(office, case, number, read).await,
                None => None,
            },
            made: When::of(lang, offer.offer_time),
            told: When::of(lang, offer.tell_time),
            think_until,
            stands_until,
        });
    }
    offers
}

async fn words(office: &Office, case: &str, number: i64, read: &[DossierEntry]) -> Option<String> {
    let of = |entry: &DossierEntry| Paper::of(office.lang, entry).text().map(str::to_owned);
    match read.iter().find(|entry| entry.sequence == number) {
        Some(entry) => of(entry),
        None => case_page::only(office, case, number).await.ok().flatten().as_ref().and_then(of),
    }
}

impl Told {
    /// Who may answer it, and what comes of that.
    pub(crate) const fn who_answers(&self, lang: Lang) -> &'static str {
        match self.turn {
            Turn::Tell => lang.of(
                "Aún no se ha comunicado al reclamante, que no la conoce: registro o el defensor se la comunican, y entonces puede contestarla solo el reclamante. Mientras tanto, la conciliación puede terminarse sin acuerdo.",
                "The claimant was not told it yet and does not know of it: intake or the ombudsman tell it, and then the claimant alone may answer. Until then the conciliation may be ended without agreement.",
            ),
            Turn::TakeUp => lang.of(
                "Espera: el reclamante no la conoce y nadie puede contestarla todavía. Registro o el defensor pueden comunicársela, y con eso el expediente pasa a conciliación; o se resuelve como estaba, y la oferta queda sin efecto. La entidad puede hacer otra en su lugar.",
                "It waits: the claimant does not know of it, and nobody can answer it yet. Intake or the ombudsman may tell it, by which the case goes to conciliation; or it is decided as it stood, and the offer comes to nothing. The firm may make another in its place.",
            ),
            Turn::Think => lang.of(
                "Solo el reclamante la contesta, aquí por registro o en su página. Un no cuenta enseguida; un sí, solo cuando termine su tiempo de pensarla.",
                "The claimant alone answers it, here by intake or on their own page. A no counts at once; a yes only once their time to think is over.",
            ),
            Turn::Answer => lang.of(
                "Solo el reclamante la contesta, con un sí o un no, aquí por registro o en su página. El silencio no es consentimiento.",
                "The claimant alone answers it, yes or no, here by intake or on their own page. Silence is no consent.",
            ),
            Turn::Lapsed => lang.of(
                "Ha caducado sin respuesta y nadie la acepta ya: registro o el defensor terminan la conciliación, o la entidad hace otra.",
                "It lapsed unanswered, and nobody accepts it any more: intake or the ombudsman end the conciliation, or the firm makes another.",
            ),
            Turn::Accepted => lang.of("El reclamante la aceptó.", "The claimant accepted it."),
        }
    }

    /// The steps of the office that concern it.
    pub(crate) const fn steps(&self) -> &'static [&'static str] {
        match self.turn {
            Turn::Tell => &["tell-offer", "end-conciliation"],
            Turn::TakeUp => &["tell-offer"],
            Turn::Think | Turn::Answer => &["answer-offer"],
            Turn::Lapsed => &["end-conciliation"],
            Turn::Accepted => &[],
        }
    }

    /// Whether nobody has answered it and the claimant does not know of it: what the office has to see to.
    pub(crate) const fn is_untold(&self) -> bool {
        matches!(self.turn, Turn::Tell | Turn::TakeUp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_answered_by_the_claimant_alone_once_they_were_told_it_and_accepted_once_they_thought() {
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap_or_default();
        assert_eq!(turn(false, false, None, None, at(50)), Turn::Tell);
        assert_eq!(turn(true, false, None, None, at(50)), Turn::TakeUp);
        let (think, end) = (Some(at(30)), Some(at(40)));
        for (now, whose) in [(29, Turn::Think), (30, Turn::Answer), (39, Turn::Answer), (40, Turn::Lapsed)] {
            assert_eq!(turn(false, false, think, end, at(now)), whose, "{now}");
        }
        assert_eq!(turn(false, true, think, end, at(50)), Turn::Accepted);
    }
}
