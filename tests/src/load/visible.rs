//! From the answer of CreateTicket to the first customer view that shows the ticket.

use std::time::{Duration, Instant};

use kernel::Role;
use tokio::task::JoinSet;
use ventanilla_proto::customer::v1::GetCustomerViewRequest;

use super::drive::{Served, complaint};
use super::{Plan, seed};
use crate::scene::Scene;
use crate::scene::caller::Clients;

/// Tickets a second.
const RATE: u32 = 50;
/// First pause between two looks. It grows by half each time, so that what is measured is at most half
/// too long, and looking does not become the load when the answer takes long.
const LOOK: Duration = Duration::from_millis(2);
/// The longest pause.
const LONGEST_LOOK: Duration = Duration::from_millis(50);
/// A ticket that is not seen by then is lost.
const LIMIT: Duration = Duration::from_secs(30);
/// Connections that the calls are spread over.
const CALLERS: u32 = 8;

/// Opens tickets at a steady rate for so many seconds (five at least), whatever the answers take, each for another customer.
pub(super) async fn measure(scene: &Scene, plan: &Plan, round: u32, seconds: u64) -> anyhow::Result<Served> {
    let callers: Vec<Clients> =
        (0..CALLERS).map(|n| scene.person(&format!("seer-{n}"), &[Role::Agent], Some("billing"))).collect();
    let seconds = u32::try_from(seconds.max(5))?;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / RATE);
    let mut running = JoinSet::new();
    for number in 0..RATE * seconds {
        tick.tick().await;
        let caller = callers[(number % CALLERS) as usize].clone();
        let customer = (round * 7919 + number * 13) % plan.customers;
        let request_id = scene.request_id();
        running.spawn(async move { one(caller, customer, request_id).await });
    }
    let mut latencies = Vec::new();
    while let Some(seen) = running.join_next().await {
        latencies.push(u64::try_from(seen??.as_micros())?);
    }
    Ok(Served::of(latencies, 0, Duration::from_secs(u64::from(seconds))))
}

async fn one(caller: Clients, customer: u32, request_id: String) -> anyhow::Result<Duration> {
    let created = caller.tickets.clone().create_ticket(complaint(customer, request_id)).await?.into_inner();
    let committed = Instant::now();
    let ticket = created.ticket.unwrap_or_default().name;
    let request = GetCustomerViewRequest { name: seed::customer_name(customer) };
    let mut pause = LOOK;
    loop {
        let view = caller.customers.clone().get_customer_view(request.clone()).await?.into_inner();
        let elapsed = committed.elapsed();
        let tickets = view.open_tickets.map(|section| section.tickets).unwrap_or_default();
        if tickets.iter().any(|viewed| viewed.ticket == ticket) {
            return Ok(elapsed);
        }
        anyhow::ensure!(elapsed < LIMIT, "{ticket} is not seen after {LIMIT:?}");
        tokio::time::sleep(pause).await;
        pause = (pause + pause / 2).min(LONGEST_LOOK);
    }
}
