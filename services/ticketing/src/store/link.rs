//! What tickets are to one another, and what is written when one is filed anew, split, merged or taken apart.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, ResourceId};
use postgres::{StoreError, affected_one};
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{ClaimPoint, LinkId, LinkKind, Merge, Merged, Ticket, TicketId};
use uuid::Uuid;

use super::{actor, word};

/// Something that was said of two tickets.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// Its id, under the ticket of which it is said.
    pub id: LinkId,
    /// What that ticket is to the other.
    pub kind: LinkKind,
    /// The other.
    pub to: TicketId,
    /// Why, as a word.
    pub reason: Option<String>,
    /// Who said so.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// How it was ended, where it was.
    pub end: Option<End>,
}

/// The end of a link.
#[derive(Debug, Clone)]
pub(crate) struct End {
    /// When.
    pub at: Timestamp,
    /// Why, as a word.
    pub reason: Option<String>,
    /// Who ended it.
    pub by: Actor,
}

struct LinkRow {
    link_id: Uuid,
    kind: String,
    from_ticket: Uuid,
    to_ticket: Uuid,
    reason: Option<String>,
    actor_kind: String,
    actor_id: String,
    actor_department: Option<String>,
    created_at: jiff_sqlx::Timestamp,
    ended_at: Option<jiff_sqlx::Timestamp>,
    end_reason: Option<String>,
    end_actor_kind: Option<String>,
    end_actor_id: Option<String>,
    end_actor_department: Option<String>,
}

impl TryFrom<LinkRow> for Link {
    type Error = StoreError;

    fn try_from(row: LinkRow) -> Result<Self, StoreError> {
        let key = row.link_id;
        let end = match (row.ended_at, row.end_actor_kind, row.end_actor_id) {
            (Some(at), Some(kind), Some(id)) => Some(End {
                at: at.to_jiff(),
                reason: row.end_reason,
                by: actor("ticket_link", key, &kind, id, row.end_actor_department)?,
            }),
            _ => None,
        };
        Ok(Self {
            id: LinkId { ticket: TicketId::from_uuid(row.from_ticket), id: key },
            kind: word("ticket_link", "kind", key, LinkKind::from_word(&row.kind))?,
            to: TicketId::from_uuid(row.to_ticket),
            reason: row.reason,
            by: actor("ticket_link", key, &row.actor_kind, row.actor_id, row.actor_department)?,
            at: row.created_at.to_jiff(),
            end,
        })
    }
}

/// Links of a ticket in either direction after the one with this key, the oldest first. That a ticket takes up another is told by the ticket
/// itself, and its link has the ticket's id.
#[tracing::instrument(name = "db.link.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    ticket: TicketId,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Link>, StoreError> {
    let (at, id) = after.unzip();
    let rows = sqlx::query_as!(
        LinkRow,
        r#"select link_id as "link_id!", kind as "kind!", from_ticket as "from_ticket!", to_ticket as "to_ticket!", reason,
                  actor_kind as "actor_kind!", actor_id as "actor_id!", actor_department, created_at as "created_at!: _",
                  ended_at as "ended_at: _", end_reason, end_actor_kind, end_actor_id, end_actor_department
           from (
               select link_id, kind, from_ticket, to_ticket, reason, actor_kind, actor_id, actor_department, created_at, ended_at,
                      end_reason, end_actor_kind, end_actor_id, end_actor_department
               from ticketing.ticket_link where from_ticket = $1
               union all
               select link_id, kind, from_ticket, to_ticket, reason, actor_kind, actor_id, actor_department, created_at, ended_at,
                      end_reason, end_actor_kind, end_actor_id, end_actor_department
               from ticketing.ticket_link where to_ticket = $1
               union all
               select t.ticket_id, 'follow_up_of', t.ticket_id, t.follow_up_of, null, c.actor_kind, c.actor_id, c.actor_department,
                      t.created_at, null, null, null, null, null
               from ticketing.ticket t join ticketing.ticket_change c on c.ticket_id = t.ticket_id and c.sequence = 1
               where t.follow_up_of is not null and (t.ticket_id = $1 or t.follow_up_of = $1)
           ) l
           where $2::timestamptz is null or (created_at, link_id) > ($2, $3)
           order by created_at, link_id limit $4"#,
        ticket.uuid(),
        at.map(|at| at.to_sqlx()) as _,
        id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Link::try_from).collect()
}

/// Writes down what was said.
#[tracing::instrument(name = "db.link.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, link: &Link) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ticketing.ticket_link (link_id, kind, from_ticket, to_ticket, reason, actor_kind, actor_id, actor_department,
             created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        link.id.id,
        link.kind.as_str(),
        link.id.ticket.uuid(),
        link.to.uuid(),
        link.reason,
        link.by.kind.as_str(),
        link.by.id,
        link.by.department.as_ref().map(|d| d.as_str()),
        link.at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// One link, locked until the transaction ends.
#[tracing::instrument(name = "db.link.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: LinkId) -> Result<Option<Link>, StoreError> {
    let row = sqlx::query_as!(
        LinkRow,
        r#"select link_id, kind, from_ticket, to_ticket, reason, actor_kind, actor_id, actor_department, created_at as "created_at: _",
                  ended_at as "ended_at: _", end_reason, end_actor_kind, end_actor_id, end_actor_department
           from ticketing.ticket_link where link_id = $1 and from_ticket = $2 for update"#,
        id.id,
        id.ticket.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    row.map(Link::try_from).transpose()
}

/// Ends a link that holds.
#[tracing::instrument(name = "db.link.end", skip_all)]
pub(crate) async fn end(tx: &mut PgConnection, id: Uuid, end: &End) -> Result<(), StoreError> {
    let ended = sqlx::query!(
        "update ticketing.ticket_link
         set ended_at = $2, end_reason = $3, end_actor_kind = $4, end_actor_id = $5, end_actor_department = $6
         where link_id = $1 and ended_at is null",
        id,
        end.at.to_sqlx() as _,
        end.reason,
        end.by.kind.as_str(),
        end.by.id,
        end.by.department.as_ref().map(|d| d.as_str()),
    )
    .execute(tx)
    .await?;
    affected_one(&ended)
}

/// The link that says what a ticket was merged into.
#[tracing::instrument(name = "db.link.merged", skip_all)]
pub(crate) async fn merged(tx: &mut PgConnection, from: TicketId) -> Result<Option<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select link_id from ticketing.ticket_link where from_ticket = $1 and kind = 'merged_into' and ended_at is null",
        from.uuid(),
    )
    .fetch_optional(tx)
    .await?)
}

/// By which merges these tickets are one.
#[tracing::instrument(name = "db.link.merges", skip_all)]
pub(crate) async fn merges(tx: &mut PgConnection, tickets: &[TicketId]) -> Result<Vec<Merge>, StoreError> {
    let tickets: Vec<Uuid> = tickets.iter().map(|ticket| ticket.uuid()).collect();
    let rows = sqlx::query!(
        r#"select from_ticket, to_ticket, created_at as "created_at: jiff_sqlx::Timestamp" from ticketing.ticket_link
           where from_ticket = any($1) and kind = 'merged_into' and ended_at is null"#,
        &tickets,
    )
    .fetch_all(tx)
    .await?;
    let merges = rows.into_iter().map(|row| Merge {
        ticket: TicketId::from_uuid(row.from_ticket),
        into: TicketId::from_uuid(row.to_ticket),
        at: row.created_at.to_jiff(),
    });
    Ok(merges.collect())
}

/// What stands against a link that is to be said.
pub(crate) struct Against {
    /// There is no such other ticket.
    pub nobody: bool,
    /// It is said already.
    pub said: bool,
    /// Of which the other is a part already.
    pub parent: Option<TicketId>,
    /// The other leads back to the first by links of the kind.
    pub circular: bool,
}

/// Whoever says what tickets are to one another does so one after the other, so that nobody closes a circle that somebody else has begun.
#[tracing::instrument(name = "db.link.against", skip_all)]
pub(crate) async fn against(
    tx: &mut PgConnection,
    from: TicketId,
    kind: LinkKind,
    to: TicketId,
) -> Result<Against, StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('ticketing.ticket_link'))").execute(&mut *tx).await?;
    let row = sqlx::query!(
        r#"with recursive ahead (ticket) as (
               select $3::uuid
               union
               select l.to_ticket from ticketing.ticket_link l join ahead a on l.from_ticket = a.ticket
               where l.kind = $2 and l.ended_at is null
           )
           select not exists (select from ticketing.ticket where ticket_id = $3) as "nobody!",
                  exists (select from ahead where ticket = $1) as "circular!",
                  exists (select from ticketing.ticket_link
                          where from_ticket = $1 and to_ticket = $3 and kind = $2 and ended_at is null) as "said!",
                  (select from_ticket from ticketing.ticket_link
                   where to_ticket = $3 and kind = 'parent_of' and ended_at is null) as parent"#,
        from.uuid(),
        kind.as_str(),
        to.uuid(),
    )
    .fetch_one(tx)
    .await?;
    let parent = row.parent.filter(|_| kind == LinkKind::ParentOf).map(TicketId::from_uuid);
    Ok(Against { nobody: row.nobody, said: row.said, parent, circular: row.circular })
}

/// Writes what a ticket is filed as, and the points that were added with it. The ticket must be locked.
#[tracing::instrument(name = "db.link.refile", skip_all)]
pub(crate) async fn refile(tx: &mut PgConnection, ticket: &Ticket, added: &[ClaimPoint]) -> Result<(), StoreError> {
    let filing = ticket.filing();
    let there = ticket.points().len() - added.len();
    let ordinals: Vec<i32> = (there + 1..=ticket.points().len()).map(ordinal).collect();
    let texts: Vec<String> = added.iter().map(|point| point.text.expose().to_owned()).collect();
    let written = sqlx::query!(
        "with point as (
             insert into ticketing.claim_point (ticket_id, ordinal, text)
             select $1, p.* from unnest($6::int[], $7::text[]) as p (ordinal, text)
         )
         update ticketing.ticket set ticket_type = $2, severity = $3, sector = $4, topic = $5 where ticket_id = $1",
        ticket.facts().id.uuid(),
        filing.ticket_type.as_str(),
        filing.severity.as_str(),
        filing.sector.as_str(),
        filing.topic.as_ref().map(|topic| topic.as_str()),
        &ordinals,
        &texts,
    )
    .execute(tx)
    .await?;
    affected_one(&written)
}

/// Writes which points of a ticket went into another. The ticket must be locked.
#[tracing::instrument(name = "db.link.move_points", skip_all)]
pub(crate) async fn move_points(tx: &mut PgConnection, ticket: &Ticket, into: TicketId) -> Result<(), StoreError> {
    let moved = ticket.points().iter().enumerate().filter(|(_, point)| point.moved_to == Some(into));
    let ordinals: Vec<i32> = moved.map(|(place, _)| ordinal(place + 1)).collect();
    sqlx::query!(
        "update ticketing.claim_point set moved_to = $3 where ticket_id = $1 and ordinal = any($2)",
        ticket.facts().id.uuid(),
        &ordinals,
        into.uuid(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes what each of these is one with. All must be locked.
#[tracing::instrument(name = "db.link.bind", skip_all)]
pub(crate) async fn bind(tx: &mut PgConnection, tickets: &[&Ticket]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = tickets.iter().map(|t| t.facts().id.uuid()).collect();
    let merged = |of: fn(Merged) -> TicketId| -> Vec<Option<Uuid>> {
        tickets.iter().map(|t| t.merged().map(|merged| of(merged).uuid())).collect()
    };
    let counts: Vec<i32> = tickets.iter().map(|t| ordinal(t.gathers())).collect();
    sqlx::query!(
        "update ticketing.ticket t set merged_into = b.into_ticket, merged_head = b.head, merged_count = b.gathers
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) as b (ticket_id, into_ticket, head, gathers)
         where t.ticket_id = b.ticket_id",
        &ids,
        &merged(|merged| merged.into) as _,
        &merged(|merged| merged.head) as _,
        &counts,
    )
    .execute(tx)
    .await?;
    Ok(())
}

fn ordinal(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}
