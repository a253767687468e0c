//! Every tampering is found and the first bad entry named; an honest ledger is never accused.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use proptest::prelude::*;
use ventanilla_ledger::checkpoint::Checkpoint;
use ventanilla_ledger::verify::{Exported, Fault, Verifier, export, verify_database, verify_export};
use ventanilla_ledger::{Chained, entry_hash};

use crate::support::{filled, house, instant};

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).expect("a key")
}

fn public() -> Vec<Vec<u8>> {
    vec![key().public_key().as_ref().to_vec()]
}

/// An exported ledger of `count` entries and checkpoints at the middle and the end.
async fn exported(count: u128) -> (Vec<Exported>, Vec<Checkpoint>) {
    let (_database, db) = house().await;
    filled(&db, count).await;
    let mut bytes = Vec::new();
    export(&db, true, &mut bytes).await.unwrap();
    let lines = String::from_utf8(bytes).unwrap();
    let entries: Vec<Exported> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let sign = |e: &Exported| Checkpoint::sign(&key(), "house", e.position, &hex::decode(&e.hash).unwrap(), instant());
    let checkpoints = vec![sign(&entries[entries.len() / 2]), sign(&entries[entries.len() - 1])];
    (entries, checkpoints)
}

fn fault(entries: &[Exported], checkpoints: &[Checkpoint]) -> Option<Fault> {
    let mut verifier = Verifier::new("house", checkpoints, &public());
    entries.iter().for_each(|e| verifier.check(e));
    verifier.finish().fault
}

/// Seals a ledger anew after a change, as somebody with every right on the database could.
fn reseal(entries: &mut [Exported]) {
    let mut prev = [0; 32];
    for (index, entry) in entries.iter_mut().enumerate() {
        entry.position = index as i64 + 1;
        entry.prev_hash = hex::encode(prev);
        let (payload, commitment) = (hex::decode(&entry.payload).unwrap(), hex::decode(&entry.commitment).unwrap());
        let chained = Chained {
            position: entry.position,
            entry_id: entry.entry_id,
            aggregate: &entry.aggregate,
            kind: &entry.r#type,
            occurred_at: entry.occurred_at,
            recorded_at: entry.recorded_at,
            actor_kind: &entry.actor_kind,
            actor_id: &entry.actor_id,
            actor_department: &entry.actor_department,
            traceparent: &entry.traceparent,
            payload: &payload,
            commitment: &commitment,
        };
        prev = entry_hash(&prev, &chained);
        entry.hash = hex::encode(prev);
    }
}

#[tokio::test]
async fn an_honest_ledger_verifies_from_the_database_and_from_its_export() {
    let (_database, db) = house().await;
    let ledger = filled(&db, 30).await;
    let (position, hash) = ledger.position().await.unwrap();
    let checkpoints = [Checkpoint::sign(&key(), "house", position, &hash, instant())];
    let verdict = verify_database(&db, "house", &checkpoints, &public()).await.unwrap();
    assert_eq!((verdict.entries, verdict.personal_parts, verdict.erased_parts, verdict.fault), (30, 10, 0, None));

    let mut bytes = Vec::new();
    assert_eq!(export(&db, false, &mut bytes).await.unwrap(), 30);
    let verdict = verify_export("house", bytes.as_slice(), &checkpoints, &public()).unwrap();
    assert_eq!((verdict.entries, verdict.personal_parts, verdict.erased_parts, verdict.fault), (30, 0, 10, None));
    assert!(
        !String::from_utf8(bytes).unwrap().contains(&hex::encode("Núñez")),
        "an export without personal parts has none"
    );
}

#[tokio::test]
async fn erasing_a_personal_part_leaves_the_ledger_whole() {
    let (_database, db) = house().await;
    filled(&db, 9).await;
    sqlx::query("delete from ledger_personal where position = 3").execute(db.reader()).await.unwrap();
    let verdict = verify_database(&db, "house", &[], &public()).await.unwrap();
    assert_eq!((verdict.personal_parts, verdict.erased_parts, verdict.fault), (2, 1, None));
}

#[tokio::test]
async fn every_tampering_is_found_and_named() {
    let (honest, checkpoints) = exported(40).await;
    assert_eq!(fault(&honest, &checkpoints), None);
    proptest!(ProptestConfig::with_cases(1_000), |(at in 0..40_usize, kind in 0..7_u8, byte in any::<prop::sample::Index>())| {
        let mut entries = honest.clone();
        let position = at as i64 + 1;
        let expected = match kind {
            0 => {
                tamper_field(&mut entries[at], byte);
                Fault::Altered { position }
            }
            1 => {
                entries.remove(at);
                if at == 39 {
                    Fault::CutOff { end: 39, signed: 40 }
                } else {
                    Fault::Position { expected: position, found: position + 1 }
                }
            }
            2 => {
                let copy = entries[at].clone();
                entries.insert(at, copy);
                Fault::Position { expected: position + 1, found: position }
            }
            3 if at < 39 => {
                entries.swap(at, at + 1);
                Fault::Position { expected: position, found: position + 1 }
            }
            4 => {
                entries.truncate(at);
                Fault::CutOff { end: position - 1, signed: 40 }
            }
            5 => {
                // A full re-seal by a superuser: the chain itself is whole again.
                entries[at].actor_id.push('x');
                reseal(&mut entries);
                if at < 21 {
                    Fault::Resealed { position: 21, last_good: 0 }
                } else {
                    Fault::Resealed { position: 40, last_good: 21 }
                }
            }
            _ => {
                entries[at].prev_hash = hex::encode([1; 32]);
                Fault::Broken { position }
            }
        };
        prop_assert_eq!(fault(&entries, &checkpoints), Some(expected));
    });
}

/// Changes one chained field to another value.
fn tamper_field(entry: &mut Exported, which: prop::sample::Index) {
    let second = jiff::SignedDuration::from_secs(1);
    match which.index(9) {
        0 => entry.entry_id = uuid::Uuid::from_u128(u128::MAX),
        1 => entry.aggregate.push('0'),
        2 => entry.r#type.push('0'),
        3 => entry.occurred_at += second,
        4 => entry.recorded_at += second,
        5 => entry.actor_kind = "system".into(),
        6 => entry.actor_department.push('0'),
        7 => entry.traceparent.clear(),
        _ => entry.payload.push_str("00"),
    }
}

#[tokio::test]
async fn an_altered_personal_part_and_a_forged_checkpoint_are_named() {
    let (honest, checkpoints) = exported(12).await;
    let mut entries = honest.clone();
    entries[2].personal = hex::encode("another text");
    assert_eq!(fault(&entries, &checkpoints), Some(Fault::PersonalAltered { position: 3 }));

    let mut forged = checkpoints.clone();
    forged[0].hash = honest[0].hash.clone();
    assert_eq!(fault(&honest, &forged), Some(Fault::Checkpoint { position: forged[0].position }));
    let stranger = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let foreign = [Checkpoint::sign(&stranger, "house", 12, &hex::decode(&honest[11].hash).unwrap(), instant())];
    assert_eq!(fault(&honest, &foreign), Some(Fault::Checkpoint { position: 12 }));
}
