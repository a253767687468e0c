//! The dossier: entries in their chain, content beside it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Actor, ResourceId as _};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::dossier::{Content, Entry, Sealed};
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use postgres::{Db, StoreError};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{hash, word};
use crate::seal::{Closed, KeyId, Keyring, Place, Unopened};

const TABLE: &str = "dossier_entry";

/// An entry to be written, and its content as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Filed {
    sealed: Sealed,
    closed: Option<Closed>,
}

impl Filed {
    /// What is sealed is closed with the office's key, and everything else kept as it is. The nonce must be fresh random bytes.
    pub(crate) fn of(sealed: Sealed, seal: &Keyring, nonce: [u8; 12]) -> Self {
        let content = sealed.content.as_ref().filter(|_| sealed.entry.visibility == Visibility::Sealed);
        let closed = content.map(|content| seal.close_paper(place(&sealed.entry), nonce, &content.bytes));
        Self { sealed, closed }
    }

    /// What is not sealed is kept as it is; what is sealed is not written so.
    pub(crate) const fn plain(sealed: Sealed) -> Self {
        Self { sealed, closed: None }
    }
}

fn place(entry: &Entry) -> Place {
    Place { case: entry.case.uuid(), sequence: entry.sequence }
}

/// Writes entries that were chained after the head of the locked case. The database checks that they follow it.
#[tracing::instrument(name = "db.dossier.append", skip_all)]
pub(crate) async fn append(tx: &mut PgConnection, entries: &[Filed]) -> Result<(), StoreError> {
    for Filed { sealed, closed } in entries {
        let entry = &sealed.entry;
        let content = sealed.content.as_ref();
        if entry.visibility == Visibility::Sealed && content.is_some() && closed.is_none() {
            return Err(StoreError::corrupt("dossier_content", "key_id", entry.case.uuid()));
        }
        let kept = content.map(|content| closed.as_ref().map_or(&content.bytes, |closed| &closed.ciphertext));
        sqlx::query!(
            "with entry as (
               insert into ombudsman.dossier_entry
                 (case_id, sequence, kind, visibility, actor_kind, actor_id, actor_department, recorded_at, content_type,
                  commitment, prev_hash, hash)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))
             insert into ombudsman.dossier_content (case_id, sequence, salt, content, key_id, nonce)
             select $1, $2, $13, $14, $15, $16 where $13::bytea is not null",
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
            kept.map(Vec::as_slice),
            closed.as_ref().and_then(|closed| closed.key.as_ref()).map(KeyId::as_str),
            closed.as_ref().map(|closed| closed.nonce.as_slice()),
        )
        .execute(&mut *tx)
        .await?;
    }
    told_to_parties(tx, entries).await
}

/// A paper that both parties may read changes their case, though no step that was read before it stands against it. What the office keeps to itself does
/// not: the firm reads when the case last changed.
async fn told_to_parties(tx: &mut PgConnection, entries: &[Filed]) -> Result<(), StoreError> {
    let told = entries.iter().map(|filed| &filed.sealed.entry).filter(|entry| entry.visibility == Visibility::Parties);
    let Some(last) = told.max_by_key(|entry| entry.recorded_at) else { return Ok(()) };
    sqlx::query!(
        "update ombudsman.office_case set updated_at = greatest(updated_at, $2) where case_id = $1",
        last.case.uuid(),
        last.recorded_at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Where dossiers are kept, and the keys that open what is closed in them.
pub(crate) type Kept<'a> = (&'a Db, &'a Keyring);

/// Entries in order, after a sequence.
#[tracing::instrument(name = "db.dossier.list", skip_all)]
pub(crate) async fn list(
    (db, seal): Kept<'_>,
    case: CaseId,
    visible: &[String],
    after: i64,
    limit: i64,
) -> Result<Vec<Sealed>, StoreError> {
    let rows = sqlx::query_as!(
        EntryRow,
        r#"select e.case_id, e.sequence, e.kind, e.visibility, e.actor_kind, e.actor_id, e.actor_department, e.recorded_at,
                  e.content_type, e.commitment, e.prev_hash, e.hash, c.salt as "salt?", c.content as "content?",
                  c.key_id as "key_id?", c.nonce as "nonce?"
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
    rows.into_iter().map(|row| row.read(seal)).collect()
}

/// Entries before a sequence, the last first.
#[tracing::instrument(name = "db.dossier.list_back", skip_all)]
pub(crate) async fn list_back(
    (db, seal): Kept<'_>,
    case: CaseId,
    visible: &[String],
    before: i64,
    limit: i64,
) -> Result<Vec<Sealed>, StoreError> {
    let rows = sqlx::query_as!(
        EntryRow,
        r#"select e.case_id, e.sequence, e.kind, e.visibility, e.actor_kind, e.actor_id, e.actor_department, e.recorded_at,
                  e.content_type, e.commitment, e.prev_hash, e.hash, c.salt as "salt?", c.content as "content?",
                  c.key_id as "key_id?", c.nonce as "nonce?"
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
    rows.into_iter().map(|row| row.read(seal)).collect()
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

/// Whether a paper of the claimant's came into the dossier since then, by their own hand or by the office's.
#[tracing::instrument(name = "db.dossier.has_of_claimant", skip_all)]
pub(crate) async fn has_of_claimant(tx: &mut PgConnection, case: CaseId, since: Timestamp) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from ombudsman.dossier_entry where case_id = $1 and recorded_at >= $2
              and (kind in ('claimant_statement', 'claimant_evidence', 'cure')
                   or (kind = 'evidence' and actor_kind = 'customer'))) as "found!""#,
        case.uuid(),
        since.to_sqlx() as _,
    )
    .fetch_one(tx)
    .await?;
    Ok(found)
}

/// The first entry of this kind.
#[tracing::instrument(name = "db.dossier.first_of", skip_all)]
pub(crate) async fn first_of(
    (db, seal): Kept<'_>,
    case: CaseId,
    kind: DossierKind,
) -> Result<Option<Sealed>, StoreError> {
    let row = sqlx::query_as!(
        EntryRow,
        r#"select e.case_id, e.sequence, e.kind, e.visibility, e.actor_kind, e.actor_id, e.actor_department, e.recorded_at,
                  e.content_type, e.commitment, e.prev_hash, e.hash, c.salt as "salt?", c.content as "content?",
                  c.key_id as "key_id?", c.nonce as "nonce?"
             from ombudsman.dossier_entry e
             left join ombudsman.dossier_content c on c.case_id = e.case_id and c.sequence = e.sequence
            where e.case_id = $1 and e.kind = $2 order by e.sequence limit 1"#,
        case.uuid(),
        kind.as_str(),
    )
    .fetch_optional(db.reader())
    .await?;
    row.map(|row| row.read(seal)).transpose()
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
    key_id: Option<String>,
    nonce: Option<Vec<u8>>,
}

impl EntryRow {
    fn read(self, seal: &Keyring) -> Result<Sealed, StoreError> {
        let row = format!("{}/{}", self.case_id, self.sequence);
        let sequence = u64::try_from(self.sequence).map_err(|_| StoreError::corrupt(TABLE, "sequence", &row))?;
        let department = self.actor_department.map(|slug| word(&slug, TABLE, "actor_department", &row)).transpose()?;
        let content = match (self.salt, self.content) {
            (Some(salt), Some(kept)) => {
                let salt = hash(&salt, "dossier_content", "salt", &row)?;
                let place = Place { case: self.case_id, sequence };
                Lying::of(kept, self.key_id, self.nonce).told(seal, place).map(|bytes| Content { salt, bytes })
            }
            _ => None,
        };
        Ok(Sealed {
            hash: hash(&self.hash, TABLE, "hash", &row)?,
            content,
            entry: Entry {
                case: CaseId::from_uuid(self.case_id),
                sequence,
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

/// Content as it lies.
enum Lying {
    Plain(Vec<u8>),
    Closed(Closed),
}

impl Lying {
    fn of(kept: Vec<u8>, key: Option<String>, nonce: Option<Vec<u8>>) -> Self {
        match key.map(KeyId::stored) {
            None => Self::Plain(kept),
            Some(key) => {
                let nonce = nonce.unwrap_or_default().try_into().unwrap_or_default();
                Self::Closed(Closed { key: Some(key), nonce, ciphertext: kept })
            }
        }
    }

    fn open(&self, seal: &Keyring, place: Place) -> Result<Vec<u8>, Unopened> {
        match self {
            Self::Plain(kept) => Ok(kept.clone()),
            Self::Closed(closed) => seal.open_paper(place, closed),
        }
    }

    /// What it says to who reads it. Under a key that is lost there is nothing; what was altered is told as it lies, and is not what the entry commits to.
    fn told(self, seal: &Keyring, place: Place) -> Option<Vec<u8>> {
        match self {
            Self::Plain(kept) => Some(kept),
            Self::Closed(closed) => match seal.open_paper(place, &closed) {
                Ok(paper) => Some(paper),
                Err(Unopened::KeyMissing(_)) => None,
                Err(Unopened::Unsealable(_)) => Some(closed.ciphertext),
            },
        }
    }
}

/// A paper that is to be closed anew.
pub(crate) struct Former {
    pub(crate) place: Place,
    salt: Vec<u8>,
    lying: Lying,
}

impl Former {
    /// What it says.
    ///
    /// # Errors
    /// [`Unopened`].
    pub(crate) fn open(&self, seal: &Keyring) -> Result<Vec<u8>, Unopened> {
        self.lying.open(seal, self.place)
    }
}

/// Sealed papers under one of these keys, or not closed at all, after one of them; locked, and without those that somebody else closes anew just now.
#[tracing::instrument(name = "db.dossier.lock_former", skip_all)]
pub(crate) async fn lock_former(
    tx: &mut PgConnection,
    former: &[KeyId],
    after: Place,
    limit: i64,
) -> Result<Vec<Former>, StoreError> {
    let former: Vec<String> = former.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        "select c.case_id, c.sequence, c.salt, c.content, c.key_id, c.nonce
           from ombudsman.dossier_content c join ombudsman.dossier_entry e using (case_id, sequence)
          where e.visibility = 'sealed' and (c.key_id = any($1) or c.key_id is null)
            and (e.case_id, e.sequence) > ($3::uuid, $4::bigint)
          order by e.case_id, e.sequence limit $2 for update of c skip locked",
        &former,
        limit,
        after.case,
        i64::try_from(after.sequence).unwrap_or(i64::MAX),
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let sequence =
                u64::try_from(row.sequence).map_err(|_| StoreError::corrupt(TABLE, "sequence", row.case_id))?;
            let lying = Lying::of(row.content, row.key_id, row.nonce);
            Ok(Former { place: Place { case: row.case_id, sequence }, salt: row.salt, lying })
        })
        .collect()
}

/// Puts a paper in the place of itself as it was closed anew: content is taken away and put, never edited.
#[tracing::instrument(name = "db.dossier.reclose", skip_all)]
pub(crate) async fn reclose(tx: &mut PgConnection, former: &Former, closed: &Closed) -> Result<(), StoreError> {
    let sequence = i64::try_from(former.place.sequence).unwrap_or(i64::MAX);
    sqlx::query!(
        "delete from ombudsman.dossier_content where case_id = $1 and sequence = $2",
        former.place.case,
        sequence
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into ombudsman.dossier_content (case_id, sequence, salt, content, key_id, nonce) values ($1, $2, $3, $4, $5, $6)",
        former.place.case,
        sequence,
        former.salt,
        closed.ciphertext,
        closed.key.as_ref().map(KeyId::as_str),
        closed.nonce.as_slice(),
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// How many sealed papers are not closed yet.
#[tracing::instrument(name = "db.dossier.unclosed", skip_all)]
pub(crate) async fn unclosed<'c>(executor: impl sqlx::PgExecutor<'c>) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from ombudsman.dossier_content c join ombudsman.dossier_entry e using (case_id, sequence)
            where e.visibility = 'sealed' and c.key_id is null"#
    )
    .fetch_one(executor)
    .await?;
    Ok(count)
}
