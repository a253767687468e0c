//! Telling a party who sat on its case and what they declared, and keeping what was told.

use kernel::{Language, ResourceId as _, Role};
use ombudsman_escalation_domain::statement::{self, Disclosed};
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use ombudsman_escalation_domain::wall::{Mandate, Member};
use ombudsman_escalation_domain::{CaseId, Refused};
use prost::Message as _;
use server::Call;
use server::parse::{language_to_proto, time_to_proto};
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, denied};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::{case, seats, staff, wall};
use crate::usecase::open_case::is_claimant;

/// Name of the RPC.
pub const METHOD: &str = "GiveDisclosure";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change; it takes no version, since it only adds.
    pub change: Change,
    /// Language of the text.
    pub language: Language,
}

/// Gives the statement as things stand now, and puts it into the dossier, where both parties see it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.give_disclosure", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::DisclosureStatement, Failure> {
    let who = call.acting();
    let id = command.change.case;
    if who.has(Role::Customer) {
        let known = case::get(&office.db, id).await?.ok_or(Refused::CaseNotFound)?;
        if !is_claimant(who, &known.case.customer.name()) && known.opened_by != who.actor {
            return Err(denied(&office, &call, (METHOD, id.name()), Refused::CaseNotFound).await);
        }
    }
    let seating = if who.is_office() { Seating::Mandate } else { Seating::Unneeded };
    let mut step = match Step::begin(&office, &call, &command.change, seating).await? {
        Begun::Replay(kept) => return again(&kept),
        Begun::Step(step) => step,
    };
    let case = step.case();
    // Nothing is added to a case whose words were destroyed.
    if seats::is_erased(&mut step.tx, case.id).await? {
        return Err(Refused::CaseNotFound.into());
    }
    let seats = disclosed(&mut step, case.id).await?;
    let kept = pb::DisclosureStatement {
        case_name: case.id.name(),
        give_time: Some(time_to_proto(step.now)),
        language: language_to_proto(command.language).into(),
        seats: seats.iter().map(answer::disclosed).collect(),
        text: statement::text(case.id, &seats, command.language, step.now),
        dossier_entry: String::new(),
    };
    let sealed = step.add(&office, Paper::message(DossierKind::Disclosure, Visibility::Parties, &kept));
    let sequence = i64::try_from(sealed.entry.sequence).unwrap_or(i64::MAX);
    step.note(&office, &pb::DisclosureGiven { case_name: case.id.name(), sequence, language: kept.language });
    let dossier_entry = format!("{}/entries/{sequence}", case.id.name());
    let answer = pb::DisclosureStatement { dossier_entry, ..kept };
    step.commit(&office, &answer.encode_to_vec(), false).await?;
    Ok(answer)
}

/// Everybody who sits or sat there, as a party may know it.
async fn disclosed(step: &mut Step, case: CaseId) -> Result<Vec<Disclosed>, Failure> {
    let known = wall::load(&mut step.tx, step.stored.case.ticket, step.stored.case.customer, step.now).await?;
    let seats = seats::leavings(&mut step.tx, case).await?;
    let people: Vec<String> = seats.iter().map(|(seat, _)| seat.person.clone()).collect();
    let terms = staff::terms_of(&mut step.tx, &people).await?;
    Ok(seats
        .into_iter()
        .map(|(seat, grounds)| {
            let member = known.register.get(&seat.person);
            let declaration = member.and_then(|member| member.declaration.as_ref());
            let relations = member.into_iter().flat_map(Member::relations);
            let relations = relations.filter(|relation| known.is_with_party(relation)).cloned().collect();
            let mandates: Vec<Mandate> =
                terms.get(&seat.person).into_iter().flatten().map(|term| term.mandate).collect();
            Disclosed {
                declared_at: declaration.map(|declared| declared.declared_at),
                relations,
                mandates,
                office_role: seat.office_role,
                since: seat.since,
                left: seat.left.map(|at| (at, grounds)),
                person: seat.person,
            }
        })
        .collect())
}

fn again(kept: &[u8]) -> Result<pb::DisclosureStatement, Failure> {
    pb::DisclosureStatement::decode(kept).map_err(|_| Failure::Unreadable)
}
