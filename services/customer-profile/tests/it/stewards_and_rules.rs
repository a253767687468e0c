//! Whatever stewards and rules do, and in whatever order, who is who equals what follows from the links alone, and the
//! links of rules equal what follows from the records alone; and what a screen showed is shown again when asked for.

use std::collections::{BTreeMap, BTreeSet};

use customer_profile_domain::{
    Basis, Carrier, CustomerId, IdentifierKey, IdentifierKind, Link, NameKey, Node, Pair, SourceRecordId, Validity,
    links, resolve,
};
use kernel::ResourceId as _;
use prost::Message as _;
use sqlx::PgPool;
use sqlx::types::Uuid;
use ventanilla_customer_profile::IdentitySettings;
use ventanilla_proto::customer::v1::*;

use crate::support::{Dice, Say, World, dni, record, time, written_anew};

const NAMES: [[&str; 3]; 5] = [
    ["Begoña", "Echeverría", "Larrañaga"],
    ["Begona", "Echevarria", "Larrañaga"],
    ["Hugo", "Gil", "Soto"],
    ["Hugo", "Gil", ""],
    ["Nekane", "Otaegi", "Zubizarreta"],
];

const BIRTH_DATES: [&str; 2] = ["1975-03-12", "1988-07-01"];
const PHONES: [&str; 2] = ["600111222", "600333444"];

/// What a system says of somebody, by chance.
fn said(dice: &mut Dice, minute: u64) -> SourceRecord {
    let mut said = record(&format!("system-{}", dice.below(8)), "sales", "1").parts(dice.one_of(&NAMES));
    if dice.below(2) == 0 {
        said = said.born(dice.one_of(&BIRTH_DATES));
    }
    if dice.below(3) == 0 {
        said = said.dni(&dni(u32::try_from(dice.below(3)).unwrap() + 20_000_000));
    }
    said.language = i32::try_from(dice.below(4)).unwrap();
    if dice.below(3) == 0 {
        // Some say the same at one instant: then the order of systems counts.
        return said.observed(&at(minute / 6 * 6));
    }
    said = said.phone(dice.one_of(&PHONES)).observed(&at(minute));
    let phone = said.identifiers.last_mut().unwrap();
    // Until before the story and from after it; or at it.
    match dice.below(5) {
        0 => phone.valid_until_time = Some(time("2026-11-22T00:00:00Z")),
        1 => phone.valid_from_time = Some(time("2026-12-01T00:00:00Z")),
        2 => phone.valid_from_time = Some(time("2026-11-01T00:00:00Z")),
        _ => {}
    }
    if dice.below(4) == 0 {
        phone.verified_time = said.observed_time;
    }
    said
}

fn at(minute: u64) -> String {
    format!("2026-11-21T{:02}:{:02}:00Z", minute / 60, minute % 60)
}

async fn happen(world: &World, dice: &mut Dice, minute: u64, known: &mut BTreeMap<String, SourceRecord>) {
    let records: Vec<SourceRecord> = known.values().cloned().collect();
    match dice.below(10) {
        _ if records.len() < 3 => {}
        0 | 1 => {
            // What a score is about to link would make the token stale between the look and the merge.
            world.compared().await;
            let [one, other] = [dice.one_of(&records), dice.one_of(&records)].map(|r| r.own_customer);
            // Two who are one already are refused; so is nobody else.
            if let Err(refused) = world.merge(&[&one, &other]).await {
                assert_eq!(crate::support::reason(&refused), "CUSTOMERS_ALREADY_ONE");
            }
            return;
        }
        2 | 3 => {
            world.compared().await;
            let whole = world.customer(&dice.one_of(&records).own_customer).await;
            let taken: Vec<&str> =
                whole.source_records.iter().filter(|_| dice.below(2) == 0).map(String::as_str).collect();
            if !taken.is_empty() && taken.len() < whole.source_records.len() {
                world.unmerge(&whole.name, &taken).await.unwrap();
            }
            return;
        }
        4 | 5 => {
            let queue = world.queue().await;
            if !queue.is_empty() {
                let proposal = &dice.one_of(&queue);
                let answer =
                    if dice.below(2) == 0 { world.confirm(proposal).await } else { world.reject(proposal).await };
                answer.unwrap();
            }
            return;
        }
        _ => {}
    }
    let record = world.ingest(said(dice, minute)).await;
    known.insert(record.name.clone(), record);
}

async fn nodes(admin: &PgPool) -> (Vec<Node>, BTreeMap<SourceRecordId, CustomerId>) {
    let rows: Vec<(Uuid, Uuid, Uuid, jiff_sqlx::Timestamp)> =
        sqlx::query_as("select id, own_customer_id, customer_id, recorded_at from customer_profile.source_record")
            .fetch_all(admin)
            .await
            .unwrap();
    let node = |(id, own, _, at): &(Uuid, Uuid, Uuid, jiff_sqlx::Timestamp)| Node {
        record: SourceRecordId::from_uuid(*id),
        own_customer: CustomerId::from_uuid(*own),
        recorded_at: at.to_jiff(),
    };
    let written = rows.iter().map(|row| (SourceRecordId::from_uuid(row.0), CustomerId::from_uuid(row.2))).collect();
    (rows.iter().map(node).collect(), written)
}

async fn active(admin: &PgPool) -> (Vec<Link>, Vec<Pair>) {
    let rows: Vec<(Uuid, Uuid, String, String, String)> = sqlx::query_as(
        "select record_a, record_b, link_type, evidence_kind, evidence_key from customer_profile.identity_link where revoked_at is null",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    let (mut links, mut denials) = (Vec::new(), Vec::new());
    for (a, b, kind, evidence, key) in rows {
        let pair = Pair::of(SourceRecordId::from_uuid(a), SourceRecordId::from_uuid(b));
        let basis = match IdentifierKind::stored(&evidence) {
            Some(kind) => Basis::Identifier(IdentifierKey { kind, value: key.into() }),
            None if evidence == "score" => Basis::Score,
            None => Basis::Steward,
        };
        if kind == "not_same_as" { denials.push(pair) } else { links.push(Link { basis, pair }) }
    }
    (links, denials)
}

/// What a record says of somebody: document, birth date, and the letter that their given name begins with, which in this story no two
/// people share who share a surname.
type Word = (SourceRecordId, String, String, Option<char>);

async fn words(admin: &PgPool) -> Vec<Word> {
    let said: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "select r.id, v.content from customer_profile.source_record r
         join customer_profile.source_record_version v on v.source_record_id = r.id and v.version = r.version",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    let read = |(id, content): (Uuid, Vec<u8>)| {
        let said = SourceRecord::decode(content.as_slice()).unwrap();
        let is_document = |identifier: &&Identifier| identifier.r#type() == IdentifierType::NationalId;
        let document = said.identifiers.iter().find(is_document).map(|found| found.value.clone());
        let initial = said.person_name.and_then(|name| name.given_name.chars().next());
        (SourceRecordId::from_uuid(id), document.unwrap_or_default(), said.birth_date, initial)
    };
    said.into_iter().map(read).collect()
}

fn pairs_where(said: &[Word], wanted: impl Fn(&Word, &Word) -> bool) -> BTreeSet<Pair> {
    let pairs = said.iter().flat_map(|one| said.iter().map(move |other| (one, other))).filter(|(a, b)| a.0 != b.0);
    pairs.filter(|(a, b)| wanted(a, b)).map(|(a, b)| Pair::of(a.0, b.0)).collect()
}

/// The pairs that contradict each other: in this story every document holds by itself, and no birth date is a slip of another.
async fn contradictions(admin: &PgPool) -> BTreeSet<Pair> {
    let differ = |one: &str, other: &str| !one.is_empty() && !other.is_empty() && one != other;
    pairs_where(&words(admin).await, |a, b| differ(&a.1, &b.1) || differ(&a.2, &b.2))
}

/// The pairs whom not even a document makes one: neither the name nor a birth date is the same.
async fn strangers(admin: &PgPool) -> BTreeSet<Pair> {
    pairs_where(&words(admin).await, |a, b| a.3 != b.3 && (a.2 != b.2 || a.2.is_empty()))
}

/// The links that identifiers justify, from who carries them and what stands between them.
async fn justified(admin: &PgPool) -> BTreeSet<Link> {
    let (against, strangers) = (contradictions(admin).await, strangers(admin).await);
    let against_a_document = &against | &strangers;
    type Instant = jiff_sqlx::Timestamp;
    type Row = (String, String, Uuid, Instant, Option<String>, bool, Option<Instant>, Option<Instant>);
    let rows: Vec<Row> = sqlx::query_as(
        "select kind, key, source_record_id, recorded_at, name_key, evidence, valid_from, valid_until from customer_profile.identifier",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    let mut carriers: BTreeMap<IdentifierKey, Vec<Carrier>> = BTreeMap::new();
    for (kind, key, record, at, name, evidence, from, until) in rows {
        let kind = IdentifierKind::stored(&kind).unwrap();
        carriers.entry(IdentifierKey { kind, value: key.into() }).or_default().push(Carrier {
            record: SourceRecordId::from_uuid(record),
            recorded_at: at.to_jiff(),
            name: name.map(NameKey::stored),
            evidence,
            validity: Validity { from: from.map(|at| at.to_jiff()), until: until.map(|at| at.to_jiff()) },
        });
    }
    let of_key = |(key, carriers): (IdentifierKey, Vec<Carrier>)| {
        let against = if key.kind == IdentifierKind::NationalId { &against_a_document } else { &against };
        let pairs = links(key.kind, &carriers, against);
        pairs.into_iter().map(move |pair| Link { basis: Basis::Identifier(key.clone()), pair }).collect::<Vec<_>>()
    };
    carriers.into_iter().flat_map(of_key).collect()
}

/// Pairs that scores link, and those that wait for a steward: neither in one customer already nor held apart.
async fn judged(admin: &PgPool) -> BTreeSet<(String, Uuid, Uuid)> {
    sqlx::query_as(
        "select 'link', record_a, record_b from customer_profile.identity_link where revoked_at is null and evidence_kind = 'score'
         union all
         select 'proposal', p.record_a, p.record_b from customer_profile.match_proposal p
         join customer_profile.source_record a on a.id = p.record_a
         join customer_profile.source_record b on b.id = p.record_b
         where p.state = 'open' and a.customer_id <> b.customer_id
           and not customer_profile.held_apart(a.customer_id, b.customer_id)",
    )
    .fetch_all(admin)
    .await
    .unwrap()
    .into_iter()
    .collect()
}

/// Comparing everybody with everybody else once more changes nothing.
async fn scores_equal_a_recomputation(world: &World, admin: &PgPool, when: &str) {
    let before = judged(admin).await;
    sqlx::query("update customer_profile.source_record set compared_by = null").execute(admin).await.unwrap();
    world.compared().await;
    assert_eq!(before, judged(admin).await, "{when}");
}

async fn equals_a_recomputation(world: &World, when: &str) {
    let admin = world.admin().await;
    let (nodes, written) = nodes(&admin).await;
    let (links, denials) = active(&admin).await;
    let by_identifier = |link: &&Link| matches!(link.basis, Basis::Identifier(_));
    assert_eq!(links.iter().filter(by_identifier).cloned().collect::<BTreeSet<_>>(), justified(&admin).await, "{when}");
    let groups = resolve(&nodes, &links, &denials, &contradictions(&admin).await);
    let recomputed: BTreeMap<SourceRecordId, CustomerId> =
        groups.iter().flat_map(|g| g.records.iter().map(|n| (n.record, g.customer))).collect();
    assert_eq!(written, recomputed, "{when}");
    for group in groups {
        for node in &group.records {
            let shown = world.customer(&node.own_customer.name()).await;
            assert_eq!(shown.name, group.customer.name(), "every id resolves; {when}");
            let records: Vec<String> = group.records.iter().map(|n| n.record.name()).collect();
            assert_eq!(shown.source_records, records, "{when}");
        }
    }
    for table in ["identifier", "customer_alias"] {
        let astray = match table {
            "identifier" => {
                "select count(*) from customer_profile.identifier i join customer_profile.source_record r
                             on r.id = i.source_record_id where r.customer_id <> i.customer_id"
            }
            _ => {
                "select count(*) from customer_profile.customer_alias a join customer_profile.source_record r
                  on r.own_customer_id = a.id where r.customer_id <> a.customer_id"
            }
        };
        let astray: i64 = sqlx::query_scalar(astray).fetch_one(&admin).await.unwrap();
        assert_eq!(astray, 0, "{table}; {when}");
    }
}

/// The ring leads to whom screens show with the number now, and to nobody else; answers how many it led to.
async fn the_ring_tells_what_screens_show(world: &World, screens: &Screens, when: &str) -> usize {
    let mut led = 0;
    for phone in PHONES {
        let instant = |at: &prost_types::Timestamp| jiff::Timestamp::new(at.seconds, at.nanos).unwrap();
        let has_it = |shown: &&Customer| {
            let values = shown.identifiers.iter().filter_map(|identifier| identifier.value.as_ref());
            let mut of_it =
                values.filter(|value| value.r#type() == IdentifierType::Phone && value.value.ends_with(phone));
            of_it.any(|value| {
                let [from, until] =
                    [&value.valid_from_time, &value.valid_until_time].map(|at| at.as_ref().map(instant));
                Validity { from, until }.holds(screens.at)
            })
        };
        let shown: BTreeSet<String> =
            screens.customers.values().filter(has_it).map(|shown| shown.name.clone()).collect();
        let answer = world.lookup(phone).await;
        let told: BTreeSet<String> =
            answer.candidates.into_iter().chain([answer.customer]).filter(|name| !name.is_empty()).collect();
        assert_eq!(told, shown, "{phone}; {when}");
        led += told.len();
    }
    led
}

/// What everybody's screen showed at an instant.
struct Screens {
    at: jiff::Timestamp,
    customers: BTreeMap<String, Customer>,
}

async fn screens(world: &World, known: &BTreeMap<String, SourceRecord>) -> Screens {
    let mut customers = BTreeMap::new();
    for record in known.values() {
        customers.insert(record.own_customer.clone(), world.customer(&record.own_customer).await);
    }
    Screens { at: world.now(), customers }
}

async fn are_shown_again(world: &World, screens: &Screens, seed: u64) {
    for (name, shown) in &screens.customers {
        let again = world.customer_as_known(name, screens.at).await.unwrap();
        let shown = Customer { update_time: None, etag: String::new(), ..shown.clone() };
        assert_eq!(again, shown, "as known at {}, seed {seed}", screens.at);
    }
}

async fn a_story(seed: u64, steps: u64) -> usize {
    let mut world = World::new().await;
    let (mut dice, mut known, mut shown, mut led) = (Dice(seed), BTreeMap::new(), Vec::new(), 0);
    for step in 0..steps {
        happen(&world, &mut dice, step, &mut known).await;
        if step == steps / 2 {
            // Other systems are believed from here on: who was there is written anew.
            world.harness.surroundings.advance(jiff::SignedDuration::from_millis(1));
            let source_order = vec!["system-7".to_owned(), "system-3".to_owned()];
            world = world.restarted_with(IdentitySettings { source_order, ..Default::default() }).await;
            written_anew(&world.admin().await).await;
        }
        if step % 8 == 7 {
            let when = format!("seed {seed}, step {step}");
            world.compared().await;
            equals_a_recomputation(&world, &when).await;
            let screens = screens(&world, &known).await;
            led += the_ring_tells_what_screens_show(&world, &screens, &when).await;
            shown.push(screens);
        }
    }
    scores_equal_a_recomputation(&world, &world.admin().await, &format!("seed {seed}")).await;
    for screens in &shown {
        are_shown_again(&world, screens, seed).await;
    }
    led
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_sequence_of_words_and_records_equals_a_recomputation_and_every_screen_can_be_shown_again() {
    let mut led = 0;
    for seed in 1..=4 {
        led += a_story(seed, 48).await;
    }
    assert!(led > 20, "numbers lead to somebody: {led}");
}
