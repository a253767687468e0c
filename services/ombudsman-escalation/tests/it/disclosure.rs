//! What a party is told of the people who sat on its case.

use kernel::Role;
use prost::Message as _;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::house_service_client::HouseServiceClient;
use ventanilla_proto::r#type::v1::Language;

use crate::world::{CUSTOMER, World, fields, fresh_id, reason, relation};

fn ask(case: &str, language: Language) -> pb::GiveDisclosureRequest {
    pb::GiveDisclosureRequest { name: case.to_owned(), language: language.into(), request_id: fresh_id() }
}

/// A case on which Óscar sat until he declared a relation with the claimant, and which Inés left by herself.
async fn told(world: &World) -> String {
    world.hire("rita", Role::Investigator, pb::OfficeRole::Investigator).await;
    let case = world.seated_case().await.name;
    let relations = vec![relation(CUSTOMER), relation("customers/0190a000-0000-7000-8000-0000000000aa")];
    world.declare("oscar", Role::Investigator, relations).await;
    let recuse = pb::RecuseFromCaseRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        cause: "she is my neighbour, and I would rather not say more".into(),
        request_id: fresh_id(),
    };
    world.ines().recuse_from_case(recuse).await.unwrap();
    case
}

#[tokio::test]
async fn a_party_is_told_who_sat_there_what_they_declared_and_why_they_left() {
    let world = World::staffed().await;
    let case = told(&world).await;
    let mut claimant = HouseServiceClient::new(world.served.channel_as(
        CUSTOMER.strip_prefix("customers/").unwrap(),
        &[Role::Customer],
        None,
    ));
    let request = ask(&case, Language::Es);
    let given = claimant.give_disclosure(request.clone()).await.unwrap().into_inner();
    assert_eq!(given.seats.len(), 3);
    let [elena, ines, oscar] = ["elena", "ines", "oscar"].map(|person| {
        given.seats.iter().find(|seat| seat.person == person).unwrap_or_else(|| panic!("{person} sat there"))
    });
    assert!(elena.leave_time.is_none() && elena.relations.is_empty());
    assert_eq!(elena.mandates.len(), 1);
    assert!(ines.leave_time.is_some() && ines.leave_grounds.is_empty());
    assert_eq!(oscar.leave_grounds, [i32::from(pb::ConflictGround::RelationWithParty)]);
    assert_eq!(oscar.relations.iter().map(|one| one.party.as_str()).collect::<Vec<_>>(), [CUSTOMER]);
    for words in [
        "elena (defensor)\n  Asignada desde el 2026-11-2",
        "Causa de abstención: se abstuvo por decisión propia",
        "Causa de abstención: relación con una parte",
        "relación personal, con la parte reclamante, vigente",
        "Mandato: 2026-11-2",
        "ninguna relación con las partes",
    ] {
        assert!(given.text.contains(words), "{words} is not in {}", given.text);
    }
    assert!(!given.text.contains("neighbour") && !given.text.contains("0000000000aa"), "{}", given.text);
    assert_eq!(claimant.give_disclosure(request).await.unwrap().into_inner(), given);

    // It is kept as it was given, where both parties see it.
    let list = pb::ListDossierEntriesRequest { parent: case.clone(), page_size: 100, ..Default::default() };
    let entries = world.liaison().list_dossier_entries(list).await.unwrap().into_inner().entries;
    let kept: Vec<_> = entries.iter().filter(|entry| entry.kind() == pb::DossierKind::Disclosure).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].name, given.dossier_entry);
    let kept = pb::DisclosureStatement::decode(kept[0].content.as_slice()).unwrap();
    assert_eq!(pb::DisclosureStatement { dossier_entry: given.dossier_entry.clone(), ..kept }, given);
    assert_eq!(world.entries::<pb::DisclosureGiven>().await.len(), 1);

    let mut liaison = HouseServiceClient::new(world.served.channel(Role::FirmLiaison));
    let english = liaison.give_disclosure(ask(&case, Language::En)).await.unwrap().into_inner();
    assert!(english.text.contains("a personal relation, with the claimant, lasting"), "{}", english.text);
    assert_eq!(english.seats, given.seats);
    let verdict = world.ines().verify_dossier(pb::VerifyDossierRequest { name: case }).await.unwrap();
    assert!(verdict.into_inner().intact);
}

#[tokio::test]
async fn nobody_else_is_told_and_nobody_is_told_in_a_language_that_is_not_written() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let mut stranger = HouseServiceClient::new(world.served.channel_as("somebody", &[Role::Customer], None));
    let refused = stranger.give_disclosure(ask(&case, Language::Es)).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "CASE_NOT_FOUND".into()));
    let mut ines = world.house("ines", Role::OfficeIntake);
    for language in [Language::Ca, Language::Unspecified] {
        assert_eq!(fields(&ines.give_disclosure(ask(&case, language)).await.unwrap_err()), ["language"]);
    }
    ines.give_disclosure(ask(&case, Language::En)).await.unwrap();
}

#[tokio::test]
async fn a_stay_takes_no_party_the_right_to_ask() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    act!(world, "ines", stay_case, StayCaseRequest, &case, proceedings: "suit 41/2026").unwrap();
    let request = ask(&case, Language::En);
    let given = world.house("liaison", Role::FirmLiaison).give_disclosure(request).await.unwrap().into_inner();
    assert_eq!(given.seats.len(), 3);
}
