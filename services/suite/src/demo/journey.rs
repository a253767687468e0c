//! The journey of the affair through all ledgers, as ticketing tells it by one call: every step in the order it was written down, with
//! the trace it was written in.

use std::collections::BTreeSet;

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::Role;
use ventanilla_proto::ticketing::v1::{GetJourneyRequest, JourneyGap, JourneyStep};

use super::affair::Affair;
use super::stage::{Stage, refused};

/// Prints the journey.
pub async fn tell(stage: &Stage<'_>, affair: &Affair) -> anyhow::Result<()> {
    let (steps, gaps) = journey(stage, &affair.ticket).await?;
    println!("\nThe journey of {}, as the ledgers tell it (times of Madrid):\n", affair.ticket);
    let zone = TimeZone::get("Europe/Madrid").context("the time zone Europe/Madrid is not known here")?;
    for step in &steps {
        let at = recorded(step).to_zoned(zone.clone());
        let what = step.r#type.rsplit('.').next().unwrap_or_default();
        let trace = if step.trace_id.is_empty() { "not traced" } else { &step.trace_id };
        println!("  {}  {:<21} {what:<22} {trace}  {}", at.strftime("%H:%M:%S%.3f"), step.source, step.aggregate);
    }
    for gap in &gaps {
        println!("  {:<35} is not told of: {:?}", gap.source, gap.reason());
    }
    let sources: BTreeSet<&str> = steps.iter().map(|step| step.source.as_str()).collect();
    println!("\n{} steps in {} ledgers", steps.len(), sources.len());
    Ok(())
}

/// All its steps, and what may be missing.
async fn journey(stage: &Stage<'_>, ticket: &str) -> anyhow::Result<(Vec<JourneyStep>, Vec<JourneyGap>)> {
    let scene = stage.aside(Role::Auditor, "demo-auditor")?;
    let mut request = GetJourneyRequest { name: ticket.to_owned(), ..GetJourneyRequest::default() };
    let mut steps = Vec::new();
    loop {
        let answer = scene.tickets().get_journey(request.clone()).await.map_err(|status| refused(&status))?;
        let mut part = answer.into_inner();
        steps.append(&mut part.steps);
        if part.next_time.is_none() {
            return Ok((steps, part.gaps));
        }
        request.from_time = part.next_time;
    }
}

fn recorded(step: &JourneyStep) -> Timestamp {
    step.recorded_time.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}
