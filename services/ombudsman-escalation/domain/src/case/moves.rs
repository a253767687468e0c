//! Every move there is from one stage to another: the diagram of the procedure. The steps of a case make these and no others, and
//! the database takes no others; tests hold both against it.

use crate::vocabulary::Stage;
use crate::vocabulary::Stage as S;

/// From where, and where to.
pub const MOVES: &[(Stage, &[Stage])] = &[
    (S::Received, &[S::Registered, S::ForwardedInternally, S::Withdrawn]),
    (
        S::Registered,
        &[S::NeedsCure, S::InadmissibleProposed, S::Admitted, S::ForwardedInternally, S::Stayed, S::Withdrawn],
    ),
    (S::NeedsCure, &[S::Registered, S::ArchivedUncured, S::Withdrawn]),
    (S::InadmissibleProposed, &[S::Inadmissible, S::Admitted, S::Stayed, S::Withdrawn]),
    (S::Admitted, &[S::EntityAllegations, S::Investigation, S::Stayed, S::Conciliation, S::Rectified, S::Withdrawn]),
    (S::EntityAllegations, &[S::Investigation, S::Stayed, S::Conciliation, S::Rectified, S::Withdrawn]),
    (S::Investigation, &[S::Drafted, S::Stayed, S::Conciliation, S::Rectified, S::Withdrawn]),
    (S::Drafted, &[S::Decided, S::Stayed, S::Conciliation, S::Rectified, S::Withdrawn]),
    (
        S::Stayed,
        &[S::Registered, S::Admitted, S::EntityAllegations, S::Investigation, S::Drafted, S::Withdrawn, S::Closed],
    ),
    (S::Conciliation, &[S::Settled, S::Investigation, S::Stayed, S::Rectified, S::Withdrawn]),
    (S::Settled, &[S::Closed]),
    (S::Rectified, &[S::Closed]),
    (S::Withdrawn, &[S::Closed, S::OwnInitiative]),
    (S::OwnInitiative, &[S::Closed]),
    (S::Decided, &[S::Notified]),
    (S::Notified, &[S::Binding, S::NotBinding, S::Closed]),
    (S::NotBinding, &[S::Closed]),
    (S::Binding, &[S::Compliance, S::Closed]),
    (S::Compliance, &[S::Complied, S::Overdue, S::Closed]),
    (S::Overdue, &[S::Complied, S::Reported, S::Closed]),
    (S::Reported, &[S::Complied, S::Closed]),
    (S::Complied, &[S::Closed]),
];
