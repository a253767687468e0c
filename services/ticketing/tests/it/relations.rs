//! ReclassifyTicket, SplitTicket, MergeTicket, UnmergeTicket, LinkTickets, UnlinkTickets, ListTicketLinks.

use jiff::SignedDuration;
use kernel::Role;
use testkit::Client;
use tonic::{Code, Response, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::TicketLinkKind as Kind;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Direction};

use crate::ask_survey::ask;
use crate::world::{
    ANSWER, OTHER_ANSWER, Tickets, World, answer, assert_refused, complaint, create_request, fact, fields, fresh_id,
    get, open, promise_request, resolve, say, start, started, wait,
};

pub type Relations = RelationServiceClient<Client>;

impl World {
    pub fn relations(&self) -> Relations {
        RelationServiceClient::new(self.served.channel(Role::Agent))
    }
}

pub fn split_request(ticket: &pb::Ticket, points: &[&str]) -> pb::SplitTicketRequest {
    pb::SplitTicketRequest {
        name: ticket.name.clone(),
        claim_points: points.iter().map(|point| (*point).to_owned()).collect(),
        subject: "Nadie llama".into(),
        department: "customer-service".into(),
        reason: "two_departments".into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        ..Default::default()
    }
}

pub async fn split(
    relations: &mut Relations,
    ticket: &pb::Ticket,
    points: &[&str],
) -> Result<pb::SplitTicketResponse, Status> {
    relations.split_ticket(split_request(ticket, points)).await.map(Response::into_inner)
}

fn filing(ticket: &pb::Ticket, kind: pb::TicketType) -> pb::ReclassifyTicketRequest {
    pb::ReclassifyTicketRequest {
        name: ticket.name.clone(),
        ticket_type: kind.into(),
        severity: ticket.severity,
        sector: ticket.sector.clone(),
        topic: ticket.topic.clone(),
        reason: "customer_complains".into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        ..Default::default()
    }
}

pub async fn merge(
    relations: &mut Relations,
    ticket: &pb::Ticket,
    into: &pb::Ticket,
) -> Result<pb::MergeTicketResponse, Status> {
    let request = pb::MergeTicketRequest {
        name: ticket.name.clone(),
        into: into.name.clone(),
        reason: "same_invoice".into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        into_etag: into.etag.clone(),
    };
    relations.merge_ticket(request).await.map(Response::into_inner)
}

pub async fn unmerge(relations: &mut Relations, ticket: &pb::Ticket) -> Result<pb::MergeTicketResponse, Status> {
    let request = pb::UnmergeTicketRequest {
        name: ticket.name.clone(),
        reason: "another_contract".into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
    };
    relations.unmerge_ticket(request).await.map(Response::into_inner)
}

async fn link(relations: &mut Relations, from: &str, kind: Kind, to: &str) -> Result<pb::TicketLink, Status> {
    let link = pb::TicketLink { kind: kind.into(), to_ticket: to.into(), ..Default::default() };
    let request = pb::LinkTicketsRequest { parent: from.into(), link: Some(link), request_id: fresh_id() };
    relations.link_tickets(request).await.map(Response::into_inner)
}

async fn links(relations: &mut Relations, ticket: &str) -> Vec<pb::TicketLink> {
    let request = pb::ListTicketLinksRequest { parent: ticket.into(), page_size: 100, ..Default::default() };
    relations.list_ticket_links(request).await.unwrap().into_inner().links
}

async fn says(agent: &mut Tickets, ticket: &str) -> pb::Message {
    say(agent, ticket, Direction::Inbound, pb::MessageVisibility::Public).await
}

async fn kinds(agent: &mut Tickets, ticket: &str) -> Vec<pb::TicketChangeKind> {
    let request = pb::ListTicketHistoryRequest { name: ticket.into(), page_size: 100, ..Default::default() };
    agent.list_ticket_history(request).await.unwrap().into_inner().changes.iter().map(|c| c.kind()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_split_keeps_the_first_receipt_and_each_point_is_answered_where_it_went() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), world.relations());
    let ticket = started(&mut agent).await;
    let request = split_request(&ticket, &["p2"]);
    let made = relations.split_ticket(request.clone()).await.unwrap().into_inner();
    let (part, rest) = (made.ticket.clone().unwrap(), made.original.clone().unwrap());
    assert_eq!(part.first_received_time, ticket.first_received_time);
    assert_eq!(part.customer, ticket.customer);
    assert_eq!((part.state(), part.topic.as_str()), (pb::TicketState::Acknowledged, "billing"));
    assert_eq!(part.claim_points.len(), 1);
    assert_eq!(part.claim_points[0].text, ticket.claim_points[1].text);
    assert_eq!(rest.claim_points[1].moved_to, part.name);
    assert_ne!(rest.etag, ticket.etag);
    assert_ne!(made.tracking_key, ticket.tracking_key);

    let again = relations.split_ticket(request).await.unwrap().into_inner();
    assert_eq!(again, made, "a retry splits once, and tells the proof again");
    let status = pb::GetPublicStatusRequest { tracking_key: made.tracking_key.clone(), proof: made.proof.clone() };
    let status =
        TicketServiceClient::new(world.served.anonymous()).get_public_status(status).await.unwrap().into_inner();
    assert_eq!((status.claim_point_count, status.first_received_time), (1, ticket.first_received_time));

    let refused =
        assert_refused(answer(&mut agent, &rest, "p2", ANSWER).await, Code::FailedPrecondition, "CLAIM_POINT_MOVED");
    assert_eq!(fact(&refused, "ticket"), part.name);
    let rest = answer(&mut agent, &rest, "p1", ANSWER).await.unwrap();
    let rest = resolve(&mut agent, &rest).await.unwrap();
    assert_eq!(rest.state(), pb::TicketState::Resolved, "what went elsewhere is not awaited here");
    let part = start(&mut agent, &part).await.unwrap();
    assert_refused(resolve(&mut agent, &part).await, Code::FailedPrecondition, "CLAIM_POINT_UNANSWERED");
    let said = links(&mut relations, &rest.name).await;
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].kind(), &said[0].from_ticket, &said[0].to_ticket), (Kind::SplitFrom, &part.name, &rest.name));
    assert_eq!(links(&mut relations, &part.name).await, said, "the same from either side");
    assert!(kinds(&mut agent, &rest.name).await.contains(&pb::TicketChangeKind::Split));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_split_that_leaves_nothing_or_takes_what_is_answered_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), world.relations());
    let ticket = started(&mut agent).await;
    let leaves_nothing = "SPLIT_LEAVES_NOTHING";
    assert_refused(split(&mut relations, &ticket, &["p1", "p2"]).await, Code::FailedPrecondition, leaves_nothing);
    assert_refused(split(&mut relations, &ticket, &[]).await, Code::FailedPrecondition, leaves_nothing);
    assert_refused(split(&mut relations, &ticket, &["p9"]).await, Code::NotFound, "NOT_FOUND");
    let twice = split(&mut relations, &ticket, &["p1", "p1"]).await.unwrap_err();
    assert_eq!(fields(&twice), ["claim_points[1]"]);
    let ticket = answer(&mut agent, &ticket, "p1", ANSWER).await.unwrap();
    let is_answered = "CLAIM_POINT_IS_ANSWERED";
    assert_refused(split(&mut relations, &ticket, &["p1"]).await, Code::FailedPrecondition, is_answered);
    let waiting = wait(&mut agent, &ticket).await.unwrap();
    let not_now = "TRANSITION_NOT_ALLOWED";
    assert_refused(split(&mut relations, &waiting, &["p2"]).await, Code::FailedPrecondition, not_now);
    assert_refused(split(&mut relations, &ticket, &["p2"]).await, Code::Aborted, "STALE_ETAG");
    assert_eq!(world.count("ticket").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inquiry_becomes_a_complaint_with_its_points_and_keeps_everything_else() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), world.relations());
    let inquiry = pb::Ticket { ticket_type: pb::TicketType::Consulta.into(), claim_points: Vec::new(), ..complaint() };
    let ticket = agent.create_ticket(create_request(inquiry)).await.unwrap().into_inner().ticket.unwrap();
    let refused = relations.reclassify_ticket(filing(&ticket, pb::TicketType::Reclamacion)).await;
    assert_refused(refused, Code::FailedPrecondition, "NOTHING_CLAIMED");
    let same = relations.reclassify_ticket(filing(&ticket, pb::TicketType::Consulta)).await;
    assert_refused(same, Code::FailedPrecondition, "ALREADY_FILED_SO");
    let mut request = filing(&ticket, pb::TicketType::Reclamacion);
    request.claim_points = vec![pb::ClaimPoint { text: "Me cobran dos veces".into(), ..Default::default() }];
    let filed = relations.reclassify_ticket(request.clone()).await.unwrap().into_inner();
    assert_eq!(relations.reclassify_ticket(request).await.unwrap().into_inner(), filed, "a retry files once");
    let expected = pb::Ticket {
        ticket_type: pb::TicketType::Reclamacion.into(),
        claim_points: filed.claim_points.clone(),
        etag: filed.etag.clone(),
        update_time: filed.update_time,
        ..ticket
    };
    assert_eq!(filed, expected);
    assert_eq!(filed.claim_points[0].id, "p1");
    assert_eq!(get(&mut agent, &filed.name).await, filed);
    let filed = start(&mut agent, &filed).await.unwrap();
    assert_refused(resolve(&mut agent, &filed).await, Code::FailedPrecondition, "CLAIM_POINT_UNANSWERED");
    let filed = answer(&mut agent, &filed, "p1", ANSWER).await.unwrap();
    let answered = resolve(&mut agent, &filed).await.unwrap();
    let late = relations.reclassify_ticket(filing(&answered, pb::TicketType::Queja)).await;
    assert_refused(late, Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merged_affairs_are_answered_together_and_only_when_every_point_of_both_is() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), world.relations());
    let (opened, head) = (open(&mut agent).await, started(&mut agent).await);
    let mine = opened.ticket.clone().unwrap();
    agent.make_promise(promise_request(&mine.name, "2099-11-25T13:00:00Z")).await.unwrap();
    let merged = merge(&mut relations, &mine, &head).await.unwrap();
    let (mine, head) = (merged.ticket.unwrap(), merged.head.unwrap());
    assert_eq!((mine.merged_into.as_str(), mine.state()), (head.name.as_str(), pb::TicketState::Acknowledged));
    assert_eq!((head.merged_count, head.merged_into.as_str()), (1, ""));
    assert_eq!(get(&mut agent, &mine.name).await, mine);

    let refused = assert_refused(start(&mut agent, &mine).await, Code::FailedPrecondition, "TICKET_MERGED");
    assert_eq!(fact(&refused, "into"), head.name);
    let promise = agent.make_promise(promise_request(&mine.name, "2099-11-26T13:00:00Z")).await;
    assert_refused(promise, Code::FailedPrecondition, "TICKET_MERGED");
    assert_refused(split(&mut relations, &mine, &["p1"]).await, Code::FailedPrecondition, "TICKET_MERGED");

    let head = answer(&mut agent, &head, "p1", ANSWER).await.unwrap();
    let head = answer(&mut agent, &head, "p2", OTHER_ANSWER).await.unwrap();
    let refused = assert_refused(resolve(&mut agent, &head).await, Code::FailedPrecondition, "CLAIM_POINT_UNANSWERED");
    assert_eq!(fact(&refused, "claim_points"), format!("{0}/p1,{0}/p2", mine.name));
    let mine = answer(&mut agent, &mine, "p1", ANSWER).await.unwrap();
    answer(&mut agent, &mine, "p2", OTHER_ANSWER).await.unwrap();
    let head = resolve(&mut agent, &head).await.unwrap();
    assert_eq!(head.state(), pb::TicketState::Resolved);
    let mine = get(&mut agent, &mine.name).await;
    assert_eq!((mine.state(), mine.resolution.as_str()), (pb::TicketState::Resolved, head.resolution.as_str()));
    assert_eq!(mine.state_time, head.state_time, "both were answered at once");
    let key = pb::GetPublicStatusRequest { tracking_key: opened.tracking_key, proof: opened.proof };
    let status = TicketServiceClient::new(world.served.anonymous()).get_public_status(key).await.unwrap().into_inner();
    assert_eq!((status.state(), status.answered_point_count), (pb::TicketState::Resolved, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_customer_says_in_a_merged_affair_stays_there_and_takes_up_the_other() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), world.relations());
    let (mine, head) = (open(&mut agent).await.ticket.unwrap(), started(&mut agent).await);
    let merged = merge(&mut relations, &mine, &head).await.unwrap();
    let waiting = wait(&mut agent, &merged.head.unwrap()).await.unwrap();
    assert_eq!(get(&mut agent, &mine.name).await.state(), pb::TicketState::Pending, "where the head goes, it goes");
    let said = says(&mut agent, &mine.name).await;
    assert!(said.name.starts_with(&mine.name), "{}", said.name);
    assert_eq!(get(&mut agent, &waiting.name).await.state(), pb::TicketState::InProgress);
    let list = |name: &str| pb::ListMessagesRequest { parent: name.into(), ..Default::default() };
    assert_eq!(agent.list_messages(list(&mine.name)).await.unwrap().into_inner().messages, [said]);
    assert_eq!(agent.list_messages(list(&head.name)).await.unwrap().into_inner().messages, []);

    let now = get(&mut agent, &mine.name).await;
    let apart = unmerge(&mut relations, &now).await.unwrap();
    let (mine, head) = (apart.ticket.unwrap(), apart.head.unwrap());
    assert_eq!((mine.merged_into.as_str(), head.merged_count), ("", 0));
    assert_eq!(mine.state(), pb::TicketState::InProgress, "what its customer was told stays");
    assert_refused(unmerge(&mut relations, &mine).await, Code::FailedPrecondition, "TICKET_NOT_MERGED");
    let head = wait(&mut agent, &head).await.unwrap();
    assert_eq!(get(&mut agent, &mine.name).await.state(), pb::TicketState::InProgress, "each goes its own way again");
    says(&mut agent, &mine.name).await;
    assert_eq!(get(&mut agent, &head.name).await.state(), pb::TicketState::Pending);
    let said = links(&mut relations, &mine.name).await;
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].kind(), said[0].end_reason.as_str()), (Kind::MergedInto, "another_contract"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merges_come_apart_in_another_order_than_they_were_made() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), world.relations());
    let mut names = Vec::new();
    for _ in 0..4 {
        names.push(open(&mut agent).await.ticket.unwrap().name);
    }
    let [a, b, c, d] = names.as_slice() else { unreachable!() };
    for (from, into) in [(a, b), (b, c), (d, a)] {
        let (from, into) = (get(&mut agent, from).await, get(&mut agent, into).await);
        merge(&mut relations, &from, &into).await.unwrap();
    }
    let heads = async |agent: &mut Tickets| {
        let mut heads = Vec::new();
        for name in &names {
            heads.push(get(agent, name).await.merged_into);
        }
        heads
    };
    assert_eq!(heads(&mut agent).await, [c.as_str(), c, "", c]);
    let one = get(&mut agent, a).await;
    let other = get(&mut agent, b).await;
    assert_refused(
        merge(&mut relations, &get(&mut agent, c).await, &one).await,
        Code::FailedPrecondition,
        "ALREADY_ONE",
    );
    // The middle first: what had been merged into it stays with it.
    unmerge(&mut relations, &other).await.unwrap();
    assert_eq!(heads(&mut agent).await, [b.as_str(), "", "", b]);
    let one = get(&mut agent, &one.name).await;
    unmerge(&mut relations, &one).await.unwrap();
    assert_eq!(heads(&mut agent).await, ["", "", "", a.as_str()]);
    let counts = [get(&mut agent, a).await.merged_count, get(&mut agent, b).await.merged_count];
    assert_eq!(counts, [1, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_merge_a_pair_from_either_side_at_once_make_one_affair_of_it() {
    let world = World::new().await;
    let mut agent = world.agent();
    for _ in 0..8 {
        let (a, b) = (open(&mut agent).await.ticket.unwrap(), open(&mut agent).await.ticket.unwrap());
        let (mut left, mut right) = (world.relations(), world.relations());
        let both = tokio::join!(merge(&mut left, &a, &b), merge(&mut right, &b, &a));
        assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
        let (a, b) = (get(&mut agent, &a.name).await, get(&mut agent, &b.name).await);
        assert_eq!(a.merged_count + b.merged_count, 1);
        assert!(a.merged_into == b.name || b.merged_into == a.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answered_and_the_over_are_not_merged_and_other_customers_not_without_knowing() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), world.relations());
    let done = crate::world::resolved(&mut agent).await;
    let ticket = started(&mut agent).await;
    let not_now = "TRANSITION_NOT_ALLOWED";
    assert_refused(merge(&mut relations, &done, &ticket).await, Code::FailedPrecondition, not_now);
    assert_refused(merge(&mut relations, &ticket, &done).await, Code::FailedPrecondition, not_now);
    let other = pb::Ticket { customer: "customers/0190a000-0000-7000-8000-0000000000ff".into(), ..complaint() };
    let other = agent.create_ticket(create_request(other)).await.unwrap().into_inner().ticket.unwrap();
    let refused = merge(&mut relations, &other, &ticket).await;
    let refused = assert_refused(refused, Code::Unavailable, "PEER_UNAVAILABLE");
    assert_eq!(fact(&refused, "peer"), "customer-profile");
    assert_refused(merge(&mut relations, &ticket, &ticket).await, Code::FailedPrecondition, "ALREADY_ONE");
    let stale = pb::Ticket { etag: "\"9\"".into(), ..ticket.clone() };
    let fresh = open(&mut agent).await.ticket.unwrap();
    assert_refused(merge(&mut relations, &fresh, &stale).await, Code::Aborted, "STALE_ETAG");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_said_once_lead_in_no_circle_and_stay_in_the_list_when_they_end() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), world.relations());
    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(open(&mut agent).await.ticket.unwrap().name);
    }
    let [a, b, c] = names.as_slice() else { unreachable!() };
    let first = link(&mut relations, a, Kind::ParentOf, b).await.unwrap();
    world.advance(SignedDuration::from_secs(1));
    link(&mut relations, b, Kind::ParentOf, c).await.unwrap();
    let refused = |answer, why| assert_refused::<pb::TicketLink>(answer, Code::FailedPrecondition, why);
    refused(link(&mut relations, a, Kind::ParentOf, b).await, "ALREADY_LINKED");
    refused(link(&mut relations, c, Kind::ParentOf, a).await, "LINK_CIRCULAR");
    refused(link(&mut relations, a, Kind::CausedBy, a).await, "LINK_CIRCULAR");
    let second = refused(link(&mut relations, a, Kind::ParentOf, c).await, "HAS_PARENT");
    assert_eq!(fact(&second, "parent"), *b);
    link(&mut relations, c, Kind::CausedBy, a).await.unwrap();
    world.advance(SignedDuration::from_secs(1));
    let made = link(&mut relations, a, Kind::MergedInto, c).await.unwrap_err();
    assert_eq!(fields(&made), ["link.kind"]);
    let nobody = "tickets/0190a000-0000-7000-8000-0000000000ee";
    assert_refused(link(&mut relations, a, Kind::CausedBy, nobody).await, Code::NotFound, "NOT_FOUND");

    let request =
        pb::UnlinkTicketsRequest { name: first.name.clone(), reason: "not_a_part".into(), request_id: fresh_id() };
    let ended = relations.unlink_tickets(request.clone()).await.unwrap().into_inner();
    assert_eq!((ended.end_reason.as_str(), ended.end_time.is_some()), ("not_a_part", true));
    assert_eq!(relations.unlink_tickets(request.clone()).await.unwrap().into_inner(), ended, "a retry ends it once");
    let again = pb::UnlinkTicketsRequest { request_id: fresh_id(), ..request };
    assert_refused(relations.unlink_tickets(again).await, Code::FailedPrecondition, "LINK_NOT_TO_END");
    link(&mut relations, c, Kind::ParentOf, a).await.unwrap();

    let mut page = pb::ListTicketLinksRequest { parent: a.clone(), page_size: 1, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let answer = relations.list_ticket_links(page.clone()).await.unwrap().into_inner();
        seen.extend(answer.links);
        page.page_token = answer.next_page_token;
        if page.page_token.is_empty() {
            break;
        }
    }
    let kinds: Vec<_> = seen.iter().map(|link| (link.kind(), link.end_time.is_some())).collect();
    assert_eq!(kinds, [(Kind::ParentOf, true), (Kind::CausedBy, false), (Kind::ParentOf, false)]);
    assert_eq!(seen, links(&mut relations, a).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_that_takes_up_another_is_found_from_it() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), world.relations());
    let before = crate::world::resolved(&mut agent).await;
    let after = pb::Ticket { follow_up_of: before.name.clone(), ..complaint() };
    let after = agent.create_ticket(create_request(after)).await.unwrap().into_inner().ticket.unwrap();
    let said = links(&mut relations, &before.name).await;
    assert_eq!(said.len(), 1);
    assert_eq!(
        (said[0].kind(), &said[0].from_ticket, &said[0].to_ticket),
        (Kind::FollowUpOf, &after.name, &before.name)
    );
    assert_eq!(links(&mut relations, &after.name).await, said);
    let request = pb::UnlinkTicketsRequest { name: said[0].name.clone(), reason: "no".into(), request_id: fresh_id() };
    assert_refused(relations.unlink_tickets(request).await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_filing_a_part_and_a_follow_up_take_the_ban_on_sales_away_from_nobody() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), world.relations());
    let offer = |ticket: &str| pb::AddMessageRequest {
        parent: ticket.to_owned(),
        message: Some(pb::Message {
            direction: Direction::Outbound.into(),
            visibility: pb::MessageVisibility::Public.into(),
            channel: Channel::Sms.into(),
            body: "Por dos euros más, fibra de un giga".into(),
            sales_offer: true,
            ..Default::default()
        }),
        request_id: fresh_id(),
        occurred_time: None,
    };
    for banned in [
        pb::Ticket { topic: "continuity".into(), ..complaint() },
        pb::Ticket { sector: "banking".into(), ..complaint() },
    ] {
        let ticket = agent.create_ticket(create_request(banned)).await.unwrap().into_inner().ticket.unwrap();
        let ordinary = pb::ReclassifyTicketRequest {
            sector: "general".into(),
            topic: "billing".into(),
            ..filing(&ticket, pb::TicketType::Incidencia)
        };
        let ticket = relations.reclassify_ticket(ordinary).await.unwrap().into_inner();
        let part = split(&mut relations, &ticket, &["p2"]).await.unwrap().ticket.unwrap();
        let next = pb::Ticket { follow_up_of: ticket.name.clone(), ..complaint() };
        let next = agent.create_ticket(create_request(next)).await.unwrap().into_inner().ticket.unwrap();
        for name in [&ticket.name, &part.name, &next.name] {
            let refused = agent.add_message(offer(name)).await;
            assert_refused(refused, Code::FailedPrecondition, "SALES_OFFER_NOT_ALLOWED");
        }
    }
    let ordinary = open(&mut agent).await.ticket.unwrap();
    agent.add_message(offer(&ordinary.name)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_is_asked_once_about_what_was_one_affair_at_any_time() {
    let world = World::new().await;
    let (mut agent, mut relations) = (world.agent(), world.relations());
    // Answered and asked, taken up again, merged into another, answered with that.
    let (mine, other) = (started(&mut agent).await, started(&mut agent).await);
    let answered = both_points(&mut agent, &mine).await;
    let asked = ask(&mut agent, &mine.name).await.unwrap();
    let reopen = pb::ReopenTicketRequest {
        name: mine.name.clone(),
        reason: "customer_objects".into(),
        etag: answered.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    let mine = agent.reopen_ticket(reopen).await.unwrap().into_inner();
    let merged = merge(&mut relations, &mine, &other).await.unwrap();
    both_points(&mut agent, &merged.head.unwrap()).await;
    let refused = ask(&mut agent, &other.name).await;
    let refused = assert_refused(refused, Code::FailedPrecondition, "SURVEY_ALREADY_ASKED");
    assert_eq!(fact(&refused, "survey"), asked.name);
    // And in one that was taken out again.
    let (mine, other) = (started(&mut agent).await, started(&mut agent).await);
    let mine = answer(&mut agent, &mine, "p1", ANSWER).await.unwrap();
    let mine = answer(&mut agent, &mine, "p2", OTHER_ANSWER).await.unwrap();
    let merged = merge(&mut relations, &mine, &other).await.unwrap();
    both_points(&mut agent, &merged.head.unwrap()).await;
    ask(&mut agent, &other.name).await.unwrap();
    let mine = get(&mut agent, &mine.name).await;
    unmerge(&mut relations, &mine).await.unwrap();
    assert_refused(ask(&mut agent, &mine.name).await, Code::FailedPrecondition, "SURVEY_ALREADY_ASKED");
    // What never was the same is asked about.
    let another = started(&mut agent).await;
    both_points(&mut agent, &another).await;
    ask(&mut agent, &another.name).await.unwrap();
}

pub async fn both_points(agent: &mut Tickets, ticket: &pb::Ticket) -> pb::Ticket {
    let ticket = answer(agent, ticket, "p1", ANSWER).await.unwrap();
    let ticket = answer(agent, &ticket, "p2", OTHER_ANSWER).await.unwrap();
    resolve(agent, &ticket).await.unwrap()
}
