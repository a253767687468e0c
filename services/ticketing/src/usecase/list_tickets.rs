//! Affairs, newest first.

use jiff::Timestamp;
use uuid::Uuid;
use ventanilla_proto::ticketing::v1 as pb;

use super::{Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::ticket::{self, Filter};

/// Key of the last row of a page.
pub(crate) type Place = (Timestamp, Uuid);

impl Ticketing {
    /// A page of tickets, and the place of its last row when there are more.
    #[tracing::instrument(name = "ticket.list", skip_all)]
    pub(crate) async fn list_tickets(
        &self,
        filter: &Filter,
        after: Option<Place>,
        size: usize,
    ) -> Result<(Vec<pb::Ticket>, Option<Place>), Error> {
        let mut rows = ticket::list(self.db.reader(), filter, after, limit(size)).await?;
        let more = cut(&mut rows, size);
        let last = rows.last().filter(|_| more);
        let place = last.map(|row| (row.created_at, kernel::ResourceId::uuid(row.ticket.facts().id)));
        Ok((rows.iter().map(present::ticket).collect(), place))
    }
}
