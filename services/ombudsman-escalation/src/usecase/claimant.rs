//! The claimant's window: what they read and do in their own case with tracking key and proof.

pub mod add_claimant_entry;
pub mod answer_claimant_decision;
pub mod answer_claimant_offer;
pub mod complete_claimant_case;
pub mod get_claimant_case;
pub mod give_claimant_disclosure;
pub mod list_claimant_entries;
pub mod withdraw_claimant_case;

use ombudsman_escalation_domain::{CaseId, Refused};
use server::Call;

use super::holder::{Holder, as_customer};
use crate::error::Failure;
use crate::office::Office;
use crate::store::case;

/// Who comes to the window, and which case they mean.
pub struct Window {
    /// Key and proof.
    pub holder: Holder,
    /// One of their cases of the affair; `None` for the one that was opened last.
    pub case: Option<CaseId>,
}

/// What key and proof open.
struct Own {
    /// The case that is meant.
    case: CaseId,
    /// The claimant's others of the affair, the one that was opened last first.
    others: Vec<CaseId>,
    /// The call, as the claimant's own.
    call: Call,
}

impl Window {
    /// The case that key and proof open.
    async fn open(&self, office: &Office, call: Call) -> Result<Own, Failure> {
        let located = self.holder.locate(office, &call).await?;
        let mut others = case::of_affair(&office.db, located.ticket, located.customer).await?;
        let place = match self.case {
            Some(named) => others.iter().position(|case| *case == named),
            None => (!others.is_empty()).then_some(0),
        };
        let case = others.remove(place.ok_or(Refused::CaseNotFound)?);
        Ok(Own { case, others, call: as_customer(call, located.customer) })
    }
}
