//! JSON to a message, by the JSON mapping of proto3: every violation at once, under its path as JSON
//! spells it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use kernel::Violations;
use prost_reflect::{
    DeserializeOptions, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value,
};

use crate::json::Json;

/// So many violations tell enough.
const MOST_VIOLATIONS: usize = 200;
/// So much of a field's name that nobody knows is said back.
const SHOWN_NAME: usize = 80;
/// Integers that a double holds exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

/// Reads a message; what is wrong inside it is noted and the rest is read on.
pub(crate) fn message(
    descriptor: &MessageDescriptor,
    json: Json,
    path: &str,
    wrong: &mut Violations,
) -> Option<DynamicMessage> {
    if descriptor.full_name().starts_with("google.protobuf.") {
        return well_known(descriptor, json, path, wrong);
    }
    let Json::Object(entries) = json else {
        note(wrong, path, format!("must be an object, is {}", json.kind()));
        return None;
    };
    let mut message = DynamicMessage::new(descriptor.clone());
    let mut seen = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let Some(field) = field(descriptor, &key) else {
            let shown: String = key.chars().take(SHOWN_NAME).collect();
            note(wrong, &inside(path, &shown), "there is no such field");
            continue;
        };
        let place = inside(path, field.json_name());
        if seen.contains(&field.number()) {
            note(wrong, &place, "is said twice");
            continue;
        }
        seen.push(field.number());
        if matches!(value, Json::Null) {
            continue;
        }
        if let Some(other) = rival(&message, &field) {
            note(wrong, &place, format!("excludes {other}: only one of them may be given"));
            continue;
        }
        if let Some(value) = field_value(&field, value, &place, wrong) {
            message.set_field(&field, value);
        }
    }
    Some(message)
}

/// A field by its JSON name or its own.
pub(crate) fn field(descriptor: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    descriptor.get_field_by_json_name(name).or_else(|| descriptor.get_field_by_name(name))
}

/// A path one step further.
pub(crate) fn inside(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Notes a violation, as far as that helps anybody.
pub(crate) fn note(wrong: &mut Violations, path: &str, what: impl Into<String>) {
    if wrong.as_slice().len() < MOST_VIOLATIONS {
        wrong.push(path, what);
    }
}

/// Another field of the same oneof that is set already.
pub(crate) fn rival(message: &DynamicMessage, field: &FieldDescriptor) -> Option<String> {
    let choice = field.containing_oneof().filter(|choice| !choice.is_synthetic())?;
    let set = choice.fields().find(|other| other.number() != field.number() && message.has_field(other))?;
    Some(set.json_name().to_owned())
}

/// Reads the value of a field: a list, a map, or one value.
pub(crate) fn field_value(field: &FieldDescriptor, json: Json, path: &str, wrong: &mut Violations) -> Option<Value> {
    if field.is_map() {
        return map(field, json, path, wrong);
    }
    if !field.is_list() {
        return one(&field.kind(), json, path, wrong);
    }
    let Json::List(items) = json else {
        note(wrong, path, format!("must be an array, is {}", json.kind()));
        return None;
    };
    let kind = field.kind();
    let read = |(place, item)| one(&kind, item, &format!("{path}[{place}]"), wrong);
    let values: Vec<Option<Value>> = items.into_iter().enumerate().map(read).collect();
    values.into_iter().collect::<Option<Vec<Value>>>().map(Value::List)
}

fn map(field: &FieldDescriptor, json: Json, path: &str, wrong: &mut Violations) -> Option<Value> {
    let Json::Object(entries) = json else {
        note(wrong, path, format!("must be an object, is {}", json.kind()));
        return None;
    };
    let kind = field.kind();
    let entry = kind.as_message()?;
    let (keys, values) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
    let mut map = std::collections::HashMap::new();
    for (position, (key, value)) in entries.into_iter().enumerate() {
        let place = format!("{path}[{position}]");
        let key = match keys {
            Kind::Bool => one(&keys, Json::Bool(key == "true"), &place, wrong),
            _ => one(&keys, Json::Text(key), &place, wrong),
        };
        let value = one(&values, value, &place, wrong);
        if let (Some(key), Some(value)) = (key.and_then(map_key), value) {
            map.insert(key, value);
        }
    }
    Some(Value::Map(map))
}

fn map_key(value: Value) -> Option<MapKey> {
    Some(match value {
        Value::Bool(key) => MapKey::Bool(key),
        Value::I32(key) => MapKey::I32(key),
        Value::I64(key) => MapKey::I64(key),
        Value::U32(key) => MapKey::U32(key),
        Value::U64(key) => MapKey::U64(key),
        Value::String(key) => MapKey::String(key),
        _ => return None,
    })
}

/// Reads one value of this kind.
pub(crate) fn one(kind: &Kind, json: Json, path: &str, wrong: &mut Violations) -> Option<Value> {
    let read = match kind {
        Kind::Message(inner) => return message(inner, json, path, wrong).map(Value::Message),
        Kind::Enum(values) => enum_value(values, &json),
        Kind::Bool => match json {
            Json::Bool(value) => Ok(Value::Bool(value)),
            _ => Err(format!("must be true or false, is {}", json.kind())),
        },
        Kind::String => match json {
            Json::Text(text) => Ok(Value::String(text)),
            _ => Err(format!("must be a string, is {}", json.kind())),
        },
        Kind::Bytes => match &json {
            Json::Text(text) => bytes(text).map(|bytes| Value::Bytes(bytes.into())),
            _ => Err(format!("must be a string in base64, is {}", json.kind())),
        },
        Kind::Double => float(&json).map(Value::F64),
        Kind::Float => float(&json).and_then(|value| {
            let narrow = value as f32;
            if narrow.is_finite() || !value.is_finite() { Ok(Value::F32(narrow)) } else { Err(out_of_range()) }
        }),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => integer(&json).map(Value::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => integer(&json).map(Value::I64),
        Kind::Uint32 | Kind::Fixed32 => integer(&json).map(Value::U32),
        Kind::Uint64 | Kind::Fixed64 => integer(&json).map(Value::U64),
    };
    read.map_err(|what| note(wrong, path, what)).ok()
}

fn enum_value(values: &EnumDescriptor, json: &Json) -> Result<Value, String> {
    match json {
        Json::Text(name) => match values.get_value_by_name(name) {
            Some(value) => Ok(Value::EnumNumber(value.number())),
            None => Err(format!("must be one of {}", known(values))),
        },
        // A number that is no value here is refused by the service, which knows more than its gateway or less.
        Json::Integer(_) | Json::Float(_) => integer(json).map(Value::EnumNumber),
        _ => Err(format!("must be one of {}, is {}", known(values), json.kind())),
    }
}

fn known(values: &EnumDescriptor) -> String {
    let names: Vec<_> = values.values().filter(|v| v.number() != 0).map(|v| v.name().to_owned()).collect();
    names.join(", ")
}

fn integer<I: TryFrom<i128>>(json: &Json) -> Result<I, String> {
    let whole = match json {
        Json::Integer(value) => *value,
        Json::Float(value) if value.fract() == 0.0 && value.abs() <= EXACT => *value as i128,
        Json::Float(_) => return Err("must be a whole number".to_owned()),
        Json::Text(text) if decimal(text) => text.parse().map_err(|_| out_of_range())?,
        Json::Text(_) => return Err("must be a whole number".to_owned()),
        other => return Err(format!("must be a whole number, is {}", other.kind())),
    };
    I::try_from(whole).map_err(|_| out_of_range())
}

fn decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn out_of_range() -> String {
    "is out of range".to_owned()
}

fn float(json: &Json) -> Result<f64, String> {
    match json {
        Json::Integer(value) => Ok(*value as f64),
        Json::Float(value) => Ok(*value),
        Json::Text(text) => match text.as_str() {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            number => match number.parse::<f64>() {
                Ok(value) if value.is_finite() && number.bytes().all(|b| b"0123456789+-.eE".contains(&b)) => Ok(value),
                _ => Err("must be a number".to_owned()),
            },
        },
        other => Err(format!("must be a number, is {}", other.kind())),
    }
}

/// Either alphabet of base64, padded or not.
fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    engine.decode(text).map_err(|_| "must be base64".to_owned())
}

/// The messages of `google.protobuf`, which have a JSON of their own.
fn well_known(
    descriptor: &MessageDescriptor,
    json: Json,
    path: &str,
    wrong: &mut Violations,
) -> Option<DynamicMessage> {
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let read = DynamicMessage::deserialize_with_options(descriptor.clone(), json.into_value(), &options);
    // What the library says may repeat the value.
    read.map_err(|_| note(wrong, path, format!("must be {}", spelling(descriptor)))).ok()
}

fn spelling(descriptor: &MessageDescriptor) -> &'static str {
    match descriptor.full_name() {
        "google.protobuf.Timestamp" => "an instant of RFC 3339, as 2026-11-22T10:00:00Z",
        "google.protobuf.Duration" => "seconds followed by s, as 1.5s",
        "google.protobuf.Empty" => "an empty object",
        _ => "as the JSON mapping of proto3 writes it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::tests::of;
    use crate::json::Limits;

    fn read(operation: &str, text: &str) -> Result<DynamicMessage, Vec<(String, String)>> {
        let json = Json::read(text.as_bytes(), Limits { values: 10_000, depth: 32 }).unwrap();
        let mut wrong = Violations::new();
        let read = message(&of(operation).rpc.input(), json, "", &mut wrong);
        match wrong.into_result() {
            Ok(()) => Ok(read.unwrap()),
            Err(wrong) => Err(wrong.as_slice().iter().map(|v| (v.field.clone(), v.description.clone())).collect()),
        }
    }

    fn fields(operation: &str, text: &str) -> Vec<String> {
        read(operation, text).unwrap_err().into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn every_violation_is_named_by_its_path() {
        let text = r#"{"ticket": {"subject": 7, "claimPoints": [{"text": "a"}, {"txet": "b"}, null], "department": ["x"]},
            "requestId": "a", "request_id": "b", "nothing": 1}"#;
        assert_eq!(
            fields("CreateTicket", text),
            [
                "ticket.subject",
                "ticket.claimPoints[1].txet",
                "ticket.claimPoints[2]",
                "ticket.department",
                "requestId",
                "nothing"
            ]
        );
    }

    #[test]
    fn a_field_is_known_by_both_its_names_and_null_is_nothing() {
        let camel = read("CreateTicket", r#"{"ticket": {"claimPoints": [{"text": "a"}], "etag": null}}"#).unwrap();
        let snake = read("CreateTicket", r#"{"ticket": {"claim_points": [{"text": "a"}]}}"#).unwrap();
        assert_eq!(camel, snake);
    }

    #[test]
    fn an_enum_is_a_name_or_a_number() {
        let name = read("CreateTicket", r#"{"ticket": {"channel": "CHANNEL_PHONE"}}"#).unwrap();
        let number = read("CreateTicket", r#"{"ticket": {"channel": 1}}"#).unwrap();
        assert_eq!(name, number);
        let (field, what) = read("CreateTicket", r#"{"ticket": {"channel": "PHONE"}}"#).unwrap_err().remove(0);
        assert_eq!(field, "ticket.channel");
        assert!(what.starts_with("must be one of CHANNEL_PHONE, "), "{what}");
    }

    #[test]
    fn bytes_come_in_both_alphabets_padded_or_not() {
        for text in ["+/8=", "-_8=", "+/8", "-_8"] {
            assert_eq!(bytes(text), Ok(vec![0xfb, 0xff]), "{text}");
        }
        assert!(bytes("ñ").is_err());
    }

    #[test]
    fn numbers_are_whole_and_within_their_range() {
        assert_eq!(integer::<i32>(&Json::Text("-5".to_owned())), Ok(-5));
        assert_eq!(integer::<i64>(&Json::Float(1e3)), Ok(1_000));
        for bad in [Json::Float(0.5), Json::Text("5 ".to_owned()), Json::Text("+5".to_owned()), Json::Bool(true)] {
            assert!(integer::<i32>(&bad).is_err(), "{bad:?}");
        }
        assert_eq!(integer::<i32>(&Json::Integer(1 << 40)), Err(out_of_range()));
        assert_eq!(integer::<u32>(&Json::Integer(-1)), Err(out_of_range()));
        assert_eq!(float(&Json::Text("-Infinity".to_owned())), Ok(f64::NEG_INFINITY));
        assert!(float(&Json::Text("inf".to_owned())).is_err());
    }

    #[test]
    fn an_instant_is_of_rfc_3339() {
        assert!(read("GetCustomer", r#"{"asOfTime": "2026-11-22T10:00:00.5+01:00"}"#).is_ok());
        for bad in ["\"yesterday\"", "5", "{\"seconds\": 5}", "\"\""] {
            assert_eq!(fields("GetCustomer", &format!("{{\"asOfTime\": {bad}}}")), ["asOfTime"], "{bad}");
        }
    }

    #[test]
    fn of_several_of_which_one_is_asked_only_one_may_be_given() {
        assert_eq!(fields("ChangeTickets", r#"{"hold": {}, "resume": {}}"#), ["resume"]);
        assert!(read("ChangeTickets", r#"{"hold": {}, "resume": null}"#).is_ok());
    }

    #[test]
    fn a_value_is_never_said_back() {
        let text = r#"{"ticket": {"channel": "María", "subject": true, "firstReceivedTime": "María"}}"#;
        for (field, what) in read("CreateTicket", text).unwrap_err() {
            assert!(!what.contains("Mar"), "{field}: {what}");
        }
    }
}
