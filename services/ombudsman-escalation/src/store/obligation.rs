//! What the firm owes after a case.

use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::obligation::{Obligation, Proof};
use ombudsman_escalation_domain::recurrence::Met;
use ombudsman_escalation_domain::{CaseId, ProcedureRefused, Refused};
use postgres::{Db, StoreError, affected_one};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{instant, word};
use crate::error::Failure;

const TABLE: &str = "obligation";

/// Asks for what is owed: what follows the columns, and its arguments. They are named for the same reason as a case's.
macro_rules! owed {
    ($rest:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            "select case_id, number, kind, claim_point, debtor, entry_sequence, since, due_at, proof_sequence,
                    proved_at, done_at, overdue_at, lapsed_at, reopens_case, reopens_number, reported_at
               from ombudsman.obligation " + $rest
            $(, $argument)*
        )
    };
}

/// Everything owed after a case, in order.
#[tracing::instrument(name = "db.obligation.of_case", skip_all)]
pub(crate) async fn of_case(tx: &mut PgConnection, case: CaseId) -> Result<Vec<Obligation>, StoreError> {
    let rows = owed!("where case_id = $1 order by number", case.uuid()).fetch_all(tx).await?;
    rows.into_iter().map(Row::read).collect()
}

/// A page of it.
#[tracing::instrument(name = "db.obligation.list", skip_all)]
pub(crate) async fn list(db: &Db, case: CaseId, after: i32, limit: i64) -> Result<Vec<Obligation>, StoreError> {
    let rows = owed!("where case_id = $1 and number > $2 order by number limit $3", case.uuid(), after, limit)
        .fetch_all(db.reader())
        .await?;
    rows.into_iter().map(Row::read).collect()
}

/// One of those that were read, by its number.
pub(crate) fn pick(obligations: &[Obligation], number: u32) -> Result<Obligation, Failure> {
    let found = obligations.iter().find(|owed| owed.number == number).cloned();
    found.ok_or_else(|| Refused::from(ProcedureRefused::ObligationNotFound).into())
}

/// Writes what comes to be owed.
#[tracing::instrument(name = "db.obligation.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, case: CaseId, owed: &Obligation) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.obligation
           (case_id, number, kind, claim_point, debtor, entry_sequence, since, due_at, reopens_case, reopens_number)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        case.uuid(),
        number(owed),
        owed.kind.as_str(),
        owed.claim_point.as_deref(),
        owed.debtor.as_str(),
        sequence(owed.entry),
        owed.since.to_sqlx() as _,
        owed.due.to_sqlx() as _,
        owed.reopens.map(|(earlier, _)| earlier.uuid()),
        owed.reopens.map(|(_, number)| i32::try_from(number).unwrap_or(i32::MAX)),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What the firm met after cases of other customers with the cause of this one: its regime and its motive. Nothing where it has no motive.
/// What was opened once more by a later case already is not among it: that one is owed, or was met anew. Nor is what was owed by a decision
/// that is in force no more.
#[tracing::instrument(name = "db.obligation.met_for_the_cause", skip_all)]
pub(crate) async fn met_for_the_cause(tx: &mut PgConnection, case: CaseId) -> Result<Vec<Met>, StoreError> {
    let rows = sqlx::query!(
        r#"select o.case_id, o.number, o.debtor, o.done_at as "done_at!"
             from ombudsman.office_case own
             join ombudsman.office_case theirs
               on theirs.regime = own.regime and theirs.motive = own.motive and theirs.customer_id <> own.customer_id
             join ombudsman.obligation o on o.case_id = theirs.case_id and o.done_at < own.facts_at
            where own.case_id = $1
              and not exists (select from ombudsman.obligation again
                               where again.reopens_case = o.case_id and again.reopens_number = o.number
                                 and again.lapsed_at is null)
              and not exists (select from ombudsman.superseded_decision s where s.case_id = theirs.case_id)
            order by o.done_at desc, o.case_id desc, o.number desc limit 1"#,
        case.uuid(),
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = row.case_id;
            Ok(Met {
                case: CaseId::from_uuid(id),
                number: u32::try_from(row.number).map_err(|_| StoreError::corrupt(TABLE, "number", id))?,
                debtor: word(&row.debtor, TABLE, "debtor", id)?,
                done_at: row.done_at.to_jiff(),
            })
        })
        .collect()
}

/// Holds what is owed after another case until the transaction ends, so that it is opened once more only once.
#[tracing::instrument(name = "db.obligation.hold", skip_all)]
pub(crate) async fn hold(tx: &mut PgConnection, case: CaseId, number: u32) -> Result<(), StoreError> {
    sqlx::query!(
        "select number from ombudsman.obligation where case_id = $1 and number = $2 for no key update",
        case.uuid(),
        i32::try_from(number).unwrap_or(i32::MAX),
    )
    .fetch_optional(tx)
    .await?;
    Ok(())
}

/// Writes what became of it.
#[tracing::instrument(name = "db.obligation.update", skip_all)]
pub(crate) async fn update(tx: &mut PgConnection, case: CaseId, owed: &Obligation) -> Result<(), StoreError> {
    let updated = sqlx::query!(
        "update ombudsman.obligation set proof_sequence = $3, proved_at = $4, done_at = $5, overdue_at = $6,
            lapsed_at = $7, reported_at = $8
          where case_id = $1 and number = $2",
        case.uuid(),
        number(owed),
        owed.proof.map(|proof| sequence(proof.entry)),
        owed.proof.map(|proof| proof.at.to_sqlx()) as _,
        owed.done_at.map(|at| at.to_sqlx()) as _,
        owed.overdue_at.map(|at| at.to_sqlx()) as _,
        owed.lapsed_at.map(|at| at.to_sqlx()) as _,
        owed.reported_at.map(|at| at.to_sqlx()) as _,
    )
    .execute(tx)
    .await?;
    affected_one(&updated)
}

fn number(owed: &Obligation) -> i32 {
    i32::try_from(owed.number).unwrap_or(i32::MAX)
}

fn sequence(entry: u64) -> i64 {
    i64::try_from(entry).unwrap_or(i64::MAX)
}

struct Row {
    case_id: Uuid,
    number: i32,
    kind: String,
    claim_point: Option<String>,
    debtor: String,
    entry_sequence: i64,
    since: jiff_sqlx::Timestamp,
    due_at: jiff_sqlx::Timestamp,
    proof_sequence: Option<i64>,
    proved_at: Option<jiff_sqlx::Timestamp>,
    done_at: Option<jiff_sqlx::Timestamp>,
    overdue_at: Option<jiff_sqlx::Timestamp>,
    lapsed_at: Option<jiff_sqlx::Timestamp>,
    reopens_case: Option<Uuid>,
    reopens_number: Option<i32>,
    reported_at: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    fn read(self) -> Result<Obligation, StoreError> {
        let row = format!("{}/{}", self.case_id, self.number);
        let entry = |stored: i64, column| u64::try_from(stored).map_err(|_| StoreError::corrupt(TABLE, column, &row));
        let proof = match (self.proof_sequence, instant(self.proved_at)) {
            (Some(stored), Some(at)) => Some(Proof { entry: entry(stored, "proof_sequence")?, at }),
            _ => None,
        };
        Ok(Obligation {
            number: u32::try_from(self.number).map_err(|_| StoreError::corrupt(TABLE, "number", &row))?,
            kind: word(&self.kind, TABLE, "kind", &row)?,
            claim_point: self.claim_point,
            debtor: word(&self.debtor, TABLE, "debtor", &row)?,
            entry: entry(self.entry_sequence, "entry_sequence")?,
            since: self.since.to_jiff(),
            due: self.due_at.to_jiff(),
            proof,
            done_at: instant(self.done_at),
            overdue_at: instant(self.overdue_at),
            reported_at: instant(self.reported_at),
            lapsed_at: instant(self.lapsed_at),
            reopens: match (self.reopens_case, self.reopens_number.map(u32::try_from)) {
                (Some(case), Some(Ok(number))) => Some((CaseId::from_uuid(case), number)),
                (None, None) => None,
                _ => return Err(StoreError::corrupt(TABLE, "reopens_number", &row)),
            },
        })
    }
}
