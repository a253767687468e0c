//! Nobody of the firm calls the house's own methods, and every attempt stands in the ledger.

use kernel::Role;
use tonic::Code;
use tonic::codegen::http::uri::PathAndQuery;
use ventanilla_proto::auth::v1::AccessDenied;

use crate::world::World;

const SERVICE: &str = "/ventanilla.ombudsman.v1.OmbudsmanService/";
const PROCEDURE: &str = "/ventanilla.ombudsman.v1.ProcedureService/";

const FIRM: [Role; 11] = [
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
];

/// All that anybody outside the house may call.
const ALLOWED: [(Role, &str); 7] = [
    (Role::Customer, "OpenCase"),
    (Role::Agent, "OpenCase"),
    (Role::Crm, "OpenCase"),
    (Role::FirmLiaison, "GetCase"),
    (Role::FirmLiaison, "ListDossierEntries"),
    (Role::FirmLiaison, "SubmitEntityStatement"),
    (Role::Customer, "GetDecision"),
];

/// And of the procedure: the firm offers, and proves what it did.
const ALLOWED_IN_PROCEDURE: [(Role, &str); 4] = [
    (Role::FirmLiaison, "GetProcedure"),
    (Role::FirmLiaison, "ListObligations"),
    (Role::FirmLiaison, "OfferSettlement"),
    (Role::FirmLiaison, "ProveExecution"),
];

async fn call(world: &World, role: Role, (service, method): (&str, &str)) -> Code {
    let mut client = tonic::client::Grpc::new(world.served.channel(role));
    client.ready().await.unwrap();
    let path: PathAndQuery = format!("{service}{method}").parse().unwrap();
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    client.unary(tonic::Request::new(()), path, codec).await.expect_err("an empty request is never right").code()
}

#[tokio::test]
async fn every_firm_role_is_refused_every_method_of_the_house_and_it_is_written_down() {
    let world = World::new().await;
    let mut denied = Vec::new();
    let services = [(SERVICE, ALLOWED.as_slice(), 26), (PROCEDURE, ALLOWED_IN_PROCEDURE.as_slice(), 19)];
    for (service, allowed, least) in services {
        let methods: Vec<&str> =
            ventanilla_proto::policies().iter().filter_map(|policy| policy.path.strip_prefix(service)).collect();
        assert!(methods.len() >= least, "{methods:?}");
        for (role, method) in FIRM.iter().flat_map(|role| methods.iter().map(|method| (*role, *method))) {
            let code = call(&world, role, (service, method)).await;
            if allowed.contains(&(role, method)) {
                assert_eq!(code, Code::InvalidArgument, "{role} may call {method}");
            } else {
                assert_eq!(code, Code::PermissionDenied, "{role} must not call {method}");
                denied.push((format!("{service}{method}"), vec![role.to_string()]));
            }
        }
    }
    let mut written: Vec<(String, Vec<String>)> =
        world.entries::<AccessDenied>().await.into_iter().map(|entry| (entry.method, entry.roles)).collect();
    written.sort();
    denied.sort();
    assert_eq!(written, denied);
}

#[tokio::test]
async fn an_anonymous_caller_is_told_to_come_with_a_token() {
    let world = World::new().await;
    let mut client = tonic::client::Grpc::new(world.served.anonymous());
    client.ready().await.unwrap();
    let path: PathAndQuery = format!("{SERVICE}GetCase").parse().unwrap();
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let refused = client.unary(tonic::Request::new(()), path, codec).await.expect_err("no token");
    assert_eq!(refused.code(), Code::Unauthenticated);
}
