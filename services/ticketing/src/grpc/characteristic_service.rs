//! CharacteristicService: convert, call, convert.

use tonic::{Request, Response};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::characteristic_service_server::CharacteristicService;

use super::convert::CharacteristicSetList;
use super::{Answer, change, convert, refused};
use crate::usecase::Ticketing;

/// The gRPC face of [`Ticketing`] for whoever says what is asked of affairs, and states it.
#[derive(Clone)]
pub struct Characteristics {
    app: Ticketing,
}

impl Characteristics {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl CharacteristicService for Characteristics {
    async fn put_characteristic_set(
        &self,
        request: Request<pb::PutCharacteristicSetRequest>,
    ) -> Answer<pb::CharacteristicSet> {
        let run = |app: Ticketing, call, new| async move { app.put_characteristic_set(&call, new).await };
        change(&self.app, request, convert::put_characteristic_set, run).await
    }

    async fn get_characteristic_set(
        &self,
        request: Request<pb::GetCharacteristicSetRequest>,
    ) -> Answer<pb::CharacteristicSet> {
        let (id, version) = convert::characteristic_set_version(request.get_ref()).map_err(refused)?;
        self.app.get_characteristic_set(&id, version).await.map(Response::new).map_err(refused)
    }

    async fn list_characteristic_sets(
        &self,
        request: Request<pb::ListCharacteristicSetsRequest>,
    ) -> Answer<pb::ListCharacteristicSetsResponse> {
        let list = convert::characteristic_sets(request.get_ref())?;
        let (characteristic_sets, last) =
            self.app.list_characteristic_sets(&list.after, list.size).await.map_err(refused)?;
        let next_page_token = CharacteristicSetList::next_token(last);
        Ok(Response::new(pb::ListCharacteristicSetsResponse { characteristic_sets, next_page_token }))
    }

    async fn state_characteristics(&self, request: Request<pb::StateCharacteristicsRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, (target, stated)| async move {
            app.state_characteristics(&call, target, stated).await
        };
        change(&self.app, request, convert::state_characteristics, run).await
    }
}
