//! Sources that are down, hung or slow: in every combination and way the view of a customer comes in time, keeps what it knew, and names each
//! gap and no other.
//!
//! The services run as processes of their own; they are killed, stopped (SIGSTOP), or let run for a tenth of each second.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kernel::Role;
use serde::Serialize;
use tonic::{Request, Status};
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;

use crate::faults::caller::Caller;
use crate::faults::fleet::{self, Fleet};
use crate::scene::Scene;
use crate::scene::affair::Affair;
use crate::scene::people::Person;
use crate::scene::services::Service;

/// Whose ledgers customer-profile follows.
const SOURCES: [Service; 3] = [Service::Ticketing, Service::SlaMonitor, Service::OmbudsmanEscalation];
/// Milliseconds that an answer takes at most.
const SLOWEST_MS: f64 = 800.0;
/// How long the view is watched in each combination.
const SPAN: Duration = Duration::from_secs(8);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// A section that is no older needs no gap.
const FRESH: Duration = Duration::from_secs(3);
/// When a source of which nothing is heard is named at the latest: it is heard of every second, and three without it are forgiven.
const NAMED_AFTER: Duration = Duration::from_secs(4);
/// How long all may take to be whole again.
const WHOLE_LIMIT: Duration = Duration::from_secs(60);
/// How long a slow source stands still, and how long it then runs.
const STANDS: Duration = Duration::from_millis(900);
const RUNS: Duration = Duration::from_millis(100);

/// What befalls a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    Down,
    Hung,
    Slow,
}

impl Way {
    const ALL: [Self; 3] = [Self::Down, Self::Hung, Self::Slow];

    fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Hung => "hung",
            Self::Slow => "slow",
        }
    }
}

/// One look at the view.
#[derive(Debug, Clone, PartialEq)]
struct Look {
    /// Since the sources were let fail.
    after: Duration,
    took: Duration,
    /// Whose gaps the view names.
    gaps: BTreeSet<&'static str>,
    /// Whose sections are older than what needs no gap.
    old: BTreeSet<&'static str>,
    /// How many affairs, clocks and cases it shows.
    shown: [usize; 3],
}

/// One combination of sources that failed one way.
#[derive(Debug, Serialize)]
struct Combination {
    way: Way,
    failed: BTreeSet<&'static str>,
    looks: usize,
    slowest_ms: f64,
    slowest_ring_ms: f64,
    /// Until all of them were named; `None` where they never were.
    named_seconds: Option<f64>,
    whole_seconds: f64,
    broken: BTreeSet<String>,
}

/// All of them.
#[derive(Debug, Serialize)]
pub(super) struct Gaps {
    combinations: Vec<Combination>,
}

/// What is not as promised in one look while these failed this way.
fn faults(way: Way, failed: &BTreeSet<&'static str>, before: [usize; 3], look: &Look) -> Vec<String> {
    let mut faults = Vec::new();
    if look.took.as_secs_f64() * 1e3 > SLOWEST_MS {
        faults.push(format!("an answer took more than {SLOWEST_MS:.0} ms"));
    }
    if !look.gaps.is_subset(failed) {
        faults.push("a gap is named of a source that is well".to_owned());
    }
    if way != Way::Slow && look.after > NAMED_AFTER && look.gaps != *failed {
        faults.push(format!("a gap is not named after {} s", NAMED_AFTER.as_secs()));
    }
    if !look.old.is_subset(&look.gaps) {
        faults.push(format!("a section that is older than {} s names no gap", FRESH.as_secs()));
    }
    if look.shown != before {
        faults.push("what was known is not shown".to_owned());
    }
    faults
}

/// What a view shows of its sources; an error where its sections and its summary disagree.
fn read(view: &customer::CustomerView, after: Duration, took: Duration) -> anyhow::Result<Look> {
    let known = |name: &str| SOURCES.into_iter().map(Service::name).find(|source| *source == name);
    let completeness = view.completeness.as_ref().context("the view does not say how complete it is")?;
    let gaps: Option<BTreeSet<_>> = completeness.sources_behind.iter().map(|name| known(name)).collect();
    let gaps = gaps.context("the view names a source that it has not")?;
    let (tickets, clocks, cases) = (view.open_tickets.as_ref(), view.clocks.as_ref(), view.cases.as_ref());
    let standings = [
        tickets.and_then(|section| section.standing.as_ref()),
        clocks.and_then(|section| section.standing.as_ref()),
        cases.and_then(|section| section.standing.as_ref()),
    ];
    let mut old = BTreeSet::new();
    for (source, standing) in SOURCES.into_iter().map(Service::name).zip(standings) {
        let standing = standing.with_context(|| format!("no section of {source} says how fresh it is"))?;
        let named = standing.gap.as_ref().is_some_and(|gap| gap.source == source);
        anyhow::ensure!(named == gaps.contains(source), "section and summary disagree about {source}");
        let lag = standing.lag.and_then(|lag| Duration::try_from(lag).ok());
        if lag.is_none_or(|lag| lag > FRESH) {
            old.insert(source);
        }
    }
    let of_two = |standing: Option<&customer::SectionStanding>, sources: [Service; 2]| {
        standing.is_some_and(|it| it.gap.is_some()) == sources.into_iter().any(|source| gaps.contains(source.name()))
    };
    let [ticketing, monitor, office] = SOURCES;
    let promises = view.promises.as_ref().and_then(|section| section.standing.as_ref());
    let holds = view.holds.as_ref().and_then(|section| section.standing.as_ref());
    anyhow::ensure!(
        of_two(promises, [ticketing, monitor]) && of_two(holds, [ticketing, office]),
        "a section of two sources does not name the gap of one of them"
    );
    let shown = [
        tickets.map_or(0, |section| section.tickets.len()),
        clocks.map_or(0, |section| section.clocks.len()),
        cases.map_or(0, |section| section.cases.len()),
    ];
    Ok(Look { after, took, gaps, old, shown })
}

/// Who asks: an agent for the view, the telephone for who rings.
struct Asker {
    customer: String,
    phone: String,
    agent: CustomerServiceClient<Caller>,
    telephone: CustomerServiceClient<Caller>,
}

impl Asker {
    fn new(fleet: &Fleet, (customer, phone): (String, String)) -> anyhow::Result<Self> {
        let caller = |role| fleet.caller(Service::CustomerProfile, role).map(CustomerServiceClient::new);
        Ok(Self { customer, phone, agent: caller(Role::Agent)?, telephone: caller(Role::Ivr)? })
    }

    async fn look(&self, begun: Instant) -> anyhow::Result<Look> {
        let asked = Instant::now();
        let request = customer::GetCustomerViewRequest { name: self.customer.clone() };
        let view = self.agent.clone().get_customer_view(patient(request)).await;
        let took = asked.elapsed();
        read(&view.map_err(said).context("the view does not come")?.into_inner(), asked - begun, took)
    }

    async fn ring(&self) -> anyhow::Result<Duration> {
        let asked = Instant::now();
        let request = customer::LookupByPhoneRequest { phone_number: self.phone.clone(), region_code: String::new() };
        self.telephone
            .clone()
            .lookup_by_phone(patient(request))
            .await
            .map_err(said)
            .context("nobody says who rings")?;
        Ok(asked.elapsed())
    }

    /// Waits until no gap is named, and answers what is shown then and how long it took.
    async fn whole(&self) -> anyhow::Result<([usize; 3], Duration)> {
        let begun = Instant::now();
        loop {
            let look = self.look(begun).await?;
            if look.gaps.is_empty() {
                return Ok((look.shown, begun.elapsed()));
            }
            anyhow::ensure!(begun.elapsed() < WHOLE_LIMIT, "{:?} are still named", look.gaps);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_secs(10));
    request
}

fn said(status: Status) -> anyhow::Error {
    anyhow::anyhow!("{:?}: {}", status.code(), status.message())
}

/// Somebody with an affair, a promise, clocks and a case: who it is, and where they ring from.
async fn somebody(scene: &Scene) -> anyhow::Result<(String, String)> {
    let affair = Affair::of(scene, Person::numbered(1));
    let customer = affair.arrive().await?.customer;
    let interaction = affair.talk(&customer).await?;
    let ticket = affair.complain(&customer, &interaction.name).await?.ticket.context("the answer holds the ticket")?;
    affair.work(&ticket).await?;
    affair.appoint().await?;
    affair.bring(&ticket.name).await?;
    affair
        .view(&customer, WHOLE_LIMIT, |view| {
            let promises = view.promises.as_ref().map_or(0, |section| section.promises.len());
            let clocks = view.clocks.as_ref().map_or(0, |section| section.clocks.len());
            let cases = view.cases.as_ref().map_or(0, |section| section.cases.len());
            if promises > 0 && clocks > 1 && cases > 0 { Ok(()) } else { Err(format!("{promises} {clocks} {cases}")) }
        })
        .await;
    crate::scene::fingerprint::settled(&scene.admin().await, WHOLE_LIMIT).await;
    Ok((customer, affair.person.e164()))
}

/// Lets sources fail in every combination and way, and looks at the view meanwhile.
///
/// # Errors
/// When services do not start, or an answer fails.
pub(super) async fn measure(url: &str) -> anyhow::Result<Gaps> {
    let scene = Scene::on(url, 16).await?;
    let known = somebody(&scene).await.context("nobody can be given an affair")?;
    scene.stop().await?;
    let databases = Service::ALL.into_iter().map(|service| (service, url.to_owned())).collect();
    let program = std::env::current_exe()?;
    let fleet = Fleet::start(fleet::Plan::new(Path::new(&program), databases)?).await?;
    let asker = Asker::new(&fleet, known)?;
    let (before, _) = asker.whole().await?;
    anyhow::ensure!(
        before.iter().all(|shown| *shown > 0),
        "{before:?} affairs, clocks and cases are too few to lose any"
    );
    let combinations = Way::ALL.into_iter().flat_map(|way| (1..1_u8 << SOURCES.len()).map(move |those| (way, those)));
    let bar = super::bar(7 * 3, "letting sources fail");
    let mut gaps = Gaps { combinations: Vec::new() };
    for (way, those) in combinations {
        let failed: Vec<Service> =
            SOURCES.into_iter().enumerate().filter(|(n, _)| those & (1 << n) != 0).map(|(_, source)| source).collect();
        gaps.combinations.push(combination(&fleet, &asker, way, &failed, before).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(gaps)
}

async fn combination(
    fleet: &Fleet,
    asker: &Asker,
    way: Way,
    failed: &[Service],
    before: [usize; 3],
) -> anyhow::Result<Combination> {
    let names: BTreeSet<&'static str> = failed.iter().map(|source| source.name()).collect();
    let mut found = Combination {
        way,
        failed: names,
        looks: 0,
        slowest_ms: 0.0,
        slowest_ring_ms: 0.0,
        named_seconds: None,
        whole_seconds: 0.0,
        broken: BTreeSet::new(),
    };
    let begun = Instant::now();
    for source in failed {
        match way {
            Way::Down => fleet.kill(*source)?,
            Way::Hung | Way::Slow => fleet.pause(*source)?,
        }
    }
    let watching = async {
        while begun.elapsed() < SPAN {
            let look = asker.look(begun).await?;
            found.slowest_ms = found.slowest_ms.max(look.took.as_secs_f64() * 1e3);
            if look.gaps == found.failed && found.named_seconds.is_none() {
                found.named_seconds = Some(look.after.as_secs_f64());
            }
            found.broken.extend(faults(way, &found.failed, before, &look));
            found.slowest_ring_ms = found.slowest_ring_ms.max(asker.ring().await?.as_secs_f64() * 1e3);
            found.looks += 1;
            tokio::time::sleep(PAUSE).await;
        }
        anyhow::Ok(())
    };
    let pulsing = async {
        while way == Way::Slow && begun.elapsed() < SPAN {
            tokio::time::sleep(STANDS).await;
            failed.iter().try_for_each(|source| fleet.resume(*source))?;
            tokio::time::sleep(RUNS).await;
            failed.iter().try_for_each(|source| fleet.pause(*source))?;
        }
        anyhow::Ok(())
    };
    tokio::try_join!(watching, pulsing)?;
    for source in failed {
        match way {
            Way::Down => fleet.start_again(*source)?,
            Way::Hung | Way::Slow => fleet.resume(*source)?,
        }
    }
    for source in failed {
        fleet.ready(*source).await?;
    }
    let (shown, took) = asker.whole().await?;
    anyhow::ensure!(shown == before, "{shown:?} is shown after what was {before:?}");
    found.whole_seconds = took.as_secs_f64();
    if found.slowest_ring_ms > SLOWEST_MS {
        found.broken.insert(format!("a ring took more than {SLOWEST_MS:.0} ms"));
    }
    Ok(found)
}

impl super::Promised for Gaps {
    fn broken(&self) -> Vec<String> {
        let told = |it: &Combination, what: &String| format!("{} {:?}: {what}", it.way.name(), it.failed);
        self.combinations.iter().flat_map(|it| it.broken.iter().map(move |what| told(it, what))).collect()
    }
}

impl fmt::Display for Gaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<5} {:<48} {:>6} {:>11} {:>11} {:>9} {:>9}",
            "", "sources", "looks", "view at most", "ring at most", "named", "whole"
        )?;
        for it in &self.combinations {
            let failed = it.failed.iter().copied().collect::<Vec<_>>().join(" ");
            let named = it.named_seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.2} s"));
            writeln!(
                f,
                "{:<5} {failed:<48} {:>6} {:>9.1} ms {:>9.1} ms {named:>9} {:>7.2} s",
                it.way.name(),
                it.looks,
                it.slowest_ms,
                it.slowest_ring_ms,
                it.whole_seconds
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(after_ms: u64, took_ms: u64, gaps: &[&'static str], old: &[&'static str]) -> Look {
        Look {
            after: Duration::from_millis(after_ms),
            took: Duration::from_millis(took_ms),
            gaps: gaps.iter().copied().collect(),
            old: old.iter().copied().collect(),
            shown: [1, 2, 0],
        }
    }

    #[test]
    fn what_is_late_unnamed_wrongly_named_or_gone_is_found() {
        let failed = BTreeSet::from(["ticketing", "sla-monitor"]);
        let found = |way, look: &Look| faults(way, &failed, [1, 2, 0], look).len();
        let both = ["sla-monitor", "ticketing"];
        assert_eq!(found(Way::Hung, &look(6_000, 800, &both, &both)), 0);
        assert_eq!(found(Way::Hung, &look(4_000, 3, &[], &[])), 0, "three seconds are forgiven");
        assert_eq!(found(Way::Slow, &look(6_000, 3, &["ticketing"], &["ticketing"])), 0, "it comes and goes");
        assert_eq!(found(Way::Hung, &look(6_000, 801, &both, &both)), 1);
        assert_eq!(found(Way::Down, &look(6_000, 3, &["ticketing"], &[])), 1);
        assert_eq!(found(Way::Slow, &look(1_000, 3, &["ombudsman-escalation"], &[])), 1);
        assert_eq!(found(Way::Slow, &look(1_000, 3, &[], &["ticketing"])), 1);
        assert_eq!(found(Way::Hung, &Look { shown: [0, 2, 0], ..look(6_000, 3, &both, &both) }), 1);
    }

    fn standing(gap: Option<&str>, seconds: i64) -> Option<customer::SectionStanding> {
        let gap = gap.map(|source| customer::SectionGap { source: source.to_owned(), ..Default::default() });
        Some(customer::SectionStanding {
            lag: Some(prost_types::Duration { seconds, nanos: 0 }),
            gap,
            as_of_time: None,
        })
    }

    #[test]
    fn a_view_whose_sections_and_summary_disagree_is_found() {
        let view = |behind: &[&str], of_tickets: Option<&str>, of_holds: Option<&str>| customer::CustomerView {
            open_tickets: Some(customer::TicketSection { standing: standing(of_tickets, 9), ..Default::default() }),
            promises: Some(customer::PromiseSection { standing: standing(of_tickets, 9), ..Default::default() }),
            clocks: Some(customer::ClockSection { standing: standing(None, 1), ..Default::default() }),
            cases: Some(customer::CaseSection { standing: standing(None, 1), ..Default::default() }),
            holds: Some(customer::HoldSection { standing: standing(of_holds, 9), ..Default::default() }),
            completeness: Some(customer::ViewCompleteness {
                sources_behind: behind.iter().map(|name| (*name).to_owned()).collect(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let read = |view: &customer::CustomerView| read(view, Duration::ZERO, Duration::ZERO);
        let ticketing = Some("ticketing");
        let found = read(&view(&["ticketing"], ticketing, ticketing)).unwrap();
        assert_eq!((found.gaps, found.old), (BTreeSet::from(["ticketing"]), BTreeSet::from(["ticketing"])));
        read(&view(&[], ticketing, ticketing)).unwrap_err();
        read(&view(&["ticketing"], None, ticketing)).unwrap_err();
        read(&view(&["ticketing"], ticketing, None)).unwrap_err();
        read(&view(&["somebody"], ticketing, ticketing)).unwrap_err();
        read(&customer::CustomerView::default()).unwrap_err();
    }
}
