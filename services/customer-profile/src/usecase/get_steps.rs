//! `GetSteps`: what of the ledger of customers belongs to an affair: contacts about it, the one it began with, and that it cost its customer too much. Those
//! entries alone name an affair or a contact; what a customer consents to or declares is about none.

use ledger::{Part, Subjects};
use server::{Affairs, Call, status};
use tonic::Status;

use super::{Profile, keeps};
use crate::store::customer;

/// Entries that name an affair.
const NAMING: &[&str] = &["ventanilla.customer.v1.InteractionRecorded", "ventanilla.customer.v1.EffortCapReached"];

#[tonic::async_trait]
impl Affairs for Profile {
    #[tracing::instrument(name = "steps.parts", skip_all)]
    async fn parts(&self, call: Call, subjects: Subjects) -> Result<Vec<Part>, Status> {
        let naming = [subjects.named("tickets"), subjects.named("interactions")].concat();
        if naming.is_empty() {
            return Ok(Vec::new());
        }
        let known = customer::known_as(self.db.reader(), &subjects.ids("customers")).await;
        let known = known.map_err(|error| status(&error))?;
        // Contacts with a restricted customer are shown to who keeps their data alone.
        let shown = known.into_iter().filter(|(_, restricted)| !restricted || keeps(&call));
        let mut aggregates: Vec<String> =
            shown.flat_map(|(ids, _)| ids).map(|id| format!("customers/{}", id.as_hyphenated())).collect();
        aggregates.sort_unstable();
        aggregates.dedup();
        Ok(vec![Part { aggregates, only: Some(NAMING), naming, ..Part::default() }])
    }
}
