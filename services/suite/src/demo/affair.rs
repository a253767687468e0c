//! The customer's affair with the firm: who calls, what is claimed, promised, said and answered.

use anyhow::Context as _;
use kernel::Role;
use ventanilla_proto::customer::v1::{
    GetCustomerViewRequest, Identifier, IdentifierType, IngestSourceRecordRequest, Interaction, LookupByPhoneRequest,
    PersonName, RecordInteractionRequest, SourceRecord,
};
use ventanilla_proto::ombudsman::v1::CaseState;
use ventanilla_proto::sla::v1::{Clock, ExplainClockRequest, ListClocksRequest};
use ventanilla_proto::ticketing::v1::{
    AddMessageRequest, AnswerClaimPointRequest, ClaimPoint, CreateTicketRequest, GetPublicStatusRequest,
    GetTicketRequest, MakePromiseRequest, Message, MessageVisibility, Promise, PromiseKind, PromiseState,
    ResolveTicketRequest, SettlePromiseRequest, Severity, StartTicketRequest, Ticket, TicketType,
    WaitForCustomerRequest,
};
use ventanilla_proto::r#type::v1::{Channel, Direction, Language};

use super::stage::{Stage, refused, say, until};

/// What the affair left behind.
pub struct Affair {
    /// `customers/{id}`.
    pub customer: String,
    /// `tickets/{id}`.
    pub ticket: String,
    /// Ids of its claim points.
    pub claim_points: Vec<String>,
}

/// From two departments' records to an answer the customer does not accept.
pub async fn play(stage: &mut Stage<'_>) -> anyhow::Result<Affair> {
    let (customer, phone) = known_to_two_departments(stage).await?;
    let interaction = the_phone_rings(stage, &customer, &phone).await?;
    let ticket = a_complaint(stage, &customer, interaction).await?;
    worked_on(stage, &ticket).await?;
    why_that_date(stage, &ticket.name).await?;
    answered(stage, &ticket).await?;
    let claim_points = ticket.claim_points.iter().map(|point| point.id.clone()).collect();
    Ok(Affair { customer, ticket: ticket.name, claim_points })
}

async fn known_to_two_departments(stage: &mut Stage<'_>) -> anyhow::Result<(String, String)> {
    let digits = u32::from_le_bytes(stage.ambient.bytes()) % 100_000_000;
    let (phone, document) = (format!("+346{digits:08}"), dni(digits));
    let record = |system: &str, department: &str, given: &str| SourceRecord {
        source_system: system.to_owned(),
        department: department.to_owned(),
        external_id: format!("{system}-{}", stage.run),
        person_name: Some(PersonName {
            given_name: given.to_owned(),
            first_surname: "Ruiz".to_owned(),
            second_surname: "Ortega".to_owned(),
            ..PersonName::default()
        }),
        identifiers: vec![
            Identifier { r#type: IdentifierType::NationalId.into(), value: document.clone(), ..Identifier::default() },
            Identifier { r#type: IdentifierType::Phone.into(), value: phone.clone(), ..Identifier::default() },
        ],
        language: Language::Es.into(),
        observed_time: stage.in_hours(-1),
        ..SourceRecord::default()
    };
    let records = [
        ("billing", record("crm-billing", "billing", "Carmen"), "billing's system brings a person"),
        (
            "network-ops",
            record("provisioning", "network-ops", "M. Carmen"),
            "the network's system brings the same person, written otherwise",
        ),
    ];
    let mut customers = Vec::new();
    for (department, record, what) in records {
        let scene = stage.step(Role::Crm, "system", Some(department), what)?;
        let request = IngestSourceRecordRequest { record: Some(record), request_id: stage.request_id() };
        let kept =
            scene.customers().ingest_source_record(request).await.map_err(|status| refused(&status))?.into_inner();
        say(format_args!("{} belongs to {}", kept.name, kept.customer));
        customers.push(kept.customer);
    }
    let customer = customers.pop().context("two records were brought")?;
    if customers.iter().all(|other| *other == customer) {
        say("one customer: the document is the same");
    }
    Ok((customer, phone))
}

async fn the_phone_rings(stage: &mut Stage<'_>, customer: &str, phone: &str) -> anyhow::Result<String> {
    let scene = stage.step(Role::Ivr, "ivr", None, "the phone rings; inside the ring the IVR asks who it is")?;
    let request = LookupByPhoneRequest { phone_number: phone.to_owned(), region_code: String::new() };
    let answer = scene.customers().lookup_by_phone(request).await.map_err(|status| refused(&status))?.into_inner();
    say(format_args!("{} → {}", answer.grade().as_str_name(), answer.customer));

    let scene = stage.step(
        Role::Agent,
        "lucia",
        Some("customer-service"),
        "the agent writes down the call, the customer's words beside her own",
    )?;
    let request = RecordInteractionRequest {
        parent: customer.to_owned(),
        interaction: Some(Interaction {
            channel: Channel::Phone.into(),
            direction: Direction::Inbound.into(),
            department: "customer-service".to_owned(),
            summary: "Dos cobros dobles y un corte sin aviso.".to_owned(),
            what_customer_said: "Me han cobrado dos veces y encima me cortaron la línea sin avisar.".to_owned(),
            ..Interaction::default()
        }),
        request_id: stage.request_id(),
    };
    let kept = scene.customers().record_interaction(request).await.map_err(|status| refused(&status))?.into_inner();
    say(&kept.name);
    Ok(kept.name)
}

async fn a_complaint(stage: &mut Stage<'_>, customer: &str, interaction: String) -> anyhow::Result<Ticket> {
    let scene = stage.step(
        Role::Agent,
        "lucia",
        Some("customer-service"),
        "a reclamación with two points; the receipt carries date, hour and key",
    )?;
    let point = |text: &str| ClaimPoint { text: text.to_owned(), ..ClaimPoint::default() };
    let request = CreateTicketRequest {
        ticket: Some(Ticket {
            customer: customer.to_owned(),
            ticket_type: TicketType::Reclamacion.into(),
            severity: Severity::High.into(),
            subject: "Cobro doble y corte sin aviso".to_owned(),
            channel: Channel::Phone.into(),
            department: "billing".to_owned(),
            language: Language::Es.into(),
            sector: "general".to_owned(),
            topic: "billing".to_owned(),
            claim_points: vec![
                point("Que se devuelva el segundo cobro de octubre, de 43,20 euros."),
                point("Que se compense el corte del 3 al 5 de noviembre, del que nadie avisó."),
            ],
            interaction,
            ..Ticket::default()
        }),
        request_id: stage.request_id(),
        occurred_time: None,
    };
    let opened = scene.tickets().create_ticket(request).await.map_err(|status| refused(&status))?.into_inner();
    let ticket = opened.ticket.context("the answer holds the ticket")?;
    say(format_args!("{} · tracking key {}", ticket.name, opened.tracking_key));

    let scene =
        stage.step(Role::Customer, "carmen", None, "the customer follows it with key and proof, without an account")?;
    let request = GetPublicStatusRequest { tracking_key: opened.tracking_key, proof: opened.proof };
    let status = scene.tickets().get_public_status(request).await.map_err(|status| refused(&status))?.into_inner();
    say(format_args!("«{}» — {}", status.state_text, status.next_step));
    Ok(ticket)
}

async fn worked_on(stage: &mut Stage<'_>, ticket: &Ticket) -> anyhow::Result<()> {
    let scene =
        stage.step(Role::Agent, "bruno", Some("billing"), "billing starts, and promises a call within two days")?;
    let request = StartTicketRequest {
        name: ticket.name.clone(),
        etag: ticket.etag.clone(),
        request_id: stage.request_id(),
        occurred_time: None,
    };
    scene.tickets().start_ticket(request).await.map_err(|status| refused(&status))?;
    let request = MakePromiseRequest {
        parent: ticket.name.clone(),
        promise: Some(Promise {
            text: "Le llamaremos antes de 48 horas con la comprobación del cobro.".to_owned(),
            due_time: stage.in_hours(48),
            channel: Channel::Phone.into(),
            kind: PromiseKind::Other.into(),
            ..Promise::default()
        }),
        request_id: stage.request_id(),
        occurred_time: None,
    };
    let promise = scene.tickets().make_promise(request).await.map_err(|status| refused(&status))?.into_inner();
    say(&promise.name);

    let scene = stage.step(
        Role::Agent,
        "bruno",
        Some("billing"),
        "billing asks for the bank slip and waits; the answer brings the ticket back to work",
    )?;
    message(stage, &scene, ticket, Direction::Outbound, "¿Puede enviarnos el recibo del banco del segundo cobro?")
        .await?;
    let current = get(&scene, &ticket.name).await?;
    let request = WaitForCustomerRequest {
        name: ticket.name.clone(),
        reason: "bank_slip".to_owned(),
        etag: current.etag,
        request_id: stage.request_id(),
        occurred_time: None,
    };
    scene.tickets().wait_for_customer(request).await.map_err(|status| refused(&status))?;
    message(stage, &scene, ticket, Direction::Inbound, "Aquí lo tienen: dos cargos el mismo día.").await?;
    say(get(&scene, &ticket.name).await?.state().as_str_name());

    let scene = stage.step(Role::Agent, "bruno", Some("billing"), "billing calls back: the promise is kept")?;
    let request = SettlePromiseRequest {
        name: promise.name,
        state: PromiseState::Kept.into(),
        cause: String::new(),
        etag: promise.etag,
        request_id: stage.request_id(),
        occurred_time: None,
    };
    scene.tickets().settle_promise(request).await.map_err(|status| refused(&status))?;
    Ok(())
}

async fn why_that_date(stage: &mut Stage<'_>, ticket: &str) -> anyhow::Result<()> {
    let scene = stage.step(Role::Agent, "bruno", Some("billing"), "by when must it be answered, and why?")?;
    let clocks: Vec<Clock> = until(|| async {
        let request = ListClocksRequest { subject: ticket.to_owned(), ..ListClocksRequest::default() };
        let answer = scene.clocks().list_clocks(request).await.map_err(|status| status.message().to_owned())?;
        let clocks = answer.into_inner().clocks;
        if clocks.iter().any(|clock| clock.subject == ticket) {
            Ok(clocks)
        } else {
            Err("no clock runs yet".to_owned())
        }
    })
    .await?;
    for clock in clocks.iter().filter(|clock| clock.subject == ticket) {
        let request = ExplainClockRequest { name: clock.name.clone() };
        let proof = scene.clocks().explain_clock(request).await.map_err(|status| refused(&status))?.into_inner().proof;
        let proof = proof.context("an explanation holds the proof")?;
        say(format_args!("{} · {}", clock.rule, proof.citation));
        say(&proof.sentence_es);
    }
    Ok(())
}

async fn answered(stage: &mut Stage<'_>, ticket: &Ticket) -> anyhow::Result<()> {
    let scene = stage.step(
        Role::Agent,
        "bruno",
        Some("billing"),
        "every point gets its own answer; without them no resolution is taken",
    )?;
    let answers = [
        "El banco confirma un solo cargo definitivo: el segundo fue una retención que se liberó el 9 de noviembre.",
        "El corte se debió a una avería de la central; el contrato solo prevé compensación a partir de 72 horas.",
    ];
    for (point, answer) in ticket.claim_points.iter().zip(answers) {
        let request = AnswerClaimPointRequest {
            name: ticket.name.clone(),
            claim_point: point.id.clone(),
            answer: answer.to_owned(),
            etag: get(&scene, &ticket.name).await?.etag,
            request_id: stage.request_id(),
            occurred_time: None,
        };
        scene.tickets().answer_claim_point(request).await.map_err(|status| refused(&status))?;
    }
    let request = ResolveTicketRequest {
        name: ticket.name.clone(),
        resolution: "No procede devolución: la retención ya se liberó, y el corte duró menos de 72 horas.".to_owned(),
        etag: get(&scene, &ticket.name).await?.etag,
        request_id: stage.request_id(),
        occurred_time: None,
    };
    let resolved = scene.tickets().resolve_ticket(request).await.map_err(|status| refused(&status))?.into_inner();
    say(resolved.state().as_str_name());
    Ok(())
}

/// The one view every department has of the customer, when all is over.
pub async fn look_back(stage: &mut Stage<'_>, affair: &Affair, case: &str) -> anyhow::Result<()> {
    let scene =
        stage.step(Role::Agent, "lucia", Some("customer-service"), "any department now sees it all in one view")?;
    let view = until(|| async {
        let request = GetCustomerViewRequest { name: affair.customer.clone() };
        let answer =
            scene.customers().get_customer_view(request).await.map_err(|status| status.message().to_owned())?;
        let view = answer.into_inner();
        let cases = view.cases.as_ref().map_or(&[][..], |section| &section.cases);
        match cases.iter().find(|known| known.case_name == case) {
            Some(known) if known.state() == CaseState::Notified => Ok(view),
            Some(known) => Err(format!("the case is {} in the view", known.state().as_str_name())),
            None => Err("the case is not in the view".to_owned()),
        }
    })
    .await?;
    let lag = |standing: Option<&ventanilla_proto::customer::v1::SectionStanding>| {
        let lag = standing.and_then(|standing| standing.lag);
        lag.map_or_else(
            || "never reached".to_owned(),
            |lag| format!("{} ms behind", lag.seconds * 1000 + i64::from(lag.nanos) / 1_000_000),
        )
    };
    if let Some(section) = &view.open_tickets {
        say(format_args!("{} open affairs, {}", section.total_count, lag(section.standing.as_ref())));
    }
    if let Some(section) = &view.clocks {
        say(format_args!("{} running clocks, {}", section.total_count, lag(section.standing.as_ref())));
    }
    if let Some(section) = &view.cases {
        let outcomes: Vec<&str> = section.cases.iter().map(|case| case.outcome().as_str_name()).collect();
        say(format_args!("{} case: {}, {}", section.total_count, outcomes.join(", "), lag(section.standing.as_ref())));
    }
    Ok(())
}

async fn get(scene: &super::stage::Scene, ticket: &str) -> anyhow::Result<Ticket> {
    let request = GetTicketRequest { name: ticket.to_owned() };
    Ok(scene.tickets().get_ticket(request).await.map_err(|status| refused(&status))?.into_inner())
}

async fn message(
    stage: &Stage<'_>,
    scene: &super::stage::Scene,
    ticket: &Ticket,
    direction: Direction,
    body: &str,
) -> anyhow::Result<()> {
    let request = AddMessageRequest {
        parent: ticket.name.clone(),
        message: Some(Message {
            direction: direction.into(),
            visibility: MessageVisibility::Public.into(),
            channel: Channel::Email.into(),
            body: body.to_owned(),
            ..Message::default()
        }),
        request_id: stage.request_id(),
        occurred_time: None,
    };
    scene.tickets().add_message(request).await.map_err(|status| refused(&status))?;
    Ok(())
}

/// A Spanish document number with its check letter.
pub fn dni(number: u32) -> String {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    format!("{number:08}{}", char::from(LETTERS[(number % 23) as usize]))
}

#[cfg(test)]
mod tests {
    #[test]
    fn documents_carry_their_check_letter() {
        assert_eq!(super::dni(12_345_678), "12345678Z");
        assert_eq!(super::dni(0), "00000000T");
    }
}
