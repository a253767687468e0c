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
    Identifier, IdentifierType, IngestSourceRecordRequest, PersonName, PostalAddress, SourceRecord,
};

use super::drive::Choice;
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
}

/// Sends `total` records and measures each tenth of them.
pub(super) async fn measure(scene: &Scene, total: u32) -> anyhow::Result<Ingested> {
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
                .map(|number| IngestSourceRecordRequest { record: Some(said(number)), request_id: scene.request_id() })
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
    Ok(Ingested {
        slices,
        links: count("select count(*) from customer_profile.identity_link where revoked_at is null").await?,
        proposals: count("select count(*) from customer_profile.match_proposal where state = 'open'").await?,
    })
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
        writeln!(f, "{} links, {} pairs for stewards", self.links, self.proposals)
    }
}
