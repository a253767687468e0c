//! A term of law that is about to be missed: who is waiting hears of it before, with what they can do then.

use anyhow::Context as _;
use kernel::Role;
use prost_types::Timestamp as ProtoTimestamp;
use ventanilla_proto::customer::v1::{Identifier, IdentifierType, IngestSourceRecordRequest, PersonName, SourceRecord};
use ventanilla_proto::sla::v1::PreviewDueRequest;
use ventanilla_proto::ticketing::v1::{
    ApproveNoticeTemplateRequest, ClaimPoint, CreateTicketRequest, ListNoticesRequest, Notice, NoticeTemplate,
    PutNoticeTemplateRequest, Severity, Ticket, TicketType,
};
use ventanilla_proto::r#type::v1::{Channel, Language, LocalizedText};

use super::affair::dni;
use super::stage::{Stage, refused, say, until};

/// One month from date to date, which ends on any day of the week.
const LAW: &str = "es.fin.29septies-1.decide";

/// Two supervisors agree on the words, and an affair comes from another system on the last day of its term.
pub async fn play(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    words(stage).await?;
    let Some(received) = a_month_ago(stage).await? else {
        say("no month from date to date ends within a day of now: there is no notice to show today");
        return Ok(());
    };
    let customer = somebody(stage).await?;
    let ticket = brought(stage, customer, received).await?;
    let scene =
        stage.step(Role::Agent, "bruno", Some("billing"), "the clock warns, and the customer is told in time")?;
    let notice: Notice = until(|| async {
        let list = ListNoticesRequest { parent: ticket.clone(), ..ListNoticesRequest::default() };
        let told = scene.notices().list_notices(list).await.map_err(|status| status.message().to_owned())?;
        told.into_inner().notices.into_iter().next().ok_or_else(|| "nobody was told yet".to_owned())
    })
    .await?;
    say(format_args!("«{}»", notice.text));
    say(format_args!("{} · {}", notice.name, notice.channel().as_str_name()));
    Ok(())
}

fn spanish(text: &str) -> LocalizedText {
    LocalizedText { language: Language::Es.into(), text: text.to_owned() }
}

async fn words(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let what = "how customers are told that a term of law will be missed, and what they can do then";
    let scene = stage.step(Role::Supervisor, "rosa", Some("billing"), what)?;
    let text = "{tracking_key}: {cause}. Le contestaremos el {new_due}. {remedy}. La ley fija el {promise_due} y eso no cambia. {recourse}.";
    let template = NoticeTemplate {
        name: format!("noticeTemplates/term-of-law-{}", stage.run),
        title: "Plazo legal en peligro".to_owned(),
        department: "billing".to_owned(),
        texts: vec![spanish(text)],
        causes: vec![spanish("Nos falta la respuesta del banco")],
        remedies: vec![spanish("No tiene que hacer nada más")],
        recourses: vec![spanish("Si no contestamos a tiempo puede acudir al servicio de reclamaciones del supervisor")],
        ..NoticeTemplate::default()
    };
    let put = PutNoticeTemplateRequest { template: Some(template), request_id: stage.request_id() };
    let put = scene.notices().put_notice_template(put).await.map_err(|status| refused(&status))?.into_inner();
    say(&put.name);
    let scene = stage.step(Role::Supervisor, "luis", Some("billing"), "a second supervisor approves the words")?;
    let approve = ApproveNoticeTemplateRequest { name: put.name, etag: put.etag, request_id: stage.request_id() };
    scene.notices().approve_notice_template(approve).await.map_err(|status| refused(&status))?;
    Ok(())
}

/// A receipt whose month ends within a day of now; none where no day of the month before has one.
async fn a_month_ago(stage: &Stage<'_>) -> anyhow::Result<Option<ProtoTimestamp>> {
    let scene = stage.aside(Role::Auditor, "demo-auditor")?;
    let seconds = |hours| stage.in_hours(hours).map_or(0, |at| at.seconds);
    for days in 27..=32 {
        let start_time = stage.in_hours(-24 * days);
        let asked = PreviewDueRequest { policy: format!("policies/{LAW}"), start_time, ..PreviewDueRequest::default() };
        let due = scene.clocks().preview_due(asked).await.map_err(|status| refused(&status))?.into_inner().due_time;
        // Warnings that lie behind wait a little for what else may be told of the affair.
        let in_time = |due: ProtoTimestamp| due.seconds > seconds(0) + 120 && due.seconds < seconds(24);
        if due.is_some_and(in_time) {
            return Ok(start_time);
        }
    }
    Ok(None)
}

async fn somebody(stage: &mut Stage<'_>) -> anyhow::Result<String> {
    let scene =
        stage.step(Role::Crm, "system", Some("billing"), "another system brings a person and their complaint")?;
    let digits = u32::from_le_bytes(stage.ambient.bytes()) % 100_000_000;
    let record = SourceRecord {
        source_system: "crm-former".to_owned(),
        department: "billing".to_owned(),
        external_id: format!("former-{}", stage.run),
        person_name: Some(PersonName {
            given_name: "Iñaki".to_owned(),
            first_surname: "Soto".to_owned(),
            second_surname: "Vega".to_owned(),
            ..PersonName::default()
        }),
        identifiers: vec![Identifier {
            r#type: IdentifierType::NationalId.into(),
            value: dni(digits),
            ..Identifier::default()
        }],
        language: Language::Es.into(),
        observed_time: stage.in_hours(-1),
        ..SourceRecord::default()
    };
    let request = IngestSourceRecordRequest { record: Some(record), request_id: stage.request_id() };
    let kept = scene.customers().ingest_source_record(request).await.map_err(|status| refused(&status))?.into_inner();
    Ok(kept.customer)
}

async fn brought(stage: &mut Stage<'_>, customer: String, received: ProtoTimestamp) -> anyhow::Result<String> {
    let what = "the complaint was received there nearly a month ago: today is the last day by law";
    let scene = stage.step(Role::Importer, "import", None, what)?;
    let request = CreateTicketRequest {
        ticket: Some(Ticket {
            customer,
            ticket_type: TicketType::Reclamacion.into(),
            severity: Severity::High.into(),
            subject: "Cargo no reconocido".to_owned(),
            channel: Channel::Email.into(),
            department: "billing".to_owned(),
            language: Language::Es.into(),
            sector: "finance".to_owned(),
            topic: "billing".to_owned(),
            claim_points: vec![ClaimPoint {
                text: "Que se devuelva el cargo del 2 de octubre.".to_owned(),
                ..ClaimPoint::default()
            }],
            ..Ticket::default()
        }),
        request_id: stage.request_id(),
        occurred_time: Some(received),
    };
    let opened = scene.tickets().create_ticket(request).await.map_err(|status| refused(&status))?.into_inner();
    let ticket = opened.ticket.context("the answer holds the ticket")?.name;
    say(&ticket);
    Ok(ticket)
}
