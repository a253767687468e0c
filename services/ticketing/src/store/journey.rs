//! By what names an affair is known, to us and to the other services.

use jiff::Timestamp;
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::PgPool;
use ticketing_domain::{CustomerId, InteractionId, TicketId};

/// Everything an affair is known by.
pub(crate) struct Affair {
    /// Its tickets.
    pub tickets: Vec<String>,
    /// The cases about it, its customer, and the contacts it began with.
    pub beside: Vec<String>,
    /// When it was first received, at any door.
    pub first_received: Timestamp,
}

/// What the affair of a ticket is known by: the ticket, and all that are answered with it.
#[tracing::instrument(name = "db.journey.affair", skip_all)]
pub(crate) async fn affair(pool: &PgPool, ticket: TicketId) -> Result<Affair, StoreError> {
    let rows = sqlx::query!(
        r#"select t.ticket_id, t.customer_id, t.interaction_id, t.first_received_at as "first_received_at: jiff_sqlx::Timestamp",
                  array(select distinct c.related from ticketing.ticket_change c
                        where c.ticket_id = t.ticket_id and c.kind = 'office_noted' and c.related is not null) as "cases!: Vec<String>"
           from ticketing.ticket t
           join (select coalesce(merged_head, ticket_id) as id from ticketing.ticket where ticket_id = $1) as head
             on t.ticket_id = head.id or t.merged_head = head.id
           order by t.ticket_id"#,
        ticket.uuid()
    )
    .fetch_all(pool)
    .await?;
    let mut affair = Affair { tickets: Vec::new(), beside: Vec::new(), first_received: Timestamp::MAX };
    for row in rows {
        affair.tickets.push(TicketId::from_uuid(row.ticket_id).name());
        affair.beside.push(CustomerId::from_uuid(row.customer_id).name());
        affair.beside.extend(row.interaction_id.map(|id| InteractionId::from_uuid(id).name()));
        affair.beside.extend(row.cases);
        affair.first_received = affair.first_received.min(row.first_received_at.to_jiff());
    }
    affair.beside.sort_unstable();
    affair.beside.dedup();
    Ok(affair)
}
