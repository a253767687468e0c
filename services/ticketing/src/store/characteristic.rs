//! Sets of characteristics, in their versions.

pub(super) mod written;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, Department};
use postgres::StoreError;
use prost::Message as _;
use sqlx::{PgConnection, PgExecutor, PgPool};
use ticketing_domain::{CharacteristicSet, CharacteristicSetId, CharacteristicSets, Filing};
use ventanilla_proto::ticketing::v1 as pb;

use super::{actor, word};
use crate::grpc::convert;

/// A version of a set with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct StoredSet {
    /// The version.
    pub set: CharacteristicSet,
    /// Its rules, as the contract spells them.
    pub content: Vec<pb::CharacteristicRule>,
    /// Who wrote it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Number of the newest version: the etag.
    pub newest: i32,
}

struct SetRow {
    set_id: String,
    newest: i32,
    version: i32,
    content: Vec<u8>,
    actor_kind: String,
    actor_id: String,
    actor_department: Option<String>,
    created_at: jiff_sqlx::Timestamp,
}

impl TryFrom<SetRow> for StoredSet {
    type Error = StoreError;

    fn try_from(row: SetRow) -> Result<Self, StoreError> {
        let key = row.set_id.as_str();
        let content = pb::CharacteristicSet::decode(row.content.as_slice()).map(|set| set.rules);
        let content = word("characteristic_set_version", "content", key, content.ok())?;
        let rules = word("characteristic_set_version", "content", key, convert::characteristic_rules(&content).ok())?;
        let id = word("characteristic_set", "set_id", key, CharacteristicSetId::of(key).ok())?;
        Ok(Self {
            by: actor("characteristic_set_version", key, &row.actor_kind, row.actor_id, row.actor_department)?,
            set: CharacteristicSet { id, version: row.version, rules },
            content,
            at: row.created_at.to_jiff(),
            newest: row.newest,
        })
    }
}

/// Every reading of sets has the same columns; only what follows `from` differs.
macro_rules! select_sets {
    ($tail:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            SetRow,
            r#"select s.set_id, s.version as newest, v.version, v.content, v.actor_kind, v.actor_id, v.actor_department, v.created_at
               from ticketing.characteristic_set s "# + $tail
            $(, $argument)*
        )
    };
}

/// A set in one of its versions, or in the newest.
#[tracing::instrument(name = "db.characteristic.get", skip_all)]
pub(crate) async fn get(
    executor: impl PgExecutor<'_>,
    id: &CharacteristicSetId,
    version: Option<i32>,
) -> Result<Option<StoredSet>, StoreError> {
    let row = select_sets!(
        "join ticketing.characteristic_set_version v on v.set_id = s.set_id and v.version = coalesce($2, s.version)
         where s.set_id = $1",
        id.to_string(),
        version,
    );
    row.fetch_optional(executor).await?.map(StoredSet::try_from).transpose()
}

/// Sets in their newest versions, after the one with this id.
#[tracing::instrument(name = "db.characteristic.list", skip_all)]
pub(crate) async fn list(pool: &PgPool, after: &str, limit: i64) -> Result<Vec<StoredSet>, StoreError> {
    let rows = select_sets!(
        "join ticketing.characteristic_set_version v on v.set_id = s.set_id and v.version = s.version
         where s.set_id > $1 order by s.set_id limit $2",
        after,
        limit,
    );
    rows.fetch_all(pool).await?.into_iter().map(StoredSet::try_from).collect()
}

/// All of them.
#[tracing::instrument(name = "db.characteristic.all", skip_all)]
pub(crate) async fn all(pool: &PgPool) -> Result<CharacteristicSets, StoreError> {
    Ok(list(pool, "", i64::MAX).await?.into_iter().map(|stored| stored.set).collect())
}

/// The set that is made for affairs that are filed so: that of type and topic, else that of the type.
#[tracing::instrument(name = "db.characteristic.made_for", skip_all)]
pub(crate) async fn made_for(tx: &mut PgConnection, filing: &Filing) -> Result<Option<CharacteristicSet>, StoreError> {
    let ids: Vec<String> = CharacteristicSetId::for_filing(filing).iter().map(ToString::to_string).collect();
    let row = select_sets!(
        "join ticketing.characteristic_set_version v on v.set_id = s.set_id and v.version = s.version
         where s.set_id = any($1) order by s.topic is null limit 1",
        &ids,
    );
    Ok(row.fetch_optional(tx).await?.map(StoredSet::try_from).transpose()?.map(|stored| stored.set))
}

/// Locks a set until the transaction ends, and reads its newest version.
#[tracing::instrument(name = "db.characteristic.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: &CharacteristicSetId) -> Result<Option<StoredSet>, StoreError> {
    sqlx::query!("select from ticketing.characteristic_set where set_id = $1 for no key update", id.to_string())
        .fetch_optional(&mut *tx)
        .await?;
    get(tx, id, None).await
}

/// Writes a version: the next one of a set that is locked, or the first of a new one. `false` when somebody else wrote the first.
#[tracing::instrument(name = "db.characteristic.put", skip_all)]
pub(crate) async fn put(tx: &mut PgConnection, stored: &StoredSet) -> Result<bool, StoreError> {
    let (id, version) = (stored.set.id.to_string(), stored.set.version);
    let kept = if version == 1 {
        sqlx::query!(
            "insert into ticketing.characteristic_set (set_id, ticket_type, topic, version) values ($1, $2, $3, $4)
             on conflict on constraint characteristic_set_pkey do nothing",
            id,
            stored.set.id.ticket_type().as_str(),
            stored.set.id.topic(),
            version,
        )
        .execute(&mut *tx)
        .await?
    } else {
        sqlx::query!("update ticketing.characteristic_set set version = $2 where set_id = $1", id, version)
            .execute(&mut *tx)
            .await?
    };
    if kept.rows_affected() == 0 {
        return Ok(false);
    }
    let content = pb::CharacteristicSet { rules: stored.content.clone(), ..Default::default() };
    sqlx::query!(
        "insert into ticketing.characteristic_set_version
             (set_id, version, content, actor_kind, actor_id, actor_department, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        version,
        content.encode_to_vec(),
        stored.by.kind.as_str(),
        stored.by.id,
        stored.by.department.as_ref().map(Department::as_str),
        stored.at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(true)
}
