//! A complaint of somebody who has no key yet: one form, answered with key and proof. What is brought is a record of who complains, of a source of its own,
//! and an affair; nothing of anybody is read for it.
//!
//! Nothing proves the name and the one way to be reached that are written into it: the record is unproven, a customer of its own until a steward says whose it
//! is, so that what a stranger writes who knows a customer's name and number adds nothing to what is known of that customer, and opens no affair of theirs.

use askama::Template;
use axum::extract::State as Of;
use axum::response::Response;
use edge::ClientAddress;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use tonic::{Code, Status};
use uuid::Uuid;
use ventanilla_proto::customer::v1::{Identifier, IdentifierType, IngestSourceRecordRequest, PersonName, SourceRecord};
use ventanilla_proto::ticketing::v1::{
    ClaimPoint, CreateTicketRequest, CreateTicketResponse, Severity, Ticket, TicketType,
};
use ventanilla_proto::r#type::v1::{Channel, Language};
use web::{Class, Csrf, Form, Lang, Layout, Trouble, When, page};

use crate::kept::Kept;
use crate::{State, network};

/// Name of the source that the records come from.
const SOURCE: &str = "web-form";
/// Ids of what this form brings are made in this name.
const NAMESPACE: Uuid = Uuid::from_u128(0x0190_a000_7472_7220_8000_666f_726d_0001);

/// Characters of a name and of a way to be reached, at most.
const SHORT: usize = 200;
/// Characters of what happened, at most. With what is asked for it makes one point of 2,000.
const HAPPENED: usize = 1_400;
/// Characters of what is asked for, at most.
const ASKED: usize = 500;

/// What was written into the form. Does not print.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Written {
    /// Made with the form: sent twice, done once.
    request: String,
    name: String,
    /// A telephone number or an e-mail address.
    contact: String,
    happened: String,
    asked: String,
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Contact,
    Happened,
    Asked,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// Nothing is written there.
    Empty,
    /// More than so many characters.
    Long(usize),
    /// It cannot be what it should be.
    Unreadable,
}

type Faults = Vec<(Field, Wrong)>;

impl Written {
    /// Without what surrounds the words, and with one kind of line end.
    fn tidied(self) -> Self {
        let tidy = |text: String| text.replace("\r\n", "\n").trim().to_owned();
        Self {
            request: tidy(self.request),
            name: tidy(self.name),
            contact: tidy(self.contact),
            happened: tidy(self.happened),
            asked: tidy(self.asked),
        }
    }

    /// Everything that can be seen to be wrong without asking anybody.
    fn faults(&self) -> Faults {
        let fields = [
            (Field::Name, &self.name, SHORT),
            (Field::Contact, &self.contact, SHORT),
            (Field::Happened, &self.happened, HAPPENED),
            (Field::Asked, &self.asked, ASKED),
        ];
        let wrong = |(field, text, most): (Field, &String, usize)| match text.chars().count() {
            0 => Some((field, Wrong::Empty)),
            written if written > most => Some((field, Wrong::Long(most))),
            _ => None,
        };
        fields.into_iter().filter_map(wrong).collect()
    }

    /// The id of one thing that this form brings: the same words of the same form bring the same thing.
    fn id(&self, what: &str) -> Uuid {
        let words = [&self.request, what, &self.name, &self.contact, &self.happened, &self.asked].join("\u{0}");
        Uuid::new_v5(&NAMESPACE, words.as_bytes())
    }

    /// The id of who wrote it, as far as this form knows: the same name and contact in the same form are one person, whatever
    /// they complain of. Nobody else can guess the form.
    fn writer(&self) -> Uuid {
        Uuid::new_v5(&NAMESPACE, [&self.request, "record", &self.name, &self.contact].join("\u{0}").as_bytes())
    }

    /// What the form says of who complains.
    fn record(&self, state: &State, now: Timestamp) -> SourceRecord {
        let (kind, country) = if self.contact.contains('@') {
            (IdentifierType::Email, String::new())
        } else {
            (IdentifierType::Phone, state.settings.region.clone())
        };
        SourceRecord {
            source_system: SOURCE.to_owned(),
            department: state.settings.department.clone(),
            external_id: self.writer().to_string(),
            person_name: Some(PersonName { full_name: self.name.clone(), ..PersonName::default() }),
            identifiers: vec![Identifier {
                r#type: kind.into(),
                value: self.contact.clone(),
                country_code: country,
                ..Identifier::default()
            }],
            observed_time: Some(server::parse::time_to_proto(now)),
            ..SourceRecord::default()
        }
    }

    /// The complaint.
    fn ticket(&self, state: &State, customer: String, lang: Lang) -> Ticket {
        let (subject, asks, language) = match lang {
            Lang::Es => ("Reclamación presentada en la web", "Lo que pide:", Language::Es),
            Lang::En => ("Complaint made on the web", "What is asked for:", Language::En),
        };
        let text = format!("{}\n\n{asks} {}", self.happened, self.asked);
        Ticket {
            customer,
            ticket_type: TicketType::Reclamacion.into(),
            severity: Severity::Medium.into(),
            subject: subject.to_owned(),
            channel: Channel::Web.into(),
            department: state.settings.department.clone(),
            sector: state.settings.sector.clone(),
            language: language.into(),
            claim_points: vec![ClaimPoint { text, ..ClaimPoint::default() }],
            ..Ticket::default()
        }
    }
}

/// The field that a violation speaks of.
fn field_of(named: &str) -> Option<Field> {
    let of = |start: &str| named.starts_with(start);
    match () {
        () if of("record.identifiers") => Some(Field::Contact),
        () if of("record.person_name") => Some(Field::Name),
        () if of("ticket.claim_points") => Some(Field::Happened),
        () => None,
    }
}

/// Why nothing was taken.
enum Refused {
    /// Of these fields the services say that they cannot be.
    Fields(Faults),
    /// For a reason that whoever complains can do nothing about.
    Down,
}

impl From<Status> for Refused {
    fn from(status: Status) -> Self {
        let named = (status.code() == Code::InvalidArgument).then(|| Trouble::from(status.clone()));
        let fields = named.iter().flat_map(Trouble::faults).filter_map(|fault| field_of(&fault.field));
        let mut faults: Faults = fields.map(|field| (field, Wrong::Unreadable)).collect();
        faults.dedup();
        if faults.is_empty() {
            tracing::warn!(code = ?status.code(), reason = crate::reason(&status), "a complaint on the web was not taken");
            return Self::Down;
        }
        Self::Fields(faults)
    }
}

#[derive(Template)]
#[template(path = "complaint.html")]
struct Page {
    lang: Lang,
    csrf: Csrf,
    request: String,
    written: Written,
    faults: Faults,
    /// It could not be taken just now.
    down: bool,
}

impl Page {
    fn wrong(&self, field: Field) -> Option<String> {
        let (_, wrong) = self.faults.iter().find(|(at, _)| *at == field)?;
        Some(say(self.lang, field, *wrong))
    }

    /// What is wrong, each with the id of its field.
    fn all_wrong(&self) -> Vec<(&'static str, String)> {
        let id = |field| match field {
            Field::Name => "name",
            Field::Contact => "contact",
            Field::Happened => "happened",
            Field::Asked => "asked",
        };
        self.faults.iter().map(|(field, wrong)| (id(*field), say(self.lang, *field, *wrong))).collect()
    }
}

fn say(lang: Lang, field: Field, wrong: Wrong) -> String {
    let (es, en) = match (wrong, field) {
        (Wrong::Empty, Field::Name) => ("Escriba su nombre y sus apellidos.", "Write your name and surname."),
        (Wrong::Empty, Field::Contact) => {
            ("Escriba un teléfono o un correo.", "Write a telephone number or an e-mail address.")
        }
        (Wrong::Empty, Field::Happened) => ("Cuente qué ha pasado.", "Tell us what happened."),
        (Wrong::Empty, Field::Asked) => ("Diga qué pide.", "Say what you ask for."),
        (Wrong::Unreadable, Field::Contact) => (
            "Esto no parece un teléfono ni un correo. Escriba uno de los dos.",
            "This looks like no telephone number and no e-mail address. Write one of the two.",
        ),
        (Wrong::Unreadable, _) => {
            ("No podemos leer esto. Escríbalo de otra forma.", "We cannot read this. Write it another way.")
        }
        (Wrong::Long(most), _) => {
            return match lang {
                Lang::Es => format!("Es demasiado largo. Caben {most} letras."),
                Lang::En => format!("This is too long. There is room for {most} letters."),
            };
        }
    };
    lang.of(es, en).to_owned()
}

fn form(state: &State, (lang, csrf): (Lang, Csrf), written: Written, faults: Faults, down: bool) -> Response {
    let status = match (down, faults.is_empty()) {
        (true, _) => StatusCode::SERVICE_UNAVAILABLE,
        (false, true) => StatusCode::OK,
        (false, false) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let now = state.web.ambient().now();
    let fresh = || state.web.ambient().uuid(now).to_string();
    let request = Some(written.request.clone()).filter(|request| is_ours(request)).unwrap_or_else(fresh);
    let title = lang.of("Presentar una reclamación", "Make a complaint");
    page(Layout::new(lang, title).status(status), Page { lang, csrf, request, written, faults, down })
}

/// Whether it may have been made with a form: what nobody else can guess.
fn is_ours(request: &str) -> bool {
    request.parse::<Uuid>().is_ok_and(|id| id.get_version_num() == 7)
}

fn not_here() -> Trouble {
    Trouble::new(StatusCode::NOT_FOUND)
        .saying(
            "Aquí no se pueden presentar reclamaciones. Llámenos y pida hablar con una persona.",
            "Complaints cannot be made here. Call us and ask to speak to a person.",
        )
        .back_to("/t", "Volver", "Back")
}

/// `GET /t/complaint`.
pub(crate) async fn show(Of(state): Of<State>, lang: Lang, csrf: Csrf) -> Result<Response, Trouble> {
    if state.own.is_nothing() {
        return Err(not_here());
    }
    Ok(form(&state, (lang, csrf), Written::default(), Vec::new(), false))
}

#[derive(Template)]
#[template(path = "complained.html")]
struct Complained {
    lang: Lang,
    received: Option<When>,
    key: String,
    proof: String,
}

/// `POST /t/complaint`. Key and proof are in this answer and nowhere else: in no address, and on no page that comes after.
pub(crate) async fn make(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    address: Result<ClientAddress, edge::Problem>,
    Form(written): Form<Written>,
) -> Result<Response, Trouble> {
    if state.own.is_nothing() {
        return Err(not_here());
    }
    let now = state.web.ambient().now();
    let mut written = written.tidied();
    if !is_ours(&written.request) {
        written.request = state.web.ambient().uuid(now).to_string();
    }
    let faults = written.faults();
    if !faults.is_empty() {
        return Ok(form(&state, (lang, csrf), written, faults, false));
    }
    state.web.limits().take(Class::Bring, &format!("t {}", network(address)), now).map_err(Trouble::too_many)?;
    let opened = match bring(&state, &written, lang, now).await {
        Ok(opened) => opened,
        Err(Refused::Fields(faults)) => return Ok(form(&state, (lang, csrf), written, faults, false)),
        Err(Refused::Down) => return Ok(form(&state, (lang, csrf), written, Vec::new(), true)),
    };
    let received = When::of(lang, opened.ticket.unwrap_or_default().first_received_time);
    let kept = Kept::new(opened.tracking_key.clone(), opened.proof.clone(), now);
    let body = Complained { lang, received, key: opened.tracking_key, proof: opened.proof };
    let title = lang.of("Hemos recibido su reclamación", "We have received your complaint");
    let mut answer = page(Layout::new(lang, title).told_once(), body);
    kept.put(&state.web, &mut answer);
    Ok(answer)
}

/// Brings who complains, and what of.
async fn bring(state: &State, written: &Written, lang: Lang, now: Timestamp) -> Result<CreateTicketResponse, Refused> {
    // Told again, it is told later: the same record, seen anew.
    let request_id = state.web.ambient().uuid(now).to_string();
    let ingest = IngestSourceRecordRequest { record: Some(written.record(state, now)), request_id };
    let customer = state.records()?.ingest_source_record(ingest).await?.into_inner().own_customer;
    let request = CreateTicketRequest {
        ticket: Some(written.ticket(state, customer, lang)),
        request_id: written.id("ticket").to_string(),
        occurred_time: None,
    };
    Ok(state.openings()?.create_ticket(request).await?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Written {
        Written {
            request: "0190a0b4-c0de-7000-8000-00000000000a".into(),
            name: " Zenobia Quiñonero ".into(),
            contact: "600 123 456".into(),
            happened: "Me cobran dos veces.\r\nNadie contesta.\r\n".into(),
            asked: "Que me devuelvan 41 euros.".into(),
        }
    }

    #[test]
    fn what_is_wrong_is_told_all_at_once() {
        let nothing = Written::default().faults();
        assert_eq!(nothing.len(), 4);
        assert!(nothing.iter().all(|(_, wrong)| *wrong == Wrong::Empty));
        let blank = Written { name: " \r\n ".into(), asked: "ñ".repeat(ASKED + 1), ..written() };
        assert_eq!(blank.tidied().faults(), [(Field::Name, Wrong::Empty), (Field::Asked, Wrong::Long(ASKED))]);
        // A browser counts a line end as one character and sends two.
        let full = Written { happened: "a\r\n".repeat(HAPPENED / 2), ..written() };
        assert_eq!(full.tidied().faults(), []);
    }

    #[test]
    fn however_much_was_written_it_makes_one_point() {
        let label = "What is asked for:".chars().count();
        assert!(HAPPENED + "\n\n".len() + label + " ".len() + ASKED <= 2_000);
    }

    #[test]
    fn the_same_words_of_the_same_form_are_the_same_complaint_and_no_others() {
        let one = written().tidied();
        assert_eq!(one.id("ticket"), written().tidied().id("ticket"));
        let request = "0190a0b4-c0de-7000-8000-00000000000b".to_owned();
        let second = Written { asked: "Otra cosa.".into(), ..one.clone() };
        assert!(second.id("ticket") != one.id("ticket") && second.writer() == one.writer());
        for other in
            [Written { request: request.clone(), ..one.clone() }, Written { name: "Otra".into(), ..one.clone() }]
        {
            assert_ne!(other.writer(), one.writer());
        }
        for other in [
            Written { request, ..one.clone() },
            Written { name: "Otra".into(), ..one.clone() },
            Written { contact: format!("{}{}", one.contact, one.happened), happened: String::new(), ..one.clone() },
        ] {
            assert_ne!(other.id("ticket"), one.id("ticket"));
        }
        assert_ne!(one.id("ticket"), one.writer());
    }

    #[test]
    fn a_violation_is_shown_where_it_was_written() {
        assert_eq!(field_of("record.identifiers[0].value"), Some(Field::Contact));
        assert_eq!(field_of("record.person_name.full_name"), Some(Field::Name));
        assert_eq!(field_of("ticket.claim_points[0].text"), Some(Field::Happened));
        assert_eq!(field_of("ticket.department"), None);
    }
}
