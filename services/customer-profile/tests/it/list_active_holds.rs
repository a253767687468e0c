//! `ListActiveHolds`: asked by billing and provisioning before they act.

use kernel::Role;
use tonic::Code;
use ventanilla_customer_profile::reactions::{ombudsman::Cases, ticketing::Affairs};
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::ombudsman::v1 as ombudsman;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::ticketing::v1::{TicketState, TicketType};

use crate::support::{Say, World, entry, reason, record, stranger, ticket_id, time};

const AT: &str = "2026-11-22T10:00:00Z";

impl World {
    async fn holds(&self, customer: &str) -> Vec<(HoldKind, String)> {
        let request = ListActiveHoldsRequest { parent: customer.to_owned(), ..Default::default() };
        let holds = self.client(Role::Crm).list_active_holds(request.clone()).await.unwrap().into_inner().holds;
        let mut one_by_one = ListActiveHoldsRequest { page_size: 1, ..request };
        let mut paged = Vec::new();
        loop {
            let page = self.client(Role::Crm).list_active_holds(one_by_one.clone()).await.unwrap().into_inner();
            paged.extend(page.holds);
            one_by_one.page_token = page.next_page_token;
            if one_by_one.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(paged, holds);
        assert_eq!(self.view(customer).await.holds.unwrap().holds, holds, "the view says the same");
        holds.into_iter().map(|hold| (hold.kind(), hold.article)).collect()
    }

    async fn complains(&self, customer: &str, kind: TicketType) {
        let opened = ticketing::TicketOpened {
            ticket: ticket_id(1),
            customer: customer.to_owned(),
            ticket_type: kind.into(),
            department: "billing".to_owned(),
            first_received_time: Some(time(AT)),
            ..Default::default()
        };
        self.react(&Affairs, entry(1, &ticket_id(1), AT, &opened)).await;
    }

    async fn moves(&self, position: i64, to: TicketState) {
        let moved = ticketing::TicketTransitioned { ticket: ticket_id(1), to_state: to.into(), ..Default::default() };
        self.react(&Affairs, entry(position, &ticket_id(1), AT, &moved)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_comes_with_the_complaint_goes_with_its_answer_and_stays_while_the_office_has_it() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222")).await.customer;
    world.complains(&ana, TicketType::Reclamacion).await;
    let while_open = (HoldKind::ServiceCut, "Ley 10/2025, art. 4.4".to_owned());
    assert_eq!(world.holds(&ana).await, std::slice::from_ref(&while_open));
    world.moves(2, TicketState::Resolved).await;
    assert_eq!(world.holds(&ana).await, []);
    assert!(!world.lookup("600111222").await.on_hold);
    world.moves(3, TicketState::InProgress).await;
    assert_eq!(world.holds(&ana).await, [while_open], "reopened");
    world.moves(4, TicketState::Resolved).await;

    let case = format!("cases/{}", uuid::Uuid::from_u128(5));
    let opened = ombudsman::CaseOpened {
        case_name: case.clone(),
        customer: ana.clone(),
        ticket: ticket_id(1),
        regime: "es.general".to_owned(),
        filed_at_office_time: Some(time(AT)),
        ..Default::default()
    };
    world.react(&Cases, entry(1, &case, AT, &opened)).await;
    let kinds: Vec<HoldKind> = world.holds(&ana).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [HoldKind::ServiceCut, HoldKind::Collection]);
    assert!(world.lookup("600111222").await.on_hold);
    let notified = ombudsman::CaseTransitioned {
        case_name: case.clone(),
        to_state: ombudsman::CaseState::Notified.into(),
        ..Default::default()
    };
    world.react(&Cases, entry(2, &case, AT, &notified)).await;
    assert_eq!(world.holds(&ana).await, []);
    assert!(!world.lookup("600111222").await.on_hold);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_holds_nothing_and_a_source_that_is_down_is_named() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await.customer;
    world.complains(&ana, TicketType::Consulta).await;
    assert_eq!(world.holds(&ana).await, []);
    let request = ListActiveHoldsRequest { parent: ana, ..Default::default() };
    let answer = world.client(Role::Crm).list_active_holds(request).await.unwrap().into_inner();
    let gaps: Vec<_> = answer.gaps.iter().map(|gap| (gap.source.as_str(), gap.reason())).collect();
    assert_eq!(gaps, ["ticketing", "ombudsman-escalation"].map(|source| (source, GapReason::NeverReached)));
    let request = ListActiveHoldsRequest { parent: stranger(), ..Default::default() };
    let refused = world.client(Role::Crm).list_active_holds(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "CUSTOMER_NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ring_and_the_list_agree_in_every_state_of_a_case() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222")).await.customer;
    let mut position = 0;
    for (n, regime) in [(1, "es.general"), (2, "es.finance")] {
        let case = format!("cases/{}", uuid::Uuid::from_u128(n));
        let opened = ombudsman::CaseOpened {
            case_name: case.clone(),
            customer: ana.clone(),
            ticket: ticket_id(1),
            regime: regime.to_owned(),
            filed_at_office_time: Some(time(AT)),
            ..Default::default()
        };
        position += 1;
        world.react(&Cases, entry(position, &case, AT, &opened)).await;
        for state in (1..).map_while(|number| ombudsman::CaseState::try_from(number).ok()) {
            let moved =
                ombudsman::CaseTransitioned { case_name: case.clone(), to_state: state.into(), ..Default::default() };
            position += 1;
            world.react(&Cases, entry(position, &case, AT, &moved)).await;
            let held = !world.holds(&ana).await.is_empty();
            assert_eq!(world.lookup("600111222").await.on_hold, held, "{state:?} of {regime}");
        }
    }
}
