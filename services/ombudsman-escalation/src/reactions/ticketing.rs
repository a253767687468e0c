//! Who acted on which ticket: what the conflict wall stands on. A conflict that comes to light after an
//! assignment ends it.

use kernel::{Actor, ActorKind, Ambient, ResourceId as _};
use ledger::{Applying, Reaction, ReactionError, Received};
use ombudsman_escalation_domain::TicketId;
use postgres::Tx;
use ventanilla_proto::ticketing::v1 as ticketing;

use super::bench;
use crate::store::wall::Opening;
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
        // Who acts for the firm sits in no case, whatever it is about.
        let people: Vec<String> = employee(entry).into_iter().collect();
        let seated = wall::seated_on(tx, &family, &people).await?;
        for (case, _) in &seated {
            case::lock(tx, *case).await?;
        }
        let mut new =
            wall::note_touch(tx, ticket, &family, entry.position(), actor(entry), entry.occurred_at()).await?;
        if !related.is_empty() {
            // Who spoke for the firm, or stepped aside, in a case of the one has to do with those of the other.
            wall::join_families(tx, &family).await?;
            new = true;
        }
        if new {
            let bench = bench(&self.ambient, entry);
            // Asked again: somebody may have been seated before this was noted.
            for (case, person) in wall::seated_on(tx, &family, &people).await? {
                bench.recuse_for_acts(tx, case, &person).await?;
            }
        }
        Ok(())
    }

    fn runs(&self, entry: &Received) -> bool {
        entry.is::<ticketing::TicketOpened>()
            && TicketId::parse(entry.aggregate()).is_ok()
            && related(entry).is_ok_and(|related| related.is_empty())
    }

    async fn apply_run(&self, tx: &mut Tx, run: &[Applying<'_>]) -> Result<(), ReactionError> {
        let mut openings = Vec::with_capacity(run.len());
        for Applying { entry, .. } in run {
            let ticket = TicketId::parse(entry.aggregate()).map_err(|_| ReactionError::Undecodable("aggregate"))?;
            let at = entry.occurred_at();
            openings.push(Opening { ticket, position: entry.position(), actor: actor(entry), at });
        }
        let tickets: Vec<TicketId> = openings.iter().map(|opening| opening.ticket).collect();
        if wall::anything_hangs_on(tx, &tickets).await? {
            for each in run {
                self.apply(tx, each.entry).await?;
            }
            return Ok(());
        }
        wall::note_openings(tx, &openings).await?;
        let people: Vec<String> = run.iter().filter_map(|each| employee(each.entry)).collect();
        if wall::seated_on(tx, &tickets, &people).await?.is_empty() {
            return Ok(());
        }
        // Somebody was seated in between.
        for (Applying { entry, .. }, ticket) in run.iter().zip(&tickets) {
            let bench = bench(&self.ambient, entry);
            let people: Vec<String> = employee(entry).into_iter().collect();
            for (case, person) in wall::seated_on(tx, std::slice::from_ref(ticket), &people).await? {
                bench.recuse_for_acts(tx, case, &person).await?;
            }
        }
        Ok(())
    }
}

/// Who of the firm acted.
fn employee(entry: &Received) -> Option<String> {
    Some(entry.actor()).filter(|actor| actor.kind == ActorKind::Employee).map(|actor| actor.id.clone())
}

/// Who acted. What the office does is noted on the ticket in its name; that involves it in nothing.
fn actor(entry: &Received) -> Option<&Actor> {
    Some(entry.actor()).filter(|actor| actor.kind != ActorKind::Office)
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
