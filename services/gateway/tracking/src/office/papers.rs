//! Papers of the case as its claimant reads them: whose word each is.

use ventanilla_proto::ombudsman::v1::{DisclosureStatement, DossierEntry, DossierKind, Party};
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Actor, ActorKind};
use web::{Lang, When};

/// A paper of both parties.
pub(super) struct Paper {
    pub(super) number: i64,
    pub(super) class: &'static str,
    pub(super) who: &'static str,
    pub(super) what: &'static str,
    pub(super) when: Option<When>,
    /// Its words; none for what is no text.
    pub(super) words: Option<String>,
}

/// The words of a paper; none for what is no text.
pub(super) fn words(entry: &DossierEntry) -> Option<String> {
    let told = if entry.content_type.starts_with("text/") {
        String::from_utf8_lossy(&entry.content).into_owned()
    } else if let Some(statement) = message_of::<DisclosureStatement>(entry) {
        statement.text
    } else if let Some(written) = message_of::<ticketing::ListMessagesResponse>(entry) {
        written.messages.into_iter().map(|message| message.body).collect::<Vec<_>>().join("\n\n")
    } else {
        message_of::<ticketing::Receipt>(entry)?.text
    };
    Some(told).filter(|told| !told.is_empty())
}

fn message_of<M: prost::Message + prost::Name + Default>(entry: &DossierEntry) -> Option<M> {
    let named = entry.content_type.contains(&format!("\"{}\"", M::full_name()));
    named.then(|| M::decode(entry.content.as_slice()).ok()).flatten()
}

/// Whose word it is, and what it is.
pub(super) fn paper(lang: Lang, entry: &DossierEntry) -> Paper {
    let by = entry.actor.as_ref().map_or(ActorKind::Unspecified, Actor::kind);
    let evidence = lang.of("una prueba", "evidence");
    // Every kind by its name: what is new is told by somebody, and not taken for the ombudsman's word.
    let (class, who, what) = match entry.kind() {
        DossierKind::Complaint => ("claimant", lang.of("Usted", "You"), lang.of("su reclamación", "your complaint")),
        DossierKind::Cure => ("claimant", lang.of("Usted", "You"), lang.of("lo que completó", "what you completed")),
        DossierKind::Withdrawal => ("claimant", lang.of("Usted", "You"), lang.of("desistió", "withdrew it")),
        DossierKind::ClaimantStatement => {
            ("claimant", lang.of("Usted", "You"), lang.of("lo que dijo", "what you stated"))
        }
        DossierKind::ClaimantEvidence => ("claimant", lang.of("Usted", "You"), evidence),
        // What came by the claimant's own window is stored as the same kind as what the office gathers.
        DossierKind::Evidence if by == ActorKind::Customer => ("claimant", lang.of("Usted", "You"), evidence),
        DossierKind::Evidence => ("office", lang.of("El expediente", "The file"), evidence),
        DossierKind::EntityEvidence => ("firm", lang.of("La empresa", "The firm"), evidence),
        DossierKind::OfferAnswer => {
            ("claimant", lang.of("Usted", "You"), lang.of("su respuesta a la oferta", "your answer to the offer"))
        }
        DossierKind::DecisionAnswer => match entry.answered_by() {
            Party::Claimant => (
                "claimant",
                lang.of("Usted", "You"),
                lang.of("su respuesta a la resolución", "your answer to the decision"),
            ),
            Party::Firm => (
                "firm",
                lang.of("La empresa", "The firm"),
                lang.of("su respuesta a la resolución", "its answer to the decision"),
            ),
            // Nobody says whose.
            Party::Unspecified | Party::Office => (
                "office",
                lang.of("El expediente", "The file"),
                lang.of("una respuesta a la resolución", "an answer to the decision"),
            ),
        },
        DossierKind::EntityStatement => {
            ("firm", lang.of("La empresa", "The firm"), lang.of("su posición", "its position"))
        }
        DossierKind::Offer => ("firm", lang.of("La empresa", "The firm"), lang.of("una oferta", "an offer")),
        DossierKind::ExecutionProof | DossierKind::Rectification => {
            ("firm", lang.of("La empresa", "The firm"), lang.of("lo que hizo", "what it did"))
        }
        DossierKind::CorrespondenceSnapshot => (
            "firm",
            lang.of("La empresa", "The firm"),
            lang.of("los mensajes con usted, como estaban", "the messages with you as they stood"),
        ),
        DossierKind::ReceiptSnapshot => (
            "firm",
            lang.of("La empresa", "The firm"),
            lang.of("el justificante que le dio", "the receipt it gave you"),
        ),
        DossierKind::TicketSnapshot
        | DossierKind::MessagesSnapshot
        | DossierKind::HistorySnapshot
        | DossierKind::ClocksSnapshot
        | DossierKind::ScreenSnapshot => (
            "firm",
            lang.of("La empresa", "The firm"),
            lang.of("copia de su asunto, como estaba", "a copy of your affair as it stood"),
        ),
        DossierKind::Decision => {
            ("office", lang.of("El defensor", "The ombudsman"), lang.of("la resolución", "the decision"))
        }
        DossierKind::CureRequest => (
            "office",
            lang.of("El defensor", "The ombudsman"),
            lang.of("le pide que complete", "asks you to complete it"),
        ),
        DossierKind::Disclosure => {
            ("office", lang.of("El defensor", "The ombudsman"), lang.of("quién lleva su caso", "who has your case"))
        }
        DossierKind::Unspecified | DossierKind::Gap => {
            ("office", lang.of("El expediente", "The file"), lang.of("una anotación", "a note"))
        }
        DossierKind::InadmissibilityProposal
        | DossierKind::Refusal
        | DossierKind::Admission
        | DossierKind::Assignment
        | DossierKind::Note
        | DossierKind::Investigation
        | DossierKind::Notification
        | DossierKind::Forwarding
        | DossierKind::Stay
        | DossierKind::StayEnd
        | DossierKind::OfferNotice
        | DossierKind::ConciliationEnd
        | DossierKind::OwnInitiative
        | DossierKind::ComplianceOrder
        | DossierKind::Recommendation
        | DossierKind::ExecutionReview
        | DossierKind::Overdue
        | DossierKind::OverdueReport
        | DossierKind::Correction
        | DossierKind::Review
        | DossierKind::Acknowledgement
        | DossierKind::TermExtension
        | DossierKind::CodeNotice => {
            ("office", lang.of("El defensor", "The ombudsman"), lang.of("una comunicación", "a communication"))
        }
    };
    Paper { number: entry.sequence, class, who, what, when: When::of(lang, entry.record_time), words: words(entry) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_stands_on_the_side_of_who_gave_it() {
        let told = |kind: DossierKind, by: Party| {
            let entry = DossierEntry { kind: kind.into(), answered_by: by.into(), ..DossierEntry::default() };
            let paper = paper(Lang::Es, &entry);
            (paper.class, paper.who, paper.what)
        };
        let of_the_offer = ("claimant", "Usted", "su respuesta a la oferta");
        assert_eq!(told(DossierKind::OfferAnswer, Party::Unspecified), of_the_offer);
        for (by, class, who) in [(Party::Claimant, "claimant", "Usted"), (Party::Firm, "firm", "La empresa")] {
            assert_eq!(told(DossierKind::DecisionAnswer, by), (class, who, "su respuesta a la resolución"));
        }
        assert_eq!(told(DossierKind::DecisionAnswer, Party::Unspecified).0, "office", "it is put on nobody's side");
    }
}
