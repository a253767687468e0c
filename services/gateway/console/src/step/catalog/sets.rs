//! Who may take a step, and in which states a case has to be: what several steps share.

use kernel::Role;
use ventanilla_proto::ombudsman::v1::CaseState;

use CaseState as S;

pub(super) const INTAKE: &[Role] = &[Role::OfficeIntake, Role::Ombudsman];
pub(super) const DECIDES: &[Role] = &[Role::Ombudsman];
pub(super) const WORKS: &[Role] = &[Role::OfficeIntake, Role::Investigator, Role::Ombudsman];
pub(super) const SITS: &[Role] = &[Role::OfficeIntake, Role::Investigator, Role::Ombudsman, Role::OfficeQuality];

pub(super) const UNDECIDED: &[S] = &[
    S::Received,
    S::Registered,
    S::NeedsCure,
    S::InadmissibleProposed,
    S::Admitted,
    S::EntityAllegations,
    S::Investigation,
    S::Drafted,
    S::Conciliation,
];
pub(super) const HEARD: &[S] = &[S::Admitted, S::EntityAllegations, S::Investigation, S::Drafted, S::Conciliation];
pub(super) const STAYABLE: &[S] = &[
    S::Registered,
    S::InadmissibleProposed,
    S::Admitted,
    S::EntityAllegations,
    S::Investigation,
    S::Drafted,
    S::Conciliation,
];
pub(super) const WITHDRAWABLE: &[S] = &[
    S::Received,
    S::Registered,
    S::NeedsCure,
    S::InadmissibleProposed,
    S::Admitted,
    S::EntityAllegations,
    S::Investigation,
    S::Drafted,
    S::Conciliation,
    S::Stayed,
];
pub(super) const OPEN: &[S] = &[
    S::Received,
    S::Registered,
    S::NeedsCure,
    S::InadmissibleProposed,
    S::Admitted,
    S::EntityAllegations,
    S::Investigation,
    S::Drafted,
    S::Conciliation,
    S::Stayed,
    S::Decided,
    S::Notified,
    S::Binding,
    S::NotBinding,
    S::Compliance,
    S::Overdue,
    S::Reported,
    S::Complied,
    S::Withdrawn,
    S::Rectified,
    S::OwnInitiative,
];
/// Where somebody may sit: also where a settlement is followed to its end.
pub(super) const SEATED: &[S] = &[
    S::Received,
    S::Registered,
    S::NeedsCure,
    S::InadmissibleProposed,
    S::Admitted,
    S::EntityAllegations,
    S::Investigation,
    S::Drafted,
    S::Conciliation,
    S::Stayed,
    S::Settled,
    S::Decided,
    S::Notified,
    S::Binding,
    S::NotBinding,
    S::Compliance,
    S::Overdue,
    S::Reported,
    S::Complied,
    S::Withdrawn,
    S::Rectified,
    S::OwnInitiative,
];
pub(super) const TOLD: &[S] =
    &[S::Notified, S::Binding, S::NotBinding, S::Compliance, S::Complied, S::Overdue, S::Reported, S::Closed];
