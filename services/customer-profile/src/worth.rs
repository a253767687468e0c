//! Dealings and what they say, between domain and contract.

use customer_profile_domain::{ChurnSignal, DealingKind, Lifecycle, Sums, ValueBand, Worth};
use jiff::Timestamp;
use kernel::ResourceId;
use server::parse::time_to_proto;
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::r#type::v1::Money;

use crate::store::dealing::Dealing;

pub(crate) const fn kind_to_proto(kind: DealingKind) -> proto::DealingKind {
    match kind {
        DealingKind::Purchase => proto::DealingKind::Purchase,
        DealingKind::Refund => proto::DealingKind::Refund,
        DealingKind::ContractStart => proto::DealingKind::ContractStart,
        DealingKind::ContractEnd => proto::DealingKind::ContractEnd,
    }
}

pub(crate) fn kind_from_proto(value: i32) -> Option<DealingKind> {
    let named = proto::DealingKind::try_from(value).ok()?;
    DealingKind::ALL.into_iter().find(|kind| kind_to_proto(*kind) == named)
}

pub(crate) fn dealing_to_proto(told: &Dealing, recorded_at: Timestamp) -> proto::Dealing {
    proto::Dealing {
        source_system: told.source_system.as_str().to_owned(),
        external_id: told.external_id.expose().clone(),
        customer: told.customer.name(),
        kind: kind_to_proto(told.kind).into(),
        amount: told
            .amount
            .as_ref()
            .map(|amount| Money { currency_code: amount.currency.clone(), minor_units: amount.minor_units }),
        occurred_time: Some(time_to_proto(told.occurred_at)),
        create_time: Some(time_to_proto(recorded_at)),
    }
}

/// The section of the view.
pub(crate) fn section(
    worth: &Worth,
    sums: Sums,
    currency: &str,
    standing: Option<proto::SectionStanding>,
) -> proto::WorthSection {
    let lifecycle = match worth.lifecycle {
        Lifecycle::Prospect => proto::CustomerLifecycle::Prospect,
        Lifecycle::Active => proto::CustomerLifecycle::Active,
        Lifecycle::AtRisk => proto::CustomerLifecycle::AtRisk,
        Lifecycle::Churned => proto::CustomerLifecycle::Churned,
        Lifecycle::WonBack => proto::CustomerLifecycle::WonBack,
    };
    let segment = match worth.band {
        None => proto::ValueSegment::Unspecified,
        Some(ValueBand::Low) => proto::ValueSegment::Low,
        Some(ValueBand::Middle) => proto::ValueSegment::Middle,
        Some(ValueBand::High) => proto::ValueSegment::High,
    };
    let signal = |signal: &ChurnSignal| match signal {
        ChurnSignal::PurchaseLate => proto::ChurnSignal::PurchaseLate.into(),
        ChurnSignal::ContractEnded => proto::ChurnSignal::ContractEnded.into(),
        ChurnSignal::Complaint => proto::ChurnSignal::Complaint.into(),
        ChurnSignal::MissedTerm => proto::ChurnSignal::MissedTerm.into(),
    };
    proto::WorthSection {
        standing,
        lifecycle: lifecycle.into(),
        segment: segment.into(),
        churn_signals: worth.signals.iter().map(signal).collect(),
        purchase_count: sums.purchases,
        spent: (sums.purchases > 0 || sums.spent != 0)
            .then(|| Money { currency_code: currency.to_owned(), minor_units: sums.spent }),
        purchase_rhythm: worth
            .rhythm
            .map(|rhythm| prost_types::Duration { seconds: rhythm.as_secs(), nanos: rhythm.subsec_nanos() }),
        last_purchase_time: worth.last_purchase_at.map(time_to_proto),
        contract_count: sums.contracts.max(0),
        first_dealing_time: sums.first_at.map(time_to_proto),
    }
}
