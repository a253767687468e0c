//! The dossier: who sees what of it, and that nothing done to it stays unseen.

use kernel::ResourceId as _;
use kernel::Role;
use ombudsman_escalation::bundle::{self, Known};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::dossier::{Content, Entry, Head, Sealed, verify};
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::r#type::v1::Channel;

use crate::world::{SIGNPOST, World, fields, fresh_id, reason, uuid_of};

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
    world.hire("rita", Role::Investigator, pb::OfficeRole::Investigator).await;
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
    let page = |page_token: String| pb::ListDossierEntriesRequest {
        parent: case.clone(),
        page_size: 2,
        page_token,
        ..Default::default()
    };
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
    assert_eq!(sequences, (1..=12).collect::<Vec<i64>>());

    // From the end as from the beginning.
    let back = |page_token: String| pb::ListDossierEntriesRequest { newest_first: true, ..page(page_token) };
    let (mut backwards, mut token) = (Vec::new(), String::new());
    loop {
        let answer = world.ines().list_dossier_entries(back(token)).await.unwrap().into_inner();
        backwards.extend(answer.entries.iter().map(|entry| entry.sequence));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
        let refused = world.ines().list_dossier_entries(page(token.clone())).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::InvalidArgument, "INVALID_PAGE_TOKEN".into()), "of the other direction");
    }
    assert_eq!(backwards, (1..=12).rev().collect::<Vec<i64>>());
    let both = pb::ListDossierEntriesRequest { first_sequence: 3, ..back(String::new()) };
    assert_eq!(fields(&world.ines().list_dossier_entries(both).await.unwrap_err()), ["first_sequence"]);
}

#[tokio::test]
async fn an_untouched_dossier_is_intact_and_nobody_takes_content_out_of_it() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let before = verdict(&world, &case).await;
    assert!(before.intact && before.entry_count == 12);
    let taken = "delete from ombudsman.dossier_content where case_id = $1 and sequence = 2";
    assert_eq!(world.rule_broken_by(taken, uuid_of(&case)).await, "dossier_content_goes_with_its_case");
    assert_eq!(verdict(&world, &case).await, before);
    let all = sqlx::query("truncate ombudsman.dossier_content").execute(&world.database.admin().await).await;
    assert_eq!(all.unwrap_err().as_database_error().unwrap().constraint(), Some("dossier_content_immutable"));
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
    let export = world
        .ines()
        .export_dossier(pb::ExportDossierRequest { name: case.clone(), audience: 0 })
        .await
        .unwrap()
        .into_inner();
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
    let request = pb::ExportDossierRequest { name: case.clone(), audience: 0 };
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
    world.hire("rita", Role::Investigator, pb::OfficeRole::Investigator).await;
    let export = world.as_person("rita", Role::Investigator).export_dossier(request).await.unwrap().into_inner();
    let mut entries: Vec<Sealed> = export.entries.iter().map(|entry| read(id, entry)).collect();
    assert!(entries.last().unwrap().content.is_none());
    assert_eq!(verify(id, &entries, head(&export)), Ok(()));
    entries[6].entry.content_type.push('x');
    assert_eq!(verify(id, &entries, head(&export)).unwrap_err().sequence, 7);
}

#[tokio::test]
async fn the_first_altered_entry_of_a_dossier_that_was_taken_away_is_named_whatever_was_done_to_it() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    add(&world, &case, pb::DossierVisibility::Sealed, "for those who work on it").await;
    let request = pb::ExportDossierRequest { name: case.clone(), audience: 0 };
    let whole = world.ines().export_dossier(request.clone()).await.unwrap().into_inner();
    world.hire("rita", Role::Investigator, pb::OfficeRole::Investigator).await;
    let redacted = world.as_person("rita", Role::Investigator).export_dossier(request).await.unwrap().into_inner();
    let known = |head| Known { head, keys: &[] };
    let (intact, bare) =
        (bundle::verify(&whole, known(None)).unwrap(), bundle::verify(&redacted, known(None)).unwrap());
    assert_eq!((intact.case.name(), intact.bare.len()), (case, 0));
    assert_eq!((bare.entries, bare.head), (intact.entries, intact.head));
    assert_eq!(bare.bare.last(), Some(&(intact.entries as u64)));
    assert!(bundle::verify(&redacted, known(Some(intact.head))).is_ok());
    let broken = |export: &pb::DossierExport, head| bundle::verify(export, known(head)).unwrap_err().to_string();
    for export in [&whole, &redacted] {
        let said = |change: &dyn Fn(&mut pb::DossierExport)| {
            let mut export = export.clone();
            change(&mut export);
            broken(&export, None)
        };
        let altered = "entry 3 was altered: its hash is not the hash of what it says";
        assert_eq!(said(&|export| export.entries[2].actor.as_mut().unwrap().id.push('x')), altered);
        assert_eq!(said(&|export| export.entries[2].content_type.push('x')), altered);
        assert_eq!(said(&|export| export.entries[2].record_time.as_mut().unwrap().nanos += 1_000), altered);
        assert_eq!(said(&|export| export.entries[2].kind = pb::DossierKind::Note.into()), altered);
        let relabelled = said(&|export| export.entries[2].visibility = pb::DossierVisibility::Office.into());
        assert_eq!(relabelled, altered);
        assert_eq!(said(&|export| export.entries[2].commitment[0] ^= 1), altered);
        let contents = "entry 5 was altered: its content is not what was committed to";
        assert_eq!(said(&|export| export.entries[4].content[0] ^= 1), contents);
        assert_eq!(said(&|export| export.entries[4].content.clear()), contents);
        assert_eq!(said(&|export| export.entries[4].salt[0] ^= 1), contents);
        assert_eq!(said(&|export| export.entries[4].salt.clear()), "entry 5 was altered: salt must have 32 bytes");
        assert_eq!(
            said(&|export| export.entries[2].name.push('x')),
            "entry 3 was altered: name is not the name of that entry of the case"
        );
        assert_eq!(
            said(&|export| export.entries[2].commitment.truncate(31)),
            "entry 3 was altered: commitment must have 32 bytes"
        );
        assert_eq!(said(&|export| drop(export.entries.remove(3))), "entry 4 is not there");
        assert_eq!(said(&|export| export.entries.swap(1, 2)), "entry 2 is not there");
        assert_eq!(said(&|export| export.entries.insert(3, export.entries[2].clone())), "entry 4 is not there");
        assert_eq!(said(&|export| export.entries.truncate(5)), "entry 6 is not there");
        // Of two the first is named, whichever kind they are of.
        let both = said(&|export| {
            export.entries[4].hash.clear();
            export.entries[1].actor.as_mut().unwrap().id.push('x');
        });
        assert_eq!(both, "entry 2 was altered: its hash is not the hash of what it says");
        assert_eq!(
            said(&|export| export.head_hash.truncate(31)),
            "the file is no dossier: head_hash must have 32 bytes"
        );
        assert_eq!(said(&|export| export.case_name.clear()), "the file is no dossier: case_name is required");
    }
    // Made anew from its first entry on, head and number included: only who kept the head elsewhere can tell, and does.
    let mut forged = whole.clone();
    forged.entries.truncate(1);
    forged.entry_count = 1;
    forged.head_hash.clone_from(&forged.entries[0].hash);
    assert!(bundle::verify(&forged, known(None)).is_ok());
    assert_eq!(broken(&forged, Some(intact.head)), "entry 1 is not the one that the head names");
}

#[tokio::test]
async fn what_the_office_signed_in_a_dossier_is_held_against_its_key_and_a_chain_made_anew_around_it_does_not_help() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    world.decide(&case).await;
    let export = world
        .ines()
        .export_dossier(pb::ExportDossierRequest { name: case.clone(), audience: 0 })
        .await
        .unwrap()
        .into_inner();
    // The office had another key before.
    let keys = [vec![8; 32], world.harness.checkpoint_key()];
    let against = |export: &pb::DossierExport, keys: &[Vec<u8>]| bundle::verify(export, Known { head: None, keys });
    let intact = against(&export, &keys).unwrap();
    let papers = |export: &pb::DossierExport| -> Vec<u64> {
        use pb::DossierKind::{Acknowledgement, Decision};
        let signed = export.entries.iter().filter(|entry| {
            matches!(entry.kind(), Acknowledgement | Decision) && entry.content_type.starts_with("text/plain")
        });
        signed.map(|entry| u64::try_from(entry.sequence).unwrap()).collect()
    };
    // The acknowledgement; the decision as it was issued, and as the parties were told it.
    assert_eq!((intact.signed.clone(), intact.signed.len()), (papers(&export), 3));
    let other = against(&export, &[vec![7; 32]]).unwrap_err().to_string();
    assert_eq!(
        other,
        format!(
            "entry {} is no paper of this case that the key signed: it was sealed with another key",
            intact.signed[0]
        )
    );
    let id = CaseId::parse(&case).unwrap();
    for (place, from, into, because) in [
        (
            intact.signed[0],
            case.as_str(),
            "cases/0190a000-0000-7000-8000-000000000001",
            "the text is not the one that was sealed: its hash differs",
        ),
        (intact.signed[1], SIGNPOST, "nobody at all", "the text is not the one that was sealed: its hash differs"),
        (intact.signed[2], "outcome: partly_upheld", "outcome: upheld", "the signature does not hold"),
    ] {
        let forged = forge(id, &export, place, |text| text.replace(from, into));
        assert!(bundle::verify(&forged, Known::default()).is_ok(), "the chain alone holds");
        let said = against(&forged, &keys).unwrap_err().to_string();
        assert_eq!(said, format!("entry {place} is no paper of this case that the key signed: {because}"));
    }
    // A paper that the key did sign, of another case.
    let theirs = world.case().await.name;
    let theirs =
        world.ines().export_dossier(pb::ExportDossierRequest { name: theirs, audience: 0 }).await.unwrap().into_inner();
    let acknowledged = theirs.entries.iter().find(|entry| entry.kind() == pb::DossierKind::Acknowledgement).unwrap();
    let acknowledged = String::from_utf8(acknowledged.content.clone()).unwrap();
    let forged = forge(id, &export, intact.signed[0], |_| acknowledged.clone());
    let said = against(&forged, &keys).unwrap_err().to_string();
    assert_eq!(
        said,
        format!("entry {} is no paper of this case that the key signed: it belongs to another case", intact.signed[0])
    );
}

/// A dossier whose entry at `place` says something else, chained anew from there on, head included.
fn forge(case: CaseId, export: &pb::DossierExport, place: u64, change: impl Fn(&str) -> String) -> pb::DossierExport {
    let mut forged = export.clone();
    let mut last = Head::EMPTY;
    for entry in &mut forged.entries {
        let mut sealed = read(case, entry);
        if sealed.entry.sequence == place {
            let content = sealed.content.as_mut().unwrap();
            let changed = change(std::str::from_utf8(&content.bytes).unwrap());
            assert_ne!(changed.as_bytes(), content.bytes);
            content.bytes = changed.into_bytes();
            sealed.entry.commitment = content.commitment();
            entry.content.clone_from(&content.bytes);
        }
        sealed.entry.prev_hash = last.hash;
        sealed.hash = sealed.entry.hash();
        entry.commitment = sealed.entry.commitment.to_vec();
        entry.prev_hash = last.hash.to_vec();
        entry.hash = sealed.hash.to_vec();
        last = sealed.head();
    }
    forged.head_hash = last.hash.to_vec();
    forged
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

#[tokio::test]
async fn what_is_taken_away_for_the_parties_holds_what_both_may_read_and_verifies_as_a_whole() {
    let world = World::monitored().await.0;
    let case = world.seated_under("es.general").await;
    world.to_draft(&case).await;
    add(&world, &case, pb::DossierVisibility::Sealed, "for those who work on it").await;
    add(&world, &case, pb::DossierVisibility::Office, "the firm has lost two such before").await;
    add(&world, &case, pb::DossierVisibility::Parties, "the bank's receipt").await;
    act!(world, "liaison", offer_settlement, OfferSettlementRequest, &case, terms: "41 euros at once").unwrap();
    let take = async |audience: pb::DossierAudience| {
        let request = pb::ExportDossierRequest { name: case.clone(), audience: audience.into() };
        world.elena().export_dossier(request).await.unwrap().into_inner()
    };
    let says = |export: &pb::DossierExport, words: &str| {
        let bytes = prost::Message::encode_to_vec(export);
        bytes.windows(words.len()).any(|window| window == words.as_bytes())
    };
    let whole = take(pb::DossierAudience::Office).await;
    let theirs = take(pb::DossierAudience::Parties).await;
    let words =
        ["for those who work on it", "the firm has lost two such before", "41 euros at once", "the bank's receipt"];
    assert_eq!(words.map(|words| says(&whole, words)), [true; 4]);
    assert_eq!(words.map(|words| says(&theirs, words)), [false, false, false, true]);
    let bare = |entry: &pb::DossierEntry| entry.content.is_empty() && entry.salt.is_empty();
    assert!(theirs.entries.iter().all(|entry| entry.visibility() == pb::DossierVisibility::Parties || bare(entry)));
    let known = || Known { head: None, keys: &[] };
    let (intact, redacted) = (bundle::verify(&whole, known()).unwrap(), bundle::verify(&theirs, known()).unwrap());
    assert_eq!((redacted.entries, redacted.head), (intact.entries, intact.head));
    // Once the claimant was told the offer it is a paper of theirs.
    act!(world, "ines", tell_offer, TellOfferRequest, &case, channel: Channel::Post).unwrap();
    assert!(says(&take(pb::DossierAudience::Parties).await, "41 euros at once"));
    let told = world.entries::<pb::DossierExported>().await;
    let audiences: Vec<_> = told.iter().map(pb::DossierExported::audience).collect();
    assert_eq!(audiences, [pb::DossierAudience::Office, pb::DossierAudience::Parties, pb::DossierAudience::Parties]);
    let wrong = pb::ExportDossierRequest { name: "cases/9".into(), audience: 9 };
    assert_eq!(fields(&world.elena().export_dossier(wrong).await.unwrap_err()), ["name", "audience"]);
}
