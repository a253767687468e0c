//! Contacts.

use std::fmt;

use customer_profile_domain::{Contact, CustomerId, InteractionId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Channel, Department, Personal, ResourceId};
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::r#type::v1::Direction;

/// A contact.
#[derive(Debug, Clone)]
pub struct Interaction {
    /// Id.
    pub id: InteractionId,
    /// The customer id it was recorded under.
    pub customer: CustomerId,
    /// Channel.
    pub channel: Channel,
    /// Which way it went.
    pub direction: Direction,
    /// Department that had it.
    pub department: Department,
    /// The agent's summary; may be empty.
    pub summary: Personal<String>,
    /// The customer's words; may be empty.
    pub what_customer_said: Personal<String>,
    /// The affair it was about.
    pub ticket: Option<Uuid>,
    /// When it took place.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub created_at: Timestamp,
}

/// The row, as three readers see it.
#[derive(serde::Deserialize)]
pub(crate) struct Row {
    pub id: Uuid,
    pub customer_id: Uuid,
    pub channel: String,
    pub direction: String,
    pub department: String,
    pub ticket_id: Option<Uuid>,
    pub summary: String,
    pub what_customer_said: String,
    pub occurred_at: Timestamp,
    pub created_at: Timestamp,
}

/// Without what is personal.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("id", &self.id).finish_non_exhaustive()
    }
}

impl TryFrom<Row> for Interaction {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("interaction", column, row.id);
        Ok(Self {
            id: InteractionId::from_uuid(row.id),
            customer: CustomerId::from_uuid(row.customer_id),
            channel: row.channel.parse().map_err(|_| corrupt("channel"))?,
            direction: direction(&row.direction).ok_or_else(|| corrupt("direction"))?,
            department: row.department.parse().map_err(|_| corrupt("department"))?,
            summary: row.summary.into(),
            what_customer_said: row.what_customer_said.into(),
            ticket: row.ticket_id,
            occurred_at: row.occurred_at,
            created_at: row.created_at,
        })
    }
}

fn direction(word: &str) -> Option<Direction> {
    match word {
        "inbound" => Some(Direction::Inbound),
        "outbound" => Some(Direction::Outbound),
        _ => None,
    }
}

const fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Outbound => "outbound",
        Direction::Inbound | Direction::Unspecified => "inbound",
    }
}

impl Interaction {
    /// The contact on the wire.
    pub(crate) fn to_proto(&self) -> proto::Interaction {
        proto::Interaction {
            name: self.id.name(),
            customer: self.customer.name(),
            channel: server::parse::channel_to_proto(self.channel).into(),
            direction: self.direction.into(),
            department: self.department.to_string(),
            summary: self.summary.expose().clone(),
            what_customer_said: self.what_customer_said.expose().clone(),
            ticket: self.ticket.map(ticket_name).unwrap_or_default(),
            occurred_time: Some(server::parse::time_to_proto(self.occurred_at)),
            create_time: Some(server::parse::time_to_proto(self.created_at)),
            // Contacts are written once.
            etag: postgres::etag(1),
        }
    }
}

impl From<&Interaction> for Contact {
    fn from(interaction: &Interaction) -> Self {
        Self { channel: interaction.channel, inbound: interaction.direction == Direction::Inbound }
    }
}

/// The last contacts with the customer this id resolves to, newest first, as far as a view shows them.
#[tracing::instrument(name = "db.interaction.last_contacts", skip_all)]
pub(crate) async fn last_contacts(tx: &mut PgConnection, customer: CustomerId) -> Result<Vec<Contact>, StoreError> {
    let rows = sqlx::query!(
        r#"select i.id, i.channel, i.direction
           from customer_profile.customer_alias a
           join customer_profile.customer c on c.id = a.customer_id
           cross join lateral unnest(c.ids) as k (id)
           cross join lateral (
               select * from customer_profile.interaction
               where customer_id = k.id order by occurred_at desc, id desc limit 10
           ) i
           where a.id = $1 order by i.occurred_at desc, i.id desc limit 10"#,
        customer.uuid(),
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let corrupt = |column| StoreError::corrupt("interaction", column, row.id);
            Ok(Contact {
                channel: row.channel.parse().map_err(|_| corrupt("channel"))?,
                inbound: direction(&row.direction).ok_or_else(|| corrupt("direction"))? == Direction::Inbound,
            })
        })
        .collect()
}

/// The resource name of another service's ticket.
pub(crate) fn ticket_name(id: Uuid) -> String {
    format!("tickets/{}", id.as_hyphenated())
}

#[tracing::instrument(name = "db.interaction.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, interaction: &Interaction) -> Result<(), StoreError> {
    sqlx::query!(
        r#"insert into customer_profile.interaction
               (id, customer_id, channel, direction, department, ticket_id, summary, what_customer_said, occurred_at, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"#,
        interaction.id.uuid(),
        interaction.customer.uuid(),
        interaction.channel.as_str(),
        direction_word(interaction.direction),
        interaction.department.as_str(),
        interaction.ticket,
        interaction.summary.expose(),
        interaction.what_customer_said.expose(),
        interaction.occurred_at.to_sqlx() as _,
        interaction.created_at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}
