//! The office's vocabulary in the words of its people.

use ventanilla_proto::ombudsman::v1::{
    CaseState, ConflictGround, DecisionOutcome, DossierKind, DossierVisibility, InadmissibilityGround, MissingItem,
    ObligationKind, OfficeRole, ParallelProceedings, Party, PartyTerm, PartyTermKind, ReportTable,
};
use ventanilla_proto::r#type::v1::{Channel, Language};
use web::Lang;

/// A text in Spanish and English.
pub(crate) type Both = (&'static str, &'static str);

pub(crate) fn of(lang: Lang, both: Both) -> &'static str {
    lang.of(both.0, both.1)
}

/// Where a case stands.
pub(crate) const fn state(state: CaseState) -> Both {
    match state {
        CaseState::Unspecified => ("sin estado", "no state"),
        CaseState::Received => ("recibido", "received"),
        CaseState::Registered => ("registrado", "registered"),
        CaseState::NeedsCure => ("espera subsanación", "waits to be completed"),
        CaseState::ArchivedUncured => ("archivado sin subsanar", "archived, not completed"),
        CaseState::InadmissibleProposed => ("inadmisión propuesta", "refusal proposed"),
        CaseState::Inadmissible => ("inadmitido", "refused"),
        CaseState::Admitted => ("admitido", "admitted"),
        CaseState::EntityAllegations => ("con alegaciones de la entidad", "the firm stated its position"),
        CaseState::Investigation => ("en instrucción", "under investigation"),
        CaseState::Drafted => ("con borrador", "drafted"),
        CaseState::Decided => ("resuelto, sin notificar", "decided, not notified"),
        CaseState::Notified => ("notificado", "notified"),
        CaseState::Closed => ("cerrado", "closed"),
        CaseState::Withdrawn => ("desistido", "withdrawn"),
        CaseState::Rectified => ("rectificado por la entidad", "rectified by the firm"),
        CaseState::ForwardedInternally => ("remitido al competente", "forwarded to who is competent"),
        CaseState::Stayed => ("suspendido", "stayed"),
        CaseState::Conciliation => ("en conciliación", "in conciliation"),
        CaseState::Settled => ("conciliado", "settled"),
        CaseState::OwnInitiative => ("de oficio", "by own initiative"),
        CaseState::Binding => ("vinculante", "binding"),
        CaseState::NotBinding => ("no vinculante", "not binding"),
        CaseState::Compliance => ("en cumplimiento", "being carried out"),
        CaseState::Complied => ("cumplido", "carried out"),
        CaseState::Overdue => ("incumplido en plazo", "overdue"),
        CaseState::Reported => ("incumplimiento comunicado", "overdue and reported"),
    }
}

/// Whether nothing more is to be done.
pub(crate) const fn is_over(state: CaseState) -> bool {
    matches!(
        state,
        CaseState::ArchivedUncured
            | CaseState::Inadmissible
            | CaseState::Closed
            | CaseState::ForwardedInternally
            | CaseState::Settled
    )
}

/// What comes next, as far as the state alone tells it.
pub(crate) const fn next(state: CaseState) -> Both {
    match state {
        CaseState::Received | CaseState::Registered => ("examinar la admisión", "examine the admission"),
        CaseState::NeedsCure => ("esperar al reclamante", "wait for the claimant"),
        CaseState::InadmissibleProposed => ("oír al reclamante", "hear the claimant"),
        CaseState::Admitted => ("esperar a la entidad", "wait for the firm"),
        CaseState::EntityAllegations => ("abrir la instrucción", "open the investigation"),
        CaseState::Investigation => ("redactar la resolución", "draft the decision"),
        CaseState::Drafted => ("revisar y firmar", "review and sign"),
        CaseState::Decided => ("notificar", "notify"),
        CaseState::Notified => ("aceptación u órdenes", "acceptance or orders"),
        CaseState::Binding => ("ordenar el cumplimiento", "order compliance"),
        CaseState::Compliance | CaseState::Overdue => ("vigilar el cumplimiento", "watch compliance"),
        CaseState::Conciliation => ("llevar la conciliación", "lead the conciliation"),
        CaseState::Stayed => ("esperar al otro procedimiento", "wait for the other proceedings"),
        CaseState::Withdrawn
        | CaseState::Rectified
        | CaseState::NotBinding
        | CaseState::Complied
        | CaseState::Reported => ("cerrar", "close"),
        CaseState::OwnInitiative => ("recomendar y cerrar", "recommend and close"),
        _ => ("nada", "nothing"),
    }
}

/// What somebody does in a case.
pub(crate) const fn seat(role: OfficeRole) -> Both {
    match role {
        OfficeRole::Unspecified => ("sin función", "no role"),
        OfficeRole::Intake => ("registro", "intake"),
        OfficeRole::Investigator => ("instrucción", "investigator"),
        OfficeRole::Ombudsman => ("defensor", "ombudsman"),
        OfficeRole::Quality => ("calidad", "quality"),
        OfficeRole::Auditor => ("auditoría", "auditor"),
    }
}

/// What is missing.
pub(crate) const fn missing(item: MissingItem) -> Both {
    match item {
        MissingItem::Unspecified => ("nada", "nothing"),
        MissingItem::Identity => ("quién reclama", "who claims"),
        MissingItem::ClaimPoints => ("qué se reclama, con claridad", "what is claimed, clearly"),
        MissingItem::FactsDate => ("cuándo ocurrieron los hechos", "when the facts happened"),
        MissingItem::ParallelProceedingsDeclaration => {
            ("la declaración sobre otros procedimientos", "the declaration on other proceedings")
        }
        MissingItem::Representation => ("la acreditación de quien representa", "proof of who represents"),
        MissingItem::Documents => ("los documentos en que se apoya", "the documents it stands on"),
    }
}

/// A ground of the closed list.
pub(crate) const fn ground(ground: InadmissibilityGround) -> Both {
    match ground {
        InadmissibilityGround::Unspecified => ("ninguna", "none"),
        InadmissibilityGround::EssentialDataMissing => (
            "a) faltan datos esenciales que no se han subsanado",
            "a) essential data are missing and were not completed",
        ),
        InadmissibilityGround::OtherForum => (
            "b) es asunto de tribunales, árbitros o administración",
            "b) a matter for courts, arbitrators or the administration",
        ),
        InadmissibilityGround::NotConcreteOperations => {
            ("c) los hechos no son operaciones concretas", "c) the facts are no concrete operations")
        }
        InadmissibilityGround::Repeated => {
            ("d) repite una reclamación ya resuelta", "d) it repeats a complaint that was decided")
        }
        InadmissibilityGround::FilingWindowPassed => {
            ("e) pasó el plazo del reglamento para presentarla", "e) the filing window of the rules has passed")
        }
        InadmissibilityGround::TimeBarred => (
            "f) prescrita, o más de cinco años desde los hechos",
            "f) time-barred, or more than five years since the facts",
        ),
        InadmissibilityGround::ParallelProceedings => {
            ("hay otro procedimiento sobre los mismos hechos", "other proceedings run on the same facts")
        }
        InadmissibilityGround::NoPriorContact => {
            ("Ley 7/2017: no se reclamó antes al empresario", "Ley 7/2017: the firm was not asked first")
        }
        InadmissibilityGround::ManifestlyUnfounded => {
            ("Ley 7/2017: manifiestamente infundada", "Ley 7/2017: manifestly unfounded")
        }
        InadmissibilityGround::Vexatious => ("Ley 7/2017: vejatoria", "Ley 7/2017: vexatious"),
        InadmissibilityGround::InjuryOrCrime => (
            "Ley 7/2017: puede haber lesiones, muerte o delito",
            "Ley 7/2017: an injury, a death or a crime may be behind it",
        ),
    }
}

/// What a party has time for, and which.
pub(crate) fn party_term(term: &PartyTerm) -> Both {
    use PartyTermKind as K;
    match (term.kind(), term.bearer()) {
        (K::Cure, _) => ("el reclamante subsana", "the claimant completes it"),
        (K::Allegations, _) => ("el reclamante alega", "the claimant answers the refusal"),
        (K::Statement, _) => ("la entidad alega", "the firm states its position"),
        (K::Reflection, _) => ("el reclamante piensa la oferta", "the claimant thinks the offer over"),
        (K::OfferAnswer, _) => ("el reclamante contesta la oferta", "the claimant answers the offer"),
        (K::DecisionAnswer, Party::Firm) => ("la entidad contesta la resolución", "the firm answers the decision"),
        (K::DecisionAnswer, _) => ("el reclamante contesta la resolución", "the claimant answers the decision"),
        (K::Refusal, _) => ("la oficina puede inadmitir", "the office may refuse it"),
        (K::Unspecified, _) => ("una parte tiene plazo", "a party has time"),
    }
}

/// What the claimant declared of other proceedings.
pub(crate) const fn parallel(declared: ParallelProceedings) -> Both {
    match declared {
        ParallelProceedings::Unspecified => ("no declarado", "not declared"),
        ParallelProceedings::None => ("ninguno", "none"),
        ParallelProceedings::Pending => ("pendiente", "pending"),
        ParallelProceedings::Decided => ("ya decidido", "decided"),
    }
}

/// Why the wall keeps somebody off a case, and what can be done.
pub(crate) const fn conflict(ground: ConflictGround) -> Both {
    match ground {
        ConflictGround::Unspecified => ("motivo desconocido", "unknown ground"),
        ConflictGround::TouchedTicket => {
            ("esta persona actuó en el asunto reclamado", "this person acted on the affair")
        }
        ConflictGround::UnitTouchedTicket => ("su unidad actuó en el asunto", "their unit acted on the affair"),
        ConflictGround::LineTouchedTicket => {
            ("alguien de su línea jerárquica actuó en el asunto", "somebody in their line acted on the affair")
        }
        ConflictGround::RelationWithParty => (
            "declaró una relación con una de las partes, ahora o en los últimos tres años",
            "they declared a relation with a party, now or in the last three years",
        ),
        ConflictGround::MissingDeclaration => (
            "no tiene vigente su declaración de relaciones: si la hace, puede intentarse otra vez",
            "they have no current declaration of relations: once it is made, try again",
        ),
        ConflictGround::FirmPrincipal => {
            ("actuó para la entidad en los últimos tres años", "they acted for the firm within the last three years")
        }
        ConflictGround::NoMandate => (
            "no está en el registro de la oficina o no tiene mandato en vigor",
            "they are not in the register or have no mandate that runs",
        ),
        ConflictGround::InvolvementUnknown => (
            "no se sabe por completo quién actuó en el asunto: a nadie se le puede dar paso",
            "who acted on the affair is not wholly known: nobody can be cleared",
        ),
        ConflictGround::Incompatible => (
            "declaró un cargo o interés incompatible con la oficina",
            "they declared a post or interest that nobody of the office may have",
        ),
        ConflictGround::NotAppointed => {
            ("ya no está nombrada para esa función", "they are no longer appointed for that role")
        }
        ConflictGround::SteppedAside => {
            ("se abstuvo en este caso por decisión propia", "they stepped aside from this case by their own decision")
        }
    }
}

/// Who sees a paper.
pub(crate) const fn visibility(visibility: DossierVisibility) -> Both {
    match visibility {
        DossierVisibility::Unspecified => ("", ""),
        DossierVisibility::Parties => ("partes y oficina", "parties and office"),
        DossierVisibility::Office => ("solo la oficina", "the office alone"),
        DossierVisibility::Sealed => ("reservado a quien lleva el caso", "sealed to who works on it"),
    }
}

/// How a point went.
pub(crate) const fn outcome(outcome: DecisionOutcome) -> Both {
    match outcome {
        DecisionOutcome::Unspecified => ("sin decidir", "not decided"),
        DecisionOutcome::Upheld => ("estimado", "upheld"),
        DecisionOutcome::PartlyUpheld => ("estimado en parte", "partly upheld"),
        DecisionOutcome::NotUpheld => ("desestimado", "not upheld"),
    }
}

/// What is owed.
pub(crate) const fn obligation(kind: ObligationKind) -> Both {
    match kind {
        ObligationKind::Unspecified => ("obligación", "obligation"),
        ObligationKind::Order => ("orden", "order"),
        ObligationKind::Recommendation => ("recomendación", "recommendation"),
        ObligationKind::Settlement => ("acuerdo", "settlement"),
    }
}

/// The way of a contact.
pub(crate) const fn channel(channel: Channel) -> Both {
    match channel {
        Channel::Unspecified => ("sin canal", "no channel"),
        Channel::Phone => ("teléfono", "phone"),
        Channel::Email => ("correo electrónico", "e-mail"),
        Channel::Web => ("web", "web"),
        Channel::Chat => ("chat", "chat"),
        Channel::Sms => ("SMS", "text message"),
        Channel::Post => ("carta", "letter"),
        Channel::InPerson => ("en persona", "in person"),
        Channel::Social => ("red social", "social network"),
        Channel::Api => ("entre sistemas", "between systems"),
    }
}

/// What a paper is.
pub(crate) const fn paper(kind: DossierKind) -> Both {
    match kind {
        DossierKind::Unspecified => ("papel", "paper"),
        DossierKind::Complaint => ("reclamación", "complaint"),
        DossierKind::TicketSnapshot => ("el asunto como estaba al abrir", "the affair as it stood"),
        DossierKind::MessagesSnapshot => ("notas internas del asunto", "internal notes of the affair"),
        DossierKind::CorrespondenceSnapshot => ("mensajes con el cliente", "messages with the customer"),
        DossierKind::HistorySnapshot => ("historia del asunto", "history of the affair"),
        DossierKind::ClocksSnapshot => ("plazo del asunto, con su prueba", "clock of the affair, with its proof"),
        DossierKind::Gap => ("algo que falta", "something that is missing"),
        DossierKind::CureRequest => ("petición de subsanación", "request to complete"),
        DossierKind::Cure => ("subsanación", "completion"),
        DossierKind::InadmissibilityProposal => ("propuesta de inadmisión", "proposed refusal"),
        DossierKind::ClaimantStatement => ("escrito del reclamante", "statement of the claimant"),
        DossierKind::Refusal => ("inadmisión", "refusal"),
        DossierKind::Admission => ("admisión", "admission"),
        DossierKind::EntityStatement => ("alegaciones de la entidad", "statement of the firm"),
        DossierKind::Assignment => ("asignación o abstención", "assignment or recusal"),
        DossierKind::Evidence => ("prueba", "evidence"),
        DossierKind::Note => ("nota", "note"),
        DossierKind::Investigation => ("apertura de la instrucción", "investigation opened"),
        DossierKind::Decision => ("resolución", "decision"),
        DossierKind::Notification => ("notificación", "notification"),
        DossierKind::Withdrawal => ("desistimiento", "withdrawal"),
        DossierKind::Rectification => ("rectificación de la entidad", "rectification by the firm"),
        DossierKind::Forwarding => ("remisión al competente", "forwarding"),
        DossierKind::Stay => ("suspensión", "stay"),
        DossierKind::StayEnd => ("fin de la suspensión", "end of the stay"),
        DossierKind::TermExtension => ("prórroga del plazo", "extension of the term"),
        DossierKind::CodeNotice => ("código comunicado", "code told"),
        DossierKind::ClaimantEvidence => ("prueba del reclamante", "evidence of the claimant"),
        DossierKind::EntityEvidence => ("prueba de la entidad", "evidence of the firm"),
        DossierKind::Offer => ("oferta de la entidad", "offer of the firm"),
        DossierKind::OfferNotice => ("oferta comunicada", "offer told"),
        DossierKind::OfferAnswer => ("respuesta a la oferta", "answer to the offer"),
        DossierKind::ConciliationEnd => ("conciliación sin acuerdo", "conciliation without agreement"),
        DossierKind::OwnInitiative => ("continuación de oficio", "continued by own initiative"),
        DossierKind::DecisionAnswer => ("respuesta a la resolución", "answer to the decision"),
        DossierKind::ComplianceOrder => ("orden de cumplimiento", "compliance order"),
        DossierKind::Recommendation => ("recomendación", "recommendation"),
        DossierKind::ExecutionProof => ("prueba de cumplimiento", "proof of compliance"),
        DossierKind::ExecutionReview => ("examen de la prueba", "review of the proof"),
        DossierKind::Overdue => ("incumplimiento", "overdue"),
        DossierKind::OverdueReport => ("comunicación del incumplimiento", "report of what is overdue"),
        DossierKind::Correction => ("corrección de erratas", "correction"),
        DossierKind::Review => ("revisión", "review"),
        DossierKind::Disclosure => ("declaración de independencia entregada", "disclosure given"),
        DossierKind::Acknowledgement => ("acuse de recibo", "acknowledgement"),
        DossierKind::ReceiptSnapshot => ("el justificante que se le dio", "the receipt that was given"),
        DossierKind::ScreenSnapshot => ("la pantalla de la entidad al abrir", "the firm's screen as it stood"),
    }
}

/// A table of the yearly report.
pub(crate) const fn table(table: ReportTable) -> Both {
    match table {
        ReportTable::Unspecified => ("", ""),
        ReportTable::Received => ("Recibidos", "Received"),
        ReportTable::RefusalGround => ("Inadmitidos, por motivo", "Refused, by ground"),
        ReportTable::Motive => ("Recibidos, por motivo", "Received, by motive"),
        ReportTable::Claimed => ("Importe reclamado", "Amount claimed"),
        ReportTable::State => ("Recibidos, por estado", "Received, by state"),
        ReportTable::Outcome => ("Resoluciones, por sentido", "Decisions, by outcome"),
        ReportTable::Redress => ("Importe reconocido", "Redress"),
        ReportTable::Term => ("Resoluciones, en plazo", "Decisions, in term"),
        ReportTable::Compliance => ("Resoluciones, por cumplimiento", "Decisions, by compliance"),
        ReportTable::OutcomeByMotive => ("Resoluciones, por motivo y sentido", "Decisions, by motive and outcome"),
        ReportTable::Binding => ("Resoluciones, por efecto", "Decisions, by effect"),
        ReportTable::Precedent => ("Resoluciones y precedentes", "Decisions and precedents"),
        ReportTable::Recurrence => {
            ("Cumplido y exigido de nuevo, por causa", "Carried out and owed once more, by cause")
        }
    }
}

/// The languages of decisions, each by its own name.
pub(crate) const LANGUAGES: [(Language, &str); 5] = [
    (Language::Es, "español"),
    (Language::En, "English"),
    (Language::Ca, "català"),
    (Language::Gl, "galego"),
    (Language::Eu, "euskara"),
];
