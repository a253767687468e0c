//! `ProposeNextBestAction`, `DecideNextAction`, `CompleteNextAction` and `ListNextActions`: what to do for a customer of the house's own
//! accord, with its reasons, once somebody has approved it.

use customer_profile_domain::consent::{Statement, refuses_profiling};
use customer_profile_domain::{
    ActionId, ActionKind, ActionReason, ActionState, Attended, CustomerId, Discretion, Effort, Heard, Judged,
    NextAction, PATIENCE, PEACE, Situation, Worth, YEAR,
};
use jiff::Timestamp;
use kernel::{Personal, ResourceId};
use ledger::{Draft, Stamp};
use postgres::{RequestKey, StoreError, Tx};
use prost::Name;
use server::parse::time_to_proto;
use server::{Call, PageToken};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::r#type::v1::{Direction, Money};

use super::{Begun, Profile, get_customer_view, standing as standings};
use crate::error::ProfileError;
use crate::store::customer::{self, Standing};
use crate::store::interaction::{self, Interaction, Own};
use crate::store::next_action::{self as store, Action};
use crate::store::view::{self, View};
use crate::{OMBUDSMAN, SLA_MONITOR, TICKETING};

/// Name that page tokens of this list are bound to.
pub(crate) const LIST: &str = "nextActions";

#[tracing::instrument(name = "next_action.propose", skip_all)]
pub(crate) async fn propose(
    profile: Profile,
    call: Call,
    id: CustomerId,
    key: RequestKey,
) -> Result<proto::ProposeNextBestActionResponse, ProfileError> {
    super::insist(|| attempt(&profile, &call, id, &key)).await
}

async fn attempt(
    profile: &Profile,
    call: &Call,
    id: CustomerId,
    key: &RequestKey,
) -> Result<proto::ProposeNextBestActionResponse, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(profile, key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    // One after the other: of two who ask together one proposes, and the other is told.
    let standing = super::alone(&mut tx, id).await?;
    if customer::is_restricted(&mut *tx, id).await? {
        return Err(ProfileError::CustomerRestricted(standing.customer));
    }
    let known = [TICKETING, SLA_MONITOR, OMBUDSMAN].map(|source| (source, profile.standings.of(source)));
    let view = view::get(&mut *tx, id, &profile.worth.currency, now).await?;
    let view = view.ok_or(ProfileError::CustomerNotFound(id))?;
    let gap = |(source, known)| standings::of(source, known, view.parked.iter().any(|p| p == source), now).gap;
    let gaps: Vec<proto::SectionGap> = known.into_iter().filter_map(gap).collect();
    let affairs_unknown = gaps.iter().any(|gap| gap.source == TICKETING);
    let known = of_a_year(&mut tx, &standing.ids, now).await?;
    let in_peace = in_peace(&mut tx, &standing.ids, now).await?;
    let situation = Situation { in_peace, affairs_unknown, ..situation(profile, view, &known, now)? };

    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let waits = |action: &&Action| {
        is_open(action, now) && !action.kind.is_overtaken(in_peace, is_given_beside(action, &known, now))
    };
    let mut told: Vec<Action> = known.iter().filter(waits).cloned().collect();
    let mut entries = Vec::new();
    for next in NextAction::of(&situation, now) {
        if told.iter().any(|action| action.kind == next.kind) {
            continue;
        }
        let Some(action) = drafted(profile, call, standing.customer, next, now) else { continue };
        store::insert(&mut tx, &action).await?;
        let payload = proto::NextActionProposed {
            next_action: action.id.name(),
            customer: action.customer.name(),
            kind: kind_to_proto(action.kind).into(),
            expire_time: Some(time_to_proto(action.expires_at)),
        };
        entries.push(Draft::new(profile.ambient.uuid(now), action.id.name(), &payload, &stamp));
        told.push(action);
    }
    told.sort_by_key(|action| action.kind);
    ledger::append(&mut tx, &entries).await?;
    let next_actions = told.iter().map(|action| to_proto(action, now)).collect();
    let answer = proto::ProposeNextBestActionResponse { next_actions, gaps };
    let answer = super::finish(tx, key, &[id, standing.customer], answer).await?;
    profile.ledger.nudge();
    Ok(answer)
}

/// Whether it waits for a decision, or is to be done.
fn is_open(action: &Action, now: Timestamp) -> bool {
    matches!(action.state.at(now, action.expires_at), ActionState::Proposed | ActionState::Approved)
}

/// What was proposed so late that it may have been done within a year.
async fn of_a_year(tx: &mut Tx, ids: &[Uuid], now: Timestamp) -> Result<Vec<Action>, StoreError> {
    let since = now.checked_sub(YEAR).and_then(|at| at.checked_sub(PATIENCE)).unwrap_or(Timestamp::MIN);
    store::since(tx, ids, since).await
}

/// Whether the customer has said lately why they leave.
async fn in_peace(tx: &mut Tx, ids: &[Uuid], now: Timestamp) -> Result<bool, StoreError> {
    interaction::leaves(tx, ids, now.checked_sub(PEACE).unwrap_or(Timestamp::MIN)).await
}

/// Whether goodwill was given within a year.
fn is_given(action: &Action, now: Timestamp) -> bool {
    action.kind == ActionKind::Goodwill && action.done_at.is_some_and(|at| now.duration_since(at) < YEAR)
}

/// Whether other goodwill stands in the way of an action's next step: it was given within a year or, of one that is not approved yet, is
/// about to be.
fn is_given_beside(action: &Action, known: &[Action], now: Timestamp) -> bool {
    let others = || known.iter().filter(|other| other.id != action.id && other.kind == ActionKind::Goodwill);
    let is_approved = |other: &Action| other.state.at(now, other.expires_at) == ActionState::Approved;
    others().any(|other| is_given(other, now) || (action.state == ActionState::Proposed && is_approved(other)))
}

/// How things stand with the customer.
fn situation(profile: &Profile, view: View, known: &[Action], now: Timestamp) -> Result<Situation, ProfileError> {
    let trouble = get_customer_view::trouble(&view);
    let (dealings, sums) = view.dealings.read(view.id)?;
    let worth = Worth::of(&dealings, sums, trouble, profile.worth.bands(), now);
    let statements: Vec<Statement> = view.consents.into_iter().map(Statement::try_from).collect::<Result<_, _>>()?;
    let worth = if refuses_profiling(&statements, now) { worth.unprofiled() } else { worth };
    let costs: Vec<Attended> = view.costs.into_iter().map(Attended::from).collect();
    let effort = Effort::of(&costs, now);
    // The customer's own from where they are not crowded out by the firm's.
    let firms: Vec<Interaction> = view.interactions.into_iter().map(Interaction::try_from).collect::<Result<_, _>>()?;
    let firms = firms.iter().filter(|contact| contact.direction == Direction::Outbound).map(heard_of);
    let own = view.own.into_iter().map(|row| Own::try_from(row).map(|own| heard(&own)));
    let contacts = firms.map(Ok).chain(own).collect::<Result<_, StoreError>>()?;
    let given =
        |action: &Action| is_given(action, now) || (action.kind == ActionKind::Goodwill && is_open(action, now));
    Ok(Situation {
        contacts,
        judged: view.surveys.iter().filter_map(judged).collect(),
        missed_term: trouble.missed_term,
        complaint: trouble.complaint,
        open_affairs: view.tickets.len(),
        effort_reached: profile.effort.cap().is_some_and(|cap| effort.reaches(cap)),
        signals: worth.signals,
        affairs_unknown: false,
        in_peace: false,
        goodwill_within_year: known.iter().any(given),
    })
}

/// What was said in a survey that was answered.
fn judged(survey: &view::Survey) -> Option<Judged> {
    let view::Survey { csat, nps, ces, .. } = *survey;
    survey.answered_at.map(|at| Judged { at, csat, nps, ces })
}

/// A contact of the customer as far as it may speak: how sounded what was said in confidence would tell of it.
fn heard(own: &Own) -> Heard {
    let open = own.discretion == Discretion::Open;
    let sound = own.sentiment.filter(|_| open).map(customer_profile_domain::Sentiment::sound);
    Heard { at: own.at, inbound: true, sound }
}

/// A contact that the firm made.
const fn heard_of(contact: &Interaction) -> Heard {
    Heard { at: contact.occurred_at, inbound: false, sound: None }
}

/// What is proposed, as it is kept; nothing when it comes to no money.
fn drafted(profile: &Profile, call: &Call, customer: CustomerId, next: NextAction, now: Timestamp) -> Option<Action> {
    let amount = match next.kind {
        ActionKind::Goodwill => {
            let minor_units = profile.goodwill.amount(&next.reasons);
            Some((minor_units, profile.worth.currency.clone())).filter(|_| minor_units > 0).map(Some)?
        }
        ActionKind::PersonalCall | ActionKind::FollowUp => None,
    };
    Some(Action {
        id: ActionId::from_uuid(profile.ambient.uuid(now)),
        customer,
        kind: next.kind,
        reasons: next.reasons,
        amount,
        state: ActionState::Proposed,
        proposed_by: call.actor().id.clone(),
        created_at: now,
        expires_at: now.saturating_add(PATIENCE).unwrap_or(Timestamp::MAX),
        decided: None,
        note: String::new().into(),
        done_at: None,
        row_version: 1,
    })
}

/// Who says why they leave is offered nothing: what was to be offered gives way, in the transaction that writes it down. The customer
/// must be locked. Answers the entries that tell of it.
pub(crate) async fn give_way(
    profile: &Profile,
    tx: &mut Tx,
    ids: &[Uuid],
    by: &str,
    stamp: &Stamp,
) -> Result<Vec<Draft>, ProfileError> {
    let now = stamp.recorded_at;
    let known = store::since(tx, ids, now.checked_sub(PATIENCE).unwrap_or(Timestamp::MIN)).await?;
    let mut entries = Vec::new();
    for mut action in known.into_iter().filter(|action| action.kind.is_pitch() && is_open(action, now)) {
        action.state = ActionState::Declined;
        action.decided = Some((by.to_owned(), now));
        action.row_version += 1;
        store::settle(tx, &action).await?;
        let payload = proto::NextActionDecided {
            next_action: action.id.name(),
            customer: action.customer.name(),
            verdict: proto::NextActionVerdict::Decline.into(),
        };
        entries.push(Draft::new(profile.ambient.uuid(now), action.id.name(), &payload, stamp));
    }
    Ok(entries)
}

/// A decision as it was told, valid by itself.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub action: ActionId,
    pub approve: bool,
    pub note: Personal<String>,
    pub row_version: i64,
}

#[tracing::instrument(name = "next_action.decide", skip_all)]
pub(crate) async fn decide(
    profile: Profile,
    call: Call,
    decision: Decision,
    key: RequestKey,
) -> Result<proto::NextAction, ProfileError> {
    super::insist(|| try_decide(&profile, &call, &decision, &key)).await
}

async fn try_decide(
    profile: &Profile,
    call: &Call,
    decision: &Decision,
    key: &RequestKey,
) -> Result<proto::NextAction, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(profile, key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let (mut action, standing) = held(&mut tx, decision.action).await?;
    if action.row_version != decision.row_version {
        return Err(StoreError::Stale.into());
    }
    let state = action.state.at(now, action.expires_at);
    if state != ActionState::Proposed {
        return Err(ProfileError::NextActionSettled { state: state.as_str() });
    }
    let by = &call.actor().id;
    if decision.approve {
        if action.kind.needs_another() && action.proposed_by == *by {
            return Err(ProfileError::NextActionNeedsAnother);
        }
        still_to_be_done(&mut tx, &action, &standing.ids, now).await?;
    }
    action.state = if decision.approve { ActionState::Approved } else { ActionState::Declined };
    action.decided = Some((by.clone(), now));
    action.note = decision.note.clone();
    let verdict = if decision.approve { proto::NextActionVerdict::Approve } else { proto::NextActionVerdict::Decline };
    let payload = proto::NextActionDecided {
        next_action: action.id.name(),
        customer: action.customer.name(),
        verdict: verdict.into(),
    };
    settled(profile, call, tx, key, action, &payload, now).await
}

#[tracing::instrument(name = "next_action.complete", skip_all)]
pub(crate) async fn complete(
    profile: Profile,
    call: Call,
    id: ActionId,
    key: RequestKey,
) -> Result<proto::NextAction, ProfileError> {
    super::insist(|| try_complete(&profile, &call, id, &key)).await
}

async fn try_complete(
    profile: &Profile,
    call: &Call,
    id: ActionId,
    key: &RequestKey,
) -> Result<proto::NextAction, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(profile, key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let (mut action, standing) = held(&mut tx, id).await?;
    match action.state.at(now, action.expires_at) {
        ActionState::Approved => {}
        ActionState::Done => {
            let about = [action.customer];
            return super::finish(tx, key, &about, to_proto(&action, now)).await;
        }
        state @ (ActionState::Proposed | ActionState::Declined | ActionState::Lapsed) => {
            return Err(ProfileError::NextActionSettled { state: state.as_str() });
        }
    }
    still_to_be_done(&mut tx, &action, &standing.ids, now).await?;
    action.state = ActionState::Done;
    action.done_at = Some(now);
    let payload = proto::NextActionDone { next_action: action.id.name(), customer: action.customer.name() };
    settled(profile, call, tx, key, action, &payload, now).await
}

/// An action, for somebody whose data is in use, and how things stand with them: nobody else writes of either meanwhile. The customer is
/// locked first, as by who proposes and by who says why they leave.
async fn held(tx: &mut Tx, id: ActionId) -> Result<(Action, Standing), ProfileError> {
    let whose = store::whose(tx, id).await?.ok_or(ProfileError::NextActionNotFound(id))?;
    let standing = super::alone(tx, whose).await?;
    if standing.restricted {
        return Err(ProfileError::CustomerRestricted(standing.customer));
    }
    let action = store::lock(tx, id).await?.ok_or(ProfileError::NextActionNotFound(id))?;
    Ok((action, standing))
}

/// That nothing overtook it: it was proposed to somebody who may be one with others by now, and what is given or offered is given and
/// offered to the person.
async fn still_to_be_done(tx: &mut Tx, action: &Action, ids: &[Uuid], now: Timestamp) -> Result<(), ProfileError> {
    if !action.kind.is_pitch() {
        return Ok(());
    }
    let in_peace = in_peace(tx, ids, now).await?;
    let given_beside = is_given_beside(action, &of_a_year(tx, ids, now).await?, now);
    if action.kind.is_overtaken(in_peace, given_beside) {
        return Err(ProfileError::NextActionSettled { state: OVERTAKEN });
    }
    Ok(())
}

/// What is said of an action that is not to be done any more though nobody decided so.
const OVERTAKEN: &str = "overtaken";

/// Writes down what became of it.
async fn settled(
    profile: &Profile,
    call: &Call,
    mut tx: Tx,
    key: &RequestKey,
    mut action: Action,
    payload: &impl Name,
    now: Timestamp,
) -> Result<proto::NextAction, ProfileError> {
    action.row_version += 1;
    store::settle(&mut tx, &action).await?;
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    ledger::append(&mut tx, &[Draft::new(profile.ambient.uuid(now), action.id.name(), payload, &stamp)]).await?;
    let about = [action.customer];
    let answer = super::finish(tx, key, &about, to_proto(&action, now)).await?;
    profile.ledger.nudge();
    Ok(answer)
}

#[tracing::instrument(name = "next_action.list", skip_all)]
pub(crate) async fn list(
    profile: &Profile,
    call: &Call,
    customer: Option<CustomerId>,
    before: Option<(Timestamp, Uuid)>,
    page_size: usize,
) -> Result<proto::ListNextActionsResponse, ProfileError> {
    let (pool, now) = (profile.db.reader(), profile.ambient.now());
    // One more than asked for tells whether there is a next page.
    let limit = i64::try_from(page_size).unwrap_or(i64::MAX - 1) + 1;
    let mut found = match customer {
        Some(id) => {
            customer::get(pool, id).await?.ok_or(ProfileError::CustomerNotFound(id))?;
            super::open_to(profile, call, id).await?;
            store::page(pool, id, before, limit).await?
        }
        None => store::waiting(pool, now, before, limit).await?,
    };
    let more = found.len() > page_size;
    found.truncate(page_size);
    let next_page_token = match found.last() {
        Some(last) if more => {
            let (at, last) = (last.created_at.to_string(), last.id.uuid().to_string());
            PageToken::encode(LIST, &bound_to(customer), &[&at, &last])
        }
        _ => String::new(),
    };
    let next_actions = found.iter().map(|action| to_proto(action, now)).collect();
    Ok(proto::ListNextActionsResponse { next_actions, next_page_token })
}

/// What page tokens of the list are bound to.
pub(crate) fn bound_to(customer: Option<CustomerId>) -> Vec<u8> {
    customer.map(|id| id.uuid().as_bytes().to_vec()).unwrap_or_default()
}

/// An action on the wire, as it stands at `now`.
pub(crate) fn to_proto(action: &Action, now: Timestamp) -> proto::NextAction {
    let (decided_by, decided_at) = action.decided.clone().unzip();
    let state = match action.state.at(now, action.expires_at) {
        ActionState::Proposed => proto::NextActionState::Proposed,
        ActionState::Approved => proto::NextActionState::Approved,
        ActionState::Declined => proto::NextActionState::Declined,
        ActionState::Done => proto::NextActionState::Done,
        ActionState::Lapsed => proto::NextActionState::Lapsed,
    };
    let [reason_es, reason_en] = sentences(&action.reasons);
    proto::NextAction {
        name: action.id.name(),
        customer: action.customer.name(),
        kind: kind_to_proto(action.kind).into(),
        reasons: action.reasons.iter().map(|reason| reason_to_proto(*reason).into()).collect(),
        reason_es,
        reason_en,
        amount: action.amount.clone().map(|(minor_units, currency_code)| Money { currency_code, minor_units }),
        state: state.into(),
        proposed_by: action.proposed_by.clone(),
        create_time: Some(time_to_proto(action.created_at)),
        expire_time: Some(time_to_proto(action.expires_at)),
        decided_by: decided_by.unwrap_or_default(),
        decide_time: decided_at.map(time_to_proto),
        note: action.note.expose().clone(),
        done_time: action.done_at.map(time_to_proto),
        etag: postgres::etag(action.row_version),
    }
}

/// The reasons as a sentence in Spanish and in English.
fn sentences(reasons: &[ActionReason]) -> [String; 2] {
    let words = reasons.iter().map(|reason| match reason {
        ActionReason::MissedTerm => {
            ["venció un plazo o una promesa de un asunto abierto", "a term or promise of an open affair was missed"]
        }
        ActionReason::Effort => {
            ["sus gestiones le han costado demasiado tiempo", "contacts have cost the customer too much time"]
        }
        ActionReason::Complaint => ["tiene una queja o reclamación sin cerrar", "a complaint is not over"],
        ActionReason::Unhappy => ["sonaba descontento la última vez", "the customer sounded unhappy when last heard"],
        ActionReason::NothingOpen => {
            ["nadie trabaja en nada para esta persona", "nobody works on anything for the customer"]
        }
        ActionReason::Dissatisfied => {
            ["dijo en una encuesta que se le atendió mal", "the customer said in a survey that it was handled badly"]
        }
        ActionReason::Leaving => ["hay señales de que puede marcharse", "something speaks of the customer's leaving"],
    });
    let (es, en): (Vec<&str>, Vec<&str>) = words.map(|[es, en]| (es, en)).unzip();
    [es, en].map(|parts| {
        let text = parts.join("; ");
        let mut letters = text.chars();
        letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
    })
}

const fn kind_to_proto(kind: ActionKind) -> proto::NextActionKind {
    match kind {
        ActionKind::PersonalCall => proto::NextActionKind::PersonalCall,
        ActionKind::Goodwill => proto::NextActionKind::Goodwill,
        ActionKind::FollowUp => proto::NextActionKind::FollowUp,
    }
}

const fn reason_to_proto(reason: ActionReason) -> proto::NextActionReason {
    match reason {
        ActionReason::MissedTerm => proto::NextActionReason::MissedTerm,
        ActionReason::Effort => proto::NextActionReason::Effort,
        ActionReason::Complaint => proto::NextActionReason::Complaint,
        ActionReason::Unhappy => proto::NextActionReason::Unhappy,
        ActionReason::NothingOpen => proto::NextActionReason::NothingOpen,
        ActionReason::Leaving => proto::NextActionReason::Leaving,
        ActionReason::Dissatisfied => proto::NextActionReason::Dissatisfied,
    }
}
