//! `PreviewMerge`, `MergeCustomers`, `UnmergeCustomers`: seen before it is done, and undone in any order.

use kernel::Role;
use tonic::Code;
use ventanilla_customer_profile::reactions::ticketing::Affairs;
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::ticketing::v1::TicketOpened;

use crate::support::{Say, World, dni, entry, reason, record, stranger, ticket_id};

/// Three people who have nothing in common, as far as anybody knows.
async fn three(world: &World) -> [SourceRecord; 3] {
    let ana = record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222").born("1980-01-01");
    let eva = record("bills", "billing", "2").named("Eva Sanz Oca").dni(&dni(2)).born("1985-05-05");
    let noa = record("shop", "retail", "3").named("Noa Vega Mas");
    let ana = world.ingest(ana.observed("2026-11-20T10:00:00Z")).await;
    let eva = world.ingest(eva.observed("2026-11-21T10:00:00Z")).await;
    let noa = world.ingest(noa.observed("2026-11-19T10:00:00Z")).await;
    [ana, eva, noa]
}

async fn opened(world: &World, n: u64, customer: &str) {
    let payload = TicketOpened {
        ticket: ticket_id(n),
        customer: customer.to_owned(),
        department: "billing".to_owned(),
        first_received_time: Some(crate::support::time("2026-11-22T09:00:00Z")),
        ..Default::default()
    };
    let at = "2026-11-22T09:00:00Z";
    world.react(&Affairs, entry(i64::try_from(n).unwrap(), &ticket_id(n), at, &payload)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_names_pairs_winners_and_what_is_touched_and_the_merge_is_just_that() {
    let world = World::new().await;
    let [ana, eva, _] = three(&world).await;
    opened(&world, 1, &eva.customer).await;
    // Sequenced, so that no entry is on its way between the counts.
    world.entries(3).await;
    let before = world.count("identity_link").await + world.count("ledger").await;
    let preview = world.preview(&[&eva.customer, &ana.customer]).await.unwrap();
    assert_eq!(world.count("identity_link").await + world.count("ledger").await, before, "a look writes nothing");
    assert_eq!(world.count("ledger_inbox").await, 0);

    let names: Vec<&str> = preview.customers.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, [&ana.customer, &eva.customer], "the one that goes on first");
    assert_eq!(preview.pairs.len(), 1);
    assert_eq!(preview.pairs[0].source_records, [ana.name.clone(), eva.name.clone()]);
    assert_eq!(preview.pairs[0].grade(), MatchGrade::CertainlyNot, "no rule would say so");
    let choices: Vec<_> = preview.choices.iter().map(|c| (c.path.as_str(), c.winner.as_str())).collect();
    assert_eq!(choices, [("person_name", eva.customer.as_str()), ("birth_date", eva.customer.as_str())]);
    assert_eq!(preview.choices[0].gives_way, std::slice::from_ref(&ana.customer));
    assert_eq!(preview.choices[0].provenance.as_ref().unwrap().rule(), SurvivorshipRule::MostRecent);
    assert_eq!((preview.open_ticket_count, &preview.open_tickets[0].ticket), (1, &ticket_id(1)));

    let merged = world.merge_with(&[&ana.customer, &eva.customer], preview.token).await.unwrap();
    let shown = preview.merged.unwrap();
    assert_eq!(merged, Customer { update_time: merged.update_time, etag: merged.etag.clone(), ..shown });
    assert_eq!(world.customer(&eva.customer).await, merged);
    assert_eq!(world.view(&ana.customer).await.open_tickets.unwrap().total_count, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_stale_once_anything_it_stands_for_has_changed() {
    let world = World::new().await;
    let [ana, eva, noa] = three(&world).await;
    let both = [ana.customer.as_str(), eva.customer.as_str()];
    let token = world.preview(&both).await.unwrap().token;
    opened(&world, 1, &ana.customer).await;
    let refused = world.merge_with(&both, token).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "STALE_MERGE_TOKEN"));
    let token = world.preview(&both).await.unwrap().token;
    world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil").observed("2026-11-22T08:00:00Z")).await;
    assert_eq!(reason(&world.merge_with(&both, token).await.unwrap_err()), "STALE_MERGE_TOKEN");
    // A token of others is none of these.
    let token = world.preview(&[&ana.customer, &noa.customer]).await.unwrap().token;
    assert_eq!(reason(&world.merge_with(&both, token).await.unwrap_err()), "STALE_MERGE_TOKEN");
    assert_eq!(world.count("identity_link").await, 0);
    world.merge(&both).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_stale_once_an_affair_has_changed_that_is_only_counted() {
    let world = World::new().await;
    let [ana, eva, _] = three(&world).await;
    let both = [ana.customer.as_str(), eva.customer.as_str()];
    for n in 1..=51 {
        opened(&world, n, &ana.customer).await;
    }
    let preview = world.preview(&both).await.unwrap();
    assert_eq!((preview.open_tickets.len(), preview.open_ticket_count), (50, 51));
    let shown = |ticket: &String| preview.open_tickets.iter().any(|open| open.ticket == *ticket);
    let counted = (1..=51).map(ticket_id).find(|ticket| !shown(ticket)).unwrap();
    assert_eq!(world.preview(&both).await.unwrap().token, preview.token);
    let moved = "update customer_profile.view_ticket set state = state + 1 where 'tickets/' || ticket_id = $1";
    sqlx::query(moved).bind(&counted).execute(&world.admin().await).await.unwrap();
    let refused = world.merge_with(&both, preview.token).await.unwrap_err();
    assert_eq!(reason(&refused), "STALE_MERGE_TOKEN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unmerge_gives_back_every_later_write_to_the_record_it_came_from() {
    let world = World::new().await;
    let [ana, eva, _] = three(&world).await;
    world.merge(&[&ana.customer, &eva.customer]).await.unwrap();
    world.interaction(&eva.own_customer, "asked about her bill", "2026-11-22T10:00:00Z").await;
    world.interaction(&ana.own_customer, "asked about the shop", "2026-11-22T11:00:00Z").await;
    opened(&world, 1, &eva.own_customer).await;
    let later = record("bills", "billing", "2").named("Eva Sanz Oca").dni(&dni(2)).email("eva@correo.example");
    world.ingest(later.observed("2026-11-22T08:00:00Z")).await;
    assert_eq!(world.view(&ana.customer).await.last_interactions.unwrap().interactions.len(), 2);

    let apart = world.unmerge(&ana.customer, &[&eva.name]).await.unwrap();
    let names: Vec<&str> = apart.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, [&ana.own_customer, &eva.own_customer]);
    let [hers, evas] = [world.view(&ana.own_customer).await, world.view(&eva.own_customer).await];
    let summary = |view: &CustomerView| view.last_interactions.as_ref().unwrap().interactions[0].summary.clone();
    assert_eq!((summary(&hers), summary(&evas)), ("asked about the shop".into(), "asked about her bill".into()));
    assert_eq!((hers.open_tickets.unwrap().total_count, evas.open_tickets.unwrap().total_count), (0, 1));
    let evas = evas.golden.unwrap().customer.unwrap();
    assert!(evas.identifiers.iter().any(|i| i.value.as_ref().unwrap().value == "eva@correo.example"));
    let hers = hers.golden.unwrap().customer.unwrap();
    assert_eq!(hers.identifiers.len(), 1);
    assert_eq!(hers.golden.unwrap().birth_date.unwrap().value, "1980-01-01");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merges_are_undone_in_any_order() {
    let world = World::new().await;
    let [ana, eva, noa] = three(&world).await;
    world.merge(&[&ana.customer, &eva.customer]).await.unwrap();
    let all = world.merge(&[&eva.customer, &noa.customer]).await.unwrap();
    assert_eq!(all.source_records, [ana.name.clone(), eva.name.clone(), noa.name.clone()]);
    // The first merge first: who came later stays.
    world.unmerge(&all.name, &[&ana.name]).await.unwrap();
    assert_eq!(world.customer(&ana.own_customer).await.source_records, std::slice::from_ref(&ana.name));
    let rest: Vec<String> =
        vec![world.customer(&eva.own_customer).await.name, world.customer(&noa.own_customer).await.name];
    let together = world.customer(&eva.own_customer).await.source_records.len();
    assert_eq!((together, rest[0] == rest[1]), (1, false), "they hung together by her alone");
    // And once more the other way round.
    world.merge(&[&eva.own_customer, &noa.own_customer]).await.unwrap();
    let all = world.merge(&[&ana.own_customer, &noa.own_customer]).await.unwrap();
    assert_eq!((all.name.as_str(), all.source_records.len()), (ana.own_customer.as_str(), 3));
    world.unmerge(&all.name, &[&eva.name, &noa.name]).await.unwrap();
    assert_eq!(world.customer(&noa.own_customer).await.source_records, [eva.name, noa.name]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_shows_and_revokes_what_said_they_are_two() {
    let world = World::new().await;
    let [ana, eva, _] = three(&world).await;
    world.merge(&[&ana.customer, &eva.customer]).await.unwrap();
    world.unmerge(&ana.customer, &[&eva.name]).await.unwrap();
    let denial = world.links(&eva.own_customer).await.into_iter().find(|l| l.r#type() == LinkType::NotSameAs).unwrap();
    let preview = world.preview(&[&ana.own_customer, &eva.own_customer]).await.unwrap();
    assert_eq!(preview.revoked_links, std::slice::from_ref(&denial.name));
    let one = world.merge(&[&ana.own_customer, &eva.own_customer]).await.unwrap();
    assert_eq!(one.source_records.len(), 2);
    let links = world.links(&one.name).await;
    let states: Vec<_> = links.iter().map(|l| (l.r#type(), l.state())).collect();
    assert_eq!(
        states,
        [
            (LinkType::SameAs, LinkState::Active),
            (LinkType::NotSameAs, LinkState::Revoked),
            (LinkType::SameAs, LinkState::Revoked),
        ]
    );
    assert!(links.iter().filter(|l| l.state() == LinkState::Revoked).all(|l| !l.revoked_by.is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_share_a_document_stay_together_when_they_are_taken_out() {
    let world = World::new().await;
    let first = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1))).await;
    let second = world.ingest(record("b", "sales", "1").named("Eva Ruiz Oca").dni(&dni(1))).await;
    let third = world.ingest(record("c", "sales", "1").named("Eva Ruiz").dni(&dni(1))).await;
    let apart = world.unmerge(&first.customer, &[&second.name, &third.name]).await.unwrap();
    assert_eq!(apart.len(), 2);
    assert_eq!(world.customer(&third.own_customer).await.source_records, [second.name, third.name]);
    // A fourth who brings the document belongs to one of them, not to both.
    let fourth = world.ingest(record("d", "sales", "1").named("Eva Ruiz Oca").dni(&dni(1))).await;
    assert_ne!(world.customer(&first.own_customer).await.name, world.customer(&second.own_customer).await.name);
    assert_eq!(world.customer(&fourth.own_customer).await.name, fourth.customer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_merged_or_taken_apart_is_refused_with_its_reason_and_nothing_is_written() {
    let world = World::new().await;
    let [ana, eva, noa] = three(&world).await;
    let refused = world.preview(&[&ana.customer, &stranger()]).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "CUSTOMER_NOT_FOUND"));
    world.merge(&[&ana.customer, &eva.customer]).await.unwrap();
    let before = world.count("identity_link").await;
    let refused = world.preview(&[&ana.own_customer, &eva.own_customer]).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CUSTOMERS_ALREADY_ONE"));
    let refused = world.unmerge(&ana.customer, &[&noa.name]).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "NOT_OF_THIS_CUSTOMER"));
    let refused = world.unmerge(&ana.customer, &[&ana.name, &eva.name]).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "NOTHING_REMAINS"));
    let request = UnmergeCustomersRequest {
        name: ana.customer.clone(),
        source_records: vec![eva.name.clone()],
        reason: "two people".to_owned(),
        etag: "\"1\"".to_owned(),
        request_id: world.request_id(),
    };
    let refused = world.client(Role::Steward).unmerge_customers(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "STALE_ETAG"));
    assert_eq!(world.count("identity_link").await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_merge_has_one_effect_and_one_answer() {
    let world = World::new().await;
    let [ana, eva, _] = three(&world).await;
    let customers = vec![ana.customer.clone(), eva.customer.clone()];
    let token = world.preview(&[&ana.customer, &eva.customer]).await.unwrap().token;
    let request = MergeCustomersRequest { customers, token, reason: "one".to_owned(), request_id: world.request_id() };
    let mut client = world.client(Role::Steward);
    let first = client.merge_customers(request.clone()).await.unwrap().into_inner();
    assert_eq!(client.merge_customers(request).await.unwrap().into_inner(), first);
    assert_eq!(world.count("identity_link").await, 1);
}
