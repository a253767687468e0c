//! The line of everything that happened to a customer.

use customer_profile_domain::CustomerId;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::PgPool;
use uuid::Uuid;

use super::interaction;

/// One point of the line.
pub(crate) struct Item {
    pub at: Timestamp,
    pub id: Uuid,
    pub what: What,
}

/// What it was.
pub(crate) enum What {
    Interaction(interaction::Interaction),
    Event { source: String, position: i64, kind: i16, resource: String, state: i16 },
}

/// A page, newest first; `None` when nobody ever had the id.
#[tracing::instrument(name = "db.timeline.page", skip_all)]
pub(crate) async fn page(
    pool: &PgPool,
    customer: CustomerId,
    before: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Option<Vec<Item>>, StoreError> {
    let (before_at, before_id) = before.map_or((None, None), |(at, id)| (Some(at.to_sqlx()), Some(id)));
    let rows = sqlx::query!(
        r#"with known as (
               select c.ids from customer_profile.customer_alias a
               join customer_profile.customer c on c.id = a.customer_id where a.id = $1
           )
           select p.occurred_at as "occurred_at?", p.id as "id?", p.interaction as "interaction?: sqlx::types::Json<interaction::Row>",
                  p.source as "source?", p.position as "position?", p.kind as "kind?", p.resource as "resource?", p.state as "state?"
           from known
           left join lateral (
               select * from (
                   select i.occurred_at, i.id, row_to_json(i) as interaction, null::text as source, null::bigint as position,
                          null::smallint as kind, null::text as resource, null::smallint as state
                   from unnest(known.ids) as k (id)
                   cross join lateral (
                       select * from customer_profile.interaction n
                       where n.customer_id = k.id
                         and ($2::timestamptz is null or (n.occurred_at, n.id) < ($2, $3::uuid))
                       order by n.occurred_at desc, n.id desc limit $4
                   ) i
                   union all
                   select e.occurred_at, e.id, null, e.source, e.position, e.kind, e.resource, e.state
                   from unnest(known.ids) as k (id)
                   cross join lateral (
                       select * from customer_profile.timeline_event t
                       where t.customer_id = k.id
                         and ($2::timestamptz is null or (t.occurred_at, t.id) < ($2, $3::uuid))
                       order by t.occurred_at desc, t.id desc limit $4
                   ) e
               ) both_kinds
               order by occurred_at desc, id desc limit $4
           ) p on true
           order by p.occurred_at desc, p.id desc"#,
        customer.uuid(),
        before_at as _,
        before_id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let (Some(at), Some(id)) = (row.occurred_at, row.id) else { continue };
        let what = match (row.interaction, row.source, row.position, row.kind, row.resource, row.state) {
            (Some(interaction), ..) => What::Interaction(interaction.0.try_into()?),
            (None, Some(source), Some(position), Some(kind), Some(resource), Some(state)) => {
                What::Event { source, position, kind, resource, state }
            }
            _ => return Err(StoreError::corrupt("timeline_event", "kind", id)),
        };
        items.push(Item { at: at.to_jiff(), id, what });
    }
    Ok(Some(items))
}
