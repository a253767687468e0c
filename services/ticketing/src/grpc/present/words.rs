//! The closed vocabularies as the contract spells them.

use ticketing_domain::{
    AffectedOutcome, AttemptOutcome, ChangeKind, LinkKind, Presence, PromiseStanding, SatisfactionCause, Severity,
    Standing, TakeReason, TicketType, Visibility,
};
use ventanilla_proto::ticketing::v1 as pb;

pub(crate) const fn link_kind(kind: LinkKind) -> pb::TicketLinkKind {
    match kind {
        LinkKind::ParentOf => pb::TicketLinkKind::ParentOf,
        LinkKind::DuplicateOf => pb::TicketLinkKind::DuplicateOf,
        LinkKind::FollowUpOf => pb::TicketLinkKind::FollowUpOf,
        LinkKind::CausedBy => pb::TicketLinkKind::CausedBy,
        LinkKind::SplitFrom => pb::TicketLinkKind::SplitFrom,
        LinkKind::MergedInto => pb::TicketLinkKind::MergedInto,
    }
}

pub(crate) const fn affected_outcome(outcome: AffectedOutcome) -> pb::AffectedOutcome {
    match outcome {
        AffectedOutcome::Added => pb::AffectedOutcome::Added,
        AffectedOutcome::AlreadyThere => pb::AffectedOutcome::AlreadyThere,
        AffectedOutcome::OfAnother => pb::AffectedOutcome::OfAnother,
        AffectedOutcome::TicketOver => pb::AffectedOutcome::TicketOver,
        AffectedOutcome::TicketNotFound => pb::AffectedOutcome::TicketNotFound,
        AffectedOutcome::Busy => pb::AffectedOutcome::Busy,
    }
}

pub(crate) const fn ticket_type(kind: TicketType) -> pb::TicketType {
    match kind {
        TicketType::Consulta => pb::TicketType::Consulta,
        TicketType::Queja => pb::TicketType::Queja,
        TicketType::Reclamacion => pb::TicketType::Reclamacion,
        TicketType::Incidencia => pb::TicketType::Incidencia,
        TicketType::Solicitud => pb::TicketType::Solicitud,
        TicketType::Baja => pb::TicketType::Baja,
    }
}

pub(crate) const fn severity(severity: Severity) -> pb::Severity {
    match severity {
        Severity::Low => pb::Severity::Low,
        Severity::Medium => pb::Severity::Medium,
        Severity::High => pb::Severity::High,
        Severity::Critical => pb::Severity::Critical,
    }
}

pub(crate) const fn state(standing: Standing) -> pb::TicketState {
    match standing {
        Standing::Acknowledged => pb::TicketState::Acknowledged,
        Standing::InProgress => pb::TicketState::InProgress,
        Standing::Pending => pb::TicketState::Pending,
        Standing::Held => pb::TicketState::Held,
        Standing::Resolved => pb::TicketState::Resolved,
        Standing::Closed => pb::TicketState::Closed,
        Standing::Rejected => pb::TicketState::Rejected,
        Standing::Cancelled => pb::TicketState::Cancelled,
    }
}

pub(crate) const fn visibility(visibility: Visibility) -> pb::MessageVisibility {
    match visibility {
        Visibility::Public => pb::MessageVisibility::Public,
        Visibility::Internal => pb::MessageVisibility::Internal,
    }
}

pub(super) const fn presence(presence: Presence) -> pb::Presence {
    match presence {
        Presence::Available => pb::Presence::Available,
        Presence::Busy => pb::Presence::Busy,
        Presence::Away => pb::Presence::Away,
    }
}

pub(crate) const fn take_reason(reason: TakeReason) -> pb::TakeReason {
    match reason {
        TakeReason::ServedFirst => pb::TakeReason::ServedFirst,
        TakeReason::Severity => pb::TakeReason::Severity,
        TakeReason::Known => pb::TakeReason::Known,
        TakeReason::WaitedLongest => pb::TakeReason::WaitedLongest,
    }
}

pub(crate) const fn satisfaction_cause(cause: SatisfactionCause) -> pb::SatisfactionCause {
    match cause {
        SatisfactionCause::Outcome => pb::SatisfactionCause::Outcome,
        SatisfactionCause::Time => pb::SatisfactionCause::Time,
        SatisfactionCause::Effort => pb::SatisfactionCause::Effort,
        SatisfactionCause::Treatment => pb::SatisfactionCause::Treatment,
        SatisfactionCause::Clarity => pb::SatisfactionCause::Clarity,
        SatisfactionCause::Promise => pb::SatisfactionCause::Promise,
        SatisfactionCause::Access => pb::SatisfactionCause::Access,
        SatisfactionCause::Product => pb::SatisfactionCause::Product,
    }
}

pub(crate) const fn promise_state(standing: PromiseStanding) -> pb::PromiseState {
    match standing {
        PromiseStanding::Made => pb::PromiseState::Made,
        PromiseStanding::AtRisk => pb::PromiseState::AtRisk,
        PromiseStanding::Kept => pb::PromiseState::Kept,
        PromiseStanding::Renegotiated => pb::PromiseState::Renegotiated,
        PromiseStanding::BrokenAnnounced => pb::PromiseState::BrokenAnnounced,
        PromiseStanding::BrokenSilent => pb::PromiseState::BrokenSilent,
        PromiseStanding::BrokenUnreported => pb::PromiseState::BrokenUnreported,
        PromiseStanding::Lapsed => pb::PromiseState::Lapsed,
    }
}

pub(super) const fn change_kind(kind: ChangeKind) -> pb::TicketChangeKind {
    match kind {
        ChangeKind::Opened => pb::TicketChangeKind::Opened,
        ChangeKind::Transitioned => pb::TicketChangeKind::Transitioned,
        ChangeKind::Assigned => pb::TicketChangeKind::Assigned,
        ChangeKind::MessageAdded => pb::TicketChangeKind::MessageAdded,
        ChangeKind::ClaimPointAnswered => pb::TicketChangeKind::ClaimPointAnswered,
        ChangeKind::RootCauseStated => pb::TicketChangeKind::RootCauseStated,
        ChangeKind::RedressProposed => pb::TicketChangeKind::RedressProposed,
        ChangeKind::RedressDecided => pb::TicketChangeKind::RedressDecided,
        ChangeKind::RedressGiven => pb::TicketChangeKind::RedressGiven,
        ChangeKind::NoticeWritten => pb::TicketChangeKind::NoticeWritten,
        ChangeKind::NoticeReported => pb::TicketChangeKind::NoticeReported,
        ChangeKind::CharacteristicsStated => pb::TicketChangeKind::CharacteristicsStated,
        ChangeKind::HoldingReplySent => pb::TicketChangeKind::HoldingReplySent,
        ChangeKind::ArticleCited => pb::TicketChangeKind::ArticleCited,
        ChangeKind::PromiseMade => pb::TicketChangeKind::PromiseMade,
        ChangeKind::PromiseAtRisk => pb::TicketChangeKind::PromiseAtRisk,
        ChangeKind::PromiseSettled => pb::TicketChangeKind::PromiseSettled,
        ChangeKind::OfficeNoted => pb::TicketChangeKind::OfficeNoted,
        ChangeKind::SurveyAsked => pb::TicketChangeKind::SurveyAsked,
        ChangeKind::SurveyAnswered => pb::TicketChangeKind::SurveyAnswered,
        ChangeKind::CureRequested => pb::TicketChangeKind::CureRequested,
        ChangeKind::CureSettled => pb::TicketChangeKind::CureSettled,
        ChangeKind::Affected => pb::TicketChangeKind::Affected,
        ChangeKind::Unaffected => pb::TicketChangeKind::Unaffected,
        ChangeKind::SupervisorCalled => pb::TicketChangeKind::SupervisorCalled,
        ChangeKind::Reclassified => pb::TicketChangeKind::Reclassified,
        ChangeKind::Split => pb::TicketChangeKind::Split,
        ChangeKind::Merged => pb::TicketChangeKind::Merged,
        ChangeKind::Unmerged => pb::TicketChangeKind::Unmerged,
        ChangeKind::Linked => pb::TicketChangeKind::Linked,
        ChangeKind::Unlinked => pb::TicketChangeKind::Unlinked,
        ChangeKind::StepEntered => pb::TicketChangeKind::StepEntered,
        ChangeKind::PromiseAttempted => pb::TicketChangeKind::PromiseAttempted,
    }
}

pub(crate) const fn attempt_outcome(outcome: AttemptOutcome) -> pb::AttemptOutcome {
    match outcome {
        AttemptOutcome::Reached => pb::AttemptOutcome::Reached,
        AttemptOutcome::NoAnswer => pb::AttemptOutcome::NoAnswer,
        AttemptOutcome::Busy => pb::AttemptOutcome::Busy,
        AttemptOutcome::WrongAddress => pb::AttemptOutcome::WrongAddress,
    }
}
