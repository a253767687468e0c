//! Whom the exchange names is spoken to in their language and keeps their right, as who is known by their number.

use std::time::{Duration, Instant};

use kernel::Role;
use ventanilla_proto::customer::v1::IngestSourceRecordRequest;
use ventanilla_proto::r#type::v1::Language;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::Doorway;
use ventanilla_tests::scene::people::Person;

use super::{as_role, doorway, exchange_of, stands};

/// Somebody who speaks English and was born in 1940.
async fn old_and_english<'a>(scene: &'a Scene, number: u32) -> (Affair<'a>, String) {
    let affair = Affair::of(scene, Person::numbered(number));
    let observed = prost_types::Timestamp { seconds: scene.ambient.now().as_second() - 3_600, nanos: 0 };
    let mut record = affair.person.record("crm-retail", "billing", &format!("named-{number}"), observed);
    record.birth_date = "1940-05-02".to_owned();
    record.language = Language::En.into();
    let request = IngestSourceRecordRequest { record: Some(record), request_id: scene.request_id() };
    let taken = affair.cast.billing.customers.clone().ingest_source_record(request).await.expect("a good record");
    (affair, taken.into_inner().customer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_named_by_the_exchange_keeps_language_and_right_on_whatever_line_they_call() {
    let scene = Scene::fresh().await;
    let door = doorway(&scene).await;
    let mut exchange = exchange_of(&scene, &door);
    let (affair, customer) = old_and_english(&scene, 61_000_061).await;
    let named = ("customer", customer.as_str());

    let human = exchange.post("/ivr/v1/human", &[("call", "c61"), named]).await;
    assert_eq!((human.fact("lang"), human.fact("first")), ("en".into(), "true".into()), "{}", human.text());

    // From a telephone that is nobody's, and from one that is withheld.
    let ask = [("call", "c61"), named, ("phone", "+34699999998"), ("recording", "rec-61.wav")];
    let complaint = exchange.post("/ivr/v1/complaint", &ask).await;
    assert_eq!((complaint.fact("ok"), complaint.fact("lang")), ("true".into(), "en".into()), "{}", complaint.text());
    let ticket = stands(&affair, &complaint.fact("ticket")).await;
    assert_eq!((ticket.language(), ticket.served_first, ticket.customer), (Language::En, true, customer.clone()));
    let ask = [("call", "c62"), named, ("phone", "anonymous"), ("when", "morning")];
    let callback = exchange.post("/ivr/v1/callback", &ask).await;
    assert_eq!((callback.fact("ok"), callback.fact("lang")), ("true".into(), "en".into()), "{}", callback.text());

    // What is asked for comes before what is known.
    let ask = [("call", "c63"), named, ("lang", "es"), ("recording", "rec-63.wav")];
    let complaint = exchange.post("/ivr/v1/complaint", &ask).await;
    let ticket = stands(&affair, &complaint.fact("ticket")).await;
    assert_eq!((complaint.fact("lang"), ticket.language()), ("es".into(), Language::Es));
    assert!(ticket.served_first);

    // Nobody has this name: that is said, and a person answers.
    let nobody = format!("customers/{}", uuid::Uuid::from_u128(404));
    let ask = [("call", "c64"), ("customer", nobody.as_str()), ("recording", "rec-64.wav")];
    let refused = exchange.post("/ivr/v1/complaint", &ask).await;
    assert_eq!((refused.fact("reason"), refused.fact("next")), ("CUSTOMER_NOT_FOUND".into(), "human".into()));
    scene.stop().await.expect("the services end well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_named_leaves_their_complaint_though_nobody_tells_who_they_are() {
    let scene = Scene::fresh().await;
    let (affair, customer) = old_and_english(&scene, 61_000_062).await;
    for customer_profile in [format!("http://{}", super::deaf().await), "http://127.0.0.1:1".to_owned()] {
        let peers = scene.peers_with(&[("customer-profile", customer_profile)]);
        let settings = ivr::Settings { limit_ms: 4_000, ..ivr::Settings::default() };
        let callers = scene.callers(edge::LimitSettings::default());
        let state = ivr::State { peers, callers, ambient: scene.ambient.clone(), settings };
        let door = Doorway::open(|_| ivr::router(state)).await;
        let mut exchange = as_role(&scene, &door, Role::Ivr);
        let asked = Instant::now();
        let call = scene.request_id();
        let ask = [("call", call.as_str()), ("customer", customer.as_str()), ("recording", "rec-65.wav")];
        let complaint = exchange.post("/ivr/v1/complaint", &ask).await;
        assert_eq!(complaint.fact("ok"), "true", "{}", complaint.text());
        assert!(asked.elapsed() < Duration::from_secs(4), "it took {:?}", asked.elapsed());
        assert_eq!(stands(&affair, &complaint.fact("ticket")).await.customer, customer);
    }
    scene.stop().await.expect("the services end well");
}
