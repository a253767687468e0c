//! Raises warnings and breaches when they come.
//!
//! Any number of these may run. A row is claimed with `for update skip locked`, and noted under a primary key of clock, kind
//! and run: two workers, a crash, or both at once still raise each once. What has come is decided by the database's time;
//! the clock of this machine decides nothing.
//!
//! A breach says that the obligation was not met in time, so this service must know what happened until then: it asks every
//! source for its head *after* the due instant and waits until it has applied that much. A source that cannot be asked, or
//! is not caught up with, holds due clocks back for the patience of the settings and no longer; a late entry corrects what
//! was raised.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, ActorKind, Classify as _, Kind, ResourceId as _};
use ledger::{Draft, Stamp, append};
use postgres::{StoreError, Tx};
use server::PeerChannel;
use sla_monitor_domain::Rule;
use tokio_util::sync::CancellationToken;
use ventanilla_proto::ledger::v1::GetHeadRequest;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::sla::v1 as proto;

use crate::grpc::present;
use crate::monitor::{Monitor, Pinned, Version};
use crate::names::{ClockId, CustomerId};
use crate::store::due::{Came, Claimed, claim, next};
use crate::store::party;

/// Another instance may have written a nearer due instant: look at least this often.
const POLL: Duration = Duration::from_secs(1);
/// Pause when what has come is held by somebody else, or waits for a source.
const HELD: Duration = Duration::from_millis(50);
/// How long one look waits for the entries of a source to be applied.
const CATCH_UP: Duration = Duration::from_millis(500);

/// The worker: what it works on, and whom it asks first.
#[derive(Clone)]
pub struct DueWorker {
    monitor: Monitor,
    sources: Arc<[(&'static str, LedgerServiceClient<PeerChannel>)]>,
}

impl DueWorker {
    /// A worker that asks these sources for their heads.
    pub fn new(monitor: Monitor, sources: Vec<(&'static str, LedgerServiceClient<PeerChannel>)>) -> Self {
        Self { monitor, sources: sources.into() }
    }

    /// Raises what comes until told to stop. A database that is away is asked again at every poll.
    ///
    /// # Errors
    /// What waiting does not heal; the supervisor starts the worker again.
    pub async fn run(self, cancel: CancellationToken) -> Result<(), StoreError> {
        while !cancel.is_cancelled() {
            let pause = match self.look().await {
                Ok(pause) => pause,
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                    tracing::warn!(error = kernel::chain(&error), "due clocks are looked at again soon");
                    POLL
                }
                Err(error) => return Err(error),
            };
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        Ok(())
    }

    /// Raises what has come; answers how long there is nothing to do.
    async fn look(&self) -> Result<Duration, StoreError> {
        Ok(match next(&self.monitor.db).await? {
            (now, Some(fires)) if fires <= now => match self.raise(now).await? {
                0 => HELD,
                _ => Duration::ZERO,
            },
            (now, Some(fires)) => POLL.min(Duration::try_from(fires.duration_since(now)).unwrap_or(POLL)),
            (_, None) => POLL,
        })
    }

    /// Raises one batch of what had come at `now`, the database's time; answers how many rows were taken.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of a failed batch stays.
    #[tracing::instrument(name = "clock.raise", skip_all, fields(raised = tracing::field::Empty))]
    async fn raise(&self, now: Timestamp) -> Result<usize, StoreError> {
        let monitor = &self.monitor;
        let patience = SignedDuration::from_millis(i64::from(monitor.due.patience_ms));
        let fired_by = if self.knows_all().await { now } else { now.checked_sub(patience).unwrap_or(now) };
        let mut tx = monitor.db.tx().await?;
        let (taken, claimed) = claim(&mut tx, monitor.due.batch, fired_by).await?;
        let (of_parties, over) = party::claim(&mut tx, monitor.due.batch, fired_by).await?;
        let taken = taken + of_parties;
        if taken == 0 {
            tx.rollback().await?;
            return Ok(0);
        }
        tracing::Span::current().record("raised", claimed.len() + over.len());
        let mut drafts: Vec<Draft> = claimed.iter().map(|claimed| draft(monitor, claimed)).collect();
        drafts.extend(self.of_parties(&mut tx, over).await?);
        append(&mut tx, &drafts).await?;
        tx.commit().await?;
        monitor.ledger.nudge();
        Ok(taken)
    }

    /// Marks time of parties that is over, and tells of it and of what is nearly over.
    async fn of_parties(&self, tx: &mut Tx, claimed: Vec<party::Claimed>) -> Result<Vec<Draft>, StoreError> {
        let (mut lapsed, mut given, mut drafts) = (Vec::new(), Vec::new(), Vec::new());
        for claimed in claimed {
            let pinned = Pinned {
                clock: claimed.clock,
                rule: &claimed.rule,
                rule_version: claimed.rule_version,
                calendar: &claimed.calendar,
                calendar_version: Version::Of(&claimed.calendar_version),
            };
            let (rule, _) = self.monitor.terms_in(tx, &pinned).await?;
            if claimed.came == Came::Breach {
                if rule.at_least { &mut given } else { &mut lapsed }.push(claimed.clock);
            }
            drafts.push(draft_of_party(&self.monitor, &claimed, &rule));
        }
        party::over(tx, &lapsed, &given).await?;
        Ok(drafts)
    }

    /// Whether everything is applied here that the sources had written down when this was called.
    async fn knows_all(&self) -> bool {
        let deadline = tokio::time::Instant::now() + CATCH_UP;
        for (source, client) in self.sources.iter() {
            let Ok(head) = client.clone().get_head(GetHeadRequest {}).await else { return false };
            let head = head.into_inner();
            // What waits for a position will get one of the next.
            let known = head.position + head.waiting_count;
            while self.monitor.standings.of(source).position < known {
                if tokio::time::Instant::now() >= deadline {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        true
    }
}

/// How an entry about a clock is stamped: in a span of its own, linked to what started the clock, maybe weeks ago. That is how a journey finds its
/// warnings.
fn stamped(span: &tracing::Span, traceparent: &str, (at, now): (Timestamp, Timestamp)) -> Stamp {
    telemetry::link(span, traceparent);
    let here = telemetry::traceparent_of(span);
    Stamp {
        actor: Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None },
        occurred_at: at,
        recorded_at: now,
        traceparent: if here.is_empty() { traceparent.to_owned() } else { here },
    }
}

fn draft_of_party(monitor: &Monitor, claimed: &party::Claimed, rule: &Rule) -> Draft {
    let clock = ClockId::from_uuid(claimed.clock).name();
    let span = tracing::info_span!("clock.party_due", clock = %clock, rule = claimed.rule.as_str());
    let stamp = stamped(&span, &claimed.traceparent, (claimed.at, claimed.now));
    let id = monitor.ambient.uuid(claimed.now);
    let customer = claimed.customer.map(|id| CustomerId::from_uuid(id).name()).unwrap_or_default();
    let (subject, stage, bearer) = (claimed.case.name(), rule.stage.clone(), present::bearer(rule.bearer).into());
    match claimed.came {
        Came::Warning(threshold) => {
            let payload = proto::PartyTermWarned {
                clock: clock.clone(),
                subject,
                customer,
                stage,
                bearer,
                threshold_percent: present::threshold(threshold).0,
                threshold_time: Some(present::time(claimed.at)),
                due_time: Some(present::time(claimed.due)),
            };
            Draft::new(id, clock, &payload, &stamp)
        }
        Came::Breach if rule.at_least => {
            let payload = proto::PartyTermSettled {
                clock: clock.clone(),
                subject,
                customer,
                stage,
                bearer,
                state: proto::ClockState::Fulfilled.into(),
                settled_time: Some(present::time(claimed.at)),
                lapse_time: None,
            };
            Draft::new(id, clock, &payload, &stamp)
        }
        Came::Breach => {
            let payload = proto::PartyTermLapsed {
                clock: clock.clone(),
                subject,
                customer,
                rule: claimed.rule.clone(),
                stage,
                bearer,
                lapse_time: Some(present::time(claimed.at)),
            };
            Draft::new(id, clock, &payload, &stamp)
        }
    }
}

fn draft(monitor: &Monitor, claimed: &Claimed) -> Draft {
    let clock = ClockId::from_uuid(claimed.clock).name();
    let span = tracing::info_span!("clock.due", clock = %clock, rule = claimed.rule.as_str(), epoch = claimed.epoch);
    let stamp = stamped(&span, &claimed.traceparent, (claimed.at, claimed.now));
    let id = monitor.ambient.uuid(claimed.now);
    let customer = claimed.customer.map(|id| CustomerId::from_uuid(id).name()).unwrap_or_default();
    match claimed.came {
        Came::Warning(threshold) => {
            let (percent, minutes) = present::threshold(threshold);
            let payload = proto::WarningRaised {
                clock: clock.clone(),
                subject: claimed.subject.clone(),
                customer,
                threshold_percent: percent,
                threshold_time: Some(present::time(claimed.at)),
                due_time: claimed.clock_due.map(present::time),
                epoch: claimed.epoch,
                lead_minutes: minutes,
            };
            Draft::new(id, clock, &payload, &stamp)
        }
        Came::Breach => {
            let payload = proto::ClockBreached {
                clock: clock.clone(),
                subject: claimed.subject.clone(),
                customer,
                rule: claimed.rule.clone(),
                breached_time: Some(present::time(claimed.at)),
                epoch: claimed.epoch,
            };
            Draft::new(id, clock, &payload, &stamp)
        }
    }
}
