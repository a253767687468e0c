//! ProcessService: convert, call, convert.

use tonic::{Request, Response};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::process_service_server::ProcessService;

use super::{Answer, change, convert, refused};
use crate::usecase::Ticketing;

/// The gRPC face of [`Ticketing`] for whoever draws the way affairs go, and looks whether they go it.
#[derive(Clone)]
pub struct Processes {
    app: Ticketing,
}

impl Processes {
    /// Serves these use cases.
    pub fn new(app: Ticketing) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl ProcessService for Processes {
    async fn put_process(&self, request: Request<pb::PutProcessRequest>) -> Answer<pb::Process> {
        let run = |app: Ticketing, call, new| async move { app.put_process(&call, new).await };
        change(&self.app, request, convert::put_process, run).await
    }

    async fn get_process(&self, request: Request<pb::GetProcessRequest>) -> Answer<pb::Process> {
        let (id, version) = convert::process_version(request.get_ref()).map_err(refused)?;
        self.app.get_process(id, version).await.map(Response::new).map_err(refused)
    }

    async fn list_processes(&self, request: Request<pb::ListProcessesRequest>) -> Answer<pb::ListProcessesResponse> {
        let list = convert::processes(request.get_ref())?;
        let (processes, last) = self.app.list_processes(&list.after, list.size).await.map_err(refused)?;
        Ok(Response::new(pb::ListProcessesResponse { processes, next_page_token: list.next_token(last) }))
    }

    async fn enter_step(&self, request: Request<pb::EnterStepRequest>) -> Answer<pb::TicketCourse> {
        let now = self.app.now();
        let run = |app: Ticketing, call, (target, step)| async move { app.enter_step(&call, target, step).await };
        change(&self.app, request, |request| convert::enter_step(request, now), run).await
    }

    async fn get_ticket_course(&self, request: Request<pb::GetTicketCourseRequest>) -> Answer<pb::TicketCourse> {
        let id = convert::course_name(&request.get_ref().name).map_err(refused)?;
        self.app.get_ticket_course(id).await.map(Response::new).map_err(refused)
    }

    async fn measure_process(&self, request: Request<pb::MeasureProcessRequest>) -> Answer<pb::ProcessFigures> {
        let asked = convert::measure_process(request.get_ref()).map_err(refused)?;
        self.app.measure_process(asked).await.map(Response::new).map_err(refused)
    }
}
