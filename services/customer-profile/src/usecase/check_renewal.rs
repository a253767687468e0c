//! `CheckRenewal`: what stands against approaching a customer to renew.

use customer_profile_domain::{CustomerId, RenewalObstacle, in_order};
use kernel::{Channel, Language};
use server::Call;
use server::parse::{channel_to_proto, language_to_proto};
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::ombudsman::v1::CaseState;
use ventanilla_proto::ticketing::v1::TicketType;
use ventanilla_proto::r#type::v1::{Channel as Way, LocalizedText};

use super::Profile;
use super::get_customer_view::get_customer_view;
use crate::error::ProfileError;

/// Obstacles that are told.
const MOST: usize = 20;

/// What is asked before a customer is approached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Approach {
    pub customer: CustomerId,
    pub channel: Channel,
}

#[tracing::instrument(name = "customer.check_renewal", skip_all)]
pub(crate) async fn check_renewal(
    profile: &Profile,
    call: &Call,
    asked: Approach,
) -> Result<proto::RenewalCheck, ProfileError> {
    let view = get_customer_view(profile, call, asked.customer).await?;
    if view.state() == proto::CustomerState::Erased {
        return Err(ProfileError::CustomerErased(asked.customer));
    }
    let now = profile.ambient.now().as_second();
    let mut found = Vec::new();
    if view.state() == proto::CustomerState::Restricted {
        found.push((RenewalObstacle::Restricted, String::new()));
    }
    for case in view.cases.iter().flat_map(|section| &section.cases).filter(|case| is_heard(case.state())) {
        found.push((RenewalObstacle::OpenCase, case.case_name.clone()));
    }
    for ticket in view.open_tickets.iter().flat_map(|section| &section.tickets) {
        let complains = matches!(ticket.ticket_type(), TicketType::Queja | TicketType::Reclamacion);
        let obstacle = if complains { RenewalObstacle::OpenComplaint } else { RenewalObstacle::OpenAffair };
        found.push((obstacle, ticket.ticket.clone()));
    }
    for promise in view.promises.iter().flat_map(|section| &section.promises) {
        if promise.due_time.as_ref().is_some_and(|due| due.seconds < now) {
            found.push((RenewalObstacle::PromisePastDue, promise.promise.clone()));
        }
    }
    if !agreed(&view, asked.channel) {
        found.push((RenewalObstacle::NoConsent, String::new()));
    }
    let standings = [
        view.open_tickets.as_ref().and_then(|section| section.standing.as_ref()),
        view.cases.as_ref().and_then(|section| section.standing.as_ref()),
    ];
    let gaps: Vec<proto::SectionGap> = standings.iter().flatten().filter_map(|known| known.gap.clone()).collect();
    if !gaps.is_empty() {
        found.push((RenewalObstacle::NotKnown, String::new()));
    }
    let times: Option<Vec<prost_types::Timestamp>> = standings.iter().map(|known| (*known)?.as_of_time).collect();
    Ok(proto::RenewalCheck {
        customer: view.name.clone(),
        clear: found.is_empty(),
        obstacles: in_order(found, MOST).into_iter().map(told).collect(),
        as_of_time: times.and_then(|times| times.into_iter().min_by_key(|at| (at.seconds, at.nanos))),
        gaps,
    })
}

/// Whether the office has a case in hand.
const fn is_heard(state: CaseState) -> bool {
    match state {
        CaseState::Received
        | CaseState::Registered
        | CaseState::NeedsCure
        | CaseState::InadmissibleProposed
        | CaseState::Admitted
        | CaseState::EntityAllegations
        | CaseState::Investigation
        | CaseState::Drafted
        | CaseState::Stayed
        | CaseState::Conciliation
        | CaseState::Decided => true,
        CaseState::Unspecified
        | CaseState::ArchivedUncured
        | CaseState::Inadmissible
        | CaseState::Notified
        | CaseState::Closed
        | CaseState::Withdrawn
        | CaseState::Rectified
        | CaseState::ForwardedInternally
        | CaseState::Settled
        | CaseState::OwnInitiative
        | CaseState::Binding
        | CaseState::NotBinding
        | CaseState::Compliance
        | CaseState::Complied
        | CaseState::Overdue
        | CaseState::Reported => false,
    }
}

/// Whether the customer lets themselves be sold to by this channel: what they said of it, or else of every channel.
fn agreed(view: &proto::CustomerView, channel: Channel) -> bool {
    let purpose = match channel {
        Channel::Phone => proto::ConsentPurpose::CommercialCalls,
        _ => proto::ConsentPurpose::CommercialMessages,
    };
    let said = |way: Way| {
        let mut consents = view.consents.iter().flat_map(|section| &section.consents);
        consents.find(|consent| consent.purpose() == purpose && consent.channel() == way)
    };
    let holds = said(channel_to_proto(channel)).or_else(|| said(Way::Unspecified));
    holds.is_some_and(|consent| consent.state() == proto::ConsentState::Given)
}

fn told((obstacle, subject): (RenewalObstacle, String)) -> proto::RenewalObstacle {
    let text = |language| LocalizedText {
        language: language_to_proto(language).into(),
        text: obstacle.told_in(language).to_owned(),
    };
    proto::RenewalObstacle {
        kind: kind(obstacle).into(),
        subject,
        texts: [Language::Es, Language::En].map(text).into(),
    }
}

const fn kind(obstacle: RenewalObstacle) -> proto::RenewalObstacleKind {
    match obstacle {
        RenewalObstacle::Restricted => proto::RenewalObstacleKind::Restricted,
        RenewalObstacle::OpenCase => proto::RenewalObstacleKind::OpenCase,
        RenewalObstacle::OpenComplaint => proto::RenewalObstacleKind::OpenComplaint,
        RenewalObstacle::PromisePastDue => proto::RenewalObstacleKind::PromisePastDue,
        RenewalObstacle::OpenAffair => proto::RenewalObstacleKind::OpenAffair,
        RenewalObstacle::NoConsent => proto::RenewalObstacleKind::NoConsent,
        RenewalObstacle::NotKnown => proto::RenewalObstacleKind::NotKnown,
    }
}
