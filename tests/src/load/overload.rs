//! More than can be done: calls come at a multiple of what the services can serve, whatever the answers take, while the telephone
//! rings on as always. What is served, who is turned away and how fast, and how soon all is as before.
//!
//! The services run as processes of their own and the driver on a processor of its own, so that what the driver is busy with is not laid to
//! their charge: see [`super::cores`].

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kernel::{Ambient, Role};
use postgres::cluster::Cluster;
use serde::Serialize;
use tokio::task::JoinSet;
use tonic::{Code, Request, Status};
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::{GetCustomerViewRequest, LookupByPhoneRequest};
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;

use super::cores::{Cores, Yielding};
use super::drive::{Choice, complaint};
use super::{Plan, pace, seed};
use crate::faults::caller::Caller;
use crate::faults::fleet::{self, Fleet};
use crate::scene::Scene;
use crate::scene::services::Service;

/// Multiples of the peak.
const FACTORS: [f64; 3] = [2.0, 5.0, 10.0];
/// How long a caller waits: what comes later is as good as not answered.
const PATIENCE: Duration = Duration::from_secs(1);
/// Rings a second, in peace and under overload.
const RINGS: f64 = 50.0;
/// Connections of those who work, and of the telephone.
const CONNECTIONS: usize = 32;
/// Clients that find the peak.
const CLIENTS: [usize; 3] = [16, 48, 96];
/// How long peace is watched afterwards.
const AFTERWARDS: Duration = Duration::from_secs(15);
/// What is looked at together to say whether all is as before.
const WINDOW: Duration = Duration::from_millis(500);
/// What is told of the course of an overload is told by such spans.
const STRETCH: Duration = Duration::from_secs(5);
/// How long followers may take to catch up before the next multiple.
const CATCH_UP: Duration = Duration::from_secs(600);

/// The figures that are promised.
const LEAST_GOODPUT: f64 = 0.90;
const LEAST_RINGS: f64 = 0.99;
const SLOWEST_REFUSAL_MS: f64 = 50.0;
const LONGEST_RECOVERY: f64 = 5.0;

/// What became of one call.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Came {
    /// Answered in time.
    Good,
    /// Turned away.
    Refused,
    /// Not answered in time.
    Late,
    /// Failed otherwise.
    Failed(Code),
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Look,
    Complaint,
    Ring,
}

/// One call: what was asked for, how long after the beginning it was due, how long it took from when it was sent, and what came.
#[derive(Debug, Clone, Copy)]
struct Sample {
    kind: Kind,
    due: Duration,
    took: Duration,
    came: Came,
}

/// What became of many.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Tally {
    sent: usize,
    good: usize,
    /// How many of those are complaints, which cost more than looks.
    complaints: usize,
    refused: usize,
    late: usize,
    failed: BTreeMap<String, usize>,
    good_p50_ms: f64,
    good_p99_ms: f64,
    refused_p99_ms: f64,
}

impl Tally {
    fn of(samples: &[Sample]) -> Self {
        let mut tally = Self { sent: samples.len(), ..Self::default() };
        let (mut good, mut refused) = (Vec::new(), Vec::new());
        for sample in samples {
            match sample.came {
                Came::Good => {
                    good.push(sample.took);
                    tally.complaints += usize::from(sample.kind == Kind::Complaint);
                }
                Came::Refused => refused.push(sample.took),
                Came::Late => tally.late += 1,
                Came::Failed(code) => *tally.failed.entry(format!("{code:?}")).or_default() += 1,
            }
        }
        (tally.good, tally.refused) = (good.len(), refused.len());
        (tally.good_p50_ms, tally.good_p99_ms) = (rank(&mut good, 0.5), rank(&mut good, 0.99));
        tally.refused_p99_ms = rank(&mut refused, 0.99);
        tally
    }
}

/// The value of this rank in milliseconds; 0 of nothing.
fn rank(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    let rank = (share * times.len() as f64).ceil() as usize;
    times.get(rank.saturating_sub(1)).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}

/// What is done a second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
struct Done {
    looks: f64,
    complaints: f64,
}

impl Done {
    fn calls(self) -> f64 {
        self.looks + self.complaints
    }
}

/// Done a second by clients that want nothing but one of the two: what each costs.
///
/// Each service turns away for itself, so that of calls that come three to one others are served than come. A complaint costs several
/// looks; counted alike, a house that does more of them than at its peak would seem to do less.
#[derive(Debug, Clone, Copy, Serialize)]
struct Alone {
    looks: f64,
    complaints: f64,
}

impl Alone {
    /// The share of the house's time that this takes.
    fn share(self, done: Done) -> f64 {
        done.looks / self.looks + done.complaints / self.complaints
    }
}

/// One multiple of the peak.
#[derive(Debug, Serialize)]
pub(super) struct Multiple {
    factor: f64,
    seconds: u64,
    goodput: Done,
    /// What that is of the work at the peak, each kind by what it costs.
    of_peak: f64,
    work: Tally,
    /// The work again, by stretches of time.
    course: Vec<Tally>,
    rings: Tally,
    /// Half of the peak right after it, by windows.
    afterwards: Vec<Tally>,
    /// From the end of the overload until all is as before; `None` when it was not within the watch.
    recovery_seconds: Option<f64>,
    /// Promises that were not kept.
    broken: Vec<String>,
}

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Overload {
    /// Whether the driver had a processor of its own.
    apart: bool,
    alone: Alone,
    peak: Done,
    calm: Tally,
    multiples: Vec<Multiple>,
}

impl Overload {
    /// Whether every promise was kept.
    pub(super) fn holds(&self) -> bool {
        self.multiples.iter().all(|multiple| multiple.broken.is_empty())
    }
}

/// Promises that were not kept: work served, rings answered, refusals told at once, soon as before.
fn broken(of_peak: f64, work: &Tally, rings: &Tally, recovery: Option<f64>) -> Vec<String> {
    let mut broken = Vec::new();
    if of_peak < LEAST_GOODPUT {
        broken.push(format!("goodput is {:.0} % of the peak", 100.0 * of_peak));
    }
    let answered = rings.good as f64 / rings.sent.max(1) as f64;
    if answered < LEAST_RINGS {
        broken.push(format!("{:.2} % of the rings were answered", 100.0 * answered));
    }
    if work.refused_p99_ms > SLOWEST_REFUSAL_MS {
        broken.push(format!("refusals took {:.0} ms", work.refused_p99_ms));
    }
    match recovery {
        Some(seconds) if seconds <= LONGEST_RECOVERY => {}
        Some(seconds) => broken.push(format!("all was as before after {seconds:.1} s")),
        None => broken.push(format!("all was not as before within {} s", AFTERWARDS.as_secs())),
    }
    if !work.failed.is_empty() || !rings.failed.is_empty() {
        broken.push(format!("calls failed otherwise: {:?} {:?}", work.failed, rings.failed));
    }
    broken
}

/// What became of those that were due in each span of this length.
fn by_time(samples: &[Sample], length: Duration) -> BTreeMap<u128, Tally> {
    let mut windows: BTreeMap<u128, Vec<Sample>> = BTreeMap::new();
    for sample in samples {
        windows.entry(sample.due.as_millis() / length.as_millis()).or_default().push(*sample);
    }
    windows.into_iter().map(|(number, window)| (number, Tally::of(&window))).collect()
}

/// How long after the beginning of `samples` all is as in calm times: the end of the last window in which it is not.
fn recovery(samples: &[Sample], calm: &Tally) -> Option<f64> {
    let windows = by_time(samples, WINDOW);
    let last = *windows.keys().next_back()?;
    let disturbed = windows.iter().rev().find(|(_, tally)| {
        (tally.good as f64) < 0.99 * tally.sent as f64 || tally.good_p50_ms > calm.good_p99_ms.max(5.0)
    });
    match disturbed {
        None => Some(0.0),
        Some((number, _)) if *number == last => None,
        Some((number, _)) => Some((*number + 1) as f64 * WINDOW.as_secs_f64()),
    }
}

/// A call on its way.
type Calling = Pin<Box<dyn Future<Output = Sample> + Send>>;

/// Who calls.
struct Callers {
    customers: Vec<CustomerServiceClient<Caller>>,
    tickets: Vec<TicketServiceClient<Caller>>,
    telephone: Vec<CustomerServiceClient<Caller>>,
    people: u32,
    ambient: Ambient,
}

impl Callers {
    fn new(fleet: &Fleet, people: u32) -> anyhow::Result<Self> {
        let (mut customers, mut tickets, mut telephone) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..CONNECTIONS {
            customers.push(CustomerServiceClient::new(fleet.caller(Service::CustomerProfile, Role::Agent)?));
            tickets.push(TicketServiceClient::new(fleet.caller(Service::Ticketing, Role::Agent)?));
        }
        for _ in 0..4 {
            telephone.push(CustomerServiceClient::new(fleet.caller(Service::CustomerProfile, Role::Ivr)?));
        }
        Ok(Self { customers, tickets, telephone, people, ambient: Ambient::system() })
    }

    /// What begins calls, the kind of each by its number.
    fn begin(self: &Arc<Self>, kind: fn(usize) -> Kind) -> impl FnMut(usize, Instant) -> Calling + Send + 'static {
        let (callers, mut choice) = (Arc::clone(self), Choice::new(u64::from_le_bytes(Ambient::system().bytes())));
        let mut begun = None;
        move |number, due| -> Calling {
            let since = *begun.get_or_insert(due);
            let (callers, customer, kind) = (Arc::clone(&callers), choice.below(callers.people), kind(number));
            Box::pin(async move {
                let sent = Instant::now();
                let came = callers.call(kind, number, customer).await;
                Sample { kind, due: due - since, took: sent.elapsed(), came }
            })
        }
    }

    /// One call, the `number`th.
    async fn call(&self, kind: Kind, number: usize, customer: u32) -> Came {
        match kind {
            Kind::Complaint => {
                let request_id = self.ambient.uuid(self.ambient.now()).to_string();
                let mut client = self.tickets[number / 4 % self.tickets.len()].clone();
                came(client.create_ticket(timed(complaint(customer, request_id)))).await
            }
            Kind::Look => {
                let mut client = self.customers[number % self.customers.len()].clone();
                let request = GetCustomerViewRequest { name: seed::customer_name(customer) };
                came(client.get_customer_view(timed(request))).await
            }
            Kind::Ring => {
                let mut client = self.telephone[number % self.telephone.len()].clone();
                let phone_number = seed::person(customer).e164();
                let request = LookupByPhoneRequest { phone_number, region_code: String::new() };
                came(client.lookup_by_phone(timed(request))).await
            }
        }
    }
}

/// Three looks at a customer to one complaint.
fn mixed(number: usize) -> Kind {
    if number.is_multiple_of(4) { Kind::Complaint } else { Kind::Look }
}

fn timed<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

async fn came<T>(call: impl Future<Output = Result<T, Status>>) -> Came {
    match tokio::time::timeout(PATIENCE, call).await {
        Err(_) => Came::Late,
        Ok(Ok(_)) => Came::Good,
        Ok(Err(status)) => match status.code() {
            Code::Unavailable | Code::ResourceExhausted => Came::Refused,
            Code::DeadlineExceeded | Code::Cancelled => Came::Late,
            other => Came::Failed(other),
        },
    }
}

/// Work at `rate` and rings as always, for this span.
async fn both(callers: &Arc<Callers>, rate: f64, span: Duration) -> anyhow::Result<(Vec<Sample>, Vec<Sample>)> {
    let all = |rate: f64| (span.as_secs_f64() * rate) as usize;
    let work = pace::evenly(rate, all(rate), callers.begin(mixed));
    let rings = pace::evenly(RINGS, all(RINGS), callers.begin(|_| Kind::Ring));
    let (work, rings) = tokio::join!(work, rings);
    Ok((work?, rings?))
}

/// Work done a second by clients that call one after the other, the kind of each call by its number.
async fn closed(
    callers: &Arc<Callers>,
    kind: fn(usize) -> Kind,
    clients: usize,
    span: Duration,
) -> anyhow::Result<Done> {
    let until = Instant::now() + span;
    let mut running = JoinSet::new();
    for client in 0..clients {
        let callers = Arc::clone(callers);
        let mut choice = Choice::new(u64::from_le_bytes(Ambient::system().bytes()));
        running.spawn(async move {
            let (mut looks, mut complaints) = (0_usize, 0_usize);
            for number in client.. {
                let kind = kind(number);
                let came = callers.call(kind, number, choice.below(callers.people)).await;
                if Instant::now() >= until {
                    break;
                }
                let done = if kind == Kind::Complaint { &mut complaints } else { &mut looks };
                *done += usize::from(came == Came::Good);
            }
            (looks, complaints)
        });
    }
    let (mut looks, mut complaints) = (0, 0);
    while let Some(ended) = running.join_next().await {
        let (looked, complained) = ended?;
        looks += looked;
        complaints += complained;
    }
    let a_second = |done: usize| done as f64 / span.as_secs_f64();
    Ok(Done { looks: a_second(looks), complaints: a_second(complaints) })
}

/// Finds the peak, and goes beyond it.
///
/// # Errors
/// When services do not start, or the database cannot be seeded.
pub(super) async fn measure(
    plan: &Plan,
    cluster: &Cluster,
    url: &str,
    cores: Option<&Cores>,
) -> anyhow::Result<Overload> {
    let scene = Scene::on(url, 16).await?;
    let sample = seed::Sample::make(&scene).await.context("the services do not write the sample")?;
    scene.stop().await?;
    seed::customers(url, &sample, plan.customers).await.context("the customers cannot be seeded")?;

    let _yielding = Yielding::of(cluster)?;
    let databases = Service::ALL.into_iter().map(|service| (service, url.to_owned())).collect();
    let program = std::env::current_exe()?;
    let fleet = Fleet::start(fleet::Plan::new(Path::new(&program), databases)?).await?;
    if let Some(cores) = cores {
        cores.drive()?;
    }
    let callers = Arc::new(Callers::new(&fleet, plan.customers)?);
    let short = Duration::from_secs(plan.seconds);
    // Plans and caches are filled, connections made.
    closed(&callers, mixed, CLIENTS[0], short).await?;
    let mut peaks = [Done::default(); 3];
    for (peak, kind) in peaks.iter_mut().zip([mixed, |_| Kind::Look, |_| Kind::Complaint]) {
        for clients in CLIENTS {
            let done = closed(&callers, kind, clients, short).await?;
            if done.calls() > peak.calls() {
                *peak = done;
            }
        }
        settled(cluster).await?;
    }
    let [peak, looks, complaints] = peaks;
    let alone = Alone { looks: looks.looks, complaints: complaints.complaints };
    let mut overload = Overload { apart: cores.is_some(), alone, peak, calm: Tally::default(), multiples: Vec::new() };
    let calls = peak.calls();
    overload.calm = Tally::of(&both(&callers, calls / 2.0, short.max(Duration::from_secs(5))).await?.0);
    for factor in FACTORS {
        eprintln!("{factor} times {calls:.0} calls a second for {} s", plan.overload);
        let (work, rings) = both(&callers, factor * calls, Duration::from_secs(plan.overload)).await?;
        let afterwards = both(&callers, calls / 2.0, AFTERWARDS).await?.0;
        let recovery = recovery(&afterwards, &overload.calm);
        let course = by_time(&work, STRETCH).into_values().collect();
        let (work, rings) = (Tally::of(&work), Tally::of(&rings));
        let a_second = |done: usize| done as f64 / plan.overload as f64;
        let goodput = Done { looks: a_second(work.good - work.complaints), complaints: a_second(work.complaints) };
        let of_peak = alone.share(goodput) / alone.share(peak);
        let broken = broken(of_peak, &work, &rings, recovery);
        overload.multiples.push(Multiple {
            factor,
            seconds: plan.overload,
            goodput,
            of_peak,
            work,
            course,
            rings,
            afterwards: by_time(&afterwards, WINDOW).into_values().collect(),
            recovery_seconds: recovery,
            broken,
        });
        settled(cluster).await?;
    }
    Ok(overload)
}

/// Waits until followers caught up, so that no multiple pays for the one before.
async fn settled(cluster: &Cluster) -> anyhow::Result<()> {
    use sqlx::Connection as _;
    let mut admin = sqlx::PgConnection::connect(&cluster.url(super::SUITE)).await?;
    let rest = crate::faults::quiet::wait(&mut admin, &Service::ALL, CATCH_UP).await?;
    admin.close().await?;
    rest.map(|_| ()).map_err(|unrest| anyhow::anyhow!("followers do not catch up: {unrest:?}"))
}

impl fmt::Display for Overload {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.apart {
            writeln!(out, "the driver has no processor of its own: what it takes is missing to the services")?;
        }
        writeln!(
            out,
            "peak {:.0} calls a second (three looks at a customer to one complaint; of looks alone {:.0}, of complaints {:.0}); at half of it p50 {:.1} ms, p99 {:.1} ms; {RINGS:.0} rings a second throughout",
            self.peak.calls(),
            self.alone.looks,
            self.alone.complaints,
            self.calm.good_p50_ms,
            self.calm.good_p99_ms
        )?;
        for multiple in &self.multiples {
            let (work, rings) = (&multiple.work, &multiple.rings);
            writeln!(
                out,
                "{:>4}x for {} s: goodput {:.0}/s, one in {:.1} a complaint ({:.0} % of the peak's calls, {:.0} % of its work), {} refused (p99 {:.1} ms), {} late; rings {:.2} % answered (p99 {:.1} ms); as before after {}",
                multiple.factor,
                multiple.seconds,
                multiple.goodput.calls(),
                work.good as f64 / work.complaints.max(1) as f64,
                100.0 * multiple.goodput.calls() / self.peak.calls().max(1.0),
                100.0 * multiple.of_peak,
                work.refused,
                work.refused_p99_ms,
                work.late,
                100.0 * rings.good as f64 / rings.sent.max(1) as f64,
                rings.good_p99_ms,
                multiple.recovery_seconds.map_or("never".to_owned(), |seconds| format!("{seconds:.1} s"))
            )?;
            for sentence in &multiple.broken {
                writeln!(out, "      NOT KEPT: {sentence}")?;
            }
        }
        writeln!(out, "{}", if self.holds() { "every promise was kept" } else { "promises were NOT kept" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(due_ms: u64, took_ms: u64, came: Came) -> Sample {
        Sample { kind: Kind::Look, due: Duration::from_millis(due_ms), took: Duration::from_millis(took_ms), came }
    }

    fn tally(good: usize, of: usize) -> Tally {
        Tally { sent: of, good, refused_p99_ms: 10.0, ..Tally::default() }
    }

    #[test]
    fn a_promise_that_is_not_kept_is_named() {
        let kept = |of_peak, rings, recovery| broken(of_peak, &tally(900, 2_000), &rings, recovery);
        assert_eq!(kept(0.9, tally(99, 100), Some(5.0)), [""; 0]);
        assert_eq!(kept(0.899, tally(99, 100), Some(5.0)).len(), 1);
        assert_eq!(kept(0.9, tally(98, 100), Some(5.0)).len(), 1);
        assert_eq!(kept(0.9, tally(99, 100), Some(5.5)).len(), 1);
        assert_eq!(kept(0.9, tally(99, 100), None).len(), 1);
        let slow = Tally { refused_p99_ms: 51.0, ..tally(900, 2_000) };
        assert_eq!(broken(0.9, &slow, &tally(99, 100), Some(1.0)).len(), 1);
        let failed = Tally { failed: BTreeMap::from([("Internal".to_owned(), 1)]), ..tally(900, 2_000) };
        assert_eq!(broken(0.9, &failed, &tally(99, 100), Some(1.0)).len(), 1);
    }

    #[test]
    fn what_costs_more_counts_for_more() {
        let alone = Alone { looks: 1_000.0, complaints: 250.0 };
        let peak = Done { looks: 300.0, complaints: 100.0 };
        assert!((alone.share(peak) - 0.7).abs() < 1e-9);
        // Fewer calls, and as much work.
        let other = Done { looks: 100.0, complaints: 150.0 };
        assert!((alone.share(other) / alone.share(peak) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn all_is_as_before_after_the_last_window_in_which_it_is_not() {
        let calm = Tally { good_p99_ms: 10.0, ..Tally::default() };
        let good = (0..100).map(|n| sample(n * 50, 3, Came::Good)).collect::<Vec<_>>();
        assert_eq!(recovery(&good, &calm), Some(0.0));
        let mut refused = good.clone();
        refused[15] = sample(750, 3, Came::Refused);
        assert_eq!(recovery(&refused, &calm), Some(1.0));
        let mut slow = good.clone();
        slow[40..50].iter_mut().for_each(|sample| sample.took = Duration::from_millis(11));
        assert_eq!(recovery(&slow, &calm), Some(2.5));
        let mut never = good;
        never[99] = sample(4_950, 1_000, Came::Late);
        assert_eq!(recovery(&never, &calm), None);
        assert_eq!(recovery(&[], &calm), None);
    }

    #[test]
    fn what_came_is_counted_by_what_it_was() {
        let samples = [
            Sample { kind: Kind::Complaint, ..sample(0, 3, Came::Good) },
            sample(0, 3, Came::Good),
            sample(1, 7, Came::Refused),
            sample(2, 1_000, Came::Late),
            sample(3, 1, Came::Failed(Code::Internal)),
        ];
        let tally = Tally::of(&samples);
        assert_eq!((tally.sent, tally.good, tally.complaints, tally.refused, tally.late), (5, 2, 1, 1, 1));
        assert_eq!((tally.good_p50_ms, tally.refused_p99_ms), (3.0, 7.0));
        assert_eq!(tally.failed, BTreeMap::from([("Internal".to_owned(), 1)]));
    }
}
