//! Which of the affairs that are answered together are before the ombudsman's office.

use kernel::Role;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::public_service_client::PublicServiceClient;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;

use crate::reactions::{CASE, Neighbours};
use crate::relations::merge;
use crate::world::{CUSTOMER, get, open, started};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_affair_is_before_the_office_by_itself_whatever_it_is_answered_with() {
    let world = Neighbours::with("ombudsman", "ombudsman-escalation").await;
    let mut agent = world.client.clone();
    let mut relations = RelationServiceClient::new(world.served[1].channel(Role::Agent));
    let head = started(&mut agent).await;
    let (with, later) = (open(&mut agent).await, open(&mut agent).await);
    let [own, brought, merged] = [&head, with.ticket.as_ref().unwrap(), later.ticket.as_ref().unwrap()];
    let head = merge(&mut relations, brought, own).await.unwrap().head.unwrap();
    let opened = office::CaseOpened {
        case_name: CASE.into(),
        ticket: head.name.clone(),
        customer: CUSTOMER.into(),
        brought_with: vec![brought.name.clone()],
        ..Default::default()
    };
    world.says(CASE, &opened).await;
    world.noted(&head.name, pb::TicketChangeKind::OfficeNoted, "opened").await;
    world.noted(&brought.name, pb::TicketChangeKind::OfficeNoted, "opened").await;
    let head = get(&mut agent, &head.name).await;
    merge(&mut relations, merged, &head).await.unwrap();
    let before_it = async |opened: &pb::CreateTicketResponse| {
        let mut anybody = PublicServiceClient::new(world.served[1].anonymous());
        let (tracking_key, proof) = (opened.tracking_key.clone(), opened.proof.clone());
        let shown = pb::GetPublicAffairRequest { tracking_key, proof, page_token: String::new() };
        let shown = anybody.get_public_affair(shown).await.unwrap().into_inner();
        let offered = shown.options.contains(&pb::PublicOption::Ombudsman.into());
        assert_ne!(shown.status.unwrap().office_case_open, offered);
        !offered
    };
    assert!(before_it(&with).await, "it is heard there");
    assert!(!before_it(&later).await, "who comes with what was merged later finds the door");
    let over = office::CaseTransitioned {
        case_name: CASE.into(),
        ticket: head.name.clone(),
        customer: CUSTOMER.into(),
        to_state: office::CaseState::Withdrawn.into(),
        ..Default::default()
    };
    world.says(CASE, &over).await;
    world.noted(&brought.name, pb::TicketChangeKind::OfficeNoted, "over").await;
    world.noted(&head.name, pb::TicketChangeKind::OfficeNoted, "over").await;
    assert!(!before_it(&with).await, "it may come again by its own key");
}
