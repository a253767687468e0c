//! Admitting a case: the firm's time to state its position starts.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::Refused;
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, repeated, replayed};
use crate::error::Failure;
use crate::office::Office;
use crate::store::case;

/// Name of the RPC.
pub const METHOD: &str = "AdmitCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// That it was seen which decided complaints it repeats.
    pub repetition_seen: bool,
}

/// Admits the case. What repeats a decided complaint is admitted by who saw that it does, and the dossier says so.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.admit", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    // Who is one person and what is one affair is asked before anything is locked, and asked of nobody twice.
    let repeats = match postgres::answered(&office.db, &command.change.key).await? {
        None => {
            let asked = case::get(&office.db, command.change.case).await?.ok_or(Refused::CaseNotFound)?;
            repeated::decided_before(&office, &call, &asked.case).await?
        }
        Some(_) => Vec::new(),
    };
    let mut step =
        match Step::begin(&office, &call, &command.change, Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]))
            .await?
        {
            Begun::Replay(kept) => return replayed(&office, &kept).await,
            Begun::Step(step) => step,
        };
    // Asked for what was there and not answered in time: nothing holds it up any more.
    let past_its_cure = step.case().past_its_cure(step.now);
    if past_its_cure != step.case() {
        step.write(&office, past_its_cure).await?;
    }
    let after = step.case().admit(step.now)?;
    if !repeats.is_empty() && !command.repetition_seen {
        let cases = repeats.iter().map(|decided| decided.id).collect();
        return Err(Refused::RepeatsDecided { cases }.into());
    }
    if let Some(until) = after.state.statement_due() {
        step.say(&office, DossierKind::Admission, Phrase::Admitted { until });
    }
    if !repeats.is_empty() {
        let names: Vec<String> = repeats.iter().map(|decided| decided.id.name()).collect();
        let seen = format!("admitted though it repeats what was decided in {}", names.join(", "));
        step.add(&office, Paper::text(DossierKind::Note, Visibility::Office, seen));
    }
    step.finish(&office, after).await
}
