//! What happened in the whole affair, at the firm and at the office, in one line of time.

use ventanilla_proto::ombudsman::v1::{DossierEntry, DossierKind};
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::ticketing::v1::{TicketChangeKind, TicketState};
use ventanilla_proto::r#type::v1::Direction;
use web::{Lang, When};

use crate::papers::{Paper, Side, message_of, side_of, what_changed};

/// One thing that happened.
pub(crate) struct Happened {
    pub(crate) when: Option<When>,
    pub(crate) side: Side,
    pub(crate) what: String,
    /// The paper it stands in.
    pub(crate) paper: i64,
    /// What was said.
    pub(crate) said: Option<String>,
}

/// Everything, oldest first: the affair's own history from the snapshots, then the papers of the office.
pub(crate) fn of(lang: Lang, entries: &[DossierEntry], papers: &[Paper]) -> Vec<Happened> {
    let mut all = Vec::new();
    for entry in entries {
        if let Some(history) = message_of::<ticketing::ListTicketHistoryResponse>(entry) {
            let changes = history.changes.iter().filter(|change| change.kind() != TicketChangeKind::MessageAdded);
            all.extend(changes.map(|change| Happened {
                when: When::of(lang, change.occurred_time),
                side: side_of(change.actor.as_ref()),
                what: what_changed(lang, change),
                paper: entry.sequence,
                said: None,
            }));
        }
        if let Some(messages) = message_of::<ticketing::ListMessagesResponse>(entry) {
            all.extend(messages.messages.iter().map(|message| Happened {
                when: When::of(lang, message.occurred_time),
                side: if message.direction() == Direction::Inbound { Side::Claimant } else { Side::Firm },
                what: lang.of("mensaje", "message").to_owned(),
                paper: entry.sequence,
                said: Some(message.body.clone()),
            }));
        }
    }
    all.extend(papers.iter().zip(entries).map(|(paper, entry)| {
        // A snapshot's content is told above, step by step.
        let told = paper.text().filter(|_| !is_snapshot(entry));
        let said = told.map(str::to_owned);
        Happened { when: paper.when.clone(), side: paper.side, what: paper.kind.to_owned(), paper: paper.number, said }
    }));
    all.sort_by_key(|one| (one.when.as_ref().map(|when| when.at), one.paper));
    all
}

fn is_snapshot(entry: &DossierEntry) -> bool {
    matches!(
        entry.kind(),
        DossierKind::TicketSnapshot
            | DossierKind::CorrespondenceSnapshot
            | DossierKind::MessagesSnapshot
            | DossierKind::HistorySnapshot
            | DossierKind::ClocksSnapshot
            | DossierKind::ReceiptSnapshot
            | DossierKind::ScreenSnapshot
    )
}

/// A state of the affair.
pub(crate) const fn ticket_state(lang: Lang, state: TicketState) -> &'static str {
    match state {
        TicketState::Unspecified => lang.of("sin estado", "no state"),
        TicketState::Acknowledged => lang.of("recibido", "acknowledged"),
        TicketState::InProgress => lang.of("en curso", "in progress"),
        TicketState::Pending => lang.of("pendiente", "pending"),
        TicketState::Held => lang.of("retenido", "held"),
        TicketState::Resolved => lang.of("contestado", "answered"),
        TicketState::Closed => lang.of("cerrado", "closed"),
        TicketState::Rejected => lang.of("rechazado", "rejected"),
        TicketState::Cancelled => lang.of("cancelado", "cancelled"),
    }
}

/// What happened to the affair.
pub(crate) const fn change(lang: Lang, kind: TicketChangeKind) -> &'static str {
    match kind {
        TicketChangeKind::Unspecified => lang.of("cambio", "change"),
        TicketChangeKind::Opened => lang.of("asunto abierto", "affair opened"),
        TicketChangeKind::Transitioned => lang.of("cambia de estado", "changes its state"),
        TicketChangeKind::Assigned => lang.of("pasa a otro departamento o persona", "handed over"),
        TicketChangeKind::MessageAdded => lang.of("mensaje", "message"),
        TicketChangeKind::ClaimPointAnswered => lang.of("un punto contestado", "a point answered"),
        TicketChangeKind::PromiseMade => lang.of("promesa hecha", "promise made"),
        TicketChangeKind::PromiseAtRisk => lang.of("promesa en riesgo", "promise at risk"),
        TicketChangeKind::PromiseSettled => lang.of("promesa cumplida o rota", "promise kept or broken"),
        TicketChangeKind::OfficeNoted => lang.of("anotado por la oficina", "noted by the office"),
        TicketChangeKind::SurveyAsked => lang.of("encuesta enviada", "survey asked"),
        TicketChangeKind::SurveyAnswered => lang.of("encuesta contestada", "survey answered"),
        TicketChangeKind::CureRequested => lang.of("se pide completar", "asked to complete"),
        TicketChangeKind::CureSettled => lang.of("completado o vencido", "completed or lapsed"),
        TicketChangeKind::Affected => lang.of("unido a una incidencia", "joined to an incident"),
        TicketChangeKind::Unaffected => lang.of("separado de una incidencia", "taken from an incident"),
        TicketChangeKind::SupervisorCalled => lang.of("se pide un superior", "a superior was asked for"),
        TicketChangeKind::Reclassified => lang.of("reclasificado", "filed anew"),
        TicketChangeKind::Split => lang.of("dividido", "split"),
        TicketChangeKind::Merged => lang.of("unido a otro", "merged"),
        TicketChangeKind::Unmerged => lang.of("separado de otro", "unmerged"),
        TicketChangeKind::Linked => lang.of("relacionado con otro", "linked"),
        TicketChangeKind::Unlinked => lang.of("relación deshecha", "unlinked"),
        TicketChangeKind::StepEntered => lang.of("entra en un paso del proceso", "enters a step of the process"),
        TicketChangeKind::PromiseAttempted => lang.of("intento de cumplir una promesa", "a promise was tried"),
        TicketChangeKind::RootCauseStated => lang.of("causa indicada", "cause stated"),
        TicketChangeKind::RedressProposed => lang.of("compensación propuesta", "redress proposed"),
        TicketChangeKind::RedressDecided => lang.of("compensación decidida", "redress decided"),
        TicketChangeKind::RedressGiven => lang.of("compensación dada", "redress given"),
        TicketChangeKind::ArticleCited => lang.of("respuesta citada", "article cited"),
        TicketChangeKind::NoticeWritten => lang.of("aviso escrito", "notice written"),
        TicketChangeKind::NoticeReported => lang.of("aviso entregado", "notice delivered"),
        TicketChangeKind::HoldingReplySent => lang.of("respuesta provisional enviada", "holding reply sent"),
        TicketChangeKind::CharacteristicsStated => lang.of("datos del asunto indicados", "facts of the affair stated"),
    }
}
