//! Consents, preferences and declarations as the contract shows them.

use customer_profile_domain::consent::{self, LegalBasis, Purpose, Standing, Statement};
use customer_profile_domain::{AccessClass, Driver, PriorityRight, learned_channel, seen};
use jiff::Timestamp;
use kernel::{Channel, ResourceId};
use server::parse::{channel_to_proto, time_to_proto};
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::r#type::v1 as shared;

use crate::store::wishes::{Preferences, Vulnerability};

/// How things stand with everything that was ever spoken of.
pub(crate) fn consents(customer: &str, statements: &[Statement], now: Timestamp) -> Vec<proto::Consent> {
    let all = consent::standings(statements, now);
    all.into_iter().map(|(purpose, channel, standing)| consent(customer, purpose, channel, standing)).collect()
}

/// How things stand with one purpose on one channel.
pub(crate) fn consent(
    customer: &str,
    purpose: Purpose,
    channel: Option<Channel>,
    standing: Standing,
) -> proto::Consent {
    let (state, basis, since, lapses) = match standing {
        Standing::Given { basis, since, lapses } => (proto::ConsentState::Given, Some(basis), since, lapses),
        Standing::Lapsed { at } => (proto::ConsentState::Lapsed, None, at, None),
        Standing::Withdrawn { at } => (proto::ConsentState::Withdrawn, None, at, None),
    };
    proto::Consent {
        customer: customer.to_owned(),
        purpose: purpose_to_proto(purpose).into(),
        channel: channel_or_all(channel).into(),
        state: state.into(),
        legal_basis: basis.map(basis_to_proto).unwrap_or_default().into(),
        since_time: Some(time_to_proto(since)),
        lapse_time: lapses.map(time_to_proto),
    }
}

/// A channel on the wire; unspecified for all of them, or for none.
pub(crate) fn channel_or_all(channel: Option<Channel>) -> shared::Channel {
    channel.map(channel_to_proto).unwrap_or_default()
}

/// A purpose on the wire.
pub(crate) const fn purpose_to_proto(purpose: Purpose) -> proto::ConsentPurpose {
    match purpose {
        Purpose::CommercialCalls => proto::ConsentPurpose::CommercialCalls,
        Purpose::CommercialMessages => proto::ConsentPurpose::CommercialMessages,
        Purpose::Profiling => proto::ConsentPurpose::Profiling,
        Purpose::Recording => proto::ConsentPurpose::Recording,
        Purpose::Sharing => proto::ConsentPurpose::Sharing,
    }
}

/// A legal basis on the wire.
pub(crate) const fn basis_to_proto(basis: LegalBasis) -> proto::LegalBasis {
    match basis {
        LegalBasis::Consent => proto::LegalBasis::Consent,
        LegalBasis::Contract => proto::LegalBasis::Contract,
        LegalBasis::LegalObligation => proto::LegalBasis::LegalObligation,
        LegalBasis::LegitimateInterest => proto::LegalBasis::LegitimateInterest,
    }
}

/// How a customer wants to be reached, and by which channel they come.
pub(crate) fn preferences(stated: Option<&Preferences>, own: &[Channel], now: Timestamp) -> proto::ContactPreferences {
    let quiet = stated.and_then(|stated| stated.quiet.as_ref());
    proto::ContactPreferences {
        preferred_channel: channel_or_all(stated.and_then(|stated| stated.channel)).into(),
        quiet_hours: quiet.map(|hours| proto::QuietHours {
            from: hours.from.strftime("%H:%M").to_string(),
            until: hours.until.strftime("%H:%M").to_string(),
            time_zone: hours.zone.iana_name().unwrap_or_default().to_owned(),
        }),
        learned_channel: channel_or_all(learned_channel(own)).into(),
        quiet_now: quiet.is_some_and(|hours| hours.is_quiet(now)),
        state_time: stated.map(|stated| time_to_proto(stated.said_at)),
    }
}

/// A declaration as far as it may be seen; `None` when not even that there is one.
pub(crate) fn vulnerability(declared: &Vulnerability, trusted: bool) -> Option<proto::Vulnerability> {
    let seen = seen(declared.access_class, declared.driver, &declared.need, trusted)?;
    Some(proto::Vulnerability {
        name: declared.id.name(),
        customer: declared.customer.name(),
        driver: seen.driver.map(driver_to_proto).unwrap_or_default().into(),
        need: seen.need.map(|need| need.expose().clone()).unwrap_or_default(),
        access_class: class_to_proto(declared.access_class).into(),
        declare_time: Some(time_to_proto(declared.declared_at)),
        expire_time: declared.expires_at.map(time_to_proto),
        end_time: declared.ended_at.map(time_to_proto),
    })
}

/// A driver on the wire.
pub(crate) const fn driver_to_proto(driver: Driver) -> proto::VulnerabilityDriver {
    match driver {
        Driver::Health => proto::VulnerabilityDriver::Health,
        Driver::Disability => proto::VulnerabilityDriver::Disability,
        Driver::LifeEvent => proto::VulnerabilityDriver::LifeEvent,
        Driver::Resilience => proto::VulnerabilityDriver::Resilience,
        Driver::Capability => proto::VulnerabilityDriver::Capability,
    }
}

/// An access class on the wire.
pub(crate) const fn class_to_proto(class: AccessClass) -> proto::AccessClass {
    match class {
        AccessClass::Serving => proto::AccessClass::Serving,
        AccessClass::NeedOnly => proto::AccessClass::NeedOnly,
        AccessClass::Sealed => proto::AccessClass::Sealed,
    }
}

/// Why a customer is to be served first, on the wire.
pub(crate) fn priority_to_proto(right: Option<PriorityRight>) -> proto::PriorityRight {
    match right {
        None => proto::PriorityRight::Unspecified,
        Some(PriorityRight::Age) => proto::PriorityRight::Age,
        Some(PriorityRight::Disability) => proto::PriorityRight::Disability,
        Some(PriorityRight::Undisclosed) => proto::PriorityRight::Undisclosed,
    }
}

/// The birth date of a golden record.
pub(crate) fn birth_date(customer: &proto::Customer) -> Option<jiff::civil::Date> {
    customer.golden.as_ref()?.birth_date.as_ref()?.value.parse().ok()
}
