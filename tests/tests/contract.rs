//! What the contract promises about itself.

use std::collections::BTreeSet;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};
use prost_types::FileDescriptorSet;
use ventanilla_tests::contract::{current, facts, uncommented};
use ventanilla_tests::tree;

const COMMITTED: &str = "proto/contract.binpb";

#[test]
fn nothing_a_peer_relies_on_was_taken_away() {
    let path = tree::root().join(COMMITTED);
    if std::env::var_os("VENTANILLA_ACCEPT_CONTRACT").is_some() {
        std::fs::write(&path, without_comments()).expect("the committed descriptor can be written");
    }
    let committed = std::fs::read(&path).expect("proto/contract.binpb is committed");
    let before: BTreeSet<String> = facts(&DescriptorPool::decode(committed.as_slice()).unwrap()).into_iter().collect();
    let now: BTreeSet<String> = facts(&current()).into_iter().collect();
    let gone: Vec<_> = before.difference(&now).collect();
    assert!(gone.is_empty(), "breaking change, these facts are gone: {gone:#?}");
    let new: Vec<_> = now.difference(&before).collect();
    assert!(
        new.is_empty(),
        "the contract grew; accept it with VENTANILLA_ACCEPT_CONTRACT=1 cargo test -p ventanilla-tests --test contract: {new:#?}"
    );
}

/// The descriptor set without what no peer relies on.
fn without_comments() -> Vec<u8> {
    let mut set = FileDescriptorSet::decode(ventanilla_proto::DESCRIPTOR_SET).unwrap();
    set.file.iter_mut().for_each(|file| file.source_code_info = None);
    set.encode_to_vec()
}

#[test]
fn a_field_that_changes_its_number_or_type_is_seen_as_breaking() {
    let mut set = FileDescriptorSet::decode(ventanilla_proto::DESCRIPTOR_SET).unwrap();
    let file = set.file.iter_mut().find(|f| f.name() == "ventanilla/type/v1/money.proto").unwrap();
    file.message_type[0].field[1].number = Some(9);
    let changed = DescriptorPool::from_file_descriptor_set(set).unwrap();
    let (before, now) = (facts(&current()), facts(&changed));
    assert!(before.iter().any(|fact| !now.contains(fact)));
}

#[test]
fn everything_is_commented() {
    let bare = uncommented(&current());
    assert!(bare.is_empty(), "no comment on: {bare:#?}");
    let silent = DescriptorPool::decode(without_comments().as_slice()).unwrap();
    assert!(uncommented(&silent).len() > facts(&silent).len(), "the check sees a contract without comments as bare");
}

#[test]
fn a_package_is_its_directory() {
    for file in current().files().filter(|f| f.package_name().starts_with("ventanilla.")) {
        let folder = file.name().rsplit_once('/').map_or("", |(folder, _)| folder);
        assert_eq!(folder.replace('/', "."), file.package_name(), "{}", file.name());
    }
}

fn methods(pool: &DescriptorPool) -> Vec<MethodDescriptor> {
    let ours = pool.services().filter(|s| s.full_name().starts_with("ventanilla."));
    ours.flat_map(|s| s.methods().collect::<Vec<_>>()).collect()
}

fn http(pool: &DescriptorPool, method: &MethodDescriptor) -> DynamicMessage {
    let extension = pool.get_extension_by_name("google.api.http").unwrap();
    method.options().get_extension(&extension).as_message().unwrap().clone()
}

#[test]
fn every_rpc_says_who_may_call_it_and_how_over_http() {
    let pool = current();
    let policies = ventanilla_proto::policies();
    assert_eq!(policies.len(), methods(&pool).len());
    for policy in policies {
        assert_ne!(policy.roles.is_empty(), !policy.open, "{} names roles or is open", policy.path);
    }
    let mut routes = BTreeSet::new();
    for method in methods(&pool) {
        let rule = http(&pool, &method);
        let (verb, path) = rule
            .fields()
            .find_map(|(field, value)| match (field.name(), value) {
                (verb @ ("get" | "put" | "post" | "delete" | "patch"), Value::String(path)) => {
                    Some((verb.to_owned(), path.clone()))
                }
                _ => None,
            })
            .unwrap_or_else(|| panic!("{} has no HTTP path", method.full_name()));
        // The ledger is served by every service, each behind its own host.
        assert!(routes.insert((verb, path.clone())), "{}: {path} is taken", method.full_name());
    }
}

/// Verbs that read although they are posted, because their question is too large for a URL.
const READS_BY_POST: &[&str] = &[
    "PreviewDue",
    "GetPublicStatus",
    "GetPublicReceipt",
    "GetClaimantCase",
    "ListClaimantEntries",
    "GetPublicAffair",
    "LocateTicket",
    "GetKeypadStatus",
    "SuggestArticles",
    "VerifyDossier",
    "LookupByPhone",
    "MatchCustomer",
    "PreviewMerge",
    "ExportCustomer",
    "FindErasureHolds",
    "GatherPersonalData",
    "MeasureProcess",
    "SearchTickets",
    "CountTickets",
];

#[test]
fn every_mutation_carries_a_request_id() {
    let pool = current();
    for method in methods(&pool) {
        let reads = http(&pool, &method).has_field_by_name("get") || READS_BY_POST.contains(&method.name());
        let has = method.input().get_field_by_name("request_id").is_some();
        assert_eq!(has, !reads, "{}: request_id belongs to mutations and to them alone", method.full_name());
    }
}

#[test]
fn a_resource_is_of_its_package_and_every_reference_names_one() {
    let pool = current();
    let [resource, reference] = ["google.api.resource", "google.api.resource_reference"]
        .map(|name| pool.get_extension_by_name(name).expect("vendored"));
    let kind = |message: &Value| -> Option<String> {
        Some(message.as_message()?.get_field_by_name("type")?.as_str()?.to_owned())
    };
    let ours = || pool.all_messages().filter(|m| m.full_name().starts_with("ventanilla."));
    let mut kinds = BTreeSet::new();
    for message in ours().filter(|m| m.options().has_extension(&resource)) {
        let named = kind(&message.options().get_extension(&resource)).expect("a resource has a type");
        let context = message.package_name().split('.').nth(1).unwrap_or_default().to_owned();
        assert_eq!(named, format!("{context}.ventanilla/{}", message.name()));
        kinds.insert(named);
    }
    for field in ours().flat_map(|m| m.fields().collect::<Vec<_>>()) {
        if field.options().has_extension(&reference) {
            let named = kind(&field.options().get_extension(&reference)).unwrap_or_default();
            assert!(kinds.contains(&named), "{} refers to {named:?}, which is no resource", field.full_name());
        }
    }
}

#[test]
fn every_list_is_paged() {
    for method in methods(&current()).iter().filter(|m| m.name().starts_with("List")) {
        for (message, field) in
            [(method.input(), "page_size"), (method.input(), "page_token"), (method.output(), "next_page_token")]
        {
            assert!(message.get_field_by_name(field).is_some(), "{} lacks {field}", message.full_name());
        }
    }
}

#[test]
fn every_field_of_a_request_says_what_it_means() {
    let pool = current();
    let behavior = pool.get_extension_by_name("google.api.field_behavior").unwrap();
    let mut silent = Vec::new();
    for method in methods(&pool) {
        for field in method.input().fields() {
            if !field.options().has_extension(&behavior) {
                silent.push(field.full_name().to_owned());
            }
        }
    }
    assert!(silent.is_empty(), "no google.api.field_behavior on: {silent:#?}");
}

#[test]
fn every_enum_starts_unspecified_and_is_prefixed() {
    for values in current().all_enums().filter(|e| e.full_name().starts_with("ventanilla.")) {
        let mut prefix = String::new();
        for (index, c) in values.name().chars().enumerate() {
            if c.is_uppercase() && index > 0 {
                prefix.push('_');
            }
            prefix.push(c.to_ascii_uppercase());
        }
        assert_eq!(values.get_value(0).unwrap().name(), format!("{prefix}_UNSPECIFIED"));
        for value in values.values() {
            assert!(value.name().starts_with(&format!("{prefix}_")), "{}", value.full_name());
        }
    }
}
