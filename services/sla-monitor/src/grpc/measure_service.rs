//! `MeasureService`: convert, call, convert.

use std::pin::Pin;

use futures::{Stream, stream};
use server::{Call, run_to_end, status};
use sla_monitor_domain::figures::supervisor_due;
use tonic::{Request, Response, Status};
use ventanilla_proto::sla::v1 as proto;
use ventanilla_proto::sla::v1::measure_service_server::MeasureService;

use super::{convert, convert_measure, export, present_measure};
use crate::monitor::Monitor;
use crate::usecase::evaluate::preview_evaluation;
use crate::usecase::explain_call::explain_call;
use crate::usecase::forecast_breach::forecast_breach;
use crate::usecase::get_board::get_board;
use crate::usecase::get_calibration::get_calibration;
use crate::usecase::get_evaluation::{get_evaluation, get_evaluation_document};
use crate::usecase::get_fairness::get_fairness;
use crate::usecase::get_service_parameters::get_service_parameters;
use crate::usecase::publish_evaluation::publish_evaluation;
use crate::usecase::record_calls::record_calls;

/// The gRPC face of what is measured.
pub struct MeasureApi {
    monitor: Monitor,
}

impl MeasureApi {
    /// The face of this monitor.
    pub const fn new(monitor: Monitor) -> Self {
        Self { monitor }
    }
}

type Parts = Pin<Box<dyn Stream<Item = Result<proto::ExportBoardResponse, Status>> + Send>>;

#[tonic::async_trait]
impl MeasureService for MeasureApi {
    async fn record_calls(
        &self,
        request: Request<proto::RecordCallsRequest>,
    ) -> Result<Response<proto::RecordCallsResponse>, Status> {
        let (caller, monitor) = (Call::of(&request), self.monitor.clone());
        let law = monitor.law();
        let owed = |department: &str, asked| supervisor_due(law.calendar_of(department), asked).ok();
        let new = convert_measure::calls(request.get_ref(), monitor.ambient.now(), &owed).map_err(|e| status(&e))?;
        let recorded = run_to_end(async move { record_calls(&monitor, &caller, new).await }).await?;
        Ok(Response::new(recorded))
    }

    async fn get_service_parameters(
        &self,
        request: Request<proto::GetServiceParametersRequest>,
    ) -> Result<Response<proto::ServiceParameters>, Status> {
        let period = convert_measure::parameters(request.get_ref()).map_err(|e| status(&e))?;
        let told = get_service_parameters(&self.monitor, &period).await.map_err(|e| status(&e))?;
        Ok(Response::new(present_measure::parameters(told, &period)))
    }

    async fn explain_call(
        &self,
        request: Request<proto::ExplainCallRequest>,
    ) -> Result<Response<proto::CallExplanation>, Status> {
        let name = convert_measure::call_name(request.get_ref()).map_err(|e| status(&e))?;
        let told = explain_call(&self.monitor, &name).await.map_err(|e| status(&e))?;
        Ok(Response::new(present_measure::call(&name, told)))
    }

    async fn get_fairness(
        &self,
        request: Request<proto::GetFairnessRequest>,
    ) -> Result<Response<proto::Fairness>, Status> {
        let (from, to) = convert_measure::fairness(request.get_ref()).map_err(|e| status(&e))?;
        let told = get_fairness(&self.monitor, from, to).await.map_err(|e| status(&e))?;
        Ok(Response::new(present_measure::fairness(&told, from, to)))
    }

    async fn get_calibration(
        &self,
        request: Request<proto::GetCalibrationRequest>,
    ) -> Result<Response<proto::CalibrationReport>, Status> {
        let asked = convert_measure::calibration(request.get_ref()).map_err(|e| status(&e))?;
        let told = get_calibration(&self.monitor, &asked).await.map_err(|e| status(&e))?;
        Ok(Response::new(present_measure::calibration(&told, &asked)))
    }

    async fn forecast_breach(
        &self,
        request: Request<proto::ForecastBreachRequest>,
    ) -> Result<Response<proto::BreachForecast>, Status> {
        let id = convert::clock_name(&request.get_ref().name).map_err(|e| status(&e))?;
        let told = forecast_breach(&self.monitor, id).await.map_err(|e| status(&e))?;
        Ok(Response::new(present_measure::breach(id, &told)))
    }

    type ExportBoardStream = Parts;

    async fn export_board(
        &self,
        request: Request<proto::ExportBoardRequest>,
    ) -> Result<Response<Self::ExportBoardStream>, Status> {
        let (window, format) = convert_measure::export(request.get_ref()).map_err(|e| status(&e))?;
        let figured = get_board(&self.monitor, &window).await.map_err(|e| status(&e))?;
        let parts = export::parts(figured, &window, format);
        Ok(Response::new(Box::pin(stream::iter(parts.into_iter().map(Ok)))))
    }

    async fn preview_evaluation(
        &self,
        request: Request<proto::PreviewEvaluationRequest>,
    ) -> Result<Response<proto::Evaluation>, Status> {
        let year = convert_measure::preview(request.get_ref()).map_err(|e| status(&e))?;
        Ok(Response::new(preview_evaluation(&self.monitor, year).await.map_err(|e| status(&e))?))
    }

    async fn publish_evaluation(
        &self,
        request: Request<proto::PublishEvaluationRequest>,
    ) -> Result<Response<proto::Evaluation>, Status> {
        let (caller, monitor) = (Call::of(&request), self.monitor.clone());
        let new = convert_measure::publication(request.get_ref()).map_err(|e| status(&e))?;
        let published = run_to_end(async move { publish_evaluation(&monitor, &caller, new).await }).await?;
        Ok(Response::new(published))
    }

    async fn get_evaluation(
        &self,
        request: Request<proto::GetEvaluationRequest>,
    ) -> Result<Response<proto::Evaluation>, Status> {
        let (year, version) = convert_measure::evaluation(request.get_ref()).map_err(|e| status(&e))?;
        Ok(Response::new(get_evaluation(&self.monitor, year, version).await.map_err(|e| status(&e))?))
    }

    async fn get_evaluation_document(
        &self,
        request: Request<proto::GetEvaluationDocumentRequest>,
    ) -> Result<Response<proto::EvaluationDocument>, Status> {
        let (which, language) = convert_measure::document(request.get_ref()).map_err(|e| status(&e))?;
        Ok(Response::new(get_evaluation_document(&self.monitor, which, language).await.map_err(|e| status(&e))?))
    }
}
