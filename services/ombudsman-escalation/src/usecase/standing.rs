//! How somebody of the office stands to a case, and what that lets them read of it.

use ombudsman_escalation_domain::team::SEATS;
use ombudsman_escalation_domain::{CaseId, Refused};

use crate::error::Failure;
use crate::office::Office;
use crate::store::{case, wall};

/// How somebody of the office stands to a case.
pub(super) enum Standing {
    /// In a seat that nothing stands against.
    Seated,
    /// With a term that runs, and nothing that is known ties them to the case.
    Clear,
    /// Neither, and why: they read what every party may.
    KeptOff(Refused),
}

impl Standing {
    /// How the person stands to the case now.
    pub(super) async fn of(office: &Office, person: &str, case: CaseId) -> Result<Self, Failure> {
        let Some(stored) = case::get(&office.db, case).await? else { return Ok(Self::KeptOff(Refused::CaseNotFound)) };
        let now = office.ambient.now();
        let mut tx = office.db.tx().await?;
        let wall = wall::load(&mut tx, stored.case.ticket, stored.case.customer, now).await?;
        let team = wall::team(&mut *tx, case).await?;
        tx.rollback().await?;
        if team.authorize(person, SEATS, &wall, now).is_ok() {
            return Ok(Self::Seated);
        }
        Ok(team.finds_clear(person, &wall, now).map_or_else(Self::KeptOff, |()| Self::Clear))
    }
}
