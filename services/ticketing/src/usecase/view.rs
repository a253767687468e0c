//! Filters that are kept under a name, and what they show.

use server::Call;
use ticketing_domain::{Refusal, SlugId as _, ViewId};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::named::{EndOfNamed, Kind, NamedPage, NewNamed};
use crate::Error;
use crate::grpc::present;
use crate::store::named::Views;

const VIEWS: Kind<Views, pb::View> =
    Kind { present: present::view, put: |entries, view| entries.view_put(view), refusal: || Refusal::NotYourView };

impl Ticketing {
    /// Keeps a filter under a name, or changes it.
    #[tracing::instrument(name = "view.put", skip_all, fields(view.id = %new.id))]
    pub(crate) async fn put_view(
        &self,
        call: &Call,
        new: NewNamed<ViewId, pb::TicketFilter>,
    ) -> Result<pb::View, Error> {
        self.put_named(call, VIEWS, new).await
    }

    /// One view.
    #[tracing::instrument(name = "view.get", skip_all, fields(view.id = %id))]
    pub(crate) async fn get_view(&self, id: &ViewId) -> Result<pb::View, Error> {
        Ok(present::view(&self.get_named::<Views>(id).await?))
    }

    /// A page of views, and the id of its last one when there are more.
    #[tracing::instrument(name = "view.list", skip_all)]
    pub(crate) async fn list_views(&self, page: &NamedPage) -> Result<(Vec<pb::View>, Option<String>), Error> {
        self.list_named(VIEWS, page).await
    }

    /// Forgets a view.
    #[tracing::instrument(name = "view.delete", skip_all, fields(view.id = %end.id))]
    pub(crate) async fn delete_view(&self, call: &Call, end: EndOfNamed<ViewId>) -> Result<(), Error> {
        self.delete_named(call, VIEWS, |entries, id| entries.view_deleted(id), end).await
    }

    /// How many affairs each of these shows, or one filter alone.
    #[tracing::instrument(name = "ticket.count", skip_all)]
    pub(crate) async fn count_tickets(
        &self,
        counted: Vec<(Option<ViewId>, crate::store::finding::Filter)>,
    ) -> Result<Vec<pb::TicketCount>, Error> {
        let mut counts = Vec::with_capacity(counted.len());
        for (view, filter) in counted {
            let (count, at_least) = self.count(&filter).await?;
            counts.push(pb::TicketCount { view: view.map(|id| id.name()).unwrap_or_default(), count, at_least });
        }
        Ok(counts)
    }
}
