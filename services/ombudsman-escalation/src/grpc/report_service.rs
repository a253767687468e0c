//! The generated service of reports, told into use cases: convert, call, convert.

use std::pin::Pin;

use futures::{Stream, stream};
use server::{Call, run_to_end, status};
use tonic::{Request, Response, Status};
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::report_service_server::ReportService;

use super::{convert, report_file};
use crate::office::Office;
use crate::usecase;

/// The gRPC face of reports.
pub struct Service {
    office: Office,
}

impl Service {
    /// Serves this office.
    pub const fn new(office: Office) -> Self {
        Self { office }
    }
}

type Answer<T> = Result<Response<T>, Status>;
type Parts = Pin<Box<dyn Stream<Item = Result<pb::ExportYearlyReportResponse, Status>> + Send>>;

#[tonic::async_trait]
impl ReportService for Service {
    async fn get_yearly_report(&self, request: Request<pb::GetYearlyReportRequest>) -> Answer<pb::YearlyReport> {
        let query = convert::report(request.get_ref()).map_err(|violations| status(&violations))?;
        let report = usecase::get_yearly_report::run(self.office.clone(), query).await;
        report.map(Response::new).map_err(|failure| status(&failure))
    }

    async fn get_yearly_report_document(
        &self,
        request: Request<pb::GetYearlyReportDocumentRequest>,
    ) -> Answer<pb::ReportDocument> {
        let filed = convert::report_document(request.get_ref()).map_err(|violations| status(&violations))?;
        let report = usecase::get_yearly_report::run(self.office.clone(), filed.query).await;
        let report = report.map_err(|failure| status(&failure))?;
        let name = self.office.name.clone();
        let set = move || report_file::document(&name, &report, filed.language, filed.format);
        self.office.set(set).await.map(Response::new).map_err(|failure| status(&failure))
    }

    type ExportYearlyReportStream = Parts;

    async fn export_yearly_report(
        &self,
        request: Request<pb::ExportYearlyReportRequest>,
    ) -> Answer<Self::ExportYearlyReportStream> {
        let (query, format) = convert::export(request.get_ref()).map_err(|violations| status(&violations))?;
        let report = usecase::get_yearly_report::run(self.office.clone(), query).await;
        let parts = report_file::parts(&report.map_err(|failure| status(&failure))?, format);
        Ok(Response::new(Box::pin(stream::iter(parts.into_iter().map(Ok)))))
    }

    async fn make_recommendation(&self, request: Request<pb::MakeRecommendationRequest>) -> Answer<pb::Recommendation> {
        let call = Call::of(&request);
        let command = convert::make_recommendation(request.get_ref()).map_err(|violations| status(&violations))?;
        run_to_end(usecase::make_recommendation::run(self.office.clone(), call, command)).await.map(Response::new)
    }

    async fn list_systemic_issues(
        &self,
        request: Request<pb::ListSystemicIssuesRequest>,
    ) -> Answer<pb::ListSystemicIssuesResponse> {
        let query = convert::list_systemic_issues(request.get_ref()).map_err(|violations| status(&violations))?;
        let found = usecase::list_systemic_issues::run(self.office.clone(), query).await;
        found.map(Response::new).map_err(|failure| status(&failure))
    }

    async fn list_recurrences(
        &self,
        request: Request<pb::ListRecurrencesRequest>,
    ) -> Answer<pb::ListRecurrencesResponse> {
        let query = convert::list_recurrences(request.get_ref()).map_err(|violations| status(&violations))?;
        let found = usecase::list_recurrences::run(self.office.clone(), query).await;
        found.map(Response::new).map_err(|failure| status(&failure))
    }
}
