//! Requests about consents, preferences and declared vulnerabilities.

use customer_profile_domain::consent::{LegalBasis, Purpose, Says, Statement};
use customer_profile_domain::{AccessClass, Driver, QuietHours, VulnerabilityId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{Channel, Violations};
use postgres::RequestKey;
use prost::Message;
use server::parse;
use ventanilla_proto::customer::v1 as proto;

use super::{TAKEN, all_or_nothing, not_ahead};
use crate::error::ProfileError;
use crate::usecase::declare_vulnerability::Declared;
use crate::usecase::state_consent::Stated;
use crate::usecase::state_contact_preferences::Told;

/// Something the customer allows.
pub(in crate::grpc) fn consent(
    request: &proto::GiveConsentRequest,
    now: Timestamp,
) -> Result<(Stated, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customer = parse::name(&mut violations, "parent", &request.parent);
    let purpose = purpose(&mut violations, request.purpose);
    let channel = channel_or_all(&mut violations, "channel", request.channel);
    let basis = match proto::LegalBasis::try_from(request.legal_basis) {
        Ok(proto::LegalBasis::Consent) => Some(LegalBasis::Consent),
        Ok(proto::LegalBasis::Contract) => Some(LegalBasis::Contract),
        Ok(proto::LegalBasis::LegalObligation) => Some(LegalBasis::LegalObligation),
        Ok(proto::LegalBasis::LegitimateInterest) => Some(LegalBasis::LegitimateInterest),
        Ok(proto::LegalBasis::Unspecified) | Err(_) => {
            parse::not_a_value(&mut violations, "legal_basis", request.legal_basis)
        }
    };
    let proof = parse::required_text(&mut violations, "proof", &request.proof, 500);
    let said_at = said_at(&mut violations, request.said_time.as_ref(), now);
    let until = parse::optional_time(&mut violations, "expire_time", request.expire_time.as_ref());
    if until.is_some_and(|until| until <= said_at) {
        violations.push("expire_time", "must be after said_time");
    }
    all_or_nothing(violations)?;
    let says = Says::Give { basis: basis.expect(TAKEN), until };
    let stated = Stated {
        customer: customer.expect(TAKEN),
        statement: Statement { purpose: purpose.expect(TAKEN), channel, said_at, says },
        proof: proof.expect(TAKEN).into(),
    };
    Ok((stated, RequestKey::of(id.expect(TAKEN), "GiveConsent", &request.encode_to_vec())))
}

/// Something the customer allows no longer.
pub(in crate::grpc) fn withdrawal(
    request: &proto::WithdrawConsentRequest,
    now: Timestamp,
) -> Result<(Stated, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customer = parse::name(&mut violations, "parent", &request.parent);
    let purpose = purpose(&mut violations, request.purpose);
    let channel = channel_or_all(&mut violations, "channel", request.channel);
    let said_at = said_at(&mut violations, request.said_time.as_ref(), now);
    all_or_nothing(violations)?;
    let stated = Stated {
        customer: customer.expect(TAKEN),
        statement: Statement { purpose: purpose.expect(TAKEN), channel, said_at, says: Says::Withdraw },
        proof: String::new().into(),
    };
    Ok((stated, RequestKey::of(id.expect(TAKEN), "WithdrawConsent", &request.encode_to_vec())))
}

fn said_at(violations: &mut Violations, said: Option<&prost_types::Timestamp>, now: Timestamp) -> Timestamp {
    let said = parse::optional_time(violations, "said_time", said);
    if let Some(at) = said {
        not_ahead(violations, "said_time", at, now);
    }
    // A sender's clock may run a little ahead; nothing was said later than now.
    said.unwrap_or(now).min(now)
}

fn purpose(violations: &mut Violations, value: i32) -> Option<Purpose> {
    match proto::ConsentPurpose::try_from(value) {
        Ok(proto::ConsentPurpose::CommercialCalls) => Some(Purpose::CommercialCalls),
        Ok(proto::ConsentPurpose::CommercialMessages) => Some(Purpose::CommercialMessages),
        Ok(proto::ConsentPurpose::Profiling) => Some(Purpose::Profiling),
        Ok(proto::ConsentPurpose::Recording) => Some(Purpose::Recording),
        Ok(proto::ConsentPurpose::Sharing) => Some(Purpose::Sharing),
        Ok(proto::ConsentPurpose::Unspecified) | Err(_) => parse::not_a_value(violations, "purpose", value),
    }
}

fn channel_or_all(violations: &mut Violations, field: &str, value: i32) -> Option<Channel> {
    if value == 0 { None } else { parse::channel(violations, field, value) }
}

/// How the customer wants to be reached.
pub(in crate::grpc) fn preferences(
    request: &proto::StateContactPreferencesRequest,
) -> Result<(Told, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customer = parse::name(&mut violations, "parent", &request.parent);
    if request.preferences.is_none() {
        violations.push("preferences", "is required");
    }
    let said = request.preferences.clone().unwrap_or_default();
    let channel = channel_or_all(&mut violations, "preferences.preferred_channel", said.preferred_channel);
    let quiet = said.quiet_hours.as_ref().and_then(|hours| quiet_hours(&mut violations, hours));
    all_or_nothing(violations)?;
    let told = Told { customer: customer.expect(TAKEN), channel, quiet };
    Ok((told, RequestKey::of(id.expect(TAKEN), "StateContactPreferences", &request.encode_to_vec())))
}

fn quiet_hours(violations: &mut Violations, hours: &proto::QuietHours) -> Option<QuietHours> {
    let path = |field: &str| format!("preferences.quiet_hours.{field}");
    let mut time = |field: &str, text: &str| {
        let time = if text.len() == 5 { text.parse::<jiff::civil::Time>().ok() } else { None };
        if time.is_none() {
            violations.push(path(field), "must be a time of day of the form HH:MM");
        }
        time
    };
    let (from, until) = (time("from", &hours.from), time("until", &hours.until));
    let name = if hours.time_zone.is_empty() { "Europe/Madrid" } else { &hours.time_zone };
    let zone = (name.len() <= 64).then(|| TimeZone::get(name).ok()).flatten();
    if zone.is_none() {
        violations.push(path("time_zone"), "must be an IANA time zone, e.g. Europe/Madrid");
    }
    Some(QuietHours { from: from?, until: until?, zone: zone? })
}

/// What the customer declares of themselves.
pub(in crate::grpc) fn declaration(
    request: &proto::DeclareVulnerabilityRequest,
    now: Timestamp,
) -> Result<(Declared, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customer = parse::name(&mut violations, "parent", &request.parent);
    if request.vulnerability.is_none() {
        violations.push("vulnerability", "is required");
    }
    let said = request.vulnerability.clone().unwrap_or_default();
    let driver = match proto::VulnerabilityDriver::try_from(said.driver) {
        Ok(proto::VulnerabilityDriver::Health) => Some(Driver::Health),
        Ok(proto::VulnerabilityDriver::Disability) => Some(Driver::Disability),
        Ok(proto::VulnerabilityDriver::LifeEvent) => Some(Driver::LifeEvent),
        Ok(proto::VulnerabilityDriver::Resilience) => Some(Driver::Resilience),
        Ok(proto::VulnerabilityDriver::Capability) => Some(Driver::Capability),
        Ok(proto::VulnerabilityDriver::Unspecified) | Err(_) if request.vulnerability.is_some() => {
            parse::not_a_value(&mut violations, "vulnerability.driver", said.driver)
        }
        _ => None,
    };
    let need = match &request.vulnerability {
        Some(said) => parse::required_text(&mut violations, "vulnerability.need", &said.need, 500),
        None => None,
    };
    let access_class = match proto::AccessClass::try_from(said.access_class) {
        Ok(proto::AccessClass::Serving) => Some(AccessClass::Serving),
        Ok(proto::AccessClass::NeedOnly | proto::AccessClass::Unspecified) => Some(AccessClass::NeedOnly),
        Ok(proto::AccessClass::Sealed) => Some(AccessClass::Sealed),
        Err(_) => parse::not_a_value(&mut violations, "vulnerability.access_class", said.access_class),
    };
    let expires_at = parse::optional_time(&mut violations, "vulnerability.expire_time", said.expire_time.as_ref());
    if expires_at.is_some_and(|at| at <= now) {
        violations.push("vulnerability.expire_time", "must be in the future");
    }
    all_or_nothing(violations)?;
    let declared = Declared {
        customer: customer.expect(TAKEN),
        driver: driver.expect(TAKEN),
        need: need.expect(TAKEN).into(),
        access_class: access_class.expect(TAKEN),
        expires_at,
    };
    Ok((declared, RequestKey::of(id.expect(TAKEN), "DeclareVulnerability", &request.encode_to_vec())))
}

/// A declaration that is over.
pub(in crate::grpc) fn ending(
    request: &proto::EndVulnerabilityRequest,
) -> Result<(VulnerabilityId, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let vulnerability = parse::name(&mut violations, "name", &request.name);
    all_or_nothing(violations)?;
    let key = RequestKey::of(id.expect(TAKEN), "EndVulnerability", &request.encode_to_vec());
    Ok((vulnerability.expect(TAKEN), key))
}
