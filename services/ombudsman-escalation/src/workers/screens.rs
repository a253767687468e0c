//! Takes into dossiers what they lack since customer-profile was silent when their cases were opened: the customer as they were known at that
//! instant, which it can say at any later one.
//!
//! Any number of these may run: the row is taken in the transaction that writes the paper, under the lock of the case.

use std::time::Duration;

use kernel::{Actor, ActorKind, Classify as _, Kind, ResourceId as _};
use ledger::Stamp;
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use postgres::StoreError;
use server::parse::time_to_proto;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::{Customer, GetCustomerRequest};

use crate::office::Office;
use crate::store::screen::{self, Missing};
use crate::store::{case, seats};
use crate::usecase::open_case::snapshot::screen_of_nobody;
use crate::usecase::{Bench, Paper};
use crate::{CUSTOMER_PROFILE, SOURCE};

/// Time between two looks.
const POLL: Duration = Duration::from_secs(2);
/// Dossiers that are looked after in one look.
const AT_ONCE: i64 = 20;

/// The worker.
#[derive(Clone)]
pub(crate) struct Screens {
    office: Office,
}

impl Screens {
    /// A worker of this office.
    pub(crate) const fn new(office: Office) -> Self {
        Self { office }
    }

    /// Asks until told to stop. A database that is away is asked again at the next look.
    ///
    /// # Errors
    /// What waiting does not heal; the supervisor starts the worker again.
    pub(crate) async fn run(self, cancel: CancellationToken) -> Result<(), StoreError> {
        while !cancel.is_cancelled() {
            match self.look().await {
                Ok(()) => {}
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                    tracing::warn!(error = kernel::chain(&error), "missing screens are looked for again soon");
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        Ok(())
    }

    async fn look(&self) -> Result<(), StoreError> {
        for missing in screen::missing(&self.office.db, AT_ONCE).await? {
            let paper = match self.ask(&missing).await {
                Ok(customer) => Paper::message(DossierKind::ScreenSnapshot, Visibility::Office, &customer),
                Err(Code::NotFound) => screen_of_nobody(),
                // It is silent to all of them, or to this one alone: the next look begins with another.
                Err(Code::Unavailable | Code::DeadlineExceeded) => {
                    return screen::put_back(&self.office.db, missing.case, self.office.ambient.now()).await;
                }
                Err(code) => {
                    tracing::warn!(case = %missing.case, ?code, "customer-profile refuses to say who the customer was");
                    screen::put_back(&self.office.db, missing.case, self.office.ambient.now()).await?;
                    continue;
                }
            };
            match self.take_in(&missing, paper).await {
                Ok(()) => {}
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => return Err(error),
                // What cannot be taken in holds up none of the others.
                Err(error) => {
                    let error = kernel::chain(&error);
                    tracing::warn!(case = %missing.case, error, "a missing screen is not taken in");
                    screen::put_back(&self.office.db, missing.case, self.office.ambient.now()).await?;
                }
            }
        }
        Ok(())
    }

    /// Who the customer was known as when the case was opened.
    async fn ask(&self, missing: &Missing) -> Result<Customer, Code> {
        let channel = self.office.peers.channel(CUSTOMER_PROFILE).map_err(|_| Code::Unavailable)?;
        let opened = Some(time_to_proto(missing.opened_at));
        let request = GetCustomerRequest { name: missing.customer.name(), as_of_time: opened, known_time: opened };
        let answer = CustomerServiceClient::new(channel).get_customer(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status: Status| status.code())
    }

    #[tracing::instrument(name = "dossier.take_in_screen", skip_all, fields(case = %missing.case))]
    async fn take_in(&self, missing: &Missing, paper: Paper) -> Result<(), StoreError> {
        let office = &self.office;
        let now = office.ambient.now();
        let mut tx = office.db.tx().await?;
        let Some(stored) = case::lock(&mut tx, missing.case).await? else { return tx.rollback().await };
        if !screen::found(&mut tx, missing.case).await? {
            return tx.rollback().await;
        }
        // What was destroyed meanwhile comes back by nobody.
        if !seats::is_erased(&mut tx, missing.case).await? {
            let actor = Actor { kind: ActorKind::System, id: SOURCE.to_owned(), department: None };
            let traceparent = telemetry::traceparent_of(&tracing::Span::current());
            let stamp = Stamp::of(actor.clone(), now, traceparent);
            let bench = Bench { ambient: &office.ambient, actor, stamp, now };
            bench.take_in(&mut tx, stored, paper).await?;
        }
        tx.commit().await?;
        office.ledger.nudge();
        Ok(())
    }
}
