//! That what contacts have cost a customer has come to the house's cap, and a supervisor takes over: by one more contact, or by the
//! customer's turning out to be one with another.

use std::collections::{BTreeMap, BTreeSet};

use customer_profile_domain::{Attended, CustomerId, EFFORT_WINDOW, Effort, Group, InteractionId};
use jiff::{SignedDuration, Timestamp};
use kernel::ResourceId;
use postgres::Tx;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use crate::error::ProfileError;
use crate::store::customer::Standing;
use crate::store::interaction::{self, Interaction, ticket_name};

/// That this contact brought what contacts cost the customer to the cap. The customer must be locked, and the contact written.
pub(super) async fn by_contact(
    tx: &mut Tx,
    interaction: &Interaction,
    standing: &Standing,
    cap: SignedDuration,
    now: Timestamp,
) -> Result<Option<proto::EffortCapReached>, ProfileError> {
    let costs = interaction::costs(tx, &standing.ids, since(now)).await?;
    let costs: Vec<Attended> = costs.into_iter().map(|cost| cost.attended).collect();
    let spent = Effort::of(&costs, now);
    let added = Effort::of(&[Attended::from(interaction)], now).spent;
    let before = Effort { spent: spent.spent.saturating_sub(added), ..spent };
    let is_reached = spent.reaches(cap) && !before.reaches(cap);
    Ok(is_reached.then(|| told(standing.customer, interaction.id, interaction.ticket, &spent, cap)))
}

/// The customers among these groups that have come to the cap by becoming one. `before` says of every id which customer it resolved
/// to; those must be locked.
pub(super) async fn by_joining(
    tx: &mut Tx,
    before: &BTreeMap<CustomerId, CustomerId>,
    groups: &[Group],
    cap: SignedDuration,
    now: Timestamp,
) -> Result<Vec<proto::EffortCapReached>, ProfileError> {
    let mut reached = Vec::new();
    for group in groups {
        let ids: BTreeSet<CustomerId> = group.records.iter().map(|node| node.own_customer).collect();
        let joined: BTreeSet<CustomerId> = ids.iter().filter_map(|id| before.get(id).copied()).collect();
        if joined.len() < 2 {
            continue;
        }
        let all = before.iter().filter(|(_, was)| joined.contains(*was)).map(|(id, _)| id.uuid());
        let costs = interaction::costs(tx, &all.collect::<Vec<_>>(), since(now)).await?;
        let of = |is_theirs: &dyn Fn(CustomerId) -> bool| {
            let own = costs.iter().filter(|cost| is_theirs(cost.customer));
            Effort::of(&own.map(|cost| cost.attended).collect::<Vec<_>>(), now)
        };
        let whole = of(&|id| ids.contains(&id));
        let parts: Vec<Effort> = joined.iter().map(|was| of(&|id| before.get(&id) == Some(was))).collect();
        if !whole.is_reached_by_joining(&parts, cap) {
            continue;
        }
        // A superior is called to an affair: the one that the customer spent time on last.
        let weighs =
            |attended: &Attended| attended.at <= now && attended.waited + attended.handled > SignedDuration::ZERO;
        let counted = || costs.iter().filter(|cost| weighs(&cost.attended) && ids.contains(&cost.customer));
        let last = counted().find(|cost| cost.attended.affair.is_some()).or_else(|| counted().next());
        reached.extend(last.map(|last| told(group.customer, last.interaction, last.attended.affair, &whole, cap)));
    }
    Ok(reached)
}

fn since(now: Timestamp) -> Timestamp {
    now.checked_sub(EFFORT_WINDOW).unwrap_or(Timestamp::MIN)
}

fn told(
    customer: CustomerId,
    interaction: InteractionId,
    affair: Option<Uuid>,
    spent: &Effort,
    cap: SignedDuration,
) -> proto::EffortCapReached {
    let minutes = |time: SignedDuration| i32::try_from(time.as_mins()).unwrap_or(i32::MAX);
    proto::EffortCapReached {
        customer: customer.name(),
        interaction: interaction.name(),
        spent_minutes: minutes(spent.spent),
        cap_minutes: minutes(cap),
        ticket: affair.map(ticket_name).unwrap_or_default(),
    }
}
