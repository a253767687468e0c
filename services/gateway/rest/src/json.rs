//! JSON as it was sent: keys in their order, said twice or not, within limits of size that are known before anything
//! else is done with it.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// One JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// How much of it there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Values in all.
    pub(crate) values: usize,
    /// Values inside of values.
    pub(crate) depth: usize,
}

/// Why a text is not taken as JSON. Never says what stood in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoJson {
    #[error("is no JSON: line {line}, column {column}")]
    Syntax { line: usize, column: usize },
    #[error("holds more than {0} values")]
    TooMany(usize),
    #[error("is nested more than {0} deep")]
    TooDeep(usize),
}

impl Json {
    /// Reads one JSON value and nothing after it.
    ///
    /// # Errors
    /// [`NoJson`]; a limit ends the reading where it is passed.
    pub(crate) fn read(text: &[u8], limits: Limits) -> Result<Self, NoJson> {
        let state = State { limits, left: Cell::new(limits.values), broken: Cell::new(None) };
        let mut reader = serde_json::Deserializer::from_slice(text);
        let read = Seed { state: &state, depth: 0 }.deserialize(&mut reader).and_then(|value| {
            reader.end()?;
            Ok(value)
        });
        read.map_err(|error| match state.broken.get() {
            Some(Limit::Values) => NoJson::TooMany(limits.values),
            Some(Limit::Depth) => NoJson::TooDeep(limits.depth),
            None => NoJson::Syntax { line: error.line(), column: error.column() },
        })
    }

    /// What kind of value it is, for a message.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The same value as others know it. A key that is said twice has its last value.
    pub(crate) fn into_value(self) -> serde_json::Value {
        use serde_json::Value;
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Integer(value) => i64::try_from(value)
                .map(Value::from)
                .or_else(|_| u64::try_from(value).map(Value::from))
                .unwrap_or(Value::Null),
            Self::Float(value) => Value::from(value),
            Self::Text(value) => Value::String(value),
            Self::List(items) => Value::Array(items.into_iter().map(Self::into_value).collect()),
            Self::Object(fields) => {
                Value::Object(fields.into_iter().map(|(key, value)| (key, value.into_value())).collect())
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Limit {
    Values,
    Depth,
}

struct State {
    limits: Limits,
    left: Cell<usize>,
    broken: Cell<Option<Limit>>,
}

#[derive(Clone, Copy)]
struct Seed<'s> {
    state: &'s State,
    depth: usize,
}

impl Seed<'_> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == self.state.limits.depth {
            self.state.broken.set(Some(Limit::Depth));
            return Err(E::custom("too deep"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        match self.state.left.get().checked_sub(1) {
            Some(left) => self.state.left.set(left),
            None => {
                self.state.broken.set(Some(Limit::Values));
                return Err(D::Error::custom("too many"));
            }
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let inner = self.inner()?;
        let mut object = Vec::new();
        while let Some(key) = fields.next_key::<String>()? {
            object.push((key, fields.next_value_seed(inner)?));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { values: 100, depth: 8 };

    #[test]
    fn a_key_said_twice_is_kept_twice() {
        let read = Json::read(br#"{"a": 1, "a": null}"#, LIMITS).unwrap();
        assert_eq!(read, Json::Object(vec![("a".to_owned(), Json::Integer(1)), ("a".to_owned(), Json::Null)]));
    }

    #[test]
    fn what_is_no_json_is_told_by_its_place_and_not_by_its_words() {
        for bad in ["", "{", "{\"a\": María}", "{} {}", "[1,]", "nul"] {
            let error = Json::read(bad.as_bytes(), LIMITS).unwrap_err();
            assert!(matches!(error, NoJson::Syntax { .. }), "{bad:?}: {error}");
            assert!(!error.to_string().contains("Mar"));
        }
        assert!(matches!(Json::read(b"\"\xff\"", LIMITS), Err(NoJson::Syntax { .. })));
    }

    #[test]
    fn limits_of_number_and_depth_hold() {
        let many = format!("[{}]", vec!["0"; 100].join(","));
        assert_eq!(Json::read(many.as_bytes(), LIMITS), Err(NoJson::TooMany(100)));
        let deep = format!("{}{}", "[".repeat(9), "]".repeat(9));
        assert_eq!(Json::read(deep.as_bytes(), LIMITS), Err(NoJson::TooDeep(8)));
        let bomb = "[".repeat(1_000_000);
        assert_eq!(Json::read(bomb.as_bytes(), LIMITS), Err(NoJson::TooDeep(8)));
        assert!(Json::read(format!("{}{}", "[".repeat(8), "]".repeat(8)).as_bytes(), LIMITS).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Json::read(&bytes, LIMITS);
        }
    }
}
