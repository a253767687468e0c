//! Saying what a case is about.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::matter::{Amount, Matter, Motive};
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::case;

/// Name of the RPC.
pub const METHOD: &str = "ClassifyCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Its motive; none takes the one there was away.
    pub motive: Option<Motive>,
    /// What is claimed in money.
    pub claimed: Option<Amount>,
}

/// Writes what the case is about.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.classify", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Intake, OfficeRole::Investigator, OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let after = step.case();
    after.accepts_matter()?;
    let matter = Matter { motive: command.motive, claimed: command.claimed, language: step.stored.matter.language };
    case::set_matter(&mut step.tx, after.id, &matter).await?;
    let motive = matter.motive.as_ref().map_or("none", Motive::as_str);
    let claimed = matter.claimed.as_ref().map_or_else(String::new, |claimed| {
        format!(", claimed: {} {} in minor units", claimed.minor(), claimed.currency())
    });
    step.add(&office, Paper::text(DossierKind::Note, Visibility::Office, format!("motive: {motive}{claimed}")));
    let noted = pb::CaseClassified {
        case_name: after.id.name(),
        motive: matter.motive.as_ref().map(ToString::to_string).unwrap_or_default(),
        claimed_amount: matter.claimed.as_ref().map(answer::money),
    };
    step.note(&office, &noted);
    step.stored.matter = matter;
    step.finish(&office, after).await
}
