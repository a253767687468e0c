//! A decision before its parties know it: nobody reads it who is kept off the case, and whoever is shown it stands in the access log.

use kernel::Role;
use tonic::{Code, Status};
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::rights::v1::GatherPersonalDataRequest;
use ventanilla_proto::rights::v1::personal_data_service_client::PersonalDataServiceClient;

use crate::docket::{Brought, DOUBLE, UPHELD};
use crate::world::{CUSTOMER, World, fresh_id, issue_request, reason, refusal, relation};

const OMBUDSMAN: pb::OfficeRole = pb::OfficeRole::Ombudsman;

async fn reads(world: &World, person: &str, role: Role, case: &str) -> Result<pb::Decision, Status> {
    let request = pb::GetDecisionRequest { name: format!("{case}/decision") };
    world.as_person(person, role).get_decision(request).await.map(tonic::Response::into_inner)
}

async fn takes(world: &World, person: &str, role: Role, case: &str) -> Result<pb::DecisionDocument, Status> {
    let (name, format) = (format!("{case}/decision"), pb::DocumentFormat::Text.into());
    let request = pb::GetDecisionDocumentRequest { name, format, correction_number: 0 };
    world.precedents_as(person, role).get_decision_document(request).await.map(tonic::Response::into_inner)
}

async fn log(world: &World, person: &str, case: &str) -> Result<Vec<pb::DossierAccess>, Status> {
    let request = pb::ListDossierAccessesRequest { parent: case.to_owned(), page_size: 100, ..Default::default() };
    let found = world.as_person(person, Role::Ombudsman).list_dossier_accesses(request).await;
    found.map(|found| found.into_inner().accesses)
}

#[tokio::test]
async fn before_the_parties_know_a_decision_nobody_reads_it_who_is_kept_off_the_case() {
    let world = World::staffed().await;
    for person in ["rita", "vera", "dora"] {
        world.hire(person, Role::Ombudsman, OMBUDSMAN).await;
    }
    world.declare("vera", Role::Ombudsman, vec![relation(CUSTOMER)]).await;
    let case = world.seated_case().await.name;
    world.assign(&case, "dora", OMBUDSMAN).await.unwrap();
    let aside = pb::RecuseFromCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        cause: "we were at school together".into(),
        request_id: fresh_id(),
    };
    world.as_person("dora", Role::Ombudsman).recuse_from_case(aside).await.unwrap();
    // Whether it was decided at all is nothing for them to try either.
    let early = reads(&world, "vera", Role::Ombudsman, &case).await.unwrap_err();
    assert_eq!(reason(&early), (Code::NotFound, "DECISION_NOT_FOUND".into()));
    world.to_draft(&case).await;
    world.elena().issue_decision(issue_request(&world, &case).await).await.unwrap();
    let kept_off = [("vera", Role::Ombudsman), ("dora", Role::Ombudsman), ("a-stranger", Role::Investigator)];
    for (person, role) in kept_off {
        let refused = reads(&world, person, role, &case).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::NotFound, "DECISION_NOT_FOUND".into()), "{person}");
        let refused = takes(&world, person, role, &case).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::NotFound, "DECISION_NOT_FOUND".into()), "{person}");
    }
    for (person, why) in
        [("vera", "CONFLICT_OF_INTEREST"), ("dora", "CONFLICT_OF_INTEREST"), ("a-stranger", "NO_MANDATE")]
    {
        let refused = log(&world, person, &case).await.unwrap_err();
        assert_eq!(refusal(&refused).1, why, "{person}");
    }
    let denied: Vec<_> =
        world.entries::<AccessDenied>().await.into_iter().map(|one| (one.reason, one.resource)).collect();
    assert_eq!(denied.len(), 1 + 3 * 2 + 3, "{denied:?}");
    assert!(denied.iter().all(|(_, resource)| *resource == case), "{denied:?}");
    // Who is clear of it and who sits there read it; and once the parties know it everybody of the office does.
    reads(&world, "rita", Role::Ombudsman, &case).await.unwrap();
    takes(&world, "oscar", Role::Investigator, &case).await.unwrap();
    log(&world, "rita", &case).await.unwrap();
    world.notify(&case).await;
    for (person, role) in kept_off {
        reads(&world, person, role, &case).await.unwrap();
        takes(&world, person, role, &case).await.unwrap();
    }
}

#[tokio::test]
async fn who_is_shown_a_decision_or_gathers_a_claimants_data_stands_in_the_access_log() {
    let world = World::staffed().await;
    let case = world.told_under("es.finance").await;
    let already = log(&world, "elena", &case).await.unwrap().len();
    reads(&world, "oscar", Role::Investigator, &case).await.unwrap();
    takes(&world, "ines", Role::OfficeIntake, &case).await.unwrap();
    let noted = log(&world, "elena", &case).await.unwrap();
    assert_eq!(noted.len(), already + 2);
    let list = pb::ListDossierEntriesRequest { parent: case.clone(), page_size: 100, ..Default::default() };
    let papers = world.ines().list_dossier_entries(list).await.unwrap().into_inner().entries;
    let decision = papers.iter().find(|paper| paper.kind() == pb::DossierKind::Decision).unwrap().sequence;
    let who = |access: &pb::DossierAccess| access.actor.as_ref().unwrap().id.clone();
    assert_eq!((who(&noted[0]), who(&noted[1])), ("ines".to_owned(), "oscar".to_owned()));
    for access in &noted[..2] {
        assert_eq!((access.first_sequence, access.last_sequence), (decision, decision));
    }
    let already = log(&world, "elena", &case).await.unwrap().len();
    let caller = world.served.channel_as("customer-profile", &[Role::Service], None);
    let request = GatherPersonalDataRequest { customers: vec![CUSTOMER.into()] };
    let mut told = PersonalDataServiceClient::new(caller).gather_personal_data(request).await.unwrap().into_inner();
    let mut records = 0;
    while told.message().await.unwrap().is_some() {
        records += 1;
    }
    let noted = log(&world, "elena", &case).await.unwrap();
    assert_eq!(noted.len(), already + 2, "its papers, and its decision");
    assert!(records > 10 && noted[..2].iter().all(|access| who(access) == "customer-profile"), "{noted:?}");
    let for_both = papers.iter().filter(|paper| paper.visibility() == pb::DossierVisibility::Parties).count();
    let shown: i64 = noted[1].shown.iter().map(|run| run.last_sequence - run.first_sequence + 1).sum();
    assert!(usize::try_from(shown).unwrap() <= for_both && shown > 3, "{shown} of {for_both}");
    // What cannot be written down is not told.
    sqlx::query("alter table ombudsman.dossier_access add constraint closed check (read_at < '2000-01-01') not valid")
        .execute(&world.database.admin().await)
        .await
        .unwrap();
    assert_eq!(reads(&world, "oscar", Role::Investigator, &case).await.unwrap_err().code(), Code::Internal);
    assert_eq!(takes(&world, "ines", Role::OfficeIntake, &case).await.unwrap_err().code(), Code::Internal);
}

#[tokio::test]
async fn what_is_gathered_of_a_claimant_of_two_cases_comes_kind_by_kind() {
    let world = World::staffed().await;
    for topic in ["billing", "network"] {
        let (case, _) = world.bring_and_decide(Brought { topic, ..DOUBLE }, UPHELD).await;
        world.notify(&case).await;
        world.put_away(&case).await;
    }
    let caller = world.served.channel_as("customer-profile", &[Role::Service], None);
    let request = GatherPersonalDataRequest { customers: vec![DOUBLE.customer_name()] };
    let mut told = PersonalDataServiceClient::new(caller).gather_personal_data(request).await.unwrap().into_inner();
    let mut kinds: Vec<(String, usize)> = Vec::new();
    while let Some(answer) = told.message().await.unwrap() {
        let kind = answer.record.unwrap().type_url.rsplit('.').next().unwrap().to_owned();
        match kinds.last_mut() {
            Some((last, count)) if *last == kind => *count += 1,
            _ => kinds.push((kind, 1)),
        }
    }
    let of: Vec<&str> = kinds.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(of, ["Case", "Procedure", "DossierEntry", "Decision", "Obligation"]);
    assert!(kinds.iter().all(|(_, count)| *count >= 2), "{kinds:?}");
}
