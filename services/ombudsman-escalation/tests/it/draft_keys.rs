//! Changing the key that deliberations are closed under: everything stays readable, nothing is left under the old one,
//! and nobody who runs the database reads a word at any time.

use kernel::Role;
use ombudsman_escalation as office;
use testkit::Served;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::house_service_client::HouseServiceClient;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;

use crate::world::{OFFICE_KEY, World, fresh_id, reason, refusal};

const NEXT_KEY: [u8; 32] = [0x3c; 32];

impl World {
    /// Saves drafts until there are so many.
    async fn drafts(&self, case: &str, count: usize) {
        for number in 1..count {
            let text = format!("deliberated {number} times: the firm is wrong on both points");
            self.oscar().save_draft(self.draft_request(case, &text).await).await.unwrap();
        }
    }
}

async fn keys(served: &Served) -> Vec<(bool, bool, i64)> {
    let mut house = HouseServiceClient::new(served.channel_as("elena", &[Role::Ombudsman], None));
    let told = house.get_draft_keys(pb::GetDraftKeysRequest {}).await.unwrap().into_inner().keys;
    told.iter().map(|key| (key.in_use, key.given, key.draft_count)).collect()
}

async fn reclose(served: &Served, page_size: i32) -> Result<(i32, i64), tonic::Status> {
    let mut house = HouseServiceClient::new(served.channel_as("elena", &[Role::Ombudsman], None));
    let request = pb::RecloseDraftsRequest { page_size, request_id: fresh_id() };
    house.reclose_drafts(request).await.map(|answer| {
        let done = answer.into_inner();
        (done.reclosed_count, done.remaining_count)
    })
}

async fn read(served: &Served, case: &str) -> Result<String, tonic::Status> {
    let mut office = OmbudsmanServiceClient::new(served.channel_as("elena", &[Role::Ombudsman], None));
    office.get_draft(pb::GetDraftRequest { case_name: case.to_owned() }).await.map(|draft| draft.into_inner().text)
}

#[tokio::test]
async fn drafts_are_closed_anew_page_by_page_and_the_former_key_is_taken_away_after_the_last() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    world.drafts(&case, 7).await;
    assert_eq!(keys(&world.served).await, [(true, true, 7)]);

    // Without the former key the office does not start, and says which key it is.
    let Err(refused) = world.with_keys(NEXT_KEY, &[], "").await else { panic!("it must not start") };
    let office::StartError::DraftKeyMissing(missing) = &refused else { panic!("{refused}") };
    assert!(missing.len() == 1 && refused.to_string().contains(&missing[0]), "{refused}");

    let both = world.with_keys(NEXT_KEY, &[OFFICE_KEY], "").await.unwrap();
    assert_eq!(keys(&both).await, [(true, true, 0), (false, true, 7)]);
    let last = "deliberated 6 times: the firm is wrong on both points";
    assert_eq!(read(&both, &case).await.unwrap(), last);
    assert_eq!(reclose(&both, 3).await.unwrap(), (3, 4));
    // Ended in the middle and begun anew, by two at once.
    both.kill();
    let again = world.with_keys(NEXT_KEY, &[OFFICE_KEY], "").await.unwrap();
    let (one, other) = tokio::join!(reclose(&again, 3), reclose(&again, 3));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(one.0 + other.0 <= 4 && one.0 + other.0 >= 3, "{one:?} {other:?}");
    while reclose(&again, 3).await.unwrap().1 > 0 {}
    assert_eq!(reclose(&again, 3).await.unwrap(), (0, 0));
    assert_eq!(keys(&again).await, [(true, true, 7), (false, true, 0)]);
    let noted = world.entries::<pb::DraftsReclosed>().await;
    assert_eq!(noted.iter().map(|entry| entry.draft_count).sum::<i32>(), 7, "each once");

    let alone = world.with_keys(NEXT_KEY, &[], "").await.unwrap();
    assert_eq!(read(&alone, &case).await.unwrap(), last);
    // The old process has the old key alone; what it cannot read it says by the name of the key.
    let (code, why, metadata) = refusal(&read(&world.served, &case).await.unwrap_err());
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "DRAFT_KEY_MISSING"));
    assert!(metadata["key"].len() == 16 && !missing.contains(&metadata["key"]), "{metadata:?}");
}

#[tokio::test]
async fn every_revision_reads_the_same_after_a_change_of_keys() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    world.drafts(&case, 5).await;
    let opened = async |key: [u8; 32]| -> Vec<String> {
        let rows: Vec<(uuid::Uuid, i32, Vec<u8>, Vec<u8>)> =
            sqlx::query_as("select case_id, revision, nonce, ciphertext from ombudsman.draft order by revision")
                .fetch_all(&world.database.admin().await)
                .await
                .unwrap();
        let seal = office::seal::Seal::new(&key);
        let open = |(case, revision, nonce, ciphertext): (uuid::Uuid, i32, Vec<u8>, Vec<u8>)| {
            let closed = office::seal::Closed { key: None, nonce: nonce.try_into().unwrap(), ciphertext };
            seal.open(case, revision, closed).unwrap()
        };
        rows.into_iter().map(open).collect()
    };
    let before = opened(OFFICE_KEY).await;
    assert_eq!(before.len(), 5);
    let both = world.with_keys(NEXT_KEY, &[OFFICE_KEY], "").await.unwrap();
    assert_eq!(reclose(&both, 100).await.unwrap(), (5, 0));
    assert_eq!(opened(NEXT_KEY).await, before);
}

#[tokio::test]
async fn a_lost_key_is_said_to_be_lost_and_the_office_goes_on_without_what_was_under_it() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let Err(refused) = world.with_keys(NEXT_KEY, &[], "").await else { panic!("it must not start") };
    let office::StartError::DraftKeyMissing(missing) = refused else { panic!("{refused}") };
    let without = world.with_keys(NEXT_KEY, &[], &missing[0]).await.unwrap();
    let unread = read(&without, &case).await.unwrap_err();
    assert_eq!(refusal(&unread).2["key"], missing[0]);
    assert!(unread.message().contains(&missing[0]), "{}", unread.message());
    assert_eq!(keys(&without).await, [(true, true, 0), (false, false, 1)]);
    let stuck = reclose(&without, 100).await.unwrap_err();
    assert_eq!(reason(&stuck), (Code::FailedPrecondition, "DRAFT_KEY_MISSING".into()));
}

#[tokio::test]
async fn drafts_from_before_keys_were_named_are_read_and_named() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let mut admin = world.database.admin().await.acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *admin).await.unwrap();
    sqlx::query("update ombudsman.draft set key_id = null").execute(&mut *admin).await.unwrap();
    assert_eq!(keys(&world.served).await, [(true, true, 0), (false, false, 1)]);
    let both = world.with_keys(NEXT_KEY, &[OFFICE_KEY], "").await.unwrap();
    assert_eq!(read(&both, &case).await.unwrap(), "the firm is wrong on both points");
    let strange = world.with_keys(NEXT_KEY, &[], "").await.unwrap();
    assert_eq!(refusal(&read(&strange, &case).await.unwrap_err()).2["key"], "unnamed");
    assert_eq!(reclose(&both, 100).await.unwrap(), (1, 0));
    assert_eq!(keys(&strange).await, [(true, true, 1)]);
}

#[tokio::test]
async fn a_draft_is_only_closed_anew_and_never_rewritten() {
    let world = World::staffed().await;
    let case = crate::world::uuid_of(&world.drafted_case().await.name);
    for change in [
        "update ombudsman.draft set saved_by = 'somebody', nonce = '\\x000000000000000000000000' where case_id = $1",
        "update ombudsman.draft set ciphertext = '\\x00' where case_id = $1",
        "update ombudsman.draft set key_id = null, nonce = '\\x000000000000000000000000' where case_id = $1",
    ] {
        assert_eq!(world.rule_broken_by(change, case).await, "draft_is_only_closed_anew", "{change}");
    }
}

#[tokio::test]
async fn no_word_of_a_draft_is_in_a_dump_of_the_whole_database() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let secret = "quixotically the firm is wrong";
    world.oscar().save_draft(world.draft_request(&case, secret).await).await.unwrap();
    read(&world.served, &case).await.unwrap();
    let both = world.with_keys(NEXT_KEY, &[OFFICE_KEY], "").await.unwrap();
    reclose(&both, 100).await.unwrap();
    world.oscar().save_draft(world.draft_request(&case, "quixotically it is right").await).await.unwrap();

    let sealed = sealed_paper(&world, &case, "sealed: the clerk of the firm is a brother of the director").await;
    reclose(&both, 100).await.unwrap();

    let dump = dump(&world).await;
    let found = |words: &str| dump.contains(words) || dump.contains(&hex::encode(words));
    assert!(found("Me cobran dos veces la factura de marzo"), "the dump holds what is no secret");
    for word in [
        "quixotically",
        secret,
        "the firm is wrong on both points",
        "a brother",
        &hex::encode(OFFICE_KEY),
        &hex::encode(NEXT_KEY),
    ] {
        assert!(!found(word), "{word} is in the dump");
    }
    assert_eq!(
        says(&both, &case, sealed).await.as_deref(),
        Some("sealed: the clerk of the firm is a brother of the director")
    );
}

/// Puts a sealed paper into the dossier.
async fn sealed_paper(world: &World, case: &str, words: &str) -> i64 {
    let request = pb::AddDossierEntryRequest {
        parent: case.to_owned(),
        kind: pb::DossierKind::Evidence.into(),
        visibility: pb::DossierVisibility::Sealed.into(),
        content: words.as_bytes().to_vec(),
        request_id: fresh_id(),
        ..Default::default()
    };
    let entry = world.oscar().add_dossier_entry(request.clone()).await.unwrap().into_inner();
    assert_eq!(entry.content, words.as_bytes());
    assert_eq!(world.oscar().add_dossier_entry(request).await.unwrap().into_inner(), entry, "a retry says the same");
    entry.sequence
}

/// What this process reads in an entry; nothing where it cannot.
async fn says(served: &Served, case: &str, sequence: i64) -> Option<String> {
    let mut office = OmbudsmanServiceClient::new(served.channel_as("elena", &[Role::Ombudsman], None));
    let request = pb::ListDossierEntriesRequest { parent: case.to_owned(), page_size: 100, ..Default::default() };
    let entries = office.list_dossier_entries(request).await.unwrap().into_inner().entries;
    let entry = entries.into_iter().find(|entry| entry.sequence == sequence).expect("it is listed");
    (!entry.redacted).then(|| String::from_utf8(entry.content).unwrap())
}

async fn intact(served: &Served, case: &str) -> (bool, i64) {
    let mut office = OmbudsmanServiceClient::new(served.channel_as("elena", &[Role::Ombudsman], None));
    let request = pb::VerifyDossierRequest { name: case.to_owned() };
    let found = office.verify_dossier(request).await.unwrap().into_inner();
    (found.intact, found.first_bad_sequence)
}

#[tokio::test]
async fn sealed_papers_are_closed_anew_with_the_drafts_and_those_from_before_are_closed() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let (first, second) =
        (sealed_paper(&world, &case, "the first").await, sealed_paper(&world, &case, "the second").await);
    let admin = world.database.admin().await;
    // As it lay before papers were closed.
    let plain = [
        "delete from ombudsman.dossier_content where case_id = $1 and sequence = $2 and $3 <> ''::bytea",
        "insert into ombudsman.dossier_content (case_id, sequence, salt, content) values ($1, $2, $3, 'the first')",
    ];
    let salt: Vec<u8> =
        sqlx::query_scalar("select salt from ombudsman.dossier_content where case_id = $1 and sequence = $2")
            .bind(crate::world::uuid_of(&case))
            .bind(first)
            .fetch_one(&admin)
            .await
            .unwrap();
    let mut together = admin.acquire().await.unwrap();
    sqlx::query("begin").execute(&mut *together).await.unwrap();
    for change in plain {
        let change = sqlx::query(change).bind(crate::world::uuid_of(&case)).bind(first).bind(&salt);
        assert_eq!(change.execute(&mut *together).await.unwrap().rows_affected(), 1);
    }
    sqlx::query("commit").execute(&mut *together).await.unwrap();
    drop(together);
    assert_eq!(says(&world.served, &case, first).await.as_deref(), Some("the first"));
    assert_eq!(keys(&world.served).await, [(true, true, 1)]);

    let Err(refused) = world.with_keys(NEXT_KEY, &[], "").await else { panic!("it must not start") };
    let office::StartError::DraftKeyMissing(missing) = &refused else { panic!("{refused}") };
    let both = world.with_keys(NEXT_KEY, &[OFFICE_KEY], "").await.unwrap();
    assert_eq!(keys(&both).await, [(true, true, 0), (false, true, 1)]);
    assert_eq!(reclose(&both, 1).await.unwrap(), (1, 1));
    assert_eq!(reclose(&both, 1).await.unwrap(), (1, 0));
    assert_eq!(reclose(&both, 1).await.unwrap(), (0, 0));
    assert_eq!(keys(&both).await, [(true, true, 2), (false, true, 0)]);
    let alone = world.with_keys(NEXT_KEY, &[], "").await.unwrap();
    assert_eq!(says(&alone, &case, first).await.as_deref(), Some("the first"));
    assert_eq!(says(&alone, &case, second).await.as_deref(), Some("the second"));
    assert_eq!(intact(&alone, &case).await, (true, 0));
    // Whose key was taken away reads nothing of it, and does not say that it is there.
    assert_eq!(says(&world.served, &case, second).await, None);
    assert_eq!(intact(&world.served, &case).await, (false, first));
    assert_eq!(missing.len(), 1);
}

#[tokio::test]
async fn a_sealed_paper_that_was_altered_or_moved_as_it_lies_is_named() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let (first, second) =
        (sealed_paper(&world, &case, "the first").await, sealed_paper(&world, &case, "the second").await);
    let mut admin = world.database.admin().await.acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *admin).await.unwrap();
    let change = async |admin: &mut sqlx::PgConnection, change: &'static str| {
        let changed =
            sqlx::query(change).bind(crate::world::uuid_of(&case)).bind(first).bind(second).execute(admin).await;
        assert_eq!(changed.unwrap().rows_affected(), 1, "{change}");
    };
    let flip = "update ombudsman.dossier_content set content = set_byte(content, 0, get_byte(content, 0) # 1)
                 where case_id = $1 and sequence = $2 and $3 > 0";
    change(&mut admin, flip).await;
    assert_eq!(intact(&world.served, &case).await, (false, first));
    change(&mut admin, flip).await;
    assert_eq!(intact(&world.served, &case).await, (true, 0));
    // Another's words under the same key are no words of this place.
    let moved =
        "update ombudsman.dossier_content c set content = o.content, nonce = o.nonce from ombudsman.dossier_content o
                  where c.case_id = $1 and c.sequence = $2 and o.case_id = $1 and o.sequence = $3";
    change(&mut admin, moved).await;
    assert_eq!(intact(&world.served, &case).await, (false, first));
}

/// Every row of every table, as text: what whoever runs the database can see.
async fn dump(world: &World) -> String {
    let admin = world.database.admin().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&admin)
    .await
    .unwrap();
    assert!(tables.len() > 30, "{tables:?}");
    let mut dump = String::new();
    for table in tables {
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select t::text from {table} t")))
            .fetch_all(&admin)
            .await
            .unwrap();
        dump.push_str(&rows.join("\n"));
    }
    dump
}

#[tokio::test]
async fn what_was_altered_is_stepped_over_and_named_and_the_rest_is_closed_anew() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    world.drafts(&case, 3).await;
    let mut papers = Vec::new();
    for words in ["the first", "the second", "the third"] {
        papers.push(sealed_paper(&world, &case, words).await);
    }
    let both = world.with_keys(NEXT_KEY, &[OFFICE_KEY], "").await.unwrap();
    let mut admin = world.database.admin().await.acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *admin).await.unwrap();
    let alter = async |admin: &mut sqlx::PgConnection, change: &'static str, at: i64| {
        let changed = sqlx::query(change).bind(crate::world::uuid_of(&case)).bind(at).execute(admin).await;
        assert_eq!(changed.unwrap().rows_affected(), 1, "{change}");
    };
    let paper = "update ombudsman.dossier_content set content = set_byte(content, 0, get_byte(content, 0) # 1)
                  where case_id = $1 and sequence = $2";
    alter(&mut admin, paper, papers[0]).await;
    let mut house = HouseServiceClient::new(both.channel_as("elena", &[Role::Ombudsman], None));
    // A page of one is not taken up by what does not open.
    let mut done = Vec::new();
    for _ in 0..6 {
        let request = pb::RecloseDraftsRequest { page_size: 1, request_id: fresh_id() };
        let answer = house.reclose_drafts(request).await.unwrap().into_inner();
        done.push((answer.reclosed_count, answer.remaining_count, answer.first_altered));
    }
    let named = format!("{case}/entries/{}", papers[0]);
    let told: Vec<(i32, i64, &str)> = done.iter().map(|(one, two, three)| (*one, *two, three.as_str())).collect();
    let none = "";
    assert_eq!(told, [(1, 5, none), (1, 4, none), (1, 3, none), (1, 2, &named), (1, 1, &named), (0, 1, &named)]);
    let draft =
        "update ombudsman.draft set ciphertext = set_byte(ciphertext, 0, get_byte(ciphertext, 0) # 1), key_id = null
                  where case_id = $1 and revision = $2";
    alter(&mut admin, draft, 1).await;
    let request = pb::RecloseDraftsRequest { page_size: 25, request_id: fresh_id() };
    let answer = house.reclose_drafts(request).await.unwrap().into_inner();
    assert_eq!((answer.reclosed_count, answer.first_altered.as_str()), (0, named.as_str()));
}

#[tokio::test]
async fn papers_from_before_they_were_closed_are_counted_and_who_has_no_mandate_closes_none() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let sequence = sealed_paper(&world, &case, "the first").await;
    let mut admin = world.database.admin().await.acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *admin).await.unwrap();
    let plain = "update ombudsman.dossier_content set content = 'the first', key_id = null, nonce = null
                  where case_id = $1 and sequence = $2";
    let changed = sqlx::query(plain).bind(crate::world::uuid_of(&case)).bind(sequence).execute(&mut *admin).await;
    assert_eq!(changed.unwrap().rows_affected(), 1);
    let house = |who: &str| HouseServiceClient::new(world.served.channel_as(who, &[Role::Ombudsman], None));
    let told = house("elena").get_draft_keys(pb::GetDraftKeysRequest {}).await.unwrap().into_inner();
    assert_eq!(told.unclosed_count, 1);
    let request = || pb::RecloseDraftsRequest { page_size: 1, request_id: fresh_id() };
    let stranger = house("nobody").reclose_drafts(request()).await.unwrap_err();
    assert_eq!(reason(&stranger), (Code::PermissionDenied, "NO_MANDATE".into()));
    let done = house("elena").reclose_drafts(request()).await.unwrap().into_inner();
    assert_eq!((done.reclosed_count, done.remaining_count), (1, 0));
    let told = house("elena").get_draft_keys(pb::GetDraftKeysRequest {}).await.unwrap().into_inner();
    assert_eq!(told.unclosed_count, 0);
}
