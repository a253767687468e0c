//! Clients that call, one call after the other, each on connections of its own.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use kernel::Role;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use ventanilla_proto::customer::v1::{GetCustomerViewRequest, LookupByPhoneRequest};
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::Channel;

use super::{Plan, pace, seed};
use crate::scene::Scene;
use crate::scene::caller::Clients;

/// Not measured: connections are made, plans and caches filled.
const WARM_UP: Duration = Duration::from_millis(500);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    LookupByPhone,
    GetCustomerView,
    CreateTicket,
}

impl Operation {
    /// Reads before writes, so that what is read is the same in every round.
    pub(super) const ALL: [Self; 3] = [Self::LookupByPhone, Self::GetCustomerView, Self::CreateTicket];

    /// The method's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::LookupByPhone => "LookupByPhone",
            Self::GetCustomerView => "GetCustomerView",
            Self::CreateTicket => "CreateTicket",
        }
    }
}

/// What one measurement of a service gave.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(super) struct Served {
    /// Calls a second.
    pub(super) rate: f64,
    /// Median latency in milliseconds.
    pub(super) p50_ms: f64,
    /// 99 % were not slower.
    pub(super) p99_ms: f64,
    /// Calls answered UNAVAILABLE or RESOURCE_EXHAUSTED; in none of the above.
    pub(super) refused: u64,
}

impl Served {
    /// From latencies in microseconds, taken in `span`.
    pub(super) fn of(mut latencies: Vec<u64>, refused: u64, span: Duration) -> Self {
        latencies.sort_unstable();
        let at = |share: f64| {
            let rank = (share * latencies.len() as f64).ceil() as usize;
            latencies.get(rank.saturating_sub(1)).map_or(f64::NAN, |micros| *micros as f64 / 1000.0)
        };
        Self { rate: latencies.len() as f64 / span.as_secs_f64(), p50_ms: at(0.5), p99_ms: at(0.99), refused }
    }
}

/// A choice that follows from a seed (SplitMix64); who is called for decides nothing.
pub(super) struct Choice(u64);

impl Choice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u32::try_from((z ^ (z >> 31)) % u64::from(bound)).expect("a remainder is below its divisor")
    }
}

/// Runs `clients` clients for the plan's seconds.
pub(super) async fn closed_loop(
    scene: &Scene,
    operation: Operation,
    clients: usize,
    plan: &Plan,
) -> anyhow::Result<Served> {
    let span = Duration::from_secs(plan.seconds);
    let (from, until) = (Instant::now() + WARM_UP, Instant::now() + WARM_UP + span);
    let mut running = JoinSet::new();
    for client in 0..clients {
        let caller = scene.person(&format!("load-{client}"), &[Role::Agent], Some("billing"));
        let (ambient, customers) = (scene.ambient.clone(), plan.customers);
        let mut choice = Choice::new(u64::from_le_bytes(scene.ambient.bytes()));
        running.spawn(async move {
            let (mut latencies, mut refused) = (Vec::with_capacity(1 << 16), 0);
            loop {
                let customer = choice.below(customers);
                let request_id = ambient.uuid(ambient.now()).to_string();
                let began = Instant::now();
                let outcome = call(&caller, operation, customer, request_id).await;
                let ended = Instant::now();
                if ended >= until {
                    return Ok::<_, anyhow::Error>((latencies, refused));
                }
                if let Err(status) = outcome {
                    anyhow::ensure!(matches!(status.code(), Code::Unavailable | Code::ResourceExhausted), status);
                    refused += 1;
                } else if began >= from {
                    latencies.push(u64::try_from((ended - began).as_micros()).unwrap_or(u64::MAX));
                }
            }
        });
    }
    let (mut latencies, mut refused) = (Vec::new(), 0);
    while let Some(ended) = running.join_next().await {
        let (mut of_one, turned_away) = ended?.with_context(|| format!("{} failed", operation.name()))?;
        latencies.append(&mut of_one);
        refused += turned_away;
    }
    Ok(Served::of(latencies, refused, span))
}

/// Calls that come at `rate` a second whatever the answers take, over the connections of `clients`, for the plan's seconds. Latencies
/// count from the instant a call was due: what the driver itself is late by is in them.
pub(super) async fn open_loop(
    scene: &Scene,
    operation: Operation,
    clients: usize,
    rate: f64,
    plan: &Plan,
) -> anyhow::Result<Served> {
    let callers: Vec<Clients> =
        (0..clients).map(|n| scene.person(&format!("even-{n}"), &[Role::Agent], Some("billing"))).collect();
    let mut choice = Choice::new(u64::from_le_bytes(scene.ambient.bytes()));
    let warm_up = WARM_UP.as_secs_f64();
    let span = Duration::from_secs(plan.seconds);
    let all = ((warm_up + span.as_secs_f64()) * rate) as usize;
    let unmeasured = (warm_up * rate) as usize;
    let (customers, ambient) = (plan.customers, scene.ambient.clone());
    let calls = pace::evenly(rate, all, move |number, due| {
        let caller = callers[number % callers.len()].clone();
        let customer = choice.below(customers);
        let request_id = ambient.uuid(ambient.now()).to_string();
        async move {
            let outcome = call(&caller, operation, customer, request_id).await;
            (number >= unmeasured, due.elapsed(), outcome)
        }
    });
    let (mut latencies, mut refused) = (Vec::with_capacity(all), 0);
    for (measured, took, outcome) in calls.await? {
        match outcome {
            Ok(()) if measured => latencies.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
            Ok(()) => {}
            Err(status) if matches!(status.code(), Code::Unavailable | Code::ResourceExhausted) => refused += 1,
            Err(status) => return Err(status).with_context(|| format!("{} failed", operation.name())),
        }
    }
    Ok(Served::of(latencies, refused, span))
}

async fn call(caller: &Clients, operation: Operation, customer: u32, request_id: String) -> Result<(), Status> {
    match operation {
        Operation::LookupByPhone => {
            let request =
                LookupByPhoneRequest { phone_number: seed::person(customer).e164(), region_code: String::new() };
            let answer = caller.customers.clone().lookup_by_phone(request).await?.into_inner();
            if answer.customer.is_empty() {
                return Err(Status::not_found(format!("nobody has the phone of customer {customer}")));
            }
        }
        Operation::GetCustomerView => {
            let request = GetCustomerViewRequest { name: seed::customer_name(customer) };
            caller.customers.clone().get_customer_view(request).await?;
        }
        Operation::CreateTicket => {
            caller.tickets.clone().create_ticket(complaint(customer, request_id)).await?;
        }
    }
    Ok(())
}

/// A complaint with two points.
pub(super) fn complaint(customer: u32, request_id: String) -> ticketing::CreateTicketRequest {
    let point = |text: &str| ticketing::ClaimPoint { text: text.to_owned(), ..ticketing::ClaimPoint::default() };
    let ticket = ticketing::Ticket {
        customer: seed::customer_name(customer),
        ticket_type: ticketing::TicketType::Reclamacion.into(),
        severity: ticketing::Severity::High.into(),
        subject: "Cobro doble en la factura de octubre".to_owned(),
        channel: Channel::Phone.into(),
        department: "billing".to_owned(),
        sector: "general".to_owned(),
        topic: "billing".to_owned(),
        claim_points: vec![
            point("Me cobraron dos veces la cuota de octubre"),
            point("Nadie contestó a mis dos correos de la semana pasada"),
        ],
        ..ticketing::Ticket::default()
    };
    ticketing::CreateTicketRequest { ticket: Some(ticket), request_id, occurred_time: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_observed_values() {
        let served = Served::of((1..=1000).rev().map(|micros| micros * 1000).collect(), 0, Duration::from_secs(2));
        assert_eq!((served.rate, served.p50_ms, served.p99_ms), (500.0, 500.0, 990.0));
    }
}
