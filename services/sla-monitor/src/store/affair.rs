//! Affairs: what is known of the tickets and cases that clocks are about.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

/// What the ledgers said about a ticket or case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affair {
    /// Id of the ticket or case.
    pub id: Uuid,
    /// Whether it is a case of the office.
    pub is_case: bool,
    /// Customer.
    pub customer: Option<Uuid>,
    /// Type of the ticket; `case` for a case.
    pub subject_type: String,
    /// Sector of a ticket; regime of a case.
    pub sector: String,
    /// Topic of a ticket.
    pub topic: String,
    /// Department that works on it.
    pub department: String,
    /// First receipt in any department.
    pub first_received: Timestamp,
}

/// Writes a new affair.
#[tracing::instrument(name = "db.affair.insert", skip_all)]
pub async fn insert(tx: &mut PgConnection, affair: &Affair) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into sla_monitor.affair (affair_id, kind, customer_id, subject_type, sector, topic, department, first_received_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        affair.id,
        if affair.is_case { "case" } else { "ticket" },
        affair.customer,
        affair.subject_type,
        affair.sector,
        affair.topic,
        affair.department,
        affair.first_received.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Counts one more entry about an affair and gives what is known of it; `None` when nothing is.
#[tracing::instrument(name = "db.affair.touch", skip_all)]
pub async fn touch(tx: &mut PgConnection, id: Uuid) -> Result<Option<Affair>, StoreError> {
    let row = sqlx::query!(
        r#"update sla_monitor.affair set entry_count = entry_count + 1 where affair_id = $1
           returning kind = 'case' as "is_case!", customer_id, subject_type, sector, topic, department,
                     first_received_at as "first_received_at: jiff_sqlx::Timestamp""#,
        id
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Affair {
        id,
        is_case: row.is_case,
        customer: row.customer_id,
        subject_type: row.subject_type,
        sector: row.sector,
        topic: row.topic,
        department: row.department,
        first_received: row.first_received_at.to_jiff(),
    }))
}

/// Moves an affair and its open clocks to another department. The calendar they count on stays.
#[tracing::instrument(name = "db.affair.move_to_department", skip_all)]
pub async fn move_to_department(tx: &mut PgConnection, id: Uuid, department: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "with moved as (
             update sla_monitor.affair set department = $2, entry_count = entry_count + 1 where affair_id = $1
         )
         update sla_monitor.clock set department = $2, version = version + 1
         where affair_id = $1 and settled_at is null and department <> $2",
        id,
        department
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What is known of an affair.
#[tracing::instrument(name = "db.affair.get", skip_all)]
pub async fn get(db: &postgres::Db, id: Uuid) -> Result<Option<Affair>, StoreError> {
    let row = sqlx::query!(
        r#"select kind = 'case' as "is_case!", customer_id, subject_type, sector, topic, department,
                  first_received_at as "first_received_at: jiff_sqlx::Timestamp"
           from sla_monitor.affair where affair_id = $1"#,
        id
    )
    .fetch_optional(db.reader())
    .await?;
    Ok(row.map(|row| Affair {
        id,
        is_case: row.is_case,
        customer: row.customer_id,
        subject_type: row.subject_type,
        sector: row.sector,
        topic: row.topic,
        department: row.department,
        first_received: row.first_received_at.to_jiff(),
    }))
}
