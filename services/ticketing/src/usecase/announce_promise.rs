//! Tells customers of promises that are about to be broken, and promises another date; gives up notices that nobody delivers.

use std::time::Duration;

use jiff::Timestamp;
use kernel::{Actor, ActorKind, Classify as _, Department, Kind, ResourceId as _, Violations};
use ledger::Stamp;
use postgres::{StoreError, Tx};
use server::parse;
use ticketing_domain::{
    ChangeKind, CustomerId, Delivery, DepartmentId, Moment, Notice, NoticeAbout, NoticeId, NoticeScope, NoticeState,
    NoticeTemplateId, NoticeWords, Promise, PromiseForecast, PromiseId, PromiseKind, PromiseState, QuietHours, Reach,
    SlugId as _, Standing, Ticket, awaited, choose_template, route,
};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::r#type::v1::LocalizedText;

use super::Ticketing;
use super::chronicle::{Chronicle, Said};
use super::request_cure::SLA_MONITOR;
use super::team::called;
use crate::Error;
use crate::grpc::convert;
use crate::store::named::{Departments, NoticeTemplates, Shelf as _, StoredNoticeTemplate};
use crate::store::notice::{self, StoredNotice};
use crate::store::promise::{self, StoredPromise};
use crate::store::term;
use crate::store::ticket::{self, Locked};

/// How long a notice waits for what its customer wishes.
const PATIENCE: Duration = Duration::from_millis(500);
/// Templates that are read at once.
const PAGE: i64 = 100;

const CUSTOMER_PROFILE: &str = "customer-profile";

/// What is asked of others, and read, before the transaction begins.
struct Prepared {
    template: NoticeTemplateId,
    /// The version in which it was chosen.
    version: i64,
    words: NoticeWords,
    /// What the department that works on it is called, where the house has named it.
    department_name: Vec<LocalizedText>,
    forecast: Option<PromiseForecast>,
    reach: Reach,
}

/// What came of a promise at risk that was looked at.
enum Announced {
    /// Its customer is told.
    Told,
    /// Nothing is approved that says it.
    NothingApproved,
    /// It has ended, somebody else told of it, or what it would be told by is another.
    Changed,
}

impl Ticketing {
    /// Tells the customer of the promise at risk that is due first; `false` when there is none. One of which nothing was told, whyever, is put on `left`, so
    /// that nobody else waits for it.
    ///
    /// # Errors
    /// [`Error::Store`], of what may be over soon.
    pub(crate) async fn announce_next_promise(&self, left: &mut Vec<Uuid>) -> Result<bool, Error> {
        let now = self.ambient.now();
        let until = now.checked_add(self.notices.lead).unwrap_or(Timestamp::MAX);
        let Some(found) = promise::to_announce(self.db.reader(), (now, until), left).await? else { return Ok(false) };
        let id = found.promise.id;
        match self.announce(found.promise).await {
            Ok(Announced::Told) => {}
            Ok(Announced::Changed) => left.push(id.id),
            Ok(Announced::NothingApproved) => {
                tracing::warn!(ticket.id = %id.ticket, promise.id = %id.id, "no notice is approved for a promise at risk; its customer is told nothing");
                left.push(id.id);
            }
            Err(error) if !matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::error!(ticket.id = %id.ticket, promise.id = %id.id, error = kernel::chain(&error), "a promise at risk is left as it is");
                left.push(id.id);
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Tells of one promise, in the words of whoever works on its affair: of one that is answered with another, that is who works on the other.
    async fn announce(&self, promise: Promise) -> Result<Announced, Error> {
        let id = promise.id;
        let found = ticket::get(self.db.reader(), id.ticket).await?;
        let stored = found.ok_or_else(|| Error::not_found(id.ticket.to_string()))?;
        let seen = match stored.ticket.merged() {
            Some(merged) => ticket::get(self.db.reader(), merged.head).await?.map(|head| head.ticket),
            None => Some(stored.ticket.clone()),
        };
        let seen = seen.ok_or_else(|| Error::not_found(id.ticket.to_string()))?;
        let of_law = match promise.term {
            Some(clock) => term::is_by_law(self.db.reader(), clock).await?,
            None => false,
        };
        let Some((chosen, words)) = self.template_for(&seen, of_law).await? else {
            return Ok(Announced::NothingApproved);
        };
        let forecast = match promise.kind {
            PromiseKind::Resolution => self.told_instead(&stored, promise.due).await,
            _ => None,
        };
        let reach = self.reach_of(stored.ticket.facts().customer).await;
        let (template, version) = (chosen.named.id, chosen.version);
        let department_name = self.name_of(&seen.assignment().department).await?;
        let prepared = Prepared { template, version, words, department_name, forecast, reach };
        let mut tx = self.db.tx().await?;
        let now = self.ambient.now();
        let locked = ticket::lock(&mut tx, id.ticket).await?.ok_or_else(|| Error::not_found(id.ticket.to_string()))?;
        let still = match same_words(&seen, &locked.head.ticket, promise.kind) {
            true => self.still_to_announce(&mut tx, id, &prepared, now).await?,
            false => None,
        };
        match still {
            Some(promise) => self.write_notice(tx, locked, promise, prepared).await,
            None => {
                tx.rollback().await?;
                Ok(Announced::Changed)
            }
        }
    }

    async fn name_of(&self, department: &Department) -> Result<Vec<LocalizedText>, Error> {
        let Ok(id) = DepartmentId::of(department.as_str()) else { return Ok(Vec::new()) };
        let named = Departments::get(self.db.reader(), &id).await?;
        Ok(named.map(|stored| stored.named.content.display_name).unwrap_or_default())
    }

    /// The promise, if it is at risk as it was and its template as it was chosen.
    async fn still_to_announce(
        &self,
        tx: &mut Tx,
        id: PromiseId,
        prepared: &Prepared,
        now: Timestamp,
    ) -> Result<Option<Promise>, Error> {
        let Some(StoredPromise { promise, .. }) = promise::get(tx, id).await? else { return Ok(None) };
        if !matches!(promise.state, PromiseState::AtRisk { .. }) || promise.due <= now {
            return Ok(None);
        }
        if notice::lock_about(tx, id).await?.iter().any(|stored| stored.notice.promise == id) {
            return Ok(None);
        }
        let template = NoticeTemplates::share(tx, &prepared.template).await?;
        Ok(template.filter(|template| template.version == prepared.version).map(|_| promise))
    }

    async fn write_notice(
        &self,
        mut tx: Tx,
        locked: Locked,
        promise: Promise,
        prepared: Prepared,
    ) -> Result<Announced, Error> {
        let now = self.ambient.now();
        let id = promise.id;
        let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
        let mut chronicle = Chronicle::of_all(locked, &Stamp::of(actor.clone(), now, String::new()), &self.ambient);
        if chronicle.part(id.ticket).stored.erased {
            tx.rollback().await?;
            return Ok(Announced::Changed);
        }
        let department = chronicle.stored.ticket.assignment().department.clone();
        let ticket = chronicle.part(id.ticket).stored.ticket.clone();
        let facts = ticket.facts();
        let new_due = self.notices.new_due(promise.due, prepared.forecast.map(|told| told.earliest));
        let key = facts.tracking_key.to_string();
        let language = prepared.words.language_for(facts.language);
        let about = NoticeAbout {
            tracking_key: &key,
            subject: facts.subject.expose(),
            department: &called(&prepared.department_name, department.as_str(), language),
            due: promise.due,
            new_due,
        };
        let said = prepared.words.say(about, facts.language);
        let said = said.ok_or_else(|| StoreError::corrupt("notice_template", "content", prepared.template.as_str()))?;
        let route = route(&prepared.reach, facts.channel, now, promise.due);
        // Nothing is added to an affair that is over; what was promised about it is owed all the same.
        let message = (!ticket.state().standing().is_terminal()).then(|| chronicle.next_message_in(id.ticket));
        if let Some(message) = message {
            let told = Said::to_customer(route.channel, said.text.clone());
            chronicle.say_as(message, told, Moment::Now(now), &self.policy)?;
        }
        let language = said.language;
        let part = chronicle.part(id.ticket);
        let (noted, at) = part.stored.ticket.clone().note(Moment::Now(now))?;
        part.touched(noted);
        let notice = Notice {
            id: NoticeId { ticket: id.ticket, id: self.ambient.uuid(now) },
            promise: id,
            new_promise: PromiseId { ticket: id.ticket, id: self.ambient.uuid(now) },
            template: prepared.template,
            said,
            due: promise.due,
            new_due,
            route,
            message,
            written: at,
            delivery: Delivery {
                handings: 0,
                handed: None,
                in_time: 0,
                next: route.from,
                failure: None,
                state: NoticeState::Waiting,
            },
        };
        let named = notice.id.name();
        let written = |entries: &crate::entry::Entries<'_>| entries.notice_written(&notice);
        let sequence = part.note(ChangeKind::NoticeWritten, at, written, |row| row.related = Some(named));
        let draft = promise.instead(new_due, route.channel, language);
        let forecast = prepared.forecast.filter(|told| told.earliest == new_due);
        let instead = Promise::make(draft, forecast, notice.new_promise, actor, at);
        let made = part.promise_made(&instead, at);
        notice::insert(&mut tx, &StoredNotice { notice, sequence }).await?;
        promise::insert(&mut tx, &StoredPromise { promise: instead, sequence: made, version: 1 }).await?;
        ticket::write(&mut tx, &chronicle, None).await?;
        tx.commit().await?;
        self.ledger.nudge();
        Ok(Announced::Told)
    }

    /// The approved template for an affair, with what it says: of terms of law those alone that say what the customer can do, and of all else the others.
    async fn template_for(
        &self,
        ticket: &Ticket,
        of_law: bool,
    ) -> Result<Option<(StoredNoticeTemplate, NoticeWords)>, Error> {
        let department = &ticket.assignment().department;
        let (mut approved, mut after) = (Vec::new(), Some(String::new()));
        while let Some(place) = after {
            let page = NoticeTemplates::list(self.db.reader(), Some(department), &place, PAGE).await?;
            let whole = i64::try_from(page.len()).is_ok_and(|length| length == PAGE);
            after = page.last().filter(|_| whole).map(|last| last.named.id.as_str().to_owned());
            for stored in page.into_iter().filter(|stored| stored.named.content.approve_time.is_some()) {
                let Some((reason, words)) = convert::notice_template(&mut Violations::new(), "", &stored.named.content)
                else {
                    tracing::error!(
                        template = stored.named.id.as_str(),
                        "a template cannot be read, and is passed over"
                    );
                    continue;
                };
                if words.recourses.is_some() != of_law {
                    continue;
                }
                let scope = NoticeScope { department: stored.named.department.clone(), reason };
                approved.push((scope, (stored, words)));
            }
        }
        Ok(choose_template(approved, department, awaited(ticket.state())))
    }

    /// What affairs like this one tell of when it will be answered, where that is later than it was promised.
    async fn told_instead(&self, stored: &crate::store::Stored, due: Timestamp) -> Option<PromiseForecast> {
        let channel = self.peers.channel(SLA_MONITOR).ok()?;
        let told = self.ask_forecast(channel.clone(), stored, due).await?;
        if told.earliest <= due {
            return None;
        }
        // With how much probability it is kept is asked of what is promised.
        self.ask_forecast(channel, stored, told.earliest).await
    }

    /// How the customer wants to be reached, as far as customer-profile tells it in time: nobody goes untold because it does not, and nobody is woken.
    async fn reach_of(&self, id: CustomerId) -> Reach {
        let unknown = || Reach::unknown(&self.notices.quiet);
        let Ok(channel) = self.peers.channel(CUSTOMER_PROFILE) else { return unknown() };
        let mut profile = CustomerServiceClient::new(channel);
        let asked = customer::GetCustomerViewRequest { name: id.name() };
        match tokio::time::timeout(PATIENCE, profile.get_customer_view(asked)).await {
            Ok(Ok(view)) => reach(view.get_ref(), &self.notices.quiet),
            Ok(Err(status)) => {
                tracing::warn!(code = ?status.code(), "a notice goes the way its affair came");
                unknown()
            }
            Err(_) => {
                tracing::warn!("a notice goes the way its affair came: customer-profile takes too long");
                unknown()
            }
        }
    }

    /// Gives up one notice of which nobody said what became of it; `false` when there is none. One that fails is put on `left`.
    ///
    /// # Errors
    /// [`Error::Store`], of what may be over soon.
    pub(crate) async fn give_up_next_notice(&self, left: &mut Vec<Uuid>) -> Result<bool, Error> {
        let now = self.ambient.now();
        let Some(id) = notice::unreported(self.db.reader(), now, left).await? else { return Ok(false) };
        match self.give_up_notice(id, now).await {
            Err(error) if !matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::error!(ticket.id = %id.ticket, notice.id = %id.id, error = kernel::chain(&error), "a notice that nobody delivers is left as it is");
                left.push(id.id);
                Ok(true)
            }
            done => done.map(|()| true),
        }
    }

    async fn give_up_notice(&self, id: NoticeId, now: Timestamp) -> Result<(), Error> {
        let mut tx = self.db.tx().await?;
        let locked = ticket::lock(&mut tx, id.ticket).await?.ok_or_else(|| Error::not_found(id.ticket.to_string()))?;
        let found = notice::lock(&mut tx, id).await?.ok_or_else(|| Error::not_found(id.name()))?;
        let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
        let mut chronicle = Chronicle::of_all(locked, &Stamp::of(actor, now, String::new()), &self.ambient);
        let part = chronicle.part(id.ticket);
        let (noted, at) = part.stored.ticket.clone().note(Moment::Now(now))?;
        let Some(notice) = found.notice.clone().give_up(at).filter(|_| !part.stored.erased) else {
            // Somebody said so between the two statements' snapshots.
            return Ok(tx.rollback().await?);
        };
        part.touched(noted);
        let stored = StoredNotice { notice, ..found };
        part.notice_reported(&stored, at);
        notice::update(&mut tx, &stored.notice).await?;
        ticket::write(&mut tx, &chronicle, None).await?;
        tx.commit().await?;
        self.ledger.nudge();
        Ok(())
    }
}

/// Whether an affair still is what its notice was chosen for: of that department, waiting for that reason, and not over in a way that leaves nothing to tell.
fn same_words(seen: &Ticket, now: &Ticket, kind: PromiseKind) -> bool {
    let stands = now.state().standing();
    let nothing_to_tell = matches!(stands, Standing::Cancelled | Standing::Rejected)
        || (kind == PromiseKind::Resolution && matches!(stands, Standing::Resolved | Standing::Closed));
    !nothing_to_tell
        && seen.assignment().department == now.assignment().department
        && awaited(seen.state()) == awaited(now.state())
}

/// What a view tells of how its customer wants to be reached; who stated no quiet hours has those of the house.
fn reach(view: &customer::CustomerView, house: &QuietHours) -> Reach {
    let known = view.care.as_ref().and_then(|care| care.preferences.as_ref());
    let channel = |value: i32| parse::channel(&mut Violations::new(), "", value);
    let identifiers = view.golden.as_ref().and_then(|golden| golden.customer.as_ref()).map(|known| &known.identifiers);
    let is_email = |identifier: &customer::GoldenIdentifier| {
        identifier.value.as_ref().is_some_and(|value| value.r#type() == customer::IdentifierType::Email)
    };
    Reach {
        preferred: known.and_then(|known| channel(known.preferred_channel)),
        learned: known.and_then(|known| channel(known.learned_channel)),
        quiet: known
            .and_then(|known| known.quiet_hours.as_ref())
            .and_then(|quiet| QuietHours::parse(&quiet.from, &quiet.until, &quiet.time_zone))
            .or_else(|| Some(house.clone())),
        email: identifiers.is_some_and(|identifiers| identifiers.iter().any(is_email)),
    }
}
