//! What all changes of state have in common; each verb's own file says what it asks for.

use server::Call;
use ticketing_domain::Command;
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;

impl Ticketing {
    pub(super) async fn transition(&self, call: &Call, target: Target, command: Command) -> Result<pb::Ticket, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        writing.chronicle.apply(command, writing.moment, &self.policy)?;
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }
}
