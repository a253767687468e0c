//! Waiting until everything came to rest: nothing to be sequenced, every follower at its source's head, nothing to be told.

use std::time::{Duration, Instant};

use serde::Serialize;
use sqlx::{AssertSqlSafe, PgConnection};

use super::check::Fault;
use super::service::Service;

/// Where all ledgers stood at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rest {
    /// Entries by ledger.
    pub heads: Vec<(String, i64)>,
}

/// Who follows whom at least, when both run; more is found in the cursors.
const FOLLOWERS: [(Service, Service); 7] = [
    (Service::CustomerProfile, Service::Ticketing),
    (Service::CustomerProfile, Service::SlaMonitor),
    (Service::SlaMonitor, Service::Ticketing),
    (Service::Webhooks, Service::CustomerProfile),
    (Service::Webhooks, Service::Ticketing),
    (Service::Webhooks, Service::SlaMonitor),
    (Service::Webhooks, Service::OmbudsmanEscalation),
];

/// Waits until two looks in a row find nothing under way.
///
/// # Errors
/// When the database cannot be read. A wait that is too long is no error but a [`Fault`].
pub async fn wait(
    admin: &mut PgConnection,
    services: &[Service],
    limit: Duration,
) -> anyhow::Result<Result<Rest, Vec<Fault>>> {
    let deadline = Instant::now() + limit;
    let mut before = None;
    loop {
        let (rest, unrest) = look(admin, services).await?;
        if unrest.is_empty() {
            if before.as_ref() == Some(&rest) {
                return Ok(Ok(rest));
            }
            before = Some(rest);
        } else {
            before = None;
            if Instant::now() > deadline {
                return Ok(Err(unrest.into_iter().map(Fault::Unrest).collect()));
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn look(admin: &mut PgConnection, services: &[Service]) -> anyhow::Result<(Rest, Vec<String>)> {
    let mut unrest = Vec::new();
    let mut heads = Vec::new();
    for service in services {
        let (name, schema) = (service.name(), service.schema());
        let question = format!(
            "select position, (select count(*) from {schema}.ledger_inbox), (select count(*) from {schema}.ledger_parked)
             from {schema}.ledger_head"
        );
        let (head, waiting, parked): (i64, i64, i64) =
            sqlx::query_as(AssertSqlSafe(question)).fetch_one(&mut *admin).await?;
        if waiting > 0 {
            unrest.push(format!("{waiting} entries of {name} wait for a position"));
        }
        if parked > 0 {
            unrest.push(format!("{parked} entries are parked in {name}"));
        }
        heads.push((name.to_owned(), head));
    }
    if services.contains(&Service::Webhooks) {
        let question = "select (select count(*) from webhooks.unspread)
                             + (select count(*) from webhooks.delivery where state = 'waiting')";
        let untold: i64 = sqlx::query_scalar(question).fetch_one(&mut *admin).await?;
        if untold > 0 {
            unrest.push(format!("{untold} events are not told yet"));
        }
    }
    for service in services {
        let question = format!("select source, position from {}.ledger_cursor", service.schema());
        let cursors: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(question)).fetch_all(&mut *admin).await?;
        for (source, head) in heads.iter().filter(|(source, _)| source != service.name()) {
            let cursor = cursors.iter().find(|(name, _)| name == source).map(|(_, position)| *position);
            let must = FOLLOWERS.iter().any(|(who, whom)| who == service && whom.name() == source);
            let at = cursor.unwrap_or(if must { 0 } else { *head });
            if at != *head {
                unrest.push(format!("{} is at {at} of {head} of {source}", service.name()));
            }
        }
    }
    Ok((Rest { heads }, unrest))
}
