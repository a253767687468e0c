//! Requests about what customers bought and agreed.

use jiff::Timestamp;
use kernel::Violations;
use postgres::RequestKey;
use prost::Message;
use server::parse;
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::r#type::v1::Money;

use super::{TAKEN, all_or_nothing, not_ahead, slug};
use crate::error::ProfileError;
use crate::store::dealing::{Amount, Dealing};
use crate::worth;

/// The largest amount, in minor units: what any currency's sums still hold a billion times.
const LARGEST: i64 = 1_000_000_000;

/// Something a customer bought or agreed.
pub(in crate::grpc) fn fact(
    request: &proto::IngestFactsRequest,
    now: Timestamp,
) -> Result<(Dealing, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    if request.dealing.is_none() {
        violations.push("dealing", "is required");
    }
    let told = request.dealing.clone().unwrap_or_default();
    let source_system = slug(&mut violations, "dealing.source_system", &told.source_system);
    let external_id = parse::required_text(&mut violations, "dealing.external_id", &told.external_id, 200);
    let customer = parse::name(&mut violations, "dealing.customer", &told.customer);
    let kind = worth::kind_from_proto(told.kind);
    let kind = kind.or_else(|| parse::not_a_value(&mut violations, "dealing.kind", told.kind));
    let amount = told.amount.as_ref().and_then(|money| amount(&mut violations, money));
    match kind {
        Some(kind) if kind.has_amount() && told.amount.is_none() => {
            violations.push("dealing.amount", "is required of a purchase or a refund");
        }
        Some(kind) if !kind.has_amount() && told.amount.is_some() => {
            violations.push("dealing.amount", "belongs to purchases and refunds alone");
        }
        _ => {}
    }
    let occurred_at = parse::time(&mut violations, "dealing.occurred_time", told.occurred_time.as_ref());
    if let Some(at) = occurred_at {
        not_ahead(&mut violations, "dealing.occurred_time", at, now);
    }
    all_or_nothing(violations)?;
    let dealing = Dealing {
        source_system: source_system.expect(TAKEN),
        external_id: external_id.expect(TAKEN).into(),
        customer: customer.expect(TAKEN),
        kind: kind.expect(TAKEN),
        amount,
        occurred_at: occurred_at.expect(TAKEN),
    };
    Ok((dealing, RequestKey::of(id.expect(TAKEN), "IngestFacts", &request.encode_to_vec())))
}

fn amount(violations: &mut Violations, money: &Money) -> Option<Amount> {
    let currency = &money.currency_code;
    let known = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
    if !known {
        violations.push("dealing.amount.currency_code", "must be three capital letters of ISO 4217");
    }
    let fits = (1..=LARGEST).contains(&money.minor_units);
    if !fits {
        violations.push("dealing.amount.minor_units", format!("must be 1 to {LARGEST}"));
    }
    (known && fits).then(|| Amount { minor_units: money.minor_units, currency: currency.clone() })
}
