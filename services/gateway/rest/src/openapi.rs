//! OpenAPI 3.1 of the same operations that are served, out of the descriptors and their comments.

mod operation;
mod schema;

use prost_reflect::DescriptorPool;
use serde_json::{Map, Value, json};

use crate::comments::Comments;
use crate::contract::Contract;
use operation::{document_path, item};
pub(crate) use schema::Behavior;
use schema::Schemas;

/// What the description says before any operation.
const ABOUT: &str = "\
Every call of the gRPC contract that is not between the suite's own services, with the same meanings and refusals.\n\n\
Fields are written in camelCase and may be sent as the contract names them (snake_case) too. What has its default value is left \
out of answers; 64-bit numbers are strings. Fields and parameters that nobody knows are refused, and every violation of a \
request is named at once.\n\n\
A refusal is `application/problem+json` (RFC 9457); `reason` is the machine-readable one of the call's description.\n\n\
`Idempotency-Key` stands for the field `requestId` and `If-Match` for `etag`; a changing call needs both where it takes them, \
in either place.\n\n\
Streams come as server-sent events: `data` is one message, `event` the member of it that is set, `id` the position to send as \
`Last-Event-ID` after a break. `event: end` ends a stream, `event: error` holds a problem. Of every service, its ledger is found \
below its name.";

/// The whole document.
pub(crate) fn document(pool: &DescriptorPool, contract: &Contract) -> Value {
    let comments = Comments::read(pool);
    let mut schemas = Schemas::new(&comments);
    let mut paths: Map<String, Value> = Map::new();
    for operation in &contract.operations {
        let path = document_path(operation);
        let item = item(operation, &comments, &mut schemas);
        let entry = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(methods) = entry.as_object_mut() {
            methods.insert(operation.method.to_ascii_lowercase(), item);
        }
    }
    let mut components = operation::components();
    if let Some(components) = components.as_object_mut() {
        let mut schemas = schemas.finish();
        schemas.insert("Problem".to_owned(), operation::problem());
        components.insert("schemas".to_owned(), Value::Object(schemas));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ventanilla",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
            "contact": {"name": "The house that runs this gateway", "url": "/reference"},
        },
        "servers": [{"url": "/", "description": "this gateway"}],
        "security": [{"bearer": []}],
        "tags": tags(contract, &comments),
        "paths": paths,
        "components": components,
    })
}

fn tags(contract: &Contract, comments: &Comments) -> Value {
    let mut tags: Vec<(String, String)> = Vec::new();
    for operation in &contract.operations {
        let service = operation.rpc.parent_service();
        if !tags.iter().any(|(name, _)| name == service.name()) {
            let about = comments.of(&service.parent_file(), service.path());
            tags.push((service.name().to_owned(), about.to_owned()));
        }
    }
    tags.into_iter().map(|(name, description)| json!({"name": name, "description": description})).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::contract::tests::CONTRACT;

    fn current() -> Value {
        document(&DescriptorPool::decode(ventanilla_proto::DESCRIPTOR_SET).unwrap(), &CONTRACT)
    }

    fn operations(document: &Value) -> Vec<(&String, &String, &Value)> {
        let paths = document["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(m, o)| (path, m, o))).collect()
    }

    #[test]
    fn every_binding_is_in_the_document_and_nothing_else_is() {
        let document = current();
        let described: BTreeSet<String> = operations(&document)
            .into_iter()
            .map(|(_, method, o)| format!("{method} {}", o["operationId"].as_str().unwrap()))
            .collect();
        let served: BTreeSet<String> =
            CONTRACT.operations.iter().map(|o| format!("{} {}", o.method.to_ascii_lowercase(), o.id)).collect();
        assert_eq!(described, served);
        assert_eq!(operations(&document).len(), CONTRACT.operations.len());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'d>(value: &'d Value, found: &mut BTreeSet<&'d str>) {
            match value {
                Value::Object(fields) => {
                    found.extend(fields.get("$ref").and_then(Value::as_str));
                    fields.values().for_each(|inner| references(inner, found));
                }
                Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
                _ => {}
            }
        }
        let document = current();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 300, "only {} references", found.len());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_parameter_of_a_path_is_described_and_required() {
        let document = current();
        for (path, _, operation) in operations(&document) {
            let named: BTreeSet<&str> = path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
            let described: BTreeSet<&str> = operation["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|p| p["in"] == "path" && p["required"] == true)
                .map(|p| p["name"].as_str().unwrap())
                .collect();
            assert_eq!(named, described, "{path}");
        }
    }

    #[test]
    fn everything_has_a_description() {
        let document = current();
        for (path, method, operation) in operations(&document) {
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{method} {path}");
            assert!(operation["description"].as_str().unwrap().len() > 20, "{method} {path}");
        }
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            assert!(schema["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        }
    }

    #[test]
    fn what_the_path_gives_is_not_asked_for_in_the_body() {
        let document = current();
        let schema = &document["components"]["schemas"]["ticketing.v1.ResolveTicketRequest"];
        assert!(schema["properties"].get("name").is_none(), "{schema}");
        assert!(schema["properties"].get("etag").is_some());
        assert_eq!(schema["additionalProperties"], false);
    }

    #[test]
    fn a_file_that_may_be_json_is_documented_as_json_and_not_as_bytes_alone() {
        let document = current();
        let content = &document["paths"]["/v1/board:export"]["get"]["responses"]["200"]["content"];
        assert_eq!(content["*/*"]["schema"]["contentEncoding"], "binary");
        assert_eq!(content["application/json"]["schema"], serde_json::json!({}));
    }

    #[test]
    fn a_put_whose_etag_is_inside_takes_if_match_and_tells_what_comes_of_another_version() {
        let document = current();
        for put in ["agents", "queues", "departments"] {
            let operation = &document["paths"][format!("/v1/{put}:put")]["post"];
            let parameters = operation["parameters"].as_array().unwrap();
            let header = serde_json::json!({"$ref": "#/components/parameters/IfMatch"});
            assert!(parameters.contains(&header), "{put}: {parameters:?}");
            assert!(operation["responses"].get("412").is_some(), "{put}");
        }
    }

    #[test]
    fn an_open_call_asks_for_no_token_and_every_other_tells_what_comes_without_one() {
        let document = current();
        for (path, method, operation) in operations(&document) {
            let open = operation.get("security").is_some_and(|security| security.as_array().unwrap().is_empty());
            assert_eq!(open, operation["responses"].get("401").is_none(), "{method} {path}");
        }
    }
}
