//! Law that ships in versions: neither another reading nor another release changes what a clock was started under.

use std::collections::BTreeMap;

use futures::future::join_all;
use kernel::Role;
use sla_monitor_domain::clock::Threshold;
use sla_monitor_domain::{Catalogue, Company, Rule, Term};
use testkit::{Served, eventually};
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::Channel;
use ventanilla_sla_monitor::{Settings, assemble_under};

use crate::bad_input::reason;
use crate::parties::{Case, OVER};
use crate::trials::replay;
use crate::world::{SOON, Ticket, World, at, client, clock_in, clocks, policies, read};

const GENERAL: &str = "es.l10-2025.17-1.resolve";
const BILLING: &str = "es.l10-2025.17-3.billing";
const CURE: &str = "es.fin.29quater-2.cure";

/// Settings under another reading of two texts.
fn under_other_readings(world: &World) -> Settings {
    let mut settings = world.settings();
    settings.law.switches =
        BTreeMap::from([("es.l10-2025.17-3.unit", "5bd"), ("es.fin.29ter.phone", "starts_none")].map(owned));
    settings
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// What another release might ship: a rule with another term, other words, another article and other warnings.
fn changed(settings: &Settings) -> Catalogue {
    let ships = Catalogue::embedded_for(&settings.law.switches, &settings.law.company).unwrap();
    let (rule, cure) = (ships.rule(GENERAL).unwrap().clone(), ships.rule(CURE).unwrap().clone());
    ships
        .with(Rule {
            term: Some(Term::BusinessDays(10)),
            citation: "Ley 99/2027, art. 4".to_owned(),
            article: "4".to_owned(),
            es: "otra cosa".to_owned(),
            en: "something else".to_owned(),
            warnings: vec![Threshold::Share(10)],
            ..rule
        })
        .with(Rule { citation: "Ley 98/2027, art. 5".to_owned(), ..cure })
}

async fn start_under(world: &World, ships: Catalogue, settings: Settings) -> Served {
    world.harness.start(assemble_under(ships, settings, world.house()).await.unwrap()).await
}

/// A clock and its proof, whole.
async fn told(served: &Served, name: &str) -> (sla::Clock, sla::ExplainClockResponse) {
    let mut client = client(served, Role::Auditor);
    let name = name.to_owned();
    let clock = client.get_clock(sla::GetClockRequest { name: name.clone() }).await.unwrap().into_inner();
    let proof = client.explain_clock(sla::ExplainClockRequest { name }).await.unwrap().into_inner();
    (clock, proof)
}

async fn all_told(served: &Served, clocks: &[&sla::Clock]) -> Vec<(sla::Clock, sla::ExplainClockResponse)> {
    join_all(clocks.iter().map(|clock| told(served, &clock.name))).await
}

/// A complaint in finance by the telephone.
async fn by_phone(world: &World) -> Ticket {
    let ticket = Ticket::complaint(at("2026-04-20T09:00:00+02:00")).of_sector("finance");
    let opened = ticketing::TicketOpened { channel: Channel::Phone.into(), ..ticket.opened() };
    world.ticketing.write(&ticket.name, &opened, ticket.received).await;
    ticket
}

/// Bills and other complaints, answered in time under one reading and late under the other.
async fn answered(world: &World, topic: &'static str) -> Ticket {
    let ticket = Ticket::complaint(at("2026-04-30T12:00:00+02:00")).about(topic);
    world.open(&ticket).await;
    world.resolve(&ticket, at("2026-05-07T12:00:00+02:00")).await;
    ticket
}

/// So many breaches are written down: nothing moves any more.
async fn all_breached(world: &World, expected: i64) {
    eventually(SOON, || async {
        let breached = breaches(world).await;
        if breached == expected { Ok(()) } else { Err(breached) }
    })
    .await;
}

/// Breaches that are written down, which boards count.
async fn breaches(world: &World) -> i64 {
    let written = "select count(*) from sla_monitor.clock where breached_at is not null";
    sqlx::query_scalar(written).fetch_one(&world.admin).await.unwrap()
}

/// The clock of a claimant who let time pass.
async fn lapsed(world: &World, served: &Served) -> sla::Clock {
    let case = Case::open(world, "es.finance").await;
    case.give(office::PartyTermKind::Cure, office::Party::Claimant, OVER).await;
    let raised = |clock: &sla::Clock| clock.state() == sla::ClockState::Lapsed && clock.etag != "\"1\"";
    case.clock(served, "claimant_cures", raised).await
}

async fn the_clock_of(served: &Served, ticket: &Ticket) -> sla::Clock {
    clocks(served, &ticket.name, 1).await.remove(0)
}

#[tokio::test]
async fn a_clock_stays_under_the_law_it_was_started_under_whatever_ships_or_is_chosen_later() {
    let world = World::new().await;
    let first = world.start().await;
    let (bill, phone) = (answered(&world, "billing").await, by_phone(&world).await);
    let open = Ticket::complaint(at("2026-04-30T12:00:00+02:00"));
    world.open(&open).await;
    let bill = clock_in(&first, &bill.name, sla::ClockState::Fulfilled).await;
    assert_eq!((bill.rule.as_str(), bill.policy_version), (BILLING, 1));
    assert_eq!(read(bill.breached_time), Some(at("2026-05-05T21:59:59.999999Z")));
    let (phone, open) = (the_clock_of(&first, &phone).await, the_clock_of(&first, &open).await);
    let cure = lapsed(&world, &first).await;
    let old = [&bill, &phone, &open, &cure];
    all_breached(&world, 4).await;
    let before = all_told(&first, &old).await;
    first.stop().await;

    let settings = under_other_readings(&world);
    let second = start_under(&world, changed(&settings), settings.clone()).await;
    assert_eq!(all_told(&second, &old).await, before);
    // What is new is under what ships now.
    let late = answered(&world, "billing").await;
    let late = clock_in(&second, &late.name, sla::ClockState::Fulfilled).await;
    assert_eq!((late.policy_version, late.breached_time), (2, None));
    assert_eq!(read(late.due_time), Some(at("2026-05-08T21:59:59.999999Z")));
    let (other, silent) = (answered(&world, "").await, by_phone(&world).await);
    let other = clock_in(&second, &other.name, sla::ClockState::Fulfilled).await;
    assert_eq!((other.rule.as_str(), other.policy_version, other.warnings.len()), (GENERAL, 2, 1));
    assert_eq!(clocks(&second, &silent.name, 0).await, []);
    let cure = lapsed(&world, &second).await;
    let new = [&late, &other, &cure];
    let of_second = all_told(&second, &new).await;
    let because = of_second.iter().map(|(_, told)| told.proof.clone().unwrap().chosen_because_en);
    for (because, cites) in because.zip(["art. 17.3", "Ley 99/2027, art. 4", "Ley 98/2027, art. 5"]) {
        assert!(because.contains(cites), "{because}");
    }
    second.stop().await;

    // A company that is known to be small is not bound by what its clocks were started under.
    let mut small = world.settings();
    small.law.company = Company { workers: Some(9), turnover_eur: Some(1), balance_eur: Some(1) };
    let spared = world.start_with(small).await;
    assert_eq!(all_told(&spared, &old).await, before);
    spared.stop().await;

    // Back where it was: what was in force is known by its number, and nothing is kept twice.
    let third = world.start().await;
    assert_eq!(all_told(&third, &old).await, before);
    assert_eq!(all_told(&third, &new).await, of_second);
    let again = answered(&world, "billing").await;
    assert_eq!(clock_in(&third, &again.name, sla::ClockState::Fulfilled).await.policy_version, 1);
    let kept: Vec<(i32, i32)> =
        sqlx::query_as("select law_version, cardinality(rule_ids) from sla_monitor.shipped_law order by 1")
            .fetch_all(&world.admin)
            .await
            .unwrap();
    assert_eq!(kept.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [1, 2, 3]);
    let all: i64 =
        sqlx::query_scalar("select count(*) from sla_monitor.shipped_rule").fetch_one(&world.admin).await.unwrap();
    assert_eq!(all, i64::from(kept[0].1) + 4, "every rule once, and four that another reading or release changed");
}

#[tokio::test]
async fn a_replay_shows_what_the_present_law_would_make_of_old_clocks_and_changes_none() {
    let world = World::new().await;
    let first = world.start().await;
    let bill = answered(&world, "billing").await;
    let bill = clock_in(&first, &bill.name, sla::ClockState::Fulfilled).await;
    first.stop().await;
    let settings = under_other_readings(&world);
    let second = start_under(&world, changed(&settings), settings).await;
    let by = |present_law| sla::ReplayClocksRequest { present_law, ..Default::default() };
    let (none, summary) = replay(&second, by(false)).await;
    assert_eq!((none, summary.clock_count), (Vec::new(), 1));
    let (differences, _) = replay(&second, by(true)).await;
    let [difference] = differences.as_slice() else { panic!("{differences:?}") };
    assert_eq!((difference.clock.as_str(), difference.policy_version), (bill.name.as_str(), 2));
    assert_eq!((read(difference.breached_time_now), difference.breached_time_then), (read(bill.breached_time), None));
    assert_eq!(read(difference.due_time_then), Some(at("2026-05-08T21:59:59.999999Z")));
    assert_eq!(replay(&second, by(false)).await.1.difference_count, 0);
    // The board tells the breach that the clock tells.
    assert_eq!(breaches(&world).await, 1);
}

#[tokio::test]
async fn every_version_of_a_rule_that_ships_is_told_and_those_of_before_start_nothing() {
    let world = World::new().await;
    world.start().await.stop().await;
    let settings = under_other_readings(&world);
    let served = start_under(&world, changed(&settings), settings).await;
    let name = format!("policies/{BILLING}");
    let mut auditor = client(&served, Role::Auditor);
    let mut get = async |version| {
        let request = sla::GetPolicyRequest { name: name.clone(), version };
        auditor.get_policy(request).await.map(tonic::Response::into_inner)
    };
    let (now, was) = (get(0).await.unwrap(), get(1).await.unwrap());
    assert_eq!((now.version, now.term.as_str(), now.state(), now.enabled), (2, "5bd", sla::PolicyState::Active, true));
    assert_eq!(
        (was.version, was.term.as_str(), was.state(), was.enabled),
        (1, "5cd", sla::PolicyState::Superseded, false)
    );
    assert_eq!(was.reading.clone().unwrap().value, "5cd");
    assert_eq!(get(2).await.unwrap(), now);
    let unknown = get(3).await.unwrap_err();
    assert_eq!((unknown.code(), reason(&unknown).as_str()), (Code::NotFound, "POLICY_VERSION_NOT_FOUND"));
    let mut listed = Vec::new();
    let mut request = sla::ListPolicyVersionsRequest { name: name.clone(), page_size: 1, ..Default::default() };
    loop {
        let page = policies(&served, Role::Agent).list_policy_versions(request.clone()).await.unwrap().into_inner();
        listed.extend(page.policies);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, [now, was]);
}

#[tokio::test]
async fn processes_that_start_together_keep_each_version_once_and_judge_each_others_clocks_alike() {
    let world = World::new().await;
    let strict = world.settings();
    let other = under_other_readings(&world);
    let starts = (0..6).map(|n| {
        let settings = if n % 2 == 0 { &strict } else { &other };
        let ships = Catalogue::embedded_for(&settings.law.switches, &settings.law.company).unwrap();
        assemble_under(ships, settings.clone(), world.house())
    });
    // All of them have looked and found nothing kept before the first may write.
    let mut barred = world.database.db().await.tx().await.unwrap();
    sqlx::query("lock table sla_monitor.shipped_rule in exclusive mode").execute(&mut *barred).await.unwrap();
    let writing = async {
        eventually(SOON, || async {
            let waiting: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
            )
            .fetch_one(&world.admin)
            .await
            .unwrap();
            if waiting == 6 { Ok(()) } else { Err(waiting) }
        })
        .await;
        barred.commit().await.unwrap();
    };
    let (started, ()) = futures::join!(join_all(starts), writing);
    let mut assemblies = started.into_iter().map(Result::unwrap);
    let kept: i64 =
        sqlx::query_scalar("select count(*) from sla_monitor.shipped_law").fetch_one(&world.admin).await.unwrap();
    assert_eq!(kept, 2);
    let pairs: (i64, i64) =
        sqlx::query_as("select count(*), count(distinct (rule_id, content)) from sla_monitor.shipped_rule")
            .fetch_one(&world.admin)
            .await
            .unwrap();
    assert_eq!(pairs.0, pairs.1);
    // One under each reading: whichever follows the ledger starts the clock, and both tell it alike.
    let one = world.harness.start(assemblies.next().unwrap()).await;
    let two = world.harness.start(assemblies.next().unwrap()).await;
    let bill = answered(&world, "billing").await;
    let bill = clock_in(&one, &bill.name, sla::ClockState::Fulfilled).await;
    assert_eq!(told(&one, &bill.name).await, told(&two, &bill.name).await);
    // A process of a release that neither of them knows.
    one.stop().await;
    two.stop().await;
    let knows_not = world.start().await;
    let newest = start_under(&world, changed(&strict), strict.clone()).await;
    knows_not.stop().await;
    let beside = world.start().await;
    let ticket = answered(&world, "").await;
    let clock = clock_in(&beside, &ticket.name, sla::ClockState::Fulfilled).await;
    assert_eq!(told(&beside, &clock.name).await, told(&newest, &clock.name).await);
}

#[tokio::test]
async fn clocks_of_before_versions_were_kept_are_judged_and_explained_by_the_first() {
    let world = World::new().await;
    let first = world.start().await;
    let bill = answered(&world, "billing").await;
    let bill = clock_in(&first, &bill.name, sla::ClockState::Fulfilled).await;
    let before = told(&first, &bill.name).await;
    first.stop().await;
    sqlx::query("update sla_monitor.clock set law_version = 0").execute(&world.admin).await.unwrap();
    let second = world.start_with(under_other_readings(&world)).await;
    assert_eq!(told(&second, &bill.name).await, before);
}

#[tokio::test]
async fn what_is_kept_of_the_law_that_ships_is_not_edited() {
    let world = World::new().await;
    world.start().await.stop().await;
    for change in [
        "update sla_monitor.shipped_rule set content = ''",
        "delete from sla_monitor.shipped_rule",
        "update sla_monitor.shipped_law set company = ''",
        "delete from sla_monitor.shipped_law",
    ] {
        let refused = sqlx::query(change).execute(&world.admin).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{change}: {refused}");
    }
}
