//! What was said, oldest first.

use ventanilla_proto::ticketing::v1 as pb;

use super::{Page, Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::{message, ticket};

impl Ticketing {
    /// A page of messages, and the sequence number of its last one when there are more.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    #[tracing::instrument(name = "message.list", skip_all, fields(ticket.id = %page.ticket))]
    pub async fn list_messages(&self, page: &Page) -> Result<(Vec<pb::Message>, Option<i32>), Error> {
        let mut rows = message::list(self.db.reader(), page.ticket, page.after, limit(page.size)).await?;
        if rows.is_empty() && !ticket::exists(self.db.reader(), page.ticket).await? {
            return Err(Error::not_found(page.ticket.to_string()));
        }
        let more = cut(&mut rows, page.size);
        let last = rows.last().filter(|_| more).map(|row| row.sequence);
        Ok((rows.iter().map(present::message).collect(), last))
    }
}
