//! Other rules of matching: what they would change is shown before it is, and is then what they change.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kernel::Role;
use sqlx::Executor as _;
use testkit::Client;
use tonic::{Code, Status};
use uuid::Uuid;
use ventanilla_customer_profile::IdentitySettings;
use ventanilla_proto::customer::v1::rules_service_client::RulesServiceClient;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, reason, record};

/// A middling firm's, and a nation's: among so many strangers more of what agrees is chance.
const FEW: u64 = 100_000;
const MANY: u64 = 1 << 28;

async fn among(expected_records: u64) -> World {
    World::telling(identity(expected_records)).await
}

fn identity(expected_records: u64) -> IdentitySettings {
    IdentitySettings { expected_records, ..Default::default() }
}

fn steward(world: &World) -> RulesServiceClient<Client> {
    RulesServiceClient::new(world.served.channel(Role::Steward))
}

async fn reapply(world: &World) -> Result<RulesReview, Status> {
    // One review is later than another.
    world.harness.surroundings.advance(jiff::SignedDuration::from_secs(1));
    let request = ReapplyRulesRequest { request_id: world.request_id() };
    Ok(steward(world).reapply_rules(request).await?.into_inner())
}

/// The review, once it is so far.
async fn once(world: &World, name: &str, state: RulesReviewState) -> RulesReview {
    testkit::eventually(Duration::from_secs(30), || {
        let (mut client, request) = (steward(world), GetRulesReviewRequest { name: name.to_owned() });
        async move {
            let review = client.get_rules_review(request).await.unwrap().into_inner();
            if review.state() == state { Ok(review) } else { Err(review) }
        }
    })
    .await
}

async fn apply(world: &World, review: &RulesReview) -> Result<RulesReview, Status> {
    let request = ApplyRulesReviewRequest {
        name: review.name.clone(),
        etag: review.etag.clone(),
        request_id: world.request_id(),
    };
    Ok(steward(world).apply_rules_review(request).await?.into_inner())
}

async fn drop_review(world: &World, review: &RulesReview) -> Result<RulesReview, Status> {
    let request =
        DropRulesReviewRequest { name: review.name.clone(), etag: review.etag.clone(), request_id: world.request_id() };
    Ok(steward(world).drop_rules_review(request).await?.into_inner())
}

/// Every change of a review, page by page.
async fn changes(world: &World, review: &str, kind: RulesChangeKind) -> Vec<RulesChange> {
    let mut request = ListRulesChangesRequest {
        parent: review.to_owned(),
        kind: kind.into(),
        page_size: 7,
        page_token: String::new(),
    };
    let mut all = Vec::new();
    loop {
        let page = steward(world).list_rules_changes(request.clone()).await.unwrap().into_inner();
        all.extend(page.changes);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

/// A pair by what the departments' systems call the two.
type Named = BTreeSet<String>;

/// Who is who: what scores link, what they propose, and which records are one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Picture {
    linked: BTreeSet<Named>,
    proposed: BTreeSet<Named>,
    customers: BTreeSet<Named>,
}

async fn picture(world: &World) -> Picture {
    world.compared().await;
    let admin = world.admin().await;
    let pairs = |from: &'static str| {
        let admin = admin.clone();
        async move {
            let statement = format!(
                "select a.source_system || a.external_id, b.source_system || b.external_id from {from}
                 join customer_profile.source_record a on a.id = record_a
                 join customer_profile.source_record b on b.id = record_b"
            );
            let rows: Vec<(String, String)> =
                sqlx::query_as(sqlx::AssertSqlSafe(statement)).fetch_all(&admin).await.unwrap();
            rows.into_iter().map(|(a, b)| Named::from([a, b])).collect::<BTreeSet<_>>()
        }
    };
    let members: Vec<(Uuid, String)> =
        sqlx::query_as("select customer_id, source_system || external_id from customer_profile.source_record")
            .fetch_all(&admin)
            .await
            .unwrap();
    let mut customers: BTreeMap<Uuid, Named> = BTreeMap::new();
    for (customer, record) in members {
        customers.entry(customer).or_default().insert(record);
    }
    Picture {
        linked: pairs(
            "(select * from customer_profile.identity_link where evidence_kind = 'score' and revoked_at is null) l",
        )
        .await,
        proposed: pairs("(select * from customer_profile.match_proposal where state = 'open') p").await,
        customers: customers.into_values().collect(),
    }
}

/// What the departments say of a street's people: three systems, each with slips of its own.
fn street() -> Vec<SourceRecord> {
    const GIVEN: [&str; 6] = ["Begoña", "Hugo", "Nekane", "María José", "Antonio", "Leire"];
    const SURNAMES: [&str; 7] = ["Echeverría", "Otaegi", "García", "Zubizarreta", "Soto", "Gil", "Larrañaga"];
    let mut all = Vec::new();
    for n in 0..30_usize {
        let name = [GIVEN[n % 6], SURNAMES[(n * 3 + n / 7) % 7], SURNAMES[(n * 5 + 1 + n / 6) % 7]];
        let born = format!("19{:02}-{:02}-{:02}", 50 + n, 1 + n % 12, 1 + (n * 7) % 28);
        let address = PostalAddress {
            lines: vec![format!("Calle Mayor {}", 1 + n / 2)],
            locality: "Tolosa".to_owned(),
            postal_code: "20400".to_owned(),
            ..Default::default()
        };
        let id = format!("-{n:02}");
        let first = record("crm", "sales", &id).parts(name).born(&born);
        all.push(SourceRecord { address: Some(address.clone()), ..first });
        // The second has no second surname in every other case, and the third no birth date.
        let short = if n % 2 == 0 { [name[0], name[1], ""] } else { name };
        let second = record("bills", "billing", &id).parts(short).born(&born);
        all.push(if n % 3 == 0 { SourceRecord { address: Some(address.clone()), ..second } } else { second });
        let third = record("shop", "retail", &id).parts(name);
        all.push(SourceRecord { address: Some(address), ..third });
    }
    all
}

async fn settle_in(world: &World) {
    for said in street() {
        world.ingest(said).await;
    }
}

/// What the review says would be, made of what is.
async fn foretold(world: &World, review: &str, now: &Picture) -> (BTreeSet<Named>, BTreeSet<Named>) {
    let names: Vec<(String, String)> = sqlx::query_as(
        "select 'sourceRecords/' || id, source_system || external_id from customer_profile.source_record",
    )
    .fetch_all(&world.admin().await)
    .await
    .unwrap();
    let names: BTreeMap<String, String> = names.into_iter().collect();
    let named = |change: &RulesChange| change.source_records.iter().map(|r| names[r].clone()).collect::<Named>();
    let (mut linked, mut proposed) = (now.linked.clone(), now.proposed.clone());
    for change in changes(world, review, RulesChangeKind::Assert).await {
        assert!(linked.insert(named(&change)), "{change:?} is linked already");
    }
    for change in changes(world, review, RulesChangeKind::Revoke).await {
        assert!(linked.remove(&named(&change)), "{change:?} is not linked");
    }
    for change in changes(world, review, RulesChangeKind::Propose).await {
        assert!(proposed.insert(named(&change)), "{change:?} is proposed already");
    }
    for change in changes(world, review, RulesChangeKind::Withdraw).await {
        assert!(proposed.remove(&named(&change)), "{change:?} is not proposed");
    }
    (linked, proposed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_other_rules_make_is_what_the_review_foretold_and_what_they_had_made_from_the_start() {
    for (from, to) in [(FEW, MANY), (MANY, FEW)] {
        let world = among(from).await;
        settle_in(&world).await;
        let before = picture(&world).await;
        let world = world.restarted_with(identity(to)).await;
        assert_eq!(picture(&world).await, before, "another file brings nothing into force");

        let begun = reapply(&world).await.unwrap();
        assert_eq!((begun.state(), begun.record_count), (RulesReviewState::Comparing, 90));
        let ready = once(&world, &begun.name, RulesReviewState::Ready).await;
        assert_eq!(ready.done_count, 90);
        assert!(ready.rules_version.ends_with(&format!("2^{}", to.next_power_of_two().trailing_zeros())));
        assert_ne!(ready.rules_version, ready.rules_version_in_force);
        let counted = ready.assert_count + ready.revoke_count + ready.propose_count + ready.withdraw_count;
        let listed = changes(&world, &ready.name, RulesChangeKind::Unspecified).await;
        assert_eq!(usize::try_from(counted).unwrap(), listed.len());
        assert!(ready.revoke_count.max(ready.assert_count) > 3, "the street is one in which rules matter: {ready:?}");
        assert_eq!(picture(&world).await, before, "to look changes nothing");
        let (linked, proposed) = foretold(&world, &ready.name, &before).await;

        let applying = apply(&world, &ready).await.unwrap();
        assert_eq!(applying.state(), RulesReviewState::Applying);
        let applied = once(&world, &ready.name, RulesReviewState::Applied).await;
        assert!(applied.end_time.is_some() && applied.decided_by == "test-steward", "{applied:?}");
        let after = picture(&world).await;
        assert_eq!((&after.linked, &after.proposed), (&linked, &proposed), "as foretold");

        let from_the_start = among(to).await;
        settle_in(&from_the_start).await;
        assert_eq!(after, picture(&from_the_start).await, "as if the rules had always been these");
        let unjudged = "select count(*) from customer_profile.source_record where compared_by <> $1";
        let unjudged: i64 =
            sqlx::query_scalar(unjudged).bind(&applied.rules_version).fetch_one(&world.admin().await).await.unwrap();
        assert_eq!(unjudged, 0);

        // Whoever comes now is judged by them, and so it is after a start with the old file.
        let world = world.restarted_with(identity(from)).await;
        assert_eq!(picture(&world).await, after);
        let again = reapply(&world).await.unwrap();
        assert_eq!(again.rules_version_in_force, applied.rules_version);
        once(&world, &again.name, RulesReviewState::Ready).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_are_dropped_change_nothing_and_what_stewards_said_outlives_rules() {
    let world = among(FEW).await;
    settle_in(&world).await;
    let queue = world.queue().await;
    assert!(queue.len() >= 2, "there is something to answer");
    world.confirm(&queue[0]).await.unwrap();
    let second = world.queue().await.remove(0);
    world.reject(&second).await.unwrap();
    let before = picture(&world).await;

    let world = world.restarted_with(identity(MANY)).await;
    let begun = reapply(&world).await.unwrap();
    let open = reapply(&world).await.unwrap_err();
    assert_eq!((open.code(), reason(&open).as_str()), (Code::FailedPrecondition, "RULES_REVIEW_OPEN"));
    let ready = once(&world, &begun.name, RulesReviewState::Ready).await;
    let stale = apply(&world, &begun).await.unwrap_err();
    assert_eq!((stale.code(), reason(&stale).as_str()), (Code::Aborted, "STALE_ETAG"));
    let dropped = drop_review(&world, &ready).await.unwrap();
    assert_eq!(dropped.state(), RulesReviewState::Dropped);
    let late = apply(&world, &dropped).await.unwrap_err();
    assert_eq!((late.code(), reason(&late).as_str()), (Code::FailedPrecondition, "RULES_REVIEW_STATE"));
    assert_eq!(picture(&world).await, before);

    let begun = reapply(&world).await.unwrap();
    let ready = once(&world, &begun.name, RulesReviewState::Ready).await;
    let answered = |of: &MatchProposal| {
        [of.first.as_ref().unwrap().name.clone(), of.second.as_ref().unwrap().name.clone()]
            .into_iter()
            .collect::<Named>()
    };
    let proposed = changes(&world, &ready.name, RulesChangeKind::Propose).await;
    for change in &proposed {
        let pair: Named = change.source_records.iter().cloned().collect();
        assert!(![answered(&queue[0]), answered(&second)].contains(&pair), "a steward spoke of {pair:?}");
        assert_eq!(change.customers.len(), 2);
        assert!(change.score.is_some());
    }
    apply(&world, &ready).await.unwrap();
    once(&world, &ready.name, RulesReviewState::Applied).await;
    let confirmed = answered(&queue[0]);
    let of = |name: &str| {
        let id: Uuid = name.trim_start_matches("sourceRecords/").parse().unwrap();
        let world = &world;
        async move {
            let statement = "select customer_id from customer_profile.source_record where id = $1";
            sqlx::query_scalar::<_, Uuid>(statement).bind(id).fetch_one(&world.admin().await).await.unwrap()
        }
    };
    let mut owners = BTreeSet::new();
    for record in &confirmed {
        owners.insert(of(record).await);
    }
    assert_eq!(owners.len(), 1, "the two that a steward holds to be one stay one");

    let newest = ListRulesReviewsRequest { page_size: 1, ..Default::default() };
    let page = steward(&world).list_rules_reviews(newest).await.unwrap().into_inner();
    assert_eq!(page.reviews[0].name, ready.name, "the newest first");
    let next = ListRulesReviewsRequest { page_size: 5, page_token: page.next_page_token };
    let rest = steward(&world).list_rules_reviews(next).await.unwrap().into_inner();
    assert_eq!(rest.reviews.len(), 1);
    assert_eq!(rest.reviews[0].name, dropped.name);
    let written = world.admin().await;
    let kinds: Vec<String> = sqlx::query_scalar(
        "select type from (select inbox_id as place, type, aggregate from customer_profile.ledger_inbox
                           union all select position, type, aggregate from customer_profile.ledger) e
         where aggregate like 'rulesReviews/%' order by place",
    )
    .fetch_all(&written)
    .await
    .unwrap();
    let expected = ["RulesReviewed", "RulesDropped", "RulesReviewed", "RulesApplied"];
    assert_eq!(kinds, expected.map(|kind| format!("ventanilla.customer.v1.{kind}")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_while_rules_are_reviewed_or_applied_ends_up_under_the_new_ones() {
    let world = among(FEW).await;
    let street = street();
    let (first, rest) = street.split_at(40);
    for said in first {
        world.ingest(said.clone()).await;
    }
    world.compared().await;
    let world = world.restarted_with(identity(MANY)).await;
    let begun = reapply(&world).await.unwrap();
    for said in &rest[..25] {
        world.ingest(said.clone()).await;
    }
    let ready = once(&world, &begun.name, RulesReviewState::Ready).await;
    apply(&world, &ready).await.unwrap();
    for said in &rest[25..] {
        world.ingest(said.clone()).await;
    }
    once(&world, &ready.name, RulesReviewState::Applied).await;
    let after = picture(&world).await;

    let from_the_start = among(MANY).await;
    settle_in(&from_the_start).await;
    assert_eq!(after, picture(&from_the_start).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_rules_never_go_by_one_version() {
    let world = among(FEW).await;
    let folder = world.harness.house().checkpoint_dir;
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("rules.json");
    let mut written: serde_json::Value = sqlx::query_scalar("select rules from customer_profile.matching_rules")
        .fetch_one(&world.admin().await)
        .await
        .unwrap();
    written["thresholds"]["certain"] = serde_json::json!(31.5);
    std::fs::write(&file, written.to_string()).unwrap();
    let settings = IdentitySettings { rules_file: Some(file), ..identity(FEW) };
    let world = world.restarted_with(settings).await;
    let refused = reapply(&world).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "RULES_VERSION_REUSED"));
    assert_eq!(world.count("rules_review").await, 0);
}

/// The changes of a review, by what the departments' systems call the records.
async fn told(world: &World, review: &RulesReview) -> BTreeSet<(i32, BTreeSet<String>)> {
    let all = changes(world, &review.name, RulesChangeKind::Unspecified).await;
    all.into_iter().map(|change| (change.kind, change.source_records.into_iter().collect())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_waits_for_the_records_that_wait_for_their_keys_or_to_be_compared() {
    let without_keys = "with gone as (
             delete from customer_profile.match_key k using customer_profile.source_record r
             where r.id = k.source_record_id and r.source_system = 'bills'
         )
         update customer_profile.source_record set keyed_by = null, compared_by = null where source_system = 'bills'";
    let not_compared = "with gone as (
             delete from customer_profile.match_proposal p using customer_profile.source_record r
             where r.id in (p.record_a, p.record_b) and r.source_system = 'bills' and p.state = 'open'
         )
         update customer_profile.source_record set compared_by = null where source_system = 'bills'";
    let world = among(FEW).await;
    settle_in(&world).await;
    assert!(!picture(&world).await.proposed.is_empty(), "something is proposed");
    let mut world = world.restarted_with(identity(MANY)).await;
    let begun = reapply(&world).await.unwrap();
    let ready = once(&world, &begun.name, RulesReviewState::Ready).await;
    let expected = told(&world, &ready).await;
    assert!(expected.len() > 3, "{expected:?}");
    drop_review(&world, &ready).await.unwrap();
    for backlog in [without_keys, not_compared] {
        let stopped = world.stopped().await;
        let admin = stopped.admin().await;
        sqlx::query(backlog).execute(&admin).await.unwrap();
        // Whoever makes keys or compares leaves them to who holds them.
        let mut busy = admin.acquire().await.unwrap();
        let held = "begin; select from customer_profile.source_record where source_system = 'bills' for update";
        busy.execute(held).await.unwrap();
        world = stopped.started(identity(MANY)).await;
        let begun = reapply(&world).await.unwrap();
        for _ in 0..200 {
            let request = GetRulesReviewRequest { name: begun.name.clone() };
            let review = steward(&world).get_rules_review(request).await.unwrap().into_inner();
            assert_eq!(review.state(), RulesReviewState::Comparing, "nobody knows yet: {review:?}");
        }
        busy.execute("rollback").await.unwrap();
        let ready = once(&world, &begun.name, RulesReviewState::Ready).await;
        assert_eq!(told(&world, &ready).await, expected);
        drop_review(&world, &ready).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_has_the_keys_made_anew_that_a_process_of_before_made() {
    let world = among(MANY).await;
    settle_in(&world).await;
    picture(&world).await;
    let world = world.restarted_with(identity(FEW)).await;
    let begun = reapply(&world).await.unwrap();
    let ready = once(&world, &begun.name, RulesReviewState::Ready).await;
    let expected = told(&world, &ready).await;
    assert!(expected.len() > 3, "{expected:?}");
    drop_review(&world, &ready).await.unwrap();
    // This process looked for such records when it started, and saw that there were none.
    let by_others = "with keyed as (update customer_profile.source_record set keyed_by = 'keys-0')
                     update customer_profile.match_key set key = gen_random_uuid()";
    sqlx::query(by_others).execute(&world.admin().await).await.unwrap();
    let begun = reapply(&world).await.unwrap();
    let ready = once(&world, &begun.name, RulesReviewState::Ready).await;
    assert_eq!(told(&world, &ready).await, expected, "nobody is looked for by keys that find nobody");
    apply(&world, &ready).await.unwrap();
    once(&world, &ready.name, RulesReviewState::Applied).await;
    let keyed: Vec<String> = sqlx::query_scalar("select distinct keyed_by from customer_profile.source_record")
        .fetch_all(&world.admin().await)
        .await
        .unwrap();
    assert_eq!(keyed, [customer_profile_domain::matching::KEYS_VERSION]);
}
