//! What all changes of state have in common; each verb's own file says what it asks for.

use kernel::{ActorKind, Role};
use server::Call;
use ticketing_domain::{AgentId, Assignment, Command, CustomerWord};
use ventanilla_proto::ticketing::v1 as pb;

use super::transfer_ticket::Handover;
use super::writing::{Begun, Writing};
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;
use crate::store::{agent, history, imported, message};

impl Ticketing {
    pub(super) async fn transition(&self, call: &Call, target: Target, command: Command) -> Result<pb::Ticket, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        writing.refuse_as_history(&command).await?;
        if command.takes_on() {
            writing.take_on(call, self).await?;
        }
        let answers = matches!(command, Command::Resolve { .. });
        writing.chronicle.apply(command, writing.moment, &self.policy)?;
        if answers {
            writing.answered(false).await?;
        }
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }
}

impl Writing {
    /// Refuses what only a history from another system tells, in an affair that came from none.
    pub(super) async fn refuse_as_history(&mut self, command: &Command) -> Result<(), Error> {
        let ticket = self.chronicle.stored.ticket.clone();
        if command.refuse_as_history(&ticket, false).is_err() {
            let brought = imported::is_brought(&mut self.tx, ticket.facts().id).await?;
            command.refuse_as_history(&ticket, brought)?;
        }
        Ok(())
    }

    /// What nobody owns is the agent's who begins to work on it: it stands in no queue any more.
    pub(super) async fn take_on(&mut self, call: &Call, app: &Ticketing) -> Result<(), Error> {
        let assignment = self.chronicle.stored.ticket.assignment().clone();
        let is_person = call.acting().has_any(&[Role::Agent, Role::Supervisor]);
        if assignment.owner.is_some() || !is_person || self.chronicle.stored.ticket.state().standing().is_terminal() {
            return Ok(());
        }
        let Ok(id) = AgentId::of(&call.actor().id) else { return Ok(()) };
        if agent::exists(&mut *self.tx, id.owner()).await? {
            let to = Assignment { owner: Some(id.owner().clone()), ..assignment };
            let reason = Some("taken_on".parse().expect("it is a word"));
            self.hand_over(Handover { to, reason, known: None }, &app.policy).await?;
        }
        Ok(())
    }

    /// What shows that the customer accepts, or is silent: what they said since they were answered, and who tells of it.
    pub(super) async fn word_since_answer(&mut self, call: &Call) -> Result<CustomerWord, Error> {
        let id = self.chronicle.stored.ticket.facts().id;
        let all: Vec<_> = std::iter::once(id).chain(self.members()).collect();
        let spoke = message::customer_spoke_since_answer(&mut self.tx, &all).await?;
        let resolver = history::resolved_by(&mut self.tx, id).await?;
        let is_caller = |by: kernel::Actor| by.kind == ActorKind::Employee && by.id == call.actor().id;
        Ok(CustomerWord::Told { spoke, by_resolver: resolver.is_some_and(is_caller) })
    }
}
