//! What customers bought and agreed: told once, summed, and going where their ids go.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::r#type::v1::{Money, Refusal};

use crate::support::{Say, World, dni, entry, record, stranger, ticket_id, time};

fn euros(euros: i64) -> Option<Money> {
    Some(Money { currency_code: "EUR".to_owned(), minor_units: euros * 100 })
}

fn dealing(customer: &str, number: &str, kind: DealingKind, at: &str) -> Dealing {
    Dealing {
        source_system: "shop".to_owned(),
        external_id: number.to_owned(),
        customer: customer.to_owned(),
        kind: kind.into(),
        amount: if matches!(kind, DealingKind::Purchase | DealingKind::Refund) { euros(150) } else { None },
        occurred_time: Some(time(at)),
        create_time: None,
    }
}

/// What became of each of these, told in one stream.
async fn tell(world: &World, dealings: Vec<Dealing>) -> Vec<Result<Dealing, Refusal>> {
    let requests: Vec<IngestFactsRequest> = dealings
        .into_iter()
        .map(|dealing| IngestFactsRequest { dealing: Some(dealing), request_id: world.request_id() })
        .collect();
    send(world, requests).await
}

async fn send(world: &World, requests: Vec<IngestFactsRequest>) -> Vec<Result<Dealing, Refusal>> {
    let mut stream = world.client(Role::Crm).ingest_facts(futures::stream::iter(requests)).await.unwrap().into_inner();
    let mut results = Vec::new();
    while let Some(answer) = stream.message().await.unwrap() {
        assert_eq!(usize::try_from(answer.number), Ok(results.len() + 1));
        results.push(match answer.result.unwrap() {
            ingest_facts_response::Result::Dealing(dealing) => Ok(dealing),
            ingest_facts_response::Result::Refusal(refusal) => Err(refusal),
        });
    }
    results
}

async fn worth(world: &World, customer: &str) -> WorthSection {
    world.view(customer).await.worth.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dealings_are_told_once_and_summed() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"])).await.customer;
    assert_eq!(worth(&world, &ana).await.lifecycle(), CustomerLifecycle::Prospect);
    let told = vec![
        dealing(&ana, "1", DealingKind::Purchase, "2025-01-10T10:00:00Z"),
        dealing(&ana, "2", DealingKind::Purchase, "2026-08-20T10:00:00Z"),
        dealing(&ana, "3", DealingKind::Purchase, "2026-09-20T10:00:00Z"),
        dealing(&ana, "4", DealingKind::Refund, "2026-09-25T10:00:00Z"),
        dealing(&ana, "5", DealingKind::Purchase, "2026-11-20T10:00:00Z"),
        Dealing {
            amount: Some(Money { currency_code: "USD".to_owned(), minor_units: 99_900 }),
            ..dealing(&ana, "6", DealingKind::Purchase, "2026-11-21T10:00:00Z")
        },
    ];
    let results = tell(&world, told.clone()).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let kept = results[0].clone().unwrap();
    assert_eq!(Dealing { create_time: None, ..kept.clone() }, told[0]);

    let of_ana = worth(&world, &ana).await;
    // Four purchases within the year, one of them in another currency; three times 150 and once back.
    assert_eq!((of_ana.purchase_count, of_ana.spent.clone()), (4, euros(300)));
    assert_eq!(of_ana.segment(), ValueSegment::Middle);
    assert_eq!(of_ana.last_purchase_time, Some(time("2026-11-21T10:00:00Z")));
    assert_eq!(of_ana.first_dealing_time, Some(time("2025-01-10T10:00:00Z")), "older than the year that is summed");
    assert_eq!(of_ana.lifecycle(), CustomerLifecycle::WonBack, "a silence of nineteen months ended in August");
    assert!(of_ana.purchase_rhythm.is_some() && of_ana.churn_signals.is_empty());

    // Told again it changes nothing, told otherwise it is refused.
    let entries = world.entries(7).await;
    assert_eq!(entries.iter().filter(|e| e.ends_with("DealingRecorded")).count(), 6);
    let other = Dealing { amount: euros(151), ..told[0].clone() };
    let again = tell(&world, vec![told[0].clone(), other]).await;
    assert_eq!(again[0], Ok(kept));
    let refused = again[1].clone().unwrap_err();
    assert_eq!((refused.code, refused.reason.as_str()), (i32::from(Code::FailedPrecondition), "DEALING_DIFFERS"));
    assert_eq!(world.count("dealing").await, 6);
    assert_eq!(world.entries(7).await, entries);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dealings_go_where_their_ids_go() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"]).dni(&dni(20_000_001))).await;
    let other = world.ingest(record("web", "retail", "2").parts(["Ana", "Peres", "Gil"]).dni(&dni(20_000_002))).await;
    world.compared().await;
    let start = dealing(&ana.customer, "A", DealingKind::ContractStart, "2024-05-01T10:00:00Z");
    let bought = dealing(&other.customer, "B", DealingKind::Purchase, "2026-11-01T10:00:00Z");
    assert!(tell(&world, vec![start, bought]).await.iter().all(Result::is_ok));
    let apart = [worth(&world, &ana.customer).await, worth(&world, &other.customer).await];
    assert_eq!(apart.each_ref().map(|w| (w.contract_count, w.purchase_count)), [(1, 0), (0, 1)]);
    let whole = world.merge(&[&ana.customer, &other.customer]).await.unwrap();
    let together = worth(&world, &whole.name).await;
    assert_eq!((together.contract_count, together.purchase_count), (1, 1));
    // Told again by the other id of one customer it is the same fact.
    let retold = dealing(&other.customer, "A", DealingKind::ContractStart, "2024-05-01T10:00:00Z");
    assert!(tell(&world, vec![retold]).await.iter().all(Result::is_ok));
    let together = worth(&world, &whole.name).await;
    assert_eq!((together.contract_count, together.purchase_count), (1, 1));
    world.unmerge(&whole.name, &[&other.name]).await.unwrap();
    let again = [worth(&world, &ana.customer).await, worth(&world, &other.customer).await];
    assert_eq!(again.each_ref().map(|w| (w.contract_count, w.purchase_count)), [(1, 0), (0, 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_complaint_speaks_of_leaving() {
    use ventanilla_customer_profile::reactions::ticketing::Affairs;
    use ventanilla_proto::ticketing::v1 as ticketing;
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"])).await.customer;
    tell(&world, vec![dealing(&ana, "A", DealingKind::ContractStart, "2024-05-01T10:00:00Z")]).await;
    assert_eq!(worth(&world, &ana).await.lifecycle(), CustomerLifecycle::Active);
    let opened = ticketing::TicketOpened {
        ticket: ticket_id(1),
        customer: ana.clone(),
        ticket_type: ticketing::TicketType::Reclamacion.into(),
        severity: ticketing::Severity::High.into(),
        channel: 1,
        department: "sales".to_owned(),
        first_received_time: Some(time("2026-11-22T10:00:00Z")),
        ..Default::default()
    };
    world.react(&Affairs, entry(1, &ticket_id(1), "2026-11-22T10:00:00Z", &opened)).await;
    let of_ana = worth(&world, &ana).await;
    assert_eq!(of_ana.lifecycle(), CustomerLifecycle::AtRisk);
    assert_eq!(of_ana.churn_signals().collect::<Vec<_>>(), [ChurnSignal::Complaint]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_dealing_is_named_and_stops_no_other() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"])).await.customer;
    let good = dealing(&ana, "1", DealingKind::Purchase, "2026-11-20T10:00:00Z");
    let at = |dealing: Option<Dealing>, request_id: &str| IngestFactsRequest {
        dealing,
        request_id: if request_id.is_empty() { world.request_id() } else { request_id.to_owned() },
    };
    let money = |currency_code: &str, minor_units| Some(Money { currency_code: currency_code.to_owned(), minor_units });
    let cases = vec![
        (
            at(None, ""),
            vec![
                "dealing",
                "dealing.source_system",
                "dealing.external_id",
                "dealing.customer",
                "dealing.kind",
                "dealing.occurred_time",
            ],
        ),
        (at(Some(good.clone()), "no uuid"), vec!["request_id"]),
        (at(Some(Dealing { kind: 999, ..good.clone() }), ""), vec!["dealing.kind"]),
        (at(Some(Dealing { amount: None, ..good.clone() }), ""), vec!["dealing.amount"]),
        (
            at(Some(Dealing { amount: money("eur", 0), ..good.clone() }), ""),
            vec!["dealing.amount.currency_code", "dealing.amount.minor_units"],
        ),
        (at(Some(Dealing { amount: money("EUR", i64::MAX), ..good.clone() }), ""), vec!["dealing.amount.minor_units"]),
        (at(Some(Dealing { kind: DealingKind::ContractEnd.into(), ..good.clone() }), ""), vec!["dealing.amount"]),
        (
            at(Some(Dealing { occurred_time: Some(time("2026-12-24T10:00:00Z")), ..good.clone() }), ""),
            vec!["dealing.occurred_time"],
        ),
        (at(Some(Dealing { external_id: "x".repeat(201), ..good.clone() }), ""), vec!["dealing.external_id"]),
    ];
    let mut requests: Vec<IngestFactsRequest> = cases.iter().map(|(request, _)| request.clone()).collect();
    requests.push(at(Some(Dealing { customer: stranger(), ..good.clone() }), ""));
    requests.push(at(Some(good), ""));
    let mut results = send(&world, requests).await;
    assert!(results.pop().unwrap().is_ok(), "the good one is taken");
    let unknown = results.pop().unwrap().unwrap_err();
    assert_eq!((unknown.code, unknown.reason.as_str()), (i32::from(Code::NotFound), "CUSTOMER_NOT_FOUND"));
    for (result, (_, fields)) in results.into_iter().zip(cases) {
        let refused = result.unwrap_err();
        assert_eq!(refused.code, i32::from(Code::InvalidArgument));
        assert_eq!(refused.violations.iter().map(|v| v.field.as_str()).collect::<Vec<_>>(), fields);
    }
    assert_eq!(world.count("dealing").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_back_their_agreement_to_be_profiled_is_not_judged() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"])).await.customer;
    // Every month, and not since: late.
    let months = ["2026-05", "2026-06", "2026-07", "2026-08"];
    let bought = |month: &&str| dealing(&ana, month, DealingKind::Purchase, &format!("{month}-20T10:00:00Z"));
    tell(&world, months.iter().map(bought).collect()).await;
    let judged = worth(&world, &ana).await;
    assert_eq!((judged.lifecycle(), judged.segment()), (CustomerLifecycle::AtRisk, ValueSegment::Middle));
    assert_eq!(judged.churn_signals().collect::<Vec<_>>(), [ChurnSignal::PurchaseLate]);

    let withdrawn = WithdrawConsentRequest {
        parent: ana.clone(),
        purpose: ConsentPurpose::Profiling.into(),
        request_id: world.request_id(),
        ..Default::default()
    };
    world.client(Role::Agent).withdraw_consent(withdrawn).await.unwrap();
    let told = worth(&world, &ana).await;
    assert_eq!((told.lifecycle(), told.segment()), (CustomerLifecycle::Active, ValueSegment::Unspecified));
    assert_eq!(told.churn_signals().collect::<Vec<_>>(), []);
    assert_eq!((told.purchase_count, told.spent), (judged.purchase_count, judged.spent), "what was bought is told");

    let agreed = GiveConsentRequest {
        parent: ana.clone(),
        purpose: ConsentPurpose::Profiling.into(),
        legal_basis: LegalBasis::Consent.into(),
        proof: "recording 4712".to_owned(),
        request_id: world.request_id(),
        ..Default::default()
    };
    world.harness.surroundings.advance(jiff::SignedDuration::from_millis(1));
    world.client(Role::Agent).give_consent(agreed).await.unwrap();
    assert_eq!(worth(&world, &ana).await.lifecycle(), CustomerLifecycle::AtRisk);
}
