//! Causes, which are regime and motive together: how many they bring, and who comes again after a decision.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::vocabulary::Stage;
use postgres::{Db, StoreError};
use uuid::Uuid;

use super::{instant, word};

/// Cases of a cause that are named.
const NAMED: i64 = 100;

/// Which causes are looked for.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// Cases that reached the office from here on.
    pub(crate) from: Option<Timestamp>,
    /// And before.
    pub(crate) to: Option<Timestamp>,
    /// Fewest customers.
    pub(crate) customers: i64,
    /// Smallest rate.
    pub(crate) rate: f64,
    /// Those after this one in the order of the list: customers, regime, motive.
    pub(crate) after: Option<(i64, String, String)>,
}

/// A cause that brings many customers.
#[derive(Debug, Clone)]
pub(crate) struct Issue {
    /// Rules.
    pub(crate) regime: String,
    /// Motive.
    pub(crate) motive: String,
    /// Different customers.
    pub(crate) customers: i64,
    /// Cases.
    pub(crate) cases: i64,
    /// Share of all customers under these rules.
    pub(crate) rate: f64,
    /// Decided for the claimant, wholly or in part, by the decision that is in force.
    pub(crate) upheld: i64,
    /// Decided.
    pub(crate) decided: i64,
    /// The newest cases.
    pub(crate) named: Vec<CaseId>,
}

/// Causes, those with most customers first.
#[tracing::instrument(name = "db.cause.issues", skip_all)]
pub(crate) async fn issues(db: &Db, filter: &Filter, limit: i64) -> Result<Vec<Issue>, StoreError> {
    let (customers, regime, motive) = match &filter.after {
        Some((customers, regime, motive)) => (Some(*customers), Some(regime.as_str()), Some(motive.as_str())),
        None => (None, None, None),
    };
    let rows = sqlx::query!(
        r#"with recursive later as (
               select case_id, review from ombudsman.superseded_decision
               union all select l.case_id, s.review from later l join ombudsman.superseded_decision s on s.case_id = l.review
           ), in_force as (
               select l.case_id, l.review from later l where not exists (select from ombudsman.superseded_decision s where s.case_id = l.review)
           ), brought as materialized (
               select c.case_id, c.regime, c.motive, c.customer_id, d.outcome
                 from ombudsman.office_case c
                 left join in_force f on f.case_id = c.case_id
                 left join ombudsman.decision d on d.case_id = coalesce(f.review, c.case_id)
                where ($1::timestamptz is null or c.filed_at_office >= $1) and ($2::timestamptz is null or c.filed_at_office < $2)
                  and c.review_of is null
           ), came as (
               select regime, count(distinct customer_id) as customers from brought group by regime
           ), cause as (
               select b.regime, b.motive, count(distinct b.customer_id) as customers, count(*) as cases, count(b.outcome) as decided,
                      count(*) filter (where b.outcome in ('upheld', 'partly_upheld')) as upheld
                 from brought b where b.motive is not null group by b.regime, b.motive
           )
           select k.regime as "regime!", k.motive as "motive!", k.customers as "customers!", k.cases as "cases!", k.decided as "decided!",
                  k.upheld as "upheld!", k.customers::float8 / came.customers as "rate!",
                  array(select c.case_id from ombudsman.office_case c
                         where c.regime = k.regime and c.motive = k.motive and c.review_of is null
                           and ($1::timestamptz is null or c.filed_at_office >= $1) and ($2::timestamptz is null or c.filed_at_office < $2)
                         order by c.created_at desc, c.case_id desc limit $8) as "named!: Vec<Uuid>"
             from cause k join came on came.regime = k.regime
            where k.customers >= $3 and k.customers::float8 / came.customers >= $4
              and ($5::bigint is null or (-k.customers, k.regime, k.motive) > (-$5, $6::text, $7::text))
            order by k.customers desc, k.regime, k.motive limit $9"#,
        filter.from.map(|at| at.to_sqlx()) as _,
        filter.to.map(|at| at.to_sqlx()) as _,
        filter.customers,
        filter.rate,
        customers,
        regime,
        motive,
        NAMED,
        limit,
    )
    .fetch_all(db.reader())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Issue {
            regime: row.regime,
            motive: row.motive,
            customers: row.customers,
            cases: row.cases,
            rate: row.rate,
            upheld: row.upheld,
            decided: row.decided,
            named: row.named.into_iter().map(CaseId::from_uuid).collect(),
        })
        .collect())
}

/// A later case of a cause.
#[derive(Debug, Clone)]
pub(crate) struct Later {
    /// The case.
    pub(crate) case: CaseId,
    /// Where it stands.
    pub(crate) stage: Stage,
    /// When it reached the office.
    pub(crate) filed_at_office: Timestamp,
    /// When the facts happened.
    pub(crate) facts_at: Option<Timestamp>,
    /// When it was written down.
    pub(crate) created_at: Timestamp,
}

/// Cases of the cause of a decided case that other customers brought after its decision, oldest first; none where it has no motive.
#[tracing::instrument(name = "db.cause.later", skip_all)]
pub(crate) async fn later(
    db: &Db,
    decided: CaseId,
    after: Option<(Timestamp, CaseId)>,
    limit: i64,
) -> Result<Vec<Later>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.case_id, c.state, c.filed_at_office, c.facts_at, c.created_at
             from ombudsman.decision d
             join ombudsman.office_case o on o.case_id = d.case_id
             join ombudsman.office_case c on c.regime = o.regime and c.motive = o.motive
            where d.case_id = $1 and c.created_at > d.issued_at and c.customer_id <> o.customer_id and c.review_of is null
              and ($2::timestamptz is null or (c.created_at, c.case_id) > ($2, $3::uuid))
            order by c.created_at, c.case_id limit $4"#,
        decided.uuid(),
        after.map(|(at, _)| at.to_sqlx()) as _,
        after.map(|(_, case)| case.uuid()),
        limit,
    )
    .fetch_all(db.reader())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Later {
                case: CaseId::from_uuid(row.case_id),
                stage: word(&row.state, "office_case", "state", row.case_id)?,
                filed_at_office: row.filed_at_office.to_jiff(),
                facts_at: instant(row.facts_at),
                created_at: row.created_at.to_jiff(),
            })
        })
        .collect()
}
