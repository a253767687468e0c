//! What stands in a dossier is there until the words of its case are destroyed, and who takes it out unseen is found.

use kernel::Role;
use ombudsman_escalation::bundle::{self, Known};
use sqlx::PgConnection;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::world::{World, fresh_id, uuid_of};

async fn verdict(world: &World, case: &str) -> pb::DossierVerdict {
    world.ines().verify_dossier(pb::VerifyDossierRequest { name: case.to_owned() }).await.unwrap().into_inner()
}

async fn export(world: &World, case: &str, audience: pb::DossierAudience) -> pb::DossierExport {
    let request = pb::ExportDossierRequest { name: case.to_owned(), audience: audience.into() };
    world.ines().export_dossier(request).await.unwrap().into_inner()
}

/// A seated case with a sealed paper, and its place.
async fn with_a_sealed_paper(world: &World) -> (String, i64) {
    let case = world.seated_case().await.name;
    let request = pb::AddDossierEntryRequest {
        parent: case.clone(),
        kind: pb::DossierKind::Evidence.into(),
        visibility: pb::DossierVisibility::Sealed.into(),
        content: b"for those who work on it".to_vec(),
        request_id: fresh_id(),
        ..Default::default()
    };
    let sequence = world.oscar().add_dossier_entry(request).await.unwrap().into_inner().sequence;
    (case, sequence)
}

/// Somebody who rules the database, whom no trigger stops.
async fn superuser(world: &World) -> sqlx::pool::PoolConnection<sqlx::Postgres> {
    let mut admin = world.database.admin().await.acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *admin).await.unwrap();
    admin
}

async fn does(admin: &mut PgConnection, change: &'static str, case: &str, sequence: i64) {
    let done = sqlx::query(change).bind(uuid_of(case)).bind(sequence).execute(admin).await.unwrap();
    assert_eq!(done.rows_affected(), 1, "{change}");
}

const KEPT: &str = "create temporary table kept as select * from ombudsman.dossier_content";
const TAKEN: &str = "delete from ombudsman.dossier_content where case_id = $1 and sequence = $2";
const BACK: &str = "insert into ombudsman.dossier_content select * from kept where case_id = $1 and sequence = $2";
const RENAMED: &str =
    "update ombudsman.dossier_content set key_id = '0000000000000000' where case_id = $1 and sequence = $2";
const NAMED: &str = "update ombudsman.dossier_content c set key_id = k.key_id from kept k
                      where c.case_id = $1 and c.sequence = $2 and k.case_id = c.case_id and k.sequence = c.sequence";

#[tokio::test]
async fn every_paper_that_is_taken_out_of_a_live_case_is_named_and_so_is_one_whose_key_was_renamed() {
    let world = World::staffed().await;
    let (case, sealed) = with_a_sealed_paper(&world).await;
    let mut admin = superuser(&world).await;
    sqlx::query(KEPT).execute(&mut *admin).await.unwrap();
    let missing = pb::DossierFault::ContentMissing;
    for sequence in 1..=sealed {
        does(&mut admin, TAKEN, &case, sequence).await;
        let found = verdict(&world, &case).await;
        assert_eq!((found.intact, found.first_bad_sequence, found.fault()), (false, sequence, missing));
        does(&mut admin, BACK, &case, sequence).await;
    }
    does(&mut admin, RENAMED, &case, sealed).await;
    let found = verdict(&world, &case).await;
    assert_eq!((found.intact, found.first_bad_sequence, found.fault()), (false, sealed, missing));
    does(&mut admin, NAMED, &case, sealed).await;
    assert!(verdict(&world, &case).await.intact);
    // Of two papers the first is named, whatever was done to the other.
    does(&mut admin, TAKEN, &case, 5).await;
    does(
        &mut admin,
        "update ombudsman.dossier_content set content = 'x' where case_id = $1 and sequence = $2",
        &case,
        3,
    )
    .await;
    let found = verdict(&world, &case).await;
    assert_eq!((found.first_bad_sequence, found.fault()), (3, pb::DossierFault::ContentAltered));
}

#[tokio::test]
async fn that_a_case_was_erased_is_believed_of_the_ledger_and_not_of_a_table_alone() {
    let world = World::staffed().await;
    let (case, _) = with_a_sealed_paper(&world).await;
    let mut admin = superuser(&world).await;
    does(&mut admin, TAKEN, &case, 2).await;
    does(&mut admin, "insert into ombudsman.erased_case select $1, now() where $2 > 0", &case, 1).await;
    let found = verdict(&world, &case).await;
    assert_eq!((found.first_bad_sequence, found.fault()), (2, pb::DossierFault::ContentMissing));
    assert!(export(&world, &case, pb::DossierAudience::Office).await.erase_time.is_none());
}

#[tokio::test]
async fn a_dossier_that_was_taken_away_tells_what_is_not_for_its_audience_from_what_was_taken_out() {
    let world = World::staffed().await;
    let (case, sealed) = with_a_sealed_paper(&world).await;
    let whole = |audience| export(&world, &case, audience);
    let (office, parties) = (whole(pb::DossierAudience::Office).await, whole(pb::DossierAudience::Parties).await);
    let said =
        |export: &pb::DossierExport| bundle::verify(export, Known::default()).map_err(|broken| broken.to_string());
    let bare = said(&parties).unwrap();
    assert!(bare.bare.contains(&u64::try_from(sealed).unwrap()) && !bare.erased);
    let missing = |place: i64| {
        Err(format!("entry {place} lacks its content, which is for who took the dossier away and was not destroyed"))
    };
    for export in [&office, &parties] {
        // The complaint is for everybody.
        let mut stolen = export.clone();
        (stolen.entries[0].content, stolen.entries[0].salt) = (Vec::new(), Vec::new());
        assert_eq!(said(&stolen).map(|_| ()), missing(1));
        let erased = pb::DossierExport { erase_time: crate::world::time("2026-11-23T09:00:00Z"), ..stolen };
        let erased = said(&erased).unwrap();
        assert!(erased.erased && erased.bare.contains(&1), "the file says so, and verify says that it does");
    }
    // Who does not work on the case lacks what is sealed, and nothing else.
    world.hire("rita", Role::Investigator, pb::OfficeRole::Investigator).await;
    let request = pb::ExportDossierRequest { name: case.clone(), audience: pb::DossierAudience::Office.into() };
    let rita = world.as_person("rita", Role::Investigator).export_dossier(request).await.unwrap().into_inner();
    assert_eq!(said(&rita).unwrap().bare, [u64::try_from(sealed).unwrap()]);
    let mut stolen = office;
    let last = stolen.entries.len() - 2;
    (stolen.entries[last].content, stolen.entries[last].salt) = (Vec::new(), Vec::new());
    assert_eq!(said(&stolen).map(|_| ()), missing(i64::try_from(last).unwrap() + 1));
}
