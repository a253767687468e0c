//! A request of an RPC as REST has it, written from the contract's own option: what a caller by hand would send. Made apart from
//! the gateway, which goes the other way.

use http::{Method, Request};
use http_body_util::Full;
use prost::bytes::Bytes;
use prost_reflect::{DynamicMessage, MethodDescriptor, SerializeOptions};
use serde_json::Value as Json;

use super::rest::Rest;
use super::services::Service;
use super::trial::policy;

/// A call as it goes over HTTP.
#[derive(Debug, Clone)]
pub struct Restful {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// The body, where there is one.
    pub body: Option<Json>,
}

impl Restful {
    /// The call of `method` of `service` with this message; `None` when the path leaves no room for it (a name is empty or
    /// is another kind of name), or the RPC is for services alone.
    pub fn of(method: &MethodDescriptor, service: Service, message: &DynamicMessage) -> Option<Self> {
        let policy = policy(method);
        if !policy.open && policy.roles == ["service"] {
            return None;
        }
        let pool = method.parent_pool();
        let http = pool.get_extension_by_name("google.api.http")?;
        let options = method.options();
        let rule = options.get_extension(&http).as_message()?.clone();
        let text = |name: &str| Some(rule.get_field_by_name(name)?.as_str()?.to_owned());
        let verb = ["get", "put", "post", "delete", "patch"].into_iter().find(|verb| rule.has_field_by_name(verb))?;
        let mut template = text(verb)?;
        if Service::of_package(method.parent_service().package_name()).is_none() {
            template = template.replacen("/v1/", &format!("/v1/{}/", service.name()), 1);
        }
        let mut json = json(message);
        let path = path(&template, &mut json)?;
        let method = verb.to_uppercase().parse().ok()?;
        Some(match text("body")?.as_str() {
            "*" => Self { method, path, body: Some(json) },
            "" => Self { method, path: with_query(path, &json), body: None },
            field => {
                let body = json.as_object_mut()?.remove(field).unwrap_or_else(|| Json::Object(Default::default()));
                Self { method, path: with_query(path, &json), body: Some(body) }
            }
        })
    }

    /// The request, as this caller.
    pub fn request(&self, rest: &Rest, token: Option<&str>) -> Request<Full<Bytes>> {
        let request = rest.request(self.method.clone(), &self.path, token);
        match &self.body {
            Some(body) => request.header("content-type", "application/json").body(Full::from(body.to_string())),
            None => request.body(Full::default()),
        }
        .expect("a request")
    }
}

fn json(message: &DynamicMessage) -> Json {
    // What is no instant has no JSON: seconds beyond the calendar are left to tests of their own.
    message.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new()).unwrap_or_default()
}

/// The path, with its fields taken out of the message.
fn path(template: &str, json: &mut Json) -> Option<String> {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, variable)) = rest.split_once('{') {
        let (variable, after) = variable.split_once('}')?;
        let (field, pattern) = variable.split_once('=').unwrap_or((variable, "*"));
        let value = take(json, field)?;
        let fits = value.split('/').count() == pattern.split('/').count()
            && value
                .split('/')
                .zip(pattern.split('/'))
                .all(|(have, want)| !have.is_empty() && (want == "*" || want == have));
        if !fits {
            return None;
        }
        path.push_str(before);
        path.push_str(&value);
        rest = after;
    }
    path.push_str(rest);
    Some(path)
}

/// Takes a field out, wherever it is.
fn take(json: &mut Json, field: &str) -> Option<String> {
    let mut place = json;
    let (before, last) = field.rsplit_once('.').map_or((None, field), |(before, last)| (Some(before), last));
    for step in before.into_iter().flat_map(|before| before.split('.')) {
        place = place.get_mut(camel(step))?;
    }
    match place.as_object_mut()?.remove(&camel(last))? {
        Json::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut camel, part| {
        let (head, tail) = part.split_at(part.len().min(1));
        camel.push_str(&head.to_uppercase());
        camel.push_str(tail);
        camel
    })
}

fn with_query(path: String, json: &Json) -> String {
    let mut pairs = Vec::new();
    flatten("", json, &mut pairs);
    if pairs.is_empty() {
        return path;
    }
    let encode = |text: &str| -> String {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
        text.bytes().map(|b| if plain(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
    };
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    format!("{path}?{}", pairs.join("&"))
}

fn flatten(name: &str, json: &Json, pairs: &mut Vec<(String, String)>) {
    match json {
        Json::Object(fields) => {
            for (field, value) in fields {
                let inner = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                flatten(&inner, value, pairs);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| flatten(name, item, pairs)),
        Json::String(text) => pairs.push((name.to_owned(), text.clone())),
        other => pairs.push((name.to_owned(), other.to_string())),
    }
}
