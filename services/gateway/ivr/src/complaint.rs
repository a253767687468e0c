//! Leaving a complaint: what was said is in a recording, and in words where something wrote them down.

use ventanilla_proto::ticketing::v1::{ClaimPoint, CreateTicketRequest, Severity, Ticket, TicketType};
use ventanilla_proto::r#type::v1::Channel;

use crate::affair::version;
use crate::answer::{Fault, Next, Reply};
use crate::ask::Asked;
use crate::say::{self, Lang};

pub(crate) const FIELDS: &[&str] = &["recording", "transcript", "department", "topic", "sector", "turn"];

/// Characters of a claim point at most.
const POINT: usize = 2_000;

/// Opens a complaint and tells its key and proof, to be said and to be sent.
pub(crate) async fn answer(asked: Asked) -> Result<Reply, Fault> {
    let recording = asked.required("recording")?;
    if recording.chars().count() > 500 {
        return Err(Fault::Invalid(vec!["recording".to_owned()]));
    }
    let who = asked.identified().await?;
    let lang = who.lang;
    let settings = &asked.desk.state.settings;
    let department = Some(asked.field("department")).filter(|slug| !slug.is_empty()).unwrap_or(&settings.department);
    let ticket = Ticket {
        customer: who.customer.clone(),
        ticket_type: TicketType::Reclamacion.into(),
        severity: Severity::Medium.into(),
        subject: subject(lang).to_owned(),
        channel: Channel::Phone.into(),
        department: department.to_owned(),
        language: lang.language().into(),
        topic: asked.field("topic").to_owned(),
        sector: asked.field("sector").to_owned(),
        claim_points: vec![ClaimPoint {
            text: point(lang, asked.field("transcript"), recording),
            ..ClaimPoint::default()
        }],
        served_first: who.first,
        ..Ticket::default()
    };
    let request =
        CreateTicketRequest { ticket: Some(ticket), request_id: asked.request_id("complaint"), occurred_time: None };
    let opened = asked.tickets()?.create_ticket(request).await?.into_inner();
    let (key, proof) = (opened.tracking_key, opened.proof);
    let ticket = opened.ticket.unwrap_or_default();
    Ok(Reply::new(lang, Next::Done, say::complaint_taken(lang, &key, &proof))
        .with("ticket", ticket.name)
        .with("etag", version(&ticket.etag))
        .with("key", key.clone())
        .with("proof", proof.clone())
        .with("text_message", say::complaint_text(lang, &key, &proof, &settings.tracking_url)))
}

const fn subject(lang: Lang) -> &'static str {
    match lang {
        Lang::Es => "Reclamación grabada por teléfono",
        Lang::En => "Complaint recorded by telephone",
    }
}

/// What is claimed, as far as it is known in words, and where the rest is to be heard.
fn point(lang: Lang, transcript: &str, recording: &str) -> String {
    let heard = match lang {
        Lang::Es => format!("Grabación de la llamada: {recording}"),
        Lang::En => format!("Recording of the call: {recording}"),
    };
    if transcript.is_empty() {
        return heard;
    }
    let room = POINT.saturating_sub(heard.chars().count() + 1);
    let words: String = transcript.chars().take(room).collect();
    format!("{words}\n{heard}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_long_it_was_the_recording_is_named() {
        let point = point(Lang::Es, &"ñ".repeat(5_000), "rec-1.wav");
        assert_eq!(point.chars().count(), POINT);
        assert!(point.ends_with("Grabación de la llamada: rec-1.wav"));
    }
}
