//! Another system, which subscribed to everything: it writes down what webhooks sends it, refuses some of it at first, and is
//! held against the ledgers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use kernel::Role;
use serde_json::Value as Json;
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use uuid::Uuid;
use ventanilla_proto::webhook::v1::webhook_service_client::WebhookServiceClient;
use ventanilla_proto::webhook::v1::{CreateSubscriptionRequest, Subscription};

use super::caller::DEPARTMENT;
use super::check::{self, Fault};
use super::fleet::Fleet;
use super::load::timed;
use super::service::Service;

/// One in so many is refused after it was written down, so that it comes again.
const REFUSES: usize = 16;
/// What stands before the name of a ledger in `source`.
const SOURCE: &str = "urn:ventanilla:ledger:";

/// What came once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `webhook-id`.
    pub id: String,
    /// Ledger and position.
    pub entry: (String, i64),
    /// Where it belongs among all that is told.
    pub sequence: String,
    /// What is told in order.
    pub affair: String,
}

/// The system. Listens until it is dropped.
pub struct Subscriber {
    at: SocketAddr,
    got: Arc<Mutex<Vec<Told>>>,
    _serving: JoinSet<()>,
}

impl Subscriber {
    /// Listens on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn listen() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let at = listener.local_addr()?;
        let got = Arc::new(Mutex::default());
        let router = Router::new().fallback(take).with_state(Arc::clone(&got));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { at, got, _serving: serving })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.at
    }

    /// Subscribes to everything of every department.
    ///
    /// # Errors
    /// When webhooks refuses.
    pub async fn subscribe(&self, fleet: &Fleet, request_id: Uuid) -> anyhow::Result<()> {
        let subscription = Subscription {
            url: format!("http://{}/hook", self.at),
            event_types: vec!["*".to_owned()],
            department: DEPARTMENT.to_owned(),
            ..Subscription::default()
        };
        let request =
            CreateSubscriptionRequest { subscription: Some(subscription), request_id: request_id.to_string() };
        let mut hooks = WebhookServiceClient::new(fleet.caller(Service::Webhooks, Role::Sre)?);
        hooks.create_subscription(timed(request)).await?;
        Ok(())
    }

    /// All that came, in the order in which it came.
    pub fn got(&self) -> Vec<Told> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Holds what came against the ledgers: of what they hold after `since`, by ledger.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn check(&self, admin: &mut PgConnection, since: &BTreeMap<String, i64>) -> anyhow::Result<Vec<Fault>> {
        let after = |source: &str| since.get(source).copied().unwrap_or(0);
        let mut written = BTreeSet::new();
        for service in Service::HOLDERS {
            let question = format!("select position, type from {}.ledger where position > $1", service.schema());
            let entries: Vec<(i64, String)> =
                sqlx::query_as(AssertSqlSafe(question)).bind(after(service.name())).fetch_all(&mut *admin).await?;
            let told = entries.into_iter().filter(|(_, message)| webhooks::catalogue::kind(message).is_some());
            written.extend(told.map(|(position, _)| (service.name().to_owned(), position)));
        }
        let got: Vec<Told> = self.got().into_iter().filter(|told| told.entry.1 > after(&told.entry.0)).collect();
        Ok(faults(&written, &got))
    }
}

/// What is wrong with what came: entries that never came or that nobody wrote, several ids for one, affairs out of order.
pub fn faults(written: &BTreeSet<(String, i64)>, got: &[Told]) -> Vec<Fault> {
    let name = |(source, position): &(String, i64)| format!("{source} {position}");
    let mut by_id: BTreeMap<&str, String> = BTreeMap::new();
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    let mut faults = Vec::new();
    for told in got {
        by_id.insert(&told.id, name(&told.entry));
        let before = last.insert(&told.affair, &told.sequence);
        if before.is_some_and(|before| before > told.sequence.as_str()) {
            faults.push(Fault::Disorder { reader: "the subscriber".to_owned(), item: name(&told.entry) });
        }
    }
    let written: Vec<String> = written.iter().map(name).collect();
    faults.extend(check::reader("the subscriber", written.iter(), by_id.values()));
    faults
}

async fn take(State(got): State<Arc<Mutex<Vec<Told>>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(told) = read(&headers, &body) else { return StatusCode::BAD_REQUEST };
    let mut got = got.lock().unwrap_or_else(PoisonError::into_inner);
    let again = got.iter().rev().take(4 * REFUSES).any(|before| before.id == told.id);
    got.push(told);
    if got.len().is_multiple_of(REFUSES) && !again { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
}

fn read(headers: &HeaderMap, body: &[u8]) -> Option<Told> {
    let event: Json = serde_json::from_slice(body).ok()?;
    let text = |name: &str| event[name].as_str().map(str::to_owned);
    Some(Told {
        id: headers.get("webhook-id")?.to_str().ok()?.to_owned(),
        entry: (text("source")?.strip_prefix(SOURCE)?.to_owned(), text("position")?.parse().ok()?),
        sequence: text("sequence")?,
        affair: text("partitionkey")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(id: &str, position: i64, affair: &str) -> Told {
        let entry = ("ticketing".to_owned(), position);
        Told { id: id.to_owned(), entry, sequence: format!("{position:020}"), affair: affair.to_owned() }
    }

    fn written(positions: std::ops::RangeInclusive<i64>) -> BTreeSet<(String, i64)> {
        positions.map(|position| ("ticketing".to_owned(), position)).collect()
    }

    #[test]
    fn what_comes_twice_under_one_id_and_in_order_is_well() {
        let got = [told("a", 1, "x"), told("b", 2, "y"), told("a", 1, "x"), told("c", 3, "x")];
        assert_eq!(faults(&written(1..=3), &got), []);
    }

    #[test]
    fn what_is_lost_renamed_invented_or_out_of_order_is_seen() {
        let lost = faults(&written(1..=2), &[told("a", 1, "x")]);
        assert!(matches!(lost.as_slice(), [fault] if fault.is_loss()), "{lost:?}");
        let renamed = faults(&written(1..=1), &[told("a", 1, "x"), told("b", 1, "x")]);
        assert!(matches!(renamed.as_slice(), [fault] if fault.is_duplicate()), "{renamed:?}");
        let invented = faults(&written(1..=1), &[told("a", 1, "x"), told("b", 2, "x")]);
        assert!(matches!(invented.as_slice(), [Fault::Invented { .. }]), "{invented:?}");
        let late = faults(&written(1..=2), &[told("b", 2, "x"), told("a", 1, "x")]);
        assert!(matches!(late.as_slice(), [Fault::Disorder { .. }]), "{late:?}");
    }
}
