//! The dossier: entries in their chain, content beside it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Actor, ResourceId as _};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::dossier::{Content, Entry, Sealed};
use ombudsman_escalation_domain::vocabulary::DossierKind;
use postgres::{Db, StoreError};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{hash, word};

const TABLE: &str = "dossier_entry";

/// Writes entries that were chained after the head of the locked case. The database checks that they follow it.
#[tracing::instrument(name = "db.dossier.append", skip_all)]
pub(crate) async fn append(tx: &mut PgConnection, entries: &[Sealed]) -> Result<(), StoreError> {
    for sealed in entries {
        let entry = &sealed.entry;
        let content = sealed.content.as_ref();
        sqlx::query!(
            "with entry as (
               insert into ombudsman.dossier_entry
                 (case_id, sequence, kind, visibility, actor_kind, actor_id, actor_department, recorded_at, content_type,
                  commitment, prev_hash, hash)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))
             insert into ombudsman.dossier_content (case_id, sequence, salt, content)
             select $1, $2, $13, $14 where $13::bytea is not null",
            entry.case.uuid(),
            i64::try_from(entry.sequence).unwrap_or(i64::MAX),
            entry.kind.as_str(),
            entry.visibility.as_str(),
            entry.actor.kind.as_str(),
            entry.actor.id,
            entry.actor.department.as_ref().map(|department| department.as_str()),
            entry.recorded_at.to_sqlx() as _,
            entry.content_type,
            entry.commitment.as_slice(),
            entry.prev_hash.as_slice(),
            sealed.hash.as_slice(),
            content.map(|content| content.salt.as_slice()),
            content.map(|content| content.bytes.as_slice()),
        )
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Entries in order, after a sequence.
#[tracing::instrument(name = "db.dossier.list", skip_all)]
pub(crate) async fn list(
    db: &Db,
    case: CaseId,
    visible: &[String],
    after: i64,
    limit: i64,
) -> Result<Vec<Sealed>, StoreError> {
    let rows = sqlx::query_as!(
        EntryRow,
        r#"select e.case_id, e.sequence, e.kind, e.visibility, e.actor_kind, e.actor_id, e.actor_department, e.recorded_at,
                  e.content_type, e.commitment, e.prev_hash, e.hash, c.salt as "salt?", c.content as "content?"
             from ombudsman.dossier_entry e
             left join ombudsman.dossier_content c on c.case_id = e.case_id and c.sequence = e.sequence
            where e.case_id = $1 and e.visibility = any($2) and e.sequence > $3
            order by e.sequence limit $4"#,
        case.uuid(),
        visible,
        after,
        limit
    )
    .fetch_all(db.reader())
    .await?;
    rows.into_iter().map(EntryRow::read).collect()
}

/// Entries before a sequence, the last first.
#[tracing::instrument(name = "db.dossier.list_back", skip_all)]
pub(crate) async fn list_back(
    db: &Db,
    case: CaseId,
    visible: &[String],
    before: i64,
    limit: i64,
) -> Result<Vec<Sealed>, StoreError> {
    let rows = sqlx::query_as!(
        EntryRow,
        r#"select e.case_id, e.sequence, e.kind, e.visibility, e.actor_kind, e.actor_id, e.actor_department, e.recorded_at,
                  e.content_type, e.commitment, e.prev_hash, e.hash, c.salt as "salt?", c.content as "content?"
             from ombudsman.dossier_entry e
             left join ombudsman.dossier_content c on c.case_id = e.case_id and c.sequence = e.sequence
            where e.case_id = $1 and e.visibility = any($2) and e.sequence < $3
            order by e.sequence desc limit $4"#,
        case.uuid(),
        visible,
        before,
        limit
    )
    .fetch_all(db.reader())
    .await?;
    rows.into_iter().map(EntryRow::read).collect()
}

/// The offers of a case and the notices of them, in order.
#[tracing::instrument(name = "db.dossier.offers", skip_all)]
pub(crate) async fn offers(db: &Db, case: CaseId) -> Result<Vec<(u64, DossierKind)>, StoreError> {
    let rows = sqlx::query!(
        "select sequence, kind from ombudsman.dossier_entry
          where case_id = $1 and kind in ('offer', 'offer_notice') order by sequence",
        case.uuid()
    )
    .fetch_all(db.reader())
    .await?;
    let read = |sequence: i64| u64::try_from(sequence).map_err(|_| StoreError::corrupt(TABLE, "sequence", case));
    rows.into_iter().map(|row| Ok((read(row.sequence)?, word(&row.kind, TABLE, "kind", case)?))).collect()
}

/// Whether the claimant put a paper into the dossier since then.
#[tracing::instrument(name = "db.dossier.has_of_claimant", skip_all)]
pub(crate) async fn has_of_claimant(tx: &mut PgConnection, case: CaseId, since: Timestamp) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from ombudsman.dossier_entry where case_id = $1 and actor_kind = 'customer' and recorded_at >= $2
              and kind in ('evidence', 'claimant_statement')) as "found!""#,
        case.uuid(),
        since.to_sqlx() as _,
    )
    .fetch_one(tx)
    .await?;
    Ok(found)
}

/// The first entry of this kind.
#[tracing::instrument(name = "db.dossier.first_of", skip_all)]
pub(crate) async fn first_of(db: &Db, case: CaseId, kind: DossierKind) -> Result<Option<Sealed>, StoreError> {
    let row = sqlx::query_as!(
        EntryRow,
        r#"select e.case_id, e.sequence, e.kind, e.visibility, e.actor_kind, e.actor_id, e.actor_department, e.recorded_at,
                  e.content_type, e.commitment, e.prev_hash, e.hash, c.salt as "salt?", c.content as "content?"
             from ombudsman.dossier_entry e
             left join ombudsman.dossier_content c on c.case_id = e.case_id and c.sequence = e.sequence
            where e.case_id = $1 and e.kind = $2 order by e.sequence limit 1"#,
        case.uuid(),
        kind.as_str(),
    )
    .fetch_optional(db.reader())
    .await?;
    row.map(EntryRow::read).transpose()
}

struct EntryRow {
    case_id: Uuid,
    sequence: i64,
    kind: String,
    visibility: String,
    actor_kind: String,
    actor_id: String,
    actor_department: Option<String>,
    recorded_at: jiff_sqlx::Timestamp,
    content_type: String,
    commitment: Vec<u8>,
    prev_hash: Vec<u8>,
    hash: Vec<u8>,
    salt: Option<Vec<u8>>,
    content: Option<Vec<u8>>,
}

impl EntryRow {
    fn read(self) -> Result<Sealed, StoreError> {
        let row = format!("{}/{}", self.case_id, self.sequence);
        let department = self.actor_department.map(|slug| word(&slug, TABLE, "actor_department", &row)).transpose()?;
        let content = match (self.salt, self.content) {
            (Some(salt), Some(bytes)) => Some(Content { salt: hash(&salt, "dossier_content", "salt", &row)?, bytes }),
            _ => None,
        };
        Ok(Sealed {
            hash: hash(&self.hash, TABLE, "hash", &row)?,
            content,
            entry: Entry {
                case: CaseId::from_uuid(self.case_id),
                sequence: u64::try_from(self.sequence).map_err(|_| StoreError::corrupt(TABLE, "sequence", &row))?,
                kind: word(&self.kind, TABLE, "kind", &row)?,
                visibility: word(&self.visibility, TABLE, "visibility", &row)?,
                actor: Actor {
                    kind: word(&self.actor_kind, TABLE, "actor_kind", &row)?,
                    id: self.actor_id,
                    department,
                },
                recorded_at: self.recorded_at.to_jiff(),
                content_type: self.content_type,
                commitment: hash(&self.commitment, TABLE, "commitment", &row)?,
                prev_hash: hash(&self.prev_hash, TABLE, "prev_hash", &row)?,
            },
        })
    }
}
