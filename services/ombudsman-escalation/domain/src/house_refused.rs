//! What the house refuses about its own people, their terms and their seats.

use std::borrow::Cow;

use jiff::Timestamp;
use kernel::{Classify, Kind, ResourceId as _};

use crate::CaseId;

/// A refusal about the people of the house.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HouseRefused {
    /// The caller does nothing in the office's name.
    #[error("only who has a mandate that runs acts for the office")]
    NoMandate,
    /// The firm speaks by one of its departments.
    #[error("who speaks for the firm speaks for one of its departments, and the token names none")]
    NoDepartment,
    /// The further term begins too early.
    #[error("the term before is over on {free_from}; a further one begins then or later")]
    MandateOverlaps {
        /// From when on a term may begin.
        free_from: Timestamp,
    },
    /// Nothing to end.
    #[error("the person has no mandate that runs or is to come")]
    MandateOver,
    /// Cases would be left without anybody.
    #[error("cases are pending before the person; name a substitute for each")]
    SubstituteNeeded {
        /// Each of them.
        cases: Vec<CaseId>,
    },
    /// No ground.
    #[error("nothing stands against the seat, and nobody is taken off a case without a ground")]
    SeatStands,
    /// Nobody there.
    #[error("nobody who is appointed for the role is free of conflict")]
    NoSubstitute,
}

impl Classify for HouseRefused {
    fn kind(&self) -> Kind {
        match self {
            Self::NoMandate | Self::NoDepartment => Kind::PermissionDenied,
            Self::MandateOverlaps { .. }
            | Self::MandateOver
            | Self::SubstituteNeeded { .. }
            | Self::SeatStands
            | Self::NoSubstitute => Kind::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NoMandate => "NO_MANDATE",
            Self::NoDepartment => "NO_DEPARTMENT",
            Self::MandateOverlaps { .. } => "MANDATE_OVERLAPS",
            Self::MandateOver => "MANDATE_OVER",
            Self::SubstituteNeeded { .. } => "SUBSTITUTE_NEEDED",
            Self::SeatStands => "SEAT_STANDS",
            Self::NoSubstitute => "NO_SUBSTITUTE",
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::MandateOverlaps { free_from } => vec![("free_from", free_from.to_string().into())],
            Self::SubstituteNeeded { cases } => {
                let names: Vec<String> = cases.iter().map(|case| case.name()).collect();
                vec![("cases", names.join(", ").into())]
            }
            Self::NoMandate | Self::NoDepartment | Self::MandateOver | Self::SeatStands | Self::NoSubstitute => {
                Vec::new()
            }
        }
    }
}
