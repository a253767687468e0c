//! Everything a person said, or a department's system said of them, as it is kept: for an export.

use customer_profile_domain::consent::Statement;
use customer_profile_domain::{CustomerId, ProposalId, SourceRecordId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId;
use postgres::StoreError;
use prost::Message;
use server::parse::time_to_proto;
use sqlx::PgPool;
use sqlx::types::Json;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::proposal::State;
use super::wishes::{ConsentRow, PreferenceRow, Preferences, Vulnerability, VulnerabilityRow};
use crate::wishes::{self, basis_to_proto, channel_or_all, purpose_to_proto};

/// What was proposed to stewards of the records of these customers, without the record that each was held against: it is
/// somebody else's, or may be.
#[tracing::instrument(name = "db.told.proposals", skip_all)]
pub(crate) async fn proposals(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<proto::MatchProposal>, StoreError> {
    let rows = sqlx::query!(
        r#"with own as materialized (
               select id from customer_profile.source_record where own_customer_id = any($1)
           )
           select p.id as "id!", p.state as "state!", o.id as "own!", p.score as "score!", p.judgement as "judgement!",
                  p.rules_version as "rules_version!", p.proposed_at as "proposed_at!", p.decided_by as "decided_by!", p.decided_at
           from own o join customer_profile.match_proposal p on o.id in (p.record_a, p.record_b)
           order by p.proposed_at, p.id, o.id"#,
        ids,
    )
    .fetch_all(pool)
    .await?;
    let mut told: Vec<proto::MatchProposal> = Vec::with_capacity(rows.len());
    for row in rows {
        let judged = proto::CustomerMatch::decode(row.judgement.as_slice())
            .map_err(|_| StoreError::corrupt("match_proposal", "judgement", row.id))?;
        let state = State::stored(&row.state).ok_or_else(|| StoreError::corrupt("match_proposal", "state", row.id))?;
        let record = proto::SourceRecord { name: SourceRecordId::from_uuid(row.own).name(), ..Default::default() };
        let name = ProposalId::from_uuid(row.id).name();
        // Both records may be of the customer.
        if let Some(both) = told.last_mut().filter(|last| last.name == name) {
            both.second = Some(record);
            continue;
        }
        told.push(proto::MatchProposal {
            name,
            state: state.to_proto().into(),
            first: Some(record),
            score: row.score,
            findings: judged.findings,
            doubt: judged.doubt,
            rules_version: row.rules_version,
            create_time: Some(time_to_proto(row.proposed_at.to_jiff())),
            decided_by: row.decided_by,
            decide_time: row.decided_at.map(|at| time_to_proto(at.to_jiff())),
            ..Default::default()
        });
    }
    Ok(told)
}

/// Place of a version among all of its customer's: when its record came, the record, the version.
pub(crate) type VersionPlace = (Timestamp, Uuid, i32);

/// The versions of every record of these customers after `place`, as they were sent.
#[tracing::instrument(name = "db.told.versions", skip_all)]
pub(crate) async fn versions(
    pool: &PgPool,
    ids: &[Uuid],
    place: Option<VersionPlace>,
    limit: i64,
) -> Result<Vec<(VersionPlace, proto::SourceRecord)>, StoreError> {
    let (_, id, version) = place.unwrap_or((Timestamp::MIN, Uuid::nil(), 0));
    let rows = sqlx::query!(
        r#"select r.id, r.own_customer_id, r.customer_id, r.recorded_at as "came_at", v.version, v.content, v.recorded_at
           from customer_profile.source_record r
           join customer_profile.source_record_version v on v.source_record_id = r.id
           where r.own_customer_id = any($1)
             and (r.recorded_at, r.id, v.version) > (coalesce($2, '-infinity'::timestamptz), $3, $4)
           order by r.recorded_at, r.id, v.version limit $5"#,
        ids,
        place.map(|(at, _, _)| at.to_sqlx()) as _,
        id,
        version,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let place = (row.came_at.to_jiff(), row.id, row.version);
            let said = proto::SourceRecord::decode(row.content.as_slice())
                .map_err(|_| StoreError::corrupt("source_record_version", "content", row.id))?;
            let told = proto::SourceRecord {
                name: SourceRecordId::from_uuid(row.id).name(),
                version: row.version,
                customer: CustomerId::from_uuid(row.customer_id).name(),
                own_customer: CustomerId::from_uuid(row.own_customer_id).name(),
                create_time: Some(time_to_proto(row.recorded_at.to_jiff())),
                ..said
            };
            Ok((place, told))
        })
        .collect()
}

/// Every statement about what is allowed, the oldest first.
#[tracing::instrument(name = "db.told.consents", skip_all)]
pub(crate) async fn consents(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<proto::ConsentStatement>, StoreError> {
    let rows = sqlx::query!(
        r#"select customer_id, proof, row_to_json(s) as "row!: Json<ConsentRow>"
           from customer_profile.consent_statement s where customer_id = any($1) order by said_at, id"#,
        ids,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            use customer_profile_domain::consent::Says;
            let said = Statement::try_from(row.row.0)?;
            let mut told = proto::ConsentStatement {
                customer: CustomerId::from_uuid(row.customer_id).name(),
                purpose: purpose_to_proto(said.purpose).into(),
                channel: channel_or_all(said.channel).into(),
                proof: row.proof,
                said_time: Some(time_to_proto(said.said_at)),
                ..Default::default()
            };
            if let Says::Give { basis, until } = said.says {
                told.allows = true;
                told.legal_basis = basis_to_proto(basis).into();
                told.expire_time = until.map(time_to_proto);
            }
            Ok(told)
        })
        .collect()
}

/// Every statement about how to be reached, the oldest first.
#[tracing::instrument(name = "db.told.preferences", skip_all)]
pub(crate) async fn preferences(
    pool: &PgPool,
    ids: &[Uuid],
    now: Timestamp,
) -> Result<Vec<proto::ContactPreferences>, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"select row_to_json(s) as "row!: Json<PreferenceRow>"
           from customer_profile.contact_preference_statement s where customer_id = any($1) order by said_at, id"#,
        ids,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|row| Ok(wishes::preferences(Some(&Preferences::try_from(row.0)?), &[], now))).collect()
}

/// Every declared vulnerability, ended or not, with all that was declared.
#[tracing::instrument(name = "db.told.vulnerabilities", skip_all)]
pub(crate) async fn vulnerabilities(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<proto::Vulnerability>, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"select row_to_json(v) as "row!: Json<VulnerabilityRow>"
           from customer_profile.vulnerability v where customer_id = any($1) order by declared_at, id"#,
        ids,
    )
    .fetch_all(pool)
    .await?;
    let declared = rows.into_iter().map(|row| Vulnerability::try_from(row.0));
    declared.filter_map(|declared| declared.map(|d| wishes::vulnerability(&d, true)).transpose()).collect()
}
