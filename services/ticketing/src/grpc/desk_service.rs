//! DeskService: convert, call, convert.

use server::Call;
use ticketing_domain::MacroId;
use tonic::{Request, Response};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::desk_service_server::DeskService;

use super::{Answer, change, convert, refused};
use crate::usecase::Ticketing;

/// The gRPC face of [`Ticketing`] for what the people who work on affairs write with.
#[derive(Clone)]
pub struct Desk {
    app: Ticketing,
}

impl Desk {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl DeskService for Desk {
    async fn put_draft(&self, request: Request<pb::PutDraftRequest>) -> Answer<pb::Draft> {
        let run = |app: Ticketing, call, new| async move { app.put_draft(&call, new).await };
        change(&self.app, request, convert::put_draft, run).await
    }

    async fn get_draft(&self, request: Request<pb::GetDraftRequest>) -> Answer<pb::Draft> {
        let id = convert::get_draft(request.get_ref()).map_err(refused)?;
        self.app.get_draft(&Call::of(&request), id).await.map(Response::new).map_err(refused)
    }

    async fn list_drafts(&self, request: Request<pb::ListDraftsRequest>) -> Answer<pb::ListDraftsResponse> {
        let list = convert::drafts(request.get_ref())?;
        let (page, call) = (&list.page, Call::of(&request));
        let listed = self.app.list_drafts(&call, &page.agent, page.after.map(|(_, id)| id), page.size).await;
        let (drafts, last) = listed.map_err(refused)?;
        Ok(Response::new(pb::ListDraftsResponse { drafts, next_page_token: list.next_token(last) }))
    }

    async fn delete_draft(&self, request: Request<pb::DeleteDraftRequest>) -> Answer<()> {
        let run = |app: Ticketing, call, end| async move { app.delete_draft(&call, end).await };
        change(&self.app, request, convert::delete_draft, run).await
    }

    async fn send_draft(&self, request: Request<pb::SendDraftRequest>) -> Answer<pb::Message> {
        let run = |app: Ticketing, call, end| async move { app.send_draft(&call, end).await };
        change(&self.app, request, convert::send_draft, run).await
    }

    async fn list_mentions(&self, request: Request<pb::ListMentionsRequest>) -> Answer<pb::ListMentionsResponse> {
        let list = convert::list_mentions(request.get_ref())?;
        let listed = self.app.list_mentions(&Call::of(&request), &list.page).await;
        let (mentions, last) = listed.map_err(refused)?;
        Ok(Response::new(pb::ListMentionsResponse { mentions, next_page_token: list.next_token(last) }))
    }

    async fn see_mention(&self, request: Request<pb::SeeMentionRequest>) -> Answer<pb::Mention> {
        let run = |app: Ticketing, call, (id, key)| async move { app.see_mention(&call, id, key).await };
        change(&self.app, request, convert::see_mention, run).await
    }

    async fn put_scan(&self, request: Request<pb::PutScanRequest>) -> Answer<pb::Scan> {
        let run = |app: Ticketing, call, new| async move { app.put_scan(&call, new).await };
        change(&self.app, request, convert::put_scan, run).await
    }

    async fn get_scan(&self, request: Request<pb::GetScanRequest>) -> Answer<pb::Scan> {
        let sha256 = convert::get_scan(request.get_ref()).map_err(refused)?;
        self.app.get_scan(sha256).await.map(Response::new).map_err(refused)
    }

    async fn list_unscanned_files(
        &self,
        request: Request<pb::ListUnscannedFilesRequest>,
    ) -> Answer<pb::ListUnscannedFilesResponse> {
        let list = convert::unscanned(request.get_ref())?;
        let (files, last) = self.app.list_unscanned(list.after, list.size).await.map_err(refused)?;
        let next_page_token = convert::Unscanned::next_token(last);
        Ok(Response::new(pb::ListUnscannedFilesResponse { files, next_page_token }))
    }

    async fn put_macro(&self, request: Request<pb::PutMacroRequest>) -> Answer<pb::Macro> {
        let run = |app: Ticketing, call, new| async move { app.put_macro(&call, new).await };
        change(&self.app, request, convert::put_macro, run).await
    }

    async fn get_macro(&self, request: Request<pb::GetMacroRequest>) -> Answer<pb::Macro> {
        let id = convert::named(&request.get_ref().name).map_err(refused)?;
        self.app.get_macro(&id).await.map(Response::new).map_err(refused)
    }

    async fn list_macros(&self, request: Request<pb::ListMacrosRequest>) -> Answer<pb::ListMacrosResponse> {
        let r = request.get_ref();
        let list = convert::named_list::<MacroId>("macros", &r.department, r.page_size, &r.page_token)?;
        let (macros, last) = self.app.list_macros(&list.page).await.map_err(refused)?;
        Ok(Response::new(pb::ListMacrosResponse { macros, next_page_token: list.next_token(last) }))
    }

    async fn delete_macro(&self, request: Request<pb::DeleteMacroRequest>) -> Answer<()> {
        let run = |app: Ticketing, call, end| async move { app.delete_macro(&call, end).await };
        change(&self.app, request, convert::delete_macro, run).await
    }

    async fn preview_macro(&self, request: Request<pb::PreviewMacroRequest>) -> Answer<pb::PreviewMacroResponse> {
        let (id, ticket) = convert::preview_macro(request.get_ref()).map_err(refused)?;
        self.app.preview_macro(&id, ticket).await.map(Response::new).map_err(refused)
    }

    async fn apply_macro(&self, request: Request<pb::ApplyMacroRequest>) -> Answer<pb::ApplyMacroResponse> {
        let run = |app: Ticketing, call, asked| async move { app.apply_macro(&call, asked).await };
        change(&self.app, request, convert::apply_macro, run).await
    }
}
