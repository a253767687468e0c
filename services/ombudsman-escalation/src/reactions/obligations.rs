//! The time of an obligation is over, as sla-monitor tells: the case is overdue, unless a proof that came in time awaits judgement.

use jiff::Timestamp;
use kernel::{Actor, ActorKind, Ambient, ResourceId as _};
use ledger::{Draft, ReactionError, Received, Stamp};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::dossier::{self, Content};
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use postgres::Tx;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::SOURCE;
use crate::grpc::answer;
use crate::grpc::vocabulary::{stage_to_proto, visibility_to_proto};
use crate::store::dossier::Filed;
use crate::store::{case, dossier as dossier_store, obligation};

/// Notes it once, however often it is told.
pub(super) async fn fall_due(
    tx: &mut Tx,
    ambient: &Ambient,
    entry: &Received,
    (id, number): (CaseId, u32),
    at: Timestamp,
) -> Result<(), ReactionError> {
    let Some(stored) = case::lock(tx, id).await? else { return Ok(()) };
    let mut owed = obligation::of_case(tx, id).await?;
    let Some(place) = owed.iter().position(|known| known.number == number) else { return Ok(()) };
    let fallen = owed[place].clone().fall_due(at);
    if fallen == owed[place] {
        return Ok(());
    }
    obligation::update(tx, id, &fallen).await?;
    let told = fallen.clone();
    owed[place] = fallen;
    if !told.is_missed() {
        return Ok(());
    }
    let now = ambient.now();
    let actor = Actor { kind: ActorKind::System, id: SOURCE.to_owned(), department: None };
    let draft = dossier::Draft {
        kind: DossierKind::Overdue,
        visibility: Visibility::Parties,
        content_type: "text/plain; charset=utf-8".to_owned(),
        content: Content {
            salt: ambient.bytes(),
            bytes: Phrase::Overdue { number, over: at }.text(stored.matter.language).into_bytes(),
        },
    };
    let sealed = draft.seal(id, stored.head, &actor, now);
    dossier_store::append(tx, &[Filed::plain(sealed.clone())]).await?;
    let before = stored.case.stage();
    let after = stored.case.weigh(&owed);
    case::update(tx, &after, stored.version, now).await?;

    let stamp = Stamp { actor, ..entry.stamp_for_effects(now) };
    let mut drafts = Vec::new();
    if after.stage() != before {
        let moved = pb::CaseTransitioned {
            case_name: id.name(),
            ticket: after.ticket.name(),
            customer: after.customer.name(),
            from_state: stage_to_proto(before).into(),
            to_state: stage_to_proto(after.stage()).into(),
            ground: pb::InadmissibilityGround::Unspecified.into(),
        };
        drafts.push(Draft::new(ambient.uuid(now), id.name(), &moved, &stamp));
    }
    let overdue = answer::obligation_overdue(id, &told);
    drafts.push(Draft::new(ambient.uuid(now), id.name(), &overdue, &stamp));
    let added = pb::DossierEntryAdded {
        case_name: id.name(),
        sequence: i64::try_from(sealed.entry.sequence).unwrap_or(i64::MAX),
        visibility: visibility_to_proto(sealed.entry.visibility).into(),
        hash: sealed.hash.to_vec(),
    };
    drafts.push(Draft::new(ambient.uuid(now), id.name(), &added, &stamp));
    ledger::append(tx, &drafts).await?;
    Ok(())
}
