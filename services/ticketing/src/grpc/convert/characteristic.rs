//! Requests about characteristics of affairs, and the sets that say which there are.

use jiff::civil::Date;
use kernel::Violations;
use server::{PageToken, page_size, parse, status};
use ticketing_domain::{
    Allowed, Amount, Bounds, Characteristic, CharacteristicRule, CharacteristicRules, CharacteristicSetId,
    CharacteristicValue, Line, MAX_CHARACTERISTICS, MAX_WORDS,
};
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::characteristic_value::Value;
use ventanilla_proto::r#type::v1::Money;

use super::process::wording;
use super::team::version;
use super::{Target, etag, key, list, whole};
use crate::usecase::NewCharacteristicSet;

pub(in crate::grpc) fn put_characteristic_set(
    request: &pb::PutCharacteristicSetRequest,
) -> Result<NewCharacteristicSet, Violations> {
    let mut v = Violations::new();
    let key = key(&mut v, "PutCharacteristicSet", &request.request_id, request);
    let Some(said) = &request.characteristic_set else {
        v.push("characteristic_set", "is required");
        return whole(v, None);
    };
    let mut within = Violations::new();
    let id = set_id(&mut within, &said.name);
    let after = match said.etag.as_str() {
        "" => Some(None),
        etag => version(&mut within, "etag", etag).map(Some),
    };
    let rules = match characteristic_rules(&said.rules) {
        Ok(rules) => Some(rules),
        Err(wrong) => {
            for one in wrong.as_slice() {
                within.push(format!("rules{}", one.field), one.description.clone());
            }
            None
        }
    };
    v.absorb("characteristic_set", within);
    let new =
        || Some(NewCharacteristicSet { id: id?, rules: rules?, content: said.rules.clone(), after: after?, key: key? });
    let new = new();
    whole(v, new)
}

fn set_id(v: &mut Violations, name: &str) -> Option<CharacteristicSetId> {
    if name.is_empty() {
        v.push("name", "is required");
        return None;
    }
    v.check("name", name.parse())
}

pub(in crate::grpc) fn characteristic_set_version(
    request: &pb::GetCharacteristicSetRequest,
) -> Result<(CharacteristicSetId, Option<i32>), Violations> {
    let mut v = Violations::new();
    let id = set_id(&mut v, &request.name);
    if request.version < 0 {
        v.push("version", "must be a version's number, or left out for the newest");
    }
    whole(v, id.map(|id| (id, (request.version > 0).then_some(request.version))))
}

/// A list of sets that is asked for.
pub(in crate::grpc) struct CharacteristicSetList {
    pub after: String,
    pub size: usize,
}

impl CharacteristicSetList {
    const LIST: &str = "characteristic-sets";

    /// The token of the page after this one.
    pub fn next_token(last: Option<String>) -> String {
        last.map(|id| PageToken::encode(Self::LIST, &[], &[&id])).unwrap_or_default()
    }
}

pub(in crate::grpc) fn characteristic_sets(
    request: &pb::ListCharacteristicSetsRequest,
) -> Result<CharacteristicSetList, Status> {
    let mut v = Violations::new();
    let size = page_size(&mut v, request.page_size);
    v.into_result().map_err(|e| status(&e))?;
    let token = PageToken::decode(&request.page_token, CharacteristicSetList::LIST, &[]).map_err(|e| status(&e))?;
    let after = match token {
        Some(token) => {
            let [id] = token.fields().map_err(|e| status(&e))?;
            CharacteristicSetId::of(&id).map_err(|_| status(&list::unreadable()))?.to_string()
        }
        None => String::new(),
    };
    Ok(CharacteristicSetList { after, size })
}

pub(in crate::grpc) fn state_characteristics(
    request: &pb::StateCharacteristicsRequest,
) -> Result<(Target, Vec<Characteristic>), Violations> {
    let mut v = Violations::new();
    let id = parse::name(&mut v, "name", &request.name);
    let stated = characteristics(&mut v, "characteristics", &request.characteristics);
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "StateCharacteristics", &request.request_id, request);
    let target = || Some(Target { id: id?, etag: etag?, key: key?, stated: None });
    let target = target();
    whole(v, target.map(|target| (target, stated)))
}

/// What is stated of an affair in the field `field`. Whether it fits is for the set to say.
pub(super) fn characteristics(v: &mut Violations, field: &str, said: &[pb::Characteristic]) -> Vec<Characteristic> {
    if said.len() > MAX_CHARACTERISTICS {
        v.push(field, format!("must have at most {MAX_CHARACTERISTICS} characteristics"));
        return Vec::new();
    }
    let mut read = Vec::with_capacity(said.len());
    for (i, one) in said.iter().enumerate() {
        let name = v.check(format!("{field}[{i}].name"), one.name.parse());
        let value = value(v, &format!("{field}[{i}].value"), one.value.as_ref());
        read.extend(name.zip(value).map(|(name, value)| Characteristic { name, value }));
    }
    read
}

fn value(v: &mut Violations, field: &str, said: Option<&pb::CharacteristicValue>) -> Option<CharacteristicValue> {
    let Some(said) = said.and_then(|said| said.value.as_ref()) else {
        v.push(field, "is required");
        return None;
    };
    Some(match said {
        Value::Text(text) => CharacteristicValue::Text(v.check(format!("{field}.text"), text.parse())?),
        Value::Number(number) => CharacteristicValue::Number(v.check(format!("{field}.number"), number.parse())?),
        Value::Flag(flag) => CharacteristicValue::Flag(*flag),
        Value::Date(text) => CharacteristicValue::Date(date(v, &format!("{field}.date"), text)?),
        Value::Money(said) => CharacteristicValue::Money(money(v, &format!("{field}.money"), said)?),
    })
}

/// A day as it is spelled back: four digits, two, two.
fn date(v: &mut Violations, field: &str, text: &str) -> Option<Date> {
    let read = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
    if read.is_none() {
        v.push(field, "must be a day as YYYY-MM-DD");
    }
    read
}

fn money(v: &mut Violations, field: &str, said: &Money) -> Option<Amount> {
    let currency = &said.currency_code;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        v.push(format!("{field}.currency_code"), "must be three capital letters of ISO 4217");
        return None;
    }
    Some(Amount { currency: currency.clone(), minor_units: said.minor_units })
}

/// The rules of a set; what is wrong with them is found at `[i]` and what is behind it.
///
/// # Errors
/// [`Violations`], all of them.
pub(crate) fn characteristic_rules(said: &[pb::CharacteristicRule]) -> Result<CharacteristicRules, Violations> {
    let mut v = Violations::new();
    if said.len() > MAX_CHARACTERISTICS {
        v.push("", format!("must have at most {MAX_CHARACTERISTICS} rules"));
        return Err(v);
    }
    let mut read = Vec::with_capacity(said.len());
    for (i, one) in said.iter().enumerate() {
        let mut within = Violations::new();
        read.extend(rule(&mut within, one));
        v.absorb(&format!("[{i}]"), within);
    }
    v.into_result()?;
    CharacteristicRules::new(read)
}

fn rule(v: &mut Violations, said: &pb::CharacteristicRule) -> Option<CharacteristicRule> {
    let name = v.check("name", said.name.parse());
    let allowed = allowed(v, said);
    let title = wording(v, "title", &said.title);
    Some(CharacteristicRule { name: name?, allowed: allowed?, required: said.required, title: title? })
}

fn allowed(v: &mut Violations, said: &pb::CharacteristicRule) -> Option<Allowed> {
    use pb::CharacteristicKind as Kind;
    let kind = match pb::CharacteristicKind::try_from(said.kind) {
        Ok(Kind::Unspecified) | Err(_) => return parse::not_a_value(v, "kind", said.kind),
        Ok(kind) => kind,
    };
    if kind != Kind::Text && !said.words.is_empty() {
        v.push("words", "are of texts alone");
    }
    if kind != Kind::Number && !said.unit.is_empty() {
        v.push("unit", "is of numbers alone");
    }
    if matches!(kind, Kind::Text | Kind::Flag) {
        for (field, bound) in [("least", &said.least), ("most", &said.most)] {
            if bound.is_some() {
                v.push(field, "is of numbers, dates and amounts alone");
                value(v, field, bound.as_ref());
            }
        }
    }
    match kind {
        Kind::Text => words(v, &said.words).map(Allowed::Text),
        Kind::Flag => Some(Allowed::Flag),
        Kind::Number => {
            let bounds = bounds(v, said, "must be a number", |value| match value {
                CharacteristicValue::Number(number) => Some(number),
                _ => None,
            });
            let unit = if said.unit.is_empty() { Some(None) } else { v.check("unit", said.unit.parse()).map(Some) };
            Some(Allowed::Number { bounds: bounds?, unit: unit? })
        }
        Kind::Date => bounds(v, said, "must be a date", |value| match value {
            CharacteristicValue::Date(date) => Some(date),
            _ => None,
        })
        .map(Allowed::Date),
        Kind::Money => amounts(v, said),
        Kind::Unspecified => None,
    }
}

fn words(v: &mut Violations, said: &[String]) -> Option<Vec<Line<100>>> {
    if said.len() > MAX_WORDS {
        v.push("words", format!("must be at most {MAX_WORDS} words"));
        return None;
    }
    let mut read = Vec::with_capacity(said.len());
    for (i, word) in said.iter().enumerate() {
        if said[..i].contains(word) {
            v.push(format!("words[{i}]"), "is named twice");
        }
        read.extend(v.check(format!("words[{i}]"), word.parse::<Line<100>>()));
    }
    (read.len() == said.len()).then_some(read)
}

/// What is said of least and most, where it is of the kind that is read.
fn bounds<T: PartialOrd + Copy + std::fmt::Display>(
    v: &mut Violations,
    said: &pb::CharacteristicRule,
    must: &str,
    read: fn(CharacteristicValue) -> Option<T>,
) -> Option<Bounds<T>> {
    let mut bound = |field: &str, said: &Option<pb::CharacteristicValue>| match said {
        None => Some(None),
        Some(said) => {
            let value = value(v, field, Some(said))?;
            let read = read(value);
            if read.is_none() {
                v.push(field, must);
            }
            read.map(Some)
        }
    };
    let (least, most) = (bound("least", &said.least), bound("most", &said.most));
    let bounds = Bounds { least: least?, most: most? };
    refuse_empty(v, &bounds)?;
    Some(bounds)
}

fn refuse_empty<T: PartialOrd + Copy + std::fmt::Display>(v: &mut Violations, bounds: &Bounds<T>) -> Option<()> {
    if bounds.is_empty() {
        v.push("most", "must not be less than the least");
        return None;
    }
    Some(())
}

fn amounts(v: &mut Violations, said: &pb::CharacteristicRule) -> Option<Allowed> {
    let mut bound = |field: &str, said: &Option<pb::CharacteristicValue>| match said {
        None => Some(None),
        Some(said) => match value(v, field, Some(said))? {
            CharacteristicValue::Money(amount) => Some(Some(amount)),
            _ => {
                v.push(field, "must be an amount of money");
                None
            }
        },
    };
    let (least, most) = (bound("least", &said.least), bound("most", &said.most));
    let (least, most): (Option<Amount>, Option<Amount>) = (least?, most?);
    let mut currencies = [&least, &most].into_iter().flatten().map(|amount| amount.currency.clone());
    let currency = currencies.next();
    if currencies.next().is_some_and(|other| Some(other) != currency) {
        v.push("most", "must be in the currency of the least");
        return None;
    }
    let units = |amount: Option<&Amount>| amount.map(|amount| amount.minor_units);
    let bounds = Bounds { least: units(least.as_ref()), most: units(most.as_ref()) };
    refuse_empty(v, &bounds)?;
    Some(Allowed::Money { currency, bounds })
}
