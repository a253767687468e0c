//! What is played, and what the contract says that it appends.

use std::collections::{BTreeMap, HashSet};

use prost::Message as _;
use prost_types::FileDescriptorSet;

/// What has to be accepted once at the least, or the play shows too little.
pub(super) const COMMANDS: [&str; 35] = [
    "CreateTicket",
    "StartTicket",
    "WaitForCustomer",
    "HoldTicket",
    "ResumeTicket",
    "ResolveTicket",
    "CloseTicket",
    "ReopenTicket",
    "RejectTicket",
    "CancelTicket",
    "RequestCure",
    "ResolveUncured",
    "AnswerClaimPoint",
    "TransferTicket",
    "ReclassifyTicket",
    "StateCharacteristics",
    "StateRootCause",
    "MergeTicket",
    "UnmergeTicket",
    "SplitTicket",
    "AddAffected",
    "RemoveAffected",
    "AddMessage",
    "MakePromise",
    "AttemptPromise",
    "SettlePromise",
    "LinkTickets",
    "UnlinkTickets",
    "TakeNextTicket",
    "ApplyMacro",
    "EnterStep",
    "SendDraft",
    "CallSupervisor",
    "AskSurvey",
    "AnswerSurvey",
];

/// What the comments of the contract say that each RPC appends: the entries in the order of the sentence, the first of which is always there.
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
            let named = sentence.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| entries.contains(word));
            said.insert(method, named.map(str::to_owned).collect());
        }
    }
    for (method, other) in as_another {
        if let Some(same) = said.get(&other).cloned() {
            said.insert(method, same);
        }
    }
    said
}
