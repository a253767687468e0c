//! The dossier as its claimant reads it: page by page from either end, and one paper alone.

use ventanilla_proto::ombudsman::v1 as pb;

use crate::claimant::Claimant;
use crate::world::{World, fields, reason};

#[tokio::test]
async fn the_dossier_is_read_from_its_end_page_by_page_as_from_its_beginning() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    for number in 0..7 {
        claimant.add(pb::DossierKind::Evidence, &format!("paper {number}")).await.unwrap();
    }
    let page = async |newest_first, page_token| {
        let request = pb::ListClaimantEntriesRequest {
            tracking_key: claimant.key.clone(),
            proof: claimant.proof.clone(),
            page_size: 3,
            page_token,
            newest_first,
            office_code: claimant.code.clone(),
            ..Default::default()
        };
        claimant.client.clone().list_claimant_entries(request).await
    };
    let mut all = Vec::new();
    let mut token = String::new();
    loop {
        let found = page(true, token).await.unwrap().into_inner();
        all.extend(found.entries);
        token = found.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    all.reverse();
    assert_eq!(all, claimant.read().await);
    let token = page(true, String::new()).await.unwrap().into_inner().next_page_token;
    assert_eq!(reason(&page(false, token).await.unwrap_err()).1, "INVALID_PAGE_TOKEN", "of the other direction");
}

#[tokio::test]
async fn a_page_of_long_papers_ends_before_it_is_more_than_its_reader_takes_at_once() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    let longest = "l".repeat(256 * 1024);
    for _ in 0..20 {
        claimant.add(pb::DossierKind::Evidence, &longest).await.unwrap();
    }
    // A client takes 4 MiB of one answer where nobody told it otherwise: 20 such papers are more.
    let (mut lengths, mut read, mut token) = (Vec::new(), Vec::new(), String::new());
    loop {
        let request = pb::ListClaimantEntriesRequest {
            tracking_key: claimant.key.clone(),
            proof: claimant.proof.clone(),
            page_size: 100,
            page_token: token,
            newest_first: true,
            office_code: claimant.code.clone(),
            ..Default::default()
        };
        let page = claimant.client.clone().list_claimant_entries(request).await.unwrap().into_inner();
        lengths.push(page.entries.iter().filter(|entry| entry.content.len() == longest.len()).count());
        read.extend(page.entries);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(lengths, [8, 8, 4], "so many are 2 MiB together");
    let sequences: Vec<i64> = read.iter().map(|entry| entry.sequence).collect();
    assert!(sequences.windows(2).all(|pair| pair[0] > pair[1]), "none twice: {sequences:?}");
    assert_eq!(read.iter().filter(|entry| entry.content == longest.as_bytes()).count(), 20);
}

#[tokio::test]
async fn one_paper_is_asked_for_by_its_number_and_nothing_else_is_noted_as_shown() {
    let world = World::staffed().await;
    let claimant = Claimant::of(&world, "es.finance").await;
    for number in 0..3 {
        claimant.add(pb::DossierKind::Evidence, &format!("paper {number}")).await.unwrap();
    }
    let all = claimant.read().await;
    let asked = &all[all.len() - 2];
    let request = |first_sequence, newest_first| pb::ListClaimantEntriesRequest {
        tracking_key: claimant.key.clone(),
        proof: claimant.proof.clone(),
        page_size: 1,
        newest_first,
        first_sequence,
        office_code: claimant.code.clone(),
        ..Default::default()
    };
    let list = async |request| claimant.client.clone().list_claimant_entries(request).await;
    let found = list(request(asked.sequence, false)).await.unwrap().into_inner().entries;
    assert_eq!(found, std::slice::from_ref(asked));
    let log = pb::ListDossierAccessesRequest { parent: claimant.case.clone(), page_size: 1, ..Default::default() };
    let last = world.elena().list_dossier_accesses(log).await.unwrap().into_inner().accesses.remove(0);
    assert_eq!((last.first_sequence, last.last_sequence), (asked.sequence, asked.sequence));
    for refused in [request(-1, false), request(asked.sequence, true)] {
        assert_eq!(fields(&list(refused).await.unwrap_err()), ["first_sequence"]);
    }
}
