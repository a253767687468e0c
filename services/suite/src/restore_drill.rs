//! `restore-drill`: the worst night, rehearsed. A suite under load is backed up, its database server is killed and its data
//! deleted; a second one is rolled forward to an instant before that, the services start on it, which do erasures again before
//! they answer, and everything is held against what was kept outside the database.
//!
//! ```text
//! base backup ── load, acknowledgements in a file ──┬── point ──── load, an erasure ──── destroyed
//!      archived WAL, second by second ──────────────┴───────────────────────────────┘
//!                                                   └─▶ restored here, in another folder
//! ```
//!
//! Meanwhile months of the ledgers end, and the first goes into the archive, before the point; what is restored begins where that ends.
//!
//! `places` says what lies where, `load` writes, `months` archives, `disaster` destroys and restores, `check` looks, `verdict` (pure) judges, and
//! `report` tells.

mod check;
mod disaster;
mod load;
mod months;
mod places;
mod report;
mod verdict;

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use kernel::Ambient;
use postgres::cluster::Options;

use crate::cli;
use crate::data_folder::DataFolder;
use crate::database::Database;
use crate::suite::Suite;

use load::{Forgotten, Journal, Load};
use places::Places;
use report::{Facts, Report};

/// Runs `restore-drill`. An error when anything is missing that should be there, or there that should be gone.
pub async fn run(drill: cli::RestoreDrill) -> anyhow::Result<()> {
    let ambient = Ambient::system();
    let places = Places::make(drill.folder.as_deref())?;
    let rehearsed = rehearse(&drill, &places, &ambient).await;
    let kept = places.root().display().to_string();
    let report = rehearsed.with_context(|| format!("the drill broke off; everything is kept in {kept}"))?;
    report.tell(&places, drill.json)?;
    if !report.holds {
        bail!("what was restored is not what it should be; everything is kept in {kept}");
    }
    if drill.folder.is_none() {
        places.discard();
    }
    Ok(())
}

/// What is known when the house stands in ruins.
struct Night {
    point: Timestamp,
    destroyed: Timestamp,
    archived: Option<Timestamp>,
    forgotten: Forgotten,
    backed_up: Duration,
}

async fn rehearse(drill: &cli::RestoreDrill, places: &Places, ambient: &Ambient) -> anyhow::Result<Report> {
    let bar = ProgressBar::new(5).with_style(ProgressStyle::with_template("{pos}/{len} {msg} {elapsed}")?);
    let step = |what: &'static str| {
        bar.set_message(what);
        bar.inc(1);
    };
    let night = until_the_end(drill, places, ambient, step).await?;
    let ruins = Instant::now();

    step("restoring in another folder");
    let copied = disaster::restore(places, drill.without_erasure_journal, night.point).await?;
    let rolling = Instant::now();
    let folder = DataFolder::open(Some(&places.after()))?;
    let database = Database::private(&folder, Options { talk: false, ..Options::durable() }).await?;
    let rolled_forward = rolling.elapsed();
    let brought_back = check::words_of(&database.admin_url, &night.forgotten).await?;
    let ends = check::ends(&database.admin_url).await?;
    let starting = Instant::now();
    let suite = Suite::start_on(folder, database, ambient).await?;
    check::all_answer(&suite, ambient).await?;
    let (started, recovered) = (starting.elapsed(), ruins.elapsed());

    step("holding everything against what was kept outside");
    let answered = check::who_is_asked_for(&suite, &night.forgotten, ambient).await?;
    let left = check::until_forgotten(&suite, &night.forgotten).await?;
    let ledgers = check::ledgers(&suite, places, &ends).await?;
    let there = check::present(suite.database_url()).await?;
    let writes = verdict::writes(&Journal::read(&places.acknowledged())?, &there, night.point);
    suite.stop().await.context("the restored suite does not stop")?;
    bar.finish_and_clear();
    let facts = Facts {
        point: night.point,
        destroyed: night.destroyed,
        archived: night.archived,
        bytes: (places.backup_bytes()?, places.archive_bytes()?),
        backed_up: night.backed_up,
        copied,
        rolled_forward,
        started,
        recovered,
    };
    Ok(Report::of(facts, writes, verdict::erasure(brought_back, answered, left), ledgers))
}

/// Everything up to the destruction.
async fn until_the_end(
    drill: &cli::RestoreDrill,
    places: &Places,
    ambient: &Ambient,
    step: impl Fn(&'static str),
) -> anyhow::Result<Night> {
    step("starting a suite whose WAL is archived");
    let folder = DataFolder::open(Some(&places.before()))?;
    let options = Options { talk: false, archive: Some(places.archive()), ..Options::durable() };
    let database = Database::private(&folder, options).await?;
    let suite = Suite::start_on(folder, database, ambient).await?;
    let journal = Journal::create(&places.acknowledged())?;
    let forgotten = load::bring_who_will_be_forgotten(&suite, ambient).await?;
    check::sign(&suite, ambient).await?;

    step("taking the base backup under load");
    let load = Load::start(&suite, &journal, drill.clients, ambient)?;
    let backed_up = disaster::back_up(&suite, places).await?;
    months::begin(&suite, months::FIRST).await?;
    load.runs_for(Duration::from_secs(drill.seconds)).await?;
    check::sign(&suite, ambient).await?;
    let months = months::take_out(&suite, places, ambient).await?;
    ensure!(months > 0, "no ledger had a month to archive");
    let point = ambient.now();

    step("writing on, with an erasure, and destroying the database under load");
    months::begin(&suite, months::SECOND).await?;
    load.runs_for(Duration::from_secs(drill.after)).await?;
    load::have_forgotten(&suite, &forgotten, ambient).await?;
    check::sign(&suite, ambient).await?;
    let archived = disaster::until_archived(&suite, point).await?;
    let destroyed = disaster::destroy(suite, places, ambient).await?;
    load.end().await?;
    Ok(Night { point, destroyed, archived, forgotten, backed_up })
}
