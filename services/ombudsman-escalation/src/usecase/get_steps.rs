//! `GetSteps`: what of the office's ledger belongs to an affair, behind the wall.

use kernel::{ResourceId as _, Role};
use ledger::{Part, Subjects};
use ombudsman_escalation_domain::CaseId;
use server::{Affairs, Call, status};
use tonic::Status;
use ventanilla_proto::told::OFFICE_TO_FIRM;

use super::standing::Standing;
use crate::error::Failure;
use crate::office::Office;
use crate::store::case;

/// What is deliberated, and who has to do with whom: for those in a seat of the case.
const OF_THE_SEATS: &[&str] = &[
    "ventanilla.ombudsman.v1.AssignmentRefused",
    "ventanilla.ombudsman.v1.DisclosureGiven",
    "ventanilla.ombudsman.v1.DraftRead",
    "ventanilla.ombudsman.v1.DraftSaved",
    "ventanilla.ombudsman.v1.DraftsReclosed",
];

#[tonic::async_trait]
impl Affairs for Office {
    #[tracing::instrument(name = "steps.parts", skip_all)]
    async fn parts(&self, call: Call, subjects: Subjects) -> Result<Vec<Part>, Status> {
        parts(self, &call, &subjects).await.map_err(|failure| status(&failure))
    }
}

async fn parts(office: &Office, call: &Call, subjects: &Subjects) -> Result<Vec<Part>, Failure> {
    let who = call.acting();
    let mut cases = case::about(&office.db, &subjects.ids("tickets")).await?;
    cases.extend(subjects.ids("cases").into_iter().map(CaseId::from_uuid));
    cases.sort_unstable();
    cases.dedup();
    // Both read the ledger itself.
    let whole = who.has_any(&[Role::Service, Role::Auditor]);
    let mut parts = Vec::with_capacity(cases.len());
    for case in cases {
        let all = Part { aggregates: vec![case.name()], kept: true, ..Part::default() };
        let to_the_firm = |all| Part { only: Some(OFFICE_TO_FIRM), without_office: true, ..all };
        parts.push(match who.is_office() {
            false if whole => all,
            false => to_the_firm(all),
            true => match Standing::of(office, &who.actor.id, case).await? {
                Standing::Seated => all,
                Standing::Clear => Part { but: OF_THE_SEATS, ..all },
                Standing::KeptOff(_) => to_the_firm(all),
            },
        });
    }
    Ok(parts)
}
