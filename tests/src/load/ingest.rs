//! Departments that send all their customers: how many records a second are taken in and compared with the others, and
//! whether that changes as there are more of them.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use kernel::Role;
use serde::Serialize;
use sqlx::PgPool;
use tokio::task::JoinSet;
use ventanilla_proto::customer::v1::ingest_source_records_response::Result as Taken;
use ventanilla_proto::customer::v1::{
    Identifier, IdentifierType, IngestSourceRecordRequest, LookupByPhoneRequest, MatchGrade, PersonName, PostalAddress,
    SourceRecord,
};

use super::Plan;
use super::drive::{Choice, Served};
use crate::scene::Scene;
use crate::scene::people::dni;

/// Streams at once, as many departments.
const STREAMS: u32 = 4;
/// Measurements of one run.
const SLICES: u32 = 10;
/// Every so many-th record is a further mention of somebody.
const MENTIONED_AGAIN: u32 = 10;

/// One tenth of the records.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Slice {
    /// Records there were when it ended.
    records: u32,
    /// Records acknowledged a second.
    taken_rate: f64,
    /// Records a second, until each was compared with what it shares a key with.
    compared_rate: f64,
    /// Memory of this process, which holds the four services and the clients, in MB.
    resident_mb: u64,
}

/// A whole run.
#[derive(Debug, Serialize)]
pub(super) struct Ingested {
    slices: Vec<Slice>,
    links: i64,
    proposals: i64,
    bomb: Option<Bomb>,
}

/// A number that very many records carry.
#[derive(Debug, Serialize)]
struct Bomb {
    /// Records that carry it.
    carriers: i64,
    /// Links that rest on it.
    links: i64,
    /// A ring from it.
    ring: Served,
    /// A ring from a number that one record has.
    ordinary: Served,
}

/// The number that very many records carry.
const BOMB: &str = "+34915550100";
/// Rings of each kind, one after the other.
const RINGS: u32 = 500;

/// Sends the plan's records and measures each tenth of them.
pub(super) async fn measure(scene: &Scene, plan: &Plan) -> anyhow::Result<Ingested> {
    let total = plan.ingest;
    let admin = scene.admin().await;
    let bar = super::bar(u64::from(total), "taking in and comparing");
    let mut slices = Vec::new();
    for slice in 0..SLICES {
        let (from, to) = (total / SLICES * slice, total / SLICES * (slice + 1));
        let begun = Instant::now();
        let mut streams = JoinSet::new();
        for stream in 0..STREAMS {
            let client = scene.role(Role::Crm).customers.clone();
            let requests: Vec<IngestSourceRecordRequest> = (from..to)
                .filter(|number| number % STREAMS == stream)
                .map(|number| {
                    let mut record = said(number);
                    if is_bomb(number, plan) {
                        record.identifiers.push(phone(BOMB));
                    }
                    IngestSourceRecordRequest { record: Some(record), request_id: scene.request_id() }
                })
                .collect();
            let (mut client, bar) = (client, bar.clone());
            streams.spawn(async move {
                let mut answers = client.ingest_source_records(tokio_stream::iter(requests)).await?.into_inner();
                while let Some(answer) = answers.message().await? {
                    ensure!(
                        matches!(answer.result, Some(Taken::Record(_))),
                        "a record was refused: {:?}",
                        answer.result
                    );
                    bar.inc(1);
                }
                anyhow::Ok(())
            });
        }
        while let Some(done) = streams.join_next().await {
            done??;
        }
        let taken = begun.elapsed();
        until_compared(&admin).await?;
        let compared = begun.elapsed();
        let records = f64::from(to - from);
        slices.push(Slice {
            records: to,
            taken_rate: records / taken.as_secs_f64(),
            compared_rate: records / compared.as_secs_f64(),
            resident_mb: resident_mb()?,
        });
    }
    bar.finish_and_clear();
    let count = |query| sqlx::query_scalar::<_, i64>(query).fetch_one(&admin);
    let bomb = if plan.bomb == 0 { None } else { Some(explode(scene, &admin, total).await?) };
    Ok(Ingested {
        slices,
        bomb,
        links: count("select count(*) from customer_profile.identity_link where revoked_at is null").await?,
        proposals: count("select count(*) from customer_profile.match_proposal where state = 'open'").await?,
    })
}

/// Whether a record carries the number: those that do are spread evenly over the second half.
fn is_bomb(number: u32, plan: &Plan) -> bool {
    let (half, bomb) = (u64::from(plan.ingest / 2), u64::from(plan.bomb));
    let nth = |number: u64| number * bomb / half.max(1);
    u64::from(number).checked_sub(half).is_some_and(|after| nth(after + 1) > nth(after))
}

/// The telephone rings from that number, and from others.
async fn explode(scene: &Scene, admin: &PgPool, total: u32) -> anyhow::Result<Bomb> {
    let count = |query| sqlx::query_scalar::<_, i64>(query).bind(BOMB).fetch_one(admin);
    let carriers = count("select count(*) from customer_profile.identifier where kind = 'phone' and key = $1").await?;
    let links = count(
        "select count(*) from customer_profile.identity_link where evidence_kind = 'phone' and evidence_key = $1 and revoked_at is null",
    )
    .await?;
    let mut customers = scene.role(Role::Ivr).customers;
    let mut choice = Choice::new(u64::from(total));
    let (mut rings, mut ordinary) = (Vec::new(), Vec::new());
    let begun = Instant::now();
    for _ in 0..RINGS {
        let one = format!("6{:08}", 10_000_000 + choice.below(total) / MENTIONED_AGAIN * MENTIONED_AGAIN);
        for (number, took) in [(BOMB.to_owned(), &mut rings), (one, &mut ordinary)] {
            let sent = Instant::now();
            let is_bomb = number == BOMB;
            let request = LookupByPhoneRequest { phone_number: number, region_code: String::new() };
            let answer = customers.lookup_by_phone(request).await?.into_inner();
            ensure!(!is_bomb || answer.grade() == MatchGrade::Possible, "a number of very many is somebody's");
            took.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
        }
    }
    let span = begun.elapsed();
    Ok(Bomb { carriers, links, ring: Served::of(rings, 0, span), ordinary: Served::of(ordinary, 0, span) })
}

async fn until_compared(admin: &PgPool) -> anyhow::Result<()> {
    let waiting = "select exists (select from customer_profile.source_record where keyed_by is null)
                   or exists (select from customer_profile.source_record where compared_by is null and keyed_by is not null)";
    while sqlx::query_scalar::<_, bool>(waiting).fetch_one(admin).await? {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn resident_mb() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("this kernel does not tell memory")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1024)
}

/// What a system says of the `number`th mention.
fn said(number: u32) -> SourceRecord {
    let again = number % MENTIONED_AGAIN == MENTIONED_AGAIN - 1;
    // Somebody who was mentioned before, often long before.
    let who =
        if again { Choice::new(u64::from(number)).below(number) / MENTIONED_AGAIN * MENTIONED_AGAIN } else { number };
    let mut dice = Choice::new(0x5EED ^ u64::from(who));
    let common = |dice: &mut Choice, of: u32| dice.below(of).min(dice.below(of));
    let mut given = GIVEN[common(&mut dice, 40) as usize].to_owned();
    let (first, second) = (surname(common(&mut dice, 900)), surname(common(&mut dice, 900)));
    let born = format!("{:04}-{:02}-{:02}", 1930 + dice.below(78), 1 + dice.below(12), 1 + dice.below(28));
    let address = PostalAddress {
        lines: vec![format!("Calle {} {}", surname(common(&mut dice, 900)), 1 + dice.below(150))],
        locality: surname(dice.below(300)),
        postal_code: format!("{:05}", 1_000 + dice.below(50_000)),
        ..Default::default()
    };
    let mut identifiers = Vec::new();
    let mut identified_by = |kind: IdentifierType, value: String| {
        identifiers.push(Identifier { r#type: kind.into(), value, ..Default::default() });
    };
    if dice.below(10) < 7 {
        identified_by(IdentifierType::Phone, format!("6{:08}", 10_000_000 + who));
    }
    if !again && dice.below(10) < 6 {
        identified_by(IdentifierType::NationalId, dni(40_000_000 + who));
    }
    if again {
        // Somebody else types it, and a letter goes missing.
        given = given.chars().enumerate().filter(|(nth, _)| *nth != 2).map(|(_, letter)| letter).collect();
    }
    SourceRecord {
        source_system: format!("system-{}", number % 7),
        department: "billing".to_owned(),
        external_id: format!("I-{number}"),
        person_name: Some(PersonName {
            given_name: given,
            first_surname: first,
            second_surname: second,
            full_name: String::new(),
        }),
        identifiers,
        birth_date: born,
        address: (who % 2 == 0).then_some(address),
        observed_time: Some(prost_types::Timestamp { seconds: 1_700_000_000 + i64::from(number), nanos: 0 }),
        ..Default::default()
    }
}

fn phone(number: &str) -> Identifier {
    Identifier { r#type: IdentifierType::Phone.into(), value: number.to_owned(), ..Default::default() }
}

fn surname(number: u32) -> String {
    const HEADS: [&str; 30] = [
        "Al", "Bar", "Ca", "Del", "Es", "Fer", "Gar", "Her", "Iba", "Ji", "La", "Mar", "Na", "Ol", "Pe", "Qui", "Ro",
        "San", "Tor", "Ur", "Va", "Za", "Mo", "Gu", "Cor", "Du", "Lo", "Me", "So", "Ve",
    ];
    const TAILS: [&str; 30] = [
        "varez", "ba", "sado", "gado", "cobar", "nández", "cía", "rera", "ñez", "ménez", "guna", "tín", "varro", "mos",
        "reda", "roga", "mero", "chis", "res", "quijo", "lero", "mora", "reno", "tiérrez", "tés", "rán", "renzo",
        "dina", "lano", "ga",
    ];
    format!("{}{}", HEADS[(number / 30) as usize % 30], TAILS[number as usize % 30])
}

const GIVEN: [&str; 40] = [
    "María",
    "Antonio",
    "Carmen",
    "Manuel",
    "Josefa",
    "José",
    "Isabel",
    "Francisco",
    "Laura",
    "David",
    "Ana",
    "Juan",
    "Cristina",
    "Javier",
    "Marta",
    "Daniel",
    "Lucía",
    "Carlos",
    "Pilar",
    "Miguel",
    "Elena",
    "Rafael",
    "Teresa",
    "Pedro",
    "Paula",
    "Ángel",
    "Raquel",
    "Alejandro",
    "Rosa",
    "Fernando",
    "Beatriz",
    "Pablo",
    "Nuria",
    "Sergio",
    "Silvia",
    "Jorge",
    "Irene",
    "Alberto",
    "Begoña",
    "Iñaki",
];

impl fmt::Display for Ingested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>10} {:>14} {:>18} {:>12}", "records", "taken in /s", "and compared /s", "memory MB")?;
        for slice in &self.slices {
            let Slice { records, taken_rate, compared_rate, resident_mb } = slice;
            writeln!(f, "{records:>10} {taken_rate:>14.0} {compared_rate:>18.0} {resident_mb:>12}")?;
        }
        writeln!(f, "{} links, {} pairs for stewards", self.links, self.proposals)?;
        let Some(Bomb { carriers, links, ring, ordinary }) = &self.bomb else { return Ok(()) };
        writeln!(f, "one number on {carriers} records of the second half: {links} links rest on it")?;
        writeln!(f, "  a ring from it       p50 {:.2} ms  p99 {:.2} ms", ring.p50_ms, ring.p99_ms)?;
        writeln!(f, "  from somebody's own  p50 {:.2} ms  p99 {:.2} ms", ordinary.p50_ms, ordinary.p99_ms)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn the_number_of_very_many_is_on_so_many_records_of_the_second_half() {
        for (ingest, bomb) in ["20000 10000", "100000 10000", "10 3"].map(|n| n.split_once(' ').unwrap()) {
            let plan = Plan::parse_from(["load", "--ingest", ingest, "--bomb", bomb]);
            let carriers: Vec<u32> = (0..plan.ingest).filter(|number| is_bomb(*number, &plan)).collect();
            assert_eq!(carriers.len(), plan.bomb as usize);
            assert!(carriers.iter().all(|number| *number >= plan.ingest / 2));
        }
    }
}
