//! What this service does about other services' ledgers.

pub mod customer_profile;
mod hearings;
mod obligations;
pub mod sla_monitor;
pub mod ticketing;

use kernel::{Actor, ActorKind, Ambient};
use ledger::{Received, Stamp};

use crate::SOURCE;
use crate::usecase::Bench;

/// Seats move in the service's own name when an entry of somebody else's ledger speaks against them.
fn bench<'a>(ambient: &'a Ambient, entry: &Received) -> Bench<'a> {
    let now = ambient.now();
    let actor = Actor { kind: ActorKind::System, id: SOURCE.to_owned(), department: None };
    let stamp = Stamp { actor: actor.clone(), ..entry.stamp_for_effects(now) };
    Bench { ambient, actor, stamp, now }
}
