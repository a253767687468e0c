//! What was said, oldest first or newest first.

use ventanilla_proto::ticketing::v1 as pb;

use super::{Page, Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::{message, ticket};

impl Ticketing {
    /// A page of messages, and the sequence number of its last one when there are more. The newest first, the page goes on before `page.after`; 0 is the
    /// beginning either way.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    #[tracing::instrument(name = "message.list", skip_all, fields(ticket.id = %page.ticket))]
    pub async fn list_messages(
        &self,
        page: &Page,
        newest_first: bool,
    ) -> Result<(Vec<pb::Message>, Option<i32>), Error> {
        let (pool, limit) = (self.db.reader(), limit(page.size));
        let mut rows = if newest_first {
            let before = if page.after == 0 { i32::MAX } else { page.after };
            message::list_newest_first(pool, page.ticket, before, limit).await?
        } else {
            message::list(pool, page.ticket, page.after, limit).await?
        };
        if rows.is_empty() && !ticket::exists(self.db.reader(), page.ticket).await? {
            return Err(Error::not_found(page.ticket.to_string()));
        }
        let more = cut(&mut rows, page.size);
        let last = rows.last().filter(|_| more).map(|row| row.sequence);
        Ok((rows.iter().map(present::message).collect(), last))
    }
}
