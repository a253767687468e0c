//! What the ombudsman's office tells the firm: that a case exists, its state, and how it ended.

use jiff_sqlx::ToSqlx;
use ledger::{Reaction, ReactionError, Received};
use postgres::Tx;
use ventanilla_proto::customer::v1::TimelineEventKind;
use ventanilla_proto::ombudsman::v1 as proto;
use ventanilla_proto::ombudsman::v1::CaseState;

use super::{customer, entry_id, id, number, required};
use crate::OMBUDSMAN;

/// Feeds cases.
#[derive(Debug, Clone, Copy)]
pub struct Cases;

#[tonic::async_trait]
impl Reaction for Cases {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        if let Some(opened) = entry.payload::<proto::CaseOpened>()? {
            return case_opened(tx, entry, &opened).await;
        }
        if let Some(moved) = entry.payload::<proto::CaseTransitioned>()? {
            return case_transitioned(tx, entry, &moved).await;
        }
        if let Some(told) = entry.payload::<proto::DecisionNotified>()? {
            return decision_told(tx, entry, &told).await;
        }
        if let Some(issued) = entry.payload::<proto::DecisionIssued>()? {
            // How it went is told once both parties know it; in entries from before it stood in this one.
            if issued.outcome() == proto::DecisionOutcome::Unspecified {
                return Ok(());
            }
            let proto::DecisionIssued { case_name, ticket, customer, outcome, binding, .. } = issued;
            let told = proto::DecisionNotified { case_name, ticket, customer, outcome, binding };
            return decision_told(tx, entry, &told).await;
        }
        Ok(())
    }
}

async fn case_opened(tx: &mut Tx, entry: &Received, opened: &proto::CaseOpened) -> Result<(), ReactionError> {
    let Some(customer) = customer(&opened.customer)? else { return Ok(()) };
    sqlx::query!(
        r#"with opened as (
               insert into customer_profile.view_case (case_id, customer_id, ticket_id, regime, state, filed_at_office_at)
               values ($1, $2, $3, $4, $5, $6)
               on conflict on constraint view_case_pkey do nothing
           )
           insert into customer_profile.timeline_event (source, position, id, customer_id, occurred_at, kind, resource, state)
           values ($7, $8, $9, $2, $10, $11, $12, $5)
           on conflict on constraint timeline_event_pkey do nothing"#,
        id(&opened.case_name, "cases", "case_name")?,
        customer,
        id(&opened.ticket, "tickets", "ticket")?,
        opened.regime,
        number(CaseState::Received.into()),
        required(opened.filed_at_office_time.as_ref(), "filed_at_office_time")?.to_sqlx() as _,
        OMBUDSMAN,
        entry.position(),
        entry_id(entry)?,
        entry.occurred_at().to_sqlx() as _,
        number(TimelineEventKind::CaseOpened.into()),
        opened.case_name,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn case_transitioned(
    tx: &mut Tx,
    entry: &Received,
    moved: &proto::CaseTransitioned,
) -> Result<(), ReactionError> {
    sqlx::query!(
        r#"with moved as (
               update customer_profile.view_case set state = $2 where case_id = $1 returning customer_id
           )
           insert into customer_profile.timeline_event (source, position, id, customer_id, occurred_at, kind, resource, state)
           select $3, $4, $5, customer_id, $6, $7, $8, $2 from moved
           on conflict on constraint timeline_event_pkey do nothing"#,
        id(&moved.case_name, "cases", "case_name")?,
        number(moved.to_state),
        OMBUDSMAN,
        entry.position(),
        entry_id(entry)?,
        entry.occurred_at().to_sqlx() as _,
        number(TimelineEventKind::CaseTransitioned.into()),
        moved.case_name,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn decision_told(tx: &mut Tx, entry: &Received, told: &proto::DecisionNotified) -> Result<(), ReactionError> {
    sqlx::query!(
        r#"with decided as (
               update customer_profile.view_case set outcome = $2, binding = $3 where case_id = $1 returning customer_id
           )
           insert into customer_profile.timeline_event (source, position, id, customer_id, occurred_at, kind, resource, state)
           select $4, $5, $6, customer_id, $7, $8, $9, $2 from decided
           on conflict on constraint timeline_event_pkey do nothing"#,
        id(&told.case_name, "cases", "case_name")?,
        number(told.outcome),
        told.binding,
        OMBUDSMAN,
        entry.position(),
        entry_id(entry)?,
        entry.occurred_at().to_sqlx() as _,
        number(TimelineEventKind::DecisionIssued.into()),
        told.case_name,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
