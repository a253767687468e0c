//! Who could take a seat on a case.

use std::collections::BTreeMap;

use ombudsman_escalation_domain::vocabulary::OfficeRole;
use ombudsman_escalation_domain::wall::Person;
use ombudsman_escalation_domain::{CaseId, Refused};
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::office::Office;
use crate::store::{case, seats, wall};

/// How many are proposed.
const PROPOSALS: usize = 20;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Query {
    /// The case.
    pub case: CaseId,
    /// The seat.
    pub office_role: OfficeRole,
}

/// The people, best first.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "office.propose_substitutes", skip_all, fields(case = %query.case))]
pub async fn run(office: Office, query: Query) -> Result<pb::ProposeSubstitutesResponse, Failure> {
    let ranked = Ranking::new(&office).await?.of(query.case, query.office_role).await?;
    Ok(pb::ProposeSubstitutesResponse { proposals: proposals(ranked, PROPOSALS) })
}

/// Ranks people for seats, by the seats they held when it was made.
pub(crate) struct Ranking<'a> {
    office: &'a Office,
    loads: BTreeMap<Person, u32>,
}

impl<'a> Ranking<'a> {
    pub(crate) async fn new(office: &'a Office) -> Result<Self, Failure> {
        Ok(Self { office, loads: seats::loads(office.db.reader()).await? })
    }

    /// Who could take this seat, best first, each with how many seats they hold.
    pub(crate) async fn of(&mut self, id: CaseId, office_role: OfficeRole) -> Result<Vec<(Person, u32)>, Failure> {
        let stored = case::get(&self.office.db, id).await?.ok_or(Refused::CaseNotFound)?;
        let now = self.office.ambient.now();
        let mut connection = self.office.db.reader().acquire().await?;
        let known = wall::load(&mut connection, stored.case.ticket, stored.case.customer, now).await?;
        let team = wall::team(&mut *connection, id).await?;
        Ok(team.candidates(office_role, &known, &self.loads, now))
    }
}

/// The first so many, as they are answered.
pub(crate) fn proposals(ranked: Vec<(Person, u32)>, most: usize) -> Vec<pb::SubstituteProposal> {
    let told = |(person, seats): (Person, u32)| pb::SubstituteProposal {
        person,
        seat_count: i32::try_from(seats).unwrap_or(i32::MAX),
    };
    ranked.into_iter().take(most).map(told).collect()
}
