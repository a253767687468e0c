//! Asks customer-profile what the customer of each new affair spends, since when they are one, and whether anything makes them vulnerable, so that boards and
//! the fair-service index can tell who is served how. Beside the calls and the ledgers: no affair waits for it, and what nobody can tell stays unknown.
//!
//! It is asked once, when the affair becomes known here, and stays: a board of March does not change because somebody bought something in May.

use std::time::Duration;

use futures::StreamExt as _;
use kernel::{Classify as _, Kind, ResourceId as _};
use postgres::StoreError;
use server::PeerChannel;
use sla_monitor_domain::fairness::{self, Spending};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;

use crate::monitor::Monitor;
use crate::names::CustomerId;
use crate::store::customer::{Learnt, NotAsked, learn, not_asked};

/// Affairs that are asked about in one go.
const BATCH: i64 = 100;
/// Customers that are asked about at once: a burst of affairs is nothing that calls at customer-profile are to feel.
const AT_ONCE: usize = 4;
/// Between two looks.
const POLL: Duration = Duration::from_secs(1);
/// Between two tries while customer-profile does not answer.
const SILENT: Duration = Duration::from_secs(10);
/// What was received longer ago is not asked about.
const DAYS: i32 = 7;

/// The worker.
#[derive(Clone)]
pub struct CustomerWorker {
    monitor: Monitor,
    profile: CustomerServiceClient<PeerChannel>,
}

impl CustomerWorker {
    /// A worker that asks this service.
    pub fn new(monitor: Monitor, profile: PeerChannel) -> Self {
        Self { monitor, profile: CustomerServiceClient::new(profile) }
    }

    /// Asks until told to stop.
    ///
    /// # Errors
    /// What waiting does not heal; the supervisor starts the worker again.
    pub async fn run(self, cancel: CancellationToken) -> Result<(), StoreError> {
        let mut silent = false;
        while !cancel.is_cancelled() {
            let pause = match self.look().await {
                Ok(()) => {
                    silent = false;
                    POLL
                }
                Err(Failed::Peer(code)) => {
                    if !silent {
                        tracing::warn!(?code, "customer-profile does not tell whom affairs are of; it is asked again");
                    }
                    silent = true;
                    SILENT
                }
                Err(Failed::Store(error)) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                    tracing::warn!(error = kernel::chain(&error), "whom affairs are of is asked again soon");
                    POLL
                }
                Err(Failed::Store(error)) => return Err(error),
            };
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        Ok(())
    }

    async fn look(&self) -> Result<(), Failed> {
        let affairs = not_asked(&self.monitor.db, BATCH, DAYS).await?;
        if affairs.is_empty() {
            return Ok(());
        }
        let asked = futures::stream::iter(affairs).map(|affair| self.ask(affair)).buffer_unordered(AT_ONCE);
        let (mut learnt, mut failed) = (Vec::new(), None);
        for asked in asked.collect::<Vec<_>>().await {
            match asked {
                Ok(one) => learnt.push(one),
                Err(error) => failed = Some(error),
            }
        }
        // One of whom nothing can be told holds up nobody else.
        learn(&self.monitor.db, &learnt).await?;
        failed.map_or(Ok(()), Err)
    }

    async fn ask(&self, affair: NotAsked) -> Result<Learnt, Failed> {
        let nothing = Learnt { affair: affair.affair, segment: "", tenure: "", vulnerable: false };
        if affair.too_late {
            return Ok(nothing);
        }
        let request = customer::GetCustomerViewRequest { name: CustomerId::from_uuid(affair.customer).name() };
        let view = match self.profile.clone().get_customer_view(request).await {
            Ok(view) => view.into_inner(),
            Err(status) if is_about_the_customer(&status) => return Ok(nothing),
            Err(status) => return Err(Failed::Peer(status.code())),
        };
        // Of customers who were erased or restricted, nothing is told.
        let Some(worth) = view.worth else { return Ok(nothing) };
        let since = server::parse::optional_time(
            &mut kernel::Violations::new(),
            "first_dealing_time",
            worth.first_dealing_time.as_ref(),
        );
        let tenure = since.and_then(|since| fairness::tenure(since, affair.received)).unwrap_or_default();
        let vulnerable = view.care.is_some_and(|care| is_vulnerable(&care));
        Ok(Learnt { segment: spending(worth.segment()).as_str(), tenure, vulnerable, ..nothing })
    }
}

/// Whether an answer says that there is nothing to tell, so that asking again would be told the same.
fn is_about_the_customer(status: &Status) -> bool {
    matches!(status.code(), Code::NotFound | Code::InvalidArgument | Code::FailedPrecondition | Code::Internal)
}

/// Whether they are to be served first, or declared what makes them vulnerable, as far as that may be seen. Which of these, and what, is not kept.
fn is_vulnerable(care: &customer::CareSection) -> bool {
    care.priority_right() != customer::PriorityRight::Unspecified || !care.vulnerabilities.is_empty()
}

const fn spending(segment: customer::ValueSegment) -> Spending {
    match segment {
        customer::ValueSegment::Unspecified => Spending::None,
        customer::ValueSegment::Low => Spending::Low,
        customer::ValueSegment::Middle => Spending::Middle,
        customer::ValueSegment::High => Spending::High,
    }
}

/// Why nothing was learnt.
enum Failed {
    /// The peer did not answer.
    Peer(Code),
    /// The database.
    Store(StoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
