//! The gRPC edge: requests are parsed here once, answers are spelled here, nothing is decided here.

mod article_service;
mod characteristic_service;
pub(crate) mod convert;
mod desk_service;
mod finding_service;
mod incident_service;
mod learning_service;
mod notice_service;
pub(crate) mod present;
mod process_service;
mod public_service;
mod redress_service;
mod relation_service;
mod team_service;
mod ticket_service;

use kernel::Classify;
use server::{Call, run_to_end, status};
use tonic::{Request, Response, Status};

use crate::Error;
use crate::usecase::Ticketing;

pub use article_service::Articles;
pub use characteristic_service::Characteristics;
pub use desk_service::Desk;
pub use finding_service::Finding;
pub use incident_service::Incidents;
pub use learning_service::Learning;
pub use notice_service::Notices;
pub use process_service::Processes;
pub use public_service::Public;
pub use redress_service::Redresses;
pub use relation_service::Relations;
pub use team_service::Team;
pub use ticket_service::Service;

type Answer<T> = Result<Response<T>, Status>;

/// A change: parsed, then run to its end whatever the client does.
async fn change<Q, P, E, T, F>(
    app: &Ticketing,
    request: Request<Q>,
    parse: impl FnOnce(&Q) -> Result<P, E>,
    run: impl FnOnce(Ticketing, Call, P) -> F,
) -> Answer<T>
where
    E: Classify,
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let call = Call::of(&request);
    let parsed = parse(request.get_ref()).map_err(|e| status(&e))?;
    run_to_end(run(app.clone(), call, parsed)).await.map(Response::new)
}

fn refused(error: impl Classify) -> Status {
    status(&error)
}
