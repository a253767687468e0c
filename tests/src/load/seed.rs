//! Many customers, fast: the rows the service itself wrote for one sample, written again for each
//! with other names and numbers in them. What no measured call reads is left out: kept answers and
//! ledger entries.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use sqlx::{Connection as _, PgConnection, PgPool};
use uuid::Uuid;
use ventanilla_proto::customer::v1::{GetCustomerRequest, IngestSourceRecordRequest, SourceRecord};

use crate::contract;
use crate::scene::Scene;
use crate::scene::affair::Affair;
use crate::scene::people::Person;

/// Customers written by one statement.
const BATCH: u32 = 1_000;
/// Every so many-th customer has an open affair with its clocks, and a contact.
const WITH_AFFAIR: u32 = 5;
/// The sample's number, which no seeded customer has.
const SAMPLE: u32 = 31_415_926;
/// Number of the first person: far from documents and phones that count as fillers.
pub(super) const FIRST: u32 = 40_000_000;
const LIMIT: Duration = Duration::from_secs(60);

/// The name of the `number`th customer.
pub(super) fn customer_name(number: u32) -> String {
    format!("customers/{}", customer_id(number))
}

/// The `number`th customer as a person.
pub(super) fn person(number: u32) -> Person {
    Person::numbered(FIRST + number)
}

fn customer_id(number: u32) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

fn record_id(number: u32) -> Uuid {
    Uuid::from_u128((1 << 64) | u128::from(number))
}

/// What the services wrote for one person with one affair.
pub(super) struct Sample {
    person: Person,
    record: SourceRecord,
    customer: Uuid,
    source_record: Uuid,
    interaction: Uuid,
    /// The affair.
    pub(super) ticket: Uuid,
    /// The `request_id` it was opened with.
    pub(super) create_request: Uuid,
}

impl Sample {
    /// Lets the services write it.
    pub(super) async fn make(scene: &Scene) -> anyhow::Result<Self> {
        let affair = Affair::of(scene, Person::numbered(SAMPLE));
        let observed = prost_types::Timestamp { seconds: scene.ambient.now().as_second() - 3600, nanos: 0 };
        let record = affair.person.record("crm-retail", "billing", &external_id(SAMPLE), observed);
        let ingest = IngestSourceRecordRequest { record: Some(record.clone()), request_id: scene.request_id() };
        let answer = affair.cast.billing.customers.clone().ingest_source_record(ingest).await?.into_inner();
        let interaction = affair.talk(&answer.customer).await?;
        let complaint = affair.complaint(&answer.customer, &interaction.name);
        let create_request = complaint.request_id.parse()?;
        let ticket = affair.cast.agent.tickets.clone().create_ticket(complaint).await?.into_inner().ticket;
        let ticket = ticket.context("the answer holds the ticket")?.name;
        affair
            .view(&answer.customer, LIMIT, |view| {
                let ticket = view.open_tickets.as_ref().is_some_and(|section| section.total_count == 1);
                let clocks = view.clocks.as_ref().is_some_and(|section| section.total_count > 0);
                if ticket && clocks { Ok(()) } else { Err(format!("ticket: {ticket}, clocks: {clocks}")) }
            })
            .await;
        crate::scene::fingerprint::settled(&scene.admin().await, LIMIT).await;
        Ok(Self {
            customer: id(&answer.customer)?,
            source_record: id(&answer.name)?,
            interaction: id(&interaction.name)?,
            ticket: id(&ticket)?,
            person: affair.person,
            record,
            create_request,
        })
    }

    /// What stands for the sample, and what stands for the `number`th customer in its place.
    fn others(&self, number: u32) -> BTreeMap<String, String> {
        let person = person(number);
        BTreeMap::from([
            (format!("customers/{}", self.customer), customer_name(number)),
            (format!("sourceRecords/{}", self.source_record), format!("sourceRecords/{}", record_id(number))),
            (self.person.e164(), person.e164()),
            (self.person.phone.clone(), person.phone),
            (self.person.email.clone(), person.email),
            (self.person.document.clone(), person.document),
            (external_id(SAMPLE), external_id(number)),
        ])
    }
}

fn external_id(number: u32) -> String {
    format!("C-{number}")
}

fn id(name: &str) -> anyhow::Result<Uuid> {
    let last = name.rsplit('/').next().unwrap_or_default();
    last.parse().with_context(|| format!("{name} ends in no UUID"))
}

/// Writes the customers 0 to `customers`.
pub(super) async fn customers(url: &str, sample: &Sample, customers: u32) -> anyhow::Result<()> {
    let mut admin = PgConnection::connect(url).await?;
    let originals = Originals::read(&mut admin, sample).await?;
    let bar = super::bar(u64::from(customers), "seeding customers");
    let mut from = 0;
    while from < customers {
        let to = customers.min(from + BATCH);
        let mut batch = admin.begin().await?;
        originals.write(&mut batch, sample, from..to).await?;
        batch.commit().await?;
        bar.inc(u64::from(to - from));
        from = to;
    }
    bar.finish_and_clear();
    sqlx::query("vacuum analyze").execute(&mut admin).await?;
    // What was written must not be written out while something is measured.
    sqlx::query("checkpoint").execute(&mut admin).await?;
    admin.close().await?;
    Ok(())
}

/// What has to be changed inside the sample's rows.
struct Originals {
    content: DynamicMessage,
    profile: DynamicMessage,
    identifiers: Vec<String>,
    clocks: Vec<Uuid>,
}

impl Originals {
    async fn read(admin: &mut PgConnection, sample: &Sample) -> anyhow::Result<Self> {
        let pool = contract::current();
        let message = |name: &str, bytes: Vec<u8>| -> anyhow::Result<DynamicMessage> {
            let descriptor = pool.get_message_by_name(name).context("the contract has it")?;
            Ok(DynamicMessage::decode(descriptor, bytes.as_slice())?)
        };
        let (content, profile): (Vec<u8>, Vec<u8>) = sqlx::query_as(
            "select v.content, c.profile from customer_profile.source_record_version v, customer_profile.customer c
             where v.source_record_id = $1 and c.id = $2",
        )
        .bind(sample.source_record)
        .bind(sample.customer)
        .fetch_one(&mut *admin)
        .await?;
        let identifiers =
            sqlx::query_scalar("select key from customer_profile.identifier where source_record_id = $1 order by key")
                .bind(sample.source_record)
                .fetch_all(&mut *admin)
                .await?;
        let clocks =
            sqlx::query_scalar("select clock_id from customer_profile.view_clock where customer_id = $1 order by 1")
                .bind(sample.customer)
                .fetch_all(&mut *admin)
                .await?;
        Ok(Self {
            content: message("ventanilla.customer.v1.SourceRecord", content)?,
            profile: message("ventanilla.customer.v1.Customer", profile)?,
            identifiers,
            clocks,
        })
    }

    async fn write(&self, tx: &mut PgConnection, sample: &Sample, numbers: std::ops::Range<u32>) -> sqlx::Result<()> {
        let (mut records, mut customers, mut external) = (Vec::new(), Vec::new(), Vec::new());
        let (mut contents, mut profiles) = (Vec::new(), Vec::new());
        let (mut keys_of, mut old_keys, mut new_keys) = (Vec::new(), Vec::new(), Vec::new());
        let mut with_affair = Vec::new();
        for number in numbers {
            let others = sample.others(number);
            records.push(record_id(number));
            customers.push(customer_id(number));
            external.push(external_id(number));
            contents.push(rewritten(&self.content, &others));
            profiles.push(rewritten(&self.profile, &others));
            for key in &self.identifiers {
                let change = others.iter().find(|(old, _)| key.ends_with(old.as_str()));
                keys_of.push(i64::from(number));
                old_keys.push(key.clone());
                new_keys.push(change.map_or_else(|| key.clone(), |(old, new)| key.replace(old.as_str(), new)));
            }
            if number.is_multiple_of(WITH_AFFAIR) {
                with_affair.push(i64::from(number));
            }
        }
        sqlx::query(RECORDS)
            .bind(&records)
            .bind(&customers)
            .bind(&external)
            .bind(sample.source_record)
            .execute(&mut *tx)
            .await?;
        sqlx::query(VERSIONS).bind(&records).bind(&contents).bind(sample.source_record).execute(&mut *tx).await?;
        sqlx::query(IDENTIFIERS)
            .bind(&keys_of)
            .bind(&old_keys)
            .bind(&new_keys)
            .bind(sample.source_record)
            .execute(&mut *tx)
            .await?;
        sqlx::query(CUSTOMERS).bind(&customers).bind(&profiles).bind(sample.customer).execute(&mut *tx).await?;
        sqlx::query(ALIASES).bind(&customers).bind(sample.customer).execute(&mut *tx).await?;
        sqlx::query(TICKETS).bind(&with_affair).bind(sample.ticket).execute(&mut *tx).await?;
        sqlx::query(INTERACTIONS).bind(&with_affair).bind(sample.interaction).execute(&mut *tx).await?;
        for (place, clock) in (0_i64..).zip(&self.clocks) {
            sqlx::query(CLOCKS).bind(&with_affair).bind(*clock).bind(place).execute(&mut *tx).await?;
        }
        Ok(())
    }
}

/// Each copies the sample's row and replaces what names the customer. Ids of the `n`th customer are
/// numbers, as [`customer_id`] and [`record_id`] make them.
const RECORDS: &str = "insert into customer_profile.source_record select r.*
    from customer_profile.source_record s, unnest($1::uuid[], $2::uuid[], $3::text[]) as u (id, customer, external),
    jsonb_populate_record(s, jsonb_build_object('id', u.id, 'own_customer_id', u.customer, 'customer_id', u.customer,
        'external_id', u.external)) r
    where s.id = $4";
const VERSIONS: &str = "insert into customer_profile.source_record_version select r.*
    from customer_profile.source_record_version s, unnest($1::uuid[], $2::bytea[]) as u (id, content),
    jsonb_populate_record(s, jsonb_build_object('source_record_id', u.id, 'content', u.content,
        'content_hash', sha256(u.content))) r
    where s.source_record_id = $3";
const IDENTIFIERS: &str = "insert into customer_profile.identifier select r.*
    from unnest($1::bigint[], $2::text[], $3::text[]) as u (n, old_key, new_key)
    join customer_profile.identifier s on s.source_record_id = $4 and s.key = u.old_key,
    jsonb_populate_record(s, jsonb_build_object('key', u.new_key,
        'source_record_id', lpad('1' || lpad(to_hex(u.n), 16, '0'), 32, '0')::uuid,
        'customer_id', lpad(to_hex(u.n), 32, '0')::uuid)) r";
const CUSTOMERS: &str = "insert into customer_profile.customer select r.*
    from customer_profile.customer s, unnest($1::uuid[], $2::bytea[]) as u (id, profile),
    jsonb_populate_record(s, jsonb_build_object('id', u.id, 'ids', array[u.id], 'profile', u.profile)) r
    where s.id = $3";
const ALIASES: &str = "insert into customer_profile.customer_alias select r.*
    from customer_profile.customer_alias s, unnest($1::uuid[]) as u (id),
    jsonb_populate_record(s, jsonb_build_object('id', u.id, 'customer_id', u.id)) r
    where s.id = $2";
const TICKETS: &str = "insert into customer_profile.view_ticket select r.*
    from customer_profile.view_ticket s, unnest($1::bigint[]) as u (n),
    jsonb_populate_record(s, jsonb_build_object('ticket_id', lpad('2' || lpad(to_hex(u.n), 16, '0'), 32, '0')::uuid,
        'customer_id', lpad(to_hex(u.n), 32, '0')::uuid)) r
    where s.ticket_id = $2";
const INTERACTIONS: &str = "insert into customer_profile.interaction select r.*
    from customer_profile.interaction s, unnest($1::bigint[]) as u (n),
    jsonb_populate_record(s, jsonb_build_object('id', lpad('3' || lpad(to_hex(u.n), 16, '0'), 32, '0')::uuid,
        'customer_id', lpad(to_hex(u.n), 32, '0')::uuid)) r
    where s.id = $2";
const CLOCKS: &str = "insert into customer_profile.view_clock select r.*
    from customer_profile.view_clock s, unnest($1::bigint[]) as u (n),
    jsonb_populate_record(s, jsonb_build_object(
        'clock_id', lpad(to_hex(16 + $3::bigint) || lpad(to_hex(u.n), 16, '0'), 32, '0')::uuid,
        'ticket_id', lpad('2' || lpad(to_hex(u.n), 16, '0'), 32, '0')::uuid,
        'subject', 'tickets/' || lpad('2' || lpad(to_hex(u.n), 16, '0'), 32, '0')::uuid,
        'customer_id', lpad(to_hex(u.n), 32, '0')::uuid)) r
    where s.clock_id = $2";

/// The message with every text that stands for the sample replaced.
fn rewritten(message: &DynamicMessage, others: &BTreeMap<String, String>) -> Vec<u8> {
    let mut message = message.clone();
    rewrite(&mut message, others);
    message.encode_to_vec()
}

fn rewrite(message: &mut DynamicMessage, others: &BTreeMap<String, String>) {
    for (_, value) in message.fields_mut() {
        rewrite_value(value, others);
    }
}

fn rewrite_value(value: &mut Value, others: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(other) = others.get(text) {
                text.clone_from(other);
            }
        }
        Value::Message(inner) => rewrite(inner, others),
        Value::List(items) => items.iter_mut().for_each(|item| rewrite_value(item, others)),
        _ => {}
    }
}

/// Asks the service itself about some of the seeded customers: each is found under its name, and the
/// record it came from, sent again, is known to the last byte and changes nothing.
pub(super) async fn prove(scene: &Scene, sample: &Sample, customers: u32) -> anyhow::Result<()> {
    let affair = Affair::of(scene, sample.person.clone());
    let admin: PgPool = scene.admin().await;
    let count = "select count(*) from customer_profile.source_record_version";
    let before: i64 = sqlx::query_scalar(count).fetch_one(&admin).await?;
    for number in [0, customers / 2, customers - 1] {
        let person = person(number);
        let observed = sample.record.observed_time.context("the sample was observed")?;
        let record = person.record("crm-retail", "billing", &external_id(number), observed);
        let ingest = IngestSourceRecordRequest { record: Some(record), request_id: scene.request_id() };
        let answer = affair.cast.billing.customers.clone().ingest_source_record(ingest).await?.into_inner();
        ensure!(answer.customer == customer_name(number) && answer.version == 1, "{number} is not known: {answer:?}");
        let get = GetCustomerRequest { name: customer_name(number), ..Default::default() };
        let found = affair.cast.agent.customers.clone().get_customer(get).await?.into_inner();
        ensure!(found.name == customer_name(number), "{number} reads as {}", found.name);
    }
    let after: i64 = sqlx::query_scalar(count).fetch_one(&admin).await?;
    ensure!(before == after, "a record that was seeded was written again: the seed is not what the service writes");
    Ok(())
}
