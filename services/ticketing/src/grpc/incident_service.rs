//! IncidentService: convert, call, convert.

use tonic::{Request, Response};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::incident_service_server::IncidentService;

use super::{Answer, change, convert, refused};
use crate::usecase::Ticketing;

/// The gRPC face of [`Ticketing`] for what happens to many customers at once.
#[derive(Clone)]
pub struct Incidents {
    app: Ticketing,
}

impl Incidents {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl IncidentService for Incidents {
    async fn open_incident(&self, request: Request<pb::OpenIncidentRequest>) -> Answer<pb::Incident> {
        let now = self.app.now();
        let run = |app: Ticketing, call, new| async move { app.open_incident(&call, new).await };
        change(&self.app, request, |request| convert::open_incident(request, now), run).await
    }

    async fn get_incident(&self, request: Request<pb::GetIncidentRequest>) -> Answer<pb::Incident> {
        let id = convert::incident_name(&request.get_ref().name).map_err(refused)?;
        self.app.get_incident(id).await.map(Response::new).map_err(refused)
    }

    async fn list_incidents(&self, request: Request<pb::ListIncidentsRequest>) -> Answer<pb::ListIncidentsResponse> {
        let list = convert::incidents(request.into_inner())?;
        let (incidents, last) = self.app.list_incidents(&list.filter, list.after, list.size).await.map_err(refused)?;
        Ok(Response::new(pb::ListIncidentsResponse { incidents, next_page_token: list.next_token(last) }))
    }

    async fn add_affected(&self, request: Request<pb::AddAffectedRequest>) -> Answer<pb::AddAffectedResponse> {
        let run = |app: Ticketing, call, asked| async move { app.add_affected(&call, asked).await };
        change(&self.app, request, convert::add_affected, run).await
    }

    async fn remove_affected(&self, request: Request<pb::RemoveAffectedRequest>) -> Answer<pb::Ticket> {
        let run = |app: Ticketing, call, asked| async move { app.remove_affected(&call, asked).await };
        change(&self.app, request, convert::remove_affected, run).await
    }

    async fn tell_affected(&self, request: Request<pb::TellAffectedRequest>) -> Answer<pb::IncidentUpdate> {
        let now = self.app.now();
        let run = |app: Ticketing, call, new| async move { app.tell_affected(&call, new).await };
        change(&self.app, request, |request| convert::tell_affected(request, now), run).await
    }

    async fn list_incident_updates(
        &self,
        request: Request<pb::ListIncidentUpdatesRequest>,
    ) -> Answer<pb::ListIncidentUpdatesResponse> {
        let list = convert::updates(request.get_ref())?;
        let listed = self.app.list_incident_updates(list.incident, list.after, list.size).await;
        let (updates, last) = listed.map_err(refused)?;
        Ok(Response::new(pb::ListIncidentUpdatesResponse { updates, next_page_token: list.next_token(last) }))
    }
}
