//! What to do next for customers.

use customer_profile_domain::{ActionId, ActionKind, ActionReason, ActionState, CustomerId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Personal, ResourceId};
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Something to do, as it is kept; `state` as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub id: ActionId,
    /// As it was given; of rows that were read, as it resolves now.
    pub customer: CustomerId,
    pub kind: ActionKind,
    pub reasons: Vec<ActionReason>,
    /// In minor units and a currency.
    pub amount: Option<(i64, String)>,
    pub state: ActionState,
    pub proposed_by: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub decided: Option<(String, Timestamp)>,
    pub note: Personal<String>,
    pub done_at: Option<Timestamp>,
    pub row_version: i64,
}

/// Writes down what was proposed.
#[tracing::instrument(name = "db.next_action.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, action: &Action) -> Result<(), StoreError> {
    let reasons: Vec<String> = action.reasons.iter().map(|reason| reason.as_str().to_owned()).collect();
    let (minor_units, currency) = action.amount.clone().unzip();
    sqlx::query!(
        "insert into customer_profile.next_action
             (id, customer_id, kind, reasons, minor_units, currency, proposed_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        action.id.uuid(),
        action.customer.uuid(),
        action.kind.as_str(),
        &reasons,
        minor_units,
        currency,
        action.proposed_by,
        action.created_at.to_sqlx() as _,
        action.expires_at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    customer_id: Uuid,
    kind: String,
    reasons: Vec<String>,
    minor_units: Option<i64>,
    currency: Option<String>,
    state: String,
    proposed_by: String,
    created_at: jiff_sqlx::Timestamp,
    expires_at: jiff_sqlx::Timestamp,
    decided_by: String,
    decided_at: Option<jiff_sqlx::Timestamp>,
    note: String,
    done_at: Option<jiff_sqlx::Timestamp>,
    row_version: i64,
}

impl TryFrom<Row> for Action {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("next_action", column, row.id);
        let reasons = row.reasons.iter().map(|word| ActionReason::stored(word)).collect::<Option<_>>();
        Ok(Self {
            id: ActionId::from_uuid(row.id),
            customer: CustomerId::from_uuid(row.customer_id),
            kind: ActionKind::stored(&row.kind).ok_or_else(|| corrupt("kind"))?,
            reasons: reasons.ok_or_else(|| corrupt("reasons"))?,
            amount: row.minor_units.zip(row.currency),
            state: ActionState::stored(&row.state).ok_or_else(|| corrupt("state"))?,
            proposed_by: row.proposed_by,
            created_at: row.created_at.to_jiff(),
            expires_at: row.expires_at.to_jiff(),
            decided: row.decided_at.map(|at| (row.decided_by, at.to_jiff())),
            note: row.note.into(),
            done_at: row.done_at.map(|at| at.to_jiff()),
            row_version: row.row_version,
        })
    }
}

/// Whose an action is, by the customer id it was given.
#[tracing::instrument(name = "db.next_action.whose", skip_all)]
pub(crate) async fn whose(tx: &mut PgConnection, id: ActionId) -> Result<Option<CustomerId>, StoreError> {
    let whose = sqlx::query_scalar!("select customer_id from customer_profile.next_action where id = $1", id.uuid())
        .fetch_optional(tx)
        .await?;
    Ok(whose.map(CustomerId::from_uuid))
}

/// An action, locked.
#[tracing::instrument(name = "db.next_action.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: ActionId) -> Result<Option<Action>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select n.id, a.customer_id, n.kind, n.reasons, n.minor_units, n.currency, n.state, n.proposed_by, n.created_at,
                n.expires_at, n.decided_by, n.decided_at, n.note, n.done_at, n.row_version
         from customer_profile.next_action n join customer_profile.customer_alias a on a.id = n.customer_id
         where n.id = $1 for update of n",
        id.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    row.map(Action::try_from).transpose()
}

/// Writes down what became of an action: state, decision and end.
#[tracing::instrument(name = "db.next_action.settle", skip_all)]
pub(crate) async fn settle(tx: &mut PgConnection, action: &Action) -> Result<(), StoreError> {
    let (decided_by, decided_at) = action.decided.clone().unzip();
    sqlx::query!(
        "update customer_profile.next_action
         set state = $2, decided_by = $3, decided_at = $4, note = $5, done_at = $6, row_version = $7 where id = $1",
        action.id.uuid(),
        action.state.as_str(),
        decided_by.unwrap_or_default(),
        decided_at.map(|at| at.to_sqlx()) as _,
        action.note.expose(),
        action.done_at.map(|at| at.to_sqlx()) as _,
        action.row_version,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What was proposed since an instant for the customer with these ids, the newest first.
#[tracing::instrument(name = "db.next_action.since", skip_all)]
pub(crate) async fn since(tx: &mut PgConnection, ids: &[Uuid], since: Timestamp) -> Result<Vec<Action>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select n.id, a.customer_id, n.kind, n.reasons, n.minor_units, n.currency, n.state, n.proposed_by, n.created_at,
                n.expires_at, n.decided_by, n.decided_at, n.note, n.done_at, n.row_version
         from customer_profile.next_action n join customer_profile.customer_alias a on a.id = n.customer_id
         where n.customer_id = any($1) and n.created_at > $2 order by n.created_at desc, n.id desc limit 200",
        ids,
        since.to_sqlx() as _,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(Action::try_from).collect()
}

/// All that was proposed for the customer this id resolves to, the newest first.
#[tracing::instrument(name = "db.next_action.page", skip_all)]
pub(crate) async fn page(
    pool: &PgPool,
    customer: CustomerId,
    before: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Action>, StoreError> {
    let (at, id) = before.unwrap_or((Timestamp::UNIX_EPOCH, Uuid::nil()));
    let rows = sqlx::query_as!(
        Row,
        "select n.id, c.id as customer_id, n.kind, n.reasons, n.minor_units, n.currency, n.state, n.proposed_by, n.created_at,
                n.expires_at, n.decided_by, n.decided_at, n.note, n.done_at, n.row_version
         from customer_profile.customer_alias a
         join customer_profile.customer c on c.id = a.customer_id
         join customer_profile.next_action n on n.customer_id = any(c.ids)
         where a.id = $1 and ($2 or (n.created_at, n.id) < ($3, $4))
         order by n.created_at desc, n.id desc limit $5",
        customer.uuid(),
        before.is_none(),
        at.to_sqlx() as _,
        id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Action::try_from).collect()
}

/// What waits for a decision for anybody whose data is in use, the newest first.
#[tracing::instrument(name = "db.next_action.waiting", skip_all)]
pub(crate) async fn waiting(
    pool: &PgPool,
    now: Timestamp,
    before: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Action>, StoreError> {
    let (at, id) = before.unwrap_or((Timestamp::UNIX_EPOCH, Uuid::nil()));
    let rows = sqlx::query_as!(
        Row,
        "select n.id, c.id as customer_id, n.kind, n.reasons, n.minor_units, n.currency, n.state, n.proposed_by, n.created_at,
                n.expires_at, n.decided_by, n.decided_at, n.note, n.done_at, n.row_version
         from customer_profile.next_action n
         join customer_profile.customer_alias a on a.id = n.customer_id
         join customer_profile.customer c on c.id = a.customer_id
         where n.state = 'proposed' and n.expires_at > $1 and not c.restricted
           and ($2 or (n.created_at, n.id) < ($3, $4))
         order by n.created_at desc, n.id desc limit $5",
        now.to_sqlx() as _,
        before.is_none(),
        at.to_sqlx() as _,
        id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Action::try_from).collect()
}
