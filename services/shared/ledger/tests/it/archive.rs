//! Months in files: what was archived is one chain with what is left, answers as before, and cannot be changed unseen.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use jiff::civil::date;
use postgres::Db;
use sqlx::AssertSqlSafe;
use testkit::Database;
use ventanilla_ledger::archive::{
    Archive, ArchiveError, Kept, Manifest, Order, archive, drop_archived, manifests_of, read,
};
use ventanilla_ledger::checkpoint::{self, Checkpoint};
use ventanilla_ledger::months::begin;
use ventanilla_ledger::verify::{Fault, Verdict, export, verify_all, verify_database, verify_files, verify_tail};
use ventanilla_ledger::{Ledger, forget};

use crate::support::{draft, filled, house, instant, personal_draft, write};

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).expect("a key")
}

fn public() -> Vec<Vec<u8>> {
    vec![key().public_key().as_ref().to_vec()]
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ledger-archive-{}-{number}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A ledger of two closed months (1 to 30, 31 to 42) and an open one (43 to 50), signed at its end, with room for an archive.
struct Scene {
    _database: Database,
    db: Db,
    ledger: Ledger,
    folder: Folder,
    key: Ed25519KeyPair,
}

impl Scene {
    async fn set() -> Self {
        let (database, db) = house().await;
        let ledger = filled(&db, 30).await;
        begin(&db, date(2031, 1, 1)).await.unwrap();
        let scene = Self { _database: database, db, ledger, folder: Folder::new(), key: key() };
        scene.more(31..=42).await;
        begin(&scene.db, date(2031, 2, 1)).await.unwrap();
        scene.more(43..=50).await;
        fs::create_dir(scene.to()).unwrap();
        scene.sign().await;
        scene
    }

    async fn more(&self, numbers: std::ops::RangeInclusive<u128>) {
        for number in numbers {
            let aggregate = format!("things/{}", number % 5);
            write(
                &self.db,
                &[if number % 2 == 0 {
                    personal_draft(&aggregate, number, "Núñez")
                } else {
                    draft(&aggregate, number, "m")
                }],
            )
            .await;
        }
        self.ledger.sequence_waiting().await.unwrap();
    }

    async fn sign(&self) {
        let (position, hash) = self.ledger.position().await.unwrap();
        let line = serde_json::to_string(&Checkpoint::sign(&self.key, "house", position, &hash, instant())).unwrap();
        let path = checkpoint::file_of(&self.signed_in(), "house");
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, format!("{before}{line}\n")).unwrap();
    }

    fn to(&self) -> PathBuf {
        self.folder.path().join("archive")
    }

    fn signed_in(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    async fn archive(&self, kept: Kept) -> Result<Vec<Manifest>, ArchiveError> {
        let (to, signed_in) = (self.to(), self.signed_in());
        archive(&self.db, self.order(&to, &signed_in, kept, instant())).await
    }

    fn order<'a>(&'a self, folder: &'a Path, checkpoint_dir: &'a Path, kept: Kept, now: Timestamp) -> Order<'a> {
        let through = date(2031, 1, 1);
        Order { source: "house", through, folder, checkpoint_dir, key: &self.key, former: &[], kept, now }
    }

    fn signed(&self) -> Vec<Checkpoint> {
        checkpoint::read(&checkpoint::file_of(&self.signed_in(), "house")).unwrap()
    }

    /// With the files, as they are in the archive.
    async fn held(&self) -> Verdict {
        let archive = Archive::at(&self.to(), "house").unwrap();
        verify_all(&self.db, "house", &self.signed(), &public(), &archive).await.unwrap()
    }

    /// With the manifests that stand beside the checkpoints, and no file.
    async fn in_place(&self) -> Verdict {
        let archive = Archive { folder: None, ..Archive::at(&self.signed_in(), "house").unwrap() };
        verify_all(&self.db, "house", &self.signed(), &public(), &archive).await.unwrap()
    }

    async fn number(&self, question: &'static str) -> i64 {
        sqlx::query_scalar(question).fetch_one(self.db.reader()).await.unwrap()
    }

    async fn does(&self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(self.db.reader()).await.unwrap();
    }
}

fn lines(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

fn pack(path: &Path, text: &str) {
    let mut out = GzEncoder::new(fs::File::create(path).unwrap(), Compression::default());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap();
}

#[tokio::test]
async fn what_is_archived_and_what_is_left_are_one_chain() {
    let scene = Scene::set().await;
    let before = verify_database(&scene.db, "house", &scene.signed(), &public()).await.unwrap();
    assert_eq!((before.entries, before.fault.clone()), (50, None));
    let manifests = scene.archive(Kept::NOTHING).await.unwrap();
    let ends: Vec<(i64, i64)> = manifests.iter().map(|told| (told.first_position, told.last_position)).collect();
    assert_eq!(ends, [(1, 30), (31, 42)]);
    assert_eq!(scene.number("select count(*) from ledger").await, 8);
    assert_eq!(scene.number("select min(position) from ledger").await, 43);

    assert_eq!(scene.held().await, Verdict { archived_months: 2, months_read: 2, ..before.clone() });
    let in_place = scene.in_place().await;
    assert_eq!((in_place.entries, in_place.archived_months, in_place.months_read), (8, 2, 0));
    assert_eq!(in_place.fault, None);
    let none = verify_database(&scene.db, "house", &scene.signed(), &public()).await.unwrap();
    assert_eq!(none.fault, Some(Fault::MonthMissing { position: 1 }));
    let tail = verify_tail(&scene.db, "house", &scene.signed(), &public(), 1_000).await.unwrap();
    assert_eq!((tail.entries, tail.fault), (8, None));

    // Files alone: the archive, and with an export of what is left.
    let archive = Archive::at(&scene.to(), "house").unwrap();
    let alone = verify_files("house", &archive, None::<&[u8]>, &scene.signed(), &public()).await.unwrap();
    assert_eq!((alone.entries, alone.months_read, alone.fault), (42, 2, None));
    let mut left = Vec::new();
    export(&scene.db, false, &mut left).await.unwrap();
    let whole = verify_files("house", &archive, Some(left.as_slice()), &scene.signed(), &public()).await.unwrap();
    assert_eq!((whole.entries, whole.months_read, whole.fault), (50, 2, None));

    // Said again, nothing is left to do.
    assert_eq!(scene.archive(Kept::NOTHING).await.unwrap(), []);
}

#[tokio::test]
async fn an_archive_that_lacks_its_newest_month_is_held_to_what_stands_beside_the_checkpoints() {
    let scene = Scene::set().await;
    let manifests = scene.archive(Kept::NOTHING).await.unwrap();
    let newest = manifests[1].clone();
    let told = read(&manifests_of(&scene.signed_in(), "house")).unwrap();
    let alone = async |archive: Archive| {
        verify_files("house", &archive, None::<&[u8]>, &scene.signed(), &public()).await.unwrap()
    };
    let there = || Archive::at(&scene.to(), "house").unwrap();
    let whole = alone(there().held_to(told.clone())).await;
    assert_eq!((whole.entries, whole.months_read, whole.end, whole.fault), (42, 2, 42, None));

    // The folder was copied before the month was archived: it proves what it has, and says how far that goes.
    fs::remove_file(scene.to().join(newest.file_name())).unwrap();
    fs::write(manifests_of(&scene.to(), "house"), serde_json::to_string(&manifests[0]).unwrap() + "\n").unwrap();
    let early = alone(there()).await;
    assert_eq!((early.entries, early.end, early.fault), (30, 30, None));
    let missed = alone(there().held_to(told)).await;
    let month = ventanilla_ledger::archive::written(newest.month);
    assert_eq!(missed.fault, Some(Fault::MonthUnread { month }));
}

#[tokio::test]
async fn no_personal_part_leaves_the_database_and_each_can_still_be_destroyed() {
    let scene = Scene::set().await;
    scene.archive(Kept { every_entry: true, ..Kept::NOTHING }).await.unwrap();
    for file in fs::read_dir(scene.to()).unwrap() {
        let path = file.unwrap().path();
        let text =
            if path.extension().is_some_and(|e| e == "gz") { lines(&path) } else { fs::read_to_string(&path).unwrap() };
        assert!(!text.contains("Núñez") && !text.contains(&hex::encode("Núñez")), "{}", path.display());
    }
    let before = scene.held().await;
    assert_eq!(before.erased_parts, 0, "each is still in the database");
    let mut tx = scene.db.tx().await.unwrap();
    assert!(forget(&mut tx, &["things/0".to_owned()]).await.unwrap());
    tx.commit().await.unwrap();
    let after = scene.held().await;
    assert_eq!(after.fault, None);
    // Of 1 to 30 each third, of 31 to 50 each second, and of those each fifth: 15, 30, 40, 50.
    assert_eq!((after.erased_parts, after.personal_parts), (4, before.personal_parts - 4));
}

#[tokio::test]
async fn who_asks_for_archived_entries_is_answered_as_before_and_who_follows_from_before_them_is_told() {
    let scene = Scene::set().await;
    let asked = || async { scene.ledger.of_aggregate("things/2", 7, 100).await.unwrap() };
    let told = |entries: &[ventanilla_proto::ledger::v1::Entry]| -> Vec<_> {
        let of = |entry: &ventanilla_proto::ledger::v1::Entry| {
            (
                entry.position,
                entry.r#type.clone(),
                entry.payload.clone(),
                entry.actor.clone(),
                entry.recorded_time,
                entry.traceparent.clone(),
            )
        };
        entries.iter().map(of).collect()
    };
    let before = asked().await;
    assert_eq!(before.len(), 8);
    let content_of_aggregates: &[&str] = &["things/2"];
    scene.archive(Kept { content_of_aggregates, ..Kept::NOTHING }).await.unwrap();
    assert_eq!(told(&asked().await), told(&before));
    assert_eq!(scene.ledger.hash_at(42).await.unwrap().map(hex::encode), Some(scene.in_place_hash(42)));
    assert_eq!(scene.ledger.hash_at(41).await.unwrap(), None);

    let mut early = Box::pin(scene.ledger.tail(41, false));
    let refused = futures::StreamExt::next(&mut early).await.unwrap();
    assert!(refused.is_err(), "{refused:?}");
    let mut in_time = Box::pin(scene.ledger.tail(42, false));
    assert!(futures::StreamExt::next(&mut in_time).await.unwrap().is_ok());
}

impl Scene {
    fn in_place_hash(&self, last: i64) -> String {
        let manifests = read(&manifests_of(&self.signed_in(), "house")).unwrap();
        manifests.into_iter().find(|told| told.last_position == last).unwrap().hash
    }
}

#[tokio::test]
async fn every_tampering_with_the_archive_is_found_and_named() {
    let scene = Scene::set().await;
    let manifests = scene.archive(Kept { every_entry: true, ..Kept::NOTHING }).await.unwrap();
    let (first, second) = (manifests[0].clone(), manifests[1].clone());
    let month = ventanilla_ledger::archive::written(first.month);
    let (file, list) = (scene.to().join(first.file_name()), manifests_of(&scene.to(), "house"));
    let (whole, told) = (lines(&file), fs::read_to_string(&list).unwrap());
    let (bytes, line) = (fs::read(&file).unwrap(), |told: &Manifest| serde_json::to_string(told).unwrap() + "\n");

    // An entry is changed, one is missing, the end is cut off, the file is damaged or gone, or is the same but written otherwise.
    pack(&file, &whole.replacen("agent-1", "agent-2", 1));
    assert_eq!(scene.held().await.fault, Some(Fault::Altered { position: 1 }));
    pack(&file, &whole.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>());
    assert_eq!(scene.held().await.fault, Some(Fault::Position { expected: 1, found: 2 }));
    pack(&file, &whole.lines().take(29).map(|line| format!("{line}\n")).collect::<String>());
    assert_eq!(scene.held().await.fault, Some(Fault::MonthAltered { month: month.clone() }));
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(scene.held().await.fault, Some(Fault::MonthUnread { month: month.clone() }));
    fs::remove_file(&file).unwrap();
    assert_eq!(scene.held().await.fault, Some(Fault::MonthUnread { month: month.clone() }));
    fs::write(&file, [bytes.as_slice(), b"more"].concat()).unwrap();
    assert_eq!(scene.held().await.fault, Some(Fault::MonthAltered { month: month.clone() }));
    fs::write(&file, &bytes).unwrap();
    assert_eq!(scene.held().await.fault, None);

    // A manifest is changed, signed by somebody else, missing, or tells of other entries by the right key.
    let changed = Manifest { sha256: "00".repeat(32), ..first.clone() };
    fs::write(&list, line(&changed) + &line(&second)).unwrap();
    assert_eq!(scene.held().await.fault, Some(Fault::MonthUnsigned { month: month.clone() }));
    let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    fs::write(&list, line(&first.clone().signed(&other)) + &line(&second)).unwrap();
    assert_eq!(scene.held().await.fault, Some(Fault::MonthUnsigned { month: month.clone() }));
    fs::write(&list, line(&second)).unwrap();
    assert_eq!(scene.held().await.fault, Some(Fault::MonthMissing { position: 1 }));
    fs::write(&list, line(&first)).unwrap();
    assert_eq!(scene.held().await.fault, Some(Fault::MonthMissing { position: 31 }));
    let forged = Manifest { hash: "11".repeat(32), ..first.clone() }.signed(&key());
    fs::write(manifests_of(&scene.signed_in(), "house"), line(&forged) + &line(&second)).unwrap();
    assert_eq!(scene.in_place().await.fault, Some(Fault::Broken { position: 31 }));
    let forged = Manifest { hash: "11".repeat(32), ..second.clone() }.signed(&key());
    fs::write(manifests_of(&scene.signed_in(), "house"), line(&first) + &line(&forged)).unwrap();
    assert_eq!(scene.in_place().await.fault, Some(Fault::Broken { position: 43 }));
    fs::write(&list, &told).unwrap();
    fs::write(manifests_of(&scene.signed_in(), "house"), &told).unwrap();
    assert_eq!((scene.held().await.fault, scene.in_place().await.fault), (None, None));

    // What the database keeps is changed, or gone.
    scene
        .does("alter table ledger_kept disable trigger all; update ledger_kept set actor_id = 'x' where position = 31")
        .await;
    let second_month = ventanilla_ledger::archive::written(second.month);
    assert_eq!(scene.in_place().await.fault, Some(Fault::KeptAltered { month: second_month.clone() }));
    scene.does("update ledger_kept set actor_id = 'agent-1' where position = 31").await;
    assert_eq!(scene.in_place().await.fault, None);
    scene.does("delete from ledger_kept where position = 12").await;
    assert_eq!(scene.held().await.fault, Some(Fault::KeptAltered { month }));
}

#[tokio::test]
async fn a_month_that_does_not_hold_is_not_archived() {
    let scene = Scene::set().await;
    scene.does("alter table ledger disable trigger all; update ledger set actor_id = 'x' where position = 12").await;
    let refused = scene.archive(Kept::NOTHING).await;
    let fault = Fault::Altered { position: 12 };
    assert!(matches!(&refused, Err(ArchiveError::Broken { fault: found, .. }) if *found == fault), "{refused:?}");
    assert_eq!(scene.number("select min(position) from ledger").await, 1);
    assert_eq!(read(&manifests_of(&scene.signed_in(), "house")).unwrap(), []);
}

#[tokio::test]
async fn a_month_stays_that_is_not_signed_or_not_applied_by_who_follows_or_the_last_there_is() {
    let scene = Scene::set().await;
    let path = checkpoint::file_of(&scene.signed_in(), "house");
    let signed = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let refused = scene.archive(Kept::NOTHING).await;
    assert!(matches!(refused, Err(ArchiveError::Unsigned { last: 30, .. })), "{refused:?}");
    fs::write(&path, signed).unwrap();

    scene.does("create schema other; create table other.ledger_cursor (source text, position bigint); insert into other.ledger_cursor values ('house', 35)").await;
    let refused = scene.archive(Kept::NOTHING).await;
    assert!(matches!(refused, Err(ArchiveError::Followed { position: 35, last: 42, .. })), "{refused:?}");
    assert_eq!(scene.number("select min(position) from ledger").await, 31, "the month before was applied");
    scene.does("update other.ledger_cursor set position = 42").await;
    assert_eq!(scene.archive(Kept::NOTHING).await.unwrap().len(), 1);
    assert_eq!(scene.held().await.fault, None);

    let (database, db) = house().await;
    let ledger = filled(&db, 4).await;
    begin(&db, date(2031, 1, 1)).await.unwrap();
    let empty = Scene { _database: database, db, ledger, folder: Folder::new(), key: key() };
    fs::create_dir(empty.to()).unwrap();
    empty.sign().await;
    let refused = empty.archive(Kept::NOTHING).await;
    assert!(matches!(refused, Err(ArchiveError::Last { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_cut_off_is_done_by_the_next_and_readers_see_every_entry_once() {
    let scene = Scene::set().await;
    let all = "select count(*) from ledger_known";
    // A reader keeps the partition from leaving: the run comes as far as its manifests.
    let mut reader = scene.db.tx().await.unwrap();
    sqlx::query("select * from ledger").fetch_all(&mut *reader).await.unwrap();
    let list = manifests_of(&scene.signed_in(), "house");
    let written = async {
        while !list.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        done = scene.archive(Kept { every_entry: true, ..Kept::NOTHING }) => panic!("nobody kept it: {done:?}"),
        () = written => {}
    }
    let told = read(&list).unwrap();
    assert_eq!(told.len(), 1);
    reader.rollback().await.unwrap();
    assert_eq!(scene.number(all).await, 50);
    assert_eq!(scene.held().await.fault, None, "a manifest of what is still in the ledger is no fault");

    let counts = async {
        for _ in 0..200 {
            assert_eq!(scene.number(all).await, 50);
        }
    };
    let (done, ()) = tokio::join!(scene.archive(Kept { every_entry: true, ..Kept::NOTHING }), counts);
    assert_eq!(done.unwrap()[0], told[0], "what was signed is not signed anew");
    assert_eq!((scene.number(all).await, scene.held().await.fault), (50, None));
}

#[tokio::test]
async fn a_database_that_was_put_back_archives_the_same_month_again_and_no_other_in_its_name() {
    let scene = Scene::set().await;
    let first = scene.archive(Kept::NOTHING).await.unwrap();
    // As it was before: the months are in the ledger again.
    scene
        .does(
            "alter table ledger attach partition ledger_from_1 for values from (minvalue) to (31);
             alter table ledger attach partition ledger_from_31 for values from (31) to (43);
             alter table ledger_kept disable trigger all; delete from ledger_kept; alter table ledger_kept enable trigger all;
             update ledger_month set archived_at = null",
        )
        .await;
    assert_eq!(scene.in_place().await.entries, 50);
    assert_eq!(scene.archive(Kept::NOTHING).await.unwrap(), first);
    assert_eq!(read(&manifests_of(&scene.to(), "house")).unwrap(), first);

    let other = Scene::set().await;
    other.more(51..=52).await;
    other.does("update ledger_month set hash = decode(repeat('11', 32), 'hex') where first_position = 1").await;
    fs::copy(manifests_of(&scene.signed_in(), "house"), manifests_of(&other.signed_in(), "house")).unwrap();
    let refused = other.archive(Kept::NOTHING).await;
    assert!(matches!(refused, Err(ArchiveError::Contradicted { .. })), "{refused:?}");
}

#[tokio::test]
async fn the_table_of_an_archived_month_is_dropped_after_seven_days_and_while_its_file_is_whole() {
    let scene = Scene::set().await;
    let manifests = scene.archive(Kept::NOTHING).await.unwrap();
    let (to, signed_in) = (scene.to(), scene.signed_in());
    let after = |days: i64| {
        let now = instant() + jiff::SignedDuration::from_hours(24 * days);
        drop_archived(&scene.db, scene.order(&to, &signed_in, Kept::NOTHING, now))
    };
    assert!(after(6).await.unwrap().is_empty());
    let file = scene.to().join(manifests[1].file_name());
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, [bytes.as_slice(), b"more"].concat()).unwrap();
    let refused = after(7).await;
    assert!(matches!(refused, Err(ArchiveError::Broken { fault: Fault::MonthAltered { .. }, .. })), "{refused:?}");
    let tables = "select count(*) from pg_class where relname in ('ledger_from_1', 'ledger_from_31')";
    assert_eq!(scene.number(tables).await, 1, "the one whose file is whole was dropped");
    fs::write(&file, &bytes).unwrap();
    assert_eq!(after(7).await.unwrap().len(), 1);
    assert_eq!(scene.number(tables).await, 0);
    assert_eq!(scene.held().await.fault, None);
}
