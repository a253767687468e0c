//! What customer-profile holds of a person, and how it is destroyed.

mod archive;
mod journal;

use ::rights::{DataHolder, ErasureId, Hold, Leftover, Records};
use customer_profile_domain::CustomerId;
use futures::StreamExt as _;
use jiff::Timestamp;
use kernel::{Actor, ActorKind, ResourceId};
use ledger::{Draft, Stamp};
use postgres::{StoreError, Tx};
use prost::Name;
use prost_types::Any;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

pub(crate) use archive::Archive;
pub use archive::ArchiveError;
pub use journal::{JOURNAL, JournalError};
pub(crate) use journal::{Journal, Line};

use crate::error::ProfileError;
use crate::listening::Reader;
use crate::store::customer;
use crate::store::interaction::ticket_name;
use crate::store::{dealing, next_action, relation, rights as store, told};
use crate::usecase::{
    Profile, erase_customer, list_identity_links, list_timeline, next_actions, restrict_customer, state_relation,
};
use crate::{OMBUDSMAN, SLA_MONITOR, SOURCE, StartError, TICKETING, worth};

/// Who has a part in an erasure, in the order it is told.
pub(crate) const SERVICES: [&str; 4] = [SOURCE, TICKETING, SLA_MONITOR, OMBUDSMAN];

/// Items of a list that are read at once.
const PAGE: usize = 200;
/// The same, as the database counts.
const PAGE_ROWS: i64 = 200;

#[tonic::async_trait]
impl DataHolder for Profile {
    type Error = ProfileError;

    async fn holds(&self, _customers: &[Uuid], _now: Timestamp) -> Result<Vec<Hold>, ProfileError> {
        Ok(Vec::new())
    }

    fn records(&self, customers: Vec<Uuid>) -> Records<ProfileError> {
        let profile = self.clone();
        async_stream::try_stream! {
            let pool = profile.db.reader();
            let now = profile.ambient.now();
            let Some(first) = customers.first().map(|id| CustomerId::from_uuid(*id)) else { return };
            if let Some(golden) = customer::get(pool, first).await? {
                yield packed(&golden)?;
            }
            let mut place = None;
            loop {
                let page = told::versions(pool, &customers, place, PAGE_ROWS).await?;
                let more = page.len() == PAGE;
                place = page.last().map(|(place, _)| *place);
                for (_, version) in page {
                    yield packed(&version)?;
                }
                if !more {
                    break;
                }
            }
            let mut before = None;
            loop {
                let page = list_identity_links::read(&profile, first, before, PAGE).await?;
                before = page.last().map(|link| (link.asserted_at, link.id.uuid()));
                let more = page.len() == PAGE;
                for link in page {
                    yield packed(&crate::identity_link::to_proto(link))?;
                }
                if !more {
                    break;
                }
            }
            let mut before = None;
            loop {
                let page = list_timeline::read(&profile, first, before, PAGE).await?;
                before = page.last().map(|item| (item.at, item.id));
                let more = page.len() == PAGE;
                for item in page {
                    yield packed(&list_timeline::item(item, &Reader::Whole))?;
                }
                if !more {
                    break;
                }
            }
            for restriction in store::restrictions(pool, &customers).await? {
                // It may have been stated of somebody they were one with then.
                let own = customers.contains(&restriction.customer.uuid());
                let told = restrict_customer::told(&restriction);
                let customer = if own { told.customer } else { first.name() };
                yield packed(&proto::Restriction { customer, ..told })?;
            }
            for proposal in told::proposals(pool, &customers).await? {
                yield packed(&proposal)?;
            }
            for said in told::consents(pool, &customers).await? {
                yield packed(&said)?;
            }
            for said in told::preferences(pool, &customers, now).await? {
                yield packed(&said)?;
            }
            for declared in told::vulnerabilities(pool, &customers).await? {
                yield packed(&declared)?;
            }
            let mut place = None;
            loop {
                let page = dealing::page(pool, &customers, place, PAGE_ROWS).await?;
                let more = page.len() == PAGE;
                place = page.last().map(|(id, dealing, _)| (dealing.occurred_at, *id));
                for (_, dealing, recorded_at) in page {
                    yield packed(&worth::dealing_to_proto(&dealing, recorded_at))?;
                }
                if !more {
                    break;
                }
            }
            let mut before = None;
            loop {
                let page = next_action::page(pool, first, before, PAGE_ROWS).await?;
                before = page.last().map(|action| (action.created_at, action.id.uuid()));
                let more = page.len() == PAGE;
                for action in page {
                    yield packed(&next_actions::to_proto(&action, now))?;
                }
                if !more {
                    break;
                }
            }
            let mut before = None;
            loop {
                let page = relation::page(pool, first, before, PAGE_ROWS).await?;
                before = page.last().map(|relation| (relation.stated_at, relation.id.uuid()));
                let more = page.len() == PAGE;
                for relation in page {
                    yield packed(&state_relation::to_proto(&relation))?;
                }
                if !more {
                    break;
                }
            }
        }
        .boxed()
    }

    async fn erase(&self, tx: &mut Tx, customers: &[Uuid], now: Timestamp) -> Result<Leftover, ProfileError> {
        // Who was writing of the customer has committed before the row was marked, under its lock.
        let is_buried = customer::look_erased(tx, customers).await?;
        if !is_buried {
            tracing::warn!("a customer that was erased stands again; it is erased once more");
            let stamp = Stamp::of(system(), now, server::current_traceparent());
            let entries = erase_customer::destroy_again(self, tx, customers, &stamp).await?;
            ledger::append(tx, &entries).await?;
        }
        let reasons = store::reasons_elsewhere(tx, customers).await?;
        ledger::forget_entries(tx, &reasons).await?;
        store::wipe(tx, customers, now).await?;
        let affairs = store::affairs(tx, customers).await?.into_iter().map(ticket_name);
        let resources = customers.iter().map(|id| CustomerId::from_uuid(*id).name()).chain(affairs).collect();
        Ok(Leftover { resources, needed: 0 })
    }

    async fn erased(&self, tx: &mut Tx, erasure: ErasureId, now: Timestamp) -> Result<Vec<Draft>, ProfileError> {
        if let Some(erasure) = store::find(tx, erasure).await? {
            self.journal.add(line(&erasure)).await?;
        }
        store::part(tx, erasure, SOURCE, now).await?;
        let services: Vec<String> = SERVICES.iter().map(|service| (*service).to_owned()).collect();
        let Some(customer) = store::complete(tx, erasure, &services, now).await? else { return Ok(Vec::new()) };
        let payload = proto::ErasureCompleted { erasure: erasure.name(), customer: customer.name() };
        let stamp = Stamp::of(system(), now, server::current_traceparent());
        Ok(vec![Draft::new(self.ambient.uuid(now), erasure.name(), &payload, &stamp)])
    }
}

/// The service itself.
fn system() -> Actor {
    Actor { kind: ActorKind::System, id: SOURCE.to_owned(), department: None }
}

/// An erasure as the journal keeps it.
pub(crate) fn line(erasure: &store::Erasure) -> Line {
    Line {
        erasure: erasure.id.uuid(),
        customer: erasure.customer.uuid(),
        ids: erasure.ids.clone(),
        ground: erasure.ground.as_str().to_owned(),
        asked_at: erasure.asked_at,
    }
}

/// Makes journal and database tell of the same erasures: what the database has goes into the journal, and what the database
/// has no more, because it was restored, is destroyed again.
#[tracing::instrument(name = "erasure.reconcile", skip_all)]
pub(crate) async fn reconcile(profile: &Profile, journal: Vec<Line>) -> Result<(), StartError> {
    let known = store::all(profile.db.reader()).await?;
    for erasure in &known {
        profile.journal.add(line(erasure)).await?;
    }
    let lost = journal.into_iter().filter(|line| !known.iter().any(|erasure| erasure.id.uuid() == line.erasure));
    for line in lost {
        tracing::warn!(erasure = %line.erasure, "the database was restored to before an erasure; it is done again");
        let now = profile.ambient.now();
        let erasure = store::Erasure {
            id: ErasureId::from_uuid(line.erasure),
            customer: CustomerId::from_uuid(line.customer),
            ground: line.ground(),
            ids: line.ids,
            asked_at: line.asked_at,
        };
        let repeated =
            erase_customer::repeat(profile, &erasure, &Stamp::of(system(), now, server::current_traceparent())).await;
        repeated.map_err(|error| StartError::Erasure(kernel::chain(&error).to_string()))?;
    }
    Ok(())
}

/// A resource as a service hands it over.
fn packed(message: &impl Name) -> Result<Any, ProfileError> {
    Any::from_msg(message).map_err(|_| StoreError::corrupt("customer", "record", "of an export").into())
}
