//! `import`: loads an event log as customers, tickets, work steps and clocks in their own past
//! time, and prints the board.
//!
//! Resumable: what is loaded is noted in the data folder, and every request carries an id made of
//! the case and the event's place in it, so that a repetition changes nothing.

mod board;
mod load;
mod map;
mod process;
pub mod read;
mod ticks;

use std::fs::File;
use std::io::{BufReader, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use futures::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use kernel::{Ambient, Role};

use crate::cli;
use crate::client::Target;
use crate::services::Service;
use crate::signals::StopSignals;

use load::Loader;
use map::Steps;
use read::{Case, EventLog};
use ticks::Ticks;

/// A log of which the first so many cases all fail is not worth trying further.
const HOPELESS: usize = 50;
/// Cases of one call, and events of one call unless a single case has more.
const CASES: usize = 100;
const EVENTS: usize = 2_000;

/// What one run did.
#[derive(Default)]
struct Tally {
    loaded: usize,
    loaded_before: usize,
    failed: Vec<(String, String)>,
    interrupted: bool,
}

/// Runs `import`.
pub async fn run(import: cli::Import) -> anyhow::Result<()> {
    let began = Instant::now();
    let ambient = Ambient::system();
    let file = File::open(&import.file).with_context(|| format!("{} cannot be read", import.file.display()))?;
    let log = read::read(BufReader::new(file), ambient.now())
        .with_context(|| format!("{} is no event log", import.file.display()))?;
    for bad in &log.bad_lines {
        eprintln!("ventanilla: line {} skipped: {}", bad.line, bad.reason);
    }
    ensure!(!log.cases.is_empty(), "{} holds no usable event", import.file.display());
    eprintln!(
        "ventanilla: {} cases with {} events read, {} bad lines skipped",
        log.cases.len(),
        log.event_count(),
        log.bad_lines.len()
    );

    let target = Target::reach(import.data.data.as_deref(), &ambient).await?;
    let result = load_and_report(&import, &log, &target, &ambient, began).await;
    // Also after a failure: what was started for this command must not stay.
    target.leave().await?;
    result
}

async fn load_and_report(
    import: &cli::Import,
    log: &EventLog,
    target: &Target,
    ambient: &Ambient,
    began: Instant,
) -> anyhow::Result<()> {
    let steps = Steps::of(log, &import.file);
    let maps = map::client(target, ambient).await?;
    // Affairs are brought with or without a map to hold them against.
    let mapped = map::ensure_map(&maps, log, &steps).await;
    let tally = load_all(import, log, steps.clone(), target, ambient).await?;
    ensure!(!tally.interrupted, "interrupted after {} cases; the same command goes on where it stopped", tally.loaded);
    for (case, reason) in &tally.failed {
        eprintln!("ventanilla: case {case} not loaded: {reason}");
    }
    board::wait_for_clocks(&target.database_url).await?;
    let board = board::ask(target, log, ambient).await?;
    let measured = match mapped {
        Ok(()) => process::measure(&maps, log, &steps).await,
        Err(unmapped) => Err(unmapped),
    };
    let process = measured.unwrap_or_else(|reason| {
        eprintln!("ventanilla: nothing is said of how the cases went: {reason:#}");
        None
    });
    let report = board::Report::new(import, log, &tally, &board, process, began.elapsed());
    if import.json {
        let mut out = std::io::stdout().lock();
        serde_json::to_writer(&mut out, &report)?;
        out.write_all(b"\n")?;
    } else {
        print!("{report}");
    }
    ensure!(tally.failed.is_empty(), "{} cases were not loaded; the lines above say why", tally.failed.len());
    Ok(())
}

async fn load_all(
    import: &cli::Import,
    log: &EventLog,
    steps: Steps,
    target: &Target,
    ambient: &Ambient,
) -> anyhow::Result<Tally> {
    let mut stop = StopSignals::listen()?;
    let ticks = Arc::new(Ticks::open(&target.folder)?);
    let importer = target.caller(Role::Importer, Some("event-log-import"), None, ambient)?;
    let loader = Loader::new(
        importer.on(&target.connect(Service::CustomerProfile)?),
        importer.on(&target.connect(Service::Ticketing)?),
        steps,
    );
    let (known, waiting): (Vec<&Case>, Vec<&Case>) = log.cases.iter().partition(|case| ticks.has(case));
    let bar = progress(log.event_count());
    bar.inc(known.iter().map(|case| case.events.len() as u64).sum());
    let mut tally = Tally { loaded_before: known.len(), ..Tally::default() };
    let work = groups(&waiting).into_iter().map(|cases| {
        let (loader, ticks) = (loader.clone(), Arc::clone(&ticks));
        async move {
            let results = loader.load(&cases).await.into_iter().zip(cases);
            // Only what is wholly there is noted; a case cut short is repeated, which is harmless.
            let note = |case| ticks.note(case).map_err(|error| error.to_string());
            results.map(|(result, case)| (case, result.and_then(|()| note(case)))).collect::<Vec<_>>()
        }
    });
    let mut work = futures::stream::iter(work).buffer_unordered(usize::from(import.concurrency));
    let mut told = Instant::now();
    loop {
        let results = tokio::select! {
            next = work.next() => match next {
                Some(done) => done,
                None => break,
            },
            () = stop.next() => {
                tally.interrupted = true;
                break;
            }
        };
        for (case, result) in results {
            match result {
                Ok(()) => tally.loaded += 1,
                Err(reason) => tally.failed.push((case.id.clone(), reason)),
            }
            bar.inc(case.events.len() as u64);
        }
        if bar.is_hidden() && told.elapsed().as_secs() >= 5 {
            told = Instant::now();
            eprintln!("ventanilla: {} of {} events", bar.position(), log.event_count());
        }
        if tally.loaded == 0 && tally.failed.len() >= HOPELESS {
            let (case, reason) = &tally.failed[0];
            anyhow::bail!("the first {HOPELESS} cases all failed, so the rest was not tried; case {case}: {reason}");
        }
    }
    bar.finish_and_clear();
    Ok(tally)
}

/// The cases in groups that one call takes: few enough events to be written in well under a second.
fn groups<'a>(cases: &[&'a Case]) -> Vec<Vec<&'a Case>> {
    let (mut groups, mut events) = (Vec::<Vec<&Case>>::new(), 0);
    for case in cases {
        events += case.events.len();
        match groups.last_mut() {
            Some(group) if group.len() < CASES && events <= EVENTS => group.push(case),
            _ => {
                events = case.events.len();
                groups.push(vec![case]);
            }
        }
    }
    groups
}

fn progress(events: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        let hidden = ProgressBar::hidden();
        hidden.set_length(events as u64);
        return hidden;
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} events, {per_sec}, {eta} to go")
        .expect("the template above is one");
    ProgressBar::new(events as u64).with_style(style)
}
