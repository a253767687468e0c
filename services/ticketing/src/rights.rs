//! What ticketing holds of a person: affairs with what was said and promised in them.

use ::rights::{DataHolder, Hold, Leftover, Records};
use futures::StreamExt as _;
use jiff::Timestamp;
use kernel::ResourceId;
use postgres::{StoreError, Tx};
use prost::Name;
use prost_types::Any;
use ticketing_domain::{SurveyId, TicketId};
use uuid::Uuid;

use crate::Error;
use crate::grpc::present;
use crate::store::draft;
use crate::store::finding::words;
use crate::store::rights as store;
use crate::store::survey;
use crate::usecase::{Page, Ticketing};

/// Parts of one affair that are read at once.
const PAGE: usize = 200;

#[tonic::async_trait]
impl DataHolder for Ticketing {
    type Error = Error;

    async fn holds(&self, customers: &[Uuid], now: Timestamp) -> Result<Vec<Hold>, Error> {
        let affairs = store::affairs(self.db.reader(), customers).await?;
        Ok(affairs.iter().filter_map(|affair| self.hold(affair, now)).collect())
    }

    fn records(&self, customers: Vec<Uuid>) -> Records<Error> {
        let app = self.clone();
        async_stream::try_stream! {
            let affairs = store::affairs(app.db.reader(), &customers).await?;
            let ids: Vec<Uuid> = affairs.iter().map(|affair| affair.id).collect();
            let tickets: Vec<TicketId> = affairs.iter().map(|affair| TicketId::from_uuid(affair.id)).collect();
            for ticket in &tickets {
                yield packed(&app.get_ticket(*ticket).await?)?;
            }
            for ticket in &tickets {
                yield packed(&app.get_receipt(*ticket).await?)?;
            }
            // One loop a kind: an archive has a file for each.
            for ticket in &tickets {
                let mut after = Some(0);
                while let Some(place) = after {
                    let (messages, next) = app.list_messages(&page(*ticket, place), false).await?;
                    for message in &messages {
                        yield packed(message)?;
                    }
                    after = next;
                }
            }
            for ticket in &tickets {
                let mut after = None;
                loop {
                    let (redresses, next) = app.list_redresses(*ticket, after, PAGE).await?;
                    // What is given in one that is answered with another is told once, under its own.
                    for redress in redresses.iter().filter(|redress| redress.name.starts_with(&ticket.name())) {
                        yield packed(redress)?;
                    }
                    let Some(place) = next else { break };
                    after = Some(place);
                }
            }
            for draft in draft::of_tickets(app.db.reader(), &ids).await? {
                yield packed(&present::draft(&draft))?;
            }
            for ticket in &tickets {
                let mut after = Some(0);
                while let Some(place) = after {
                    let (promises, next) = app.list_promises(&page(*ticket, place)).await?;
                    for promise in &promises {
                        yield packed(promise)?;
                    }
                    after = next;
                }
            }
            for ticket in &tickets {
                let mut after = Some(0);
                while let Some(place) = after {
                    let (notices, next) = app.list_notices(&page(*ticket, place)).await?;
                    for notice in &notices {
                        yield packed(notice)?;
                    }
                    after = next;
                }
            }
            for ticket in &tickets {
                let mut after = Some(0);
                while let Some(place) = after {
                    let (cures, next) = app.list_cure_requests(&page(*ticket, place)).await?;
                    for cure in &cures {
                        yield packed(cure)?;
                    }
                    after = next;
                }
            }
            for ticket in &tickets {
                let mut after = None;
                loop {
                    let (links, next) = app.list_ticket_links(*ticket, after, PAGE).await?;
                    // A link of two affairs of the person is told once, under the one of which it is said.
                    for link in links.iter().filter(|link| link.from_ticket == ticket.name()) {
                        yield packed(link)?;
                    }
                    after = next;
                    if after.is_none() {
                        break;
                    }
                }
            }
            for ticket in &tickets {
                if let Some(survey) = survey::get(app.db.reader(), SurveyId::of(*ticket)).await? {
                    yield packed(&present::survey(&survey))?;
                }
            }
            for ticket in &tickets {
                let mut after = Some(0);
                while let Some(place) = after {
                    let (changes, next) = app.list_ticket_history(&page(*ticket, place)).await?;
                    for change in &changes {
                        yield packed(change)?;
                    }
                    after = next;
                }
            }
        }
        .boxed()
    }

    async fn settle(&self) -> Result<(), Error> {
        let mut tx = self.db.tx().await?;
        store::wait_for_openings(&mut tx).await?;
        tx.rollback().await?;
        Ok(())
    }

    async fn erase(&self, tx: &mut Tx, customers: &[Uuid], now: Timestamp) -> Result<Leftover, Error> {
        let affairs = store::lock(tx, customers).await?;
        let (needed, free): (Vec<_>, Vec<_>) =
            affairs.into_iter().filter(|affair| !affair.erased).partition(|affair| self.hold(affair, now).is_some());
        let tickets: Vec<Uuid> = free.iter().map(|affair| affair.id).collect();
        if !tickets.is_empty() {
            let over: Vec<TicketId> = tickets.iter().map(|id| TicketId::from_uuid(*id)).collect();
            self.lapse_erased(tx, &over, now).await?;
            store::erase(tx, &tickets, now).await?;
            words::destroy(tx, &tickets).await?;
        }
        let resources = tickets.into_iter().map(|id| TicketId::from_uuid(id).name()).collect();
        Ok(Leftover { resources, needed: needed.len() })
    }
}

impl Ticketing {
    fn hold(&self, affair: &store::Affair, now: Timestamp) -> Option<Hold> {
        if affair.erased {
            return None;
        }
        Hold::of(TicketId::from_uuid(affair.id).name(), affair.ended_at, self.keep_ended, now)
    }
}

fn page(ticket: TicketId, after: i32) -> Page {
    Page { ticket, after, size: PAGE }
}

fn packed(message: &impl Name) -> Result<Any, Error> {
    Any::from_msg(message).map_err(|_| StoreError::corrupt("ticket", "record", "of an export").into())
}
