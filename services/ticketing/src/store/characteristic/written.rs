//! What an affair is known by, as it is kept: JSON, so that a search finds the words in it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use ticketing_domain::{Amount, Characteristic, CharacteristicValue as Value};

/// One fact.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::store) struct Written {
    name: String,
    #[serde(flatten)]
    value: WrittenValue,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenValue {
    Text(String),
    Number(String),
    Flag(bool),
    Date(Date),
    Money { currency: String, minor_units: i64 },
}

/// The facts as they are kept; none for no facts.
pub(in crate::store) fn write(stated: &[Characteristic]) -> Option<Vec<Written>> {
    let written = |one: &Characteristic| Written {
        name: one.name.as_str().to_owned(),
        value: match &one.value {
            Value::Text(text) => WrittenValue::Text(text.expose().to_owned()),
            Value::Number(number) => WrittenValue::Number(number.to_string()),
            Value::Flag(flag) => WrittenValue::Flag(*flag),
            Value::Date(date) => WrittenValue::Date(*date),
            Value::Money(Amount { currency, minor_units }) => {
                WrittenValue::Money { currency: currency.clone(), minor_units: *minor_units }
            }
        },
    };
    (!stated.is_empty()).then(|| stated.iter().map(written).collect())
}

/// The facts that were kept; none when one cannot be read.
pub(in crate::store) fn read(kept: Vec<Written>) -> Option<Vec<Characteristic>> {
    let one = |Written { name, value }| {
        let value = match value {
            WrittenValue::Text(text) => Value::Text(text.parse().ok()?),
            WrittenValue::Number(number) => Value::Number(number.parse().ok()?),
            WrittenValue::Flag(flag) => Value::Flag(flag),
            WrittenValue::Date(date) => Value::Date(date),
            WrittenValue::Money { currency, minor_units } => Value::Money(Amount { currency, minor_units }),
        };
        Some(Characteristic { name: name.parse().ok()?, value })
    };
    kept.into_iter().map(one).collect()
}
