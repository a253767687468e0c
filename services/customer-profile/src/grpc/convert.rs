//! Requests to values that are valid by themselves, reporting everything that is wrong at once.

mod facts;
mod next_actions;
mod relations;
mod rights;
mod rules;
mod stewards;
mod wishes;

use customer_profile_domain::{
    AskPurpose, CallerNumber, ContactKind, Content, CustomerId, Discretion, FactKind, HoldKind, MOST_EXIT_REASONS,
    NotAContact, NotAPhone, Phone, Slug, caller_number,
};
use jiff::{SignedDuration, Timestamp};
use kernel::{ResourceId, Violations, typed_id};
use postgres::RequestKey;
use prost::Message;
use server::{PageToken, page_size, parse};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::r#type::v1::Direction;

pub(super) use facts::fact;
pub(super) use next_actions::{actions_page, completion, decision, proposal};
pub(super) use relations::{relation, relation_end, relations_page};
pub(super) use rights::{erasure, erasure_id, lifting, restriction};
pub(super) use rules::{reapplication, rules_changes, rules_decision, rules_review_id, rules_reviews};
pub(super) use stewards::{confirmation, merge, merged, proposal_id, proposals, rejection, unmerge};
pub(super) use wishes::{consent, declaration, ending, preferences, withdrawal};

use crate::content;
use crate::error::{ProfileError, bad_token};
use crate::listening;
use crate::store::interaction::Cost;
use crate::usecase::check_renewal::Approach;
use crate::usecase::get_customer::Instants;
use crate::usecase::ingest_source_record::Draught;
use crate::usecase::list_active_holds::HoldKey;
use crate::usecase::record_interaction::Contact;
use crate::usecase::what_is_known::Question;
use crate::usecase::{list_active_holds, list_identity_links, list_source_records, list_timeline};

typed_id!(
    /// Another service's affair.
    TicketId,
    "tickets"
);

/// How far a sender's clock may run ahead of ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Customers that a match answers with at most.
const MOST_MATCHES: usize = 50;

/// Nothing was noted, so every required value was taken.
const TAKEN: &str = "a value that is missing was noted as a violation";

fn all_or_nothing(violations: Violations) -> Result<(), ProfileError> {
    Ok(violations.into_result()?)
}

/// A customer's name in `field`.
pub(super) fn customer_id(field: &str, name: &str) -> Result<CustomerId, ProfileError> {
    let mut violations = Violations::new();
    let id = parse::name(&mut violations, field, name);
    all_or_nothing(violations)?;
    Ok(id.expect(TAKEN))
}

/// A customer's name, and the instants it is to be seen at, where any is given.
pub(super) fn customer_at(
    request: &proto::GetCustomerRequest,
    now: Timestamp,
) -> Result<(CustomerId, Option<Instants>), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::name(&mut violations, "name", &request.name);
    let [as_of, known] =
        [("as_of_time", &request.as_of_time), ("known_time", &request.known_time)].map(|(field, at)| {
            let at = parse::optional_time(&mut violations, field, at.as_ref());
            at.inspect(|at| not_ahead(&mut violations, field, *at, now))
        });
    all_or_nothing(violations)?;
    let at = Instants { as_of: as_of.unwrap_or(now), known: known.unwrap_or(now) };
    Ok((id.expect(TAKEN), as_of.or(known).map(|_| at)))
}

/// A record and the key of the call.
pub(super) fn ingest(
    request: &proto::IngestSourceRecordRequest,
    unproven: bool,
    now: Timestamp,
) -> Result<(Draught, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let draught = match &request.record {
        Some(record) => draught(&mut violations, record, unproven, now),
        None => {
            violations.push("record", "is required");
            None
        }
    };
    all_or_nothing(violations)?;
    Ok((draught.expect(TAKEN), RequestKey::of(id.expect(TAKEN), "IngestSourceRecord", &request.encode_to_vec())))
}

fn draught(
    violations: &mut Violations,
    record: &proto::SourceRecord,
    unproven: bool,
    now: Timestamp,
) -> Option<Draught> {
    let mut record = proto::SourceRecord { unproven, ..record.clone() };
    if unproven {
        // Who proves nothing has verified nothing.
        record.verifications.clear();
        record.identifiers.iter_mut().for_each(|identifier| identifier.verified_time = None);
    }
    let record = &record;
    let source_system = slug(violations, "record.source_system", &record.source_system);
    let department = parse::department(violations, "record.department", &record.department);
    let external_id = parse::required_text(violations, "record.external_id", &record.external_id, 128);
    let mut within = Violations::new();
    let content = content::read(&mut within, record);
    violations.absorb("record", within);
    if let Some(content) = &content {
        not_ahead(violations, "record.observed_time", content.observed_at, now);
        let born_later = content.birth_date.as_ref().is_some_and(|born| {
            *born.expose()
                > content.observed_at.to_zoned(jiff::tz::TimeZone::UTC).date().saturating_add(jiff::Span::new().days(1))
        });
        if born_later {
            violations.push("record.birth_date", "must not be after observed_time");
        }
    }
    // What only answers hold says nothing, and must not make two equal records differ.
    let said = proto::SourceRecord {
        name: String::new(),
        version: 0,
        customer: String::new(),
        own_customer: String::new(),
        create_time: None,
        update_time: None,
        etag: String::new(),
        ..record.clone()
    };
    Some(Draught {
        source_system: source_system?,
        department: department?,
        external_id: external_id?.into(),
        content: content?,
        encoded: said.encode_to_vec().into(),
    })
}

fn slug(violations: &mut Violations, field: &str, text: &str) -> Option<Slug> {
    if text.is_empty() {
        violations.push(field, "is required");
        return None;
    }
    violations.check(field, text.parse())
}

fn not_ahead(violations: &mut Violations, field: &str, at: Timestamp, now: Timestamp) {
    if at.duration_since(now) > CLOCK_SKEW {
        violations.push(field, "must not be in the future");
    }
}

/// A contact and the key of the call.
pub(super) fn contact(
    request: &proto::RecordInteractionRequest,
    now: Timestamp,
) -> Result<(Contact, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customer = parse::name(&mut violations, "parent", &request.parent);
    let contact = match &request.interaction {
        Some(told) => read_contact(&mut violations, customer, told, now),
        None => {
            violations.push("interaction", "is required");
            None
        }
    };
    all_or_nothing(violations)?;
    Ok((contact.expect(TAKEN), RequestKey::of(id.expect(TAKEN), "RecordInteraction", &request.encode_to_vec())))
}

fn read_contact(
    violations: &mut Violations,
    customer: Option<CustomerId>,
    told: &proto::Interaction,
    now: Timestamp,
) -> Option<Contact> {
    let channel = parse::channel(violations, "interaction.channel", told.channel);
    let direction = match Direction::try_from(told.direction) {
        Ok(known @ (Direction::Inbound | Direction::Outbound)) => Some(known),
        Ok(Direction::Unspecified) | Err(_) => parse::not_a_value(violations, "interaction.direction", told.direction),
    };
    let department = parse::department(violations, "interaction.department", &told.department);
    let summary = parse::optional_text(violations, "interaction.summary", &told.summary, 4_000);
    let said = parse::optional_text(violations, "interaction.what_customer_said", &told.what_customer_said, 16_000);
    if told.summary.is_empty() && told.what_customer_said.is_empty() {
        violations.push("interaction.summary", "summary or what_customer_said is required");
    }
    let ticket: Option<TicketId> = parse::optional_name(violations, "interaction.ticket", &told.ticket);
    let occurred = parse::optional_time(violations, "interaction.occurred_time", told.occurred_time.as_ref());
    if let Some(at) = occurred {
        not_ahead(violations, "interaction.occurred_time", at, now);
    }
    let waited = cost(violations, "interaction.wait_duration", told.wait_duration.as_ref());
    let handled = cost(violations, "interaction.handle_duration", told.handle_duration.as_ref());
    if !(0..=100).contains(&told.transfer_count) {
        violations.push("interaction.transfer_count", "must be 0 to 100");
    }
    let kind = contact_kind(violations, told);
    let discretion = match proto::Discretion::try_from(told.discretion) {
        Ok(proto::Discretion::Unspecified | proto::Discretion::Open) => Some(Discretion::Open),
        Ok(proto::Discretion::Department) => Some(Discretion::Department),
        Ok(proto::Discretion::Sealed) => Some(Discretion::Sealed),
        Err(_) => parse::not_a_value(violations, "interaction.discretion", told.discretion),
    };
    Some(Contact {
        customer: customer?,
        channel: channel?,
        direction: direction?,
        kind: kind?,
        discretion: discretion?,
        department: department?,
        summary: summary.unwrap_or_default().into(),
        what_customer_said: said.unwrap_or_default().into(),
        ticket: ticket.map(ResourceId::uuid),
        cost: Cost { waited, handled, transfers: told.transfer_count },
        occurred_at: occurred.unwrap_or(now),
    })
}

/// What kind of contact is told.
fn contact_kind(violations: &mut Violations, told: &proto::Interaction) -> Option<ContactKind> {
    let is_exit_interview = match proto::InteractionKind::try_from(told.kind) {
        Ok(proto::InteractionKind::Unspecified | proto::InteractionKind::Contact) => Some(false),
        Ok(proto::InteractionKind::ExitInterview) => Some(true),
        Err(_) => parse::not_a_value(violations, "interaction.kind", told.kind),
    };
    let mut reasons = Vec::new();
    for (at, value) in told.exit_reasons.iter().take(MOST_EXIT_REASONS + 1).enumerate() {
        let field = format!("interaction.exit_reasons[{at}]");
        reasons.push(listening::reason(*value).or_else(|| parse::not_a_value(violations, &field, *value)));
    }
    let reasons = reasons.into_iter().collect::<Option<Vec<_>>>()?;
    match ContactKind::told(is_exit_interview?, reasons, told.offer_made) {
        Ok(kind) => Some(kind),
        Err(wrong) => {
            for why in wrong {
                let field = match why {
                    NotAContact::Pitch => "interaction.offer_made",
                    NotAContact::Reasons | NotAContact::NoInterview => "interaction.exit_reasons",
                };
                violations.push(field, why.to_string());
            }
            None
        }
    }
}

/// A time within a contact, in whole seconds.
fn cost(violations: &mut Violations, field: &str, told: Option<&prost_types::Duration>) -> i32 {
    const DAY: i64 = 24 * 60 * 60;
    let Some(told) = told else { return 0 };
    if !(0..=DAY).contains(&told.seconds) || told.nanos != 0 {
        violations.push(field, "must be 0 to 86400 whole seconds");
    }
    i32::try_from(told.seconds).unwrap_or_default()
}

/// A calling number. Only the region can be wrong: a number that cannot be read is an answer.
pub(super) fn caller(request: &proto::LookupByPhoneRequest) -> Result<CallerNumber, ProfileError> {
    let mut violations = Violations::new();
    if request.phone_number.chars().count() > 128 {
        violations.push("phone_number", "must have at most 128 characters");
    }
    let region = if request.region_code.is_empty() { "ES" } else { &request.region_code };
    if let Err(error @ NotAPhone::Region) = Phone::parse("", region) {
        violations.push("region_code", error.to_string());
    }
    all_or_nothing(violations)?;
    Ok(caller_number(&request.phone_number, region))
}

/// A described person, and how many customers are wanted.
pub(super) fn person(request: &proto::MatchCustomerRequest, now: Timestamp) -> Result<(Content, usize), ProfileError> {
    let mut violations = Violations::new();
    let content = match &request.person {
        Some(person) => {
            let described = proto::SourceRecord {
                person_name: person.person_name.clone(),
                identifiers: person.identifiers.clone(),
                birth_date: person.birth_date.clone(),
                address: person.address.clone(),
                observed_time: Some(parse::time_to_proto(now)),
                ..Default::default()
            };
            let mut within = Violations::new();
            let content = content::read(&mut within, &described);
            violations.absorb("person", within);
            content
        }
        None => {
            violations.push("person", "is required");
            None
        }
    };
    let most = match request.max_results {
        0 => 10,
        wanted @ 1.. => usize::try_from(wanted).unwrap_or(MOST_MATCHES).min(MOST_MATCHES),
        _ => {
            violations.push("max_results", "must not be negative");
            0
        }
    };
    all_or_nothing(violations)?;
    Ok((content.expect(TAKEN), most))
}

/// Who is to be approached, and how.
pub(super) fn approach(request: &proto::CheckRenewalRequest) -> Result<Approach, ProfileError> {
    let mut violations = Violations::new();
    let customer = parse::name(&mut violations, "name", &request.name);
    let channel = parse::channel(&mut violations, "channel", request.channel);
    all_or_nothing(violations)?;
    Ok(Approach { customer: customer.expect(TAKEN), channel: channel.expect(TAKEN) })
}

/// What is asked, and what it is for.
pub(super) fn question(request: &proto::WhatIsKnownRequest) -> Result<Question, ProfileError> {
    let mut violations = Violations::new();
    let customer = parse::name(&mut violations, "name", &request.name);
    let purpose = match proto::AskPurpose::try_from(request.purpose) {
        Ok(proto::AskPurpose::Identify) => Some(AskPurpose::Identify),
        Ok(proto::AskPurpose::Contact) => Some(AskPurpose::Contact),
        Ok(proto::AskPurpose::Complaint) => Some(AskPurpose::Complaint),
        Ok(proto::AskPurpose::Billing) => Some(AskPurpose::Billing),
        Ok(proto::AskPurpose::Unspecified) | Err(_) => parse::not_a_value(&mut violations, "purpose", request.purpose),
    };
    if request.asking.len() > 16 {
        violations.push("asking", "must have at most 16 items");
    }
    let mut asking = Vec::new();
    for (at, kind) in request.asking.iter().take(16).enumerate() {
        asking.extend(fact_kind(&mut violations, &format!("asking[{at}]"), *kind));
    }
    all_or_nothing(violations)?;
    Ok(Question { customer: customer.expect(TAKEN), purpose: purpose.expect(TAKEN), asking })
}

fn fact_kind(violations: &mut Violations, field: &str, value: i32) -> Option<FactKind> {
    match proto::FactKind::try_from(value) {
        Ok(proto::FactKind::Name) => Some(FactKind::Name),
        Ok(proto::FactKind::NationalId) => Some(FactKind::NationalId),
        Ok(proto::FactKind::BirthDate) => Some(FactKind::BirthDate),
        Ok(proto::FactKind::Phone) => Some(FactKind::Phone),
        Ok(proto::FactKind::Email) => Some(FactKind::Email),
        Ok(proto::FactKind::Address) => Some(FactKind::Address),
        Ok(proto::FactKind::Account) => Some(FactKind::Account),
        Ok(proto::FactKind::Language) => Some(FactKind::Language),
        Ok(proto::FactKind::Unspecified) | Err(_) => parse::not_a_value(violations, field, value),
    }
}

/// A page of a customer's list, that goes on after a row with the key `K`.
pub(super) struct Page<K = (Timestamp, Uuid)> {
    pub customer: CustomerId,
    pub from: Option<K>,
    pub size: usize,
}

pub(super) fn timeline_page(request: &proto::ListTimelineRequest) -> Result<Page, ProfileError> {
    page(&request.parent, request.page_size, &request.page_token, list_timeline::LIST)
}

pub(super) fn records_page(request: &proto::ListSourceRecordsRequest) -> Result<Page, ProfileError> {
    page(&request.parent, request.page_size, &request.page_token, list_source_records::LIST)
}

pub(super) fn holds_page(request: &proto::ListActiveHoldsRequest) -> Result<Page<HoldKey>, ProfileError> {
    let read = |[since, ground, kind]: [String; 3]| {
        let kind = HoldKind::ALL.into_iter().find(|known| known.as_str() == kind)?;
        Some((since.parse().ok()?, ground.parse().ok()?, kind))
    };
    page_by(&request.parent, request.page_size, &request.page_token, list_active_holds::LIST, read)
}

pub(super) fn links_page(request: &proto::ListIdentityLinksRequest) -> Result<Page, ProfileError> {
    page(&request.parent, request.page_size, &request.page_token, list_identity_links::LIST)
}

fn page(parent: &str, size: i32, token: &str, list: &str) -> Result<Page, ProfileError> {
    page_by(parent, size, token, list, |[at, id]: [String; 2]| Some((at.parse().ok()?, id.parse().ok()?)))
}

fn page_by<K, const N: usize>(
    parent: &str,
    size: i32,
    token: &str,
    list: &str,
    read: impl Fn([String; N]) -> Option<K>,
) -> Result<Page<K>, ProfileError> {
    let mut violations = Violations::new();
    let customer: Option<CustomerId> = parse::name(&mut violations, "parent", parent);
    let size = page_size(&mut violations, size);
    all_or_nothing(violations)?;
    let customer = customer.expect(TAKEN);
    let key = match PageToken::decode(token, list, customer.uuid().as_bytes()) {
        Ok(None) => None,
        Ok(Some(token)) => Some(token.fields::<N>().ok().and_then(&read).ok_or_else(bad_token)?),
        Err(_) => return Err(bad_token()),
    };
    Ok(Page { customer, from: key, size })
}
