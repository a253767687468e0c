//! Converters that every service's edge needs: each takes the value, or notes what is wrong with
//! it under the field's path and goes on.

use jiff::Timestamp;
use kernel::{Actor, ActorKind, Channel, Department, Language, ResourceId, Violations};
use uuid::Uuid;
use ventanilla_proto::r#type::v1 as proto;

/// A text that must be there: not blank, at most `max` characters, no control characters but line
/// breaks and tabs (the database keeps no NUL).
pub fn required_text(violations: &mut Violations, field: &str, value: &str, max: usize) -> Option<String> {
    if value.trim().is_empty() {
        violations.push(field, "is required");
        return None;
    }
    text(violations, field, value, max)
}

/// A text that may be left out: empty is `None`.
pub fn optional_text(violations: &mut Violations, field: &str, value: &str, max: usize) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    required_text(violations, field, value, max)
}

fn text(violations: &mut Violations, field: &str, value: &str, max: usize) -> Option<String> {
    let length = value.chars().count();
    if length > max {
        violations.push(field, format!("must have at most {max} characters, has {length}"));
        return None;
    }
    if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        violations.push(field, "must not hold control characters");
        return None;
    }
    Some(value.to_owned())
}

/// The `request_id` of a mutation: a UUID in its hyphenated form, not the nil one.
pub fn request_id(violations: &mut Violations, value: &str) -> Option<Uuid> {
    uuid(violations, "request_id", value)
}

/// A UUID in its hyphenated form.
pub fn uuid(violations: &mut Violations, field: &str, value: &str) -> Option<Uuid> {
    if value.is_empty() {
        violations.push(field, "is required");
        return None;
    }
    match Uuid::try_parse(value) {
        Ok(id) if value.len() == 36 && !id.is_nil() => Some(id),
        _ => {
            violations.push(field, "must be a UUID in its hyphenated form");
            None
        }
    }
}

/// A resource name that must be there, e.g. `tickets/{uuid}`.
pub fn name<Id: ResourceId>(violations: &mut Violations, field: &str, value: &str) -> Option<Id> {
    if value.is_empty() {
        violations.push(field, "is required");
        return None;
    }
    violations.check(field, Id::parse(value))
}

/// A resource name that may be left out.
pub fn optional_name<Id: ResourceId>(violations: &mut Violations, field: &str, value: &str) -> Option<Id> {
    if value.is_empty() { None } else { violations.check(field, Id::parse(value)) }
}

/// The slug of a department that must be there.
pub fn department(violations: &mut Violations, field: &str, value: &str) -> Option<Department> {
    if value.is_empty() {
        violations.push(field, "is required");
        return None;
    }
    violations.check(field, value.parse())
}

/// An instant that must be there.
pub fn time(violations: &mut Violations, field: &str, value: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    if value.is_none() {
        violations.push(field, "is required");
    }
    optional_time(violations, field, value)
}

/// An instant that may be left out. Cut to microseconds, as the database keeps it.
pub fn optional_time(
    violations: &mut Violations,
    field: &str,
    value: Option<&prost_types::Timestamp>,
) -> Option<Timestamp> {
    let value = value?;
    // The contract's range is years 1 to 9999; negative nanos are not in it.
    let nanos = u32::try_from(value.nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
    let instant = nanos.and_then(|nanos| {
        let second = Timestamp::from_second(value.seconds).ok()?;
        let micros = i64::from(nanos / 1_000);
        second.checked_add(jiff::SignedDuration::from_micros(micros)).ok().filter(|instant| *instant >= YEAR_ONE)
    });
    if instant.is_none() {
        violations.push(field, "must be an instant between the years 1 and 9999");
    }
    instant
}

/// The contract's first instant; the database knows none before 4713 BC.
const YEAR_ONE: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// An instant on the wire.
pub fn time_to_proto(instant: Timestamp) -> prost_types::Timestamp {
    let nanos = instant.as_nanosecond();
    // Euclidean: before 1970 the seconds go down and the nanos still count up.
    let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).expect("a timestamp's seconds fit 64 bits");
    let nanos = i32::try_from(nanos.rem_euclid(1_000_000_000)).expect("a remainder below a billion fits");
    prost_types::Timestamp { seconds, nanos }
}

/// A channel that must be stated.
pub fn channel(violations: &mut Violations, field: &str, value: i32) -> Option<Channel> {
    let known = proto::Channel::try_from(value).ok().and_then(|channel| match channel {
        proto::Channel::Unspecified => None,
        proto::Channel::Phone => Some(Channel::Phone),
        proto::Channel::Email => Some(Channel::Email),
        proto::Channel::Web => Some(Channel::Web),
        proto::Channel::Chat => Some(Channel::Chat),
        proto::Channel::Sms => Some(Channel::Sms),
        proto::Channel::Post => Some(Channel::Post),
        proto::Channel::InPerson => Some(Channel::InPerson),
        proto::Channel::Social => Some(Channel::Social),
        proto::Channel::Api => Some(Channel::Api),
    });
    known.or_else(|| not_a_value(violations, field, value))
}

/// A channel on the wire.
pub const fn channel_to_proto(channel: Channel) -> proto::Channel {
    match channel {
        Channel::Phone => proto::Channel::Phone,
        Channel::Email => proto::Channel::Email,
        Channel::Web => proto::Channel::Web,
        Channel::Chat => proto::Channel::Chat,
        Channel::Sms => proto::Channel::Sms,
        Channel::Post => proto::Channel::Post,
        Channel::InPerson => proto::Channel::InPerson,
        Channel::Social => proto::Channel::Social,
        Channel::Api => proto::Channel::Api,
    }
}

/// A language that may be left out: unspecified is `None`, and the service chooses.
pub fn language(violations: &mut Violations, field: &str, value: i32) -> Option<Language> {
    match proto::Language::try_from(value) {
        Ok(proto::Language::Unspecified) => None,
        Ok(proto::Language::Es) => Some(Language::Es),
        Ok(proto::Language::En) => Some(Language::En),
        Ok(proto::Language::Ca) => Some(Language::Ca),
        Ok(proto::Language::Gl) => Some(Language::Gl),
        Ok(proto::Language::Eu) => Some(Language::Eu),
        Err(_) => not_a_value(violations, field, value),
    }
}

/// A language on the wire.
pub const fn language_to_proto(language: Language) -> proto::Language {
    match language {
        Language::Es => proto::Language::Es,
        Language::En => proto::Language::En,
        Language::Ca => proto::Language::Ca,
        Language::Gl => proto::Language::Gl,
        Language::Eu => proto::Language::Eu,
    }
}

/// An actor read from a ledger entry or an answer.
pub fn actor(violations: &mut Violations, field: &str, value: Option<&proto::Actor>) -> Option<Actor> {
    let Some(value) = value else {
        violations.push(field, "is required");
        return None;
    };
    let kind = match proto::ActorKind::try_from(value.kind) {
        Ok(proto::ActorKind::Employee) => Some(ActorKind::Employee),
        Ok(proto::ActorKind::Office) => Some(ActorKind::Office),
        Ok(proto::ActorKind::Customer) => Some(ActorKind::Customer),
        Ok(proto::ActorKind::System) => Some(ActorKind::System),
        Ok(proto::ActorKind::Unspecified) | Err(_) => not_a_value(violations, &format!("{field}.kind"), value.kind),
    };
    let id = required_text(violations, &format!("{field}.id"), &value.id, 128);
    let before = violations.as_slice().len();
    let department = if value.department.is_empty() {
        None
    } else {
        department(violations, &format!("{field}.department"), &value.department)
    };
    let department_holds = violations.as_slice().len() == before;
    Some(Actor { kind: kind?, id: id?, department }).filter(|_| department_holds)
}

/// An actor on the wire.
pub fn actor_to_proto(actor: &Actor) -> proto::Actor {
    let kind = match actor.kind {
        ActorKind::Employee => proto::ActorKind::Employee,
        ActorKind::Office => proto::ActorKind::Office,
        ActorKind::Customer => proto::ActorKind::Customer,
        ActorKind::System => proto::ActorKind::System,
    };
    proto::Actor {
        kind: kind.into(),
        id: actor.id.clone(),
        department: actor.department.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

/// Notes that an enum field was left out or holds a number this version does not know; for the
/// service's own enums.
pub fn not_a_value<T>(violations: &mut Violations, field: &str, value: i32) -> Option<T> {
    if value == 0 {
        violations.push(field, "is required");
    } else {
        violations.push(field, format!("{value} is no known value"));
    }
    None
}

#[cfg(test)]
mod tests;
