//! FindingService: convert, call, convert.

use ticketing_domain::ViewId;
use tonic::{Request, Response};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::finding_service_server::FindingService;

use super::{Answer, change, convert, refused};
use crate::usecase::Ticketing;

/// The gRPC face of [`Ticketing`] for whoever looks for affairs, and changes many at once.
#[derive(Clone)]
pub struct Finding {
    app: Ticketing,
}

impl Finding {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl FindingService for Finding {
    async fn search_tickets(&self, request: Request<pb::SearchTicketsRequest>) -> Answer<pb::SearchTicketsResponse> {
        let request = request.into_inner();
        let view = match convert::searched_view(&request).map_err(refused)? {
            Some(id) => self.app.get_view(&id).await.map_err(refused)?.filter.unwrap_or_default(),
            None => pb::TicketFilter::default(),
        };
        let search = convert::search(request, view)?;
        let asked = self.app.search_tickets(&search.filter, search.after, search.size).await;
        let (tickets, next) = asked.map_err(refused)?;
        let unread_count = match search.filter.query {
            Some(_) => self.app.unread().await.map_err(refused)?,
            None => 0,
        };
        let next_page_token = search.next_token(next);
        Ok(Response::new(pb::SearchTicketsResponse { tickets, next_page_token, unread_count }))
    }

    async fn count_tickets(&self, request: Request<pb::CountTicketsRequest>) -> Answer<pb::CountTicketsResponse> {
        let request = request.get_ref();
        let mut views = Vec::with_capacity(request.views.len());
        for id in convert::counted_views(request).map_err(refused)? {
            let view = self.app.get_view(&id).await.map_err(refused)?;
            views.push((id, view.filter.unwrap_or_default()));
        }
        let counted = convert::counted(request, views).map_err(refused)?;
        let counts = self.app.count_tickets(counted).await.map_err(refused)?;
        Ok(Response::new(pb::CountTicketsResponse { counts }))
    }

    async fn put_view(&self, request: Request<pb::PutViewRequest>) -> Answer<pb::View> {
        let run = |app: Ticketing, call, new| async move { app.put_view(&call, new).await };
        change(&self.app, request, convert::put_view, run).await
    }

    async fn get_view(&self, request: Request<pb::GetViewRequest>) -> Answer<pb::View> {
        let id = convert::named(&request.get_ref().name).map_err(refused)?;
        self.app.get_view(&id).await.map(Response::new).map_err(refused)
    }

    async fn list_views(&self, request: Request<pb::ListViewsRequest>) -> Answer<pb::ListViewsResponse> {
        let r = request.get_ref();
        let list = convert::named_list::<ViewId>("views", &r.department, r.page_size, &r.page_token)?;
        let (views, last) = self.app.list_views(&list.page).await.map_err(refused)?;
        Ok(Response::new(pb::ListViewsResponse { views, next_page_token: list.next_token(last) }))
    }

    async fn delete_view(&self, request: Request<pb::DeleteViewRequest>) -> Answer<()> {
        let run = |app: Ticketing, call, end| async move { app.delete_view(&call, end).await };
        change(&self.app, request, convert::delete_view, run).await
    }

    async fn change_tickets(&self, request: Request<pb::ChangeTicketsRequest>) -> Answer<pb::ChangeTicketsResponse> {
        let run = |app: Ticketing, call, asked| async move { app.change_tickets(&call, asked).await };
        change(&self.app, request, convert::change_tickets, run).await
    }
}
