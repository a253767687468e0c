//! Attached files, and what was found in them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, ResourceId as _};
use postgres::StoreError;
use sqlx::{PgConnection, PgExecutor, PgPool};
use ticketing_domain::{Attachment, ScanState};
use uuid::Uuid;

use super::message::{Attached, Message};
use super::{actor, word};

/// What was found in a file.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    /// SHA-256 of it.
    pub sha256: [u8; 32],
    /// What was found.
    pub state: ScanState,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
}

/// A file that nobody has looked into.
pub(crate) struct Unscanned {
    /// SHA-256 of it.
    pub sha256: [u8; 32],
    /// Where a message says it is.
    pub uri: String,
    /// How large it says it is.
    pub size: i64,
    /// Since when it waits.
    pub since: Timestamp,
}

/// Writes down what was found in a file.
#[tracing::instrument(name = "db.scan.put", skip_all)]
pub(crate) async fn put(tx: &mut PgConnection, scan: &Scan) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ticketing.scan (sha256, state, since, actor_kind, actor_id, actor_department)
         values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint scan_pkey do update
         set state = excluded.state, since = excluded.since, actor_kind = excluded.actor_kind, actor_id = excluded.actor_id,
             actor_department = excluded.actor_department",
        &scan.sha256,
        scan.state.as_str(),
        scan.at.to_sqlx() as _,
        scan.by.kind.as_str(),
        scan.by.id,
        scan.by.department.as_ref().map(kernel::Department::as_str),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What was found in a file; none while nobody has looked.
#[tracing::instrument(name = "db.scan.get", skip_all)]
pub(crate) async fn get(pool: &PgPool, sha256: [u8; 32]) -> Result<Option<Scan>, StoreError> {
    let row = sqlx::query!(
        r#"select state, since, actor_kind as "actor_kind!", actor_id as "actor_id!", actor_department
           from ticketing.scan where sha256 = $1 and state <> 'pending'"#,
        &sha256
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        let key = &hex::encode(sha256);
        Ok(Scan {
            sha256,
            state: word("scan", "state", key, ScanState::from_word(&row.state))?,
            at: row.since.to_jiff(),
            by: actor("scan", key, &row.actor_kind, row.actor_id, row.actor_department)?,
        })
    })
    .transpose()
}

/// What was found in each of these files.
#[tracing::instrument(name = "db.scan.states", skip_all)]
pub(crate) async fn states(executor: impl PgExecutor<'_>, files: &[Attachment]) -> Result<Vec<ScanState>, StoreError> {
    let hashes: Vec<Vec<u8>> = files.iter().map(|file| file.sha256.to_vec()).collect();
    let states = sqlx::query_scalar!(
        r#"select coalesce(s.state, 'pending') as "state!"
           from unnest($1::bytea[]) with ordinality as f (sha256, place) left join ticketing.scan s using (sha256)
           order by f.place"#,
        &hashes
    )
    .fetch_all(executor)
    .await?;
    states.iter().map(|state| word("scan", "state", "", ScanState::from_word(state))).collect()
}

/// Files that wait to be looked into, after this place.
#[tracing::instrument(name = "db.scan.unscanned", skip_all)]
pub(crate) async fn unscanned(
    pool: &PgPool,
    after: Option<(Timestamp, [u8; 32])>,
    limit: i64,
) -> Result<Vec<Unscanned>, StoreError> {
    let rows = sqlx::query!(
        r#"select s.sha256, s.since, a.uri, a.size_bytes
           from ticketing.scan s
           -- What it belonged to may have been erased: then there is nothing to look into.
           join lateral (select uri, size_bytes from ticketing.attachment where sha256 = s.sha256
                         order by message_id, ordinal limit 1) a on true
           where s.state = 'pending' and ($1::timestamptz is null or (s.since, s.sha256) > ($1, $2::bytea))
           order by s.since, s.sha256 limit $3"#,
        after.map(|(at, _)| at.to_sqlx()) as _,
        after.map(|(_, sha256)| sha256.to_vec()),
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let sha256 = row.sha256.try_into().map_err(|_| StoreError::corrupt("scan", "sha256", ""))?;
            Ok(Unscanned { sha256, uri: row.uri, size: row.size_bytes, since: row.since.to_jiff() })
        })
        .collect()
}

/// Writes the files of these messages, each content to be looked into that nobody has.
#[tracing::instrument(name = "db.attachment.insert", skip_all)]
pub(super) async fn attach(tx: &mut PgConnection, messages: &[&Message]) -> Result<(), StoreError> {
    let (mut message, mut ticket, mut ordinal) = (Vec::new(), Vec::new(), Vec::new());
    let (mut uri, mut name, mut media_type) = (Vec::new(), Vec::new(), Vec::new());
    let (mut size, mut sha256, mut at) = (Vec::new(), Vec::new(), Vec::new());
    for said in messages {
        for (place, Attached { file, .. }) in said.attachments.iter().enumerate() {
            message.push(said.id.id);
            ticket.push(said.id.ticket.uuid());
            ordinal.push(i32::try_from(place).unwrap_or(i32::MAX));
            uri.push(file.uri.expose().to_owned());
            name.push(file.file_name.expose().to_owned());
            media_type.push(file.media_type.as_str().to_owned());
            size.push(i64::try_from(file.size).unwrap_or(i64::MAX));
            sha256.push(file.sha256.to_vec());
            at.push(said.created_at.to_sqlx());
        }
    }
    if message.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with file as (
             select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bigint[],
                 $8::bytea[], $9::timestamptz[])
                 as f (message_id, ticket_id, ordinal, uri, file_name, media_type, size_bytes, sha256, attached_at)
         ), scan as (
             insert into ticketing.scan (sha256, state, since)
             -- In one order, so that two messages with the same files never wait for each other in a circle.
             select sha256, 'pending', min(attached_at) from file group by sha256 order by sha256
             on conflict on constraint scan_pkey do nothing
         )
         insert into ticketing.attachment
             (message_id, ticket_id, ordinal, uri, file_name, media_type, size_bytes, sha256, attached_at)
         select * from file",
        &message,
        &ticket,
        &ordinal,
        &uri,
        &name,
        &media_type,
        &size,
        &sha256,
        &at as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The files of these messages, each with the message it belongs to, in the order of their places.
#[tracing::instrument(name = "db.attachment.list", skip_all)]
pub(super) async fn of_messages(pool: &PgPool, messages: &[Uuid]) -> Result<Vec<(Uuid, Attached)>, StoreError> {
    let rows = sqlx::query!(
        r#"select a.message_id, a.uri, a.file_name, a.media_type, a.size_bytes, a.sha256, coalesce(s.state, 'pending') as "state!"
           from ticketing.attachment a left join ticketing.scan s using (sha256)
           where a.message_id = any($1) order by a.message_id, a.ordinal"#,
        messages
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let key = row.message_id;
            let corrupt = |column| StoreError::corrupt("attachment", column, key);
            let file = Attachment {
                uri: row.uri.parse().map_err(|_| corrupt("uri"))?,
                file_name: row.file_name.parse().map_err(|_| corrupt("file_name"))?,
                media_type: row.media_type.parse().map_err(|_| corrupt("media_type"))?,
                size: u64::try_from(row.size_bytes).map_err(|_| corrupt("size_bytes"))?,
                sha256: row.sha256.try_into().map_err(|_| corrupt("sha256"))?,
            };
            let scan = word("scan", "state", key, ScanState::from_word(&row.state))?;
            Ok((key, Attached { file, scan }))
        })
        .collect()
}
