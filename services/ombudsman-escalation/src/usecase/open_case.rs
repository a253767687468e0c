//! Bringing a ticket before the office: the peers are asked first, then everything is written together.

pub(crate) mod snapshot;

use jiff::Timestamp;
use kernel::{ActorKind, Channel, Personal, ResourceId as _, Role};
use ombudsman_escalation_domain::admissibility::{self, FirmTerm};
use ombudsman_escalation_domain::case::{Case, ClaimPoint, Complaint, Representative};
use ombudsman_escalation_domain::dossier::Head;
use ombudsman_escalation_domain::notice::Acknowledged;
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::regime::Regime;
use ombudsman_escalation_domain::vocabulary::{DossierKind, Origin, Parallel, RepresentativeKind, Visibility};
use ombudsman_escalation_domain::{CaseId, HouseRefused, Refused, TicketId, form};
use postgres::{Claim, RequestKey, claim};
use server::parse::{channel_to_proto, language_to_proto, time_to_proto};
use server::{Call, Principal};
use uuid::Uuid;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Paper, Step, denied, entry, replayed};
use crate::document;
use crate::error::Failure;
use crate::grpc::vocabulary::stage_to_proto;
use crate::office::Office;
use crate::store::case::StoredCase;
use crate::store::contact::{self, Contact};
use crate::store::{case, screen, wall};

use snapshot::Snapshot;

/// Name of the RPC.
pub const METHOD: &str = "OpenCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// The ticket.
    pub ticket: TicketId,
    /// Rules the case is to be heard under; `None` for those of the ticket's sector.
    pub regime: Option<&'static Regime>,
    /// Channel the complaint document came by.
    pub channel: Channel,
    /// What is declared about other proceedings.
    pub parallel: Option<Parallel>,
    /// What is claimed; empty for what the ticket says.
    pub points: Vec<ClaimPoint>,
    /// When the facts happened.
    pub facts_at: Option<Timestamp>,
    /// When the claimant learnt of them.
    pub known_at: Option<Timestamp>,
    /// Who acts for the claimant.
    pub representative: Option<Representing>,
    /// The reference of the regulator that sent it.
    pub regulator_reference: Option<String>,
}

/// Who comes for a claimant.
#[derive(Debug, Clone)]
pub struct Representing {
    /// Who it is.
    pub name: Personal<String>,
    /// What makes them the representative.
    pub kind: RepresentativeKind,
    /// What proves it, where that came with the complaint.
    pub proof: Option<Personal<String>>,
}

/// Opens the case. The answer of the request is kept for good.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.open", skip_all, fields(ticket = %command.ticket))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    if let Some(kept) = postgres::answered(&office.db, &command.key).await? {
        let case = replayed(&office, &kept).await?;
        let who = call.acting();
        // Who knows a request of somebody else's is told no word of it.
        return match who.has(Role::Customer) && !is_claimant(who, &case.customer) {
            true => Err(denied(&office, &call, (METHOD, case.name), Failure::TicketNotFound).await),
            false => Ok(case),
        };
    }
    // Whoever of the firm brings it speaks for the firm there, and keeps their unit off it.
    if call.actor().kind == ActorKind::Employee && call.actor().department.is_none() {
        let about = (METHOD, command.ticket.name());
        return Err(denied(&office, &call, about, Refused::from(HouseRefused::NoDepartment)).await);
    }
    let snapshot = Snapshot::take(&office.peers, &call, command.ticket).await?;
    let who = call.acting();
    if command.regulator_reference.is_some() && !who.is_office() {
        let why = "is for the office to give: it says that a regulator sent the case";
        let about = (METHOD, command.ticket.name());
        return Err(denied(&office, &call, about, Failure::field("regulator_reference", why)).await);
    }
    let told = &snapshot.own.ticket;
    if who.has(Role::Customer) && !is_claimant(who, &told.customer) {
        let about = (METHOD, command.ticket.name());
        return Err(denied(&office, &call, about, Failure::TicketNotFound).await);
    }
    let regime = Regime::choose(command.regime, &told.sector, who.is_office(), office.accredited);
    let regime = match regime {
        Ok(regime) => regime,
        Err(wrong) => {
            let refused = Failure::field("regime", wrong.to_string());
            return Err(match who.is_office() {
                true => refused,
                false => denied(&office, &call, (METHOD, command.ticket.name()), refused).await,
            });
        }
    };
    let now = office.ambient.now();
    for (field, at) in [("facts_time", command.facts_at), ("facts_known_time", command.known_at)] {
        if at.is_some_and(|at| at > now) {
            return Err(Failure::field(field, "must not be in the future"));
        }
    }
    let ticket = command.ticket;
    match write(&office, &call, regime, command, snapshot).await {
        Err(Failure::TicketTaken) => match case::live_of_ticket(&office.db, ticket).await? {
            Some(taken) => Err(taken.into()),
            None => Err(Failure::TicketTaken),
        },
        other => other,
    }
}

/// Whether the caller is this customer: the token's subject is the customer's id, bare or as a resource name.
pub(crate) fn is_claimant(who: &Principal, customer: &str) -> bool {
    let bare = customer.strip_prefix("customers/").unwrap_or(customer);
    who.has(Role::Customer) && (who.actor.id == customer || who.actor.id == bare)
}

async fn write(
    office: &Office,
    call: &Call,
    regime: &'static Regime,
    command: Command,
    mut snapshot: Snapshot,
) -> Result<pb::Case, Failure> {
    let now = office.ambient.now();
    let id = CaseId::from_uuid(office.ambient.uuid(now));
    let mut tx = office.db.tx().await?;
    if let Claim::Replay(kept) = claim(&mut tx, &command.key, now).await? {
        tx.rollback().await?;
        return replayed(office, &kept).await;
    }
    // Of two who bring the same affair by two of its keys the second sees the first.
    wall::hold_tickets(&mut tx, &snapshot.affair()?).await?;
    wall::note_history(&mut tx, command.ticket, &snapshot.touches()).await?;
    if call.acting().is_office() {
        let known = wall::load(&mut tx, command.ticket, snapshot.customer()?, now).await?;
        if let Err(refused) = known.is_clear_of(&call.acting().actor.id, now) {
            tx.rollback().await?;
            return Err(denied(office, call, (METHOD, command.ticket.name()), refused).await);
        }
    }
    // What is answered together is heard together: once, under whichever of its keys it was brought. What was merged into it since is another claim.
    if let Some(taken) = case::live_with(&mut tx, &[command.ticket]).await? {
        tx.rollback().await?;
        return Err(taken.into());
    }
    let affair = snapshot.affair()?;
    snapshot.leave_apart(case::heard_apart(&mut tx, &affair, command.ticket).await?);
    let received = match receive(id, regime, &command, &snapshot, call.acting().is_office(), now) {
        Err(Failure::Refused(Refused::Channel { article })) => {
            tx.rollback().await?;
            turned_away(office, call, regime, &command, &snapshot, article).await?;
            return Err(Refused::Channel { article }.into());
        }
        received => received?,
    };
    let from = received.stage();
    let registered = received.register()?;
    let matter = snapshot.matter();
    case::insert(&mut tx, &registered, call.actor(), &matter, now).await?;
    let brought = snapshot.affair()?;
    case::bring(&mut tx, id, &brought).await?;
    let stored = StoredCase {
        case: registered.clone(),
        version: 1,
        opened_by: call.actor().clone(),
        head: Head::EMPTY,
        matter,
        created_at: now,
        updated_at: now,
        ended_at: None,
        code_number: 0,
        term_due_at: None,
    };
    let mut step = Step::opening(tx, stored, call, command.key, now);
    let opened = pb::CaseOpened {
        case_name: id.name(),
        ticket: registered.ticket.name(),
        customer: registered.customer.name(),
        regime: registered.regime.id.to_owned(),
        filed_at_entity_time: Some(time_to_proto(registered.complaint.filed_at_entity)),
        filed_at_office_time: Some(time_to_proto(now)),
        brought_with: brought_with(&brought, registered.ticket),
    };
    step.note(office, &opened);
    let transitioned = pb::CaseTransitioned {
        case_name: id.name(),
        ticket: registered.ticket.name(),
        customer: registered.customer.name(),
        from_state: stage_to_proto(from).into(),
        to_state: stage_to_proto(registered.stage()).into(),
        ground: pb::InadmissibilityGround::Unspecified.into(),
    };
    step.note(office, &transitioned);
    step.note_terms(office);
    step.say(office, DossierKind::Complaint, Phrase::Complaint(&registered));
    let own = Regime::of_sector(&snapshot.own.ticket.sector);
    if regime != own {
        step.say(office, DossierKind::Note, Phrase::OtherRules { heard: regime, own });
    }
    let proof = command.representative.and_then(|representative| representative.proof);
    if let Some(proof) = proof {
        step.add(office, Paper::text(DossierKind::Evidence, Visibility::Parties, proof.into_inner()));
    }
    for paper in snapshot.papers() {
        step.add(office, paper);
    }
    if snapshot.lacks_the_screen() {
        screen::want(&mut step.tx, id, now).await?;
    }
    acknowledge(office, &mut step, snapshot.key());
    step.conclude(office).await
}

/// The names of those that a case is brought with beside its own ticket.
pub(crate) fn brought_with(brought: &[TicketId], own: TicketId) -> Vec<String> {
    brought.iter().filter(|with| **with != own).map(|with| with.name()).collect()
}

/// Somebody complained by a channel that the regime does not admit: the contact is written down, once a request, and the form goes to them.
async fn turned_away(
    office: &Office,
    call: &Call,
    regime: &'static Regime,
    command: &Command,
    snapshot: &Snapshot,
    article: &'static str,
) -> Result<(), Failure> {
    let (now, customer) = (office.ambient.now(), snapshot.customer()?);
    let contact = Contact {
        // Of the request and of what it asked: another under the same id is another contact.
        id: Uuid::new_v5(&command.key.id, &command.key.body_hash),
        ticket: command.ticket,
        customer,
        regime: regime.id,
        channel: command.channel,
        article,
        taken_by: call.actor(),
        received_at: now,
    };
    let mut tx = office.db.tx().await?;
    if !contact::note(&mut tx, &contact).await? {
        tx.rollback().await?;
        return Ok(());
    }
    let language = snapshot.matter().language;
    let told = pb::ContactNotAdmitted {
        ticket: command.ticket.name(),
        customer: customer.name(),
        regime: regime.id.to_owned(),
        channel: channel_to_proto(command.channel).into(),
        article: article.to_owned(),
        language: language_to_proto(language).into(),
        form: form::complaint_form(&office.name, regime, language),
    };
    ledger::append(&mut tx, &[entry(office, call, command.ticket.name(), &told)]).await?;
    tx.commit().await?;
    office.ledger.nudge();
    Ok(())
}

fn receive(
    id: CaseId,
    regime: &'static Regime,
    command: &Command,
    snapshot: &Snapshot,
    by_office: bool,
    now: Timestamp,
) -> Result<Case, Failure> {
    let points = if command.points.is_empty() { snapshot.claim_points() } else { command.points.clone() };
    let complaint = Complaint {
        filed_at_entity: snapshot.first_received()?,
        filed_at_office: now,
        facts_at: command.facts_at,
        known_at: command.known_at,
        parallel: command.parallel,
        channel: command.channel,
        points,
        representative: command.representative.as_ref().map(|representing| Representative {
            name: representing.name.clone(),
            kind: representing.kind,
            proven_at: representing.proof.as_ref().map(|_| now),
        }),
        origin: Some(match &command.regulator_reference {
            Some(_) => Origin::Regulator,
            None => origin(regime, snapshot, by_office, now)?,
        }),
        regulator_reference: command.regulator_reference.clone(),
    };
    let customer = snapshot.customer()?;
    Case::receive(id, command.ticket, customer, regime, complaint).map_err(Refused::into)
}

/// How it comes before the office. Where that turns on the firm's own term, who counts it must have said how it stands.
fn origin(regime: &'static Regime, snapshot: &Snapshot, by_office: bool, now: Timestamp) -> Result<Origin, Failure> {
    let filed = (snapshot.first_received()?, snapshot.answered());
    let term = match snapshot.firm_term(now) {
        Ok(term) => term,
        Err(code) if admissibility::turns_on_the_firms_term(regime, filed, by_office, now) => {
            tracing::warn!(?code, "how the firm's own term stands is not known");
            return Err(Failure::Peer { peer: crate::SLA_MONITOR, code });
        }
        Err(_) => FirmTerm::default(),
    };
    Ok(admissibility::origin(regime, filed, term, by_office, now)?)
}

/// Puts the signed acknowledgement of the case into its dossier, where the claimant gets it: content, date, hour and key.
pub(crate) fn acknowledge(office: &Office, step: &mut Step, key: Option<&str>) {
    let case = step.case();
    let facts = Acknowledged { office: &office.name, case: &case, key, language: step.stored.matter.language };
    let sealed = document::acknowledge(&office.sealer, &facts);
    step.add(office, Paper::text(DossierKind::Acknowledgement, Visibility::Parties, sealed));
}
