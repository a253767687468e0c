//! From changed identifiers to changed links: what the identity rule says now of everybody who carries them.

use std::collections::{BTreeMap, BTreeSet};

use customer_profile_domain::matching::Edition;
use customer_profile_domain::{Basis, CustomerId, IdentifierKey, LinkId, LinkType, Pair, SourceRecordId, revised};
use jiff::Timestamp;
use kernel::ResourceId;
use postgres::{StoreError, Tx};

use crate::comparing;
use crate::store::identity::{self, Compared, NewLink};
use crate::store::rules;
use crate::usecase::Profile;

/// How the links change, and whom that touches.
pub(super) struct Revision {
    pub asserted: Vec<NewLink>,
    pub revoked: Vec<LinkId>,
    pub customers: BTreeSet<CustomerId>,
    pub records: BTreeSet<SourceRecordId>,
    /// Carriers of an identifier that just became, or just ceased to be, one of too many.
    pub tipped: Vec<SourceRecordId>,
    /// Edition of the rule that was asked.
    pub edition: Edition,
}

/// Why who carries an identifier is asked anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A record came that was not there.
    NewRecord,
    /// A record says something else than before.
    Changed,
    /// Records are gone with all they brought, however many.
    Gone,
}

impl Cause {
    /// Whether an identifier that so many carry now may just have become, or have ceased to be, one of more than `most`.
    fn tips(self, carriers: usize, most: usize) -> bool {
        match self {
            // One came or went.
            Self::NewRecord | Self::Changed => (most..=most + 1).contains(&carriers),
            Self::Gone => carriers <= most + 1,
        }
    }
}

/// Asks the rule about every touched identifier.
pub(super) async fn revise(
    profile: &Profile,
    tx: &mut Tx,
    touched: &BTreeSet<IdentifierKey>,
    changed: &BTreeSet<IdentifierKey>,
    cause: Cause,
    now: Timestamp,
) -> Result<Revision, StoreError> {
    let mut revision = Revision {
        asserted: Vec::new(),
        revoked: Vec::new(),
        customers: BTreeSet::new(),
        records: BTreeSet::new(),
        tipped: Vec::new(),
        edition: Edition::default(),
    };
    let relevant: BTreeSet<IdentifierKey> = touched.iter().filter(|key| key.kind.fan_out() > 0).cloned().collect();
    if relevant.is_empty() {
        return Ok(revision);
    }
    let carried = identity::carriers(tx, &relevant).await?;
    if cause == Cause::NewRecord && carried.values().all(|held| held.carriers.len() == 1) {
        // Nobody else carries what a new record brings: the common case has nothing to link.
        return Ok(revision);
    }
    revision.edition = rules::edition(&mut **tx).await?;
    let active = identity::active_links(tx, &relevant).await?;
    for key in &relevant {
        let held = carried.get(key);
        let most = key.kind.fan_out();
        let tipped = held.filter(|h| changed.contains(key) && cause.tips(h.carriers.len(), most));
        revision.tipped.extend(tipped.iter().flat_map(|h| &h.carriers).map(|carrier| carrier.record));
        let carriers = held.map(|h| h.carriers.as_slice()).unwrap_or_default();
        let wanted = comparing::justified(tx, &profile.rules.current(), revision.edition, key, carriers).await?;
        let known = active.get(key).cloned().unwrap_or_default();
        let (assert, revoke) = revised(&known.keys().copied().collect(), &wanted.keys().copied().collect());
        for pair in assert {
            revision.touch(pair, held.map(|h| &h.customers));
            let id = LinkId::from_uuid(profile.ambient.uuid(now));
            revision.asserted.push(NewLink {
                id,
                kind: LinkType::SameAs,
                pair,
                basis: Basis::Identifier(key.clone()),
                compared: wanted.get(&pair).and_then(Option::as_ref).map(Compared::from),
                rules_version: revision.edition.as_str().to_owned(),
                reason: String::new().into(),
                proposal: None,
            });
        }
        for pair in revoke {
            revision.touch(pair, held.map(|h| &h.customers));
            revision.revoked.extend(known.get(&pair));
        }
    }
    Ok(revision)
}

impl Revision {
    fn touch(&mut self, pair: Pair, customers: Option<&BTreeMap<SourceRecordId, CustomerId>>) {
        for record in [pair.a(), pair.b()] {
            // A record that no longer carries the identifier is the one being ingested, whose customer the caller
            // knows.
            if let Some(customer) = customers.and_then(|c| c.get(&record)) {
                self.customers.insert(*customer);
                self.records.insert(record);
            }
        }
    }
}
