//! Properties of identity that hold for every sequence of records.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::{Language, ResourceId};
use proptest::prelude::*;
use uuid::Uuid;
use ventanilla_customer_profile_domain::{
    Carrier, Content, CustomerId, Golden, Identifier, IdentifierKey, IdentifierKind, Node, Pair, PersonName,
    RawIdentifier, Record, SourceOrder, SourceRecordId, links, resolve, revised,
};

/// What a department says, before anybody wrote it down.
#[derive(Debug, Clone)]
struct Said {
    external: u32,
    name: usize,
    phone: Option<u8>,
    email: Option<u8>,
    document: Option<u8>,
    observed: i64,
}

const NAMES: &[&str] = &["Ana Ruiz Gil", "Eva Sanz Oca", "Ana Ruiz", "Ana", "RUIZ GIL, ANA"];
const DOCUMENTS: &[&str] = &["12345678Z", "00000001R", "X1234567L", "00000000T"];

fn said() -> impl Strategy<Value = Said> {
    (0..12u32, 0..NAMES.len(), prop::option::of(0..3u8), prop::option::of(0..3u8), prop::option::of(0..4u8), 0..1000i64)
        .prop_map(|(external, name, phone, email, document, observed)| Said {
            external,
            name,
            phone,
            email,
            document,
            observed,
        })
}

fn identifier(kind: IdentifierKind, value: &str) -> Identifier {
    Identifier::parse(RawIdentifier { kind, value, country: "", issuer: "" }).unwrap()
}

fn content(said: &Said) -> Content {
    let phone = said.phone.map(|n| identifier(IdentifierKind::Phone, &format!("60011122{n}")));
    let email = said.email.map(|n| identifier(IdentifierKind::Email, &format!("m{n}@correo.example")));
    let document = said.document.map(|n| identifier(IdentifierKind::NationalId, DOCUMENTS[usize::from(n)]));
    Content {
        name: Some(PersonName::new("", "", "", NAMES[said.name]).unwrap()),
        identifiers: phone.into_iter().chain(email).chain(document).collect(),
        birth_date: None,
        address: None,
        language: (said.name == 1).then_some(Language::Ca),
        observed_at: Timestamp::from_second(said.observed).unwrap(),
    }
}

/// A store in miniature: it changes only what a new version touches, as the service does.
#[derive(Default)]
struct Store {
    records: BTreeMap<u32, Record>,
    links: BTreeMap<IdentifierKey, BTreeSet<Pair>>,
}

impl Store {
    fn ingest(&mut self, said: &Said) {
        let content = content(said);
        let next = self.records.len() as u128 + 1;
        let mut touched: BTreeSet<IdentifierKey> = content.identifiers.iter().map(|i| i.key().clone()).collect();
        match self.records.get_mut(&said.external) {
            Some(record) if content.observed_at > record.content.observed_at => {
                touched.extend(record.content.identifiers.iter().map(|i| i.key().clone()));
                record.content = content;
            }
            Some(_) => return,
            None => {
                let record = Record {
                    id: SourceRecordId::from_uuid(Uuid::from_u128(next)),
                    own_customer: CustomerId::from_uuid(Uuid::from_u128(next)),
                    source_system: format!("system-{}", said.external % 3).parse().unwrap(),
                    department: "billing".parse().unwrap(),
                    recorded_at: Timestamp::from_second(i64::try_from(next).unwrap()).unwrap(),
                    version: 1,
                    content,
                };
                self.records.insert(said.external, record);
            }
        }
        for key in touched {
            let wanted = self.wanted(&key);
            let active = self.links.entry(key).or_default();
            let (assert, revoke) = revised(active, &wanted);
            active.extend(assert);
            active.retain(|pair| !revoke.contains(pair));
        }
    }

    fn wanted(&self, key: &IdentifierKey) -> BTreeSet<Pair> {
        let carriers: Vec<Carrier> = self
            .records
            .values()
            .filter_map(|r| {
                let found = r.content.identifiers.iter().find(|i| i.key() == key)?;
                Some(Carrier {
                    record: r.id,
                    recorded_at: r.recorded_at,
                    name: r.content.name.as_ref().and_then(PersonName::key),
                    evidence: found.is_evidence(),
                })
            })
            .collect();
        links(key.kind, &carriers)
    }

    /// The partition as the world sees it: by the records' outside names.
    fn partition(&self, links: &[Pair]) -> BTreeSet<BTreeSet<u32>> {
        let nodes: Vec<Node> = self
            .records
            .values()
            .map(|r| Node { record: r.id, own_customer: r.own_customer, recorded_at: r.recorded_at })
            .collect();
        let outside: BTreeMap<SourceRecordId, u32> = self.records.iter().map(|(e, r)| (r.id, *e)).collect();
        resolve(&nodes, links)
            .into_iter()
            .map(|group| group.records.iter().map(|n| outside[&n.record]).collect())
            .collect()
    }

    fn active(&self) -> Vec<Pair> {
        self.links.values().flatten().copied().collect()
    }

    fn recomputed(&self) -> Vec<Pair> {
        let keys: BTreeSet<IdentifierKey> =
            self.records.values().flat_map(|r| &r.content.identifiers).map(|i| i.key().clone()).collect();
        keys.iter().flat_map(|key| self.wanted(key)).collect()
    }
}

/// Sentences of which no two about one record were observed at the same instant.
fn story() -> impl Strategy<Value = Vec<Said>> {
    prop::collection::vec(said(), 1..40).prop_map(|mut all| {
        let mut seen = BTreeSet::new();
        all.retain(|s| seen.insert((s.external, s.observed)));
        all
    })
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_change_who_is_who(story in story(), seed in any::<u64>()) {
        let mut shuffled = story.clone();
        let mut state = seed;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        let (mut one, mut other) = (Store::default(), Store::default());
        story.iter().for_each(|s| one.ingest(s));
        shuffled.iter().for_each(|s| other.ingest(s));
        prop_assert_eq!(one.partition(&one.active()), other.partition(&other.active()));
    }

    #[test]
    fn changing_only_what_is_touched_equals_recomputing_everything(story in story()) {
        let mut store = Store::default();
        for said in &story {
            store.ingest(said);
            prop_assert_eq!(store.partition(&store.active()), store.partition(&store.recomputed()));
        }
    }

    #[test]
    fn the_golden_record_does_not_depend_on_the_order_of_records(story in story()) {
        let mut store = Store::default();
        story.iter().for_each(|s| store.ingest(s));
        let records: Vec<Record> = store.records.into_values().collect();
        let reversed: Vec<Record> = records.iter().rev().cloned().collect();
        let order = SourceOrder::new(vec!["system-2".parse().unwrap()]);
        let golden = Golden::of(&records, &order);
        prop_assert_eq!(&golden, &Golden::of(&reversed, &order));
        let latest = records.iter().map(|r| r.content.observed_at).max().unwrap();
        prop_assert_eq!(golden.name.unwrap().provenance.observed_at, latest);
    }

    #[test]
    fn the_oldest_id_goes_on(story in story()) {
        let mut store = Store::default();
        story.iter().for_each(|s| store.ingest(s));
        let nodes: Vec<Node> = store.records.values()
            .map(|r| Node { record: r.id, own_customer: r.own_customer, recorded_at: r.recorded_at })
            .collect();
        for group in resolve(&nodes, &store.active()) {
            let oldest = group.records.iter().min_by_key(|n| n.recorded_at).unwrap();
            prop_assert_eq!(group.customer, oldest.own_customer);
        }
    }

    #[test]
    fn normalising_twice_changes_nothing(text in "\\PC{0,20}") {
        for kind in IdentifierKind::ALL {
            let issuer = if matches!(kind, IdentifierKind::Account | IdentifierKind::Device) { "x" } else { "" };
            let raw = RawIdentifier { kind: *kind, value: &text, country: "", issuer };
            if let Ok(once) = Identifier::parse(raw) {
                let again = Identifier::parse(RawIdentifier { value: once.value(), ..raw }).unwrap();
                prop_assert_eq!(once.key(), again.key());
            }
        }
    }
}
