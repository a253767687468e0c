//! What ticketing tells: affairs, promises and what customers thought.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ledger::{Applying, Reaction, ReactionError, Received};
use postgres::Tx;
use uuid::Uuid;
use ventanilla_proto::customer::v1::TimelineEventKind;
use ventanilla_proto::ticketing::v1 as proto;
use ventanilla_proto::ticketing::v1::{PromiseState, TicketState, TicketType};

use super::{customer, entry_id, id, number, required};
use crate::TICKETING;

/// Feeds affairs, promises and surveys.
#[derive(Debug, Clone, Copy)]
pub struct Affairs;

#[tonic::async_trait]
impl Reaction for Affairs {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        if let Some(opened) = entry.payload::<proto::TicketOpened>()? {
            return ticket_opened(tx, entry, &opened).await;
        }
        if let Some(moved) = entry.payload::<proto::TicketTransitioned>()? {
            return ticket_transitioned(tx, entry, &moved).await;
        }
        if let Some(assigned) = entry.payload::<proto::TicketAssigned>()? {
            return ticket_assigned(tx, entry, &assigned).await;
        }
        if let Some(added) = entry.payload::<proto::MessageAdded>()? {
            return message_added(tx, entry, &added).await;
        }
        if let Some(made) = entry.payload::<proto::PromiseMade>()? {
            return promise_made(tx, entry, &made).await;
        }
        if let Some(at_risk) = entry.payload::<proto::PromiseAtRisk>()? {
            return promise_at_risk(tx, &at_risk).await;
        }
        if let Some(settled) = entry.payload::<proto::PromiseSettled>()? {
            return promise_settled(tx, entry, &settled).await;
        }
        if let Some(asked) = entry.payload::<proto::CureRequested>()? {
            let due = required(asked.due_time.as_ref(), "due_time")?;
            return cure(tx, entry, &asked.ticket, Some(due)).await;
        }
        if let Some(settled) = entry.payload::<proto::CureSettled>()? {
            return cure(tx, entry, &settled.ticket, None).await;
        }
        if let Some(affected) = entry.payload::<proto::TicketAffected>()? {
            let incident = id(&affected.incident, "incidents", "incident")?;
            return incident_of(tx, entry, &affected.ticket, Some(incident)).await;
        }
        if let Some(unaffected) = entry.payload::<proto::TicketUnaffected>()? {
            return incident_of(tx, entry, &unaffected.ticket, None).await;
        }
        if let Some(filed) = entry.payload::<proto::TicketReclassified>()? {
            return reclassified(tx, entry, &filed).await;
        }
        if let Some(merged) = entry.payload::<proto::TicketMerged>()? {
            let head = id(&merged.head, "tickets", "head")?;
            return merged_into(tx, entry, &merged.ticket, Some(head)).await;
        }
        if let Some(unmerged) = entry.payload::<proto::TicketUnmerged>()? {
            return merged_into(tx, entry, &unmerged.ticket, None).await;
        }
        if let Some(asked) = entry.payload::<proto::SurveyAsked>()? {
            return survey_asked(tx, entry, &asked).await;
        }
        if let Some(answered) = entry.payload::<proto::SurveyAnswered>()? {
            return survey_answered(tx, entry, &answered).await;
        }
        Ok(())
    }

    fn reads_personal(&self) -> bool {
        true
    }

    fn runs(&self, entry: &Received) -> bool {
        // Whether an affair that was split off another complains is told by that one's row.
        matches!(entry.payload::<proto::TicketOpened>(), Ok(Some(opened)) if opened.split_from.is_empty())
    }

    async fn apply_run(&self, tx: &mut Tx, run: &[Applying<'_>]) -> Result<(), ReactionError> {
        let payload = |each: &Applying<'_>| each.entry.payload()?.ok_or(ReactionError::Undecodable("type"));
        let payloads = run.iter().map(payload).collect::<Result<Vec<proto::TicketOpened>, _>>()?;
        let mut opened = Vec::with_capacity(run.len());
        for (Applying { entry, .. }, payload) in run.iter().zip(&payloads) {
            if let Some(customer) = customer(&payload.customer)? {
                opened.push(Opened::read(entry, customer, payload)?);
            }
        }
        tickets_opened(tx, &opened).await
    }
}

const fn complains(kind: TicketType) -> bool {
    matches!(kind, TicketType::Queja | TicketType::Reclamacion)
}

const fn is_open(state: TicketState) -> bool {
    !matches!(state, TicketState::Closed | TicketState::Rejected | TicketState::Cancelled)
}

async fn ticket_opened(tx: &mut Tx, entry: &Received, opened: &proto::TicketOpened) -> Result<(), ReactionError> {
    let Some(customer) = customer(&opened.customer)? else { return Ok(()) };
    let personal: proto::TicketOpenedPersonal = entry.personal().unwrap_or_default();
    let state = TicketState::Acknowledged;
    let whole =
        if opened.split_from.is_empty() { None } else { Some(id(&opened.split_from, "tickets", "split_from")?) };
    sqlx::query!(
        r#"with ticket as (
               insert into customer_profile.view_ticket
                   (ticket_id, customer_id, ticket_type, severity, state, is_open, channel, department, subject,
                    first_received_at, updated_at, complains)
               values ($1, $2, $3, $4, $5, true, $6, $7, $8, $9, $10,
                   $16 or exists (select from customer_profile.view_ticket w where w.ticket_id = $17 and w.complains))
               on conflict on constraint view_ticket_pkey do nothing
           )
           insert into customer_profile.timeline_event (source, position, id, customer_id, occurred_at, kind, resource, state)
           values ($11, $12, $13, $2, $10, $14, $15, $5)
           on conflict on constraint timeline_event_pkey do nothing"#,
        id(&opened.ticket, "tickets", "ticket")?,
        customer,
        number(opened.ticket_type),
        number(opened.severity),
        number(state.into()),
        number(opened.channel),
        opened.department,
        personal.subject,
        required(opened.first_received_time.as_ref(), "first_received_time")?.to_sqlx() as _,
        entry.occurred_at().to_sqlx() as _,
        TICKETING,
        entry.position(),
        entry_id(entry)?,
        number(TimelineEventKind::TicketOpened.into()),
        opened.ticket,
        complains(opened.ticket_type()),
        whole,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An affair that was opened and is no part of another.
struct Opened<'a> {
    entry: &'a Received,
    entry_id: Uuid,
    ticket: Uuid,
    customer: Uuid,
    opened: &'a proto::TicketOpened,
    subject: String,
    first_received: Timestamp,
}

impl<'a> Opened<'a> {
    fn read(entry: &'a Received, customer: Uuid, opened: &'a proto::TicketOpened) -> Result<Self, ReactionError> {
        Ok(Self {
            entry,
            entry_id: entry_id(entry)?,
            ticket: id(&opened.ticket, "tickets", "ticket")?,
            customer,
            opened,
            subject: entry.personal::<proto::TicketOpenedPersonal>().unwrap_or_default().subject,
            first_received: required(opened.first_received_time.as_ref(), "first_received_time")?,
        })
    }
}

/// Many affairs in one statement, each as [`ticket_opened`] writes one.
async fn tickets_opened(tx: &mut Tx, opened: &[Opened<'_>]) -> Result<(), ReactionError> {
    if opened.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"with opened as (
               select * from unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::smallint[], $5::smallint[], $6::text[], $7::text[],
                                    $8::timestamptz[], $9::timestamptz[], $10::boolean[], $11::bigint[], $12::uuid[], $13::text[])
                   as o(ticket_id, customer_id, ticket_type, severity, channel, department, subject, first_received_at,
                        occurred_at, complains, position, entry_id, resource)
           ), tickets as (
               insert into customer_profile.view_ticket
                   (ticket_id, customer_id, ticket_type, severity, state, is_open, channel, department, subject,
                    first_received_at, updated_at, complains)
               select ticket_id, customer_id, ticket_type, severity, $14, true, channel, department, subject,
                      first_received_at, occurred_at, complains
               from opened
               on conflict on constraint view_ticket_pkey do nothing
           )
           insert into customer_profile.timeline_event (source, position, id, customer_id, occurred_at, kind, resource, state)
           select $15, position, entry_id, customer_id, occurred_at, $16, resource, $14 from opened
           on conflict on constraint timeline_event_pkey do nothing"#,
        &opened.iter().map(|o| o.ticket).collect::<Vec<_>>(),
        &opened.iter().map(|o| o.customer).collect::<Vec<_>>(),
        &opened.iter().map(|o| number(o.opened.ticket_type)).collect::<Vec<_>>(),
        &opened.iter().map(|o| number(o.opened.severity)).collect::<Vec<_>>(),
        &opened.iter().map(|o| number(o.opened.channel)).collect::<Vec<_>>(),
        &opened.iter().map(|o| o.opened.department.clone()).collect::<Vec<_>>(),
        &opened.iter().map(|o| o.subject.clone()).collect::<Vec<_>>(),
        &opened.iter().map(|o| o.first_received.to_sqlx()).collect::<Vec<_>>() as _,
        &opened.iter().map(|o| o.entry.occurred_at().to_sqlx()).collect::<Vec<_>>() as _,
        &opened.iter().map(|o| complains(o.opened.ticket_type())).collect::<Vec<_>>(),
        &opened.iter().map(|o| o.entry.position()).collect::<Vec<_>>(),
        &opened.iter().map(|o| o.entry_id).collect::<Vec<_>>(),
        &opened.iter().map(|o| o.opened.ticket.clone()).collect::<Vec<_>>(),
        number(TicketState::Acknowledged.into()),
        TICKETING,
        number(TimelineEventKind::TicketOpened.into()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn ticket_transitioned(
    tx: &mut Tx,
    entry: &Received,
    moved: &proto::TicketTransitioned,
) -> Result<(), ReactionError> {
    sqlx::query!(
        r#"with ticket as (
               update customer_profile.view_ticket
               set state = $2, is_open = $3, department = coalesce(nullif($4, ''), department), updated_at = $5
               where ticket_id = $1 returning customer_id
           )
           insert into customer_profile.timeline_event (source, position, id, customer_id, occurred_at, kind, resource, state)
           select $6, $7, $8, customer_id, $5, $9, $10, $2 from ticket
           on conflict on constraint timeline_event_pkey do nothing"#,
        id(&moved.ticket, "tickets", "ticket")?,
        number(moved.to_state),
        is_open(moved.to_state()),
        moved.department,
        entry.occurred_at().to_sqlx() as _,
        TICKETING,
        entry.position(),
        entry_id(entry)?,
        number(TimelineEventKind::TicketTransitioned.into()),
        moved.ticket,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn ticket_assigned(tx: &mut Tx, entry: &Received, assigned: &proto::TicketAssigned) -> Result<(), ReactionError> {
    sqlx::query!(
        r#"update customer_profile.view_ticket
           set department = coalesce(nullif($2, ''), department), owner = $3, updated_at = $4 where ticket_id = $1"#,
        id(&assigned.ticket, "tickets", "ticket")?,
        assigned.to_department,
        assigned.owner,
        entry.occurred_at().to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn message_added(tx: &mut Tx, entry: &Received, added: &proto::MessageAdded) -> Result<(), ReactionError> {
    sqlx::query!(
        "update customer_profile.view_ticket set updated_at = $2 where ticket_id = $1",
        id(&added.ticket, "tickets", "ticket")?,
        entry.occurred_at().to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The customer is asked to complete an affair until `due`, or no longer is.
async fn cure(tx: &mut Tx, entry: &Received, ticket: &str, due: Option<Timestamp>) -> Result<(), ReactionError> {
    sqlx::query!(
        "update customer_profile.view_ticket set cure_due_at = $2, updated_at = $3 where ticket_id = $1",
        id(ticket, "tickets", "ticket")?,
        due.map(|due| due.to_sqlx()) as _,
        entry.occurred_at().to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A mass incident caused an affair, or did not after all.
async fn incident_of(tx: &mut Tx, entry: &Received, ticket: &str, incident: Option<Uuid>) -> Result<(), ReactionError> {
    sqlx::query!(
        "update customer_profile.view_ticket set incident_id = $2, updated_at = $3 where ticket_id = $1",
        id(ticket, "tickets", "ticket")?,
        incident,
        entry.occurred_at().to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An affair is filed as something else: what is shown of it, and what must not be done while it is open, follow from that.
async fn reclassified(tx: &mut Tx, entry: &Received, filed: &proto::TicketReclassified) -> Result<(), ReactionError> {
    sqlx::query!(
        "update customer_profile.view_ticket
         set ticket_type = $2, severity = $3, updated_at = $4, complains = complains or $5 where ticket_id = $1",
        id(&filed.ticket, "tickets", "ticket")?,
        number(filed.ticket_type),
        number(filed.severity),
        entry.occurred_at().to_sqlx() as _,
        complains(filed.ticket_type()) || complains(filed.from_ticket_type()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An affair is answered with another, or by itself again.
async fn merged_into(tx: &mut Tx, entry: &Received, ticket: &str, head: Option<Uuid>) -> Result<(), ReactionError> {
    sqlx::query!(
        "update customer_profile.view_ticket set merged_into = $2, updated_at = $3 where ticket_id = $1",
        id(ticket, "tickets", "ticket")?,
        head,
        entry.occurred_at().to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn promise_made(tx: &mut Tx, entry: &Received, made: &proto::PromiseMade) -> Result<(), ReactionError> {
    let personal: proto::PromiseMadePersonal = entry.personal().unwrap_or_default();
    sqlx::query!(
        r#"with ticket as (
               select customer_id from customer_profile.view_ticket where ticket_id = $2
           ), promise as (
               insert into customer_profile.view_promise
                   (promise_id, ticket_id, customer_id, channel, text, due_at, made_at, state, is_open)
               select $1, $2, customer_id, $3, $4, $5, $6, $7, true from ticket
               on conflict on constraint view_promise_pkey do nothing
           )
           insert into customer_profile.timeline_event (source, position, id, customer_id, occurred_at, kind, resource, state)
           select $8, $9, $10, customer_id, $6, $11, $12, 0 from ticket
           on conflict on constraint timeline_event_pkey do nothing"#,
        id(&made.promise, "promises", "promise")?,
        id(&made.ticket, "tickets", "ticket")?,
        number(made.channel),
        personal.text,
        required(made.due_time.as_ref(), "due_time")?.to_sqlx() as _,
        entry.occurred_at().to_sqlx() as _,
        number(PromiseState::Made.into()),
        TICKETING,
        entry.position(),
        entry_id(entry)?,
        number(TimelineEventKind::PromiseMade.into()),
        made.promise,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Its clock warned. One that was settled meanwhile is at no risk.
async fn promise_at_risk(tx: &mut Tx, at_risk: &proto::PromiseAtRisk) -> Result<(), ReactionError> {
    sqlx::query!(
        "update customer_profile.view_promise set state = $2 where promise_id = $1 and is_open",
        id(&at_risk.promise, "promises", "promise")?,
        number(PromiseState::AtRisk.into()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn promise_settled(tx: &mut Tx, entry: &Received, settled: &proto::PromiseSettled) -> Result<(), ReactionError> {
    let is_open = matches!(settled.state(), PromiseState::Made | PromiseState::AtRisk);
    sqlx::query!(
        r#"with promise as (
               update customer_profile.view_promise set state = $2, is_open = $3 where promise_id = $1
               returning customer_id
           )
           insert into customer_profile.timeline_event (source, position, id, customer_id, occurred_at, kind, resource, state)
           select $4, $5, $6, customer_id, $7, $8, $9, $2 from promise
           on conflict on constraint timeline_event_pkey do nothing"#,
        id(&settled.promise, "promises", "promise")?,
        number(settled.state),
        is_open,
        TICKETING,
        entry.position(),
        entry_id(entry)?,
        entry.occurred_at().to_sqlx() as _,
        number(TimelineEventKind::PromiseSettled.into()),
        settled.promise,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn survey_asked(tx: &mut Tx, entry: &Received, asked: &proto::SurveyAsked) -> Result<(), ReactionError> {
    sqlx::query!(
        r#"with ticket as (
               select customer_id from customer_profile.view_ticket where ticket_id = $1
           ), survey as (
               insert into customer_profile.view_survey (ticket_id, customer_id, asked_at, department)
               select $1, customer_id, $2, $3 from ticket
               on conflict on constraint view_survey_pkey do nothing
           )
           insert into customer_profile.timeline_event (source, position, id, customer_id, occurred_at, kind, resource, state)
           select $4, $5, $6, customer_id, $2, $7, $8, 0 from ticket
           on conflict on constraint timeline_event_pkey do nothing"#,
        id(&asked.ticket, "tickets", "ticket")?,
        entry.occurred_at().to_sqlx() as _,
        asked.department,
        TICKETING,
        entry.position(),
        entry_id(entry)?,
        number(TimelineEventKind::SurveyAsked.into()),
        format!("{}/survey", asked.ticket),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn survey_answered(tx: &mut Tx, entry: &Received, answered: &proto::SurveyAnswered) -> Result<(), ReactionError> {
    sqlx::query!(
        r#"with survey as (
               update customer_profile.view_survey
               set answered_at = $2, csat = $3, nps = $4, ces = $5, causes = $6, department = $7
               where ticket_id = $1 returning customer_id
           )
           insert into customer_profile.timeline_event (source, position, id, customer_id, occurred_at, kind, resource, state)
           select $8, $9, $10, customer_id, $2, $11, $12, 0 from survey
           on conflict on constraint timeline_event_pkey do nothing"#,
        id(&answered.ticket, "tickets", "ticket")?,
        entry.occurred_at().to_sqlx() as _,
        answered.csat.map(number),
        answered.nps.map(number),
        answered.ces.map(number),
        &answered.causes,
        answered.department,
        TICKETING,
        entry.position(),
        entry_id(entry)?,
        number(TimelineEventKind::SurveyAnswered.into()),
        format!("{}/survey", answered.ticket),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
