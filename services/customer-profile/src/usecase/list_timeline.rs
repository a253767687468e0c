//! `ListTimeline`: contacts and events of every department, newest first.

use customer_profile_domain::CustomerId;
use jiff::Timestamp;
use kernel::ResourceId;
use server::parse::time_to_proto;
use server::{Call, PageToken};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::Profile;
use crate::error::ProfileError;
use crate::listening::{self, Reader};
use crate::store::timeline::{self, Item, What};

/// Name that page tokens of this list are bound to.
pub(crate) const LIST: &str = "timeline";

#[tracing::instrument(name = "timeline.list", skip_all)]
pub(crate) async fn list_timeline(
    profile: &Profile,
    call: &Call,
    customer: CustomerId,
    before: Option<(Timestamp, Uuid)>,
    page_size: usize,
) -> Result<proto::ListTimelineResponse, ProfileError> {
    super::open_to(profile, call, customer).await?;
    let reader = Reader::Caller(call);
    // One more than asked for tells whether there is a next page.
    let mut items = read(profile, customer, before, page_size.saturating_add(1)).await?;
    let more = items.len() > page_size;
    items.truncate(page_size);
    let next_page_token = match items.last() {
        Some(last) if more => {
            PageToken::encode(LIST, customer.uuid().as_bytes(), &[&last.at.to_string(), &last.id.to_string()])
        }
        _ => String::new(),
    };
    Ok(proto::ListTimelineResponse {
        items: items.into_iter().map(|told| item(told, &reader)).collect(),
        next_page_token,
    })
}

/// A stretch of the line, newest first.
pub(crate) async fn read(
    profile: &Profile,
    customer: CustomerId,
    before: Option<(Timestamp, Uuid)>,
    size: usize,
) -> Result<Vec<Item>, ProfileError> {
    let limit = i64::try_from(size).unwrap_or(i64::MAX);
    let items = timeline::page(profile.db.reader(), customer, before, limit).await?;
    items.ok_or(ProfileError::CustomerNotFound(customer))
}

/// A point of the line on the wire, as this reader may read it.
pub(crate) fn item(item: Item, reader: &Reader<'_>) -> proto::TimelineItem {
    use proto::TimelineEventKind as Kind;
    let what = match item.what {
        What::Interaction(interaction) => {
            proto::timeline_item::Item::Interaction(listening::to_proto(&interaction, reader))
        }
        What::Event { source, position, kind, resource, state } => {
            let (kind, state) = (i32::from(kind), i32::from(state));
            let mut event = proto::TimelineEvent { kind, source, position, resource, ..Default::default() };
            match event.kind() {
                Kind::TicketOpened | Kind::TicketTransitioned => event.ticket_state = state,
                Kind::PromiseSettled => event.promise_state = state,
                Kind::CaseOpened | Kind::CaseTransitioned => event.case_state = state,
                Kind::DecisionIssued => event.decision_outcome = state,
                Kind::Unspecified
                | Kind::PromiseMade
                | Kind::ClockBreached
                | Kind::SurveyAsked
                | Kind::SurveyAnswered => {}
            }
            proto::timeline_item::Item::Event(event)
        }
    };
    proto::TimelineItem { item_time: Some(time_to_proto(item.at)), item: Some(what) }
}
