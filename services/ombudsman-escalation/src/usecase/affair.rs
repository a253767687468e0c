//! Which tickets are one affair now, as ticketing says. What ever was one is known here, by its ledger; that is for the wall, which closes on it.

use server::PeerChannel;
use tonic::Status;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::ticketing::v1::{ListTicketLinksRequest, TicketLinkKind};

/// Links between tickets that are answered together.
pub(crate) const ANSWERED_TOGETHER: &[TicketLinkKind] = &[TicketLinkKind::MergedInto];
/// Links between tickets that say the same.
pub(crate) const THE_SAME: &[TicketLinkKind] = &[TicketLinkKind::DuplicateOf];
/// Links between tickets on the same facts. What was split off has points of its own, and what takes up another says what is new.
pub(crate) const SAME_FACTS: &[TicketLinkKind] = &[TicketLinkKind::MergedInto, TicketLinkKind::DuplicateOf];

/// Largest page there is.
const PAGE: i32 = 100;
/// Pages of one ticket that are followed at most.
const PAGES: usize = 200;
/// Tickets of one affair at most: one with more is a fault of the peer.
const TICKETS: usize = 1_000;

/// The names of all other tickets that hang together with this one by live links of these kinds, each once.
///
/// # Errors
/// What ticketing answered; `OUT_OF_RANGE` for links without end.
pub(crate) async fn linked(
    relations: &mut RelationServiceClient<PeerChannel>,
    name: &str,
    kinds: &[TicketLinkKind],
) -> Result<Vec<String>, Status> {
    let mut found = vec![name.to_owned()];
    let mut looked = 0;
    while let Some(at) = found.get(looked).cloned() {
        looked += 1;
        for other in neighbours(relations, &at, kinds).await? {
            if !found.contains(&other) {
                found.push(other);
            }
        }
        if found.len() > TICKETS {
            return Err(Status::out_of_range("tickets without end"));
        }
    }
    Ok(found.split_off(1))
}

/// The other ends of the live links of one ticket.
async fn neighbours(
    relations: &mut RelationServiceClient<PeerChannel>,
    at: &str,
    kinds: &[TicketLinkKind],
) -> Result<Vec<String>, Status> {
    let mut others = Vec::new();
    let mut page_token = String::new();
    for _ in 0..PAGES {
        let request = ListTicketLinksRequest { parent: at.to_owned(), page_size: PAGE, page_token };
        let page = relations.list_ticket_links(request).await?.into_inner();
        let live = page.links.into_iter().filter(|link| kinds.contains(&link.kind()) && link.end_time.is_none());
        others.extend(live.map(|link| if link.from_ticket == at { link.to_ticket } else { link.from_ticket }));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(others);
        }
    }
    Err(Status::out_of_range("pages without end"))
}
