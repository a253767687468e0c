//! What the contract says about HTTP, read once from its descriptors: every operation with its path, its body and the
//! service that serves it.

use std::sync::Arc;

use http::uri::PathAndQuery;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, ServiceDescriptor,
    Value,
};
use ventanilla_proto::MethodPolicy;

use crate::openapi::Behavior;
use crate::table::Table;
use crate::template::Template;

/// What a role of the suite's own services is called.
const SERVICE: &str = "service";

/// The services by their name as a peer and the package of their own contract.
pub(crate) const SERVICES: [(&str, &str); 5] = [
    ("customer-profile", "ventanilla.customer.v1"),
    ("ticketing", "ventanilla.ticketing.v1"),
    ("sla-monitor", "ventanilla.sla.v1"),
    ("ombudsman-escalation", "ventanilla.ombudsman.v1"),
    ("webhooks", "ventanilla.webhook.v1"),
];

/// Where the body of a request goes.
#[derive(Debug, Clone)]
pub(crate) enum BodyPlace {
    /// There is none; what the path does not give comes as query parameters.
    None,
    /// All that the path does not give.
    Whole,
    /// One field; what neither gives comes as query parameters.
    Field(FieldDescriptor),
}

/// How an operation is asked and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One message for one message.
    Single,
    /// A stream of events.
    Events,
    /// A file in pieces.
    File,
    /// Lines for lines.
    Lines,
}

/// One way to call one RPC over HTTP.
#[derive(Debug)]
pub(crate) struct Operation {
    /// A name of its own: `CreateTicket`, `GetHead_ticketing`, `GetJourney_2`, `DeskService_GetDraft`.
    pub(crate) id: String,
    pub(crate) rpc: MethodDescriptor,
    /// Its path in gRPC.
    pub(crate) grpc_path: PathAndQuery,
    /// The service that serves it.
    pub(crate) peer: &'static str,
    pub(crate) policy: &'static MethodPolicy,
    pub(crate) method: &'static str,
    /// Its template as the contract writes it.
    pub(crate) text: String,
    pub(crate) template: Template,
    /// The fields that the path gives, each as the way to it, in the order of the template's variables.
    pub(crate) bound: Vec<Vec<FieldDescriptor>>,
    pub(crate) body: BodyPlace,
    pub(crate) shape: Shape,
    /// `request_id`, where the RPC takes one.
    pub(crate) request_id: Option<FieldDescriptor>,
    /// The way to the `etag` of the request, where it takes one.
    pub(crate) etag: Option<Vec<FieldDescriptor>>,
    /// `after_position`, where a stream is resumed after one.
    pub(crate) cursor: Option<FieldDescriptor>,
}

/// Every operation, and which one a request means.
#[derive(Debug)]
pub(crate) struct Contract {
    pub(crate) operations: Vec<Arc<Operation>>,
    pub(crate) table: Table<Arc<Operation>>,
}

/// The contract cannot be served over HTTP as it stands.
#[derive(Debug, thiserror::Error)]
#[error("the contract cannot be served over HTTP: {0}")]
pub struct Unservable(String);

impl Unservable {
    pub(crate) fn new(why: impl std::fmt::Display) -> Self {
        Self(why.to_string())
    }
}

impl Contract {
    /// Reads the operations of a contract.
    ///
    /// Left out is what the suite's services alone may call: they speak gRPC to one another.
    ///
    /// # Errors
    /// [`Unservable`], with the RPC that is at fault.
    pub(crate) fn read(pool: &DescriptorPool) -> Result<Self, Unservable> {
        let mut contract = Self { operations: Vec::new(), table: Table::default() };
        let ours = |service: &ServiceDescriptor| service.full_name().starts_with("ventanilla.");
        let rpcs: Vec<_> = pool.services().filter(ours).flat_map(|s| s.methods().collect::<Vec<_>>()).collect();
        for rpc in &rpcs {
            let alone = rpcs.iter().filter(|other| other.name() == rpc.name()).count() == 1;
            let name =
                if alone { rpc.name().to_owned() } else { format!("{}_{}", rpc.parent_service().name(), rpc.name()) };
            contract.take(pool, rpc, &name).map_err(|why| Unservable(format!("{}: {why}", rpc.full_name())))?;
        }
        Ok(contract)
    }

    fn take(&mut self, pool: &DescriptorPool, rpc: &MethodDescriptor, name: &str) -> Result<(), String> {
        let path = format!("/{}/{}", rpc.parent_service().full_name(), rpc.name());
        let policy = ventanilla_proto::policy_of(&path).ok_or("no policy")?;
        if !policy.open && policy.roles.iter().all(|role| *role == SERVICE) {
            return Ok(());
        }
        let grpc_path = PathAndQuery::try_from(path).map_err(|error| error.to_string())?;
        let package = rpc.parent_service().parent_file().package_name().to_owned();
        let own = SERVICES.iter().find(|(_, own)| *own == package);
        for (number, rule) in rules(pool, rpc)?.iter().enumerate() {
            let suffix = if number == 0 { String::new() } else { format!("_{}", number + 1) };
            match own {
                Some((peer, _)) => {
                    let id = format!("{name}{suffix}");
                    self.add(operation(rpc, policy, &grpc_path, peer, rule.clone(), id)?)?;
                }
                None => {
                    for (peer, _) in SERVICES {
                        let id = format!("{name}_{}{suffix}", peer.replace('-', "_"));
                        let mut rule = rule.clone();
                        rule.path = below(peer, &rule.path).ok_or("its path is not below /v1/")?;
                        self.add(operation(rpc, policy, &grpc_path, peer, rule, id)?)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, operation: Operation) -> Result<(), String> {
        let operation = Arc::new(operation);
        self.table
            .insert(operation.method, &operation.template, Arc::clone(&operation))
            .map_err(|taken| taken.to_string())?;
        self.operations.push(operation);
        Ok(())
    }
}

/// What every service serves hangs below the name of the service whose it is.
fn below(peer: &str, path: &str) -> Option<String> {
    path.strip_prefix("/v1/").map(|rest| format!("/v1/{peer}/{rest}"))
}

/// One binding as the contract writes it.
#[derive(Debug, Clone)]
struct Rule {
    method: &'static str,
    path: String,
    body: String,
}

fn rules(pool: &DescriptorPool, rpc: &MethodDescriptor) -> Result<Vec<Rule>, String> {
    let http = pool.get_extension_by_name("google.api.http").ok_or("google.api.http is unknown")?;
    let options = rpc.options();
    let option = options.get_extension(&http);
    let first = option.as_message().ok_or("google.api.http is no message")?;
    let more = first.get_field_by_name("additional_bindings");
    let more = more.as_deref().and_then(Value::as_list).unwrap_or_default();
    std::iter::once(first).chain(more.iter().filter_map(Value::as_message)).map(rule).collect()
}

fn rule(rule: &DynamicMessage) -> Result<Rule, String> {
    let text = |name: &str| {
        let value = rule.get_field_by_name(name);
        value.as_deref().and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    if !text("response_body").is_empty() {
        return Err("response_body is not served".to_owned());
    }
    let methods = [("get", "GET"), ("put", "PUT"), ("post", "POST"), ("delete", "DELETE"), ("patch", "PATCH")];
    let (name, method) = methods
        .into_iter()
        .find(|(name, _)| rule.has_field_by_name(name))
        .ok_or("its binding names no HTTP method that is served")?;
    Ok(Rule { method, path: text(name), body: text("body") })
}

fn operation(
    rpc: &MethodDescriptor,
    policy: &'static MethodPolicy,
    grpc_path: &PathAndQuery,
    peer: &'static str,
    rule: Rule,
    id: String,
) -> Result<Operation, String> {
    let input = rpc.input();
    let template: Template = rule.path.parse().map_err(|error| format!("{error}"))?;
    let bound = template
        .variables
        .iter()
        .map(|variable| way(&input, &variable.field).ok_or_else(|| format!("{:?} is no field", variable.field)))
        .collect::<Result<Vec<_>, _>>()?;
    let body = match rule.body.as_str() {
        "" => BodyPlace::None,
        "*" => BodyPlace::Whole,
        name => BodyPlace::Field(input.get_field_by_name(name).ok_or_else(|| format!("{name} is no field"))?),
    };
    let etag = match (input.get_field_by_name("etag"), &body) {
        (Some(own), _) => Some(vec![own]),
        (None, BodyPlace::Field(field)) => way(&input, &[field.name().to_owned(), "etag".to_owned()]),
        (None, BodyPlace::Whole) if !rpc.is_client_streaming() => etag_inside(&input),
        (None, _) => None,
    };
    Ok(Operation {
        id,
        rpc: rpc.clone(),
        grpc_path: grpc_path.clone(),
        peer,
        policy,
        method: rule.method,
        text: rule.path,
        template,
        bound,
        body,
        shape: shape(rpc)?,
        request_id: input.get_field_by_name("request_id"),
        etag,
        cursor: input.get_field_by_name("after_position"),
    })
}

fn shape(rpc: &MethodDescriptor) -> Result<Shape, String> {
    match (rpc.is_client_streaming(), rpc.is_server_streaming()) {
        (false, false) => Ok(Shape::Single),
        (false, true) if piece_field(&rpc.output()).is_some() => Ok(Shape::File),
        (false, true) => Ok(Shape::Events),
        (true, true) => Ok(Shape::Lines),
        (true, false) => Err("a stream that is answered once is not served".to_owned()),
    }
}

/// The bytes of a message that is a piece of a file: they and, in the first piece, what the file is.
pub(crate) fn piece_field(message: &MessageDescriptor) -> Option<FieldDescriptor> {
    let mut piece = None;
    for field in message.fields() {
        match field.kind() {
            Kind::Bytes if piece.is_none() && !field.is_list() => piece = Some(field),
            Kind::String if matches!(field.name(), "media_type" | "file_name") => {}
            _ => return None,
        }
    }
    piece
}

/// The way to the `etag` of what a request brings in one of its fields, where the caller gives it and no other field brings one.
fn etag_inside(input: &MessageDescriptor) -> Option<Vec<FieldDescriptor>> {
    let inside = |field: FieldDescriptor| {
        let etag = field.kind().as_message()?.get_field_by_name("etag")?;
        let is_given = !field.is_list() && !field.is_map() && !Behavior::of(&etag).filled_by_service;
        is_given.then(|| vec![field, etag])
    };
    let mut found = input.fields().filter_map(inside);
    found.next().filter(|_| found.next().is_none())
}

/// The way from a message to a field by names.
fn way(message: &MessageDescriptor, names: &[String]) -> Option<Vec<FieldDescriptor>> {
    let (first, rest) = names.split_first()?;
    let field = message.get_field_by_name(first)?;
    let mut way = vec![field.clone()];
    if !rest.is_empty() {
        way.extend(self::way(field.kind().as_message()?, rest)?);
    }
    Some(way)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::LazyLock;

    use super::*;

    /// The contract of this build.
    pub(crate) static CONTRACT: LazyLock<Contract> = LazyLock::new(|| Contract::read(&pool()).unwrap());

    fn pool() -> DescriptorPool {
        DescriptorPool::decode(ventanilla_proto::DESCRIPTOR_SET).unwrap()
    }

    /// The operation of this name.
    pub(crate) fn of(id: &str) -> &'static Operation {
        CONTRACT.operations.iter().find(|operation| operation.id == id).unwrap_or_else(|| panic!("no operation {id}"))
    }

    #[test]
    fn every_rpc_that_somebody_but_a_service_may_call_is_an_operation() {
        let served: Vec<_> = CONTRACT.operations.iter().map(|operation| operation.policy.path).collect();
        for policy in ventanilla_proto::policies() {
            let others = policy.open || policy.roles.iter().any(|role| *role != SERVICE);
            assert_eq!(served.contains(&policy.path), others, "{}", policy.path);
        }
    }

    #[test]
    fn a_second_binding_is_an_operation_of_its_own() {
        let paths: Vec<_> =
            CONTRACT.operations.iter().filter(|o| o.text.contains("journey")).map(|o| o.text.as_str()).collect();
        assert_eq!(paths, ["/v1/{name=tickets/*}/journey", "/v1/journeys/{tracking_key}"]);
    }

    #[test]
    fn the_ledger_of_each_service_hangs_below_its_name() {
        for (peer, _) in SERVICES {
            let id = format!("GetHead_{}", peer.replace('-', "_"));
            assert_eq!((of(&id).peer, of(&id).text.as_str()), (peer, format!("/v1/{peer}/ledger/head").as_str()));
        }
    }

    #[test]
    fn operation_ids_are_unique() {
        let mut ids: Vec<_> = CONTRACT.operations.iter().map(|o| &o.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CONTRACT.operations.len());
    }

    #[test]
    fn streams_are_told_apart_by_what_they_carry() {
        assert_eq!(of("WatchTickets").shape, Shape::Events);
        assert_eq!(of("ExportBoard").shape, Shape::File);
        assert_eq!(of("ExportCustomer").shape, Shape::File);
        assert_eq!(of("IngestFacts").shape, Shape::Lines);
        assert_eq!(of("GetTicket").shape, Shape::Single);
    }

    #[test]
    fn a_put_takes_its_etag_inside_what_is_put() {
        let etag = of("PutView").etag.as_ref().unwrap();
        assert_eq!(etag.iter().map(|field| field.name().to_owned()).collect::<Vec<_>>(), ["view", "etag"]);
    }

    #[test]
    fn what_is_put_whole_brings_its_etag_inside_and_what_is_created_brings_none() {
        let way =
            |id: &str| -> Vec<String> { of(id).etag.iter().flatten().map(|field| field.name().to_owned()).collect() };
        for (id, what) in [("PutAgent", "agent"), ("PutQueue", "queue"), ("PutDepartment", "department")] {
            assert!(matches!(of(id).body, BodyPlace::Whole), "{id}");
            assert_eq!(way(id), [what, "etag"], "{id}");
        }
        for id in ["CreateTicket", "CreateSubscription", "IngestSourceRecord", "IngestFacts"] {
            assert!(of(id).etag.is_none(), "{id}: nobody but the service says which version it is");
        }
    }
}
