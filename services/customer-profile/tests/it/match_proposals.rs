//! The stewards' queue: pairs that are most likely one person, and what comes of an answer.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, reason, record};

const BEGONA: [&str; 3] = ["Begoña", "Echeverría", "Larrañaga"];

/// Two records of one woman that share no identifier: probable, not certain.
async fn two_of_one(world: &World) -> [SourceRecord; 2] {
    let sales = world.ingest(record("crm", "sales", "1").parts(BEGONA).born("1975-03-12")).await;
    let billing = world.ingest(record("bills", "billing", "1").parts(BEGONA).phone("600111222")).await;
    [sales, billing]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probable_pair_waits_for_a_steward_who_is_told_why() {
    let world = World::new().await;
    let [sales, billing] = two_of_one(&world).await;
    assert_ne!(sales.customer, billing.customer);
    let queue = world.queue().await;
    assert_eq!(queue.len(), 1, "{queue:?}");
    let proposal = &queue[0];
    assert_eq!(proposal.state(), MatchProposalState::Open);
    let records = [&proposal.first, &proposal.second].map(|r| r.as_ref().unwrap().name.clone());
    assert!(records.contains(&sales.name) && records.contains(&billing.name));
    let sum: f64 = proposal.findings.iter().map(|finding| finding.weight).sum();
    assert!((sum - proposal.score).abs() < 1e-9, "the findings add up to the score");
    let level = |field| proposal.findings.iter().find(|f| f.field() == field).unwrap().level();
    assert_eq!(level(MatchField::FirstSurname), MatchLevel::Exact);
    assert_eq!(level(MatchField::BirthDate), MatchLevel::Missing);
    assert!(!proposal.rules_version.is_empty());
    let read = GetMatchProposalRequest { name: proposal.name.clone() };
    assert_eq!(&world.client(Role::Supervisor).get_match_proposal(read).await.unwrap().into_inner(), proposal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmed_pair_is_one_customer_and_says_who_said_so_and_why() {
    let world = World::new().await;
    let [sales, billing] = two_of_one(&world).await;
    let proposal = world.queue().await.remove(0);
    let answered = world.confirm(&proposal).await.unwrap();
    assert_eq!(answered.state(), MatchProposalState::Confirmed);
    assert!(!answered.decided_by.is_empty() && answered.decide_time.is_some());
    let one = world.customer(&billing.customer).await;
    assert_eq!((&one.name, &one.source_records), (&sales.customer, &vec![sales.name.clone(), billing.name]));
    assert_eq!(world.queue().await, []);
    let links = world.links(&one.name).await;
    assert_eq!(links.len(), 1);
    assert_eq!(
        (links[0].r#type(), links[0].basis(), links[0].state()),
        (LinkType::SameAs, LinkBasis::Steward, LinkState::Active)
    );
    assert_eq!((links[0].reason.as_str(), &links[0].asserted_by), ("asked her", &answered.decided_by));
    // The steward's word is certain; what they saw, with its doubts, stands beside it.
    assert_eq!((links[0].grade(), links[0].doubt()), (MatchGrade::Certain, proposal.doubt()));
    assert_eq!((&links[0].findings, links[0].score), (&proposal.findings, proposal.score));
    let kinds = world.entries(4).await;
    assert_eq!(kinds[2..], ["ventanilla.customer.v1.IdentityLinkAsserted", "ventanilla.customer.v1.CustomersLinked"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejected_pair_stays_two_whatever_the_records_say_later() {
    let world = World::new().await;
    let [sales, billing] = two_of_one(&world).await;
    let proposal = world.queue().await.remove(0);
    assert_eq!(world.reject(&proposal).await.unwrap().state(), MatchProposalState::Rejected);
    assert_eq!(world.queue().await, []);
    // Both are given the same document, and say the same otherwise too.
    let later = |r: SourceRecord| r.parts(BEGONA).born("1975-03-12").dni(&dni(7)).observed("2026-11-22T09:00:00Z");
    world.ingest(later(record("crm", "sales", "1"))).await;
    world.ingest(later(record("bills", "billing", "1"))).await;
    world.compared().await;
    let [one, other] = [&sales.customer, &billing.customer].map(String::as_str);
    assert_eq!(world.customer(one).await.name, sales.customer);
    assert_eq!(world.customer(other).await.name, billing.customer);
    assert_eq!(world.queue().await, [], "nobody is asked again");
    let links = world.links(one).await;
    for link in &links {
        let grade = if link.r#type() == LinkType::SameAs { MatchGrade::Certain } else { MatchGrade::CertainlyNot };
        assert_eq!(link.grade(), grade);
        assert!(!link.findings.is_empty(), "whatever it rests on, the two were compared: {link:?}");
    }
    let said = |link: &IdentityLink| (link.r#type(), link.basis(), link.state());
    let mut said: Vec<_> = links.iter().map(said).collect();
    said.sort();
    assert_eq!(
        said,
        [
            (LinkType::SameAs, LinkBasis::Identifier, LinkState::HeldBack),
            (LinkType::SameAs, LinkBasis::Score, LinkState::HeldBack),
            (LinkType::NotSameAs, LinkBasis::Steward, LinkState::Active),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_that_is_probable_no_longer_is_withdrawn() {
    let world = World::new().await;
    two_of_one(&world).await;
    let proposal = world.queue().await.remove(0);
    let other = ["Hugo", "Gil", "Soto"];
    world.ingest(record("bills", "billing", "1").parts(other).observed("2026-11-22T09:00:00Z")).await;
    assert_eq!(world.queue().await, []);
    let request = ListMatchProposalsRequest { state: MatchProposalState::Withdrawn.into(), ..Default::default() };
    let withdrawn = world.client(Role::Steward).list_match_proposals(request).await.unwrap().into_inner().proposals;
    assert_eq!(withdrawn.iter().map(|p| &p.name).collect::<Vec<_>>(), [&proposal.name]);
    let refused = world.confirm(&withdrawn[0]).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "MATCH_PROPOSAL_SETTLED"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposal_is_answered_once_and_as_it_was_read() {
    let world = World::new().await;
    two_of_one(&world).await;
    let proposal = world.queue().await.remove(0);
    let old = MatchProposal { etag: "\"77\"".to_owned(), ..proposal.clone() };
    let refused = world.confirm(&old).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "STALE_ETAG"));
    // A department corrects one of the records between the look and the word, to no effect on the score.
    world.ingest(record("crm", "sales", "1").parts(BEGONA).born("1975-03-12").observed("2026-11-22T09:00:00Z")).await;
    assert_eq!(reason(&world.confirm(&proposal).await.unwrap_err()), "STALE_ETAG");
    let proposal = world.queue().await.remove(0);
    let request = ConfirmMatchProposalRequest {
        name: proposal.name.clone(),
        reason: "asked her".to_owned(),
        etag: proposal.etag.clone(),
        request_id: world.request_id(),
    };
    let mut client = world.client(Role::Steward);
    let first = client.confirm_match_proposal(request.clone()).await.unwrap().into_inner();
    assert_eq!(client.confirm_match_proposal(request).await.unwrap().into_inner(), first, "a retry has one effect");
    let refused = world.reject(&first).await.unwrap_err();
    assert_eq!(reason(&refused), "MATCH_PROPOSAL_SETTLED");
    let nobody = MatchProposal { name: format!("matchProposals/{}", uuid::Uuid::from_u128(404)), ..first };
    let refused = world.reject(&nobody).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "MATCH_PROPOSAL_NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_likeliest_come_first_page_by_page_and_for_one_customer_alone() {
    let world = World::new().await;
    let given = ["Begoña", "Maite", "Nekane"];
    for (n, given) in given.iter().enumerate() {
        let name = [*given, "Echeverría", "Larrañaga"];
        let born = if n == 1 { "" } else { "1975-03-12" };
        world.ingest(record("crm", "sales", &n.to_string()).parts(name).born(born)).await;
        world.ingest(record("bills", "billing", &n.to_string()).parts(name)).await;
    }
    let all = world.queue().await;
    assert!(all.len() >= 3, "{all:?}");
    assert!(all.is_sorted_by(|one, next| one.score >= next.score));
    let mut paged = Vec::new();
    let mut request = ListMatchProposalsRequest { page_size: 1, ..Default::default() };
    loop {
        let page = world.client(Role::Steward).list_match_proposals(request.clone()).await.unwrap().into_inner();
        paged.extend(page.proposals);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, all);
    let one = all[0].first.as_ref().unwrap().customer.clone();
    let about = ListMatchProposalsRequest { customer: one.clone(), ..Default::default() };
    let about = world.client(Role::Steward).list_match_proposals(about).await.unwrap().into_inner().proposals;
    let names = |p: &MatchProposal| [&p.first, &p.second].map(|r| r.as_ref().unwrap().customer.clone());
    let expected: Vec<_> = all.iter().filter(|p| names(p).contains(&one)).cloned().collect();
    assert_eq!(about, expected);
    // A token of one list is none of another.
    let first = ListMatchProposalsRequest { page_size: 1, ..Default::default() };
    let token = world.client(Role::Steward).list_match_proposals(first).await.unwrap().into_inner().next_page_token;
    let mixed = ListMatchProposalsRequest { page_token: token, customer: one, ..Default::default() };
    let refused = world.client(Role::Steward).list_match_proposals(mixed).await.unwrap_err();
    assert_eq!(reason(&refused), "INVALID_PAGE_TOKEN");
}
