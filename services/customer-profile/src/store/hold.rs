//! Complaints and cases that may hold something back.

use customer_profile_domain::CustomerId;
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::PgPool;
use sqlx::types::Json;

use super::view::{Case, Ticket};

/// All complaints and cases that are not over, of the customer this id resolves to; `None` when nobody ever had the id.
#[tracing::instrument(name = "db.hold.grounds", skip_all)]
pub(crate) async fn grounds(pool: &PgPool, id: CustomerId) -> Result<Option<Grounds>, StoreError> {
    let row = sqlx::query!(
        r#"select
               (select json_agg(t) from (
                   select *, 0 as total from customer_profile.view_ticket
                   where customer_id = any(c.ids) and is_open and complains
               ) t) as "tickets: Json<Vec<Ticket>>",
               (select json_agg(s) from (
                   select *, 0 as total from customer_profile.view_case
                   where customer_id = any(c.ids) and state not in (4, 6, 12, 13, 14, 15, 16, 19, 20, 21, 22, 23, 24, 25, 26)
               ) s) as "cases: Json<Vec<Case>>",
               array(select distinct source from customer_profile.ledger_parked) as "parked!"
           from customer_profile.customer_alias a
           join customer_profile.customer c on c.id = a.customer_id
           where a.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Grounds {
        tickets: row.tickets.map(|j| j.0).unwrap_or_default(),
        cases: row.cases.map(|j| j.0).unwrap_or_default(),
        parked: row.parked,
    }))
}

/// What holds may come from.
pub(crate) struct Grounds {
    pub tickets: Vec<Ticket>,
    pub cases: Vec<Case>,
    /// Sources with entries that wait for release.
    pub parked: Vec<String>,
}
