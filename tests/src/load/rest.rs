//! `LookupByPhone` through REST beside the same over gRPC: how long it takes, and what the gateway costs.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use http::Method;
use http_body_util::Full;
use kernel::Role;
use tokio::task::JoinSet;

use super::drive::{self, Choice, Operation, Served};
use super::{Plan, seed};
use crate::scene::Scene;

/// Connections over which gRPC is called; REST opens as many as it needs.
const CLIENTS: usize = 8;
/// Not measured.
const WARM_UP: Duration = Duration::from_secs(1);

/// Rounds of both.
#[derive(Debug, serde::Serialize)]
pub(super) struct Ways {
    customers: u32,
    calls_per_second: u32,
    rounds: Vec<Round>,
}

/// One round.
#[derive(Debug, serde::Serialize)]
struct Round {
    grpc: Served,
    rest: Served,
    /// Processor time of this process in milliseconds a call: services and drivers are in both, the gateway and HTTP's client in
    /// the second alone.
    grpc_cpu_ms: f64,
    rest_cpu_ms: f64,
}

/// Measures both in turn.
///
/// # Errors
/// When a call fails.
pub(super) async fn measure(scene: &Scene, plan: &Plan) -> anyhow::Result<Ways> {
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds {
        let before = processor_time()?;
        let grpc = drive::open_loop(scene, Operation::LookupByPhone, CLIENTS, plan.rest.into(), plan).await?;
        let between = processor_time()?;
        let rest = over_rest(scene, plan).await?;
        let after = processor_time()?;
        let each = |spent: Duration, warm_up: f64| {
            spent.as_secs_f64() * 1_000.0 / (f64::from(plan.rest) * (plan.seconds as f64 + warm_up))
        };
        rounds.push(Round {
            grpc,
            rest,
            grpc_cpu_ms: each(between - before, 0.5),
            rest_cpu_ms: each(after - between, WARM_UP.as_secs_f64()),
        });
    }
    Ok(Ways { customers: plan.customers, calls_per_second: plan.rest, rounds })
}

async fn over_rest(scene: &Scene, plan: &Plan) -> anyhow::Result<Served> {
    let rest = std::sync::Arc::new(scene.rest().await);
    let token = std::sync::Arc::new(scene.role_token(Role::Ivr));
    let mut choice = Choice::new(u64::from_le_bytes(scene.ambient.bytes()));
    let span = Duration::from_secs(plan.seconds);
    let rate = f64::from(plan.rest);
    let all = ((WARM_UP + span).as_secs_f64() * rate) as usize;
    let unmeasured = (WARM_UP.as_secs_f64() * rate) as usize;
    let mut running = JoinSet::new();
    let begun = Instant::now();
    for number in 0..all {
        let due = begun + Duration::from_secs_f64(number as f64 / rate);
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        }
        let (rest, token) = (std::sync::Arc::clone(&rest), std::sync::Arc::clone(&token));
        let body = format!("{{\"phoneNumber\": \"{}\"}}", seed::person(choice.below(plan.customers)).e164());
        running.spawn(async move {
            let request = rest
                .request(Method::POST, "/v1/customers:lookupByPhone", Some(&token))
                .header("content-type", "application/json")
                .body(Full::from(body))
                .expect("a request");
            let answer = rest.send(request).await;
            (number >= unmeasured, due.elapsed(), answer)
        });
    }
    let mut latencies = Vec::with_capacity(all);
    while let Some(ended) = running.join_next().await {
        let (measured, took, answer) = ended?;
        anyhow::ensure!(answer.json()["customer"].is_string(), "{} {}", answer.status, answer.reason());
        if measured {
            latencies.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        }
    }
    Ok(Served::of(latencies, 0, span))
}

/// What this process has spent of the processors.
fn processor_time() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("no /proc")?;
    // Behind the name, which may hold anything: user time is the 12th field from there, system time the 13th, in hundredths.
    let behind = stat.rsplit_once(')').context("no name in /proc/self/stat")?.1;
    let ticks: Vec<u64> = behind.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    anyhow::ensure!(ticks.len() == 2, "/proc/self/stat has no times");
    Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 10))
}

impl fmt::Display for Ways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "LookupByPhone, {} customers, {} calls a second", self.customers, self.calls_per_second)?;
        for round in &self.rounds {
            for (way, served, cpu) in [("gRPC", round.grpc, round.grpc_cpu_ms), ("REST", round.rest, round.rest_cpu_ms)]
            {
                writeln!(
                    f,
                    "  {way}  p50 {:.2} ms  p99 {:.2} ms  processor {cpu:.3} ms a call",
                    served.p50_ms, served.p99_ms
                )?;
            }
        }
        let mut added: Vec<f64> = self.rounds.iter().map(|round| round.rest_cpu_ms - round.grpc_cpu_ms).collect();
        added.sort_by(f64::total_cmp);
        let median = added.get(added.len() / 2).copied().unwrap_or(f64::NAN);
        writeln!(f, "  the gateway and its client's HTTP cost {median:.3} ms a call (median)")
    }
}
