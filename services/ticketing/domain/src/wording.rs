//! What a customer reads: one canonical wording per state, the same whoever answers.
//!
//! Spanish, English and Catalan have a wording; for other languages the Spanish one is used.

use kernel::Language;

use crate::{Standing, TicketType};

/// The words of a receipt.
pub(crate) struct ReceiptWords {
    pub title: &'static str,
    pub key: &'static str,
    pub received: &'static str,
    pub first_received: &'static str,
    pub kind: &'static str,
    pub department: &'static str,
    pub subject: &'static str,
    kinds: [&'static str; 6],
}

impl ReceiptWords {
    pub(crate) fn kind_of(&self, kind: TicketType) -> &'static str {
        let place = match kind {
            TicketType::Consulta => 0,
            TicketType::Queja => 1,
            TicketType::Reclamacion => 2,
            TicketType::Incidencia => 3,
            TicketType::Solicitud => 4,
            TicketType::Baja => 5,
        };
        self.kinds[place]
    }
}

pub(crate) fn receipt_words(language: Language) -> &'static ReceiptWords {
    match language {
        Language::En => &ReceiptWords {
            title: "RECEIPT",
            key: "Tracking key",
            received: "Received",
            first_received: "First presented",
            kind: "Type",
            department: "Department",
            subject: "Subject",
            kinds: ["inquiry", "grievance", "claim", "incident", "request", "cancellation of service"],
        },
        Language::Ca => &ReceiptWords {
            title: "JUSTIFICANT DE RECEPCIÓ",
            key: "Clau identificativa",
            received: "Data i hora de recepció",
            first_received: "Primera presentació",
            kind: "Tipus",
            department: "Departament",
            subject: "Assumpte",
            kinds: ["consulta", "queixa", "reclamació", "incidència", "sol·licitud", "baixa"],
        },
        Language::Es | Language::Gl | Language::Eu => &ReceiptWords {
            title: "JUSTIFICANTE DE RECEPCIÓN",
            key: "Clave identificativa",
            received: "Fecha y hora de recepción",
            first_received: "Primera presentación",
            kind: "Tipo",
            department: "Departamento",
            subject: "Asunto",
            kinds: ["consulta", "queja", "reclamación", "incidencia", "solicitud", "baja"],
        },
    }
}

/// Where the affair stands, in plain words.
pub fn state_text(standing: Standing, language: Language) -> &'static str {
    use Standing as S;
    match language {
        Language::En => match standing {
            S::Acknowledged => "We have your affair and it waits for somebody to take it up.",
            S::InProgress => "We are working on it.",
            S::Pending => "We need something from you to go on.",
            S::Held => "We are waiting for somebody else to go on. Your deadlines keep running.",
            S::Resolved => "We have answered every point.",
            S::Closed => "It is over.",
            S::Rejected => "We have not taken it up, and have told you why.",
            S::Cancelled => "It was withdrawn at your request.",
        },
        Language::Ca => match standing {
            S::Acknowledged => "Hem rebut el seu assumpte i espera que algú se'n faci càrrec.",
            S::InProgress => "Hi estem treballant.",
            S::Pending => "Necessitem alguna cosa de vostè per continuar.",
            S::Held => "Esperem un tercer per continuar. Els seus terminis segueixen corrent.",
            S::Resolved => "Hem respost tots els punts.",
            S::Closed => "L'assumpte està tancat.",
            S::Rejected => "No l'hem admès, i n'hem explicat el motiu.",
            S::Cancelled => "S'ha retirat a petició seva.",
        },
        Language::Es | Language::Gl | Language::Eu => match standing {
            S::Acknowledged => "Hemos recibido su asunto y espera a que alguien se haga cargo.",
            S::InProgress => "Estamos trabajando en ello.",
            S::Pending => "Necesitamos algo de usted para seguir.",
            S::Held => "Esperamos a un tercero para seguir. Sus plazos siguen corriendo.",
            S::Resolved => "Hemos respondido a todos los puntos.",
            S::Closed => "El asunto está cerrado.",
            S::Rejected => "No lo hemos admitido, y le hemos explicado el motivo.",
            S::Cancelled => "Se ha retirado a petición suya.",
        },
    }
}

/// What happens next and who has to act, in plain words.
pub fn next_step(standing: Standing, language: Language) -> &'static str {
    use Standing as S;
    match language {
        Language::En => match standing {
            S::Acknowledged => "A person of the department will take it up.",
            S::InProgress | S::Held => "The department will answer you. You need not do anything.",
            S::Pending => "Please send what the department asked you for.",
            S::Resolved => "Tell us if you accept the answer, or object to it.",
            S::Closed | S::Cancelled => "Nothing. If the matter comes back, tell us and we follow it up.",
            S::Rejected => "You can turn to the bodies named in our answer.",
        },
        Language::Ca => match standing {
            S::Acknowledged => "Una persona del departament se'n farà càrrec.",
            S::InProgress | S::Held => "El departament li respondrà. No cal que faci res.",
            S::Pending => "Enviï'ns el que li ha demanat el departament.",
            S::Resolved => "Digui'ns si accepta la resposta o si no hi està d'acord.",
            S::Closed | S::Cancelled => "Res. Si el problema torna, digui'ns-ho i en farem el seguiment.",
            S::Rejected => "Pot adreçar-se als organismes que indiquem a la nostra resposta.",
        },
        Language::Es | Language::Gl | Language::Eu => match standing {
            S::Acknowledged => "Una persona del departamento se hará cargo.",
            S::InProgress | S::Held => "El departamento le responderá. No tiene que hacer nada.",
            S::Pending => "Envíenos lo que le ha pedido el departamento.",
            S::Resolved => "Díganos si acepta la respuesta o si no está de acuerdo.",
            S::Closed | S::Cancelled => "Nada. Si el problema vuelve, díganoslo y haremos el seguimiento.",
            S::Rejected => "Puede dirigirse a los organismos que indicamos en nuestra respuesta.",
        },
    }
}
