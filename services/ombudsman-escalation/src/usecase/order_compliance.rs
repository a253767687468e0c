//! Ordering what a binding decision asks for.

use ombudsman_escalation_domain::obligation::{Obligation, Order, fit};
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{DossierKind, ObligationKind, OfficeRole, Stage};
use ombudsman_escalation_domain::{Refused, term};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::{decision, obligation, procedure};

/// Name of the RPC.
pub const METHOD: &str = "OrderCompliance";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// One for each point that was upheld.
    pub orders: Vec<Order>,
}

/// Binds the firm where the law does that by itself, and writes the orders.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.order_compliance", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let before = step.case();
    let bound = match before.stage() {
        Stage::Notified => {
            let effect = procedure::effect(&mut step.tx, before.id).await?;
            before.clone().bind_by_law(effect, step.now)?
        }
        _ => before.clone(),
    };
    let after = bound.clone().order()?;
    let (_, answers) = decision::get(&mut step.tx, after.id).await?.ok_or(Refused::DecisionNotFound)?;
    let outcomes: Vec<_> = answers.iter().map(|answer| (answer.claim_point.clone(), answer.outcome)).collect();
    fit(&command.orders, &outcomes)?;
    if bound != before {
        step.write(&office, bound).await?;
    }
    // What stands since a slip was corrected is what is owed.
    let corrected = procedure::corrections(&mut step.tx, after.id).await?;
    let corrected: Vec<_> =
        corrected.iter().map(answer::correction).collect::<Option<_>>().ok_or(Failure::Unreadable)?;
    let known = obligation::of_case(&mut step.tx, after.id).await?.len();
    for (order, number) in command.orders.into_iter().zip(known + 1..) {
        let remedy = answers.iter().find(|answer| answer.claim_point == order.claim_point).map(|answer| &answer.remedy);
        let remedy = remedy.map(|remedy| remedy.expose().clone()).unwrap_or_default();
        let of_it = corrected
            .iter()
            .filter(|one| one.text() == pb::DecisionText::Remedy && one.claim_point == order.claim_point);
        let remedy = of_it.fold(remedy, |remedy, one| remedy.replacen(&one.stood, &one.stands, 1));
        let due = term::end_after_days(step.now, order.days);
        let (claim_point, debtor) = (&order.claim_point, &order.debtor);
        let told = Phrase::Ordered { number, claim_point, remedy: &remedy, debtor, due };
        let entry = step.say(&office, DossierKind::ComplianceOrder, told).entry.sequence;
        let owed = Obligation {
            claim_point: Some(order.claim_point),
            ..Obligation::new(ObligationKind::Order, order.debtor, entry, (step.now, due)).after(number - 1)
        };
        obligation::insert(&mut step.tx, after.id, &owed).await?;
        step.note(&office, &answer::obligation_set(after.id, &owed));
    }
    step.finish(&office, after).await
}
