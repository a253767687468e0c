//! How affairs are looked for.

use tonic::Status;
use ventanilla_proto::ticketing::v1 as ticketing;

use super::affair::Affair;

impl Affair<'_> {
    /// An agent keeps what they look for every morning under a name.
    pub async fn be_looked_for(&self) -> Result<ticketing::View, Status> {
        let filter = ticketing::TicketFilter {
            states: vec![ticketing::TicketState::Pending.into(), ticketing::TicketState::Held.into()],
            department: "billing".to_owned(),
            ..Default::default()
        };
        let view = ticketing::View {
            name: "views/what-waits".to_owned(),
            title: "Lo que espera".to_owned(),
            filter: Some(filter),
            ..Default::default()
        };
        let put = ticketing::PutViewRequest { view: Some(view), request_id: self.scene.request_id() };
        Ok(self.cast.agent.finding.clone().put_view(put).await?.into_inner())
    }
}
