//! Contacts that no case came of.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Actor, Channel, ResourceId as _};
use ombudsman_escalation_domain::{CustomerId, TicketId};
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

/// That somebody complained by a channel that the regime does not admit.
pub(crate) struct Contact<'a> {
    /// The request it came by.
    pub(crate) id: Uuid,
    pub(crate) ticket: TicketId,
    pub(crate) customer: CustomerId,
    pub(crate) regime: &'static str,
    pub(crate) channel: Channel,
    pub(crate) article: &'static str,
    /// Who took it.
    pub(crate) taken_by: &'a Actor,
    pub(crate) received_at: Timestamp,
}

/// Writes it; answers whether it is new.
#[tracing::instrument(name = "db.contact.note", skip_all)]
pub(crate) async fn note(tx: &mut PgConnection, contact: &Contact<'_>) -> Result<bool, StoreError> {
    let noted = sqlx::query!(
        "insert into ombudsman.contact (contact_id, ticket_id, customer_id, regime, channel, article, taken_kind, taken_by, received_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict on constraint contact_pkey do nothing",
        contact.id,
        contact.ticket.uuid(),
        contact.customer.uuid(),
        contact.regime,
        contact.channel.as_str(),
        contact.article,
        contact.taken_by.kind.as_str(),
        contact.taken_by.id,
        contact.received_at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(noted.rows_affected() > 0)
}
