//! Nobody of the firm calls the house's own methods, and every attempt stands in the ledger.

use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use kernel::Role;
use server::TokenIssuer;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Code, Request, Status};
use ventanilla_proto::MethodPolicy;
use ventanilla_proto::auth::v1::AccessDenied;

use crate::world::{World, reason};

/// Every service of the office's contract.
const OFFICE: &str = "/ventanilla.ombudsman.v1.";

const FIRM: [Role; 13] = [
    Role::Agent,
    Role::Supervisor,
    Role::Steward,
    Role::Ivr,
    Role::Crm,
    Role::Importer,
    Role::Sre,
    Role::Auditor,
    Role::FirmLiaison,
    Role::Customer,
    Role::Service,
    Role::PrivacyOfficer,
    Role::Form,
];

/// All that anybody outside the house may call.
const ALLOWED: [(Role, &str); 22] = [
    (Role::Customer, "OpenCase"),
    (Role::Agent, "OpenCase"),
    (Role::Crm, "OpenCase"),
    // Who brought it is given the acknowledgement.
    (Role::Customer, "GetAcknowledgement"),
    (Role::Agent, "GetAcknowledgement"),
    (Role::Crm, "GetAcknowledgement"),
    (Role::FirmLiaison, "GetCase"),
    (Role::FirmLiaison, "ListDossierEntries"),
    (Role::FirmLiaison, "SubmitEntityStatement"),
    (Role::FirmLiaison, "AddDossierEntry"),
    (Role::Customer, "GetDecision"),
    (Role::Customer, "GiveDisclosure"),
    (Role::Customer, "TellClaimantCode"),
    (Role::FirmLiaison, "GiveDisclosure"),
    // Of the procedure: the firm offers, and proves what it did.
    (Role::FirmLiaison, "GetProcedure"),
    (Role::FirmLiaison, "ListObligations"),
    (Role::FirmLiaison, "OfferSettlement"),
    (Role::FirmLiaison, "ProveExecution"),
    // What the office reports to the board, and whose decision it is.
    (Role::Auditor, "GetYearlyReport"),
    (Role::Auditor, "GetYearlyReportDocument"),
    (Role::Auditor, "ExportYearlyReport"),
    (Role::Customer, "GetDecisionDocument"),
];

fn methods() -> Vec<&'static MethodPolicy> {
    ventanilla_proto::policies().iter().filter(|policy| policy.path.starts_with(OFFICE)).collect()
}

fn name(policy: &MethodPolicy) -> &'static str {
    policy.path.rsplit('/').next().unwrap()
}

/// An empty request; what the caller is told.
async fn call<C>(channel: C, path: &'static str) -> Result<(), Status>
where
    C: GrpcService<Body, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
    C::ResponseBody: tonic::codegen::Body<Data = tonic::codegen::Bytes> + Send + 'static,
    <C::ResponseBody as tonic::codegen::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|_| Status::unknown("not ready"))?;
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    client.unary(tonic::Request::new(()), PathAndQuery::from_static(path), codec).await.map(drop)
}

async fn written(world: &World) -> Vec<(String, Vec<String>, String)> {
    let told = |entry: AccessDenied| (entry.method, entry.roles, entry.reason);
    let mut written: Vec<_> = world.entries::<AccessDenied>().await.into_iter().map(told).collect();
    written.sort();
    written
}

fn denial(policy: &MethodPolicy, roles: &[Role], reason: &str) -> (String, Vec<String>, String) {
    let mut roles: Vec<Role> = roles.to_vec();
    roles.sort();
    (policy.path.to_owned(), roles.iter().map(ToString::to_string).collect(), reason.to_owned())
}

#[tokio::test]
async fn every_firm_role_is_refused_every_method_of_the_house_and_it_is_written_down() {
    let world = World::new().await;
    let methods = methods();
    assert!(methods.len() >= 56, "{methods:?}");
    let mut denied = Vec::new();
    for role in FIRM {
        for policy in &methods {
            let answer = call(world.served.channel(role), policy.path).await;
            let code = answer.map_or_else(|status| status.code(), |()| Code::Ok);
            if policy.open || ALLOWED.contains(&(role, name(policy))) {
                assert_eq!(code, Code::InvalidArgument, "{role} may call {}", policy.path);
            } else {
                assert_eq!(code, Code::PermissionDenied, "{role} must not call {}", policy.path);
                denied.push(denial(policy, &[role], "ROLE_NOT_ALLOWED"));
            }
        }
    }
    denied.sort();
    assert_eq!(written(&world).await, denied);
}

/// Every principal there can be: each role with and without a department, two roles of one side, and somebody with none.
fn principals() -> Vec<(Vec<Role>, Option<&'static str>)> {
    let mut all = vec![(vec![], None), (vec![], Some("billing"))];
    for role in Role::ALL {
        all.extend([None, Some("customer-service"), Some("network-ops")].map(|department| (vec![*role], department)));
    }
    let pairs = [
        [Role::OfficeIntake, Role::Ombudsman],
        [Role::OfficeQuality, Role::OfficeAuditor],
        [Role::Agent, Role::FirmLiaison],
        [Role::Service, Role::Agent],
    ];
    all.extend(pairs.map(|pair| (pair.to_vec(), None)));
    all
}

#[tokio::test]
async fn every_principal_is_let_into_every_method_exactly_as_the_contract_says_and_every_denial_is_written_down() {
    let world = World::new().await;
    let mut denied = Vec::new();
    let mut let_in = 0;
    for (roles, department) in principals() {
        for policy in methods() {
            let answer = call(world.served.channel_as("somebody", &roles, department), policy.path).await;
            if policy.open || policy.roles.iter().any(|word| roles.iter().any(|role| role.as_str() == *word)) {
                let_in += 1;
                let known = answer.map_or_else(|status| status.code(), |()| Code::Ok);
                // What an empty request is answered is another test's matter; nobody is turned away, and nothing is broken.
                assert!(matches!(known, Code::Ok | Code::InvalidArgument), "{roles:?} on {}: {known:?}", policy.path);
            } else {
                let (code, reason) = reason(&answer.expect_err(policy.path));
                assert_eq!(
                    (code, reason.as_str()),
                    (Code::PermissionDenied, "ROLE_NOT_ALLOWED"),
                    "{roles:?} on {}",
                    policy.path
                );
                denied.push(denial(policy, &roles, "ROLE_NOT_ALLOWED"));
            }
        }
    }
    assert!(let_in > 100 && denied.len() > 1_000, "{let_in} let in, {} denied", denied.len());
    denied.sort();
    assert_eq!(written(&world).await, denied);
}

/// Puts somebody's token and, beside it, whom they say they act for on a call.
#[derive(Clone)]
struct InTheNameOf {
    caller: MetadataValue<Ascii>,
    user: MetadataValue<Ascii>,
}

impl Interceptor for InTheNameOf {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.caller.clone());
        request.metadata_mut().insert("x-ventanilla-on-behalf-of", self.user.clone());
        Ok(request)
    }
}

#[tokio::test]
async fn nobody_gets_into_the_house_in_somebody_elses_name() {
    let world = World::new().await;
    let key = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
    let issuer = TokenIssuer::new(&key, "testkit", "ventanilla").unwrap();
    let now = world.harness.surroundings.ambient.now();
    let token = |role: Role| issuer.issue("somebody", &[role], None, Duration::from_secs(3600), now).unwrap();
    let channel =
        tonic::transport::Endpoint::from_shared(format!("http://{}", world.served.addr)).unwrap().connect_lazy();
    let in_the_name_of = |caller: Role, user: Role| {
        let caller = format!("Bearer {}", token(caller)).parse().unwrap();
        InterceptedService::new(channel.clone(), InTheNameOf { caller, user: token(user).parse().unwrap() })
    };
    let mut denied = Vec::new();
    for policy in methods() {
        for user in Role::ALL {
            // A service is nobody of the house, whoever it acts for; and nobody but a service acts for others.
            for caller in [Role::Service, *user] {
                let answer = call(in_the_name_of(caller, *user), policy.path).await;
                let (code, found) = reason(&answer.expect_err(policy.path));
                if policy.open {
                    // Asks for another proof than who somebody is.
                    assert_eq!(code, Code::InvalidArgument, "{caller} for {user}: {}", policy.path);
                    continue;
                }
                assert_eq!(
                    (code, found.as_str()),
                    (Code::PermissionDenied, "ROLE_NOT_ALLOWED"),
                    "{caller} for {user}: {}",
                    policy.path
                );
                denied.push(denial(policy, &[caller], "ROLE_NOT_ALLOWED"));
            }
        }
    }
    denied.sort();
    assert_eq!(written(&world).await, denied);
}

#[tokio::test]
async fn an_anonymous_caller_is_told_to_come_with_a_token() {
    let world = World::new().await;
    for policy in methods() {
        let refused = call(world.served.anonymous(), policy.path).await.expect_err("no token");
        // What is open asks for another proof, which an empty request has not.
        let asked = if policy.open { Code::InvalidArgument } else { Code::Unauthenticated };
        assert_eq!(refused.code(), asked, "{}", policy.path);
    }
    assert!(written(&world).await.is_empty(), "nobody is known who could be written down");
}
