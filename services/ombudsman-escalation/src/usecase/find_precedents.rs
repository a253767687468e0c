//! Similar earlier decisions, for those who investigate or decide the case.

use kernel::{ResourceId as _, Violations};
use ombudsman_escalation_domain::precedent::LEAST_SIMILAR;
use ombudsman_escalation_domain::vocabulary::OfficeRole;
use ombudsman_escalation_domain::{CaseId, Refused};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::denied;
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::{case, precedent, wall};

/// What is asked.
#[derive(Debug, Clone)]
pub struct Query {
    /// The case.
    pub case: CaseId,
    /// Only for this claim point.
    pub point: Option<String>,
    /// Most precedents of a point.
    pub most: usize,
}

/// Finds them. They hold no word of the earlier cases but stems that the claim has too.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "precedent.find", skip_all, fields(case = %query.case))]
pub async fn run(office: Office, call: Call, query: Query) -> Result<pb::FindPrecedentsResponse, Failure> {
    let stored = case::get(&office.db, query.case).await?.ok_or(Refused::CaseNotFound)?;
    let now = office.ambient.now();
    let mut tx = office.db.tx().await?;
    let wall = wall::load(&mut tx, stored.case.ticket, stored.case.customer, now).await?;
    tx.rollback().await?;
    let team = wall::team_now(&office.db, query.case).await?;
    let seats = &[OfficeRole::Investigator, OfficeRole::Ombudsman];
    if let Err(refused) = team.authorize(&call.actor().id, seats, &wall, now) {
        return Err(denied(&office, &call, ("FindPrecedents", query.case.name()), refused).await);
    }
    let mut asking = stored.case.clone();
    if let Some(wanted) = &query.point {
        asking.complaint.points.retain(|point| point.id == *wanted);
        if asking.complaint.points.is_empty() {
            let mut violations = Violations::new();
            violations.push("claim_point", "is no claim point of this case");
            return Err(violations.into());
        }
    }
    let mut connection = office.db.reader().acquire().await?;
    let marks = precedent::marks(&mut connection, &asking, &stored.matter).await?;
    let language = stored.matter.language;
    let mut shown = precedent::shown(&mut connection, &asking, &marks, language, query.most).await?;
    let mut answered = Vec::with_capacity(asking.complaint.points.len());
    for point in &asking.complaint.points {
        let Some(mut shown) = shown.remove(&point.id) else { continue };
        shown.found.retain(|(_, one)| one.similarity >= LEAST_SIMILAR);
        answered.push(answer::precedents(&point.id, &shown));
    }
    Ok(pb::FindPrecedentsResponse { points: answered })
}
