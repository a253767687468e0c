//! Who acted on which ticket: what the conflict wall stands on. A conflict that comes to light after an
//! assignment ends it.

use kernel::{ActorKind, Ambient, ResourceId as _};
use ledger::{Reaction, ReactionError, Received};
use ombudsman_escalation_domain::TicketId;
use postgres::Tx;
use ventanilla_proto::ticketing::v1 as ticketing;

use super::bench;
use crate::store::{case, wall};

/// Applies ticketing's entries.
pub struct Involvements {
    ambient: Ambient,
}

impl Involvements {
    /// Stamps what follows from an entry with this clock and chance.
    pub const fn new(ambient: Ambient) -> Self {
        Self { ambient }
    }
}

#[tonic::async_trait]
impl Reaction for Involvements {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        let Ok(ticket) = TicketId::parse(entry.aggregate()) else { return Ok(()) };
        let related = related(entry)?;
        let mut family = wall::family(tx, ticket).await?;
        for other in &related {
            family.extend(wall::family(tx, *other).await?);
        }
        family.sort();
        family.dedup();
        // Cases before the tickets: the order in which assignments take the same locks.
        let seated = wall::seated_on(tx, &family).await?;
        for (case, _) in &seated {
            case::lock(tx, *case).await?;
        }
        // What the office does is noted on the ticket in its name; that involves it in nothing.
        let actor = Some(entry.actor()).filter(|actor| actor.kind != ActorKind::Office);
        let mut new = wall::note_touch(tx, ticket, &family, entry.position(), actor, entry.occurred_at()).await?;
        if !related.is_empty() {
            new |= wall::join_families(tx, &family).await?;
        }
        if new {
            let bench = bench(&self.ambient, entry);
            // Asked again: somebody may have been seated before this was noted.
            for (case, person) in wall::seated_on(tx, &family).await? {
                bench.recuse_if_conflicted(tx, case, &person).await?;
            }
        }
        Ok(())
    }
}

/// The tickets that the entry makes one affair with the one it is about.
fn related(entry: &Received) -> Result<Vec<TicketId>, ReactionError> {
    let mut names = Vec::new();
    if let Some(opened) = entry.payload::<ticketing::TicketOpened>()? {
        names.extend([opened.split_from, opened.follow_up_of]);
    } else if let Some(merged) = entry.payload::<ticketing::TicketMerged>()? {
        names.extend([merged.into, merged.head]);
    }
    let parse = |name: &String| TicketId::parse(name).map_err(|_| ReactionError::Undecodable("related ticket"));
    names.iter().filter(|name| !name.is_empty()).map(parse).collect()
}
