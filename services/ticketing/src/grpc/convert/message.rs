//! Requests about messages.

use jiff::Timestamp;
use kernel::{Channel, Violations};
use server::parse;
use ticketing_domain::{Body, Visibility};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1 as shared;

use super::desk::{attachments, mentions};
use super::{key, past, whole};
use crate::store::message::{Direction, Explanation, Way};
use crate::usecase::{NewMessage, Said};

pub(in crate::grpc) fn add_message(request: &pb::AddMessageRequest, now: Timestamp) -> Result<NewMessage, Violations> {
    let mut v = Violations::new();
    let ticket = parse::name(&mut v, "parent", &request.parent);
    let key = key(&mut v, "AddMessage", &request.request_id, request);
    let stated = past(&mut v, "occurred_time", request.occurred_time.as_ref(), now);
    let said = match &request.message {
        Some(message) => said(&mut v, message),
        None => {
            v.push("message", "is required");
            None
        }
    };
    let message = || Some(NewMessage { ticket: ticket?, said: said?, key: key?, stated });
    let message = message();
    whole(v, message)
}

/// What a field `message` says.
pub(super) fn said(v: &mut Violations, message: &pb::Message) -> Option<Said> {
    let body = v.check("message.body", message.body.parse::<Body>());
    let visibility = visibility(v, "message.visibility", message.visibility);
    let is_note = visibility == Some(Visibility::Internal);
    // A note needs no way; half a way, or an unknown word, is wrong in a note too.
    let way = if is_note && message.direction == 0 && message.channel == 0 { None } else { Some(way(v, message)) };
    let way = way.flatten();
    if message.sales_offer && (is_note || way.is_some_and(|way| way.direction == Direction::Inbound)) {
        v.push("message.sales_offer", "only what goes to the customer offers something for sale");
    }
    let attachments = attachments(v, "message.attachments", &message.attachments);
    let mentions = mentions(v, "message.mentions", &message.mentions);
    if !message.mentions.is_empty() && !is_note {
        v.push("message.mentions", "only an internal note names who is to look at it");
    }
    let explains = explanation(v, message, way);
    let (visibility, body, sales_offer) = (visibility?, body?, message.sales_offer);
    Some(Said { way, visibility, body, sales_offer, explains, attachments, mentions })
}

/// Refuses an explanation of something that is over by the instant at which it is said: the customer would be told nothing by it.
pub(crate) fn refuse_late(v: &mut Violations, explains: Option<Explanation>, said: Timestamp) {
    if explains.is_some_and(|explains| explains.expected <= said) {
        v.push("message.explanation.expected_time", "must be later than the message");
    }
}

/// What a message explains. That it is over later than the message is held against when that is said ([`refuse_late`]).
fn explanation(v: &mut Violations, message: &pb::Message, way: Option<Way>) -> Option<Explanation> {
    let said = message.explanation.as_ref()?;
    if way.is_none_or(|way| way.direction == Direction::Inbound) {
        v.push("message.explanation", "only what goes to the customer explains anything to them");
    }
    let spoken = way.is_some_and(|way| matches!(way.channel, Channel::Phone | Channel::InPerson));
    if said.signposts && spoken {
        v.push("message.explanation.signposts", "must be said in writing: not by phone or in person");
    }
    let expected = parse::time(v, "message.explanation.expected_time", said.expected_time.as_ref())?;
    Some(Explanation { expected, signposts: said.signposts })
}

pub(super) fn visibility(v: &mut Violations, field: &str, value: i32) -> Option<Visibility> {
    match pb::MessageVisibility::try_from(value) {
        Ok(pb::MessageVisibility::Public) => Some(Visibility::Public),
        Ok(pb::MessageVisibility::Internal) => Some(Visibility::Internal),
        Ok(pb::MessageVisibility::Unspecified) | Err(_) => parse::not_a_value(v, field, value),
    }
}

fn way(v: &mut Violations, message: &pb::Message) -> Option<Way> {
    let direction = match shared::Direction::try_from(message.direction) {
        Ok(shared::Direction::Inbound) => Some(Direction::Inbound),
        Ok(shared::Direction::Outbound) => Some(Direction::Outbound),
        Ok(shared::Direction::Unspecified) | Err(_) => parse::not_a_value(v, "message.direction", message.direction),
    };
    let channel = parse::channel(v, "message.channel", message.channel);
    direction.zip(channel).map(|(direction, channel)| Way { direction, channel })
}
