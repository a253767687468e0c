//! `IngestSourceRecords`: many records in one call, each with a result of its own.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::customer::v1::ingest_source_records_response::Result as Outcome;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, record};

async fn send(world: &World, sent: Vec<IngestSourceRecordRequest>) -> Vec<IngestSourceRecordsResponse> {
    let mut client = world.client(Role::Crm);
    let mut results = client.ingest_source_records(futures::stream::iter(sent)).await.unwrap().into_inner();
    let mut all = Vec::new();
    while let Some(result) = results.message().await.unwrap() {
        all.push(result);
    }
    all
}

fn request(world: &World, record: SourceRecord) -> IngestSourceRecordRequest {
    IngestSourceRecordRequest { record: Some(record), request_id: world.request_id() }
}

fn taken(result: &IngestSourceRecordsResponse) -> &SourceRecord {
    match &result.result {
        Some(Outcome::Record(record)) => record,
        other => panic!("{}: {other:?}", result.number),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_record_has_its_result_in_its_place_and_a_refused_one_stops_no_other() {
    let world = World::new().await;
    let of = |n: u32| record("crm", "sales", &format!("r-{n}")).named("Ana Ruiz Gil").dni(&dni(20_000_000 + n % 900));
    let mut sent: Vec<_> = (0..1_000).map(|n| request(&world, of(n))).collect();
    sent[10].request_id = "not-a-uuid".to_owned();
    sent[500].record = Some(record("crm", "Sales!", "r-500"));
    let results = send(&world, sent.clone()).await;

    assert_eq!(results.iter().map(|r| r.number).collect::<Vec<_>>(), (1..=1_000).collect::<Vec<_>>());
    for (result, asked) in results.iter().zip(&sent) {
        if result.number == 11 || result.number == 501 {
            continue;
        }
        assert_eq!(taken(result).external_id, asked.record.as_ref().unwrap().external_id);
    }
    let refused = |at: usize| match &results[at].result {
        Some(Outcome::Refusal(refusal)) => refusal.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((refused(10).code, refused(10).reason.as_str()), (Code::InvalidArgument as i32, "INVALID_REQUEST"));
    assert_eq!(refused(10).violations[0].field, "request_id");
    let fields: Vec<_> = refused(500).violations.into_iter().map(|v| v.field).collect();
    assert_eq!(fields, ["record.department", "record"]);
    assert_eq!(world.count("source_record").await, 998);
    // The last hundred carry the documents of the first hundred, one of whom was not taken in.
    let again = |n: usize| (taken(&results[n]).customer.clone(), taken(&results[n + 900]).own_customer.clone());
    let (first, second) = again(5);
    assert_eq!(world.customer(&second).await.name, world.customer(&first).await.name);

    let repeated = send(&world, sent).await;
    for (before, after) in results.iter().zip(&repeated) {
        assert_eq!(before.number, after.number);
        if let (Some(Outcome::Record(before)), Some(Outcome::Record(after))) = (&before.result, &after.result) {
            assert_eq!(before, after, "a record that is sent again is answered the same");
        }
    }
    assert_eq!(world.count("source_record").await, 998);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_stream_is_answered_with_nothing() {
    let world = World::new().await;
    assert_eq!(send(&world, Vec::new()).await, []);
}
