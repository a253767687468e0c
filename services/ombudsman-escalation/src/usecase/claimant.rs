//! The claimant's window: what they read and do in their own case with tracking key, proof and the office's code.

pub mod add_claimant_entry;
pub mod answer_claimant_decision;
pub mod answer_claimant_offer;
pub mod complete_claimant_case;
pub mod get_claimant_case;
pub mod give_claimant_disclosure;
pub mod list_claimant_entries;
pub mod withdraw_claimant_case;

use kernel::ResourceId as _;
use ombudsman_escalation_domain::code::Code;
use ombudsman_escalation_domain::{CaseId, Refused};
use server::Call;

use super::denied;
use super::holder::{Holder, as_customer};
use crate::error::Failure;
use crate::office::Office;
use crate::store::case::{self, StoredCase};

/// Who comes to the window, and which case they mean.
pub struct Window {
    /// Key and proof.
    pub holder: Holder,
    /// One of their cases of the affair; `None` for the last that the code opens, or else the last.
    pub case: Option<CaseId>,
    /// The code that the office gave them.
    pub code: Option<Code>,
}

/// What key, proof and code open.
struct Own {
    /// The case that is meant.
    case: StoredCase,
    /// The claimant's others of the affair, the one that was opened last first.
    others: Vec<CaseId>,
    /// The call, as the claimant's own.
    call: Call,
    /// Whether they showed the office's code.
    proven: bool,
}

impl Window {
    /// The case that key, proof and code open. The firm gives out keys and proofs: who has no code of the office's is not known to be the claimant.
    async fn open(&self, office: &Office, call: Call, method: &'static str) -> Result<Own, Failure> {
        let own = self.look(office, call, method).await?;
        if own.proven { Ok(own) } else { Err(Failure::OfficeCodeWrong) }
    }

    /// The same, also for who shows no code; a wrong one is written down, and refused.
    async fn look(&self, office: &Office, call: Call, method: &'static str) -> Result<Own, Failure> {
        let located = self.holder.locate(office, &call).await?;
        let cases = case::of_affair(&office.db, located.ticket, located.customer).await?;
        let opens = |(case, number): &(CaseId, i32)| {
            self.code.is_some_and(|code| office.seal.knows(case.uuid(), *number, code))
        };
        let place = match self.case {
            Some(named) => cases.iter().position(|(case, _)| *case == named),
            // A review has a code of its own: what the code opens is meant, and else the last.
            None => cases.iter().position(opens).or_else(|| (!cases.is_empty()).then_some(0)),
        };
        let Some(place) = place else {
            let Some(named) = self.case else { return Err(Refused::CaseNotFound.into()) };
            return Err(denied(office, &call, (method, named.name()), Refused::CaseNotFound).await);
        };
        let proven = opens(&cases[place]);
        let mut others: Vec<CaseId> = cases.into_iter().map(|(case, _)| case).collect();
        let case = case::get(&office.db, others.remove(place)).await?.ok_or(Refused::CaseNotFound)?;
        if self.code.is_some() && !proven {
            let about = (method, case.case.id.name());
            return Err(denied(office, &call, about, Failure::OfficeCodeWrong).await);
        }
        Ok(Own { case, others, call: as_customer(call, located.customer), proven })
    }
}
