//! The access log of dossiers: nobody is shown what is not written down as shown.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::world::{World, reason};

fn page(case: &str) -> pb::ListDossierEntriesRequest {
    pb::ListDossierEntriesRequest { parent: case.to_owned(), page_size: 100, ..Default::default() }
}

async fn log(world: &World, case: &str) -> Vec<pb::DossierAccess> {
    let request = pb::ListDossierAccessesRequest { parent: case.to_owned(), ..Default::default() };
    world.elena().list_dossier_accesses(request).await.unwrap().into_inner().accesses
}

async fn seal(world: &World, case: &str) {
    let request = pb::AddDossierEntryRequest {
        parent: case.to_owned(),
        kind: pb::DossierKind::Evidence.into(),
        visibility: pb::DossierVisibility::Sealed.into(),
        content_type: "text/plain".to_owned(),
        content: b"for those who work on it".to_vec(),
        request_id: crate::world::fresh_id(),
        receive_time: None,
    };
    world.oscar().add_dossier_entry(request).await.unwrap();
}

#[tokio::test]
async fn who_is_shown_a_dossier_stands_in_its_access_log_with_what_they_were_shown() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    seal(&world, &case).await;
    world.hire("rita", Role::Investigator, pb::OfficeRole::Investigator).await;
    let already = log(&world, &case).await.len();
    let seen = world.ines().list_dossier_entries(page(&case)).await.unwrap().into_inner().entries;
    let parties = world.liaison().list_dossier_entries(page(&case)).await.unwrap().into_inner().entries;
    let rita = world.as_person("rita", Role::Investigator).list_dossier_entries(page(&case)).await;
    rita.unwrap();
    let accesses = log(&world, &case).await;
    assert_eq!(accesses.len(), already + 3, "reading the log is no reading of the dossier");
    let told: Vec<(&str, i64, bool)> = accesses
        .iter()
        .take(3)
        .map(|access| (access.actor.as_ref().unwrap().id.as_str(), access.last_sequence, access.sealed_shown))
        .collect();
    let (all, theirs) = (seen.last().unwrap().sequence, parties.last().unwrap().sequence);
    assert_eq!(told[0], ("rita", all, false), "she sees that it is there, and not what it says");
    assert_eq!((told[1].1, told[1].2), (theirs, false));
    assert_eq!(told[2], ("ines", all, true));
    // Who is handed the acknowledgement is shown the paper that it is.
    let name = format!("{case}/acknowledgement");
    let request = pb::GetAcknowledgementRequest { name, format: pb::DocumentFormat::Text.into() };
    world.ines().get_acknowledgement(request).await.unwrap();
    let handed = log(&world, &case).await.remove(0);
    let paper = seen.iter().find(|entry| entry.kind() == pb::DossierKind::Acknowledgement).unwrap().sequence;
    assert_eq!((handed.first_sequence, handed.last_sequence), (paper, paper));
    assert!(accesses.iter().all(|access| access.read_time.is_some()), "{accesses:?}");
    assert_eq!(accesses[2].first_sequence, 1);

    // One paper: that one alone is shown, and noted.
    let one = pb::ListDossierEntriesRequest { first_sequence: 3, page_size: 1, ..page(&case) };
    let shown = world.ines().list_dossier_entries(one).await.unwrap().into_inner();
    assert_eq!(shown.entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [3]);
    let noted = log(&world, &case).await.remove(0);
    assert_eq!((noted.first_sequence, noted.last_sequence), (3, 3));
    // The rest goes on from it, and its token opens nothing else.
    let on = |token: String, first: i64| pb::ListDossierEntriesRequest {
        first_sequence: first,
        page_token: token,
        ..page(&case)
    };
    let rest = world.ines().list_dossier_entries(on(shown.next_page_token.clone(), 3)).await.unwrap().into_inner();
    assert_eq!(rest.entries.first().map(|entry| entry.sequence), Some(4));
    let elsewhere = world.ines().list_dossier_entries(on(shown.next_page_token, 1)).await.unwrap_err();
    assert_eq!(reason(&elsewhere).1, "INVALID_PAGE_TOKEN");
    let negative = world.ines().list_dossier_entries(on(String::new(), -1)).await.unwrap_err();
    assert_eq!(reason(&negative).0, Code::InvalidArgument);
    let beyond = world.ines().list_dossier_entries(on(String::new(), 9_999)).await.unwrap().into_inner();
    assert!(beyond.entries.is_empty(), "{beyond:?}");
    let accesses = log(&world, &case).await;

    // Page by page, each access once.
    let request =
        |token: String| pb::ListDossierAccessesRequest { parent: case.clone(), page_size: 2, page_token: token };
    let (mut paged, mut token) = (Vec::new(), String::new());
    loop {
        let answer = world.elena().list_dossier_accesses(request(token)).await.unwrap().into_inner();
        paged.extend(answer.accesses);
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, accesses);
    let refused = world.oscar().list_dossier_accesses(request(String::new())).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_shown_and_what_is_written_down_stays() {
    let world = World::staffed().await;
    let case = world.seated_case().await.name;
    let admin = world.database.admin().await;
    world.ines().list_dossier_entries(page(&case)).await.unwrap();
    for change in ["update ombudsman.dossier_access set actor_id = 'nobody'", "delete from ombudsman.dossier_access"] {
        let refused = sqlx::query(change).execute(&admin).await.unwrap_err();
        assert!(refused.to_string().contains("dossier_access is written once"), "{refused}");
    }
    sqlx::query("alter table ombudsman.dossier_access add constraint closed check (read_at < '2000-01-01') not valid")
        .execute(&admin)
        .await
        .unwrap();
    let refused = world.ines().list_dossier_entries(page(&case)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Internal, "{refused:?}");
}
