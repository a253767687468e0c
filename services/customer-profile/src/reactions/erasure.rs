//! Another service says that nothing of a person is left with it.

use ::rights::{CustomerId, ErasureId};
use kernel::{Ambient, ResourceId};
use ledger::{Reaction, ReactionError, Received};
use postgres::Tx;
use uuid::Uuid;
use ventanilla_proto::rights::v1::PersonalDataErased;

use crate::store::rights as store;

/// A reaction that hears of erasures too.
pub(crate) struct Hearing<R> {
    pub(crate) reaction: R,
    pub(crate) source: &'static str,
    pub(crate) ambient: Ambient,
}

#[tonic::async_trait]
impl<R: Reaction> Reaction for Hearing<R> {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        let Some(erased) = entry.payload::<PersonalDataErased>()? else { return self.reaction.apply(tx, entry).await };
        let id = ErasureId::parse(&erased.erasure).map_err(|_| ReactionError::Undecodable("erasure"))?;
        let customers: Result<Vec<Uuid>, _> =
            erased.customers.iter().map(|name| CustomerId::parse(name).map(ResourceId::uuid)).collect();
        let customers = customers.map_err(|_| ReactionError::Undecodable("customers"))?;
        store::part(tx, id, self.source, entry.recorded_at()).await?;
        // What the source told of the person before this entry may have come here after the first destruction.
        ::rights::ask(tx, id, &customers, self.ambient.now()).await?;
        Ok(())
    }
}
