//! The steps of the office as data: who may take which from which state, and what each asks for. The services judge all of it
//! again; this only spares people forms that would be refused.

mod fields;
mod sets;
mod steps;

use kernel::Role;
use ventanilla_proto::ombudsman::v1::CaseState;

use crate::words::Both;

pub(crate) use steps::STEPS;

/// One thing that can be done to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Assign,
    Recuse,
    Substitute,
    Classify,
    RequestCure,
    ReceiveCure,
    Admit,
    ProposeInadmissibility,
    Refuse,
    Forward,
    AddEntry,
    StartInvestigation,
    TellOffer,
    AnswerOffer,
    EndConciliation,
    ExtendTerm,
    Stay,
    Resume,
    CloseStayed,
    Withdraw,
    Rectify,
    OwnInitiative,
    Notify,
    AnswerDecision,
    OrderCompliance,
    Recommend,
    ReviewExecution,
    ReportOverdue,
    CorrectDecision,
    MarkCriterion,
    Review,
    Disclose,
    Close,
}

/// What a step is and asks for.
pub(crate) struct Spec {
    pub(crate) step: Step,
    /// In addresses.
    pub(crate) slug: &'static str,
    pub(crate) title: Both,
    /// What it does, before somebody does it.
    pub(crate) about: Both,
    /// What is said once it was done.
    pub(crate) done: Both,
    pub(crate) from: &'static [CaseState],
    pub(crate) roles: &'static [Role],
    pub(crate) fields: &'static [Field],
}

/// One thing that is asked.
pub(crate) struct Field {
    /// As the contract calls it, so that a refusal which names it finds its place.
    pub(crate) name: &'static str,
    pub(crate) label: Both,
    pub(crate) hint: Both,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

/// How it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Line,
    Text,
    Day,
    /// An hour of the day.
    Hour,
    Number,
    Money,
    /// One of a closed list.
    One(List),
    /// Any of a closed list.
    Any(List),
    /// Department and days for each point.
    Orders,
}

/// A closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    Seats,
    LivingSeats,
    Missing,
    Grounds,
    Parallel,
    Channels,
    YesNo,
    PaperKinds,
    Visibilities,
    StayClosures,
    Parties,
    Obligations,
    Points,
    DecisionTexts,
    Languages,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_step_has_an_address_of_its_own_and_somebody_who_may_take_it() {
        let slugs: BTreeSet<_> = STEPS.iter().map(|spec| spec.slug).collect();
        assert_eq!(slugs.len(), STEPS.len());
        for spec in STEPS {
            assert!(!spec.roles.is_empty() && !spec.from.is_empty(), "{}", spec.slug);
            assert!(spec.roles.iter().all(|role| role.is_office()), "{}", spec.slug);
            let names: BTreeSet<_> = spec.fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), spec.fields.len(), "{}", spec.slug);
        }
    }
}
