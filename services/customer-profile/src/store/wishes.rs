//! What customers allow, how they want to be reached, and what they declare of themselves.

use std::fmt;

use customer_profile_domain::consent::{LegalBasis, Purpose, Says, Statement};
use customer_profile_domain::{AccessClass, CustomerId, Disability, Driver, QuietHours, VulnerabilityId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, Channel, Personal, ResourceId};
use postgres::StoreError;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// A consent statement's row.
#[derive(Debug, Deserialize)]
pub(crate) struct ConsentRow {
    id: Uuid,
    purpose: String,
    channel: Option<String>,
    says: String,
    legal_basis: Option<String>,
    expires_at: Option<Timestamp>,
    said_at: Timestamp,
}

impl TryFrom<ConsentRow> for Statement {
    type Error = StoreError;

    fn try_from(row: ConsentRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("consent_statement", column, row.id);
        let basis = |word: &String| LegalBasis::stored(word).ok_or_else(|| corrupt("legal_basis"));
        let says = match (row.says.as_str(), &row.legal_basis) {
            ("give", Some(word)) => Says::Give { basis: basis(word)?, until: row.expires_at },
            ("withdraw", _) => Says::Withdraw,
            _ => return Err(corrupt("says")),
        };
        Ok(Self {
            purpose: Purpose::stored(&row.purpose).ok_or_else(|| corrupt("purpose"))?,
            channel: row.channel.as_deref().map(|word| word.parse().map_err(|_| corrupt("channel"))).transpose()?,
            said_at: row.said_at,
            says,
        })
    }
}

/// A statement to be written.
pub(crate) struct NewConsent<'a> {
    pub id: Uuid,
    pub customer: CustomerId,
    pub statement: &'a Statement,
    pub proof: &'a Personal<String>,
    pub now: Timestamp,
    pub actor: &'a Actor,
}

#[tracing::instrument(name = "db.wishes.add_consent", skip_all)]
pub(crate) async fn add_consent(tx: &mut PgConnection, new: &NewConsent<'_>) -> Result<(), StoreError> {
    let (says, basis, until) = match new.statement.says {
        Says::Give { basis, until } => ("give", Some(basis.as_str()), until),
        Says::Withdraw => ("withdraw", None, None),
    };
    sqlx::query!(
        r#"insert into customer_profile.consent_statement
               (id, customer_id, purpose, channel, says, legal_basis, expires_at, proof, said_at, recorded_at, actor_kind, actor_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"#,
        new.id,
        new.customer.uuid(),
        new.statement.purpose.as_str(),
        new.statement.channel.map(Channel::as_str),
        says,
        basis,
        until.map(|at| at.to_sqlx()) as _,
        new.proof.expose(),
        new.statement.said_at.to_sqlx() as _,
        new.now.to_sqlx() as _,
        new.actor.kind.as_str(),
        new.actor.id,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The last that the customer this id resolves to has said of a purpose, on each channel.
#[tracing::instrument(name = "db.wishes.consents", skip_all)]
pub(crate) async fn consents(
    tx: &mut PgConnection,
    customer: CustomerId,
    purpose: Purpose,
) -> Result<Vec<Statement>, StoreError> {
    let rows = sqlx::query!(
        r#"select distinct on (s.channel) s.id, s.purpose, s.channel, s.says, s.legal_basis, s.expires_at, s.said_at
           from customer_profile.customer_alias a
           join customer_profile.customer c on c.id = a.customer_id
           join customer_profile.consent_statement s on s.customer_id = any(c.ids)
           where a.id = $1 and s.purpose = $2 order by s.channel, s.said_at desc, s.says desc"#,
        customer.uuid(),
        purpose.as_str(),
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            ConsentRow {
                id: row.id,
                purpose: row.purpose,
                channel: row.channel,
                says: row.says,
                legal_basis: row.legal_basis,
                expires_at: row.expires_at.map(|at| at.to_jiff()),
                said_at: row.said_at.to_jiff(),
            }
            .try_into()
        })
        .collect()
}

/// How a customer wants to be reached.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Preferences {
    pub channel: Option<Channel>,
    pub quiet: Option<QuietHours>,
    pub said_at: Timestamp,
}

/// Its row.
#[derive(Debug, Deserialize)]
pub(crate) struct PreferenceRow {
    id: Uuid,
    preferred_channel: Option<String>,
    quiet_from: Option<String>,
    quiet_until: Option<String>,
    time_zone: Option<String>,
    said_at: Timestamp,
}

impl TryFrom<PreferenceRow> for Preferences {
    type Error = StoreError;

    fn try_from(row: PreferenceRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("contact_preference_statement", column, row.id);
        let channel = |word: &str| word.parse::<Channel>().map_err(|_| corrupt("preferred_channel"));
        let quiet = match (&row.quiet_from, &row.quiet_until, &row.time_zone) {
            (Some(from), Some(until), Some(zone)) => Some(QuietHours {
                from: from.parse().map_err(|_| corrupt("quiet_from"))?,
                until: until.parse().map_err(|_| corrupt("quiet_until"))?,
                zone: TimeZone::get(zone).map_err(|_| corrupt("time_zone"))?,
            }),
            _ => None,
        };
        Ok(Self { channel: row.preferred_channel.as_deref().map(channel).transpose()?, quiet, said_at: row.said_at })
    }
}

#[tracing::instrument(name = "db.wishes.state_preferences", skip_all)]
pub(crate) async fn state_preferences(
    tx: &mut PgConnection,
    id: Uuid,
    customer: CustomerId,
    stated: &Preferences,
    actor: &Actor,
) -> Result<(), StoreError> {
    let quiet = stated.quiet.as_ref();
    sqlx::query!(
        r#"insert into customer_profile.contact_preference_statement
               (id, customer_id, preferred_channel, quiet_from, quiet_until, time_zone, said_at, actor_kind, actor_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        id,
        customer.uuid(),
        stated.channel.map(Channel::as_str),
        quiet.map(|hours| hours.from.to_string()),
        quiet.map(|hours| hours.until.to_string()),
        quiet.and_then(|hours| hours.zone.iana_name()),
        stated.said_at.to_sqlx() as _,
        actor.kind.as_str(),
        actor.id,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What a statement tells of declared disabilities: 2 when one may be named to whoever serves, 1 when there is one.
pub(crate) fn disability(told: Option<i32>) -> Option<Disability> {
    told.map(|told| Disability { may_be_named: told >= 2 })
}

/// A declared vulnerability.
#[derive(Debug, Clone)]
pub(crate) struct Vulnerability {
    pub id: VulnerabilityId,
    pub customer: CustomerId,
    pub driver: Driver,
    pub need: Personal<String>,
    pub access_class: AccessClass,
    pub declared_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// Its row.
#[derive(Deserialize)]
pub(crate) struct VulnerabilityRow {
    id: Uuid,
    customer_id: Uuid,
    driver: String,
    need: String,
    access_class: String,
    declared_at: Timestamp,
    expires_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
}

/// Without what is personal.
impl fmt::Debug for VulnerabilityRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VulnerabilityRow").field("id", &self.id).finish_non_exhaustive()
    }
}

impl TryFrom<VulnerabilityRow> for Vulnerability {
    type Error = StoreError;

    fn try_from(row: VulnerabilityRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("vulnerability", column, row.id);
        Ok(Self {
            id: VulnerabilityId::from_uuid(row.id),
            customer: CustomerId::from_uuid(row.customer_id),
            driver: Driver::stored(&row.driver).ok_or_else(|| corrupt("driver"))?,
            need: row.need.into(),
            access_class: AccessClass::stored(&row.access_class).ok_or_else(|| corrupt("access_class"))?,
            declared_at: row.declared_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
        })
    }
}

#[tracing::instrument(name = "db.wishes.declare", skip_all)]
pub(crate) async fn declare(tx: &mut PgConnection, new: &Vulnerability, actor: &Actor) -> Result<(), StoreError> {
    sqlx::query!(
        r#"insert into customer_profile.vulnerability
               (id, customer_id, driver, need, access_class, declared_at, expires_at, actor_kind, actor_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        new.id.uuid(),
        new.customer.uuid(),
        new.driver.as_str(),
        new.need.expose(),
        new.access_class.as_str(),
        new.declared_at.to_sqlx() as _,
        new.expires_at.map(|at| at.to_sqlx()) as _,
        actor.kind.as_str(),
        actor.id,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends a declaration, unless it had ended; answers it as it stands, and whether this ended it.
#[tracing::instrument(name = "db.wishes.end", skip_all)]
pub(crate) async fn end(
    tx: &mut PgConnection,
    id: VulnerabilityId,
    now: Timestamp,
) -> Result<Option<(Vulnerability, bool)>, StoreError> {
    let row = sqlx::query!(
        r#"with known as (
               select * from customer_profile.vulnerability where id = $1 for update
           ), ended as (
               update customer_profile.vulnerability v set ended_at = $2 from known where v.id = known.id and known.ended_at is null
               returning v.ended_at
           )
           select k.id, k.customer_id, k.driver, k.need, k.access_class, k.declared_at, k.expires_at,
                  coalesce(k.ended_at, e.ended_at) as ended_at, e.ended_at is not null as "now_ended!"
           from known k left join ended e on true"#,
        id.uuid(),
        now.to_sqlx() as _,
    )
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let known = VulnerabilityRow {
        id: row.id,
        customer_id: row.customer_id,
        driver: row.driver,
        need: row.need,
        access_class: row.access_class,
        declared_at: row.declared_at.to_jiff(),
        expires_at: row.expires_at.map(|at| at.to_jiff()),
        ended_at: row.ended_at.map(|at| at.to_jiff()),
    };
    Ok(Some((known.try_into()?, row.now_ended)))
}
