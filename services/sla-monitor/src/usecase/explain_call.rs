//! `ExplainCall`: what was made of a call, and why.

use std::sync::Arc;

use jiff::Timestamp;
use postgres::StoreError;
use sla_monitor_domain::call::{Judgement, explain};
use sla_monitor_domain::clock::Terms;
use sla_monitor_domain::condition::Metric;
use sla_monitor_domain::policy::choose_of;
use sla_monitor_domain::{Proof, Rule};

use crate::error::Failure;
use crate::monitor::{Law, Monitor, Version};
use crate::names::CallName;
use crate::store::board::snapshot;
use crate::store::call::{self, Call};
use crate::store::{judged, law};

/// A call, what was made of it, and why.
#[derive(Debug)]
pub struct Explained {
    /// As it was measured.
    pub call: Call,
    /// When it was recorded.
    pub recorded: Timestamp,
    /// What was made of it, each with the policy and the proof.
    pub judgements: Vec<(Judgement, Arc<Rule>, Proof)>,
}

/// The call of this name, what was made of it, and why.
///
/// # Errors
/// [`Failure::CallNotFound`] when there is none.
#[tracing::instrument(name = "call.explain", skip_all)]
pub async fn explain_call(monitor: &Monitor, name: &CallName) -> Result<Explained, Failure> {
    let mut tx = snapshot(&monitor.db).await?;
    let found = call::one(&mut tx, &name.system, &name.id).await?;
    let judged = judged::of_call(&mut *tx, &name.system, &name.id).await?;
    let revision = law::revision(&mut *tx).await?;
    let law = monitor.law_at(&mut tx, revision).await?;
    tx.rollback().await?;
    let (call, recorded) = found.ok_or_else(|| Failure::CallNotFound(name.to_string()))?;
    let judgements = judged.into_iter().map(|judgement| proven(&law, &call, judgement));
    Ok(Explained { recorded, judgements: judgements.collect::<Result<_, _>>()?, call })
}

fn proven(law: &Law, call: &Call, judgement: Judgement) -> Result<(Judgement, Arc<Rule>, Proof), Failure> {
    let corrupt = |column| Failure::from(StoreError::corrupt("call_verdict", column, &call.measured.key.1));
    let rule = law.rule(&judgement.policy, judgement.version).ok_or_else(|| corrupt("policy_version"))?;
    let (calendar, version) = &judgement.calendar;
    let calendar = law.calendar_at(calendar, Version::Of(version)).ok_or_else(|| corrupt("calendar_version"))?;
    let (es, en) = because(law, call, rule);
    let proof = explain(Terms { rule, calendar }, judgement.origin, (&es, &en)).map_err(|_| corrupt("due_at"))?;
    // What is proved is what was judged, or neither is told.
    if proof.due != Some(judgement.due) {
        return Err(corrupt("due_at"));
    }
    Ok((judgement, Arc::clone(rule), proof))
}

/// Why the policy was chosen: the choice is made again from the same facts, for versions are not edited, and no end is set in the past.
fn because(law: &Law, call: &Call, rule: &Rule) -> (String, String) {
    let chosen = choose_of(&Metric::OF_CALLS, law.policies.iter().map(|rule| &**rule), &call.facts());
    let found = chosen.into_iter().find(|chosen| chosen.rule.id == rule.id && chosen.rule.version == rule.version);
    found.map_or_else(
        || {
            let version = rule.version;
            (
                format!("elegida al registrar la llamada, con la versión {version} de la norma"),
                format!("chosen when the call was recorded, under version {version} of the policy"),
            )
        },
        |chosen| (chosen.because_es, chosen.because_en),
    )
}
