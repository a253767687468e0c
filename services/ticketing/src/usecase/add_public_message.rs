//! The customer says something, with key and proof.

use kernel::Channel;
use postgres::RequestKey;
use server::Call;
use ticketing_domain::{Body, Visibility};
use ventanilla_proto::ticketing::v1 as pb;

use super::chronicle::Said;
use super::writing::Begun;
use super::{Shown, Ticketing};
use crate::Error;
use crate::store::message::{Direction, Way};

impl Said {
    /// What the customer says by the web.
    pub(super) fn by_web(body: Body) -> Self {
        let way = Some(Way { direction: Direction::Inbound, channel: Channel::Web });
        Self { way, visibility: Visibility::Public, ..Self::note(body) }
    }
}

impl Ticketing {
    /// The customer says something. It brings a waiting ticket back to work.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "message.add_public", skip_all)]
    pub async fn add_public_message(
        &self,
        call: &Call,
        shown: Shown,
        body: Body,
        key: RequestKey,
    ) -> Result<pb::PublicAct, Error> {
        let mut writing = match self.begin_shown(call, &shown, key, None).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        writing.say(Said::by_web(body), &self.policy).await?;
        let answer = writing.done();
        writing.finish(answer).await
    }
}
