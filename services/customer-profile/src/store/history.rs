//! Who was who: records and links as they were written down at an instant.

use customer_profile_domain::{CustomerId, Link, LinkType, Node, Pair, SourceRecordId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::identity;

/// The record that brought a customer id, if it had been written down.
#[tracing::instrument(name = "db.history.bringer", skip_all)]
pub(crate) async fn bringer(
    tx: &mut PgConnection,
    customer: CustomerId,
    known: Timestamp,
) -> Result<Option<Node>, StoreError> {
    let row = sqlx::query!(
        "select id, recorded_at from customer_profile.source_record where own_customer_id = $1 and recorded_at <= $2",
        customer.uuid(),
        known.to_sqlx() as _,
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Node {
        record: SourceRecordId::from_uuid(row.id),
        own_customer: customer,
        recorded_at: row.recorded_at.to_jiff(),
    }))
}

/// A link that was active, and the records it is between.
pub(crate) struct Standing {
    pub kind: LinkType,
    pub link: Link,
    pub ends: [Node; 2],
}

/// The links of these records that were active, to each other and to others.
#[tracing::instrument(name = "db.history.touching", skip_all)]
pub(crate) async fn touching(
    tx: &mut PgConnection,
    records: &[Uuid],
    known: Timestamp,
) -> Result<Vec<Standing>, StoreError> {
    let rows = sqlx::query!(
        r#"select l.id as "id!", l.link_type as "link_type!", l.evidence_kind as "evidence_kind!", l.evidence_key as "evidence_key!",
                  l.record_a as "record_a!", a.own_customer_id as own_a, a.recorded_at as recorded_a, l.record_b as "record_b!", b.own_customer_id as own_b, b.recorded_at as recorded_b
           from unnest($1::uuid[]) as r (id)
           cross join lateral (
               select * from customer_profile.identity_link i where i.record_a = r.id and i.asserted_at <= $2
               union all
               select * from customer_profile.identity_link i
               where i.record_b = r.id and i.asserted_at <= $2 and i.record_a <> all($1)
               offset 0
           ) l
           join customer_profile.source_record a on a.id = l.record_a
           join customer_profile.source_record b on b.id = l.record_b
           where l.revoked_at is null or l.revoked_at > $2"#,
        records,
        known.to_sqlx() as _,
    )
    .fetch_all(tx)
    .await?;
    let node = |id, own, recorded_at| Node {
        record: SourceRecordId::from_uuid(id),
        own_customer: CustomerId::from_uuid(own),
        recorded_at,
    };
    rows.into_iter()
        .map(|row| {
            let ends = [
                node(row.record_a, row.own_a, row.recorded_a.to_jiff()),
                node(row.record_b, row.own_b, row.recorded_b.to_jiff()),
            ];
            let corrupt = || StoreError::corrupt("identity_link", "link_type", row.id);
            Ok(Standing {
                kind: LinkType::stored(&row.link_type).ok_or_else(corrupt)?,
                link: Link {
                    basis: identity::basis(&row.evidence_kind, row.evidence_key)?,
                    pair: Pair::of(ends[0].record, ends[1].record),
                },
                ends,
            })
        })
        .collect()
}
