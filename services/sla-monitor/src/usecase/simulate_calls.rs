//! `SimulatePolicy` of a policy about calls: tried on the calls that arrived in a window, as if it had held there alone of its metric. Writes nothing.

use jiff::Timestamp;
use sla_monitor_domain::call::{Verdict, judge};
use sla_monitor_domain::condition::Metric;
use sla_monitor_domain::{Calendar, Rule};
use tokio::sync::mpsc::Sender;

use super::get_policy::Obligation;
use super::simulate_policy::{Flip, Item, Of, PAGE, Simulated, Stood, TURN, tell_end, tell_page};
use crate::error::Failure;
use crate::monitor::{Law, Monitor};
use crate::names::CallName;
use crate::store::call::{Call, count, past};
use crate::store::past::Span;

impl From<Verdict> for Stood {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Kept => Self::Kept,
            Verdict::Missed => Self::Breached,
            Verdict::LeftOut => Self::FellAway,
        }
    }
}

/// Tries it, telling how far it is; ends early when nobody listens any more.
///
/// # Errors
/// [`Failure`] of the database, or where the policy is of no calls.
#[tracing::instrument(name = "policy.simulate_calls", skip_all)]
pub(super) async fn simulate_calls(
    monitor: Monitor,
    span: Span,
    policy: Obligation,
    tell: Sender<Result<Item, Failure>>,
) -> Result<(), Failure> {
    let law = monitor.law();
    let (rule, metric) = as_if_it_had_held(&policy)?;
    let (total, now) = count(monitor.db.reader(), span).await?;
    let mut result = Simulated::begun(policy, now);
    let (mut after, mut flips) = (None, Vec::new());
    loop {
        let page = past(monitor.db.reader(), span, after, metric, PAGE).await?;
        let Some(last) = page.last() else { break };
        let (system, id) = last.call.measured.key.clone();
        after = Some((last.call.measured.arrived, system, id));
        for (n, past) in page.iter().enumerate() {
            if n % TURN == 0 {
                tokio::task::yield_now().await;
            }
            let was = past.judged.as_ref().map_or(Stood::None, |(_, verdict)| Stood::from(*verdict));
            let then = stood(&rule, &law, &past.call);
            let measured = &past.call.measured;
            result.total.add(was, then);
            for (by, key) in [
                (&mut result.by_department, measured.department.as_str()),
                (&mut result.by_channel, past.call.channel.as_str()),
                (&mut result.by_queue, past.call.queue.as_str()),
            ] {
                by.entry(key.to_owned()).or_default().add(was, then);
            }
            if was != then {
                result.flips += 1;
                let rule = past.judged.as_ref().map(|(policy, _)| policy.clone()).unwrap_or_default();
                let (system, id) = measured.key.clone();
                flips.push(Flip { of: Of::Call(CallName { system, id }), now: was, then, rule });
            }
        }
        if !tell_page(&tell, &result, total, &mut flips).await {
            return Ok(());
        }
    }
    tell_end(&tell, result, flips).await;
    Ok(())
}

/// The rule as if it had held for all that arrived, and what it measures.
fn as_if_it_had_held(policy: &Obligation) -> Result<(Rule, Metric), Failure> {
    let mut rule = policy.rule().clone();
    let Some(measure) = &mut rule.measure else {
        return Err(Failure::NoTermToCount { rule: rule.id, stage: rule.stage });
    };
    (measure.from, measure.until) = (Timestamp::MIN, None);
    let metric = measure.metric;
    Ok((rule, metric))
}

fn stood(rule: &Rule, law: &Law, call: &Call) -> Stood {
    let Some(measure) = rule.measure.as_ref().filter(|measure| measure.unfit(&call.facts()).is_none()) else {
        return Stood::None;
    };
    let own = measure.calendar.as_deref().and_then(|id| law.calendar(id));
    let calendar: &Calendar = own.unwrap_or_else(|| law.calendar_of(&call.measured.department));
    judge(rule, calendar, &call.measured).map_or(Stood::None, |judged| judged.verdict.into())
}
