//! What the values of the contract are called by people, in both languages. Exhaustive: a value that is added to the contract
//! does not compile until it has a name here.

use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1 as common;
use web::Lang;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident of $kind:ty { $($variant:ident: $es:literal, $en:literal;)* })*) => {
        $($(#[$doc])*
        pub fn $name(value: i32, lang: Lang) -> &'static str {
            match <$kind>::try_from(value) {
                $(Ok(<$kind>::$variant) => lang.of($es, $en),)*
                Err(_) => lang.of("desconocido", "unknown"),
            }
        })*
    };
}

words! {
    /// The way a contact came or went.
    channel of common::Channel {
        Unspecified: "todos los canales", "every channel";
        Phone: "teléfono", "phone";
        Email: "correo electrónico", "e-mail";
        Web: "web", "web";
        Chat: "chat", "chat";
        Sms: "SMS", "text message";
        Post: "carta", "letter";
        InPerson: "en persona", "in person";
        Social: "red social", "social network";
        Api: "entre sistemas", "between systems";
    }
    /// Which way a contact went.
    direction of common::Direction {
        Unspecified: "—", "—";
        Inbound: "entrante", "inbound";
        Outbound: "saliente", "outbound";
    }
    /// A language.
    language of common::Language {
        Unspecified: "—", "—";
        Es: "español", "Spanish";
        En: "inglés", "English";
        Ca: "catalán", "Catalan";
        Gl: "gallego", "Galician";
        Eu: "euskera", "Basque";
    }
    /// Type of an affair.
    ticket_type of ticketing::TicketType {
        Unspecified: "cualquier asunto", "any affair";
        Consulta: "consulta", "enquiry";
        Queja: "queja", "complaint";
        Reclamacion: "reclamación", "claim";
        Incidencia: "incidencia", "fault";
        Solicitud: "solicitud", "request";
        Baja: "baja", "cancellation";
    }
    /// State of an affair.
    ticket_state of ticketing::TicketState {
        Unspecified: "—", "—";
        Acknowledged: "recibido", "acknowledged";
        InProgress: "en curso", "in progress";
        Pending: "a la espera", "pending";
        Held: "retenido", "held";
        Resolved: "resuelto", "resolved";
        Closed: "cerrado", "closed";
        Rejected: "rechazado", "rejected";
        Cancelled: "anulado", "cancelled";
    }
    /// How grave an affair is.
    severity of ticketing::Severity {
        Unspecified: "—", "—";
        Low: "baja", "low";
        Medium: "media", "medium";
        High: "alta", "high";
        Critical: "crítica", "critical";
    }
    /// What a score is about.
    satisfaction_cause of ticketing::SatisfactionCause {
        Unspecified: "—", "—";
        Outcome: "el resultado", "the outcome";
        Time: "el tiempo", "the time";
        Effort: "el esfuerzo", "the effort";
        Treatment: "el trato", "the treatment";
        Clarity: "la claridad", "the clarity";
        Promise: "una promesa", "a promise";
        Access: "el acceso", "the access";
        Product: "el producto", "the product";
    }
    /// State of a clock.
    clock_state of sla::ClockState {
        Unspecified: "—", "—";
        Scheduled: "aún no empieza", "not started";
        Running: "corre", "running";
        Paused: "parado", "paused";
        Fulfilled: "cumplido", "met";
        Cancelled: "sin efecto", "fell away";
        Lapsed: "pasó sin usarse", "passed unused";
    }
    /// State of a case.
    case_state of office::CaseState {
        Unspecified: "—", "—";
        Received: "recibido", "received";
        Registered: "registrado", "registered";
        NeedsCure: "por subsanar", "needs completing";
        ArchivedUncured: "archivado sin subsanar", "archived, not completed";
        InadmissibleProposed: "inadmisión propuesta", "refusal proposed";
        Inadmissible: "inadmitido", "not admitted";
        Admitted: "admitido", "admitted";
        EntityAllegations: "alegaciones de la entidad", "firm's answer";
        Investigation: "en investigación", "under investigation";
        Drafted: "en redacción", "being drafted";
        Decided: "resuelto", "decided";
        Notified: "notificado", "notified";
        Closed: "cerrado", "closed";
        Withdrawn: "desistido", "withdrawn";
        Rectified: "rectificado", "put right";
        ForwardedInternally: "remitido al servicio", "passed to the service";
        Stayed: "suspendido", "stayed";
        Conciliation: "en conciliación", "in conciliation";
        Settled: "con acuerdo", "settled";
        OwnInitiative: "de oficio", "own initiative";
        Binding: "vinculante", "binding";
        NotBinding: "no vinculante", "not binding";
        Compliance: "por cumplir", "to be complied with";
        Complied: "cumplido", "complied with";
        Overdue: "fuera de plazo", "overdue";
        Reported: "comunicado", "reported";
    }
    /// How a case ended.
    outcome of office::DecisionOutcome {
        Unspecified: "sin decidir", "not decided";
        Upheld: "estimado", "upheld";
        PartlyUpheld: "estimado en parte", "partly upheld";
        NotUpheld: "desestimado", "not upheld";
    }
    /// State of a customer.
    customer_state of customer::CustomerState {
        Unspecified: "—", "—";
        Active: "activo", "active";
        Restricted: "tratamiento limitado", "restricted";
        Erased: "borrado", "erased";
    }
    /// Why a section may lack something.
    gap of customer::GapReason {
        Unspecified: "no se sabe", "not known";
        NeverReached: "nunca ha contestado", "never heard of";
        Silent: "no contesta", "silent";
        Behind: "va con retraso", "behind";
        Parked: "tiene apuntes sin aplicar", "has entries that wait";
    }
    /// What is asked of customers.
    fact of customer::FactKind {
        Unspecified: "—", "—";
        Name: "nombre", "name";
        NationalId: "documento", "national document";
        BirthDate: "fecha de nacimiento", "date of birth";
        Phone: "teléfono", "phone";
        Email: "correo electrónico", "e-mail";
        Address: "dirección", "address";
        Account: "cuenta o contrato", "account or contract";
        Language: "idioma", "language";
    }
    /// What must not be done.
    hold of customer::HoldKind {
        Unspecified: "—", "—";
        ServiceCut: "no cortar el servicio", "do not cut the service";
        Collection: "no reclamar la deuda", "do not collect the debt";
    }
    /// What a consent is for.
    consent_purpose of customer::ConsentPurpose {
        Unspecified: "—", "—";
        CommercialCalls: "llamadas comerciales", "commercial calls";
        CommercialMessages: "mensajes comerciales", "commercial messages";
        Profiling: "perfilado", "profiling";
        Recording: "grabación", "recording";
        Sharing: "cesión a terceros", "sharing with others";
    }
    /// What came of a consent.
    consent_state of customer::ConsentState {
        Unspecified: "—", "—";
        Given: "dado", "given";
        Lapsed: "caducado", "lapsed";
        Withdrawn: "retirado", "withdrawn";
    }
    /// Where in its life as a customer.
    lifecycle of customer::CustomerLifecycle {
        Unspecified: "—", "—";
        Prospect: "aún no es cliente", "prospect";
        Active: "cliente", "active";
        AtRisk: "puede irse", "at risk";
        Churned: "se fue", "left";
        WonBack: "volvió", "won back";
    }
    /// What a customer spends.
    segment of customer::ValueSegment {
        Unspecified: "—", "—";
        Low: "bajo", "low";
        Middle: "medio", "middle";
        High: "alto", "high";
    }
    /// What speaks of leaving.
    churn of customer::ChurnSignal {
        Unspecified: "—", "—";
        PurchaseLate: "compra menos a menudo", "buys less often";
        ContractEnded: "terminó un contrato", "a contract ended";
        Complaint: "ha reclamado", "complained";
        MissedTerm: "se le falló un plazo", "a term was missed";
    }
    /// What to do next.
    next_action of customer::NextActionKind {
        Unspecified: "—", "—";
        PersonalCall: "llamada de alguien que pueda resolver", "a call from somebody who can solve it";
        Goodwill: "compensación", "goodwill";
        FollowUp: "preguntar cómo va y escuchar", "ask how it goes, and listen";
    }
    /// How far it is.
    next_action_state of customer::NextActionState {
        Unspecified: "—", "—";
        Proposed: "por decidir", "to be decided";
        Approved: "aprobada, por hacer", "approved, to be done";
        Declined: "descartada", "declined";
        Done: "hecha", "done";
        Lapsed: "caducada", "lapsed";
    }
    /// How a customer stands to another.
    relation of customer::RelationKind {
        Unspecified: "—", "—";
        Household: "vive con", "lives with";
        Represents: "representa a", "speaks for";
        RepresentedBy: "representado por", "spoken for by";
    }
    /// Why a caller is served first.
    priority of customer::PriorityRight {
        Unspecified: "—", "—";
        Age: "65 años o más", "65 or older";
        Disability: "discapacidad declarada", "declared disability";
        Undisclosed: "hay un motivo reservado", "there is a reason that is kept";
    }
    /// What makes a customer vulnerable.
    vulnerability of customer::VulnerabilityDriver {
        Unspecified: "motivo reservado", "reason kept";
        Health: "salud", "health";
        Disability: "discapacidad", "disability";
        LifeEvent: "suceso vital", "life event";
        Resilience: "poco margen", "little room";
        Capability: "dificultad con el idioma, los números o la técnica", "difficulty with language, numbers or machines";
    }
    /// How something sounded.
    sentiment of customer::SentimentLabel {
        Unspecified: "—", "—";
        Negative: "descontento", "unhappy";
        Neutral: "neutral", "neutral";
        Positive: "contento", "content";
    }
    /// What is compared.
    field of customer::MatchField {
        Unspecified: "—", "—";
        GivenName: "nombre", "given name";
        FirstSurname: "primer apellido", "first surname";
        SecondSurname: "segundo apellido", "second surname";
        NameOrder: "orden del nombre", "order of the name";
        BirthDate: "fecha de nacimiento", "date of birth";
        Address: "dirección", "address";
        Phone: "teléfono", "phone";
        Email: "correo electrónico", "e-mail";
        NationalId: "documento", "national document";
        Account: "cuenta", "account";
        Family: "lo que comparte una familia", "what a family shares";
    }
    /// How far two values agree.
    level of customer::MatchLevel {
        Unspecified: "—", "—";
        Exact: "iguales", "equal";
        Variant: "dos formas de lo mismo", "two forms of one";
        Near: "un error de distancia", "one slip apart";
        Partial: "iguales en parte", "alike in part";
        Weak: "poco en común", "little in common";
        Far: "distintos", "unlike";
        Contradicted: "distintos, y ambos comprobados", "unlike, and each proven";
        Shared: "iguales, pero lo tienen muchos", "equal, but carried by many";
        Missing: "falta en uno", "missing on a side";
    }
    /// Why a pair is not certain.
    doubt of customer::MatchDoubt {
        Unspecified: "solo falta puntuación", "only the score is too low";
        DifferentDocuments: "cada uno tiene un documento válido, y son distintos", "each has a valid document, and they differ";
        DifferentPeople: "ni el nombre ni la fecha de nacimiento coinciden: padres e hijos, o hermanos", "neither given name nor birth date agrees: parent and child, or siblings";
        DifferentBirthDates: "dos fechas de nacimiento, y no es una errata", "two birth dates, and no slip of the pen";
        OneFamily: "todo lo que coincide lo comparte una familia", "all that agrees is what a family shares";
        Unproven: "nadie ha probado quién dice lo uno", "nobody proved who says one of the two";
        SeveralPeople: "encaja con más de una persona", "it fits more than one person";
        NothingPersonal: "no coincide nada que sea de una sola persona", "nothing agrees that belongs to one person alone";
    }
    /// How sure a match is.
    grade of customer::MatchGrade {
        Unspecified: "—", "—";
        Certain: "seguro", "certain";
        Probable: "probable", "probable";
        Possible: "posible", "possible";
        None: "nadie", "nobody";
        CertainlyNot: "son dos personas", "two people";
    }
    /// State of a proposal to stewards.
    proposal_state of customer::MatchProposalState {
        Unspecified: "—", "—";
        Open: "por decidir", "to be decided";
        Confirmed: "confirmada: es una persona", "confirmed: one person";
        Rejected: "rechazada: son dos personas", "rejected: two people";
        Withdrawn: "retirada: ya no es probable", "withdrawn: no longer probable";
    }
    /// Kind of an identifier.
    identifier of customer::IdentifierType {
        Unspecified: "—", "—";
        Phone: "teléfono", "phone";
        Email: "correo electrónico", "e-mail";
        NationalId: "documento", "national document";
        Account: "cuenta", "account";
        Device: "equipo", "device";
        Social: "red social", "social network";
        Chat: "chat", "chat";
    }
    /// Why a value won.
    survivorship of customer::SurvivorshipRule {
        Unspecified: "—", "—";
        OnlySource: "es la única fuente", "the only source";
        MostRecent: "es la más reciente", "observed last";
        SourceOrder: "por el orden de las fuentes", "by the order of sources";
        Authority: "su sistema es la autoridad", "its system is the authority";
        Verified: "se comprobó con la persona", "verified with the person";
    }
    /// What a link says.
    link_type of customer::LinkType {
        Unspecified: "—", "—";
        SameAs: "una persona", "one person";
        NotSameAs: "dos personas", "two people";
    }
    /// What comes of a link.
    link_state of customer::LinkState {
        Unspecified: "—", "—";
        Active: "vigente", "counts";
        HeldBack: "retenido por otro", "held back by another";
        Revoked: "revocado", "revoked";
    }
    /// On what a link rests.
    link_basis of customer::LinkBasis {
        Unspecified: "—", "—";
        Identifier: "mismo identificador", "same identifier";
        Score: "puntuación", "score";
        Steward: "palabra de un custodio", "a steward's word";
    }
    /// What is said of a comparison of groups.
    fairness of sla::FairnessVerdict {
        Unspecified: "—", "—";
        TooFew: "no hay bastantes para comparar", "too few to compare";
        NoEvidence: "puede ser casualidad", "chance alone may do it";
        Slight: "más que casualidad, menos de dos puntos", "more than chance, less than two points";
        Disparity: "un grupo recibe peor servicio", "one group is served worse";
    }
}

/// What a key of a board is called; a key that is a name of the house's own stays as it is.
pub fn key(key: &str, lang: Lang) -> String {
    let known = match key {
        "" => lang.of("no se sabe", "not known"),
        "statutory" => lang.of("la ley", "the law"),
        "sla" => lang.of("prometido a clientes", "promised to customers"),
        "ola" => lang.of("entre departamentos", "between departments"),
        "uc" => lang.of("de proveedores", "of suppliers"),
        "kept" => lang.of("cumplida", "kept"),
        "renegotiated" => lang.of("renegociada", "renegotiated"),
        "lapsed" => lang.of("decaída con su asunto", "fell away with its affair"),
        "broken_announced" => lang.of("rota, avisada", "broken, announced"),
        "broken_unreported" => lang.of("rota, aviso sin acuse", "broken, unreported"),
        "broken_silent" => lang.of("rota en silencio", "broken in silence"),
        "consulta" => lang.of("consulta", "enquiry"),
        "queja" => lang.of("queja", "complaint"),
        "reclamacion" => lang.of("reclamación", "claim"),
        "incidencia" => lang.of("incidencia", "fault"),
        "solicitud" => lang.of("solicitud", "request"),
        "baja" => lang.of("baja", "cancellation"),
        "case" => lang.of("caso del defensor", "ombudsman's case"),
        "phone" => lang.of("teléfono", "phone"),
        "email" => lang.of("correo electrónico", "e-mail"),
        "post" => lang.of("carta", "letter"),
        "in_person" => lang.of("en persona", "in person"),
        "social" => lang.of("red social", "social network"),
        "api" => lang.of("entre sistemas", "between systems"),
        "answer" => lang.of("contestar", "answer"),
        "acknowledge" => lang.of("acusar recibo", "acknowledge"),
        "resolve" => lang.of("resolver", "resolve"),
        "resolve_and_answer" => lang.of("resolver y contestar", "resolve and answer"),
        "written_answer" => lang.of("contestar por escrito", "answer in writing"),
        "reasoned_answer" => lang.of("contestar con motivos", "answer with reasons"),
        "entity_answer" => lang.of("alegaciones de la entidad", "the firm's answer"),
        "final_response" => lang.of("respuesta definitiva", "final response"),
        "keep_promise" => lang.of("cumplir lo prometido", "keep the promise"),
        "first_reply" => lang.of("primera respuesta", "first reply"),
        "next_reply" => lang.of("siguiente respuesta", "next reply"),
        "human_on_request" => lang.of("una persona si se pide", "a person on request"),
        "supervisor_transfer" => lang.of("pasar a un supervisor", "pass to a supervisor"),
        "tracking_key" => lang.of("dar la clave", "give the key"),
        "receipt" => lang.of("dar el justificante", "give the receipt"),
        "admissibility" => lang.of("decidir si se admite", "decide on admission"),
        "decide" => lang.of("decidir", "decide"),
        "notify_decision" => lang.of("notificar la decisión", "notify the decision"),
        "comply" => lang.of("cumplir la decisión", "comply with the decision"),
        "calls_answered_within_3_min" => lang.of("llamadas en 3 min", "calls within 3 min"),
        "human_on_request_within_3_min" => lang.of("persona en 3 min", "person within 3 min"),
        "supervisor_in_same_communication" => lang.of("supervisor al momento", "supervisor at once"),
        "supervisor_within_business_day" => lang.of("supervisor en el día", "supervisor that day"),
        "cause" => lang.of("causa", "cause"),
        "not_stated" => lang.of("sin indicar", "not stated"),
        "speed_of_answer" => lang.of("atender la llamada", "answer the call"),
        "none" => lang.of("no gasta", "spends nothing"),
        "low" => lang.of("gasta poco", "spends little"),
        "middle" => lang.of("gasta lo medio", "spends the middle"),
        "high" => lang.of("gasta mucho", "spends much"),
        "first_90_days" => lang.of("primeros 90 días", "first 90 days"),
        "later" => lang.of("después", "later"),
        "resolved_within_term" => lang.of("resuelto en plazo", "resolved in time"),
        "others" => lang.of("los demás", "the others"),
        "es" => lang.of("español", "Spanish"),
        "en" => lang.of("inglés", "English"),
        "ca" => lang.of("catalán", "Catalan"),
        "gl" => lang.of("gallego", "Galician"),
        "eu" => lang.of("euskera", "Basque"),
        "served_first" => lang.of("con preferencia", "served first"),
        other => return other.replace('_', " "),
    };
    known.to_owned()
}
