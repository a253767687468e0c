//! Properties of identity that hold for every sequence of records.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::{Language, ResourceId};
use proptest::prelude::*;
use uuid::Uuid;
use ventanilla_customer_profile_domain::matching::{Description, Edition, Frequencies, Person, Rules, contradictions};
use ventanilla_customer_profile_domain::{
    Attribute, Basis, Carrier, Content, CustomerId, Cut, Golden, Identifier, IdentifierKey, IdentifierKind, Link, Node,
    Pair, PersonName, RawIdentifier, Record, SourceOrder, SourceRecordId, Survivorship, Validity, equals, links,
    resolve, revised,
};

/// What a department says, before anybody wrote it down.
#[derive(Debug, Clone)]
struct Said {
    external: u32,
    name: usize,
    phone: Option<u8>,
    email: Option<u8>,
    document: Option<u8>,
    account: Option<u8>,
    born: Option<usize>,
    observed: i64,
    /// When the name was verified.
    verified: Option<i64>,
    /// Since when and until when they have the phone, and when that was verified.
    line: (Option<i64>, Option<i64>, Option<i64>),
}

const NAMES: &[&str] = &["Ana Ruiz Gil", "Eva Sanz Oca", "Ana Ruiz", "Ana", "RUIZ GIL, ANA"];
const DOCUMENTS: &[&str] = &["12345678Z", "00000001R", "X1234567L", "00000000T"];
/// The second is a slip of the first, and the third another person's.
const BIRTHS: &[jiff::civil::Date] =
    &[jiff::civil::date(1950, 3, 12), jiff::civil::date(1950, 12, 3), jiff::civil::date(1981, 7, 30)];

/// A period of a line, and when it was verified.
fn line() -> impl Strategy<Value = (Option<i64>, Option<i64>, Option<i64>)> {
    let some = |from: i64, to: i64| prop::option::weighted(0.2, from..to);
    (some(0, 500), some(500, 1000), some(0, 1000))
}

/// The same without any period.
fn said() -> impl Strategy<Value = Said> {
    said_of_periods().prop_map(|said| Said { line: (None, None, said.line.2), ..said })
}

fn said_of_periods() -> impl Strategy<Value = Said> {
    let contracts = (prop::option::weighted(0.3, 0..4u8), prop::option::weighted(0.2, 0..2u8));
    let carried = (prop::option::of(0..3u8), prop::option::of(0..3u8), contracts);
    let born = prop::option::weighted(0.3, 0..BIRTHS.len());
    (0..12u32, 0..NAMES.len(), carried, born, 0..1000i64, prop::option::weighted(0.2, 0..4i64), line()).prop_map(
        |(external, name, (phone, email, (document, account)), born, observed, verified, line)| Said {
            external,
            name,
            phone,
            email,
            document,
            account,
            born,
            observed,
            verified,
            line,
        },
    )
}

fn identifier(kind: IdentifierKind, value: &str) -> Identifier {
    Identifier::parse(RawIdentifier { kind, value, country: "", issuer: "" }).unwrap()
}

fn content(said: &Said) -> Content {
    let instant = |second: i64| Timestamp::from_second(second).unwrap();
    let phone = said.phone.map(|n| {
        let (from, until, verified) = said.line;
        let mut phone = identifier(IdentifierKind::Phone, &format!("60011122{n}"));
        phone.validity = Validity::new(from.map(instant), until.map(instant)).unwrap();
        phone.verified_at = verified.map(|at| instant(at.min(said.observed)));
        phone
    });
    let email = said.email.map(|n| identifier(IdentifierKind::Email, &format!("m{n}@correo.example")));
    let document = said.document.map(|n| identifier(IdentifierKind::NationalId, DOCUMENTS[usize::from(n)]));
    let account = said.account.map(|n| {
        let value = format!("C{n}");
        let raw = RawIdentifier { kind: IdentifierKind::Account, value: &value, country: "", issuer: "mobile" };
        Identifier::parse(raw).unwrap()
    });
    Content {
        name: Some(PersonName::new("", "", "", NAMES[said.name]).unwrap()),
        identifiers: phone.into_iter().chain(email).chain(document).chain(account).collect(),
        birth_date: said.born.map(|n| BIRTHS[n].into()),
        address: None,
        language: (said.name == 1).then_some(Language::Ca),
        verified: said.verified.map(|at| (Attribute::Name, Timestamp::from_second(at).unwrap())).into_iter().collect(),
        observed_at: Timestamp::from_second(said.observed).unwrap(),
        unproven: false,
    }
}

/// What happens to identities.
#[derive(Debug, Clone)]
enum Happening {
    Said(Said),
    /// A steward says that the customers of two records are one.
    Merged(u32, u32),
    /// A steward takes the records whose bit is set out of a record's customer.
    Unmerged(u32, u16),
    /// A steward says that two records are one person, or two.
    Confirmed(u32, u32),
    Rejected(u32, u32),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => said_of_periods().prop_map(Happening::Said),
        1 => (0..12u32, 0..12u32).prop_map(|(a, b)| Happening::Merged(a, b)),
        1 => (0..12u32, any::<u16>()).prop_map(|(a, taken)| Happening::Unmerged(a, taken)),
        1 => (0..12u32, 0..12u32).prop_map(|(a, b)| Happening::Confirmed(a, b)),
        1 => (0..12u32, 0..12u32).prop_map(|(a, b)| Happening::Rejected(a, b)),
    ]
}

/// A store in miniature: it changes only what a happening touches, as the service does.
#[derive(Default)]
struct Store {
    records: BTreeMap<u32, Record>,
    links: BTreeMap<IdentifierKey, BTreeSet<Pair>>,
    confirmed: BTreeSet<Pair>,
    denied: BTreeSet<Pair>,
    /// The customer of each record, as it was last written.
    customers: BTreeMap<SourceRecordId, CustomerId>,
}

impl Store {
    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Said(said) => self.ingest(said),
            Happening::Merged(a, b) => self.merge(*a, *b),
            Happening::Unmerged(one, mask) => self.unmerge(*one, |external| mask & (1 << external) != 0),
            Happening::Confirmed(a, b) => {
                if let Some(pair) = self.pair(*a, *b).filter(|pair| !self.denied.contains(pair)) {
                    self.confirmed.insert(pair);
                    self.settle([pair.a(), pair.b()]);
                }
            }
            Happening::Rejected(a, b) => {
                if let Some(pair) = self.pair(*a, *b) {
                    self.confirmed.remove(&pair);
                    self.denied.insert(pair);
                    self.settle([pair.a(), pair.b()]);
                }
            }
        }
    }

    fn pair(&self, a: u32, b: u32) -> Option<Pair> {
        let (a, b) = (self.records.get(&a)?.id, self.records.get(&b)?.id);
        (a != b).then(|| Pair::of(a, b))
    }

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
                self.customers.insert(record.id, record.own_customer);
                self.records.insert(said.external, record);
            }
        }
        let mut changed: BTreeSet<SourceRecordId> = BTreeSet::from([self.records[&said.external].id]);
        for key in touched {
            let wanted = self.wanted(&key);
            let active = self.links.entry(key).or_default();
            let (assert, revoke) = revised(active, &wanted);
            changed.extend(assert.iter().chain(&revoke).flat_map(|pair| [pair.a(), pair.b()]));
            active.extend(assert);
            active.retain(|pair| !revoke.contains(pair));
        }
        self.settle(changed);
    }

    fn merge(&mut self, a: u32, b: u32) {
        let Some(pair) = self.pair(a, b) else { return };
        let (one, other) = (self.members(self.customers[&pair.a()]), self.members(self.customers[&pair.b()]));
        if self.customers[&pair.a()] == self.customers[&pair.b()] {
            return;
        }
        let crosses = |p: &Pair| {
            let [a, b] = [p.a(), p.b()];
            (one.contains(&a) && other.contains(&b)) || (one.contains(&b) && other.contains(&a))
        };
        self.denied.retain(|denied| !crosses(denied));
        self.confirmed.insert(pair);
        self.settle([pair.a(), pair.b()]);
        // The word is written on more records where one would leave others.
        while let Some(left) = one.union(&other).find(|r| self.customers[r] != self.customers[&pair.a()]).copied() {
            self.confirmed.insert(Pair::of(pair.a(), left));
            self.settle([pair.a(), left]);
        }
        assert_eq!(self.customers[&pair.a()], self.customers[&pair.b()], "a merge makes one");
        assert!(one.union(&other).all(|r| self.customers[r] == self.customers[&pair.a()]), "of all of both");
    }

    fn unmerge(&mut self, one: u32, taken: impl Fn(u32) -> bool) {
        let Some(record) = self.records.get(&one) else { return };
        let members = self.members(self.customers[&record.id]);
        let nodes: Vec<Node> = self.nodes().into_iter().filter(|n| members.contains(&n.record)).collect();
        let outside = self.outside();
        let taken: BTreeSet<_> = members.iter().copied().filter(|r| taken(outside[r])).collect();
        if taken.is_empty() {
            return;
        }
        let Ok(cut) = Cut::new(&nodes, taken) else { return };
        self.confirmed.retain(|pair| !cut.crosses(*pair));
        self.denied.extend(cut.denials());
        self.settle(members);
        for (one, other) in cut.taken().iter().flat_map(|one| cut.remaining().iter().map(move |other| (one, other))) {
            assert_ne!(self.customers[one], self.customers[other], "nothing holds the sides together");
        }
    }

    /// Writes who is who anew, of those alone whom the links of the changed records reach.
    fn settle(&mut self, changed: impl IntoIterator<Item = SourceRecordId>) {
        let mut reached: BTreeSet<CustomerId> = changed.into_iter().map(|record| self.customers[&record]).collect();
        let links = self.active();
        loop {
            let within = |record: &SourceRecordId| reached.contains(&self.customers[record]);
            let more: BTreeSet<CustomerId> = links
                .iter()
                .flat_map(|link| [(link.pair.a(), link.pair.b()), (link.pair.b(), link.pair.a())])
                .filter(|(one, _)| within(one))
                .map(|(_, other)| self.customers[&other])
                .collect();
            if more.is_subset(&reached) {
                break;
            }
            reached.extend(more);
        }
        let nodes: Vec<Node> =
            self.nodes().into_iter().filter(|n| reached.contains(&self.customers[&n.record])).collect();
        let denials: Vec<Pair> = self.denied.iter().copied().collect();
        let within = self.records.values().filter(|r| nodes.iter().any(|node| node.record == r.id));
        let contradictions = contradictions(&within.cloned().collect::<Vec<_>>());
        for group in resolve(&nodes, &links, &denials, &contradictions) {
            self.customers.extend(group.records.iter().map(|n| (n.record, group.customer)));
        }
    }

    fn members(&self, customer: CustomerId) -> BTreeSet<SourceRecordId> {
        self.customers.iter().filter(|(_, c)| **c == customer).map(|(record, _)| *record).collect()
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
                    validity: found.validity,
                })
            })
            .collect();
        let against = equals(key.kind, &carriers).into_iter().filter(|pair| {
            let [one, other] = [pair.a(), pair.b()].map(|id| self.person(id));
            Rules::standard().score(&one, &other).against(key.kind, Edition::CURRENT).is_some()
        });
        links(key.kind, &carriers, &against.collect())
    }

    fn person(&self, id: SourceRecordId) -> Person {
        let record = self.records.values().find(|record| record.id == id).unwrap();
        Person::new(&Description::from(&record.content), &Frequencies::neutral())
    }

    fn contradictions(&self) -> BTreeSet<Pair> {
        contradictions(&self.records.values().cloned().collect::<Vec<_>>())
    }

    fn nodes(&self) -> Vec<Node> {
        self.records
            .values()
            .map(|r| Node { record: r.id, own_customer: r.own_customer, recorded_at: r.recorded_at })
            .collect()
    }

    fn outside(&self) -> BTreeMap<SourceRecordId, u32> {
        self.records.iter().map(|(external, record)| (record.id, *external)).collect()
    }

    /// Who is who as it was written, happening by happening; by the records' outside names.
    fn partition(&self) -> BTreeSet<BTreeSet<u32>> {
        let outside = self.outside();
        let mut groups: BTreeMap<CustomerId, BTreeSet<u32>> = BTreeMap::new();
        for (record, customer) in &self.customers {
            groups.entry(*customer).or_default().insert(outside[record]);
        }
        groups.into_values().collect()
    }

    /// Who is who from nothing but what the records say and what stewards said.
    fn recomputed(&self) -> BTreeSet<BTreeSet<u32>> {
        let keys: BTreeSet<IdentifierKey> =
            self.records.values().flat_map(|r| &r.content.identifiers).map(|i| i.key().clone()).collect();
        let by_rule = keys.iter().flat_map(|key| {
            self.wanted(key).into_iter().map(|pair| Link { basis: Basis::Identifier(key.clone()), pair })
        });
        let links: Vec<Link> = by_rule.chain(self.stewards_links()).collect();
        let denials: Vec<Pair> = self.denied.iter().copied().collect();
        let outside = self.outside();
        let groups = resolve(&self.nodes(), &links, &denials, &self.contradictions());
        groups.into_iter().map(|group| group.records.iter().map(|n| outside[&n.record]).collect()).collect()
    }

    fn stewards_links(&self) -> impl Iterator<Item = Link> {
        self.confirmed.iter().map(|pair| Link { basis: Basis::Steward, pair: *pair })
    }

    fn active(&self) -> Vec<Link> {
        let of_key = |(key, pairs): (&IdentifierKey, &BTreeSet<Pair>)| {
            let basis = Basis::Identifier(key.clone());
            pairs.iter().map(|pair| Link { basis: basis.clone(), pair: *pair }).collect::<Vec<_>>()
        };
        self.links.iter().flat_map(of_key).chain(self.stewards_links()).collect()
    }
}

/// The periods that an identifier may have, told otherwise than `Golden` does: whatever was verified later than the last word about a period leaves none;
/// else that word counts, of several at one instant one with the earliest end.
fn periods_of(records: &[Record], key: &IdentifierKey) -> Vec<Validity> {
    let mentions =
        || records.iter().flat_map(|r| r.content.identifiers.iter().map(move |i| (r.content.observed_at, i)));
    let of_key = || mentions().filter(|(_, i)| i.key() == key);
    let stated = of_key().filter(|(_, i)| i.validity.from.is_some() || i.validity.until.is_some());
    let Some(last) = stated.clone().map(|(at, _)| at).max() else { return vec![Validity::default()] };
    if of_key().any(|(_, i)| i.verified_at > Some(last)) {
        return vec![Validity::default()];
    }
    let words: Vec<Validity> = stated.filter(|(at, _)| *at == last).map(|(_, i)| i.validity).collect();
    let end = |word: &Validity| word.until.unwrap_or(Timestamp::MAX);
    let first = words.iter().map(end).min();
    words.into_iter().filter(|word| Some(end(word)) == first).collect()
}

/// Sentences of which no two about one record were observed at the same instant. None states a period: who had a line at another time than
/// its oldest carrier begins a star of their own, so that there it counts who came first.
fn story() -> impl Strategy<Value = Vec<Said>> {
    told(said())
}

/// The same with periods.
fn story_of_periods() -> impl Strategy<Value = Vec<Said>> {
    told(said_of_periods())
}

fn told(said: impl Strategy<Value = Said>) -> impl Strategy<Value = Vec<Said>> {
    prop::collection::vec(said, 1..40).prop_map(|mut all| {
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
        prop_assert_eq!(one.partition(), other.partition());
    }

    #[test]
    fn changing_only_what_is_touched_equals_recomputing_everything(story in prop::collection::vec(happening(), 1..60)) {
        let mut store = Store::default();
        for happening in &story {
            store.happen(happening);
            prop_assert_eq!(store.partition(), store.recomputed());
        }
    }

    #[test]
    fn nobody_is_one_person_with_somebody_they_are_denied_to(story in prop::collection::vec(happening(), 1..60)) {
        let mut store = Store::default();
        story.iter().for_each(|happening| store.happen(happening));
        for denied in &store.denied {
            prop_assert_ne!(store.customers[&denied.a()], store.customers[&denied.b()]);
        }
    }

    #[test]
    fn nobody_is_one_person_with_somebody_who_contradicts_them_but_by_a_stewards_word(story in story_of_periods()) {
        let mut store = Store::default();
        story.iter().for_each(|s| store.ingest(s));
        for pair in store.contradictions() {
            prop_assert_ne!(store.customers[&pair.a()], store.customers[&pair.b()], "{:?}", store.records);
            prop_assert!(store.links.values().all(|links| !links.contains(&pair)));
        }
    }

    #[test]
    fn what_a_merge_joined_an_unmerge_gives_back(
        story in prop::collection::vec(happening(), 1..40), a in 0..12u32, b in 0..12u32,
    ) {
        let mut store = Store::default();
        story.iter().for_each(|happening| store.happen(happening));
        let before = store.partition();
        let Some(pair) = store.pair(a, b) else { return Ok(()) };
        let absorbed = store.members(store.customers[&pair.b()]);
        let outside = store.outside();
        let absorbed: BTreeSet<u32> = absorbed.iter().map(|record| outside[record]).collect();
        if store.customers[&pair.a()] != store.customers[&pair.b()] {
            store.merge(a, b);
            store.unmerge(a, |external| absorbed.contains(&external));
        }
        prop_assert_eq!(store.partition(), before);
    }

    #[test]
    fn the_golden_record_does_not_depend_on_the_order_of_records(story in story_of_periods()) {
        let mut store = Store::default();
        story.iter().for_each(|s| store.ingest(s));
        let records: Vec<Record> = store.records.into_values().collect();
        let reversed: Vec<Record> = records.iter().rev().cloned().collect();
        let order = Survivorship::by_order(SourceOrder::new(vec!["system-2".parse().unwrap()]));
        let golden = Golden::of(&records, &order);
        prop_assert_eq!(&golden, &Golden::of(&reversed, &order));
        for shown in &golden.identifiers {
            prop_assert!(periods_of(&records, shown.value.key()).contains(&shown.value.validity), "{:?}", records);
        }
        let claim = |r: &Record| (r.content.verified.get(&Attribute::Name).copied(), r.content.observed_at);
        let best = records.iter().map(claim).max().unwrap();
        let believed = golden.name.unwrap().provenance.record;
        let believed = records.iter().find(|r| r.id == believed).unwrap();
        prop_assert_eq!(claim(believed), best, "verified last, and then seen last");
    }

    #[test]
    fn the_oldest_id_goes_on(story in story_of_periods()) {
        let mut store = Store::default();
        story.iter().for_each(|s| store.ingest(s));
        for group in resolve(&store.nodes(), &store.active(), &[], &store.contradictions()) {
            let oldest = group.records.iter().min_by_key(|n| n.recorded_at).unwrap();
            prop_assert_eq!(group.customer, oldest.own_customer);
        }
    }

    #[test]
    fn normalising_twice_changes_nothing(text in "\\PC{0,20}") {
        for kind in IdentifierKind::ALL {
            let issuer = if kind.is_issued() { "x" } else { "" };
            let raw = RawIdentifier { kind: *kind, value: &text, country: "", issuer };
            if let Ok(once) = Identifier::parse(raw) {
                let again = Identifier::parse(RawIdentifier { value: once.value(), ..raw }).unwrap();
                prop_assert_eq!(once.key(), again.key());
            }
        }
    }
}
