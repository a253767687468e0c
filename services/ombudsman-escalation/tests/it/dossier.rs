//! The dossier: who sees what of it, and that nothing done to it stays unseen.

use kernel::ResourceId as _;
use kernel::Role;
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::dossier::{Content, Entry, Head, Sealed, verify};
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::world::{World, fields, fresh_id, reason, uuid_of};

async fn add(world: &World, case: &str, visibility: pb::DossierVisibility, content: &str) -> pb::DossierEntry {
    world.oscar().add_dossier_entry(note(case, visibility, content)).await.unwrap().into_inner()
}

fn note(case: &str, visibility: pb::DossierVisibility, content: &str) -> pb::AddDossierEntryRequest {
    pb::AddDossierEntryRequest {
        parent: case.to_owned(),
        kind: pb::DossierKind::Evidence.into(),
        visibility: visibility.into(),
        content: content.as_bytes().to_vec(),
        request_id: fresh_id(),
        ..Default::default()
    }
}

async fn list(mut client: crate::world::Office, case: &str) -> Vec<pb::DossierEntry> {
    let request = pb::ListDossierEntriesRequest { parent: case.to_owned(), page_size: 100, ..Default::default() };
    client.list_dossier_entries(request).await.unwrap().into_inner().entries
}

async fn verdict(world: &World, case: &str) -> pb::DossierVerdict {
    world.ines().verify_dossier(pb::VerifyDossierRequest { name: case.to_owned() }).await.unwrap().into_inner()
}

#[tokio::test]
async fn each_reader_sees_what_is_theirs() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    add(&world, &case, pb::DossierVisibility::Parties, "for both").await;
    add(&world, &case, pb::DossierVisibility::Office, "for us").await;
    add(&world, &case, pb::DossierVisibility::Sealed, "for those who work on it").await;
    let texts = |entries: Vec<pb::DossierEntry>| -> Vec<String> {
        let evidence = entries.into_iter().filter(|entry| entry.kind() == pb::DossierKind::Evidence);
        evidence.map(|entry| String::from_utf8(entry.content).unwrap()).collect()
    };
    assert_eq!(texts(list(world.liaison(), &case).await), ["for both"]);
    assert_eq!(texts(list(world.ines(), &case).await), ["for both", "for us", "for those who work on it"]);
    let rita = world.as_person("rita", Role::Investigator);
    assert_eq!(texts(list(rita, &case).await), ["for both", "for us", ""]);
    let seen = world.liaison().get_case(pb::GetCaseRequest { name: case }).await.unwrap().into_inner();
    assert!(seen.assignments.is_empty());
}

#[tokio::test]
async fn a_paper_is_added_once_however_often_it_is_sent() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let request = note(&case, pb::DossierVisibility::Office, "a statement of the bank");
    let first = world.oscar().add_dossier_entry(request.clone()).await.unwrap().into_inner();
    let again = world.oscar().add_dossier_entry(request.clone()).await.unwrap().into_inner();
    assert_eq!(first, again);
    let other = pb::AddDossierEntryRequest { content: b"another".to_vec(), ..request };
    let refused = world.oscar().add_dossier_entry(other).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::AlreadyExists, "REQUEST_ID_REUSED".into()));
}

#[tokio::test]
async fn what_only_the_office_writes_cannot_be_added_by_hand() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let request = pb::AddDossierEntryRequest {
        kind: pb::DossierKind::Decision.into(),
        content: Vec::new(),
        request_id: String::new(),
        ..note(&case, pb::DossierVisibility::Office, "")
    };
    let refused = world.oscar().add_dossier_entry(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["kind", "content", "request_id"]);
}

#[tokio::test]
async fn pages_hold_together_and_tokens_of_another_reader_do_not_fit() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let page = |page_token: String| pb::ListDossierEntriesRequest { parent: case.clone(), page_size: 2, page_token };
    let mut sequences = Vec::new();
    let mut token = String::new();
    loop {
        let answer = world.ines().list_dossier_entries(page(token)).await.unwrap().into_inner();
        sequences.extend(answer.entries.iter().map(|entry| entry.sequence));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
        let refused = world.liaison().list_dossier_entries(page(token.clone())).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::InvalidArgument, "INVALID_PAGE_TOKEN".into()));
    }
    assert_eq!(sequences, (1..=9).collect::<Vec<i64>>());
}

#[tokio::test]
async fn an_untouched_dossier_is_intact_and_stays_so_when_content_is_erased() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let before = verdict(&world, &case).await;
    assert!(before.intact && before.entry_count == 9);
    sqlx::query("delete from ombudsman.dossier_content where case_id = $1 and sequence = 2")
        .bind(uuid_of(&case))
        .execute(&world.database.admin().await)
        .await
        .unwrap();
    assert_eq!(verdict(&world, &case).await, before);
    assert!(list(world.ines(), &case).await[1].redacted);
}

#[tokio::test]
async fn the_tables_refuse_to_change_a_dossier() {
    let world = World::staffed().await;
    let case = uuid_of(&world.seated_case().await.name);
    let changes = [
        ("update ombudsman.dossier_entry set kind = 'note' where case_id = $1", "dossier_entry_immutable"),
        ("delete from ombudsman.dossier_entry where case_id = $1", "dossier_entry_immutable"),
        ("update ombudsman.dossier_content set content = '' where case_id = $1", "dossier_content_immutable"),
        (
            "insert into ombudsman.dossier_entry select case_id, 99, kind, visibility, actor_kind, actor_id, actor_department,
                 recorded_at, content_type, commitment, prev_hash, hash
               from ombudsman.dossier_entry where case_id = $1 and sequence = 1",
            "dossier_entry_follows_the_head",
        ),
    ];
    for (change, rule) in changes {
        assert_eq!(world.rule_broken_by(change, case).await, rule, "{change}");
    }
}

#[tokio::test]
async fn what_a_superuser_does_behind_the_guards_is_found_and_named() {
    use pb::DossierFault::{Altered, ContentAltered, Missing};
    let tampers = [
        ("update ombudsman.dossier_entry set actor_id = 'nobody' where case_id = $1 and sequence = 3", 3, Altered),
        (
            "update ombudsman.dossier_entry set recorded_at = recorded_at + interval '1 microsecond'
           where case_id = $1 and sequence = 5",
            5,
            Altered,
        ),
        (
            "update ombudsman.dossier_content set content = content || '!' where case_id = $1 and sequence = 1",
            1,
            ContentAltered,
        ),
        ("delete from ombudsman.dossier_entry where case_id = $1 and sequence = 4", 4, Missing),
        ("delete from ombudsman.dossier_entry where case_id = $1 and sequence = 8", 8, Missing),
    ];
    let world = World::staffed().await;
    let mut admin = world.database.admin().await.acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *admin).await.unwrap();
    for (tamper, sequence, fault) in tampers {
        let case = world.seated_case().await.name;
        let done = sqlx::query(tamper).bind(uuid_of(&case)).execute(&mut *admin).await.unwrap();
        assert_eq!(done.rows_affected(), 1, "{tamper}");
        let found = verdict(&world, &case).await;
        assert_eq!((found.intact, found.first_bad_sequence, found.fault()), (false, sequence, fault), "{tamper}");
    }
}

#[tokio::test]
async fn a_chain_that_was_made_anew_is_found_by_what_the_ledger_recorded() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let id = CaseId::parse(&case).unwrap();
    let export =
        world.ines().export_dossier(pb::ExportDossierRequest { name: case.clone() }).await.unwrap().into_inner();
    let mut admin = world.database.admin().await.acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *admin).await.unwrap();
    // Everything from the fourth entry on is sealed again, with another author, up to the head.
    let mut last = Head::EMPTY;
    for mut sealed in export.entries.iter().map(|entry| read(id, entry)) {
        if sealed.entry.sequence >= 4 {
            sealed.entry.actor.id = "somebody-else".to_owned();
            sealed.entry.prev_hash = last.hash;
            sealed.hash = sealed.entry.hash();
            let update = "update ombudsman.dossier_entry set actor_id = $3, prev_hash = $4, hash = $5
                          where case_id = $1 and sequence = $2";
            let change = sqlx::query(update).bind(uuid_of(&case)).bind(i64::try_from(sealed.entry.sequence).unwrap());
            let change = change.bind("somebody-else").bind(sealed.entry.prev_hash.to_vec()).bind(sealed.hash.to_vec());
            assert_eq!(change.execute(&mut *admin).await.unwrap().rows_affected(), 1);
        }
        last = sealed.head();
    }
    sqlx::query("update ombudsman.office_case set dossier_head = $2 where case_id = $1")
        .bind(uuid_of(&case))
        .bind(last.hash.to_vec())
        .execute(&mut *admin)
        .await
        .unwrap();
    let found = verdict(&world, &case).await;
    assert_eq!((found.intact, found.first_bad_sequence), (false, 4));
    assert_eq!(found.fault(), pb::DossierFault::NotAsRecorded);
}

#[tokio::test]
async fn an_export_verifies_without_the_service() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    add(&world, &case, pb::DossierVisibility::Sealed, "for those who work on it").await;
    let request = pb::ExportDossierRequest { name: case.clone() };
    let export = world.ines().export_dossier(request.clone()).await.unwrap().into_inner();
    let id = CaseId::parse(&case).unwrap();
    let head = |export: &pb::DossierExport| Head {
        sequence: export.entries.len() as u64,
        hash: export.head_hash.as_slice().try_into().unwrap(),
    };
    let entries: Vec<Sealed> = export.entries.iter().map(|entry| read(id, entry)).collect();
    assert!(entries.iter().all(|sealed| sealed.content.is_some()));
    assert_eq!(verify(id, &entries, head(&export)), Ok(()));

    // Who does not work on the case takes away a redacted one, which verifies as well.
    let export = world.as_person("rita", Role::Investigator).export_dossier(request).await.unwrap().into_inner();
    let mut entries: Vec<Sealed> = export.entries.iter().map(|entry| read(id, entry)).collect();
    assert!(entries.last().unwrap().content.is_none());
    assert_eq!(verify(id, &entries, head(&export)), Ok(()));
    entries[6].entry.content_type.push('x');
    assert_eq!(verify(id, &entries, head(&export)).unwrap_err().sequence, 7);
}

/// An entry of an export, as an auditor's own program would read it.
pub fn read(case: CaseId, entry: &pb::DossierEntry) -> Sealed {
    let mut violations = kernel::Violations::new();
    let actor = server::parse::actor(&mut violations, "actor", entry.actor.as_ref()).unwrap();
    let recorded_at = server::parse::time(&mut violations, "record_time", entry.record_time.as_ref()).unwrap();
    let word = |name: &str, prefix: &str| name.strip_prefix(prefix).unwrap().to_ascii_lowercase();
    let hash = |bytes: &[u8]| -> [u8; 32] { bytes.try_into().unwrap() };
    let content = (!entry.salt.is_empty()).then(|| Content { salt: hash(&entry.salt), bytes: entry.content.clone() });
    Sealed {
        hash: hash(&entry.hash),
        content,
        entry: Entry {
            case,
            sequence: u64::try_from(entry.sequence).unwrap(),
            kind: word(entry.kind().as_str_name(), "DOSSIER_KIND_").parse().unwrap(),
            visibility: word(entry.visibility().as_str_name(), "DOSSIER_VISIBILITY_").parse().unwrap(),
            actor,
            recorded_at,
            content_type: entry.content_type.clone(),
            commitment: hash(&entry.commitment),
            prev_hash: hash(&entry.prev_hash),
        },
    }
}
