//! Opening a case that reviews a decided one. The decided one stays as it is.

use kernel::{Personal, ResourceId as _};
use ombudsman_escalation_domain::case::Case;
use ombudsman_escalation_domain::dossier::Head;
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{DossierKind, Stage};
use ombudsman_escalation_domain::{CaseId, ProcedureRefused, Refused, TicketId};
use server::Call;
use server::parse::time_to_proto;
use ventanilla_proto::ombudsman::v1 as pb;

use super::open_case::{acknowledge, brought_with};
use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::grpc::vocabulary::stage_to_proto;
use crate::office::Office;
use crate::store::case::StoredCase;
use crate::store::{case, procedure};

/// Name of the RPC.
pub const METHOD: &str = "ReviewCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Why the case is to be reviewed.
    pub cause: Personal<String>,
}

/// Opens the review. The answer of the request is kept for good.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.review", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let mut step = match Step::begin(&office, &call, &command.change, Seating::Bench).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let reviewed = step.case();
    let now = step.now;
    let review = reviewed.review(CaseId::from_uuid(office.ambient.uuid(now)), now)?;
    procedure::refuse_erased(&mut step.tx, reviewed.id).await?;
    let standing = procedure::standing(&mut step.tx, reviewed.id).await?;
    if let Some(case) = standing.superseded_by {
        return Err(Refused::from(ProcedureRefused::DecisionSuperseded { case }).into());
    }
    // What is in force is the decision that it confirms, and that one is to be reviewed.
    if standing.confirms {
        return Err(Refused::from(ProcedureRefused::ReviewConfirms { case: reviewed.review_of }).into());
    }
    let reviews = procedure::reviews(&mut *step.tx, reviewed.id).await?;
    if let Some((live, _)) = reviews.into_iter().find(|(_, live)| *live) {
        return Err(Refused::from(ProcedureRefused::ReviewAtOffice { case: Some(live) }).into());
    }
    let cause = command.cause.expose();
    step.say(&office, DossierKind::Review, Phrase::ReviewedBy { review: review.id, cause });
    step.note(&office, &pb::ReviewOpened { case_name: reviewed.id.name(), review: review.id.name() });
    step.write(&office, reviewed.clone()).await?;
    let matter = step.stored.matter.clone();
    let mut tx = step.hand_over().await?;

    case::insert(&mut tx, &review, call.actor(), &matter, now).await?;
    let brought = case::tickets(&mut tx, reviewed.id).await?;
    case::bring(&mut tx, review.id, &brought).await?;
    let stored = StoredCase {
        case: review.clone(),
        version: 1,
        opened_by: call.actor().clone(),
        matter,
        head: Head::EMPTY,
        created_at: now,
        updated_at: now,
        ended_at: None,
        code_number: 0,
        term_due_at: None,
    };
    let mut step = Step::opening(tx, stored, &call, command.change.key, now);
    step.note(&office, &opened(&review, &brought));
    step.note(&office, &registered(&review));
    step.note_terms(&office);
    step.say(&office, DossierKind::Review, Phrase::Reviews { case: reviewed.id, cause });
    step.say(&office, DossierKind::Complaint, Phrase::Complaint(&review));
    acknowledge(&office, &mut step, None);
    step.conclude(&office).await
}

/// Its term counts from when the review was asked for: that of the complaint was met by the decision.
fn opened(review: &Case, brought: &[TicketId]) -> pb::CaseOpened {
    let asked = Some(time_to_proto(review.complaint.filed_at_office));
    pb::CaseOpened {
        case_name: review.id.name(),
        ticket: review.ticket.name(),
        customer: review.customer.name(),
        regime: review.regime.id.to_owned(),
        filed_at_entity_time: asked,
        filed_at_office_time: asked,
        brought_with: brought_with(brought, review.ticket),
    }
}

fn registered(review: &Case) -> pb::CaseTransitioned {
    pb::CaseTransitioned {
        case_name: review.id.name(),
        ticket: review.ticket.name(),
        customer: review.customer.name(),
        from_state: stage_to_proto(Stage::Received).into(),
        to_state: stage_to_proto(review.stage()).into(),
        ground: pb::InadmissibilityGround::Unspecified.into(),
    }
}
