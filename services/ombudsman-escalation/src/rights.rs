//! What the office holds of a claimant: cases, dossiers and decisions.
//!
//! The claimant is told what a party may see. What the office notes for itself, seals or deliberates is not personal data to
//! be taken away, but the work of who decides; it is destroyed all the same.

use ::rights::{DataHolder, Hold, Leftover, Records};
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, ActorKind, ResourceId as _};
use ledger::{Draft, Stamp};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::dossier::told_offers;
use ombudsman_escalation_domain::vocabulary::Visibility;
use postgres::{StoreError, Tx};
use prost::Name;
use prost_types::Any;
use server::Call;
use uuid::Uuid;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::access::{self, Access};
use crate::store::rights as store;
use crate::store::{case, clock, decision, dossier, obligation, procedure};
use crate::usecase::dossier_reading::is_for_claimant;

/// Dossier entries that are read at once.
const PAGE: i64 = 50;

/// The office as a holder of data.
#[derive(Clone)]
pub(crate) struct Holdings {
    /// The office.
    pub(crate) office: Office,
    /// How long after its end a case is not erased.
    pub(crate) keep_ended: SignedDuration,
}

impl Holdings {
    /// That the words of these cases were destroyed: what is missing in their dossiers from now on was not taken out of them by anybody else.
    fn destroyed(&self, cases: &[Uuid], now: Timestamp) -> Vec<Draft> {
        let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
        let stamp = Stamp::of(actor, now, server::current_traceparent());
        let told = |id: &Uuid| {
            let case_name = CaseId::from_uuid(*id).name();
            Draft::new(self.office.ambient.uuid(now), case_name.clone(), &pb::CaseErased { case_name }, &stamp)
        };
        cases.iter().map(told).collect()
    }

    /// Everything, to somebody: what lies in a dossier is told once it is written down who it is told to.
    fn told_to(&self, actor: Actor, traceparent: String, customers: Vec<Uuid>) -> Records<Failure> {
        let office = self.office.clone();
        async_stream::try_stream! {
            let matters = store::matters(office.db.reader(), &customers).await?;
            let cases: Vec<CaseId> = matters.iter().map(|matter| CaseId::from_uuid(matter.id)).collect();
            // One loop a kind: an archive has a file for each.
            let mut procedures = Vec::new();
            for id in &cases {
                if let Some(stored) = case::get(&office.db, *id).await? {
                    let terms = clock::terms_of(office.db.reader(), *id).await?;
                    yield packed(&answer::case_of_claimant(&stored, &terms))?;
                    let reviews = procedure::reviews(office.db.reader(), *id).await?;
                    let reviews: Vec<CaseId> = reviews.into_iter().map(|(review, _)| review).collect();
                    let standing = procedure::standing(&mut *office.db.reader().acquire().await.map_err(StoreError::from)?, *id).await?;
                    let told = answer::procedure(&stored, &reviews, standing);
                    let offer = told.offer.filter(|offer| offer.tell_time.is_some());
                    let state = answer::case_of_claimant(&stored, &terms).state;
                    procedures.push(pb::Procedure { state, offer, waiting_offer: None, ..told });
                }
            }
            for procedure in &procedures {
                yield packed(procedure)?;
            }
            for id in &cases {
                let Some(stored) = case::get(&office.db, *id).await? else { continue };
                let told = told_offers(&dossier::offers(&office.db, *id).await?);
                let mut after = Some(0);
                while let Some(place) = after {
                    let page = dossier::list((&office.db, &office.seal), *id, &[Visibility::Parties.to_string()], place, PAGE).await?;
                    let theirs: Vec<_> = page.iter().filter(|sealed| is_for_claimant(sealed, &told)).collect();
                    let sequences: Vec<u64> = theirs.iter().map(|sealed| sealed.entry.sequence).collect();
                    if !sequences.is_empty() {
                        access::note(&office.db, &shown(&office, (&actor, &traceparent), *id, &sequences)).await?;
                    }
                    for sealed in theirs {
                        yield packed(&answer::entry_of(&stored.case, sealed, true, false))?;
                    }
                    after = page.last().and_then(|last| i64::try_from(last.entry.sequence).ok());
                }
            }
            let mut obligations = Vec::new();
            for id in &cases {
                let mut connection = office.db.reader().acquire().await.map_err(StoreError::from)?;
                let found = decision::get(&mut connection, *id).await?;
                let paper = decision::paper(&mut connection, *id).await?;
                let corrected = procedure::corrections(&mut connection, *id).await?;
                let owed = obligation::of_case(&mut connection, *id).await?;
                drop(connection);
                if let Some((issued, answers)) = found.filter(|(issued, _)| issued.notified_at.is_some()) {
                    let papers: Vec<u64> = paper.into_iter().chain(corrected.iter().map(|one| one.entry)).collect();
                    access::note(&office.db, &shown(&office, (&actor, &traceparent), *id, &papers)).await?;
                    let corrections = corrected.iter().filter_map(answer::correction).collect();
                    yield packed(&pb::Decision { corrections, ..answer::decision(&issued, &answers) })?;
                }
                // Whose case it comes of that is opened once more is nothing of theirs.
                let told = |owed| pb::Obligation { reopens: String::new(), ..answer::obligation(*id, owed) };
                obligations.extend(owed.iter().map(told));
            }
            for obligation in &obligations {
                yield packed(obligation)?;
            }
        }
        .boxed()
    }

    fn hold(&self, matter: &store::Matter, now: Timestamp) -> Option<Hold> {
        if matter.erased {
            return None;
        }
        Hold::of(CaseId::from_uuid(matter.id).name(), matter.ended_at, self.keep_ended, now)
    }
}

#[tonic::async_trait]
impl DataHolder for Holdings {
    type Error = Failure;

    async fn holds(&self, customers: &[Uuid], now: Timestamp) -> Result<Vec<Hold>, Failure> {
        let matters = store::matters(self.office.db.reader(), customers).await?;
        Ok(matters.iter().filter_map(|matter| self.hold(matter, now)).collect())
    }

    fn records(&self, customers: Vec<Uuid>) -> Records<Failure> {
        let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
        self.told_to(actor, server::current_traceparent(), customers)
    }

    fn records_for(&self, call: &Call, customers: Vec<Uuid>) -> Records<Failure> {
        self.told_to(call.actor().clone(), call.traceparent.clone(), customers)
    }

    async fn erase(&self, tx: &mut Tx, customers: &[Uuid], now: Timestamp) -> Result<Leftover, Failure> {
        let matters = store::lock(tx, customers).await?;
        let (needed, free): (Vec<_>, Vec<_>) =
            matters.into_iter().filter(|matter| !matter.erased).partition(|matter| self.hold(matter, now).is_some());
        let cases: Vec<Uuid> = free.iter().map(|matter| matter.id).collect();
        if !cases.is_empty() {
            store::erase(tx, &cases, now).await?;
            ledger::append(tx, &self.destroyed(&cases, now)).await?;
        }
        let resources = cases.into_iter().map(|id| CaseId::from_uuid(id).name()).collect();
        Ok(Leftover { resources, needed: needed.len() })
    }
}

/// That somebody was shown these entries of a dossier.
fn shown(office: &Office, (actor, traceparent): (&Actor, &str), case: CaseId, sequences: &[u64]) -> Access {
    let shown = access::runs(sequences);
    let span = [shown.first().map_or(0, |run| run[0]), shown.last().map_or(0, |run| run[1])];
    let (actor, traceparent) = (actor.clone(), traceparent.to_owned());
    Access { case, actor, shown, span, sealed: false, traceparent, read_at: office.ambient.now() }
}

fn packed(message: &impl Name) -> Result<Any, Failure> {
    Any::from_msg(message).map_err(|_| Failure::Unreadable)
}
