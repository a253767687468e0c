//! NoticeService: convert, call, convert.

use server::Call;
use ticketing_domain::NoticeTemplateId;
use tonic::{Request, Response};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::notice_service_server::NoticeService;

use super::{Answer, change, convert, refused};
use crate::usecase::Ticketing;

/// The gRPC face of [`Ticketing`] for what customers are told before a promise is broken.
#[derive(Clone)]
pub struct Notices {
    app: Ticketing,
}

impl Notices {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl NoticeService for Notices {
    async fn put_notice_template(&self, request: Request<pb::PutNoticeTemplateRequest>) -> Answer<pb::NoticeTemplate> {
        let run = |app: Ticketing, call, new| async move { app.put_notice_template(&call, new).await };
        change(&self.app, request, convert::put_notice_template, run).await
    }

    async fn approve_notice_template(
        &self,
        request: Request<pb::ApproveNoticeTemplateRequest>,
    ) -> Answer<pb::NoticeTemplate> {
        let run = |app: Ticketing, call, asked| async move { app.approve_notice_template(&call, asked).await };
        change(&self.app, request, convert::approve_notice_template, run).await
    }

    async fn get_notice_template(&self, request: Request<pb::GetNoticeTemplateRequest>) -> Answer<pb::NoticeTemplate> {
        let id = convert::named(&request.get_ref().name).map_err(refused)?;
        self.app.get_notice_template(&id).await.map(Response::new).map_err(refused)
    }

    async fn list_notice_templates(
        &self,
        request: Request<pb::ListNoticeTemplatesRequest>,
    ) -> Answer<pb::ListNoticeTemplatesResponse> {
        let r = request.get_ref();
        let list =
            convert::named_list::<NoticeTemplateId>("notice-templates", &r.department, r.page_size, &r.page_token)?;
        let (templates, last) = self.app.list_notice_templates(&list.page).await.map_err(refused)?;
        Ok(Response::new(pb::ListNoticeTemplatesResponse { templates, next_page_token: list.next_token(last) }))
    }

    async fn take_notices(&self, request: Request<pb::TakeNoticesRequest>) -> Answer<pb::TakeNoticesResponse> {
        let run = |app: Ticketing, _: Call, taking| async move { app.take_notices(taking).await };
        change(&self.app, request, convert::take_notices, run).await
    }

    async fn report_notice(&self, request: Request<pb::ReportNoticeRequest>) -> Answer<pb::Notice> {
        let run = |app: Ticketing, call, report| async move { app.report_notice(&call, report).await };
        change(&self.app, request, convert::report_notice, run).await
    }

    async fn list_notices(&self, request: Request<pb::ListNoticesRequest>) -> Answer<pb::ListNoticesResponse> {
        let list = convert::notices(request.get_ref())?;
        let (notices, last) = self.app.list_notices(&list.page).await.map_err(refused)?;
        Ok(Response::new(pb::ListNoticesResponse { notices, next_page_token: list.next_token(last) }))
    }
}
