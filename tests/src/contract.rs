//! The contract as a list of facts, for comparing two versions of it.

use prost_reflect::{Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use prost_types::source_code_info::Location;

/// The descriptors that this build was compiled from.
///
/// # Panics
/// Never: the build made them.
pub fn current() -> DescriptorPool {
    DescriptorPool::decode(ventanilla_proto::DESCRIPTOR_SET).expect("the build encoded it")
}

/// Everything a peer relies on, one fact a line: a fact that goes is a breaking change.
pub fn facts(pool: &DescriptorPool) -> Vec<String> {
    let mut facts = Vec::new();
    for message in ours(pool.all_messages(), |m| m.full_name().to_owned()) {
        facts.push(format!("message {}", message.full_name()));
        facts.extend(message.fields().map(|field| field_fact(&message, &field)));
    }
    for values in ours(pool.all_enums(), |e| e.full_name().to_owned()) {
        facts.extend(values.values().map(|v| format!("enum {} {} = {}", values.full_name(), v.name(), v.number())));
    }
    for service in pool.services().filter(|s| s.full_name().starts_with("ventanilla.")) {
        facts.extend(service.methods().map(|m| {
            let stream = |is| if is { "stream " } else { "" };
            format!(
                "rpc {}({}{}) returns ({}{})",
                m.full_name(),
                stream(m.is_client_streaming()),
                m.input().full_name(),
                stream(m.is_server_streaming()),
                m.output().full_name()
            )
        }));
    }
    facts.sort();
    facts
}

fn ours<T>(all: impl Iterator<Item = T>, name: impl Fn(&T) -> String) -> impl Iterator<Item = T> {
    all.filter(move |item| name(item).starts_with("ventanilla."))
}

fn field_fact(message: &MessageDescriptor, field: &FieldDescriptor) -> String {
    let repeated = match field.cardinality() {
        Cardinality::Repeated => "repeated ",
        Cardinality::Optional | Cardinality::Required if field.supports_presence() => "optional ",
        _ => "",
    };
    let kind = match field.kind() {
        Kind::Message(m) => m.full_name().to_owned(),
        Kind::Enum(e) => e.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    };
    format!("field {}.{} = {} {repeated}{kind}", message.full_name(), field.name(), field.number())
}

/// Every element of the contract that has no comment.
pub fn uncommented(pool: &DescriptorPool) -> Vec<String> {
    let mut bare = Vec::new();
    for file in pool.files().filter(|f| f.package_name().starts_with("ventanilla.")) {
        let proto = file.file_descriptor_proto();
        let locations = proto.source_code_info.as_ref().map(|s| s.location.as_slice()).unwrap_or_default();
        let mut want = |path: &[i32], name: &str| {
            if !commented(locations, path) {
                bare.push(format!("{}: {name}", file.name()));
            }
        };
        // The comment of a file stands above its `syntax` line (field 12 of FileDescriptorProto).
        want(&[12], "the file itself");
        for message in file.messages() {
            message_comments(&message, &mut want);
        }
        for values in file.enums() {
            enum_comments(&values, &mut want);
        }
        for service in file.services() {
            want(service.path(), service.full_name());
            service.methods().for_each(|m| want(m.path(), m.full_name()));
        }
    }
    bare
}

fn message_comments(message: &MessageDescriptor, want: &mut impl FnMut(&[i32], &str)) {
    if message.is_map_entry() {
        return;
    }
    want(message.path(), message.full_name());
    message.fields().for_each(|f| want(f.path(), f.full_name()));
    message.child_messages().for_each(|m| message_comments(&m, want));
    message.child_enums().for_each(|e| enum_comments(&e, want));
}

fn enum_comments(values: &EnumDescriptor, want: &mut impl FnMut(&[i32], &str)) {
    want(values.path(), values.full_name());
    values.values().for_each(|v| want(v.path(), v.full_name()));
}

fn commented(locations: &[Location], path: &[i32]) -> bool {
    locations.iter().filter(|l| l.path == path).any(|l| !l.leading_comments().trim().is_empty())
}
