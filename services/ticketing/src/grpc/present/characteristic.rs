//! Characteristics of affairs, and their sets.

use postgres::etag;
use server::parse::{actor_to_proto, time_to_proto};
use ticketing_domain::{Characteristic, CharacteristicSetId, CharacteristicValue, Characteristics};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::characteristic_value::Value;

use super::learning::money;
use super::words::ticket_type;
use crate::store::characteristic::StoredSet;

pub(crate) fn characteristics(known: &Characteristics) -> Vec<pb::Characteristic> {
    known.stated().iter().map(characteristic).collect()
}

fn characteristic(one: &Characteristic) -> pb::Characteristic {
    let value = match &one.value {
        CharacteristicValue::Text(text) => Value::Text(text.expose().to_owned()),
        CharacteristicValue::Number(number) => Value::Number(number.to_string()),
        CharacteristicValue::Flag(flag) => Value::Flag(*flag),
        CharacteristicValue::Date(date) => Value::Date(date.to_string()),
        CharacteristicValue::Money(amount) => Value::Money(money(amount)),
    };
    pb::Characteristic {
        name: one.name.as_str().to_owned(),
        value: Some(pb::CharacteristicValue { value: Some(value) }),
    }
}

/// The names of what is known.
pub(crate) fn characteristic_names(known: &Characteristics) -> Vec<String> {
    known.stated().iter().map(|one| one.name.as_str().to_owned()).collect()
}

/// Name and version of the set it was held against; empty and 0 for none.
pub(crate) fn held_against(known: &Characteristics) -> (String, i32) {
    let named = |(id, version): (&CharacteristicSetId, i32)| (id.name(), version);
    known.held_against().map(named).unwrap_or_default()
}

pub(crate) fn characteristic_set(stored: &StoredSet) -> pb::CharacteristicSet {
    let id = &stored.set.id;
    pb::CharacteristicSet {
        name: id.name(),
        ticket_type: ticket_type(id.ticket_type()).into(),
        topic: id.topic().unwrap_or_default().to_owned(),
        version: stored.set.version,
        rules: stored.content.clone(),
        actor: Some(actor_to_proto(&stored.by)),
        create_time: Some(time_to_proto(stored.at)),
        etag: etag(i64::from(stored.newest)),
    }
}
