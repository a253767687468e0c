//! The row of a ticket with its claim points, and the ticket it stands for.

use jiff::Timestamp;
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::types::Json;
use ticketing_domain::{
    Affected, Answered, Assignment, CaseId, CharacteristicSetId, Characteristics, ClaimPoint, CloseReason, CureId,
    CustomerId, EverFiled, Facts, Filing, IncidentId, InteractionId, Merged, OfficeCase, OpenCure, RootCauseId,
    Severity, SlugId as _, Standing, State, Ticket, TicketId, TicketType, Ties,
};
use uuid::Uuid;

use super::characteristic::written::{self, Written};
use super::word;

/// A ticket with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// The ticket.
    pub ticket: Ticket,
    /// The etag.
    pub version: i64,
    /// Sequence number of its last change.
    pub change_count: i32,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it was last changed here.
    pub updated_at: Timestamp,
    /// What was said in it was destroyed with its customer's data.
    pub erased: bool,
    /// What brought it about, as somebody said.
    pub root_cause: Option<RootCauseId>,
    /// What it is known by.
    pub characteristics: Characteristics,
}

/// One row, its claim points as parallel arrays in their order.
pub(super) struct TicketRow {
    pub ticket_id: Uuid,
    pub customer_id: Uuid,
    pub ticket_type: String,
    pub severity: String,
    pub subject: String,
    pub channel: String,
    pub language: String,
    pub sector: String,
    pub topic: Option<String>,
    pub first_received_at: jiff_sqlx::Timestamp,
    pub tracking_key: String,
    pub interaction_id: Option<Uuid>,
    pub follow_up_of: Option<Uuid>,
    pub served_first: bool,
    pub department: String,
    pub owner: Option<String>,
    pub state: String,
    pub state_reason: Option<String>,
    pub state_since: jiff_sqlx::Timestamp,
    pub resolution: Option<String>,
    pub signpost: Option<String>,
    pub office_case_id: Option<Uuid>,
    pub office_case_open: Option<bool>,
    pub cure_id: Option<Uuid>,
    pub cure_due_at: Option<jiff_sqlx::Timestamp>,
    pub incident_id: Option<Uuid>,
    pub incident_told: Option<i32>,
    pub supervisor_called_at: Option<jiff_sqlx::Timestamp>,
    pub member_called_at: Option<jiff_sqlx::Timestamp>,
    pub ever_continuity: bool,
    pub ever_finance_complaint: bool,
    pub merged_into: Option<Uuid>,
    pub merged_head: Option<Uuid>,
    pub merged_count: i32,
    pub last_change_at: jiff_sqlx::Timestamp,
    pub change_count: i32,
    pub created_at: jiff_sqlx::Timestamp,
    pub updated_at: jiff_sqlx::Timestamp,
    pub version: i64,
    pub erased: bool,
    pub root_cause: Option<String>,
    pub characteristics: Option<Json<Vec<Written>>>,
    pub characteristic_set: Option<String>,
    pub characteristic_set_version: Option<i32>,
    pub point_texts: Vec<String>,
    pub point_answers: Vec<Option<String>>,
    pub point_times: Vec<Option<jiff_sqlx::Timestamp>>,
    pub point_moves: Vec<Option<Uuid>>,
}

impl TicketRow {
    fn cell<T>(&self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        word("ticket", column, self.ticket_id, value)
    }

    fn state(&self) -> Result<State, StoreError> {
        let since = self.state_since.to_jiff();
        let reason = || self.state_reason.as_deref().and_then(|r| r.parse().ok());
        let resolution = || self.resolution.as_deref().and_then(|r| r.parse().ok());
        let standing = self.cell("state", Standing::from_word(&self.state))?;
        Ok(match standing {
            Standing::Acknowledged => State::Acknowledged { since },
            Standing::InProgress => State::InProgress { since, reason: reason() },
            Standing::Pending => {
                State::Pending { since, awaiting: self.cell("state_reason", reason())?, cure: self.cure() }
            }
            Standing::Held => State::Held { since, awaiting: self.cell("state_reason", reason())? },
            Standing::Resolved => {
                State::Resolved { since, reason: reason(), resolution: self.cell("resolution", resolution())? }
            }
            Standing::Closed => {
                let reason = self.state_reason.as_deref().and_then(CloseReason::from_word);
                let reason = self.cell("state_reason", reason)?;
                State::Closed { since, resolution: self.cell("resolution", resolution())?, reason }
            }
            Standing::Rejected => {
                let signpost = self.signpost.as_deref().and_then(|s| s.parse().ok());
                let reason = self.cell("state_reason", reason())?;
                State::Rejected { since, reason, signpost: self.cell("signpost", signpost)? }
            }
            Standing::Cancelled => State::Cancelled { since, reason: self.cell("state_reason", reason())? },
        })
    }

    fn cure(&self) -> Option<OpenCure> {
        let ticket = TicketId::from_uuid(self.ticket_id);
        let open = |(id, due): (Uuid, jiff_sqlx::Timestamp)| OpenCure { id: CureId { ticket, id }, due: due.to_jiff() };
        self.cure_id.zip(self.cure_due_at).map(open)
    }

    fn filing(&self) -> Result<Filing, StoreError> {
        let topic = match &self.topic {
            Some(slug) => Some(self.cell("topic", slug.parse().ok())?),
            None => None,
        };
        Ok(Filing {
            ticket_type: self.cell("ticket_type", TicketType::from_word(&self.ticket_type))?,
            severity: self.cell("severity", Severity::from_word(&self.severity))?,
            sector: self.cell("sector", self.sector.parse().ok())?,
            topic,
        })
    }

    fn facts(&self) -> Result<Facts, StoreError> {
        Ok(Facts {
            id: TicketId::from_uuid(self.ticket_id),
            customer: CustomerId::from_uuid(self.customer_id),
            subject: self.cell("subject", self.subject.parse().ok())?,
            channel: self.cell("channel", self.channel.parse().ok())?,
            language: self.cell("language", self.language.parse().ok())?,
            first_received: self.first_received_at.to_jiff(),
            tracking_key: self.cell("tracking_key", self.tracking_key.parse().ok())?,
            interaction: self.interaction_id.map(InteractionId::from_uuid),
            follow_up_of: self.follow_up_of.map(TicketId::from_uuid),
            served_first: self.served_first,
        })
    }

    fn known_by(&mut self) -> Result<Characteristics, StoreError> {
        let stated = match self.characteristics.take() {
            Some(Json(kept)) => self.cell("characteristics", written::read(kept))?,
            None => Vec::new(),
        };
        let set = match self.characteristic_set.as_deref().zip(self.characteristic_set_version) {
            Some((id, version)) => Some((self.cell("characteristic_set", CharacteristicSetId::of(id).ok())?, version)),
            None => None,
        };
        Ok(Characteristics::new(stated, set))
    }

    fn points(&self) -> Result<Vec<ClaimPoint>, StoreError> {
        let answers = self.point_answers.iter().zip(&self.point_times);
        let mut points = Vec::with_capacity(self.point_texts.len());
        for (i, ((text, answer), moved)) in self.point_texts.iter().zip(answers).zip(&self.point_moves).enumerate() {
            let id = format!("p{}", i + 1);
            let row = format!("{} {id}", self.ticket_id);
            let answered = match answer {
                (Some(answer), Some(at)) => {
                    let text = word("claim_point", "answer", &row, answer.parse().ok())?;
                    Some(Answered { text, at: at.to_jiff() })
                }
                _ => None,
            };
            let text = word("claim_point", "text", &row, text.parse().ok())?;
            points.push(ClaimPoint { id, text, answered, moved_to: moved.map(TicketId::from_uuid) });
        }
        Ok(points)
    }
}

impl TryFrom<TicketRow> for Stored {
    type Error = StoreError;

    fn try_from(mut row: TicketRow) -> Result<Self, StoreError> {
        let characteristics = row.known_by()?;
        let assignment = Assignment {
            department: row.cell("department", row.department.parse().ok())?,
            owner: match &row.owner {
                Some(owner) => Some(row.cell("owner", owner.parse().ok())?),
                None => None,
            },
        };
        let case = |(id, open)| OfficeCase { id: CaseId::from_uuid(id), open };
        let office_case = row.office_case_id.zip(row.office_case_open).map(case);
        let belongs = |(incident, told)| Affected { incident: IncidentId::from_uuid(incident), told };
        let affected = row.incident_id.zip(row.incident_told).map(belongs);
        let supervisor_called = row.supervisor_called_at.map(|at| at.to_jiff());
        let member_called = row.member_called_at.map(|at| at.to_jiff());
        let bound = |(into, head)| Merged { into: TicketId::from_uuid(into), head: TicketId::from_uuid(head) };
        let merged = row.merged_into.zip(row.merged_head).map(bound);
        let gathers = row.cell("merged_count", usize::try_from(row.merged_count).ok())?;
        let ever = EverFiled { continuity: row.ever_continuity, finance_complaint: row.ever_finance_complaint };
        let ties = Ties { office_case, affected, supervisor_called, member_called, merged, gathers, ever };
        let last_change = row.last_change_at.to_jiff();
        let (facts, filing, points, state) = (row.facts()?, row.filing()?, row.points()?, row.state()?);
        let ticket = Ticket::restore(facts, filing, points, assignment, state, ties, last_change);
        Ok(Self {
            ticket,
            version: row.version,
            change_count: row.change_count,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            erased: row.erased,
            root_cause: match &row.root_cause {
                Some(slug) => Some(row.cell("root_cause", RootCauseId::of(slug).ok())?),
                None => None,
            },
            characteristics,
        })
    }
}
