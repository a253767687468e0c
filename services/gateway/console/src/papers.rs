//! A paper of the dossier as it is shown: what services wrote down for machines is told in words.

use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::{DossierEntry, DossierKind, Party};
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Actor, ActorKind, Direction};
use web::{Lang, When};

use crate::words;

/// Whose side something comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Claimant,
    Firm,
    Office,
}

impl Side {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Claimant => "claimant",
            Self::Firm => "firm",
            Self::Office => "office",
        }
    }

    pub(crate) const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Claimant => lang.of("reclamante", "claimant"),
            Self::Firm => lang.of("entidad", "firm"),
            Self::Office => lang.of("oficina", "office"),
        }
    }
}

/// The side an actor is on.
pub(crate) fn side_of(actor: Option<&Actor>) -> Side {
    match actor.map(Actor::kind) {
        Some(ActorKind::Customer) => Side::Claimant,
        Some(ActorKind::Office) => Side::Office,
        _ => Side::Firm,
    }
}

/// One paper.
pub(crate) struct Paper {
    pub(crate) number: i64,
    pub(crate) kind: &'static str,
    pub(crate) side: Side,
    pub(crate) who: String,
    pub(crate) when: Option<When>,
    pub(crate) visibility: &'static str,
    pub(crate) body: Body,
    /// Files that its messages came with.
    pub(crate) files: usize,
    /// Whether it is somebody's own words or evidence, and not a step the house noted.
    pub(crate) is_evidence: bool,
}

/// What a paper says.
pub(crate) enum Body {
    /// Words.
    Text(String),
    /// Nothing that the reader may see.
    Withheld,
    /// It was taken out.
    Redacted,
    /// Something else, by its media type and size.
    File(String, usize),
}

impl Paper {
    pub(crate) fn of(lang: Lang, entry: &DossierEntry) -> Self {
        let kind = entry.kind();
        let (side, is_evidence) = place(entry);
        let actor = entry.actor.clone().unwrap_or_default();
        Self {
            number: entry.sequence,
            kind: words::of(lang, words::paper(kind)),
            side,
            who: actor.id,
            when: When::of(lang, entry.record_time),
            visibility: words::of(lang, words::visibility(entry.visibility())),
            body: body(lang, entry),
            files: message_of::<ticketing::ListMessagesResponse>(entry)
                .map_or(0, |messages| messages.messages.iter().map(|message| message.attachments.len()).sum()),
            is_evidence,
        }
    }

    /// Its words, when it has any.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.body {
            Body::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its words, none when it has none.
    pub(crate) fn words(&self) -> &str {
        self.text().unwrap_or_default()
    }
}

/// Whose side a paper comes from, and whether it is somebody's own words or evidence. Every kind by its name: what is new is placed by somebody.
fn place(entry: &DossierEntry) -> (Side, bool) {
    match entry.kind() {
        // What the office wrote down is the words of whom it wrote them down for; evidence that came by the claimant's own window is stored as the same kind
        // as what the office gathers.
        DossierKind::Evidence if side_of(entry.actor.as_ref()) == Side::Claimant => (Side::Claimant, true),
        DossierKind::DecisionAnswer => match entry.answered_by() {
            Party::Claimant => (Side::Claimant, true),
            Party::Firm => (Side::Firm, true),
            Party::Unspecified | Party::Office => (Side::Office, true),
        },
        DossierKind::Complaint
        | DossierKind::Cure
        | DossierKind::ClaimantStatement
        | DossierKind::ClaimantEvidence
        | DossierKind::OfferAnswer => (Side::Claimant, true),
        DossierKind::Withdrawal => (Side::Claimant, false),
        DossierKind::EntityStatement
        | DossierKind::EntityEvidence
        | DossierKind::Offer
        | DossierKind::Rectification
        | DossierKind::ExecutionProof
        | DossierKind::TicketSnapshot
        | DossierKind::CorrespondenceSnapshot
        | DossierKind::MessagesSnapshot
        | DossierKind::ClocksSnapshot
        | DossierKind::ReceiptSnapshot
        | DossierKind::ScreenSnapshot => (Side::Firm, true),
        DossierKind::HistorySnapshot => (Side::Firm, false),
        DossierKind::Evidence | DossierKind::Note | DossierKind::Gap => (Side::Office, true),
        DossierKind::Unspecified
        | DossierKind::CureRequest
        | DossierKind::InadmissibilityProposal
        | DossierKind::Refusal
        | DossierKind::Admission
        | DossierKind::Assignment
        | DossierKind::Investigation
        | DossierKind::Decision
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
        | DossierKind::Disclosure
        | DossierKind::Acknowledgement
        | DossierKind::TermExtension
        | DossierKind::CodeNotice => (Side::Office, false),
    }
}

fn body(lang: Lang, entry: &DossierEntry) -> Body {
    if entry.redacted {
        return Body::Redacted;
    }
    if entry.content.is_empty() {
        return Body::Withheld;
    }
    if entry.content_type.starts_with("text/") {
        return Body::Text(String::from_utf8_lossy(&entry.content).into_owned());
    }
    match told(lang, entry) {
        Some(text) => Body::Text(text),
        None => Body::File(entry.content_type.clone(), entry.content.len()),
    }
}

/// What is kept of an affair, by the name of its message.
pub(crate) fn message_of<M: prost::Message + prost::Name + Default>(entry: &DossierEntry) -> Option<M> {
    let named = entry.content_type.contains(&format!("\"{}\"", M::full_name()));
    named.then(|| M::decode(entry.content.as_slice()).ok()).flatten()
}

fn told(lang: Lang, entry: &DossierEntry) -> Option<String> {
    if let Some(ticket) = message_of::<ticketing::Ticket>(entry) {
        return Some(ticket_in_words(lang, &ticket));
    }
    if let Some(messages) = message_of::<ticketing::ListMessagesResponse>(entry) {
        let lines: Vec<_> = messages.messages.iter().map(|message| message_in_words(lang, message)).collect();
        return Some(if lines.is_empty() {
            lang.of("Ningún mensaje.", "No message.").to_owned()
        } else {
            lines.join("\n\n")
        });
    }
    if let Some(history) = message_of::<ticketing::ListTicketHistoryResponse>(entry) {
        return Some(history.changes.iter().map(|change| change_in_words(lang, change)).collect::<Vec<_>>().join("\n"));
    }
    if let Some(clock) = message_of::<sla::ExplainClockResponse>(entry) {
        let proof = clock.proof.unwrap_or_default();
        return Some(lang.of(&proof.sentence_es, &proof.sentence_en).to_owned());
    }
    if let Some(decision) = message_of::<pb::Decision>(entry) {
        return Some(decision_in_words(lang, &decision));
    }
    if let Some(correction) = message_of::<pb::Correction>(entry) {
        return Some(format!("{} → {}\n{}", correction.stood, correction.stands, correction.reason));
    }
    if let Some(screen) = message_of::<customer::CustomerView>(entry) {
        return Some(screen_in_words(lang, &screen));
    }
    if let Some(known) = message_of::<customer::Customer>(entry) {
        return Some(customer_in_words(&known));
    }
    message_of::<pb::DisclosureStatement>(entry).map(|statement| statement.text)
}

fn ticket_in_words(lang: Lang, ticket: &ticketing::Ticket) -> String {
    let mut lines = vec![ticket.subject.clone()];
    for point in &ticket.claim_points {
        let answer = if point.answer.is_empty() {
            lang.of("sin contestar", "unanswered").to_owned()
        } else {
            point.answer.clone()
        };
        lines.push(format!("{}. {}\n   → {answer}", point.id, point.text));
    }
    lines.push(ticket.resolution.clone());
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// Who the screen showed, and what it showed of them that a complaint may turn on.
fn screen_in_words(lang: Lang, screen: &customer::CustomerView) -> String {
    let shown = screen.golden.as_ref().and_then(|golden| golden.customer.as_ref());
    let mut lines = vec![shown.map_or_else(|| screen.name.clone(), customer_in_words)];
    let affairs = screen.open_tickets.iter().flat_map(|section| &section.tickets);
    lines.extend(affairs.map(|affair| format!("· {} ({})", affair.subject, affair.department)));
    let promises = screen.promises.iter().flat_map(|section| &section.promises);
    lines.extend(promises.map(|promise| {
        let due = When::of(lang, promise.due_time).map(|when| when.text).unwrap_or_default();
        format!("· {} {due}: {}", lang.of("prometido para el", "promised for"), promise.text)
    }));
    lines.join("\n")
}

/// The customer's name, or their number where none is known.
fn customer_in_words(known: &customer::Customer) -> String {
    let name = known.golden.as_ref().and_then(|golden| golden.person_name.as_ref()?.value.as_ref());
    let told = name.map(|name| match name.full_name.as_str() {
        "" => [&name.given_name, &name.first_surname, &name.second_surname]
            .into_iter()
            .filter(|part| !part.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join(" "),
        full => full.to_owned(),
    });
    told.filter(|told| !told.is_empty()).unwrap_or_else(|| known.name.clone())
}

fn decision_in_words(lang: Lang, decision: &pb::Decision) -> String {
    let mut text = words::of(lang, words::outcome(decision.outcome())).to_owned();
    for point in &decision.points {
        let outcome = words::of(lang, words::outcome(point.outcome()));
        text.push_str(&format!(
            "\n{} · {outcome}\n{}\n{}\n{}",
            point.claim_point, point.finding, point.reason, point.remedy
        ));
    }
    text
}

/// One message of the affair.
pub(crate) fn message_in_words(lang: Lang, message: &ticketing::Message) -> String {
    let from = match message.direction() {
        Direction::Inbound => lang.of("El cliente", "The customer"),
        Direction::Outbound => lang.of("La entidad", "The firm"),
        Direction::Unspecified => lang.of("Nota interna", "Internal note"),
    };
    let at = When::of(lang, message.occurred_time).map(|when| when.text).unwrap_or_default();
    format!("{at} · {from}: {}", message.body)
}

/// One change of the affair.
pub(crate) fn change_in_words(lang: Lang, change: &ticketing::TicketChange) -> String {
    let at = When::of(lang, change.occurred_time).map(|when| when.text).unwrap_or_default();
    format!("{at} · {}", what_changed(lang, change))
}

/// What a change of the affair was, in words.
pub(crate) fn what_changed(lang: Lang, change: &ticketing::TicketChange) -> String {
    let kind = crate::timeline::change(lang, change.kind());
    let to = change.to_state();
    let mut text = if to == ticketing::TicketState::Unspecified {
        kind.to_owned()
    } else {
        format!("{kind} → {}", crate::timeline::ticket_state(lang, to))
    };
    if !change.department.is_empty() {
        text.push_str(&format!(" ({})", change.department));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_paper_of_who_gave_it() {
        let told = |kind: DossierKind, by: Party| {
            place(&DossierEntry { kind: kind.into(), answered_by: by.into(), ..DossierEntry::default() })
        };
        assert_eq!(told(DossierKind::OfferAnswer, Party::Unspecified), (Side::Claimant, true));
        assert_eq!(told(DossierKind::DecisionAnswer, Party::Claimant), (Side::Claimant, true));
        assert_eq!(told(DossierKind::DecisionAnswer, Party::Firm), (Side::Firm, true));
        assert_eq!(told(DossierKind::DecisionAnswer, Party::Unspecified), (Side::Office, true), "nobody says whose");
    }
}
