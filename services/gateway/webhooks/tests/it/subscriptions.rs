//! Who makes, sees and changes subscriptions; their secrets; what is wrong with a request.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::webhook::v1 as proto;
use ventanilla_proto::webhook::v1::SubscriptionState;

use crate::receiver::Receiver;
use crate::world::{World, fields, of, reason, subscription, supervisor};

const URL: &str = "https://hooks.example.com/in";

fn create(world: &World, subscription: proto::Subscription) -> proto::CreateSubscriptionRequest {
    proto::CreateSubscriptionRequest { subscription: Some(subscription), request_id: world.uuid() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_department_sees_and_changes_its_own_and_an_sre_all() {
    let world = World::new().await;
    let served = world.start().await;
    let mut billing = supervisor(&served);
    let request = create(&world, subscription(URL, &["ticketing.*"]));
    let made = billing.create_subscription(request.clone()).await.unwrap().into_inner();
    let again = billing.create_subscription(request).await.unwrap().into_inner();
    assert_eq!(again, made, "a retry is told the same, the secret too");
    let kept: Vec<u8> =
        sqlx::query_scalar("select answer from webhooks.request").fetch_one(&world.admin).await.unwrap();
    assert!(!String::from_utf8_lossy(&kept).contains("whsec_"), "and no secret is kept");
    let made = made.subscription.unwrap();
    assert_eq!((made.department.as_str(), made.departments.as_slice()), ("billing", ["billing".to_owned()].as_slice()));
    assert_eq!(made.state(), SubscriptionState::Active);

    let mut network = of(&served, Role::Crm, Some("network"));
    let get = || proto::GetSubscriptionRequest { name: made.name.clone() };
    let refused = network.get_subscription(get()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "SUBSCRIPTION_NOT_FOUND"));
    let delete = || proto::DeleteSubscriptionRequest {
        name: made.name.clone(),
        etag: made.etag.clone(),
        request_id: world.uuid(),
    };
    assert_eq!(network.delete_subscription(delete()).await.unwrap_err().code(), Code::NotFound);
    let theirs = proto::Subscription { department: "billing".to_owned(), ..subscription(URL, &["*"]) };
    let refused = network.create_subscription(create(&world, theirs)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "NOT_YOUR_DEPARTMENT"));
    let theirs = proto::Subscription { departments: vec!["billing".to_owned()], ..subscription(URL, &["*"]) };
    let refused = network.create_subscription(create(&world, theirs)).await.unwrap_err();
    assert_eq!(reason(&refused), "NOT_YOUR_DEPARTMENT");

    let mut sre = of(&served, Role::Sre, None);
    let refused = sre.create_subscription(create(&world, subscription(URL, &["*"]))).await.unwrap_err();
    assert_eq!(fields(&refused), ["subscription.department"]);
    let all = proto::Subscription { department: "network".to_owned(), ..subscription(URL, &["*"]) };
    let all = sre.create_subscription(create(&world, all)).await.unwrap().into_inner().subscription.unwrap();
    assert!(all.departments.is_empty(), "all of them");
    let list = proto::ListSubscriptionsRequest::default();
    let names = |answer: proto::ListSubscriptionsResponse| -> Vec<String> {
        answer.subscriptions.into_iter().map(|one| one.name).collect()
    };
    let seen = names(sre.list_subscriptions(list.clone()).await.unwrap().into_inner());
    assert_eq!(seen, [all.name.clone(), made.name.clone()]);
    assert_eq!(names(network.list_subscriptions(list.clone()).await.unwrap().into_inner()), [all.name]);
    let mut auditor = of(&served, Role::Auditor, None);
    let one = proto::ListSubscriptionsRequest { page_size: 1, ..list };
    let first = auditor.list_subscriptions(one.clone()).await.unwrap().into_inner();
    let next = proto::ListSubscriptionsRequest { page_token: first.next_page_token.clone(), ..one };
    let second = auditor.list_subscriptions(next).await.unwrap().into_inner();
    assert_eq!((names(second.clone()), second.next_page_token.as_str()), (vec![made.name.clone()], ""));
    assert_eq!(auditor.delete_subscription(delete()).await.unwrap_err().code(), Code::PermissionDenied);

    billing.delete_subscription(delete()).await.unwrap();
    assert_eq!(billing.get_subscription(get()).await.unwrap_err().code(), Code::NotFound);
    let left: i64 = sqlx::query_scalar("select count(*) from webhooks.secret").fetch_one(&world.admin).await.unwrap();
    assert_eq!(left, 1);
    assert_eq!(world.told::<proto::SubscriptionDeleted>().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_secrets_sign_until_the_time_of_grace_is_over() {
    let world = World::new().await;
    let served = world.start().await;
    let receiver = Receiver::start().await;
    let (made, first) = world.subscribe(&served, &receiver).await;
    let mut client = supervisor(&served);
    let test = || proto::SendTestEventRequest { name: made.name.clone(), request_id: world.uuid() };
    client.send_test_event(test()).await.unwrap();
    let rotate = |etag: &str, seconds: i64| proto::RotateSecretRequest {
        name: made.name.clone(),
        grace_duration: Some(prost_types::Duration { seconds, nanos: 0 }),
        etag: etag.to_owned(),
        request_id: world.uuid(),
    };
    receiver.got_at_least(1).await;
    let request = rotate(&made.etag, 3_600);
    let second = client.rotate_secret(request.clone()).await.unwrap().into_inner();
    assert_eq!(client.rotate_secret(request).await.unwrap().into_inner(), second, "a retry is told the same");
    assert_ne!(second.secret, first);
    let shown = second.subscription.unwrap();
    assert!(shown.secret_number == 2 && shown.former_secret_until_time.is_some());
    client.send_test_event(test()).await.unwrap();
    receiver.got_at_least(2).await;
    // A secret that leaked signs no more at once.
    let third = client.rotate_secret(rotate(&shown.etag, 0)).await.unwrap().into_inner();
    client.send_test_event(test()).await.unwrap();
    let got = receiver.got_at_least(3).await;
    let by: Vec<usize> = got.iter().map(|got| got.header("webhook-signature").split(' ').count()).collect();
    assert_eq!(by, [1, 2, 1]);
    for (place, secret, holds) in [
        (0, &first, true),
        (0, &second.secret, false),
        (1, &first, true),
        (1, &second.secret, true),
        (2, &first, false),
        (2, &second.secret, false),
        (2, &third.secret, true),
    ] {
        assert_eq!(crate::oracles::recomputed(&got[place], secret), holds, "{place}");
    }
    assert_eq!(got[0].json()["type"], "ventanilla.webhook.subscription.tested.v1");
    assert_eq!(world.told::<proto::SecretRotated>().await.len(), 2);
    assert_eq!(world.told::<proto::SubscriptionTested>().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_wrong_with_a_subscription_is_told_at_once() {
    let world = World::new().await;
    let served = world.start().await;
    let mut client = supervisor(&served);
    let wrong = proto::Subscription {
        url: "https://10.0.0.1/".to_owned(),
        event_types: vec!["ticketing.*".to_owned(), "ticketing.tickets.*".to_owned(), "Ticketing".to_owned()],
        departments: vec!["Billing".to_owned()],
        department: "?".to_owned(),
        description: "a".repeat(501),
        ..Default::default()
    };
    let request = proto::CreateSubscriptionRequest { subscription: Some(wrong), request_id: "x".to_owned() };
    let refused = client.create_subscription(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(
        fields(&refused),
        [
            "subscription.url",
            "subscription.event_types[1]",
            "subscription.event_types[2]",
            "subscription.departments[0]",
            "subscription.description",
            "subscription.department",
            "request_id"
        ]
    );
    for inside in
        ["http://hooks.example.com/", "https://user@hooks.example.com/", "https://[::1]/", "https://167772161/"]
    {
        let request = create(&world, subscription(inside, &["*"]));
        let refused = client.create_subscription(request).await.unwrap_err();
        assert_eq!(fields(&refused), ["subscription.url"], "{inside}");
    }
    let written: i64 =
        sqlx::query_scalar("select count(*) from webhooks.subscription").fetch_one(&world.admin).await.unwrap();
    assert_eq!(written, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_department_has_as_many_as_it_may_whoever_asks_at_once() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.most_subscriptions = 3;
    let served = world.start_with(settings).await;
    let calls = (0..8).map(|_| {
        let (mut client, request) = (supervisor(&served), create(&world, subscription(URL, &["*"])));
        tokio::spawn(async move { client.create_subscription(request).await })
    });
    let mut made = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(_) => made += 1,
            Err(refused) => assert_eq!(reason(&refused), "TOO_MANY_SUBSCRIPTIONS"),
        }
    }
    assert_eq!(made, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_goes_by_the_version_it_was_decided_on_and_what_waits_goes_to_the_new_place() {
    let world = World::new().await;
    let served = world.start().await;
    let (old, new) = (Receiver::that(|_| crate::receiver::Reply::Answer(500, "")).await, Receiver::start().await);
    let (made, _) = world.subscribe(&served, &old).await;
    world.open("billing").await;
    old.got_at_least(1).await;
    let mut client = supervisor(&served);
    let change = |etag: &str| proto::UpdateSubscriptionRequest {
        name: made.name.clone(),
        subscription: Some(subscription(&new.url(), &["ticketing.*"])),
        etag: etag.to_owned(),
        request_id: world.uuid(),
    };
    let refused = client.update_subscription(change("\"99\"")).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "STALE_ETAG"));
    let changed = client.update_subscription(change(&made.etag)).await.unwrap().into_inner();
    assert_eq!((changed.url, changed.event_types), (new.url(), vec!["ticketing.*".to_owned()]));
    new.got_at_least(1).await;
    let told = world.told::<proto::SubscriptionPut>().await;
    assert_eq!((told.len(), told[1].endpoint.as_str()), (2, new.addr.to_string().as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_of_event_is_listed_with_what_the_contract_says_of_it() {
    let world = World::new().await;
    let served = world.start().await;
    let mut client = supervisor(&served);
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = proto::ListEventTypesRequest { page_size: 40, page_token };
        let page = client.list_event_types(request).await.unwrap().into_inner();
        all.extend(page.event_types);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert!(all.len() > 80, "{}", all.len());
    assert!(all.is_sorted_by(|a, b| a.r#type < b.r#type));
    assert!(all.iter().all(|kind| !kind.description.is_empty()), "{all:?}");
    for never in ["DraftSaved", "DisclosureGiven", "VulnerabilityDeclared", "AccessDenied", "TicketOpenedPersonal"] {
        assert!(!all.iter().any(|kind| kind.message.ends_with(never)), "{never}");
    }
}
