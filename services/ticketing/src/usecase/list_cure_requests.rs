//! What a customer was asked to send, in the order it was asked for.

use ventanilla_proto::ticketing::v1 as pb;

use super::{Page, Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::{cure, ticket};

impl Ticketing {
    /// A page of requests, and the sequence number of its last one when there are more.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    #[tracing::instrument(name = "cure.list", skip_all, fields(ticket.id = %page.ticket))]
    pub async fn list_cure_requests(&self, page: &Page) -> Result<(Vec<pb::CureRequest>, Option<i32>), Error> {
        let mut rows = cure::list(self.db.reader(), page.ticket, page.after, limit(page.size)).await?;
        if rows.is_empty() && !ticket::exists(self.db.reader(), page.ticket).await? {
            return Err(Error::not_found(page.ticket.to_string()));
        }
        let more = cut(&mut rows, page.size);
        let last = rows.last().filter(|_| more).map(|row| row.sequence);
        Ok((rows.iter().map(|row| present::cure_request(&row.cure)).collect(), last))
    }
}
