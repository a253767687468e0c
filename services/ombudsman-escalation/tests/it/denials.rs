//! Whoever is turned away is written down, with what they were turned away from: also where they are told that there is no such thing, and where the seat that
//! they gave was another's.

use kernel::Role;
use tonic::{Code, Status};
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::procedure_service_client::ProcedureServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Language};

use crate::substitutes::OTHER;
use crate::world::{CUSTOMER, World, fresh_id, open_request, reason, refusal, relation};

/// What was written of each: the method, why, and of what.
async fn written(world: &World) -> Vec<(String, String, String)> {
    let told = |denied: AccessDenied| {
        let method = denied.method.rsplit_once('/').map(|(_, name)| name.to_owned()).unwrap_or_default();
        (method, denied.reason, denied.resource)
    };
    world.entries::<AccessDenied>().await.into_iter().map(told).collect()
}

fn told(method: &str, reason: &str, resource: &str) -> (String, String, String) {
    (method.to_owned(), reason.to_owned(), resource.to_owned())
}

#[tokio::test]
async fn who_asks_for_what_is_another_customers_is_told_of_nothing_and_written_down() {
    let world = World::staffed().await;
    let case = world.told_under("es.finance").await;
    let ticket = world.get(&case).await.ticket;
    let other = || world.as_person(OTHER.strip_prefix("customers/").unwrap(), Role::Customer);
    let disclosures = || world.house(OTHER.strip_prefix("customers/").unwrap(), Role::Customer);
    let hidden = |status: Status, why: &str| assert_eq!(reason(&status), (Code::NotFound, why.to_owned()));
    hidden(other().open_case(open_request(&ticket)).await.unwrap_err(), "TICKET_NOT_FOUND");
    let name = format!("{case}/decision");
    let decision = pb::GetDecisionRequest { name: name.clone() };
    hidden(other().get_decision(decision).await.unwrap_err(), "DECISION_NOT_FOUND");
    let document =
        pb::GetDecisionDocumentRequest { name, format: pb::DocumentFormat::Text.into(), correction_number: 0 };
    let mut papers = world.precedents_as(OTHER.strip_prefix("customers/").unwrap(), Role::Customer);
    hidden(papers.get_decision_document(document).await.unwrap_err(), "DECISION_NOT_FOUND");
    let name = format!("{case}/acknowledgement");
    let acknowledgement = pb::GetAcknowledgementRequest { name, format: pb::DocumentFormat::Text.into() };
    hidden(other().get_acknowledgement(acknowledgement).await.unwrap_err(), "CASE_NOT_FOUND");
    let disclosure =
        pb::GiveDisclosureRequest { name: case.clone(), language: Language::Es.into(), request_id: fresh_id() };
    hidden(disclosures().give_disclosure(disclosure).await.unwrap_err(), "CASE_NOT_FOUND");
    let code = pb::TellClaimantCodeRequest {
        name: case.clone(),
        channel: Channel::Web.into(),
        renewed: false,
        request_id: fresh_id(),
    };
    hidden(other().tell_claimant_code(code).await.unwrap_err(), "CASE_NOT_FOUND");
    assert_eq!(
        written(&world).await,
        [
            told("OpenCase", "TICKET_NOT_FOUND", &ticket),
            told("GetDecision", "DECISION_NOT_FOUND", &case),
            told("GetDecisionDocument", "DECISION_NOT_FOUND", &case),
            told("GetAcknowledgement", "CASE_NOT_FOUND", &case),
            told("GiveDisclosure", "CASE_NOT_FOUND", &case),
            told("TellClaimantCode", "CASE_NOT_FOUND", &case),
        ]
    );
}

#[tokio::test]
async fn a_statement_that_was_given_is_given_again_to_nobody_else() {
    let world = World::staffed().await;
    let case = world.told_under("es.finance").await;
    let request =
        pb::GiveDisclosureRequest { name: case.clone(), language: Language::Es.into(), request_id: fresh_id() };
    let customer = |id: &str| world.house(id.strip_prefix("customers/").unwrap(), Role::Customer);
    customer(CUSTOMER).give_disclosure(request.clone()).await.unwrap();
    let refused = customer(OTHER).give_disclosure(request).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "CASE_NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn who_is_kept_off_a_case_chooses_nobody_for_it_and_opens_no_review_of_it() {
    let world = World::staffed().await;
    let case = world.told_under("es.finance").await;
    world.hire("irma", Role::OfficeIntake, pb::OfficeRole::Intake).await;
    world.hire("omar", Role::Investigator, pb::OfficeRole::Investigator).await;
    world.declare("irma", Role::OfficeIntake, vec![relation(CUSTOMER)]).await;
    let conflict = |status: &Status| {
        let (code, why, metadata) = refusal(status);
        assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "CONFLICT_OF_INTEREST"));
        assert_eq!(metadata["grounds"], "relation_with_party");
    };
    let irma = || world.as_person("irma", Role::OfficeIntake);
    let assign = pb::AssignCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        person: "omar".into(),
        office_role: pb::OfficeRole::Investigator.into(),
        request_id: fresh_id(),
    };
    conflict(&irma().assign_case(assign.clone()).await.unwrap_err());
    let substitute = pb::SubstituteSeatRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        person: "oscar".into(),
        office_role: pb::OfficeRole::Investigator.into(),
        substitute: "omar".into(),
        request_id: fresh_id(),
    };
    conflict(&world.house("irma", Role::OfficeIntake).substitute_seat(substitute).await.unwrap_err());
    let review = pb::ReviewCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        cause: "a new receipt".into(),
        request_id: fresh_id(),
    };
    let channel = world.served.channel_as("irma", &[Role::OfficeIntake], None);
    conflict(&ProcedureServiceClient::new(channel).review_case(review).await.unwrap_err());
    let kept_off = |method: &str| told(method, "CONFLICT_OF_INTEREST", &case);
    assert_eq!(written(&world).await, [kept_off("AssignCase"), kept_off("SubstituteSeat"), kept_off("ReviewCase")]);
    let said = world.entries::<pb::AssignmentRefused>().await;
    assert!(said.is_empty(), "nothing is said of Omar, against whom nothing stands: {said:?}");
    // Nothing stands against who is no relation of anybody's.
    world.ines().assign_case(pb::AssignCaseRequest { request_id: fresh_id(), ..assign }).await.unwrap();
}
