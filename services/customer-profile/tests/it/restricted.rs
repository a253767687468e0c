//! Data that is kept and not used: what stewards compare is no way to read off who a restricted customer is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::Role;
use tonic::Code;
use ventanilla_proto::customer::v1::*;

use crate::rights::{id, rights};
use crate::support::{Say, World, dni, reason, record};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposal_about_a_restricted_customer_shows_its_words_to_who_keeps_them_alone() {
    let world = World::new().await;
    let name = ["Begoña", "Echeverría", "Larrañaga"];
    let one = world.ingest(record("crm", "sales", "1").parts(name).born("1975-03-12").dni(&dni(20_000_001))).await;
    world.ingest(record("bills", "billing", "1").parts(name).born("1975-03-12").dni(&dni(20_000_002))).await;
    let waiting = world.queue().await.remove(0);
    let request = RestrictCustomerRequest { name: one.customer.clone(), ground: 1, request_id: world.request_id() };
    rights(&world).restrict_customer(request).await.unwrap();

    let get = || GetMatchProposalRequest { name: waiting.name.clone() };
    let sides = |shown: MatchProposal| {
        let both = [shown.first.unwrap(), shown.second.unwrap()];
        let of_one = |side: &&SourceRecord| side.customer == one.customer;
        let restricted = both.iter().find(of_one).unwrap().clone();
        (restricted, both.iter().find(|side| !of_one(side)).unwrap().clone())
    };
    let (restricted, other) =
        sides(world.client(Role::Supervisor).get_match_proposal(get()).await.unwrap().into_inner());
    assert!(restricted.person_name.is_none() && restricted.identifiers.is_empty() && restricted.external_id.is_empty());
    assert!(other.person_name.is_some());
    // Equal to what stands beside it in plain words would be the same words.
    let says_nothing = |shown: &MatchProposal| {
        assert_eq!((shown.findings.as_slice(), shown.doubt()), ([].as_slice(), MatchDoubt::Unspecified), "{shown:?}");
        assert!(shown.score.abs() < f64::EPSILON, "{shown:?}");
    };
    says_nothing(&world.client(Role::Supervisor).get_match_proposal(get()).await.unwrap().into_inner());
    let list = ListMatchProposalsRequest::default();
    let listed = world.client(Role::Supervisor).list_match_proposals(list).await.unwrap().into_inner();
    says_nothing(&listed.proposals[0]);
    assert_eq!(sides(listed.proposals[0].clone()).0, restricted);
    let shown = world.client(Role::Steward).get_match_proposal(get()).await.unwrap().into_inner();
    assert_eq!((&shown.findings, shown.score), (&waiting.findings, waiting.score));
    assert!(sides(shown).0.person_name.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_after_a_restricted_pair_is_found_without_its_score() {
    let world = World::new().await;
    let mut names = Vec::new();
    for (n, given) in ["Begoña", "Maite"].into_iter().enumerate() {
        let name = [given, "Echeverría", "Larrañaga"];
        let (one, other) = (n.to_string(), format!("{n}-too"));
        names.push(world.ingest(record("crm", "sales", &one).parts(name).born("1975-03-12")).await.customer);
        world.ingest(record("bills", "billing", &other).parts(name)).await;
    }
    let all = world.queue().await;
    assert!(all.len() >= 2, "{all:?}");
    for name in names {
        let request = RestrictCustomerRequest { name, ground: 1, request_id: world.request_id() };
        rights(&world).restrict_customer(request).await.unwrap();
    }
    let mut found = Vec::new();
    let mut request = ListMatchProposalsRequest { page_size: 1, ..Default::default() };
    loop {
        let page = world.client(Role::Supervisor).list_match_proposals(request.clone()).await.unwrap().into_inner();
        found.extend(page.proposals.into_iter().map(|proposal| proposal.name));
        if page.next_page_token.is_empty() {
            break;
        }
        let token = URL_SAFE_NO_PAD.decode(&page.next_page_token).unwrap();
        let token = String::from_utf8_lossy(&token);
        let told = all.iter().find(|proposal| token.contains(&proposal.score.to_string()));
        assert_eq!(told.map(|proposal| &proposal.name), None, "{token}");
        request.page_token = page.next_page_token;
    }
    assert_eq!(found, all.iter().map(|proposal| proposal.name.clone()).collect::<Vec<_>>());
    // A token that names nobody's proposal is no place to go on from.
    let mut request = ListMatchProposalsRequest { page_size: 1, ..Default::default() };
    request.page_token = world
        .client(Role::Supervisor)
        .list_match_proposals(request.clone())
        .await
        .unwrap()
        .into_inner()
        .next_page_token;
    sqlx::query("delete from customer_profile.match_proposal where id = $1")
        .bind(id(&found[0]))
        .execute(&world.admin().await)
        .await
        .unwrap();
    let refused = world.client(Role::Supervisor).list_match_proposals(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_PAGE_TOKEN"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_holds_another_apart_from_a_restricted_customer_confirms_no_field_of_them() {
    let world = World::new().await;
    let name = ["Begoña", "Echeverría", "Larrañaga"];
    let one = world.ingest(record("crm", "sales", "1").parts(name).born("1975-03-12")).await;
    let other = world.ingest(record("bills", "billing", "1").parts(name)).await;
    let waiting = world.queue().await.remove(0);
    world.reject(&waiting).await.unwrap();
    // Both are given one document: a rule would join them, and is held back.
    for (system, department) in [("crm", "sales"), ("bills", "billing")] {
        let later = record(system, department, "1").parts(name).dni(&dni(7)).observed("2026-11-22T09:00:00Z");
        world.ingest(later).await;
    }
    world.compared().await;
    let request = RestrictCustomerRequest { name: one.customer.clone(), ground: 1, request_id: world.request_id() };
    rights(&world).restrict_customer(request).await.unwrap();

    let list = |role| {
        let mut client = world.client(role);
        let request = ListIdentityLinksRequest { parent: other.customer.clone(), ..Default::default() };
        async move { client.list_identity_links(request).await.unwrap().into_inner().links }
    };
    let kept = list(Role::Steward).await;
    assert!(kept.iter().any(|link| link.identifier_type() == IdentifierType::NationalId), "{kept:?}");
    assert!(kept.iter().all(|link| !link.findings.is_empty()), "{kept:?}");
    let expected: Vec<IdentityLink> = kept
        .into_iter()
        .map(|link| IdentityLink {
            basis: 0,
            identifier_type: 0,
            score: 0.0,
            reason: String::new(),
            findings: Vec::new(),
            doubt: 0,
            ..link
        })
        .collect();
    assert_eq!(list(Role::Supervisor).await, expected, "that it is said, and not on what grounds");
}
