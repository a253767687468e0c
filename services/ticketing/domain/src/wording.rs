//! What a customer reads: one canonical wording per state, the same whoever answers.
//!
//! Spanish, English and Catalan have a wording; for other languages the Spanish one is used.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::Language;

use crate::{CureLaw, Facts, Standing, TicketType};

/// Zone whose date and hour people are told.
pub(crate) const ZONE: &str = "Europe/Madrid";

/// Date and time of day to the second, with the zone: `22/11/2026 10:30:00 CET (Europe/Madrid)`.
pub(crate) fn to_the_second(at: Timestamp, language: Language) -> String {
    let time = spell(at, language, "%H:%M:%S %Z");
    format!("{time} ({ZONE})")
}

fn spell(at: Timestamp, language: Language, time: &str) -> String {
    let zone = TimeZone::get(ZONE).expect("the zone database is compiled in");
    let date = if language == Language::En { "%Y-%m-%d" } else { "%d/%m/%Y" };
    at.to_zoned(zone).strftime(&format!("{date} {time}")).to_string()
}

/// Asks a customer to complete an affair: what is missing, until when, what happens otherwise.
pub(crate) fn cure_request(facts: &Facts, missing: &str, due: Timestamp, law: CureLaw) -> String {
    let (key, until) = (&facts.tracking_key, spell(due, facts.language, "%H:%M"));
    match (facts.language, law) {
        (Language::En, CureLaw::General) => format!(
            "To go on with your affair {key} we need the following from you:\n\n{missing}\n\nYou can send it until {until} ({ZONE}) by any of our \
             channels. The term for our answer counts from the moment we have it (Ley 10/2025, art. 13.3). If we have not received it by then, \
             your affair will count as resolved (art. 13.4). You can object to that, and you can present it again."
        ),
        (Language::En, CureLaw::Finance) => format!(
            "To go on with your affair {key} we need the following from you:\n\n{missing}\n\nYou can send it until {until} ({ZONE}) by any of our \
             channels. Until we have it the term for our decision stands still (Ley 44/2002, art. 29 quater.2). If we have not received it by \
             then, your affair will be filed away without a decision. You can object to that, and you can present it again."
        ),
        (Language::Ca, CureLaw::General) => format!(
            "Per continuar amb el seu assumpte {key} necessitem que ens enviï el següent:\n\n{missing}\n\nPot enviar-ho fins al {until} \
             ({ZONE}) per qualsevol dels nostres canals. El termini per respondre-li compta des que ho tinguem (Llei 10/2025, art. 13.3). Si no \
             ho rebem fins llavors, el seu assumpte es donarà per resolt (art. 13.4). Pot oposar-s'hi, i pot tornar-lo a presentar."
        ),
        (Language::Ca, CureLaw::Finance) => format!(
            "Per continuar amb el seu assumpte {key} necessitem que ens enviï el següent:\n\n{missing}\n\nPot enviar-ho fins al {until} \
             ({ZONE}) per qualsevol dels nostres canals. Mentrestant el termini per decidir queda aturat (Llei 44/2002, art. 29 quater.2). Si no \
             ho rebem fins llavors, el seu assumpte s'arxivarà sense decisió. Pot oposar-s'hi, i pot tornar-lo a presentar."
        ),
        (Language::Es | Language::Gl | Language::Eu, CureLaw::General) => format!(
            "Para seguir con su asunto {key} necesitamos que nos envíe lo siguiente:\n\n{missing}\n\nPuede enviarlo hasta el {until} ({ZONE}) \
             por cualquiera de nuestros canales. El plazo para responderle cuenta desde que lo tengamos (Ley 10/2025, art. 13.3). Si no lo \
             recibimos hasta entonces, su asunto se dará por resuelto (art. 13.4). Puede oponerse a ello, y puede volver a presentarlo."
        ),
        (Language::Es | Language::Gl | Language::Eu, CureLaw::Finance) => format!(
            "Para seguir con su asunto {key} necesitamos que nos envíe lo siguiente:\n\n{missing}\n\nPuede enviarlo hasta el {until} ({ZONE}) \
             por cualquiera de nuestros canales. Mientras tanto el plazo para decidir queda parado (Ley 44/2002, art. 29 quater.2). Si no lo \
             recibimos hasta entonces, su asunto se archivará sin decisión. Puede oponerse a ello, y puede volver a presentarlo."
        ),
    }
}

/// Why an affair ends that the customer was asked to complete at `asked` and did not until `due`.
pub(crate) fn uncured(facts: &Facts, asked: Timestamp, due: Timestamp, law: CureLaw) -> String {
    let (asked, until) = (spell(asked, facts.language, "%H:%M"), spell(due, facts.language, "%H:%M"));
    match (facts.language, law) {
        (Language::En, CureLaw::General) => format!(
            "On {asked} we asked you for what was missing, and told you that without it your affair would count as resolved. We have received \
             nothing until {until} ({ZONE}), so it counts as resolved (Ley 10/2025, art. 13.4). You can object to this, and you can present it again."
        ),
        (Language::En, CureLaw::Finance) => format!(
            "On {asked} we asked you for what was missing, and told you that without it your affair would be filed away. We have received \
             nothing until {until} ({ZONE}), so it is filed away (Ley 44/2002, art. 29 quater.2). You can object to this, and you can present it again."
        ),
        (Language::Ca, CureLaw::General) => format!(
            "El {asked} li vam demanar el que faltava i li vam dir que sense això el seu assumpte es donaria per resolt. No hem rebut res fins al \
             {until} ({ZONE}), de manera que es dona per resolt (Llei 10/2025, art. 13.4). Pot oposar-s'hi, i pot tornar-lo a presentar."
        ),
        (Language::Ca, CureLaw::Finance) => format!(
            "El {asked} li vam demanar el que faltava i li vam dir que sense això el seu assumpte s'arxivaria. No hem rebut res fins al {until} \
             ({ZONE}), de manera que s'arxiva (Llei 44/2002, art. 29 quater.2). Pot oposar-s'hi, i pot tornar-lo a presentar."
        ),
        (Language::Es | Language::Gl | Language::Eu, CureLaw::General) => format!(
            "El {asked} le pedimos lo que faltaba y le dijimos que sin ello su asunto se daría por resuelto. No hemos recibido nada hasta el \
             {until} ({ZONE}), así que se da por resuelto (Ley 10/2025, art. 13.4). Puede oponerse a ello, y puede volver a presentarlo."
        ),
        (Language::Es | Language::Gl | Language::Eu, CureLaw::Finance) => format!(
            "El {asked} le pedimos lo que faltaba y le dijimos que sin ello su asunto se archivaría. No hemos recibido nada hasta el {until} \
             ({ZONE}), así que se archiva (Ley 44/2002, art. 29 quater.2). Puede oponerse a ello, y puede volver a presentarlo."
        ),
    }
}

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
