//! `LookupByPhone` through REST beside the same over gRPC: how long it takes, and what the gateway costs.

use std::fmt;
use std::time::Duration;

use anyhow::Context as _;
use http::Method;
use http_body_util::Full;
use kernel::Role;

use super::drive::{self, Choice, Operation, Served};
use super::{Plan, pace, seed};
use crate::scene::Scene;

/// Connections over which gRPC is called; REST opens as many as it needs.
const CLIENTS: usize = 8;
/// Slowest that 99 of a hundred calls through REST may be, in milliseconds, at [`BOUND_RATE`] calls a second or fewer.
const SLOWEST_MS: f64 = 15.0;
/// Processor time that the gateway and its client's HTTP may add to a call, in milliseconds.
const ADDED_MS: f64 = 1.0;
/// Calls a second up to which the slowest are bounded: more of them share the processors with what drives them.
const BOUND_RATE: u32 = 200;
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

impl Ways {
    /// What of the promise was missed; nothing where it was kept. By the median of the rounds: one of them may have had a neighbour on the machine.
    pub(super) fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        let slowest = median(self.rounds.iter().map(|round| round.rest.p99_ms));
        if self.calls_per_second <= BOUND_RATE && (slowest.is_nan() || slowest > SLOWEST_MS) {
            missed.push(format!("99 of a hundred calls through REST took up to {slowest:.2} ms, and not {SLOWEST_MS}"));
        }
        let added = self.added_ms();
        if added.is_nan() || added >= ADDED_MS {
            missed.push(format!("REST costs {added:.3} ms of a processor a call, and not less than {ADDED_MS}"));
        }
        missed
    }

    /// What the gateway and its client's HTTP add to a call.
    fn added_ms(&self) -> f64 {
        median(self.rounds.iter().map(|round| round.rest_cpu_ms - round.grpc_cpu_ms))
    }
}

/// Not a number where there are none.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

async fn over_rest(scene: &Scene, plan: &Plan) -> anyhow::Result<Served> {
    let rest = std::sync::Arc::new(scene.rest().await);
    let token = std::sync::Arc::new(scene.role_token(Role::Ivr));
    let mut choice = Choice::new(u64::from_le_bytes(scene.ambient.bytes()));
    let span = Duration::from_secs(plan.seconds);
    let rate = f64::from(plan.rest);
    let all = ((WARM_UP + span).as_secs_f64() * rate) as usize;
    let unmeasured = (WARM_UP.as_secs_f64() * rate) as usize;
    let customers = plan.customers;
    let calls = pace::evenly(rate, all, move |number, due| {
        let (rest, token) = (std::sync::Arc::clone(&rest), std::sync::Arc::clone(&token));
        let body = format!("{{\"phoneNumber\": \"{}\"}}", seed::person(choice.below(customers)).e164());
        async move {
            let request = rest
                .request(Method::POST, "/v1/customers:lookupByPhone", Some(&token))
                .header("content-type", "application/json")
                .body(Full::from(body))
                .expect("a request");
            let answer = rest.send(request).await;
            (number >= unmeasured, due.elapsed(), answer)
        }
    });
    let mut latencies = Vec::with_capacity(all);
    for (measured, took, answer) in calls.await? {
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
        writeln!(f, "  the gateway and its client's HTTP cost {:.3} ms a call (median)", self.added_ms())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(calls_per_second: u32, figures: &[(f64, f64)]) -> Ways {
        let served = |p99_ms| Served { rate: 200.0, p50_ms: 1.0, p99_ms, refused: 0 };
        let round = |&(p99_ms, added): &(f64, f64)| Round {
            grpc: served(1.0),
            rest: served(p99_ms),
            grpc_cpu_ms: 0.5,
            rest_cpu_ms: 0.5 + added,
        };
        Ways { customers: 1_000, calls_per_second, rounds: figures.iter().map(round).collect() }
    }

    #[test]
    fn a_promise_is_missed_by_the_median_of_the_rounds_and_by_no_figure_at_all() {
        assert!(rounds(200, &[(15.0, 0.99), (90.0, 0.2), (3.0, 7.0)]).missed().is_empty());
        let slow = rounds(200, &[(15.1, 0.5)]).missed();
        assert!(slow.len() == 1 && slow[0].contains("15.10 ms"), "{slow:?}");
        let dear = rounds(200, &[(3.0, 1.0)]).missed();
        assert!(dear.len() == 1 && dear[0].contains("1.000 ms of a processor"), "{dear:?}");
        assert!(rounds(201, &[(90.0, 0.5)]).missed().is_empty(), "how fast is promised up to a rate");
        assert_eq!(rounds(200, &[]).missed().len(), 2, "what was not measured was not kept");
    }
}
