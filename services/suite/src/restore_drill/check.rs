//! Looking at what was restored.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kernel::{Ambient, Role};
use ledger::Ledger;
use ledger::archive::{self, Archive};
use ledger::checkpoint::{self, Notary};
use ledger::verify::verify_all;
use postgres::{Db, Settings};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tonic::Request;
use ventanilla_proto::customer::v1::GetCustomerRequest;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::ledger::v1::GetHeadRequest;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;

use crate::client::Target;
use crate::services::Service;
use crate::suite::Suite;

use super::load::Forgotten;
use super::places::Places;
use super::verdict::{self, Held};

/// How long a service may take to answer.
const ANSWERS: Duration = Duration::from_secs(60);
/// How long ledgers and stored answers may take to forget as well.
const FORGETS: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Signs where each ledger stands now, as the services do every minute.
pub async fn sign(suite: &Suite, ambient: &Ambient) -> anyhow::Result<()> {
    for service in Service::ALL {
        let db = db(suite, service).await?;
        let ledger = Ledger::open(db.clone(), service.name());
        let folder = suite.folder.at("checkpoints");
        let notary = Notary::new(ledger, ambient.clone(), Arc::clone(&suite.keys.ledger), folder);
        notary.sign(notary.resume()?).await?;
        db.close(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// The schema of a service, as its owner reaches it.
pub async fn db(suite: &Suite, service: Service) -> anyhow::Result<Db> {
    let settings = Settings { max_connections: 2, ..Settings::new(suite.database_url(), service.schema()) };
    Db::connect(&settings).await.with_context(|| format!("the schema of {} cannot be opened", service.name()))
}

/// Waits until every service answers out of its database.
pub async fn all_answer(suite: &Suite, ambient: &Ambient) -> anyhow::Result<()> {
    let target = Target::of(suite);
    let auditor = target.caller(Role::Auditor, Some("drill-auditor"), None, ambient)?;
    let deadline = Instant::now() + ANSWERS;
    for service in Service::ALL {
        let mut ledger = LedgerServiceClient::new(auditor.on(&target.connect(service)?));
        while let Err(status) = ledger.get_head(Request::new(GetHeadRequest {})).await {
            anyhow::ensure!(Instant::now() < deadline, "{} does not answer: {}", service.name(), status.message());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
    Ok(())
}

/// The state in which the person that was erased is shown to the first who asks for them.
pub async fn who_is_asked_for(suite: &Suite, forgotten: &Forgotten, ambient: &Ambient) -> anyhow::Result<String> {
    let target = Target::of(suite);
    let agent = target.caller(Role::Agent, Some("drill-agent"), Some("billing"), ambient)?;
    let mut customers = CustomerServiceClient::new(agent.on(&target.connect(Service::CustomerProfile)?));
    let request = GetCustomerRequest { name: forgotten.customer.clone(), ..GetCustomerRequest::default() };
    Ok(match customers.get_customer(request).await {
        Ok(customer) => customer.into_inner().state().as_str_name().to_owned(),
        Err(status) => format!("{:?}", status.code()),
    })
}

/// The tables that hold the person's word, in whatever column.
pub async fn words_of(database_url: &str, forgotten: &Forgotten) -> anyhow::Result<Vec<String>> {
    let mut admin = PgConnection::connect(database_url).await?;
    let schemas = Service::ALL.map(|service| service.schema().to_owned()).to_vec();
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = any($1) and c.relkind in ('r', 'p') order by 1",
    )
    .bind(schemas)
    .fetch_all(&mut admin)
    .await?;
    let plain = format!("%{}%", forgotten.word);
    // Bytes are shown in hex.
    let hexed = format!("%{}%", hex::encode(&forgotten.word));
    let mut found = Vec::new();
    for table in tables {
        let question = format!("select exists (select from {table} t where t::text like $1 or t::text like $2)");
        let there: bool =
            sqlx::query_scalar(AssertSqlSafe(question)).bind(&plain).bind(&hexed).fetch_one(&mut admin).await?;
        if there {
            found.push(table);
        }
    }
    admin.close().await?;
    Ok(found)
}

/// Waits until no table holds the person's word, and gives those that still do when it took too long.
pub async fn until_forgotten(suite: &Suite, forgotten: &Forgotten) -> anyhow::Result<Vec<String>> {
    let deadline = Instant::now() + FORGETS;
    loop {
        let left = words_of(suite.database_url(), forgotten).await?;
        if left.is_empty() || Instant::now() > deadline {
            return Ok(left);
        }
        tokio::time::sleep(LOOK_AGAIN * 4).await;
    }
}

/// Where each ledger ends, in the order of the services: asked before anybody writes to what was restored.
pub async fn ends(database_url: &str) -> anyhow::Result<Vec<i64>> {
    let mut admin = PgConnection::connect(database_url).await?;
    let mut ends = Vec::new();
    for service in Service::ALL {
        let question = format!("select position from {}.ledger_head", service.schema());
        ends.push(sqlx::query_scalar(AssertSqlSafe(question)).fetch_one(&mut admin).await?);
    }
    admin.close().await?;
    Ok(ends)
}

/// Each ledger, with its archived months, against the checkpoints that were kept outside the database. What came since it was restored is not what they are
/// about.
pub async fn ledgers(suite: &Suite, places: &Places, ends: &[i64]) -> anyhow::Result<Vec<Held>> {
    let keys = suite.keys.ledger_public();
    let mut held = Vec::new();
    for (service, end) in Service::ALL.into_iter().zip(ends) {
        let source = service.name();
        let signed = checkpoint::read(&checkpoint::file_of(&places.before().join("checkpoints"), source))?;
        let db = db(suite, service).await?;
        let (within, beyond) = verdict::split(&signed, *end);
        let manifests = archive::read(&archive::manifests_of(&places.after().join("checkpoints"), source))?;
        let archive = Archive { manifests, folder: Some(places.months()) };
        let verdict = verify_all(&db, source, &within, &keys, &archive).await?;
        held.push(verdict::held(source, &verdict, *end, &beyond));
        db.close(Duration::from_secs(1)).await;
    }
    Ok(held)
}

/// Everything the load makes that is there.
pub async fn present(database_url: &str) -> anyhow::Result<BTreeSet<String>> {
    let mut admin = PgConnection::connect(database_url).await?;
    let names: Vec<String> = sqlx::query_scalar(
        "select 'sourceRecords/' || id from customer_profile.source_record
         union all select 'tickets/' || ticket_id from ticketing.ticket
         union all select 'tickets/' || ticket_id || '/messages/' || message_id from ticketing.message",
    )
    .fetch_all(&mut admin)
    .await?;
    admin.close().await?;
    Ok(names.into_iter().collect())
}
