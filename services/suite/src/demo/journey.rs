//! The journey of the affair: every entry about it in all four ledgers, in the order it was written
//! down, with the trace it was written in.

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::Role;
use ventanilla_proto::ledger::v1::{Entry, WatchRequest, watch_response};

use super::affair::Affair;
use super::stage::{Stage, refused};
use crate::services::Service;

/// Prints the journey.
pub async fn tell(stage: &Stage<'_>, affair: &Affair, case: &str) -> anyhow::Result<()> {
    let mut steps = Vec::new();
    for (service, before) in &stage.heads {
        for entry in entries(stage, *service, *before).await? {
            if concerns(&entry, affair, case) {
                steps.push((*service, entry));
            }
        }
    }
    steps.sort_by_key(|(_, entry)| recorded(entry));
    println!("\nThe journey of {}, as the four ledgers tell it (times of Madrid):\n", affair.ticket);
    let zone = TimeZone::get("Europe/Madrid").context("the time zone Europe/Madrid is not known here")?;
    for (service, entry) in &steps {
        let at = recorded(entry).to_zoned(zone.clone());
        let what = entry.r#type.rsplit('.').next().unwrap_or_default();
        let trace = entry.traceparent.split('-').nth(1).unwrap_or("not traced");
        println!("  {}  {:<21} {what:<22} {trace}  {}", at.strftime("%H:%M:%S%.3f"), service.name(), entry.aggregate);
    }
    println!("\n{} entries in {} ledgers", steps.len(), stage.heads.len());
    Ok(())
}

/// What was written after `before`, up to the head as it is now.
async fn entries(stage: &Stage<'_>, service: Service, before: i64) -> anyhow::Result<Vec<Entry>> {
    let scene = stage.aside(Role::Auditor, "demo-auditor")?;
    let request = WatchRequest { after_position: before };
    let mut feed = scene.ledger(service).watch(request).await.map_err(|status| refused(&status))?.into_inner();
    let mut entries = Vec::new();
    while let Some(answer) = feed.message().await.map_err(|status| refused(&status))? {
        match answer.item {
            Some(watch_response::Item::Entry(entry)) => entries.push(entry),
            // The first heartbeat says that nothing more is known.
            Some(watch_response::Item::Heartbeat(_)) | None => break,
        }
    }
    Ok(entries)
}

fn concerns(entry: &Entry, affair: &Affair, case: &str) -> bool {
    let about = entry.aggregate.as_str();
    about == affair.ticket
        || about == case
        || about == affair.customer
        || affair.clocks.iter().any(|clock| clock == about)
}

fn recorded(entry: &Entry) -> Timestamp {
    entry.recorded_time.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}
