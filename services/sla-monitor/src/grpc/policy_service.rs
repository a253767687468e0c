//! `PolicyService`: convert, call, convert.

use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use kernel::Classify;
use server::{Call, run_to_end, status};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;
use ventanilla_proto::sla::v1 as proto;
use ventanilla_proto::sla::v1::policy_service_server::PolicyService;

use super::convert::policy as convert;
use super::present;
use super::present::policy as told;
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::usecase::get_calendar::list_calendars;
use crate::usecase::get_policy::{Obligation, list_versions};
use crate::usecase::put_calendar::put_calendar;
use crate::usecase::replay_clocks::{Under, replay_clocks};
use crate::usecase::simulate_policy::{prepare, simulate_policy};
use crate::usecase::write_policy::{activate_policy, put_policy, withdraw_policy};

/// Items that wait for who reads slowly.
const WAITING_ITEMS: usize = 16;

/// The gRPC face of this service for what the house measures of its own.
pub struct PolicyApi {
    monitor: Monitor,
}

impl PolicyApi {
    /// The face of this monitor.
    pub const fn new(monitor: Monitor) -> Self {
        Self { monitor }
    }
}

type Items<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn refused(error: impl Classify) -> Status {
    status(&error)
}

/// A change: parsed, then run to its end whatever the client does.
async fn change<Q, P, T, F>(
    monitor: &Monitor,
    request: Request<Q>,
    parse: impl FnOnce(&Q) -> Result<P, Failure>,
    run: impl FnOnce(Monitor, Call, P) -> F,
) -> Result<Response<T>, Status>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let call = Call::of(&request);
    let parsed = parse(request.get_ref()).map_err(refused)?;
    run_to_end(run(monitor.clone(), call, parsed)).await.map(Response::new)
}

/// The items of something that takes long, as they come: it goes on in a task of its own, and ends when nobody reads any more.
fn told_as_it_goes<I, T, F>(
    run: impl FnOnce(tokio::sync::mpsc::Sender<Result<I, Failure>>) -> F,
    tell: impl Fn(I) -> T + Send + 'static,
) -> Response<Items<T>>
where
    I: Send + 'static,
    T: Send + 'static,
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let (sender, receiver) = tokio::sync::mpsc::channel(WAITING_ITEMS);
    let run = run(sender.clone());
    let task = async move {
        if let Err(error) = run.await {
            // Nobody is left to be told when this cannot be.
            let _ = sender.send(Err(error)).await;
        }
    };
    tokio::spawn(task.in_current_span());
    Response::new(Box::pin(ReceiverStream::new(receiver).map(move |item| item.map(&tell).map_err(refused))))
}

#[tonic::async_trait]
impl PolicyService for PolicyApi {
    async fn put_policy(&self, request: Request<proto::PutPolicyRequest>) -> Result<Response<proto::Policy>, Status> {
        let run = |monitor, call, new| async move { put_policy(&monitor, &call, new).await };
        change(&self.monitor, request, convert::put_policy, run).await
    }

    async fn activate_policy(
        &self,
        request: Request<proto::ActivatePolicyRequest>,
    ) -> Result<Response<proto::Policy>, Status> {
        let run = |monitor, call, turned| async move { activate_policy(&monitor, &call, turned).await };
        change(&self.monitor, request, convert::activate, run).await
    }

    async fn withdraw_policy(
        &self,
        request: Request<proto::WithdrawPolicyRequest>,
    ) -> Result<Response<proto::Policy>, Status> {
        let run = |monitor, call, turned| async move { withdraw_policy(&monitor, &call, turned).await };
        change(&self.monitor, request, convert::withdraw, run).await
    }

    async fn list_policy_versions(
        &self,
        request: Request<proto::ListPolicyVersionsRequest>,
    ) -> Result<Response<proto::ListPolicyVersionsResponse>, Status> {
        let request = request.into_inner();
        let page = convert::versions(&request).map_err(refused)?;
        let all = list_versions(&self.monitor, &page.id).await.map_err(refused)?;
        let below: Vec<&Obligation> = all.iter().filter(|version| version.rule().version < page.below).collect();
        let shown = below.get(..page.size).unwrap_or(&below);
        let next = shown.last().filter(|_| below.len() > page.size).map(|last| last.rule().version);
        let law = self.monitor.law();
        let policies = shown.iter().map(|version| present::obligation(version, law.default_calendar())).collect();
        let next_page_token = convert::versions_token(&request, next);
        Ok(Response::new(proto::ListPolicyVersionsResponse { policies, next_page_token }))
    }

    type SimulatePolicyStream = Items<proto::SimulatePolicyResponse>;

    async fn simulate_policy(
        &self,
        request: Request<proto::SimulatePolicyRequest>,
    ) -> Result<Response<Self::SimulatePolicyStream>, Status> {
        let trial = convert::simulate(request.get_ref(), self.monitor.ambient.now()).map_err(refused)?;
        let policy = prepare(&self.monitor, &trial).await.map_err(refused)?;
        let monitor = self.monitor.clone();
        let calendar = monitor.law().default_calendar().to_owned();
        let run = |tell| simulate_policy(monitor, trial, policy, tell);
        Ok(told_as_it_goes(run, move |item| told::simulation(item, &calendar)))
    }

    type ReplayClocksStream = Items<proto::ReplayClocksResponse>;

    async fn replay_clocks(
        &self,
        request: Request<proto::ReplayClocksRequest>,
    ) -> Result<Response<Self::ReplayClocksStream>, Status> {
        let now = self.monitor.now().await.map_err(refused)?;
        let span = convert::replay(request.get_ref(), now).map_err(refused)?;
        let under =
            Under { newest_calendars: request.get_ref().newest_calendars, present_law: request.get_ref().present_law };
        let monitor = self.monitor.clone();
        Ok(told_as_it_goes(|tell| replay_clocks(monitor, span, under, tell), told::replay))
    }

    async fn put_calendar(
        &self,
        request: Request<proto::PutCalendarRequest>,
    ) -> Result<Response<proto::Calendar>, Status> {
        let run = |monitor, call, new| async move { put_calendar(&monitor, &call, new).await };
        change(&self.monitor, request, convert::put_calendar, run).await
    }

    async fn list_calendars(
        &self,
        request: Request<proto::ListCalendarsRequest>,
    ) -> Result<Response<proto::ListCalendarsResponse>, Status> {
        let request = request.into_inner();
        let page = convert::calendars(&request).map_err(refused)?;
        let (found, next) = list_calendars(&self.monitor, &page).await.map_err(refused)?;
        let without_days = |calendar: proto::Calendar| proto::Calendar {
            holidays: Vec::new(),
            exceptions: Vec::new(),
            weekly_intervals: Vec::new(),
            ..calendar
        };
        let calendars = found.iter().map(|calendar| without_days(present::calendar(calendar, None))).collect();
        let next_page_token = convert::calendars_token(&request, next);
        Ok(Response::new(proto::ListCalendarsResponse { calendars, next_page_token }))
    }
}
