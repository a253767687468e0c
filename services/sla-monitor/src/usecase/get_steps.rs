//! `GetSteps`: what of the ledger of clocks belongs to an affair: every clock of its tickets, of their promises and of the cases about it. Whoever asks for
//! a journey may list them too.

use ledger::{Part, Subjects};
use server::{Affairs, Call, status};
use tonic::Status;

use crate::monitor::Monitor;
use crate::store::clock;

#[tonic::async_trait]
impl Affairs for Monitor {
    #[tracing::instrument(name = "steps.parts", skip_all)]
    async fn parts(&self, _: Call, subjects: Subjects) -> Result<Vec<Part>, Status> {
        let affairs = [subjects.ids("tickets"), subjects.ids("cases")].concat();
        let aggregates = clock::of_affairs(self.db.reader(), &affairs).await.map_err(|error| status(&error))?;
        Ok(vec![Part { aggregates, ..Part::default() }])
    }
}
