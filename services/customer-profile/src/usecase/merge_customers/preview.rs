//! A plan as it is shown, and the token that stands for all of it.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use customer_profile_domain::{Basis, CustomerId, Link, Record, SourceRecordId};
use jiff::Timestamp;
use kernel::ResourceId;
use postgres::Tx;
use prost::Message;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::{Nearest, Plan};
use crate::error::ProfileError;
use crate::store::{customer, record, view};
use crate::usecase::{Profile, get_customer_view, standing};
use crate::{OMBUDSMAN, SLA_MONITOR, TICKETING, golden, judgement};

impl Plan {
    /// What the steward sees.
    pub(super) async fn show(&self, profile: &Profile, tx: &mut Tx) -> Result<proto::MergePreview, ProfileError> {
        let standing = customer::load(tx, self.customers.iter().copied()).await?;
        let mut by_name: BTreeMap<String, proto::Customer> =
            standing.into_iter().map(|shown| (shown.name.clone(), shown)).collect();
        let customers: Vec<proto::Customer> =
            self.customers.iter().filter_map(|id| by_name.remove(&id.name())).collect();
        let merged = self.merged(profile, tx).await?;
        let choices = self.choices(&customers, &merged);
        let nodes = self.customers.iter().flat_map(|id| self.component.records_of(*id));
        let ids: Vec<Uuid> = nodes.map(|node| node.own_customer.uuid()).collect();
        // The standings first: the rows that are read after them are at least as fresh.
        let known = [TICKETING, SLA_MONITOR, OMBUDSMAN].map(|source| (source, profile.standings.of(source)));
        let now = profile.ambient.now();
        let touched = view::touched(tx, &ids).await?;
        let gap = |(source, known)| standing::of(source, known, touched.parked.iter().any(|p| p == source), now).gap;
        let gaps: Vec<proto::SectionGap> = known.into_iter().filter_map(gap).collect();
        let mut preview = proto::MergePreview {
            customers,
            merged: Some(merged),
            choices,
            pairs: self.pairs.iter().map(pair).collect(),
            revoked_links: self.denials.iter().map(|(id, _)| id.name()).collect(),
            open_ticket_count: touched.tickets.first().map_or(0, |t| t.total),
            open_tickets: touched.tickets.iter().map(get_customer_view::ticket).collect(),
            clock_count: touched.clocks.first().map_or(0, |c| c.total),
            clocks: touched.clocks.iter().map(get_customer_view::clock).collect(),
            case_count: touched.cases.first().map_or(0, |c| c.total),
            cases: touched.cases.iter().map(get_customer_view::case).collect(),
            token: String::new(),
            gaps: Vec::new(),
        };
        // With what stands for those that are only counted.
        let mut all = preview.encode_to_vec();
        all.extend(touched.rest.iter().flatten());
        preview.token = URL_SAFE_NO_PAD.encode(digest(&SHA256, &all));
        // After the token: that a source fell silent changes nothing that is merged.
        preview.gaps = gaps;
        Ok(preview)
    }

    /// The customer that they would be.
    async fn merged(&self, profile: &Profile, tx: &mut Tx) -> Result<proto::Customer, ProfileError> {
        let asserted = self.pairs.iter().map(|nearest| Link { basis: Basis::Steward, pair: nearest.pair() });
        let groups = self.component.groups_with(asserted);
        let first = self.pairs.first().map(|nearest| nearest.records[0]);
        let group = groups.iter().find(|g| g.records.iter().any(|n| Some(n.record) == first));
        let group = group.ok_or(ProfileError::IdentityContended)?;
        // Without the denials that fall, a link that was held back may bring in others.
        let missing: Vec<Uuid> =
            group.records.iter().filter(|n| !self.records.contains_key(&n.record)).map(|n| n.record.uuid()).collect();
        let mut records: Vec<Record> =
            group.records.iter().filter_map(|n| self.records.get(&n.record)).cloned().collect();
        if !missing.is_empty() {
            records.extend(record::load(tx, &missing).await?.into_iter().map(|stored| stored.record));
        }
        let in_force = profile.survivorship.current();
        let shown = golden::customer(group, &records, &in_force.survivorship, Timestamp::UNIX_EPOCH);
        // It was never written: two previews of one state are equal.
        Ok(proto::Customer { update_time: None, ..shown })
    }

    fn choices(&self, customers: &[proto::Customer], merged: &proto::Customer) -> Vec<proto::AttributeChoice> {
        let own: Vec<[Attribute; 4]> = customers.iter().map(attributes).collect();
        let mut choices = Vec::new();
        for (nth, wins) in attributes(merged).into_iter().enumerate() {
            let Some((value, provenance)) = wins.value else { continue };
            let differs = |own: &[Attribute; 4]| own[nth].value.as_ref().is_some_and(|(other, _)| *other != value);
            let gives_way: Vec<String> =
                self.customers.iter().zip(&own).filter(|(_, own)| differs(own)).map(|(id, _)| id.name()).collect();
            if !gives_way.is_empty() {
                choices.push(proto::AttributeChoice {
                    path: wins.path.to_owned(),
                    winner: self.bringer(&provenance.source_record).map(|id| id.name()).unwrap_or_default(),
                    gives_way,
                    provenance: Some(provenance),
                });
            }
        }
        choices
    }

    fn bringer(&self, record: &str) -> Option<CustomerId> {
        self.component.customer_of(SourceRecordId::parse(record).ok()?)
    }
}

/// An attribute of a golden record: its value, encoded, and where it comes from.
struct Attribute {
    path: &'static str,
    value: Option<(Vec<u8>, proto::Provenance)>,
}

fn attributes(customer: &proto::Customer) -> [Attribute; 4] {
    let golden = customer.golden.clone().unwrap_or_default();
    let name = golden.person_name.and_then(|n| n.value.map(|v| v.encode_to_vec()).zip(n.provenance));
    let birth = golden.birth_date.and_then(|d| Some(d.value.into_bytes()).zip(d.provenance));
    let address = golden.address.and_then(|a| a.value.map(|v| v.encode_to_vec()).zip(a.provenance));
    let language = golden.language.and_then(|l| Some(l.value.to_be_bytes().to_vec()).zip(l.provenance));
    [("person_name", name), ("birth_date", birth), ("address", address), ("language", language)]
        .map(|(path, value)| Attribute { path, value })
}

fn pair(nearest: &Nearest) -> proto::MergePair {
    proto::MergePair {
        source_records: nearest.records.iter().map(|record| record.name()).collect(),
        grade: judgement::grade(nearest.score.grade).into(),
        score: nearest.score.total,
        findings: judgement::findings(&nearest.score),
        doubt: judgement::doubt(&nearest.score).into(),
    }
}
