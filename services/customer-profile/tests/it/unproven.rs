//! What an anonymous form says of somebody: it is kept, and it is of nobody else until a steward says so.

use kernel::Role;
use tonic::Code;
use ventanilla_customer_profile::reactions::ticketing::Affairs;
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::ticketing::v1 as ticketing;

use crate::support::{Say, World, entry, reason, record, ticket_id, time};

const ANA: [&str; 3] = ["Ana", "Ruiz", "Gil"];

impl World {
    /// Somebody writes into a form.
    async fn writes(&self, number: usize, name: [&str; 3], phone: &str) -> SourceRecord {
        self.try_write(record("web-form", "care", &format!("form-{number}")).parts(name).phone(phone)).await.unwrap()
    }

    async fn try_write(&self, said: SourceRecord) -> Result<SourceRecord, tonic::Status> {
        self.harness.surroundings.advance(jiff::SignedDuration::from_millis(1));
        let request = IngestSourceRecordRequest { record: Some(said), request_id: self.request_id() };
        Ok(self.client(Role::Form).ingest_source_record(request).await?.into_inner())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_somebodys_name_and_number_into_a_form_is_not_taken_for_them() {
    let world = World::new().await;
    let known = world.ingest(record("crm", "sales", "1").parts(ANA).phone("600111222")).await;
    world.compared().await;
    let (before, ring) = (world.customer(&known.customer).await, world.lookup("600111222").await);
    let mut said = record("web-form", "care", "form-1").parts(ANA).phone("600111222").observed("2026-11-21T10:00:00Z");
    said.identifiers[0].verified_time = Some(time("2026-11-21T10:00:00Z"));
    let written = world.try_write(said).await.unwrap();
    assert!(written.unproven && written.identifiers[0].verified_time.is_none(), "it proves nothing");
    assert_eq!(written.customer, written.own_customer);
    world.compared().await;
    assert_eq!(world.customer(&known.customer).await, before, "nothing was added to what is known of her");
    assert_eq!(world.lookup("600111222").await, ring, "her line is hers, and no fresher than it was");
    assert_eq!(world.links(&known.customer).await, []);
    // It may be hers: a steward says so, or not.
    let queue = world.queue().await;
    assert_eq!((queue.len(), queue[0].doubt()), (1, MatchDoubt::Unproven));
    world.confirm(&queue[0]).await.unwrap();
    assert_eq!(world.customer(&written.customer).await.name, known.customer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_a_form_alone_knows_is_not_certain_and_tells_nothing() {
    let world = World::new().await;
    let written = world.writes(1, ANA, "600111222").await;
    let opened = ticketing::TicketOpened {
        ticket: ticket_id(1),
        customer: written.customer.clone(),
        ticket_type: ticketing::TicketType::Reclamacion.into(),
        first_received_time: Some(time("2026-11-22T10:00:00Z")),
        ..Default::default()
    };
    world.react(&Affairs, entry(1, &opened.ticket, "2026-11-22T10:00:00Z", &opened)).await;
    let answer = world.lookup("600111222").await;
    assert_eq!((answer.grade(), answer.shared_line), (MatchGrade::Probable, false));
    assert_eq!((answer.customer, answer.open_ticket_count, answer.open_complaint), (written.customer, 0, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_forms_takes_nobodys_number_away() {
    let world = World::new().await;
    let known = world.ingest(record("crm", "sales", "1").parts(ANA).phone("600111222")).await;
    let again = world.ingest(record("bills", "billing", "1").parts(ANA).phone("600111222")).await;
    for number in 0..12 {
        world.writes(number, ["Hugo", "Soto", "Font"], "600111222").await;
    }
    world.compared().await;
    // The rule is asked once more, of a line that fourteen records carry.
    let later = record("bills", "billing", "1").parts(ANA).phone("600111222").observed("2026-11-22T09:00:00Z");
    world.ingest(SourceRecord { language: 1, ..later }).await;
    world.compared().await;
    assert_eq!(world.customer(&again.own_customer).await.name, known.customer);
    let links = world.links(&known.customer).await;
    assert!(links.iter().all(|link| link.state() == LinkState::Active), "{links:?}");
    let answer = world.lookup("600111222").await;
    assert_eq!((answer.grade(), answer.customer), (MatchGrade::Certain, known.customer));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_writes_over_no_record_that_somebody_proved() {
    let world = World::new().await;
    let known = world.ingest(record("crm", "sales", "1").parts(ANA).phone("600111222")).await;
    let said = || record("crm", "sales", "1").parts(["Hugo", "Soto", "Font"]).observed("2026-11-22T09:00:00Z");
    let refused = world.try_write(said()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "DEPARTMENT_MISMATCH"));
    assert_eq!(world.customer(&known.customer).await.source_records, [known.name]);
    assert_eq!(world.count("source_record_version").await, 1);
}
