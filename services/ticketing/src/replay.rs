//! What the ledger alone makes of every affair: the entries, read one after the other, as the tickets they tell of.
//!
//! It knows no rule of an affair and asks none: it believes what is written. So that a ticket that stands otherwise than its ledger says is seen by whoever holds
//! the two against each other. What is of the row and not of the affair is left out: `etag` and `update_time`.

use std::collections::BTreeMap;

use prost::{DecodeError, Message, Name};
use prost_types::Timestamp;
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::ticketing::v1 as pb;

/// One affair as it was told so far.
#[derive(Debug, Clone, Default)]
struct Told {
    ticket: pb::Ticket,
    /// The office hears the case.
    heard: bool,
}

fn earlier(one: Timestamp, other: Timestamp) -> Timestamp {
    if (one.seconds, one.nanos) <= (other.seconds, other.nanos) { one } else { other }
}

/// The affairs that these entries tell of, by name. The entries are those of the whole ledger from its beginning, in order, with their personal parts; a part
/// that was erased leaves its words empty.
///
/// # Errors
/// [`DecodeError`] of an entry that cannot be read.
pub fn rebuilt<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<BTreeMap<String, pb::Ticket>, DecodeError> {
    let mut all = Affairs::default();
    for entry in entries {
        all.read(entry)?;
    }
    let (gathered, called) = (all.gathered(), all.called());
    let finished = |(name, told): (String, Told)| {
        let merged_count = gathered.get(&name).copied().unwrap_or_default();
        let calls = [told.ticket.supervisor_call_time, called.get(&name).copied()];
        let supervisor_call_time = calls.into_iter().flatten().reduce(earlier);
        (name, pb::Ticket { merged_count, supervisor_call_time, ..told.ticket })
    };
    Ok(all.0.into_iter().map(finished).collect())
}

#[derive(Default)]
struct Affairs(BTreeMap<String, Told>);

/// The payload, when the entry is of this kind.
fn payload<M: Message + Name + Default>(entry: &Entry) -> Result<Option<M>, DecodeError> {
    if entry.r#type == M::full_name() { M::decode(entry.payload.as_slice()).map(Some) } else { Ok(None) }
}

/// The personal part; empty where there is none any more.
fn personal<M: Message + Default>(entry: &Entry) -> Result<M, DecodeError> {
    M::decode(entry.personal.as_slice())
}

impl Affairs {
    fn read(&mut self, entry: &Entry) -> Result<(), DecodeError> {
        if let Some(opened) = payload::<pb::TicketOpened>(entry)? {
            let ticket = opened_ticket(opened, personal(entry)?, entry);
            self.0.insert(ticket.name.clone(), Told { ticket, ..Told::default() });
        } else if let Some(merged) = payload::<pb::TicketMerged>(entry)? {
            self.merged(merged);
        } else if let Some(told) = self.0.get_mut(&entry.aggregate) {
            told.filed(entry)?;
            told.moved(entry)?;
            told.tied(entry)?;
        }
        Ok(())
    }

    /// It is answered with another.
    fn merged(&mut self, merged: pb::TicketMerged) {
        let Some(told) = self.0.get_mut(&merged.ticket) else { return };
        told.ticket.merged_into.clone_from(&merged.head);
    }

    /// Since when somebody waits for a superior in those that go on in each.
    fn called(&self) -> BTreeMap<String, Timestamp> {
        let mut calls: BTreeMap<String, Timestamp> = BTreeMap::new();
        for told in self.0.values().filter(|told| !told.ticket.merged_into.is_empty()) {
            let Some(called) = told.ticket.supervisor_call_time else { continue };
            let first = calls.entry(told.ticket.merged_into.clone()).or_insert(called);
            *first = earlier(*first, called);
        }
        calls
    }

    /// How many affairs go on in each.
    fn gathered(&self) -> BTreeMap<String, i32> {
        let mut counts = BTreeMap::new();
        for told in self.0.values().filter(|told| !told.ticket.merged_into.is_empty()) {
            *counts.entry(told.ticket.merged_into.clone()).or_default() += 1;
        }
        counts
    }
}

fn opened_ticket(opened: pb::TicketOpened, said: pb::TicketOpenedPersonal, entry: &Entry) -> pb::Ticket {
    pb::Ticket {
        name: opened.ticket,
        customer: opened.customer,
        ticket_type: opened.ticket_type,
        severity: opened.severity,
        state: pb::TicketState::Acknowledged.into(),
        state_time: entry.occurred_time,
        subject: said.subject,
        channel: opened.channel,
        department: opened.department,
        owner: opened.owner,
        language: opened.language,
        sector: opened.sector,
        topic: opened.topic,
        claim_points: points(opened.claim_points, said.claim_point_texts),
        first_received_time: opened.first_received_time,
        tracking_key: said.tracking_key,
        interaction: opened.interaction,
        follow_up_of: opened.follow_up_of,
        create_time: entry.recorded_time,
        served_first: opened.served_first,
        characteristics: said.characteristics,
        characteristic_set: opened.characteristic_set,
        characteristic_set_version: opened.characteristic_set_version,
        ..pb::Ticket::default()
    }
}

fn points(ids: Vec<String>, texts: Vec<String>) -> Vec<pb::ClaimPoint> {
    let texts = texts.into_iter().chain(std::iter::repeat(String::new()));
    ids.into_iter().zip(texts).map(|(id, text)| pb::ClaimPoint { id, text, ..pb::ClaimPoint::default() }).collect()
}

impl Told {
    /// What it is filed as, what is claimed and what it is known by.
    fn filed(&mut self, entry: &Entry) -> Result<(), DecodeError> {
        let ticket = &mut self.ticket;
        if let Some(filed) = payload::<pb::TicketReclassified>(entry)? {
            let said: pb::TicketReclassifiedPersonal = personal(entry)?;
            ticket.ticket_type = filed.ticket_type;
            ticket.severity = filed.severity;
            ticket.sector = filed.sector;
            ticket.topic = filed.topic;
            ticket.claim_points.extend(points(filed.claim_points, said.claim_point_texts));
        } else if let Some(stated) = payload::<pb::CharacteristicsStated>(entry)? {
            let said: pb::CharacteristicsStatedPersonal = personal(entry)?;
            ticket.characteristics = said.characteristics;
            ticket.characteristic_set = stated.characteristic_set;
            ticket.characteristic_set_version = stated.characteristic_set_version;
        } else if let Some(answered) = payload::<pb::ClaimPointAnswered>(entry)? {
            let said: pb::ClaimPointAnsweredPersonal = personal(entry)?;
            for point in ticket.claim_points.iter_mut().filter(|point| point.id == answered.claim_point) {
                point.answer.clone_from(&said.answer);
                point.answer_time = entry.occurred_time;
            }
        } else if let Some(split) = payload::<pb::TicketSplit>(entry)? {
            for point in ticket.claim_points.iter_mut().filter(|point| split.claim_points.contains(&point.id)) {
                point.moved_to.clone_from(&split.into);
            }
        } else if let Some(stated) = payload::<pb::RootCauseStated>(entry)? {
            ticket.root_cause = stated.cause;
        }
        Ok(())
    }

    /// Where it stands, and who has it in hand.
    fn moved(&mut self, entry: &Entry) -> Result<(), DecodeError> {
        let ticket = &mut self.ticket;
        if let Some(moved) = payload::<pb::TicketTransitioned>(entry)? {
            let said: pb::TicketTransitionedPersonal = personal(entry)?;
            ticket.state = moved.to_state;
            ticket.state_reason = moved.reason;
            ticket.state_time = entry.occurred_time;
            ticket.signpost = said.signpost;
            // What closes it leaves the answer as it was; what reopens it takes it away.
            if ticket.state() != pb::TicketState::Closed {
                ticket.resolution = said.resolution;
            }
            if ticket.state() != pb::TicketState::Pending {
                ticket.cure = String::new();
                ticket.cure_due_time = None;
            }
            use pb::TicketState as S;
            if matches!(ticket.state(), S::Resolved | S::Closed | S::Rejected | S::Cancelled) {
                ticket.supervisor_call_time = None;
            }
        } else if let Some(asked) = payload::<pb::CureRequested>(entry)? {
            ticket.cure = asked.cure;
            ticket.cure_due_time = asked.due_time;
        } else if let Some(assigned) = payload::<pb::TicketAssigned>(entry)? {
            ticket.department = assigned.to_department;
            ticket.owner = assigned.owner;
            if assigned.to_superior {
                ticket.supervisor_call_time = None;
            }
        } else if payload::<pb::SupervisorCalled>(entry)?.is_some() {
            ticket.supervisor_call_time = entry.occurred_time;
        }
        Ok(())
    }

    /// What it is tied to.
    fn tied(&mut self, entry: &Entry) -> Result<(), DecodeError> {
        let ticket = &mut self.ticket;
        if payload::<pb::TicketUnmerged>(entry)?.is_some() {
            ticket.merged_into = String::new();
        } else if let Some(affected) = payload::<pb::TicketAffected>(entry)? {
            ticket.incident = affected.incident;
        } else if payload::<pb::TicketUnaffected>(entry)?.is_some() {
            ticket.incident = String::new();
        } else if let Some(noted) = payload::<pb::OfficeCaseNoted>(entry)? {
            let opens = noted.reason == "opened";
            // A decision leaves it open until the parties know it; an older case that ends does not take the place of one that is heard.
            if noted.reason != "decided" && (opens || !self.heard || ticket.office_case == noted.case_name) {
                ticket.office_case = noted.case_name;
                self.heard = opens;
            }
        }
        Ok(())
    }
}
