//! What is to be written about one ticket: the ticket as it becomes, its history, its messages and its
//! ledger entries, noted one after the other. Asks and writes nothing itself.

use jiff::Timestamp;
use kernel::{Actor, ActorKind, Ambient, Channel};
use ledger::{Draft, Stamp};
use ticketing_domain::{
    AgentId, Answer, Body, ChangeKind, Command, CureSettled, MessageId, Moment, Opened, PointAnswered, Policy, Promise,
    PromiseId, Receipt, Refusal, Slug, Standing, Ticket, TicketId, Transitioned, Visibility, moment_of_all,
    refuse_for_members,
};

use crate::entry::Entries;
use crate::store::Stored;
use crate::store::history::ChangeRow;
use crate::store::message::{Attached, Direction, Explanation, Message, Way};
use crate::store::ticket::Locked;

/// One ticket and what was noted about it.
pub(crate) struct Chronicle {
    ambient: Ambient,
    stamp: Stamp,
    /// The ticket as it was found, then as it becomes.
    pub stored: Stored,
    /// Those that are answered with it, which go where it goes.
    pub members: Vec<Chronicle>,
    /// What was said.
    pub messages: Vec<Message>,
    /// Which claim points were answered, and how.
    pub answers: Vec<PointAnswered>,
    /// Which request to complete it ended, and how.
    pub cure_settled: Option<CureSettled>,
    /// What is added to its history.
    pub changes: Vec<ChangeRow>,
    /// What is told to others.
    pub entries: Vec<Draft>,
}

/// What was said, or a note.
#[derive(Debug, Clone)]
pub struct Said {
    /// Which way it came or went; none for a note.
    pub way: Option<Way>,
    /// Who may read it.
    pub visibility: Visibility,
    /// The text.
    pub body: Body,
    /// It offers the customer something for sale.
    pub sales_offer: bool,
    /// What it explains to the customer.
    pub explains: Option<Explanation>,
    /// The files that belong to it.
    pub attachments: Vec<Attached>,
    /// Who is to look at it.
    pub mentions: Vec<AgentId>,
}

impl Said {
    /// What the house notes for itself.
    pub(crate) fn note(body: Body) -> Self {
        let (attachments, mentions) = (Vec::new(), Vec::new());
        Self {
            way: None,
            visibility: Visibility::Internal,
            body,
            sales_offer: false,
            explains: None,
            attachments,
            mentions,
        }
    }

    /// What the house says to the customer by this channel.
    pub(crate) fn to_customer(channel: Channel, body: Body) -> Self {
        let way = Some(Way { direction: Direction::Outbound, channel });
        Self { way, visibility: Visibility::Public, ..Self::note(body) }
    }

    /// The same, which says why it takes longer and by when it is over.
    #[must_use]
    pub(crate) fn explaining(self, explains: Option<Explanation>) -> Self {
        Self { explains, ..self }
    }
}

impl Chronicle {
    /// Of a head and all that are answered with it.
    pub(crate) fn of_all(locked: Locked, stamp: &Stamp, ambient: &Ambient) -> Self {
        let alone = |stored| Self::of(stored, stamp.clone(), ambient);
        let members = locked.members.into_iter().map(alone).collect();
        Self { members, ..Self::of(locked.head, stamp.clone(), ambient) }
    }

    /// Of a ticket that is there, by itself.
    pub(crate) fn of(stored: Stored, stamp: Stamp, ambient: &Ambient) -> Self {
        Self {
            ambient: ambient.clone(),
            stamp,
            stored,
            members: Vec::new(),
            messages: Vec::new(),
            answers: Vec::new(),
            cure_settled: None,
            changes: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Of a ticket that was just opened, its opening noted.
    pub(crate) fn opened(opened: Opened, receipt: &Receipt, stamp: Stamp, ambient: &Ambient) -> Self {
        let at = opened.received;
        let entry = Entries::new(ambient, &stamp.clone().occurred(at)).opened(&opened, receipt);
        let now = stamp.recorded_at;
        let stored = Stored {
            characteristics: opened.characteristics,
            ticket: opened.ticket,
            version: 1,
            change_count: 0,
            created_at: now,
            updated_at: now,
            erased: false,
            root_cause: None,
        };
        let mut chronicle = Self::of(stored, stamp, ambient);
        let owner = chronicle.stored.ticket.assignment().owner.as_ref().map(|owner| owner.as_str().to_owned());
        let opens = |row: &mut ChangeRow| (row.states, row.related) = (Some((None, Standing::Acknowledged)), owner);
        chronicle.note(ChangeKind::Opened, at, |_| entry, opens);
        chronicle
    }

    /// What follows is noted as done by somebody else, at the same moment.
    pub(crate) fn speak_for(&mut self, stamp: Stamp) {
        self.stamp = stamp;
    }

    /// That of this ticket, which is the head or one of those that are answered with it.
    pub(crate) fn part(&mut self, id: TicketId) -> &mut Self {
        match self.members.iter().position(|member| member.stored.ticket.facts().id == id) {
            Some(place) => &mut self.members[place],
            None => self,
        }
    }

    /// Does something with its own and with those of all that are answered with it, one by one.
    ///
    /// # Errors
    /// The first that comes up.
    pub(crate) fn each<E>(&mut self, mut act: impl FnMut(&mut Self) -> Result<(), E>) -> Result<(), E> {
        act(self)?;
        self.members.iter_mut().try_for_each(act)
    }

    /// The tickets that are answered with it, as they stand.
    pub(crate) fn followers(&self) -> Vec<&Ticket> {
        self.members.iter().map(|member| &member.stored.ticket).collect()
    }

    /// When it is written down.
    pub(crate) fn now(&self) -> Timestamp {
        self.stamp.recorded_at
    }

    /// Who does it.
    pub(crate) fn actor(&self) -> &Actor {
        &self.stamp.actor
    }

    /// Notes a change in the history and the ledger; answers its sequence number.
    pub(crate) fn note(
        &mut self,
        kind: ChangeKind,
        at: Timestamp,
        entry: impl FnOnce(&Entries<'_>) -> Draft,
        detail: impl FnOnce(&mut ChangeRow),
    ) -> i32 {
        let stamp = self.stamp.clone().occurred(at);
        self.entries.push(entry(&Entries::new(&self.ambient, &stamp)));
        self.note_here(kind, at, detail)
    }

    /// Notes a change in the history alone: the ledger is told of it by another ticket's entry.
    pub(crate) fn note_here(&mut self, kind: ChangeKind, at: Timestamp, detail: impl FnOnce(&mut ChangeRow)) -> i32 {
        let stamp = self.stamp.clone().occurred(at);
        let sequence = self.next_sequence();
        let department = self.stored.ticket.assignment().department.as_str();
        let mut row = ChangeRow::new(sequence, kind, department, &stamp);
        detail(&mut row);
        self.stored.change_count = sequence;
        self.changes.push(row);
        sequence
    }

    /// The sequence number the next noted change will have.
    fn next_sequence(&self) -> i32 {
        self.stored.change_count.saturating_add(1)
    }

    /// The ticket becomes `ticket`; what a caller can read of it has changed.
    pub(crate) fn changed(&mut self, ticket: Ticket) {
        self.stored.ticket = ticket;
        self.stored.updated_at = self.now();
        self.stored.version = self.stored.version.saturating_add(1);
    }

    /// Something was added to the ticket; what a caller can read of the ticket itself stays, and so does its etag.
    pub(crate) fn touched(&mut self, ticket: Ticket) {
        self.stored.ticket = ticket;
    }

    /// Changes the state, of those that are answered with it too.
    ///
    /// # Errors
    /// [`Refusal`], as [`Ticket::apply`], or of one of those.
    pub(crate) fn apply(&mut self, command: Command, moment: Moment, policy: &Policy) -> Result<(), Refusal> {
        let moment = moment_of_all(&self.followers(), moment)?;
        refuse_for_members(&self.followers(), &command)?;
        let (ticket, happened) = self.stored.ticket.clone().apply(command, moment, policy)?;
        self.transitioned(ticket, &happened);
        Ok(())
    }

    /// Notes a change of state that was decided, and the end of the request to complete the ticket that came with it.
    pub(crate) fn transitioned(&mut self, ticket: Ticket, happened: &Transitioned) {
        if let Some(settled) = happened.cure {
            self.cure_settled = Some(settled);
            self.note(
                ChangeKind::CureSettled,
                happened.at,
                |entries| entries.cure_settled(&settled),
                |row| {
                    row.reason = Some(settled.state.as_str().to_owned());
                    row.related = Some(settled.id.name());
                },
            );
        }
        let note = match happened.to {
            Standing::Resolved => ticket.state().resolution().map(|r| r.expose().to_owned()),
            Standing::Rejected => ticket.state().signpost().map(|s| s.expose().to_owned()),
            _ => None,
        };
        let entered = ticket.clone();
        self.changed(ticket);
        self.note(
            ChangeKind::Transitioned,
            happened.at,
            |entries| entries.transitioned(&entered, happened),
            |row| {
                row.states = Some((Some(happened.from), happened.to));
                row.reason.clone_from(&happened.reason);
                row.note = note;
            },
        );
        for member in &mut self.members {
            let gone = member.stored.ticket.clone().follow(self.stored.ticket.state(), happened.at);
            if let Some((ticket, happened)) = gone {
                member.transitioned(ticket, &happened);
            }
        }
    }

    /// A superior has the affair: whoever waited for one in those that are answered with it is served too.
    ///
    /// # Errors
    /// [`Refusal`], as [`Ticket::note`].
    pub(crate) fn superior_came(&mut self, moment: Moment) -> Result<(), Refusal> {
        for member in &mut self.members {
            let Some((ticket, happened)) = member.stored.ticket.clone().superior_came(moment)? else { continue };
            let id = ticket.facts().id;
            member.changed(ticket);
            member.note(
                ChangeKind::Assigned,
                happened.at,
                |entries| entries.assigned(id, &happened),
                |row| {
                    row.related = happened.to.owner.as_ref().map(|owner| owner.as_str().to_owned());
                    row.reason = happened.reason.as_ref().map(|reason| reason.as_str().to_owned());
                },
            );
        }
        Ok(())
    }

    /// Adds what was said, or a note. What the customer says brings a waiting ticket back to work.
    ///
    /// # Errors
    /// [`Refusal`], as [`Ticket::touch`].
    pub(crate) fn say(&mut self, said: Said, moment: Moment, policy: &Policy) -> Result<(), Refusal> {
        let id = self.next_message();
        self.say_as(id, said, moment, policy)
    }

    /// Tells the customer something, whatever state the affair is in.
    ///
    /// # Errors
    /// [`Refusal`], as [`Ticket::touch`].
    pub(crate) fn tell(&mut self, channel: Channel, body: Body, moment: Moment) -> Result<(), Refusal> {
        let id = self.next_message();
        self.write_down(id, Said::to_customer(channel, body), moment)
    }

    /// The id of a message that is about to be said.
    pub(crate) fn next_message(&self) -> MessageId {
        self.next_message_in(self.stored.ticket.facts().id)
    }

    /// The same in one of those that are answered with it.
    pub(crate) fn next_message_in(&self, ticket: TicketId) -> MessageId {
        MessageId { ticket, id: self.ambient.uuid(self.now()) }
    }

    /// The id of a promise that is about to be made in it.
    pub(crate) fn next_promise(&self) -> PromiseId {
        PromiseId { ticket: self.stored.ticket.facts().id, id: self.ambient.uuid(self.now()) }
    }

    /// The same, under an id that is known already, in the ticket that the id names.
    ///
    /// # Errors
    /// [`Refusal`], as [`Ticket::touch`].
    pub(crate) fn say_as(&mut self, id: MessageId, said: Said, moment: Moment, policy: &Policy) -> Result<(), Refusal> {
        let from_customer = said.way.is_some_and(|way| way.direction == Direction::Inbound);
        if said.sales_offer {
            // Nothing is offered in one affair that is not in each of those that are answered together.
            std::iter::once(&self.stored.ticket).chain(self.followers()).try_for_each(Ticket::refuse_sales_offer)?;
        }
        self.part(id.ticket).write_down(id, said, moment)?;
        if from_customer { self.hear(moment, policy) } else { Ok(()) }
    }

    /// What a customer says in one affair is heard in each that is answered with it: the head takes up all, and one that waited by itself, from before it was
    /// merged, is taken up by itself.
    fn hear(&mut self, moment: Moment, policy: &Policy) -> Result<(), Refusal> {
        if self.stored.ticket.state().standing() == Standing::Pending {
            self.apply(Command::Hear, moment, policy)?;
        }
        let waits = |member: &&mut Self| member.stored.ticket.state().standing() == Standing::Pending;
        self.members.iter_mut().filter(waits).try_for_each(|member| member.apply(Command::Hear, moment, policy))
    }

    /// Tells the customer what becomes of a promise of this ticket, whatever has become of the affair: what was promised about one that is over is owed all the
    /// same.
    ///
    /// # Errors
    /// [`Refusal`], as [`Ticket::note`].
    pub(crate) fn tell_of_promise(&mut self, channel: Channel, body: Body, moment: Moment) -> Result<(), Refusal> {
        self.by_itself(|own| own.tell_all_the_same(channel, body, moment))
    }

    /// Tells the customer something that they are owed whatever has become of the affair: it may be over.
    ///
    /// # Errors
    /// [`Refusal`], as [`Ticket::note`].
    pub(crate) fn tell_all_the_same(&mut self, channel: Channel, body: Body, moment: Moment) -> Result<(), Refusal> {
        let (ticket, at) = self.stored.ticket.clone().note(moment)?;
        let id = self.next_message();
        self.write_as(id, Said::to_customer(channel, body), ticket, at);
        Ok(())
    }

    /// Lets the house speak by itself: what it says so answers no customer.
    pub(crate) fn by_itself<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
        let stamp = Stamp { actor, ..self.stamp.clone() };
        let stamp = std::mem::replace(&mut self.stamp, stamp);
        let done = act(self);
        self.stamp = stamp;
        done
    }

    /// Whether the customer has said something since it was answered, as far as is noted here.
    pub(crate) fn heard_since_answer(&self) -> bool {
        let answered = self.changes.iter().rev().find(|row| row.states.is_some_and(|(_, to)| to == Standing::Resolved));
        let since = answered.map_or(0, |row| row.sequence);
        let inbound = |message: &&Message| message.way.is_some_and(|way| way.direction == Direction::Inbound);
        self.messages.iter().filter(inbound).any(|message| message.sequence > since)
    }

    fn write_down(&mut self, id: MessageId, said: Said, moment: Moment) -> Result<(), Refusal> {
        let (ticket, at) = self.stored.ticket.clone().touch(moment)?;
        self.write_as(id, said, ticket, at);
        Ok(())
    }

    /// Writes down what was said in what the ticket is then.
    fn write_as(&mut self, id: MessageId, said: Said, ticket: Ticket, at: Timestamp) {
        self.touched(ticket);
        let message = Message {
            id,
            sequence: self.next_sequence(),
            way: said.way,
            visibility: said.visibility,
            body: said.body,
            sales_offer: said.sales_offer,
            explains: said.explains,
            attachments: said.attachments,
            mentions: said.mentions,
            actor: self.actor().clone(),
            occurred_at: at,
            created_at: self.now(),
        };
        let related = message.id.name();
        self.note(
            ChangeKind::MessageAdded,
            at,
            |entries| entries.message_added(&message),
            |row| row.related = Some(related),
        );
        self.messages.push(message);
    }

    /// Notes that it was said to have come to a step of its map.
    ///
    /// # Errors
    /// [`Refusal`], as [`Ticket::touch`].
    pub(crate) fn enter(&mut self, step: &Slug, moment: Moment) -> Result<(), Refusal> {
        let (ticket, at) = self.stored.ticket.clone().touch(moment)?;
        let id = ticket.facts().id;
        self.changed(ticket);
        self.note(
            ChangeKind::StepEntered,
            at,
            |entries| entries.step_entered(id, step),
            |row| row.related = Some(step.as_str().to_owned()),
        );
        Ok(())
    }

    /// Notes that a promise was made; answers its place in the history.
    pub(crate) fn promise_made(&mut self, promise: &Promise, at: Timestamp) -> i32 {
        self.note(
            ChangeKind::PromiseMade,
            at,
            |entries| entries.promise_made(promise),
            |row| row.related = Some(promise.id.name()),
        )
    }

    /// Notes how a promise ended.
    pub(crate) fn promise_settled(&mut self, promise: &Promise, at: Timestamp) {
        self.note(
            ChangeKind::PromiseSettled,
            at,
            |entries| entries.promise_settled(promise),
            |row| {
                row.reason = Some(promise.state.standing().to_string());
                row.related = Some(promise.id.name());
            },
        );
    }

    /// Answers one claim point.
    ///
    /// # Errors
    /// [`Refusal`], as [`Ticket::answer`].
    pub(crate) fn answer(&mut self, point: &str, text: Answer, moment: Moment) -> Result<(), Refusal> {
        let (ticket, happened) = self.stored.ticket.clone().answer(point, text, moment)?;
        let id = ticket.facts().id;
        self.changed(ticket);
        self.note(
            ChangeKind::ClaimPointAnswered,
            happened.answered.at,
            |entries| entries.point_answered(id, &happened),
            |row| row.related = Some(happened.point.clone()),
        );
        self.answers.push(happened);
        Ok(())
    }
}
