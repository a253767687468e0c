//! Process maps: written in versions, and laid over what happened.

use jiff::Timestamp;
use kernel::{ResourceId as _, Violations};
use postgres::{RequestKey, StoreError};
use server::Call;
use ticketing_domain::{
    Course, Measure, Process, ProcessId, ProcessMap, Refusal, Scope, Slug, SlugId as _, Standing, Step, TicketId, Turn,
};
use ventanilla_proto::ticketing::v1 as pb;

use super::claimed::Claimed;
use super::writing::Begun;
use super::{Target, Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::process::{self, Among, StoredProcess};

/// The map that is made for all affairs.
const STANDARD: &str = "standard";
/// Affairs that one call measures.
const MOST_MEASURED: usize = 100_000;
/// Affairs whose history is read at a time.
const MEASURED_AT_ONCE: i64 = 500;

/// What PutProcess is asked.
#[derive(Debug, Clone)]
pub struct NewProcess {
    /// Which map.
    pub id: ProcessId,
    /// Which affairs it is made for.
    pub scope: Scope,
    /// When the version comes into force, where that is not now.
    pub effective: Option<Timestamp>,
    /// The steps.
    pub map: ProcessMap,
    /// Number of the version it follows; none for the first.
    pub after: Option<i64>,
    /// The call.
    pub key: RequestKey,
}

/// What MeasureProcess is asked.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The map whose affairs are looked at.
    pub id: ProcessId,
    /// In which version.
    pub version: Option<i32>,
    /// The steps that are held against them instead.
    pub draft: Option<ProcessMap>,
    /// Affairs first received from then on.
    pub from: Timestamp,
    /// And before then.
    pub to: Timestamp,
}

impl Ticketing {
    /// Writes the next version of a map, or the first.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "process.put", skip_all, fields(process.id = %new.id))]
    pub async fn put_process(&self, call: &Call, new: NewProcess) -> Result<pb::Process, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&new.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let known = process::lock(&mut tx, &new.id).await?;
        let version = next_version(&new, known.as_ref(), now)?;
        let written = Process {
            id: new.id,
            scope: new.scope,
            version,
            effective: new.effective.unwrap_or(now),
            map: new.map,
            by: call.actor().clone(),
            at: now,
        };
        if !process::put(&mut tx, &written).await? {
            // Somebody else was first: under this id, or for the same affairs.
            let other = process::made_for(&mut tx, &written.scope).await?.filter(|other| *other != written.id);
            return Err(match other {
                Some(other) => Refusal::ScopeTaken { process: other.name() }.into(),
                None => StoreError::Stale.into(),
            });
        }
        let stored = StoredProcess { process: written, newest: version };
        let entry = self.entries(call, now, |entries| entries.process_put(&stored));
        ledger::append(&mut tx, &[entry]).await?;
        self.keep(tx, &new.key, present::process(&stored)).await
    }

    /// One map.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "process.get", skip_all, fields(process.id = %id))]
    pub async fn get_process(&self, id: ProcessId, version: Option<i32>) -> Result<pb::Process, Error> {
        Ok(present::process(&self.process_of(&id, version).await?))
    }

    async fn process_of(&self, id: &ProcessId, version: Option<i32>) -> Result<StoredProcess, Error> {
        let found = process::get(self.db.reader(), id, version).await?;
        found.ok_or_else(|| {
            Error::not_found(version.map_or_else(|| id.name(), |v| format!("{} version {v}", id.name())))
        })
    }

    /// A page of maps, and the id of its last one when there are more.
    #[tracing::instrument(name = "process.list", skip_all)]
    pub(crate) async fn list_processes(
        &self,
        after: &str,
        size: usize,
    ) -> Result<(Vec<pb::Process>, Option<String>), Error> {
        let mut found = process::list(self.db.reader(), after, limit(size)).await?;
        let more = cut(&mut found, size);
        let last = found.last().filter(|_| more).map(|stored| stored.process.id.as_str().to_owned());
        Ok((found.iter().map(present::process_in_list).collect(), last))
    }

    /// Says that an affair has come to a step of its map.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.enter_step", skip_all, fields(ticket.id = %target.id))]
    pub async fn enter_step(&self, call: &Call, target: Target, step: Slug) -> Result<pb::TicketCourse, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let followed = process::of_ticket(&mut *writing.tx, id, self.ambient.now()).await?;
        let followed = followed.ok_or_else(|| Error::not_found(id.name()))?;
        let mut turns = process::turns(&mut *writing.tx, id).await?;
        let moment = writing.moment;
        writing.chronicle.enter(&step, moment)?;
        let ticket = &writing.chronicle.stored.ticket;
        let here = Turn {
            at: ticket.last_change(),
            standing: ticket.state().standing(),
            reason: ticket.state().reason().map(ToOwned::to_owned),
            department: ticket.assignment().department.clone(),
            stated: Some(step.clone()),
            refiled: false,
        };
        followed.map.refuse_step(&step, &Course::lay(&followed.map, &turns), &here)?;
        turns.push(here);
        let course = Course::lay(&followed.map, &turns);
        let answer = present::course(id, &followed, &course, self.ambient.now());
        writing.finish(answer).await
    }

    /// The way one affair has come on its map.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.get_course", skip_all, fields(ticket.id = %id))]
    pub async fn get_ticket_course(&self, id: TicketId) -> Result<pb::TicketCourse, Error> {
        let (followed, course) = self.course_of(id).await?.ok_or_else(|| Error::not_found(id.name()))?;
        Ok(present::course(id, &followed, &course, self.ambient.now()))
    }

    /// The map of an affair, and the way it has come on it; none when there is no such affair. One that is answered with another goes that one's way.
    pub(super) async fn course_of(&self, id: TicketId) -> Result<Option<(Process, Course)>, Error> {
        let Some(id) = process::head_of(self.db.reader(), id).await? else { return Ok(None) };
        let Some(followed) = process::of_ticket(self.db.reader(), id, self.ambient.now()).await? else {
            return Ok(None);
        };
        let turns = process::turns(self.db.reader(), id).await?;
        let course = Course::lay(&followed.map, &turns);
        Ok(Some((followed, course)))
    }

    /// The step that speaks of affairs in this state, on the map that is made for all, as it is in force.
    pub(super) async fn standard_step(&self, standing: Standing, reason: Option<&str>) -> Result<Option<Step>, Error> {
        let standard = ProcessId::of(STANDARD).expect("it is a slug");
        let found = process::in_force(self.db.reader(), &standard, self.ambient.now()).await?;
        Ok(found.and_then(|found| found.process.map.step_for(standing, reason).cloned()))
    }

    /// How affairs of some time went by a map.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "process.measure", skip_all, fields(process.id = %asked.id))]
    pub async fn measure_process(&self, asked: Measured) -> Result<pb::ProcessFigures, Error> {
        let stored = self.process_of(&asked.id, asked.version).await?;
        let among = Among { scope: &stored.process.scope, from: asked.from, to: asked.to, now: self.ambient.now() };
        let fits = |count: i64| usize::try_from(count).is_ok_and(|count| count <= MOST_MEASURED);
        if !process::count(self.db.reader(), &among).await?.is_some_and(fits) {
            return Err(Refusal::TooManyTickets { most: MOST_MEASURED }.into());
        }
        let map = asked.draft.as_ref().unwrap_or(&stored.process.map);
        let mut measure = Measure::of(map);
        let mut after = None;
        loop {
            let (affairs, last) = process::turns_of_many(self.db.reader(), &among, after, MEASURED_AT_ONCE).await?;
            for turns in &affairs {
                measure.add(&Course::lay(map, turns));
            }
            if last.is_none() {
                break;
            }
            after = last;
        }
        Ok(present::figures(&stored, asked.draft.as_ref(), &measure.figures()))
    }
}

/// Number of the version that is to be written, or why it cannot be.
fn next_version(new: &NewProcess, known: Option<&StoredProcess>, now: Timestamp) -> Result<i32, Error> {
    let mut violations = Violations::new();
    if new.effective.is_some_and(|effective| effective < now) {
        violations.push("process.effective_time", "must not be in the past");
    }
    let Some(known) = known else {
        if new.after.is_some() {
            return Err(StoreError::Stale.into());
        }
        violations.into_result()?;
        return Ok(1);
    };
    if new.after != Some(i64::from(known.newest)) {
        return Err(StoreError::Stale.into());
    }
    if new.scope.ticket_type != known.process.scope.ticket_type {
        violations.push("process.ticket_type", "must stay what the first version said");
    }
    if new.scope.topic != known.process.scope.topic {
        violations.push("process.topic", "must stay what the first version said");
    }
    let before = known.process.effective;
    if new.effective.unwrap_or(now) < before {
        violations.push(
            "process.effective_time",
            format!("must not be before {before}, when the version before comes into force"),
        );
    }
    violations.into_result()?;
    Ok(known.newest.saturating_add(1))
}
