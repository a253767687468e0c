//! What a person may ask of their own data, as far as it is this service's alone: nothing is erased while another service
//! is silent, a restored database forgets again, and a restriction goes where its customer goes.

use std::io::Write as _;

use kernel::Role;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;
use ventanilla_proto::customer::v1::rights_service_client::RightsServiceClient;
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::rights::v1::GatherPersonalDataRequest;
use ventanilla_proto::rights::v1::personal_data_service_client::PersonalDataServiceClient;

use crate::support::{Say, World, dni, reason, record};
use testkit::Client;

pub fn rights(world: &World) -> RightsServiceClient<Client> {
    RightsServiceClient::new(world.served.channel(Role::PrivacyOfficer))
}

pub fn ana() -> SourceRecord {
    record("crm", "sales", "CLI-000111").parts(["Anastasia", "Pérez", "Gil"]).phone("600111222").dni(&dni(48_151_623))
}

pub fn berta() -> SourceRecord {
    record("shop", "retail", "S-7").parts(["Berta", "Soler", "Mas"]).phone("600333444").dni(&dni(42_108_151))
}

pub fn id(name: &str) -> Uuid {
    name.rsplit('/').next().unwrap().parse().unwrap()
}

/// Writes into the journal, which lies outside the database, that this person was erased.
pub fn journal(world: &World, erasure: Uuid, customer: &str) {
    journal_all(world, erasure, &[customer]);
}

/// The same of a person with several ids, of which the first one goes on.
pub fn journal_all(world: &World, erasure: Uuid, ids: &[&str]) {
    let folder = world.harness.house().checkpoint_dir;
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("customer-profile.erasures.jsonl");
    let line = serde_json::json!({
        "erasure": erasure,
        "customer": id(ids[0]),
        "ids": ids.iter().map(|name| id(name)).collect::<Vec<_>>(),
        "ground": "objection",
        "asked_at": "2026-11-22T10:00:00Z",
    });
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    writeln!(file, "{line}").unwrap();
}

/// Every row of every table, as text.
pub async fn dump(world: &World) -> String {
    let admin = world.admin().await;
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'customer_profile' order by 1")
            .fetch_all(&admin)
            .await
            .unwrap();
    let mut text = String::new();
    for table in tables {
        let rows = format!("select coalesce(string_agg(t::text, E'\\n'), '') from customer_profile.{table} t");
        text += &sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(rows)).fetch_one(&admin).await.unwrap();
    }
    text
}

/// Whether the text tells of it, in words or in the bytes of a message.
pub fn tells(text: &str, word: &str) -> bool {
    text.contains(word) || text.contains(&hex::encode(word))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_erased_or_exported_while_a_service_does_not_answer() {
    let world = World::new().await;
    let known = world.ingest(ana()).await.customer;
    world.compared().await;
    let before = dump(&world).await;
    let request = EraseCustomerRequest { name: known.clone(), ground: 1, request_id: world.request_id() };
    let refused = rights(&world).erase_customer(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "SERVICE_SILENT"));
    assert_eq!(dump(&world).await, before, "nothing was written");

    let mut pieces = rights(&world).export_customer(ExportCustomerRequest { name: known }).await.unwrap().into_inner();
    let ended = loop {
        match pieces.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("an archive without three services was told to be whole"),
            Err(status) => break status,
        }
    };
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unavailable, "SERVICE_SILENT"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_more_is_said_of_who_was_erased() {
    let world = World::new().await;
    let gone = world.ingest(ana()).await;
    let other = world.ingest(berta()).await.customer;
    world.compared().await;
    journal(&world, Uuid::from_u128(78), &gone.customer);
    let world = world.restarted().await;
    let name = || gone.customer.clone();
    let mut agent = world.client(Role::Agent);
    let mut steward = world.client(Role::Steward);
    let interaction = Interaction {
        channel: 1,
        direction: 1,
        department: "sales".into(),
        summary: "otra vez".into(),
        ..Default::default()
    };
    let vulnerability = Some(Vulnerability { driver: 1, need: "hablar despacio".into(), ..Default::default() });
    let refusals: Vec<(&str, Status)> = vec![
        (
            "RecordInteraction",
            agent
                .record_interaction(RecordInteractionRequest {
                    parent: name(),
                    interaction: Some(interaction),
                    request_id: world.request_id(),
                })
                .await
                .unwrap_err(),
        ),
        (
            "GiveConsent",
            agent
                .give_consent(GiveConsentRequest {
                    parent: name(),
                    purpose: 1,
                    legal_basis: 1,
                    proof: "una grabación".to_owned(),
                    request_id: world.request_id(),
                    ..Default::default()
                })
                .await
                .unwrap_err(),
        ),
        (
            "DeclareVulnerability",
            agent
                .declare_vulnerability(DeclareVulnerabilityRequest {
                    parent: name(),
                    vulnerability,
                    request_id: world.request_id(),
                })
                .await
                .unwrap_err(),
        ),
        (
            "WhatIsKnown",
            agent
                .what_is_known(WhatIsKnownRequest { name: name(), purpose: 1, ..Default::default() })
                .await
                .unwrap_err(),
        ),
        (
            "PreviewMerge",
            steward.preview_merge(PreviewMergeRequest { customers: vec![name(), other] }).await.unwrap_err(),
        ),
        (
            "RestrictCustomer",
            rights(&world)
                .restrict_customer(RestrictCustomerRequest { name: name(), ground: 1, request_id: world.request_id() })
                .await
                .unwrap_err(),
        ),
    ];
    for (method, status) in refusals {
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::FailedPrecondition, "CUSTOMER_ERASED"),
            "{method}"
        );
    }
    let empty = ListTimelineRequest { parent: name(), ..Default::default() };
    assert_eq!(agent.list_timeline(empty).await.unwrap().into_inner().items, []);
    // The department's system sends it once more: that is somebody new.
    let newcomer = world.ingest(ana()).await;
    assert!(newcomer.customer != gone.customer && newcomer.name != gone.name);
    assert_eq!(world.lookup("600111222").await.customer, newcomer.customer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restriction_goes_where_its_customer_goes() {
    let world = World::new().await;
    let (a, b) = (world.ingest(ana()).await, world.ingest(berta()).await);
    world.compared().await;
    let request = RestrictCustomerRequest { name: a.customer.clone(), ground: 3, request_id: world.request_id() };
    let restriction = rights(&world).restrict_customer(request.clone()).await.unwrap().into_inner();
    assert_eq!(rights(&world).restrict_customer(request).await.unwrap().into_inner(), restriction, "a retry");
    assert!(world.lookup("600111222").await.restricted && !world.lookup("600333444").await.restricted);

    let merged = world.merge(&[&a.customer, &b.customer]).await.unwrap();
    assert_eq!(world.customer(&merged.name).await.state(), CustomerState::Restricted);
    assert!(world.lookup("600333444").await.restricted);
    world.unmerge(&merged.name, &[&b.name]).await.unwrap();
    assert_eq!(world.customer(&a.customer).await.state(), CustomerState::Restricted);
    assert_eq!(world.customer(&b.customer).await.state(), CustomerState::Active);

    let lift = || LiftRestrictionRequest { name: restriction.name.clone(), request_id: world.request_id() };
    let lifted = rights(&world).lift_restriction(lift()).await.unwrap().into_inner();
    assert!(lifted.lift_time.is_some());
    assert_eq!(rights(&world).lift_restriction(lift()).await.unwrap().into_inner(), lifted, "what is lifted is lifted");
    assert_eq!(world.customer(&a.customer).await.state(), CustomerState::Active);
    let nobody =
        LiftRestrictionRequest { name: format!("restrictions/{}", Uuid::from_u128(9)), request_id: world.request_id() };
    let nobody = rights(&world).lift_restriction(nobody).await.unwrap_err();
    assert_eq!((nobody.code(), reason(&nobody).as_str()), (Code::NotFound, "RESTRICTION_NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_restricted_as_one_stays_so_when_it_is_taken_apart_and_is_lifted_together() {
    let world = World::new().await;
    let (a, b) = (world.ingest(ana()).await, world.ingest(berta()).await);
    world.compared().await;
    let merged = world.merge(&[&a.customer, &b.customer]).await.unwrap();
    let request = RestrictCustomerRequest { name: a.customer.clone(), ground: 1, request_id: world.request_id() };
    let restriction = rights(&world).restrict_customer(request).await.unwrap().into_inner();
    world.unmerge(&merged.name, &[&b.name]).await.unwrap();
    for (customer, phone) in [(&a.customer, "600111222"), (&b.customer, "600333444")] {
        assert_eq!(world.customer(customer).await.state(), CustomerState::Restricted);
        assert!(world.lookup(phone).await.restricted);
    }
    // Each is told of it in an export, under the id that is theirs.
    let mut service = PersonalDataServiceClient::new(world.served.channel(Role::Service));
    let request = GatherPersonalDataRequest { customers: vec![b.customer.clone()] };
    let mut records = service.gather_personal_data(request).await.unwrap().into_inner();
    let mut told = Vec::new();
    while let Some(answer) = records.message().await.unwrap() {
        told.extend(answer.record.unwrap().to_msg::<Restriction>());
    }
    assert_eq!(told, [Restriction { customer: b.customer.clone(), ..restriction.clone() }]);
    let lift = LiftRestrictionRequest { name: restriction.name, request_id: world.request_id() };
    rights(&world).lift_restriction(lift).await.unwrap();
    for customer in [&a.customer, &b.customer] {
        assert_eq!(world.customer(customer).await.state(), CustomerState::Active);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restriction_that_an_older_binary_writes_beside_this_schema_covers_everybody_it_was_stated_of() {
    // As the binary before 20261208102000 says it (`restrict` of store/rights.rs then): it names nobody that it covers.
    const FORMER: &str = "with stated as (
             insert into customer_profile.restriction (id, customer_id, ground, restricted_at, actor_kind, actor_id)
             values ($1, $2, $3, $4, $5, $6)
         )
         update customer_profile.customer set restricted = true, row_version = row_version + 1, updated_at = $4 where id = $7";
    let world = World::new().await;
    let (a, b) = (world.ingest(ana()).await, world.ingest(berta()).await);
    world.compared().await;
    let merged = world.merge(&[&a.customer, &b.customer]).await.unwrap();
    let restriction = Uuid::from_u128(7);
    let mut tx = world.database.db().await.tx().await.unwrap();
    let written = sqlx::query(FORMER)
        .bind(restriction)
        .bind(id(&a.customer))
        .bind("unlawful")
        .bind(jiff_sqlx::Timestamp::from(world.now()))
        .bind("person")
        .bind("officer")
        .bind(id(&merged.name))
        .execute(&mut *tx)
        .await;
    assert_eq!(written.unwrap().rows_affected(), 1);
    tx.commit().await.unwrap();
    world.unmerge(&merged.name, &[&b.name]).await.unwrap();
    for customer in [&a.customer, &b.customer] {
        assert_eq!(world.customer(customer).await.state(), CustomerState::Restricted);
    }
    let lift = LiftRestrictionRequest { name: format!("restrictions/{restriction}"), request_id: world.request_id() };
    rights(&world).lift_restriction(lift).await.unwrap();
    for customer in [&a.customer, &b.customer] {
        assert_eq!(world.customer(customer).await.state(), CustomerState::Active);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_person_has_kept_for_a_claim_is_not_erased_before_that_is_lifted() {
    let world = World::new().await;
    let known = world.ingest(ana()).await.customer;
    let request = RestrictCustomerRequest {
        name: known.clone(),
        ground: RestrictionGround::NeededForClaim.into(),
        request_id: world.request_id(),
    };
    let restriction = rights(&world).restrict_customer(request).await.unwrap().into_inner();
    let erase = || EraseCustomerRequest { name: known.clone(), ground: 1, request_id: world.request_id() };
    let refused = rights(&world).erase_customer(erase()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "ERASURE_HELD"));
    let details = refused.get_error_details();
    assert_eq!(details.error_info().unwrap().metadata["resource"], restriction.name);
    let kinds = world.entries(3).await;
    assert_eq!(kinds[2], "ventanilla.customer.v1.ErasureRefused", "the refusal is a decision about a right");
    let lift = LiftRestrictionRequest { name: restriction.name, request_id: world.request_id() };
    rights(&world).lift_restriction(lift).await.unwrap();
    // The other services are asked now, and there are none here.
    let refused = rights(&world).erase_customer(erase()).await.unwrap_err();
    assert_eq!(reason(&refused), "SERVICE_SILENT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_proposed_of_a_person_is_told_to_them_without_the_other() {
    let world = World::new().await;
    let name = ["Begoña", "Echeverría", "Larrañaga"];
    let one = world.ingest(record("crm", "sales", "1").parts(name).born("1975-03-12").dni(&dni(20_000_001))).await;
    let other =
        world.ingest(record("bills", "billing", "1").parts(name).born("1975-03-12").dni(&dni(20_000_002))).await;
    assert_eq!(world.queue().await.len(), 1);
    let mut service = PersonalDataServiceClient::new(world.served.channel(Role::Service));
    let request = GatherPersonalDataRequest { customers: vec![one.customer.clone()] };
    let mut records = service.gather_personal_data(request).await.unwrap().into_inner();
    let mut told = Vec::new();
    while let Some(answer) = records.message().await.unwrap() {
        told.extend(answer.record.unwrap().to_msg::<MatchProposal>());
    }
    assert_eq!((told.len(), told[0].state()), (1, MatchProposalState::Open));
    assert_eq!((told[0].first.as_ref().unwrap().name.as_str(), told[0].second.as_ref()), (one.name.as_str(), None));
    assert!(!format!("{told:?}").contains(&other.name));
}

/// Waits until so many sessions of this database wait for a lock.
pub async fn waiting(admin: &sqlx::PgPool, sessions: i64) {
    testkit::eventually(std::time::Duration::from_secs(20), || async {
        let found: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_one(admin)
        .await
        .unwrap();
        if found == sessions { Ok(()) } else { Err(found) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_restricted_while_two_are_taken_apart_is_who_was_named() {
    let world = World::new().await;
    let (a, b) = (world.ingest(ana()).await, world.ingest(berta()).await);
    world.compared().await;
    let merged = world.merge(&[&a.customer, &b.customer]).await.unwrap();
    let admin = world.admin().await;
    let mut gate = world.database.db().await.tx().await.unwrap();
    sqlx::query("select from customer_profile.customer where id = $1 for update")
        .bind(id(&merged.name))
        .execute(&mut *gate)
        .await
        .unwrap();
    let other = if merged.name == a.customer { &b } else { &a };
    let unmerge = UnmergeCustomersRequest {
        name: merged.name.clone(),
        source_records: vec![other.name.clone()],
        reason: "two people".to_owned(),
        etag: merged.etag.clone(),
        request_id: world.request_id(),
    };
    let mut steward = world.client(Role::Steward);
    let unmerge = tokio::spawn(async move { steward.unmerge_customers(unmerge).await });
    waiting(&admin, 1).await;
    let restrict = RestrictCustomerRequest { name: other.customer.clone(), ground: 1, request_id: world.request_id() };
    let mut officer = rights(&world);
    let restrict = tokio::spawn(async move { officer.restrict_customer(restrict).await });
    waiting(&admin, 2).await;
    gate.rollback().await.unwrap();
    unmerge.await.unwrap().unwrap();
    restrict.await.unwrap().unwrap();
    assert_eq!(world.customer(&other.customer).await.state(), CustomerState::Restricted, "who was named");
    assert_eq!(world.customer(&merged.name).await.state(), CustomerState::Active, "and nobody else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_restricted_customer_comes_out_by_a_side_door() {
    let world = World::new().await;
    let (a, b) = (world.ingest(ana()).await, world.ingest(berta()).await);
    world.compared().await;
    let declared = DeclareVulnerabilityRequest {
        parent: a.customer.clone(),
        vulnerability: Some(Vulnerability {
            driver: 2,
            need: "hablar despacio".into(),
            access_class: 1,
            ..Default::default()
        }),
        request_id: world.request_id(),
    };
    world.client(Role::Agent).declare_vulnerability(declared).await.unwrap();
    assert_eq!(world.lookup("600111222").await.priority_right(), PriorityRight::Disability);
    let relation = Relation {
        kind: 2,
        other_customer: b.customer.clone(),
        evidence: "poder 2026/114".to_owned(),
        ..Default::default()
    };
    let stated =
        StateRelationRequest { parent: a.customer.clone(), relation: Some(relation), request_id: world.request_id() };
    let relation = world.client(Role::Agent).state_relation(stated).await.unwrap().into_inner();
    let request = RestrictCustomerRequest { name: a.customer.clone(), ground: 1, request_id: world.request_id() };
    rights(&world).restrict_customer(request).await.unwrap();

    // Whoever describes them learns that they may be meant, and of no field whether it was right.
    let described = MatchCustomerRequest {
        person: Some(PersonDescription {
            person_name: ana().person_name,
            identifiers: ana().identifiers,
            birth_date: ana().birth_date,
            address: None,
        }),
        max_results: 0,
    };
    let matched = |role| {
        let (mut client, request) = (world.client(role), described.clone());
        async move { client.match_customer(request).await.unwrap().into_inner().matches.remove(0) }
    };
    let kept = CustomerMatch { customer: a.customer.clone(), grade: MatchGrade::Possible.into(), ..Default::default() };
    assert_eq!(matched(Role::Agent).await, kept);
    assert!(!matched(Role::Steward).await.findings.is_empty());
    let ring = world.lookup("600111222").await;
    assert_eq!((ring.restricted, ring.priority_right(), ring.language), (true, PriorityRight::Unspecified, 0));
    let preview = PreviewMergeRequest { customers: vec![a.customer.clone(), b.customer.clone()] };
    let refused = world.client(Role::Supervisor).preview_merge(preview.clone()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CUSTOMER_RESTRICTED"));
    // In whatever order they are named, it is said of whom.
    let turned = PreviewMergeRequest { customers: vec![b.customer.clone(), a.customer.clone()] };
    let refused = world.client(Role::Supervisor).preview_merge(turned).await.unwrap_err();
    assert_eq!(refused.get_error_details().error_info().unwrap().metadata["resource"], a.customer);
    assert!(world.client(Role::Steward).preview_merge(preview).await.is_ok(), "who keeps it sees it");
    let ended = EndRelationRequest { name: relation.name, request_id: world.request_id() };
    assert_eq!(world.client(Role::Agent).end_relation(ended).await.unwrap().into_inner().evidence, "");
    let old = ana().observed("2020-01-01T10:00:00Z").named("Somebody Else");
    let told = world.ingest(old).await;
    assert_eq!((&told.name, told.person_name, told.identifiers.len()), (&a.name, None, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_more_than_is_read_at_once_each_is_told_once() {
    let world = World::new().await;
    let known = world.ingest(ana()).await;
    let versions = (1..=250).map(|day| IngestSourceRecordRequest {
        record: Some(ana().parts(["Anastasia", "Pérez", &format!("Gil{day}")])),
        request_id: world.request_id(),
    });
    let mut told = world
        .client(Role::Crm)
        .ingest_source_records(futures::stream::iter(versions.collect::<Vec<_>>()))
        .await
        .unwrap()
        .into_inner();
    while told.message().await.unwrap().is_some() {}
    let bought = (1..=450).map(|n| IngestFactsRequest {
        dealing: Some(Dealing {
            source_system: "shop".to_owned(),
            external_id: format!("PEDIDO-{n}"),
            customer: known.customer.clone(),
            kind: DealingKind::ContractStart.into(),
            occurred_time: Some(crate::support::time("2026-11-20T10:00:00Z")),
            ..Default::default()
        }),
        request_id: world.request_id(),
    });
    let mut told = world
        .client(Role::Crm)
        .ingest_facts(futures::stream::iter(bought.collect::<Vec<_>>()))
        .await
        .unwrap()
        .into_inner();
    while told.message().await.unwrap().is_some() {}

    let mut service = PersonalDataServiceClient::new(world.served.channel(Role::Service));
    let request = GatherPersonalDataRequest { customers: vec![known.customer.clone()] };
    let mut records = service.gather_personal_data(request).await.unwrap().into_inner();
    let (mut names, mut orders) = (Vec::new(), Vec::new());
    while let Some(answer) = records.message().await.unwrap() {
        let record = answer.record.unwrap();
        if let Ok(version) = record.to_msg::<SourceRecord>() {
            names.push(version.version);
        } else if let Ok(dealing) = record.to_msg::<Dealing>() {
            orders.push(dealing.external_id);
        }
    }
    assert_eq!(names, (1..=251).collect::<Vec<_>>());
    let all = orders.len();
    orders.sort();
    orders.dedup();
    assert_eq!((all, orders.len()), (450, 450));
}
