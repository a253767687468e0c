//! What is played, and what the contract says that it appends.

use std::collections::{BTreeMap, HashSet};

use prost::Message as _;
use prost_types::FileDescriptorSet;

/// What keeps something of the house's own, and is about no affair.
const OF_THE_HOUSE: [&str; 15] = [
    "PutArticle",
    "PutCharacteristicSet",
    "PutMacro",
    "DeleteMacro",
    "PutView",
    "DeleteView",
    "OpenIncident",
    "PutRootCause",
    "PutNoticeTemplate",
    "ApproveNoticeTemplate",
    "PutProcess",
    "PutRedressItem",
    "PutAgent",
    "PutQueue",
    "PutDepartment",
];

/// What needs more of a house than is played in, and where it is tested beside that.
const ELSEWHERE: [&str; 2] = [
    // A monitor that follows, and counts a term that law lets be lengthened: `send_holding_reply.rs`.
    "SendHoldingReply",
    // A clock that warned, and a template that another than its writer approved: `notices.rs`.
    "ReportNotice",
];

/// What has to be accepted once at the least, or the play shows too little: all that appends to an affair.
pub(super) fn commands() -> Vec<String> {
    let mut promised = promised();
    for without in OF_THE_HOUSE.into_iter().chain(ELSEWHERE) {
        assert!(promised.remove(without).is_some(), "{without} appends nothing any more");
    }
    promised.into_keys().collect()
}

/// What the comments of the contract say that each RPC appends which appends anything: the entries in the order of the sentence, the first of which is always there.
pub(super) fn promised() -> BTreeMap<String, Vec<String>> {
    let set = FileDescriptorSet::decode(ventanilla_proto::DESCRIPTOR_SET).unwrap();
    let files = || set.file.iter().filter(|file| file.package() == "ventanilla.ticketing.v1");
    let entries: HashSet<&str> = files()
        .filter(|file| file.name().ends_with("/entry.proto"))
        .flat_map(|file| file.message_type.iter().map(prost_types::DescriptorProto::name))
        .collect();
    let (mut said, mut as_another) = (BTreeMap::<String, Vec<String>>::new(), Vec::new());
    for file in files() {
        for location in &file.source_code_info.as_ref().expect("comments are kept").location {
            // A method of a service: [6, service, 2, method].
            let [6, service, 2, method] = location.path[..] else { continue };
            let service = &file.service[usize::try_from(service).unwrap()];
            let method = service.method[usize::try_from(method).unwrap()].name().to_owned();
            let comment = location.leading_comments();
            let Some((_, rest)) = comment.split_once("Appends ") else { continue };
            let sentence = rest.split(". ").next().unwrap_or_default().split("\n Refused").next().unwrap_or_default();
            if let Some(other) = sentence.strip_prefix("what ").and_then(|rest| rest.strip_suffix(" appends.")) {
                as_another.push((method.clone(), other.to_owned()));
            }
            if sentence.starts_with("nothing") {
                // What comes after it is of another call.
                continue;
            }
            let named = sentence.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| entries.contains(word));
            said.insert(method, named.map(str::to_owned).collect());
        }
    }
    for (method, other) in as_another {
        if let Some(same) = said.get(&other).cloned() {
            said.insert(method, same);
        }
    }
    // Where it is not said what, nothing could be held against it.
    let unsaid: Vec<_> = said.iter().filter(|(_, entries)| entries.is_empty()).collect();
    assert!(unsaid.is_empty(), "it is not said what these append: {unsaid:?}");
    said
}
