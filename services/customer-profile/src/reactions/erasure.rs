//! Another service says that nothing of a person is left with it.

use ::rights::{CustomerId, ErasureId};
use kernel::{Ambient, ResourceId};
use ledger::{Applying, Reaction, ReactionError, Received};
use postgres::Tx;
use uuid::Uuid;
use ventanilla_proto::rights::v1::PersonalDataErased;

use crate::store::rights as store;

/// A reaction that hears of erasures too.
pub struct Hearing<R> {
    /// What hears of everything else.
    pub reaction: R,
    /// Whose ledger it is.
    pub source: &'static str,
    /// Where the time comes from.
    pub ambient: Ambient,
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

    fn reads_personal(&self) -> bool {
        self.reaction.reads_personal()
    }

    // An erasure is in no run: the reaction does not know it.
    fn runs(&self, entry: &Received) -> bool {
        self.reaction.runs(entry)
    }

    async fn apply_run(&self, tx: &mut Tx, run: &[Applying<'_>]) -> Result<(), ReactionError> {
        self.reaction.apply_run(tx, run).await
    }
}
