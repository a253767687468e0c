//! The dossier holds the customer as the firm's screen showed them when the case was opened.

use std::time::Duration;

use prost::Message as _;
use testkit::eventually;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::world::{CUSTOMER, World, open_request, uuid_of};

fn shown(language: &str) -> customer::CustomerView {
    let customer = customer::Customer { name: CUSTOMER.into(), etag: language.into(), ..Default::default() };
    let golden = Some(customer::GoldenSection { customer: Some(customer), ..Default::default() });
    customer::CustomerView { name: CUSTOMER.into(), golden, ..Default::default() }
}

async fn entries(mut client: crate::world::Office, case: &str) -> Vec<pb::DossierEntry> {
    let request = pb::ListDossierEntriesRequest { parent: case.to_owned(), page_size: 100, ..Default::default() };
    client.list_dossier_entries(request).await.unwrap().into_inner().entries
}

fn screens(entries: &[pb::DossierEntry]) -> Vec<&pb::DossierEntry> {
    entries.iter().filter(|entry| entry.kind() == pb::DossierKind::ScreenSnapshot).collect()
}

fn gaps(entries: &[pb::DossierEntry]) -> Vec<String> {
    let gaps = entries.iter().filter(|entry| entry.kind() == pb::DossierKind::Gap);
    gaps.map(|entry| String::from_utf8(entry.content.clone()).unwrap()).collect()
}

#[tokio::test]
async fn the_screen_as_it_was_stands_in_the_dossier_for_the_office_alone_and_is_erased_with_it() {
    let world = World::staffed().await;
    world.profile().people.show(shown("before"));
    let case = world.seated_case().await.name;
    world.profile().people.show(shown("after"));
    let held = entries(world.ines(), &case).await;
    let [screen] = screens(&held)[..] else { panic!("one screen: {held:?}") };
    assert_eq!(customer::CustomerView::decode(screen.content.as_slice()).unwrap(), shown("before"));
    assert_eq!(screen.content_type, "application/x-protobuf; messageType=\"ventanilla.customer.v1.CustomerView\"");
    assert_eq!(screen.visibility(), pb::DossierVisibility::Office);
    assert!(gaps(&held).iter().all(|gap| !gap.starts_with("customer-profile")), "{held:?}");
    assert!(screens(&entries(world.liaison(), &case).await).is_empty(), "it tells of third persons");
    let words = "select content from ombudsman.dossier_content where case_id = $1 and sequence = $2";
    let words = sqlx::query(words).bind(uuid_of(&case)).bind(screen.sequence);
    assert!(words.fetch_optional(&world.database.admin().await).await.unwrap().is_some(), "where an erasure finds it");
}

#[tokio::test]
async fn a_case_is_opened_while_customer_profile_is_silent_and_takes_the_screen_in_as_it_was_once_it_speaks() {
    let world = World::staffed().await;
    world.profile().people.show(shown("before"));
    world.profile().people.is_silent(true);
    let ticket = world.ticket().await;
    let case = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner();
    let held = entries(world.ines(), &case.name).await;
    assert!(screens(&held).is_empty());
    let gaps = gaps(&held);
    assert!(
        gaps.iter().any(|gap| gap
            .starts_with("customer-profile: the customer as the screen shows them could not be had (Unavailable)")),
        "{gaps:?}"
    );
    world.days(3);
    world.profile().people.is_silent(false);
    let screen = eventually(Duration::from_secs(20), || async {
        let held = entries(world.ines(), &case.name).await;
        screens(&held).first().map(|screen| (*screen).clone()).ok_or(held.len())
    })
    .await;
    let known = customer::Customer::decode(screen.content.as_slice()).unwrap();
    assert_eq!(Some(known), shown("before").golden.unwrap().customer);
    // As known at the opening, and not at the asking.
    let asked = world.profile().people.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].as_of_time, asked[0].known_time), (case.create_time, case.create_time));
    assert_eq!(screen.actor.unwrap().id, "ombudsman-escalation");
    let verdict = world.ines().verify_dossier(pb::VerifyDossierRequest { name: case.name.clone() }).await.unwrap();
    assert!(verdict.into_inner().intact);
    let missing: i64 = sqlx::query_scalar("select count(*) from ombudsman.missing_screen")
        .fetch_one(&world.database.admin().await)
        .await
        .unwrap();
    assert_eq!(missing, 0, "it is asked for once");
}

#[tokio::test]
async fn what_was_erased_meanwhile_is_not_taken_in_and_a_customer_nobody_knows_is_not_asked_for_again() {
    let world = World::staffed().await;
    world.profile().people.is_silent(true);
    let ticket = world.ticket().await;
    let case = world.ines().open_case(open_request(&ticket)).await.unwrap().into_inner().name;
    let other = world.case().await.name;
    let admin = world.database.admin().await;
    // As an erasure leaves it.
    let mut superuser = admin.acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *superuser).await.unwrap();
    sqlx::query("insert into ombudsman.erased_case (case_id, erased_at) values ($1, now())")
        .bind(uuid_of(&case))
        .execute(&mut *superuser)
        .await
        .unwrap();
    let before = entries(world.ines(), &case).await.len();
    world.profile().people.is_silent(false);
    eventually(Duration::from_secs(20), || async {
        let missing: i64 =
            sqlx::query_scalar("select count(*) from ombudsman.missing_screen").fetch_one(&admin).await.unwrap();
        if missing == 0 { Ok(()) } else { Err(missing) }
    })
    .await;
    assert_eq!(entries(world.ines(), &case).await.len(), before);
    let known = gaps(&entries(world.ines(), &other).await);
    assert_eq!(known.last().unwrap(), "customer-profile: it knows no such customer, and shows none");
}
