//! RelationService: convert, call, convert.

use tonic::{Request, Response};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::relation_service_server::RelationService;

use super::{Answer, change, convert, refused};
use crate::usecase::Ticketing;

/// The gRPC face of [`Ticketing`] for whoever files affairs, takes them apart and puts them together.
#[derive(Clone)]
pub struct Relations {
    app: Ticketing,
}

impl Relations {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl RelationService for Relations {
    async fn reclassify_ticket(&self, request: Request<pb::ReclassifyTicketRequest>) -> Answer<pb::Ticket> {
        let now = self.app.now();
        let run = |app: Ticketing, call, (target, new)| async move { app.reclassify_ticket(&call, target, new).await };
        change(&self.app, request, |request| convert::reclassify(request, now), run).await
    }

    async fn split_ticket(&self, request: Request<pb::SplitTicketRequest>) -> Answer<pb::SplitTicketResponse> {
        let now = self.app.now();
        let run = |app: Ticketing, call, (target, new)| async move { app.split_ticket(&call, target, new).await };
        change(&self.app, request, |request| convert::split(request, now), run).await
    }

    async fn merge_ticket(&self, request: Request<pb::MergeTicketRequest>) -> Answer<pb::MergeTicketResponse> {
        let now = self.app.now();
        let run = |app: Ticketing, call, new| async move { app.merge_ticket(&call, new).await };
        change(&self.app, request, |request| convert::merge(request, now), run).await
    }

    async fn unmerge_ticket(&self, request: Request<pb::UnmergeTicketRequest>) -> Answer<pb::MergeTicketResponse> {
        let now = self.app.now();
        let run = |app: Ticketing, call, end| async move { app.unmerge_ticket(&call, end).await };
        change(&self.app, request, |request| convert::unmerge(request, now), run).await
    }

    async fn link_tickets(&self, request: Request<pb::LinkTicketsRequest>) -> Answer<pb::TicketLink> {
        let now = self.app.now();
        let run = |app: Ticketing, call, new| async move { app.link_tickets(&call, new).await };
        change(&self.app, request, |request| convert::link(request, now), run).await
    }

    async fn unlink_tickets(&self, request: Request<pb::UnlinkTicketsRequest>) -> Answer<pb::TicketLink> {
        let now = self.app.now();
        let run = |app: Ticketing, call, end| async move { app.unlink_tickets(&call, end).await };
        change(&self.app, request, |request| convert::unlink(request, now), run).await
    }

    async fn list_ticket_links(
        &self,
        request: Request<pb::ListTicketLinksRequest>,
    ) -> Answer<pb::ListTicketLinksResponse> {
        let list = convert::links(request.get_ref())?;
        let (links, last) = self.app.list_ticket_links(list.ticket, list.after, list.size).await.map_err(refused)?;
        Ok(Response::new(pb::ListTicketLinksResponse { links, next_page_token: list.next_token(last) }))
    }
}
