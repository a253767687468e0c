//! Where an affair stands, for whoever holds its tracking key and proof.

use std::sync::PoisonError;

use kernel::Language;
use ticketing_domain::{Course, Process, Proof, Step, Ticket, TicketId, TrackingKey};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use crate::Error;
use crate::grpc::present;
use crate::proof::KeptProof;
use crate::store::public_status;

/// What a proof is held against when no ticket has the key: the same work as for a wrong proof.
pub(super) const NOBODY: KeptProof = KeptProof { salt: [0; 16], hash: [0; 32] };

impl Ticketing {
    /// The affair that key and proof open. Every wrong pair of key and proof is answered alike: one statement by a
    /// unique index, one hash, one comparison in constant time. So is the right one, while too many wrong ones are held
    /// against the key.
    pub(super) async fn who_holds(&self, key: &TrackingKey, proof: &Proof) -> Result<TicketId, Error> {
        let found = public_status::proof_of(self.db.reader(), key).await?;
        let kept = found.map_or(NOBODY, |(_, kept)| kept);
        let holds = kept.holds(proof);
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        let opens = guesses.opens(*key, holds, self.ambient.now());
        drop(guesses);
        found.filter(|_| opens).map(|(id, _)| id).ok_or(Error::KeyOrProofUnknown)
    }

    /// Where an affair stands, for who holds key and proof.
    ///
    /// # Errors
    /// [`Error::KeyOrProofUnknown`], [`Error::Store`].
    #[tracing::instrument(name = "ticket.get_public_status", skip_all)]
    pub async fn get_public_status(&self, key: TrackingKey, proof: &Proof) -> Result<pb::PublicStatus, Error> {
        let id = self.who_holds(&key, proof).await?;
        self.status_of(key, id, None).await
    }

    /// Where the affair stands, once it is known that it is shown to its customer; in another language than the affair's
    /// where one is asked for.
    pub(super) async fn status_of(
        &self,
        key: TrackingKey,
        id: TicketId,
        language: Option<Language>,
    ) -> Result<pb::PublicStatus, Error> {
        let (followed, course) = self.course_of(id).await?.ok_or(Error::KeyOrProofUnknown)?;
        self.status_on((key, id), &followed, &course, language).await
    }

    /// The same on a way that is known.
    pub(super) async fn status_on(
        &self,
        (key, id): (TrackingKey, TicketId),
        followed: &Process,
        course: &Course,
        language: Option<Language>,
    ) -> Result<pb::PublicStatus, Error> {
        let mut status = public_status::status(self.db.reader(), id).await?;
        status.language = language.unwrap_or(status.language);
        // Where the map has nothing to say of how the affair stands, what is said of every affair that stands so.
        let here = course.visits().last().and_then(|visit| visit.place.step()).map(|at| &followed.map.steps()[at]);
        // What was never completed has no answer to its points, whatever a map says of affairs that are answered.
        let reason = status.reason.as_deref();
        let uncured = reason.filter(|reason| *reason == Ticket::CURE_LAPSED);
        let speaks = |step: &&Step| {
            step.speaks_of(status.standing) && uncured.is_none_or(|reason| step.is_for(status.standing, reason))
        };
        let step = match here.filter(speaks) {
            Some(step) => Some(step.clone()),
            None => self.standard_step(status.standing, uncured).await?,
        };
        let told = present::public_course(followed, course, step.as_ref(), status.language);
        Ok(present::public_status(key, &status, &told, self.ambient.now()))
    }
}
