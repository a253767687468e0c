//! `WhatIsKnown`: what need not be asked of a customer.

use customer_profile_domain::{AskPurpose, CustomerId, FactKind, FactState, Validity, fact_state, facts_to_tell};
use jiff::Timestamp;
use opentelemetry::KeyValue;
use server::Call;
use ventanilla_proto::customer::v1 as proto;

use super::Profile;
use crate::error::ProfileError;
use crate::store::customer;

/// What is asked, and what it is for.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub customer: CustomerId,
    pub purpose: AskPurpose,
    /// What the caller is about to ask.
    pub asking: Vec<FactKind>,
}

#[tracing::instrument(name = "customer.what_is_known", skip_all)]
pub(crate) async fn what_is_known(
    profile: &Profile,
    call: &Call,
    question: Question,
) -> Result<proto::WhatIsKnownResponse, ProfileError> {
    let known = customer::get(&mut *profile.db.ring().await?, question.customer).await?;
    let known = known.ok_or(ProfileError::CustomerNotFound(question.customer))?;
    match known.state() {
        proto::CustomerState::Erased => return Err(ProfileError::CustomerErased(question.customer)),
        proto::CustomerState::Restricted if !super::keeps(call) => {
            return Err(ProfileError::CustomerRestricted(question.customer));
        }
        proto::CustomerState::Restricted | proto::CustomerState::Active | proto::CustomerState::Unspecified => {}
    }
    let now = profile.ambient.now();
    let facts: Vec<proto::KnownFact> = facts_to_tell(question.purpose, &question.asking)
        .into_iter()
        .map(|kind| told(&known, kind, question.asking.contains(&kind), now))
        .collect();
    let again = facts.iter().filter(|fact| fact.asked_again).count();
    if again > 0 {
        count(call, u64::try_from(again).unwrap_or(u64::MAX));
    }
    Ok(proto::WhatIsKnownResponse { facts })
}

/// Counts questions that need not be asked, by the department that was about to.
fn count(call: &Call, times: u64) {
    let meter = opentelemetry::global::meter("customer-profile");
    let counter = meter
        .u64_counter("ventanilla.customer.asked_again")
        .with_description("facts that were about to be asked of a customer though they are known and fresh")
        .build();
    let department = call.actor().department.as_ref().map(ToString::to_string).unwrap_or_default();
    counter.add(times, &[KeyValue::new("department", department)]);
}

fn told(customer: &proto::Customer, kind: FactKind, asking: bool, now: Timestamp) -> proto::KnownFact {
    let last = last_told(customer, kind, now);
    let state = fact_state(kind, last.and_then(instant), now);
    proto::KnownFact {
        kind: kind_to_proto(kind).into(),
        state: state_to_proto(state).into(),
        value: values(customer, kind, now).join("; "),
        department: last.map(|from| from.department.clone()).unwrap_or_default(),
        observed_time: last.and_then(|from| from.observed_time),
        source_record: last.map(|from| from.source_record.clone()).unwrap_or_default(),
        asked_again: asking && state == FactState::Fresh,
    }
}

fn instant(from: &proto::Provenance) -> Option<Timestamp> {
    let at = from.observed_time.as_ref()?;
    Timestamp::new(at.seconds, at.nanos).ok()
}

/// How much is known of a customer, and whether it is fresh.
pub(super) fn completeness(customer: &proto::Customer, now: Timestamp) -> proto::ViewCompleteness {
    let (mut fresh, mut told) = (0, proto::ViewCompleteness::default());
    for kind in FactKind::ALL {
        match fact_state(kind, last_told(customer, kind, now).and_then(instant), now) {
            FactState::Fresh => fresh += 1,
            FactState::Stale => told.stale_facts.push(kind_to_proto(kind).into()),
            FactState::Unknown => told.unknown_facts.push(kind_to_proto(kind).into()),
        }
    }
    let all = i32::try_from(FactKind::ALL.len()).unwrap_or(i32::MAX);
    told.fresh_percent = 100 * fresh / all;
    told
}

/// Where a fact was last told or seen: of an attribute by whoever said last what is believed, though somebody else is believed for it.
fn last_told(customer: &proto::Customer, kind: FactKind, now: Timestamp) -> Option<&proto::Provenance> {
    let golden = customer.golden.as_ref();
    match kind {
        FactKind::Name => {
            let name = golden?.person_name.as_ref().filter(|name| name.value.is_some())?;
            name.last_seen.as_ref().or(name.provenance.as_ref())
        }
        FactKind::BirthDate => {
            let born = golden?.birth_date.as_ref()?;
            born.last_seen.as_ref().or(born.provenance.as_ref())
        }
        FactKind::Address => {
            let address = golden?.address.as_ref().filter(|address| address.value.is_some())?;
            address.last_seen.as_ref().or(address.provenance.as_ref())
        }
        FactKind::Language => {
            let language = golden?.language.as_ref()?;
            language.last_seen.as_ref().or(language.provenance.as_ref())
        }
        FactKind::NationalId | FactKind::Phone | FactKind::Email | FactKind::Account => {
            let sources = identifiers(customer, kind, now).filter_map(|(_, from)| from);
            sources.max_by_key(|from| instant(from))
        }
    }
}

/// The values of a fact as text.
fn values(customer: &proto::Customer, kind: FactKind, now: Timestamp) -> Vec<String> {
    let golden = customer.golden.as_ref();
    let one = |value: Option<String>| value.into_iter().collect();
    match kind {
        FactKind::Name => one(golden.and_then(|g| Some(name(g.person_name.as_ref()?.value.as_ref()?)))),
        FactKind::BirthDate => one(golden.and_then(|g| Some(g.birth_date.as_ref()?.value.clone()))),
        FactKind::Address => one(golden.and_then(|g| Some(address(g.address.as_ref()?.value.as_ref()?)))),
        FactKind::Language => {
            let word =
                |l: &proto::GoldenLanguage| l.value().as_str_name().trim_start_matches("LANGUAGE_").to_lowercase();
            one(golden.and_then(|g| g.language.as_ref()).map(word))
        }
        FactKind::NationalId | FactKind::Phone | FactKind::Email | FactKind::Account => {
            identifiers(customer, kind, now).map(|(value, _)| value.value.clone()).collect()
        }
    }
}

/// The identifiers of a kind that the customer has now, with where each was last seen.
fn identifiers(
    customer: &proto::Customer,
    kind: FactKind,
    now: Timestamp,
) -> impl Iterator<Item = (&proto::Identifier, Option<&proto::Provenance>)> {
    use proto::IdentifierType as Type;
    let wanted = match kind {
        FactKind::NationalId => Some(Type::NationalId),
        FactKind::Phone => Some(Type::Phone),
        FactKind::Email => Some(Type::Email),
        FactKind::Account => Some(Type::Account),
        FactKind::Name | FactKind::BirthDate | FactKind::Address | FactKind::Language => None,
    };
    let instant = |at: Option<&prost_types::Timestamp>| at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok());
    let has_it = move |value: &proto::Identifier| {
        let [from, until] = [&value.valid_from_time, &value.valid_until_time].map(|at| instant(at.as_ref()));
        Validity { from, until }.holds(now)
    };
    let of_kind = customer.identifiers.iter().filter_map(|i| Some((i.value.as_ref()?, i.last_seen.as_ref())));
    of_kind.filter(move |(value, _)| Some(value.r#type()) == wanted && has_it(value))
}

fn name(name: &proto::PersonName) -> String {
    if !name.full_name.is_empty() {
        return name.full_name.clone();
    }
    let parts = [&name.given_name, &name.first_surname, &name.second_surname];
    parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn address(address: &proto::PostalAddress) -> String {
    let place = [&address.postal_code, &address.locality, &address.region];
    let lines = address.lines.iter().chain(place).filter(|part| !part.is_empty());
    lines.map(String::as_str).collect::<Vec<_>>().join(", ")
}

const fn kind_to_proto(kind: FactKind) -> proto::FactKind {
    match kind {
        FactKind::Name => proto::FactKind::Name,
        FactKind::NationalId => proto::FactKind::NationalId,
        FactKind::BirthDate => proto::FactKind::BirthDate,
        FactKind::Phone => proto::FactKind::Phone,
        FactKind::Email => proto::FactKind::Email,
        FactKind::Address => proto::FactKind::Address,
        FactKind::Account => proto::FactKind::Account,
        FactKind::Language => proto::FactKind::Language,
    }
}

const fn state_to_proto(state: FactState) -> proto::FactState {
    match state {
        FactState::Fresh => proto::FactState::Fresh,
        FactState::Stale => proto::FactState::Stale,
        FactState::Unknown => proto::FactState::Unknown,
    }
}
