//! The claimant's window: what they read and do in their own case with tracking key and proof.

pub mod add_claimant_entry;
pub mod answer_claimant_decision;
pub mod answer_claimant_offer;
pub mod get_claimant_case;
pub mod list_claimant_entries;

use server::Call;

use super::holder::{Holder, as_customer};
use crate::error::Failure;
use crate::office::Office;
use crate::store::case::{self, StoredCase};
use ombudsman_escalation_domain::Refused;

/// The case that key and proof open, and the call as its claimant's own.
async fn own_case(office: &Office, call: Call, holder: &Holder) -> Result<(StoredCase, Call), Failure> {
    let located = holder.locate(office, &call).await?;
    let found = case::last_of_affair(&office.db, located.ticket, located.customer).await?;
    let stored = found.ok_or(Refused::CaseNotFound)?;
    Ok((stored, as_customer(call, located.customer)))
}
