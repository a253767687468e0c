//! Contacts.

use std::fmt;

use customer_profile_domain::{Attended, ContactKind, CustomerId, Discretion, ExitReason, InteractionId, Sentiment};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use kernel::{Channel, Department, Personal, ResourceId};
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;
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
    /// What kind of contact it was.
    pub kind: ContactKind,
    /// Who may read what was said.
    pub discretion: Discretion,
    /// Department that had it.
    pub department: Department,
    /// The agent's summary; may be empty.
    pub summary: Personal<String>,
    /// The customer's words; may be empty.
    pub what_customer_said: Personal<String>,
    /// How they sound, where they were weighed.
    pub sentiment: Option<Sentiment>,
    /// The affair it was about.
    pub ticket: Option<Uuid>,
    /// What it cost the customer.
    pub cost: Cost,
    /// When it took place.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub created_at: Timestamp,
}

/// What a contact cost the customer, as far as systems say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// How long the customer waited for somebody, in seconds.
    pub waited: i32,
    /// How long it took then, in seconds.
    pub handled: i32,
    /// How often the customer was passed on.
    pub transfers: i32,
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
    pub waited_seconds: i32,
    pub handled_seconds: i32,
    pub transfer_count: i32,
    pub occurred_at: Timestamp,
    pub created_at: Timestamp,
    pub kind: String,
    pub exit_reasons: Vec<String>,
    pub offer_made: bool,
    pub discretion: String,
    pub sentiment_language: Option<String>,
    pub sentiment_score: Option<i8>,
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
            kind: kind(&row).ok_or_else(|| corrupt("kind"))?,
            discretion: Discretion::stored(&row.discretion).ok_or_else(|| corrupt("discretion"))?,
            sentiment: sentiment(row.sentiment_language.as_deref(), row.sentiment_score)
                .map_err(|()| corrupt("sentiment_language"))?,
            department: row.department.parse().map_err(|_| corrupt("department"))?,
            summary: row.summary.into(),
            what_customer_said: row.what_customer_said.into(),
            ticket: row.ticket_id,
            cost: Cost { waited: row.waited_seconds, handled: row.handled_seconds, transfers: row.transfer_count },
            occurred_at: row.occurred_at,
            created_at: row.created_at,
        })
    }
}

fn kind(row: &Row) -> Option<ContactKind> {
    let reasons = row.exit_reasons.iter().map(|word| ExitReason::stored(word)).collect::<Option<Vec<_>>>()?;
    ContactKind::told(row.kind == EXIT_INTERVIEW, reasons, row.offer_made).ok()
}

fn sentiment(language: Option<&str>, score: Option<i8>) -> Result<Option<Sentiment>, ()> {
    match (language, score) {
        (Some(language), Some(score)) => Ok(Some(Sentiment { language: language.parse().map_err(|_| ())?, score })),
        _ => Ok(None),
    }
}

const EXIT_INTERVIEW: &str = "exit_interview";

const fn kind_word(kind: &ContactKind) -> &'static str {
    match kind {
        ContactKind::Contact { .. } => "contact",
        ContactKind::ExitInterview { .. } => EXIT_INTERVIEW,
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

impl From<&Interaction> for Attended {
    fn from(interaction: &Interaction) -> Self {
        Self {
            at: interaction.occurred_at,
            waited: SignedDuration::from_secs(interaction.cost.waited.into()),
            handled: SignedDuration::from_secs(interaction.cost.handled.into()),
            transfers: interaction.cost.transfers.unsigned_abs(),
            affair: interaction.ticket,
        }
    }
}

/// A contact that the customer made, as far as it tells how they come and how they sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Own {
    pub channel: Channel,
    pub at: Timestamp,
    pub discretion: Discretion,
    pub sentiment: Option<Sentiment>,
}

/// Its columns.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct OwnRow {
    id: Uuid,
    channel: String,
    occurred_at: Timestamp,
    discretion: String,
    sentiment_language: Option<String>,
    sentiment_score: Option<i8>,
}

impl TryFrom<OwnRow> for Own {
    type Error = StoreError;

    fn try_from(row: OwnRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("interaction", column, row.id);
        let sentiment = sentiment(row.sentiment_language.as_deref(), row.sentiment_score);
        Ok(Self {
            channel: row.channel.parse().map_err(|_| corrupt("channel"))?,
            at: row.occurred_at,
            discretion: Discretion::stored(&row.discretion).ok_or_else(|| corrupt("discretion"))?,
            sentiment: sentiment.map_err(|()| corrupt("sentiment_language"))?,
        })
    }
}

/// By which channels the customer this id resolves to came last, newest first: of the contacts that a view learns from.
#[tracing::instrument(name = "db.interaction.own_channels", skip_all)]
pub(crate) async fn own_channels(tx: &mut PgConnection, customer: CustomerId) -> Result<Vec<Channel>, StoreError> {
    let rows = sqlx::query!(
        r#"select i.id, i.channel
           from customer_profile.customer_alias a
           join customer_profile.customer c on c.id = a.customer_id
           cross join lateral unnest(c.ids) as k (id)
           cross join lateral (
               select * from customer_profile.interaction
               where customer_id = k.id and direction = 'inbound' order by occurred_at desc, id desc limit 10
           ) i
           where a.id = $1 order by i.occurred_at desc, i.id desc limit 10"#,
        customer.uuid(),
    )
    .fetch_all(tx)
    .await?;
    let channel = |id, word: &str| word.parse().map_err(|_| StoreError::corrupt("interaction", "channel", id));
    rows.into_iter().map(|row| channel(row.id, &row.channel)).collect()
}

/// What the contacts that a customer made have cost.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct CostRow {
    occurred_at: Timestamp,
    waited_seconds: i32,
    handled_seconds: i32,
    transfer_count: i32,
    ticket_id: Option<Uuid>,
}

impl From<CostRow> for Attended {
    fn from(row: CostRow) -> Self {
        Self {
            at: row.occurred_at,
            waited: SignedDuration::from_secs(row.waited_seconds.into()),
            handled: SignedDuration::from_secs(row.handled_seconds.into()),
            transfers: row.transfer_count.unsigned_abs(),
            affair: row.ticket_id,
        }
    }
}

/// What a contact has cost whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Costly {
    pub interaction: InteractionId,
    /// The customer id it was recorded under.
    pub customer: CustomerId,
    pub attended: Attended,
}

/// What the contacts that customers with these ids made since an instant have cost, newest first.
#[tracing::instrument(name = "db.interaction.costs", skip_all)]
pub(crate) async fn costs(tx: &mut PgConnection, ids: &[Uuid], since: Timestamp) -> Result<Vec<Costly>, StoreError> {
    let rows = sqlx::query!(
        "select id, customer_id, occurred_at, waited_seconds, handled_seconds, transfer_count, ticket_id
         from customer_profile.interaction
         where customer_id = any($1) and occurred_at > $2 and direction = 'inbound' order by occurred_at desc, id desc limit 500",
        ids,
        since.to_sqlx() as _,
    )
    .fetch_all(tx)
    .await?;
    let costly = rows.into_iter().map(|row| Costly {
        interaction: InteractionId::from_uuid(row.id),
        customer: CustomerId::from_uuid(row.customer_id),
        attended: Attended::from(CostRow {
            occurred_at: row.occurred_at.to_jiff(),
            waited_seconds: row.waited_seconds,
            handled_seconds: row.handled_seconds,
            transfer_count: row.transfer_count,
            ticket_id: row.ticket_id,
        }),
    });
    Ok(costly.collect())
}

/// Whether the customer with these ids has said since an instant why they leave.
#[tracing::instrument(name = "db.interaction.leaves", skip_all)]
pub(crate) async fn leaves(tx: &mut PgConnection, ids: &[Uuid], since: Timestamp) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from customer_profile.interaction
                          where customer_id = any($1) and kind = 'exit_interview' and occurred_at > $2) as "found!""#,
        ids,
        since.to_sqlx() as _,
    )
    .fetch_one(tx)
    .await?;
    Ok(found)
}

/// The resource name of another service's ticket.
pub(crate) fn ticket_name(id: Uuid) -> String {
    format!("tickets/{}", id.as_hyphenated())
}

#[tracing::instrument(name = "db.interaction.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, interaction: &Interaction) -> Result<(), StoreError> {
    let reasons: Vec<String> =
        interaction.kind.exit_reasons().iter().map(|reason| reason.as_str().to_owned()).collect();
    sqlx::query!(
        r#"insert into customer_profile.interaction
               (id, customer_id, channel, direction, department, ticket_id, summary, what_customer_said, occurred_at, created_at,
                waited_seconds, handled_seconds, transfer_count, kind, exit_reasons, offer_made, discretion,
                sentiment_language, sentiment_score)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"#,
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
        interaction.cost.waited,
        interaction.cost.handled,
        interaction.cost.transfers,
        kind_word(&interaction.kind),
        &reasons,
        interaction.kind.offer_made(),
        interaction.discretion.as_str(),
        interaction.sentiment.map(|told| told.language.as_str()),
        interaction.sentiment.map(|told| i16::from(told.score)),
    )
    .execute(tx)
    .await?;
    Ok(())
}
