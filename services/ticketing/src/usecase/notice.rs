//! Notices: the templates they are written from, and how they go to customers. They are written in `announce_promise`.

use jiff::{SignedDuration, Timestamp};
use kernel::{Channel, ResourceId as _, Violations};
use postgres::{Kept, RequestKey, StoreError, Tx};
use server::Call;
use server::parse::{self, actor_to_proto, time_to_proto};
use ticketing_domain::{
    ChangeKind, Notice, NoticeId, NoticeOutcome, NoticeTemplateId, Promise, PromiseState, Refusal, Settlement,
    SlugId as _,
};
use uuid::Uuid;
use ventanilla_proto::ticketing::v1 as pb;

use super::chronicle::Chronicle;
use super::claimed::Claimed;
use super::named::{Kind, NamedPage, NewNamed};
use super::writing::{Begun, Writing};
use super::{Page, Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::named::{NoticeTemplates, Shelf as _, StoredNamed};
use crate::store::notice::{self, StoredNotice};
use crate::store::promise::{self, StoredPromise};
use crate::store::ticket;

const TEMPLATES: Kind<NoticeTemplates, pb::NoticeTemplate> = Kind {
    present: present::notice_template,
    put: |entries, template| entries.notice_template_put(template),
    refusal: || Refusal::NotYours,
};

/// What ApproveNoticeTemplate is asked.
#[derive(Debug, Clone)]
pub(crate) struct Approval {
    /// Which.
    pub id: NoticeTemplateId,
    /// The version the caller has read.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
}

/// What TakeNotices is asked.
#[derive(Debug, Clone)]
pub(crate) struct Taking {
    /// By which channels they are sent.
    pub channels: Vec<Channel>,
    /// How many at most.
    pub most: usize,
    /// For how long nobody else is handed them.
    pub lease: SignedDuration,
    /// The call.
    pub key: RequestKey,
}

/// What ReportNotice is asked.
#[derive(Debug, Clone)]
pub(crate) struct NoticeReport {
    /// Which.
    pub id: NoticeId,
    /// Of which handing, from 1.
    pub handing: u32,
    /// What became of it.
    pub outcome: NoticeOutcome,
    /// The call.
    pub key: RequestKey,
}

impl Ticketing {
    /// Keeps a template under a name, or changes it, which takes its approval back.
    #[tracing::instrument(name = "notice_template.put", skip_all, fields(template.id = %new.id))]
    pub(crate) async fn put_notice_template(
        &self,
        call: &Call,
        mut new: NewNamed<NoticeTemplateId, pb::NoticeTemplate>,
    ) -> Result<pb::NoticeTemplate, Error> {
        new.content.put_actor = Some(actor_to_proto(call.actor()));
        self.put_named(call, TEMPLATES, new).await
    }

    /// Approves a template as it stands.
    #[tracing::instrument(name = "notice_template.approve", skip_all, fields(template.id = %asked.id))]
    pub(crate) async fn approve_notice_template(
        &self,
        call: &Call,
        asked: Approval,
    ) -> Result<pb::NoticeTemplate, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&asked.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let known = NoticeTemplates::lock(&mut tx, &asked.id).await?;
        let StoredNamed { mut named, version } = known.ok_or_else(|| Error::not_found(asked.id.name()))?;
        if version != asked.etag {
            return Err(StoreError::Stale.into());
        }
        let approver = actor_to_proto(call.actor());
        // A person is the same whichever department they act for.
        if named.content.put_actor.as_ref().is_none_or(|writer| writer.id == approver.id) {
            return Err(Refusal::NoticeTemplateOwn.into());
        }
        if named.content.approve_time.is_some() {
            return Err(Refusal::NoticeTemplateApproved.into());
        }
        named.content.approve_actor = Some(approver);
        named.content.approve_time = Some(time_to_proto(now));
        let stored = StoredNamed { named, version: version + 1 };
        NoticeTemplates::update(&mut tx, &stored).await?;
        let answer = present::notice_template(&stored);
        let entry = self.entries(call, now, |entries| entries.notice_template_approved(answer.clone()));
        ledger::append(&mut tx, &[entry]).await?;
        let answer = self.keep(tx, &asked.key, answer).await?;
        self.announcing.notify_one();
        Ok(answer)
    }

    /// One template.
    #[tracing::instrument(name = "notice_template.get", skip_all, fields(template.id = %id))]
    pub(crate) async fn get_notice_template(&self, id: &NoticeTemplateId) -> Result<pb::NoticeTemplate, Error> {
        Ok(present::notice_template(&self.get_named::<NoticeTemplates>(id).await?))
    }

    /// A page of templates, and the id of its last one when there are more.
    #[tracing::instrument(name = "notice_template.list", skip_all)]
    pub(crate) async fn list_notice_templates(
        &self,
        page: &NamedPage,
    ) -> Result<(Vec<pb::NoticeTemplate>, Option<String>), Error> {
        self.list_named(TEMPLATES, page).await
    }

    /// Hands over notices that may be sent now.
    #[tracing::instrument(name = "notice.take", skip_all)]
    pub(crate) async fn take_notices(&self, taking: Taking) -> Result<pb::TakeNoticesResponse, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&taking.key, now).await? {
            // What somebody else may have by now is not given again.
            Claimed::Replay(pb::TakeNoticesResponse { notices }) => {
                let ours = |notice: &pb::Notice| {
                    let until = parse::optional_time(&mut Violations::new(), "", notice.next_hand_time.as_ref());
                    until.is_some_and(|until| until > now)
                };
                return Ok(pb::TakeNoticesResponse { notices: notices.into_iter().filter(ours).collect() });
            }
            Claimed::Fresh(tx) => tx,
        };
        let until = now.checked_add(taking.lease).unwrap_or(Timestamp::MAX);
        let most = i64::try_from(taking.most).unwrap_or(i64::MAX);
        let mut taken = notice::take(&mut tx, &taking.channels, (now, until), most).await?;
        taken.sort_by_key(|stored| (stored.notice.due, stored.notice.id.id));
        let about: Vec<Uuid> = taken.iter().map(|stored| stored.notice.id.ticket.uuid()).collect();
        let answer = pb::TakeNoticesResponse { notices: taken.iter().map(present::notice).collect() };
        let encoded = prost::Message::encode_to_vec(&answer);
        let kept = Kept { answer: &encoded, forever: false, about: &about };
        postgres::keep_answer(&mut tx, taking.key.id, kept).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// Says what became of a notice that was handed over.
    #[tracing::instrument(name = "notice.report", skip_all, fields(ticket.id = %report.id.ticket))]
    pub(crate) async fn report_notice(&self, call: &Call, report: NoticeReport) -> Result<pb::Notice, Error> {
        let NoticeReport { id, handing, outcome, key } = report;
        let mut writing = match self.begin_in(call, key, id.ticket, None, None).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let found = notice::lock(&mut writing.tx, id).await?.ok_or_else(|| Error::not_found(id.name()))?;
        let moment = writing.moment;
        let part = writing.part();
        let (noted, at) = part.stored.ticket.clone().note(moment)?;
        let Some(notice) = found.notice.clone().report(handing, outcome, at)? else {
            return writing.finish(present::notice(&found)).await;
        };
        part.touched(noted);
        let stored = StoredNotice { notice, ..found };
        part.notice_reported(&stored, at);
        notice::update(&mut writing.tx, &stored.notice).await?;
        writing.learn(&stored.notice, at).await?;
        writing.finish(present::notice(&stored)).await
    }

    /// A page of notices of a ticket, and the sequence number of its last one when there are more.
    #[tracing::instrument(name = "notice.list", skip_all, fields(ticket.id = %page.ticket))]
    pub(crate) async fn list_notices(&self, page: &Page) -> Result<(Vec<pb::Notice>, Option<i32>), Error> {
        let mut rows = notice::list(self.db.reader(), page.ticket, page.after, limit(page.size)).await?;
        if rows.is_empty() && !ticket::exists(self.db.reader(), page.ticket).await? {
            return Err(Error::not_found(page.ticket.to_string()));
        }
        let more = cut(&mut rows, page.size);
        let last = rows.last().filter(|_| more).map(|row| row.sequence);
        Ok((rows.iter().map(present::notice).collect(), last))
    }
}

impl Chronicle {
    /// Notes what became of a notice.
    pub(super) fn notice_reported(&mut self, stored: &StoredNotice, at: Timestamp) {
        self.note(
            ChangeKind::NoticeReported,
            at,
            |entries| entries.notice_reported(&stored.notice),
            |row| {
                row.reason = Some(stored.standing().to_owned());
                row.related = Some(stored.notice.id.name());
            },
        );
    }
}

impl Writing {
    /// A promise was kept, or gave way to another. So was the one beside it, which a notice put there: both are about the same; and what has not left the house
    /// need not be told any more.
    pub(super) async fn settle_beside(&mut self, promise: &Promise, at: Timestamp) -> Result<(), Error> {
        let kept = matches!(promise.state, PromiseState::Kept { .. });
        // Who was told by somebody needs no second cause and no second date.
        let given_way =
            matches!(promise.state, PromiseState::Renegotiated { .. } | PromiseState::BrokenAnnounced { .. });
        if !kept && !given_way {
            return Ok(());
        }
        Ok(settle_beside(&mut self.tx, &mut self.chronicle, promise, kept, at).await?)
    }

    /// What became of a notice is known now: so is what its customer had been told when the promise was broken.
    async fn learn(&mut self, notice: &Notice, at: Timestamp) -> Result<(), Error> {
        let Some(found) = promise::get(&mut self.tx, notice.promise).await? else { return Ok(()) };
        let Some(promise) = found.promise.clone().learn(&notice.told()) else { return Ok(()) };
        self.part().promise_settled(&promise, at);
        let written = StoredPromise { promise, version: found.version + 1, ..found };
        Ok(promise::update(&mut self.tx, &written).await?)
    }
}

/// What stands beside a promise that was kept, or gave way, by a notice that put one in place of the other: it ends so too, and what has not left the house is not told.
/// Of a new date that left the house the customer may know: it is owed, also where somebody told them of a delay once more.
///
/// # Errors
/// [`StoreError`] of the database.
pub(crate) async fn settle_beside(
    tx: &mut Tx,
    chronicle: &mut Chronicle,
    promise: &Promise,
    kept: bool,
    at: Timestamp,
) -> Result<(), StoreError> {
    for stored in notice::lock_about(tx, promise.id).await? {
        let Notice { promise: old, new_promise: new, .. } = &stored.notice;
        let beside = if *old == promise.id { *new } else { *old };
        let broken = matches!(promise.state, PromiseState::BrokenAnnounced { .. });
        if !kept && broken && stored.notice.left_the_house() {
            continue;
        }
        let found = promise::get(tx, beside).await?;
        let found = found.ok_or_else(|| StoreError::corrupt("notice", "new_promise_id", stored.notice.id.id))?;
        // Whatever is said of the new date, a term follows its clock.
        let settled = found.promise.refuse_of_term().map(|()| found.promise.clone());
        let settled = settled
            .and_then(|promise| if kept { promise.settle(Settlement::Kept, at) } else { promise.renegotiate(at) });
        // One that has ended, or was due before, ended as it did.
        if let Ok(promise) = settled {
            chronicle.part(promise.id.ticket).promise_settled(&promise, at);
            promise::update(tx, &StoredPromise { promise, version: found.version + 1, ..found }).await?;
        }
        if let Some(notice) = stored.notice.clone().withdraw(at) {
            let stored = StoredNotice { notice, ..stored };
            chronicle.part(stored.notice.id.ticket).notice_reported(&stored, at);
            notice::update(tx, &stored.notice).await?;
        }
    }
    Ok(())
}
