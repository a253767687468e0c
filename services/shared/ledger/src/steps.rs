//! Which entries of a ledger belong to an affair, and those entries without what they say.
//!
//! The ledger knows what its entries are about, and the service what of that belongs to an affair and who may be told of it ([`Affairs`]).

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ActorKind;
use postgres::StoreError;
use sqlx::Row;
use sqlx::postgres::PgRow;
use tonic::{Request, Status};
use uuid::Uuid;
use ventanilla_proto::ledger::v1::{GetStepsRequest, Step, Steps};
use ventanilla_proto::r#type::v1::Actor;

use crate::rows;
use crate::sequencer::Ledger;

/// Steps in one answer at most.
pub const MOST_STEPS: usize = 1_000;

/// Everything an affair is known by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subjects(Vec<String>);

impl Subjects {
    /// These resource names.
    pub fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    /// The names in this collection, e.g. `tickets`.
    pub fn named(&self, collection: &str) -> Vec<String> {
        let is_of_it = |name: &&String| name.split_once('/').is_some_and(|(of, _)| of == collection);
        self.0.iter().filter(is_of_it).cloned().collect()
    }

    /// The ids of those in this collection; what is no id names nothing.
    pub fn ids(&self, collection: &str) -> Vec<Uuid> {
        let names = self.0.iter().filter_map(|name| name.split_once('/'));
        names.filter(|(of, _)| *of == collection).filter_map(|(_, id)| id.parse().ok()).collect()
    }
}

/// Entries that belong to an affair and may be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// What they are about.
    pub aggregates: Vec<String>,
    /// The types that are told; all when `None`.
    pub only: Option<&'static [&'static str]>,
    /// The types that are not.
    pub but: &'static [&'static str],
    /// Those alone whose payload names one of these; all when empty.
    pub naming: Vec<String>,
    /// Who of the office did them is not told.
    pub without_office: bool,
    /// The service keeps all of them when their month is archived.
    pub kept: bool,
}

/// What a service knows of affairs.
#[tonic::async_trait]
pub trait Affairs: Send + Sync + 'static {
    /// What of its ledger belongs to the affair that is asked for, as far as whoever asks may be told. No entry is in two parts.
    async fn parts(&self, request: &Request<GetStepsRequest>) -> Result<Vec<Part>, Status>;
}

/// What is sequenced and what waits, in one snapshot, so that an entry that is being sequenced is seen once. `position(a in b)` is the function.
const STEPS: &str = "
    select position, aggregate, type, actor_kind, actor_id, actor_department, occurred_at, recorded_at, traceparent
    from (
        select position, 0::bigint as waiting, aggregate, type, actor_kind, actor_id, actor_department, occurred_at, recorded_at,
               traceparent, payload
        from ledger_known where aggregate = any($1)
        union all
        select 0, inbox_id, aggregate, type, actor_kind, actor_id, actor_department, occurred_at, recorded_at, traceparent, payload
        from ledger_inbox where aggregate = any($1)
    ) as entry
    where recorded_at >= $2 and ($3::text[] is null or type = any($3)) and type <> all($4)
      and (cardinality($5::text[]) = 0
           or exists (select from unnest($5::text[]) as name where position(convert_to(name, 'UTF8') in payload) > 0))
    order by recorded_at, waiting, position
    limit $6";

impl Ledger {
    /// The steps in these parts that were written down at `from` or later, in the order they were written down in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn steps(&self, parts: &[Part], from: Option<Timestamp>) -> Result<Steps, StoreError> {
        let mut steps = Vec::new();
        for part in parts.iter().filter(|part| !part.aggregates.is_empty()) {
            let rows = sqlx::query(STEPS)
                .bind(&part.aggregates)
                .bind(from.unwrap_or(Timestamp::UNIX_EPOCH).to_sqlx())
                .bind(part.only)
                .bind(part.but)
                .bind(&part.naming)
                .bind(MOST_STEPS as i64 + 1)
                .fetch_all(self.db().reader())
                .await?;
            for row in &rows {
                steps.push(step(row, part)?);
            }
        }
        let place = |step: &Step| {
            let at = step.recorded_time.as_ref().map_or((0, 0), |at| (at.seconds, at.nanos));
            (at, step.position == 0, step.position)
        };
        steps.sort_by_key(place);
        let truncated = steps.len() > MOST_STEPS;
        steps.truncate(MOST_STEPS);
        let forgets = parts.iter().any(|part| !part.kept && !part.aggregates.is_empty());
        let archived = if forgets { self.archived().await? } else { None };
        let archived = archived.filter(|archived| from.is_none_or(|from| from < *archived));
        Ok(Steps { steps, truncated, archived_time: archived.map(rows::timestamp) })
    }

    /// When the last month ended that is archived.
    async fn archived(&self) -> Result<Option<Timestamp>, StoreError> {
        let ended: Option<jiff_sqlx::Timestamp> =
            sqlx::query_scalar("select max(closed_at) from ledger_month where archived_at is not null")
                .fetch_one(self.db().reader())
                .await?;
        Ok(ended.map(jiff_sqlx::Timestamp::to_jiff))
    }
}

fn step(row: &PgRow, part: &Part) -> Result<Step, StoreError> {
    let position: i64 = row.try_get("position")?;
    let word: String = row.try_get("actor_kind")?;
    let kind = rows::actor_kind(&word).ok_or_else(|| StoreError::corrupt("ledger", "actor_kind", position))?;
    let hidden = part.without_office && word == ActorKind::Office.as_str();
    let actor = if hidden {
        Actor { kind: kind.into(), ..Actor::default() }
    } else {
        let department: Option<String> = row.try_get("actor_department")?;
        Actor { kind: kind.into(), id: row.try_get("actor_id")?, department: department.unwrap_or_default() }
    };
    let at = |column| -> Result<_, StoreError> {
        Ok(Some(rows::timestamp(row.try_get::<jiff_sqlx::Timestamp, _>(column)?.to_jiff())))
    };
    Ok(Step {
        position,
        aggregate: row.try_get("aggregate")?,
        r#type: row.try_get("type")?,
        actor: Some(actor),
        occurred_time: at("occurred_at")?,
        recorded_time: at("recorded_at")?,
        traceparent: row.try_get("traceparent")?,
    })
}
