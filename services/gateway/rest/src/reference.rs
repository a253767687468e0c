//! The reference as pages, out of the OpenAPI document: nothing is told here that is not in it.

use askama::Template;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use edge::Problem;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};

const CSS: &str = include_str!("reference.css");
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A text with its code.
pub(crate) struct Piece {
    code: bool,
    text: String,
}

/// A field or a parameter.
struct Row {
    name: String,
    required: bool,
    kind: String,
    link: String,
    about: Vec<Piece>,
}

struct Group {
    name: String,
    about: Vec<Piece>,
    calls: Vec<Call>,
}

struct Call {
    id: String,
    method: String,
    path: String,
    summary: String,
}

struct Answer {
    status: String,
    media_type: String,
    link: String,
    about: Vec<Piece>,
}

#[derive(Template)]
#[template(path = "reference_index.html")]
struct Index {
    title: &'static str,
    about: Vec<Piece>,
    groups: Vec<Group>,
}

#[derive(Template)]
#[template(path = "reference_call.html")]
struct CallPage {
    title: String,
    method: String,
    path: String,
    about: Vec<Piece>,
    grpc: String,
    parameters: Vec<Row>,
    body_type: String,
    body: Vec<Row>,
    answers: Vec<Answer>,
    shell: String,
}

#[derive(Template)]
#[template(path = "reference_type.html")]
struct TypePage {
    title: String,
    about: Vec<Piece>,
    rows: Vec<Row>,
}

/// All calls.
pub(crate) fn index(document: &Value) -> Response {
    let operations: Vec<_> = operations(document).collect();
    let groups = list(&document["tags"])
        .iter()
        .map(|tag| {
            let name = text(&tag["name"]);
            let calls = operations
                .iter()
                .filter(|(_, _, operation)| operation["tags"][0] == tag["name"])
                .map(|(path, method, operation)| Call {
                    id: text(&operation["operationId"]),
                    method: method.to_uppercase(),
                    path: (*path).clone(),
                    summary: text(&operation["summary"]),
                })
                .collect();
            Group { name, about: prose(&tag["description"]), calls }
        })
        .collect();
    page(&Index { title: "Reference", about: prose(&document["info"]["description"]), groups })
}

/// One call.
pub(crate) fn call(document: &Value, id: &str) -> Response {
    let found = operations(document).find(|(_, _, operation)| operation["operationId"] == id);
    let Some((path, method, operation)) = found else { return nothing() };
    let (body_type, body) = match entries(&operation["requestBody"]["content"]).next() {
        Some((media_type, content)) => (media_type.clone(), fields(resolve(document, &content["schema"]))),
        None => Default::default(),
    };
    let answers =
        entries(&operation["responses"]).map(|(status, response)| answer(document, status, response)).collect();
    page(&CallPage {
        title: text(&operation["summary"]),
        shell: shell(method, path, operation, &body_type),
        method: method.to_uppercase(),
        path: path.clone(),
        about: prose(&operation["description"]),
        grpc: text(&operation["x-grpc-method"]),
        parameters: list(&operation["parameters"]).iter().map(|p| parameter(resolve(document, p))).collect(),
        body_type,
        body,
        answers,
    })
}

/// One type.
pub(crate) fn of_type(document: &Value, name: &str) -> Response {
    match document["components"]["schemas"].get(name) {
        Some(schema) => {
            page(&TypePage { title: name.to_owned(), about: prose(&schema["description"]), rows: fields(schema) })
        }
        None => nothing(),
    }
}

/// What the pages look like.
pub(crate) fn css() -> Response {
    let mut response = Response::new(Body::from(CSS));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

fn nothing() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "ROUTE_NOT_FOUND", "there is nothing at this path").into_response()
}

fn page(template: &impl Template) -> Response {
    let Ok(html) = template.render() else {
        return crate::handler::internal("a page cannot be written").into_response();
    };
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

fn shell(method: &str, path: &str, operation: &Value, body_type: &str) -> String {
    let mut line = format!("curl -X {} \"$GATEWAY{path}\"", method.to_uppercase());
    if operation.get("security").is_none() {
        line.push_str(" \\\n  -H \"authorization: Bearer $TOKEN\"");
    }
    if list(&operation["parameters"]).iter().any(|p| p["$ref"] == "#/components/parameters/IdempotencyKey") {
        line.push_str(" \\\n  -H \"idempotency-key: $(uuidgen)\"");
    }
    if !body_type.is_empty() {
        line.push_str(&format!(" \\\n  -H \"content-type: {body_type}\" --data-binary @body.json"));
    }
    line
}

fn answer(document: &Value, status: &str, response: &Value) -> Answer {
    let response = resolve(document, response);
    let content: Vec<_> = entries(&response["content"]).collect();
    let described = content
        .iter()
        .find_map(|(_, content)| ["schema", "x-event-data", "x-line"].iter().find_map(|place| link(&content[*place])));
    Answer {
        status: status.to_owned(),
        media_type: content.iter().map(|(media_type, _)| media_type.as_str()).collect::<Vec<_>>().join(", "),
        link: described.unwrap_or_default(),
        about: prose(&response["description"]),
    }
}

fn parameter(parameter: &Value) -> Row {
    let (kind, link) = kind(&parameter["schema"]);
    let place = text(&parameter["in"]);
    Row {
        name: text(&parameter["name"]),
        required: parameter["required"] == true,
        kind: format!("{place}: {kind}"),
        link,
        about: prose(&parameter["description"]),
    }
}

fn fields(schema: &Value) -> Vec<Row> {
    let required = list(&schema["required"]);
    entries(&schema["properties"])
        .map(|(name, field)| {
            let (kind, link) = kind(field);
            Row {
                name: name.clone(),
                required: required.iter().any(|needed| needed == name.as_str()),
                kind,
                link,
                about: prose(&field["description"]),
            }
        })
        .collect()
}

/// What a value is, in words, and the type to look it up under.
fn kind(schema: &Value) -> (String, String) {
    if let Some(link) = link(schema) {
        return (String::new(), link);
    }
    match schema["type"].as_str() {
        Some("array") => {
            let (inner, link) = kind(&schema["items"]);
            (format!("list of {inner}"), link)
        }
        Some(plain) => match schema["format"].as_str().or(schema["contentEncoding"].as_str()) {
            Some(format) => (format!("{plain}, {format}"), String::new()),
            None => (plain.to_owned(), String::new()),
        },
        None => Default::default(),
    }
}

fn link(schema: &Value) -> Option<String> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/").map(str::to_owned)
}

fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    entries(&document["paths"])
        .flat_map(|(path, item)| entries(item).map(move |(method, operation)| (path, method, operation)))
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A text at its backticks.
fn prose(value: &Value) -> Vec<Piece> {
    let parts = value.as_str().unwrap_or_default().split('`').enumerate();
    parts.map(|(place, text)| Piece { code: place % 2 == 1, text: text.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::tests::CONTRACT;

    /// What a page may weigh.
    const HEAVIEST: usize = 100 * 1024;

    async fn read(response: Response) -> String {
        assert_eq!(response.status(), StatusCode::OK);
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn every_call_and_type_has_a_page_that_is_light_and_asks_nobody_else() {
        let pool = prost_reflect::DescriptorPool::decode(ventanilla_proto::DESCRIPTOR_SET).unwrap();
        let document = crate::openapi::document(&pool, &CONTRACT);
        let mut pages = vec![read(index(&document)).await];
        for operation in &CONTRACT.operations {
            pages.push(read(call(&document, &operation.id)).await);
        }
        for (name, _) in entries(&document["components"]["schemas"]) {
            pages.push(read(of_type(&document, name)).await);
        }
        for page in &pages {
            assert!(page.len() < HEAVIEST, "{} bytes: {:.200}", page.len(), page);
            assert!(!page.contains("http://") && !page.contains("https://"), "{:.400}", page);
            assert!(page.contains("<html lang=\"en\">") && !page.contains("<script") && !page.contains(" style="));
        }
        for operation in &CONTRACT.operations {
            assert!(pages[0].contains(&format!("/reference/calls/{}\"", operation.id)));
        }
    }

    #[tokio::test]
    async fn what_stands_in_the_contract_is_text_and_nothing_else() {
        let document = serde_json::json!({"components": {"schemas": {"x": {"description": "<script>`&`</script>"}}}});
        let page = read(of_type(&document, "x")).await;
        assert!(page.contains("&#60;script&#62;<code>&#38;</code>"), "{page}");
    }

    #[test]
    fn a_page_that_is_not_there_is_a_problem() {
        assert_eq!(of_type(&Value::Null, "x").status(), StatusCode::NOT_FOUND);
        assert_eq!(call(&Value::Null, "x").status(), StatusCode::NOT_FOUND);
    }
}
