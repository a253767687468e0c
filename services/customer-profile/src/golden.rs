//! A customer as the contract shows it, made from the domain's golden record. It is stored in this
//! shape, so that a read hands it out without making it again.

use customer_profile_domain::{Golden, Group, Provenance, Record, Survivorship, SurvivorshipRule};
use jiff::Timestamp;
use kernel::ResourceId;
use server::parse::{language_to_proto, time_to_proto};
use ventanilla_proto::customer::v1 as proto;

use crate::content;

/// The customer that `group` is, without its etag.
pub(crate) fn customer(
    group: &Group,
    records: &[Record],
    survivorship: &Survivorship,
    now: Timestamp,
) -> proto::Customer {
    let golden = Golden::of(records, survivorship);
    let also_known_as =
        group.records.iter().map(|n| n.own_customer).filter(|id| *id != group.customer).map(|id| id.name()).collect();
    proto::Customer {
        name: group.customer.name(),
        state: proto::CustomerState::Active.into(),
        golden: Some(record(&golden)),
        identifiers: golden
            .identifiers
            .iter()
            .map(|i| proto::GoldenIdentifier {
                value: Some(content::identifier_to_proto(&i.value)),
                provenance: Some(provenance(&i.provenance)),
                last_seen: Some(provenance(&i.last_seen)),
            })
            .collect(),
        source_records: group.records.iter().map(|n| n.record.name()).collect(),
        also_known_as,
        create_time: group.records.first().map(|oldest| time_to_proto(oldest.recorded_at)),
        update_time: Some(time_to_proto(now)),
        etag: String::new(),
        erase_time: None,
    }
}

fn record(golden: &Golden) -> proto::GoldenRecord {
    proto::GoldenRecord {
        person_name: golden.name.as_ref().map(|n| proto::GoldenName {
            value: Some(content::name_to_proto(&n.value)),
            provenance: Some(provenance(&n.provenance)),
            last_seen: n.last_seen.as_ref().map(provenance),
        }),
        birth_date: golden.birth_date.as_ref().map(|d| proto::GoldenText {
            value: d.value.expose().to_string(),
            provenance: Some(provenance(&d.provenance)),
            last_seen: d.last_seen.as_ref().map(provenance),
        }),
        address: golden.address.as_ref().map(|a| proto::GoldenAddress {
            value: Some(content::address_to_proto(&a.value)),
            provenance: Some(provenance(&a.provenance)),
            last_seen: a.last_seen.as_ref().map(provenance),
        }),
        language: golden.language.as_ref().map(|l| proto::GoldenLanguage {
            value: language_to_proto(l.value).into(),
            provenance: Some(provenance(&l.provenance)),
            last_seen: l.last_seen.as_ref().map(provenance),
        }),
    }
}

fn provenance(from: &Provenance) -> proto::Provenance {
    let rule = match from.rule {
        SurvivorshipRule::OnlySource => proto::SurvivorshipRule::OnlySource,
        SurvivorshipRule::MostRecent => proto::SurvivorshipRule::MostRecent,
        SurvivorshipRule::SourceOrder => proto::SurvivorshipRule::SourceOrder,
        SurvivorshipRule::Authority => proto::SurvivorshipRule::Authority,
        SurvivorshipRule::Verified => proto::SurvivorshipRule::Verified,
    };
    proto::Provenance {
        source_record: from.record.name(),
        version: from.version,
        source_system: from.source_system.to_string(),
        department: from.department.to_string(),
        observed_time: Some(time_to_proto(from.observed_at)),
        rule: rule.into(),
    }
}

/// The number of the customer's language, for the phone lookup.
pub(crate) fn language(customer: &proto::Customer) -> i32 {
    customer.golden.as_ref().and_then(|g| g.language.as_ref()).map_or(0, |l| l.value)
}
