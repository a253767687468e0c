//! `SlaService`: convert, call, convert.

use std::pin::Pin;

use futures::{Stream, StreamExt as _, future};
use server::status;
use tonic::{Request, Response, Status};
use ventanilla_proto::sla::v1 as proto;
use ventanilla_proto::sla::v1::sla_service_server::SlaService;

use super::{change, convert, present};
use crate::monitor::Monitor;
use crate::usecase::explain_clock::explain_clock;
use crate::usecase::forecast_resolution::forecast_resolution;
use crate::usecase::get_board::get_board;
use crate::usecase::get_calendar::get_calendar;
use crate::usecase::get_clock::get_clock;
use crate::usecase::get_policy::get_policy;
use crate::usecase::list_clocks::list_clocks;
use crate::usecase::list_policies::list_policies;
use crate::usecase::preview_due::preview_due;
use crate::usecase::watch_board::watch_board;
use crate::usecase::watch_clocks::{Told, watch_clocks};

/// The gRPC face of this service.
pub struct SlaApi {
    monitor: Monitor,
}

impl SlaApi {
    /// The face of this monitor.
    pub const fn new(monitor: Monitor) -> Self {
        Self { monitor }
    }
}

type Boards = Pin<Box<dyn Stream<Item = Result<proto::Board, Status>> + Send>>;
type Changes = Pin<Box<dyn Stream<Item = Result<proto::WatchClocksResponse, Status>> + Send>>;

#[tonic::async_trait]
impl SlaService for SlaApi {
    async fn list_policies(
        &self,
        request: Request<proto::ListPoliciesRequest>,
    ) -> Result<Response<proto::ListPoliciesResponse>, Status> {
        let request = request.into_inner();
        let page = convert::policies(&request).map_err(|e| status(&e))?;
        let (found, next) = list_policies(&self.monitor, &page).await.map_err(|e| status(&e))?;
        let law = self.monitor.law();
        let policies = found.iter().map(|policy| present::obligation(policy, law.default_calendar())).collect();
        let next_page_token = convert::policies_token(&request, next);
        Ok(Response::new(proto::ListPoliciesResponse { policies, next_page_token }))
    }

    async fn get_policy(&self, request: Request<proto::GetPolicyRequest>) -> Result<Response<proto::Policy>, Status> {
        let (id, version) = convert::get_policy(request.get_ref()).map_err(|e| status(&e))?;
        let policy = get_policy(&self.monitor, &id, version).await.map_err(|e| status(&e))?;
        Ok(Response::new(present::obligation(&policy, self.monitor.law().default_calendar())))
    }

    async fn get_calendar(
        &self,
        request: Request<proto::GetCalendarRequest>,
    ) -> Result<Response<proto::Calendar>, Status> {
        let (id, version) = convert::get_calendar(request.get_ref()).map_err(|e| status(&e))?;
        let (calendar, house) = get_calendar(&self.monitor, &id, &version).await.map_err(|e| status(&e))?;
        Ok(Response::new(present::calendar(&calendar, house)))
    }

    async fn list_clocks(
        &self,
        request: Request<proto::ListClocksRequest>,
    ) -> Result<Response<proto::ListClocksResponse>, Status> {
        let request = request.into_inner();
        let page = convert::clocks(&request).map_err(|e| status(&e))?;
        let (clocks, next) = list_clocks(&self.monitor, page).await.map_err(|e| status(&e))?;
        let clocks = clocks.into_iter().map(present::clock).collect();
        let next_page_token = convert::clocks_token(&request, next);
        Ok(Response::new(proto::ListClocksResponse { clocks, next_page_token }))
    }

    async fn get_clock(&self, request: Request<proto::GetClockRequest>) -> Result<Response<proto::Clock>, Status> {
        let id = convert::clock_name(&request.get_ref().name).map_err(|e| status(&e))?;
        let clock = get_clock(&self.monitor, id).await.map_err(|e| status(&e))?;
        Ok(Response::new(present::clock(clock)))
    }

    async fn explain_clock(
        &self,
        request: Request<proto::ExplainClockRequest>,
    ) -> Result<Response<proto::ExplainClockResponse>, Status> {
        let id = convert::clock_name(&request.get_ref().name).map_err(|e| status(&e))?;
        let (clock, proof) = explain_clock(&self.monitor, id).await.map_err(|e| status(&e))?;
        let proof = Some(present::proof(proof, &clock.rule));
        Ok(Response::new(proto::ExplainClockResponse { clock: Some(present::clock(clock)), proof }))
    }

    async fn preview_due(
        &self,
        request: Request<proto::PreviewDueRequest>,
    ) -> Result<Response<proto::PreviewDueResponse>, Status> {
        let asked = convert::preview(request.get_ref()).map_err(|e| status(&e))?;
        let (policy, proof) = preview_due(&self.monitor, asked).await.map_err(|e| status(&e))?;
        let due_time = proof.due.map(present::time);
        Ok(Response::new(proto::PreviewDueResponse { due_time, proof: Some(present::proof(proof, policy.rule())) }))
    }

    async fn forecast_resolution(
        &self,
        request: Request<proto::ForecastResolutionRequest>,
    ) -> Result<Response<proto::Forecast>, Status> {
        let now = self.monitor.now().await.map_err(|e| status(&e))?;
        let asked = convert::forecast(request.get_ref(), now).map_err(|e| status(&e))?;
        let told = forecast_resolution(&self.monitor, &asked, now).await.map_err(|e| status(&e))?;
        Ok(Response::new(present::forecast(asked.percent, &told)))
    }

    async fn get_board(&self, request: Request<proto::GetBoardRequest>) -> Result<Response<proto::Board>, Status> {
        let window = convert::window(request.get_ref()).map_err(|e| status(&e))?;
        let figured = get_board(&self.monitor, &window).await.map_err(|e| status(&e))?;
        Ok(Response::new(present::board(figured, &window)))
    }

    type WatchBoardStream = Boards;

    async fn watch_board(
        &self,
        request: Request<proto::WatchBoardRequest>,
    ) -> Result<Response<Self::WatchBoardStream>, Status> {
        let window = convert::watch_window(request.get_ref()).map_err(|e| status(&e))?;
        let boards = watch_board(&self.monitor, window.clone()).await.map_err(|e| status(&e))?;
        let told = boards
            .map(move |board| board.map(|figured| present::board((*figured).clone(), &window)).map_err(|e| status(&e)));
        Ok(Response::new(Box::pin(told)))
    }

    type WatchClocksStream = Changes;

    async fn watch_clocks(
        &self,
        request: Request<proto::WatchClocksRequest>,
    ) -> Result<Response<Self::WatchClocksStream>, Status> {
        let watch = convert::watch(request.into_inner()).map_err(|e| status(&e))?;
        let told = watch_clocks(&self.monitor, watch.after).await.map_err(|e| status(&e))?;
        let ambient = self.monitor.ambient.clone();
        let answers = told.filter_map(move |told| {
            let answer = match told {
                Ok(Told::Entry(entry)) => change::change(&entry, &watch).map(|change| {
                    let item = Some(proto::watch_clocks_response::Item::Change(change));
                    Ok(proto::WatchClocksResponse { position: entry.position, item })
                }),
                Ok(Told::CaughtUp(position)) => {
                    let heartbeat = proto::ClockHeartbeat { as_of_time: Some(present::time(ambient.now())) };
                    let item = Some(proto::watch_clocks_response::Item::Heartbeat(heartbeat));
                    Some(Ok(proto::WatchClocksResponse { position, item }))
                }
                Err(error) => Some(Err(status(&error))),
            };
            future::ready(answer)
        });
        Ok(Response::new(Box::pin(answers)))
    }
}
