//! Who acted on which ticket: what the conflict wall stands on. A conflict that comes to light after an
//! assignment ends it.

use kernel::{Actor, ActorKind, Ambient, ResourceId as _};
use ledger::{Draft, Reaction, ReactionError, Received, Stamp};
use ombudsman_escalation_domain::dossier::{self, Content};
use ombudsman_escalation_domain::vocabulary::{ConflictGround, DossierKind, Visibility};
use ombudsman_escalation_domain::{CaseId, TicketId};
use postgres::Tx;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ticketing::v1 as ticketing;

use crate::SOURCE;
use crate::grpc::vocabulary::{conflict_ground_to_proto, office_role_to_proto, visibility_to_proto};
use crate::store::{case, dossier as dossier_store, wall};

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
            for (case, person) in seated {
                self.recuse_if_conflicted(tx, entry, case, &person).await?;
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

impl Involvements {
    async fn recuse_if_conflicted(
        &self,
        tx: &mut Tx,
        entry: &Received,
        case: CaseId,
        person: &str,
    ) -> Result<(), ReactionError> {
        let now = self.ambient.now();
        let grounds = wall::conflicts(&mut **tx, case, person, now).await?;
        if grounds.is_empty() {
            return Ok(());
        }
        let Some(stored) = case::lock(tx, case).await? else { return Ok(()) };
        let left = wall::leave(tx, case, person, &grounds, now).await?;
        let actor = Actor { kind: ActorKind::System, id: SOURCE.to_owned(), department: None };
        let sealed = paper(&self.ambient, person, &grounds).seal(case, stored.head, &actor, now);
        dossier_store::append(tx, std::slice::from_ref(&sealed)).await?;
        case::update(tx, &stored.case, stored.version, now).await?;

        let stamp = Stamp { actor, ..entry.stamp_for_effects(now) };
        let mut drafts: Vec<Draft> = left
            .into_iter()
            .map(|office_role| {
                let recused = pb::CaseRecused {
                    case_name: case.name(),
                    person: person.to_owned(),
                    office_role: office_role_to_proto(office_role).into(),
                    grounds: grounds.iter().map(|ground| conflict_ground_to_proto(*ground).into()).collect(),
                };
                Draft::new(self.ambient.uuid(now), case.name(), &recused, &stamp)
            })
            .collect();
        let added = pb::DossierEntryAdded {
            case_name: case.name(),
            sequence: i64::try_from(sealed.entry.sequence).unwrap_or(i64::MAX),
            visibility: visibility_to_proto(sealed.entry.visibility).into(),
            hash: sealed.hash.to_vec(),
        };
        drafts.push(Draft::new(self.ambient.uuid(now), case.name(), &added, &stamp));
        ledger::append(tx, &drafts).await?;
        Ok(())
    }
}

fn paper(ambient: &Ambient, person: &str, grounds: &[ConflictGround]) -> dossier::Draft {
    let grounds: Vec<&str> = grounds.iter().map(|ground| ground.as_str()).collect();
    let told = format!("taken off the case by the conflict wall: {person} ({})", grounds.join(", "));
    dossier::Draft {
        kind: DossierKind::Assignment,
        visibility: Visibility::Office,
        content_type: "text/plain; charset=utf-8".to_owned(),
        content: Content { salt: ambient.bytes(), bytes: told.into_bytes() },
    }
}
