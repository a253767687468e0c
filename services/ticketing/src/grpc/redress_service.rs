//! RedressService: convert, call, convert.

use ticketing_domain::RedressItemId;
use tonic::{Request, Response};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::redress_service_server::RedressService;

use super::{Answer, change, convert, refused};
use crate::usecase::Ticketing;

/// The gRPC face of [`Ticketing`] for what customers are given.
#[derive(Clone)]
pub struct Redresses {
    app: Ticketing,
}

impl Redresses {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl RedressService for Redresses {
    async fn put_redress_item(&self, request: Request<pb::PutRedressItemRequest>) -> Answer<pb::RedressItem> {
        let run = |app: Ticketing, call, new| async move { app.put_redress_item(&call, new).await };
        change(&self.app, request, convert::put_item, run).await
    }

    async fn get_redress_item(&self, request: Request<pb::GetRedressItemRequest>) -> Answer<pb::RedressItem> {
        let id = convert::named(&request.get_ref().name).map_err(refused)?;
        self.app.get_redress_item(&id).await.map(Response::new).map_err(refused)
    }

    async fn list_redress_items(
        &self,
        request: Request<pb::ListRedressItemsRequest>,
    ) -> Answer<pb::ListRedressItemsResponse> {
        let r = request.get_ref();
        let list = convert::named_list::<RedressItemId>("redress-items", &r.department, r.page_size, &r.page_token)?;
        let (items, last) = self.app.list_redress_items(&list.page).await.map_err(refused)?;
        Ok(Response::new(pb::ListRedressItemsResponse { items, next_page_token: list.next_token(last) }))
    }

    async fn propose_redress(&self, request: Request<pb::ProposeRedressRequest>) -> Answer<pb::Redress> {
        let run = |app: Ticketing, call, new| async move { app.propose_redress(&call, new).await };
        change(&self.app, request, convert::propose_redress, run).await
    }

    async fn decide_redress(&self, request: Request<pb::DecideRedressRequest>) -> Answer<pb::Redress> {
        let run = |app: Ticketing, call, step| async move { app.decide_redress(&call, step).await };
        change(&self.app, request, convert::decide_redress, run).await
    }

    async fn give_redress(&self, request: Request<pb::GiveRedressRequest>) -> Answer<pb::Redress> {
        let run = |app: Ticketing, call, step| async move { app.give_redress(&call, step).await };
        change(&self.app, request, convert::give_redress, run).await
    }

    async fn list_redresses(&self, request: Request<pb::ListRedressesRequest>) -> Answer<pb::ListRedressesResponse> {
        let list = convert::redresses(request.get_ref())?;
        let (redresses, last) = self.app.list_redresses(list.of, list.after, list.size).await.map_err(refused)?;
        Ok(Response::new(pb::ListRedressesResponse { redresses, next_page_token: list.next_token(last) }))
    }

    async fn list_waiting_redresses(
        &self,
        request: Request<pb::ListWaitingRedressesRequest>,
    ) -> Answer<pb::ListWaitingRedressesResponse> {
        let list = convert::waiting_redresses(request.get_ref())?;
        let listed = self.app.list_waiting_redresses(list.of, list.after, list.size).await;
        let (redresses, last) = listed.map_err(refused)?;
        Ok(Response::new(pb::ListWaitingRedressesResponse { redresses, next_page_token: list.next_token(last) }))
    }
}
