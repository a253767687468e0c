//! Those who write to the same lanes and deliveries wait for each other, and never in a circle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::{Ambient, SeededEntropy, SystemClock};
use sqlx::PgConnection;
use testkit::{Served, eventually};
use tokio::task::JoinHandle;
use ventanilla_proto::webhook::v1 as proto;
use ventanilla_proto::webhook::v1::DeliveryState;

use crate::receiver::{Receiver, Reply};
use crate::world::{SOON, World, supervisor};

/// Waits until somebody waits for a lock that somebody else holds.
async fn somebody_waits(world: &World) {
    eventually(SOON, || async {
        let waiting =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&world.admin).await.map_err(|e| e.to_string())?;
        if waiting > 0 { Ok(()) } else { Err("nobody waits".to_owned()) }
    })
    .await;
}

/// Takes what nobody else holds, or says that somebody does.
async fn free(connection: &mut PgConnection, rows: &'static str) -> Result<(), String> {
    sqlx::query(rows).fetch_all(connection).await.map(|_| ()).map_err(|error| error.to_string())
}

const DELIVERIES: &str = "select from webhooks.delivery for update nowait";

/// A paused subscription for which an event of each of three affairs waits, and one of them twice; answers it and a taken delivery.
async fn scene(world: &World, served: &Served) -> (Receiver, proto::Subscription, proto::Delivery) {
    let receiver = Receiver::start().await;
    let (made, _) = world.subscribe(served, &receiver).await;
    let first = world.open("billing").await;
    let taken = eventually(SOON, || async {
        world.deliveries(served, &made.name, DeliveryState::Delivered).await.pop().ok_or("not yet")
    })
    .await;
    let pause = proto::PauseSubscriptionRequest { name: made.name, etag: made.etag, request_id: world.uuid() };
    let paused = supervisor(served).pause_subscription(pause).await.unwrap().into_inner();
    world.step(&first, 0..1).await;
    for _ in 0..2 {
        world.open("billing").await;
    }
    world.shown_when(served, &paused.name, |s| s.waiting_count == 3).await;
    (receiver, paused, taken)
}

/// What a call has to wait for it waits for before it holds a delivery: the courier that holds the lane writes to its deliveries next.
async fn holds_no_delivery_while_it_waits<T: Send + 'static>(
    world: &World,
    lock: &'static str,
    call: impl Future<Output = T> + Send + 'static,
) -> T {
    let mut courier = world.begin().await;
    assert!(!sqlx::query(lock).fetch_all(&mut *courier).await.unwrap().is_empty(), "there is something to hold");
    let calling: JoinHandle<T> = tokio::spawn(call);
    somebody_waits(world).await;
    free(&mut courier, DELIVERIES).await.expect("nobody holds a delivery");
    courier.rollback().await.unwrap();
    calling.await.unwrap()
}

const A_LANE: &str = "select from webhooks.lane where affair = (select max(affair) from webhooks.lane) for update";
const A_SUBSCRIPTION: &str = "select from webhooks.subscription for no key update";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_a_lane_holds_no_delivery_of_it() {
    let world = World::new().await;
    let served = world.start().await;
    let (_receiver, paused, taken) = scene(&world, &served).await;

    let replay = proto::ReplaySubscriptionRequest {
        name: paused.name.clone(),
        from_position: 1,
        request_id: world.uuid(),
        ..Default::default()
    };
    let mut client = supervisor(&served);
    let call = async move { client.replay_subscription(replay).await };
    let told = holds_no_delivery_while_it_waits(&world, A_LANE, call).await.unwrap().into_inner();
    assert_eq!(told.delivery_count, 4);

    sqlx::query("update webhooks.delivery set state = 'dead', ended_at = now() where delivery_id = $1")
        .bind(taken.name.rsplit('/').next().unwrap().parse::<uuid::Uuid>().unwrap())
        .execute(&world.admin)
        .await
        .unwrap();
    let again = proto::RedeliverDeliveryRequest { name: taken.name, request_id: world.uuid() };
    let mut client = supervisor(&served);
    let call = async move { client.redeliver_delivery(again).await };
    let again = holds_no_delivery_while_it_waits(&world, A_SUBSCRIPTION, call).await.unwrap().into_inner();
    assert_eq!(again.state(), DeliveryState::Waiting);

    // Lanes are taken in their order: who waits for the first holds none behind it.
    let later = "update webhooks.lane set next_at = next_at + interval '1 day' where affair <> (select min(affair) from webhooks.lane)";
    sqlx::query(later).execute(&world.admin).await.unwrap();
    sqlx::query("update webhooks.lane set next_at = next_at + interval '1 day' where next_at < now()")
        .execute(&world.admin)
        .await
        .unwrap();
    let mut spreading = world.begin().await;
    let first = "select from webhooks.lane where affair = (select min(affair) from webhooks.lane) for update";
    sqlx::query(first).fetch_all(&mut *spreading).await.unwrap();
    let resume =
        proto::ResumeSubscriptionRequest { name: paused.name.clone(), etag: paused.etag, request_id: world.uuid() };
    let mut client = supervisor(&served);
    let resuming = tokio::spawn(async move { client.resume_subscription(resume).await });
    somebody_waits(&world).await;
    free(&mut spreading, "select from webhooks.lane for update nowait").await.expect("nobody holds a lane behind it");
    spreading.rollback().await.unwrap();
    let resumed = resuming.await.unwrap().unwrap().into_inner();
    world.shown_when(&served, &paused.name, |s| s.waiting_count == 0).await;

    let pause = proto::PauseSubscriptionRequest { name: paused.name, etag: resumed.etag, request_id: world.uuid() };
    let paused = supervisor(&served).pause_subscription(pause).await.unwrap().into_inner();
    world.open("billing").await;
    world.shown_when(&served, &paused.name, |s| s.waiting_count == 1).await;
    let delete = proto::DeleteSubscriptionRequest { name: paused.name, etag: paused.etag, request_id: world.uuid() };
    let mut client = supervisor(&served);
    let call = async move { client.delete_subscription(delete).await };
    holds_no_delivery_while_it_waits(&world, A_LANE, call).await.unwrap();
}

/// Does something again and again until it is told to stop; answers how often.
fn again_and_again<F: Future<Output = ()> + Send>(
    stop: &Arc<AtomicBool>,
    mut action: impl FnMut() -> F + Send + 'static,
) -> JoinHandle<usize> {
    let stop = Arc::clone(stop);
    tokio::spawn(async move {
        let mut done = 0;
        while !stop.load(Ordering::SeqCst) {
            action().await;
            done += 1;
        }
        done
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_in_a_circle_while_everything_is_done_to_a_subscription_at_once() {
    const AFFAIRS: usize = 6;
    let world = Arc::new(World::new().await);
    let mut settings = world.settings();
    settings.courier.at_once_each = 16;
    let served = Arc::new(world.start_with(settings).await);
    let dice = Ambient::new(SystemClock, SeededEntropy::new(20_261_204));
    let receiver = Receiver::that(move |_| match dice.bytes::<1>()[0] {
        0..10 => Reply::Answer(503, ""),
        _ => Reply::Answer(200, ""),
    })
    .await;
    let (made, _) = world.subscribe(&served, &receiver).await;
    let mut tickets = Vec::new();
    for _ in 0..AFFAIRS {
        let ticket = world.open("billing").await;
        world.step(&ticket, 0..5).await;
        tickets.push(ticket);
    }
    receiver.got_at_least(AFFAIRS * 6).await;
    let (stop, mut running) = (Arc::new(AtomicBool::new(false)), Vec::new());
    for _ in 0..2 {
        let (world, served, name) = (Arc::clone(&world), Arc::clone(&served), made.name.clone());
        running.push(again_and_again(&stop, move || {
            let (mut client, request_id) = (supervisor(&served), world.uuid());
            let replay = proto::ReplaySubscriptionRequest { name: name.clone(), request_id, ..Default::default() };
            async move { drop(client.replay_subscription(replay).await.expect("it is replayed")) }
        }));
    }
    let (there, serving, name) = (Arc::clone(&world), Arc::clone(&served), made.name.clone());
    running.push(again_and_again(&stop, move || {
        let (world, served, name) = (Arc::clone(&there), Arc::clone(&serving), name.clone());
        async move {
            for delivery in world.deliveries(&served, &name, DeliveryState::Delivered).await.into_iter().take(3) {
                let again = proto::RedeliverDeliveryRequest { name: delivery.name, request_id: world.uuid() };
                // It may wait again already.
                let _ = supervisor(&served).redeliver_delivery(again).await;
            }
            let shown = world.shown(&served, &name).await;
            let pause = proto::PauseSubscriptionRequest { name, etag: shown.etag, request_id: world.uuid() };
            let paused = supervisor(&served).pause_subscription(pause).await.expect("it is paused").into_inner();
            let (name, etag) = (paused.name, paused.etag);
            let resume = proto::ResumeSubscriptionRequest { name, etag, request_id: world.uuid() };
            supervisor(&served).resume_subscription(resume).await.expect("it is resumed");
        }
    }));
    let there = Arc::clone(&world);
    running.push(again_and_again(&stop, move || {
        let (world, tickets) = (Arc::clone(&there), tickets.clone());
        async move {
            for ticket in &tickets {
                world.step(ticket, 5..6).await;
            }
        }
    }));
    receiver.got_at_least(receiver.got().len() + 30).await;
    // And away with it, while it is told.
    stop.store(true, Ordering::SeqCst);
    for task in running {
        assert!(task.await.expect("nothing failed") > 0);
    }
    let shown = world.shown(&served, &made.name).await;
    let replay =
        proto::ReplaySubscriptionRequest { name: made.name.clone(), request_id: world.uuid(), ..Default::default() };
    supervisor(&served).replay_subscription(replay).await.unwrap();
    let delete = proto::DeleteSubscriptionRequest { name: made.name, etag: shown.etag, request_id: world.uuid() };
    supervisor(&served).delete_subscription(delete).await.unwrap();
    // Backends say what they counted when they end.
    Arc::into_inner(served).expect("nobody else has it").stop().await;
    let deadlocks = eventually(SOON, || async {
        let others = "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'webhooks'";
        let others: i64 = sqlx::query_scalar(others).fetch_one(&world.admin).await.map_err(|e| e.to_string())?;
        let counted = "select deadlocks from pg_stat_database where datname = current_database()";
        let counted: i64 = sqlx::query_scalar(counted).fetch_one(&world.admin).await.map_err(|e| e.to_string())?;
        if others == 0 { Ok(counted) } else { Err(format!("{others} are there")) }
    })
    .await;
    assert_eq!(deadlocks, 0);
}
