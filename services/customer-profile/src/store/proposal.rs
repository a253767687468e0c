//! Pairs of records that wait for a steward.

use customer_profile_domain::{CustomerId, Pair, ProposalId, SourceRecordId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::StoreError;
use prost::Message;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

/// A proposal with its two records as they stand.
pub(crate) struct Proposal {
    pub id: ProposalId,
    pub pair: Pair,
    pub state: State,
    pub score: f64,
    /// Findings and doubt.
    pub judgement: proto::CustomerMatch,
    pub rules_version: String,
    pub proposed_at: Timestamp,
    pub decided: Option<(String, Timestamp)>,
    pub row_version: i64,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Confirmed,
    Rejected,
    Withdrawn,
}

impl State {
    const ALL: [Self; 4] = [Self::Open, Self::Confirmed, Self::Rejected, Self::Withdrawn];

    /// The word that is stored and shown.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state with this stored word.
    pub(crate) fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// As the contract says it.
    pub(crate) const fn to_proto(self) -> proto::MatchProposalState {
        match self {
            Self::Open => proto::MatchProposalState::Open,
            Self::Confirmed => proto::MatchProposalState::Confirmed,
            Self::Rejected => proto::MatchProposalState::Rejected,
            Self::Withdrawn => proto::MatchProposalState::Withdrawn,
        }
    }
}

struct Row {
    id: Uuid,
    record_a: Uuid,
    record_b: Uuid,
    state: String,
    score: f64,
    judgement: Vec<u8>,
    rules_version: String,
    proposed_at: jiff_sqlx::Timestamp,
    decided_by: String,
    decided_at: Option<jiff_sqlx::Timestamp>,
    row_version: i64,
}

impl TryFrom<Row> for Proposal {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("match_proposal", column, row.id);
        Ok(Self {
            id: ProposalId::from_uuid(row.id),
            pair: Pair::of(SourceRecordId::from_uuid(row.record_a), SourceRecordId::from_uuid(row.record_b)),
            state: State::stored(&row.state).ok_or_else(|| corrupt("state"))?,
            score: row.score,
            judgement: proto::CustomerMatch::decode(row.judgement.as_slice()).map_err(|_| corrupt("judgement"))?,
            rules_version: row.rules_version,
            proposed_at: row.proposed_at.to_jiff(),
            decided: row.decided_at.map(|at| (row.decided_by, at.to_jiff())),
            row_version: row.row_version,
        })
    }
}

#[tracing::instrument(name = "db.proposal.get", skip_all)]
pub(crate) async fn get(tx: &mut PgConnection, id: ProposalId) -> Result<Option<Proposal>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, record_a, record_b, state, score, judgement, rules_version, proposed_at, decided_by, decided_at, row_version
           from customer_profile.match_proposal where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    row.map(Proposal::try_from).transpose()
}

/// The same, and nobody else decides it meanwhile.
#[tracing::instrument(name = "db.proposal.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: ProposalId) -> Result<Option<Proposal>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, record_a, record_b, state, score, judgement, rules_version, proposed_at, decided_by, decided_at, row_version
           from customer_profile.match_proposal where id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    row.map(Proposal::try_from).transpose()
}

/// Writes down what was said of it.
#[tracing::instrument(name = "db.proposal.decide", skip_all)]
pub(crate) async fn decide(
    tx: &mut PgConnection,
    id: ProposalId,
    state: State,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"update customer_profile.match_proposal
           set state = $2, decided_by = $3, decided_at = $4, row_version = row_version + 1 where id = $1"#,
        id.uuid(),
        state.as_str(),
        by,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A page of proposals, the likeliest first, after the place where this one stands now; `None` when that one is gone. Open ones whose
/// records are in one customer already, or held apart, are left out: nobody waits for them.
#[tracing::instrument(name = "db.proposal.page", skip_all)]
pub(crate) async fn page(
    pool: &PgPool,
    state: State,
    customer: Option<CustomerId>,
    after: Option<ProposalId>,
    limit: i64,
) -> Result<Option<Vec<Proposal>>, StoreError> {
    let after_id = after.map(ResourceId::uuid);
    let place = match after_id {
        None => None,
        Some(id) => {
            let score = sqlx::query_scalar!("select score from customer_profile.match_proposal where id = $1", id);
            let Some(score) = score.fetch_optional(pool).await? else { return Ok(None) };
            Some(score)
        }
    };
    let rows = match customer {
        None => {
            sqlx::query_as!(
                Row,
                r#"select p.id, p.record_a, p.record_b, p.state, p.score, p.judgement, p.rules_version, p.proposed_at,
                          p.decided_by, p.decided_at, p.row_version
                   from customer_profile.match_proposal p
                   join customer_profile.source_record a on a.id = p.record_a
                   join customer_profile.source_record b on b.id = p.record_b
                   where p.state = $1
                     and ($2::float8 is null or p.score < $2 or (p.score = $2 and p.id > $3::uuid))
                     and ($1 <> 'open' or (a.customer_id <> b.customer_id
                          and not customer_profile.held_apart(a.customer_id, b.customer_id)))
                   order by p.score desc, p.id limit $4"#,
                state.as_str(),
                place,
                after_id,
                limit,
            )
            .fetch_all(pool)
            .await?
        }
        Some(customer) => {
            sqlx::query_as!(
                Row,
                r#"with member as (
                       select r.id from customer_profile.customer_alias a
                       join customer_profile.source_record r on r.customer_id = a.customer_id where a.id = $5
                   ), about as (
                       select p.id from member m join customer_profile.match_proposal p on p.record_a = m.id and p.state = $1
                       union
                       select p.id from member m join customer_profile.match_proposal p on p.record_b = m.id and p.state = $1
                   )
                   select p.id, p.record_a, p.record_b, p.state, p.score, p.judgement, p.rules_version, p.proposed_at,
                          p.decided_by, p.decided_at, p.row_version
                   from about join customer_profile.match_proposal p using (id)
                   join customer_profile.source_record a on a.id = p.record_a
                   join customer_profile.source_record b on b.id = p.record_b
                   where ($2::float8 is null or p.score < $2 or (p.score = $2 and p.id > $3::uuid))
                     and ($1 <> 'open' or (a.customer_id <> b.customer_id
                          and not customer_profile.held_apart(a.customer_id, b.customer_id)))
                   order by p.score desc, p.id limit $4"#,
                state.as_str(),
                place,
                after_id,
                limit,
                customer.uuid(),
            )
            .fetch_all(pool)
            .await?
        }
    };
    rows.into_iter().map(Proposal::try_from).collect::<Result<_, _>>().map(Some)
}

/// What the comparing of one record came to.
pub(crate) struct Judged {
    pub id: ProposalId,
    pub pair: Pair,
    pub score: f64,
    pub judgement: proto::CustomerMatch,
}

/// Proposes these pairs, unless they are proposed already or a steward has said of just these two what they are.
#[tracing::instrument(level = "debug", name = "db.proposal.propose", skip_all)]
pub(crate) async fn propose(
    tx: &mut PgConnection,
    judged: &[Judged],
    rules_version: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ids = |f: fn(&Judged) -> Uuid| judged.iter().map(f).collect::<Vec<_>>();
    let scores: Vec<f64> = judged.iter().map(|j| j.score).collect();
    let judgements: Vec<Vec<u8>> = judged.iter().map(|j| j.judgement.encode_to_vec()).collect();
    sqlx::query!(
        r#"insert into customer_profile.match_proposal (id, record_a, record_b, state, score, judgement, rules_version, proposed_at)
           select p.id, p.a, p.b, 'open', p.score, p.judgement, $6, $7
           from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::float8[], $5::bytea[]) as p (id, a, b, score, judgement)
           where not exists (select from customer_profile.identity_link l
                             where l.record_a = p.a and l.record_b = p.b and l.evidence_kind = 'steward' and l.evidence_key = ''
                               and l.revoked_at is null)
             and not exists (select from customer_profile.source_record r where r.id in (p.a, p.b) and r.compared_by = 'erased')
           on conflict (record_a, record_b) where state = 'open' do update
           set score = excluded.score, judgement = excluded.judgement, rules_version = excluded.rules_version,
               row_version = match_proposal.row_version + 1
           where match_proposal.judgement <> excluded.judgement or match_proposal.rules_version <> excluded.rules_version"#,
        &ids(|j| j.id.uuid()),
        &ids(|j| j.pair.a().uuid()),
        &ids(|j| j.pair.b().uuid()),
        &scores,
        &judgements,
        rules_version,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Withdraws open proposals.
#[tracing::instrument(level = "debug", name = "db.proposal.withdraw", skip_all)]
pub(crate) async fn withdraw(tx: &mut PgConnection, ids: &[ProposalId], now: Timestamp) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        r#"update customer_profile.match_proposal
           set state = 'withdrawn', decided_at = $2, row_version = row_version + 1 where id = any($1) and state = 'open'"#,
        &ids,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}
