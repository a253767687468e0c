//! What somebody wants to see of the board, as it stands in the address.

use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use ventanilla_proto::sla::v1 as sla;
use web::{Lang, Trouble};

use crate::Floor;
use crate::addresses::{self, stamp};
use crate::period::Period;

/// The address as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct BoardQuery {
    pub(crate) period: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) zone: String,
    pub(crate) by: String,
    pub(crate) policy: String,
}

/// What the lines of the board are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Dimension {
    #[default]
    Department,
    Type,
    Channel,
    Step,
    Kind,
    Policy,
    Team,
    Manager,
    Queue,
    Segment,
    Cause,
    Outcome,
    Month,
}

impl Dimension {
    pub(crate) const ALL: [Self; 13] = [
        Self::Department,
        Self::Type,
        Self::Channel,
        Self::Step,
        Self::Kind,
        Self::Policy,
        Self::Team,
        Self::Manager,
        Self::Queue,
        Self::Segment,
        Self::Cause,
        Self::Outcome,
        Self::Month,
    ];

    /// As in addresses.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::Type => "type",
            Self::Channel => "channel",
            Self::Step => "step",
            Self::Kind => "kind",
            Self::Policy => "policy",
            Self::Team => "team",
            Self::Manager => "manager",
            Self::Queue => "queue",
            Self::Segment => "segment",
            Self::Cause => "cause",
            Self::Outcome => "outcome",
            Self::Month => "month",
        }
    }

    pub(crate) const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Department => lang.of("departamento", "department"),
            Self::Type => lang.of("tipo de asunto", "type of affair"),
            Self::Channel => lang.of("canal", "channel"),
            Self::Step => lang.of("paso que se debe", "step that is owed"),
            Self::Kind => lang.of("ley, clientes o casa", "law, customers or house"),
            Self::Policy => lang.of("regla", "rule"),
            Self::Team => lang.of("equipo", "team"),
            Self::Manager => lang.of("responsable", "manager"),
            Self::Queue => lang.of("cola", "queue"),
            Self::Segment => lang.of("lo que gasta el cliente", "what the customer spends"),
            Self::Cause => lang.of("causa", "cause"),
            Self::Outcome => lang.of("promesas", "promises"),
            Self::Month => lang.of("mes", "month"),
        }
    }

    /// Its lines.
    pub(crate) fn rows(self, board: &sla::Board) -> &[sla::BoardRow] {
        match self {
            Self::Department => &board.by_department,
            Self::Type => &board.by_subject_type,
            Self::Channel => &board.by_channel,
            Self::Step => &board.by_stage,
            Self::Kind => &board.by_kind,
            Self::Policy => &board.by_policy,
            Self::Team => &board.by_team,
            Self::Manager => &board.by_manager,
            Self::Queue => &board.by_queue,
            Self::Segment => &board.by_segment,
            Self::Cause => &board.by_cause,
            Self::Outcome => &board.by_promise_outcome,
            Self::Month => &board.by_month,
        }
    }
}

/// The same, read.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) period: Period,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) zone: String,
    pub(crate) by: Dimension,
    /// `policies/{id}`, or empty for all.
    pub(crate) policy: String,
    counted_in: TimeZone,
}

impl Choice {
    /// Reads an address; what cannot be meant is named.
    pub(crate) fn read(floor: &Floor, query: BoardQuery) -> Result<Self, Trouble> {
        let mut trouble =
            Trouble::new(StatusCode::BAD_REQUEST).back_to("/floor/board", "Volver al tablero", "Back to the board");
        let period = Period::read(&query.period, &query.from, &query.to);
        let zone = floor.zone(&query.zone);
        let by = match query.by.as_str() {
            "" => Some(Dimension::default()),
            word => Dimension::ALL.into_iter().find(|by| by.word() == word),
        };
        if period.is_none() {
            trouble = trouble.naming(
                "period",
                "Elija un periodo, o dos fechas que vayan en orden.",
                "Choose a period, or two dates that are in order.",
            );
        }
        if zone.is_none() {
            trouble = trouble.naming("zone", "Elija una de las zonas de la lista.", "Choose a zone of the list.");
        }
        if by.is_none() {
            trouble = trouble.naming("by", "Elija qué muestran las filas.", "Choose what the lines show.");
        }
        let (Some(period), Some((zone, counted_in)), Some(by)) = (period, zone, by) else { return Err(trouble) };
        // The dates of the form stay where they were typed.
        Ok(Self { period, from: query.from, to: query.to, zone, by, policy: query.policy, counted_in })
    }

    /// What is asked of the service.
    pub(crate) fn request(&self, now: Timestamp) -> sla::GetBoardRequest {
        let window = self.period.window(now, &self.counted_in);
        // A window that ends later than now is the board until now, and live.
        let to = window.to.filter(|to| *to <= now);
        sla::GetBoardRequest { from_time: window.from.map(stamp), to_time: to.map(stamp), policy: self.policy.clone() }
    }

    /// The address of the same choice.
    pub(crate) fn query(&self) -> String {
        let dated = matches!(self.period, Period::Days(..));
        let date = |date: &str| if dated { date.to_owned() } else { String::new() };
        addresses::query(&[
            ("period", self.period.word()),
            ("from", &date(&self.from)),
            ("to", &date(&self.to)),
            ("zone", &self.zone),
            ("by", self.by.word()),
            ("policy", &self.policy),
        ])
    }
}
