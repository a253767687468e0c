//! What equal identifiers alone make one person, before anything is compared: the rule of the service, asked about the
//! people of a file.

use std::collections::{BTreeMap, BTreeSet};

use customer_profile_domain::matching::{Description, Mention, Person, Rules};
use customer_profile_domain::{
    Carrier, IdentifierKey, IdentifierKind, Pair, PersonName, SourceRecordId, Validity, equals, links,
};
use jiff::Timestamp;
use kernel::ResourceId as _;
use uuid::Uuid;

/// The pairs of places that identifiers hold together. Each is one person with all whom its identifier makes equal, though
/// the service keeps a star of links for them.
pub fn held_together(described: &[Description<'_>], people: &[Person], rules: &Rules) -> BTreeSet<(usize, usize)> {
    let mut carriers: BTreeMap<IdentifierKey, Vec<Carrier>> = BTreeMap::new();
    for (place, described) in described.iter().enumerate() {
        for (kind, mention) in mentions(described) {
            let key = IdentifierKey { kind, value: folded(kind, mention).into() };
            let carried = carriers.entry(key).or_default();
            let carrier = carrier(place, described);
            if carried.last().is_none_or(|last| last.record != carrier.record) {
                carried.push(carrier);
            }
        }
    }
    let mut held = BTreeSet::new();
    for (key, carriers) in &carriers {
        let asked = equals(key.kind, carriers);
        let stands = |pair: &Pair| {
            let score = rules.score(&people[place_of(pair.a())], &people[place_of(pair.b())]);
            score.against(key.kind, rules.edition()).is_some()
        };
        let against = asked.into_iter().filter(stands).collect();
        held.extend(connected(&links(key.kind, carriers, &against)));
    }
    held
}

fn mentions<'a, 'b>(described: &'b Description<'a>) -> impl Iterator<Item = (IdentifierKind, &'b Mention<'a>)> {
    let of = |kind, mentions: &'b Vec<Mention<'a>>| mentions.iter().map(move |mention| (kind, mention));
    of(IdentifierKind::Phone, &described.phones)
        .chain(of(IdentifierKind::Email, &described.emails))
        .chain(of(IdentifierKind::NationalId, &described.documents))
        .chain(of(IdentifierKind::Account, &described.accounts))
}

/// As the service would keep it: letters and digits, of a mailbox its marks too; of a line the nine digits without a prefix.
fn folded(kind: IdentifierKind, mention: &Mention<'_>) -> String {
    let lower = mention.value.trim().to_lowercase();
    match kind {
        IdentifierKind::Email => lower,
        IdentifierKind::Phone => {
            let digits: String = lower.chars().filter(char::is_ascii_digit).collect();
            digits[digits.len().saturating_sub(9)..].to_owned()
        }
        _ => lower.chars().filter(|c| c.is_alphanumeric()).collect(),
    }
}

fn carrier(place: usize, described: &Description<'_>) -> Carrier {
    let whole =
        if described.given.is_empty() && described.first_surname.is_empty() { described.whole_name } else { "" };
    let name = PersonName::new(described.given, described.first_surname, described.second_surname, whole);
    Carrier {
        record: SourceRecordId::from_uuid(Uuid::from_u128(place as u128)),
        recorded_at: Timestamp::UNIX_EPOCH,
        name: name.ok().and_then(|name| name.key()),
        evidence: true,
        validity: Validity::default(),
    }
}

fn place_of(record: SourceRecordId) -> usize {
    usize::try_from(record.uuid().as_u128()).unwrap_or_default()
}

/// Every pair of those whom these links hold together: each star, of which the oldest is the hub.
fn connected(links: &BTreeSet<Pair>) -> BTreeSet<(usize, usize)> {
    let mut stars: BTreeMap<SourceRecordId, BTreeSet<usize>> = BTreeMap::new();
    for pair in links {
        stars.entry(pair.a()).or_default().extend([place_of(pair.a()), place_of(pair.b())]);
    }
    let pairs = |star: BTreeSet<usize>| {
        let star: Vec<usize> = star.into_iter().collect();
        let pairs = (0..star.len()).flat_map(|at| (0..at).map(move |before| (before, at)));
        pairs.map(|(before, at)| (star[before], star[at])).collect::<Vec<_>>()
    };
    stars.into_values().flat_map(pairs).collect()
}
