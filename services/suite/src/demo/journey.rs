//! The journey of the affair: every entry about it in all four ledgers, in the order it was written
//! down, with the trace it was written in.

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::Role;
use ventanilla_proto::ledger::v1::{Entry, WatchRequest, watch_response};
use ventanilla_proto::sla::v1::ListClocksRequest;

use super::affair::Affair;
use super::stage::{Stage, refused};
use crate::services::Service;

/// Prints the journey.
pub async fn tell(stage: &Stage<'_>, affair: &Affair, case: &str) -> anyhow::Result<()> {
    let clocks = clocks(stage, &affair.customer).await?;
    let concerns = |entry: &Entry| {
        let about = entry.aggregate.as_str();
        [affair.ticket.as_str(), case, affair.customer.as_str()].contains(&about)
            || clocks.iter().any(|clock| clock == about)
    };
    let mut steps = Vec::new();
    for (service, before) in &stage.heads {
        for entry in entries(stage, *service, *before).await? {
            if concerns(&entry) {
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

/// Every clock that ran for the customer: of the ticket, its promises and the case.
async fn clocks(stage: &Stage<'_>, customer: &str) -> anyhow::Result<Vec<String>> {
    let scene = stage.aside(Role::Auditor, "demo-auditor")?;
    let request = ListClocksRequest { customer: customer.to_owned(), page_size: 100, ..ListClocksRequest::default() };
    let answer = scene.clocks().list_clocks(request).await.map_err(|status| refused(&status))?;
    Ok(answer.into_inner().clocks.into_iter().map(|clock| clock.name).collect())
}

fn recorded(entry: &Entry) -> Timestamp {
    entry.recorded_time.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}
