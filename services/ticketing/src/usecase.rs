//! What ticketing can be asked to do: one file per RPC, each a recipe of parsed input, storage and decision.

mod accept_public_answer;
mod add_message;
mod add_public_message;
pub(crate) mod affected;
mod announce_promise;
mod answer_claim_point;
mod answer_public_survey;
mod answer_survey;
pub(crate) mod article;
mod ask_survey;
mod attempt_promise;
mod call_supervisor;
mod cancel_ticket;
mod change_tickets;
mod characteristic;
pub(crate) mod chronicle;
mod claimed;
mod close_ticket;
mod create_ticket;
mod customers_apart;
pub(crate) mod draft;
mod every_id;
mod get_journey;
mod get_keypad_status;
mod get_public_affair;
mod get_public_status;
mod get_receipt;
mod get_steps;
mod get_survey;
mod get_ticket;
mod hold_ticket;
mod import_tickets;
mod incident;
mod lapse_cures;
mod lapse_promises;
pub(crate) mod learning;
mod link_tickets;
mod list_cure_requests;
mod list_messages;
mod list_promises;
mod list_ticket_history;
mod locate_ticket;
pub(crate) mod macros;
mod make_promise;
pub(crate) mod mention;
mod merge_ticket;
pub(crate) mod named;
pub(crate) mod notice;
mod object_to_public_answer;
mod owed;
mod process;
mod reclassify_ticket;
pub(crate) mod redress;
mod reject_ticket;
mod reopen_ticket;
mod request_cure;
mod resolve_ticket;
mod resolve_uncured;
mod resume_ticket;
pub(crate) mod scan;
mod search_tickets;
mod send_holding_reply;
mod settle_promise;
mod split_ticket;
mod start_ticket;
mod take_next_ticket;
mod team;
mod transfer_ticket;
mod transition;
mod view;
mod wait_for_customer;
mod watch_tickets;
mod writing;

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use kernel::{Ambient, Role};
use ledger::Ledger;
use postgres::{Db, RequestKey};
use server::{Call, Peers};
use ticketing_domain::{Moment, NoticeTerms, Policy, Refusal, TicketId};
use tokio::sync::{Notify, Semaphore};

pub use add_message::NewMessage;
pub use affected::{AreAffected, IsNot};
pub use answer_claim_point::NewAnswer;
pub use answer_survey::NewOpinion;
pub use ask_survey::NewSurvey;
pub use attempt_promise::NewAttempt;
pub use change_tickets::{Change, Changes};
pub(crate) use characteristic::KnownSets;
pub use characteristic::NewCharacteristicSet;
pub use chronicle::Said;
pub(crate) use create_ticket::CHARACTERISTICS;
pub use create_ticket::NewTicket;
pub use get_journey::Traveller;
pub use get_public_affair::Shown;
pub use import_tickets::{Event, Histories, History};
pub use incident::{NewIncident, NewTelling};
pub(crate) use link_tickets::LinkPlace;
pub use link_tickets::{EndOfLink, NewLink};
pub use make_promise::NewPromise;
pub use merge_ticket::{EndOfMerge, NewMerge};
pub use process::{Measured, NewProcess};
pub use reclassify_ticket::NewFiling;
pub use reject_ticket::Rejection;
pub use settle_promise::PromiseEnd;
pub use split_ticket::NewSplit;
pub use team::{NewAgent, NewPresence, NewRules};
pub use transfer_ticket::Handover;

use crate::guesses::Guesses;
use crate::proof::ProofKey;
use crate::seal::Sealer;
use crate::store::create::Openings;
pub(crate) use crate::store::finding::Place;

/// The service's own surroundings. Cheap to clone.
#[derive(Clone)]
pub struct Ticketing {
    pub(crate) db: Db,
    pub(crate) openings: Openings,
    /// The sets of characteristics that are known.
    pub(crate) sets: KnownSets,
    pub(crate) ledger: Ledger,
    pub(crate) ambient: Ambient,
    pub(crate) peers: Peers,
    /// Wakes whoever writes what those affected by an incident are told.
    pub(crate) telling: Arc<Notify>,
    /// Wakes whoever tells customers of promises at risk.
    pub(crate) announcing: Arc<Notify>,
    pub(crate) policy: Policy,
    /// When customers are told of promises at risk, and what they are promised instead.
    pub(crate) notices: NoticeTerms,
    pub(crate) proof_key: ProofKey,
    /// Wrong pairs of key and proof.
    pub(crate) guesses: Arc<Mutex<Guesses>>,
    pub(crate) sealer: Sealer,
    /// What the firm is called on documents.
    pub(crate) firm: Arc<str>,
    /// Turns at setting documents.
    pub(crate) papers: Arc<Semaphore>,
    /// How long after its end an affair is not erased.
    pub(crate) keep_ended: SignedDuration,
}

impl Ticketing {
    /// The present instant, which the edge holds stated times against.
    pub fn now(&self) -> Timestamp {
        self.ambient.now()
    }
}

/// A change of an existing ticket, as every verb asks for it.
#[derive(Debug, Clone)]
pub struct Target {
    /// The ticket.
    pub id: TicketId,
    /// The version the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
    /// When it happened, where that is stated.
    pub stated: Option<Timestamp>,
}

/// A page of a list that is ordered by the ticket's history.
#[derive(Debug, Clone)]
pub struct Page {
    /// The ticket.
    pub ticket: TicketId,
    /// Sequence number of the last one known.
    pub after: i32,
    /// How many at most.
    pub size: usize,
}

/// A page that is ordered by time, and the place of its last one when there are more.
pub(crate) type PageByTime<T> = (Vec<T>, Option<(Timestamp, uuid::Uuid)>);

/// One more than the page holds: whether there is a next page is then known without a count.
fn limit(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX).saturating_add(1)
}

/// Cuts what was read to the page; answers whether something was left.
fn cut<T>(rows: &mut Vec<T>, size: usize) -> bool {
    let more = rows.len() > size;
    rows.truncate(size);
    more
}

/// When a change happens. Only who brings history from elsewhere may state another time than now.
fn moment(call: &Call, stated: Option<Timestamp>, now: Timestamp) -> Result<Moment, Refusal> {
    match stated {
        None => Ok(Moment::Now(now)),
        Some(at) if call.acting().has_any(&[Role::Importer, Role::Service]) => Ok(Moment::Stated(at)),
        Some(_) => Err(Refusal::PastTimeNotAllowed),
    }
}
