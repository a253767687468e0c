//! Schemas of messages and enums, in two kinds: as they are asked and as they are answered. What is asked has what it requires,
//! lacks what services fill, and holds nothing unknown; an answer may lack anything, since defaults are left out.

use std::collections::{BTreeMap, VecDeque};

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value as Proto};
use serde_json::{Map, Value, json};

use crate::comments::Comments;

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Asked,
    Answered,
}

/// The schemas that were asked for, and those that they ask for.
pub(crate) struct Schemas<'c> {
    comments: &'c Comments,
    done: BTreeMap<String, Value>,
    waiting: VecDeque<(String, Wanted)>,
}

enum Wanted {
    Message(MessageDescriptor, Way),
    Enum(EnumDescriptor),
}

impl<'c> Schemas<'c> {
    /// None yet.
    pub(crate) fn new(comments: &'c Comments) -> Self {
        Self { comments, done: BTreeMap::new(), waiting: VecDeque::new() }
    }

    /// All of them by name.
    pub(crate) fn finish(mut self) -> Map<String, Value> {
        while let Some((name, wanted)) = self.waiting.pop_front() {
            let schema = match wanted {
                Wanted::Message(message, way) => self.object(&message, way, &[]),
                Wanted::Enum(values) => self.values(&values),
            };
            self.done.insert(name, schema);
        }
        self.done.into_iter().collect()
    }

    /// A reference to a message.
    pub(crate) fn message(&mut self, message: &MessageDescriptor, way: Way) -> Value {
        match message.full_name() {
            "google.protobuf.Timestamp" => return json!({"type": "string", "format": "date-time"}),
            "google.protobuf.Duration" => {
                return json!({"type": "string", "pattern": "^-?[0-9]{1,12}(\\.[0-9]{1,9})?s$", "examples": ["1.5s"]});
            }
            "google.protobuf.Empty" => return json!({"type": "object", "maxProperties": 0}),
            _ => {}
        }
        let plain = short(message.full_name());
        let name = match way {
            Way::Asked if !message.name().ends_with("Request") => format!("{plain}.Input"),
            _ => plain,
        };
        self.want(name, Wanted::Message(message.clone(), way))
    }

    /// A reference to the body of a call that takes the whole message but for these fields.
    pub(crate) fn request(&mut self, message: &MessageDescriptor, without: &[u32]) -> Value {
        let name = short(message.full_name());
        let schema = self.object(message, Way::Asked, without);
        self.done.insert(name.clone(), schema);
        reference(&name)
    }

    fn want(&mut self, name: String, wanted: Wanted) -> Value {
        let reference = reference(&name);
        if !self.done.contains_key(&name) {
            // Its place is taken at once, or a message inside of itself would never end.
            self.done.insert(name.clone(), Value::Null);
            self.waiting.push_back((name, wanted));
        }
        reference
    }

    /// A message in full, without some of its fields.
    pub(crate) fn object(&mut self, message: &MessageDescriptor, way: Way, without: &[u32]) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in message.fields().filter(|field| !without.contains(&field.number())) {
            let behavior = Behavior::of(&field);
            if way == Way::Asked && behavior.filled_by_service {
                continue;
            }
            if way == Way::Asked && behavior.required && !has_a_header(&field) {
                required.push(field.json_name().to_owned());
            }
            properties.insert(field.json_name().to_owned(), self.field(&field, way));
        }
        let about = self.comments.of(&message.parent_file(), message.path());
        let mut schema = json!({"type": "object", "description": about, "properties": properties});
        if let Some(fields) = schema.as_object_mut() {
            if !required.is_empty() {
                fields.insert("required".to_owned(), json!(required));
            }
            if way == Way::Asked {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        schema
    }

    /// The value of a field, with its description.
    pub(crate) fn field(&mut self, field: &FieldDescriptor, way: Way) -> Value {
        let kind = field.kind();
        let mut schema = match &kind {
            Kind::Message(entry) if field.is_map() => {
                let value = self.field(&entry.map_entry_value_field(), way);
                json!({"type": "object", "additionalProperties": value})
            }
            kind if field.is_list() => json!({"type": "array", "items": self.one(kind, way)}),
            kind => self.one(kind, way),
        };
        let mut about = self.comments.of(&field.parent_file(), field.path()).to_owned();
        if let Some(choice) = field.containing_oneof().filter(|choice| !choice.is_synthetic()) {
            let others: Vec<_> =
                choice.fields().filter(|other| other != field).map(|o| format!("`{}`", o.json_name())).collect();
            if !others.is_empty() {
                about.push_str(&format!(" Excludes {}.", others.join(", ")));
            }
        }
        if !about.is_empty()
            && let Some(fields) = schema.as_object_mut()
        {
            fields.insert("description".to_owned(), json!(about));
        }
        schema
    }

    fn one(&mut self, kind: &Kind, way: Way) -> Value {
        match kind {
            Kind::Message(message) => self.message(message, way),
            Kind::Enum(values) => self.want(short(values.full_name()), Wanted::Enum(values.clone())),
            Kind::Bool => json!({"type": "boolean"}),
            Kind::String => json!({"type": "string"}),
            Kind::Bytes => {
                json!({"type": "string", "contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/_-]*={0,2}$"})
            }
            Kind::Double => json!({"type": "number", "format": "double"}),
            Kind::Float => json!({"type": "number", "format": "float"}),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                json!({"type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX})
            }
            Kind::Uint32 | Kind::Fixed32 => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
                json!({"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,19}$"})
            }
            Kind::Uint64 | Kind::Fixed64 => json!({"type": "string", "format": "uint64", "pattern": "^[0-9]{1,20}$"}),
        }
    }

    fn values(&self, values: &EnumDescriptor) -> Value {
        let file = values.parent_file();
        let mut about = self.comments.of(&file, values.path()).to_owned();
        for value in values.values() {
            let comment = self.comments.of(&file, value.path()).replace('\n', " ");
            about.push_str(&format!("\n* `{}`: {comment}", value.name()));
        }
        let names: Vec<_> = values.values().map(|value| value.name().to_owned()).collect();
        json!({"type": "string", "enum": names, "description": about})
    }
}

/// What the contract says of who gives a field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Behavior {
    pub(crate) required: bool,
    pub(crate) filled_by_service: bool,
}

impl Behavior {
    /// Reads the option of a field.
    pub(crate) fn of(field: &FieldDescriptor) -> Self {
        let numbers: Vec<i32> = field
            .parent_pool()
            .get_extension_by_name("google.api.field_behavior")
            .map(|extension| {
                let options = field.options();
                let value = options.get_extension(&extension);
                value.as_list().unwrap_or_default().iter().filter_map(Proto::as_enum_number).collect()
            })
            .unwrap_or_default();
        // REQUIRED = 2, OUTPUT_ONLY = 3, IDENTIFIER = 8 of google.api.FieldBehavior.
        Self { required: numbers.contains(&2), filled_by_service: numbers.contains(&3) || numbers.contains(&8) }
    }
}

/// `Idempotency-Key` and `If-Match` stand for these, so that neither place must have them.
pub(crate) fn has_a_header(field: &FieldDescriptor) -> bool {
    matches!(field.name(), "request_id" | "etag")
}

/// The name of an element, without the house.
pub(crate) fn short(full_name: &str) -> String {
    full_name.strip_prefix("ventanilla.").unwrap_or(full_name).to_owned()
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
