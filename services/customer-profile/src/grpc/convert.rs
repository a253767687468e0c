//! Requests to values that are valid by themselves, reporting everything that is wrong at once.

use std::collections::BTreeSet;

use customer_profile_domain::consent::{LegalBasis, Purpose, Says, Statement};
use customer_profile_domain::{
    AccessClass, CallerNumber, Content, CustomerId, Driver, HoldKind, LinkType, NotAPhone, Phone, ProposalId,
    QuietHours, Slug, VulnerabilityId, caller_number,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::{Channel, ResourceId, Violation, Violations, typed_id};
use postgres::{RequestKey, parse_etag};
use prost::Message;
use server::{PageToken, page_size, parse};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::r#type::v1::Direction;

use crate::content;
use crate::error::ProfileError;
use crate::store::proposal::{After, State};
use crate::usecase::answer_match_proposal::Answer;
use crate::usecase::declare_vulnerability::Declared;
use crate::usecase::get_customer::Instants;
use crate::usecase::ingest_source_record::Draught;
use crate::usecase::list_active_holds::HoldKey;
use crate::usecase::list_match_proposals::Wanted;
use crate::usecase::merge_customers::Merge;
use crate::usecase::record_interaction::Contact;
use crate::usecase::state_consent::Stated;
use crate::usecase::state_contact_preferences::Told;
use crate::usecase::steward::Word;
use crate::usecase::unmerge_customers::Unmerge;
use crate::usecase::{
    list_active_holds, list_identity_links, list_match_proposals, list_source_records, list_timeline,
};

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
    now: Timestamp,
) -> Result<(Draught, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let draught = match &request.record {
        Some(record) => draught(&mut violations, record, now),
        None => {
            violations.push("record", "is required");
            None
        }
    };
    all_or_nothing(violations)?;
    Ok((draught.expect(TAKEN), RequestKey::of(id.expect(TAKEN), "IngestSourceRecord", &request.encode_to_vec())))
}

fn draught(violations: &mut Violations, record: &proto::SourceRecord, now: Timestamp) -> Option<Draught> {
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
    Some(Contact {
        customer: customer?,
        channel: channel?,
        direction: direction?,
        department: department?,
        summary: summary.unwrap_or_default().into(),
        what_customer_said: said.unwrap_or_default().into(),
        ticket: ticket.map(ResourceId::uuid),
        occurred_at: occurred.unwrap_or(now),
    })
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

/// Something the customer allows.
pub(super) fn consent(
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
pub(super) fn withdrawal(
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
    said.unwrap_or(now)
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
pub(super) fn preferences(request: &proto::StateContactPreferencesRequest) -> Result<(Told, RequestKey), ProfileError> {
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
pub(super) fn declaration(
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
pub(super) fn ending(request: &proto::EndVulnerabilityRequest) -> Result<(VulnerabilityId, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let vulnerability = parse::name(&mut violations, "name", &request.name);
    all_or_nothing(violations)?;
    let key = RequestKey::of(id.expect(TAKEN), "EndVulnerability", &request.encode_to_vec());
    Ok((vulnerability.expect(TAKEN), key))
}

/// A steward's reason.
fn word(violations: &mut Violations, reason: &str, proposal: Option<ProposalId>) -> Option<Word> {
    let reason = parse::required_text(violations, "reason", reason, 2_000)?;
    Some(Word { reason: reason.into(), proposal })
}

fn etag(violations: &mut Violations, tag: &str) -> Option<i64> {
    if tag.is_empty() {
        violations.push("etag", "is required");
        return None;
    }
    violations.check("etag", parse_etag(tag))
}

/// Names of several, each at its place, each once.
fn names<Id: ResourceId>(
    violations: &mut Violations,
    field: &str,
    given: &[String],
    (least, most): (usize, usize),
) -> BTreeSet<Id> {
    if given.len() < least || given.len() > most {
        violations.push(field, format!("must have {least} to {most} items"));
        return BTreeSet::new();
    }
    let read = |(at, name): (usize, &String)| parse::name(violations, &format!("{field}[{at}]"), name);
    given.iter().enumerate().filter_map(read).collect()
}

/// The fewest and the most customers of one merge.
const MERGED: (usize, usize) = (2, 8);

/// Customers to be made one.
pub(super) fn merged(request: &proto::PreviewMergeRequest) -> Result<Vec<CustomerId>, ProfileError> {
    let mut violations = Violations::new();
    let customers = names(&mut violations, "customers", &request.customers, MERGED);
    all_or_nothing(violations)?;
    Ok(customers.into_iter().collect())
}

pub(super) fn merge(request: &proto::MergeCustomersRequest) -> Result<(Merge, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customers: BTreeSet<CustomerId> = names(&mut violations, "customers", &request.customers, MERGED);
    let token = parse::required_text(&mut violations, "token", &request.token, 64);
    let word = word(&mut violations, &request.reason, None);
    all_or_nothing(violations)?;
    let merge =
        Merge { customers: customers.into_iter().collect(), token: token.expect(TAKEN), word: word.expect(TAKEN) };
    Ok((merge, RequestKey::of(id.expect(TAKEN), "MergeCustomers", &request.encode_to_vec())))
}

pub(super) fn unmerge(request: &proto::UnmergeCustomersRequest) -> Result<(Unmerge, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customer = parse::name(&mut violations, "name", &request.name);
    let records = names(&mut violations, "source_records", &request.source_records, (1, 64));
    let row_version = etag(&mut violations, &request.etag);
    let word = word(&mut violations, &request.reason, None);
    all_or_nothing(violations)?;
    let unmerge = Unmerge {
        customer: customer.expect(TAKEN),
        records,
        etag: postgres::etag(row_version.expect(TAKEN)),
        word: word.expect(TAKEN),
    };
    Ok((unmerge, RequestKey::of(id.expect(TAKEN), "UnmergeCustomers", &request.encode_to_vec())))
}

pub(super) fn proposal_id(name: &str) -> Result<ProposalId, ProfileError> {
    let mut violations = Violations::new();
    let id = parse::name(&mut violations, "name", name);
    all_or_nothing(violations)?;
    Ok(id.expect(TAKEN))
}

pub(super) fn confirmation(request: &proto::ConfirmMatchProposalRequest) -> Result<(Answer, RequestKey), ProfileError> {
    let proto::ConfirmMatchProposalRequest { name, reason, etag, request_id } = request;
    let (answer, id) = answer(LinkType::SameAs, [name, reason, etag, request_id])?;
    Ok((answer, RequestKey::of(id, "ConfirmMatchProposal", &request.encode_to_vec())))
}

pub(super) fn rejection(request: &proto::RejectMatchProposalRequest) -> Result<(Answer, RequestKey), ProfileError> {
    let proto::RejectMatchProposalRequest { name, reason, etag, request_id } = request;
    let (answer, id) = answer(LinkType::NotSameAs, [name, reason, etag, request_id])?;
    Ok((answer, RequestKey::of(id, "RejectMatchProposal", &request.encode_to_vec())))
}

fn answer(says: LinkType, [name, reason, tag, request_id]: [&str; 4]) -> Result<(Answer, Uuid), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, request_id);
    let proposal = parse::name(&mut violations, "name", name);
    let word = word(&mut violations, reason, proposal);
    let row_version = etag(&mut violations, tag);
    all_or_nothing(violations)?;
    let answer = Answer {
        proposal: proposal.expect(TAKEN),
        says,
        row_version: row_version.expect(TAKEN),
        word: word.expect(TAKEN),
    };
    Ok((answer, id.expect(TAKEN)))
}

/// Which proposals are wanted.
pub(super) fn proposals(request: &proto::ListMatchProposalsRequest) -> Result<Wanted, ProfileError> {
    let mut violations = Violations::new();
    let state = match proto::MatchProposalState::try_from(request.state) {
        Ok(proto::MatchProposalState::Unspecified | proto::MatchProposalState::Open) => Some(State::Open),
        Ok(proto::MatchProposalState::Confirmed) => Some(State::Confirmed),
        Ok(proto::MatchProposalState::Rejected) => Some(State::Rejected),
        Ok(proto::MatchProposalState::Withdrawn) => Some(State::Withdrawn),
        Err(_) => parse::not_a_value(&mut violations, "state", request.state),
    };
    let customer = parse::optional_name(&mut violations, "customer", &request.customer);
    let size = page_size(&mut violations, request.page_size);
    all_or_nothing(violations)?;
    let filter = proto::ListMatchProposalsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let filter = filter.encode_to_vec();
    let after = match PageToken::decode(&request.page_token, list_match_proposals::LIST, &filter) {
        Ok(None) => None,
        Ok(Some(token)) => Some(token.fields::<2>().ok().and_then(|key| read_after(&key)).ok_or_else(bad_token)?),
        Err(_) => return Err(bad_token()),
    };
    Ok(Wanted { state: state.expect(TAKEN), customer, after, size, filter })
}

fn read_after([score, id]: &[String; 2]) -> Option<After> {
    Some((score.parse().ok()?, id.parse().ok()?))
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

fn bad_token() -> ProfileError {
    ProfileError::PageToken([Violation {
        field: "page_token".to_owned(),
        description: "must be a next_page_token of the same list and filter".to_owned(),
    }])
}
