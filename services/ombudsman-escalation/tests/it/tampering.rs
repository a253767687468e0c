//! A thousand ways to tamper with a dossier that was taken away, and with the ledger it is held against: each is found, and the first
//! entry it was done to is named. Nobody is accused while sixteen people write.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use futures::future::join_all;
use kernel::ResourceId as _;
use ledger::checkpoint::Checkpoint;
use ledger::verify::{Exported, Fault as LedgerFault, Verifier, export, verify_database};
use ledger::{Chained, Ledger, entry_hash};
use ombudsman_escalation::SOURCE;
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::dossier::{Content, Fault, FaultKind, Hash, Head, Sealed, hold_against, verify_whole};
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use prost::{Message as _, Name as _};
use std::sync::atomic::{AtomicBool, Ordering};
use ventanilla_proto::ombudsman::v1 as pb;

use crate::dossier::read;
use crate::world::{World, fresh_id};

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).expect("a key")
}

fn public() -> Vec<Vec<u8>> {
    vec![key().public_key().as_ref().to_vec()]
}

/// What an auditor holds: the dossier and the ledger as they were taken away, and checkpoints kept elsewhere.
#[derive(Clone)]
struct Held {
    case: CaseId,
    head: Head,
    dossier: Vec<Sealed>,
    ledger: Vec<Exported>,
    checkpoints: Vec<Checkpoint>,
}

/// The first thing found wrong.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Ledger(LedgerFault),
    Dossier(Fault),
}

impl Held {
    /// The ledger first, since the dossier is held against it.
    fn judge(&self) -> Option<Found> {
        let mut verifier = Verifier::new(SOURCE, &self.checkpoints, &public());
        self.ledger.iter().for_each(|entry| verifier.check(entry));
        if let Some(fault) = verifier.finish().fault {
            return Some(Found::Ledger(fault));
        }
        // It was taken away whole, of a case whose words nobody destroyed.
        let whole = verify_whole(self.case, &self.dossier, self.head, |_| true);
        whole.and_then(|()| hold_against(&self.dossier, &self.recorded())).err().map(Found::Dossier)
    }

    fn recorded(&self) -> Vec<(u64, Hash)> {
        let own = self.ledger.iter().filter(|entry| self.records(entry));
        let added =
            own.map(|entry| pb::DossierEntryAdded::decode(hex::decode(&entry.payload).unwrap().as_slice()).unwrap());
        added.map(|added| (u64::try_from(added.sequence).unwrap(), added.hash.try_into().unwrap())).collect()
    }

    fn records(&self, entry: &Exported) -> bool {
        entry.r#type == pb::DossierEntryAdded::full_name() && entry.aggregate == self.case.name()
    }

    /// Chains the dossier anew from this place on, up to its head, as who owns the tables could.
    fn reseal_dossier(&mut self, from: usize) {
        let mut last = from.checked_sub(1).map_or(Head::EMPTY, |before| self.dossier[before].head());
        for sealed in &mut self.dossier[from..] {
            sealed.entry.sequence = last.sequence + 1;
            sealed.entry.prev_hash = last.hash;
            sealed.hash = sealed.entry.hash();
            last = sealed.head();
        }
        self.head = last;
    }

    /// Has the ledger record what the dossier says now, and chains it anew as a whole.
    fn reseal_ledger(&mut self) {
        let hashes: Vec<Hash> = self.dossier.iter().map(|sealed| sealed.hash).collect();
        let (case, mut prev) = (self.case.name(), [0; 32]);
        for entry in &mut self.ledger {
            if entry.r#type == pb::DossierEntryAdded::full_name() && entry.aggregate == case {
                let mut added = pb::DossierEntryAdded::decode(hex::decode(&entry.payload).unwrap().as_slice()).unwrap();
                if let Some(hash) = hashes.get(usize::try_from(added.sequence).unwrap() - 1) {
                    added.hash = hash.to_vec();
                }
                entry.payload = hex::encode(added.encode_to_vec());
            }
            entry.prev_hash = hex::encode(prev);
            prev = hash_of(entry, &prev);
            entry.hash = hex::encode(prev);
        }
    }

    /// The first checkpoint that covers this position, and the last one before it.
    fn covering(&self, position: i64) -> LedgerFault {
        let signed = self.checkpoints.iter().map(|checkpoint| checkpoint.position);
        let position = signed.clone().find(|signed| *signed >= position).expect("the end is signed");
        LedgerFault::Resealed { position, last_good: signed.filter(|signed| *signed < position).max().unwrap_or(0) }
    }
}

fn hash_of(entry: &Exported, prev: &[u8; 32]) -> [u8; 32] {
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
    entry_hash(prev, &chained)
}

/// A decided case beside another one, taken away, and the ledger signed three times on the way.
async fn taken_away() -> Held {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    world.seated_case().await;
    let issue = crate::world::issue_request(&world, &case).await;
    world.elena().issue_decision(issue).await.unwrap();
    let request = pb::ExportDossierRequest { name: case.clone(), audience: 0 };
    let bundle = world.elena().export_dossier(request).await.unwrap().into_inner();
    let id = CaseId::parse(&case).unwrap();
    let dossier: Vec<Sealed> = bundle.entries.iter().map(|entry| read(id, entry)).collect();
    let head = Head { sequence: dossier.len() as u64, hash: bundle.head_hash.as_slice().try_into().unwrap() };

    let db = world.database.db().await;
    Ledger::open(db.clone(), SOURCE).sequence_waiting().await.unwrap();
    let mut bytes = Vec::new();
    export(&db, true, &mut bytes).await.unwrap();
    let lines = String::from_utf8(bytes).unwrap();
    let ledger: Vec<Exported> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let now = world.harness.surroundings.ambient.now();
    let sign = |at: usize| {
        let entry = &ledger[at];
        Checkpoint::sign(&key(), SOURCE, entry.position, &hex::decode(&entry.hash).unwrap(), now)
    };
    let checkpoints = vec![sign(ledger.len() / 3), sign(ledger.len() / 2), sign(ledger.len() - 1)];
    Held { case: id, head, dossier, ledger, checkpoints }
}

/// Changes one field of an entry of the dossier that leaves its place alone.
fn alter(sealed: &mut Sealed, which: usize, byte: usize) {
    let entry = &mut sealed.entry;
    let second = jiff::SignedDuration::from_secs(1);
    match which % 8 {
        0 => entry.kind = if entry.kind == DossierKind::Note { DossierKind::Evidence } else { DossierKind::Note },
        1 => {
            entry.visibility =
                if entry.visibility == Visibility::Sealed { Visibility::Parties } else { Visibility::Sealed }
        }
        2 => entry.actor.id.push('x'),
        3 => entry.recorded_at += second,
        4 => entry.content_type.push(' '),
        5 => entry.commitment[byte % 32] ^= 1,
        6 => sealed.hash[byte % 32] ^= 1,
        _ => {
            sealed.content.as_mut().expect("the bundle is whole").bytes.push(b'x');
        }
    }
}

/// Does one kind of harm at a place; answers what has to be found, worked out from what was done alone.
fn tamper(held: &mut Held, kind: usize, place: Index, which: usize, byte: usize) -> Found {
    let at = place.index(held.dossier.len());
    let last = held.dossier.len() - 1;
    let sequence = at as u64 + 1;
    let dossier = |sequence, kind| Found::Dossier(Fault { sequence, kind });
    let line = place.index(held.ledger.len());
    let end = held.ledger.len();
    let position = line as i64 + 1;
    match kind {
        0 => {
            alter(&mut held.dossier[at], which, byte);
            dossier(sequence, if which % 8 == 7 { FaultKind::ContentAltered } else { FaultKind::Altered })
        }
        1 => {
            held.dossier.remove(at);
            dossier(sequence, FaultKind::Missing)
        }
        2 => {
            let at = at.min(last - 1);
            held.dossier.swap(at, at + 1);
            dossier(at as u64 + 1, FaultKind::Missing)
        }
        3 => {
            // One that never was, and everything after it moved on.
            let mut forged = held.dossier[at].clone();
            forged.content = Some(Content { salt: [1; 32], bytes: b"forged".to_vec() });
            forged.entry.commitment = forged.content.as_ref().unwrap().commitment();
            held.dossier.insert(at, forged);
            held.reseal_dossier(at);
            dossier(sequence, FaultKind::NotAsRecorded)
        }
        4 => {
            held.dossier.truncate(at);
            // With the head the case keeps, and with one that was made to fit.
            if which.is_multiple_of(2) {
                held.head = held.dossier.last().map_or(Head::EMPTY, Sealed::head);
            }
            dossier(sequence, FaultKind::Missing)
        }
        5 => {
            held.dossier[at].entry.actor.id.push('x');
            held.reseal_dossier(at);
            dossier(sequence, FaultKind::NotAsRecorded)
        }
        6 => {
            // The superuser has the ledger agree, and chains that anew as well: only what was signed outside speaks against it.
            held.dossier[at].entry.actor.id.push('x');
            held.reseal_dossier(at);
            let first = held.ledger.iter().position(|entry| {
                held.records(entry) && {
                    let added = hex::decode(&entry.payload).unwrap();
                    pb::DossierEntryAdded::decode(added.as_slice()).unwrap().sequence == sequence as i64
                }
            });
            held.reseal_ledger();
            Found::Ledger(held.covering(held.ledger[first.expect("it was recorded")].position))
        }
        7 => {
            let entry = &mut held.ledger[line];
            match which % 4 {
                0 => entry.actor_id.push('x'),
                1 => entry.aggregate.push('0'),
                2 => entry.payload.push_str("00"),
                _ => entry.recorded_at += jiff::SignedDuration::from_secs(1),
            }
            Found::Ledger(LedgerFault::Altered { position })
        }
        8 => {
            held.ledger.remove(line);
            Found::Ledger(if line + 1 == end {
                LedgerFault::CutOff { end: end as i64 - 1, signed: end as i64 }
            } else {
                LedgerFault::Position { expected: position, found: position + 1 }
            })
        }
        9 => {
            let line = line.min(end - 2);
            held.ledger.swap(line, line + 1);
            Found::Ledger(LedgerFault::Position { expected: line as i64 + 1, found: line as i64 + 2 })
        }
        10 => {
            held.ledger.truncate(line);
            Found::Ledger(LedgerFault::CutOff { end: line as i64, signed: end as i64 })
        }
        11 => {
            // One that never was, in its place by number, and everything after it moved on and chained anew.
            let mut forged = held.ledger[line].clone();
            forged.entry_id = uuid::Uuid::from_u128(u128::from(u64::MAX));
            held.ledger.insert(line, forged);
            for (index, entry) in held.ledger.iter_mut().enumerate() {
                entry.position = index as i64 + 1;
            }
            held.reseal_ledger();
            Found::Ledger(held.covering(position))
        }
        12 => {
            held.ledger[line].traceparent.push('x');
            held.reseal_ledger();
            Found::Ledger(held.covering(position))
        }
        13 => {
            // What it says taken out, and every hash left alone.
            held.dossier[at].content = None;
            dossier(sequence, FaultKind::ContentMissing)
        }
        _ => {
            // As it is read under a key that was renamed to another that is there: other bytes.
            let content = held.dossier[at].content.as_mut().expect("the bundle is whole");
            content.bytes.reverse();
            content.bytes.push(b'x');
            dossier(sequence, FaultKind::ContentAltered)
        }
    }
}

#[tokio::test]
async fn a_thousand_tamperings_are_found_and_the_first_bad_entry_is_named() {
    let honest = taken_away().await;
    assert_eq!(honest.judge(), None);
    assert!(honest.dossier.len() > 10 && honest.ledger.len() > 40);
    let mut tried = [0_u32; 15];
    let mut runner = TestRunner::new(Config::with_cases(1_000));
    let counted = std::cell::RefCell::new(&mut tried);
    let ways = (0..15_usize, any::<Index>(), any::<usize>(), any::<usize>());
    let all = runner.run(&ways, |(kind, place, which, byte)| {
        let mut held = honest.clone();
        let expected = tamper(&mut held, kind, place, which, byte);
        counted.borrow_mut()[kind] += 1;
        prop_assert_eq!(held.judge(), Some(expected), "kind {}", kind);
        Ok(())
    });
    all.unwrap_or_else(|error| panic!("{error}"));
    assert!(tried.iter().all(|times| *times > 20), "every way was tried: {tried:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_accused_while_sixteen_write() {
    const WRITERS: usize = 16;
    const NOTES: usize = 12;
    let world = World::staffed().await;
    let mut cases = Vec::new();
    for _ in 0..4 {
        cases.push(world.seated_case().await.name);
    }
    let done = AtomicBool::new(false);
    let writing = async {
        let write = |writer: usize| {
            let (world, case) = (&world, &cases[writer % cases.len()]);
            async move {
                for number in 0..NOTES {
                    let request = pb::AddDossierEntryRequest {
                        parent: case.clone(),
                        kind: pb::DossierKind::Note.into(),
                        visibility: pb::DossierVisibility::Office.into(),
                        content: format!("note {number} of writer {writer}").into_bytes(),
                        request_id: fresh_id(),
                        ..Default::default()
                    };
                    world.oscar().add_dossier_entry(request).await.unwrap();
                }
            }
        };
        join_all((0..WRITERS).map(write)).await;
        done.store(true, Ordering::Release);
    };
    let watching = async {
        let db = world.database.db().await;
        let ledger = Ledger::open(db.clone(), SOURCE);
        let (mut checkpoints, mut looks) = (Vec::new(), 0);
        loop {
            let last = done.load(Ordering::Acquire);
            ledger.sequence_waiting().await.unwrap();
            let (position, hash) = ledger.position().await.unwrap();
            let now = world.harness.surroundings.ambient.now();
            checkpoints.push(Checkpoint::sign(&key(), SOURCE, position, &hash, now));
            let verdict = verify_database(&db, SOURCE, &checkpoints, &public()).await.unwrap();
            assert_eq!(verdict.fault, None, "after {looks} looks");
            for case in &cases {
                let request = pb::VerifyDossierRequest { name: case.clone() };
                let found = world.ines().verify_dossier(request).await.unwrap().into_inner();
                assert!(found.intact, "{found:?}");
            }
            looks += 1;
            if last {
                return looks;
            }
        }
    };
    let ((), looks) = tokio::join!(writing, watching);
    assert!(looks >= 2, "only {looks} looks were taken");
    for case in &cases {
        let verdict = world.ines().verify_dossier(pb::VerifyDossierRequest { name: case.clone() }).await.unwrap();
        let written = WRITERS / cases.len() * NOTES;
        assert_eq!(usize::try_from(verdict.into_inner().entry_count).unwrap(), 12 + written);
    }
}
