//! The steps themselves, in the order of a case.

use kernel::Role;
use ventanilla_proto::ombudsman::v1::CaseState;

use super::sets::{DECIDES, HEARD, INTAKE, OPEN, SEATED, SITS, STAYABLE, TOLD, UNDECIDED, WITHDRAWABLE, WORKS};
use super::{Field, Kind, List, Spec, Step};
use crate::words::Both;

use CaseState as S;
use Kind::{Any, Line, Money, Number, One, Orders, Text};

const fn need(name: &'static str, label: Both, hint: Both, kind: Kind) -> Field {
    Field { name, label, hint, kind, required: true }
}

const fn may(name: &'static str, label: Both, hint: Both, kind: Kind) -> Field {
    Field { name, label, hint, kind, required: false }
}

const NO_HINT: Both = ("", "");
const CLAIMANT_READS: Both =
    ("Lo leerá el reclamante: en palabras llanas.", "The claimant will read it: in plain words.");
const PARTIES_READ: Both = ("Lo leen ambas partes.", "Both parties read it.");

const REASONS: Field = need("reasons", ("Motivos", "Reasons"), PARTIES_READ, Text);
const STATEMENT: Field = need("statement", ("Qué dijo", "What was said"), PARTIES_READ, Text);
const CHANNEL: Field = need(
    "channel",
    ("Por qué canal", "By which channel"),
    ("El mismo por el que reclamó, si no pidió otro.", "The one they claimed by, unless they asked for another."),
    One(List::Channels),
);
const ACCEPTED: Field = need("accepted", ("¿Acepta?", "Does it accept?"), NO_HINT, One(List::YesNo));
const GROUND: Field =
    need("ground", ("Motivo de la lista cerrada", "Ground of the closed list"), NO_HINT, One(List::Grounds));

const CAME_ON: Field = may(
    "receive_time",
    ("Día en que llegó", "Day it came"),
    (
        "Si es del reclamante y no llegó hoy: cuenta desde entonces.",
        "If it is the claimant's and did not come today: it counts from then.",
    ),
    Kind::Day,
);
const CAME_AT: Field = may(
    "receive_hour",
    ("Hora a la que llegó", "Hour it came"),
    (
        "Si se sabe; si no, vale todo el día. Lo que llegó antes de proponer la inadmisión no la contesta.",
        "If it is known; otherwise any of the day. What came before a refusal was proposed does not answer it.",
    ),
    Kind::Hour,
);

/// All of them, in the order a case goes through them.
pub(crate) const STEPS: &[Spec] = &[
    Spec {
        step: Step::Assign,
        slug: "assign",
        title: ("Asignar a alguien", "Assign somebody"),
        about: (
            "El muro de conflictos comprueba a la persona antes de darle paso; si no puede, dice por qué y el intento queda anotado.",
            "The conflict wall checks the person first; if they cannot, it says why, and the attempt is written down.",
        ),
        done: ("Asignado.", "Assigned."),
        from: SEATED,
        roles: INTAKE,
        fields: &[
            need("person", ("Persona", "Person"), ("Su identificador en la oficina.", "Their id in the office."), Line),
            need("office_role", ("Función en el expediente", "Role in the case"), NO_HINT, One(List::Seats)),
        ],
    },
    Spec {
        step: Step::Admit,
        slug: "admit",
        title: ("Admitir", "Admit"),
        about: ("Empieza el plazo de la entidad para alegar.", "The firm's time to state its position starts."),
        done: ("Admitido.", "Admitted."),
        from: &[S::Received, S::Registered, S::NeedsCure, S::InadmissibleProposed],
        roles: INTAKE,
        fields: &[may(
            "repetition_seen",
            ("¿Se ha visto que repite lo ya resuelto?", "Was it seen that it repeats what was decided?"),
            ("Solo si se dice que lo repite.", "Only when you are told that it does."),
            One(List::YesNo),
        )],
    },
    Spec {
        step: Step::RequestCure,
        slug: "request-cure",
        title: ("Pedir subsanación", "Ask to complete it"),
        about: (
            "El reclamante tiene diez días para completar lo que falte.",
            "The claimant has ten days to complete what is missing.",
        ),
        done: ("Subsanación pedida.", "Asked to complete it."),
        from: &[S::Received, S::Registered],
        roles: INTAKE,
        fields: &[
            need("items", ("Qué falta", "What is missing"), NO_HINT, Any(List::Missing)),
            need("explanation", ("Explicación", "Explanation"), CLAIMANT_READS, Text),
        ],
    },
    Spec {
        step: Step::ReceiveCure,
        slug: "receive-cure",
        title: ("Anotar la subsanación", "Record what was sent to complete it"),
        about: (
            "El expediente vuelve a examen de admisión; si se propuso inadmitirlo, esto contesta a la propuesta.",
            "The case goes back to the examination of its admission; where a refusal was proposed, this answers it.",
        ),
        done: ("Subsanación anotada.", "Completion recorded."),
        from: &[S::NeedsCure, S::Registered, S::InadmissibleProposed],
        roles: INTAKE,
        fields: &[
            need("content", ("Qué ha enviado", "What was sent"), PARTIES_READ, Text),
            may(
                "parallel_proceedings",
                ("Declaración sobre otros procedimientos", "Declaration on other proceedings"),
                ("Si era lo que faltaba.", "If that was missing."),
                One(List::Parallel),
            ),
            may(
                "facts_time",
                ("Fecha de los hechos", "Date of the facts"),
                ("Si era lo que faltaba.", "If that was missing."),
                Kind::Day,
            ),
            may(
                "facts_known_time",
                ("Desde cuándo los conoce", "Known to the claimant since"),
                ("Si no lo había dicho.", "If that was not said."),
                Kind::Day,
            ),
            may(
                "claim_points",
                ("Puntos reclamados", "Claim points"),
                ("Uno por línea, si era lo que faltaba.", "One a line, if that was missing."),
                Text,
            ),
            CAME_ON,
            CAME_AT,
            may(
                "representation_proven",
                ("¿Acredita la representación?", "Does it prove the representation?"),
                ("Si era lo que faltaba.", "If that was missing."),
                One(List::YesNo),
            ),
        ],
    },
    Spec {
        step: Step::ProposeInadmissibility,
        slug: "propose-inadmissibility",
        title: ("Proponer la inadmisión", "Propose to refuse it"),
        about: (
            "El reclamante tiene diez días naturales para contestar.",
            "The claimant has ten calendar days to answer.",
        ),
        done: ("Inadmisión propuesta.", "Refusal proposed."),
        from: &[S::Received, S::Registered, S::NeedsCure],
        roles: INTAKE,
        fields: &[
            GROUND,
            need("reasons", ("Motivos", "Reasons"), CLAIMANT_READS, Text),
            may(
                "repeats",
                ("Expedientes resueltos que reitera", "Decided cases that it repeats"),
                (
                    "Solo por reiteración, y si la entidad no unió ni enlazó los asuntos: un expediente por línea, como está en su dirección.",
                    "Only for a repetition, and where the firm neither merged nor linked the affairs: a case a line, as its address has it.",
                ),
                Text,
            ),
        ],
    },
    Spec {
        step: Step::Refuse,
        slug: "refuse",
        title: ("Inadmitir", "Refuse it"),
        about: (
            "Es definitivo. Solo por el motivo propuesto, cuando el reclamante contestó o pasó su plazo, o porque no subsanó.",
            "This is final. Only on the proposed ground, once the claimant answered or their time is over, or because it was not completed.",
        ),
        done: ("Inadmitido.", "Refused."),
        from: &[S::InadmissibleProposed, S::NeedsCure],
        roles: DECIDES,
        fields: &[
            GROUND,
            need("reasons", ("Motivos", "Reasons"), CLAIMANT_READS, Text),
            need("signpost", ("Adónde puede acudir", "Where they may turn"), CLAIMANT_READS, Text),
        ],
    },
    Spec {
        step: Step::Forward,
        slug: "forward",
        title: ("Remitir a quien es competente", "Forward to who is competent"),
        about: (
            "La oficina no es competente; se dice al reclamante quién lo es.",
            "The office is not competent; the claimant is told who is.",
        ),
        done: ("Remitido.", "Forwarded."),
        from: &[S::Received, S::Registered],
        roles: INTAKE,
        fields: &[need("competent", ("Quién es competente", "Who is competent"), CLAIMANT_READS, Line), REASONS],
    },
    Spec {
        step: Step::StartInvestigation,
        slug: "start-investigation",
        title: ("Abrir la instrucción", "Open the investigation"),
        about: ("Cuando la entidad alegó o pasó su plazo.", "Once the firm stated its position or its time is over."),
        done: ("Instrucción abierta.", "Investigation opened."),
        from: &[S::Admitted, S::EntityAllegations],
        roles: &[Role::Investigator, Role::Ombudsman],
        fields: &[],
    },
    Spec {
        step: Step::AddEntry,
        slug: "add-entry",
        title: ("Añadir un papel", "Add a paper"),
        about: (
            "Lo añadido no se quita: queda en la cadena del expediente.",
            "What is added is not taken away: it stands in the chain of the dossier.",
        ),
        done: ("Papel añadido.", "Paper added."),
        from: OPEN,
        roles: SITS,
        fields: &[
            need("kind", ("Qué es", "What it is"), NO_HINT, One(List::PaperKinds)),
            need(
                "visibility",
                ("Quién lo ve", "Who sees it"),
                ("Lo que dice el reclamante lo ven ambas partes.", "What the claimant states is for both parties."),
                One(List::Visibilities),
            ),
            need("content", ("Texto", "Text"), NO_HINT, Text),
            CAME_ON,
            CAME_AT,
        ],
    },
    Spec {
        step: Step::Classify,
        slug: "classify",
        title: ("Decir de qué trata", "Say what it is about"),
        about: (
            "Por el motivo se buscan resoluciones parecidas y se cuentan los informes.",
            "Similar decisions are found, and reports counted, by the motive.",
        ),
        done: ("Clasificado.", "Classified."),
        from: UNDECIDED,
        roles: WORKS,
        fields: &[
            may(
                "motive",
                ("Motivo", "Motive"),
                ("Una palabra como «billing»; vacío lo quita.", "A slug such as “billing”; empty takes it away."),
                Line,
            ),
            may("claimed_amount", ("Importe que se pide, en euros", "Amount asked for, in euros"), NO_HINT, Money),
        ],
    },
    Spec {
        step: Step::TellOffer,
        slug: "tell-offer",
        title: ("Comunicar la oferta al reclamante", "Tell the claimant the offer"),
        about: (
            "Empieza su tiempo para pensarla. Una oferta que espera se toma así: el expediente pasa a conciliación.",
            "Their time to think it over starts. An offer that waits is taken up by it: the case goes to conciliation.",
        ),
        done: ("Oferta comunicada.", "The claimant was told."),
        from: HEARD,
        roles: INTAKE,
        fields: &[CHANNEL],
    },
    Spec {
        step: Step::AnswerOffer,
        slug: "answer-offer",
        title: ("Anotar la respuesta a la oferta", "Record the answer to the offer"),
        about: (
            "Un no cuenta enseguida; un sí, cuando pasó el tiempo de pensarla.",
            "A no counts at once; a yes, once the time to think is over.",
        ),
        done: ("Respuesta anotada.", "Answer recorded."),
        from: &[S::Conciliation],
        roles: INTAKE,
        fields: &[ACCEPTED, STATEMENT],
    },
    Spec {
        step: Step::EndConciliation,
        slug: "end-conciliation",
        title: ("Terminar la conciliación sin acuerdo", "End the conciliation without agreement"),
        about: (
            "El silencio no es consentimiento: vuelve a instrucción.",
            "Silence is no consent: back to investigation.",
        ),
        done: ("Conciliación terminada.", "Conciliation ended."),
        from: &[S::Conciliation],
        roles: INTAKE,
        fields: &[REASONS],
    },
    Spec {
        step: Step::Notify,
        slug: "notify",
        title: ("Notificar la resolución", "Notify the decision"),
        about: ("Desde aquí el reclamante puede leerla.", "From here on the claimant can read it."),
        done: ("Notificada.", "Notified."),
        from: &[S::Decided],
        roles: INTAKE,
        fields: &[CHANNEL],
    },
    Spec {
        step: Step::AnswerDecision,
        slug: "answer-decision",
        title: ("Anotar qué responde una parte", "Record what a party answers"),
        about: ("Donde el régimen hace que obligue por su palabra.", "Where the regime makes it bind by that word."),
        done: ("Respuesta anotada.", "Answer recorded."),
        from: &[S::Notified],
        roles: INTAKE,
        fields: &[need("party", ("Quién", "Who"), NO_HINT, One(List::Parties)), ACCEPTED, STATEMENT],
    },
    Spec {
        step: Step::OrderCompliance,
        slug: "order-compliance",
        title: ("Ordenar el cumplimiento", "Order compliance"),
        about: (
            "Una orden por cada punto estimado, con su plazo y quién la cumple.",
            "One order for each point upheld, with its term and who carries it out.",
        ),
        done: ("Cumplimiento ordenado.", "Compliance ordered."),
        from: &[S::Notified, S::Binding],
        roles: DECIDES,
        fields: &[need(
            "orders",
            ("Órdenes", "Orders"),
            ("Deje vacío lo que no se estimó.", "Leave empty what was not upheld."),
            Orders,
        )],
    },
    Spec {
        step: Step::ReviewExecution,
        slug: "review-execution",
        title: ("Examinar una prueba de cumplimiento", "Judge a proof of compliance"),
        about: ("Lo que vale cuenta desde que se aportó.", "What holds counts from when it was brought."),
        done: ("Prueba examinada.", "Proof judged."),
        from: &[
            S::Compliance,
            S::Overdue,
            S::Reported,
            S::Complied,
            S::Settled,
            S::Notified,
            S::Binding,
            S::NotBinding,
            S::OwnInitiative,
        ],
        roles: WORKS,
        fields: &[
            need("obligation", ("Qué obligación", "Which obligation"), NO_HINT, One(List::Obligations)),
            need("holds", ("¿Prueba lo que se debía?", "Does it prove what is owed?"), NO_HINT, One(List::YesNo)),
            REASONS,
        ],
    },
    Spec {
        step: Step::ReportOverdue,
        slug: "report-overdue",
        title: ("Comunicar el incumplimiento", "Report what is overdue"),
        about: ("A quien nombra el régimen.", "To whom the regime names."),
        done: ("Comunicado.", "Reported."),
        from: &[S::Overdue, S::Reported, S::Settled],
        roles: DECIDES,
        fields: &[need("report", ("Comunicación", "Report"), NO_HINT, Text)],
    },
    Spec {
        step: Step::Recommend,
        slug: "recommend",
        title: ("Recomendar algo a la entidad", "Recommend something to the firm"),
        about: ("La entidad debe una respuesta.", "The firm owes an answer."),
        done: ("Recomendado.", "Recommended."),
        from: &[
            S::Notified,
            S::Binding,
            S::NotBinding,
            S::Compliance,
            S::Complied,
            S::Overdue,
            S::Reported,
            S::OwnInitiative,
        ],
        roles: DECIDES,
        fields: &[
            need("recommendation", ("Recomendación", "Recommendation"), NO_HINT, Text),
            need("department", ("Departamento que responde", "Department that answers"), NO_HINT, Line),
            need("term_days", ("Días para responder", "Days to answer"), ("De 1 a 365.", "From 1 to 365."), Number),
        ],
    },
    Spec {
        step: Step::ExtendTerm,
        slug: "extend-term",
        title: ("Prorrogar el plazo", "Extend the term"),
        about: ("Una vez, antes de que venza y si la norma lo permite.", "Once, before it is over, by the rules."),
        done: ("Prorrogado.", "Extended."),
        from: HEARD,
        roles: DECIDES,
        fields: &[need("reasons", ("Motivos", "Reasons"), PARTIES_READ, Text)],
    },
    Spec {
        step: Step::Stay,
        slug: "stay",
        title: ("Suspender por otro procedimiento", "Stay for other proceedings"),
        about: (
            "La oficina se abstiene y el plazo para resolver se detiene.",
            "The office abstains, and the term to decide stands still.",
        ),
        done: ("Suspendido.", "Stayed."),
        from: STAYABLE,
        roles: INTAKE,
        fields: &[need(
            "proceedings",
            ("Qué procedimiento, y cómo se supo", "Which proceedings, and how it was learnt"),
            PARTIES_READ,
            Text,
        )],
    },
    Spec {
        step: Step::Resume,
        slug: "resume",
        title: ("Reanudar", "Resume"),
        about: (
            "El otro procedimiento terminó sin decidir esto.",
            "The other proceedings ended and decided nothing of this.",
        ),
        done: ("Reanudado.", "Resumed."),
        from: &[S::Stayed],
        roles: INTAKE,
        fields: &[need("statement", ("Cómo terminó", "How they ended"), PARTIES_READ, Text)],
    },
    Spec {
        step: Step::CloseStayed,
        slug: "close-stayed",
        title: ("Cerrar lo suspendido", "Close what is stayed"),
        about: (
            "Se decidió en otro sitio, o el reclamante desistió.",
            "It was decided elsewhere, or the claimant stopped.",
        ),
        done: ("Cerrado.", "Closed."),
        from: &[S::Stayed],
        roles: INTAKE,
        fields: &[need("reason", ("Por qué", "Why"), NO_HINT, One(List::StayClosures)), STATEMENT],
    },
    Spec {
        step: Step::Withdraw,
        slug: "withdraw",
        title: ("Anotar el desistimiento", "Record that the claimant stops"),
        about: (
            "Después se cierra, o se sigue de oficio.",
            "Afterwards it is closed, or gone on with by own initiative.",
        ),
        done: ("Desistimiento anotado.", "Withdrawal recorded."),
        from: WITHDRAWABLE,
        roles: INTAKE,
        fields: &[STATEMENT],
    },
    Spec {
        step: Step::Rectify,
        slug: "rectify",
        title: ("Anotar la rectificación de la entidad", "Record that the firm gave in"),
        about: (
            "La entidad cedió y el reclamante está conforme, con prueba.",
            "The firm gave in and the claimant is satisfied, with proof.",
        ),
        done: ("Rectificación anotada.", "Rectification recorded."),
        from: HEARD,
        roles: INTAKE,
        fields: &[need("proof", ("Qué lo prueba", "What proves it"), PARTIES_READ, Text)],
    },
    Spec {
        step: Step::OwnInitiative,
        slug: "own-initiative",
        title: ("Seguir de oficio", "Go on by own initiative"),
        about: (
            "Nada se decide sobre la reclamación; lo hallado son recomendaciones.",
            "Nothing is decided on the claim; what is found becomes recommendations.",
        ),
        done: ("Sigue de oficio.", "Gone on with by own initiative."),
        from: &[S::Withdrawn],
        roles: DECIDES,
        fields: &[need("reasons", ("Por qué", "Why"), ("Solo lo lee la oficina.", "The office alone reads it."), Text)],
    },
    Spec {
        step: Step::CorrectDecision,
        slug: "correct-decision",
        title: ("Corregir una errata de la resolución", "Correct a slip in the decision"),
        about: (
            "La resolución no se toca: se muestra lo que decía y lo que debe decir.",
            "The decision stays: what stood and what is to stand are both shown.",
        ),
        done: ("Corrección anotada.", "Correction recorded."),
        from: TOLD,
        roles: DECIDES,
        fields: &[
            may(
                "claim_point",
                ("Punto", "Point"),
                ("Ninguno para las indicaciones finales.", "None for the signpost."),
                One(List::Points),
            ),
            need("text", ("Qué texto", "Which text"), NO_HINT, One(List::DecisionTexts)),
            need("stood", ("Lo que dice, a la letra", "What stands there, to the letter"), NO_HINT, Text),
            need("stands", ("Lo que debe decir", "What is to stand there"), NO_HINT, Text),
            need("reason", ("Por qué es una errata", "Why it is a slip"), PARTIES_READ, Text),
        ],
    },
    Spec {
        step: Step::MarkCriterion,
        slug: "mark-criterion",
        title: ("Marcar un criterio", "Mark a criterion"),
        about: (
            "Se publica en el informe del año: no debe identificar a nadie.",
            "The yearly report publishes it: it must tell of nobody.",
        ),
        done: ("Criterio marcado.", "Criterion marked."),
        from: TOLD,
        roles: DECIDES,
        fields: &[
            need("criterion", ("Criterio, en términos generales", "Criterion, in general terms"), NO_HINT, Text),
            need("language", ("Idioma", "Language"), NO_HINT, One(List::Languages)),
        ],
    },
    Spec {
        step: Step::Disclose,
        slug: "disclose",
        title: ("Dar la declaración de independencia", "Give the statement of independence"),
        about: (
            "Quién lleva o llevó el expediente y qué declaró, como una parte puede saberlo. Queda en el expediente.",
            "Who sits or sat on the case and what they declared, as a party may know it. It is kept in the dossier.",
        ),
        done: ("Declaración dada: está entre los papeles.", "Statement given: it stands among the papers."),
        from: SEATED,
        roles: INTAKE,
        fields: &[need("language", ("Idioma", "Language"), NO_HINT, One(List::Languages))],
    },
    Spec {
        step: Step::Substitute,
        slug: "substitute",
        title: ("Sustituir a quien no puede seguir", "Substitute who cannot go on"),
        about: (
            "Solo si el muro se opone a su asiento. Sin nombre, pasa al primero que la casa propone.",
            "Only if the wall stands against their seat. Without a name, to the first that the house proposes.",
        ),
        done: ("Sustituido.", "Substituted."),
        from: SEATED,
        roles: INTAKE,
        fields: &[
            need("seat", ("Asiento", "Seat"), NO_HINT, One(List::LivingSeats)),
            may("substitute", ("Quién lo ocupa", "Who takes it"), NO_HINT, Line),
        ],
    },
    Spec {
        step: Step::Recuse,
        slug: "recuse",
        title: ("Apartarme del expediente", "Step aside from the case"),
        about: ("Siempre es posible mientras esté abierto.", "Always possible while it is open."),
        done: ("Se ha apartado del expediente.", "You stepped aside."),
        from: SEATED,
        roles: SITS,
        fields: &[need("cause", ("Causa", "Cause"), ("Solo la lee la oficina.", "The office alone reads it."), Text)],
    },
    Spec {
        step: Step::Review,
        slug: "review",
        title: ("Revisar lo resuelto", "Review what was decided"),
        about: (
            "Abre un expediente nuevo sobre lo mismo; lo decide otra persona donde la haya.",
            "Opens a new case on the same claim; another person decides it where there is one.",
        ),
        done: ("Este es el expediente que revisa.", "This is the case that reviews it."),
        from: TOLD,
        roles: INTAKE,
        fields: &[need("cause", ("Causa", "Cause"), PARTIES_READ, Text)],
    },
    Spec {
        step: Step::Close,
        slug: "close",
        title: ("Cerrar", "Close"),
        about: ("No queda nada por hacer.", "Nothing is left to do."),
        done: ("Cerrado.", "Closed."),
        from: &[
            S::Notified,
            S::NotBinding,
            S::Complied,
            S::Reported,
            S::Withdrawn,
            S::Rectified,
            S::Settled,
            S::OwnInitiative,
        ],
        roles: INTAKE,
        fields: &[],
    },
];
