//! Which entries may be told, and what they are called.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use prost_reflect::{DescriptorPool, MessageDescriptor};
use ventanilla_proto::told::OFFICE_TO_FIRM;
use webhooks_domain::pattern::{Pattern, event_type};

/// That somebody is vulnerable is told to who serves them, and to no other system.
const NOT_TOLD: &[&str] = &["VulnerabilityDeclared", "VulnerabilityEnded"];

/// A kind of event.
#[derive(Debug)]
pub struct Kind {
    /// As patterns name it.
    pub event_type: String,
    /// The payload.
    pub message: MessageDescriptor,
    /// What happened, as the contract says it.
    pub description: String,
}

/// Kinds by the full name of their message, and the same in the order of their types.
struct Catalogue {
    by_message: BTreeMap<String, Kind>,
    in_order: Vec<String>,
}

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let pool =
            DescriptorPool::decode(ventanilla_proto::DESCRIPTOR_SET).expect("the contract's own descriptor is whole");
        let mut by_message = BTreeMap::new();
        for file in pool.files().filter(|file| file.name().ends_with("/entry.proto")) {
            for (place, message) in file.messages().enumerate() {
                if may_be_told(&message)
                    && let Some(event_type) = event_type(message.full_name())
                {
                    let description = comment(&file, place);
                    by_message.insert(message.full_name().to_owned(), Kind { event_type, message, description });
                }
            }
        }
        let mut in_order: Vec<String> = by_message.keys().cloned().collect();
        in_order.sort_by(|a, b| by_message[a].event_type.cmp(&by_message[b].event_type));
        Catalogue { by_message, in_order }
    })
}

fn may_be_told(message: &MessageDescriptor) -> bool {
    let name = message.name();
    match message.package_name() {
        "ventanilla.customer.v1" | "ventanilla.ticketing.v1" | "ventanilla.sla.v1" => {
            !name.ends_with("Personal") && !NOT_TOLD.contains(&name)
        }
        "ventanilla.ombudsman.v1" => OFFICE_TO_FIRM.contains(&message.full_name()),
        "ventanilla.webhook.v1" => name == "SubscriptionTested",
        _ => false,
    }
}

/// The comment above a message of this place in its file.
fn comment(file: &prost_reflect::FileDescriptor, place: usize) -> String {
    let proto = file.file_descriptor_proto();
    let at = [4, i32::try_from(place).unwrap_or(-1)];
    let all = proto.source_code_info.as_ref().map(|info| info.location.as_slice()).unwrap_or_default();
    let found = all.iter().find(|location| location.path == at);
    found.map(|location| location.leading_comments().trim().replace("\n ", " ")).unwrap_or_default()
}

/// The kind of an entry; `None` when it is told to nobody.
pub fn kind(message: &str) -> Option<&'static Kind> {
    catalogue().by_message.get(message)
}

/// Every kind, in the order of their types.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    let catalogue = catalogue();
    catalogue.in_order.iter().map(|message| &catalogue.by_message[message])
}

/// Whether a pattern means anything.
pub fn knows(pattern: &Pattern) -> bool {
    kinds().any(|kind| pattern.takes(&kind.event_type))
}
