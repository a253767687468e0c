//! Which affairs of other systems were brought, and the tickets they became.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::PgConnection;
use ticketing_domain::{TicketId, TrackingKey};
use uuid::Uuid;

use super::create::read_proof;
use super::word;
use crate::proof::KeptProof;

/// An affair of another system and the ticket it is to become.
pub(crate) struct Origin<'a> {
    /// The system.
    pub source_system: &'a str,
    /// Its id there. Personal in some systems.
    pub external_id: &'a str,
    /// The ticket.
    pub ticket: TicketId,
    /// SHA-256 of the history as it was sent.
    pub content_hash: [u8; 32],
}

/// A ticket that an affair became.
pub(crate) struct Known {
    /// The ticket.
    pub ticket: TicketId,
    /// Its key.
    pub tracking_key: TrackingKey,
    /// What is kept of its proof.
    pub proof: KeptProof,
    /// SHA-256 of the history it was brought with.
    pub content_hash: [u8; 32],
}

/// Claims the origins nobody brought before; answers for each, in their order, whether it is new. An
/// affair that another call is bringing right now waits for it.
#[tracing::instrument(name = "db.imported_ticket.claim", skip_all)]
pub(crate) async fn claim(
    tx: &mut PgConnection,
    origins: &[Origin<'_>],
    now: Timestamp,
) -> Result<Vec<bool>, StoreError> {
    let systems: Vec<String> = origins.iter().map(|o| o.source_system.to_owned()).collect();
    let external_ids: Vec<String> = origins.iter().map(|o| o.external_id.to_owned()).collect();
    let tickets: Vec<Uuid> = origins.iter().map(|o| o.ticket.uuid()).collect();
    let hashes: Vec<Vec<u8>> = origins.iter().map(|o| o.content_hash.to_vec()).collect();
    // In one order by all, so that two calls wait for each other and never in a circle.
    let claimed = sqlx::query_scalar!(
        "insert into ticketing.imported_ticket (source_system, external_id, ticket_id, content_hash, imported_at)
         select o.*, $5 from unnest($1::text[], $2::text[], $3::uuid[], $4::bytea[])
             as o (source_system, external_id, ticket_id, content_hash)
         order by o.source_system, o.external_id
         on conflict on constraint imported_ticket_pkey do nothing
         returning ticket_id",
        &systems,
        &external_ids,
        &tickets,
        &hashes,
        now.to_sqlx() as _,
    )
    .fetch_all(tx)
    .await?;
    let claimed: HashSet<_> = claimed.into_iter().collect();
    Ok(tickets.iter().map(|id| claimed.contains(id)).collect())
}

/// Whether a ticket was brought from another system.
#[tracing::instrument(name = "db.imported_ticket.is_brought", skip_all)]
pub(crate) async fn is_brought(tx: &mut PgConnection, id: TicketId) -> Result<bool, StoreError> {
    let brought = sqlx::query_scalar!(
        r#"select exists (select from ticketing.imported_ticket where ticket_id = $1) as "brought!""#,
        id.uuid()
    );
    Ok(brought.fetch_one(tx).await?)
}

/// The tickets these affairs became, in their order. Each must have been claimed before.
#[tracing::instrument(name = "db.imported_ticket.known", skip_all)]
pub(crate) async fn known(tx: &mut PgConnection, origins: &[Origin<'_>]) -> Result<Vec<Known>, StoreError> {
    let systems: Vec<String> = origins.iter().map(|o| o.source_system.to_owned()).collect();
    let external_ids: Vec<String> = origins.iter().map(|o| o.external_id.to_owned()).collect();
    let rows = sqlx::query!(
        r#"select i.content_hash, t.ticket_id, t.tracking_key, t.proof_salt, t.proof_hash
           from unnest($1::text[], $2::text[]) with ordinality as o (source_system, external_id, place)
           join ticketing.imported_ticket i using (source_system, external_id)
           join ticketing.ticket t on t.ticket_id = i.ticket_id
           order by o.place"#,
        &systems,
        &external_ids,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = row.ticket_id;
            let content_hash = row.content_hash.try_into();
            Ok(Known {
                ticket: TicketId::from_uuid(id),
                tracking_key: word("ticket", "tracking_key", id, row.tracking_key.parse().ok())?,
                proof: read_proof(&row.proof_salt, &row.proof_hash, id)?,
                content_hash: content_hash.map_err(|_| StoreError::corrupt("imported_ticket", "content_hash", id))?,
            })
        })
        .collect()
}
