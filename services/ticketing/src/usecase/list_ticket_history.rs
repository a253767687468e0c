//! Everything that happened to a ticket, oldest first, with who did it.

use ventanilla_proto::ticketing::v1 as pb;

use super::{Page, Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::{history, ticket};

impl Ticketing {
    /// A page of the history, and the sequence number of its last change when there are more.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    #[tracing::instrument(name = "ticket.list_history", skip_all, fields(ticket.id = %page.ticket))]
    pub async fn list_ticket_history(&self, page: &Page) -> Result<(Vec<pb::TicketChange>, Option<i32>), Error> {
        let mut rows = history::list(self.db.reader(), page.ticket, page.after, limit(page.size)).await?;
        if rows.is_empty() && !ticket::exists(self.db.reader(), page.ticket).await? {
            return Err(Error::not_found(page.ticket.to_string()));
        }
        let more = cut(&mut rows, page.size);
        let last = rows.last().filter(|_| more).map(|row| row.sequence);
        Ok((rows.iter().map(present::change).collect(), last))
    }
}
