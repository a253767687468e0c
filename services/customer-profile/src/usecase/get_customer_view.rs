//! `GetCustomerView`: everything that matters at a contact, from this service's own store.

use customer_profile_domain::consent::{Statement, refuses_profiling};
use customer_profile_domain::{Attended, CustomerId, Disability, Effort, Trouble, Worth, priority_right};
use jiff::{SignedDuration, Timestamp};
use kernel::Channel;
use server::Call;
use server::parse::time_to_proto;
use ventanilla_proto::customer::v1 as proto;

use super::declare_vulnerability::is_trusted;
use super::{Profile, list_active_holds, standing, state_relation, what_is_known};
use crate::error::ProfileError;
use crate::listening::{self, Reader};
use crate::store::hold;
use crate::store::interaction::{Interaction, Own, ticket_name};
use crate::store::view::{self, View};
use crate::store::wishes::{Preferences, Vulnerability};
use crate::{OMBUDSMAN, SLA_MONITOR, TICKETING};
use crate::{wishes, worth};

#[tracing::instrument(name = "customer.view", skip_all)]
pub(crate) async fn get_customer_view(
    profile: &Profile,
    call: &Call,
    id: CustomerId,
) -> Result<proto::CustomerView, ProfileError> {
    // The standings first: the rows that are read after them are at least as fresh.
    let known = [TICKETING, SLA_MONITOR, OMBUDSMAN].map(|source| (source, profile.standings.of(source)));
    let now = profile.ambient.now();
    let view = view::get(profile.db.reader(), id, &profile.worth.currency, now)
        .await?
        .ok_or(ProfileError::CustomerNotFound(id))?;
    let state = view.customer.state();
    if state == proto::CustomerState::Erased {
        let name = view.customer.name.clone();
        let golden = Some(proto::GoldenSection { standing: Some(standing::own(now)), customer: Some(view.customer) });
        return Ok(proto::CustomerView { name, state: state.into(), golden, ..Default::default() });
    }
    let [ticketing, sla_monitor, ombudsman] =
        known.map(|(source, known)| Some(standing::of(source, known, view.parked.iter().any(|p| p == source), now)));
    let sources = [&ticketing, &sla_monitor, &ombudsman].map(Option::as_ref);
    let gaps: Vec<proto::SectionGap> = sources.iter().flatten().filter_map(|source| source.gap.clone()).collect();
    let times: Option<Vec<prost_types::Timestamp>> = sources.iter().map(|source| (*source)?.as_of_time).collect();
    let as_of_time = times.and_then(|times| times.into_iter().min_by_key(|at| (at.seconds, at.nanos)));
    let own = Some(standing::own(now));
    let holds = held(profile, id, &view).await?;
    let trouble = trouble(&view);
    // Complaints and missed terms speak of leaving beside the dealings.
    let worth_standing = standing::together([own.clone(), ticketing.clone(), sla_monitor.clone()]);
    let mut shown = proto::CustomerView {
        name: view.customer.name.clone(),
        state: state.into(),
        open_tickets: Some(tickets(&view, ticketing.clone())),
        promises: Some(promises(&view, standing::together([ticketing.clone(), sla_monitor.clone()]), now)),
        clocks: Some(clocks(&view, sla_monitor.clone())),
        breaches: Some(breaches(&view, sla_monitor)),
        cases: Some(cases(&view, ombudsman.clone())),
        satisfaction: Some(satisfaction(&view, ticketing.clone())),
        holds: Some(proto::HoldSection { standing: standing::together([ticketing, ombudsman]), holds }),
        ..Default::default()
    };
    let interactions: Vec<Interaction> =
        view.interactions.into_iter().map(Interaction::try_from).collect::<Result<_, _>>()?;
    let own_channels: Vec<Channel> =
        view.own.into_iter().map(|row| Own::try_from(row).map(|own| own.channel)).collect::<Result<_, _>>()?;
    let statements: Vec<Statement> = view.consents.into_iter().map(Statement::try_from).collect::<Result<_, _>>()?;
    shown.consents = Some(proto::ConsentSection {
        standing: own.clone(),
        consents: wishes::consents(&view.customer.name, &statements, now),
    });
    let preferences = view.preferences.map(Preferences::try_from).transpose()?;
    let declared: Vec<Vulnerability> =
        view.vulnerabilities.into_iter().map(Vulnerability::try_from).collect::<Result<_, _>>()?;
    let trusted = is_trusted(call);
    let disability = view.disability.map(|known| Disability { may_be_named: known.may_be_named || trusted });
    let right = priority_right(wishes::birth_date(&view.customer), disability, now);
    shown.care = Some(proto::CareSection {
        standing: own.clone(),
        preferences: Some(wishes::preferences(preferences.as_ref(), &own_channels, now)),
        vulnerabilities: declared.iter().filter_map(|v| wishes::vulnerability(v, trusted)).collect(),
        priority_right: wishes::priority_to_proto(right).into(),
    });
    shown.last_interactions = Some(proto::InteractionSection {
        standing: own.clone(),
        interactions: interactions.iter().map(|told| listening::to_proto(told, &Reader::Caller(call))).collect(),
    });
    let (dealings, sums) = view.dealings.read(view.id)?;
    let worth = Worth::of(&dealings, sums, trouble, profile.worth.bands(), now);
    let worth = if refuses_profiling(&statements, now) { worth.unprofiled() } else { worth };
    shown.worth = Some(worth::section(&worth, sums, &profile.worth.currency, worth_standing));
    let costs: Vec<Attended> = view.costs.into_iter().map(Attended::from).collect();
    shown.effort = Some(effort(&Effort::of(&costs, now), profile.effort.cap(), own.clone()));
    let relations = view.relations.into_iter().map(|row| row.of(view.id)).collect::<Result<Vec<_>, _>>()?;
    let relations = state_relation::shown_to(profile, call, relations).await?;
    shown.relations = Some(proto::RelationSection {
        standing: own.clone(),
        relations: relations.iter().map(state_relation::to_proto).collect(),
    });
    let customer = super::shown_to(call, view.customer);
    if state == proto::CustomerState::Restricted && customer.golden.is_none() {
        // What is open may be served, and that is all (GDPR art. 18.2).
        shown.care = None;
        shown.relations = None;
        shown.worth = None;
        shown.effort = None;
        shown.satisfaction = None;
        shown.last_interactions = None;
    } else {
        let told = what_is_known::completeness(&customer, now);
        let behind = gaps.iter().map(|gap| gap.source.clone()).collect();
        shown.completeness = Some(proto::ViewCompleteness { sources_behind: behind, as_of_time, ..told });
    }
    shown.golden = Some(proto::GoldenSection { standing: own, customer: Some(customer) });
    Ok(shown)
}

fn effort(effort: &Effort, cap: Option<SignedDuration>, standing: Standing) -> proto::EffortSection {
    let duration = |time: SignedDuration| Some(prost_types::Duration { seconds: time.as_secs(), nanos: 0 });
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    proto::EffortSection {
        standing,
        contact_count: count(effort.contacts),
        wait_duration: duration(effort.waited),
        spent_duration: duration(effort.spent),
        transfer_count: count(effort.transfers),
        repeat_count: count(effort.repeats),
        cap_reached: cap.is_some_and(|cap| effort.reaches(cap)),
    }
}

/// What speaks of leaving beside the dealings.
pub(super) fn trouble(view: &View) -> Trouble {
    let of_open = |subject: &str| view.tickets.iter().any(|ticket| subject.starts_with(&ticket_name(ticket.ticket_id)));
    Trouble {
        complaint: view.tickets.iter().any(|ticket| ticket.complains),
        missed_term: view.breaches.iter().any(|clock| of_open(&clock.subject)),
    }
}

type Standing = Option<proto::SectionStanding>;

/// Holds that a view shows at most; `ListActiveHolds` pages through all.
const MOST_HOLDS: usize = 200;

/// What must not be done, from what was read for the other sections; asked for when they do not hold everything.
async fn held(profile: &Profile, id: CustomerId, view: &View) -> Result<Vec<proto::Hold>, ProfileError> {
    let cut = |total: i32, read: usize| usize::try_from(total).unwrap_or(usize::MAX) > read;
    let is_whole = !view.tickets.first().is_some_and(|t| cut(t.total, view.tickets.len()))
        && !view.cases.first().is_some_and(|c| cut(c.total, view.cases.len()));
    if is_whole {
        return Ok(list_active_holds::active(&view.tickets, &view.cases, MOST_HOLDS));
    }
    let grounds = hold::grounds(profile.db.reader(), id).await?.ok_or(ProfileError::CustomerNotFound(id))?;
    Ok(list_active_holds::active(&grounds.tickets, &grounds.cases, MOST_HOLDS))
}

fn tickets(view: &View, standing: Standing) -> proto::TicketSection {
    proto::TicketSection {
        standing,
        total_count: view.tickets.first().map_or(0, |t| t.total),
        tickets: view.tickets.iter().map(ticket).collect(),
    }
}

/// An affair on the wire.
pub(super) fn ticket(row: &view::Ticket) -> proto::ViewedTicket {
    proto::ViewedTicket {
        ticket: ticket_name(row.ticket_id),
        ticket_type: row.ticket_type,
        severity: row.severity,
        state: row.state,
        subject: row.subject.clone(),
        department: row.department.clone(),
        owner: row.owner.clone(),
        channel: row.channel,
        first_received_time: Some(time_to_proto(row.first_received_at)),
        cure_due_time: row.cure_due_at.map(time_to_proto),
        incident: row.incident_id.map(|id| format!("incidents/{id}")).unwrap_or_default(),
        merged_into: row.merged_into.map(ticket_name).unwrap_or_default(),
        update_time: Some(time_to_proto(row.updated_at)),
        customer: format!("customers/{}", row.customer_id.as_hyphenated()),
    }
}

fn promises(view: &View, standing: Standing, now: Timestamp) -> proto::PromiseSection {
    let told = |p: &view::Promise| Told {
        ticket: p.ticket_id,
        id: p.promise_id,
        text: p.text.clone(),
        channel: p.channel,
        due_at: p.due_at,
        made_at: p.made_at,
        state: p.state,
        danger: p.danger,
    };
    proto::PromiseSection {
        standing,
        total_count: view.promises.first().map_or(0, |p| p.total),
        promises: view.promises.iter().map(|p| promise(told(p), now)).collect(),
    }
}

/// A promise as it is known here.
pub(super) struct Told {
    pub ticket: uuid::Uuid,
    pub id: uuid::Uuid,
    pub text: String,
    pub channel: i32,
    pub due_at: Timestamp,
    pub made_at: Timestamp,
    /// What ticketing says of it.
    pub state: i32,
    /// Highest warning of its clock, in percent.
    pub danger: i16,
}

/// A promise on the wire.
pub(super) fn promise(told: Told, now: Timestamp) -> proto::ViewedPromise {
    proto::ViewedPromise {
        promise: format!("{}/promises/{}", ticket_name(told.ticket), told.id.as_hyphenated()),
        ticket: ticket_name(told.ticket),
        text: told.text,
        due_time: Some(time_to_proto(told.due_at)),
        channel: told.channel,
        made_time: Some(time_to_proto(told.made_at)),
        danger_percent: told.danger.into(),
        overdue: told.due_at < now,
        state: told.state,
    }
}

fn satisfaction(view: &View, standing: Standing) -> proto::SatisfactionSection {
    proto::SatisfactionSection {
        standing,
        surveys: view.surveys.iter().map(survey).collect(),
        asked_count: view.surveys.first().map_or(0, |s| s.asked_total),
        answered_count: view.surveys.first().map_or(0, |s| s.answered_total),
    }
}

fn survey(row: &view::Survey) -> proto::ViewedSurvey {
    let ticket = ticket_name(row.ticket_id);
    proto::ViewedSurvey {
        survey: format!("{ticket}/survey"),
        ticket,
        department: row.department.clone(),
        ask_time: Some(time_to_proto(row.asked_at)),
        answer_time: row.answered_at.map(time_to_proto),
        csat: row.csat,
        nps: row.nps,
        ces: row.ces,
        causes: row.causes.clone(),
    }
}

fn clocks(view: &View, standing: Standing) -> proto::ClockSection {
    proto::ClockSection {
        standing,
        total_count: view.clocks.first().map_or(0, |c| c.total),
        clocks: view.clocks.iter().map(clock).collect(),
    }
}

fn breaches(view: &View, standing: Standing) -> proto::BreachSection {
    proto::BreachSection {
        standing,
        total_count: view.breaches.first().map_or(0, |c| c.total),
        clocks: view.breaches.iter().map(clock).collect(),
    }
}

/// A clock on the wire.
pub(super) fn clock(row: &view::Clock) -> proto::ViewedClock {
    proto::ViewedClock {
        clock: format!("clocks/{}", row.clock_id.as_hyphenated()),
        subject: row.subject.clone(),
        rule: row.rule.clone(),
        stage: row.stage.clone(),
        state: row.state,
        due_time: row.due_at.map(time_to_proto),
        warned_percent: row.warned_percent,
        breached_time: row.breached_at.map(time_to_proto),
        department: row.department.clone(),
    }
}

fn cases(view: &View, standing: Standing) -> proto::CaseSection {
    proto::CaseSection {
        standing,
        total_count: view.cases.first().map_or(0, |c| c.total),
        cases: view.cases.iter().map(case).collect(),
    }
}

/// A case on the wire.
pub(super) fn case(row: &view::Case) -> proto::ViewedCase {
    proto::ViewedCase {
        case_name: format!("cases/{}", row.case_id.as_hyphenated()),
        ticket: ticket_name(row.ticket_id),
        regime: row.regime.clone(),
        state: row.state,
        filed_at_office_time: Some(time_to_proto(row.filed_at_office_at)),
        outcome: row.outcome,
        binding: row.binding,
    }
}
