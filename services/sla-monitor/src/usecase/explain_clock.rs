//! `ExplainClock`: why a clock falls due when it does.

use sla_monitor_domain::catalogue::{CaseFacts, Chosen};
use sla_monitor_domain::clock::Terms;
use sla_monitor_domain::condition::Metric;
use sla_monitor_domain::policy::{Facts, choose, choose_of};
use sla_monitor_domain::proof::prove;
use sla_monitor_domain::rule::Subject;
use sla_monitor_domain::{Catalogue, Proof};

use super::{Standing, standing};
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::names::ClockId;
use crate::store::affair::{self, Affair};

/// The clock of this id, and the reasoning behind its due instant.
///
/// # Errors
/// [`Failure::ClockNotFound`] when there is none.
#[tracing::instrument(name = "clock.explain", skip_all)]
pub async fn explain_clock(monitor: &Monitor, id: ClockId) -> Result<(Standing, Proof), Failure> {
    let standing = standing(monitor, id).await?;
    let affair = affair::get(monitor.db.reader(), standing.stored.affair).await?;
    let law = monitor.law_of(standing.stored.id, standing.stored.law_version).await?;
    let (es, en) = because(monitor, &law, &standing, affair.as_ref());
    let terms = Terms { rule: &standing.rule, calendar: &standing.calendar };
    let proof = prove(&standing.replayed, terms, &es, &en)
        .map_err(|error| Failure::unreplayable(standing.stored.id, &error))?;
    Ok((standing, proof))
}

/// Why the rule was chosen: the choice is made again from the same facts, by the law that shipped when the clock was started.
fn because(monitor: &Monitor, law: &Catalogue, standing: &Standing, affair: Option<&Affair>) -> (String, String) {
    let whole = monitor.law();
    let rule = &standing.rule;
    let chosen: Vec<Chosen<'_>> = match (rule.subject, affair) {
        // What the house measures of its office was chosen at the occasion that it counts from.
        (_, Some(affair)) if affair.is_case && rule.measure.is_some() => {
            let metrics: Vec<Metric> = rule.measure.iter().map(|measure| measure.metric).collect();
            let facts = Facts::of_case(&affair.sector, &standing.stored.department, standing.replayed.first_origin);
            choose_of(&metrics, whole.policies.iter().map(|rule| &**rule), &facts)
        }
        (Subject::Promise, _) => law.for_promise().into_iter().collect(),
        (Subject::Obligation, _) => law.for_obligation(&rule.stage).into_iter().collect(),
        (Subject::PartyTerm, Some(affair)) => {
            let given = standing.replayed.first_origin;
            law.for_party(&rule.stage, &affair.sector, given, &standing.calendar).into_iter().collect()
        }
        (Subject::Decision, Some(affair)) => {
            let since = standing.replayed.first_origin;
            law.for_decision(&rule.stage, &affair.sector, since, &standing.calendar).into_iter().collect()
        }
        (_, Some(affair)) if affair.is_case => {
            let facts = CaseFacts { regime: &affair.sector, received: affair.first_received };
            law.for_case(facts, &standing.calendar).into_iter().collect()
        }
        (_, Some(affair)) if rule.measure.is_some() => {
            choose(whole.policies.iter().map(|rule| &**rule), &affair.facts())
        }
        (_, Some(affair)) => law.for_affair(affair.filed(), &standing.calendar),
        (_, None) => Vec::new(),
    };
    let found = chosen.into_iter().find(|chosen| chosen.rule.id == rule.id);
    found.map_or_else(
        || {
            (
                format!("elegida al abrir el reloj, con la versión {} de la regla", standing.stored.rule_version),
                format!(
                    "chosen when the clock was started, under version {} of the rule",
                    standing.stored.rule_version
                ),
            )
        },
        |chosen| (chosen.because_es, chosen.because_en),
    )
}
