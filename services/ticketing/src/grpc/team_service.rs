//! TeamService: convert, call, convert.

use ticketing_domain::DepartmentId;
use tonic::{Request, Response};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::team_service_server::TeamService;

use super::{Answer, change, convert, refused};
use crate::usecase::Ticketing;

/// The gRPC face of [`Ticketing`] for who works on affairs.
#[derive(Clone)]
pub struct Team {
    app: Ticketing,
}

impl Team {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl TeamService for Team {
    async fn put_agent(&self, request: Request<pb::PutAgentRequest>) -> Answer<pb::Agent> {
        let run = |app: Ticketing, call, new| async move { app.put_agent(&call, new).await };
        change(&self.app, request, convert::put_agent, run).await
    }

    async fn get_agent(&self, request: Request<pb::GetAgentRequest>) -> Answer<pb::Agent> {
        let id = convert::agent_name(&request.get_ref().name).map_err(refused)?;
        self.app.get_agent(id).await.map(Response::new).map_err(refused)
    }

    async fn list_agents(&self, request: Request<pb::ListAgentsRequest>) -> Answer<pb::ListAgentsResponse> {
        let list = convert::agents(request.into_inner())?;
        let listed = self.app.list_agents(list.department.as_ref(), &list.after, list.size).await;
        let (agents, last) = listed.map_err(refused)?;
        Ok(Response::new(pb::ListAgentsResponse { agents, next_page_token: list.next_token(last) }))
    }

    async fn state_presence(&self, request: Request<pb::StatePresenceRequest>) -> Answer<pb::Agent> {
        let run = |app: Ticketing, call, new| async move { app.state_presence(&call, new).await };
        change(&self.app, request, convert::state_presence, run).await
    }

    async fn get_queue(&self, request: Request<pb::GetQueueRequest>) -> Answer<pb::Queue> {
        let department = convert::queue_name(&request.get_ref().name).map_err(refused)?;
        self.app.get_queue(department).await.map(Response::new).map_err(refused)
    }

    async fn put_queue(&self, request: Request<pb::PutQueueRequest>) -> Answer<pb::Queue> {
        let run = |app: Ticketing, call, new| async move { app.put_queue(&call, new).await };
        change(&self.app, request, convert::put_queue, run).await
    }

    async fn put_department(&self, request: Request<pb::PutDepartmentRequest>) -> Answer<pb::Department> {
        let run = |app: Ticketing, call, new| async move { app.put_department(&call, new).await };
        change(&self.app, request, convert::put_department, run).await
    }

    async fn list_departments(
        &self,
        request: Request<pb::ListDepartmentsRequest>,
    ) -> Answer<pb::ListDepartmentsResponse> {
        let r = request.get_ref();
        let list = convert::named_list::<DepartmentId>("departments", "", r.page_size, &r.page_token)?;
        let (departments, last) = self.app.list_departments(&list.page).await.map_err(refused)?;
        Ok(Response::new(pb::ListDepartmentsResponse { departments, next_page_token: list.next_token(last) }))
    }

    async fn call_supervisor(&self, request: Request<pb::CallSupervisorRequest>) -> Answer<pb::CallSupervisorResponse> {
        let run =
            |app: Ticketing, call, (target, known)| async move { app.call_supervisor(&call, target, known).await };
        change(&self.app, request, convert::call_supervisor, run).await
    }

    async fn take_next_ticket(
        &self,
        request: Request<pb::TakeNextTicketRequest>,
    ) -> Answer<pb::TakeNextTicketResponse> {
        let run = |app: Ticketing, call, key| async move { app.take_next_ticket(&call, key).await };
        change(&self.app, request, convert::take_next, run).await
    }
}
