//! Customers who counted as one turn out to be two: what was merged for their sake comes apart, in the house's own name.

use jiff::Timestamp;
use kernel::{Actor, ActorKind, Classify as _, Kind, ResourceId as _};
use ledger::Stamp;
use server::PeerChannel;
use ticketing_domain::{CustomerId, GoesAlong, Word};
use tonic::Code;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;

use super::Ticketing;
use super::merge_ticket::Union;
use crate::Error;
use crate::store::customers_apart::{self, Mixed};
use crate::store::{link, ticket};

/// Who knows which customers are one person.
pub(super) const CUSTOMER_PROFILE: &str = "customer-profile";
/// Why the house ends a merge that somebody made.
const SEPARATED: &str = "customers_separated";
/// Merges that are read at once.
const AT_ONCE: i64 = 100;

impl Ticketing {
    /// Ends every merge of tickets of customers who are known to be two, where that was heard since merges were looked at last; `false` when one is left that cannot be
    /// ended yet.
    ///
    /// # Errors
    /// [`Error`], of what may be over soon; what was ended stays so.
    pub(crate) async fn end_merges_of_two(&self) -> Result<bool, Error> {
        let pool = self.db.reader();
        let Some(heard) = customers_apart::to_look(pool).await? else { return Ok(true) };
        let (mut after, mut all) = (Uuid::nil(), true);
        loop {
            let page = customers_apart::mixed(pool, after, AT_ONCE).await?;
            let Some(last) = page.last() else { break };
            after = last.ticket.uuid();
            for mixed in &page {
                all &= match self.end_if_two(mixed).await {
                    Ok(ended) => ended,
                    Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => return Err(error),
                    Err(error) => {
                        tracing::error!(ticket.id = %mixed.ticket, error = kernel::chain(&error), "a merge of two customers is left as it is");
                        false
                    }
                };
            }
        }
        if all {
            customers_apart::looked(pool, heard).await?;
        }
        Ok(all)
    }

    async fn end_if_two(&self, mixed: &Mixed) -> Result<bool, Error> {
        let Ok(channel) = self.peers.channel(CUSTOMER_PROFILE) else {
            return Err(Error::PeerSilent { peer: CUSTOMER_PROFILE });
        };
        let one = known_as(channel.clone(), mixed.customer).await?;
        let other = known_as(channel, mixed.into_customer).await?;
        // Of whom nothing is known, it is not known that they are somebody else.
        let are_two = one.zip(other).is_some_and(|(one, other)| one != other);
        if are_two { self.end_merge(mixed, self.ambient.now()).await } else { Ok(true) }
    }

    /// Ends it; `false` while the customer has time to complete the affair, which puts off the term of each that is answered with it.
    async fn end_merge(&self, mixed: &Mixed, now: Timestamp) -> Result<bool, Error> {
        let id = mixed.ticket;
        let mut tx = self.db.tx().await?;
        let locked = ticket::lock(&mut tx, id).await?.ok_or_else(|| Error::not_found(id.to_string()))?;
        let by = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
        let mut union = Union::of(self, &Stamp::of(by.clone(), now, String::new()), locked, None);
        // Another merge than the one that was looked at is another question.
        let Some(merged) = union.ticket(id)?.merged().filter(|merged| merged.into == mixed.into) else {
            tx.rollback().await?;
            return Ok(true);
        };
        if union.ticket(id)?.may_unmerge(union.ticket(merged.head)?).is_err() {
            tx.rollback().await?;
            return Ok(false);
        }
        let reason: Word = SEPARATED.parse().expect("it is a word");
        let over = link::End { at: now, reason: Some(reason.as_str().to_owned()), by };
        // Nobody knows to which of the two it was promised.
        union.take_out(&mut tx, id, &over, (&reason, GoesAlong::Everything)).await?;
        union.write(&mut tx).await?;
        tx.commit().await?;
        self.ledger.nudge();
        Ok(true)
    }
}

/// The id that a customer goes on under; none of who is nobody, or nobody any more.
pub(super) async fn known_as(channel: PeerChannel, id: CustomerId) -> Result<Option<String>, Error> {
    let asked = customer::GetCustomerRequest { name: id.name(), ..customer::GetCustomerRequest::default() };
    match CustomerServiceClient::new(channel).get_customer(asked).await {
        Ok(found) => Ok(Some(found.into_inner().name)),
        Err(status) if matches!(status.code(), Code::NotFound | Code::FailedPrecondition) => Ok(None),
        Err(_) => Err(Error::PeerSilent { peer: CUSTOMER_PROFILE }),
    }
}
