//! What is learned from affairs: what caused them, what customers thought, and how much dissatisfaction is never said.

use std::collections::BTreeMap;

use jiff::Timestamp;
use postgres::StoreError;
use server::Call;
use ticketing_domain::{
    Answers, ChangeKind, Counted, Heard, Refusal, RootCauseId, Silence, SlugId as _, TicketType, refuse_place, silence,
    totals,
};
use ventanilla_proto::ticketing::v1 as pb;

use super::claimed::Claimed;
use super::named::{Kind, NamedPage, NewNamed};
use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;
use crate::store::cause::{self, Period};
use crate::store::named::{Causes, Shelf as _};
use crate::store::silence as heard;
use crate::store::survey;

/// Affairs that are looked at in one call.
const MOST: i64 = 200_000;

fn add(sum: &mut Answers, answers: &Answers) {
    *sum = sum.and(answers);
}

const CAUSES: Kind<Causes, pb::RootCause> =
    Kind { present: present::cause, put: |entries, cause| entries.cause_put(cause), refusal: || Refusal::NotYours };

/// What PutRootCause is asked.
pub(crate) struct NewCause {
    /// The cause.
    pub new: NewNamed<RootCauseId, pb::RootCause>,
    /// What it is a kind of.
    pub parent: Option<RootCauseId>,
}

impl Ticketing {
    /// Puts a cause into the tree, or changes it.
    #[tracing::instrument(name = "cause.put", skip_all, fields(cause.id = %asked.new.id))]
    pub(crate) async fn put_root_cause(&self, call: &Call, asked: NewCause) -> Result<pb::RootCause, Error> {
        let NewCause { new, parent } = asked;
        let mut tx = match self.claimed(&new.key, self.ambient.now()).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let place = cause::place(&mut tx, &new.id, parent.as_ref()).await?;
        // A version that is stale is told before what is wrong with the change.
        let known = Causes::lock(&mut tx, &new.id).await?.map(|known| known.version);
        if known != new.etag {
            return Err(StoreError::Stale.into());
        }
        if let Some(parent) = parent.as_ref().filter(|_| place.above.is_empty()) {
            return Err(Error::not_found(parent.name()));
        }
        refuse_place(&new.id, &place.above, place.below)?;
        cause::set_parent(&mut tx, &new.id, parent.as_ref()).await?;
        self.put_named_in(tx, call, CAUSES, new).await
    }

    /// One cause.
    #[tracing::instrument(name = "cause.get", skip_all, fields(cause.id = %id))]
    pub(crate) async fn get_root_cause(&self, id: &RootCauseId) -> Result<pb::RootCause, Error> {
        Ok(present::cause(&self.get_named::<Causes>(id).await?))
    }

    /// A page of causes, and the id of its last one when there are more.
    #[tracing::instrument(name = "cause.list", skip_all)]
    pub(crate) async fn list_root_causes(
        &self,
        page: &NamedPage,
    ) -> Result<(Vec<pb::RootCause>, Option<String>), Error> {
        self.list_named(CAUSES, page).await
    }

    /// Says what brought an affair about.
    #[tracing::instrument(name = "cause.state", skip_all, fields(ticket.id = %target.id, cause.id = %cause))]
    pub(crate) async fn state_root_cause(
        &self,
        call: &Call,
        target: Target,
        cause: RootCauseId,
    ) -> Result<pb::Ticket, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let found = Causes::share(&mut writing.tx, &cause).await?.ok_or_else(|| Error::not_found(cause.name()))?;
        if found.named.content.retired {
            return Err(Refusal::CauseRetired.into());
        }
        let moment = writing.moment;
        // What is answered with it was brought about by the same.
        writing.chronicle.each(|part| -> Result<(), Refusal> {
            let (noted, at) = part.stored.ticket.clone().note(moment)?;
            let ticket = noted.facts().id;
            part.changed(noted);
            part.stored.root_cause = Some(cause.clone());
            part.note(
                ChangeKind::RootCauseStated,
                at,
                |entries| entries.root_cause_stated(ticket, &cause),
                |row| row.related = Some(cause.name()),
            );
            Ok(())
        })?;
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }

    /// How often each cause was said of the affairs of a time.
    #[tracing::instrument(name = "cause.measure", skip_all)]
    pub(crate) async fn measure_root_causes(&self, period: Period) -> Result<pb::MeasureRootCausesResponse, Error> {
        let pool = self.db.reader();
        let before = period.from.checked_sub(period.to.duration_since(period.from)).unwrap_or(Timestamp::MIN);
        self.refuse_many(&period).await?;
        let mut own = cause::counted(pool, &period, before).await?;
        let parents = cause::parents(pool).await?;
        let sum = |of: fn(&Counted) -> i64| own.values().map(of).sum::<i64>();
        let (all, all_before) = (sum(|counted| counted.tickets), sum(|counted| counted.before));
        let unsaid = own.remove("");
        let totals = totals(&own, &parents);
        let mut causes: Vec<pb::CauseFigures> = totals
            .iter()
            .map(|(id, total)| {
                let tickets = own.get(id).map_or(0, |counted| counted.tickets);
                present::cause_figures(Some(id), tickets, total, (all, all_before))
            })
            .collect();
        causes.sort_by(|a, b| b.total_count.cmp(&a.total_count).then_with(|| a.cause.cmp(&b.cause)));
        causes.extend(unsaid.map(|said| present::cause_figures(None, said.tickets, &said, (all, all_before))));
        Ok(pb::MeasureRootCausesResponse { ticket_count: all, causes })
    }

    /// Estimates how much dissatisfaction was never complained of.
    #[tracing::instrument(name = "silence.estimate", skip_all)]
    pub(crate) async fn estimate_silence(&self, period: Period) -> Result<pb::SilenceEstimate, Error> {
        self.refuse_many(&period).await?;
        let counts = heard::heard(self.db.reader(), &period).await?;
        let counted = Heard::new(counts).map_err(|_| StoreError::corrupt("survey", "answered_at", "counts"))?;
        let estimate: Silence = silence(counted);
        Ok(present::silence(&counts, &estimate))
    }

    /// What customers thought of the affairs of a time.
    #[tracing::instrument(name = "satisfaction.measure", skip_all)]
    pub(crate) async fn measure_satisfaction(&self, period: Period) -> Result<pb::MeasureSatisfactionResponse, Error> {
        self.refuse_many(&period).await?;
        let counted = survey::answers(self.db.reader(), &period).await?;
        let (mut all, mut departments, mut types) = (Answers::default(), BTreeMap::new(), BTreeMap::new());
        for ((department, ticket_type), answers) in &counted {
            all = all.and(answers);
            add(departments.entry(department.as_str()).or_default(), answers);
            add(types.entry(*ticket_type).or_default(), answers);
        }
        let of_department = |(department, answers): (&str, Answers)| pb::SatisfactionFigures {
            department: department.to_owned(),
            ..present::satisfaction(&answers)
        };
        let of_type = |(ticket_type, answers): (TicketType, Answers)| pb::SatisfactionFigures {
            ticket_type: present::ticket_type(ticket_type).into(),
            ..present::satisfaction(&answers)
        };
        Ok(pb::MeasureSatisfactionResponse {
            all: Some(present::satisfaction(&all)),
            departments: departments.into_iter().map(of_department).collect(),
            ticket_types: types.into_iter().map(of_type).collect(),
        })
    }

    async fn refuse_many(&self, period: &Period) -> Result<(), Error> {
        if cause::count(self.db.reader(), period, MOST).await? > MOST {
            return Err(Refusal::TooManyTickets { most: usize::try_from(MOST).unwrap_or(usize::MAX) }.into());
        }
        Ok(())
    }
}
