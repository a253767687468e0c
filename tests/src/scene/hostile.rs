//! Bad requests, generated from the contract: for every method, every field that can be wrong.

use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value,
};

/// What the contract says of one field of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behavior {
    /// The caller must give it.
    pub required: bool,
    /// The service fills it; a caller leaves it out.
    pub output_only: bool,
}

/// Reads the `field_behavior` of a field. An identifier is the service's to give.
pub fn behavior(field: &FieldDescriptor) -> Behavior {
    let extension = field.parent_pool().get_extension_by_name("google.api.field_behavior").expect("vendored");
    let options = field.options();
    let value = options.get_extension(&extension);
    let has = |number: i32| value.as_list().is_some_and(|list| list.iter().any(|v| v.as_enum_number() == Some(number)));
    // REQUIRED = 2, OUTPUT_ONLY = 3, IDENTIFIER = 8 of google.api.FieldBehavior.
    Behavior { required: has(2), output_only: has(3) || has(8) }
}

/// The steps from a request to one of its fields. A repeated step means its first item.
#[derive(Debug, Clone)]
pub struct Path(Vec<FieldDescriptor>);

impl Path {
    /// The field it ends in.
    ///
    /// # Panics
    /// Never: a path has a step.
    pub fn field(&self) -> &FieldDescriptor {
        self.0.last().expect("a path has a step")
    }

    /// As violations spell it: `record.identifiers[0].value`.
    pub fn text(&self) -> String {
        let step = |field: &FieldDescriptor| {
            let item = if field.is_list() { "[0]" } else { "" };
            format!("{}{item}", field.name())
        };
        self.0.iter().map(step).collect::<Vec<_>>().join(".")
    }

    /// Whether a violation of the field `named` speaks of this field, of something inside it, or of
    /// what it is inside of.
    pub fn is_named_by(&self, named: &str) -> bool {
        let own = self.text();
        let within = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        within(named, &own) || within(&own, named)
    }
}

/// Every field that a caller of `method` may fill, however deep.
pub fn fields(method: &MethodDescriptor) -> Vec<Path> {
    let mut found = Vec::new();
    walk(&method.input(), &mut Vec::new(), &mut found);
    found
}

fn walk(message: &MessageDescriptor, steps: &mut Vec<FieldDescriptor>, found: &mut Vec<Path>) {
    for field in message.fields() {
        if behavior(&field).output_only {
            continue;
        }
        steps.push(field.clone());
        found.push(Path(steps.clone()));
        if let Kind::Message(inner) = field.kind()
            && inner.full_name().starts_with("ventanilla.")
        {
            walk(&inner, steps, found);
        }
        steps.pop();
    }
}

/// A resource of a type, where there is one.
pub type Resources = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Where plausible values come from.
pub struct Facts {
    /// The present, in seconds since 1970.
    pub now: i64,
    /// A UUID for every call that asks for one.
    pub uuid: Box<dyn Fn() -> String + Send + Sync>,
    /// A resource of this type that exists, e.g. `Ticket` or `Customer`.
    pub resource: Resources,
}

/// A request that nothing is wrong with as far as the contract tells, with `also` filled beside what
/// is required.
pub fn plausible(method: &MethodDescriptor, facts: &Facts, also: Option<&Path>) -> DynamicMessage {
    fill(&method.input(), facts, also.map(|path| path.0.as_slice()).unwrap_or_default())
}

fn fill(message: &MessageDescriptor, facts: &Facts, also: &[FieldDescriptor]) -> DynamicMessage {
    let mut filled = DynamicMessage::new(message.clone());
    for field in message.fields() {
        let on_the_way = also.first() == Some(&field);
        let behavior = behavior(&field);
        if behavior.output_only || !(behavior.required || on_the_way || is_one_of_which_one_is_asked(&field)) {
            continue;
        }
        let rest = if on_the_way { &also[1..] } else { &[] };
        let value = plausible_value(&field, facts, rest);
        filled.set_field(&field, if field.is_list() { Value::List(vec![value]) } else { value });
    }
    filled
}

/// Optional by itself, while one of several like it has to be there.
fn is_one_of_which_one_is_asked(field: &FieldDescriptor) -> bool {
    matches!(
        (field.parent_message().name(), field.name()),
        ("SurveyAnswer" | "AnswerPublicSurveyRequest", "csat")
            | ("ChangeTicketsRequest", "hold")
            // A person says why, and what is known.
            | ("TransferTicketRequest", "reason" | "handover")
            | ("CallSupervisorRequest", "handover")
            | ("DecideRedressRequest", "refusal")
            | ("SuggestArticlesRequest", "query")
    )
}

fn plausible_value(field: &FieldDescriptor, facts: &Facts, rest: &[FieldDescriptor]) -> Value {
    match field.kind() {
        Kind::Message(m) if m.full_name() == "google.protobuf.Timestamp" => instant(&m, plausible_time(field, facts)),
        // A notice says why, by when instead, and what is done.
        Kind::Message(m) if (field.parent_message().name(), field.name()) == ("NoticeTemplate", "texts") => {
            let mut text = fill(&m, facts, rest);
            text.set_field_by_name("text", Value::String("{cause} {new_due} {remedy}".to_owned()));
            Value::Message(text)
        }
        Kind::Message(m) => Value::Message(fill(&m, facts, rest)),
        Kind::Enum(_) => Value::EnumNumber(plausible_number(field)),
        Kind::String => Value::String(plausible_text(field, facts)),
        Kind::Int32
            if matches!(field.name(), "csat" | "capacity" | "business_weekdays" | "hand_count" | "term_days") =>
        {
            Value::I32(1)
        }
        Kind::Int32 if field.name() == "year" => Value::I32(2_026),
        Kind::Int64 if matches!(field.name(), "size_bytes" | "minor_units") => Value::I64(100),
        Kind::Bytes if field.name() == "sha256" => Value::Bytes(vec![7; 32].into()),
        Kind::Bytes => Value::Bytes(b"plausible content".to_vec().into()),
        _ => Value::default_value_for_field(field),
    }
}

/// A value that this field takes: the first one, unless the field takes only some.
fn plausible_number(field: &FieldDescriptor) -> i32 {
    match (field.parent_message().name(), field.name()) {
        // KEPT, of PromiseState.
        ("SettlePromiseRequest", "state") => 3,
        // EVIDENCE, of DossierKind.
        ("AddDossierEntryRequest", "kind") => 15,
        // FIRM, of BoundBy.
        ("AnswerDecisionRequest", "party") => 3,
        // WEB, which every regime admits.
        (_, "channel") => 3,
        _ => 1,
    }
}

fn plausible_time(field: &FieldDescriptor, facts: &Facts) -> i64 {
    match field.name() {
        "due_time" | "effective_time" | "answer_by_time" | "expected_time" => facts.now + 24 * 3600,
        "to_time" => facts.now,
        "end_time" => facts.now + 4 * 365 * 24 * 3600,
        _ => facts.now - 3600,
    }
}

fn plausible_text(field: &FieldDescriptor, facts: &Facts) -> String {
    let of =
        |kind: &str| (facts.resource)(kind).unwrap_or_else(|| format!("{}s/{}", kind.to_lowercase(), (facts.uuid)()));
    match referenced(field).as_deref() {
        // One that nobody knows, of an affair that there is.
        Some("Message") if (facts.resource)("Message").is_none() => {
            return format!("{}/messages/{}", of("Ticket"), (facts.uuid)());
        }
        Some(kind) => return of(kind),
        None => {}
    }
    match (field.parent_message().name(), field.name()) {
        ("Attachment", "uri") => "s3://files/1".to_owned(),
        ("Attachment", "media_type") => "image/png".to_owned(),
        ("GetReceiptRequest" | "GetReceiptDocumentRequest", "name") => format!("{}/receipt", of("Ticket")),
        ("SplitTicketRequest", "subject") => "A part of the affair".to_owned(),
        ("EnterStepRequest", "step") => "work".to_owned(),
        ("ProcessStep", "next") => "somewhere".to_owned(),
        ("MeasuredCall", "external_id") => "call-1".to_owned(),
        ("MeasuredCall", "queue") => "billing".to_owned(),
        ("Policy", "name") => "policies/own".to_owned(),
        ("CharacteristicSet", "name") => "characteristicSets/queja-billing".to_owned(),
        ("Characteristic" | "CharacteristicRule", "name") => "payer".to_owned(),
        ("CharacteristicValue", "number") => "1.5".to_owned(),
        ("CharacteristicValue", "date") => "2026-05-04".to_owned(),
        ("CharacteristicRule", "unit") => "kWh".to_owned(),
        ("HouseCalendar", "name") => "calendars/own".to_owned(),
        ("Policy", "term") => "30min".to_owned(),
        ("PolicyEffect", "event" | "grounds") => "incomplete".to_owned(),
        ("Holiday" | "CalendarException", "date") | ("HouseCalendar", "removed_dates") => "2026-05-04".to_owned(),
        ("Holiday", "scope") => "town".to_owned(),
        ("HouseCalendar", "time_zone") => "Europe/Madrid".to_owned(),
        ("Subscription", "url") => "https://hooks.example.com/in".to_owned(),
        ("Subscription", "event_types") => "ticketing.ticket.*".to_owned(),
        // Of an affair whose customer was asked what they thought.
        ("AnswerPublicSurveyRequest", "tracking_key") => of("AskedTrackingKey"),
        ("AnswerPublicSurveyRequest", "proof") => of("AskedProof"),
        (_, "tracking_key") => of("TrackingKey"),
        (_, "proof") if field.parent_message().get_field_by_name("tracking_key").is_some() => of("Proof"),
        ("GetStepsRequest", "subjects") => of("Ticket"),
        (_, "office_code") => of("OfficeCode"),
        (_, "key_digits") => "2345672345678".to_owned(),
        (_, "proof_digits") => "234567".to_owned(),
        (_, "request_id") => (facts.uuid)(),
        ("CancelTicketRequest", "reason") => "withdrawn_by_customer".to_owned(),
        (_, "sector") if field.parent_message().full_name().contains("ticketing") => "general".to_owned(),
        (_, "etag" | "into_etag") => "\"1\"".to_owned(),
        (_, "regime") => "es.finance".to_owned(),
        (_, "claim_point") => "p1".to_owned(),
        (_, "reason") if field.parent_message().full_name().contains("ticketing") => "some_reason".to_owned(),
        (_, "phone_number") => "+34600123456".to_owned(),
        (_, "country_code" | "region_code") => "ES".to_owned(),
        (_, "currency_code") => "EUR".to_owned(),
        ("RelationDeclaration" | "Relation", "party") => of("Customer"),
        ("Identifier", "value") => "+34600123456".to_owned(),
        (_, "department" | "to_department" | "unit" | "sector" | "topic" | "source_system" | "issuer") => {
            "billing".to_owned()
        }
        (_, "person" | "line_manager" | "owner" | "id") => "somebody-1".to_owned(),
        ("CaseMatter" | "Recommendation", "motive") => "billing".to_owned(),
        (_, "birth_date") => "1980-02-29".to_owned(),
        (_, "page_token" | "subject" | "content_type") => String::new(),
        _ => "a text of its own, long enough to say something about this one case".to_owned(),
    }
}

/// The type a field's `resource_reference` names, without its domain.
fn referenced(field: &FieldDescriptor) -> Option<String> {
    let extension = field.parent_pool().get_extension_by_name("google.api.resource_reference")?;
    let options = field.options();
    if !options.has_extension(&extension) {
        return None;
    }
    let reference = options.get_extension(&extension).as_message()?.get_field_by_name("type")?.as_str()?.to_owned();
    reference.rsplit('/').next().map(str::to_owned)
}

/// Whether a field holds the name of something.
pub fn names_a_resource(field: &FieldDescriptor) -> bool {
    referenced(field).is_some()
}

fn instant(message: &MessageDescriptor, seconds: i64) -> Value {
    let mut time = DynamicMessage::new(message.clone());
    time.set_field_by_name("seconds", Value::I64(seconds));
    Value::Message(time)
}

/// `request` with the field at `path` set to `value` (the first item, for a repeated one).
///
/// # Panics
/// When the way to the field is not filled, as [`plausible`] fills it when told `also`.
pub fn with(request: &DynamicMessage, path: &Path, value: Value) -> DynamicMessage {
    let mut request = request.clone();
    set(&mut request, &path.0, value);
    request
}

fn set(message: &mut DynamicMessage, steps: &[FieldDescriptor], value: Value) {
    let (step, rest) = steps.split_first().expect("a path has a step");
    let place = message.get_field_mut(step);
    let place = match place {
        Value::List(items) if step.is_list() => items.first_mut().expect("plausible() puts one item in"),
        one => one,
    };
    if rest.is_empty() {
        *place = value;
    } else {
        let Value::Message(inner) = place else { panic!("{} holds no message", step.full_name()) };
        set(inner, rest, value);
    }
}

/// The text at `path` of a request (of the first item, for a repeated one), where one stands there.
pub fn text_at(request: &DynamicMessage, path: &Path) -> Option<String> {
    let (first, rest) = path.0.split_first()?;
    let first_of = |value: &Value| match value {
        Value::List(items) => items.first().cloned(),
        one => Some(one.clone()),
    };
    let mut value = first_of(&request.get_field(first))?;
    for step in rest {
        value = first_of(&value.as_message()?.get_field(step))?;
    }
    value.as_str().map(str::to_owned)
}

/// `request` with the list at `path` holding its first item so many times.
///
/// # Panics
/// When the way to the list is not filled, as [`plausible`] fills it when told `also`.
pub fn with_list(request: &DynamicMessage, path: &Path, times: usize) -> DynamicMessage {
    let mut request = request.clone();
    let (list, way) = path.0.split_last().expect("a path has a step");
    let mut message = &mut request;
    for step in way {
        let place = match message.get_field_mut(step) {
            Value::List(items) => items.first_mut().expect("plausible() puts one item in"),
            one => one,
        };
        let Value::Message(inner) = place else { panic!("{} holds no message", step.full_name()) };
        message = inner;
    }
    let Value::List(items) = message.get_field_mut(list) else { panic!("{} is no list", list.full_name()) };
    let item = items.first().expect("plausible() puts one item in").clone();
    *items = vec![item; times];
    request
}

/// An instant that the contract's range does not hold, for a field of type Timestamp.
pub fn impossible_instant(field: &FieldDescriptor) -> Option<Value> {
    match field.kind() {
        Kind::Message(m) if m.full_name() == "google.protobuf.Timestamp" => Some(instant(&m, i64::MAX)),
        _ => None,
    }
}

/// Every method of the house's contract, in the order of its files.
pub fn methods(pool: &DescriptorPool) -> Vec<MethodDescriptor> {
    pool.services()
        .filter(|service| service.full_name().starts_with("ventanilla."))
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}

/// Whether the method changes something: it takes a `request_id`.
pub fn mutates(method: &MethodDescriptor) -> bool {
    method.input().get_field_by_name("request_id").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(name: &str) -> MethodDescriptor {
        methods(&crate::contract::current()).into_iter().find(|m| m.name() == name).expect("in the contract")
    }

    #[test]
    fn finds_fields_however_deep_and_leaves_out_what_the_service_fills() {
        let paths: Vec<String> = fields(&method("IngestSourceRecord")).iter().map(Path::text).collect();
        assert!(paths.contains(&"record.identifiers[0].type".to_owned()), "{paths:?}");
        assert!(paths.contains(&"request_id".to_owned()));
        assert!(!paths.iter().any(|path| path.contains("own_customer")), "{paths:?}");
    }

    #[test]
    fn a_violation_names_a_field_by_it_or_by_what_it_is_inside_of() {
        let path = fields(&method("IngestSourceRecord")).into_iter().find(|p| p.text().ends_with("given_name"));
        let path = path.expect("a name has one");
        assert!(path.is_named_by("record.person_name"));
        assert!(path.is_named_by("record.person_name.given_name"));
        assert!(!path.is_named_by("record.person"));
        assert!(!path.is_named_by("request_id"));
    }
}
