//! Stepping aside from a case.

use kernel::{Personal, ResourceId as _};
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, denied, replayed};
use crate::error::Failure;
use crate::grpc::vocabulary::office_role_to_proto;
use crate::office::Office;
use crate::store::wall;

/// Name of the RPC.
pub const METHOD: &str = "RecuseFromCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Why; only the office reads it.
    pub cause: Personal<String>,
}

/// Ends every seat the caller holds on the case, and on every other case of its affair: from there the wall keeps them off by it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.recuse", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    // No wall here: who has a conflict is the one who must be able to step aside.
    let mut step = match Step::begin_in_reach(&office, &call, &command.change, Seating::Unneeded).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let after = step.case();
    let (person, now) = (step.actor.id.clone(), step.now);
    if let Err(refused) = step.team.clone().recuse(&person, now) {
        step.tx.rollback().await?;
        return Err(denied(&office, &call, (METHOD, after.id.name()), refused).await);
    }
    for office_role in wall::leave(&mut step.tx, after.id, &person, &[], now).await? {
        let recused = pb::CaseRecused {
            case_name: after.id.name(),
            person: person.clone(),
            office_role: office_role_to_proto(office_role).into(),
            grounds: Vec::new(),
            substitute: String::new(),
        };
        step.note(&office, &recused);
    }
    let told = format!("stepped aside: {person}\n{}", command.cause.expose());
    step.add(&office, Paper::text(DossierKind::Assignment, Visibility::Office, told));
    step.finish_in_reach(&office, after).await
}
